//! Problem responses (RFC 9457). Only this file maps an [`Error`] to an HTTP status and a
//! code.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::etag::etag;
use crate::cognito::CreateUserError;
use crate::error::{Error, Violation, summary};
use crate::failure::Failure;

/// The most violations that an answer lists.
pub const MOST_VIOLATIONS: usize = 100;
/// The most characters of a text that may quote the request. A text that was cut has an ellipsis too.
pub const LONGEST_DETAIL: usize = 400;
/// The most characters of a place in the body. If it has more, the answer has the place of the object
/// or array around it.
pub const LONGEST_POINTER: usize = 1_000;

/// The `Retry-After` of what passes in a moment, in seconds.
const A_MOMENT: HeaderValue = HeaderValue::from_static("1");
/// The `Retry-After` of a quota of a day, in seconds.
const AN_HOUR: HeaderValue = HeaderValue::from_static("3600");
const RATE_EXCEEDED: &str = "user_pool.too_many_requests";

/// A problem response.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

/// The contents of a problem. They are boxed to keep every `Result` small.
#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    violations: Vec<Violation>,
    header: Option<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// The parts of a problem for the log.
#[derive(Clone, Debug)]
pub(super) struct LogFields {
    pub(super) code: &'static str,
    pub(super) cause: Option<String>,
}

