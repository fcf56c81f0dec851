//! What each operation, and each way in which a user appears, tells: whole events.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use functions::openapi::with_internal_operations;
use serde_json::{Value, json};
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::text::Description;
use shared::domain::version::Precondition;
use shared::event::EventType;
use shared::http::Action;
use shared::store::{OrganizationChanges, OrganizationRoleChanges};

use crate::support::{
    Answer, Fate, Pool, START, SignIn, Told, World, naming_roles, pool_user, trigger_event,
    verified, with,
};

const ACME: &str = "/organizations/acme";
/// When the operation comes: a second after everything else.
const NOW: &str = "2026-01-01T00:00:01.000Z";

/// A request to an operation that changes something, with the events that it tells, by subject. `$a`,
/// `$b` and `$id` stand for the ids of the two roles and of what was created.
struct Case {
    operation: &'static str,
    path: String,
    body: Value,
    events: Vec<Value>,
}

fn case(operation: &'static str, path: &str, body: Value, events: Vec<Value>) -> Case {
    Case { operation, path: path.to_owned(), body, events }
}

/// An event that Olga has brought about with the console.
fn by_olga(kind: &str, more: Value) -> Value {
    by(&json!({ "type": "api", "clientId": "console", "subject": "olga" }), kind, more)
}

fn by(actor: &Value, kind: &str, more: Value) -> Value {
    with(json!({ "version": 1, "time": NOW, "type": kind, "actor": actor }), more)
}

/// An event about acme.
fn of_acme(kind: &str, more: Value) -> Value {
    by_olga(kind, with(json!({ "organizationId": "acme" }), more))
}

/// An event about somebody in acme.
fn of(user: &str, kind: &str, more: Value) -> Value {
    of_acme(kind, with(json!({ "userId": user }), more))
}

/// Somebody has become a member by hand.
fn added(user: &str, roles: &[&str]) -> Value {
    let after =
        json!({ "organizationRoleIds": roles, "joinedAt": NOW, "entryPath": "ManagementApi" });
    of(
        user,
        "Organization.Membership.Created",
        json!({ "cause": { "rule": "api" }, "after": after }),
    )
}

/// A membership with these roles has ended.
fn removed(user: &str, roles: &[&str], reason: &str) -> Value {
    let before = json!({ "organizationRoleIds": roles, "joinedAt": START });
    of(
        user,
        "Organization.Membership.Removed",
        json!({ "cause": { "reason": reason }, "before": before }),
    )
}

/// A request has ended.
fn request_ended(user: &str, how: &str, reason: Option<&str>) -> Value {
    let mut more = json!({ "before": { "requestedAt": START } });
    if let Some(reason) = reason {
        more["cause"] = json!({ "reason": reason });
    }
    of(user, &format!("Organization.JoinRequest.{how}"), more)
}

fn roles_changed(user: &str, before: &[&str], after: &[&str]) -> Value {
    let (before, after) = (naming_roles(before), naming_roles(after));
    of(user, "Organization.Membership.RolesChanged", json!({ "before": before, "after": after }))
}

fn default_roles_changed(before: &[&str], after: &[&str]) -> Value {
    let (before, after) = (naming_roles(before), naming_roles(after));
    of_acme("Organization.DefaultRoles.Changed", json!({ "before": before, "after": after }))
}

/// What Logto's clients get.
fn members_updated(added: &[&str], removed: &[&str]) -> Value {
    of_acme(
        "Organization.Membership.Updated",
        json!({ "addedUserIds": added, "removedUserIds": removed }),
    )
}

/// The settings of a domain that nobody has changed.
fn settings() -> Value {
    json!({
        "enrollment": "automatic",
        "existingUsers": null,
        "organizationRoleIds": null,
        "subdomains": false,
    })
}

/// Those of an identity provider.
fn provider_settings() -> Value {
    json!({ "enrollment": "automatic", "organizationRoleIds": null, "emailDomains": "any" })
}

fn domain(how: &str, name: &str, more: Value) -> Value {
    let more = with(json!({ "emailDomain": name }), more);
    of_acme(&format!("Organization.EmailDomain.{how}"), more)
}

fn provider(how: &str, name: &str, more: Value) -> Value {
    let more = with(json!({ "ssoConnectorId": name }), more);
    of_acme(&format!("Organization.SsoConnector.{how}"), more)
}

