//! The story of `tests/events/story.json`, in which every function does all that it ever does.
//!
//! A step is a request to an HTTP function, or an event of `tests/events`. The step `*` stands for
//! all events that the story leaves out, and for each GET that it leaves out with the examples of
//! the OpenAPI document. A step with `addresses` is an event that is sent with as many addresses,
//! one after the other. Before a step with `record`, the name server gets the record that proves this
//! domain, and an hour passes. The steps under `everywhere` are sent to the built functions too
//! (`tests/artifacts`). Those under `handlers` are sent to a world where `crowded.example` is listed
//! as often as it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::Method;
use functions::openapi::with_internal_operations;
use functions::{FUNCTIONS, Function};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use shared::domain::jit::RuleList;
use shared::event_bus::EventEmails;
use shared::http::Route;
use shared::next_trigger::OnFailure;

use super::directory::as_got;
use super::next::NextFunction;
use super::pool::{Pool, pool_user};
use super::world::World;
use super::{in_repository, record_name, text_of};

/// Something that is sent to a function.
pub(crate) struct Step {
    /// The request, `GET /organizations/acme`, or the event's name.
    pub(crate) name: String,
    /// The function. An event can be for one that is not there.
    pub(crate) function: Option<&'static Function>,
    /// The route of an HTTP function that it is for.
    pub(crate) route: Option<Route>,
    /// What is sent.
    pub(crate) event: Value,
    /// What the story says of it: `answer`, `response` or `status`, and what Cognito answers.
    told: Value,
    /// Whether it needs the crowded world.
    is_late: bool,
}

/// The names of the sample events: `post-confirmation.saml` is one more for `post-confirmation`.
pub(crate) fn sample_events() -> BTreeSet<String> {
    let folder = std::fs::read_dir(in_repository("tests/events")).expect("a folder");
    let files = folder.map(|entry| entry.expect("an entry").file_name());
    let names = files.filter_map(|file| Some(file.to_str()?.strip_suffix(".json")?.to_owned()));
    names.filter(|name| name != "story").collect()
}

