//! `GET /organizations/{organizationId}/jit/email-domains`

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{MISSING, PATH, bare, domains, entity, list, world};
use crate::support::{Answer, Fate, Logs, World, with};

/// The headers that tell about pages.
fn paging(answer: &Answer) -> (&str, &str) {
    (answer.header("total-number"), answer.header("link"))
}

#[tokio::test]
async fn a_new_organization_lists_nothing() {
    let world = world().await;

    let answer = world.get(PATH).await;

    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(paging(&answer), ("", ""));
}

#[tokio::test]
async fn domains_come_in_their_order_each_with_the_time_of_its_addition() {
    let world = world().await;
    world.domains("acme", &["zebra.com", "acme.com"]).await;
    world.pass(Duration::from_millis(90_061_001));
    world.domains("acme", &["bücher.de"]).await;

    let answer = world.get(PATH).await;

    let later = with(entity("xn--bcher-kva.de"), json!({ "addedAt": "2026-01-02T01:01:01.001Z" }));
    assert_eq!(bare(&answer.body), json!([entity("acme.com"), later, entity("zebra.com")]));
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"4\""));
}

#[tokio::test]
async fn domains_of_other_organizations_are_not_shown() {
    let world = world().await;
    world.organization("umbrella").await;
    world.domains("umbrella", &["acme.com"]).await;

    let answer = world.get(PATH).await;

    assert_eq!((&answer.body, answer.header("etag")), (&json!([]), "\"1\""));
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let world = world().await;
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/email-domains?page=1");
        let answer = world.get(&path).await;
        answer.problem(404, "organization.not_found");
        assert_eq!((paging(&answer), answer.header("etag")), (("", ""), ""));
    }
    let path = "/organizations/gone/jit/email-domains";
    assert_eq!(
        world.get(path).await.problem(404, "organization.not_found"),
        "there is no organization `gone`: check the id, or create it with POST /organizations"
    );
}

#[tokio::test]
async fn without_paging_the_whole_list_is_the_answer() {
    let world = world().await;
    let all = domains(1_000);
    list(&world, "acme", &all).await;

    let whole: Value = all.iter().map(|domain| entity(domain)).collect();
    for query in ["", "?", "?&"] {
        let answer = world.get(&format!("{PATH}{query}")).await;
        assert_eq!((answer.status.as_u16(), paging(&answer)), (200, ("", "")), "{query:?}");
        assert!(bare(&answer.body) == whole, "{query:?}");
    }

    let answer = world.get(&format!("{PATH}?page=10&page_size=100")).await;
    let shown = bare(&answer.body);
    assert!(shown.as_array().map(Vec::as_slice) == whole.as_array().map(|all| &all[900..]));
    assert_eq!(answer.header("total-number"), "1000");
}

#[tokio::test]
async fn a_page_says_how_many_there_are_and_where_the_others_are() {
    const AT: &str = "http://usher.example/organizations/acme/jit/email-domains";
    let link = |page: usize, size: usize, relation: &str| {
        format!("<{AT}?page={page}&page_size={size}>; rel=\"{relation}\"")
    };
    // A query, the size of its page, the previous, the next and the last page, and what it shows
    // of the 45 domains.
    let table = [
        ("page=1", 20, None, Some(2), 3, 0..20),
        ("page=2", 20, Some(1), Some(3), 3, 20..40),
        ("page=3", 20, Some(2), None, 3, 40..45),
        ("page=4", 20, Some(3), None, 3, 45..45),
        ("page=5", 20, Some(3), None, 3, 45..45),
        ("page=4294967295", 20, Some(3), None, 3, 45..45),
        ("page_size=20", 20, None, Some(2), 3, 0..20),
        ("page_size=1", 1, None, Some(2), 45, 0..1),
        ("page_size=44", 44, None, Some(2), 2, 0..44),
        ("page_size=45", 45, None, None, 1, 0..45),
        ("page_size=100", 100, None, None, 1, 0..45),
        ("page=45&page_size=1", 1, Some(44), None, 45, 44..45),
        ("page_size=10&page=5", 10, Some(4), None, 5, 40..45),
        ("page=%32&page_size=015", 15, Some(1), Some(3), 3, 15..30),
    ];
    let world = world().await;
    let all = domains(45);
    list(&world, "acme", &all).await;
    for (query, size, previous, next, last, shown) in table {
        let answer = world.get(&format!("{PATH}?{query}")).await;

        let entities: Value = all[shown].iter().map(|domain| entity(domain)).collect();
        assert_eq!((answer.status.as_u16(), bare(&answer.body)), (200, entities), "{query}");
        let mut links = vec![link(1, size, "first")];
        links.extend(previous.map(|page| link(page, size, "prev")));
        links.extend(next.map(|page| link(page, size, "next")));
        links.push(link(last, size, "last"));
        assert_eq!(paging(&answer), ("45", links.join(", ").as_str()), "{query}");
        assert_eq!(answer.header("etag"), "\"2\"");
    }
}

