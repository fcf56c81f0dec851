//! `PATCH /organizations/{organizationId}/jit/email-domains/{emailDomain}`

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{Enrollment, Rule, RuleKey, Settings};
use shared::domain::version::Precondition;

use super::{MISSING, PATH, bare, entity, world};
use crate::support::{Ask, Fate, MALFORMED, MATCHING, STALE, World, refused, with};

const ACME: &str = "/organizations/acme/jit/email-domains/acme.com";

fn update<'a>(world: &'a World, path: &str, settings: &Value) -> Ask<'a> {
    world.ask(Method::PATCH, path).json(settings)
}

/// A world in which `acme` lists `acme.com`.
async fn with_acme() -> World {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    world
}

#[tokio::test]
async fn each_setting_changes_alone_and_the_others_stay() {
    let world = with_acme().await;
    let role = world.role("Engineer").await;
    let steps = [
        json!({ "enrollment": "request" }),
        json!({ "existingUsers": "off" }),
        json!({ "organizationRoleIds": [role] }),
        json!({ "subdomains": true }),
        json!({ "existingUsers": null }),
        json!({ "organizationRoleIds": [] }),
        json!({ "organizationRoleIds": null, "enrollment": "automatic", "subdomains": false }),
    ];
    let mut expected = entity("acme.com");
    for (index, settings) in steps.into_iter().enumerate() {
        expected = with(expected, settings.clone());
        let answer = update(&world, ACME, &settings).send().await;

        assert_eq!((answer.status.as_u16(), bare(&answer.body)), (200, expected.clone()));
        let version = format!("\"{}\"", index + 3);
        assert_eq!(answer.header("etag"), version);
        let listed = world.get(PATH).await;
        assert_eq!((bare(&listed.body), listed.header("etag")), (json!([expected]), &*version));
        World::assert_list_and_index_agree(&world.items().await);
    }
    assert_eq!(expected, entity("acme.com"));
}

#[tokio::test]
async fn the_same_settings_again_change_nothing() {
    let world = with_acme().await;
    let settings = json!({ "enrollment": "off", "existingUsers": "automatic", "subdomains": true });
    let first = update(&world, ACME, &settings).send().await;

    for again in [settings, json!({}), json!({ "enrollment": "off" })] {
        let answer = refused(&world, update(&world, ACME, &again)).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &first.body));
        assert_eq!((first.header("etag"), answer.header("etag")), ("\"3\"", "\"3\""));
    }
}

#[tokio::test]
async fn settings_can_be_sent_with_a_new_domain() {
    let world = world().await;
    let role = world.role("Engineer").await;
    let settings = json!({
        "enrollment": "off",
        "existingUsers": "request",
        "organizationRoleIds": [role, role],
        "subdomains": true,
    });

    let answer =
        world.post(PATH, &with(settings.clone(), json!({ "emailDomain": "acme.com" }))).await;

    let expected =
        with(with(entity("acme.com"), settings), json!({ "organizationRoleIds": [role] }));
    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, expected.clone()));
    assert_eq!(bare(&world.get(PATH).await.body), json!([expected]));
    // An earlier release cannot read the entry, and lets nobody in by it.
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    assert!(entry.contains_key("listedAt") && !entry.contains_key("addedAt"), "{entry:?}");
}

#[tokio::test]
async fn a_replacement_keeps_the_settings_of_domains_that_stay() {
    let world = with_acme().await;
    let settings = json!({ "enrollment": "request", "subdomains": true });
    let changed = update(&world, ACME, &settings).send().await.body;

    let answer = world.put(PATH, &json!({ "emailDomains": ["acme.com", "acme.org"] })).await;

    assert_eq!(answer.status, 204);
    let listed = world.get(PATH).await.body;
    assert_eq!((&listed[0], bare(&listed[1])), (&changed, entity("acme.org")));
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_deleted_role_is_not_shown_and_the_others_stay() {
    let world = with_acme().await;
    let (kept, gone) = (world.role("Kept").await, world.role("Gone").await);
    let settings = json!({ "organizationRoleIds": [gone, kept] });
    assert_eq!(update(&world, ACME, &settings).send().await.status, 200);

    assert_eq!(world.delete(&format!("/organization-roles/{gone}")).await.status, 204);

    assert_eq!(world.get(PATH).await.body[0]["organizationRoleIds"], json!([kept]));
    let answer = update(&world, ACME, &json!({ "enrollment": "off" })).send().await;
    assert_eq!(answer.body["organizationRoleIds"], json!([kept]));
}

#[tokio::test]
async fn an_unknown_role_is_refused_at_its_place_and_nothing_changes() {
    let world = with_acme().await;
    let role = world.role("Engineer").await;
    let settings = json!({ "organizationRoleIds": [role, "role_nobody", "no id"] });
    for ask in [
        update(&world, ACME, &settings),
        world
            .ask(Method::POST, PATH)
            .json(&with(settings.clone(), json!({ "emailDomain": "acme.org" }))),
    ] {
        let answer = refused(&world, ask).await;
        answer.problem(422, "request.invalid_values");
        let code = "organization_role.unknown";
        assert_eq!(
            answer.errors(),
            [("/organizationRoleIds/1", code), ("/organizationRoleIds/2", code)]
        );
    }
}

#[tokio::test]
async fn a_hundred_roles_are_accepted_and_one_more_is_refused() {
    let world = with_acme().await;
    let roles = world.roles(101).await;

    let answer = update(&world, ACME, &json!({ "organizationRoleIds": roles[..100] })).send().await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);

    let answer =
        refused(&world, update(&world, ACME, &json!({ "organizationRoleIds": roles }))).await;
    answer.problem(422, "rule_roles.limit_reached");
}

