//! `publish-events`

use std::collections::BTreeSet;

use axum::http::StatusCode;
use functions::Entry;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::event_bus::{ActivityDays, EventEmails, EventPolicy};

use crate::support::{Counts, Fate, Items, Logs, START, World};

/// The type of each event, with its user.
fn told(events: &[Value]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|event| {
            let kind = event["type"].as_str().unwrap_or_default();
            (kind, event["userId"].as_str().unwrap_or_default())
        })
        .collect()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().expect("an id")).collect()
}

/// The activity in the table: each item under its key.
fn activity(items: &Items) -> Items {
    let is_activity = |pk: &str| pk.starts_with("ACTIVITY#") || pk.starts_with("USER_ACTIVITY#");
    items
        .iter()
        .filter(|((pk, _), _)| is_activity(pk))
        .map(|(key, item)| (key.clone(), item.clone()))
        .collect()
}

/// The activity that these events must leave.
fn expected_activity(events: &[Value]) -> BTreeSet<(String, String)> {
    let mut keys = BTreeSet::new();
    for event in events {
        let part = |name: &str| event[name].as_str();
        let Some(organization) = part("organizationId") else { continue };
        if part("type") == Some("Organization.Membership.Updated") {
            continue;
        }
        let id = part("id").expect("an id").to_owned();
        keys.insert((format!("ACTIVITY#{organization}"), id.clone()));
        let user = part("userId").filter(|_| event["cause"]["reason"] != "user_deleted");
        keys.extend(user.map(|user| (format!("USER_ACTIVITY#{user}"), id)));
    }
    keys
}

/// A world in which acme lists acme.com, and these users have joined. Nothing is published.
async fn with_members(users: &[&str]) -> World {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    for user in users {
        world.sign_up(user, &format!("{user}@acme.com")).await;
    }
    world.wire.traffic();
    world
}

async fn delete_user(world: &World, user: &str) {
    let id = shared::domain::ids::UserId::parse(user).expect("an id");
    let store = world.store();
    let at = world.app.clock.now();
    let deleted = store.delete_user(&id, true, at).await.expect("deleted").expect("known");
    store.sweep_user(&id, &deleted, at).await.expect("swept");
}

#[tokio::test]
async fn each_change_is_published_with_its_ids_and_kept_as_activity() {
    let world = with_members(&["jane"]).await;
    let records = world.changes();
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    assert_eq!(
        told(&events),
        [
            ("Organization.Created", ""),
            ("Organization.Membership.Created", "jane"),
            ("Organization.Membership.Updated", ""),
            // A call has one change of the organization.
            ("Organization.EmailDomain.Added", ""),
        ]
    );
    let joined = &events[1];
    let change = &records[2]["dynamodb"]["Keys"]["sk"]["S"];
    let change = change.as_str().expect("text");
    assert_eq!(
        *joined,
        json!({
            "version": 1,
            "id": format!("{change}-000"),
            "time": START,
            "type": "Organization.Membership.Created",
            "organizationId": "acme",
            "userId": "jane",
            "actor": { "type": "trigger", "entryPath": "PostConfirmation" },
            "cause": { "rule": "email_domain", "emailDomain": "acme.com" },
            "after": { "organizationRoleIds": [], "joinedAt": START, "entryPath": "PostConfirmation" },
        })
    );
    assert_eq!(events[2]["id"], format!("{change}-001"));
    assert_eq!(
        (&events[2]["addedUserIds"], &events[2]["removedUserIds"]),
        (&json!(["jane"]), &json!([]))
    );

    let kept = activity(&world.items().await);
    assert_eq!(kept.keys().cloned().collect::<BTreeSet<_>>(), expected_activity(&events));
    let item = &kept[&("USER_ACTIVITY#jane".to_owned(), format!("{change}-000"))];
    let event: Value = item["event"].as_str().expect("text").parse().expect("JSON");
    assert_eq!((&event, &item["userId"]), (joined, &json!("jane")));
    // 90 days after 2026-01-01.
    assert_eq!(item["expiresAt"], 1_767_225_600 + 90 * 24 * 3_600);
    assert_eq!(*item, {
        let mut same = kept[&("ACTIVITY#acme".to_owned(), format!("{change}-000"))].clone();
        same.insert("pk".to_owned(), json!("USER_ACTIVITY#jane"));
        same
    });
}

