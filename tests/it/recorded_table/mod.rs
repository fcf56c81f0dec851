//! A table that an earlier build has written is read and written by this one.
//!
//! `tests/data/recorded-table.json` has every kind of item, in DynamoDB's JSON and in the order of
//! the keys. It was recorded from [`record`]: requests and events to the real handlers, after which
//! every item was read from the table. One item was made older than that: before there was another
//! rule than email domains, a membership had no attribute `rule`.
//!
//! `tests/data/recorded-table-2.json` is the same, recorded since proven addresses are kept, and the
//! domains of a deleted organization until they are swept. `tests/data/recorded-table-3.json` is
//! recorded since organizations and roles have versions, and since the index lists members newest
//! first and those who were removed. Every recording must read alike, but for the order of members:
//! those whose entries do not say since when they are members come by id. Only the first is written
//! to, because what is oldest is hardest.
//!
//! The files are never changed. When a build stores something new, the first test here fails, and
//! leaves what is stored now in `target/tmp/recorded-table.json`: keep that as another recording
//! beside these.

mod reading;
mod rules;
mod writing;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Items, Pool, World, attributes, pool_user, tagged, text_of};

/// All recordings, oldest first.
const RECORDINGS: [&str; 4] = [
    "tests/data/recorded-table.json",
    "tests/data/recorded-table-2.json",
    "tests/data/recorded-table-3.json",
    "tests/data/recorded-table-4.json",
];
const NEWEST: &str = RECORDINGS[RECORDINGS.len() - 1];
const ENGINEER: &str = "role_019b76daa80070008000000000000000";
const GUEST: &str = "role_019b76daabe870008000000000000001";
/// Was deleted, and is still named by default roles and memberships.
const RETIRED: &str = "role_019b76daafd070008000000000000002";
const FAY_DIGEST: &str = "98a0f3f53df4e3ad59ed0eaa3dd27967cf09cb189ec7b393abc14a3fc50fab6a";
/// When [`recorded`] begins: an hour after the recording did.
const NOW: &str = "2026-01-01T01:00:00.000Z";

/// Sends a request of the recording, and lets a second pass.
async fn send(world: &World, method: Method, path: &str, body: Value, status: u16) -> Answer {
    let answer = world.ask(method, path).json(&body).send().await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {:#}", answer.body);
    world.pass(Duration::from_secs(1));
    answer
}

/// A world in which everything has happened that leaves an item of its own kind.
async fn record() -> World {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    record_organizations(&world).await;
    record_users(&world, &pool).await;
    record_removals_and_deletions(&world).await;
    world
}

async fn record_organizations(world: &World) {
    for role in [
        json!({ "name": "Engineer", "description": "Builds anvils" }),
        json!({ "name": "Straße" }),
        json!({ "name": "Retired" }),
    ] {
        send(world, Method::POST, "/organization-roles", role, 201).await;
    }
    for organization in [
        json!({
            "id": "acme",
            "name": "Acme",
            "description": "Makes anvils",
            "customData": { "plan": "gold" },
        }),
        json!({ "id": "globex", "name": "Globex" }),
        json!({ "id": "hooli", "name": "ACME Inc." }),
        json!({ "id": "gone", "name": "Gone" }),
        json!({ "id": "unswept", "name": "Unswept" }),
    ] {
        send(world, Method::POST, "/organizations", organization, 201).await;
    }
    for (organization, domain) in [
        ("acme", "acme.com"),
        ("acme", "Bücher.example"),
        ("globex", "acme.com"),
        ("globex", "globex.com"),
        ("gone", "gone.com"),
        ("unswept", "acme.com"),
    ] {
        let path = format!("/organizations/{organization}/jit/email-domains");
        send(world, Method::POST, &path, json!({ "emailDomain": domain }), 201).await;
    }
    let roles = json!({ "organizationRoleIds": [RETIRED, ENGINEER] });
    send(world, Method::PUT, "/organizations/acme/jit/roles", roles, 204).await;
}

/// Ann and Fay sign up, Ben is created through the API, Cat gets a token, Dan and Gus are added by
/// hand, and Eve is a member of the older form. Gus has no address.
async fn record_users(world: &World, pool: &Pool) {
    world.sign_up("ann", "Ann@acme.com").await;
    world.pass(Duration::from_secs(1));

    let ben = pool_user("ben", "ben", "ben@acme.com", true);
    pool.answers("AdminCreateUser", json!({ "User": ben }));
    send(world, Method::POST, "/users", json!({ "primaryEmail": "ben@acme.com" }), 201).await;

    world.token("cat", "cat@globex.com").await;
    world.pass(Duration::from_secs(1));

    let dan = pool_user("dan", "dan", "dan@home.example", true);
    pool.answers("ListUsers", json!({ "Users": [dan] }));
    let body = json!({ "userIds": ["dan"] });
    send(world, Method::POST, "/organizations/hooli/users", body, 201).await;

    world.sign_up("eve", "eve@globex.com").await;
    world.pass(Duration::from_secs(1));
    let mut eve = world.item("USER#eve", "ORG#globex").await;
    eve.remove("rule").expect("a rule");
    world.put_plain(&json!(eve)).await;

    world.sign_up("fay", "fay@acme.com").await;
    world.pass(Duration::from_secs(1));

    let gus = json!({ "Username": "gus", "Attributes": [{ "Name": "sub", "Value": "gus" }] });
    pool.answers("ListUsers", json!({ "Users": [gus] }));
    for organization in ["globex", "hooli"] {
        let path = format!("/organizations/{organization}/users");
        send(world, Method::POST, &path, json!({ "userIds": ["gus"] }), 201).await;
    }

    let roles = json!({ "organizationRoleIds": [GUEST] });
    send(world, Method::PUT, "/organizations/globex/users/ann/roles", roles, 204).await;
}

/// Fay and Gus are removed, a role and two organizations are deleted; what one of them leaves
/// behind is not swept.
async fn record_removals_and_deletions(world: &World) {
    send(world, Method::DELETE, "/organizations/acme/users/fay", Value::Null, 204).await;
    send(world, Method::DELETE, "/organizations/hooli/users/gus", Value::Null, 204).await;
    let retired = format!("/organization-roles/{RETIRED}");
    send(world, Method::DELETE, &retired, Value::Null, 204).await;
    send(world, Method::DELETE, "/organizations/gone", Value::Null, 204).await;
    world.delete_unswept("unswept").await;
    // The A is Cyrillic: the role reserves the name that it looks like, too.
    let lookalike = json!({ "name": "\u{410}uditor" });
    send(world, Method::POST, "/organization-roles", lookalike, 201).await;
}

/// A recording as a list of items in DynamoDB's JSON.
fn recording(file: &str) -> Vec<Value> {
    serde_json::from_str(&text_of(file)).expect("a list of items")
}

/// Items as they are recorded: an attribute a line, so that a difference is easy to see.
fn as_recorded(items: &Items) -> String {
    let items = items.values().map(|item| {
        let lines = item.iter().map(|(name, value)| format!("    \"{name}\": {}", tagged(value)));
        format!("  {{\n{}\n  }}", lines.collect::<Vec<_>>().join(",\n"))
    });
    format!("[\n{}\n]\n", items.collect::<Vec<_>>().join(",\n"))
}

/// Asserts that these are the items of a recording. Leaves them in `target/tmp`, in a file with this name.
#[track_caller]
fn assert_recorded(items: &Items, recording: &str, name: &str) {
    let (stored, recorded) = (as_recorded(items), text_of(recording));
    let today = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&today, &stored).expect("cargo's own folder can be written to");
    let differs = stored.lines().zip(recorded.lines()).position(|(a, b)| a != b);
    assert!(
        stored == recorded,
        "{} differs from {recording}, first in line {}",
        today.display(),
        differs.map_or(0, |line| line + 1)
    );
}

