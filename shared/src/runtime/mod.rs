//! Runs a function on Lambda: reads its settings, starts logs and metrics, and answers its events.

mod http_event;

use std::cell::Cell;
use std::future::Future;
use std::io::stdout;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use http_event::answer_http_event;

use crate::ambient::Stopwatch;
use crate::capabilities::{Capabilities, Capability, Environment};
use crate::clients::Waits;
use crate::error::Error;
use crate::http::Routes;
use crate::metrics::{Metrics, provisioning_failed};
use crate::next_trigger::{NextTrigger, Refusal};

/// How long a trigger works on an event at most. After that, it answers with the event alone. Cognito
/// waits 5 seconds for an answer, then calls again, and shows the user an error after the third call.
pub const TRIGGER_DEADLINE: Duration = Duration::from_millis(3_500);

/// Runs an HTTP function: its routes behind API Gateway (HTTP API, payload version 2.0).
///
/// # Errors
/// When an environment variable is missing or malformed, or the runtime fails.
pub async fn run_http<C: Capabilities>(routes: Routes<C>) -> Result<(), lambda_runtime::Error> {
    let environment = Environment::new(variable, Waits::HTTP);
    let metrics = start_logs_and_metrics(&environment);
    let service = routes.with_capabilities(C::from_environment(&environment)?).into_service();
    environment.warm_up().await;
    let respond = move |event: LambdaEvent<Box<RawValue>>| {
        let service = service.clone();
        async move {
            let answer = answer_http_event(service, event).await;
            metrics.write(stdout());
            answer
        }
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// Runs a Cognito trigger. It answers every event, unless the function that the pool had before fails
/// and its failure means that the sign-up or sign-in fails. If the settings are unusable, `handle` gets
/// no capabilities. If only those of that function are, it gets [`NextTrigger::unusable`].
///
/// # Errors
/// When the runtime fails.
pub async fn run_trigger<C, F, Fut>(handle: F) -> Result<(), lambda_runtime::Error>
where
    C: Capabilities,
    F: Fn(Option<C>, NextTrigger, Box<RawValue>, Duration) -> Fut,
    Fut: Future<Output = Result<Box<RawValue>, Refusal>>,
{
    let start = Stopwatch::start();
    let environment = Environment::new(variable, Waits::TRIGGER);
    let metrics = start_logs_and_metrics(&environment);
    let capabilities = C::from_environment(&environment)
        .inspect_err(|error| tracing::error!(%error, "nothing can be provisioned"))
        .ok();
    let next = NextTrigger::from_environment(&environment).unwrap_or_else(|error| {
        tracing::error!(%error, "the pool's own function is not invoked");
        NextTrigger::unusable()
    });
    environment.warm_up().await;
    let initialization = environment.get("AWS_LAMBDA_INITIALIZATION_TYPE");
    let first = first_deadline(initialization.as_deref(), start.elapsed());
    let (handle, next_deadline) = (&handle, &Cell::new(first));
    let respond = move |event: LambdaEvent<Box<RawValue>>| {
        let (capabilities, next) = (capabilities.clone(), next.clone());
        async move {
            let deadline = next_deadline.replace(TRIGGER_DEADLINE);
            if capabilities.is_none() {
                tracing::error!("not provisioned: an environment variable is wrong");
            }
            // Boxed, because the compiler limits how deep futures are nested.
            let answer = Box::pin(handle(capabilities, next, event.payload, deadline)).await;
            metrics.write(stdout());
            answer
        }
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// Runs a function that a schedule invokes. What an event says does not matter. A failure is the answer
/// to the event, so that Lambda counts it as an error and repeats the event.
///
/// # Errors
/// When a setting is missing or malformed, or the runtime fails.
pub async fn run_scheduled<C, F, Fut>(handle: F) -> Result<(), lambda_runtime::Error>
where
    C: Capabilities,
    F: Fn(C) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let environment = Environment::new(variable, Waits::HTTP);
    let metrics = start_logs_and_metrics(&environment);
    let capabilities = C::from_environment(&environment)?;
    environment.warm_up().await;
    let (handle, capabilities) = (&handle, &capabilities);
    let respond = move |_: LambdaEvent<serde::de::IgnoredAny>| async move {
        // Boxed, because the compiler limits how deep futures are nested.
        let done = Box::pin(handle(capabilities.clone())).await;
        if let Err(error) = &done {
            tracing::error!(%error, "a scheduled run failed");
        }
        metrics.write(stdout());
        done.map_err(lambda_runtime::Error::from)
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// Runs a function that Lambda invokes with the records of a stream. A failure is the answer to the event,
/// so that Lambda counts it as an error and repeats the event.
///
/// # Errors
/// When a setting is missing or malformed, or the runtime fails.
pub async fn run_stream<C, F, Fut, E>(handle: F) -> Result<(), lambda_runtime::Error>
where
    C: Capabilities,
    F: Fn(C, Box<RawValue>) -> Fut,
    Fut: Future<Output = Result<Box<RawValue>, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    let environment = Environment::new(variable, Waits::HTTP);
    let metrics = start_logs_and_metrics(&environment);
    let capabilities = C::from_environment(&environment)?;
    environment.warm_up().await;
    let (handle, capabilities) = (&handle, &capabilities);
    let respond = move |event: LambdaEvent<Box<RawValue>>| async move {
        // Boxed, because the compiler limits how deep futures are nested.
        let done = Box::pin(handle(capabilities.clone(), event.payload)).await;
        if let Err(error) = &done {
            tracing::error!(%error, "a batch of the stream failed");
        }
        metrics.write(stdout());
        done.map_err(lambda_runtime::Error::from)
    };
    lambda_runtime::run(service_fn(respond)).await
}

/// The deadline of a trigger's first event, after a start that took this long. Usually Cognito waits
/// for the start too, so it is taken off. If Lambda starts functions before there is an event
/// (`AWS_LAMBDA_INITIALIZATION_TYPE` is not `on-demand`), nothing is taken off. The time between the
/// start and the event never counts: Lambda may also start a function early without saying so.
#[must_use]
pub fn first_deadline(initialization_type: Option<&str>, start: Duration) -> Duration {
    match initialization_type {
        None | Some("on-demand") => TRIGGER_DEADLINE.saturating_sub(start),
        Some(_) => TRIGGER_DEADLINE,
    }
}

/// Runs the work on an event until this deadline at most, and catches its panics. In both cases it
/// logs and counts a failure, and returns `None`.
pub async fn within<T>(deadline: Duration, work: impl Future<Output = T>) -> Option<T> {
    let survived = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(deadline, survived).await {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(_)) => tracing::error!("panic in a trigger"),
        Err(_) => tracing::error!(?deadline, "a trigger took too long"),
    }
    provisioning_failed();
    None
}

/// The lines that a function logs at this level. Libraries log at most at `INFO`: below it, they may
/// log parts of requests and answers.
#[must_use]
pub fn logged(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_targets([("shared", level), ("functions", level)])
}

/// Starts the log, from the level in Lambda's logging configuration, and the metrics. Both are JSON
/// lines on standard output.
///
/// # Panics
/// When called twice.
pub fn start_logs_and_metrics(environment: &Environment) -> Metrics {
    let level = environment.get("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    start_log(level.unwrap_or(LevelFilter::INFO), stdout);
    Metrics::gather(environment.stack_name())
}

/// Starts the log of a function at this level, as JSON lines on this output.
///
/// # Panics
/// When there is a log already.
pub fn start_log<W>(level: LevelFilter, output: W)
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(LevelFilter::TRACE)
        .with_writer(output)
        .finish()
        .with(logged(level))
        .init();
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
