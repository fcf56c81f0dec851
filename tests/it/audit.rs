//! The audit line: every operation of the OpenAPI document that writes logs what it has changed, once,
//! with the caller.

use std::collections::BTreeSet;

use functions::openapi::with_internal_operations;
use functions::{FUNCTIONS, Function};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::http::{Action, LARGEST_LINE};

use crate::support::{Fate, Logs, Pool, SignIn, World, http_event, naming_roles, pool_user, with};

const ACME: &str = "/organizations/acme";

/// A request to an operation that changes something, with its audit line. `$a`, `$b` and `$id` stand
/// for the ids of the two roles and of what was created.
pub(crate) struct Case {
    pub(crate) operation: &'static str,
    pub(crate) address: String,
    pub(crate) body: Value,
    line: Value,
}

fn case(operation: &'static str, address: &str, body: Value, line: Value) -> Case {
    Case { operation, address: address.to_owned(), body, line }
}

/// A case of each operation that writes, and more of some.
pub(crate) fn cases([a, b]: &[String; 2]) -> Vec<Case> {
    let domains = format!("{ACME}/jit/email-domains");
    let providers = format!("{ACME}/jit/sso-connectors");
    let defaults = format!("{ACME}/jit/roles");
    let members = format!("{ACME}/users");
    let joes_roles = format!("{members}/joe/roles");
    let users = |ids: &[&str]| json!({ "userIds": ids });
    let in_acme = |line: Value| {
        let mut line = line;
        line["organization"] = "acme".into();
        line
    };
    let of_joe = |line: Value| {
        let mut line = in_acme(line);
        line["user"] = "joe".into();
        line
    };
    vec![
        case(
            "createOrganization",
            "/organizations",
            json!({ "id": "new", "name": "Jane's", "customData": { "owner": "jane" } }),
            json!({ "organization": "new" }),
        ),
        case("updateOrganization", ACME, json!({ "name": "Jane's" }), in_acme(json!({}))),
        case("updateOrganization", ACME, json!({ "description": "Jane" }), in_acme(json!({}))),
        case("updateOrganization", ACME, json!({ "customData": { "a": 1 } }), in_acme(json!({}))),
        case(
            "updateOrganization",
            ACME,
            json!({ "name": "acme", "description": "Jane", "customData": {} }),
            in_acme(json!({})),
        ),
        case("deleteOrganization", ACME, json!(null), in_acme(json!({}))),
        case(
            "createOrganizationRole",
            "/organization-roles",
            json!({ "name": "Jane's", "description": "Jane" }),
            json!({ "role": "$id" }),
        ),
        case(
            "updateOrganizationRole",
            &format!("/organization-roles/{a}"),
            json!({ "name": "Jane's" }),
            json!({ "role": "$a" }),
        ),
        case(
            "updateOrganizationRole",
            &format!("/organization-roles/{a}"),
            json!({ "description": "Jane" }),
            json!({ "role": "$a" }),
        ),
        case(
            "deleteOrganizationRole",
            &format!("/organization-roles/{a}"),
            json!(null),
            json!({ "role": "$a" }),
        ),
        case(
            "addEmailDomain",
            &domains,
            json!({ "emailDomain": "New.example" }),
            in_acme(json!({ "added": "new.example", "added_count": 1 })),
        ),
        case(
            "replaceEmailDomains",
            &domains,
            json!({ "emailDomains": ["new.example", "b.example", "new2.example"] }),
            in_acme(json!({
                "added": "new.example new2.example",
                "added_count": 2,
                "removed": "a.example",
                "removed_count": 1,
            })),
        ),
        case(
            "deleteEmailDomain",
            &format!("{domains}/a.example"),
            json!(null),
            in_acme(json!({ "removed": "a.example", "removed_count": 1 })),
        ),
        case(
            "updateEmailDomain",
            &format!("{domains}/A.example"),
            json!({ "enrollment": "off", "organizationRoleIds": [b] }),
            in_acme(json!({ "rule": "a.example" })),
        ),
        case(
            "verifyEmailDomain",
            &format!("{domains}/B.example/verify"),
            json!(null),
            in_acme(json!({ "rule": "b.example", "ownership": "pending" })),
        ),
        case(
            "vouchEmailDomain",
            &format!("{domains}/B.example/vouch"),
            json!(null),
            in_acme(json!({ "rule": "b.example", "ownership": "vouched" })),
        ),
        case(
            "addSsoConnectors",
            &providers,
            json!({ "ssoConnectorIds": ["Okta", "Entra"] }),
            in_acme(json!({ "added": "Entra", "added_count": 1 })),
        ),
        case(
            "replaceSsoConnectors",
            &providers,
            json!({ "ssoConnectorIds": ["Entra"] }),
            in_acme(json!({
                "added": "Entra",
                "added_count": 1,
                "removed": "Okta",
                "removed_count": 1,
            })),
        ),
        case(
            "updateSsoConnector",
            &format!("{providers}/Okta"),
            json!({ "emailDomains": "listed" }),
            in_acme(json!({ "rule": "Okta" })),
        ),
        case(
            "deleteSsoConnector",
            &format!("{providers}/Okta"),
            json!(null),
            in_acme(json!({ "removed": "Okta", "removed_count": 1 })),
        ),
        case(
            "addDefaultRoles",
            &defaults,
            naming_roles(&[a, b]),
            in_acme(json!({ "added": "$b", "added_count": 1 })),
        ),
        case(
            "replaceDefaultRoles",
            &defaults,
            naming_roles(&[b]),
            in_acme(json!({
                "added": "$b",
                "added_count": 1,
                "removed": "$a",
                "removed_count": 1,
            })),
        ),
        case(
            "deleteDefaultRole",
            &format!("{defaults}/{a}"),
            json!(null),
            in_acme(json!({ "removed": "$a", "removed_count": 1 })),
        ),
        case(
            "addMembers",
            &members,
            users(&["joe", "kim", "liz"]),
            in_acme(json!({ "added": "kim liz", "added_count": 2 })),
        ),
        case(
            "addMembers",
            &members,
            json!({ "userIds": ["joe", "kim"], "organizationRoleIds": [b, a] }),
            in_acme(json!({
                "added": "kim",
                "added_count": 1,
                "roles": "$a $b",
                "role_count": 2,
            })),
        ),
        case(
            "replaceMembers",
            &members,
            users(&["kim", "joe"]),
            in_acme(json!({
                "added": "kim",
                "added_count": 1,
                "removed": "jane",
                "removed_count": 1,
            })),
        ),
        case(
            "removeMember",
            &format!("{members}/joe"),
            json!(null),
            of_joe(json!({ "removed": "joe", "removed_count": 1 })),
        ),
        case(
            "addMembers",
            &members,
            json!({ "userIds": ["bob", "kim"], "organizationRoleIds": [a], "restoreRoles": true }),
            in_acme(json!({
                "added": "bob kim",
                "added_count": 2,
                "roles": "$a $b",
                "role_count": 2,
            })),
        ),
        case(
            "approveJoinRequest",
            &format!("{ACME}/join-requests/ann/approve"),
            json!({}),
            in_acme(json!({ "user": "ann", "roles": "$a", "role_count": 1 })),
        ),
        case(
            "declineJoinRequest",
            &format!("{ACME}/join-requests/ann/decline"),
            json!(null),
            in_acme(json!({ "user": "ann", "removed": "ann", "removed_count": 1 })),
        ),
        case(
            "clearRemovedUser",
            &format!("{ACME}/removed-users/bob"),
            json!(null),
            in_acme(json!({ "user": "bob" })),
        ),
        case(
            "addMemberRoles",
            &joes_roles,
            naming_roles(&[a, b]),
            of_joe(json!({ "added": "$b", "added_count": 1 })),
        ),
        case(
            "replaceMemberRoles",
            &joes_roles,
            json!({ "organizationRoleNames": ["B"] }),
            of_joe(json!({
                "added": "$b",
                "added_count": 1,
                "removed": "$a",
                "removed_count": 1,
            })),
        ),
        case(
            "removeMemberRole",
            &format!("{joes_roles}/{a}"),
            json!(null),
            of_joe(json!({ "removed": "$a", "removed_count": 1 })),
        ),
        case(
            "assignMemberRoles",
            &format!("{members}/roles"),
            json!({ "userIds": ["joe", "jane"], "organizationRoleIds": [a] }),
            in_acme(json!({
                "users": "jane",
                "user_count": 1,
                "added": "$a",
                "added_count": 1,
            })),
        ),
        case(
            "createUser",
            "/users",
            json!({ "primaryEmail": "max@a.example", "username": "max", "name": "Max" }),
            json!({ "user": "$id" }),
        ),
        case("deleteUser", "/users/joe", json!(null), json!({ "user": "joe" })),
    ]
}

