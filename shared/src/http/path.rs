//! Reads the parameters of a request's path.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::Problem;
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::provider::ProviderName;
use crate::error::Error;

/// The parsed parameters of a request's path.
#[derive(Debug)]
pub struct PathOf<T>(pub T);

/// A path parameter with a fixed name. A value that cannot be valid is answered as not found.
pub trait FromPath: Sized {
    /// The parameter's name in the path template.
    const PARAMETER: &'static str;

    /// Parses the percent-decoded parameter.
    ///
    /// # Errors
    /// That nothing with this id or name exists.
    fn from_path(value: &str) -> Result<Self, Error>;
}

impl FromPath for OrganizationId {
    const PARAMETER: &'static str = "organizationId";

    fn from_path(value: &str) -> Result<Self, Error> {
        Self::parse(value).map_err(|_| Error::OrganizationNotFound(value.to_owned()))
    }
}

impl FromPath for OrganizationRoleId {
    const PARAMETER: &'static str = "organizationRoleId";

    fn from_path(value: &str) -> Result<Self, Error> {
        Self::parse(value).map_err(|_| Error::OrganizationRoleNotFound(value.to_owned()))
    }
}

impl FromPath for UserId {
    const PARAMETER: &'static str = "userId";

    fn from_path(value: &str) -> Result<Self, Error> {
        Self::parse(value).map_err(|_| Error::UserNotFound(value.to_owned()))
    }
}

impl FromPath for EmailDomain {
    const PARAMETER: &'static str = "emailDomain";

    /// Normalises only, without the public suffix list, so that a domain that was listed earlier
    /// can still be deleted.
    fn from_path(value: &str) -> Result<Self, Error> {
        Self::normalise(value).map_err(|_| Error::EmailDomainNotFound(value.to_owned()))
    }
}

impl FromPath for ProviderName {
    const PARAMETER: &'static str = "ssoConnectorId";

    fn from_path(value: &str) -> Result<Self, Error> {
        Self::parse(value).map_err(|_| Error::SsoConnectorNotFound(value.to_owned()))
    }
}

impl<S: Send + Sync, A: FromPath> FromRequestParts<S> for PathOf<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(read(&parameters(parts, state).await?)?))
    }
}

impl<S: Send + Sync, A: FromPath, B: FromPath> FromRequestParts<S> for PathOf<(A, B)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = parameters(parts, state).await?;
        Ok(Self((read(&parameters)?, read(&parameters)?)))
    }
}

impl<S, A, B, C> FromRequestParts<S> for PathOf<(A, B, C)>
where
    S: Send + Sync,
    A: FromPath,
    B: FromPath,
    C: FromPath,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = parameters(parts, state).await?;
        Ok(Self((read(&parameters)?, read(&parameters)?, read(&parameters)?)))
    }
}

async fn parameters<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<RawPathParams, Problem> {
    RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
        let detail = "the decoded path is not UTF-8: percent-encode its UTF-8 form";
        Problem::new(StatusCode::BAD_REQUEST, "request.invalid_path", detail)
    })
}

fn read<T: FromPath>(parameters: &RawPathParams) -> Result<T, Problem> {
    let value = parameters.iter().find(|(name, _)| *name == T::PARAMETER);
    let (_, value) = value.expect("the route's template has the parameter");
    T::from_path(value).map_err(Problem::from)
}
