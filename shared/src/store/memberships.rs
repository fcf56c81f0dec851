//! Memberships: reads, and all writes but removals.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join;
use jiff::Timestamp;

use super::backoff::Backoff;
use super::callers::{put_caller, read_caller};
use super::expression::Expression;
use super::item::{Attributes, Item, text, texts, timestamp};
use super::ranks::{UserList, UserRank, users_at};
use super::requests::{REQUESTED_AT, read_request};
use super::users::{UserItems, read_profile};
use super::{Page, Store, keys};
use crate::domain::change::ListChange;
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{
    Account, Cause, CauseKind, EntryPath, JoinRequest, MemberFilter, Membership, Profile,
    Provenance,
};
use crate::domain::organization::OrganizationRole;
use crate::domain::rule::{RuleKey, RuleKind};
use crate::error::{Error, Result};
use crate::failure::Failure;

/// The most index pages that one page of members reads, when a filter leaves only a few members.
const INDEX_PAGES: usize = 10;
/// The most memberships that one transaction creates. Each takes two of a transaction's 100 items,
/// and the profile and the addresses take a few.
const MOST_JOINED_TOGETHER: usize = 45;

/// The attribute of a membership with the digest of the address that brought it about.
pub(super) const ADDRESS_DIGEST: &str = "addressDigest";
/// The attribute of a membership with who approved the request that came before it.
const APPROVED_BY: &str = "approvedBy";
/// The attribute of a removal mark with the digests of the addresses that were removed with the
/// user. Earlier versions wrote one digest, as `addressDigest`.
pub(super) const ADDRESS_DIGESTS: &str = "addressDigests";
/// The attribute of a removal mark while other accounts with the address may still be members.
pub(super) const OTHERS_REMAIN: &str = "othersRemain";

/// A member, as lists show it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The user, and the position in the list.
    pub rank: UserRank,
    /// The user's membership.
    pub membership: Membership,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
}

/// The result of joining.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// The organizations that the user has not joined, with the standing that was found there.
    pub skipped: HashMap<OrganizationId, Standing>,
    /// Whether the user was deleted through the Management API. Then nothing was written.
    pub user_deleted: bool,
}

/// The result of adding a member by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The user has become a member.
    Now,
    /// The user was a member already. Nothing was written.
    Already,
    /// The user was deleted through the Management API. Nothing was written.
    UserDeleted,
}

/// What stands in the place of a membership.
pub(super) enum Place {
    /// Nothing.
    Empty,
    /// A membership.
    Member(Membership),
    /// A request to join.
    Requested(JoinRequest),
    /// A removal mark.
    Removed {
        /// The addresses that were removed with the user.
        addresses: Vec<AddressDigest>,
        /// Whether other accounts with these addresses may still be members.
        others_remain: bool,
    },
}

/// The place of a user's membership, with what is kept about the user.
pub(super) struct Found {
    pub(super) place: Place,
    /// The profile; a failure if it cannot be read.
    pub(super) profile: Result<Option<Profile>, Failure>,
    /// Whether the user was deleted through the Management API.
    pub(super) user_deleted: bool,
}

