//! Reads items as the table's stream brings them: with DynamoDB's type tags, as JSON.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::Store;
use super::changes::Change;
use super::item::Attributes;
use crate::failure::Failure;

impl Store {
    /// The change in an item of the stream. An attribute of a type that no change has counts as missing.
    ///
    /// # Errors
    /// When it cannot be read. The failure names the item.
    pub fn change_in_image(&self, image: &Value) -> Result<Change, Failure> {
        self.read_change(&attributes(image))
    }
}

fn attributes(map: &Value) -> Attributes {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

/// An attribute: an object whose one name is the type.
fn attribute(tagged: &Value) -> Option<AttributeValue> {
    let (kind, value) = tagged.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(value.as_bool()?),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute).collect::<Option<_>>()?),
        "M" => AttributeValue::M(
            value
                .as_object()?
                .iter()
                .map(|(name, value)| Some((name.clone(), attribute(value)?)))
                .collect::<Option<HashMap<_, _>>>()?,
        ),
        _ => return None,
    })
}
