//! Who answers for an email domain: an operator, or a record in the domain's own DNS.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::caller::Caller;
use super::challenge::Finding;
use super::jit::RuleList;

/// Whether an organization has proven that it owns an email domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnershipState {
    /// An operator answers for it.
    #[default]
    Vouched,
    /// The record has not been found yet. The domain admits nobody.
    Pending,
    /// The record was found.
    Proven,
    /// The record was found, and has been missing on three days since. The domain still admits.
    Failing,
    /// The record was not found in time, or has been missing for too long. The domain admits nobody.
    Lapsed,
}

impl OwnershipState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Vouched, Self::Pending, Self::Proven, Self::Failing, Self::Lapsed];

    /// Whether a domain in this state admits.
    #[must_use]
    pub const fn admits(self) -> bool {
        match self {
            Self::Vouched | Self::Proven | Self::Failing => true,
            Self::Pending | Self::Lapsed => false,
        }
    }

    /// Whether the record was found, and counts.
    #[must_use]
    pub const fn is_proven(self) -> bool {
        matches!(self, Self::Proven | Self::Failing)
    }

    /// The name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vouched => "vouched",
            Self::Pending => "pending",
            Self::Proven => "proven",
            Self::Failing => "failing",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The random part of the record that proves a domain: 32 hexadecimal digits. It belongs to one
/// organization and one domain, and stays the same for as long as the domain is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeToken(String);

/// Why a text is not a [`ChallengeToken`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token has {} hexadecimal digits in lower case", ChallengeToken::LENGTH)]
pub struct NotAToken;

impl ChallengeToken {
    /// The number of digits.
    pub const LENGTH: usize = 32;

    /// Reads a token.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == Self::LENGTH && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAToken)
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What DNS said about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsAnswer {
    /// The record is there.
    Found,
    /// There is no such name.
    NoSuchName,
    /// The name has no TXT record.
    NoTxtRecord,
    /// The name has TXT records, and none of them is the one.
    OtherRecords,
    /// The record is at another name, which a DNS panel has made of this one.
    WrongName,
    /// The name servers of the domain fail.
    ServerFailure,
    /// Nobody answered in time.
    TimedOut,
    /// The name servers refuse to answer.
    Refused,
}

impl DnsAnswer {
    /// Every answer.
    pub const ALL: [Self; 8] = [
        Self::Found,
        Self::NoSuchName,
        Self::NoTxtRecord,
        Self::OtherRecords,
        Self::WrongName,
        Self::ServerFailure,
        Self::TimedOut,
        Self::Refused,
    ];

    /// The name in storage and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NoSuchName => "no_such_name",
            Self::NoTxtRecord => "no_txt_record",
            Self::OtherRecords => "other_records",
            Self::WrongName => "wrong_name",
            Self::ServerFailure => "server_failure",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
        }
    }

    /// The answer with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == name)
    }

    /// Whether the record is not there, as opposed to a failure.
    #[must_use]
    pub const fn is_no(self) -> bool {
        match self {
            Self::NoSuchName | Self::NoTxtRecord | Self::OtherRecords | Self::WrongName => true,
            Self::Found | Self::ServerFailure | Self::TimedOut | Self::Refused => false,
        }
    }

    /// What it means, and what to do. `name` is the name of the record.
    #[must_use]
    pub fn detail(self, name: &str) -> String {
        match self {
            Self::Found => "DNS has the record.".to_owned(),
            Self::NoSuchName => format!(
                "DNS has no name {name}: add the TXT record. A new record can take some time to be seen."
            ),
            Self::NoTxtRecord => format!("The name {name} has no TXT record: add it."),
            Self::OtherRecords => format!(
                "The name {name} has TXT records, but not this one: add it, or correct its value. Others \
                 may stay."
            ),
            Self::WrongName => format!(
                "The record is at another name: move it to {name}. If the DNS panel adds the domain by \
                 itself, enter only the part before it."
            ),
            Self::ServerFailure => {
                "The name servers of the domain gave no usable answer. This says nothing about the record: \
                 check again later."
                    .to_owned()
            }
            Self::TimedOut => {
                "DNS did not answer in time. This says nothing about the record: check again later."
                    .to_owned()
            }
            Self::Refused => {
                "The name servers refused to answer. This says nothing about the record: check again later."
                    .to_owned()
            }
        }
    }
}

/// Who answers for an email domain, and what DNS has said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The state.
    pub state: OwnershipState,
    /// The random part of the record. `None` if an earlier release added the domain, and nobody has
    /// asked for the record yet.
    pub token: Option<ChallengeToken>,
    /// Since when the domain has been pending, if it is.
    pub pending_since: Option<Timestamp>,
    /// When DNS was last asked.
    pub checked_at: Option<Timestamp>,
    /// What DNS said then.
    pub answer: Option<DnsAnswer>,
    /// When the record was found for the first time since the domain was last pending.
    pub proven_at: Option<Timestamp>,
    /// Since when the domain has been failing, if it is.
    pub failing_since: Option<Timestamp>,
    /// On how many days the record was missing, since it was last found.
    pub missed_days: u64,
    /// When a day was last counted as missed.
    pub missed_at: Option<Timestamp>,
    /// When DNS is to be asked next. `None` if it is not.
    pub next_check: Option<Timestamp>,
    /// Who vouches for the domain, if somebody has turned a domain without a proof into a vouched one.
    pub vouched_by: Option<Caller>,
}

