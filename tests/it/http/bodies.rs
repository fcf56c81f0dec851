//! What may be a request's body

use std::collections::BTreeSet;

use axum::http::Method;
use functions::openapi::document;
use functions::{FUNCTIONS, Function};
use serde_json::{Value, json};

use super::{DOMAINS, ROLES, bodies, post, world};
use crate::support::{http_event, refused};

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
async fn a_missing_body_is_refused_with_what_to_send() {
    let world = world().await;
    for Operation { method, path, members } in operations() {
        // A byte order mark alone is no body either.
        for (content_type, body) in
            [("application/json", ""), ("text/plain", ""), ("application/json", "\u{feff}")]
        {
            let ask = world.ask(method.clone(), &path).header("content-type", content_type);
            let answer = refused(&world, ask.raw(body)).await;
            let detail = answer.problem(400, "request.body_missing");
            assert_eq!(detail, format!("there is no body: send {}", in_order(detail, &members)));
        }
    }
}

/// A request with a body: the names of the body's members.
struct Operation {
    method: Method,
    path: String,
    members: BTreeSet<String>,
}

/// Every request of every function that has a body.
fn operations() -> Vec<Operation> {
    let document = document();
    let routes = FUNCTIONS.iter().flat_map(Function::routes);
    let operations = routes.filter_map(|route| {
        let path = route.openapi_path();
        let operation = &document["paths"][&path][route.method.as_str().to_lowercase()];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let schema = document.pointer(&schema.as_str()?[1..]).expect("a schema");
        let forms = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
        let properties = |form: &Value| form["properties"].as_object().expect("properties").clone();
        let members = forms.iter().flat_map(properties).map(|(name, _)| name);
        Some(Operation {
            method: route.method,
            path: path
                .replace("{organizationId}", "acme")
                .replace("{emailDomain}", "acme.com")
                .replace(['{', '}'], ""),
            members: members.collect(),
        })
    });
    let operations: Vec<_> = operations.collect();
    assert!(operations.len() > 14);
    operations
}

