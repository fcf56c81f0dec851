//! Entities in the answers of more than one function.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::OrganizationRole;
use utoipa::ToSchema;

use crate::schemas;

/// A time: RFC 3339 in UTC, to the millisecond.
#[derive(ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-01T09:00:00.000Z")]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

/// The caller of a request: the app client and the subject of its access token.
#[derive(Serialize, ToSchema)]
#[schema(as = Caller)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallerEntity {
    #[schema(required, max_length = 129)]
    client_id: Option<String>,
    #[schema(required, max_length = 129)]
    subject: Option<String>,
}

impl From<&Caller> for CallerEntity {
    fn from(caller: &Caller) -> Self {
        let known = |part: &str| (part != Caller::NONE).then(|| part.to_owned());
        Self { client_id: known(caller.client_id()), subject: known(caller.subject()) }
    }
}

/// An organization role.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationRole)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleEntity {
    #[schema(value_type = schemas::OrganizationRoleId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
    #[schema(required, value_type = Option<schemas::Description>)]
    description: Option<String>,
    created_at: Moment,
}

impl From<&OrganizationRole> for RoleEntity {
    fn from(role: &OrganizationRole) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.as_str().to_owned(),
            description: role.description.as_ref().map(|text| text.as_str().to_owned()),
            created_at: Moment(role.created_at),
        }
    }
}

/// A role that a member holds, or would hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldRole {
    #[schema(value_type = schemas::OrganizationRoleId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
}

pub(crate) type Roles = HashMap<OrganizationRoleId, OrganizationRole>;

/// The roles with these ids, by name. Ids without a role are left out.
pub(crate) fn held_roles(ids: &[OrganizationRoleId], roles: &Roles) -> Vec<HeldRole> {
    let mut held: Vec<_> = ids.iter().filter_map(|id| roles.get(id)).collect();
    held.sort_by_cached_key(|role| role.name.folded());
    held.into_iter()
        .map(|role| HeldRole { id: role.id.to_string(), name: role.name.as_str().to_owned() })
        .collect()
}
