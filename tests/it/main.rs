//! Usher's tests: the real handlers, through the real AWS SDK, on an embedded DynamoDB of their
//! own. The tree of modules is the tree of the functions.

mod audit;
mod capabilities;
mod check_email_domains;
mod cognito;
mod console;
mod default_roles;
mod dns;
mod domain;
mod email_domains;
mod entry_paths;
mod errors;
mod functions;
mod http;
mod join_requests;
mod lambda_events;
mod local;
mod memberships;
mod metrics;
mod openapi;
mod operations;
mod organization_roles;
mod organizations;
mod permissions;
mod preview;
mod provisioning;
mod readme;
mod recorded_table;
mod sample_events;
mod sso_connectors;
mod store;
mod support;
mod template;
mod triggers;
mod user_pool;
mod users;
