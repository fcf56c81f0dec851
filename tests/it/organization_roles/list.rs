//! `GET /organization-roles`

use serde_json::json;

use super::PATH;
use crate::support::{Answer, World, page_links};

/// A page: status, total, names, links.
fn page(answer: &Answer) -> (u16, &str, Vec<&str>, &str) {
    let roles = answer.body.as_array().map_or(&[][..], Vec::as_slice);
    let names = roles.iter().map(|role| role["name"].as_str().expect("a name")).collect();
    (answer.status.as_u16(), answer.header("total-number"), names, answer.header("link"))
}

#[tokio::test]
async fn no_roles_are_an_empty_list() {
    let world = World::new().await;
    assert_eq!(page(&world.get(PATH).await), (200, "", vec![], ""));
    assert_eq!(
        page(&world.get(&format!("{PATH}?page=1")).await),
        (200, "0", vec![], &*page_links(PATH, &[(1, 20, "first"), (1, 20, "last")]))
    );
}

#[tokio::test]
async fn roles_are_in_the_order_of_their_folded_names() {
    let world = World::new().await;
    for name in ["Émile", "beta", "Acme Inc.", "acme", "Zeta", "ALPHA"] {
        world.role(name).await;
    }
    assert_eq!(
        page(&world.get(PATH).await).2,
        ["acme", "Acme Inc.", "ALPHA", "beta", "Zeta", "Émile"]
    );
}

#[tokio::test]
async fn pages_are_cut_and_linked() {
    let world = World::new().await;
    let names: Vec<_> = (0..23).map(|number| format!("Role {number:02}")).collect();
    for name in names.iter().rev() {
        world.role(name).await;
    }
    let cases = [
        ("page=1", 0..20, &[(1, 20, "first"), (2, 20, "next"), (2, 20, "last")][..]),
        ("page_size=23", 0..23, &[(1, 23, "first"), (1, 23, "last")]),
        (
            "page=2&page_size=10",
            10..20,
            &[(1, 10, "first"), (1, 10, "prev"), (3, 10, "next"), (3, 10, "last")],
        ),
        ("page=3&page_size=10", 20..23, &[(1, 10, "first"), (2, 10, "prev"), (3, 10, "last")]),
        (
            "page=4294967295&page_size=100",
            23..23,
            &[(1, 100, "first"), (1, 100, "prev"), (1, 100, "last")],
        ),
    ];
    for (query, shown, relations) in cases {
        let answer = world.get(&format!("{PATH}?{query}")).await;
        let shown = names[shown].iter().map(String::as_str).collect();
        assert_eq!(page(&answer), (200, "23", shown, &*page_links(PATH, relations)), "{query}");
    }
    let everything = names.iter().map(String::as_str).collect();
    assert_eq!(page(&world.get(PATH).await), (200, "", everything, ""));
}

#[tokio::test]
async fn a_search_finds_names_that_contain_the_text_whatever_the_case_and_counts_them() {
    let world = World::new().await;
    for name in ["Engineer", "ENGINE driver", "Straße", "Émile", "100% sure", "a_b", "axb"] {
        world.role(name).await;
    }
    for (q, found) in [
        ("engine", &["ENGINE driver", "Engineer"][..]),
        ("NEER", &["Engineer"]),
        ("e+d", &["ENGINE driver"]),
        ("STRASS", &["Straße"]),
        ("%C3%9F", &["Straße"]),
        ("e%CC%81M", &["Émile"]),
        ("emile", &[]),
        ("%25", &["100% sure"]),
        ("_", &["a_b"]),
        ("a.b", &[]),
        ("role_", &[]),
        ("Engineer%20", &[]),
    ] {
        assert_eq!(page(&world.get(&format!("{PATH}?q={q}")).await), (200, "", found.to_vec(), ""));
        let answer = world.get(&format!("{PATH}?q={q}&page=1&page_size=100")).await;
        let (status, total, names, _) = page(&answer);
        assert_eq!((status, total, names), (200, &*found.len().to_string(), found.to_vec()), "{q}");
    }
    assert_eq!(page(&world.get(&format!("{PATH}?q=")).await).2.len(), 7);

    let answer = world.get(&format!("{PATH}?page=2&q=E&page_size=2")).await;
    let link = |page: u32, relation: &str| {
        format!("<http://usher.example{PATH}?page={page}&page_size=2&q=E>; rel=\"{relation}\"")
    };
    let links = [link(1, "first"), link(1, "prev"), link(3, "next"), link(3, "last")].join(", ");
    assert_eq!(page(&answer), (200, "5", vec!["Engineer", "Straße"], &*links));
}

#[tokio::test]
async fn searches_with_unacceptable_values_are_refused() {
    let world = World::new().await;
    world.role("x").await;
    let longest = "x".repeat(128);
    assert_eq!(page(&world.get(&format!("{PATH}?q={longest}")).await), (200, "", vec![], ""));
    for (q, detail) in [
        (&*format!("q=x{longest}"), "`q` is too long: send at most 128 characters"),
        ("q=a%00", "`q` contains a control character: send it without"),
        ("q=a&q=a", "`q` is there twice: send it once"),
    ] {
        let answer = world.get(&format!("{PATH}?{q}")).await;
        assert_eq!(answer.problem(400, "request.invalid_search"), detail);
    }
}

#[tokio::test]
async fn page_values_that_are_no_whole_numbers_in_range_are_refused() {
    let world = World::new().await;
    for value in ["", "0", "-1", "%2B1", "1.5", "x", "%00", "4294967296"] {
        let answer = world.get(&format!("{PATH}?page={value}")).await;
        answer.problem(400, "request.invalid_page");
        let answer = world.get(&format!("{PATH}?page_size={value}")).await;
        answer.problem(400, "request.invalid_page_size");
    }
    let answer = world.get(&format!("{PATH}?page_size=101")).await;
    answer.problem(400, "request.invalid_page_size");
}

#[tokio::test]
async fn a_list_is_whole_even_if_the_table_gives_it_in_parts() {
    let world = World::new().await;
    // Four of these are more than the megabyte that one Query answers.
    let padding = "x".repeat(300_000);
    for number in 0..8 {
        let id = world.role(&format!("Role {number}")).await;
        let mut role = world.item("ROLE", &format!("ROLE#{id}")).await;
        role.insert("padding".to_owned(), json!(padding));
        world.put_plain(&json!(role)).await;
    }
    world.wire.traffic();

    let answer = world.get(PATH).await;

    assert_eq!(world.wire.traffic().operations, ["Query", "Query", "Query"]);
    let expected: Vec<_> = (0..8).map(|number| format!("Role {number}")).collect();
    assert_eq!(page(&answer).2, expected);
}
