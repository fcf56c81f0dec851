//! What goes wrong with a call, and how long to bear with it.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use super::StoreError;
use crate::ambient::Randomness;
use crate::metrics;

/// How often a call is repeated that the table could not take just then.
const REPEATS: u32 = 6;
/// The upper bound of the first pause between repeats; it doubles each time, and each pause is
/// drawn between zero and its bound.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Pauses between repeats, until there were enough.
pub(super) struct Patience<'a> {
    randomness: &'a Randomness,
    repeats: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(randomness: &'a Randomness) -> Self {
        Self { randomness, repeats: 0 }
    }

    pub(super) async fn pause(
        &mut self,
        operation: &'static str,
        cause: &str,
    ) -> Result<(), StoreError> {
        if self.repeats == REPEATS {
            let cause = format!("{cause}, also after {REPEATS} repeats");
            return Err(StoreError::Unavailable { operation, cause });
        }
        let bound = FIRST_PAUSE * 2_u32.pow(self.repeats);
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

pub(super) fn unbuildable(operation: &'static str, error: &impl std::error::Error) -> StoreError {
    StoreError::Refused { operation, cause: error.to_string() }
}

/// Tells what may pass from what will not.
pub(super) fn failure<E>(operation: &'static str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    const PASSING: [&str; 5] = [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ];
    let cause = cause(error);
    if is_refusal(error, &PASSING) {
        StoreError::Refused { operation, cause }
    } else {
        StoreError::Unavailable { operation, cause }
    }
}

/// Whether a service will refuse the same call again: it could not be built, or the answer was a
/// client error, but for those codes that say that the service could not take it just then.
pub(crate) fn is_refusal<E: ProvideErrorMetadata>(error: &SdkError<E>, passing: &[&str]) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(service) => {
            service.raw().status().is_client_error()
                && !service.err().code().is_some_and(|code| passing.contains(&code))
        }
        _ => false,
    }
}

/// What an error says, without its debug form, which may show items.
pub(crate) fn cause<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let Some(service) = error.as_service_error() {
        let (code, message) = (service.code(), service.message());
        return format!("{}: {}", code.unwrap_or("no code"), message.unwrap_or("no message"));
    }
    let sources = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
