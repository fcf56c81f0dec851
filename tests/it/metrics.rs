//! Metrics: a row for each situation.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use shared::runtime::TRIGGER_DEADLINE;

use crate::support::{Counts, Fate, Pool, World, pool_user, trigger_event, verified};

/// A world over a recorded pool, where acme and globex list acme.com.
async fn two_organizations() -> (World, Pool) {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    for organization in ["acme", "globex"] {
        world.organization(organization).await;
        world.domains(organization, &["acme.com"]).await;
    }
    (world, pool)
}

fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(name, n)| (name.to_owned(), n)).into()
}

#[tokio::test]
async fn a_user_is_seen_measured_and_joined_by_entry_path() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, pool) = two_organizations().await;
    let expected = |path: &str| {
        BTreeMap::from([
            (format!("Joined EntryPath={path}"), 2),
            (format!("ProvisioningDuration EntryPath={path}"), 1),
            (format!("UsersSeen EntryPath={path}"), 1),
        ])
    };

    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(counts.take(), expected("PostConfirmation"));

    world.token("user-2", "joe@acme.com").await;
    assert_eq!(counts.take(), expected("PreTokenGeneration"));

    pool.answers(
        "AdminCreateUser",
        json!({ "User": pool_user("user-3", "jim", "jim@acme.com", true) }),
    );
    world.post("/users", &json!({ "primaryEmail": "jim@acme.com" })).await;
    assert_eq!(counts.take(), expected("ManagementApi"));
}

#[tokio::test]
async fn a_request_is_counted_once_by_entry_path() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let path = "/organizations/acme/jit/email-domains/acme.com";
    assert_eq!(world.patch(path, &json!({ "enrollment": "request" })).await.status, 200);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(
        counts.take(),
        counted([
            ("Joined EntryPath=PostConfirmation", 1),
            ("ProvisioningDuration EntryPath=PostConfirmation", 1),
            ("Requested EntryPath=PostConfirmation", 1),
            ("UsersSeen EntryPath=PostConfirmation", 1),
        ])
    );
    // Nothing is new at a token: she is a member of one, and has asked the other.
    world.token("user-1", "jane@acme.com").await;
    assert_eq!(
        counts.take(),
        counted([
            ("ProvisioningDuration EntryPath=PreTokenGeneration", 1),
            ("UsersSeen EntryPath=PreTokenGeneration", 1),
        ])
    );
}

#[tokio::test]
async fn a_refusal_is_counted_by_its_reason_and_a_member_is_none() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let seen = [
        ("ProvisioningDuration EntryPath=PreTokenGeneration", 1),
        ("UsersSeen EntryPath=PreTokenGeneration", 1),
    ];

    world.token("user-1", "jane@nobody.example").await;
    assert_eq!(counts.take(), counted([seen[0], ("Refused Reason=not_listed", 1), seen[1]]));

    world.token("user-1", "jane@gmail.com").await;
    assert_eq!(counts.take(), counted([seen[0], ("Refused Reason=public_mailbox", 1), seen[1]]));

    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.delete("/organizations/acme/users/user-1").await.status, 204);
    counts.take();
    world.token("user-1", "jane@acme.com").await;
    assert_eq!(counts.take(), counted([seen[0], ("Refused Reason=removed_earlier", 1), seen[1]]));
}

#[tokio::test]
async fn other_events_of_the_pool_count_no_user() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let jane = verified("user-1", "jane@acme.com");

    world
        .post_confirmation(&trigger_event("1", "PostConfirmation_ConfirmForgotPassword", &jane))
        .await;
    assert_eq!(counts.take(), counted([]));

    // It has no user.
    let machine = trigger_event("3", "TokenGeneration_ClientCredentials", &json!({}));
    world.pre_token_generation(&machine).await;
    assert_eq!(counts.take(), counted([]));
}

