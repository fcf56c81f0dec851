//! The decision whether a person becomes a member of an organization, or asks to become one. Every
//! entry path and every preview uses it.
//!
//! For each kind of rule there are ordered checks over facts: first of the person, then of the
//! organization's rule. The first check that fails is the reason for a refusal. If the kinds of rules
//! say different things, the better outcome counts.

use jiff::Timestamp;

use super::email_address::{AddressDigest, EmailAddress, EmailAddressError};
use super::email_domain::EmailDomain;
use super::ids::OrganizationId;
use super::membership::{Account, FreshProof, Proof};
use super::provider::{ProviderName, ProviderPolicy, is_public_provider};
use super::public_mailbox::{MailboxPolicy, PublicDomain};
use super::rule::{AdmittedAddresses, Enrollment, Rule, RuleKey, RuleKind};
use super::user::{SignInProvider, User};

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
    /// Whether the person proves something now.
    proof: Proof,
    /// The parsed address; an error if there is none.
    address: Result<EmailAddress, EmailAddressError>,
    /// The domain of the address and those above it, the most specific first.
    domains: Vec<EmailDomain>,
    /// The providers that the person can sign in through and an organization can list.
    providers: Vec<SignInProvider>,
    /// The digests of the identities at all providers.
    identities: Vec<AddressDigest>,
    /// The reason why no address satisfies the rule of an email domain, whatever organizations list.
    refusal: Option<(Check, Reason)>,
}

#[derive(Clone, Copy, Debug)]
enum Person<'a> {
    /// A user of the pool.
    User(&'a User),
    /// A person without a user.
    Assumed(&'a Assumed),
}

/// A person without a user, who is assumed to prove an address.
#[derive(Clone, Debug)]
pub struct Assumed {
    /// The address.
    pub email: String,
    /// The provider that the person signs in through. `None` if only the user pool itself.
    pub provider: Option<ProviderName>,
    /// When the person has proven the address.
    pub proof: Proof,
}

/// The facts about one organization and one person.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The organization.
    pub id: &'a OrganizationId,
    /// The organization's rules with the keys of [`Facts::deciding`]. Empty if it lists none of them,
    /// or no longer exists.
    pub rules: &'a [Rule],
    /// Whether the person is a member, has asked to be one, or was removed.
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
    /// Removed by an administrator: this user, this address, or an identity of the user's.
    Removed,
}

/// The decision about one person and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The result.
    pub outcome: Outcome,
    /// The rule that decided. `None` if the organization lists none that the person satisfies, or the
    /// person satisfies none.
    pub rule: Option<RuleKey>,
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
    /// The person asks to become a member, by this rule.
    Request(RuleKey),
    /// The person does not become a member.
    Refuse(Reason),
}

impl Outcome {
    /// The better one of two outcomes is larger.
    const fn rank(&self) -> u8 {
        match self {
            Self::Join(_) => 2,
            Self::Request(_) => 1,
            Self::Refuse(_) => 0,
        }
    }
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
    /// The organization lists the domain, and nobody has proven it or vouches for it.
    DomainNotProven,
    /// The organization's rule admits nobody, or no account that was there before.
    EnrollmentOff,
    /// The address is not in a domain that the organization lists and has proven, and the rule of the
    /// provider asks for that.
    AddressNotInListedDomain,
    /// The user has asked to become a member already.
    AlreadyRequested,
    /// An administrator has removed this user, this address, or an identity of the user's.
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
            Self::DomainNotProven => "domain_not_proven",
            Self::EnrollmentOff => "enrollment_off",
            Self::AddressNotInListedDomain => "address_not_in_listed_domain",
            Self::AlreadyRequested => "already_requested",
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
    /// The organization lists the domain, or one above it with its subdomains.
    DomainListed,
    /// The organization lists a provider that the person can sign in through.
    ProviderListed,
    /// No administrator has removed the user, the address or the identity.
    NotRemoved,
    /// The user is not a member yet.
    NotMember,
    /// Somebody has proven the domain, or vouches for it.
    DomainProven,
    /// The rule admits somebody: by its enrollment, or for an account that was there before by what it
    /// says about those.
    EnrollmentOn,
    /// The user has not asked to become a member yet, where a rule makes requests.
    NotRequested,
    /// The address is in a domain that the organization lists and has proven, if the rule of the
    /// provider asks for that.
    AddressInListedDomain,
}

/// What the checks of a rule are about.
#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    organization: &'a Candidate<'a>,
    /// The rule that decides; `None` if the organization lists none.
    rule: Option<&'a Rule>,
    /// Whether all rules of the organization are known.
    is_final: bool,
}

