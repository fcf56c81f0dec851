//! A world of one test's own.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::middleware::from_fn;
use dynoxide::Database;
use functions::Entry;
use http_body_util::BodyExt;
use jiff::Timestamp;
use lambda_http::LambdaEvent;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::ambient::Stopwatch;
use shared::capabilities::Policies;
use shared::clients::Waits;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::dns::{Dns, NameServers};
use shared::domain::caller::Caller;
use shared::domain::decision::JoinPolicy;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::metrics::CountRetries;
use shared::next_trigger::Refusal;
use shared::store::Store;
use shared::{App, Clock, Randomness};
use tower::ServiceExt;
use usher_local::{InProcess, NameServer, TABLE_NAME};

use super::attributes::text;
use super::bus::Bus;
use super::contract;
use super::history;
use super::pool::{POOL_ID, Pool};
use super::wire::Wire;

/// The debug form of the function that a pool had before, if there is none.
const NO_NEXT: &str = "NextTrigger(None)";

/// When every world begins.
pub(crate) const START: &str = "2026-01-01T00:00:00.000Z";

/// A stored item: its attributes by name, without DynamoDB's type tags.
pub(crate) type Item = BTreeMap<String, Value>;

/// The items of a table, by partition and sort key.
pub(crate) type Items = BTreeMap<(String, String), Item>;

/// Everything real but time and chance: the handlers, the SDK, and an embedded DynamoDB that
/// nobody else uses. It is [`START`] until a test lets time pass or the code under test pauses, which
/// takes no real time. Chance is a row of numbers.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) wire: Wire,
    /// Where events go.
    pub(crate) bus: Bus,
    /// What the functions ask about domains. It knows no names until a test adds one.
    pub(crate) name_server: NameServer,
    /// The embedded DynamoDB.
    pub(super) database: Database,
    /// The merged routes, once they are asked for.
    service: OnceLock<Router>,
    client: Client,
    time: Arc<AtomicI64>,
    /// How many stores there are.
    stores: AtomicU64,
}

/// What a world is made of.
struct Parts {
    database: Database,
    wire: Wire,
    /// How the SDK counts the retries of this world.
    partition: String,
    /// The client of the code under test, and another one, whose calls nobody counts or disturbs.
    clients: [Client; 2],
    time: Arc<AtomicI64>,
    clock: Clock,
}

/// An answer, whole.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// A header's text, or "" where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("visible ASCII"))
    }

    /// Asserts that this is a complete problem response (RFC 9457) with this status and code, and
    /// answers its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> &str {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{:#}",
            self.body
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.body["type"], "about:blank");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["title"].as_str(), self.status.canonical_reason());
        assert_eq!(self.body["message"], self.body["detail"]);
        let detail = self.body["detail"].as_str().expect("a detail");
        assert!(!detail.is_empty() && !detail.chars().any(char::is_control), "{detail:?}");
        detail
    }

    /// The problem's errors as pairs of pointer and code.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        let text = |error: &'static str| error;
        errors
            .iter()
            .map(|error| {
                let part = |name| error[text(name)].as_str().expect("text");
                assert!(!part("detail").is_empty());
                (part("pointer"), part("code"))
            })
            .collect()
    }
}

/// A request in the making.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    world: &'a World,
    request: Request<Body>,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Another `Host` than the world's own.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.request.headers_mut().remove("host");
        self.header("host", host)
    }

    /// A caller with a token of this client and this subject.
    pub(crate) fn caller(mut self, client_id: &str, subject: &str) -> Self {
        let caller = Caller::new(Some(client_id), Some(subject));
        self.request.extensions_mut().insert(caller);
        self
    }

    pub(crate) fn if_match(self, etag: &str) -> Self {
        self.header("if-match", etag)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").raw(body.to_string())
    }

    /// A body as it is, without a content type.
    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let response = match self.world.service().clone().oneshot(self.request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("bodies are in memory").to_bytes();
        let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok());
        let body = match bytes.as_ref() {
            [] => Value::Null,
            bytes if content_type.is_some_and(|it| !it.ends_with("json")) => {
                String::from_utf8_lossy(bytes).into()
            }
            bytes => serde_json::from_slice(bytes).expect("answers are JSON"),
        };
        Answer { status: head.status, headers: head.headers, body }
    }
}

impl World {
    /// A new world.
    pub(crate) async fn new() -> Self {
        Self::with(MailboxPolicy::default()).await
    }

