//! The publisher, as Lambda runs it over a stream: again from the first record that was not published, or
//! from the beginning of the batch if the function has died.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_eventbridge::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_eventbridge::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use futures_util::future::{Either, select};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::event_bus::EventBus;
use tokio::sync::Notify;

use crate::support::{Fate, Told, World, Written, client_of};

/// What becomes of the invocations, one after the other. After these, nothing fails any more.
pub(super) type Trouble = Vec<Invocation>;

/// What becomes of one invocation.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    /// How many records it gets.
    size: usize,
    /// What becomes of its calls of the bus. All others succeed.
    calls: Vec<Call>,
    /// How many of the calls of the table that keep or delete activity fail.
    failing_batches: usize,
    /// Whether Lambda sends the same records again in any case.
    is_again: bool,
}

/// What becomes of a call of the bus.
#[derive(Clone, Copy, Debug)]
enum Call {
    Taken,
    /// The bus refuses the entries that these bits name.
    Refused(usize),
    /// It never arrives.
    Lost,
    /// It arrives, and its answer gets lost.
    AnswerLost,
    /// The function dies before it arrives, or after.
    Dies {
        is_taken: bool,
    },
}

pub(super) fn trouble() -> impl Strategy<Value = Trouble> {
    let call = prop_oneof![
        4 => Just(Call::Taken),
        3 => (1..1_024_usize).prop_map(Call::Refused),
        // Every entry.
        1 => Just(Call::Refused(1_023)),
        1 => Just(Call::Lost),
        1 => Just(Call::AnswerLost),
        2 => any::<bool>().prop_map(|is_taken| Call::Dies { is_taken }),
    ];
    let calls = prop::collection::vec(call, 0..8);
    let batches = prop_oneof![3 => Just(0), 1 => 1..6_usize];
    let invocation = (1..40_usize, calls, batches, prop::bool::weighted(0.2));
    let invocation = invocation.prop_map(|(size, calls, failing_batches, is_again)| Invocation {
        size,
        calls,
        failing_batches,
        is_again,
    });
    prop::collection::vec(invocation, 0..12)
}

/// A bus, and what it has taken: each entry as often as it came.
#[derive(Clone, Debug, Default)]
struct Bus {
    state: Arc<Mutex<State>>,
    death: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<Call>,
    taken: Vec<Value>,
}

impl Bus {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the bus")
    }

    fn client(&self) -> Client {
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(1));
        let partition = format!("bus {:p}", Arc::as_ptr(&self.state));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://events.example")
            .retry_config(retries)
            .retry_partition(RetryPartition::new(partition))
            .http_client(client_of(self.clone()))
            .build();
        Client::from_conf(config)
    }

    /// Takes the entries of a call, without those that the bits name.
    fn take(&self, request: &Value, refused: usize) -> Value {
        let entries = request["Entries"].as_array().expect("entries");
        assert!(entries.len() <= 10, "EventBridge takes no more");
        let mut state = self.state();
        let answers: Vec<_> = entries
            .iter()
            .enumerate()
            .map(|(place, entry)| {
                if refused >> place & 1 == 1 {
                    let message = "the bus is busy";
                    return json!({ "ErrorCode": "InternalFailure", "ErrorMessage": message });
                }
                let detail = entry["Detail"].as_str().expect("a detail");
                let detail: Value = serde_json::from_str(detail).expect("JSON");
                assert_eq!(entry["DetailType"], detail["type"]);
                assert_eq!(entry["Source"], "usher");
                let id = detail["id"].clone();
                state.taken.push(detail);
                json!({ "EventId": id })
            })
            .collect();
        let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
        json!({ "FailedEntryCount": failed, "Entries": answers })
    }
}

impl HttpConnector for Bus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("requests are in memory");
        let request: Value = serde_json::from_slice(body).expect("requests are JSON");
        let call = self.state().calls.pop_front().unwrap_or(Call::Taken);
        let bus = self.clone();
        HttpConnectorFuture::new(async move {
            let lost = || ConnectorError::io("the connection is cut".into());
            let answer = match call {
                Call::Taken => bus.take(&request, 0),
                Call::Refused(which) => bus.take(&request, which),
                Call::Lost => return Err(lost()),
                Call::AnswerLost => {
                    bus.take(&request, 0);
                    return Err(lost());
                }
                Call::Dies { is_taken } => {
                    if is_taken {
                        bus.take(&request, 0);
                    }
                    bus.death.notify_one();
                    std::future::pending().await
                }
            };
            let status = 200_u16.try_into().expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(answer.to_string()));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
            Ok(response)
        })
    }
}

