//! Requests, and events of API Gateway: no answer says that Usher has failed, each refusal is a whole problem document,
//! and what only reads writes nothing.
//!
//! An input is up to four requests, as HTTP/1.1 writes them, with a line `---` between them. There, `$role` stands for
//! the id of a role, and `$etag` and `$next` for what an answer before had as `ETag` and as the query string of the next
//! page. An input that begins with a brace is an event of API Gateway.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use lambda_http::{Context, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt;

use crate::wire::Mood;
use crate::world::World;

const MOST_REQUESTS: usize = 4;
const BETWEEN: &[u8] = b"\n---\n";

pub(crate) fn read(input: &[u8]) -> bool {
    World::with(|world| {
        world.wire.set_mood(Mood::Well);
        world.runtime.block_on(async {
            if input.starts_with(b"{") {
                event(world, input).await
            } else {
                requests(world, input).await
            }
        })
    })
}

/// What a later request can repeat of the answers before it.
#[derive(Default)]
struct Seen {
    etag: Vec<u8>,
    next: Vec<u8>,
}

async fn requests(world: &World, input: &[u8]) -> bool {
    let mut seen = Seen::default();
    let mut sent = false;
    let mut rest = input;
    for _ in 0..MOST_REQUESTS {
        let (text, after) = split(rest, BETWEEN);
        let text = replaced(text, b"$role", world.role.as_bytes());
        let text = replaced(&replaced(&text, b"$etag", &seen.etag), b"$next", &seen.next);
        if let Some(request) = request(&text) {
            sent = true;
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let wrote_before = world.wire.writes();
            let answer = world.service.clone().oneshot(request).await;
            let (head, body) = answer.expect("a service never fails").into_parts();
            let body = body.collect().await.expect("bodies are in memory").to_bytes();
            let what = format!("{method} {uri}");
            hold(&what, &method, head.status, &head.headers, &body);
            if method == Method::GET || method == Method::HEAD {
                assert_eq!(world.wire.writes(), wrote_before, "{what} has written");
            }
            if let Some(etag) = head.headers.get(header::ETAG) {
                seen.etag = etag.as_bytes().to_vec();
            }
            let link = head.headers.get(header::LINK).and_then(|link| link.to_str().ok());
            if let Some(next) = link.and_then(next_page) {
                seen.next = next.as_bytes().to_vec();
            }
        }
        match after {
            Some(after) => rest = after,
            None => break,
        }
    }
    sent
}

/// The query string of the next page, in a `Link`.
fn next_page(link: &str) -> Option<&str> {
    let entry = link.split(", ").find_map(|entry| entry.strip_suffix(">; rel=\"next\""))?;
    entry.split_once('?').map(|(_, query)| query)
}

/// Reads a request as HTTP/1.1 writes it. The method and the target must be possible, and headers that are not are left
/// out, since no client can send them.
fn request(text: &[u8]) -> Option<Request<Body>> {
    let (head, body) = split(text, b"\n\n");
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = split(lines.next()?, b" ");
    let method = Method::from_bytes(method).ok()?;
    let uri = Uri::try_from(target?).ok()?;
    let mut request = Request::new(Body::from(body.unwrap_or_default().to_vec()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    for line in lines {
        let (name, value) = split(line, b":");
        let value = value.unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    if body.is_some() {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        headers.entry(header::CONTENT_TYPE).or_insert(JSON);
    }
    Some(request)
}

async fn event(world: &World, input: &[u8]) -> bool {
    let Ok(text) = String::from_utf8(input.to_vec()) else { return false };
    let Ok(payload) = RawValue::from_string(text) else { return false };
    let event = LambdaEvent::new(payload, Context::default());
    let answer = match shared::runtime::answer_http_event(world.service.clone(), event).await {
        Ok(answer) => serde_json::to_value(answer).expect("an answer is JSON"),
        Err(never) => match never {},
    };
    let status = answer["statusCode"].as_u64().and_then(|it| u16::try_from(it).ok());
    let status = StatusCode::from_u16(status.expect("a number")).expect("a status");
    let mut headers = HeaderMap::new();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().expect("a text")).expect("a value");
        headers.insert(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value);
    }
    let method: Value = serde_json::from_slice(input).unwrap_or_default();
    let method = method["requestContext"]["http"]["method"].as_str().unwrap_or_default();
    let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
    let body = Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned());
    if answer["isBase64Encoded"] != true {
        hold("an event", &method, status, &headers, &body);
    }
    true
}

/// Holds an answer to its promises.
fn hold(what: &str, method: &Method, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    assert!(!status.is_server_error(), "{what}: {status} {}", String::from_utf8_lossy(body));
    let header =
        |name| headers.get(name).map_or("", |value| value.to_str().expect("visible ASCII"));
    assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{what}");
    if !status.is_client_error() {
        if !body.is_empty() && header(header::CONTENT_TYPE) == "application/json" {
            serde_json::from_slice::<&RawValue>(body).expect("an answer is JSON");
        }
        return;
    }
    assert_eq!(header(header::CONTENT_TYPE), "application/problem+json", "{what}: {status}");
    assert_eq!(header(header::CACHE_CONTROL), "no-store", "{what}");
    if status == StatusCode::METHOD_NOT_ALLOWED {
        assert!(!header(header::ALLOW).is_empty(), "{what}: the allowed methods are missing");
    }
    if method == Method::HEAD {
        return;
    }
    let problem: Value = serde_json::from_slice(body).expect("a problem is JSON");
    let text = |of: &Value, name: &str| of[name].as_str().map(str::to_owned).expect("a text");
    assert_eq!(text(&problem, "type"), "about:blank", "{what}: {problem}");
    assert_eq!(problem["status"], status.as_u16(), "{what}: {problem}");
    assert_eq!(Some(&*text(&problem, "title")), status.canonical_reason(), "{what}: {problem}");
    assert_eq!(problem["message"], problem["detail"], "{what}: {problem}");
    let errors = problem["errors"].as_array().into_iter().flatten();
    for part in [&problem].into_iter().chain(errors.clone()) {
        let (code, detail) = (text(part, "code"), text(part, "detail"));
        let is_code = |it: char| it.is_ascii_lowercase() || matches!(it, '_' | '.');
        assert!(!code.is_empty() && code.chars().all(is_code), "{what}: {problem}");
        let length = detail.chars().count();
        assert!((1..=401).contains(&length), "{what}: {problem}");
        assert!(!detail.contains(char::is_control), "{what}: {problem}");
    }
    for error in errors {
        let pointer = text(error, "pointer");
        assert!(pointer.is_empty() || pointer.starts_with('/'), "{what}: {problem}");
        assert!(pointer.chars().count() <= 1000, "{what}: {problem}");
    }
}

/// Both sides of the first place where a separator is.
fn split<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match text.windows(separator.len()).position(|part| part == separator) {
        Some(at) => (&text[..at], Some(&text[at + separator.len()..])),
        None => (text, None),
    }
}

fn replaced(text: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::new(), text);
    while let (before, Some(after)) = split(rest, word) {
        replaced.extend_from_slice(before);
        replaced.extend_from_slice(by);
        rest = after;
    }
    replaced.extend_from_slice(rest);
    replaced
}
