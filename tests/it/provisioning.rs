//! The engine's budget, and what becomes of a sign-up while DynamoDB fails.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use shared::domain::decision::JoinPolicy;
use shared::domain::ids::UserId;
use shared::next_trigger::NextTrigger;
use shared::provisioning::Provisioning;
use shared::runtime::TRIGGER_DEADLINE;
use shared::{App, Clock};

use crate::support::{
    Fate, Item, Items, Logs, Traffic, World, delete_user, key, trigger_event, verified,
};

const QUERIES: [&str; 3] = ["Query"; 3];
const JOIN: [&str; 5] = ["Query", "Query", "Query", "TransactGetItems", "TransactWriteItems"];
/// As often as any call is tried: three calls side by side, three times each, or a transaction
/// with all its repeats.
const TRIES: usize = 9;

/// A world where `acme` and `globex` list acme.com, and `acme` has a default role.
async fn two_organizations() -> World {
    let world = World::new().await;
    for organization in ["acme", "globex"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    let body = json!({ "organizationRoleIds": [world.role("Engineer").await] });
    assert_eq!(world.put("/organizations/acme/jit/roles", &body).await.status, 204);
    world.wire.traffic();
    world
}

fn traffic(operations: &[&str], steps: usize, capacity: f64) -> Traffic {
    let operations = operations.iter().map(|&operation| operation.to_owned()).collect();
    Traffic { operations, steps, capacity }
}

/// The memberships of a user, whole.
async fn memberships(world: &World, user: &str) -> Value {
    world.get(&format!("/users/{user}/organizations")).await.body
}

/// What the table holds once user-1 has signed up in [`two_organizations`].
async fn all_joined() -> BTreeMap<(String, String), Item> {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.items().await
}

/// The decisions that were logged: organization and decision, or the message of a failure.
fn decisions(logs: &Logs) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = logs.lines_with_debug();
    // The SDK has its say too.
    lines.retain(|line| !text(&line["target"]).starts_with("aws"));
    lines.retain(|line| line["level"] != "DEBUG" || line["decision"].is_string());
    let decided = |line: &Value| match &line["decision"] {
        Value::Null => (text(&line["level"]), text(&line["message"])),
        decision => (text(&line["organization"]), text(decision)),
    };
    lines.iter().map(decided).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> [(String, String); N] {
    pairs.map(|(a, b)| (a.to_owned(), b.to_owned()))
}

#[tokio::test]
async fn a_user_without_a_match_takes_one_step() {
    let world = two_organizations().await;
    let before = world.items().await;
    world.sign_up("user-1", "jane@example.com").await;
    assert_eq!(world.wire.traffic(), traffic(&QUERIES, 1, 3.0));
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_user_with_a_match_takes_three_steps() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    // Three queries; two index entries and two organizations, read at 2 units each; two memberships
    // in the table and in the index of members, and the conditions that the address was not removed
    // from either organization; the profile, the account at the address, and the address's version; and
    // what they tell.
    let (memberships, user) = (2.0 * (2.0 + 1.0 + 2.0), 3.0 * 2.0 + 2.0);
    assert_eq!(world.wire.traffic(), traffic(&JOIN, 3, 3.0 + 8.0 + memberships + user));
}

/// A user with as many identities as count.
fn with_ten_identities() -> Value {
    let identities = (0..10).map(|number| {
        json!({ "userId": "jane", "providerName": format!("okta-{number}"), "providerType": "SAML" })
    });
    let mut user = verified("user-1", "jane@acme.com");
    user["identities"] = json!(json!(Vec::from_iter(identities)).to_string());
    user
}

#[tokio::test]
async fn the_number_of_steps_is_the_same_however_many_rules_a_user_can_satisfy() {
    // Eleven labels: the domain itself, and those above it of ten to two labels.
    let ten_domains = verified("user-1", "jane@a.b.c.d.e.f.g.h.i.acme.com");
    for user in [ten_domains, with_ten_identities()] {
        let world = World::new().await;
        for organization in ["acme", "globex"] {
            world.organization(organization).await;
        }
        let sign_up = trigger_event("1", "PostConfirmation_ConfirmSignUp", &user);
        world.wire.traffic();
        world.post_confirmation(&sign_up).await;
        let Traffic { operations, steps, .. } = world.wire.traffic();
        assert!(operations.iter().all(|operation| operation == "Query"), "{operations:?}");
        assert!(operations.len() > 10, "a query for each rule, and that of the user");
        assert_eq!(steps, 1);

        let body = json!({ "emailDomain": "acme.com", "subdomains": true });
        let path = "/organizations/acme/jit/email-domains";
        assert_eq!(world.post(path, &body).await.status, 201);
        world.list_provider_anyway("globex", "okta-9").await;
        world.wire.traffic();
        world.post_confirmation(&sign_up).await;
        assert_eq!(world.wire.traffic().steps, 3);
        assert_ne!(memberships(&world, "user-1").await, json!([]));
        world.wire.traffic();
        world.post_confirmation(&sign_up).await;
        assert_eq!(world.wire.traffic().steps, 1);
    }
}

#[tokio::test]
async fn a_request_takes_three_steps_and_one_when_it_is_there() {
    let world = two_organizations().await;
    for organization in ["acme", "globex"] {
        let path = format!("/organizations/{organization}/jit/email-domains/acme.com");
        let answer = world.patch(&path, &json!({ "enrollment": "request" })).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
    }
    let logs = Logs::capture();
    for (steps, decision) in [(3, "request"), (1, "refuse")] {
        world.wire.traffic();
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(decisions(&logs), pairs([("acme", decision), ("globex", decision)]));
        assert_eq!(world.wire.traffic().steps, steps);
    }
}

#[tokio::test]
async fn a_user_who_is_a_member_already_takes_one_step_and_writes_nothing() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.wire.traffic();
    let before = world.items().await;
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.wire.traffic(), traffic(&QUERIES, 1, 3.0));
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_member_whose_address_changed_takes_one_step_and_writes_the_profile() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.wire.traffic();
    world.sign_up("user-1", "doe@acme.com").await;
    let operations = ["Query", "Query", "Query", "TransactWriteItems"];
    // The profile, and the account at the new address.
    assert_eq!(world.wire.traffic(), traffic(&operations, 2, 3.0 + 4.0));
}

