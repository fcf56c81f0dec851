//! Only proven addresses count: what is kept of them, what a removal marks, and which accounts
//! belong together.

use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::domain::decision::{JoinPolicy, Outcome};
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{EntryPath, Profile, Proof};
use shared::provisioning::Provisioning;
use shared::store::Removal;

use super::removal::{appear, user};
use super::{MEMBERS, assert_added, assert_done, digest, listed, naming, with_users};
use crate::support::{
    Fate, Items, Logs, Pool, START, World, delete_user, item, key, pool_user, trigger_event,
    verified,
};

const JANE: &str = "/organizations/acme/users/jane";
const REFRESH: &str = "TokenGeneration_RefreshTokens";

/// A token for a user whose address is not proven, and its claims.
async fn unproven_token(world: &World, attributes: &Value) -> Value {
    world.pre_token_generation(&trigger_event("2", REFRESH, attributes)).await
}

fn unverified(sub: &str, email: &str) -> Value {
    json!({ "sub": sub, "email": email, "email_verified": "false" })
}

/// The ids of a user's organizations, as a token has them.
async fn claimed(world: &World, sub: &str, email: &str) -> Value {
    let answer = world.token(sub, email).await;
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    details["accessTokenGeneration"]["claimsToAddOrOverride"]["organizations"].clone()
}

async fn joins(world: &World, path: EntryPath, id: &str, email: &str) -> bool {
    let outcome = appear(world, path, id, email).await.expect("acme lists the domain");
    matches!(outcome, Outcome::Join(_))
}

/// The engine over a wire of its own.
fn undisturbed(world: &World) -> Provisioning {
    Provisioning::new(world.store(), JoinPolicy::default(), world.app.clock.clone())
}

/// The ids of the members of `acme`.
async fn members(world: &World) -> Vec<String> {
    let members = listed(world).await;
    let ids = members.as_array().expect("a list").iter().map(|it| it["id"].as_str());
    ids.map(|id| id.expect("an id").to_owned()).collect()
}

/// The partitions of an address that hold anything.
fn accounts(items: &Items, address: &str) -> Vec<String> {
    let partition = format!("ADDRESS#{}", digest(address));
    let keys = items.keys().filter(|(pk, sk)| *pk == partition && sk != "VERSION");
    keys.map(|(_, sk)| sk.clone()).collect()
}

#[tokio::test]
async fn a_removal_marks_every_address_that_the_member_has_proven() {
    for path in EntryPath::ALL {
        let world = with_users([]).await;
        world.domains("acme", &["acme.org"]).await;
        world.sign_up("jane", "jane@acme.com").await;
        world.token("jane", "jane@acme.org").await;
        world.token("jane", "jane@gmail.com").await;
        assert_done(&world.delete(JANE).await, 204);

        for address in ["jane@acme.com", "jane@acme.org"] {
            assert!(!joins(&world, path, "new", address).await, "{path:?}: {address}");
        }
        let mark = world.item("USER#jane", "ORG#acme").await;
        let digests = ["jane@gmail.com", "jane@acme.org", "jane@acme.com"].map(digest);
        assert_eq!(mark["addressDigests"], json!(digests));
    }
}

#[tokio::test]
async fn an_unproven_address_is_neither_kept_nor_shown_nor_marked() {
    let saml = json!([{ "providerName": "Mallory", "providerType": "SAML" }]).to_string();
    let asserted = json!({
        "sub": "mallory", "email": "ceo@acme.com", "email_verified": "true", "identities": saml,
    });
    for attributes in [unverified("mallory", "ceo@acme.com"), asserted] {
        let world = with_users([]).await;
        world.sign_up("mallory", "mallory@acme.com").await;
        let before = world.items().await;
        unproven_token(&world, &attributes).await;
        assert_eq!(world.items().await, before);
        assert_eq!(listed(&world).await[0]["primaryEmail"], "mallory@acme.com");

        assert_done(&world.delete(&format!("{MEMBERS}/mallory")).await, 204);

        for path in EntryPath::ALL {
            assert!(!joins(&world, path, "mallory-2", "mallory@acme.com").await, "{path:?}");
        }
        assert!(joins(&world, EntryPath::PostConfirmation, "ceo", "ceo@acme.com").await);
    }
}

