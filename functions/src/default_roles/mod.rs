//! The default roles of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;

use serde::Deserialize;
use shared::domain::ids::OrganizationRoleId;
use shared::store::Store;
use shared::{Error, Violation};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    organization_role_ids: Vec<String>,
}

/// The roles that a body names, each once, in its order; all of them exist.
async fn existing(body: &Body, store: &Store) -> Result<Vec<OrganizationRoleId>, Error> {
    let parsed: Vec<_> = body
        .organization_role_ids
        .iter()
        .map(|text| OrganizationRoleId::parse(text).ok())
        .collect();
    let named: Vec<_> = parsed.iter().flatten().cloned().collect();
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
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    Ok(union(&[], &named))
}

/// One list after the other, without what is there already.
fn union(ids: &[OrganizationRoleId], more: &[OrganizationRoleId]) -> Vec<OrganizationRoleId> {
    let mut all = ids.to_vec();
    for id in more {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}
