//! Lists of organization roles in request bodies.

use serde::Deserialize;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::OrganizationRole;
use shared::store::Store;
use shared::{Error, Violation};
use utoipa::ToSchema;

use crate::named::Named;
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoleIds {
    #[schema(value_type = schemas::OrganizationRoleIdList, inline)]
    pub(crate) organization_role_ids: Vec<String>,
}

/// The roles in the list `organizationRoleIds` of a body, each once, in the order of the body.
///
/// Fails if one of them does not exist. More roles than a list may hold are the error `too_many`.
/// They are not looked up, since a body can have more roles than the table can find in time.
pub(crate) async fn existing(
    texts: &[String],
    too_many: Error,
    store: &Store,
) -> Result<Vec<OrganizationRoleId>, Error> {
    if texts.len() > OrganizationRole::MOST_IN_A_LIST {
        return Err(too_many);
    }
    let named = Named::parse("organizationRoleIds", texts, OrganizationRoleId::parse);
    let ids = named.ids();
    let roles = store.organization_roles_by_id(&ids).await?;
    named.all_in(&roles, Violation::unknown_role)?;
    Ok(ids)
}

/// The first list, followed by those ids of the second that are not in it.
pub(crate) fn union(
    ids: &[OrganizationRoleId],
    more: &[OrganizationRoleId],
) -> Vec<OrganizationRoleId> {
    let mut all = ids.to_vec();
    for id in more {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}
