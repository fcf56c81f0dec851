//! A table that an earlier build has written is read and written by this one.
//!
//! `tests/data/recorded-table.json` has every kind of item, in DynamoDB's JSON and in the order of
//! the keys. It was recorded from [`record`]: requests and events to the real handlers, after which
//! every item was read from the table. One item was made older than that: before there was another
//! rule than email domains, a membership had no attribute `rule`.
//!
//! The file is never changed. When a build stores something new, the first test here fails, and
//! leaves what is stored now in `target/tmp/recorded-table.json`: keep that as a second recording
//! beside this one.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::email_address::EmailAddress;

use crate::support::{
    Answer, Items, Pool, World, assert_is, attributes, by_domain, pool_user, tagged, text_of,
};

const RECORDED: &str = "tests/data/recorded-table.json";
const ENGINEER: &str = "role_019b76daa80070008000000000000000";
const GUEST: &str = "role_019b76daabe870008000000000000001";
/// Was deleted, and is still named by default roles and memberships.
const RETIRED: &str = "role_019b76daafd070008000000000000002";
const FAY_DIGEST: &str = "98a0f3f53df4e3ad59ed0eaa3dd27967cf09cb189ec7b393abc14a3fc50fab6a";
/// When [`recorded`] begins: an hour after the recording did.
const NOW: &str = "2026-01-01T01:00:00.000Z";

