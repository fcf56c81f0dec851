//! Usher's Lambda functions. Each has a module, grouped by resource. One program, `src/bin/usher.rs`, is all
//! of them.

pub mod activity;
pub mod check_email_domains;
pub mod console;
pub mod default_roles;
pub mod email_domains;
mod endpoints;
mod entities;
pub mod event_schemas;
mod function;
pub mod generated;
pub mod join_requests;
pub mod memberships;
mod named;
pub mod openapi;
pub mod organization_roles;
pub mod organizations;
pub mod preview;
pub mod publish_events;
mod roles;
mod rules;
mod schemas;
pub mod sso_connectors;
pub mod triggers;
pub mod user_claims;
pub mod users;
mod values;

use shared::App;
use shared::capabilities::Capabilities;
use shared::http::Routes;
use shared::runtime::TRIGGER_DEADLINE;

pub use function::{Action, Answer, Entry, Function, Http, Items, Published, Run, UserPoolAction};

use Action::{
    BatchGetItem, BatchWriteItem, ConditionCheckItem, DeleteItem, GetItem, PutItem, Query,
    UpdateItem,
};
use Items::{
    Activity, Addresses, Changes, DomainIndex, DueDomains, ListedMembers, ListedOrganizations,
    OrganizationRoles, Organizations, ProviderIndex, RemovalMarks, RoleNames, UserActivity, Users,
};
use UserPoolAction::{
    AdminCreateUser, AdminDeleteUser, AdminGetUser, DescribeIdentityProvider, DescribeUserPool,
    ListUsers,
};

macro_rules! http {
    ($name:literal, $first:ident$(::$rest:ident)*) => {{
        use crate::$first$(::$rest)* as module;
        let entry = Entry::Http(Http {
            routes: || module::routes().list().to_vec(),
            handlers: |app| module::routes().with_capabilities(app.into()),
            annotations: module::annotations,
        });
        let path = concat!(stringify!($first)$(, "::", stringify!($rest))*);
        Function::new($name, path, entry, <module::Needs as Capabilities>::VARIABLES)
    }};
}

macro_rules! trigger {
    ($name:literal, $first:ident$(::$rest:ident)*) => {{
        use crate::$first$(::$rest)* as module;
        let entry = Entry::Trigger(|app, event| {
            let next = app.next_trigger.clone();
            Box::pin(module::handle(Some(app.into()), next, event, TRIGGER_DEADLINE))
        });
        let path = concat!(stringify!($first)$(, "::", stringify!($rest))*);
        Function::new($name, path, entry, <module::Needs as Capabilities>::VARIABLES)
    }};
}

macro_rules! schedule {
    ($name:literal, $module:ident) => {{
        use crate::$module as module;
        let entry =
            Entry::Schedule(|app| Box::pin(module::handle(app.into(), module::Limits::RUN)));
        let variables = <module::Needs as Capabilities>::VARIABLES;
        Function::new($name, stringify!($module), entry, variables).timeout(module::Limits::TIMEOUT)
    }};
}

macro_rules! stream {
    ($name:literal, $module:ident) => {{
        use crate::$module as module;
        let entry = Entry::Stream(|app, event| {
            Box::pin(module::handle(app.into(), event, module::Limits::RUN))
        });
        let variables = <module::Needs as Capabilities>::VARIABLES;
        Function::new($name, stringify!($module), entry, variables).timeout(module::Limits::TIMEOUT)
    }};
}

