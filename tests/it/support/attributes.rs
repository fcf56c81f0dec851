//! Attributes as DynamoDB stores them, and in its JSON.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

/// A text as an attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A value with DynamoDB's type tags: `{"S": "acme"}` for `"acme"`.
pub(crate) fn tagged(value: &Value) -> Value {
    match value {
        Value::String(_) => json!({ "S": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::Bool(_) => json!({ "BOOL": value }),
        Value::Array(values) => json!({ "L": values.iter().map(tagged).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": tagged_item(value) }),
        Value::Null => panic!("no item has such an attribute: {value}"),
    }
}

/// An item in DynamoDB's JSON: each of its attributes with its type tag.
pub(crate) fn tagged_item(item: &Value) -> Value {
    let attributes = item.as_object().expect("an item is an object").iter();
    attributes.map(|(name, value)| (name.clone(), tagged(value))).collect()
}

/// The attributes of an item in DynamoDB's JSON.
pub(crate) fn attributes(item: &Value) -> HashMap<String, AttributeValue> {
    let attributes = item.as_object().expect("an item is an object").iter();
    attributes.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(tagged: &Value) -> AttributeValue {
    let mut types = tagged.as_object().expect("an attribute has a type").iter();
    let (Some((kind, value)), None) = (types.next(), types.next()) else {
        panic!("an attribute has one type: {tagged}")
    };
    match (kind.as_str(), value) {
        ("S", Value::String(value)) => text(value),
        ("N", Value::String(digits)) => AttributeValue::N(digits.clone()),
        ("BOOL", Value::Bool(boolean)) => AttributeValue::Bool(*boolean),
        ("L", Value::Array(values)) => AttributeValue::L(values.iter().map(attribute).collect()),
        ("M", Value::Object(_)) => AttributeValue::M(attributes(value)),
        _ => panic!("no item has such an attribute: {tagged}"),
    }
}
