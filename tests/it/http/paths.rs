//! Paths, methods and ids

use axum::http::Method;
use serde_json::{Value, json};

use super::{DOMAIN, DOMAINS, PROVIDER, PROVIDERS, ROLES, world};
use crate::support::{Answer, refused};

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let world = world().await;
    let long = format!("/{}", "a".repeat(1_000));
    for path in [
        "/",
        "/nothing",
        "/Organizations",
        "//organizations",
        "/organizations/",
        "/organizations/acme/",
        "/organizations/acme/nothing",
        "/organizations/acme/jit/email-domains/",
        "/organizations/acme/jit/email-domains/acme.com/more",
        "/organizations/../organizations",
        "/organizations%2Facme",
        "/users/user-1/nothing",
        "/%FF",
        "/%00",
        &long,
    ] {
        for method in [Method::GET, Method::PUT, Method::OPTIONS] {
            let answer = refused(&world, world.ask(method, path)).await;
            let shown: String = path.chars().take(200).collect();
            assert_eq!(
                answer.problem(404, "request.path_not_found"),
                format!(
                    "there is nothing at `{shown}`: see the table of endpoints in the documentation"
                )
            );
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_refused_with_those_that_are() {
    let table = [
        ("/organizations", "GET,HEAD,POST", ["PUT", "DELETE"]),
        ("/organizations/acme", "DELETE,GET,HEAD,PATCH", ["POST", "PUT"]),
        (DOMAINS, "GET,HEAD,POST,PUT", ["PATCH", "DELETE"]),
        (DOMAIN, "DELETE,PATCH", ["GET", "HEAD"]),
        (&format!("{DOMAIN}/verify"), "POST", ["GET", "PUT"]),
        (&format!("{DOMAIN}/vouch"), "POST", ["GET", "DELETE"]),
        (PROVIDERS, "GET,HEAD,POST,PUT", ["PATCH", "DELETE"]),
        (PROVIDER, "DELETE,PATCH", ["GET", "PUT"]),
        (ROLES, "GET,HEAD,POST,PUT", ["PATCH", "DELETE"]),
        (&format!("{ROLES}/role"), "DELETE", ["GET", "POST"]),
        ("/organization-roles", "GET,HEAD,POST", ["PUT", "DELETE"]),
        ("/organization-roles/role", "DELETE,GET,HEAD,PATCH", ["POST", "PUT"]),
        ("/users/user-1/organizations", "GET,HEAD", ["POST", "DELETE"]),
    ];
    let world = world().await;
    for (path, allow, methods) in table {
        for method in methods.iter().chain(&["OPTIONS", "TRACE", "BREW", "get"]) {
            let ask = world.ask(method.parse().unwrap(), path).json(&json!({}));
            let answer = refused(&world, ask).await;
            let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
            allowed.sort_unstable();
            assert_eq!((answer.status.as_u16(), allowed.join(",").as_str()), (405, allow));
            if *method != "HEAD" {
                assert_eq!(
                    answer.problem(405, "request.method_not_allowed"),
                    format!(
                        "`{method}` is not supported here: the header `Allow` lists the \
                         supported methods"
                    )
                );
            }
        }
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for path in [
        "/organizations",
        "/organizations/acme",
        "/organizations/nobody",
        DOMAINS,
        &format!("{DOMAINS}?page=1"),
        &format!("{DOMAINS}?page=0"),
    ] {
        let get = world.get(path).await;
        let head = world.ask(Method::HEAD, path).send().await;
        let expected = Answer { body: Value::Null, ..get };
        assert_eq!(head, expected, "{path}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_refused() {
    let world = world().await;
    for (method, path) in [
        (Method::GET, "/organizations/%FF"),
        (Method::DELETE, "/organizations/acme%C3"),
        (Method::GET, "/organizations/%ED%A0%80/jit/email-domains"),
        (Method::POST, "/organizations/%FF/jit/email-domains"),
        (Method::PUT, "/organizations/%FF/jit/email-domains"),
        (Method::DELETE, "/organizations/acme/jit/email-domains/%FF"),
        (Method::GET, "/organizations/%FF/jit/roles"),
        (Method::POST, "/organizations/%FF/jit/roles"),
        (Method::PUT, "/organizations/%FF/jit/roles"),
        (Method::DELETE, "/organizations/acme/jit/roles/%FF"),
        (Method::PATCH, "/organization-roles/%C0%80"),
        (Method::GET, "/users/%FF/organizations"),
    ] {
        let answer = refused(&world, world.ask(method, path).json(&json!({}))).await;
        assert_eq!(
            answer.problem(400, "request.invalid_path"),
            "the decoded path is not UTF-8: percent-encode its UTF-8 form",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_text_that_is_no_id_is_not_found() {
    let long = "a".repeat(65);
    let world = world().await;
    for id in ["%00", "a%20b", "a.b", "%C3%A4", "..", "a%2Fb", "a%25", "a:b", &long] {
        for (method, path, code) in [
            (Method::GET, format!("/organizations/{id}"), "organization.not_found"),
            (Method::DELETE, format!("/organizations/{id}"), "organization.not_found"),
            (
                Method::GET,
                format!("/organizations/{id}/jit/email-domains"),
                "organization.not_found",
            ),
            (Method::GET, format!("/organization-roles/{id}"), "organization_role.not_found"),
            (Method::DELETE, format!("{ROLES}/{id}"), "organization_role.not_found"),
        ] {
            refused(&world, world.ask(method, &path)).await.problem(404, code);
        }
    }
    let answer = world.get("/organizations//jit/email-domains").await;
    answer.problem(404, "organization.not_found");
    for id in ["%00", "a%20b", &"a".repeat(129)] {
        let path = format!("/users/{id}/organizations");
        refused(&world, world.ask(Method::GET, &path)).await.problem(404, "user.not_found");
    }
}
