//! `/users/{userId}/claims`: what the user's next token would say. The code is that of
//! `pre-token-generation`, and nothing is written.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::claims::{ClaimsIn, ClaimsPolicy};
use shared::cognito::UserPool;
use shared::domain::decision::Outcome;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::Proof;
use shared::domain::user::User;
use shared::http::{PathOf, Problem};
use shared::provisioning::{Appearance, Held, Outcomes, Provisioning};
use shared::store::Store;
use shared::token_cache::TokenCache;
use shared::{Error, capabilities};
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::schemas;
use crate::triggers::claims::Claims;

capabilities! {
    /// The capabilities of `user-claims`.
    pub struct Needs {
        store: Store,
        provisioning: Provisioning,
        claims_policy: ClaimsPolicy,
        user_pool: UserPool,
    }
}

endpoints!(get);

/// The claims that Usher would add to the user's next token, and in which tokens they would be. They
/// name the organizations that the user would join by that token, which `joins` lists. `asksToJoin` lists
/// those that the user would ask to join. `provisioned` is false if both are not known, as for a user who
/// is no longer in the user pool. Then the claims are about what the user has now.
#[derive(Serialize, ToSchema)]
#[schema(as = UserClaims)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClaimsEntity {
    #[schema(value_type = schemas::TokenClaims)]
    claims: Map<String, Value>,
    #[serde(rename = "in")]
    #[schema(inline)]
    tokens: TokensName,
    provisioned: bool,
    #[schema(value_type = Vec<schemas::OrganizationId>, max_items = 1_000)]
    joins: Vec<String>,
    #[schema(value_type = Vec<schemas::OrganizationId>, max_items = 1_000)]
    asks_to_join: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TokensName {
    Both,
    Access,
    Id,
}

impl From<ClaimsIn> for TokensName {
    fn from(tokens: ClaimsIn) -> Self {
        match tokens {
            ClaimsIn::Both => Self::Both,
            ClaimsIn::Access => Self::Access,
            ClaimsIn::Id => Self::Id,
        }
    }
}

/// Says what the user's next token would say.
///
/// The user's attributes and the rules are those of this moment. Nothing is written: the user joins when
/// there is a token. If the user pool's trigger has event version 1, the ID token has the same claims as
/// texts.
#[utoipa::path(
    get,
    path = "/users/{userId}/claims",
    operation_id = "getUserClaims",
    tag = "Users",
    responses((status = 200, description = "The claims.", body = ClaimsEntity), (status = 429), (status = 502)),
)]
pub(crate) async fn get(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    State(claims_policy): State<ClaimsPolicy>,
    State(user_pool): State<UserPool>,
    PathOf(id): PathOf<UserId>,
) -> Result<Json<ClaimsEntity>, Problem> {
    let items = store.user_items(&id).await?;
    let last_name = items.profile.as_ref().and_then(|profile| profile.user_name.as_deref());
    let found = user_pool.find(&id, last_name).await?;
    let Appearance { outcomes, held } = match &found {
        Some(found) => provisioning.foresee(&found.user, next_proof(&found.user)).await?,
        None if items.is_known() => {
            let held = Held { memberships: items.memberships, requests: items.requests };
            return Ok(Json(entity(&store, claims_policy, held, None).await?));
        }
        None => return Err(Error::UserNotFound(id.to_string()).into()),
    };
    let outcomes = outcomes.inspect_err(|error| {
        tracing::error!(user = %id, %error, "what the user would join is not known");
    });
    Ok(Json(entity(&store, claims_policy, held, outcomes.ok()).await?))
}

/// The proof that comes with the user's next token.
fn next_proof(user: &User) -> Proof {
    // The first sign-in is with a temporary password, which was in the mailbox.
    if user.status.as_deref() == Some(User::INVITED) { Proof::Fresh } else { Proof::Earlier }
}

async fn entity(
    store: &Store,
    policy: ClaimsPolicy,
    held: Held,
    outcomes: Option<Outcomes>,
) -> Result<ClaimsEntity, Error> {
    let claims = Claims::about(held, store, &TokenCache::default(), policy).await?;
    let provisioned = outcomes.is_some();
    let outcomes = outcomes.and_then(Result::ok).unwrap_or_default();
    let with = |is_so: fn(&Outcome) -> bool| {
        let ids = outcomes.iter().filter(|(_, outcome)| is_so(outcome)).map(|(id, _)| id);
        let mut ids: Vec<_> = ids.map(OrganizationId::to_string).collect();
        ids.sort_unstable();
        ids
    };
    Ok(ClaimsEntity {
        claims: claims.in_token(policy),
        tokens: policy.tokens.into(),
        provisioned,
        joins: with(|outcome| matches!(outcome, Outcome::Join(_))),
        asks_to_join: with(|outcome| matches!(outcome, Outcome::Request(_))),
    })
}
