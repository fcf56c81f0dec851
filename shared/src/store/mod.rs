//! The one table, behind one concrete [`Store`], a file for each kind of item.
//!
//! Every read is strongly consistent, unless its documentation says otherwise. Every write is a
//! transaction, even of one item: a transaction carries an idempotency token, so that a retry
//! after a lost answer never takes its own first attempt for somebody else's.

mod default_roles;
mod email_domains;
mod expression;
mod failure;
mod item;
mod keys;
mod memberships;
mod organization_roles;
mod organizations;
mod read;
mod users;
mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

pub(crate) use failure::{cause, is_refusal};
pub use memberships::Member;
pub use organization_roles::OrganizationRoleChanges;
pub use organizations::{OrganizationChanges, OrganizationRank, Page};
pub use users::UserItems;

use crate::ambient::Randomness;
use item::{Attributes, Item};

/// Why the store failed. Meant for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer in time, or could not take the call just then: it may later.
    #[error("DynamoDB is unavailable: {operation}: {cause}")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// DynamoDB refused the call: a mistake in code, table or permissions.
    #[error("DynamoDB refused: {operation}: {cause}")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// An item is not what this code writes.
    #[error("unreadable item: {attribute} of {key} in table {table} is not {expected}")]
    Unreadable {
        /// The table.
        table: String,
        /// The item's partition and sort key.
        key: String,
        /// The attribute, with the maps around it.
        attribute: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// The table, and how to reach it.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    randomness: Randomness,
}

impl Store {
    /// A store over a table. The randomness spreads repeats.
    pub fn new(client: Client, table: impl Into<Arc<str>>, randomness: Randomness) -> Self {
        Self { client, table: table.into(), randomness }
    }

    /// Reads an item that does not exist, so that the connection stands before the first event.
    /// Whether it succeeds makes no difference.
    pub async fn warm_up(&self) {
        if let Err(error) = self.get(keys::warm_up()).await {
            tracing::warn!(%error, "the first call to DynamoDB failed");
        }
    }

    fn item<'a>(&'a self, attributes: &'a Attributes) -> Item<'a> {
        Item::new(&self.table, attributes)
    }
}
