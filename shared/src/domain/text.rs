//! Names and descriptions for people.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// Why a text cannot be a name or a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is empty after trimming.
    #[error("it is empty: send at least one visible character")]
    Empty,
    /// More Unicode scalar values than allowed.
    #[error("it is too long: send at most {longest} characters")]
    TooLong {
        /// The most characters that are allowed.
        longest: usize,
    },
    /// NUL or another control character.
    #[error("it contains the control character U+{:04X}: send it without", u32::from(*.0))]
    ControlCharacter(char),
}

/// The name of an organization or of an organization role: 1 to 128 characters (Unicode scalar
/// values), as it was sent and in Unicode normalisation form C, without white space around it or
/// control characters inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The most characters that a name may have.
    pub const LONGEST: usize = 128;

    /// Normalises and checks a name.
    ///
    /// # Errors
    /// When the text is blank, longer than [`Self::LONGEST`], or contains a control character.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = normalised(text, Self::LONGEST, |_| false)?;
        if text.is_empty() { Err(TextError::Empty) } else { Ok(Self(text)) }
    }

    /// The name in its normalised form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folded form. Names are compared and ordered by it.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// A description: up to 256 characters, as it was sent and composed, line breaks and tabs allowed, possibly empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// The most characters that a description may have.
    pub const LONGEST: usize = 256;

    /// Normalises and checks a description.
    ///
    /// # Errors
    /// When the text is longer than [`Self::LONGEST`], or contains a control character other than
    /// a line break or a tab.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let allowed = |character| matches!(character, '\n' | '\r' | '\t');
        normalised(text, Self::LONGEST, allowed).map(Self)
    }

    /// The description in its normalised form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Folds case in normalisation form C (Unicode 3.13.5, canonical caseless matching), so that texts
/// are equal if they look the same apart from case.
#[must_use]
pub fn fold(text: &str) -> String {
    composed(&CaseMapper::new().fold_string(&composed(text)))
}

fn composed(text: &str) -> String {
    ComposingNormalizer::new_nfc().normalize(text).into_owned()
}

/// Composes a text, without the white space around it. Its length is limited both as it was sent,
/// which is what the OpenAPI document states, and as it is stored.
fn normalised(
    sent: &str,
    longest: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<String, TextError> {
    let text = composed(sent.trim());
    if let Some(control) = text.chars().find(|&c| c.is_control() && !allowed(c)) {
        return Err(TextError::ControlCharacter(control));
    }
    if [sent, &text].iter().any(|text| text.chars().count() > longest) {
        return Err(TextError::TooLong { longest });
    }
    Ok(text)
}
