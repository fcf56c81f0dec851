//! `GET /organizations/{organizationId}/jit/roles`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::domain::ids::OrganizationId;
use shared::http::{Paging, PathOf, Problem, etag};
use shared::store::Store;
use shared::{Error, capabilities};

use crate::endpoints::endpoints;
use crate::entities::RoleEntity;

capabilities! {
    /// The capabilities of `list-default-roles`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(list);

/// Lists the default roles of an organization, by name.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/jit/roles",
    operation_id = "listDefaultRoles",
    tag = "Default roles",
    params(Paging),
    responses((status = 200, description = "The roles.", body = [RoleEntity], headers(("ETag")))),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: Paging,
) -> Result<Response, Problem> {
    let list = store.default_roles(&organization).await?;
    let list = list.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
    let roles = store.organization_roles_by_id(&list.ids).await?;
    let mut roles: Vec<_> = roles.values().collect();
    roles.sort_by_cached_key(|role| role.name.folded());
    let entities: Vec<_> = roles.into_iter().map(RoleEntity::from).collect();
    Ok(([etag(list.version)], paging.respond(&entities)).into_response())
}
