//! `/organizations`

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Answer, Fate, Item, World};

const START: &str = "2026-01-01T00:00:00.000Z";

/// An organization that has nothing but its name.
fn bare(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "description": null, "customData": {}, "createdAt": START })
}

#[track_caller]
fn assert_is(answer: &Answer, status: u16, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, body));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn assert_done(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
}

/// What a deleted organization leaves: its id, and when.
fn tombstone(id: &str) -> ((String, String), Item) {
    let key = (format!("ORG#{id}"), "ORG".to_owned());
    let item = [("pk", &*key.0), ("sk", &*key.1), ("deletedAt", START)]
        .map(|(name, value)| (name.to_owned(), json!(value)));
    (key, BTreeMap::from(item))
}

/// The text of an answer's body, through the function's own event: parsing would change it.
async fn body_text(world: &World, method: &str, path: &str, body: &str) -> String {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": "usher.example", "content-type": "application/json" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "usher.example",
            "domainPrefix": "usher",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_u64,
        },
        "body": body,
        "isBase64Encoded": false,
    });
    let answer = world.invoke("organizations", &event).await;
    answer["body"].as_str().expect("text").to_owned()
}

mod creating {
    use super::*;

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
    async fn everything_that_is_wrong_is_said_at_once() {
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
}

mod texts {
    use super::*;

    #[tokio::test]
    async fn names_are_composed_and_without_white_space_around_them() {
        let world = World::new().await;
        let repeated = |text: &str| text.repeat(128);
        for (name, kept) in [
            ("A", "A".to_owned()),
            ("#", "#".to_owned()),
            (" \t Acme  Inc. \r\n", "Acme  Inc.".to_owned()),
            ("\u{3000}Acme\u{a0}\u{85}", "Acme".to_owned()),
            ("A\u{30a}ngstro\u{308}m", "Ångström".to_owned()),
            ("\u{212b}", "Å".to_owned()),
            ("\u{ac00}\u{11a8}", "각".to_owned()),
            (&repeated("x"), repeated("x")),
            (&repeated("e\u{301}"), repeated("é")),
            (&repeated("😀"), repeated("😀")),
            // Folded, these become longer.
            (&repeated("ᾷ"), repeated("ᾷ")),
            (&repeated("ﬃ"), repeated("ﬃ")),
            (&format!(" {} ", repeated("ß")), repeated("ß")),
        ] {
            let created = world.post("/organizations", &json!({ "name": name })).await;
            let id = created.body["id"].as_str().unwrap_or_default();
            assert_is(&created, 201, &bare(id, &kept));
            let path = format!("/organizations/{id}");
            assert_is(&world.get(&path).await, 200, &bare(id, &kept));

            world.patch(&path, &json!({ "name": "x" })).await;
            let renamed = world.patch(&path, &json!({ "name": name })).await;
            assert_is(&renamed, 200, &bare(id, &kept));
        }
    }

