//! The user pool. A user is looked up by `sub`, and whoever Cognito answers must have this `sub`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cognitoidentityprovider::config::interceptors::InterceptorContext;
use aws_sdk_cognitoidentityprovider::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::operation::admin_create_user::AdminCreateUserError;
use aws_sdk_cognitoidentityprovider::operation::list_users::ListUsersOutput;
use aws_sdk_cognitoidentityprovider::primitives::DateTime;
use aws_sdk_cognitoidentityprovider::types::{
    AliasAttributeType, AttributeType, DeliveryMediumType, MessageActionType, UserPoolType,
    UserStatusType, UserType,
};
use aws_sdk_cognitoidentityprovider::{Client, Config};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::Attributes;
use crate::ambient::{Randomness, user_name};
use crate::clients::Waits;
use crate::domain::email_address::{EmailAddress, SpelledAddress};
use crate::domain::ids::UserId;
use crate::domain::provider::ProviderName;
use crate::domain::user::User;
use crate::failure::{Failure, Service, is_rate_exceeded};

/// The most users of a page of `ListUsers` (Cognito's limit).
const LARGEST_PAGE: i32 = 60;
/// The most characters of a filter of `ListUsers` (Cognito's limit).
const LONGEST_FILTER: usize = 256;
/// How many pages of users with the same address are read at most. Accounts that only claim the
/// address can fill the first one.
const MOST_PAGES: usize = 5;

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// Another user has this address or name.
    #[error("a user with this address or name exists already: send another, or find the user")]
    Exists,
    /// The given user name is an address, and addresses are aliases in this pool.
    #[error(
        "the user pool has addresses as aliases, so a user name cannot be an address: send another \
         name, or none to have one generated"
    )]
    NameIsAddress,
    /// Cognito refuses the user. The reason is Cognito's own, for the caller.
    #[error("Cognito refuses the user: {0}")]
    Refused(String),
    /// Cognito could not send the invitation. The reason is Cognito's own, for the caller.
    #[error(
        "Cognito could not send the invitation. The user may exist now: find the user, or repeat the \
         request with `sendInvitation` false. Cognito's reason: {0}"
    )]
    NotInvited(String),
    /// Cognito failed, or did not answer, after it may have created the user.
    #[error(
        "{}. The user may exist now: look for the user in the user pool before you repeat the \
         request{}",
        if is_quota(.0) {
            "a quota of the user pool is used up, such as the emails that it may send in a day"
        } else {
            "Cognito failed, or did not answer in time"
        },
        if is_quota(.0) { " later, or with `sendInvitation` false" } else { "" }
    )]
    MayExist(Failure),
    /// The user pool failed, and the user was not created.
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
    /// Whether addresses are aliases. A pool keeps this setting for ever.
    aliases_addresses: Arc<OnceCell<bool>>,
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

/// What a deletion has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The user, who is deleted now.
    Deleted,
    /// The user, but somebody else has deleted the user before this call could.
    GoneMeanwhile,
    /// No user with this `sub`.
    NotFound,
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The `email` attribute. It is also the `Username` if `user_name` is `None`, unless addresses
    /// are aliases in the pool: then the `Username` is generated.
    pub email: &'a str,
    /// The `email_verified` attribute.
    pub email_verified: bool,
    /// The `name` attribute.
    pub name: Option<&'a str>,
    /// The `Username`, if the caller has chosen one.
    pub user_name: Option<&'a str>,
    /// Whether Cognito sends the invitation with the temporary password.
    pub send_invitation: bool,
}

impl UserPool {
    /// A user pool.
    pub fn new(client: Client, user_pool_id: impl Into<Arc<str>>) -> Self {
        let aliases_addresses = Arc::default();
        Self(Some(Pool { client, id: user_pool_id.into(), aliases_addresses }))
    }