/// The users of [`world`].
pub(crate) fn pool() -> Pool {
    let users = ["joe", "jane", "kim", "liz", "ann", "bob"];
    let users = users.map(|id| pool_user(id, id, &format!("{id}@home.example"), true));
    Pool::with_users(SignIn::Name, users)
}

/// A world with two roles. Acme lists two domains, one identity provider and one default role, which Joe
/// has. Joe and Jane are members, Kim and Liz are users. Ann has asked to join, and Bob was removed, who
/// had the other role.
async fn world() -> (World, Pool, [String; 2]) {
    let pool = pool();
    let world = World::with_pool(&pool).await;
    let roles = furnish(&world, &pool).await;
    (world, pool, roles)
}

/// Makes a new world with these users such a one, and answers the ids of the roles.
pub(crate) async fn furnish(world: &World, pool: &Pool) -> [String; 2] {
    let [a, b] = [world.role("A").await, world.role("B").await];
    world.organization("acme").await;
    world.domains("acme", &["a.example", "b.example"]).await;
    world.make_pending("acme", &["b.example"]).await;
    pool.add_provider("Okta", "SAML");
    pool.add_provider("Entra", "OIDC");
    let listed = json!({ "ssoConnectorIds": ["Okta"] });
    assert_eq!(world.put(&format!("{ACME}/jit/sso-connectors"), &listed).await.status, 204);
    world.default_roles("acme", &[&a]).await;
    let members = json!({ "userIds": ["joe", "jane"] });
    assert_eq!(world.post(&format!("{ACME}/users"), &members).await.status, 201);
    let roles = format!("{ACME}/users/joe/roles");
    assert_eq!(world.put(&roles, &naming_roles(&[&a])).await.status, 204);
    let (bob, with_role) = (format!("{ACME}/users/bob"), naming_roles(&[&b]));
    let added = with(json!({ "userIds": ["bob"] }), with_role);
    assert_eq!(world.post(&format!("{ACME}/users"), &added).await.status, 201);
    assert_eq!(world.delete(&bob).await.status, 204);
    world.ask_to_join("ann", "acme", "ann@a.example").await;
    [a, b]
}

