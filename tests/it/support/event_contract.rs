//! The JSON Schemas of the events as a contract: every event that a test sees can be held against them.

use std::collections::HashMap;
use std::sync::LazyLock;

use functions::event_schemas::schema;
use jsonschema::Validator;
use serde_json::{Value, json};
use shared::event::EventType;

static CONTRACT: LazyLock<HashMap<&str, Validator>> = LazyLock::new(|| {
    EventType::ALL.iter().map(|kind| (kind.as_str(), validator(&schema(*kind)))).collect()
});

/// Fails if an event, the `detail` on the bus, is not as the schema of its type says, or has a member that
/// the schema does not name.
#[track_caller]
pub(crate) fn assert_event(event: &Value) {
    let errors = complaints(event);
    assert!(errors.is_empty(), "not as its schema says: {errors:#?}\n{event:#}");
}

/// What is wrong with an event.
pub(crate) fn complaints(event: &Value) -> Vec<String> {
    let Some(schema) = event["type"].as_str().and_then(|kind| CONTRACT.get(kind)) else {
        return vec![format!("{} is no type of events", event["type"])];
    };
    let errors = schema.iter_errors(event);
    let mut complaints: Vec<_> =
        errors.map(|error| format!("{error} at {:?}", error.instance_path().to_string())).collect();
    // What the schemas leave open, so that tools can make simple classes of them.
    let (actor, cause) = (&event["actor"], &event["cause"]);
    for (part, kind, name, is_needed) in [
        (actor, "type", "clientId", actor["clientId"].is_string() && actor["type"] == "api"),
        (actor, "type", "subject", actor["subject"].is_string() && actor["type"] == "api"),
        (actor, "type", "entryPath", actor["type"] == "trigger"),
        (cause, "rule", "emailDomain", cause["rule"] == "email_domain"),
        (cause, "rule", "ssoConnectorId", cause["rule"] == "sso_connector"),
    ] {
        if part.get(name).is_some() != is_needed {
            complaints.push(format!("{name} does not belong to {kind} {}", part[kind]));
        }
    }
    complaints
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&closed(schema)).expect("a schema")
}

/// A schema whose objects have no members but those that it names: the published one leaves that open.
fn closed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(properties) = schema.get_mut("properties") {
        for property in properties.as_object_mut().expect("properties").values_mut() {
            *property = closed(property);
        }
        schema["additionalProperties"] = json!(false);
    }
    schema
}