/// Publishes what was written, and holds what the bus has, and what is kept, against what was told.
pub(super) async fn check(
    world: &mut World,
    written: &[Written],
    told: &[Told],
    trouble: &[Invocation],
) -> Result<(), String> {
    let bus = Bus::default();
    world.app.event_bus = EventBus::new(bus.client(), "bus");
    let records: Vec<_> =
        written.iter().filter(|it| it.told().is_some()).map(|it| it.record.clone()).collect();
    let mut trouble = trouble.iter();
    let mut place = 0;
    let mut invocations = 0;
    while place < records.len() {
        invocations += 1;
        if invocations > 1_000 {
            return Err("the publisher does not get on".to_owned());
        }
        let fine = Invocation { size: 100, calls: Vec::new(), failing_batches: 0, is_again: false };
        let Invocation { size, calls, failing_batches, is_again } =
            trouble.next().cloned().unwrap_or(fine);
        let batch = &records[place..records.len().min(place + size)];
        bus.state().calls = calls.into();
        for _ in 0..failing_batches {
            world.wire.next("BatchWriteItem", Fate::Lost);
        }
        let event = json!({ "Records": batch });
        let answer = {
            let invoked = std::pin::pin!(world.invoke("publish-events", &event));
            let death = std::pin::pin!(bus.death.notified());
            match select(invoked, death).await {
                Either::Left((answer, _)) => Some(answer),
                Either::Right(_) => None,
            }
        };
        world.wire.mend();
        let Some(answer) = answer else { continue };
        let failures = answer["batchItemFailures"].as_array().expect("a list");
        place += match failures.first() {
            _ if is_again => 0,
            None => batch.len(),
            Some(failure) => {
                let failed = &failure["itemIdentifier"];
                let is_it = |record: &Value| record["dynamodb"]["SequenceNumber"] == *failed;
                batch.iter().position(is_it).ok_or("the failed record is not in the batch")?
            }
        };
    }
    let taken = std::mem::take(&mut bus.state().taken);
    published(&taken, told)?;
    kept(world, told).await
}

/// The id of the transaction of an event.
fn transaction(event: &Value) -> &str {
    let id = event["id"].as_str().unwrap_or_default();
    id.rsplit_once('-').map_or("", |(transaction, _)| transaction)
}

/// Whether the bus has everything, each time the same, and in order.
fn published(taken: &[Value], told: &[Told]) -> Result<(), String> {
    let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
    for event in taken {
        let known = first.entry(event["id"].as_str().unwrap_or_default()).or_insert(event);
        if *known != event {
            return Err(format!("{event} was {known} before"));
        }
    }
    let all = told.iter().flat_map(|told| &told.events);
    for event in all {
        let id = event["id"].as_str().unwrap_or_default();
        if first.get(id) != Some(&event) {
            return Err(format!("the bus has {:?} in place of {event}", first.get(id)));
        }
    }
    updates(&first, told)?;
    in_order(taken, &first, told)
}

