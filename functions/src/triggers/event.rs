//! Cognito's trigger events, read leniently: fields may be added, sources may be new, and some
//! senders use booleans where Cognito uses strings.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use shared::domain::decision::{Federation, Source, User};
use shared::domain::ids::UserId;

/// What any user pool event has in common, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    trigger_source: Value,
    #[serde(default)]
    user_name: Value,
    #[serde(default)]
    request: Request,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    user_attributes: HashMap<String, Value>,
}

/// Why an event says nothing of a user.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error("not a user pool event: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("the attribute `sub` is not a user id")]
    NoSub,
}

/// The user that an event is about.
pub(super) fn user(json: &str) -> Result<User, EventError> {
    let event: Event = serde_json::from_str(json)?;
    let attribute = |name| event.request.user_attributes.get(name);
    let text = |name| attribute(name).and_then(Value::as_str);

    let id = text("sub").and_then(|sub| UserId::parse(sub).ok()).ok_or(EventError::NoSub)?;
    let provider_types = provider_types(attribute("identities"));
    let external = text("cognito:user_status") == Some("EXTERNAL_PROVIDER");
    Ok(User {
        id,
        user_name: event.user_name.as_str().map(str::to_owned),
        email: text("email").map(str::to_owned),
        email_verified: attribute("email_verified").is_some_and(is_true),
        federation: Federation::of(provider_types.iter().map(String::as_str), external),
        source: Source::from_trigger(event.trigger_source.as_str().unwrap_or_default()),
    })
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_str() == Some("true")
}

/// The provider types of the attribute `identities`: an array, mostly inside a string. What cannot
/// be read counts as one identity of a provider that nobody knows.
fn provider_types(identities: Option<&Value>) -> Vec<String> {
    let unknown = || vec![String::new()];
    let parsed = match identities {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(parsed) => parsed,
            Err(_) => return unknown(),
        },
        Some(value) => value.clone(),
    };
    let Value::Array(identities) = parsed else {
        return unknown();
    };
    identities
        .iter()
        .map(|identity| identity["providerType"].as_str().unwrap_or_default().to_owned())
        .collect()
}
