//! `/organization-roles`

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Answer, Fate, Item, World};

const PATH: &str = "/organization-roles";
const START: &str = "2026-01-01T00:00:00.000Z";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// A role without a description.
fn entity(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "description": null, "createdAt": START })
}

#[track_caller]
fn assert_is(answer: &Answer, status: u16, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, body));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn assert_name_in_use(answer: &Answer, name: &str) {
    assert_eq!(
        answer.problem(422, "organization_role.name_in_use"),
        format!("an organization role is already called `{name}`: names differ by more than case")
    );
}

/// Asserts what must hold at every instant: each role holds one name, no name is held by anything
/// else, and the count is right. Answers the roles' names by id.
#[track_caller]
fn consistent_names(items: &BTreeMap<(String, String), Item>) -> BTreeMap<String, String> {
    let text = |item: &Item, name: &str| item[name].as_str().expect("text").to_owned();
    let roles: BTreeMap<_, _> = items
        .iter()
        .filter_map(|((_, sk), item)| {
            Some((sk.strip_prefix("ROLE#")?.to_owned(), text(item, "name")))
        })
        .collect();
    let mut holders: Vec<_> = items
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("ROLENAME#"))
        .map(|(_, item)| text(item, "roleId"))
        .collect();
    holders.sort_unstable();
    assert!(holders.iter().eq(roles.keys()), "{holders:?} {roles:?}");
    let count = items.get(&("ROLE".to_owned(), "COUNT".to_owned()));
    assert_eq!(count.map_or(json!(0), |item| item["count"].clone()), json!(roles.len()));
    roles
}

/// Says how many roles there are, whatever is true.
async fn pretend_count(world: &World, count: u32) {
    world
        .put_item(&[
            ("pk", AttributeValue::S("ROLE".to_owned())),
            ("sk", AttributeValue::S("COUNT".to_owned())),
            ("count", AttributeValue::N(count.to_string())),
        ])
        .await;
}

