//! Requests to join: their list, their approval, and their refusal.

mod approve;
mod decline;
mod list;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::domain::email_address::EmailAddress;
use shared::domain::ids::{OrganizationId, UserId};
use shared::store::{Removal, Store};

use crate::support::{Answer, Items, START, World, key, with};

pub(crate) const REQUESTS: &str = "/organizations/acme/join-requests";
const MEMBERS: &str = "/organizations/acme/users";
const REMOVED: &str = "/organizations/acme/removed-users";

/// A world in which `acme` lists `acme.com`, and each of these users has proven an address there, and
/// has asked to join by it, a second after each other. They are members of `home`.
pub(crate) async fn with_requests<const N: usize>(users: [&str; N]) -> World {
    let world = World::new().await;
    for organization in ["acme", "home"] {
        world.organization(organization).await;
    }
    world.domains("home", &["home.example"]).await;
    for user in users {
        world.sign_up(user, &format!("{user}@home.example")).await;
        world.sign_up(user, &at_acme(user)).await;
    }
    world.domains("acme", &["acme.com"]).await;
    for user in users {
        world.pass(Duration::from_secs(1));
        world.ask_to_join(user, "acme", &at_acme(user)).await;
    }
    world
}

/// The address that a user has asked by.
fn at_acme(user: &str) -> String {
    format!("{user}@acme.com")
}

fn path(user: &str, verb: &str) -> String {
    format!("{REQUESTS}/{user}/{verb}")
}

/// Approves a request as an operator.
async fn approve(world: &World, user: &str, body: &Value) -> Answer {
    let ask = world.ask(Method::POST, &path(user, "approve")).caller("console", "olga");
    ask.json(body).send().await
}

/// Declines a request as an operator.
async fn decline(world: &World, user: &str) -> Answer {
    world.ask(Method::POST, &path(user, "decline")).caller("console", "olga").send().await
}

fn olga() -> Value {
    json!({ "clientId": "console", "subject": "olga" })
}

/// The member that the approval of a request makes, at this moment, and without roles.
fn approved(user: &str, joined_at: &str) -> Value {
    json!({
        "id": user,
        "primaryEmail": at_acme(user),
        "username": user,
        "organizationRoles": [],
        "joinedAt": joined_at,
        "provenance": {
            "rule": "email_domain",
            "emailDomain": "acme.com",
            "entryPath": "PostConfirmation",
            "approvedBy": olga(),
        },
    })
}

/// A user whose request was declined by an operator at this moment.
fn declined(user: &str, at: &str) -> Value {
    json!({
        "userId": user,
        "primaryEmail": at_acme(user),
        "username": user,
        "removedAt": at,
        "removedBy": olga(),
        "declined": true,
        "organizationRoles": [],
    })
}

/// The request of a user at this moment.
fn request(user: &str, at: &str) -> Value {
    json!({
        "userId": user,
        "primaryEmail": at_acme(user),
        "username": user,
        "rule": "email_domain",
        "emailDomain": "acme.com",
        "requestedAt": at,
    })
}

fn acme() -> OrganizationId {
    OrganizationId::parse("acme").expect("an id")
}

fn id(user: &str) -> UserId {
    UserId::parse(user).expect("an id")
}

fn digest(address: &str) -> String {
    EmailAddress::parse(address).expect("an address").digest().to_string()
}

/// What another administrator does, with the store alone.
async fn decline_by_another(store: Store, user: &str) {
    let removal = Removal::of_request(&Caller::default(), START.parse().expect("a timestamp"));
    let declined = store.decline_request(&acme(), &id(user), &removal, &mut Vec::new()).await;
    declined.expect("declined");
}

/// What another administrator does, with the store alone.
async fn approve_by_another(store: Store, user: &str) {
    let by = Caller::new(Some("console"), Some("otto"));
    let now = START.parse().expect("a timestamp");
    store.approve_request(&acme(), &id(user), None, &by, now).await.expect("approved");
}

/// Whether a user asks to join `acme`, is a member of it, or was refused, with the mark of the address
/// in the last case alone. Panics in all other states.
#[track_caller]
fn standing(items: &Items, user: &str) -> Option<&'static str> {
    let place = items.get(&key(&format!("USER#{user}"), "ORG#acme"));
    let mark = items.contains_key(&key(&format!("REMOVED#{}", digest(&at_acme(user))), "ORG#acme"));
    let place = place?;
    let has = |name: &str| place.contains_key(name);
    Some(match (has("requestedAt"), has("joinedAt"), has("removedAt"), mark) {
        (true, false, false, false) => "requested",
        (false, true, false, false) => "member",
        (false, false, true, true) => "removed",
        _ => panic!("half: {place:?}, marked: {mark}"),
    })
}

/// The body that names users to add by hand.
fn naming(users: &[&str]) -> Value {
    json!({ "userIds": users })
}

/// A body without members, which gives the roles of the rule.
fn nothing() -> Value {
    json!({})
}

/// Both objects in one.
fn but(object: Value, more: Value) -> Value {
    with(object, more)
}
