//! The user pool, as a directory of users. A user is always found by `sub`, never by an alias.

use std::sync::Arc;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::operation::admin_create_user::AdminCreateUserError;
use aws_sdk_cognitoidentityprovider::primitives::DateTime;
use aws_sdk_cognitoidentityprovider::types::{
    AttributeType, DeliveryMediumType, MessageActionType, UserType,
};
use jiff::Timestamp;

use crate::domain::ids::UserId;
use crate::error::{Error, Result};
use crate::store::{cause, is_refusal};

/// Why the user pool failed. Meant for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Cognito did not answer in time, or could not take the call just then: it may later.
    #[error("Cognito is unavailable: {operation}: {cause}")]
    Unavailable {
        /// The Cognito operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// Cognito refused the call: a mistake in code, user pool or permissions.
    #[error("Cognito refused: {operation}: {cause}")]
    Refused {
        /// The Cognito operation.
        operation: &'static str,
        /// What it said.
        cause: String,
    },
    /// This function, or this local server, was started without a user pool.
    #[error("there is no user pool: set USER_POOL_ID, or start usher-local with --user-pool")]
    Absent,
}

/// The user pool, if there is one.
#[derive(Clone, Debug, Default)]
pub struct Directory(Option<Pool>);

#[derive(Clone, Debug)]
struct Pool {
    client: Client,
    id: Arc<str>,
}

/// A user of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryUser {
    /// The `sub` attribute.
    pub id: UserId,
    /// Cognito's `Username`.
    pub user_name: String,
    /// The `email` attribute.
    pub email: Option<String>,
    /// Whether the `email_verified` attribute is true.
    pub email_verified: bool,
    /// The `name` attribute.
    pub name: Option<String>,
    /// Cognito's `UserStatus`.
    pub status: Option<String>,
    /// When the user was created.
    pub created_at: Option<Timestamp>,
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The `email` attribute, also the `Username` where no other is given.
    pub email: &'a str,
    /// The `email_verified` attribute.
    pub email_verified: bool,
    /// The `name` attribute.
    pub name: Option<&'a str>,
    /// The `Username`.
    pub user_name: Option<&'a str>,
    /// Whether Cognito sends the invitation with the temporary password.
    pub send_invitation: bool,
}

impl Directory {
    /// A user pool.
    pub fn new(client: Client, user_pool_id: impl Into<Arc<str>>) -> Self {
        Self(Some(Pool { client, id: user_pool_id.into() }))
    }

    /// The user with this `sub`, if there is one. A user who has just been created may take a
    /// moment to appear (`ListUsers` is eventually consistent).
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn find(&self, id: &UserId) -> Result<Option<DirectoryUser>, DirectoryError> {
        const OPERATION: &str = "ListUsers";
        let pool = self.pool()?;
        let found = pool
            .client
            .list_users()
            .user_pool_id(&*pool.id)
            // An id holds no quotation mark that could end the filter.
            .filter(format!("sub = \"{id}\""))
            .limit(1)
            .send()
            .await
            .map_err(|error| failure(OPERATION, &error))?;
        Ok(found.users().iter().find_map(read).filter(|user| user.id == *id))
    }

    /// Creates a user, as an administrator does.
    ///
    /// # Errors
    /// [`Error::UserExists`], [`Error::UserRefused`] with Cognito's reason, and when Cognito fails.
    pub async fn create(&self, user: &NewUser<'_>) -> Result<DirectoryUser> {
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
            .map_err(|error| refusal(OPERATION, &error))?;
        created.user().and_then(read).ok_or_else(|| {
            let cause = "the user that was created has no usable sub".to_owned();
            DirectoryError::Refused { operation: OPERATION, cause }.into()
        })
    }

    /// Deletes a user of this `Username`. One who is gone already is fine.
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn delete(&self, user_name: &str) -> Result<(), DirectoryError> {
        const OPERATION: &str = "AdminDeleteUser";
        let pool = self.pool()?;
        let deleted =
            pool.client.admin_delete_user().user_pool_id(&*pool.id).username(user_name).send();
        match deleted.await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) if error.err().is_user_not_found_exception() => {
                Ok(())
            }
            Err(error) => Err(failure(OPERATION, &error)),
        }
    }

    fn pool(&self) -> Result<&Pool, DirectoryError> {
        self.0.as_ref().ok_or(DirectoryError::Absent)
    }
}

fn read(user: &UserType) -> Option<DirectoryUser> {
    let attribute = |name: &str| {
        user.attributes()
            .iter()
            .find(|attribute| attribute.name() == name)
            .and_then(|attribute| attribute.value())
            .map(str::to_owned)
    };
    Some(DirectoryUser {
        id: UserId::parse(&attribute("sub")?).ok()?,
        user_name: user.username()?.to_owned(),
        email: attribute("email"),
        email_verified: attribute("email_verified").as_deref() == Some("true"),
        name: attribute("name"),
        status: user.user_status().map(|status| status.as_str().to_owned()),
        created_at: user.user_create_date().and_then(moment),
    })
}

fn moment(date: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(date.to_millis().ok()?).ok()
}

/// What Cognito says of a user whom it does not want: the caller's to mend, in Cognito's own words.
fn refusal(operation: &'static str, error: &SdkError<AdminCreateUserError>) -> Error {
    use AdminCreateUserError as Cause;
    match error.as_service_error() {
        Some(Cause::UsernameExistsException(_)) => Error::UserExists,
        Some(
            cause @ (Cause::InvalidParameterException(_)
            | Cause::UserLambdaValidationException(_)
            | Cause::CodeDeliveryFailureException(_)),
        ) => Error::UserRefused(cause.message().unwrap_or("it gives no reason").to_owned()),
        _ => failure(operation, error).into(),
    }
}

fn failure<E>(operation: &'static str, error: &SdkError<E>) -> DirectoryError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = cause(error);
    if is_refusal(error, &["TooManyRequestsException"]) {
        DirectoryError::Refused { operation, cause }
    } else {
        DirectoryError::Unavailable { operation, cause }
    }
}
