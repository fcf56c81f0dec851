//! `DELETE /organizations/{organizationId}/users/{userId}`

use std::time::Duration;

use axum::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::memberships::{
    MEMBERS, assert_done, assert_needs_an_organization, by_hand, digest, listed, standing,
    with_members,
};
use crate::support::{START, entry, item, with};

const JANE: &str = "/organizations/acme/users/jane";

#[tokio::test]
async fn a_member_leaves_and_two_marks_stay_behind() {
    let world = with_members(["jane", "joe"]).await;
    world.pass(Duration::from_secs(60));

    assert_done(&world.delete(JANE).await, 204);

    assert_eq!(listed(&world).await, json!([by_hand("joe")]));
    let held = world.get("/users/jane/organizations").await.body;
    assert_eq!(held.as_array().map(Vec::len), Some(1), "{held}");
    assert_eq!(held[0]["id"], "home");
    let digest = digest("jane@home.example");
    let items = world.items().await;
    let place = item(&items, "USER#jane", "ORG#acme");
    let removed_at = "2026-01-01T00:01:00.000Z";
    let expected = json!({
        "pk": "USER#jane",
        "sk": "ORG#acme",
        "removedAt": removed_at,
        "addressDigests": [digest],
        "heldRoleIds": [],
    });
    let expected = with(expected, entry("REMOVED#", "acme", removed_at, "jane"));
    assert_eq!(json!(place), expected);
    let mark = item(&items, &format!("REMOVED#{digest}"), "ORG#acme");
    assert_eq!(
        json!(mark),
        json!({ "pk": format!("REMOVED#{digest}"), "sk": "ORG#acme", "removedAt": removed_at })
    );
}

#[tokio::test]
async fn a_member_without_a_usable_address_is_marked_as_a_user_only() {
    let world = with_members(["jane"]).await;
    // As earlier versions kept it.
    let mut profile = world.item("USER#jane", "PROFILE").await;
    profile.remove("addresses").expect("addresses");
    profile.insert("email".to_owned(), json!("\"odd\"@home.example"));
    world.put_plain(&json!(profile)).await;

    assert_done(&world.delete(JANE).await, 204);

    let items = world.items().await;
    let place = item(&items, "USER#jane", "ORG#acme");
    let expected =
        json!({ "pk": "USER#jane", "sk": "ORG#acme", "removedAt": START, "heldRoleIds": [] });
    assert_eq!(json!(place), with(expected, entry("REMOVED#", "acme", START, "jane")));
    assert!(!items.keys().any(|(pk, _)| pk.starts_with("REMOVED#")));
}

#[tokio::test]
async fn a_user_who_is_not_a_member_cannot_be_removed() {
    let world = with_members(["jane"]).await;
    world.sign_up("joe", "joe@home.example").await;
    world.delete(JANE).await;
    let before = world.items().await;
    for id in ["jane", "joe", "nobody", "Jane"] {
        let answer = world.delete(&format!("{MEMBERS}/{id}")).await;
        assert_eq!(
            answer.problem(404, "membership.not_found"),
            format!(
                "the user `{id}` is not a member of the organization: there is nothing to remove"
            )
        );
    }
    let too_long = "x".repeat(129);
    for id in ["a%20b", "jane@acme.com", "%00", &too_long] {
        let answer = world.delete(&format!("{MEMBERS}/{id}")).await;
        answer.problem(404, "user.not_found");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn without_an_organization_there_is_nobody_to_remove() {
    assert_needs_an_organization(Method::DELETE, "users/jane", &Value::Null).await;
}

#[tokio::test]
async fn of_two_removals_at_once_one_finds_the_member() {
    let world = with_members(["jane"]).await;
    let (a, b) = join(world.delete(JANE), world.delete(JANE)).await;
    let (done, late) = if a.status.as_u16() == 204 { (a, b) } else { (b, a) };
    assert_done(&done, 204);
    late.problem(404, "membership.not_found");
    assert_eq!(standing(&world.items().await, "jane", "jane@home.example"), Some("removed"));
}
