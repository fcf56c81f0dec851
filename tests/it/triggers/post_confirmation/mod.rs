//! The trigger `post-confirmation`

mod addresses;
mod events;
mod memberships;

use serde_json::{Value, json};

use crate::support::{Logs, World, trigger_event};

/// A confirmed sign-up of a user with these attributes.
fn sign_up_of(attributes: &Value) -> Value {
    let mut event = trigger_event("1", "PostConfirmation_ConfirmSignUp", attributes);
    event["userName"] = json!("jane");
    event
}

/// Jane's attributes, with these instead of or besides hers; null takes one away.
fn jane(changes: &Value) -> Value {
    let mut attributes = json!({
        "sub": "user-1",
        "email": "jane@acme.com",
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
    });
    for (name, value) in changes.as_object().expect("an object") {
        attributes[name] = value.clone();
    }
    attributes.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    attributes
}

/// The line that the trigger logs about the user and no organization.
fn nothing(reason: &str) -> Value {
    line(&json!({ "user": "user-1", "decision": "nothing", "reason": reason }))
}

/// The line that the trigger logs about the user and an organization that is passed by.
fn pass(organization: &str, reason: &str) -> Value {
    let level = if reason == "already_member" { "DEBUG" } else { "INFO" };
    line(&json!({
        "user": "user-1",
        "organization": organization,
        "decision": "refuse",
        "reason": reason,
        "level": level,
    }))
}

/// The line that the trigger logs about the user and an organization that is joined.
fn join(organization: &str, domain: &str) -> Value {
    line(&json!({
        "user": "user-1", "organization": organization, "decision": "join",
        "kind": "email_domain", "rule": domain,
    }))
}

fn line(fields: &Value) -> Value {
    let mut line = json!({
        "level": "INFO",
        "target": "shared::provisioning",
    });
    for (name, value) in fields.as_object().expect("an object") {
        line[name] = value.clone();
    }
    line
}

/// A world where `acme` lists acme.com.
async fn acme() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world
}

/// The organizations that the user is a member of.
async fn joined(world: &World) -> Vec<String> {
    let answer = world.get("/users/user-1/organizations").await;
    let memberships = answer.body.as_array().expect("a list").iter();
    memberships.map(|membership| membership["id"].as_str().expect("an id").to_owned()).collect()
}

/// Sends each event to a world where it must come to nothing, and holds its log line against the
/// expected one.
async fn assert_nothing(cases: impl IntoIterator<Item = (Value, Value)>) {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();
    for (event, line) in cases {
        world.post_confirmation(&event).await;
        assert_eq!(logs.lines_with_debug(), [line], "{event:#}");
        assert_eq!(world.items().await, before, "{event:#}");
    }
}
