//! The first event of a trigger that has just started, while DynamoDB accepts connections and never
//! answers. Cognito's five seconds begin before the function starts.
//!
//! The tests with a process are the only ones that measure time: what they assert is a bound for a
//! whole process, which paused time cannot show. The bound has 0.7 s for a busy machine.

use std::collections::{HashMap, VecDeque};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use shared::capabilities::{Capability, Environment, WARM_UP};
use shared::clients::Waits;
use shared::runtime::{TRIGGER_DEADLINE, first_deadline};
use shared::store::Store;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::support::{program, trigger_event, verified};

/// From the start of the process to its answer.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_millis(4_200);

/// A listener whose connections are accepted by the system, and by nobody else.
pub(super) async fn hanging() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// The variables that Lambda and the template set for a trigger.
pub(super) fn variables(dynamodb: SocketAddr) -> HashMap<&'static str, String> {
    [
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{dynamodb}")),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "usher-pre-token-generation".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "log".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "log".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("TABLE_NAME", "usher".to_owned()),
    ]
    .into()
}

/// The Lambda Runtime API: gives these events to the function, and then waits for ever. Returns its
/// address, and the function's answers, each with the path that it came by.
pub(super) async fn runtime_api(
    events: impl IntoIterator<Item = &Value>,
) -> (SocketAddr, mpsc::UnboundedReceiver<(String, Value)>) {
    let (answered, answers) = mpsc::unbounded_channel();
    let events: VecDeque<_> = events.into_iter().map(Value::to_string).collect();
    let events = Arc::new(Mutex::new(events));
    let next = move || async move {
        let Some(event) = events.lock().await.pop_front() else {
            return std::future::pending().await;
        };
        let headers = [
            ("lambda-runtime-aws-request-id", "request-1"),
            ("lambda-runtime-deadline-ms", "4102444800000"),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:1:function:usher"),
        ];
        (headers, event).into_response()
    };
    let answer = |uri: axum::http::Uri, body: String| async move {
        let body = serde_json::from_str(&body).expect("JSON");
        answered.send((uri.path().to_owned(), body)).expect("the test waits");
        StatusCode::ACCEPTED
    };
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get::<_, _, ()>(next))
        .route("/2018-06-01/runtime/{*rest}", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, answers)
}

/// A group of processes that get a tenth of a processor together. Lambda gives as little to a function
/// with 128 MB.
struct Tenth(PathBuf);

impl Tenth {
    /// Needs root and the control groups of Linux, version 1 or 2. `None` if the machine has none.
    fn new() -> Option<Self> {
        let name = format!("usher-test-{}", std::process::id());
        let groups = Path::new("/sys/fs/cgroup");
        [
            (groups.join("cpu").join(&name), "cpu.cfs_quota_us", "10000"),
            (groups.join(&name), "cpu.max", "10000 100000"),
        ]
        .into_iter()
        .find_map(|(group, limit, tenth)| {
            std::fs::create_dir(&group).ok()?;
            let group = Self(group);
            let limit = OpenOptions::new().write(true).open(group.0.join(limit));
            limit.ok()?.write_all(tenth.as_bytes()).ok()?;
            Some(group)
        })
    }
}

impl Drop for Tenth {
    fn drop(&mut self) {
        drop(std::fs::remove_dir(&self.0));
    }
}

/// The functions' program, in a group if there is one.
fn command(group: Option<&Tenth>) -> Command {
    let program = program("usher");
    let Some(Tenth(group)) = group else { return Command::new(program) };
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ >$0/cgroup.procs && exec $1"]).arg(group).arg(program);
    command
}

