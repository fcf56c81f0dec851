//! Holds a history against what has to be true of it. Nothing here calls anything, and it shares no code
//! with the product.
//!
//! Nobody knows the moment of a transaction. It lies between the time of its events, which are made before it,
//! and the end of the last call that can have written it; and transactions come one after the other. So
//! something *may* have been in force at some time, or it *was* for certain, and each check takes the one that
//! accuses nobody wrongly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::domain::email_address::EmailAddress;

use super::history::{Commit, Fact, History, Millis, Operation, Outcome, Place, Request, texts};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// No call, or no configuration that may have been in force, explains what was written.
    Unexplained,
    /// Somebody is not there whom a rule admits.
    Missing,
    /// Somebody who was removed is there again.
    CameBack,
    /// Something is left of what was deleted.
    LeftOver,
    /// A change has no event, or an event no change.
    Event,
    /// The bus has not what was told, or in another order.
    Published,
    /// Items of the table contradict each other, or the API contradicts them.
    Table,
    /// An answer says what cannot have been so.
    Answer,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Violation {
    pub(super) kind: Kind,
    pub(super) what: String,
    pub(super) organization: Option<String>,
    pub(super) user: Option<String>,
}

/// An organization at some time.
#[derive(Clone, Debug, Default, PartialEq)]
struct Config {
    /// The name, if the organization exists.
    name: Option<String>,
    default_roles: Vec<String>,
    rules: BTreeMap<String, Value>,
}

/// What the rules make of an address.
#[derive(Debug, PartialEq)]
struct Decision<'a> {
    domain: &'a str,
    enrollment: &'a str,
    roles: Vec<String>,
}

/// Whether the address is proven at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Proof {
    Fresh,
    Earlier,
}

impl Config {
    fn exists(&self) -> bool {
        self.name.is_some()
    }

    /// The most specific rule for a domain decides.
    fn decide(&self, domain: &str, proof: Proof) -> Option<Decision<'_>> {
        self.name.as_ref()?;
        let above = domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..]);
        let mut all = std::iter::once((domain, true)).chain(above.map(|above| (above, false)));
        let (domain, rule) = all.find_map(|(domain, is_exact)| {
            let (domain, rule) = self.rules.get_key_value(domain)?;
            (is_exact || rule["subdomains"] == true).then_some((domain, rule))
        })?;
        let existing = rule["existingUsers"].as_str().filter(|_| proof == Proof::Earlier);
        Some(Decision {
            domain,
            enrollment: existing.or(rule["enrollment"].as_str()).unwrap_or_default(),
            roles: self.roles_by(domain),
        })
    }

    /// The roles of those who join by a rule, which may not be listed any more.
    fn roles_by(&self, domain: &str) -> Vec<String> {
        let own = self.rules.get(domain).map(|rule| &rule["organizationRoleIds"]);
        own.filter(|own| own.is_array()).map_or_else(|| self.default_roles.clone(), texts)
    }
}

/// The states of something, each with the number of the transaction that made it. They begin with number 0,
/// before all transactions.
type Line<S> = Vec<(usize, S)>;

/// The states of everything.
#[derive(Default)]
struct Lines {
    organizations: BTreeMap<String, Line<Config>>,
    /// By organization and user.
    places: BTreeMap<(String, String), Line<Place>>,
    /// By organization and digest.
    marks: BTreeMap<(String, String), Line<bool>>,
    deleted_users: BTreeMap<String, Line<bool>>,
    roles: BTreeMap<String, Line<bool>>,
    fresh_proofs: BTreeSet<String>,
}

/// Adds a state to a line.
fn push<K: Ord, S: Default + Clone + PartialEq>(
    lines: &mut BTreeMap<K, Line<S>>,
    key: K,
    number: usize,
    change: impl FnOnce(&mut S),
) {
    let line = lines.entry(key).or_insert_with(|| vec![(0, S::default())]);
    let (last, state) = line.last().expect("a beginning");
    let (last, mut new) = (*last, state.clone());
    change(&mut new);
    if new == *state {
        return;
    }
    if last == number {
        line.pop();
    }
    line.push((number, new));
}

impl Lines {
    fn of(commits: &[Commit]) -> Self {
        let mut lines = Self::default();
        for (number, commit) in commits.iter().enumerate() {
            commit.facts.iter().for_each(|fact| lines.add(number + 1, fact));
        }
        lines
    }

    fn add(&mut self, number: usize, fact: &Fact) {
        match fact {
            Fact::Organization { id, present } => {
                push(&mut self.organizations, id.clone(), number, |config| {
                    let present = present.clone();
                    config.name = present.as_ref().map(|(name, _)| name.clone());
                    config.default_roles = present.map(|(_, roles)| roles).unwrap_or_default();
                });
            }
            Fact::Domain { organization, domain, settings } => {
                push(
                    &mut self.organizations,
                    organization.clone(),
                    number,
                    |config| match settings {
                        Some(rule) => drop(config.rules.insert(domain.clone(), rule.clone())),
                        None => drop(config.rules.remove(domain)),
                    },
                );
            }
            Fact::Place { organization, user, place } => {
                let key = (organization.clone(), user.clone());
                push(&mut self.places, key, number, |it| *it = place.clone());
            }
            Fact::Mark { organization, digest, is_there } => {
                let key = (organization.clone(), digest.clone());
                push(&mut self.marks, key, number, |it| *it = *is_there);
            }
            Fact::User { user, is_deleted } => {
                push(&mut self.deleted_users, user.clone(), number, |it| *it = *is_deleted);
            }
            Fact::Role { role, exists } => {
                push(&mut self.roles, role.clone(), number, |it| *it = *exists);
            }
            Fact::FreshProof { user } => drop(self.fresh_proofs.insert(user.clone())),
        }
    }
}

