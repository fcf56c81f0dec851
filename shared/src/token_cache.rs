//! What tokens are made of that may be some seconds old: which organizations list a rule, whether an
//! organization exists, and the names of roles.
//!
//! Memberships are never among it, and nobody becomes a member by it: what is remembered can only say that
//! there is nothing new for a user, and otherwise all is read again
//! (`docs/adr/0059-a-token-remembers-what-may-be-seconds-old.md`).

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use crate::ambient::Clock;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::rule::RuleKey;
use crate::domain::text::Name;
use crate::store::Listing;

/// How old what tokens are made of may be, in seconds: 0 to 60. With 0, the default, nothing is remembered. The
/// template has another default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCacheSeconds(u8);

/// Text that is not such a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a number from 0 to {most}", most = TokenCacheSeconds::MOST)]
pub struct TokenCacheSecondsError(String);

/// What a process remembers for the tokens that it makes. By default, it remembers nothing.
#[derive(Clone, Debug, Default)]
pub struct TokenCache {
    /// The organizations that list a rule.
    pub listings: Memory<RuleKey, Vec<Listing>>,
    /// Organizations that exist.
    pub organizations: Memory<OrganizationId, ()>,
    /// The names of roles.
    pub roles: Memory<OrganizationRoleId, Name>,
}

/// What was read a short time ago, by key.
#[derive(Clone)]
pub struct Memory<K, V>(Option<Arc<Entries<K, V>>>);

struct Entries<K, V> {
    life: Duration,
    clock: Clock,
    /// The values, each with the moment before it was read.
    values: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl TokenCacheSeconds {
    /// The most seconds.
    pub const MOST: u8 = 60;

    /// The time.
    #[must_use]
    pub fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl FromStr for TokenCacheSeconds {
    type Err = TokenCacheSecondsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= Self::MOST);
        seconds.map(Self).ok_or_else(|| TokenCacheSecondsError(text.to_owned()))
    }
}

impl TokenCache {
    /// A cache that remembers what was read for so long.
    #[must_use]
    pub fn new(life: TokenCacheSeconds, clock: &Clock) -> Self {
        let life = life.get();
        Self {
            listings: Memory::new(life, clock),
            organizations: Memory::new(life, clock),
            roles: Memory::new(life, clock),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    /// The most values that are remembered. A thousand of each kind take about 1 MB.
    pub const MOST: usize = 1_000;

    fn new(life: Duration, clock: &Clock) -> Self {
        if life.is_zero() {
            return Self(None);
        }
        Self(Some(Arc::new(Entries { life, clock: clock.clone(), values: Mutex::default() })))
    }

    /// Whether anything is remembered at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The value that was read last, if it is young enough.
    pub fn get(&self, key: &K) -> Option<V> {
        let entries = self.0.as_deref()?;
        let now = entries.clock.now();
        let (at, value) = entries.values().get(key).cloned()?;
        entries.is_young(at, now).then_some(value)
    }

    /// The values that these keys have: what is remembered, and of the others what this reading finds, which
    /// is then remembered.
    ///
    /// # Errors
    /// When the reading fails.
    pub async fn get_or_read<Found, Reading, E>(
        &self,
        keys: &[K],
        read: impl FnOnce(Vec<K>) -> Reading,
    ) -> Result<HashMap<K, V>, E>
    where
        Found: IntoIterator<Item = (K, V)>,
        Reading: Future<Output = Result<Found, E>>,
    {
        let begin = self.begin();
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        for key in keys {
            match self.get(key) {
                Some(value) => drop(known.insert(key.clone(), value)),
                None => unknown.push(key.clone()),
            }
        }
        for (key, value) in read(unknown).await? {
            self.keep(begin, key.clone(), value.clone());
            known.insert(key, value);
        }
        Ok(known)
    }

    /// The moment from which the age of what is read next is counted.
    #[must_use]
    pub fn begin(&self) -> Option<Timestamp> {
        self.0.as_deref().map(|entries| entries.clock.now())
    }

    /// Remembers a value that was read after this moment.
    pub fn keep(&self, begin: Option<Timestamp>, key: K, value: V) {
        let (Some(entries), Some(begin)) = (self.0.as_deref(), begin) else { return };
        let mut values = entries.values();
        if values.len() >= Self::MOST {
            let now = entries.clock.now();
            values.retain(|_, (at, _)| entries.is_young(*at, now));
            if values.len() >= Self::MOST {
                values.clear();
            }
        }
        values.insert(key, (begin, value));
    }
}

impl<K, V> Entries<K, V> {
    /// A moment that lies ahead, because the clock was set back, is not young.
    fn is_young(&self, at: Timestamp, now: Timestamp) -> bool {
        Duration::try_from(now.duration_since(at)).is_ok_and(|age| age < self.life)
    }

    fn values(&self) -> MutexGuard<'_, HashMap<K, (Timestamp, V)>> {
        self.values.lock().expect("nobody panics while holding the values")
    }
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self.0.as_deref().map(|entries| entries.life);
        formatter.debug_tuple("Memory").field(&life).finish()
    }
}
