//! Cognito: the only reader of its users' attributes, and the user pool.

mod attributes;
mod user_pool;

pub use attributes::Attributes;
pub use user_pool::{CreateUserError, Deletion, NewUser, PoolUser, UserPool};
