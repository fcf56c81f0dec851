//! Memberships, with their provenance.

use std::time::Duration;

use jiff::Timestamp;

use super::caller::Caller;
use super::email_address::{AddressDigest, EmailAddress};
use super::email_domain::EmailDomain;
use super::ids::{OrganizationId, OrganizationRoleId};
use super::provider::ProviderName;
use super::rule::{RuleKey, RuleKind};
use super::user::User;

/// The most users that one request can name, and the most members that one replacement can remove.
pub const MOST_REPLACED: usize = 1_000;

/// A user's place in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization that the user belongs to.
    pub organization_id: OrganizationId,
    /// The user's roles in the organization. Some may be ids of deleted roles, which have no
    /// effect.
    pub role_ids: Vec<OrganizationRoleId>,
    /// When the user became a member.
    pub joined_at: Timestamp,
    /// Why the membership exists.
    pub provenance: Provenance,
    /// The digest of the proven address that brought the membership about. `None` if no rule did,
    /// and for a membership from before digests were kept.
    pub address: Option<AddressDigest>,
}

impl Membership {
    /// Whether a rule brought the membership about, and one of these addresses satisfied it. Without
    /// a digest, any address may have.
    #[must_use]
    pub fn is_by(&self, addresses: &[AddressDigest]) -> bool {
        match self.provenance.cause {
            Cause::Rule(_) => self.address.as_ref().is_none_or(|it| addresses.contains(it)),
            Cause::Api => false,
        }
    }
}

/// A user's request to become a member, which a rule has made. It stands in the place of a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// The organization.
    pub organization_id: OrganizationId,
    /// When it was made.
    pub requested_at: Timestamp,
    /// Why it exists. Nobody has approved it.
    pub provenance: Provenance,
    /// The digest of the proven address, or of the identity, that satisfied the rule.
    pub address: Option<AddressDigest>,
}

impl JoinRequest {
    /// Whether one of these addresses brought the request about. Without a digest, any address may have.
    #[must_use]
    pub fn is_by(&self, addresses: &[AddressDigest]) -> bool {
        self.address.as_ref().is_none_or(|it| addresses.contains(it))
    }
}

/// Why a membership exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The cause.
    pub cause: Cause,
    /// The way the user appeared.
    pub entry_path: EntryPath,
    /// Who approved the user's request. `None` if there was none.
    pub approved_by: Option<Caller>,
    /// The caller of the Management API who added the member, or created the user. `None` if that is not
    /// known, and if the user appeared in another way.
    pub added_by: Option<Caller>,
}

impl Provenance {
    /// The provenance of a membership that no request came before.
    #[must_use]
    pub const fn new(cause: Cause, entry_path: EntryPath) -> Self {
        Self { cause, entry_path, approved_by: None, added_by: None }
    }
}

/// The cause of a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A rule that the organization listed at that moment.
    Rule(RuleKey),
    /// A call of the Management API that named the user.
    Api,
}

impl Cause {
    /// The rule, if one is the cause.
    #[must_use]
    pub const fn rule(&self) -> Option<&RuleKey> {
        match self {
            Self::Rule(key) => Some(key),
            Self::Api => None,
        }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> CauseKind {
        match self {
            Self::Rule(key) => CauseKind::Rule(key.kind()),
            Self::Api => CauseKind::Api,
        }
    }
}

/// A kind of cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// A rule of this kind.
    Rule(RuleKind),
    /// A call of the Management API that named the user.
    Api,
}

impl CauseKind {
    /// The name of [`Self::Api`].
    const API: &'static str = "api";

    /// The name in storage and answers: of a rule, that of its kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule(kind) => kind.as_str(),
            Self::Api => Self::API,
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::API { Some(Self::Api) } else { RuleKind::named(name).map(Self::Rule) }
    }
}

/// What is asked of members in a list. The default asks for nothing, so that all are listed.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter {
    /// They hold this role.
    pub role: Option<OrganizationRoleId>,
    /// Their memberships have a cause of this kind.
    pub cause: Option<CauseKind>,
    /// This email domain caused their memberships.
    pub email_domain: Option<EmailDomain>,
    /// This identity provider caused their memberships.
    pub sso_connector: Option<ProviderName>,
    /// They became members by this entry path.
    pub entry_path: Option<EntryPath>,
}

impl MemberFilter {
    /// Whether a member with this membership is listed.
    #[must_use]
    pub fn admits(&self, membership: &Membership) -> bool {
        let Self { role, cause, email_domain, sso_connector, entry_path } = self;
        let Provenance { cause: found, entry_path: found_path, .. } = &membership.provenance;
        let is_by = |key: RuleKey| *found == Cause::Rule(key);
        role.as_ref().is_none_or(|role| membership.role_ids.contains(role))
            && cause.is_none_or(|cause| found.kind() == cause)
            && email_domain.clone().is_none_or(|domain| is_by(RuleKey::EmailDomain(domain)))
            && sso_connector.clone().is_none_or(|name| is_by(RuleKey::SsoConnector(name)))
            && entry_path.is_none_or(|path| *found_path == path)
    }
}

/// A way a user appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPath {
    /// A sign-up that Cognito has confirmed: trigger source `PostConfirmation_ConfirmSignUp`.
    PostConfirmation,
    /// The Management API: a user created with `POST /users`, or a member added by hand.
    ManagementApi,
    /// A token for a user: trigger sources `TokenGeneration_…`, except those of machine tokens.
    PreTokenGeneration,
}

