//! `/users/{userId}/organizations`: the organizations of a user.

use axum::Json;
use axum::extract::State;
use shared::domain::ids::UserId;
use shared::http::{PathOf, Problem};
use shared::store::Store;

use super::{MembershipEntity, of_user};

/// Lists the organizations of a user, with the reason for each membership. The list can be empty.
#[utoipa::path(
    get,
    path = "/users/{userId}/organizations",
    operation_id = "listUserOrganizations",
    tag = "Users",
    responses((status = 200, description = "The organizations, by name.", body = [MembershipEntity])),
)]
pub(crate) async fn list_organizations(
    State(store): State<Store>,
    PathOf(user): PathOf<UserId>,
) -> Result<Json<Vec<MembershipEntity>>, Problem> {
    let memberships = store.user_items(&user).await?.complete()?.memberships;
    Ok(Json(of_user(&store, memberships).await?))
}
