//! `/organizations/{organizationId}/users`: the members of an organization.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use shared::cognito::UserPool;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{CauseKind, EntryPath, MOST_REPLACED, MemberFilter};
use shared::domain::provider::ProviderName;
use shared::failure::Failure;
use shared::http::{
    Acting, Action, CursorPaging, FromQuery, JsonBody, PathOf, Problem, QueryOf, audit, present,
};
use shared::provisioning::Provisioning;
use shared::store::{NewRoles, Page, Removal, Store, UserList, UserRank};
use shared::{Clock, Error};
use utoipa::ToSchema;

use super::adding::{Joining, NewMembers, Users, add_all};
use super::entities::{AddedMembers, MemberEntity, of_members};
use super::write_all;
use crate::roles::NamedRoles;
use crate::schemas;

/// Users, and the roles of those who become members. The default is none. With `restoreRoles`, removed
/// members get the roles that they held then instead, without those that were deleted since.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewMembers)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Additions {
    #[schema(value_type = schemas::SomeUserIds, inline)]
    user_ids: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>, inline, nullable = false)]
    organization_role_ids: Option<Vec<String>>,
    #[serde(default)]
    restore_roles: bool,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = UserIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Replacement {
    #[schema(value_type = schemas::UserIdList, inline)]
    user_ids: Vec<String>,
}

/// The most characters of the name of a rule or an entry path in a query.
const LONGEST_NAME: usize = 64;

/// Only members who hold this role.
#[derive(Debug)]
pub(crate) struct Holding(OrganizationRoleId);

impl FromQuery for Holding {
    const PARAMETER: &'static str = "organizationRoleId";
    const DESCRIPTION: &'static str = "Only members who hold this role.";
    const SHORTEST: usize = 1;
    const LONGEST: usize = OrganizationRoleId::LONGEST;
    const PATTERN: &'static str = schemas::ID;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let id = OrganizationRoleId::parse(value);
        id.map(Self).map_err(|error| format!("is not the id of a role: {error}"))
    }
}

/// Only members whose memberships have a cause of this kind.
#[derive(Debug)]
pub(crate) struct ByCause(CauseKind);

impl FromQuery for ByCause {
    const PARAMETER: &'static str = "rule";
    const DESCRIPTION: &'static str = "Only members who joined by this rule: `email_domain`, `sso_connector`, or `api` for those who were added by hand.";
    const SHORTEST: usize = 1;
    const LONGEST: usize = LONGEST_NAME;
    const PATTERN: &'static str = "^(email_domain|sso_connector|api)$";
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let kind = CauseKind::named(value).map(Self);
        kind.ok_or_else(|| {
            "is not a rule: send `email_domain`, `sso_connector` or `api`".to_owned()
        })
    }
}

/// Only members whom this email domain has made members.
#[derive(Debug)]
pub(crate) struct ByDomain(EmailDomain);

impl FromQuery for ByDomain {
    const PARAMETER: &'static str = "emailDomain";
    const DESCRIPTION: &'static str = "Only members who joined by this email domain. It is normalised first. They may have another address by now.";
    const SHORTEST: usize = 1;
    const LONGEST: usize = EmailDomain::LONGEST_INPUT;
    const PATTERN: &'static str = schemas::EMAIL_DOMAIN_INPUT;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let domain = EmailDomain::normalise(value);
        domain.map(Self).map_err(|error| format!("is not an email domain. {error}"))
    }
}

/// Only members whom this identity provider has made members.
#[derive(Debug)]
pub(crate) struct ByConnector(ProviderName);

impl FromQuery for ByConnector {
    const PARAMETER: &'static str = "ssoConnectorId";
    const DESCRIPTION: &'static str = "Only members who joined by this identity provider: its name in the user pool. Case matters.";
    const SHORTEST: usize = 1;
    const LONGEST: usize = ProviderName::LONGEST;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let name = ProviderName::parse(value);
        name.map(Self).map_err(|error| format!("is not an identity provider: {error}"))
    }
}

/// Only members who joined by this entry path.
#[derive(Debug)]
pub(crate) struct ByEntryPath(EntryPath);

impl FromQuery for ByEntryPath {
    const PARAMETER: &'static str = "entryPath";
    const DESCRIPTION: &'static str = "Only members who joined in this way: by a confirmed sign-up (`PostConfirmation`), at a token (`PreTokenGeneration`), or by the API (`ManagementApi`).";
    const SHORTEST: usize = 1;
    const LONGEST: usize = LONGEST_NAME;
    const PATTERN: &'static str = "^(PostConfirmation|PreTokenGeneration|ManagementApi)$";
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        EntryPath::named(value).map(Self).ok_or_else(|| {
            "is not an entry path: send `PostConfirmation`, `PreTokenGeneration` or `ManagementApi`"
                .to_owned()
        })
    }
}

/// Only members who have proven this address.
#[derive(Debug)]
pub(crate) struct Proven(EmailAddress);

