//! `POST /organizations`

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use futures_util::future::join_all;
use serde_json::json;

use super::bare;
use crate::support::{Fate, START, World, assert_is};

#[tokio::test]
async fn an_organization_is_answered_whole_and_starts_without_a_jit_configuration() {
    let world = World::new().await;

    let body = json!({
        "id": "Acme_1-x",
        "name": "Acme",
        "description": "Anvils",
        "customData": { "plan": "gold" },
    });
    let answer = world.post("/organizations", &body).await;

    let entity = json!({
        "id": "Acme_1-x",
        "name": "Acme",
        "description": "Anvils",
        "customData": { "plan": "gold" },
        "createdAt": START,
    });
    assert_is(&answer, 201, &entity);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_is(&world.get("/organizations/Acme_1-x").await, 200, &entity);
    for list in ["email-domains", "roles"] {
        let list = world.get(&format!("/organizations/Acme_1-x/jit/{list}")).await;
        assert_eq!((list.header("etag"), &list.body), ("\"1\"", &json!([])));
    }
}

#[tokio::test]
async fn a_name_is_enough() {
    let world = World::new().await;

    let answer = world.post("/organizations", &json!({ "name": "Acme" })).await;

    let id = "org_019b76daa80070008000000000000000";
    assert_is(&answer, 201, &bare(id, "Acme"));
    assert_is(&world.get(&format!("/organizations/{id}")).await, 200, &bare(id, "Acme"));
}

#[tokio::test]
async fn generated_ids_are_in_the_order_of_time() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = world.post("/organizations", &json!({ "name": "Same" })).await;
        ids.push(answer.body["id"].as_str().expect("an id").to_owned());
        world.pass(Duration::from_millis(1));
    }

    assert!(ids.is_sorted(), "{ids:?}");
    assert_eq!(ids[2], "org_019b76daa80270008000000000000002");
}

#[tokio::test]
async fn ids_of_the_whole_alphabet_and_length_are_taken_as_they_are() {
    let world = World::new().await;
    let longest = "x".repeat(64);
    let ids = ["a", "A", "0", "-", "_", "__proto__", "ORG", &longest];
    for id in ids {
        world.organization(id).await;
    }
    for id in ids {
        assert_is(&world.get(&format!("/organizations/{id}")).await, 200, &bare(id, id));
    }
}

#[tokio::test]
async fn ids_outside_the_alphabet_are_refused() {
    let world = World::new().await;
    let too_long = "x".repeat(65);
    for id in ["", " ", "a b", "a.b", "a#b", "a/b", "ä", "a\0", "a\n", "%20", &too_long] {
        let answer = world.post("/organizations", &json!({ "id": id, "name": "x" })).await;
        assert_eq!(
            answer.problem(422, "organization.id_invalid"),
            "an id is 1 to 64 characters of A-Z a-z 0-9 _ -"
        );
        assert_eq!(answer.errors(), [("/id", "organization.id_invalid")], "{id:?}");
    }
    assert_eq!(world.items().await, BTreeMap::new());
}

#[tokio::test]
async fn an_id_that_is_or_was_in_use_is_refused_and_nothing_changes() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world.organization("gone").await;
    world.delete("/organizations/gone").await;
    let before = world.items().await;

    for id in ["acme", "gone"] {
        let body = json!({ "id": id, "name": "Other", "customData": { "a": 1 } });
        let answer = world.post("/organizations", &body).await;
        assert_eq!(
            answer.problem(422, "organization.id_in_use"),
            format!(
                "the organization id `{id}` is or was in use, and an id is never used twice: \
                 send another, or none to have one generated"
            )
        );
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn of_two_creators_of_one_id_at_once_one_wins() {
    let world = World::new().await;
    let bodies = ["One", "Other"].map(|name| json!({ "id": "acme", "name": name }));

    let answers = join_all(bodies.iter().map(|body| world.post("/organizations", body))).await;

    let (won, lost): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!((won.len(), lost.len()), (1, 1));
    lost[0].problem(422, "organization.id_in_use");
    assert_is(&world.get("/organizations/acme").await, 200, &won[0].body);
}

#[tokio::test]
async fn a_creation_whose_answer_gets_lost_does_not_find_its_own_id_in_use() {
    let world = World::new().await;
    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    world.organization("acme").await;

    assert_is(&world.get("/organizations/acme").await, 200, &bare("acme", "acme"));
}

#[tokio::test]
async fn several_organizations_may_share_a_name() {
    let world = World::new().await;
    for id in ["b", "a"] {
        world.post("/organizations", &json!({ "id": id, "name": "Acme" })).await;
    }
    let list = world.get("/organizations").await;
    assert_is(&list, 200, &json!([bare("a", "Acme"), bare("b", "Acme")]));
}

#[tokio::test]
async fn everything_that_is_wrong_is_answered_at_once() {
    let world = World::new().await;
    let body = json!({
        "id": "a b",
        "name": " ",
        "description": "x".repeat(257),
        "customData": [],
    });

    let answer = world.post("/organizations", &body).await;

    let detail = "4 values cannot be accepted; `errors` says which, and why";
    assert_is(
        &answer,
        422,
        &json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": detail,
            "code": "request.invalid_values",
            "message": detail,
            "errors": [
                {
                    "pointer": "/name",
                    "code": "name.invalid",
                    "detail": "the name cannot be accepted, because it is empty: send at \
                               least one visible character",
                },
                {
                    "pointer": "/description",
                    "code": "description.invalid",
                    "detail": "the description cannot be accepted, because it is too long: \
                               send at most 256 characters",
                },
                {
                    "pointer": "/id",
                    "code": "organization.id_invalid",
                    "detail": "an id is 1 to 64 characters of A-Z a-z 0-9 _ -",
                },
                {
                    "pointer": "/customData",
                    "code": "custom_data.not_an_object",
                    "detail": "the custom data cannot be accepted, because it is not a JSON \
                               object: send one, such as {\"plan\": \"gold\"}",
                },
            ],
        }),
    );
    assert_eq!(world.items().await, BTreeMap::new());
}

#[tokio::test]
async fn members_that_are_missing_unknown_or_of_a_wrong_type_are_refused_with_their_place() {
    let world = World::new().await;
    for (body, pointer) in [
        ("{}", ""),
        ("[]", ""),
        (r#" [null, "Acme", null, {}]"#, ""),
        ("null", ""),
        ("\"Acme\"", ""),
        (r#"{"id": "acme"}"#, ""),
        (r#"{"name": null}"#, "/name"),
        (r#"{"name": 1}"#, "/name"),
        (r#"{"name": ["Acme"]}"#, "/name"),
        (r#"{"name": "Acme", "id": 1}"#, "/id"),
        (r#"{"name": "Acme", "description": false}"#, "/description"),
        (r#"{"name": "Acme", "descripton": "Anvils"}"#, "/descripton"),
        (r#"{"name": "Acme", "createdAt": "2020-01-01T00:00:00Z"}"#, "/createdAt"),
        (r#"{"name": "Acme", "custom_data": {}}"#, "/custom_data"),
    ] {
        let ask = world.ask(Method::POST, "/organizations");
        let answer = ask.header("content-type", "application/json").raw(body).send().await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    assert_eq!(world.items().await, BTreeMap::new());
}
