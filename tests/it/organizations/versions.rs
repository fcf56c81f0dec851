//! The `ETag` of an organization, and `If-Match` in its changes and its deletion

use std::collections::BTreeSet;

use axum::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::bare;
use crate::support::{
    Answer, Fate, Logs, MALFORMED, MATCHING, STALE, World, assert_internal, assert_is,
    assert_no_organization, refused,
};

const ACME: &str = "/organizations/acme";

/// A world with `acme` in version 2.
async fn world() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world.patch(ACME, &json!({ "description": "Anvils" })).await;
    world
}

async fn patch(world: &World, tag: &str, changes: &Value) -> Answer {
    world.ask(Method::PATCH, ACME).if_match(tag).json(changes).send().await
}

async fn delete(world: &World, tag: &str) -> Answer {
    world.ask(Method::DELETE, ACME).if_match(tag).send().await
}

async fn tag(world: &World) -> String {
    let answer = world.get(ACME).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer.header("etag").to_owned()
}

fn audited(logs: &Logs) -> usize {
    logs.lines().iter().filter(|line| line["message"] == "audit").count()
}

#[tokio::test]
async fn each_effective_change_raises_the_tag_and_what_changes_nothing_does_not() {
    let world = World::new().await;
    let created = world.post("/organizations", &json!({ "id": "acme", "name": "acme" })).await;
    assert_eq!((created.status.as_u16(), created.header("etag")), (201, "\"1\""));
    assert_eq!(tag(&world).await, "\"1\"");
    let mut version = 1;
    for changes in [
        json!({ "name": "Acme" }),
        json!({ "name": "ACME", "description": "Anvils" }),
        json!({ "customData": { "plan": "gold" } }),
        json!({ "customData": { "plan": "silver" } }),
        json!({ "description": null }),
        json!({ "name": "Acme", "description": "", "customData": {} }),
    ] {
        version += 1;
        let answer = world.patch(ACME, &changes).await;
        let expected = format!("\"{version}\"");
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, &*expected), "{changes}");
        let (before, logs) = (world.items().await, Logs::capture());
        for nothing in [changes, json!({})] {
            for answer in
                [world.patch(ACME, &nothing).await, patch(&world, &expected, &nothing).await]
            {
                assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, &*expected));
            }
        }
        assert_eq!(tag(&world).await, expected);
        assert_eq!((world.items().await, audited(&logs)), (before, 0));
    }
}

#[tokio::test]
async fn with_a_matching_if_match_the_change_and_the_deletion_are_made() {
    for if_match in MATCHING {
        let world = world().await;
        let answer = patch(&world, if_match, &json!({ "customData": { "a": 1 } })).await;
        assert_eq!(answer.status, 200, "{if_match:?}: {:#}", answer.body);
        assert_eq!(answer.header("etag"), "\"3\"");
        assert_eq!(answer.body["customData"], json!({ "a": 1 }));

        let world = self::world().await;
        assert_is(&delete(&world, if_match).await, 204, &Value::Null);
        assert_no_organization(&world.get(ACME).await, "acme", if_match);
    }
}

#[tokio::test]
async fn a_stale_if_match_is_refused_and_nothing_changes_also_if_there_is_nothing_to_change() {
    let world = world().await;
    let logs = Logs::capture();
    for if_match in STALE {
        for (method, changes) in [
            (Method::PATCH, json!({ "name": "New" })),
            (Method::PATCH, json!({ "customData": { "a": 1 } })),
            (Method::PATCH, json!({ "name": "acme" })),
            (Method::PATCH, json!({})),
            (Method::DELETE, Value::Null),
        ] {
            let mut ask = world.ask(method, ACME).if_match(if_match);
            if !changes.is_null() {
                ask = ask.json(&changes);
            }
            let answer = refused(&world, ask).await;
            assert_eq!(
                answer.problem(412, "request.precondition_failed"),
                "what you change does not have the version that `If-Match` names, because it was \
                 changed or the tag is not one of its own: read it again, and repeat the request \
                 with its `ETag` as it came"
            );
            assert_eq!(answer.header("etag"), "\"2\"", "{if_match:?} {changes}");
        }
    }
    assert_eq!(audited(&logs), 0);
}

