//! The decision whether a person becomes a member of an organization. Every entry path and every
//! preview uses it.
//!
//! A decision is an ordered list of checks over facts, [`Check::ALL`]. The first check that fails
//! is the reason for a refusal. If every check passes, the user joins.

use super::email_address::{EmailAddress, EmailAddressError};
use super::ids::OrganizationId;
use super::membership::Account;
use super::provider::ProviderPolicy;
use super::public_mailbox::{MailboxPolicy, PublicDomain};
use super::rule::RuleKey;
use super::user::User;

/// What the operator decides about who joins.
#[derive(Clone, Debug, Default)]
pub struct JoinPolicy {
    /// Which organizations may list which public mailbox domains.
    pub mailboxes: MailboxPolicy,
    /// Which identity providers are trusted to verify addresses.
    pub providers: ProviderPolicy,
}

/// The facts about a person that are the same for every organization.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    policy: &'a JoinPolicy,
    person: Person<'a>,
    /// The parsed address; an error if there is none.
    address: Result<EmailAddress, EmailAddressError>,
    /// The reason why the person cannot join any organization, whatever it lists.
    refusal: Option<(Check, Reason)>,
}

#[derive(Clone, Copy, Debug)]
enum Person<'a> {
    /// A user of the pool.
    User(&'a User),
    /// A person without a user, who is assumed to prove the address.
    Assumed,
}

/// The facts about one organization and one person.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The organization.
    pub id: &'a OrganizationId,
    /// The organization's rule that matches the person; `None` if it lists no such rule, or no
    /// longer exists.
    pub rule: Option<RuleKey>,
    /// Whether the person is a member, or was removed.
    pub standing: Standing,
}

/// The relation of a person to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Neither a member nor removed.
    Stranger,
    /// A member already, by a rule or by hand.
    Member,
    /// The user has asked to become a member.
    Requested,
    /// Removed by an administrator: this user, or this address.
    Removed,
}

/// The decision about one person and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The result.
    pub outcome: Outcome,
    /// The checks that were made, in their order, each with its finding. A check that fails is the
    /// last one.
    pub checks: Vec<(Check, Finding)>,
}

/// The finding of a check: it passed, or the reason why it failed.
pub type Finding = Result<(), Reason>;

/// The result of a decision.
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
    /// The user has no email address.
    NoEmail,
    /// The address is not verified.
    EmailNotVerified,
    /// The address is not a plain one at a valid domain.
    EmailUnusable(EmailAddressError),
    /// The user is federated, and the provider can assert any address.
    ProviderNotTrusted,
    /// The Google account does not belong to the domain's owner.
    NotInHostedDomain,
    /// Anybody can have an address in the domain.
    PublicMailbox,
    /// Anybody can have a name below the domain.
    PublicSuffix,
    /// The organization does not list the domain, or no longer does.
    NotListed,
    /// An administrator has removed this user or this address.
    RemovedEarlier,
    /// The user is a member already.
    AlreadyMember,
    /// The user was deleted through the Management API, and something had read the user before.
    UserDeleted,
}

impl Reason {
    /// The reason's name in logs, metrics and previews.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::EmailNotVerified => "email_not_verified",
            Self::EmailUnusable(error) => error.code(),
            Self::ProviderNotTrusted => "provider_not_trusted",
            Self::NotInHostedDomain => "not_in_hosted_domain",
            Self::PublicMailbox => "public_mailbox",
            Self::PublicSuffix => "public_suffix",
            Self::NotListed => "not_listed",
            Self::RemovedEarlier => "removed_earlier",
            Self::AlreadyMember => "already_member",
            Self::UserDeleted => "user_deleted",
        }
    }
}

/// A check of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The user has an email address.
    EmailPresent,
    /// The address is verified.
    EmailVerified,
    /// The address is a plain one at a valid domain.
    ValidAddress,
    /// The user pool or a provider that verifies addresses has verified it.
    ProviderTrusted,
    /// A Google account belongs to the domain's owner, if the operator asks for that.
    InHostedDomain,
    /// The domain is neither a public mailbox domain nor a private suffix, or the operator has made
    /// an exception.
    NotPublicMailbox,
    /// The organization lists the domain.
    DomainListed,
    /// No administrator has removed the user or the address.
    NotRemoved,
    /// The user is not a member yet.
    NotMember,
}

