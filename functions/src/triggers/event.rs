//! Cognito's trigger events. Reading them is lenient: events may have new fields and new trigger
//! sources, and some senders use booleans where Cognito uses strings.

use serde::Deserialize;
use serde_json::Value;
use shared::cognito::Attributes;
use shared::domain::membership::{EntryPath, Proof};
use shared::domain::user::User;

/// The fields of a user pool event that matter here.
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

/// The reason why no user can be read from an event. The text is for the log, and contains nothing
/// of the event.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error(
        "not a user pool event: {:?} error at line {} column {}",
        .0.classify(), .0.line(), .0.column()
    )]
    Unreadable(serde_json::Error),
    #[error("not a user pool event: not an object")]
    NoObject,
    #[error("the attribute `sub` is not a user id")]
    NoSub,
}

/// The subject of an event.
pub(super) enum About {
    /// A user, with the entry path and the proof that comes with it.
    User(User, EntryPath, Proof),
    /// Something else, perhaps without a user. This is its trigger source.
    Other(String),
}

/// Reads the subject of an event.
pub(super) fn about(json: &str) -> Result<About, EventError> {
    // A struct that derives `Deserialize` would also accept a list.
    if !json.trim_start().starts_with('{') {
        return Err(EventError::NoObject);
    }
    let event: Event = serde_json::from_str(json).map_err(EventError::Unreadable)?;
    let source = event.trigger_source.as_str().unwrap_or_default();
    let Some((entry_path, proof)) = EntryPath::from_trigger(source) else {
        return Ok(About::Other(source.to_owned()));
    };

    let user = event.request.user_attributes.user(event.user_name.as_str());
    Ok(About::User(user.ok_or(EventError::NoSub)?, entry_path, proof))
}
