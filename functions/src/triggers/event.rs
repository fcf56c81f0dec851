//! Cognito's trigger events, read leniently: fields may be added, sources may be new, and some
//! senders use booleans where Cognito uses strings.

use serde::Deserialize;
use serde_json::Value;
use shared::cognito::Attributes;
use shared::domain::membership::EntryPath;
use shared::domain::user::User;

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
    user_attributes: Attributes,
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
    /// A user who appears, and how.
    User(User, EntryPath),
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

    let user = event.request.user_attributes.user(event.user_name.as_str());
    Ok(About::User(user.ok_or(EventError::NoSub)?, entry_path))
}
