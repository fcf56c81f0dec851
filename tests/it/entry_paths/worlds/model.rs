//! What has to happen in a world, by the tables of `docs/security.md`. It shares no code with what it is
//! compared with.

use std::fmt;

use shared::domain::ownership::OwnershipState;
use shared::domain::rule::{Enrollment, RuleKind};

use super::super::rules::Way;
use super::given::{self, Given, Listed, Organization, Past};

/// What happens to a person at an organization.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Refuse(&'static str),
    Request(&'static str),
    Join(&'static str, Vec<&'static str>),
}

impl Verdict {
    fn rank(&self) -> u8 {
        match self {
            Self::Refuse(_) => 0,
            Self::Request(_) => 1,
            Self::Join(..) => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(reason) => formatter.write_str(reason),
            Self::Request(rule) => write!(formatter, "request by {rule}"),
            Self::Join(rule, roles) => {
                write!(formatter, "member by {rule} as [{}]", roles.join(" "))
            }
        }
    }
}

/// The relation of a person to an organization.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Stranger,
    Member,
    Requested,
    Removed,
}

/// What is known about a person: of a user, or as a preview assumes it.
struct Known {
    domain: Option<String>,
    /// The reason why the address satisfies no rule.
    refusal: Option<&'static str>,
    providers: Vec<&'static str>,
    is_fresh: bool,
    /// Whether the address is the provider's, or verified. A preview assumes so.
    is_asserted: bool,
    standing: Standing,
}

/// What a preview says.
pub(super) fn previewed(given: &Given, organization: &Organization) -> Verdict {
    let person = &given.person;
    let providers: Vec<_> = person.provider().into_iter().collect();
    let is_trusted = providers.iter().all(|provider| given.trusts(provider));
    let domain = domain(given);
    let refusal = match &domain {
        None => unusable(given),
        Some(_) if !is_trusted => Some("provider_not_trusted"),
        Some(domain) => public(domain, given.has_exception),
    };
    // The account is not known, and neither is the identity. What is known is the address.
    let standing = match organization.past {
        Past::AddressRemoved | Past::Declined if domain.is_some() => Standing::Removed,
        Past::Removed if unproven(given).is_none() => Standing::Removed,
        _ => Standing::Stranger,
    };
    let is_fresh = person.way != Way::Token;
    let is_asserted = true;
    decide(
        given,
        organization,
        &Known { domain, refusal, providers, is_fresh, is_asserted, standing },
    )
}

/// What provisioning decides.
pub(super) fn done(given: &Given, organization: &Organization) -> Verdict {
    let person = &given.person;
    let domain = domain(given);
    let providers: Vec<_> = person.identities.iter().map(|(name, _)| *name).collect();
    let refusal = unproven(given)
        .or_else(|| public(domain.as_deref().unwrap_or_default(), given.has_exception));
    let standing = match organization.past {
        Past::Member => Standing::Member,
        Past::Requested => Standing::Requested,
        Past::Declined | Past::Removed => Standing::Removed,
        Past::AddressRemoved if domain.is_some() => Standing::Removed,
        Past::IdentityRemoved if providers.contains(&"okta") => Standing::Removed,
        Past::Stranger | Past::AddressRemoved | Past::IdentityRemoved => Standing::Stranger,
    };
    let is_fresh = person.way != Way::Token;
    // A linked account can change its own address, and has not proven it then.
    let is_asserted = !person.is_linked || person.is_verified;
    decide(
        given,
        organization,
        &Known { domain, refusal, providers, is_fresh, is_asserted, standing },
    )
}

/// What the person has in the end, as [`super::held`] says it.
pub(super) fn held(given: &Given, organization: &Organization) -> Option<String> {
    let id = organization.id;
    let address_rule = domain(given).unwrap_or_default();
    match (done(given, organization), organization.past) {
        (_, Past::Member) => Some(format!("{id} member by  as []")),
        (Verdict::Refuse(_), Past::Requested) => Some(format!("{id} request by {address_rule}")),
        (Verdict::Refuse(_), _) => None,
        (verdict, _) => Some(format!("{id} {verdict}")),
    }
}

fn domain(given: &Given) -> Option<String> {
    let email = given.person.email.filter(|email| given::is_address(email))?;
    email.split_once('@').map(|(_, domain)| domain.to_ascii_lowercase())
}

/// The reason why a text is no address.
fn unusable(given: &Given) -> Option<&'static str> {
    Some(match given.person.email {
        None => "no_email",
        Some(email) if email.contains('"') => "email_address.quoted_local_part",
        Some(_) => "email_address.invalid",
    })
}