/// Whether Logto's clients learn of each member once, from the same transaction, and of nothing else.
fn updates(first: &BTreeMap<&str, &Value>, told: &[Told]) -> Result<(), String> {
    let kept: BTreeSet<_> =
        told.iter().flat_map(|it| &it.events).filter_map(|event| event["id"].as_str()).collect();
    let by_transaction: BTreeMap<_, _> = told.iter().map(|told| (&*told.id, told)).collect();
    if by_transaction.len() != told.len() {
        return Err("two transactions have the same id".to_owned());
    }
    let mut said = Vec::new();
    for update in first.iter().filter(|(id, _)| !kept.contains(*id)).map(|(_, event)| event) {
        let of = by_transaction.get(transaction(update)).ok_or(format!("nobody told {update}"))?;
        let is_like = |name: &str| of.events[0][name] == update[name];
        if update["type"] != "Organization.Membership.Updated"
            || !["version", "time", "actor"].into_iter().all(is_like)
        {
            return Err(format!("{update} is not as {of:?}"));
        }
        for (kind, list) in [("Created", "addedUserIds"), ("Removed", "removedUserIds")] {
            for user in update[list].as_array().into_iter().flatten() {
                let kind = format!("Organization.Membership.{kind}");
                said.push(
                    json!([kind, update["organizationId"], user, update["time"]]).to_string(),
                );
            }
        }
    }
    let is_of_members = |event: &&Value| {
        event["type"] == "Organization.Membership.Created"
            || event["type"] == "Organization.Membership.Removed"
    };
    let events = told.iter().flat_map(|told| &told.events).filter(is_of_members);
    let mut expected: Vec<_> = events
        .map(|it| json!([it["type"], it["organizationId"], it["userId"], it["time"]]).to_string())
        .collect();
    said.sort();
    expected.sort();
    if said == expected { Ok(()) } else { Err(format!("updates say {said:?}, not {expected:?}")) }
}

/// Whether nothing of a change came before all of an earlier change of the same subject.
fn in_order(taken: &[Value], first: &BTreeMap<&str, &Value>, told: &[Told]) -> Result<(), String> {
    let mut entries: BTreeMap<&str, usize> = BTreeMap::new();
    for event in first.values() {
        *entries.entry(transaction(event)).or_default() += 1;
    }
    let mut lines: BTreeMap<&str, VecDeque<(&str, usize)>> = BTreeMap::new();
    for Told { subject, id, .. } in told {
        lines.entry(subject).or_default().push_back((id, entries[&**id]));
    }
    let subjects: BTreeMap<_, _> = told.iter().map(|it| (&*it.id, &*it.subject)).collect();
    let mut seen = BTreeSet::new();
    for event in taken.iter().filter(|event| seen.insert(event["id"].as_str())) {
        let change = transaction(event);
        let line = lines.get_mut(subjects[change]).expect("a subject");
        match line.front_mut() {
            Some((next, left)) if *next == change => *left -= 1,
            next => return Err(format!("{event} came before the rest of {next:?}")),
        }
        if line.front().is_some_and(|(_, left)| *left == 0) {
            line.pop_front();
        }
    }
    Ok(())
}

/// Whether the activity is what was told, without what nobody keeps.
async fn kept(world: &World, told: &[Told]) -> Result<(), String> {
    let (mut expected, mut deleted) = (BTreeMap::new(), BTreeSet::new());
    for Told { events, .. } in told {
        for event in events {
            let id = event["id"].as_str().unwrap_or_default().to_owned();
            let text = |name: &str| event[name].as_str();
            match (text("type"), text("organizationId"), text("userId")) {
                (Some("User.Deleted"), _, Some(user)) => {
                    deleted.insert(user.to_owned());
                }
                (_, Some(organization), user) => {
                    let mut event = event.clone();
                    let is_forgotten = event["cause"]["reason"] == "user_deleted";
                    if is_forgotten {
                        event.as_object_mut().expect("an event").remove("userId");
                    }
                    let user = user.filter(|_| !is_forgotten);
                    if let Some(user) = user {
                        expected
                            .insert((format!("USER_ACTIVITY#{user}"), id.clone()), event.clone());
                    }
                    expected.insert((format!("ACTIVITY#{organization}"), id), event);
                }
                _ => {}
            }
        }
    }
    // Nothing is kept about somebody who was deleted, also not what is told after the deletion.
    expected.retain(|_, event: &mut Value| {
        event["userId"].as_str().is_none_or(|user| !deleted.contains(user))
    });
    let mut items = world.items().await;
    items.retain(|(pk, _), _| pk.starts_with("ACTIVITY#") || pk.starts_with("USER_ACTIVITY#"));
    for (key, event) in &expected {
        let kept = items.remove(key).ok_or(format!("{key:?} is not kept: {event}"))?;
        let text = kept["event"].as_str().unwrap_or_default();
        let kept: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if kept != *event {
            return Err(format!("{key:?} is kept as {kept}, not {event}"));
        }
    }
    match items.first_key_value() {
        None => Ok(()),
        Some((key, item)) => Err(format!("{key:?} is kept, and nobody expects it: {item:?}")),
    }
}
