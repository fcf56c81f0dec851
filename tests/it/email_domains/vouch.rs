//! `POST /organizations/{organizationId}/jit/email-domains/{emailDomain}/vouch`

use axum::http::Method;
use serde_json::json;

use crate::support::{Answer, World};

const PATH: &str = "/organizations/acme/jit/email-domains/acme.com/vouch";

async fn vouch(world: &World) -> Answer {
    world.ask(Method::POST, PATH).send().await
}

async fn pending() -> World {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    world.make_pending("acme", &["acme.com"]).await;
    world
}

#[tokio::test]
async fn a_pending_domain_is_vouched_for_and_admits_and_once_more_changes_nothing() {
    let world = pending().await;
    let answer = vouch(&world).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    assert_eq!(entry["ownership"]["state"], "vouched");
    assert_eq!(entry.get("gsi1pk"), None, "its record is not looked for");
    assert!(entry.contains_key("addedAt") && entry.contains_key("admitsSince"));
    assert_eq!(vouch(&world).await.status, 200);
    assert_eq!(world.item("DOMAIN#acme.com", "ORG#acme").await, entry);
    world.sign_up("jane", "jane@acme.com").await;
    let organizations = world.get("/users/jane/organizations").await;
    assert_eq!(organizations.body[0]["id"], "acme");
}

#[tokio::test]
async fn nobody_vouches_for_a_domain_that_is_proven() {
    let world = pending().await;
    world.add_record("acme.com").await;
    world.invoke("check-email-domains", &json!({})).await;
    vouch(&world).await.problem(422, "email_domain.already_proven");
}

#[tokio::test]
async fn a_domain_that_is_not_listed_and_an_unknown_organization_are_not_found() {
    let world = World::new().await;
    vouch(&world).await.problem(404, "organization.not_found");
    world.organization("acme").await;
    vouch(&world).await.problem(404, "email_domain.not_found");
}

#[tokio::test]
async fn a_domain_by_which_fifty_others_admit_cannot_be_vouched_for() {
    let world = pending().await;
    for number in 0..50 {
        world.listing(&format!("other{number}"), &["acme.com"]).await;
    }
    vouch(&world).await.problem(422, "email_domain.too_many_organizations");
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    assert_eq!(entry["ownership"]["state"], "pending");
}