/// A world with the oldest recorded table, an hour after the recording began, over this user pool.
async fn recorded_over(pool: &Pool) -> World {
    recorded_in(RECORDINGS[0], pool).await
}

/// The same with another recording.
async fn recorded_in(file: &str, pool: &Pool) -> World {
    let world = World::with_pool(pool).await;
    world.put_items(recording(file).iter().map(attributes)).await;
    world.pass(Duration::from_secs(60 * 60));
    world
}

/// A world with the recorded table, and the items in it.
async fn recorded() -> (World, Items) {
    let world = recorded_over(&Pool::default()).await;
    let items = world.items().await;
    (world, items)
}

/// The changes since `before`, by key: each new or different item without its attributes `pk` and
/// `sk`, and null for each deleted one.
async fn changes(world: &World, before: &Items) -> Value {
    let after = world.items().await;
    let mut changes = json!({});
    for key in before.keys().chain(after.keys()) {
        if before.get(key) != after.get(key) {
            let mut item = json!(after.get(key));
            if let Some(attributes) = item.as_object_mut() {
                attributes.retain(|name, _| name != "pk" && name != "sk");
            }
            changes[format!("{} {}", key.0, key.1)] = item;
        }
    }
    changes
}

/// Asserts that a write is done, and that these are all items that it has changed.
async fn assert_writes(method: Method, path: &str, body: &Value, status: u16, expected: &Value) {
    let (world, before) = recorded().await;
    let ask = world.ask(method.clone(), path);
    let answer = if body.is_null() { ask } else { ask.json(body) }.send().await;
    assert_eq!(answer.status.as_u16(), status, "{method} {path}: {:#}", answer.body);
    assert_eq!(&changes(&world, &before).await, expected, "{method} {path}");
}

#[tokio::test]
async fn the_recorded_requests_leave_the_recorded_items_today() {
    assert_recorded(&record().await.items().await, NEWEST, "recorded-table.json");
}

/// A list in the order of its ids.
fn by_id(mut list: Value) -> Value {
    let entries = list.as_array_mut().expect("a list");
    entries.sort_by_key(|entry| entry["id"].as_str().map(str::to_owned));
    list
}

/// Domains without the records that prove them, which older recordings do not have.
fn without_records(mut domains: Value) -> Value {
    for domain in domains.as_array_mut().expect("a list") {
        domain["ownership"]["record"] = Value::Null;
    }
    domains
}

#[tokio::test]
async fn every_recording_reads_alike() {
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for file in RECORDINGS {
        let world = recorded_in(file, &Pool::default()).await;
        let mut read = Vec::new();
        for path in [
            "/organizations",
            "/organizations/acme/jit/email-domains",
            "/organizations/acme/jit/roles",
            "/organizations/acme/users",
            "/organizations/globex/users",
            "/organizations/hooli/users",
            "/users/ann/organizations",
            "/users/fay/organizations",
        ] {
            let answer = world.get(path).await;
            assert_eq!(answer.status, 200, "{path}");
            read.push(match path {
                path if path.ends_with("/users") => by_id(answer.body),
                path if path.ends_with("/email-domains") => without_records(answer.body),
                _ => answer.body,
            });
        }
        for (user, email) in
            [("ann", "Ann@acme.com"), ("fay", "fay@acme.com"), ("new", "a@acme.com")]
        {
            read.push(world.token(user, email).await["response"].take());
        }
        for user in ["ann", "eve"] {
            let path = format!("/organizations/globex/users/{user}");
            assert_eq!(world.delete(&path).await.status, 204);
        }
        read.push(by_id(world.get("/organizations/globex/users").await.body));
        answers.push(read);
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:#?}");
}
