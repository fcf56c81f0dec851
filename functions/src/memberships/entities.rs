//! Entities in answers about memberships.

use std::collections::HashMap;

use futures_util::future::try_join;
use serde::Serialize;
use shared::domain::ids::OrganizationId;
use shared::domain::membership::{CauseKind, EntryPath, Membership, Provenance};
use shared::domain::organization::Organization;
use shared::domain::rule::{RuleKind, value_by_kind};
use shared::failure::Failure;
use shared::store::{Member, RemovedUser, Store};
use utoipa::ToSchema;

use crate::entities::{CallerEntity, HeldRole, Moment, held_roles};
use crate::schemas;

/// An organization of a user, with the user's membership.
#[derive(Serialize, ToSchema)]
#[schema(as = UserOrganization)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MembershipEntity {
    #[schema(value_type = schemas::OrganizationId)]
    id: String,
    #[schema(value_type = schemas::Name)]
    name: String,
    #[schema(required, value_type = Option<schemas::Description>)]
    description: Option<String>,
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
    joined_at: Moment,
    provenance: ProvenanceEntity,
}

/// A member of an organization. `primaryEmail` is the address that the user proved last, and null if
/// the user has proven none.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberEntity {
    #[schema(value_type = schemas::UserId)]
    id: String,
    #[schema(required, value_type = Option<schemas::EmailAddress>)]
    primary_email: Option<String>,
    #[schema(required, value_type = Option<schemas::Username>)]
    username: Option<String>,
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
    joined_at: Moment,
    provenance: ProvenanceEntity,
}

/// A user who was removed from an organization, or whose request to join was declined. `primaryEmail` is
/// the address that the user proved last, and null if the user has proven none. `removedBy` is null if
/// it is not known.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedUser)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedUserEntity {
    #[schema(value_type = schemas::UserId)]
    user_id: String,
    #[schema(required, value_type = Option<schemas::EmailAddress>)]
    primary_email: Option<String>,
    #[schema(required, value_type = Option<schemas::Username>)]
    username: Option<String>,
    removed_at: Moment,
    #[schema(required)]
    removed_by: Option<CallerEntity>,
    /// Whether the user was not a member, but had asked to be one.
    declined: bool,
    /// The roles that the user held, without those that were deleted since.
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
}

/// The users who were added to an organization, as the request names them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddedMembers {
    #[schema(value_type = schemas::UserIdList, inline)]
    pub(super) user_ids: Vec<String>,
}

/// The roles that were assigned to a member: each once, also those that were named by name, and
/// those that the member held already.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddedMemberRoles {
    #[schema(value_type = schemas::OrganizationRoleIdList, inline)]
    pub(super) organization_role_ids: Vec<String>,
}

/// The reason for a membership: the rule with its email domain or its identity provider, the entry path,
/// and who has approved the request that came before it.
#[derive(Serialize, ToSchema)]
#[schema(as = Provenance)]
#[serde(rename_all = "camelCase")]
struct ProvenanceEntity {
    #[schema(inline)]
    rule: CauseName,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::EmailDomainName>, nullable = false)]
    email_domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::SsoConnectorId>, nullable = false)]
    sso_connector_id: Option<String>,
    #[schema(inline)]
    entry_path: EntryPathName,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approved_by: Option<CallerEntity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    added_by: Option<CallerEntity>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CauseName {
    EmailDomain,
    SsoConnector,
    Api,
}

#[derive(Serialize, ToSchema)]
enum EntryPathName {
    PostConfirmation,
    ManagementApi,
    PreTokenGeneration,
}

impl From<&Provenance> for ProvenanceEntity {
    fn from(Provenance { cause, entry_path, approved_by, added_by }: &Provenance) -> Self {
        let (email_domain, sso_connector_id) = value_by_kind(cause.rule());
        Self {
            rule: match cause.kind() {
                CauseKind::Rule(RuleKind::EmailDomain) => CauseName::EmailDomain,
                CauseKind::Rule(RuleKind::SsoConnector) => CauseName::SsoConnector,
                CauseKind::Api => CauseName::Api,
            },
            email_domain,
            sso_connector_id,
            entry_path: match entry_path {
                EntryPath::PostConfirmation => EntryPathName::PostConfirmation,
                EntryPath::ManagementApi => EntryPathName::ManagementApi,
                EntryPath::PreTokenGeneration => EntryPathName::PreTokenGeneration,
            },
            approved_by: approved_by.as_ref().map(CallerEntity::from),
            added_by: added_by.as_ref().map(CallerEntity::from),
        }
    }
}

