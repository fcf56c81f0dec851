//! `GET /organizations`

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::support::{World, assert_is};

/// Forty-five organizations, `o00` and on, in the order of their names, but not created so.
async fn forty_five(world: &World) -> Vec<String> {
    for number in (0..45).map(|index| index * 7 % 45) {
        let name = format!("{} {number:02}", if number % 2 == 0 { "Org" } else { "oRG" });
        let body = json!({ "id": format!("o{number:02}"), "name": name });
        world.post("/organizations", &body).await;
    }
    (0..45).map(|number| format!("o{number:02}")).collect()
}

#[tokio::test]
async fn no_organizations_are_an_empty_list() {
    let world = World::new().await;

    let answer = world.get("/organizations").await;

    assert_is(&answer, 200, &json!([]));
    let headers = ["content-type", "link", "total-number", "etag"];
    assert_eq!(headers.map(|name| answer.header(name)), ["application/json", "", "", ""]);
}

#[tokio::test]
async fn organizations_are_whole() {
    let world = World::new().await;
    let body = json!({
        "id": "acme",
        "name": "Acme",
        "description": "Anvils",
        "customData": { "plan": "gold" },
    });
    let acme = world.post("/organizations", &body).await.body;
    world.pass(Duration::from_secs(1));
    let zeta = world.post("/organizations", &json!({ "name": "Zeta" })).await.body;

    assert_is(&world.get("/organizations").await, 200, &json!([acme, zeta]));
}

#[tokio::test]
async fn a_walk_meets_each_organization_once_and_in_the_order_of_names() {
    let world = World::new().await;
    let all = forty_five(&world).await;

    for (page_size, pages) in [(1, 45), (7, 7), (10, 5), (15, 3), (44, 2), (45, 1), (100, 1)] {
        let mut path = Some(format!("/organizations?page_size={page_size}"));
        let mut met = Vec::new();
        let mut walked = 0;
        while let Some(page) = path {
            let answer = world.get(&page).await;
            met.extend(answer.ids().into_iter().map(str::to_owned));
            path = answer.next_page();
            walked += 1;
        }
        assert_eq!((&met, walked), (&all, pages), "page_size={page_size}");
    }
}

#[tokio::test]
async fn the_order_is_that_of_folded_names_and_then_of_ids() {
    let world = World::new().await;
    let ranked = [
        ("z", "acme"),
        ("b", "ACME Inc."),
        ("y", "Acme!"),
        ("c", "acme#1"),
        ("a", "Acmeology"),
        ("d", "beta"),
        ("e", "BETA"),
        ("x", "\u{c9}clair"),
    ];
    for (id, name) in ranked.iter().rev() {
        world.post("/organizations", &json!({ "id": id, "name": name })).await;
    }

    assert_eq!(world.get("/organizations").await.ids(), ranked.map(|(id, _)| id));
}

#[tokio::test]
async fn a_page_holds_twenty_unless_asked_otherwise_and_links_to_the_next() {
    let world = World::new().await;
    let all = forty_five(&world).await;

    let answer = world.get("/organizations").await;
    assert_eq!(answer.ids(), all[..20]);
    assert_eq!(
        answer.header("link"),
        "<http://usher.example/organizations?page_size=20&cursor=org+19%09o19>; rel=\"next\""
    );
    assert_eq!(answer.header("total-number"), "");

    let ask = world.ask(Method::GET, "/organizations?q=oRg%204&page_size=2");
    let answer = ask.header("x-forwarded-proto", "https").send().await;
    assert_eq!(answer.ids(), ["o40", "o41"]);
    assert_eq!(
        answer.header("link"),
        "<https://usher.example/organizations?page_size=2&cursor=org+41%09o41&q=oRg+4>; \
         rel=\"next\""
    );
}

