//! Every row of the decision table, by every entry path: whichever way a user appears, the same is
//! decided, and what one path could not do, the next one does.

mod changes;
mod rules;
mod worlds;

use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::domain::decision::JoinPolicy;
use shared::domain::membership::EntryPath;
use shared::domain::provider::{AttributeName, ProviderPolicy, TrustedProviders};
use shared::domain::public_mailbox::MailboxPolicy;

use crate::support::{Logs, Pool, START, World, pool_user, trigger_event};

/// The facts about a user, in a row of the table.
#[derive(Clone)]
struct Row {
    what: &'static str,
    email: Option<&'static str>,
    verified: Value,
    /// Attributes of federated users only. Users from the API have none.
    attributes: Value,
    joins: &'static [&'static str],
}

fn row(what: &'static str, email: &'static str, joins: &'static [&'static str]) -> Row {
    Row { what, email: Some(email), verified: json!("true"), attributes: json!({}), joins }
}

fn rows() -> Vec<Row> {
    let plain = row("a verified address in a domain", "jane@acme.com", &["acme", "globex"]);
    let identities = |kinds: &[&str]| {
        let list: Vec<_> = kinds.iter().map(|kind| json!({ "providerType": kind })).collect();
        json!({ "identities": json!(list).to_string() })
    };
    let federated = |what, attributes, joins| Row { what, attributes, joins, ..plain.clone() };
    vec![
        plain.clone(),
        row("another case of letters", "Jane@ACME.com", &["acme", "globex"]),
        row("a domain that nobody lists", "jane@initech.com", &[]),
        row("a subdomain", "jane@mail.acme.com", &[]),
        row("a public mailbox", "jane@gmail.com", &["excepted"]),
        row("a public mailbox without exception", "jane@outlook.com", &[]),
        row("no plain address", "\"jane\"@acme.com", &[]),
        row("a domain outside ASCII", "jane@Bücher.example", &["acme"]),
        row("a decomposed domain", "jane@bu\u{308}cher.example", &["acme"]),
        row("a domain in its ASCII form", "jane@xn--bcher-kva.example", &["acme"]),
        row("a domain of wide letters", "jane@ａcme.com", &[]),
        row("a domain with an ideographic dot", "jane@acme。com", &[]),
        row("a domain that IDNA2003 reads as another", "jane@straße.example", &[]),
        row("a removed address", "jürgen@acme.com", &["globex"]),
        row("a removed address, decomposed", "ju\u{308}rgen@acme.com", &["globex"]),
        row("a removed address in capitals", "JU\u{308}RGEN@acme.com", &["globex"]),
        row("a suffix of a company", "jane@github.io", &["excepted"]),
        row("a suffix of a company without exception", "jane@gitlab.io", &[]),
        row("a suffix of a registry", "jane@co.uk", &[]),
        Row { what: "no address", email: None, joins: &[], ..plain.clone() },
        Row { what: "unverified", verified: json!("false"), joins: &[], ..plain.clone() },
        federated("Google", identities(&["Google"]), &["acme", "globex"]),
        federated(
            "Google and Apple",
            identities(&["Google", "SignInWithApple"]),
            &["acme", "globex"],
        ),
        federated("SAML", identities(&["SAML"]), &[]),
        federated("Google and OIDC", identities(&["Google", "OIDC"]), &[]),
        federated("external", json!({ "cognito:user_status": "EXTERNAL_PROVIDER" }), &[]),
    ]
}

/// Acme and Globex list acme.com, Globex without any condition; acme has removed one address, and
/// one organization may have public domains, which are also listed where they may not be.
async fn world() -> (World, Pool) {
    let pool = Pool::default();
    let policy = MailboxPolicy::parse("excepted:gmail.com,excepted:github.io").expect("two pairs");
    let world = World::over(policy, pool.user_pool()).await;
    for (id, domains) in [
        ("acme", &["acme.com", "Bücher.example", "strasse.example", "xn--strae-oqa.example"][..]),
        ("globex", &["acme.com"]),
        ("excepted", &["gmail.com", "github.io"]),
    ] {
        world.organization(id).await;
        world.domains(id, domains).await;
    }
    world.list_anyway("acme", &["gmail.com", "github.io", "gitlab.io", "co.uk"], START).await;
    world.sign_up("earlier", "jürgen@acme.com").await;
    assert_eq!(world.delete("/organizations/acme/users/earlier").await.status, 204);
    (world, pool)
}

/// An event of either trigger.
fn event(source: &str, row: &Row) -> Value {
    let mut attributes = json!({ "sub": "jane", "email_verified": row.verified });
    let all = attributes.as_object_mut().expect("an object");
    all.extend(row.email.map(|email| ("email".to_owned(), json!(email))));
    all.extend(row.attributes.as_object().expect("an object").clone());
    trigger_event("2", source, &attributes)
}

/// Lets the user of a row appear; not every path has every row.
async fn appear(world: &World, pool: &Pool, path: EntryPath, row: &Row) -> bool {
    match path {
        EntryPath::PostConfirmation => {
            world.post_confirmation(&event("PostConfirmation_ConfirmSignUp", row)).await;
        }
        EntryPath::PreTokenGeneration => {
            world.pre_token_generation(&event("TokenGeneration_Authentication", row)).await;
        }
        EntryPath::ManagementApi => {
            let Some(email) = row.email.filter(|_| row.attributes == json!({})) else {
                return false;
            };
            let verified = row.verified == json!("true");
            pool.answers(
                "AdminCreateUser",
                json!({ "User": pool_user("jane", "jane", email, verified) }),
            );
            let body = json!({ "primaryEmail": email, "emailVerified": verified });
            let answer = world.post("/users", &body).await;
            // An invalid address is refused before a user is created.
            return answer.status == 201;
        }
    }
    true
}