/// A file of `tests/events`.
fn sample(name: &str) -> Value {
    let path = format!("tests/events/{name}.json");
    serde_json::from_str(&text_of(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All steps, in their order.
pub(crate) fn steps() -> Vec<Step> {
    let story = sample("story");
    let part = |name: &str| story[name].as_array().expect("a list of steps").as_slice();
    let all = |told: &[Value], is_late| -> Vec<_> {
        let told = told.iter().cloned();
        told.flat_map(|told| match (&told["event"], told["addresses"].as_u64()) {
            (Value::Null, _) => vec![request_step(told, is_late)],
            (_, None) => vec![event_step(told, is_late)],
            (_, Some(count)) => {
                (0..count).map(|number| with_address(told.clone(), is_late, number)).collect()
            }
        })
        .collect()
    };
    let everywhere = part("everywhere");
    let place = everywhere.iter().position(|told| told["request"] == "*").expect("a step `*`");
    let mut steps = all(&everywhere[..place], false);
    let mut later = all(&everywhere[place + 1..], false);
    later.extend(all(part("handlers"), true));
    let others = left_out(&steps.iter().chain(&later).collect::<Vec<_>>());
    steps.extend(all(&others, false));
    steps.extend(later);
    steps
}

/// The events and the GET requests that no step is.
fn left_out(steps: &[&Step]) -> Vec<Value> {
    let document = with_internal_operations();
    let samples = sample_events().into_iter();
    let events = samples.filter(|name| !steps.iter().any(|step| step.name == *name));
    let events = events.map(|name| json!({ "event": name }));
    let routes = FUNCTIONS.iter().flat_map(Function::routes);
    let routes = routes.filter(|route| {
        route.method == Method::GET && !steps.iter().any(|step| step.route.as_ref() == Some(route))
    });
    let requests = routes.map(|route| {
        let mut path = route.openapi_path();
        let parameters = &document["paths"][&path]["get"]["parameters"];
        for parameter in parameters.as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let example = parameter["example"].as_str().unwrap_or_default();
            path = path.replace(&format!("{{{name}}}"), example);
        }
        json!({ "request": format!("GET {path}") })
    });
    events.chain(requests).collect()
}

fn event_step(told: Value, is_late: bool) -> Step {
    let name = told["event"].as_str().expect("a name").to_owned();
    let function = functions::function(name.split('.').next().unwrap_or_default());
    let event = sample(&name);
    let routes = function.map(Function::routes).unwrap_or_default();
    let route = routes.into_iter().find(|route| {
        event["routeKey"] == format!("{} {}", route.method, route.api_gateway_path())
    });
    Step { name, function, route, event, told, is_late }
}

/// An event in which the user has proven another address: one of each number.
fn with_address(told: Value, is_late: bool, number: u64) -> Step {
    let mut step = event_step(told, is_late);
    let attributes = &mut step.event["request"]["userAttributes"];
    attributes["email"] = format!("{}.{number}@elsewhere.example", step.name).into();
    step
}

fn request_step(told: Value, is_late: bool) -> Step {
    let name = told["request"].as_str().expect("a step is an event or a request").to_owned();
    let (method, address) = name.split_once(' ').expect("a method and an address");
    let path = address.split('?').next().unwrap_or_default();
    let found = FUNCTIONS
        .iter()
        .flat_map(|function| function.routes().into_iter().map(move |route| (function, route)))
        .filter(|(_, route)| route.method == *method && is_for(path, &route.path))
        // `/console/config.json` rather than `/console/{*path}`.
        .min_by_key(|(_, route)| route.path.matches('{').count());
    let (function, route) = found.unwrap_or_else(|| panic!("story.json: no route for `{name}`"));
    let mut event = http_event(method, address);
    for (name, value) in told["headers"].as_object().into_iter().flatten() {
        event["headers"][name] = value.clone();
    }
    if !told["body"].is_null() {
        event["headers"]["content-type"] = "application/json".into();
        event["body"] = told["body"].to_string().into();
    }
    Step { name, function: Some(function), route: Some(route), event, told, is_late }
}

/// Whether a path is for a template: `/organizations/acme` for `/organizations/{id}`.
fn is_for(path: &str, template: &str) -> bool {
    let (path, template) = (path.split('/'), template.split('/'));
    path.clone().count() == template.clone().count()
        && path.zip(template).all(|(part, template)| part == template || template.starts_with('{'))
}

/// The app client of the token in [`http_event`]. It is the token's subject too, as it is in each token
/// of the client credentials grant.
pub(crate) const CLIENT_ID: &str = "1example23456789";

/// An event as API Gateway builds it from a request to this address, with everything that comes
/// along behind a JWT authorizer.
pub(crate) fn http_event(method: &str, address: &str) -> Value {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = percent_decode_str(path).decode_utf8_lossy();
    json!({
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": ["session=1", "theme=dark"],
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
            "content-length": "0",
            "host": "usher.example",
            "user-agent": "curl/8.9.1",
            "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "authorizer": {
                "jwt": {
                    "claims": {
                        "client_id": CLIENT_ID,
                        "exp": "1767229200",
                        "iat": "1767225600",
                        "scope": "usher/read usher/write",
                        "sub": CLIENT_ID,
                        "token_use": "access",
                    },
                    "scopes": ["usher/write"],
                },
            },
            "domainName": "api-id.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "api-id",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.9.1",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_i64,
        },
        "isBase64Encoded": false,
    })
}

/// What a trigger does with the function that the pool had before, in the words of what roles grant.
pub(crate) const INVOKES_NEXT: &str = "InvokeFunction on the function that the pool had before";

/// Tells the story, holds every answer against it, and returns what each function did meanwhile, in
/// the words of what roles grant.
pub(crate) async fn tell() -> BTreeMap<&'static str, BTreeSet<String>> {
    let pool = Pool::default();
    let mut world = World::with_pool(&pool).await;
    let next = NextFunction::default();
    world.app.next_trigger = next.trigger(OnFailure::Fail);
    world.app.event_policy.emails = EventEmails(true);
    let mut done: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut is_crowded = false;
    for step in steps() {
        if step.is_late && !is_crowded {
            crowd(&world).await;
            is_crowded = true;
        }
        let Some(function) = step.function else { continue };
        for (operation, user) in step.told["cognito"].as_object().into_iter().flatten() {
            pool.answers(operation, cognito_says(operation, user));
        }
        if let Some(domain) = step.told["record"].as_str() {
            add_record(&world, domain).await;
            // A check is due some time after the domain was added.
            world.pass(Duration::from_hours(1));
        }
        world.wire.uses();
        if !function.may.is_empty() {
            world.app.store.warm_up().await;
        }
        let answer = world.invoke(function.name, &step.event).await;
        step.hold(answer);
        let done = done.entry(function.name).or_default();
        done.extend(world.wire.uses().into_iter().map(|it| it.in_words()));
        let asked = pool.requests().into_iter();
        done.extend(asked.map(|(operation, _)| format!("{operation} in the user pool")));
        done.extend(next.invocations().into_iter().map(|_| INVOKES_NEXT.to_owned()));
    }
    done
}

