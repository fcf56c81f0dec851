//! `post-confirmation`: a sign-up that Cognito has confirmed becomes a member before it ends.

use serde_json::value::RawValue;
use shared::capabilities;
use shared::metrics;
use shared::provisioning::Provisioning;
use shared::runtime::within_deadline;

use super::event::{About, about};

capabilities! {
    /// What `post-confirmation` works with.
    pub struct Needs {
        provisioning: Provisioning,
    }
}

/// Provisions the user of an event, and answers the event's own bytes: whatever happens, and
/// within the deadline. What could not be done now is done at the user's next appearance.
pub async fn handle(needs: Needs, event: Box<RawValue>) -> Box<RawValue> {
    within_deadline(evaluate(&needs, event.get())).await;
    event
}

async fn evaluate(needs: &Needs, event: &str) {
    match about(event) {
        // A failure is logged and counted, and nothing else can be done about it here.
        Ok(About::User(user, entry_path)) => {
            drop(needs.provisioning.appear(&user, entry_path).await);
        }
        Ok(About::Other(source)) => tracing::info!(source, "nothing to do: no sign-up"),
        Err(error) => {
            tracing::error!(%error, "not provisioned");
            metrics::provisioning_failed();
        }
    }
}
