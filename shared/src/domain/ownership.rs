//! Who answers for an email domain: an operator, or a record in the domain's own DNS.

use jiff::Timestamp;

use super::caller::Caller;

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
