//! `post-confirmation`: makes a user a member before a confirmed sign-up ends.

use std::time::Duration;

use serde_json::value::RawValue;
use shared::capabilities;
use shared::metrics::provisioning_failed;
use shared::provisioning::Provisioning;
use shared::runtime::within;

use super::event::{About, about};

capabilities! {
    /// The capabilities of `post-confirmation`.
    pub struct Needs {
        provisioning: Provisioning,
    }
}

/// Provisions the user of an event. The answer is always the unchanged event, within the deadline.
/// If provisioning fails, the user's next sign-in repeats it.
pub async fn handle(needs: Needs, event: Box<RawValue>, deadline: Duration) -> Box<RawValue> {
    within(deadline, evaluate(&needs, event.get())).await;
    event
}

/// Counts an event that could not be handled at all.
pub fn count_failure() {
    provisioning_failed();
}

async fn evaluate(needs: &Needs, event: &str) {
    match about(event) {
        // The engine has logged and counted a failure. Nothing else can be done here.
        Ok(About::User(user, entry_path)) => {
            drop(needs.provisioning.appear(&user, entry_path).await);
        }
        Ok(About::Other(source)) => tracing::debug!(source, "nothing to do: no sign-up"),
        Err(error) => {
            tracing::error!(%error, "not provisioned");
            count_failure();
        }
    }
}
