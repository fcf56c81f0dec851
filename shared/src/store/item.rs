//! Reads and writes the attributes of items. The error for an unreadable item names table, key and
//! attribute.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::keys::{self, Key};
use crate::failure::Failure;

/// The attributes of an item, by name.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item of the table, or a map inside it.
pub(super) struct Item<'a> {
    table: &'a str,
    /// The path of the attribute that contains the map, for errors.
    place: String,
    attributes: &'a Attributes,
    key: String,
}

impl<'a> Item<'a> {
    pub(super) fn new(table: &'a str, attributes: &'a Attributes) -> Self {
        let part = |name| attributes.get(name).and_then(|value| value.as_s().ok());
        let key = format!(
            "{}/{}",
            part(keys::PK).map_or("?", String::as_str),
            part(keys::SK).map_or("?", String::as_str)
        );
        Self { table, place: String::new(), attributes, key }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// An attribute as it is stored.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a AttributeValue> {
        self.attributes.get(name)
    }

    /// The primary key.
    pub(super) fn key(&self) -> Result<Key, Failure> {
        Ok(Key { pk: self.text(keys::PK)?.to_owned(), sk: self.text(keys::SK)?.to_owned() })
    }

    /// The partition key without its prefix, parsed.
    pub(super) fn partition_key<T, E>(
        &self,
        prefix: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.without_prefix(keys::PK, prefix, parse)
    }

    /// The sort key without its prefix, parsed.
    pub(super) fn sort_key<T, E>(
        &self,
        prefix: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.without_prefix(keys::SK, prefix, parse)
    }

    fn without_prefix<T, E>(
        &self,
        name: &str,
        prefix: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.text(name)?
            .strip_prefix(prefix)
            .and_then(|rest| parse(rest).ok())
            .ok_or_else(|| self.unreadable(name, "a key with its prefix"))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Failure> {
        self.optional_text(name)?.ok_or_else(|| self.unreadable(name, "a string"))
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.attributes
            .get(name)
            .map(|value| match value {
                AttributeValue::S(text) => Ok(text.as_str()),
                _ => Err(self.unreadable(name, "a string")),
            })
            .transpose()
    }

    /// A string attribute, parsed.
    pub(super) fn parsed<T, E>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        parse(self.text(name)?).map_err(|_| self.unreadable(name, expected))
    }

    /// A string attribute, parsed, if it exists.
    pub(super) fn optional<T, E>(
        &self,
        name: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        self.optional_text(name)?
            .map(|text| parse(text).map_err(|_| self.unreadable(name, expected)))
            .transpose()
    }

    pub(super) fn timestamp(&self, name: &str) -> Result<Timestamp, Failure> {
        self.parsed(name, "an RFC 3339 timestamp", Timestamp::from_str)
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, Failure> {
        match self.attributes.get(name) {
            Some(AttributeValue::N(digits)) => digits.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.unreadable(name, "a whole number"))
    }

    /// Whether a boolean attribute is true. A missing one is not.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.attributes.get(name) {
            None => Ok(false),
            Some(AttributeValue::Bool(value)) => Ok(*value),
            Some(_) => Err(self.unreadable(name, "a boolean")),
        }
    }

    /// A list of strings, each parsed.
    pub(super) fn list<T, E>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Failure> {
        let unreadable = || self.unreadable(name, "a list of strings");
        let Some(AttributeValue::L(values)) = self.attributes.get(name) else {
            return Err(unreadable());
        };
        values
            .iter()
            .map(|value| {
                let text = value.as_s().map_err(|_| unreadable())?;
                parse(text).map_err(|_| unreadable())
            })
            .collect()
    }

    pub(super) fn map(&self, name: &str) -> Result<Item<'a>, Failure> {
        match self.attributes.get(name) {
            Some(AttributeValue::M(attributes)) => Ok(Item {
                table: self.table,
                place: format!("{}{name}.", self.place),
                attributes,
                key: self.key.clone(),
            }),
            _ => Err(self.unreadable(name, "a map")),
        }
    }

    /// The names in a map.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.attributes.keys().map(String::as_str)
    }

    pub(super) fn unreadable(&self, name: &str, expected: &'static str) -> Failure {
        Failure::Unreadable {
            table: self.table.to_owned(),
            key: self.key.clone(),
            attribute: format!("{}{name}", self.place),
            expected,
        }
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A time as RFC 3339 text in UTC, to the millisecond, so that texts sort like times.
pub(super) fn timestamp(value: Timestamp) -> AttributeValue {
    AttributeValue::S(format!("{value:.3}"))
}

pub(super) fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(|value| text(value.to_string())).collect())
}
