//! Running a function on Lambda: logs, settings, the SDK's client, and the two kinds of events.

mod http_event;
mod settings;

use std::convert::Infallible;
use std::future::Future;
use std::io::stdout;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tracing_subscriber::filter::LevelFilter;

pub use http_event::answer_http_event;
pub use settings::{Settings, SettingsError};

use crate::ambient::{Clock, Randomness};
use crate::app::App;
use crate::console::Console;
use crate::directory::Directory;
use crate::http::Routes;
use crate::metrics::{CountRetries, Metrics, provisioning_failed};
use crate::store::Store;

/// How long a function waits for DynamoDB, and for Cognito.
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

/// The settings of a client of one of the SDK's crates, from what Lambda puts into the
/// environment: region and credentials, and where an emulator stands in,
/// `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL`. The SDK's own loader, which also knows profiles, containers and instances,
/// would add a megabyte to every function. The waits are ours: the SDK has no time-outs of its
/// own, and pauses for up to a second before its first retry.
macro_rules! config {
    ($sdk:ident, $service:literal, $waits:expr) => {{
        let waits: Waits = $waits;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(waits.connect)
            .operation_attempt_timeout(waits.attempt)
            .operation_timeout(waits.call)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50));
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(environment("AWS_REGION").map(Region::new))
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .timeout_config(timeouts)
            .retry_config(retries);
        config.set_endpoint_url(
            environment(concat!("AWS_ENDPOINT_URL_", $service))
                .or_else(|| environment("AWS_ENDPOINT_URL")),
        );
        config
    }};
}

fn dynamodb(waits: Waits) -> aws_sdk_dynamodb::Client {
    let config = config!(aws_sdk_dynamodb, "DYNAMODB", waits).interceptor(CountRetries);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn cognito(waits: Waits) -> aws_sdk_cognitoidentityprovider::Client {
    let config = config!(aws_sdk_cognitoidentityprovider, "COGNITO_IDENTITY_PROVIDER", waits);
    aws_sdk_cognitoidentityprovider::Client::from_conf(config.build())
}

/// Runs an HTTP function: its routes behind API Gateway (HTTP API, payload version 2.0).
///
/// # Errors
/// When the settings are wrong, or the runtime fails.
pub async fn run_http(routes: Routes) -> Result<(), lambda_runtime::Error> {
    let metrics = start_observing();
    let settings = Settings::read(environment)?;
    let app = app(dynamodb(Waits::HTTP), settings, Directory::default());
    serve(routes, app, metrics).await
}

/// Runs an HTTP function that asks the user pool.
///
/// # Errors
/// When the settings are wrong, or the runtime fails.
pub async fn run_http_with_directory(routes: Routes) -> Result<(), lambda_runtime::Error> {
    let metrics = start_observing();
    let settings = Settings::read(environment)?;
    let user_pool_id = Settings::user_pool_id(environment)?;
    let directory = Directory::new(cognito(Waits::HTTP), user_pool_id);
    let app = app(dynamodb(Waits::HTTP), settings, directory);
    serve(routes, app, metrics).await
}

/// Runs the HTTP function that serves the console, and asks neither the table nor the user pool.
///
/// # Errors
/// When the settings are wrong, or the runtime fails.
pub async fn run_console(routes: Routes) -> Result<(), lambda_runtime::Error> {
    let metrics = start_observing();
    let settings = Settings::read(environment)?;
    let console = Settings::console(environment)?;
    let app = App { console, ..app(dynamodb(Waits::HTTP), settings, Directory::default()) };
    run_service(routes.into_service(app), metrics).await
}

async fn serve(routes: Routes, app: App, metrics: Metrics) -> Result<(), lambda_runtime::Error> {
    app.store.warm_up().await;
    run_service(routes.into_service(app), metrics).await
}

async fn run_service(service: Router, metrics: Metrics) -> Result<(), lambda_runtime::Error> {
    let respond = move |event: LambdaEvent<Box<RawValue>>| {
        let service = service.clone();
        async move {
            let request_id = event.context.request_id.clone();
            let answer = answer_http_event(service, event).await;
            metrics.write(&request_id, stdout());
            answer
        }
    };
    lambda_runtime::run(service_fn(respond)).await
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
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
    let metrics = start_observing();
    let app = match Settings::read(environment) {
        Ok(settings) => {
            let app = app(dynamodb(Waits::TRIGGER), settings, Directory::default());
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
            let answer = match app {
                Some(app) => handle(app, event.payload).await,
                None => {
                    tracing::error!("not provisioned: the settings are wrong");
                    provisioning_failed();
                    event.payload
                }
            };
            metrics.write(&event.context.request_id, stdout());
            Ok::<_, Infallible>(answer)
        }
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// Lets work on an event take no longer than [`TRIGGER_DEADLINE`], and survives its panics. Either
/// is logged and counted, and there is nothing to show for the work.
pub async fn within_deadline<T>(work: impl Future<Output = T>) -> Option<T> {
    let survived = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(TRIGGER_DEADLINE, survived).await {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(_)) => tracing::error!("panic in a trigger"),
        Err(_) => tracing::error!(deadline = ?TRIGGER_DEADLINE, "a trigger took too long"),
    }
    provisioning_failed();
    None
}

/// What a function works with on Lambda.
fn app(client: aws_sdk_dynamodb::Client, settings: Settings, directory: Directory) -> App {
    let randomness = Randomness::system();
    App {
        store: Store::new(client, settings.table_name, randomness.clone()),
        clock: Clock::system(),
        randomness,
        mailbox_policy: settings.mailbox_policy,
        directory,
        console: Console::default(),
    }
}

/// JSON lines on standard output: the log, from the level that Lambda's logging configuration
/// names, and the metrics.
fn start_observing() -> Metrics {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
    Metrics::gather(Settings::stack_name(environment))
}
