//! The wire between the SDK and the embedded DynamoDB, the bus and the queue. It counts steps and capacity, and lets a
//! test decide the fate of single calls. Recorded replies replace answers that the emulator cannot
//! give.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::attributes::tagged_item;
use super::world::Item;

/// What happens to a call.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It never arrives, and this is the answer.
    Reply { status: u16, body: Value },
    /// It never arrives, and the connection breaks.
    Lost,
    /// It arrives and is carried out, but its answer gets lost.
    AnswerLost,
    /// It never arrives, and there is no answer. The clock stops, and then jumps to the end of the
    /// wait. This works only on a runtime with one thread.
    Hang,
    /// It arrives, but only after another caller has done something.
    Overtaken(Overtaker),
    /// It arrives, but only after so long, and is answered.
    Late(Duration),
    /// It arrives and is carried out, but there is no answer.
    Unanswered,
    /// Its caller waits in vain. It arrives when [`Wire::deliver`] says so.
    Stray,
    /// The transaction is canceled for this reason, which each of its items has.
    Canceled(&'static str),
    /// Of the keys or items of a batch, the first half arrives. The rest is answered as not processed.
    Half,
}

/// Which calls a disturbance is about, beside the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// No other. A repetition arrives.
    Once,
    /// All later ones of the same operation.
    Operation,
    /// All later ones of the same service.
    Service,
}

/// The same fate of several calls.
#[derive(Debug)]
struct Disturbance {
    /// The operation of the first one.
    operation: String,
    /// How many calls of the operation still come before it.
    after: usize,
    has_come: bool,
    reach: Reach,
    fate: Fate,
}

/// The service that a call is for, by its operation.
pub(crate) fn service(operation: &str) -> &'static str {
    match operation {
        "PutEvents" => "EventBridge",
        "SendMessage" => "SQS",
        "ListUsers" => "Cognito",
        _ if operation.starts_with("Admin") || operation.starts_with("Describe") => "Cognito",
        _ => "DynamoDB",
    }
}

/// The action of another caller while a call is on its way.
#[derive(Clone)]
pub(crate) struct Overtaker(Arc<Mutex<Option<BoxFuture<'static, ()>>>>);

impl Overtaker {
    async fn act(&self) {
        let deed = self.0.lock().expect("nobody panics while taking a deed").take();
        if let Some(deed) = deed {
            deed.await;
        }
    }
}

impl fmt::Debug for Overtaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Overtaker")
    }
}

impl Fate {
    /// The call arrives after another caller has done this.
    pub(crate) fn overtaken(deed: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Overtaken(Overtaker(Arc::new(Mutex::new(Some(Box::pin(deed))))))
    }

    /// The call arrives: only the next ones of its operation have another fate.
    pub(crate) fn undisturbed() -> Self {
        Self::overtaken(std::future::ready(()))
    }

    /// A `GetItem` is answered with this item, as it may have been before another caller's write.
    pub(crate) fn item(item: &Item) -> Self {
        let body = json!({ "Item": tagged_item(&json!(item)) });
        Self::Reply { status: 200, body }
    }

    /// An error as DynamoDB words it.
    pub(crate) fn error(code: &str, message: &str) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
        let body = json!({ "__type": kind, "message": message });
        Self::Reply { status: 400, body }
    }

    /// A canceled transaction, with one reason for each of its items.
    pub(crate) fn canceled(reasons: &[&str]) -> Self {
        let list: Vec<_> =
            reasons.iter().map(|code| json!({ "Code": code, "Message": code })).collect();
        let message = format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            reasons.join(", ")
        );
        let Self::Reply { status, mut body } =
            Self::error("TransactionCanceledException", &message)
        else {
            unreachable!("an error is a reply")
        };
        body["CancellationReasons"] = list.into();
        Self::Reply { status, body }
    }
}

/// The calls that went over the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Traffic {
    /// The operations, in the order in which they were sent.
    pub(crate) operations: Vec<String>,
    /// The number of sequential steps: how often a call was sent while no other was under way.
    pub(crate) steps: usize,
    /// The capacity units that the calls have consumed, by the emulator's own accounting.
    pub(crate) capacity: f64,
}

