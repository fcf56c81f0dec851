//! `showCounts`: the members and email domains of organizations, in numbers

use serde_json::{Value, json};

use super::bare;
use crate::support::{
    Answer, Fate, World, assert_internal, assert_is, assert_unavailable, attributes, refused,
    tagged_item,
};

const ACME: &str = "/organizations/acme?showCounts=true";

/// Puts so many more entries of members into the index of an organization.
async fn more_members(world: &World, organization: &str, count: usize) {
    let entries = (0..count).map(|number| {
        let (user, place) = (format!("USER#more-{number:05}"), format!("ORG#{organization}"));
        attributes(&tagged_item(
            &json!({ "pk": user, "sk": place, "gsi1pk": place, "gsi1sk": user }),
        ))
    });
    world.put_items(entries.collect::<Vec<_>>()).await;
}

fn counts(answer: &Answer) -> (&Value, &Value) {
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    (&answer.body["usersCount"], &answer.body["emailDomainsCount"])
}

#[tokio::test]
async fn without_the_parameter_there_are_no_counts() {
    let world = World::new().await;
    world.organization("acme").await;
    for path in ["/organizations/acme", "/organizations/acme?showCounts=false"] {
        assert_is(&world.get(path).await, 200, &bare("acme", "acme"));
    }
    for path in ["/organizations", "/organizations?showCounts=false"] {
        assert_is(&world.get(path).await, 200, &json!([bare("acme", "acme")]));
    }
}

#[tokio::test]
async fn members_and_domains_are_counted_and_who_left_is_not() {
    let world = World::new().await;
    for organization in ["acme", "empty"] {
        world.organization(organization).await;
    }
    world.domains("acme", &["acme.com", "acme.org", "acme.net"]).await;
    for user in ["ann", "ben", "cat"] {
        world.sign_up(user, &format!("{user}@acme.com")).await;
    }
    world.delete("/organizations/acme/users/cat").await;

    let mut acme = bare("acme", "acme");
    acme["usersCount"] = json!(2);
    acme["emailDomainsCount"] = json!(3);
    let mut empty = bare("empty", "empty");
    empty["usersCount"] = json!(0);
    empty["emailDomainsCount"] = json!(0);
    let answer = world.get(ACME).await;
    assert_is(&answer, 200, &acme);
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_is(&world.get("/organizations?showCounts=true").await, 200, &json!([acme, empty]));
}

