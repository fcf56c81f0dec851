//! Code that Usher's functions share: [`domain`] types and decisions, the [`store`], the
//! [`provisioning`] engine, [`cognito`], the helpers of [`http`] handlers, and the Lambda
//! [`runtime`]. A function declares its [`mod@capabilities`].

pub mod ambient;
pub mod capabilities;
pub mod claims;
pub mod clients;
pub mod cognito;
pub mod console;
pub mod dns;
pub mod domain;
pub mod error;
pub mod event;
pub mod event_bus;
pub mod failure;
pub mod http;
mod https;
pub mod metrics;
pub mod next_trigger;
pub mod proof;
pub mod provisioning;
pub mod runtime;
pub mod store;
pub mod token_cache;

pub use ambient::{Clock, Randomness};
pub use capabilities::App;
pub use error::{Error, Violation};
