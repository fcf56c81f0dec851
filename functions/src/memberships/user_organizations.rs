//! `/users/{userId}/organizations`: what a user belongs to, and why.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use shared::domain::ids::UserId;
use shared::http::{PathOf, Problem, Routes};
use shared::store::Store;

use super::Needs;
use super::{MembershipEntity, of_user};
use crate::paths::USER_ORGANIZATIONS;

pub(super) fn routes() -> Routes<Needs> {
    Routes::new().route(Method::GET, USER_ORGANIZATIONS, list)
}

/// Lists what a user belongs to, and why.
#[utoipa::path(
    get,
    path = USER_ORGANIZATIONS,
    operation_id = "listUserOrganizations",
    tag = "Users",
    responses((status = 200, description = "The organizations, by name.", body = [MembershipEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(user): PathOf<UserId>,
) -> Result<Json<Vec<MembershipEntity>>, Problem> {
    let memberships = store.user_items(&user).await?.memberships;
    Ok(Json(of_user(&store, memberships).await?))
}
