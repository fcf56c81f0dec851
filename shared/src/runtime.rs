//! Running a function on Lambda: logs, settings, the SDK's client, and the two kinds of events.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::http::header::HOST;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::aws_lambda_events::encodings::Base64Data;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Request, Service, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use tower::ServiceExt;
use tracing_subscriber::filter::LevelFilter;

use crate::ambient::{Clock, Randomness};
use crate::app::App;
use crate::domain::public_mailbox::MailboxPolicy;
use crate::http::{Problem, Routes};
use crate::store::Store;

/// What a function reads of its environment, once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The table, from `TABLE_NAME`.
    pub table_name: String,
    /// Pairs of organization and public mailbox domain that are admitted all the same, from
    /// `PUBLIC_MAILBOX_EXCEPTIONS`.
    pub mailbox_policy: MailboxPolicy,
}

/// What is wrong with a function's environment.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable without which nothing works.
    #[error("the environment variable {0} is not set: set it to the name of the table")]
    Missing(&'static str),
    /// A variable whose value makes no sense.
    #[error("the environment variable {name} is wrong: {cause}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        cause: String,
    },
}

impl Settings {
    /// Reads the settings from named values.
    ///
    /// # Errors
    /// When one is missing or makes no sense.
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        const TABLE_NAME: &str = "TABLE_NAME";
        const EXCEPTIONS: &str = "PUBLIC_MAILBOX_EXCEPTIONS";
        let table_name = value(TABLE_NAME).filter(|name| !name.is_empty());
        let exceptions = value(EXCEPTIONS).unwrap_or_default();
        Ok(Self {
            table_name: table_name.ok_or(SettingsError::Missing(TABLE_NAME))?,
            mailbox_policy: MailboxPolicy::parse(&exceptions).map_err(|error| {
                SettingsError::Invalid { name: EXCEPTIONS, cause: error.to_string() }
            })?,
        })
    }
}

/// How long a function waits for DynamoDB.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a connection.
    pub connect: Duration,
    /// For one attempt of a call.
    pub attempt: Duration,
    /// For a call with all its attempts.
    pub call: Duration,
}

impl Waits {
    /// For handlers of HTTP requests: well within the 10 seconds that the functions have.
    pub const HTTP: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(6),
    };
    /// For Cognito's triggers, whose whole time is [`TRIGGER_DEADLINE`].
    pub const TRIGGER: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(1),
        call: Duration::from_secs(3),
    };
}

/// How long a trigger works on an event before it answers as if there were nothing to do. Cognito
/// waits 5 seconds, then calls again, and shows the user an error after the third time.
pub const TRIGGER_DEADLINE: Duration = Duration::from_millis(3_500);

/// Runs an HTTP function: its routes behind API Gateway (HTTP API, payload version 2.0).
///
/// # Errors
/// When the settings are wrong, or the runtime fails.
pub async fn run_http(routes: Routes) -> Result<(), lambda_runtime::Error> {
    start_logging();
    let app = app(Settings::read(|name| std::env::var(name).ok())?, Waits::HTTP).await;
    app.store.warm_up().await;
    let service = routes.into_service(app);
    lambda_runtime::run(service_fn(move |event| answer_http_event(service.clone(), event))).await
}

/// Runs a trigger of Cognito's. Whatever happens, it answers: without usable settings, with the
/// event alone.
///
/// # Errors
/// When the runtime fails.
pub async fn run_trigger<F, Fut>(handle: F) -> Result<(), lambda_runtime::Error>
where
    F: Fn(App, Box<RawValue>) -> Fut,
    Fut: Future<Output = Box<RawValue>>,
{
    start_logging();
    let app = match Settings::read(|name| std::env::var(name).ok()) {
        Ok(settings) => {
            let app = app(settings, Waits::TRIGGER).await;
            app.store.warm_up().await;
            Some(app)
        }
        Err(error) => {
            tracing::error!(%error, "nothing can be provisioned");
            None
        }
    };
    let handle = &handle;
    let respond = move |event: LambdaEvent<Box<RawValue>>| {
        let app = app.clone();
        async move {
            Ok::<_, Infallible>(match app {
                Some(app) => handle(app, event.payload).await,
                None => {
                    tracing::error!("not provisioned: the settings are wrong");
                    event.payload
                }
            })
        }
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// Lets work on an event take no longer than [`TRIGGER_DEADLINE`], and survives its panics.
/// Answers whether it came to its end.
pub async fn within_deadline(work: impl Future<Output = ()>) -> bool {
    let survived = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(TRIGGER_DEADLINE, survived).await {
        Ok(Ok(())) => true,
        Ok(Err(_)) => {
            tracing::error!("panic in a trigger");
            false
        }
        Err(_) => {
            tracing::error!(deadline = ?TRIGGER_DEADLINE, "a trigger took too long");
            false
        }
    }
}

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

/// What a function works with on Lambda.
async fn app(settings: Settings, waits: Waits) -> App {
    let randomness = Randomness::system();
    App {
        store: Store::new(client(waits).await, settings.table_name, randomness.clone()),
        clock: Clock::system(),
        randomness,
        mailbox_policy: settings.mailbox_policy,
    }
}

/// The SDK's client with our own waits: it has no time-outs of its own, and pauses for up to a
/// second before its first retry.
async fn client(waits: Waits) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(waits.connect)
        .operation_attempt_timeout(waits.attempt)
        .operation_timeout(waits.call)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50));
    let config = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await;
    Client::new(&config)
}

/// JSON lines on standard output, from the level that Lambda's logging configuration names.
fn start_logging() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
}
