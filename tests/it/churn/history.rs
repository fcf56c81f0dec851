//! What has happened in a round: the calls, as their callers have seen them, and the transactions, in the
//! order of the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Items, Written};

/// Milliseconds since 1970, of the clock that all processes share.
pub(super) type Millis = i64;

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    CreateOrganization { organization: String },
    RenameOrganization { organization: String, name: String },
    DeleteOrganization { organization: String },
    CreateRole { name: String },
    RenameRole { role: String, name: String },
    DeleteRole { role: String },
    AddDomain { organization: String, domain: String, settings: Value },
    ChangeDomain { organization: String, domain: String, settings: Value },
    DeleteDomain { organization: String, domain: String },
    ReplaceDomains { organization: String, domains: Vec<String> },
    AddDefaultRoles { organization: String, roles: Vec<String> },
    ReplaceDefaultRoles { organization: String, roles: Vec<String> },
    DeleteDefaultRole { organization: String, role: String },
    AddMembers { organization: String, users: Vec<String>, roles: Vec<String>, is_restoring: bool },
    ReplaceMembers { organization: String, users: Vec<String> },
    RemoveMember { organization: String, user: String },
    ClearRemoved { organization: String, user: String },
    AddMemberRoles { organization: String, users: Vec<String>, roles: Vec<String> },
    ReplaceMemberRoles { organization: String, user: String, roles: Vec<String> },
    RemoveMemberRole { organization: String, user: String, role: String },
    Approve { organization: String, user: String, roles: Option<Vec<String>> },
    Decline { organization: String, user: String },
    CreateUser { name: String, address: String },
    DeleteUser { user: String },
    SignUp { user: String, address: String },
    Token { user: String, address: String },
    ReadOrganizations { user: String },
}

impl Request {
    /// The call of the API. A trigger has none.
    pub(super) fn call(&self) -> Option<(Method, String, Value)> {
        let acme = |id: &str| format!("/organizations/{id}");
        let roles_in = |roles: &[String]| json!({ "organizationRoleIds": roles });
        let none = Value::Null;
        Some(match self {
            Self::CreateOrganization { organization } => {
                let body = json!({ "id": organization, "name": organization });
                (Method::POST, "/organizations".to_owned(), body)
            }
            Self::RenameOrganization { organization, name } => {
                (Method::PATCH, acme(organization), json!({ "name": name }))
            }
            Self::DeleteOrganization { organization } => (Method::DELETE, acme(organization), none),
            Self::CreateRole { name } => {
                (Method::POST, "/organization-roles".to_owned(), json!({ "name": name }))
            }
            Self::RenameRole { role, name } => {
                (Method::PATCH, format!("/organization-roles/{role}"), json!({ "name": name }))
            }
            Self::DeleteRole { role } => {
                (Method::DELETE, format!("/organization-roles/{role}"), none)
            }
            Self::AddDomain { organization, domain, settings } => {
                let mut body = settings.clone();
                body["emailDomain"] = domain.as_str().into();
                (Method::POST, acme(organization) + "/jit/email-domains", body)
            }
            Self::ChangeDomain { organization, domain, settings } => {
                let path = acme(organization) + "/jit/email-domains/" + domain;
                (Method::PATCH, path, settings.clone())
            }
            Self::DeleteDomain { organization, domain } => {
                (Method::DELETE, acme(organization) + "/jit/email-domains/" + domain, none)
            }
            Self::ReplaceDomains { organization, domains } => {
                let body = json!({ "emailDomains": domains });
                (Method::PUT, acme(organization) + "/jit/email-domains", body)
            }
            Self::AddDefaultRoles { organization, roles } => {
                (Method::POST, acme(organization) + "/jit/roles", roles_in(roles))
            }
            Self::ReplaceDefaultRoles { organization, roles } => {
                (Method::PUT, acme(organization) + "/jit/roles", roles_in(roles))
            }
            Self::DeleteDefaultRole { organization, role } => {
                (Method::DELETE, acme(organization) + "/jit/roles/" + role, none)
            }
            Self::AddMembers { organization, users, roles, is_restoring } => {
                let mut body = roles_in(roles);
                body["userIds"] = json!(users);
                body["restoreRoles"] = json!(is_restoring);
                (Method::POST, acme(organization) + "/users", body)
            }
            Self::ReplaceMembers { organization, users } => {
                (Method::PUT, acme(organization) + "/users", json!({ "userIds": users }))
            }
            Self::RemoveMember { organization, user } => {
                (Method::DELETE, acme(organization) + "/users/" + user, none)
            }
            Self::ClearRemoved { organization, user } => {
                (Method::DELETE, acme(organization) + "/removed-users/" + user, none)
            }
            Self::AddMemberRoles { organization, users, roles } => match &users[..] {
                [user] => {
                    let path = format!("{}/users/{user}/roles", acme(organization));
                    (Method::POST, path, roles_in(roles))
                }
                _ => {
                    let mut body = roles_in(roles);
                    body["userIds"] = json!(users);
                    (Method::POST, acme(organization) + "/users/roles", body)
                }
            },
            Self::ReplaceMemberRoles { organization, user, roles } => {
                let path = format!("{}/users/{user}/roles", acme(organization));
                (Method::PUT, path, roles_in(roles))
            }
            Self::RemoveMemberRole { organization, user, role } => {
                (Method::DELETE, format!("{}/users/{user}/roles/{role}", acme(organization)), none)
            }
            Self::Approve { organization, user, roles } => {
                let path = format!("{}/join-requests/{user}/approve", acme(organization));
                let body = roles.as_ref().map_or_else(|| json!({}), |roles| roles_in(roles));
                (Method::POST, path, body)
            }
            Self::Decline { organization, user } => {
                let path = format!("{}/join-requests/{user}/decline", acme(organization));
                (Method::POST, path, none)
            }
            Self::CreateUser { name, address } => {
                let body = json!({ "primaryEmail": address, "username": name });
                (Method::POST, "/users".to_owned(), body)
            }
            Self::DeleteUser { user } => (Method::DELETE, format!("/users/{user}"), none),
            Self::ReadOrganizations { user } => {
                (Method::GET, format!("/users/{user}/organizations"), none)
            }
            Self::SignUp { .. } | Self::Token { .. } => return None,
        })
    }

