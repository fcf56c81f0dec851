//! `post-confirmation`: a sign-up that Cognito has confirmed becomes a member before it ends.

use serde_json::value::RawValue;
use shared::App;
use shared::domain::decision::Decision;
use shared::provisioning::{Outcome, provision};
use shared::runtime::within_deadline;

use super::event;

/// The function's name.
pub const NAME: &str = "post-confirmation";

/// Provisions the user of an event, and answers the event's own bytes: whatever happens, and
/// within the deadline. What could not be done now is done at the user's next appearance.
pub async fn handle(app: App, event: Box<RawValue>) -> Box<RawValue> {
    within_deadline(evaluate(&app, event.get())).await;
    event
}

async fn evaluate(app: &App, event: &str) {
    let user = match event::user(event) {
        Ok(user) => user,
        Err(error) => return tracing::error!(%error, "not provisioned"),
    };
    match provision(&app.store, &app.mailbox_policy, &user, app.clock.now()).await {
        Ok(Outcome::Nothing(reason)) => {
            tracing::info!(user = %user.id, decision = "nothing", reason = reason.as_str());
        }
        Ok(Outcome::Decided(decisions)) => {
            if decisions.is_empty() {
                tracing::info!(user = %user.id, decision = "nothing", reason = "not_listed");
            }
            for (organization, decision) in decisions {
                match decision {
                    Decision::Join(email_domain) => {
                        tracing::info!(user = %user.id, %organization, decision = "join", %email_domain);
                    }
                    Decision::Pass(reason) => {
                        let reason = reason.as_str();
                        tracing::info!(user = %user.id, %organization, decision = "pass", reason);
                    }
                }
            }
        }
        Err(error) => tracing::error!(user = %user.id, %error, "not provisioned"),
    }
}
