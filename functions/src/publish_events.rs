//! `publish-events`: reads the table's stream, puts the events of each change on the bus, and keeps them as
//! activity.
//!
//! Whatever crashes, Lambda sends the same records again, so everything here can be repeated: an event has
//! the same id each time, and activity is kept under that id. Changes with the same partition key are
//! published in their order. A change that nobody can publish goes to the dead-letter queue, and the others
//! go on. An invocation with `replay` publishes changes again that are still in the table.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use shared::ambient::Stopwatch;
use shared::domain::ids::UserId;
use shared::event::{EndReason, Event, EventType};
use shared::event_bus::{DeadLetters, Entry, EventBus, EventEmails, EventPolicy, MOST_ENTRIES};
use shared::failure::Failure;
use shared::store::{Change, ChangeKey, Store};
use shared::{Clock, Randomness, capabilities, metrics};

capabilities! {
    /// The capabilities of `publish-events`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        event_bus: EventBus,
        dead_letters: DeadLetters,
        event_policy: EventPolicy,
    }
}

/// How often the bus may refuse an entry of a change, one time after the other. Then the change waits for
/// the next invocation.
const ATTEMPTS: u32 = 5;
/// The upper bound of the first pause after a refusal. The bound doubles with each one, and each pause is
/// between half of its bound and the bound.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The upper bound of any pause. There is time for many of them.
const LONGEST_PAUSE: Duration = Duration::from_millis(3_200);
/// How many events are kept at once. Each has two items, and a call takes 25.
const KEPT_AT_ONCE: usize = 12;
/// The most bytes of a record in a dead letter. A larger one is left out: its key says where it is.
const MOST_RECORD_BYTES: usize = 200_000;

/// What an invocation may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// No call of the bus begins after this time.
    pub publish: Duration,
    /// Nothing else begins after this time.
    pub all: Duration,
}

impl Limits {
    /// An invocation on Lambda. A call takes at most 6 seconds, so it ends before the function's time-out.
    pub const RUN: Self = Self { publish: Duration::from_secs(45), all: Duration::from_secs(80) };
    /// The function's time-out, in seconds.
    pub(crate) const TIMEOUT: u32 = 120;
}

/// Why an event of Lambda has no answer. Lambda then sends it again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is neither a batch of the stream nor a list of changes.
    #[error("the event has neither `Records` nor `replay`: {0}")]
    Event(serde_json::Error),
    /// A record without a sequence number has failed, so that the whole batch has.
    #[error("a record without a sequence number was not published: {0}")]
    Unnumbered(String),
    /// The store has failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Received {
    Batch {
        #[serde(rename = "Records")]
        records: Vec<Value>,
    },
    Replay {
        replay: Vec<ChangeKey>,
    },
}

/// The answer to a batch: the first record that was not published, if there is one. Lambda sends it and
/// all after it again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

/// The answer to a replay.
#[derive(Debug, Serialize)]
struct ReplayAnswer {
    /// How many of the changes were published and kept.
    published: usize,
    /// The changes that are not in the table any more.
    missing: Vec<ChangeKey>,
    /// The changes that were not published, each with the reason.
    failed: Vec<NotReplayed>,
}

#[derive(Debug, Serialize)]
struct NotReplayed {
    key: ChangeKey,
    cause: String,
}

/// Publishes a batch of the stream, or changes that are still in the table.
///
/// # Errors
/// When the event is neither, or when Lambda could not be told which record has failed.
pub async fn handle(
    needs: Needs,
    event: Box<RawValue>,
    limits: Limits,
) -> Result<Box<RawValue>, PublishError> {
    let run = Run { needs, limits, began: Stopwatch::start() };
    let answer = match serde_json::from_str(event.get()).map_err(PublishError::Event)? {
        Received::Batch { records } => to_raw_value(&run.batch(records).await?),
        Received::Replay { replay } => to_raw_value(&run.replay(replay).await?),
    };
    Ok(answer.expect("an answer is JSON"))
}

/// A change to publish.
struct Outgoing {
    /// Its place in the batch.
    place: usize,
    change: Change,
    /// The entries that are not on the bus.
    waiting: Vec<Entry>,
    /// How often in a row the bus refused an entry.
    refusals: u32,
    /// Why the bus takes one of its entries never.
    rejected: Option<String>,
}

impl Outgoing {
    fn new(place: usize, change: Change) -> Self {
        Self { place, change, waiting: Vec::new(), refusals: 0, rejected: None }
    }
}

/// A record that cannot be published.
struct DeadLetter {
    place: usize,
    key: Option<ChangeKey>,
    cause: String,
}

