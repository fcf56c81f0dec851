//! Retries of calls that DynamoDB could not take at that moment.

use std::time::Duration;

use aws_sdk_dynamodb::types::CancellationReason;

use crate::ambient::Randomness;
use crate::failure::{Failure, Service};
use crate::metrics;

/// The most repeats of one call.
const REPEATS: u32 = 6;
/// The upper bound of the first pause. The bound doubles with each repeat, and each pause is a
/// random time between zero and its bound.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// The upper bound of every pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// The upper bound of every pause of a [`Backoff::short`].
const LONGEST_SHORT_PAUSE: Duration = Duration::from_millis(100);

/// The most repeats of a write with short pauses that other writers of the same item get ahead of. Each
/// time, at least one of them has succeeded.
pub(super) const WRITERS_AT_ONCE: u32 = 60;

/// Exponential back-off with jitter: the pauses between the repeats of one call.
pub(super) struct Backoff<'a> {
    randomness: &'a Randomness,
    repeats: u32,
    most: u32,
    longest: Duration,
}

impl<'a> Backoff<'a> {
    pub(super) fn new(randomness: &'a Randomness) -> Self {
        Self { randomness, repeats: 0, most: REPEATS, longest: LONGEST_PAUSE }
    }

    /// Short pauses, for repeats of several calls that have pauses of their own.
    pub(super) fn short(randomness: &'a Randomness, most: u32) -> Self {
        Self { randomness, repeats: 0, most, longest: LONGEST_SHORT_PAUSE }
    }

    /// Waits before the next repeat. The cause is for the log.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] after the most repeats.
    pub(super) async fn pause(
        &mut self,
        operation: &'static str,
        cause: &str,
    ) -> Result<(), Failure> {
        if self.repeats == self.most {
            let cause = format!("{cause}, after {} repeats", self.most);
            return Err(Failure::Unavailable { service: Service::DynamoDb, operation, cause });
        }
        let bound = (FIRST_PAUSE * 2_u32.saturating_pow(self.repeats)).min(self.longest);
        self.repeats += 1;
        tracing::debug!(operation, cause, repeat = self.repeats, "a call is repeated");
        metrics::dynamodb_retried();
        let bound = u64::try_from(bound.as_millis()).expect("pauses are short");
        tokio::time::sleep(Duration::from_millis(self.randomness.up_to(bound))).await;
        Ok(())
    }
}

/// Whether a transaction was canceled for a transient reason. The SDK does not repeat these.
pub(super) fn is_transient(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    )
}

/// The failure for a request that the SDK cannot build.
pub(super) fn invalid_request(operation: &'static str, error: &impl std::error::Error) -> Failure {
    Failure::Refused { service: Service::DynamoDb, operation, cause: error.to_string() }
}
