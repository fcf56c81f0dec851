//! The order of an organization's users in the index: the newest first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::item::{Attributes, Item, text};
use super::{Store, keys};
use crate::domain::ids::{OrganizationId, UserId};
use crate::failure::Failure;

/// A list of users in an organization's partition of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserList {
    /// The members, since they joined.
    Members,
    /// Those whom an administrator has removed, since then.
    Removed,
}

/// The position of a user in a list of an organization: the newest first, and users of the same
/// millisecond by id. Members whose entries an earlier release has written have no moment. They come
/// last, by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserRank {
    list: UserList,
    /// Milliseconds since 1970, from which on the user is in the list.
    since: Reverse<Option<i64>>,
    user: UserId,
}

impl UserRank {
    pub(super) fn new(list: UserList, since: Timestamp, user: &UserId) -> Self {
        let since = since.as_millisecond().max(0);
        Self { list, since: Reverse(Some(since)), user: user.clone() }
    }

    /// The position of a member whose entry an earlier release has written.
    fn of_earlier_release(user: UserId) -> Self {
        Self { list: UserList::Members, since: Reverse(None), user }
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
        let Reverse(since) = self.since;
        match since {
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
        let Reverse(since) = self.since;
        let partition = keys::organization_partition(organization);
        let place = keys::user_entry(prefix(self.list), since, &self.user);
        Attributes::from([
            (keys::GSI1_PK.to_owned(), text(partition)),
            (keys::GSI1_SK.to_owned(), text(place)),
        ])
    }

    /// The rank of a user's item, or of its entry in the index.
    pub(super) fn of(list: UserList, item: &Item<'_>) -> Result<Self, Failure> {
        let user = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
        let place = |place: &str| keys::read_user_entry(prefix(list), place, &user).ok_or(());
        let since = item.optional(keys::GSI1_SK, "a position in a list", place)?.flatten();
        Ok(Self { list, since: Reverse(since), user })
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
    }
}

/// What a cursor of the list begins with.
const fn letter(list: UserList) -> char {
    match list {
        UserList::Members => 'm',
        UserList::Removed => 'r',
    }
}