impl Store {
    /// A page of the members whom a filter admits, the newest first. Their order comes from an index,
    /// which is eventually consistent. The details are read strongly.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members(
        &self,
        organization: &OrganizationId,
        filter: &MemberFilter,
        page_size: usize,
        after: Option<&UserRank>,
    ) -> Result<Page<Member, UserRank>, Failure> {
        let mut members: Vec<Member> = Vec::new();
        let mut last_seen = after.cloned();
        let mut more = true;
        for _ in 0..INDEX_PAGES {
            let (ranks, rest) = self
                .user_ranks(organization, UserList::Members, page_size + 1, last_seen.as_ref())
                .await?;
            last_seen = ranks.last().cloned().or(last_seen);
            let mut found = self.members_among(organization, &users_at(&ranks), filter).await?;
            // Somebody who was removed and added again is shown only at the present position.
            found.retain(|member| ranks.contains(&member.rank));
            members.extend(found);
            more = rest;
            if members.len() > page_size || !more {
                break;
            }
        }
        let next = if members.len() > page_size {
            members.truncate(page_size);
            members.last().map(|member| member.rank.clone())
        } else {
            last_seen.filter(|_| more)
        };
        Ok(Page { items: members, next })
    }

    /// The ids of all members in the index, which is eventually consistent, each once; `None` if there
    /// are more than `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all_member_ids(
        &self,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<Option<Vec<UserId>>, Failure> {
        let mut all: Vec<UserRank> = Vec::new();
        loop {
            let (ranks, more) =
                self.user_ranks(organization, UserList::Members, most + 1, all.last()).await?;
            all.extend(ranks);
            // Somebody who left and joined again may have two entries for a moment.
            let users = users_at(&all);
            if users.len() > most {
                return Ok(None);
            }
            if !more {
                return Ok(Some(users));
            }
        }
    }

    /// A user's membership in an organization; `None` if the user is not a member.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn membership(
        &self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<Membership>, Failure> {
        let item = self.get(keys::membership(user, organization)).await?;
        item.as_ref()
            .map(|attributes| self.item(attributes))
            .filter(|item| standing(item) == Standing::Member)
            .map(|item| read_membership(&item))
            .transpose()
    }

    /// The memberships of the given users, without those who are not members.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn memberships_of(
        &self,
        organization: &OrganizationId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Membership>, Failure> {
        let places = users.iter().map(|user| keys::membership(user, organization)).collect();
        let items = self.batch_get(places).await?;
        items
            .iter()
            .map(|attributes| self.item(attributes))
            .filter(|item| standing(item) == Standing::Member)
            .map(|item| {
                let user = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
                Ok((user, read_membership(&item)?))
            })
            .collect()
    }

    /// Writes new memberships and the profile. If a membership or a removal mark exists already, of
    /// the user or of the address, that organization is skipped, and the rest is written. So
    /// repeating the call changes nothing. If all organizations are skipped, the profile of a
    /// stranger is not written, because only users who are or were members have one. More than
    /// [`MOST_JOINED_TOGETHER`] memberships take several transactions.
    ///
    /// # Errors
    /// When the store fails. Then each transaction is written or not, and the profile with the first.
    pub async fn join(
        &self,
        user: &UserId,
        account: &Account,
        before: &UserItems,
        memberships: &[Membership],
    ) -> Result<Joined, Failure> {
        let mut joined = Joined { user_deleted: before.deleted, ..Joined::default() };
        let mut profile = before.profile.clone();
        let mut held: Vec<&Membership> = before.memberships.iter().collect();
        // Also without a new membership, the profile may have changed.
        let count = memberships.len().div_ceil(MOST_JOINED_TOGETHER).max(1);
        for part in (0..count).map(|part| part * MOST_JOINED_TOGETHER) {
            let part = memberships.iter().skip(part).take(MOST_JOINED_TOGETHER);
            let part: Vec<_> = part.collect();
            self.join_together(user, account, &held, &part, &mut profile, &mut joined).await?;
            held.extend(part.iter().filter(|it| !joined.skipped.contains_key(&it.organization_id)));
        }
        Ok(joined)
    }

    /// One transaction of [`Self::join`]. `profile` is the one that is stored, before and after.
    async fn join_together(
        &self,
        user: &UserId,
        account: &Account,
        held: &[&Membership],
        memberships: &[&Membership],
        profile: &mut Option<Profile>,
        joined: &mut Joined,
    ) -> Result<(), Failure> {
        while !joined.user_deleted {
            let wanted: Vec<_> = memberships
                .iter()
                .copied()
                .filter(|membership| !joined.skipped.contains_key(&membership.organization_id))
                .collect();
            let all: Vec<_> = held.iter().chain(&wanted).copied().collect();
            let next = Profile::after(profile.as_ref(), account, &all);
            let changed = profile.as_ref() != Some(&next);
            let is_stranger = all.is_empty() && profile.is_none();
            if is_stranger || (wanted.is_empty() && !changed) {
                return Ok(());
            }
            let mut writes = Vec::new();
            let mut addresses = BTreeSet::new();
            for membership in &wanted {
                let id = &membership.organization_id;
                let item = membership_attributes(user, membership);
                writes.push(self.put_new(keys::membership(user, id), item));
                if let Some(address) = &membership.address {
                    addresses.insert((address, membership.joined_at));
                    let absent = Expression::default().when("attribute_not_exists(pk)");
                    writes.push(self.check(keys::removal_mark(address, id), absent));
                }
            }
            writes.extend(self.put_profile(user, profile.as_ref(), &next));
            // Of a removal of the address at the same time, either finds the other.
            for (address, at) in addresses {
                writes.push(self.next_address_version(address, at));
            }
            let Err(unmet) = self.commit(writes).await? else {
                *profile = Some(next);
                return Ok(());
            };
            for Membership { organization_id: id, address, .. } in wanted {
                let mark = address.as_ref().map(|address| keys::removal_mark(address, id));
                if mark.is_some_and(|mark| unmet.of(&mark).is_some()) {
                    joined.skipped.insert(id.clone(), Standing::Removed);
                }
                if let Some(item) = unmet.of(&keys::membership(user, id)) {
                    let found = item.map_or(Standing::Member, |item| standing(&self.item(item)));
                    joined.skipped.insert(id.clone(), found);
                }
            }
            if let Some(item) = unmet.of(&keys::profile(user)) {
                let read = item.map(|attributes| read_profile(&self.item(attributes)));
                *profile = read.transpose()?.flatten();
                joined.user_deleted = item.is_some() && profile.is_none();
            }
        }
        Ok(())
    }

    /// Makes a user a member by hand, with these roles, and deletes the marks of an earlier removal: of
    /// the user, and of every address that the user has proven. Nothing of an earlier membership
    /// remains. A user who is a member already is not changed. `profile` is kept if there is none.
    ///
    /// # Errors
    /// When the store fails. Then either everything or nothing was written.
    pub async fn add_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        profile: &Profile,
        roles: &[OrganizationRoleId],
        at: Timestamp,
    ) -> Result<Added, Failure> {
        let mut backoff = Backoff::new(&self.randomness);
        let membership = Membership {
            organization_id: organization.clone(),
            role_ids: roles.to_vec(),
            joined_at: at,
            provenance: Provenance::new(Cause::Api, EntryPath::ManagementApi),
            address: None,
        };
        loop {
            let Found { place, profile: stored, user_deleted } =
                self.found(organization, user).await?;
            if user_deleted {
                return Ok(Added::UserDeleted);
            }
            let stored = stored?;
            // An address that an earlier release kept may not be proven, so it clears no mark.
            let proven = &stored.as_ref().unwrap_or(profile).addresses;
            let mut marked: BTreeSet<_> = proven.iter().cloned().collect();
            match place {
                Place::Member(_) => return Ok(Added::Already),
                Place::Removed { addresses, .. } => marked.extend(addresses),
                Place::Requested(_) | Place::Empty => {}
            }
            let mut writes = match &stored {
                Some(stored) => vec![self.check_profile(user, stored)],
                None => self.put_profile(user, None, profile),
            };
            writes.push(
                self.put_if(
                    keys::membership(user, organization),
                    membership_attributes(user, &membership),
                    Expression::default()
                        .when("attribute_not_exists(pk) OR attribute_exists(removedAt)"),
                ),
            );
            let marks = marked.iter().map(|it| keys::removal_mark(it, organization));
            writes.extend(marks.map(|mark| self.delete(mark)));
            if self.commit(writes).await?.is_ok() {
                return Ok(Added::Now);
            }
            backoff.pause("TransactWriteItems", "other requests changed the membership").await?;
        }
    }

    /// Changes the roles of one member. `change` gets the ids of the member's roles that still
    /// exist. It is called again if another request has changed the roles in the meantime. Returns
    /// what has changed.
    ///
    /// # Errors
    /// The error of `change`, [`Error::NotAMember`], or [`Error::MemberRolesFull`]; then nothing has
    /// changed.
    pub async fn change_member_roles(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        change: impl Fn(&[OrganizationRoleId]) -> Result<Vec<OrganizationRoleId>>,
    ) -> Result<ListChange<OrganizationRoleId>> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let membership = self.membership(organization, user).await?;
            let held = membership.ok_or_else(|| Error::NotAMember(user.to_string()))?.role_ids;
            let existing = self.organization_roles_by_id(&held).await?;
            let current: Vec<_> =
                held.iter().filter(|id| existing.contains_key(id)).cloned().collect();
            let wanted = change(&current)?;
            if wanted == held {
                return Ok(ListChange::default());
            }
            if wanted.len() > OrganizationRole::MOST_IN_A_LIST {
                return Err(Error::MemberRolesFull);
            }
            let write = Expression::default()
                .name("#roles", "roleIds")
                .value(":held", texts(&held))
                .value(":wanted", texts(&wanted))
                .set("#roles = :wanted")
                .when("#roles = :held");
            let write = self.update(keys::membership(user, organization), write);
            if self.commit(vec![write]).await?.is_ok() {
                return Ok(ListChange::between(&current, &wanted));
            }
            backoff
                .pause("TransactWriteItems", "other requests changed the member's roles")
                .await?;
        }
    }

    /// What stands in the place of a membership, and what is kept about the user.
    pub(super) async fn found(
        &self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Found, Failure> {
        let keys = vec![keys::membership(user, organization), keys::profile(user)];
        let items = self.batch_get(keys).await?;
        let mut found = Found { place: Place::Empty, profile: Ok(None), user_deleted: false };
        for item in items.iter().map(|attributes| self.item(attributes)) {
            if item.key()? == keys::profile(user) {
                found.profile = read_profile(&item);
                found.user_deleted = matches!(found.profile, Ok(None));
            } else {
                found.place = match standing(&item) {
                    Standing::Removed => read_removal(&item)?,
                    Standing::Requested => Place::Requested(read_request(&item)?),
                    _ => Place::Member(read_membership(&item)?),
                };
            }
        }
        Ok(found)
    }

    /// The members among these users whom a filter admits, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members_among(
        &self,
        organization: &OrganizationId,
        users: &[UserId],
        filter: &MemberFilter,
    ) -> Result<Vec<Member>, Failure> {
        let places = users.iter().map(|user| keys::membership(user, organization)).collect();
        let (items, mut profiles) = try_join(self.batch_get(places), self.profiles(users)).await?;
        let mut members = Vec::new();
        for item in items.iter().map(|attributes| self.item(attributes)) {
            if standing(&item) != Standing::Member {
                continue;
            }
            let membership = read_membership(&item)?;
            if filter.admits(&membership) {
                let rank = UserRank::of(UserList::Members, &item)?;
                let profile = profiles.remove(rank.user());
                members.push(Member { rank, membership, profile });
            }
        }
        members.sort_unstable_by(|a, b| a.rank.cmp(&b.rank));
        Ok(members)
    }
}

