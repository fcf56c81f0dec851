//! What Usher reads from strangers, with inputs that libFuzzer makes: each of [`Target`] reads an input, and panics if
//! a promise does not hold. `tests/fuzz/run.sh` runs them, and CONTRIBUTING.md says how to repeat a failure.

mod address;
mod cursor;
mod dns;
mod domain;
mod event;
mod http;
pub mod mutation;
mod wire;
mod world;

/// What reads an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Email addresses.
    Address,
    /// Positions in lists.
    Cursor,
    /// Answers of DNS.
    Dns,
    /// Email domains, and names that look alike.
    Domain,
    /// Events of Cognito and of the table's stream.
    Event,
    /// Requests, and events of API Gateway.
    Http,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Address, Self::Cursor, Self::Dns, Self::Domain, Self::Event, Self::Http];

    /// The name of the target, and of the folder with its corpus.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Cursor => "cursor",
            Self::Dns => "dns",
            Self::Domain => "domain",
            Self::Event => "event",
            Self::Http => "http",
        }
    }

    /// The target with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Whether JSON is in its inputs, so that mutations keep to the syntax.
    #[must_use]
    pub const fn has_json(self) -> bool {
        matches!(self, Self::Event | Self::Http)
    }

    /// Reads an input. Whether there was something to read, so that others can be made of it.
    ///
    /// # Panics
    /// If a promise does not hold.
    #[must_use]
    pub fn read(self, input: &[u8]) -> bool {
        match self {
            Self::Address => address::read(input),
            Self::Cursor => cursor::read(input),
            Self::Dns => dns::read(input),
            Self::Domain => domain::read(input),
            Self::Event => event::read(input),
            Self::Http => http::read(input),
        }
    }
}
