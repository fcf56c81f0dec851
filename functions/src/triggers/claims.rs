//! The claims of a token, with Logto's names: `organizations` has the ids, and `organization_roles`
//! has the roles, each as `<organizationId>:<roleName>`.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use shared::claims::{ClaimsBytes, ClaimsPolicy};
use shared::domain::ids::OrganizationId;
use shared::domain::text::Name;
use shared::metrics;

/// The memberships of a user, as claims of a token.
#[derive(Debug)]
pub(super) struct Claims {
    /// The organizations, by id, and the names of the roles held there.
    memberships: BTreeMap<OrganizationId, Vec<Name>>,
}

impl Claims {
    pub(super) fn new(memberships: BTreeMap<OrganizationId, Vec<Name>>) -> Self {
        Self { memberships }
    }

    /// The event with the claims in its response. Groups, scopes and other claims stay unchanged.
    /// `None` if the event does not take claims for a token that has them by this policy.
    pub(super) fn write_to(
        &self,
        event: &str,
        policy: ClaimsPolicy,
    ) -> serde_json::Result<Option<Box<RawValue>>> {
        let mut event: BTreeMap<String, Box<RawValue>> = serde_json::from_str(event)?;
        let mut response = match event.get("response") {
            Some(response) => serde_json::from_str(response.get())?,
            None => Value::Null,
        };
        let version = event.get("version").map_or("", |version| version.get().trim_matches('"'));
        let both_tokens = takes_both_tokens(&response, version);
        let response_object = object(&mut response);
        if both_tokens {
            let claims = self.fitting(policy.most, |list| json!(list), json!(true));
            let details = child(response_object, BOTH_TOKENS);
            for (token, has_claims) in [
                ("idTokenGeneration", policy.tokens.id_token()),
                ("accessTokenGeneration", policy.tokens.access_token()),
            ] {
                if has_claims {
                    child(child(details, token), "claimsToAddOrOverride").extend(claims.clone());
                }
            }
            keep_groups(details);
        } else {
            // Version 1 supports only strings as claims, and only the ID token.
            if !policy.tokens.id_token() {
                return Ok(None);
            }
            let list = |list: &[String]| json!(json!(list).to_string());
            let claims = self.fitting(policy.most, list, json!("true"));
            let details = child(response_object, ID_TOKEN);
            child(details, "claimsToAddOrOverride").extend(claims);
            keep_groups(details);
        }
        event.insert("response".to_owned(), to_raw_value(&response)?);
        to_raw_value(&event).map(Some)
    }

    /// The claims that fit. If they are too large, the roles are left out first, then the
    /// organizations.
    fn fitting(
        &self,
        most: ClaimsBytes,
        list: impl Fn(&[String]) -> Value,
        yes: Value,
    ) -> Map<String, Value> {
        let ids: Vec<_> = self.memberships.keys().map(ToString::to_string).collect();
        let roles: Vec<_> = self
            .memberships
            .iter()
            .flat_map(|(id, names)| names.iter().map(move |name| format!("{id}:{}", name.as_str())))
            .collect();
        let organizations = ("organizations".to_owned(), list(&ids));
        let organization_roles = ("organization_roles".to_owned(), list(&roles));
        let overflow = ("organizations_overflow".to_owned(), yes);
        let fits = |claims: &Map<String, Value>| bytes_in_token(claims) <= most.get();
        let everything = Map::from_iter([organizations.clone(), organization_roles]);
        if fits(&everything) {
            return everything;
        }
        metrics::token_overflowed();
        let without_roles = Map::from_iter([organizations, overflow.clone()]);
        if fits(&without_roles) { without_roles } else { Map::from_iter([overflow]) }
    }
}

/// What claims add to a token, in bytes. A token carries its JSON in base64, which takes 4 bytes for 3,
/// rounded up.
fn bytes_in_token(claims: &Map<String, Value>) -> usize {
    let json = json!(claims).to_string();
    // Cognito writes a slash as `\/`.
    let slashes = json.matches('/').count();
    // The braces are not added. A comma is, between the first claim and the one before it.
    let members = json.len() + slashes - "{}".len() + ",".len();
    (members * 4).div_ceil(3)
}

/// The member of a response that takes claims for both tokens: event versions 2 and 3.
const BOTH_TOKENS: &str = "claimsAndScopeOverrideDetails";
/// The member of a response that takes claims for the ID token alone: event version 1.
const ID_TOKEN: &str = "claimsOverrideDetails";

/// Whether Cognito takes claims for both tokens. The member that the event's own response offers
/// decides, even if it is null: there are events with a version 2 response and another version.
fn takes_both_tokens(response: &Value, version: &str) -> bool {
    let offers = |member| response.get(member).is_some();
    offers(BOTH_TOKENS) || (!offers(ID_TOKEN) && matches!(version, "2" | "3"))
}

/// Removes an empty `groupOverrideDetails`, which would take away the user's groups.
fn keep_groups(details: &mut Map<String, Value>) {
    const GROUPS: &str = "groupOverrideDetails";
    let says_nothing = match details.get(GROUPS) {
        Some(Value::Object(groups)) => groups.is_empty(),
        Some(_) => true,
        None => false,
    };
    if says_nothing {
        details.remove(GROUPS);
    }
}

/// The object with this name. It is created if there is none.
fn child<'a>(parent: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    object(parent.entry(name).or_insert(Value::Null))
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("the value is an object now")
}
