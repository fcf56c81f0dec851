//! The email domains of an organization's JIT configuration

mod add;
mod delete;
mod list;
mod replace;
mod verify;
mod vouch;

use serde_json::{Value, json};

use crate::support::{START, World};

/// The email domains of the organization `acme`.
const PATH: &str = "/organizations/acme/jit/email-domains";

/// Organizations that nobody finds, in a world where `gone` was deleted.
const MISSING: [&str; 5] = ["nobody", "gone", "ACME", "no%20id", "%00"];

/// Texts that are no acceptable email domain, each with the code of its refusal.
const REFUSED: [(&str, &str); 16] = [
    ("", "email_domain.empty"),
    (" . ", "email_domain.empty"),
    ("acme_inc.com", "email_domain.invalid"),
    ("acme\0.com", "email_domain.invalid"),
    ("acme\u{7f}.com", "email_domain.invalid"),
    ("*.acme.com", "email_domain.wildcard"),
    ("ac\u{ad}me.com", "email_domain.ignored_characters"),
    ("127.0.0.1", "email_domain.ip_address"),
    ("①②⑦.0.0.1", "email_domain.ip_address"),
    ("localhost", "email_domain.single_label"),
    ("Co.UK", "email_domain.public_suffix"),
    ("github.io", "email_domain.public_suffix"),
    (TOO_LONG_LABEL, "email_domain.too_long"),
    ("jane@acme.com", "email_domain.email_address"),
    ("https://acme.com/", "email_domain.url"),
    ("GMail.com.", "email_domain.public_mailbox"),
];
const TOO_LONG_LABEL: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com";

/// A world with the organization `acme`, and with `gone`, which is deleted.
async fn world() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world.organization("gone").await;
    assert_eq!(world.delete("/organizations/gone").await.status, 204);
    world
}

/// A domain of `acme`'s as the API shows it, added when the world began.
fn entity(domain: &str) -> Value {
    json!({
        "organizationId": "acme",
        "emailDomain": domain,
        "addedAt": START,
    })
}

/// So many domains, in the order of lists.
fn domains(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("d{number:04}.example.com")).collect()
}

/// Makes a list exactly this, all of it added now.
async fn list(world: &World, organization: &str, domains: &[String]) {
    let path = format!("/organizations/{organization}/jit/email-domains");
    let answer = world.put(&path, &json!({ "emailDomains": domains })).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
}

/// The domains that a list holds, in its order.
async fn listed(world: &World, organization: &str) -> Vec<String> {
    let answer = world.get(&format!("/organizations/{organization}/jit/email-domains")).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let entities = answer.body.as_array().expect("a list").iter();
    entities.map(|entity| entity["emailDomain"].as_str().expect("text").to_owned()).collect()
}
