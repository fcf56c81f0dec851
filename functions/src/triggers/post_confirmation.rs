//! `post-confirmation`: makes a user a member before a confirmed sign-up ends.

use std::time::Duration;

use serde_json::value::RawValue;
use shared::capabilities;
use shared::metrics::provisioning_failed;
use shared::next_trigger::{NextTrigger, Passed, Refusal};
use shared::provisioning::Provisioning;
use shared::runtime::within;

use super::event::{About, about};

capabilities! {
    /// The capabilities of `post-confirmation`.
    pub struct Needs {
        provisioning: Provisioning,
    }
}

/// Provisions the user of an event, after the pool's own function. The answer is the unchanged event,
/// within the deadline; after that function it has the function's response. If provisioning fails, the
/// user's next sign-in repeats it. Without capabilities, because the settings are unusable, it counts
/// a failure.
///
/// # Errors
/// When the pool's own function fails, and its failure means that the sign-up fails.
pub async fn handle(
    needs: Option<Needs>,
    next: NextTrigger,
    event: Box<RawValue>,
    deadline: Duration,
) -> Result<Box<RawValue>, Refusal> {
    let Passed { event, left, .. } = next.pass(event, deadline, |_, response| Ok(response)).await?;
    match needs {
        Some(needs) => {
            // What is left after both parts is for keeping the proof, if one of them failed.
            let provisioning = needs.provisioning.joining_within(left * 2 / 5);
            let needs = Needs { provisioning };
            within(left, evaluate(&needs, event.get())).await;
        }
        None => provisioning_failed(),
    }
    Ok(event)
}

async fn evaluate(needs: &Needs, event: &str) {
    match about(event) {
        // The engine has logged and counted a failure. Nothing else can be done here.
        Ok(About::User(user, entry_path, proof)) => {
            drop(needs.provisioning.appear(&user, entry_path, proof).await);
        }
        Ok(About::Other(source)) => tracing::debug!(source, "nothing to do: no sign-up"),
        Err(error) => {
            tracing::error!(%error, "not provisioned");
            provisioning_failed();
        }
    }
}
