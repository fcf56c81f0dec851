//! Users of the Cognito user pool.

use std::collections::BTreeMap;

use super::email_address::AddressDigest;
use super::ids::UserId;
use super::provider::{ProviderName, is_public_provider};

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
    /// Cognito's `userId`: the user's id at the provider.
    pub user_id: String,
}

/// A provider that a user can sign in through, with the digest of the identity there. `None` if the
/// user's id at the provider is not known.
pub type SignInProvider = (ProviderName, Option<AddressDigest>);

impl Identity {
    /// The digest that stands for the identity. `None` if a part of it is not known.
    fn digest(&self) -> Option<AddressDigest> {
        let name = ProviderName::parse(&self.provider_name).ok()?;
        (!self.user_id.is_empty()).then(|| AddressDigest::of_identity(&name, &self.user_id))
    }
}

impl User {
    /// Cognito's `UserStatus` of a user who signs in through a provider.
    pub const FEDERATED: &str = "EXTERNAL_PROVIDER";
    /// The status of a user who was invited, and whose first sign-in is with a temporary password.
    pub const INVITED: &str = "FORCE_CHANGE_PASSWORD";
    /// The most characters of Cognito's `Username` (API reference, `UsernameType`).
    pub const LONGEST_USER_NAME: usize = 128;
    /// The most characters of an attribute's value, such as `email` (quota of Cognito).
    pub const LONGEST_ATTRIBUTE: usize = 2_048;

    /// The most providers of a user that count. The lookups of a sign-up are limited by it.
    pub const MOST_PROVIDERS: usize = 10;

    /// The providers that the user can sign in through and an organization can list, each once, in
    /// Cognito's order: those of the identities, at most [`Self::MOST_PROVIDERS`]. Cognito does not say
    /// which of them was used now. Without identities, the one in the user name of a federated user.
    /// Providers at which everybody can have an account are left out.
    #[must_use]
    pub fn providers(&self) -> Vec<SignInProvider> {
        let mut providers: Vec<SignInProvider> = Vec::new();
        let from_name = self.identity_in_name();
        for identity in self.identities.iter().chain(&from_name) {
            let Ok(name) = ProviderName::parse(&identity.provider_name) else { continue };
            let is_public = is_public_provider(&name, Some(&identity.provider_type));
            if !is_public && providers.iter().all(|(known, _)| *known != name) {
                providers.push((name, identity.digest()));
            }
        }
        providers.truncate(Self::MOST_PROVIDERS);
        providers
    }

    /// The digests of the identities, at any provider, each once, in Cognito's order. At most
    /// [`Self::MOST_PROVIDERS`].
    #[must_use]
    pub fn identity_digests(&self) -> Vec<AddressDigest> {
        let mut digests: Vec<AddressDigest> = Vec::new();
        let from_name = self.identity_in_name();
        for digest in self.identities.iter().chain(&from_name).filter_map(Identity::digest) {
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        digests.truncate(Self::MOST_PROVIDERS);
        digests
    }

    /// The identity in a user name of Cognito's form for federated users: the provider's name, an
    /// underscore, and the user's id there. A name has at least three characters, and an underscore
    /// only as the second one.
    fn identity_in_name(&self) -> Option<Identity> {
        if !self.identities.is_empty() || self.status.as_deref() != Some(Self::FEDERATED) {
            return None;
        }
        let name = self.user_name.as_deref()?;
        let (separator, _) =
            name.char_indices().skip(3).find(|(_, character)| *character == '_')?;
        Some(Identity {
            provider_name: name[..separator].to_owned(),
            provider_type: String::new(),
            user_id: name[separator + 1..].to_owned(),
        })
    }

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
