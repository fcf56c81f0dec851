//! The services of AWS, as the code under test sees them: the embedded DynamoDB, and small imitations of the others. Each
//! call is answered at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// How DynamoDB, the bus and the queue answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As they should.
    #[default]
    Well,
    /// As they should, and the table has nothing.
    Empty,
    /// The connection breaks.
    Broken,
    /// With an error.
    Failing,
    /// With something that is not theirs.
    Garbled,
}

impl Mood {
    const ALL: [Self; 5] = [Self::Well, Self::Empty, Self::Broken, Self::Failing, Self::Garbled];

    /// The mood with this number, modulo the number of moods.
    pub(crate) fn numbered(number: u8) -> Self {
        Self::ALL[usize::from(number) % Self::ALL.len()]
    }

    /// Whether calls succeed.
    pub(crate) const fn is_well(self) -> bool {
        matches!(self, Self::Well | Self::Empty)
    }
}

/// What the function answers that a pool had before.
#[derive(Clone, Debug, Default)]
pub(crate) struct NextAnswer {
    pub(crate) payload: Vec<u8>,
    pub(crate) is_error: bool,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    next: NextAnswer,
}

/// A wire to all services.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    state: Arc<Mutex<State>>,
    /// DynamoDB. It is another one for each input that comes after a write.
    table: Arc<Mutex<SharedHttpClient>>,
    /// How many calls may have written something.
    writes: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) fn new(table: SharedHttpClient) -> Self {
        let table = Arc::new(Mutex::new(table));
        Self { state: Arc::default(), table, writes: Arc::default() }
    }

    pub(crate) fn client(&self) -> SharedHttpClient {
        let wire = self.clone();
        http_client_fn(move |settings, components| {
            let table = wire.table.lock().expect("one thread");
            let table = table.http_connector(settings, components);
            SharedHttpConnector::new(Connector { table, wire: wire.clone() })
        })
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.state().mood = mood;
    }

    pub(crate) fn set_next(&self, next: NextAnswer) {
        self.state().next = next;
    }

    /// How many calls may have written something.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// Gives the calls from now on another DynamoDB, in which nothing was written.
    pub(crate) fn renew(&self, table: SharedHttpClient) {
        *self.table.lock().expect("one thread") = table;
        self.writes.store(0, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("one thread")
    }

    /// The answer to a call, or `None` if the embedded DynamoDB is to give it.
    fn answer(&self, service: &str, operation: &str, body: &[u8]) -> Option<Answer> {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let mood = self.state().mood;
        match service {
            "" => return Some(self.invoked()),
            "AWSCognitoIdentityProviderService" => return Some(of_pool(operation, &request)),
            _ => {}
        }
        match mood {
            Mood::Broken => return Some(Answer::Lost),
            Mood::Failing => {
                let kind = "com.amazonaws.dynamodb.v20120810#InternalServerError";
                return Some(Answer::of(500, &json!({ "__type": kind, "message": "not now" })));
            }
            Mood::Garbled => return Some(Answer::of(200, &json!(["Items", 1, { "S": null }]))),
            Mood::Well | Mood::Empty => {}
        }
        match service {
            "AWSEvents" => {
                let entries = request["Entries"].as_array().map_or(0, Vec::len);
                let results: Vec<_> = (0..entries).map(|_| json!({ "EventId": "1" })).collect();
                Some(Answer::of(200, &json!({ "FailedEntryCount": 0, "Entries": results })))
            }
            "AmazonSQS" => {
                let body = request["MessageBody"].as_str().unwrap_or_default();
                assert!(!body.is_empty() && body.is_ascii(), "SQS refuses {body:?}");
                Some(Answer::of(200, &json!({ "MessageId": "1" })))
            }
            _ if mood == Mood::Empty => Some(Answer::of(200, &nothing(operation, &request))),
            _ => {
                let writes =
                    !matches!(operation, "BatchGetItem" | "GetItem" | "Query" | "TransactGetItems");
                self.writes.fetch_add(usize::from(writes), Ordering::Relaxed);
                None
            }
        }
    }

    fn invoked(&self) -> Answer {
        let NextAnswer { payload, is_error } = self.state().next.clone();
        let error = is_error.then_some(("x-amz-function-error", "Unhandled"));
        Answer::Reply { status: 200, body: payload, header: error }
    }
}

