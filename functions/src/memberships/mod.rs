//! Memberships: a user's organizations, requests and removals, an organization's members and those removed
//! from it, a member's roles.

mod adding;
mod entities;
pub(crate) mod member_roles;
pub(crate) mod members;
pub(crate) mod removed_users;
pub(crate) mod user_organizations;
pub(crate) mod user_places;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use shared::cognito::UserPool;
use shared::provisioning::Provisioning;
use shared::store::Store;
use shared::{Clock, capabilities};

use crate::endpoints::endpoints;
pub(crate) use entities::{MemberEntity, MembershipEntity, of_members, of_user};

/// How many users are processed at the same time.
const AT_ONCE: usize = 16;

capabilities! {
    /// The capabilities of `memberships`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        provisioning: Provisioning,
        user_pool: UserPool,
    }
}

/// Makes a write for each of these, one after the other in a group, and for at most [`AT_ONCE`] groups at
/// the same time. A write returns what it has done, also if it then failed. After a failure, no other
/// write begins, and those under way are awaited, so that it is known what was done. Returns all that
/// was done, and the first failure.
async fn write_all<I, T, E, W: Future<Output = (Vec<T>, Result<(), E>)>>(
    groups: impl IntoIterator<Item = impl IntoIterator<Item = I>>,
    write: impl Fn(I) -> W,
) -> (Vec<T>, Result<(), E>) {
    let mut groups = groups.into_iter().map(IntoIterator::into_iter);
    let begin = |mut group| {
        let write = write(Iterator::next(&mut group)?);
        Some(async { (write.await, group) })
    };
    let mut begun: FuturesUnordered<_> = groups.by_ref().filter_map(begin).take(AT_ONCE).collect();
    let (mut all, mut outcome) = (Vec::new(), Ok(()));
    while let Some(((done, result), group)) = begun.next().await {
        all.extend(done);
        outcome = outcome.and(result);
        if outcome.is_ok() {
            begun.extend(begin(group).or_else(|| groups.find_map(begin)));
        }
    }
    (all, outcome)
}

endpoints! {
    user_organizations::{list_organizations},
    user_places::{list_requests, list_removals},
    members::{list, add, replace, remove},
    removed_users::{list_removed, clear},
    member_roles::{list_roles, add_roles, replace_roles, remove_role, assign_roles},
}
