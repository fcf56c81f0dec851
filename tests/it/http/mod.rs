//! What every HTTP function does alike

mod answers;
mod bodies;
pub(crate) mod if_match;
mod paging;
mod paths;
mod queries;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Ask, World};

const DOMAINS: &str = "/organizations/acme/jit/email-domains";
const DOMAIN: &str = "/organizations/acme/jit/email-domains/acme.com";
const PROVIDERS: &str = "/organizations/acme/jit/sso-connectors";
const PROVIDER: &str = "/organizations/acme/jit/sso-connectors/Okta";
const ROLES: &str = "/organizations/acme/jit/roles";

/// Every request that has a body, and one that it takes.
fn bodies() -> [(Method, &'static str, Value); 12] {
    [
        (Method::POST, "/organizations", json!({ "name": "Acme" })),
        (Method::PATCH, "/organizations/acme", json!({ "name": "Acme" })),
        (Method::POST, "/organization-roles", json!({ "name": "Engineer" })),
        (Method::PATCH, "/organization-roles/none", json!({ "name": "Engineer" })),
        (Method::POST, DOMAINS, json!({ "emailDomain": "acme.com" })),
        (Method::PUT, DOMAINS, json!({ "emailDomains": ["acme.com"] })),
        (Method::PATCH, DOMAIN, json!({ "enrollment": "off" })),
        (Method::POST, PROVIDERS, json!({ "ssoConnectorIds": ["Okta"] })),
        (Method::PUT, PROVIDERS, json!({ "ssoConnectorIds": [] })),
        (Method::PATCH, PROVIDER, json!({ "enrollment": "off" })),
        (Method::POST, ROLES, json!({ "organizationRoleIds": ["none"] })),
        (Method::PUT, ROLES, json!({ "organizationRoleIds": [] })),
    ]
}

async fn world() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world
}

/// A POST of this text to the email domains, declared as JSON.
fn post(world: &World, text: impl Into<Body>) -> Ask<'_> {
    let ask = world.ask(Method::POST, DOMAINS);
    ask.header("content-type", "application/json").raw(text)
}
