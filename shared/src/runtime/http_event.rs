//! Reads events of API Gateway leniently, and answers them in their own format.

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
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt;

use crate::domain::caller::Caller;
use crate::http::{Problem, completed};

/// Answers one event of API Gateway (HTTP API, payload version 2.0) in its own format. It answers
/// malformed events too, and never panics.
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

/// The parts of an event that make a request. All other parts are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    /// The parts of the path that the route names. Only the one of [`HttpEvent::provider`] counts.
    #[serde(default)]
    path_parameters: Value,
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

impl HttpEvent {
    /// The name of an identity provider in the path, which is the only part that can have a slash.
    fn provider(&self) -> Option<&str> {
        self.path_parameters["ssoConnectorId"].as_str()
    }
}

#[derive(Deserialize)]
struct HttpEventContext {
    http: HttpEventDescription,
    /// What API Gateway's authorizer says. Routes without one have none.
    #[serde(default)]
    authorizer: Value,
}

impl HttpEventContext {
    /// The caller, from the claims of the token that the JWT authorizer has verified.
    fn caller(&self) -> Caller {
        let claim = |name: &str| self.authorizer["jwt"]["claims"][name].as_str();
        Caller::new(claim("client_id"), claim("sub"))
    }
}

#[derive(Deserialize)]
struct HttpEventDescription {
    method: String,
}

/// Reads the request in an event. `lambda_http` only writes the answers. Its own reader builds an
/// absolute address from host, stage, path and query string, and panics if that is not valid.
/// Unlike the local server, it also removes dot segments, and refuses headers that are not ASCII.
fn read_http_event(payload: &RawValue) -> Result<Request, Problem> {
    let event: HttpEvent =
        serde_json::from_str(payload.get()).map_err(|error| unintelligible(&error))?;
    let uri = address(&event.raw_path, event.provider(), &event.raw_query_string)?;
    let body = match event.body {
        Some(body) if event.is_base64_encoded => {
            let bytes: Base64Data =
                serde_json::from_value(body.into()).map_err(|error| unintelligible(&error))?;
            Body::Binary(bytes.0)
        }
        body => body.map_or(Body::Empty, Body::Text),
    };
    let mut request = Request::new(body);
    request.extensions_mut().insert(event.request_context.caller());
    *request.uri_mut() = uri;
    *request.method_mut() =
        event.request_context.http.method.parse().map_err(|error| unintelligible(&error))?;
    for (name, value) in event.headers {
        let name = HeaderName::try_from(name).map_err(|error| unintelligible(&error))?;
        let value = HeaderValue::try_from(value.into_bytes());
        request.headers_mut().append(name, value.map_err(|error| unintelligible(&error))?);
    }
    Ok(request)
}

/// The address with an event's path and query string. If the path ends with the name of a provider, its
/// slashes are part of the name.
fn address(path: &str, provider: Option<&str>, query: &str) -> Result<Uri, Problem> {
    /// Characters that end a path or are not allowed in it. The percent sign is one of them,
    /// because API Gateway decodes the path.
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
    /// The same in one part of a path.
    const IN_PART: &AsciiSet = &IN_PATH.add(b'/');
    /// Characters that end a query string or are not allowed in it. API Gateway does not decode it.
    const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
    /// The most bytes of an address: a limit of the crate `http`, minus some reserve.
    const LONGEST_ADDRESS: usize = 60_000;

    let named = provider.and_then(|name| Some((path.strip_suffix(name)?, name)));
    let (path, name) = named.filter(|(list, _)| list.ends_with('/')).unwrap_or((path, ""));
    let mut address = utf8_percent_encode(path, IN_PATH).to_string();
    address.extend(utf8_percent_encode(name, IN_PART));
    if !address.starts_with('/') {
        return Err(unintelligible(&"the path does not begin with a slash"));
    }
    if !query.is_empty() {
        address.push('?');
        address.extend(utf8_percent_encode(query, IN_QUERY));
    }
    if address.len() > LONGEST_ADDRESS {
        let detail = "the address is too long: send ids, domains and cursors as they were given";
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "request.uri_too_long", detail));
    }
    Uri::try_from(address).map_err(|error| unintelligible(&error))
}

fn unintelligible(error: &impl fmt::Display) -> Problem {
    let detail = "the request cannot be understood: it is not what API Gateway sends";
    tracing::error!(%error, "not an event of an HTTP API, payload version 2.0");
    Problem::new(StatusCode::BAD_REQUEST, "request.unintelligible", detail)
}
