//! What every HTTP function does alike

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::jit::{Precondition, Version};
use shared::http::{IfMatch, Paging, finish};
use tower::ServiceExt;

use crate::support::{Answer, Ask, World};

const DOMAINS: &str = "/organizations/acme/jit/email-domains";
const ROLES: &str = "/organizations/acme/jit/roles";

/// Every request that has a body, and one that it takes.
fn bodies() -> [(Method, &'static str, Value); 8] {
    [
        (Method::POST, "/organizations", json!({ "name": "Acme" })),
        (Method::PATCH, "/organizations/acme", json!({ "name": "Acme" })),
        (Method::POST, "/organization-roles", json!({ "name": "Engineer" })),
        (Method::PATCH, "/organization-roles/none", json!({ "name": "Engineer" })),
        (Method::POST, DOMAINS, json!({ "emailDomain": "acme.com" })),
        (Method::PUT, DOMAINS, json!({ "emailDomains": ["acme.com"] })),
        (Method::POST, ROLES, json!({ "organizationRoleIds": ["none"] })),
        (Method::PUT, ROLES, json!({ "organizationRoleIds": [] })),
    ]
}

async fn world() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world
}

/// Sends what is to be refused, and asserts that it leaves nothing behind.
async fn refused(world: &World, ask: Ask<'_>) -> Answer {
    let before = world.items().await;
    let answer = ask.send().await;
    assert_eq!(world.items().await, before, "{:#}", answer.body);
    answer
}

/// A POST of this text to the email domains, declared as JSON.
fn post(world: &World, text: impl Into<Body>) -> Ask<'_> {
    let ask = world.ask(Method::POST, DOMAINS);
    ask.header("content-type", "application/json").raw(text)
}

/// Puts an item with these texts, behind the back of every rule.
async fn put_texts(world: &World, texts: &[(&str, &str)]) {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let item: Vec<_> = texts.iter().map(|(name, value)| (*name, text(value))).collect();
    world.put_item(&item).await;
}

