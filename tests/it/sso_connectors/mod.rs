//! The identity providers of an organization's JIT configuration

mod add;
mod delete;
mod list;
mod replace;
mod update;

use serde_json::{Value, json};

use crate::support::{Pool, World};

/// The identity providers of the organization `acme`.
const PATH: &str = "/organizations/acme/jit/sso-connectors";

/// Organizations that nobody finds, in a world where `gone` was deleted.
const MISSING: [&str; 5] = ["nobody", "gone", "ACME", "no%20id", "%00"];

/// Ids that are no identity provider of the pool, or none at all.
const UNKNOWN: [&str; 7] = [
    "Nobody",
    "acme-okta",
    "",
    "Acme Okta",
    "a\u{200b}b",
    "\0",
    "a-name-of-thirty-three-characters",
];

/// A user pool with these providers: `Acme-Okta`, `Ö/#?.%`, the public `Google`, and `p000` to `p119`.
fn pool() -> Pool {
    let named = [("Acme-Okta", "SAML"), ("Ö/#?.%", "OIDC"), ("Google", "Google")];
    let named = named.map(|(name, kind)| (name.to_owned(), kind));
    Pool::with_providers(named.into_iter().chain(names(120).into_iter().map(|name| (name, "OIDC"))))
}

/// So many names of providers, in the order of lists.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number:03}")).collect()
}

/// A world with the organization `acme`, and with `gone`, which is deleted.
async fn world() -> World {
    world_of(&pool()).await
}

async fn world_of(pool: &Pool) -> World {
    let world = World::with_pool(pool).await;
    world.organization("acme").await;
    world.organization("gone").await;
    assert_eq!(world.delete("/organizations/gone").await.status, 204);
    world
}

/// A body that names these providers.
fn naming<T: AsRef<str>>(ids: &[T]) -> Value {
    json!({ "ssoConnectorIds": ids.iter().map(AsRef::as_ref).collect::<Vec<_>>() })
}

/// A provider of `acme`'s as the API shows it, added at the world's present time, with the usual settings.
/// The time passes only between look-ups, so that this is the time after the last of them.
fn added_now(world: &World, id: &str, provider_type: &str) -> Value {
    json!({
        "id": id,
        "providerType": provider_type,
        "addedAt": format!("{:.3}", world.app.clock.now()),
        "addedBy": null,
        "enrollment": "automatic",
        "organizationRoleIds": null,
        "emailDomains": "any",
    })
}

/// Makes a list exactly this.
async fn list<T: AsRef<str>>(world: &World, organization: &str, ids: &[T]) {
    let path = format!("/organizations/{organization}/jit/sso-connectors");
    let answer = world.put(&path, &naming(ids)).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
}

/// The ids that a list holds, in its order.
async fn listed(world: &World, organization: &str) -> Vec<String> {
    let answer = world.get(&format!("/organizations/{organization}/jit/sso-connectors")).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let entities = answer.body.as_array().expect("a list").iter();
    entities.map(|entity| entity["id"].as_str().expect("text").to_owned()).collect()
}
