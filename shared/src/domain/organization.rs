//! Organizations and the roles that their members can hold.

use std::time::Duration;

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

/// What an organization has, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrganizationCounts {
    /// The members, counted up to [`Self::MOST_USERS`].
    pub users: usize,
    /// The email domains that it lists.
    pub email_domains: usize,
}

impl OrganizationCounts {
    /// The most members that are counted. This number stands for itself and for every higher one.
    pub const MOST_USERS: usize = 1_000;
}

/// The organizations in which a role is used.
#[derive(Clone, Debug)]
pub struct RoleUsage {
    /// Those in which members hold the role, and those that give it to new members; by name.
    pub organizations: Vec<RoleUse>,
    /// Whether all organizations, rules and memberships were read. If not, there may be more.
    pub is_complete: bool,
}

impl RoleUsage {
    /// The most organizations that are read.
    pub const MOST_ORGANIZATIONS: usize = 1_000;
    /// The most memberships that are read.
    pub const MOST_MEMBERSHIPS: usize = 10_000;
    /// The most rules that are read.
    pub const MOST_RULES: usize = 10_000;
    /// How long reads begin.
    pub const TIME: Duration = Duration::from_secs(15);
}

/// An organization in which a role is used.
#[derive(Clone, Debug)]
pub struct RoleUse {
    /// The organization.
    pub organization: Organization,
    /// How many members hold the role.
    pub users: usize,
    /// Whether the role is one of the default roles.
    pub is_default_role: bool,
    /// Whether the settings of a rule name the role.
    pub is_rule_role: bool,
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