    /// The organization that the call names.
    pub(super) fn organization(&self) -> Option<&str> {
        match self {
            Self::CreateOrganization { organization }
            | Self::RenameOrganization { organization, .. }
            | Self::DeleteOrganization { organization }
            | Self::AddDomain { organization, .. }
            | Self::ChangeDomain { organization, .. }
            | Self::DeleteDomain { organization, .. }
            | Self::ReplaceDomains { organization, .. }
            | Self::AddDefaultRoles { organization, .. }
            | Self::ReplaceDefaultRoles { organization, .. }
            | Self::DeleteDefaultRole { organization, .. }
            | Self::AddMembers { organization, .. }
            | Self::ReplaceMembers { organization, .. }
            | Self::RemoveMember { organization, .. }
            | Self::ClearRemoved { organization, .. }
            | Self::AddMemberRoles { organization, .. }
            | Self::ReplaceMemberRoles { organization, .. }
            | Self::RemoveMemberRole { organization, .. }
            | Self::Approve { organization, .. }
            | Self::Decline { organization, .. } => Some(organization),
            _ => None,
        }
    }

    /// The users whom the call names.
    pub(super) fn users(&self) -> Option<Vec<&str>> {
        match self {
            Self::AddMembers { users, .. }
            | Self::ReplaceMembers { users, .. }
            | Self::AddMemberRoles { users, .. } => {
                Some(users.iter().map(String::as_str).collect())
            }
            Self::RemoveMember { user, .. }
            | Self::ClearRemoved { user, .. }
            | Self::ReplaceMemberRoles { user, .. }
            | Self::RemoveMemberRole { user, .. }
            | Self::Approve { user, .. }
            | Self::Decline { user, .. }
            | Self::DeleteUser { user }
            | Self::SignUp { user, .. }
            | Self::Token { user, .. }
            | Self::ReadOrganizations { user } => Some(vec![user]),
            Self::CreateUser { .. } => Some(Vec::new()),
            _ => None,
        }
    }