/// What Cognito answers to an operation on this user.
fn cognito_says(operation: &str, user: &Value) -> Value {
    let part = |name: &str| user[name].as_str().unwrap_or_default();
    let is_nobody = user.is_null();
    let told = user.clone();
    let mut user = pool_user(part("sub"), part("username"), part("email"), true);
    if told["identities"].is_array() {
        let identities = told["identities"].to_string();
        let attributes = user["Attributes"].as_array_mut().expect("attributes");
        attributes.push(json!({ "Name": "identities", "Value": identities }));
        user["UserStatus"] = "EXTERNAL_PROVIDER".into();
    }
    match operation {
        "DescribeIdentityProvider" => json!({ "IdentityProvider": told }),
        "ListUsers" if is_nobody => json!({ "Users": [] }),
        "ListUsers" => json!({ "Users": [user] }),
        "AdminGetUser" => as_got(&user),
        "AdminCreateUser" => json!({ "User": user }),
        _ => json!({}),
    }
}

/// Adds the record that proves a domain of acme's to the name server.
async fn add_record(world: &World, domain: &str) {
    let entry = world.item(&format!("DOMAIN#{domain}"), "ORG#acme").await;
    let token = entry["ownership"]["token"].as_str().expect("a token");
    let value = format!("usher-domain-verification={token}");
    world.name_server.add(&record_name(domain), &value).await.expect("a name");
}

/// Lets so many organizations list `crowded.example`, and the provider `Crowded`, that no other may. Leaves a domain of an
/// organization that is gone, as if no sweep had come to it. Keeps what has happened as activity.
async fn crowd(world: &World) {
    world.keep_activity().await;
    world.make_pending("gone", &["left.example"]).await;
    for index in 0..RuleList::MOST_ORGANIZATIONS {
        let id = format!("org-{index}");
        world.organization(&id).await;
        world.domains(&id, &["crowded.example"]).await;
        world.list_provider_anyway(&id, "Crowded").await;
    }
}

impl Step {
    /// Whether it is an event of `tests/events`.
    pub(crate) fn is_sample(&self) -> bool {
        self.told["event"].is_string()
    }

    /// Asserts that this is what the story says, or a success if it says nothing.
    #[track_caller]
    fn hold(&self, answer: Value) {
        let route = self.route.as_ref().map(|route| format!(" ({} {})", route.method, route.path));
        let what = format!("{}{}", self.name, route.unwrap_or_default());
        if let Some(response) = self.told.get("response") {
            let mut expected = self.event.clone();
            expected["response"] = response.clone();
            assert_eq!(answer, expected, "{what}");
        } else if let Some(expected) =
            self.told.get("answer").filter(|_| answer["statusCode"].is_null())
        {
            assert_eq!(answer, *expected, "{what}");
        } else if let Some(expected) = self.told.get("answer") {
            assert_eq!(essence(answer), *expected, "{what}");
        } else {
            let status = answer["statusCode"].as_u64().unwrap_or_default();
            let is_told = match self.told["status"].as_u64() {
                Some(told) => status == told,
                None => (200..300).contains(&status),
            };
            assert!(is_told, "{what}: {answer:#}");
        }
    }
}

/// What an HTTP function answered, without what is always the same; its body parsed if it is JSON.
#[track_caller]
fn essence(mut answer: Value) -> Value {
    let text = answer["body"].take();
    let text = text.as_str().expect("a text");
    let headers = answer["headers"].as_object_mut().expect("headers");
    headers.remove("content-length");
    let (status, headers) = (answer["statusCode"].take(), answer["headers"].take());
    assert_eq!(
        answer,
        json!({
            "statusCode": null,
            "headers": null,
            "multiValueHeaders": {},
            "body": null,
            "isBase64Encoded": false,
            "cookies": [],
        })
    );
    let body =
        if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect("JSON") };
    json!({ "statusCode": status, "headers": headers, "body": body })
}
