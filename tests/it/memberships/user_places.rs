//! `GET /users/{userId}/join-requests` and `GET /users/{userId}/removals`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{START, World, assert_internal, assert_is, assert_unavailable, with};

const REQUESTS: &str = "/users/jane/join-requests";
const REMOVALS: &str = "/users/jane/removals";
const BOTH: [&str; 2] = ["join-requests", "removals"];

/// A world in which Jane asks to join these organizations by `acme.com`, a second after each other.
async fn with_requests_to(organizations: &[&str]) -> World {
    let world = World::new().await;
    for organization in organizations {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
        let path = format!("/organizations/{organization}/jit/email-domains/acme.com");
        let answer = world.patch(&path, &json!({ "enrollment": "request" })).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        world.pass(Duration::from_secs(1));
        world.sign_up("jane", "jane@acme.com").await;
    }
    world
}

fn requested(organization: &str, at: &str) -> Value {
    json!({
        "id": organization,
        "name": organization,
        "rule": "email_domain",
        "emailDomain": "acme.com",
        "requestedAt": at,
    })
}

fn removed(organization: &str, at: &str) -> Value {
    json!({
        "id": organization,
        "name": organization,
        "removedAt": at,
        "removedBy": null,
        "declined": false,
        "organizationRoles": [],
    })
}

#[tokio::test]
async fn somebody_who_asks_nothing_and_was_not_removed_has_empty_lists() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world.sign_up("jane", "jane@acme.com").await;
    for user in ["jane", "nobody", &"x".repeat(128)] {
        for list in BOTH {
            assert_is(&world.get(&format!("/users/{user}/{list}")).await, 200, &json!([]));
        }
    }
}

#[tokio::test]
async fn texts_that_are_no_user_ids_are_not_found_and_nothing_can_be_sent() {
    let world = World::new().await;
    for list in BOTH {
        for id in ["a%20b", "jane@acme.com", &"x".repeat(129)] {
            let answer = world.get(&format!("/users/{id}/{list}")).await;
            answer.problem(404, "user.not_found");
        }
        let answer = world.ask(Method::POST, &format!("/users/jane/{list}")).send().await;
        answer.problem(405, "request.method_not_allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
    assert!(world.items().await.is_empty());
}

#[tokio::test]
async fn requests_are_listed_with_their_rule_by_the_names_of_organizations_until_they_are_decided()
{
    let world = with_requests_to(&["b", "a", "c", "d"]).await;
    let all = ["a", "b", "c", "d"].map(|id| {
        let second = ["b", "a", "c", "d"].iter().position(|it| *it == id).expect("one") + 1;
        requested(id, &format!("2026-01-01T00:00:0{second}.000Z"))
    });
    assert_is(&world.get(REQUESTS).await, 200, &json!(all));
    assert_is(&world.get(REMOVALS).await, 200, &json!([]));
    assert_is(&world.get("/users/jan/join-requests").await, 200, &json!([]));

    world.patch("/organizations/d", &json!({ "name": "Aa" })).await;
    let path = |id: &str, verb: &str| format!("/organizations/{id}/join-requests/jane/{verb}");
    assert_eq!(world.post(&path("a", "approve"), &json!({})).await.status, 200);
    let decline = world.ask(Method::POST, &path("b", "decline")).caller("console", "olga");
    assert_eq!(decline.send().await.status, 204);
    world.delete_unswept("c").await;

    let expected = with(all[3].clone(), json!({ "name": "Aa" }));
    assert_is(&world.get(REQUESTS).await, 200, &json!([expected]));
    let by = json!({ "clientId": "console", "subject": "olga" });
    let expected = with(
        removed("b", "2026-01-01T00:00:04.000Z"),
        json!({ "removedBy": by, "declined": true }),
    );
    assert_is(&world.get(REMOVALS).await, 200, &json!([expected]));
}

#[tokio::test]
async fn removals_are_listed_with_who_removed_and_the_roles_held_until_the_user_is_added_again() {
    let world = World::new().await;
    for id in ["b", "a", "gone"] {
        world.organization(id).await;
        world.domains(id, &["acme.com"]).await;
    }
    let [kept, deleted] = [world.role("Kept").await, world.role("Deleted").await];
    world.default_roles("a", &[&kept, &deleted]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.sign_up("joe", "jane@acme.com").await;
    for id in ["b", "gone"] {
        assert_eq!(world.delete(&format!("/organizations/{id}/users/jane")).await.status, 204);
    }
    let remove = world.ask(Method::DELETE, "/organizations/a/users/jane");
    assert_eq!(remove.caller("console", "olga").send().await.status, 204);
    world.delete(&format!("/organization-roles/{deleted}")).await;
    world.delete_unswept("gone").await;

    let by = json!({ "clientId": "console", "subject": "olga" });
    let held = json!([{ "id": kept, "name": "Kept" }]);
    let of_a = with(removed("a", START), json!({ "removedBy": by, "organizationRoles": held }));
    // Joe has the same address, and was removed with Jane.
    for path in [REMOVALS, "/users/joe/removals"] {
        assert_is(&world.get(path).await, 200, &json!([of_a, removed("b", START)]));
    }

    let body = json!({ "userIds": ["jane"] });
    assert_eq!(world.post("/organizations/a/users", &body).await.status, 201);
    assert_eq!(world.delete("/organizations/b/removed-users/jane").await.status, 204);
    assert_is(&world.get(REMOVALS).await, 200, &json!([]));
}

#[tokio::test]
async fn a_deleted_user_has_no_requests() {
    let world = with_requests_to(&["acme"]).await;
    let tombstone = json!({ "pk": "USER#jane", "sk": "PROFILE", "deletedAt": START });
    world.put_plain(&tombstone).await;
    assert_is(&world.get(REQUESTS).await, 200, &json!([]));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_an_error_and_a_mark_is_left_out() {
    let world = with_requests_to(&["acme"]).await;
    world.put_plain(&json!({ "pk": "USER#joe", "sk": "ORG#acme", "removedAt": "never" })).await;
    assert_is(&world.get("/users/joe/removals").await, 200, &json!([]));
    world.put_plain(&json!({ "pk": "USER#jane", "sk": "ORG#acme", "requestedAt": "never" })).await;
    assert_internal(&world.get(REQUESTS).await);
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_unavailable() {
    let world = with_requests_to(&["acme"]).await;
    world.wire.cut_after(0);
    for path in [REQUESTS, REMOVALS] {
        assert_unavailable(&world.get(path).await);
    }
}