/// The operations that write, by id, with method and path.
fn operations() -> Vec<(String, String, String)> {
    let document = with_internal_operations();
    let paths = document["paths"].as_object().expect("paths").iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let writing = all.filter(|(.., operation)| {
        let scopes = operation["security"][0]["operators"].as_array().into_iter().flatten();
        scopes.into_iter().any(|scope| scope == "usher/write")
    });
    writing
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            (id, method.to_uppercase(), path.clone())
        })
        .collect()
}

/// The function of an operation, and the event of a request to it, as API Gateway sends it, with a token of
/// this client and this subject.
pub(crate) fn request(operation: &str, address: &str, body: &Value) -> (&'static Function, Value) {
    let all = operations();
    let (_, method, path) =
        all.iter().find(|(id, ..)| id == operation).unwrap_or_else(|| panic!("no {operation}"));
    let serves = |function: &&Function| {
        let mut routes = function.routes().into_iter();
        routes.any(|route| route.method == method.as_str() && route.openapi_path() == *path)
    };
    let function = FUNCTIONS.iter().find(serves).expect("a function");
    let mut event = http_event(method, address);
    event["requestContext"]["authorizer"]["jwt"]["claims"] =
        json!({ "client_id": "console", "sub": "operator-1", "username": "olga@usher.example" });
    if !body.is_null() {
        event["headers"]["content-type"] = "application/json".into();
        event["body"] = body.to_string().into();
    }
    (function, event)
}

/// Sends such a request.
async fn send(world: &World, operation: &str, address: &str, body: &Value) -> (u64, Value) {
    let (function, event) = request(operation, address, body);
    let answer = world.invoke(function.name, &event).await;
    let text = answer["body"].as_str().unwrap_or_default();
    let status = answer["statusCode"].as_u64().expect("a status");
    (status, serde_json::from_str(text).unwrap_or_default())
}

/// The audit lines since the lines were asked for last, without what they all have.
fn audited(logs: &Logs) -> Vec<Value> {
    let lines = logs.lines().into_iter().filter(|line| line["message"] == "audit");
    lines
        .map(|mut line| {
            let fields = line.as_object_mut().expect("an object");
            assert_eq!(fields.remove("level"), Some("INFO".into()));
            assert_eq!(fields.remove("target"), Some("shared::http::audit".into()));
            fields.remove("message");
            line
        })
        .collect()
}

/// A line of this operation by the caller of [`send`], or by none.
fn line_of(operation: &str, [client_id, subject]: [&str; 2], line: &Value) -> Value {
    let mut whole = json!({ "action": operation, "client_id": client_id, "subject": subject });
    let fields = line.as_object().expect("an object").clone();
    whole.as_object_mut().expect("an object").extend(fields);
    whole
}

const NO_LINE: [Value; 0] = [];
const OPERATOR: [&str; 2] = ["console", "operator-1"];
const NOBODY: [&str; 2] = ["none", "none"];

