//! `GET /organizations/{organizationId}/jit/roles`

use axum::http::Method;
use serde_json::{Value, json};

use super::{PATH, START, assert_needs_an_organization, entity, listed, world_with};
use crate::support::{Answer, naming_roles, page_links};

#[tokio::test]
async fn a_new_organization_has_no_default_roles() {
    let (world, []) = world_with([]).await;

    let answer = world.get(PATH).await;

    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
    let headers = ["content-type", "etag", "cache-control", "link", "total-number"];
    assert_eq!(
        headers.map(|name| answer.header(name)),
        ["application/json", "\"1\"", "no-store", "", ""]
    );
}

#[tokio::test]
async fn roles_are_whole_and_in_the_order_of_their_names() {
    let (world, [small, big, accent]) = world_with(["beta", "Alpha", "Émile"]).await;
    let body = json!({ "name": "éclair", "description": "of\ncream" });
    let cake = world.post("/organization-roles", &body).await.body;
    let cake_id = cake["id"].as_str().expect("an id");
    world.put(PATH, &naming_roles(&[&accent, cake_id, &small, &big])).await;

    let answer = world.get(PATH).await;

    let described = json!({
        "id": cake_id,
        "name": "éclair",
        "description": "of\ncream",
        "createdAt": START,
    });
    let expected =
        json!([entity(&big, "Alpha"), entity(&small, "beta"), described, entity(&accent, "Émile")]);
    assert_eq!((answer.status.as_u16(), &answer.body), (200, &expected));
    assert_eq!((answer.header("etag"), answer.header("link")), ("\"2\"", ""));
}

#[tokio::test]
async fn a_renamed_role_shows_its_new_name_at_its_new_place() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    world.put(PATH, &naming_roles(&[&a, &b])).await;

    world.patch(&format!("/organization-roles/{a}"), &json!({ "name": "C" })).await;

    assert_eq!(listed(&world).await.1, ["B", "C"]);
}

#[tokio::test]
async fn deleted_roles_are_invisible() {
    let (world, [a, gone]) = world_with(["A", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&gone, &a])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;

    assert_eq!(world.get(PATH).await.body, json!([entity(&a, "A")]));
    let page = world.get(&format!("{PATH}?page=1")).await;
    assert_eq!((page.header("total-number"), &page.body), ("1", &json!([entity(&a, "A")])));

    // Nor does a new role of the same name take the place of the old one.
    world.role("Gone").await;
    assert_eq!(world.get(PATH).await.body, json!([entity(&a, "A")]));
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_list() {
    assert_needs_an_organization(Method::GET).await;
}

/// A page: status, version, total, the numbers of its roles, links.
fn page(answer: &Answer) -> (u16, &str, &str, Vec<&str>, &str) {
    let roles = answer.body.as_array().map_or(&[][..], Vec::as_slice);
    let names = roles.iter().map(|role| role["name"].as_str().expect("a name"));
    let headers = ["etag", "total-number", "link"].map(|name| answer.header(name));
    (answer.status.as_u16(), headers[0], headers[1], names.collect(), headers[2])
}

#[tokio::test]
async fn pages_are_cut_and_linked() {
    let (world, []) = world_with([]).await;
    let roles = world.roles(25).await;
    world.put(PATH, &naming_roles(&roles)).await;
    let names: Vec<_> = (0..25).map(|number| format!("Role {number:03}")).collect();

    let cases = [
        ("page=1&page_size=10", 0..10, &[(1, 10, "first"), (2, 10, "next"), (3, 10, "last")][..]),
        (
            "page_size=10&page=2",
            10..20,
            &[(1, 10, "first"), (1, 10, "prev"), (3, 10, "next"), (3, 10, "last")],
        ),
        ("page=3&page_size=10", 20..25, &[(1, 10, "first"), (2, 10, "prev"), (3, 10, "last")]),
        ("page=4&page_size=10", 25..25, &[(1, 10, "first"), (3, 10, "prev"), (3, 10, "last")]),
        (
            "page=4294967295&page_size=100",
            25..25,
            &[(1, 100, "first"), (1, 100, "prev"), (1, 100, "last")],
        ),
        ("page=1", 0..20, &[(1, 20, "first"), (2, 20, "next"), (2, 20, "last")]),
        ("page=2", 20..25, &[(1, 20, "first"), (1, 20, "prev"), (2, 20, "last")]),
        ("page_size=25", 0..25, &[(1, 25, "first"), (1, 25, "last")]),
        ("page_size=100", 0..25, &[(1, 100, "first"), (1, 100, "last")]),
        ("page_size=1", 0..1, &[(1, 1, "first"), (2, 1, "next"), (25, 1, "last")]),
        (
            "page=02&page_size=010",
            10..20,
            &[(1, 10, "first"), (1, 10, "prev"), (3, 10, "next"), (3, 10, "last")],
        ),
    ];
    for (query, shown, relations) in cases {
        let answer = world.get(&format!("{PATH}?{query}")).await;
        let shown = names[shown].iter().map(String::as_str).collect();
        assert_eq!(
            page(&answer),
            (200, "\"2\"", "25", shown, &*page_links(PATH, relations)),
            "{query}"
        );
    }

    let whole = world.get(PATH).await;
    assert_eq!(page(&whole), (200, "\"2\"", "", names.iter().map(String::as_str).collect(), ""));
}

#[tokio::test]
async fn an_empty_list_has_one_page() {
    let (world, []) = world_with([]).await;

    let answer = world.get(&format!("{PATH}?page_size=5")).await;

    assert_eq!(
        page(&answer),
        (200, "\"1\"", "0", vec![], &*page_links(PATH, &[(1, 5, "first"), (1, 5, "last")]))
    );
    assert_eq!(answer.body, Value::Array(vec![]));
}

#[tokio::test]
async fn links_name_the_host_and_scheme_that_the_client_has_used() {
    let (world, []) = world_with([]).await;

    let ask = world.ask(Method::GET, &format!("{PATH}?page=1"));
    let answer = ask.header("x-forwarded-proto", "https").send().await;

    assert_eq!(
        answer.header("link"),
        page_links(PATH, &[(1, 20, "first"), (1, 20, "last")]).replace("http:", "https:")
    );
}

#[tokio::test]
async fn page_values_that_are_no_whole_numbers_in_range_are_refused() {
    let (world, []) = world_with([]).await;
    let bad = [
        "",
        "0",
        "-1",
        "%2B1",
        "1.5",
        "1e1",
        "x",
        "%00",
        "%FF",
        "%D9%A3",
        "4294967296",
        "99999999999999999999",
    ];

    for value in bad {
        let answer = world.get(&format!("{PATH}?page={value}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_page"),
            "`page` must be a whole number from 1 to 4294967295",
            "{value}"
        );
        let answer = world.get(&format!("{PATH}?page_size={value}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_page_size"),
            "`page_size` must be a whole number from 1 to 100",
            "{value}"
        );
    }
    let past = world.get(&format!("{PATH}?page_size=101")).await;
    past.problem(400, "request.invalid_page_size");
    let twice = world.get(&format!("{PATH}?page=1&page=1")).await;
    assert_eq!(twice.problem(400, "request.invalid_page"), "`page` is there twice: send it once");
}
