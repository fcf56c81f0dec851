//! Usher on a developer's machine: DynamoDB embedded in the process, every HTTP function on one
//! port, and the triggers behind the AWS Lambda Invoke API on another. Loopback only, and without
//! authentication.

mod invoke;
mod server;
mod table;

pub use server::{Addresses, Local, LocalError, Options};
pub use table::{TABLE_NAME, TableError, prepare};