#[tokio::test]
async fn a_member_who_catches_up_writes_no_account_again() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.organization("hooli").await;
    world.domains("hooli", &["acme.com"]).await;
    world.wire.traffic();
    world.sign_up("user-1", "jane@acme.com").await;
    // One membership, the profile, the address's version, and what they tell.
    assert_eq!(world.wire.traffic(), traffic(&JOIN, 3, 3.0 + 4.0 + 5.0 + 6.0));
}

#[tokio::test]
async fn a_removal_takes_five_steps() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.wire.traffic();
    assert_eq!(world.delete("/organizations/acme/users/user-1").await.status, 204);
    let read = ["GetItem", "BatchGetItem", "GetItem", "Query"];
    let operations = [&read[..], &["TransactWriteItems"]].concat();
    // The organization, the membership and the profile, the address's version, and its accounts; the
    // mark in the membership's place and both entries in the index, the old and the new one, the mark
    // of the address, its version, the condition that the profile has not changed, and what they tell.
    let (read, written) = (1.0 + 2.0 + 1.0 + 1.0, 2.0 + 2.0 + 2.0 + 2.0 + 2.0 + 2.0);
    assert_eq!(world.wire.traffic(), traffic(&operations, 5, read + written));
}

#[tokio::test]
async fn a_deletion_of_a_user_writes_a_tombstone_and_deletes_the_rest() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.wire.traffic();
    let user = UserId::parse("user-1").expect("an id");
    let deleted = delete_user(&world.app.store, &user, true, world.app.clock.now()).await;
    assert!(deleted.expect("the store works"));
    let operations = [
        "Query",
        "TransactWriteItems",
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
        "Query",
        "BatchWriteItem",
        "TransactWriteItems",
    ];
    // The user's items are read, and a tombstone takes the place of the profile, with what that tells. The
    // items and their organizations are read. Two memberships with their entries in the index are deleted,
    // if their organizations exist, with what that tells. What is left is read, the account at the address
    // is deleted, and the tombstone loses the address.
    let tombstone = 1.0 + 2.0 + 2.0;
    let memberships = 1.0 + 2.0 + 2.0 * (2.0 + 1.0 + 2.0) + 2.0;
    let rest = 1.0 + 1.0 + 2.0;
    assert_eq!(world.wire.traffic(), traffic(&operations, 8, tombstone + memberships + rest));
}

#[tokio::test]
async fn a_public_mailbox_domain_is_not_asked_for() {
    let world = two_organizations().await;
    world.sign_up("user-1", "jane@gmail.com").await;
    assert_eq!(world.wire.traffic(), traffic(&["Query"], 1, 1.0));
}

