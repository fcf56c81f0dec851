//! Crashes, and a DynamoDB that fails

use std::collections::BTreeSet;

use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::characters::fold;

use crate::support::{
    Answer, Fate, Items, Pool, START, World, assert_internal, assert_unavailable, key,
};

/// How often a transaction is tried before its conflicts count as a failure.
const TRIES: usize = 7;
/// The organizations, roles and users that these tests know of.
const ORGANIZATIONS: [&str; 3] = ["acme", "large", "new"];

/// The list of an organization with 250 domains.
const LARGE_LIST: &str = "/organizations/large/jit/email-domains";

/// A request that changes something.
struct Write {
    what: &'static str,
    method: Method,
    path: String,
    body: Value,
    /// What it is answered the first time.
    status: u16,
    /// What it is answered once it has been carried out.
    repeated: u16,
}

impl Write {
    /// A world that has what the request is about.
    async fn world(&self) -> World {
        if self.path != LARGE_LIST {
            return furnished().await.0;
        }
        let world = World::new().await;
        world.organization("large").await;
        let listed = domains(250, "old");
        let listed: Vec<_> = listed.iter().map(String::as_str).collect();
        world.list_anyway("large", &listed, "2025-01-01T00:00:00.000Z").await;
        world.wire.traffic();
        world
    }

    async fn send(&self, world: &World) -> Answer {
        let ask = world.ask(self.method.clone(), &self.path);
        if self.body.is_null() { ask.send().await } else { ask.json(&self.body).send().await }
    }
}

/// A world with something of everything, and the ids of its roles Engineer and Guest.
async fn furnished() -> (World, [String; 2]) {
    let providers = [("Okta", "SAML"), ("Entra", "OIDC")];
    let pool = Pool::with_providers(providers.map(|(name, kind)| (name.to_owned(), kind)));
    let world = World::with_pool(&pool).await;
    let acme = json!({ "id": "acme", "name": "Acme", "customData": { "plan": "gold" } });
    assert_eq!(world.post("/organizations", &acme).await.status, 201);
    world.domains("acme", &["acme.com", "acme.org", "acme.net"]).await;
    let listed = json!({ "ssoConnectorIds": ["Okta"] });
    assert_eq!(world.put("/organizations/acme/jit/sso-connectors", &listed).await.status, 204);
    let roles = [world.role("Engineer").await, world.role("Guest").await];
    world.default_roles("acme", &[&roles[0]]).await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.wire.traffic();
    (world, roles)
}

/// So many domains below this label.
fn domains(count: usize, label: &str) -> Vec<String> {
    (0..count).map(|number| format!("d{number}.{label}.example")).collect()
}

