//! Reads JSON texts (RFC 8259) one level at a time, so that the reader knows the place of
//! everything that it refuses.

use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value. The elements of an array and the members of an object are not read yet.
pub(crate) enum Json<'a> {
    Null,
    Boolean(bool),
    Number(&'a str),
    Text(String),
    Array(Vec<&'a RawValue>),
    /// The members in their order. A name can occur twice.
    Object(Vec<(String, &'a RawValue)>),
}

/// A text, or the name of a member, has an escape of a surrogate without its other half, such as
/// `\ud800`. It stands for no character (RFC 8259, 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoneSurrogate;

impl<'a> Json<'a> {
    /// Reads one level of a JSON text.
    ///
    /// # Errors
    /// When this level has a lone surrogate. The syntax is that of JSON already.
    pub(crate) fn read(json: &'a RawValue) -> Result<Self, LoneSurrogate> {
        let text = json.get();
        let read = match text.as_bytes() {
            [b'{', ..] => {
                serde_json::Deserializer::from_str(text).deserialize_map(Members).map(Self::Object)
            }
            [b'[', ..] => serde_json::from_str(text).map(Self::Array),
            [b'"', ..] => serde_json::from_str(text).map(Self::Text),
            b"true" => Ok(Self::Boolean(true)),
            b"false" => Ok(Self::Boolean(false)),
            b"null" => Ok(Self::Null),
            _ => Ok(Self::Number(text)),
        };
        read.map_err(|_| LoneSurrogate)
    }

    /// The kind of the value, with its article.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// A name or an index as a part of a JSON Pointer (RFC 6901), with the slash before it.
pub(crate) fn pointer_to(part: impl fmt::Display) -> String {
    format!("/{}", part.to_string().replace('~', "~0").replace('/', "~1"))
}

struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<(String, &'a RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
