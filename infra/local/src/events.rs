//! Events on this machine: a loop that reads the embedded database's stream for `publish-events`, in the
//! place of Lambda's, and a bus and a queue in the place of EventBridge and SQS. Whoever asks for
//! `/local/events` gets what is on the bus.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodbstreams::types::{
    AttributeValue, Record, ShardIteratorType, StreamDescription, StreamViewType,
};
use aws_sdk_dynamodbstreams::{Client, error::DisplayErrorContext};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use functions::{Entry, FUNCTIONS};
use futures_util::Stream;
use futures_util::stream::{iter, unfold};
use futures_util::{FutureExt, StreamExt};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};
use shared::event_bus::{DeadLetters, EventBus};
use shared::store::Store;
use shared::{App, Clock, Randomness};
use tokio::sync::{broadcast, watch};

use crate::server::credentials;
use crate::table::TABLE_NAME;

/// The name of the bus.
const BUS: &str = "usher";
/// How many envelopes are kept for a client that comes later, or comes back.
const KEPT: usize = 1_000;
/// The longest time until a change is seen.
const POLL: Duration = Duration::from_millis(100);
/// How long nothing is read after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// The most changes of a batch, as on AWS.
const BATCH: usize = 100;

/// The bus, with what it has taken last.
#[derive(Clone)]
pub(crate) struct LocalBus {
    taken: Arc<Mutex<VecDeque<Arc<Envelope>>>>,
    news: broadcast::Sender<Arc<Envelope>>,
    clock: Clock,
    randomness: Randomness,
    stopped: watch::Receiver<bool>,
}

/// An event, as EventBridge delivers it.
struct Envelope {
    /// The id of Usher's event.
    id: String,
    kind: String,
    json: Value,
}

impl LocalBus {
    pub(crate) fn new(stopped: watch::Receiver<bool>) -> Self {
        let news = broadcast::Sender::new(KEPT);
        let (clock, randomness) = (Clock::system(), Randomness::system());
        Self { taken: Arc::default(), news, clock, randomness, stopped }
    }

    /// `POST /local/bus` takes EventBridge's `PutEvents`, `POST /local/dead-letters` takes SQS's
    /// `SendMessage`, and `GET /local/events` answers what is on the bus.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/local/bus", post(put_events))
            .route("/local/bus/", post(put_events))
            .route("/local/dead-letters", post(send_message))
            .route("/local/dead-letters/", post(send_message))
            .route("/local/events", get(events))
            .with_state(self)
    }

    /// The functions' bus and queue, at this address.
    pub(crate) fn clients(address: SocketAddr) -> (EventBus, DeadLetters) {
        let events = aws_sdk_eventbridge::Config::builder()
            .behavior_version(aws_sdk_eventbridge::config::BehaviorVersion::latest())
            .region(aws_sdk_eventbridge::config::Region::from_static("local"))
            .credentials_provider(credentials())
            .endpoint_url(format!("http://{address}/local/bus"))
            .build();
        let queue = format!("http://{address}/local/dead-letters");
        let letters = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::from_static("local"))
            .credentials_provider(credentials())
            .endpoint_url(&queue)
            .build();
        (
            EventBus::new(aws_sdk_eventbridge::Client::from_conf(events), BUS),
            DeadLetters::new(aws_sdk_sqs::Client::from_conf(letters), queue),
        )
    }

    fn taken(&self) -> MutexGuard<'_, VecDeque<Arc<Envelope>>> {
        self.taken.lock().expect("nobody panics while holding the envelopes")
    }

    /// Takes an entry of `PutEvents`. The answer is its result.
    fn take(&self, entry: &Value) -> Value {
        let part = |name: &str| entry[name].as_str().unwrap_or_default();
        let Ok(detail) = serde_json::from_str::<Value>(part("Detail")) else {
            return json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
        };
        let id = shared::ambient::user_name(&self.randomness);
        let own_id = detail["id"].as_str().unwrap_or(&id).to_owned();
        // They become lines of the answer to whoever listens.
        if own_id.contains(char::is_control) || part("DetailType").contains(char::is_control) {
            return json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": "A control character." });
        }
        let time =
            detail["time"].as_str().map_or_else(|| self.clock.now().to_string(), whole_second);
        let envelope = Envelope {
            id: own_id,
            kind: part("DetailType").to_owned(),
            json: json!({
                "version": "0",
                "id": id,
                "detail-type": part("DetailType"),
                "source": part("Source"),
                "account": "000000000000",
                "time": time,
                "region": "local",
                "resources": [],
                "detail": detail,
            }),
        };
        let envelope = Arc::new(envelope);
        let mut taken = self.taken();
        taken.push_back(Arc::clone(&envelope));
        if taken.len() > KEPT {
            taken.pop_front();
        }
        // Nobody may listen.
        let _ = self.news.send(envelope);
        json!({ "EventId": id })
    }

    /// What was taken after the event with this id, and what is taken from now on. Without an id, only
    /// the latter; with one that is not kept, all that is.
    fn after(&self, id: Option<&str>) -> (Vec<Arc<Envelope>>, broadcast::Receiver<Arc<Envelope>>) {
        let taken = self.taken();
        let news = self.news.subscribe();
        let Some(id) = id else { return (Vec::new(), news) };
        let seen = taken.iter().rposition(|envelope| envelope.id == id).map_or(0, |it| it + 1);
        (taken.iter().skip(seen).cloned().collect(), news)
    }
}

