//! Who belongs where, and why.

use jiff::Timestamp;

use super::email_domain::EmailDomain;
use super::ids::{OrganizationId, OrganizationRoleId};

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
    /// The domain of the user's verified address, which the organization listed at that moment.
    pub email_domain: EmailDomain,
    /// How the user appeared.
    pub entry_path: EntryPath,
}

/// A way a user appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPath {
    /// A sign-up that Cognito has confirmed: trigger source `PostConfirmation_ConfirmSignUp`.
    PostConfirmation,
}

impl EntryPath {
    /// Every entry path.
    pub const ALL: [Self; 1] = [Self::PostConfirmation];

    /// The name in storage, logs and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostConfirmation => "PostConfirmation",
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
