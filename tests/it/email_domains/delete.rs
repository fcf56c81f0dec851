//! `DELETE /organizations/{organizationId}/jit/email-domains/{emailDomain}`

use axum::http::Method;
use serde_json::Value;

use super::{MISSING, PATH, listed, world};
use crate::support::{Ask, MALFORMED, MATCHING, STALE, START, World, refused};

fn delete<'a>(world: &'a World, domain: &str) -> Ask<'a> {
    world.ask(Method::DELETE, &format!("{PATH}/{domain}"))
}

#[tokio::test]
async fn a_listed_domain_leaves_list_and_index_and_the_others_stay() {
    let world = world().await;
    world.organization("umbrella").await;
    world.domains("umbrella", &["acme.com"]).await;
    world.domains("acme", &["acme.com", "acme.org"]).await;

    let answer = delete(&world, "acme.com").send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(listed(&world, "acme").await, ["acme.org"]);
    assert_eq!(listed(&world, "umbrella").await, ["acme.com"]);
    assert_eq!(world.get(PATH).await.header("etag"), "\"4\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_domain_that_is_deleted_already_is_not_found() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    assert_eq!(delete(&world, "acme.com").send().await.status, 204);

    let answer = refused(&world, delete(&world, "acme.com")).await;

    assert_eq!(
        answer.problem(404, "email_domain.not_found"),
        "the organization does not list the email domain `acme.com`"
    );
}

#[tokio::test]
async fn a_deleted_domain_can_be_added_again() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    assert_eq!(delete(&world, "acme.com").send().await.status, 204);

    world.domains("acme", &["acme.com"]).await;

    assert_eq!(listed(&world, "acme").await, ["acme.com"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn any_notation_names_the_same_domain() {
    let table = [
        ("acme.com", "acme.com"),
        ("ACME.Com", "acme.com"),
        ("acme.com.", "acme.com"),
        ("%61cme%2Ecom%2e", "acme.com"),
        ("%20acme.com%0A", "acme.com"),
        ("xn--bcher-kva.de", "bücher.de"),
        ("XN--BCHER-KVA.de.", "bücher.de"),
        ("b%C3%BCcher.de", "bücher.de"),
        ("B%c3%9cCHER.DE", "bücher.de"),
        ("bu%CC%88cher%E3%80%82de", "bücher.de"),
    ];
    let world = world().await;
    for (sent, stored) in table {
        world.domains("acme", &[stored]).await;
        let answer = delete(&world, sent).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null), "{sent}");
        assert_eq!(listed(&world, "acme").await, [""; 0], "{sent}");
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_text_that_names_no_listed_domain_is_not_found() {
    let world = world().await;
    world.domains("acme", &["acme.com", "b.acme.com"]).await;
    let long = "a".repeat(5_000);
    for domain in [
        "acme.org",
        "a.acme.com",
        "com",
        "localhost",
        "127.0.0.1",
        "%5B::1%5D",
        "jane@acme.com",
        "https:%2F%2Facme.com",
        "acme.com%2F",
        "*.acme.com",
        "..",
        "%2e%2E",
        "%20",
        "%00",
        "acme.com%00",
        "ac%C2%ADme.com",
        "acme%25.com",
        "%2561cme.com",
        &long,
    ] {
        let answer = refused(&world, delete(&world, domain)).await;
        answer.problem(404, "email_domain.not_found");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_refused() {
    let world = world().await;
    for domain in ["%FF", "acme%C3.com", "%ED%A0%80.com"] {
        let answer = refused(&world, delete(&world, domain)).await;
        answer.problem(400, "request.invalid_path");
    }
}

#[tokio::test]
async fn a_domain_that_would_no_longer_be_accepted_can_be_deleted() {
    let world = world().await;
    let stored = ["gmail.com", "github.io", "co.uk"];
    world.list_anyway("acme", &stored, START).await;

    for domain in stored {
        assert_eq!(delete(&world, domain).send().await.status, 204, "{domain}");
        World::assert_list_and_index_agree(&world.items().await);
    }
    assert_eq!(listed(&world, "acme").await, [""; 0]);
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/email-domains/acme.com");
        let answer = refused(&world, world.ask(Method::DELETE, &path)).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn with_a_matching_if_match_the_domain_is_deleted() {
    let world = World::new().await;
    for (number, if_match) in MATCHING.iter().enumerate() {
        let id = format!("acme-{number}");
        world.organization(&id).await;
        world.domains(&id, &["acme.com"]).await;

        let path = format!("/organizations/{id}/jit/email-domains/acme.com");
        let answer = world.ask(Method::DELETE, &path).if_match(if_match).send().await;

        assert_eq!(answer.status, 204, "{if_match:?}: {:#}", answer.body);
        assert_eq!(listed(&world, &id).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_stale_if_match_is_refused_and_the_domain_stays() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for (if_match, domain) in STALE.iter().flat_map(|tag| [(tag, "acme.com"), (tag, "acme.org")]) {
        let answer = refused(&world, delete(&world, domain).if_match(if_match)).await;
        answer.problem(412, "request.precondition_failed");
        assert_eq!(answer.header("etag"), "\"2\"", "{if_match:?}");
    }
    let path = "/organizations/gone/jit/email-domains/acme.com";
    let answer = refused(&world, world.ask(Method::DELETE, path).if_match("\"1\"")).await;
    answer.problem(404, "organization.not_found");
}

#[tokio::test]
async fn a_malformed_if_match_is_refused() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for if_match in MALFORMED {
        let answer = refused(&world, delete(&world, "acme.com").if_match(if_match)).await;
        answer.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn of_two_callers_who_delete_the_same_domain_at_once_one_deletes_it() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;

    let (a, b) =
        futures_util::join!(delete(&world, "acme.com").send(), delete(&world, "acme.com").send());

    let (deleted, late) = if a.status == 204 { (a, b) } else { (b, a) };
    assert_eq!(deleted.status, 204);
    late.problem(404, "email_domain.not_found");
    assert_eq!(world.get(PATH).await.header("etag"), "\"3\"");
    World::assert_list_and_index_agree(&world.items().await);
}
