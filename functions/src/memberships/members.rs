//! `/organizations/{organizationId}/users`: the members of an organization.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use shared::cognito::UserPool;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{MOST_REPLACED, Profile};
use shared::domain::user::User;
use shared::failure::Failure;
use shared::http::{CursorPaging, JsonBody, PathOf, Problem};
use shared::store::Store;
use shared::{Clock, Error, Violation};
use utoipa::ToSchema;

use super::AT_ONCE;
use super::entities::{MemberEntity, of_members};
use crate::named::Named;

/// The pause between two look-ups of one request. Cognito allows 30 calls of `ListUsers` a second for
/// all user pools of an account and region. One request makes 25, so that others are not refused.
const BETWEEN_LOOK_UPS: Duration = Duration::from_millis(40);
/// How many users without a profile are looked up before they are added. An unknown one among them is
/// found before any of them is added.
const LOOKED_UP_TOGETHER: usize = 100;
/// How long a request looks users up. The rest of the function's 30 seconds is for the last look-ups
/// and for the table.
const LOOK_UP_TIME: Duration = Duration::from_secs(20);

#[derive(Deserialize, ToSchema)]
#[schema(as = UserIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    user_ids: Vec<String>,
}

/// Lists the members of an organization, a page at a time.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/users",
    operation_id = "listMembers",
    tag = "Members",
    params(CursorPaging, ("organizationRoleId" = Option<String>, Query, description = "Only members who hold this role.")),
    responses((status = 200, description = "A page of members.", body = [MemberEntity])),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: CursorPaging,
) -> Result<Response, Problem> {
    const ROLE: &str = "organizationRoleId";

    let start = paging.start(|cursor| UserId::parse(cursor).ok())?;
    let asked = paging.other(ROLE, 64, "request.invalid_filter")?;
    let role = asked.map(OrganizationRoleId::parse).transpose().map_err(|error| {
        let detail = format!("`{ROLE}` is not the id of a role: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "request.invalid_filter", detail)
    })?;
    store.require_organization(&organization).await?;
    if let Some(role) = &role
        && store.organization_roles_by_id(std::slice::from_ref(role)).await?.is_empty()
    {
        // Memberships may still contain the id of a deleted role. It has no effect.
        return Ok(paging.respond::<MemberEntity>(&[], None, &[]));
    }
    let page =
        store.members(&organization, role.as_ref(), paging.page_size, start.as_ref()).await?;
    let entities = of_members(&store, page.items).await?;
    Ok(paging.respond(&entities, page.next.as_ref().map(UserId::as_str), &[(ROLE, asked)]))
}

/// Adds members by hand, and clears the marks of earlier removals.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/users",
    operation_id = "addMembers",
    tag = "Members",
    request_body = Body,
    responses(
        (status = 201, description = "Added."),
        (status = 422),
        (status = 429, description = "There was not enough time to look up all users, or the user pool takes no more requests at the moment. Some users may have been added. The same request adds the others."),
        (status = 502),
    ),
)]
pub(crate) async fn add(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let users = Users::named(&store, &body).await?;
    add_all(&store, &clock, &user_pool, &organization, users).await?;
    Ok(StatusCode::CREATED)
}

