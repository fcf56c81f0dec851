//! Who changes something.

use super::caller::Caller;
use super::membership::EntryPath;

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A caller of the Management API. Without a token, nothing is known about the caller.
    Caller(Caller),
    /// A trigger of the user pool, for a user who appears this way.
    Trigger(EntryPath),
    /// A function that runs on a schedule.
    Schedule,
}

impl Default for Actor {
    fn default() -> Self {
        Self::Caller(Caller::default())
    }
}

impl Actor {
    /// The caller of the Management API, to keep in an item. `None` without a token, and if it is
    /// somebody else.
    #[must_use]
    pub fn known_caller(&self) -> Option<Caller> {
        match self {
            Self::Caller(caller) => caller.known(),
            Self::Trigger(_) | Self::Schedule => None,
        }
    }

    /// The kind, by its name in events.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Caller(_) => "api",
            Self::Trigger(_) => "trigger",
            Self::Schedule => "schedule",
        }
    }
}
