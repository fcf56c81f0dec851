//! The email domains of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
mod ownership;
pub mod replace;
mod settings;
pub mod update;
pub mod verify;
pub mod vouch;

use jiff::Timestamp;
use serde::Serialize;
use shared::ambient::challenge_token;
use shared::domain::caller::Caller;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::DomainOwnership;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{Rule, RuleKey};
use shared::{Error, Randomness, Violation};
use utoipa::ToSchema;

pub(crate) use self::add::StricterOwnership;
use self::ownership::OwnershipEntity;
use crate::entities::{CallerEntity, Moment, Roles};
use crate::rules::{EnrollmentName, existing_roles};
use crate::schemas;

/// An email domain that an organization lists, with what the organization has decided about it.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailDomain)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailDomainEntity {
    #[schema(value_type = schemas::OrganizationId)]
    organization_id: String,
    #[schema(value_type = schemas::EmailDomainName)]
    email_domain: String,
    added_at: Moment,
    /// Who has added it. Null if that is not known.
    #[schema(required)]
    added_by: Option<CallerEntity>,
    /// What happens when somebody proves an address in the domain.
    enrollment: EnrollmentName,
    /// What happens when an account that was there before appears, without a fresh proof. Null means
    /// the same as `enrollment`.
    #[schema(required)]
    existing_users: Option<EnrollmentName>,
    /// The roles of those who join by the domain. Null means the organization's default roles.
    #[schema(required, value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Vec<String>>,
    /// Whether addresses in subdomains count too, at any depth.
    subdomains: bool,
    ownership: OwnershipEntity,
    /// How many other organizations list the domain: counted up to 50, which means "50 or more". Only
    /// with `showCounts=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::OtherOrganizationsCount>, nullable = false)]
    other_organizations_count: Option<usize>,
}

impl EmailDomainEntity {
    /// The entity of a rule. `roles` has the roles of its settings that exist.
    pub(crate) fn new(organization: &OrganizationId, rule: &Rule, roles: &Roles) -> Self {
        let RuleKey::EmailDomain(domain) = &rule.key else {
            unreachable!("the list of email domains has no rules of another kind")
        };
        Self {
            organization_id: organization.to_string(),
            email_domain: domain.to_string(),
            added_at: Moment(rule.added_at),
            added_by: rule.added_by.as_ref().map(CallerEntity::from),
            enrollment: rule.settings.enrollment.into(),
            existing_users: rule.settings.existing_users.map(EnrollmentName::from),
            organization_role_ids: existing_roles(rule, roles),
            subdomains: rule.settings.subdomains,
            ownership: OwnershipEntity::new(domain, &rule.ownership),
            other_organizations_count: None,
        }
    }
}

/// Makes new rules.
struct NewDomains<'a> {
    caller: &'a Caller,
    ownership: DomainOwnership,
    randomness: &'a Randomness,
}

impl NewDomains<'_> {
    /// A domain that is listed from this moment on, with a token of its own.
    fn rule(&self, key: RuleKey, at: Timestamp) -> Rule {
        Rule {
            added_by: self.caller.known(),
            ownership: self.ownership.begin(Some(challenge_token(self.randomness)), at),
            ..Rule::new(key, at)
        }
    }
}

/// Turns an error about domains that too many organizations list into violations, with the places
/// of these domains in the request's body, in the order of `named`: each domain of the body with its
/// place. Other errors stay unchanged.
fn crowded_at(error: Error, named: &[(EmailDomain, String)]) -> Error {
    let (crowded, violation): (_, fn(String, &EmailDomain) -> Violation) = match error {
        Error::EmailDomainsCrowded(domains) => (domains, Violation::too_many_organizations),
        Error::EmailDomainsClaimed(domains) => (domains, Violation::too_many_claims),
        error => return error,
    };
    let refused = named.iter().filter(|(domain, _)| crowded.contains(domain));
    let violation = |(domain, pointer): &(_, String)| violation(pointer.clone(), domain);
    Error::Invalid(refused.map(violation).collect())
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