#[tokio::test]
async fn the_cost_is_the_same_with_10_and_with_2000_other_organizations() {
    let mut costs = Vec::new();
    for others in [10, 2_000] {
        let world = two_organizations().await;
        world.organization("org-0").await;
        world.domains("org-0", &["org-0.example"]).await;
        world.copy("org-0", (1..others).map(|number| format!("org-{number}"))).await;
        world.wire.traffic();
        let mut cost = Vec::new();
        for email in ["jane@example.com", "jane@acme.com", "jane@acme.com"] {
            world.sign_up("user-1", email).await;
            cost.push(world.wire.traffic());
        }
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0][1].steps, 3);
}

/// Stops the clock until the answer is dropped: whether many get in each other's way has nothing to
/// do with how fast this machine is. Nothing may wait for a pause meanwhile.
fn stopped_clock() -> mpsc::Sender<()> {
    const AT_MOST: Duration = Duration::from_secs(600);
    tokio::time::pause();
    let (guard, dropped) = mpsc::channel();
    // A paused clock jumps ahead while the runtime is idle, but not while such a task runs.
    tokio::task::spawn_blocking(move || dropped.recv_timeout(AT_MOST));
    guard
}

#[tokio::test]
async fn a_thousand_sign_ups_at_once_give_exactly_a_thousand_memberships() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let before = world.items().await.len();
    let users: Vec<_> = (0..1_000)
        .map(|number| (format!("user-{number}"), format!("u{number}@acme.com")))
        .collect();

    let clock = stopped_clock();
    let sign_ups = users.iter().map(|(sub, email)| world.sign_up(sub, email));
    stream::iter(sign_ups).buffer_unordered(64).collect::<Vec<_>>().await;
    drop(clock);
    tokio::time::resume();

    let items = world.items().await;
    let members = items.keys().filter(|(pk, sk)| pk.starts_with("USER#") && sk == "ORG#acme");
    assert_eq!(members.count(), 1_000);
    let each = "a membership, a profile, the account at the address, and the address's version";
    assert_eq!(items.len(), before + 4_000, "{each}");
}

#[tokio::test]
async fn a_conflict_that_passes_is_repeated() {
    let conflict = Fate::canceled(&["None", "TransactionConflict"]);
    let mixed = Fate::canceled(&["ProvisionedThroughputExceeded", "None"]);
    for (operation, fate) in [
        ("TransactGetItems", conflict.clone()),
        ("TransactWriteItems", conflict),
        ("TransactGetItems", mixed.clone()),
        ("TransactWriteItems", mixed),
    ] {
        let world = two_organizations().await;
        let logs = Logs::capture();
        world.wire.next(operation, fate);
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(decisions(&logs), pairs([("acme", "join"), ("globex", "join")]));
        let operations = world.wire.traffic().operations;
        assert_eq!(operations.iter().filter(|sent| *sent == operation).count(), 2);
        assert_eq!(world.items().await, all_joined().await, "{operation}");
    }
}

/// All items but the proof that a failed sign-up has kept.
async fn joined(world: &World) -> Items {
    let mut items = world.items().await;
    items.remove(&("USER#user-1".to_owned(), "FRESH_PROOF".to_owned()));
    items
}

