//! What can go wrong, in the words of the business. What it means over HTTP is decided in
//! [`crate::http::problem`] alone.

use crate::cognito::CreateUserError;
use crate::domain::email_address::EmailAddressError;
use crate::domain::email_domain::{EmailDomain, EmailDomainError};
use crate::domain::ids::{IdError, OrganizationId, OrganizationRoleId};
use crate::domain::jit::{EmailDomains, Version};
use crate::domain::organization::{CustomDataError, OrganizationRole};
use crate::domain::text::TextError;
use crate::failure::Failure;

/// The outcome of anything that can go wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. `Display` is for the client and says what to do; what only the log may know is
/// inside [`Error::Failed`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No organization has this id, or it was deleted.
    #[error("there is no organization `{0}`: check the id, or create it with POST /organizations")]
    OrganizationNotFound(String),
    /// An organization has, or had, this id.
    #[error(
        "the organization id `{0}` is or was in use, and an id is never used twice: send another, \
         or none to have one generated"
    )]
    OrganizationIdInUse(OrganizationId),
    /// No organization role has this id, or it was deleted.
    #[error(
        "there is no organization role `{0}`: check the id, or create it with POST \
         /organization-roles"
    )]
    OrganizationRoleNotFound(String),
    /// Another organization role has this name.
    #[error("an organization role is already called `{0}`: names differ by more than case")]
    OrganizationRoleNameInUse(String),
    /// No more organization roles fit.
    #[error(
        "there are {} organization roles already, the most that can be: delete one first",
        OrganizationRole::MOST
    )]
    OrganizationRolesFull,
    /// The organization does not list this domain.
    #[error("the organization does not list the email domain `{0}`")]
    EmailDomainNotFound(String),
    /// The organization lists this domain already.
    #[error("the organization already lists the email domain `{0}`: there is nothing to add")]
    EmailDomainAlreadyListed(EmailDomain),
    /// Too many other organizations list these domains.
    #[error(
        "{} is listed by {} organizations already, the most that can be: delete it from one of \
         them first",
        quoted(.0),
        EmailDomains::MOST_ORGANIZATIONS
    )]
    EmailDomainsCrowded(Vec<EmailDomain>),
    /// The list would hold too many domains.
    #[error(
        "an organization can list at most {} email domains: delete some first",
        EmailDomains::MOST
    )]
    EmailDomainsFull,
    /// Another writer came in between two steps of a large replacement.
    #[error(
        "somebody else changed the email domains while they were being replaced, so that only a \
         part of them is: read the list again and repeat the request"
    )]
    EmailDomainsPartiallyReplaced {
        /// The version of the list as it is now.
        current: Version,
    },
    /// The role is not one of the organization's default roles.
    #[error("`{0}` is not a default role of the organization")]
    DefaultRoleNotFound(String),
    /// The list would hold too many roles.
    #[error(
        "an organization can have at most {} default roles: delete some first",
        OrganizationRole::MOST_IN_A_LIST
    )]
    DefaultRolesFull,
    /// No role was named.
    #[error("`organizationRoleIds` is empty: send at least one id")]
    DefaultRolesEmpty,
    /// No user has this id, or none can.
    #[error("there is no user `{0}`: send the `sub` of a user in the pool")]
    UserNotFound(String),
    /// The user is no member of the organization, and the request was to remove one.
    #[error("the user `{0}` is not a member of the organization: there is nothing to remove")]
    MembershipNotFound(String),
    /// The user is no member of the organization, and the request needs one.
    #[error(
        "the user `{0}` is not a member of the organization: add the user with POST \
         /organizations/{{organizationId}}/users first"
    )]
    NotAMember(String),
    /// The member does not hold this role.
    #[error("the member does not hold the role `{0}`: there is nothing to remove")]
    MemberRoleNotFound(String),
    /// The member would hold too many roles.
    #[error(
        "a member can hold at most {} roles: take some away first",
        OrganizationRole::MOST_IN_A_LIST
    )]
    MemberRolesFull,
    /// A request is about more members than one can be.
    #[error(
        "a request can name at most {0} users, and replace the members of an organization that has \
         at most {0}: add and remove members in smaller steps",
        crate::domain::membership::MOST_REPLACED
    )]
    TooManyMembers,
    /// Cognito did not create a user.
    #[error(transparent)]
    UserNotCreated(#[from] CreateUserError),
    /// The list is not of the version that the client has seen.
    #[error(
        "it was changed since the version that `If-Match` names: read it again, and repeat the \
         request with its new `ETag`"
    )]
    PreconditionFailed {
        /// The version of the list as it is now.
        current: Version,
    },
    /// Well-formed values that cannot be accepted, each with its place.
    #[error("{}", summary(.0))]
    Invalid(Vec<Violation>),
    /// A service that Usher needs failed. The client learns no more than that.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A value that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where it stands in the request's body: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The stable code of what is wrong.
    pub code: &'static str,
    /// What is wrong, and what to send instead.
    pub reason: String,
}

