//! `DELETE /organizations/{organizationId}`

use std::collections::{BTreeMap, HashMap};

use axum::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::rule::{Rule, RuleKey};
use shared::domain::version::Precondition;

use crate::support::{
    Answer, Fate, Item, START, World, assert_is, assert_no_organization, key, text,
};

#[track_caller]
fn assert_done(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
}

/// Asserts that a deletion is done, and that no item remains that it had to delete.
#[track_caller]
fn assert_finished(answer: &Answer) {
    assert_done(answer);
    assert_eq!(answer.header("retry-after"), "");
}

/// Asserts that a deletion is done, but that items remain, which the next one deletes.
#[track_caller]
fn assert_to_be_repeated(answer: &Answer) {
    assert_done(answer);
    assert_eq!(answer.header("retry-after"), "1");
}

/// What a deleted organization leaves: its id, and when.
fn tombstone(id: &str) -> ((String, String), Item) {
    let key = (format!("ORG#{id}"), "ORG".to_owned());
    let item = [("pk", &*key.0), ("sk", &*key.1), ("deletedAt", START)]
        .map(|(name, value)| (name.to_owned(), json!(value)));
    (key, BTreeMap::from(item))
}

/// An organization with everything: its custom data, two domains, a default role, a member.
async fn with_everything() -> World {
    let world = World::new().await;
    let body = json!({ "id": "acme", "name": "Acme", "customData": { "a": 1 } });
    world.post("/organizations", &body).await;
    world.domains("acme", &["acme.com", "acme.org"]).await;
    let role = world.role("Engineer").await;
    world.default_roles("acme", &[&role]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world
}

/// Asserts that for every reader the organization `acme` is gone, with all that was its own.
async fn assert_gone_for_everybody(world: &World) {
    let (domains, roles) =
        ("/organizations/acme/jit/email-domains", "/organizations/acme/jit/roles");
    let before = world.items().await;
    let role = world.get("/organization-roles").await.body[0]["id"].clone();
    let role_path = format!("{roles}/{}", role.as_str().unwrap_or_default());
    for (method, path, body) in [
        (Method::GET, domains, json!(null)),
        (Method::POST, domains, json!({ "emailDomain": "acme.net" })),
        (Method::POST, domains, json!({ "emailDomain": "acme.com" })),
        (Method::PUT, domains, json!({ "emailDomains": ["acme.com"] })),
        (Method::PUT, domains, json!({ "emailDomains": [] })),
        (Method::DELETE, &*format!("{domains}/acme.com"), json!(null)),
        (Method::GET, roles, json!(null)),
        (Method::POST, roles, json!({ "organizationRoleIds": [role] })),
        (Method::PUT, roles, json!({ "organizationRoleIds": [role] })),
        (Method::PUT, roles, json!({ "organizationRoleIds": [] })),
        (Method::DELETE, &role_path, json!(null)),
        (Method::GET, "/organizations/acme", json!(null)),
        (Method::PATCH, "/organizations/acme", json!({ "name": "x" })),
    ] {
        let answer = world.ask(method.clone(), path).json(&body).send().await;
        assert_no_organization(&answer, "acme", &format!("{method} {path}"));
    }
    assert_is(&world.get("/organizations").await, 200, &json!([]));
    assert_is(&world.get("/users/jane/organizations").await, 200, &json!([]));
    world.sign_up("late", "late@acme.com").await;
    assert_is(&world.get("/users/late/organizations").await, 200, &json!([]));
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_deleted_organization_leaves_nothing_but_that_its_id_was_used() {
    let world = World::new().await;
    world.organization("other").await;
    let mut expected = world.items().await;
    let body = json!({ "id": "acme", "name": "x", "description": "x", "customData": {} });
    world.post("/organizations", &body).await;

    assert_done(&world.delete("/organizations/acme").await);

    expected.extend([tombstone("acme")]);
    assert_eq!(world.items().await, expected);
    assert_finished(&world.delete("/organizations/acme").await);
    assert_eq!(world.items().await, expected);
    world.delete("/organizations/never-there").await.problem(404, "organization.not_found");
    assert_eq!(world.items().await, expected);
}

#[tokio::test]
async fn a_deleted_organization_is_gone_for_everybody_before_it_is_swept() {
    let world = with_everything().await;

    world.delete_unswept("acme").await;

    let items = world.items().await;
    let left = |pk: &str| items.contains_key(&key(pk, "ORG#acme"));
    assert!(left("DOMAIN#acme.com") && left("DOMAIN#acme.org") && left("USER#jane"));
    assert_gone_for_everybody(&world).await;
    World::assert_list_and_index_agree(&items);
}

#[tokio::test]
async fn a_swept_organization_is_gone_for_everybody_too() {
    let world = with_everything().await;

    assert_done(&world.delete("/organizations/acme").await);

    assert_gone_for_everybody(&world).await;
}

#[tokio::test]
async fn the_sweep_deletes_every_index_entry_and_membership_also_those_left_unprocessed_once() {
    let world = World::new().await;
    world.organization("other").await;
    world.domains("other", &["d00.example.com"]).await;
    let mut expected = world.items().await;
    world.organization("acme").await;
    let domains: Vec<_> = (0..60).map(|number| format!("d{number:02}.example.com")).collect();
    let body = json!({ "emailDomains": domains });
    world.put("/organizations/acme/jit/email-domains", &body).await;
    for number in 0..30 {
        world.sign_up(&format!("user-{number}"), "jane@d01.example.com").await;
    }
    expected.extend([tombstone("acme")]);
    let of_users = |pk: &str, sk: &str| pk.starts_with("ADDRESS#") || sk == "PROFILE";
    let kept = world.items().await.into_iter().filter(|((pk, sk), _)| of_users(pk, sk));
    expected.extend(kept);
    // The address has 30 accounts, and a version.
    assert_eq!(expected.len(), 3 + 1 + 30 + 31);

    let unprocessed: Vec<_> = domains[..25]
        .iter()
        .map(|domain| {
            let pk = format!("DOMAIN#{domain}");
            let key = json!({ "pk": { "S": pk }, "sk": { "S": "ORG#acme" } });
            json!({ "DeleteRequest": { "Key": key } })
        })
        .collect();
    let body = json!({ "UnprocessedItems": { "usher": unprocessed } });
    world.wire.next("BatchWriteItem", Fate::Reply { status: 200, body });
    world.wire.traffic();
    assert_done(&world.delete("/organizations/acme").await);

    let mut operations = vec!["TransactGetItems", "Query", "Query", "TransactWriteItems"];
    operations.extend(["BatchWriteItem"; 4]);
    operations.extend(["TransactWriteItems", "Query"]);
    operations.extend(["BatchWriteItem"; 2]);
    assert_eq!(world.wire.traffic().operations, operations);
    assert_eq!(world.items().await, expected);
}

#[tokio::test]
async fn a_process_killed_at_any_call_leaves_the_organization_whole_or_gone_and_a_repeat_sweeps_it()
{
    for calls in 0..9 {
        let world = with_everything().await;
        let before = world.items().await;

        world.wire.cut_after(calls);
        let answer = world.delete("/organizations/acme").await;
        world.wire.mend();

        if calls < 4 {
            answer.problem(503, "service.unavailable");
            assert_eq!(world.items().await, before);
            continue;
        }
        if calls < 8 {
            assert_to_be_repeated(&answer);
        } else {
            assert_finished(&answer);
        }
        assert_gone_for_everybody(&world).await;

        assert_finished(&world.delete("/organizations/acme").await);
        let left = world.items().await.into_keys();
        let left: Vec<_> = left.filter(|(pk, sk)| format!("{pk} {sk}").contains("#acme")).collect();
        assert_eq!(left, [key("ORG#acme", "ORG")], "{calls}");
    }
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_keeps_the_domains_until_their_entries_are_deleted() {
    let world = with_everything().await;

    world.delete_unswept("acme").await;

    let item = world.item("ORG#acme", "UNSWEPT_DOMAINS").await;
    assert_eq!(item["emailDomains"], json!(["acme.com", "acme.org"]));
    // The sweep stops again, after the entries and what names them.
    world.wire.cut_after(4);
    assert_to_be_repeated(&world.delete("/organizations/acme").await);
    world.wire.mend();
    let items = world.items().await;
    assert!(!items.contains_key(&key("ORG#acme", "UNSWEPT_DOMAINS")));
    assert!(!items.contains_key(&key("DOMAIN#acme.com", "ORG#acme")));
    assert!(items.contains_key(&key("USER#jane", "ORG#acme")));

    assert_finished(&world.delete("/organizations/acme").await);
    assert!(!world.items().await.contains_key(&key("USER#jane", "ORG#acme")));
}

/// An earlier release stopped its sweep for good, and kept no domains.
#[tokio::test]
async fn members_that_an_earlier_release_did_not_sweep_are_swept() {
    let world = with_everything().await;
    world.delete_unswept("acme").await;
    world.remove_item("ORG#acme", "UNSWEPT_DOMAINS").await;

    assert_finished(&world.delete("/organizations/acme").await);

    assert!(!world.items().await.contains_key(&key("USER#jane", "ORG#acme")));
    assert_gone_for_everybody(&world).await;
}

/// A sign-up that has read the organization before its deletion writes a membership after it.
#[tokio::test]
async fn a_membership_that_is_written_after_the_sweep_is_swept_by_the_next_one() {
    let world = with_everything().await;
    let late = world.item("USER#jane", "ORG#acme").await;
    assert_finished(&world.delete("/organizations/acme").await);
    world.put_plain(&json!(late)).await;
    assert_gone_for_everybody(&world).await;

    assert_finished(&world.delete("/organizations/acme").await);

    assert!(!world.items().await.contains_key(&key("USER#jane", "ORG#acme")));
}

#[tokio::test]
async fn thirty_thousand_members_are_swept_in_slices() {
    const MEMBERS: usize = 30_000;
    let world = with_everything().await;
    let mut expected = world.items().await;
    expected.retain(|(pk, sk), _| sk != "ORG#acme" && pk != "ORG#acme");
    expected.extend([tombstone("acme")]);
    // A sweep reads no more of a membership than its keys.
    let members = (0..MEMBERS).map(|number| {
        let user = format!("USER#user-{number:05}");
        let keys = [("pk", &*user), ("sk", "ORG#acme"), ("gsi1pk", "ORG#acme"), ("gsi1sk", &*user)];
        HashMap::from(keys.map(|(name, value)| (name.to_owned(), text(value))))
    });
    world.put_items(members).await;

    // DynamoDB answers slowly: each call that hangs takes a second of the time for a sweep.
    for _ in 0..20 {
        for _ in 0..30 {
            world.wire.next("BatchWriteItem", Fate::undisturbed());
        }
        world.wire.next("BatchWriteItem", Fate::Hang);
    }
    let mut slices = 0;
    loop {
        let answer = world.delete("/organizations/acme").await;
        slices += 1;
        if answer.header("retry-after").is_empty() {
            assert_finished(&answer);
            break;
        }
        assert_to_be_repeated(&answer);
        assert_no_organization(&world.get("/organizations/acme").await, "acme", "a slice");
        assert_is(&world.get("/users/jane/organizations").await, 200, &json!([]));
    }
    assert!(slices > 1, "one request did it all");
    assert_eq!(world.items().await, expected);
}

#[tokio::test]
async fn a_deletion_whose_answer_gets_lost_does_not_miss_what_it_has_deleted() {
    let world = with_everything().await;
    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    assert_done(&world.delete("/organizations/acme").await);

    assert_gone_for_everybody(&world).await;
}

#[tokio::test]
async fn two_deletions_at_once_both_succeed() {
    let world = with_everything().await;

    let (one, other) =
        join(world.delete("/organizations/acme"), world.delete("/organizations/acme")).await;

    assert_finished(&one);
    assert_finished(&other);
    assert_gone_for_everybody(&world).await;
    assert!(!world.items().await.contains_key(&key("DOMAIN#acme.com", "ORG#acme")));
}

#[tokio::test]
async fn a_domain_that_is_added_meanwhile_is_swept_too() {
    let world = World::new().await;
    world.organization("acme").await;
    let (store, clock) = (world.store(), world.app.clock.clone());
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            let acme = OrganizationId::parse("acme").expect("an id");
            let domain = EmailDomain::parse("acme.com").expect("a domain");
            let rule = Rule::new(RuleKey::EmailDomain(domain), clock.now());
            let added = store.add_email_domain(&acme, &rule, &Precondition::None).await;
            added.expect("the domain is listed");
        }),
    );

    assert_done(&world.delete("/organizations/acme").await);

    assert_eq!(world.items().await, BTreeMap::from([tombstone("acme")]));
}

