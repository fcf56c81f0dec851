//! Key strings. No other file builds them.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::changes::Subject;
use crate::domain::characters::fold;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::rule::{RuleKey, RuleKind};
use crate::domain::text::Name;

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

/// The attribute with the time after which DynamoDB deletes an item (the table's time to live).
pub(super) const EXPIRES_AT: &str = "expiresAt";
/// How long items stay that only matter to requests in flight. No ID or access token of Cognito
/// lives longer than a day, so nobody names a deleted user any more after that.
const IN_FLIGHT: Duration = Duration::from_hours(48);

/// The attribute of an item that only matters to requests in flight: seconds since 1970.
pub(super) fn expires(at: Timestamp) -> (String, AttributeValue) {
    expires_after(at, IN_FLIGHT)
}

/// The attribute of an item that is kept for so long: seconds since 1970.
pub(super) fn expires_after(at: Timestamp, kept: Duration) -> (String, AttributeValue) {
    let seconds = (at + kept).as_second();
    (EXPIRES_AT.to_owned(), AttributeValue::N(seconds.to_string()))
}

/// The prefix of the partitions of changes.
pub(super) const CHANGE_PREFIX: &str = "CHANGE#";

/// The prefix of the partitions of email domains' index entries.
pub(super) const DOMAIN_PREFIX: &str = "DOMAIN#";
/// The partition of all organization roles.
pub(super) const ROLES: &str = "ROLE";
/// The index partition of all organizations.
pub(super) const ORGANIZATIONS: &str = "ORGS";
/// The prefix of organizations' keys, and of the sort keys of items that belong to an organization.
pub(super) const ORGANIZATION_PREFIX: &str = "ORG#";
/// The prefix of the keys of a user's items.
pub(super) const USER_PREFIX: &str = "USER#";
/// The prefix of the sort keys of members in the index partition of their organization. Whatever else
/// is in this partition is not a member.
pub(super) const MEMBER_PREFIX: &str = "USER";
/// The prefix of the sort keys of organization roles.
pub(super) const ROLE_PREFIX: &str = "ROLE#";
/// The prefix of removal marks: of those by address in the table, and of those of users in the index.
pub(super) const REMOVED_PREFIX: &str = "REMOVED#";
/// The prefix of the sort keys of requests to join in the index partition of their organization.
pub(super) const REQUEST_PREFIX: &str = "REQUEST#";
/// The index partition of the rules whose record in DNS is to be checked, by the time of the check.
pub(super) const OWNERSHIP_CHECKS: &str = "OWNERSHIP_CHECKS";

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

    /// The kind of the item, without ids, for the log: `USER#…/ORG#…`.
    pub(super) fn kind(&self) -> String {
        // A part without a prefix is a constant, or the id of a transaction.
        let is_constant =
            |part: &str| part.bytes().all(|it| matches!(it, b'A'..=b'Z' | b'_' | b'-'));
        let kind = |part: &str| match part.split_once('#') {
            Some((prefix, _)) => format!("{prefix}#…"),
            None if is_constant(part) => part.to_owned(),
            None => "…".to_owned(),
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

/// The partition of one organization's items, in the table and in the index.
pub(super) fn organization_partition(id: &OrganizationId) -> String {
    format!("{ORGANIZATION_PREFIX}{id}")
}

pub(super) fn organization(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "ORG")
}

/// An organization's list of rules of one kind.
pub(super) fn rules(kind: RuleKind, id: &OrganizationId) -> Key {
    let list = match kind {
        RuleKind::EmailDomain => "EMAIL_DOMAINS",
        RuleKind::SsoConnector => "SSO_CONNECTORS",
    };
    Key::new(organization_partition(id), list)
}

pub(super) fn custom_data(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "CUSTOM_DATA")
}

/// The item that keeps the rules of a deleted organization until the sweep is finished.
pub(super) fn unswept_rules(id: &OrganizationId) -> Key {
    Key::new(organization_partition(id), "UNSWEPT_DOMAINS")
}

/// The separator between name and id in the rank of an organization. No name contains it, so that
/// the beginning of a name never matches an id. It sorts before all characters of names, so that
/// `Acme` comes before `Acme Inc.`.
pub(super) const RANK_SEPARATOR: char = '\t';

/// The rank of an organization: its sort key among all organizations.
pub(super) fn organization_rank(name: &Name, id: &OrganizationId) -> String {
    format!("{}{RANK_SEPARATOR}{id}", name.folded())
}

/// The prefix of the ranks of organizations whose names begin with this text.
pub(super) fn organization_rank_prefix(name: &str) -> String {
    fold(name)
}

/// The partition of a rule's index entries. Each organization that lists the rule has an entry.
pub(super) fn rule_partition(key: &RuleKey) -> String {
    match key {
        RuleKey::EmailDomain(domain) => format!("{DOMAIN_PREFIX}{domain}"),
        RuleKey::SsoConnector(provider) => format!("PROVIDER#{provider}"),
    }
}

pub(super) fn rule_index_entry(key: &RuleKey, id: &OrganizationId) -> Key {
    Key::new(rule_partition(key), organization_partition(id))
}

pub(super) fn organization_role(id: &OrganizationRoleId) -> Key {
    Key::new(ROLES, format!("{ROLE_PREFIX}{id}"))
}

/// The item with the number of organization roles.
pub(super) fn organization_role_count() -> Key {
    Key::new(ROLES, "COUNT")
}

