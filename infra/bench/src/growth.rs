//! What a sign-up and a token cost, by the size of what is in the table.

use serde_json::json;
use shared::ambient::Stopwatch;

use crate::stage::{Outcome, Stage, sign_up, token};

/// How many users sign up in each table, and get a token.
const USERS: usize = 20;

/// Prints calls, units and milliseconds of sign-ups and tokens, for each table.
pub(crate) fn run(most: usize) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stage = Stage::new("0")?;
        stage.organization("org-x", &["domain-x.example".to_owned()]).await?;
        let items = stage.items_about("org-x")?;
        let mut organizations = 1;
        for size in [10, 1_000, 100_000] {
            let size = size.min(most);
            let others = (organizations..size).map(|number| {
                move |item: &str| {
                    let item = item.replace("org-x", &format!("org-{number}"));
                    item.replace("domain-x", &format!("domain-{number}"))
                }
            });
            stage.copy(&items, others)?;
            organizations = size;
            let domain = format!("domain-{}.example", size / 2);
            measure(&stage, "organizations in the table", size, &domain).await?;
        }

        for size in [1, 100, 1_000] {
            let stage = Stage::new("0")?;
            let domains: Vec<_> =
                (0..size).map(|number| format!("domain-{number}.example")).collect();
            stage.organization("org", &domains).await?;
            let domain = format!("domain-{}.example", size / 2);
            measure(&stage, "domains of one organization", size, &domain).await?;
        }

        for size in [1, 5, 50] {
            let stage = Stage::new("0")?;
            for number in 0..size {
                stage
                    .organization(&format!("org-{number}"), &["shared.example".to_owned()])
                    .await?;
            }
            measure(&stage, "organizations on one domain", size, "shared.example").await?;
        }

        for size in [1, 10, 100] {
            let stage = Stage::new("0")?;
            stage.organization("org", &["roles.example".to_owned()]).await?;
            let mut roles = Vec::new();
            for number in 0..size {
                roles.push(stage.role(&format!("role {number}")).await?);
            }
            stage.default_roles("org", &roles).await?;
            measure(&stage, "default roles", size, "roles.example").await?;
        }
        Ok(())
    })
}

async fn measure(stage: &Stage, name: &str, size: usize, domain: &str) -> Outcome<()> {
    for (event, function) in [("sign-up", "post-confirmation"), ("token", "pre-token-generation")] {
        let of_user = if event == "sign-up" { sign_up } else { token };
        let handle = stage.function(function)?;
        let (mut calls, mut units, mut milliseconds) = (Vec::new(), Vec::new(), Vec::new());
        for user in 0..USERS {
            // The users of an earlier measurement may be in the same table.
            let user = format!("user-{size}-{user}");
            let user_event = of_user(&user, &format!("{user}@{domain}"));
            stage.wire.traffic()?;
            let start = Stopwatch::start();
            handle.answer(&user_event).await?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
            let traffic = stage.wire.traffic()?;
            calls.push(traffic.calls);
            units.push(traffic.units);
        }
        println!(
            "{}",
            json!({
                "name": name,
                "size": size,
                "event": event,
                "calls": calls,
                "units": units,
                "milliseconds": milliseconds,
            })
        );
    }
    Ok(())
}
