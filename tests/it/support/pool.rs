//! A recorded Cognito. Its replies to single calls replace answers that the emulator cannot give. It
//! can also have users, and then answers about them as AWS does.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_cognitoidentityprovider::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cognitoidentityprovider::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::clients::Waits;
use shared::cognito::UserPool;
use tokio::net::TcpListener;

use super::directory::{Directory, SignIn, description};
use super::wire::{Fate, Hanging, Wire, client_of};

/// The id of every recorded pool.
pub(crate) const POOL_ID: &str = "eu-central-1_EXAMPLE";

/// A user pool that answers what a test has recorded, and remembers what it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<(String, Fate)>,
    /// An operation, how many more of its calls are answered, and what becomes of all others.
    refusal: Option<(String, usize, Fate)>,
    directory: Option<Directory>,
    requests: Vec<(String, Value)>,
}

impl Pool {
    /// A pool with these users. Whatever is not recorded is answered as AWS does.
    pub(crate) fn with_users(sign_in: SignIn, users: impl IntoIterator<Item = Value>) -> Self {
        let pool = Self::default();
        let users = users.into_iter().collect();
        pool.state().directory = Some(Directory {
            sign_in,
            users,
            numbered: 0,
            providers: Vec::new(),
            listed: None,
            quota: None,
        });
        pool
    }

    /// A pool with these identity providers, each a name and a type, and no users.
    pub(crate) fn with_providers(
        providers: impl IntoIterator<Item = (String, &'static str)>,
    ) -> Self {
        let pool = Self::with_users(SignIn::Address, []);
        providers.into_iter().for_each(|(name, kind)| pool.add_provider(&name, kind));
        pool
    }

    /// Adds an identity provider.
    pub(crate) fn add_provider(&self, name: &str, kind: &'static str) {
        let mut state = self.state();
        let directory = state.directory.as_mut().expect("a pool with users");
        directory.providers.push((name.to_owned(), kind));
    }

    /// From now on `ListUsers` answers as it would have done before any later change.
    pub(crate) fn stop_listing(&self) {
        let mut state = self.state();
        let directory = state.directory.as_mut().expect("a pool with users");
        directory.listed = Some(directory.users.clone());
    }

    /// AWS's quota of listings in a second holds, in the time of this clock.
    pub(crate) fn limit_listings(&self, time: Arc<AtomicI64>) {
        let mut state = self.state();
        let directory = state.directory.as_mut().expect("a pool with users");
        directory.quota = Some((time, VecDeque::new()));
    }

    /// Adds a user.
    pub(crate) fn add(&self, user: Value) {
        self.state().directory.as_mut().expect("a pool with users").users.push(user);
    }

    /// Deletes the user with this name.
    pub(crate) fn delete(&self, name: &str) {
        let mut state = self.state();
        let directory = state.directory.as_mut().expect("a pool with users");
        directory.users.retain(|user| user["Username"] != name);
    }

    /// The names of the users who exist.
    pub(crate) fn user_names(&self) -> Vec<String> {
        let state = self.state();
        let users = &state.directory.as_ref().expect("a pool with users").users;
        users.iter().map(|user| user["Username"].as_str().expect("a name").to_owned()).collect()
    }

    /// The users who exist.
    pub(crate) fn users(&self) -> Vec<Value> {
        self.state().directory.as_ref().expect("a pool with users").users.clone()
    }

    /// Makes these the users who exist.
    pub(crate) fn set_users(&self, users: &[Value]) {
        let mut state = self.state();
        let directory = state.directory.as_mut().expect("a pool with users");
        directory.users = users.to_vec();
        directory.numbered = 0;
    }

    /// The pool as the code under test sees it: three attempts at each call.
    pub(crate) fn user_pool(&self) -> UserPool {
        static NUMBER: Mutex<u32> = Mutex::new(0);
        let mut number = NUMBER.lock().expect("nobody panics while counting");
        *number += 1;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(4))
            .build();
        // The SDK counts its retries by partition, and refuses too many: not those of others.
        let partition = RetryPartition::new(format!("pool {number}"));
        Self::asked(timeouts, Duration::from_millis(1), partition, client_of(self.clone()))
    }

    /// The pool as a function has it that waits so long, over this wire.
    pub(crate) fn user_pool_over(&self, wire: &Wire, waits: Waits) -> UserPool {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(waits.attempt)
            .operation_timeout(waits.call)
            .build();
        let partition =
            RetryPartition::custom("pool").token_bucket(TokenBucket::unlimited()).build();
        let client = wire.client_to(client_of(self.clone()));
        Self::asked(timeouts, Duration::from_millis(50), partition, client)
    }

