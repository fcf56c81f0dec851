//! Pure types and decisions. Nothing here reads a clock, a network or a table.
//!
//! A value of these types is valid: text from outside becomes one of them before any I/O, and is
//! normalised on the way, so that `==` means the same thing everywhere after.

pub mod decision;
pub mod email_address;
pub mod email_domain;
pub mod ids;
pub mod jit;
pub mod membership;
pub mod organization;
pub mod public_mailbox;
pub mod rule;
pub mod text;
pub mod user;
