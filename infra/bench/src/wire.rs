//! The wire between the SDK and the embedded DynamoDB. It counts calls and units, and can record the answers, which
//! are then given again without a database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

/// The answer to what was not recorded. The SDK does not repeat such a call.
const UNKNOWN: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"nobody has recorded this call"}"#;

/// The processor time of this thread.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The answers to calls, by operation and request. Writes have one answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(HashMap<(String, String), Arc<[u8]>>);

impl Answers {
    /// The answer to a call, or `None` if it was not recorded.
    pub(crate) fn get(&self, operation: &str, request: &[u8]) -> Option<Arc<[u8]>> {
        if matches!(operation, "TransactWriteItems" | "PutItem") {
            return Some(Arc::from(&b"{}"[..]));
        }
        if operation == TRANSACTION {
            return self.transaction(request);
        }
        let request = canonical(request);
        if request.contains("WARM-UP") {
            return Some(Arc::from(&b"{}"[..]));
        }
        self.0.get(&(operation.to_owned(), request)).cloned()
    }

    /// The answer to a transaction, whose items are in any order.
    fn transaction(&self, request: &[u8]) -> Option<Arc<[u8]>> {
        let mut answer = br#"{"Responses":["#.to_vec();
        for (number, item) in items(request).into_iter().enumerate() {
            if number > 0 {
                answer.push(b',');
            }
            answer.extend_from_slice(self.0.get(&(TRANSACTION.to_owned(), item))?);
        }
        answer.extend_from_slice(b"]}");
        Some(answer.into())
    }

    /// Records an answer, if it is the first one to this call.
    fn insert(&mut self, operation: String, request: &[u8], answer: &[u8]) {
        if operation != TRANSACTION {
            self.0.entry((operation, canonical(request))).or_insert_with(|| answer.into());
            return;
        }
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let answers = answer["Responses"].as_array().into_iter().flatten();
        for (item, answer) in items(request).into_iter().zip(answers) {
            let answer = || answer.to_string().into_bytes().into();
            self.0.entry((operation.clone(), item)).or_insert_with(answer);
        }
    }
}

/// The operation whose items are recorded one by one.
const TRANSACTION: &str = "TransactGetItems";

/// The items that a transaction reads.
fn items(request: &[u8]) -> Vec<String> {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    request["TransactItems"].as_array().into_iter().flatten().map(Value::to_string).collect()
}

/// A request, in the same text each time: the SDK writes the members of an object in any order.
fn canonical(request: &[u8]) -> String {
    let mut request: Value = serde_json::from_slice(request).unwrap_or_default();
    if let Some(tables) = request["RequestItems"].as_object_mut() {
        for table in tables.values_mut() {
            if let Some(keys) = table["Keys"].as_array_mut() {
                keys.sort_by_cached_key(Value::to_string);
            }
        }
    }
    request.to_string()
}

/// What the calls of an event have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Traffic {
    /// The number of calls.
    pub(crate) calls: usize,
    /// The units that they have consumed.
    pub(crate) units: f64,
    /// The processor time that this wire has used for them.
    pub(crate) time: Duration,
}

/// What a wire does with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    /// Passes it on, and counts it.
    #[default]
    Count,
    /// Passes it on, and records the answer.
    Record,
    /// Gives the recorded answer.
    Replay,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    answers: Answers,
    mode: Mode,
    unknown: Vec<String>,
}

/// A wire to a database in this process.
#[derive(Clone)]
pub(crate) struct Wire {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

impl Wire {
    /// A wire to this database. It counts calls.
    pub(crate) fn to(inner: SharedHttpClient) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The client of the SDK that uses this wire.
    pub(crate) fn client(&self) -> SharedHttpClient {
        let wire = self.clone();
        http_client_fn(move |settings, components| {
            let inner = wire.inner.http_connector(settings, components);
            SharedHttpConnector::new(Connector { inner, wire: wire.clone() })
        })
    }

    /// From now on, answers are recorded. The first one to each call counts.
    pub(crate) fn record(&self) {
        self.state().mode = Mode::Record;
    }

    /// From now on, the recorded answers are given again.
    pub(crate) fn replay(&self) {
        self.state().mode = Mode::Replay;
    }

    /// What was recorded.
    pub(crate) fn answers(&self) -> Answers {
        self.state().answers.clone()
    }

    /// What the calls since the last question have cost.
    ///
    /// # Errors
    /// When a call was made that nobody has recorded.
    pub(crate) fn traffic(&self) -> Result<Traffic, String> {
        let mut state = self.state();
        let unknown = std::mem::take(&mut state.unknown);
        match unknown.first() {
            None => Ok(std::mem::take(&mut state.traffic)),
            Some(call) => Err(format!("nobody has recorded this call: {call}")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the wire")
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire")
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let begin = processor_time();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let mut state = self.wire.state();
        state.traffic.calls += 1;
        if state.mode == Mode::Replay {
            let (status, answer) = match state.answers.get(&operation, &body) {
                Some(answer) => (200, answer.to_vec()),
                None => {
                    let call = format!("{operation} {}", String::from_utf8_lossy(&body));
                    state.unknown.push(call);
                    (400, UNKNOWN.into())
                }
            };
            state.traffic.time += processor_time().saturating_sub(begin);
            return HttpConnectorFuture::ready(Ok(response(status, answer)));
        }
        drop(state);
        let (inner, wire) = (self.inner.clone(), self.wire.clone());
        HttpConnectorFuture::new(async move {
            let answer = inner.call(request).await?;
            // The embedded database answers in one piece.
            let bytes = answer.body().bytes().unwrap_or_default();
            let mut state = wire.state();
            state.traffic.units += units(bytes);
            if state.mode == Mode::Record && answer.status().is_success() {
                state.answers.insert(operation, &body, bytes);
            }
            Ok(answer)
        })
    }
}

fn response(status: u16, body: Vec<u8>) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// The units that an answer says were consumed.
fn units(answer: &[u8]) -> f64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
    tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum()
}