#[tokio::test]
async fn a_stranger_who_proves_nothing_has_no_address_in_the_profile() {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    for (sub, verified, email) in
        [("jane", true, json!("jane@acme.com")), ("mallory", false, Value::Null)]
    {
        let user = pool_user(sub, sub, "jane@acme.com", verified);
        pool.answers("ListUsers", json!({ "Users": [user] }));
        assert_added(&world.post(MEMBERS, &naming(&[sub])).await, &[sub]);
        let profile = world.item(&format!("USER#{sub}"), "PROFILE").await;
        assert_eq!(profile.get("email").cloned().unwrap_or_default(), email);
    }
    assert_eq!(accounts(&world.items().await, "jane@acme.com"), ["USER#jane"]);
}

#[tokio::test]
async fn adding_by_hand_clears_no_mark_of_an_address_that_the_user_has_not_proven() {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world.sign_up("ceo", "ceo@acme.com").await;
    assert_done(&world.delete(&format!("{MEMBERS}/ceo")).await, 204);

    let mallory = pool_user("mallory", "mallory", "ceo@acme.com", false);
    pool.answers("ListUsers", json!({ "Users": [mallory] }));
    assert_added(&world.post(MEMBERS, &naming(&["mallory"])).await, &["mallory"]);

    for path in EntryPath::ALL {
        assert!(!joins(&world, path, "ceo-2", "ceo@acme.com").await, "{path:?}");
    }
}

#[tokio::test]
async fn a_removal_ends_what_the_same_address_brought_about_for_other_accounts() {
    let world = with_users(["hand"]).await;
    world.organization("other").await;
    world.domains("other", &["acme.com"]).await;
    world.sign_up("native", "jane@acme.com").await;
    let google = json!([{ "providerName": "Google", "providerType": "Google" }]).to_string();
    let mut attributes = verified("google", "Jane@Acme.com");
    attributes["identities"] = google.into();
    world.pre_token_generation(&trigger_event("2", REFRESH, &attributes)).await;
    world.sign_up("joe", "joe@acme.com").await;
    world.post(MEMBERS, &naming(&["hand"])).await;
    world.token("hand", "jane@acme.com").await;
    assert_eq!(members(&world).await, ["google", "hand", "joe", "native"]);

    let logs = Logs::capture();
    assert_done(&world.delete(&format!("{MEMBERS}/native")).await, 204);

    assert_eq!(members(&world).await, ["hand", "joe"]);
    for account in ["native", "google"] {
        assert_eq!(claimed(&world, account, "jane@acme.com").await, json!(["other"]), "{account}");
    }
    let line = logs.lines().into_iter().find(|line| line["message"] == "audit");
    assert_eq!(line.expect("a line")["removed"], "google native");

    // Adding one of them by hand is a matter of this one.
    assert_added(&world.post(MEMBERS, &naming(&["native"])).await, &["native"]);
    assert_eq!(claimed(&world, "native", "jane@acme.com").await, json!(["acme", "other"]));
    assert_eq!(claimed(&world, "google", "jane@acme.com").await, json!(["other"]));
}

/// Mallory and Bob have both proven an address that they share, and one of their own.
async fn with_a_shared_mailbox() -> World {
    let world = with_users([]).await;
    world.sign_up("mallory", "mallory@acme.com").await;
    world.token("mallory", "info@acme.com").await;
    world.sign_up("bob", "info@acme.com").await;
    world.token("bob", "bob@acme.com").await;
    world
}

#[tokio::test]
async fn an_account_that_is_removed_with_another_is_removed_with_all_its_addresses() {
    for by in ["DELETE", "PUT"] {
        let world = with_a_shared_mailbox().await;
        match by {
            "DELETE" => assert_done(&world.delete(&format!("{MEMBERS}/mallory")).await, 204),
            _ => assert_done(&world.put(MEMBERS, &naming::<&str>(&[])).await, 204),
        }
        for address in ["mallory@acme.com", "info@acme.com", "bob@acme.com"] {
            let path = EntryPath::PreTokenGeneration;
            assert!(!joins(&world, path, "new", address).await, "{by}: {address}");
        }
        let mark = world.item("USER#bob", "ORG#acme").await;
        let digests = ["bob@acme.com", "info@acme.com"].map(digest);
        assert_eq!(mark["addressDigests"], json!(digests));
    }

    // What Bob clears when he is added back are the marks of his addresses alone.
    let world = with_a_shared_mailbox().await;
    world.delete(&format!("{MEMBERS}/mallory")).await;
    assert_added(&world.post(MEMBERS, &naming(&["bob"])).await, &["bob"]);
    let path = EntryPath::PostConfirmation;
    assert!(!joins(&world, path, "mallory-2", "mallory@acme.com").await);
    assert!(joins(&world, path, "new", "bob@acme.com").await);
}

