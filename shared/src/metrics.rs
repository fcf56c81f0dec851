//! What is counted of Usher's own work, in CloudWatch's embedded metric format: a line of JSON in
//! the log of the function, from which CloudWatch makes metrics in the namespace [`NAMESPACE`].
//! Each has the dimension `Stack`, the stack's name, and those that are named here.
//! docs/operations.md says how to read them.

use std::io::Write;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::SignedDuration;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::domain::decision::Reason;
use crate::domain::membership::EntryPath;

/// CloudWatch's namespace of these metrics.
pub const NAMESPACE: &str = "Usher";

/// Users who appeared and were evaluated, by `EntryPath`.
pub const USERS_SEEN: &str = "UsersSeen";
/// Memberships that came about by email domain, by `EntryPath`; those of `PreTokenGeneration` were
/// caught up at token time.
pub const JOINED: &str = "Joined";
/// Decisions against a membership, by `Reason`; being a member already is none.
pub const REFUSED: &str = "Refused";
/// Users who appeared and could not be evaluated.
pub const PROVISIONING_FAILURES: &str = "ProvisioningFailures";
/// How long evaluations took, in milliseconds, by `EntryPath`.
pub const PROVISIONING_DURATION: &str = "ProvisioningDuration";
/// Tokens that were issued without claims, because of a failure.
pub const TOKENS_WITHOUT_CLAIMS: &str = "TokensWithoutClaims";
/// Tokens whose claims did not fit.
pub const TOKEN_OVERFLOWS: &str = "TokenOverflows";
/// Calls of DynamoDB that were repeated, by the SDK or by the store.
pub const DYNAMODB_RETRIES: &str = "DynamoDbRetries";

/// Every metric that counts.
pub const COUNTERS: [&str; 7] = [
    USERS_SEEN,
    JOINED,
    REFUSED,
    PROVISIONING_FAILURES,
    TOKENS_WITHOUT_CLAIMS,
    TOKEN_OVERFLOWS,
    DYNAMODB_RETRIES,
];

/// A user was evaluated.
pub fn user_seen(entry_path: EntryPath, took: SignedDuration) {
    counter!(USERS_SEEN, "EntryPath" => entry_path.as_str()).increment(1);
    histogram!(PROVISIONING_DURATION, "EntryPath" => entry_path.as_str())
        .record(took.as_millis_f64());
}

/// A membership came about.
pub fn joined(entry_path: EntryPath) {
    counter!(JOINED, "EntryPath" => entry_path.as_str()).increment(1);
}

/// It was decided against a membership.
pub fn refused(reason: &Reason) {
    if *reason != Reason::AlreadyMember {
        counter!(REFUSED, "Reason" => reason.as_str()).increment(1);
    }
}

/// A user could not be evaluated.
pub fn provisioning_failed() {
    counter!(PROVISIONING_FAILURES).increment(1);
}

/// A token was issued without claims.
pub fn token_without_claims() {
    counter!(TOKENS_WITHOUT_CLAIMS).increment(1);
}

/// The claims of a token did not fit.
pub fn token_overflowed() {
    counter!(TOKEN_OVERFLOWS).increment(1);
}

/// A call of DynamoDB was repeated.
pub fn dynamodb_retried() {
    counter!(DYNAMODB_RETRIES).increment(1);
}

/// Counts what the SDK repeats by itself.
#[derive(Debug)]
pub struct CountRetries;

impl Intercept for CountRetries {
    fn name(&self) -> &'static str {
        "CountRetries"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if call.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1) {
            dynamodb_retried();
        }
        Ok(())
    }
}

/// Where a function's metrics gather until its event is answered.
#[derive(Clone, Copy)]
pub struct Metrics(&'static Collector);

impl Metrics {
    /// Begins to gather the metrics of this process, for the stack of this name.
    ///
    /// # Panics
    /// When called twice.
    #[must_use]
    pub fn gather(stack: String) -> Self {
        let collector =
            Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension("Stack", stack);
        let collector = collector.init().expect("nothing else gathers metrics");
        for name in COUNTERS {
            describe_counter!(name, Unit::Count, "");
        }
        describe_histogram!(PROVISIONING_DURATION, Unit::Milliseconds, "");
        Self(collector)
    }

    /// Writes what has gathered, a line for each set of dimensions, each with the id of the
    /// request that it came of. Nothing has gathered: nothing is written.
    pub fn write(self, request_id: &str, mut output: impl Write) {
        // At once, so that no line of another thread's gets in between.
        let mut lines = Vec::new();
        let written = self.0.set_property("requestId", request_id).flush(&mut lines);
        if let Err(error) = written.and_then(|()| output.write_all(&lines)) {
            tracing::error!(%error, "metrics are lost");
        }
    }
}
