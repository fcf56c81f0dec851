//! `POST /organization-roles`

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{PATH, assert_name_in_use, at, consistent_names, entity};
use crate::support::{Fate, START, World, assert_is};

/// Sets the stored number of roles, which can differ from the true number.
async fn pretend_count(world: &World, count: u32) {
    world.put_plain(&json!({ "pk": "ROLE", "sk": "COUNT", "count": count })).await;
}

#[tokio::test]
async fn a_role_is_answered_whole() {
    let world = World::new().await;

    let body = json!({ "name": " Engineer ", "description": "Builds" });
    let answer = world.post(PATH, &body).await;

    let id = "role_019b76daa80070008000000000000000";
    let entity =
        json!({ "id": id, "name": "Engineer", "description": "Builds", "createdAt": START });
    assert_is(&answer, 201, &entity);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_is(&world.get(&at(id)).await, 200, &entity);
    assert_is(&world.get(PATH).await, 200, &json!([entity]));
    consistent_names(&world.items().await);
}

#[tokio::test]
async fn a_name_is_enough_and_ids_are_in_the_order_of_time() {
    let world = World::new().await;

    let first = world.post(PATH, &json!({ "name": "A" })).await;
    world.pass(Duration::from_millis(256));
    let second = world.post(PATH, &json!({ "name": "B", "description": null })).await;

    assert_is(&first, 201, &entity("role_019b76daa80070008000000000000000", "A"));
    let mut later = entity("role_019b76daa90070008000000000000001", "B");
    later["createdAt"] = json!("2026-01-01T00:00:00.256Z");
    assert_is(&second, 201, &later);
}

#[tokio::test]
async fn a_name_is_unique_by_its_folded_composed_form() {
    let world = World::new().await;
    for (name, same) in [
        ("Engineer", &["Engineer", "engineer", " ENGINEER\n"][..]),
        ("Straße", &["STRASSE", "straße", "STRAẞE", "ſtraſſe"]),
        ("Émile", &["E\u{301}mile", "é\u{6d}ILE", "e\u{301}MILE"]),
        ("Σίσυφος", &["ΣΊΣΥΦΟΣ", "σίσυφοσ"]),
        ("K", &["\u{212a}", "k"]),
    ] {
        world.role(name).await;
        let before = world.items().await;
        for same in same {
            let answer = world.post(PATH, &json!({ "name": same })).await;
            let composed = match *same {
                " ENGINEER\n" => "ENGINEER",
                "E\u{301}mile" => "Émile",
                "e\u{301}MILE" => "éMILE",
                // Composition turns the Kelvin sign into the letter.
                "\u{212a}" => "K",
                same => same,
            };
            assert_name_in_use(&answer, composed);
        }
        assert_eq!(world.items().await, before);
    }
    for other in ["Engineers", "Strase", "Emile", "Engi neer", "#", "ROLE"] {
        world.role(other).await;
    }
    assert_eq!(consistent_names(&world.items().await).len(), 11);
}

#[tokio::test]
async fn unacceptable_names_and_descriptions_are_refused_at_once_and_nothing_is_created() {
    let world = World::new().await;
    let (long, longer) = ("x".repeat(128), "x".repeat(129));
    for (body, errors) in [
        (json!({ "name": "" }), &[("/name", "name.invalid")][..]),
        (json!({ "name": " \u{3000}" }), &[("/name", "name.invalid")]),
        (json!({ "name": "a\0b" }), &[("/name", "name.invalid")]),
        (json!({ "name": "a\nb" }), &[("/name", "name.invalid")]),
        (json!({ "name": longer }), &[("/name", "name.invalid")]),
        (
            json!({ "name": "x", "description": "ü".repeat(257) }),
            &[("/description", "description.invalid")],
        ),
        (
            json!({ "name": "x", "description": "\u{7f}" }),
            &[("/description", "description.invalid")],
        ),
        (
            json!({ "name": "\0", "description": "\0" }),
            &[("/name", "name.invalid"), ("/description", "description.invalid")],
        ),
    ] {
        let answer = world.post(PATH, &body).await;
        let code = if errors.len() == 1 { errors[0].1 } else { "request.invalid_values" };
        answer.problem(422, code);
        assert_eq!(answer.errors(), errors, "{body}");
    }
    assert_eq!(world.items().await, BTreeMap::new());

    let body = json!({ "name": long, "description": "ü".repeat(256) });
    let answer = world.post(PATH, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.body["name"]), (201, &json!(long)));
    assert_eq!(answer.body["description"], body["description"]);
}