/// How long a domain can be pending.
pub const PENDING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// On how many days the record is missing before a proven domain is failing.
pub const MISSED_DAYS: u64 = 3;
/// How long a domain can be failing.
pub const FAILING: SignedDuration = SignedDuration::from_hours(14 * 24);

// A check is due at a whole hour at the earliest, because the checks run once an hour. Each pause is half
// an hour shorter than meant, so that the run it is meant for does not come just too early.

/// The pause before the first check, and after an answer that says nothing about a domain that admits.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// The pause between checks of a proven domain, and the longest one between those of a pending domain.
const A_DAY: SignedDuration = SignedDuration::from_mins(23 * 60 + 30);

impl Ownership {
    /// The ownership of a domain that has to be proven, from this moment on.
    #[must_use]
    pub fn pending(token: Option<ChallengeToken>, at: Timestamp) -> Self {
        Self {
            state: OwnershipState::Pending,
            token,
            pending_since: Some(at),
            next_check: Some(at + SHORTEST_PAUSE),
            ..Self::default()
        }
    }

    /// What DNS said last, and what to do. `name` is the name of the record. `None` if DNS was not asked.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<String> {
        match self.answer? {
            DnsAnswer::Found if !self.state.admits() => Some(format!(
                "DNS has the record, but {} other organizations admit by the domain already: delete it \
                 from one of them.",
                RuleList::MOST_ORGANIZATIONS
            )),
            answer => Some(answer.detail(name)),
        }
    }

    /// The ownership after a check.
    ///
    /// - A record that is there proves the domain, whatever the state.
    /// - A pending domain without the record lapses after [`PENDING`]. The pauses between its checks
    ///   grow with the time that it has been pending.
    /// - A proven domain without the record is failing after [`MISSED_DAYS`] different days (UTC). It
    ///   lapses after [`FAILING`].
    /// - A lapsed domain that somebody checks by hand is pending again.
    /// - A vouched domain stays vouched.
    /// - An answer that says nothing changes no state, except that a pending domain lapses as without the
    ///   record: it admits nobody, so nobody is locked out.
    #[must_use]
    pub fn checked(&self, finding: Finding, answer: DnsAnswer, at: Timestamp) -> Self {
        let seen = Self { checked_at: Some(at), answer: Some(answer), ..self.clone() };
        match (finding, self.state) {
            (Finding::Present, _) => seen.present(at),
            (Finding::Absent, _) | (Finding::Unknown, OwnershipState::Pending) => seen.absent(at),
            (Finding::Unknown, _) => {
                let next_check = self.next_check.map(|_| at + SHORTEST_PAUSE);
                Self { next_check, ..seen }
            }
        }
    }

    fn present(self, at: Timestamp) -> Self {
        Self {
            state: OwnershipState::Proven,
            proven_at: if self.state.is_proven() { self.proven_at } else { Some(at) },
            pending_since: None,
            failing_since: None,
            missed_days: 0,
            missed_at: None,
            next_check: Some(at + A_DAY),
            vouched_by: None,
            ..self
        }
    }

    fn absent(self, at: Timestamp) -> Self {
        match self.state {
            OwnershipState::Vouched => self,
            OwnershipState::Pending => {
                let since = self.pending_since.unwrap_or(at);
                let end = since + PENDING;
                if at >= end {
                    return self.lapsed();
                }
                let pause = at.duration_since(since).clamp(SHORTEST_PAUSE, A_DAY);
                Self { pending_since: Some(since), next_check: Some((at + pause).min(end)), ..self }
            }
            OwnershipState::Proven | OwnershipState::Failing => self.missed(at),
            OwnershipState::Lapsed => Self {
                checked_at: self.checked_at,
                answer: self.answer,
                ..Self::pending(self.token, at)
            },
        }
    }

    fn missed(self, at: Timestamp) -> Self {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let is_new_day = self.missed_at.is_none_or(|before| day(before) < day(at));
        let missed_days = self.missed_days + u64::from(is_new_day);
        let missed_at = if is_new_day { Some(at) } else { self.missed_at };
        let soon = at + A_DAY;
        let next_check = self.failing_since.map_or(soon, |since| soon.min(since + FAILING));
        let next = Self { missed_days, missed_at, next_check: Some(next_check), ..self };
        match next.failing_since {
            Some(since) if at >= since + FAILING => next.lapsed(),
            Some(_) => next,
            None if missed_days >= MISSED_DAYS => {
                Self { state: OwnershipState::Failing, failing_since: Some(at), ..next }
            }
            None => next,
        }
    }

    fn lapsed(self) -> Self {
        Self {
            state: OwnershipState::Lapsed,
            pending_since: None,
            failing_since: None,
            missed_days: 0,
            missed_at: None,
            next_check: None,
            ..self
        }
    }

    /// The ownership after an operator has vouched for the domain. `None` if the domain is vouched
    /// already.
    ///
    /// # Errors
    /// When the domain is proven, which is more.
    pub fn vouched(&self, by: &Caller) -> Result<Option<Self>, AlreadyProven> {
        match self.state {
            OwnershipState::Vouched => Ok(None),
            OwnershipState::Proven => Err(AlreadyProven),
            OwnershipState::Pending | OwnershipState::Failing | OwnershipState::Lapsed => {
                Ok(Some(Self {
                    state: OwnershipState::Vouched,
                    pending_since: None,
                    failing_since: None,
                    missed_days: 0,
                    missed_at: None,
                    next_check: None,
                    vouched_by: by.known(),
                    ..self.clone()
                }))
            }
        }
    }
}

/// An operator cannot vouch for a domain that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the domain is proven already")]
pub struct AlreadyProven;
