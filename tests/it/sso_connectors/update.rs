//! `PATCH /organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}`

use axum::http::Method;
use serde_json::{Value, json};

use super::{MISSING, PATH, added_now, list, world};
use crate::support::{Ask, MALFORMED, MATCHING, STALE, World, refused, with};

const OKTA: &str = "/organizations/acme/jit/sso-connectors/Acme-Okta";

fn update<'a>(world: &'a World, path: &str, settings: &Value) -> Ask<'a> {
    world.ask(Method::PATCH, path).json(settings)
}

/// A world in which `acme` lists `Acme-Okta`, with a list of version 2.
async fn with_okta() -> World {
    let world = world().await;
    for ids in [&["p000"][..], &["Acme-Okta"]] {
        list(&world, "acme", ids).await;
    }
    world
}

#[tokio::test]
async fn each_setting_changes_alone_and_the_others_stay() {
    let world = with_okta().await;
    let role = world.role("Engineer").await;
    let mut expected = added_now(&world, "Acme-Okta", "SAML");
    for (index, settings) in [
        json!({ "enrollment": "request" }),
        json!({ "emailDomains": "listed" }),
        json!({ "organizationRoleIds": [role] }),
        json!({ "organizationRoleIds": null, "enrollment": "automatic", "emailDomains": "any" }),
    ]
    .into_iter()
    .enumerate()
    {
        expected = with(expected, settings.clone());
        let answer = update(&world, OKTA, &settings).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &expected));
        assert_eq!(answer.header("etag"), format!("\"{}\"", index + 3));
        assert_eq!(world.get(PATH).await.body, json!([expected]));
        World::assert_list_and_index_agree(&world.items().await);
    }
}

#[tokio::test]
async fn the_same_settings_again_change_nothing() {
    let world = with_okta().await;
    let settings = json!({ "enrollment": "off", "organizationRoleIds": [] });
    let first = update(&world, OKTA, &settings).send().await;
    for again in [settings, json!({})] {
        let answer = refused(&world, update(&world, OKTA, &again)).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &first.body));
        assert_eq!(answer.header("etag"), "\"3\"");
    }
}

#[tokio::test]
async fn an_id_is_percent_encoded_and_its_case_matters() {
    let world = world().await;
    list(&world, "acme", &["Ö/#?.%", "Acme-Okta"]).await;
    let path = format!("{PATH}/%C3%96%2F%23%3F.%25");
    let answer = update(&world, &path, &json!({ "enrollment": "off" })).send().await;
    assert_eq!((answer.status.as_u16(), &answer.body["id"]), (200, &json!("Ö/#?.%")));

    for id in ["acme-okta", "p000", "Acme%20Okta", "%00", "a-name-of-thirty-three-characters"] {
        let path = format!("{PATH}/{id}");
        for settings in [json!({}), json!({ "enrollment": "off" })] {
            let answer = refused(&world, update(&world, &path, &settings)).await;
            answer.problem(404, "sso_connector.not_found");
        }
    }
}

#[tokio::test]
async fn an_unknown_organization_or_an_unwritten_list_is_not_found() {
    let world = world().await;
    let answer = refused(&world, update(&world, OKTA, &json!({ "enrollment": "off" }))).await;
    answer.problem(404, "sso_connector.not_found");
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/sso-connectors/Acme-Okta");
        let answer = refused(&world, update(&world, &path, &json!({ "enrollment": "off" }))).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn bodies_and_roles_that_cannot_be_are_refused_with_their_places() {
    let world = with_okta().await;
    for (body, pointer) in [
        (json!({ "enrollment": "on" }), "/enrollment"),
        (json!({ "emailDomains": "proven" }), "/emailDomains"),
        (json!({ "emailDomains": null }), "/emailDomains"),
        (json!({ "existingUsers": "off" }), "/existingUsers"),
        (json!({ "subdomains": true }), "/subdomains"),
        (json!({ "organizationRoleIds": "role" }), "/organizationRoleIds"),
        (json!(null), ""),
    ] {
        let answer = refused(&world, update(&world, OKTA, &body)).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    let unknown = json!({ "organizationRoleIds": ["role_nobody"] });
    let answer = refused(&world, update(&world, OKTA, &unknown)).await;
    answer.problem(422, "organization_role.unknown");
    assert_eq!(answer.errors(), [("/organizationRoleIds/0", "organization_role.unknown")]);
}

#[tokio::test]
async fn a_precondition_decides_whether_settings_change() {
    for if_match in MATCHING {
        let world = with_okta().await;
        let ask = update(&world, OKTA, &json!({ "enrollment": "off" })).if_match(if_match);
        let answer = ask.send().await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"3\""), "{if_match:?}");
    }
    let world = with_okta().await;
    for (values, status, code) in [
        (&STALE[..], 412, "request.precondition_failed"),
        (&MALFORMED[..], 400, "request.invalid_if_match"),
    ] {
        for if_match in values {
            let ask = update(&world, OKTA, &json!({ "enrollment": "off" })).if_match(if_match);
            refused(&world, ask).await.problem(status, code);
        }
    }
}

#[tokio::test]
async fn of_two_writers_at_once_neither_loses_a_setting() {
    let world = with_okta().await;
    let (a, b) = futures_util::join!(
        update(&world, OKTA, &json!({ "enrollment": "off" })).send(),
        update(&world, OKTA, &json!({ "emailDomains": "listed" })).send(),
    );
    assert_eq!((a.status.as_u16(), b.status.as_u16()), (200, 200));
    let expected = json!({ "enrollment": "off", "emailDomains": "listed" });
    let expected = with(added_now(&world, "Acme-Okta", "SAML"), expected);
    assert_eq!(world.get(PATH).await.body, json!([expected]));
}
