//! `POST /organizations/{organizationId}/join-requests/{userId}/decline`

use serde_json::json;
use shared::domain::membership::{EntryPath, Proof};

use super::{
    MEMBERS, REMOVED, REQUESTS, approve, approve_by_another, decline, decline_by_another, declined,
    digest, naming, nothing, standing, with_requests,
};
use crate::memberships::removal::{appear, user};
use crate::support::{Fate, Logs, assert_is, entry, with};

const LATER: &str = "2026-01-01T00:00:01.000Z";

#[tokio::test]
async fn a_refusal_leaves_marks_of_the_user_and_of_the_addresses() {
    let world = with_requests(["jane"]).await;

    assert_eq!(decline(&world, "jane").await.status, 204);

    assert_is(&world.get(REQUESTS).await, 200, &json!([]));
    assert_is(&world.get(MEMBERS).await, 200, &json!([]));
    assert_is(&world.get(REMOVED).await, 200, &json!([declined("jane", LATER)]));
    let by = json!({ "clientId": "console", "subject": "olga" });
    let addresses = ["jane@acme.com", "jane@home.example"].map(digest);
    let mark = json!({
        "pk": "USER#jane",
        "sk": "ORG#acme",
        "removedAt": LATER,
        "removedBy": by,
        "declined": true,
        "addressDigests": addresses,
    });
    let mark = with(mark, entry("REMOVED#", "acme", LATER, "jane"));
    assert_eq!(json!(world.item("USER#jane", "ORG#acme").await), mark);
    for digest in &addresses {
        let pk = format!("REMOVED#{digest}");
        let expected = json!({ "pk": pk, "sk": "ORG#acme", "removedAt": LATER, "removedBy": by, "declined": true });
        assert_eq!(json!(world.item(&pk, "ORG#acme").await), expected);
    }
}

#[tokio::test]
async fn who_was_refused_neither_joins_nor_asks_again_until_added_by_hand() {
    let world = with_requests(["jane"]).await;
    decline(&world, "jane").await;
    let before = standing(&world.items().await, "jane");
    for path in EntryPath::ALL {
        for id in ["jane", "new-account"] {
            let outcome = appear(&world, path, id, "jane@acme.com").await;
            assert!(outcome.is_some(), "the rule is listed");
            assert_is(&world.get(REQUESTS).await, 200, &json!([]));
            assert_is(&world.get(MEMBERS).await, 200, &json!([]));
        }
    }
    assert_eq!(standing(&world.items().await, "jane"), before);

    assert_eq!(world.post(MEMBERS, &naming(&["jane"])).await.status, 201);
    assert_eq!(standing(&world.items().await, "jane"), Some("member"));
    assert_is(&world.get(REMOVED).await, 200, &json!([]));
}

#[tokio::test]
async fn a_refusal_is_repeated_without_effect_and_a_member_is_not_refused() {
    let world = with_requests(["jane", "joe", "jim"]).await;
    decline(&world, "jane").await;
    approve(&world, "joe", &nothing()).await;
    world.delete(&format!("{MEMBERS}/joe")).await;
    approve(&world, "jim", &nothing()).await;
    let before = world.items().await;
    let logs = Logs::capture();

    for user in ["jane", "joe"] {
        assert_eq!(decline(&world, user).await.status, 204, "{user}");
    }
    decline(&world, "jim").await.problem(422, "join_request.already_member");

    assert_eq!(world.items().await, before);
    assert!(logs.lines().iter().all(|line| line["message"] != "audit"));
}

#[tokio::test]
async fn a_refusal_ends_the_requests_of_other_accounts_by_the_same_address_and_no_membership() {
    let world = with_requests(["jane", "joe"]).await;
    // Another account of Jane has asked, and one is a member.
    for account in ["second", "member"] {
        world.copy("jane", [account.to_owned()]).await;
        world.sign_up(account, "jane@acme.com").await;
    }
    world.remove_item("USER#second", "ORG#acme").await;
    world.remove_item("USER#member", "ORG#acme").await;
    world.ask_to_join("second", "acme", "jane@acme.com").await;
    world.sign_up("member", "jane@acme.com").await;
    assert_eq!(world.get(MEMBERS).await.ids(), ["member"]);

    assert_eq!(decline(&world, "jane").await.status, 204);

    assert_eq!(world.get(REMOVED).await.ids(), ["jane", "second"]);
    assert_eq!(world.get(REQUESTS).await.ids(), ["joe"]);
    assert_eq!(world.get(MEMBERS).await.ids(), ["member"]);
    // A token does not end what is there.
    world.token("member", "jane@acme.com").await;
    assert_eq!(world.get(MEMBERS).await.ids(), ["member"]);
}

