//! `/organizations`

mod counts;
mod create;
mod custom_data;
mod delete;
mod get;
mod list;
mod texts;
mod update;
mod versions;

use serde_json::{Value, json};

use crate::support::START;

/// An organization that has nothing but its name.
fn bare(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "description": null, "customData": {}, "createdAt": START })
}