fn texts(name: &str, description: Option<&str>) -> Value {
    json!({ "name": name, "description": description })
}

fn users(ids: &[&str]) -> Value {
    json!({ "userIds": ids })
}

fn of_organizations() -> Vec<Case> {
    let about_new =
        |more| by_olga("Organization.Created", with(json!({ "organizationId": "new" }), more));
    let updated = |after: Value| {
        let before = texts("acme", None);
        of_acme("Organization.Updated", json!({ "before": before, "after": after }))
    };
    let custom_data = |changed: bool| json!({ "customDataChanged": changed });
    vec![
        case(
            "createOrganization",
            "/organizations",
            json!({ "id": "new", "name": "New", "customData": { "owner": "jane" } }),
            vec![about_new(json!({ "after": texts("New", None) }))],
        ),
        case(
            "createOrganization",
            "/organizations",
            json!({ "id": "new", "name": "New", "description": "Text" }),
            vec![about_new(json!({ "after": texts("New", Some("Text")) }))],
        ),
        case(
            "updateOrganization",
            ACME,
            json!({ "name": "Acme" }),
            vec![updated(with(texts("Acme", None), custom_data(false)))],
        ),
        case(
            "updateOrganization",
            ACME,
            json!({ "name": "acme", "description": "Text", "customData": { "a": 1 } }),
            vec![updated(with(texts("acme", Some("Text")), custom_data(true)))],
        ),
        case(
            "updateOrganization",
            ACME,
            json!({ "customData": { "a": 1 } }),
            vec![updated(with(texts("acme", None), custom_data(true)))],
        ),
        case(
            "deleteOrganization",
            ACME,
            json!(null),
            vec![of_acme(
                "Organization.Deleted",
                json!({ "before": with(texts("acme", None), json!({ "memberships": 4, "joinRequests": 2 })) }),
            )],
        ),
    ]
}

fn of_roles() -> Vec<Case> {
    let role = |how: &str, id: &str, more| {
        let more = with(json!({ "organizationRoleId": id }), more);
        by_olga(&format!("OrganizationRole.{how}"), more)
    };
    vec![
        case(
            "createOrganizationRole",
            "/organization-roles",
            json!({ "name": "C", "description": "Text" }),
            vec![role("Created", "$id", json!({ "after": texts("C", Some("Text")) }))],
        ),
        case(
            "updateOrganizationRole",
            "/organization-roles/$a",
            json!({ "name": "C" }),
            vec![role(
                "Updated",
                "$a",
                json!({ "before": texts("A", None), "after": texts("C", None) }),
            )],
        ),
        case(
            "updateOrganizationRole",
            "/organization-roles/$a",
            json!({ "description": "Text" }),
            vec![role(
                "Updated",
                "$a",
                json!({ "before": texts("A", None), "after": texts("A", Some("Text")) }),
            )],
        ),
        case(
            "deleteOrganizationRole",
            "/organization-roles/$a",
            json!(null),
            vec![role("Deleted", "$a", json!({ "before": texts("A", None) }))],
        ),
    ]
}

fn of_domains() -> Vec<Case> {
    let domains = format!("{ACME}/jit/email-domains");
    let vouched = json!({ "ownership": "vouched" });
    let own = json!({
        "enrollment": "request",
        "existingUsers": "off",
        "organizationRoleIds": ["$b"],
        "subdomains": true,
    });
    let ownership = |before: &str, after: &str, answer: Value| {
        let after = json!({ "ownership": after, "answer": answer });
        json!({ "before": { "ownership": before }, "after": after })
    };
    vec![
        case(
            "addEmailDomain",
            &domains,
            json!({ "emailDomain": "New.example" }),
            vec![domain(
                "Added",
                "new.example",
                json!({ "after": with(settings(), vouched.clone()) }),
            )],
        ),
        case(
            "addEmailDomain",
            &domains,
            with(json!({ "emailDomain": "new.example", "ownership": "pending" }), own.clone()),
            vec![domain(
                "Added",
                "new.example",
                json!({ "after": with(own.clone(), json!({ "ownership": "pending" })) }),
            )],
        ),
        case(
            "replaceEmailDomains",
            &domains,
            json!({ "emailDomains": ["new.example", "b.example", "c.example"] }),
            vec![
                domain("Removed", "a.example", json!({})),
                domain("Added", "new.example", json!({ "after": with(settings(), vouched) })),
            ],
        ),
        case(
            "deleteEmailDomain",
            &format!("{domains}/A.example"),
            json!(null),
            vec![domain("Removed", "a.example", json!({}))],
        ),
        case(
            "updateEmailDomain",
            &format!("{domains}/a.example"),
            own.clone(),
            vec![domain("Changed", "a.example", json!({ "before": settings(), "after": own }))],
        ),
        case(
            "verifyEmailDomain",
            &format!("{domains}/b.example/verify"),
            json!(null),
            vec![domain(
                "OwnershipChanged",
                "b.example",
                ownership("pending", "proven", json!("found")),
            )],
        ),
        case(
            "vouchEmailDomain",
            &format!("{domains}/b.example/vouch"),
            json!(null),
            vec![domain(
                "OwnershipChanged",
                "b.example",
                ownership("pending", "vouched", json!(null)),
            )],
        ),
    ]
}