#[test]
fn each_operation_that_writes_has_an_action_and_a_case() {
    let writing: BTreeSet<_> = operations().into_iter().map(|(id, ..)| id).collect();
    let actions: BTreeSet<_> = Action::ALL.iter().map(|it| it.as_str().to_owned()).collect();
    assert_eq!(
        writing, actions,
        "shared/src/http/audit.rs (right) lacks an action, or has one more"
    );
    let cases: BTreeSet<_> =
        cases(&Default::default()).iter().map(|case| case.operation.to_owned()).collect();
    assert_eq!(writing, cases, "tests/it/audit.rs (right) lacks a case of an operation");
}

#[tokio::test]
async fn each_write_has_one_audit_line_with_its_caller_and_its_repetition_has_none() {
    for number in 0..cases(&Default::default()).len() {
        let (world, _, roles) = world().await;
        let Case { operation, address, body, line } = cases(&roles).swap_remove(number);
        let what = format!("{operation} {address} {body}");
        let logs = Logs::capture();

        let (status, answer) = send(&world, operation, &address, &body).await;

        assert!((200..300).contains(&status), "{what}: {answer:#}");
        let id = answer["id"].as_str().unwrap_or_default();
        let line = line.to_string().replace("$a", &roles[0]).replace("$b", &roles[1]);
        let line = serde_json::from_str(&line.replace("$id", id)).expect("JSON");
        assert_eq!(audited(&logs), [line_of(operation, OPERATOR, &line)], "{what}");

        let (status, answer) = send(&world, operation, &address, &body).await;

        assert!(status < 500, "{what}: {answer:#}");
        assert_eq!(audited(&logs), NO_LINE, "{what}, once more");
    }
}

#[tokio::test]
async fn a_refused_write_has_no_audit_line() {
    let (world, _, [a, b]) = world().await;
    let gone = "/organizations/nobody";
    let users = |ids: &[&str]| json!({ "userIds": ids });
    let logs = Logs::capture();
    for (operation, address, body) in [
        ("createOrganization", "/organizations".to_owned(), json!({ "name": "" })),
        ("createOrganization", "/organizations".to_owned(), json!({ "id": "acme", "name": "A" })),
        ("updateOrganization", gone.to_owned(), json!({ "name": "New" })),
        ("updateOrganization", ACME.to_owned(), json!({ "name": "" })),
        ("deleteOrganization", gone.to_owned(), json!(null)),
        ("createOrganizationRole", "/organization-roles".to_owned(), json!({ "name": "a" })),
        ("updateOrganizationRole", format!("/organization-roles/{a}"), json!({ "name": "B" })),
        ("deleteOrganizationRole", "/organization-roles/nobody".to_owned(), json!(null)),
        (
            "addEmailDomain",
            format!("{ACME}/jit/email-domains"),
            json!({ "emailDomain": "gmail.com" }),
        ),
        (
            "addEmailDomain",
            format!("{gone}/jit/email-domains"),
            json!({ "emailDomain": "c.example" }),
        ),
        ("replaceEmailDomains", format!("{gone}/jit/email-domains"), json!({ "emailDomains": [] })),
        (
            "updateEmailDomain",
            format!("{ACME}/jit/email-domains/c.example"),
            json!({ "enrollment": "off" }),
        ),
        ("deleteEmailDomain", format!("{ACME}/jit/email-domains/c.example"), json!(null)),
        (
            "addSsoConnectors",
            format!("{ACME}/jit/sso-connectors"),
            json!({ "ssoConnectorIds": ["Entra", "Nobody"] }),
        ),
        (
            "replaceSsoConnectors",
            format!("{gone}/jit/sso-connectors"),
            json!({ "ssoConnectorIds": [] }),
        ),
        (
            "updateSsoConnector",
            format!("{ACME}/jit/sso-connectors/Entra"),
            json!({ "enrollment": "off" }),
        ),
        ("deleteSsoConnector", format!("{ACME}/jit/sso-connectors/Entra"), json!(null)),
        ("addDefaultRoles", format!("{ACME}/jit/roles"), naming_roles(&["nobody"])),
        ("replaceDefaultRoles", format!("{gone}/jit/roles"), naming_roles(&[&a])),
        ("deleteDefaultRole", format!("{ACME}/jit/roles/{b}"), json!(null)),
        ("addMembers", format!("{ACME}/users"), users(&["kim", "nobody"])),
        ("replaceMembers", format!("{ACME}/users"), users(&["kim", "nobody"])),
        ("removeMember", format!("{ACME}/users/kim"), json!(null)),
        ("approveJoinRequest", format!("{ACME}/join-requests/kim/approve"), json!({})),
        ("approveJoinRequest", format!("{ACME}/join-requests/bob/approve"), json!({})),
        ("declineJoinRequest", format!("{ACME}/join-requests/joe/decline"), json!(null)),
        ("clearRemovedUser", format!("{ACME}/removed-users/ann"), json!(null)),
        ("addMemberRoles", format!("{ACME}/users/kim/roles"), naming_roles(&[&a])),
        ("replaceMemberRoles", format!("{ACME}/users/joe/roles"), naming_roles(&["nobody"])),
        ("removeMemberRole", format!("{ACME}/users/joe/roles/{b}"), json!(null)),
        (
            "assignMemberRoles",
            format!("{ACME}/users/roles"),
            json!({ "userIds": ["jane", "kim"], "organizationRoleIds": [a] }),
        ),
        ("createUser", "/users".to_owned(), json!({ "primaryEmail": "max" })),
        (
            "createUser",
            "/users".to_owned(),
            json!({ "primaryEmail": "max@a.example", "username": "joe" }),
        ),
        ("deleteUser", "/users/nobody".to_owned(), json!(null)),
    ] {
        let (status, answer) = send(&world, operation, &address, &body).await;
        assert!((400..500).contains(&status), "{operation} {address} {body}: {answer:#}");
        assert_eq!(audited(&logs), NO_LINE, "{operation} {address} {body}");
    }
}

