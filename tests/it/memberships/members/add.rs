//! `POST /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join;
use serde_json::json;

use super::{
    OUT_OF_TIME, OVER_THE_RATE, WRONG_BODIES, assert_partially_added,
    assert_refuses_too_many_users, assert_refuses_unknown_users, calls, member_ids, strangers,
    users, world_of_strangers,
};
use crate::memberships::{
    MEMBERS, assert_added, assert_needs_an_organization, assert_refuses_bodies, by_hand, listed,
    naming, standing, with_members, with_users, with_users_and_pool,
};
use crate::support::{Fate, assert_internal, assert_unavailable, key, pool_user};

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
    let world = with_users_and_pool(["jane"], &strangers(&["new"])).await;

    assert_added(&world.post(MEMBERS, &naming(&["new", "jane"])).await, &["new", "jane"]);

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
async fn when_the_user_pool_fails_those_with_a_profile_are_added_and_its_error_is_not_shown() {
    let pool = strangers(&["stranger"]);
    let world = with_users_and_pool(["jane"], &pool).await;
    let body = naming(&["jane", "stranger"]);

    pool.stays("ListUsers", &Fate::Lost);
    assert_unavailable(&world.post(MEMBERS, &body).await);
    pool.next("ListUsers", Fate::error("NotAuthorizedException", "arn:aws:inside"));
    assert_internal(&world.post(MEMBERS, &body).await);

    assert_eq!(listed(&world).await, json!([by_hand("jane")]));
}

#[tokio::test]
async fn a_thousand_strangers_are_added_by_one_request_and_its_repetition() {
    let ids = users(1_000);
    let (world, pool) = world_of_strangers(&ids).await;

    let answer = world.post(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OUT_OF_TIME, 505, 1_000);
    assert_eq!(member_ids(&world).await, ids[..505]);
    assert_eq!(calls(&pool, "ListUsers"), 505);

    assert_added(&world.post(MEMBERS, &naming(&ids)).await, &ids);
    assert_eq!(member_ids(&world).await, ids);
    // Those who were added have a profile by now, and are not looked up again.
    assert_eq!(calls(&pool, "ListUsers"), 495);
}

#[tokio::test]
async fn a_last_look_up_that_hangs_ends_in_time_and_the_others_are_added() {
    let ids = users(505);
    let (world, pool) = world_of_strangers(&ids).await;

    // It begins just before the time is over, and would take three seconds.
    pool.refuse_after("ListUsers", 504, &Fate::Hang);
    let answer = world.post(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OUT_OF_TIME, 504, 505);
    assert_eq!(member_ids(&world).await, ids[..504]);
    pool.requests();

    assert_added(&world.post(MEMBERS, &naming(&ids)).await, &ids);
}

#[tokio::test]
async fn a_refusal_by_rate_says_how_many_were_added_and_the_repetition_goes_on() {
    let ids = users(150);
    let (world, pool) = world_of_strangers(&ids).await;
    let refusal = Fate::error("TooManyRequestsException", "Rate exceeded");

    // Others use up the quota.
    pool.refuse_after("ListUsers", 120, &refusal);
    let answer = world.post(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OVER_THE_RATE, 120, 150);
    assert_eq!(member_ids(&world).await, ids[..120]);

    // However soon Cognito refuses, whoever was found is added.
    pool.refuse_after("ListUsers", 1, &refusal);
    let answer = world.post(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OVER_THE_RATE, 121, 150);
    pool.requests();

    assert_added(&world.post(MEMBERS, &naming(&ids)).await, &ids);
    assert_eq!(member_ids(&world).await, ids);
}

#[tokio::test]
async fn whoever_was_found_before_a_failure_of_cognito_is_added_and_the_repetition_goes_on() {
    let ids = users(99);
    let (world, pool) = world_of_strangers(&ids).await;
    let inside = json!({ "__type": "InternalErrorException", "message": "inside" });

    pool.refuse_after("ListUsers", 60, &Fate::Reply { status: 500, body: inside });
    assert_unavailable(&world.post(MEMBERS, &naming(&ids)).await);
    assert_eq!(member_ids(&world).await, ids[..60]);
    pool.refuse_after("ListUsers", 30, &Fate::Lost);
    assert_unavailable(&world.post(MEMBERS, &naming(&ids)).await);
    assert_eq!(member_ids(&world).await, ids[..90]);
    // A failure that the repetition does not mend keeps nobody out either.
    pool.refuse_after("ListUsers", 5, &Fate::error("NotAuthorizedException", "arn:aws:inside"));
    assert_internal(&world.post(MEMBERS, &naming(&ids)).await);
    assert_eq!(member_ids(&world).await, ids[..95]);
    pool.requests();

    assert_added(&world.post(MEMBERS, &naming(&ids)).await, &ids);
    assert_eq!(member_ids(&world).await, ids);
}

#[tokio::test]
async fn an_unknown_user_among_the_first_hundred_strangers_leaves_everything_as_it_was() {
    let mut ids = users(120);
    let (world, _pool) = world_of_strangers(&ids).await;
    let before = world.items().await;
    ids.insert(99, "nobody".to_owned());

    let answer = world.post(MEMBERS, &naming(&ids)).await;

    answer.problem(422, "user.unknown");
    assert_eq!(answer.errors(), [("/userIds/99", "user.unknown")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn an_unknown_user_among_a_later_hundred_keeps_that_hundred_and_the_rest_out() {
    let mut ids = users(250);
    let (world, _pool) = world_of_strangers(&ids).await;
    ids.insert(130, "nobody".to_owned());

    let answer = world.post(MEMBERS, &naming(&ids)).await;

    answer.problem(422, "user.unknown");
    assert_eq!(answer.errors(), [("/userIds/130", "user.unknown")]);
    assert_eq!(member_ids(&world).await, ids[..100]);

    ids.remove(130);
    assert_added(&world.post(MEMBERS, &naming(&ids)).await, &ids);
    assert_eq!(member_ids(&world).await, ids);
}

#[tokio::test]
async fn an_id_that_is_none_keeps_everybody_out_however_many_are_named() {
    let mut ids = users(250);
    let (world, _pool) = world_of_strangers(&ids).await;
    let before = world.items().await;
    ids.push("a b".to_owned());

    let answer = world.post(MEMBERS, &naming(&ids)).await;

    answer.problem(422, "user.unknown");
    assert_eq!(answer.errors(), [("/userIds/250", "user.unknown")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_stranger_who_is_not_listed_yet_is_added() {
    let pool = strangers::<&str>(&[]);
    let world = with_users_and_pool([], &pool).await;
    pool.stop_listing();
    pool.add(pool_user("new", "name of new", "new@new.example", true));

    assert_added(&world.post(MEMBERS, &naming(&["new"])).await, &["new"]);

    assert_eq!(member_ids(&world).await, ["new"]);
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
