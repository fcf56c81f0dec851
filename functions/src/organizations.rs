//! `/organizations`: the customers of the product that uses Usher.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::ambient::organization_id;
use shared::domain::caller::Caller;
use shared::domain::custom_data::CustomData;
use shared::domain::ids::OrganizationId;
use shared::domain::organization::{Organization, OrganizationCounts};
use shared::domain::text::{Description, Name};
use shared::domain::version::Version;
use shared::failure::Failure;
use shared::http::{
    Acting, Action, CursorPaging, FromQuery, IfMatch, JsonBody, PathOf, Problem, QueryOf, audit,
    etag, present,
};
use shared::store::{DeletedOrganization, OrganizationChanges, OrganizationRank, Store};
use shared::{Clock, Error, Randomness, Violation, capabilities};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::endpoints::endpoints;
use crate::entities::Moment;
use crate::schemas;
use crate::values::{self, Checked, both, flag};

/// How long one request may sweep the remaining items of a deleted organization. After that it
/// answers, and the next request goes on: API Gateway waits no longer than 30 seconds.
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
    /// Only with `showCounts=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::UsersCount>, nullable = false)]
    users_count: Option<usize>,
    /// Only with `showCounts=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailDomainsCount>, nullable = false)]
    email_domains_count: Option<usize>,
}

impl<'a> OrganizationEntity<'a> {
    fn new(organization: &'a Organization, custom_data: &'a CustomData) -> Self {
        Self {
            id: organization.id.as_str(),
            name: organization.name.as_str(),
            description: organization.description.as_ref().map(Description::as_str),
            custom_data: custom_data.as_raw(),
            created_at: Moment(organization.created_at),
            users_count: None,
            email_domains_count: None,
        }
    }

    fn with_counts(self, counts: Option<OrganizationCounts>) -> Self {
        Self {
            users_count: counts.map(|counts| counts.users),
            email_domains_count: counts.map(|counts| counts.email_domains),
            ..self
        }
    }
}

/// The beginning of names, or an id.
#[derive(Debug)]
pub(crate) struct Search(String);

impl FromQuery for Search {
    const PARAMETER: &'static str = "q";
    const DESCRIPTION: &'static str = "The beginning of the names, in any case, or the exact id of an organization, which then comes first.";
    const LONGEST: usize = Name::LONGEST;
    const INVALID: &'static str = "request.invalid_search";

    fn from_query(value: &str) -> Result<Self, String> {
        Ok(Self(value.to_owned()))
    }
}

/// Whether the answer has counts.
#[derive(Debug)]
pub(crate) struct ShowCounts(bool);

impl FromQuery for ShowCounts {
    const PARAMETER: &'static str = "showCounts";
    const DESCRIPTION: &'static str = "Whether each organization also has `usersCount` and `emailDomainsCount`. A member who has just joined or left may not be counted yet.";
    const SHORTEST: usize = 4;
    const LONGEST: usize = 5;
    const PATTERN: &'static str = "^(true|false)$";
    const INVALID: &'static str = "request.invalid_flag";

