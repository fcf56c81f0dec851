//! The data that callers store with an organization.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{Json, LoneSurrogate, pointer_to};

/// What stands for half a character, as an escape of JSON.
const REPLACEMENT: &str = "\\ufffd";

/// Data that the caller stores with an organization: a JSON object of at most
/// [`CustomData::LARGEST`] bytes. Its text is stored unchanged, because parsing and printing it
/// again would change numbers.
#[derive(Clone, Debug)]
pub struct CustomData(Box<RawValue>);

/// Why a JSON value cannot be stored as custom data, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{defect}")]
pub struct CustomDataError {
    /// The place in the custom data: a JSON Pointer (RFC 6901), empty for the whole.
    pub pointer: String,
    /// What is wrong there.
    pub defect: CustomDataDefect,
}

/// What is wrong with a JSON value as custom data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomDataDefect {
    /// It is not a JSON object.
    #[error("it is not a JSON object: send one, such as {{\"plan\": \"gold\"}}")]
    NotAnObject,
    /// Its text has more bytes than allowed.
    #[error("it is too large: send at most {} bytes of JSON text", CustomData::LARGEST)]
    TooLarge,
    /// Objects and arrays are nested too deeply.
    #[error(
        "it is nested too deeply: send at most {} levels of objects and arrays",
        CustomData::DEEPEST
    )]
    TooDeep,
    /// A text or a name has half of a surrogate pair. Go and Rust refuse it or replace it.
    #[error("a text in it has a lone surrogate, which is half a character: send whole characters")]
    LoneSurrogate,
    /// A number is infinite as a double, so Go and Rust refuse it, and JavaScript prints it as
    /// null. Or it is longer than the parsers of Java take.
    #[error(
        "a number in it is too large for a double (1.8e308) or has more than {} characters: send \
         it as a string",
        CustomData::LONGEST_NUMBER
    )]
    NumberTooLarge,
    /// An object has two members with the same name. Parsers keep the first, the last, or none.
    #[error("an object in it has two members with this name: send each name once")]
    RepeatedName,
}

impl CustomData {
    /// The most bytes that the JSON text may have.
    pub const LARGEST: usize = 8 * 1024;
    /// The most levels of objects and arrays. Lists of organizations nest the data deeper, and many
    /// JSON parsers have a limit of 64 levels.
    pub const DEEPEST: usize = 32;
    /// The most characters of a number: the limit of Jackson, a parser for Java.
    pub const LONGEST_NUMBER: usize = 1_000;

    /// Checks that a JSON value can be stored, and that the common parsers of JSON read it alike
    /// (RFC 7493, but with numbers of any precision).
    ///
    /// # Errors
    /// When it is not an object, larger than [`Self::LARGEST`], deeper than [`Self::DEEPEST`], or
    /// has a value that common parsers refuse or read differently.
    pub fn parse(value: Box<RawValue>) -> Result<Self, CustomDataError> {
        let whole = |defect| Err(CustomDataError { pointer: String::new(), defect });
        if !value.get().starts_with('{') {
            whole(CustomDataDefect::NotAnObject)
        } else if value.get().len() > Self::LARGEST {
            whole(CustomDataDefect::TooLarge)
        } else {
            check(&value, "", 1)?;
            Ok(Self(value))
        }
    }

    /// Reads custom data that is stored already, perhaps by a release that did not yet check what
    /// [`Self::parse`] does. What many parsers refuse is replaced: a lone surrogate by U+FFFD, a
    /// number that is too large by a string of its digits, and an object or array below the last
    /// level by a string of its JSON text. Names that become equal get more of U+FFFD. `None` if it
    /// is not a JSON object.
    #[must_use]
    pub fn from_store(json: &str) -> Option<Self> {
        let stored = RawValue::from_string(json.to_owned()).ok()?;
        let data = RawValue::from_string(readable(stored.get())).ok()?;
        data.get().starts_with('{').then_some(Self(data))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_raw(&self) -> &RawValue {
        &self.0
    }
}

impl Default for CustomData {
    /// The empty object.
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).expect("`{}` is JSON"))
    }
}

/// Checks a value and everything in it. `pointer` is its place, and `level` the number of objects
/// and arrays around its elements.
fn check(value: &RawValue, pointer: &str, level: usize) -> Result<(), CustomDataError> {
    let at = |pointer: &str, defect| CustomDataError { pointer: pointer.to_owned(), defect };
    let json =
        Json::read(value).map_err(|LoneSurrogate| at(pointer, CustomDataDefect::LoneSurrogate))?;
    if matches!(json, Json::Array(_) | Json::Object(_)) && level > CustomData::DEEPEST {
        return Err(at("", CustomDataDefect::TooDeep));
    }
    match json {
        Json::Null | Json::Boolean(_) | Json::Text(_) => {}
        Json::Number(number) if is_finite(number) => {}
        Json::Number(_) => return Err(at(pointer, CustomDataDefect::NumberTooLarge)),
        Json::Array(elements) => {
            for (index, element) in elements.into_iter().enumerate() {
                check(element, &(pointer.to_owned() + &pointer_to(index)), level + 1)?;
            }
        }
        Json::Object(members) => {
            let mut names = HashSet::new();
            for (name, member) in &members {
                let pointer = pointer.to_owned() + &pointer_to(name);
                if !names.insert(name) {
                    return Err(at(&pointer, CustomDataDefect::RepeatedName));
                }
                check(member, &pointer, level + 1)?;
            }
        }
    }
    Ok(())
}