    /// The user with this `sub`, if there is one. The attributes may be some seconds old.
    ///
    /// `ListUsers` is asked first. It lags behind, but makes nobody an active user of the month, for
    /// whom Cognito charges, as `AdminGetUser` does. `AdminGetUser` is asked for a user who is not
    /// listed yet. It needs `last_name`, the last known `Username`, for a user of another identity
    /// provider.
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn find(
        &self,
        id: &UserId,
        last_name: Option<&str>,
    ) -> Result<Option<PoolUser>, Failure> {
        match self.listed(id).await? {
            Some(listed) => Ok(Some(listed)),
            None => self.present(id, last_name).await,
        }
    }

    /// The users whose `email` is this address, in one of its spellings.
    /// Cognito compares spellings, so users with another one are not found. The attributes may be some
    /// seconds old. An address alone proves nothing: in most pools, everybody can claim any address.
    ///
    /// Of each spelling, Cognito is asked for at most [`MOST_PAGES`] pages.
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn with_address(&self, address: &SpelledAddress) -> Result<Vec<PoolUser>, Failure> {
        let listed = address.spellings().iter().map(|spelling| self.listed_with(spelling));
        let listed = try_join_all(listed).await?.into_iter().flatten();
        let is_theirs = |found: &PoolUser| {
            let email = found.user.email.as_deref().map(EmailAddress::parse);
            email.is_some_and(|email| email.as_ref() == Ok(address.address()))
        };
        let users = listed.filter(is_theirs).map(|found| (found.user.id.clone(), found));
        Ok(users.collect::<BTreeMap<_, _>>().into_values().collect())
    }

