//! The one table, behind one concrete [`Store`], a file for each kind of item.
//!
//! Every read is strongly consistent, unless its documentation says otherwise. Every write is a
//! transaction, even of one item: a transaction carries an idempotency token, so that a retry
//! after a lost answer never takes its own first attempt for somebody else's.

mod default_roles;
mod expression;
mod item;
mod keys;
mod memberships;
mod organization_roles;
mod organizations;
mod patience;
mod read;
mod rules;
mod users;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;

pub use memberships::Member;
pub use organization_roles::OrganizationRoleChanges;
pub use organizations::{OrganizationChanges, OrganizationRank, Page};
pub use rules::Listing;
pub use users::UserItems;

use crate::ambient::Randomness;
use crate::failure::Failure;
use item::{Attributes, Item};
use keys::Key;

/// The items that one transaction takes (DynamoDB's limit).
const TRANSACTION_ITEMS: usize = 100;

/// Makes sure that DynamoDB takes a transaction of these items.
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
