//! All of Usher in this process, on an embedded DynamoDB, and the events that are measured.

use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use dynoxide::Database;
use functions::Entry;
use lambda_http::{Context, LambdaEvent};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::runtime::answer_http_event;
use shared::store::Store;
use shared::{App, Clock, Randomness};
use tower::ServiceExt;
use usher_local::{InProcess, TABLE_NAME};

use crate::wire::Wire;

/// Whatever goes wrong ends the measurement.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The requests that API Gateway sends, and the events that Cognito sends.
const REQUEST: &str = include_str!("../../../tests/events/list-email-domains.json");
const SIGN_UP: &str = include_str!("../../../tests/events/post-confirmation.json");
const TOKEN: &str = include_str!("../../../tests/events/pre-token-generation.json");

/// All of Usher, with a table of its own.
pub(crate) struct Stage {
    app: App,
    service: Router,
    database: Database,
    /// The way to the table.
    pub(crate) wire: Wire,
    /// A client of the table, over the same way.
    pub(crate) client: Client,
}

impl Stage {
    /// A new table, in which tokens remember for so many seconds.
    pub(crate) fn new(token_cache: &str) -> Outcome<Self> {
        let database = usher_local::in_memory()?;
        usher_local::prepare(&database)?;
        let wire = Wire::to(InProcess::http_client(database.clone()));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
            .http_client(wire.client());
        let client = Client::from_conf(config.build());
        let (clock, randomness) = (Clock::system(), Randomness::system());
        let store = Store::new(client.clone(), TABLE_NAME, clock.clone(), randomness.clone());
        let policies = Policies { token_cache: token_cache.parse()?, ..Policies::default() };
        let (pool, console) = (UserPool::default(), Console::default());
        let app = App::new(store, clock, randomness, policies, pool, console);
        let service = functions::all_routes(&app).into_service();
        Ok(Self { app, service, database, wire, client })
    }

