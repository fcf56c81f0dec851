//! `/organization-roles`

mod create;
mod delete;
mod get;
mod list;
mod lookalikes;
mod update;
mod usage;
mod versions;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Answer, Item, Items, START, key};

const PATH: &str = "/organization-roles";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// A role without a description.
fn entity(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "description": null, "createdAt": START })
}

#[track_caller]
fn assert_name_in_use(answer: &Answer, name: &str) {
    assert_eq!(
        answer.problem(422, "organization_role.name_in_use"),
        format!(
            "another organization role has the name `{name}`, or a name that looks like it: send a \
             name that differs by more than case, space and similar characters"
        )
    );
}

/// Asserts what must hold at every instant: each role holds a name or two, no name is held by
/// anything else, and the count is right. Answers the roles' names by id.
#[track_caller]
fn consistent_names(items: &Items) -> BTreeMap<String, String> {
    let text = |item: &Item, name: &str| item[name].as_str().expect("text").to_owned();
    let roles: BTreeMap<_, _> = items
        .iter()
        .filter_map(|((_, sk), item)| {
            Some((sk.strip_prefix("ROLE#")?.to_owned(), text(item, "name")))
        })
        .collect();
    let mut holders: Vec<_> = items
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("ROLENAME#"))
        .map(|(_, item)| text(item, "roleId"))
        .collect();
    holders.sort_unstable();
    holders.dedup();
    assert!(holders.iter().eq(roles.keys()), "{holders:?} {roles:?}");
    let count = items.get(&key("ROLE", "COUNT"));
    assert_eq!(count.map_or(json!(0), |item| item["count"].clone()), json!(roles.len()));
    roles
}
