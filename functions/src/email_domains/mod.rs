//! The email domains of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;
pub mod verify;
pub mod vouch;

use jiff::Timestamp;
use serde::Serialize;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::{Error, Violation};
use utoipa::ToSchema;

use crate::entities::Moment;
use crate::schemas;

/// An email domain that an organization lists.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailDomain)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailDomainEntity {
    #[schema(value_type = schemas::OrganizationId)]
    organization_id: String,
    #[schema(value_type = schemas::EmailDomainName)]
    email_domain: String,
    added_at: Moment,
}

impl EmailDomainEntity {
    fn new(organization: &OrganizationId, domain: &EmailDomain, added_at: Timestamp) -> Self {
        Self {
            organization_id: organization.to_string(),
            email_domain: domain.to_string(),
            added_at: Moment(added_at),
        }
    }
}

/// Turns an error about domains that too many organizations list into violations, with the places
/// of these domains in the request's body. Other errors stay unchanged.
fn crowded_at(error: Error, pointer: impl Fn(&EmailDomain) -> String) -> Error {
    let Error::EmailDomainsCrowded(domains) = error else { return error };
    let violation = |domain| Violation::too_many_organizations(pointer(domain), domain);
    Error::Invalid(domains.iter().map(violation).collect())
}

/// Parses the domain at a place of the request's body. Fails if this organization may not list it.
fn acceptable(
    text: &str,
    pointer: &str,
    organization: &OrganizationId,
    policy: &MailboxPolicy,
) -> Result<EmailDomain, Violation> {
    let domain =
        EmailDomain::parse(text).map_err(|error| Violation::email_domain(pointer, &error))?;
    match policy.admits(organization, &domain) {
        Ok(()) => Ok(domain),
        Err(public) => Err(Violation::public_domain(pointer, &domain, public)),
    }
}
