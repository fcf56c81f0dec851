//! Where events go: the bus, and the queue for changes that nobody can read.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;

use crate::event::{Event, SOURCE};
use crate::failure::{Failure, Service};

/// The most entries of a call (EventBridge's limit).
pub const MOST_ENTRIES: usize = 10;
/// The most bytes of a call (EventBridge's limit).
const MOST_BYTES: usize = 256 * 1024;
/// What EventBridge counts for the time of an entry.
const TIME_BYTES: usize = 14;
/// The codes of an entry that the bus never takes, however often it is repeated.
const NEVER: [&str; 2] = ["InvalidArgument", "MalformedDetail"];

/// An event in the form of the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    kind: &'static str,
    time: Option<Timestamp>,
    detail: String,
}

impl Entry {
    /// The entry of an event.
    #[must_use]
    pub fn new(event: &Event) -> Self {
        let detail = serde_json::to_string(event).expect("an event is JSON");
        // A time that cannot be read stays in the event, and the bus takes its own.
        Self { kind: event.kind.as_str(), time: event.time.parse().ok(), detail }
    }

    /// The bytes that EventBridge counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let time = self.time.map_or(0, |_| TIME_BYTES);
        time + SOURCE.len() + self.kind.len() + self.detail.len()
    }

    /// Whether a call can have entries with so many bytes.
    #[must_use]
    pub const fn fit(bytes: usize) -> bool {
        bytes <= MOST_BYTES
    }

    fn into_request(self, bus: &str) -> PutEventsRequestEntry {
        let time = self.time.map(|time| DateTime::from_millis(time.as_millisecond()));
        PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(self.kind)
            .set_time(time)
            .detail(self.detail)
            .build()
    }
}

/// Why the bus did not take an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Whether it takes it never.
    pub is_final: bool,
    /// The code and the message.
    pub cause: String,
}

/// The bus. Without one, every call fails with [`Failure::NoEventBus`].
#[derive(Clone, Debug, Default)]
pub struct EventBus(Option<Named<aws_sdk_eventbridge::Client>>);

/// A client, with the resource that it calls.
#[derive(Clone, Debug)]
struct Named<C> {
    client: C,
    name: Arc<str>,
}

impl EventBus {
    /// The bus with this name, or this ARN.
    #[must_use]
    pub fn new(client: aws_sdk_eventbridge::Client, name: impl Into<Arc<str>>) -> Self {
        Self(Some(Named { client, name: name.into() }))
    }

    /// Puts entries on the bus, at most [`MOST_ENTRIES`], which [`Entry::fit`] together. The answer has
    /// one place for each entry: nothing if the bus has it, and otherwise why not.
    ///
    /// # Errors
    /// When the whole call fails. The bus may have the entries nevertheless.
    pub async fn put(&self, entries: Vec<Entry>) -> Result<Vec<Option<Refused>>, Failure> {
        const OPERATION: &str = "PutEvents";
        let Named { client, name } = self.0.as_ref().ok_or(Failure::NoEventBus)?;
        let sent = entries.len();
        let entries = entries.into_iter().map(|entry| entry.into_request(name)).collect();
        let output = client
            .put_events()
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| Service::EventBridge.failure(OPERATION, &error))?;
        if output.failed_entry_count() == 0 {
            return Ok(vec![None; sent]);
        }
        let results = output.entries();
        if results.len() != sent {
            let cause = format!("{} results for {sent} entries", results.len());
            let service = Service::EventBridge;
            return Err(Failure::Unavailable { service, operation: OPERATION, cause });
        }
        let refused = results.iter().map(|result| {
            let code = result.error_code()?;
            let message = result.error_message().unwrap_or("no message");
            Some(Refused { is_final: NEVER.contains(&code), cause: format!("{code}: {message}") })
        });
        Ok(refused.collect())
    }
}

/// The queue for what cannot be published. Without one, every call fails with
/// [`Failure::NoDeadLetterQueue`].
#[derive(Clone, Debug, Default)]
pub struct DeadLetters(Option<Named<aws_sdk_sqs::Client>>);

impl DeadLetters {
    /// The queue with this URL.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: impl Into<Arc<str>>) -> Self {
        Self(Some(Named { client, name: url.into() }))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn send(&self, message: impl Into<String>) -> Result<(), Failure> {
        let Named { client, name } = self.0.as_ref().ok_or(Failure::NoDeadLetterQueue)?;
        let sent = client.send_message().queue_url(&**name).message_body(message).send().await;
        sent.map(drop).map_err(|error| Service::Sqs.failure("SendMessage", &error))
    }
}

/// For how many days activity is kept; 0 keeps none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityDays(u16);

impl ActivityDays {
    /// The most days.
    pub const MOST: u16 = 3_650;

    /// The number of days, if activity is kept.
    #[must_use]
    pub const fn get(self) -> Option<u16> {
        match self.0 {
            0 => None,
            days => Some(days),
        }
    }
}

impl Default for ActivityDays {
    fn default() -> Self {
        Self(90)
    }
}

/// A text that is no [`ActivityDays`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a number from 0 to {most}", most = ActivityDays::MOST)]
pub struct ActivityDaysError(String);

impl FromStr for ActivityDays {
    type Err = ActivityDaysError;

    fn from_str(text: &str) -> Result<Self, ActivityDaysError> {
        let days = text.parse().ok().filter(|days| *days <= Self::MOST);
        days.map(Self).ok_or_else(|| ActivityDaysError(text.to_owned()))
    }
}

/// Whether events about a user have the address that the user has proven last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventEmails(pub bool);

/// A text that is no [`EventEmails`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither `true` nor `false`")]
pub struct EventEmailsError(String);

impl FromStr for EventEmails {
    type Err = EventEmailsError;

    fn from_str(text: &str) -> Result<Self, EventEmailsError> {
        match text {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            other => Err(EventEmailsError(other.to_owned())),
        }
    }
}

/// What the operator decides about events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventPolicy {
    /// Whether events have addresses.
    pub emails: EventEmails,
    /// For how long activity is kept.
    pub activity: ActivityDays,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause)
    }
}
