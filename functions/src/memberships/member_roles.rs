//! `/organizations/{organizationId}/users/{userId}/roles`: the roles of one member, and
//! `/organizations/{organizationId}/users/roles`: roles for several.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{MOST_REPLACED, Membership};
use shared::domain::organization::OrganizationRole;
use shared::http::{Acting, Action, FromPath, JsonBody, Paging, PathOf, Problem, audit, present};
use shared::store::Store;
use shared::{Error, Violation};
use utoipa::ToSchema;

use super::entities::AddedMemberRoles;
use super::write_all;
use crate::entities::RoleEntity;
use crate::named::Named;
use crate::roles::{NamedRoles, union};
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = MemberRoles, min_properties = 1)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>, inline, nullable = false)]
    organization_role_ids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleNameList>, inline, nullable = false)]
    organization_role_names: Option<Vec<String>>,
}

impl Body {
    fn roles(&self) -> Result<NamedRoles<'_>, Problem> {
        let Self { organization_role_ids: ids, organization_role_names: names } = self;
        NamedRoles::by_id_or_name(ids.as_deref(), names.as_deref())
    }
}

/// The body that [`schemas::RoleAssignment`] describes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Assignment {
    user_ids: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    organization_role_ids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    organization_role_names: Option<Vec<String>>,
}

impl Assignment {
    /// The roles, at least one.
    fn roles(&self) -> Result<NamedRoles<'_>, Problem> {
        let Self { organization_role_ids: ids, organization_role_names: names, .. } = self;
        let roles = NamedRoles::by_id_or_name(ids.as_deref(), names.as_deref())?;
        if roles.is_empty() { Err(Error::MemberRolesEmpty.into()) } else { Ok(roles) }
    }
}

/// Lists the roles of a member, by name.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/users/{userId}/roles",
    operation_id = "listMemberRoles",
    tag = "Members",
    params(Paging),
    responses((status = 200, description = "The roles.", body = [RoleEntity]), (status = 422)),
)]
pub(crate) async fn list_roles(
    State(store): State<Store>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    paging: Paging,
) -> Result<Response, Problem> {
    let membership = required_membership(&store, &organization, &user).await?;
    let roles = store.organization_roles_by_id(&membership.role_ids).await?;
    let mut roles: Vec<_> = roles.values().collect();
    roles.sort_by_cached_key(|role| role.name.folded());
    let entities: Vec<_> = roles.into_iter().map(RoleEntity::from).collect();
    Ok(paging.respond(&entities))
}

/// Assigns roles to a member.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/users/{userId}/roles",
    operation_id = "addMemberRoles",
    tag = "Members",
    request_body = Body,
    responses((status = 201, description = "Assigned.", body = AddedMemberRoles), (status = 422)),
)]
pub(crate) async fn add_roles(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    JsonBody(body): JsonBody<Body>,
) -> Result<(StatusCode, Json<AddedMemberRoles>), Problem> {
    let roles = body.roles()?;
    required_membership(&store, &organization, &user).await?;
    let added = roles.existing(Error::MemberRolesFull, &store).await?;
    let change = |held: &[_]| Ok(union(held, &added));
    let change = store.change_member_roles(&organization, &user, change).await?;
    log(Action::AddMemberRoles, &caller, &organization, &user, &change);
    let organization_role_ids = added.iter().map(OrganizationRoleId::to_string).collect();
    Ok((StatusCode::CREATED, Json(AddedMemberRoles { organization_role_ids })))
}

/// Replaces the roles of a member.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/users/{userId}/roles",
    operation_id = "replaceMemberRoles",
    tag = "Members",
    request_body = Body,
    responses((status = 204, description = "Replaced."), (status = 422)),
)]
pub(crate) async fn replace_roles(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    let roles = body.roles()?;
    required_membership(&store, &organization, &user).await?;
    let wanted = roles.existing(Error::MemberRolesFull, &store).await?;
    let change = |_: &[_]| Ok(wanted.clone());
    let change = store.change_member_roles(&organization, &user, change).await?;
    log(Action::ReplaceMemberRoles, &caller, &organization, &user, &change);
    Ok(StatusCode::NO_CONTENT)
}

/// A role in a path, which is looked at after the membership.
pub(crate) struct HeldRole(Result<OrganizationRoleId, String>);

impl FromPath for HeldRole {
    const PARAMETER: &'static str = OrganizationRoleId::PARAMETER;

    fn from_path(value: &str) -> Result<Self, Error> {
        Ok(Self(OrganizationRoleId::parse(value).map_err(|_| value.to_owned())))
    }
}

