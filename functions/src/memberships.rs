//! `/users/{userId}/organizations`: what a user belongs to, and why.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use futures_util::future::try_join;
use serde::Serialize;
use shared::App;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::Membership;
use shared::domain::organization::{Organization, OrganizationRole};
use shared::http::{PathOf, Problem, Routes};

use crate::entities::Moment;
use crate::paths::MEMBERSHIPS;

/// An organization as one of its members sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MembershipEntity {
    id: String,
    name: String,
    description: Option<String>,
    organization_roles: Vec<HeldRole>,
    joined_at: Moment,
    provenance: ProvenanceEntity,
}

#[derive(Serialize)]
struct HeldRole {
    id: String,
    name: String,
}

/// Why the membership exists: which rule, which domain, by which entry path.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProvenanceEntity {
    rule: &'static str,
    email_domain: String,
    entry_path: &'static str,
}

/// The route of `memberships`.
pub fn routes() -> Routes {
    Routes::new().route(Method::GET, MEMBERSHIPS, list)
}

async fn list(
    State(app): State<App>,
    PathOf(user): PathOf<UserId>,
) -> Result<Json<Vec<MembershipEntity>>, Problem> {
    let memberships = app.store.user_items(&user).await?.memberships;
    let organization_ids: Vec<_> =
        memberships.iter().map(|membership| membership.organization_id.clone()).collect();
    let role_ids: Vec<_> =
        memberships.iter().flat_map(|membership| membership.role_ids.clone()).collect();
    let (organizations, roles) = try_join(
        app.store.organizations(&organization_ids),
        app.store.organization_roles_by_id(&role_ids),
    )
    .await?;
    Ok(Json(entities(memberships, organizations, &roles)))
}

/// The memberships in organizations that exist, by name, each with those roles that exist.
fn entities(
    memberships: Vec<Membership>,
    organizations: Vec<Organization>,
    roles: &HashMap<OrganizationRoleId, OrganizationRole>,
) -> Vec<MembershipEntity> {
    let mut organizations: HashMap<OrganizationId, Organization> = organizations
        .into_iter()
        .map(|organization| (organization.id.clone(), organization))
        .collect();
    let mut held: Vec<_> = memberships
        .into_iter()
        .filter_map(|membership| {
            let organization = organizations.remove(&membership.organization_id)?;
            Some((organization.name.folded(), membership, organization))
        })
        .collect();
    held.sort_by(|(a_name, _, a), (b_name, _, b)| (a_name, &a.id).cmp(&(b_name, &b.id)));
    held.into_iter()
        .map(|(_, membership, organization)| entity(&membership, &organization, roles))
        .collect()
}

fn entity(
    membership: &Membership,
    organization: &Organization,
    roles: &HashMap<OrganizationRoleId, OrganizationRole>,
) -> MembershipEntity {
    let mut held: Vec<_> = membership.role_ids.iter().filter_map(|id| roles.get(id)).collect();
    held.sort_by_cached_key(|role| role.name.folded());
    MembershipEntity {
        id: organization.id.to_string(),
        name: organization.name.as_str().to_owned(),
        description: organization.description.as_ref().map(|text| text.as_str().to_owned()),
        organization_roles: held
            .into_iter()
            .map(|role| HeldRole { id: role.id.to_string(), name: role.name.as_str().to_owned() })
            .collect(),
        joined_at: Moment(membership.joined_at),
        provenance: ProvenanceEntity {
            rule: "email_domain",
            email_domain: membership.provenance.email_domain.to_string(),
            entry_path: membership.provenance.entry_path.as_str(),
        },
    }
}
