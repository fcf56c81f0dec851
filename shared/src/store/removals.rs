//! Removals of members.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::backoff::Backoff;
use super::expression::Expression;
use super::item::{Attributes, text, texts, timestamp};
use super::memberships::{ADDRESS_DIGESTS, Found, OTHERS_REMAIN, Place};
use super::write::Write;
use super::{Store, TRANSACTION_ITEMS, keys};
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::{Cause, Membership, Profile};
use crate::error::{Error, Result};
use crate::failure::Failure;

impl Store {
    /// Removes a member, and marks the user and every address that the user has proven as removed,
    /// so that provisioning does not undo the removal. It also ends the memberships of other
    /// accounts that the same addresses brought about, except those of the users to `keep`. A
    /// membership that was made by hand is not ended with another. Returns the number of memberships
    /// that have ended.
    ///
    /// If more accounts have an address than one transaction can hold, there are several. When one
    /// of the later ones fails, repeating the call goes on.
    ///
    /// # Errors
    /// When the user is not a member; then nothing has changed.
    pub async fn remove_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        keep: &BTreeSet<UserId>,
        at: Timestamp,
    ) -> Result<usize> {
        let mut backoff = Backoff::new(&self.randomness);
        let mut ended = 0;
        loop {
            let Found { place, profile, .. } = self.found(organization, user).await?;
            let mut writes = Vec::new();
            let is_member = matches!(place, Place::Member(_));
            let addresses = match place {
                Place::Removed { addresses, others_remain: true } => addresses,
                Place::Member(membership) => {
                    let addresses = addresses_of(&membership, profile.as_ref());
                    writes.extend(profile.as_ref().map(|it| self.check_profile(user, it)));
                    for (address, version) in
                        addresses.iter().zip(self.address_versions(&addresses).await?)
                    {
                        writes.push(self.put_removal_mark(address, organization, at));
                        writes.push(self.next_address_version_after(address, version));
                    }
                    addresses
                }
                Place::Removed { .. } | Place::Empty if ended > 0 => return Ok(ended),
                Place::Removed { .. } | Place::Empty => {
                    return Err(Error::MembershipNotFound(user.to_string()));
                }
            };
            let mut others = self.others_by(organization, user, &addresses).await?;
            others.retain(|(other, _)| !keep.contains(other));
            // One item is for the user.
            let room = TRANSACTION_ITEMS - 1 - writes.len();
            let rest = others.split_off(others.len().min(room));
            let mark = removal(&addresses, !rest.is_empty(), at);
            let is_present = "attribute_exists(joinedAt) OR attribute_exists(othersRemain)";
            writes.push(self.put_if(
                keys::membership(user, organization),
                mark,
                Expression::default().when(is_present),
            ));
            writes.extend(others.iter().map(|(other, proven)| {
                let mark = removal(proven, false, at);
                self.put_if(keys::membership(other, organization), mark, by_a_rule())
            }));
            if self.commit(writes).await?.is_err() {
                let cause = "other requests changed the membership";
                backoff.pause("TransactWriteItems", cause).await?;
                continue;
            }
            ended += others.len() + usize::from(is_member);
            if rest.is_empty() {
                return Ok(ended);
            }
        }
    }

    /// The other members whose memberships one of these addresses brought about, each with those of
    /// the addresses that the member has proven.
    async fn others_by(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        addresses: &[AddressDigest],
    ) -> Result<Vec<(UserId, Vec<AddressDigest>)>, Failure> {
        let mut accounts = self.accounts_with_any(addresses).await?;
        accounts.remove(user);
        let ids: Vec<_> = accounts.keys().cloned().collect();
        let memberships = self.memberships_of(organization, &ids).await?;
        let by = |id: &UserId| memberships.get(id).is_some_and(|it| it.is_by(addresses));
        Ok(accounts.into_iter().filter(|(id, _)| by(id)).collect())
    }

    fn put_removal_mark(
        &self,
        address: &AddressDigest,
        organization: &OrganizationId,
        at: Timestamp,
    ) -> Write {
        let attributes = Attributes::from([("removedAt".to_owned(), timestamp(at))]);
        self.put(keys::removal_mark(address, organization), attributes)
    }
}

/// The addresses to remove with a member: the one that brought the membership about, and all that
/// the user has proven.
fn addresses_of(membership: &Membership, profile: Option<&Profile>) -> Vec<AddressDigest> {
    let mut addresses = profile.map_or_else(Vec::new, Profile::proven_addresses);
    if let Some(address) = &membership.address
        && !addresses.contains(address)
    {
        addresses.push(address.clone());
    }
    addresses
}

/// The mark in the place of a membership. It is a whole item, so that no attribute of the membership
/// remains.
fn removal(addresses: &[AddressDigest], others_remain: bool, at: Timestamp) -> Attributes {
    let mut mark = Attributes::from([("removedAt".to_owned(), timestamp(at))]);
    if !addresses.is_empty() {
        mark.insert(ADDRESS_DIGESTS.to_owned(), texts(addresses));
    }
    if others_remain {
        mark.insert(OTHERS_REMAIN.to_owned(), AttributeValue::Bool(true));
    }
    mark
}

/// The condition that there is a membership, and that a rule brought it about.
fn by_a_rule() -> Expression {
    Expression::default()
        .name("#rule", "rule")
        .value(":api", text(Cause::API))
        .when("attribute_exists(joinedAt)")
        .when("attribute_not_exists(#rule) OR #rule <> :api")
}
