//! What may be a request's body

use axum::http::Method;
use serde_json::json;

use super::{DOMAINS, ROLES, bodies, post, world};
use crate::support::refused;

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