/// The standing of a user in an organization, from the item in the place of the membership.
pub(super) fn standing(item: &Item<'_>) -> Standing {
    if item.has("removedAt") {
        Standing::Removed
    } else if item.has(REQUESTED_AT) {
        Standing::Requested
    } else {
        Standing::Member
    }
}

/// A membership as the attributes of its item.
fn membership_attributes(user: &UserId, membership: &Membership) -> Attributes {
    let Membership { organization_id, role_ids, joined_at, provenance, address } = membership;
    let mut attributes = provenance_attributes(provenance);
    attributes.insert("roleIds".to_owned(), texts(role_ids));
    attributes.insert("joinedAt".to_owned(), timestamp(*joined_at));
    attributes.extend(UserRank::new(UserList::Members, *joined_at, user).entry(organization_id));
    if let Some(address) = address {
        attributes.insert(ADDRESS_DIGEST.to_owned(), text(address.as_str()));
    }
    attributes
}

/// A provenance as attributes of an item.
pub(super) fn provenance_attributes(provenance: &Provenance) -> Attributes {
    let Provenance { cause, entry_path, approved_by } = provenance;
    let mut attributes = HashMap::from([
        ("rule".to_owned(), text(cause.kind().as_str())),
        ("entryPath".to_owned(), text(entry_path.as_str())),
    ]);
    put_caller(&mut attributes, APPROVED_BY, approved_by.as_ref());
    if let Cause::Rule(key) = cause {
        let (attribute, _) = value_attribute(key.kind());
        attributes.insert(attribute.to_owned(), text(key.value()));
    }
    attributes
}

