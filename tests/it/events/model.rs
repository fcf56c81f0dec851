//! Which events there must be: derived from the items of a table alone, before and after each write. It
//! shares no code with the product.
//!
//! The embedded DynamoDB has one stream, in which the writes of a transaction stand together, in the order
//! of its items. So what a transaction tells has to stand right behind what it changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Item, Items, Told, Written, with};

/// What was asked for in a step of a history.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Who has asked.
    pub(crate) actors: Vec<Value>,
    /// Users who were to be removed from an organization.
    pub(crate) removed: BTreeSet<(String, String)>,
    /// Organizations whose members were replaced, each with those who were to stay.
    pub(crate) replaced: Vec<(String, BTreeSet<String>)>,
    /// Users whose requests were to be approved.
    pub(crate) approved: BTreeSet<(String, String)>,
    /// Users whose requests were to be declined.
    pub(crate) declined: BTreeSet<(String, String)>,
    /// Users who have appeared.
    pub(crate) appeared: BTreeSet<String>,
}

impl Calls {
    fn removes(&self, organization: &str, user: &str) -> bool {
        self.removed.contains(&(organization.to_owned(), user.to_owned()))
            || self.replaced.iter().any(|(id, stay)| id == organization && !stay.contains(user))
    }

    /// Whether somebody else was to be removed, or declined, who may have the same address.
    fn ends_others(&self, organization: &str, user: &str) -> bool {
        let named = self.removed.iter().chain(&self.declined);
        let mut others = named.filter(|(id, _)| id == organization);
        others.any(|(_, other)| other != user)
            || self.replaced.iter().any(|(id, _)| id == organization)
    }
}

/// An event that must come: one of these, without version, id, time and actor.
type Expected = Vec<Value>;

/// The table, and what was told so far.
#[derive(Debug, Default)]
pub(crate) struct Model {
    items: Items,
    /// What the present transaction must tell, by subject.
    pending: BTreeMap<String, Vec<Expected>>,
    /// All that was told.
    pub(crate) told: Vec<Told>,
    /// How many memberships and requests each organization has.
    present: BTreeMap<String, [usize; 2]>,
    /// How many it had at the moments of the present step.
    counts: BTreeMap<String, Vec<[usize; 2]>>,
    ids: BTreeSet<String>,
    /// The greatest id of each subject before the present step.
    last_ids: BTreeMap<String, String>,
}

type Outcome<T = ()> = Result<T, String>;

impl Model {
    /// Holds what was written in a step, between these times, against what it tells.
    pub(crate) fn step(
        &mut self,
        written: &[Written],
        calls: &Calls,
        [begin, end]: [&str; 2],
    ) -> Outcome {
        let before = self.told.len();
        self.counts.clear();
        for write in written {
            let before = self.items.get(&write.key);
            if before != write.old.as_ref() {
                return Err(format!("the stream leaves something out before {write:?}"));
            }
            match write.told() {
                Some(told) => self.tell(told, calls, [begin, end])?,
                None => self.change(write, calls)?,
            }
            self.count(write);
            match &write.new {
                Some(new) => drop(self.items.insert(write.key.clone(), new.clone())),
                None => drop(self.items.remove(&write.key)),
            }
        }
        if let Some((subject, expected)) = self.pending.iter().find(|(_, it)| !it.is_empty()) {
            return Err(format!("{subject} lacks {}", json!(expected)));
        }
        for told in &self.told[before..] {
            if self.last_ids.get(&told.subject).is_some_and(|last| *last >= told.id) {
                return Err(format!("{} is not later than what was told before it", told.id));
            }
        }
        for Told { subject, id, .. } in &self.told[before..] {
            let last = self.last_ids.entry(subject.clone()).or_default();
            *last = std::mem::take(last).max(id.clone());
        }
        Ok(())
    }

    /// The users who are, or were, something in an organization: what, the user, and the organization.
    pub(crate) fn places(&self) -> Vec<(&'static str, String, String)> {
        let places = self.items.iter().filter_map(|((pk, sk), item)| {
            let (user, organization) = (pk.strip_prefix("USER#")?, sk.strip_prefix("ORG#")?);
            let exists = self.exists(organization);
            exists.then(|| (standing(Some(item)), user.to_owned(), organization.to_owned()))
        });
        places.collect()
    }

