//! The JIT configuration of an organization: its rules and its default roles.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Timestamp;

use super::ids::OrganizationRoleId;
use super::ownership::{ChallengeToken, Ownership};
use super::rule::{RuleKey, RuleKind};
use super::version::Version;

/// An organization's rules of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleList {
    /// The key of each rule, with the time when it was added.
    pub rules: BTreeMap<RuleKey, Timestamp>,
    /// The list's version.
    pub version: Version,
}

impl RuleList {
    /// The most email domains that one organization can list.
    pub const MOST_EMAIL_DOMAINS: usize = 1_000;
    /// The most identity providers that one organization can list.
    pub const MOST_SSO_CONNECTORS: usize = 100;
    /// The most organizations that admit users by the same rule.
    pub const MOST_ORGANIZATIONS: usize = 50;
    /// The most organizations that list the same email domain, whether they admit users by it or not. An
    /// appearance reads all these entries of the index.
    pub const MOST_CLAIMS: usize = 1_000;

    /// A list that has never been written.
    pub(crate) const UNWRITTEN: Self = Self { rules: BTreeMap::new(), version: Version::new(0) };

    /// The most rules of a kind that one organization can list.
    #[must_use]
    pub const fn most(kind: RuleKind) -> usize {
        match kind {
            RuleKind::EmailDomain => Self::MOST_EMAIL_DOMAINS,
            RuleKind::SsoConnector => Self::MOST_SSO_CONNECTORS,
        }
    }
}

/// Who answers for an email domain that an organization begins to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DomainOwnership {
    /// The caller vouches for it. It admits at once.
    #[default]
    Vouched,
    /// A record in its DNS has to prove it first.
    Pending,
}

/// Why a text is not a [`DomainOwnership`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is neither `vouched` nor `pending`")]
pub struct NotADomainOwnership;

impl FromStr for DomainOwnership {
    type Err = NotADomainOwnership;

    fn from_str(text: &str) -> Result<Self, NotADomainOwnership> {
        match text {
            "vouched" => Ok(Self::Vouched),
            "pending" => Ok(Self::Pending),
            _ => Err(NotADomainOwnership),
        }
    }
}

impl DomainOwnership {
    /// The ownership of a domain that is listed from this moment on.
    #[must_use]
    pub fn begin(self, token: Option<ChallengeToken>, at: Timestamp) -> Ownership {
        match self {
            Self::Vouched => Ownership { token, ..Ownership::default() },
            Self::Pending => Ownership::pending(token, at),
        }
    }
}

/// One atomic part of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<T> {
    /// What to remove from the list.
    pub removed: Vec<T>,
    /// What to add to the list.
    pub added: Vec<T>,
}

impl<T> Default for Step<T> {
    fn default() -> Self {
        Self { removed: Vec::new(), added: Vec::new() }
    }
}

/// Plans the steps from one set of rules to another, with at most `most` changes in each step.
/// Removals and additions alternate, so that the list never holds more rules than the larger set.
/// Without a change, there are no steps.
#[must_use]
pub fn plan<T: Clone + Ord>(
    before: &BTreeSet<T>,
    after: &BTreeSet<T>,
    most: usize,
) -> Vec<Step<T>> {
    let mut removals = before.difference(after).cloned();
    let mut additions = after.difference(before).cloned();
    let mut steps = Vec::new();
    let mut step = Step::default();
    loop {
        let (removed, added) = (removals.next(), additions.next());
        if removed.is_none() && added.is_none() {
            break;
        }
        for (change, leaves) in [(removed, true), (added, false)] {
            let Some(entry) = change else { continue };
            if step.removed.len() + step.added.len() == most {
                steps.push(std::mem::take(&mut step));
            }
            if leaves {
                step.removed.push(entry);
            } else {
                step.added.push(entry);
            }
        }
    }
    if !step.removed.is_empty() || !step.added.is_empty() {
        steps.push(step);
    }
    steps
}

/// The roles that new members of an organization get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRoles {
    /// Their ids, in the order in which they were added. Some may be ids of deleted roles, which
    /// have no effect.
    pub ids: Vec<OrganizationRoleId>,
    /// The list's version.
    pub version: Version,
}
