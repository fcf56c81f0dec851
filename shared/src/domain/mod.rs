//! Pure types and decisions. They do not read a clock, a network or a table.
//!
//! A value of these types is always valid. Text from outside is parsed and normalised before any
//! I/O, so that `==` has the same meaning everywhere.

pub mod actor;
pub mod caller;
pub mod challenge;
pub mod change;
pub mod characters;
pub mod custom_data;
pub mod decision;
pub mod email_address;
pub mod email_domain;
pub mod ids;
pub mod jit;
pub(crate) mod json;
pub mod membership;
pub mod organization;
pub mod ownership;
pub mod provider;
pub mod public_mailbox;
pub mod rule;
pub mod text;
pub mod user;
pub mod version;
