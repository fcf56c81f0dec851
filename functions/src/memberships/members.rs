//! `/organizations/{organizationId}/users`: the members of an organization.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{MOST_REPLACED, Profile};
use shared::http::{CursorPaging, JsonBody, PathOf, Problem, Routes};
use shared::{App, Error, Violation};
use utoipa::ToSchema;

use super::AT_ONCE;
use super::entities::{MemberEntity, of_members};
use crate::named::Named;
use crate::paths::{MEMBER, MEMBERS};

#[derive(Deserialize, ToSchema)]
#[schema(as = UserIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    user_ids: Vec<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(Method::GET, MEMBERS, list)
        .route(Method::POST, MEMBERS, add)
        .route(Method::PUT, MEMBERS, replace)
        .route(Method::DELETE, MEMBER, remove)
}

/// Lists the members of an organization, a page at a time.
#[utoipa::path(
    get,
    path = MEMBERS,
    operation_id = "listMembers",
    tag = "Members",
    params(CursorPaging, ("organizationRoleId" = Option<String>, Query, description = "Only members who hold this role.")),
    responses((status = 200, description = "A page of members.", body = [MemberEntity])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    const ROLE: &str = "organizationRoleId";

    let start = paging.start(|cursor| UserId::parse(cursor).ok())?;
    let asked = paging.other(ROLE, 64, "request.invalid_filter")?;
    let role = asked.map(OrganizationRoleId::parse).transpose().map_err(|error| {
        let detail = format!("`{ROLE}` is no id of a role: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "request.invalid_filter", detail)
    })?;
    app.store.require_organization(&organization).await?;
    if let Some(role) = &role
        && app.store.organization_roles_by_id(std::slice::from_ref(role)).await?.is_empty()
    {
        // Members may still hold the id of a deleted role; it means nothing.
        return Ok(paging.respond::<MemberEntity>(&[], None, &[]));
    }
    let page =
        app.store.members(&organization, role.as_ref(), paging.page_size, start.as_ref()).await?;
    let entities = of_members(&app.store, page.items).await?;
    Ok(paging.respond(&entities, page.next.as_ref().map(UserId::as_str), &[(ROLE, asked)]))
}

/// Adds members by hand. What an earlier removal left is cleared.
#[utoipa::path(
    post,
    path = MEMBERS,
    operation_id = "addMembers",
    tag = "Members",
    request_body = Body,
    responses((status = 201, description = "Added."), (status = 422)),
)]
pub(crate) async fn add(
    State(app): State<App>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let users = known(&app, &body).await?;
    join(&app, &organization, users).await?;
    Ok(StatusCode::CREATED)
}

/// Replaces the members of an organization. Who stays keeps the roles.
#[utoipa::path(
    put,
    path = MEMBERS,
    operation_id = "replaceMembers",
    tag = "Members",
    request_body = Body,
    responses((status = 204, description = "Replaced."), (status = 422)),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let users = known(&app, &body).await?;
    let members = app.store.all_member_ids(&organization, MOST_REPLACED).await?;
    let members = members.filter(|_| users.len() <= MOST_REPLACED).ok_or(Error::TooManyMembers)?;
    let wanted: BTreeSet<_> = users.iter().map(|(id, _)| id.clone()).collect();
    let now = app.clock.now();
    let (app, organization) = (&app, &organization);
    let leaving = members.into_iter().filter(|id| !wanted.contains(id)).map(|id| async move {
        match app.store.remove_member(organization, &id, now).await {
            // Somebody else was quicker, or the index lags behind.
            Err(Error::MembershipNotFound(_)) => Ok(()),
            outcome => outcome,
        }
    });
    stream::iter(leaving).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    join(app, organization, users).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member, who stays removed until added by hand.
#[utoipa::path(
    delete,
    path = MEMBER,
    operation_id = "removeMember",
    tag = "Members",
    responses((status = 204, description = "Removed.")),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    app.store.remove_member(&organization, &user, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The users that a body names, each once, with what is known of them: by their profile, or else by
/// the user pool.
async fn known(app: &App, body: &Body) -> Result<Vec<(UserId, Profile)>, Error> {
    if body.user_ids.len() > MOST_REPLACED {
        return Err(Error::TooManyMembers);
    }
    let named = Named::parse("userIds", &body.user_ids, UserId::parse);
    let ids = named.ids();
    let mut profiles = app.store.profiles(&ids).await?;
    let strangers: Vec<_> = ids.iter().filter(|id| !profiles.contains_key(id)).cloned().collect();
    let asked = strangers.into_iter().map(|id| async move {
        let user = app.directory.find(&id).await?;
        Ok::<_, Error>(
            user.map(|user| (id, Profile { email: user.email, user_name: Some(user.user_name) })),
        )
    });
    let found: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
    profiles.extend(found.into_iter().flatten());
    named.all_in(&profiles, Violation::unknown_user)?;
    Ok(profiles.into_iter().collect())
}

/// Makes users members by hand. Each is a transaction of its own: repeating goes on.
async fn join(
    app: &App,
    organization: &OrganizationId,
    users: Vec<(UserId, Profile)>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let joining = users.into_iter().map(|(id, profile)| async move {
        Ok::<_, Error>(app.store.add_member(organization, &id, &profile, now).await?)
    });
    stream::iter(joining).buffer_unordered(AT_ONCE).try_collect::<()>().await
}