    fn count(&mut self, Written { key: (pk, sk), old, new, .. }: &Written) {
        let Some(organization) = pk.starts_with("USER#").then(|| sk.strip_prefix("ORG#")).flatten()
        else {
            return;
        };
        let present = self.present.entry(organization.to_owned()).or_default();
        let earlier = self.counts.entry(organization.to_owned()).or_default();
        earlier.push(*present);
        for (number, what) in present.iter_mut().zip(["member", "request"]) {
            let is_one = |item: &Option<Item>| usize::from(standing(item.as_ref()) == what);
            *number = *number + is_one(new) - is_one(old);
        }
    }

    /// Holds what a transaction tells against what it has changed.
    fn tell(&mut self, told: Told, calls: &Calls, [begin, end]: [&str; 2]) -> Outcome {
        let Told { subject, id, events } = &told;
        let whole = || json!(events);
        let mut expected = self.pending.remove(subject).unwrap_or_default();
        if let Some((other, lacking)) = self.pending.iter().find(|(_, it)| !it.is_empty()) {
            return Err(format!("{other} lacks {} before {}", json!(lacking), whole()));
        }
        if events.is_empty() || events.len() != expected.len() {
            return Err(format!("{subject} tells {}, expected {}", whole(), json!(expected)));
        }
        for (number, (event, expected)) in events.iter().zip(&mut expected).enumerate() {
            let mut event = event.clone();
            let fields = event.as_object_mut().expect("an event is an object");
            let mut take = |name: &str| fields.remove(name).unwrap_or_default();
            let (event_id, version) = (take("id"), take("version"));
            let (time, actor) = (take("time"), take("actor"));
            if event_id != format!("{id}-{number:03}") || version != 1 {
                return Err(format!("{event_id} is no id of {id}, or {version} no version"));
            }
            if !self.ids.insert(format!("{subject} {event_id}")) {
                return Err(format!("{event_id} is there twice"));
            }
            if !(begin..=end).contains(&time.as_str().unwrap_or_default()) {
                return Err(format!("{time} is not between {begin} and {end}"));
            }
            if !calls.actors.contains(&actor) {
                return Err(format!("{actor} is none of {}", json!(calls.actors)));
            }
            if event["type"] == "Organization.Deleted" {
                self.is_counted(&mut event)?;
            }
            if !expected.contains(&event) {
                return Err(format!("{subject} tells {event}, expected {}", json!(expected)));
            }
        }
        self.told.push(told);
        Ok(())
    }

    /// Whether a deletion tells how many memberships and requests there were at some moment of the step.
    /// They are counted a moment before. Takes the numbers out.
    fn is_counted(&self, event: &mut Value) -> Outcome {
        let id = event["organizationId"].as_str().unwrap_or_default().to_owned();
        let now = self.present.get(&id).copied().unwrap_or_default();
        let earlier = self.counts.get(&id);
        let before = event["before"].as_object_mut().ok_or("nothing is before a deletion")?;
        let mut number = |name: &str| before.remove(name).and_then(|it| it.as_u64());
        let told = [number("memberships"), number("joinRequests")];
        for (place, told) in told.into_iter().enumerate() {
            let told = told.and_then(|it| usize::try_from(it).ok());
            let mut all = earlier.into_iter().flatten().chain([&now]);
            if !all.any(|count| told == Some(count[place])) {
                return Err(format!("{id} ends with {now:?}, told are {told:?}"));
            }
        }
        Ok(())
    }