#[tokio::test]
async fn subdomains_of_a_public_domain_or_of_a_deep_one_are_refused() {
    let policy = MailboxPolicy::parse("acme:gmail.com, acme:github.io").unwrap();
    let world = World::with(policy).await;
    world.organization("acme").await;
    let deepest = "a.b.c.d.e.f.g.h.acme.com";
    let too_deep = "z.a.b.c.d.e.f.g.h.acme.com";
    world.domains("acme", &["gmail.com", "github.io", deepest, too_deep]).await;
    // A registry's suffix that an earlier release has listed.
    world.list_anyway("acme", &["co.uk"], "2025-01-01T00:00:00Z").await;
    let on = json!({ "subdomains": true });
    for (domain, code) in [
        ("gmail.com", "email_domain.public_subdomains"),
        ("github.io", "email_domain.public_subdomains"),
        ("co.uk", "email_domain.public_subdomains"),
        (too_deep, "email_domain.subdomains_too_deep"),
    ] {
        let answer = refused(&world, update(&world, &format!("{PATH}/{domain}"), &on)).await;
        answer.problem(422, code);
        assert_eq!(answer.errors(), [("/subdomains", code)], "{domain}");
    }
    let answer = update(&world, &format!("{PATH}/{deepest}"), &on).send().await;
    assert_eq!((answer.status.as_u16(), &answer.body["subdomains"]), (200, &json!(true)));

    let body = json!({ "emailDomain": "y.z.a.b.c.d.e.f.g.acme.com", "subdomains": true });
    let both = with(body, json!({ "organizationRoleIds": ["role_nobody"] }));
    let answer = refused(&world, world.ask(Method::POST, PATH).json(&both)).await;
    assert_eq!(
        answer.errors(),
        [
            ("/organizationRoleIds/0", "organization_role.unknown"),
            ("/subdomains", "email_domain.subdomains_too_deep"),
        ]
    );
}

#[tokio::test]
async fn an_unlisted_domain_and_an_unknown_organization_are_not_found() {
    let world = with_acme().await;
    for settings in [json!({}), json!({ "enrollment": "off" })] {
        for domain in ["acme.org", "mail.acme.com", "localhost", "%00", "x@acme.com"] {
            let answer =
                refused(&world, update(&world, &format!("{PATH}/{domain}"), &settings)).await;
            answer.problem(404, "email_domain.not_found");
        }
        for id in MISSING {
            let path = format!("/organizations/{id}/jit/email-domains/acme.com");
            let answer = refused(&world, update(&world, &path, &settings)).await;
            answer.problem(404, "organization.not_found");
        }
    }
    let path = "/organizations/gone/jit/email-domains/acme.com";
    let unknown = json!({ "organizationRoleIds": ["role_nobody"] });
    refused(&world, update(&world, path, &unknown)).await.problem(404, "organization.not_found");
}

