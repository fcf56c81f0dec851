//! Lists activity: the events that are kept of an organization, and of a user.
//!
//! `publish-events` keeps an event some moments after its transaction, so these reads are eventually
//! consistent. An event that cannot be read, such as one of a newer release after a roll-back, is left
//! out, and the log names it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::Store;
use super::activity::EVENT;
use super::item::{Attributes, Item, text};
use super::keys;
use super::read::{Page, readable};
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::Profile;
use crate::event::{Event, EventType};
use crate::failure::Failure;

/// The most queries that one page makes, when a filter leaves only a few events.
const MOST_QUERIES: usize = 10;
/// How many events a query reads, when there is a filter.
const READ_AT_ONCE: usize = 100;

/// Whose activity is listed.
#[derive(Clone, Copy, Debug)]
pub enum ActivityOf<'a> {
    /// That of an organization.
    Organization(&'a OrganizationId),
    /// That of a user, in all organizations.
    User(&'a UserId),
    /// That of a user in one organization.
    UserIn(&'a UserId, &'a OrganizationId),
}

/// What is asked of events in a list. The default asks for nothing, so that all are listed.
#[derive(Clone, Debug, Default)]
pub struct ActivityFilter {
    /// They are of this type.
    pub kind: Option<EventType>,
    /// They happened then or later.
    pub since: Option<Timestamp>,
}

/// An event that is kept, with what is known about its user now.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The event.
    pub event: Event,
    /// The organization.
    pub organization: OrganizationId,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
    id: EventId,
    user: Option<UserId>,
}

/// The id of an event that is kept: the id of its transaction, which is a time-ordered UUID, and its number
/// there. Ids are in the order of time, but for those of the same millisecond.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(String);

/// An id is not one of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no id of an event")]
pub struct EventIdError;

impl EventId {
    /// How many characters an id has.
    pub const LENGTH: usize = 36;

    /// Parses an id.
    ///
    /// # Errors
    /// When the text does not have the form of an id: 32 hexadecimal digits in lower case, a hyphen, and
    /// three digits.
    pub fn parse(text: &str) -> Result<Self, EventIdError> {
        let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_id = text.len() == Self::LENGTH
            && text.split_once('-').is_some_and(|(transaction, number)| {
                transaction.len() == 32
                    && transaction.bytes().all(is_hexadecimal)
                    && number.bytes().all(|byte| byte.is_ascii_digit())
            });
        if is_id { Ok(Self(text.to_owned())) } else { Err(EventIdError) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The beginning of the ids of events that happened at this time: not greater than any of them, and
/// greater than those of all earlier ones. Events happen at whole milliseconds.
fn first_id(since: Timestamp) -> String {
    let is_whole = since.subsec_nanosecond() % 1_000_000 == 0;
    let milliseconds = since.as_millisecond().max(0).saturating_add(i64::from(!is_whole));
    format!("{milliseconds:012x}")
}

impl Store {
    /// A page of activity, the newest first. Events whose time to be kept is over are left out. A page with a
    /// filter can have fewer events than asked for, or none, although there are more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn activity(
        &self,
        of: ActivityOf<'_>,
        filter: &ActivityFilter,
        page_size: usize,
        after: Option<&EventId>,
    ) -> Result<Page<Activity, EventId>, Failure> {
        let first = filter.since.map(first_id);
        if let (Some(first), Some(after)) = (&first, after)
            && after.as_str() < first.as_str()
        {
            // DynamoDB refuses to start outside the range.
            return Ok(Page { items: Vec::new(), next: None });
        }
        let (partition, organization) = match of {
            ActivityOf::Organization(id) => (keys::activity_partition(id), None),
            ActivityOf::User(id) => (keys::user_activity_partition(id), None),
            ActivityOf::UserIn(user, id) => (keys::user_activity_partition(user), Some(id)),
        };
        let is_filtered = filter.kind.is_some() || organization.is_some();
        // One more than the page has shows whether there is another page.
        let limit = if is_filtered { READ_AT_ONCE.max(page_size + 1) } else { page_size + 1 };
        let now = self.clock.now();
        let is_listed = |activity: &Activity| {
            filter.kind.is_none_or(|kind| activity.event.kind == kind)
                && organization.is_none_or(|id| activity.organization == *id)
        };
        let start = |id: &EventId| {
            Attributes::from([
                (keys::PK.to_owned(), text(&partition)),
                (keys::SK.to_owned(), text(id.as_str())),
            ])
        };
        let mut listed: Vec<Activity> = Vec::new();
        let mut next = after.map(start);
        for _ in 0..MOST_QUERIES {
            let (items, rest) = self.newest_page(&partition, first.as_deref(), limit, next).await?;
            let items = items.iter().map(|attributes| self.item(attributes));
            let kept = items.filter(|item| !is_over(item, now));
            listed.extend(readable(kept.map(|item| read(&item)).collect()).filter(is_listed));
            next = rest;
            if listed.len() > page_size || next.is_none() {
                break;
            }
        }
        let next = if listed.len() > page_size {
            listed.truncate(page_size);
            listed.last().map(|last| last.id.clone())
        } else {
            next.as_ref().map(|key| read_id(&self.item(key))).transpose()?
        };
        self.add_profiles(&mut listed).await?;
        Ok(Page { items: listed, next })
    }

    /// Adds what is known about the users now.
    async fn add_profiles(&self, listed: &mut [Activity]) -> Result<(), Failure> {
        let users: BTreeSet<_> = listed.iter().filter_map(|it| it.user.clone()).collect();
        let users: Vec<_> = users.into_iter().collect();
        let profiles = self.profiles(&users).await?;
        for activity in listed {
            activity.profile = activity.user.as_ref().and_then(|id| profiles.get(id)).cloned();
        }
        Ok(())
    }
}

/// Whether the time for which an item is kept is over. DynamoDB deletes it some days later.
fn is_over(item: &Item<'_>, now: Timestamp) -> bool {
    match item.attribute(keys::EXPIRES_AT) {
        Some(AttributeValue::N(seconds)) => {
            seconds.parse().is_ok_and(|seconds: i64| seconds <= now.as_second())
        }
        _ => false,
    }
}

fn read(item: &Item<'_>) -> Result<Activity, Failure> {
    let event = item.parsed(EVENT, "an event", |json| serde_json::from_str::<Event>(json))?;
    let unreadable = || item.unreadable(EVENT, "an event of an organization");
    let organization = event.organization_id.as_deref().map(OrganizationId::parse);
    let organization = organization.ok_or_else(unreadable)?.map_err(|_| unreadable())?;
    let user = event.user_id.as_deref().map(UserId::parse).transpose();
    let user = user.map_err(|_| unreadable())?;
    Ok(Activity { id: read_id(item)?, user, event, organization, profile: None })
}

fn read_id(item: &Item<'_>) -> Result<EventId, Failure> {
    item.parsed(keys::SK, "the id of an event", EventId::parse)
}
