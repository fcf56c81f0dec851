//! What every function works with.

use crate::ambient::{Clock, Randomness};
use crate::console::Console;
use crate::directory::Directory;
use crate::domain::public_mailbox::MailboxPolicy;
use crate::store::Store;

/// What every function works with; cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for new ids.
    pub randomness: Randomness,
    /// Which public mailbox domains are admitted, and where.
    pub mailbox_policy: MailboxPolicy,
    /// The user pool, for the functions that ask it.
    pub directory: Directory,
    /// The console, for the function that serves it.
    pub console: Console,
}
