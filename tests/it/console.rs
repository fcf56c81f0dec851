//! `/console` and `/openapi.json`

use std::fs;
use std::path::Path;

use axum::http::Method;
use functions::openapi::document;
use serde_json::{Value, json};
use shared::capabilities::{Capability, Environment, EnvironmentError};
use shared::clients::Waits;
use shared::console::{Console, SignIn};
use tempfile::TempDir;

use crate::support::{Answer, Logs, World};

const PAGE: &str = "<!doctype html><title>Usher</title>";
const SCRIPT: &str = "console.log(1)";
const FOREVER: &str = "public, max-age=31536000, immutable";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Built pages, beside a file that nobody must see.
fn build() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    put("secret.txt", "secret");
    put("dist/index.html", PAGE);
    put("dist/assets/index-4f2a.js", SCRIPT);
    put("dist/assets/index-4f2a.js.br", "brotli");
    put("dist/assets/index-4f2a.js.gz", "gzip");
    folder
}

async fn built() -> (World, TempDir) {
    let folder = build();
    let console = Console { pages: folder.path().join("dist"), sign_in: None };
    (World::with_console(console).await, folder)
}

/// What matters of an answer about a file: status, content type, coding, cache, text.
fn shown(answer: &Answer) -> (u16, &str, &str, &str, &str) {
    (
        answer.status.as_u16(),
        answer.header("content-type"),
        answer.header("content-encoding"),
        answer.header("cache-control"),
        answer.body.as_str().unwrap_or_default(),
    )
}

