//! Rules. An organization lists rules, and users who satisfy one can join it, or ask to join it.
//!
//! To add a kind of rule, add it here first. The compiler then names every place that has to handle
//! it.

use std::fmt;

use jiff::Timestamp;

use super::caller::Caller;
use super::email_domain::{EmailDomain, EmailDomainError};
use super::ids::OrganizationRoleId;
use super::ownership::Ownership;
use super::provider::{ProviderName, ProviderNameError};

/// The kinds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// A proven address in an email domain.
    EmailDomain,
    /// An identity at a provider of the user pool. Logto calls it an SSO connector.
    SsoConnector,
}

impl RuleKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::EmailDomain, Self::SsoConnector];

    /// The kind's name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailDomain => "email_domain",
            Self::SsoConnector => "sso_connector",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The key of a rule within an organization: its kind, and a value of that kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKey {
    /// The domain of a proven address.
    EmailDomain(EmailDomain),
    /// The name of an identity provider in the user pool.
    SsoConnector(ProviderName),
}

/// Why a text is not a value of a kind of rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleKeyError {
    /// The text is not an email domain.
    #[error(transparent)]
    EmailDomain(#[from] EmailDomainError),
    /// The text is not the name of an identity provider.
    #[error(transparent)]
    SsoConnector(#[from] ProviderNameError),
}

impl RuleKey {
    /// Reads the value of a rule, in the form of [`Self::value`].
    ///
    /// It only normalises, so that the values that earlier releases stored stay readable. Other
    /// code decides whether a new rule is acceptable, when it is added.
    ///
    /// # Errors
    /// When the text is not a value of that kind.
    pub fn parse(kind: RuleKind, value: &str) -> Result<Self, RuleKeyError> {
        Ok(match kind {
            RuleKind::EmailDomain => Self::EmailDomain(EmailDomain::normalise(value)?),
            RuleKind::SsoConnector => Self::SsoConnector(ProviderName::parse(value)?),
        })
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> RuleKind {
        match self {
            Self::EmailDomain(_) => RuleKind::EmailDomain,
            Self::SsoConnector(_) => RuleKind::SsoConnector,
        }
    }

    /// The value as text.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::EmailDomain(domain) => domain.as_str(),
            Self::SsoConnector(provider) => provider.as_str(),
        }
    }
}

/// The value of a rule, as the members `emailDomain` and `ssoConnectorId` of answers and events have it.
/// Both are left out without a rule.
#[must_use]
pub fn value_by_kind(rule: Option<&RuleKey>) -> (Option<String>, Option<String>) {
    match rule {
        Some(RuleKey::EmailDomain(domain)) => (Some(domain.to_string()), None),
        Some(RuleKey::SsoConnector(name)) => (None, Some(name.to_string())),
        None => (None, None),
    }
}

impl fmt::Display for RuleKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.value())
    }
}

/// What a rule does for somebody who satisfies it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enrollment {
    /// The user becomes a member.
    #[default]
    Automatic,
    /// The user asks to become a member, and an administrator decides.
    Request,
    /// Nothing.
    Off,
}

impl Enrollment {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Automatic, Self::Request, Self::Off];

    /// The name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Request => "request",
            Self::Off => "off",
        }
    }

    /// The value with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

/// Which asserted addresses an identity provider's rule admits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdmittedAddresses {
    /// Any, also none.
    #[default]
    Any,
    /// Only those in an email domain that the organization lists and has proven.
    Listed,
}

impl AdmittedAddresses {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Any, Self::Listed];

    /// The name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Listed => "listed",
        }
    }

    /// The value with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

/// What an administrator decides about one rule. The default is what a rule did before it had
/// settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What it does for somebody who proves to satisfy it now.
    pub enrollment: Enrollment,
    /// What it does for an account that was there before, and appears by a token without a fresh
    /// proof. `None` means the same as [`Self::enrollment`]. Of email domains only.
    pub existing_users: Option<Enrollment>,
    /// The roles of those who join by it, instead of the organization's default roles. `None` means
    /// the default roles, an empty list no roles. Some may be ids of deleted roles, which have no
    /// effect.
    pub roles: Option<Vec<OrganizationRoleId>>,
    /// Whether addresses in the domain's subdomains satisfy it too. Of email domains only.
    pub subdomains: bool,
    /// The addresses that it admits. Of identity providers only.
    pub addresses: AdmittedAddresses,
}

/// Some settings of a rule. What is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct NewSettings {
    /// [`Settings::enrollment`].
    pub enrollment: Option<Enrollment>,
    /// [`Settings::existing_users`].
    pub existing_users: Option<Option<Enrollment>>,
    /// [`Settings::roles`].
    pub roles: Option<Option<Vec<OrganizationRoleId>>>,
    /// [`Settings::subdomains`].
    pub subdomains: Option<bool>,
    /// [`Settings::addresses`].
    pub addresses: Option<AdmittedAddresses>,
}

impl NewSettings {
    /// What they make of others.
    #[must_use]
    pub fn after(&self, present: &Settings) -> Settings {
        Settings {
            enrollment: self.enrollment.unwrap_or(present.enrollment),
            existing_users: self.existing_users.unwrap_or(present.existing_users),
            roles: self.roles.clone().unwrap_or_else(|| present.roles.clone()),
            subdomains: self.subdomains.unwrap_or(present.subdomains),
            addresses: self.addresses.unwrap_or(present.addresses),
        }
    }
}

/// A rule of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The key.
    pub key: RuleKey,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who added it. `None` if an earlier release did, or the request had no token.
    pub added_by: Option<Caller>,
    /// What an administrator decides about it.
    pub settings: Settings,
    /// Who answers for it. An identity provider is vouched for, because the operator has made it.
    pub ownership: Ownership,
    /// Since when it admits, if that is not since it was added. The oldest 50 of a key count.
    pub admits_since: Option<Timestamp>,
    /// The type that the identity provider had in the user pool when it was added, such as `SAML`.
    /// `None` if it is not known, and of email domains.
    pub provider_type: Option<String>,
}

impl Rule {
    /// A rule that does what rules did before they had settings.
    #[must_use]
    pub fn new(key: RuleKey, added_at: Timestamp) -> Self {
        Self {
            key,
            added_at,
            added_by: None,
            settings: Settings::default(),
            ownership: Ownership::default(),
            admits_since: None,
            provider_type: None,
        }
    }

    /// Whether an earlier release, which knows neither settings nor states, does the right thing with
    /// it. Such a release takes a rule's subdomains for other domains, which only admits fewer users.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let Settings { enrollment, existing_users, roles, .. } = &self.settings;
        let automatic = |enrollment: &Enrollment| *enrollment == Enrollment::Automatic;
        automatic(enrollment)
            && existing_users.as_ref().is_none_or(automatic)
            && roles.is_none()
            && self.ownership.state.admits()
    }

    /// Since when it counts among the rules with this key.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.admits_since.unwrap_or(self.added_at)
    }
}
