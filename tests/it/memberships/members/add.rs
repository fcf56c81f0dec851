//! `POST /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{
    OUT_OF_TIME, OVER_THE_RATE, WRONG_BODIES, assert_partially_added,
    assert_refuses_too_many_users, assert_refuses_unknown_users, calls, member_ids, strangers,
    users, world_of_strangers,
};
use crate::memberships::{
    MEMBERS, assert_added, assert_needs_an_organization, assert_refuses_bodies, by_hand, listed,
    naming, standing, with_members, with_users, with_users_and_pool,
};
use crate::support::{
    Fate, World, assert_internal, assert_unavailable, key, naming_roles, pool_user, with,
};

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

/// A body that names users, and the roles that they get.
fn with_roles<U: AsRef<str>, R: AsRef<str>>(users: &[U], roles: &[R]) -> Value {
    with(naming(users), naming_roles(roles))
}

/// The ids of the roles that each member of `acme` holds, as they are stored.
async fn held(world: &World) -> Value {
    let items = world.items().await;
    let members =
        items.iter().filter(|((_, sk), item)| sk == "ORG#acme" && item.contains_key("joinedAt"));
    members
        .map(|((pk, _), item)| (pk["USER#".len()..].to_owned(), item["roleIds"].clone()))
        .collect()
}

#[tokio::test]
async fn new_members_hold_the_roles_of_the_body_from_the_same_transaction_on() {
    let pool = strangers(&["new"]);
    let world = with_users_and_pool(["jane", "joe"], &pool).await;
    let [a, b, default] = [world.role("A").await, world.role("B").await, world.role("C").await];
    world.default_roles("acme", &[&default]).await;
    world.wire.traffic();

    let body = with_roles(&["new", "jane"], &[&b, &a, &b]);
    assert_added(&world.post(MEMBERS, &body).await, &["new", "jane"]);

    let writes = world.wire.traffic().operations;
    let writes = writes.iter().filter(|operation| *operation == "TransactWriteItems").count();
    assert_eq!(writes, 2, "one for each user");
    assert_eq!(held(&world).await, json!({ "jane": [b, a], "new": [b, a] }));
    let roles = world.get(&format!("{MEMBERS}?q=jane")).await;
    let expected = json!([{ "id": a, "name": "A" }, { "id": b, "name": "B" }]);
    assert_eq!(roles.body[0]["organizationRoles"], expected);
}

#[tokio::test]
async fn without_roles_or_with_none_of_them_new_members_hold_none() {
    let world = with_users(["jane", "joe"]).await;
    assert_added(&world.post(MEMBERS, &with_roles(&["jane"], &[""; 0])).await, &["jane"]);
    assert_added(&world.post(MEMBERS, &naming(&["joe"])).await, &["joe"]);
    assert_eq!(held(&world).await, json!({ "jane": [], "joe": [] }));
}

#[tokio::test]
async fn a_member_already_keeps_the_roles_and_a_removed_one_is_put_back_with_those_of_the_body() {
    let world = with_users(["jane", "joe"]).await;
    let [a, b] = [world.role("A").await, world.role("B").await];
    assert_added(
        &world.post(MEMBERS, &with_roles(&["jane", "joe"], &[&a])).await,
        &["jane", "joe"],
    );
    world.delete(&format!("{MEMBERS}/joe")).await;
    let before = world.item("USER#jane", "ORG#acme").await;
    world.pass(Duration::from_secs(1));

    assert_added(
        &world.post(MEMBERS, &with_roles(&["jane", "joe"], &[&b])).await,
        &["jane", "joe"],
    );

    assert_eq!(world.item("USER#jane", "ORG#acme").await, before);
    assert_eq!(held(&world).await, json!({ "jane": [a], "joe": [b] }));
    assert_eq!(standing(&world.items().await, "joe", "joe@home.example"), Some("member"));
}

