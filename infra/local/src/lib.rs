//! Usher on a developer's machine: an embedded DynamoDB, every HTTP function on one port, and the
//! triggers behind the AWS Lambda Invoke API on another. It listens on loopback addresses only, and
//! has no authentication.

mod invoke;
mod server;
mod table;

pub use server::{Addresses, Local, LocalError, Options};
pub use table::{TABLE_NAME, TableError, prepare};