    /// What a write of any other item makes necessary.
    fn change(&mut self, write: &Written, calls: &Calls) -> Outcome {
        let (pk, sk) = (&*write.key.0, &*write.key.1);
        let (old, new) = (write.old.as_ref(), write.new.as_ref());
        let (kind, value) = pk.split_once('#').unwrap_or((pk, ""));
        let organization = sk.strip_prefix("ORG#");
        match (kind, sk, organization) {
            ("ORG", "ORG", _) => self.organization(value, old, new),
            ("ORG", "CUSTOM_DATA", _) => self.custom_data(value, old, new),
            ("USER", "PROFILE", _) => {
                let is_deleted =
                    |item: Option<&Item>| item.is_some_and(|it| it.contains_key("deletedAt"));
                if is_deleted(new) && !is_deleted(old) {
                    let event = json!({ "type": "User.Deleted", "userId": value });
                    self.expect(pk, vec![event]);
                }
                Ok(())
            }
            ("USER", _, Some(organization)) => self.place(value, organization, old, new, calls),
            ("DOMAIN", _, Some(organization)) => {
                self.rule(organization, &DOMAINS, value, old, new);
                Ok(())
            }
            ("PROVIDER", _, Some(organization)) => {
                self.rule(organization, &PROVIDERS, value, old, new);
                Ok(())
            }
            ("ROLE", sk, _) if sk.starts_with("ROLE#") => {
                self.role(sk, old, new);
                Ok(())
            }
            ("ORG", "EMAIL_DOMAINS" | "SSO_CONNECTORS" | "UNSWEPT_DOMAINS", _)
            | ("USER", "FRESH_PROOF", _)
            | ("ROLE", "COUNT", _)
            | ("ROLENAME" | "ADDRESS" | "REMOVED" | "ACTIVITY" | "USER_ACTIVITY", ..) => Ok(()),
            _ => Err(format!("nobody knows what {pk} {sk} is")),
        }
    }

    fn expect(&mut self, subject: &str, event: Expected) {
        self.pending.entry(subject.to_owned()).or_default().push(event);
    }

    fn exists(&self, organization: &str) -> bool {
        let item = self.items.get(&(format!("ORG#{organization}"), "ORG".to_owned()));
        item.is_some_and(|item| !item.contains_key("deletedAt"))
    }

    fn organization(&mut self, id: &str, old: Option<&Item>, new: Option<&Item>) -> Outcome {
        let subject = format!("ORG#{id}");
        let event = |kind: &str, more| {
            vec![with(
                json!({ "type": format!("Organization.{kind}"), "organizationId": id }),
                more,
            )]
        };
        let is_deleted = |item: &Item| item.contains_key("deletedAt");
        match (old, new) {
            (None, Some(new)) if !is_deleted(new) => {
                self.expect(&subject, event("Created", json!({ "after": texts(new) })));
            }
            (Some(old), Some(new)) if is_deleted(new) && !is_deleted(old) => {
                self.expect(&subject, event("Deleted", json!({ "before": texts(old) })));
            }
            (Some(old), Some(new)) if !is_deleted(old) && !is_deleted(new) => {
                if old["version"] != new["version"] {
                    let after = with(texts(new), json!({ "customDataChanged": false }));
                    let change = json!({ "before": texts(old), "after": after });
                    self.expect(&subject, event("Updated", change));
                } else if texts(old) != texts(new) {
                    return Err(format!("{id} has other texts and the same version"));
                }
                let roles = |item: &Item| json!({ "organizationRoleIds": item["jitRoles"]["ids"] });
                if roles(old) != roles(new) {
                    let change = json!({ "before": roles(old), "after": roles(new) });
                    self.expect(&subject, event("DefaultRoles.Changed", change));
                }
            }
            _ => return Err(format!("{subject} was written in a way that is not known")),
        }
        Ok(())
    }

    fn custom_data(&mut self, id: &str, old: Option<&Item>, new: Option<&Item>) -> Outcome {
        let subject = format!("ORG#{id}");
        let text = |item: Option<&Item>| item.map_or(json!("{}"), |item| item["json"].clone());
        let is_changed = new.is_some() && text(old) != text(new);
        if !is_changed {
            return Ok(());
        }
        let expected = self.pending.get_mut(&subject).and_then(|all| all.last_mut());
        match expected.and_then(|all| all.last_mut()) {
            Some(event) if event["type"] == "Organization.Created" => {}
            Some(event) if event["type"] == "Organization.Updated" => {
                event["after"]["customDataChanged"] = true.into();
            }
            _ => return Err(format!("{id} has other custom data and the same version")),
        }
        Ok(())
    }

