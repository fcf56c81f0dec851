//! Query strings: a route takes the parameters that the OpenAPI document names, and no others.

use axum::http::Method;
use functions::openapi::with_internal_operations;
use functions::{FUNCTIONS, Function};
use serde_json::Value;

use super::world;
use crate::support::{World, http_event, refused};

/// A route as a test can ask for it, and the names of its query parameters; `None` if it takes any.
struct Asked {
    method: Method,
    path: String,
    known: Option<Vec<String>>,
}

/// Every route of every function.
fn routes() -> Vec<Asked> {
    let document = with_internal_operations();
    let known = |parameters: &Value| {
        let query = parameters.as_array().into_iter().flatten().filter(|it| it["in"] == "query");
        let query: Vec<_> = query.collect();
        let any = query.iter().any(|it| it["explode"] == true);
        let name = |it: &&Value| it["name"].as_str().expect("a name").to_owned();
        (!any).then(|| query.iter().map(name).collect())
    };
    let routes = FUNCTIONS.iter().flat_map(Function::routes);
    let asked = routes.map(|route| {
        let path = route.openapi_path();
        let operation = &document["paths"][&path][route.method.as_str().to_lowercase()];
        Asked {
            known: known(&operation["parameters"]),
            method: route.method,
            path: path.replace("{organizationId}", "acme").replace(['{', '}'], ""),
        }
    });
    asked.collect()
}

fn sentence(name: &str, known: &[&str]) -> String {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let known = match known.as_slice() {
        [] => "send no query string".to_owned(),
        [only] => format!("the only one is {only}"),
        [others @ .., last] => format!("send only {} and {last}", others.join(", ")),
    };
    format!("the query parameter `{name}` is not known here: {known}")
}

#[tokio::test]
async fn every_route_refuses_a_parameter_that_it_does_not_take_and_names_those_that_it_takes() {
    let world = world().await;
    let routes = routes();
    assert!(routes.len() > 30);
    for Asked { method, path, known } in routes {
        let Some(known) = known else { continue };
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        let long = "x".repeat(61);
        for (query, name) in [
            ("showFeatured=1", "showFeatured"),
            ("unknown", "unknown"),
            ("Page=1", "Page"),
            ("PAGE_SIZE=1", "PAGE_SIZE"),
            ("page%5B%5D=1", "page[]"),
            ("Q=a&Q=b", "Q"),
            ("%26=1", "&"),
            ("page+=1", "page "),
            ("=1", ""),
            ("&&unknown=&", "unknown"),
            ("%00=", "\u{fffd}"),
            (&format!("{long}=1"), &format!("{}…", "x".repeat(60))),
        ] {
            let answer =
                refused(&world, world.ask(method.clone(), &format!("{path}?{query}"))).await;
            assert_eq!(
                answer.problem(400, "request.unknown_parameter"),
                sentence(name, &known),
                "{method} {path}?{query}"
            );
            assert_eq!(answer.errors(), []);
        }
        for name in &known {
            let query = format!("{name}=1&unknown=1");
            let answer =
                refused(&world, world.ask(method.clone(), &format!("{path}?{query}"))).await;
            answer.problem(400, "request.unknown_parameter");
        }
    }
}

#[tokio::test]
async fn every_parameter_that_the_document_names_is_read() {
    let world = world().await;
    for Asked { method, path, known } in routes() {
        for name in known.into_iter().flatten() {
            let twice = format!("{path}?{name}=1&{name}=1");
            let answer = world.ask(method.clone(), &twice).send().await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["detail"].as_str()),
                (400, Some(&*format!("`{name}` is there twice: send it once"))),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn an_empty_query_string_is_none() {
    let world = world().await;
    for Asked { method, path, .. } in routes().into_iter().filter(|it| it.method == Method::GET) {
        let without = world.ask(method.clone(), &path).send().await;
        for query in ["", "&", "&&"] {
            let answer = world.ask(method.clone(), &format!("{path}?{query}")).send().await;
            assert_eq!(answer, without, "{path}?{query}");
        }
    }
}

#[tokio::test]
async fn a_page_number_is_refused_where_pages_have_cursors() {
    let world = world().await;
    let table = [
        ("/organizations?page=2", sentence("page", &["page_size", "cursor", "q", "showCounts"])),
        (
            "/organizations/acme/users?page=2&page_size=5",
            sentence(
                "page",
                &[
                    "page_size",
                    "cursor",
                    "organizationRoleId",
                    "rule",
                    "emailDomain",
                    "ssoConnectorId",
                    "entryPath",
                    "email",
                    "q",
                ],
            ),
        ),
        ("/organization-roles?cursor=x", sentence("cursor", &["page", "page_size", "q"])),
        ("/organizations/acme?page=2", sentence("page", &["showCounts"])),
    ];
    for (path, detail) in table {
        let answer = world.get(path).await;
        assert_eq!(answer.problem(400, "request.unknown_parameter"), detail, "{path}");
        let function = if path.contains("users") { "memberships" } else { "organizations" };
        if !path.contains("roles") {
            let event = world.invoke(function, &http_event("GET", path)).await;
            let body: Value = serde_json::from_str(event["body"].as_str().expect("text")).unwrap();
            assert_eq!((&event["statusCode"], &body["detail"]), (&400.into(), &detail.into()));
        }
    }
}

#[tokio::test]
async fn a_search_is_text_in_utf8() {
    let world = world().await;
    for query in ["q=%FF", "q=acme%C3", "q=%ED%A0%80"] {
        let answer = world.get(&format!("/organizations?{query}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_search"),
            "`q` is not UTF-8: percent-encode its UTF-8 form"
        );
    }
}

/// Sign-in pages send people back with parameters, and links may have others.
#[tokio::test]
async fn the_pages_of_the_console_take_any_parameters() {
    let world = World::new().await;
    for path in ["/console", "/console/organizations/acme"] {
        let without = world.get(path).await;
        for query in ["code=1&state=2", "error=access_denied", "page=0", "%FF", "=&="] {
            assert_eq!(world.get(&format!("{path}?{query}")).await, without, "{path}?{query}");
        }
    }
}
