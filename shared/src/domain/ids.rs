//! Identifiers. Each kind has its own type, so that they cannot be confused.

use std::fmt;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {longest} characters of A-Z a-z 0-9 _ -")]
pub struct IdError {
    longest: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, at most $longest:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters that an id may have.
            pub const LONGEST: usize = $longest;

            /// Parses an id. Ids are case-sensitive and never normalised.
            ///
            /// # Errors
            /// When the text is empty, too long, or has a character outside `A-Z a-z 0-9 _ -`.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
                if (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { longest: Self::LONGEST })
                }
            }

            /// The id as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id! {
    /// An organization's id: 1 to 64 characters, the caller's own tenant id or a generated one. It
    /// is never used again, even after the organization is deleted.
    OrganizationId, at most 64
}

id! {
    /// An organization role's id: 1 to 64 characters, always generated, never used again.
    OrganizationRoleId, at most 64
}

id! {
    /// A user's id: always Cognito's `sub` attribute, 1 to 128 characters.
    UserId, at most 128
}