#[tokio::test]
async fn a_list_that_shows_the_same_as_before_has_no_audit_line() {
    let (world, _, [a, b]) = world().await;
    let (defaults, roles) = (format!("{ACME}/jit/roles"), format!("{ACME}/users/joe/roles"));
    for path in [&defaults, &roles] {
        assert_eq!(world.put(path, &naming_roles(&[&a, &b])).await.status, 204);
    }
    let logs = Logs::capture();
    for path in [&defaults, &roles] {
        assert_eq!(world.put(path, &naming_roles(&[&b, &a])).await.status, 204);
    }
    assert_eq!(audited(&logs), NO_LINE, "the order of roles does not count");

    assert_eq!(world.delete(&format!("/organization-roles/{a}")).await.status, 204);
    logs.lines();
    for path in [&defaults, &roles] {
        // What is stored still has the deleted role.
        assert_eq!(world.put(path, &naming_roles(&[&b])).await.status, 204);
    }
    let domains = json!({ "emailDomains": ["B.example", "a.example", "b.example"] });
    assert_eq!(world.put(&format!("{ACME}/jit/email-domains"), &domains).await.status, 204);
    assert_eq!(world.patch(ACME, &json!({})).await.status, 200);
    assert_eq!(audited(&logs), NO_LINE);
}

#[tokio::test]
async fn of_two_changes_to_the_same_only_the_first_has_an_audit_line() {
    for body in [
        json!({ "name": "New" }),
        json!({ "description": "New" }),
        json!({ "customData": { "a": 1 } }),
        json!({ "name": "New", "description": "New", "customData": { "a": 1 } }),
    ] {
        let (world, ..) = world().await;
        let store = world.store();
        let other = serde_json::from_value::<Value>(body.clone()).expect("JSON");
        world.wire.next("TransactWriteItems", Fate::overtaken(changed(store, other)));
        let logs = Logs::capture();
        assert_eq!(world.patch(ACME, &body).await.status, 200, "{body}");
        assert_eq!(audited(&logs), NO_LINE, "{body}");
    }

    let (world, ..) = world().await;
    let other = json!({ "name": "New" });
    world.wire.next("TransactWriteItems", Fate::overtaken(changed(world.store(), other)));
    let logs = Logs::capture();
    let both = json!({ "name": "New", "description": "New" });
    assert_eq!(world.patch(ACME, &both).await.status, 200);
    let line = line_of("updateOrganization", NOBODY, &json!({ "organization": "acme" }));
    assert_eq!(audited(&logs), [line], "the description is this request's");
}

/// Another request's change of Acme.
async fn changed(store: shared::store::Store, body: Value) {
    use shared::domain::custom_data::CustomData;
    use shared::domain::ids::OrganizationId;
    use shared::domain::text::{Description, Name};
    use shared::domain::version::Precondition;
    use shared::store::OrganizationChanges;
    let text = |name: &str| body[name].as_str();
    let data = (!body["customData"].is_null())
        .then(|| serde_json::value::to_raw_value(&body["customData"]).expect("JSON"));
    let changes = OrganizationChanges {
        name: text("name").map(|it| Name::normalise(it).expect("a name")),
        description: text("description")
            .map(|it| Some(Description::normalise(it).expect("a description"))),
        custom_data: data.map(|it| CustomData::parse(it).expect("an object")),
    };
    let acme = OrganizationId::parse("acme").expect("an id");
    let updated = store.update_organization(&acme, &changes, &Precondition::None).await;
    assert!(updated.expect("the store works").is_changed);
}

