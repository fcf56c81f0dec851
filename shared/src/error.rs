//! Errors, in the words of the business. Only [`crate::http::problem`] maps them to HTTP statuses
//! and codes.

use crate::cognito::CreateUserError;
use crate::domain::custom_data::{CustomDataDefect, CustomDataError};
use crate::domain::email_address::EmailAddressError;
use crate::domain::email_domain::{EmailDomain, EmailDomainError};
use crate::domain::ids::{IdError, OrganizationId, OrganizationRoleId};
use crate::domain::jit::RuleList;
use crate::domain::organization::OrganizationRole;
use crate::domain::provider::ProviderName;
use crate::domain::public_mailbox::PublicDomain;
use crate::domain::text::TextError;
use crate::domain::user::UserNameError;
use crate::domain::version::Version;
use crate::failure::Failure;

/// The result of an operation that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. `Display` is for the client and says what to do. Text that only the log may have is
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
    /// Another organization role has this name, or one that looks like it.
    #[error(
        "another organization role has the name `{0}`, or a name that looks like it: send a name \
         that differs by more than case, space and similar characters"
    )]
    OrganizationRoleNameInUse(String),
    /// The limit of organization roles is reached.
    #[error(
        "there are already {} organization roles, which is the limit: delete one first",
        OrganizationRole::MOST
    )]
    OrganizationRolesFull,
    /// The organization does not list this domain.
    #[error("the organization does not list the email domain `{0}`")]
    EmailDomainNotFound(String),
    /// The organization lists this domain already.
    #[error("the organization already lists the email domain `{0}`: there is nothing to add")]
    EmailDomainAlreadyListed(String),
    /// The domain is proven, so nobody has to vouch for it.
    #[error("DNS proves the email domain `{0}` already: there is nothing to vouch for")]
    EmailDomainAlreadyProven(EmailDomain),
    /// Too many other organizations list these domains.
    #[error(
        "{} is already listed by {} organizations, which is the limit: delete it from one of them \
         first",
        quoted(.0),
        RuleList::MOST_ORGANIZATIONS
    )]
    EmailDomainsCrowded(Vec<EmailDomain>),
    /// Too many other organizations list these domains, whether they admit users by them or not.
    #[error(
        "{} is already listed by {} organizations, proven or not, which is the limit: delete it from \
         one of them first",
        quoted(.0),
        RuleList::MOST_CLAIMS
    )]
    EmailDomainsClaimed(Vec<EmailDomain>),
    /// The list would hold too many domains.
    #[error(
        "an organization can list at most {} email domains: delete some first",
        RuleList::MOST_EMAIL_DOMAINS
    )]
    EmailDomainsFull,
    /// Another request changed the list between two steps of a large replacement.
    #[error(
        "somebody else changed the email domains during the replacement, and only a part of them \
         was replaced: read the list again and repeat the request"
    )]
    EmailDomainsPartiallyReplaced {
        /// The current version of the list.
        current: Version,
    },
    /// The organization does not list this identity provider.
    #[error("the organization does not list the identity provider `{0}`")]
    SsoConnectorNotFound(String),
    /// Too many other organizations list these identity providers.
    #[error(
        "{} is already listed by {} organizations, which is the limit: delete it from one of them \
         first",
        quoted(.0),
        RuleList::MOST_ORGANIZATIONS
    )]
    SsoConnectorsCrowded(Vec<ProviderName>),
    /// The list would hold too many identity providers.
    #[error(
        "an organization can list at most {} identity providers: delete some first",
        RuleList::MOST_SSO_CONNECTORS
    )]
    SsoConnectorsFull,
    /// Another request changed the list between two steps of a large replacement.
    #[error(
        "somebody else changed the identity providers during the replacement, and only a part of \
         them was replaced: read the list again and repeat the request"
    )]
    SsoConnectorsPartiallyReplaced {
        /// The current version of the list.
        current: Version,
    },
    /// The request names no identity provider.
    #[error("`ssoConnectorIds` is empty: send at least one id")]
    SsoConnectorsEmpty,
    /// A rule would give its members too many roles.
    #[error("a rule can have at most {} roles: leave some out", OrganizationRole::MOST_IN_A_LIST)]
    RuleRolesFull,
    /// The role is not one of the organization's default roles.
    #[error("`{0}` is not a default role of the organization")]
    DefaultRoleNotFound(String),
    /// The list would hold too many roles.
    #[error(
        "an organization can have at most {} default roles: delete some first",
        OrganizationRole::MOST_IN_A_LIST
    )]
    DefaultRolesFull,
    /// The request names no role.
    #[error("`organizationRoleIds` is empty: send at least one id")]
    DefaultRolesEmpty,
    /// No user has this id, or it is not a valid id.
    #[error("there is no user `{0}`: send the `sub` of a user in the pool")]
    UserNotFound(String),
    /// The user to remove is not a member of the organization.
    #[error("the user `{0}` is not a member of the organization: there is nothing to remove")]
    MembershipNotFound(String),
    /// The user is not a member of the organization, and the request needs a member.
    #[error(
        "the user `{0}` is not a member of the organization: add the user with POST \
         /organizations/{{organizationId}}/users first"
    )]
    NotAMember(String),
    /// The user has not asked to become a member of the organization.
    #[error(
        "the user `{0}` has not asked to join the organization: add the user with POST \
         /organizations/{{organizationId}}/users instead"
    )]
    JoinRequestNotFound(String),
    /// The user's request was declined, or the user was removed.
    #[error(
        "the request of the user `{0}` was declined, or the user was removed: add the user with POST \
         /organizations/{{organizationId}}/users instead"
    )]
    JoinRequestDeclined(String),
    /// The user to decline is a member of the organization.
    #[error("the user `{0}` is a member of the organization already: remove the member instead")]
    JoinRequestAlreadyMember(String),
    /// The user was not removed from the organization.
    #[error("the user `{0}` was not removed from the organization: there is nothing to clear")]
    RemovedUserNotFound(String),
    /// The member does not hold this role.
    #[error("the member does not hold the role `{0}`: there is nothing to remove")]
    MemberRoleNotFound(String),
    /// The member would hold too many roles.
    #[error(
        "a member can hold at most {} roles: take some away first",
        OrganizationRole::MOST_IN_A_LIST
    )]
    MemberRolesFull,
    /// The request names no role to assign.
    #[error(
        "the request names no role: send at least one id in `organizationRoleIds`, or one name in \
         `organizationRoleNames`"
    )]
    MemberRolesEmpty,
    /// The request names no user.
    #[error("`userIds` is empty: send at least one id")]
    UserIdsEmpty,
    /// A request names too many users, or would replace too many members.
    #[error(
        "a request can name at most {0} users and replace at most {0} members: add and remove \
         members in smaller steps",
        crate::domain::membership::MOST_REPLACED
    )]
    TooManyMembers,
    /// Only a part of the users was added. The rest can be added by the same request.
    #[error(
        "{}, after {added} of {named} users were added: repeat the request, which goes on with the \
         others",
        if failure.is_some() { "Cognito takes no more requests at the moment" } else { "the time ran out" }
    )]
    MembersPartiallyAdded {
        /// How many of the users are members now.
        added: usize,
        /// How many users the request names, each counted once.
        named: usize,
        /// Cognito's refusal; `None` if the time ran out.
        failure: Option<Failure>,
    },
    /// Cognito did not create a user.
    #[error(transparent)]
    UserNotCreated(#[from] CreateUserError),
    /// What is to be changed has another version than the client expects.
    #[error(
        "what you change does not have the version that `If-Match` names, because it was changed or \
         the tag is not one of its own: read it again, and repeat the request with its `ETag` as it \
         came"
    )]
    PreconditionFailed {
        /// The current version.
        current: Version,
    },
    /// Well-formed values that cannot be accepted, each with its place in the body.
    #[error("{}", summary(.0))]
    Invalid(Vec<Violation>),
    /// A service that Usher needs failed. The client does not learn the cause.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A value that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its place in the request's body: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The stable code of the error.
    pub code: &'static str,
    /// Why it cannot be accepted, and what to send instead.
    pub reason: String,
}

