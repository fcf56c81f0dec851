//! Settings of rules, in the bodies and entities of more than one function.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::rule::{Enrollment, Rule};
use shared::failure::Failure;
use shared::store::Store;
use utoipa::ToSchema;

use crate::entities::Roles;
use crate::roles::NamedRoles;

/// What a rule does for somebody who satisfies it: the user joins, asks to join, or nothing happens.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[schema(as = Enrollment)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EnrollmentName {
    Automatic,
    Request,
    Off,
}

impl From<EnrollmentName> for Enrollment {
    fn from(name: EnrollmentName) -> Self {
        match name {
            EnrollmentName::Automatic => Self::Automatic,
            EnrollmentName::Request => Self::Request,
            EnrollmentName::Off => Self::Off,
        }
    }
}

impl From<Enrollment> for EnrollmentName {
    fn from(enrollment: Enrollment) -> Self {
        match enrollment {
            Enrollment::Automatic => Self::Automatic,
            Enrollment::Request => Self::Request,
            Enrollment::Off => Self::Off,
        }
    }
}

/// The roles in the member `organizationRoleIds` of a rule, each once. `None` if the body does not have
/// it, `Some(None)` for null. Fails if one of them does not exist. If the organization does not exist
/// either, the error says that instead.
pub(crate) async fn roles_of_rule(
    ids: Option<Option<&[String]>>,
    organization: &OrganizationId,
    store: &Store,
) -> Result<Option<Option<Vec<OrganizationRoleId>>>, Error> {
    let Some(Some(ids)) = ids else { return Ok(ids.map(|_| None)) };
    let roles = NamedRoles::by_id(ids);
    let existing = roles.existing_in(organization, Error::RuleRolesFull, store).await?;
    Ok(Some(Some(existing)))
}

/// The roles that the settings of these rules name, without those that do not exist.
pub(crate) async fn roles_of_rules<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    store: &Store,
) -> Result<Roles, Failure> {
    let ids = rules.into_iter().flat_map(|rule| rule.settings.roles.iter().flatten());
    let ids: Vec<_> = ids.cloned().collect();
    store.organization_roles_by_id(&ids).await
}

/// The ids of the roles of a rule that still exist. `None` stands for the default roles.
pub(crate) fn existing_roles(rule: &Rule, roles: &Roles) -> Option<Vec<String>> {
    let ids = rule.settings.roles.as_ref()?;
    Some(ids.iter().filter(|id| roles.contains_key(id)).map(ToString::to_string).collect())
}
