//! Usher on a developer's machine: an embedded DynamoDB, every HTTP function on one port, the triggers
//! behind the AWS Lambda Invoke API on another, a DNS name server, and events as they arrive. It listens on loopback addresses only, and
//! has no authentication.

mod embedded;
mod events;
mod invoke;
mod name_server;
mod server;
mod table;

pub use embedded::{InProcess, in_memory, open};
pub use name_server::NameServer;
pub use server::{Addresses, DynamoDb, Local, LocalError, Options};
pub use table::{TABLE_NAME, TableError, prepare};
