//! Usher's own metrics, in CloudWatch's embedded metric format: a function writes a line of JSON to
//! its log, and CloudWatch makes metrics in the namespace [`NAMESPACE`] from it. Each metric has
//! the dimension `Stack`, the stack's name, and the dimensions that its constant names.
//! docs/operations.md explains the metrics.

use std::io::Write;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::SignedDuration;
use metrics::{Unit, counter, describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::domain::challenge::{Finding, Reply};
use crate::domain::decision::Reason;
use crate::domain::membership::EntryPath;
use crate::domain::ownership::OwnershipState;

/// The CloudWatch namespace of these metrics.
pub const NAMESPACE: &str = "Usher";

/// Users who appeared and were evaluated, by `EntryPath`.
pub const USERS_SEEN: &str = "UsersSeen";
/// Memberships that rules created, by `EntryPath`. With `PreTokenGeneration`, the user joined when
/// a token was issued, after the sign-up.
pub const JOINED: &str = "Joined";
/// Requests to join that rules made, by `EntryPath`.
pub const REQUESTED: &str = "Requested";
/// Decisions against a membership, by `Reason`. A user who is a member already, or has asked to be one,
/// is not counted.
pub const REFUSED: &str = "Refused";
/// Users who appeared and could not be evaluated.
pub const PROVISIONING_FAILURES: &str = "ProvisioningFailures";
/// The duration of evaluations in milliseconds, by `EntryPath`.
pub const PROVISIONING_DURATION: &str = "ProvisioningDuration";
/// Tokens that were issued without claims because of a failure.
pub const TOKENS_WITHOUT_CLAIMS: &str = "TokensWithoutClaims";
/// Tokens whose claims were too large.
pub const TOKEN_OVERFLOWS: &str = "TokenOverflows";
/// Events for which the function that the pool had before has failed.
pub const NEXT_TRIGGER_FAILURES: &str = "NextTriggerFailures";
/// Calls of DynamoDB that the SDK or the store repeated.
pub const DYNAMODB_RETRIES: &str = "DynamoDbRetries";
/// Runs of the scheduled checks of ownership that came to an end. One in which each check failed does not
/// count.
pub const OWNERSHIP_RUNS: &str = "OwnershipRuns";
/// Such runs that had no time for all domains that were due. The next run goes on.
pub const OWNERSHIP_RUNS_CUT_SHORT: &str = "OwnershipRunsCutShort";
/// Such runs with checks, in which DNS gave a usable answer to none of them.
pub const OWNERSHIP_RUNS_WITHOUT_DNS: &str = "OwnershipRunsWithoutDns";
/// Checks of a domain's record.
pub const OWNERSHIP_CHECKS: &str = "OwnershipChecks";
/// Checks to which DNS gave no answer that says anything about the record.
pub const RESOLVER_FAILURES: &str = "ResolverFailures";
/// Scheduled checks whose result could not be kept.
pub const OWNERSHIP_CHECK_FAILURES: &str = "OwnershipCheckFailures";
/// Domains that a check has brought into another state, by `State`.
pub const OWNERSHIP_CHANGES: &str = "OwnershipChanges";
/// Events that the bus has taken. An event that is delivered again counts again.
pub const EVENTS_PUBLISHED: &str = "EventsPublished";
/// Batches of the stream in which an event could not be published or kept after several attempts. Lambda
/// repeats such a batch from there.
pub const EVENT_FAILURES: &str = "EventFailures";
/// Changes that cannot be published, and went to the dead-letter queue.
pub const EVENT_DEAD_LETTERS: &str = "EventDeadLetters";

/// Every metric that is a counter.
pub const COUNTERS: [&str; 19] = [
    USERS_SEEN,
    JOINED,
    REQUESTED,
    REFUSED,
    PROVISIONING_FAILURES,
    TOKENS_WITHOUT_CLAIMS,
    TOKEN_OVERFLOWS,
    NEXT_TRIGGER_FAILURES,
    DYNAMODB_RETRIES,
    OWNERSHIP_RUNS,
    OWNERSHIP_RUNS_CUT_SHORT,
    OWNERSHIP_RUNS_WITHOUT_DNS,
    OWNERSHIP_CHECKS,
    RESOLVER_FAILURES,
    OWNERSHIP_CHECK_FAILURES,
    OWNERSHIP_CHANGES,
    EVENTS_PUBLISHED,
    EVENT_FAILURES,
    EVENT_DEAD_LETTERS,
];

/// Records that a user was evaluated, and how long it took.
pub fn user_seen(entry_path: EntryPath, took: SignedDuration) {
    counter!(USERS_SEEN, "EntryPath" => entry_path.as_str()).increment(1);
    histogram!(PROVISIONING_DURATION, "EntryPath" => entry_path.as_str())
        .record(took.as_millis_f64());
}

/// Counts a membership that a rule created.
pub fn joined(entry_path: EntryPath) {
    counter!(JOINED, "EntryPath" => entry_path.as_str()).increment(1);
}

/// Counts a request to join that a rule made.
pub fn requested(entry_path: EntryPath) {
    counter!(REQUESTED, "EntryPath" => entry_path.as_str()).increment(1);
}

/// Counts a decision against a membership, unless the user is a member already, or has asked to be one.
pub fn refused(reason: &Reason) {
    if !matches!(reason, Reason::AlreadyMember | Reason::AlreadyRequested) {
        counter!(REFUSED, "Reason" => reason.as_str()).increment(1);
    }
}

/// Counts a user who could not be evaluated.
pub fn provisioning_failed() {
    counter!(PROVISIONING_FAILURES).increment(1);
}

/// Counts a token that was issued without claims because of a failure.
pub fn token_without_claims() {
    counter!(TOKENS_WITHOUT_CLAIMS).increment(1);
}

/// Counts a token whose claims were too large.
pub fn token_overflowed() {
    counter!(TOKEN_OVERFLOWS).increment(1);
}

/// Counts an event for which the function that the pool had before has failed.
pub fn next_trigger_failed() {
    counter!(NEXT_TRIGGER_FAILURES).increment(1);
}

/// Counts a check of a domain's record.
pub fn ownership_checked(reply: &Reply) {
    counter!(OWNERSHIP_CHECKS).increment(1);
    if reply.finding() == Finding::Unknown {
        counter!(RESOLVER_FAILURES).increment(1);
    }
}

/// Counts a domain that a check has brought into this state.
pub fn ownership_changed(state: OwnershipState) {
    counter!(OWNERSHIP_CHANGES, "State" => state.as_str()).increment(1);
}

/// Counts a scheduled check whose result could not be kept.
pub fn ownership_check_failed() {
    counter!(OWNERSHIP_CHECK_FAILURES).increment(1);
}

/// Counts a run of the scheduled checks.
pub fn ownership_run(is_cut_short: bool) {
    counter!(OWNERSHIP_RUNS).increment(1);
    if is_cut_short {
        counter!(OWNERSHIP_RUNS_CUT_SHORT).increment(1);
    }
}

/// Counts a run in which DNS gave no usable answer.
pub fn ownership_run_without_dns() {
    counter!(OWNERSHIP_RUNS_WITHOUT_DNS).increment(1);
}

/// Counts events that the bus has taken.
pub fn events_published(count: usize) {
    counter!(EVENTS_PUBLISHED).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// Counts a batch that is repeated.
pub fn events_failed() {
    counter!(EVENT_FAILURES).increment(1);
}

/// Counts a change that went to the dead-letter queue.
pub fn event_dead_letter() {
    counter!(EVENT_DEAD_LETTERS).increment(1);
}

/// Counts a repeated call of DynamoDB.
pub fn dynamodb_retried() {
    counter!(DYNAMODB_RETRIES).increment(1);
}

/// Counts the calls that the SDK repeats.
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

/// Collects a function's metrics until its event is answered.
#[derive(Clone, Copy)]
pub struct Metrics(&'static Collector);

impl Metrics {
    /// Starts to collect the metrics of this process, with this stack name.
    ///
    /// # Panics
    /// When called twice.
    #[must_use]
    pub fn gather(stack: String) -> Self {
        let collector =
            Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension("Stack", stack);
        let collector = collector.init().expect("nothing else collects metrics");
        // Counters have no unit, because each token would pay for the word.
        describe_histogram!(PROVISIONING_DURATION, Unit::Milliseconds, "");
        Self(collector)
    }

    /// Writes the collected metrics, one line for each set of dimensions. Without metrics, it writes
    /// nothing.
    pub fn write(self, mut output: impl Write) {
        // One write for all lines, so that no line of another thread gets in between.
        let mut lines = Vec::new();
        let written = self.0.flush(&mut lines);
        if let Err(error) = written.and_then(|()| output.write_all(&lines)) {
            tracing::error!(%error, "metrics could not be written");
        }
    }
}
