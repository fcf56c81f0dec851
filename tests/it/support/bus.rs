//! The event bus and the dead-letter queue, which remember what they have taken.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_eventbridge::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use shared::event_bus::{DeadLetters, EventBus};

use super::wire::{Wire, client_of};

/// A bus and a queue behind the real SDK. They answer as AWS does, unless the wire to them or a test
/// decides otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bus(Arc<Mutex<State>>);

/// Says with which code the bus refuses an event, if it does.
type Refuses = Box<dyn FnMut(&Value) -> Option<&'static str> + Send>;

#[derive(Default)]
struct State {
    calls: Vec<Vec<Value>>,
    taken: Vec<Value>,
    letters: Vec<Value>,
    refuses: Option<Refuses>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("State")
    }
}

impl Bus {
    /// The bus as the code under test sees it over this wire: three attempts at each call.
    pub(crate) fn event_bus(&self, wire: &Wire, partition: &str) -> EventBus {
        let config = aws_sdk_eventbridge::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://events.example")
            .timeout_config(timeouts())
            .retry_config(retries())
            .retry_partition(RetryPartition::new(format!("{partition} events")))
            .http_client(wire.client_to(client_of(self.clone())))
            .build();
        EventBus::new(aws_sdk_eventbridge::Client::from_conf(config), "usher")
    }

    /// The queue as the code under test sees it over this wire: three attempts at each call.
    pub(crate) fn dead_letters(&self, wire: &Wire, partition: &str) -> DeadLetters {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://sqs.example")
            .timeout_config(timeouts())
            .retry_config(retries())
            .retry_partition(RetryPartition::new(format!("{partition} sqs")))
            .http_client(wire.client_to(client_of(self.clone())))
            .build();
        DeadLetters::new(aws_sdk_sqs::Client::from_conf(config), "http://sqs.example/1/letters")
    }

    /// From now on the bus refuses the events for which this says a code.
    pub(crate) fn refuse(
        &self,
        refuses: impl FnMut(&Value) -> Option<&'static str> + Send + 'static,
    ) {
        self.state().refuses = Some(Box::new(refuses));
    }

    /// From now on the bus takes every event.
    pub(crate) fn accept(&self) {
        self.state().refuses = None;
    }

    /// The events that the bus has taken since this was asked last, in their order.
    pub(crate) fn events(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().taken)
    }

    /// The ids of the events that are on the bus, and the messages in the queue, since these were
    /// asked for last with [`Self::events`] and [`Self::letters`].
    pub(crate) fn sent(&self) -> BTreeSet<String> {
        let state = self.state();
        let ids = state.taken.iter().map(|event| event["id"].to_string());
        ids.chain(state.letters.iter().map(Value::to_string)).collect()
    }

    /// The entries of each call that has come to the bus since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Vec<Value>> {
        std::mem::take(&mut self.state().calls)
    }

    /// The messages that have come to the queue since this was asked last.
    pub(crate) fn letters(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().letters)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the bus")
    }

    fn put(&self, request: &Value) -> Value {
        let mut state = self.state();
        let entries = request["Entries"].as_array().expect("entries");
        assert!(entries.len() <= 10, "PutEvents takes 10 entries");
        state.calls.push(entries.clone());
        let mut failed = 0;
        let mut results = Vec::new();
        for entry in entries {
            assert_eq!(entry["EventBusName"], "usher");
            assert_eq!(entry["Source"], "usher");
            let event: Value = entry["Detail"].as_str().expect("text").parse().expect("JSON");
            assert_eq!(entry["DetailType"], event["type"]);
            let code = state.refuses.as_mut().and_then(|refuses| refuses(&event));
            results.push(match code {
                None => {
                    let id = format!("bus-{}", state.taken.len());
                    state.taken.push(event);
                    json!({ "EventId": id })
                }
                Some(code) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": "not now" })
                }
            });
        }
        json!({ "FailedEntryCount": failed, "Entries": results })
    }

    fn send(&self, request: &Value) -> Value {
        let body = request["MessageBody"].as_str().expect("text");
        assert!(body.is_ascii(), "SQS refuses some characters");
        let mut state = self.state();
        state.letters.push(body.parse().expect("JSON"));
        json!({ "MessageId": format!("letter-{}", state.letters.len()) })
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(4))
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1))
}

impl HttpConnector for Bus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("requests are in memory");
        let body = serde_json::from_slice(body).expect("requests are JSON");
        let answer = match target.as_str() {
            "AWSEvents.PutEvents" => self.put(&body),
            "AmazonSQS.SendMessage" => self.send(&body),
            other => panic!("neither the bus nor the queue has {other}"),
        };
        let status = 200.try_into().expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::from(answer.to_string()));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
        HttpConnectorFuture::ready(Ok(response))
    }
}
