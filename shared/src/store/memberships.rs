//! Memberships: reads, and all writes but removals.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join;
use jiff::Timestamp;
use serde_json::json;

use super::backoff::Backoff;
use super::changes::Subject;
use super::expression::Expression;
use super::item::texts;
use super::places::{
    Place, membership_attributes, read_membership, read_request, request_attributes, standing,
    still_removed, still_requested,
};
use super::ranks::{UserList, UserRank, users_at};
use super::users::{Found, UserItems, read_profile};
use super::write::Write;
use super::{Page, Store, TRANSACTION_ITEMS, keys};
use crate::domain::change::ListChange;
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{
    Account, Cause, EntryPath, JoinRequest, MemberFilter, Membership, Profile, Provenance,
};
use crate::domain::organization::OrganizationRole;
use crate::error::{Error, Result};
use crate::event::{self, EndReason, EventType, News};
use crate::failure::Failure;

/// The most index pages that one page of members reads, when a filter leaves only a few members.
const INDEX_PAGES: usize = 10;
/// The items of a transaction that are for the profile and the accounts at the addresses.
const PROFILE_ITEMS: usize = 9;
/// The item of a transaction that keeps what it changes.
const CHANGE_ITEMS: usize = 1;

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

/// What a rule admits a user to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A membership.
    Membership(Membership),
    /// A request to join.
    Request(JoinRequest),
}

impl Admission {
    /// The organization.
    #[must_use]
    pub const fn organization(&self) -> &OrganizationId {
        match self {
            Self::Membership(membership) => &membership.organization_id,
            Self::Request(request) => &request.organization_id,
        }
    }

    const fn address(&self) -> Option<&AddressDigest> {
        match self {
            Self::Membership(membership) => membership.address.as_ref(),
            Self::Request(request) => request.address.as_ref(),
        }
    }

    const fn at(&self) -> Timestamp {
        match self {
            Self::Membership(membership) => membership.joined_at,
            Self::Request(request) => request.requested_at,
        }
    }
}

/// What a user holds: memberships and requests.
#[derive(Clone, Default)]
struct Held<'a> {
    /// Whether there is any.
    any: bool,
    /// The digests that they are by.
    digests: Vec<&'a AddressDigest>,
}

impl<'a> Held<'a> {
    fn by(items: &'a UserItems) -> Self {
        let memberships = items.memberships.iter().map(|membership| &membership.address);
        let requests = items.requests.iter().map(|request| &request.address);
        let any = !items.memberships.is_empty() || !items.requests.is_empty();
        Self { any, digests: memberships.chain(requests).flatten().collect() }
    }

    fn add<'b>(&mut self, admissions: impl Iterator<Item = &'b &'a Admission>)
    where
        'a: 'b,
    {
        for admission in admissions {
            self.any = true;
            self.digests.extend(admission.address());
        }
    }
}

/// What all transactions of a [`Store::join`] have in common.
#[derive(Clone, Copy)]
struct Writing<'a> {
    user: &'a UserId,
    account: &'a Account,
    digests: &'a [AddressDigest],
    held: &'a Held<'a>,
}

/// The most admissions of one transaction. Each takes an item, and one for each digest, whose version
/// takes another.
fn most_together(digests: usize) -> usize {
    ((TRANSACTION_ITEMS - PROFILE_ITEMS - CHANGE_ITEMS).saturating_sub(digests) / (1 + digests))
        .max(1)
}

/// What an admission tells, and, if a membership takes the place of a request, what that tells.
fn news_of(user: &UserId, admission: &Admission, request: Option<&JoinRequest>) -> Vec<News> {
    match admission {
        Admission::Membership(membership) => {
            let ended = request.map(|request| replaced(user, request));
            ended.into_iter().chain([News::joined(user, membership)]).collect()
        }
        Admission::Request(request) => vec![News::requested(user, request)],
    }
}

/// A membership has taken the place of a request.
fn replaced(user: &UserId, request: &JoinRequest) -> News {
    News::request_ended(EventType::JoinRequestRemoved, user, request)
        .because(EndReason::BecameMember)
}

/// The digests whose marks an admission depends on.
fn marked_by<'a>(
    admission: &'a Admission,
    digests: &'a [AddressDigest],
) -> BTreeSet<&'a AddressDigest> {
    digests.iter().chain(admission.address()).collect()
}

/// The result of joining.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// The organizations that the user has not joined, with the standing that was found there.
    pub skipped: HashMap<OrganizationId, Standing>,
    /// Whether the user was deleted through the Management API. Then nothing was written.
    pub user_deleted: bool,
}

