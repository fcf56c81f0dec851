//! Reads a request's body into its type. Types derive `Deserialize`, but what is wrong with a body
//! is said in Usher's own words, and with its place.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::value::RawValue;

use crate::domain::json::{Json, LoneSurrogate, pointer_to};

/// The most characters of a pointer that a sentence quotes.
const LONGEST_QUOTED: usize = 100;

/// Why a JSON value is not what a body's type takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BodyError {
    /// The place: a JSON Pointer (RFC 6901), empty for the whole body.
    pub(super) pointer: String,
    pub(super) defect: Defect,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// A value of another kind.
    Kind { found: &'static str, expected: String },
    /// A member that the type does not have.
    Unknown { known: &'static [&'static str] },
    /// The object lacks this member.
    Missing(&'static str),
    /// The object has this member more than once.
    Repeated(&'static str),
    /// A text with half of a surrogate pair.
    LoneSurrogate,
    /// The type cannot be read, whatever the body is.
    Unreadable(String),
}

/// Reads a JSON value into a type.
///
/// # Errors
/// The first thing that the type does not take.
pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T, BodyError> {
    T::deserialize(Value(json))
}

/// The values that a body's type takes: `an object with …`.
pub(super) fn expected<T: for<'a> Deserialize<'a>>() -> String {
    match read::<T>(RawValue::NULL) {
        Err(BodyError { defect: Defect::Kind { expected, .. }, .. }) => expected,
        _ => "JSON".to_owned(),
    }
}

impl BodyError {
    fn new(defect: Defect) -> Self {
        Self { pointer: String::new(), defect }
    }

    /// The same error of a member or an element: its place begins with `part`.
    fn below(self, part: impl fmt::Display) -> Self {
        Self { pointer: pointer_to(part) + &self.pointer, ..self }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = "the body".to_owned();
        if !self.pointer.is_empty() {
            let quoted: String = self.pointer.chars().take(LONGEST_QUOTED).collect();
            let rest = if quoted.len() < self.pointer.len() { "…" } else { "" };
            place = format!("`{quoted}{rest}`");
        }
        match &self.defect {
            Defect::Kind { found, expected } => {
                write!(formatter, "{place} is {found}: send {expected}")
            }
            Defect::Unknown { known } => {
                write!(formatter, "{place} is not known here: send only {}", names(known))
            }
            Defect::Missing(name) => write!(formatter, "{place} lacks `{name}`: add it"),
            Defect::Repeated(name) => {
                write!(formatter, "{place} has `{name}` twice: send it once")
            }
            Defect::LoneSurrogate => write!(
                formatter,
                "{place} has a lone surrogate, which is half a character: send whole characters"
            ),
            Defect::Unreadable(cause) => formatter.write_str(cause),
        }
    }
}

impl std::error::Error for BodyError {}

impl de::Error for BodyError {
    fn custom<T: fmt::Display>(cause: T) -> Self {
        Self::new(Defect::Unreadable(cause.to_string()))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Defect::Unknown { known }).below(name)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Defect::Missing(name))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Defect::Kind { found: "another text", expected: one_of(known) })
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(Defect::Repeated(name))
    }
}

impl From<LoneSurrogate> for BodyError {
    fn from(LoneSurrogate: LoneSurrogate) -> Self {
        Self::new(Defect::LoneSurrogate)
    }
}

/// Names in a sentence.
fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The texts of which a member is one: `a`, `b` or `c`.
fn one_of(known: &[&str]) -> String {
    match known {
        [others @ .., last] if !others.is_empty() => format!("{} or `{last}`", names(others)),
        known => names(known),
    }
}

/// A value of the body.
#[derive(Clone, Copy)]
struct Value<'a>(&'a RawValue);

/// The error for a value of another kind.
fn another_kind<T>(json: &Json<'_>, expected: impl Into<String>) -> Result<T, BodyError> {
    Err(BodyError::new(Defect::Kind { found: json.kind(), expected: expected.into() }))
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = BodyError;

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        match Json::read(self.0)? {
            Json::Text(text) => visitor.visit_string(text),
            other => another_kind(&other, "a string"),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _type: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        match Json::read(self.0)? {
            Json::Text(text) => {
                let text: StringDeserializer<BodyError> = text.into_deserializer();
                visitor.visit_enum(text)
            }
            other => another_kind(&other, one_of(known)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        match Json::read(self.0)? {
            Json::Boolean(boolean) => visitor.visit_bool(boolean),
            other => another_kind(&other, "true or false"),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        if self.0.get() == RawValue::NULL.get() {
            return visitor.visit_none();
        }
        visitor.visit_some(self).map_err(|mut error| {
            if let Defect::Kind { expected, .. } = &mut error.defect
                && error.pointer.is_empty()
            {
                expected.push_str(" or null");
            }
            error
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        match Json::read(self.0)? {
            Json::Array(elements) => visitor.visit_seq(Elements(elements.into_iter().enumerate())),
            other => another_kind(&other, "an array"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _type: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        match Json::read(self.0)? {
            Json::Object(members) => {
                visitor.visit_map(Members { rest: members.into_iter(), current: None })
            }
            other => another_kind(&other, format!("an object with {}", names(known))),
        }
    }

    /// Reads a value as its JSON text.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        self.0.deserialize_newtype_struct(name, visitor).map_err(de::Error::custom)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, BodyError> {
        Err(de::Error::custom("a body has a member of a type that is not read here yet"))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct map identifier ignored_any
    }
}

/// The elements of an array that are still to be read, with their indexes.
struct Elements<'a>(std::iter::Enumerate<std::vec::IntoIter<&'a RawValue>>);

impl<'a> SeqAccess<'a> for Elements<'a> {
    type Error = BodyError;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, BodyError> {
        let element = self.0.next();
        let read =
            |(index, element)| seed.deserialize(Value(element)).map_err(|error| error.below(index));
        element.map(read).transpose()
    }
}

/// The members of an object that are still to be read.
struct Members<'a> {
    rest: std::vec::IntoIter<(String, &'a RawValue)>,
    current: Option<(String, &'a RawValue)>,
}

impl<'a> MapAccess<'a> for Members<'a> {
    type Error = BodyError;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, BodyError> {
        self.current = self.rest.next();
        let Some((name, _)) = &self.current else { return Ok(None) };
        let name: StringDeserializer<BodyError> = name.clone().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, BodyError> {
        let (name, value) = self.current.take().expect("the name of a member was read before");
        seed.deserialize(Value(value)).map_err(|error| error.below(name))
    }
}