impl Check {
    /// Every check, in the order in which they are made. Checks that do not depend on the
    /// organization come first.
    pub const ALL: [Self; 9] = [
        Self::EmailPresent,
        Self::EmailVerified,
        Self::ValidAddress,
        Self::ProviderTrusted,
        Self::InHostedDomain,
        Self::NotPublicMailbox,
        Self::DomainListed,
        Self::NotRemoved,
        Self::NotMember,
    ];

    /// Whether the check is about the proof of the address, and not about what can be joined by it.
    const fn is_about_proof(self) -> bool {
        match self {
            Self::EmailPresent
            | Self::EmailVerified
            | Self::ValidAddress
            | Self::ProviderTrusted
            | Self::InHostedDomain => true,
            Self::NotPublicMailbox | Self::DomainListed | Self::NotRemoved | Self::NotMember => {
                false
            }
        }
    }

    /// Makes the check. The answer is `None` where the check does not apply: a preview assumes that
    /// the person proves the address, and without an organization, only checks that do not depend
    /// on one can be made.
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
            Self::ProviderTrusted => {
                (facts.policy.providers.trusts(user?), Reason::ProviderNotTrusted)
            }
            Self::InHostedDomain => {
                let domain = facts.address.as_ref().ok()?.domain();
                let admitted = facts.policy.providers.admits_google_account(user?, domain);
                (admitted, Reason::NotInHostedDomain)
            }
            Self::NotPublicMailbox => {
                let domain = facts.address.as_ref().ok()?.domain();
                let admitted = match organization {
                    Some(organization) => facts.policy.mailboxes.admits(organization.id, domain),
                    None => facts.policy.mailboxes.may_match(domain),
                };
                return Some(admitted.map_err(|public| match public {
                    PublicDomain::Mailbox => Reason::PublicMailbox,
                    PublicDomain::Suffix => Reason::PublicSuffix,
                }));
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
    /// The facts about a user of the pool.
    #[must_use]
    pub fn of_user(user: &'a User, policy: &'a JoinPolicy) -> Self {
        Self::new(Person::User(user), user.email.as_deref().unwrap_or_default(), policy)
    }

    /// The facts about a person without a user, who is assumed to prove this address.
    #[must_use]
    pub fn of_address(email: &str, policy: &'a JoinPolicy) -> Self {
        Self::new(Person::Assumed, email, policy)
    }

    /// Makes the checks that are the same for every organization once.
    fn new(person: Person<'a>, email: &str, policy: &'a JoinPolicy) -> Self {
        let address = EmailAddress::parse(email);
        let mut facts = Self { policy, person, address, refusal: None };
        let last = facts.checked(None).pop();
        facts.refusal = last.and_then(|(check, finding)| Some((check, finding.err()?)));
        facts
    }

    /// The address that the person has proven. It may match the rules of organizations.
    ///
    /// # Errors
    /// The reason why the person cannot join any organization, whatever it lists.
    pub fn proven_address(&self) -> Result<&EmailAddress, Reason> {
        match &self.refusal {
            Some((_, reason)) => Err(reason.clone()),
            None => Ok(self.address.as_ref().expect("the address is checked")),
        }
    }

    /// What is kept about the person. A proven address is kept also if nobody can join by it,
    /// because everybody can have an address in its domain.
    #[must_use]
    pub fn account(&self) -> Account {
        let (user_name, email) = match self.person {
            Person::User(user) => (user.user_name.clone(), user.email.clone()),
            Person::Assumed => (None, None),
        };
        let is_proven = self.refusal.as_ref().is_none_or(|(check, _)| !check.is_about_proof());
        let proven = self.address.clone().ok().filter(|_| is_proven);
        Account { user_name, email, proven }
    }

    /// The rules that the person satisfies. The person can join an organization that lists one of
    /// them.
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

    /// The checks that apply, up to the first that fails.
    fn checked(&self, organization: Option<&Candidate<'_>>) -> Vec<(Check, Finding)> {
        let mut checks = Vec::new();
        for check in Check::ALL {
            let Some(finding) = check.make(self, organization) else { continue };
            let failed = finding.is_err();
            checks.push((check, finding));
            if failed {
                break;
            }
        }
        checks
    }
}
