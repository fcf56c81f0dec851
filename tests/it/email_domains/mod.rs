//! The email domains of an organization's JIT configuration

mod add;
mod delete;
mod list;
mod replace;
mod update;
mod verify;
mod vouch;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::domain::ownership::ChallengeToken;

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

/// A domain of `acme`'s as the API shows it, added when the world began, with the usual settings, and
/// with [`VALUE`] as the value of its record.
fn entity(domain: &str) -> Value {
    json!({
        "organizationId": "acme",
        "emailDomain": domain,
        "addedAt": START,
        "addedBy": null,
        "enrollment": "automatic",
        "existingUsers": null,
        "organizationRoleIds": null,
        "subdomains": false,
        "ownership": {
            "state": "vouched",
            "record": { "type": "TXT", "name": format!("_usher-challenge.{domain}"), "value": VALUE },
            "checkedAt": null,
            "provenAt": null,
            "failingSince": null,
            "vouchedBy": null,
            "answer": null,
            "detail": null,
        },
    })
}

/// What [`bare`] puts in place of the value of a record, which is random.
const VALUE: &str = "the value";

/// One entity, or a list of them, with [`VALUE`] in place of each record's value. It asserts that each
/// value is a token of its own.
fn bare(body: &Value) -> Value {
    let mut body = body.clone();
    let mut seen = BTreeSet::new();
    let entities = match &mut body {
        Value::Array(entities) => entities.as_mut_slice(),
        entity => std::slice::from_mut(entity),
    };
    for entity in entities {
        let value = entity.pointer_mut("/ownership/record/value").expect("a record");
        let text = value.as_str().expect("text").to_owned();
        let token = text.strip_prefix("usher-domain-verification=").expect("its beginning");
        assert!(ChallengeToken::parse(token).is_ok(), "{text}");
        assert!(seen.insert(text), "two domains have one token");
        *value = VALUE.into();
    }
    body
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
