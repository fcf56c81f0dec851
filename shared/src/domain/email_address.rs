//! Email addresses. Usher needs their domain, and a way to compare them.

use std::fmt;

use sha2::{Digest, Sha256};

use super::email_domain::{EmailDomain, EmailDomainError};

/// RFC 5321 section 4.5.3.1.1.
const MAX_LOCAL_PART_BYTES: usize = 64;
/// The specials of RFC 5322 section 3.2.3. Only a quoted local part may contain them. The dot is
/// left out, because some providers allow it anywhere.
const SPECIALS: [char; 11] = ['(', ')', '<', '>', '[', ']', ':', ';', ',', '\\', '@'];

/// One unquoted local part, one `@`, and an ASCII domain that is a valid [`EmailDomain`].
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

    /// Normalises an address: both parts become lower case.
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
        let (local_part, domain) = input.rsplit_once('@').ok_or(EmailAddressError::Invalid)?;
        if local_part.contains('"') {
            return Err(EmailAddressError::QuotedLocalPart);
        }
        if !(1..=MAX_LOCAL_PART_BYTES).contains(&local_part.len()) || local_part.contains(SPECIALS)
        {
            return Err(EmailAddressError::Invalid);
        }
        // If a mail system has verified an international domain, it arrives as A-labels.
        if !domain.is_ascii() {
            return Err(EmailAddressError::DomainNotAscii);
        }
        Ok(Self { local_part: local_part.to_lowercase(), domain: EmailDomain::parse(domain)? })
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &EmailDomain {
        &self.domain
    }

    /// The SHA-256 of the normalised address, in lower-case hexadecimal. It allows comparing
    /// addresses without storing them.
    pub fn digest(&self) -> String {
        let Self { local_part, domain } = self;
        Sha256::digest(format!("{local_part}@{domain}"))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

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
    /// The domain is in its Unicode form.
    #[error("The domain of the address is not ASCII: send it as A-labels (xn--…).")]
    DomainNotAscii,
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
            Self::DomainNotAscii => "email_address.domain_not_ascii",
            Self::Domain(_) => "email_address.domain",
        }
    }
}
