//! Failures of AWS services. They go to the log, never to a client.

use std::fmt;

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why a call of a service that Usher needs failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The service did not answer in time, or could not take the call at that moment. A later call
    /// may succeed.
    #[error("{service} is unavailable: {operation}: {cause}")]
    Unavailable {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// Its error code and message.
        cause: String,
    },
    /// The service takes no more calls at that rate, even after the SDK's retries. The same call
    /// succeeds later.
    #[error("{service} takes no more calls at this rate: {operation}: {cause}")]
    RateExceeded {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// Its error code and message.
        cause: String,
    },
    /// A quota of the service is used up for now, such as the emails of a day. Waiting for a moment
    /// does not help.
    #[error("a quota of {service} is used up: {operation}: {cause}")]
    QuotaUsedUp {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// Its error code and message.
        cause: String,
    },
    /// A setting of the service's resource is wrong, such as a trigger or a role of the user pool.
    #[error("a setting in {service} is wrong: {operation}: {cause}")]
    Misconfigured {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// Its error code and message.
        cause: String,
    },
    /// The service refused the call: Usher's code, configuration or permissions are wrong.
    #[error("{service} refused: {operation}: {cause}")]
    Refused {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// Its error code and message.
        cause: String,
    },
    /// An item of the table does not have the form that this code writes.
    #[error("unreadable item: {attribute} of {key} in table {table} is not {expected}")]
    Unreadable {
        /// The table.
        table: String,
        /// The item's partition and sort key.
        key: String,
        /// The attribute, with the maps that contain it.
        attribute: String,
        /// The expected form.
        expected: &'static str,
    },
    /// A transaction would have more items than DynamoDB accepts. Nothing was sent.
    #[error("{operation} takes at most {most} items, but there are {items}")]
    TooManyItems {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The most items that it accepts.
        most: usize,
        /// The number of items of each kind.
        items: String,
    },
    /// This function, or this local server, was started without a user pool.
    #[error("there is no user pool: set USER_POOL_ID, or start usher-local with --user-pool")]
    NoUserPool,
    /// This function was started without an event bus.
    #[error("there is no event bus: set EVENT_BUS_NAME")]
    NoEventBus,
    /// This function was started without a queue for what cannot be published.
    #[error("there is no dead-letter queue: set DEAD_LETTER_QUEUE_URL")]
    NoDeadLetterQueue,
}

/// Cognito's code for a quota that is used up.
const QUOTA_USED_UP: &str = "LimitExceededException";

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The user pool.
    Cognito,
    /// The event bus.
    EventBridge,
    /// The dead-letter queue.
    Sqs,
}

impl Service {
    /// The failure that an error of the SDK means. Without an answer, the service is unavailable.
    pub(crate) fn failure<E>(self, operation: &'static str, error: &SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (service, cause) = (self, cause(error));
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (self, code) {
            (Self::DynamoDb, Some("TransactionConflictException"))
            | (_, Some("InternalErrorException" | "RequestAbortedException")) => {
                Failure::Unavailable { service, operation, cause }
            }
            (Self::Cognito, Some(QUOTA_USED_UP | "ServiceQuotaExceededException")) => {
                Failure::QuotaUsedUp { service, operation, cause }
            }
            (
                Self::Cognito,
                Some(
                    "InvalidEmailRoleAccessPolicyException"
                    | "InvalidLambdaResponseException"
                    | "InvalidSmsRoleAccessPolicyException"
                    | "InvalidSmsRoleTrustRelationshipException"
                    | "OperationNotEnabledException"
                    | "UnexpectedLambdaException",
                ),
            ) => Failure::Misconfigured { service, operation, cause },
            _ if is_rate_exceeded(code, status) => match self {
                Self::Cognito => Failure::RateExceeded { service, operation, cause },
                Self::DynamoDb | Self::EventBridge | Self::Sqs => {
                    Failure::Unavailable { service, operation, cause }
                }
            },
            _ if is_permanent(error) => Failure::Refused { service, operation, cause },
            _ => Failure::Unavailable { service, operation, cause },
        }
    }
}

/// Whether a service refused a call because of the rate of calls, by the code and the status of its
/// answer. The codes are those for which the SDK waits, without the one for a quota.
pub(crate) fn is_rate_exceeded(code: Option<&str>, status: Option<u16>) -> bool {
    match code {
        Some(QUOTA_USED_UP) => false,
        Some(code) if THROTTLING_ERRORS.contains(&code) => true,
        _ => status == Some(429),
    }
}

/// Whether the same call would fail again: it could not be built, or the service says that the call
/// is at fault.
fn is_permanent<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(service) => {
            let status = service.raw().status();
            let code = service.err().code();
            status.is_client_error()
                && status.as_u16() != 408
                && !code.is_some_and(|code| TRANSIENT_ERRORS.contains(&code))
        }
        _ => false,
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DynamoDb => "DynamoDB",
            Self::Cognito => "Cognito",
            Self::EventBridge => "EventBridge",
            Self::Sqs => "SQS",
        })
    }
}

/// The text of an error. The debug form is not used, because it may show items.
fn cause<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let Some(service) = error.as_service_error() {
        let (code, message) = (service.code(), service.message());
        return format!("{}: {}", code.unwrap_or("no code"), message.unwrap_or("no message"));
    }
    sources(error)
}

/// An error and what has caused it.
pub(crate) fn sources(error: &(dyn std::error::Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
