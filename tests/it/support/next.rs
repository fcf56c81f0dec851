//! The function that a pool had for a trigger before, behind a recorded Lambda.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use shared::next_trigger::{NextTrigger, OnFailure};

use super::wire::{Hanging, client_of};

/// The ARN of the function.
pub(crate) const NEXT_ARN: &str =
    "arn:aws:lambda:eu-central-1:123456789012:function:customers-own:live";

/// A function that answers what a test has recorded, and otherwise the event as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct NextFunction(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    said: VecDeque<Said>,
    invocations: Vec<Invocation>,
}

/// What becomes of an invocation.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// The function's answer, which need not be JSON.
    Answer(String),
    /// The payload of its error, and the error's kind: `Handled` or `Unhandled`.
    Error(String, &'static str),
    /// Lambda does not invoke it, with this status and code, and says something about Jane.
    Refused(u16, &'static str),
    /// The connection breaks.
    Lost,
    /// There is no answer. The clock stops, and then jumps to the end of the wait.
    Hang,
    /// There is no answer, on a runtime whose clock stands still already.
    Silence,
    /// There is no answer, and the thread is busy for so long, on a runtime whose clock stands still
    /// already.
    Busy(Duration),
    /// The code of the client panics.
    Panic,
}

impl Said {
    /// An answer in JSON.
    pub(crate) fn json(answer: &Value) -> Self {
        Self::Answer(answer.to_string())
    }

    /// An error with this type and message.
    pub(crate) fn error(kind: &str, message: &str) -> Self {
        let payload = json!({
            "errorType": kind,
            "errorMessage": message,
            "trace": ["at jane@acme.com"],
        });
        Self::Error(payload.to_string(), "Unhandled")
    }
}

/// An invocation, as Lambda gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// The path of the request.
    pub(crate) path: String,
    /// Whether the caller waits: `RequestResponse`.
    pub(crate) kind: String,
    /// The event.
    pub(crate) event: String,
}

impl Invocation {
    /// A call of the function that waits for its answer to this event.
    pub(crate) fn of(event: &Value) -> Self {
        let arn = NEXT_ARN.replace(':', "%3A");
        Self {
            path: format!("/2015-03-31/functions/{arn}/invocations"),
            kind: "RequestResponse".to_owned(),
            event: event.to_string(),
        }
    }
}

impl NextFunction {
    /// A function that says this next, and then answers each event as it came.
    pub(crate) fn that(says: impl IntoIterator<Item = Said>) -> Self {
        let function = Self::default();
        function.state().said.extend(says);
        function
    }

    /// The function as a trigger sees it.
    pub(crate) fn trigger(&self, on_failure: OnFailure) -> NextTrigger {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://lambda.example")
            .retry_config(RetryConfig::disabled())
            .http_client(client_of(self.clone()))
            .build();
        NextTrigger::new(Client::from_conf(config), NEXT_ARN.parse().expect("an ARN"), on_failure)
    }

    /// Records what becomes of the next invocation.
    pub(crate) fn says(&self, said: Said) {
        self.state().said.push_back(said);
    }

    /// The invocations since this was asked last.
    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        std::mem::take(&mut self.state().invocations)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the function")
    }
}

impl HttpConnector for NextFunction {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let event = request.body().bytes().expect("requests are in memory");
        let event = String::from_utf8(event.to_vec()).expect("UTF-8");
        let path = request.uri().strip_prefix("http://lambda.example").expect("this endpoint");
        let kind = request.headers().get("x-amz-invocation-type").unwrap_or_default();
        let invocation =
            Invocation { path: path.to_owned(), kind: kind.to_owned(), event: event.clone() };
        let said = {
            let mut state = self.state();
            state.invocations.push(invocation);
            state.said.pop_front().unwrap_or(Said::Answer(event))
        };
        HttpConnectorFuture::new(async move {
            match said {
                Said::Answer(answer) => Ok(response(200, answer, None)),
                Said::Error(payload, kind) => {
                    Ok(response(200, payload, Some(("x-amz-function-error", kind))))
                }
                Said::Refused(status, code) => {
                    let body = json!({ "Type": "User", "Message": "about jane@acme.com" });
                    Ok(response(status, body.to_string(), Some(("x-amzn-errortype", code))))
                }
                Said::Lost => Err(ConnectorError::io("the wire is cut".into())),
                Said::Hang => {
                    let _hanging = Hanging::new();
                    std::future::pending().await
                }
                Said::Silence => std::future::pending().await,
                Said::Busy(time) => {
                    tokio::time::advance(time).await;
                    std::future::pending().await
                }
                Said::Panic => panic!("the client is broken"),
            }
        })
    }
}

fn response(
    status: u16,
    body: String,
    header: Option<(&'static str, &'static str)>,
) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/json");
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    response
}
