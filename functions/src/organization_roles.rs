//! `/organization-roles`: the roles that members can hold in any organization.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::ambient::organization_role_id;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::OrganizationRole;
use shared::http::{JsonBody, Paging, PathOf, Problem, Routes, present};
use shared::store::OrganizationRoleChanges;
use shared::{App, Error};

use crate::entities::RoleEntity;
use crate::paths::{ORGANIZATION_ROLE, ORGANIZATION_ROLES};
use crate::values::{self, both};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Creation {
    name: String,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
}

/// The routes of `organization-roles`.
pub fn routes() -> Routes {
    Routes::new()
        .route(Method::POST, ORGANIZATION_ROLES, create)
        .route(Method::GET, ORGANIZATION_ROLES, list)
        .route(Method::GET, ORGANIZATION_ROLE, get)
        .route(Method::PATCH, ORGANIZATION_ROLE, update)
        .route(Method::DELETE, ORGANIZATION_ROLE, delete)
}

async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<Creation>,
) -> Result<Response, Problem> {
    let name = values::name(&body.name);
    let description = values::description(body.description.as_deref());
    let (name, description) = both(name, description).map_err(Error::Invalid)?;
    let created_at = app.clock.now();
    let id = organization_role_id(created_at, &app.randomness);
    let role = OrganizationRole { id, name, description, created_at };
    app.store.create_organization_role(&role).await?;
    Ok((StatusCode::CREATED, Json(RoleEntity::from(&role))).into_response())
}

async fn list(State(app): State<App>, paging: Paging) -> Result<Response, Problem> {
    let roles = app.store.organization_roles().await?;
    let entities: Vec<_> = roles.iter().map(RoleEntity::from).collect();
    Ok(paging.respond(&entities))
}

async fn get(
    State(app): State<App>,
    PathOf(id): PathOf<OrganizationRoleId>,
) -> Result<Json<RoleEntity>, Problem> {
    let role = app.store.organization_role(&id).await?;
    let role = role.ok_or_else(|| Error::OrganizationRoleNotFound(id.to_string()))?;
    Ok(Json(RoleEntity::from(&role)))
}

async fn update(
    State(app): State<App>,
    PathOf(id): PathOf<OrganizationRoleId>,
    JsonBody(body): JsonBody<Changes>,
) -> Result<Json<RoleEntity>, Problem> {
    let texts = values::changed_texts(body.name.as_deref(), body.description.as_ref());
    let (name, description) = texts.map_err(Error::Invalid)?;
    let changes = OrganizationRoleChanges { name, description };
    let role = app.store.update_organization_role(&id, &changes).await?;
    Ok(Json(RoleEntity::from(&role)))
}

async fn delete(
    State(app): State<App>,
    PathOf(id): PathOf<OrganizationRoleId>,
) -> Result<StatusCode, Problem> {
    app.store.delete_organization_role(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