    /// A new world whose operator makes exceptions for public mailbox domains.
    pub(crate) async fn with(mailbox_policy: MailboxPolicy) -> Self {
        Self::over(mailbox_policy, UserPool::default()).await
    }

    /// A new world whose users are those of a recorded user pool.
    pub(crate) async fn with_pool(pool: &Pool) -> Self {
        Self::over(MailboxPolicy::default(), pool.user_pool()).await
    }

    /// A new world with such exceptions and such a user pool.
    pub(crate) async fn over(mailbox_policy: MailboxPolicy, user_pool: UserPool) -> Self {
        let joining = JoinPolicy { mailboxes: mailbox_policy, ..JoinPolicy::default() };
        let policies = Policies { joining, ..Policies::default() };
        Self::under(policies, user_pool).await
    }

    /// A new world whose operator decides this, and whose users are those of this user pool.
    pub(crate) async fn under(policies: Policies, user_pool: UserPool) -> Self {
        Self::of(policies, user_pool, Console::default()).await
    }

    /// A new world with such a console.
    pub(crate) async fn with_console(console: Console) -> Self {
        Self::of(Policies::default(), UserPool::default(), console).await
    }

    async fn of(policies: Policies, user_pool: UserPool, console: Console) -> Self {
        let database = usher_local::in_memory().expect("memory");
        usher_local::prepare(&database).expect("infra/storage.yaml defines the table");
        let dynamodb = InProcess::http_client(database.clone());
        // The SDK counts its retries by partition, and refuses too many: not those of other tests.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let partition = format!("world-{}", NUMBER.fetch_add(1, Ordering::Relaxed));

        let wire = Wire::default();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(3))
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(1));
        let tested = config()
            .timeout_config(timeouts)
            .retry_config(retries)
            .retry_partition(RetryPartition::new(partition.clone()))
            .http_client(wire.client_to(dynamodb.clone()))
            .build();
        let plain = config().http_client(dynamodb).build();

        let time = Arc::new(AtomicI64::new(start().as_millisecond()));
        let now = Arc::clone(&time);
        let passing = Arc::clone(&time);
        let clock = Clock::with_pause(
            move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).expect("in range"),
            move |pause| {
                let passing = Arc::clone(&passing);
                Box::pin(async move {
                    // What can be done at once is done before the time passes.
                    tokio::task::yield_now().await;
                    pass(&passing, pause);
                })
            },
        );
        let clients = [tested, plain].map(Client::from_conf);
        let parts = Parts { database, wire, partition, clients, time, clock };
        let world = Self::made_of(parts, policies, user_pool, console).await;
        // What a test changes in it later is not about requests.
        world.service();
        world
    }

    /// A world over this database, in which no call goes over a network. Its functions wait for AWS as
    /// long as those with these time-outs do. It is this many milliseconds since 1970, and then as much
    /// time passes as for time-outs.
    pub(crate) async fn staged(
        database: &Database,
        policies: Policies,
        pool: &Pool,
        waits: Waits,
        time: i64,
    ) -> Self {
        let dynamodb = InProcess::http_client(database.clone());
        let wire = Wire::default();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(waits.attempt)
            .operation_timeout(waits.call)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50));
        let tested = config()
            .timeout_config(timeouts)
            .retry_config(retries)
            // A process makes few calls, in which it never comes to the end of its retries.
            .retry_partition(
                RetryPartition::custom("table").token_bucket(TokenBucket::unlimited()).build(),
            )
            .http_client(wire.client_to(dynamodb.clone()))
            .build();
        let plain = config().http_client(dynamodb).build();
        let time = Arc::new(AtomicI64::new(time));
        let (begun, now) = (Stopwatch::start(), Arc::clone(&time));
        let clock = Clock::new(move || {
            let passed = i64::try_from(begun.elapsed().as_millis()).expect("a short time");
            let now = now.load(Ordering::Relaxed) + passed;
            Timestamp::from_millisecond(now).expect("in range")
        });
        let user_pool = pool.user_pool_over(&wire, waits);
        let clients = [tested, plain].map(Client::from_conf);
        let parts = Parts {
            database: database.clone(),
            wire,
            partition: "staged".to_owned(),
            clients,
            time,
            clock,
        };
        Self::made_of(parts, policies, user_pool, Console::default()).await
    }

    async fn made_of(
        Parts { database, wire, partition, clients: [tested, client], time, clock }: Parts,
        policies: Policies,
        user_pool: UserPool,
        console: Console,
    ) -> Self {
        let store = Store::new(tested, TABLE_NAME, clock.clone(), ids_of_changes(0));
        let name_server = NameServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let dns = Dns::new(Some(NameServers::from(name_server.address())));
        let bus = Bus::default();
        let app = App {
            dns,
            event_bus: bus.event_bus(&wire, &partition),
            dead_letters: bus.dead_letters(&wire, &partition),
            ..App::new(store, clock, counting(0), policies, user_pool, console)
        };
        let (service, stores) = (OnceLock::new(), AtomicU64::new(1));
        Self { app, wire, bus, name_server, database, service, client, time, stores }
    }

    fn service(&self) -> &Router {
        let all = || functions::all_routes(&self.app).into_service().layer(from_fn(contract::hold));
        self.service.get_or_init(all)
    }

    /// Makes a staged world again what it was in a snapshot of its database, at this time.
    pub(crate) fn reset(&self, snapshot: &str, time: i64) {
        self.database.restore_from(snapshot).expect("the snapshot");
        self.wire.mend();
        self.wire.traffic();
        let passed = self.app.clock.now().as_millisecond() - self.time.load(Ordering::Relaxed);
        self.time.store(time - passed, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        pass(&self.time, time);
    }

    /// The world's time, in milliseconds since 1970.
    pub(crate) fn time(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.time)
    }

    /// Begins a request to the merged routes, as the local server serves them.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "usher.example")
            .body(Body::empty())
            .expect("a request");
        Ask { world: self, request }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path).json(body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path).json(body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path).json(body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).send().await
    }

    /// Sends an event through a function exactly as its binary does: JSON in, JSON out.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Value {
        let function = functions::function(function).expect("a function of this name");
        let payload = serde_json::value::to_raw_value(event).expect("JSON");
        let http = match function.entry {
            Entry::Http(http) => http,
            Entry::Schedule(run) => {
                return run(&self.app).await.map(|()| Value::Null).expect("a finished run");
            }
            Entry::Stream(handle) => {
                let answer = handle(&self.app, payload).await.expect("an answer");
                return serde_json::from_str(answer.get()).expect("JSON");
            }
            Entry::Trigger(_) => {
                return self.trigger(function.name, event).await.expect("an answer");
            }
        };
        let service = (http.handlers)(&self.app).into_service().layer(from_fn(contract::hold));
        let event = LambdaEvent::new(payload, lambda_http::Context::default());
        match shared::runtime::answer_http_event(service, event).await {
            Ok(response) => serde_json::to_value(response).expect("JSON"),
            Err(never) => match never {},
        }
    }

    /// Sends an event through a trigger, which may end with an error of the pool's own function.
    pub(crate) async fn trigger(&self, function: &str, event: &Value) -> Result<Value, Refusal> {
        let function = functions::function(function).expect("a function of this name");
        let Entry::Trigger(handle) = function.entry else {
            panic!("{} is no trigger", function.name)
        };
        let sent = event.to_string();
        let payload = RawValue::from_string(sent.clone()).expect("JSON");
        let answer = handle(&self.app, payload).await?;
        if function.name == "post-confirmation" && format!("{:?}", self.app.next_trigger) == NO_NEXT
        {
            assert_eq!(answer.get(), sent, "the answer is the event's own bytes");
        }
        Ok(serde_json::from_str(answer.get()).expect("JSON"))
    }

    /// Sends an event through the trigger `post-confirmation`.
    pub(crate) async fn post_confirmation(&self, event: &Value) -> Value {
        self.invoke("post-confirmation", event).await
    }

    /// Sends an event through the trigger `pre-token-generation`.
    pub(crate) async fn pre_token_generation(&self, event: &Value) -> Value {
        self.invoke("pre-token-generation", event).await
    }

    /// Confirms the sign-up of a user with a verified address.
    pub(crate) async fn sign_up(&self, sub: &str, email: &str) {
        self.post_confirmation(&trigger_event(
            "1",
            "PostConfirmation_ConfirmSignUp",
            &verified(sub, email),
        ))
        .await;
    }

    /// Issues a token to a user with a verified address, and answers its event's answer.
    pub(crate) async fn token(&self, sub: &str, email: &str) -> Value {
        let source = "TokenGeneration_Authentication";
        self.pre_token_generation(&trigger_event("2", source, &verified(sub, email))).await
    }

    /// Creates an organization with this id as its name too.
    pub(crate) async fn organization(&self, id: &str) {
        let answer = self.post("/organizations", &json!({ "id": id, "name": id })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.body);
    }

    /// Creates an organization role, and answers its id.
    pub(crate) async fn role(&self, name: &str) -> String {
        let answer = self.post("/organization-roles", &json!({ "name": name })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.body);
        answer.body["id"].as_str().expect("an id").to_owned()
    }

    /// Adds email domains, one by one.
    pub(crate) async fn domains(&self, organization: &str, domains: &[&str]) {
        for domain in domains {
            let path = format!("/organizations/{organization}/jit/email-domains");
            let answer = self.post(&path, &json!({ "emailDomain": domain })).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.body);
        }
    }

    /// What transactions have changed so far, as the table's stream brings it to Lambda.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let written = self.stream().next().into_iter();
        written.filter(|written| written.told().is_some()).map(|written| written.record).collect()
    }

    /// Publishes these records of the stream, and answers the place of the one from which on they are to be
    /// sent again, if there is one.
    pub(crate) async fn publish(&self, records: &[Value]) -> Option<usize> {
        let answer = self.invoke("publish-events", &json!({ "Records": records })).await;
        let failures = answer["batchItemFailures"].as_array().expect("a list");
        assert!(failures.len() <= 1, "{answer}");
        let number = &failures.first()?["itemIdentifier"];
        let failed = records.iter().position(|it| it["dynamodb"]["SequenceNumber"] == *number);
        Some(failed.expect("one of the records"))
    }

    /// Every item in the table, but for what transactions have told.
    pub(crate) async fn items(&self) -> Items {
        without_changes(scan(&self.client).await)
    }

    /// Every item in the table, with what transactions have told.
    pub(crate) async fn items_and_changes(&self) -> Items {
        scan(&self.client).await
    }

    /// Every item in the table of a DynamoDB at this address, but for what transactions have told.
    pub(crate) async fn items_at(address: SocketAddr) -> Items {
        without_changes(Self::items_and_changes_at(address).await)
    }

    /// The same with what transactions have told.
    pub(crate) async fn items_and_changes_at(address: SocketAddr) -> Items {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let client = config().endpoint_url(format!("http://{address}")).http_client(http).build();
        scan(&Client::from_conf(client)).await
    }

    /// The same as [`Self::items_and_changes`], at once.
    pub(crate) fn items_now(&self) -> Items {
        let scan = json!({ "TableName": TABLE_NAME, "ConsistentRead": true });
        let scan = serde_json::from_value(scan).expect("a request");
        let page = self.database.scan(scan).expect("a page");
        assert!(page.last_evaluated_key.is_none(), "the table is small");
        let items = serde_json::to_value(page.items).expect("JSON");
        let items = items.as_array().expect("items").iter().map(history::plain);
        let key = |item: &Item, name: &str| item[name].as_str().expect("a key").to_owned();
        items.map(|item| ((key(&item, "pk"), key(&item, "sk")), item)).collect()
    }

    /// The attributes of the item with this key.
    pub(crate) async fn attributes(&self, pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
        let get = self.client.get_item().table_name(TABLE_NAME).consistent_read(true);
        let got = get.key("pk", text(pk)).key("sk", text(sk)).send().await.expect("an answer");
        got.item.unwrap_or_else(|| panic!("no item is at {pk} {sk}"))
    }

    /// Removes an item, behind the back of every rule.
    pub(crate) async fn remove_item(&self, pk: &str, sk: &str) {
        let delete = self.client.delete_item().table_name(TABLE_NAME);
        let delete = delete.key("pk", text(pk)).key("sk", text(sk));
        delete.send().await.expect("the item is removed");
    }

    /// The store over a wire of its own: nobody counts or disturbs its calls.
    pub(crate) fn store(&self) -> Store {
        let randomness = ids_of_changes(self.stores.fetch_add(1, Ordering::Relaxed));
        Store::new(self.client.clone(), TABLE_NAME, self.app.clock.clone(), randomness)
    }

    /// Puts many items as they are.
    pub(crate) async fn put_items(
        &self,
        items: impl IntoIterator<Item = HashMap<String, AttributeValue>>,
    ) {
        let requests: Vec<_> = items
            .into_iter()
            .map(|item| {
                let put = PutRequest::builder().set_item(Some(item)).build().expect("an item");
                WriteRequest::builder().put_request(put).build()
            })
            .collect();
        for batch in requests.chunks(25) {
            let write = self.client.batch_write_item().request_items(TABLE_NAME, batch.to_vec());
            let unprocessed = write.send().await.expect("the items are put").unprocessed_items;
            assert!(unprocessed.is_none_or(|items| items.is_empty()));
        }
    }

    /// Asserts what must hold at every instant: list and index agree for every organization that
    /// exists, and the lists of those that do not are gone.
    #[track_caller]
    pub(crate) fn assert_list_and_index_agree(items: &Items) {
        let exists = |org: &str| {
            items
                .get(&(org.to_owned(), "ORG".to_owned()))
                .is_some_and(|item| !item.contains_key("deletedAt"))
        };
        let mut listed = Vec::new();
        for ((pk, sk), item) in items {
            let (rules, prefix) = match &**sk {
                "EMAIL_DOMAINS" => (&item["domains"], "DOMAIN#"),
                "SSO_CONNECTORS" => (&item["connectors"], "PROVIDER#"),
                _ => continue,
            };
            assert!(exists(pk), "{pk} is gone, its list is not");
            let rules = rules.as_object().expect("a map").iter();
            listed.extend(rules.map(|(name, entry)| {
                (format!("{prefix}{name}"), pk.clone(), entry["addedAt"].clone())
            }));
        }
        let is_entry = |pk: &str| pk.starts_with("DOMAIN#") || pk.starts_with("PROVIDER#");
        let mut indexed: Vec<_> = items
            .iter()
            .filter(|((pk, sk), _)| is_entry(pk) && exists(sk))
            .map(|((pk, sk), item)| {
                let added = ["addedAt", "listedAt"].into_iter().find_map(|name| item.get(name));
                (pk.clone(), sk.clone(), added.expect("a time").clone())
            })
            .collect();
        listed.sort_by_key(|(rule, org, _)| (rule.clone(), org.clone()));
        indexed.sort_by_key(|(rule, org, _)| (rule.clone(), org.clone()));
        assert_eq!(listed, indexed, "list and index differ");
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

/// An event of a trigger, for a user with these attributes, whose name is the `sub` too.
pub(crate) fn trigger_event(version: &str, source: &str, attributes: &Value) -> Value {
    json!({
        "version": version,
        "triggerSource": source,
        "region": "eu-central-1",
        "userPoolId": POOL_ID,
        "userName": attributes["sub"],
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client" },
        "request": { "userAttributes": attributes },
        "response": {},
    })
}

/// The attributes of a user who has proven an address.
pub(crate) fn verified(sub: &str, email: &str) -> Value {
    json!({
        "sub": sub,
        "email": email,
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
    })
}

fn config() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .interceptor(CountRetries)
}

