//! Memberships: a user's organizations, an organization's members, a member's roles.

mod adding;
mod entities;
pub(crate) mod member_roles;
pub(crate) mod members;
pub(crate) mod user_organizations;

use shared::cognito::UserPool;
use shared::provisioning::Provisioning;
use shared::store::Store;
use shared::{Clock, capabilities};

use crate::endpoints::endpoints;
pub(crate) use entities::{MembershipEntity, of_user};

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

endpoints! {
    user_organizations::{list_organizations},
    members::{list, add, replace, remove},
    member_roles::{list_roles, add_roles, replace_roles, remove_role, assign_roles},
}
