//! Rules. An organization lists rules, and users who satisfy one can join it.
//!
//! To add a kind of rule, add it here first. The compiler then names every place that has to handle
//! it.

use jiff::Timestamp;

use super::email_domain::{EmailDomain, EmailDomainError};

/// The kinds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// A proven address in an email domain.
    EmailDomain,
}

impl RuleKind {
    /// Every kind.
    pub const ALL: [Self; 1] = [Self::EmailDomain];

    /// The kind's name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailDomain => "email_domain",
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
}

/// Why a text is not a value of a kind of rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleKeyError {
    /// The text is not an email domain.
    #[error(transparent)]
    EmailDomain(#[from] EmailDomainError),
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
        match kind {
            RuleKind::EmailDomain => Ok(Self::EmailDomain(EmailDomain::normalise(value)?)),
        }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> RuleKind {
        match self {
            Self::EmailDomain(_) => RuleKind::EmailDomain,
        }
    }

    /// The value as text.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::EmailDomain(domain) => domain.as_str(),
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
}
