//! Organizations and the roles that their members can hold.

use jiff::Timestamp;

use super::ids::{OrganizationId, OrganizationRoleId};
use super::text::{Description, Name};

/// A customer of the product that uses Usher.
#[derive(Clone, Debug)]
pub struct Organization {
    /// The id. It never changes.
    pub id: OrganizationId,
    /// The name for people. Several organizations may have the same name.
    pub name: Name,
    /// The description for people.
    pub description: Option<Description>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A role that members can hold in any organization. All organizations share the same roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRole {
    /// The id. It never changes.
    pub id: OrganizationRoleId,
    /// The name for people. No other role has a name that is equal when folded, or looks like it.
    pub name: Name,
    /// The description for people.
    pub description: Option<Description>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl OrganizationRole {
    /// The most roles that can exist at once.
    pub const MOST: usize = 1_000;
    /// The most roles that one list holds: an organization's default roles, or a member's roles.
    pub const MOST_IN_A_LIST: usize = 100;
}
