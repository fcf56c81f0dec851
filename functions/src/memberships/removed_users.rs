//! `/organizations/{organizationId}/removed-users`: the users who were removed from an organization.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shared::domain::caller::Caller;
use shared::domain::ids::{OrganizationId, UserId};
use shared::http::{Acting, Action, CursorPaging, PathOf, Problem, audit};
use shared::store::{Store, UserList, UserRank};

use super::entities::{RemovedUserEntity, of_removed_users};

/// Lists the users who were removed from an organization, or whose requests to join were declined, the
/// newest first.
///
/// They do not join by a rule again. Users who were added by hand again, or deleted, are not listed, and
/// neither are those whom an earlier release has removed.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/removed-users",
    operation_id = "listRemovedUsers",
    tag = "Members",
    params(CursorPaging),
    responses((status = 200, description = "A page of users.", body = [RemovedUserEntity])),
)]
pub(crate) async fn list_removed(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let start = paging.start(|cursor| UserRank::from_cursor(cursor, UserList::Removed))?;
    store.require_organization(&organization).await?;
    let page = store.removed_users(&organization, paging.page_size, start.as_ref()).await?;
    let entities = of_removed_users(&store, page.items).await?;
    Ok(paging.respond(&entities, page.next.as_ref().map(UserRank::cursor).as_deref()))
}

/// Clears the marks of a removed user, and of the addresses that were removed with the user, so that
/// rules count for them again.
///
/// The user does not become a member by this alone. Other accounts with the same address that were removed
/// too keep their own marks.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/removed-users/{userId}",
    operation_id = "clearRemovedUser",
    tag = "Members",
    responses((status = 204, description = "Cleared.")),
)]
pub(crate) async fn clear(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    store.clear_removal(&organization, &user).await?;
    audit(Action::ClearRemovedUser, &caller).organization(&organization).user(&user).log();
    Ok(StatusCode::NO_CONTENT)
}