/// Sends a request of the recording, and lets a second pass.
async fn send(world: &World, method: Method, path: &str, body: Value, status: u16) -> Answer {
    let answer = world.ask(method, path).json(&body).send().await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {:#}", answer.body);
    world.pass(Duration::from_secs(1));
    answer
}

/// A world in which everything has happened that leaves an item of its own kind.
async fn record() -> World {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    record_organizations(&world).await;
    record_users(&world, &pool).await;
    record_removals_and_deletions(&world).await;
    world
}

async fn record_organizations(world: &World) {
    for role in [
        json!({ "name": "Engineer", "description": "Builds anvils" }),
        json!({ "name": "Straße" }),
        json!({ "name": "Retired" }),
    ] {
        send(world, Method::POST, "/organization-roles", role, 201).await;
    }
    for organization in [
        json!({
            "id": "acme",
            "name": "Acme",
            "description": "Makes anvils",
            "customData": { "plan": "gold" },
        }),
        json!({ "id": "globex", "name": "Globex" }),
        json!({ "id": "hooli", "name": "ACME Inc." }),
        json!({ "id": "gone", "name": "Gone" }),
        json!({ "id": "unswept", "name": "Unswept" }),
    ] {
        send(world, Method::POST, "/organizations", organization, 201).await;
    }
    for (organization, domain) in [
        ("acme", "acme.com"),
        ("acme", "Bücher.example"),
        ("globex", "acme.com"),
        ("globex", "globex.com"),
        ("gone", "gone.com"),
        ("unswept", "acme.com"),
    ] {
        let path = format!("/organizations/{organization}/jit/email-domains");
        send(world, Method::POST, &path, json!({ "emailDomain": domain }), 201).await;
    }
    let roles = json!({ "organizationRoleIds": [RETIRED, ENGINEER] });
    send(world, Method::PUT, "/organizations/acme/jit/roles", roles, 204).await;
}

/// Ann and Fay sign up, Ben is created through the API, Cat gets a token, Dan and Gus are added by
/// hand, and Eve is a member of the older form. Gus has no address.
async fn record_users(world: &World, pool: &Pool) {
    world.sign_up("ann", "Ann@acme.com").await;
    world.pass(Duration::from_secs(1));

    let ben = pool_user("ben", "ben", "ben@acme.com", true);
    pool.answers("AdminCreateUser", json!({ "User": ben }));
    send(world, Method::POST, "/users", json!({ "primaryEmail": "ben@acme.com" }), 201).await;

    world.token("cat", "cat@globex.com").await;
    world.pass(Duration::from_secs(1));

    let dan = pool_user("dan", "dan", "dan@home.example", true);
    pool.answers("ListUsers", json!({ "Users": [dan] }));
    let body = json!({ "userIds": ["dan"] });
    send(world, Method::POST, "/organizations/hooli/users", body, 201).await;

    world.sign_up("eve", "eve@globex.com").await;
    world.pass(Duration::from_secs(1));
    let mut eve = world.item("USER#eve", "ORG#globex").await;
    eve.remove("rule").expect("a rule");
    world.put_plain(&json!(eve)).await;

    world.sign_up("fay", "fay@acme.com").await;
    world.pass(Duration::from_secs(1));

    let gus = json!({ "Username": "gus", "Attributes": [{ "Name": "sub", "Value": "gus" }] });
    pool.answers("ListUsers", json!({ "Users": [gus] }));
    for organization in ["globex", "hooli"] {
        let path = format!("/organizations/{organization}/users");
        send(world, Method::POST, &path, json!({ "userIds": ["gus"] }), 201).await;
    }

    let roles = json!({ "organizationRoleIds": [GUEST] });
    send(world, Method::PUT, "/organizations/globex/users/ann/roles", roles, 204).await;
}

/// Fay and Gus are removed, a role and two organizations are deleted; what one of them leaves
/// behind is not swept.
async fn record_removals_and_deletions(world: &World) {
    send(world, Method::DELETE, "/organizations/acme/users/fay", Value::Null, 204).await;
    send(world, Method::DELETE, "/organizations/hooli/users/gus", Value::Null, 204).await;
    let retired = format!("/organization-roles/{RETIRED}");
    send(world, Method::DELETE, &retired, Value::Null, 204).await;
    send(world, Method::DELETE, "/organizations/gone", Value::Null, 204).await;
    world.delete_unswept("unswept").await;
}

/// The recording as a list of items in DynamoDB's JSON.
fn recording() -> Vec<Value> {
    serde_json::from_str(&text_of(RECORDED)).expect("a list of items")
}

/// Items as they are recorded: an attribute a line, so that a difference is easy to see.
fn as_recorded(items: &Items) -> String {
    let items = items.values().map(|item| {
        let lines = item.iter().map(|(name, value)| format!("    \"{name}\": {}", tagged(value)));
        format!("  {{\n{}\n  }}", lines.collect::<Vec<_>>().join(",\n"))
    });
    format!("[\n{}\n]\n", items.collect::<Vec<_>>().join(",\n"))
}

/// A world with the recorded table, an hour after the recording began, over this user pool.
async fn recorded_over(pool: &Pool) -> World {
    let world = World::with_pool(pool).await;
    world.put_items(recording().iter().map(attributes)).await;
    world.pass(Duration::from_secs(60 * 60));
    world
}

/// A world with the recorded table, and the items in it.
async fn recorded() -> (World, Items) {
    let world = recorded_over(&Pool::default()).await;
    let items = world.items().await;
    (world, items)
}

/// What has changed since: each item that is new or different now, and null for one that is gone,
/// by its key without what every item has there.
async fn changes(world: &World, before: &Items) -> Value {
    let after = world.items().await;
    let mut changes = json!({});
    for key in before.keys().chain(after.keys()) {
        if before.get(key) != after.get(key) {
            let mut item = json!(after.get(key));
            if let Some(attributes) = item.as_object_mut() {
                attributes.retain(|name, _| name != "pk" && name != "sk");
            }
            changes[format!("{} {}", key.0, key.1)] = item;
        }
    }
    changes
}

/// Asserts that a write is done, and that these are all items that it has changed.
async fn assert_writes(method: Method, path: &str, body: &Value, status: u16, expected: &Value) {
    let (world, before) = recorded().await;
    let ask = world.ask(method.clone(), path);
    let answer = if body.is_null() { ask } else { ask.json(body) }.send().await;
    assert_eq!(answer.status.as_u16(), status, "{method} {path}: {:#}", answer.body);
    assert_eq!(&changes(&world, &before).await, expected, "{method} {path}");
}

#[tokio::test]
async fn the_recorded_requests_leave_the_recorded_items_today() {
    let stored = as_recorded(&record().await.items().await);

    let today = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded-table.json");
    std::fs::write(&today, &stored).expect("cargo's own folder can be written to");
    let differs = stored.lines().zip(text_of(RECORDED).lines()).position(|(a, b)| a != b);
    assert!(
        stored == text_of(RECORDED),
        "{} differs from {RECORDED}, first in line {}",
        today.display(),
        differs.map_or(0, |line| line + 1)
    );
}

mod reading {
    use super::*;

    fn acme() -> Value {
        json!({
            "id": "acme",
            "name": "Acme",
            "description": "Makes anvils",
            "customData": { "plan": "gold" },
            "createdAt": "2026-01-01T00:00:03.000Z",
        })
    }

    fn without_more(id: &str, name: &str, created_at: &str) -> Value {
        json!({
            "id": id,
            "name": name,
            "description": null,
            "customData": {},
            "createdAt": created_at,
        })
    }

    fn by_hand() -> Value {
        json!({ "rule": "api", "entryPath": "ManagementApi" })
    }

    fn engineer() -> Value {
        json!([{ "id": ENGINEER, "name": "Engineer" }])
    }

    fn guest() -> Value {
        json!([{ "id": GUEST, "name": "Straße" }])
    }

    /// A member: id, address, the second of joining, provenance, and roles.
    fn member(id: &str, email: &Value, second: u8, provenance: &Value, roles: &Value) -> Value {
        json!({
            "id": id,
            "primaryEmail": email,
            "username": id,
            "organizationRoles": roles,
            "joinedAt": format!("2026-01-01T00:00:{second:02}.000Z"),
            "provenance": provenance,
        })
    }

    #[tokio::test]
    async fn organizations_are_read_in_the_order_of_their_names() {
        let (world, _) = recorded().await;
        let hooli = without_more("hooli", "ACME Inc.", "2026-01-01T00:00:05.000Z");
        let globex = without_more("globex", "Globex", "2026-01-01T00:00:04.000Z");
        let all = json!([acme(), hooli, globex]);
        assert_is(&world.get("/organizations").await, 200, &all);
        assert_is(&world.get("/organizations?q=acme").await, 200, &json!([acme(), hooli]));
        assert_is(&world.get("/organizations/acme").await, 200, &acme());
        assert_is(&world.get("/organizations/globex").await, 200, &globex);
    }

    #[tokio::test]
    async fn a_deleted_organization_is_not_found_even_where_it_was_not_swept() {
        let (world, _) = recorded().await;
        for id in ["gone", "unswept"] {
            for below in ["", "/jit/email-domains", "/jit/roles", "/users"] {
                let answer = world.get(&format!("/organizations/{id}{below}")).await;
                answer.problem(404, "organization.not_found");
            }
        }
    }

    #[tokio::test]
    async fn email_domains_are_read_with_time_and_version() {
        let (world, _) = recorded().await;
        let listed = |id: &str, domains: &[(&str, &str)]| {
            let entity = |(domain, at): &(&str, &str)| json!({ "organizationId": id, "emailDomain": domain, "addedAt": at });
            domains.iter().map(entity).collect::<Value>()
        };
        for (id, etag, domains) in [
            (
                "acme",
                "\"3\"",
                &[
                    ("acme.com", "2026-01-01T00:00:08.000Z"),
                    ("xn--bcher-kva.example", "2026-01-01T00:00:09.000Z"),
                ][..],
            ),
            (
                "globex",
                "\"3\"",
                &[
                    ("acme.com", "2026-01-01T00:00:10.000Z"),
                    ("globex.com", "2026-01-01T00:00:11.000Z"),
                ],
            ),
            ("hooli", "\"1\"", &[]),
        ] {
            let answer = world.get(&format!("/organizations/{id}/jit/email-domains")).await;
            assert_is(&answer, 200, &listed(id, domains));
            assert_eq!(answer.header("etag"), etag, "{id}");
        }
    }

    #[tokio::test]
    async fn roles_and_default_roles_are_read_without_the_deleted_one() {
        let (world, _) = recorded().await;
        let engineer = json!({
            "id": ENGINEER,
            "name": "Engineer",
            "description": "Builds anvils",
            "createdAt": "2026-01-01T00:00:00.000Z",
        });
        let guest = json!({
            "id": GUEST,
            "name": "Straße",
            "description": null,
            "createdAt": "2026-01-01T00:00:01.000Z",
        });
        for (path, etag, body) in [
            ("/organization-roles", "", json!([engineer, guest])),
            ("/organizations/acme/jit/roles", "\"2\"", json!([engineer])),
            ("/organizations/globex/jit/roles", "\"1\"", json!([])),
            ("/organizations/acme/users/ann/roles", "", json!([engineer])),
            ("/organizations/globex/users/ann/roles", "", json!([guest])),
        ] {
            let answer = world.get(path).await;
            assert_is(&answer, 200, &body);
            assert_eq!(answer.header("etag"), etag, "{path}");
        }
    }

    #[tokio::test]
    async fn members_are_read_with_address_roles_and_provenance() {
        let (world, _) = recorded().await;
        let (signed_up, created) =
            (by_domain("acme.com", "PostConfirmation"), by_domain("acme.com", "ManagementApi"));
        let acme = json!([
            member("ann", &json!("Ann@acme.com"), 15, &signed_up, &engineer()),
            member("ben", &json!("ben@acme.com"), 16, &created, &engineer()),
        ]);
        let token = by_domain("globex.com", "PreTokenGeneration");
        let older = by_domain("globex.com", "PostConfirmation");
        let globex = json!([
            member("ann", &json!("Ann@acme.com"), 15, &signed_up, &guest()),
            member("ben", &json!("ben@acme.com"), 16, &created, &json!([])),
            member("cat", &json!("cat@globex.com"), 17, &token, &json!([])),
            member("eve", &json!("eve@globex.com"), 19, &older, &json!([])),
            member("fay", &json!("fay@acme.com"), 20, &signed_up, &json!([])),
            member("gus", &Value::Null, 21, &by_hand(), &json!([])),
        ]);
        let hooli = json!([member("dan", &json!("dan@home.example"), 18, &by_hand(), &json!([]))]);
        for (id, members) in [("acme", acme), ("globex", globex), ("hooli", hooli)] {
            assert_is(&world.get(&format!("/organizations/{id}/users")).await, 200, &members);
        }
    }

    #[tokio::test]
    async fn a_user_s_organizations_are_read_without_those_deleted_or_left() {
        let (world, _) = recorded().await;
        let held = |id: &str, second: u8, provenance: Value, roles: Value| {
            let (name, description) = match id {
                "acme" => ("Acme", json!("Makes anvils")),
                "globex" => ("Globex", Value::Null),
                _ => ("ACME Inc.", Value::Null),
            };
            json!({
                "id": id,
                "name": name,
                "description": description,
                "organizationRoles": roles,
                "joinedAt": format!("2026-01-01T00:00:{second:02}.000Z"),
                "provenance": provenance,
            })
        };
        let (signed_up, created) = (
            || by_domain("acme.com", "PostConfirmation"),
            || by_domain("acme.com", "ManagementApi"),
        );
        let (token, older) = (
            by_domain("globex.com", "PreTokenGeneration"),
            by_domain("globex.com", "PostConfirmation"),
        );
        for (user, organizations) in [
            (
                "ann",
                json!([
                    held("acme", 15, signed_up(), engineer()),
                    held("globex", 15, signed_up(), guest()),
                ]),
            ),
            (
                "ben",
                json!([
                    held("acme", 16, created(), engineer()),
                    held("globex", 16, created(), json!([])),
                ]),
            ),
            ("cat", json!([held("globex", 17, token, json!([]))])),
            ("dan", json!([held("hooli", 18, by_hand(), json!([]))])),
            ("eve", json!([held("globex", 19, older, json!([]))])),
            ("fay", json!([held("globex", 20, signed_up(), json!([]))])),
            ("gus", json!([held("globex", 21, by_hand(), json!([]))])),
        ] {
            assert_is(
                &world.get(&format!("/users/{user}/organizations")).await,
                200,
                &organizations,
            );
        }
    }

    #[tokio::test]
    async fn previews_tell_reason_and_roles() {
        let (world, _) = recorded().await;
        let removed = json!("removed_earlier");
        for (email, reason, organizations) in [
            (
                "new@acme.com",
                json!(null),
                vec![("acme", json!(null), engineer()), ("globex", json!(null), json!([]))],
            ),
            (
                "FAY@acme.com",
                json!(null),
                vec![("acme", removed, json!([])), ("globex", json!(null), json!([]))],
            ),
            ("new@Bücher.example", json!("email_address.domain_not_ascii"), vec![]),
            ("new@gone.com", json!("not_listed"), vec![]),
            ("new@gmail.com", json!("public_mailbox"), vec![]),
        ] {
            let answer = world.post("/jit/preview", &json!({ "email": email })).await;
            assert_eq!((answer.status.as_u16(), &answer.body["reason"]), (200, &reason), "{email}");
            let shown: Vec<_> = answer.body["organizations"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|it| {
                    let id = it["organizationId"].as_str().expect("an id");
                    (id, it["reason"].clone(), it["organizationRoles"].clone())
                })
                .collect();
            assert_eq!(shown, organizations, "{email}");
        }
    }

    #[tokio::test]
    async fn tokens_carry_what_the_recorded_users_hold_and_change_nothing() {
        let (world, before) = recorded().await;
        for (user, email, claims) in [
            (
                "ann",
                "Ann@acme.com",
                json!({
                    "organizations": ["acme", "globex"],
                    "organization_roles": ["acme:Engineer", "globex:Straße"],
                }),
            ),
            (
                "eve",
                "eve@globex.com",
                json!({ "organizations": ["globex"], "organization_roles": [] }),
            ),
            (
                "fay",
                "fay@acme.com",
                json!({ "organizations": ["globex"], "organization_roles": [] }),
            ),
        ] {
            let answered = world.token(user, email).await;
            let details = &answered["response"]["claimsAndScopeOverrideDetails"];
            for kind in ["idTokenGeneration", "accessTokenGeneration"] {
                assert_eq!(details[kind]["claimsToAddOrOverride"], claims, "{user} {kind}");
            }
        }
        assert_eq!(changes(&world, &before).await, json!({}));
    }
}

mod writing {
    use super::*;

    const DOMAINS: &str = "/organizations/acme/jit/email-domains";

    /// The list of `acme` with these domains and times, and this version.
    fn list(domains: &[(&str, &str)], version: u8) -> Value {
        let domains: BTreeMap<_, _> =
            domains.iter().map(|(domain, at)| (*domain, json!({ "addedAt": at }))).collect();
        json!({ "domains": domains, "version": version })
    }

    /// The item of `acme`, with these default roles and this version of them.
    fn acme(default_roles: &[&str], version: u8) -> Value {
        json!({
            "gsi1pk": "ORGS",
            "gsi1sk": "acme\tacme",
            "name": "Acme",
            "description": "Makes anvils",
            "createdAt": "2026-01-01T00:00:03.000Z",
            "jitRoles": { "ids": default_roles, "version": version },
        })
    }

    /// The item of a membership that begins now.
    fn membership(user: &str, organization: &str, roles: &[&str], provenance: &Value) -> Value {
        let mut item = json!({
            "gsi1pk": format!("ORG#{organization}"),
            "gsi1sk": format!("USER#{user}"),
            "roleIds": roles,
            "joinedAt": NOW,
        });
        for (name, value) in provenance.as_object().expect("an object") {
            item[name] = value.clone();
        }
        item
    }

    fn by_hand() -> Value {
        json!({ "rule": "api", "entryPath": "ManagementApi" })
    }

    #[tokio::test]
    async fn a_domain_is_added_and_another_deleted() {
        let (acme_com, buecher) = (
            ("acme.com", "2026-01-01T00:00:08.000Z"),
            ("xn--bcher-kva.example", "2026-01-01T00:00:09.000Z"),
        );
        let body = json!({ "emailDomain": "acme.org" });
        let expected = json!({
            "ORG#acme EMAIL_DOMAINS": list(&[acme_com, ("acme.org", NOW), buecher], 4),
            "DOMAIN#acme.org ORG#acme": { "addedAt": NOW },
        });
        assert_writes(Method::POST, DOMAINS, &body, 201, &expected).await;

        let path = format!("{DOMAINS}/acme.com");
        let expected = json!({
            "ORG#acme EMAIL_DOMAINS": list(&[buecher], 4),
            "DOMAIN#acme.com ORG#acme": null,
        });
        assert_writes(Method::DELETE, &path, &Value::Null, 204, &expected).await;
    }

    #[tokio::test]
    async fn domains_are_replaced_and_those_that_stay_keep_their_time() {
        let body = json!({ "emailDomains": ["acme.org", "acme.com"] });
        let domains = [("acme.com", "2026-01-01T00:00:08.000Z"), ("acme.org", NOW)];
        let expected = json!({
            "ORG#acme EMAIL_DOMAINS": list(&domains, 4),
            "DOMAIN#acme.org ORG#acme": { "addedAt": NOW },
            "DOMAIN#xn--bcher-kva.example ORG#acme": null,
        });
        assert_writes(Method::PUT, DOMAINS, &body, 204, &expected).await;
    }

    #[tokio::test]
    async fn the_recorded_version_of_a_list_is_its_etag() {
        let (world, before) = recorded().await;
        let body = json!({ "emailDomain": "acme.org" });
        let stale = world.ask(Method::POST, DOMAINS).json(&body).if_match("\"2\"").send().await;
        stale.problem(412, "request.precondition_failed");
        assert_eq!(changes(&world, &before).await, json!({}));
        let current = world.ask(Method::POST, DOMAINS).json(&body).if_match("\"3\"").send().await;
        assert_eq!(current.status, 201);
    }

    #[tokio::test]
    async fn default_roles_are_added_and_replaced() {
        let path = "/organizations/acme/jit/roles";
        let body = json!({ "organizationRoleIds": [GUEST] });
        let expected = json!({ "ORG#acme ORG": acme(&[ENGINEER, GUEST], 3) });
        assert_writes(Method::POST, path, &body, 201, &expected).await;
        let expected = json!({ "ORG#acme ORG": acme(&[GUEST], 3) });
        assert_writes(Method::PUT, path, &body, 204, &expected).await;
    }

    #[tokio::test]
    async fn an_organization_is_changed() {
        let body = json!({ "name": "Acme Ltd", "description": null, "customData": { "a": 1 } });
        let mut changed = acme(&[RETIRED, ENGINEER], 2);
        changed["name"] = json!("Acme Ltd");
        changed["gsi1sk"] = json!("acme ltd\tacme");
        changed.as_object_mut().expect("an object").remove("description");
        let expected = json!({
            "ORG#acme ORG": changed,
            "ORG#acme CUSTOM_DATA": { "json": "{\"a\":1}" },
        });
        assert_writes(Method::PATCH, "/organizations/acme", &body, 200, &expected).await;
    }

    #[tokio::test]
    async fn roles_are_counted_on_from_the_recorded_number() {
        let (world, before) = recorded().await;
        let role = world.role("Auditor").await;
        let expected = json!({
            "ROLE COUNT": { "count": 3 },
            format!("ROLE ROLE#{role}"): { "name": "Auditor", "createdAt": NOW },
            "ROLENAME#auditor ROLENAME": { "roleId": role },
        });
        assert_eq!(changes(&world, &before).await, expected);

        let answer = world.post("/organization-roles", &json!({ "name": "STRASSE" })).await;
        answer.problem(422, "organization_role.name_in_use");

        let path = format!("/organization-roles/{GUEST}");
        let expected = json!({
            "ROLE COUNT": { "count": 1 },
            format!("ROLE ROLE#{GUEST}"): null,
            "ROLENAME#strasse ROLENAME": null,
        });
        assert_writes(Method::DELETE, &path, &Value::Null, 204, &expected).await;
    }

    #[tokio::test]
    async fn a_sign_up_joins_with_the_default_roles_as_they_are_stored() {
        let (world, before) = recorded().await;

        world.sign_up("new", "new@acme.com").await;

        let provenance = by_domain("acme.com", "PostConfirmation");
        let expected = json!({
            "USER#new ORG#acme": membership("new", "acme", &[RETIRED, ENGINEER], &provenance),
            "USER#new ORG#globex": membership("new", "globex", &[], &provenance),
            "USER#new PROFILE": { "email": "new@acme.com", "userName": "new" },
        });
        assert_eq!(changes(&world, &before).await, expected);
    }

    #[tokio::test]
    async fn a_token_joins_who_has_never_signed_up() {
        let (world, before) = recorded().await;

        world.token("new", "new@globex.com").await;

        let provenance = by_domain("globex.com", "PreTokenGeneration");
        let expected = json!({
            "USER#new ORG#globex": membership("new", "globex", &[], &provenance),
            "USER#new PROFILE": { "email": "new@globex.com", "userName": "new" },
        });
        assert_eq!(changes(&world, &before).await, expected);
    }

    #[tokio::test]
    async fn members_and_those_removed_stay_what_they_are_when_they_appear_again() {
        let (world, before) = recorded().await;
        for (user, email) in [
            ("ann", "Ann@acme.com"),
            ("ben", "ben@acme.com"),
            ("cat", "cat@globex.com"),
            ("eve", "eve@globex.com"),
            ("fay", "fay@acme.com"),
        ] {
            world.sign_up(user, email).await;
            world.token(user, email).await;
        }
        assert_eq!(changes(&world, &before).await, json!({}));

        // Another account with the address that was removed from acme.
        world.sign_up("other", "fay@acme.com").await;
        let provenance = by_domain("acme.com", "PostConfirmation");
        let expected = json!({
            "USER#other ORG#globex": membership("other", "globex", &[], &provenance),
            "USER#other PROFILE": { "email": "fay@acme.com", "userName": "other" },
        });
        assert_eq!(changes(&world, &before).await, expected);
    }

    #[tokio::test]
    async fn adding_by_hand_clears_what_a_removal_has_left() {
        let body = json!({ "userIds": ["fay"] });
        let expected = json!({
            "USER#fay ORG#acme": membership("fay", "acme", &[], &by_hand()),
            format!("REMOVED#{FAY_DIGEST} ORG#acme"): null,
        });
        assert_writes(Method::POST, "/organizations/acme/users", &body, 201, &expected).await;

        let body = json!({ "userIds": ["gus"] });
        let expected = json!({ "USER#gus ORG#hooli": membership("gus", "hooli", &[], &by_hand()) });
        assert_writes(Method::POST, "/organizations/hooli/users", &body, 201, &expected).await;
    }

    #[tokio::test]
    async fn a_removal_leaves_nothing_of_a_membership_but_its_mark() {
        for (user, email) in
            [("ann", "Ann@acme.com"), ("cat", "cat@globex.com"), ("eve", "eve@globex.com")]
        {
            let digest = EmailAddress::parse(email).expect("an address").digest();
            let path = format!("/organizations/globex/users/{user}");
            let expected = json!({
                format!("USER#{user} ORG#globex"): { "removedAt": NOW, "addressDigest": digest },
                format!("REMOVED#{digest} ORG#globex"): { "removedAt": NOW },
            });
            assert_writes(Method::DELETE, &path, &Value::Null, 204, &expected).await;
        }
        let expected = json!({ "USER#gus ORG#globex": { "removedAt": NOW } });
        let path = "/organizations/globex/users/gus";
        assert_writes(Method::DELETE, path, &Value::Null, 204, &expected).await;
    }

    #[tokio::test]
    async fn a_member_s_roles_change_and_a_membership_of_the_older_form_stays_one() {
        let body = json!({ "organizationRoleIds": [ENGINEER] });
        let expected = json!({ "USER#eve ORG#globex": {
            "gsi1pk": "ORG#globex",
            "gsi1sk": "USER#eve",
            "roleIds": [ENGINEER],
            "joinedAt": "2026-01-01T00:00:19.000Z",
            "emailDomain": "globex.com",
            "entryPath": "PostConfirmation",
        } });
        let path = "/organizations/globex/users/eve/roles";
        assert_writes(Method::PUT, path, &body, 204, &expected).await;
    }

    #[tokio::test]
    async fn a_deleted_user_leaves_only_the_removal_mark_of_the_address() {
        let pool = Pool::default();
        let world = recorded_over(&pool).await;
        let before = world.items().await;
        let fay = pool_user("fay", "fay", "fay@acme.com", true);
        pool.answers("ListUsers", json!({ "Users": [fay] }));
        pool.answers("AdminDeleteUser", json!({}));

        assert_eq!(world.delete("/users/fay").await.status, 204);

        let expected = json!({
            "USER#fay ORG#acme": null,
            "USER#fay ORG#globex": null,
            "USER#fay ORG#unswept": null,
            "USER#fay PROFILE": null,
        });
        assert_eq!(changes(&world, &before).await, expected);
    }

    #[tokio::test]
    async fn a_deleted_organization_leaves_only_that_its_id_was_used() {
        let expected = json!({
            "ORG#acme ORG": { "deletedAt": NOW },
            "ORG#acme EMAIL_DOMAINS": null,
            "ORG#acme CUSTOM_DATA": null,
            "DOMAIN#acme.com ORG#acme": null,
            "DOMAIN#xn--bcher-kva.example ORG#acme": null,
            "USER#ann ORG#acme": null,
            "USER#ben ORG#acme": null,
        });
        assert_writes(Method::DELETE, "/organizations/acme", &Value::Null, 204, &expected).await;
    }

    #[tokio::test]
    async fn an_organization_is_created_but_not_with_the_id_of_a_deleted_one() {
        let (world, before) = recorded().await;
        for id in ["gone", "unswept"] {
            let answer = world.post("/organizations", &json!({ "id": id, "name": id })).await;
            answer.problem(422, "organization.id_in_use");
        }
        assert_eq!(changes(&world, &before).await, json!({}));

        world.organization("initech").await;

        let expected = json!({
            "ORG#initech ORG": {
                "gsi1pk": "ORGS",
                "gsi1sk": "initech\tinitech",
                "name": "initech",
                "createdAt": NOW,
                "jitRoles": { "ids": [], "version": 1 },
            },
            "ORG#initech EMAIL_DOMAINS": { "domains": {}, "version": 1 },
        });
        assert_eq!(changes(&world, &before).await, expected);
    }
}
