//! `PUT /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join;
use serde_json::json;

use super::{
    OUT_OF_TIME, OVER_THE_RATE, WRONG_BODIES, assert_partially_added,
    assert_refuses_too_many_users, assert_refuses_unknown_users, member_ids, strangers, users,
    walk, world_of_strangers,
};
use crate::memberships::{
    MEMBERS, assert_added, assert_done, assert_needs_an_organization, assert_refuses_bodies,
    by_hand, listed, naming, standing, with_many_members, with_members, with_users,
    with_users_and_pool,
};
use crate::support::{Fate, START, assert_internal, entry, tagged_item, with};

#[tokio::test]
async fn some_stay_as_they_are_some_leave_and_some_come() {
    let world = with_users(["joe", "jim"]).await;
    let role = world.role("A").await;
    world.default_roles("acme", &[&role]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.sign_up("june", "june@acme.com").await;
    world.post(MEMBERS, &naming(&["joe"])).await;
    let before = listed(&world).await;
    world.pass(Duration::from_secs(60));

    assert_done(&world.put(MEMBERS, &naming(&["jim", "jane", "jim"])).await, 204);

    let mut jim = by_hand("jim");
    jim["joinedAt"] = json!("2026-01-01T00:01:00.000Z");
    assert_eq!(listed(&world).await, json!([jim, before[0]]));
    let items = world.items().await;
    for (user, address) in [("joe", "joe@home.example"), ("june", "june@acme.com")] {
        assert_eq!(standing(&items, user, address), Some("removed"));
    }
    world.sign_up("june", "june@acme.com").await;
    assert_eq!(world.items().await, items);

    assert_done(&world.put(MEMBERS, &naming(&["jane", "jim"])).await, 204);
    assert_eq!(world.items().await, items);
}

#[tokio::test]
async fn naming_nobody_removes_everybody() {
    let world = with_members(["jane", "joe"]).await;
    assert_done(&world.put(MEMBERS, &naming::<&str>(&[])).await, 204);
    assert_eq!(listed(&world).await, json!([]));
    let items = world.items().await;
    for user in ["jane", "joe"] {
        let address = format!("{user}@home.example");
        assert_eq!(standing(&items, user, &address), Some("removed"));
    }
}

#[tokio::test]
async fn unknown_users_are_refused_each_with_its_place_and_nobody_leaves() {
    assert_refuses_unknown_users(&Method::PUT).await;
}

#[tokio::test]
async fn more_than_a_thousand_at_once_are_refused() {
    assert_refuses_too_many_users(Method::PUT).await;
}

#[tokio::test]
async fn a_thousand_members_can_be_replaced_and_no_more() {
    let all: Vec<_> = (0..1_001).map(|number| format!("user-{number:04}")).collect();
    let world = with_many_members(&all[..1_000]).await;
    world.sign_up("jane", "jane@home.example").await;

    assert_done(&world.put(MEMBERS, &naming(&all[..1_000])).await, 204);
    let mut changed = all[..999].to_vec();
    changed.push("jane".to_owned());
    assert_done(&world.put(MEMBERS, &naming(&changed)).await, 204);
    let pages = walk(&world, &format!("{MEMBERS}?page_size=100")).await;
    let mut expected = changed.clone();
    expected.sort_unstable();
    assert_eq!(pages.concat(), expected);

    world.copy(&all[0], all[999..].iter().cloned()).await;
    let before = world.items().await;
    world.put(MEMBERS, &naming(&["jane"])).await.problem(422, "memberships.limit_reached");
    assert_eq!(world.items().await, before);
    // Those who stay are not counted: otherwise additions that stopped half-way could not go on.
    assert_done(&world.put(MEMBERS, &naming(&all[..999])).await, 204);
    assert_eq!(member_ids(&world).await, all[..999]);
}

#[tokio::test]
async fn strangers_are_added_before_anybody_leaves_and_the_repetition_goes_on() {
    let ids = users(550);
    let (world, pool) = world_of_strangers(&ids).await;
    world.sign_up("old", "old@home.example").await;
    assert_added(&world.post(MEMBERS, &naming(&["old"])).await, &["old"]);
    let with_old = |added: usize| [&["old".to_owned()], &ids[..added]].concat();

    let answer = world.put(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OUT_OF_TIME, 505, 550);
    assert_eq!(member_ids(&world).await, with_old(505));

    let refusal = Fate::error("TooManyRequestsException", "Rate exceeded");
    pool.refuse_after("ListUsers", 5, &refusal);
    let answer = world.put(MEMBERS, &naming(&ids)).await;
    assert_partially_added(&answer, OVER_THE_RATE, 510, 550);
    assert_eq!(member_ids(&world).await, with_old(510));
    pool.requests();

    assert_done(&world.put(MEMBERS, &naming(&ids)).await, 204);
    assert_eq!(member_ids(&world).await, ids);
}

#[tokio::test]
async fn an_unknown_user_lets_nobody_leave() {
    let mut ids = users(150);
    let pool = strangers(&ids);
    let world = with_users_and_pool(["jane"], &pool).await;
    world.post(MEMBERS, &naming(&["jane"])).await;
    ids.push("nobody".to_owned());

    let answer = world.put(MEMBERS, &naming(&ids)).await;

    answer.problem(422, "user.unknown");
    assert_eq!(answer.errors(), [("/userIds/150", "user.unknown")]);
    let mut expected = vec!["jane".to_owned()];
    expected.extend(ids[..100].iter().cloned());
    assert_eq!(member_ids(&world).await, expected);
}

#[tokio::test]
async fn bodies_that_are_no_list_of_ids_are_refused() {
    let world = with_members(["jane"]).await;
    assert_refuses_bodies(&world, Method::PUT, MEMBERS, &WRONG_BODIES).await;
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_replace() {
    assert_needs_an_organization(Method::PUT, "users", &naming(&["jane"])).await;
}

#[tokio::test]
async fn a_member_who_is_removed_meanwhile_is_no_error() {
    let world = with_members(["jane", "joe"]).await;
    world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed", "None"]));

    assert_done(&world.put(MEMBERS, &naming(&["joe"])).await, 204);
}

#[tokio::test]
async fn after_a_removal_that_fails_no_other_begins() {
    let world = with_users([]).await;
    let (a, b) = (["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"]);
    // Members with the same address leave one after the other.
    for (users, address) in [(a, "a@home.example"), (b, "b@home.example")] {
        for user in users {
            world.sign_up(user, address).await;
        }
        assert_added(&world.post(MEMBERS, &naming(&users)).await, &users);
    }

    world.wire.next("TransactWriteItems", Fate::canceled(&["ValidationError"]));
    assert_internal(&world.put(MEMBERS, &naming::<&str>(&[])).await);
    // One fails, and the other one that has begun is done.
    assert_eq!(member_ids(&world).await.len(), 7);

    assert_done(&world.put(MEMBERS, &naming::<&str>(&[])).await, 204);
    assert_eq!(member_ids(&world).await, [""; 0]);
}

#[tokio::test]
async fn two_who_replace_at_once_leave_only_whole_members() {
    let world = with_members(["jane", "joe"]).await;
    let (a, b) = (naming(&["jane"]), naming(&["joe"]));
    let (a, b) = join(world.put(MEMBERS, &a), world.put(MEMBERS, &b)).await;
    assert_done(&a, 204);
    assert_done(&b, 204);
    let items = world.items().await;
    for user in ["jane", "joe"] {
        assert!(standing(&items, user, &format!("{user}@home.example")).is_some());
    }
}

#[tokio::test]
async fn a_member_who_is_in_the_index_twice_leaves_once() {
    let world = with_members(["jane", "joe"]).await;
    let at = |user: &str, since: &str| {
        let key = json!({ "pk": format!("USER#{user}"), "sk": "ORG#acme" });
        tagged_item(&with(key, entry("USER#", "acme", since, user)))
    };
    // The index lags behind: jane was removed and added again.
    let entries = [at("jane", START), at("jane", "2025-01-01T00:00:00Z"), at("joe", START)];
    let body = json!({ "Items": entries, "Count": 3 });
    world.wire.next("Query", Fate::Reply { status: 200, body });

    assert_done(&world.put(MEMBERS, &naming(&["joe"])).await, 204);

    assert_eq!(listed(&world).await, json!([by_hand("joe")]));
    assert_eq!(standing(&world.items().await, "jane", "jane@home.example"), Some("removed"));
}