#[tokio::test]
async fn a_replacement_of_domains_that_stops_names_what_it_has_done() {
    let wanted: BTreeSet<_> = (0..150).map(|number| format!("d{number:03}.example")).collect();
    let body = json!({ "emailDomains": wanted });
    for fate in [Fate::Reply { status: 500, body: json!({}) }, Fate::canceled(&["ValidationError"])]
    {
        let (world, ..) = world().await;
        world.wire.next("TransactWriteItems", Fate::undisturbed());
        for _ in 0..3 {
            world.wire.next("TransactWriteItems", fate.clone());
        }
        let logs = Logs::capture();
        let answer = world.put(&format!("{ACME}/jit/email-domains"), &body).await;
        assert!(answer.status.as_u16() >= 500, "{:#}", answer.body);

        let lines = audited(&logs);
        let listed = world.get(&format!("{ACME}/jit/email-domains")).await.body;
        let listed = listed.as_array().expect("a list").iter();
        let listed: Vec<_> = listed.map(|it| it["emailDomain"].as_str().expect("a text")).collect();
        let line = json!({
            "organization": "acme",
            "added": listed.join(" "),
            "added_count": 96,
            "removed": "a.example b.example",
            "removed_count": 2,
        });
        assert_eq!(lines, [line_of("replaceEmailDomains", NOBODY, &line)]);
    }
}

#[tokio::test]
async fn an_addition_of_members_that_stops_names_those_who_were_added() {
    let (world, _, _) = world().await;
    // Kim is written, Liz is not.
    world.wire.next("TransactWriteItems", Fate::undisturbed());
    world.wire.next("TransactWriteItems", Fate::canceled(&["ValidationError"]));
    let logs = Logs::capture();
    let body = json!({ "userIds": ["kim", "liz"] });
    let answer = world.post(&format!("{ACME}/users"), &body).await;
    answer.problem(500, "internal");

    let members = world.get(&format!("{ACME}/users")).await;
    let added: Vec<_> =
        members.ids().into_iter().filter(|id| ["kim", "liz"].contains(id)).collect();
    let [added] = added.as_slice() else { panic!("one was added: {added:?}") };
    let line = json!({ "organization": "acme", "added": added, "added_count": 1 });
    assert_eq!(audited(&logs), [line_of("addMembers", NOBODY, &line)]);
}

#[tokio::test]
async fn a_replacement_of_members_that_stops_names_those_who_were_added_and_removed() {
    let (world, _, _) = world().await;
    // Kim is added, and of Joe and Jane one is removed.
    for fate in [Fate::undisturbed(), Fate::undisturbed(), Fate::canceled(&["ValidationError"])] {
        world.wire.next("TransactWriteItems", fate);
    }
    let logs = Logs::capture();
    let answer = world.put(&format!("{ACME}/users"), &json!({ "userIds": ["kim"] })).await;
    answer.problem(500, "internal");

    let members = world.get(&format!("{ACME}/users")).await;
    let removed: Vec<_> =
        ["jane", "joe"].into_iter().filter(|id| !members.ids().contains(id)).collect();
    let [removed] = removed.as_slice() else { panic!("one was removed: {removed:?}") };
    let line = json!({
        "organization": "acme",
        "added": "kim",
        "added_count": 1,
        "removed": removed,
        "removed_count": 1,
    });
    assert_eq!(audited(&logs), [line_of("replaceMembers", NOBODY, &line)]);
}

#[tokio::test]
async fn an_assignment_that_stops_names_the_members_who_have_the_roles() {
    let (world, _, [_, b]) = world().await;
    world.wire.next("TransactWriteItems", Fate::undisturbed());
    world.wire.next("TransactWriteItems", Fate::canceled(&["ValidationError"]));
    let logs = Logs::capture();
    let body = json!({ "userIds": ["joe", "jane"], "organizationRoleIds": [b] });
    world.post(&format!("{ACME}/users/roles"), &body).await.problem(500, "internal");

    let holding = world.get(&format!("{ACME}/users?organizationRoleId={b}")).await;
    let [holder] = holding.ids()[..] else { panic!("one has it: {:#}", holding.body) };
    let line = json!({
        "organization": "acme",
        "users": holder,
        "user_count": 1,
        "added": b,
        "added_count": 1,
    });
    assert_eq!(audited(&logs), [line_of("assignMemberRoles", NOBODY, &line)]);
}

