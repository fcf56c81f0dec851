//! A removal is respected, until the user is added by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::domain::decision::{Outcome, Reason};
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{EntryPath, Profile, Proof};
use shared::domain::user::User;
use shared::provisioning::Appearance;
use shared::store::{NewRoles, Removal, Store};

use super::{MEMBERS, assert_added, assert_done, digest, naming, standing, with_users};
use crate::support::{Fate, Items, START, World, by_domain, delete_user, entry, tagged_item, with};

const ADDRESS: &str = "jane@acme.com";
const JANE: &str = "/organizations/acme/users/jane";

fn acme() -> OrganizationId {
    OrganizationId::parse("acme").expect("an id")
}

fn jane() -> UserId {
    UserId::parse("jane").expect("an id")
}

/// A world in which Jane joined `acme` by her domain, and was removed.
async fn with_jane_removed() -> World {
    let world = with_users([]).await;
    world.sign_up("jane", ADDRESS).await;
    assert_done(&world.delete(JANE).await, 204);
    world
}

/// A user of the pool with a verified address.
pub(crate) fn user(id: &str, email: &str) -> User {
    User {
        id: UserId::parse(id).expect("an id"),
        user_name: Some(id.to_owned()),
        email: Some(email.to_owned()),
        email_verified: true,
        name: None,
        identities: Vec::new(),
        status: None,
        attributes: BTreeMap::new(),
    }
}

/// The decision about `acme` when a user appears by an entry path. `None` if `acme` does not list
/// the domain.
pub(crate) async fn appear(
    world: &World,
    path: EntryPath,
    id: &str,
    email: &str,
) -> Option<Outcome> {
    let user = user(id, email);
    let Appearance { outcomes, .. } = world
        .app
        .provisioning
        .provision(&user, path, Proof::Earlier, world.app.clock.now())
        .await
        .expect("it works");
    let outcomes = outcomes.expect("the store works").expect("the address is proven");
    let of_acme = outcomes.into_iter().find(|(organization, _)| organization.as_str() == "acme");
    of_acme.map(|(_, outcome)| outcome)
}

async fn belongs_to(world: &World, user: &str) -> Value {
    world.get(&format!("/users/{user}/organizations")).await.body
}

/// A membership in `acme` that was begun by hand at this moment.
fn afresh(joined_at: &str) -> Value {
    json!([{
        "id": "acme",
        "name": "acme",
        "description": null,
        "organizationRoles": [],
        "joinedAt": joined_at,
        "provenance": { "rule": "api", "entryPath": "ManagementApi" },
    }])
}

#[tokio::test]
async fn no_entry_path_puts_a_removed_member_back() {
    let world = with_jane_removed().await;
    let before = world.items().await;
    assert_eq!(standing(&before, "jane", ADDRESS), Some("removed"));

    let removed = Some(Outcome::Refuse(Reason::RemovedEarlier));
    for path in EntryPath::ALL {
        for (id, email) in [
            ("jane", ADDRESS),
            ("jane", "Jane@ACME.com"),
            ("jane", "jane.new@acme.com"),
            ("new-account", ADDRESS),
            ("new-account", "JANE@Acme.Com"),
        ] {
            assert_eq!(appear(&world, path, id, email).await, removed, "{path:?}: {id}, {email}");
            assert_eq!(belongs_to(&world, id).await, json!([]));
        }
    }
    // What the removed user has proven since is noted, and nothing else.
    let others = |mut items: Items| {
        items.retain(|(pk, sk), _| !pk.starts_with("ADDRESS#") && sk != "PROFILE");
        items
    };
    assert_eq!(others(world.items().await), others(before));
}

#[tokio::test]
async fn nothing_of_a_membership_survives_its_removal_but_the_mark() {
    let world = with_users([]).await;
    world.sign_up("jane", ADDRESS).await;
    let mut membership = world.item("USER#jane", "ORG#acme").await;
    membership.insert("addedByALaterRelease".to_owned(), json!("value"));
    world.put_plain(&json!(membership)).await;

    assert_done(&world.delete(JANE).await, 204);

    let mark = json!({
        "pk": "USER#jane",
        "sk": "ORG#acme",
        "removedAt": START,
        "addressDigests": [digest(ADDRESS)],
        "heldRoleIds": [],
    });
    let mark = with(mark, entry("REMOVED#", "acme", START, "jane"));
    assert_eq!(json!(world.item("USER#jane", "ORG#acme").await), mark);
}

#[tokio::test]
async fn a_removal_concerns_nobody_else_and_no_other_organization() {
    let world = with_jane_removed().await;
    world.organization("other").await;
    world.domains("other", &["acme.com"]).await;

    world.sign_up("jane", ADDRESS).await;
    world.sign_up("joe", "joe@acme.com").await;

    let ids = async |user| {
        let list = belongs_to(&world, user).await;
        let ids: Vec<_> =
            list.as_array().expect("a list").iter().map(|it| it["id"].clone()).collect();
        Value::Array(ids)
    };
    assert_eq!(ids("jane").await, json!(["other"]));
    assert_eq!(ids("joe").await, json!(["acme", "other"]));
}

