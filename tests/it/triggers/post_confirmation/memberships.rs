//! Which memberships a sign-up leaves, and what it leaves alone

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{acme, jane, join, joined, pass, sign_up_of};
use crate::support::{Item, Logs, START, World, by_domain, key};

/// The digest of `jane@acme.com`.
const DIGEST: &str = "7bb9e30283184c3b4bbbf2262a600be7165d7e6f50e424a611aa64394e7ecdb5";

/// Removes a member of `acme`.
async fn remove(world: &World, user: &str) {
    let answer = world.delete(&format!("/organizations/acme/users/{user}")).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
}

/// What is kept of the user, by sort key.
async fn kept(world: &World) -> Vec<(String, Item)> {
    let items = world.items().await.into_iter();
    items.filter(|((pk, _), _)| pk == "USER#user-1").map(|((_, sk), item)| (sk, item)).collect()
}

#[tokio::test]
async fn a_confirmed_sign_up_becomes_a_member_with_the_default_roles() {
    let world = acme().await;
    let role = world.role("Engineer").await;
    world.default_roles("acme", &[&role]).await;

    world.sign_up("user-1", "Jane@ACME.com").await;

    let memberships = world.get("/users/user-1/organizations").await;
    assert_eq!(
        memberships.body,
        json!([{
            "id": "acme",
            "name": "acme",
            "description": null,
            "organizationRoles": [{ "id": role, "name": "Engineer" }],
            "joinedAt": START,
            "provenance": by_domain("acme.com", "PostConfirmation"),
        }])
    );
}

#[tokio::test]
async fn a_membership_and_a_profile_are_kept_and_nothing_else() {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({})))).await;

    assert_eq!(logs.lines_with_debug(), [join("acme", "acme.com")]);
    let membership = json!({
        "pk": "USER#user-1",
        "sk": "ORG#acme",
        "gsi1pk": "ORG#acme",
        "gsi1sk": "USER#!998232774399999#user-1",
        "roleIds": [],
        "joinedAt": START,
        "rule": "email_domain",
        "emailDomain": "acme.com",
        "entryPath": "PostConfirmation",
        "addressDigest": DIGEST,
    });
    let profile = json!({
        "pk": "USER#user-1",
        "sk": "PROFILE",
        "email": "jane@acme.com",
        "userName": "jane",
        "addresses": [DIGEST],
    });
    assert_eq!(json!(kept(&world).await), json!([["ORG#acme", membership], ["PROFILE", profile]]));
    let pk = format!("ADDRESS#{DIGEST}");
    let account = json!({ "pk": pk, "sk": "USER#user-1" });
    assert_eq!(json!(world.item(&pk, "USER#user-1").await), account);
    let expires = 1_767_398_400;
    let version = json!({ "pk": pk, "sk": "VERSION", "version": 1, "expiresAt": expires });
    assert_eq!(json!(world.item(&pk, "VERSION").await), version);
    assert_eq!(world.items().await.len(), before.len() + 4);
}

#[tokio::test]
async fn a_removed_user_stays_removed_with_another_address() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    remove(&world, "user-1").await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "other@acme.com" })))).await;

    let lines = [pass("acme", "removed_earlier"), join("globex", "acme.com")];
    assert_eq!(logs.lines_with_debug(), lines);
    assert_eq!(joined(&world).await, ["globex"]);
}

