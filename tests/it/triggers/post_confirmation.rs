//! The trigger `post-confirmation`

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::domain::public_mailbox::MailboxPolicy;

use crate::support::{Item, Logs, START, World, key, trigger_event};

/// A confirmed sign-up of a user with these attributes.
fn sign_up_of(attributes: &Value) -> Value {
    let mut event = trigger_event("1", "PostConfirmation_ConfirmSignUp", attributes);
    event["userName"] = json!("jane");
    event
}

/// Jane's attributes, with these instead of or besides hers; null takes one away.
fn jane(changes: &Value) -> Value {
    let mut attributes = json!({
        "sub": "user-1",
        "email": "jane@acme.com",
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
    });
    for (name, value) in changes.as_object().expect("an object") {
        attributes[name] = value.clone();
    }
    attributes.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    attributes
}

/// The line that the trigger logs about the user and no organization.
fn nothing(reason: &str) -> Value {
    line(&json!({ "user": "user-1", "decision": "nothing", "reason": reason }))
}

/// The line that the trigger logs about the user and an organization that is passed by.
fn pass(organization: &str, reason: &str) -> Value {
    line(&json!({
        "user": "user-1", "organization": organization, "decision": "pass", "reason": reason,
    }))
}

/// The line that the trigger logs about the user and an organization that is joined.
fn join(organization: &str, domain: &str) -> Value {
    line(&json!({
        "user": "user-1", "organization": organization, "decision": "join", "email_domain": domain,
    }))
}

fn line(fields: &Value) -> Value {
    let mut line = json!({
        "level": "INFO",
        "target": "functions::triggers",
    });
    for (name, value) in fields.as_object().expect("an object") {
        line[name] = value.clone();
    }
    line
}

/// A world where `acme` lists acme.com.
async fn acme() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world
}

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

/// The organizations that the user is a member of.
async fn joined(world: &World) -> Vec<String> {
    let answer = world.get("/users/user-1/organizations").await;
    let memberships = answer.body.as_array().expect("a list").iter();
    memberships.map(|membership| membership["id"].as_str().expect("an id").to_owned()).collect()
}

/// Sends each event to a world where it must come to nothing, and holds its log line against the
/// expected one.
async fn assert_nothing(cases: impl IntoIterator<Item = (Value, Value)>) {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();
    for (event, line) in cases {
        world.post_confirmation(&event).await;
        assert_eq!(logs.lines(), [line], "{event:#}");
        assert_eq!(world.items().await, before, "{event:#}");
    }
}

#[tokio::test]
async fn a_confirmed_sign_up_becomes_a_member_with_the_default_roles() {
    let world = acme().await;
    let role = world.role("Engineer").await;
    let body = json!({ "organizationRoleIds": [role] });
    world.put("/organizations/acme/jit/roles", &body).await;

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
            "provenance": {
                "rule": "email_domain",
                "emailDomain": "acme.com",
                "entryPath": "PostConfirmation",
            },
        }])
    );
}

#[tokio::test]
async fn a_membership_and_a_profile_are_kept_and_nothing_else() {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({})))).await;

    assert_eq!(logs.lines(), [join("acme", "acme.com")]);
    let membership = json!({
        "pk": "USER#user-1",
        "sk": "ORG#acme",
        "gsi1pk": "ORG#acme",
        "gsi1sk": "USER#user-1",
        "roleIds": [],
        "joinedAt": START,
        "rule": "email_domain",
        "emailDomain": "acme.com",
        "entryPath": "PostConfirmation",
    });
    let profile = json!({
        "pk": "USER#user-1",
        "sk": "PROFILE",
        "email": "jane@acme.com",
        "userName": "jane",
    });
    assert_eq!(json!(kept(&world).await), json!([["ORG#acme", membership], ["PROFILE", profile]]));
    assert_eq!(world.items().await.len(), before.len() + 2);
}