/// A time as EventBridge has it in its envelope: to the second.
fn whole_second(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}

async fn put_events(State(bus): State<LocalBus>, body: Bytes) -> Response {
    let request = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let Some(entries) = request["Entries"].as_array() else {
        let error = json!({ "__type": "ValidationException", "message": "there are no Entries" });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let results: Vec<_> = entries.iter().map(|entry| bus.take(entry)).collect();
    let failed = results.iter().filter(|result| result["ErrorCode"].is_string()).count();
    Json(json!({ "FailedEntryCount": failed, "Entries": results })).into_response()
}

async fn send_message(State(bus): State<LocalBus>, body: Bytes) -> Json<Value> {
    let request = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    tracing::error!(message = %request["MessageBody"], "a dead letter");
    Json(json!({ "MessageId": shared::ambient::user_name(&bus.randomness) }))
}

/// Server-sent events: `id` is the event's own, `event` its type, and `data` the envelope. A client that
/// comes back sends the last id that it has seen as `Last-Event-ID`.
async fn events(
    State(bus): State<LocalBus>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let (before, news) = bus.after(last);
    let news = unfold(news, |mut news| async move {
        loop {
            match news.recv().await {
                Ok(envelope) => return Some((envelope, news)),
                // A client that is too slow misses what is between.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    let stop = until_stopped(bus.stopped);
    let envelopes = iter(before).chain(news).take_until(stop);
    let events = envelopes.map(|envelope| {
        let Envelope { id, kind, json } = &*envelope;
        Ok(Event::default().id(id).event(kind).data(json.to_string()))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which also means to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Brings the changes in the stream of this database to `publish-events`, until it is told to stop. What it
/// does then is cut off, and repeated after the next start.
pub(crate) async fn publish(
    app: App,
    dynamodb: SharedHttpClient,
    until: impl Future<Output = ()> + Send + 'static,
) {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodbstreams::config::Region::from_static("local"))
        .credentials_provider(credentials())
        .http_client(dynamodb)
        .build();
    let client = Client::from_conf(config);
    let reading = async {
        loop {
            let Err(cause) = read(&client, &app).await;
            tracing::error!(cause, "the stream cannot be read");
            app.clock.pause(PAUSE).await;
        }
    };
    futures_util::future::select(reading.boxed(), until.boxed()).await;
}

/// Reads the stream from its beginning.
async fn read(client: &Client, app: &App) -> Result<Infallible, String> {
    let streams = client.list_streams().table_name(TABLE_NAME).send().await.map_err(text)?;
    let stream = streams.streams().last().and_then(|stream| stream.stream_arn());
    let stream = stream.ok_or("the table has no stream")?;
    let described = client.describe_stream().stream_arn(stream).send().await.map_err(text)?;
    let shards = described.stream_description().map(StreamDescription::shards).unwrap_or_default();
    // The embedded database has one shard.
    let shard = shards.first().and_then(|shard| shard.shard_id()).ok_or("it has no shard")?;
    let iterator = client.get_shard_iterator().stream_arn(stream).shard_id(shard);
    let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon);
    let mut next = iterator.send().await.map_err(text)?.shard_iterator;
    loop {
        let records = client.get_records().set_shard_iterator(next).send().await.map_err(text)?;
        next = records.next_shard_iterator;
        let records = records.records.unwrap_or_default();
        if records.is_empty() {
            app.clock.pause(POLL).await;
        }
        // Lambda filters the records in the same way.
        let changes: Vec<_> = records.iter().filter_map(change).collect();
        for batch in changes.chunks(BATCH) {
            publish_batch(app, batch.to_vec()).await;
        }
    }
}

fn text<E: std::error::Error>(error: E) -> String {
    DisplayErrorContext(error).to_string()
}

/// Invokes the function with these records until all of them are published.
async fn publish_batch(app: &App, mut records: Vec<Value>) {
    let handlers = FUNCTIONS.iter().filter_map(|function| match function.entry {
        Entry::Stream(handle) => Some(handle),
        _ => None,
    });
    for handle in handlers {
        while !records.is_empty() {
            let event = to_raw_value(&json!({ "Records": records })).expect("records are JSON");
            let left = match handle(app, event).await {
                Ok(answer) => first_failure(answer.get(), &records),
                Err(error) => {
                    tracing::error!(%error, "a batch of the stream failed");
                    Some(0)
                }
            };
            let Some(left) = left else { break };
            records.drain(..left);
            app.clock.pause(PAUSE).await;
        }
    }
}

/// The place of the record from which on an answer wants all records again.
fn first_failure(answer: &str, records: &[Value]) -> Option<usize> {
    let answer = serde_json::from_str::<Value>(answer).unwrap_or_default();
    let number = answer["batchItemFailures"][0]["itemIdentifier"].as_str()?;
    let failed = records.iter().position(|it| it["dynamodb"]["SequenceNumber"] == number);
    Some(failed.unwrap_or(0))
}

/// A record of the stream in the form in which Lambda passes it on, if it is a new change.
fn change(record: &Record) -> Option<Value> {
    let data = record.dynamodb()?;
    let keys = item(data.keys()?);
    let is_new = record.event_name().is_some_and(|name| name.as_str() == "INSERT");
    let is_change = keys["pk"]["S"].as_str().is_some_and(Store::is_change);
    (is_new && is_change).then(|| {
        json!({
            "eventID": record.event_id(),
            "eventName": "INSERT",
            "eventVersion": record.event_version(),
            "eventSource": record.event_source(),
            "awsRegion": record.aws_region(),
            "dynamodb": {
                "Keys": keys,
                "NewImage": data.new_image().map(item),
                "SequenceNumber": data.sequence_number(),
                "SizeBytes": data.size_bytes(),
                "StreamViewType": data.stream_view_type().map(StreamViewType::as_str),
            },
        })
    })
}

/// An item in DynamoDB's JSON. No item has sets, bytes or nulls.
fn item(attributes: &std::collections::HashMap<String, AttributeValue>) -> Value {
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), tagged(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn tagged(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::Bool(boolean) => json!({ "BOOL": boolean }),
        AttributeValue::L(values) => json!({ "L": values.iter().map(tagged).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": item(map) }),
        _ => json!({ "NULL": true }),
    }
}
