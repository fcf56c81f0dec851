//! The `ETag` of an organization role, and `If-Match` in its changes and its deletion

use axum::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{PATH, at, consistent_names, entity};
use crate::support::{
    Answer, Fate, Logs, MALFORMED, MATCHING, STALE, World, assert_internal, assert_is, refused,
};

/// A world with a role `Engineer` in version 2, and the path of the role.
async fn world() -> (World, String) {
    let world = World::new().await;
    let path = at(&world.role("Engineer").await);
    world.patch(&path, &json!({ "description": "Builds" })).await;
    (world, path)
}

async fn patch(world: &World, path: &str, tag: &str, changes: &Value) -> Answer {
    world.ask(Method::PATCH, path).if_match(tag).json(changes).send().await
}

async fn delete(world: &World, path: &str, tag: &str) -> Answer {
    world.ask(Method::DELETE, path).if_match(tag).send().await
}

fn audited(logs: &Logs) -> usize {
    logs.lines().iter().filter(|line| line["message"] == "audit").count()
}

#[tokio::test]
async fn each_effective_change_raises_the_tag_and_what_changes_nothing_does_not() {
    let world = World::new().await;
    let created = world.post(PATH, &json!({ "name": "Engineer" })).await;
    assert_eq!((created.status.as_u16(), created.header("etag")), (201, "\"1\""));
    let path = at(created.body["id"].as_str().expect("an id"));
    assert_eq!(world.get(&path).await.header("etag"), "\"1\"");
    let mut version = 1;
    for changes in [
        json!({ "name": "ENGINEER" }),
        json!({ "name": "Builder" }),
        json!({ "description": "Builds" }),
        json!({ "description": null }),
        json!({ "name": "Maker", "description": "" }),
    ] {
        version += 1;
        let answer = world.patch(&path, &changes).await;
        let expected = format!("\"{version}\"");
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, &*expected), "{changes}");
        let (before, logs) = (world.items().await, Logs::capture());
        for nothing in [changes, json!({})] {
            for answer in [
                world.patch(&path, &nothing).await,
                patch(&world, &path, &expected, &nothing).await,
            ] {
                assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, &*expected));
            }
        }
        assert_eq!(world.get(&path).await.header("etag"), expected);
        assert_eq!((world.items().await, audited(&logs)), (before, 0));
    }
}

#[tokio::test]
async fn with_a_matching_if_match_the_change_and_the_deletion_are_made() {
    for if_match in MATCHING {
        let (world, path) = world().await;
        let answer = patch(&world, &path, if_match, &json!({ "name": "Builder" })).await;
        assert_eq!(answer.status, 200, "{if_match:?}: {:#}", answer.body);
        assert_eq!((&answer.body["name"], answer.header("etag")), (&json!("Builder"), "\"3\""));

        let (world, path) = self::world().await;
        assert_is(&delete(&world, &path, if_match).await, 204, &Value::Null);
        world.get(&path).await.problem(404, "organization_role.not_found");
    }
}

#[tokio::test]
async fn a_stale_if_match_is_refused_and_nothing_changes_also_if_there_is_nothing_to_change() {
    let (world, path) = world().await;
    world.role("Taken").await;
    let logs = Logs::capture();
    for if_match in STALE {
        for (method, changes) in [
            (Method::PATCH, json!({ "name": "Builder" })),
            // The precondition is checked before the name.
            (Method::PATCH, json!({ "name": "Taken" })),
            (Method::PATCH, json!({ "description": null })),
            (Method::PATCH, json!({ "name": "Engineer" })),
            (Method::PATCH, json!({})),
            (Method::DELETE, Value::Null),
        ] {
            let mut ask = world.ask(method, &path).if_match(if_match);
            if !changes.is_null() {
                ask = ask.json(&changes);
            }
            let answer = refused(&world, ask).await;
            answer.problem(412, "request.precondition_failed");
            assert_eq!(answer.header("etag"), "\"2\"", "{if_match:?} {changes}");
        }
    }
    assert_eq!(audited(&logs), 0);
}

