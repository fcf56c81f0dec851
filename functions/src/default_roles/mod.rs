//! The default roles of an organization's JIT configuration.

pub mod add;
pub mod delete;
pub mod list;
pub mod replace;

use shared::Error;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::store::Store;

use crate::roles::NamedRoles;

/// The roles in a body, each once, in the order of the body. Fails if one of them does not exist.
/// If the organization does not exist either, the error says that instead.
async fn existing(
    ids: &[String],
    organization: &OrganizationId,
    store: &Store,
) -> Result<Vec<OrganizationRoleId>, Error> {
    NamedRoles::by_id(ids).existing_in(organization, Error::DefaultRolesFull, store).await
}