    #[tokio::test]
    async fn names_that_are_none_are_refused_and_nothing_changes() {
        let world = World::new().await;
        world.organization("acme").await;
        let before = world.items().await;
        let too_long = "it is too long: send at most 128 characters";
        let empty = "it is empty: send at least one visible character";
        let control =
            |number: &str| format!("it contains the control character U+{number}: send it without");
        for (name, reason) in [
            (String::new(), empty.to_owned()),
            ("   ".to_owned(), empty.to_owned()),
            ("\u{3000}\u{2003}\t\r\n".to_owned(), empty.to_owned()),
            ("x".repeat(129), too_long.to_owned()),
            ("é".repeat(129), too_long.to_owned()),
            ("x".repeat(500_000), too_long.to_owned()),
            ("a\0b".to_owned(), control("0000")),
            ("a\nb".to_owned(), control("000A")),
            ("a\tb".to_owned(), control("0009")),
            ("\u{1b}[31mred".to_owned(), control("001B")),
            ("a\u{7f}".to_owned(), control("007F")),
            ("a\u{85}b".to_owned(), control("0085")),
            ("\u{9f}".to_owned(), control("009F")),
        ] {
            for answer in [
                world.post("/organizations", &json!({ "name": name })).await,
                world.patch("/organizations/acme", &json!({ "name": name })).await,
            ] {
                assert_eq!(
                    answer.problem(422, "name.invalid"),
                    format!("the name cannot be accepted, because {reason}")
                );
                assert_eq!(answer.errors(), [("/name", "name.invalid")]);
            }
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn descriptions_are_kept_changed_and_cleared() {
        let world = World::new().await;
        world.organization("acme").await;
        let longest = "ü".repeat(256);
        for (description, kept) in [
            (json!("Anvils"), json!("Anvils")),
            (json!(""), json!("")),
            (json!(" \n "), json!("")),
            (json!(null), json!(null)),
            (json!(" two\r\nlines\tand a tab "), json!("two\r\nlines\tand a tab")),
            (json!("u\u{308}".repeat(256)), json!(longest)),
            (json!(longest), json!(longest)),
        ] {
            let mut entity = bare("acme", "acme");
            entity["description"] = kept.clone();
            let changes = json!({ "description": description });
            assert_is(&world.patch("/organizations/acme", &changes).await, 200, &entity);
            assert_is(&world.get("/organizations/acme").await, 200, &entity);

            let creation = json!({ "name": "x", "description": description });
            let created = world.post("/organizations", &creation).await;
            assert_eq!((created.status.as_u16(), &created.body["description"]), (201, &kept));
        }
    }

    #[tokio::test]
    async fn descriptions_that_are_none_are_refused_and_nothing_changes() {
        let world = World::new().await;
        world.organization("acme").await;
        let before = world.items().await;
        for description in [&*"x".repeat(257), &"ü".repeat(257), "a\0b", "a\u{b}b", "\u{7f}"] {
            for answer in [
                world
                    .post("/organizations", &json!({ "name": "x", "description": description }))
                    .await,
                world.patch("/organizations/acme", &json!({ "description": description })).await,
            ] {
                answer.problem(422, "description.invalid");
                assert_eq!(answer.errors(), [("/description", "description.invalid")]);
            }
        }
        assert_eq!(world.items().await, before);
    }
}

mod custom_data {
    use super::*;

    /// Nothing that parses and prints JSON would leave this as it is.
    const LETTER: &str = concat!(
        r#"{ "z":1,"a" : [1e999, -0, 1.50, 12345678901234567890123456789.10],"#,
        r#" "text":"\u00e9\/é", "a":null, "": {} }"#
    );

    #[tokio::test]
    async fn it_is_kept_to_the_letter() {
        let world = World::new().await;
        let entity = format!(
            r#"{{"id":"acme","name":"Acme","description":null,"customData":{LETTER},"createdAt":"{START}"}}"#
        );

        let body = format!(r#"{{"id":"acme","name":"Acme","customData":  {LETTER}  }}"#);
        assert_eq!(body_text(&world, "POST", "/organizations", &body).await, entity);
        assert_eq!(body_text(&world, "GET", "/organizations/acme", "").await, entity);
        assert_eq!(body_text(&world, "PATCH", "/organizations/acme", "{}").await, entity);
        assert_eq!(body_text(&world, "GET", "/organizations", "").await, format!("[{entity}]"));

        world.patch("/organizations/acme", &json!({ "customData": { "other": 1 } })).await;
        let body = format!(r#"{{"customData":{LETTER}}}"#);
        assert_eq!(body_text(&world, "PATCH", "/organizations/acme", &body).await, entity);
    }

    #[tokio::test]
    async fn it_is_replaced_whole_and_only_where_it_is_given() {
        let world = World::new().await;
        let body = json!({ "id": "acme", "name": "Acme", "customData": { "a": 1, "b": 2 } });
        world.post("/organizations", &body).await;

        for (changes, custom_data) in [
            (json!({ "name": "Acme" }), json!({ "a": 1, "b": 2 })),
            (json!({ "customData": { "b": { "c": [3] } } }), json!({ "b": { "c": [3] } })),
            (json!({ "customData": {} }), json!({})),
        ] {
            let mut entity = bare("acme", "Acme");
            entity["customData"] = custom_data;
            assert_is(&world.patch("/organizations/acme", &changes).await, 200, &entity);
            assert_is(&world.get("/organizations/acme").await, 200, &entity);
        }
    }

    #[tokio::test]
    async fn only_objects_are_accepted() {
        let world = World::new().await;
        world.organization("acme").await;
        let before = world.items().await;
        for custom_data in [json!(null), json!([]), json!("{}"), json!(1), json!(true)] {
            for answer in [
                world
                    .post("/organizations", &json!({ "name": "x", "customData": custom_data }))
                    .await,
                world.patch("/organizations/acme", &json!({ "customData": custom_data })).await,
            ] {
                answer.problem(422, "custom_data.not_an_object");
                let errors = [("/customData", "custom_data.not_an_object")];
                assert_eq!(answer.errors(), errors, "{custom_data}");
            }
        }
        assert_eq!(world.items().await, before);
    }

    /// An object whose text has so many bytes.
    fn of_size(bytes: usize) -> Value {
        json!({ "é": "x".repeat(bytes - r#"{"é":""}"#.len()) })
    }

    #[tokio::test]
    async fn eight_kilobytes_fit_and_no_more() {
        let world = World::new().await;
        world.organization("acme").await;

        let largest = of_size(8192);
        assert_eq!(largest.to_string().len(), 8192);
        let answer = world.patch("/organizations/acme", &json!({ "customData": largest })).await;
        assert_eq!((answer.status.as_u16(), &answer.body["customData"]), (200, &largest));
        let before = world.items().await;

        for custom_data in [of_size(8193), of_size(900_000)] {
            for answer in [
                world
                    .post("/organizations", &json!({ "name": "x", "customData": custom_data }))
                    .await,
                world.patch("/organizations/acme", &json!({ "customData": custom_data })).await,
            ] {
                assert_eq!(
                    answer.problem(422, "custom_data.too_large"),
                    "the custom data cannot be accepted, because it is too large: send at most \
                     8192 bytes of JSON text"
                );
            }
        }
        assert_eq!(world.items().await, before);
    }

    /// An object with so many levels, itself the first.
    fn of_depth(levels: usize) -> String {
        let (open, close) = (r#"{"[\"]":["#, "]}");
        let pairs = levels / 2;
        let innermost = if levels % 2 == 1 { "{}" } else { r#""[[[[""# };
        format!("{}{innermost}{}", open.repeat(pairs), close.repeat(pairs))
    }

    #[tokio::test]
    async fn thirty_two_levels_fit_and_no_more() {
        let world = World::new().await;
        world.organization("acme").await;
        let patch = |levels: usize| {
            let body = format!(r#"{{"customData": {}}}"#, of_depth(levels));
            let ask = world.ask(Method::PATCH, "/organizations/acme");
            ask.header("content-type", "application/json").raw(body).send()
        };

        for levels in [2, 31, 32] {
            let answer = patch(levels).await;
            let kept: Value = serde_json::from_str(&of_depth(levels)).expect("JSON");
            assert_eq!((answer.status.as_u16(), &answer.body["customData"]), (200, &kept));
        }
        let before = world.items().await;
        for levels in [33, 34, 200, 1_000] {
            let answer = patch(levels).await;
            assert_eq!(
                answer.problem(422, "custom_data.too_deep"),
                "the custom data cannot be accepted, because it is nested too deeply: send at \
                 most 32 levels of objects and arrays"
            );
            assert_eq!(answer.errors(), [("/customData", "custom_data.too_deep")]);
        }
        patch(80_000).await.problem(422, "custom_data.too_large");
        let unclosed = format!(r#"{{"customData": {}"#, "[".repeat(1_000_000));
        let ask = world.ask(Method::PATCH, "/organizations/acme");
        let answer = ask.header("content-type", "application/json").raw(unclosed).send().await;
        answer.problem(400, "request.malformed_json");
        assert_eq!(world.items().await, before);
    }
}

mod changing {
    use super::*;

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
        let roles = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/jit/roles", &roles).await;
        let lists =
            ["email-domains", "roles"].map(|list| format!("/organizations/acme/jit/{list}"));
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
    async fn several_violations_are_said_at_once_and_nothing_changes() {
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
}

#[tokio::test]
async fn nothing_is_where_no_organization_is_and_asking_leaves_nothing_behind() {
    let world = World::new().await;
    world.organization("gone").await;
    world.delete("/organizations/gone").await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in [
        ("nobody", "nobody"),
        ("gone", "gone"),
        ("Gone", "Gone"),
        ("a%20b", "a b"),
        ("%C3%A9", "é"),
        ("a%2Fb", "a/b"),
        ("%00", "\u{fffd}"),
        (&too_long, &too_long),
    ] {
        let path = format!("/organizations/{id}");
        for answer in [
            world.get(&path).await,
            world.patch(&path, &json!({})).await,
            world.patch(&path, &json!({ "name": "x", "customData": { "a": 1 } })).await,
            world.delete(&path).await,
        ] {
            assert_eq!(
                answer.problem(404, "organization.not_found"),
                format!(
                    "there is no organization `{shown}`: check the id, or create it with POST \
                     /organizations"
                )
            );
        }
    }
    world.get("/organizations/%FF").await.problem(400, "request.invalid_path");
    assert_eq!(world.items().await, before);
}

mod listing {
    use super::*;

    /// The ids on a page.
    fn ids(answer: &Answer) -> Vec<&str> {
        assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
        let list = answer.body.as_array().expect("a list");
        list.iter().map(|entity| entity["id"].as_str().expect("an id")).collect()
    }

    /// The path and query of the link to the next page.
    fn next(answer: &Answer) -> Option<String> {
        let link = match answer.header("link") {
            "" => return None,
            link => link.strip_prefix("<http://usher.example").expect("an absolute link"),
        };
        Some(link.strip_suffix(">; rel=\"next\"").expect("one link").to_owned())
    }

    /// Forty-five organizations, `o00` and on, in the order of their names, but not created so.
    async fn forty_five(world: &World) -> Vec<String> {
        for number in (0..45).map(|index| index * 7 % 45) {
            let name = format!("{} {number:02}", if number % 2 == 0 { "Org" } else { "oRG" });
            let body = json!({ "id": format!("o{number:02}"), "name": name });
            world.post("/organizations", &body).await;
        }
        (0..45).map(|number| format!("o{number:02}")).collect()
    }

    #[tokio::test]
    async fn no_organizations_are_an_empty_list() {
        let world = World::new().await;

        let answer = world.get("/organizations").await;

        assert_is(&answer, 200, &json!([]));
        let headers = ["content-type", "link", "total-number", "etag"];
        assert_eq!(headers.map(|name| answer.header(name)), ["application/json", "", "", ""]);
    }

    #[tokio::test]
    async fn organizations_are_whole() {
        let world = World::new().await;
        let body = json!({
            "id": "acme",
            "name": "Acme",
            "description": "Anvils",
            "customData": { "plan": "gold" },
        });
        let acme = world.post("/organizations", &body).await.body;
        world.pass(Duration::from_secs(1));
        let zeta = world.post("/organizations", &json!({ "name": "Zeta" })).await.body;

        assert_is(&world.get("/organizations").await, 200, &json!([acme, zeta]));
    }

    #[tokio::test]
    async fn a_walk_meets_each_organization_once_and_in_the_order_of_names() {
        let world = World::new().await;
        let all = forty_five(&world).await;

        for (page_size, pages) in [(1, 45), (7, 7), (10, 5), (15, 3), (44, 2), (45, 1), (100, 1)] {
            let mut path = Some(format!("/organizations?page_size={page_size}"));
            let mut met = Vec::new();
            let mut walked = 0;
            while let Some(page) = path {
                let answer = world.get(&page).await;
                met.extend(ids(&answer).into_iter().map(str::to_owned));
                path = next(&answer);
                walked += 1;
            }
            assert_eq!((&met, walked), (&all, pages), "page_size={page_size}");
        }
    }

    #[tokio::test]
    async fn the_order_is_that_of_folded_names_and_then_of_ids() {
        let world = World::new().await;
        let ranked = [
            ("z", "acme"),
            ("b", "ACME Inc."),
            ("y", "Acme!"),
            ("c", "acme#1"),
            ("a", "Acmeology"),
            ("d", "beta"),
            ("e", "BETA"),
            ("x", "\u{c9}clair"),
        ];
        for (id, name) in ranked.iter().rev() {
            world.post("/organizations", &json!({ "id": id, "name": name })).await;
        }

        assert_eq!(ids(&world.get("/organizations").await), ranked.map(|(id, _)| id));
    }

    #[tokio::test]
    async fn a_page_holds_twenty_unless_asked_otherwise_and_links_to_the_next() {
        let world = World::new().await;
        let all = forty_five(&world).await;

        let answer = world.get("/organizations").await;
        assert_eq!(ids(&answer), all[..20]);
        assert_eq!(
            answer.header("link"),
            "<http://usher.example/organizations?page_size=20&cursor=org+19%09o19>; rel=\"next\""
        );
        assert_eq!(answer.header("total-number"), "");

        let ask = world.ask(Method::GET, "/organizations?q=oRg%204&page_size=2&page=9");
        let answer = ask.header("x-forwarded-proto", "https").send().await;
        assert_eq!(ids(&answer), ["o40", "o41"]);
        assert_eq!(
            answer.header("link"),
            "<https://usher.example/organizations?page_size=2&cursor=org+41%09o41&q=oRg+4>; \
             rel=\"next\""
        );
    }

    #[tokio::test]
    async fn a_search_finds_what_begins_so_whatever_the_case() {
        let world = World::new().await;
        for (id, name) in [
            ("strasse-1", "Straße"),
            ("strasse-2", "STRASSE West"),
            ("eclair-1", "Éclair"),
            ("eclair-2", "e\u{301}clair vert"),
            ("eclair-3", "Eclair"),
            ("sigma", "ΣΊΣΥΦΟΣ"),
            ("acme-1", "Acme"),
            ("acme-2", "acmeology"),
            ("number", "Acme#1"),
            ("other", "The Acme"),
        ] {
            let answer = world.post("/organizations", &json!({ "id": id, "name": name })).await;
            assert_eq!(answer.status.as_u16(), 201);
        }
        for (q, found) in [
            ("stra%C3%9F", &["strasse-1", "strasse-2"][..]),
            ("STRASS", &["strasse-1", "strasse-2"]),
            ("STRA%E1%BA%9EE+w", &["strasse-2"]),
            ("%C3%89", &["eclair-1", "eclair-2"]),
            ("E%CC%81CLAIR", &["eclair-1", "eclair-2"]),
            ("e", &["eclair-3"]),
            ("%CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%82", &["sigma"]),
            ("acme", &["acme-1", "number", "acme-2"]),
            ("Acme%23", &["number"]),
            ("acme%23a", &[]),
            ("acme%23acme-1", &[]),
            ("cme", &[]),
            ("%25", &[]),
        ] {
            let answer = world.get(&format!("/organizations?q={q}")).await;
            assert_eq!((ids(&answer), answer.header("link")), (found.to_vec(), ""), "{q}");
        }
        let everything = world.get("/organizations?q=").await;
        assert_eq!(ids(&everything).len(), 10);

        let longest = "x".repeat(128);
        assert_eq!(ids(&world.get(&format!("/organizations?q={longest}")).await), [""; 0]);
        let widest = "%E1%BE%B7".repeat(128);
        assert_eq!(ids(&world.get(&format!("/organizations?q={widest}")).await), [""; 0]);
        let answer = world.get(&format!("/organizations?q=x{longest}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_search"),
            "`q` is too long: send at most 128 characters"
        );
        for control in ["a%00", "a%09", "%0A"] {
            let answer = world.get(&format!("/organizations?q={control}")).await;
            assert_eq!(
                answer.problem(400, "request.invalid_search"),
                "`q` contains a control character: send it without"
            );
        }
        let answer = world.get("/organizations?q=a&q=b").await;
        answer.problem(400, "request.invalid_search");
    }

    #[tokio::test]
    async fn page_sizes_that_are_no_whole_numbers_in_range_are_refused() {
        let world = World::new().await;
        for value in ["", "0", "101", "-1", "%2B1", "1.5", "x", "%00", "%D9%A3", "4294967297"] {
            let answer = world.get(&format!("/organizations?page_size={value}")).await;
            assert_eq!(
                answer.problem(400, "request.invalid_page_size"),
                "`page_size` must be a whole number from 1 to 100",
                "{value}"
            );
        }
        let answer = world.get("/organizations?page_size=1&page_size=1").await;
        answer.problem(400, "request.invalid_page_size");
    }

    #[tokio::test]
    async fn cursors_that_no_answer_has_given_for_the_search_are_refused() {
        let world = World::new().await;
        forty_five(&world).await;
        let too_long = format!("{}%09o19", "x".repeat(1021));
        let far_too_long = format!("{}%09o19", "x".repeat(20_000));
        for query in [
            "cursor=",
            "cursor=garbage",
            "cursor=org+19%09",
            "cursor=org+19%09a%20b",
            "cursor=%00",
            "cursor=%FF%09%FF",
            "cursor=org+19%09o19&q=x",
            "cursor=org+19%09o19&q=org+2",
            &format!("cursor={too_long}"),
            &format!("cursor={far_too_long}"),
        ] {
            let answer = world.get(&format!("/organizations?{query}")).await;
            let shown = &query[..query.len().min(60)];
            assert_eq!(
                answer.problem(400, "request.invalid_cursor"),
                "`cursor` is none that an answer has given for this search: follow the `Link` with \
                 rel=\"next\", or send none to begin at the start",
                "{shown}"
            );
        }
        let twice = "/organizations?cursor=org+19%09o19&cursor=org+19%09o19";
        world.get(twice).await.problem(400, "request.invalid_cursor");
    }

    #[tokio::test]
    async fn a_cursor_of_one_that_is_deleted_or_renamed_meanwhile_still_leads_on() {
        let world = World::new().await;
        let all = forty_five(&world).await;
        let first = world.get("/organizations?page_size=10").await;
        let second = next(&first).expect("a second page");

        world.delete("/organizations/o09").await;
        assert_eq!(ids(&world.get(&second).await), all[10..20]);

        let third = next(&world.get(&second).await).expect("a third page");
        world.patch("/organizations/o19", &json!({ "name": "Aardvark" })).await;
        assert_eq!(ids(&world.get(&third).await), all[20..30]);
    }

    #[tokio::test]
    async fn a_renamed_organization_moves_and_a_deleted_one_vanishes() {
        let world = World::new().await;
        for id in ["a", "b", "c"] {
            world.organization(id).await;
        }

        world.patch("/organizations/a", &json!({ "name": "Bx" })).await;
        assert_eq!(ids(&world.get("/organizations").await), ["b", "a", "c"]);
        assert_eq!(ids(&world.get("/organizations?q=a").await), [""; 0]);
        assert_eq!(ids(&world.get("/organizations?q=b").await), ["b", "a"]);

        world.delete("/organizations/b").await;
        assert_eq!(ids(&world.get("/organizations").await), ["a", "c"]);
        let answer = world.get("/organizations?page_size=2").await;
        assert_eq!((ids(&answer), next(&answer)), (vec!["a", "c"], None));
    }
}

mod deleting {
    use super::*;

    /// An organization with everything: its custom data, two domains, a default role, a member.
    async fn with_everything() -> World {
        let world = World::new().await;
        let body = json!({ "id": "acme", "name": "Acme", "customData": { "a": 1 } });
        world.post("/organizations", &body).await;
        world.domains("acme", &["acme.com", "acme.org"]).await;
        let role = world.role("Engineer").await;
        let roles = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/jit/roles", &roles).await;
        world.sign_up("jane", "jane@acme.com").await;
        world
    }

    /// Asserts that for every reader the organization `acme` is gone, with all that was its own.
    async fn assert_gone_for_everybody(world: &World) {
        let (domains, roles) =
            ("/organizations/acme/jit/email-domains", "/organizations/acme/jit/roles");
        let before = world.items().await;
        let role = world.get("/organization-roles").await.body[0]["id"].clone();
        let role_path = format!("{roles}/{}", role.as_str().unwrap_or_default());
        for (method, path, body) in [
            (Method::GET, domains, json!(null)),
            (Method::POST, domains, json!({ "emailDomain": "acme.net" })),
            (Method::POST, domains, json!({ "emailDomain": "acme.com" })),
            (Method::PUT, domains, json!({ "emailDomains": ["acme.com"] })),
            (Method::PUT, domains, json!({ "emailDomains": [] })),
            (Method::DELETE, &*format!("{domains}/acme.com"), json!(null)),
            (Method::GET, roles, json!(null)),
            (Method::POST, roles, json!({ "organizationRoleIds": [role] })),
            (Method::PUT, roles, json!({ "organizationRoleIds": [role] })),
            (Method::PUT, roles, json!({ "organizationRoleIds": [] })),
            (Method::DELETE, &role_path, json!(null)),
            (Method::GET, "/organizations/acme", json!(null)),
            (Method::PATCH, "/organizations/acme", json!({ "name": "x" })),
            (Method::DELETE, "/organizations/acme", json!(null)),
        ] {
            let answer = world.ask(method.clone(), path).json(&body).send().await;
            assert_eq!(
                answer.problem(404, "organization.not_found"),
                "there is no organization `acme`: check the id, or create it with POST \
                 /organizations",
                "{method} {path}"
            );
        }
        assert_is(&world.get("/organizations").await, 200, &json!([]));
        assert_is(&world.get("/users/jane/organizations").await, 200, &json!([]));
        world.sign_up("late", "late@acme.com").await;
        assert_is(&world.get("/users/late/organizations").await, 200, &json!([]));
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_deleted_organization_leaves_nothing_but_that_its_id_was_used() {
        let world = World::new().await;
        world.organization("other").await;
        let mut expected = world.items().await;
        let body = json!({ "id": "acme", "name": "x", "description": "x", "customData": {} });
        world.post("/organizations", &body).await;

        assert_done(&world.delete("/organizations/acme").await);

        expected.extend([tombstone("acme")]);
        assert_eq!(world.items().await, expected);
        world.delete("/organizations/acme").await.problem(404, "organization.not_found");
        assert_eq!(world.items().await, expected);
    }

    #[tokio::test]
    async fn everything_ends_in_the_instant_of_the_deletion_even_if_nothing_is_swept() {
        let world = with_everything().await;

        // What is read of the list, and the transaction.
        world.wire.cut_after(2);
        assert_done(&world.delete("/organizations/acme").await);
        world.wire.mend();

        let items = world.items().await;
        let left = |pk: &str| items.contains_key(&(pk.to_owned(), "ORG#acme".to_owned()));
        assert!(left("DOMAIN#acme.com") && left("DOMAIN#acme.org") && left("USER#jane"));
        assert_gone_for_everybody(&world).await;
        World::assert_list_and_index_agree(&items);
    }

    #[tokio::test]
    async fn a_swept_organization_is_gone_for_everybody_too() {
        let world = with_everything().await;

        assert_done(&world.delete("/organizations/acme").await);

        assert_gone_for_everybody(&world).await;
    }

    #[tokio::test]
    async fn the_sweep_takes_every_domain_and_member_also_what_is_refused_once() {
        let world = World::new().await;
        world.organization("other").await;
        world.domains("other", &["d00.example.com"]).await;
        let mut expected = world.items().await;
        world.organization("acme").await;
        let domains: Vec<_> = (0..60).map(|number| format!("d{number:02}.example.com")).collect();
        let body = json!({ "emailDomains": domains });
        world.put("/organizations/acme/jit/email-domains", &body).await;
        for number in 0..30 {
            world.sign_up(&format!("user-{number}"), "jane@d01.example.com").await;
        }
        expected.extend([tombstone("acme")]);
        let profiles = world.items().await.into_iter().filter(|((_, sk), _)| sk == "PROFILE");
        expected.extend(profiles);
        assert_eq!(expected.len(), 3 + 1 + 30);

        let unprocessed: Vec<_> = domains[..25]
            .iter()
            .map(|domain| {
                let pk = format!("DOMAIN#{domain}");
                let key = json!({ "pk": { "S": pk }, "sk": { "S": "ORG#acme" } });
                json!({ "DeleteRequest": { "Key": key } })
            })
            .collect();
        let body = json!({ "UnprocessedItems": { "usher": unprocessed } });
        world.wire.next("BatchWriteItem", Fate::Reply { status: 200, body });
        world.wire.traffic();
        assert_done(&world.delete("/organizations/acme").await);

        let mut operations = vec!["GetItem", "TransactWriteItems"];
        operations.extend(["BatchWriteItem"; 4]);
        operations.push("Query");
        operations.extend(["BatchWriteItem"; 2]);
        assert_eq!(world.wire.traffic().operations, operations);
        assert_eq!(world.items().await, expected);
    }

    #[tokio::test]
    async fn a_process_killed_at_any_call_leaves_the_organization_whole_or_gone() {
        for calls in 0..6 {
            let world = with_everything().await;
            let before = world.items().await;

            world.wire.cut_after(calls);
            let answer = world.delete("/organizations/acme").await;
            world.wire.mend();

            if calls < 2 {
                answer.problem(503, "service.unavailable");
                assert_eq!(world.items().await, before);
            } else {
                assert_done(&answer);
                assert_gone_for_everybody(&world).await;
            }
        }
    }

    #[tokio::test]
    async fn a_deletion_whose_answer_gets_lost_does_not_miss_what_it_has_deleted() {
        let world = with_everything().await;
        world.wire.next("TransactWriteItems", Fate::AnswerLost);

        assert_done(&world.delete("/organizations/acme").await);

        assert_gone_for_everybody(&world).await;
    }

    #[tokio::test]
    async fn of_two_deletions_at_once_one_finds_the_organization() {
        let world = with_everything().await;

        let (one, other) =
            join(world.delete("/organizations/acme"), world.delete("/organizations/acme")).await;

        let (won, lost) = if one.status.as_u16() == 204 { (one, other) } else { (other, one) };
        assert_done(&won);
        lost.problem(404, "organization.not_found");
        assert_gone_for_everybody(&world).await;
    }

    #[tokio::test]
    async fn a_domain_that_is_added_meanwhile_is_swept_too() {
        let world = World::new().await;
        world.organization("acme").await;
        world.domains("acme", &["acme.com"]).await;

        // The list as it was before the domain came into it.
        let item = json!({
            "pk": { "S": "ORG#acme" },
            "sk": { "S": "EMAIL_DOMAINS" },
            "domains": { "M": {} },
            "version": { "N": "1" },
        });
        world.wire.next("GetItem", Fate::Reply { status: 200, body: json!({ "Item": item }) });
        assert_done(&world.delete("/organizations/acme").await);

        assert_eq!(world.items().await, BTreeMap::from([tombstone("acme")]));
    }

    #[tokio::test]
    async fn an_addition_and_a_deletion_at_once_leave_nothing() {
        for _ in 0..5 {
            let world = World::new().await;
            world.organization("acme").await;

            let body = json!({ "emailDomain": "acme.com" });
            let add = world.post("/organizations/acme/jit/email-domains", &body);
            let (added, deleted) = join(add, world.delete("/organizations/acme")).await;

            assert_done(&deleted);
            if added.status.as_u16() != 201 {
                added.problem(404, "organization.not_found");
            }
            assert_eq!(world.items().await, BTreeMap::from([tombstone("acme")]));
        }
    }

    #[tokio::test]
    async fn a_member_of_two_organizations_stays_in_the_other() {
        let world = World::new().await;
        for organization in ["acme", "other"] {
            world.organization(organization).await;
            world.domains(organization, &["acme.com"]).await;
        }
        world.sign_up("jane", "jane@acme.com").await;

        world.delete("/organizations/acme").await;

        let memberships = world.get("/users/jane/organizations").await.body;
        assert_eq!(
            (memberships.as_array().map(Vec::len), &memberships[0]["id"]),
            (Some(1), &json!("other"))
        );
    }
}
