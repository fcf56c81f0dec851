//! Every HTTP function through the events that API Gateway sends (HTTP API, payload version 2.0)

use functions::{Entry, FUNCTIONS};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{Answer, CLIENT_ID, World, http_event as event};

const DOMAINS: &str = "/organizations/acme/jit/email-domains";
const ROLES: &str = "/organizations/acme/jit/roles";

fn with_header(mut event: Value, name: &str, value: &str) -> Value {
    event["headers"][name] = value.into();
    event
}

fn with_text(mut event: Value, body: &str) -> Value {
    event["body"] = body.into();
    event["headers"]["content-length"] = body.len().to_string().into();
    event
}

/// An answer as a function gives it to API Gateway, its body parsed and its length checked.
fn parsed(mut answer: Value) -> Value {
    let text = answer["body"].as_str().expect("a text").to_owned();
    let headers = answer["headers"].as_object_mut().expect("headers");
    if let Some(length) = headers.remove("content-length") {
        // An answer to HEAD tells the length of a body that it does not have.
        assert!(text.is_empty() || length == json!(text.len().to_string()));
    }
    answer["body"] = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).expect("JSON"),
    };
    answer
}

/// What a function gives to API Gateway, whole.
fn answered(status: u16, headers: Value, body: Value) -> Value {
    let mut all = json!({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    let Value::Object(headers) = headers else { panic!("headers are an object") };
    all.as_object_mut().expect("an object").extend(headers);
    if !body.is_null() {
        let problem = status >= 400;
        let json = if problem { "application/problem+json" } else { "application/json" };
        all["content-type"] = json.into();
    }
    let mut answer = json!({
        "statusCode": status,
        "headers": all,
        "multiValueHeaders": {},
        "isBase64Encoded": false,
        "cookies": [],
    });
    answer["body"] = body;
    answer
}

/// The answer of the local server in the shape of those of functions. A function's answer can
/// carry each header only once.
fn local(answer: &Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        let value = value.to_str().expect("visible ASCII");
        assert_eq!(headers.insert(name.to_string(), value.into()), None, "{name} is there twice");
    }
    headers.remove("content-length");
    json!({
        "statusCode": answer.status.as_u16(),
        "headers": headers,
        "multiValueHeaders": {},
        "body": answer.body,
        "isBase64Encoded": false,
        "cookies": [],
    })
}

/// A request to a function: method, address, headers, body.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const JSON: (&str, &str) = ("content-type", "application/json");

/// Requests of every kind, each answered after those above it.
const REQUESTS: [Row; 66] = [
    ("organizations", "POST", "/organizations", &[JSON], r#"{"id":"acme","name":"Äcme"}"#),
    ("organizations", "POST", "/organizations", &[JSON], r#"{"id":"acme","name":"Acme"}"#),
    (
        "organizations",
        "POST",
        "/organizations",
        &[JSON],
        r#"{"name":"Umbrella","customData":{"a":1e3}}"#,
    ),
    ("organizations", "POST", "/organizations", &[JSON], r#"{"name":"","id":"ä"}"#),
    ("organizations", "GET", "/organizations?page_size=1", &[], ""),
    ("organizations", "GET", "/organizations?q=um%62&page_size=1", &[], ""),
    ("organizations", "GET", "/organizations?q=%C3%84+", &[], ""),
    ("organizations", "GET", "/organizations?q=a%20%22%3Cb%3E", &[], ""),
    ("organizations", "GET", "/organizations?cursor=%00", &[], ""),
    ("organizations", "GET", "/organizations?q=1&q=2", &[], ""),
    ("organizations", "GET", "/organizations/acme", &[], ""),
    ("organizations", "HEAD", "/organizations/acme", &[], ""),
    ("organizations", "GET", "/organizations/nobody", &[], ""),
    ("organizations", "GET", "/organizations/%20", &[], ""),
    ("organizations", "GET", "/organizations/%3F%23%25", &[], ""),
    ("organizations", "GET", "/organizations/..", &[], ""),
    ("organizations", "GET", "/organizations/.", &[], ""),
    ("organizations", "GET", "/organizations/x/../acme", &[], ""),
    ("organizations", "GET", "/./organizations", &[], ""),
    ("organizations", "GET", "//organizations", &[], ""),
    ("organizations", "GET", "/organizations/", &[], ""),
    ("organizations", "GET", "/", &[], ""),
    (
        "organizations",
        "PATCH",
        "/organizations/acme",
        &[("content-type", "application/merge-patch+json")],
        r#"{"name":"Acme"}"#,
    ),
    ("organizations", "PUT", "/organizations/acme", &[JSON], "{}"),
    ("organizations", "POST", "/organizations", &[], r#"{"name":"Acme"}"#),
    ("organizations", "POST", "/organizations", &[JSON], ""),
    ("organizations", "POST", "/organizations", &[JSON], "{"),
    ("organizations", "POST", "/organizations", &[JSON], "[]"),
    ("organizations", "POST", "/organizations", &[JSON], "{\"name\": \"\\ud800\"}"),
    ("organizations", "POST", "/organizations", &[JSON], "{\"name\": \"\\u0000\"}"),
    ("organization-roles", "POST", "/organization-roles", &[JSON], r#"{"name":"Engineer"}"#),
    ("organization-roles", "POST", "/organization-roles", &[JSON], r#"{"name":"ENGINEER"}"#),
    ("organization-roles", "GET", "/organization-roles?page=1", &[], ""),
    ("organization-roles", "GET", "/organization-roles?page=0", &[], ""),
    ("organization-roles", "DELETE", "/organization-roles/nobody", &[], ""),
    ("add-email-domain", "POST", DOMAINS, &[JSON], r#"{"emailDomain":"acme.com"}"#),
    ("add-email-domain", "POST", DOMAINS, &[JSON], r#"{"emailDomain":"acme.com"}"#),
    ("add-email-domain", "POST", DOMAINS, &[JSON], r#"{"emailDomain":"gmail.com"}"#),
    ("add-email-domain", "POST", DOMAINS, &[JSON], r#"{"emailDomain":5}"#),
    (
        "add-email-domain",
        "POST",
        DOMAINS,
        &[JSON, ("if-match", "\"1\"")],
        r#"{"emailDomain":"acme.org"}"#,
    ),
    (
        "add-email-domain",
        "POST",
        DOMAINS,
        &[JSON, ("if-match", "1")],
        r#"{"emailDomain":"acme.org"}"#,
    ),
    (
        "add-email-domain",
        "POST",
        DOMAINS,
        &[JSON, ("if-match", "\"ä\"")],
        r#"{"emailDomain":"acme.org"}"#,
    ),
    (
        "add-email-domain",
        "POST",
        DOMAINS,
        &[JSON, ("if-match", "")],
        r#"{"emailDomain":"acme.org"}"#,
    ),
    (
        "add-email-domain",
        "POST",
        DOMAINS,
        &[JSON, ("user-agent", "Jägermeister/1.0 ✓")],
        r#"{"emailDomain":"acme.org"}"#,
    ),
    ("add-email-domain", "POST", DOMAINS, &[("content-type", "text/plain")], "acme.org"),
    (
        "replace-email-domains",
        "PUT",
        DOMAINS,
        &[JSON],
        r#"{"emailDomains":["acme.org","localhost",""]}"#,
    ),
    (
        "replace-email-domains",
        "PUT",
        DOMAINS,
        &[JSON, ("if-match", "\"1\", \"3\"")],
        r#"{"emailDomains":["acme.org","acme.net","bücher.de"]}"#,
    ),
    ("list-email-domains", "GET", DOMAINS, &[], ""),
    ("list-email-domains", "GET", "/organizations/%61cme/jit/email-domains?", &[], ""),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=1&page_size=2",
        &[],
        "",
    ),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=2&page_size=2",
        &[("host", "[::1]:3000")],
        "",
    ),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=1",
        &[("host", "us her")],
        "",
    ),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=1",
        &[("host", "")],
        "",
    ),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=1",
        &[("x-forwarded-proto", "ftp")],
        "",
    ),
    (
        "list-email-domains",
        "GET",
        "/organizations/acme/jit/email-domains?page=1&x={}|^`\\[]'",
        &[],
        "",
    ),
    ("list-email-domains", "GET", "/organizations/acme/jit/email-domains?page=%FF", &[], ""),
    ("list-email-domains", "GET", "/organizations/acme/jit/email-domains?%", &[], ""),
    ("delete-email-domain", "DELETE", "/organizations/acme/jit/email-domains/ACME.org.", &[], ""),
    (
        "delete-email-domain",
        "DELETE",
        "/organizations/acme/jit/email-domains/b%C3%BCcher.de",
        &[("if-match", "*")],
        "",
    ),
    ("delete-email-domain", "DELETE", "/organizations/acme/jit/email-domains/%2e%2E", &[], ""),
    (
        "delete-email-domain",
        "DELETE",
        "/organizations/acme/jit/email-domains/acme%252Enet",
        &[],
        "",
    ),
    ("delete-email-domain", "DELETE", "/organizations/nobody/jit/email-domains/acme.net", &[], ""),
    ("add-default-roles", "POST", ROLES, &[JSON], r#"{"organizationRoleIds":[]}"#),
    ("replace-default-roles", "PUT", ROLES, &[JSON], r#"{"organizationRoleIds":["nobody"]}"#),
    ("delete-default-role", "DELETE", "/organizations/acme/jit/roles/nobody", &[], ""),
    ("memberships", "GET", "/users/user-1/organizations", &[], ""),
];

#[tokio::test]
async fn a_function_answers_like_the_local_server() {
    let (here, there) = (World::new().await, World::new().await);
    for (function, method, address, headers, body) in REQUESTS {
        let ask = here.ask(method.parse().unwrap(), address).raw(body);
        let mut ask = ask.caller(CLIENT_ID, CLIENT_ID);
        let mut event = event(method, address);
        if !headers.iter().any(|(name, _)| *name == "x-forwarded-proto") {
            ask = ask.header("x-forwarded-proto", "https");
        }
        for (name, value) in headers {
            ask = if *name == "host" { ask.host(value) } else { ask.header(name, value) };
            event = with_header(event, name, value);
        }
        if !body.is_empty() {
            event = with_text(event, body);
        }

        let expected = local(&ask.send().await);
        let answer = parsed(there.invoke(function, &event).await);

        assert_eq!(answer, expected, "{method} {address} {headers:?} {body}");
        assert!(answer["statusCode"].as_u64() < Some(500), "{method} {address}");
    }
    assert_eq!(there.items().await, here.items().await);
}

#[tokio::test]
async fn a_body_may_come_in_base64() {
    let world = World::new().await;
    world.organization("acme").await;
    let ask = |body: &str| {
        let mut event = event("POST", DOMAINS);
        event["isBase64Encoded"] = true.into();
        with_header(with_text(event, body), "content-type", "application/json")
    };

    // {"emailDomain":"bücher.de"}
    let event = ask("eyJlbWFpbERvbWFpbiI6ImLDvGNoZXIuZGUifQ==");
    let answer = parsed(world.invoke("add-email-domain", &event).await);
    let listed = world.get(DOMAINS).await.body;
    assert_eq!(listed[0]["emailDomain"], "xn--bcher-kva.de");
    assert_eq!(answer, answered(201, json!({}), listed[0].clone()));

    let before = world.items().await;
    for (body, code) in [
        ("", "request.body_missing"),
        // {"emailDomain":"\xff.de"}
        ("eyJlbWFpbERvbWFpbiI6Iv8uZGUifQ==", "request.malformed_json"),
        ("AAAA", "request.malformed_json"),
        ("{\"emailDomain\":\"acme.com\"}", "request.unintelligible"),
        ("eyJlbWFpbERvbWFpbiI6ImLDvGNoZXIuZGUifQ", "request.unintelligible"),
        ("ä", "request.unintelligible"),
        ("====", "request.unintelligible"),
    ] {
        let answer = parsed(world.invoke("add-email-domain", &ask(body)).await);
        assert_problem(&answer, 400, code);
    }
    assert_eq!(world.items().await, before);
}

/// Asserts that an answer is a complete problem response.
#[track_caller]
fn assert_problem(answer: &Value, status: u16, code: &str) {
    assert_eq!(answer["body"]["code"], code, "{answer:#}");
    assert_eq!(*answer, answered(status, json!({}), answer["body"].clone()));
    assert_eq!(answer["body"]["status"], status);
}

#[tokio::test]
async fn what_is_no_event_of_an_http_api_is_refused() {
    let without = |pointer: &str, name: &str| {
        let mut event = event("GET", "/organizations");
        let object = event.pointer_mut(pointer).and_then(Value::as_object_mut);
        object.expect("an object").remove(name).expect("there");
        event
    };
    let with = |pointer: &str, value: Value| {
        let mut event = event("GET", "/organizations");
        *event.pointer_mut(pointer).expect("there") = value;
        event
    };
    let rest_api = json!({
        "resource": "/organizations",
        "path": "/organizations",
        "httpMethod": "GET",
        "headers": { "Host": "usher.example" },
        "multiValueHeaders": { "Host": ["usher.example"] },
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourcePath": "/organizations",
            "httpMethod": "GET",
            "path": "/prod/organizations",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "identity": { "sourceIp": "203.0.113.7" },
        },
        "body": null,
        "isBase64Encoded": false,
    });
    let mut version_1 = rest_api.clone();
    version_1["version"] = "1.0".into();
    let events = [
        json!(null),
        json!({}),
        json!([]),
        json!(""),
        json!("GET /organizations"),
        json!(7),
        json!(true),
        json!([[[]]]),
        json!({ "triggerSource": "PostConfirmation_ConfirmSignUp", "request": {} }),
        json!({ "Records": [] }),
        rest_api,
        version_1,
        without("", "rawPath"),
        without("", "requestContext"),
        without("/requestContext", "http"),
        without("/requestContext/http", "method"),
        with("/rawPath", json!(null)),
        with("/rawPath", json!("")),
        with("/rawPath", json!("organizations")),
        with("/rawPath", json!("*")),
        with("/rawPath", json!("https://usher.example/organizations")),
        with("/rawQueryString", json!(1)),
        with("/headers", json!([])),
        with("/headers/accept", json!(1)),
        with("/headers/accept", json!("a\nb")),
        with("/headers/accept", json!("\0")),
        with("/headers", json!({ "a b": "c" })),
        with("/headers", json!({ "": "c" })),
        with("/headers", json!({ "ä": "c" })),
        with("/requestContext/http/method", json!("")),
        with("/requestContext/http/method", json!("GE T")),
        with("/requestContext/http/method", json!("GÉT")),
        with("/requestContext/http", json!("GET")),
        with("/isBase64Encoded", json!("false")),
    ];
    let world = World::new().await;
    for event in events {
        let answer = parsed(world.invoke("organizations", &event).await);
        assert_problem(&answer, 400, "request.unintelligible");
        assert_eq!(
            answer["body"]["detail"],
            "the request cannot be understood: it is not what API Gateway sends"
        );
    }
}

#[tokio::test]
async fn what_does_not_concern_a_request_may_be_anything_in_its_event() {
    let table = [
        ("/version", json!("3.0")),
        ("/routeKey", json!(null)),
        ("/cookies", json!("a=b")),
        ("/cookies", json!(["\0", "ä"])),
        ("/pathParameters", json!({ "organizationId": "umbrella" })),
        ("/pathParameters", json!(null)),
        ("/requestContext/authorizer", json!(null)),
        (
            "/requestContext/authorizer",
            json!({ "jwt": { "claims": { "exp": 1 }, "scopes": null } }),
        ),
        ("/requestContext/authorizer", json!({ "lambda": { "tenant": ["acme"] } })),
        ("/requestContext/domainName", json!("not a host")),
        ("/requestContext/http/path", json!("/elsewhere")),
        ("/requestContext/stage", json!("prod")),
        ("/requestContext/timeEpoch", json!("now")),
        ("/requestContext", json!({ "http": { "method": "GET" } })),
        ("/headers", json!({})),
        ("/rawQueryString", json!("")),
    ];
    let world = World::new().await;
    world.organization("acme").await;
    for (pointer, value) in table {
        let mut event = event("GET", DOMAINS);
        *event.pointer_mut(pointer).expect("there") = value;
        let answer = parsed(world.invoke("list-email-domains", &event).await);
        assert_eq!(answer, answered(200, json!({ "etag": "\"1\"" }), json!([])), "{pointer}");
    }

    let bare = json!({
        "rawPath": DOMAINS,
        "requestContext": { "http": { "method": "GET" } },
        "body": null,
    });
    let answer = parsed(world.invoke("list-email-domains", &bare).await);
    assert_eq!(answer, answered(200, json!({ "etag": "\"1\"" }), json!([])));
}

#[tokio::test]
async fn an_odd_path_is_one_where_nothing_is() {
    let world = World::new().await;
    for path in [
        "/organizations?page=1",
        "/organizations#top",
        "/organizations%2Facme",
        "/organizations\\acme",
        "/organizations/acme/../acme",
        "/organizations/./acme",
        "/organizations/ /",
        "/ organizations",
        "/organizations\0",
        "/organizations\n",
        "/\u{ff}",
        "/組織",
        "/{proxy+}",
        "/<script>",
        "/\"`|^[]",
        "//usher.example/organizations",
        "//",
        "/..",
        "/%",
        "/%zz",
        "/\u{fffd}",
        "/@usher.example:99999/",
    ] {
        let mut event = event("GET", "/");
        event["rawPath"] = path.into();
        let answer = parsed(world.invoke("organizations", &event).await);
        assert_problem(&answer, 404, "request.path_not_found");
    }
    for id in ["acme?page=1", "acme#top", "%61cme", "a\\b", "..", ".", " ", "\0", "组", "{}", "a;b"]
    {
        let mut event = event("GET", "/");
        event["rawPath"] = format!("/organizations/{id}").into();
        let answer = parsed(world.invoke("organizations", &event).await);
        assert_problem(&answer, 404, "organization.not_found");
    }
}

#[tokio::test]
async fn a_provider_with_slashes_in_its_name_can_be_changed_and_deleted() {
    const LIST: &str = "/organizations/acme/jit/sso-connectors";
    let world = World::new().await;
    world.organization("acme").await;
    for name in ["a/b", "/", "//", "a/", "/a", "../a", "Ö/#?.%", "sso-connectors/a", "%2F"] {
        world.list_provider_anyway("acme", name).await;
        let about = |method: &str, parameters: &Value| {
            let mut event = event(method, "/");
            event["rawPath"] = format!("{LIST}/{name}").into();
            event["pathParameters"] = parameters.clone();
            event
        };
        let named = json!({ "organizationId": "acme", "ssoConnectorId": name });

        let change = with_text(about("PATCH", &named), r#"{"enrollment":"off"}"#);
        let change = with_header(change, "content-type", "application/json");
        let answer = parsed(world.invoke("update-sso-connector", &change).await);
        assert_eq!(answer["statusCode"], 200, "{name}: {answer:#}");
        assert_eq!(answer["body"]["id"], name);

        // What is not the end of the path does not count.
        for other in [json!(null), json!({ "ssoConnectorId": "b/c" }), json!({ "id": name })] {
            if name.contains('/') {
                let event = about("DELETE", &other);
                let answer = parsed(world.invoke("delete-sso-connector", &event).await);
                assert_problem(&answer, 404, "request.path_not_found");
            }
        }
        let answer = world.invoke("delete-sso-connector", &about("DELETE", &named)).await;
        assert_eq!(answer["statusCode"], 204, "{name}: {answer:#}");
        assert_eq!(world.get(LIST).await.body, json!([]));
    }
}

#[tokio::test]
async fn an_odd_query_string_is_refused_and_harms_nothing() {
    const PAGE: &str = "request.invalid_page";
    const UNKNOWN: &str = "request.unknown_parameter";
    let table = [
        ("page=1&\"={}", UNKNOWN),
        ("{\"page\":1}", UNKNOWN),
        ("page=1#page=2", PAGE),
        ("page=1 ", PAGE),
        ("page=\u{661}", PAGE),
        ("ä=ö&页=1", UNKNOWN),
        ("\0", UNKNOWN),
        ("\u{fffd}%FF%", UNKNOWN),
        ("?page=1", UNKNOWN),
        ("&&&=&", UNKNOWN),
        ("<>^`|\\[]'", UNKNOWN),
        ("page=1\r\nx-evil: 1", PAGE),
    ];
    let world = World::new().await;
    world.organization("acme").await;
    for (query, code) in table {
        let mut event = event("GET", DOMAINS);
        event["rawQueryString"] = query.into();
        let answer = parsed(world.invoke("list-email-domains", &event).await);
        assert_problem(&answer, 400, code);
        assert_eq!(answer["headers"].get("x-evil"), None);
    }
}

#[tokio::test]
async fn an_address_that_is_too_long_is_refused() {
    let world = World::new().await;
    world.organization("acme").await;
    for (path, query) in [
        (DOMAINS.to_owned(), format!("x={}", "a".repeat(70_000))),
        (DOMAINS.to_owned(), "\"".repeat(25_000)),
        (format!("/{}", "a".repeat(70_000)), String::new()),
        (format!("/{}", "ä".repeat(12_000)), String::new()),
    ] {
        let mut event = event("GET", "/");
        event["rawPath"] = path.into();
        event["rawQueryString"] = query.into();
        let answer = parsed(world.invoke("list-email-domains", &event).await);
        assert_problem(&answer, 414, "request.uri_too_long");
    }

    let long = format!("{DOMAINS}?x={}", "a".repeat(59_000));
    let answer = parsed(world.invoke("list-email-domains", &event("GET", &long)).await);
    assert_problem(&answer, 400, "request.unknown_parameter");
}

#[tokio::test]
async fn links_survive_an_odd_host_and_scheme() {
    let world = World::new().await;
    world.organization("acme").await;
    for (scheme, host, beginning) in [
        ("https", "api-id.execute-api.eu-central-1.amazonaws.com", Some("https")),
        ("http", "usher.example:80", Some("http")),
        ("", "usher.example", Some("http")),
        ("ht tp", "usher.example", Some("http")),
        ("https,http", "usher.example", Some("http")),
        ("schéma", "usher.example", Some("http")),
        ("javascript:alert(1)//", "usher.example", Some("http")),
        ("https", "", None),
        ("https", " ", None),
        ("https", "a b", None),
        ("https", "usher.example/x?y#z", None),
        ("https", "üsher.example", None),
        ("https", "usher.example>; rel=\"next\"", None),
        ("https", "\"", None),
        ("https", "%", None),
        ("https", "usher@example", None),
    ] {
        let event = event("GET", &format!("{DOMAINS}?page=1"));
        let event = with_header(with_header(event, "x-forwarded-proto", scheme), "host", host);
        let answer = parsed(world.invoke("list-email-domains", &event).await);

        let place = match beginning {
            Some(scheme) => format!("{scheme}://{host}{DOMAINS}"),
            None => DOMAINS.to_owned(),
        };
        let link = |relation| format!("<{place}?page=1&page_size=20>; rel=\"{relation}\"");
        let links = [link("first"), link("last")].join(", ");
        let headers = json!({ "etag": "\"1\"", "total-number": "0", "link": links });
        assert_eq!(answer, answered(200, headers, json!([])), "{scheme:?} {host:?}");
    }
}

#[tokio::test]
async fn an_event_is_put_off_while_dynamodb_is_down() {
    let world = World::new().await;
    world.wire.cut_after(0);

    let answer = parsed(world.invoke("organizations", &event("GET", "/organizations")).await);

    let detail =
        "a service that this one needs did not answer in time: repeat the request in a moment";
    let body = json!({
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": detail,
        "code": "service.unavailable",
        "message": detail,
    });
    assert_eq!(answer, answered(503, json!({ "retry-after": "1" }), body));
}

/// Texts that have a meaning to some step on the way from event to answer.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: [&str; 34] = [
        "/", "//", "\\", "?", "#", "%", "%2F", "%00", "%FF", "..", ".", ":", "@", "[", "]", "{",
        "}", "\"", "'", "<", ">", " ", "\t", "\0", "\r\n", "ä", "組", "\u{fffd}", "a", "acme",
        "page=1", "&", "=", ",",
    ];
    prop_oneof![
        prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8).prop_map(|it| it.concat()),
        any::<String>(),
    ]
}

/// Paths that lead to some route, or close to one.
fn hostile_path() -> impl Strategy<Value = String> {
    prop_oneof![
        hostile(),
        hostile().prop_map(|text| format!("/{text}")),
        hostile().prop_map(|text| format!("/organizations/{text}")),
        hostile().prop_map(|text| format!("/organizations/{text}/jit/email-domains")),
        hostile().prop_map(|text| format!("{DOMAINS}/{text}")),
        hostile().prop_map(|text| format!("{ROLES}/{text}")),
        hostile().prop_map(|text| format!("/users/{text}/organizations")),
        Just("/organizations".to_owned()),
        Just(DOMAINS.to_owned()),
    ]
}

fn hostile_event() -> impl Strategy<Value = Value> {
    let method = prop_oneof![
        prop::sample::select(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"][..])
            .prop_map(str::to_owned),
        hostile(),
    ];
    let names = prop_oneof![
        prop::sample::select(
            &["host", "x-forwarded-proto", "if-match", "content-type", "cookie", "Host"][..]
        )
        .prop_map(str::to_owned),
        hostile(),
    ];
    let headers = prop::collection::btree_map(names, hostile(), 0..3);
    let body = prop::option::of(prop_oneof![
        hostile(),
        hostile().prop_map(|text| json!({ "emailDomain": text }).to_string()),
        hostile().prop_map(|text| json!({ "name": text, "id": text }).to_string()),
    ]);
    // Something that is left out, or something else.
    let damage = prop::option::weighted(
        0.2,
        (
            prop::sample::select(
                &[
                    "/rawPath",
                    "/rawQueryString",
                    "/headers",
                    "/requestContext",
                    "/body",
                    "/cookies",
                ][..],
            ),
            prop::sample::select(vec![json!(null), json!({}), json!([]), json!(1), json!("x")]),
        ),
    );
    (method, hostile_path(), hostile(), headers, body, any::<bool>(), damage).prop_map(
        |(method, path, query, headers, body, base64, damage)| {
            let mut event = event(&method, "/");
            event["rawPath"] = path.into();
            event["rawQueryString"] = query.into();
            event["body"] = body.into();
            event["isBase64Encoded"] = base64.into();
            event["headers"]["content-type"] = "application/json".into();
            for (name, value) in headers {
                event["headers"][name] = value.into();
            }
            if let Some((pointer, value)) = damage {
                *event.pointer_mut(pointer).expect("there") = value;
            }
            event
        },
    )
}

#[test]
fn no_event_whatsoever_is_answered_with_an_error_of_ours() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let world = World::new().await;
        world.organization("acme").await;
        world
    });
    let http = FUNCTIONS.iter().filter(|function| matches!(function.entry, Entry::Http(_)));
    let functions = prop::sample::select(http.map(|function| function.name).collect::<Vec<_>>());
    let config =
        ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() };
    proptest!(config, |(function in functions, event in hostile_event())| {
        let answer = parsed(runtime.block_on(world.invoke(function, &event)));
        let status = answer["statusCode"].as_u64().expect("a status");
        prop_assert!((200..500).contains(&status), "{} {:#}", function, answer);
        prop_assert_eq!(&answer["headers"]["cache-control"], "no-store");
        prop_assert_eq!(&answer["headers"]["x-content-type-options"], "nosniff");
        prop_assert_eq!(&answer["isBase64Encoded"], false);
        if status >= 400 && answer["body"] != Value::Null {
            prop_assert_eq!(&answer["body"]["status"], status);
        }
    });
}
