//! `/organizations/{organizationId}/users`: the members of an organization.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use shared::cognito::UserPool;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{MOST_REPLACED, Profile};
use shared::domain::user::User;
use shared::http::{CursorPaging, JsonBody, PathOf, Problem};
use shared::store::Store;
use shared::{Clock, Error, Violation};
use utoipa::ToSchema;

use super::AT_ONCE;
use super::entities::{MemberEntity, of_members};
use crate::named::Named;
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = UserIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[schema(value_type = schemas::UserIdList, inline)]
    user_ids: Vec<String>,
}

/// Lists the members of an organization, a page at a time.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/users",
    operation_id = "listMembers",
    tag = "Members",
    params(CursorPaging, ("organizationRoleId" = Option<schemas::OrganizationRoleId>, Query, description = "Only members who hold this role.")),
    responses((status = 200, description = "A page of members.", body = [MemberEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    const ROLE: &str = "organizationRoleId";

    let start = paging.start(|cursor| UserId::parse(cursor).ok())?;
    let asked = paging.other(ROLE, 64, "request.invalid_filter")?;
    let role = asked.map(OrganizationRoleId::parse).transpose().map_err(|error| {
        let detail = format!("`{ROLE}` is not the id of a role: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "request.invalid_filter", detail)
    })?;
    store.require_organization(&organization).await?;
    if let Some(role) = &role
        && store.organization_roles_by_id(std::slice::from_ref(role)).await?.is_empty()
    {
        // Memberships may still contain the id of a deleted role. It has no effect.
        return Ok(paging.respond::<MemberEntity>(&[], None, &[]));
    }
    let page =
        store.members(&organization, role.as_ref(), paging.page_size, start.as_ref()).await?;
    let entities = of_members(&store, page.items).await?;
    Ok(paging.respond(&entities, page.next.as_ref().map(UserId::as_str), &[(ROLE, asked)]))
}

/// Adds members by hand, and clears the marks of earlier removals.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/users",
    operation_id = "addMembers",
    tag = "Members",
    request_body = Body,
    responses((status = 201, description = "Added."), (status = 422)),
)]
pub(crate) async fn add(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let users = known(&store, &user_pool, &body).await?;
    join(&store, &organization, users, clock.now()).await?;
    Ok(StatusCode::CREATED)
}

/// Replaces the members of an organization. Members who stay keep their roles.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/users",
    operation_id = "replaceMembers",
    tag = "Members",
    request_body = Body,
    responses((status = 204, description = "Replaced."), (status = 422)),
)]
pub(crate) async fn replace(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let users = known(&store, &user_pool, &body).await?;
    let members = store.all_member_ids(&organization, MOST_REPLACED).await?;
    let members = members.filter(|_| users.len() <= MOST_REPLACED).ok_or(Error::TooManyMembers)?;
    let wanted: BTreeSet<_> = users.iter().map(|(id, _)| id.clone()).collect();
    let now = clock.now();
    let (store, organization) = (&store, &organization);
    let leaving = members.into_iter().filter(|id| !wanted.contains(id)).map(|id| async move {
        match store.remove_member(organization, &id, now).await {
            // Another request has removed the member, or the index lags behind.
            Err(Error::MembershipNotFound(_)) => Ok(()),
            outcome => outcome,
        }
    });
    stream::iter(leaving).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    join(store, organization, users, clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member, who stays removed until added by hand.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/users/{userId}",
    operation_id = "removeMember",
    tag = "Members",
    responses((status = 204, description = "Removed.")),
)]
pub(crate) async fn remove(
    State(store): State<Store>,
    State(clock): State<Clock>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    store.remove_member(&organization, &user, clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The users in a body, each once, with their profiles. A profile that is not stored comes from the
/// user pool.
async fn known(
    store: &Store,
    user_pool: &UserPool,
    body: &Body,
) -> Result<Vec<(UserId, Profile)>, Error> {
    if body.user_ids.len() > MOST_REPLACED {
        return Err(Error::TooManyMembers);
    }
    let named = Named::parse("userIds", &body.user_ids, UserId::parse);
    let ids = named.ids();
    let mut profiles = store.profiles(&ids).await?;
    let strangers: Vec<_> = ids.iter().filter(|id| !profiles.contains_key(id)).cloned().collect();
    let asked = strangers.into_iter().map(|id| async move {
        let user = user_pool.find(&id).await?;
        let profile = |user: User| Profile { email: user.email, user_name: user.user_name };
        Ok::<_, Error>(user.map(|found| (id, profile(found.user))))
    });
    let found: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
    profiles.extend(found.into_iter().flatten());
    named.all_in(&profiles, Violation::unknown_user)?;
    Ok(profiles.into_iter().collect())
}

/// Makes users members by hand, each in its own transaction. After an error, the request can be
/// repeated.
async fn join(
    store: &Store,
    organization: &OrganizationId,
    users: Vec<(UserId, Profile)>,
    at: Timestamp,
) -> Result<(), Error> {
    let joining = users.into_iter().map(|(id, profile)| async move {
        Ok::<_, Error>(store.add_member(organization, &id, &profile, at).await?)
    });
    stream::iter(joining).buffer_unordered(AT_ONCE).try_collect::<()>().await
}