#[tokio::test]
async fn a_page_of_an_empty_list_is_its_first_and_its_last() {
    let world = world().await;

    let answer = world.get(&format!("{PATH}?page=1")).await;

    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
    assert_eq!(
        paging(&answer),
        (
            "0",
            "<http://usher.example/organizations/acme/jit/email-domains?page=1&page_size=20>; \
             rel=\"first\", \
             <http://usher.example/organizations/acme/jit/email-domains?page=1&page_size=20>; \
             rel=\"last\""
        )
    );
}

#[tokio::test]
async fn page_values_that_are_no_whole_numbers_in_range_are_refused() {
    const PAGE: &str = "request.invalid_page";
    const SIZE: &str = "request.invalid_page_size";
    let number = |name, most| format!("`{name}` must be a whole number from 1 to {most}");
    let page = number("page", "4294967295");
    let size = number("page_size", "100");
    let twice = |name| format!("`{name}` is there twice: send it once");
    let mut table = vec![
        ("page=4294967296".to_owned(), PAGE, page.clone()),
        ("page_size=101".to_owned(), SIZE, size.clone()),
        ("page_size=4294967297".to_owned(), SIZE, size.clone()),
        ("page=1&page=1".to_owned(), PAGE, twice("page")),
        ("page=1&page_size=1&p%61ge=2".to_owned(), PAGE, twice("page")),
        ("page_size=1&page_size=1".to_owned(), SIZE, twice("page_size")),
    ];
    for wrong in [
        "=0",
        "=-1",
        "=1.5",
        "=abc",
        "=",
        "",
        "=+1",
        "=%2B1",
        "=1%20",
        "=1e1",
        "=0x1",
        "=1,2",
        "=%D9%A1",
        "=%FF",
        "=%00",
        "=99999999999999999999999",
    ] {
        table.push((format!("page{wrong}"), PAGE, page.clone()));
        table.push((format!("page_size{wrong}"), SIZE, size.clone()));
        table.push((format!("page=1&page_size{wrong}"), SIZE, size.clone()));
    }
    let world = world().await;
    for (query, code, detail) in table {
        let answer = world.get(&format!("{PATH}?{query}")).await;
        assert_eq!(answer.problem(400, code), detail, "{query}");
        assert_eq!((paging(&answer), answer.header("etag")), (("", ""), ""), "{query}");
    }
}

#[tokio::test]
async fn links_lead_where_the_request_came_in() {
    // The scheme and the host that were forwarded, and what links then begin with.
    let table = [
        (None, "usher.example", "http://usher.example"),
        (Some("https"), "usher.example", "https://usher.example"),
        (Some("http"), "usher.example", "http://usher.example"),
        (Some("HTTPS"), "usher.example", "http://usher.example"),
        (Some("javascript"), "usher.example", "http://usher.example"),
        (Some("https"), "usher.example:8443", "https://usher.example:8443"),
        (Some("https"), "127.0.0.1:3000", "https://127.0.0.1:3000"),
        (Some("https"), "[::1]:3000", "https://[::1]:3000"),
        // With an invalid host, the links have no host.
        (Some("https"), "", ""),
        (Some("https"), "usher.example/elsewhere", ""),
        (Some("https"), "usher.example?", ""),
        (Some("https"), "usher.example#", ""),
        (Some("https"), "jane@usher.example", ""),
        (Some("https"), "usher.example>; rel=\"next\", <x", ""),
        (Some("https"), "usher example", ""),
        (Some("https"), "usher\\example", ""),
        (Some("https"), "%75sher.example", ""),
        (Some("https"), "üsher.example", ""),
    ];
    let world = world().await;
    for (scheme, host, beginning) in table {
        let mut ask = world.ask(Method::GET, &format!("{PATH}?page=1")).host(host);
        if let Some(scheme) = scheme {
            ask = ask.header("x-forwarded-proto", scheme);
        }
        let answer = ask.send().await;

        let link = format!("<{beginning}{PATH}?page=1&page_size=20>");
        let links = format!("{link}; rel=\"first\", {link}; rel=\"last\"");
        assert_eq!(
            (answer.status.as_u16(), paging(&answer)),
            (200, ("0", links.as_str())),
            "{scheme:?} {host:?}"
        );
    }
}

