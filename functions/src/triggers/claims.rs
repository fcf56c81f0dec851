//! The claims of a token, with Logto's names: `organizations` has the ids, and `organization_roles`
//! has the roles, each as `<organizationId>:<roleName>`. If the operator asks for it,
//! `organization_requests` has the ids of the organizations that the user has asked to join.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use shared::claims::{ClaimsPolicy, JoinRequestClaims};
use shared::domain::ids::OrganizationId;
use shared::domain::membership::Membership;
use shared::domain::text::Name;
use shared::failure::Failure;
use shared::metrics;
use shared::next_trigger::{Members, RESPONSE, Unusable, members, raw};
use shared::provisioning::Held;
use shared::store::Store;
use shared::token_cache::TokenCache;

/// The memberships of a user, as claims of a token.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The organizations, by id, and the names of the roles held there.
    memberships: BTreeMap<OrganizationId, Vec<Name>>,
    /// The organizations that the user has asked to join.
    requests: BTreeSet<OrganizationId>,
}

/// The names of the claims.
pub(crate) const ORGANIZATIONS: &str = "organizations";
pub(crate) const ORGANIZATION_ROLES: &str = "organization_roles";
pub(crate) const REQUESTS: &str = "organization_requests";
pub(crate) const OVERFLOW: &str = "organizations_overflow";

/// An event after the claims.
pub(super) struct Written {
    pub(super) event: Box<RawValue>,
    /// Whether the event takes claims for a token that has them by the policy.
    pub(super) has_claims: bool,
}

impl Claims {
    /// The claims about what a user has. Organizations and roles that do not exist, or cannot be read, are
    /// left out. Pre-token-generation and `GET /users/{userId}/claims` make them here. What the cache
    /// remembers of organizations and roles is not read.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn about(
        held: Held,
        store: &Store,
        recent: &TokenCache,
        policy: ClaimsPolicy,
    ) -> Result<Self, Failure> {
        let Held { memberships: held, mut requests } = held;
        if policy.requests == JoinRequestClaims(false) {
            requests.clear();
        }
        let ids = held.iter().map(|held| &held.organization_id);
        let ids: Vec<_> =
            ids.chain(requests.iter().map(|it| &it.organization_id)).cloned().collect();
        let role_ids: Vec<_> = held.iter().flat_map(|held| held.role_ids.clone()).collect();
        let existing = recent.organizations.get_or_read(&ids, |ids| async move {
            let found = store.readable_organizations(&ids).await?;
            Ok::<_, Failure>(found.into_iter().map(|organization| (organization.id, ())))
        });
        let names = recent.roles.get_or_read(&role_ids, |ids| async move {
            let found = store.readable_roles(&ids).await?;
            Ok::<_, Failure>(found.into_iter().map(|(id, role)| (id, role.name)))
        });
        let (organizations, roles) = try_join(existing, names).await?;
        let (mut memberships, mut requests) = (BTreeMap::new(), BTreeSet::new());
        for organization in organizations.into_keys() {
            let membership = held.iter().find(|held| held.organization_id == organization);
            let Some(Membership { role_ids, .. }) = membership else {
                requests.insert(organization);
                continue;
            };
            let mut names: Vec<_> =
                role_ids.iter().filter_map(|id| roles.get(id)).cloned().collect();
            names.sort_by_cached_key(Name::folded);
            memberships.insert(organization, names);
        }
        Ok(Self { memberships, requests })
    }

    /// The claims as a token has them whose event takes claims for both tokens.
    pub(crate) fn in_token(&self, policy: ClaimsPolicy) -> Map<String, Value> {
        self.fitting(policy, |list| json!(list), json!(true))
    }

    /// The event with the claims in its response. Groups, scopes and other claims stay, to the letter.
    /// Claims of Usher's names that were there are removed, also from a token that has no claims by
    /// this policy.
    pub(super) fn write_to(
        &self,
        event: &str,
        policy: ClaimsPolicy,
        groups: Groups,
    ) -> serde_json::Result<Written> {
        let mut event: Members = serde_json::from_str(event)?;
        if takes_both_tokens(&event) {
            let claims = counted(self.in_token(policy));
            change(&mut event, RESPONSE, |response| {
                change(response, BOTH_TOKENS, |details| {
                    for (token, has_claims) in [
                        (ID_TOKEN_GENERATION, policy.tokens.id_token()),
                        (ACCESS_TOKEN_GENERATION, policy.tokens.access_token()),
                    ] {
                        if has_claims {
                            change(details, token, |token| write(token, &claims));
                        } else {
                            change_present(details, token, remove);
                        }
                    }
                    groups.keep(details);
                });
            });
        } else {
            // Version 1 supports only strings as claims, and only the ID token.
            if !policy.tokens.id_token() {
                change_present(&mut event, RESPONSE, |response| {
                    change_present(response, ID_TOKEN, remove);
                });
                return Ok(Written { event: raw(&event), has_claims: false });
            }
            let list = |list: &[String]| json!(json!(list).to_string());
            let claims = counted(self.fitting(policy, list, json!("true")));
            change(&mut event, RESPONSE, |response| {
                change(response, ID_TOKEN, |details| {
                    write(details, &claims);
                    groups.keep(details);
                });
            });
        }
        Ok(Written { event: raw(&event), has_claims: true })
    }

    /// The claims that fit. If they are too large, the requests are left out first, then the roles, then
    /// the organizations.
    fn fitting(
        &self,
        policy: ClaimsPolicy,
        list: impl Fn(&[String]) -> Value,
        yes: Value,
    ) -> Map<String, Value> {
        let ids: Vec<_> = self.memberships.keys().map(ToString::to_string).collect();
        let roles: Vec<_> = self
            .memberships
            .iter()
            .flat_map(|(id, names)| names.iter().map(move |name| format!("{id}:{}", name.as_str())))
            .collect();
        let organizations = (ORGANIZATIONS.to_owned(), list(&ids));
        let organization_roles = (ORGANIZATION_ROLES.to_owned(), list(&roles));
        let overflow = (OVERFLOW.to_owned(), yes);
        let fits = |claims: &Map<String, Value>| bytes_in_token(claims) <= policy.most.get();
        let memberships = Map::from_iter([organizations.clone(), organization_roles]);
        let mut everything = memberships.clone();
        if let JoinRequestClaims(true) = policy.requests {
            let ids: Vec<_> = self.requests.iter().map(ToString::to_string).collect();
            everything.insert(REQUESTS.to_owned(), list(&ids));
        }
        if fits(&everything) {
            return everything;
        }
        let mut without_requests = memberships;
        without_requests.insert(overflow.0.clone(), overflow.1.clone());
        if fits(&without_requests) {
            return without_requests;
        }
        let without_roles = Map::from_iter([organizations, overflow.clone()]);
        if fits(&without_roles) { without_roles } else { Map::from_iter([overflow]) }
    }
}

