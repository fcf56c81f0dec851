//! How often a call is repeated that DynamoDB could not take just then.

use std::time::Duration;

use aws_sdk_dynamodb::types::CancellationReason;

use crate::ambient::Randomness;
use crate::failure::{Failure, Service};
use crate::metrics;

/// How often a call is repeated that the table could not take just then.
const REPEATS: u32 = 6;
/// The upper bound of the first pause between repeats; it doubles each time, and each pause is
/// drawn between zero and its bound.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// How often that bound doubles: up to 800 ms.
const MOST_DOUBLINGS: u32 = 5;

/// Pauses between repeats, until there were enough.
pub(super) struct Patience<'a> {
    randomness: &'a Randomness,
    repeats: u32,
    most: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(randomness: &'a Randomness) -> Self {
        Self::for_repeats(randomness, REPEATS)
    }

    /// Pauses between so many repeats.
    pub(super) fn for_repeats(randomness: &'a Randomness, most: u32) -> Self {
        Self { randomness, repeats: 0, most }
    }

    pub(super) async fn pause(
        &mut self,
        operation: &'static str,
        cause: &str,
    ) -> Result<(), Failure> {
        if self.repeats == self.most {
            let cause = format!("{cause}, also after {} repeats", self.most);
            return Err(Failure::Unavailable { service: Service::DynamoDb, operation, cause });
        }
        let bound = FIRST_PAUSE * 2_u32.pow(self.repeats.min(MOST_DOUBLINGS));
        self.repeats += 1;
        tracing::debug!(operation, cause, repeat = self.repeats, "repeating");
        metrics::dynamodb_retried();
        let bound = u64::try_from(bound.as_millis()).expect("pauses are short");
        tokio::time::sleep(Duration::from_millis(self.randomness.up_to(bound))).await;
        Ok(())
    }
}

/// Whether a transaction was canceled for something that passes; the SDK does not repeat these.
pub(super) fn passing(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    )
}

pub(super) fn unbuildable(operation: &'static str, error: &impl std::error::Error) -> Failure {
    Failure::Refused { service: Service::DynamoDb, operation, cause: error.to_string() }
}
