//! `/organizations/{organizationId}/removed-users`: the users who were removed from an organization.

use axum::extract::State;
use axum::response::Response;
use shared::domain::ids::OrganizationId;
use shared::http::{CursorPaging, PathOf, Problem};
use shared::store::{Store, UserList, UserRank};

use super::entities::RemovedUserEntity;

/// Lists the users who were removed from an organization, the newest first.
///
/// They do not join by an email domain again. Users who were added by hand again, or deleted, are not
/// listed, and neither are those whom an earlier release has removed.
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
    let entities: Vec<_> = page.items.into_iter().map(RemovedUserEntity::from).collect();
    Ok(paging.respond(&entities, page.next.as_ref().map(UserRank::cursor).as_deref()))
}