#[tokio::test]
async fn of_two_refusals_at_once_one_is_written() {
    let world = with_requests(["jane"]).await;
    let deed = decline_by_another(world.store(), "jane");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    assert_eq!(decline(&world, "jane").await.status, 204);

    assert_eq!(world.get(REMOVED).await.body[0]["removedBy"], json!(null));
}

#[tokio::test]
async fn a_refusal_that_an_approval_overtakes_fails() {
    let world = with_requests(["jane"]).await;
    let deed = approve_by_another(world.store(), "jane");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    decline(&world, "jane").await.problem(422, "join_request.already_member");

    assert_eq!(standing(&world.items().await, "jane"), Some("member"));
}

#[tokio::test]
async fn an_addition_by_hand_that_a_refusal_overtakes_clears_its_marks() {
    let world = with_requests(["jane"]).await;
    let deed = decline_by_another(world.store(), "jane");
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    assert_eq!(world.post(MEMBERS, &naming(&["jane"])).await.status, 201);

    assert_eq!(standing(&world.items().await, "jane"), Some("member"));
}

#[tokio::test]
async fn a_refusal_overtaken_by_the_request_of_another_account_ends_that_too() {
    let world = with_requests(["jane"]).await;
    world.sign_up("second", "second@home.example").await;
    world.delete("/organizations/acme/jit/email-domains/acme.com").await;
    world.sign_up("second", "jane@acme.com").await;
    world.ask_to_join("second", "acme", "jane@acme.com").await;
    let provisioning = world.app.provisioning.clone();
    // Whatever happens to the address meanwhile gives it another version.
    let deed = async move {
        let second = user("second", "jane@acme.com");
        provisioning
            .appear(&second, EntryPath::PreTokenGeneration, Proof::Earlier)
            .await
            .expect("it works");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(deed));

    assert_eq!(decline(&world, "jane").await.status, 204);

    assert_eq!(world.get(REMOVED).await.ids(), ["jane", "second"]);
}

#[tokio::test]
async fn a_refusal_that_fails_at_any_call_is_done_by_the_same_request_again() {
    let mut cut = 0;
    loop {
        let world = with_requests(["jane"]).await;
        world.wire.cut_after(cut);
        let answer = decline(&world, "jane").await;
        world.wire.mend();
        let standing_now = standing(&world.items().await, "jane");
        assert!(matches!(standing_now, Some("requested" | "removed")), "{cut}: {standing_now:?}");

        assert_eq!(decline(&world, "jane").await.status, 204);

        assert_is(&world.get(REMOVED).await, 200, &json!([declined("jane", LATER)]));
        if answer.status == 204 {
            return;
        }
        answer.problem(503, "service.unavailable");
        cut += 1;
        assert!(cut < 20);
    }
}

#[tokio::test]
async fn more_accounts_than_a_transaction_holds_are_refused_in_several_and_a_repeat_goes_on() {
    let world = with_requests(["user-0"]).await;
    let others: Vec<_> = (1..120).map(|number| format!("user-{number}")).collect();
    // They have the same address, since their accounts are copied and the address is not named so.
    world.delete("/organizations/acme/jit/email-domains/acme.com").await;
    world.sign_up("user-0", "jane@acme.com").await;
    world.remove_item("USER#user-0", "ORG#acme").await;
    world.ask_to_join("user-0", "acme", "jane@acme.com").await;
    world.copy("user-0", others).await;
    let mut cut = 0;
    let mut left = Vec::new();
    loop {
        world.wire.cut_after(cut);
        let answer = decline(&world, "user-0").await;
        world.wire.mend();
        let items = world.items().await;
        left.push(items.values().filter(|item| item.contains_key("requestedAt")).count());
        if answer.status == 204 {
            break;
        }
        cut += 1;
        assert!(cut < 30, "{left:?}");
    }
    assert_eq!(left.last(), Some(&0), "{left:?}");
    assert!(left.iter().any(|&count| count > 0 && count < 120), "{left:?}");
    assert!(!world.item("USER#user-0", "ORG#acme").await.contains_key("othersRemain"));
    assert_eq!(world.item("USER#user-0", "ORG#acme").await["declined"], true);
}