    /// The users whose `email` is exactly this text, which must not contain a quotation mark or a
    /// backslash. These would change the filter. If the text is too long for a filter, the users whose
    /// `email` begins like it.
    async fn listed_with(&self, email: &str) -> Result<Vec<PoolUser>, Failure> {
        let whole = format!("email = \"{email}\"");
        let filter = if whole.chars().count() <= LONGEST_FILTER {
            whole
        } else {
            let filter = format!("email ^= \"{email}");
            filter.chars().take(LONGEST_FILTER - 1).chain(['"']).collect()
        };
        let mut users = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let page = self.list(filter.clone(), LARGEST_PAGE, next).await?;
            users.extend(page.users().iter().filter_map(read_listed));
            next = page.pagination_token;
            if next.is_none() {
                break;
            }
        }
        Ok(users)
    }

    /// Creates a user, as an administrator does.
    ///
    /// # Errors
    /// When the address or name is in use, when Cognito refuses the user, or when Cognito fails. After
    /// [`CreateUserError::NotInvited`] and [`CreateUserError::MayExist`], the user may exist.
    pub async fn create(
        &self,
        user: &NewUser<'_>,
        randomness: &Randomness,
    ) -> Result<PoolUser, CreateUserError> {
        const OPERATION: &str = "AdminCreateUser";
        let pool = self.pool()?;
        let name = match user.user_name {
            Some(name) if EmailAddress::parse(name).is_err() => name.to_owned(),
            Some(_) if self.aliases_addresses().await? => {
                return Err(CreateUserError::NameIsAddress);
            }
            None if self.aliases_addresses().await? => user_name(randomness),
            name => name.unwrap_or(user.email).to_owned(),
        };
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
            .username(name)
            .set_user_attributes(Some(attributes.collect()))
            .set_message_action(action)
            .desired_delivery_mediums(DeliveryMediumType::Email)
            .customize()
            .config_override(
                Config::builder()
                    .timeout_config(Waits::CREATE_USER.timeouts())
                    .retry_classifier(RetryOnlyRefusedByRate),
            )
            .send()
            .await
            .map_err(|error| create_error(OPERATION, &error))?;
        created.user().and_then(read_listed).ok_or_else(|| {
            let cause = "the user that was created has no usable sub".to_owned();
            Failure::Refused { service: Service::Cognito, operation: OPERATION, cause }.into()
        })
    }

    /// Deletes the user with this `sub`. `last_name` is the last known `Username`. A name may belong
    /// to somebody else by now, so whoever has the name is deleted only if the `sub` is the same.
    ///
    /// # Errors
    /// When Cognito fails. Then the user may exist still.
    pub async fn delete(&self, id: &UserId, last_name: Option<&str>) -> Result<Deletion, Failure> {
        const OPERATION: &str = "AdminDeleteUser";
        let pool = self.pool()?;
        let found = match self.present(id, last_name).await? {
            Some(found) => Some(found),
            // A user of another identity provider is found by name only. The list has the name.
            None => match self.listed(id).await? {
                Some(listed) => self.named(&listed.user_name, id).await?,
                None => None,
            },
        };
        let Some(found) = found else {
            return Ok(Deletion::NotFound);
        };
        let request = pool.client.admin_delete_user().user_pool_id(&*pool.id);
        match request.username(found.user_name).send().await {
            Ok(_) => Ok(Deletion::Deleted),
            Err(error) if is_not_found(&error) => Ok(Deletion::GoneMeanwhile),
            Err(error) => Err(Service::Cognito.failure(OPERATION, &error)),
        }
    }

    /// The user with this `sub` in the list of users, which is eventually consistent.
    async fn listed(&self, id: &UserId) -> Result<Option<PoolUser>, Failure> {
        // An id cannot contain a quotation mark, which would end the filter.
        let found = self.list(format!("sub = \"{id}\""), 1, None).await?;
        Ok(found.users().iter().find_map(read_listed).filter(|found| found.user.id == *id))
    }

    /// A page of the users whom a filter of Cognito's finds.
    async fn list(
        &self,
        filter: String,
        limit: i32,
        page: Option<String>,
    ) -> Result<ListUsersOutput, Failure> {
        const OPERATION: &str = "ListUsers";
        let pool = self.pool()?;
        let list = pool.client.list_users().user_pool_id(&*pool.id).filter(filter).limit(limit);
        let listed = list.set_pagination_token(page).send().await;
        listed.map_err(|error| Service::Cognito.failure(OPERATION, &error))
    }

    /// The user with this `sub` at this moment, by the last known name, or else by the `sub`, which
    /// Cognito takes for a name too. Only users of the pool itself are found by their `sub`.
    async fn present(
        &self,
        id: &UserId,
        last_name: Option<&str>,
    ) -> Result<Option<PoolUser>, Failure> {
        if let Some(name) = last_name.filter(|name| *name != id.as_str())
            && let Some(found) = self.named(name, id).await?
        {
            return Ok(Some(found));
        }
        self.named(id.as_str(), id).await
    }

    /// The user with this name or alias at this moment, if the user has this `sub`.
    async fn named(&self, name: &str, id: &UserId) -> Result<Option<PoolUser>, Failure> {
        const OPERATION: &str = "AdminGetUser";
        let pool = self.pool()?;
        let request = pool.client.admin_get_user().user_pool_id(&*pool.id).username(name);
        let found = match request.send().await {
            Ok(found) => found,
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(Service::Cognito.failure(OPERATION, &error)),
        };
        let (attributes, status) = (found.user_attributes(), found.user_status());
        let found = read(Some(found.username()), attributes, status, found.user_create_date());
        Ok(found.filter(|found| found.user.id == *id))
    }

    /// The name of the call that reads an identity provider.
    pub const DESCRIBE_IDENTITY_PROVIDER: &str = "DescribeIdentityProvider";

    /// The type of the identity provider with this name, such as `SAML`; `None` if the pool has none with
    /// this name. The name is case-sensitive. A name that Cognito takes for no name is none either.
    ///
    /// # Errors
    /// When Cognito fails.
    pub async fn identity_provider_type(
        &self,
        name: &ProviderName,
    ) -> Result<Option<String>, Failure> {
        let pool = self.pool()?;
        let request = pool.client.describe_identity_provider().user_pool_id(&*pool.id);
        let described = match request.provider_name(name.as_str()).send().await {
            Ok(described) => described,
            Err(error) if is_no_provider(&error) => return Ok(None),
            Err(error) => {
                return Err(Service::Cognito.failure(Self::DESCRIBE_IDENTITY_PROVIDER, &error));
            }
        };
        let found = described.identity_provider();
        let found = found.filter(|found| found.provider_name() == Some(name.as_str()));
        let kind = found.and_then(|found| found.provider_type());
        Ok(kind.map(|kind| kind.as_str().to_owned()))
    }

    /// Whether the pool has addresses as aliases (`AliasAttributes`). It is asked once.
    async fn aliases_addresses(&self) -> Result<bool, Failure> {
        const OPERATION: &str = "DescribeUserPool";
        let pool = self.pool()?;
        let describe = async || {
            let described = pool.client.describe_user_pool().user_pool_id(&*pool.id).send().await;
            let described =
                described.map_err(|error| Service::Cognito.failure(OPERATION, &error))?;
            let aliases = described.user_pool().map(UserPoolType::alias_attributes);
            Ok(aliases.is_some_and(|aliases| aliases.contains(&AliasAttributeType::Email)))
        };
        pool.aliases_addresses.get_or_try_init(describe).await.copied()
    }

    fn pool(&self) -> Result<&Pool, Failure> {
        self.0.as_ref().ok_or(Failure::NoUserPool)
    }
}

