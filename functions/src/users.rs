//! `/users`: creates, finds, reads and deletes users of the user pool.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::cognito::{Deletion, NewUser, PoolUser, UserPool};
use shared::domain::caller::Caller;
use shared::domain::email_address::{EmailAddress, SpelledAddress};
use shared::domain::ids::UserId;
use shared::domain::membership::{EntryPath, Profile, Proof};
use shared::domain::text::Name;
use shared::failure::Failure;
use shared::http::{
    Acting, Action, FromQuery, JsonBody, PathOf, Problem, RequiredQueryOf, audit, present,
};
use shared::provisioning::Provisioning;
use shared::store::Store;
use shared::{Clock, Error, Randomness, Violation, capabilities};
use tokio::time::sleep;
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::entities::Moment;
use crate::memberships::{MembershipEntity, of_user};
use crate::schemas;
use crate::values::{self, both};

#[derive(Deserialize, ToSchema)]
#[schema(as = NewUser)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Creation {
    #[schema(value_type = schemas::EmailAddressInput)]
    primary_email: String,
    /// Whether the address is known to be the user's. The default is true.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    email_verified: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Name>)]
    name: Option<String>,
    /// The default is the address, or a generated name if addresses are aliases in the user pool.
    #[serde(default)]
    #[schema(value_type = Option<schemas::NewUsername>)]
    username: Option<String>,
    /// Whether Cognito sends an invitation. The default is true.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    send_invitation: Option<bool>,
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserEntity {
    #[schema(value_type = schemas::UserId)]
    id: String,
    #[schema(value_type = schemas::Username)]
    username: String,
    #[schema(required, value_type = Option<schemas::EmailAddress>)]
    primary_email: Option<String>,
    email_verified: bool,
    #[schema(required, value_type = Option<schemas::Attribute>)]
    name: Option<String>,
    /// Cognito's status of the user, such as `CONFIRMED`.
    #[schema(required, value_type = Option<schemas::Attribute>)]
    status: Option<String>,
    #[schema(required)]
    created_at: Option<Moment>,
}

impl From<PoolUser> for UserEntity {
    fn from(PoolUser { user, user_name, created_at }: PoolUser) -> Self {
        Self {
            id: user.id.to_string(),
            username: user_name,
            primary_email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            status: user.status,
            created_at: created_at.map(Moment),
        }
    }
}

/// A new user, with the organizations that the user has joined. `provisioned` is false if these could
/// not be determined. The user exists anyway, and joins at the first sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedUser {
    #[serde(flatten)]
    user: UserEntity,
    provisioned: bool,
    #[schema(max_items = 1_000)]
    organizations: Vec<MembershipEntity>,
}

/// A user with the address that was asked for. `addressProven` says whether the user has proven it.
/// If not, the user only claims it, as anybody can.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundUser {
    #[serde(flatten)]
    user: UserEntity,
    #[serde(rename = "addressProven")]
    address_proven: bool,
}

/// Users with the same address: first those who have proven it, and the newest first.
#[derive(Serialize, ToSchema)]
#[schema(max_items = 60)]
pub(crate) struct FoundUsers(Vec<FoundUser>);

/// Users with this address.
#[derive(Debug)]
pub(crate) struct WithAddress(SpelledAddress);

impl FromQuery for WithAddress {
    const PARAMETER: &'static str = "email";
    const DESCRIPTION: &'static str = "The address. Users who are or were members, and have proven it, are found in any spelling. Others are found if the user pool has it as it is sent, or in lower case. Write `+` as `%2B`.";
    const SHORTEST: usize = 3;
    const LONGEST: usize = EmailAddress::LONGEST_INPUT;
    const PATTERN: &'static str = schemas::EMAIL_ADDRESS;
    const INVALID: &'static str = "request.invalid_filter";

    fn from_query(value: &str) -> Result<Self, String> {
        let address = SpelledAddress::parse(value);
        address.map(Self).map_err(|error| format!("is not an address of a user. {error}"))
    }
}