async fn memberships(world: &World) -> Vec<(String, String)> {
    let body = world.get("/users/jane/organizations").await.body;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let held = body.as_array().expect("a list").iter();
    held.map(|held| (text(&held["id"]), text(&held["provenance"]["entryPath"]))).collect()
}

fn expected(joins: &[&str], path: EntryPath) -> Vec<(String, String)> {
    joins.iter().map(|id| ((*id).to_owned(), path.as_str().to_owned())).collect()
}

#[tokio::test]
async fn every_row_decides_the_same_by_every_entry_path() {
    for path in EntryPath::ALL {
        for row in rows() {
            let (world, pool) = world().await;
            if appear(&world, &pool, path, &row).await {
                let found = memberships(&world).await;
                assert_eq!(found, expected(row.joins, path), "{path:?}: {}", row.what);
            }
        }
    }
}

/// The answer of the user pool to a creation, with these attributes too.
fn created(attributes: &Value) -> Value {
    let mut user = pool_user("jane", "jane", "jane@acme.com", true);
    let list = user["Attributes"].as_array_mut().expect("attributes");
    for (name, value) in attributes.as_object().expect("an object") {
        list.push(json!({ "Name": name, "Value": value }));
    }
    json!({ "User": user })
}

#[tokio::test]
async fn what_the_operator_decides_about_providers_holds_for_every_entry_path() {
    let identity = |kind: &str, name: &str| json!({ "providerType": kind, "providerName": name });
    let with = |identities: &[Value], hosted_domain: Option<&str>| {
        let mut attributes = json!({ "identities": json!(identities).to_string() });
        attributes["custom:hd"] = hosted_domain.into();
        attributes.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        attributes
    };
    let google = || identity("Google", "Google");
    let apple = || identity("SignInWithApple", "SignInWithApple");
    let staff = || identity("OIDC", "staff");
    for (trusted, hosted_domain_counts, attributes, refused) in [
        ("Google", false, with(&[google()], None), None),
        ("Google", false, with(&[apple()], None), Some("provider_not_trusted")),
        ("", false, with(&[google()], None), Some("provider_not_trusted")),
        ("", false, json!({}), None),
        ("staff", false, with(&[staff()], None), None),
        ("staff", false, with(&[google()], None), Some("provider_not_trusted")),
        ("Google", false, with(&[identity("OIDC", "Google")], None), Some("provider_not_trusted")),
        ("Google", true, with(&[google()], Some("acme.com")), None),
        ("Google", true, with(&[google()], Some("globex.com")), Some("not_in_hosted_domain")),
        ("Google", true, with(&[google()], Some("")), Some("not_in_hosted_domain")),
        ("Google", true, with(&[google()], None), Some("not_in_hosted_domain")),
        ("SignInWithApple", true, with(&[apple()], None), None),
        ("Google", true, json!({}), None),
    ] {
        let attribute = hosted_domain_counts.then_some("custom:hd").map(AttributeName::parse);
        let providers = ProviderPolicy {
            trusted: TrustedProviders::parse(trusted).expect("names"),
            google_hosted_domain: attribute.transpose().expect("a name"),
        };
        for path in EntryPath::ALL {
            let pool = Pool::default();
            let joining = JoinPolicy { providers: providers.clone(), ..JoinPolicy::default() };
            let policies = Policies { joining, ..Policies::default() };
            let world = World::under(policies, pool.user_pool()).await;
            world.organization("acme").await;
            world.domains("acme", &["acme.com"]).await;
            pool.answers("AdminCreateUser", created(&attributes));
            let row = Row {
                attributes: attributes.clone(),
                ..row("a verified address in a domain", "jane@acme.com", &["acme"])
            };
            let logs = Logs::capture();

            match path {
                EntryPath::ManagementApi => {
                    let body = json!({ "primaryEmail": "jane@acme.com" });
                    assert_eq!(world.post("/users", &body).await.status, 201);
                }
                EntryPath::PostConfirmation | EntryPath::PreTokenGeneration => {
                    assert!(appear(&world, &pool, path, &row).await);
                }
            }

            let joins: &[_] = if refused.is_some() { &[] } else { &["acme"] };
            let found = memberships(&world).await;
            assert_eq!(found, expected(joins, path), "{path:?}: {trusted:?}, {attributes}");
            let lines = logs.lines_with_debug();
            let reason = lines.iter().find_map(|line| line["reason"].as_str());
            assert_eq!(reason, refused, "{path:?}: {trusted:?}, {attributes}");
        }
    }
}

#[tokio::test]
async fn what_a_failed_entry_path_did_not_join_the_next_one_joins() {
    let row = row("a verified address in a domain", "jane@acme.com", &["acme", "globex"]);
    for failing in EntryPath::ALL {
        for calls in 0..6 {
            let (world, pool) = world().await;
            world.wire.cut_after(calls);
            appear(&world, &pool, failing, &row).await;
            world.wire.mend();
            let before = memberships(&world).await;
            assert!(before.is_empty() || before.len() == 2, "half joined after {calls} calls");

            appear(&world, &pool, EntryPath::PreTokenGeneration, &row).await;

            let path = if before.is_empty() { EntryPath::PreTokenGeneration } else { failing };
            let found = memberships(&world).await;
            assert_eq!(found, expected(row.joins, path), "{failing:?} cut after {calls} calls");
        }
    }
}