    fn asked(
        timeouts: TimeoutConfig,
        first_backoff: Duration,
        partition: RetryPartition,
        client: SharedHttpClient,
    ) -> UserPool {
        let retries =
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(first_backoff);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://cognito.example")
            .timeout_config(timeouts)
            .retry_config(retries)
            .retry_partition(partition)
            .http_client(client)
            .build();
        UserPool::new(Client::from_conf(config), POOL_ID)
    }

    /// The pool over HTTP, for other processes: answers the address. It ends with the runtime.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let pool = self.clone();
        let answer = move |headers: HeaderMap, body: Bytes| async move {
            let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
            let operation = target.and_then(|it| it.rsplit('.').next()).unwrap_or_default();
            let request = serde_json::from_slice(&body).expect("requests are JSON");
            let Some(Fate::Reply { status, body }) = pool.sent(operation, &request) else {
                panic!("no reply to {operation} is recorded")
            };
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [("content-type", "application/x-amz-json-1.1")], body.to_string())
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// Records what becomes of the next call of an operation.
    pub(crate) fn next(&self, operation: &str, fate: Fate) {
        self.state().replies.push_back((operation.to_owned(), fate));
    }

    /// Records an answer to the next call of an operation.
    pub(crate) fn answers(&self, operation: &str, body: Value) {
        self.next(operation, Fate::Reply { status: 200, body });
    }

    /// Records what becomes of the next call of an operation and of every retry.
    pub(crate) fn stays(&self, operation: &str, fate: &Fate) {
        for _ in 0..3 {
            self.next(operation, fate.clone());
        }
    }

    /// Lets this become of each call of an operation after so many, until the calls are asked for.
    pub(crate) fn refuse_after(&self, operation: &str, calls: usize, fate: &Fate) {
        self.state().refusal = Some((operation.to_owned(), calls, fate.clone()));
    }

    /// The calls since this was asked last, by operation. What was recorded and not used is gone.
    pub(crate) fn requests(&self) -> Vec<(String, Value)> {
        let mut state = self.state();
        state.replies.clear();
        state.refusal = None;
        std::mem::take(&mut state.requests)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the pool")
    }

    fn sent(&self, operation: &str, request: &Value) -> Option<Fate> {
        let mut state = self.state();
        state.requests.push((operation.to_owned(), request.clone()));
        let place = state.replies.iter().position(|(name, _)| name == operation);
        if let Some((_, fate)) = place.and_then(|place| state.replies.remove(place)) {
            return Some(fate);
        }
        if let Some((refused, calls, fate)) = &mut state.refusal
            && *refused == operation
        {
            match calls.checked_sub(1) {
                Some(rest) => *calls = rest,
                None => return Some(fate.clone()),
            }
        }
        if let Some(directory) = &mut state.directory {
            let (status, body) = directory.answer(operation, request);
            return Some(Fate::Reply { status, body });
        }
        // Nothing depends on this description, except whether addresses are aliases.
        (operation == "DescribeUserPool")
            .then(|| Fate::Reply { status: 200, body: description(SignIn::Address) })
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("requests are in memory");
        let fate = self.sent(&operation, &serde_json::from_slice(body).expect("requests are JSON"));
        HttpConnectorFuture::new(async move {
            match fate {
                Some(Fate::Reply { status, body }) => {
                    let status = status.try_into().expect("a status");
                    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
                    response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
                    Ok(response)
                }
                Some(Fate::Lost) => Err(ConnectorError::io("the wire is cut".into())),
                Some(Fate::Hang) => {
                    let _hanging = Hanging::new();
                    std::future::pending().await
                }
                other => panic!("no reply to {operation} is recorded: {other:?}"),
            }
        })
    }
}

/// A user as Cognito describes one, created when every world begins.
pub(crate) fn pool_user(sub: &str, user_name: &str, email: &str, verified: bool) -> Value {
    let attribute = |name: &str, value: &str| json!({ "Name": name, "Value": value });
    let verified = if verified { "true" } else { "false" };
    json!({
        "Username": user_name,
        "Attributes": [
            attribute("sub", sub),
            attribute("email", email),
            attribute("email_verified", verified),
        ],
        "UserCreateDate": 1_767_225_600.0,
        "UserStatus": "FORCE_CHANGE_PASSWORD",
        "Enabled": true,
    })
}
