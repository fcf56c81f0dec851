//! The JIT configuration of an organization: its email domains and its default roles.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::email_domain::EmailDomain;
use super::ids::OrganizationRoleId;
use super::version::Version;

/// An organization's email domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomains {
    /// Each domain, with the time when it was added.
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
    /// The domains to remove from the list.
    pub removed: Vec<EmailDomain>,
    /// The domains to add to the list.
    pub added: Vec<EmailDomain>,
}

/// Plans the steps from one set of domains to another, with at most `most` changes in each step.
/// Removals and additions alternate, so that the list never holds more domains than the larger set.
/// Without a change, there are no steps.
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
    /// Their ids, in the order in which they were added. Some may be ids of deleted roles, which
    /// have no effect.
    pub ids: Vec<OrganizationRoleId>,
    /// The list's version.
    pub version: Version,
}