#[tokio::test]
async fn only_a_confirmed_sign_up_counts() {
    let sources = [
        json!("PostConfirmation_ConfirmForgotPassword"),
        json!("PreSignUp_SignUp"),
        json!("PostAuthentication_Authentication"),
        json!("TokenGeneration_ClientCredentials"),
        json!("UserMigration_ForgotPassword"),
        json!("SomethingNew_OfNextYear"),
        json!("postconfirmation_confirmsignup"),
        json!(""),
        json!(1),
        json!(["PostConfirmation_ConfirmSignUp"]),
        json!(null),
    ];
    let mut events: Vec<_> = sources
        .into_iter()
        .map(|source| {
            let mut event = sign_up_of(&jane(&json!({})));
            event["triggerSource"] = source;
            event
        })
        .collect();
    let mut without_source = sign_up_of(&jane(&json!({})));
    without_source.as_object_mut().expect("an object").remove("triggerSource");
    events.push(without_source);
    let events = events.into_iter().map(|event| {
        let line = json!({
            "level": "INFO",
            "target": "functions::triggers::post_confirmation",
            "message": "nothing to do: no sign-up",
            "source": event["triggerSource"].as_str().unwrap_or_default(),
        });
        (event, line)
    });
    assert_nothing(events).await;
}

#[tokio::test]
async fn an_address_that_is_not_proven_comes_to_nothing() {
    let cases = [
        (json!({ "email": null }), "no_email"),
        (json!({ "email": 1 }), "no_email"),
        (json!({ "email": ["jane@acme.com"] }), "no_email"),
        (json!({ "email_verified": null }), "email_not_verified"),
        (json!({ "email_verified": "false" }), "email_not_verified"),
        (json!({ "email_verified": false }), "email_not_verified"),
        (json!({ "email_verified": "True" }), "email_not_verified"),
        (json!({ "email_verified": "TRUE" }), "email_not_verified"),
        (json!({ "email_verified": "true " }), "email_not_verified"),
        (json!({ "email_verified": "1" }), "email_not_verified"),
        (json!({ "email_verified": 1 }), "email_not_verified"),
        (json!({ "email_verified": "" }), "email_not_verified"),
        (json!({ "email_verified": ["true"] }), "email_not_verified"),
        (json!({ "email_verified": null, "phone_number_verified": "true" }), "email_not_verified"),
    ];
    let cases = cases.iter();
    assert_nothing(cases.map(|(it, why)| (sign_up_of(&jane(it)), nothing(why)))).await;
}

#[tokio::test]
async fn an_address_verified_as_a_boolean_counts() {
    let world = acme().await;
    world.post_confirmation(&sign_up_of(&jane(&json!({ "email_verified": true })))).await;
    assert_eq!(joined(&world).await, ["acme"]);
}

#[tokio::test]
async fn an_address_whose_domain_mail_systems_may_disagree_about_comes_to_nothing() {
    let cases = [
        ("", "email_address.invalid"),
        ("jane", "email_address.invalid"),
        ("acme.com", "email_address.invalid"),
        ("@acme.com", "email_address.invalid"),
        ("jane@", "email_address.domain"),
        ("jane@evil.example@acme.com", "email_address.invalid"),
        ("jane @acme.com", "email_address.invalid"),
        (" jane@acme.com", "email_address.invalid"),
        ("jane@acme.com\n", "email_address.invalid"),
        ("jane@acme.com\0.evil.example", "email_address.invalid"),
        ("Jane <jane@acme.com>", "email_address.invalid"),
        ("jane@acme.com,jane@evil.example", "email_address.invalid"),
        ("jane(acme)@acme.com", "email_address.invalid"),
        ("\"jane@evil.example\"@acme.com", "email_address.quoted_local_part"),
        ("\"jane\"@acme.com", "email_address.quoted_local_part"),
        ("jane@ａcme.com", "email_address.domain_not_ascii"),
        ("jane@ac\u{200b}me.com", "email_address.domain_not_ascii"),
        ("jane@com", "email_address.domain"),
        ("jane@co.uk", "email_address.domain"),
        ("jane@[192.0.2.1]", "email_address.domain"),
        ("jane@192.0.2.1", "email_address.domain"),
        ("jane@acme..com", "email_address.domain"),
        ("jane@-acme.com", "email_address.domain"),
    ];
    let event = |email: &str| sign_up_of(&jane(&json!({ "email": email })));
    assert_nothing(cases.map(|(email, why)| (event(email), nothing(why)))).await;
}

