//! `POST /organizations/{organizationId}/jit/sso-connectors`

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    MISSING, PATH, UNKNOWN, added_now, list, listed, names, naming, pool, world, world_of,
};
use crate::support::{Ask, Fate, MALFORMED, Pool, STALE, World, refused, with};

fn add<'a, T: AsRef<str>>(world: &'a World, path: &str, ids: &[T]) -> Ask<'a> {
    world.ask(Method::POST, path).json(&naming(ids))
}

#[tokio::test]
async fn new_providers_are_listed_and_indexed() {
    let world = world().await;

    let answer = add(&world, PATH, &["Ö/#?.%", "Acme-Okta"]).send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (201, &Value::Null));
    assert_eq!(answer.header("etag"), "\"1\"");
    let answer = world.get(PATH).await;
    assert_eq!(
        answer.body,
        json!([added_now(&world, "Acme-Okta", "SAML"), added_now(&world, "Ö/#?.%", "OIDC")])
    );
    assert_eq!(answer.header("etag"), "\"1\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn those_that_are_listed_stay_as_they_are_and_are_not_looked_up() {
    let pool = pool();
    let world = world_of(&pool).await;
    list(&world, "acme", &["p000"]).await;
    let settings = json!({ "enrollment": "off" });
    assert_eq!(world.patch(&format!("{PATH}/p000"), &settings).await.status, 200);
    let before = world.get(PATH).await.body;
    pool.requests();

    let answer = add(&world, PATH, &["p000", "p001", "p001", "p000"]).send().await;

    assert_eq!(answer.status, 201, "{:#}", answer.body);
    let after = world.get(PATH).await.body;
    assert_eq!(after, json!([before[0], added_now(&world, "p001", "OIDC")]));
    let asked = pool.requests();
    let described: Vec<_> = asked.iter().map(|(_, request)| &request["ProviderName"]).collect();
    assert_eq!(described, ["p001"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn new_providers_begin_with_the_settings_of_the_body_and_listed_ones_keep_theirs() {
    let world = world().await;
    list(&world, "acme", &["Acme-Okta"]).await;
    let role = world.role("Viewer").await;
    let settings = json!({
        "enrollment": "request",
        "organizationRoleIds": [role],
        "emailDomains": "listed",
    });
    let before = world.get(PATH).await.body;
    let body = with(naming(&["Acme-Okta", "p000", "p001"]), settings.clone());

    let answer = world.ask(Method::POST, PATH).json(&body).send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (201, &Value::Null));
    let with_settings = |name| with(added_now(&world, name, "OIDC"), settings.clone());
    let answer = world.get(PATH).await;
    assert_eq!(answer.body, json!([before[0], with_settings("p000"), with_settings("p001")]));
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_unknown_role_is_refused_at_its_place_and_nothing_changes() {
    let world = world().await;
    let body = json!({ "ssoConnectorIds": ["Acme-Okta"], "organizationRoleIds": ["role_1"] });

    let answer = refused(&world, world.ask(Method::POST, PATH).json(&body)).await;

    assert_eq!(answer.errors(), [("/organizationRoleIds/0", "organization_role.unknown")]);
}

#[tokio::test]
async fn the_caller_is_kept_and_several_organizations_can_list_a_provider() {
    let world = world().await;
    world.organization("umbrella").await;
    for organization in ["acme", "umbrella"] {
        list(&world, organization, &["Acme-Okta"]).await;
    }
    assert_eq!(listed(&world, "acme").await, listed(&world, "umbrella").await);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_unknown_provider_is_refused_at_its_place_and_nothing_changes() {
    let world = world().await;
    let sent: Vec<_> = ["Acme-Okta"].into_iter().chain(UNKNOWN).collect();

    let answer = refused(&world, add(&world, PATH, &sent)).await;

    answer.problem(422, "request.invalid_values");
    let places: Vec<_> =
        (1..=UNKNOWN.len()).map(|index| format!("/ssoConnectorIds/{index}")).collect();
    let expected: Vec<_> =
        places.iter().map(|place| (place.as_str(), "sso_connector.unknown")).collect();
    assert_eq!(answer.errors(), expected);
}

#[tokio::test]
async fn a_provider_at_which_everybody_can_have_an_account_is_refused() {
    let world = world().await;

    let answer = refused(&world, add(&world, PATH, &["Google"])).await;

    assert_eq!(
        answer.problem(422, "sso_connector.public_provider"),
        "everybody can have an account at `Google`: send a SAML or OIDC provider, whose accounts \
         belong to the organization"
    );
    assert_eq!(answer.errors(), [("/ssoConnectorIds/0", "sso_connector.public_provider")]);
}

#[tokio::test]
async fn a_name_of_a_social_provider_is_refused_whatever_its_type() {
    let pool = pool();
    let world = world_of(&pool).await;
    for name in ["Facebook", "SignInWithApple", "LoginWithAmazon"] {
        pool.add_provider(name, "SAML");
        let answer = refused(&world, add(&world, PATH, &[name])).await;
        answer.problem(422, "sso_connector.public_provider");
    }
}

#[tokio::test]
async fn a_name_that_no_address_can_end_with_is_refused() {
    let pool = Pool::with_providers([".", "..", "..."].map(|name| (name.to_owned(), "SAML")));
    let world = world_of(&pool).await;

    for method in [Method::POST, Method::PUT] {
        let ask = world.ask(method, PATH).json(&naming(&["...", ".", ".."]));
        let answer = refused(&world, ask).await;
        let code = "sso_connector.unreachable_name";
        answer.problem(422, "request.invalid_values");
        assert_eq!(
            answer.errors(),
            ["/ssoConnectorIds/1", "/ssoConnectorIds/2"].map(|it| (it, code))
        );
        assert_eq!(
            answer.body["errors"][0]["detail"],
            "clients take `.` out of an address, so the provider could not be changed or deleted \
             here: create it in the user pool under another name, and send that"
        );
    }

    // One that an earlier release has listed can stay, and can be taken out.
    world.list_provider_anyway("acme", "..").await;
    list(&world, "acme", &["...", ".."]).await;
    list(&world, "acme", &["..."]).await;
    assert_eq!(world.delete(&format!("{PATH}/...")).await.status, 204);
}

#[tokio::test]
async fn a_provider_that_somebody_takes_out_meanwhile_is_looked_up_before_it_is_listed_again() {
    for method in [Method::POST, Method::PUT] {
        let world = Arc::new(world().await);
        world.list_provider_anyway("acme", "Vanished").await;
        list(&world, "acme", &["Vanished", "Acme-Okta"]).await;
        let deletion = |name: &'static str| {
            let other = Arc::clone(&world);
            Fate::overtaken(async move {
                assert_eq!(other.delete(&format!("{PATH}/{name}")).await.status, 204);
            })
        };

        // One that the user pool has is listed with its type.
        world.wire.next("TransactWriteItems", deletion("Acme-Okta"));
        let ask = world.ask(method.clone(), PATH).json(&naming(&["Vanished", "Acme-Okta"]));
        assert!(ask.send().await.status.is_success());
        assert_eq!(world.get(PATH).await.body[0], added_now(&world, "Acme-Okta", "SAML"));

        // One that it does not have any more is not listed again.
        world.wire.next("TransactWriteItems", deletion("Vanished"));
        let ask = world.ask(method, PATH).json(&naming(&["Vanished", "Acme-Okta"]));
        let answer = ask.send().await;
        assert_eq!(answer.errors(), [("/ssoConnectorIds/0", "sso_connector.unknown")]);
        assert_eq!(listed(&world, "acme").await, ["Acme-Okta"]);
        World::assert_list_and_index_agree(&world.items().await);
    }
}

#[tokio::test]
async fn an_empty_list_is_refused() {
    let world = world().await;
    let answer = refused(&world, add(&world, PATH, &[""; 0])).await;
    answer.problem(400, "sso_connectors.empty");
}

#[tokio::test]
async fn an_unknown_organization_is_not_found_and_nobody_is_looked_up() {
    let pool = pool();
    let world = world_of(&pool).await;
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/sso-connectors");
        for ids in [vec!["Acme-Okta".to_owned()], vec!["Nobody".to_owned()], names(101)] {
            let answer = refused(&world, add(&world, &path, &ids)).await;
            answer.problem(404, "organization.not_found");
        }
    }
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_its_place() {
    let world = world().await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!([]), ""),
        (json!({ "ssoConnectorIds": "Acme-Okta" }), "/ssoConnectorIds"),
        (json!({ "ssoConnectorIds": null }), "/ssoConnectorIds"),
        (json!({ "ssoConnectorIds": ["Acme-Okta", 1] }), "/ssoConnectorIds/1"),
        (json!({ "ssoConnectorIds": [], "enrolment": "off" }), "/enrolment"),
    ] {
        for method in [Method::POST, Method::PUT] {
            let answer = refused(&world, world.ask(method, PATH).json(&body)).await;
            answer.problem(400, "request.invalid_body");
            assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
        }
    }
}

#[tokio::test]
async fn the_hundredth_provider_is_accepted_and_the_next_one_is_refused() {
    let world = world().await;
    list(&world, "acme", &names(99)).await;

    assert_eq!(add(&world, PATH, &["p099"]).send().await.status, 201);

    for ids in [vec!["p100".to_owned()], names(101)] {
        let answer = refused(&world, add(&world, PATH, &ids)).await;
        assert_eq!(
            answer.problem(422, "sso_connectors.limit_reached"),
            "an organization can list at most 100 identity providers: delete some first"
        );
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn the_fiftieth_organization_can_list_a_provider_and_the_next_one_cannot() {
    let world = world().await;
    for number in 0..49 {
        let id = format!("org-{number}");
        world.organization(&id).await;
        list(&world, &id, &["Acme-Okta"]).await;
    }
    assert_eq!(add(&world, PATH, &["Acme-Okta"]).send().await.status, 201);

    world.organization("umbrella").await;
    let path = "/organizations/umbrella/jit/sso-connectors";
    for method in [Method::POST, Method::PUT] {
        let ask = world.ask(method, path).json(&naming(&["p000", "Acme-Okta"]));
        let answer = refused(&world, ask).await;
        let code = "sso_connector.too_many_organizations";
        answer.problem(422, code);
        assert_eq!(answer.errors(), [("/ssoConnectorIds/1", code)]);
    }
    assert_eq!(world.delete("/organizations/org-0").await.status, 204);
    list(&world, "umbrella", &["Acme-Okta"]).await;
}

#[tokio::test]
async fn a_precondition_decides_whether_providers_are_added() {
    let world = world().await;
    let answer = add(&world, PATH, &["p000"]).if_match("\"0\"").send().await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, "\"1\""));
    let answer = add(&world, PATH, &["p001"]).if_match("\"1\"").send().await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, "\"2\""));
    for if_match in STALE {
        let answer = refused(&world, add(&world, PATH, &["p002"]).if_match(if_match)).await;
        answer.problem(412, "request.precondition_failed");
        assert_eq!(answer.header("etag"), "\"2\"");
    }
    for if_match in MALFORMED {
        let answer = refused(&world, add(&world, PATH, &["p002"]).if_match(if_match)).await;
        answer.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn look_ups_come_at_a_steady_rate() {
    let world = world().await;
    let before = world.app.clock.now();

    list(&world, "acme", &names(100)).await;

    let took = world.app.clock.now().duration_since(before);
    assert_eq!(took.as_millis(), 99 * 100);
}

#[tokio::test]
async fn a_failure_of_cognito_has_its_answer_and_nothing_changes() {
    let pool = pool();
    let world = world_of(&pool).await;
    for (kind, status, code) in [
        ("TooManyRequestsException", 429, "user_pool.too_many_requests"),
        ("InternalErrorException", 503, "service.unavailable"),
        // Usher's own role is wrong.
        ("NotAuthorizedException", 500, "internal"),
    ] {
        let body = json!({ "__type": kind, "message": "reason" });
        let http = if kind == "InternalErrorException" { 500 } else { 400 };
        pool.stays("DescribeIdentityProvider", &Fate::Reply { status: http, body });
        let answer = refused(&world, add(&world, PATH, &["Acme-Okta", "Nobody"])).await;
        answer.problem(status, code);
        pool.requests();
    }
    pool.stays("DescribeIdentityProvider", &Fate::Lost);
    let answer = refused(&world, add(&world, PATH, &["Acme-Okta"])).await;
    answer.problem(503, "service.unavailable");
}

#[tokio::test]
async fn of_two_callers_who_add_at_once_neither_is_lost() {
    let world = world().await;
    let (a, b) = futures_util::join!(
        add(&world, PATH, &["p000"]).send(),
        add(&world, PATH, &["p001"]).send()
    );

    assert_eq!((a.status.as_u16(), b.status.as_u16()), (201, 201));
    assert_eq!(listed(&world, "acme").await, ["p000", "p001"]);
    assert_eq!(world.get(PATH).await.header("etag"), "\"2\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_addition_that_is_cut_off_anywhere_can_be_repeated() {
    let mut calls = 0;
    loop {
        let world = world().await;
        world.wire.cut_after(calls);
        let answer = add(&world, PATH, &["Acme-Okta"]).send().await;
        world.wire.mend();
        World::assert_list_and_index_agree(&world.items().await);
        if answer.status == 201 {
            break;
        }
        answer.problem(503, "service.unavailable");
        assert_eq!(add(&world, PATH, &["Acme-Okta"]).send().await.status, 201);
        assert_eq!(listed(&world, "acme").await, ["Acme-Okta"]);
        World::assert_list_and_index_agree(&world.items().await);
        calls += 1;
    }
    assert_eq!(calls, 4, "the list, a check, the creation of the list, the addition");
}

#[tokio::test]
async fn an_organization_that_is_deleted_meanwhile_stays_deleted_without_a_list() {
    // Before the list is created, and before the provider is added.
    for undisturbed in [0, 1] {
        let world = Arc::new(world().await);
        let other = Arc::clone(&world);
        for _ in 0..undisturbed {
            world.wire.next("TransactWriteItems", Fate::undisturbed());
        }
        let deletion = async move {
            assert_eq!(other.delete("/organizations/acme").await.status, 204);
        };
        world.wire.next("TransactWriteItems", Fate::overtaken(deletion));

        let answer = add(&world, PATH, &["Acme-Okta"]).send().await;

        answer.problem(404, "organization.not_found");
        let items = world.items().await;
        World::assert_list_and_index_agree(&items);
        assert!(!items.keys().any(|(pk, _)| pk.starts_with("PROVIDER#")), "{items:#?}");
    }
}

#[tokio::test]
async fn a_deleted_organization_takes_its_providers_along() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    list(&world, "acme", &["Acme-Okta", "p000"]).await;
    world.delete_unswept("acme").await;
    assert!(world.items().await.keys().any(|(pk, _)| pk == "PROVIDER#p000"));

    assert_eq!(world.delete("/organizations/acme").await.status, 204);

    let items = world.items().await;
    let left: Vec<_> = items.keys().filter(|(pk, _)| !pk.starts_with("ORG#")).collect();
    assert!(left.is_empty(), "{left:?}");
    world.get(PATH).await.problem(404, "organization.not_found");
}

#[tokio::test]
async fn a_list_that_an_earlier_release_has_left_behind_is_invisible_and_swept() {
    let world = world().await;
    list(&world, "acme", &["Acme-Okta"]).await;
    let list = json!(world.item("ORG#acme", "SSO_CONNECTORS").await);
    let entry = json!(world.item("PROVIDER#Acme-Okta", "ORG#acme").await);
    assert_eq!(world.delete("/organizations/acme").await.status, 204);
    world.put_plain(&list).await;
    world.put_plain(&entry).await;

    world.get(PATH).await.problem(404, "organization.not_found");
    for (method, path, body) in [
        (Method::POST, PATH.to_owned(), naming(&["p000"])),
        (Method::PUT, PATH.to_owned(), naming(&[""; 0])),
        (Method::PATCH, format!("{PATH}/Acme-Okta"), json!({ "enrollment": "off" })),
        (Method::DELETE, format!("{PATH}/Acme-Okta"), json!(null)),
    ] {
        let mut ask = world.ask(method, &path);
        if !body.is_null() {
            ask = ask.json(&body);
        }
        refused(&world, ask).await.problem(404, "organization.not_found");
    }

    assert_eq!(world.delete("/organizations/acme").await.status, 204);
    let items = world.items().await;
    let left: Vec<_> = items.keys().filter(|(_, sk)| sk != "ORG").collect();
    assert!(left.is_empty(), "{left:?}");
}
