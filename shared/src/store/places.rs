//! What stands in the place of a membership: a membership, a request to join, or a removal mark. A user
//! is a member of an organization, asks to be one, or was removed, and never two of these.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::callers::{put_caller, read_caller};
use super::expression::Expression;
use super::item::{Attributes, Item, text, texts, timestamp};
use super::keys;
use super::ranks::{UserList, UserRank};
use crate::domain::caller::Caller;
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{Cause, CauseKind, EntryPath, JoinRequest, Membership, Provenance};
use crate::domain::rule::{RuleKey, RuleKind};
use crate::failure::Failure;

/// The attribute of a membership or a request with the digest of the address, or of the identity, that
/// brought it about.
const ADDRESS_DIGEST: &str = "addressDigest";
/// The attribute of a membership or a request with the kind of its cause.
const RULE: &str = "rule";
/// The attribute of a membership with who approved the request that came before it.
const APPROVED_BY: &str = "approvedBy";
/// The attribute of a membership with the caller who added the member, or created the user.
const ADDED_BY: &str = "addedBy";
/// The attribute of a membership with the roles.
const ROLE_IDS: &str = "roleIds";
/// The attribute of a removal mark with the roles that were held. It has a name of its own, so that a
/// change of a member's roles, which asks only for the present ones, finds no mark.
const HELD_ROLE_IDS: &str = "heldRoleIds";
/// The attribute that makes an item a membership.
const JOINED_AT: &str = "joinedAt";
/// The attribute that makes an item a request.
const REQUESTED_AT: &str = "requestedAt";
/// The attribute that makes an item a removal mark.
const REMOVED_AT: &str = "removedAt";
/// The attribute of a removal mark with who has removed the user.
const REMOVED_BY: &str = "removedBy";
/// The attribute of a removal mark of a user who was not a member, but has asked to be one.
const DECLINED: &str = "declined";
/// The attribute of a removal mark with the digests of the addresses and identities that were removed
/// with the user. Earlier versions wrote one digest, as `addressDigest`.
const ADDRESS_DIGESTS: &str = "addressDigests";
/// The attribute of a removal mark while other accounts with the address may still be members.
const OTHERS_REMAIN: &str = "othersRemain";

/// What stands in the place of a membership.
pub(super) enum Place {
    /// Nothing.
    Empty,
    /// A membership.
    Member(Membership),
    /// A request to join.
    Requested(JoinRequest),
    /// A removal mark.
    Removed(Mark),
}

/// A removal mark.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Who has removed the user, and when.
    pub(super) removal: Removal,
    /// The roles that the user held. Some may be ids of deleted roles. `None` if an earlier release has
    /// written the mark, and if the user was not a member.
    pub(super) role_ids: Option<Vec<OrganizationRoleId>>,
    /// The addresses and identities that were removed with the user.
    pub(super) addresses: Vec<AddressDigest>,
    /// Whether other accounts with these addresses may still be members.
    pub(super) others_remain: bool,
}

/// Who has removed a user or an address, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub at: Timestamp,
    /// Who. `None` if an earlier release has written the mark, or the request had no token.
    pub by: Option<Caller>,
    /// Whether a request to join was declined. Otherwise a membership has ended.
    pub is_declined: bool,
}

impl Removal {
    /// A removal of a member.
    #[must_use]
    pub fn of_member(by: &Caller, at: Timestamp) -> Self {
        Self { at, by: by.known(), is_declined: false }
    }

    /// A refusal of a request to join.
    #[must_use]
    pub fn of_request(by: &Caller, at: Timestamp) -> Self {
        Self { at, by: by.known(), is_declined: true }
    }
}

/// The standing of a user in an organization, from the item in the place of the membership.
pub(super) fn standing(item: &Item<'_>) -> Standing {
    if item.has(REMOVED_AT) {
        Standing::Removed
    } else if item.has(REQUESTED_AT) {
        Standing::Requested
    } else {
        Standing::Member
    }
}

