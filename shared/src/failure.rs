//! What AWS services fail with. Meant for the log, never for a client.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why a service that Usher needs did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The service did not answer in time, or could not take the call just then: it may later.
    #[error("{service} is unavailable: {operation}: {cause}")]
    Unavailable {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// The service refused the call: a mistake in code, configuration or permissions.
    #[error("{service} refused: {operation}: {cause}")]
    Refused {
        /// The service.
        service: Service,
        /// Its operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// An item of the table is not what this code writes.
    #[error("unreadable item: {attribute} of {key} in table {table} is not {expected}")]
    Unreadable {
        /// The table.
        table: String,
        /// The item's partition and sort key.
        key: String,
        /// The attribute, with the maps around it.
        attribute: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A transaction would have more items than DynamoDB takes. Nothing was sent.
    #[error("{operation} takes at most {most} items, but there are {items}")]
    TooManyItems {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The most items that it takes.
        most: usize,
        /// How many there are of each kind.
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
    /// The error codes of refusals that may pass: the service could not take the call just then.
    const fn passing(self) -> &'static [&'static str] {
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

    /// Tells what may pass from what will not.
    pub(crate) fn failure<E>(self, operation: &'static str, error: &SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let cause = cause(error);
        if self.refuses_again(error) {
            Failure::Refused { service: self, operation, cause }
        } else {
            Failure::Unavailable { service: self, operation, cause }
        }
    }

    /// Whether the service will refuse the same call again: it could not be built, or the answer
    /// was a client error that does not pass.
    fn refuses_again<E: ProvideErrorMetadata>(self, error: &SdkError<E>) -> bool {
        match error {
            SdkError::ConstructionFailure(_) => true,
            SdkError::ServiceError(service) => {
                service.raw().status().is_client_error()
                    && !service.err().code().is_some_and(|code| self.passing().contains(&code))
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

/// What an error says, without its debug form, which may show items.
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