#[tokio::test]
async fn a_repeated_batch_has_the_same_ids_and_the_same_activity() {
    let world = with_members(&["jane", "john"]).await;
    let records = world.changes();
    assert_eq!(world.publish(&records).await, None);
    let (first, kept) = (world.bus.events(), activity(&world.items().await));
    world.pass(std::time::Duration::from_hours(1));
    assert_eq!(world.publish(&records).await, None);
    assert_eq!(world.bus.events(), first);
    assert_eq!(activity(&world.items().await), kept);
}

#[tokio::test]
async fn what_is_no_new_change_is_passed_over() {
    let world = with_members(&[]).await;
    let mut records = world.changes();
    records[0]["dynamodb"]["Keys"]["pk"]["S"] = "ORG#acme".into();
    records[1]["eventName"] = "REMOVE".into();
    assert_eq!(world.publish(&records).await, None);
    assert_eq!((world.bus.events(), world.bus.letters()), (vec![], vec![]));
    assert_eq!(world.publish(&[]).await, None);
}

#[tokio::test]
async fn entries_that_the_bus_refuses_are_sent_again_until_it_takes_them() {
    let world = with_members(&["jane", "john"]).await;
    let records = world.changes();
    let mut times = 0;
    world.bus.refuse(move |event| {
        let is_janes = event["userId"] == "jane";
        times += u32::from(is_janes);
        (is_janes && times < 5).then_some("ThrottlingException")
    });
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    let unique: BTreeSet<_> = ids(&events).into_iter().collect();
    assert_eq!((events.len(), unique.len()), (6, 6), "nothing is sent twice");
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&events)
    );
}

#[tokio::test]
async fn nothing_of_the_same_user_goes_out_before_what_was_refused_and_the_batch_repeats_from_there()
 {
    let counts = Counts::default();
    let _counting = metrics::set_default_local_recorder(&counts);
    let world = with_members(&["jane", "john"]).await;
    let path = "/organizations/acme/users/jane";
    assert_eq!(world.delete(path).await.status, StatusCode::NO_CONTENT);
    let records = world.changes();
    counts.take();
    world.bus.refuse(|event| {
        (event["type"] == "Organization.Membership.Created" && event["userId"] == "jane")
            .then_some("InternalFailure")
    });
    assert_eq!(world.publish(&records).await, Some(2));
    let events = world.bus.events();
    assert!(
        !told(&events).contains(&("Organization.Membership.Removed", "jane")),
        "what happened later waits: {events:#?}"
    );
    // Everything before the failure is kept, and nothing else.
    let kept = activity(&world.items().await);
    assert!(kept.keys().all(|(pk, _)| pk == "ACTIVITY#acme") && kept.len() == 2, "{kept:#?}");
    assert_eq!(counts.take()["EventFailures"], 1);

    world.bus.accept();
    assert_eq!(world.publish(&records[2..]).await, None);
    let again = world.bus.events();
    let all: Vec<_> = events.iter().chain(&again).cloned().collect();
    let janes: Vec<_> = told(&again).into_iter().filter(|(_, user)| *user == "jane").collect();
    assert_eq!(
        janes,
        [("Organization.Membership.Created", "jane"), ("Organization.Membership.Removed", "jane")]
    );
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&all)
    );
}

