//! `DELETE /organizations/{organizationId}/jit/roles/{organizationRoleId}`

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::domain::caller::Caller;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::http::{Acting, Action, IfMatch, PathOf, Problem, audit, etag};
use shared::store::Store;
use shared::{Error, capabilities};

use crate::endpoints::endpoints;

capabilities! {
    /// The capabilities of `delete-default-role`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(delete);

/// Deletes a default role. Members keep it.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/jit/roles/{organizationRoleId}",
    operation_id = "deleteDefaultRole",
    tag = "Default roles",
    params(IfMatch),
    responses((status = 204, description = "Deleted.", headers(("ETag")))),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, role)): PathOf<(OrganizationId, OrganizationRoleId)>,
    IfMatch(precondition): IfMatch,
) -> Result<Response, Problem> {
    let change = |current: &[OrganizationRoleId]| {
        if current.contains(&role) {
            Ok(current.iter().filter(|id| **id != role).cloned().collect())
        } else {
            Err(Error::DefaultRoleNotFound(role.to_string()))
        }
    };
    let (version, change) =
        store.change_default_roles(&organization, &precondition, change).await?;
    audit(Action::DeleteDefaultRole, &caller).organization(&organization).change(&change).log();
    Ok((StatusCode::NO_CONTENT, [etag(version)]).into_response())
}
