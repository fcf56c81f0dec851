//! `GET /organization-roles/{organizationRoleId}/usage`

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::organization::RoleUsage;

use super::at;
use crate::support::{
    Answer, Fate, START, World, assert_internal, assert_is, assert_unavailable, attributes, key,
    tagged_item,
};

fn usage_of(role: &str) -> String {
    format!("{}/usage", at(role))
}

fn using(organization: &str, users: usize, is_default: bool) -> Value {
    json!({
        "id": organization,
        "name": organization,
        "usersCount": users,
        "isDefaultRole": is_default,
        "isRuleRole": false,
    })
}

/// Makes these users members of an organization with a role, and nothing else of them.
async fn members(world: &World, organization: &str, role: &str, users: std::ops::Range<usize>) {
    let members = users.map(|number| {
        let (user, place) = (format!("USER#user-{number:05}"), format!("ORG#{organization}"));
        attributes(&tagged_item(&json!({
            "pk": user,
            "sk": place,
            "gsi1pk": place,
            "gsi1sk": user,
            "roleIds": [role],
            "joinedAt": START,
            "rule": "api",
            "entryPath": "ManagementApi",
        })))
    });
    world.put_items(members.collect::<Vec<_>>()).await;
}

#[track_caller]
fn counts(answer: &Answer) -> (u64, u64, bool) {
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let number = |name: &str| answer.body[name].as_u64().expect("a number");
    let is_complete = answer.body["isComplete"].as_bool().expect("a boolean");
    (number("usersCount"), number("organizationsCount"), is_complete)
}

#[tokio::test]
async fn a_role_that_nobody_uses_has_no_usage() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let (unused, other) = (world.role("Unused").await, world.role("Other").await);
    world.default_roles("acme", &[&other]).await;
    world.sign_up("jane", "jane@acme.com").await;

    let answer = world.get(&usage_of(&unused)).await;

    let nothing = json!({
        "usersCount": 0,
        "organizationsCount": 0,
        "isComplete": true,
        "organizations": [],
    });
    assert_is(&answer, 200, &nothing);
    assert_eq!(["etag", "link"].map(|name| answer.header(name)), ["", ""]);
}

#[tokio::test]
async fn holders_are_counted_by_organization_and_default_roles_are_named() {
    let world = World::new().await;
    let (role, other) = (world.role("Engineer").await, world.role("Other").await);
    // By name: their ids are in the opposite order.
    for (id, name) in [("z", "alpha"), ("y", "Beta"), ("x", "Émile"), ("w", "gamma"), ("v", "none")]
    {
        world.post("/organizations", &json!({ "id": id, "name": name })).await;
        world.domains(id, &[&format!("{id}.example")]).await;
    }
    world.default_roles("z", &[&role, &other]).await;
    world.default_roles("w", &[&role]).await;
    world.default_roles("y", &[&other]).await;
    for user in ["ann", "ben", "removed"] {
        world.sign_up(user, &format!("{user}@z.example")).await;
    }
    world.delete("/organizations/z/users/removed").await;
    for (organization, user) in [("y", "cat"), ("x", "cat"), ("y", "dan")] {
        world.sign_up(user, &format!("{user}@{organization}.example")).await;
        let path = format!("/organizations/{organization}/users/{user}/roles");
        let body = json!({ "organizationRoleIds": [role] });
        assert_eq!(world.put(&path, &body).await.status, 204);
    }
    world.put("/organizations/y/users/dan/roles", &json!({ "organizationRoleIds": [] })).await;
    // Who has the role no longer by default has it still.
    world.default_roles("z", &[&other]).await;

    let answer = world.get(&usage_of(&role)).await;

    let named = |id: &str, name: &str, users: usize, is_default: bool| {
        let mut using = using(id, users, is_default);
        using["name"] = json!(name);
        using
    };
    let expected = json!({
        "usersCount": 4,
        "organizationsCount": 4,
        "isComplete": true,
        "organizations": [
            named("z", "alpha", 2, false),
            named("y", "Beta", 1, false),
            named("w", "gamma", 0, true),
            named("x", "Émile", 1, false),
        ],
    });
    assert_is(&answer, 200, &expected);
}

