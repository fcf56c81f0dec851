//! `/console`: the built pages of the console, their settings, and `/openapi.json`. These need no
//! token. They are the same for everybody, and contain nothing about any organization.

use std::path::Path;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use shared::capabilities;
use shared::console::{Console, SignIn};
use shared::http::{AnyQuery, Problem};
use tower::ServiceExt;
use tower_http::services::ServeDir;
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::schemas;

const START: &str = "/console";
/// The scopes that the console asks for.
const SCOPE: &str = "openid usher/read usher/write";
/// The build names these files after their content, so a file never changes.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// The browser may keep the file, but has to ask each time. The answer is always the whole
/// file, since the files of a layer have no times to compare.
const ASK: &str = "no-cache";

const NOT_BUILT: &str = "<!doctype html>
<meta charset=\"utf-8\">
<title>The console is not built</title>
<h1>The console is not built</h1>
<p>Run <code>make console</code>, and load this page again. The API works without it.
";

/// The settings for signing in. All are null if no sign-in is needed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsoleSettings {
    /// The issuer of the tokens (OpenID Connect).
    #[schema(required, format = "uri", max_length = 2048)]
    authority: Option<String>,
    #[schema(required, min_length = 1, max_length = 128)]
    client_id: Option<String>,
    /// The scopes to ask for, separated by spaces.
    #[schema(required, min_length = 1, max_length = 256)]
    scope: Option<&'static str>,
    /// The base URL of the sign-in page. Its path `/logout` ends the session.
    #[schema(required, format = "uri", max_length = 2048)]
    hosted_domain: Option<String>,
}

capabilities! {
    /// The capabilities of `console`.
    pub struct Needs {
        console: Console,
    }
}

endpoints!(start, file, settings, open_api);

/// Serves the console.
#[utoipa::path(
    get,
    path = START,
    operation_id = "openConsole",
    tag = "Console",
    params(AnyQuery),
    extensions(("x-internal" = json!(true))),
    security(()),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String, headers(("Vary"))),
        (status = 503, description = "The console is not built.", content_type = "text/html; charset=utf-8", body = String),
    ),
)]
pub(crate) async fn start(State(console): State<Console>, request: Request) -> Response {
    serve(&console, request).await
}

/// Serves a file of the console.
///
/// A path without a file extension is a place within the page, so the answer is the page.
#[utoipa::path(
    get,
    path = "/console/{*path}",
    operation_id = "getConsoleFile",
    tag = "Console",
    params(AnyQuery),
    extensions(("x-internal" = json!(true))),
    security(()),
    responses(
        (status = 200, description = "The file.", content_type = "*/*", body = String, headers(("Vary"))),
        (status = 503, description = "The console is not built.", content_type = "text/html; charset=utf-8", body = String),
    ),
)]
pub(crate) async fn file(State(console): State<Console>, request: Request) -> Response {
    serve(&console, request).await
}

/// Reads the sign-in settings of the console.
#[utoipa::path(
    get,
    path = "/console/config.json",
    operation_id = "getConsoleSettings",
    tag = "Console",
    security(()),
    responses((status = 200, description = "The settings.", body = ConsoleSettings)),
)]
pub(crate) async fn settings(State(console): State<Console>) -> Response {
    let sign_in = console.sign_in.clone();
    let settings = Json(ConsoleSettings {
        scope: sign_in.as_ref().map(|_| SCOPE),
        authority: sign_in.as_ref().map(|it| it.issuer.clone()),
        client_id: sign_in.as_ref().map(|it| it.client_id.clone()),
        hosted_domain: sign_in.and_then(|it| it.domain),
    });
    guarded(&console, ([(header::CACHE_CONTROL, ASK)], settings).into_response())
}

/// Reads the OpenAPI document of this API.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApiDocument",
    tag = "Console",
    security(()),
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = inline(schemas::AnyObject))),
)]
pub(crate) async fn open_api(State(console): State<Console>) -> Response {
    // The checked-in copy. A test compares it with the handlers.
    const DOCUMENT: &str = include_str!("../console/openapi.json");
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, ASK)];
    guarded(&console, (headers, DOCUMENT).into_response())
}

/// Answers a request at or below `/console` with its file.
async fn serve(console: &Console, request: Request) -> Response {
    let path = request.uri().path().strip_prefix(START).unwrap_or_default().trim_start_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_place = !name.contains('.');
    let path = if is_place { "index.html" } else { path };
    let found = read(&console.pages, path, request.headers()).await;
    let response = match found {
        Some(mut response) => {
            let cache = if path.starts_with(HASHED) { FOREVER } else { ASK };
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            response
        }
        None if is_place => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
        None => {
            let detail = "the console has no such file: load its page again";
            Problem::new(StatusCode::NOT_FOUND, "request.path_not_found", detail).into_response()
        }
    };
    guarded(console, response)
}

/// Reads a file. If the browser accepts it, this is the copy that the build compressed.
async fn read(pages: &Path, path: &str, headers: &HeaderMap) -> Option<Response> {
    // Only this header is passed on: no ranges, and no times.
    let mut request = Request::builder().uri(format!("/{path}"));
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        request = request.header(header::ACCEPT_ENCODING, value);
    }
    let files = ServeDir::new(pages)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let mut response = match files.oneshot(request.body(Body::empty()).ok()?).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    for name in [header::LAST_MODIFIED, header::ACCEPT_RANGES] {
        response.headers_mut().remove(name);
    }
    (response.status() == StatusCode::OK).then(|| response.map(Body::new))
}

/// Adds the security headers of every answer here. The browser runs only the console's own files,
/// connects only to this API and the sign-in, and shows the console in no other page.
fn guarded(console: &Console, mut response: Response) -> Response {
    const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
    const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

    let origins = console.sign_in.iter().flat_map(SignIn::origins);
    let connect: String = origins.map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'{connect}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("origins are visible ASCII");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::REFERRER_POLICY, "no-referrer"),
        (PERMISSIONS, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        (OPENER, "same-origin"),
        (RESOURCE, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
