//! `/users/{userId}/organizations`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Fate, Item, START, World, assert_internal, assert_unavailable, by_domain, key,
    tagged_item,
};

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
        "provenance": by_domain("acme.com", "PostConfirmation"),
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

#[tokio::test]
async fn an_unknown_user_has_no_organizations() {
    let world = World::new().await;
    let longest = "x".repeat(128);
    for id in ["jane", "0e4bd3a4-70d1-4a7d-9d3c-0f5b6a1c2d3e", "A_-9", "PROFILE", &longest] {
        assert_is(&world.get(&format!("/users/{id}/organizations")).await, &json!([]));
    }
    assert!(world.items().await.is_empty());
}

#[tokio::test]
async fn a_user_who_has_joined_nothing_has_no_organizations() {
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
    world.default_roles("acme", &roles).await;
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
        "provenance": by_domain("acme.com", "PostConfirmation"),
    }]);
    for path in [JANE, "/users/%6Aane/organizations"] {
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
    world.delete_unswept("unswept").await;

    let items = world.items().await;
    assert!(items.contains_key(&key("USER#jane", "ORG#unswept")));
    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
}

#[tokio::test]
async fn deleted_roles_are_invisible_and_renamed_ones_have_their_new_name() {
    let world = with_jane_in(&["acme"]).await;
    let [a, gone, b, c] = [
        world.role("A").await,
        world.role("Gone").await,
        world.role("B").await,
        world.role("C").await,
    ];
    let body = json!({ "organizationRoleIds": [a, gone, b, c] });
    world.put("/organizations/acme/users/jane/roles", &body).await;
    world.delete(&format!("/organization-roles/{gone}")).await;
    assert_eq!(world.item("USER#jane", "ORG#acme").await["roleIds"], json!([a, gone, b, c]));

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
    world.default_roles("acme", &[&role]).await;

    world.sign_up("jane", "jane@acme.com").await;

    assert_is(&world.get(JANE).await, &json!([plain("acme")]));
}

#[tokio::test]
async fn a_removal_mark_is_no_membership() {
    let world = with_jane_in(&["acme", "kept"]).await;
    assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);

    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
    world.sign_up("jane", "jane@acme.com").await;
    assert_is(&world.get(JANE).await, &json!([plain("kept")]));
}

#[tokio::test]
async fn more_memberships_and_roles_than_one_batch_takes_are_all_there() {
    let world = with_jane_in(&["o000"]).await;
    world.copy("o000", (1..101).map(|number| format!("o{number:03}"))).await;
    let roles = world.roles(101).await;
    for (number, role) in roles.iter().enumerate() {
        let path = format!("/organizations/o{number:03}/users/jane/roles");
        world.put(&path, &json!({ "organizationRoleIds": [role] })).await;
    }
    world.wire.traffic();

    let answer = world.get(JANE).await;

    let mut operations = vec!["Query"];
    operations.extend(["BatchGetItem"; 4]);
    assert_eq!(world.wire.traffic().operations, operations);
    let expected: Vec<_> = (0..101)
        .map(|number| {
            let role = json!({ "id": roles[number], "name": format!("Role {number:03}") });
            let mut entity = plain(&format!("o{number:03}"));
            entity["organizationRoles"] = json!([role]);
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
    let b = tagged_item(&json!(world.item("ORG#b", "ORG").await));
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

/// An item with another value of an attribute, or without it.
fn with(item: &Item, name: &str, value: Option<Value>) -> Value {
    let mut item = item.clone();
    item.remove(name);
    item.extend(value.map(|value| (name.to_owned(), value)));
    json!(item)
}

#[tokio::test]
async fn an_unreadable_item_is_an_error_that_says_nothing_of_the_inside() {
    let broken = [
        ("roleIds", None),
        ("roleIds", Some(json!("role_1"))),
        ("roleIds", Some(json!([1]))),
        ("roleIds", Some(json!(["not an id"]))),
        ("joinedAt", None),
        ("joinedAt", Some(json!("yesterday"))),
        ("joinedAt", Some(json!(1))),
        ("rule", Some(json!("whim"))),
        ("rule", Some(json!(1))),
        ("emailDomain", None),
        ("emailDomain", Some(json!("jane@acme.com"))),
        ("entryPath", None),
        ("entryPath", Some(json!("Elsewhere"))),
        ("sk", Some(json!("ORG#not an id"))),
        ("sk", Some(json!("ELSE"))),
    ];
    let world = with_jane_in(&["acme"]).await;
    let membership = world.item("USER#jane", "ORG#acme").await;
    // Items from the time when email domains were the only rule have no attribute `rule`.
    let mut older = membership.clone();
    older.remove("rule").expect("a rule");
    for (name, value) in broken {
        for membership in [&membership, &older] {
            let world = World::new().await;
            world.put_plain(&with(membership, name, value.clone())).await;

            assert_internal(&world.get(JANE).await);
        }
    }
}

#[tokio::test]
async fn an_unreadable_organization_or_role_is_an_error_too() {
    for (pk, name) in [("ORG#acme", json!("")), ("ORG#acme", json!(true)), ("ROLE", json!("a\0b"))]
    {
        let world = with_jane_in(&["acme"]).await;
        let role = world.role("A").await;
        let body = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/users/jane/roles", &body).await;
        let sk = if pk == "ROLE" { format!("ROLE#{role}") } else { "ORG".to_owned() };
        let item = world.item(pk, &sk).await;
        world.put_plain(&with(&item, "name", Some(name))).await;

        assert_internal(&world.get(JANE).await);
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
async fn a_table_that_stays_busy_is_a_503_with_retry_after() {
    let world = with_jane_in(&["acme"]).await;
    for operation in ["Query", "BatchGetItem"] {
        for fate in [Fate::Lost, Fate::error("ThrottlingException", "arn:aws:dynamodb:secret")] {
            for _ in 0..3 {
                world.wire.next(operation, fate.clone());
            }
            let answer = world.get(JANE).await;
            world.wire.mend();

            assert_unavailable(&answer);
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_table_is_an_error_that_says_nothing_of_the_inside() {
    let world = with_jane_in(&["acme"]).await;
    for operation in ["Query", "BatchGetItem"] {
        for code in ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"] {
            world.wire.next(operation, Fate::error(code, "arn:aws:dynamodb:secret"));
            assert_internal(&world.get(JANE).await);
        }
    }
}