impl EntryPath {
    /// Every entry path.
    pub const ALL: [Self; 3] =
        [Self::PostConfirmation, Self::ManagementApi, Self::PreTokenGeneration];

    /// The entry path of a Cognito `triggerSource`, and the proof that comes with it; `None` for
    /// sources that are not entry paths, such as a forgotten password or a machine token.
    #[must_use]
    pub fn from_trigger(source: &str) -> Option<(Self, Proof)> {
        match source {
            "PostConfirmation_ConfirmSignUp" => Some((Self::PostConfirmation, Proof::Fresh)),
            // The user has just read a temporary password in the mailbox.
            "TokenGeneration_NewPasswordChallenge" => {
                Some((Self::PreTokenGeneration, Proof::Fresh))
            }
            "TokenGeneration_HostedAuth"
            | "TokenGeneration_Authentication"
            | "TokenGeneration_AuthenticateDevice"
            | "TokenGeneration_RefreshTokens" => Some((Self::PreTokenGeneration, Proof::Earlier)),
            _ => None,
        }
    }

    /// The entry path with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|path| path.as_str() == name)
    }

    /// The name in storage, logs and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostConfirmation => "PostConfirmation",
            Self::ManagementApi => "ManagementApi",
            Self::PreTokenGeneration => "PreTokenGeneration",
        }
    }
}

/// When a user who appears has proven who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Now: a sign-up, a first sign-in with a temporary password, or `POST /users`, whose caller
    /// vouches for the user.
    Fresh,
    /// At an unknown time before. The account is one that was there before.
    Earlier,
}

/// A fresh proof of an address that provisioning could not make use of, because it failed. It is kept
/// for the user's next appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshProof {
    /// When the user has proven the address.
    pub at: Timestamp,
    /// The digest of the address.
    pub address: AddressDigest,
}

impl FreshProof {
    /// How long it counts.
    pub const VALID: Duration = Duration::from_hours(24);

    /// Whether it still counts at this time for this address.
    #[must_use]
    pub fn counts(&self, at: Timestamp, address: &EmailAddress) -> bool {
        at <= self.at + Self::VALID && self.address == address.digest()
    }
}

/// What an entry path, or the user pool, says about a user.
#[derive(Clone, Debug)]
pub struct Account {
    /// Cognito's `Username`.
    pub user_name: Option<String>,
    /// The `email` attribute, as Cognito has it.
    pub email: Option<String>,
    /// The address in it, if the user has proven it.
    pub proven: Option<EmailAddress>,
    /// The digests of the identities at providers, the first one first.
    pub identities: Vec<AddressDigest>,
}

/// What is kept about a user who is or was a member. Lists of members show the address and the
/// name. An address that the user has not proven is never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The `email` attribute, when the user last proved it.
    pub email: Option<String>,
    /// Cognito's `Username`, as last seen.
    pub user_name: Option<String>,
    /// The digests of the addresses that the user has proven, newest first. Empty in a profile from
    /// before they were kept: then the user counts as having proven `email`.
    pub addresses: Vec<AddressDigest>,
    /// The digests of the identities at providers: first those that the user had when last seen, and
    /// then earlier ones. Empty in a profile from before they were kept.
    pub identities: Vec<AddressDigest>,
}

impl Profile {
    /// The most addresses that are kept.
    pub const MOST_ADDRESSES: usize = 30;
    /// The most identities that are kept.
    pub const MOST_IDENTITIES: usize = User::MOST_PROVIDERS;

    /// The profile after a user was seen, from the profile before. A proven address becomes the
    /// newest. If there are too many, the oldest is dropped, but sooner one that no membership and
    /// no request is by: those are `held_by`. The identities come before earlier ones.
    #[must_use]
    pub fn after(before: Option<&Self>, seen: &Account, held_by: &[&AddressDigest]) -> Self {
        let mut profile = before.cloned().unwrap_or_default();
        profile.user_name.clone_from(&seen.user_name);
        let earlier = std::mem::replace(&mut profile.identities, seen.identities.clone());
        let earlier = earlier.into_iter().filter(|known| !seen.identities.contains(known));
        profile.identities.extend(earlier);
        profile.identities.truncate(Self::MOST_IDENTITIES);
        let Some(address) = &seen.proven else {
            // An earlier release kept this address without a proof.
            if profile.addresses.is_empty() && profile.email == seen.email {
                profile.email = None;
            }
            return profile;
        };
        profile.addresses = profile.proven_addresses();
        profile.email.clone_from(&seen.email);
        let digest = address.digest();
        profile.addresses.retain(|known| *known != digest);
        profile.addresses.insert(0, digest);
        while profile.addresses.len() > Self::MOST_ADDRESSES {
            let oldest = profile.addresses.iter().rposition(|digest| !held_by.contains(&digest));
            profile.addresses.remove(oldest.unwrap_or(Self::MOST_ADDRESSES));
        }
        profile
    }

    /// The digests that a removal marks: of all addresses that the user has proven, and of the identities.
    #[must_use]
    pub fn marked_digests(&self) -> Vec<AddressDigest> {
        let mut digests = self.proven_addresses();
        digests.extend(self.identities.iter().cloned());
        digests
    }

    /// The digests of all addresses that the user has proven, newest first.
    #[must_use]
    pub fn proven_addresses(&self) -> Vec<AddressDigest> {
        if !self.addresses.is_empty() {
            return self.addresses.clone();
        }
        let email = self.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
        email.map(|address| address.digest()).into_iter().collect()
    }
}