/// Whether all parsers read a number, if not always precisely.
fn is_finite(number: &str) -> bool {
    number.len() <= CustomData::LONGEST_NUMBER && number.parse().is_ok_and(f64::is_finite)
}

/// A JSON text that all parsers read: without lone surrogates, without numbers that are too large, and
/// not too deep. All else is left as it is.
fn readable(json: &str) -> String {
    let mut readable = String::with_capacity(json.len());
    // The objects and arrays around the token: their texts, and the names of their members once they
    // are needed.
    let mut around: Vec<(&str, Option<HashSet<String>>)> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let is_too_deep = matches!(first, '{' | '[') && around.len() == CustomData::DEEPEST;
        let length = if is_too_deep { length_of_value(rest) } else { length_of_token(rest) };
        let (token, after) = rest.split_at(length);
        match first {
            '{' | '[' if is_too_deep => readable.push_str(&Value::from(token).to_string()),
            '{' | '[' => {
                around.push((rest, None));
                readable.push_str(token);
            }
            '}' | ']' => {
                around.pop();
                readable.push_str(token);
            }
            '"' => {
                let mut text = without_lone_surrogates(token);
                if let Some((object, names)) = around.last_mut()
                    && text != token
                    && is_name(after)
                {
                    let names = names.get_or_insert_with(|| whole_names(object));
                    while text_of(&text).is_some_and(|name| !names.insert(name)) {
                        text.insert_str(text.len() - 1, REPLACEMENT);
                    }
                }
                readable.push_str(&text);
            }
            '-' | '0'..='9' if !is_finite(token) => readable.extend(["\"", token, "\""]),
            _ => readable.push_str(token),
        }
        rest = after;
    }
    readable
}

/// The names of the object that a JSON text begins with, but not those with lone surrogates.
fn whole_names(json: &str) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut rest = &json[1..];
    while !rest.is_empty() && !rest.starts_with('}') {
        let (value, after) = rest.split_at(length_of_value(rest));
        if value.starts_with('"') && is_name(after) {
            names.extend(text_of(value));
        }
        rest = after;
    }
    names
}

/// Whether what a JSON text has after a text shows that it is the name of a member.
fn is_name(after: &str) -> bool {
    after.trim_start().starts_with(':')
}

/// The text that a JSON text stands for; `None` if it has a lone surrogate.
fn text_of(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// The bytes of the value, or of the sign between values, that a JSON text begins with.
fn length_of_value(json: &str) -> usize {
    let (mut length, mut level) = (0, 0_usize);
    loop {
        let token = &json[length..];
        match token.as_bytes() {
            [] => return length,
            [b'{' | b'[', ..] => level += 1,
            [b'}' | b']', ..] => level -= 1,
            _ => {}
        }
        length += length_of_token(token);
        if level == 0 {
            return length;
        }
    }
}

/// The bytes of the token that a JSON text begins with: a text, a number, or a single character.
fn length_of_token(json: &str) -> usize {
    match json.chars().next() {
        Some('"') => length_of_text(json),
        Some('-' | '0'..='9') => {
            let end = |c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c);
            json.find(end).unwrap_or(json.len())
        }
        Some(other) => other.len_utf8(),
        None => 0,
    }
}

/// The bytes of the text that a JSON text begins with, quotes included.
fn length_of_text(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |end| end + 2)
}

/// A text of a JSON text, with U+FFFD in place of lone surrogates.
fn without_lone_surrogates(text: &str) -> String {
    const HIGH: std::ops::Range<u16> = 0xd800..0xdc00;
    /// The bytes of an escape such as `\ud800`.
    const ESCAPE: usize = 6;

    let surrogate = |escape: &str| {
        let digits = escape.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))
    };
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        whole.push_str(before);
        let next = escape.get(ESCAPE..).and_then(surrogate);
        let length = match surrogate(escape) {
            None => 2,
            Some(unit) if HIGH.contains(&unit) && next.is_some_and(|it| !HIGH.contains(&it)) => {
                2 * ESCAPE
            }
            Some(_) => {
                whole.push_str(REPLACEMENT);
                rest = &escape[ESCAPE..];
                continue;
            }
        };
        let (kept, after) = escape.split_at(length);
        whole.push_str(kept);
        rest = after;
    }
    whole + rest
}