#[tokio::test]
async fn a_removal_names_the_other_accounts_whose_memberships_have_ended() {
    let (world, _, _) = world().await;
    for account in ["native", "google"] {
        world.sign_up(account, "max@a.example").await;
    }
    let logs = Logs::capture();
    assert_eq!(world.delete(&format!("{ACME}/users/native")).await.status, 204);
    let line = json!({
        "organization": "acme",
        "user": "native",
        "removed": "google native",
        "removed_count": 2,
    });
    assert_eq!(audited(&logs), [line_of("removeMember", NOBODY, &line)]);
}

#[tokio::test]
async fn a_deletion_of_a_user_that_stops_after_cognito_has_its_line_and_the_rest_has_another() {
    let (world, ..) = world().await;
    let logs = Logs::capture();
    world.wire.cut_after(1);
    assert_eq!(world.delete("/users/joe").await.status, 503);
    world.wire.mend();
    let line = [line_of("deleteUser", NOBODY, &json!({ "user": "joe" }))];
    assert_eq!(audited(&logs), line, "Cognito has deleted the user");

    assert_eq!(world.delete("/users/joe").await.status, 204);
    assert_eq!(audited(&logs), line, "the items are deleted");

    world.delete("/users/joe").await.problem(404, "user.not_found");
    assert_eq!(audited(&logs), NO_LINE);
}

#[tokio::test]
async fn a_deletion_of_items_alone_that_stops_has_its_line() {
    let (world, pool, _) = world().await;
    pool.delete("joe");
    let logs = Logs::capture();
    // The profile is read twice, and the tombstone is written.
    world.wire.cut_after(3);
    assert_eq!(world.delete("/users/joe").await.status, 503);
    world.wire.mend();
    assert_eq!(audited(&logs), [line_of("deleteUser", NOBODY, &json!({ "user": "joe" }))]);
}

#[tokio::test]
async fn a_deletion_whose_sweep_stops_has_its_line_and_the_sweep_that_goes_on_has_another() {
    let (world, ..) = world().await;
    let logs = Logs::capture();
    world.delete_unswept("acme").await;
    let line = json!({ "organization": "acme" });
    assert_eq!(audited(&logs), [line_of("deleteOrganization", NOBODY, &line)]);

    assert_eq!(world.delete(ACME).await.status, 204);
    // Two index entries of domains, one of a provider, two memberships, a mark and a request.
    let line = json!({ "organization": "acme", "swept": 7 });
    assert_eq!(audited(&logs), [line_of("deleteOrganization", NOBODY, &line)]);

    assert_eq!(world.delete(ACME).await.status, 204);
    assert_eq!(audited(&logs), NO_LINE);
}

#[tokio::test]
async fn a_sweep_that_stops_between_two_batches_has_a_line_with_what_it_has_deleted() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["a.example"]).await;
    world.sign_up("user-00", "user@a.example").await;
    world.copy("user-00", (1..60).map(|number| format!("user-{number:02}"))).await;
    world.delete_unswept("acme").await;
    let before = world.items().await.len();
    let swept = |items| {
        line_of("deleteOrganization", NOBODY, &json!({ "organization": "acme", "swept": items }))
    };
    let logs = Logs::capture();
    let stop_after = |batches| {
        for _ in 0..batches {
            world.wire.next("BatchWriteItem", Fate::undisturbed());
        }
        for _ in 0..3 {
            world.wire.next("BatchWriteItem", Fate::Lost);
        }
    };

    // The entry of the domain and 25 memberships are deleted, and the list of domains to sweep.
    stop_after(2);
    assert_eq!(world.delete(ACME).await.header("retry-after"), "1");
    assert_eq!(audited(&logs), [swept(26)]);
    assert_eq!(world.items().await.len(), before - 27);

    // What DynamoDB has not processed is not deleted.
    let key = json!({ "pk": { "S": "USER#user-25" }, "sk": { "S": "ORG#acme" } });
    let body = json!({ "UnprocessedItems": { "usher": [{ "DeleteRequest": { "Key": key } }] } });
    world.wire.next("BatchWriteItem", Fate::Reply { status: 200, body });
    stop_after(0);
    assert_eq!(world.delete(ACME).await.header("retry-after"), "1");
    assert_eq!(audited(&logs), [swept(24)]);

    assert_eq!(world.delete(ACME).await.header("retry-after"), "");
    // The reply of the test has deleted nothing.
    assert_eq!(audited(&logs), [swept(35)]);
}

#[tokio::test]
async fn a_deletion_of_a_user_whom_another_request_deletes_meanwhile_has_a_line_only_of_items() {
    let (world, pool, _) = world().await;
    let logs = Logs::capture();
    // Liz has no items, and Joe is a member.
    for (user, lines) in
        [("liz", vec![]), ("joe", vec![line_of("deleteUser", NOBODY, &json!({ "user": "joe" }))])]
    {
        let gone = Fate::error("UserNotFoundException", "User does not exist.");
        pool.next("AdminDeleteUser", gone);
        assert_eq!(world.delete(&format!("/users/{user}")).await.status, 204);
        assert_eq!(audited(&logs), lines, "{user}");
    }
}