    fn schema() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::Boolean)
    }

    fn from_query(value: &str) -> Result<Self, String> {
        flag(value).map(Self)
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
    responses((status = 201, description = "The organization.", body = OrganizationEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn create(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(randomness): State<Randomness>,
    caller: Caller,
    JsonBody(body): JsonBody<Creation>,
) -> Result<Response, Problem> {
    let texts = both(values::name(&body.name), values::description(body.description.as_deref()));
    let others = both(id(body.id.as_deref()), custom_data(body.custom_data));
    let ((name, description), (id, custom_data)) = both(texts, others).map_err(Error::Invalid)?;
    let created_at = clock.now();
    let id = id.unwrap_or_else(|| organization_id(created_at, &randomness));
    let organization = Organization { id, name, description, created_at };
    store.create_organization(&organization, custom_data.as_ref()).await?;
    audit(Action::CreateOrganization, &caller).organization(&organization.id).log();
    let custom_data = custom_data.unwrap_or_default();
    let entity = OrganizationEntity::new(&organization, &custom_data);
    Ok((StatusCode::CREATED, [etag(Version::FIRST)], Json(entity)).into_response())
}

/// Lists organizations by name, a page at a time.
#[utoipa::path(
    get,
    path = "/organizations",
    operation_id = "listOrganizations",
    tag = "Organizations",
    params(CursorPaging, QueryOf<Search>, QueryOf<ShowCounts>),
    responses((status = 200, description = "A page of organizations.", body = [OrganizationEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    QueryOf(search): QueryOf<Search>,
    QueryOf(show): QueryOf<ShowCounts>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let search = search.map_or_else(String::new, |Search(text)| text);
    let start = paging.start(|cursor| OrganizationRank::parse(cursor, &search))?;
    let page = store.list_organizations(&search, paging.page_size, start.as_ref()).await?;
    let ids: Vec<_> = page.items.iter().map(|(organization, _)| organization.id.clone()).collect();
    let counts = counts(&store, show, &ids).await?;
    let entities: Vec<_> = page
        .items
        .iter()
        .map(|(organization, custom_data)| {
            let counts = counts.as_ref().map(|counts| counts[&organization.id]);
            OrganizationEntity::new(organization, custom_data).with_counts(counts)
        })
        .collect();
    Ok(paging.respond(&entities, page.next.as_ref().map(OrganizationRank::as_str)))
}

/// Reads an organization.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}",
    operation_id = "getOrganization",
    tag = "Organizations",
    params(QueryOf<ShowCounts>),
    responses((status = 200, description = "The organization.", body = OrganizationEntity, headers(("ETag")))),
)]
pub(crate) async fn get(
    State(store): State<Store>,
    PathOf(id): PathOf<OrganizationId>,
    QueryOf(show): QueryOf<ShowCounts>,
) -> Result<Response, Problem> {
    let (organization, custom_data, version) = read(&store, &id).await?;
    let counts = counts(&store, show, std::slice::from_ref(&id)).await?;
    let counts = counts.map(|counts| counts[&id]);
    let entity = OrganizationEntity::new(&organization, &custom_data).with_counts(counts);
    Ok(([etag(version)], Json(entity)).into_response())
}

/// Changes an organization. Omitted fields stay unchanged.
#[utoipa::path(
    patch,
    path = "/organizations/{organizationId}",
    operation_id = "updateOrganization",
    tag = "Organizations",
    params(IfMatch),
    request_body = Changes,
    responses((status = 200, description = "The organization after the change.", body = OrganizationEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn update(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(id): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Changes>,
) -> Result<Response, Problem> {
    let texts = values::changed_texts(body.name.as_deref(), body.description.as_ref());
    let ((name, description), custom_data) =
        both(texts, custom_data(body.custom_data)).map_err(Error::Invalid)?;
    let changes = OrganizationChanges { name, description, custom_data };
    let updated = store.update_organization(&id, &changes, &precondition).await?;
    if updated.is_changed {
        audit(Action::UpdateOrganization, &caller).organization(&id).log();
    }
    let entity = OrganizationEntity::new(&updated.organization, &updated.custom_data);
    Ok(([etag(updated.version)], Json(entity)).into_response())
}

/// Deletes an organization, with its configuration and memberships.
///
/// The organization is gone at once. Very many memberships are deleted in several requests.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}",
    operation_id = "deleteOrganization",
    tag = "Organizations",
    params(IfMatch),
    responses((
        status = 204,
        description = "Deleted, now or earlier. With `Retry-After`, some of its items remain, which \
                       nobody can see. Repeat the request to delete them.",
        headers(("Retry-After" = u32, description = "Seconds to wait before the request is repeated. Only if items remain.")),
    )),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    PathOf(id): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
) -> Result<Response, Problem> {
    let line = || audit(Action::DeleteOrganization, &caller).organization(&id);
    let DeletedOrganization { is_new, unswept } =
        store.delete_organization(&id, clock.now(), &precondition).await?;
    if is_new {
        line().log();
    }
    // The deletion is done. Readers ignore the items that the sweep does not reach.
    let mut swept = 0;
    let sweep = store.sweep_organization(&id, &unswept, &mut swept);
    let sweep = tokio::time::timeout(SWEEP, sweep).await;
    if !is_new && swept > 0 {
        line().swept(swept).log();
    }
    match sweep {
        Ok(Ok(())) => return Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Err(error)) => tracing::warn!(organization = %id, %error, "sweep failed"),
        Err(_) => tracing::warn!(organization = %id, limit = ?SWEEP, "sweep not finished in time"),
    }
    let repeat = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
    Ok((StatusCode::NO_CONTENT, repeat).into_response())
}

async fn read(
    store: &Store,
    id: &OrganizationId,
) -> Result<(Organization, CustomData, Version), Error> {
    let found = store.organization(id).await?;
    found.ok_or_else(|| Error::OrganizationNotFound(id.to_string()))
}

/// The counts of each of these organizations, if the request asks for them.
async fn counts(
    store: &Store,
    show: Option<ShowCounts>,
    ids: &[OrganizationId],
) -> Result<Option<HashMap<OrganizationId, OrganizationCounts>>, Failure> {
    match show {
        Some(ShowCounts(true)) => store.organization_counts(ids).await.map(Some),
        Some(ShowCounts(false)) | None => Ok(None),
    }
}

fn id(text: Option<&str>) -> Checked<Option<OrganizationId>> {
    let parsed = text.map(OrganizationId::parse).transpose();
    parsed.map_err(|error| vec![Violation::organization_id("/id", &error)])
}

fn custom_data(value: Option<Box<RawValue>>) -> Checked<Option<CustomData>> {
    let parsed = value.map(CustomData::parse).transpose();
    parsed.map_err(|error| vec![Violation::custom_data(&error)])
}