    /// The user who appears, and the address that the user has proven.
    pub(super) fn appearing(&self) -> Option<(&str, &str)> {
        match self {
            Self::SignUp { user, address } | Self::Token { user, address } => Some((user, address)),
            _ => None,
        }
    }
}

/// What has become of a call, as far as its caller knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// It has succeeded, with this body.
    Done(Value),
    /// It was refused with this status and this code.
    Refused(u16, String),
    /// There was no answer, or one that leaves open what was done: why.
    Unknown(String),
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) begin: Millis,
    pub(super) end: Millis,
    /// The number of the process that was called.
    pub(super) process: usize,
    pub(super) request: Request,
    pub(super) outcome: Outcome,
}

impl Operation {
    pub(super) fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }

    /// The last moment at which the call can have written. What is left of a call without a clear answer
    /// may arrive at any time.
    pub(super) fn last_write(&self) -> Millis {
        if matches!(self.outcome, Outcome::Unknown(_)) { Millis::MAX } else { self.end }
    }

    /// Whether the call can have written something at this moment.
    pub(super) fn can_have_written(&self, at: Millis) -> bool {
        let can_write = match (&self.outcome, &self.request) {
            // A user who is deleted at the same moment is refused, and the others are added, or get the roles.
            (Outcome::Refused(422 | 429, _), Request::AddMembers { .. })
            | (Outcome::Refused(422, _), Request::AddMemberRoles { .. })
            | (Outcome::Refused(422 | 429, _), Request::ReplaceMembers { .. })
            | (Outcome::Done(_) | Outcome::Unknown(_), _) => true,
            (Outcome::Refused(..), _) => false,
        };
        can_write && self.begin <= at && at <= self.last_write()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}: {:?}", self.process, self.request)?;
        match &self.outcome {
            Outcome::Done(Value::Null) => formatter.write_str(" is done"),
            Outcome::Done(body) => write!(formatter, " is done: {body}"),
            Outcome::Refused(status, code) => write!(formatter, " is refused: {status} {code}"),
            Outcome::Unknown(why) => write!(formatter, " has no clear outcome: {why}"),
        }
    }
}

/// What stands in the place of a membership.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Place {
    #[default]
    Empty,
    Member {
        /// The rule: an email domain, or none if the member was added by hand.
        domain: Option<String>,
        /// The digest of the address that brought the membership about.
        digest: Option<String>,
        roles: Vec<String>,
    },
    Requested {
        digest: Option<String>,
    },
    Removed {
        /// The roles that were held.
        held: Option<Vec<String>>,
    },
}

/// What a transaction has written, of what matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    /// The item of an organization: name and default roles, if it exists.
    Organization { id: String, present: Option<(String, Vec<String>)> },
    /// The index entry of an email domain: its settings, as events have them.
    Domain { organization: String, domain: String, settings: Option<Value> },
    /// The place of a membership.
    Place { organization: String, user: String, place: Place },
    /// The mark that an address was removed from an organization.
    Mark { organization: String, digest: String, is_there: bool },
    /// The item of a profile.
    User { user: String, is_deleted: bool },
    /// The proof of a user who could not be provisioned.
    FreshProof { user: String },
    /// The item of a role.
    Role { role: String, exists: bool },
}

/// A transaction, with what was written before it and tells nothing.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    /// When its events were made, which is a moment before. If it has none, it was not before this.
    pub(super) at: Millis,
    /// Whose events they are.
    pub(super) subject: String,
    pub(super) facts: Vec<Fact>,
    pub(super) events: Vec<Value>,
}

/// All that is known of a round.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) operations: Vec<Operation>,
    /// In the order of the database.
    pub(super) commits: Vec<Commit>,
    /// The events on the bus, in their order.
    pub(super) published: Vec<Value>,
    /// The table at the end.
    pub(super) items: Items,
    /// How many members each organization has in the end, as the API says it.
    pub(super) counts: BTreeMap<String, u64>,
    /// The members that the API lists in the end.
    pub(super) listed: BTreeMap<String, Vec<String>>,
}