/// A request for every endpoint that writes in one transaction.
fn writes(roles: &[String; 2]) -> Vec<Write> {
    let write = |what, method, path: &str, body, status, repeated| {
        let path = path.to_owned();
        Write { what, method, path, body, status, repeated }
    };
    let [engineer, guest] = roles;
    let domains = "/organizations/acme/jit/email-domains";
    let providers = "/organizations/acme/jit/sso-connectors";
    let defaults = "/organizations/acme/jit/roles";
    let new = json!({ "id": "new", "name": "New", "customData": { "a": 1.0 } });
    let (post, put, patch, delete) = (Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    vec![
        write("add a domain", post.clone(), domains, json!({ "emailDomain": "new.com" }), 201, 422),
        write(
            "replace a few domains",
            put.clone(),
            domains,
            json!({ "emailDomains": ["acme.org", "new.com", "new.org"] }),
            204,
            204,
        ),
        write(
            "delete a domain",
            delete.clone(),
            &format!("{domains}/acme.com"),
            Value::Null,
            204,
            404,
        ),
        write(
            "change the settings of a domain",
            patch.clone(),
            &format!("{domains}/acme.com"),
            json!({ "enrollment": "off", "organizationRoleIds": [guest], "subdomains": true }),
            200,
            200,
        ),
        write(
            "add an identity provider",
            post.clone(),
            providers,
            json!({ "ssoConnectorIds": ["Entra"] }),
            201,
            201,
        ),
        write(
            "replace the identity providers",
            put.clone(),
            providers,
            json!({ "ssoConnectorIds": ["Entra"] }),
            204,
            204,
        ),
        write(
            "change the settings of an identity provider",
            patch.clone(),
            &format!("{providers}/Okta"),
            json!({ "enrollment": "request", "organizationRoleIds": [], "emailDomains": "listed" }),
            200,
            200,
        ),
        write(
            "delete an identity provider",
            delete.clone(),
            &format!("{providers}/Okta"),
            Value::Null,
            204,
            404,
        ),
        write(
            "add default roles",
            post.clone(),
            defaults,
            json!({ "organizationRoleIds": [guest] }),
            201,
            201,
        ),
        write(
            "replace the default roles",
            put.clone(),
            defaults,
            json!({ "organizationRoleIds": [guest] }),
            204,
            204,
        ),
        write(
            "delete a default role",
            delete.clone(),
            &format!("{defaults}/{engineer}"),
            Value::Null,
            204,
            404,
        ),
        write("create an organization", post.clone(), "/organizations", new, 201, 422),
        write(
            "change an organization",
            patch.clone(),
            "/organizations/acme",
            json!({ "name": "Acme Ltd", "description": "-", "customData": {} }),
            200,
            200,
        ),
        write(
            "delete an organization",
            delete.clone(),
            "/organizations/acme",
            Value::Null,
            204,
            204,
        ),
        write(
            "create a role",
            post,
            "/organization-roles",
            json!({ "name": "Auditor", "description": "Reads" }),
            201,
            422,
        ),
        write(
            "rename a role",
            patch.clone(),
            &format!("/organization-roles/{engineer}"),
            json!({ "name": "Developer" }),
            200,
            200,
        ),
        write(
            "delete a role",
            delete,
            &format!("/organization-roles/{engineer}"),
            Value::Null,
            204,
            404,
        ),
    ]
}

/// Requests that replace 250 domains, in several transactions.
fn large_replacements() -> [Write; 2] {
    [("replace 250 domains by 60", domains(60, "new")), ("replace 250 domains by none", Vec::new())]
        .map(|(what, domains)| Write {
            what,
            method: Method::PUT,
            path: LARGE_LIST.to_owned(),
            body: json!({ "emailDomains": domains }),
            status: 204,
            repeated: 204,
        })
}

/// Asserts the rules that hold at every instant, on the items themselves.
#[track_caller]
fn assert_rules(items: &Items) {
    World::assert_list_and_index_agree(items);
    let mut roles = BTreeSet::new();
    let mut names = BTreeSet::new();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    for ((pk, sk), item) in items {
        let has = |sk: &str| items.contains_key(&key(pk, sk));
        if pk.starts_with("ORG#") {
            let alive = items
                .get(&key(pk, "ORG"))
                .is_some_and(|organization| !organization.contains_key("deletedAt"));
            match sk.as_str() {
                "ORG" if alive => assert!(has("EMAIL_DOMAINS"), "{pk} has no list"),
                "ORG" => {
                    let left: Vec<_> = item.keys().map(String::as_str).collect();
                    assert_eq!(left, ["deletedAt", "pk", "sk"], "{pk}");
                }
                "EMAIL_DOMAINS" => {
                    let domains = item["domains"].as_object().expect("a map");
                    assert!(alive && domains.len() <= 1_000, "{pk}");
                }
                "SSO_CONNECTORS" => {
                    let names = item["connectors"].as_object().expect("a map");
                    assert!(alive && names.len() <= 100, "{pk}");
                }
                "UNSWEPT_DOMAINS" => assert!(!alive, "{pk} is not deleted"),
                _ => assert!(alive && sk == "CUSTOM_DATA", "{pk} {sk}"),
            }
        } else if let Some(name) = pk.strip_prefix("ROLENAME#") {
            names.insert((name.to_owned(), text(&item["roleId"])));
        } else if let Some(id) = sk.strip_prefix("ROLE#") {
            roles.insert((fold(&text(&item["name"])), id.to_owned()));
            roles.extend(item.get("skeleton").map(|skeleton| (text(skeleton), id.to_owned())));
        }
    }
    assert_eq!(names, roles, "the names of the roles");
    let count = items.get(&key("ROLE", "COUNT"));
    let count = count.map_or(&Value::Null, |item| &item["count"]);
    assert_eq!(count.as_u64().unwrap_or(0), roles.len() as u64, "how many roles");
}

/// All that clients see, without what is random: the ids of roles and the values of records.
async fn visible(world: &World) -> Value {
    let mut seen = json!({});
    for id in ORGANIZATIONS {
        for path in ["", "/jit/email-domains", "/jit/sso-connectors", "/jit/roles"] {
            let path = format!("/organizations/{id}{path}");
            let answer = world.get(&path).await;
            seen[path] = json!([answer.status.as_u16(), answer.body]);
        }
    }
    for path in ["/organizations", "/organization-roles", "/users/user-1/organizations"] {
        seen[path] = world.get(path).await.body;
    }
    without_what_is_random(&mut seen);
    seen
}

fn without_what_is_random(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_what_is_random),
        Value::Object(members) => {
            members.retain(|name, value| {
                let text = value.as_str().unwrap_or_default();
                !(name == "id" && text.starts_with("role_")
                    || name == "value" && text.starts_with("usher-domain-verification="))
            });
            members.values_mut().for_each(without_what_is_random);
        }
        _ => {}
    }
}

