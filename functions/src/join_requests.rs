//! `/organizations/{organizationId}/join-requests`: the users who have asked to become members of an
//! organization.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::rule::value_by_kind;
use shared::http::{Acting, Action, CursorPaging, JsonBody, PathOf, Problem, audit, present};
use shared::store::{Approved, Removal, Requester, Store, UserList, UserRank};
use shared::{Clock, Error, capabilities};
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::entities::Moment;
use crate::memberships::{MemberEntity, of_members};
use crate::roles::NamedRoles;
use crate::schemas;

capabilities! {
    /// The capabilities of `join-requests`.
    pub struct Needs {
        store: Store,
        clock: Clock,
    }
}

endpoints!(list, approve, decline);

/// A user who has asked to become a member, with the rule that lets the user ask. `primaryEmail` is the
/// address that the user proved last, and null if the user has proven none.
#[derive(Serialize, ToSchema)]
#[schema(as = JoinRequest)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinRequestEntity {
    #[schema(value_type = schemas::UserId)]
    user_id: String,
    #[schema(required, value_type = Option<schemas::EmailAddress>)]
    primary_email: Option<String>,
    #[schema(required, value_type = Option<schemas::Username>)]
    username: Option<String>,
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

impl From<Requester> for JoinRequestEntity {
    fn from(Requester { rank, request, profile }: Requester) -> Self {
        let cause = request.provenance.cause;
        let (email_domain, sso_connector_id) = value_by_kind(cause.rule());
        Self {
            user_id: rank.user().to_string(),
            primary_email: profile.as_ref().and_then(|profile| profile.email.clone()),
            username: profile.and_then(|profile| profile.user_name),
            rule: cause.kind().as_str(),
            email_domain,
            sso_connector_id,
            requested_at: Moment(request.requested_at),
        }
    }
}

/// The roles of the new member. Without them, the member gets those of the rule that the user has asked
/// by, or the default roles of the organization.
#[derive(Deserialize, ToSchema)]
#[schema(as = JoinRequestApproval)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Approval {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>, inline, nullable = false)]
    organization_role_ids: Option<Vec<String>>,
}

/// Lists the users who have asked to become members of an organization, the oldest request first.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/join-requests",
    operation_id = "listJoinRequests",
    tag = "Join requests",
    params(CursorPaging),
    responses((status = 200, description = "A page of requests.", body = [JoinRequestEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let start = paging.start(|cursor| UserRank::from_cursor(cursor, UserList::Requests))?;
    store.require_organization(&organization).await?;
    let page = store.join_requests(&organization, paging.page_size, start.as_ref()).await?;
    let entities: Vec<_> = page.items.into_iter().map(JoinRequestEntity::from).collect();
    Ok(paging.respond(&entities, page.next.as_ref().map(UserRank::cursor).as_deref()))
}

/// Approves a request to join: the user becomes a member.
///
/// A user who is a member already stays as is, also the roles.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/join-requests/{userId}/approve",
    operation_id = "approveJoinRequest",
    tag = "Join requests",
    request_body = Approval,
    responses((status = 200, description = "The member.", body = MemberEntity), (status = 422)),
)]
pub(crate) async fn approve(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    JsonBody(body): JsonBody<Approval>,
) -> Result<Json<MemberEntity>, Problem> {
    store.require_organization(&organization).await?;
    let roles = match &body.organization_role_ids {
        Some(ids) => Some(NamedRoles::by_id(ids).existing(Error::MemberRolesFull, &store).await?),
        None => None,
    };
    let now = clock.now();
    let approved =
        store.approve_request(&organization, &user, roles.as_deref(), &caller, now).await?;
    let Approved { member, is_new } = approved;
    if is_new {
        let line = audit(Action::ApproveJoinRequest, &caller).organization(&organization);
        line.user(&user).roles(&member.membership.role_ids).log();
    }
    let mut entities = of_members(&store, vec![member]).await?;
    Ok(Json(entities.remove(0)))
}

/// Declines a request to join. The user does not join by a rule, and asks no more, until an administrator
/// adds the user by hand or clears the mark.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/join-requests/{userId}/decline",
    operation_id = "declineJoinRequest",
    tag = "Join requests",
    responses((status = 204, description = "Declined."), (status = 422)),
)]
pub(crate) async fn decline(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let mut change = ListChange::default();
    let removal = Removal::of_request(&caller, clock.now());
    let ended = &mut change.removed;
    let outcome = store.decline_request(&organization, &user, &removal, ended).await;
    let line = audit(Action::DeclineJoinRequest, &caller).organization(&organization);
    line.user(&user).change(&change).log();
    outcome?;
    Ok(StatusCode::NO_CONTENT)
}
