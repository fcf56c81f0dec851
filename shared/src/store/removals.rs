//! Removals of members.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join;
use jiff::Timestamp;

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::expression::Expression;
use super::item::{Attributes, text, texts, timestamp};
use super::memberships::{ADDRESS_DIGESTS, Found, OTHERS_REMAIN, Place, standing};
use super::ranks::{UserList, UserRank, users_at};
use super::write::Write;
use super::{Page, Store, TRANSACTION_ITEMS, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::{CauseKind, Membership, Profile};
use crate::error::{Error, Result};
use crate::failure::Failure;

/// A user whom an administrator has removed from an organization.
#[derive(Clone, Debug)]
pub struct RemovedUser {
    /// The user, and the position in the list.
    pub rank: UserRank,
    /// When the user was removed.
    pub removed_at: Timestamp,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
}

/// The writes of a transaction that removes members.
#[derive(Default)]
struct Removal {
    writes: Vec<Write>,
    /// The addresses that it marks.
    marked: BTreeSet<AddressDigest>,
    /// The writes that mark an address, unless it is marked already.
    marks: Vec<(AddressDigest, [Write; 2])>,
}

impl Removal {
    /// Takes over the writes of another removal, if there is room for them, and for the place of the
    /// first member.
    fn take(&mut self, other: Self) -> bool {
        let marks = other.marks.into_iter().filter(|(address, _)| !self.marked.contains(address));
        let marks: Vec<_> = marks.collect();
        let count = self.writes.len() + other.writes.len() + 2 * marks.len() + 1;
        if count > TRANSACTION_ITEMS {
            return false;
        }
        self.writes.extend(other.writes);
        for (address, mark) in marks {
            self.writes.extend(mark);
            self.marked.insert(address);
        }
        true
    }
}

impl Store {
    /// A page of the users who were removed from an organization, by themselves or with another
    /// account, and were not added again since. The newest come first. Their order comes from an
    /// index, which is eventually consistent. The details are read strongly. Marks that an earlier
    /// release has written are not in the index.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn removed_users(
        &self,
        organization: &OrganizationId,
        page_size: usize,
        after: Option<&UserRank>,
    ) -> Result<Page<RemovedUser, UserRank>, Failure> {
        // One entry more than the page has shows whether there is another page.
        let list = UserList::Removed;
        let (mut ranks, _) = self.user_ranks(organization, list, page_size + 1, after).await?;
        let more = ranks.len() > page_size;
        ranks.truncate(page_size);
        let users = users_at(&ranks);
        let places = users.iter().map(|user| keys::membership(user, organization)).collect();
        let (items, mut profiles) = try_join(self.batch_get(places), self.profiles(&users)).await?;
        let mut removed = Vec::new();
        for item in items.iter().map(|attributes| self.item(attributes)) {
            if standing(&item) != Standing::Removed {
                continue;
            }
            let rank = UserRank::of(list, &item)?;
            // Somebody who was removed again is shown only at the present position.
            if ranks.contains(&rank) {
                let profile = profiles.remove(rank.user());
                removed.push(RemovedUser {
                    rank,
                    removed_at: item.timestamp("removedAt")?,
                    profile,
                });
            }
        }
        removed.sort_unstable_by(|a, b| a.rank.cmp(&b.rank));
        let next = ranks.pop().filter(|_| more);
        Ok(Page { items: removed, next })
    }

    /// Removes a member, and marks the user and every address that the user has proven as removed,
    /// so that provisioning does not undo the removal. It also removes the other accounts whose
    /// memberships the same addresses brought about, except those to `keep`. A membership that was
    /// made by hand is not ended with another. `ended` gets the users whose memberships have ended.
    ///
    /// If more accounts have an address than one transaction can hold, there are several. When one
    /// of the later ones fails, `ended` has the users of those before, and repeating the call goes on.
    ///
    /// # Errors
    /// When the user is not a member; then nothing has changed.
    pub async fn remove_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        keep: &BTreeSet<UserId>,
        at: Timestamp,
        ended: &mut Vec<UserId>,
    ) -> Result<()> {
        // Removals of members with the same address at the same time go one after the other.
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        let mut is_repeated = false;
        loop {
            let Found { place, profile, .. } = self.found(organization, user).await?;
            let mut transaction = Removal::default();
            let is_member = matches!(place, Place::Member(_));
            let addresses = match place {
                Place::Removed { addresses, others_remain: true } => {
                    transaction.marked.extend(addresses.iter().cloned());
                    addresses
                }
                Place::Member(membership) => {
                    let profile = profile.inspect_err(|error| {
                        tracing::error!(%user, %error, "removed without it");
                    });
                    let profile = profile.ok().flatten();
                    let addresses = addresses_of(&membership, profile.as_ref());
                    let versions = self.address_versions(&addresses).await?;
                    for (address, version) in addresses.iter().zip(versions) {
                        transaction.writes.extend([
                            self.put_removal_mark(address, organization, at),
                            self.next_address_version_after(address, version, at),
                        ]);
                    }
                    transaction.marked.extend(addresses.iter().cloned());
                    transaction.writes.extend(profile.map(|it| self.check_profile(user, &it)));
                    addresses
                }
                Place::Requested(_) | Place::Removed { .. } | Place::Empty if is_repeated => {
                    return Ok(());
                }
                Place::Requested(_) | Place::Removed { .. } | Place::Empty => {
                    return Err(Error::MembershipNotFound(user.to_string()));
                }
            };
            let mut others = self.others_by(organization, user, &addresses).await?;
            others.retain(|(other, ..)| !keep.contains(other));
            let mut ending: Vec<_> = is_member.then(|| user.clone()).into_iter().collect();
            let mut others_remain = false;
            for (other, proven, profile) in others {
                let of_other = self.removal_of(organization, &other, &proven, profile, at);
                others_remain = !transaction.take(of_other);
                if others_remain {
                    break;
                }
                ending.push(other);
            }
            let mark = removal(organization, user, &addresses, others_remain, at);
            let is_present = "attribute_exists(joinedAt) OR attribute_exists(othersRemain)";
            let is_present = Expression::default().when(is_present);
            let place = keys::membership(user, organization);
            transaction.writes.push(self.put_if(place, mark, is_present));
            if self.commit(transaction.writes).await?.is_err() {
                let cause = "other requests changed the membership";
                backoff.pause("TransactWriteItems", cause).await?;
                continue;
            }
            ended.extend(ending);
            if !others_remain {
                return Ok(());
            }
            is_repeated = true;
        }
    }

    /// The other members whose memberships one of these addresses brought about, each with all
    /// addresses to remove with the member, and the profile.
    async fn others_by(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        addresses: &[AddressDigest],
    ) -> Result<Vec<(UserId, Vec<AddressDigest>, Option<Profile>)>, Failure> {
        let mut accounts = self.accounts_with_any(addresses).await?;
        accounts.remove(user);
        let accounts: Vec<_> = accounts.into_iter().collect();
        let (memberships, mut profiles) =
            try_join(self.memberships_of(organization, &accounts), self.profiles(&accounts))
                .await?;
        let others = accounts.into_iter().filter_map(|id| {
            let membership = memberships.get(&id).filter(|it| it.is_by(addresses))?;
            let profile = profiles.remove(&id);
            let proven = addresses_of(membership, profile.as_ref());
            Some((id, proven, profile))
        });
        Ok(others.collect())
    }

    /// The writes that remove another account, each with the address that it marks.
    fn removal_of(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        addresses: &[AddressDigest],
        profile: Option<Profile>,
        at: Timestamp,
    ) -> Removal {
        let place = keys::membership(user, organization);
        let mark = removal(organization, user, addresses, false, at);
        let mut writes = vec![self.put_if(place, mark, by_a_rule())];
        writes.extend(profile.map(|profile| self.check_profile(user, &profile)));
        let marks = addresses.iter().map(|address| {
            let mark = self.put_removal_mark(address, organization, at);
            (address.clone(), [mark, self.next_address_version(address, at)])
        });
        Removal { writes, marks: marks.collect(), ..Removal::default() }
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
fn removal(
    organization: &OrganizationId,
    user: &UserId,
    addresses: &[AddressDigest],
    others_remain: bool,
    at: Timestamp,
) -> Attributes {
    let mut mark = UserRank::new(UserList::Removed, at, user).entry(organization);
    mark.insert("removedAt".to_owned(), timestamp(at));
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
        .value(":api", text(CauseKind::Api.as_str()))
        .when("attribute_exists(joinedAt)")
        .when("attribute_not_exists(#rule) OR #rule <> :api")
}