impl Problem {
    /// A problem of the request itself. The detail tells the client what is wrong and what to do
    /// instead. It is shortened to 400 characters, and control characters are replaced.
    pub fn new(status: StatusCode, code: &'static str, detail: impl AsRef<str>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: sanitized(detail.as_ref()),
            violations: Vec::new(),
            header: None,
            cause: None,
        }))
    }

    /// A problem that the client did not cause. The cause goes only to the log.
    pub fn internal(cause: String) -> Self {
        let detail = "something went wrong on our side: repeat the request, and tell the operator \
                      if it stays";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).with_cause(cause)
    }

    /// A problem at one place of the body, given as a JSON Pointer.
    #[must_use]
    pub fn at(mut self, pointer: String) -> Self {
        self.0.violations.push(Violation::new(pointer, self.0.code, &self.0.detail));
        self
    }

    /// A problem of a service that Usher needs. The failure goes only to the log.
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Unavailable { .. } => {
                let detail = "a service that this one needs did not answer in time: repeat the \
                              request in a moment";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "service.unavailable", detail)
                    .with_header(header::RETRY_AFTER, A_MOMENT)
                    .with_cause(failure.to_string())
            }
            Failure::RateExceeded { .. } => {
                let detail = "Cognito takes no more requests at the moment: repeat the request in a \
                              moment";
                Self::new(StatusCode::TOO_MANY_REQUESTS, RATE_EXCEEDED, detail)
                    .with_header(header::RETRY_AFTER, A_MOMENT)
                    .with_cause(failure.to_string())
            }
            Failure::QuotaUsedUp { .. } => {
                let detail = "a quota of the user pool is used up: repeat the request later";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "user_pool.quota_used_up", detail)
                    .with_header(header::RETRY_AFTER, AN_HOUR)
                    .with_cause(failure.to_string())
            }
            Failure::Misconfigured { .. } => {
                let detail = "a trigger, a role or another setting of the user pool is wrong: tell \
                              the operator, who finds Cognito's reason in the log";
                Self::new(StatusCode::BAD_GATEWAY, "user_pool.misconfigured", detail)
                    .with_cause(failure.to_string())
            }
            Failure::Refused { .. }
            | Failure::Unreadable { .. }
            | Failure::TooManyItems { .. }
            | Failure::NoUserPool
            | Failure::NoEventBus
            | Failure::NoDeadLetterQueue => Self::internal(failure.to_string()),
        }
    }

    fn with_cause(mut self, cause: String) -> Self {
        self.0.cause = Some(cause);
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        const CONFLICT: StatusCode = StatusCode::CONFLICT;
        const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
        const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

        let (status, code) = match &error {
            Error::OrganizationNotFound(_) => (NOT_FOUND, "organization.not_found"),
            Error::OrganizationIdInUse(_) => (UNPROCESSABLE, "organization.id_in_use"),
            Error::OrganizationRoleNotFound(_) => (NOT_FOUND, "organization_role.not_found"),
            Error::OrganizationRoleNameInUse(_) => (UNPROCESSABLE, "organization_role.name_in_use"),
            Error::OrganizationRolesFull => (UNPROCESSABLE, "organization_roles.limit_reached"),
            Error::EmailDomainNotFound(_) => (NOT_FOUND, "email_domain.not_found"),
            Error::EmailDomainAlreadyListed(_) => (UNPROCESSABLE, "email_domain.already_listed"),
            Error::EmailDomainAlreadyProven(_) => (UNPROCESSABLE, "email_domain.already_proven"),
            Error::EmailDomainsCrowded(_) => (UNPROCESSABLE, "email_domain.too_many_organizations"),
            Error::EmailDomainsClaimed(_) => (UNPROCESSABLE, "email_domain.too_many_claims"),
            Error::EmailDomainsFull => (UNPROCESSABLE, "email_domains.limit_reached"),
            Error::EmailDomainsPartiallyReplaced { .. } => {
                (CONFLICT, "email_domains.partially_replaced")
            }
            Error::SsoConnectorNotFound(_) => (NOT_FOUND, "sso_connector.not_found"),
            Error::SsoConnectorsCrowded(_) => {
                (UNPROCESSABLE, "sso_connector.too_many_organizations")
            }
            Error::SsoConnectorsFull => (UNPROCESSABLE, "sso_connectors.limit_reached"),
            Error::SsoConnectorsPartiallyReplaced { .. } => {
                (CONFLICT, "sso_connectors.partially_replaced")
            }
            Error::SsoConnectorsEmpty => (StatusCode::BAD_REQUEST, "sso_connectors.empty"),
            Error::RuleRolesFull => (UNPROCESSABLE, "rule_roles.limit_reached"),
            Error::DefaultRoleNotFound(_) => (NOT_FOUND, "default_role.not_found"),
            Error::DefaultRolesFull => (UNPROCESSABLE, "default_roles.limit_reached"),
            Error::DefaultRolesEmpty => (StatusCode::BAD_REQUEST, "default_roles.empty"),
            Error::UserNotFound(_) => (NOT_FOUND, "user.not_found"),
            Error::MembershipNotFound(_) => (NOT_FOUND, "membership.not_found"),
            Error::NotAMember(_) => (UNPROCESSABLE, "membership.not_a_member"),
            Error::JoinRequestNotFound(_) => (NOT_FOUND, "join_request.not_found"),
            Error::JoinRequestDeclined(_) => (UNPROCESSABLE, "join_request.declined"),
            Error::JoinRequestAlreadyMember(_) => (UNPROCESSABLE, "join_request.already_member"),
            Error::RemovedUserNotFound(_) => (NOT_FOUND, "removed_user.not_found"),
            Error::MemberRoleNotFound(_) => (NOT_FOUND, "member_role.not_found"),
            Error::MemberRolesFull => (UNPROCESSABLE, "member_roles.limit_reached"),
            Error::MemberRolesEmpty => (StatusCode::BAD_REQUEST, "member_roles.empty"),
            Error::UserIdsEmpty => (StatusCode::BAD_REQUEST, "memberships.empty"),
            Error::TooManyMembers => (UNPROCESSABLE, "memberships.limit_reached"),
            Error::MembersPartiallyAdded { failure: None, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "memberships.partially_added")
            }
            Error::MembersPartiallyAdded { failure: Some(_), .. } => {
                (StatusCode::TOO_MANY_REQUESTS, RATE_EXCEEDED)
            }
            Error::UserNotCreated(CreateUserError::NameIsAddress) => {
                (UNPROCESSABLE, "username.email_address")
            }
            Error::UserNotCreated(CreateUserError::NotInvited(_)) => {
                (UNPROCESSABLE, "user.not_invited")
            }
            Error::UserNotCreated(CreateUserError::Exists) => (UNPROCESSABLE, "user.exists"),
            Error::UserNotCreated(CreateUserError::Refused(_)) => (UNPROCESSABLE, "user.refused"),
            Error::PreconditionFailed { .. } => {
                (StatusCode::PRECONDITION_FAILED, "request.precondition_failed")
            }
            Error::Invalid(violations) => match violations.as_slice() {
                [only] => (UNPROCESSABLE, only.code),
                _ => (UNPROCESSABLE, "request.invalid_values"),
            },
            Error::Failed(failure) | Error::UserNotCreated(CreateUserError::Failed(failure)) => {
                return Self::of(failure);
            }
            Error::UserNotCreated(CreateUserError::MayExist(failure)) => {
                let mut problem = Self::of(failure);
                problem.0.detail = sanitized(&error.to_string());
                return problem;
            }
        };
        match error {
            Error::EmailDomainsPartiallyReplaced { current }
            | Error::SsoConnectorsPartiallyReplaced { current }
            | Error::PreconditionFailed { current } => {
                let (name, value) = etag(current);
                Self::new(status, code, error.to_string()).with_header(name, value)
            }
            Error::Invalid(violations) => {
                let mut problem = Self::new(status, code, summary(&violations));
                problem.0.violations = violations;
                problem
            }
            Error::MembersPartiallyAdded { ref failure, .. } => {
                let problem = Self::new(status, code, error.to_string())
                    .with_header(header::RETRY_AFTER, A_MOMENT);
                match failure {
                    Some(failure) => problem.with_cause(failure.to_string()),
                    None => problem,
                }
            }
            Error::UserNotCreated(CreateUserError::NameIsAddress) => {
                Self::new(status, code, error.to_string()).at("/username".to_owned())
            }
            error => Self::new(status, code, error.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Error::from(failure).into()
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        Error::from(violation).into()
    }
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    #[schema(format = "uri-reference", example = "about:blank")]
    r#type: &'a str,
    /// The status in words.
    #[schema(min_length = 1, max_length = 64, example = "Unprocessable Entity")]
    title: &'a str,
    #[schema(minimum = 400, maximum = 599, example = 422)]
    status: u16,
    /// What is wrong and what to do instead, for people; may change.
    #[schema(
        min_length = 1,
        max_length = 401,
        example = "This is an email address: send only the part after the @, \"acme.example\"."
    )]
    detail: &'a str,
    /// For programs; never changes its meaning.
    #[schema(
        max_length = 64,
        pattern = r"^[a-z_]+(\.[a-z_]+)*$",
        example = "email_domain.email_address"
    )]
    code: &'a str,
    /// The same as `detail`, for clients of Logto's Management API.
    #[schema(min_length = 1, max_length = 401)]
    message: &'a str,
    /// The places in the body that are at fault, the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, min_items = 1, max_items = 100)]
    errors: Vec<ProblemError<'a>>,
}

