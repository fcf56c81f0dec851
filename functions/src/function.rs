//! The types of the table [`FUNCTIONS`](crate::FUNCTIONS).

use std::collections::BTreeSet;
use std::pin::Pin;

use serde_json::value::RawValue;
use shared::App;
use shared::Error;
use shared::capabilities::Capability;
use shared::http::{Route, Routes};
use shared::next_trigger::{NextTrigger, Refusal};
use utoipa::openapi::OpenApi;

use crate::publish_events::PublishError;

/// A Lambda function. The template, the dashboard, the README's table and the program are made
/// from this (`make template`).
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name of the function, which is also its handler and names its resources in the template.
    pub name: &'static str,
    /// Its module in this crate.
    pub module: &'static str,
    /// Its caller, with its routes or its handler.
    pub entry: Entry,
    /// The environment variables of each of its capabilities.
    pub variables: &'static [&'static [&'static str]],
    /// The actions that it may take on items of the table.
    pub may: &'static [(Items, &'static [Action])],
    /// The actions on items that only the previous release takes. Its version of the function may run
    /// with the present role: until the alias has moved in an update, and after a roll-back
    /// (`docs/adr/0040-functions-are-called-by-an-alias.md`).
    pub release_before: &'static [(Items, &'static [Action])],
    /// The actions that it may take in the customers' user pool.
    pub user_pool: &'static [UserPoolAction],
    /// Its time-out in seconds, if it differs from the default.
    pub timeout: Option<u32>,
    /// Its layers, by their ids in the template.
    pub layers: &'static [&'static str],
}

/// The caller of a function, with its routes or its handler.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// API Gateway, for its routes.
    Http(Http),
    /// Cognito, as a trigger. The handler first invokes the function that the pool had before, if it had
    /// one. Only a failure of that function can be the answer to an event.
    Trigger(fn(&App, Box<RawValue>) -> Answer),
    /// EventBridge Scheduler, once an hour. What the event says does not matter.
    Schedule(fn(&App) -> Run),
    /// Lambda, with the changes in the table's stream. It may also put events on the bus, and send what
    /// cannot be published to the dead-letter queue.
    Stream(fn(&App, Box<RawValue>) -> Published),
}

/// The routes of an HTTP function.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// The routes.
    pub routes: fn() -> Vec<Route>,
    /// The routes with their handlers, which get the capabilities that they need.
    pub handlers: fn(&App) -> Routes,
    /// The OpenAPI document of the handlers' annotations.
    pub(crate) annotations: fn() -> OpenApi,
}

/// A trigger's future answer to an event.
pub type Answer = Pin<Box<dyn Future<Output = Result<Box<RawValue>, Refusal>> + Send>>;

/// A scheduled run in the future.
pub type Run = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// The future answer to a batch of the stream.
pub type Published = Pin<Box<dyn Future<Output = Result<Box<RawValue>, PublishError>> + Send>>;

/// A kind of items of the table, or of entries in its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// A key without an item. Reading it opens the connection while a function starts.
    WarmUp,
    /// Organizations, with their email domains, default roles and custom data.
    Organizations,
    /// The organizations that list a domain.
    DomainIndex,
    /// The organizations that list an identity provider.
    ProviderIndex,
    /// Organization roles, and their number.
    OrganizationRoles,
    /// The names of organization roles.
    RoleNames,
    /// The data of users: memberships, removal marks, profiles.
    Users,
    /// Removal marks by address.
    RemovalMarks,
    /// Proven addresses: the accounts that have proven one, and its version.
    Addresses,
    /// What transactions have changed, for `publish-events`.
    Changes,
    /// What has happened in organizations.
    Activity,
    /// What has happened to users.
    UserActivity,
    /// The list of organizations in the index.
    ListedOrganizations,
    /// The lists of members, of removed users and of requests in the index.
    ListedMembers,
    /// The domains in the index whose record is to be checked.
    DueDomains,
}