#[tokio::test]
async fn an_addition_and_a_deletion_at_once_leave_nothing() {
    for _ in 0..5 {
        let world = World::new().await;
        world.organization("acme").await;

        let body = json!({ "emailDomain": "acme.com" });
        let add = world.post("/organizations/acme/jit/email-domains", &body);
        let (added, deleted) = join(add, world.delete("/organizations/acme")).await;

        assert_done(&deleted);
        if added.status.as_u16() != 201 {
            added.problem(404, "organization.not_found");
        }
        assert_eq!(world.items().await, BTreeMap::from([tombstone("acme")]));
    }
}

#[tokio::test]
async fn a_member_of_two_organizations_stays_in_the_other() {
    let world = World::new().await;
    for organization in ["acme", "other"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    world.sign_up("jane", "jane@acme.com").await;

    world.delete("/organizations/acme").await;

    let memberships = world.get("/users/jane/organizations").await.body;
    assert_eq!(
        (memberships.as_array().map(Vec::len), &memberships[0]["id"]),
        (Some(1), &json!("other"))
    );
}

#[tokio::test]
async fn nothing_of_an_organization_survives_its_deletion_but_the_tombstone() {
    let world = World::new().await;
    world.organization("acme").await;
    let mut organization = world.item("ORG#acme", "ORG").await;
    organization.insert("addedByALaterRelease".to_owned(), json!("value"));
    world.put_plain(&json!(organization)).await;

    assert_done(&world.delete("/organizations/acme").await);

    assert_eq!(world.items().await, BTreeMap::from([tombstone("acme")]));
}
