//! `PUT /organizations/{organizationId}/jit/roles`

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::capabilities;
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationId;
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag};
use shared::store::Store;
use utoipa::ToSchema;

use super::existing;
use crate::endpoints::endpoints;
use crate::schemas;

capabilities! {
    /// The capabilities of `replace-default-roles`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(replace);

#[derive(Deserialize, ToSchema)]
#[schema(as = RoleIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Replacement {
    #[schema(value_type = schemas::OrganizationRoleIdList, inline)]
    organization_role_ids: Vec<String>,
}

/// Replaces the default roles of an organization.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/jit/roles",
    operation_id = "replaceDefaultRoles",
    tag = "Default roles",
    params(IfMatch),
    request_body = Replacement,
    responses((status = 204, description = "Replaced.", headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn replace(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Replacement>,
) -> Result<Response, Problem> {
    let wanted = existing(&body.organization_role_ids, &organization, &store).await?;
    let change = |_: &[_]| Ok(wanted.clone());
    let (version, change) =
        store.change_default_roles(&organization, &precondition, change).await?;
    audit(Action::ReplaceDefaultRoles, &caller).organization(&organization).change(&change).log();
    Ok((StatusCode::NO_CONTENT, [etag(version)]).into_response())
}