#[tokio::test]
async fn an_entry_that_is_missing_or_unreadable_does_not_hide_the_others() {
    let world = world().await;
    world.domains("acme", &["a.com", "b.com", "c.com"]).await;
    world.remove_item("DOMAIN#a.com", "ORG#acme").await;
    world.put_plain(&json!({ "pk": "DOMAIN#b.com", "sk": "ORG#acme", "addedAt": "now" })).await;

    let answer = world.get(&format!("{PATH}?page=1")).await;

    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (200, json!([entity("c.com")])));
    assert_eq!(answer.header("total-number"), "3");
    for domain in ["a.com", "b.com"] {
        let path = format!("{PATH}/{domain}");
        assert_eq!(world.patch(&path, &json!({ "enrollment": "off" })).await.status, 500);
        assert_eq!(world.delete(&path).await.status, 204);
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_domain_that_is_deleted_while_it_is_read_is_not_shown_and_not_logged() {
    let world = Arc::new(world().await);
    world.domains("acme", &["a.com", "b.com"]).await;
    let other = Arc::clone(&world);
    let deletion = async move {
        assert_eq!(other.delete(&format!("{PATH}/a.com")).await.status, 204);
    };
    world.wire.next("BatchGetItem", Fate::overtaken(deletion));
    let logs = Logs::capture();

    let answer = world.get(PATH).await;

    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (200, json!([entity("b.com")])));
    assert_eq!(answer.header("etag"), "\"4\"");
    assert!(!logs.lines().iter().any(|line| line["level"] == "ERROR"));
}

#[tokio::test]
async fn counts_say_how_many_others_list_each_domain() {
    let world = world().await;
    world.domains("acme", &["a.com", "b.com", "c.com"]).await;
    for number in 0..3 {
        let id = format!("org-{number}");
        world.organization(&id).await;
        world.domains(&id, &["a.com"]).await;
    }
    let pending = json!({ "emailDomain": "b.com", "ownership": "pending" });
    assert_eq!(world.post("/organizations/org-0/jit/email-domains", &pending).await.status, 201);
    world.delete_unswept("org-2").await;

    let counts = |answer: &Answer| {
        let entities = answer.body.as_array().expect("a list").iter();
        entities.map(|entity| entity["otherOrganizationsCount"].as_u64()).collect::<Vec<_>>()
    };
    let answer = world.get(&format!("{PATH}?showCounts=true")).await;
    assert_eq!(counts(&answer), [Some(2), Some(1), Some(0)]);
    let answer = world.get(&format!("{PATH}?showCounts=true&page=2&page_size=2")).await;
    assert_eq!(counts(&answer), [Some(0)]);
    for query in ["", "?showCounts=false"] {
        assert_eq!(counts(&world.get(&format!("{PATH}{query}")).await), [None; 3]);
    }
    let answer = world.get(&format!("{PATH}?showCounts=yes")).await;
    answer.problem(400, "request.invalid_flag");
}

#[tokio::test]
async fn more_than_fifty_others_count_as_fifty() {
    let world = world().await;
    world.domains("acme", &["a.com"]).await;
    let body = json!({ "emailDomain": "a.com", "ownership": "pending" });
    for number in 0..55 {
        let id = format!("org-{number:02}");
        world.organization(&id).await;
        let path = format!("/organizations/{id}/jit/email-domains");
        assert_eq!(world.post(&path, &body).await.status, 201);
    }
    let answer = world.get(&format!("{PATH}?showCounts=true")).await;
    assert_eq!(answer.body[0]["otherOrganizationsCount"], 50);
}
