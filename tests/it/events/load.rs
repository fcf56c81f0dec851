//! Many changes at once, and large ones. What is told, published and kept is held against the [`Model`].

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::model::{Calls, Model};
use super::publishing;
use crate::support::{Answer, START, Told, World, Written, attributes, entry, tagged_item, with};

/// How many sign-ups have a call of the database under way.
const AT_ONCE: usize = 50;

/// Holds all that was written against what was told, and publishes it. Answers what was told.
async fn held(world: &mut World, actors: Vec<Value>) -> Vec<Told> {
    let written: Vec<Written> = world.stream().next();
    let mut model = Model::default();
    let calls = Calls { actors, ..Calls::default() };
    let now = format!("{:.3}", world.app.clock.now());
    model.step(&written, &calls, [START, &now]).expect("what is told is what has changed");
    let published = publishing::check(world, &written, &model.told, &[]).await;
    published.expect("everything is on the bus, and kept");
    model.told
}

/// Whether the database was too slow, as it is on a busy machine. Then a client tries again.
fn is_late(answer: &Answer) -> bool {
    answer.status == 503
}

/// Replaces the domains of an organization.
async fn replace(world: &World, path: &str, body: &Value) {
    loop {
        let answer = world.put(path, body).await;
        assert!(is_late(&answer) || answer.status == 204, "{:#}", answer.body);
        if answer.status == 204 {
            return;
        }
    }
}

fn by_api() -> Value {
    json!({ "type": "api" })
}

/// How many events of a type were told.
fn count(told: &[Told], kind: &str) -> usize {
    told.iter().flat_map(|told| &told.events).filter(|event| event["type"] == kind).count()
}

#[tokio::test]
async fn a_thousand_sign_ups_at_once_tell_a_thousand_members() {
    const USERS: usize = 1_000;
    let mut world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let mut told = world.stream();
    let mut missing: BTreeSet<_> = (0..USERS).map(|user| format!("user-{user}")).collect();
    // On a busy machine, a sign-up may run out of time. Then the first token does the rest.
    let mut sources = ["sign-up"].into_iter().chain(std::iter::repeat("token"));
    while !missing.is_empty() {
        let source = sources.next().expect("there is always another one");
        let appear = |user: &String| {
            let (world, user) = (&world, user.clone());
            async move {
                let email = format!("{user}@acme.com");
                match source {
                    "sign-up" => world.sign_up(&user, &email).await,
                    _ => drop(world.token(&user, &email).await),
                }
            }
        };
        let all = missing.iter().map(appear);
        stream::iter(all).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        for Told { subject, .. } in told.told() {
            missing.remove(subject.trim_start_matches("USER#"));
        }
    }

    let trigger = json!({ "type": "trigger", "entryPath": "PostConfirmation" });
    let token = json!({ "type": "trigger", "entryPath": "PreTokenGeneration" });
    let told = held(&mut world, vec![by_api(), trigger, token]).await;

    let users: BTreeSet<_> = told.iter().map(|it| &it.subject).collect();
    assert_eq!(users.len(), USERS + 1, "each user, and the organization");
    assert_eq!(count(&told, "Organization.Membership.Created"), USERS);
}

#[tokio::test]
async fn a_replacement_of_a_thousand_domains_tells_each_of_them_once() {
    const DOMAINS: usize = 1_000;
    let mut world = World::new().await;
    world.organization("acme").await;
    let path = "/organizations/acme/jit/email-domains";
    let all = |prefix: &str| {
        let domains = (0..DOMAINS).map(|number| format!("{prefix}{number}.example"));
        json!({ "emailDomains": domains.collect::<Vec<_>>() })
    };
    replace(&world, path, &all("a")).await;
    // The function dies in the middle, and the client tries again.
    world.wire.cut_after(DOMAINS + 12);
    assert_eq!(world.put(path, &all("b")).await.status, 503);
    world.wire.mend();
    replace(&world, path, &all("b")).await;

    let told = held(&mut world, vec![by_api()]).await;

    assert_eq!(count(&told, "Organization.EmailDomain.Added"), 2 * DOMAINS);
    assert_eq!(count(&told, "Organization.EmailDomain.Removed"), DOMAINS);
}

#[tokio::test]
async fn a_deleted_organization_of_ten_thousand_tells_one_event_with_the_count() {
    const MEMBERS: usize = 10_000;
    let world = World::new().await;
    world.organization("acme").await;
    let told = world.stream().told();
    let members = (0..MEMBERS).map(|number| {
        let user = format!("user-{number}");
        let membership = json!({
            "pk": format!("USER#{user}"),
            "sk": "ORG#acme",
            "roleIds": [],
            "joinedAt": START,
            "rule": "api",
            "entryPath": "ManagementApi",
        });
        attributes(&tagged_item(&with(membership, entry("USER#", "acme", START, &user))))
    });
    world.put_items(members).await;

    // A request sweeps for some seconds. Each further one goes on, and tells nothing.
    loop {
        let answer = world.delete("/organizations/acme").await;
        let is_done = answer.status == 204 && answer.header("retry-after").is_empty();
        assert!(is_late(&answer) || answer.status == 204, "{:#}", answer.body);
        if is_done {
            break;
        }
    }

    let items = world.items_and_changes().await;
    let changes: Vec<_> = items.iter().filter(|((pk, _), _)| pk.starts_with("CHANGE#")).collect();
    let [_, ((subject, _), deletion)] = &changes[..] else {
        panic!("the creation and the deletion are told, and nothing else: {changes:?}")
    };
    assert_eq!((told.len(), &**subject), (1, "CHANGE#ORG#acme"));
    let events: Value =
        serde_json::from_str(deletion["events"].as_str().expect("a text")).expect("JSON");
    let before =
        json!({ "name": "acme", "description": null, "memberships": MEMBERS, "joinRequests": 0 });
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&events[0]["type"], &events[0]["before"]),
        (&json!("Organization.Deleted"), &before)
    );
    assert!(!items.keys().any(|(_, sk)| sk == "ORG#acme"), "all members are swept");
}
