//! Which identity providers are trusted to verify addresses. The operator decides it.

use std::fmt;

use super::characters::first_invisible;
use super::email_domain::EmailDomain;
use super::user::{Identity, User};

/// The identity providers that are trusted to verify addresses.
#[derive(Clone, Debug, Default)]
pub struct ProviderPolicy {
    /// The providers.
    pub trusted: TrustedProviders,
    /// The user attribute with the hosted domain of a Google account. `None` if it does not count.
    pub google_hosted_domain: Option<AttributeName>,
}

/// Names of identity providers, as Cognito writes them. A social provider, such as `Google`, is
/// recognised by its type, so a customer's own provider with that name is not trusted. Any other name
/// is that of a SAML or OIDC provider in the user pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProviders(Vec<String>);

/// The name of a user attribute, such as `custom:hd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeName(String);

/// Text that is not a list of providers, or not the name of an attribute. The texts say what to write
/// instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderPolicyError {
    /// A social provider in another case, which no identity has.
    #[error("{name:?} is not a provider: write `{right}`")]
    Case {
        /// The name.
        name: String,
        /// The name as Cognito writes it.
        right: &'static str,
    },
    /// A type that many providers share. Customers own some of them.
    #[error("{0:?} is a type of providers: write the name of one provider in the user pool")]
    Type(String),
    /// Cognito has no provider with such a name.
    #[error("{0:?} is not the name of a provider: these have up to 32 characters without spaces")]
    Name(String),
    /// Cognito has no attribute with such a name.
    #[error("{0:?} is not the name of a user attribute: write one as in custom:hd")]
    Attribute(String),
}

/// The name of an identity provider in the user pool, such as `Acme-Okta`. Cognito's names have 1 to 32
/// letters, marks, symbols, digits and punctuation characters, and are case-sensitive (API reference,
/// `ProviderNameType`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName(String);

/// Why a text is not the name of an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of an identity provider has 1 to {} characters, without white space and control characters",
    ProviderName::LONGEST
)]
pub struct ProviderNameError;

impl ProviderName {
    /// The most characters of a name.
    pub const LONGEST: usize = 32;

    /// Reads a name. It is never normalised.
    ///
    /// # Errors
    /// When the text is empty, too long, or has white space or an invisible character.
    pub fn parse(text: &str) -> Result<Self, ProviderNameError> {
        let is_name = (1..=Self::LONGEST).contains(&text.chars().count())
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && first_invisible(text).is_none();
        if is_name { Ok(Self(text.to_owned())) } else { Err(ProviderNameError) }
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Cognito's type for Google.
const GOOGLE: &str = "Google";
/// Whether everybody can have an account at an identity provider with this name, or of this type of
/// Cognito's, if that is known. Both are the same for these. The other types, SAML and OIDC, are for the
/// providers of companies, which have other names.
#[must_use]
pub fn is_public_provider(name: &ProviderName, provider_type: Option<&str>) -> bool {
    [Some(name.as_str()), provider_type].into_iter().flatten().any(|it| SOCIAL.contains(&it))
}

/// The providers that exist once in a user pool, where type and name are the same.
const SOCIAL: [&str; 4] = [GOOGLE, "SignInWithApple", "Facebook", "LoginWithAmazon"];
/// The types of providers that have names of their own.
const NAMED: [&str; 2] = ["SAML", "OIDC"];

impl ProviderPolicy {
    /// Whether the user pool itself, or only trusted providers, have verified the user's address. A
    /// tenant's own SAML or OIDC provider can assert any address.
    #[must_use]
    pub fn trusts(&self, user: &User) -> bool {
        if user.identities.is_empty() {
            return user.status.as_deref() != Some(User::FEDERATED);
        }
        user.identities.iter().all(|identity| self.trusted.contain(identity))
    }

    /// Whether a provider with this name in the user pool is trusted. A name of a social provider is
    /// taken for that provider.
    #[must_use]
    pub fn trusts_provider(&self, provider: &ProviderName) -> bool {
        self.trusted.0.iter().any(|trusted| trusted == provider.as_str())
    }

    /// Whether an address in this domain is one that the user's Google account was given by the domain's
    /// owner. Google also verifies addresses of private accounts, which have no hosted domain. Always
    /// true if the operator names no attribute, or for a user without an identity at Google.
    #[must_use]
    pub fn admits_google_account(&self, user: &User, domain: &EmailDomain) -> bool {
        let Some(AttributeName(attribute)) = &self.google_hosted_domain else { return true };
        let at_google = |identity: &Identity| identity.provider_type == GOOGLE;
        if !user.identities.iter().any(at_google) {
            return true;
        }
        let hosted = user.attributes.get(attribute).map(|hosted| EmailDomain::parse(hosted));
        hosted.is_some_and(|hosted| hosted.as_ref() == Ok(domain))
    }
}

impl TrustedProviders {
    /// Reads names with commas between them. An empty text means that no provider is trusted.
    ///
    /// # Errors
    /// When a name cannot be that of one provider. The error names the first such name.
    pub fn parse(parameter: &str) -> Result<Self, ProviderPolicyError> {
        let names = parameter.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(provider).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the identity is at one of these providers.
    fn contain(&self, Identity { provider_name, provider_type, .. }: &Identity) -> bool {
        let name = match provider_type.as_str() {
            social if SOCIAL.contains(&social) => social,
            named if NAMED.contains(&named) && !SOCIAL.contains(&&**provider_name) => provider_name,
            _ => return false,
        };
        self.0.iter().any(|trusted| trusted == name)
    }
}

impl Default for TrustedProviders {
    /// Google and Apple.
    fn default() -> Self {
        Self(vec![GOOGLE.to_owned(), "SignInWithApple".to_owned()])
    }
}

fn provider(name: &str) -> Result<String, ProviderPolicyError> {
    const MOST_CHARACTERS: usize = 32;
    let name = name.to_owned();
    if let Some(right) = SOCIAL.into_iter().find(|social| social.eq_ignore_ascii_case(&name)) {
        return if right == name {
            Ok(name)
        } else {
            Err(ProviderPolicyError::Case { name, right })
        };
    }
    if NAMED.iter().any(|kind| kind.eq_ignore_ascii_case(&name)) {
        return Err(ProviderPolicyError::Type(name));
    }
    if name.contains(char::is_whitespace) || name.chars().count() > MOST_CHARACTERS {
        return Err(ProviderPolicyError::Name(name));
    }
    Ok(name)
}

impl AttributeName {
    /// Reads the name of an attribute, as it is in events: with `custom:` before the name of a custom
    /// one.
    ///
    /// # Errors
    /// When no attribute has such a name.
    pub fn parse(name: &str) -> Result<Self, ProviderPolicyError> {
        /// `custom:` and 20 characters.
        const MOST_CHARACTERS: usize = 27;
        let is_name = !name.is_empty()
            && !name.contains(char::is_whitespace)
            && name.chars().count() <= MOST_CHARACTERS;
        if is_name {
            Ok(Self(name.to_owned()))
        } else {
            Err(ProviderPolicyError::Attribute(name.to_owned()))
        }
    }
}
