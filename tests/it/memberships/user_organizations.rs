//! `/users/{userId}/organizations`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::START;
use crate::support::{Answer, Fate, World};

const JANE: &str = "/users/jane/organizations";
#[track_caller]
fn assert_is(answer: &Answer, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.body), (200, body));
    let headers = ["content-type", "cache-control", "link", "etag"];
    assert_eq!(headers.map(|name| answer.header(name)), ["application/json", "no-store", "", ""]);
}

/// A membership by `acme.com`, without roles, in an organization whose id is its name.
fn plain(organization: &str) -> Value {
    json!({
        "id": organization,
        "name": organization,
        "description": null,
        "organizationRoles": [],
        "joinedAt": START,
        "provenance": {
            "rule": "email_domain",
            "emailDomain": "acme.com",
            "entryPath": "PostConfirmation",
        },
    })
}

/// A world in which Jane belongs to these organizations, without roles.
async fn with_jane_in(organizations: &[&str]) -> World {
    let world = World::new().await;
    for organization in organizations {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    world.sign_up("jane", "jane@acme.com").await;
    world
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn texts(values: &[&str]) -> AttributeValue {
    AttributeValue::L(values.iter().map(|value| text(value)).collect())
}

/// The item of Jane's membership, as it was written before there was another rule than domains.
fn membership<'a>(organization: &str, roles: &[&str]) -> Vec<(&'a str, AttributeValue)> {
    vec![
        ("pk", text("USER#jane")),
        ("sk", text(&format!("ORG#{organization}"))),
        ("roleIds", texts(roles)),
        ("joinedAt", text(START)),
        ("emailDomain", text("acme.com")),
        ("entryPath", text("PostConfirmation")),
        ("gsi1pk", text(&format!("ORG#{organization}"))),
        ("gsi1sk", text("USER#jane")),
    ]
}

#[tokio::test]
async fn a_user_whom_nobody_knows_belongs_nowhere() {
    let world = World::new().await;
    let longest = "x".repeat(128);
    for id in ["jane", "0e4bd3a4-70d1-4a7d-9d3c-0f5b6a1c2d3e", "A_-9", "PROFILE", &longest] {
        assert_is(&world.get(&format!("/users/{id}/organizations")).await, &json!([]));
    }
    assert!(world.items().await.is_empty());
}

#[tokio::test]
async fn a_user_who_has_joined_nothing_belongs_nowhere() {
    let world = with_jane_in(&[]).await;
    assert_is(&world.get(JANE).await, &json!([]));
}

#[tokio::test]
async fn texts_that_are_no_user_ids_are_not_found() {
    let world = World::new().await;
    let too_long = "x".repeat(129);
    for (id, shown) in [
        ("", ""),
        ("a%20b", "a b"),
        ("jane@acme.com", "jane@acme.com"),
        ("%C3%A9", "é"),
        ("a%2Fb", "a/b"),
        ("%00", "\u{fffd}"),
        ("..", ".."),
        (&too_long, &too_long),
    ] {
        let answer = world.get(&format!("/users/{id}/organizations")).await;
        assert_eq!(
            answer.problem(404, "user.not_found"),
            format!("there is no user `{shown}`: send the `sub` of a user in the pool")
        );
    }
    let answer = world.get("/users/%FF/organizations").await;
    answer.problem(400, "request.invalid_path");
    let answer = world.ask(Method::POST, JANE).send().await;
    answer.problem(405, "request.method_not_allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
    assert!(world.items().await.is_empty());
}

#[tokio::test]
async fn a_membership_is_whole_and_its_roles_are_in_the_order_of_their_names() {
    let world = World::new().await;
    let body = json!({
        "id": "acme",
        "name": "Acme",
        "description": "Anvils",
        "customData": { "secret": true },
    });
    world.post("/organizations", &body).await;
    world.domains("acme", &["acme.com"]).await;
    let roles = [world.role("writer").await, world.role("Émile").await, world.role("Admin").await];
    let body = json!({ "organizationRoleIds": roles });
    world.put("/organizations/acme/jit/roles", &body).await;
    world.pass(Duration::from_millis(1_234));

    world.sign_up("jane", "Jane.Doe@ACME.com").await;
    world.pass(Duration::from_secs(60));

    let expected = json!([{
        "id": "acme",
        "name": "Acme",
        "description": "Anvils",
        "organizationRoles": [
            { "id": roles[2], "name": "Admin" },
            { "id": roles[0], "name": "writer" },
            { "id": roles[1], "name": "Émile" },
        ],
        "joinedAt": "2026-01-01T00:00:01.234Z",
        "provenance": {
            "rule": "email_domain",
            "emailDomain": "acme.com",
            "entryPath": "PostConfirmation",
        },
    }]);
    for path in [JANE, "/users/%6Aane/organizations", "/users/jane/organizations?page=0"] {
        assert_is(&world.get(path).await, &expected);
    }
    assert_is(&world.get("/users/Jane/organizations").await, &json!([]));
    assert_is(&world.get("/users/jan/organizations").await, &json!([]));
}

#[tokio::test]
async fn memberships_are_in_the_order_of_the_organizations_names_and_then_ids() {
    let world = with_jane_in(&["z", "y", "x", "w", "v"]).await;
    for (id, name) in
        [("z", "acme"), ("y", "Éclair"), ("x", "Beta"), ("w", "ACME INC."), ("v", "beta")]
    {
        world.patch(&format!("/organizations/{id}"), &json!({ "name": name })).await;
    }

    let answer = world.get(JANE).await;

    let list = answer.body.as_array().expect("a list");
    let shown: Vec<_> = list
        .iter()
        .map(|entity| (entity["id"].as_str().expect("an id"), entity["name"].as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("z", Some("acme")),
            ("w", Some("ACME INC.")),
            ("v", Some("beta")),
            ("x", Some("Beta")),
            ("y", Some("Éclair")),
        ]
    );
}

#[tokio::test]
async fn deleted_organizations_are_invisible_also_before_they_are_swept() {
    let world = with_jane_in(&["kept", "swept", "unswept"]).await;

    world.delete("/organizations/swept").await;
    world.wire.cut_after(2);
    world.delete("/organizations/unswept").await;
    world.wire.mend();

    let items = world.items().await;
    assert!(items.contains_key(&("USER#jane".to_owned(), "ORG#unswept".to_owned())));
    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
}

#[tokio::test]
async fn deleted_roles_are_invisible_and_renamed_ones_have_their_new_name() {
    let world = with_jane_in(&[]).await;
    world.organization("acme").await;
    let [a, b, c] = [world.role("A").await, world.role("B").await, world.role("C").await];
    world.put_item(&membership("acme", &[&a, "role_of_old", &b, &c])).await;

    world.delete(&format!("/organization-roles/{b}")).await;
    world.patch(&format!("/organization-roles/{a}"), &json!({ "name": "D" })).await;

    let mut expected = plain("acme");
    expected["organizationRoles"] = json!([{ "id": c, "name": "C" }, { "id": a, "name": "D" }]);
    assert_is(&world.get(JANE).await, &json!([expected]));
}

#[tokio::test]
async fn roles_that_an_administrator_has_emptied_stay_empty() {
    let world = with_jane_in(&["acme"]).await;
    let role = world.role("A").await;
    let body = json!({ "organizationRoleIds": [role] });
    world.put("/organizations/acme/jit/roles", &body).await;

    world.sign_up("jane", "jane@acme.com").await;

    assert_is(&world.get(JANE).await, &json!([plain("acme")]));
}

#[tokio::test]
async fn a_removal_mark_is_no_membership() {
    let world = with_jane_in(&["acme", "kept"]).await;
    world
        .put_item(&[
            ("pk", text("USER#jane")),
            ("sk", text("ORG#acme")),
            ("removedAt", text(START)),
        ])
        .await;

    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
    world.sign_up("jane", "jane@acme.com").await;
    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
}

#[tokio::test]
async fn more_memberships_and_roles_than_one_batch_takes_are_all_there() {
    let world = World::new().await;
    let put = async |number: usize| {
        let (id, role) = (format!("o{number:03}"), format!("role_{number:03}"));
        world
            .put_item(&[
                ("pk", text(&format!("ORG#{id}"))),
                ("sk", text("ORG")),
                ("name", text(&id)),
                ("createdAt", text(START)),
            ])
            .await;
        world
            .put_item(&[
                ("pk", text("ROLE")),
                ("sk", text(&format!("ROLE#{role}"))),
                ("name", text(&role)),
                ("createdAt", text(START)),
            ])
            .await;
        world.put_item(&membership(&id, &[&role])).await;
    };
    join_all((0..101).map(put)).await;
    world.wire.traffic();

    let answer = world.get(JANE).await;

    let mut operations = vec!["Query"];
    operations.extend(["BatchGetItem"; 4]);
    assert_eq!(world.wire.traffic().operations, operations);
    let expected: Vec<_> = (0..101)
        .map(|number| {
            let role = format!("role_{number:03}");
            let mut entity = plain(&format!("o{number:03}"));
            entity["organizationRoles"] = json!([{ "id": role, "name": role }]);
            entity
        })
        .collect();
    assert_is(&answer, &Value::Array(expected));
}

#[tokio::test]
async fn what_the_table_leaves_unprocessed_is_asked_for_again() {
    let world = with_jane_in(&["a", "b", "c"]).await;
    let key = |id: &str| json!({ "pk": { "S": format!("ORG#{id}") }, "sk": { "S": "ORG" } });
    let rest = |keys: &[Value]| json!({ "usher": { "Keys": keys, "ConsistentRead": true } });
    let b = json!({
        "pk": { "S": "ORG#b" },
        "sk": { "S": "ORG" },
        "name": { "S": "b" },
        "createdAt": { "S": START },
    });
    for body in [
        json!({ "Responses": {}, "UnprocessedKeys": rest(&[key("c"), key("a"), key("b")]) }),
        json!({ "Responses": { "usher": [b] }, "UnprocessedKeys": rest(&[key("a"), key("c")]) }),
    ] {
        world.wire.next("BatchGetItem", Fate::Reply { status: 200, body });
    }
    world.wire.traffic();

    let answer = world.get(JANE).await;

    assert_is(&answer, &json!([plain("a"), plain("b"), plain("c")]));
    let operations = ["Query", "BatchGetItem", "BatchGetItem", "BatchGetItem"];
    assert_eq!(world.wire.traffic().operations, operations);
}

/// Asserts that the answer says that something went wrong, and nothing of the inside.
#[track_caller]
fn assert_says_nothing(answer: &Answer) {
    let detail =
        "something went wrong on our side: repeat the request, and tell the operator if it stays";
    assert_eq!(answer.problem(500, "internal"), detail);
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": detail,
            "code": "internal",
            "message": detail,
        })
    );
}

