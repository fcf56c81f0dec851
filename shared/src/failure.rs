//! Failures of AWS services. They go to the log, never to a client.

use std::fmt;

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
    /// The service refused the call: code, configuration or permissions are wrong.
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
}

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The user pool.
    Cognito,
}

impl Service {
    /// The codes of client errors that are transient: the service could not take the call at that
    /// moment.
    const fn transient_errors(self) -> &'static [&'static str] {
        match self {
            Self::DynamoDb => &[
                "ProvisionedThroughputExceededException",
                "RequestLimitExceeded",
                "ThrottlingException",
                "TransactionConflictException",
                "TransactionInProgressException",
            ],
            Self::Cognito => &["TooManyRequestsException"],
        }
    }

    /// The failure that an error of the SDK means: transient errors are
    /// [`Failure::Unavailable`], all others [`Failure::Refused`].
    pub(crate) fn failure<E>(self, operation: &'static str, error: &SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let cause = cause(error);
        if self.is_permanent(error) {
            Failure::Refused { service: self, operation, cause }
        } else {
            Failure::Unavailable { service: self, operation, cause }
        }
    }

    /// Whether the same call would fail again: it could not be built, or the answer was a client
    /// error that is not transient.
    fn is_permanent<E: ProvideErrorMetadata>(self, error: &SdkError<E>) -> bool {
        match error {
            SdkError::ConstructionFailure(_) => true,
            SdkError::ServiceError(service) => {
                service.raw().status().is_client_error()
                    && !service
                        .err()
                        .code()
                        .is_some_and(|code| self.transient_errors().contains(&code))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DynamoDb => "DynamoDB",
            Self::Cognito => "Cognito",
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
    let sources = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