/// The state before a transaction.
fn before<S: Clone + Default>(line: Option<&Line<S>>, number: usize) -> S {
    let mut states = line.into_iter().flatten().rev();
    states.find(|(at, _)| *at < number).map(|(_, state)| state.clone()).unwrap_or_default()
}

/// The state after a transaction.
fn after<S: Clone + Default>(line: Option<&Line<S>>, number: usize) -> S {
    before(line, number + 1)
}

/// Everything that is wrong with a history.
pub(super) fn check(history: &History) -> Vec<Violation> {
    let mut checker = Checker {
        history,
        lines: Lines::of(&history.commits),
        begins: Vec::new(),
        ends: Vec::new(),
        found: Vec::new(),
    };
    let explanations = checker.explain();
    checker.set_windows(&explanations);
    checker.check_rules(&explanations);
    checker.check_changes();
    checker.check_returns();
    for operation in &history.operations {
        checker.check_missing(operation);
        checker.check_answer(operation);
        checker.check_effect(operation);
    }
    checker.check_published();
    checker.check_end();
    checker.found
}

/// For each event, with the number of its transaction, the calls that can have written it.
type Explanations<'a> = Vec<(usize, &'a Value, Vec<&'a Operation>)>;

struct Checker<'a> {
    history: &'a History,
    lines: Lines,
    /// By the number of a transaction: the first moment at which it can have happened,
    begins: Vec<Millis>,
    /// and the last one.
    ends: Vec<Millis>,
    found: Vec<Violation>,
}

impl<'a> Checker<'a> {
    fn found(&mut self, kind: Kind, organization: Option<&str>, user: Option<&str>, what: String) {
        let (organization, user) = (organization.map(str::to_owned), user.map(str::to_owned));
        self.found.push(Violation { kind, what, organization, user });
    }

    /// Something is wrong with an event.
    fn wrong(&mut self, kind: Kind, event: &Value, what: &str) {
        let organization = event["organizationId"].as_str();
        self.found(kind, organization, event["userId"].as_str(), format!("{what}: {event}"));
    }