impl Check {
    /// The checks of a person's address, in their order. Only a person who passes them satisfies the
    /// rule of an email domain. An identity at a provider needs no such proof.
    pub const OF_ADDRESS: [Self; 6] = [
        Self::EmailPresent,
        Self::EmailVerified,
        Self::ValidAddress,
        Self::ProviderTrusted,
        Self::InHostedDomain,
        Self::NotPublicMailbox,
    ];

    /// The checks of an organization's rule for an email domain, in their order.
    pub const OF_EMAIL_DOMAIN: [Self; 6] = [
        Self::DomainListed,
        Self::NotRemoved,
        Self::NotMember,
        Self::DomainProven,
        Self::EnrollmentOn,
        Self::NotRequested,
    ];

    /// The checks of an organization's rule for an identity provider, in their order.
    pub const OF_SSO_CONNECTOR: [Self; 6] = [
        Self::ProviderListed,
        Self::NotRemoved,
        Self::NotMember,
        Self::EnrollmentOn,
        Self::NotRequested,
        Self::AddressInListedDomain,
    ];

    /// The checks of a kind of rule, in their order: of the person, and then of the rule.
    const fn all_of(kind: RuleKind) -> [&'static [Self]; 2] {
        match kind {
            RuleKind::EmailDomain => [&Self::OF_ADDRESS, &Self::OF_EMAIL_DOMAIN],
            RuleKind::SsoConnector => [&[], &Self::OF_SSO_CONNECTOR],
        }
    }

    /// Makes the check. The answer is `None` where the check does not apply: a preview assumes that
    /// the person proves the address, and without an organization, only checks that do not depend
    /// on one can be made.
    fn make(self, facts: &Facts<'_>, case: Option<Case<'_>>) -> Option<Finding> {
        let user = match facts.person {
            Person::User(user) => Some(user),
            Person::Assumed(_) => None,
        };
        let rule = || case?.rule;
        let standing = || Some(case?.organization.standing);
        let (passes, reason) = match self {
            Self::EmailPresent => (user?.email.is_some(), Reason::NoEmail),
            Self::EmailVerified => (user?.email_verified, Reason::EmailNotVerified),
            Self::ValidAddress => {
                let address = facts.address.as_ref();
                return Some(address.map(drop).map_err(|it| Reason::EmailUnusable(it.clone())));
            }
            Self::ProviderTrusted => (facts.is_provider_trusted()?, Reason::ProviderNotTrusted),
            Self::InHostedDomain => {
                let domain = facts.address.as_ref().ok()?.domain();
                let admitted = facts.policy.providers.admits_google_account(user?, domain);
                (admitted, Reason::NotInHostedDomain)
            }
            Self::NotPublicMailbox => {
                let domain = facts.address.as_ref().ok()?.domain();
                let admitted = match case {
                    Some(case) => facts.policy.mailboxes.admits(case.organization.id, domain),
                    None => facts.policy.mailboxes.may_match(domain),
                };
                return Some(admitted.map_err(|public| match public {
                    PublicDomain::Mailbox => Reason::PublicMailbox,
                    PublicDomain::Suffix => Reason::PublicSuffix,
                }));
            }
            Self::DomainListed | Self::ProviderListed => (case?.rule.is_some(), Reason::NotListed),
            Self::NotRemoved => (standing()? != Standing::Removed, Reason::RemovedEarlier),
            Self::NotMember => {
                user?;
                (standing()? != Standing::Member, Reason::AlreadyMember)
            }
            Self::DomainProven => (rule()?.ownership.state.admits(), Reason::DomainNotProven),
            Self::EnrollmentOn => {
                (facts.enrollment(rule()?) != Enrollment::Off, Reason::EnrollmentOff)
            }
            Self::NotRequested => {
                user?;
                if facts.enrollment(rule()?) != Enrollment::Request {
                    return None;
                }
                (standing()? != Standing::Requested, Reason::AlreadyRequested)
            }
            Self::AddressInListedDomain => {
                if rule()?.settings.addresses == AdmittedAddresses::Any {
                    return None;
                }
                let listed = facts.has_address_in_proven_domain(case?.organization);
                (listed || !case?.is_final, Reason::AddressNotInListedDomain)
            }
        };
        Some(if passes { Ok(()) } else { Err(reason) })
    }
}

impl<'a> Facts<'a> {
    /// The most domains whose rules one address can satisfy.
    pub const MOST_DOMAINS: usize = EmailDomain::MOST_LABELS_WITH_SUBDOMAINS;

    /// The facts about a user of the pool.
    #[must_use]
    pub fn of_user(user: &'a User, proof: Proof, policy: &'a JoinPolicy) -> Self {
        let email = user.email.as_deref().unwrap_or_default();
        let identities = (user.providers(), user.identity_digests());
        Self::new(Person::User(user), proof, email, identities, policy)
    }

