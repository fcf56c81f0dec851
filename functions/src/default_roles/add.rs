//! `POST /organizations/{organizationId}/jit/roles`

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationId;
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag};
use shared::store::Store;
use shared::{Error, capabilities};
use utoipa::ToSchema;

use super::existing;
use crate::endpoints::endpoints;
use crate::roles::union;
use crate::schemas;

capabilities! {
    /// The capabilities of `add-default-roles`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(add);

#[derive(Deserialize, ToSchema)]
#[schema(as = NewDefaultRoles)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Additions {
    #[schema(value_type = schemas::SomeOrganizationRoleIds, inline)]
    organization_role_ids: Vec<String>,
}

/// Adds default roles. The present default roles stay.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/roles",
    operation_id = "addDefaultRoles",
    tag = "Default roles",
    params(IfMatch),
    request_body = Additions,
    responses((status = 201, description = "Added.", headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn add(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Additions>,
) -> Result<Response, Problem> {
    if body.organization_role_ids.is_empty() {
        return Err(Error::DefaultRolesEmpty.into());
    }
    let added = existing(&body.organization_role_ids, &organization, &store).await?;
    let change = |current: &[_]| Ok(union(current, &added));
    let (version, change) =
        store.change_default_roles(&organization, &precondition, change).await?;
    audit(Action::AddDefaultRoles, &caller).organization(&organization).change(&change).log();
    Ok((StatusCode::CREATED, [etag(version)]).into_response())
}
