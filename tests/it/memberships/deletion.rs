//! The deletion of a user races everything that writes about the user.

use serde_json::{Value, json};
use shared::domain::ids::UserId;

use super::{MEMBERS, naming, with_users};
use crate::support::{Fate, Items, Pool, START, SignIn, World, delete_user, pool_user};

const JANE: &str = "jane@acme.com";

/// The deletion of Jane, when this call is the next of its operation after so many others.
fn delete_before(world: &World, operation: &str, others: usize) {
    for _ in 0..others {
        world.wire.next(operation, Fate::undisturbed());
    }
    let store = world.store();
    let jane = UserId::parse("jane").expect("an id");
    let now = START.parse().expect("a timestamp");
    let delete = async move {
        delete_user(&store, &jane, true, now).await.expect("the store works");
    };
    world.wire.next(operation, Fate::overtaken(delete));
}

/// What is left of Jane, but removal marks of her address.
fn left(items: &Items) -> Vec<(&str, &str, Vec<&str>)> {
    let of_jane = items.iter().filter(|((pk, sk), _)| pk == "USER#jane" || sk == "USER#jane");
    of_jane
        .map(|((pk, sk), item)| {
            (pk.as_str(), sk.as_str(), item.keys().map(String::as_str).collect())
        })
        .collect()
}

fn tombstone() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    vec![("USER#jane", "PROFILE", vec!["deletedAt", "expiresAt", "pk", "sk"])]
}

#[tokio::test]
async fn nothing_of_a_deleted_user_comes_back_by_an_appearance_in_flight() {
    for (operation, count) in [("Query", 3), ("TransactGetItems", 1), ("TransactWriteItems", 1)] {
        for others in 0..count {
            for by in ["sign-up", "token", "POST /users"] {
                let pool = Pool::default();
                let world = World::with_pool(&pool).await;
                world.organization("acme").await;
                world.domains("acme", &["acme.com"]).await;
                delete_before(&world, operation, others);
                match by {
                    "sign-up" => world.sign_up("jane", JANE).await,
                    "token" => drop(world.token("jane", JANE).await),
                    _ => {
                        let user = pool_user("jane", "jane", JANE, true);
                        pool.answers("AdminCreateUser", json!({ "User": user }));
                        let body = json!({ "primaryEmail": JANE });
                        assert_eq!(world.post("/users", &body).await.status, 201);
                    }
                }
                assert!(!world.wire.awaits(operation), "{by}, {operation} {others}");
                let items = world.items().await;
                assert_eq!(left(&items), tombstone(), "{by}, {operation} {others}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_of_a_deleted_member_comes_back_with_a_changed_address() {
    for (operation, others) in [("Query", 0), ("Query", 1), ("TransactWriteItems", 0)] {
        let world = with_users([]).await;
        world.sign_up("jane", JANE).await;
        delete_before(&world, operation, others);
        world.token("jane", "jane@home.example").await;
        assert_eq!(left(&world.items().await), tombstone(), "{operation} {others}");
    }
}

#[tokio::test]
async fn nothing_of_a_deleted_user_comes_back_by_a_request_in_flight() {
    let requests = [
        ("POST", MEMBERS, naming(&["jane"])),
        ("PUT", MEMBERS, naming(&["jane"])),
        ("DELETE", "/organizations/home/users/jane", Value::Null),
        (
            "PUT",
            "/organizations/home/users/jane/roles",
            json!({ "organizationRoleIds": ["role_019b76daa80070008000000000000000"] }),
        ),
    ];
    for (method, path, body) in requests {
        for (operation, count) in [("GetItem", 2), ("BatchGetItem", 3), ("TransactWriteItems", 1)] {
            for others in 0..count {
                let pool = Pool::with_users(SignIn::Name, []);
                let world = World::with_pool(&pool).await;
                world.role("Engineer").await;
                for (organization, domain) in [("acme", "acme.com"), ("home", "home.example")] {
                    world.organization(organization).await;
                    world.domains(organization, &[domain]).await;
                }
                world.sign_up("jane", "jane@home.example").await;
                delete_before(&world, operation, others);
                let ask = world.ask(method.parse().expect("a method"), path);
                let answer = if body.is_null() { ask } else { ask.json(&body) }.send().await;
                let overtaken = !world.wire.awaits(operation);
                world.wire.mend();
                let items = world.items().await;
                let what = format!("{method} {path}, {operation} {others}: {}", answer.status);
                if overtaken {
                    assert_eq!(left(&items), tombstone(), "{what}");
                    assert!(
                        answer.status.is_client_error() || answer.status.is_success(),
                        "{what}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_deleted_user_cannot_be_added_by_hand() {
    // Cognito still has the user, for a moment.
    let pool = Pool::with_users(SignIn::Name, [pool_user("jane", "jane", JANE, true)]);
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    let jane = UserId::parse("jane").expect("an id");
    let now = world.app.clock.now();
    assert!(!delete_user(&world.app.store, &jane, true, now).await.expect("the store works"));
    assert_eq!(left(&world.items().await), tombstone());
    let before = world.items().await;

    let answer = world.post(MEMBERS, &naming(&["jane"])).await;

    answer.problem(422, "user.unknown");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn an_id_of_which_nothing_is_known_gets_no_tombstone() {
    let pool = Pool::with_users(SignIn::Name, []);
    let world = World::with_pool(&pool).await;
    let before = world.items().await;
    world.delete("/users/jane").await.problem(404, "user.not_found");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_deletion_that_is_cut_anywhere_leaves_no_claim_and_is_finished_when_it_is_repeated() {
    let jane = UserId::parse("jane").expect("an id");
    for calls in 0..5 {
        let world = with_users([]).await;
        world.sign_up("jane", JANE).await;
        let now = world.app.clock.now();
        world.wire.cut_after(calls);
        delete_user(&world.app.store, &jane, true, now).await.expect_err("the wire is cut");
        world.wire.mend();
        if world.item("USER#jane", "PROFILE").await.contains_key("deletedAt") {
            let answer = world.token("jane", JANE).await;
            let details = &answer["response"]["claimsAndScopeOverrideDetails"];
            let claims = &details["accessTokenGeneration"]["claimsToAddOrOverride"];
            assert_eq!(claims["organizations"], json!([]), "after {calls} calls");
        }

        delete_user(&world.app.store, &jane, false, now).await.expect("the store works");

        assert_eq!(left(&world.items().await), tombstone(), "after {calls} calls");
    }
}
