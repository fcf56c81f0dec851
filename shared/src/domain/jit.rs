//! The JIT configuration of an organization: its email domains and its default roles.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::email_domain::EmailDomain;
use super::ids::OrganizationRoleId;

/// Counts the writes of one half of a JIT configuration; what an `ETag` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// The version of a list that was never written.
    pub const FIRST: Self = Self(1);

    /// A version as a client or the table gives it.
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

/// What a writer demands of the version that it overwrites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: the write applies to whatever is there.
    #[default]
    None,
    /// The version is one of these. At most [`Precondition::MOST`]; none at all never holds.
    OneOf(Vec<Version>),
}

impl Precondition {
    /// The most versions that one precondition can name: what DynamoDB's `IN` takes.
    pub const MOST: usize = 100;

    /// Whether a list of this version may be overwritten.
    #[must_use]
    pub fn holds(&self, version: Version) -> bool {
        match self {
            Self::None => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// An organization's email domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomains {
    /// Each domain, and when it was added.
    pub domains: BTreeMap<EmailDomain, Timestamp>,
    /// The list's version.
    pub version: Version,
}

impl EmailDomains {
    /// The most domains that one organization can list.
    pub const MOST: usize = 1_000;
    /// The most organizations that can list one domain.
    pub const MOST_ORGANIZATIONS: usize = 50;
}

/// One atomic part of a replacement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The domains that leave the list.
    pub removed: Vec<EmailDomain>,
    /// The domains that enter it.
    pub added: Vec<EmailDomain>,
}

/// Plans how to get from one set of domains to another in steps of at most `most` changes each.
/// Removals and additions alternate, so that the list never holds more than the larger of both.
/// Nothing to change is no step.
#[must_use]
pub fn plan(
    before: &BTreeSet<EmailDomain>,
    after: &BTreeSet<EmailDomain>,
    most: usize,
) -> Vec<Step> {
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
            let Some(domain) = change else { continue };
            if step.removed.len() + step.added.len() == most {
                steps.push(std::mem::take(&mut step));
            }
            if leaves {
                step.removed.push(domain);
            } else {
                step.added.push(domain);
            }
        }
    }
    if step != Step::default() {
        steps.push(step);
    }
    steps
}

/// The roles that new members of an organization get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRoles {
    /// Their ids, in the order in which they were added. Ids of deleted roles may linger and mean
    /// nothing.
    pub ids: Vec<OrganizationRoleId>,
    /// The list's version.
    pub version: Version,
}