/// A user's memberships with their roles, by the organization's name. Deleted organizations and
/// roles are left out.
pub(crate) async fn of_user(
    store: &Store,
    memberships: Vec<Membership>,
) -> Result<Vec<MembershipEntity>, Failure> {
    let role_ids: Vec<_> = memberships.iter().flat_map(|held| held.role_ids.clone()).collect();
    let (held, roles) = try_join(
        named_organizations(store, memberships, |held| &held.organization_id),
        store.organization_roles_by_id(&role_ids),
    )
    .await?;
    let entities = held.into_iter().map(|(organization, membership)| MembershipEntity {
        id: organization.id.to_string(),
        name: organization.name.as_str().to_owned(),
        description: organization.description.as_ref().map(|text| text.as_str().to_owned()),
        organization_roles: held_roles(&membership.role_ids, &roles),
        joined_at: Moment(membership.joined_at),
        provenance: ProvenanceEntity::from(&membership.provenance),
    });
    Ok(entities.collect())
}

/// What a user has in organizations, each with the organization, by the organization's name. What is in
/// deleted organizations is left out.
pub(super) async fn named_organizations<T>(
    store: &Store,
    held: Vec<T>,
    id: impl Fn(&T) -> &OrganizationId,
) -> Result<Vec<(Organization, T)>, Failure> {
    let ids: Vec<_> = held.iter().map(|held| id(held).clone()).collect();
    let organizations = store.organizations(&ids).await?.into_iter();
    let mut organizations: HashMap<_, _> =
        organizations.map(|organization| (organization.id.clone(), organization)).collect();
    let mut named: Vec<_> = held
        .into_iter()
        .filter_map(|held| Some((organizations.remove(id(&held))?, held)))
        .collect();
    named.sort_by_cached_key(|(organization, _)| {
        (organization.name.folded(), organization.id.clone())
    });
    Ok(named)
}

/// Members with their roles. Deleted roles are left out.
pub(crate) async fn of_members(
    store: &Store,
    members: Vec<Member>,
) -> Result<Vec<MemberEntity>, Failure> {
    let role_ids: Vec<_> =
        members.iter().flat_map(|member| member.membership.role_ids.clone()).collect();
    let roles = store.organization_roles_by_id(&role_ids).await?;
    let entities = members.into_iter().map(|Member { rank, membership, profile }| MemberEntity {
        id: rank.user().to_string(),
        primary_email: profile.as_ref().and_then(|profile| profile.email.clone()),
        username: profile.and_then(|profile| profile.user_name),
        organization_roles: held_roles(&membership.role_ids, &roles),
        joined_at: Moment(membership.joined_at),
        provenance: ProvenanceEntity::from(&membership.provenance),
    });
    Ok(entities.collect())
}

/// Removed users with the roles that they held. Deleted roles are left out.
pub(super) async fn of_removed_users(
    store: &Store,
    removed: Vec<RemovedUser>,
) -> Result<Vec<RemovedUserEntity>, Failure> {
    let role_ids: Vec<_> = removed.iter().flat_map(|user| user.role_ids.clone()).collect();
    let roles = store.organization_roles_by_id(&role_ids).await?;
    let entities = removed.into_iter().map(|RemovedUser { rank, removal, role_ids, profile }| {
        RemovedUserEntity {
            user_id: rank.user().to_string(),
            primary_email: profile.as_ref().and_then(|profile| profile.email.clone()),
            username: profile.and_then(|profile| profile.user_name),
            removed_at: Moment(removal.at),
            removed_by: removal.by.as_ref().map(CallerEntity::from),
            declined: removal.is_declined,
            organization_roles: held_roles(&role_ids, &roles),
        }
    });
    Ok(entities.collect())
}
