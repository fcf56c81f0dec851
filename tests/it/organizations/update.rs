//! `PATCH /organizations/{organizationId}`

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::bare;
use crate::support::{Logs, START, World, assert_internal, assert_is};

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

#[tokio::test]
async fn what_cannot_be_read_is_replaced_and_what_stays_is_sent_along() {
    let new = json!({
        "id": "acme",
        "name": "Acme",
        "description": "Anvils",
        "customData": { "a": 1 },
    });
    for (sk, attribute, member) in [
        ("ORG", "name", "name"),
        ("ORG", "description", "description"),
        ("CUSTOM_DATA", "json", "customData"),
    ] {
        for (unreadable, body) in [json!("\0"), json!(1), json!([])].into_iter().flat_map(|it| {
            let mut all = new.clone();
            all.as_object_mut().expect("an object").remove("id");
            [(it.clone(), json!({ member: new[member] })), (it, all)]
        }) {
            let world = World::new().await;
            let mut entity = world.post("/organizations", &new).await.body;
            let mut item = world.item("ORG#acme", sk).await;
            item.insert(attribute.to_owned(), unreadable.clone());
            world.put_plain(&json!(item)).await;
            assert_internal(&world.get("/organizations/acme").await);
            let logs = Logs::capture();

            let answer = world.patch("/organizations/acme", &body).await;

            entity[member] = new[member].clone();
            assert_is(&answer, 200, &entity);
            assert_is(&world.get("/organizations/acme").await, 200, &entity);
            let audited = logs.lines().iter().filter(|line| line["message"] == "audit").count();
            assert_eq!(audited, 1, "{member} {unreadable}");
        }
    }
}

#[tokio::test]
async fn a_missing_name_is_replaced_and_an_unreadable_description_can_be_removed() {
    let world = World::new().await;
    world.organization("acme").await;
    let mut item = world.item("ORG#acme", "ORG").await;
    item.remove("name");
    item.insert("description".to_owned(), json!(1));
    world.put_plain(&json!(item)).await;

    let changes = json!({ "name": "acme", "description": null });
    assert_is(&world.patch("/organizations/acme", &changes).await, 200, &bare("acme", "acme"));
}
