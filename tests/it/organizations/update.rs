//! `PATCH /organizations/{organizationId}`

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::bare;
use crate::support::{START, World, assert_is};

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let world = World::new().await;
    let mut entity = world
        .post(
            "/organizations",
            &json!({
                "id": "acme",
                "name": "Acme",
                "description": "Anvils",
                "customData": { "a": 1 },
            }),
        )
        .await
        .body;
    world.pass(Duration::from_secs(1));

    for (member, value) in [
        ("name", json!("ACME")),
        ("description", json!("Rockets")),
        ("customData", json!({ "b": 2 })),
        ("description", json!(null)),
    ] {
        entity[member] = value.clone();
        let answer = world.patch("/organizations/acme", &json!({ member: value })).await;
        assert_is(&answer, 200, &entity);
        assert_is(&world.get("/organizations/acme").await, 200, &entity);
    }
}

#[tokio::test]
async fn the_jit_configuration_stays() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let role = world.role("Engineer").await;
    world.default_roles("acme", &[&role]).await;
    let lists = ["email-domains", "roles"].map(|list| format!("/organizations/acme/jit/{list}"));
    let before = join_all(lists.iter().map(|list| world.get(list))).await;

    let changes = json!({ "name": "New", "description": "New", "customData": { "new": 1 } });
    world.patch("/organizations/acme", &changes).await;

    assert_eq!(join_all(lists.iter().map(|list| world.get(list))).await, before);
}

#[tokio::test]
async fn a_change_of_nothing_answers_the_organization_as_it_is() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;

    let answer = world.patch("/organizations/acme", &json!({})).await;

    assert_is(&answer, 200, &bare("acme", "acme"));
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn several_violations_are_answered_at_once_and_nothing_changes() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;

    let changes = json!({ "name": "", "description": "\0", "customData": 1 });
    let answer = world.patch("/organizations/acme", &changes).await;

    answer.problem(422, "request.invalid_values");
    assert_eq!(
        answer.errors(),
        [
            ("/name", "name.invalid"),
            ("/description", "description.invalid"),
            ("/customData", "custom_data.not_an_object"),
        ]
    );
    let half = json!({ "name": "Good", "description": "\0" });
    world.patch("/organizations/acme", &half).await.problem(422, "description.invalid");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn members_that_cannot_change_or_are_of_a_wrong_type_are_refused_with_their_place() {
    let world = World::new().await;
    world.organization("acme").await;
    let before = world.items().await;
    for (body, pointer) in [
        (json!({ "id": "other" }), "/id"),
        (json!({ "createdAt": START }), "/createdAt"),
        (json!({ "name": null }), "/name"),
        (json!({ "name": 1 }), "/name"),
        (json!({ "description": {} }), "/description"),
        (json!([]), ""),
        (json!(null), ""),
    ] {
        let answer = world.patch("/organizations/acme", &body).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn two_writers_at_once_of_different_members_both_win() {
    let world = World::new().await;
    world.organization("acme").await;

    let (name, description) = (json!({ "name": "Acme" }), json!({ "description": "Anvils" }));
    let (one, other) = join(
        world.patch("/organizations/acme", &name),
        world.patch("/organizations/acme", &description),
    )
    .await;

    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    let mut entity = bare("acme", "Acme");
    entity["description"] = json!("Anvils");
    assert_is(&world.get("/organizations/acme").await, 200, &entity);
}