/// What an item in the place of a membership is.
pub(super) fn read_place(item: &Item<'_>) -> Result<Place, Failure> {
    Ok(match standing(item) {
        Standing::Removed => Place::Removed(read_mark(item)?),
        Standing::Requested => Place::Requested(read_request(item)?),
        Standing::Stranger | Standing::Member => Place::Member(read_membership(item)?),
    })
}

/// A membership as the attributes of its item.
pub(super) fn membership_attributes(user: &UserId, membership: &Membership) -> Attributes {
    let Membership { organization_id, role_ids, joined_at, provenance, address } = membership;
    let mut attributes = provenance_attributes(provenance);
    attributes.insert(ROLE_IDS.to_owned(), texts(role_ids));
    attributes.insert(JOINED_AT.to_owned(), timestamp(*joined_at));
    attributes.extend(UserRank::new(UserList::Members, *joined_at, user).entry(organization_id));
    if let Some(address) = address {
        attributes.insert(ADDRESS_DIGEST.to_owned(), text(address.as_str()));
    }
    attributes
}

/// A provenance as attributes of an item.
fn provenance_attributes(provenance: &Provenance) -> Attributes {
    let Provenance { cause, entry_path, approved_by, added_by } = provenance;
    let mut attributes = HashMap::from([
        (RULE.to_owned(), text(cause.kind().as_str())),
        ("entryPath".to_owned(), text(entry_path.as_str())),
    ]);
    put_caller(&mut attributes, APPROVED_BY, approved_by.as_ref());
    put_caller(&mut attributes, ADDED_BY, added_by.as_ref());
    if let Cause::Rule(key) = cause {
        let (attribute, _) = value_attribute(key.kind());
        attributes.insert(attribute.to_owned(), text(key.value()));
    }
    attributes
}

/// The provenance in an item.
fn read_provenance(item: &Item<'_>) -> Result<Provenance, Failure> {
    let entry_path = |name: &str| EntryPath::named(name).ok_or(());
    Ok(Provenance {
        cause: read_cause(item)?,
        entry_path: item.parsed("entryPath", "an entry path", entry_path)?,
        approved_by: read_caller(item, APPROVED_BY)?,
        added_by: read_caller(item, ADDED_BY)?,
    })
}

/// The membership in an item.
pub(super) fn read_membership(item: &Item<'_>) -> Result<Membership, Failure> {
    Ok(Membership {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        role_ids: item.list(ROLE_IDS, OrganizationRoleId::parse)?,
        joined_at: item.timestamp(JOINED_AT)?,
        provenance: read_provenance(item)?,
        address: item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?,
    })
}

/// The condition that an item is still this membership, with the roles that it was read with. One that
/// has ended and was made again is another one.
pub(super) fn still_member(membership: &Membership) -> Expression {
    Expression::default()
        .value(":since", timestamp(membership.joined_at))
        .value(":held", texts(&membership.role_ids))
        .when("joinedAt = :since")
        .when("roleIds = :held")
}

/// The condition that an item is still this request.
pub(super) fn still_requested(request: &JoinRequest) -> Expression {
    let since = timestamp(request.requested_at);
    Expression::default().value(":since", since).when("requestedAt = :since")
}

/// The condition that an item is still this removal mark. One call can make two marks with one time. An
/// earlier release keeps the address in another attribute.
pub(super) fn still_removed(mark: &Mark) -> Expression {
    Expression::default()
        .value(":since", timestamp(mark.removal.at))
        .value(":addresses", texts(&mark.addresses))
        .when("removedAt = :since")
        .when("attribute_not_exists(addressDigests) OR addressDigests = :addresses")
}

/// A request as the attributes of its item.
pub(super) fn request_attributes(user: &UserId, request: &JoinRequest) -> Attributes {
    let JoinRequest { organization_id, requested_at, provenance, address } = request;
    let mut attributes = provenance_attributes(provenance);
    attributes.insert(REQUESTED_AT.to_owned(), timestamp(*requested_at));
    attributes
        .extend(UserRank::new(UserList::Requests, *requested_at, user).entry(organization_id));
    if let Some(address) = address {
        attributes.insert(ADDRESS_DIGEST.to_owned(), text(address.as_str()));
    }
    attributes
}

