//! What Usher's functions have in common: [`domain`] types and decisions, the [`store`], the
//! [`provisioning`] engine, what [`http`] handlers share, and the Lambda [`runtime`].

pub mod ambient;
pub mod capabilities;
pub mod clients;
pub mod cognito;
pub mod console;
pub mod domain;
pub mod error;
pub mod failure;
pub mod http;
pub mod metrics;
pub mod provisioning;
pub mod runtime;
pub mod store;

pub use ambient::{Clock, Randomness};
pub use capabilities::App;
pub use error::{Error, Violation};
