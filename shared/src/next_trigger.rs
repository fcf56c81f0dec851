//! The function that the user pool had for a trigger before Usher's. Usher's trigger invokes it first,
//! with Cognito's event, and goes on with its answer.
//! docs/adr/0037-the-function-that-a-pool-had-is-invoked-first.md has the reasons.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use futures_util::FutureExt;
use lambda_runtime::Diagnostic;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::ambient::Stopwatch;
use crate::failure::sources;
use crate::metrics;

/// How long the pool's own function may take at most, its own start included.
pub const NEXT_TRIGGER_TIME: Duration = Duration::from_millis(2_500);

/// How long the pool's own function may take even if less is left of the deadline, after a slow start
/// of the trigger. Cognito waits 5 seconds in total.
pub const LEAST_NEXT_TRIGGER_TIME: Duration = Duration::from_secs(1);

/// What is left to Usher of a trigger's deadline, unless it is below 2 seconds.
pub const OWN_TIME: Duration = Duration::from_secs(1);

/// The members of a JSON object, each to the letter.
pub type Members = BTreeMap<String, Box<RawValue>>;

/// The function that the user pool had for a trigger before Usher's, if it had one.
#[derive(Clone, Debug, Default)]
pub struct NextTrigger(State);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    None,
    Unusable,
    Function(Arc<NextFunction>),
}

#[derive(Debug)]
struct NextFunction {
    client: Client,
    arn: FunctionArn,
    on_failure: OnFailure,
}

/// What a failure of the pool's own function means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The sign-up or sign-in fails, as it did without Usher.
    #[default]
    Fail,
    /// Usher goes on with the event as it came.
    Continue,
}

/// The ARN of a Lambda function, with or without a version or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn(String);

/// Text that is not the ARN of a function, or no way to deal with a failure. The texts say what to
/// write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NextTriggerSettingError {
    /// The text is not the ARN of a function.
    #[error(
        "{0:?} is not the ARN of a Lambda function: write arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :VERSION or :ALIAS after it if you want one"
    )]
    Arn(String),
    /// The ARN names one of Usher's own triggers: this one would invoke itself, and two would invoke
    /// each other.
    #[error(
        "{0:?} is a trigger of Usher itself: name the function that the pool had before, or none"
    )]
    UshersOwn(String),
    /// The word names no way to deal with a failure.
    #[error("{0:?} is neither `fail` nor `continue`")]
    OnFailure(String),
}

/// An event after the pool's own function.
#[derive(Debug)]
pub struct Passed {
    /// Cognito's event. If the function has answered, with the response of its answer.
    pub event: Box<RawValue>,
    /// Whether the response is the function's.
    pub is_answered: bool,
    /// What is left of the trigger's deadline.
    pub left: Duration,
}

/// The error with which a trigger ends instead of an answer: that of the pool's own function. Cognito
/// shows the message to the user. The message may have personal data. Lambda's runtime logs the debug
/// form, which is without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The type of the error.
    pub error_type: String,
    /// What Cognito shows to the user.
    pub error_message: String,
}

/// An answer of the pool's own function that Cognito would not take, or that Usher cannot add to. The
/// text says why, and contains nothing of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub &'static str);

/// Why there is no answer of the pool's own function. The texts are for the log, and contain nothing
/// that the function has answered except the type of an error.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("it failed with {}", .0.type_for_log())]
    WithError(Refusal),
    #[error("it did not answer within {0:?}")]
    TimedOut(Duration),
    #[error("Lambda did not invoke it: {0}")]
    NotInvoked(String),
    #[error("its answer is unusable: {0}")]
    WithAnswer(#[from] Unusable),
    #[error("panic in the invocation")]
    Panic,
}

impl NextTrigger {
    /// This function, invoked by this client, which must not repeat a call.
    #[must_use]
    pub fn new(client: Client, arn: FunctionArn, on_failure: OnFailure) -> Self {
        Self(State::Function(Arc::new(NextFunction { client, arn, on_failure })))
    }