/// The request in an item. Only a rule makes one.
pub(super) fn read_request(item: &Item<'_>) -> Result<JoinRequest, Failure> {
    let provenance = read_provenance(item)?;
    if provenance.cause == Cause::Api {
        return Err(item.unreadable(RULE, "a rule"));
    }
    Ok(JoinRequest {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        requested_at: item.timestamp(REQUESTED_AT)?,
        provenance,
        address: item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?,
    })
}

/// A removal mark as the attributes of its item. It is a whole item, so that nothing else of a
/// membership or a request remains.
pub(super) fn mark_attributes(
    organization: &OrganizationId,
    user: &UserId,
    mark: &Mark,
) -> Attributes {
    let Mark { removal, role_ids, addresses, others_remain } = mark;
    let mut attributes = removal_attributes(removal);
    attributes.extend(UserRank::new(UserList::Removed, removal.at, user).entry(organization));
    if let Some(role_ids) = role_ids {
        attributes.insert(HELD_ROLE_IDS.to_owned(), texts(role_ids));
    }
    if !addresses.is_empty() {
        attributes.insert(ADDRESS_DIGESTS.to_owned(), texts(addresses));
    }
    if *others_remain {
        attributes.insert(OTHERS_REMAIN.to_owned(), AttributeValue::Bool(true));
    }
    attributes
}

/// The removal mark in an item.
pub(super) fn read_mark(item: &Item<'_>) -> Result<Mark, Failure> {
    let held = |item: &Item<'_>| item.list(HELD_ROLE_IDS, OrganizationRoleId::parse);
    let role_ids = item.has(HELD_ROLE_IDS).then(|| held(item));
    let addresses = if item.has(ADDRESS_DIGESTS) {
        item.list(ADDRESS_DIGESTS, AddressDigest::parse)?
    } else {
        item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?.into_iter().collect()
    };
    Ok(Mark {
        removal: read_removal(item)?,
        role_ids: role_ids.transpose()?,
        addresses,
        others_remain: item.has(OTHERS_REMAIN),
    })
}

/// A removal as attributes of a mark: of a user, or of an address.
pub(super) fn removal_attributes(removal: &Removal) -> Attributes {
    let Removal { at, by, is_declined } = removal;
    let mut attributes = Attributes::from([(REMOVED_AT.to_owned(), timestamp(*at))]);
    put_caller(&mut attributes, REMOVED_BY, by.as_ref());
    if *is_declined {
        attributes.insert(DECLINED.to_owned(), AttributeValue::Bool(true));
    }
    attributes
}

/// The removal in a mark of a user, or of an address.
pub(super) fn read_removal(item: &Item<'_>) -> Result<Removal, Failure> {
    Ok(Removal {
        at: item.timestamp(REMOVED_AT)?,
        by: read_caller(item, REMOVED_BY)?,
        is_declined: item.flag(DECLINED)?,
    })
}

/// The cause of a membership.
fn read_cause(item: &Item<'_>) -> Result<Cause, Failure> {
    // Earlier versions did not write this attribute: an email domain was the only cause.
    let kind = item.optional(RULE, "a rule", |name| CauseKind::named(name).ok_or(()))?;
    let kind = match kind {
        Some(CauseKind::Api) => return Ok(Cause::Api),
        Some(CauseKind::Rule(kind)) => kind,
        None => RuleKind::EmailDomain,
    };
    let (attribute, expected) = value_attribute(kind);
    Ok(Cause::Rule(item.parsed(attribute, expected, |value| RuleKey::parse(kind, value))?))
}

/// The attribute with the value of the rule that caused a membership, and the expected form of the
/// value.
const fn value_attribute(kind: RuleKind) -> (&'static str, &'static str) {
    match kind {
        RuleKind::EmailDomain => ("emailDomain", "an email domain"),
        RuleKind::SsoConnector => ("ssoConnectorId", "the name of an identity provider"),
    }
}