#[tokio::test]
async fn an_unreadable_item_is_an_error_that_says_nothing_of_the_inside() {
    let number = AttributeValue::N("1".to_owned());
    let broken = [
        ("roleIds", None),
        ("roleIds", Some(text("role_1"))),
        ("roleIds", Some(AttributeValue::L(vec![number.clone()]))),
        ("roleIds", Some(texts(&["not an id"]))),
        ("joinedAt", None),
        ("joinedAt", Some(text("yesterday"))),
        ("joinedAt", Some(number.clone())),
        ("rule", Some(text("whim"))),
        ("rule", Some(number.clone())),
        ("emailDomain", None),
        ("emailDomain", Some(text("jane@acme.com"))),
        ("entryPath", None),
        ("entryPath", Some(text("Elsewhere"))),
        ("sk", Some(text("ORG#not an id"))),
        ("sk", Some(text("ELSE"))),
    ];
    for (name, value) in broken {
        let world = World::new().await;
        let mut item = membership("acme", &[]);
        item.retain(|(other, _)| *other != name);
        item.extend(value.map(|value| (name, value)));
        world.put_item(&item).await;

        assert_says_nothing(&world.get(JANE).await);
    }
}

#[tokio::test]
async fn an_unreadable_organization_or_role_is_an_error_too() {
    let item = |pk, sk, name| {
        [("pk", text(pk)), ("sk", text(sk)), ("name", name), ("createdAt", text(START))]
    };
    for broken in [
        item("ORG#acme", "ORG", text("")),
        item("ORG#acme", "ORG", AttributeValue::Bool(true)),
        item("ROLE", "ROLE#role_1", text("a\0b")),
    ] {
        let world = World::new().await;
        world.organization("acme").await;
        world.put_item(&membership("acme", &["role_1"])).await;
        world.put_item(&broken).await;

        assert_says_nothing(&world.get(JANE).await);
    }
}