#[tokio::test]
async fn any_notation_names_the_same_domain() {
    let world = world().await;
    world.domains("acme", &["bücher.de"]).await;
    for (index, domain) in ["b%C3%BCcher.de", "XN--BCHER-KVA.de."].into_iter().enumerate() {
        let subdomains = index == 0;
        let path = format!("{PATH}/{domain}");
        let answer = update(&world, &path, &json!({ "subdomains": subdomains })).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body["subdomains"]), (200, &json!(subdomains)));
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_its_place() {
    let world = with_acme().await;
    let role = world.role("Engineer").await;
    for (body, pointer) in [
        (json!({ "enrollment": "Automatic" }), "/enrollment"),
        (json!({ "enrollment": "" }), "/enrollment"),
        (json!({ "enrollment": null }), "/enrollment"),
        (json!({ "enrollment": 1 }), "/enrollment"),
        (json!({ "existingUsers": "never" }), "/existingUsers"),
        (json!({ "existingUsers": {} }), "/existingUsers"),
        (json!({ "organizationRoleIds": role }), "/organizationRoleIds"),
        (json!({ "organizationRoleIds": [role, null] }), "/organizationRoleIds/1"),
        (json!({ "subdomains": "true" }), "/subdomains"),
        (json!({ "subdomains": null }), "/subdomains"),
        (json!({ "ownership": "pending" }), "/ownership"),
        (json!({ "emailDomain": "acme.com" }), "/emailDomain"),
        (json!([]), ""),
        (json!(null), ""),
    ] {
        let answer = refused(&world, update(&world, ACME, &body)).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    let answer = update(&world, ACME, &json!({ "enrollment": "sometimes" })).send().await;
    assert_eq!(
        answer.problem(400, "request.invalid_body"),
        "`/enrollment` is another text: send `automatic`, `request` or `off`"
    );
}

#[tokio::test]
async fn a_precondition_decides_whether_settings_change() {
    for if_match in MATCHING {
        let world = with_acme().await;
        let ask = update(&world, ACME, &json!({ "enrollment": "off" })).if_match(if_match);
        let answer = ask.send().await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"3\""), "{if_match:?}");
    }
    let world = with_acme().await;
    for if_match in STALE {
        for settings in [json!({}), json!({ "enrollment": "off" })] {
            let ask = update(&world, ACME, &settings).if_match(if_match);
            let answer = refused(&world, ask).await;
            answer.problem(412, "request.precondition_failed");
            assert_eq!(answer.header("etag"), "\"2\"");
        }
    }
    for if_match in MALFORMED {
        let ask = update(&world, ACME, &json!({ "enrollment": "off" })).if_match(if_match);
        refused(&world, ask).await.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn of_two_writers_at_once_neither_loses_a_setting() {
    let world = with_acme().await;
    world.domains("acme", &["acme.org"]).await;
    let other = format!("{PATH}/acme.org");
    let (a, b, c) = futures_util::join!(
        update(&world, ACME, &json!({ "enrollment": "off" })).send(),
        update(&world, ACME, &json!({ "subdomains": true })).send(),
        update(&world, &other, &json!({ "enrollment": "request" })).send(),
    );

    assert_eq!([a.status.as_u16(), b.status.as_u16(), c.status.as_u16()], [200; 3]);
    let listed = world.get(PATH).await;
    let acme = with(entity("acme.com"), json!({ "enrollment": "off", "subdomains": true }));
    let other = with(entity("acme.org"), json!({ "enrollment": "request" }));
    assert_eq!((bare(&listed.body), listed.header("etag")), (json!([acme, other]), "\"6\""));
}

#[tokio::test]
async fn a_change_that_another_request_gets_ahead_of_starts_over() {
    let key = || RuleKey::EmailDomain(EmailDomain::parse("acme.com").expect("a domain"));
    // Another writer changes the settings, deletes the domain, or deletes and adds it again.
    for (deletes, adds, status) in [(false, false, 200), (true, false, 404), (true, true, 200)] {
        let world = with_acme().await;
        let (store, id) = (world.store(), OrganizationId::parse("acme").expect("an id"));
        let at = world.app.clock.now();
        world.wire.next(
            "TransactWriteItems",
            Fate::overtaken(async move {
                let none = Precondition::None;
                if deletes {
                    store.remove_rule(&id, &key(), &none).await.expect("it is removed");
                    if adds {
                        let rule = Rule::new(key(), at);
                        store.add_email_domain(&id, &rule, &none).await.expect("it is added");
                    }
                    return;
                }
                let off = |present: &Settings| Settings {
                    existing_users: Some(Enrollment::Off),
                    ..present.clone()
                };
                let changed = store.change_settings(&id, &key(), &none, off).await;
                assert!(changed.expect("it is changed").is_changed);
            }),
        );

        let answer = update(&world, ACME, &json!({ "enrollment": "request" })).send().await;

        assert_eq!(answer.status, status, "{deletes} {adds}: {:#}", answer.body);
        if status == 200 {
            let existing = if deletes { json!(null) } else { json!("off") };
            assert_eq!(
                (&answer.body["enrollment"], &answer.body["existingUsers"]),
                (&json!("request"), &existing)
            );
        }
        World::assert_list_and_index_agree(&world.items().await);
    }
}

#[tokio::test]
async fn a_write_to_the_entry_at_the_same_time_is_kept() {
    let world = Arc::new(with_acme().await);
    // As a check of the record in DNS writes it: another version of the entry, the same list.
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    let checked =
        with(json!(entry), json!({ "version": 1, "admitsSince": "2026-01-01T00:00:00.000Z" }));
    let (other, written) = (Arc::clone(&world), checked.clone());
    let overtaken = Fate::overtaken(async move { other.put_plain(&written).await });
    world.wire.next("TransactWriteItems", overtaken);

    let answer = update(&world, ACME, &json!({ "enrollment": "off" })).send().await;

    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    assert_eq!(entry["version"], 2);
    assert_eq!(entry["admitsSince"], checked["admitsSince"]);
    assert_eq!(entry["enrollment"], "off");
}
