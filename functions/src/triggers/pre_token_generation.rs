//! `pre-token-generation`: adds the user's memberships to each token. A user who could not become a
//! member earlier becomes one now.

use std::time::Duration;

use serde_json::value::RawValue;
use shared::capabilities;
use shared::claims::ClaimsPolicy;
use shared::domain::membership::{EntryPath, Proof};
use shared::domain::user::User;
use shared::failure::Failure;
use shared::metrics;
use shared::next_trigger::{NextTrigger, Passed, Refusal};
use shared::provisioning::Provisioning;
use shared::runtime::within;
use shared::store::Store;
use shared::token_cache::TokenCache;

use super::claims::{Claims, Groups, Written, adopted};
use super::event::{About, about};

capabilities! {
    /// The capabilities of `pre-token-generation`.
    pub struct Needs {
        store: Store,
        provisioning: Provisioning,
        claims_policy: ClaimsPolicy,
        token_cache: TokenCache,
    }
}

/// The claims could not be made. The log has the reason.
struct NoClaims;

/// Provisions the user of an event, after the pool's own function, and adds the claims to the answer. If
/// this fails or takes too long, the answer is the event as that function has left it, and the token is
/// issued without these claims. Without capabilities, because the settings are unusable, it counts both.
///
/// # Errors
/// When the pool's own function fails, and its failure means that the sign-in fails.
pub async fn handle(
    needs: Option<Needs>,
    next: NextTrigger,
    event: Box<RawValue>,
    deadline: Duration,
) -> Result<Box<RawValue>, Refusal> {
    let Passed { event, is_answered, left } = next.pass(event, deadline, adopted).await?;
    let Some(needs) = needs else {
        metrics::provisioning_failed();
        metrics::token_without_claims();
        return Ok(event);
    };
    // The last third is for the claims.
    let provisioning = needs.provisioning.clone().joining_within(left / 3);
    let provisioning = provisioning.remembering(needs.token_cache.listings.clone());
    let needs = Needs { provisioning, ..needs };
    let groups = if is_answered { Groups::OfNextTrigger } else { Groups::OfCognito };
    match within(left, evaluate(&needs, event.get(), groups)).await {
        Some(Ok(answer)) => Ok(answer.unwrap_or(event)),
        Some(Err(NoClaims)) | None => {
            metrics::token_without_claims();
            Ok(event)
        }
    }
}

/// The event with the claims in its response. `None` if there is nothing to add.
async fn evaluate(
    needs: &Needs,
    json: &str,
    groups: Groups,
) -> Result<Option<Box<RawValue>>, NoClaims> {
    let about = about(json).map_err(|error| {
        tracing::error!(%error, "no claims");
        metrics::provisioning_failed();
        NoClaims
    })?;
    let (user, entry_path, proof) = match about {
        About::User(user, entry_path, proof) => (user, entry_path, proof),
        About::Other(source) => {
            tracing::debug!(source, "no claims: the token is not for a user");
            return Ok(None);
        }
    };
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(user = %user.id, %error, "no claims");
        NoClaims
    };
    let claims = claims(needs, &user, entry_path, proof).await.map_err(|error| failed(&error))?;
    let Written { event, has_claims } =
        claims.write_to(json, needs.claims_policy, groups).map_err(|error| failed(&error))?;
    if !has_claims {
        tracing::warn!(user = %user.id, "no claims: ClaimsIn is `access`, and the event takes claims for the ID token alone");
    }
    Ok(Some(event))
}

async fn claims(
    needs: &Needs,
    user: &User,
    entry_path: EntryPath,
    proof: Proof,
) -> Result<Claims, Failure> {
    let (held, _) = needs.provisioning.appear(user, entry_path, proof).await?;
    Claims::about(held, &needs.store, &needs.token_cache, needs.claims_policy).await
}
