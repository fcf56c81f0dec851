//! The user pool. A user is always looked up by `sub`, never by an alias.

use std::sync::Arc;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::operation::admin_create_user::AdminCreateUserError;
use aws_sdk_cognitoidentityprovider::primitives::DateTime;
use aws_sdk_cognitoidentityprovider::types::{
    AttributeType, DeliveryMediumType, MessageActionType, UserType,
};
use jiff::Timestamp;

use super::Attributes;
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::failure::{Failure, Service};

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// Another user has this address or name.
    #[error("a user with this address or name exists already: send another, or find the user")]
    Exists,
    /// Cognito refuses the user. The reason is Cognito's own, for the caller.
    #[error("Cognito refuses the user: {0}")]
    Refused(String),
    /// The user pool failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The user pool. Without one, every call fails with [`Failure::NoUserPool`].
#[derive(Clone, Debug, Default)]
pub struct UserPool(Option<Pool>);

#[derive(Clone, Debug)]
struct Pool {
    client: Client,
    id: Arc<str>,
}

/// A user, as the pool returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolUser {
    /// The user.
    pub user: User,
    /// Cognito's `Username`.
    pub user_name: String,
    /// When the user was created, if the answer says so.
    pub created_at: Option<Timestamp>,
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The `email` attribute, and the `Username` if `user_name` is `None`.
    pub email: &'a str,
    /// The `email_verified` attribute.
    pub email_verified: bool,
    /// The `name` attribute.
    pub name: Option<&'a str>,
    /// The `Username`, if it is not the address.
    pub user_name: Option<&'a str>,
    /// Whether Cognito sends the invitation with the temporary password.
    pub send_invitation: bool,
}

impl UserPool {
    /// A user pool.
    pub fn new(client: Client, user_pool_id: impl Into<Arc<str>>) -> Self {
        Self(Some(Pool { client, id: user_pool_id.into() }))
    }

    /// The user with this `sub`, if there is one. A user who has just been created may take a
    /// moment to appear (`ListUsers` is eventually consistent).
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn find(&self, id: &UserId) -> Result<Option<PoolUser>, Failure> {
        const OPERATION: &str = "ListUsers";
        let pool = self.pool()?;
        let found = pool
            .client
            .list_users()
            .user_pool_id(&*pool.id)
            // An id cannot contain a quotation mark, which would end the filter.
            .filter(format!("sub = \"{id}\""))
            .limit(1)
            .send()
            .await
            .map_err(|error| Service::Cognito.failure(OPERATION, &error))?;
        Ok(found.users().iter().find_map(read).filter(|found| found.user.id == *id))
    }

    /// Creates a user, as an administrator does.
    ///
    /// # Errors
    /// When the address or name is in use, when Cognito refuses the user, or when Cognito fails.
    pub async fn create(&self, user: &NewUser<'_>) -> Result<PoolUser, CreateUserError> {
        const OPERATION: &str = "AdminCreateUser";
        let pool = self.pool()?;
        let verified = if user.email_verified { "true" } else { "false" };
        let mut attributes = vec![("email", user.email), ("email_verified", verified)];
        attributes.extend(user.name.map(|name| ("name", name)));
        let attributes = attributes.into_iter().map(|(name, value)| {
            AttributeType::builder().name(name).value(value).build().expect("it has a name")
        });
        let action = (!user.send_invitation).then_some(MessageActionType::Suppress);
        let created = pool
            .client
            .admin_create_user()
            .user_pool_id(&*pool.id)
            .username(user.user_name.unwrap_or(user.email))
            .set_user_attributes(Some(attributes.collect()))
            .set_message_action(action)
            .desired_delivery_mediums(DeliveryMediumType::Email)
            .send()
            .await
            .map_err(|error| create_error(OPERATION, &error))?;
        created.user().and_then(read).ok_or_else(|| {
            let cause = "the user that was created has no usable sub".to_owned();
            Failure::Refused { service: Service::Cognito, operation: OPERATION, cause }.into()
        })
    }

    /// Deletes the user with this `Username`. A user who does not exist is not an error.
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn delete(&self, user_name: &str) -> Result<(), Failure> {
        const OPERATION: &str = "AdminDeleteUser";
        let pool = self.pool()?;
        let deleted =
            pool.client.admin_delete_user().user_pool_id(&*pool.id).username(user_name).send();
        match deleted.await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) if error.err().is_user_not_found_exception() => {
                Ok(())
            }
            Err(error) => Err(Service::Cognito.failure(OPERATION, &error)),
        }
    }

    fn pool(&self) -> Result<&Pool, Failure> {
        self.0.as_ref().ok_or(Failure::NoUserPool)
    }
}

fn read(found: &UserType) -> Option<PoolUser> {
    let attributes = found.attributes().iter();
    let attributes: Attributes = attributes
        .filter_map(|attribute| Some((attribute.name(), attribute.value()?)))
        .chain(found.user_status().map(|status| ("cognito:user_status", status.as_str())))
        .collect();
    let user_name = found.username()?;
    Some(PoolUser {
        user: attributes.user(Some(user_name))?,
        user_name: user_name.to_owned(),
        created_at: found.user_create_date().and_then(timestamp),
    })
}

fn timestamp(date: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(date.to_millis().ok()?).ok()
}

/// The error of a creation that failed. A refusal that the caller can correct keeps Cognito's own
/// words.
fn create_error(
    operation: &'static str,
    error: &SdkError<AdminCreateUserError>,
) -> CreateUserError {
    use AdminCreateUserError as Cause;
    match error.as_service_error() {
        Some(Cause::UsernameExistsException(_)) => CreateUserError::Exists,
        Some(
            cause @ (Cause::InvalidParameterException(_)
            | Cause::UserLambdaValidationException(_)
            | Cause::CodeDeliveryFailureException(_)),
        ) => CreateUserError::Refused(cause.message().unwrap_or("it gives no reason").to_owned()),
        _ => Service::Cognito.failure(operation, error).into(),
    }
}