#[tokio::test]
async fn a_malformed_if_match_is_refused() {
    let world = world().await;
    for if_match in MALFORMED {
        let ask = world.ask(Method::PATCH, ACME).if_match(if_match).json(&json!({ "name": "New" }));
        refused(&world, ask).await.problem(400, "request.invalid_if_match");
        let ask = world.ask(Method::DELETE, ACME).if_match(if_match);
        refused(&world, ask).await.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn a_deleted_organization_is_not_found_by_a_change_and_deleted_again_whatever_the_tag() {
    let world = world().await;
    for if_match in ["\"1\"", "\"2\"", "*"] {
        let path = "/organizations/nobody";
        let ask = world.ask(Method::DELETE, path).if_match(if_match);
        assert_no_organization(&refused(&world, ask).await, "nobody", if_match);
    }
    assert_is(&delete(&world, "\"2\"").await, 204, &Value::Null);
    let (before, logs) = (world.items().await, Logs::capture());
    for if_match in MATCHING.into_iter().chain(STALE) {
        assert_is(&delete(&world, if_match).await, 204, &Value::Null);
        let answer = patch(&world, if_match, &json!({ "name": "New" })).await;
        assert_no_organization(&answer, "acme", if_match);
    }
    assert_eq!((world.items().await, audited(&logs)), (before, 0));
}

#[tokio::test]
async fn of_two_callers_at_once_with_the_same_tag_one_makes_the_change() {
    for (one, other) in [
        (json!({ "name": "One" }), json!({ "name": "Other" })),
        (json!({ "name": "One" }), json!({ "description": "Other" })),
        (json!({ "customData": { "a": 1 } }), json!({ "customData": { "b": 1 } })),
        (json!({ "customData": { "a": 1 } }), json!({ "name": "Other" })),
        (json!({ "name": "Same" }), json!({ "name": "Same" })),
    ] {
        let world = world().await;
        let answers = join(patch(&world, "\"2\"", &one), patch(&world, "\"2\"", &other)).await;
        let (won, lost) = if answers.0.status == 200 { answers } else { (answers.1, answers.0) };
        assert_eq!((won.status.as_u16(), won.header("etag")), (200, "\"3\""), "{one} {other}");
        lost.problem(412, "request.precondition_failed");
        assert_eq!(lost.header("etag"), "\"3\"");
        let stored = world.get(ACME).await;
        assert_eq!((&stored.body, stored.header("etag")), (&won.body, "\"3\""));
    }
}

#[tokio::test]
async fn of_a_change_and_a_deletion_at_once_with_the_same_tag_one_is_made() {
    for _ in 0..5 {
        let world = world().await;
        let changes = json!({ "name": "New" });
        let (changed, deleted) =
            join(patch(&world, "\"2\"", &changes), delete(&world, "\"2\"")).await;
        if deleted.status == 204 {
            assert_no_organization(&changed, "acme", "the change");
            assert_no_organization(&world.get(ACME).await, "acme", "a reading");
        } else {
            deleted.problem(412, "request.precondition_failed");
            assert_eq!((deleted.header("etag"), changed.header("etag")), ("\"3\"", "\"3\""));
            assert_eq!(world.get(ACME).await.body["name"], "New");
        }
    }
}

#[tokio::test]
async fn many_callers_at_once_without_a_tag_all_win_and_each_raises_it() {
    let world = World::new().await;
    world.organization("acme").await;
    let bodies: Vec<_> =
        (0..30).map(|number| json!({ "name": format!("Name {number}") })).collect();
    let answers = join_all(bodies.iter().map(|body| world.patch(ACME, body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
    assert_eq!(tag(&world).await, "\"31\"");
    // Each caller hears of its own change, whoever came after it.
    let mut tags = BTreeSet::new();
    for (answer, body) in answers.iter().zip(&bodies) {
        assert_eq!(answer.body["name"], body["name"]);
        tags.insert(answer.header("etag"));
    }
    assert_eq!(tags.len(), 30);
}

/// Another caller changes the organization while the first one's write is under way.
fn overtaken_by(world: &World, changes: shared::store::OrganizationChanges) -> Fate {
    let store = world.store();
    Fate::overtaken(async move {
        let acme = shared::domain::ids::OrganizationId::parse("acme").expect("an id");
        let any = shared::domain::version::Precondition::None;
        let updated = store.update_organization(&acme, &changes, &any).await;
        assert!(updated.expect("the store works").is_changed);
    })
}

fn renamed(name: &str) -> shared::store::OrganizationChanges {
    let name = shared::domain::text::Name::parse(name).expect("a name");
    shared::store::OrganizationChanges { name: Some(name), ..Default::default() }
}

#[tokio::test]
async fn a_change_between_the_reading_and_the_writing_is_noticed() {
    let world = world().await;
    world.wire.next("TransactWriteItems", overtaken_by(&world, renamed("Second")));
    let answer = patch(&world, "\"2\"", &json!({ "customData": { "a": 1 } })).await;
    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"3\"");

    world.wire.next("TransactWriteItems", overtaken_by(&world, renamed("Third")));
    let answer = delete(&world, "\"3\"").await;
    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"4\"");

    // Without a tag, both changes are made.
    world.wire.next("TransactWriteItems", overtaken_by(&world, renamed("Fourth")));
    let answer = world.patch(ACME, &json!({ "customData": { "a": 1 } })).await;
    let mut expected = bare("acme", "Fourth");
    expected["description"] = json!("Anvils");
    expected["customData"] = json!({ "a": 1 });
    assert_is(&answer, 200, &expected);
    assert_eq!(answer.header("etag"), "\"6\"");
}

#[tokio::test]
async fn the_tag_of_an_answer_is_that_of_what_it_shows() {
    let world = world().await;
    world.wire.next("TransactGetItems", Fate::undisturbed());
    world.wire.next("TransactGetItems", overtaken_by(&world, renamed("Later")));
    for (answer, name, tag) in [
        (patch(&world, "\"2\"", &json!({ "name": "New" })).await, "New", "\"3\""),
        (world.get(ACME).await, "Later", "\"4\""),
    ] {
        let found = (answer.status.as_u16(), &answer.body["name"], answer.header("etag"));
        assert_eq!(found, (200, &json!(name), tag));
    }
}

#[tokio::test]
async fn a_change_whose_answer_gets_lost_is_made_once() {
    let world = world().await;
    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    let answer = patch(&world, "\"2\"", &json!({ "name": "New" })).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"3\""));
    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    assert_is(&delete(&world, "\"3\"").await, 204, &Value::Null);
}

#[tokio::test]
async fn domains_default_roles_and_members_do_not_change_the_tag_and_it_does_not_change_theirs() {
    let world = world().await;
    let role = world.role("Engineer").await;
    world.domains("acme", &["acme.com"]).await;
    world.default_roles("acme", &[&role]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.delete("/organizations/acme/users/jane").await;
    assert_eq!(tag(&world).await, "\"2\"");

    let answer = patch(&world, "\"2\"", &json!({ "name": "New", "customData": { "a": 1 } })).await;

    assert_eq!(answer.header("etag"), "\"3\"");
    for list in ["email-domains", "roles"] {
        let answer = world.get(&format!("{ACME}/jit/{list}")).await;
        assert_eq!(answer.header("etag"), "\"2\"", "{list}");
    }
}

#[tokio::test]
async fn an_organization_of_an_earlier_release_has_the_first_version() {
    for (tag, outcome) in [("\"1\"", 200), ("\"2\"", 412), ("\"0\"", 412), ("\"\"", 412)] {
        let world = World::new().await;
        world.organization("acme").await;
        let mut item = world.item("ORG#acme", "ORG").await;
        item.remove("version").expect("a version");
        world.put_plain(&json!(item)).await;
        assert_eq!(self::tag(&world).await, "\"1\"");

        let changes = [1, 2].map(|number| json!({ "customData": { "a": number } }));
        let (one, other) =
            join(patch(&world, tag, &changes[0]), patch(&world, tag, &changes[1])).await;

        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [outcome, 412], "{tag}");
        let now = if outcome == 200 { "\"2\"" } else { "\"1\"" };
        assert_eq!(self::tag(&world).await, now);
        delete(&world, "\"7\"").await.problem(412, "request.precondition_failed");
        assert_is(&delete(&world, now).await, 204, &Value::Null);
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_read_fails_until_a_change_replaces_it() {
    for unreadable in [json!("x"), json!(-1), json!(1.5), json!([])] {
        let world = world().await;
        let mut item = world.item("ORG#acme", "ORG").await;
        item.insert("version".to_owned(), unreadable);
        world.put_plain(&json!(item)).await;
        let before = world.items().await;
        assert_internal(&world.get(ACME).await);
        assert_internal(&patch(&world, "\"2\"", &json!({ "name": "New" })).await);
        assert_internal(&delete(&world, "\"2\"").await);
        assert_eq!(world.items().await, before);
        assert_eq!(world.get("/organizations").await.ids(), ["acme"]);

        let answer = world.patch(ACME, &json!({ "name": "New" })).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"1\""));

        world.put_plain(&json!(item)).await;
        assert_is(&world.delete(ACME).await, 204, &Value::Null);
    }
}
