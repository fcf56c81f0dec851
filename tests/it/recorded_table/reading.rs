//! What is read of the recorded table

use serde_json::{Value, json};

use super::{ENGINEER, GUEST, RECORDINGS, changes, recorded, recorded_in};
use crate::support::{Pool, assert_is, by_domain};

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
        let entity = |(domain, at): &(&str, &str)| {
            json!({
                "organizationId": id,
                "emailDomain": domain,
                "addedAt": at,
                "addedBy": null,
                "enrollment": "automatic",
                "existingUsers": null,
                "organizationRoleIds": null,
                "subdomains": false,
                "ownership": {
                    "state": "vouched",
                    "record": null,
                    "checkedAt": null,
                    "provenAt": null,
                    "failingSince": null,
                    "vouchedBy": null,
                    "answer": null,
                    "detail": null,
                },
            })
        };
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
            &[("acme.com", "2026-01-01T00:00:10.000Z"), ("globex.com", "2026-01-01T00:00:11.000Z")],
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
async fn new_members_come_before_the_recorded_ones_and_recorded_removals_are_not_listed_but_hold() {
    // These were recorded before the index said since when somebody is a member or removed.
    for file in &RECORDINGS[..2] {
        let world = recorded_in(file, &Pool::default()).await;
        world.sign_up("zoe", "zoe@acme.com").await;
        world.sign_up("fay", "fay@acme.com").await;
        let acme = world.get("/organizations/acme/users").await;
        assert_eq!(acme.ids(), ["zoe", "ann", "ben"], "{file}");
        let globex = world.get("/organizations/globex/users").await;
        assert_eq!(globex.ids(), ["zoe", "ann", "ben", "cat", "eve", "fay", "gus"], "{file}");
        let next = world.get("/organizations/globex/users?page_size=2").await.next_page();
        let next = next.expect("a page");
        assert!(next.ends_with("cursor=ann"), "{next}");
        assert_eq!(world.get(&next).await.ids(), ["ben", "cat"], "{file}");
        for id in ["acme", "globex", "hooli"] {
            let removed = world.get(&format!("/organizations/{id}/removed-users")).await;
            assert_is(&removed, 200, &json!([]));
        }
        assert_eq!(world.delete("/organizations/globex/users/eve").await.status, 204);
        let removed = world.get("/organizations/globex/removed-users").await;
        assert_eq!(removed.ids(), ["eve"], "{file}");
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
    let (signed_up, created) =
        (|| by_domain("acme.com", "PostConfirmation"), || by_domain("acme.com", "ManagementApi"));
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
        assert_is(&world.get(&format!("/users/{user}/organizations")).await, 200, &organizations);
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
        ("new@Bücher.example", json!(null), vec![("acme", json!(null), engineer())]),
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
async fn tokens_carry_what_the_recorded_users_hold_and_note_what_they_prove() {
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
        ("eve", "eve@globex.com", json!({ "organizations": ["globex"], "organization_roles": [] })),
        ("fay", "fay@acme.com", json!({ "organizations": ["globex"], "organization_roles": [] })),
    ] {
        let answered = world.token(user, email).await;
        let details = &answered["response"]["claimsAndScopeOverrideDetails"];
        for kind in ["idTokenGeneration", "accessTokenGeneration"] {
            assert_eq!(details[kind]["claimsToAddOrOverride"], claims, "{user} {kind}");
        }
    }
    // Nothing but what is proven is noted.
    let changes = changes(&world, &before).await;
    let noted = changes.as_object().expect("an object").keys();
    assert!(noted.clone().all(|key| key.starts_with("ADDRESS#") || key.ends_with(" PROFILE")));
    assert_eq!(noted.len(), 6, "{changes:#}");
}
