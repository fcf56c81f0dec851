//! `POST /organizations/{organizationId}/join-requests/{userId}/approve`

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::store::{NewRoles, Removal};

use super::{
    MEMBERS, REMOVED, REQUESTS, acme, approve, approve_by_another, approved, at_acme, but, decline,
    decline_by_another, digest, id, naming, nothing, olga, path, standing, with_requests,
};
use crate::support::{
    Fate, Logs, START, World, assert_is, assert_no_organization, delete_user, naming_roles,
};

const LATER: &str = "2026-01-01T00:00:01.000Z";

/// The held roles of an answered member.
fn names(answer: &Value) -> Vec<&str> {
    let roles = answer["organizationRoles"].as_array().expect("a list");
    roles.iter().map(|role| role["name"].as_str().expect("a name")).collect()
}

/// Gives the rule `acme.com` of `acme` roles of its own.
async fn rule_with_roles(world: &World, roles: &[String]) {
    let mut entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    let added_at = entry.remove("addedAt").expect("it is written");
    entry.insert("listedAt".to_owned(), added_at);
    entry.insert("roleIds".to_owned(), json!(roles));
    world.put_plain(&json!(entry)).await;
}

#[tokio::test]
async fn an_approval_makes_a_member_of_whom_it_says_why_and_by_whom() {
    let world = with_requests(["jane"]).await;

    let answer = approve(&world, "jane", &nothing()).await;

    assert_is(&answer, 200, &approved("jane", LATER));
    assert_is(&world.get(MEMBERS).await, 200, &json!([approved("jane", LATER)]));
    assert_is(&world.get(REQUESTS).await, 200, &json!([]));
    assert_eq!(standing(&world.items().await, "jane"), Some("member"));
    let stored = world.item("USER#jane", "ORG#acme").await;
    assert_eq!(stored["approvedBy"], olga());
    assert_eq!(stored["addressDigest"], digest("jane@acme.com"));
    let of_jane = world.get("/users/jane/organizations").await;
    assert_eq!(of_jane.body[0]["provenance"], approved("jane", LATER)["provenance"]);
}

#[tokio::test]
async fn without_a_token_nobody_is_named_as_who_approved() {
    let world = with_requests(["jane"]).await;
    let answer = world.post(&path("jane", "approve"), &nothing()).await;
    let provenance = json!({ "rule": "email_domain", "emailDomain": "acme.com", "entryPath": "PostConfirmation" });
    let expected = but(approved("jane", LATER), json!({ "provenance": provenance }));
    assert_is(&answer, 200, &expected);
}

#[tokio::test]
async fn the_roles_are_those_of_the_body_or_of_the_rule_or_the_default_roles_of_that_moment() {
    for (of_rule, of_body, expected) in [
        (None, None, &["Default"][..]),
        (Some(vec![]), None, &[]),
        (Some(vec!["Rule"]), None, &["Rule"]),
        (Some(vec!["Rule"]), Some(vec![]), &[]),
        (Some(vec!["Rule"]), Some(vec!["Body"]), &["Body"]),
        (None, Some(vec!["Body"]), &["Body"]),
    ] {
        let world = with_requests(["jane"]).await;
        let mut ids = std::collections::BTreeMap::new();
        for name in ["Default", "Rule", "Body"] {
            ids.insert(name, world.role(name).await);
        }
        let named = |names: &Vec<&str>| names.iter().map(|it| ids[it].clone()).collect::<Vec<_>>();
        world.default_roles("acme", &[&ids["Default"]]).await;
        if let Some(names) = &of_rule {
            rule_with_roles(&world, &named(names)).await;
        }
        let body = of_body.as_ref().map_or(nothing(), |names| naming_roles(&named(names)));

        let answer = approve(&world, "jane", &body).await;

        assert_eq!(answer.status, 200, "{:#}", answer.body);
        assert_eq!(names(&answer.body), expected, "{of_rule:?} {of_body:?}");
    }
}

#[tokio::test]
async fn a_rule_that_is_no_longer_listed_gives_the_default_roles_and_a_deleted_role_is_left_out() {
    let world = with_requests(["jane"]).await;
    let (kept, deleted) = (world.role("Kept").await, world.role("Deleted").await);
    world.default_roles("acme", &[&kept, &deleted]).await;
    rule_with_roles(&world, &[]).await;
    world.delete("/organizations/acme/jit/email-domains/acme.com").await;
    world.delete(&format!("/organization-roles/{deleted}")).await;

    let answer = approve(&world, "jane", &nothing()).await;

    assert_eq!(names(&answer.body), ["Kept"]);
    assert_eq!(answer.body["provenance"]["emailDomain"], "acme.com");
}