/// Carries a request out undisturbed: the operations that it takes, what clients see then, and
/// what the table holds.
async fn undisturbed(write: &Write) -> (Vec<String>, Value, Items) {
    let world = write.world().await;
    let answer = write.send(&world).await;
    assert_eq!(answer.status, write.status, "{}: {:#}", write.what, answer.body);
    let operations = world.wire.traffic().operations;
    let items = world.items().await;
    assert_rules(&items);
    (operations, visible(&world).await, items)
}

/// Kills the process after so many calls of a request: every rule holds, and a repetition ends
/// where an undisturbed request does.
async fn assert_killed_after(calls: usize, write: &Write, done: &Value) {
    let world = write.world().await;
    let before = world.items().await;
    world.wire.cut_after(calls);
    write.send(&world).await;
    world.wire.mend();

    let what = format!("{} after {calls} calls", write.what);
    let after = world.items().await;
    assert_rules(&after);
    let status = if after == before { write.status } else { write.repeated };
    let again = write.send(&world).await;
    assert_eq!(again.status, status, "{what}: {:#}", again.body);
    assert_rules(&world.items().await);
    assert_eq!(&visible(&world).await, done, "{what}");
}

#[tokio::test]
async fn a_process_killed_between_any_two_calls_breaks_no_rule() {
    let (_, roles) = furnished().await;
    for write in writes(&roles) {
        let (operations, done, _) = undisturbed(&write).await;
        for calls in 0..=operations.len() {
            assert_killed_after(calls, &write, &done).await;
        }
    }
}

#[tokio::test]
async fn a_process_killed_between_the_steps_of_a_large_replacement_breaks_no_rule() {
    for write in large_replacements() {
        let (operations, done, _) = undisturbed(&write).await;
        let steps = operations.iter().filter(|operation| *operation == "TransactWriteItems");
        assert!(steps.count() >= 3, "{operations:?}");
        // Of the calls that check the domains one by one, one is as good as another.
        let first_step = operations.iter().position(|it| it == "TransactWriteItems");
        let first_step = first_step.expect("a step");
        for calls in [0, 1].into_iter().chain(first_step..=operations.len()) {
            assert_killed_after(calls, &write, &done).await;
        }
    }
}

