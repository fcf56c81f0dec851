//! The [`Store`] reads and writes the table. Each kind of item has its own file.
//!
//! Every read is strongly consistent, unless its documentation says otherwise. Every write is a
//! transaction, even of one item, except unconditional deletions, which are sent in batches, and a kept
//! proof ([`Store::keep_fresh_proof`]). A transaction has an idempotency token, so that a retry after a
//! lost answer does not fail because of its own first attempt.

mod activity;
mod activity_list;
mod addresses;
mod backoff;
mod callers;
mod changes;
mod counts;
mod default_roles;
mod expression;
mod images;
mod item;
mod keys;
mod memberships;
mod organization_roles;
mod organizations;
mod ownership;
mod places;
mod ranks;
mod read;
mod removals;
mod requests;
mod rule_entries;
mod rules;
mod users;
mod versions;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;

pub use activity_list::{Activity, ActivityFilter, ActivityOf, EventId, EventIdError};
pub use addresses::RemovalMark;
pub use changes::{Change, ChangeKey};
pub use memberships::{Added, Admission, Joined, Member, NewRoles};
pub use organization_roles::OrganizationRoleChanges;
pub(crate) use organizations::SORT_KEY_BYTES;
pub use organizations::{
    DeletedOrganization, OrganizationChanges, OrganizationRank, UpdatedOrganization,
};
pub use ownership::{DueCursor, DueDomain, ListedDomain};
pub use places::Removal;
pub use ranks::{UserList, UserRank};
pub use read::Page;
pub use removals::{RemovedUser, UserRemoval};
pub use requests::{Approved, Requester};
pub use rules::{ChangedRule, ListedRules, Listing};
pub use users::{DeletedUser, UserItems};

use crate::ambient::{Clock, Randomness};
use crate::domain::actor::Actor;
use crate::failure::Failure;
use item::{Attributes, Item};
use keys::Key;

/// The most items of one transaction (DynamoDB's limit).
const TRANSACTION_ITEMS: usize = 100;

/// Checks that a transaction has no more items than DynamoDB accepts.
fn check_size(operation: &'static str, keys: &[Key]) -> Result<(), Failure> {
    if keys.len() <= TRANSACTION_ITEMS {
        return Ok(());
    }
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for key in keys {
        *kinds.entry(key.kind()).or_default() += 1;
    }
    let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
    let items = kinds.collect::<Vec<_>>().join(", ");
    Err(Failure::TooManyItems { operation, most: TRANSACTION_ITEMS, items })
}

/// The table, with the client that reads and writes it.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    clock: Clock,
    randomness: Randomness,
    actor: Arc<Actor>,
}

impl Store {
    /// A store for a table. The clock tells when something changes. The randomness sets the pauses before
    /// retries, and the ids of changes.
    pub fn new(
        client: Client,
        table: impl Into<Arc<str>>,
        clock: Clock,
        randomness: Randomness,
    ) -> Self {
        Self { client, table: table.into(), clock, randomness, actor: Arc::default() }
    }

    /// The store for what this actor changes.
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        Self { actor: Arc::new(actor), ..self.clone() }
    }

    /// Reads an item that does not exist, to open the connection before the first event. A failure
    /// is only logged.
    pub async fn warm_up(&self) {
        if let Err(error) = self.get(keys::warm_up()).await {
            tracing::warn!(%error, "the first call to DynamoDB failed");
        }
    }

    fn item<'a>(&'a self, attributes: &'a Attributes) -> Item<'a> {
        Item::new(&self.table, attributes)
    }
}
