//! The versions of organizations and organization roles. Each is an attribute of the item. If it is
//! missing, an earlier release has written the item, and it has the first version.

use super::expression::Expression;
use super::item::{Item, number};
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result};
use crate::failure::Failure;

/// The attribute with the version.
pub(super) const VERSION: &str = "version";

/// The version in an item.
pub(super) fn read_version(item: &Item<'_>) -> Result<Version, Failure> {
    if item.has(VERSION) { item.number(VERSION).map(Version::new) } else { Ok(Version::FIRST) }
}

/// Fails if an item has a version that the precondition does not allow. Without a precondition, the
/// version need not be readable.
pub(super) fn require_version(item: &Item<'_>, precondition: &Precondition) -> Result<()> {
    if *precondition == Precondition::None {
        return Ok(());
    }
    let current = read_version(item)?;
    if precondition.holds(current) { Ok(()) } else { Err(Error::PreconditionFailed { current }) }
}

impl Expression {
    /// Adds the condition that the item has the version with which it was read.
    pub(super) fn when_unchanged(self, read: &Item<'_>) -> Self {
        let expression = self.name("#version", VERSION);
        match read.attribute(VERSION) {
            Some(version) => {
                expression.value(":version", version.clone()).when("#version = :version")
            }
            None => expression.when("attribute_not_exists(#version)"),
        }
    }

    /// Adds the same condition, and the version after this write. After a version that cannot be
    /// read, the versions begin again.
    pub(super) fn next_version(self, read: &Item<'_>) -> (Self, Version) {
        let next = read_version(read).map_or(Version::FIRST, Version::next);
        let expression =
            self.when_unchanged(read).value(":next", number(next.get())).set("#version = :next");
        (expression, next)
    }
}