#[tokio::test]
async fn addresses_that_a_removed_member_proves_are_kept_for_the_next_removal() {
    let world = with_users([]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.delete(JANE).await;
    world.token("jane", "j.doe@acme.com").await;
    world.post(MEMBERS, &naming(&["jane"])).await;
    assert_eq!(listed(&world).await[0]["primaryEmail"], "j.doe@acme.com");

    assert_done(&world.delete(JANE).await, 204);

    assert!(!joins(&world, EntryPath::PostConfirmation, "new", "j.doe@acme.com").await);
}

#[tokio::test]
async fn an_unproven_address_that_an_earlier_release_kept_clears_no_mark_and_goes() {
    let world = with_users([]).await;
    world.sign_up("ceo", "ceo@acme.com").await;
    assert_done(&world.delete(&format!("{MEMBERS}/ceo")).await, 204);
    let profile = json!({
        "pk": "USER#mallory", "sk": "PROFILE", "email": "ceo@acme.com", "userName": "mallory",
    });
    world.put_plain(&profile).await;

    assert_added(&world.post(MEMBERS, &naming(&["mallory"])).await, &["mallory"]);

    assert!(!joins(&world, EntryPath::PostConfirmation, "ceo-2", "ceo@acme.com").await);
    unproven_token(&world, &unverified("mallory", "ceo@acme.com")).await;
    assert_eq!(listed(&world).await[0]["primaryEmail"], Value::Null);
}

#[tokio::test]
async fn many_members_with_one_address_leave_at_once() {
    let world = with_users([]).await;
    let users: Vec<_> = (0..40).map(|number| format!("user-{number}")).collect();
    for user in &users {
        world.sign_up(user, "qa@home.example").await;
    }
    world.post(MEMBERS, &naming(&users)).await;
    assert_done(&world.put(MEMBERS, &naming::<&str>(&[])).await, 204);
    assert_eq!(members(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_member_whose_profile_cannot_be_read_can_be_removed_and_deleted() {
    let world = with_users([]).await;
    world.sign_up("jane", "jane@acme.com").await;
    let mut profile = world.item("USER#jane", "PROFILE").await;
    profile.insert("addresses".to_owned(), json!(["x"]));
    world.put_plain(&json!(profile)).await;

    assert_done(&world.delete(JANE).await, 204);
    assert!(!joins(&world, EntryPath::PostConfirmation, "new", "jane@acme.com").await);

    let jane = UserId::parse("jane").expect("an id");
    let now = world.app.clock.now();
    assert!(delete_user(&world.app.store, &jane, false, now).await.expect("the store works"));
    assert!(world.item("USER#jane", "PROFILE").await.contains_key("deletedAt"));
}

#[tokio::test]
async fn a_replacement_keeps_those_whom_it_names() {
    let world = with_users([]).await;
    let role = world.role("Engineer").await;
    world.default_roles("acme", &[&role]).await;
    for account in ["native", "google", "apple"] {
        world.sign_up(account, "jane@acme.com").await;
    }
    let kept = world.item("USER#google", "ORG#acme").await;

    assert_done(&world.put(MEMBERS, &naming(&["google"])).await, 204);

    assert_eq!(members(&world).await, ["google"]);
    assert_eq!(world.item("USER#google", "ORG#acme").await, kept);
}

/// Removes native, while google signs up with the same address: at each call of the one, the other
/// comes first. Whoever is first, nobody is a member.
#[tokio::test]
async fn an_account_that_joins_during_the_removal_of_the_same_address_is_removed_too() {
    for (operation, count) in
        [("BatchGetItem", 1), ("GetItem", 2), ("Query", 1), ("TransactWriteItems", 1)]
    {
        for skipped in 0..count {
            let world = with_users([]).await;
            world.sign_up("native", "jane@acme.com").await;
            for _ in 0..skipped {
                world.wire.next(operation, Fate::undisturbed());
            }
            let provisioning = undisturbed(&world);
            world.wire.next(
                operation,
                Fate::overtaken(async move {
                    let user = user("google", "jane@acme.com");
                    let path = EntryPath::PostConfirmation;
                    provisioning.appear(&user, path, Proof::Earlier).await.expect("it works");
                }),
            );

            assert_done(&world.delete(&format!("{MEMBERS}/native")).await, 204);

            assert_eq!(members(&world).await, [""; 0], "{operation} {skipped}");
        }
    }
}

#[tokio::test]
async fn an_account_whose_address_is_removed_while_it_joins_does_not_join() {
    let world = with_users([]).await;
    world.sign_up("native", "jane@acme.com").await;
    let store = world.store();
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            let acme = OrganizationId::parse("acme").expect("an id");
            let native = UserId::parse("native").expect("an id");
            let now = START.parse().expect("a timestamp");
            let removal = Removal::of_member(&Caller::default(), now);
            let mut ended = Vec::new();
            let removed =
                store.remove_member(&acme, &native, &[].into(), &removal, &mut ended).await;
            removed.expect("removed");
            assert_eq!(ended, [native]);
        }),
    );

    assert!(!joins(&world, EntryPath::PreTokenGeneration, "google", "jane@acme.com").await);

    assert_eq!(members(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_removal_of_more_accounts_than_a_transaction_holds_goes_on_when_it_is_repeated() {
    let world = with_users([]).await;
    world.sign_up("user-0", "jane@acme.com").await;
    let others: Vec<_> = (1..250).map(|number| format!("user-{number}")).collect();
    world.copy("user-0", others).await;
    let path = format!("{MEMBERS}/user-0");
    let mut cut = 0;
    let mut before = 250;
    let (mut left, mut answers) = (Vec::new(), Vec::new());
    while answers.last() != Some(&204) {
        world.wire.cut_after(cut);
        let answer = world.delete(&path).await;
        world.wire.mend();
        answers.push(answer.status.as_u16());
        let items = world.items().await;
        let now = items.values().filter(|item| item.contains_key("joinedAt")).count();
        assert!(now <= before);
        before = now;
        left.push(now);
        cut += 1;
        assert!(cut < 30, "{left:?}");
    }
    assert_eq!(left.last(), Some(&0), "{left:?}");
    assert!(left.iter().any(|&count| count > 0 && count < 250), "{left:?}");
    world.delete(&path).await.problem(404, "membership.not_found");
    assert!(!world.item("USER#user-0", "ORG#acme").await.contains_key("othersRemain"));
}

#[tokio::test]
async fn a_removal_that_goes_on_marks_the_address_again_if_somebody_was_put_back_meanwhile() {
    let world = with_users([]).await;
    world.sign_up("user-0", "jane@acme.com").await;
    world.copy("user-0", (1..100).map(|number| format!("user-{number}"))).await;
    let path = format!("{MEMBERS}/user-0");
    let mark = format!("REMOVED#{}", digest("jane@acme.com"));
    let mut cut = 0;
    while !world.item("USER#user-0", "ORG#acme").await.contains_key("othersRemain") {
        world.wire.cut_after(cut);
        world.delete(&path).await;
        world.wire.mend();
        cut += 1;
        assert!(cut < 30, "it never takes a second transaction");
    }
    let items = world.items().await;
    let mut ended = items.iter().filter(|(_, item)| item.contains_key("heldRoleIds"));
    let put_back =
        ended.find_map(|((pk, _), _)| pk.strip_prefix("USER#").filter(|user| *user != "user-0"));
    let put_back = put_back.expect("some have ended");
    assert_added(&world.post(MEMBERS, &naming(&[put_back])).await, &[put_back]);
    assert!(!world.items().await.contains_key(&key(&mark, "ORG#acme")));

    assert_done(&world.delete(&path).await, 204);

    let items = world.items().await;
    assert_eq!(items.values().filter(|item| item.contains_key("joinedAt")).count(), 1);
    assert!(items.contains_key(&key(&mark, "ORG#acme")));
}

#[tokio::test]
async fn the_newest_proven_addresses_are_kept_and_those_that_memberships_are_by() {
    let world = with_users([]).await;
    world.sign_up("jane", "jane@acme.com").await;
    let address = |number| format!("jane.{number}@gmail.com");
    for number in 0..=Profile::MOST_ADDRESSES {
        world.token("jane", &address(number)).await;
    }
    let kept = (2..=Profile::MOST_ADDRESSES).rev().map(|number| digest(&address(number)));
    let kept: Vec<_> = kept.chain([digest("jane@acme.com")]).collect();
    let profile = world.item("USER#jane", "PROFILE").await;
    assert_eq!(profile["addresses"], json!(kept));
    let items = world.items().await;
    assert_eq!(accounts(&items, &address(1)), [""; 0]);
    assert_eq!(accounts(&items, &address(2)), ["USER#jane"]);

    // An address that is proven again is the newest again.
    world.token("jane", &address(2)).await;
    let profile = world.item("USER#jane", "PROFILE").await;
    assert_eq!(profile["addresses"][0], digest(&address(2)));
    assert_eq!(profile["addresses"].as_array().map(Vec::len), Some(Profile::MOST_ADDRESSES));

    assert_done(&world.delete(JANE).await, 204);
    assert!(!joins(&world, EntryPath::PostConfirmation, "new", "jane@acme.com").await);
}

#[tokio::test]
async fn two_tokens_at_once_with_different_addresses_keep_both() {
    let world = with_users([]).await;
    world.sign_up("jane", "jane@acme.com").await;
    let provisioning = undisturbed(&world);
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            let user = user("jane", "jane@b.example");
            provisioning
                .appear(&user, EntryPath::PreTokenGeneration, Proof::Earlier)
                .await
                .expect("it works");
        }),
    );
    world.token("jane", "jane@a.example").await;
    let profile = world.item("USER#jane", "PROFILE").await;
    let all = ["jane@a.example", "jane@b.example", "jane@acme.com"].map(digest);
    assert_eq!(profile["addresses"], json!(all));
}

#[tokio::test]
async fn members_of_before_addresses_were_kept_are_removed_by_the_address_last_seen() {
    let world = with_users([]).await;
    for account in ["native", "google"] {
        world.sign_up(account, "jane@acme.com").await;
        let user = format!("USER#{account}");
        for (sk, attribute) in [("ORG#acme", "addressDigest"), ("PROFILE", "addresses")] {
            let mut older = world.item(&user, sk).await;
            older.remove(attribute).expect("it is written");
            world.put_plain(&json!(older)).await;
        }
        world.remove_item(&format!("ADDRESS#{}", digest("jane@acme.com")), &user).await;
    }
    // The next token notes what was proven.
    world.token("google", "jane@gmail.com").await;
    let profile = world.item("USER#google", "PROFILE").await;
    assert_eq!(profile["addresses"], json!([digest("jane@gmail.com"), digest("jane@acme.com")]));

    assert_done(&world.delete(&format!("{MEMBERS}/native")).await, 204);

    assert_eq!(members(&world).await, [""; 0]);
    assert!(!joins(&world, EntryPath::PostConfirmation, "new", "jane@acme.com").await);
}

#[tokio::test]
async fn the_accounts_of_a_deleted_user_are_found_no_more() {
    let world = with_users([]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.token("jane", "jane@gmail.com").await;
    let jane = UserId::parse("jane").expect("an id");

    let deleted = delete_user(&world.app.store, &jane, true, world.app.clock.now()).await;

    assert!(deleted.expect("the store works"));
    let items = world.items().await;
    for address in ["jane@acme.com", "jane@gmail.com"] {
        assert_eq!(accounts(&items, address), [""; 0]);
    }
    let of_jane: Vec<_> = items.keys().filter(|(pk, _)| pk == "USER#jane").collect();
    assert_eq!(of_jane, [&key("USER#jane", "PROFILE")]);
    assert_eq!(
        json!(item(&items, "USER#jane", "PROFILE")),
        json!({
            "pk": "USER#jane",
            "sk": "PROFILE",
            "deletedAt": START,
            "expiresAt": 1_767_398_400,
        })
    );
}
