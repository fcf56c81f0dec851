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

/// A user's identity at an identity provider. An unreadable part is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Cognito's `providerName`: the provider's name in the pool.
    pub provider_name: String,
    /// Cognito's `providerType`: `Google`, `SAML`, `OIDC`…
    pub provider_type: String,
}