    /// A function that the settings should name and do not. Each event counts as its failure, and
    /// Usher goes on without it.
    #[must_use]
    pub fn unusable() -> Self {
        Self(State::Unusable)
    }

    /// Invokes the function with the event, and puts the response of its answer into the event.
    /// `adopt` gets the event and the response, and makes the response fit for the event.
    ///
    /// # Errors
    /// When the function fails, and its failure means that the sign-up or sign-in fails.
    pub async fn pass(
        &self,
        event: Box<RawValue>,
        deadline: Duration,
        adopt: fn(&Members, Members) -> Result<Members, Unusable>,
    ) -> Result<Passed, Refusal> {
        let function = match &self.0 {
            State::None => return Ok(Passed { event, is_answered: false, left: deadline }),
            State::Unusable => {
                metrics::next_trigger_failed();
                return Ok(Passed { event, is_answered: false, left: deadline });
            }
            State::Function(function) => function,
        };
        let start = Stopwatch::start();
        let most = time_for_next(deadline);
        let answer = async {
            let answer = function.invoke(event.get()).await?;
            Ok::<_, Failed>(with_response(event.get(), &answer, adopt)?)
        };
        let answered = tokio::time::timeout(most, AssertUnwindSafe(answer).catch_unwind()).await;
        let left = deadline.saturating_sub(start.elapsed());
        let failed = match answered {
            Ok(Ok(Ok(event))) => return Ok(Passed { event, is_answered: true, left }),
            Ok(Ok(Err(failed))) => failed,
            Ok(Err(_)) => Failed::Panic,
            Err(_) => Failed::TimedOut(most),
        };
        metrics::next_trigger_failed();
        let arn = &function.arn.0;
        match function.on_failure {
            OnFailure::Fail => {
                tracing::error!(function = %arn, error = %failed, "the pool's own function failed");
                Err(failed.into())
            }
            OnFailure::Continue => {
                tracing::warn!(function = %arn, error = %failed, "the pool's own function failed");
                Ok(Passed { event, is_answered: false, left })
            }
        }
    }
}

/// How long the pool's own function has, of this deadline of the trigger.
fn time_for_next(deadline: Duration) -> Duration {
    deadline.saturating_sub(OWN_TIME).clamp(LEAST_NEXT_TRIGGER_TIME, NEXT_TRIGGER_TIME)
}

impl NextFunction {
    /// Invokes the function and waits for its answer.
    async fn invoke(&self, event: &str) -> Result<Vec<u8>, Failed> {
        let invoke = self.client.invoke().function_name(&self.arn.0);
        let invoke = invoke.invocation_type(InvocationType::RequestResponse);
        let output = invoke.payload(Blob::new(event)).send().await;
        let output = output.map_err(|error| Failed::NotInvoked(code(&error)))?;
        let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
        match output.function_error {
            None => Ok(payload),
            Some(kind) => Err(Failed::WithError(Refusal::read(&payload, kind))),
        }
    }
}

/// The error code of Lambda, or what happened on the way to it. Lambda's message is left out.
fn code(error: &SdkError<InvokeError>) -> String {
    match error.as_service_error() {
        Some(error) => error.code().unwrap_or("no code").to_owned(),
        None => sources(error),
    }
}

/// Cognito's event with the response of an answer. An event that is no object stays as it is.
fn with_response(
    event: &str,
    answer: &[u8],
    adopt: fn(&Members, Members) -> Result<Members, Unusable>,
) -> Result<Box<RawValue>, Unusable> {
    let answer: Members =
        serde_json::from_slice(answer).map_err(|_| Unusable("it is no JSON object"))?;
    if !answer.contains_key(RESPONSE) {
        return Err(Unusable("it has no `response`"));
    }
    let response = members(&answer, RESPONSE)?.unwrap_or_default();
    let Ok(mut event) = serde_json::from_str::<Members>(event) else {
        return Err(Unusable("it answers an event that is no object"));
    };
    let response = adopt(&event, response)?;
    event.insert(RESPONSE.to_owned(), raw(&response));
    Ok(raw(&event))
}