/// Removes a role from a member.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/users/{userId}/roles/{organizationRoleId}",
    operation_id = "removeMemberRole",
    tag = "Members",
    responses((status = 204, description = "Removed."), (status = 422)),
)]
pub(crate) async fn remove_role(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, user, HeldRole(role))): PathOf<(OrganizationId, UserId, HeldRole)>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let change = |held: &[OrganizationRoleId]| {
        let role = role.as_ref().map_err(|text| Error::OrganizationRoleNotFound(text.clone()))?;
        if held.contains(role) {
            Ok(held.iter().filter(|id| *id != role).cloned().collect())
        } else {
            Err(Error::MemberRoleNotFound(role.to_string()))
        }
    };
    let change = store.change_member_roles(&organization, &user, change).await?;
    log(Action::RemoveMemberRole, &caller, &organization, &user, &change);
    Ok(StatusCode::NO_CONTENT)
}

/// Assigns roles to several members.
///
/// All users must be members, and must have room for the roles. Each member is written separately.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/users/roles",
    operation_id = "assignMemberRoles",
    tag = "Members",
    request_body = schemas::RoleAssignment,
    responses((status = 201, description = "Assigned."), (status = 422)),
)]
pub(crate) async fn assign_roles(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Assignment>,
) -> Result<StatusCode, Problem> {
    let roles = body.roles()?;
    if body.user_ids.is_empty() {
        return Err(Error::UserIdsEmpty.into());
    }
    store.require_organization(&organization).await?;
    let members = members(&store, &organization, &body.user_ids).await?;
    let added = roles.existing(Error::MemberRolesFull, &store).await?;
    make_sure_of_room(&store, &members, &added).await?;
    let (changes, outcome) = assign_all(&store, &organization, members, &added).await;
    let users = changes.iter().map(|(user, _)| user);
    let all = changes.iter().fold(Vec::new(), |all, (_, change)| union(&all, &change.added));
    let change = ListChange { added: all, removed: Vec::new() };
    let line = audit(Action::AssignMemberRoles, &caller).organization(&organization);
    line.users(users).change(&change).log();
    outcome?;
    Ok(StatusCode::CREATED)
}

/// Assigns roles to members, each in its own transaction. Returns those whose roles have changed, also
/// if others could not be written.
async fn assign_all(
    store: &Store,
    organization: &OrganizationId,
    members: HashMap<UserId, Membership>,
    added: &[OrganizationRoleId],
) -> (Vec<(UserId, ListChange<OrganizationRoleId>)>, Result<(), Error>) {
    let assign = |user: UserId| async move {
        let change = |held: &[_]| Ok(union(held, added));
        match store.change_member_roles(organization, &user, change).await {
            Ok(change) if change == ListChange::default() => (Vec::new(), Ok(())),
            Ok(change) => (vec![(user, change)], Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        }
    };
    write_all(members.into_keys().map(|user| [user]), assign).await
}

/// Logs a change of the roles of one member.
fn log(
    action: Action,
    caller: &Caller,
    organization: &OrganizationId,
    user: &UserId,
    change: &ListChange<OrganizationRoleId>,
) {
    audit(action, caller).organization(organization).user(user).change(change).log();
}

/// The membership of a user. Fails if there is no such organization, or the user is not a member.
async fn required_membership(
    store: &Store,
    organization: &OrganizationId,
    user: &UserId,
) -> Result<Membership, Error> {
    store.require_organization(organization).await?;
    let membership = store.membership(organization, user).await?;
    membership.ok_or_else(|| Error::NotAMember(user.to_string()))
}

/// The memberships of the users in a body. Fails if one of them is not a member.
async fn members(
    store: &Store,
    organization: &OrganizationId,
    texts: &[String],
) -> Result<HashMap<UserId, Membership>, Error> {
    if texts.len() > MOST_REPLACED {
        return Err(Error::TooManyMembers);
    }
    let named = Named::parse("userIds", texts, UserId::parse);
    let members = store.memberships_of(organization, &named.each()).await?;
    named.all(|id| members.contains_key(id), Violation::not_a_member).map_err(Error::Invalid)?;
    Ok(members)
}

/// Fails if a member has no room for the roles, before any member gets them.
async fn make_sure_of_room(
    store: &Store,
    members: &HashMap<UserId, Membership>,
    added: &[OrganizationRoleId],
) -> Result<(), Error> {
    let ids: BTreeSet<_> = members.values().flat_map(|member| &member.role_ids).cloned().collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let roles = store.organization_roles_by_id(&ids).await?;
    let fits = |member: &Membership| {
        let held = member.role_ids.iter().filter(|id| roles.contains_key(id));
        let held: Vec<_> = held.cloned().collect();
        union(&held, added).len() <= OrganizationRole::MOST_IN_A_LIST
    };
    if members.values().all(fits) { Ok(()) } else { Err(Error::MemberRolesFull) }
}
