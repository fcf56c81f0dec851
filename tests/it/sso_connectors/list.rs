//! `GET /organizations/{organizationId}/jit/sso-connectors`

use serde_json::json;

use super::{MISSING, PATH, added_now, list, names, world};

#[tokio::test]
async fn an_organization_that_has_never_listed_one_lists_nothing() {
    let world = world().await;

    let answer = world.get(PATH).await;

    assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
    assert_eq!(answer.header("etag"), "\"0\"");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let world = world().await;
    for id in MISSING {
        let answer = world.get(&format!("/organizations/{id}/jit/sso-connectors")).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn pages_have_their_part_of_the_list() {
    let world = world().await;
    let all = names(45);
    list(&world, "acme", &all).await;
    for (query, shown) in [
        ("", 0..45),
        ("?page=1", 0..20),
        ("?page=3", 40..45),
        ("?page=4", 45..45),
        ("?page=2&page_size=44", 44..45),
    ] {
        let answer = world.get(&format!("{PATH}{query}")).await;
        let entities: Vec<_> = all[shown].iter().map(|id| added_now(&world, id, "OIDC")).collect();
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!(entities)), "{query}");
        let total = if query.is_empty() { "" } else { "45" };
        assert_eq!(answer.header("total-number"), total);
    }
}

#[tokio::test]
async fn an_entry_that_is_missing_or_unreadable_does_not_hide_the_others() {
    let world = world().await;
    list(&world, "acme", &["p000", "p001", "p002"]).await;
    world.remove_item("PROVIDER#p000", "ORG#acme").await;
    world.put_plain(&json!({ "pk": "PROVIDER#p001", "sk": "ORG#acme", "addedAt": "now" })).await;

    let answer = world.get(&format!("{PATH}?page=1")).await;

    assert_eq!(
        (answer.status.as_u16(), &answer.body),
        (200, &json!([added_now(&world, "p002", "OIDC")]))
    );
    assert_eq!(answer.header("total-number"), "3");
    for id in ["p000", "p001"] {
        assert_eq!(world.patch(&format!("{PATH}/{id}"), &json!({})).await.status, 500);
        assert_eq!(world.delete(&format!("{PATH}/{id}")).await.status, 204);
    }
}