#[tokio::test]
async fn roles_that_are_not_there_are_refused_and_the_request_stands() {
    let world = with_requests(["jane"]).await;
    let roles = world.roles(101).await;
    let before = world.items().await;

    let answer = approve(&world, "jane", &naming_roles(&[&roles[0], "role_x", "a b"])).await;
    answer.problem(422, "request.invalid_values");
    let expected = [1, 2].map(|at| format!("/organizationRoleIds/{at}"));
    assert_eq!(answer.errors(), expected.each_ref().map(|at| (&**at, "organization_role.unknown")));
    let answer = approve(&world, "jane", &naming_roles(&roles)).await;
    answer.problem(422, "member_roles.limit_reached");
    for body in [
        r#"{"organizationRoleIds":null}"#,
        r#"{"organizationRoleIds":"a"}"#,
        r#"{"organizationRoleNames":["A"]}"#,
        "[]",
    ] {
        let ask = world.ask(Method::POST, &path("jane", "approve"));
        let ask = ask.header("content-type", "application/json").raw(body.to_owned());
        ask.send().await.problem(400, "request.invalid_body");
    }
    let ask = world.ask(Method::POST, &path("jane", "approve"));
    ask.send().await.problem(400, "request.body_missing");

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn who_is_a_member_already_stays_as_is() {
    let world = with_requests(["jane", "joe"]).await;
    let role = world.role("Engineer").await;
    let first = approve(&world, "jane", &nothing()).await;
    world.post(MEMBERS, &naming(&["joe"])).await;
    let before = world.items().await;
    let logs = Logs::capture();

    let again = approve(&world, "jane", &naming_roles(&[&role])).await;
    let by_hand = approve(&world, "joe", &nothing()).await;

    assert_is(&again, 200, &first.body);
    assert_eq!(by_hand.status, 200);
    assert_eq!(by_hand.body["provenance"], json!({ "rule": "api", "entryPath": "ManagementApi" }));
    assert_eq!(world.items().await, before);
    assert!(logs.lines().iter().all(|line| line["message"] != "audit"));
}

#[tokio::test]
async fn who_was_refused_or_removed_is_not_approved() {
    let world = with_requests(["jane", "joe", "jim"]).await;
    decline(&world, "jane").await;
    approve(&world, "joe", &nothing()).await;
    world.delete(&format!("{MEMBERS}/joe")).await;
    // The mark of an address stands alone.
    let mark = json!({ "pk": format!("REMOVED#{}", digest(&at_acme("jim"))), "sk": "ORG#acme", "removedAt": START });
    world.put_plain(&mark).await;
    let before = world.items().await;

    for user in ["jane", "joe", "jim"] {
        approve(&world, user, &nothing()).await.problem(422, "join_request.declined");
    }

    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn without_a_request_there_is_nothing_to_approve_or_to_decline() {
    let world = with_requests(["jane"]).await;
    world.organization("gone").await;
    world.ask_to_join("jane", "gone", "jane@acme.com").await;
    world.delete_unswept("gone").await;
    let before = world.items().await;
    for verb in ["approve", "decline"] {
        let post = async |user: &str| world.post(&path(user, verb), &nothing()).await;
        post("nobody").await.problem(404, "join_request.not_found");
        post("a%20b").await.problem(404, "user.not_found");
        for id in ["nobody", "gone"] {
            let path = format!("/organizations/{id}/join-requests/jane/{verb}");
            let answer = world.post(&path, &nothing()).await;
            assert_no_organization(&answer, id, &path);
        }
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_deleted_user_is_neither_approved_nor_refused_and_the_request_is_deleted() {
    let world = with_requests(["jane", "joe"]).await;
    let (store, now) = (&world.app.store, world.app.clock.now());
    // The rest of Jane's deletion is still under way.
    store.delete_user(&id("jane"), true, now).await.expect("it works").expect("there are items");
    let before = world.items().await;
    approve(&world, "jane", &nothing()).await.problem(404, "join_request.not_found");
    decline(&world, "jane").await.problem(404, "join_request.not_found");
    assert_eq!(world.items().await, before);

    delete_user(store, &id("joe"), true, now).await.expect("it works");
    let items = world.items().await;
    assert_eq!(standing(&items, "joe"), None);
    approve(&world, "joe", &nothing()).await.problem(404, "join_request.not_found");
}

#[tokio::test]
async fn an_approval_that_a_deletion_of_the_user_overtakes_writes_nothing() {
    let world = with_requests(["jane"]).await;
    let store = world.store();
    let deed = async move {
        let now = START.parse().expect("a timestamp");
        store.delete_user(&id("jane"), true, now).await.expect("it works");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    approve(&world, "jane", &nothing()).await.problem(404, "join_request.not_found");

    assert!(!world.items().await.values().any(|item| item.contains_key("approvedBy")));
}

#[tokio::test]
async fn of_two_approvals_at_once_one_is_written() {
    let world = with_requests(["jane"]).await;
    let deed = approve_by_another(world.store(), "jane");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    let answer = approve(&world, "jane", &nothing()).await;

    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let expected = json!({ "clientId": "console", "subject": "otto" });
    assert_eq!(answer.body["provenance"]["approvedBy"], expected);
    assert_eq!(standing(&world.items().await, "jane"), Some("member"));
}

#[tokio::test]
async fn an_approval_that_a_refusal_overtakes_fails() {
    let world = with_requests(["jane"]).await;
    let deed = decline_by_another(world.store(), "jane");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    approve(&world, "jane", &nothing()).await.problem(422, "join_request.declined");

    assert_eq!(standing(&world.items().await, "jane"), Some("removed"));
}

#[tokio::test]
async fn an_approval_that_an_addition_by_hand_overtakes_changes_nothing() {
    let world = with_requests(["jane"]).await;
    let store = world.store();
    let profile = store.profiles(&[id("jane")]).await.expect("it works").remove(&id("jane"));
    let deed = async move {
        let now = START.parse().expect("a timestamp");
        let profile = profile.expect("a profile");
        let roles = NewRoles::default();
        store.add_member(&acme(), &id("jane"), &profile, roles, now).await.expect("added");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    let answer = approve(&world, "jane", &nothing()).await;

    assert_eq!(answer.status, 200, "{:#}", answer.body);
    assert_eq!(answer.body["provenance"]["rule"], "api");
}

/// A world in which Jane has two accounts with one address: `native` is a member by it, and `google` has
/// asked by it.
async fn with_two_accounts() -> World {
    let world = World::new().await;
    for organization in ["acme", "home"] {
        world.organization(organization).await;
    }
    world.domains("home", &["home.example"]).await;
    world.sign_up("google", "google@home.example").await;
    world.sign_up("google", "jane@acme.com").await;
    world.domains("acme", &["acme.com"]).await;
    world.sign_up("native", "jane@acme.com").await;
    world.ask_to_join("google", "acme", "jane@acme.com").await;
    world
}

async fn remove_by_another(store: shared::store::Store, user: &'static str) {
    let removal = Removal::of_member(&Caller::default(), START.parse().expect("a timestamp"));
    let mut ended = Vec::new();
    let removed = store.remove_member(&acme(), &id(user), &[].into(), &removal, &mut ended).await;
    removed.expect("removed");
    assert_eq!(ended, [id(user), id("google")]);
}

#[tokio::test]
async fn a_removal_ends_the_requests_of_other_accounts_by_the_same_address() {
    let world = with_two_accounts().await;
    let ask = world.ask(Method::DELETE, &format!("{MEMBERS}/native")).caller("console", "olga");
    assert_eq!(ask.send().await.status, 204);

    let removed = world.get(REMOVED).await;
    assert_eq!(removed.ids(), ["google", "native"]);
    let of = |at: usize| [&removed.body[at]["declined"], &removed.body[at]["removedBy"]];
    assert_eq!(of(0), [&json!(true), &olga()]);
    assert_eq!(of(1), [&json!(false), &olga()]);
    assert_is(&world.get(REQUESTS).await, 200, &json!([]));
    approve(&world, "google", &nothing()).await.problem(422, "join_request.declined");
}

#[tokio::test]
async fn an_approval_that_a_removal_of_the_address_overtakes_fails() {
    let world = with_two_accounts().await;
    let deed = remove_by_another(world.store(), "native");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    approve(&world, "google", &nothing()).await.problem(422, "join_request.declined");

    assert_is(&world.get(MEMBERS).await, 200, &json!([]));
}

#[tokio::test]
async fn a_removal_of_the_address_that_an_approval_overtakes_finds_the_new_member() {
    let world = with_two_accounts().await;
    let deed = approve_by_another(world.store(), "google");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    assert_eq!(world.delete(&format!("{MEMBERS}/native")).await.status, 204);

    assert_is(&world.get(MEMBERS).await, 200, &json!([]));
    let removed = world.get(REMOVED).await;
    assert_eq!(removed.ids(), ["google", "native"]);
    assert_eq!(removed.body[0]["declined"], false);
}

#[tokio::test]
async fn an_approval_that_fails_at_any_call_is_done_by_the_same_request_again() {
    let mut cut = 0;
    loop {
        let world = with_requests(["jane"]).await;
        world.wire.cut_after(cut);
        let answer = approve(&world, "jane", &nothing()).await;
        world.wire.mend();
        let standing_now = standing(&world.items().await, "jane");
        assert!(matches!(standing_now, Some("requested" | "member")), "{cut}: {standing_now:?}");

        let again = approve(&world, "jane", &nothing()).await;

        assert_is(&again, 200, &approved("jane", LATER));
        assert_eq!(standing(&world.items().await, "jane"), Some("member"));
        if answer.status == 200 {
            // The organization, the place, the roles, and the transaction. There are no roles to name.
            assert_eq!(cut, 4);
            return;
        }
        answer.problem(503, "service.unavailable");
        cut += 1;
    }
}

#[tokio::test]
async fn an_approval_whose_answer_gets_lost_is_written_once() {
    let world = with_requests(["jane"]).await;
    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    assert_is(&approve(&world, "jane", &nothing()).await, 200, &approved("jane", LATER));
}
