//! Cognito's triggers. They never fail a sign-up or a sign-in.

mod event;
pub mod post_confirmation;
