//! The TXT record that proves the ownership of an email domain: its name and value, and how the
//! records that DNS has are read.

use super::email_domain::EmailDomain;
use super::ownership::{ChallengeToken, DnsAnswer};

/// The label before the domain in the name of the record.
const LABEL: &str = "_usher-challenge";
/// The most characters of a name in DNS, without the final dot (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;
/// The value of the record, before the token.
const PREFIX: &str = "usher-domain-verification=";

/// The name of the record of a domain, in A-labels.
#[must_use]
pub fn record_name(domain: &str) -> String {
    format!("{LABEL}.{domain}")
}

/// The name at which the record of a domain is to be added: the domain's own, or that of its registrable
/// domain, if the own one is longer than a name can be.
#[must_use]
pub fn name_to_add(domain: &EmailDomain) -> String {
    let own = record_name(domain.as_str());
    match domain.registrable_parent() {
        Some(parent) if own.len() > LONGEST_NAME => record_name(parent.as_str()),
        _ => own,
    }
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

    /// The names at which a record counts, that of [`name_to_add`] first. A name that is too long to
    /// exist is left out.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let own = record_value(&self.token);
        let at_domain =
            Place { name: record_name(self.domain.as_str()), values: vec![own.clone()] };
        let at_parent = self.parent.iter().map(|(parent, token)| Place {
            name: record_name(parent.as_str()),
            values: token.iter().map(record_value).chain([own.clone()]).collect(),
        });
        [at_domain]
            .into_iter()
            .chain(at_parent)
            .filter(|place| place.name.len() <= LONGEST_NAME)
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

    /// What the TXT records at a place say, of which there is at least one.
    #[must_use]
    pub fn read(&self, place: &Place, texts: &[String]) -> Reply {
        let counts = |text: &String| place.values.iter().any(|value| is_value(text, value));
        let found = texts.iter().any(counts);
        Reply {
            answer: if found { DnsAnswer::Found } else { DnsAnswer::OtherRecords },
            name: place.name.clone(),
            records: texts.iter().take(Reply::MOST_RECORDS).map(|text| shown(text)).collect(),
            // A name that has TXT records is no longer missing anything that the zone could deny.
            counts: true,
            is_of_parent: found && !texts.iter().any(|text| self.is_own_value(text)),
        }
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
    /// Whether a "no" makes the record absent.
    counts: bool,
    /// Whether the record was found by the token of the domain above alone.
    is_of_parent: bool,
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
        let (name, counts) = (name.to_owned(), is_authoritative);
        Self { answer, name, records: Vec::new(), counts, is_of_parent: false }
    }

    /// Nobody has answered.
    #[must_use]
    pub fn failed(answer: DnsAnswer, name: &str) -> Self {
        Self::absent(answer, name, false)
    }

    /// The reply of several places: that of one which has the record, or else the first one. A "no" makes
    /// the record absent only if each of them says so.
    ///
    /// # Panics
    /// Without a reply.
    #[must_use]
    pub fn of_all(replies: Vec<Self>) -> Self {
        let has_record = |reply: &Self| reply.finding() == Finding::Present;
        let counts = replies.iter().all(|reply| reply.finding() == Finding::Absent);
        let shown = replies.iter().position(has_record).unwrap_or(0);
        let shown = replies.into_iter().nth(shown).expect("a challenge has a place");
        if has_record(&shown) { shown } else { Self { counts, ..shown } }
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
            answer if answer.is_no() && self.counts => Finding::Absent,
            _ => Finding::Unknown,
        }
    }

    /// Whether the domain is proven by the record of the domain above it alone, which the same organization
    /// lists with a token of its own.
    #[must_use]
    pub const fn is_of_parent(&self) -> bool {
        self.is_of_parent
    }
}