/// All functions, with their permissions. A test checks that each function uses all of its
/// permissions, and needs no others. Another one checks that each function may still do what the previous
/// release does.
///
/// A function that uses the table may also read [`Items::WarmUp`]. A trigger may also invoke the function
/// that the pool had for it before, if a parameter of the stack names one. A function of the stream may
/// also read it, put events on the bus, and send messages to the dead-letter queue.
pub static FUNCTIONS: &[Function] = &[
    http!("list-email-domains", email_domains::list).may(&[
        (Organizations, &[GetItem, BatchGetItem]),
        (DomainIndex, &[BatchGetItem, Query]),
        (OrganizationRoles, &[BatchGetItem]),
    ]),
    http!("add-email-domain", email_domains::add).may(&[
        (Organizations, &[GetItem, BatchGetItem, UpdateItem]),
        (DomainIndex, &[Query, PutItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("update-email-domain", email_domains::update).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (DomainIndex, &[GetItem, PutItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("replace-email-domains", email_domains::replace).may(&[
        (Organizations, &[GetItem, BatchGetItem, UpdateItem]),
        (DomainIndex, &[Query, PutItem, DeleteItem]),
        (Changes, &[PutItem]),
    ]),
    http!("delete-email-domain", email_domains::delete).may(&[
        (Organizations, &[UpdateItem]),
        (DomainIndex, &[DeleteItem]),
        (Changes, &[PutItem]),
    ]),
    http!("verify-email-domain", email_domains::verify)
        // DNS may have to be waited for.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem]),
            (DomainIndex, &[GetItem, Query, PutItem]),
            (OrganizationRoles, &[BatchGetItem]), (Changes, &[PutItem]),]),
    http!("vouch-email-domain", email_domains::vouch).may(&[
        (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem]),
        (DomainIndex, &[GetItem, Query, PutItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("list-sso-connectors", sso_connectors::list).may(&[
        (Organizations, &[GetItem]),
        (ProviderIndex, &[BatchGetItem]),
        (OrganizationRoles, &[BatchGetItem]),
    ]),
    http!("add-sso-connectors", sso_connectors::add)
        // Many providers may have to be looked up. The HTTP API waits no longer than this.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem, PutItem, UpdateItem]),
            (ProviderIndex, &[Query, PutItem]), (Changes, &[PutItem]),])
        .user_pool(&[DescribeIdentityProvider]),
    http!("replace-sso-connectors", sso_connectors::replace)
        // As for an addition.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem, PutItem, UpdateItem]),
            (ProviderIndex, &[Query, PutItem, DeleteItem]), (Changes, &[PutItem]),])
        .user_pool(&[DescribeIdentityProvider]),
    http!("update-sso-connector", sso_connectors::update).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (ProviderIndex, &[GetItem, PutItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("delete-sso-connector", sso_connectors::delete).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (ProviderIndex, &[DeleteItem]),
        (Changes, &[PutItem]),
    ]),
    http!("list-default-roles", default_roles::list)
        .may(&[(Organizations, &[GetItem]), (OrganizationRoles, &[BatchGetItem])]),
    http!("add-default-roles", default_roles::add).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("replace-default-roles", default_roles::replace).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("delete-default-role", default_roles::delete).may(&[
        (Organizations, &[GetItem, UpdateItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Changes, &[PutItem]),
    ]),
    http!("preview", preview).may(&[
        (Organizations, &[GetItem, BatchGetItem]),
        (DomainIndex, &[GetItem, Query]),
        (ProviderIndex, &[GetItem, Query]),
        (RemovalMarks, &[Query]),
        (OrganizationRoles, &[BatchGetItem]),
    ]),
    http!("organizations", organizations)
        // A deletion sweeps index entries and memberships. The HTTP API waits no longer than this.
        .timeout(30)
        .may(&[
            (
                Organizations,
                &[GetItem, BatchGetItem, PutItem, UpdateItem, DeleteItem],
            ),
            (DomainIndex, &[BatchWriteItem]),
            (ProviderIndex, &[BatchWriteItem]),
            (Users, &[BatchWriteItem]),
            (ListedOrganizations, &[Query]),
            (ListedMembers, &[Query]), (Changes, &[PutItem]),])
        // A change of custom data alone.
        .release_before(&[(Organizations, &[ConditionCheckItem])]),
    http!("organization-roles", organization_roles)
        // Very many memberships may have to be counted. The HTTP API waits no longer than this.
        .timeout(30)
        .may(&[
            (OrganizationRoles, &[GetItem, Query, PutItem, UpdateItem, DeleteItem]),
            (RoleNames, &[PutItem, DeleteItem]),
            (Organizations, &[BatchGetItem]),
            (DomainIndex, &[BatchGetItem]),
            (ProviderIndex, &[BatchGetItem]),
            (Users, &[BatchGetItem]),
            (ListedOrganizations, &[Query]),
            (ListedMembers, &[Query]), (Changes, &[PutItem]),]),
    http!("memberships", memberships)
        // Many users may have to be looked up. The HTTP API waits no longer than this.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem]),
            (
                Users,
                &[
                    GetItem,
                    BatchGetItem,
                    Query,
                    ConditionCheckItem,
                    PutItem,
                    UpdateItem,
                    DeleteItem,
                ],
            ),
            (RemovalMarks, &[PutItem, DeleteItem]),
            (Addresses, &[GetItem, Query, PutItem, UpdateItem]),
            (OrganizationRoles, &[BatchGetItem]),
            (RoleNames, &[BatchGetItem]),
            (ListedMembers, &[Query]), (Changes, &[PutItem]),])
        .user_pool(&[AdminGetUser, ListUsers]),
    http!("join-requests", join_requests).may(&[
        (Organizations, &[GetItem]),
        (Users, &[BatchGetItem, ConditionCheckItem, PutItem]),
        (DomainIndex, &[GetItem]),
        (ProviderIndex, &[GetItem]),
        (RemovalMarks, &[ConditionCheckItem, PutItem]),
        (Addresses, &[GetItem, Query, UpdateItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (ListedMembers, &[Query]),
        (Changes, &[PutItem]),
    ]),
    http!("users", users)
        // Cognito waits for the pool's triggers before it creates a user. The HTTP API waits no longer.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem]),
            (DomainIndex, &[GetItem, Query]),
            (RemovalMarks, &[Query, ConditionCheckItem]),
            (Addresses, &[Query, PutItem, UpdateItem, BatchWriteItem]),
            (OrganizationRoles, &[BatchGetItem]),
            (Users, &[BatchGetItem, Query, PutItem, DeleteItem, BatchWriteItem]), (Changes, &[PutItem]),])
        .user_pool(&[AdminCreateUser, AdminDeleteUser, AdminGetUser, DescribeUserPool, ListUsers]),
    http!("activity", activity).may(&[
        (Organizations, &[GetItem]),
        (Activity, &[Query]),
        (UserActivity, &[Query]),
        (Users, &[BatchGetItem]),
    ]),
    http!("user-claims", user_claims)
        // The user pool may be asked several times. The HTTP API waits no longer than this.
        .timeout(30)
        .may(&[
            (Organizations, &[GetItem, BatchGetItem]),
            (DomainIndex, &[GetItem, Query]),
            (ProviderIndex, &[GetItem, Query]),
            (RemovalMarks, &[Query]),
            (OrganizationRoles, &[BatchGetItem]),
            (Users, &[Query]),
        ])
        .user_pool(&[AdminGetUser, ListUsers]),
    // It serves the same to everybody and needs no token, so it has no permissions.
    http!("console", console).layers(&["ConsolePages"]),
    trigger!("post-confirmation", triggers::post_confirmation).may(&[
        (Organizations, &[GetItem]),
        (DomainIndex, &[GetItem, Query]),
        (ProviderIndex, &[GetItem, Query]),
        (RemovalMarks, &[Query, ConditionCheckItem]),
        (Addresses, &[PutItem, UpdateItem, DeleteItem]),
        (Users, &[Query, PutItem]),
        (Changes, &[PutItem]),
    ]),
    trigger!("pre-token-generation", triggers::pre_token_generation).may(&[
        (Organizations, &[GetItem, BatchGetItem]),
        (DomainIndex, &[GetItem, Query]),
        (ProviderIndex, &[GetItem, Query]),
        (RemovalMarks, &[Query, ConditionCheckItem]),
        (Addresses, &[PutItem, UpdateItem, DeleteItem]),
        (OrganizationRoles, &[BatchGetItem]),
        (Users, &[Query, PutItem]),
        (Changes, &[PutItem]),
    ]),
    schedule!("check-email-domains", check_email_domains).may(&[
        (Organizations, &[GetItem, BatchGetItem, ConditionCheckItem]),
        (DomainIndex, &[GetItem, Query, PutItem, DeleteItem]),
        (DueDomains, &[Query]),
        (Changes, &[PutItem]),
    ]),
    stream!("publish-events", publish_events).may(&[
        (Changes, &[GetItem, Query]),
        (Users, &[BatchGetItem]),
        (Activity, &[BatchWriteItem]),
        (UserActivity, &[Query, BatchWriteItem]),
    ]),
];

/// The function with this name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All HTTP functions together, as the local server and the tests serve them.
#[must_use]
pub fn all_routes(app: &App) -> Routes {
    FUNCTIONS
        .iter()
        .filter_map(|function| match function.entry {
            Entry::Http(http) => Some((http.handlers)(app)),
            Entry::Trigger(_) | Entry::Schedule(_) | Entry::Stream(_) => None,
        })
        .fold(Routes::new(), Routes::merge)
}