impl Violation {
    /// A value that cannot be accepted for this reason.
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

    /// A domain that no organization has for itself.
    #[must_use]
    pub fn public_domain(
        pointer: impl Into<String>,
        domain: &EmailDomain,
        public: PublicDomain,
    ) -> Self {
        match public {
            PublicDomain::Mailbox => Self::new(
                pointer,
                "email_domain.public_mailbox",
                &format!(
                    "everybody can have an address at the public mailbox provider `{domain}`: send \
                     a domain that belongs to the organization alone"
                ),
            ),
            PublicDomain::Suffix => Self::new(
                pointer,
                "email_domain.public_suffix",
                &format!(
                    "everybody can have a name below the public suffix `{domain}`: send a domain \
                     below it, or ask the operator for an exception if the organization owns it"
                ),
            ),
        }
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

    /// A domain that too many organizations list, whether they admit users by it or not.
    #[must_use]
    pub fn too_many_claims(pointer: impl Into<String>, domain: &EmailDomain) -> Self {
        Self::new(
            pointer,
            "email_domain.too_many_claims",
            &Error::EmailDomainsClaimed(vec![domain.clone()]),
        )
    }

    /// An identity provider whose name cannot be the last part of an address.
    #[must_use]
    pub fn unreachable_provider(pointer: impl Into<String>, name: &ProviderName) -> Self {
        let reason = format!(
            "clients take `{name}` out of an address, so the provider could not be changed or deleted \
             here: create it in the user pool under another name, and send that"
        );
        Self::new(pointer, "sso_connector.unreachable_name", &reason)
    }

    /// An identity provider that too many organizations list.
    #[must_use]
    pub fn too_many_organizations_of_provider(
        pointer: impl Into<String>,
        name: &ProviderName,
    ) -> Self {
        Self::new(
            pointer,
            "sso_connector.too_many_organizations",
            &Error::SsoConnectorsCrowded(vec![name.clone()]),
        )
    }

    /// An identity provider that the user pool does not have.
    #[must_use]
    pub fn unknown_provider(pointer: impl Into<String>, id: &str) -> Self {
        let id = id.escape_debug();
        let reason = format!(
            "the user pool has no identity provider `{id}`: send the name of one, in the same case"
        );
        Self::new(pointer, "sso_connector.unknown", &reason)
    }

    /// An identity provider at which everybody can have an account.
    #[must_use]
    pub fn public_provider(pointer: impl Into<String>, name: &ProviderName) -> Self {
        let reason = format!(
            "everybody can have an account at `{name}`: send a SAML or OIDC provider, whose accounts \
             belong to the organization"
        );
        Self::new(pointer, "sso_connector.public_provider", &reason)
    }

    /// A domain whose subdomains cannot satisfy a rule, because everybody can have an address in it or
    /// a name below it.
    #[must_use]
    pub fn subdomains_of_public(pointer: impl Into<String>, domain: &EmailDomain) -> Self {
        let reason = format!(
            "everybody can have an address in `{domain}`, or a name below it: leave its subdomains out"
        );
        Self::new(pointer, "email_domain.public_subdomains", &reason)
    }

    /// A domain with too many labels for its subdomains to satisfy a rule.
    #[must_use]
    pub fn subdomains_too_deep(pointer: impl Into<String>, domain: &EmailDomain) -> Self {
        let reason = format!(
            "`{domain}` has more than {} labels: leave its subdomains out, or list them one by one",
            EmailDomain::MOST_LABELS_WITH_SUBDOMAINS
        );
        Self::new(pointer, "email_domain.subdomains_too_deep", &reason)
    }

    /// An organization id that is too long, empty, or has other characters than allowed.
    #[must_use]
    pub fn organization_id(pointer: impl Into<String>, error: &IdError) -> Self {
        Self::new(pointer, "organization.id_invalid", error)
    }

    /// A role that does not exist.
    #[must_use]
    pub fn unknown_role(pointer: impl Into<String>, id: &str) -> Self {
        Self::new(
            pointer,
            "organization_role.unknown",
            &Error::OrganizationRoleNotFound(id.escape_debug().to_string()),
        )
    }

    /// A name that no role has.
    #[must_use]
    pub fn unknown_role_name(pointer: impl Into<String>, name: &str) -> Self {
        let name = name.escape_debug();
        let reason = format!(
            "there is no organization role with the name `{name}`: check the name, or create the \
             role with POST /organization-roles"
        );
        Self::new(pointer, "organization_role.unknown", &reason)
    }

    /// A user who does not exist.
    #[must_use]
    pub fn unknown_user(pointer: impl Into<String>, id: &str) -> Self {
        let id = id.escape_debug();
        let reason = format!("there is no user `{id}`: send the `sub` of a user in the pool");
        Self::new(pointer, "user.unknown", &reason)
    }

    /// A user who is not a member of the organization.
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

    /// An unacceptable name.
    #[must_use]
    pub fn name(error: TextError) -> Self {
        Self::new("/name", "name.invalid", &format!("the name cannot be accepted, because {error}"))
    }

    /// An unacceptable description.
    #[must_use]
    pub fn description(error: TextError) -> Self {
        Self::new(
            "/description",
            "description.invalid",
            &format!("the description cannot be accepted, because {error}"),
        )
    }

    /// An unacceptable username.
    #[must_use]
    pub fn username(error: UserNameError) -> Self {
        Self::new("/username", "username.invalid", &error)
    }

    /// Unacceptable custom data.
    #[must_use]
    pub fn custom_data(error: &CustomDataError) -> Self {
        let code = match error.defect {
            CustomDataDefect::NotAnObject => "custom_data.not_an_object",
            CustomDataDefect::TooLarge => "custom_data.too_large",
            CustomDataDefect::TooDeep => "custom_data.too_deep",
            CustomDataDefect::LoneSurrogate => "custom_data.lone_surrogate",
            CustomDataDefect::NumberTooLarge => "custom_data.number_too_large",
            CustomDataDefect::RepeatedName => "custom_data.repeated_name",
        };
        Self::new(
            format!("/customData{}", error.pointer),
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

/// The error for an organization that does not exist.
pub(crate) fn organization_not_found(id: &OrganizationId) -> Error {
    Error::OrganizationNotFound(id.to_string())
}

/// The error for an organization role that does not exist.
pub(crate) fn organization_role_not_found(id: &OrganizationRoleId) -> Error {
    Error::OrganizationRoleNotFound(id.to_string())
}

fn quoted<T: std::fmt::Display>(rules: &[T]) -> String {
    let rules: Vec<_> = rules.iter().map(|rule| format!("`{rule}`")).collect();
    if let [rule] = rules.as_slice() {
        rule.clone()
    } else {
        format!("each of {}", rules.join(", "))
    }
}

/// One sentence for all violations: the reason of a single one, or their number.
pub(crate) fn summary(violations: &[Violation]) -> String {
    match violations {
        [only] => only.reason.clone(),
        several => {
            format!("{} values cannot be accepted; `errors` says which, and why", several.len())
        }
    }
}