/// The use of a resource by a call, in IAM's terms. A transaction has the actions of its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    /// The action, without its prefix `dynamodb:`.
    pub(crate) action: String,
    /// The resource: `table`, or `index/` and the index's name; `bus` or `queue`.
    pub(crate) resource: String,
    /// The partition key (IAM's `dynamodb:LeadingKeys`); empty if the call has none.
    pub(crate) partition: String,
}

impl Use {
    fn new(action: &str, key: &Value) -> Self {
        let partition = key["pk"]["S"].as_str().unwrap_or_default().to_owned();
        Self { action: action.to_owned(), resource: "table".to_owned(), partition }
    }

    /// In the words of what a role grants: items of one kind have partition keys that begin alike.
    pub(super) fn in_words(&self) -> String {
        let Self { action, resource, partition } = self;
        if partition.is_empty() {
            return format!("{action} on the {resource}");
        }
        let keys = match partition.split_once('#') {
            Some((kind, _)) => format!("{kind}#*"),
            None => partition.clone(),
        };
        format!("{action} on {resource} for {keys}")
    }

    /// All that a request does.
    fn of(operation: &str, request: &Value) -> Vec<Self> {
        let items = || request["TransactItems"].as_array().into_iter().flatten();
        let tables = || request["RequestItems"].as_object().into_iter().flat_map(|it| it.values());
        match operation {
            "GetItem" => vec![Self::new(operation, &request["Key"])],
            "PutItem" => vec![Self::new(operation, &request["Item"])],
            "Query" => {
                let index = request["IndexName"].as_str();
                let key = json!({ "pk": request["ExpressionAttributeValues"][":pk"] });
                let resource = index.map_or("table".to_owned(), |name| format!("index/{name}"));
                vec![Self { resource, ..Self::new(operation, &key) }]
            }
            "BatchGetItem" => tables()
                .flat_map(|table| table["Keys"].as_array().into_iter().flatten())
                .map(|key| Self::new(operation, key))
                .collect(),
            "BatchWriteItem" => tables()
                .flat_map(|requests| requests.as_array().into_iter().flatten())
                .map(|request| match &request["DeleteRequest"]["Key"] {
                    Value::Null => Self::new(operation, &request["PutRequest"]["Item"]),
                    key => Self::new(operation, key),
                })
                .collect(),
            "TransactGetItems" => {
                items().map(|item| Self::new("GetItem", &item["Get"]["Key"])).collect()
            }
            "TransactWriteItems" => items()
                .flat_map(|item| item.as_object().into_iter().flatten())
                .map(|(part, write)| match part.as_str() {
                    "ConditionCheck" => Self::new("ConditionCheckItem", &write["Key"]),
                    "Put" => Self::new("PutItem", &write["Item"]),
                    part => Self::new(&format!("{part}Item"), &write["Key"]),
                })
                .collect(),
            "PutEvents" | "SendMessage" => {
                let resource = if operation == "PutEvents" { "bus" } else { "queue" };
                vec![Self { resource: resource.to_owned(), ..Self::new(operation, &Value::Null) }]
            }
            // Nothing in a role matches this.
            other => vec![Self::new(other, &Value::Null)],
        }
    }
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    uses: BTreeSet<Use>,
    under_way: usize,
    fates: VecDeque<(String, Fate)>,
    dead_after: Option<usize>,
    disturbance: Option<Disturbance>,
    /// Calls that arrive later.
    strays: Vec<(SharedHttpConnector, HttpRequest)>,
    /// Whether the clock stops from a fault on, until the next call.
    stops: bool,
    stopped: Option<Hanging>,
}

impl State {
    /// What the disturbance makes of the next call.
    fn disturbed(&mut self, operation: &str) -> Option<Fate> {
        let disturbance = self.disturbance.as_mut()?;
        let first = &disturbance.operation;
        let is_meant = if disturbance.has_come {
            match disturbance.reach {
                Reach::Once => false,
                Reach::Operation => first == operation,
                Reach::Service => service(first) == service(operation),
            }
        } else if first != operation {
            false
        } else if let Some(calls) = disturbance.after.checked_sub(1) {
            disturbance.after = calls;
            false
        } else {
            disturbance.has_come = true;
            true
        };
        is_meant.then(|| disturbance.fate.clone())
    }
}