fn read_listed(found: &UserType) -> Option<PoolUser> {
    read(found.username(), found.attributes(), found.user_status(), found.user_create_date())
}

fn read(
    user_name: Option<&str>,
    attributes: &[AttributeType],
    status: Option<&UserStatusType>,
    created_at: Option<&DateTime>,
) -> Option<PoolUser> {
    let attributes: Attributes = attributes
        .iter()
        .filter_map(|attribute| Some((attribute.name(), attribute.value()?)))
        .chain(status.map(|status| ("cognito:user_status", status.as_str())))
        .collect();
    Some(PoolUser {
        user: attributes.user(user_name)?,
        user_name: user_name?.to_owned(),
        created_at: created_at.and_then(timestamp),
    })
}

fn timestamp(date: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(date.to_millis().ok()?).ok()
}

fn is_not_found(error: &impl ProvideErrorMetadata) -> bool {
    error.code() == Some("UserNotFoundException")
}

fn is_no_provider(error: &impl ProvideErrorMetadata) -> bool {
    matches!(error.code(), Some("ResourceNotFoundException" | "InvalidParameterException"))
}

/// Lets the SDK repeat a creation only if Cognito refused it because of the rate. After any other
/// failure, the user may exist. The repetition would say that somebody else has the name, or, if the
/// name was generated, could create a second user.
#[derive(Debug)]
struct RetryOnlyRefusedByRate;

impl ClassifyRetry for RetryOnlyRefusedByRate {
    fn name(&self) -> &'static str {
        "retry only what is refused by rate"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let error = error.as_operation_error();
        let error = error.and_then(|error| error.downcast_ref::<AdminCreateUserError>());
        let code = error.and_then(ProvideErrorMetadata::code);
        let status = context.response().map(|response| response.status().as_u16());
        if is_rate_exceeded(code, status) {
            RetryAction::throttling_error()
        } else {
            RetryAction::RetryForbidden
        }
    }
}

fn is_quota(failure: &Failure) -> bool {
    matches!(failure, Failure::QuotaUsedUp { .. })
}

/// The error of a creation that failed. A refusal that the caller can correct keeps Cognito's own
/// words. The codes are compared as text, because the SDK's list lacks some that AWS documents.
fn create_error(
    operation: &'static str,
    error: &SdkError<AdminCreateUserError>,
) -> CreateUserError {
    let reason = || error.message().unwrap_or("it gives no reason").to_owned();
    match error.code() {
        Some("AliasExistsException" | "UsernameExistsException") => CreateUserError::Exists,
        Some("CodeDeliveryFailureException") => CreateUserError::NotInvited(reason()),
        Some(
            "InvalidParameterException"
            | "InvalidPasswordException"
            | "PreconditionNotMetException"
            | "UnsupportedUserStateException"
            | "UserLambdaValidationException"
            | "UserNotFoundException",
        ) => CreateUserError::Refused(reason()),
        _ => match Service::Cognito.failure(operation, error) {
            failure @ (Failure::Unavailable { .. } | Failure::QuotaUsedUp { .. }) => {
                CreateUserError::MayExist(failure)
            }
            failure => failure.into(),
        },
    }
}
