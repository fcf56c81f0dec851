//! `/organizations`: the customers of the product that uses Usher.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::ambient::organization_id;
use shared::domain::ids::OrganizationId;
use shared::domain::organization::{CustomData, Organization};
use shared::domain::text::{Description, Name};
use shared::http::{CursorPaging, JsonBody, PathOf, Problem, present};
use shared::store::{OrganizationChanges, OrganizationRank, Store};
use shared::{Clock, Error, Randomness, Violation, capabilities};
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::entities::Moment;
use crate::schemas;
use crate::values::{self, Checked, both};

/// How long a deletion may sweep the remaining items. After that it answers anyway: API Gateway
/// waits no longer than 30 seconds.
const SWEEP: Duration = Duration::from_secs(15);

#[derive(Deserialize, ToSchema)]
#[schema(as = NewOrganization)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Creation {
    #[serde(default)]
    #[schema(value_type = Option<schemas::OrganizationId>)]
    id: Option<String>,
    #[schema(value_type = schemas::Name)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::CustomData>, nullable = false)]
    custom_data: Option<Box<RawValue>>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OrganizationChanges)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Changes {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Name>, nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::CustomData>, nullable = false)]
    custom_data: Option<Box<RawValue>>,
}

/// An organization.
#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationEntity<'a> {
    #[schema(value_type = schemas::OrganizationId)]
    id: &'a str,
    #[schema(value_type = schemas::Name)]
    name: &'a str,
    #[schema(required, value_type = Option<schemas::Description>)]
    description: Option<&'a str>,
    #[schema(value_type = schemas::CustomData)]
    custom_data: &'a RawValue,
    created_at: Moment,
}

impl<'a> OrganizationEntity<'a> {
    fn new(organization: &'a Organization, custom_data: &'a CustomData) -> Self {
        Self {
            id: organization.id.as_str(),
            name: organization.name.as_str(),
            description: organization.description.as_ref().map(Description::as_str),
            custom_data: custom_data.as_raw(),
            created_at: Moment(organization.created_at),
        }
    }
}

capabilities! {
    /// The capabilities of `organizations`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
    }
}

endpoints!(create, list, get, update, delete);

/// Creates an organization.
///
/// You can send an id of your own. An id is never used twice.
#[utoipa::path(
    post,
    path = "/organizations",
    operation_id = "createOrganization",
    tag = "Organizations",
    request_body = Creation,
    responses((status = 201, description = "The organization.", body = OrganizationEntity), (status = 422)),
)]
pub(crate) async fn create(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(randomness): State<Randomness>,
    JsonBody(body): JsonBody<Creation>,
) -> Result<Response, Problem> {
    let texts = both(values::name(&body.name), values::description(body.description.as_deref()));
    let others = both(id(body.id.as_deref()), custom_data(body.custom_data));
    let ((name, description), (id, custom_data)) = both(texts, others).map_err(Error::Invalid)?;
    let created_at = clock.now();
    let id = id.unwrap_or_else(|| organization_id(created_at, &randomness));
    let organization = Organization { id, name, description, created_at };
    store.create_organization(&organization, custom_data.as_ref()).await?;
    let custom_data = custom_data.unwrap_or_default();
    let entity = OrganizationEntity::new(&organization, &custom_data);
    Ok((StatusCode::CREATED, Json(entity)).into_response())
}

/// Lists organizations by name, a page at a time.
#[utoipa::path(
    get,
    path = "/organizations",
    operation_id = "listOrganizations",
    tag = "Organizations",
    params(CursorPaging, ("q" = inline(Option<schemas::Search>), Query, description = "The beginning of the names. Case does not matter.")),
    responses((status = 200, description = "A page of organizations.", body = [OrganizationEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let asked = paging.other("q", Name::LONGEST, "request.invalid_search")?;
    let search = asked.unwrap_or_default();
    let start = paging.start(|cursor| OrganizationRank::parse(cursor, search))?;
    let page = store.list_organizations(search, paging.page_size, start.as_ref()).await?;
    let entities: Vec<_> = page
        .items
        .iter()
        .map(|(organization, custom_data)| OrganizationEntity::new(organization, custom_data))
        .collect();
    Ok(paging.respond(
        &entities,
        page.next.as_ref().map(OrganizationRank::as_str),
        &[("q", asked.filter(|text| !text.is_empty()))],
    ))
}

/// Reads an organization.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}",
    operation_id = "getOrganization",
    tag = "Organizations",
    responses((status = 200, description = "The organization.", body = OrganizationEntity)),
)]
pub(crate) async fn get(
    State(store): State<Store>,
    PathOf(id): PathOf<OrganizationId>,
) -> Result<Response, Problem> {
    let (organization, custom_data) = read(&store, &id).await?;
    Ok(Json(OrganizationEntity::new(&organization, &custom_data)).into_response())
}

/// Changes an organization. Omitted fields stay unchanged.
#[utoipa::path(
    patch,
    path = "/organizations/{organizationId}",
    operation_id = "updateOrganization",
    tag = "Organizations",
    request_body = Changes,
    responses((status = 200, description = "The organization after the change.", body = OrganizationEntity), (status = 422)),
)]
pub(crate) async fn update(
    State(store): State<Store>,
    PathOf(id): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Changes>,
) -> Result<Response, Problem> {
    let texts = values::changed_texts(body.name.as_deref(), body.description.as_ref());
    let ((name, description), custom_data) =
        both(texts, custom_data(body.custom_data)).map_err(Error::Invalid)?;
    let changes = OrganizationChanges { name, description, custom_data };
    store.update_organization(&id, &changes).await?;
    let (organization, custom_data) = read(&store, &id).await?;
    Ok(Json(OrganizationEntity::new(&organization, &custom_data)).into_response())
}

/// Deletes an organization, with its configuration and memberships.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}",
    operation_id = "deleteOrganization",
    tag = "Organizations",
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete(
    State(store): State<Store>,
    State(clock): State<Clock>,
    PathOf(id): PathOf<OrganizationId>,
) -> Result<StatusCode, Problem> {
    let domains = store.delete_organization(&id, clock.now()).await?;
    // The deletion is done. Readers ignore the items that the sweep does not reach.
    match tokio::time::timeout(SWEEP, store.sweep_organization(&id, &domains)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(organization = %id, %error, "sweep failed"),
        Err(_) => tracing::warn!(organization = %id, limit = ?SWEEP, "sweep not finished in time"),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn read(store: &Store, id: &OrganizationId) -> Result<(Organization, CustomData), Error> {
    let found = store.organization(id).await?;
    found.ok_or_else(|| Error::OrganizationNotFound(id.to_string()))
}

fn id(text: Option<&str>) -> Checked<Option<OrganizationId>> {
    let parsed = text.map(OrganizationId::parse).transpose();
    parsed.map_err(|error| vec![Violation::organization_id("/id", &error)])
}

fn custom_data(value: Option<Box<RawValue>>) -> Checked<Option<CustomData>> {
    let parsed = value.map(CustomData::parse).transpose();
    parsed.map_err(|error| vec![Violation::custom_data(error)])
}