#[tokio::test]
async fn a_search_finds_names_that_begin_with_the_text_whatever_the_case() {
    let world = World::new().await;
    for (id, name) in [
        ("strasse-1", "Straße"),
        ("strasse-2", "STRASSE West"),
        ("eclair-1", "Éclair"),
        ("eclair-2", "e\u{301}clair vert"),
        ("eclair-3", "Eclair"),
        ("sigma", "ΣΊΣΥΦΟΣ"),
        ("acme-1", "Acme"),
        ("acme-2", "acmeology"),
        ("number", "Acme#1"),
        ("other", "The Acme"),
    ] {
        let answer = world.post("/organizations", &json!({ "id": id, "name": name })).await;
        assert_eq!(answer.status.as_u16(), 201);
    }
    for (q, found) in [
        ("stra%C3%9F", &["strasse-1", "strasse-2"][..]),
        ("STRASS", &["strasse-1", "strasse-2"]),
        ("STRA%E1%BA%9EE+w", &["strasse-2"]),
        ("%C3%89", &["eclair-1", "eclair-2"]),
        ("E%CC%81CLAIR", &["eclair-1", "eclair-2"]),
        ("e", &["eclair-3"]),
        ("%CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%82", &["sigma"]),
        ("acme", &["acme-1", "number", "acme-2"]),
        ("Acme%23", &["number"]),
        ("acme%23a", &[]),
        ("acme%23acme-1", &[]),
        ("cme", &[]),
        ("%25", &[]),
    ] {
        let answer = world.get(&format!("/organizations?q={q}")).await;
        assert_eq!((answer.ids(), answer.header("link")), (found.to_vec(), ""), "{q}");
    }
    let everything = world.get("/organizations?q=").await;
    assert_eq!(everything.ids().len(), 10);

    let longest = "x".repeat(128);
    assert_eq!(world.get(&format!("/organizations?q={longest}")).await.ids(), [""; 0]);
    let widest = "%E1%BE%B7".repeat(128);
    assert_eq!(world.get(&format!("/organizations?q={widest}")).await.ids(), [""; 0]);
    // Of 12 bytes each, once they are composed.
    for count in [85, 86, 128] {
        let q = "%F0%9D%85%A0".repeat(count);
        let answer = world.get(&format!("/organizations?q={q}")).await;
        assert_eq!((answer.status.as_u16(), answer.ids()), (200, vec![]), "{count}");
        assert_eq!(answer.header("link"), "");
    }
    let answer = world.get(&format!("/organizations?q=x{longest}")).await;
    assert_eq!(
        answer.problem(400, "request.invalid_search"),
        "`q` is too long: send at most 128 characters"
    );
    for control in ["a%00", "a%09", "%0A"] {
        let answer = world.get(&format!("/organizations?q={control}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_search"),
            "`q` contains a control character: send it without"
        );
    }
    let answer = world.get("/organizations?q=a&q=b").await;
    answer.problem(400, "request.invalid_search");
}

#[tokio::test]
async fn a_search_finds_an_organization_by_its_exact_id_first_and_only_once() {
    let world = World::new().await;
    for (id, name) in [
        ("acme", "Zeta"),
        ("a", "Acme"),
        ("Acme", "Acme East"),
        ("acme-2", "Acme West"),
        ("b", "Acme North"),
        ("org_1", "org_1 and more"),
        ("gone", "Gone"),
        ("next", "Gone too"),
    ] {
        world.post("/organizations", &json!({ "id": id, "name": name })).await;
    }
    world.delete("/organizations/gone").await;

    for (q, found) in [
        ("acme", &["acme", "a", "Acme", "b", "acme-2"][..]),
        ("Acme", &["Acme", "a", "b", "acme-2"]),
        ("ACME", &["a", "Acme", "b", "acme-2"]),
        ("acme-2", &["acme-2"]),
        ("acme-", &[]),
        ("org_1", &["org_1"]),
        ("gone", &["next"]),
        ("b", &["b"]),
        ("%20b", &[]),
    ] {
        for page_size in [1, 2, 3, 4, 5, 100] {
            let mut path = Some(format!("/organizations?q={q}&page_size={page_size}"));
            let mut met = Vec::new();
            while let Some(this) = path {
                let page = world.get(&this).await;
                path = page.next_page();
                // All pages but the last are full.
                let expected = if path.is_some() { page_size } else { found.len() - met.len() };
                assert_eq!(page.ids().len(), expected, "{q} {page_size}");
                assert_eq!(page.header("total-number"), "");
                met.extend(page.ids().into_iter().map(str::to_owned));
            }
            assert_eq!(met, found, "{q}, {page_size} at a time");
        }
    }
    let answer = world.get("/organizations?q=org_1").await;
    assert_is(&answer, 200, &json!([super::bare("org_1", "org_1 and more")]));
    let answer = world.get("/organizations?q=acme&page_size=1").await;
    assert_eq!(
        answer.header("link"),
        "<http://usher.example/organizations?page_size=1&cursor=%09acme&q=acme>; rel=\"next\""
    );
}

#[tokio::test]
async fn a_walk_along_a_search_goes_on_when_the_organization_with_the_id_is_deleted_meanwhile() {
    let world = World::new().await;
    for (id, name) in [("acme", "Zeta"), ("a", "Acme"), ("b", "Acme East")] {
        world.post("/organizations", &json!({ "id": id, "name": name })).await;
    }
    let first = world.get("/organizations?q=acme&page_size=1").await;
    assert_eq!(first.ids(), ["acme"]);

    world.delete("/organizations/acme").await;

    let second = world.get(&first.next_page().expect("a second page")).await;
    assert_eq!(second.ids(), ["a"]);
    let third = world.get(&second.next_page().expect("a third page")).await;
    assert_eq!((third.ids(), third.next_page()), (vec!["b"], None));
}