fn of_providers() -> Vec<Case> {
    let providers = format!("{ACME}/jit/sso-connectors");
    let own = json!({
        "enrollment": "request",
        "organizationRoleIds": [],
        "emailDomains": "listed",
    });
    vec![
        case(
            "addSsoConnectors",
            &providers,
            with(json!({ "ssoConnectorIds": ["Okta", "Entra"] }), own.clone()),
            vec![provider("Added", "Entra", json!({ "after": own.clone() }))],
        ),
        case(
            "replaceSsoConnectors",
            &providers,
            json!({ "ssoConnectorIds": ["Entra"] }),
            vec![
                provider("Removed", "Okta", json!({})),
                provider("Added", "Entra", json!({ "after": provider_settings() })),
            ],
        ),
        case(
            "updateSsoConnector",
            &format!("{providers}/Okta"),
            own.clone(),
            vec![provider(
                "Changed",
                "Okta",
                json!({ "before": provider_settings(), "after": own }),
            )],
        ),
        case(
            "deleteSsoConnector",
            &format!("{providers}/Okta"),
            json!(null),
            vec![provider("Removed", "Okta", json!({}))],
        ),
    ]
}

fn of_default_roles() -> Vec<Case> {
    let defaults = format!("{ACME}/jit/roles");
    vec![
        case(
            "addDefaultRoles",
            &defaults,
            naming_roles(&["$a", "$b"]),
            vec![default_roles_changed(&["$a"], &["$a", "$b"])],
        ),
        case(
            "replaceDefaultRoles",
            &defaults,
            naming_roles(&["$b"]),
            vec![default_roles_changed(&["$a"], &["$b"])],
        ),
        case(
            "deleteDefaultRole",
            &format!("{defaults}/$a"),
            json!(null),
            vec![default_roles_changed(&["$a"], &[])],
        ),
    ]
}

fn of_members() -> Vec<Case> {
    let members = format!("{ACME}/users");
    vec![
        case(
            "addMembers",
            &members,
            with(users(&["joe", "kim", "liz"]), naming_roles(&["$b", "$a"])),
            vec![
                added("kim", &["$b", "$a"]),
                members_updated(&["kim"], &[]),
                added("liz", &["$b", "$a"]),
                members_updated(&["liz"], &[]),
            ],
        ),
        case(
            "addMembers",
            &members,
            users(&["ann"]),
            vec![
                request_ended("ann", "Removed", Some("became_member")),
                added("ann", &[]),
                members_updated(&["ann"], &[]),
            ],
        ),
        case(
            "addMembers",
            &members,
            with(users(&["bob"]), json!({ "restoreRoles": true })),
            vec![added("bob", &["$b"]), members_updated(&["bob"], &[])],
        ),
        case(
            "replaceMembers",
            &members,
            users(&["kim", "joe", "max", "mia"]),
            vec![
                removed("jane", &[], "removed"),
                members_updated(&[], &["jane"]),
                added("kim", &[]),
                members_updated(&["kim"], &[]),
            ],
        ),
        case(
            "removeMember",
            &format!("{members}/joe"),
            json!(null),
            vec![removed("joe", &["$a"], "removed"), members_updated(&[], &["joe"])],
        ),
        // Mia has the same address.
        case(
            "removeMember",
            &format!("{members}/max"),
            json!(null),
            vec![
                removed("max", &["$a"], "removed"),
                members_updated(&[], &["max", "mia"]),
                removed("mia", &["$a"], "same_address"),
            ],
        ),
        case(
            "clearRemovedUser",
            &format!("{ACME}/removed-users/bob"),
            json!(null),
            vec![of("bob", "Organization.RemovedUser.Cleared", json!({}))],
        ),
    ]
}

