//! The domain part of an email address, in a normalised form that can be compared.

use std::fmt;
use std::net::IpAddr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::characters::composed;

/// The deviation characters (UTS 46 section 6). IDNA2003 replaces or drops them, and IDNA2008 keeps
/// them, so that a name with one of them is two domains.
const DEVIATIONS: [char; 4] = ['ß', 'ς', '\u{200C}', '\u{200D}'];
/// The most characters of a refused input that an error repeats.
const MAX_EXCERPT_CHARS: usize = 64;

/// The host part of email addresses that an organization can list: a host name of at least two
/// labels in lower-case ASCII (A-labels, UTS 46), without a trailing dot.
///
/// Two spellings of the same domain are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// The most bytes of an input. Longer inputs are refused before the mapping, which would take
    /// too long. Every domain is much shorter, in any script.
    pub const LONGEST_INPUT: usize = 1024;
    /// The most characters of a domain. RFC 1035 section 2.3.4 allows 255 octets on the wire, which
    /// is 253 characters of text.
    pub const LONGEST: usize = 253;
    /// The most characters between two dots (RFC 1035 section 2.3.4).
    pub const LONGEST_LABEL: usize = 63;
    /// The most labels of a domain whose subdomains satisfy a rule too. For an address in a deep
    /// subdomain, so many names above it are looked up at most.
    pub const MOST_LABELS_WITH_SUBDOMAINS: usize = 10;

    /// Normalises the input of a person. An error says what to type instead.
    ///
    /// It drops white space at both ends and one trailing dot, turns upper case into lower case,
    /// and international domains into A-labels.
    ///
    /// # Errors
    ///
    /// When the input is not such a domain, or is a public suffix of a registry, such as `co.uk`.
    /// Each kind of input has its own [`EmailDomainError`].
    pub fn parse(input: &str) -> Result<Self, EmailDomainError> {
        let domain = Self::normalise(input)?;
        if domain.suffix_type() == Some(psl::Type::Icann) {
            return Err(EmailDomainError::PublicSuffix(domain.0));
        }
        Ok(domain)
    }

    /// Like [`EmailDomain::parse`], but without the public suffix list. That list grows, and stored
    /// domains must stay readable and deletable.
    ///
    /// # Errors
    ///
    /// As for [`EmailDomain::parse`], except for public suffixes.
    pub fn normalise(input: &str) -> Result<Self, EmailDomainError> {
        if input.len() > Self::LONGEST_INPUT {
            return Err(EmailDomainError::TooLong);
        }
        let input = input.trim();
        refuse_other_notations(input)?;

        // UTS 46 section 4.2 (ToASCII). Hyphens in the third and fourth place are common in real
        // names. Lengths are checked below, because here they would not get their own error.
        let ascii = Uts46::new()
            .to_ascii(
                input.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::CheckFirstLast,
                DnsLength::Ignore,
            )
            .map_err(|_| EmailDomainError::Invalid(excerpt(input)))?;
        let domain = ascii.strip_suffix('.').unwrap_or(&ascii);

        if domain.is_empty() {
            return Err(EmailDomainError::Empty);
        }
        if domain.split('.').any(str::is_empty) {
            return Err(EmailDomainError::Invalid(excerpt(input)));
        }
        if domain.len() > Self::LONGEST
            || domain.split('.').any(|label| label.len() > Self::LONGEST_LABEL)
        {
            return Err(EmailDomainError::TooLong);
        }
        let last_label = domain.rsplit_once('.').map(|(_, last)| last);
        if is_number(last_label.unwrap_or(domain)) {
            return Err(EmailDomainError::IpAddress(excerpt(input)));
        }
        if last_label.is_none() {
            return Err(EmailDomainError::SingleLabel(domain.to_owned()));
        }
        Ok(Self(domain.to_owned()))
    }

    /// The domains above this one that a rule for subdomains can name: those of at most
    /// [`Self::MOST_LABELS_WITH_SUBDOMAINS`] labels, down to the one that was registered. The nearest comes
    /// first. There are at most nine, because the shortest has two labels.
    pub fn parents(&self) -> impl Iterator<Item = Self> {
        let registered =
            psl::domain(self.0.as_bytes()).map_or(usize::MAX, |it| it.as_bytes().len());
        self.0
            .match_indices('.')
            .map(|(dot, _)| &self.0[dot + 1..])
            .filter(move |parent| parent.len() >= registered)
            .filter(|parent| parent.split('.').count() <= Self::MOST_LABELS_WITH_SUBDOMAINS)
            .map(|parent| Self(parent.to_owned()))
    }

    /// Whether a company lets anybody have names below its domain: the domain is in the private
    /// section of the public suffix list, such as `github.io`.
    pub fn is_private_suffix(&self) -> bool {
        self.suffix_type() == Some(psl::Type::Private)
    }

    /// The domain above this one that somebody has registered (public suffix list), if this one is not
    /// that domain itself or a suffix.
    #[must_use]
    pub fn registrable_parent(&self) -> Option<Self> {
        let registrable = psl::domain_str(&self.0)?;
        (registrable != self.0).then(|| Self(registrable.to_owned()))
    }

    /// Whether anybody can have names below the domain: it is in the public suffix list.
    #[must_use]
    pub fn is_public_suffix(&self) -> bool {
        self.suffix_type().is_some()
    }

    /// The section of the public suffix list that has the domain itself.
    fn suffix_type(&self) -> Option<psl::Type> {
        let suffix = psl::suffix(self.0.as_bytes())?;
        if suffix.as_bytes() == self.0.as_bytes() { suffix.typ() } else { None }
    }

    /// Whether a text is this domain for every version of IDNA: apart from case and Unicode
    /// normalisation, each label is either its A-label or its U-label. Other texts, such as wide
    /// letters or `ß`, are one domain for some mail systems and another or none for others.
    pub(super) fn is_spelled(&self, text: &str) -> bool {
        let (unicode, _) = Uts46::new().to_unicode(
            self.0.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
        );
        let text = text.strip_suffix('.').unwrap_or(text);
        let labels = self.0.split('.').zip(unicode.split('.'));
        text.split('.').count() == self.0.split('.').count()
            && text.split('.').zip(labels).all(|(label, (a_label, u_label))| {
                if label.is_ascii() {
                    return label.eq_ignore_ascii_case(a_label);
                }
                let label = composed(&composed(label).to_lowercase());
                label == u_label && !label.contains(DEVIATIONS)
            })
    }

    /// The domain as lower-case ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why an input is not an [`EmailDomain`]. The text is for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailDomainError {
    /// Nothing is left after trimming.
    #[error("The email domain is empty: send one such as example.com.")]
    Empty,
    /// Not a host name. Contains the beginning of the input.
    #[error(
        "{0:?} is not a domain: send labels of letters, digits and inner hyphens with dots \
         between them, such as example.com."
    )]
    Invalid(String),
    /// A `*`, as a wildcard for subdomains.
    #[error("Wildcards are not supported: send each subdomain on its own.")]
    Wildcard,
    /// A character that the normalisation would drop silently. Contains the first one.
    #[error("The domain contains the ignored character U+{:04X}: send it without.", u32::from(*.0))]
    IgnoredCharacters(char),
    /// An IP address, or a name that a browser reads as one. Contains the beginning of the input.
    #[error("{0:?} is an IP address: send a domain such as example.com.")]
    IpAddress(String),
    /// A host name without a dot. Contains it.
    #[error("{0:?} is a single label: send the whole domain, such as example.com.")]
    SingleLabel(String),
    /// A public suffix of a registry: anybody can register names below it. Contains it.
    #[error("{0:?} is a public suffix: send a domain below it, such as example.{0}.")]
    PublicSuffix(String),
    /// The domain or one of its labels is too long.
    #[error("The domain is too long: send at most 253 characters, and 63 between two dots.")]
    TooLong,
    /// A whole email address. Contains its domain, if that is acceptable.
    #[error("This is an email address: send only the part after the @{}.", suggestion(.0.as_ref()))]
    EmailAddress(Option<EmailDomain>),
    /// A URL. Contains its host, if that is acceptable.
    #[error("This is a URL: send only its host{}.", suggestion(.0.as_ref()))]
    Url(Option<EmailDomain>),
}

