//! `/organizations/{organizationId}/users`

mod add;
mod list;
mod remove;
mod replace;

use std::collections::HashMap;

use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use shared::cognito::UserPool;

use super::{MEMBERS, naming, with_members, with_users};
use crate::support::{World, json_event};

/// `user-000`, `user-001`, …
fn users(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("user-{number:03}")).collect()
}

/// Follows the links to the end: the ids on each page.
async fn walk(world: &World, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(this) = path {
        let page = world.get(&this).await;
        pages.push(page.ids().into_iter().map(str::to_owned).collect());
        assert!(pages.len() <= 200, "the links lead in a circle");
        path = page.next_page();
    }
    pages
}

/// A request through the function's own event, which sees the world's user pool as it is by now:
/// the status and the body of its answer.
async fn through_the_event(
    world: &World,
    method: &Method,
    path: &str,
    body: &Value,
) -> (u64, Value) {
    let event = json_event(method, path, Some(&body.to_string()));
    let answer = world.invoke("memberships", &event).await;
    let body = answer["body"].as_str().filter(|body| !body.is_empty());
    let body = body.map_or(Value::Null, |body| serde_json::from_str(body).expect("JSON"));
    (answer["statusCode"].as_u64().expect("a status"), body)
}

/// A user pool in which each of these users is found by `sub`, and which answers everything else
/// with this status and error.
async fn user_pool(users: &[(&str, &str)], otherwise: Option<&'static str>) -> UserPool {
    let users: HashMap<_, _> = users
        .iter()
        .map(|(sub, email)| {
            let attribute = |name: &str, value: &str| json!({ "Name": name, "Value": value });
            let verified = attribute("email_verified", "true");
            let attributes = [attribute("sub", sub), attribute("email", email), verified];
            let user = json!({ "Username": format!("name of {sub}"), "Attributes": attributes });
            (format!("sub = \"{sub}\""), user)
        })
        .collect();
    let answer = async move |request: Bytes| {
        let request: Value = serde_json::from_slice(&request).expect("JSON");
        let found = users.get(request["Filter"].as_str().expect("a filter"));
        let (status, body) = match (found, otherwise) {
            (None, Some(error)) => (StatusCode::BAD_REQUEST, json!({ "__type": error })),
            (found, _) => (StatusCode::OK, json!({ "Users": Vec::from_iter(found) })),
        };
        (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = aws_sdk_cognitoidentityprovider::Client::from_conf(config);
    UserPool::new(client, "local_pool")
}

/// What bodies may not be.
const WRONG_BODIES: [(&str, &str); 8] = [
    ("{}", ""),
    ("[]", ""),
    ("null", ""),
    (r#"{"userIds": null}"#, "/userIds"),
    (r#"{"userIds": "jane"}"#, "/userIds"),
    (r#"{"userIds": ["jane", 1]}"#, "/userIds/1"),
    (r#"{"userIds": [null]}"#, "/userIds/0"),
    (r#"{"userIds": [], "a/b~c": 1}"#, "/a~1b~0c"),
];

/// Asserts that users who do not exist are refused, each at its place, and that nothing changes.
async fn assert_refuses_unknown_users(method: &Method) {
    let mut world = with_users(["jane", "joe"]).await;
    world.app.user_pool = user_pool(&[("known", "known@new.example")], None).await;
    world.post(MEMBERS, &naming(&["joe"])).await;
    let before = world.items().await;

    let (status, body) =
        through_the_event(&world, method, MEMBERS, &naming(&["jane", "stranger"])).await;
    let reason = "there is no user `stranger`: send the `sub` of a user in the pool";
    let expected = json!({
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": reason,
        "code": "user.unknown",
        "message": reason,
        "errors": [{ "pointer": "/userIds/1", "code": "user.unknown", "detail": reason }],
    });
    assert_eq!((status, body), (422, expected));

    let too_long = "x".repeat(129);
    let strange = ["", "a b", "known", "jane@acme.com", "a\0b", "jane", &too_long, "s", "s"];
    let (status, body) = through_the_event(&world, method, MEMBERS, &naming(&strange)).await;
    assert_eq!((status, &body["code"]), (422, &json!("request.invalid_values")));
    let errors = body["errors"].as_array().expect("errors");
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(places, [0, 1, 3, 4, 6, 7, 8].map(|place| format!("/userIds/{place}")));
    assert!(errors.iter().all(|error| error["code"] == "user.unknown"));
    assert_eq!(
        errors[3]["detail"],
        "there is no user `a\\0b`: send the `sub` of a user in the pool"
    );
    assert_eq!(world.items().await, before);
}

/// Asserts that a request which names more than 1,000 users is refused without a look at them.
async fn assert_refuses_too_many_users(method: Method) {
    let world = with_members(["jane"]).await;
    let before = world.items().await;
    world.wire.traffic();
    for number in [1_001, 60_000] {
        let body = naming(&vec!["jane"; number]);
        let answer = world.ask(method.clone(), MEMBERS).json(&body).send().await;
        assert_eq!(
            answer.problem(422, "memberships.limit_reached"),
            "a request can name at most 1000 users and replace at most 1000 members: add and \
             remove members in smaller steps"
        );
    }
    assert_eq!(world.wire.traffic().operations, ["GetItem"; 2]);
    assert_eq!(world.items().await, before);
}