/// A place in the body that is at fault.
#[derive(Serialize, ToSchema)]
pub struct ProblemError<'a> {
    /// Where: a JSON Pointer (RFC 6901). A longer one is cut to that of the object or array around it.
    #[schema(format = "json-pointer", max_length = 1000, example = "/emailDomain")]
    pointer: &'a str,
    /// As the code of a problem.
    #[schema(
        max_length = 64,
        pattern = r"^[a-z_]+(\.[a-z_]+)*$",
        example = "email_domain.email_address"
    )]
    code: &'a str,
    #[schema(min_length = 1, max_length = 401)]
    detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, code, detail, violations, header, cause } = *self.0;
        let errors = violations
            .iter()
            .take(MOST_VIOLATIONS)
            .map(|violation| ProblemError {
                pointer: bounded(&violation.pointer),
                code: violation.code,
                detail: sanitized(&violation.reason),
            })
            .collect();
        let body = ProblemBody {
            // `about:blank`: the type says no more than the status; `code` is what programs read.
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Unknown"),
            status: status.as_u16(),
            detail: &detail,
            code,
            message: &detail,
            errors,
        };
        let mut response = (status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(header);
        response.extensions_mut().insert(LogFields { code, cause });
        response
    }
}

/// A JSON Pointer to a place or, if that has more than [`LONGEST_POINTER`] characters, to the nearest
/// object or array around it with a shorter one.
fn bounded(mut pointer: &str) -> &str {
    while pointer.chars().count() > LONGEST_POINTER {
        pointer = pointer.rsplit_once('/').map_or("", |(around, _)| around);
    }
    pointer
}

/// Text for people: at most [`LONGEST_DETAIL`] characters, without control characters.
fn sanitized(text: &str) -> String {
    let mut characters = text.chars();
    let shown: String = characters
        .by_ref()
        .take(LONGEST_DETAIL)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if characters.next().is_some() { shown + "…" } else { shown }
}