impl EmailDomainError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "email_domain.empty",
            Self::Invalid(_) => "email_domain.invalid",
            Self::Wildcard => "email_domain.wildcard",
            Self::IgnoredCharacters(_) => "email_domain.ignored_characters",
            Self::IpAddress(_) => "email_domain.ip_address",
            Self::SingleLabel(_) => "email_domain.single_label",
            Self::PublicSuffix(_) => "email_domain.public_suffix",
            Self::TooLong => "email_domain.too_long",
            Self::EmailAddress(_) => "email_domain.email_address",
            Self::Url(_) => "email_domain.url",
        }
    }
}

/// Refuses other notations with an error of their own. The mapping would only call them invalid.
fn refuse_other_notations(input: &str) -> Result<(), EmailDomainError> {
    if input.contains(URL_DELIMITERS) {
        return Err(EmailDomainError::Url(EmailDomain::parse(host_of_url(input)).ok()));
    }
    if let Some((_, domain)) = input.rsplit_once('@') {
        return Err(EmailDomainError::EmailAddress(EmailDomain::parse(domain).ok()));
    }
    if input.contains('*') {
        return Err(EmailDomainError::Wildcard);
    }
    if let Some(ignored) = input.chars().find(|&character| is_ignored(character)) {
        return Err(EmailDomainError::IgnoredCharacters(ignored));
    }
    if input.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Err(EmailDomainError::IpAddress(excerpt(input)));
    }
    Ok(())
}

/// The characters that end the authority of a URL (RFC 3986 section 3.2). Host names do not contain
/// them.
const URL_DELIMITERS: [char; 3] = ['/', '?', '#'];

fn host_of_url(url: &str) -> &str {
    let after_scheme = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(URL_DELIMITERS) => rest,
        _ => url.trim_start_matches('/'),
    };
    let authority = after_scheme.split_once(URL_DELIMITERS).map_or(after_scheme, |(it, _)| it);
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    host_and_port.split_once(':').map_or(host_and_port, |(host, _port)| host)
}

/// Whether UTS 46 maps the character to nothing. A name with such a character would be stored as
/// another name.
fn is_ignored(character: char) -> bool {
    let mut utf8 = [0; 4];
    !character.is_ascii()
        && Uts46::new()
            .to_ascii(
                character.encode_utf8(&mut utf8).as_bytes(),
                AsciiDenyList::EMPTY,
                Hyphens::Allow,
                DnsLength::Ignore,
            )
            .is_ok_and(|mapped| mapped.is_empty())
}

/// WHATWG URL, "ends in a number": browsers read a host whose last label is a number as an IPv4
/// address.
fn is_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
        || label
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn excerpt(input: &str) -> String {
    let mut characters = input.chars();
    let mut excerpt: String = characters.by_ref().take(MAX_EXCERPT_CHARS).collect();
    if characters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn suggestion(domain: Option<&EmailDomain>) -> String {
    domain.map(|domain| format!(", {:?}", domain.as_str())).unwrap_or_default()
}
