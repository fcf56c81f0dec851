//! Removals of members, and refusals of requests to join: what they leave behind, and its list.

use std::collections::BTreeSet;

use futures_util::future::try_join;

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::changes::{Subject, Together};
use super::expression::Expression;
use super::organizations::organization_exists;
use super::places::{
    Mark, Place, Removal, mark_attributes, read_mark, read_place, removal_attributes, standing,
    still_member, still_removed, still_requested,
};
use super::ranks::{UserList, UserRank};
use super::read::readable;
use super::users::{Found, unchanged};
use super::write::Write;
use super::{Page, Store, TRANSACTION_ITEMS, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{JoinRequest, Membership, Profile};
use crate::error::{Error, Result};
use crate::event::{EndReason, EventType, News};
use crate::failure::Failure;

/// A user whom an administrator has removed from an organization, or whose request was declined.
#[derive(Clone, Debug)]
pub struct RemovedUser {
    /// The user, and the position in the list.
    pub rank: UserRank,
    /// Who has removed the user, and when.
    pub removal: Removal,
    /// The roles that the user held. Some may be deleted. Empty if they are not known.
    pub role_ids: Vec<OrganizationRoleId>,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
}

/// An organization that a user was removed from, or that declined the user's request.
#[derive(Clone, Debug)]
pub struct UserRemoval {
    /// The organization. It may be deleted.
    pub organization_id: OrganizationId,
    /// Who has removed the user, and when.
    pub removal: Removal,
    /// The roles that the user held. Some may be deleted. Empty if they are not known.
    pub role_ids: Vec<OrganizationRoleId>,
}

/// The writes that a transaction still needs for the first user: the place, and the change.
const FIRST_USER_WRITES: usize = 2;

/// The writes of a transaction that ends memberships or requests.
#[derive(Default)]
struct Transaction {
    writes: Vec<Write>,
    /// The addresses that it marks.
    marked: BTreeSet<AddressDigest>,
    /// The writes that mark an address, unless it is marked already.
    marks: Vec<(AddressDigest, [Write; 2])>,
}

impl Transaction {
    /// Takes over the writes of another one, if there is room for them, and for those of the first user.
    fn take(&mut self, other: Self) -> bool {
        let marks = other.marks.into_iter().filter(|(address, _)| !self.marked.contains(address));
        let marks: Vec<_> = marks.collect();
        let count = self.writes.len() + other.writes.len() + 2 * marks.len() + FIRST_USER_WRITES;
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

/// A membership or a request that ends.
struct Ending {
    user: UserId,
    /// The condition that the profile is still as it was read; `None` if it cannot be read, or if the user is
    /// deleted.
    profile_unchanged: Option<Expression>,
    /// The mark that takes its place.
    mark: Mark,
    /// The condition that it is still there as it was read.
    is_present: Expression,
    /// What its end tells; `None` if that was told before.
    news: Option<News>,
    /// Whether a membership ends.
    is_of_member: bool,
}

impl Ending {
    fn of_membership(
        user: &UserId,
        membership: Membership,
        profile: Option<&Profile>,
        removal: Removal,
        reason: EndReason,
    ) -> Self {
        let news = Some(News::left(user, &membership, reason));
        let addresses = digests_of(membership.address.as_ref(), profile);
        let profile_unchanged = profile.map(|profile| unchanged(Some(profile)));
        let is_present = still_member(&membership);
        let role_ids = Some(membership.role_ids);
        let removal = Removal { is_declined: false, ..removal };
        let mark = Mark { removal, role_ids, addresses, others_remain: false };
        let user = user.clone();
        Self { user, profile_unchanged, mark, is_present, news, is_of_member: true }
    }

    fn of_request(
        user: &UserId,
        request: &JoinRequest,
        profile: Option<&Profile>,
        removal: Removal,
        news: News,
    ) -> Self {
        let addresses = digests_of(request.address.as_ref(), profile);
        let profile_unchanged = profile.map(|profile| unchanged(Some(profile)));
        let is_present = still_requested(request);
        let removal = Removal { is_declined: true, ..removal };
        let mark = Mark { removal, role_ids: None, addresses, others_remain: false };
        let news = Some(news);
        let user = user.clone();
        Self { user, profile_unchanged, mark, is_present, news, is_of_member: false }
    }

    /// The rest of an ending that takes several transactions.
    fn rest(user: &UserId, mark: Mark) -> Self {
        let is_present = still_removed(&mark).when("attribute_exists(othersRemain)");
        let (user, profile_unchanged, news) = (user.clone(), None, None);
        Self { user, profile_unchanged, mark, is_present, news, is_of_member: false }
    }

    /// The same, on the condition that nobody has written a profile since none was found. The place and the
    /// profile are not read at one moment.
    fn without_profile(self) -> Self {
        Self { profile_unchanged: Some(unchanged(None)), ..self }
    }
}

impl Store {
    /// A page of the users who were removed from an organization, or whose requests were declined, by
    /// themselves or with another account, and who were not added again since. The newest come first.
    /// Their order comes from an index, which is eventually consistent. The details are read strongly.
    /// Marks that an earlier release has written are not in the index.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn removed_users(
        &self,
        organization: &OrganizationId,
        page_size: usize,
        after: Option<&UserRank>,
    ) -> Result<Page<RemovedUser, UserRank>, Failure> {
        let list = UserList::Removed;
        let page = self.users_page(organization, list, page_size, after, |item| {
            let is_mark = standing(item) == Standing::Removed;
            is_mark.then(|| read_mark(item)).transpose()
        });
        let Page { items, next } = page.await?;
        let removed = items.into_iter().map(|(rank, Mark { removal, role_ids, .. }, profile)| {
            RemovedUser { rank, removal, role_ids: role_ids.unwrap_or_default(), profile }
        });
        Ok(Page { items: removed.collect(), next })
    }

    /// The organizations that a user was removed from, or that declined the user's request. Those whose mark
    /// cannot be read are left out, and the log names them. None of a deleted user.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn user_removals(&self, user: &UserId) -> Result<Vec<UserRemoval>, Failure> {
        let items = self.query(keys::user_partition(user), keys::ORGANIZATION_PREFIX).await?;
        let marks = items.iter().map(|attributes| self.item(attributes));
        let marks = marks.filter(|item| standing(item) == Standing::Removed);
        let removals = marks.map(|item| {
            let organization_id =
                item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
            let Mark { removal, role_ids, .. } = read_mark(&item)?;
            let role_ids = role_ids.unwrap_or_default();
            Ok(UserRemoval { organization_id, removal, role_ids })
        });
        Ok(readable(removals.collect()).collect())
    }

    /// Removes a member, and marks the user, every address that the user has proven, and the user's
    /// identities at providers as removed, so that provisioning does not undo the removal. It also ends
    /// the memberships and the requests of other accounts that the same addresses brought about, except
    /// those of users to `keep`. A membership that was made by hand is not ended with another. `ended`
    /// gets the users whose memberships or requests have ended.
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
        removal: &Removal,
        ended: &mut Vec<UserId>,
    ) -> Result<()> {
        let begin = |found| match found {
            Found { place: Place::Member(membership), profile, user_deleted } => {
                let profile = profile
                    .inspect_err(|error| tracing::error!(%user, %error, "removed without it"));
                let is_absent = matches!(profile, Ok(None)) && !user_deleted;
                let profile = profile.ok().flatten();
                let (removal, reason) = (removal.clone(), EndReason::Removed);
                let ending =
                    Ending::of_membership(user, membership, profile.as_ref(), removal, reason);
                Ok(Some(if is_absent { ending.without_profile() } else { ending }))
            }
            _ => Err(Error::MembershipNotFound(user.to_string())),
        };
        self.end(organization, user, keep, removal, begin, ended).await
    }

    /// Declines a request, and marks the user, every address that the user has proven, and the user's
    /// identities at providers as removed, so that provisioning does not make another one. It also ends
    /// the requests of other accounts that the same addresses brought about. Members stay members.
    /// `ended` gets the users whose requests have ended: nobody, if the request was declined already, or
    /// the member was removed. Several transactions are as in [`Self::remove_member`].
    ///
    /// # Errors
    /// When the user has not asked, or is a member; then nothing has changed.
    pub async fn decline_request(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        removal: &Removal,
        ended: &mut Vec<UserId>,
    ) -> Result<()> {
        let begin = |found| match found {
            Found { user_deleted: true, .. } | Found { place: Place::Empty, .. } => {
                Err(Error::JoinRequestNotFound(user.to_string()))
            }
            Found { place: Place::Member(_), .. } => {
                Err(Error::JoinRequestAlreadyMember(user.to_string()))
            }
            Found { place: Place::Removed(_), .. } => Ok(None),
            Found { place: Place::Requested(request), profile, .. } => {
                let declined = News::request_ended(EventType::JoinRequestDeclined, user, &request);
                let (profile, removal) = (profile?, removal.clone());
                let ending =
                    Ending::of_request(user, &request, profile.as_ref(), removal, declined);
                Ok(Some(if profile.is_none() { ending.without_profile() } else { ending }))
            }
        };
        self.end(organization, user, &BTreeSet::new(), removal, begin, ended).await
    }

    /// Ends what `begin` finds, and what other accounts have by the same addresses. `begin` answers
    /// `None` if there is nothing to do.
    async fn end(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        keep: &BTreeSet<UserId>,
        removal: &Removal,
        begin: impl Fn(Found) -> Result<Option<Ending>>,
        ended: &mut Vec<UserId>,
    ) -> Result<()> {
        // Removals of members with the same address at the same time go one after the other.
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        let mut is_repeated = false;
        loop {
            let mut transaction = Transaction::default();
            let mut ending = Vec::new();
            let Ending {
                mark: mut first, profile_unchanged, is_present, news, is_of_member, ..
            } = match self.found(organization, user).await? {
                Found { place: Place::Removed(mark), .. } if mark.others_remain => {
                    Ending::rest(user, mark)
                }
                _ if is_repeated => return Ok(()),
                found => match begin(found)? {
                    None => return Ok(()),
                    Some(begun) => {
                        ending.push(user.clone());
                        begun
                    }
                },
            };
            if !ending.is_empty() {
                transaction.marked.extend(first.addresses.iter().cloned());
                let versions = self.address_versions(&first.addresses).await?;
                for (address, version) in first.addresses.iter().zip(versions) {
                    transaction.writes.extend([
                        self.put_removal_mark(address, organization, &first.removal),
                        self.next_address_version_after(address, version, first.removal.at),
                    ]);
                }
                let unchanged = profile_unchanged.map(|it| self.check(keys::profile(user), it));
                transaction.writes.extend(unchanged);
            }
            let others = self.others_by(organization, user, &first, removal).await?;
            first.others_remain = false;
            let mut members = Vec::new();
            for other in others.into_iter().filter(|other| !keep.contains(&other.user)) {
                let (id, is_member) = (other.user.clone(), other.is_of_member);
                let is_told_elsewhere = is_of_member && is_member;
                let other = self.ending_of(organization, other, is_told_elsewhere);
                first.others_remain = !transaction.take(other);
                if first.others_remain {
                    break;
                }
                members.extend(is_told_elsewhere.then(|| id.clone()));
                ending.push(id);
            }
            let place = keys::membership(user, organization);
            let mark = mark_attributes(organization, user, &first);
            transaction.writes.push(self.put_if(place, mark, is_present));
            let (news, together) = (news.into_iter().collect(), Together::With(members));
            transaction.writes.extend(self.tell_together(Subject::User(user), news, &together));
            if self.commit(transaction.writes).await?.is_err() {
                let cause = "other requests changed the membership";
                backoff.pause("TransactWriteItems", cause).await?;
                continue;
            }
            ended.extend(ending);
            if !first.others_remain {
                return Ok(());
            }
            is_repeated = true;
        }
    }

    /// What other users have that one of the marked addresses brought about: requests, and memberships
    /// unless the mark is that of a request.
    async fn others_by(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        first: &Mark,
        removal: &Removal,
    ) -> Result<Vec<Ending>, Failure> {
        let mut accounts = self.accounts_with_any(&first.addresses).await?;
        accounts.remove(user);
        let accounts: Vec<_> = accounts.into_iter().collect();
        let places = accounts.iter().map(|id| keys::membership(id, organization)).collect();
        let (items, profiles) = try_join(self.batch_get(places), self.profiles(&accounts)).await?;
        let mut others = Vec::new();
        for item in items.iter().map(|attributes| self.item(attributes)) {
            let id = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
            match read_place(&item)? {
                Place::Member(membership)
                    if !first.removal.is_declined && membership.is_by(&first.addresses) =>
                {
                    let profile = profiles.get(&id);
                    let (by, reason) = (removal.clone(), EndReason::SameAddress);
                    others.push(Ending::of_membership(&id, membership, profile, by, reason));
                }
                Place::Requested(request) if request.is_by(&first.addresses) => {
                    let profile = profiles.get(&id);
                    let news = News::request_ended(EventType::JoinRequestRemoved, &id, &request)
                        .because(EndReason::SameAddress);
                    others.push(Ending::of_request(&id, &request, profile, removal.clone(), news));
                }
                _ => {}
            }
        }
        others.sort_unstable_by(|a, b| a.user.cmp(&b.user));
        Ok(others)
    }

    /// The writes that end what another account has, each with the address that it marks.
    fn ending_of(
        &self,
        organization: &OrganizationId,
        ending: Ending,
        is_told_elsewhere: bool,
    ) -> Transaction {
        let Ending { user, profile_unchanged, mark, is_present, news, .. } = ending;
        let place = keys::membership(&user, organization);
        let mut writes =
            vec![self.put_if(place, mark_attributes(organization, &user, &mark), is_present)];
        writes.extend(profile_unchanged.map(|it| self.check(keys::profile(&user), it)));
        let together = if is_told_elsewhere { Together::Elsewhere } else { Together::Alone };
        let news = news.into_iter().collect();
        writes.extend(self.tell_together(Subject::User(&user), news, &together));
        let marks = mark.addresses.iter().map(|address| {
            let put = self.put_removal_mark(address, organization, &mark.removal);
            (address.clone(), [put, self.next_address_version(address, mark.removal.at)])
        });
        Transaction { writes, marks: marks.collect(), ..Transaction::default() }
    }

    /// Deletes the removal mark of a user, and those of the addresses in it, so that rules count for
    /// them again. Marks of other users stay, also of those who were removed together with this one.
    ///
    /// # Errors
    /// When there is no such organization, or the user was not removed, or is deleted; then nothing has
    /// changed.
    pub async fn clear_removal(&self, organization: &OrganizationId, user: &UserId) -> Result<()> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            self.require_organization(organization).await?;
            let Found { place, user_deleted, .. } = self.found(organization, user).await?;
            let mark = match place {
                Place::Removed(mark) if !user_deleted => mark,
                _ => return Err(Error::RemovedUserNotFound(user.to_string())),
            };
            let place = keys::membership(user, organization);
            let marks = mark.addresses.iter().map(|it| keys::removal_mark(it, organization));
            let mut writes = vec![
                self.delete_if(place, still_removed(&mark)),
                self.check(keys::organization(organization), organization_exists()),
                self.check_not_deleted(user),
            ];
            writes.extend(marks.map(|mark| self.delete(mark)));
            let news = News::of_place(EventType::RemovedUserCleared, organization, user);
            writes.extend(self.tell(Subject::User(user), vec![news]));
            if self.commit(writes).await?.is_ok() {
                return Ok(());
            }
            backoff.pause("TransactWriteItems", "other requests changed the membership").await?;
        }
    }

    fn put_removal_mark(
        &self,
        address: &AddressDigest,
        organization: &OrganizationId,
        removal: &Removal,
    ) -> Write {
        self.put(keys::removal_mark(address, organization), removal_attributes(removal))
    }
}

/// The addresses and identities to remove with a user: all that are kept, and the one that brought the
/// membership or the request about. That is at most [`Profile::MOST_ADDRESSES`],
/// [`Profile::MOST_IDENTITIES`] and one. Each takes two writes of a transaction, so there is room for
/// those of one user.
fn digests_of(address: Option<&AddressDigest>, profile: Option<&Profile>) -> Vec<AddressDigest> {
    let mut addresses = profile.map_or_else(Vec::new, Profile::marked_digests);
    if let Some(address) = address
        && !addresses.contains(address)
    {
        addresses.push(address.clone());
    }
    addresses
}