#[tokio::test]
async fn rules_that_give_a_role_are_counted_whatever_they_do() {
    let world = World::new().await;
    let (role, other) = (world.role("Engineer").await, world.role("Other").await);
    for id in ["both", "default", "domain", "gone", "other", "provider"] {
        world.organization(id).await;
    }
    world.default_roles("both", &[&role]).await;
    world.default_roles("default", &[&role]).await;
    for (id, roles, enrollment) in [
        ("both", json!([role]), "automatic"),
        ("domain", json!([other, role]), "off"),
        ("gone", json!([role]), "automatic"),
        ("other", json!([other]), "automatic"),
        ("default", json!([]), "automatic"),
        ("provider", json!(null), "automatic"),
    ] {
        // It is one of many, and not in the first batch.
        let domains: Vec<_> = (0..120).map(|number| format!("d{number:03}.example.com")).collect();
        let domains: Vec<_> = domains.iter().map(String::as_str).collect();
        world.domains(id, &domains).await;
        let path = format!("/organizations/{id}/jit/email-domains/d119.example.com");
        let body = json!({ "organizationRoleIds": roles, "enrollment": enrollment });
        assert_eq!(world.patch(&path, &body).await.status, 200);
    }
    world.list_provider_anyway("provider", "Acme-Okta").await;
    let body = json!({ "organizationRoleIds": [role] });
    let path = "/organizations/provider/jit/sso-connectors/Acme-Okta";
    assert_eq!(world.patch(path, &body).await.status, 200);
    world.delete_unswept("gone").await;

    let answer = world.get(&usage_of(&role)).await;

    let by_rule = |mut using: Value| {
        using["isRuleRole"] = json!(true);
        using
    };
    let expected = json!({
        "usersCount": 0,
        "organizationsCount": 4,
        "isComplete": true,
        "organizations": [
            by_rule(using("both", 0, true)),
            using("default", 0, true),
            by_rule(using("domain", 0, false)),
            by_rule(using("provider", 0, false)),
        ],
    });
    assert_is(&answer, 200, &expected);
}

#[tokio::test]
async fn ten_thousand_rules_are_read_and_one_more_is_not() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    world.organization("org-00").await;
    let domains: Vec<_> = (0..1_000).map(|number| format!("d{number:03}.example.com")).collect();
    let domains: Vec<_> = domains.iter().map(String::as_str).collect();
    world.list_anyway("org-00", &domains, START).await;
    let path = "/organizations/org-00/jit/email-domains/d999.example.com";
    let body = json!({ "organizationRoleIds": [role] });
    assert_eq!(world.patch(path, &body).await.status, 200);
    world.copy("org-00", (1..10).map(|number| format!("org-{number:02}"))).await;
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (0, 10, true));

    world.organization("zzz").await;
    world.default_roles("zzz", &[&role]).await;
    world.domains("zzz", &["one-more.example.com"]).await;
    let (users, organizations, is_complete) = counts(&world.get(&usage_of(&role)).await);
    assert!(!is_complete && users == 0 && (10..=11).contains(&organizations));
}

#[tokio::test]
async fn deleted_organizations_are_not_counted_and_a_deleted_role_is_not_found() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    for organization in ["kept", "swept", "unswept", "vanished"] {
        world.organization(organization).await;
        world.default_roles(organization, &[&role]).await;
        members(&world, organization, &role, 0..2).await;
    }
    world.delete("/organizations/swept").await;
    world.delete_unswept("unswept").await;
    world.remove_item("ORG#vanished", "ORG").await;
    assert!(world.items().await.contains_key(&key("USER#user-00000", "ORG#unswept")));

    let expected = json!({
        "usersCount": 2,
        "organizationsCount": 1,
        "isComplete": true,
        "organizations": [using("kept", 2, true)],
    });
    assert_is(&world.get(&usage_of(&role)).await, 200, &expected);

    world.delete(&at(&role)).await;
    for id in [&*role, "role_0", "COUNT", "a%20b"] {
        world.get(&usage_of(id)).await.problem(404, "organization_role.not_found");
    }
}

#[tokio::test]
async fn the_first_hundred_organizations_are_listed_and_all_are_counted() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    world.organization("org-000").await;
    world.default_roles("org-000", &[&role]).await;
    world.copy("org-000", (1..100).map(|number| format!("org-{number:03}"))).await;
    members(&world, "org-000", &role, 0..2).await;
    members(&world, "org-099", &role, 2..5).await;

    let answer = world.get(&usage_of(&role)).await;
    assert_eq!(counts(&answer), (5, 100, true));
    assert_eq!(answer.body["organizations"].as_array().map(Vec::len), Some(100));
    assert_eq!(answer.body["organizations"][99], using("org-099", 3, true));

    world.copy("org-001", ["org-100".to_owned(), "org-101".to_owned()]).await;
    members(&world, "org-101", &role, 5..6).await;
    let answer = world.get(&usage_of(&role)).await;
    assert_eq!(counts(&answer), (6, 102, true));
    assert_eq!(answer.body["organizations"].as_array().map(Vec::len), Some(100));
    assert_eq!(answer.body["organizations"][99], using("org-099", 3, true));
}