#[tokio::test]
async fn what_else_is_in_the_index_of_an_organization_is_not_a_member() {
    let world = World::new().await;
    world.organization("acme").await;
    for (user, place) in [
        ("one", "USER#one"),
        ("two", "USERS#2026-01-01T00:00:00.000Z#two"),
        ("three", "REMOVED#2026-01-01T00:00:00.000Z#three"),
        ("four", "ZZZ"),
    ] {
        let item = json!({
            "pk": format!("USER#{user}"),
            "sk": "ORG#acme",
            "gsi1pk": "ORG#acme",
            "gsi1sk": place,
        });
        world.put_plain(&item).await;
    }
    assert_eq!(counts(&world.get(ACME).await), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn members_are_counted_up_to_a_thousand() {
    let world = World::new().await;
    world.organization("acme").await;
    more_members(&world, "acme", 999).await;
    assert_eq!(counts(&world.get(ACME).await).0, 999);
    world.domains("acme", &["acme.com"]).await;
    world.sign_up("jane", "jane@acme.com").await;
    assert_eq!(counts(&world.get(ACME).await).0, 1_000);
    world.sign_up("joe", "joe@acme.com").await;
    world.wire.traffic();
    assert_eq!(counts(&world.get(ACME).await).0, 1_000);
    // The organization and its custom data, the list of domains, and the thousand entries.
    let traffic = world.wire.traffic();
    let mut operations = traffic.operations;
    operations.sort_unstable();
    assert_eq!(operations, ["BatchGetItem", "Query", "TransactGetItems"]);
}

#[tokio::test]
async fn a_count_takes_a_unit_for_the_list_and_about_fifteen_for_a_thousand_members() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let user = "5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f0000";
    world.sign_up(user, "jane@acme.com").await;
    let without = capacity(&world, "/organizations/acme").await;
    let one = capacity(&world, ACME).await;
    world.copy(user, (1..1_000).map(|it| format!("{}{it:04}", &user[..32]))).await;
    let thousand = capacity(&world, ACME).await;
    // A query takes half a unit for each 4 KB, and the list of domains one unit.
    assert_eq!((without, one), (4.0, 5.5));
    assert!((10.0..20.0).contains(&(thousand - one)), "{thousand}");
}

async fn capacity(world: &World, path: &str) -> f64 {
    world.wire.traffic();
    assert_eq!(world.get(path).await.status, 200);
    world.wire.traffic().capacity
}

#[tokio::test]
async fn each_of_the_largest_page_is_counted_and_the_links_keep_the_parameter() {
    let world = World::new().await;
    world.organization("org-000").await;
    world.domains("org-000", &["acme.com"]).await;
    world.copy("org-000", (1..101).map(|number| format!("org-{number:03}"))).await;
    let with_members = ["org-000", "org-099", "org-100"];
    for organization in with_members {
        more_members(&world, organization, 3).await;
    }

    let first = world.get("/organizations?page_size=100&showCounts=true").await;
    let next = first.next_page().expect("another page");
    let second = world.get(&next).await;

    assert_eq!((first.ids().len(), second.ids()), (100, vec!["org-100"]));
    let pages = [&first, &second].map(|page| page.body.as_array().expect("a list"));
    for organization in pages.into_iter().flatten() {
        let id = organization["id"].as_str().expect("an id");
        let users = if with_members.contains(&id) { 3 } else { 0 };
        let counted = (&organization["usersCount"], &organization["emailDomainsCount"]);
        assert_eq!(counted, (&json!(users), &json!(1)), "{id}");
    }
    assert_eq!(second.next_page(), None);
}

#[tokio::test]
async fn another_value_is_refused() {
    let world = World::new().await;
    world.organization("acme").await;
    let wrong = "`showCounts` must be `true` or `false`";
    for path in ["/organizations", "/organizations/acme", "/organizations/nobody"] {
        for (query, detail) in [
            ("showCounts=", wrong),
            ("showCounts", wrong),
            ("showCounts=1", wrong),
            ("showCounts=True", wrong),
            ("showCounts=yes", wrong),
            ("showCounts=%20%20true", "`showCounts` is too long: send at most 5 characters"),
            ("showCounts=tru%00", "`showCounts` contains a control character: send it without"),
            ("showCounts=%FF", "`showCounts` is not UTF-8: percent-encode its UTF-8 form"),
            ("showCounts=true&showCounts=true", "`showCounts` is there twice: send it once"),
        ] {
            let ask = world.ask(axum::http::Method::GET, &format!("{path}?{query}"));
            let answer = refused(&world, ask).await;
            assert_eq!(answer.problem(400, "request.invalid_flag"), detail, "{path}?{query}");
        }
    }
    let answer = world.get("/organizations/nobody?showCounts=true").await;
    answer.problem(404, "organization.not_found");
}

#[tokio::test]
async fn a_count_that_fails_fails_the_request() {
    let world = World::new().await;
    world.organization("acme").await;
    for operation in ["Query", "BatchGetItem", "TransactGetItems"] {
        for _ in 0..3 {
            world.wire.next(operation, Fate::Lost);
        }
        assert_unavailable(&world.get(ACME).await);
        world.wire.mend();
    }
    let mut list = world.item("ORG#acme", "EMAIL_DOMAINS").await;
    list.insert("domains".to_owned(), json!("x"));
    world.put_plain(&json!(list)).await;
    assert_internal(&world.get(ACME).await);
    assert_internal(&world.get("/organizations?showCounts=true").await);
    assert_is(&world.get("/organizations/acme").await, 200, &bare("acme", "acme"));
}
