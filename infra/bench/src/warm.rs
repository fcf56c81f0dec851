//! The processor time of events without the database's share: recorded answers are given again at the SDK's HTTP
//! client, and their time is taken off.

use std::io::sink;
use std::time::Duration;

use axum::Router;
use lambda_http::{Context, LambdaEvent};
use serde_json::json;
use serde_json::value::to_raw_value;
use shared::ambient::Stopwatch;
use shared::metrics::Metrics;
use shared::runtime::{answer_http_event, start_log};
use tracing_subscriber::filter::LevelFilter;
use usher_local::TABLE_NAME;

use crate::stage::{Function, Outcome, Scenario, Stage, scenarios};
use crate::wire::{Wire, processor_time};

/// How many events are measured together.
const BATCH: usize = 50;

/// Measures each event for so long, and prints the microseconds of one event, for each batch.
pub(crate) fn run(time: Duration) -> Outcome<()> {
    start_log(LevelFilter::INFO, sink);
    let metrics = Metrics::gather("bench".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        compared(time, metrics).await?;
        for token_cache in ["0", "5"] {
            let (stage, scenarios) = scenarios(token_cache).await?;
            let functions: Result<Vec<_>, _> =
                scenarios.iter().map(|it| stage.function(it.function)).collect();
            let functions = functions?;
            stage.wire.record();
            for (scenario, function) in scenarios.iter().zip(&functions) {
                record(&stage.wire, scenario, function).await?;
            }
            stage.wire.replay();
            for (scenario, function) in scenarios.iter().zip(&functions) {
                let is_token = scenario.function == "pre-token-generation";
                if token_cache == "0" || is_token {
                    let answer =
                        async || -> Outcome<String> { function.answer(&scenario.event).await };
                    let cache = is_token.then_some(token_cache);
                    measure(scenario.name, cache, &stage.wire, metrics, time, answer).await?;
                }
            }
        }
        Ok(())
    })
}

/// Records the answers of the database that an event needs. With the second event, also those that it needs when
/// something is remembered.
async fn record(wire: &Wire, scenario: &Scenario, function: &Function<'_>) -> Outcome<()> {
    for _ in 0..2 {
        function.answer(&scenario.event).await?;
    }
    wire.traffic()?;
    Ok(())
}

/// Measures what the others are compared with: an event that is read and answered, and a single call of the SDK.
async fn compared(time: Duration, metrics: Metrics) -> Outcome<()> {
    let stage = Stage::new("0")?;
    let empty = Router::new().fallback(|| async { "" });
    let event = to_raw_value(&scenarios("0").await?.1[0].event)?;
    let answer = async || -> Outcome<String> {
        let event = LambdaEvent::new(event.clone(), Context::default());
        let Ok(answer) = answer_http_event(empty.clone(), event).await;
        Ok(serde_json::to_string(&answer)?)
    };
    measure("a request that is answered at once", None, &stage.wire, metrics, time, answer).await?;

    stage.organization("acme", &["acme.example".to_owned()]).await?;
    stage.wire.record();
    let get = || {
        let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let get = stage.client.get_item().table_name(TABLE_NAME);
        get.key("pk", key("ORG#acme")).key("sk", key("ORG"))
    };
    get().send().await?;
    stage.wire.replay();
    let call = async || -> Outcome<String> {
        get().send().await?;
        Ok(String::new())
    };
    measure("one GetItem of the SDK", None, &stage.wire, metrics, time, call).await
}

async fn measure(
    name: &str,
    token_cache: Option<&str>,
    wire: &Wire,
    metrics: Metrics,
    time: Duration,
    event: impl AsyncFn() -> Outcome<String>,
) -> Outcome<()> {
    // The first events allocate what later ones use again.
    for _ in 0..BATCH {
        event().await?;
    }
    wire.traffic()?;
    let (start, mut batches, mut calls) = (Stopwatch::start(), Vec::new(), 0);
    while start.elapsed() < time || batches.len() < 5 {
        let begin = processor_time();
        for _ in 0..BATCH {
            event().await?;
            metrics.write(sink());
        }
        let taken = processor_time().saturating_sub(begin);
        let traffic = wire.traffic()?;
        calls += traffic.calls;
        let own = taken.saturating_sub(traffic.time);
        batches.push(own.as_secs_f64() * 1e6 / BATCH as f64);
    }
    let calls = calls as f64 / (batches.len() * BATCH) as f64;
    let token_cache = token_cache.and_then(|seconds| seconds.parse::<u8>().ok());
    println!(
        "{}",
        json!({ "name": name, "tokenCacheSeconds": token_cache, "calls": calls, "microseconds": batches })
    );
    Ok(())
}
