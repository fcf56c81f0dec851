//! The audit line: who has changed what through the Management API.

use std::convert::Infallible;
use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::domain::caller::Caller;
use crate::domain::change::ListChange;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::ownership::OwnershipState;
use crate::domain::rule::RuleKey;

/// The most bytes of ids and domains in one line, because CloudWatch limits the size of a line. A
/// thousand users take 37 KB.
pub const LARGEST_LINE: usize = 100_000;

macro_rules! actions {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// An operation that writes, by its `operationId` in the OpenAPI document.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the OpenAPI document describes the operations")]
        pub enum Action {
            $($variant),+
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The `operationId`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

actions! {
    CreateOrganization = "createOrganization",
    UpdateOrganization = "updateOrganization",
    DeleteOrganization = "deleteOrganization",
    CreateOrganizationRole = "createOrganizationRole",
    UpdateOrganizationRole = "updateOrganizationRole",
    DeleteOrganizationRole = "deleteOrganizationRole",
    AddEmailDomain = "addEmailDomain",
    ReplaceEmailDomains = "replaceEmailDomains",
    UpdateEmailDomain = "updateEmailDomain",
    DeleteEmailDomain = "deleteEmailDomain",
    VerifyEmailDomain = "verifyEmailDomain",
    VouchEmailDomain = "vouchEmailDomain",
    AddSsoConnectors = "addSsoConnectors",
    ReplaceSsoConnectors = "replaceSsoConnectors",
    UpdateSsoConnector = "updateSsoConnector",
    DeleteSsoConnector = "deleteSsoConnector",
    AddDefaultRoles = "addDefaultRoles",
    ReplaceDefaultRoles = "replaceDefaultRoles",
    DeleteDefaultRole = "deleteDefaultRole",
    AddMembers = "addMembers",
    ReplaceMembers = "replaceMembers",
    RemoveMember = "removeMember",
    ClearRemovedUser = "clearRemovedUser",
    ApproveJoinRequest = "approveJoinRequest",
    DeclineJoinRequest = "declineJoinRequest",
    AddMemberRoles = "addMemberRoles",
    ReplaceMemberRoles = "replaceMemberRoles",
    RemoveMemberRole = "removeMemberRole",
    AssignMemberRoles = "assignMemberRoles",
    CreateUser = "createUser",
    DeleteUser = "deleteUser",
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Begins the audit line of a write. The handler names what has changed, and calls [`Audit::log`]
/// right after the write, before any other I/O. A write without an effect has no line.
#[must_use = "`log` writes the line"]
pub fn audit(action: Action, caller: &Caller) -> Audit<'_> {
    Audit {
        action,
        caller,
        organization: None,
        user: None,
        role: None,
        rule: None,
        ownership: None,
        swept: None,
        is_list: false,
        entries: Vec::new(),
    }
}

/// An audit line. It has ids and domains, and never names, addresses or other data.
#[derive(Debug)]
#[must_use = "`log` writes the line"]
pub struct Audit<'a> {
    action: Action,
    caller: &'a Caller,
    organization: Option<&'a OrganizationId>,
    user: Option<&'a UserId>,
    role: Option<&'a OrganizationRoleId>,
    rule: Option<&'a RuleKey>,
    ownership: Option<OwnershipState>,
    swept: Option<usize>,
    is_list: bool,
    entries: Vec<(List, String)>,
}

/// A list of ids or domains in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Users,
    Added,
    Removed,
    Roles,
}

impl<'a> Audit<'a> {
    /// The organization that was changed, or in which something was changed.
    pub fn organization(self, id: &'a OrganizationId) -> Self {
        Self { organization: Some(id), ..self }
    }

    /// The user who was changed, or whom the request names.
    pub fn user(self, id: &'a UserId) -> Self {
        Self { user: Some(id), ..self }
    }

    /// The organization role that was changed.
    pub fn role(self, id: &'a OrganizationRoleId) -> Self {
        Self { role: Some(id), ..self }
    }

    /// How many remaining items of a deleted organization were deleted.
    pub fn swept(self, items: usize) -> Self {
        Self { swept: Some(items), ..self }
    }

    /// The rule whose settings were changed: an email domain, or the name of an identity provider.
    pub fn rule(self, key: &'a RuleKey) -> Self {
        Self { rule: Some(key), ..self }
    }

    /// Who answers for the email domain now.
    pub fn ownership(self, state: OwnershipState) -> Self {
        Self { ownership: Some(state), ..self }
    }

    /// The users whose lists were changed.
    pub fn users<'b>(self, users: impl IntoIterator<Item = &'b UserId>) -> Self {
        self.with(List::Users, users)
    }

    /// The organization roles that the added users have got.
    pub fn roles<'b>(self, roles: impl IntoIterator<Item = &'b OrganizationRoleId>) -> Self {
        self.with(List::Roles, roles)
    }

    /// The change of a list. If it is empty, nothing is logged.
    pub fn change<T: Display>(self, change: &ListChange<T>) -> Self {
        let line = Self { is_list: true, ..self };
        line.with(List::Added, &change.added).with(List::Removed, &change.removed)
    }

    fn with<T: Display>(mut self, list: List, entries: impl IntoIterator<Item = T>) -> Self {
        self.entries.extend(entries.into_iter().map(|entry| (list, entry.to_string())));
        self
    }

    /// Writes the line, with sorted lists. More than [`LARGEST_LINE`] of ids and domains take several
    /// lines, so that none is left out.
    pub fn log(mut self) {
        let is_change = |(list, _): &(List, String)| matches!(list, List::Added | List::Removed);
        if self.is_list && !self.entries.iter().any(is_change) {
            return;
        }
        self.entries.sort_unstable();
        let count = |list| self.entries.iter().filter(|(of, _)| *of == list).count();
        let count = |list| Some(count(list)).filter(|count| *count > 0);
        let parts = self.parts();
        for (index, part) in parts.iter().enumerate() {
            let text = |list| {
                let entries = part.iter().filter(|(of, _)| *of == list);
                let entries: Vec<_> = entries.map(|(_, entry)| &**entry).collect();
                (!entries.is_empty()).then(|| entries.join(" "))
            };
            let number = (parts.len() > 1).then(|| format!("{}/{}", index + 1, parts.len()));
            tracing::info!(
                action = self.action.as_str(),
                client_id = self.caller.client_id(),
                subject = self.caller.subject(),
                organization = self.organization.map(OrganizationId::as_str),
                user = self.user.map(UserId::as_str),
                role = self.role.map(OrganizationRoleId::as_str),
                users = text(List::Users),
                user_count = count(List::Users),
                added = text(List::Added),
                added_count = count(List::Added),
                removed = text(List::Removed),
                removed_count = count(List::Removed),
                roles = text(List::Roles),
                role_count = count(List::Roles),
                rule = self.rule.map(RuleKey::value),
                ownership = self.ownership.map(OwnershipState::as_str),
                swept = self.swept,
                part = number,
                "audit",
            );
        }
    }

    /// The entries of each line, at least of one.
    fn parts(&self) -> Vec<&[(List, String)]> {
        let mut parts = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (index, (_, entry)) in self.entries.iter().enumerate() {
            // A space separates the entries.
            bytes += entry.len() + 1;
            if bytes > LARGEST_LINE {
                parts.push(&self.entries[start..index]);
                (start, bytes) = (index, entry.len() + 1);
            }
        }
        parts.push(&self.entries[start..]);
        parts
    }
}