#[tokio::test]
async fn a_failure_that_stays_answers_the_event_and_the_next_appearance_joins() {
    let conflict = Fate::canceled(&["TransactionConflict", "None", "None"]);
    let throttled = Fate::error("ProvisionedThroughputExceededException", "slow down");
    let limited = Fate::error("RequestLimitExceeded", "too much");
    let denied = Fate::error("AccessDeniedException", "not authorized to perform dynamodb:Query");
    let missing = Fate::error("ResourceNotFoundException", "no such table");
    let broken = Fate::Reply { status: 500, body: json!({ "__type": "InternalServerError" }) };
    let nonsense = Fate::Reply { status: 200, body: json!("nonsense") };
    let cases = [
        ("TransactWriteItems", conflict.clone()),
        ("TransactGetItems", conflict),
        ("Query", throttled.clone()),
        ("TransactGetItems", throttled.clone()),
        ("TransactWriteItems", throttled),
        ("Query", limited),
        ("Query", denied.clone()),
        ("TransactWriteItems", denied),
        ("Query", missing),
        ("Query", broken.clone()),
        ("TransactWriteItems", broken),
        ("TransactGetItems", nonsense),
        ("TransactWriteItems", Fate::Lost),
        ("Query", Fate::Lost),
    ];
    let expected = all_joined().await;
    for (operation, fate) in cases {
        let world = two_organizations().await;
        let before = world.items().await;
        let logs = Logs::capture();
        for _ in 0..TRIES {
            world.wire.next(operation, fate.clone());
        }
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(decisions(&logs), pairs([("ERROR", "not provisioned")]), "{operation} {fate:?}");
        assert_eq!(joined(&world).await, before, "{operation} {fate:?}");

        world.wire.mend();
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(decisions(&logs), pairs([("acme", "join"), ("globex", "join")]));
        assert_eq!(joined(&world).await, expected, "{operation} {fate:?}");
    }
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_repeated_in_time() {
    let expected = all_joined().await;
    for operation in ["Query", "TransactGetItems", "TransactWriteItems"] {
        let world = two_organizations().await;
        let logs = Logs::capture();
        world.wire.next(operation, Fate::Hang);
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(decisions(&logs), pairs([("acme", "join"), ("globex", "join")]), "{operation}");
        assert_eq!(world.items().await, expected, "{operation}");
    }
}

#[tokio::test]
async fn calls_that_nobody_answers_end_with_the_call_s_own_limit() {
    for operation in ["Query", "TransactGetItems", "TransactWriteItems"] {
        let world = two_organizations().await;
        let before = world.items().await;
        let logs = Logs::capture();
        for _ in 0..TRIES {
            world.wire.next(operation, Fate::Hang);
        }
        let sign_up = world.sign_up("user-1", "jane@acme.com");
        tokio::time::timeout(TRIGGER_DEADLINE, sign_up).await.expect("an answer in time");
        assert_eq!(decisions(&logs), pairs([("ERROR", "not provisioned")]), "{operation}");
        assert_eq!(joined(&world).await, before, "{operation}");

        world.wire.mend();
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(joined(&world).await, all_joined().await, "{operation}");
    }
}

#[tokio::test]
async fn several_slow_steps_end_before_the_deadline() {
    let world = two_organizations().await;
    let before = world.items().await;
    let logs = Logs::capture();
    // One second lost in the first step, one in the second, and the third one hangs.
    world.wire.next("Query", Fate::Hang);
    world.wire.next("TransactGetItems", Fate::Hang);
    for _ in 0..TRIES {
        world.wire.next("TransactWriteItems", Fate::Hang);
    }
    let sign_up = world.sign_up("user-1", "jane@acme.com");
    let late = TRIGGER_DEADLINE + Duration::from_millis(100);
    tokio::time::timeout(late, sign_up).await.expect("an answer in time");
    assert_eq!(decisions(&logs), pairs([("ERROR", "not provisioned")]));
    assert_eq!(joined(&world).await, before);

    world.wire.mend();
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(joined(&world).await, all_joined().await);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_not_taken_for_somebody_else_s_write() {
    let world = two_organizations().await;
    let logs = Logs::capture();
    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(decisions(&logs), pairs([("acme", "join"), ("globex", "join")]));
    assert_eq!(world.items().await, all_joined().await);
}

#[tokio::test]
async fn a_write_whose_answers_all_got_lost_is_found_at_the_next_appearance() {
    let world = two_organizations().await;
    let logs = Logs::capture();
    for _ in 0..3 {
        world.wire.next("TransactWriteItems", Fate::AnswerLost);
    }
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(decisions(&logs), pairs([("ERROR", "not provisioned")]));
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(decisions(&logs), pairs([("acme", "refuse"), ("globex", "refuse")]));
    assert_eq!(joined(&world).await, all_joined().await);
}

#[tokio::test]
async fn a_process_killed_between_any_two_calls_leaves_nothing_by_halves() {
    let expected = all_joined().await;
    for calls in 0..=JOIN.len() {
        let world = two_organizations().await;
        let before = world.items().await;
        world.wire.cut_after(calls);
        world.sign_up("user-1", "jane@acme.com").await;
        let after = if calls < JOIN.len() { &before } else { &expected };
        assert_eq!(&world.items().await, after, "{calls}");

        world.wire.mend();
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(world.items().await, expected, "{calls}");
        assert_eq!(memberships(&world, "user-1").await.as_array().map(Vec::len), Some(2));
    }
}

/// A canceled transaction whose first put has found a removal.
fn removed_meanwhile(reasons: &[&str]) -> Fate {
    let Fate::Reply { status, mut body } = Fate::canceled(reasons) else {
        unreachable!("it is a reply")
    };
    body["CancellationReasons"][0]["Item"] = json!({
        "pk": { "S": "USER#user-1" },
        "sk": { "S": "ORG#acme" },
        "removedAt": { "S": "2026-01-01T00:00:00.000Z" },
    });
    Fate::Reply { status, body }
}

#[tokio::test]
async fn a_removal_between_reading_and_writing_leaves_no_profile() {
    let world = two_organizations().await;
    assert_eq!(world.delete("/organizations/globex").await.status, 204);
    let before = world.items().await;
    world.wire.next("TransactWriteItems", removed_meanwhile(&["ConditionalCheckFailed", "None"]));
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn what_appears_between_reading_and_writing_is_left_out_and_the_rest_is_joined() {
    let world = two_organizations().await;
    let logs = Logs::capture();
    let reasons = ["ConditionalCheckFailed", "TransactionConflict", "None"];
    world.wire.next("TransactWriteItems", removed_meanwhile(&reasons));
    world.sign_up("user-1", "jane@acme.com").await;
    let lines = logs.lines();
    let reasons: Vec<_> = lines.iter().map(|line| [&line["decision"], &line["reason"]]).collect();
    assert_eq!(json!(reasons), json!([["refuse", "removed_earlier"], ["join", null]]));
    assert_eq!(memberships(&world, "user-1").await[0]["id"], "globex");
}

#[tokio::test]
async fn an_item_that_nobody_can_read_is_named_in_the_log_and_hurts_nobody_else() {
    let world = two_organizations().await;
    world.put_plain(&json!({ "pk": "USER#user-1", "sk": "ORG#acme" })).await;
    let before = world.items().await;
    let logs = Logs::capture();
    world.sign_up("user-1", "jane@acme.com").await;
    let lines = logs.lines_with_debug();
    assert_eq!(
        lines[0]["error"],
        "unreadable item: roleIds of USER#user-1/ORG#acme in table usher is not a list of strings"
    );
    assert_eq!((&lines[0]["organization"], &lines[0]["level"]), (&json!("acme"), &json!("ERROR")));
    let reasons: Vec<_> =
        lines[1..].iter().map(|line| (&line["organization"], &line["reason"])).collect();
    let (already_member, joined) = (json!("already_member"), Value::Null);
    assert_eq!(
        reasons,
        [(&json!("acme"), &already_member), (&json!("globex"), &joined)],
        "the item stays as it is, and the user joins the other organization"
    );
    let after = world.items().await;
    let added: Vec<_> = after.keys().filter(|key| !before.contains_key(*key)).collect();
    let address = "ADDRESS#7bb9e30283184c3b4bbbf2262a600be7165d7e6f50e424a611aa64394e7ecdb5";
    assert_eq!(
        added,
        [
            &key(address, "USER#user-1"),
            &key(address, "VERSION"),
            &key("USER#user-1", "ORG#globex"),
            &key("USER#user-1", "PROFILE"),
        ]
    );
    assert!(before.iter().all(|(key, item)| after[key] == *item), "{after:#?}");
    world.sign_up("user-2", "joe@acme.com").await;
    assert_eq!(memberships(&world, "user-2").await.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_panic_inside_answers_the_event_and_the_next_appearance_joins() {
    let world = two_organizations().await;
    let before = world.items().await;
    let logs = Logs::capture();
    let clock = Clock::new(|| panic!("the clock has stopped"));
    let app = world.app.clone();
    let provisioning = Provisioning::new(app.store.clone(), JoinPolicy::default(), clock);
    let app = App { provisioning, ..app };
    let event = r#"{ "triggerSource": "PostConfirmation_ConfirmSignUp", "request": { "userAttributes":
        { "sub": "user-1", "email": "jane@acme.com", "email_verified": "true" } } }"#;
    let event = serde_json::value::RawValue::from_string(event.to_owned()).expect("JSON");

    let answer = functions::triggers::post_confirmation::handle(
        Some((&app).into()),
        NextTrigger::default(),
        event.clone(),
        TRIGGER_DEADLINE,
    )
    .await;

    assert_eq!(answer.expect("an answer").get(), event.get());
    assert_eq!(decisions(&logs), pairs([("ERROR", "panic in a trigger")]));
    assert_eq!(world.items().await, before);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.items().await, all_joined().await);
}
