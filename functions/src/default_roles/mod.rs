//! The default roles of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;

use std::collections::HashSet;

use serde::Deserialize;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::jit::DefaultRoles;
use shared::store::Store;
use shared::{Error, Violation};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    organization_role_ids: Vec<String>,
}

/// The roles that a body names, each once, in its order; all of them exist. That the organization
/// is missing goes before anything that is wrong with them.
async fn existing(
    body: &Body,
    organization: &OrganizationId,
    store: &Store,
) -> Result<Vec<OrganizationRoleId>, Error> {
    match named(body, store).await {
        Err(Error::Invalid(_) | Error::DefaultRolesFull)
            if store.default_roles(organization).await?.is_none() =>
        {
            Err(Error::OrganizationNotFound(organization.to_string()))
        }
        named => named,
    }
}

async fn named(body: &Body, store: &Store) -> Result<Vec<OrganizationRoleId>, Error> {
    let parsed: Vec<_> = body
        .organization_role_ids
        .iter()
        .map(|text| OrganizationRoleId::parse(text).ok())
        .collect();
    let mut seen = HashSet::new();
    let named: Vec<_> = parsed.iter().flatten().filter(|id| seen.insert(*id)).cloned().collect();
    // A body can name more roles than the table can look up in time, but no list holds them.
    if named.len() > DefaultRoles::MOST {
        return Err(Error::DefaultRolesFull);
    }
    let roles = store.organization_roles_by_id(&named).await?;
    let violations: Vec<_> = parsed
        .iter()
        .zip(&body.organization_role_ids)
        .enumerate()
        .filter(|(_, (id, _))| !id.as_ref().is_some_and(|id| roles.contains_key(id)))
        .map(|(index, (_, text))| {
            Violation::unknown_role(format!("/organizationRoleIds/{index}"), text)
        })
        .collect();
    if violations.is_empty() { Ok(named) } else { Err(Error::Invalid(violations)) }
}