#[tokio::test]
async fn a_thousand_organizations_are_read_and_one_more_is_not() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    world.organization("org-0000").await;
    let most = RoleUsage::MOST_ORGANIZATIONS;
    world.copy("org-0000", (1..most).map(|number| format!("org-{number:04}"))).await;
    for number in [0, most - 1] {
        let user = 2 * number;
        members(&world, &format!("org-{number:04}"), &role, user..user + 2).await;
    }
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (4, 2, true));

    // It is the last by name.
    world.copy("org-0001", [format!("org-{most}z")]).await;
    members(&world, &format!("org-{most}z"), &role, 9_000..9_001).await;
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (4, 2, false));
}

#[tokio::test]
async fn ten_thousand_memberships_are_read_and_one_more_is_not() {
    let world = World::new().await;
    let (role, other) = (world.role("Engineer").await, world.role("Other").await);
    let most = RoleUsage::MOST_MEMBERSHIPS;
    for organization in ["a", "b", "c"] {
        world.organization(organization).await;
    }
    world.default_roles("c", &[&role]).await;
    members(&world, "a", &role, 0..3_000).await;
    members(&world, "b", &other, 3_000..most - 1).await;
    members(&world, "c", &role, most - 1..most).await;

    assert_eq!(counts(&world.get(&usage_of(&role)).await), (3_001, 2, true));

    members(&world, "d", &role, 0..1).await;
    world.organization("d").await;
    let answer = world.get(&usage_of(&role)).await;
    let (users, organizations, is_complete) = counts(&answer);
    assert!(!is_complete && (2..=3).contains(&organizations), "{:#}", answer.body);
    assert!((3_000..=3_002).contains(&users), "{:#}", answer.body);
}

#[tokio::test]
async fn no_read_begins_when_the_time_is_over_and_what_was_read_is_answered() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    world.organization("acme").await;
    world.default_roles("acme", &[&role]).await;
    members(&world, "acme", &role, 0..3).await;
    let late = |by: Duration| {
        let time = world.time();
        Fate::overtaken(async move {
            let by = i64::try_from(by.as_millis()).expect("a short time");
            time.fetch_add(by, Ordering::Relaxed);
        })
    };
    let nearly = RoleUsage::TIME - Duration::from_millis(1);

    // The list of organizations, the organization, its lists of rules, its members, the memberships.
    world.wire.next("Query", late(nearly));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (3, 1, true));
    world.wire.next("Query", late(RoleUsage::TIME));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (0, 0, false));
    world.wire.next("BatchGetItem", late(RoleUsage::TIME));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (0, 1, false));
    world.wire.next("Query", Fate::undisturbed());
    world.wire.next("Query", late(RoleUsage::TIME));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (0, 1, false));
    world.wire.next("BatchGetItem", Fate::undisturbed());
    world.wire.next("BatchGetItem", late(RoleUsage::TIME));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (0, 1, false));
    for _ in 0..2 {
        world.wire.next("BatchGetItem", Fate::undisturbed());
    }
    world.wire.next("BatchGetItem", late(RoleUsage::TIME));
    assert_eq!(counts(&world.get(&usage_of(&role)).await), (3, 1, true));
}

#[tokio::test]
async fn a_read_that_fails_fails_the_request() {
    let world = World::new().await;
    let role = world.role("Engineer").await;
    world.organization("acme").await;
    members(&world, "acme", &role, 0..1).await;
    for operation in ["GetItem", "Query", "BatchGetItem"] {
        for _ in 0..3 {
            world.wire.next(operation, Fate::Lost);
        }
        assert_unavailable(&world.get(&usage_of(&role)).await);
        world.wire.mend();
    }
    for operation in ["Query", "BatchGetItem"] {
        world.wire.next(operation, Fate::undisturbed());
        for _ in 0..3 {
            world.wire.next(operation, Fate::Lost);
        }
        assert_unavailable(&world.get(&usage_of(&role)).await);
        world.wire.mend();
    }
    for (pk, sk, attribute) in
        [("USER#user-00000", "ORG#acme", "roleIds"), ("ORG#acme", "ORG", "jitRoles")]
    {
        let mut item = world.item(pk, sk).await;
        item.insert(attribute.to_owned(), json!("x"));
        world.put_plain(&json!(item)).await;
        assert_internal(&world.get(&usage_of(&role)).await);
    }
}
