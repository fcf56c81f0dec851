//! Cognito's triggers. A failure in a trigger never stops a sign-up or a sign-in.

pub(crate) mod claims;
mod event;
pub mod post_confirmation;
pub mod pre_token_generation;