/// Starts a trigger's process with these variables, and with further ones.
pub(super) fn started(
    trigger: &str,
    addresses: (SocketAddr, SocketAddr),
    more: &[(&'static str, String)],
) -> Child {
    started_in(None, trigger, addresses, more)
}

fn started_in(
    group: Option<&Tenth>,
    trigger: &str,
    (dynamodb, api): (SocketAddr, SocketAddr),
    more: &[(&'static str, String)],
) -> Child {
    command(group)
        .env_clear()
        .env("_HANDLER", trigger)
        .envs(variables(dynamodb))
        .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
        .envs(more.iter().cloned())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it can be run")
}

/// Ends a process that still runs. Returns what it has written.
pub(super) async fn ended(mut process: Child) -> String {
    process.kill().await.expect("it still runs");
    let output = process.wait_with_output().await.expect("its output").stdout;
    String::from_utf8(output).expect("UTF-8")
}

/// The lines of a log.
pub(super) fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Starts the trigger, and asserts that its first answer is the event alone, in time.
async fn assert_answered_in_time(group: Option<&Tenth>) {
    let (_listener, dynamodb) = hanging().await;
    let source = "TokenGeneration_Authentication";
    let event = trigger_event("2", source, &verified("jane", "jane@acme.com"));
    let (api, mut answers) = runtime_api([&event]).await;

    let process = started_in(group, "pre-token-generation", (dynamodb, api), &[]);
    let answer = timeout(ANSWERED_WITHIN, answers.recv()).await.expect("an answer in time");

    let path = "/2018-06-01/runtime/invocation/request-1/response".to_owned();
    assert_eq!(answer, Some((path, event)), "the answer is the event alone");
    ended(process).await;
}

#[tokio::test]
async fn a_cold_trigger_answers_in_time_while_dynamodb_hangs() {
    assert_answered_in_time(None).await;
}

#[tokio::test]
async fn a_cold_trigger_with_a_tenth_of_a_processor_answers_in_time_too() {
    let Some(tenth) = Tenth::new() else {
        eprintln!("this machine cannot limit a process to a tenth of a processor");
        return;
    };
    assert_answered_in_time(Some(&tenth)).await;
}

#[tokio::test]
async fn a_trigger_with_a_wrong_variable_answers_and_counts_the_token_without_claims() {
    let (_listener, dynamodb) = hanging().await;
    let source = "TokenGeneration_Authentication";
    let event = trigger_event("2", source, &verified("jane", "jane@acme.com"));
    let (api, mut answers) = runtime_api([&event]).await;

    let more = [("PUBLIC_MAILBOX_EXCEPTIONS", "org_1".to_owned())];
    let process = started("pre-token-generation", (dynamodb, api), &more);
    let (_, answer) = answers.recv().await.expect("an answer");
    let lines = lines(&ended(process).await);

    assert_eq!(answer, event, "the answer is the event alone");
    for metric in ["ProvisioningFailures", "TokensWithoutClaims"] {
        let counted = lines.iter().filter(|line| line[metric] == 1).count();
        assert_eq!(counted, 1, "{metric}: {lines:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_no_longer_than_300_ms_for_the_connection() {
    let (_listener, dynamodb) = hanging().await;
    let variables = variables(dynamodb);
    let environment = Environment::new(move |name| variables.get(name).cloned(), Waits::TRIGGER);
    Store::from_environment(&environment).expect("a store");

    assert_eq!(WARM_UP, Duration::from_millis(300));
    let late = WARM_UP + Duration::from_millis(1);
    timeout(late, environment.warm_up()).await.expect("it waits no longer");
}

#[test]
fn the_start_is_taken_off_the_first_deadline_if_cognito_has_waited_for_it() {
    let seconds = Duration::from_secs_f64;
    assert_eq!(TRIGGER_DEADLINE, seconds(3.5));
    for (initialization_type, start, deadline) in [
        (Some("on-demand"), 0.25, 3.25),
        (None, 0.25, 3.25),
        (Some("on-demand"), 3.5, 0.0),
        (Some("on-demand"), 600.0, 0.0),
        (Some("provisioned-concurrency"), 0.25, 3.5),
        (Some("provisioned-concurrency"), 600.0, 3.5),
        (Some("snap-start"), 600.0, 3.5),
    ] {
        let found = first_deadline(initialization_type, seconds(start));
        assert_eq!(found, seconds(deadline), "{initialization_type:?}, {start} s");
    }
}

#[tokio::test]
async fn a_program_that_is_started_as_no_function_says_so() {
    for (handler, error) in [
        (
            Some("pre-token"),
            "there is no function pre-token: the handler in the configuration is wrong",
        ),
        (None, "_HANDLER is not set: Lambda sets it to the handler in the configuration"),
    ] {
        let mut command = command(None);
        let ended = command.env_clear().envs(handler.map(|it| ("_HANDLER", it))).output().await;
        let ended = ended.expect("it can be run");
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&ended.stderr), format!("Error: {error:?}\n"));
    }
}
