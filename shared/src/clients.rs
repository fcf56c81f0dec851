//! The clients of the AWS SDK, with our own time-outs and retries.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::https::{self, Connections};
use crate::metrics::CountRetries;
use crate::runtime::TRIGGER_DEADLINE;

/// The time-outs of calls to AWS.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// To open a connection.
    pub connect: Duration,
    /// For one attempt of a call.
    pub attempt: Duration,
    /// For a call with all its attempts.
    pub call: Duration,
}

impl Waits {
    /// For handlers of HTTP requests: well below the functions' time-out of 10 seconds.
    pub const HTTP: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(6),
    };
    /// For Cognito's triggers, which have [`crate::runtime::TRIGGER_DEADLINE`] in total.
    pub const TRIGGER: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(1),
        call: Duration::from_secs(3),
    };
    /// To create a user. Cognito waits for the pool's own triggers first, 5 seconds for each call of
    /// `PreSignUp` and of `CustomMessage`. With the time for the other calls, this is below the 30
    /// seconds of the function and of API Gateway.
    pub const CREATE_USER: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(15),
        call: Duration::from_secs(18),
    };

    /// To invoke the function that the pool had before. The caller stops waiting for it earlier.
    pub const NEXT_TRIGGER: Self =
        Self { connect: Duration::from_secs(1), attempt: TRIGGER_DEADLINE, call: TRIGGER_DEADLINE };

    pub(crate) fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.call)
            .build()
    }
}

/// The settings of a client of one of the SDK's crates. Region and credentials come from Lambda's
/// environment variables. `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL` names an emulator. The
/// SDK's own loader is not used: it also reads profiles, containers and instances, and would add a
/// megabyte to every function. The time-outs are set because the SDK has none by default, and the
/// back-off because the SDK's first retry waits for up to a second.
macro_rules! config {
    ($sdk:ident, $service:literal, $variable:expr, $waits:expr) => {
        config!($sdk, $service, $variable, $waits, kept())
    };
    ($sdk:ident, $service:literal, $variable:expr, $waits:expr, $http:expr) => {{
        let variable: &dyn Fn(&str) -> Option<String> = $variable;
        let waits: Waits = $waits;
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50));
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client($http)
            .region(variable("AWS_REGION").map(Region::new))
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .timeout_config(waits.timeouts())
            .retry_config(retries);
        config.set_endpoint_url(
            variable(concat!("AWS_ENDPOINT_URL_", $service))
                .or_else(|| variable("AWS_ENDPOINT_URL")),
        );
        config
    }};
}

/// A client of DynamoDB with the settings in these environment variables.
pub(crate) fn dynamodb(
    variable: &dyn Fn(&str) -> Option<String>,
    waits: Waits,
) -> aws_sdk_dynamodb::Client {
    let config = config!(aws_sdk_dynamodb, "DYNAMODB", variable, waits).interceptor(CountRetries);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A client of Cognito user pools with the settings in these environment variables.
pub(crate) fn cognito(
    variable: &dyn Fn(&str) -> Option<String>,
    waits: Waits,
) -> aws_sdk_cognitoidentityprovider::Client {
    let config =
        config!(aws_sdk_cognitoidentityprovider, "COGNITO_IDENTITY_PROVIDER", variable, waits);
    aws_sdk_cognitoidentityprovider::Client::from_conf(config.build())
}

/// A client of EventBridge with the settings in these environment variables.
pub(crate) fn event_bridge(
    variable: &dyn Fn(&str) -> Option<String>,
    waits: Waits,
) -> aws_sdk_eventbridge::Client {
    let config = config!(aws_sdk_eventbridge, "EVENTBRIDGE", variable, waits);
    aws_sdk_eventbridge::Client::from_conf(config.build())
}

/// A client of SQS with the settings in these environment variables.
pub(crate) fn sqs(variable: &dyn Fn(&str) -> Option<String>, waits: Waits) -> aws_sdk_sqs::Client {
    let config = config!(aws_sdk_sqs, "SQS", variable, waits);
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// A client of Lambda with the settings in these environment variables. It does not repeat a call,
/// because the function that is invoked may have done its work before the answer was lost. So it also
/// uses each connection once: a connection can be lost while Lambda freezes the function, and a call
/// on it would fail.
pub(crate) fn lambda(variable: &dyn Fn(&str) -> Option<String>) -> aws_sdk_lambda::Client {
    let http = https::client(Connections::Single);
    let config = config!(aws_sdk_lambda, "LAMBDA", variable, Waits::NEXT_TRIGGER, http);
    aws_sdk_lambda::Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

/// The HTTPS client that all of them but Lambda's share.
fn kept() -> SharedHttpClient {
    static KEPT: OnceLock<SharedHttpClient> = OnceLock::new();
    KEPT.get_or_init(|| https::client(Connections::Kept)).clone()
}