mod creating {
    use super::*;

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
    async fn texts_that_are_none_are_refused_all_at_once_and_nothing_is_created() {
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
    async fn a_conflict_is_not_a_name_in_use() {
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
            "there are 1000 organization roles already, the most that can be: delete one first"
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
}

mod listing {
    use super::*;

    /// A page: status, total, names, links.
    fn page(answer: &Answer) -> (u16, &str, Vec<&str>, &str) {
        let roles = answer.body.as_array().map_or(&[][..], Vec::as_slice);
        let names = roles.iter().map(|role| role["name"].as_str().expect("a name")).collect();
        (answer.status.as_u16(), answer.header("total-number"), names, answer.header("link"))
    }

    fn links(links: &[(u32, u32, &str)]) -> String {
        let one = |(page, size, relation): &(u32, u32, &str)| {
            format!("<http://usher.example{PATH}?page={page}&page_size={size}>; rel=\"{relation}\"")
        };
        links.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[tokio::test]
    async fn no_roles_are_an_empty_list() {
        let world = World::new().await;
        assert_eq!(page(&world.get(PATH).await), (200, "", vec![], ""));
        assert_eq!(
            page(&world.get(&format!("{PATH}?page=1")).await),
            (200, "0", vec![], &*links(&[(1, 20, "first"), (1, 20, "last")]))
        );
    }

    #[tokio::test]
    async fn roles_are_in_the_order_of_their_folded_names() {
        let world = World::new().await;
        for name in ["Émile", "beta", "Acme Inc.", "acme", "Zeta", "ALPHA"] {
            world.role(name).await;
        }
        assert_eq!(
            page(&world.get(PATH).await).2,
            ["acme", "Acme Inc.", "ALPHA", "beta", "Zeta", "Émile"]
        );
    }

    #[tokio::test]
    async fn pages_are_cut_and_linked() {
        let world = World::new().await;
        let names: Vec<_> = (0..23).map(|number| format!("Role {number:02}")).collect();
        for name in names.iter().rev() {
            world.role(name).await;
        }
        let cases = [
            ("page=1", 0..20, &[(1, 20, "first"), (2, 20, "next"), (2, 20, "last")][..]),
            ("page_size=23", 0..23, &[(1, 23, "first"), (1, 23, "last")]),
            (
                "page=2&page_size=10",
                10..20,
                &[(1, 10, "first"), (1, 10, "prev"), (3, 10, "next"), (3, 10, "last")],
            ),
            ("page=3&page_size=10", 20..23, &[(1, 10, "first"), (2, 10, "prev"), (3, 10, "last")]),
            (
                "page=4294967295&page_size=100",
                23..23,
                &[(1, 100, "first"), (1, 100, "prev"), (1, 100, "last")],
            ),
        ];
        for (query, shown, relations) in cases {
            let answer = world.get(&format!("{PATH}?{query}")).await;
            let shown = names[shown].iter().map(String::as_str).collect();
            assert_eq!(page(&answer), (200, "23", shown, &*links(relations)), "{query}");
        }
        let everything = names.iter().map(String::as_str).collect();
        assert_eq!(page(&world.get(PATH).await), (200, "", everything, ""));
    }

    #[tokio::test]
    async fn page_values_that_are_no_whole_numbers_in_range_are_refused() {
        let world = World::new().await;
        for value in ["", "0", "-1", "%2B1", "1.5", "x", "%00", "4294967296"] {
            let answer = world.get(&format!("{PATH}?page={value}")).await;
            answer.problem(400, "request.invalid_page");
            let answer = world.get(&format!("{PATH}?page_size={value}")).await;
            answer.problem(400, "request.invalid_page_size");
        }
        let answer = world.get(&format!("{PATH}?page_size=101")).await;
        answer.problem(400, "request.invalid_page_size");
    }

    #[tokio::test]
    async fn a_list_is_whole_even_if_the_table_gives_it_in_parts() {
        let world = World::new().await;
        let text = |value: &str| AttributeValue::S(value.to_owned());
        // Four of these are more than the megabyte that one Query answers.
        let padding = "x".repeat(300_000);
        for number in 0..8 {
            world
                .put_item(&[
                    ("pk", text("ROLE")),
                    ("sk", text(&format!("ROLE#role_{number}"))),
                    ("name", text(&format!("Role {number}"))),
                    ("createdAt", text(START)),
                    ("padding", text(&padding)),
                ])
                .await;
        }
        world.wire.traffic();

        let answer = world.get(PATH).await;

        assert_eq!(world.wire.traffic().operations, ["Query", "Query", "Query"]);
        let expected: Vec<_> = (0..8).map(|number| format!("Role {number}")).collect();
        assert_eq!(page(&answer).2, expected);
    }
}

mod changing {
    use super::*;

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

    /// What DynamoDB answers a reader who was there before every change.
    fn outdated(id: &str, name: &str) -> Fate {
        let item = json!({
            "pk": { "S": "ROLE" },
            "sk": { "S": format!("ROLE#{id}") },
            "name": { "S": name },
            "createdAt": { "S": START },
        });
        Fate::Reply { status: 200, body: json!({ "Item": item }) }
    }

    #[tokio::test]
    async fn a_lost_race_is_run_again() {
        let world = World::new().await;
        let id = world.role("First").await;
        world.patch(&at(&id), &json!({ "name": "Second" })).await;

        world.wire.next("GetItem", outdated(&id, "First"));
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
        world.patch(&at(&id), &json!({ "description": "Builds" })).await;

        world.wire.next("GetItem", outdated(&id, "Old"));
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
        world.delete(&at(&id)).await;
        let before = world.items().await;

        for changes in [json!({ "name": "New" }), json!({ "description": "x" }), json!({})] {
            world.wire.next("GetItem", outdated(&id, "Old"));
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
}

mod deleting {
    use super::*;

    #[tokio::test]
    async fn a_deleted_role_is_gone_and_its_name_free() {
        let world = World::new().await;
        world.role("Other").await;
        let mut expected = world.items().await;
        let id = world.role("Engineer").await;

        let answer = world.delete(&at(&id)).await;

        assert_is(&answer, 204, &Value::Null);
        assert_eq!(world.items().await, expected);
        world.get(&at(&id)).await.problem(404, "organization_role.not_found");
        world.delete(&at(&id)).await.problem(404, "organization_role.not_found");
        assert_eq!(world.items().await, expected);
        let again = world.role("ENGINEER").await;
        assert_ne!(again, id);
        expected = world.items().await;
        assert_eq!(consistent_names(&expected).len(), 2);
    }

    #[tokio::test]
    async fn a_deleted_role_is_gone_from_default_roles_and_memberships() {
        let world = World::new().await;
        world.organization("acme").await;
        world.domains("acme", &["acme.com"]).await;
        let (kept, gone) = (world.role("Kept").await, world.role("Gone").await);
        let roles = json!({ "organizationRoleIds": [kept, gone] });
        world.put("/organizations/acme/jit/roles", &roles).await;
        world.sign_up("before", "before@acme.com").await;

        world.delete(&at(&gone)).await;
        world.sign_up("after", "after@acme.com").await;

        let listed = world.get("/organizations/acme/jit/roles").await;
        assert_eq!(listed.body, json!([entity(&kept, "Kept")]));
        for user in ["before", "after"] {
            let memberships = world.get(&format!("/users/{user}/organizations")).await;
            let held = json!([{ "id": kept, "name": "Kept" }]);
            assert_eq!(memberships.body[0]["organizationRoles"], held, "{user}");
        }
    }

    #[tokio::test]
    async fn of_two_deletions_at_once_one_finds_the_role() {
        let world = World::new().await;
        let path = at(&world.role("Engineer").await);

        let (one, other) = join(world.delete(&path), world.delete(&path)).await;

        let (won, lost) = if one.status.as_u16() == 204 { (one, other) } else { (other, one) };
        assert_is(&won, 204, &Value::Null);
        lost.problem(404, "organization_role.not_found");
        assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
    }

    #[tokio::test]
    async fn a_rename_and_a_deletion_at_once_leave_no_name() {
        for _ in 0..5 {
            let world = World::new().await;
            let path = at(&world.role("Old").await);

            let body = json!({ "name": "New" });
            let (renamed, deleted) = join(world.patch(&path, &body), world.delete(&path)).await;

            assert_is(&deleted, 204, &Value::Null);
            if renamed.status.as_u16() != 200 {
                renamed.problem(404, "organization_role.not_found");
            }
            assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
        }
    }

    #[tokio::test]
    async fn a_deletion_whose_answer_gets_lost_does_not_miss_what_it_has_deleted() {
        let world = World::new().await;
        let path = at(&world.role("Engineer").await);
        let canceled = ["ConditionalCheckFailed", "None", "None"];
        world.wire.next("TransactWriteItems", Fate::canceled(&canceled));
        world.wire.next("TransactWriteItems", Fate::AnswerLost);

        assert_is(&world.delete(&path).await, 204, &Value::Null);

        assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
    }
}

#[tokio::test]
async fn nothing_is_where_no_role_is_and_asking_leaves_nothing_behind() {
    let world = World::new().await;
    let gone = world.role("Gone").await;
    world.role("Other").await;
    world.delete(&at(&gone)).await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in [
        ("role_0", "role_0"),
        (&*gone, &*gone),
        ("COUNT", "COUNT"),
        ("a%20b", "a b"),
        ("%C3%A9", "é"),
        ("%00", "\u{fffd}"),
        (&too_long, &too_long),
    ] {
        let path = at(id);
        for answer in [
            world.get(&path).await,
            world.patch(&path, &json!({})).await,
            world.patch(&path, &json!({ "name": "x" })).await,
            world.delete(&path).await,
        ] {
            assert_eq!(
                answer.problem(404, "organization_role.not_found"),
                format!(
                    "there is no organization role `{shown}`: check the id, or create it with \
                     POST /organization-roles"
                )
            );
        }
    }
    world.get(&at("%FF")).await.problem(400, "request.invalid_path");
    let answer = world.ask(Method::PUT, PATH).send().await;
    answer.problem(405, "request.method_not_allowed");
    assert_eq!(answer.header("allow"), "POST,GET,HEAD");
    assert_eq!(world.items().await, before);
}