#[tokio::test]
async fn a_call_has_ten_entries_at_most_and_one_change_of_a_partition() {
    let users: Vec<_> = (0..25).map(|number| format!("user-{number:02}")).collect();
    let users: Vec<_> = users.iter().map(String::as_str).collect();
    let world = with_members(&users).await;
    let domains: Vec<_> = (0..60).map(|n| format!("d{n}.example")).collect();
    let path = "/organizations/acme/jit/email-domains";
    let replaced = world.put(path, &json!({ "emailDomains": domains })).await;
    assert!(replaced.status.is_success(), "{:#}", replaced.body);
    let records = world.changes();
    for batch in records.chunks(100) {
        assert_eq!(world.publish(batch).await, None);
    }
    let events = world.bus.events();
    let unique: BTreeSet<_> = ids(&events).into_iter().collect();
    assert_eq!(events.len(), unique.len());
    assert_eq!(
        events.iter().filter(|it| it["type"] == "Organization.EmailDomain.Added").count(),
        61
    );
    let partition_of = |event: &Value| {
        let id = event["id"].as_str().expect("an id")[..32].to_owned();
        let record = records.iter().find(|record| record["dynamodb"]["Keys"]["sk"]["S"] == *id);
        let pk = record.expect("a record")["dynamodb"]["Keys"]["pk"]["S"].clone();
        (pk.as_str().expect("text").to_owned(), id)
    };
    for call in world.bus.calls() {
        let changes: BTreeSet<_> = call
            .iter()
            .map(|entry| partition_of(&entry["Detail"].as_str().expect("text").parse().unwrap()))
            .collect();
        let partitions: BTreeSet<_> = changes.iter().map(|(pk, _)| pk).collect();
        assert_eq!(changes.len(), partitions.len(), "one change of a partition: {changes:?}");
    }
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&events)
    );
}

#[tokio::test]
async fn a_bus_that_is_down_for_an_hour_loses_nothing() {
    let world = with_members(&["jane"]).await;
    let records = world.changes();
    world.bus.refuse(|_| Some("ThrottlingException"));
    for minute in 0..60 {
        assert_eq!(world.publish(&records).await, Some(0), "{minute}");
        world.pass(std::time::Duration::from_mins(1));
    }
    assert_eq!(
        activity(&world.items().await),
        Items::new(),
        "nothing is kept before it is on the bus"
    );
    world.bus.accept();
    // Neither does one that does not answer, or refuses the call.
    for fate in [
        Fate::Lost,
        Fate::error("InternalException", "down"),
        Fate::error("AccessDeniedException", "a role is wrong"),
    ] {
        for _ in 0..15 {
            world.wire.next("PutEvents", fate.clone());
        }
        assert_eq!(world.publish(&records).await, Some(0));
        world.wire.mend();
    }
    assert_eq!(world.bus.events(), Vec::<Value>::new());
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    assert_eq!(events.len(), 4);
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&events)
    );
}

#[tokio::test]
async fn a_lost_answer_repeats_the_same_ids() {
    let world = with_members(&["jane"]).await;
    let records = world.changes();
    world.wire.next("PutEvents", Fate::AnswerLost);
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    let unique: BTreeSet<_> = ids(&events).into_iter().collect();
    assert_eq!(unique.len(), 4);
    assert!(events.len() > 4, "some came twice");
}

#[tokio::test]
async fn a_record_that_cannot_be_understood_goes_to_the_queue_alone() {
    let counts = Counts::default();
    let _counting = metrics::set_default_local_recorder(&counts);
    let world = with_members(&["jane", "john"]).await;
    let mut records = world.changes();
    counts.take();
    records[2]["dynamodb"]["NewImage"]["events"] =
        json!({ "S": "[{\"type\":\"Unknown \u{fffe}\"}]" });
    let logs = Logs::capture();
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    assert_eq!(
        told(&events).into_iter().filter(|(kind, _)| kind.ends_with("Created")).collect::<Vec<_>>(),
        [("Organization.Created", ""), ("Organization.Membership.Created", "john")]
    );
    let key = json!({ "pk": "CHANGE#USER#jane", "sk": records[2]["dynamodb"]["Keys"]["sk"]["S"] });
    let letters = world.bus.letters();
    assert_eq!(letters.len(), 1);
    let cause = letters[0]["cause"].as_str().expect("a cause");
    assert!(cause.starts_with("unreadable item: events of CHANGE#USER#jane/"), "{cause}");
    assert_eq!(letters[0], json!({ "key": key, "cause": cause, "record": records[2] }));
    let counted = counts.take();
    assert_eq!((counted["EventDeadLetters"], counted["EventsPublished"]), (1, 4));
    let line = logs.lines().into_iter().find(|line| line["level"] == "ERROR").expect("a line");
    assert_eq!(line["message"], "a change went to the dead-letter queue");

    // Each kind of nonsense.
    for (spoil, has_key) in [
        (json!({}), false),
        (json!("nothing"), false),
        (json!({ "eventName": "INSERT", "dynamodb": { "Keys": {} } }), false),
        (json!({ "dynamodb": records[3]["dynamodb"] }), true),
        (
            json!({ "eventName": "INSERT", "dynamodb": { "Keys": records[3]["dynamodb"]["Keys"] } }),
            true,
        ),
    ] {
        assert_eq!(world.publish(std::slice::from_ref(&spoil)).await, None, "{spoil}");
        let letters = world.bus.letters();
        assert_eq!((letters.len(), letters[0]["key"].is_object()), (1, has_key), "{spoil}");
        assert_eq!(letters[0]["record"], spoil);
    }
    assert_eq!(world.bus.events(), Vec::<Value>::new());
}