#[tokio::test]
async fn a_failure_is_counted_and_a_token_without_claims_besides() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let failure = ("ProvisioningFailures", 1);
    let without_claims = ("TokensWithoutClaims", 1);

    world.wire.next("Query", Fate::error("AccessDeniedException", "inside"));
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(counts.take(), counted([failure]));

    world.wire.next("Query", Fate::error("AccessDeniedException", "inside"));
    world.token("user-1", "jane@acme.com").await;
    assert_eq!(counts.take(), counted([failure, without_claims]));

    let nobody = json!({});
    world.post_confirmation(&trigger_event("1", "PostConfirmation_ConfirmSignUp", &nobody)).await;
    assert_eq!(counts.take(), counted([failure]));

    world.pre_token_generation(&trigger_event("2", "TokenGeneration_HostedAuth", &nobody)).await;
    assert_eq!(counts.take(), counted([failure, without_claims]));
}

#[tokio::test]
async fn claims_that_cannot_be_read_are_no_failure_to_provision() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    world.sign_up("user-1", "jane@acme.com").await;
    counts.take();

    world.wire.next("BatchGetItem", Fate::error("AccessDeniedException", "inside"));
    world.token("user-1", "jane@acme.com").await;
    let expected = [
        ("ProvisioningDuration EntryPath=PreTokenGeneration", 1),
        ("TokensWithoutClaims", 1),
        ("UsersSeen EntryPath=PreTokenGeneration", 1),
    ];
    assert_eq!(counts.take(), counted(expected));
}

/// Lets the next user's joining take too long: a second is lost in the first step, one in the
/// second, and the third one hangs.
fn slow_down(world: &World) {
    world.wire.next("Query", Fate::Hang);
    world.wire.next("TransactGetItems", Fate::Hang);
    for _ in 0..9 {
        world.wire.next("TransactWriteItems", Fate::Hang);
    }
}

#[tokio::test]
async fn a_deadline_that_passes_is_a_failure_to_provision() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let late = TRIGGER_DEADLINE + Duration::from_millis(100);

    slow_down(&world);
    let sign_up = world.sign_up("user-1", "jane@acme.com");
    tokio::time::timeout(late, sign_up).await.expect("an answer in time");
    let counted = counts.take();
    assert_eq!(counted["ProvisioningFailures"], 1);
    assert!(!counted.contains_key("UsersSeen EntryPath=PostConfirmation"), "{counted:?}");
    world.wire.mend();

    // Before a token, joining has only a part of the time, so that the claims are still read.
    slow_down(&world);
    let token = world.token("user-1", "jane@acme.com");
    tokio::time::timeout(late, token).await.expect("an answer in time");
    let counted = counts.take();
    assert_eq!(counted["ProvisioningFailures"], 1);
    assert!(!counted.contains_key("TokensWithoutClaims"), "{counted:?}");
    assert!(!counted.contains_key("UsersSeen EntryPath=PreTokenGeneration"), "{counted:?}");
    world.wire.mend();

    // A second is lost with the user's items, and nobody answers what is read for the claims.
    world.sign_up("user-1", "jane@acme.com").await;
    counts.take();
    world.wire.next("Query", Fate::Hang);
    for _ in 0..9 {
        world.wire.next("BatchGetItem", Fate::Hang);
    }
    let token = world.token("user-1", "jane@acme.com");
    tokio::time::timeout(late, token).await.expect("an answer in time");
    let counted = counts.take();
    assert_eq!(counted["TokensWithoutClaims"], 1, "{counted:?}");
}

#[tokio::test]
async fn a_call_that_is_repeated_is_counted_whoever_repeats_it() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;

    // By the SDK.
    world.wire.next("Query", Fate::Lost);
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(counts.take()["DynamoDbRetries"], 1);

    // By the store: the SDK takes a conflict for final.
    for _ in 0..2 {
        let conflict = Fate::canceled(&["TransactionConflict", "None", "None"]);
        world.wire.next("TransactWriteItems", conflict);
    }
    world.sign_up("user-2", "joe@acme.com").await;
    assert_eq!(counts.take()["DynamoDbRetries"], 2);
}

#[tokio::test]
async fn claims_that_do_not_fit_are_counted() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let (world, _) = two_organizations().await;
    let mut names = Vec::new();
    for n in 0..30 {
        names.push(world.role(&format!("{n:0>100}")).await);
    }
    world.put("/organizations/acme/jit/roles", &json!({ "organizationRoleIds": names })).await;

    world.token("user-1", "jane@acme.com").await;

    assert_eq!(counts.take()["TokenOverflows"], 1);
}
