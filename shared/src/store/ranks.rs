//! The order of an organization's users in the index: requests the oldest first, others the newest
//! first.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use futures_util::future::try_join;
use jiff::Timestamp;

use super::item::{Attributes, Item, text};
use super::read::Page;
use super::{Store, keys};
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::Profile;
use crate::failure::Failure;

/// A list of users in an organization's partition of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserList {
    /// The members, since they joined.
    Members,
    /// Those whom an administrator has removed, since then.
    Removed,
    /// Those who have asked to become members, since then.
    Requests,
}

/// The position of a user in a list of an organization: the newest first, but requests the oldest
/// first, and users of the same millisecond by id. Members whose entries an earlier release has
/// written have no moment. They come last, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRank {
    list: UserList,
    /// Milliseconds since 1970, from which on the user is in the list.
    since: Option<i64>,
    user: UserId,
}

impl Ord for UserRank {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_time = match self.list {
            UserList::Members | UserList::Removed => other.since.cmp(&self.since),
            UserList::Requests => self.since.cmp(&other.since),
        };
        self.list.cmp(&other.list).then(by_time).then_with(|| self.user.cmp(&other.user))
    }
}

impl PartialOrd for UserRank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl UserRank {
    pub(super) fn new(list: UserList, since: Timestamp, user: &UserId) -> Self {
        let since = since.as_millisecond().max(0);
        Self { list, since: Some(since), user: user.clone() }
    }

    /// The position of a member whose entry an earlier release has written.
    fn of_earlier_release(user: UserId) -> Self {
        Self { list: UserList::Members, since: None, user }
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The rank as a cursor, such as `m1767225600000.5b0f6c1e`. No id has a dot. The rank of a member
    /// without a moment is the id alone, as earlier releases answered it for every member.
    #[must_use]
    pub fn cursor(&self) -> String {
        match self.since {
            Some(since) => format!("{}{since}.{}", letter(self.list), self.user),
            None => self.user.to_string(),
        }
    }

    /// Reads a cursor. `None` if it does not come from this list.
    #[must_use]
    pub fn from_cursor(cursor: &str, list: UserList) -> Option<Self> {
        let rank = match cursor.split_once('.') {
            Some((moment, user)) => {
                let since = moment.strip_prefix(letter(list))?.parse().ok()?;
                let since = Timestamp::from_millisecond(since).ok()?;
                Self::new(list, since, &UserId::parse(user).ok()?)
            }
            None if list == UserList::Members => {
                Self::of_earlier_release(UserId::parse(cursor).ok()?)
            }
            None => return None,
        };
        // A moment has one form.
        (rank.cursor() == cursor).then_some(rank)
    }

    /// The attributes that put an item of the user into the list.
    pub(super) fn entry(&self, organization: &OrganizationId) -> Attributes {
        let partition = keys::organization_partition(organization);
        let place = match self.list {
            UserList::Members | UserList::Removed => {
                keys::newest_first(prefix(self.list), self.since, &self.user)
            }
            UserList::Requests => keys::request_entry(self.since.unwrap_or_default(), &self.user),
        };
        Attributes::from([
            (keys::GSI1_PK.to_owned(), text(partition)),
            (keys::GSI1_SK.to_owned(), text(place)),
        ])
    }

    /// The rank of a user's item, or of its entry in the index.
    pub(super) fn of(list: UserList, item: &Item<'_>) -> Result<Self, Failure> {
        let user = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
        let moment = |place: &str| match list {
            UserList::Members | UserList::Removed => {
                keys::read_newest_first(prefix(list), place, &user).ok_or(())
            }
            UserList::Requests => keys::read_request_entry(place, &user).map(Some).ok_or(()),
        };
        let since = item.optional(keys::GSI1_SK, "a position in a list", moment)?.flatten();
        Ok(Self { list, since, user })
    }
}

impl Store {
    /// A page of a list's ranks in the index, and whether there are more. The index is eventually
    /// consistent: a user who was removed and added again can also be in it at an earlier position.
    pub(super) async fn user_ranks(
        &self,
        organization: &OrganizationId,
        list: UserList,
        limit: usize,
        after: Option<&UserRank>,
    ) -> Result<(Vec<UserRank>, bool), Failure> {
        let partition = keys::organization_partition(organization);
        let start = after.map(|rank| {
            let mut start = keys::membership(&rank.user, organization).into_attributes();
            start.extend(rank.entry(organization));
            start
        });
        let limit = i32::try_from(limit).ok();
        let (items, next) = self.index_page(partition, prefix(list), limit, start).await?;
        let ranks = items.iter().map(|attributes| UserRank::of(list, &self.item(attributes)));
        Ok((ranks.collect::<Result<_, _>>()?, next.is_some()))
    }

    /// A page of a list. Its order comes from the index. What stands in the places of the users is
    /// read strongly, as `read` reads it: `None` leaves out what does not belong to the list.
    pub(super) async fn users_page<T>(
        &self,
        organization: &OrganizationId,
        list: UserList,
        page_size: usize,
        after: Option<&UserRank>,
        read: impl Fn(&Item<'_>) -> Result<Option<T>, Failure>,
    ) -> Result<Page<(UserRank, T, Option<Profile>), UserRank>, Failure> {
        // One entry more than the page has shows whether there is another page.
        let (mut ranks, _) = self.user_ranks(organization, list, page_size + 1, after).await?;
        let more = ranks.len() > page_size;
        ranks.truncate(page_size);
        let users = users_at(&ranks);
        let places = users.iter().map(|user| keys::membership(user, organization)).collect();
        let (items, mut profiles) = try_join(self.batch_get(places), self.profiles(&users)).await?;
        let mut listed = Vec::new();
        for item in items.iter().map(|attributes| self.item(attributes)) {
            let Some(read) = read(&item)? else { continue };
            let rank = UserRank::of(list, &item)?;
            // Somebody who was listed before is shown only at the present position.
            if ranks.contains(&rank) {
                let profile = profiles.remove(rank.user());
                listed.push((rank, read, profile));
            }
        }
        listed.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
        let next = ranks.pop().filter(|_| more);
        Ok(Page { items: listed, next })
    }
}

/// The users at these positions, each once.
pub(super) fn users_at(ranks: &[UserRank]) -> Vec<UserId> {
    let users: BTreeSet<_> = ranks.iter().map(|rank| rank.user.clone()).collect();
    users.into_iter().collect()
}

const fn prefix(list: UserList) -> &'static str {
    match list {
        UserList::Members => keys::USER_PREFIX,
        UserList::Removed => keys::REMOVED_PREFIX,
        UserList::Requests => keys::REQUEST_PREFIX,
    }
}

/// What a cursor of the list begins with.
const fn letter(list: UserList) -> char {
    match list {
        UserList::Members => 'm',
        UserList::Removed => 'r',
        UserList::Requests => 'q',
    }
}
