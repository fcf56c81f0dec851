//! `/organizations/{organizationId}/users/{userId}/roles`: the roles of one member, and
//! `/organizations/{organizationId}/users/roles`: roles for several.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::http::{JsonBody, PathOf, Problem, Routes};
use shared::{App, Error, Violation};

use crate::entities::RoleEntity;
use crate::paths::{MEMBER_ROLE, MEMBER_ROLES, MEMBERS_ROLES};
use crate::roles::{existing, union};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    organization_role_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assignment {
    user_ids: Vec<String>,
    organization_role_ids: Vec<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(Method::GET, MEMBER_ROLES, list)
        .route(Method::POST, MEMBER_ROLES, add)
        .route(Method::PUT, MEMBER_ROLES, replace)
        .route(Method::DELETE, MEMBER_ROLE, remove)
        .route(Method::POST, MEMBERS_ROLES, assign)
}

async fn list(
    State(app): State<App>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<Json<Vec<RoleEntity>>, Problem> {
    app.store.require_organization(&organization).await?;
    let membership = app.store.membership(&organization, &user).await?;
    let membership = membership.ok_or_else(|| Error::NotAMember(user.to_string()))?;
    let roles = app.store.organization_roles_by_id(&membership.role_ids).await?;
    let mut roles: Vec<_> = roles.values().collect();
    roles.sort_by_cached_key(|role| role.name.folded());
    Ok(Json(roles.into_iter().map(RoleEntity::from).collect()))
}

async fn add(
    State(app): State<App>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let added = existing(&body.organization_role_ids, Error::MemberRolesFull, &app.store).await?;
    let change = |held: &[_]| Ok(union(held, &added));
    app.store.change_member_roles(&organization, &user, change).await?;
    Ok(StatusCode::CREATED)
}

async fn replace(
    State(app): State<App>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let wanted = existing(&body.organization_role_ids, Error::MemberRolesFull, &app.store).await?;
    let change = |_: &[_]| Ok(wanted.clone());
    app.store.change_member_roles(&organization, &user, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<App>,
    PathOf((organization, user, role)): PathOf<(OrganizationId, UserId, OrganizationRoleId)>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let change = |held: &[OrganizationRoleId]| {
        if held.contains(&role) {
            Ok(held.iter().filter(|id| **id != role).cloned().collect())
        } else {
            Err(Error::MemberRoleNotFound(role.to_string()))
        }
    };
    app.store.change_member_roles(&organization, &user, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives several members several roles. All of them must be members; each is a write of its own.
async fn assign(
    State(app): State<App>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Assignment>,
) -> Result<StatusCode, Problem> {
    app.store.require_organization(&organization).await?;
    let added = existing(&body.organization_role_ids, Error::MemberRolesFull, &app.store).await?;
    let users = members(&app, &organization, &body.user_ids).await?;
    for user in &users {
        let change = |held: &[_]| Ok(union(held, &added));
        app.store.change_member_roles(&organization, user, change).await?;
    }
    Ok(StatusCode::CREATED)
}

/// The users that a body names; all of them are members.
async fn members(
    app: &App,
    organization: &OrganizationId,
    texts: &[String],
) -> Result<Vec<UserId>, Error> {
    let mut users = Vec::new();
    let mut violations = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let user = UserId::parse(text).ok();
        let membership = match &user {
            Some(user) => app.store.membership(organization, user).await?,
            None => None,
        };
        match (user, membership) {
            (Some(user), Some(_)) => users.push(user),
            _ => violations.push(Violation::not_a_member(format!("/userIds/{index}"), text)),
        }
    }
    if violations.is_empty() { Ok(users) } else { Err(Error::Invalid(violations)) }
}