enum Answer {
    Lost,
    Reply { status: u16, body: Vec<u8>, header: Option<(&'static str, &'static str)> },
}

impl Answer {
    fn of(status: u16, body: &Value) -> Self {
        Self::Reply { status, body: body.to_string().into_bytes(), header: None }
    }
}

/// The answer of an empty table.
fn nothing(operation: &str, request: &Value) -> Value {
    match operation {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "BatchWriteItem" => json!({ "UnprocessedItems": {} }),
        "Query" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        "TransactGetItems" => {
            let items = request["TransactItems"].as_array().map_or(0, Vec::len);
            json!({ "Responses": vec![json!({}); items] })
        }
        _ => json!({}),
    }
}

/// The answer of a pool with the users Jane and Joe, and a provider.
fn of_pool(operation: &str, request: &Value) -> Answer {
    let attribute = |name: &str, value: &str| json!({ "Name": name, "Value": value });
    let users: Vec<_> = [("jane", "jane@acme.com"), ("joe", "joe@gmail.com")]
        .into_iter()
        .map(|(sub, email)| {
            let attributes = [("sub", sub), ("email", email), ("email_verified", "true")];
            json!({
                "Username": sub,
                "Attributes": attributes.map(|(name, value)| attribute(name, value)),
                "UserCreateDate": 1_767_225_600.0,
                "UserStatus": "CONFIRMED",
                "Enabled": true,
            })
        })
        .collect();
    let refused = |code: &str| Answer::of(400, &json!({ "__type": code, "message": "no" }));
    let name = request["Username"].as_str().unwrap_or_default();
    let named = users.iter().find(|user| user["Username"] == name);
    match operation {
        "AdminCreateUser" if named.is_some() => refused("UsernameExistsException"),
        "AdminCreateUser" => {
            let mut user = users[0].clone();
            user["Username"] = name.into();
            user["Attributes"] = request["UserAttributes"].clone();
            if let Some(attributes) = user["Attributes"].as_array_mut() {
                attributes.push(attribute("sub", "new"));
            }
            Answer::of(200, &json!({ "User": user }))
        }
        "AdminGetUser" | "AdminDeleteUser" if named.is_none() => refused("UserNotFoundException"),
        "AdminGetUser" => {
            let mut user = named.cloned().unwrap_or_default();
            user["UserAttributes"] = user["Attributes"].take();
            Answer::of(200, &user)
        }
        "DescribeUserPool" => Answer::of(200, &json!({ "UserPool": {} })),
        "DescribeIdentityProvider" if request["ProviderName"] == "Okta" => {
            let provider = json!({ "ProviderName": "Okta", "ProviderType": "SAML" });
            Answer::of(200, &json!({ "IdentityProvider": provider }))
        }
        "DescribeIdentityProvider" => refused("ResourceNotFoundException"),
        "ListUsers" => {
            let filter = request["Filter"].as_str().unwrap_or_default();
            assert!(filter.chars().count() <= 256, "Cognito takes no longer filter: {filter}");
            let found = |user: &Value| {
                let attributes = user["Attributes"].as_array().into_iter().flatten();
                attributes.into_iter().any(|it| {
                    let (name, value) = (it["Name"].as_str(), it["Value"].as_str());
                    let (name, value) = (name.unwrap_or_default(), value.unwrap_or_default());
                    filter == format!("{name} = \"{value}\"")
                })
            };
            let users: Vec<_> = users.into_iter().filter(found).collect();
            Answer::of(200, &json!({ "Users": users }))
        }
        _ => Answer::of(200, &json!({})),
    }
}

#[derive(Debug)]
struct Connector {
    table: SharedHttpConnector,
    wire: Wire,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (service, operation) = target.rsplit_once('.').unwrap_or_default();
        let body = request.body().bytes().expect("requests are in memory");
        let Some(answer) = self.wire.answer(service, operation, body) else {
            return self.table.call(request);
        };
        HttpConnectorFuture::ready(match answer {
            Answer::Lost => Err(ConnectorError::io("the wire is cut".into())),
            Answer::Reply { status, body, header } => {
                let status = status.try_into().expect("a status");
                let mut response = HttpResponse::new(status, SdkBody::from(body));
                response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
                if let Some((name, value)) = header {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
        })
    }
}