#[tokio::test]
async fn the_mark_of_the_address_stays_after_the_user_is_deleted() {
    let world = with_jane_removed().await;
    let jane = UserId::parse("jane").expect("an id");
    delete_user(&world.app.store, &jane, true, world.app.clock.now())
        .await
        .expect("the store works");

    let decision = appear(&world, EntryPath::PostConfirmation, "new-account", ADDRESS).await;

    assert_eq!(decision, Some(Outcome::Refuse(Reason::RemovedEarlier)));
}

#[tokio::test]
async fn adding_by_hand_clears_both_marks_and_starts_afresh() {
    let world = with_users([]).await;
    let role = world.role("Engineer").await;
    world.default_roles("acme", &[&role]).await;
    world.sign_up("jane", ADDRESS).await;
    world.delete(JANE).await;
    world.pass(Duration::from_secs(60));

    assert_added(&world.post(MEMBERS, &naming(&["jane"])).await, &["jane"]);

    assert_eq!(belongs_to(&world, "jane").await, afresh("2026-01-01T00:01:00.000Z"));
    let items = world.items().await;
    assert_eq!(standing(&items, "jane", ADDRESS), Some("member"));
    assert!(!items.keys().any(|(pk, _)| pk.starts_with("REMOVED#")), "{items:#?}");

    // A second account with the address is a matter of its own again.
    world.sign_up("new-account", ADDRESS).await;
    assert_eq!(belongs_to(&world, "new-account").await[0]["provenance"]["rule"], "email_domain");
}

#[tokio::test]
async fn replacing_the_members_with_a_removed_one_clears_the_marks_too() {
    let world = with_jane_removed().await;

    assert_done(&world.put(MEMBERS, &naming(&["jane"])).await, 204);

    assert_eq!(belongs_to(&world, "jane").await, afresh(START));
    assert_eq!(standing(&world.items().await, "jane", ADDRESS), Some("member"));
}

#[tokio::test]
async fn the_mark_of_the_old_address_goes_also_when_the_address_has_changed_since() {
    // Only of a member of something is the new address known.
    for member_elsewhere in [true, false] {
        let world = with_users([]).await;
        if member_elsewhere {
            world.sign_up("jane", "jane@home.example").await;
        }
        world.sign_up("jane", ADDRESS).await;
        world.delete(JANE).await;
        world.sign_up("jane", "jane@new.example").await;

        assert_added(&world.post(MEMBERS, &naming(&["jane"])).await, &["jane"]);

        let marks = world.items().await;
        let marks: Vec<_> = marks.keys().filter(|(pk, _)| pk.starts_with("REMOVED#")).collect();
        assert!(marks.is_empty(), "{marks:?}");
        let decision = appear(&world, EntryPath::PostConfirmation, "new-account", ADDRESS).await;
        assert!(matches!(decision, Some(Outcome::Join(_))), "{decision:?}");
    }
}

#[tokio::test]
async fn a_later_removal_works_again() {
    let world = with_jane_removed().await;
    let removed = world.items().await;
    world.post(MEMBERS, &naming(&["jane"])).await;

    assert_done(&world.delete(JANE).await, 204);

    let without_version = |mut items: Items| {
        items.retain(|(_, sk), _| sk != "VERSION");
        items
    };
    assert_eq!(without_version(world.items().await), without_version(removed));
    let decision = appear(&world, EntryPath::PreTokenGeneration, "jane", ADDRESS).await;
    assert_eq!(decision, Some(Outcome::Refuse(Reason::RemovedEarlier)));
}

#[tokio::test]
async fn a_member_keeps_the_provenance_of_whichever_came_first() {
    let world = with_users(["hand"]).await;
    world.post(MEMBERS, &naming(&["hand"])).await;
    world.sign_up("domain", "domain@acme.com").await;
    let before = world.items().await;

    assert_added(&world.post(MEMBERS, &naming(&["hand", "domain"])).await, &["hand", "domain"]);
    assert_eq!(world.items().await, before);

    for path in EntryPath::ALL {
        for (id, email) in [("hand", "hand@acme.com"), ("domain", "domain@acme.com")] {
            let decision = appear(&world, path, id, email).await;
            assert_eq!(decision, Some(Outcome::Refuse(Reason::AlreadyMember)), "{path:?}: {id}");
        }
    }
    let members = super::listed(&world).await;
    let rules = members.as_array().expect("a list").iter().map(|it| &it["provenance"]);
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            &by_domain("acme.com", "PostConfirmation"),
            &json!({ "rule": "api", "entryPath": "ManagementApi" }),
        ]
    );
}