/// `an object with …`: these members, in the order of a sentence that names them all.
#[track_caller]
fn in_order(sentence: &str, members: &BTreeSet<String>) -> String {
    let (_, names) = sentence.split_once(" with ").expect("it names the members");
    let named: BTreeSet<_> =
        names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
    assert_eq!(&named, members, "{sentence}");
    format!("an object with {names}")
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_with_the_members_of_the_object_to_send() {
    let world = world().await;
    for Operation { method, path, members } in operations() {
        for (body, kind) in [
            ("[]", "an array"),
            (" \t\r\n[\"acme.com\"]", "an array"),
            ("[{}]", "an array"),
            ("null", "null"),
            ("true", "true"),
            ("false", "false"),
            ("7", "a number"),
            ("-1e999", "a number"),
            ("\"{}\"", "a string"),
            ("\u{feff}[]", "an array"),
        ] {
            let ask = world.ask(method.clone(), &path).header("content-type", "application/json");
            let answer = refused(&world, ask.raw(body)).await;
            let detail = answer.problem(400, "request.invalid_body");
            let expected = format!("the body is {kind}: send {}", in_order(detail, &members));
            assert_eq!(detail, expected, "{method} {path} {body}");
            assert_eq!(answer.errors(), [("", "request.invalid_body")]);
        }
    }
}

/// What parsers and their types say, and people do not.
const WORDS_OF_PARSERS: [&str; 24] = [
    "EOF",
    "expected",
    "trailing",
    "invalid type",
    "invalid value",
    "invalid length",
    "invalid escape",
    "invalid unicode",
    "unknown field",
    "missing field",
    "duplicate field",
    "struct",
    "enum",
    "variant",
    "newtype",
    "sequence",
    "unit value",
    "integer `",
    "floating point",
    "hex escape",
    "control character",
    "recursion",
    "out of range",
    "key must be",
];

/// Members of another type and names of every kind, and texts that are not JSON.
fn wrong_bodies(members: &BTreeSet<String>) -> Vec<Vec<u8>> {
    const VALUES: [&str; 11] = [
        "7",
        "1.5",
        "-1e999",
        "{}",
        "[null]",
        "[7]",
        "[[]]",
        "[\"\\ud800\"]",
        "\"\\ud800\"",
        "tru",
        "\"",
    ];
    let mut bodies: Vec<Vec<u8>> = vec![
        b" ".to_vec(),
        b"{".to_vec(),
        b"}".to_vec(),
        b"{}}".to_vec(),
        b"{} {}".to_vec(),
        b"{'a': 1}".to_vec(),
        b"{a: 1}".to_vec(),
        b"{\"a\" 1}".to_vec(),
        b"{\"a\": 1,}".to_vec(),
        b"{\"a\": 01}".to_vec(),
        b"{\"a\": NaN}".to_vec(),
        b"{\"a\": \"\\x\"}".to_vec(),
        b"{\"a\": \"\n\"}".to_vec(),
        b"{\"a\": \"\xff\"}".to_vec(),
        b"{\"\\ud800\": 1}".to_vec(),
        b"{\"unknown\": 1}".to_vec(),
        b"a=b".to_vec(),
        b"\0".to_vec(),
        b"\x1f\x8b\x08\0".to_vec(),
        "[".repeat(100_000).into_bytes(),
        format!("{{\"{}\": 1}}", "x".repeat(10_000)).into_bytes(),
    ];
    for name in members {
        bodies.push(format!("{{\"{name}\": \"a\", \"{name}\": \"a\"}}").into_bytes());
        bodies.extend(VALUES.map(|value| format!("{{\"{name}\": {value}}}").into_bytes()));
    }
    bodies
}

#[tokio::test]
async fn no_answer_repeats_the_words_of_a_parser_or_of_a_type() {
    let world = world().await;
    for Operation { method, path, members } in operations() {
        for body in wrong_bodies(&members) {
            let shown: String = body.escape_ascii().to_string().chars().take(60).collect();
            let ask = world.ask(method.clone(), &path).header("content-type", "application/json");
            let answer = ask.raw(body).send().await;
            let status = answer.status.as_u16();
            if status == 200 {
                // Empty custom data is a change.
                continue;
            }
            assert!([400, 404, 422].contains(&status), "{method} {path} {shown}: {status}");
            let code = answer.body["code"].as_str().expect("a code").to_owned();
            let detail = answer.problem(status, &code);
            for words in WORDS_OF_PARSERS {
                assert!(!detail.contains(words), "{method} {path} {shown}: {detail}");
            }
            if status == 400 {
                assert!(detail.contains(": "), "it says what to do: {detail}");
            }
        }
    }
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_place() {
    let end =
        |column: usize| format!("it ends too early, in line 1, column {column}: send all of it");
    let syntax =
        |line: usize, column: usize| format!("correct the syntax in line {line}, column {column}");
    let bytes = |place: usize| format!("byte {place} is not UTF-8: send all of it in UTF-8");
    let encoding = |name: &str| format!("it is in {name}: send it in UTF-8");
    let table: [(&[u8], String); 33] = [
        (b" ", end(1)),
        (b"{", end(1)),
        (b"{\"emailDomain\": \"acme.com\"", end(26)),
        (b"{\"emailDomain\": \"acme.com", end(25)),
        (b"{\"emailDomain\": \"acme.com\"}}", syntax(1, 28)),
        (b"{\"emailDomain\": \"acme.com\"} x", syntax(1, 29)),
        (b"{\n  \"emailDomain\": acme.com\n}", syntax(2, 18)),
        (b"{\"emailDomain\": \"acme.com\",}", syntax(1, 28)),
        (b"{\"emailDomain\" \"acme.com\"}", syntax(1, 16)),
        (b"{emailDomain: \"acme.com\"}", syntax(1, 2)),
        (b"{'emailDomain': 'acme.com'}", syntax(1, 2)),
        (b"{\"emailDomain\": \"\\x\"}", syntax(1, 19)),
        (b"{\"emailDomain\": \"\\u12\"}", syntax(1, 23)),
        (b"emailDomain=acme.com", syntax(1, 1)),
        (b"\xef\xbb\xbf{\"emailDomain\": acme.com}", syntax(1, 17)),
        (b"\xef\xbb\xbf\xef\xbb\xbf{\"emailDomain\": \"acme.com\"}", syntax(1, 1)),
        // Control characters as they are, which JSON does not allow within a text.
        (b"{\"emailDomain\": \"acme\0.com\"}", syntax(1, 21)),
        (b"{\"emailDomain\": \"acme\n.com\"}", syntax(1, 21)),
        // No UTF-8.
        (b"{\"emailDomain\": \"acme\xff.com\"}", bytes(22)),
        (b"{\"emailDomain\": \"\xed\xa0\x80.com\"}", bytes(18)),
        (b"\x1f\x8b\x08", bytes(2)),
        (b"\xef\xbb{}", bytes(1)),
        // Other encodings, with and without a byte order mark.
        (b"\xff\xfe{\0}\0", encoding("UTF-16")),
        (b"\xfe\xff\0{\0}", encoding("UTF-16")),
        (b"{\0}\0", encoding("UTF-16")),
        (b"\0{\0}", encoding("UTF-16")),
        (b"\xff\xfe", encoding("UTF-16")),
        (b"\xff\xfe\0\0{\0\0\0", encoding("UTF-32")),
        (b"\0\0\xfe\xff\0\0\0{", encoding("UTF-32")),
        (b"{\0\0\0}\0\0\0", encoding("UTF-32")),
        (b"\0\0\0{\0\0\0}", encoding("UTF-32")),
        (b"\xff\xfe\0\0", encoding("UTF-32")),
        (b"[[[[[[[[", end(8)),
    ];
    let world = world().await;
    for (text, reason) in table {
        let answer = refused(&world, post(&world, text)).await;
        let detail = answer.problem(400, "request.malformed_json");
        assert_eq!(detail, format!("the body is not JSON: {reason}"), "{}", text.escape_ascii());
        assert_eq!(answer.errors(), []);

        // API Gateway sends a body that is not text in base64.
        let mut event = http_event("POST", DOMAINS);
        event["headers"]["content-type"] = json!("application/json");
        event["body"] = json!(base64(text));
        event["isBase64Encoded"] = json!(true);
        let event = world.invoke("add-email-domain", &event).await;
        let body: Value = serde_json::from_str(event["body"].as_str().expect("text")).unwrap();
        assert_eq!(body, answer.body);
    }
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let four = |three: &[u8]| {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        let digit = |place: usize| char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
        (0..4)
            .map(|place| if place <= three.len() { digit(place) } else { '=' })
            .collect::<String>()
    };
    bytes.chunks(3).map(four).collect()
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped() {
    let world = world().await;
    let answer = post(&world, "\u{feff} {\"emailDomain\": \"acme.com\"}\n").send().await;
    assert_eq!((answer.status.as_u16(), &answer.body["emailDomain"]), (201, &json!("acme.com")));
}

#[tokio::test]
async fn half_a_character_is_refused_with_its_place() {
    let table = [
        (Method::POST, DOMAINS, r#"{"emailDomain": "\ud800.com"}"#, "/emailDomain"),
        (Method::POST, DOMAINS, r#"{"emailDomain": "\ud800\u0041"}"#, "/emailDomain"),
        (Method::POST, DOMAINS, r#"{"emailDomain": "\udc00\ud800"}"#, "/emailDomain"),
        (Method::PUT, DOMAINS, r#"{"emailDomains": ["a.com", "\uDFFF"]}"#, "/emailDomains/1"),
        (Method::POST, "/organizations", r#"{"name": "a\ud83d"}"#, "/name"),
        (
            Method::POST,
            "/organizations",
            r#"{"name": "a", "description": "\ud83d"}"#,
            "/description",
        ),
        (Method::POST, "/organizations", r#"{"name": "a", "id": "\ud83d"}"#, "/id"),
        (Method::PATCH, "/organizations/acme", r#"{"description": "\ud83d"}"#, "/description"),
        (Method::POST, "/organization-roles", r#"{"name": "\ud83d"}"#, "/name"),
        (Method::POST, "/users", r#"{"primaryEmail": "\ud83d@acme.com"}"#, "/primaryEmail"),
        (Method::POST, "/jit/preview", r#"{"email": "\ud83d@acme.com"}"#, "/email"),
    ];
    let world = world().await;
    for (method, path, body, pointer) in table {
        let ask = world.ask(method, path).header("content-type", "application/json").raw(body);
        let answer = refused(&world, ask).await;
        assert_eq!(
            answer.problem(400, "request.malformed_json"),
            format!(
                "`{pointer}` has a lone surrogate, which is half a character: send whole characters"
            )
        );
        assert_eq!(answer.errors(), [(pointer, "request.malformed_json")]);
    }
    let answer = refused(&world, post(&world, r#"{"\ud800": 1}"#)).await;
    assert_eq!(
        answer.problem(400, "request.malformed_json"),
        "the body has a lone surrogate, which is half a character: send whole characters"
    );
    let whole = world.post("/organizations", &json!({ "name": "\u{1f600}" })).await;
    assert_eq!((whole.status.as_u16(), &whole.body["name"]), (201, &json!("\u{1f600}")));
}

#[tokio::test]
async fn a_coded_body_is_refused_and_so_is_a_plain_one_with_the_header_of_a_coded_one() {
    let world = world().await;
    for (method, path, body) in bodies() {
        for codings in [
            &["gzip"][..],
            &["GZIP"],
            &["br"],
            &["identity, deflate"],
            &["identity", "gzip"],
            &["x-unknown"],
            &["\u{e4}"],
        ] {
            for body in [body.to_string().into_bytes(), b"\x1f\x8b\x08\0\0".to_vec()] {
                let ask =
                    world.ask(method.clone(), path).header("content-type", "application/json");
                let ask = codings.iter().fold(ask, |ask, it| ask.header("content-encoding", it));
                let answer = refused(&world, ask.raw(body)).await;
                assert_eq!(
                    answer.problem(415, "request.unsupported_content_encoding"),
                    "`Content-Encoding` says that the body is encoded: send it as it is, without \
                     this header"
                );
                assert_eq!(answer.header("accept-encoding"), "identity");
            }
        }
    }
    for (number, coding) in
        ["identity", "Identity", "", "identity, identity", " , "].iter().enumerate()
    {
        let body = json!({ "emailDomain": format!("acme-{number}.com") });
        let ask = world.ask(Method::POST, DOMAINS).header("content-encoding", coding).json(&body);
        assert_eq!(ask.send().await.status, 201, "{coding}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_with_its_place_and_what_to_send() {
    const ROLE: &str = "/organizations";
    let table = [
        (
            DOMAINS,
            r#"{"emailDomain": 5}"#,
            "/emailDomain",
            "`/emailDomain` is a number: send a string",
        ),
        (
            DOMAINS,
            r#"{"emailDomain": null}"#,
            "/emailDomain",
            "`/emailDomain` is null: send a string",
        ),
        (DOMAINS, "{}", "", "the body lacks `emailDomain`: add it"),
        (
            DOMAINS,
            r#"{"emailDomain": "a.com", "emailDomain": "b.com"}"#,
            "",
            "the body has `emailDomain` twice: send it once",
        ),
        (
            DOMAINS,
            r#"{"email/Domain": 1}"#,
            "/email~1Domain",
            "`/email~1Domain` is not known here: send only `emailDomain`, `enrollment`, \
             `existingUsers`, `organizationRoleIds`, `subdomains`, `ownership`",
        ),
        (
            ROLE,
            r#"{"name": "a", "nmae": "b"}"#,
            "/nmae",
            "`/nmae` is not known here: send only `id`, `name`, `description`, `customData`",
        ),
        (ROLE, r#"{"id": "a"}"#, "", "the body lacks `name`: add it"),
        (
            ROLE,
            r#"{"name": "a", "description": []}"#,
            "/description",
            "`/description` is an array: send a string or null",
        ),
        (
            "/users",
            r#"{"primaryEmail": "a@b.c", "emailVerified": "true"}"#,
            "/emailVerified",
            "`/emailVerified` is a string: send true or false",
        ),
        (
            ROLES,
            r#"{"organizationRoleIds": {"0": "a"}}"#,
            "/organizationRoleIds",
            "`/organizationRoleIds` is an object: send an array",
        ),
        (
            ROLES,
            r#"{"organizationRoleIds": ["a", false]}"#,
            "/organizationRoleIds/1",
            "`/organizationRoleIds/1` is false: send a string",
        ),
    ];
    let world = world().await;
    for (path, text, pointer, reason) in table {
        let ask = world.ask(Method::POST, path).header("content-type", "application/json");
        let answer = refused(&world, ask.raw(text)).await;
        let detail = answer.problem(400, "request.invalid_body");
        assert_eq!(detail, reason);
        assert_eq!(
            answer.body["errors"],
            json!([{ "pointer": pointer, "code": "request.invalid_body", "detail": detail }])
        );
    }

    let long = format!("{{\"{}\": 1}}", "x".repeat(10_000));
    let answer = refused(&world, post(&world, long)).await;
    assert_eq!(
        answer.problem(400, "request.invalid_body"),
        format!(
            "`/{}…` is not known here: send only `emailDomain`, `enrollment`, `existingUsers`, \
             `organizationRoleIds`, `subdomains`, `ownership`",
            "x".repeat(99)
        )
    );
}

/// The place of a member with a long name is as long in an answer as the document says, or it is that
/// of the object.
#[tokio::test]
async fn a_long_pointer_is_that_of_the_object_or_array_around_the_place() {
    let world = world().await;
    for (name, pointer) in [
        ("x".repeat(999), format!("/{}", "x".repeat(999))),
        ("é".repeat(999), format!("/{}", "é".repeat(999))),
        ("x".repeat(1_000), String::new()),
        ("x".repeat(1_000_000), String::new()),
        ("/".repeat(499), format!("/{}", "~1".repeat(499))),
        ("/".repeat(500), String::new()),
        ("~".repeat(500_000), String::new()),
    ] {
        let text = format!("{{\"{name}\": 1}}");
        let answer = refused(&world, post(&world, text)).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(&*pointer, "request.invalid_body")]);
    }

    let twice = |name: &str| format!(r#"{{"a/b": [0, {{"{name}": 1, "{name}": 2}}]}}"#);
    let place = "/customData/a~1b/1";
    let short = "x".repeat(1_000 - place.len() - 1);
    for (name, pointer) in [
        (&*short, format!("{place}/{short}")),
        (&*format!("x{short}"), place.to_owned()),
        (&*"/".repeat(3_000), place.to_owned()),
    ] {
        let text = format!(r#"{{"customData": {}}}"#, twice(name));
        let ask = world.ask(Method::PATCH, "/organizations/acme");
        let ask = ask.header("content-type", "application/json").raw(text);
        let answer = refused(&world, ask).await;
        answer.problem(422, "custom_data.repeated_name");
        assert_eq!(answer.errors(), [(&*pointer, "custom_data.repeated_name")]);
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_like_any_other_wrong_value() {
    const DEPTH: usize = 200_000;
    let arrays = "[".repeat(DEPTH);
    let objects = "{\"a\":".repeat(DEPTH);
    let world = world().await;
    let closed = format!("{arrays}{}", "]".repeat(DEPTH));
    for (text, code) in [
        (arrays.clone(), "request.malformed_json"),
        (objects.clone(), "request.malformed_json"),
        (format!("{{\"other\":{arrays}"), "request.malformed_json"),
        (closed.clone(), "request.invalid_body"),
        (format!("{{\"emailDomain\":{closed}}}"), "request.invalid_body"),
        (format!("{{\"other\":{closed}}}"), "request.invalid_body"),
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
