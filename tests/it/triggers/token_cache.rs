//! What `pre-token-generation` remembers from one token to the next.

use std::time::Duration;

use serde_json::{Value, json};
use shared::Clock;
use shared::domain::ids::OrganizationRoleId;
use shared::domain::text::Name;
use shared::token_cache::{Memory, TokenCache, TokenCacheSeconds};

use super::pre_token_generation::{access_claims, acme, event};
use crate::support::{Fate, World};

const LIFE: Duration = Duration::from_secs(5);

/// The world of [`acme`], with two members, and a trigger that remembers for five seconds and has made a token
/// for one of them.
async fn remembering() -> World {
    let mut world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.sign_up("joe", "joe@acme.com").await;
    let life: TokenCacheSeconds = "5".parse().expect("a number");
    world.app.token_cache = TokenCache::new(life, &world.app.clock);
    assert_eq!(organizations(&world, "joe").await, json!(["acme"]));
    world.wire.traffic();
    world
}

async fn claims(world: &World, user: &str) -> Value {
    let asked = event("2", user, &format!("{user}@acme.com"));
    access_claims(&world.pre_token_generation(&asked).await).clone()
}

async fn organizations(world: &World, user: &str) -> Value {
    claims(world, user).await["organizations"].clone()
}

#[tokio::test]
async fn a_token_with_nothing_new_takes_one_step_if_another_one_was_just_made() {
    let world = remembering().await;
    let before = world.items().await;
    for pause in [Duration::ZERO, LIFE - Duration::from_millis(1)] {
        world.pass(pause);
        let claims = claims(&world, "jane").await;
        assert_eq!(claims["organization_roles"], json!(["acme:analyst", "acme:Engineer"]));
        let traffic = world.wire.traffic();
        assert_eq!((&*traffic.operations, traffic.steps), (&["Query".to_owned()][..], 1));
        // The user's own items: what docs/scale.md reckons with.
        assert!((traffic.capacity - 1.0).abs() < f64::EPSILON, "{traffic:?}");
    }
    world.pass(Duration::from_millis(1));
    claims(&world, "jane").await;
    let traffic = world.wire.traffic();
    assert_eq!((traffic.operations.len(), traffic.steps), (5, 2), "{traffic:?}");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nothing_younger() {
    let world = remembering().await;
    world.time().fetch_sub(3_600_000, std::sync::atomic::Ordering::Relaxed);
    claims(&world, "jane").await;
    assert_eq!(world.wire.traffic().steps, 2);
}

#[tokio::test]
async fn a_new_listing_admits_an_existing_user_when_what_is_remembered_is_old() {
    let world = remembering().await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    assert_eq!(organizations(&world, "jane").await, json!(["acme"]));
    // A sign-up remembers nothing.
    world.sign_up("new", "new@acme.com").await;
    assert_eq!(organizations(&world, "new").await, json!(["acme", "globex"]));
    world.pass(LIFE);
    assert_eq!(organizations(&world, "jane").await, json!(["acme", "globex"]));
}

#[tokio::test]
async fn nobody_joins_by_a_listing_that_is_remembered_alone() {
    let world = remembering().await;
    assert_eq!(world.delete("/organizations/acme/jit/email-domains/acme.com").await.status, 204);
    // The user has no items yet, so by the remembered listing the user would join.
    assert_eq!(organizations(&world, "late").await, json!([]));
    assert_eq!(organizations(&world, "jane").await, json!(["acme"]), "a membership stays");
}

#[tokio::test]
async fn who_may_join_by_what_is_remembered_joins_with_the_roles_of_this_moment() {
    let world = remembering().await;
    world.default_roles("acme", &[""; 0]).await;
    let claims = claims(&world, "late").await;
    assert_eq!(claims, json!({ "organizations": ["acme"], "organization_roles": [] }));
}

#[tokio::test]
async fn a_removal_counts_at_once_and_stays() {
    let world = remembering().await;
    assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);
    for pause in [Duration::ZERO, LIFE] {
        world.pass(pause);
        assert_eq!(organizations(&world, "jane").await, json!([]));
        // Another account with the same address may not come in either, whose mark is not the user's own.
        let asked = event("2", "jane-2", "jane@acme.com");
        let answer = world.pre_token_generation(&asked).await;
        assert_eq!(access_claims(&answer)["organizations"], json!([]));
    }
}

#[tokio::test]
async fn the_roles_that_a_member_holds_count_at_once_and_their_names_when_what_is_remembered_is_old()
 {
    let world = remembering().await;
    let roles = world.get("/organizations/acme/users/jane/roles").await.body;
    let analyst = roles.as_array().expect("a list").iter().find(|role| role["name"] == "analyst");
    let analyst = analyst.expect("jane is an analyst")["id"].as_str().expect("an id").to_owned();
    let renamed =
        world.patch(&format!("/organization-roles/{analyst}"), &json!({ "name": "A" })).await;
    assert_eq!(renamed.status, 200);
    let only = json!({ "organizationRoleIds": [analyst] });
    world.put("/organizations/acme/users/jane/roles", &only).await;

    assert_eq!(claims(&world, "jane").await["organization_roles"], json!(["acme:analyst"]));
    world.pass(LIFE);
    assert_eq!(claims(&world, "jane").await["organization_roles"], json!(["acme:A"]));
}

#[tokio::test]
async fn a_deleted_organization_leaves_tokens_when_what_is_remembered_is_old() {
    let world = remembering().await;
    assert_eq!(world.delete("/organizations/acme").await.status, 204);
    world.pass(LIFE);
    assert_eq!(organizations(&world, "jane").await, json!([]));
}

#[tokio::test]
async fn what_a_failed_token_has_not_read_is_not_remembered() {
    let world = remembering().await;
    world.pass(LIFE);
    for _ in 0..9 {
        world.wire.next("BatchGetItem", Fate::Lost);
    }
    assert_eq!(claims(&world, "jane").await, Value::Null, "the claims are missing");
    world.wire.mend();
    let expected = json!(["acme:analyst", "acme:Engineer"]);
    assert_eq!(claims(&world, "jane").await["organization_roles"], expected);
}

#[test]
fn a_memory_is_bounded() {
    let seconds = "60".parse().expect("a number");
    let TokenCache { roles, .. } = TokenCache::new(seconds, &Clock::system());
    let most = Memory::<OrganizationRoleId, ()>::MOST;
    let ids: Vec<_> = (0..=most)
        .map(|number| OrganizationRoleId::parse(&format!("role_{number:032x}")).expect("an id"))
        .collect();
    let name = Name::parse("A").expect("a name");
    for id in &ids {
        roles.keep(roles.begin(), id.clone(), name.clone());
    }
    let kept = ids.iter().filter(|id| roles.get(id).is_some()).count();
    assert_eq!(kept, 1, "those that were there make room together");
    assert_eq!(roles.get(&ids[most]), Some(name));
}
