//! Email addresses. Usher needs their domain, and a way to compare them.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};

use super::characters::{composed, decomposed, first_invisible};
use super::email_domain::{EmailDomain, EmailDomainError};
use super::provider::ProviderName;

/// RFC 5321 section 4.5.3.1.1.
const MAX_LOCAL_PART_BYTES: usize = 64;
/// The specials of RFC 5322 section 3.2.3. Only a quoted local part may contain them. The dot is
/// left out, because some providers allow it anywhere.
const SPECIALS: [char; 11] = ['(', ')', '<', '>', '[', ']', ':', ';', ',', '\\', '@'];

/// One unquoted local part, one `@`, and a valid [`EmailDomain`]. An international domain is in
/// either of its forms. Addresses that differ only in case, in Unicode normalisation or in the form
/// of the domain are equal.
///
/// The local part is personal data: no method returns it, and `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    local_part: String,
    domain: EmailDomain,
}

impl EmailAddress {
    /// The most bytes of an input: a local part, the `@`, and the longest input for a domain.
    pub const LONGEST_INPUT: usize = MAX_LOCAL_PART_BYTES + 1 + EmailDomain::LONGEST_INPUT;

    /// Normalises an address: its local part becomes lower case in normalisation form C, as user
    /// names do in RFC 8265 section 3.3, and its domain becomes lower-case ASCII.
    ///
    /// # Errors
    ///
    /// When the input has another form. RFC 5321 and RFC 6531 allow more, but mail systems disagree
    /// about the domain of such an address.
    pub fn parse(input: &str) -> Result<Self, EmailAddressError> {
        if input.len() > Self::LONGEST_INPUT
            || input.contains(|character: char| character.is_whitespace() || character.is_control())
        {
            return Err(EmailAddressError::Invalid);
        }
        let (local_part, text) = input.rsplit_once('@').ok_or(EmailAddressError::Invalid)?;
        let local_part = lower_case(local_part);
        // Normalisation makes ASCII of some characters. A mail system may do so before it looks for
        // the `@`, and may also replace wide forms.
        let shown = decomposed(&local_part);
        if shown.contains('"') {
            return Err(EmailAddressError::QuotedLocalPart);
        }
        if !(1..=MAX_LOCAL_PART_BYTES).contains(&local_part.len())
            || shown.contains(SPECIALS)
            || first_invisible(&local_part).is_some()
        {
            return Err(EmailAddressError::Invalid);
        }
        let domain = EmailDomain::parse(text)?;
        if !domain.is_spelled(text) {
            return Err(EmailAddressError::AmbiguousDomain);
        }
        Ok(Self { local_part, domain })
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &EmailDomain {
        &self.domain
    }

    /// The digest of the normalised address.
    pub fn digest(&self) -> AddressDigest {
        let Self { local_part, domain } = self;
        AddressDigest::of(&format!("{local_part}@{domain}"))
    }
}

/// An address with the spellings in which somebody has sent it. They have neither a quotation mark nor a
/// backslash, because no [`EmailAddress`] has.
#[derive(Clone, PartialEq, Eq)]
pub struct SpelledAddress {
    address: EmailAddress,
    spellings: BTreeSet<String>,
}

impl SpelledAddress {
    /// Reads an address, and keeps its spelling.
    ///
    /// # Errors
    /// As for [`EmailAddress::parse`].
    pub fn parse(input: &str) -> Result<Self, EmailAddressError> {
        let address = EmailAddress::parse(input)?;
        let EmailAddress { local_part, domain } = &address;
        let spellings = BTreeSet::from([input.to_owned(), format!("{local_part}@{domain}")]);
        Ok(Self { address, spellings })
    }

    /// The same address, with at most so many more of these spellings. Texts that are another address, or
    /// none, are left out.
    #[must_use]
    pub fn with_spellings<'a>(self, texts: impl Iterator<Item = &'a str>, most: usize) -> Self {
        let Self { address, mut spellings } = self;
        let is_same = |text: &&str| EmailAddress::parse(text).is_ok_and(|other| other == address);
        let others: BTreeSet<_> =
            texts.filter(|text| !spellings.contains(*text)).filter(is_same).collect();
        spellings.extend(others.into_iter().take(most).map(str::to_owned));
        Self { address, spellings }
    }

    /// The address.
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }

    /// The spellings in which it was sent, and the normal form. They are personal data, and only for
    /// a service that compares spellings.
    pub fn spellings(&self) -> &BTreeSet<String> {
        &self.spellings
    }
}

impl fmt::Debug for SpelledAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(formatter)
    }
}

/// Lower case in normalisation form C. A small sigma gets the form of its place in the word, because
/// a capital one does not say which form it had.
fn lower_case(text: &str) -> String {
    let lower: Vec<_> = composed(&composed(text).to_lowercase()).chars().collect();
    let is_letter = |at: usize| lower.get(at).is_some_and(|character| character.is_alphabetic());
    let in_place = |(at, &character): (usize, &char)| match character {
        'σ' | 'ς' if at > 0 && is_letter(at - 1) && !is_letter(at + 1) => 'ς',
        'σ' | 'ς' => 'σ',
        other => other,
    };
    lower.iter().enumerate().map(in_place).collect()
}

/// The SHA-256 of a normalised [`EmailAddress`], or of an identity at a provider, in lower-case
/// hexadecimal. It allows comparing them without storing them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressDigest(String);

impl AddressDigest {
    /// The digest of an identity: the provider's name, a zero character, and the user's id there. No
    /// address contains a zero character, so it is never the digest of an address.
    #[must_use]
    pub fn of_identity(provider: &ProviderName, user_id: &str) -> Self {
        Self::of(&format!("{provider}\0{user_id}"))
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads a digest.
    ///
    /// # Errors
    /// When the text is not 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NotADigest> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digest = text.len() == 64 && text.bytes().all(is_digit);
        if digest { Ok(Self(text.to_owned())) } else { Err(NotADigest) }
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AddressDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The text is not an [`AddressDigest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 in lower-case hexadecimal")]
pub struct NotADigest;

impl fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EmailAddress(***@{})", self.domain)
    }
}

/// Why an input is not an [`EmailAddress`]. The text does not contain the local part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    /// Not one local part and one domain, or a character that is not allowed.
    #[error("This is not an email address: send one such as name@example.com.")]
    Invalid,
    /// `"…"@example.com`
    #[error("Quoted local parts are not supported: send an address without quotes.")]
    QuotedLocalPart,
    /// The text of the domain is not exactly that of a domain.
    #[error(
        "Mail systems can read the domain of the address in different ways: send it in its ASCII \
         form (xn--…)."
    )]
    AmbiguousDomain,
    /// The part after the `@` is not an email domain.
    #[error("The domain of the address cannot be used. {0}")]
    Domain(#[from] EmailDomainError),
}

impl EmailAddressError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "email_address.invalid",
            Self::QuotedLocalPart => "email_address.quoted_local_part",
            Self::AmbiguousDomain => "email_address.ambiguous_domain",
            Self::Domain(_) => "email_address.domain",
        }
    }
}