#[tokio::test]
async fn nothing_is_at_an_unknown_path() {
    let world = world().await;
    let long = format!("/{}", "a".repeat(1_000));
    for path in [
        "/",
        "/nothing",
        "/Organizations",
        "//organizations",
        "/organizations/",
        "/organizations/acme/",
        "/organizations/acme/nothing",
        "/organizations/acme/jit/email-domains/",
        "/organizations/acme/jit/email-domains/acme.com/more",
        "/organizations/../organizations",
        "/organizations%2Facme",
        "/users/user-1/nothing",
        "/%FF",
        "/%00",
        &long,
    ] {
        for method in [Method::GET, Method::PUT, Method::OPTIONS] {
            let answer = refused(&world, world.ask(method, path)).await;
            let shown: String = path.chars().take(200).collect();
            assert_eq!(
                answer.problem(404, "request.path_not_found"),
                format!(
                    "there is nothing at `{shown}`: see the table of endpoints in the documentation"
                )
            );
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has() {
    let table = [
        ("/organizations", "GET,HEAD,POST", ["PUT", "DELETE"]),
        ("/organizations/acme", "DELETE,GET,HEAD,PATCH", ["POST", "PUT"]),
        (DOMAINS, "GET,HEAD,POST,PUT", ["PATCH", "DELETE"]),
        (&format!("{DOMAINS}/acme.com"), "DELETE", ["GET", "HEAD"]),
        (ROLES, "GET,HEAD,POST,PUT", ["PATCH", "DELETE"]),
        (&format!("{ROLES}/role"), "DELETE", ["GET", "POST"]),
        ("/organization-roles", "GET,HEAD,POST", ["PUT", "DELETE"]),
        ("/organization-roles/role", "DELETE,GET,HEAD,PATCH", ["POST", "PUT"]),
        ("/users/user-1/organizations", "GET,HEAD", ["POST", "DELETE"]),
    ];
    let world = world().await;
    for (path, allow, methods) in table {
        for method in methods.iter().chain(&["OPTIONS", "TRACE", "BREW", "get"]) {
            let ask = world.ask(method.parse().unwrap(), path).json(&json!({}));
            let answer = refused(&world, ask).await;
            let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
            allowed.sort_unstable();
            assert_eq!((answer.status.as_u16(), allowed.join(",").as_str()), (405, allow));
            if *method != "HEAD" {
                assert_eq!(
                    answer.problem(405, "request.method_not_allowed"),
                    format!(
                        "`{method}` is not possible here: the header `Allow` names the methods \
                         that are"
                    )
                );
            }
        }
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for path in [
        "/organizations",
        "/organizations/acme",
        "/organizations/nobody",
        DOMAINS,
        &format!("{DOMAINS}?page=1"),
        &format!("{DOMAINS}?page=0"),
    ] {
        let get = world.get(path).await;
        let head = world.ask(Method::HEAD, path).send().await;
        let expected = Answer { body: Value::Null, ..get };
        assert_eq!(head, expected, "{path}");
    }
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_read_and_a_larger_one_is_refused() {
    const LARGEST: usize = 1_048_576;
    let world = world().await;
    for (method, path, body) in bodies() {
        let padded = format!("{body}{}", " ".repeat(LARGEST + 1 - body.to_string().len()));
        let ask = world.ask(method, path).header("content-type", "application/json").raw(padded);
        let answer = refused(&world, ask).await;
        assert_eq!(
            answer.problem(413, "request.body_too_large"),
            "the body is too large: send at most 1048576 bytes of JSON"
        );
    }

    let body = r#"{"emailDomain": "acme.com"}"#;
    let padded = format!("{body}{}", " ".repeat(LARGEST - body.len()));
    assert_eq!(post(&world, padded).send().await.status, 201);
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let world = world().await;
    for (method, path, body) in bodies() {
        for content_type in [
            None,
            Some(""),
            Some("text/plain"),
            Some("text/json"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=application/json"),
            Some("application/jsonp"),
            Some("application/xml, application/json"),
            Some("json"),
            Some("*/*"),
            Some("äpplication/json"),
        ] {
            let mut ask = world.ask(method.clone(), path).raw(body.to_string());
            if let Some(content_type) = content_type {
                ask = ask.header("content-type", content_type);
            }
            let answer = refused(&world, ask).await;
            assert_eq!(
                answer.problem(415, "request.unsupported_media_type"),
                "the body is not declared as JSON: send `Content-Type: application/json`",
                "{method} {path} {content_type:?}"
            );
        }
    }
}

#[tokio::test]
async fn json_is_recognised_by_any_of_its_content_types() {
    let world = world().await;
    for (number, content_type) in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"iso-8859-1\"",
        " application/json ; profile=\"x\"",
        "application/merge-patch+json",
        "application/vnd.acme.v2+json",
    ]
    .iter()
    .enumerate()
    {
        let body = json!({ "emailDomain": format!("acme-{number}.com") });
        let ask = world.ask(Method::POST, DOMAINS).header("content-type", content_type);
        let answer = ask.raw(body.to_string()).send().await;
        assert_eq!(answer.status, 201, "{content_type:?}: {:#}", answer.body);
    }
    let ask = world.ask(Method::PATCH, "/organizations/acme");
    let ask = ask.header("content-type", "application/merge-patch+json");
    assert_eq!(ask.raw(r#"{"name": "Acme"}"#).send().await.status, 200);
}

#[tokio::test]
async fn a_missing_body_is_refused() {
    let world = world().await;
    for (method, path, _) in bodies() {
        for content_type in ["application/json", "text/plain"] {
            let ask = world.ask(method.clone(), path).header("content-type", content_type);
            let answer = refused(&world, ask).await;
            assert_eq!(
                answer.problem(400, "request.body_missing"),
                "there is no body: send a JSON object"
            );
        }
    }
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_place() {
    let table: [(&[u8], &str); 22] = [
        (b" ", "EOF while parsing a value at line 1 column 1"),
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b"{\"emailDomain\": \"acme.com\"", "EOF while parsing an object at line 1 column 26"),
        (b"{\"emailDomain\": \"acme.com", "EOF while parsing a string at line 1 column 25"),
        (b"{\"emailDomain\": \"acme.com\"}}", "trailing characters at line 1 column 28"),
        (b"{\"emailDomain\": \"acme.com\"} x", "trailing characters at line 1 column 29"),
        (b"{\n  \"emailDomain\": acme.com\n}", "expected value at line 2 column 18"),
        (b"{\"emailDomain\": \"acme.com\",}", "trailing comma at line 1 column 28"),
        (b"{\"emailDomain\" \"acme.com\"}", "expected `:` at line 1 column 16"),
        (b"{emailDomain: \"acme.com\"}", "key must be a string at line 1 column 2"),
        (b"{'emailDomain': 'acme.com'}", "key must be a string at line 1 column 2"),
        (b"{\"emailDomain\": \"\\x\"}", "invalid escape at line 1 column 19"),
        (b"{\"emailDomain\": \"\\u12\"}", "invalid escape at line 1 column 23"),
        (b"emailDomain=acme.com", "expected value at line 1 column 1"),
        (b"\xef\xbb\xbf{\"emailDomain\": \"acme.com\"}", "expected value at line 1 column 1"),
        // Lone surrogates: there is no such text.
        (b"{\"emailDomain\": \"\\ud800.com\"}", "hex escape"),
        (b"{\"emailDomain\": \"\\ud800\\u0041\"}", "hex escape"),
        (b"{\"emailDomain\": \"\\udc00.com\"}", "hex escape"),
        // Control characters as they are, which JSON does not allow within a text.
        (b"{\"emailDomain\": \"acme\0.com\"}", "control character"),
        (b"{\"emailDomain\": \"acme\n.com\"}", "control character"),
        // No UTF-8.
        (b"{\"emailDomain\": \"acme\xff.com\"}", "invalid unicode code point"),
        (b"{\"emailDomain\": \"\xed\xa0\x80.com\"}", "invalid unicode code point"),
    ];
    let world = world().await;
    for (text, place) in table {
        let answer = refused(&world, post(&world, text)).await;
        let detail = answer.problem(400, "request.malformed_json");
        let shown = text.escape_ascii();
        assert!(detail.starts_with("the body is not JSON: "), "{shown}: {detail}");
        assert!(detail.contains(place) && detail.contains(" at line "), "{shown}: {detail}");
        assert_eq!(answer.errors(), []);
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_with_its_place_and_its_type() {
    let table = [
        (
            "{\"emailDomain\":\n 5}",
            "/emailDomain",
            "invalid type: integer `5`, expected a string at line 2 column 2",
        ),
        (
            "{\"emailDomain\": \"a.com\", \"emailDomain\": \"b.com\"}",
            "",
            "duplicate field `emailDomain` at line 1 column 38",
        ),
        ("{\"domain\": 1}", "/domain", "unknown field `domain`, expected `emailDomain`"),
        ("{}", "", "missing field `emailDomain` at line 1 column 2"),
        ("7", "", "invalid type: integer `7`, expected struct Body at line 1 column 1"),
    ];
    let world = world().await;
    for (text, pointer, reason) in table {
        let answer = refused(&world, post(&world, text)).await;
        let detail = answer.problem(400, "request.invalid_body");
        assert!(
            detail.starts_with(&format!("the body is not what is expected here: {reason}")),
            "{detail}"
        );
        assert_eq!(
            answer.body["errors"],
            json!([{ "pointer": pointer, "code": "request.invalid_body", "detail": detail }])
        );
    }

    let answer = refused(&world, post(&world, " \t\r\n[\"acme.com\"]")).await;
    let detail = answer.problem(400, "request.invalid_body");
    assert_eq!(detail, "the body is an array: send a JSON object");
    assert_eq!(answer.errors(), [("", "request.invalid_body")]);
}

#[tokio::test]
async fn deep_nesting_is_refused_like_any_other_wrong_value() {
    const DEPTH: usize = 200_000;
    let arrays = "[".repeat(DEPTH);
    let objects = "{\"a\":".repeat(DEPTH);
    let world = world().await;
    for (text, code) in [
        (arrays.clone(), "request.invalid_body"),
        (objects.clone(), "request.invalid_body"),
        (format!("{{\"emailDomain\":{arrays}"), "request.invalid_body"),
        (format!("{{\"emailDomain\":{objects}"), "request.invalid_body"),
        (format!("{{\"other\":{arrays}"), "request.invalid_body"),
    ] {
        let answer = refused(&world, post(&world, text)).await;
        answer.problem(400, code);
    }

    let table = [
        (format!("{arrays}{}", "]".repeat(DEPTH)), 422, "custom_data.not_an_object"),
        (format!("{objects}1{}", "}".repeat(DEPTH)), 413, "request.body_too_large"),
        (format!("{{\"a\":{arrays}{}}}", "]".repeat(DEPTH)), 422, "custom_data.too_large"),
        (arrays, 400, "request.malformed_json"),
    ];
    for (custom_data, status, code) in table {
        let text = format!("{{\"name\": \"Deep\", \"customData\": {custom_data}}}");
        let ask = world.ask(Method::POST, "/organizations");
        let ask = ask.header("content-type", "application/json").raw(text);
        refused(&world, ask).await.problem(status, code);
    }
}

#[tokio::test]
async fn control_characters_in_values_are_refused_and_not_repeated() {
    let world = world().await;
    for control in ["\0", "\u{1}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9f}"] {
        let text = |rest: &str| format!("a{control}b{rest}");
        let table = [
            (Method::POST, "/organizations", json!({ "name": text("") }), "name.invalid"),
            (Method::PATCH, "/organizations/acme", json!({ "name": text("") }), "name.invalid"),
            (Method::POST, "/organization-roles", json!({ "name": text("") }), "name.invalid"),
            (
                Method::POST,
                "/organizations",
                json!({ "name": "a", "description": text("") }),
                "description.invalid",
            ),
            (
                Method::POST,
                "/organizations",
                json!({ "name": "a", "id": text("") }),
                "organization.id_invalid",
            ),
            (Method::POST, DOMAINS, json!({ "emailDomain": text(".com") }), "email_domain.invalid"),
            (
                Method::PUT,
                DOMAINS,
                json!({ "emailDomains": [text(".com")] }),
                "email_domain.invalid",
            ),
            (
                Method::PUT,
                ROLES,
                json!({ "organizationRoleIds": [text("")] }),
                "organization_role.unknown",
            ),
        ];
        for (method, path, body, code) in table {
            let answer = refused(&world, world.ask(method, path).json(&body)).await;
            answer.problem(422, code);
            let shown = answer.body.to_string();
            assert!(!shown.contains(char::is_control), "{shown}");
            assert!(!answer.body["errors"][0]["detail"].as_str().unwrap().contains(control));
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_refused() {
    let world = world().await;
    for (method, path) in [
        (Method::GET, "/organizations/%FF"),
        (Method::DELETE, "/organizations/acme%C3"),
        (Method::GET, "/organizations/%ED%A0%80/jit/email-domains"),
        (Method::POST, "/organizations/%FF/jit/email-domains"),
        (Method::PUT, "/organizations/%FF/jit/email-domains"),
        (Method::DELETE, "/organizations/acme/jit/email-domains/%FF"),
        (Method::GET, "/organizations/%FF/jit/roles"),
        (Method::POST, "/organizations/%FF/jit/roles"),
        (Method::PUT, "/organizations/%FF/jit/roles"),
        (Method::DELETE, "/organizations/acme/jit/roles/%FF"),
        (Method::PATCH, "/organization-roles/%C0%80"),
        (Method::GET, "/users/%FF/organizations"),
    ] {
        let answer = refused(&world, world.ask(method, path).json(&json!({}))).await;
        assert_eq!(
            answer.problem(400, "request.invalid_path"),
            "the path is not UTF-8 once its percent-encoding is undone: send it so",
            "{path}"
        );
    }
}

#[tokio::test]
async fn nothing_is_at_an_id_that_cannot_be() {
    let long = "a".repeat(65);
    let world = world().await;
    for id in ["%00", "a%20b", "a.b", "%C3%A4", "..", "a%2Fb", "a%25", "a:b", &long] {
        for (method, path, code) in [
            (Method::GET, format!("/organizations/{id}"), "organization.not_found"),
            (Method::DELETE, format!("/organizations/{id}"), "organization.not_found"),
            (
                Method::GET,
                format!("/organizations/{id}/jit/email-domains"),
                "organization.not_found",
            ),
            (Method::GET, format!("/organization-roles/{id}"), "organization_role.not_found"),
            (Method::DELETE, format!("{ROLES}/{id}"), "organization_role.not_found"),
        ] {
            refused(&world, world.ask(method, &path)).await.problem(404, code);
        }
    }
    let answer = world.get("/organizations//jit/email-domains").await;
    answer.problem(404, "organization.not_found");
    for id in ["%00", "a%20b", &"a".repeat(129)] {
        let path = format!("/users/{id}/organizations");
        refused(&world, world.ask(Method::GET, &path)).await.problem(404, "user.not_found");
    }
}

#[tokio::test]
async fn every_answer_is_kept_by_nobody_and_its_type_is_not_guessed() {
    let world = world().await;
    let json = json!({ "emailDomain": "acme.com" });
    let asks = [
        (200, world.ask(Method::GET, DOMAINS)),
        (201, world.ask(Method::POST, DOMAINS).json(&json)),
        (422, world.ask(Method::POST, DOMAINS).json(&json)),
        (412, world.ask(Method::POST, DOMAINS).json(&json).if_match("\"1\"")),
        (400, world.ask(Method::POST, DOMAINS).json(&json).if_match("1")),
        (415, world.ask(Method::POST, DOMAINS).raw("{}")),
        (413, post(&world, vec![b' '; 1_048_577])),
        (204, world.ask(Method::DELETE, &format!("{DOMAINS}/acme.com"))),
        (404, world.ask(Method::DELETE, &format!("{DOMAINS}/acme.com"))),
        (404, world.ask(Method::GET, "/nothing")),
        (405, world.ask(Method::PATCH, DOMAINS)),
    ];
    for (status, ask) in asks {
        assert_complete(&ask.send().await, status);
    }

    world.wire.cut_after(0);
    assert_complete(&world.get(DOMAINS).await, 503);
    world.wire.mend();
    put_texts(&world, &[("pk", "ORG#acme"), ("sk", "EMAIL_DOMAINS")]).await;
    assert_complete(&world.get(DOMAINS).await, 500);
}

#[track_caller]
fn assert_complete(answer: &Answer, status: u16) {
    let values = |name| answer.headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(answer.status, status, "{:#}", answer.body);
    assert_eq!(values("cache-control"), ["no-store"], "{status}");
    assert_eq!(values("x-content-type-options"), ["nosniff"], "{status}");
    let content_type = match status {
        204 => "",
        ..400 => "application/json",
        _ => "application/problem+json",
    };
    assert_eq!(answer.header("content-type"), content_type);
}

#[tokio::test]
async fn an_unreadable_item_is_an_error_that_says_nothing_of_the_inside() {
    let world = world().await;
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let map = |entries: &[(&str, AttributeValue)]| {
        let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        AttributeValue::M(entries.collect::<HashMap<_, _>>())
    };
    let added = map(&[("addedAt", text("2026-01-01T00:00:00.000Z"))]);
    let lists = [
        (map(&[]), text("1")),
        (map(&[]), number("-1")),
        (map(&[]), number("1.5")),
        (text("secret"), number("1")),
        (map(&[("secret", added.clone())]), number("1")),
        (map(&[("acme.com", text("secret"))]), number("1")),
        (map(&[("acme.com", map(&[("addedAt", text("secret"))]))]), number("1")),
        (map(&[("acme.com", map(&[]))]), number("1")),
    ];
    for (domains, version) in lists {
        world
            .put_item(&[
                ("pk", text("ORG#acme")),
                ("sk", text("EMAIL_DOMAINS")),
                ("domains", domains),
                ("version", version),
            ])
            .await;
        assert_internal(&world.get(DOMAINS).await);
        let body = json!({ "emailDomains": ["acme.org"] });
        assert_internal(&refused(&world, world.ask(Method::PUT, DOMAINS).json(&body)).await);
    }

    put_texts(&world, &[("pk", "ORG#acme"), ("sk", "ORG"), ("name", "secret\0")]).await;
    assert_internal(&world.get("/organizations/acme").await);
    assert_internal(&world.get(ROLES).await);
    put_texts(&world, &[("pk", "ROLE"), ("sk", "ROLE#secret")]).await;
    assert_internal(&world.get("/organization-roles").await);
    put_texts(&world, &[("pk", "USER#user-1"), ("sk", "ORG#acme"), ("roleIds", "secret")]).await;
    assert_internal(&world.get("/users/user-1/organizations").await);
}

#[track_caller]
fn assert_internal(answer: &Answer) {
    let detail = "something went wrong on our side: repeat the request, and tell the operator if \
                  it stays";
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
async fn a_panic_is_an_error_that_says_nothing_of_the_inside() {
    async fn text() -> StatusCode {
        panic!("secret")
    }
    async fn formatted() -> StatusCode {
        panic!("secret {}", "number".len())
    }
    async fn other() -> StatusCode {
        std::panic::panic_any(7)
    }
    let service = finish(
        Router::new()
            .route("/text", get(text))
            .route("/formatted", get(formatted))
            .route("/other", get(other)),
    );
    for path in ["/text", "/formatted", "/other"] {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let (head, body) = service.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap();
        let answer = Answer { status: head.status, headers: head.headers, body };
        assert_internal(&answer);
        assert_complete(&answer, 500);
    }
}

#[tokio::test]
async fn without_dynamodb_every_request_is_put_off() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    let reads = [
        "/organizations",
        "/organizations/acme",
        "/organization-roles",
        "/organization-roles/role",
        "/users/user-1/organizations",
        DOMAINS,
        ROLES,
    ]
    .map(|path| world.ask(Method::GET, path));
    let changes = [
        "/organizations/acme",
        "/organization-roles/role",
        &format!("{DOMAINS}/acme.com"),
        &format!("{ROLES}/role"),
    ]
    .map(|path| world.ask(Method::DELETE, path));
    let writes = bodies().map(|(method, path, body)| world.ask(method, path).json(&body));

    let before = world.items().await;
    world.wire.cut_after(0);
    for ask in reads.into_iter().chain(changes).chain(writes) {
        let shown = format!("{ask:?}");
        let answer = ask.send().await;
        assert_eq!(
            answer.problem(503, "service.unavailable"),
            "a service that this one needs did not answer in time: repeat the request in a moment",
            "{shown}"
        );
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.body.as_object().map(serde_json::Map::len), Some(6), "{shown}");
    }
    assert_eq!(world.items().await, before);
}

/// Reads `If-Match` lines as a request would carry them.
fn if_match(lines: &[&[u8]]) -> Result<Precondition, StatusCode> {
    let mut request = Request::new(());
    for line in lines {
        let value = HeaderValue::from_bytes(line).expect("a header's value");
        request.headers_mut().append(header::IF_MATCH, value);
    }
    let (mut parts, ()) = request.into_parts();
    let read = IfMatch::from_request_parts(&mut parts, &()).now_or_never();
    match read.expect("nothing to wait for") {
        Ok(IfMatch(precondition)) => Ok(precondition),
        Err(problem) => Err(problem.into_response().status()),
    }
}

#[test]
fn if_match_is_read_from_all_its_lines() {
    let versions =
        |numbers: &[u64]| Precondition::OneOf(numbers.iter().copied().map(Version::new).collect());
    assert_eq!(if_match(&[]), Ok(Precondition::None));
    assert_eq!(if_match(&[b"*"]), Ok(Precondition::None));
    assert_eq!(if_match(&[b"\"1\"", b"\"2\", \"3\""]), Ok(versions(&[1, 2, 3])));
    assert_eq!(if_match(&[b"\"1\"", b"W/\"2\"", b"\"x\""]), Ok(versions(&[1])));
    assert_eq!(if_match(&[b"\"18446744073709551615\""]), Ok(versions(&[u64::MAX])));
    assert_eq!(if_match(&[b"\"18446744073709551616\""]), Ok(versions(&[])));
    assert_eq!(if_match(&[b"*", b"\"1\""]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"\"1\"", b"\xff"]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"", b""]), Err(StatusCode::BAD_REQUEST));
    let tags = |count: usize| vec!["\"7\""; count].join(",");
    assert_eq!(if_match(&[tags(100).as_bytes()]), Ok(versions(&[7; 100])));
    assert_eq!(if_match(&[tags(101).as_bytes()]), Err(StatusCode::BAD_REQUEST));
}

/// Asks for a page of the numbers below `total`: the status, the numbers, and `Link`.
fn page(total: usize, query: &str) -> (StatusCode, Vec<usize>, String) {
    let uri = format!("/numbers?{query}");
    let request = Request::builder().uri(uri).body(()).expect("a request");
    let (mut parts, ()) = request.into_parts();
    let read = Paging::from_request_parts(&mut parts, &()).now_or_never();
    let response = match read.expect("nothing to wait for") {
        Ok(paging) => paging.respond(&(0..total).collect::<Vec<_>>()),
        Err(problem) => problem.into_response(),
    };
    let (head, body) = response.into_parts();
    let body = body.collect().now_or_never().expect("in memory").expect("a body").to_bytes();
    let link =
        head.headers.get(header::LINK).map_or("", |link| link.to_str().expect("visible ASCII"));
    (head.status, serde_json::from_slice(&body).unwrap_or_default(), link.to_owned())
}

/// The query string that a `Link` gives for a relation.
fn linked(link: &str, relation: &str) -> Option<String> {
    let end = format!(">; rel=\"{relation}\"");
    let target = link.split(", ").find_map(|entry| entry.strip_suffix(&end))?;
    target.strip_prefix("</numbers?").map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn any_if_match_is_read_or_refused(line in prop::collection::vec(
        prop_oneof![prop::sample::select(&b"W/\"\"\"0123,, \t*\xe4"[..]), 0x20..=0x7e_u8],
        0..20,
    )) {
        let read = if_match(&[&line]);
        prop_assert!(matches!(read, Ok(_) | Err(StatusCode::BAD_REQUEST)), "{:?}", read);
    }

    #[test]
    fn the_strong_tags_of_a_list_are_what_it_means(
        tags in prop::collection::vec((any::<bool>(), any::<u64>(), "[ \t]{0,2},[ \t,]{0,2}"), 1..20),
    ) {
        let list: String = tags
            .iter()
            .map(|(weak, number, gap)| {
                format!("{}\"{number}\"{gap}", if *weak { "W/" } else { "" })
            })
            .collect();
        let strong = tags.iter().filter(|(weak, ..)| !weak);
        let versions = strong.map(|(_, number, _)| Version::new(*number)).collect();
        prop_assert_eq!(if_match(&[list.as_bytes()]), Ok(Precondition::OneOf(versions)));
    }

    #[test]
    fn whoever_follows_the_links_sees_everything_once(total in 0..400_usize, size in 1..=100_usize) {
        let mut forth = Vec::new();
        let mut query = format!("page_size={size}");
        let last = loop {
            let (status, numbers, link) = page(total, &query);
            prop_assert_eq!(status, StatusCode::OK);
            forth.extend(numbers);
            prop_assert_eq!(
                linked(&link, "first"),
                Some(format!("page=1&page_size={size}"))
            );
            match linked(&link, "next") {
                Some(next) => query = next,
                None => break linked(&link, "last").expect("a last page"),
            }
        };
        prop_assert!(forth.iter().copied().eq(0..total));

        let mut back = Vec::new();
        let mut query = last;
        loop {
            let (_, numbers, link) = page(total, &query);
            back.splice(0..0, numbers);
            match linked(&link, "prev") {
                Some(previous) => query = previous,
                None => break,
            }
        }
        prop_assert_eq!(back, forth);
    }

    #[test]
    fn any_paging_values_are_read_or_refused(
        page_value in "[-+.0-9a-z%&=]{0,12}",
        size in "[-+.0-9a-z%&=]{0,4}",
    ) {
        let (status, ..) = page(10, &format!("page={page_value}&page_size={size}"));
        prop_assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST);
    }
}