impl Items {
    /// The pattern of their partition keys (`dynamodb:LeadingKeys`).
    #[must_use]
    pub const fn keys(self) -> &'static str {
        match self {
            Self::WarmUp => "WARM-UP",
            Self::Organizations | Self::ListedMembers => "ORG#*",
            Self::DomainIndex => "DOMAIN#*",
            Self::ProviderIndex => "PROVIDER#*",
            Self::OrganizationRoles => "ROLE",
            Self::RoleNames => "ROLENAME#*",
            Self::Users => "USER#*",
            Self::RemovalMarks => "REMOVED#*",
            Self::Addresses => "ADDRESS#*",
            Self::Changes => "CHANGE#*",
            Self::Activity => "ACTIVITY#*",
            Self::UserActivity => "USER_ACTIVITY#*",
            Self::ListedOrganizations => "ORGS",
            Self::DueDomains => "OWNERSHIP_CHECKS",
        }
    }

    /// The name of their index, if they are index entries.
    #[must_use]
    pub const fn index(self) -> Option<&'static str> {
        match self {
            Self::ListedOrganizations | Self::ListedMembers | Self::DueDomains => Some("gsi1"),
            _ => None,
        }
    }
}

/// An action on items, by its name in DynamoDB. A transaction needs the actions of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads an item.
    GetItem,
    /// Reads several items by their keys.
    BatchGetItem,
    /// Reads items with the same partition key.
    Query,
    /// Checks a condition on an item, in a transaction that writes other items.
    ConditionCheckItem,
    /// Writes a whole item.
    PutItem,
    /// Changes an item.
    UpdateItem,
    /// Deletes an item.
    DeleteItem,
    /// Writes or deletes several items, without conditions.
    BatchWriteItem,
}

/// An action in a user pool, by its name in Cognito.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserPoolAction {
    /// Creates a user.
    AdminCreateUser,
    /// Deletes a user.
    AdminDeleteUser,
    /// Reads a user by name or alias.
    AdminGetUser,
    /// Reads an identity provider.
    DescribeIdentityProvider,
    /// Reads the settings of the pool.
    DescribeUserPool,
    /// Finds users.
    ListUsers,
}

impl Function {
    pub(crate) const fn new(
        name: &'static str,
        module: &'static str,
        entry: Entry,
        variables: &'static [&'static [&'static str]],
    ) -> Self {
        Self {
            name,
            module,
            entry,
            variables,
            may: &[],
            release_before: &[],
            user_pool: &[],
            timeout: None,
            layers: &[],
        }
    }

    pub(crate) const fn may(self, may: &'static [(Items, &'static [Action])]) -> Self {
        Self { may, ..self }
    }

    pub(crate) const fn release_before(
        self,
        release_before: &'static [(Items, &'static [Action])],
    ) -> Self {
        Self { release_before, ..self }
    }

    pub(crate) const fn user_pool(self, user_pool: &'static [UserPoolAction]) -> Self {
        Self { user_pool, ..self }
    }

    pub(crate) const fn timeout(self, seconds: u32) -> Self {
        Self { timeout: Some(seconds), ..self }
    }

    pub(crate) const fn layers(self, layers: &'static [&'static str]) -> Self {
        Self { layers, ..self }
    }

    /// The prefix of its logical ids in the template, such as `AddEmailDomain`.
    #[must_use]
    pub fn logical_id(&self) -> String {
        pascal(self.name)
    }

    /// All environment variables that it reads, by name.
    #[must_use]
    pub fn all_variables(&self) -> BTreeSet<&'static str> {
        let own = self.variables.iter().flat_map(|variables| variables.iter());
        let next = match self.entry {
            Entry::Http(_) | Entry::Schedule(_) | Entry::Stream(_) => &[],
            Entry::Trigger(_) => NextTrigger::VARIABLES,
        };
        own.chain(next).copied().collect()
    }

    /// Its routes, if it is an HTTP function.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        match self.entry {
            Entry::Http(http) => (http.routes)(),
            Entry::Trigger(_) | Entry::Schedule(_) | Entry::Stream(_) => Vec::new(),
        }
    }
}

/// Turns `add-email-domain` and `add_email_domain` into `AddEmailDomain`.
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
