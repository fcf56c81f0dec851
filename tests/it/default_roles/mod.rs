//! The default roles of an organization's JIT configuration

mod add;
mod delete;
mod list;
mod replace;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Fate, Items, START, World, assert_no_organization, item, naming_roles,
};

/// The default roles of the organization that most tests are about.
const PATH: &str = "/organizations/acme/jit/roles";

/// A world with the organization `acme` and these organization roles; answers their ids too.
async fn world_with<const N: usize>(names: [&str; N]) -> (World, [String; N]) {
    let world = World::new().await;
    world.organization("acme").await;
    let mut ids = names.map(str::to_owned);
    for id in &mut ids {
        *id = world.role(id).await;
    }
    (world, ids)
}

/// A role without a description, as the list shows it.
fn entity(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "description": null, "createdAt": START })
}

/// What `acme` has: the `ETag`, and the roles' names in the list's order.
async fn listed(world: &World) -> (String, Vec<String>) {
    let answer = world.get(PATH).await;
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    let roles = answer.body.as_array().expect("a list");
    let names = roles.iter().map(|role| role["name"].as_str().expect("a name").to_owned());
    (answer.header("etag").to_owned(), names.collect())
}

/// Asserts that a write was done, without a body, and has left this version.
#[track_caller]
fn assert_written(answer: &Answer, status: u16, etag: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag"), &answer.body),
        (status, etag, &Value::Null)
    );
}

/// The present answer of DynamoDB, for a reader who reads before all later writes.
async fn as_it_is_now(world: &World) -> Fate {
    Fate::item(&world.item("ORG#acme", "ORG").await)
}

/// The ids that an organization's item holds, whether or not there are such roles.
fn stored(items: &Items) -> &Value {
    &item(items, "ORG#acme", "ORG")["jitRoles"]["ids"]
}

/// The status of a done write, and the request for it: to an organization with the default roles
/// `a` and `b`.
fn write(method: &Method, organization: &str, b: &str, c: &str) -> (u16, String, Value) {
    let path = format!("/organizations/{organization}/jit/roles");
    match *method {
        Method::POST => (201, path, naming_roles(&[c])),
        Method::PUT => (204, path, naming_roles(&[c])),
        Method::DELETE => (204, format!("{path}/{b}"), Value::Null),
        _ => panic!("{method} writes no default roles"),
    }
}

/// Asserts that a kind of write heeds `If-Match` (RFC 9110, 13.1.1).
async fn assert_heeds_if_match(method: Method) {
    let hundred: String = (1..=100).map(|version| format!("\"{version}\",")).collect();
    let holding = [
        &["\"2\""][..],
        &["*"],
        &["\"1\", \"2\""],
        &[",\t\"7\" ,W/\"2\",\"2\","],
        &["\"1\"", "\"2\""],
        &["W/\"2\""],
        &[&hundred],
    ];
    let failing = ["\"1\"", "\"3\"", "W/\"1\"", "\"02\"", "\"+2\"", "\"\"", "\"else\""];
    let too_many = format!("{hundred}\"101\"");
    let malformed = ["", "2", "\"2", "2\"", "\"1\" \"2\"", "*, \"2\"", "w/\"2\"", &too_many];

    let (world, [a, b, c]) = world_with(["A", "B", "C"]).await;
    for (number, lines) in holding.into_iter().enumerate() {
        let organization = format!("org-{number}");
        world.organization(&organization).await;
        let (status, path, body) = write(&method, &organization, &b, &c);
        world
            .put(&format!("/organizations/{organization}/jit/roles"), &naming_roles(&[&a, &b]))
            .await;
        let ask = world.ask(method.clone(), &path).json(&body);
        let answer = lines.iter().fold(ask, |ask, line| ask.if_match(line)).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag")),
            (status, "\"3\""),
            "{lines:?}: {:#}",
            answer.body
        );
    }

    world.put(PATH, &naming_roles(&[&a, &b])).await;
    let (_, path, body) = write(&method, "acme", &b, &c);
    let before = world.items().await;
    for value in failing {
        let answer = world.ask(method.clone(), &path).json(&body).if_match(value).send().await;
        answer.problem(412, "request.precondition_failed");
        assert_eq!(answer.header("etag"), "\"2\"", "{value}");
    }
    for value in malformed {
        let answer = world.ask(method.clone(), &path).json(&body).if_match(value).send().await;
        answer.problem(400, "request.invalid_if_match");
        assert_eq!(answer.header("etag"), "", "{value}");
    }
    assert_eq!(world.items().await, before);
}