    /// The facts about a person without a user.
    #[must_use]
    pub fn of_assumed(assumed: &'a Assumed, policy: &'a JoinPolicy) -> Self {
        let Assumed { email, provider, proof } = assumed;
        let listable = provider.iter().filter(|name| !is_public_provider(name, None));
        let providers = listable.map(|provider| (provider.clone(), None)).collect();
        Self::new(Person::Assumed(assumed), *proof, email, (providers, Vec::new()), policy)
    }

    /// Makes the checks that are the same for every organization once.
    fn new(
        person: Person<'a>,
        proof: Proof,
        email: &str,
        (providers, identities): (Vec<SignInProvider>, Vec<AddressDigest>),
        policy: &'a JoinPolicy,
    ) -> Self {
        let address = EmailAddress::parse(email);
        let domains = address.as_ref().map(|address| domains(address.domain())).unwrap_or_default();
        let refusal = None;
        let mut facts =
            Self { policy, person, proof, address, domains, providers, identities, refusal };
        let last = facts.checked(&[&Check::OF_ADDRESS], None).pop();
        facts.refusal = last.and_then(|(check, finding)| Some((check, finding.err()?)));
        facts
    }

    /// The facts of a person for whom a fresh proof may have been kept. If it still counts, the person
    /// proves the address now.
    #[must_use]
    pub fn with_kept_proof(self, kept: Option<&FreshProof>, at: Timestamp) -> Self {
        let counts = |address| kept.is_some_and(|kept| kept.counts(at, address));
        let proof = if self.proven_address().is_ok_and(counts) { Proof::Fresh } else { self.proof };
        Self { proof, ..self }
    }