/// The reason why a user has not proven an address.
fn unproven(given: &Given) -> Option<&'static str> {
    let person = &given.person;
    let Some(domain) = domain(given) else {
        return if person.email.is_some() && !person.is_verified {
            Some("email_not_verified")
        } else {
            unusable(given)
        };
    };
    // Without `identities`, nothing says of which type the provider is.
    let is_trusted = !person.is_only_named
        && person.identities.iter().all(|(provider, _)| given.trusts(provider));
    let is_at_google = !person.is_only_named
        && person.identities.iter().any(|(provider, _)| *provider == "Google");
    let is_hosted = !given.hosted_domain_counts
        || !is_at_google
        || person.hosted_domain == Some(domain.as_str());
    match () {
        () if !person.is_verified => Some("email_not_verified"),
        () if !is_trusted => Some("provider_not_trusted"),
        () if !is_hosted => Some("not_in_hosted_domain"),
        () => None,
    }
}

/// The reason why nobody joins by an address in this domain.
fn public(domain: &str, has_exception: bool) -> Option<&'static str> {
    match domain {
        "gmail.com" if !has_exception => Some("public_mailbox"),
        "github.io" => Some("public_suffix"),
        _ => None,
    }
}

fn decide(given: &Given, organization: &Organization, known: &Known) -> Verdict {
    let of_kind = |kind| organization.rules.iter().filter(move |listed| listed.kind() == kind);
    let mut best: Option<Verdict> = None;
    for provider in &known.providers {
        let listed = of_kind(RuleKind::SsoConnector).find(|listed| listed.value == *provider);
        let Some(listed) = listed else { continue };
        let verdict = by_provider(given, organization, known, listed);
        if best.as_ref().is_none_or(|best| verdict.rank() > best.rank()) {
            best = Some(verdict);
        }
    }
    let by_domain = by_domain(given, organization, known);
    match best {
        Some(best) if best.rank() >= by_domain.rank() => best,
        _ => by_domain,
    }
}

fn by_provider(
    given: &Given,
    organization: &Organization,
    known: &Known,
    listed: &Listed,
) -> Verdict {
    let verdict = by_enrollment(organization, known, listed);
    if matches!(verdict, Verdict::Refuse(_)) || !listed.is_for_listed {
        return verdict;
    }
    let is_proven =
        |rule: &&Listed| matches!(rule.state, OwnershipState::Proven | OwnershipState::Failing);
    let is_listed = known.domain.as_deref().is_some_and(|domain| {
        let may_list = public(domain, given.has_exception && organization.id == "acme").is_none();
        may_list && matching(organization, domain).iter().any(is_proven)
    });
    if is_listed && known.is_asserted {
        verdict
    } else {
        Verdict::Refuse("address_not_in_listed_domain")
    }
}

fn by_domain(given: &Given, organization: &Organization, known: &Known) -> Verdict {
    if let Some(reason) = known.refusal {
        return Verdict::Refuse(reason);
    }
    let domain = known.domain.as_deref().expect("an address that is not refused");
    if let Some(reason) = public(domain, given.has_exception && organization.id == "acme") {
        return Verdict::Refuse(reason);
    }
    let matching = matching(organization, domain);
    let admits =
        |rule: &&&Listed| !matches!(rule.state, OwnershipState::Pending | OwnershipState::Lapsed);
    match matching.iter().find(admits) {
        Some(listed) => by_enrollment(organization, known, listed),
        None if matching.is_empty() => Verdict::Refuse("not_listed"),
        None if known.standing == Standing::Removed => Verdict::Refuse("removed_earlier"),
        None => Verdict::Refuse("domain_not_proven"),
    }
}

/// The rules for a domain and those above it, the most specific first.
fn matching<'a>(organization: &'a Organization, domain: &str) -> Vec<&'a Listed> {
    let is_public = |domain: &str| domain == "gmail.com" || domain == "github.io";
    let matches = |listed: &&Listed| {
        let is_above = listed.subdomains
            && !is_public(listed.value)
            && domain.ends_with(&format!(".{}", listed.value));
        listed.kind() == RuleKind::EmailDomain && (listed.value == domain || is_above)
    };
    let mut matching: Vec<_> = organization.rules.iter().filter(matches).collect();
    matching.sort_by_key(|listed| std::cmp::Reverse(listed.value.len()));
    matching
}

fn by_enrollment(organization: &Organization, known: &Known, listed: &Listed) -> Verdict {
    let existing = listed.existing_users.unwrap_or(listed.enrollment);
    let enrollment = if known.is_fresh { listed.enrollment } else { existing };
    let roles = match listed.has_own_role {
        None if organization.has_default_role => vec!["Default"],
        Some(true) => vec!["Own"],
        None | Some(false) => Vec::new(),
    };
    match (known.standing, enrollment) {
        (Standing::Removed, _) => Verdict::Refuse("removed_earlier"),
        (Standing::Member, _) => Verdict::Refuse("already_member"),
        (_, Enrollment::Off) => Verdict::Refuse("enrollment_off"),
        (Standing::Requested, Enrollment::Request) => Verdict::Refuse("already_requested"),
        (_, Enrollment::Request) => Verdict::Request(listed.value),
        (_, Enrollment::Automatic) => Verdict::Join(listed.value, roles),
    }
}