    fn role(&mut self, sk: &str, old: Option<&Item>, new: Option<&Item>) {
        let id = sk.strip_prefix("ROLE#").expect("a role");
        let event = |kind: &str, more| {
            let kind = format!("OrganizationRole.{kind}");
            vec![with(json!({ "type": kind, "organizationRoleId": id }), more)]
        };
        let event = match (old, new) {
            (None, Some(new)) => event("Created", json!({ "after": texts(new) })),
            (Some(old), None) => event("Deleted", json!({ "before": texts(old) })),
            (Some(old), Some(new)) if texts(old) != texts(new) => {
                event("Updated", json!({ "before": texts(old), "after": texts(new) }))
            }
            _ => return,
        };
        self.expect(sk, event);
    }

    /// The index entry of a rule.
    fn rule(
        &mut self,
        organization: &str,
        kind: &Kind,
        value: &str,
        old: Option<&Item>,
        new: Option<&Item>,
    ) {
        let subject = format!("ORG#{organization}");
        let event = |how: &str, more| {
            let about = json!({
                "type": format!("Organization.{}.{how}", kind.name),
                "organizationId": organization,
                kind.field: value,
            });
            vec![with(about, more)]
        };
        match (old, new) {
            (None, Some(new)) => {
                let mut after = (kind.settings)(new);
                if kind.has_ownership {
                    after["ownership"] = ownership(new);
                }
                self.expect(&subject, event("Added", json!({ "after": after })));
            }
            // The sweep of a deleted organization tells nothing.
            (Some(_), None) if self.exists(organization) => {
                self.expect(&subject, event("Removed", json!({})));
            }
            (Some(old), Some(new)) => {
                let (before, after) = ((kind.settings)(old), (kind.settings)(new));
                if before != after {
                    let change = json!({ "before": before, "after": after });
                    self.expect(&subject, event("Changed", change));
                }
                let (before, after) = (ownership(old), ownership(new));
                if before != after {
                    let answer = new.get("ownership").map_or(&Value::Null, |it| &it["answer"]);
                    let after = json!({ "ownership": after, "answer": answer });
                    let change = json!({ "before": { "ownership": before }, "after": after });
                    self.expect(&subject, event("OwnershipChanged", change));
                }
            }
            _ => {}
        }
    }