/// What stops a batch: from this place on, nothing counts as done.
struct Stop {
    place: usize,
    cause: String,
}

/// The places before which everything is done so far.
struct Progress {
    end: usize,
    stop: Option<Stop>,
}

impl Progress {
    const fn until(end: usize) -> Self {
        Self { end, stop: None }
    }

    fn stop(&mut self, place: usize, cause: &impl ToString) {
        if place < self.end {
            self.end = place;
            self.stop = Some(Stop { place, cause: cause.to_string() });
        }
    }
}

/// What a record of the stream is.
enum Read {
    /// Not a new change.
    Other,
    Change(Change),
    Unreadable {
        key: Option<ChangeKey>,
        cause: String,
    },
}

struct Run {
    needs: Needs,
    limits: Limits,
    began: Stopwatch,
}

impl Run {
    async fn batch(&self, records: Vec<Value>) -> Result<BatchAnswer, PublishError> {
        let (mut changes, mut letters) = (Vec::new(), Vec::new());
        for (place, record) in records.iter().enumerate() {
            match self.read(record) {
                Read::Other => {}
                Read::Change(change) => changes.push(Outgoing::new(place, change)),
                Read::Unreadable { key, cause } => letters.push(DeadLetter { place, key, cause }),
            }
        }
        let mut progress = Progress::until(records.len());
        self.publish(&mut changes, &mut progress).await;
        letters.extend(changes.iter().filter_map(|change| {
            let (place, key) = (change.place, Some(change.change.key.clone()));
            Some(DeadLetter { place, key, cause: change.rejected.clone()? })
        }));
        letters.sort_by_key(|letter| letter.place);
        for letter in letters {
            if letter.place < progress.end
                && let Err(failure) = self.bury(&letter, &records[letter.place]).await
            {
                progress.stop(letter.place, &failure);
            }
        }
        // What is told of a user after the deletion is not kept: nothing would forget it.
        let is_kept = self.needs.event_policy.activity.get().is_some();
        let told = changes.iter().filter(|_| is_kept).flat_map(|it| &it.change.events);
        let told = users(told);
        match self.needs.store.deleted_users(&told.into_iter().collect::<Vec<_>>()).await {
            Ok(deleted) => self.keep(&changes, &deleted, &mut progress).await,
            Err(failure) => progress.stop(0, &failure),
        }
        let Some(Stop { place, cause }) = progress.stop else {
            return Ok(BatchAnswer { batch_item_failures: Vec::new() });
        };
        metrics::events_failed();
        let left = records.len() - place;
        tracing::error!(place, left, cause, "the rest of a batch is repeated");
        let Some(sequence_number) = records[place]["dynamodb"]["SequenceNumber"].as_str() else {
            return Err(PublishError::Unnumbered(cause));
        };
        let item_identifier = sequence_number.to_owned();
        Ok(BatchAnswer { batch_item_failures: vec![BatchItemFailure { item_identifier }] })
    }