/// The provenance in an item.
pub(super) fn read_provenance(item: &Item<'_>) -> Result<Provenance, Failure> {
    let entry_path = |name: &str| EntryPath::named(name).ok_or(());
    Ok(Provenance {
        cause: read_cause(item)?,
        entry_path: item.parsed("entryPath", "an entry path", entry_path)?,
        approved_by: read_caller(item, APPROVED_BY)?,
    })
}

/// The membership in an item.
pub(super) fn read_membership(item: &Item<'_>) -> Result<Membership, Failure> {
    Ok(Membership {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        role_ids: item.list("roleIds", OrganizationRoleId::parse)?,
        joined_at: item.timestamp("joinedAt")?,
        provenance: read_provenance(item)?,
        address: item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?,
    })
}

/// The removal mark in an item.
fn read_removal(item: &Item<'_>) -> Result<Place, Failure> {
    let addresses = if item.has(ADDRESS_DIGESTS) {
        item.list(ADDRESS_DIGESTS, AddressDigest::parse)?
    } else {
        item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?.into_iter().collect()
    };
    Ok(Place::Removed { addresses, others_remain: item.has(OTHERS_REMAIN) })
}

/// The cause of a membership.
fn read_cause(item: &Item<'_>) -> Result<Cause, Failure> {
    // Earlier versions did not write this attribute: an email domain was the only cause.
    let kind = item.optional("rule", "a rule", |name| CauseKind::named(name).ok_or(()))?;
    let kind = match kind {
        Some(CauseKind::Api) => return Ok(Cause::Api),
        Some(CauseKind::Rule(kind)) => kind,
        None => RuleKind::EmailDomain,
    };
    let (attribute, expected) = value_attribute(kind);
    Ok(Cause::Rule(item.parsed(attribute, expected, |value| RuleKey::parse(kind, value))?))
}

/// The attribute with the value of the rule that caused a membership, and the expected form of the
/// value.
const fn value_attribute(kind: RuleKind) -> (&'static str, &'static str) {
    match kind {
        RuleKind::EmailDomain => ("emailDomain", "an email domain"),
        RuleKind::SsoConnector => ("ssoConnectorId", "the name of an identity provider"),
    }
}
