//! Requests that DynamoDB would refuse are not sent.

use serde_json::json;
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{Account, Cause, EntryPath, Membership, Profile, Provenance};
use shared::domain::rule::{Rule, RuleKey};
use shared::store::{Listing, NewRoles, UserItems};

use crate::support::{START, World};

fn rule() -> RuleKey {
    RuleKey::EmailDomain(EmailDomain::parse("acme.com").expect("a domain"))
}

fn organization(number: usize) -> OrganizationId {
    OrganizationId::parse(&format!("org-{number}")).expect("an id")
}

fn jane() -> UserId {
    UserId::parse("jane").expect("an id")
}

/// Writes so many memberships of Jane, and the profile.
async fn join(world: &World, memberships: usize) {
    let address = EmailAddress::parse("jane@acme.com").expect("an address");
    let provenance = Provenance::new(Cause::Rule(rule()), EntryPath::PostConfirmation);
    let membership = |number| Membership {
        organization_id: organization(number),
        role_ids: Vec::new(),
        joined_at: START.parse().expect("a timestamp"),
        provenance: provenance.clone(),
        address: Some(address.digest()),
    };
    let memberships: Vec<_> = (0..memberships).map(membership).collect();
    let email = Some("jane@acme.com".to_owned());
    let account = Account { user_name: None, email, proven: Some(address) };
    let before = UserItems::default();
    let joined = world.app.store.join(&jane(), &account, &before, &memberships).await;
    let joined = joined.expect("the store works");
    assert!(joined.skipped.is_empty() && !joined.user_deleted);
}

#[tokio::test]
async fn memberships_that_are_too_many_for_one_transaction_take_several() {
    for (memberships, transactions) in [(45, 1), (46, 2), (100, 3)] {
        let world = World::new().await;
        join(&world, memberships).await;
        let sent = world.wire.traffic().operations;
        assert_eq!(sent, vec!["TransactWriteItems"; transactions], "{memberships}");
        // The profile, the account at the address, and the address's version.
        assert_eq!(world.items().await.len(), memberships + 3);
    }
}

#[tokio::test]
async fn a_transaction_of_more_than_100_items_is_an_error_that_names_what_is_too_many() {
    let world = World::new().await;
    world.organization("acme").await;
    let digests: Vec<_> = (0..99).map(|number| format!("{number:064}")).collect();
    let (pk, sk) = ("USER#jane", "ORG#acme");
    let mark = json!({ "pk": pk, "sk": sk, "removedAt": START, "addressDigests": digests });
    world.put_plain(&mark).await;
    let before = world.items().await;
    world.wire.traffic();
    let acme = OrganizationId::parse("acme").expect("an id");
    let now = START.parse().expect("a timestamp");

    let added = world
        .app
        .store
        .add_member(&acme, &jane(), &Profile::default(), NewRoles::default(), now)
        .await;

    assert_eq!(
        added.expect_err("too many").to_string(),
        "TransactWriteItems takes at most 100 items, but there are 99 REMOVED#…/ORG#…, 1 \
         USER#…/ORG#…, 1 USER#…/PROFILE"
    );
    assert_eq!(world.wire.traffic().operations, ["BatchGetItem"], "no transaction is sent");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_read_of_more_than_100_items_at_one_moment_is_such_an_error_too() {
    let world = World::new().await;
    let added_at = START.parse().expect("a timestamp");
    let listing =
        |number| Listing { organization: organization(number), rule: Rule::new(rule(), added_at) };
    let listings: Vec<_> = (0..51).map(listing).collect();
    let listings: Vec<_> = listings.iter().collect();
    let store = &world.app.store;
    let error = store.default_roles_of_listing(&listings).await.expect_err("too many");
    assert_eq!(
        error.to_string(),
        "TransactGetItems takes at most 100 items, but there are 51 DOMAIN#…/ORG#…, 51 ORG#…/ORG"
    );
    assert!(world.wire.traffic().operations.is_empty(), "nothing is sent");
    assert_eq!(
        store.default_roles_of_listing(&listings[..50]).await.expect("roles"),
        [(); 50].map(|()| None)
    );
}
