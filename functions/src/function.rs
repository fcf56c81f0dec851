//! What can be said of a function in the table [`FUNCTIONS`](crate::FUNCTIONS).

use std::pin::Pin;

use serde_json::value::RawValue;
use shared::App;
use shared::http::{Route, Routes};
use utoipa::openapi::OpenApi;

/// A Lambda function. The template, the dashboard, the README's table and the binaries are made
/// from this (`make template`).
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// What the function, its binary and its resources in the template are called.
    pub name: &'static str,
    /// The module below this crate.
    pub module: &'static str,
    /// Who calls it, and for what.
    pub entry: Entry,
    /// The environment variables of each of its capabilities.
    pub variables: &'static [&'static [&'static str]],
    /// What it may do to the table's items.
    pub may: &'static [(Items, &'static [Action])],
    /// What it may do in the customers' user pool.
    pub user_pool: &'static [UserPoolAction],
    /// How many seconds it may take, where it is not as long as all others of its kind.
    pub timeout: Option<u32>,
    /// The template's layers that it gets.
    pub layers: &'static [&'static str],
}

/// Who calls a function, and for what.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// API Gateway, for its routes.
    Http(Http),
    /// Cognito, as a trigger: answers an event, whatever happens.
    Trigger(fn(&App, Box<RawValue>) -> Answer),
}

/// The routes of an HTTP function.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// The routes.
    pub routes: fn() -> Vec<Route>,
    /// The routes with their handlers, which get the capabilities that they need.
    pub handlers: fn(&App) -> Routes,
    /// What the handlers' annotations say.
    pub(crate) annotations: fn() -> OpenApi,
}

/// A trigger's answer to an event, once it is there.
pub type Answer = Pin<Box<dyn Future<Output = Box<RawValue>> + Send>>;

/// Items of the table that begin alike, or entries of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// No item: reading it opens the connection while a function starts.
    WarmUp,
    /// Organizations, with their email domains, default roles and custom data.
    Organizations,
    /// Which organizations list a domain.
    DomainIndex,
    /// Organization roles, and their number.
    OrganizationRoles,
    /// The names of organization roles.
    RoleNames,
    /// What is kept of users: memberships, removal marks, profiles.
    Users,
    /// Removal marks by address.
    RemovalMarks,
    /// The list of organizations in the index.
    ListedOrganizations,
    /// The lists of members in the index.
    ListedMembers,
}

impl Items {
    /// What their partition keys look like (`dynamodb:LeadingKeys`).
    #[must_use]
    pub const fn keys(self) -> &'static str {
        match self {
            Self::WarmUp => "WARM-UP",
            Self::Organizations | Self::ListedMembers => "ORG#*",
            Self::DomainIndex => "DOMAIN#*",
            Self::OrganizationRoles => "ROLE",
            Self::RoleNames => "ROLENAME#*",
            Self::Users => "USER#*",
            Self::RemovalMarks => "REMOVED#*",
            Self::ListedOrganizations => "ORGS",
        }
    }

    /// The index that they are in, if it is not the table itself.
    #[must_use]
    pub const fn index(self) -> Option<&'static str> {
        match self {
            Self::ListedOrganizations | Self::ListedMembers => Some("gsi1"),
            _ => None,
        }
    }
}

/// An action on items, as DynamoDB calls it. A transaction takes the actions of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads one.
    GetItem,
    /// Reads several by their keys.
    BatchGetItem,
    /// Reads those with the same partition key.
    Query,
    /// Asks for a condition in a transaction that writes others.
    ConditionCheckItem,
    /// Writes a whole one.
    PutItem,
    /// Changes one.
    UpdateItem,
    /// Deletes one.
    DeleteItem,
    /// Writes or deletes several, without conditions.
    BatchWriteItem,
}

/// An action in a user pool, as Cognito calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserPoolAction {
    /// Creates a user.
    AdminCreateUser,
    /// Deletes a user.
    AdminDeleteUser,
    /// Looks for users.
    ListUsers,
}

impl Function {
    pub(crate) const fn new(
        name: &'static str,
        module: &'static str,
        entry: Entry,
        variables: &'static [&'static [&'static str]],
    ) -> Self {
        let (may, user_pool, layers) = (&[], &[], &[]);
        Self { name, module, entry, variables, may, user_pool, timeout: None, layers }
    }

    pub(crate) const fn may(self, may: &'static [(Items, &'static [Action])]) -> Self {
        Self { may, ..self }
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

    /// What its logical ids in the template begin with: `AddEmailDomain`.
    #[must_use]
    pub fn logical_id(&self) -> String {
        pascal(self.name)
    }

    /// Its routes, if it is an HTTP function.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        match self.entry {
            Entry::Http(http) => (http.routes)(),
            Entry::Trigger(_) => Vec::new(),
        }
    }
}

/// `add-email-domain` and `add_email_domain` as `AddEmailDomain`.
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