    /// Sends a request of the Management API, which must succeed.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Outcome<Value> {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string()))?;
        let Ok(response) = self.service.clone().oneshot(request).await;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        if !status.is_success() {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Creates an organization that lists these domains, one request for all of them.
    pub(crate) async fn organization(&self, id: &str, domains: &[String]) -> Outcome<()> {
        self.ask(Method::POST, "/organizations", &json!({ "id": id, "name": id })).await?;
        let path = format!("/organizations/{id}/jit/email-domains");
        self.ask(Method::PUT, &path, &json!({ "emailDomains": domains })).await?;
        Ok(())
    }

    /// Creates an organization role, and answers its id.
    pub(crate) async fn role(&self, name: &str) -> Outcome<String> {
        let role = self.ask(Method::POST, "/organization-roles", &json!({ "name": name })).await?;
        Ok(role["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Gives an organization these default roles.
    pub(crate) async fn default_roles(&self, id: &str, roles: &[String]) -> Outcome<()> {
        let path = format!("/organizations/{id}/jit/roles");
        self.ask(Method::PUT, &path, &json!({ "organizationRoleIds": roles })).await?;
        Ok(())
    }

    /// A function with its capabilities, as a process on Lambda has it.
    pub(crate) fn function(&self, name: &'static str) -> Outcome<Function<'_>> {
        let function = functions::function(name).ok_or_else(|| format!("no function {name}"))?;
        let service = match function.entry {
            Entry::Http(http) => Some((http.handlers)(&self.app).into_service()),
            _ => None,
        };
        Ok(Function { app: &self.app, entry: function.entry, service })
    }

    /// Everything that is stored about a name, each item as JSON, while the table is small.
    pub(crate) fn items_about(&self, name: &str) -> Outcome<Vec<String>> {
        let scan = serde_json::from_value(json!({ "TableName": TABLE_NAME }))?;
        let scanned = serde_json::to_value(self.database.scan(scan)?)?;
        let items = scanned["Items"].as_array().cloned().unwrap_or_default();
        let items = items.iter().map(Value::to_string);
        Ok(items.filter(|item| item.contains(name) && !item.contains("CHANGE#")).collect())
    }

    /// Writes items again with other names, as if the same requests had been sent for these.
    pub(crate) fn copy(
        &self,
        items: &[String],
        renamed: impl Iterator<Item = impl Fn(&str) -> String>,
    ) -> Outcome<()> {
        let mut puts = Vec::new();
        for rename in renamed {
            for item in items {
                let item: Value = serde_json::from_str(&rename(item))?;
                puts.push(json!({ "PutRequest": { "Item": item } }));
                if puts.len() == 25 {
                    self.put(&std::mem::take(&mut puts))?;
                }
            }
        }
        if puts.is_empty() { Ok(()) } else { self.put(&puts) }
    }

    fn put(&self, puts: &[Value]) -> Outcome<()> {
        let request = serde_json::from_value(json!({ "RequestItems": { TABLE_NAME: puts } }))?;
        self.database.batch_write_item(request)?;
        Ok(())
    }
}

/// A function in this process.
pub(crate) struct Function<'a> {
    app: &'a App,
    entry: Entry,
    service: Option<Router>,
}

impl Function<'_> {
    /// Answers an event, as JSON.
    pub(crate) async fn answer(&self, event: &Value) -> Outcome<String> {
        let payload = to_raw_value(event)?;
        match (self.entry, &self.service) {
            (Entry::Trigger(handle), _) => match handle(self.app, payload).await {
                Ok(answer) => Ok(answer.get().to_owned()),
                Err(refusal) => Err(refusal.error_message.into()),
            },
            (Entry::Http(_), Some(service)) => {
                let event = LambdaEvent::new(payload, Context::default());
                let Ok(answer) = answer_http_event(service.clone(), event).await;
                Ok(serde_json::to_string(&answer)?)
            }
            _ => Err("only routes and triggers have such events".into()),
        }
    }
}

/// An event that is measured.
pub(crate) struct Scenario {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// The function that answers it.
    pub(crate) function: &'static str,
    /// The event.
    pub(crate) event: Value,
}

/// The organizations that a domain matches, by the domain.
fn domain(matches: usize) -> String {
    format!("customer-{matches}.example")
}

/// A table, and the events that are measured with it. Nothing that they change is left in the table.
pub(crate) async fn scenarios(token_cache: &str) -> Outcome<(Stage, Vec<Scenario>)> {
    let stage = Stage::new(token_cache)?;
    stage.organization("acme", &["acme.example".to_owned()]).await?;
    let role = stage.role("member").await?;
    for matches in [1, 10, 20, 35] {
        for number in 0..matches {
            let id = format!("customer-{matches}-{number}");
            stage.organization(&id, &[domain(matches)]).await?;
            stage.default_roles(&id, std::slice::from_ref(&role)).await?;
        }
    }
    let sign_up = |name, matches| Scenario {
        name,
        function: "post-confirmation",
        event: sign_up(&format!("new-{matches}"), &format!("new@{}", domain(matches))),
    };
    let token = |name, matches| Scenario {
        name,
        function: "pre-token-generation",
        event: token(&format!("user-{matches}"), &format!("jane@{}", domain(matches))),
    };
    let scenarios = vec![
        Scenario {
            name: "list",
            function: "list-email-domains",
            event: serde_json::from_str(REQUEST)?,
        },
        Scenario { name: "add", function: "add-email-domain", event: addition()? },
        sign_up("sign-up, no match", 0),
        sign_up("sign-up, 1 match", 1),
        sign_up("sign-up, 20 matches", 20),
        token("token, 1 organization", 1),
        token("token, 10 organizations", 10),
        token("token, 35 organizations", 35),
    ];
    let post_confirmation = stage.function("post-confirmation")?;
    for matches in [1, 10, 35] {
        let address = format!("jane@{}", domain(matches));
        post_confirmation.answer(&self::sign_up(&format!("user-{matches}"), &address)).await?;
    }
    Ok((stage, scenarios))
}

fn addition() -> Outcome<Value> {
    let mut event: Value = serde_json::from_str(REQUEST)?;
    event["routeKey"] = json!("POST /organizations/{organizationId}/jit/email-domains");
    event["requestContext"]["routeKey"] = event["routeKey"].clone();
    event["requestContext"]["http"]["method"] = json!("POST");
    event["headers"]["content-type"] = json!("application/json");
    event["body"] = json!(json!({ "emailDomain": "new.example" }).to_string());
    Ok(event)
}

/// The event of a confirmed sign-up.
pub(crate) fn sign_up(sub: &str, email: &str) -> Value {
    of_user(SIGN_UP, sub, email)
}

/// The event of a token.
pub(crate) fn token(sub: &str, email: &str) -> Value {
    of_user(TOKEN, sub, email)
}

fn of_user(event: &str, sub: &str, email: &str) -> Value {
    let mut event: Value = serde_json::from_str(event).unwrap_or_default();
    event["userName"] = json!(sub);
    event["request"]["userAttributes"]["sub"] = json!(sub);
    event["request"]["userAttributes"]["email"] = json!(email);
    event
}
