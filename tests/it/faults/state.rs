//! What the table, the events and the user pool are, so that it can be compared: without the times and the
//! random ids of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use super::cells::{BEFORE, BEGIN};
use crate::support::{Items, Pool, World};

/// How the key of a kept proof ends.
const PROOF: &str = " FRESH_PROOF";

/// All that a scenario leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// The items that are others than before it, but for changes. Null is one that is gone.
    pub(super) items: BTreeMap<String, Value>,
    /// What was told since, in no order.
    pub(super) events: Vec<String>,
    /// The users in the pool.
    pub(super) users: Vec<String>,
    /// The ids of the events on the bus, each once, and the messages in the queue.
    pub(super) sent: BTreeSet<String>,
}

impl State {
    /// What there is now, and was not before.
    pub(super) fn since(before: &Items, world: &World, pool: &Pool) -> Self {
        let (mut items, mut events) = (BTreeMap::new(), Vec::new());
        let now = world.items_now();
        let gone = before.keys().filter(|key| !now.contains_key(*key));
        items.extend(gone.map(|(pk, sk)| (format!("{pk} {sk}"), Value::Null)));
        for ((pk, sk), item) in now.iter().filter(|(key, item)| before.get(*key) != Some(*item)) {
            if pk.starts_with("CHANGE#") {
                let told = item["events"].as_str().expect("a text");
                let told: Vec<Value> = serde_json::from_str(told).expect("events");
                events.extend(told.into_iter().map(|mut event| {
                    event["id"].take();
                    without_chance(&event.to_string())
                }));
            } else {
                let key = without_chance(&format!("{pk} {sk}"));
                let item = without_chance(&json!(item).to_string());
                let item = serde_json::from_str(&item).expect("JSON");
                assert!(items.insert(key, item).is_none(), "two items are alike");
            }
        }
        let users = pool.users().iter().map(|user| without_chance(&user.to_string())).collect();
        events.sort();
        Self { items, events, users, sent: world.bus.sent() }
    }

    /// Whether nothing is there that was not before, but perhaps the proof that a failed entry path has left.
    pub(super) fn is_none_but_proof(&self) -> bool {
        self.items.keys().all(|key| key.ends_with(PROOF)) && self.events.is_empty()
    }

    /// The same without that proof.
    pub(super) fn without_proof(mut self) -> Self {
        self.items.retain(|key, _| !key.ends_with(PROOF));
        self
    }

    /// Whether the proof of a failed entry path is kept.
    pub(super) fn has_proof(&self) -> bool {
        self.items.keys().any(|key| key.ends_with(PROOF))
    }

    /// The same, whichever entry path a membership has come about by, and without the proof that a failed
    /// one has left, which ends by itself.
    pub(super) fn by_any_path(self) -> Self {
        let mut own = self.without_proof();
        own.items.values_mut().for_each(forget_path);
        let without_path = |text: &String| {
            let mut value: Value = serde_json::from_str(text).expect("JSON");
            forget_path(&mut value);
            value.to_string()
        };
        own.events = own.events.iter().map(without_path).collect();
        own.events.sort();
        own
    }

    /// Where this differs from another.
    pub(super) fn difference(&self, expected: &Self) -> String {
        let mut text = String::new();
        let keys: BTreeSet<_> = self.items.keys().chain(expected.items.keys()).collect();
        for key in keys {
            let (found, wanted) = (self.items.get(key), expected.items.get(key));
            if found != wanted {
                let shown =
                    |it: Option<&Value>| it.map_or("as before".to_owned(), Value::to_string);
                let (found, wanted) = (shown(found), shown(wanted));
                write!(text, "\n    {key}: {found}\n      not {wanted}").expect("memory");
            }
        }
        for (what, found, wanted) in
            [("event", &self.events, &expected.events), ("user", &self.users, &expected.users)]
        {
            if found != wanted {
                write!(text, "\n    {what}s: {found:?}\n      not {wanted:?}").expect("memory");
            }
        }
        for sent in self.sent.symmetric_difference(&expected.sent) {
            write!(text, "\n    sent or not: {sent}").expect("memory");
        }
        text
    }
}

/// Leaves out who has brought a membership about, and how.
fn forget_path(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(forget_path),
        Value::Object(members) => {
            for name in ["entryPath", "addedBy", "actor"] {
                members.remove(name);
            }
            members.values_mut().for_each(forget_path);
        }
        _ => {}
    }
}

/// A text in which a time, a rank or a random id is only called so.
pub(super) fn without_chance(text: &str) -> String {
    let mut rest = text;
    let mut left = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let hex = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let is_time = digits == 4 && rest.as_bytes().get(10) == Some(&b'T');
        let (length, name) = if hex == 32 && !is_known(&rest[..32]) {
            (32, "(id)")
        } else if is_time && rest.len() >= 24 {
            (24, "(time)")
        } else if digits == 15 {
            (15, "(rank)")
        } else if digits == 10 && hex == 10 {
            // The second in which an item expires.
            (10, "1")
        } else {
            let length = if hex > 1 { hex } else { first.len_utf8() };
            (length, &rest[..length])
        };
        left.push_str(name);
        rest = &rest[length..];
    }
    left
}

/// Whether an id begins with the time of what there was before the scenarios.
fn is_known(id: &str) -> bool {
    i64::from_str_radix(&id[..12], 16).is_ok_and(|at| (BEFORE..BEGIN).contains(&at))
}