/// The transactions in the stream of a table. What tells nothing was written with the next one that tells
/// something, or before it, or after the last one. What cannot have been written with it makes one more,
/// without events: a transaction writes an item once.
pub(super) fn commits(written: &[Written]) -> Vec<Commit> {
    let mut commits = Vec::new();
    let mut facts: Vec<(&(String, String), Fact)> = Vec::new();
    for write in written {
        let Some(told) = write.told() else {
            facts.extend(fact(write).map(|fact| (&write.key, fact)));
            continue;
        };
        let mut keys = BTreeSet::new();
        let together = facts.iter().rev().take_while(|(key, _)| keys.insert(*key)).count();
        let with_it = facts.split_off(facts.len() - together);
        commit_untold(&mut commits, std::mem::take(&mut facts));
        let time = told.events[0]["time"].as_str().expect("a time");
        let time: jiff::Timestamp = time.parse().expect("a time");
        commits.push(Commit {
            at: time.as_millisecond(),
            subject: told.subject,
            facts: with_it.into_iter().map(|(_, fact)| fact).collect(),
            events: told.events,
        });
    }
    commit_untold(&mut commits, facts);
    commits
}

fn commit_untold(commits: &mut Vec<Commit>, facts: Vec<(&(String, String), Fact)>) {
    if facts.is_empty() {
        return;
    }
    let at = commits.last().map_or(Millis::MIN, |last| last.at);
    let facts = facts.into_iter().map(|(_, fact)| fact).collect();
    commits.push(Commit { at, subject: String::new(), facts, events: Vec::new() });
}

fn fact(Written { key: (pk, sk), new, .. }: &Written) -> Option<Fact> {
    let (kind, value) = pk.split_once('#').unwrap_or((pk, ""));
    let value = value.to_owned();
    let new = new.as_ref();
    let text = |name: &str| Some(new?.get(name)?.as_str()?.to_owned());
    let list = |name: &str| new.and_then(|new| new.get(name)).map(texts);
    let is = |name: &str| new.is_some_and(|new| new.contains_key(name));
    let organization = sk.strip_prefix("ORG#").map(str::to_owned);
    Some(match (kind, &**sk, organization) {
        ("ORG", "ORG", _) => {
            let present = new.filter(|_| !is("deletedAt"));
            let present =
                present.map(|it| (text("name").unwrap_or_default(), texts(&it["jitRoles"]["ids"])));
            Fact::Organization { id: value, present }
        }
        ("DOMAIN", _, Some(organization)) => {
            let settings = new.map(|entry| {
                json!({
                    "enrollment": entry.get("enrollment").unwrap_or(&json!("automatic")),
                    "existingUsers": entry.get("existingUsers"),
                    "organizationRoleIds": entry.get("roleIds"),
                    "subdomains": entry.contains_key("subdomains"),
                })
            });
            Fact::Domain { organization, domain: value, settings }
        }
        ("USER", _, Some(organization)) => {
            let place = match new {
                None => Place::Empty,
                Some(_) if is("removedAt") => Place::Removed { held: list("heldRoleIds") },
                Some(_) if is("requestedAt") => Place::Requested { digest: text("addressDigest") },
                Some(_) => Place::Member {
                    domain: text("emailDomain"),
                    digest: text("addressDigest"),
                    roles: list("roleIds").unwrap_or_default(),
                },
            };
            Fact::Place { organization, user: value, place }
        }
        ("USER", "PROFILE", _) => Fact::User { user: value, is_deleted: is("deletedAt") },
        ("USER", "FRESH_PROOF", _) if new.is_some() => Fact::FreshProof { user: value },
        ("REMOVED", _, Some(organization)) => {
            Fact::Mark { organization, digest: value, is_there: new.is_some() }
        }
        ("ROLE", _, _) => {
            Fact::Role { role: sk.strip_prefix("ROLE#")?.to_owned(), exists: new.is_some() }
        }
        _ => return None,
    })
}

/// The texts in a JSON array.
pub(super) fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
