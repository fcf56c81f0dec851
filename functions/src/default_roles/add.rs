//! `POST /organizations/{organizationId}/jit/roles`

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::domain::ids::OrganizationId;
use shared::http::{IfMatch, JsonBody, PathOf, Problem, Routes, etag};
use shared::{App, Error};

use super::{Body, existing};
use crate::paths::DEFAULT_ROLES;
use crate::roles::union;

/// The route of `add-default-roles`.
pub fn routes() -> Routes {
    Routes::new().route(Method::POST, DEFAULT_ROLES, add)
}

async fn add(
    State(app): State<App>,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    if body.organization_role_ids.is_empty() {
        return Err(Error::DefaultRolesEmpty.into());
    }
    let added = existing(&body, &organization, &app.store).await?;
    let change = |current: &[_]| Ok(union(current, &added));
    let version = app.store.change_default_roles(&organization, &precondition, change).await?;
    Ok((StatusCode::CREATED, [etag(version)]).into_response())
}