#[tokio::test]
async fn only_the_domain_itself_matches_and_neither_its_parent_nor_its_child() {
    let emails =
        ["jane@mail.acme.com", "jane@acme.org", "jane@notacme.com", "jane@acme.com.example"];
    let event = |email: &str| sign_up_of(&jane(&json!({ "email": email })));
    assert_nothing(emails.map(|email| (event(email), nothing("not_listed")))).await;
}

#[tokio::test]
async fn the_same_domain_in_another_notation_matches() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["Bücher.example", "acme.com"]).await;
    for (sub, email) in [
        ("user-1", "jane@XN--BCHER-KVA.example"),
        ("user-2", "JANE@ACME.COM"),
        ("user-3", "jane@acme.com."),
        ("user-4", "用户@acme.com"),
    ] {
        world.sign_up(sub, email).await;
        let answer = world.get(&format!("/users/{sub}/organizations")).await;
        assert_eq!(answer.body[0]["id"], "acme", "{email}");
    }
}

/// A list of identities as Cognito has it, one for each provider type.
fn identities(providers: &[&str]) -> Value {
    let identity = |provider: &&str| {
        json!({
            "userId": "1234567890",
            "providerName": provider,
            "providerType": provider,
            "issuer": null,
            "primary": true,
            "dateCreated": 1_767_225_600_000_u64,
        })
    };
    providers.iter().map(identity).collect()
}

#[tokio::test]
async fn a_federated_user_of_providers_that_verify_addresses_joins() {
    for providers in [&["Google"][..], &["SignInWithApple"], &["Google", "SignInWithApple"]] {
        let list = identities(providers);
        for identities in [json!(list.to_string()), list] {
            for status in ["EXTERNAL_PROVIDER", "CONFIRMED"] {
                let world = acme().await;
                let attributes =
                    jane(&json!({ "identities": identities, "cognito:user_status": status }));
                world.post_confirmation(&sign_up_of(&attributes)).await;
                assert_eq!(joined(&world).await, ["acme"], "{attributes:#}");
            }
        }
    }
}

#[tokio::test]
async fn a_federated_user_of_any_other_provider_comes_to_nothing() {
    let lists = [
        identities(&["Facebook"]),
        identities(&["LoginWithAmazon"]),
        identities(&["SAML"]),
        identities(&["OIDC"]),
        identities(&["Google", "SAML"]),
        identities(&["OIDC", "SignInWithApple"]),
        identities(&["google"]),
        // A tenant names its own provider as it likes; the type is what counts.
        json!([{ "providerName": "Google", "providerType": "SAML" }]),
        json!([{ "providerName": "Google" }]),
        json!([{ "providerType": ["Google"] }]),
        json!([null]),
        json!(["Google"]),
        json!({ "providerType": "Google" }),
    ];
    let unreadable = [json!("Google"), json!(""), json!("[{"), json!(true), json!(1)];
    let federated = lists
        .into_iter()
        .flat_map(|list| [json!(list.to_string()), list])
        .chain(unreadable)
        .map(|identities| json!({ "identities": identities }));
    let external = ["[]", "null"]
        .map(|identities| json!({ "identities": identities }))
        .into_iter()
        .chain([json!({ "identities": [] }), json!({})])
        .map(|mut changes| {
            changes["cognito:user_status"] = json!("EXTERNAL_PROVIDER");
            changes
        });
    let cases = federated.chain(external);
    let line = nothing("provider_not_trusted");
    assert_nothing(cases.map(|it| (sign_up_of(&jane(&it)), line.clone()))).await;
}

#[tokio::test]
async fn a_user_without_any_identity_is_the_pools_own() {
    for identities in [json!("[]"), json!([]), json!(null)] {
        let world = acme().await;
        world.post_confirmation(&sign_up_of(&jane(&json!({ "identities": identities })))).await;
        assert_eq!(joined(&world).await, ["acme"], "{identities}");
    }
}

#[tokio::test]
async fn a_removal_of_the_user_stays_whatever_the_address() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    remove(&world, "user-1").await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "other@acme.com" })))).await;

    let lines = [pass("acme", "removed_earlier"), join("globex", "acme.com")];
    assert_eq!(logs.lines(), lines);
    assert_eq!(joined(&world).await, ["globex"]);
}

