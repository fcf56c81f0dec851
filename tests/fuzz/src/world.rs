//! What the code under test works with: organizations, roles, domains and users in an embedded DynamoDB. It is the same
//! for each input, so that an input does each time what it did once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use dynoxide::Database;
use functions::Entry;
use http_body_util::BodyExt;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::dns::{Dns, NameServers};
use shared::event_bus::{DeadLetters, EventBus};
use shared::next_trigger::{NextTrigger, OnFailure};
use shared::runtime::start_log;
use shared::store::Store;
use shared::{App, Clock, Randomness};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use tracing_subscriber::filter::LevelFilter;
use usher_local::{InProcess, TABLE_NAME};

use crate::wire::Wire;

/// The database. The name lets a second connection reach it.
const DATABASE: &str = "file:usher-fuzz?mode=memory&cache=shared";
/// The time of each input, in milliseconds since 1970. What is in the table has happened in the hour before.
const NOW: i64 = 1_767_225_600_000;
const BEFORE: i64 = NOW - 3_600_000;
/// The first number of an input's randomness. Those before it have made the ids that are in the table.
const CHANCE: u64 = 1 << 48;
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/console");
const NEXT_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:next";

macro_rules! config {
    ($sdk:ident, $wire:expr) => {
        $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://aws.example")
            // The SDK counts retries, and would treat a later input otherwise than an earlier one.
            .retry_config(RetryConfig::disabled())
            .http_client($wire.client())
            .build()
    };
}
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) wire: Wire,
    pub(crate) app: App,
    pub(crate) service: Router,
    /// The same, with a function that the pool had before.
    pub(crate) chained: [App; 2],
    /// The id of an organization role.
    pub(crate) role: String,
    time: Arc<AtomicI64>,
    chance: Arc<AtomicU64>,
    table: Table,
}

thread_local! {
    static WORLD: World = World::new();
}

impl World {
    /// Does something in the world as it is for each input.
    pub(crate) fn with<T>(act: impl FnOnce(&Self) -> T) -> T {
        WORLD.with(|world| {
            world.time.store(NOW, Ordering::Relaxed);
            world.chance.store(CHANCE, Ordering::Relaxed);
            if world.wire.writes() > 0 {
                world.wire.renew(world.table.restored());
            }
            act(world)
        })
    }

    fn new() -> Self {
        // What is logged has to be written, too.
        start_log(LevelFilter::DEBUG, std::io::sink);
        // A pause takes no time.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
        let mut table = Table::open();
        let wire = Wire::new(table.client());
        let time = Arc::new(AtomicI64::new(BEFORE));
        let chance = Arc::new(AtomicU64::new(0));
        let app = runtime.block_on(async { app(&wire, &time, &chance) });
        let chained = [OnFailure::Continue, OnFailure::Fail].map(|on_failure| {
            let client = aws_sdk_lambda::Client::from_conf(config!(aws_sdk_lambda, wire));
            let arn = NEXT_ARN.parse().expect("an ARN");
            App { next_trigger: NextTrigger::new(client, arn, on_failure), ..app.clone() }
        });
        let service = functions::all_routes(&app).into_service();
        let client = aws_sdk_dynamodb::Client::from_conf(config!(aws_sdk_dynamodb, wire));
        let role = runtime.block_on(fill(&app, &service, &client));
        table.keep();
        wire.renew(table.client());
        Self { runtime, wire, app, service, chained, role, time, chance, table }
    }
}

fn app(wire: &Wire, time: &Arc<AtomicI64>, chance: &Arc<AtomicU64>) -> App {
    let (now, passing) = (Arc::clone(time), Arc::clone(time));
    let clock = Clock::with_pause(
        move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).expect("in range"),
        move |pause| {
            let passing = Arc::clone(&passing);
            Box::pin(async move {
                tokio::task::yield_now().await;
                let pause = i64::try_from(pause.as_millis()).expect("a short time");
                passing.fetch_add(pause, Ordering::Relaxed);
            })
        },
    );
    let chance = Arc::clone(chance);
    let randomness = Randomness::new(move |bytes| {
        let number = chance.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, n)| *byte = *n);
    });
    let store = aws_sdk_dynamodb::Client::from_conf(config!(aws_sdk_dynamodb, wire));
    let store = Store::new(store, TABLE_NAME, clock.clone(), randomness.clone());
    let pool = config!(aws_sdk_cognitoidentityprovider, wire);
    let pool = aws_sdk_cognitoidentityprovider::Client::from_conf(pool);
    let bus = aws_sdk_eventbridge::Client::from_conf(config!(aws_sdk_eventbridge, wire));
    let queue = aws_sdk_sqs::Client::from_conf(config!(aws_sdk_sqs, wire));
    let policies =
        Policies { domain_ownership: "pending".parse().expect("a policy"), ..Policies::default() };
    let pool = UserPool::new(pool, "eu-central-1_EXAMPLE");
    // Any pages do.
    let console = Console { pages: PathBuf::from(PAGES), ..Console::default() };
    App {
        // Nobody listens there.
        dns: Dns::new(Some(NameServers::parse("127.0.0.1:1").expect("an address"))),
        event_bus: EventBus::new(bus, "usher"),
        dead_letters: DeadLetters::new(queue, "http://aws.example/1/letters"),
        ..App::new(store, clock, randomness, policies, pool, console)
    }
}

