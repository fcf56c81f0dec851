//! `POST /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join;
use serde_json::json;
use shared::cognito::UserPool;

use super::{
    WRONG_BODIES, assert_refuses_too_many_users, assert_refuses_unknown_users, through_the_event,
    user_pool,
};
use crate::memberships::{
    MEMBERS, assert_added, assert_needs_an_organization, assert_refuses_bodies, by_hand, listed,
    naming, standing, with_members, with_users,
};
use crate::support::{Fate, key};

#[tokio::test]
async fn users_become_members_by_hand_and_without_roles() {
    let world = with_users(["jane", "joe", "jim"]).await;
    let role = world.role("A").await;
    world.default_roles("acme", &[&role]).await;

    assert_added(
        &world.post(MEMBERS, &naming(&["joe", "jane", "joe"])).await,
        &["joe", "jane", "joe"],
    );

    assert_eq!(listed(&world).await, json!([by_hand("jane"), by_hand("joe")]));
    assert_eq!(world.get("/organizations/home/users").await.body[2]["id"], "joe");
}

#[tokio::test]
async fn users_who_are_members_already_stay_as_they_are() {
    let world = with_users(["joe"]).await;
    let role = world.role("A").await;
    world.default_roles("acme", &[&role]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.pass(Duration::from_secs(60));
    let before = world.items().await;

    assert_added(&world.post(MEMBERS, &naming(&["jane"])).await, &["jane"]);
    assert_eq!(world.items().await, before);

    assert_added(&world.post(MEMBERS, &naming(&["jane", "joe"])).await, &["jane", "joe"]);
    let mut after = world.items().await;
    after.remove(&key("USER#joe", "ORG#acme")).expect("added");
    assert_eq!(after, before);
}

#[tokio::test]
async fn naming_nobody_is_refused_before_anything_is_read() {
    let world = with_members(["jane"]).await;
    let before = world.items().await;
    world.wire.traffic();
    for path in [MEMBERS, "/organizations/nobody/users"] {
        let answer = world.post(path, &naming::<&str>(&[])).await;
        let detail = "`userIds` is empty: send at least one id";
        assert_eq!(answer.problem(400, "memberships.empty"), detail);
    }
    assert_eq!(world.wire.traffic().operations, [""; 0]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_stranger_whom_the_user_pool_knows_is_added_with_name_and_address() {
    let mut world = with_users(["jane"]).await;
    world.app.user_pool = user_pool(&[("new", "new@new.example")], None).await;

    let body = naming(&["new", "jane"]);
    let answer = through_the_event(&world, &Method::POST, MEMBERS, &body).await;

    assert_eq!(answer, (201, body));
    let mut new = by_hand("new");
    new["primaryEmail"] = json!("new@new.example");
    new["username"] = json!("name of new");
    assert_eq!(listed(&world).await, json!([by_hand("jane"), new]));
    // The removal of a member who was never seen by an entry path marks the address, too.
    world.delete(&format!("{MEMBERS}/new")).await;
    assert_eq!(standing(&world.items().await, "new", "new@new.example"), Some("removed"));
}

#[tokio::test]
async fn unknown_users_are_refused_each_with_its_place_and_nobody_is_added() {
    assert_refuses_unknown_users(&Method::POST).await;
}

#[tokio::test]
async fn when_the_user_pool_fails_nobody_is_added_and_its_error_is_not_shown() {
    let mut world = with_users(["jane"]).await;
    let before = world.items().await;
    for (pool, status, code) in [
        (user_pool(&[], Some("TooManyRequestsException")).await, 503, "service.unavailable"),
        (user_pool(&[], Some("NotAuthorizedException")).await, 500, "internal"),
        (UserPool::default(), 500, "internal"),
    ] {
        world.app.user_pool = pool;
        let body = naming(&["jane", "stranger"]);
        let (answered, problem) = through_the_event(&world, &Method::POST, MEMBERS, &body).await;
        assert_eq!((answered, &problem["code"]), (status, &json!(code)));
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(!detail.contains("Exception") && !detail.contains("Cognito"), "{detail}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn more_than_a_thousand_at_once_are_refused() {
    assert_refuses_too_many_users(Method::POST).await;
}

#[tokio::test]
async fn a_thousand_users_at_once_are_added() {
    let world = with_users(["jane"]).await;
    assert_added(&world.post(MEMBERS, &naming(&vec!["jane"; 1_000])).await, &vec!["jane"; 1_000]);
    assert_eq!(listed(&world).await, json!([by_hand("jane")]));
}

#[tokio::test]
async fn bodies_that_are_no_list_of_ids_are_refused() {
    let world = with_members(["jane"]).await;
    assert_refuses_bodies(&world, Method::POST, MEMBERS, &WRONG_BODIES).await;
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_add_to() {
    assert_needs_an_organization(Method::POST, "users", &naming(&["jane"])).await;
    // The missing organization is reported first.
    assert_needs_an_organization(Method::POST, "users", &naming(&["a b"])).await;
}

#[tokio::test]
async fn two_who_add_the_same_user_at_once_both_succeed_and_one_membership_is_there() {
    let world = with_users(["jane"]).await;
    let body = naming(&["jane"]);
    let (a, b) = join(world.post(MEMBERS, &body), world.post(MEMBERS, &body)).await;
    assert_added(&a, &["jane"]);
    assert_added(&b, &["jane"]);
    assert_eq!(listed(&world).await, json!([by_hand("jane")]));
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let world = with_users(["jane"]).await;
    world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed", "None"]));
    world.wire.next("TransactWriteItems", Fate::canceled(&["None", "TransactionConflict"]));
    assert_added(&world.post(MEMBERS, &naming(&["jane"])).await, &["jane"]);
    assert_eq!(listed(&world).await, json!([by_hand("jane")]));
}
