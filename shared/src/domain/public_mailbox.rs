//! Domains that no organization has for itself. Anybody can have a mailbox in a public mailbox
//! domain, or a name below a public suffix. An organization that listed one would get strangers as
//! members.

use std::cmp::Ordering;

use super::email_domain::{EmailDomain, EmailDomainError};
use super::ids::OrganizationId;

/// One domain per line in byte order, after header lines that begin with `#`, which sorts before
/// every domain. `data/refresh-public-mailbox-domains.py` writes the file.
const PUBLIC_MAILBOX_DOMAINS: &str = include_str!("../../data/public-mailbox-domains.txt");

/// Whether anybody can get an address in the domain: a free or disposable mailbox, a forwarder, or
/// a consumer internet provider. Subdomains of such a domain do not count.
pub fn is_public_mailbox(domain: &EmailDomain) -> bool {
    contains_line(PUBLIC_MAILBOX_DOMAINS.as_bytes(), domain.as_str().as_bytes())
}

/// Searches the text itself by bisection. An index would have to be built at every start of every
/// function.
fn contains_line(sorted_lines: &[u8], wanted: &[u8]) -> bool {
    let mut rest = sorted_lines;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let is_newline = |byte: &u8| *byte == b'\n';
        let start = rest[..middle].iter().rposition(is_newline).map_or(0, |newline| newline + 1);
        let end = rest[middle..].iter().position(is_newline).map_or(rest.len(), |it| middle + it);
        rest = match rest[start..end].cmp(wanted) {
            Ordering::Equal => return true,
            Ordering::Less => rest.get(end + 1..).unwrap_or_default(),
            Ordering::Greater => &rest[..start],
        };
    }
    false
}

/// Why an organization may not list a domain without an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicDomain {
    /// Anybody can have an address in it: [`is_public_mailbox`].
    Mailbox,
    /// Anybody can have a name below it: [`EmailDomain::is_private_suffix`].
    Suffix,
}

/// The domains that an organization may list: all except public mailbox domains and private
/// suffixes, with the operator's exceptions. Provisioning applies the policy too.
#[derive(Clone, Debug, Default)]
pub struct MailboxPolicy {
    exceptions: Vec<(OrganizationId, EmailDomain)>,
}

impl MailboxPolicy {
    /// Reads the operator's exceptions, pairs of organization and domain:
    /// `org_1:gmail.com, org_2:github.io`. An empty text means no exceptions. A registry's suffix is
    /// never admitted. Such a pair is logged and left out, because a newer public suffix list may have
    /// made a registry's suffix of a company's.
    ///
    /// # Errors
    ///
    /// When a pair is not an organization id, a colon and an email domain. The error names the
    /// first such pair.
    pub fn parse(parameter: &str) -> Result<Self, MailboxPolicyError> {
        let exceptions = parameter
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
            .map(|pair| exception(pair).ok_or_else(|| MailboxPolicyError { pair: pair.to_owned() }))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { exceptions: exceptions.into_iter().flatten().collect() })
    }

    /// Whether the organization may list the domain, and users may join it by the domain.
    ///
    /// # Errors
    ///
    /// When it may not.
    pub fn admits(
        &self,
        organization: &OrganizationId,
        domain: &EmailDomain,
    ) -> Result<(), PublicDomain> {
        self.check(domain, |id| id == organization)
    }

    /// Whether any organization may list the domain. If not, nothing has to be looked up.
    ///
    /// # Errors
    ///
    /// When none may.
    pub fn may_match(&self, domain: &EmailDomain) -> Result<(), PublicDomain> {
        self.check(domain, |_| true)
    }

    /// Whether the domain is public in any way. A rule for such a domain never admits addresses in its
    /// subdomains, whatever the exceptions.
    #[must_use]
    pub fn is_public(domain: &EmailDomain) -> bool {
        is_public_mailbox(domain) || EmailDomain::is_public_suffix(domain)
    }

    fn check(
        &self,
        domain: &EmailDomain,
        concerns: impl Fn(&OrganizationId) -> bool,
    ) -> Result<(), PublicDomain> {
        let public = if is_public_mailbox(domain) {
            PublicDomain::Mailbox
        } else if domain.is_private_suffix() {
            PublicDomain::Suffix
        } else {
            return Ok(());
        };
        let excepted = self.exceptions.iter().any(|(id, it)| it == domain && concerns(id));
        if excepted { Ok(()) } else { Err(public) }
    }
}

/// The exception that a pair means, or `Some(None)` if its domain is a registry's suffix.
fn exception(pair: &str) -> Option<Option<(OrganizationId, EmailDomain)>> {
    let (organization, domain) = pair.split_once(':')?;
    let organization = OrganizationId::parse(organization.trim()).ok()?;
    match EmailDomain::parse(domain) {
        Ok(domain) => Some(Some((organization, domain))),
        Err(EmailDomainError::PublicSuffix(_)) => {
            tracing::warn!(pair, "no exception for a public domain: this is a registry's suffix");
            Some(None)
        }
        Err(_) => None,
    }
}

/// A pair of the operator's exceptions that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pair:?} is not an exception for a public domain: write an organization id, a colon and an \
     email domain, as in org_1:gmail.com"
)]
pub struct MailboxPolicyError {
    pair: String,
}