    /// Finds the calls that can have written each event. A call writes one event of a kind about the same.
    fn explain(&mut self) -> Explanations<'a> {
        let history = self.history;
        let mut explanations = Vec::new();
        let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, commit) in (1..).zip(&history.commits) {
            for event in &commit.events {
                let explains = |it: &&Operation| self.explains(it, number, event);
                let operations: Vec<_> = history.operations.iter().filter(explains).collect();
                if operations.is_empty() {
                    self.wrong(Kind::Unexplained, event, "no call explains");
                }
                let about =
                    ["type", "organizationId", "userId", "emailDomain", "organizationRoleId"];
                // A replacement of all members can end a membership with that of another account, and once
                // more when it comes to the user, who was added in the meantime.
                let about = json!((about.map(|name| &event[name]), &event["cause"]["reason"]));
                let about = about.to_string();
                alike.entry(about).or_default().push(explanations.len());
                explanations.push((number, event, operations));
            }
        }
        for all in alike.into_values() {
            if let Some(place) = unmatched(&explanations, &all) {
                self.wrong(
                    Kind::Unexplained,
                    explanations[place].1,
                    "each call that explains it has written another event of the kind",
                );
            }
        }
        explanations
    }

    /// Whether a call can have written an event, whatever was in force.
    fn explains(&self, operation: &Operation, number: usize, event: &Value) -> bool {
        let commit = &self.history.commits[number - 1];
        let request = &operation.request;
        let trigger = match request {
            Request::SignUp { .. } => Some("PostConfirmation"),
            Request::Token { .. } => Some("PreTokenGeneration"),
            _ => None,
        };
        let actor = &event["actor"];
        let is_actor = match trigger {
            Some(path) => actor["type"] == "trigger" && actor["entryPath"] == path,
            None => actor["type"] == "api",
        };
        let organization = request.organization();
        let about = event["organizationId"].as_str();
        let is_about = organization.is_none_or(|organization| Some(organization) == about);
        if !is_actor || !is_about || !operation.can_have_written(commit.at) {
            return false;
        }
        let user = event["userId"].as_str().unwrap_or_default();
        let domain = event["emailDomain"].as_str().unwrap_or_default();
        let role = event["organizationRoleId"].as_str().unwrap_or_default();
        let names_user = || request.users().is_some_and(|users| users.contains(&user));
        let appears = || self.appears(operation, user);
        let has_domain = || {
            let domain = event["cause"]["emailDomain"].as_str().unwrap_or_default();
            let of = address_of(request).map_or("", domain_of);
            of == domain || of.ends_with(&format!(".{domain}"))
        };
        let roles = |value: &Value| texts(&value["organizationRoleIds"]);
        let (old, new) = (&event["before"], &event["after"]);
        match event["type"].as_str().unwrap_or_default() {
            "Organization.Created" => matches!(request, Request::CreateOrganization { .. }),
            "Organization.Deleted" => matches!(request, Request::DeleteOrganization { .. }),
            "Organization.Updated" => {
                matches!(request, Request::RenameOrganization { name, .. } if new["name"] == **name)
            }
            "Organization.DefaultRoles.Changed" => match request {
                Request::ReplaceDefaultRoles { roles: wanted, .. } => roles(new) == *wanted,
                Request::AddDefaultRoles { roles: added, .. } => {
                    self.is_union(&roles(old), added, &roles(new), number)
                }
                Request::DeleteDefaultRole { role, .. } => {
                    self.is_without(&roles(old), role, &roles(new), number)
                }
                _ => false,
            },
            "Organization.EmailDomain.Added" => match request {
                Request::AddDomain { domain: added, settings, .. } => {
                    added == domain && is_with(&default_settings(), settings, new)
                }
                Request::ReplaceDomains { domains, .. } => {
                    domains.iter().any(|it| it == domain)
                        && is_with(&default_settings(), &json!({}), new)
                }
                _ => false,
            },
            "Organization.EmailDomain.Changed" => match request {
                Request::ChangeDomain { domain: changed, settings, .. } => {
                    changed == domain && is_with(old, settings, new)
                }
                _ => false,
            },
            "Organization.EmailDomain.Removed" => match request {
                Request::DeleteDomain { domain: removed, .. } => removed == domain,
                Request::ReplaceDomains { domains, .. } => !domains.iter().any(|it| it == domain),
                _ => false,
            },
            "Organization.Membership.Created" => match request {
                Request::AddMembers { roles: given, is_restoring, .. } => {
                    let place = self.place_before(about, user, number);
                    let held = match place {
                        Place::Removed { held } if *is_restoring => held,
                        _ => None,
                    };
                    let is_given = match held {
                        Some(held) => self.is_rest(&held, &roles(new), number),
                        None => roles(new) == *given,
                    };
                    event["cause"]["rule"] == "api" && names_user() && is_given
                }
                Request::ReplaceMembers { .. } => {
                    event["cause"]["rule"] == "api" && names_user() && roles(new).is_empty()
                }
                Request::Approve { roles: given, .. } => {
                    let is_approved = commit.events.iter().any(|it| {
                        it["type"] == "Organization.JoinRequest.Approved"
                            && it["organizationId"] == event["organizationId"]
                    });
                    let is_given = given.as_ref().is_none_or(|given| roles(new) == *given);
                    is_approved && names_user() && is_given
                }
                Request::SignUp { .. } | Request::Token { .. } => appears() && has_domain(),
                Request::CreateUser { .. } => {
                    appears() && has_domain() && new["entryPath"] == "ManagementApi"
                }
                _ => false,
            },
            "Organization.Membership.RolesChanged" => match request {
                Request::ReplaceMemberRoles { roles: wanted, .. } => {
                    names_user() && roles(new) == *wanted
                }
                Request::AddMemberRoles { roles: added, .. } => {
                    names_user() && self.is_union(&roles(old), added, &roles(new), number)
                }
                Request::RemoveMemberRole { role, .. } => {
                    names_user() && self.is_without(&roles(old), role, &roles(new), number)
                }
                _ => false,
            },
            "Organization.Membership.Removed" | "Organization.JoinRequest.Removed" => {
                match event["cause"]["reason"].as_str() {
                    Some("removed") => match request {
                        Request::RemoveMember { .. } => names_user(),
                        Request::ReplaceMembers { .. } => !names_user(),
                        _ => false,
                    },
                    Some("same_address") => match request {
                        Request::RemoveMember { .. } | Request::Decline { .. } => !names_user(),
                        Request::ReplaceMembers { .. } => !names_user(),
                        _ => false,
                    },
                    Some("user_deleted") => {
                        matches!(request, Request::DeleteUser { .. }) && names_user()
                    }
                    Some("became_member") => match request {
                        Request::AddMembers { .. } | Request::ReplaceMembers { .. } => names_user(),
                        _ => appears(),
                    },
                    _ => false,
                }
            }
            "Organization.RemovedUser.Cleared" => {
                matches!(request, Request::ClearRemoved { .. }) && names_user()
            }
            "Organization.JoinRequest.Created" => appears() && has_domain(),
            "Organization.JoinRequest.Approved" => {
                matches!(request, Request::Approve { .. }) && names_user()
            }
            "Organization.JoinRequest.Declined" => {
                matches!(request, Request::Decline { .. }) && names_user()
            }
            "OrganizationRole.Created" => {
                matches!(request, Request::CreateRole { name } if new["name"] == **name)
            }
            "OrganizationRole.Updated" => {
                matches!(request, Request::RenameRole { role: renamed, name }
                    if renamed == role && new["name"] == **name)
            }
            "OrganizationRole.Deleted" => {
                matches!(request, Request::DeleteRole { role: deleted } if deleted == role)
            }
            "User.Deleted" => matches!(request, Request::DeleteUser { .. }) && names_user(),
            _ => false,
        }
    }

    /// Whether this user appears with a call.
    fn appears(&self, operation: &Operation, user: &str) -> bool {
        match (&operation.request, &operation.outcome) {
            (Request::SignUp { user: it, .. } | Request::Token { user: it, .. }, _) => it == user,
            (Request::CreateUser { .. }, Outcome::Done(body)) => body["id"] == *user,
            (Request::CreateUser { .. }, Outcome::Unknown(_)) => user.starts_with("sub-"),
            _ => false,
        }
    }

    fn place_before(&self, organization: Option<&str>, user: &str, number: usize) -> Place {
        let key = (organization.unwrap_or_default().to_owned(), user.to_owned());
        before(self.lines.places.get(&key), number)
    }

    /// Whether some roles are those that are left of others, without those that were deleted.
    fn is_rest(&self, all: &[String], rest: &[String], number: usize) -> bool {
        let is_gone = |role: &String| !before(self.lines.roles.get(role), number);
        rest.iter().all(|role| all.contains(role))
            && all.iter().all(|role| rest.contains(role) || is_gone(role))
    }

    fn is_union(&self, old: &[String], added: &[String], new: &[String], number: usize) -> bool {
        let kept: Vec<_> = new.iter().filter(|role| old.contains(role)).cloned().collect();
        let others = new.iter().filter(|role| !old.contains(role));
        added.iter().all(|role| new.contains(role))
            && others.into_iter().all(|role| added.contains(role))
            && self.is_rest(old, &kept, number)
    }

    fn is_without(&self, old: &[String], role: &String, new: &[String], number: usize) -> bool {
        let rest: Vec<_> = old.iter().filter(|it| *it != role).cloned().collect();
        old.contains(role) && !new.contains(role) && self.is_rest(&rest, new, number)
    }

    /// Says between which moments each transaction can have happened.
    fn set_windows(&mut self, explanations: &Explanations<'_>) {
        let commits = &self.history.commits;
        let mut begins = vec![Millis::MIN];
        for commit in commits {
            begins.push(commit.at.max(begins[begins.len() - 1]));
        }
        let mut ends = vec![Millis::MAX; commits.len() + 1];
        ends[0] = Millis::MIN;
        for (number, _, operations) in explanations {
            let last = operations.iter().map(|it| it.last_write()).max();
            ends[*number] = ends[*number].min(last.unwrap_or(Millis::MAX));
        }
        for number in (1..commits.len()).rev() {
            ends[number] = ends[number].min(ends[number + 1]);
        }
        (self.begins, self.ends) = (begins, ends);
    }

    /// The states that may have been in force at some moment of a time, each with the number of the
    /// transaction that made it.
    fn possible<'b, S>(
        &self,
        line: Option<&'b Line<S>>,
        [begin, end]: [Millis; 2],
    ) -> Vec<(usize, &'b S)> {
        let line = line.map(Vec::as_slice).unwrap_or_default();
        let possible = line.iter().enumerate().filter(|(place, (number, _))| {
            let until = line.get(place + 1).map_or(Millis::MAX, |(next, _)| self.ends[*next]);
            self.begins[*number] <= end && begin <= until
        });
        possible.map(|(_, (number, state))| (*number, state)).collect()
    }

    fn possible_places(&self, organization: &str, user: &str, during: [Millis; 2]) -> Vec<Place> {
        let line = self.lines.places.get(&(organization.to_owned(), user.to_owned()));
        let places: Vec<_> =
            self.possible(line, during).into_iter().map(|(_, it)| it.clone()).collect();
        if line.is_none() { vec![Place::Empty] } else { places }
    }

    /// The proofs that an appearance may count as.
    fn proofs(&self, request: &Request) -> Vec<Proof> {
        match request {
            Request::Token { user, .. } if self.lines.fresh_proofs.contains(user) => {
                vec![Proof::Earlier, Proof::Fresh]
            }
            Request::Token { .. } => vec![Proof::Earlier],
            _ => vec![Proof::Fresh],
        }
    }

    /// Each membership and each request by a rule follows from a configuration that may have been in force
    /// during the call, with all its roles at once.
    fn check_rules(&mut self, explanations: &Explanations<'_>) {
        for (number, event, operations) in explanations {
            let enrollment = match event["type"].as_str() {
                Some("Organization.Membership.Created") => "automatic",
                Some("Organization.JoinRequest.Created") => "request",
                _ => continue,
            };
            if event["cause"]["rule"] == "api" || operations.is_empty() {
                continue;
            }
            let organization = event["organizationId"].as_str().unwrap_or_default();
            let domain = event["cause"]["emailDomain"].as_str().unwrap_or_default();
            let roles = texts(&event["after"]["organizationRoleIds"]);
            let line = self.lines.organizations.get(organization);
            let explains = |operation: &&&Operation| {
                let possible = self.possible(line, [operation.begin, operation.last_write()]);
                // It was read before it was followed.
                let mut possible = possible.iter().filter(|(since, _)| since < number);
                possible.any(|(_, config)| match &operation.request {
                    Request::Approve { roles: Some(_), .. } => config.exists(),
                    Request::Approve { .. } => config.exists() && config.roles_by(domain) == roles,
                    request => self.proofs(request).into_iter().any(|proof| {
                        let address = address_of(request).map_or("", domain_of);
                        config.decide(address, proof).is_some_and(|decision| {
                            decision.domain == domain
                                && decision.enrollment == enrollment
                                && (enrollment == "request" || decision.roles == roles)
                        })
                    }),
                })
            };
            if !operations.iter().any(|operation| explains(&operation)) {
                let what = "no configuration that was in force during the call explains";
                self.wrong(Kind::Unexplained, event, what);
            }
        }
    }

    /// Each change has its event, and each event its change.
    fn check_changes(&mut self) {
        let mut ids = BTreeSet::new();
        for (number, commit) in (1..).zip(&self.history.commits) {
            for event in &commit.events {
                if !ids.insert((&commit.subject, event["id"].as_str())) {
                    self.wrong(Kind::Event, event, "it is told twice");
                }
                if !self.has_changed(number, event) {
                    self.wrong(Kind::Event, event, "nothing was changed so");
                }
            }
            for fact in &commit.facts {
                let Some(expected) = self.expected(number, fact) else { continue };
                let is_told = |event: &&Value| {
                    let expected = expected.as_object().expect("an object");
                    expected.iter().all(|(name, value)| event[name] == *value)
                };
                if commit.events.iter().filter(is_told).count() != 1 {
                    let (organization, user) =
                        (expected["organizationId"].as_str(), expected["userId"].as_str());
                    let what = format!("not told once is {expected}, after {fact:?}");
                    self.found(Kind::Event, organization, user, what);
                }
            }
        }
    }

    /// What an event must be, if a fact changes something that a reader sees.
    fn expected(&self, number: usize, fact: &Fact) -> Option<Value> {
        let about = |kind: &str, organization: &str| json!({ "type": format!("Organization.{kind}"), "organizationId": organization });
        let config = |id: &String| before(self.lines.organizations.get(id), number);
        match fact {
            Fact::Organization { id, present } => {
                let old = config(id);
                let kind = match (&old.name, present) {
                    (None, Some(_)) => "Created",
                    (Some(_), None) => "Deleted",
                    (Some(old), Some((new, _))) if old != new => "Updated",
                    (Some(_), Some((_, roles))) if old.default_roles != *roles => {
                        "DefaultRoles.Changed"
                    }
                    _ => return None,
                };
                Some(about(kind, id))
            }
            Fact::Domain { organization, domain, settings } => {
                let old = config(organization);
                let rule = old.rules.get(domain);
                if rule == settings.as_ref() || !old.exists() {
                    return None;
                }
                let kind = match (rule, settings) {
                    (None, _) => "EmailDomain.Added",
                    (_, None) => "EmailDomain.Removed",
                    _ => "EmailDomain.Changed",
                };
                let mut event = about(kind, organization);
                event["emailDomain"] = domain.as_str().into();
                Some(event)
            }
            Fact::Place { organization, user, place } => {
                let old = self.place_before(Some(organization), user, number);
                let is_deleted = after(self.lines.deleted_users.get(user), number);
                let kind = match (&old, place) {
                    _ if !config(organization).exists() => return None,
                    (Place::Removed { .. }, Place::Empty) if is_deleted => return None,
                    (Place::Removed { .. }, Place::Empty) => "RemovedUser.Cleared",
                    (Place::Member { roles: old, .. }, Place::Member { roles: new, .. }) => {
                        if old == new {
                            return None;
                        }
                        "Membership.RolesChanged"
                    }
                    (_, Place::Member { .. }) => "Membership.Created",
                    (Place::Member { .. }, _) => "Membership.Removed",
                    (_, Place::Requested { .. }) => "JoinRequest.Created",
                    // It was declined, or removed.
                    (Place::Requested { .. }, _) => {
                        return Some(json!({ "organizationId": organization, "userId": user }));
                    }
                    _ => return None,
                };
                let mut event = about(kind, organization);
                event["userId"] = user.as_str().into();
                Some(event)
            }
            Fact::User { user, is_deleted } => {
                let was_deleted: bool = before(self.lines.deleted_users.get(user), number);
                (*is_deleted && !was_deleted)
                    .then(|| json!({ "type": "User.Deleted", "userId": user }))
            }
            Fact::Role { role, exists } => {
                let kind = match (before(self.lines.roles.get(role), number), exists) {
                    (false, true) => "OrganizationRole.Created",
                    (true, false) => "OrganizationRole.Deleted",
                    _ => return None,
                };
                Some(json!({ "type": kind, "organizationRoleId": role }))
            }
            Fact::Mark { .. } | Fact::FreshProof { .. } => None,
        }
    }

    /// Whether the transaction has written what its event says.
    fn has_changed(&self, number: usize, event: &Value) -> bool {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (organization, user) = (text("organizationId"), text("userId"));
        let key = (organization.clone(), user.clone());
        let (was, is) = (
            before(self.lines.places.get(&key), number),
            after(self.lines.places.get(&key), number),
        );
        let line = self.lines.organizations.get(&organization);
        let (old, new) = (before(line, number), after(line, number));
        let domain = text("emailDomain");
        let roles = |side: &str| texts(&event[side]["organizationRoleIds"]);
        let has_roles = |place: &Place, wanted: Vec<String>| matches!(place, Place::Member { roles, .. } if *roles == wanted);
        let role = self.lines.roles.get(&text("organizationRoleId"));
        match event["type"].as_str().unwrap_or_default() {
            "Organization.Created" => !old.exists() && new.exists(),
            "Organization.Deleted" => old.exists() && !new.exists(),
            "Organization.Updated" => event["after"]["name"].as_str() == new.name.as_deref(),
            "Organization.DefaultRoles.Changed" => {
                old.default_roles == roles("before") && new.default_roles == roles("after")
            }
            "Organization.EmailDomain.Added" => {
                !old.rules.contains_key(&domain) && new.rules.contains_key(&domain)
            }
            "Organization.EmailDomain.Changed" => {
                old.rules.get(&domain) == Some(&event["before"])
                    && new.rules.get(&domain) == Some(&event["after"])
            }
            "Organization.EmailDomain.Removed" => {
                old.rules.contains_key(&domain) && !new.rules.contains_key(&domain)
            }
            "Organization.Membership.Created" => {
                !matches!(was, Place::Member { .. }) && has_roles(&is, roles("after"))
            }
            "Organization.Membership.RolesChanged" => {
                has_roles(&was, roles("before")) && has_roles(&is, roles("after"))
            }
            "Organization.Membership.Removed" => {
                has_roles(&was, roles("before")) && !matches!(is, Place::Member { .. })
            }
            "Organization.RemovedUser.Cleared" => {
                matches!(was, Place::Removed { .. }) && is == Place::Empty
            }
            "Organization.JoinRequest.Created" => {
                was == Place::Empty && matches!(is, Place::Requested { .. })
            }
            "Organization.JoinRequest.Approved" => {
                matches!(was, Place::Requested { .. }) && matches!(is, Place::Member { .. })
            }
            "Organization.JoinRequest.Declined" => {
                matches!(was, Place::Requested { .. }) && matches!(is, Place::Removed { .. })
            }
            "Organization.JoinRequest.Removed" => {
                matches!(was, Place::Requested { .. }) && !matches!(is, Place::Requested { .. })
            }
            "User.Deleted" => {
                let line = self.lines.deleted_users.get(&user);
                !before(line, number) && after(line, number)
            }
            "OrganizationRole.Created" => !before(role, number) && after(role, number),
            "OrganizationRole.Deleted" => before(role, number) && !after(role, number),
            "OrganizationRole.Updated" => after(role, number),
            _ => false,
        }
    }

    /// Nobody who was removed comes back by a rule, and nobody by a removed address. Only an administrator
    /// puts somebody back, or clears the removal.
    fn check_returns(&mut self) {
        let mut found = Vec::new();
        for ((organization, user), line) in &self.lines.places {
            let exists = |number| {
                before::<Config>(self.lines.organizations.get(organization), number).exists()
            };
            for ((_, was), (number, is)) in line.iter().zip(&line[1..]) {
                let mut say = |what: String| found.push((organization.clone(), user.clone(), what));
                let is_deleted = |number| before(self.lines.deleted_users.get(user), number);
                if !matches!(is, Place::Empty | Place::Removed { .. }) && is_deleted(*number) {
                    say(format!("{user} was deleted, and has {is:?} in {organization}"));
                }
                let (by_rule, digest) = match is {
                    Place::Member { domain, digest, .. } => (domain.is_some(), digest.as_ref()),
                    Place::Requested { digest } => (true, digest.as_ref()),
                    _ => (false, None),
                };
                if by_rule && matches!(was, Place::Removed { .. }) && exists(*number) {
                    say(format!(
                        "{user} was removed from {organization}, and has {is:?} by a rule"
                    ));
                }
                let mark = digest.map(|digest| (organization.clone(), digest.clone()));
                let mark = mark.and_then(|mark| self.lines.marks.get(&mark));
                let was_there = matches!(was, Place::Member { .. });
                if by_rule && !was_there && before(mark, *number) {
                    say(format!(
                        "an address was removed from {organization}, and {user} has {is:?} by it"
                    ));
                }
                // The mark of the address comes with that of the user.
                let brought = match was {
                    Place::Member { digest, .. } | Place::Requested { digest } => digest.as_ref(),
                    _ => None,
                };
                let key = brought.map(|digest| (organization.clone(), digest.clone()));
                if let Some(key) = key.filter(|_| matches!(is, Place::Removed { .. })) {
                    let line = self.lines.marks.get(&key);
                    // Of several who are removed together, the last one's event stands at the end.
                    let at = self.history.commits[*number - 1].at;
                    let together = self.history.commits.iter().skip(*number - 1);
                    let together = together.take_while(|it| it.at == at).count();
                    if !(0..together).any(|later| after(line, number + later)) {
                        say(format!(
                            "{user} was removed from {organization}, and the address was not"
                        ));
                    }
                }
            }
        }
        for (organization, user, what) in found {
            self.found(Kind::CameBack, Some(&organization), Some(&user), what);
        }
    }

    /// A call that has made a user appear, and could do all that it has to: the user, the address, and the
    /// proofs that it may count as.
    fn complete_appearance(
        &self,
        operation: &'a Operation,
    ) -> Option<(&'a str, &'a str, Vec<Proof>)> {
        let Outcome::Done(body) = &operation.outcome else { return None };
        let (user, address) = match &operation.request {
            Request::CreateUser { address, .. } if body["provisioned"] == true => {
                (body["id"].as_str()?, &**address)
            }
            request => request.appearing()?,
        };
        Some((user, address, self.proofs(&operation.request)))
    }

    /// Nobody is missing whom one and the same rule has admitted throughout an appearance, unless the user or
    /// the address was removed, or the user deleted.
    fn check_missing(&mut self, operation: &'a Operation) {
        let Some((user, address, proofs)) = self.complete_appearance(operation) else { return };
        let during = [operation.begin, operation.end];
        if self.is_possibly_deleted(user, during) {
            return;
        }
        let digest = EmailAddress::parse(address).expect("an address").digest().to_string();
        let mut found = Vec::new();
        for (organization, line) in &self.lines.organizations {
            let possible = self.possible(Some(line), during);
            let decisions = possible.iter().flat_map(|(_, config)| {
                proofs.iter().map(|proof| config.decide(domain_of(address), *proof))
            });
            let decisions: Vec<_> = decisions
                .map(|it| it.map(|decision| (decision.domain, decision.enrollment)))
                .collect();
            let Some(Some((domain, enrollment))) = decisions.first() else { continue };
            let is_same = decisions.iter().all(|it| *it == decisions[0]);
            let mark = self.lines.marks.get(&(organization.clone(), digest.clone()));
            let is_marked = self.possible(mark, during).iter().any(|(_, is)| **is);
            if !is_same || is_marked || *enrollment == "off" {
                continue;
            }
            let places = self.possible_places(organization, user, during);
            let is_there = places.iter().any(|place| match place {
                Place::Empty => false,
                Place::Requested { .. } => *enrollment == "request",
                Place::Member { .. } | Place::Removed { .. } => true,
            });
            if !is_there {
                let what = format!(
                    "{organization} has admitted {user} by {domain} ({enrollment}) throughout, who is \
                     not there: {operation}"
                );
                found.push((organization.clone(), what));
            }
        }
        for (organization, what) in found {
            self.found(Kind::Missing, Some(&organization), Some(user), what);
        }
    }

    fn is_possibly_deleted(&self, user: &str, during: [Millis; 2]) -> bool {
        let line = self.lines.deleted_users.get(user);
        self.possible(line, during).iter().any(|(_, is)| **is)
    }

    /// An answer names the organizations of a user: those that certainly were, and none that cannot have been.
    fn check_answer(&mut self, operation: &Operation) {
        let Outcome::Done(body) = &operation.outcome else { return };
        let (user, named) = match &operation.request {
            Request::Token { user, .. } | Request::ReadOrganizations { user } => {
                (user.clone(), body)
            }
            Request::CreateUser { .. } => {
                (body["id"].as_str().unwrap_or_default().to_owned(), &body["organizations"])
            }
            _ => return,
        };
        if !named.is_array() {
            return;
        }
        let named = texts(named);
        let during = [operation.begin, operation.end];
        let mut found = Vec::new();
        for (organization, line) in &self.lines.organizations {
            let configs = self.possible(Some(line), during);
            let places = self.possible_places(organization, &user, during);
            let is_member = |place: &Place| matches!(place, Place::Member { .. });
            let may_be = places.iter().any(is_member) && configs.iter().any(|(_, it)| it.exists());
            let is_certain = places.iter().all(is_member)
                && configs.iter().all(|(_, it)| it.exists())
                && !self.is_possibly_deleted(&user, during);
            let is_named = named.contains(organization);
            if is_named && !may_be {
                found.push((organization.clone(), "cannot be a member, and is named"));
            }
            if !is_named && is_certain {
                found.push((organization.clone(), "is a member throughout, and is not named"));
            }
        }
        for organization in named {
            if !self.lines.organizations.contains_key(&organization) {
                found.push((organization, "is named in an organization that never was"));
            }
        }
        for (organization, what) in found {
            let what = format!("{user} {what} in {organization}: {operation}");
            self.found(Kind::Answer, Some(&organization), Some(&user), what);
        }
    }

    /// What a call has asked for was so at some moment of it, if it has succeeded.
    fn check_effect(&mut self, operation: &Operation) {
        if let Outcome::Unknown(why) = &operation.outcome
            && why.starts_with("500")
        {
            let (organization, users) =
                (operation.request.organization(), operation.request.users());
            let user = users.and_then(|users| users.first().copied().map(str::to_owned));
            let what = format!("an internal error: {operation}");
            self.found(Kind::Answer, organization, user.as_deref(), what);
        }
        if !operation.is_done() {
            return;
        }
        let during = [operation.begin, operation.end];
        let request = &operation.request;
        let organization = request.organization().unwrap_or_default();
        let line = self.lines.organizations.get(organization);
        let config = |is: &dyn Fn(&Config) -> bool| {
            let possible = self.possible(line, during);
            line.map_or_else(|| is(&Config::default()), |_| possible.iter().any(|(_, it)| is(it)))
        };
        let place = |user: &str, is: &dyn Fn(&Place) -> bool| {
            self.possible_places(organization, user, during).iter().any(is)
        };
        let has = |user: &str, is: &dyn Fn(&[String]) -> bool| {
            place(user, &|place| matches!(place, Place::Member { roles, .. } if is(roles)))
        };
        let is_member = |user: &String| has(user, &|_| true);
        let includes = |all: &[String], some: &[String]| some.iter().all(|it| all.contains(it));
        let is_so = match request {
            Request::CreateOrganization { .. } => config(&Config::exists),
            Request::DeleteOrganization { .. } => config(&|it| !it.exists()),
            Request::RenameOrganization { name, .. } => {
                config(&|it| it.name.as_ref() == Some(name))
            }
            Request::AddDomain { domain, settings, .. } => config(&|it| {
                let rule = it.rules.get(domain);
                rule.is_some_and(|rule| is_with(&default_settings(), settings, rule))
            }),
            Request::ChangeDomain { domain, settings, .. } => {
                config(&|it| it.rules.get(domain).is_some_and(|rule| is_with(rule, settings, rule)))
            }
            Request::DeleteDomain { domain, .. } => config(&|it| !it.rules.contains_key(domain)),
            Request::ReplaceDomains { domains, .. } => config(&|it| {
                it.rules.len() == domains.len()
                    && domains.iter().all(|domain| it.rules.contains_key(domain))
            }),
            Request::ReplaceDefaultRoles { roles, .. } => {
                config(&|it| it.exists() && it.default_roles == *roles)
            }
            Request::AddDefaultRoles { roles, .. } => {
                config(&|it| includes(&it.default_roles, roles))
            }
            Request::DeleteDefaultRole { role, .. } => {
                config(&|it| !it.default_roles.contains(role))
            }
            Request::AddMembers { users, .. } | Request::ReplaceMembers { users, .. } => {
                users.iter().all(is_member)
            }
            Request::RemoveMember { user, .. } | Request::Decline { user, .. } => {
                place(user, &|it| matches!(it, Place::Removed { .. }))
            }
            Request::ClearRemoved { user, .. } => place(user, &|it| *it == Place::Empty),
            Request::AddMemberRoles { users, roles, .. } => {
                users.iter().all(|user| has(user, &|held| includes(held, roles)))
            }
            Request::ReplaceMemberRoles { user, roles, .. } => has(user, &|held| held == roles),
            Request::RemoveMemberRole { user, role, .. } => has(user, &|held| !held.contains(role)),
            Request::Approve { user, .. } => is_member(user),
            Request::DeleteUser { user } => self.is_possibly_deleted(user, during),
            _ => true,
        };
        if !is_so {
            let users = request.users();
            let user = users.and_then(|users| users.first().copied());
            let what = format!("it never was as asked: {operation}");
            let organization = request.organization();
            self.found(Kind::Answer, organization, user, what);
        }
    }

    /// Each event is on the bus once, and those about the same subject are in their order.
    fn check_published(&mut self) {
        let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut subjects = BTreeMap::new();
        for commit in &self.history.commits {
            for event in &commit.events {
                let id = event["id"].as_str().unwrap_or_default();
                told.entry(&commit.subject).or_default().push(id);
                subjects.insert(id, &*commit.subject);
            }
        }
        let mut published: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut found = Vec::new();
        for event in &self.history.published {
            // It repeats what the others say.
            if event["type"] == "Organization.Membership.Updated" {
                continue;
            }
            let id = event["id"].as_str().unwrap_or_default();
            match subjects.get(id) {
                Some(subject) => published.entry(subject).or_default().push(id),
                None => found.push((event, "it was never told")),
            }
        }
        for (event, what) in found {
            self.wrong(Kind::Published, event, what);
        }
        for (subject, told) in told {
            let on_bus = published.remove(subject).unwrap_or_default();
            if on_bus != told {
                let user = subject.strip_prefix("USER#");
                let what = format!("of {subject} were told {told:?}, and published {on_bus:?}");
                self.found(Kind::Published, subject.strip_prefix("ORG#"), user, what);
            }
        }
    }

    /// The table at the end has what the transactions have written, and nothing of what was deleted. Its
    /// items agree, and the API says what is in it.
    fn check_end(&mut self) {
        let mut found = Vec::new();
        let mut say = |kind, organization: Option<&str>, user: Option<&str>, what: String| {
            let (organization, user) = (organization.map(str::to_owned), user.map(str::to_owned));
            found.push(Violation { kind, what, organization, user });
        };
        let last = usize::MAX - 1;
        let exists = |id: &str| after::<Config>(self.lines.organizations.get(id), last).exists();
        let is_deleted = |user: &str| after(self.lines.deleted_users.get(user), last);
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ((pk, sk), item) in &self.history.items {
            let (user, organization) = (pk.strip_prefix("USER#"), sk.strip_prefix("ORG#"));
            let of = pk.strip_prefix("ORG#");
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            // Marks of addresses stay, and have no effect.
            let is_mark = pk.starts_with("REMOVED#");
            let gone = of.or(organization).filter(|id| !exists(id) && !is_mark);
            let is_tombstone = item.contains_key("deletedAt");
            if gone.is_some() && !is_tombstone {
                say(Kind::LeftOver, gone, user, format!("{pk} {sk} is left of {gone:?}"));
            }
            let account = sk.strip_prefix("USER#").filter(|_| pk.starts_with("ADDRESS#"));
            let kept_for = user.or(account).filter(|user| is_deleted(user));
            let is_harmless =
                is_tombstone && !item.contains_key("addresses") || sk == "FRESH_PROOF";
            if kept_for.is_some() && !is_harmless {
                say(Kind::LeftOver, organization, kept_for, format!("{pk} {sk} is left: {item:?}"));
            }
            if let Some(user) = account {
                let digest = pk.trim_start_matches("ADDRESS#");
                let profile = (sk.clone(), "PROFILE".to_owned());
                let profile = self.history.items.get(&profile);
                let addresses = profile.and_then(|it| it.get("addresses")).map(texts);
                if !addresses.unwrap_or_default().iter().any(|it| it == digest) {
                    say(Kind::Table, None, Some(user), format!("{pk} {sk} is in no profile"));
                }
            }
            if let (Some(user), "PROFILE") = (user, &**sk) {
                for digest in item.get("addresses").map(texts).unwrap_or_default() {
                    let account = (format!("ADDRESS#{digest}"), pk.clone());
                    if !self.history.items.contains_key(&account) && !is_tombstone {
                        say(Kind::Table, None, Some(user), format!("{user} has no {account:?}"));
                    }
                }
            }
            let (Some(user), Some(organization)) = (user, organization) else { continue };
            let key = (organization.to_owned(), user.to_owned());
            let (list, is_place) = match after(self.lines.places.get(&key), last) {
                Place::Empty => ("", false),
                Place::Member { roles, .. } => {
                    members.entry(organization.to_owned()).or_default().insert(user.to_owned());
                    ("USER#", item.get("roleIds").map(texts) == Some(roles))
                }
                Place::Requested { .. } => ("REQUEST#", item.contains_key("requestedAt")),
                Place::Removed { .. } => ("REMOVED#", item.contains_key("removedAt")),
            };
            let entry = (text("gsi1pk"), text("gsi1sk"));
            let is_entry = entry.0 == *sk && entry.1.starts_with(list) && entry.1.ends_with(user);
            if !is_place || !is_entry {
                let what =
                    format!("{pk} {sk} is not what was written, or not in its list: {item:?}");
                say(Kind::Table, Some(organization), Some(user), what);
            }
            let profile = self.history.items.contains_key(&(pk.clone(), "PROFILE".to_owned()));
            if !profile {
                say(Kind::Table, Some(organization), Some(user), format!("{user} has no profile"));
            }
        }
        for ((organization, user), line) in &self.lines.places {
            let is_there = line.last().is_some_and(|(_, place)| *place != Place::Empty);
            let key = (format!("USER#{user}"), format!("ORG#{organization}"));
            if is_there && exists(organization) && !self.history.items.contains_key(&key) {
                let what = format!("{key:?} was written, and is not there");
                say(Kind::Table, Some(organization), Some(user), what);
            }
        }
        for (organization, count) in &self.history.counts {
            let held = members.get(organization).cloned().unwrap_or_default();
            let listed = self.history.listed.get(organization).cloned().unwrap_or_default();
            let is_all = listed.len() == held.len() && listed.iter().all(|it| held.contains(it));
            if usize::try_from(*count).ok() != Some(held.len()) || !is_all {
                let what = format!(
                    "{organization} has {held:?}, counted are {count}, and listed are {listed:?}"
                );
                say(Kind::Table, Some(organization), None, what);
            }
        }
        self.found.append(&mut found);
    }
}

