//! `/organizations/{organizationId}/activity` and `/users/{userId}/activity`

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::event::{Event, EventType};

use crate::memberships::members::walk;
use crate::support::{
    Fate, Logs, Pool, SignIn, World, assert_is, assert_no_organization, assert_unavailable, key,
    pool_user, tagged_item, with,
};

const ACTIVITY: &str = "/organizations/acme/activity";
const JANES: &str = "/users/jane/activity";
/// The id of an event of the first second of the year.
const ID: &str = "019b76daa80070008000000000000000-000";

/// All events that the changes in the table tell.
async fn events(world: &World) -> Vec<Event> {
    let items = world.items().await;
    let changes = items.iter().filter(|((pk, _), _)| pk.starts_with("CHANGE#"));
    let events = changes.flat_map(|(_, item)| {
        let json = item["events"].as_str().expect("a text");
        serde_json::from_str::<Vec<Event>>(json).expect("events")
    });
    events.collect()
}

/// Keeps what has happened, as `publish-events` does.
async fn keep(world: &World) {
    let expires_at = world.app.clock.now().as_second() + 90 * 24 * 3_600;
    for event in events(world).await {
        for item in items(&event, expires_at) {
            world.put_plain(&item).await;
        }
    }
}

/// The items of an event that is kept until then.
fn items(event: &Event, expires_at: i64) -> Vec<Value> {
    let json = serde_json::to_string(event).expect("JSON");
    let item = |pk: String| {
        let mut item = json!({ "pk": pk, "sk": event.id, "event": json, "expiresAt": expires_at });
        if let Some(user) = &event.user_id {
            item["userId"] = json!(user);
        }
        item
    };
    let Some(organization) = &event.organization_id else { return Vec::new() };
    let of_user = event.user_id.as_ref().map(|user| item(format!("USER_ACTIVITY#{user}")));
    [Some(item(format!("ACTIVITY#{organization}"))), of_user].into_iter().flatten().collect()
}

/// Sends a request of Olga's at the console, a second after the one before.
async fn ask(world: &World, method: Method, path: &str, body: Value) {
    world.pass(Duration::from_secs(1));
    let ask = world.ask(method, path).caller("console", "olga");
    let ask = if body.is_null() { ask } else { ask.json(&body) };
    let answer = ask.send().await;
    assert!(answer.status.is_success(), "{path}: {:#}", answer.body);
}

/// A world in which Olga has created acme, which lists acme.com, and Jane has signed up a second later.
async fn acme() -> World {
    let jane = pool_user("jane", "jane", "jane@acme.com", true);
    let joe = pool_user("joe", "joe", "joe@elsewhere.com", true);
    let world = World::with_pool(&Pool::with_users(SignIn::Name, [jane, joe])).await;
    let acme = json!({ "id": "acme", "name": "Acme" });
    ask(&world, Method::POST, "/organizations", acme).await;
    let domain = json!({ "emailDomain": "acme.com" });
    ask(&world, Method::POST, "/organizations/acme/jit/email-domains", domain).await;
    world.pass(Duration::from_secs(1));
    world.sign_up("jane", "jane@acme.com").await;
    world
}

/// The types of the entries on a page.
#[track_caller]
fn types(page: &Value) -> Vec<&str> {
    let entries = page.as_array().expect("a list").iter();
    entries.map(|entry| entry["type"].as_str().expect("a type")).collect()
}

/// An id of an event at this number of milliseconds since 1970.
fn id(milliseconds: i64) -> String {
    format!("{milliseconds:012x}70008000000000000000-000")
}

/// Puts so many events of acme, one in each second: all of this type.
async fn many(world: &World, count: i64, kind: EventType) {
    let first: i64 = 1_767_225_600_000;
    let events = (0..count).map(|number| {
        let at = first + 1_000 * number;
        let time = jiff::Timestamp::from_millisecond(at).expect("a time");
        let event = json!({
            "version": 1,
            "id": id(at),
            "time": format!("{time:.3}"),
            "type": kind,
            "organizationId": "acme",
            "actor": { "type": "schedule" },
        });
        serde_json::from_value::<Event>(event).expect("an event")
    });
    let items = events.flat_map(|event| items(&event, 9_999_999_999));
    world.put_items(items.map(|item| crate::support::attributes(&tagged_item(&item)))).await;
}

#[tokio::test]
async fn what_has_happened_is_listed_with_whom_why_and_by_whom_the_newest_first() {
    let world = acme().await;
    ask(&world, Method::DELETE, "/organizations/acme/users/jane", Value::Null).await;
    keep(&world).await;

    let answer = world.get(ACTIVITY).await;

    println!("{:#}", answer.body);
    assert_is(&answer, 200, &json!([]));
}
