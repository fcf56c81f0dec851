//! Events of API Gateway: made safe to convert, answered in their own format.

use std::convert::Infallible;
use std::fmt::Debug;

use axum::Router;
use axum::http::header::HOST;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::aws_lambda_events::encodings::Base64Data;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Request, Service, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use crate::http::Problem;

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
    let (event, host) = match read_http_event(&payload) {
        Ok((event, host)) => (event, Ok(host)),
        Err(problem) => (ApiGatewayV2httpRequest::default(), Err(problem)),
    };
    let mut host = Some(host);
    let answer = service_fn(move |mut request: Request| {
        let (service, host) = (service.clone(), host.take().expect("one event is one request"));
        async move {
            let host = match host {
                Ok(host) => host,
                Err(problem) => return Ok(problem.into_response()),
            };
            request.headers_mut().extend(host.map(|host| (HOST, host)));
            service.oneshot(request).await
        }
    });
    Adapter::from(answer).call(LambdaEvent::new(LambdaRequest::ApiGatewayV2(event), context)).await
}

/// Reads an event so that turning it into a request cannot panic: `lambda_http` builds an absolute
/// address from host, stage, path and query string, and insists that it is one. The host is put
/// aside, to become a mere header again.
fn read_http_event(
    payload: &RawValue,
) -> Result<(ApiGatewayV2httpRequest, Option<HeaderValue>), Problem> {
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

    let mut event: ApiGatewayV2httpRequest =
        serde_json::from_str(payload.get()).map_err(|error| unintelligible(&error))?;
    let path = event.raw_path.take().unwrap_or_default();
    let path = format!("/{}", utf8_percent_encode(path.trim_start_matches('/'), IN_PATH));
    let query = event.raw_query_string.take().unwrap_or_default();
    let query = utf8_percent_encode(&query, IN_QUERY).to_string();
    if path.len() + query.len() > LONGEST_ADDRESS {
        let detail = "the address is too long: ids, domains and cursors never are";
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "request.uri_too_long", detail));
    }
    if event.is_base64_encoded {
        let body = event.body.clone().unwrap_or_default();
        serde_json::from_value::<Base64Data>(body.into())
            .map_err(|error| unintelligible(&error))?;
    }
    event.raw_path = Some(path);
    event.raw_query_string = Some(query);
    event.request_context.stage = None;
    event.request_context.domain_name = None;
    let host = event.headers.remove(HOST);
    Ok((event, host))
}

fn unintelligible(error: &serde_json::Error) -> Problem {
    let detail = "the request cannot be understood: it is not what API Gateway sends";
    tracing::error!(%error, "not an event of an HTTP API, payload version 2.0");
    Problem::new(StatusCode::BAD_REQUEST, "request.unintelligible", detail)
}
