//! What each transaction has changed: an item with its events, which the same transaction writes.
//!
//! The table's stream brings the item to `publish-events`. Changes of one organization's settings are in
//! one partition, changes of what one user has in another one, so the stream keeps their order. DynamoDB
//! deletes the items some days later: until then, what was not published can be published again.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::item::{Attributes, text, texts, timestamp};
use super::keys::{self, Key};
use super::write::Write;
use crate::ambient::change_id;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::event::{Event, EventActor, News, membership_updates};
use crate::failure::Failure;

/// How long a change is kept, so that its events can be published again.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// The attribute with the events, as JSON text.
const EVENTS: &str = "events";
/// The attribute with the time.
const AT: &str = "at";
/// The attribute with the users whose memberships have ended in the same transaction, in changes of
/// their own.
const ENDED_WITH: &str = "endedWith";
/// The attribute of a change that another change of the same transaction names in [`ENDED_WITH`].
const TOLD_ELSEWHERE: &str = "toldElsewhere";

/// Whose changes are in one order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// The settings and rules of an organization.
    Organization(&'a OrganizationId),
    /// The memberships and requests of a user.
    User(&'a UserId),
    /// An organization role.
    Role(&'a OrganizationRoleId),
}

impl Subject<'_> {
    pub(super) fn partition(self) -> String {
        match self {
            Self::Organization(id) => keys::organization_partition(id),
            Self::User(id) => keys::user_partition(id),
            Self::Role(id) => format!("{}{id}", keys::ROLE_PREFIX),
        }
    }
}

/// What one transaction has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key of its item.
    pub key: ChangeKey,
    /// Its events, in their order.
    pub events: Vec<Event>,
    /// The users whose memberships have ended in the same transaction, in changes of their own.
    ended_with: Vec<String>,
    /// Whether another change of the same transaction names the users of this one.
    is_told_elsewhere: bool,
}

/// What a transaction ends together with the membership of a user: memberships of other users by the same
/// addresses. Each user has a change, so that the stream keeps the order of what happens to each user.
#[derive(Clone, Debug)]
pub(super) enum Together {
    /// Nothing, or only the request of somebody.
    Alone,
    /// The memberships of these users.
    With(Vec<UserId>),
    /// The change of the first user names this one.
    Elsewhere,
}

/// The key of a [`Change`] in the table. The changes of one partition are in an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ChangeKey {
    /// The partition key.
    pub pk: String,
    /// The sort key, which is the id of the transaction.
    pub sk: String,
}

impl ChangeKey {
    /// The user whose change this is, if it is that of a user.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        let subject = self.pk.strip_prefix(keys::CHANGE_PREFIX)?;
        UserId::parse(subject.strip_prefix(keys::USER_PREFIX)?).ok()
    }
}

impl Change {
    /// The events for the bus: its own, and those in the form of Logto's webhook.
    #[must_use]
    pub fn published(&self) -> Vec<Event> {
        let mut events = self.events.clone();
        if self.is_told_elsewhere {
            return events;
        }
        let mut updates = membership_updates(&self.events, |number| event_id(&self.key.sk, number));
        // Only a removal ends memberships of several users, all in one organization.
        if let Some(update) = updates.first_mut() {
            let removed = update.removed_user_ids.get_or_insert_default();
            removed.extend(self.ended_with.iter().cloned());
        }
        events.extend(updates);
        events
    }
}

/// The id of an event of a transaction.
fn event_id(change: &str, number: usize) -> String {
    format!("{change}-{number:03}")
}

impl Store {
    /// The write that keeps what a transaction changes. Nothing, if there is no news.
    pub(super) fn tell(&self, subject: Subject<'_>, news: Vec<News>) -> Option<Write> {
        self.tell_together(subject, news, &Together::Alone)
    }

    /// The same for one of several users.
    pub(super) fn tell_together(
        &self,
        subject: Subject<'_>,
        news: Vec<News>,
        together: &Together,
    ) -> Option<Write> {
        if news.is_empty() {
            return None;
        }
        let at = self.clock.now();
        let id = change_id(at, &self.randomness);
        let (time, actor) = (format!("{at:.3}"), EventActor::from(&*self.actor));
        let events: Vec<_> = news
            .into_iter()
            .enumerate()
            .map(|(number, news)| news.into_event(event_id(&id, number), &time, &actor))
            .collect();
        let events = serde_json::to_string(&events).expect("events are JSON");
        let mut attributes = Attributes::from([
            (AT.to_owned(), timestamp(at)),
            (EVENTS.to_owned(), text(events)),
            keys::expires_after(at, KEPT),
        ]);
        match together {
            Together::With(users) if !users.is_empty() => {
                attributes.insert(ENDED_WITH.to_owned(), texts(users));
            }
            Together::Alone | Together::With(_) => {}
            Together::Elsewhere => {
                attributes.insert(TOLD_ELSEWHERE.to_owned(), AttributeValue::Bool(true));
            }
        }
        Some(self.put(keys::change(subject, &id), attributes))
    }

    /// Reads the change in an item: an image of the stream, or an item of the table.
    ///
    /// # Errors
    /// When it cannot be read. The failure names the item.
    pub fn read_change(&self, attributes: &Attributes) -> Result<Change, Failure> {
        let item = self.item(attributes);
        let Key { pk, sk } = item.key()?;
        let events = item.parsed(EVENTS, "an array of events", |json| {
            serde_json::from_str::<Vec<Event>>(json)
        })?;
        let ended_with =
            item.has(ENDED_WITH).then(|| item.list(ENDED_WITH, |id| Ok::<_, ()>(id.to_owned())));
        Ok(Change {
            key: ChangeKey { pk, sk },
            events,
            ended_with: ended_with.transpose()?.unwrap_or_default(),
            is_told_elsewhere: item.flag(TOLD_ELSEWHERE)?,
        })
    }

    /// The change with this key, if it is still kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn change(&self, key: &ChangeKey) -> Result<Option<Change>, Failure> {
        let key = Key { pk: key.pk.clone(), sk: key.sk.clone() };
        let item = self.get(key).await?;
        item.map(|attributes| self.read_change(&attributes)).transpose()
    }

    /// Whether an item with this key is a change.
    #[must_use]
    pub fn is_change(partition_key: &str) -> bool {
        partition_key.starts_with(keys::CHANGE_PREFIX)
    }
}
