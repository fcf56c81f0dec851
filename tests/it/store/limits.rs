//! Requests that DynamoDB would refuse are not sent.

use serde_json::json;
use shared::domain::email_address::{AddressDigest, EmailAddress};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{
    Account, Cause, EntryPath, JoinRequest, Membership, Profile, Provenance,
};
use shared::domain::provider::ProviderName;
use shared::domain::rule::RuleKey;
use shared::store::{Admission, NewRoles, UserItems};

use crate::support::{START, World};

fn domain(text: &str) -> RuleKey {
    RuleKey::EmailDomain(EmailDomain::parse(text).expect("a domain"))
}

fn rule() -> RuleKey {
    domain("acme.com")
}

fn organization(number: usize) -> OrganizationId {
    OrganizationId::parse(&format!("org-{number}")).expect("an id")
}

fn jane() -> UserId {
    UserId::parse("jane").expect("an id")
}

/// Lets Jane join so many organizations with so many identities beside her address, every other one by
/// a request.
async fn join(world: &World, organizations: usize, identities: usize) {
    let address = EmailAddress::parse("jane@acme.com").expect("an address");
    let identity = |number| {
        let provider = ProviderName::parse(&format!("provider-{number}")).expect("a name");
        AddressDigest::of_identity(&provider, "jane")
    };
    let digests: Vec<_> =
        [address.digest()].into_iter().chain((0..identities).map(identity)).collect();
    let provenance = Provenance::new(Cause::Rule(rule()), EntryPath::PostConfirmation);
    let now = START.parse().expect("a timestamp");
    let admission = |number: usize| {
        let by = Some(digests[number % digests.len()].clone());
        if number.is_multiple_of(2) {
            Admission::Membership(Membership {
                organization_id: organization(number),
                role_ids: Vec::new(),
                joined_at: now,
                provenance: provenance.clone(),
                address: by,
            })
        } else {
            Admission::Request(JoinRequest {
                organization_id: organization(number),
                requested_at: now,
                provenance: provenance.clone(),
                address: by,
            })
        }
    };
    let admissions: Vec<_> = (0..organizations).map(admission).collect();
    let email = Some("jane@acme.com".to_owned());
    let account = Account { user_name: None, email, proven: Some(address), identities: Vec::new() };
    let before = UserItems::default();
    let joined = world.app.store.join(&jane(), &account, &before, &admissions, &digests).await;
    let joined = joined.expect("the store works");
    assert!(joined.skipped.is_empty() && !joined.user_deleted);
}

#[tokio::test]
async fn memberships_and_requests_that_are_too_many_for_one_transaction_take_several() {
    for (organizations, identities, transactions) in [
        (44, 0, 1),
        (45, 0, 2),
        (100, 0, 3),
        (29, 1, 1),
        (30, 1, 2),
        (10, 6, 1),
        (11, 6, 2),
        (6, 10, 1),
        (7, 10, 2),
    ] {
        let world = World::new().await;
        join(&world, organizations, identities).await;
        let sent = world.wire.traffic().operations;
        let what = format!("{organizations} with {identities}");
        assert_eq!(sent, vec!["TransactWriteItems"; transactions], "{what}");
        // The profile, the account at the address, and the versions of what admits.
        let versions = organizations.min(1 + identities);
        assert_eq!(world.items().await.len(), organizations + 2 + versions, "{what}");
    }
}

#[tokio::test]
async fn a_removal_and_an_addition_of_a_user_with_all_that_a_profile_keeps_take_one_transaction() {
    let world = World::new().await;
    world.organization("acme").await;
    let digests = |from: usize, count: usize| -> Vec<_> {
        (from..from + count).map(|number| format!("{number:064}")).collect()
    };
    let (addresses, identities) = (Profile::MOST_ADDRESSES, Profile::MOST_IDENTITIES);
    let profile = |from: usize| {
        let identities = digests(from + addresses, identities);
        json!({
            "pk": "USER#jane", "sk": "PROFILE",
            "addresses": digests(from, addresses), "identityDigests": identities,
        })
    };
    let membership = json!({
        "pk": "USER#jane", "sk": "ORG#acme", "roleIds": [], "joinedAt": START,
        "entryPath": "PostConfirmation", "emailDomain": "acme.com",
        "addressDigest": format!("{:064}", 999),
    });
    world.put_plain(&profile(0)).await;
    world.put_plain(&membership).await;
    let writes = |world: &World| {
        let sent = world.wire.traffic().operations;
        sent.into_iter().filter(|operation| operation == "TransactWriteItems").count()
    };
    writes(&world);
    assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);
    assert_eq!(writes(&world), 1);
    let mark = world.item("USER#jane", "ORG#acme").await;
    let marked = mark["addressDigests"].as_array().map(Vec::len);
    assert_eq!(marked, Some(addresses + identities + 1));

    // All that is kept has changed since.
    world.put_plain(&profile(100)).await;
    let body = json!({ "userIds": ["jane"] });
    assert_eq!(world.post("/organizations/acme/users", &body).await.status, 201);
    assert_eq!(writes(&world), 1);
    let items = world.items().await;
    assert!(!items.keys().any(|(pk, _)| pk.starts_with("REMOVED#")));
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
        "TransactWriteItems takes at most 100 items, but there are 1 CHANGE#…/…, 99 \
         REMOVED#…/ORG#…, 1 USER#…/ORG#…, 1 USER#…/PROFILE"
    );
    assert_eq!(world.wire.traffic().operations, ["BatchGetItem"], "no transaction is sent");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_read_of_more_than_100_items_at_one_moment_is_such_an_error_too() {
    let world = World::new().await;
    let rules: Vec<_> = (0..100).map(|number| domain(&format!("{number}.acme.com"))).collect();
    let store = &world.app.store;
    let error = store.listed_rules(&[organization(1)], &rules).await.expect_err("too many");
    assert_eq!(
        error.to_string(),
        "TransactGetItems takes at most 100 items, but there are 100 DOMAIN#…/ORG#…, 1 ORG#…/ORG"
    );
    assert!(world.wire.traffic().operations.is_empty(), "nothing is sent");
}

#[tokio::test]
async fn organizations_that_are_too_many_for_one_read_are_read_side_by_side_and_none_by_halves() {
    for (organizations, rules, calls) in
        [(50, 1, 1), (51, 1, 2), (33, 2, 1), (9, 10, 1), (10, 10, 2)]
    {
        let world = World::new().await;
        let ids: Vec<_> = (0..organizations).map(organization).collect();
        let rules: Vec<_> =
            (0..rules).map(|number| domain(&format!("{number}.acme.com"))).collect();
        let read = world.app.store.listed_rules(&ids, &rules).await.expect("the store works");
        assert_eq!(read, vec![None; organizations], "nobody exists");
        let traffic = world.wire.traffic();
        assert_eq!(traffic.operations, vec!["TransactGetItems"; calls]);
        assert_eq!(traffic.steps, 1);
    }
}
