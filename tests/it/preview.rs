//! `POST /jit/preview` and `POST /organizations/{organizationId}/jit/preview`

use std::time::Duration;

use axum::http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::domain::jit::DomainOwnership;
use shared::domain::public_mailbox::MailboxPolicy;

use crate::support::{Answer, Pool, START, World, with};

const ALL: &str = "/jit/preview";
const ACME: &str = "/organizations/acme/jit/preview";

/// A world where `acme` and `globex` list acme.com, `acme` has a default role and, by the
/// operator's exception, gmail.com.
async fn world() -> (World, String) {
    let world = World::with(MailboxPolicy::parse("acme:gmail.com").expect("a pair")).await;
    for organization in ["acme", "globex"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    world.domains("acme", &["gmail.com"]).await;
    let role = world.role("Engineer").await;
    let body = json!({ "organizationRoleIds": [role] });
    assert_eq!(world.put("/organizations/acme/jit/roles", &body).await.status, 204);
    world.wire.traffic();
    (world, role)
}

async fn preview(world: &World, path: &str, email: &str) -> Value {
    let Answer { status, body, .. } = world.post(path, &json!({ "email": email })).await;
    assert_eq!(status, 200, "{body:#}");
    body
}

/// Checks that pass, and after them one that refuses, if any.
fn checks(passed: &[&str], refused: &[&str]) -> Value {
    let check = |passed: bool| move |check: &&str| json!({ "check": check, "passed": passed });
    passed.iter().map(check(true)).chain(refused.iter().map(check(false))).collect()
}

/// The checks of an address by the rule of an email domain.
const BY_DOMAIN: [&str; 6] = [
    "valid_address",
    "not_public_mailbox",
    "domain_listed",
    "not_removed",
    "domain_proven",
    "enrollment_on",
];

/// The rule of an email domain, as the one that decided.
fn by_domain(domain: &str) -> Value {
    json!({ "kind": "email_domain", "emailDomain": domain, "isSubdomain": false })
}

fn joins(organization: &str, domain: &str, roles: &Value) -> Value {
    json!({
        "organizationId": organization,
        "organizationName": organization,
        "emailDomain": domain,
        "decision": "join",
        "reason": null,
        "detail": null,
        "rule": by_domain(domain),
        "checks": checks(&BY_DOMAIN, &[]),
        "organizationRoles": roles,
        "removedAt": null,
        "removedBy": null,
    })
}

fn refuses(domain: &Value, reason: &str, detail: &str, checks: &Value) -> Value {
    json!({
        "organizationId": "acme",
        "organizationName": "acme",
        "emailDomain": domain,
        "decision": "refuse",
        "reason": reason,
        "detail": detail,
        "rule": null,
        "checks": checks,
        "organizationRoles": [],
        "removedAt": null,
        "removedBy": null,
    })
}

#[tokio::test]
async fn an_international_domain_is_previewed_in_both_of_its_forms() {
    let (world, role) = world().await;
    world.domains("acme", &["Bücher.example"]).await;
    let acme = joins("acme", "xn--bcher-kva.example", &json!([{ "id": role, "name": "Engineer" }]));
    for email in ["jane@bu\u{308}cher.example", "Jane@BÜCHER.example", "jane@xn--bcher-kva.example"]
    {
        assert_eq!(preview(&world, ACME, email).await, acme, "{email}");
        let all = preview(&world, ALL, email).await;
        assert_eq!(all["organizations"], json!([acme]), "{email}");
    }
    let detail = "Mail systems can read the domain of the address in different ways: send it in its \
                  ASCII form (xn--…).";
    assert_eq!(
        preview(&world, ACME, "jane@bücher。example").await,
        refuses(
            &Value::Null,
            "email_address.ambiguous_domain",
            detail,
            &checks(&[], &["valid_address"])
        )
    );
}

#[tokio::test]
async fn a_suffix_of_a_company_is_previewed_as_the_operator_has_decided() {
    let policy = MailboxPolicy::parse("acme:github.io").expect("a pair");
    let world = World::with(policy).await;
    world.organization("acme").await;
    world.domains("acme", &["github.io"]).await;
    world.organization("globex").await;
    world.list_anyway("globex", &["github.io"], START).await;

    assert_eq!(
        preview(&world, ACME, "jane@github.io").await,
        joins("acme", "github.io", &json!([]))
    );
    let mut globex = refuses(
        &json!("github.io"),
        "public_suffix",
        "Everybody can have a name below the public suffix github.io.",
        &checks(&["valid_address"], &["not_public_mailbox"]),
    );
    globex["rule"] = by_domain("github.io");
    globex["organizationId"] = json!("globex");
    globex["organizationName"] = json!("globex");
    let path = "/organizations/globex/jit/preview";
    assert_eq!(preview(&world, path, "jane@github.io").await, globex);
    assert_eq!(
        preview(&world, ALL, "jane@gitlab.io").await,
        json!({
            "emailDomain": "gitlab.io",
            "reason": "public_suffix",
            "detail": "Everybody can have a name below the public suffix gitlab.io.",
            "organizations": [],
        })
    );
    let registry = preview(&world, ALL, "jane@co.uk").await;
    assert_eq!(registry["reason"], "email_address.domain");
}

#[tokio::test]
async fn an_address_in_a_listed_domain_would_join_with_the_default_roles() {
    let (world, role) = world().await;
    let before = world.items().await;
    let engineer = json!([{ "id": role, "name": "Engineer" }]);
    let acme = joins("acme", "acme.com", &engineer);
    assert_eq!(preview(&world, ACME, "Jane@ACME.com").await, acme);
    let traffic = world.wire.traffic();
    let all = json!({
        "emailDomain": "acme.com",
        "reason": null,
        "detail": null,
        "organizations": [acme, joins("globex", "acme.com", &json!([]))],
    });
    assert_eq!(preview(&world, ALL, "Jane@ACME.com").await, all);

    assert_eq!(world.items().await, before, "nothing is written");
    for operations in [traffic.operations, world.wire.traffic().operations] {
        assert!(operations.iter().all(|name| !name.contains("Write")), "{operations:?}");
    }
}

#[tokio::test]
async fn an_exception_for_a_public_mailbox_domain_counts_for_its_organization_alone() {
    let (world, role) = world().await;
    let roles = json!([{ "id": role, "name": "Engineer" }]);
    let acme = joins("acme", "gmail.com", &roles);
    assert_eq!(preview(&world, ACME, "jane@gmail.com").await, acme);
    let globex = preview(&world, "/organizations/globex/jit/preview", "jane@gmail.com").await;
    assert_eq!(globex["reason"], "public_mailbox");
    let all = preview(&world, ALL, "jane@gmail.com").await;
    assert_eq!(all["organizations"], json!([acme]));
}

#[tokio::test]
async fn whoever_would_not_join_learns_the_first_rule_that_says_so() {
    let (world, _) = world().await;
    let gmx = "Everybody can have an address at the public mailbox provider gmx.de.";
    let table = [
        (
            "jane@example.com",
            json!("example.com"),
            "not_listed",
            "The organization does not list the email domain example.com.",
            checks(&["valid_address", "not_public_mailbox"], &["domain_listed"]),
        ),
        (
            "jane@gmx.de",
            json!("gmx.de"),
            "public_mailbox",
            gmx,
            checks(&["valid_address"], &["not_public_mailbox"]),
        ),
        (
            "acme.com",
            Value::Null,
            "email_address.invalid",
            "This is not an email address: send one such as name@example.com.",
            checks(&[], &["valid_address"]),
        ),
        (
            "",
            Value::Null,
            "email_address.invalid",
            "This is not an email address: send one such as name@example.com.",
            checks(&[], &["valid_address"]),
        ),
    ];
    for (email, domain, reason, detail, checks) in table {
        let all = preview(&world, ALL, email).await;
        let everywhere = detail.replace("The organization does not list", "No organization lists");
        let expected = json!({
            "emailDomain": domain,
            "reason": reason,
            "detail": everywhere,
            "organizations": [],
        });
        assert_eq!(all, expected, "{email}");
        let expected = refuses(&domain, reason, detail, &checks);
        assert_eq!(preview(&world, ACME, email).await, expected, "{email}");
    }
}

#[tokio::test]
async fn an_address_whose_member_was_removed_would_not_come_back() {
    let (world, _) = world().await;
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.delete("/organizations/acme/users/user-1").await.status, 204);
    let mut removed = refuses(
        &json!("acme.com"),
        "removed_earlier",
        "A member with this address was removed, and stays removed until added by hand.",
        &checks(&["valid_address", "not_public_mailbox", "domain_listed"], &["not_removed"]),
    );
    removed["rule"] = by_domain("acme.com");
    removed["removedAt"] = json!(START);
    assert_eq!(preview(&world, ACME, "jane@acme.com").await, removed);
    let all = preview(&world, ALL, "jane@acme.com").await;
    let globex = joins("globex", "acme.com", &json!([]));
    assert_eq!(all["organizations"], json!([removed, globex]));
}