#[tokio::test]
async fn a_malformed_if_match_is_refused() {
    let (world, path) = world().await;
    for if_match in MALFORMED {
        let ask = world.ask(Method::PATCH, &path).if_match(if_match).json(&json!({ "name": "B" }));
        refused(&world, ask).await.problem(400, "request.invalid_if_match");
        let ask = world.ask(Method::DELETE, &path).if_match(if_match);
        refused(&world, ask).await.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn a_deleted_role_is_not_found_whatever_the_tag() {
    let (world, path) = world().await;
    world.delete(&path).await;
    for if_match in ["\"1\"", "\"2\"", "*"] {
        let answer = delete(&world, &path, if_match).await;
        answer.problem(404, "organization_role.not_found");
        let answer = patch(&world, &path, if_match, &json!({ "name": "New" })).await;
        answer.problem(404, "organization_role.not_found");
    }
}

#[tokio::test]
async fn many_callers_at_once_without_a_tag_all_win_and_each_raises_it() {
    let (world, path) = world().await;
    let bodies: Vec<_> =
        (0..30).map(|number| json!({ "description": format!("Text {number}") })).collect();
    let answers = join_all(bodies.iter().map(|body| world.patch(&path, body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
    assert_eq!(world.get(&path).await.header("etag"), "\"32\"");
}

#[tokio::test]
async fn of_two_callers_at_once_with_the_same_tag_one_makes_the_change() {
    for (one, other) in [
        (json!({ "name": "One" }), json!({ "name": "Other" })),
        (json!({ "name": "One" }), json!({ "description": "Other" })),
        (json!({ "description": "One" }), json!({ "description": null })),
        (json!({ "name": "Same" }), json!({ "name": "Same" })),
    ] {
        let (world, path) = world().await;
        let both = join(patch(&world, &path, "\"2\"", &one), patch(&world, &path, "\"2\"", &other));
        let answers = both.await;
        let (won, lost) = if answers.0.status == 200 { answers } else { (answers.1, answers.0) };
        assert_eq!((won.status.as_u16(), won.header("etag")), (200, "\"3\""), "{one} {other}");
        lost.problem(412, "request.precondition_failed");
        assert_eq!(lost.header("etag"), "\"3\"");
        let stored = world.get(&path).await;
        assert_eq!((&stored.body, stored.header("etag")), (&won.body, "\"3\""));
        consistent_names(&world.items().await);
    }
}

#[tokio::test]
async fn of_a_change_and_a_deletion_at_once_with_the_same_tag_one_is_made() {
    for _ in 0..5 {
        let (world, path) = world().await;
        let changes = json!({ "description": "New" });
        let (changed, deleted) =
            join(patch(&world, &path, "\"2\"", &changes), delete(&world, &path, "\"2\"")).await;
        if deleted.status == 204 {
            changed.problem(404, "organization_role.not_found");
        } else {
            deleted.problem(412, "request.precondition_failed");
            assert_eq!((deleted.header("etag"), changed.header("etag")), ("\"3\"", "\"3\""));
        }
        consistent_names(&world.items().await);
    }
}

#[tokio::test]
async fn a_change_between_the_reading_and_the_writing_is_noticed() {
    let (world, path) = world().await;
    let id = path.rsplit('/').next().expect("an id");
    let outdated = Fate::item(&world.item("ROLE", &format!("ROLE#{id}")).await);
    world.patch(&path, &json!({ "description": "Makes" })).await;

    world.wire.next("GetItem", outdated.clone());
    let answer = patch(&world, &path, "\"2\"", &json!({ "name": "Builder" })).await;
    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"3\"");
    world.wire.next("GetItem", outdated.clone());
    let answer = delete(&world, &path, "\"2\"").await;
    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"3\"");

    // Without a tag, both changes are made.
    world.wire.next("GetItem", outdated);
    let answer = world.patch(&path, &json!({ "name": "Builder" })).await;
    let mut expected = entity(id, "Builder");
    expected["description"] = json!("Makes");
    assert_is(&answer, 200, &expected);
    assert_eq!(answer.header("etag"), "\"4\"");
}

#[tokio::test]
async fn a_role_of_an_earlier_release_has_the_first_version() {
    let world = World::new().await;
    let id = world.role("Engineer").await;
    let mut item = world.item("ROLE", &format!("ROLE#{id}")).await;
    item.remove("version").expect("a version");
    world.put_plain(&json!(item)).await;
    assert_eq!(world.get(&at(&id)).await.header("etag"), "\"1\"");

    let changes = json!({ "description": "Builds" });
    patch(&world, &at(&id), "\"2\"", &changes).await.problem(412, "request.precondition_failed");
    let answer = patch(&world, &at(&id), "\"1\"", &changes).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"2\""));

    world.put_plain(&json!(item)).await;
    delete(&world, &at(&id), "\"2\"").await.problem(412, "request.precondition_failed");
    assert_is(&delete(&world, &at(&id), "\"1\"").await, 204, &Value::Null);
}

#[tokio::test]
async fn a_version_that_cannot_be_read_fails_until_a_change_replaces_it() {
    for unreadable in [json!("x"), json!(-1), json!([])] {
        let (world, path) = world().await;
        let id = path.rsplit('/').next().expect("an id");
        let mut item = world.item("ROLE", &format!("ROLE#{id}")).await;
        item.insert("version".to_owned(), unreadable);
        world.put_plain(&json!(item)).await;
        let before = world.items().await;
        assert_internal(&world.get(&path).await);
        assert_internal(&patch(&world, &path, "\"2\"", &json!({ "name": "New" })).await);
        assert_internal(&delete(&world, &path, "\"2\"").await);
        assert_eq!(world.items().await, before);
        assert_eq!(world.get(PATH).await.ids(), [id]);

        let answer = world.patch(&path, &json!({ "name": "New" })).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"1\""));
        assert_is(&world.delete(&path).await, 204, &Value::Null);
    }
}