/// Randomness that counts from a number on.
fn counting(from: u64) -> Randomness {
    let chance = AtomicU64::new(from);
    Randomness::new(move |bytes| {
        let number = chance.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, n)| *byte = *n);
    })
}

/// Randomness for the ids of one store's changes, by its number in its world. They do not count on with
/// other ids, and no two stores of a world have the same.
fn ids_of_changes(store: u64) -> Randomness {
    counting((store + 1) << 32)
}

fn without_changes(mut items: Items) -> Items {
    items.retain(|(pk, _), _| !is_change(pk));
    items
}

/// Whether the items of this partition are what transactions have told.
fn is_change(partition_key: &str) -> bool {
    partition_key.starts_with("CHANGE#")
}

async fn scan(client: &Client) -> Items {
    let mut items = BTreeMap::new();
    let mut pages =
        client.scan().table_name(TABLE_NAME).consistent_read(true).into_paginator().send();
    while let Some(page) = pages.next().await {
        for attributes in page.expect("a page").items.unwrap_or_default() {
            let item: Item =
                attributes.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            let key = |name: &str| item[name].as_str().expect("a key").to_owned();
            items.insert((key("pk"), key("sk")), item);
        }
    }
    items
}

fn pass(clock: &AtomicI64, time: Duration) {
    let milliseconds = i64::try_from(time.as_millis()).expect("a short time");
    clock.fetch_add(milliseconds, Ordering::Relaxed);
}

fn start() -> Timestamp {
    START.parse().expect("a timestamp")
}

/// An attribute without DynamoDB's type tags.
fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(digits) => serde_json::from_str(digits).expect("a number"),
        AttributeValue::Bool(boolean) => json!(boolean),
        AttributeValue::L(values) => values.iter().map(plain).collect(),
        AttributeValue::M(map) => {
            map.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        other => panic!("no item has such an attribute: {other:?}"),
    }
}