#[tokio::test]
async fn a_user_who_is_created_and_cannot_be_provisioned_has_an_audit_line() {
    let (world, ..) = world().await;
    world.wire.cut_after(0);
    let logs = Logs::capture();
    let answer = world.post("/users", &json!({ "primaryEmail": "max@a.example" })).await;
    world.wire.mend();
    assert_eq!((answer.status.as_u16(), &answer.body["provisioned"]), (201, &json!(false)));
    let line = json!({ "user": answer.body["id"] });
    assert_eq!(audited(&logs), [line_of("createUser", NOBODY, &line)]);
}

#[tokio::test]
async fn more_than_a_line_holds_is_in_several_lines_and_none_is_left_out() {
    let (world, ..) = world().await;
    let label = "a".repeat(60);
    let long = |number: usize| format!("{label}.{label}.{label}.d{number:03}.example");
    let wanted: Vec<_> = (0..1_000).map(long).collect();
    let logs = Logs::capture();
    let body = json!({ "emailDomains": wanted });
    let answer = world.put(&format!("{ACME}/jit/email-domains"), &body).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);

    let mut added = Vec::new();
    let lines = audited(&logs);
    assert_eq!(lines.len(), 2);
    for (index, line) in lines.iter().enumerate() {
        let text = line["added"].as_str().expect("a text");
        assert!(text.len() <= LARGEST_LINE, "{} bytes", text.len());
        added.extend(text.split(' ').map(str::to_owned));
        let rest = json!({
            "organization": "acme",
            "added": text,
            "added_count": 1_000,
            "removed_count": 2,
            "part": format!("{}/2", index + 1),
        });
        let mut rest = line_of("replaceEmailDomains", NOBODY, &rest);
        if index == 1 {
            rest["removed"] = "a.example b.example".into();
        }
        assert_eq!(*line, rest);
    }
    assert_eq!(added, wanted);
}

#[tokio::test]
async fn the_caller_is_none_where_no_authorizer_has_verified_a_token() {
    let (world, ..) = world().await;
    let logs = Logs::capture();
    let mut id = 0;
    for (authorizer, [client_id, subject]) in [
        (json!(null), ["none", "none"]),
        (json!("jwt"), ["none", "none"]),
        (json!({ "jwt": null }), ["none", "none"]),
        (json!({ "jwt": { "claims": [] } }), ["none", "none"]),
        (json!({ "lambda": { "client_id": "client" } }), ["none", "none"]),
        (json!({ "jwt": { "claims": { "client_id": 1, "sub": "" } } }), ["none", "none"]),
        (json!({ "jwt": { "claims": { "aud": "client", "sub": "olga" } } }), ["none", "olga"]),
        (json!({ "jwt": { "claims": { "client_id": "client" } } }), ["client", "none"]),
        (json!({ "jwt": { "claims": { "client_id": "c", "sub": "c" } } }), ["c", "c"]),
    ] {
        id += 1;
        let mut event = http_event("POST", "/organizations");
        event["headers"]["content-type"] = "application/json".into();
        event["headers"]["x-client-id"] = "forged".into();
        let organization = format!("org-{id}");
        event["body"] = json!({ "id": organization, "name": "New" }).to_string().into();
        event["requestContext"]["authorizer"] = authorizer.clone();
        let answer = world.invoke("organizations", &event).await;
        assert_eq!(answer["statusCode"], 201, "{authorizer}: {answer:#}");
        let line = json!({ "organization": organization });
        let line = line_of("createOrganization", [client_id, subject], &line);
        assert_eq!(audited(&logs), [line], "{authorizer}");
    }
}

proptest! {
    #[test]
    fn a_caller_is_a_bounded_number_of_visible_characters(claim in "\\PC{0,200}|.{0,200}") {
        let caller = Caller::new(Some(&claim), None);
        let shown = caller.client_id();
        prop_assert!((1..=Caller::LONGEST + 1).contains(&shown.chars().count()));
        let is_shown = |c: char| c.is_ascii_graphic() || c == char::REPLACEMENT_CHARACTER || c == '…';
        prop_assert!(shown.chars().all(is_shown), "{}", shown);
        prop_assert_eq!(caller.subject(), "none");
        if claim.chars().all(|c| c.is_ascii_graphic()) && (1..=128).contains(&claim.len()) {
            prop_assert_eq!(shown, claim);
        }
    }
}