/// The item that keeps a role's name unique.
pub(super) fn role_name(name: &Name) -> Key {
    reserved_role_name(&name.folded())
}

/// The item that keeps a form of a role's name unique.
pub(super) fn reserved_role_name(form: &str) -> Key {
    Key::new(format!("ROLENAME#{form}"), "ROLENAME")
}

/// The partition of one user's items.
pub(super) fn user_partition(id: &UserId) -> String {
    format!("{USER_PREFIX}{id}")
}

pub(super) fn membership(user: &UserId, organization: &OrganizationId) -> Key {
    Key::new(user_partition(user), organization_partition(organization))
}

/// The first character after the prefix in a [`newest_first`] entry with a moment. It sorts before all
/// characters of ids.
const MOMENT: char = '!';
/// A number of milliseconds that is later than every timestamp.
const LATEST: i64 = 999_999_999_999_999;

/// The sort key of a user's entry in a list of an organization in the index. The latest moment comes
/// first: its milliseconds since 1970 are subtracted from [`LATEST`]. Entries without a moment, which
/// earlier releases have written, come last.
pub(super) fn newest_first(prefix: &str, since: Option<i64>, user: &UserId) -> String {
    match since {
        Some(since) => format!("{prefix}{MOMENT}{:015}#{user}", LATEST - since),
        None => format!("{prefix}{user}"),
    }
}

/// The moment in a [`newest_first`] entry of this user, `Some(None)` if it has none. `None` if it is no
/// such entry.
pub(super) fn read_newest_first(prefix: &str, entry: &str, user: &UserId) -> Option<Option<i64>> {
    let rest = entry.strip_prefix(prefix)?;
    let since = match rest.strip_prefix(MOMENT) {
        Some(rest) => Some(LATEST - rest.split_once('#')?.0.parse::<i64>().ok()?),
        None => None,
    };
    (newest_first(prefix, since, user) == entry).then_some(since)
}

/// The sort key of a request in the index partition of its organization: the oldest comes first.
pub(super) fn request_entry(since: i64, user: &UserId) -> String {
    format!("{REQUEST_PREFIX}{since:015}#{user}")
}

/// The moment in a [`request_entry`] of this user. `None` if it is no such entry.
pub(super) fn read_request_entry(entry: &str, user: &UserId) -> Option<i64> {
    let since = entry.strip_prefix(REQUEST_PREFIX)?.split_once('#')?.0.parse().ok()?;
    (request_entry(since, user) == entry).then_some(since)
}

/// The sort key of a rule among those whose record is to be checked.
pub(super) fn ownership_check(at: Timestamp, entry: &Key) -> String {
    format!("{at:.3}#{}#{}", entry.pk, entry.sk)
}

/// What is greater than the [`ownership_check`] of every rule that is due at this time, and less than
/// that of every other.
pub(super) fn ownership_checks_until(at: Timestamp) -> String {
    // The character after the separator.
    format!("{at:.3}$")
}

pub(super) fn profile(id: &UserId) -> Key {
    Key::new(user_partition(id), "PROFILE")
}

/// The fresh proof of a user who could not be provisioned.
pub(super) fn fresh_proof(id: &UserId) -> Key {
    Key::new(user_partition(id), "FRESH_PROOF")
}

/// The partition of an address's removal marks. The digest stands for the address.
pub(super) fn removal_partition(digest: &AddressDigest) -> String {
    format!("{REMOVED_PREFIX}{digest}")
}

pub(super) fn removal_mark(digest: &AddressDigest, organization: &OrganizationId) -> Key {
    Key::new(removal_partition(digest), organization_partition(organization))
}

/// The partition of the accounts that have proven an address.
pub(super) fn address_partition(digest: &AddressDigest) -> String {
    format!("ADDRESS#{digest}")
}

/// An account that has proven an address.
pub(super) fn address_account(digest: &AddressDigest, user: &UserId) -> Key {
    Key::new(address_partition(digest), user_partition(user))
}

/// The version of the memberships that an address has brought about.
pub(super) fn address_version(digest: &AddressDigest) -> Key {
    Key::new(address_partition(digest), "VERSION")
}

/// What a transaction has changed. The sort keys of later ones are greater.
pub(super) fn change(subject: Subject<'_>, id: &str) -> Key {
    Key::new(change_partition(subject), id)
}

/// The partition of the changes of one subject.
pub(super) fn change_partition(subject: Subject<'_>) -> String {
    format!("{CHANGE_PREFIX}{}", subject.partition())
}

/// The partition of what happened in an organization.
pub(super) fn activity_partition(id: &OrganizationId) -> String {
    format!("ACTIVITY#{id}")
}

/// What happened in an organization. The ids of later events are greater.
pub(super) fn activity(id: &OrganizationId, event: &str) -> Key {
    Key::new(activity_partition(id), event)
}

/// The partition of what happened to a user.
pub(super) fn user_activity_partition(id: &UserId) -> String {
    format!("USER_ACTIVITY#{id}")
}

/// What happened to a user. The ids of later events are greater.
pub(super) fn user_activity(id: &UserId, event: &str) -> Key {
    Key::new(user_activity_partition(id), event)
}

/// An item that does not exist. Every function reads it once at its start, to open a connection.
pub(super) fn warm_up() -> Key {
    Key::new("WARM-UP", "WARM-UP")
}