    /// The address that the person has proven. It may satisfy the rules of email domains.
    ///
    /// # Errors
    /// The reason why it satisfies none, whatever organizations list.
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
            Person::Assumed(_) => (None, None),
        };
        let is_proven =
            self.refusal.as_ref().is_none_or(|(check, _)| *check == Check::NotPublicMailbox);
        let proven = self.address.clone().ok().filter(|_| is_proven);
        Account { user_name, email, proven, identities: self.identities.clone() }
    }

    /// The rules that the person satisfies, if an organization lists them so. The person can join or
    /// ask to join an organization that lists one of them. At most [`User::MOST_PROVIDERS`] are
    /// providers, and at most [`Self::MOST_DOMAINS`] are domains.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleKey> {
        let domains = if self.refusal.is_none() { &*self.domains } else { &[] };
        self.keys(domains)
    }

    /// The rules that a decision about one organization depends on: [`Self::rules`], and the domains
    /// of an address that only a provider asserts, which the rule of that provider may ask for.
    #[must_use]
    pub fn deciding(&self) -> Vec<RuleKey> {
        if self.providers.is_empty() { self.rules() } else { self.keys(&self.domains) }
    }

    fn keys(&self, domains: &[EmailDomain]) -> Vec<RuleKey> {
        let providers = self.providers.iter().map(|(name, _)| RuleKey::SsoConnector(name.clone()));
        providers.chain(domains.iter().cloned().map(RuleKey::EmailDomain)).collect()
    }

    /// The digests whose marks keep the person out: of the address, and of the identities. The address
    /// counts also if only a provider asserts it, because its mark can only refuse the person who asserts
    /// it. What a removal marks is less: [`Self::account`] has it, without an asserted address. A person
    /// who satisfies no rule needs none.
    #[must_use]
    pub fn refusing_digests(&self) -> Vec<AddressDigest> {
        if self.rules().is_empty() {
            return Vec::new();
        }
        let address = self.address.as_ref().ok().map(EmailAddress::digest);
        address.into_iter().chain(self.identities.iter().cloned()).collect()
    }

    /// The digest of what satisfies a rule: of the address, or of the identity at the provider.
    #[must_use]
    pub fn digest_for(&self, rule: &RuleKey) -> Option<AddressDigest> {
        match rule {
            RuleKey::EmailDomain(_) => self.proven_address().ok().map(EmailAddress::digest),
            RuleKey::SsoConnector(provider) => {
                self.providers.iter().find(|(name, _)| name == provider)?.1.clone()
            }
        }
    }

    /// Whether the person satisfies a rule with one of the keys of [`Self::rules`], as its settings are.
    #[must_use]
    pub fn satisfies(&self, rule: &Rule) -> bool {
        match &rule.key {
            RuleKey::EmailDomain(domain) => {
                self.domains.first() == Some(domain) || rule.settings.subdomains
            }
            RuleKey::SsoConnector(_) => true,
        }
    }

    /// Decides about one organization.
    #[must_use]
    pub fn decide(&self, organization: &Candidate<'_>) -> Decision {
        self.decided(organization, true)
    }

    /// Whether the person may join an organization, or ask to, by those of its rules that are known. It
    /// may have others.
    #[must_use]
    pub fn may_admit(&self, organization: &Candidate<'_>) -> bool {
        !matches!(self.decided(organization, false).outcome, Outcome::Refuse(_))
    }

    /// Decides by the provider that has the best outcome, or by the domain if its outcome is better.
    fn decided(&self, organization: &Candidate<'_>, is_final: bool) -> Decision {
        let by = |kind, rule| self.decided_by(kind, Case { organization, rule, is_final });
        let listed = self.providers.iter().filter_map(|(name, _)| {
            let key = RuleKey::SsoConnector(name.clone());
            organization.rules.iter().find(|rule| rule.key == key)
        });
        let by_providers = listed.map(|rule| by(RuleKind::SsoConnector, Some(rule)));
        let by_domain = by(RuleKind::EmailDomain, self.most_specific(organization));
        let better = |first: Decision, other: Decision| {
            if other.outcome.rank() > first.outcome.rank() { other } else { first }
        };
        by_providers.chain([by_domain]).reduce(better).expect("the domain always decides")
    }

    fn decided_by(&self, kind: RuleKind, case: Case<'_>) -> Decision {
        let checks = self.checked(&Check::all_of(kind), Some(case));
        let rule = case.rule;
        let outcome = match (checks.last(), rule) {
            (Some((_, Err(reason))), _) => Outcome::Refuse(reason.clone()),
            (_, None) => Outcome::Refuse(Reason::NotListed),
            (_, Some(rule)) => match self.enrollment(rule) {
                Enrollment::Automatic => Outcome::Join(rule.key.clone()),
                Enrollment::Request => Outcome::Request(rule.key.clone()),
                Enrollment::Off => Outcome::Refuse(Reason::EnrollmentOff),
            },
        };
        Decision { outcome, rule: rule.map(|rule| rule.key.clone()), checks }
    }

    /// The checks that apply, up to the first that fails.
    fn checked(&self, lists: &[&[Check]], case: Option<Case<'_>>) -> Vec<(Check, Finding)> {
        let mut checks = Vec::new();
        for check in lists.iter().copied().flatten() {
            let Some(finding) = check.make(self, case) else { continue };
            let failed = finding.is_err();
            checks.push((*check, finding));
            if failed {
                break;
            }
        }
        checks
    }

    /// What a rule does for the person.
    fn enrollment(&self, rule: &Rule) -> Enrollment {
        let settings = &rule.settings;
        match self.proof {
            Proof::Fresh => settings.enrollment,
            Proof::Earlier => settings.existing_users.unwrap_or(settings.enrollment),
        }
    }

    /// Whether the person's address was verified by the user pool or by trusted providers alone. `None`
    /// where that is assumed.
    fn is_provider_trusted(&self) -> Option<bool> {
        let providers = &self.policy.providers;
        match self.person {
            Person::User(user) => Some(providers.trusts(user)),
            Person::Assumed(assumed) => {
                assumed.provider.as_ref().map(|provider| providers.trusts_provider(provider))
            }
        }
    }

    /// The most specific of an organization's rules for the domain of the address that admit, or else
    /// of those that do not.
    fn most_specific<'b>(&self, organization: &Candidate<'b>) -> Option<&'b Rule> {
        if self.refusal.is_some() {
            return None;
        }
        let admits = |rule: &&Rule| rule.ownership.state.admits();
        let mut matching = self.matching(organization);
        self.matching(organization).find(admits).or_else(|| matching.next())
    }

    /// The organization's rules that match the domain of the address, the most specific first.
    fn matching<'b>(&self, organization: &Candidate<'b>) -> impl Iterator<Item = &'b Rule> {
        let rules = organization.rules;
        self.domains.iter().filter_map(move |domain| {
            let key = RuleKey::EmailDomain(domain.clone());
            rules.iter().find(|rule| rule.key == key && self.satisfies(rule))
        })
    }

    /// Whether the address is verified, or a provider asserts it. An account of the pool with linked
    /// identities can set any address itself, which then is not verified.
    fn is_address_asserted(&self) -> bool {
        match self.person {
            Person::User(user) => {
                user.email_verified || user.status.as_deref() == Some(User::FEDERATED)
            }
            Person::Assumed(_) => true,
        }
    }

    /// Whether the address is verified or asserted, and in a domain that the organization lists and has
    /// proven.
    fn has_address_in_proven_domain(&self, organization: &Candidate<'_>) -> bool {
        let Ok(address) = &self.address else { return false };
        self.is_address_asserted()
            && self.policy.mailboxes.admits(organization.id, address.domain()).is_ok()
            && self.matching(organization).any(|rule| rule.ownership.state.is_proven())
    }
}

/// A domain, and those above it whose rules can include it: all but the public ones.
fn domains(domain: &EmailDomain) -> Vec<EmailDomain> {
    let above = domain.parents().filter(|parent| !MailboxPolicy::is_public(parent));
    std::iter::once(domain.clone()).chain(above).collect()
}