/// Replaces the members of an organization. Members who stay keep their roles.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/users",
    operation_id = "replaceMembers",
    tag = "Members",
    request_body = Body,
    responses(
        (status = 204, description = "Replaced."),
        (status = 422),
        (status = 429, description = "There was not enough time to look up all users, or the user pool takes no more requests at the moment. Some users may have been added, and nobody was removed. The same request does the rest."),
        (status = 502),
    ),
)]
pub(crate) async fn replace(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    PathOf(organization): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    let users = Users::named(&store, &body).await?;
    let most = MOST_REPLACED + users.ids.len();
    let mut leaving =
        store.all_member_ids(&organization, most).await?.ok_or(Error::TooManyMembers)?;
    leaving.retain(|id| !users.ids.contains(id));
    if leaving.len() > MOST_REPLACED {
        return Err(Error::TooManyMembers.into());
    }
    add_all(&store, &clock, &user_pool, &organization, users).await?;
    let now = clock.now();
    let (store, organization) = (&store, &organization);
    let leaving = leaving.into_iter().map(|id| async move {
        match store.remove_member(organization, &id, now).await {
            // Another request has removed the member, or the index lags behind.
            Err(Error::MembershipNotFound(_)) => Ok(()),
            outcome => outcome,
        }
    });
    stream::iter(leaving).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
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
    State(store): State<Store>,
    State(clock): State<Clock>,
    PathOf((organization, user)): PathOf<(OrganizationId, UserId)>,
) -> Result<StatusCode, Problem> {
    store.require_organization(&organization).await?;
    store.remove_member(&organization, &user, clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The users in a body.
struct Users<'a> {
    named: Named<'a, UserId>,
    /// The ids, each once.
    ids: HashSet<UserId>,
    /// Those with a profile.
    profiles: Vec<(UserId, Profile)>,
    /// Those without one, in the order of the body.
    strangers: Vec<UserId>,
}

impl<'a> Users<'a> {
    async fn named(store: &Store, body: &'a Body) -> Result<Self, Error> {
        if body.user_ids.len() > MOST_REPLACED {
            return Err(Error::TooManyMembers);
        }
        let named = Named::parse("userIds", &body.user_ids, UserId::parse);
        let ids = named.ids();
        let profiles = store.profiles(&ids).await?;
        let strangers = ids.iter().filter(|id| !profiles.contains_key(id)).cloned().collect();
        let (ids, profiles) = (ids.into_iter().collect(), profiles.into_iter().collect());
        Ok(Self { named, ids, profiles, strangers })
    }
}

/// Adds all users, those without a profile a hundred at a time: looks them up in the user pool, and
/// then adds them. If one of the first hundred is unknown, nobody is added. If one of a later hundred
/// is unknown, nobody of that hundred and of those after it. If Cognito takes no more requests, or
/// the time runs out, those who were found are added. So the same request goes on where it stopped.
async fn add_all(
    store: &Store,
    clock: &Clock,
    user_pool: &UserPool,
    organization: &OrganizationId,
    users: Users<'_>,
) -> Result<(), Error> {
    let until = clock.now() + LOOK_UP_TIME;
    let mut hundreds = users.strangers.chunks(LOOKED_UP_TOGETHER);
    let mut ready = users.profiles;
    let mut added = 0;
    loop {
        let hundred = hundreds.next().unwrap_or_default();
        let LookedUp { found, unknown, stopped } =
            look_up(user_pool, clock, until, hundred.to_vec()).await?;
        users.named.all(|id| !unknown.contains(id), Violation::unknown_user)?;
        ready.extend(found);
        added += ready.len();
        join(store, organization, std::mem::take(&mut ready), clock.now()).await?;
        if let Some(stopped) = stopped {
            let failure = match stopped {
                Stopped::OutOfTime => None,
                Stopped::RateExceeded(failure) => Some(failure),
            };
            return Err(Error::MembersPartiallyAdded { added, named: users.ids.len(), failure });
        }
        if hundreds.len() == 0 {
            return Ok(());
        }
    }
}

/// What came of looking users up.
#[derive(Default)]
struct LookedUp {
    found: Vec<(UserId, Profile)>,
    unknown: HashSet<UserId>,
    /// Why the rest was not looked up.
    stopped: Option<Stopped>,
}

enum Stopped {
    OutOfTime,
    RateExceeded(Failure),
}

/// Looks users up in the user pool, one after the other, with a pause between them.
async fn look_up(
    user_pool: &UserPool,
    clock: &Clock,
    until: Timestamp,
    ids: Vec<UserId>,
) -> Result<LookedUp, Failure> {
    let turns = stream::iter(ids.into_iter().enumerate()).then(|(index, id)| {
        let clock = clock.clone();
        async move {
            if index > 0 {
                clock.pause(BETWEEN_LOOK_UPS).await;
            }
            (clock.now() < until).then_some(id)
        }
    });
    let asked = turns.map(|turn| async move {
        Ok::<_, Failure>(match turn {
            Some(id) => {
                let found = user_pool.find(&id, None).await?;
                Some((id, found))
            }
            None => None,
        })
    });
    let mut answers = pin!(asked.buffer_unordered(AT_ONCE));
    let mut looked_up = LookedUp::default();
    while looked_up.stopped.is_none()
        && let Some(answer) = answers.next().await
    {
        match answer {
            Ok(Some((id, Some(found)))) => {
                let profile = |user: User| Profile { email: user.email, user_name: user.user_name };
                looked_up.found.push((id, profile(found.user)));
            }
            Ok(Some((id, None))) => {
                looked_up.unknown.insert(id);
            }
            Ok(None) => looked_up.stopped = Some(Stopped::OutOfTime),
            Err(failure @ Failure::RateExceeded { .. }) => {
                looked_up.stopped = Some(Stopped::RateExceeded(failure));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(looked_up)
}

/// Makes users members by hand, each in its own transaction. After an error, the request can be
/// repeated.
async fn join(
    store: &Store,
    organization: &OrganizationId,
    users: Vec<(UserId, Profile)>,
    at: Timestamp,
) -> Result<(), Error> {
    let joining = users.into_iter().map(|(id, profile)| async move {
        Ok::<_, Error>(store.add_member(organization, &id, &profile, at).await?)
    });
    stream::iter(joining).buffer_unordered(AT_ONCE).try_collect::<()>().await
}
