//! Who becomes a member of what: the one decision that every entry path and every preview reads.
//!
//! It is one ordered list of checks over facts, [`Check::ALL`]. The first check that refuses
//! decides; if none does, the user joins.

use super::email_address::{EmailAddress, EmailAddressError};
use super::ids::OrganizationId;
use super::public_mailbox::MailboxPolicy;
use super::rule::RuleKey;
use super::user::User;

/// What is known of a person, whatever the organization.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    policy: &'a MailboxPolicy,
    person: Person<'a>,
    /// Present wherever there is an email at all.
    address: Result<EmailAddress, EmailAddressError>,
}

#[derive(Clone, Copy, Debug)]
enum Person<'a> {
    /// A user who appears.
    User(&'a User),
    /// A person whom nobody knows yet, and who is assumed to prove the address.
    Assumed,
}

/// One organization, as far as it matters to one person.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The organization.
    pub id: &'a OrganizationId,
    /// The rule of it that matches the person; none if it does not list one, or is gone.
    pub rule: Option<RuleKey>,
    /// How the person stands to it.
    pub standing: Standing,
}

/// How a person stands to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Neither a member nor removed.
    Stranger,
    /// A member already, whatever the reason.
    Member,
    /// Removed by an administrator, as this user or under this address.
    Removed,
}

/// What is decided about one person and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What follows.
    pub outcome: Outcome,
    /// The checks that were made, in their order, and what each found. The first that refuses is
    /// the last.
    pub checks: Vec<(Check, Finding)>,
}

/// What a check found: nothing wrong, or the reason for a refusal.
pub type Finding = Result<(), Reason>;

/// What follows from a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person becomes a member by this rule.
    Join(RuleKey),
    /// The person does not become a member.
    Refuse(Reason),
}

/// Why a person does not become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no address.
    NoEmail,
    /// Nobody has proven that the address is the user's.
    EmailNotVerified,
    /// The address is not a plain one at a valid domain.
    EmailUnusable(EmailAddressError),
    /// A federated user whose provider can assert any address.
    ProviderNotTrusted,
    /// Everybody can have an address in this domain.
    PublicMailbox,
    /// The organization does not list the domain, or not any more.
    NotListed,
    /// An administrator has removed this user or this address.
    RemovedEarlier,
    /// Nothing to do.
    AlreadyMember,
}

impl Reason {
    /// The name in logs, metrics and previews.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::EmailNotVerified => "email_not_verified",
            Self::EmailUnusable(error) => error.code(),
            Self::ProviderNotTrusted => "provider_not_trusted",
            Self::PublicMailbox => "public_mailbox",
            Self::NotListed => "not_listed",
            Self::RemovedEarlier => "removed_earlier",
            Self::AlreadyMember => "already_member",
        }
    }
}

/// A check of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The user has an email address.
    EmailPresent,
    /// Somebody has verified it.
    EmailVerified,
    /// It is a plain address at a valid domain.
    ValidAddress,
    /// Whoever verified it verifies addresses.
    ProviderTrusted,
    /// Not everybody can have an address in its domain, or the operator makes an exception.
    NotPublicMailbox,
    /// The organization lists its domain.
    DomainListed,
    /// No administrator has removed the user or the address.
    NotRemoved,
    /// The user is not a member yet.
    NotMember,
}

impl Check {
    /// Every check, in the order in which they are made. Those that hold for every organization
    /// alike come first.
    pub const ALL: [Self; 8] = [
        Self::EmailPresent,
        Self::EmailVerified,
        Self::ValidAddress,
        Self::ProviderTrusted,
        Self::NotPublicMailbox,
        Self::DomainListed,
        Self::NotRemoved,
        Self::NotMember,
    ];

    /// Makes the check; none where it does not apply: a preview assumes the proof, and without an
    /// organization only what holds for all of them can be checked.
    fn make(self, facts: &Facts<'_>, organization: Option<&Candidate<'_>>) -> Option<Finding> {
        let user = match facts.person {
            Person::User(user) => Some(user),
            Person::Assumed => None,
        };
        let (passes, reason) = match self {
            Self::EmailPresent => (user?.email.is_some(), Reason::NoEmail),
            Self::EmailVerified => (user?.email_verified, Reason::EmailNotVerified),
            Self::ValidAddress => {
                return Some(
                    facts
                        .address
                        .as_ref()
                        .map(drop)
                        .map_err(|error| Reason::EmailUnusable(error.clone())),
                );
            }
            Self::ProviderTrusted => (user?.has_trusted_provider(), Reason::ProviderNotTrusted),
            Self::NotPublicMailbox => {
                let domain = facts.address.as_ref().ok()?.domain();
                let admitted = match organization {
                    Some(organization) => facts.policy.admits(organization.id, domain),
                    None => facts.policy.may_match(domain),
                };
                (admitted, Reason::PublicMailbox)
            }
            Self::DomainListed => (organization?.rule.is_some(), Reason::NotListed),
            Self::NotRemoved => {
                (organization?.standing != Standing::Removed, Reason::RemovedEarlier)
            }
            Self::NotMember => {
                user?;
                (organization?.standing != Standing::Member, Reason::AlreadyMember)
            }
        };
        Some(if passes { Ok(()) } else { Err(reason) })
    }
}

impl<'a> Facts<'a> {
    /// What is known of a user who appears.
    #[must_use]
    pub fn of_user(user: &'a User, policy: &'a MailboxPolicy) -> Self {
        let address = EmailAddress::parse(user.email.as_deref().unwrap_or_default());
        Self { policy, person: Person::User(user), address }
    }

    /// What is known of a person whom nobody knows yet, if they prove that this address is theirs.
    #[must_use]
    pub fn of_address(email: &str, policy: &'a MailboxPolicy) -> Self {
        Self { policy, person: Person::Assumed, address: EmailAddress::parse(email) }
    }

    /// The address that the person has proven, and that some organization may be joined by.
    ///
    /// # Errors
    /// Why no organization can be joined, whatever it lists.
    pub fn proven_address(&self) -> Result<&EmailAddress, Reason> {
        match self.checked(None).pop() {
            Some((_, Err(reason))) => Err(reason),
            _ => Ok(self.address.as_ref().expect("the address is checked")),
        }
    }

    /// The rules that the person satisfies. An organization that lists one can be joined by it.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleKey> {
        let address = self.proven_address().ok();
        address.map(|address| RuleKey::EmailDomain(address.domain().clone())).into_iter().collect()
    }

    /// Decides about one organization.
    #[must_use]
    pub fn decide(&self, organization: &Candidate<'_>) -> Decision {
        let checks = self.checked(Some(organization));
        let outcome = match (checks.last(), &organization.rule) {
            (Some((_, Err(reason))), _) => Outcome::Refuse(reason.clone()),
            (_, Some(rule)) => Outcome::Join(rule.clone()),
            (_, None) => Outcome::Refuse(Reason::NotListed),
        };
        Decision { outcome, checks }
    }

    /// The checks that apply, up to the first that refuses.
    fn checked(&self, organization: Option<&Candidate<'_>>) -> Vec<(Check, Finding)> {
        let mut checks = Vec::new();
        for check in Check::ALL {
            let Some(finding) = check.make(self, organization) else { continue };
            let refused = finding.is_err();
            checks.push((check, finding));
            if refused {
                break;
            }
        }
        checks
    }
}