#[tokio::test]
async fn a_removed_address_stays_removed_for_another_user() {
    let world = acme().await;
    world.sign_up("earlier", "jane@acme.com").await;
    remove(&world, "earlier").await;
    // SHA-256 of jane@acme.com
    let mark = format!("REMOVED#{DIGEST}");
    assert!(world.items().await.contains_key(&key(&mark, "ORG#acme")));
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "Jane@Acme.COM" })))).await;

    let lines = [pass("acme", "removed_earlier"), join("globex", "acme.com")];
    assert_eq!(logs.lines_with_debug(), lines);
    assert_eq!(joined(&world).await, ["globex"]);
    world.sign_up("user-2", "joe@acme.com").await;
    let others = world.get("/users/user-2/organizations").await.body;
    assert_eq!(others.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_sign_up_after_a_removal_from_everything_writes_no_profile() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    remove(&world, "user-1").await;
    world.remove_item("USER#user-1", "PROFILE").await;
    let before = world.items().await;
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn every_organization_that_lists_the_domain_is_joined_with_its_own_roles() {
    let world = World::new().await;
    let engineer = world.role("Engineer").await;
    let guest = world.role("Guest").await;
    let deleted = world.role("Deleted").await;
    let wanted = [
        ("acme", vec![&engineer, &guest]),
        ("globex", vec![&guest]),
        ("hooli", vec![&deleted]),
        ("initech", vec![]),
    ];
    for (organization, roles) in &wanted {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
        world.default_roles(organization, roles).await;
    }
    world.organization("bystander").await;
    world.domains("bystander", &["acme.org"]).await;
    assert_eq!(world.delete(&format!("/organization-roles/{deleted}")).await.status, 204);

    world.sign_up("user-1", "jane@acme.com").await;

    let memberships = world.get("/users/user-1/organizations").await.body;
    let held: Vec<_> = memberships
        .as_array()
        .expect("a list")
        .iter()
        .map(|membership| (membership["id"].clone(), membership["organizationRoles"].clone()))
        .collect();
    let role = |id: &str, name: &str| json!({ "id": id, "name": name });
    assert_eq!(
        held,
        [
            (json!("acme"), json!([role(&engineer, "Engineer"), role(&guest, "Guest")])),
            (json!("globex"), json!([role(&guest, "Guest")])),
            (json!("hooli"), json!([])),
            (json!("initech"), json!([])),
        ]
    );
}

#[tokio::test]
async fn an_index_entry_without_its_organization_means_nothing() {
    let world = World::new().await;
    for organization in ["deleted", "never-there", "acme"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
        world.pass(Duration::from_secs(1));
    }
    world.delete_unswept("deleted").await;
    world.leave_index_entries_alone("never-there").await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({})))).await;

    let lines = [
        pass("deleted", "not_listed"),
        pass("never-there", "not_listed"),
        join("acme", "acme.com"),
    ];
    assert_eq!(logs.lines_with_debug(), lines);
    assert_eq!(joined(&world).await, ["acme"]);
}

#[tokio::test]
async fn a_domain_that_was_deleted_matches_no_more() {
    let world = acme().await;
    assert_eq!(world.delete("/organizations/acme/jit/email-domains/acme.com").await.status, 204);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(kept(&world).await, []);
}

#[tokio::test]
async fn an_organization_that_was_deleted_matches_no_more() {
    let world = acme().await;
    assert_eq!(world.delete("/organizations/acme").await.status, 204);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(kept(&world).await, []);
}