/// An event for which no call is left, if each call writes one of these events.
fn unmatched(explanations: &Explanations<'_>, all: &[usize]) -> Option<usize> {
    let mut taken: BTreeMap<*const Operation, usize> = BTreeMap::new();
    let free = all.iter().filter(|place| !explanations[**place].2.is_empty());
    for place in free {
        let mut seen = BTreeSet::new();
        if !assign(explanations, *place, &mut taken, &mut seen) {
            return Some(*place);
        }
    }
    None
}

/// Gives an event a call, if need be by giving others another one.
fn assign(
    explanations: &Explanations<'_>,
    place: usize,
    taken: &mut BTreeMap<*const Operation, usize>,
    seen: &mut BTreeSet<*const Operation>,
) -> bool {
    for operation in &explanations[place].2 {
        let operation: *const Operation = *operation;
        if !seen.insert(operation) {
            continue;
        }
        let other = taken.get(&operation).copied();
        if other.is_none_or(|other| assign(explanations, other, taken, seen)) {
            taken.insert(operation, place);
            return true;
        }
    }
    false
}

/// The address of a user who appears.
fn address_of(request: &Request) -> Option<&str> {
    match request {
        Request::CreateUser { address, .. } => Some(address),
        request => request.appearing().map(|(_, address)| address),
    }
}

fn domain_of(address: &str) -> &str {
    address.split_once('@').map_or("", |(_, domain)| domain)
}

/// The settings of a domain that was just added.
fn default_settings() -> Value {
    json!({
        "enrollment": "automatic",
        "existingUsers": null,
        "organizationRoleIds": null,
        "subdomains": false,
    })
}

/// Whether settings are those before with some changes.
fn is_with(before: &Value, changes: &Value, after: &Value) -> bool {
    let before = before.as_object().into_iter().flatten();
    before.into_iter().all(|(name, old)| after[name] == *changes.get(name).unwrap_or(old))
}
