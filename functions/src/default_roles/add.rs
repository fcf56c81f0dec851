//! `POST /organizations/{organizationId}/jit/roles`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::domain::ids::OrganizationId;
use shared::http::{IfMatch, JsonBody, PathOf, Problem, etag};
use shared::store::Store;
use shared::{Error, capabilities};

use super::existing;
use crate::endpoints::endpoints;
use crate::roles::{RoleIds, union};

capabilities! {
    /// The capabilities of `add-default-roles`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(add);

/// Adds default roles. The present default roles stay.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/roles",
    operation_id = "addDefaultRoles",
    tag = "Default roles",
    params(IfMatch),
    request_body = RoleIds,
    responses((status = 201, description = "Added.", headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn add(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<RoleIds>,
) -> Result<Response, Problem> {
    if body.organization_role_ids.is_empty() {
        return Err(Error::DefaultRolesEmpty.into());
    }
    let added = existing(&body, &organization, &store).await?;
    let change = |current: &[_]| Ok(union(current, &added));
    let version = store.change_default_roles(&organization, &precondition, change).await?;
    Ok((StatusCode::CREATED, [etag(version)]).into_response())
}