#[tokio::test]
async fn of_more_than_50_organizations_the_oldest_50_that_exist_count() {
    let world = World::new().await;
    // The order of the ids is the reverse of the order by age, so that a mix-up is noticed.
    let id = |age: usize| format!("org-{:02}", 99 - age);
    let added_at = |age: usize| format!("2025-01-01T00:00:{age:02}.000Z");
    let gone = [0, 7, 49, 51];
    for age in 0..60 {
        world.organization(&id(age)).await;
        // Under another name first: no more than 50 organizations can list one domain.
        let listed = format!("{}.example", id(age));
        world.list_anyway(&id(age), &[&listed], &added_at(age)).await;
        world.copy(&listed, ["acme.com".to_owned()]).await;
        if gone.contains(&age) {
            world.leave_index_entries_alone(&id(age)).await;
        }
    }

    world.sign_up("user-1", "jane@acme.com").await;

    let expected: BTreeSet<_> =
        (0..60).filter(|age| !gone.contains(age)).take(50).map(id).collect();
    assert_eq!(joined(&world).await.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn what_deleted_organizations_left_takes_no_place_whatever_their_rules_say() {
    for enrollment in ["automatic", "request", "off"] {
        let world = World::new().await;
        world.organization("gone-00").await;
        let path = "/organizations/gone-00/jit/email-domains";
        let body = json!({ "emailDomain": "acme.com", "enrollment": enrollment });
        assert_eq!(world.post(path, &body).await.status, 201);
        world.copy("gone-00", (1..60).map(|number| format!("gone-{number:02}"))).await;
        for number in 0..60 {
            world.delete_unswept(&format!("gone-{number:02}")).await;
        }
        world.pass(Duration::from_secs(1));
        world.organization("acme").await;
        world.domains("acme", &["acme.com"]).await;

        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(joined(&world).await, ["acme"], "{enrollment}");
    }
}

#[tokio::test]
async fn a_rule_without_a_place_is_an_exception_to_the_domain_above_it() {
    for enrollment in ["automatic", "request", "off"] {
        let world = World::new().await;
        world.organization("other-00").await;
        world.domains("other-00", &["mail.acme.com"]).await;
        world.copy("other-00", (1..50).map(|number| format!("other-{number:02}"))).await;
        world.pass(Duration::from_secs(1));
        world.organization("acme").await;
        let path = "/organizations/acme/jit/email-domains";
        // Under another name first: no more than 50 organizations can list one domain.
        let exact = json!({ "emailDomain": "late.acme.com", "enrollment": enrollment });
        assert_eq!(world.post(path, &exact).await.status, 201);
        let above = json!({ "emailDomain": "acme.com", "subdomains": true });
        assert_eq!(world.post(path, &above).await.status, 201);
        world.copy("late.acme.com", ["mail.acme.com".to_owned()]).await;

        world.sign_up("user-1", "jane@mail.acme.com").await;

        let joined = joined(&world).await;
        assert_eq!((joined.len(), joined.contains(&"acme".to_owned())), (50, false));
        for draft in [json!({}), json!({ "draft": {} })] {
            let mut body = draft;
            body["email"] = json!("john@mail.acme.com");
            let answer = world.post("/organizations/acme/jit/preview", &body).await;
            assert_eq!(answer.body["reason"], "enrollment_off", "{:#}", answer.body);
            assert_eq!(answer.body["rule"]["emailDomain"], "mail.acme.com");
        }
    }
}

#[tokio::test]
async fn a_repeated_event_changes_nothing() {
    let world = acme().await;
    let event = sign_up_of(&jane(&json!({})));
    world.post_confirmation(&event).await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.pass(Duration::from_secs(60));
    world.post_confirmation(&event).await;
    world.post_confirmation(&event).await;

    assert_eq!(
        logs.lines_with_debug(),
        [pass("acme", "already_member"), pass("acme", "already_member")]
    );
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn roles_that_an_administrator_has_changed_stay() {
    let world = acme().await;
    world.default_roles("acme", &[world.role("Engineer").await]).await;
    let guest = world.role("Guest").await;
    world.sign_up("user-1", "jane@acme.com").await;
    for roles in [json!([guest]), json!([])] {
        let body = json!({ "organizationRoleIds": roles });
        world.put("/organizations/acme/users/user-1/roles", &body).await;
        let before = world.item("USER#user-1", "ORG#acme").await;
        assert_eq!(before["roleIds"], roles);
        world.sign_up("user-1", "jane@acme.com").await;
        assert_eq!(kept(&world).await[0], ("ORG#acme".to_owned(), before));
    }
}

#[tokio::test]
async fn default_roles_added_later_do_not_reach_existing_members() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    let before = kept(&world).await;
    world.default_roles("acme", &[world.role("Engineer").await]).await;
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(kept(&world).await, before);
}

#[tokio::test]
async fn a_member_joins_an_organization_that_lists_the_domain_later() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({})))).await;

    let lines = [pass("acme", "already_member"), join("globex", "acme.com")];
    assert_eq!(logs.lines_with_debug(), lines);
    assert_eq!(joined(&world).await, ["acme", "globex"]);
}

#[tokio::test]
async fn many_events_of_one_user_at_once_give_one_membership_each() {
    let world = acme().await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();
    let event = sign_up_of(&jane(&json!({})));

    join_all((0..8).map(|_| world.post_confirmation(&event))).await;

    let lines = logs.lines_with_debug();
    for organization in ["acme", "globex"] {
        let count = |wanted: &Value| lines.iter().filter(|line| *line == wanted).count();
        let joins = count(&join(organization, "acme.com"));
        assert_eq!((joins, count(&pass(organization, "already_member"))), (1, 7), "{lines:#?}");
    }
    assert_eq!(kept(&world).await.len(), 3);
}

#[tokio::test]
async fn the_profile_follows_the_address_of_a_member_and_of_nobody_else() {
    let world = acme().await;
    world.organization("globex").await;
    world.domains("globex", &["globex.com"]).await;
    let profile = async || kept(&world).await.into_iter().find(|(sk, _)| sk == "PROFILE");

    world.sign_up("user-1", "jane@example.com").await;
    assert_eq!(profile().await, None);

    let mut proven = 0;
    for email in ["jane@acme.com", "Jane@globex.com", "jane@example.com"] {
        world.sign_up("user-1", email).await;
        let (_, mut profile) = profile().await.expect("a profile");
        proven += 1;
        let addresses = profile.remove("addresses");
        assert_eq!(addresses.and_then(|it| it.as_array().map(Vec::len)), Some(proven));
        let expected =
            json!({ "pk": "USER#user-1", "sk": "PROFILE", "email": email, "userName": "user-1" });
        assert_eq!(json!(profile), expected);
    }
    assert_eq!(joined(&world).await, ["acme", "globex"]);
}
