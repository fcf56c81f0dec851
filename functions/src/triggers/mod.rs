//! Cognito's triggers. They never fail a sign-up or a sign-in.

mod claims;
mod event;
pub mod post_confirmation;
pub mod pre_token_generation;

use std::pin::Pin;

use serde_json::value::RawValue;
use shared::App;
use shared::domain::decision::{Decision, Reason, User};
use shared::domain::ids::OrganizationId;
use shared::domain::membership::Membership;
use shared::metrics;
use shared::provisioning::{Appearance, Outcome, provision};
use shared::store::StoreError;

/// A trigger: what its binary and its entry in the template are called, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    /// The name.
    pub name: &'static str,
    /// Answers an event, whatever happens.
    pub handle: fn(App, Box<RawValue>) -> Answer,
}

/// The answer to an event, once it is there.
pub type Answer = Pin<Box<dyn Future<Output = Box<RawValue>> + Send>>;

/// Every trigger.
pub const TRIGGERS: [Trigger; 2] = [
    Trigger {
        name: "post-confirmation",
        handle: |app, event| Box::pin(post_confirmation::handle(app, event)),
    },
    Trigger {
        name: "pre-token-generation",
        handle: |app, event| Box::pin(pre_token_generation::handle(app, event)),
    },
];

/// Runs the engine for a user who appears, and logs and counts every decision with its reason.
/// Answers everything that the user is a member of then.
pub(crate) async fn appear(app: &App, user: &User) -> Result<Vec<Membership>, StoreError> {
    let started = app.clock.now();
    let appearance = provision(&app.store, &app.mailbox_policy, user, started).await;
    let Appearance { outcome, memberships } = appearance.inspect_err(|error| {
        tracing::error!(user = %user.id, %error, "not provisioned");
        metrics::provisioning_failed();
    })?;
    metrics::user_seen(user.entry_path, app.clock.now().duration_since(started));
    match outcome {
        Outcome::Nothing(reason) => nothing(user, &reason),
        Outcome::Decided(decisions) if decisions.is_empty() => nothing(user, &Reason::NotListed),
        Outcome::Decided(decisions) => {
            for (organization, decision) in decisions {
                decided(user, &organization, &decision);
            }
        }
    }
    Ok(memberships)
}

fn nothing(user: &User, reason: &Reason) {
    tracing::info!(user = %user.id, decision = "nothing", reason = reason.as_str());
    metrics::refused(reason);
}

fn decided(user: &User, organization: &OrganizationId, decision: &Decision) {
    match decision {
        Decision::Join(email_domain) => {
            tracing::info!(user = %user.id, %organization, decision = "join", %email_domain);
            metrics::joined(user.entry_path);
        }
        Decision::Pass(reason) => {
            let reason_name = reason.as_str();
            tracing::info!(user = %user.id, %organization, decision = "pass", reason = reason_name);
            metrics::refused(reason);
        }
    }
}