/// Asserts that nothing is at these paths for want of an organization, and that asking leaves
/// nothing behind.
async fn assert_needs_an_organization(method: Method) {
    let (world, [b, c]) = world_with(["B", "C"]).await;
    world.organization("gone").await;
    world.put("/organizations/gone/jit/roles", &naming_roles(&[&b])).await;
    world.delete("/organizations/gone").await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in [
        ("nobody", "nobody"),
        ("gone", "gone"),
        ("a%20b", "a b"),
        ("caf%C3%A9", "café"),
        ("%00", "\u{fffd}"),
        (too_long.as_str(), too_long.as_str()),
    ] {
        let mut writes = vec![];
        if method == Method::GET {
            writes.push((format!("/organizations/{id}/jit/roles"), Value::Null));
        } else {
            let (_, path, body) = write(&method, id, &b, &c);
            writes.push((path, body));
            if method != Method::DELETE {
                // The missing organization is reported first.
                writes.push((
                    format!("/organizations/{id}/jit/roles"),
                    naming_roles(&["no-such-role"]),
                ));
            }
        }
        for (path, body) in writes {
            let ask = world.ask(method.clone(), &path).if_match("\"1\"");
            let answer = ask.json(&body).send().await;
            assert_no_organization(&answer, shown, &format!("{method} {path}"));
        }
    }
    assert_eq!(world.items().await, before);
}

/// Asserts that everything which is no list of ids is refused, with its place.
async fn assert_refuses_malformed_bodies(method: Method) {
    let (world, [a, _]) = world_with(["A", "B"]).await;
    world.put(PATH, &naming_roles(&[&a])).await;
    let before = world.items().await;

    let wrong = [
        (&b"{}"[..], ""),
        (b"[]", ""),
        (b"[[]]", ""),
        (b"null", ""),
        (b"7", ""),
        (b"\"x\"", ""),
        (br#"{"organizationRoleIds": null}"#, "/organizationRoleIds"),
        (br#"{"organizationRoleIds": "x"}"#, "/organizationRoleIds"),
        (br#"{"organizationRoleIds": {"0": "x"}}"#, "/organizationRoleIds"),
        (br#"{"organizationRoleIds": ["x", 1]}"#, "/organizationRoleIds/1"),
        (br#"{"organizationRoleIds": [null]}"#, "/organizationRoleIds/0"),
        (br#"{"organizationRoleIds": [["x"]]}"#, "/organizationRoleIds/0"),
        (br#"{"organizationRoleIds": [], "a/b~c": 1}"#, "/a~1b~0c"),
        (br#"{"organizationRoleNames": ["Engineer"]}"#, "/organizationRoleNames"),
        (br#"{"organizationRoleIds": [], "organizationRoleIds": []}"#, ""),
    ];
    for (body, pointer) in wrong {
        let ask = world.ask(method.clone(), PATH).header("content-type", "application/json");
        let answer = ask.raw(body).send().await;
        answer.problem(400, "request.invalid_body");
        let shown = String::from_utf8_lossy(body);
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{shown}");
    }

    let deep = format!("{{\"organizationRoleIds\": {}", "[".repeat(100_000));
    let no_json = [
        &b"{"[..],
        b"{\"organizationRoleIds\": [\"x\"]",
        b"{\"organizationRoleIds\": []} x",
        b"organizationRoleIds=x",
        b"\0",
        b"{\"organizationRoleIds\": [\"\xff\"]}",
        b"{\"organizationRoleIds\": [\"\\ud800\"]}",
        b"{\"organizationRoleIds\": [\"a\0b\"]}",
    ];
    for body in no_json {
        let ask = world.ask(method.clone(), PATH).header("content-type", "application/json");
        ask.raw(body).send().await.problem(400, "request.malformed_json");
    }
    let ask = world.ask(method.clone(), PATH).header("content-type", "application/json");
    assert_eq!(ask.raw(deep).send().await.status.as_u16(), 400);

    let ask = world.ask(method.clone(), PATH).header("content-type", "application/json");
    ask.send().await.problem(400, "request.body_missing");
    let ask = world.ask(method.clone(), PATH).raw(naming_roles(&[&a]).to_string());
    ask.send().await.problem(415, "request.unsupported_media_type");
    let ask = world.ask(method, PATH).header("content-type", "application/json");
    let ask = ask.raw(" ".repeat(1024 * 1024 + 1));
    ask.send().await.problem(413, "request.body_too_large");

    assert_eq!(world.items().await, before);
}