impl FromQuery for Proven {
    const PARAMETER: &'static str = "email";
    const DESCRIPTION: &'static str = "Only members who have proven this address, now or earlier. It is compared as when users join, so case does not matter. Write `+` as `%2B`.";
    const SHORTEST: usize = 3;
    const LONGEST: usize = EmailAddress::LONGEST_INPUT;
    const PATTERN: &'static str = schemas::EMAIL_ADDRESS;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let address = EmailAddress::parse(value);
        address.map(Self).map_err(|error| format!("is not an address of a member. {error}"))
    }
}

/// What a search names exactly.
#[derive(Debug)]
pub(crate) enum Search {
    /// The text is empty.
    Everybody,
    Id(UserId),
    Address(EmailAddress),
    /// The text is neither an id nor an address.
    Nobody,
}

impl FromQuery for Search {
    const PARAMETER: &'static str = "q";
    const DESCRIPTION: &'static str = "Only the member with exactly this id, or those who have proven exactly this address. If it is empty, all members.";
    const LONGEST: usize = EmailAddress::LONGEST_INPUT;
    const INVALID: &'static str = "request.invalid_search";

    fn from_query(value: &str) -> Result<Self, String> {
        if value.is_empty() {
            return Ok(Self::Everybody);
        }
        let address = || EmailAddress::parse(value).map(Self::Address);
        Ok(UserId::parse(value).map(Self::Id).or_else(|_| address()).unwrap_or(Self::Nobody))
    }
}

/// Lists the members of an organization, the newest first.
///
/// Filters are combined: a member is listed who passes all of them.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/users",
    operation_id = "listMembers",
    tag = "Members",
    params(
        CursorPaging,
        QueryOf<Holding>,
        QueryOf<ByCause>,
        QueryOf<ByDomain>,
        QueryOf<ByConnector>,
        QueryOf<ByEntryPath>,
        QueryOf<Proven>,
        QueryOf<Search>,
    ),
    responses((status = 200, description = "A page of members.", body = [MemberEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    Filters(filter): Filters,
    QueryOf(proven): QueryOf<Proven>,
    QueryOf(search): QueryOf<Search>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    let start = paging.start(|cursor| UserRank::from_cursor(cursor, UserList::Members))?;
    store.require_organization(&organization).await?;
    if let Some(role) = &filter.role
        && store.organization_roles_by_id(std::slice::from_ref(role)).await?.is_empty()
    {
        // Memberships may still contain the id of a deleted role. It has no effect.
        return Ok(paging.respond::<MemberEntity>(&[], None));
    }
    let address = proven.map(|Proven(address)| address);
    let page = match named_by(&store, search.as_ref(), address.as_ref()).await? {
        None => store.members(&organization, &filter, paging.page_size, start.as_ref()).await?,
        Some(users) => {
            let users: Vec<_> = users.into_iter().collect();
            let mut items = store.members_among(&organization, &users, &filter).await?;
            items.retain(|member| start.as_ref() < Some(&member.rank));
            let more = items.len() > paging.page_size;
            items.truncate(paging.page_size);
            let next = items.last().filter(|_| more).map(|member| member.rank.clone());
            Page { items, next }
        }
    };
    let entities = of_members(&store, page.items).await?;
    Ok(paging.respond(&entities, page.next.as_ref().map(UserRank::cursor).as_deref()))
}

/// What is asked of the memberships in a list.
pub(crate) struct Filters(MemberFilter);

impl<S: Send + Sync> FromRequestParts<S> for Filters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let QueryOf(role) = QueryOf::from_request_parts(parts, state).await?;
        let QueryOf(cause) = QueryOf::from_request_parts(parts, state).await?;
        let QueryOf(domain) = QueryOf::from_request_parts(parts, state).await?;
        let QueryOf(connector) = QueryOf::from_request_parts(parts, state).await?;
        let QueryOf(entry_path) = QueryOf::from_request_parts(parts, state).await?;
        Ok(Self(MemberFilter {
            role: role.map(|Holding(role)| role),
            cause: cause.map(|ByCause(cause)| cause),
            email_domain: domain.map(|ByDomain(domain)| domain),
            sso_connector: connector.map(|ByConnector(name)| name),
            entry_path: entry_path.map(|ByEntryPath(path)| path),
        }))
    }
}

/// The users whom a search names and who have proven an address; `None` if the request asks for neither.
async fn named_by(
    store: &Store,
    search: Option<&Search>,
    address: Option<&EmailAddress>,
) -> Result<Option<BTreeSet<UserId>>, Failure> {
    let named = match search {
        Some(Search::Id(id)) => Some(BTreeSet::from([id.clone()])),
        Some(Search::Address(address)) => Some(store.accounts_with(address).await?),
        Some(Search::Nobody) => Some(BTreeSet::new()),
        Some(Search::Everybody) | None => None,
    };
    let proven = match address {
        Some(address) => Some(store.accounts_with(address).await?),
        None => None,
    };
    Ok(match (named, proven) {
        (Some(named), Some(proven)) => Some(named.intersection(&proven).cloned().collect()),
        (named, proven) => named.or(proven),
    })
}

