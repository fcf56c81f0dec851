//! `GET /organization-roles/{organizationRoleId}/usage`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::Clock;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::RoleUse;
use shared::http::{PathOf, Problem};
use shared::store::Store;
use utoipa::ToSchema;

use super::read;
use crate::schemas;

/// The most organizations that an answer lists.
const MOST_LISTED: usize = 100;

/// Where an organization role is used.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationRoleUsage)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageEntity {
    #[schema(value_type = schemas::HoldersCount)]
    users_count: usize,
    #[schema(value_type = schemas::UsingOrganizationsCount)]
    organizations_count: usize,
    /// Whether everything was counted. If not, the counts mean "at least".
    is_complete: bool,
    /// The first 100, by name.
    #[schema(max_items = 100)]
    organizations: Vec<UsingOrganization>,
}

/// An organization in which members hold a role, or which gives it to new members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsingOrganization {
    #[schema(value_type = schemas::OrganizationId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
    #[schema(value_type = schemas::HoldersCount)]
    users_count: usize,
    /// Whether it is one of the default roles.
    is_default_role: bool,
    /// Whether a rule of the organization gives it instead of the default roles: an email domain or an
    /// identity provider.
    is_rule_role: bool,
}

impl From<&RoleUse> for UsingOrganization {
    fn from(RoleUse { organization, users, is_default_role, is_rule_role }: &RoleUse) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.as_str().to_owned(),
            users_count: *users,
            is_default_role: *is_default_role,
            is_rule_role: *is_rule_role,
        }
    }
}

/// Counts the members who hold an organization role, and lists the organizations that use it.
///
/// It reads at most 1,000 organizations, by name, 10,000 of their rules and 10,000 memberships, and at most
/// for some seconds.
/// A member who has just joined or left may not be counted correctly yet.
#[utoipa::path(
    get,
    path = "/organization-roles/{organizationRoleId}/usage",
    operation_id = "getOrganizationRoleUsage",
    tag = "Organization roles",
    responses((status = 200, description = "The counts.", body = UsageEntity)),
)]
pub(crate) async fn get_usage(
    State(store): State<Store>,
    State(clock): State<Clock>,
    PathOf(id): PathOf<OrganizationRoleId>,
) -> Result<Json<UsageEntity>, Problem> {
    read(&store, &id).await?;
    let usage = store.role_usage(&id, &clock).await?;
    let listed = usage.organizations.iter().take(MOST_LISTED);
    Ok(Json(UsageEntity {
        users_count: usage.organizations.iter().map(|it| it.users).sum(),
        organizations_count: usage.organizations.len(),
        is_complete: usage.is_complete,
        organizations: listed.map(UsingOrganization::from).collect(),
    }))
}