impl Violation {
    /// A value whose text says what is wrong with it.
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        reason: &(impl ToString + ?Sized),
    ) -> Self {
        Self { pointer: pointer.into(), code, reason: reason.to_string() }
    }

    /// An unacceptable email domain.
    #[must_use]
    pub fn email_domain(pointer: impl Into<String>, error: &EmailDomainError) -> Self {
        Self::new(pointer, error.code(), error)
    }

    /// A domain that everybody can have an address in.
    #[must_use]
    pub fn public_mailbox(pointer: impl Into<String>, domain: &EmailDomain) -> Self {
        Self::new(
            pointer,
            "email_domain.public_mailbox",
            &format!(
                "everybody can have an address at the public mailbox provider `{domain}`: send a \
                 domain that belongs to the organization alone"
            ),
        )
    }

    /// A domain that too many organizations list.
    #[must_use]
    pub fn too_many_organizations(pointer: impl Into<String>, domain: &EmailDomain) -> Self {
        Self::new(
            pointer,
            "email_domain.too_many_organizations",
            &Error::EmailDomainsCrowded(vec![domain.clone()]),
        )
    }

    /// An organization id outside its alphabet.
    #[must_use]
    pub fn organization_id(pointer: impl Into<String>, error: &IdError) -> Self {
        Self::new(pointer, "organization.id_invalid", error)
    }

    /// A default role that does not exist.
    #[must_use]
    pub fn unknown_role(pointer: impl Into<String>, id: &str) -> Self {
        Self::new(
            pointer,
            "organization_role.unknown",
            &Error::OrganizationRoleNotFound(id.escape_debug().to_string()),
        )
    }

    /// A user that nobody knows.
    #[must_use]
    pub fn unknown_user(pointer: impl Into<String>, id: &str) -> Self {
        let id = id.escape_debug();
        let reason = format!("nobody knows a user `{id}`: send the `sub` of a user in the pool");
        Self::new(pointer, "user.unknown", &reason)
    }

    /// A user who is no member of the organization.
    #[must_use]
    pub fn not_a_member(pointer: impl Into<String>, id: &str) -> Self {
        let error = Error::NotAMember(id.escape_debug().to_string());
        Self::new(pointer, "membership.not_a_member", &error)
    }

    /// An unacceptable email address.
    #[must_use]
    pub fn email_address(pointer: impl Into<String>, error: &EmailAddressError) -> Self {
        Self::new(pointer, error.code(), error)
    }

    /// A name that is none.
    #[must_use]
    pub fn name(error: TextError) -> Self {
        Self::new("/name", "name.invalid", &format!("the name cannot be accepted, because {error}"))
    }

    /// A description that is none.
    #[must_use]
    pub fn description(error: TextError) -> Self {
        Self::new(
            "/description",
            "description.invalid",
            &format!("the description cannot be accepted, because {error}"),
        )
    }

    /// Custom data that is none.
    #[must_use]
    pub fn custom_data(error: CustomDataError) -> Self {
        let code = match error {
            CustomDataError::NotAnObject => "custom_data.not_an_object",
            CustomDataError::TooLarge => "custom_data.too_large",
            CustomDataError::TooDeep => "custom_data.too_deep",
        };
        Self::new(
            "/customData",
            code,
            &format!("the custom data cannot be accepted, because {error}"),
        )
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

/// The organization that a request named is not there.
pub(crate) fn organization_not_found(id: &OrganizationId) -> Error {
    Error::OrganizationNotFound(id.to_string())
}

/// The organization role that a request named is not there.
pub(crate) fn organization_role_not_found(id: &OrganizationRoleId) -> Error {
    Error::OrganizationRoleNotFound(id.to_string())
}

fn quoted(domains: &[EmailDomain]) -> String {
    domains.iter().map(|domain| format!("`{domain}`")).collect::<Vec<_>>().join(", ")
}

/// What several violations come to in one sentence.
pub(crate) fn summary(violations: &[Violation]) -> String {
    match violations {
        [only] => only.reason.clone(),
        several => {
            format!("{} values cannot be accepted; `errors` says which, and why", several.len())
        }
    }
}