#[tokio::test]
async fn an_event_that_the_bus_never_takes_goes_to_the_queue_and_holds_up_nobody() {
    let world = with_members(&["jane", "john"]).await;
    let records = world.changes();
    world.bus.refuse(|event| (event["userId"] == "jane").then_some("MalformedDetail"));
    assert_eq!(world.publish(&records).await, None);
    let letters = world.bus.letters();
    assert_eq!((letters.len(), &letters[0]["cause"]), (1, &json!("MalformedDetail: not now")));
    assert_eq!(letters[0]["key"]["pk"], "CHANGE#USER#jane");
    assert_eq!(world.bus.events().len(), 5);
}

#[tokio::test]
async fn a_queue_that_is_down_keeps_the_record_in_the_stream() {
    let world = with_members(&["jane", "john"]).await;
    let mut records = world.changes();
    records[2]["dynamodb"]["NewImage"] = json!({});
    for _ in 0..3 {
        world.wire.next("SendMessage", Fate::Lost);
    }
    assert_eq!(world.publish(&records).await, Some(2));
    assert_eq!(world.bus.letters(), Vec::<Value>::new());
    world.wire.mend();
    assert_eq!(world.publish(&records[2..]).await, None);
    assert_eq!(world.bus.letters().len(), 1);

    // A record that Lambda could not be told of makes the whole batch fail.
    for _ in 0..3 {
        world.wire.next("SendMessage", Fate::Lost);
    }
    let Entry::Stream(handle) = functions::function("publish-events").expect("it").entry else {
        panic!("it reads the stream")
    };
    let event = to_raw_value(&json!({ "Records": [{}] })).expect("JSON");
    let error = handle(&world.app, event).await.expect_err("no sequence number").to_string();
    assert!(
        error.starts_with("a record without a sequence number was not published: SQS"),
        "{error}"
    );
}

#[tokio::test]
async fn activity_that_cannot_be_kept_is_kept_by_the_next_delivery() {
    let world = with_members(&["jane", "john"]).await;
    let records = world.changes();
    for _ in 0..3 {
        world.wire.next("BatchWriteItem", Fate::Lost);
    }
    assert_eq!(world.publish(&records).await, Some(0));
    assert_eq!(activity(&world.items().await), Items::new());
    world.wire.mend();
    assert_eq!(world.publish(&records).await, None);
    let mut events = world.bus.events();
    let repeated = events.split_off(events.len() / 2);
    assert_eq!(events, repeated);
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&events)
    );
}

/// Cut after each number of calls, and then delivered again: the same ids, and the same activity as if
/// nothing had happened.
#[tokio::test]
async fn whoever_is_killed_between_two_steps_is_made_up_for_by_the_next_delivery() {
    let undisturbed = everything_happens().await;
    let records = undisturbed.changes();
    undisturbed.wire.traffic();
    assert_eq!(undisturbed.publish(&records).await, None);
    let steps = undisturbed.wire.traffic().operations.len();
    let expected: BTreeSet<_> =
        ids(&undisturbed.bus.events()).into_iter().map(str::to_owned).collect();
    let kept = activity(&undisturbed.items().await);
    assert!(steps > 6, "{steps}");
    for step in 0..steps {
        let world = everything_happens().await;
        let records = world.changes();
        world.wire.cut_after(step);
        let Entry::Stream(handle) = functions::function("publish-events").expect("it").entry else {
            panic!("it reads the stream")
        };
        let event = to_raw_value(&json!({ "Records": records })).expect("JSON");
        // Whatever it answers is lost with it.
        drop(handle(&world.app, event).await);
        world.wire.mend();
        assert_eq!(world.publish(&records).await, None, "step {step}");
        let events = world.bus.events();
        let found: BTreeSet<_> = ids(&events).into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "step {step}");
        assert_eq!(activity(&world.items().await), kept, "step {step}");
    }
}