fn of_requests() -> Vec<Case> {
    let requests = format!("{ACME}/join-requests");
    let after = json!({
        "organizationRoleIds": ["$a"],
        "joinedAt": NOW,
        "entryPath": "PostConfirmation",
    });
    let cause = json!({ "rule": "email_domain", "emailDomain": "c.example" });
    let joined = json!({ "cause": cause, "after": after });
    vec![
        case(
            "approveJoinRequest",
            &format!("{requests}/ann/approve"),
            json!({}),
            vec![
                request_ended("ann", "Approved", None),
                of("ann", "Organization.Membership.Created", joined),
                members_updated(&["ann"], &[]),
            ],
        ),
        // Amy has the same address.
        case(
            "declineJoinRequest",
            &format!("{requests}/ann/decline"),
            json!(null),
            vec![
                request_ended("amy", "Removed", Some("same_address")),
                request_ended("ann", "Declined", None),
            ],
        ),
    ]
}

fn of_member_roles() -> Vec<Case> {
    let joes = format!("{ACME}/users/joe/roles");
    vec![
        case(
            "addMemberRoles",
            &joes,
            naming_roles(&["$a", "$b"]),
            vec![roles_changed("joe", &["$a"], &["$a", "$b"])],
        ),
        case(
            "replaceMemberRoles",
            &joes,
            json!({ "organizationRoleNames": ["B"] }),
            vec![roles_changed("joe", &["$a"], &["$b"])],
        ),
        case(
            "removeMemberRole",
            &format!("{joes}/$a"),
            json!(null),
            vec![roles_changed("joe", &["$a"], &[])],
        ),
        case(
            "assignMemberRoles",
            &format!("{ACME}/users/roles"),
            with(users(&["joe", "jane"]), naming_roles(&["$a"])),
            vec![roles_changed("jane", &[], &["$a"])],
        ),
    ]
}

fn of_users() -> Vec<Case> {
    let deleted = |user: &str| by_olga("User.Deleted", json!({ "userId": user }));
    let after = json!({
        "organizationRoleIds": ["$a"],
        "joinedAt": NOW,
        "entryPath": "ManagementApi",
    });
    let cause = json!({ "rule": "email_domain", "emailDomain": "a.example" });
    let joined = json!({ "cause": cause, "after": after });
    vec![
        case(
            "createUser",
            "/users",
            json!({ "primaryEmail": "new@a.example", "username": "new" }),
            vec![
                of("$id", "Organization.Membership.Created", joined),
                members_updated(&["$id"], &[]),
            ],
        ),
        case(
            "deleteUser",
            "/users/joe",
            json!(null),
            vec![
                deleted("joe"),
                removed("joe", &["$a"], "user_deleted"),
                members_updated(&[], &["joe"]),
            ],
        ),
        case(
            "deleteUser",
            "/users/ann",
            json!(null),
            vec![deleted("ann"), request_ended("ann", "Removed", Some("user_deleted"))],
        ),
        // The user was a member of nothing.
        case("deleteUser", "/users/kim", json!(null), vec![deleted("kim")]),
    ]
}

