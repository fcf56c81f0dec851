//! `DELETE /organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}`

use axum::http::Method;
use serde_json::Value;

use super::{MISSING, PATH, list, listed, world};
use crate::support::{Ask, MALFORMED, MATCHING, STALE, World, refused};

fn delete<'a>(world: &'a World, id: &str) -> Ask<'a> {
    world.ask(Method::DELETE, &format!("{PATH}/{id}"))
}

#[tokio::test]
async fn a_listed_provider_leaves_list_and_index_and_the_others_stay() {
    let world = world().await;
    world.organization("umbrella").await;
    list(&world, "umbrella", &["Acme-Okta"]).await;
    list(&world, "acme", &["Ö/#?.%", "Acme-Okta"]).await;

    let answer = delete(&world, "%C3%96%2f%23%3F%2E%25").send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    assert_eq!(listed(&world, "acme").await, ["Acme-Okta"]);
    assert_eq!(listed(&world, "umbrella").await, ["Acme-Okta"]);
    assert_eq!(world.get(PATH).await.header("etag"), "\"2\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_unlisted_provider_is_not_found() {
    let world = world().await;
    for _ in 0..2 {
        // Without a list first, and then with one.
        for id in
            ["Acme-Okta", "p000", "Nobody", "%00", "no%20id", "a-name-of-thirty-three-characters"]
        {
            let answer = refused(&world, delete(&world, id)).await;
            answer.problem(404, "sso_connector.not_found");
        }
        list(&world, "acme", &["p001"]).await;
    }
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/sso-connectors/Acme-Okta");
        let answer = refused(&world, world.ask(Method::DELETE, &path)).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn a_precondition_decides_whether_the_provider_is_deleted() {
    for if_match in MATCHING {
        let world = world().await;
        for ids in [&["p000"][..], &["Acme-Okta"]] {
            list(&world, "acme", ids).await;
        }
        let answer = delete(&world, "Acme-Okta").if_match(if_match).send().await;
        assert_eq!(answer.status, 204, "{if_match:?}: {:#}", answer.body);
    }
    let world = world().await;
    refused(&world, delete(&world, "Acme-Okta").if_match("\"1\""))
        .await
        .problem(412, "request.precondition_failed");
    for ids in [&["p000"][..], &["Acme-Okta"]] {
        list(&world, "acme", ids).await;
    }
    for id in ["Acme-Okta", "p000"] {
        for if_match in STALE {
            let answer = refused(&world, delete(&world, id).if_match(if_match)).await;
            answer.problem(412, "request.precondition_failed");
        }
    }
    for if_match in MALFORMED {
        let answer = refused(&world, delete(&world, "Acme-Okta").if_match(if_match)).await;
        answer.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn of_two_callers_who_delete_at_once_one_finds_it() {
    let world = world().await;
    list(&world, "acme", &["Acme-Okta"]).await;
    let (a, b) =
        futures_util::join!(delete(&world, "Acme-Okta").send(), delete(&world, "Acme-Okta").send());
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    World::assert_list_and_index_agree(&world.items().await);
}
