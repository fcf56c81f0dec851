//! The only reader of a user's attributes. Trigger events and the user pool's answers use it.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::ids::UserId;
use crate::domain::user::{Identity, User};

/// The attributes of a user that Usher reads. They may be missing or of any type, because Cognito
/// stores the values that an administrator has sent. Other attributes are not parsed, so they
/// cannot cause an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attributes {
    sub: Value,
    email: Value,
    email_verified: Value,
    /// Only the pool's answers are read for it: a name must not spoil an event.
    #[serde(skip_deserializing)]
    name: Value,
    identities: Value,
    #[serde(rename = "cognito:user_status")]
    user_status: Value,
}

impl Attributes {
    /// The user with these attributes and this `Username`; `None` without a usable `sub`.
    #[must_use]
    pub fn user(&self, user_name: Option<&str>) -> Option<User> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(User {
            id: UserId::parse(self.sub.as_str()?).ok()?,
            user_name: user_name.map(str::to_owned),
            email: text(&self.email),
            email_verified: is_true(&self.email_verified),
            name: text(&self.name),
            identities: identities(&self.identities),
            status: text(&self.user_status),
        })
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Attributes {
    /// Reads the names and values in an answer of the user pool.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(attributes: I) -> Self {
        let mut read = Self::default();
        for (name, value) in attributes {
            let attribute = match name {
                "sub" => &mut read.sub,
                "email" => &mut read.email,
                "email_verified" => &mut read.email_verified,
                "name" => &mut read.name,
                "identities" => &mut read.identities,
                "cognito:user_status" => &mut read.user_status,
                _ => continue,
            };
            *attribute = value.into();
        }
        read
    }
}

/// Cognito stores booleans as strings, and keeps the case that was sent: `"True"` is true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// The attribute `identities`: an array, usually inside a string. An unreadable attribute counts as
/// one identity at an unknown provider.
fn identities(attribute: &Value) -> Vec<Identity> {
    let parsed = match attribute {
        Value::Null => return Vec::new(),
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        value => value.clone(),
    };
    let Value::Array(identities) = parsed else {
        return vec![Identity::default()];
    };
    let part = |identity: &Value, name| identity[name].as_str().unwrap_or_default().to_owned();
    identities
        .iter()
        .map(|identity| Identity {
            provider_name: part(identity, "providerName"),
            provider_type: part(identity, "providerType"),
        })
        .collect()
}
