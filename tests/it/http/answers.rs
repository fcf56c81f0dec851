//! Headers that every answer has, and failures

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use serde_json::json;
use shared::http::finish;
use tower::ServiceExt;

use super::{DOMAINS, ROLES, bodies, post, world};
use crate::support::{Answer, START, assert_internal, assert_unavailable, refused};

#[tokio::test]
async fn every_answer_forbids_caching_and_guessing_of_its_type() {
    let world = world().await;
    let json = json!({ "emailDomain": "acme.com" });
    let asks = [
        (200, world.ask(Method::GET, DOMAINS)),
        (201, world.ask(Method::POST, DOMAINS).json(&json)),
        (422, world.ask(Method::POST, DOMAINS).json(&json)),
        (412, world.ask(Method::POST, DOMAINS).json(&json).if_match("\"1\"")),
        (400, world.ask(Method::POST, DOMAINS).json(&json).if_match("1")),
        (415, world.ask(Method::POST, DOMAINS).raw("{}")),
        (413, post(&world, vec![b' '; 1_048_577])),
        (204, world.ask(Method::DELETE, &format!("{DOMAINS}/acme.com"))),
        (404, world.ask(Method::DELETE, &format!("{DOMAINS}/acme.com"))),
        (404, world.ask(Method::GET, "/nothing")),
        (405, world.ask(Method::PATCH, DOMAINS)),
    ];
    for (status, ask) in asks {
        assert_complete(&ask.send().await, status);
    }

    world.wire.cut_after(0);
    assert_complete(&world.get(DOMAINS).await, 503);
    world.wire.mend();
    world.put_plain(&json!({ "pk": "ORG#acme", "sk": "EMAIL_DOMAINS" })).await;
    assert_complete(&world.get(DOMAINS).await, 500);
}

#[track_caller]
fn assert_complete(answer: &Answer, status: u16) {
    let values = |name| answer.headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(answer.status, status, "{:#}", answer.body);
    assert_eq!(values("cache-control"), ["no-store"], "{status}");
    assert_eq!(values("x-content-type-options"), ["nosniff"], "{status}");
    let content_type = match status {
        204 => "",
        ..400 => "application/json",
        _ => "application/problem+json",
    };
    assert_eq!(answer.header("content-type"), content_type);
}

#[tokio::test]
async fn an_unreadable_item_is_an_error_that_says_nothing_of_the_inside() {
    let world = world().await;
    let added = json!({ "addedAt": START });
    let lists = [
        (json!({}), json!("1")),
        (json!({}), json!(-1)),
        (json!({}), json!(1.5)),
        (json!("secret"), json!(1)),
        (json!({ "secret": added }), json!(1)),
        (json!({ "acme.com": "secret" }), json!(1)),
        (json!({ "acme.com": { "addedAt": "secret" } }), json!(1)),
        (json!({ "acme.com": {} }), json!(1)),
    ];
    for (domains, version) in lists {
        let list = json!({
            "pk": "ORG#acme",
            "sk": "EMAIL_DOMAINS",
            "domains": domains,
            "version": version,
        });
        world.put_plain(&list).await;
        assert_internal(&world.get(DOMAINS).await);
        let body = json!({ "emailDomains": ["acme.org"] });
        assert_internal(&refused(&world, world.ask(Method::PUT, DOMAINS).json(&body)).await);
    }

    world.put_plain(&json!({ "pk": "ORG#acme", "sk": "ORG", "name": "secret\0" })).await;
    assert_internal(&world.get("/organizations/acme").await);
    assert_internal(&world.get(ROLES).await);
    world.put_plain(&json!({ "pk": "ROLE", "sk": "ROLE#secret" })).await;
    assert_internal(&world.get("/organization-roles").await);
    let membership = json!({ "pk": "USER#user-1", "sk": "ORG#acme", "roleIds": "secret" });
    world.put_plain(&membership).await;
    assert_internal(&world.get("/users/user-1/organizations").await);
}

#[tokio::test]
async fn a_panic_is_an_error_that_says_nothing_of_the_inside() {
    async fn text() -> StatusCode {
        panic!("secret")
    }
    async fn formatted() -> StatusCode {
        panic!("secret {}", "number".len())
    }
    async fn other() -> StatusCode {
        std::panic::panic_any(7)
    }
    let service = finish(
        Router::new()
            .route("/text", get(text))
            .route("/formatted", get(formatted))
            .route("/other", get(other)),
    );
    for path in ["/text", "/formatted", "/other"] {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let (head, body) = service.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap();
        let answer = Answer { status: head.status, headers: head.headers, body };
        assert_internal(&answer);
        assert_complete(&answer, 500);
    }
}

#[tokio::test]
async fn without_dynamodb_every_request_is_a_503_with_retry_after() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    let reads = [
        "/organizations",
        "/organizations/acme",
        "/organization-roles",
        "/organization-roles/role",
        "/users/user-1/organizations",
        DOMAINS,
        ROLES,
    ]
    .map(|path| world.ask(Method::GET, path));
    let changes = [
        "/organizations/acme",
        "/organization-roles/role",
        &format!("{DOMAINS}/acme.com"),
        &format!("{ROLES}/role"),
    ]
    .map(|path| world.ask(Method::DELETE, path));
    let writes = bodies().map(|(method, path, body)| world.ask(method, path).json(&body));

    let before = world.items().await;
    world.wire.cut_after(0);
    for ask in reads.into_iter().chain(changes).chain(writes) {
        let shown = format!("{ask:?}");
        let answer = ask.send().await;
        assert_eq!(answer.status, 503, "{shown}");
        assert_unavailable(&answer);
    }
    assert_eq!(world.items().await, before);
}
