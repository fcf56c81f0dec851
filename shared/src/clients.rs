//! The SDK's clients, with our own waits and retries.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};

use crate::metrics::CountRetries;

/// How long a function waits for DynamoDB, and for Cognito.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a connection.
    pub connect: Duration,
    /// For one attempt of a call.
    pub attempt: Duration,
    /// For a call with all its attempts.
    pub call: Duration,
}

impl Waits {
    /// For handlers of HTTP requests: well within the 10 seconds that the functions have.
    pub const HTTP: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(6),
    };
    /// For Cognito's triggers, whose whole time is [`crate::runtime::TRIGGER_DEADLINE`].
    pub const TRIGGER: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(1),
        call: Duration::from_secs(3),
    };
}

/// The settings of a client of one of the SDK's crates, from what Lambda puts into the
/// environment: region and credentials, and for an emulator `AWS_ENDPOINT_URL_<SERVICE>` or
/// `AWS_ENDPOINT_URL`. The SDK's own loader also knows profiles, containers and instances, and
/// would add a megabyte to every function. The waits are ours: the SDK has no time-outs of its
/// own, and pauses for up to a second before its first retry.
macro_rules! config {
    ($sdk:ident, $service:literal, $variable:expr, $waits:expr) => {{
        let variable: &dyn Fn(&str) -> Option<String> = $variable;
        let waits: Waits = $waits;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(waits.connect)
            .operation_attempt_timeout(waits.attempt)
            .operation_timeout(waits.call)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50));
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(variable("AWS_REGION").map(Region::new))
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .timeout_config(timeouts)
            .retry_config(retries);
        config.set_endpoint_url(
            variable(concat!("AWS_ENDPOINT_URL_", $service))
                .or_else(|| variable("AWS_ENDPOINT_URL")),
        );
        config
    }};
}

/// A client of DynamoDB, from these environment variables.
pub(crate) fn dynamodb(
    variable: &dyn Fn(&str) -> Option<String>,
    waits: Waits,
) -> aws_sdk_dynamodb::Client {
    let config = config!(aws_sdk_dynamodb, "DYNAMODB", variable, waits).interceptor(CountRetries);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A client of Cognito user pools, from these environment variables.
pub(crate) fn cognito(
    variable: &dyn Fn(&str) -> Option<String>,
    waits: Waits,
) -> aws_sdk_cognitoidentityprovider::Client {
    let config =
        config!(aws_sdk_cognitoidentityprovider, "COGNITO_IDENTITY_PROVIDER", variable, waits);
    aws_sdk_cognitoidentityprovider::Client::from_conf(config.build())
}
