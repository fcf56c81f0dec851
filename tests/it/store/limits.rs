//! Requests that DynamoDB would refuse are not sent.

use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{Cause, EntryPath, Membership, Profile, Provenance};
use shared::domain::rule::{Rule, RuleKey};
use shared::store::Listing;

use crate::support::{START, World};

fn rule() -> RuleKey {
    RuleKey::EmailDomain(EmailDomain::parse("acme.com").expect("a domain"))
}

fn organization(number: usize) -> OrganizationId {
    OrganizationId::parse(&format!("org-{number}")).expect("an id")
}

/// Memberships of one user, and the profile.
async fn join(world: &World, memberships: usize) -> Result<(), String> {
    let provenance =
        Provenance { cause: Cause::Rule(rule()), entry_path: EntryPath::PostConfirmation };
    let membership = |number| Membership {
        organization_id: organization(number),
        role_ids: Vec::new(),
        joined_at: START.parse().expect("a timestamp"),
        provenance: provenance.clone(),
    };
    let memberships: Vec<_> = (0..memberships).map(membership).collect();
    let profile = Profile { email: Some("jane@acme.com".to_owned()), user_name: None };
    let user = UserId::parse("user-1").expect("an id");
    let joined = world.app.store.join(&user, &memberships, Some(&profile)).await;
    joined.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_transaction_of_more_than_100_items_is_an_error_that_names_what_is_too_many() {
    let world = World::new().await;
    let refused = "TransactWriteItems takes at most 100 items, but there are 100 USER#…/ORG#…, 1 \
                   USER#…/PROFILE";
    assert_eq!(join(&world, 100).await, Err(refused.to_owned()));
    assert!(world.wire.traffic().operations.is_empty(), "nothing is sent");
    assert!(world.items().await.is_empty());

    assert_eq!(join(&world, 99).await, Ok(()));
    assert_eq!(world.items().await.len(), 100);
}

#[tokio::test]
async fn a_read_of_more_than_100_items_at_one_moment_is_such_an_error_too() {
    let world = World::new().await;
    let added_at = START.parse().expect("a timestamp");
    let listing = |number| Listing {
        organization: organization(number),
        rule: Rule { key: rule(), added_at },
    };
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
