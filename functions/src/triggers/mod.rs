//! Cognito's triggers. They never fail a sign-up or a sign-in.

mod claims;
mod event;
pub mod post_confirmation;
pub mod pre_token_generation;

use std::pin::Pin;

use serde_json::value::RawValue;
use shared::App;

/// A trigger: what its binary and its entry in the template are called, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    /// The name.
    pub name: &'static str,
    /// Answers an event, whatever happens.
    pub handle: fn(&App, Box<RawValue>) -> Answer,
}

/// The answer to an event, once it is there.
pub type Answer = Pin<Box<dyn Future<Output = Box<RawValue>> + Send>>;

/// Every trigger.
pub const TRIGGERS: [Trigger; 2] = [
    Trigger {
        name: "post-confirmation",
        handle: |app, event| Box::pin(post_confirmation::handle(app.into(), event)),
    },
    Trigger {
        name: "pre-token-generation",
        handle: |app, event| Box::pin(pre_token_generation::handle(app.into(), event)),
    },
];
