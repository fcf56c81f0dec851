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

use shared::http::Routes;

/// An HTTP function: what its binary and its entry in the template are called, and its routes.
#[derive(Clone, Copy, Debug)]
pub struct HttpFunction {
    /// The name.
    pub name: &'static str,
    /// The routes.
    pub routes: fn() -> Routes,
}

/// Every HTTP function. The local server serves them all; a test holds them against the template.
pub const HTTP_FUNCTIONS: [HttpFunction; 14] = [
    HttpFunction { name: "list-email-domains", routes: email_domains::list::routes },
    HttpFunction { name: "add-email-domain", routes: email_domains::add::routes },
    HttpFunction { name: "replace-email-domains", routes: email_domains::replace::routes },
    HttpFunction { name: "delete-email-domain", routes: email_domains::delete::routes },
    HttpFunction { name: "list-default-roles", routes: default_roles::list::routes },
    HttpFunction { name: "add-default-roles", routes: default_roles::add::routes },
    HttpFunction { name: "replace-default-roles", routes: default_roles::replace::routes },
    HttpFunction { name: "delete-default-role", routes: default_roles::delete::routes },
    HttpFunction { name: "organizations", routes: organizations::routes },
    HttpFunction { name: "organization-roles", routes: organization_roles::routes },
    HttpFunction { name: "memberships", routes: memberships::routes },
    HttpFunction { name: "users", routes: users::routes },
    HttpFunction { name: "preview", routes: preview::routes },
    HttpFunction { name: "console", routes: console::routes },
];
