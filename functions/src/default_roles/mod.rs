//! The default roles of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;

use shared::Error;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::store::Store;

use crate::roles::{self, RoleIds};

/// The roles that a body names, each once, in its order; all of them exist. That the organization
/// is missing goes before anything that is wrong with them.
async fn existing(
    body: &RoleIds,
    organization: &OrganizationId,
    store: &Store,
) -> Result<Vec<OrganizationRoleId>, Error> {
    match roles::existing(&body.organization_role_ids, Error::DefaultRolesFull, store).await {
        Err(Error::Invalid(_) | Error::DefaultRolesFull)
            if store.default_roles(organization).await?.is_none() =>
        {
            Err(Error::OrganizationNotFound(organization.to_string()))
        }
        existing => existing,
    }
}