#[tokio::test]
async fn a_large_replacement_that_was_cut_off_holds_no_more_than_the_larger_of_both() {
    let [write, _] = large_replacements();
    let (operations, _, _) = undisturbed(&write).await;
    let first_step = operations.len() - 4;
    // Removals and additions alternate, as long as there are both.
    for (steps, (held, new)) in [(250, 0), (250, 49), (174, 60), (76, 60)].into_iter().enumerate() {
        let world = write.world().await;
        world.wire.cut_after(first_step + steps);
        assert_unavailable(&write.send(&world).await);
        world.wire.mend();
        let list = world.get(&write.path).await.body;
        let list = list.as_array().expect("a list");
        let added = list.iter().filter(|it| it["addedAt"] == START).count();
        assert_eq!((list.len(), added), (held, new), "{steps}");
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_repeated_and_what_was_done_is_not_done_twice() {
    let (_, roles) = furnished().await;
    let fates = [
        Fate::AnswerLost,
        Fate::canceled(&["TransactionConflict"]),
        Fate::Lost,
        Fate::Hang,
        Fate::canceled(&["None", "ThrottlingError"]),
        Fate::error("ProvisionedThroughputExceededException", "slow down"),
        Fate::error("TransactionInProgressException", "not yet"),
        Fate::Reply { status: 503, body: Value::Null },
    ];
    let [replace_by_many, replace_by_none] = large_replacements();
    for write in writes(&roles).into_iter().chain([replace_by_none, replace_by_many]) {
        let (_, _, done) = undisturbed(&write).await;
        // They all write in the same way; that each of them is repeated is shown by two fates.
        let fates = if write.what == "add a domain" { &fates[..] } else { &fates[..2] };
        for fate in fates {
            let world = write.world().await;
            world.wire.next("TransactWriteItems", fate.clone());
            let answer = write.send(&world).await;
            assert_eq!(answer.status, write.status, "{} {fate:?} {:#}", write.what, answer.body);
            assert_eq!(world.items().await, done, "{} {fate:?}", write.what);
        }
    }
}

#[tokio::test]
async fn a_failure_that_stays_is_a_503_with_retry_after_and_changes_nothing() {
    let (_, roles) = furnished().await;
    let fates = [
        Fate::canceled(&["TransactionConflict"]),
        Fate::error("ThrottlingException", "slow down"),
        Fate::error("RequestLimitExceeded", "too much"),
        Fate::Reply { status: 500, body: Value::Null },
    ];
    for fate in fates {
        // Side by side, because each of them makes its pauses.
        let each = writes(&roles).into_iter().map(|write| {
            let fate = fate.clone();
            async move {
                let world = write.world().await;
                let before = world.items().await;
                for _ in 0..TRIES {
                    world.wire.next("TransactWriteItems", fate.clone());
                }
                assert_unavailable(&write.send(&world).await);
                assert_eq!(world.items().await, before, "{} {fate:?}", write.what);
                world.wire.mend();
                assert_eq!(write.send(&world).await.status, write.status, "{}", write.what);
            }
        });
        join_all(each).await;
    }
}

#[tokio::test]
async fn calls_that_nobody_answers_are_a_503_with_retry_after_and_change_nothing() {
    let (_, roles) = furnished().await;
    for write in writes(&roles) {
        let world = write.world().await;
        let before = world.items().await;
        for _ in 0..TRIES {
            world.wire.next("TransactWriteItems", Fate::Hang);
        }
        assert_unavailable(&write.send(&world).await);
        assert_eq!(world.items().await, before, "{}", write.what);
        world.wire.mend();
        assert_eq!(write.send(&world).await.status, write.status, "{}", write.what);
    }
}

#[tokio::test]
async fn a_refusal_by_dynamodb_is_a_500_that_says_nothing_of_it() {
    let (_, roles) = furnished().await;
    for write in writes(&roles) {
        let world = write.world().await;
        let before = world.items().await;
        let denied = "User: arn:aws:sts::123456789012:role is not authorized";
        world.wire.next("TransactWriteItems", Fate::error("AccessDeniedException", denied));
        let answer = write.send(&world).await;
        assert_internal(&answer);
        assert_eq!(world.items().await, before, "{}", write.what);
    }
}
