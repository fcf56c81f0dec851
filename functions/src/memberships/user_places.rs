//! `/users/{userId}/join-requests` and `/users/{userId}/removals`: where a user asks to be a member, and
//! where the user is not to become one.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::domain::ids::UserId;
use shared::domain::rule::value_by_kind;
use shared::http::{PathOf, Problem};
use shared::store::{Store, UserRemoval};
use utoipa::ToSchema;

use super::entities::named_organizations;
use crate::entities::{CallerEntity, HeldRole, Moment, held_roles};
use crate::schemas;

/// An organization that a user asks to be a member of, with the rule that lets the user ask.
#[derive(Serialize, ToSchema)]
#[schema(as = UserJoinRequest)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserJoinRequestEntity {
    #[schema(value_type = schemas::OrganizationId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
    #[schema(value_type = schemas::RuleKind, inline)]
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailDomainName>, nullable = false)]
    email_domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::SsoConnectorId>, nullable = false)]
    sso_connector_id: Option<String>,
    requested_at: Moment,
}

/// An organization that a user was removed from, or that declined the user's request. `removedBy` is null
/// if it is not known.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRemoval)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserRemovalEntity {
    #[schema(value_type = schemas::OrganizationId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
    removed_at: Moment,
    #[schema(required)]
    removed_by: Option<CallerEntity>,
    /// Whether the user was not a member, but had asked to be one.
    declined: bool,
    /// The roles that the user held, without those that were deleted since.
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
}

/// Lists the organizations that a user asks to be a member of. The list can be empty.
#[utoipa::path(
    get,
    path = "/users/{userId}/join-requests",
    operation_id = "listUserJoinRequests",
    tag = "Users",
    responses((status = 200, description = "The requests, by the organization's name.", body = [UserJoinRequestEntity])),
)]
pub(crate) async fn list_requests(
    State(store): State<Store>,
    PathOf(user): PathOf<UserId>,
) -> Result<Json<Vec<UserJoinRequestEntity>>, Problem> {
    let items = store.user_items(&user).await?.complete()?;
    let requests = if items.deleted { Vec::new() } else { items.requests };
    let requests =
        named_organizations(&store, requests, |request| &request.organization_id).await?;
    let entities = requests.into_iter().map(|(organization, request)| {
        let cause = request.provenance.cause;
        let (email_domain, sso_connector_id) = value_by_kind(cause.rule());
        UserJoinRequestEntity {
            id: organization.id.to_string(),
            name: organization.name.as_str().to_owned(),
            rule: cause.kind().as_str(),
            email_domain,
            sso_connector_id,
            requested_at: Moment(request.requested_at),
        }
    });
    Ok(Json(entities.collect()))
}

/// Lists the organizations that a user was removed from, or that declined the user's request. The user does
/// not join them by a rule. The list can be empty. Those whose marks an address or an identity has, without
/// the user, are not listed.
#[utoipa::path(
    get,
    path = "/users/{userId}/removals",
    operation_id = "listUserRemovals",
    tag = "Users",
    responses((status = 200, description = "The removals, by the organization's name.", body = [UserRemovalEntity])),
)]
pub(crate) async fn list_removals(
    State(store): State<Store>,
    PathOf(user): PathOf<UserId>,
) -> Result<Json<Vec<UserRemovalEntity>>, Problem> {
    let removals = store.user_removals(&user).await?;
    let role_ids: Vec<_> = removals.iter().flat_map(|it| it.role_ids.clone()).collect();
    let roles = store.organization_roles_by_id(&role_ids).await?;
    let removals =
        named_organizations(&store, removals, |removal| &removal.organization_id).await?;
    let entities =
        removals.into_iter().map(|(organization, UserRemoval { removal, role_ids, .. })| {
            UserRemovalEntity {
                id: organization.id.to_string(),
                name: organization.name.as_str().to_owned(),
                removed_at: Moment(removal.at),
                removed_by: removal.by.as_ref().map(CallerEntity::from),
                declined: removal.is_declined,
                organization_roles: held_roles(&role_ids, &roles),
            }
        });
    Ok(Json(entities.collect()))
}
