//! Activity: the events that have happened in an organization, and to a user. `publish-events` keeps
//! them, and DynamoDB deletes them some days later.
//!
//! An event of a user in an organization has two items: in the organization's list, and in the user's.
//! The user's list names what is to be forgotten with the user.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Store;
use super::changes::Subject;
use super::item::{Attributes, text};
use super::keys::{self, Key};
use crate::domain::ids::{OrganizationId, UserId};
use crate::event::{EndReason, Event, EventCause, EventType};
use crate::failure::Failure;

/// The attribute with the event, as JSON text.
pub(super) const EVENT: &str = "event";
/// The attribute with the user.
pub(super) const USER_ID: &str = "userId";

/// An event as activity, with the lists that it is in.
struct Kept {
    event: Event,
    organization: OrganizationId,
    user: Option<UserId>,
}

impl Kept {
    /// The event as activity; `None` if it is not kept: what is in no organization, and what repeats other
    /// events. The end of a membership of a deleted user is kept without the user.
    fn new(event: &Event) -> Option<Self> {
        if event.kind == EventType::MembershipUpdated {
            return None;
        }
        let organization = OrganizationId::parse(event.organization_id.as_ref()?).ok()?;
        let is_forgotten =
            matches!(event.cause, Some(EventCause { reason: Some(EndReason::UserDeleted), .. }));
        let user_id = event.user_id.clone().filter(|_| !is_forgotten);
        let user = user_id.as_ref().and_then(|id| UserId::parse(id).ok());
        let event = Event { email: None, user_id, ..event.clone() };
        Some(Self { event, organization, user })
    }

    fn into_items(self, at: Timestamp, kept: Duration) -> impl Iterator<Item = (Key, Attributes)> {
        let Self { event, organization, user } = self;
        let json = serde_json::to_string(&event).expect("an event is JSON");
        let mut attributes =
            Attributes::from([(EVENT.to_owned(), text(json)), keys::expires_after(at, kept)]);
        attributes.extend(event.user_id.map(|id| (USER_ID.to_owned(), text(id))));
        let keys = [
            Some(keys::activity(&organization, &event.id)),
            user.map(|user| keys::user_activity(&user, &event.id)),
        ];
        keys.into_iter().flatten().map(move |key| (key, attributes.clone()))
    }
}

impl Store {
    /// Keeps events as activity, for so many days since they happened. Repeating it changes nothing.
    ///
    /// # Errors
    /// When the store fails. Then a part may be kept.
    pub async fn keep_activity<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Event>,
        days: u16,
    ) -> Result<(), Failure> {
        let kept = Duration::from_hours(24 * u64::from(days));
        let now = self.clock.now();
        let items = events.into_iter().filter_map(Kept::new).flat_map(|activity| {
            let at = activity.event.time.parse().unwrap_or(now);
            activity.into_items(at, kept)
        });
        let items: BTreeMap<_, _> =
            items.map(|(key, item)| ((key.pk.clone(), key.sk.clone()), (key, item))).collect();
        self.batch_put(items.into_values().collect()).await
    }

    /// Deletes all activity of a user: first from the lists of organizations, and then from the user's
    /// own, which names the others. What is left of an attempt that was cut off is found again.
    ///
    /// # Errors
    /// When the store fails. Then a part may be deleted.
    pub async fn forget_activity(&self, user: &UserId) -> Result<(), Failure> {
        let found = self.query(keys::user_activity_partition(user), "").await?;
        let (mut elsewhere, mut own) = (Vec::new(), Vec::new());
        for attributes in &found {
            let item = self.item(attributes);
            let key = item.key()?;
            // Another release may know other types of events.
            let event = item.parsed(EVENT, "an event", |json| serde_json::from_str::<Value>(json));
            let organization = event.map(|event| {
                let id = event["organizationId"].as_str().unwrap_or_default();
                OrganizationId::parse(id).ok()
            });
            match organization {
                Ok(id) => elsewhere.extend(id.map(|id| keys::activity(&id, &key.sk))),
                Err(error) => tracing::error!(%error, "activity is forgotten for the user only"),
            }
            own.push(key);
        }
        elsewhere.append(&mut own);
        self.batch_delete(elsewhere, &mut 0).await
    }

    /// Whether the changes of a user that are kept tell that the user was deleted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tells_deletion(&self, user: &UserId) -> Result<bool, Failure> {
        let changes = self.query(keys::change_partition(Subject::User(user)), "").await?;
        let changes = changes.iter().filter_map(|attributes| self.read_change(attributes).ok());
        let mut events = changes.flat_map(|change| change.events);
        Ok(events.any(|event| event.kind == EventType::UserDeleted))
    }
}
