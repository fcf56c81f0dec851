//! Rules: what an organization lists to say who belongs to it.
//!
//! A new kind of rule begins here. The compiler then names every place that has to answer for it.

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

    /// The name in storage and answers.
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

/// What identifies a rule within an organization: its kind, and a value of that kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKey {
    /// The domain of a proven address.
    EmailDomain(EmailDomain),
}

/// Why a text is not the value of a rule of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleKeyError {
    /// It is not an email domain.
    #[error(transparent)]
    EmailDomain(#[from] EmailDomainError),
}

impl RuleKey {
    /// Reads the value of a rule, as [`Self::value`] writes it.
    ///
    /// Normalises, and accepts what an earlier release has stored: whether a new rule is acceptable
    /// is decided where it is added.
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
    /// What identifies it.
    pub key: RuleKey,
    /// When it was added.
    pub added_at: Timestamp,
}