fn cases() -> Vec<Case> {
    [
        of_organizations(),
        of_roles(),
        of_domains(),
        of_providers(),
        of_default_roles(),
        of_members(),
        of_requests(),
        of_member_roles(),
        of_users(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A world with two roles. Acme lists a domain by which users join, one that has to be proven, one by
/// which they ask to join, and an identity provider. Its default role is A. Joe, who has the role A, and
/// Jane were added by hand. Max and Mia, who have the same address, have joined. Ann and Amy, who have the
/// same address, have asked to join. Bob had the role B, and was removed. Kim is a user, and Liz a member elsewhere.
async fn world() -> (World, Pool, [String; 2]) {
    let ids = ["joe", "jane", "kim", "liz", "ann", "amy", "bob", "max", "mia"];
    let pool_users = ids.map(|id| pool_user(id, id, &format!("{id}@home.example"), true));
    let pool = Pool::with_users(SignIn::Name, pool_users);
    let world = World::with_pool(&pool).await;
    let [a, b] = [world.role("A").await, world.role("B").await];
    world.organization("acme").await;
    world.domains("acme", &["a.example", "b.example", "c.example"]).await;
    world.listing("home", &["home.example"]).await;
    world.sign_up("liz", "liz@home.example").await;
    world.make_pending("acme", &["b.example"]).await;
    world.add_record("b.example").await;
    pool.add_provider("Okta", "SAML");
    pool.add_provider("Entra", "OIDC");
    for (method, path, body) in [
        (Method::PUT, "/jit/sso-connectors", json!({ "ssoConnectorIds": ["Okta"] })),
        (Method::PATCH, "/jit/email-domains/c.example", json!({ "enrollment": "request" })),
        (Method::PUT, "/jit/roles", naming_roles(&[&a])),
        (Method::POST, "/users", users(&["jane"])),
        (Method::POST, "/users", with(users(&["joe"]), naming_roles(&[&a]))),
        (Method::POST, "/users", with(users(&["bob"]), naming_roles(&[&b]))),
    ] {
        let answer = world.ask(method, &format!("{ACME}{path}")).json(&body).send().await;
        assert!(answer.status.is_success(), "{path}: {:#}", answer.body);
    }
    assert_eq!(world.delete(&format!("{ACME}/users/bob")).await.status, 204);
    for (user, email) in [
        ("max", "m@a.example"),
        ("mia", "m@a.example"),
        ("ann", "a@c.example"),
        ("amy", "a@c.example"),
    ] {
        world.sign_up(user, email).await;
    }
    world.pass(Duration::from_secs(1));
    (world, pool, [a, b])
}

/// The operations that write, by id, with method.
fn operations() -> Vec<(String, Method)> {
    let document = with_internal_operations();
    let paths = document["paths"].as_object().expect("paths").values();
    let all = paths.flat_map(|item| item.as_object().expect("methods").clone());
    let writing = all.filter_map(|(method, operation)| {
        let id = operation["operationId"].as_str()?.to_owned();
        let method = method.to_uppercase().parse().expect("a method");
        Action::ALL.iter().any(|action| action.as_str() == id).then_some((id, method))
    });
    writing.collect()
}

/// Does what an operation does, as Olga.
async fn request(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let ask = world.ask(method, path).caller("console", "olga");
    let ask = if body.is_null() { ask } else { ask.json(body) };
    ask.send().await
}

/// What was told, without the ids, which have to be those of their transactions: all that is on the
/// bus. The changes are in the order of their subjects, because some users change side by side.
async fn heard(world: &World, mut told: Vec<Told>) -> Vec<Value> {
    told.sort_by_key(|told| told.subject.clone());
    let mut heard = Vec::new();
    for Told { subject, id, events } in &told {
        let attributes = world.attributes(&format!("CHANGE#{subject}"), id).await;
        let change = world.store().read_change(&attributes).expect("a change");
        let published = serde_json::to_value(change.published()).expect("JSON");
        let published = published.as_array().expect("a list").clone();
        assert_eq!(published[..events.len()], events[..], "what is kept comes first");
        for (number, mut event) in published.into_iter().enumerate() {
            let known = event.as_object_mut().expect("an object").remove("id");
            assert_eq!(known, Some(format!("{id}-{number:03}").into()));
            heard.push(event);
        }
    }
    heard
}

fn filled(text: &str, [a, b]: &[String; 2], id: &Value) -> String {
    text.replace("$a", a).replace("$b", b).replace("$id", id.as_str().unwrap_or_default())
}

#[test]
fn each_operation_that_writes_and_each_type_has_a_case() {
    let all: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    let cases = cases();
    let tried: BTreeSet<_> = cases.iter().map(|case| case.operation).collect();
    assert_eq!(all, tried, "tests/it/events/types.rs (right) lacks a case of an operation");
    let all: BTreeSet<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    let events = cases.iter().flat_map(|case| &case.events);
    let told = events.map(|event| event["type"].as_str().expect("a type"));
    // No operation makes a request: see `a_sign_up_tells_a_request_with_its_rule`.
    let told: BTreeSet<_> = told.chain(["Organization.JoinRequest.Created"]).collect();
    assert_eq!(all, told, "tests/it/events/types.rs (right) lacks a case of a type");
}

#[tokio::test]
async fn each_write_tells_what_it_changes_and_its_repetition_tells_nothing() {
    let operations = operations();
    for Case { operation, path, body, events } in cases() {
        let (world, _, roles) = world().await;
        let what = format!("{operation} {path} {body}");
        let (_, method) = operations.iter().find(|(id, _)| id == operation).expect("an operation");
        let path = filled(&path, &roles, &json!(null));
        let body = filled(&body.to_string(), &roles, &json!(null));
        let body = serde_json::from_str(&body).expect("JSON");
        let mut stream = world.stream();
        stream.next();

        let answer = request(&world, method.clone(), &path, &body).await;

        assert!(answer.status.is_success(), "{what}: {:#}", answer.body);
        let events = filled(&json!(events).to_string(), &roles, &answer.body["id"]);
        let events: Vec<Value> = serde_json::from_str(&events).expect("JSON");
        let heard = heard(&world, stream.told()).await;
        assert_eq!(json!(heard), json!(events), "{what}: {:#}", json!(heard));

        // Only a user who is created has another id each time, which Cognito refuses here.
        let answer = request(&world, method.clone(), &path, &body).await;

        assert!(answer.status.as_u16() < 500, "{what}: {:#}", answer.body);
        assert_eq!(stream.told(), [], "{what}, once more");
    }
}

/// Jane's membership in acme, as she comes.
fn joined(entry_path: &str, cause: &Value) -> Vec<Value> {
    let actor = json!({ "type": "trigger", "entryPath": entry_path });
    let jane = json!({ "organizationId": "acme", "userId": "jane" });
    let after = json!({ "organizationRoleIds": [], "joinedAt": START, "entryPath": entry_path });
    let event = |kind: &str, more| {
        with(
            with(json!({ "version": 1, "time": START, "type": kind }), json!({ "actor": actor })),
            more,
        )
    };
    vec![
        event(
            "Organization.Membership.Created",
            with(jane, json!({ "cause": cause, "after": after })),
        ),
        event(
            "Organization.Membership.Updated",
            json!({ "organizationId": "acme", "addedUserIds": ["jane"], "removedUserIds": [] }),
        ),
    ]
}

fn by_domain() -> Value {
    json!({ "rule": "email_domain", "emailDomain": "acme.com" })
}

#[tokio::test]
async fn a_sign_up_tells_the_trigger_and_the_rule() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let mut stream = world.stream();
    stream.next();
    world.sign_up("jane", "jane@acme.com").await;
    let told = heard(&world, stream.told()).await;
    assert_eq!(told, joined("PostConfirmation", &by_domain()));
    world.sign_up("jane", "jane@acme.com").await;
    world.token("jane", "jane@acme.com").await;
    assert_eq!(stream.told(), []);
}

#[tokio::test]
async fn a_token_tells_the_trigger_and_the_rule() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let mut stream = world.stream();
    stream.next();
    world.token("jane", "jane@acme.com").await;
    let told = heard(&world, stream.told()).await;
    assert_eq!(told, joined("PreTokenGeneration", &by_domain()));
    world.token("jane", "jane@acme.com").await;
    assert_eq!(stream.told(), []);
}

#[tokio::test]
async fn a_sign_up_through_an_identity_provider_tells_the_provider() {
    let world = World::new().await;
    world.organization("acme").await;
    world.list_provider_anyway("acme", "Okta").await;
    let mut stream = world.stream();
    stream.next();
    let mut jane = verified("jane", "jane@home.example");
    jane["identities"] = json!([{ "userId": "j", "providerName": "Okta", "providerType": "SAML" }])
        .to_string()
        .into();
    let mut event = trigger_event("1", "PostConfirmation_ConfirmSignUp", &jane);
    event["userName"] = "Okta_j".into();
    world.post_confirmation(&event).await;
    let told = heard(&world, stream.told()).await;
    let cause = json!({ "rule": "sso_connector", "ssoConnectorId": "Okta" });
    assert_eq!(told, joined("PostConfirmation", &cause));
}

#[tokio::test]
async fn a_sign_up_tells_a_request_with_its_rule() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let path = format!("{ACME}/jit/email-domains/acme.com");
    assert_eq!(world.patch(&path, &json!({ "enrollment": "request" })).await.status, 200);
    let mut stream = world.stream();
    stream.next();
    world.sign_up("jane", "jane@acme.com").await;
    let told = heard(&world, stream.told()).await;
    let expected = json!({
        "version": 1,
        "time": START,
        "type": "Organization.JoinRequest.Created",
        "organizationId": "acme",
        "userId": "jane",
        "actor": { "type": "trigger", "entryPath": "PostConfirmation" },
        "cause": by_domain(),
        "after": { "requestedAt": START, "entryPath": "PostConfirmation" },
    });
    assert_eq!(told, [expected]);
    // The rule admits by itself now.
    assert_eq!(world.patch(&path, &json!({ "enrollment": "automatic" })).await.status, 200);
    stream.next();
    world.token("jane", "jane@acme.com").await;
    let told = heard(&world, stream.told()).await;
    let [created, updated] = joined("PreTokenGeneration", &by_domain()).try_into().expect("two");
    let ended = json!({
        "version": 1,
        "time": START,
        "type": "Organization.JoinRequest.Removed",
        "organizationId": "acme",
        "userId": "jane",
        "actor": { "type": "trigger", "entryPath": "PreTokenGeneration" },
        "cause": { "reason": "became_member" },
        "before": { "requestedAt": START },
    });
    assert_eq!(told, [ended, created, updated]);
}

