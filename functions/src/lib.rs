//! Usher's Lambda functions: a module for each, grouped by resource, and a binary of the same
//! name for each in `src/bin`.

pub mod console;
pub mod default_roles;
pub mod email_domains;
mod entities;
pub mod memberships;
mod named;
pub mod openapi;
pub mod organization_roles;
pub mod organizations;
mod paths;
pub mod preview;
mod roles;
pub mod triggers;
pub mod users;
mod values;

use shared::App;
use shared::http::{Route, Routes};

/// An HTTP function: what its binary and its entry in the template are called, and its routes.
#[derive(Clone, Copy, Debug)]
pub struct HttpFunction {
    /// The name.
    pub name: &'static str,
    /// Its routes.
    pub routes: fn() -> Vec<Route>,
    /// Its routes with their handlers, which get the capabilities that they need.
    pub handlers: fn(&App) -> Routes,
}

macro_rules! http {
    ($name:literal, $($module:ident)::+) => {
        HttpFunction {
            name: $name,
            routes: || $($module)::+::routes().list().to_vec(),
            handlers: |app| $($module)::+::routes().with_capabilities(app.into()),
        }
    };
}

/// Every HTTP function. The local server serves them all; a test holds them against the template.
pub const HTTP_FUNCTIONS: [HttpFunction; 14] = [
    http!("list-email-domains", email_domains::list),
    http!("add-email-domain", email_domains::add),
    http!("replace-email-domains", email_domains::replace),
    http!("delete-email-domain", email_domains::delete),
    http!("list-default-roles", default_roles::list),
    http!("add-default-roles", default_roles::add),
    http!("replace-default-roles", default_roles::replace),
    http!("delete-default-role", default_roles::delete),
    http!("organizations", organizations),
    http!("organization-roles", organization_roles),
    http!("memberships", memberships),
    http!("users", users),
    http!("preview", preview),
    http!("console", console),
];