#[tokio::test]
async fn members_that_are_missing_unknown_or_of_a_wrong_type_are_refused_with_their_place() {
    let world = World::new().await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!(null), ""),
        (json!(["Engineer"]), ""),
        (json!({ "name": null }), "/name"),
        (json!({ "name": 1 }), "/name"),
        (json!({ "name": "x", "description": 1 }), "/description"),
        (json!({ "name": "x", "id": "role_1" }), "/id"),
        (json!({ "name": "x", "type": "User" }), "/type"),
    ] {
        let answer = world.post(PATH, &body).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    assert_eq!(world.items().await, BTreeMap::new());
}

#[tokio::test]
async fn of_many_creators_of_one_name_at_once_exactly_one_wins() {
    let world = World::new().await;
    let bodies =
        ["engineer", "Engineer", "ENGINEER", "engineeR"].map(|name| json!({ "name": name }));

    let answers = join_all(bodies.iter().map(|body| world.post(PATH, body))).await;

    let (won, lost): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!((won.len(), lost.len()), (1, 3));
    for answer in lost {
        answer.problem(422, "organization_role.name_in_use");
    }
    assert_is(&world.get(PATH).await, 200, &json!([won[0].body]));
    consistent_names(&world.items().await);
}

#[tokio::test]
async fn a_creation_that_meets_a_conflict_is_repeated() {
    let world = World::new().await;
    let reasons = ["None", "None", "TransactionConflict"];
    world.wire.next("TransactWriteItems", Fate::canceled(&reasons));

    world.role("Engineer").await;

    assert_eq!(consistent_names(&world.items().await).len(), 1);
}

#[tokio::test]
async fn a_creation_whose_answer_gets_lost_does_not_find_its_own_name_in_use() {
    let world = World::new().await;
    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    world.role("Engineer").await;

    assert_eq!(consistent_names(&world.items().await).len(), 1);
}

#[tokio::test]
async fn a_creation_that_never_arrives_leaves_nothing() {
    let world = World::new().await;
    world.wire.cut_after(0);
    let answer = world.post(PATH, &json!({ "name": "Engineer" })).await;
    world.wire.mend();

    answer.problem(503, "service.unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(world.items().await, BTreeMap::new());
}

#[tokio::test]
async fn a_thousand_roles_fit_and_no_more() {
    let world = World::new().await;
    pretend_count(&world, 998).await;
    let first = world.role("A").await;
    world.role("B").await;
    let before = world.items().await;

    let answer = world.post(PATH, &json!({ "name": "C" })).await;
    assert_eq!(
        answer.problem(422, "organization_roles.limit_reached"),
        "there are already 1000 organization roles, which is the limit: delete one first"
    );
    assert_name_in_use(&world.post(PATH, &json!({ "name": "a" })).await, "a");
    assert_eq!(world.items().await, before);

    let renamed = world.patch(&at(&first), &json!({ "name": "C" })).await;
    assert_is(&renamed, 200, &entity(&first, "C"));
    world.delete(&at(&first)).await;
    world.role("C").await;
    world
        .post(PATH, &json!({ "name": "D" }))
        .await
        .problem(422, "organization_roles.limit_reached");
}

#[tokio::test]
async fn of_two_creators_of_the_thousandth_role_one_wins() {
    let world = World::new().await;
    pretend_count(&world, 999).await;

    let bodies = ["A", "B"].map(|name| json!({ "name": name }));
    let answers = join_all(bodies.iter().map(|body| world.post(PATH, body))).await;

    let mut statuses = answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    assert_eq!(world.get(PATH).await.body.as_array().map(Vec::len), Some(1));
}
