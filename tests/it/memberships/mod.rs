//! Who belongs where: a user's organizations, an organization's members, a member's roles, and
//! what a removal leaves behind.

mod deletion;
mod member_roles;
pub(crate) mod members;
mod proven;
pub(crate) mod removal;
mod removed_users;
mod user_organizations;
mod user_places;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::email_address::EmailAddress;

use crate::support::{
    Answer, Item, Items, Pool, START, World, assert_is, assert_no_organization, key,
};

const MEMBERS: &str = "/organizations/acme/users";

/// A world in which `acme` lists `acme.com`, and each of these users has signed up: with an address
/// at `home.example`, which makes them members of `home` and nothing else.
async fn with_users<const N: usize>(users: [&str; N]) -> World {
    with_users_and_pool(users, &Pool::default()).await
}

/// The same world over this user pool.
async fn with_users_and_pool<const N: usize>(users: [&str; N], pool: &Pool) -> World {
    let world = World::with_pool(pool).await;
    for (organization, domain) in [("acme", "acme.com"), ("home", "home.example")] {
        world.organization(organization).await;
        world.domains(organization, &[domain]).await;
    }
    for user in users {
        world.sign_up(user, &format!("{user}@home.example")).await;
    }
    world
}

/// The same world, in which they have been added to `acme` by hand as well.
async fn with_members<const N: usize>(users: [&str; N]) -> World {
    let world = with_users(users).await;
    assert_added(&world.post(MEMBERS, &naming(&users)).await, &users);
    world
}

/// The same for many users: what is written about one of them stands there about the others too.
async fn with_many_members(users: &[String]) -> World {
    let [one, others @ ..] = users else { panic!("many are more than none") };
    let world = with_members([one]).await;
    world.copy(one, others.iter().cloned()).await;
    world
}

fn naming<T: AsRef<str>>(users: &[T]) -> Value {
    let ids: Vec<_> = users.iter().map(AsRef::as_ref).collect();
    json!({ "userIds": ids })
}

/// A member who was added by hand, without roles, in a world of [`with_members`].
fn by_hand(user: &str) -> Value {
    json!({
        "id": user,
        "primaryEmail": format!("{user}@home.example"),
        "username": user,
        "organizationRoles": [],
        "joinedAt": START,
        "provenance": { "rule": "api", "entryPath": "ManagementApi" },
    })
}

/// Asserts that something was done, of which there is nothing to say.
#[track_caller]
fn assert_done(answer: &Answer, status: u16) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, &Value::Null));
    let headers = ["cache-control", "content-type", "link", "etag"];
    assert_eq!(headers.map(|name| answer.header(name)), ["no-store", "", "", ""]);
}

/// Asserts that users were added, and that the answer names them.
#[track_caller]
fn assert_added<T: AsRef<str>>(answer: &Answer, users: &[T]) {
    assert_is(answer, 201, &naming(users));
    let headers = ["content-type", "link", "etag"];
    assert_eq!(headers.map(|name| answer.header(name)), ["application/json", "", ""]);
}

/// The members of `acme`, on one page.
async fn listed(world: &World) -> Value {
    let answer = world.get(&format!("{MEMBERS}?page_size=100")).await;
    assert_eq!((answer.status.as_u16(), answer.header("link")), (200, ""));
    answer.body
}

/// Asserts that nothing is at this path below `/organizations/` and an id that no organization has,
/// and that asking leaves nothing behind.
async fn assert_needs_an_organization(method: Method, below: &str, body: &Value) {
    let world = with_members(["jane"]).await;
    world.organization("gone").await;
    world.post("/organizations/gone/users", &naming(&["jane"])).await;
    world.delete("/organizations/gone").await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in
        [("nobody", "nobody"), ("gone", "gone"), ("a%20b", "a b"), (&too_long, &too_long)]
    {
        let path = format!("/organizations/{id}/{below}");
        let answer = world.ask(method.clone(), &path).json(body).send().await;
        assert_no_organization(&answer, shown, &format!("{method} {path}"));
    }
    assert_eq!(world.items().await, before);
}

/// Asserts that these bodies are refused, each at its place, and that nothing changes.
async fn assert_refuses_bodies(world: &World, method: Method, path: &str, bodies: &[(&str, &str)]) {
    let before = world.items().await;
    for (body, pointer) in bodies {
        let ask = world.ask(method.clone(), path).header("content-type", "application/json");
        let answer = ask.raw((*body).to_owned()).send().await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(*pointer, "request.invalid_body")], "{body}");
    }
    let ask = world.ask(method.clone(), path).header("content-type", "application/json");
    ask.raw("{").send().await.problem(400, "request.malformed_json");
    let ask = world.ask(method.clone(), path).header("content-type", "application/json");
    ask.send().await.problem(400, "request.body_missing");
    world.ask(method, path).raw("{}").send().await.problem(415, "request.unsupported_media_type");
    assert_eq!(world.items().await, before);
}

fn digest(address: &str) -> String {
    EmailAddress::parse(address).expect("an address").digest().to_string()
}

/// Whether a user is a member of `acme` without any removal mark, or is removed with both marks.
/// Panics in all other states.
#[track_caller]
fn standing(items: &Items, user: &str, address: &str) -> Option<&'static str> {
    let place = items.get(&key(&format!("USER#{user}"), "ORG#acme"));
    let mark = items.get(&key(&format!("REMOVED#{}", digest(address)), "ORG#acme"));
    let names = |item: &Item| item.keys().cloned().collect::<Vec<_>>();
    match (place.map(names), mark) {
        (None, None) => None,
        (Some(place), None) if place.contains(&"joinedAt".to_owned()) => {
            assert!(!place.contains(&"removedAt".to_owned()), "{place:?}");
            Some("member")
        }
        (Some(place), Some(mark)) => {
            assert_eq!(
                place,
                ["addressDigests", "gsi1pk", "gsi1sk", "heldRoleIds", "pk", "removedAt", "sk"]
            );
            assert_eq!(names(mark), ["pk", "removedAt", "sk"]);
            Some("removed")
        }
        half => panic!("half removed: {half:?}"),
    }
}