/// The most users that an answer to a search by address has.
const MOST_FOUND: usize = 60;
/// The most users who are looked up because the table knows that they have proven the address.
const MOST_LOOKED_UP: usize = 20;
/// How many of them are looked up at the same time.
const LOOKED_UP_AT_ONCE: usize = 4;
/// How long a search waits for them. The function has 30 seconds, and the list comes before.
const LOOK_UP_TIME: Duration = Duration::from_secs(10);
/// The most spellings that are searched for because members have proven the address in them.
const MOST_KEPT_SPELLINGS: usize = 5;

capabilities! {
    /// The capabilities of `users`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        provisioning: Provisioning,
        user_pool: UserPool,
    }
}

endpoints!(create, find, get, delete);

/// Creates a user in the user pool. The user joins matching organizations at once.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "createUser",
    tag = "Users",
    request_body = Creation,
    responses((status = 201, description = "The user, with the organizations that the user has joined.", body = CreatedUser), (status = 422), (status = 429), (status = 502)),
)]
pub(crate) async fn create(
    Acting(store): Acting<Store>,
    State(randomness): State<Randomness>,
    Acting(provisioning): Acting<Provisioning>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    JsonBody(body): JsonBody<Creation>,
) -> Result<Response, Problem> {
    let email = EmailAddress::parse(&body.primary_email)
        .map_err(|error| vec![Violation::email_address("/primaryEmail", &error)]);
    let name = body.name.as_deref().map(values::name).transpose();
    let username = body.username.as_deref().map(values::username).transpose();
    let ((_, name), username) = both(both(email, name), username).map_err(Error::Invalid)?;
    let new = NewUser {
        email: &body.primary_email,
        email_verified: body.email_verified.unwrap_or(true),
        name: name.as_ref().map(Name::as_str),
        user_name: username,
        send_invitation: body.send_invitation.unwrap_or(true),
    };
    let created = user_pool.create(&new, &randomness).await.map_err(Error::from)?;
    audit(Action::CreateUser, &caller).user(&created.user.id).log();
    let joined = join(&store, &provisioning, &created).await;
    let (organizations, provisioned) = joined.unwrap_or_default();
    let entity = CreatedUser { user: created.into(), provisioned, organizations };
    Ok((StatusCode::CREATED, Json(entity)).into_response())
}

/// Provisions a new user, and returns the user's memberships, and whether they are complete.
async fn join(
    store: &Store,
    provisioning: &Provisioning,
    created: &PoolUser,
) -> Result<(Vec<MembershipEntity>, bool), Failure> {
    let (held, provisioned) =
        provisioning.appear(&created.user, EntryPath::ManagementApi, Proof::Fresh).await?;
    let organizations = of_user(store, held.memberships).await.inspect_err(|error| {
        tracing::error!(user = %created.user.id, %error, "the new user's organizations could not be read");
    })?;
    Ok((organizations, provisioned))
}

/// Finds the users with an address.
///
/// The list has those whose `email` it is in the user pool, proven or not, and those who are or were
/// members and have proven it, now or earlier. It can be empty. It has at most 60 users, and of these at
/// most 20 with another address by now. Accounts that no longer exist count among these 20. A user who
/// cannot be looked up is left out.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "findUsers",
    tag = "Users",
    params(RequiredQueryOf<WithAddress>),
    responses((status = 200, description = "The users.", body = FoundUsers), (status = 429), (status = 502)),
)]
pub(crate) async fn find(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    State(user_pool): State<UserPool>,
    RequiredQueryOf(WithAddress(asked)): RequiredQueryOf<WithAddress>,
) -> Result<Json<FoundUsers>, Problem> {
    let proven = store.accounts_with(asked.address()).await?;
    let known: Vec<_> = proven.iter().cloned().collect();
    let profiles = store.profiles(&known).await?;
    let kept = profiles.values().filter_map(|profile| profile.email.as_deref());
    let asked = asked.with_spellings(kept, MOST_KEPT_SPELLINGS);
    let mut users = user_pool.with_address(&asked).await?;
    let listed: HashSet<_> = users.iter().map(|found| found.user.id.clone()).collect();
    let others = known.into_iter().filter(|id| !listed.contains(id)).take(MOST_LOOKED_UP);
    users.extend(look_up(&user_pool, others.collect(), &profiles).await);
    let has_proven = |found: &PoolUser| {
        let account = || provisioning.account(&found.user);
        proven.contains(&found.user.id) || account().proven.as_ref() == Some(asked.address())
    };
    let mut users: Vec<_> = users.into_iter().map(|found| (has_proven(&found), found)).collect();
    users.sort_by_cached_key(|(address_proven, found)| {
        (Reverse(*address_proven), Reverse(found.created_at), found.user.id.clone())
    });
    users.truncate(MOST_FOUND);
    let users = users.into_iter();
    let found = users.map(|(address_proven, user)| FoundUser { user: user.into(), address_proven });
    Ok(Json(FoundUsers(found.collect())))
}