#[tokio::test]
async fn a_table_that_is_busy_once_is_asked_again() {
    let world = with_jane_in(&["acme"]).await;
    let busy = Fate::error("ProvisionedThroughputExceededException", "slow down");
    world.wire.next("Query", busy);
    world.wire.next("BatchGetItem", Fate::AnswerLost);

    assert_is(&world.get(JANE).await, &json!([plain("acme")]));
}

#[tokio::test]
async fn a_table_that_stays_busy_makes_the_answer_a_request_to_come_back() {
    let world = with_jane_in(&["acme"]).await;
    for operation in ["Query", "BatchGetItem"] {
        for fate in [Fate::Lost, Fate::error("ThrottlingException", "arn:aws:dynamodb:secret")] {
            for _ in 0..3 {
                world.wire.next(operation, fate.clone());
            }
            let answer = world.get(JANE).await;
            world.wire.mend();

            let detail = "a service that this one needs did not answer in time: repeat the request in a \
                          moment";
            assert_eq!(answer.problem(503, "service.unavailable"), detail);
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(
                answer.body,
                json!({
                    "type": "about:blank",
                    "title": "Service Unavailable",
                    "status": 503,
                    "detail": detail,
                    "code": "service.unavailable",
                    "message": detail,
                })
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_table_is_an_error_that_says_nothing_of_the_inside() {
    let world = with_jane_in(&["acme"]).await;
    for operation in ["Query", "BatchGetItem"] {
        for code in ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"] {
            world.wire.next(operation, Fate::error(code, "arn:aws:dynamodb:secret"));
            assert_says_nothing(&world.get(JANE).await);
        }
    }
}
