//! Callers in items: who has added, removed, approved or vouched for something.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Attributes, Item, text};
use crate::domain::caller::Caller;
use crate::failure::Failure;

const CLIENT_ID: &str = "clientId";
const SUBJECT: &str = "subject";

/// Adds a caller to the attributes of an item, under this name. Without a caller, nothing is added.
pub(super) fn put_caller(attributes: &mut Attributes, name: &str, caller: Option<&Caller>) {
    if let Some(caller) = caller {
        attributes.insert(name.to_owned(), caller_value(caller));
    }
}

/// A caller as an attribute. A part that the caller does not have is left out.
pub(super) fn caller_value(caller: &Caller) -> AttributeValue {
    let parts = [(CLIENT_ID, caller.client_id()), (SUBJECT, caller.subject())];
    let known = parts.into_iter().filter(|(_, part)| *part != Caller::NONE);
    AttributeValue::M(
        known.map(|(name, part)| (name.to_owned(), text(part))).collect::<HashMap<_, _>>(),
    )
}

/// The caller in the attribute of this name, if there is one.
pub(super) fn read_caller(item: &Item<'_>, name: &str) -> Result<Option<Caller>, Failure> {
    if !item.has(name) {
        return Ok(None);
    }
    let parts = item.map(name)?;
    Ok(Some(Caller::new(parts.optional_text(CLIENT_ID)?, parts.optional_text(SUBJECT)?)))
}