/// Members, a removal, a deleted user, and events with addresses.
async fn everything_happens() -> World {
    let mut world = with_members(&["jane", "john", "judy"]).await;
    world.app.event_policy.emails = EventEmails(true);
    assert_eq!(world.delete("/organizations/acme/users/john").await.status, StatusCode::NO_CONTENT);
    delete_user(&world, "judy").await;
    world.listing("globex", &["globex.com"]).await;
    world
}

#[tokio::test]
async fn the_activity_of_a_deleted_user_is_forgotten() {
    let world = with_members(&["jane", "john"]).await;
    world.publish(&world.changes()).await;
    world.bus.events();
    let before = world.changes().len();
    delete_user(&world, "jane").await;
    let records = world.changes();
    assert_eq!(world.publish(&records[before..]).await, None);
    let events = world.bus.events();
    assert_eq!(
        told(&events),
        [
            ("User.Deleted", "jane"),
            ("Organization.Membership.Removed", "jane"),
            ("Organization.Membership.Updated", ""),
        ]
    );
    let kept = activity(&world.items().await);
    assert!(!kept.keys().any(|(pk, _)| pk == "USER_ACTIVITY#jane"));
    let text = json!(kept.values().collect::<Vec<_>>()).to_string();
    assert!(!text.contains("jane"), "{text}");
    // The organization's activity tells that somebody has left, and all of john is there.
    assert!(text.contains("user_deleted") && kept.keys().any(|(pk, _)| pk == "USER_ACTIVITY#john"));

    // All of it again, from the first record on, comes to the same.
    assert_eq!(world.publish(&records).await, None);
    assert_eq!(activity(&world.items().await), kept);
}

