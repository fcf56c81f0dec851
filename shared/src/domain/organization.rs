//! Organizations and the roles that their members can hold.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::ids::{OrganizationId, OrganizationRoleId};
use super::text::{Description, Name};

/// A customer of the product that uses Usher.
#[derive(Clone, Debug)]
pub struct Organization {
    /// The id. It never changes.
    pub id: OrganizationId,
    /// The name for people. Several organizations may have the same name.
    pub name: Name,
    /// The description for people.
    pub description: Option<Description>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Data that the caller stores with an organization: a JSON object of at most
/// [`CustomData::LARGEST`] bytes. Its text is stored unchanged, because parsing and printing it
/// again would change numbers.
#[derive(Clone, Debug)]
pub struct CustomData(Box<RawValue>);

/// Why a JSON value cannot be stored as custom data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomDataError {
    /// It is not a JSON object.
    #[error("it is not a JSON object: send one, such as {{\"plan\": \"gold\"}}")]
    NotAnObject,
    /// Its text has more bytes than allowed.
    #[error("it is too large: send at most {} bytes of JSON text", CustomData::LARGEST)]
    TooLarge,
    /// Objects and arrays are nested too deeply.
    #[error(
        "it is nested too deeply: send at most {} levels of objects and arrays",
        CustomData::DEEPEST
    )]
    TooDeep,
}

impl CustomData {
    /// The most bytes that the JSON text may have.
    pub const LARGEST: usize = 8 * 1024;
    /// The most levels of objects and arrays. Lists of organizations nest the data deeper, and many
    /// JSON parsers have a limit of 64 levels.
    pub const DEEPEST: usize = 32;

    /// Checks that a JSON value can be stored.
    ///
    /// # Errors
    /// When it is not an object, larger than [`Self::LARGEST`], or deeper than [`Self::DEEPEST`].
    pub fn parse(value: Box<RawValue>) -> Result<Self, CustomDataError> {
        if !value.get().starts_with('{') {
            Err(CustomDataError::NotAnObject)
        } else if value.get().len() > Self::LARGEST {
            Err(CustomDataError::TooLarge)
        } else if depth(value.get()) > Self::DEEPEST {
            Err(CustomDataError::TooDeep)
        } else {
            Ok(Self(value))
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn as_raw(&self) -> &RawValue {
        &self.0
    }
}

impl Default for CustomData {
    /// The empty object.
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).expect("`{}` is JSON"))
    }
}

/// The number of levels of objects and arrays in a JSON text.
fn depth(json: &str) -> usize {
    let (mut level, mut deepest): (usize, usize) = (0, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => level += 1,
            b'}' | b']' if !in_string => level -= 1,
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// A role that members can hold in any organization. All organizations share the same roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRole {
    /// The id. It never changes.
    pub id: OrganizationRoleId,
    /// The name for people. No other role has a name that is equal when folded, or looks like it.
    pub name: Name,
    /// The description for people.
    pub description: Option<Description>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl OrganizationRole {
    /// The most roles that can exist at once.
    pub const MOST: usize = 1_000;
    /// The most roles that one list holds: an organization's default roles, or a member's roles.
    pub const MOST_IN_A_LIST: usize = 100;
}