/// A client that sends its requests over this connector.
pub(crate) fn client_of(connector: impl HttpConnector + 'static) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

/// A wire that everybody holds an end of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<State>>);

impl Wire {
    /// This client over this wire.
    pub(crate) fn client_to(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let wire = self.clone();
        http_client_fn(move |settings, components| {
            let inner = inner.http_connector(settings, components);
            SharedHttpConnector::new(Connector { inner, wire: wire.clone() })
        })
    }

    /// Decides the fate of the next call of an operation that is still undecided.
    pub(crate) fn next(&self, operation: &str, fate: Fate) {
        self.state().fates.push_back((operation.to_owned(), fate));
    }

    /// Whether the fate of a call of this operation is decided, and the call has not come.
    pub(crate) fn awaits(&self, operation: &str) -> bool {
        self.state().fates.iter().any(|(name, _)| name == operation)
    }

    /// Cuts the wire after so many further calls, as if the process were killed then.
    pub(crate) fn cut_after(&self, calls: usize) {
        self.state().dead_after = Some(calls);
    }

    /// Disturbs a call of this operation, after so many further ones of it, and others like it.
    pub(crate) fn disturb(&self, operation: &str, after: usize, reach: Reach, fate: Fate) {
        let operation = operation.to_owned();
        let disturbance = Disturbance { operation, after, has_come: false, reach, fate };
        self.state().disturbance = Some(disturbance);
    }

    /// Whether the disturbance has come to a call.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.state().disturbance.as_ref().is_some_and(|it| it.has_come)
    }

    /// From now on the clock stops after each fault, until the next call. So pauses take no time, and what
    /// else is under way then has its time.
    pub(crate) fn stop_the_clock_after_faults(&self) {
        self.state().stops = true;
    }

    /// Lets the calls arrive that have gone astray.
    pub(crate) async fn deliver(&self) {
        let strays = std::mem::take(&mut self.state().strays);
        for (connector, request) in strays {
            // Nobody waits for an answer.
            drop(connector.call(request).await);
        }
    }

    /// Mends the wire.
    pub(crate) fn mend(&self) {
        let mut state = self.state();
        state.dead_after = None;
        state.disturbance = None;
        state.stopped = None;
        state.fates.clear();
    }

    /// What went over the wire since this was asked last.
    pub(crate) fn traffic(&self) -> Traffic {
        std::mem::take(&mut self.state().traffic)
    }

    /// What was done over the wire since this was asked last.
    pub(crate) fn uses(&self) -> BTreeSet<Use> {
        std::mem::take(&mut self.state().uses)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the wire")
    }

    fn sent(&self, operation: &str, request: &[u8]) -> Option<Fate> {
        let mut state = self.state();
        state.traffic.operations.push(operation.to_owned());
        state.traffic.steps += usize::from(state.under_way == 0);
        state.under_way += 1;
        match &mut state.dead_after {
            Some(0) => return Some(Fate::Lost),
            Some(calls) => *calls -= 1,
            None => {}
        }
        let request = serde_json::from_slice(request).expect("requests are JSON");
        state.uses.extend(Use::of(operation, &request));
        state.stopped = None;
        if let Some(fate) = state.disturbed(operation) {
            // A late call arrives without another one.
            if state.stops && !matches!(fate, Fate::Late(_)) {
                state.stopped = Some(Hanging::new());
            }
            return Some(fate);
        }
        let place = state.fates.iter().position(|(name, _)| name == operation);
        place.and_then(|place| state.fates.remove(place)).map(|(_, fate)| fate)
    }

    fn answered(&self, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let consumed = &body["ConsumedCapacity"];
        let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        self.state().traffic.capacity +=
            tables.iter().filter_map(|t| t["CapacityUnits"].as_f64()).sum::<f64>();
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation_of(&request);
        let body = request.body().bytes().expect("requests are in memory");
        let fate = self.wire.sent(&operation, body);
        let (inner, wire) = (self.inner.clone(), self.wire.clone());
        let under_way = UnderWay(wire.clone());
        HttpConnectorFuture::new(async move {
            let _under_way = under_way;
            let lost = || ConnectorError::io("the wire is cut".into());
            match &fate {
                Some(Fate::Overtaken(overtaker)) => overtaker.act().await,
                Some(Fate::Late(delay)) => {
                    let _hanging = Hanging::new();
                    tokio::time::sleep(*delay).await;
                }
                _ => {}
            }
            match fate {
                None | Some(Fate::Overtaken(_) | Fate::Late(_)) => {
                    let (head, body) = collected(inner.call(request).await?).await?;
                    wire.answered(&body);
                    Ok(rebuilt(head, body))
                }
                Some(Fate::AnswerLost) => {
                    let (_, body) = collected(inner.call(request).await?).await?;
                    wire.answered(&body);
                    Err(lost())
                }
                Some(Fate::Reply { status, body }) => Ok(reply(status, &body)),
                Some(Fate::Lost) => Err(lost()),
                Some(Fate::Hang) => {
                    let _hanging = Hanging::new();
                    std::future::pending().await
                }
                Some(Fate::Unanswered) => {
                    drop(collected(inner.call(request).await?).await?);
                    let _hanging = Hanging::new();
                    std::future::pending().await
                }
                Some(Fate::Stray) => {
                    wire.state().strays.push((inner, request));
                    let _hanging = Hanging::new();
                    std::future::pending().await
                }
                Some(Fate::Canceled(reason)) => {
                    let request = json_of(&request);
                    let items = request["TransactItems"].as_array().expect("a transaction");
                    let Fate::Reply { status, body } = Fate::canceled(&vec![reason; items.len()])
                    else {
                        unreachable!("an error is a reply")
                    };
                    Ok(reply(status, &body))
                }
                Some(Fate::Half) => {
                    let (first, rest) = halves(&operation, json_of(&request));
                    let (head, body) = match first {
                        Some(first) => {
                            *request.body_mut() = SdkBody::from(first.to_string());
                            collected(inner.call(request).await?).await?
                        }
                        None => collected(reply(200, &json!({}))).await?,
                    };
                    let mut body: Value = serde_json::from_slice(&body).expect("answers are JSON");
                    let name = if operation == "BatchGetItem" { "Keys" } else { "Items" };
                    body[format!("Unprocessed{name}")] = rest;
                    Ok(rebuilt(head, body.to_string().into_bytes()))
                }
            }
        })
    }
}

