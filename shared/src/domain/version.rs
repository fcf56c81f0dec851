//! Versions, by which a writer notices the changes that it has not seen.

/// The version of something that several callers can change: an organization, an organization role,
/// or a list of the JIT configuration. It counts the writes, and is the value of the `ETag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// The version of something new.
    pub const FIRST: Self = Self(1);

    /// A version from a client or from the table.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after the next write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The versions that a write may overwrite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Any version.
    #[default]
    None,
    /// One of these versions, at most [`Precondition::MOST`]. With an empty list, the precondition
    /// never holds.
    OneOf(Vec<Version>),
}

impl Precondition {
    /// The most versions that one precondition can name (the limit of DynamoDB's `IN`).
    pub const MOST: usize = 100;

    /// Whether this version may be overwritten.
    #[must_use]
    pub fn holds(&self, version: Version) -> bool {
        match self {
            Self::None => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
