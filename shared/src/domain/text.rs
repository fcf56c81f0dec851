//! Names and descriptions for people.

use super::characters::{composed, first_invisible, fold, is_visible, skeleton};

/// Why a text cannot be a name or a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing of the text can be seen.
    #[error("it is empty: send at least one visible character")]
    Empty,
    /// More Unicode scalar values than allowed.
    #[error("it is too long: send at most {longest} characters")]
    TooLong {
        /// The most characters that are allowed.
        longest: usize,
    },
    /// NUL or another control character, or a line break in a name.
    #[error("it contains the control character U+{:04X}: send it without", u32::from(*.0))]
    ControlCharacter(char),
    /// A character that cannot be seen where it stands, or that reorders the text.
    #[error("it contains the invisible character U+{:04X}: send it without", u32::from(*.0))]
    InvisibleCharacter(char),
}

/// The name of an organization, of an organization role or of a user: 1 to 128 characters (Unicode
/// scalar values), as it was sent and in Unicode normalisation form C, without white space around
/// it. At least one character can be seen. Invisible characters are only where they belong to
/// letters or emoji.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// The most characters that a name may have.
    pub const LONGEST: usize = 128;

    /// Normalises and checks a new name.
    ///
    /// # Errors
    /// When nothing of the text can be seen, when it is longer than [`Self::LONGEST`], or when it
    /// contains a control character, a line break, or an invisible character that has no effect on
    /// the letters or emoji beside it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let name = Self::normalise(text)?;
        if !is_visible(&name.0) {
            return Err(TextError::Empty);
        }
        if let Some(separator) = name.0.chars().find(|c| matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(TextError::ControlCharacter(separator));
        }
        first_invisible(&name.0).map_or(Ok(name), |it| Err(TextError::InvisibleCharacter(it)))
    }

    /// Like [`Self::parse`], but accepts every character that is not a control character. Earlier
    /// releases have stored such names, which must stay readable.
    ///
    /// # Errors
    /// When the text is blank, longer than [`Self::LONGEST`], or contains a control character.
    pub fn normalise(text: &str) -> Result<Self, TextError> {
        let text = normalised(text, Self::LONGEST, |_| false)?;
        if text.is_empty() { Err(TextError::Empty) } else { Ok(Self(text)) }
    }

    /// The name in its normalised form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folded form. Names are ordered and found by it, and it does not change between releases.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// The form in which names are equal if people cannot tell them apart. It can change when the
    /// Unicode data is updated.
    #[must_use]
    pub fn skeleton(&self) -> String {
        skeleton(&self.0)
    }
}

/// A description: up to 256 characters, as it was sent and in Unicode normalisation form C, line
/// breaks and tabs allowed, possibly empty. No character turns the text around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// The most characters that a description may have.
    pub const LONGEST: usize = 256;

    /// Normalises and checks a new description.
    ///
    /// # Errors
    /// When the text is longer than [`Self::LONGEST`], or contains a control character other than
    /// a line break or a tab, or a character that turns the text around (an embedding, override or
    /// isolate of UAX 9).
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let turns = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        let description = Self::normalise(text)?;
        let turning = description.0.chars().find(turns);
        turning.map_or(Ok(description), |it| Err(TextError::InvisibleCharacter(it)))
    }

    /// Like [`Self::parse`], but accepts characters that turn the text around. Earlier releases
    /// have stored such descriptions, which must stay readable.
    ///
    /// # Errors
    /// When the text is longer than [`Self::LONGEST`], or contains a control character other than
    /// a line break or a tab.
    pub fn normalise(text: &str) -> Result<Self, TextError> {
        let allowed = |character| matches!(character, '\n' | '\r' | '\t');
        normalised(text, Self::LONGEST, allowed).map(Self)
    }

    /// The description in its normalised form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