#[tokio::test]
async fn page_sizes_that_are_no_whole_numbers_in_range_are_refused() {
    let world = World::new().await;
    for value in ["", "0", "101", "-1", "%2B1", "1.5", "x", "%00", "%D9%A3", "4294967297"] {
        let answer = world.get(&format!("/organizations?page_size={value}")).await;
        assert_eq!(
            answer.problem(400, "request.invalid_page_size"),
            "`page_size` must be a whole number from 1 to 100",
            "{value}"
        );
    }
    let answer = world.get("/organizations?page_size=1&page_size=1").await;
    answer.problem(400, "request.invalid_page_size");
}

#[tokio::test]
async fn cursors_that_no_answer_has_given_for_the_search_are_refused() {
    let world = World::new().await;
    forty_five(&world).await;
    let too_long = format!("{}%09o19", "x".repeat(1021));
    let far_too_long = format!("{}%09o19", "x".repeat(20_000));
    for query in [
        "cursor=",
        "cursor=garbage",
        "cursor=org+19%09",
        "cursor=org+19%09a%20b",
        "cursor=%00",
        "cursor=%FF%09%FF",
        "cursor=a%00%09acme",
        "cursor=a%09b%09acme",
        "cursor=a%0A%09acme",
        "cursor=a%7F%09acme",
        "cursor=a%C2%85%09acme",
        "cursor=%FF%09acme",
        "cursor=a%C3%09acme",
        "cursor=a%EF%BF%BD%ED%A0%80%09acme",
        "cursor=org+19%09o19&q=x",
        "cursor=org+19%09o19&q=org+2",
        "cursor=%09o19",
        "cursor=%09o19&q=o1",
        "cursor=%09o19&q=org+19",
        "cursor=%09x%09o19&q=o19",
        &format!("cursor={too_long}"),
        &format!("cursor={far_too_long}"),
    ] {
        let answer = world.get(&format!("/organizations?{query}")).await;
        let shown = &query[..query.len().min(60)];
        assert_eq!(
            answer.problem(400, "request.invalid_cursor"),
            "`cursor` does not come from an answer to this search: follow the `Link` with \
             rel=\"next\", or leave it out to begin at the start",
            "{shown}"
        );
    }
    let twice = "/organizations?cursor=org+19%09o19&cursor=org+19%09o19";
    world.get(twice).await.problem(400, "request.invalid_cursor");
}

/// The mark that stands for bytes that are not UTF-8 is a character like any other.
#[tokio::test]
async fn a_walk_passes_names_with_replacement_characters() {
    let world = World::new().await;
    for (id, name) in [("a", "\u{fffd}"), ("b", "\u{fffd} b"), ("c", "\u{fffd} c")] {
        world.post("/organizations", &json!({ "id": id, "name": name })).await;
    }
    let mut path = Some("/organizations?page_size=1".to_owned());
    let mut met = Vec::new();
    while let Some(page) = path {
        let answer = world.get(&page).await;
        met.extend(answer.ids().into_iter().map(str::to_owned));
        path = answer.next_page();
    }
    assert_eq!(met, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_cursor_of_one_that_is_deleted_or_renamed_meanwhile_still_leads_on() {
    let world = World::new().await;
    let all = forty_five(&world).await;
    let first = world.get("/organizations?page_size=10").await;
    let second = first.next_page().expect("a second page");

    world.delete("/organizations/o09").await;
    assert_eq!(world.get(&second).await.ids(), all[10..20]);

    let third = world.get(&second).await.next_page().expect("a third page");
    world.patch("/organizations/o19", &json!({ "name": "Aardvark" })).await;
    assert_eq!(world.get(&third).await.ids(), all[20..30]);
}

#[tokio::test]
async fn a_renamed_organization_moves_and_a_deleted_one_vanishes() {
    let world = World::new().await;
    for id in ["a", "b", "c"] {
        world.organization(id).await;
    }

    world.patch("/organizations/a", &json!({ "name": "Bx" })).await;
    assert_eq!(world.get("/organizations").await.ids(), ["b", "a", "c"]);
    assert_eq!(world.get("/organizations?q=A").await.ids(), [""; 0]);
    assert_eq!(world.get("/organizations?q=B").await.ids(), ["b", "a"]);

    world.delete("/organizations/b").await;
    assert_eq!(world.get("/organizations").await.ids(), ["a", "c"]);
    let answer = world.get("/organizations?page_size=2").await;
    assert_eq!((answer.ids(), answer.next_page()), (vec!["a", "c"], None));
}
