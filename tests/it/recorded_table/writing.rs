//! What is written to the recorded table, each time with everything that changes

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::email_address::EmailAddress;

use super::{
    ENGINEER, FAY_DIGEST, GUEST, NOW, RECORDINGS, RETIRED, assert_writes, changes, recorded,
    recorded_in, recorded_over,
};
use crate::support::{Pool, SignIn, by_domain, entry, pool_user, with};

/// Two days after [`NOW`].
const EXPIRES: u64 = 1_767_402_000;
const DOMAINS: &str = "/organizations/acme/jit/email-domains";

/// The list of `acme` with these domains and times, and this version.
fn list(domains: &[(&str, &str)], version: u8) -> Value {
    let domains: BTreeMap<_, _> =
        domains.iter().map(|(domain, at)| (*domain, json!({ "addedAt": at }))).collect();
    json!({ "domains": domains, "version": version })
}

/// The index entry of a domain that is added now.
fn new_entry() -> Value {
    let token = "00000000000000000000000000000000";
    json!({ "addedAt": NOW, "ownership": { "state": "vouched", "token": token } })
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
    let item = with(json!({ "roleIds": roles, "joinedAt": NOW }), provenance.clone());
    with(item, entry("USER#", organization, NOW, user))
}

/// The item of a removal mark in `globex` of a user with these roles that is made now.
fn mark(user: &str, addresses: &[&str], roles: &[&str]) -> Value {
    let mut mark = json!({ "removedAt": NOW, "heldRoleIds": roles });
    if !addresses.is_empty() {
        mark["addressDigests"] = addresses.iter().map(|address| json!(digest(address))).collect();
    }
    with(mark, entry("REMOVED#", "globex", NOW, user))
}

/// The provenance of a membership that this address brought about.
fn by_address(address: &str, domain: &str, entry_path: &str) -> Value {
    let mut provenance = by_domain(domain, entry_path);
    provenance["addressDigest"] = json!(digest(address));
    provenance
}

/// The item of a profile, with these proven addresses.
fn profile(user: &str, addresses: &[&str]) -> Value {
    let digests: Vec<_> = addresses.iter().map(|address| digest(address)).collect();
    json!({ "email": addresses[0], "userName": user, "addresses": digests })
}

fn digest(address: &str) -> String {
    EmailAddress::parse(address).expect("an address").digest().to_string()
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
        "DOMAIN#acme.org ORG#acme": new_entry(),
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
        "DOMAIN#acme.org ORG#acme": new_entry(),
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
    // An organization of before has the first version.
    changed["version"] = json!(2);
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
        format!("ROLE ROLE#{role}"): { "name": "Auditor", "createdAt": NOW, "version": 1 },
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

    let address = "new@acme.com";
    let provenance = by_address(address, "acme.com", "PostConfirmation");
    let expected = json!({
        "USER#new ORG#acme": membership("new", "acme", &[RETIRED, ENGINEER], &provenance),
        "USER#new ORG#globex": membership("new", "globex", &[], &provenance),
        "USER#new PROFILE": profile("new", &[address]),
        format!("ADDRESS#{} USER#new", digest(address)): {},
        format!("ADDRESS#{} VERSION", digest(address)): { "version": 1, "expiresAt": EXPIRES },
    });
    assert_eq!(changes(&world, &before).await, expected);
}

#[tokio::test]
async fn a_token_joins_who_has_never_signed_up() {
    let (world, before) = recorded().await;

    world.token("new", "new@globex.com").await;

    let address = "new@globex.com";
    let provenance = by_address(address, "globex.com", "PreTokenGeneration");
    let expected = json!({
        "USER#new ORG#globex": membership("new", "globex", &[], &provenance),
        "USER#new PROFILE": profile("new", &[address]),
        format!("ADDRESS#{} USER#new", digest(address)): {},
        format!("ADDRESS#{} VERSION", digest(address)): { "version": 1, "expiresAt": EXPIRES },
    });
    assert_eq!(changes(&world, &before).await, expected);
}

#[tokio::test]
async fn members_and_those_removed_stay_what_they_are_when_they_appear_again() {
    let (world, before) = recorded().await;
    let mut expected = json!({});
    for (user, email) in [
        ("ann", "Ann@acme.com"),
        ("ben", "ben@acme.com"),
        ("cat", "cat@globex.com"),
        ("eve", "eve@globex.com"),
        ("fay", "fay@acme.com"),
    ] {
        world.sign_up(user, email).await;
        world.token(user, email).await;
        // Nothing but what is proven is noted.
        expected[format!("USER#{user} PROFILE")] = profile(user, &[email]);
        expected[format!("ADDRESS#{} USER#{user}", digest(email))] = json!({});
    }
    assert_eq!(changes(&world, &before).await, expected);

    // Another account with the address that was removed from acme.
    let before = world.items().await;
    world.sign_up("other", "fay@acme.com").await;
    let provenance = by_address("fay@acme.com", "acme.com", "PostConfirmation");
    let expected = json!({
        "USER#other ORG#globex": membership("other", "globex", &[], &provenance),
        "USER#other PROFILE": profile("other", &["fay@acme.com"]),
        format!("ADDRESS#{FAY_DIGEST} USER#other"): {},
        format!("ADDRESS#{FAY_DIGEST} VERSION"): { "version": 1, "expiresAt": EXPIRES },
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
    for (user, email, roles) in [
        ("ann", "Ann@acme.com", &[GUEST][..]),
        ("cat", "cat@globex.com", &[]),
        ("eve", "eve@globex.com", &[]),
    ] {
        let digest = digest(email);
        let path = format!("/organizations/globex/users/{user}");
        let expected = json!({
            format!("USER#{user} ORG#globex"): mark(user, &[email], roles),
            format!("REMOVED#{digest} ORG#globex"): { "removedAt": NOW },
            format!("ADDRESS#{digest} VERSION"): { "version": 1, "expiresAt": EXPIRES },
        });
        assert_writes(Method::DELETE, &path, &Value::Null, 204, &expected).await;
    }
    let expected = json!({ "USER#gus ORG#globex": mark("gus", &[], &[]) });
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
    let fay = pool_user("fay", "fay", "fay@acme.com", true);
    let pool = Pool::with_users(SignIn::Name, [fay]);
    let world = recorded_over(&pool).await;
    let before = world.items().await;

    assert_eq!(world.delete("/users/fay").await.status, 204);

    let expected = json!({
        "USER#fay ORG#acme": null,
        "USER#fay ORG#globex": null,
        "USER#fay ORG#unswept": null,
        // The tombstone: it goes two days later.
        "USER#fay PROFILE": { "deletedAt": NOW, "expiresAt": EXPIRES },
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
async fn an_organization_that_was_not_swept_is_swept_when_it_is_deleted_again() {
    for path in RECORDINGS {
        let world = recorded_in(path, &Pool::default()).await;
        let before = world.items().await;

        assert_eq!(world.delete("/organizations/unswept").await.status, 204);

        let mut expected = json!({
            "USER#ann ORG#unswept": null,
            "USER#ben ORG#unswept": null,
            "USER#fay ORG#unswept": null,
        });
        if path != RECORDINGS[0] {
            expected["DOMAIN#acme.com ORG#unswept"] = Value::Null;
            expected["ORG#unswept UNSWEPT_DOMAINS"] = Value::Null;
        }
        assert_eq!(changes(&world, &before).await, expected, "{path}");
    }
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
            "version": 1,
        },
        "ORG#initech EMAIL_DOMAINS": { "domains": {}, "version": 1 },
    });
    assert_eq!(changes(&world, &before).await, expected);
}