#[tokio::test]
async fn the_hourly_check_tells_that_it_was_the_schedule() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    world.make_pending("acme", &["acme.com"]).await;
    let mut stream = world.stream();
    stream.next();
    world.invoke("check-email-domains", &json!({})).await;
    assert_eq!(stream.told(), [], "the record is not there, as before");
    world.add_record("acme.com").await;
    world.pass(Duration::from_secs(3_600));
    world.invoke("check-email-domains", &json!({})).await;
    let told = heard(&world, stream.told()).await;
    let expected = json!({
        "version": 1,
        "time": "2026-01-01T01:00:00.000Z",
        "type": "Organization.EmailDomain.OwnershipChanged",
        "organizationId": "acme",
        "emailDomain": "acme.com",
        "actor": { "type": "schedule" },
        "before": { "ownership": "pending" },
        "after": { "ownership": "proven", "answer": "found" },
    });
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn without_a_token_nothing_is_known_about_the_caller() {
    let world = World::new().await;
    let mut stream = world.stream();
    world.organization("acme").await;
    let told = heard(&world, stream.told()).await;
    let expected = json!({
        "version": 1,
        "time": START,
        "type": "Organization.Created",
        "organizationId": "acme",
        "actor": { "type": "api" },
        "after": { "name": "acme", "description": null },
    });
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn a_deletion_beside_an_update_tells_what_was_deleted() {
    let world = World::new().await;
    let id = world.role("A").await;
    world.organization("acme").await;
    let (store, role) = (world.store(), OrganizationRoleId::parse(&id).expect("an id"));
    let new = Description::parse("New").expect("a description");
    let changes = OrganizationRoleChanges { name: None, description: Some(Some(new.clone())) };
    let update = async move {
        let updated = store.update_organization_role(&role, &changes, &Precondition::None).await;
        updated.expect("the role is updated");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(update));
    assert_eq!(world.delete(&format!("/organization-roles/{id}")).await.status, 204);
    let (store, acme) = (world.store(), OrganizationId::parse("acme").expect("an id"));
    let changes = OrganizationChanges { description: Some(Some(new)), ..Default::default() };
    let update = async move {
        let updated = store.update_organization(&acme, &changes, &Precondition::None).await;
        updated.expect("the organization is updated");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(update));
    assert_eq!(world.delete(ACME).await.status, 204);

    let told = heard(&world, world.stream().told()).await;

    let before = |kind: &str| {
        let event = told.iter().find(|event| event["type"] == kind).expect("it is told");
        event["before"]["description"].clone()
    };
    assert_eq!(before("OrganizationRole.Deleted"), "New");
    assert_eq!(before("Organization.Deleted"), "New");
}
