//! Cognito's trigger events, read leniently: fields may be added, sources may be new, and some
//! senders use booleans where Cognito uses strings.

use serde::Deserialize;
use serde_json::Value;
use shared::domain::decision::{Federation, User};
use shared::domain::ids::UserId;
use shared::domain::membership::EntryPath;

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
    user_attributes: UserAttributes,
}

/// The attributes that matter. The others are not even parsed, so that nothing in them can be
/// wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
struct UserAttributes {
    sub: Value,
    email: Value,
    email_verified: Value,
    identities: Value,
    #[serde(rename = "cognito:user_status")]
    user_status: Value,
}

/// Why an event says nothing of a user. The text is for the log, and repeats nothing of the event.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error(
        "not a user pool event: {:?} error at line {} column {}",
        .0.classify(), .0.line(), .0.column()
    )]
    Unreadable(serde_json::Error),
    #[error("not a user pool event: no object")]
    NoObject,
    #[error("the attribute `sub` is not a user id")]
    NoSub,
}

/// What an event is about.
pub(super) enum About {
    /// A user who appears.
    User(User),
    /// Something else, which need not concern a user at all: its trigger source.
    Other(String),
}

/// Reads what an event is about.
pub(super) fn about(json: &str) -> Result<About, EventError> {
    // What derives `Deserialize` reads itself from a list too.
    if !json.trim_start().starts_with('{') {
        return Err(EventError::NoObject);
    }
    let event: Event = serde_json::from_str(json).map_err(EventError::Unreadable)?;
    let source = event.trigger_source.as_str().unwrap_or_default();
    let Some(entry_path) = EntryPath::from_trigger(source) else {
        return Ok(About::Other(source.to_owned()));
    };

    let attributes = &event.request.user_attributes;
    let sub = attributes.sub.as_str().and_then(|sub| UserId::parse(sub).ok());
    let id = sub.ok_or(EventError::NoSub)?;
    let provider_types = provider_types(&attributes.identities);
    let external = attributes.user_status == "EXTERNAL_PROVIDER";
    Ok(About::User(User {
        id,
        user_name: event.user_name.as_str().map(str::to_owned),
        email: attributes.email.as_str().map(str::to_owned),
        email_verified: is_true(&attributes.email_verified),
        federation: Federation::of(provider_types.iter().map(String::as_str), external),
        entry_path,
    }))
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_str() == Some("true")
}

/// The provider types of the attribute `identities`: an array, mostly inside a string. What cannot
/// be read counts as one identity of a provider that nobody knows.
fn provider_types(identities: &Value) -> Vec<String> {
    let unknown = || vec![String::new()];
    let parsed = match identities {
        Value::Null => return Vec::new(),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(parsed) => parsed,
            Err(_) => return unknown(),
        },
        value => value.clone(),
    };
    let Value::Array(identities) = parsed else {
        return unknown();
    };
    identities
        .iter()
        .map(|identity| identity["providerType"].as_str().unwrap_or_default().to_owned())
        .collect()
}
