//! `PUT /organizations/{organizationId}/jit/roles`

use axum::http::Method;
use futures_util::future::join;
use serde_json::json;

use super::{
    PATH, as_it_is_now, assert_heeds_if_match, assert_needs_an_organization,
    assert_refuses_malformed_bodies, assert_written, listed, stored, world_with,
};
use crate::support::{Fate, naming_roles};

#[tokio::test]
async fn the_roles_are_exactly_those_of_the_body() {
    let (world, [a, b, c]) = world_with(["A", "B", "C"]).await;

    assert_written(&world.put(PATH, &naming_roles(&[&c, &a])).await, 204, "\"2\"");
    assert_eq!(stored(&world.items().await), &json!([c, a]));
    assert_written(&world.put(PATH, &naming_roles(&[&b, &a])).await, 204, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([b, a]));
    assert_eq!(listed(&world).await, ("\"3\"".to_owned(), vec!["A".to_owned(), "B".to_owned()]));
}

#[tokio::test]
async fn a_replacement_by_the_same_changes_nothing() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    world.put(PATH, &naming_roles(&[&a, &b])).await;
    let before = world.items().await;

    assert_written(&world.put(PATH, &naming_roles(&[&a, &b])).await, 204, "\"2\"");

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn duplicates_collapse() {
    let (world, [a, b]) = world_with(["A", "B"]).await;

    assert_written(&world.put(PATH, &naming_roles(&[&b, &a, &b])).await, 204, "\"2\"");

    assert_eq!(stored(&world.items().await), &json!([b, a]));
}

#[tokio::test]
async fn an_empty_list_removes_every_default_role() {
    let (world, [a]) = world_with(["A"]).await;

    assert_written(&world.put(PATH, &json!({ "organizationRoleIds": [] })).await, 204, "\"1\"");
    world.put(PATH, &naming_roles(&[&a])).await;
    assert_written(&world.put(PATH, &json!({ "organizationRoleIds": [] })).await, 204, "\"3\"");

    assert_eq!(listed(&world).await, ("\"3\"".to_owned(), vec![]));
}

#[tokio::test]
async fn an_unknown_role_is_refused_and_nothing_changes() {
    let (world, [a, b, gone]) = world_with(["A", "B", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&a, &gone])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;
    let before = world.items().await;

    let answer = world.put(PATH, &naming_roles(&[&b, &gone, "é", &a])).await;

    answer.problem(422, "request.invalid_values");
    assert_eq!(
        answer.errors(),
        [
            ("/organizationRoleIds/1", "organization_role.unknown"),
            ("/organizationRoleIds/2", "organization_role.unknown"),
        ]
    );
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_hundred_roles_fit_and_no_more() {
    let (world, []) = world_with([]).await;
    let roles = world.roles(101).await;

    assert_written(&world.put(PATH, &naming_roles(&roles[..100])).await, 204, "\"2\"");
    let before = world.items().await;
    // A repeated id counts each time.
    let repeated: Vec<_> = roles[..100].iter().chain(&roles[..1]).collect();
    for body in [naming_roles(&roles), naming_roles(&repeated)] {
        world.put(PATH, &body).await.problem(422, "default_roles.limit_reached");
    }
    assert_eq!(world.items().await, before);

    assert_written(&world.put(PATH, &naming_roles(&roles[1..])).await, 204, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!(roles[1..]));
}

#[tokio::test]
async fn ids_of_deleted_roles_go_with_the_next_replacement() {
    let (world, [a, gone]) = world_with(["A", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&a, &gone])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;

    assert_written(&world.put(PATH, &naming_roles(&[&a])).await, 204, "\"3\"");

    assert_eq!(stored(&world.items().await), &json!([a]));
}

#[tokio::test]
async fn if_match_is_heeded() {
    assert_heeds_if_match(Method::PUT).await;
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_replace() {
    assert_needs_an_organization(Method::PUT).await;
}

#[tokio::test]
async fn malformed_bodies_are_refused() {
    assert_refuses_malformed_bodies(Method::PUT).await;
}

#[tokio::test]
async fn two_writers_at_once_both_win_and_the_later_one_stays() {
    let (world, [a, b]) = world_with(["A", "B"]).await;

    let (of_a, of_b) = (naming_roles(&[&a]), naming_roles(&[&b]));
    let (of_a, of_b) = join(world.put(PATH, &of_a), world.put(PATH, &of_b)).await;

    let later = match (of_a.header("etag"), of_b.header("etag")) {
        ("\"2\"", "\"3\"") => "B",
        ("\"3\"", "\"2\"") => "A",
        etags => panic!("{etags:?}"),
    };
    assert_eq!((of_a.status.as_u16(), of_b.status.as_u16()), (204, 204));
    assert_eq!(listed(&world).await, ("\"3\"".to_owned(), vec![later.to_owned()]));
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    let outdated = as_it_is_now(&world).await;
    world.put(PATH, &naming_roles(&[&b])).await;

    world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed"]));
    world.wire.next("GetItem", outdated);
    assert_written(&world.put(PATH, &naming_roles(&[&a])).await, 204, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([a]));
}

#[tokio::test]
async fn a_race_lost_under_if_match_is_not_run_again() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    let outdated = as_it_is_now(&world).await;
    world.put(PATH, &naming_roles(&[&b])).await;
    let before = world.items().await;

    world.wire.next("GetItem", outdated);
    let ask = world.ask(Method::PUT, PATH).json(&naming_roles(&[&a])).if_match("\"1\"");
    let answer = ask.send().await;

    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"2\"");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn an_organization_that_is_deleted_meanwhile_is_not_found_and_stays_deleted() {
    let (world, [a]) = world_with(["A"]).await;
    let outdated = as_it_is_now(&world).await;
    world.delete("/organizations/acme").await;
    let before = world.items().await;

    world.wire.next("GetItem", outdated);
    world.put(PATH, &naming_roles(&[&a])).await.problem(404, "organization.not_found");

    assert_eq!(world.items().await, before);
}