/// Looks users up in the user pool, until [`LOOK_UP_TIME`] is over. The search has an answer without
/// them, so a failure hides only the user whom it is about.
async fn look_up(
    user_pool: &UserPool,
    ids: Vec<UserId>,
    profiles: &HashMap<UserId, Profile>,
) -> Vec<PoolUser> {
    let find = |id: UserId| async move {
        let last_name = profiles.get(&id).and_then(|profile| profile.user_name.as_deref());
        let found = user_pool.find(&id, last_name).await;
        found.unwrap_or_else(|error| {
            tracing::warn!(user = %id, %error, "a user with the address could not be looked up");
            None
        })
    };
    let found = stream::iter(ids).map(find).buffer_unordered(LOOKED_UP_AT_ONCE);
    let found = found.take_until(Box::pin(sleep(LOOK_UP_TIME)));
    found.filter_map(|found| async { found }).collect().await
}

/// Reads a user from the user pool.
#[utoipa::path(
    get,
    path = "/users/{userId}",
    operation_id = "getUser",
    tag = "Users",
    responses((status = 200, description = "The user.", body = UserEntity), (status = 429), (status = 502)),
)]
pub(crate) async fn get(
    State(store): State<Store>,
    State(user_pool): State<UserPool>,
    PathOf(id): PathOf<UserId>,
) -> Result<Json<UserEntity>, Problem> {
    let last_name = last_name(&store, &id).await?;
    let user = user_pool.find(&id, last_name.as_deref()).await?;
    let user = user.ok_or_else(|| Error::UserNotFound(id.to_string()))?;
    Ok(Json(user.into()))
}

/// Deletes a user from the user pool, with all memberships.
#[utoipa::path(
    delete,
    path = "/users/{userId}",
    operation_id = "deleteUser",
    tag = "Users",
    responses((status = 204, description = "Deleted."), (status = 429), (status = 502)),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    PathOf(id): PathOf<UserId>,
) -> Result<StatusCode, Problem> {
    // The user pool comes first. If the second step fails, the request can be repeated.
    let line = || audit(Action::DeleteUser, &caller).user(&id);
    let last_name = last_name(&store, &id).await?;
    let in_pool = user_pool.delete(&id, last_name.as_deref()).await?;
    if in_pool == Deletion::Deleted {
        line().log();
    }
    let was_in_pool = in_pool != Deletion::NotFound;
    let now = clock.now();
    let deleted = store.delete_user(&id, was_in_pool, now).await?;
    let was_here = deleted.as_ref().is_some_and(|deleted| deleted.had_items);
    if was_here && in_pool != Deletion::Deleted {
        line().log();
    }
    if let Some(deleted) = deleted {
        store.sweep_user(&id, &deleted, now).await?;
    }
    if !was_in_pool && !was_here {
        return Err(Error::UserNotFound(id.to_string()).into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The name that the user had at the last appearance, if a profile is kept.
async fn last_name(store: &Store, id: &UserId) -> Result<Option<String>, Failure> {
    let profile = store.user_items(id).await?.profile;
    Ok(profile.and_then(|profile| profile.user_name))
}