#[tokio::test]
async fn the_page_is_at_its_address_and_at_every_place_within_it() {
    let (world, _folder) = built().await;
    let places =
        ["organizations", "organizations/acme/", "organizations/a.b/jit", "assets", "%C3%A9"];
    let places = places.map(|place| format!("/console/{place}"));
    for place in places.iter().map(String::as_str).chain(["/console"]) {
        let answer = world.get(place).await;
        assert_eq!(shown(&answer), (200, "text/html", "", "no-cache", PAGE), "{place}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let answer = world.get("/console/index.html").await;
    assert_eq!(shown(&answer), (200, "text/html", "", "no-cache", PAGE));
}

#[tokio::test]
async fn a_file_that_is_named_after_its_content_is_kept_for_a_year() {
    let (world, _folder) = built().await;
    let answer = world.get("/console/assets/index-4f2a.js").await;
    assert_eq!(shown(&answer), (200, "text/javascript", "", FOREVER, SCRIPT));
}

#[tokio::test]
async fn a_browser_gets_what_was_compressed_when_it_takes_that() {
    let (world, _folder) = built().await;
    for (accepted, coding, text) in [
        ("gzip, deflate, br", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip"),
        ("zstd", "", SCRIPT),
        ("nonsense;;q", "", SCRIPT),
    ] {
        let request = world.ask(Method::GET, "/console/assets/index-4f2a.js");
        let answer = request.header("accept-encoding", accepted).send().await;
        assert_eq!(shown(&answer), (200, "text/javascript", coding, FOREVER, text), "{accepted}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let request = world.ask(Method::GET, "/console").header("accept-encoding", "br");
    assert_eq!(shown(&request.send().await), (200, "text/html", "", "no-cache", PAGE));
}

#[tokio::test]
async fn conditional_and_range_requests_are_answered_whole() {
    let (world, _folder) = built().await;
    let request = world.ask(Method::GET, "/console");
    let request = request.header("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT");
    let answer = request.header("range", "bytes=0-1").send().await;
    assert_eq!(shown(&answer), (200, "text/html", "", "no-cache", PAGE));
    assert_eq!((answer.header("last-modified"), answer.header("accept-ranges")), ("", ""));
}

#[tokio::test]
async fn nothing_outside_the_folder_can_be_reached() {
    let (world, folder) = built().await;
    assert!(folder.path().join("secret.txt").is_file());
    let absolute = folder.path().join("secret.txt");
    let absolute = absolute.to_str().expect("UTF-8");
    for path in [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "assets/../../secret.txt",
        "assets/..%2f..%2fsecret.txt",
        "..%5csecret.txt",
        "%252e%252e%252fsecret.txt",
        "./../secret.txt",
        "%00/../secret.txt",
        absolute,
        &format!("/{absolute}"),
        &absolute.replace('/', "%2f"),
        "%ff.txt",
    ] {
        world.get(&format!("/console/{path}")).await.problem(404, "request.path_not_found");
    }
}

#[tokio::test]
async fn a_missing_file_is_not_found() {
    let (world, _folder) = built().await;
    for path in ["assets/index-0000.js", "favicon.ico", "assets/index-4f2a.js/more.js"] {
        let answer = world.get(&format!("/console/{path}")).await;
        answer.problem(404, "request.path_not_found");
    }
}

#[tokio::test]
async fn a_console_that_is_not_built_says_how_to_build_it() {
    let console = Console { pages: Path::new("/nowhere").to_owned(), sign_in: None };
    let world = World::with_console(console).await;
    let logs = Logs::capture();
    for place in ["", "/organizations/acme"] {
        logs.lines();
        let answer = world.get(&format!("/console{place}")).await;
        let (status, kind, _, cache, text) = shown(&answer);
        assert_eq!((status, kind, cache), (503, "text/html; charset=utf-8", "no-store"));
        assert!(text.contains("make console"), "{text}");
        let lines = logs.lines();
        let levels: Vec<_> = lines.iter().map(|line| (&line["level"], &line["status"])).collect();
        assert_eq!(levels, [(&json!("INFO"), &json!(503))], "{lines:#?}");
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let (world, _folder) = built().await;
    let paths = ["", "/organizations", "/assets/index-4f2a.js", "/missing.js", "/config.json"];
    let paths = paths.map(|path| format!("/console{path}"));
    for path in paths.iter().map(String::as_str).chain(["/openapi.json"]) {
        let answer = world.get(path).await;
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn without_a_sign_in_the_settings_are_null() {
    let (world, _folder) = built().await;
    let answer = world.get("/console/config.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-cache"));
    let none = json!({ "authority": null, "clientId": null, "scope": null, "hostedDomain": null });
    assert_eq!(answer.body, none);
}

#[tokio::test]
async fn with_a_sign_in_the_page_learns_of_it_and_may_talk_to_it() {
    let issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE";
    let domain = "https://usher.auth.eu-central-1.amazoncognito.com";
    let sign_in = SignIn {
        issuer: issuer.to_owned(),
        client_id: "client".to_owned(),
        domain: Some(domain.to_owned()),
    };
    let folder = build();
    let console = Console { pages: folder.path().join("dist"), sign_in: Some(sign_in) };
    let world = World::with_console(console).await;
    let settings = json!({
        "authority": issuer,
        "clientId": "client",
        "scope": "openid usher/read usher/write",
        "hostedDomain": domain,
    });
    assert_eq!(world.get("/console/config.json").await.body, settings);
    let connect = format!(
        "connect-src 'self' https://cognito-idp.eu-central-1.amazonaws.com {domain}; base-uri"
    );
    let policy = POLICY.replace("connect-src 'self'; base-uri", &connect);
    assert_eq!(world.get("/console").await.header("content-security-policy"), policy);
}

#[test]
fn a_sign_in_that_no_browser_could_use_is_refused() {
    let read = |issuer: &'static str, client: &'static str, domain: &'static str| {
        let variable = move |name: &str| match name {
            "OPERATOR_ISSUER" => Some(issuer.to_owned()),
            "OPERATOR_CLIENT_ID" => Some(client.to_owned()),
            "OPERATOR_DOMAIN" => Some(domain.to_owned()),
            _ => None,
        };
        let console = Console::from_environment(&Environment::new(variable, Waits::HTTP));
        console.map(|it| it.sign_in.map(|it| (it.issuer, it.client_id, it.domain)))
    };
    let error = |result: Result<_, EnvironmentError>| match result {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it is taken"),
    };
    let issuer = "http://127.0.0.1:9229/pool";
    let taken = Some((issuer.to_owned(), "client".to_owned(), None));
    assert_eq!(read(issuer, "client", "").expect("settings"), taken);
    assert_eq!(read("", "", "").expect("settings"), None);
    assert!(error(read(issuer, "", "")).contains("OPERATOR_CLIENT_ID is not set"));
    for wrong in ["nonsense", "ftp://host/", "https://a;script-src *", "javascript:alert(1)"] {
        assert!(error(read(wrong, "client", "")).contains("OPERATOR_ISSUER is wrong"), "{wrong}");
        assert!(error(read(issuer, "client", wrong)).contains("OPERATOR_DOMAIN is wrong"));
    }
}

#[tokio::test]
async fn the_openapi_document_is_served_as_it_is() {
    let (world, _folder) = built().await;
    let answer = world.get("/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-cache"));
    assert!(answer.body == document());
}

#[tokio::test]
async fn methods_other_than_get_and_head_are_not_allowed() {
    let (world, _folder) = built().await;
    let answer = world.ask(Method::HEAD, "/console").send().await;
    assert_eq!(shown(&answer), (200, "text/html", "", "no-cache", ""));
    for path in ["/console", "/console/assets/index-4f2a.js", "/openapi.json"] {
        let answer = world.post(path, &json!({})).await;
        answer.problem(405, "request.method_not_allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}

fn event(path: &str, accepted: &str) -> Value {
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "accept-encoding": accepted },
        "requestContext": { "http": { "method": "GET", "path": path } },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn through_the_gateway_text_is_text_and_what_is_compressed_is_base_64() {
    let (world, _folder) = built().await;
    let page = world.invoke("console", &event("/console/organizations/acme", "")).await;
    assert_eq!(
        (&page["statusCode"], &page["body"], &page["isBase64Encoded"]),
        (&json!(200), &json!(PAGE), &json!(false))
    );
    let script = world.invoke("console", &event("/console/assets/index-4f2a.js", "br")).await;
    assert_eq!(script["headers"]["content-encoding"], "br");
    assert_eq!(
        (&script["statusCode"], &script["body"], &script["isBase64Encoded"]),
        (&json!(200), &json!("YnJvdGxp"), &json!(true))
    );
}
