//! The only reader of a user's attributes. Trigger events and the user pool's answers use it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::ids::UserId;
use crate::domain::user::{Identity, User};

/// The attributes of a user. They may be missing or of any type, because Cognito stores the values
/// that an administrator has sent. An attribute that Usher does not read by its name cannot cause an
/// error: it is left out if it is not a text.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    sub: Option<Value>,
    email: Option<Value>,
    email_verified: Option<Value>,
    identities: Option<Value>,
    user_status: Option<Value>,
    others: BTreeMap<String, String>,
}

impl Attributes {
    /// The user with these attributes and this `Username`; `None` without a usable `sub`.
    #[must_use]
    pub fn user(&self, user_name: Option<&str>) -> Option<User> {
        let text = |value: &Option<Value>| value.as_ref()?.as_str().map(str::to_owned);
        Some(User {
            id: UserId::parse(self.sub.as_ref()?.as_str()?).ok()?,
            user_name: user_name.map(str::to_owned),
            email: text(&self.email),
            email_verified: self.email_verified.as_ref().is_some_and(is_true),
            name: self.others.get("name").cloned(),
            identities: self.identities.as_ref().map(identities).unwrap_or_default(),
            status: text(&self.user_status),
            attributes: self.others.clone(),
        })
    }

    /// The place of an attribute that Usher reads by its name.
    fn read_by_name(&mut self, name: &str) -> Option<&mut Option<Value>> {
        Some(match name {
            "sub" => &mut self.sub,
            "email" => &mut self.email,
            "email_verified" => &mut self.email_verified,
            "identities" => &mut self.identities,
            "cognito:user_status" => &mut self.user_status,
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Attributes {
    /// Reads the attributes in an event.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Attributes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut read = Attributes::default();
                while let Some(name) = map.next_key::<String>()? {
                    if let Some(attribute) = read.read_by_name(&name) {
                        if attribute.replace(map.next_value()?).is_some() {
                            return Err(A::Error::custom("an attribute is there twice"));
                        }
                    } else {
                        let value: Box<RawValue> = map.next_value()?;
                        if let Ok(text) = serde_json::from_str(value.get()) {
                            read.others.insert(name, text);
                        }
                    }
                }
                Ok(read)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Attributes {
    /// Reads the names and values in an answer of the user pool.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(attributes: I) -> Self {
        let mut read = Self::default();
        for (name, value) in attributes {
            match read.read_by_name(name) {
                Some(attribute) => *attribute = Some(value.into()),
                None => drop(read.others.insert(name.to_owned(), value.to_owned())),
            }
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
            user_id: part(identity, "userId"),
        })
        .collect()
}