#[tokio::test]
async fn deleted_organizations_and_roles_are_not_there() {
    let (world, role) = world().await;
    assert_eq!(world.delete("/organizations/globex").await.status, 204);
    assert_eq!(world.delete(&format!("/organization-roles/{role}")).await.status, 204);
    let acme = joins("acme", "acme.com", &json!([]));
    assert_eq!(preview(&world, ALL, "jane@acme.com").await["organizations"], json!([acme]));
    for organization in ["globex", "nobody", "no%20id"] {
        let path = format!("/organizations/{organization}/jit/preview");
        let answer = world.post(&path, &json!({ "email": "jane@acme.com" })).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn an_address_that_is_missing_or_no_text_is_malformed() {
    let (world, _) = world().await;
    for path in [ALL, ACME] {
        for body in [json!({}), json!({ "email": null }), json!({ "email": 1 })] {
            world.post(path, &body).await.problem(400, "request.invalid_body");
        }
    }
}

/// The decision of acme about a body: what is decided, by which rule, and why not.
async fn decision(world: &World, body: &Value) -> (String, Value, Value) {
    let Answer { status, body, .. } = world.post(ACME, body).await;
    assert_eq!(status, 200, "{body:#}");
    let decision = body["decision"].as_str().expect("text").to_owned();
    assert_eq!(body["reason"].is_null(), body["detail"].is_null());
    (decision, body["rule"].clone(), body["reason"].clone())
}

fn decided(decision: &str, rule: Value, reason: Value) -> (String, Value, Value) {
    (decision.to_owned(), rule, reason)
}

/// A world over a pool with the provider `Acme-Okta`, in which acme lists acme.com, and each new domain
/// starts so.
async fn with_provider(domain_ownership: DomainOwnership) -> World {
    let pool = Pool::with_providers([("Acme-Okta".to_owned(), "SAML")]);
    let policies = Policies { domain_ownership, ..Policies::default() };
    let world = World::under(policies, pool.user_pool()).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world
}

fn by_okta() -> Value {
    json!({ "kind": "sso_connector", "ssoConnectorId": "Acme-Okta", "isSubdomain": false })
}

#[tokio::test]
async fn somebody_with_an_identity_joins_by_the_listed_provider_whatever_the_address_is() {
    let world = with_provider(DomainOwnership::Vouched).await;
    let body = json!({ "email": "jane@gmail.com", "identityProvider": "Acme-Okta" });
    let untrusted = decided("refuse", Value::Null, json!("provider_not_trusted"));
    assert_eq!(decision(&world, &body).await, untrusted);
    let mut listed = body.clone();
    listed["draft"] = json!({ "ssoConnectors": [{ "id": "Acme-Okta" }] });
    let joins = decided("join", by_okta(), Value::Null);
    assert_eq!(decision(&world, &listed).await, joins);

    let path = "/organizations/acme/jit/sso-connectors";
    let connectors = json!({ "ssoConnectorIds": ["Acme-Okta"] });
    assert_eq!(world.post(path, &connectors).await.status, 201);

    for email in ["jane@gmail.com", "jane@acme.com", "no address", ""] {
        let body = json!({ "email": email, "identityProvider": "Acme-Okta" });
        assert_eq!(decision(&world, &body).await, joins, "{email}");
        let all = world.post(ALL, &body).await.body;
        assert_eq!(all["organizations"][0]["rule"], by_okta(), "{email}");
    }
    let listed = json!({ "emailDomains": "listed" });
    assert_eq!(world.patch(&format!("{path}/Acme-Okta"), &listed).await.status, 200);
    let refuses = decided("refuse", by_okta(), json!("address_not_in_listed_domain"));
    assert_eq!(decision(&world, &body).await, refuses);
    for path in [ALL, ACME] {
        let body = json!({ "email": "jane@acme.com", "identityProvider": "Acme Okta" });
        let answer = world.post(path, &body).await;
        answer.problem(422, "sso_connector.unknown");
        assert_eq!(answer.errors(), [("/identityProvider", "sso_connector.unknown")]);
    }
}

#[tokio::test]
async fn an_account_that_was_there_before_is_decided_by_its_own_setting() {
    let world = with_provider(DomainOwnership::Vouched).await;
    let path = "/organizations/acme/jit/email-domains/acme.com";
    let settings = json!({ "enrollment": "request", "existingUsers": "off" });
    assert_eq!(world.patch(path, &settings).await.status, 200);
    for (existing, expected) in [
        (Value::Null, decided("request", by_domain("acme.com"), Value::Null)),
        (json!(false), decided("request", by_domain("acme.com"), Value::Null)),
        (json!(true), decided("refuse", by_domain("acme.com"), json!("enrollment_off"))),
    ] {
        let mut body = json!({ "email": "jane@acme.com" });
        if !existing.is_null() {
            body["existingUser"] = existing;
        }
        assert_eq!(decision(&world, &body).await, expected, "{body}");
        let all = world.post(ALL, &body).await.body;
        assert_eq!(all["organizations"][0]["decision"], expected.0, "{body}");
    }
}

#[tokio::test]
async fn a_request_is_previewed_with_the_roles_that_an_approval_would_give_now() {
    let (world, role) = world().await;
    let path = "/organizations/acme/jit/email-domains/acme.com";
    let settings = json!({ "enrollment": "request", "subdomains": true });
    assert_eq!(world.patch(path, &settings).await.status, 200);
    let mut expected = joins("acme", "acme.com", &json!([{ "id": role, "name": "Engineer" }]));
    expected["decision"] = json!("request");
    assert_eq!(preview(&world, ACME, "jane@acme.com").await, expected);
    let below = preview(&world, ACME, "jane@mail.acme.com").await;
    let rule = json!({ "kind": "email_domain", "emailDomain": "acme.com", "isSubdomain": true });
    assert_eq!([&below["decision"], &below["rule"]], [&json!("request"), &rule]);
    assert_eq!(world.patch(path, &json!({ "organizationRoleIds": [] })).await.status, 200);
    expected["organizationRoles"] = json!([]);
    assert_eq!(preview(&world, ACME, "jane@acme.com").await, expected);
}

#[tokio::test]
async fn a_new_domain_of_a_draft_starts_as_it_would_if_it_were_saved() {
    let joins = decided("join", by_domain("acme.org"), Value::Null);
    let not_proven = decided("refuse", by_domain("acme.org"), json!("domain_not_proven"));
    for (ownership, asked, expected) in [
        (DomainOwnership::Vouched, json!({}), &joins),
        (DomainOwnership::Vouched, json!({ "ownership": "pending" }), &not_proven),
        (DomainOwnership::Pending, json!({}), &not_proven),
        (DomainOwnership::Pending, json!({ "ownership": "pending" }), &not_proven),
    ] {
        let world = with_provider(ownership).await;
        let new = with(json!({ "emailDomain": "Acme.org" }), asked);
        let draft = json!({ "emailDomains": [{ "emailDomain": "acme.com" }, new] });
        let body = json!({ "email": "jane@acme.org", "draft": draft });
        let before = world.items().await;
        assert_eq!(decision(&world, &body).await, *expected);
        assert_eq!(world.items().await, before, "nothing is written");
        // What is saved then decides the same.
        let path = "/organizations/acme/jit/email-domains";
        assert_eq!(world.post(path, &new).await.status, 201);
        let saved = json!({ "email": "jane@acme.org" });
        assert_eq!(decision(&world, &saved).await, *expected);
    }
}

#[tokio::test]
async fn a_preview_of_one_organization_is_the_same_however_many_others_list_the_domain() {
    let world = World::new().await;
    let body = json!({ "emailDomain": "acme.com", "ownership": "pending" });
    world.organization("other-00").await;
    let path = "/organizations/other-00/jit/email-domains";
    assert_eq!(world.post(path, &body).await.status, 201);
    world.copy("other-00", (1..60).map(|number| format!("other-{number:02}"))).await;
    world.pass(Duration::from_secs(1));
    world.organization("acme").await;
    let path = "/organizations/acme/jit/email-domains";
    assert_eq!(world.post(path, &body).await.status, 201);

    let expected = decided("refuse", by_domain("acme.com"), json!("domain_not_proven"));
    let saved = json!({ "email": "jane@acme.com" });
    assert_eq!(decision(&world, &saved).await, expected);
    let draft = json!({ "email": "jane@acme.com", "draft": {} });
    assert_eq!(decision(&world, &draft).await, expected);
}

#[tokio::test]
async fn a_saved_domain_of_a_draft_keeps_its_state_and_the_settings_that_are_left_out() {
    let world = with_provider(DomainOwnership::Pending).await;
    let record = &world.get("/organizations/acme/jit/email-domains").await.body[0]["ownership"];
    let text = |member: &str| record["record"][member].as_str().expect("a record");
    world.name_server.add(text("name"), text("value")).await.expect("a name");
    let path = "/organizations/acme/jit/email-domains/acme.com";
    assert_eq!(world.ask(Method::POST, &format!("{path}/verify")).send().await.status, 200);
    assert_eq!(world.patch(path, &json!({ "enrollment": "request" })).await.status, 200);

    for (domains, expected) in [
        (json!([{ "emailDomain": "acme.com" }]), ("request", Value::Null)),
        (json!([{ "emailDomain": "acme.com", "enrollment": "automatic" }]), ("join", Value::Null)),
        (
            json!([{ "emailDomain": "acme.com", "enrollment": "off" }]),
            ("refuse", json!("enrollment_off")),
        ),
        (json!([]), ("refuse", json!("not_listed"))),
    ] {
        let body = json!({ "email": "jane@acme.com", "draft": { "emailDomains": domains } });
        let (decision, _, reason) = decision(&world, &body).await;
        assert_eq!((&*decision, reason), expected, "{body}");
    }
    // A list that is left out is as saved.
    let listed = json!([{ "id": "Acme-Okta", "emailDomains": "listed" }]);
    let body = json!({
        "email": "jane@acme.com",
        "identityProvider": "Acme-Okta",
        "draft": { "ssoConnectors": listed },
    });
    assert_eq!(decision(&world, &body).await, decided("join", by_okta(), Value::Null));
}

#[tokio::test]
async fn the_default_roles_of_a_draft_are_those_of_a_new_member() {
    let (world, role) = world().await;
    let id = world.role("Owner").await;
    let own = json!([{ "emailDomain": "acme.com", "organizationRoleIds": [role] }]);
    for (draft, expected) in [
        (json!({}), vec!["Engineer"]),
        (json!({ "organizationRoleIds": [] }), vec![]),
        (json!({ "organizationRoleIds": [id] }), vec!["Owner"]),
        (json!({ "organizationRoleIds": [id], "emailDomains": own }), vec!["Engineer"]),
        (json!({ "organizationRoleIds": ["gone", id] }), vec!["Owner"]),
    ] {
        let body = json!({ "email": "jane@acme.com", "draft": draft });
        let roles = world.post(ACME, &body).await.body["organizationRoles"].clone();
        let names: Vec<_> =
            roles.as_array().expect("a list").iter().map(|role| role["name"].clone()).collect();
        assert_eq!(names, expected, "{draft}");
    }
}

#[tokio::test]
async fn a_draft_that_cannot_be_saved_is_refused() {
    let (world, _) = world().await;
    let domains: Vec<_> =
        (0..1_001).map(|n| json!({ "emailDomain": format!("d{n}.example.com") })).collect();
    let connectors: Vec<_> = (0..101).map(|n| json!({ "id": format!("p{n}") })).collect();
    for (draft, code) in [
        (json!({ "emailDomains": domains }), "email_domains.limit_reached"),
        (json!({ "ssoConnectors": connectors }), "sso_connectors.limit_reached"),
    ] {
        let answer = world.post(ACME, &json!({ "email": "jane@acme.com", "draft": draft })).await;
        answer.problem(422, code);
    }
    let draft = json!({
        "emailDomains": [{ "emailDomain": "acme.com" }, { "emailDomain": "*.acme.com" }],
        "ssoConnectors": [{ "id": "a b" }],
    });
    let answer = world.post(ACME, &json!({ "email": "jane@acme.com", "draft": draft })).await;
    answer.problem(422, "request.invalid_values");
    assert_eq!(
        answer.errors(),
        [
            ("/draft/emailDomains/1/emailDomain", "email_domain.wildcard"),
            ("/draft/ssoConnectors/0/id", "sso_connector.unknown"),
        ]
    );
    let draft = json!({ "emailDomains": [] });
    let answer = world.post(ALL, &json!({ "email": "jane@acme.com", "draft": draft })).await;
    answer.problem(400, "request.invalid_body");
}

#[tokio::test]
async fn who_removed_an_address_and_when_is_previewed() {
    let (world, _) = world().await;
    world.sign_up("user-1", "jane@acme.com").await;
    world.pass(Duration::from_secs(60));
    let path = "/organizations/acme/users/user-1";
    let removal = world.ask(Method::DELETE, path).caller("console", "olga").send().await;
    assert_eq!(removal.status, 204);
    for body in [
        json!({ "email": "JANE@acme.com" }),
        json!({ "email": "jane@acme.com", "existingUser": true }),
        json!({ "email": "jane@acme.com", "draft": {} }),
    ] {
        let answer = world.post(ACME, &body).await.body;
        assert_eq!(answer["reason"], "removed_earlier", "{body}");
        assert_eq!(answer["removedAt"], "2026-01-01T00:01:00.000Z", "{body}");
        assert_eq!(answer["removedBy"], json!({ "clientId": "console", "subject": "olga" }));
    }
}

const ORGANIZATIONS: [&str; 3] = ["acme", "globex", "initech"];
const DOMAINS: [&str; 3] = ["acme.com", "mail.acme.com", "globex.example"];

/// An address that may or may not be one, in a domain that may or may not be listed.
fn email() -> impl Strategy<Value = String> {
    let domains = DOMAINS.into_iter().chain(["gmail.com", "elsewhere.example", "localhost", ""]);
    let local_parts = prop::sample::select(vec!["jane", "Jane", "j.d+x", "\"j\"", "", "a b"]);
    (local_parts, prop::sample::select(domains.collect::<Vec<_>>()), "(@|@|@|@@)")
        .prop_map(|(local_part, domain, at)| format!("{local_part}{at}{domain}"))
}

/// The domains that an organization lists, whether it has a default role, and whether Jane of
/// acme.com was removed from it.
fn configuration() -> impl Strategy<Value = (Vec<&'static str>, bool, bool)> {
    (prop::sample::subsequence(DOMAINS.to_vec(), 0..=DOMAINS.len()), any::<bool>(), any::<bool>())
}

/// The organizations that a preview promises, with their roles.
fn promised(preview: &Value) -> Vec<(Value, Value)> {
    let organizations = preview["organizations"].as_array().expect("a list").iter();
    let mut promised: Vec<_> = organizations
        .filter(|organization| organization["decision"] == "join")
        .map(|it| (it["organizationId"].clone(), it["organizationRoles"].clone()))
        .collect();
    promised.sort_by_key(|(id, _)| id.to_string());
    promised
}

#[test]
fn whatever_is_previewed_is_what_provisioning_then_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config =
        ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() };
    let configurations = prop::collection::vec(configuration(), ORGANIZATIONS.len());
    proptest!(config, |(configurations in configurations, email in email())| {
        let (before, each, after) = runtime.block_on(async {
            let world = World::new().await;
            let role = json!({ "organizationRoleIds": [world.role("Engineer").await] });
            for (id, (domains, has_role, _)) in ORGANIZATIONS.iter().zip(&configurations) {
                world.organization(id).await;
                world.domains(id, domains).await;
                if *has_role {
                    world.put(&format!("/organizations/{id}/jit/roles"), &role).await;
                }
            }
            world.sign_up("earlier", "jane@acme.com").await;
            for (id, (.., removed)) in ORGANIZATIONS.iter().zip(&configurations) {
                if *removed {
                    world.delete(&format!("/organizations/{id}/users/earlier")).await;
                }
            }
            let before = promised(&preview(&world, ALL, &email).await);
            let mut each = Vec::new();
            for id in ORGANIZATIONS {
                each.push(preview(&world, &format!("/organizations/{id}/jit/preview"), &email).await);
            }
            world.sign_up("new", &email).await;
            let joined = world.get("/users/new/organizations").await.body;
            let joined = joined.as_array().expect("a list").iter();
            let after: Vec<_> =
                joined.map(|it| (it["id"].clone(), it["organizationRoles"].clone())).collect();
            (before, promised(&json!({ "organizations": each })), after)
        });
        prop_assert_eq!(&before, &after, "{}", email);
        prop_assert_eq!(&each, &after, "{}", email);
    });
}