/// Adds members by hand, with these roles, and clears the marks of earlier removals.
///
/// Users who are members already stay as they are, also their roles.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/users",
    operation_id = "addMembers",
    tag = "Members",
    request_body = Additions,
    responses(
        (status = 201, description = "Added. The ids are those of the request.", body = AddedMembers),
        (status = 422),
        (status = 429, description = "There was not enough time to look up all users, or the user pool takes no more requests at the moment. Some users may have been added. The same request adds the others."),
        (status = 502),
    ),
)]
pub(crate) async fn add(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    Acting(provisioning): Acting<Provisioning>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Additions>,
) -> Result<(StatusCode, Json<AddedMembers>), Problem> {
    if body.user_ids.is_empty() {
        return Err(Error::UserIdsEmpty.into());
    }
    store.require_organization(&organization).await?;
    let roles = NamedRoles::by_id(body.organization_role_ids.as_deref().unwrap_or_default());
    let roles = roles.existing(Error::MemberRolesFull, &store).await?;
    let users = Users::named(&store, &body.user_ids).await?;
    let roles = NewRoles { roles: &roles, is_restoring: body.restore_roles };
    let joining = Joining { organization: &organization, roles };
    let mut joined = NewMembers::default();
    let outcome =
        add_all(&store, &clock, &provisioning, &user_pool, joining, users, &mut joined).await;
    let change = ListChange { added: joined.ids, removed: Vec::new() };
    let line = audit(Action::AddMembers, &caller).organization(&organization);
    line.change(&change).roles(&joined.roles).log();
    outcome?;
    Ok((StatusCode::CREATED, Json(AddedMembers { user_ids: body.user_ids })))
}

/// Replaces the members of an organization. Members who stay keep their roles.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/users",
    operation_id = "replaceMembers",
    tag = "Members",
    request_body = Replacement,
    responses(
        (status = 204, description = "Replaced."),
        (status = 422),
        (status = 429, description = "There was not enough time to look up all users, or the user pool takes no more requests at the moment. Some users may have been added, and nobody was removed. The same request does the rest."),
        (status = 502),
    ),
)]
pub(crate) async fn replace(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    Acting(provisioning): Acting<Provisioning>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Replacement>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let users = Users::named(&store, &body.user_ids).await?;
    let wanted = users.ids.clone();
    let most = MOST_REPLACED + wanted.len();
    let mut leaving =
        store.all_member_ids(&organization, most).await?.ok_or(Error::TooManyMembers)?;
    leaving.retain(|id| !wanted.contains(id));
    if leaving.len() > MOST_REPLACED {
        return Err(Error::TooManyMembers.into());
    }
    let roles = NewRoles { roles: &[], is_restoring: false };
    let joining = Joining { organization: &organization, roles };
    let mut joined = NewMembers::default();
    let mut outcome =
        add_all(&store, &clock, &provisioning, &user_pool, joining, users, &mut joined).await;
    let mut change = ListChange { added: joined.ids, removed: Vec::new() };
    if outcome.is_ok() {
        let removal = Removal::of_member(&caller, clock.now());
        (change.removed, outcome) =
            remove_all(&store, &organization, leaving, &wanted, &removal).await;
    }
    audit(Action::ReplaceMembers, &caller).organization(&organization).change(&change).log();
    outcome?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member, who stays removed until added by hand.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/users/{userId}",
    operation_id = "removeMember",
    tag = "Members",
    responses((status = 204, description = "Removed.")),
)]
pub(crate) async fn remove(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let (keep, mut change) = (BTreeSet::new(), ListChange::default());
    let ended = &mut change.removed;
    let removal = Removal::of_member(&caller, clock.now());
    let outcome = store.remove_member(&organization, &user, &keep, &removal, ended).await;
    let line = audit(Action::RemoveMember, &caller).organization(&organization);
    line.user(&user).change(&change).log();
    outcome?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes members. Returns the users whose memberships or requests have ended, also if others could
/// not be removed.
async fn remove_all(
    store: &Store,
    organization: &OrganizationId,
    leaving: Vec<UserId>,
    keep: &BTreeSet<UserId>,
    removal: &Removal,
) -> (Vec<UserId>, Result<(), Error>) {
    let groups = match by_address(store, leaving).await {
        Ok(groups) => groups,
        Err(failure) => return (Vec::new(), Err(failure.into())),
    };
    let remove = |id: UserId| async move {
        let mut ended = Vec::new();
        match store.remove_member(organization, &id, keep, removal, &mut ended).await {
            // Another request has removed the member, or the index lags behind.
            Ok(()) | Err(Error::MembershipNotFound(_)) => (ended, Ok(())),
            Err(error) => (ended, Err(error)),
        }
    };
    write_all(groups, remove).await
}

/// These users in groups: those who have proven the same address last are in one. Removals of an
/// address at the same time would get in each other's way.
async fn by_address(store: &Store, users: Vec<UserId>) -> Result<Vec<Vec<UserId>>, Failure> {
    let profiles = store.profiles(&users).await?;
    let (mut alone, mut together) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
    for user in users {
        match profiles.get(&user).and_then(|profile| profile.addresses.first()) {
            Some(address) => together.entry(address.clone()).or_default().push(user),
            None => alone.push(vec![user]),
        }
    }
    alone.extend(together.into_values());
    Ok(alone)
}
