//! Users of the Cognito user pool.

use std::collections::BTreeMap;

use super::ids::UserId;

/// A user of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The `sub` attribute.
    pub id: UserId,
    /// Cognito's `Username`.
    pub user_name: Option<String>,
    /// The `email` attribute, not normalised.
    pub email: Option<String>,
    /// Whether the `email_verified` attribute is true.
    pub email_verified: bool,
    /// The `name` attribute.
    pub name: Option<String>,
    /// The identities at other providers. Empty for a user who signs in only at the pool.
    pub identities: Vec<Identity>,
    /// Cognito's `UserStatus`, such as `CONFIRMED`.
    pub status: Option<String>,
    /// The other attributes with text values, by name. A setting can name one.
    pub attributes: BTreeMap<String, String>,
}

/// Why a text cannot be Cognito's `Username`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a username has 1 to {} characters, without white space and control characters",
    User::LONGEST_USER_NAME
)]
pub struct UserNameError;

/// A user's identity at an identity provider. An unreadable part is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Cognito's `providerName`: the provider's name in the pool.
    pub provider_name: String,
    /// Cognito's `providerType`: `Google`, `SAML`, `OIDC`…
    pub provider_type: String,
}

impl User {
    /// The most characters of Cognito's `Username` (API reference, `UsernameType`).
    pub const LONGEST_USER_NAME: usize = 128;
    /// The most characters of an attribute's value, such as `email` (quota of Cognito).
    pub const LONGEST_ATTRIBUTE: usize = 2_048;

    /// Checks that a text can be Cognito's `Username`. Cognito itself may refuse more.
    ///
    /// # Errors
    /// When the text is empty, longer than [`Self::LONGEST_USER_NAME`], or contains white space or a
    /// control character.
    pub fn check_user_name(text: &str) -> Result<(), UserNameError> {
        let allowed = |character: char| !character.is_whitespace() && !character.is_control();
        let length = text.chars().count();
        if (1..=Self::LONGEST_USER_NAME).contains(&length) && text.chars().all(allowed) {
            Ok(())
        } else {
            Err(UserNameError)
        }
    }
}
