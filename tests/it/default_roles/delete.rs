//! `DELETE /organizations/{organizationId}/jit/roles/{organizationRoleId}`

use axum::http::Method;
use futures_util::future::join;
use serde_json::json;

use super::{
    PATH, as_it_is_now, assert_heeds_if_match, assert_needs_an_organization, assert_written,
    listed, stored, world_with,
};
use crate::support::{Fate, naming_roles};

#[tokio::test]
async fn a_deleted_default_role_leaves_the_list_and_stays_a_role() {
    let (world, [a, b, c]) = world_with(["A", "B", "C"]).await;
    world.put(PATH, &naming_roles(&[&c, &b, &a])).await;

    assert_written(&world.delete(&format!("{PATH}/{b}")).await, 204, "\"3\"");

    assert_eq!(stored(&world.items().await), &json!([c, a]));
    assert_eq!(world.get(&format!("/organization-roles/{b}")).await.body["name"], "B");
}

#[tokio::test]
async fn a_repeated_deletion_finds_nothing() {
    let (world, [a]) = world_with(["A"]).await;
    world.put(PATH, &naming_roles(&[&a])).await;
    world.delete(&format!("{PATH}/{a}")).await;
    let before = world.items().await;

    let answer = world.delete(&format!("{PATH}/{a}")).await;

    assert_eq!(
        answer.problem(404, "default_role.not_found"),
        format!("`{a}` is not a default role of the organization")
    );
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_role_that_the_organization_does_not_list_is_not_found() {
    let (world, [a, b, gone]) = world_with(["A", "B", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&a, &gone])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;
    let before = world.items().await;

    for id in [&b, &gone, "no-such-role", "COUNT"] {
        world.delete(&format!("{PATH}/{id}")).await.problem(404, "default_role.not_found");
    }
    let too_long = "x".repeat(65);
    for id in ["a%20b", "%C3%A9", "%00", "a%2Fb", &too_long] {
        world.delete(&format!("{PATH}/{id}")).await.problem(404, "organization_role.not_found");
    }
    world.delete(&format!("{PATH}/%FF")).await.problem(400, "request.invalid_path");

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn ids_are_case_sensitive() {
    let (world, [a]) = world_with(["A"]).await;
    world.put(PATH, &naming_roles(&[&a])).await;

    let answer = world.delete(&format!("{PATH}/{}", a.to_uppercase())).await;

    answer.problem(404, "default_role.not_found");
}

#[tokio::test]
async fn ids_of_deleted_roles_go_with_the_next_deletion() {
    let (world, [a, b, gone]) = world_with(["A", "B", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&gone, &a, &b])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;

    assert_written(&world.delete(&format!("{PATH}/{a}")).await, 204, "\"3\"");

    assert_eq!(stored(&world.items().await), &json!([b]));
}

#[tokio::test]
async fn if_match_is_heeded() {
    assert_heeds_if_match(Method::DELETE).await;
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_delete() {
    assert_needs_an_organization(Method::DELETE).await;
}

#[tokio::test]
async fn two_deletions_at_once_of_different_roles_both_win() {
    let (world, [a, b, c]) = world_with(["A", "B", "C"]).await;
    world.put(PATH, &naming_roles(&[&a, &b, &c])).await;

    let paths = [format!("{PATH}/{a}"), format!("{PATH}/{b}")];
    let (of_a, of_b) = join(world.delete(&paths[0]), world.delete(&paths[1])).await;

    assert_eq!((of_a.status.as_u16(), of_b.status.as_u16()), (204, 204));
    assert_eq!(listed(&world).await, ("\"4\"".to_owned(), vec!["C".to_owned()]));
}

#[tokio::test]
async fn of_two_deletions_at_once_of_one_role_one_finds_it() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    world.put(PATH, &naming_roles(&[&a, &b])).await;

    let path = format!("{PATH}/{a}");
    let (one, other) = join(world.delete(&path), world.delete(&path)).await;

    let (won, lost) = if one.status.as_u16() == 204 { (one, other) } else { (other, one) };
    assert_written(&won, 204, "\"3\"");
    lost.problem(404, "default_role.not_found");
    assert_eq!(stored(&world.items().await), &json!([b]));
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    world.put(PATH, &naming_roles(&[&a, &b])).await;

    world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed"]));

    assert_written(&world.delete(&format!("{PATH}/{a}")).await, 204, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([b]));
}

#[tokio::test]
async fn a_deletion_whose_answer_gets_lost_does_not_miss_what_it_has_deleted() {
    let (world, [a]) = world_with(["A"]).await;
    world.put(PATH, &naming_roles(&[&a])).await;

    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    assert_written(&world.delete(&format!("{PATH}/{a}")).await, 204, "\"3\"");
}

#[tokio::test]
async fn a_role_that_another_writer_adds_meanwhile_is_not_found() {
    let (world, [a]) = world_with(["A"]).await;
    let outdated = as_it_is_now(&world).await;
    world.put(PATH, &naming_roles(&[&a])).await;

    // The list as it was before the role came into it.
    world.wire.next("GetItem", outdated);
    world.delete(&format!("{PATH}/{a}")).await.problem(404, "default_role.not_found");
}
