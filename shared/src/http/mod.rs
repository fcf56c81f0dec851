//! Helpers of the HTTP handlers: extractors, problem responses, paging, and [`finish`].

mod acting;
mod audit;
mod body;
mod body_value;
mod etag;
mod paging;
mod path;
pub mod problem;
mod query;
mod routes;

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

pub use acting::{ActFor, Acting};
pub use audit::{Action, Audit, LARGEST_LINE, audit};
pub use body::{JsonBody, present};
pub use etag::{IfMatch, etag};
pub use paging::{CursorPaging, Paging};
pub use path::{FromPath, PathOf};
pub use problem::Problem;
pub use query::{AnyQuery, FromQuery, QueryOf, RequiredQueryOf};
pub use routes::{Route, Routes};

/// The most bytes that a request's body may have.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// Turns routes into a service. It adds the answers for unknown paths and methods and for panics,
/// the limit of bodies, the log line of each request, and the headers of every answer. Call it
/// once, on all routes of a Lambda function or of the local server.
pub fn finish(router: Router) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(log))
        .layer(from_fn(complete))
}

async fn unknown_path(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(200).collect();
    Problem::new(
        StatusCode::NOT_FOUND,
        "request.path_not_found",
        format!("there is nothing at `{path}`: see the table of endpoints in the documentation"),
    )
}

async fn unknown_method(method: Method) -> Problem {
    let method: String = method.as_str().chars().take(20).collect();
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "request.method_not_allowed",
        format!("`{method}` is not supported here: the header `Allow` lists the supported methods"),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("an unknown cause");
    Problem::internal(format!("panic: {cause}")).into_response()
}

/// Writes one line for each request, with the cause of a failure, which the client does not get. A
/// success is no news: the log of API Gateway has it too, and a write has its audit line.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let problem = response.extensions().get::<problem::LogFields>();
    let code = problem.map(|problem| problem.code);
    match problem.and_then(|problem| problem.cause.as_deref()) {
        Some(cause) => tracing::error!(%method, route, status, code, cause, "request failed"),
        None if status >= 400 => tracing::info!(%method, route, status, code, "request"),
        None => tracing::debug!(%method, route, status, "request"),
    }
    response
}

/// Adds the headers of every answer.
async fn complete(request: Request, next: Next) -> Response {
    completed(next.run(request).await)
}

/// Adds the headers of every answer. Answers contain personal data and configuration, so nothing
/// may cache them unless they have a `Cache-Control` of their own. `nosniff` keeps browsers from
/// guessing a type.
pub(crate) fn completed(mut response: Response) -> Response {
    const NO_SNIFF: HeaderName = HeaderName::from_static("x-content-type-options");
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(NO_SNIFF, HeaderValue::from_static("nosniff"));
    response
}