#[tokio::test]
async fn roles_that_do_not_exist_are_refused_each_with_its_place_and_nobody_is_added() {
    let world = with_users_and_pool(["jane"], &strangers(&["new"])).await;
    let [role, gone] = [world.role("A").await, world.role("B").await];
    world.delete(&format!("/organization-roles/{gone}")).await;
    let before = world.items().await;

    let answer = world.post(MEMBERS, &with_roles(&["jane", "new"], &[&*role, &gone])).await;
    let reason = format!(
        "there is no organization role `{gone}`: check the id, or create it with POST \
         /organization-roles"
    );
    assert_eq!(answer.problem(422, "organization_role.unknown"), reason);
    assert_eq!(answer.errors(), [("/organizationRoleIds/1", "organization_role.unknown")]);

    let too_long = "x".repeat(65);
    let strange = ["role_0", &role, "", "a b", "A", &too_long];
    let answer = world.post(MEMBERS, &with_roles(&["jane"], &strange)).await;
    answer.problem(422, "request.invalid_values");
    let places = [0, 2, 3, 4, 5].map(|place| format!("/organizationRoleIds/{place}"));
    let expected: Vec<_> = places.iter().map(|it| (&**it, "organization_role.unknown")).collect();
    assert_eq!(answer.errors(), expected);
    // An unknown user keeps everybody out, with and without roles.
    let answer = world.post(MEMBERS, &with_roles(&["jane", "nobody"], &[&role])).await;
    assert_eq!(answer.errors(), [("/userIds/1", "user.unknown")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_hundred_roles_fit_and_more_are_refused_without_a_look_at_them() {
    let world = with_users(["jane"]).await;
    let roles = world.roles(100).await;
    let before = world.items().await;
    world.wire.traffic();
    for number in [101, 20_000] {
        let answer = world.post(MEMBERS, &with_roles(&["jane"], &vec!["role"; number])).await;
        answer.problem(422, "member_roles.limit_reached");
    }
    assert_eq!(world.wire.traffic().operations, ["GetItem"; 2]);
    assert_eq!(world.items().await, before);

    assert_added(&world.post(MEMBERS, &with_roles(&["jane"], &roles)).await, &["jane"]);
    assert_eq!(held(&world).await["jane"], json!(roles));
}

#[tokio::test]
async fn two_who_add_the_same_user_with_different_roles_at_once_both_succeed_and_one_has_given_them()
 {
    let world = with_users(["jane"]).await;
    let [a, b] = [world.role("A").await, world.role("B").await];
    let (with_a, with_b) = (with_roles(&["jane"], &[&a]), with_roles(&["jane"], &[&b]));
    let (first, second) = join(world.post(MEMBERS, &with_a), world.post(MEMBERS, &with_b)).await;
    assert_added(&first, &["jane"]);
    assert_added(&second, &["jane"]);
    let held = held(&world).await["jane"].take();
    assert!(held == json!([a]) || held == json!([b]), "{held}");
}

#[tokio::test]
async fn an_addition_that_is_cut_anywhere_leaves_nobody_without_the_roles_and_can_be_repeated() {
    let world = with_users(["jane"]).await;
    let role = world.role("A").await;
    let before = world.items().await;
    let body = with_roles(&["jane"], &[&role]);
    let mut calls = 0;
    loop {
        world.wire.cut_after(calls);
        let answer = world.post(MEMBERS, &body).await;
        world.wire.mend();
        if answer.status == 201 {
            break;
        }
        answer.problem(503, "service.unavailable");
        assert_eq!(world.items().await, before, "after {calls} calls");
        calls += 1;
        assert!(calls < 10);
    }
    assert!(calls > 2);
    assert_eq!(held(&world).await, json!({ "jane": [role] }));
}

#[tokio::test]
async fn those_who_are_added_by_a_repetition_get_the_roles_too() {
    let ids = users(30);
    let (world, pool) = world_of_strangers(&ids).await;
    let role = world.role("A").await;
    pool.refuse_after("ListUsers", 10, &Fate::error("TooManyRequestsException", "Rate exceeded"));
    let answer = world.post(MEMBERS, &with_roles(&ids, &[&role])).await;
    assert_partially_added(&answer, OVER_THE_RATE, 10, 30);
    pool.requests();

    assert_added(&world.post(MEMBERS, &with_roles(&ids, &[&role])).await, &ids);

    let held = held(&world).await;
    let held = held.as_object().expect("members");
    assert!(held.len() == 30 && held.values().all(|roles| *roles == json!([role])), "{held:?}");
}

#[tokio::test]
async fn bodies_whose_roles_are_no_list_of_ids_are_refused() {
    let world = with_members(["jane"]).await;
    let bodies = [
        (r#"{"userIds": ["jane"], "organizationRoleIds": null}"#, "/organizationRoleIds"),
        (r#"{"userIds": ["jane"], "organizationRoleIds": "role"}"#, "/organizationRoleIds"),
        (r#"{"userIds": ["jane"], "organizationRoleIds": [1]}"#, "/organizationRoleIds/0"),
        (r#"{"userIds": ["jane"], "organizationRoleNames": []}"#, "/organizationRoleNames"),
        (r#"{"organizationRoleIds": []}"#, ""),
    ];
    assert_refuses_bodies(&world, Method::POST, MEMBERS, &bodies).await;
    // Members that stay keep their roles, so a replacement names none.
    let bodies = [(r#"{"userIds": [], "organizationRoleIds": []}"#, "/organizationRoleIds")];
    assert_refuses_bodies(&world, Method::PUT, MEMBERS, &bodies).await;
}