/// Writes what is in the table for each input, as clients do. The answer is the id of a role.
async fn fill(app: &App, service: &Router, client: &aws_sdk_dynamodb::Client) -> String {
    let send = async |method: &str, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let answer = service.clone().oneshot(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{method} {path}: {answer:?}");
        let body = answer.into_body().collect().await.expect("bodies are in memory").to_bytes();
        serde_json::from_slice::<Value>(&body).unwrap_or_default()
    };
    for (id, name) in [("acme", "Acme"), ("umbrella", "Umbrella"), ("initech", "Initech ☂")] {
        send("POST", "/organizations", json!({ "id": id, "name": name })).await;
    }
    let role = send("POST", "/organization-roles", json!({ "name": "Admin" })).await;
    let role = role["id"].as_str().expect("an id").to_owned();
    send("POST", "/organization-roles", json!({ "name": "Reader" })).await;
    let default_roles = json!({ "organizationRoleIds": [role] });
    send("PUT", "/organizations/acme/jit/roles", default_roles).await;
    let domains = "/organizations/acme/jit/email-domains";
    for domain in ["acme.com", "acme.org", "xn--bcher-kva.example"] {
        send("POST", domains, json!({ "emailDomain": domain })).await;
    }
    for domain in ["acme.com", "acme.org"] {
        send("POST", &format!("{domains}/{domain}/vouch"), json!(null)).await;
    }
    send("PATCH", &format!("{domains}/acme.org"), json!({ "enrollment": "request" })).await;
    let umbrella = "/organizations/umbrella/jit/email-domains";
    send("PUT", umbrella, json!({ "emailDomains": ["umbrella.com", "acme.com"] })).await;
    let providers = "/organizations/acme/jit/sso-connectors";
    send("POST", providers, json!({ "ssoConnectorIds": ["Okta"] })).await;
    let event = |sub: &str, email: &str| {
        json!({
            "version": "1",
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "userName": sub,
            "request": { "userAttributes": { "sub": sub, "email": email, "email_verified": "true" } },
            "response": {},
        })
    };
    for (sub, email) in [
        ("jane", "jane@acme.com"),
        ("john", "john@acme.com"),
        ("mary", "mary@acme.com"),
        ("anna", "anna@acme.org"),
        ("emil", "emil@acme.org"),
    ] {
        invoke(app, "post-confirmation", &event(sub, email)).await;
    }
    send("DELETE", "/organizations/acme/users/john", json!(null)).await;
    keep_activity(app, client).await;
    role
}

/// Keeps what has happened as activity.
async fn keep_activity(app: &App, client: &aws_sdk_dynamodb::Client) {
    let scanned = client.scan().table_name(TABLE_NAME).send().await.expect("a page");
    let text = |value: &AttributeValue| value.as_s().expect("a text").clone();
    let items = scanned.items.unwrap_or_default();
    let keys = items.iter().map(|item| json!({ "pk": text(&item["pk"]), "sk": text(&item["sk"]) }));
    let changes = keys.filter(|key| key["pk"].as_str().is_some_and(|pk| pk.starts_with("CHANGE#")));
    let replay = json!({ "replay": changes.collect::<Vec<_>>() });
    let answer = invoke(app, "publish-events", &replay).await;
    assert!(!answer.contains("cause"), "not everything is published: {answer}");
}

/// Sends an event to a function.
async fn invoke(app: &App, function: &str, event: &Value) -> String {
    let event = serde_json::value::to_raw_value(event).expect("JSON");
    match functions::function(function).expect("a function").entry {
        Entry::Trigger(handle) => handle(app, event).await.expect("an answer").get().to_owned(),
        Entry::Stream(handle) => handle(app, event).await.expect("an answer").get().to_owned(),
        _ => unreachable!("no other function gets events here"),
    }
}

/// The embedded DynamoDB, and what was in it once.
struct Table {
    database: Database,
    /// A second connection. It keeps a copy of each table of the database.
    copies: Connection,
    names: Vec<String>,
}

impl Table {
    fn open() -> Self {
        let database = usher_local::open(Path::new(DATABASE)).expect("memory");
        usher_local::prepare(&database).expect("infra/storage.yaml defines the table");
        let copies = Connection::open(DATABASE).expect("the same database");
        Self { database, copies, names: Vec::new() }
    }

    /// A new way to the database, which knows no earlier transaction.
    fn client(&self) -> SharedHttpClient {
        InProcess::http_client(self.database.clone())
    }

    /// Keeps what is in the database now.
    fn keep(&mut self) {
        let sql = "SELECT name FROM main.sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut statement = self.copies.prepare(sql).expect("a statement");
        let names = statement.query_map([], |row| row.get(0)).expect("a list");
        self.names = names.collect::<Result<_, _>>().expect("names");
        drop(statement);
        for (number, name) in self.names.iter().enumerate() {
            let copy = format!("CREATE TEMP TABLE copy_{number} AS SELECT * FROM main.\"{name}\"");
            self.copies.execute_batch(&copy).expect("a copy");
        }
    }

    /// Restores what was kept.
    fn restored(&self) -> SharedHttpClient {
        let mut sql = "BEGIN;".to_owned();
        for (number, name) in self.names.iter().enumerate() {
            sql.push_str(&format!("DELETE FROM main.\"{name}\";"));
            sql.push_str(&format!("INSERT INTO main.\"{name}\" SELECT * FROM copy_{number};"));
        }
        self.copies.execute_batch(&(sql + "COMMIT;")).expect("the database takes its own");
        self.client()
    }
}
