//! The only place that builds key strings.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::rule::RuleKey;
use crate::domain::text::{Name, fold};

/// The name of the partition key.
pub(super) const PK: &str = "pk";
/// The name of the sort key.
pub(super) const SK: &str = "sk";
/// The name of the index's partition key.
pub(super) const GSI1_PK: &str = "gsi1pk";
/// The name of the index's sort key.
pub(super) const GSI1_SK: &str = "gsi1sk";
/// The name of the index.
pub(super) const GSI1: &str = "gsi1";

/// The partition of all organization roles.
pub(super) const ROLES: &str = "ROLE";
/// The index partition of all organizations.
pub(super) const ORGANIZATIONS: &str = "ORGS";
/// How the sort keys of all that belongs to an organization begin.
pub(super) const ORGANIZATION_PREFIX: &str = "ORG#";
/// How the keys of all that belongs to a user begin.
pub(super) const USER_PREFIX: &str = "USER#";
/// How the sort keys of all organization roles begin.
pub(super) const ROLE_PREFIX: &str = "ROLE#";

/// An item's primary key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The kind of the item, for the log: `USER#…/ORG#…`.
    pub(super) fn kind(&self) -> String {
        let kind = |part: &str| match part.split_once('#') {
            Some((prefix, _)) => format!("{prefix}#…"),
            None => part.to_owned(),
        };
        format!("{}/{}", kind(&self.pk), kind(&self.sk))
    }

    pub(super) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk)),
            (SK.to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.pk, self.sk)
    }
}

/// Everything of one organization.
pub(super) fn organization_partition(id: &OrganizationId) -> String {
    format!("{ORGANIZATION_PREFIX}{id}")
}

pub(super) fn organization(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "ORG")
}

pub(super) fn email_domains(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "EMAIL_DOMAINS")
}

pub(super) fn custom_data(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "CUSTOM_DATA")
}

/// Stands between name and id where organizations are ranked. No name contains it, so that a search
/// never reaches into the ids; and it comes before all that names contain, so that `Acme` stands
/// before `Acme Inc.`.
pub(super) const RANK_SEPARATOR: char = '\t';

/// Where an organization stands among all organizations.
pub(super) fn organization_rank(name: &Name, id: &OrganizationId) -> String {
    format!("{}{RANK_SEPARATOR}{id}", name.folded())
}

/// How the ranks of all organizations begin whose name begins like this.
pub(super) fn organization_rank_prefix(name: &str) -> String {
    fold(name)
}

/// The index entries of one rule: an entry for each organization that lists it.
pub(super) fn rule_partition(key: &RuleKey) -> String {
    match key {
        RuleKey::EmailDomain(domain) => format!("DOMAIN#{domain}"),
    }
}

pub(super) fn rule_index_entry(key: &RuleKey, id: &OrganizationId) -> Key {
    Key::new(rule_partition(key), organization_partition(id))
}

pub(super) fn organization_role(id: &OrganizationRoleId) -> Key {
    Key::new(ROLES, format!("{ROLE_PREFIX}{id}"))
}

/// What counts the organization roles.
pub(super) fn organization_role_count() -> Key {
    Key::new(ROLES, "COUNT")
}

/// What keeps a role's name unique.
pub(super) fn role_name(name: &Name) -> Key {
    Key::new(format!("ROLENAME#{}", name.folded()), "ROLENAME")
}

/// Everything of one user.
pub(super) fn user_partition(id: &UserId) -> String {
    format!("{USER_PREFIX}{id}")
}

pub(super) fn membership(user: &UserId, organization: &OrganizationId) -> Key {
    Key::new(user_partition(user), organization_partition(organization))
}

pub(super) fn profile(id: &UserId) -> Key {
    Key::new(user_partition(id), "PROFILE")
}

/// The removal marks of one address, by its digest.
pub(super) fn removal_partition(digest: &str) -> String {
    format!("REMOVED#{digest}")
}

pub(super) fn removal_mark(digest: &str, organization: &OrganizationId) -> Key {
    Key::new(removal_partition(digest), organization_partition(organization))
}

/// What every function reads once while it starts, to have a connection; there is no such item.
pub(super) fn warm_up() -> Key {
    Key::new("WARM-UP", "WARM-UP")
}
