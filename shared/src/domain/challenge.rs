//! The TXT record that proves the ownership of an email domain: its name and value, and how the
//! records that DNS has are read.

use super::email_domain::EmailDomain;
use super::ownership::{ChallengeToken, DnsAnswer};

/// The label before the domain in the name of the record.
const LABEL: &str = "_usher-challenge";
/// The value of the record, before the token.
const PREFIX: &str = "usher-domain-verification=";

/// The name of the record of a domain, in A-labels.
#[must_use]
pub fn record_name(domain: &str) -> String {
    format!("{LABEL}.{domain}")
}

/// The value of the record with this token.
#[must_use]
pub fn record_value(token: &ChallengeToken) -> String {
    format!("{PREFIX}{}", token.as_str())
}

/// The record that is to be found for a domain that an organization lists.
#[derive(Clone, Debug)]
pub struct Challenge {
    domain: EmailDomain,
    token: ChallengeToken,
    parent: Option<(EmailDomain, Option<ChallengeToken>)>,
}

/// A name at which a record counts, with the values that count there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name.
    pub name: String,
    values: Vec<String>,
}

impl Challenge {
    /// The most wrong names that are asked.
    pub const MOST_WRONG_NAMES: usize = 8;

    /// The record with this token. The record also counts at the domain's registrable parent, and so
    /// does that of the same organization for the parent, if the organization lists it with a token.
    #[must_use]
    pub fn new(
        domain: EmailDomain,
        token: ChallengeToken,
        parent_token: Option<ChallengeToken>,
    ) -> Self {
        let parent = domain.registrable_parent().map(|parent| (parent, parent_token));
        Self { domain, token, parent }
    }

    /// The names at which a record counts, the domain's own first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let own = record_value(&self.token);
        let at_parent = self.parent.iter().map(|(parent, token)| Place {
            name: record_name(parent.as_str()),
            values: token.iter().map(record_value).chain([own.clone()]).collect(),
        });
        [Place { name: record_name(self.domain.as_str()), values: vec![own.clone()] }]
            .into_iter()
            .chain(at_parent)
            .collect()
    }

    /// Names that come from common mistakes: a DNS panel appends its zone to a name that is complete
    /// already, the record is at the domain itself or at a domain between it and the registrable one,
    /// or the panel drops the underscore. A record there does not count.
    #[must_use]
    pub fn wrong_names(&self) -> Vec<String> {
        let name = record_name(self.domain.as_str());
        let top = self.parent.as_ref().map_or(&self.domain, |(parent, _)| parent);
        let zones: Vec<_> = zones(self.domain.as_str(), top.as_str()).collect();
        let doubled = zones.iter().rev().map(|zone| format!("{name}.{zone}"));
        let between = zones.iter().skip(1).take(zones.len().saturating_sub(2));
        [self.domain.to_string(), name[1..].to_owned()]
            .into_iter()
            .chain(doubled)
            .chain(between.map(|zone| format!("{LABEL}.{zone}")))
            .take(Self::MOST_WRONG_NAMES)
            .collect()
    }

    /// Whether a text is the value of the record for the domain itself.
    #[must_use]
    pub fn is_own_value(&self, text: &str) -> bool {
        is_value(text, &record_value(&self.token))
    }

    /// What the TXT records at a place say.
    #[must_use]
    pub fn read(&self, place: &Place, texts: &[String]) -> Reply {
        let counts = |text: &String| place.values.iter().any(|value| is_value(text, value));
        let found = texts.iter().any(counts);
        // A name that has TXT records is no longer missing anything that the zone could deny.
        let (answer, is_authoritative) = match (found, texts.is_empty()) {
            (true, _) => (DnsAnswer::Found, true),
            (false, true) => (DnsAnswer::NoTxtRecord, false),
            (false, false) => (DnsAnswer::OtherRecords, true),
        };
        let records = texts.iter().take(Reply::MOST_RECORDS).map(|text| shown(text)).collect();
        Reply { answer, name: place.name.clone(), records, is_authoritative }
    }
}

/// A domain and its parents, down to `top`, which is one of them.
fn zones<'a>(domain: &'a str, top: &str) -> impl Iterator<Item = &'a str> {
    let parent = |zone: &&'a str| zone.split_once('.').map(|(_, parent)| parent);
    let shortest = top.len();
    std::iter::successors(Some(domain), parent).take_while(move |zone| zone.len() >= shortest)
}

/// Whether the text of a record is this value. Panels put texts in quotes, and people add spaces or
/// use capitals. None of these is part of a value.
fn is_value(text: &str, value: &str) -> bool {
    let is_left_out =
        |it: char| it.is_whitespace() || matches!(it, '"' | '\'' | '\\' | '“' | '”' | '„');
    let text = text.chars().filter(|it| !is_left_out(*it)).map(|it| it.to_ascii_lowercase());
    text.eq(value.chars())
}

/// A text that can be shown: at most 255 characters. Those that cannot be seen, or reorder a text, are
/// replaced.
fn shown(text: &str) -> String {
    let can_be_seen = |it: char| it.is_ascii_graphic() || it == ' ' || it.is_alphanumeric();
    text.chars()
        .take(Reply::LONGEST_RECORD)
        .map(|it| if can_be_seen(it) { it } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// What DNS has said about a [`Challenge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub answer: DnsAnswer,
    /// The name that it is about.
    pub name: String,
    /// The TXT records there, at most [`Reply::MOST_RECORDS`].
    pub records: Vec<String>,
    is_authoritative: bool,
}

/// What a check has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The record is there.
    Present,
    /// The name servers of the zone say that the record is not there.
    Absent,
    /// Neither.
    Unknown,
}

impl Reply {
    /// The most records that are shown.
    pub const MOST_RECORDS: usize = 5;
    /// The most characters of a record that are shown.
    pub const LONGEST_RECORD: usize = 255;

    /// There is no TXT record at a name. `is_authoritative` says whether the name servers of a zone say
    /// so.
    #[must_use]
    pub fn absent(answer: DnsAnswer, name: &str, is_authoritative: bool) -> Self {
        Self { answer, name: name.to_owned(), records: Vec::new(), is_authoritative }
    }

    /// Nobody has answered.
    #[must_use]
    pub fn failed(answer: DnsAnswer, name: &str) -> Self {
        Self::absent(answer, name, false)
    }

    /// The reply of several places: found at any of them, or unknown if any of them is, or that of the
    /// first one.
    ///
    /// # Panics
    /// Without a reply.
    #[must_use]
    pub fn first(replies: Vec<Self>) -> Self {
        let weight = |reply: &Self| match reply.finding() {
            Finding::Present => 0,
            Finding::Unknown => 1,
            Finding::Absent => 2,
        };
        replies.into_iter().min_by_key(weight).expect("a challenge has a place")
    }

    /// The same, with the record at a wrong name.
    #[must_use]
    pub fn at_wrong_name(self, name: &str) -> Self {
        Self { answer: DnsAnswer::WrongName, name: name.to_owned(), records: Vec::new(), ..self }
    }

    /// What it means for the state of the domain.
    #[must_use]
    pub const fn finding(&self) -> Finding {
        match self.answer {
            DnsAnswer::Found => Finding::Present,
            answer if answer.is_no() && self.is_authoritative => Finding::Absent,
            _ => Finding::Unknown,
        }
    }
}
