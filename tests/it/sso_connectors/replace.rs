//! `PUT /organizations/{organizationId}/jit/sso-connectors`

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::{MISSING, PATH, added_now, list, listed, names, naming, pool, world, world_of};
use crate::support::{Ask, Fate, MATCHING, STALE, World, refused};

fn replace<'a, T: AsRef<str>>(world: &'a World, path: &str, ids: &[T]) -> Ask<'a> {
    world.ask(Method::PUT, path).json(&naming(ids))
}

#[tokio::test]
async fn the_list_becomes_what_was_sent_and_what_stays_keeps_its_settings() {
    let pool = pool();
    let world = world_of(&pool).await;
    list(&world, "acme", &["p000", "p001"]).await;
    let settings = json!({ "enrollment": "request", "emailDomains": "listed" });
    let kept = world.patch(&format!("{PATH}/p001"), &settings).await.body;
    pool.requests();

    let answer = replace(&world, PATH, &["p002", "p001", "p002"]).send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    assert_eq!(answer.header("etag"), "\"3\"");
    assert_eq!(world.get(PATH).await.body, json!([kept, added_now(&world, "p002", "OIDC")]));
    let asked = pool.requests();
    let described: Vec<_> = asked.iter().map(|(_, request)| &request["ProviderName"]).collect();
    assert_eq!(described, ["p002"], "only a new one is looked up");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_empty_list_removes_everything_and_repeating_changes_only_the_version() {
    let world = world().await;
    list(&world, "acme", &["p000"]).await;
    for version in ["\"2\"", "\"3\""] {
        let answer = replace(&world, PATH, &[""; 0]).send().await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, version));
        assert_eq!(listed(&world, "acme").await, [""; 0]);
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_hundred_can_be_replaced_by_a_hundred_others() {
    let world = world().await;
    list(&world, "acme", &names(100)).await;

    let others = &names(120)[20..];
    list(&world, "acme", others).await;
    assert_eq!(listed(&world, "acme").await, others);

    let answer = refused(&world, replace(&world, PATH, &names(101))).await;
    answer.problem(422, "sso_connectors.limit_reached");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn unknown_ids_and_unknown_organizations_are_refused_and_nothing_changes() {
    let world = world().await;
    list(&world, "acme", &["p000"]).await;
    let answer = refused(&world, replace(&world, PATH, &["p001", "Nobody", "Google"])).await;
    assert_eq!(
        answer.errors(),
        [
            ("/ssoConnectorIds/1", "sso_connector.unknown"),
            ("/ssoConnectorIds/2", "sso_connector.public_provider"),
        ]
    );
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/sso-connectors");
        for ids in [&["p000"][..], &["Nobody"], &[]] {
            let answer = refused(&world, replace(&world, &path, ids)).await;
            answer.problem(404, "organization.not_found");
        }
    }
}

#[tokio::test]
async fn a_provider_that_left_the_pool_can_stay_in_the_list() {
    let pool = pool();
    let world = world_of(&pool).await;
    list(&world, "acme", &["p000"]).await;
    pool.refuse_after(
        "DescribeIdentityProvider",
        0,
        &Fate::Reply { status: 400, body: json!({ "__type": "ResourceNotFoundException" }) },
    );

    list(&world, "acme", &["p000"]).await;

    assert_eq!(listed(&world, "acme").await, ["p000"]);
}

#[tokio::test]
async fn a_precondition_decides_whether_the_list_is_replaced() {
    for if_match in MATCHING {
        let world = world().await;
        list(&world, "acme", &["p000"]).await;
        list(&world, "acme", &["p001"]).await;
        let answer = replace(&world, PATH, &["p002"]).if_match(if_match).send().await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"3\""), "{if_match:?}");
    }
    let pool = pool();
    let world = world_of(&pool).await;
    list(&world, "acme", &["p000"]).await;
    list(&world, "acme", &["p001"]).await;
    pool.requests();
    for if_match in STALE {
        let answer = refused(&world, replace(&world, PATH, &["p002"]).if_match(if_match)).await;
        answer.problem(412, "request.precondition_failed");
    }
    assert_eq!(pool.requests(), [], "nobody is looked up in vain");
}

#[tokio::test]
async fn another_writer_between_two_steps_leaves_a_part_and_the_answer_says_so() {
    let world = Arc::new(world().await);
    list(&world, "acme", &names(60)).await;
    let other = Arc::clone(&world);
    world.wire.next("TransactWriteItems", Fate::undisturbed());
    let deletion = async move {
        let answer = other.delete(&format!("{PATH}/p100")).await;
        assert_eq!(answer.status, 204, "{:#}", answer.body);
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(deletion));

    let answer = replace(&world, PATH, &names(120)[60..]).send().await;

    answer.problem(409, "sso_connectors.partially_replaced");
    assert_eq!(answer.header("etag"), world.get(PATH).await.header("etag"));
    World::assert_list_and_index_agree(&world.items().await);
    list(&world, "acme", &names(120)[60..]).await;
    assert_eq!(listed(&world, "acme").await, names(120)[60..]);
}

#[tokio::test]
async fn another_writer_before_the_first_step_makes_no_difference() {
    let world = Arc::new(world().await);
    list(&world, "acme", &["p000"]).await;
    let other = Arc::clone(&world);
    let replacement = async move { list(&other, "acme", &["p001"]).await };
    world.wire.next("TransactWriteItems", Fate::overtaken(replacement));

    let answer = replace(&world, PATH, &["p002"]).send().await;

    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"3\""));
    assert_eq!(listed(&world, "acme").await, ["p002"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_replacement_that_is_cut_off_anywhere_can_be_repeated() {
    let mut calls = 0;
    loop {
        let world = world().await;
        list(&world, "acme", &["p000", "p001"]).await;
        world.wire.cut_after(calls);
        let answer = replace(&world, PATH, &["p001", "p002"]).send().await;
        world.wire.mend();
        World::assert_list_and_index_agree(&world.items().await);
        if answer.status == 204 {
            break;
        }
        answer.problem(503, "service.unavailable");
        assert_eq!(replace(&world, PATH, &["p001", "p002"]).send().await.status, 204);
        assert_eq!(listed(&world, "acme").await, ["p001", "p002"]);
        calls += 1;
    }
    assert_eq!(calls, 3, "the list, a check, the replacement");
}