#[tokio::test]
async fn a_process_killed_at_any_call_leaves_no_half_removed_member() {
    let world = with_users([]).await;
    world.sign_up("jane", ADDRESS).await;
    let nobody: [&str; 0] = [];
    let requests = [
        ("DELETE", JANE, Value::Null, 204, "removed"),
        ("POST", MEMBERS, naming(&["jane"]), 201, "member"),
        ("PUT", MEMBERS, naming(&nobody), 204, "removed"),
        ("PUT", MEMBERS, naming(&["jane"]), 204, "member"),
    ];
    for (method, path, body, status, after) in requests {
        let before = world.items().await;
        let mut calls = 0;
        loop {
            world.wire.cut_after(calls);
            let ask = world.ask(method.parse().expect("a method"), path);
            let answer = if body.is_null() { ask } else { ask.json(&body) }.send().await;
            world.wire.mend();
            if answer.status.as_u16() == status {
                break;
            }
            answer.problem(503, "service.unavailable");
            assert_eq!(world.items().await, before, "{method} {path} after {calls} calls");
            calls += 1;
            assert!(calls < 10, "{method} {path} takes no ten calls");
        }
        assert!(calls > 1, "{method} {path} takes more than one call");
        assert_eq!(standing(&world.items().await, "jane", ADDRESS), Some(after));
    }
}

#[tokio::test]
async fn a_removal_and_an_addition_whose_answers_get_lost_count_once() {
    let world = with_users([]).await;
    world.sign_up("jane", ADDRESS).await;

    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    assert_done(&world.delete(JANE).await, 204);
    assert_eq!(standing(&world.items().await, "jane", ADDRESS), Some("removed"));

    world.wire.next("TransactWriteItems", Fate::AnswerLost);
    assert_added(&world.post(MEMBERS, &naming(&["jane"])).await, &["jane"]);
    assert_eq!(standing(&world.items().await, "jane", ADDRESS), Some("member"));
}

/// Makes Jane a member of `acme` by hand. She has proven nothing.
async fn add_jane(store: &Store, at: &str) {
    let (profile, roles) = (Profile::default(), NewRoles::default());
    let at = at.parse().expect("a timestamp");
    store.add_member(&acme(), &jane(), &profile, roles, at).await.expect("added");
}

async fn remove_jane(store: &Store) {
    let removal = Removal::of_member(&Caller::default(), START.parse().expect("a timestamp"));
    let (nobody, ended) = (BTreeSet::new(), &mut Vec::new());
    store.remove_member(&acme(), &jane(), &nobody, &removal, ended).await.expect("removed");
}

#[tokio::test]
async fn a_removal_that_another_one_and_an_addition_overtake_tells_of_the_membership_that_it_ends()
{
    const AGAIN: &str = "2026-01-01T00:00:07.000Z";

    let world = with_users([]).await;
    let store = world.store();
    add_jane(&store, START).await;
    let mut stream = world.stream();
    stream.next();
    let deed = async move {
        remove_jane(&store).await;
        add_jane(&store, AGAIN).await;
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    assert_done(&world.delete(JANE).await, 204);

    let told: Vec<_> = stream.told().into_iter().flat_map(|told| told.events).collect();
    let told: Vec<_> = told.iter().map(|event| (&event["type"], joined_at(event))).collect();
    let kinds = ["Removed", "Created", "Removed"];
    let kinds = kinds.map(|kind| json!(format!("Organization.Membership.{kind}")));
    let times = [START, AGAIN, AGAIN].map(Value::from);
    assert_eq!(told, kinds.iter().zip(&times).collect::<Vec<_>>());
}

/// When the membership was made that an event is about.
fn joined_at(event: &Value) -> &Value {
    let side = if event["after"].is_null() { "before" } else { "after" };
    &event[side]["joinedAt"]
}

#[tokio::test]
async fn a_removal_that_has_missed_the_profile_marks_its_addresses_all_the_same() {
    let world = with_users([]).await;
    let other = "jane@home.example";
    world.sign_up("jane", ADDRESS).await;
    world.token("jane", other).await;
    // The place of the membership is read after the sign-up, and the profile before.
    let place = tagged_item(&json!(world.item("USER#jane", "ORG#acme").await));
    let body = json!({ "Responses": { "usher": [place] }, "UnprocessedKeys": {} });
    world.wire.next("BatchGetItem", Fate::Reply { status: 200, body });

    assert_done(&world.delete(JANE).await, 204);

    for address in [ADDRESS, other] {
        world.item(&format!("REMOVED#{}", digest(address)), "ORG#acme").await;
    }
}

#[tokio::test]
async fn a_sign_up_that_a_removal_overtakes_does_not_bring_the_membership_back() {
    let world = with_users([]).await;
    let store = world.app.store.clone();
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            let profile = Profile {
                email: Some(ADDRESS.to_owned()),
                user_name: Some("jane".to_owned()),
                ..Profile::default()
            };
            let now = START.parse().expect("a timestamp");
            store
                .add_member(&acme(), &jane(), &profile, NewRoles::default(), now)
                .await
                .expect("added");
            let nobody = BTreeSet::new();
            let removal = Removal::of_member(&Caller::default(), now);
            let ended = &mut Vec::new();
            store.remove_member(&acme(), &jane(), &nobody, &removal, ended).await.expect("removed");
        }),
    );

    let decision = appear(&world, EntryPath::PostConfirmation, "jane", ADDRESS).await;

    assert_eq!(decision, Some(Outcome::Refuse(Reason::RemovedEarlier)));
    assert_eq!(standing(&world.items().await, "jane", ADDRESS), Some("removed"));
}
