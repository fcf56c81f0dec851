//! Who becomes a member of what: the one decision that every entry path and every preview asks.

use super::email_address::{EmailAddress, EmailAddressError};
use super::email_domain::EmailDomain;
use super::ids::{OrganizationId, UserId};
use super::membership::EntryPath;
use super::public_mailbox::MailboxPolicy;

/// What is known of a user who appears.
#[derive(Clone, Debug)]
pub struct User {
    /// The `sub` attribute.
    pub id: UserId,
    /// Cognito's `userName`, for the profile only.
    pub user_name: Option<String>,
    /// The `email` attribute, as it came.
    pub email: Option<String>,
    /// Whether the `email_verified` attribute is true.
    pub email_verified: bool,
    /// Where the user signs in.
    pub federation: Federation,
    /// The way that the user appears.
    pub entry_path: EntryPath,
}

/// Where a user signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Federation {
    /// At the user pool itself, which verifies addresses by a code.
    Native,
    /// At providers that all verify addresses themselves.
    VerifyingProviders,
    /// At some provider that can assert any address: a tenant's own SAML or OIDC provider, or one
    /// that cannot be told.
    OtherProviders,
}

impl Federation {
    /// Reads the provider types of a user's identities (Cognito's `providerType`) and whether the
    /// user's status is `EXTERNAL_PROVIDER`.
    #[must_use]
    pub fn of<'a>(provider_types: impl IntoIterator<Item = &'a str>, external: bool) -> Self {
        let mut verifying = provider_types
            .into_iter()
            .map(|provider| matches!(provider, "Google" | "SignInWithApple"))
            .peekable();
        if verifying.peek().is_none() {
            return if external { Self::OtherProviders } else { Self::Native };
        }
        if verifying.all(|verifies| verifies) {
            Self::VerifyingProviders
        } else {
            Self::OtherProviders
        }
    }
}

/// One organization, as far as it matters to one user.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The organization.
    pub id: &'a OrganizationId,
    /// Whether it exists and lists the domain of the user's address.
    pub lists_domain: bool,
    /// How the user stands to it.
    pub standing: Standing,
}

/// How a user stands to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Neither a member nor removed.
    Stranger,
    /// A member already, whatever the reason.
    Member,
    /// Removed by an administrator, as this user or under this address.
    Removed,
}

/// What is decided about one user and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The user becomes a member by this domain, with the organization's default roles.
    Join(EmailDomain),
    /// The user does not.
    Pass(Reason),
}

/// Why a user does not become a member.
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
    /// The name in logs and metrics.
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

/// The rows of the decision table that are about one organization; the first row that applies
/// decides. Those of [`proven_address`] come before them.
#[must_use]
pub fn decide(
    address: &EmailAddress,
    policy: &MailboxPolicy,
    candidate: &Candidate<'_>,
) -> Decision {
    if !policy.admits(candidate.id, address.domain()) {
        return Decision::Pass(Reason::PublicMailbox);
    }
    match candidate.standing {
        _ if !candidate.lists_domain => Decision::Pass(Reason::NotListed),
        Standing::Removed => Decision::Pass(Reason::RemovedEarlier),
        Standing::Member => Decision::Pass(Reason::AlreadyMember),
        Standing::Stranger => Decision::Join(address.domain().clone()),
    }
}

/// The rows of the decision table that hold for every organization alike, which come first: the
/// address that the user has proven to own.
///
/// # Errors
/// The reason why there is none.
pub fn proven_address(user: &User) -> Result<EmailAddress, Reason> {
    let email = user.email.as_deref().ok_or(Reason::NoEmail)?;
    if !user.email_verified {
        return Err(Reason::EmailNotVerified);
    }
    let address = EmailAddress::parse(email).map_err(Reason::EmailUnusable)?;
    match user.federation {
        Federation::Native | Federation::VerifyingProviders => Ok(address),
        Federation::OtherProviders => Err(Reason::ProviderNotTrusted),
    }
}