#[tokio::test]
async fn a_removal_of_the_address_stays_whoever_has_it() {
    let world = acme().await;
    world.sign_up("earlier", "jane@acme.com").await;
    remove(&world, "earlier").await;
    // SHA-256 of jane@acme.com
    let mark = "REMOVED#7bb9e30283184c3b4bbbf2262a600be7165d7e6f50e424a611aa64394e7ecdb5";
    assert!(world.items().await.contains_key(&key(mark, "ORG#acme")));
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "Jane@Acme.COM" })))).await;

    let lines = [pass("acme", "removed_earlier"), join("globex", "acme.com")];
    assert_eq!(logs.lines(), lines);
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
async fn a_public_mailbox_domain_comes_to_nothing_even_where_it_is_listed() {
    let world = World::new().await;
    world.organization("acme").await;
    world.list_anyway("acme", &["gmail.com"], START).await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "jane@GMail.com" })))).await;

    assert_eq!(logs.lines(), [nothing("public_mailbox")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn the_operators_exception_lets_one_organization_have_a_public_mailbox_domain() {
    let world = World::with(MailboxPolicy::parse("acme:gmail.com").expect("a pair")).await;
    world.organization("globex").await;
    world.list_anyway("globex", &["gmail.com"], START).await;
    world.pass(Duration::from_secs(1));
    world.organization("acme").await;
    world.domains("acme", &["gmail.com"]).await;
    let logs = Logs::capture();

    world.post_confirmation(&sign_up_of(&jane(&json!({ "email": "jane@gmail.com" })))).await;

    let lines = [pass("globex", "public_mailbox"), join("acme", "gmail.com")];
    assert_eq!(logs.lines(), lines);
    assert_eq!(joined(&world).await, ["acme"]);
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
        let path = format!("/organizations/{organization}/jit/roles");
        let answer = world.put(&path, &json!({ "organizationRoleIds": roles })).await;
        assert_eq!(answer.status, 204);
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
    assert_eq!(logs.lines(), lines);
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
    // Ids run against age, so that one cannot stand in for the other.
    let id = |age: usize| format!("org-{:02}", 99 - age);
    let added_at = |age: usize| format!("2025-01-01T00:00:{age:02}.000Z");
    let gone = [0, 7, 49, 51];
    for age in 0..60 {
        world.organization(&id(age)).await;
        world.list_anyway(&id(age), &["acme.com"], &added_at(age)).await;
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
async fn a_repeated_event_changes_nothing() {
    let world = acme().await;
    let event = sign_up_of(&jane(&json!({})));
    world.post_confirmation(&event).await;
    let before = world.items().await;
    let logs = Logs::capture();

    world.pass(Duration::from_secs(60));
    world.post_confirmation(&event).await;
    world.post_confirmation(&event).await;

    assert_eq!(logs.lines(), [pass("acme", "already_member"), pass("acme", "already_member")]);
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn roles_that_an_administrator_has_changed_stay() {
    let world = acme().await;
    let body = json!({ "organizationRoleIds": [world.role("Engineer").await] });
    world.put("/organizations/acme/jit/roles", &body).await;
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
async fn default_roles_of_later_do_not_reach_who_is_a_member() {
    let world = acme().await;
    world.sign_up("user-1", "jane@acme.com").await;
    let before = kept(&world).await;
    let body = json!({ "organizationRoleIds": [world.role("Engineer").await] });
    world.put("/organizations/acme/jit/roles", &body).await;
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
    assert_eq!(logs.lines(), lines);
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

    let lines = logs.lines();
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

    for email in ["jane@acme.com", "Jane@globex.com", "jane@example.com"] {
        world.sign_up("user-1", email).await;
        let (_, profile) = profile().await.expect("a profile");
        let expected =
            json!({ "pk": "USER#user-1", "sk": "PROFILE", "email": email, "userName": "user-1" });
        assert_eq!(json!(profile), expected);
    }
    assert_eq!(joined(&world).await, ["acme", "globex"]);
}

/// Sends a text, and answers the answer's.
async fn answered(world: &World, event: &str) -> String {
    let event = RawValue::from_string(event.to_owned()).expect("JSON");
    let answer = functions::triggers::post_confirmation::handle(world.app.clone(), event).await;
    answer.get().to_owned()
}

#[tokio::test]
async fn an_event_is_answered_byte_for_byte_and_read_all_the_same() {
    let world = acme().await;
    let attributes = r#""email" : "jane@acme.com", "email_verified":"true""#;
    let events = [
        // Numbers that no parser keeps.
        r#"{"a":1e400,"b":1.0,"c":12345678901234567890123,"d":-0,"e":1E+2,"#,
        // White space.
        "{ \n\t\r \"z\" : [ 1 ,  2 ] ,",
        // Keys out of order and twice, escapes, an empty key, what no encoder would write.
        r#"{"z":1,"a":2,"z":3,"\u0061":"\/\u00e9é\ud83d\ude00","":null,"#,
        // Lone surrogates.
        r#"{"text":"\ud800","#,
    ];
    for (index, beginning) in events.iter().enumerate() {
        let event = format!(
            r#"{beginning} "triggerSource":"PostConfirmation_ConfirmSignUp",
            "request":{{"userAttributes":{{"sub":"user-{index}",{attributes},
            "custom:number": 1e400, "custom:text":"\ud800", "custom:list":[1.0]}},"more":{{}} }},
            "response" : {{ }} }}"#
        );
        assert_eq!(answered(&world, &event).await, event);
        let memberships = world.get(&format!("/users/user-{index}/organizations")).await.body;
        assert_eq!(memberships[0]["id"], "acme", "{event}");
    }
}

#[tokio::test]
async fn an_event_that_is_about_no_user_is_answered_and_logged_without_its_content() {
    let world = acme().await;
    let before = world.items().await;
    let logs = Logs::capture();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let no_events =
        ["null", "true", "1e400", "\"jane@acme.com\"", "[]", "[\"jane@acme.com\"]", &deep];
    let requests = [
        "{}",
        "null",
        r#""jane@acme.com""#,
        r#"{"userAttributes":null}"#,
        r#"{"userAttributes":"jane@acme.com"}"#,
        r#"{"userAttributes":["jane@acme.com"]}"#,
        r#"{"userAttributes":{}}"#,
        r#"{"userAttributes":{"sub":null,"email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":1,"email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"jane@acme.com","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"user/1","email":"jane@acme.com"}}"#,
        r#"{"userAttributes":{"sub":"user-1","sub":"user-2"}}"#,
        &format!(r#"{{"userAttributes":{{"sub":{deep}}}}}"#),
    ];
    let sign_up = |request| {
        format!(r#"{{"triggerSource":"PostConfirmation_ConfirmSignUp","request":{request}}}"#)
    };
    let no_events = no_events.into_iter().map(str::to_owned);
    for event in no_events.chain(requests.into_iter().map(sign_up)) {
        assert_eq!(answered(&world, &event).await, event);
        let lines = logs.lines();
        let [line] = lines.as_slice() else { panic!("one line for {event}, not {lines:#?}") };
        assert_eq!(line["message"], "not provisioned", "{event}");
        assert!(!line.to_string().contains("jane"), "{line}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn no_log_line_has_a_whole_address_whatever_happens() {
    let logs = Logs::capture();
    let changes = [
        json!({}),
        json!({ "email": "Jane.Doe@gmail.com" }),
        json!({ "email": "Jane.Doe@globex.com" }),
        json!({ "email": "\"Jane.Doe\"@acme.com" }),
        json!({ "email": "Jane.Doe@acme.com, Jane.Doe@globex.com" }),
        json!({ "email": "Jane.Doe@[192.0.2.1]" }),
        json!({ "email_verified": "Jane.Doe@acme.com" }),
        json!({ "identities": "Jane.Doe@acme.com" }),
        json!({ "sub": "Jane.Doe@acme.com" }),
    ];
    for change in changes {
        let world = acme().await;
        let mut attributes = jane(&json!({ "email": "Jane.Doe@acme.com" }));
        for (name, value) in change.as_object().expect("an object") {
            attributes[name] = value.clone();
        }
        let event = sign_up_of(&attributes);
        // A first time, a second one, and while DynamoDB answers with an error.
        world.post_confirmation(&event).await;
        world.post_confirmation(&event).await;
        world.wire.cut_after(0);
        world.post_confirmation(&event).await;
        let lines = logs.lines();
        assert!(lines.len() >= 3, "{lines:#?}");
        for line in lines {
            assert!(!line.to_string().to_lowercase().contains("jane.doe"), "{line}");
        }
    }
}
