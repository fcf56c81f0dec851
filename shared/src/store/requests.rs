//! Requests to join: their form in the table.
//!
//! A request stands in the place of a membership, so a user is a member, asks to be one, or was
//! removed, and never two of these.

use std::collections::HashMap;

use jiff::Timestamp;

use super::item::{Attributes, Item, text, timestamp};
use super::keys;
use super::memberships::{ADDRESS_DIGEST, provenance_attributes, read_provenance};
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::JoinRequest;
use crate::failure::Failure;

/// The attribute that makes an item a request.
pub(super) const REQUESTED_AT: &str = "requestedAt";

/// A request as the attributes of its item.
pub(super) fn request_attributes(user: &UserId, request: &JoinRequest) -> Attributes {
    let JoinRequest { organization_id, requested_at, provenance, address } = request;
    let mut attributes = provenance_attributes(provenance);
    attributes.extend(HashMap::from([
        (REQUESTED_AT.to_owned(), timestamp(*requested_at)),
        (keys::GSI1_PK.to_owned(), text(keys::organization_partition(organization_id))),
        (keys::GSI1_SK.to_owned(), text(keys::request_entry(milliseconds(*requested_at), user))),
    ]));
    if let Some(address) = address {
        attributes.insert(ADDRESS_DIGEST.to_owned(), text(address.as_str()));
    }
    attributes
}

/// The request in an item.
pub(super) fn read_request(item: &Item<'_>) -> Result<JoinRequest, Failure> {
    Ok(JoinRequest {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        requested_at: item.timestamp(REQUESTED_AT)?,
        provenance: read_provenance(item)?,
        address: item.optional(ADDRESS_DIGEST, "a digest", AddressDigest::parse)?,
    })
}

fn milliseconds(at: Timestamp) -> i64 {
    at.as_millisecond().max(0)
}
