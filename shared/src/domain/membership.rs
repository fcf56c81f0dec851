//! Memberships, with their provenance.

use jiff::Timestamp;

use super::email_address::EmailAddress;
use super::ids::{OrganizationId, OrganizationRoleId};
use super::rule::RuleKey;

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
}

/// Why a membership exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The cause.
    pub cause: Cause,
    /// The way the user appeared.
    pub entry_path: EntryPath,
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
    /// The name of [`Self::Api`]; a rule has the name of its kind.
    pub const API: &'static str = "api";

    /// The name in storage and answers.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Rule(key) => key.kind().as_str(),
            Self::Api => Self::API,
        }
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

    /// The entry path of a Cognito `triggerSource`; `None` for sources that are not entry paths, such
    /// as a forgotten password or a machine token.
    #[must_use]
    pub fn from_trigger(source: &str) -> Option<Self> {
        match source {
            "PostConfirmation_ConfirmSignUp" => Some(Self::PostConfirmation),
            "TokenGeneration_HostedAuth"
            | "TokenGeneration_Authentication"
            | "TokenGeneration_NewPasswordChallenge"
            | "TokenGeneration_AuthenticateDevice"
            | "TokenGeneration_RefreshTokens" => Some(Self::PreTokenGeneration),
            _ => None,
        }
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

/// A user's address and name, as an entry path last saw them. Lists of members show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The `email` attribute.
    pub email: Option<String>,
    /// Cognito's `Username`.
    pub user_name: Option<String>,
}

impl Profile {
    /// The digest of the address, if it is one that could ever match.
    #[must_use]
    pub fn address_digest(&self) -> Option<String> {
        EmailAddress::parse(self.email.as_deref()?).ok().map(|address| address.digest())
    }
}