/// The operation that a request names.
pub(super) fn operation_of(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

fn json_of(request: &HttpRequest) -> Value {
    let body = request.body().bytes().expect("requests are in memory");
    serde_json::from_slice(body).expect("requests are JSON")
}

/// An answer with this body.
pub(super) fn reply(status: u16, body: &Value) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// The request with the first half of its keys or items, if that is not nothing, and the rest of them.
fn halves(operation: &str, mut request: Value) -> (Option<Value>, Value) {
    let tables = request["RequestItems"].as_object_mut().expect("a batch");
    let (name, wanted) = tables.iter_mut().next().expect("a table");
    let list = if operation == "BatchGetItem" { &mut wanted["Keys"] } else { &mut *wanted };
    let all = list.as_array().expect("a list").clone();
    let (first, last) = all.split_at(all.len() / 2);
    *list = first.into();
    let is_empty = first.is_empty();
    let mut rest = wanted.clone();
    *(if operation == "BatchGetItem" { &mut rest["Keys"] } else { &mut rest }) = last.into();
    let rest = json!({ name: rest });
    ((!is_empty).then_some(request), rest)
}

/// A call, until it is answered or its caller stops waiting.
struct UnderWay(Wire);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

/// A call without an answer, until its caller stops waiting. Or whatever else the clock stops for.
#[derive(Debug)]
pub(crate) struct Hanging(());

thread_local! {
    /// The number of hanging calls on all wires, which share the runtime's clock.
    static HANGING: Cell<usize> = const { Cell::new(0) };
}

impl Hanging {
    pub(crate) fn new() -> Self {
        if HANGING.get() == 0 {
            tokio::time::pause();
        }
        HANGING.set(HANGING.get() + 1);
        Self(())
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        HANGING.set(HANGING.get() - 1);
        if HANGING.get() == 0 {
            tokio::time::resume();
        }
    }
}

async fn collected(mut response: HttpResponse) -> Result<(HttpResponse, Vec<u8>), ConnectorError> {
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let body =
        ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    Ok((response, body.to_vec()))
}

fn rebuilt(mut head: HttpResponse, body: Vec<u8>) -> HttpResponse {
    *head.body_mut() = SdkBody::from(body);
    head
}
