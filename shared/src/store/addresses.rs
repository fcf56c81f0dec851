//! Proven addresses: the accounts that have proven one, and the marks of removals.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::callers::read_caller;
use super::expression::Expression;
use super::item::{Attributes, Item, number};
use super::write::Write;
use super::{Store, keys};
use crate::domain::caller::Caller;
use crate::domain::email_address::{AddressDigest, EmailAddress};
use crate::domain::ids::{OrganizationId, UserId};
use crate::failure::Failure;

/// How often members joined by an address, or were removed with it; `None` if never.
pub(super) type AddressVersion = Option<u64>;

/// The attribute of an account whose address an earlier release kept, perhaps without a proof. Such an
/// account counts where this makes a removal stricter, and nowhere else.
const ASSUMED: &str = "assumed";

/// A mark that an administrator has removed an address, or an identity at a provider, from an
/// organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalMark {
    /// The organization.
    pub organization: OrganizationId,
    /// When it was removed. `None` if that cannot be read.
    pub removed_at: Option<Timestamp>,
    /// Who removed it. `None` if that is not known.
    pub removed_by: Option<Caller>,
}

impl Store {
    /// The marks of removals of these addresses and identities. They are read in parallel.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn removal_marks(
        &self,
        digests: &[AddressDigest],
    ) -> Result<Vec<RemovalMark>, Failure> {
        let partitions = digests.iter().map(|digest| async move {
            let items = self.query(keys::removal_partition(digest), "").await?;
            items.iter().map(|item| read_removal_mark(&self.item(item))).collect()
        });
        let marks: Vec<Vec<_>> = try_join_all(partitions).await?;
        Ok(marks.into_iter().flatten().collect())
    }

    /// The accounts that have proven this address, of users who are or were members of an
    /// organization. A user may have proven another address since. Accounts whose proof is only assumed
    /// do not count.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts_with(&self, address: &EmailAddress) -> Result<BTreeSet<UserId>, Failure> {
        let accounts = self.accounts(&address.digest()).await?;
        Ok(accounts.into_iter().filter(|(_, assumed)| !assumed).map(|(id, _)| id).collect())
    }

    /// The accounts that have proven one of these addresses, or are assumed to have.
    pub(super) async fn accounts_with_any(
        &self,
        addresses: &[AddressDigest],
    ) -> Result<BTreeSet<UserId>, Failure> {
        let accounts = addresses.iter().map(|address| self.accounts(address));
        Ok(try_join_all(accounts).await?.into_iter().flatten().map(|(id, _)| id).collect())
    }

    /// The accounts with this address, each with whether its proof is only assumed.
    async fn accounts(&self, address: &AddressDigest) -> Result<Vec<(UserId, bool)>, Failure> {
        self.query(keys::address_partition(address), keys::USER_PREFIX)
            .await?
            .iter()
            .map(|item| {
                let item = self.item(item);
                Ok((item.sort_key(keys::USER_PREFIX, UserId::parse)?, item.has(ASSUMED)))
            })
            .collect()
    }

    /// The write of an account that has proven this address, or only is assumed to have.
    pub(super) fn put_account(
        &self,
        address: &AddressDigest,
        user: &UserId,
        assumed: bool,
    ) -> Write {
        let mut attributes = Attributes::default();
        if assumed {
            attributes.insert(ASSUMED.to_owned(), AttributeValue::Bool(true));
        }
        self.put(keys::address_account(address, user), attributes)
    }

    /// The versions of these addresses, in their order.
    pub(super) async fn address_versions(
        &self,
        addresses: &[AddressDigest],
    ) -> Result<Vec<AddressVersion>, Failure> {
        let versions = addresses.iter().map(|address| async move {
            let item = self.get(keys::address_version(address)).await?;
            item.map(|attributes| self.item(&attributes).number("version")).transpose()
        });
        try_join_all(versions).await
    }

    /// Gives an address its next version, whatever the present one is.
    pub(super) fn next_address_version(&self, address: &AddressDigest, at: Timestamp) -> Write {
        self.update(keys::address_version(address), next_version(at))
    }

    /// Gives an address its next version, on the condition that the present one is this.
    pub(super) fn next_address_version_after(
        &self,
        address: &AddressDigest,
        present: AddressVersion,
        at: Timestamp,
    ) -> Write {
        let next = next_version(at);
        let next = match present {
            Some(version) => next.value(":present", number(version)).when("#version = :present"),
            None => next.when("attribute_not_exists(#version)"),
        };
        self.update(keys::address_version(address), next)
    }
}

/// A version matters only while a request is under way that has read it, so it expires.
fn next_version(at: Timestamp) -> Expression {
    let (name, expires) = keys::expires(at);
    Expression::default()
        .name("#version", "version")
        .name("#expires", &name)
        .value(":expires", expires)
        .set("#expires = :expires")
        .value(":none", number(0))
        .value(":one", number(1))
        .set("#version = if_not_exists(#version, :none) + :one")
}

/// The attribute of a removal mark with who made it.
const REMOVED_BY: &str = "removedBy";

/// The removal mark in an item. Its key is enough for a mark.
fn read_removal_mark(item: &Item<'_>) -> Result<RemovalMark, Failure> {
    Ok(RemovalMark {
        organization: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        removed_at: item.timestamp("removedAt").ok(),
        removed_by: read_caller(item, REMOVED_BY).ok().flatten(),
    })
}