    /// What stands in the place of a membership.
    fn place(
        &mut self,
        user: &str,
        organization: &str,
        old: Option<&Item>,
        new: Option<&Item>,
        calls: &Calls,
    ) -> Outcome {
        let subject = format!("USER#{user}");
        let profile = self.items.get(&(subject.clone(), "PROFILE".to_owned()));
        let is_deleted = profile.is_some_and(|profile| profile.contains_key("deletedAt"));
        let exists = self.exists(organization);
        let event = |kind: &str, more: &Value| {
            let about = json!({
                "type": format!("Organization.{kind}"),
                "organizationId": organization,
                "userId": user,
            });
            with(about, more.clone())
        };
        let since = |item: &Item| json!({ "requestedAt": item["requestedAt"] });
        let ended = |how: &str, item: &Item| {
            let request = json!({ "before": since(item) });
            event(&format!("JoinRequest.{how}"), &request)
        };
        let ended_because = |reason: &str, item: &Item| {
            with(ended("Removed", item), json!({ "cause": { "reason": reason } }))
        };
        let left = |reason: &str, item: &Item| {
            let before = json!({
                "organizationRoleIds": item["roleIds"],
                "joinedAt": item["joinedAt"],
            });
            let more = json!({ "cause": { "reason": reason }, "before": before });
            event("Membership.Removed", &more)
        };
        let joined = |item: &Item| {
            let after = json!({
                "organizationRoleIds": item["roleIds"],
                "joinedAt": item["joinedAt"],
                "entryPath": item["entryPath"],
            });
            event("Membership.Created", &json!({ "cause": cause(item), "after": after }))
        };
        let named = (organization.to_owned(), user.to_owned());
        let others = calls.ends_others(organization, user);
        let empty = Item::new();
        let (before, after) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
        let possible = |all: [(bool, Value); 2]| {
            all.into_iter().filter_map(|(is, event)| is.then_some(event)).collect()
        };
        let expected: Vec<Expected> = match (standing(old), standing(new)) {
            ("none" | "mark", "member") => vec![vec![joined(after)]],
            ("request", "member") => {
                let by_hand = after["rule"] == "api";
                let is_approved = !by_hand && calls.approved.contains(&named);
                let is_replaced = by_hand || calls.appeared.contains(user);
                let ended = possible([
                    (is_approved, ended("Approved", before)),
                    (is_replaced, ended_because("became_member", before)),
                ]);
                vec![ended, vec![joined(after)]]
            }
            ("none", "request") => {
                let after = with(since(after), json!({ "entryPath": after["entryPath"] }));
                let cause = cause(new.expect("a request"));
                let more = json!({ "cause": cause, "after": after });
                vec![vec![event("JoinRequest.Created", &more)]]
            }
            ("member", "member") => {
                let roles = |item: &Item| json!({ "organizationRoleIds": item["roleIds"] });
                let rest = |item: &Item| {
                    let mut item = item.clone();
                    item.remove("roleIds");
                    item
                };
                if rest(before) != rest(after) {
                    return Err(format!("the membership of {user} was written over"));
                }
                let change = json!({ "before": roles(before), "after": roles(after) });
                if roles(before) == roles(after) {
                    return Ok(());
                }
                vec![vec![event("Membership.RolesChanged", &change)]]
            }
            ("member", "mark") => vec![possible([
                (calls.removes(organization, user), left("removed", before)),
                (others, left("same_address", before)),
            ])],
            ("request", "mark") => vec![possible([
                (calls.declined.contains(&named), ended("Declined", before)),
                (others, ended_because("same_address", before)),
            ])],
            ("member" | "request" | "mark", "none") if !exists => Vec::new(),
            ("member", "none") if is_deleted => vec![vec![left("user_deleted", before)]],
            ("request", "none") if is_deleted => {
                vec![vec![ended_because("user_deleted", before)]]
            }
            ("mark", "none") if is_deleted => Vec::new(),
            ("mark", "none") => {
                vec![vec![event("RemovedUser.Cleared", &json!({}))]]
            }
            ("mark", "mark") | ("none", "mark") => Vec::new(),
            (from, to) => {
                return Err(format!("{user} in {organization}: a {from} has become {to}"));
            }
        };
        for event in expected {
            self.expect(&subject, event);
        }
        Ok(())
    }
}

/// What an item in the place of a membership is.
fn standing(item: Option<&Item>) -> &'static str {
    match item {
        None => "none",
        Some(item) if item.contains_key("removedAt") => "mark",
        Some(item) if item.contains_key("requestedAt") => "request",
        Some(_) => "member",
    }
}

fn texts(item: &Item) -> Value {
    json!({ "name": item["name"], "description": item.get("description") })
}

/// Why a membership or a request exists.
fn cause(item: &Item) -> Value {
    let mut cause = json!({ "rule": item["rule"] });
    for name in ["emailDomain", "ssoConnectorId"] {
        if let Some(value) = item.get(name) {
            cause[name] = value.clone();
        }
    }
    cause
}

/// A kind of rules.
struct Kind {
    name: &'static str,
    field: &'static str,
    has_ownership: bool,
    settings: fn(&Item) -> Value,
}

const DOMAINS: Kind = Kind {
    name: "EmailDomain",
    field: "emailDomain",
    has_ownership: true,
    settings: |entry| {
        json!({
            "enrollment": entry.get("enrollment").unwrap_or(&json!("automatic")),
            "existingUsers": entry.get("existingUsers"),
            "organizationRoleIds": entry.get("roleIds"),
            "subdomains": entry.contains_key("subdomains"),
        })
    },
};

const PROVIDERS: Kind = Kind {
    name: "SsoConnector",
    field: "ssoConnectorId",
    has_ownership: false,
    settings: |entry| {
        json!({
            "enrollment": entry.get("enrollment").unwrap_or(&json!("automatic")),
            "organizationRoleIds": entry.get("roleIds"),
            "emailDomains": entry.get("emailDomains").unwrap_or(&json!("any")),
        })
    },
};

fn ownership(entry: &Item) -> Value {
    entry.get("ownership").map_or(json!("vouched"), |ownership| ownership["state"].clone())
}