    async fn replay(&self, mut keys: Vec<ChangeKey>) -> Result<ReplayAnswer, PublishError> {
        // The sort keys are in the order of time.
        keys.sort_by(|one, other| (&one.sk, &one.pk).cmp(&(&other.sk, &other.pk)));
        keys.dedup();
        let (mut missing, mut failed, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        // What is told of a user who was deleted later is not kept again.
        let users: BTreeSet<_> = keys.iter().filter_map(ChangeKey::user).collect();
        let deleted = self.told_as_deleted(&users).await?;
        for key in keys {
            match self.needs.store.change(&key).await {
                Ok(Some(change)) => changes.push(Outgoing::new(changes.len(), change)),
                Ok(None) => missing.push(key),
                Err(failure @ Failure::Unreadable { .. }) => {
                    failed.push(NotReplayed { key, cause: failure.to_string() });
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        let mut progress = Progress::until(changes.len());
        self.publish(&mut changes, &mut progress).await;
        self.keep(&changes, &deleted, &mut progress).await;
        // Somebody who was deleted meanwhile is forgotten again.
        for user in self.told_as_deleted(&users).await?.difference(&deleted) {
            self.needs.store.forget_activity(user).await?;
        }
        let cause = progress.stop.map(|stop| stop.cause).unwrap_or_default();
        let mut published = 0;
        for Outgoing { place, change, rejected, .. } in changes {
            if place >= progress.end {
                failed.push(NotReplayed { key: change.key, cause: cause.clone() });
            } else if let Some(cause) = rejected {
                failed.push(NotReplayed { key: change.key, cause });
            } else {
                published += 1;
            }
        }
        Ok(ReplayAnswer { published, missing, failed })
    }

    /// Those of these users whose changes tell that they were deleted.
    async fn told_as_deleted(&self, users: &BTreeSet<UserId>) -> Result<HashSet<UserId>, Failure> {
        let mut deleted = HashSet::new();
        for user in users {
            if self.needs.store.tells_deletion(user).await? {
                deleted.insert(user.clone());
            }
        }
        Ok(deleted)
    }

    fn read(&self, record: &Value) -> Read {
        let data = &record["dynamodb"];
        let part = |name: &str| data["Keys"][name]["S"].as_str().map(str::to_owned);
        let key = part("pk").zip(part("sk")).map(|(pk, sk)| ChangeKey { pk, sk });
        let Some(key) = key else {
            return Read::Unreadable { key: None, cause: "the record has no key".to_owned() };
        };
        if !Store::is_change(&key.pk) {
            return Read::Other;
        }
        match record["eventName"].as_str() {
            Some("INSERT") => match self.needs.store.change_in_image(&data["NewImage"]) {
                Ok(change) => Read::Change(change),
                Err(failure) => Read::Unreadable { key: Some(key), cause: failure.to_string() },
            },
            Some(_) => Read::Other,
            None => {
                let cause = "the record has no `eventName`".to_owned();
                Read::Unreadable { key: Some(key), cause }
            }
        }
    }

    /// Puts all entries on the bus. A call has entries of at most one change of a partition, and calls
    /// follow one another, so an entry that fails is never behind a later one of the same partition.
    async fn publish(&self, changes: &mut [Outgoing], progress: &mut Progress) {
        if let Err((place, failure)) = self.prepare(changes).await {
            progress.stop(place, &failure);
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let call = next_call(changes, progress.end);
            let Some((first, _)) = call.first() else { return };
            if self.began.elapsed() >= self.limits.publish {
                return progress
                    .stop(changes[*first].place, &"there was no time left to publish it");
            }
            let sent = call.iter().map(|(change, entry)| changes[*change].waiting[*entry].clone());
            let results = self.needs.event_bus.put(sent.collect()).await;
            if settle(changes, &call, results, progress) {
                pause = FIRST_PAUSE;
            } else {
                let bound = u64::try_from(pause.as_millis()).expect("pauses are short");
                let jitter = self.needs.randomness.up_to(bound / 2);
                self.needs.clock.pause(Duration::from_millis(bound / 2 + jitter)).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }

    /// Makes the entries of all changes. On failure, the answer is the place of the first change whose
    /// entries would lack something, and none from there on is to be sent.
    async fn prepare(&self, changes: &mut [Outgoing]) -> Result<(), (usize, Failure)> {
        let mut emails = HashMap::new();
        let mut outcome = Ok(());
        if self.needs.event_policy.emails == EventEmails(true) {
            let users = users(changes.iter().flat_map(|it| &it.change.events));
            let users: Vec<_> = users.into_iter().collect();
            match self.needs.store.proven_addresses(&users).await {
                Ok(found) => emails = found,
                Err(failure) => {
                    let first = changes
                        .iter()
                        .find(|it| it.change.events.iter().any(|event| event.user_id.is_some()));
                    if let Some(first) = first {
                        outcome = Err((first.place, failure));
                    }
                }
            }
        }
        for Outgoing { change, waiting, rejected, .. } in changes {
            for mut event in change.published() {
                event.email = user(&event).and_then(|id| emails.get(&id).cloned());
                let entry = Entry::new(&event);
                if Entry::fit(entry.bytes()) {
                    waiting.push(entry);
                } else {
                    *rejected = Some(format!("{} is too large for the bus", event.id));
                }
            }
        }
        outcome
    }

    /// Sends what cannot be published to the dead-letter queue.
    async fn bury(&self, letter: &DeadLetter, record: &Value) -> Result<(), Failure> {
        let DeadLetter { key, cause, .. } = letter;
        let is_small = ascii(record).len() <= MOST_RECORD_BYTES;
        let record = is_small.then_some(record);
        let message = json!({ "key": key, "cause": cause, "record": record });
        self.needs.dead_letters.send(ascii(&message)).await?;
        metrics::event_dead_letter();
        let (pk, sk) = key.as_ref().map(|key| (&*key.pk, &*key.sk)).unzip();
        tracing::error!(pk, sk, cause, "a change went to the dead-letter queue");
        Ok(())
    }

    /// Keeps the activity of what is on the bus, in order, without that of deleted users. The activity of
    /// a user who is deleted is forgotten.
    async fn keep(&self, changes: &[Outgoing], deleted: &HashSet<UserId>, progress: &mut Progress) {
        let mut together: Vec<&Outgoing> = Vec::new();
        let mut count = 0;
        let end = progress.end;
        let done = changes.iter().filter(|change| change.place < end);
        for outgoing in done {
            let place = outgoing.place;
            let events = &outgoing.change.events;
            let gone = events.iter().filter(|event| event.kind == EventType::UserDeleted);
            let gone: Vec<_> = gone.filter_map(user).collect();
            count += events.len();
            together.push(outgoing);
            if count >= KEPT_AT_ONCE || !gone.is_empty() {
                if !self.keep_together(&mut together, deleted, progress).await {
                    return;
                }
                count = 0;
            }
            for user in gone {
                if let Err(failure) = self.needs.store.forget_activity(&user).await {
                    return progress.stop(place, &failure);
                }
            }
        }
        self.keep_together(&mut together, deleted, progress).await;
    }

    /// Keeps the activity of these changes, and takes them out. Whether it succeeded.
    async fn keep_together(
        &self,
        together: &mut Vec<&Outgoing>,
        deleted: &HashSet<UserId>,
        progress: &mut Progress,
    ) -> bool {
        let together = std::mem::take(together);
        let Some(first) = together.first() else { return true };
        let Some(days) = self.needs.event_policy.activity.get() else { return true };
        if self.began.elapsed() >= self.limits.all {
            progress.stop(first.place, &"there was no time left to keep it");
            return false;
        }
        let events = together.iter().flat_map(|outgoing| &outgoing.change.events);
        let events = events.filter(|event| {
            let tells_end = event.cause.as_ref().and_then(|cause| cause.reason);
            tells_end == Some(EndReason::UserDeleted)
                || user(event).is_none_or(|user| !deleted.contains(&user))
        });
        let kept = self.needs.store.keep_activity(events, days).await;
        kept.map_err(|failure| progress.stop(first.place, &failure)).is_ok()
    }
}

/// The entries of the next call, as places of changes and of their entries: of each partition only those
/// of the first change that has some.
fn next_call(changes: &[Outgoing], end: usize) -> Vec<(usize, usize)> {
    let (mut call, mut bytes, mut partitions) = (Vec::new(), 0, HashSet::new());
    for (number, change) in changes.iter().enumerate().filter(|(_, it)| it.place < end) {
        if change.waiting.is_empty() || !partitions.insert(&change.change.key.pk) {
            continue;
        }
        for (entry, waiting) in change.waiting.iter().enumerate() {
            bytes += waiting.bytes();
            if call.len() == MOST_ENTRIES || !Entry::fit(bytes) {
                return call;
            }
            call.push((number, entry));
        }
    }
    call
}

/// Takes out what the bus has, or takes never. Whether nothing is to be sent again.
fn settle(
    changes: &mut [Outgoing],
    call: &[(usize, usize)],
    results: Result<Vec<Option<shared::event_bus::Refused>>, Failure>,
    progress: &mut Progress,
) -> bool {
    let (mut published, mut refused) = (0, HashMap::new());
    match results {
        Ok(results) => {
            let mut advanced = HashSet::new();
            // From the last, so that the places of those before stay.
            for ((number, entry), result) in call.iter().zip(results).rev() {
                let change = &mut changes[*number];
                match result {
                    None => {
                        change.waiting.remove(*entry);
                        advanced.insert(*number);
                        published += 1;
                    }
                    Some(reason) if reason.is_final => {
                        change.waiting.remove(*entry);
                        change.rejected = Some(reason.cause);
                    }
                    Some(reason) => {
                        refused.insert(*number, reason.cause);
                    }
                }
            }
            for number in advanced {
                changes[number].refusals = 0;
            }
        }
        Err(failure) => {
            let is_final = !matches!(failure, Failure::Unavailable { .. });
            for (number, _) in call {
                if is_final {
                    changes[*number].refusals = ATTEMPTS;
                }
                refused.insert(*number, failure.to_string());
            }
        }
    }
    metrics::events_published(published);
    let is_settled = refused.is_empty();
    for (number, cause) in refused {
        let change = &mut changes[number];
        change.refusals += 1;
        tracing::warn!(change = change.change.key.sk, cause, "the bus did not take an event");
        if change.refusals >= ATTEMPTS {
            progress.stop(change.place, &cause);
        }
    }
    is_settled
}

/// The user whom an event is about.
fn user(event: &Event) -> Option<UserId> {
    UserId::parse(event.user_id.as_deref()?).ok()
}

fn users<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeSet<UserId> {
    events.filter_map(user).collect()
}

/// JSON in ASCII: SQS refuses some characters.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
    text
}
