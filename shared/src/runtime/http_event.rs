//! Events of API Gateway: read leniently, answered in their own format.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::{self, Debug};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::IntoResponse;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::aws_lambda_events::encodings::Base64Data;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, LambdaEvent, Request, Service, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tower::ServiceExt;

use crate::http::{Problem, completed};

/// Answers one event of API Gateway (HTTP API, payload version 2.0) in its own format: any event
/// at all, and without a panic.
///
/// # Errors
/// Never.
pub async fn answer_http_event(
    service: Router,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<impl Serialize + Debug, Infallible> {
    let LambdaEvent { payload, context } = event;
    let mut request = Some(read_http_event(&payload));
    let answer = service_fn(move |_: Request| {
        let (service, request) =
            (service.clone(), request.take().expect("one event is one request"));
        async move {
            match request {
                Ok(request) => service.oneshot(request).await,
                Err(problem) => Ok(completed(problem.into_response())),
            }
        }
    });
    let event = LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default());
    Adapter::from(answer).call(LambdaEvent::new(event, context)).await
}

/// What of an event makes a request. The rest makes no difference, whatever it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    request_context: HttpEventContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct HttpEventContext {
    http: HttpEventDescription,
}

#[derive(Deserialize)]
struct HttpEventDescription {
    method: String,
}

/// Reads the request in an event. `lambda_http` would build an absolute address from host, stage,
/// path and query string, and panic where that is none; it would also remove dot segments, and
/// refuse headers that are not ASCII, unlike the local server. It is left to write the answers.
fn read_http_event(payload: &RawValue) -> Result<Request, Problem> {
    let event: HttpEvent =
        serde_json::from_str(payload.get()).map_err(|error| unintelligible(&error))?;
    let body = match event.body {
        Some(body) if event.is_base64_encoded => {
            let bytes: Base64Data =
                serde_json::from_value(body.into()).map_err(|error| unintelligible(&error))?;
            Body::Binary(bytes.0)
        }
        body => body.map_or(Body::Empty, Body::Text),
    };
    let mut request = Request::new(body);
    *request.uri_mut() = address(&event.raw_path, &event.raw_query_string)?;
    *request.method_mut() =
        event.request_context.http.method.parse().map_err(|error| unintelligible(&error))?;
    for (name, value) in event.headers {
        let name = HeaderName::try_from(name).map_err(|error| unintelligible(&error))?;
        let value = HeaderValue::try_from(value.into_bytes());
        request.headers_mut().append(name, value.map_err(|error| unintelligible(&error))?);
    }
    Ok(request)
}

/// The address that an event's path and query string came from.
fn address(path: &str, query: &str) -> Result<Uri, Problem> {
    /// What ends a path or is not allowed in one. API Gateway hands over a path that it has
    /// decoded, hence also the percent sign.
    const IN_PATH: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    /// What ends a query string or is not allowed in one; it comes as it was sent.
    const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
    /// An address with more bytes is none (a limit of the crate `http`, less some room).
    const LONGEST_ADDRESS: usize = 60_000;

    let mut address = utf8_percent_encode(path, IN_PATH).to_string();
    if !address.starts_with('/') {
        return Err(unintelligible(&"the path does not begin with a slash"));
    }
    if !query.is_empty() {
        address.push('?');
        address.extend(utf8_percent_encode(query, IN_QUERY));
    }
    if address.len() > LONGEST_ADDRESS {
        let detail = "the address is too long: ids, domains and cursors never are";
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "request.uri_too_long", detail));
    }
    Uri::try_from(address).map_err(|error| unintelligible(&error))
}

fn unintelligible(error: &impl fmt::Display) -> Problem {
    let detail = "the request cannot be understood: it is not what API Gateway sends";
    tracing::error!(%error, "not an event of an HTTP API, payload version 2.0");
    Problem::new(StatusCode::BAD_REQUEST, "request.unintelligible", detail)
}