/// The roles of members who are added by hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRoles<'a> {
    /// These roles.
    pub roles: &'a [OrganizationRoleId],
    /// Whether somebody who was removed gets the roles held at that time instead, without those that
    /// were deleted since. It says nothing about somebody whose request was declined, or whom an earlier
    /// release has removed.
    pub is_restoring: bool,
}

/// The result of adding a member by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The user has become a member with these roles.
    Now(Vec<OrganizationRoleId>),
    /// The user was a member already. Nothing was written.
    Already,
    /// The user was deleted through the Management API. Nothing was written.
    UserDeleted,
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

    /// Writes new memberships and requests, and the profile. A membership takes the place of a
    /// request. If something else is there already, or one of these digests or that of the admission is
    /// marked as removed from the organization, that organization is skipped, and the rest is written.
    /// So repeating the call changes nothing. If all organizations are skipped, the profile of a
    /// stranger is not written, because only users who are or were members, or ask to be, have one.
    /// Very many admissions take several transactions.
    ///
    /// # Errors
    /// When the store fails. Then each transaction is written or not, and the profile with the first.
    pub async fn join(
        &self,
        user: &UserId,
        account: &Account,
        before: &UserItems,
        admissions: &[Admission],
        digests: &[AddressDigest],
    ) -> Result<Joined, Failure> {
        let mut joined = Joined { user_deleted: before.deleted, ..Joined::default() };
        let mut profile = before.profile.clone();
        let mut held = Held::by(before);
        let requests = before.requests.iter();
        let mut requests =
            requests.map(|request| (request.organization_id.clone(), request.clone())).collect();
        // Also without an admission, the profile may have changed.
        let most = most_together(digests.len());
        let count = admissions.len().div_ceil(most).max(1);
        for part in (0..count).map(|part| part * most) {
            let part: Vec<_> = admissions.iter().skip(part).take(most).collect();
            let writing = Writing { user, account, digests, held: &held };
            self.join_together(writing, &part, &mut profile, &mut requests, &mut joined).await?;
            held.add(part.iter().filter(|it| !joined.skipped.contains_key(it.organization())));
        }
        Ok(joined)
    }

    /// One transaction of [`Self::join`]. `profile` is the one that is stored, before and after, and
    /// `requests` are those that a membership may take the place of.
    async fn join_together(
        &self,
        Writing { user, account, digests, held }: Writing<'_>,
        admissions: &[&Admission],
        profile: &mut Option<Profile>,
        requests: &mut HashMap<OrganizationId, JoinRequest>,
        joined: &mut Joined,
    ) -> Result<(), Failure> {
        while !joined.user_deleted {
            let wanted = admissions.iter().copied();
            let wanted: Vec<_> =
                wanted.filter(|it| !joined.skipped.contains_key(it.organization())).collect();
            let mut all = held.clone();
            all.add(wanted.iter());
            let next = Profile::after(profile.as_ref(), account, &all.digests);
            let changed = profile.as_ref() != Some(&next);
            let is_stranger = !all.any && profile.is_none();
            if is_stranger || (wanted.is_empty() && !changed) {
                return Ok(());
            }
            let mut writes = Vec::new();
            let mut versions = BTreeSet::new();
            let mut news = Vec::new();
            for admission in &wanted {
                let request = requests.get(admission.organization());
                writes.push(self.admit(user, admission, request));
                news.extend(news_of(user, admission, request));
                for digest in marked_by(admission, digests) {
                    let mark = keys::removal_mark(digest, admission.organization());
                    writes.push(self.check(mark, Expression::absent()));
                }
                versions.extend(admission.address().map(|address| (address, admission.at())));
            }
            writes.extend(self.put_profile(user, profile.as_ref(), &next));
            // Of a removal of the address at the same time, either finds the other.
            for (address, at) in versions {
                writes.push(self.next_address_version(address, at));
            }
            writes.extend(self.tell(Subject::User(user), news));
            let Err(unmet) = self.commit(writes).await? else {
                *profile = Some(next);
                return Ok(());
            };
            for admission in wanted {
                let id = admission.organization();
                let mut marks = marked_by(admission, digests).into_iter();
                if marks.any(|digest| unmet.of(&keys::removal_mark(digest, id)).is_some()) {
                    joined.skipped.insert(id.clone(), Standing::Removed);
                }
                let Some(item) = unmet.of(&keys::membership(user, id)) else { continue };
                let place = item.map(|attributes| self.item(attributes));
                match (admission, place) {
                    // Another request made it, or ended it, since it was read.
                    (Admission::Membership(_), None) => drop(requests.remove(id)),
                    (Admission::Membership(_), Some(item))
                        if standing(&item) == Standing::Requested =>
                    {
                        let request = read_request(&item)?;
                        // The condition compares texts.
                        if requests.insert(id.clone(), request.clone()).as_ref() == Some(&request) {
                            return Err(item.unreadable("requestedAt", "a time in milliseconds"));
                        }
                    }
                    (_, item) => {
                        let found = item.map_or(Standing::Member, |item| standing(&item));
                        joined.skipped.insert(id.clone(), found);
                    }
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

    /// The write of a membership or of a request. A membership takes the place of this request, if there
    /// is one.
    fn admit(&self, user: &UserId, admission: &Admission, request: Option<&JoinRequest>) -> Write {
        let place = keys::membership(user, admission.organization());
        match admission {
            Admission::Membership(membership) => {
                let is_free = request.map_or_else(Expression::absent, still_requested);
                self.put_if(place, membership_attributes(user, membership), is_free)
            }
            Admission::Request(request) => self.put_new(place, request_attributes(user, request)),
        }
    }

    /// Makes a user a member by hand, and deletes the marks of an earlier removal: of the user, of every
    /// address that the user has proven, and of the identities. At most 40 digests are kept, and 41 are
    /// in a mark, so there is room for all in one transaction. Nothing of an earlier membership or of a
    /// request remains. A user who is a member already is not changed. `profile` is kept if there is none.
    ///
    /// # Errors
    /// When the store fails. Then either everything or nothing was written.
    pub async fn add_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        profile: &Profile,
        new_roles: NewRoles<'_>,
        at: Timestamp,
    ) -> Result<Added, Failure> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let Found { place, profile: stored, user_deleted } =
                self.found(organization, user).await?;
            if user_deleted {
                return Ok(Added::UserDeleted);
            }
            let stored = stored?;
            // An address that an earlier release kept may not be proven, so it clears no mark.
            let Profile { addresses, identities, .. } = stored.as_ref().unwrap_or(profile);
            let mut marked: BTreeSet<_> = addresses.iter().chain(identities).cloned().collect();
            let (mut held, mut news) = (None, Vec::new());
            let unchanged = match place {
                Place::Member(_) => return Ok(Added::Already),
                Place::Removed(mark) => {
                    let unchanged = still_removed(&mark);
                    marked.extend(mark.addresses);
                    held = mark.role_ids.filter(|_| new_roles.is_restoring);
                    unchanged
                }
                Place::Requested(request) => {
                    news.push(replaced(user, &request));
                    let unchanged = still_requested(&request);
                    marked.extend(request.address);
                    unchanged
                }
                Place::Empty => Expression::absent(),
            };
            let role_ids = match held {
                Some(held) => {
                    let existing = self.organization_roles_by_id(&held).await?;
                    held.into_iter().filter(|id| existing.contains_key(id)).collect()
                }
                None => new_roles.roles.to_vec(),
            };
            let membership = Membership {
                organization_id: organization.clone(),
                role_ids,
                joined_at: at,
                provenance: Provenance {
                    added_by: self.actor.known_caller(),
                    ..Provenance::new(Cause::Api, EntryPath::ManagementApi)
                },
                address: None,
            };
            news.push(News::joined(user, &membership));
            let mut writes = match &stored {
                Some(stored) => vec![self.check_profile(user, Some(stored))],
                None => self.put_profile(user, None, profile),
            };
            writes.push(self.put_if(
                keys::membership(user, organization),
                membership_attributes(user, &membership),
                unchanged,
            ));
            let marks = marked.iter().map(|it| keys::removal_mark(it, organization));
            writes.extend(marks.map(|mark| self.delete(mark)));
            writes.extend(self.tell(Subject::User(user), news));
            if self.commit(writes).await?.is_ok() {
                return Ok(Added::Now(membership.role_ids));
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
            // The membership of a deleted user may still be there.
            let mut writes = vec![
                self.update(keys::membership(user, organization), write),
                self.check_not_deleted(user),
            ];
            let news = News::of_place(EventType::MembershipRolesChanged, organization, user)
                .before(json!({ "organizationRoleIds": event::ids(&held) }))
                .after(json!({ "organizationRoleIds": event::ids(&wanted) }));
            writes.extend(self.tell(Subject::User(user), vec![news]));
            let Err(unmet) = self.commit(writes).await? else {
                return Ok(ListChange::between(&current, &wanted));
            };
            if unmet.of(&keys::profile(user)).is_some() {
                return Err(Error::NotAMember(user.to_string()));
            }
            backoff
                .pause("TransactWriteItems", "other requests changed the member's roles")
                .await?;
        }
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
