//! Who belongs where, and why.

use jiff::Timestamp;

use super::email_domain::EmailDomain;
use super::ids::{OrganizationId, OrganizationRoleId};

/// The most users that one request can name, and the most members of an organization that one can
/// replace.
pub const MOST_REPLACED: usize = 1_000;

/// A user's place in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization that the user belongs to.
    pub organization_id: OrganizationId,
    /// The roles held there; ids of deleted roles may linger and mean nothing.
    pub role_ids: Vec<OrganizationRoleId>,
    /// Since when.
    pub joined_at: Timestamp,
    /// Why.
    pub provenance: Provenance,
}

/// Why a membership exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The rule that made the user a member.
    pub rule: Rule,
    /// How the user appeared.
    pub entry_path: EntryPath,
}

/// What makes a user a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The domain of the user's verified address, which the organization listed at that moment.
    EmailDomain(EmailDomain),
    /// Somebody's hand, through the Management API.
    Api,
}

impl Rule {
    /// The name in storage, logs and answers.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::EmailDomain(_) => "email_domain",
            Self::Api => "api",
        }
    }

    /// The domain, where there is one.
    #[must_use]
    pub const fn email_domain(&self) -> Option<&EmailDomain> {
        match self {
            Self::EmailDomain(domain) => Some(domain),
            Self::Api => None,
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
    /// A token of a user's: trigger sources `TokenGeneration_…` but for machine tokens.
    PreTokenGeneration,
}

impl EntryPath {
    /// Every entry path.
    pub const ALL: [Self; 3] =
        [Self::PostConfirmation, Self::ManagementApi, Self::PreTokenGeneration];

    /// The entry path that a Cognito `triggerSource` stands for, if it is one: not a forgotten
    /// password, not a machine's token.
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

/// A user's address and name as an entry path last saw them, so that members can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The `email` attribute.
    pub email: Option<String>,
    /// The `userName` of the event.
    pub user_name: Option<String>,
}