#[tokio::test]
async fn a_removal_that_ends_memberships_of_several_accounts_is_one_membership_event() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    for user in ["one", "two", "three"] {
        world.sign_up(user, "jane@acme.com").await;
    }
    let before = world.changes().len();
    assert_eq!(world.delete("/organizations/acme/users/two").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.publish(&world.changes()[before..]).await, None);
    let events = world.bus.events();
    let updates: Vec<_> =
        events.iter().filter(|it| it["type"] == "Organization.Membership.Updated").collect();
    assert_eq!(updates.len(), 1);
    let removed: BTreeSet<_> = updates[0]["removedUserIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(removed, BTreeSet::from(["one", "three", "two"]));
    let gone = events.iter().filter(|it| it["type"] == "Organization.Membership.Removed");
    let gone: BTreeSet<_> = gone
        .map(|it| (it["userId"].as_str().unwrap(), it["cause"]["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        gone,
        BTreeSet::from([("one", "same_address"), ("three", "same_address"), ("two", "removed")])
    );
}

#[tokio::test]
async fn addresses_are_in_events_only_if_the_operator_says_so_and_never_in_activity() {
    let mut world = with_members(&["jane"]).await;
    let records = world.changes();
    world.publish(&records).await;
    assert!(!json!(world.bus.events()).to_string().contains('@'));
    world.app.event_policy.emails = EventEmails(true);
    world.publish(&records).await;
    let events = world.bus.events();
    let emails: Vec<_> = events.iter().map(|event| event["email"].as_str()).collect();
    assert_eq!(emails, [None, Some("jane@acme.com"), None, None]);
    let kept = activity(&world.items().await);
    assert!(!json!(kept.values().collect::<Vec<_>>()).to_string().contains('@'));

    // An address that cannot be read now is waited for.
    for _ in 0..3 {
        world.wire.next("BatchGetItem", Fate::Lost);
    }
    assert_eq!(world.publish(&records).await, Some(2));
    world.wire.mend();
    // A profile that nobody can read is not.
    world.put_plain(&json!({ "pk": "USER#jane", "sk": "PROFILE", "email": 1 })).await;
    world.bus.events();
    assert_eq!(world.publish(&records).await, None);
    let events = world.bus.events();
    assert_eq!((&events[1]["userId"], &events[1]["email"]), (&json!("jane"), &Value::Null));
}

#[tokio::test]
async fn without_days_no_activity_is_kept_and_what_was_kept_is_forgotten() {
    let mut world = with_members(&["jane"]).await;
    world.publish(&world.changes()).await;
    let before = activity(&world.items().await);
    world.app.event_policy =
        EventPolicy { activity: "0".parse::<ActivityDays>().unwrap(), ..EventPolicy::default() };
    world.sign_up("john", "john@acme.com").await;
    world.publish(&world.changes()).await;
    assert_eq!(activity(&world.items().await), before);
    delete_user(&world, "jane").await;
    world.publish(&world.changes()).await;
    let kept = activity(&world.items().await);
    assert!(!json!(kept.values().collect::<Vec<_>>()).to_string().contains("jane"));
}

#[tokio::test]
async fn changes_can_be_published_again_while_they_are_in_the_table() {
    let world = with_members(&["jane", "john"]).await;
    let records = world.changes();
    let key = |record: &Value| {
        let keys = &record["dynamodb"]["Keys"];
        json!({ "pk": keys["pk"]["S"], "sk": keys["sk"]["S"] })
    };
    let gone = json!({ "pk": "CHANGE#ORG#acme", "sk": "0".repeat(32) });
    let mut keys: Vec<_> = records.iter().map(key).collect();
    keys.reverse();
    keys.extend([gone.clone(), keys[0].clone()]);
    let replay = json!({ "replay": keys });
    let answer = world.invoke("publish-events", &replay).await;
    assert_eq!(answer, json!({ "published": 4, "missing": [gone], "failed": [] }));
    let events = world.bus.events();
    assert_eq!(told(&events)[0], ("Organization.Created", ""), "in the order of time");
    assert_eq!(
        activity(&world.items().await).into_keys().collect::<BTreeSet<_>>(),
        expected_activity(&events)
    );
    world.publish(&records).await;
    let again = world.bus.events();
    let ids =
        |events: &[Value]| ids(events).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(ids(&again), ids(&events));

    // What the bus refuses, and what nobody can read, is told.
    world.bus.refuse(|event| (event["userId"] == "john").then_some("InternalFailure"));
    let mut broken = key(&records[0]);
    broken["events"] = json!("nonsense");
    world.put_plain(&broken).await;
    let answer = world.invoke("publish-events", &replay).await;
    let failed = answer["failed"].as_array().expect("a list");
    let failed: Vec<_> =
        failed.iter().map(|it| (&it["key"], it["cause"].as_str().unwrap())).collect();
    assert_eq!(failed.len(), 2, "{answer}");
    assert_eq!(*failed[0].0, key(&records[0]));
    assert!(failed[0].1.starts_with("unreadable item"), "{answer}");
    assert_eq!((failed[1].0, failed[1].1), (&key(&records[3]), "InternalFailure: not now"));
    assert_eq!(answer["published"], 2);
}

#[tokio::test]
async fn what_is_published_again_of_a_user_who_was_deleted_later_is_not_kept() {
    let world = with_members(&["jane"]).await;
    let joined = world.changes()[2]["dynamodb"]["Keys"].clone();
    delete_user(&world, "jane").await;
    // The batch with the membership has ended in the queue.
    world.publish(&world.changes()[3..]).await;
    let kept = activity(&world.items().await);
    let replay = json!({ "replay": [{ "pk": joined["pk"]["S"], "sk": joined["sk"]["S"] }] });
    let answer = world.invoke("publish-events", &replay).await;
    assert_eq!(answer["published"], 1);
    assert!(told(&world.bus.events()).contains(&("Organization.Membership.Created", "jane")));
    assert_eq!(activity(&world.items().await), kept);
}

#[tokio::test]
async fn an_event_of_another_kind_is_an_error() {
    let world = World::new().await;
    let Entry::Stream(handle) = functions::function("publish-events").expect("it").entry else {
        panic!("it reads the stream")
    };
    for event in
        [json!({}), json!({ "Records": {} }), json!({ "replay": [{ "pk": 1 }] }), json!([])]
    {
        let event = to_raw_value(&event).expect("JSON");
        let error = handle(&world.app, event).await.expect_err("no such event").to_string();
        assert!(error.starts_with("the event has neither `Records` nor `replay`"), "{error}");
    }
}
