//! Cognito: the one reader of its users, and the user pool.

mod attributes;
mod user_pool;

pub use attributes::Attributes;
pub use user_pool::{CreateUserError, NewUser, PoolUser, UserPool};
