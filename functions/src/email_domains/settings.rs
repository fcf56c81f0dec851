//! The settings of an email domain in a request's body.

use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::is_public_mailbox;
use shared::domain::rule::{Enrollment, NewSettings};
use shared::store::Store;
use shared::{Error, Violation};

use crate::rules::{EnrollmentName, roles_of_rule};

/// The members of a body with the settings of a domain.
pub(super) struct SettingsOfBody<'a> {
    pub(super) enrollment: Option<EnrollmentName>,
    pub(super) existing_users: Option<Option<EnrollmentName>>,
    pub(super) organization_role_ids: Option<Option<&'a [String]>>,
    pub(super) subdomains: Option<bool>,
}

impl SettingsOfBody<'_> {
    /// The settings, checked for this domain. Fails with all violations.
    pub(super) async fn check(
        self,
        organization: &OrganizationId,
        domain: &EmailDomain,
        store: &Store,
    ) -> Result<NewSettings, Error> {
        let wrong =
            self.subdomains.filter(|wanted| *wanted).and_then(|_| without_subdomains(domain));
        let roles = roles_of_rule(self.organization_role_ids, organization, store).await;
        let roles = match (wrong, roles) {
            (None, roles) => roles?,
            (Some(wrong), Err(Error::Invalid(mut violations))) => {
                violations.push(wrong);
                return Err(Error::Invalid(violations));
            }
            (Some(_), Err(error)) => return Err(error),
            (Some(wrong), Ok(_)) => return Err(wrong.into()),
        };
        Ok(NewSettings {
            enrollment: self.enrollment.map(Enrollment::from),
            existing_users: self.existing_users.map(|it| it.map(Enrollment::from)),
            roles,
            subdomains: self.subdomains,
            addresses: None,
        })
    }
}

/// Why the subdomains of a domain cannot count too, if they cannot.
fn without_subdomains(domain: &EmailDomain) -> Option<Violation> {
    const POINTER: &str = "/subdomains";

    if is_public_mailbox(domain) || domain.is_public_suffix() {
        Some(Violation::subdomains_of_public(POINTER, domain))
    } else if domain.as_str().split('.').count() > EmailDomain::MOST_LABELS_WITH_SUBDOMAINS {
        Some(Violation::subdomains_too_deep(POINTER, domain))
    } else {
        None
    }
}