/// These claims of a token, which are counted if some are left out.
fn counted(claims: Map<String, Value>) -> Map<String, Value> {
    if claims.contains_key(OVERFLOW) {
        metrics::token_overflowed();
    }
    claims
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
/// Its member for the ID token.
const ID_TOKEN_GENERATION: &str = "idTokenGeneration";
/// Its member for the access token.
const ACCESS_TOKEN_GENERATION: &str = "accessTokenGeneration";
/// The member of a response that takes claims for the ID token alone: event version 1.
const ID_TOKEN: &str = "claimsOverrideDetails";
/// The claims, in each of these members but the first.
const CLAIMS: &str = "claimsToAddOrOverride";
/// The claims that a token does not get, beside them.
const SUPPRESSED: &str = "claimsToSuppress";
/// The groups, in the first and the last of these members.
const GROUPS: &str = "groupOverrideDetails";

/// Whether Cognito takes claims for both tokens. The member that the event's own response offers
/// decides, even if it is null: there are events with a version 2 response and another version.
fn takes_both_tokens(event: &Members) -> bool {
    let response = object(event, RESPONSE);
    let version = event.get("version").map_or("", |version| version.get().trim_matches('"'));
    let offers = |member| response.contains_key(member);
    offers(BOTH_TOKENS) || (!offers(ID_TOKEN) && matches!(version, "2" | "3"))
}

/// The response of the pool's own function, in the shape that the event takes. It offers what the event
/// offers. So what the function has written for the ID token alone, as it did with an event of
/// version 1, is written for the ID token of two.
pub(super) fn adopted(event: &Members, mut response: Members) -> Result<Members, Unusable> {
    let of_id_token = members(&response, ID_TOKEN)?;
    let of_both = members(&response, BOTH_TOKENS)?;
    for details in [&of_id_token, &of_both].into_iter().flatten() {
        members(details, CLAIMS)?;
        for token in [ID_TOKEN_GENERATION, ACCESS_TOKEN_GENERATION] {
            members(&members(details, token)?.unwrap_or_default(), CLAIMS)?;
        }
    }
    if !takes_both_tokens(event) {
        response.remove(BOTH_TOKENS);
        response.entry(ID_TOKEN.to_owned()).or_insert_with(|| RawValue::NULL.to_owned());
        return Ok(response);
    }
    response.remove(ID_TOKEN);
    response.entry(BOTH_TOKENS.to_owned()).or_insert_with(|| RawValue::NULL.to_owned());
    if let Some(mut of_id_token) = of_id_token.filter(|details| !details.is_empty()) {
        let offered = object(&object(event, RESPONSE), BOTH_TOKENS);
        let offered_token = object(&offered, ID_TOKEN_GENERATION);
        change(&mut response, BOTH_TOKENS, |details| {
            fill(details, GROUPS, &mut of_id_token, &offered);
            change(details, ID_TOKEN_GENERATION, |token| {
                fill(token, CLAIMS, &mut of_id_token, &offered_token);
                fill(token, SUPPRESSED, &mut of_id_token, &offered_token);
            });
        });
    }
    Ok(response)
}

/// Moves a member, unless its new place has something there. A place that is empty, or as the event
/// offered it, is free for a member with something in it.
fn fill(to: &mut Members, name: &str, from: &mut Members, offered: &Members) {
    let Some(member) = from.remove(name) else { return };
    let is_free = to.get(name).is_none_or(|present| {
        let as_offered = offered.get(name).is_some_and(|offered| is_same(present, offered));
        present.get() == "null" || (!is_empty(&member) && (as_offered || is_empty(present)))
    });
    if is_free {
        to.insert(name.to_owned(), member);
    }
}

/// Whether it is null, or an object or a list without members.
fn is_empty(json: &RawValue) -> bool {
    let inside = json.get().strip_prefix(['{', '[']).and_then(|text| text.strip_suffix(['}', ']']));
    json.get() == "null" || inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// Whether both say the same, whatever the order of their members.
fn is_same(one: &RawValue, other: &RawValue) -> bool {
    let read = |json: &RawValue| serde_json::from_str::<Value>(json.get()).ok();
    read(one).is_some_and(|one| read(other) == Some(one))
}

/// Whose word the groups in a response are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Groups {
    /// They came with Cognito's event.
    OfCognito,
    /// The pool's own function has answered them.
    OfNextTrigger,
}

impl Groups {
    /// Removes an empty `groupOverrideDetails`, which would take away the user's groups, unless the
    /// pool's own function has answered it.
    fn keep(self, details: &mut Members) {
        if let Self::OfCognito = self
            && object(details, GROUPS).is_empty()
        {
            details.remove(GROUPS);
        }
    }
}

/// Adds claims to those that a token gets. None of their names keeps another claim.
fn write(token: &mut Members, claims: &Map<String, Value>) {
    remove(token);
    change(token, CLAIMS, |present| {
        present.extend(claims.iter().map(|(name, claim)| (name.clone(), as_raw(claim))));
    });
}

/// Removes claims of Usher's names from those that a token gets.
fn remove(token: &mut Members) {
    change_present(token, CLAIMS, |present| {
        let own = [ORGANIZATIONS, ORGANIZATION_ROLES, REQUESTS, OVERFLOW];
        present.retain(|name, _| !own.contains(&&**name));
    });
}

fn as_raw(claim: &Value) -> Box<RawValue> {
    to_raw_value(claim).expect("a value is JSON")
}

/// Changes the object with this name. It is created if there is none.
fn change(parent: &mut Members, name: &str, change: impl FnOnce(&mut Members)) {
    let mut members = object(parent, name);
    change(&mut members);
    parent.insert(name.to_owned(), raw(&members));
}

/// Changes the object with this name, if there is one.
fn change_present(parent: &mut Members, name: &str, change: impl FnOnce(&mut Members)) {
    if let Ok(Some(mut members)) = members(parent, name) {
        change(&mut members);
        parent.insert(name.to_owned(), raw(&members));
    }
}

/// The members of the object with this name; none if it is no object.
fn object(parent: &Members, name: &str) -> Members {
    members(parent, name).ok().flatten().unwrap_or_default()
}
