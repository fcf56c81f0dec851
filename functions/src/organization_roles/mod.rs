//! `/organization-roles`: the roles that members can hold in any organization.

mod usage;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::ambient::organization_role_id;
use shared::domain::caller::Caller;
use shared::domain::characters::fold;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::organization::OrganizationRole;
use shared::domain::text::Name;
use shared::domain::version::Version;
use shared::http::{
    Acting, Action, FromQuery, IfMatch, JsonBody, Paging, PathOf, Problem, QueryOf, audit, etag,
    present,
};
use shared::store::{OrganizationRoleChanges, Store};
use shared::{Clock, Error, Randomness, capabilities};
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::entities::RoleEntity;
use crate::schemas;
use crate::values::{self, both};

#[derive(Deserialize, ToSchema)]
#[schema(as = NewOrganizationRole)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Creation {
    #[schema(value_type = schemas::Name)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OrganizationRoleChanges)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Changes {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Name>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<Option<String>>,
}

capabilities! {
    /// The capabilities of `organization-roles`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
    }
}

endpoints! {
    self::{create, list, get, update, delete},
    usage::{get_usage},
}

/// Creates an organization role. No two names may look alike.
#[utoipa::path(
    post,
    path = "/organization-roles",
    operation_id = "createOrganizationRole",
    tag = "Organization roles",
    request_body = Creation,
    responses((status = 201, description = "The role.", body = RoleEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn create(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(randomness): State<Randomness>,
    caller: Caller,
    JsonBody(body): JsonBody<Creation>,
) -> Result<Response, Problem> {
    let name = values::name(&body.name);
    let description = values::description(body.description.as_deref());
    let (name, description) = both(name, description).map_err(Error::Invalid)?;
    let created_at = clock.now();
    let id = organization_role_id(created_at, &randomness);
    let role = OrganizationRole { id, name, description, created_at };
    store.create_organization_role(&role).await?;
    audit(Action::CreateOrganizationRole, &caller).role(&role.id).log();
    let entity = Json(RoleEntity::from(&role));
    Ok((StatusCode::CREATED, [etag(Version::FIRST)], entity).into_response())
}

/// A part of names, folded.
#[derive(Debug)]
pub(crate) struct Part(String);

impl FromQuery for Part {
    const PARAMETER: &'static str = "q";
    const DESCRIPTION: &'static str = "A part of the names. Case does not matter.";
    const LONGEST: usize = Name::LONGEST;
    const INVALID: &'static str = "request.invalid_search";

    fn from_query(value: &str) -> Result<Self, String> {
        Ok(Self(fold(value)))
    }
}

/// Lists the organization roles, by name.
#[utoipa::path(
    get,
    path = "/organization-roles",
    operation_id = "listOrganizationRoles",
    tag = "Organization roles",
    params(Paging, QueryOf<Part>),
    responses((status = 200, description = "The roles.", body = [RoleEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    QueryOf(part): QueryOf<Part>,
    paging: Paging,
) -> Result<Response, Problem> {
    let part = part.map_or_else(String::new, |Part(folded)| folded);
    let roles = store.organization_roles().await?;
    let found = roles.iter().filter(|role| role.name.folded().contains(&part));
    let entities: Vec<_> = found.map(RoleEntity::from).collect();
    Ok(paging.respond(&entities))
}

/// Reads an organization role.
#[utoipa::path(
    get,
    path = "/organization-roles/{organizationRoleId}",
    operation_id = "getOrganizationRole",
    tag = "Organization roles",
    responses((status = 200, description = "The role.", body = RoleEntity, headers(("ETag")))),
)]
pub(crate) async fn get(
    State(store): State<Store>,
    PathOf(id): PathOf<OrganizationRoleId>,
) -> Result<Response, Problem> {
    let (role, version) = read(&store, &id).await?;
    Ok(([etag(version)], Json(RoleEntity::from(&role))).into_response())
}

/// Changes an organization role. Omitted fields stay unchanged.
#[utoipa::path(
    patch,
    path = "/organization-roles/{organizationRoleId}",
    operation_id = "updateOrganizationRole",
    tag = "Organization roles",
    params(IfMatch),
    request_body = Changes,
    responses((status = 200, description = "The role after the change.", body = RoleEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn update(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(id): PathOf<OrganizationRoleId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Changes>,
) -> Result<Response, Problem> {
    let texts = values::changed_texts(body.name.as_deref(), body.description.as_ref());
    let (name, description) = texts.map_err(Error::Invalid)?;
    let changes = OrganizationRoleChanges { name, description };
    let (role, version, is_changed) =
        store.update_organization_role(&id, &changes, &precondition).await?;
    if is_changed {
        audit(Action::UpdateOrganizationRole, &caller).role(&id).log();
    }
    Ok(([etag(version)], Json(RoleEntity::from(&role))).into_response())
}

/// Deletes an organization role. Members no longer hold it.
#[utoipa::path(
    delete,
    path = "/organization-roles/{organizationRoleId}",
    operation_id = "deleteOrganizationRole",
    tag = "Organization roles",
    params(IfMatch),
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(id): PathOf<OrganizationRoleId>,
    IfMatch(precondition): IfMatch,
) -> Result<StatusCode, Problem> {
    store.delete_organization_role(&id, &precondition).await?;
    audit(Action::DeleteOrganizationRole, &caller).role(&id).log();
    Ok(StatusCode::NO_CONTENT)
}

async fn read(
    store: &Store,
    id: &OrganizationRoleId,
) -> Result<(OrganizationRole, Version), Error> {
    let found = store.organization_role(id).await?;
    found.ok_or_else(|| Error::OrganizationRoleNotFound(id.to_string()))
}