/// The member of an event in which a function answers. Cognito reads nothing else of an answer.
pub const RESPONSE: &str = "response";

/// The members of a member that is an object. `None` if it is missing or null.
///
/// # Errors
/// When it is anything else.
pub fn members(parent: &Members, name: &str) -> Result<Option<Members>, Unusable> {
    let Some(member) = parent.get(name) else { return Ok(None) };
    serde_json::from_str(member.get())
        .map_err(|_| Unusable("a member that should be an object is none"))
}

/// The members as JSON.
#[must_use]
pub fn raw(members: &Members) -> Box<RawValue> {
    to_raw_value(members).expect("members are JSON already")
}

impl Refusal {
    /// Reads the payload of a function's error. What it lacks is filled up from the kind of the error.
    fn read(payload: &[u8], kind: String) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Payload {
            error_type: Value,
            error_message: Value,
        }

        let Payload { error_type, error_message } =
            serde_json::from_slice(payload).unwrap_or_default();
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        Self {
            error_type: text(error_type).unwrap_or(kind),
            error_message: text(error_message).unwrap_or_else(|| FAILED.to_owned()),
        }
    }

    /// The type of the error, if it looks like the name of one.
    fn type_for_log(&self) -> &str {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:$".contains(&byte);
        let is_name = self.error_type.len() <= 100 && self.error_type.bytes().all(is_part);
        if is_name { &self.error_type } else { "an error whose type is not a name" }
    }
}

/// What Cognito shows if the function gave no message.
const FAILED: &str = "The function of this user pool failed";

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        let (error_type, error_message) = match failed {
            Failed::WithError(refusal) => return refusal,
            Failed::TimedOut(_) => {
                ("NextTrigger.TimedOut", "The function of this user pool did not answer in time")
            }
            Failed::NotInvoked(_) | Failed::Panic => {
                ("NextTrigger.NotInvoked", "The function of this user pool could not be invoked")
            }
            // What Cognito says about such an answer.
            Failed::WithAnswer(_) => {
                ("InvalidLambdaResponseException", "Unrecognizable lambda output")
            }
        };
        Self { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let Refusal { error_type, error_message } = refusal;
        Self { error_type, error_message }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.type_for_log();
        write!(formatter, "the event ended with the error of the pool's own function: {kind}")
    }
}

impl FunctionArn {
    /// The name of the function, without account, version or alias.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split(':').nth(6).unwrap_or_default()
    }

    /// Whether it is in this region.
    #[must_use]
    pub fn is_in(&self, region: &str) -> bool {
        self.0.split(':').nth(3) == Some(region)
    }
}

impl FromStr for FunctionArn {
    type Err = NextTriggerSettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |text: &str, most: usize, more: &[u8]| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
            (1..=most).contains(&text.len()) && text.bytes().all(is_part)
        };
        let is_lower = |text: &str| {
            is_word(text, 32, b"-") && !text.bytes().any(|byte| byte.is_ascii_uppercase())
        };
        let is_account =
            |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_qualifier = |text: &str| text == "$LATEST" || is_word(text, 128, b"-_");
        let is_arn = match *text.split(':').collect::<Vec<_>>() {
            ["arn", partition, "lambda", region, account, "function", name, ref qualifier @ ..] => {
                is_lower(partition)
                    && is_lower(region)
                    && is_account(account)
                    && is_word(name, 64, b"-_")
                    && match *qualifier {
                        [] => true,
                        [qualifier] => is_qualifier(qualifier),
                        _ => false,
                    }
            }
            _ => false,
        };
        if is_arn {
            Ok(Self(text.to_owned()))
        } else {
            Err(NextTriggerSettingError::Arn(text.to_owned()))
        }
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for OnFailure {
    type Err = NextTriggerSettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fail" => Ok(Self::Fail),
            "continue" => Ok(Self::Continue),
            _ => Err(NextTriggerSettingError::OnFailure(text.to_owned())),
        }
    }
}
