//! Lists of organization roles, as request bodies name them.

use std::collections::HashSet;

use serde::Deserialize;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::OrganizationRole;
use shared::store::Store;
use shared::{Error, Violation};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoleIds {
    pub(crate) organization_role_ids: Vec<String>,
}

/// The roles that the member `organizationRoleIds` of a body names, each once, in its order; all of
/// them exist. More than any list holds are `too_many`, and are not even looked up: a body can name
/// more than the table can find in time.
pub(crate) async fn existing(
    texts: &[String],
    too_many: Error,
    store: &Store,
) -> Result<Vec<OrganizationRoleId>, Error> {
    let parsed: Vec<_> = texts.iter().map(|text| OrganizationRoleId::parse(text).ok()).collect();
    let mut seen = HashSet::new();
    let named: Vec<_> = parsed.iter().flatten().filter(|id| seen.insert(*id)).cloned().collect();
    if named.len() > OrganizationRole::MOST_IN_A_LIST {
        return Err(too_many);
    }
    let roles = store.organization_roles_by_id(&named).await?;
    let violations: Vec<_> = parsed
        .iter()
        .zip(texts)
        .enumerate()
        .filter(|(_, (id, _))| !id.as_ref().is_some_and(|id| roles.contains_key(id)))
        .map(|(index, (_, text))| {
            Violation::unknown_role(format!("/organizationRoleIds/{index}"), text)
        })
        .collect();
    if violations.is_empty() { Ok(named) } else { Err(Error::Invalid(violations)) }
}

/// One list after the other, without what is there already.
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
