//! Time and randomness. All other code takes them as parameters, so that tests can assert exact
//! values.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{Timestamp, TimestampRound, Unit};
use tokio::time::Instant;

use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::ownership::ChallengeToken;

/// Tells the time, to the millisecond, and lets it pass.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pause: Arc<Pause>,
}

type Pause = dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync;

impl Clock {
    /// The clock of this machine.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where ambient time comes in")]
        Self::new(Timestamp::now)
    }

    /// A clock that calls this function. Its pauses take as long as they say.
    #[must_use]
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::with_pause(now, |pause| Box::pin(tokio::time::sleep(pause)))
    }

    /// A clock that calls the first function for the time, and the second one for a pause.
    #[must_use]
    pub fn with_pause(
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        pause: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), pause: Arc::new(pause) }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.now)()
            .round(TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor))
            .expect("rounding down to a millisecond stays in range")
    }

    /// Waits for so long.
    pub async fn pause(&self, pause: Duration) {
        (self.pause)(pause).await;
    }
}

/// Measures how much time passes, whatever the clock says. It is the time of time-outs.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where ambient time comes in")]
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A source of random bytes.
#[derive(Clone)]
pub struct Randomness(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Randomness {
    /// The randomness of this machine's operating system.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|bytes| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place where ambient randomness comes in"
            )]
            getrandom::fill(bytes).expect("the operating system has randomness");
        })
    }

    /// Randomness from this function, which fills the bytes.
    #[must_use]
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// A number from 0 to `most`, both included.
    #[must_use]
    pub fn up_to(&self, most: u64) -> u64 {
        let number = u64::from_le_bytes(self.bytes());
        most.checked_add(1).map_or(number, |count| number % count)
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}

/// A new organization id, `org_` and a time-ordered UUID (RFC 9562, version 7).
#[must_use]
pub fn organization_id(at: Timestamp, randomness: &Randomness) -> OrganizationId {
    let id = format!("org_{}", time_ordered(at, randomness));
    OrganizationId::parse(&id).expect("a prefix and 32 hexadecimal digits are an id")
}

/// A new organization role id, `role_` and a time-ordered UUID (RFC 9562, version 7).
#[must_use]
pub fn organization_role_id(at: Timestamp, randomness: &Randomness) -> OrganizationRoleId {
    let id = format!("role_{}", time_ordered(at, randomness));
    OrganizationRoleId::parse(&id).expect("a prefix and 32 hexadecimal digits are an id")
}

/// A new id of a change, a time-ordered UUID (RFC 9562, version 7).
#[must_use]
pub fn change_id(at: Timestamp, randomness: &Randomness) -> String {
    time_ordered(at, randomness).to_string()
}

/// A new token for the record that proves an email domain: 16 random bytes.
#[must_use]
pub fn challenge_token(randomness: &Randomness) -> ChallengeToken {
    let digits = format!("{:032x}", u128::from_be_bytes(randomness.bytes()));
    ChallengeToken::parse(&digits).expect("16 bytes are 32 hexadecimal digits")
}

/// A new user name, a random UUID (RFC 9562, version 4).
#[must_use]
pub fn user_name(randomness: &Randomness) -> String {
    uuid::Builder::from_random_bytes(randomness.bytes()).into_uuid().to_string()
}

fn time_ordered(at: Timestamp, randomness: &Randomness) -> uuid::fmt::Simple {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &randomness.bytes())
        .into_uuid()
        .simple()
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Randomness")
    }
}
