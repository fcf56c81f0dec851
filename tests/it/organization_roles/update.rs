//! `PATCH /organization-roles/{organizationRoleId}`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{PATH, assert_name_in_use, at, consistent_names, entity};
use crate::support::{Fate, World, assert_is};

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let world = World::new().await;
    let body = json!({ "name": "Engineer", "description": "Builds" });
    let mut entity = world.post(PATH, &body).await.body;
    let path = at(entity["id"].as_str().expect("an id"));
    world.pass(Duration::from_secs(1));

    for (member, value) in [
        ("name", json!("Builder")),
        ("description", json!("two\nlines")),
        ("description", json!(null)),
        ("description", json!("")),
        ("name", json!("Engineer")),
    ] {
        entity[member] = value.clone();
        assert_is(&world.patch(&path, &json!({ member: value })).await, 200, &entity);
        assert_is(&world.get(&path).await, 200, &entity);
        consistent_names(&world.items().await);
    }
}

#[tokio::test]
async fn a_change_of_nothing_answers_the_role_as_it_is() {
    let world = World::new().await;
    let body = json!({ "name": "Engineer", "description": "Builds" });
    let role = world.post(PATH, &body).await.body;
    let before = world.items().await;

    let answer = world.patch(&at(role["id"].as_str().expect("an id")), &json!({})).await;

    assert_is(&answer, 200, &role);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_role_may_change_the_case_of_its_own_name() {
    let world = World::new().await;
    let id = world.role("straße").await;
    for name in ["STRASSE", "Straße", "Straße"] {
        let answer = world.patch(&at(&id), &json!({ "name": name })).await;
        assert_is(&answer, 200, &entity(&id, name));
        consistent_names(&world.items().await);
    }
    assert_name_in_use(&world.post(PATH, &json!({ "name": "strasse" })).await, "strasse");
}

#[tokio::test]
async fn a_new_name_is_taken_and_the_old_one_free() {
    let world = World::new().await;
    let id = world.role("Old").await;

    world.patch(&at(&id), &json!({ "name": "New" })).await;

    assert_name_in_use(&world.post(PATH, &json!({ "name": "new" })).await, "new");
    world.role("old").await;
    assert_eq!(consistent_names(&world.items().await).len(), 2);
}

#[tokio::test]
async fn a_name_of_another_role_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let id = world.role("A").await;
    world.role("Émile").await;
    let before = world.items().await;

    let changes = json!({ "name": "e\u{301}MILE", "description": "x" });
    assert_name_in_use(&world.patch(&at(&id), &changes).await, "éMILE");

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn bad_changes_are_refused_and_nothing_changes() {
    let world = World::new().await;
    let path = at(&world.role("A").await);
    let before = world.items().await;
    for (body, status, errors) in [
        (json!({ "name": " " }), 422, &[("/name", "name.invalid")][..]),
        (
            json!({ "name": "B", "description": "\0" }),
            422,
            &[("/description", "description.invalid")],
        ),
        (
            json!({ "name": "x".repeat(129), "description": "x".repeat(257) }),
            422,
            &[("/name", "name.invalid"), ("/description", "description.invalid")],
        ),
        (json!({ "name": null }), 400, &[("/name", "request.invalid_body")]),
        (json!({ "name": ["B"] }), 400, &[("/name", "request.invalid_body")]),
        (json!({ "description": 1 }), 400, &[("/description", "request.invalid_body")]),
        (json!({ "id": "B" }), 400, &[("/id", "request.invalid_body")]),
        (json!(["B"]), 400, &[("", "request.invalid_body")]),
    ] {
        let answer = world.patch(&path, &body).await;
        let code = if errors.len() == 1 { errors[0].1 } else { "request.invalid_values" };
        answer.problem(status, code);
        assert_eq!(answer.errors(), errors, "{body}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn two_renames_at_once_of_one_role_both_win_and_leave_one_name() {
    let world = World::new().await;
    let id = world.role("Old").await;

    let names = ["One", "Other"];
    let bodies = names.map(|name| json!({ "name": name }));
    let path = at(&id);
    let answers = join_all(bodies.iter().map(|body| world.patch(&path, body))).await;

    for (answer, name) in answers.iter().zip(names) {
        assert_is(answer, 200, &entity(&id, name));
    }
    let left = consistent_names(&world.items().await);
    assert!(names.contains(&&*left[&id]), "{left:?}");
}

#[tokio::test]
async fn of_two_roles_renamed_at_once_to_one_name_one_wins() {
    let world = World::new().await;
    let ids = [world.role("A").await, world.role("B").await];

    let body = json!({ "name": "C" });
    let paths = ids.each_ref().map(|id| at(id));
    let answers = join_all(paths.iter().map(|path| world.patch(path, &body))).await;

    let (won, lost): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status.as_u16() == 200);
    assert_eq!((won.len(), lost.len()), (1, 1));
    assert_name_in_use(lost[0], "C");
    let names: Vec<_> = consistent_names(&world.items().await).into_values().collect();
    assert!(names == ["A", "C"] || names == ["C", "B"], "{names:?}");
}

/// The present answer of DynamoDB, for a reader who reads before all later changes.
async fn as_it_is_now(world: &World, id: &str) -> Fate {
    Fate::item(&world.item("ROLE", &format!("ROLE#{id}")).await)
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let world = World::new().await;
    let id = world.role("First").await;
    let outdated = as_it_is_now(&world, &id).await;
    world.patch(&at(&id), &json!({ "name": "Second" })).await;

    world.wire.next("GetItem", outdated);
    world.wire.next("TransactWriteItems", Fate::canceled(&["TransactionConflict", "None"]));
    let answer = world.patch(&at(&id), &json!({ "name": "Third" })).await;

    assert_is(&answer, 200, &entity(&id, "Third"));
    consistent_names(&world.items().await);
    world.role("First").await;
    world.role("Second").await;
}

#[tokio::test]
async fn a_rename_does_not_undo_a_new_description_that_it_has_not_seen() {
    let world = World::new().await;
    let id = world.role("Old").await;
    let outdated = as_it_is_now(&world, &id).await;
    world.patch(&at(&id), &json!({ "description": "Builds" })).await;

    world.wire.next("GetItem", outdated);
    let answer = world.patch(&at(&id), &json!({ "name": "New" })).await;

    let mut entity = entity(&id, "New");
    entity["description"] = json!("Builds");
    assert_is(&answer, 200, &entity);
    assert_is(&world.get(&at(&id)).await, 200, &entity);
}

#[tokio::test]
async fn a_role_that_is_deleted_meanwhile_is_not_found_and_stays_deleted() {
    let world = World::new().await;
    let id = world.role("Old").await;
    let outdated = as_it_is_now(&world, &id).await;
    world.delete(&at(&id)).await;
    let before = world.items().await;

    for changes in [json!({ "name": "New" }), json!({ "description": "x" })] {
        world.wire.next("GetItem", outdated.clone());
        world.patch(&at(&id), &changes).await.problem(404, "organization_role.not_found");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_process_killed_at_any_call_leaves_all_or_nothing() {
    let world = World::new().await;
    let id = world.role("Old").await;
    let before = world.items().await;
    for calls in 0..2 {
        world.wire.cut_after(calls);
        let answer = world.patch(&at(&id), &json!({ "name": "New" })).await;
        world.wire.mend();
        answer.problem(503, "service.unavailable");
        assert_eq!(world.items().await, before);
    }

    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    let answer = world.patch(&at(&id), &json!({ "name": "New" })).await;
    assert_is(&answer, 200, &entity(&id, "New"));
    consistent_names(&world.items().await);
}
