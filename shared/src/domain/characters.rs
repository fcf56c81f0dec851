//! Which characters people can see, and which texts they cannot tell apart.

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, Ideographic, JoiningType, NoncharacterCodePoint,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The most characters of a skeleton. Only ligatures of many letters come near it. With it, a
/// skeleton fits into a partition key (2,048 bytes).
const LONGEST_SKELETON: usize = 500;

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const BLACK_FLAG: char = '\u{1F3F4}';
/// The distance of a tag character from the ASCII character that it stands for.
const TAGS: u32 = 0xE0000;
/// The flags that are made of tags (Unicode Emoji, `RGI_Emoji_Tag_Sequence`), each with the tag
/// that ends it.
const TAGGED_FLAGS: [&str; 3] = ["gbeng\u{7F}", "gbsct\u{7F}", "gbwls\u{7F}"];
/// Symbols and letters without ink, which no property tells apart from those with it: the braille
/// blank, the null notehead, the object replacement character, and the hieroglyphic blanks.
const BLANKS: [char; 5] = ['\u{2800}', '\u{1D159}', '\u{FFFC}', '\u{13441}', '\u{13442}'];

/// What an invisible character does at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It makes one emoji of several characters.
    Emoji,
    /// It changes the shape of a letter or symbol beside it.
    Shape,
    /// Nothing that people can see, or it reorders the text.
    None,
}

/// The first character that cannot be seen and has no effect on how its neighbours look, or that
/// reorders the text.
pub(super) fn first_invisible(text: &str) -> Option<char> {
    let characters: Vec<_> = text.chars().collect();
    (0..characters.len())
        .find(|&at| effect(&characters, at) == Some(Effect::None))
        .map(|at| characters[at])
}

/// Whether the text has a character that leaves ink by itself. Spaces, marks, control and format
/// characters do not.
pub(super) fn is_visible(text: &str) -> bool {
    const WITHOUT_INK: GeneralCategoryGroup = GeneralCategoryGroup::Mark
        .union(GeneralCategoryGroup::Separator)
        .union(GeneralCategoryGroup::Control)
        .union(GeneralCategoryGroup::Format);
    text.chars().any(|character| {
        let category = CodePointMapData::<GeneralCategory>::new().get(character);
        !WITHOUT_INK.contains(category) && !is_ignorable(character) && !BLANKS.contains(&character)
    })
}

/// Normalisation form C.
pub(super) fn composed(text: &str) -> String {
    ComposingNormalizer::new_nfc().normalize(text).into_owned()
}

/// Normalisation form KD: compatibility forms, such as wide letters and ligatures, become the
/// characters that they stand for, and letters are separate from their marks.
pub(super) fn decomposed(text: &str) -> String {
    DecomposingNormalizer::new_nfkd().normalize(text).into_owned()
}

/// Folds case in normalisation form C (Unicode 3.13.5, canonical caseless matching), so that texts
/// are equal if they look the same apart from case.
#[must_use]
pub fn fold(text: &str) -> String {
    composed(&CaseMapper::new().fold_string(&composed(text)))
}

/// A form in which texts are equal if they look alike: without case, compatibility forms, runs of
/// space and invisible characters, and with the prototype of each confusable character (the
/// skeleton of UTS 39 section 4).
///
/// Unlike in UTS 39, ASCII characters are alike only in case. Otherwise `Modern` would be `Modem`,
/// and `Level I` would be `Level l`.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let characters: Vec<_> = decomposed(text).chars().collect();
    let mut seen = String::new();
    for (at, &character) in characters.iter().enumerate() {
        match effect(&characters, at) {
            None if is_space(character) => seen.push(' '),
            None if character.is_ascii() => seen.push(character),
            None => push_prototype(&mut seen, character),
            Some(Effect::Emoji) => seen.push(character),
            Some(Effect::Shape | Effect::None) => {}
        }
    }
    let words: Vec<_> = seen.split_ascii_whitespace().collect();
    fold(&words.join(" ")).chars().take(LONGEST_SKELETON).collect()
}

/// Appends the characters that stand for all that look like this one.
fn push_prototype(seen: &mut String, character: char) {
    let mut utf8 = [0; 4];
    let prototype: String = unicode_security::skeleton(character.encode_utf8(&mut utf8)).collect();
    match &*prototype {
        // The prototype of what looks like a capital I, a small l or a 1.
        "l" if character.is_uppercase() => seen.push('I'),
        "rn" => seen.push('m'),
        _ => seen.push_str(&prototype),
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || BLANKS.contains(&character)
}

/// Whether the character is not shown by itself: it is ignorable by default, annotates other
/// characters, or is no character at all.
fn is_ignorable(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(character)
        || matches!(character, '\u{FFF9}'..='\u{FFFB}')
}

/// What the character does, if it is invisible.
fn effect(characters: &[char], at: usize) -> Option<Effect> {
    let (before, character, after) = (&characters[..at], characters[at], &characters[at + 1..]);
    if !is_ignorable(character) {
        return None;
    }
    let shapes = match character {
        ZERO_WIDTH_JOINER if joins_emoji(before, after) => return Some(Effect::Emoji),
        '\u{E0020}'..='\u{E007F}' if is_in_tagged_flag(characters, at) => {
            return Some(Effect::Emoji);
        }
        ZERO_WIDTH_JOINER => joins_letters(before, after),
        ZERO_WIDTH_NON_JOINER => {
            joins_letters(before, after) && after.first().is_some_and(|it| !is_space(*it))
        }
        '\u{FE00}'..='\u{FE0F}' => {
            before.last().is_some_and(|&it| is_emoji(it) || is_ideograph(it))
        }
        '\u{E0100}'..='\u{E01EF}' => before.last().is_some_and(|&it| is_ideograph(it)),
        // The selectors and the vowel separator of Mongolian.
        '\u{180B}'..='\u{180F}' => matches!(before.last(), Some('\u{1820}'..='\u{18AA}')),
        _ => false,
    };
    Some(if shapes { Effect::Shape } else { Effect::None })
}

/// Whether a joiner between these characters can change how letters look: it follows a letter of a
/// script that joins letters, as in Persian, or stands beside a virama, as in Indic scripts.
fn joins_letters(before: &[char], after: &[char]) -> bool {
    let is_mark = |character: &&char| {
        let category = CodePointMapData::<GeneralCategory>::new().get(**character);
        category == GeneralCategory::NonspacingMark
    };
    let letter = before.iter().rev().find(|it| !is_mark(it));
    let joins = letter.is_some_and(|&letter| {
        matches!(
            CodePointMapData::<JoiningType>::new().get(letter),
            JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::RightJoining
        )
    });
    joins || before.last().is_some_and(is_virama) || after.first().is_some_and(is_virama)
}

fn is_virama(character: &char) -> bool {
    CanonicalCombiningClassMap::new().get_u8(*character) == 9
}

/// Whether a joiner between these characters makes one emoji of two (UAX 29, rule GB11).
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let pictographs = CodePointSetData::new::<ExtendedPictographic>();
    let modifiers = CodePointSetData::new::<EmojiModifier>();
    let is_extension = |character: char| character == '\u{FE0F}' || modifiers.contains(character);
    let first = before.iter().rev().find(|&&it| !is_extension(it));
    first.is_some_and(|&first| pictographs.contains(first))
        && after.first().is_some_and(|&next| pictographs.contains(next))
}

/// Whether a tag belongs to one of the flags that are made of tags.
fn is_in_tagged_flag(characters: &[char], at: usize) -> bool {
    let tag = |character: &char| char::from_u32(u32::from(*character).checked_sub(TAGS)?);
    let is_tag = |character: &char| tag(character).is_some_and(|it| it.is_ascii());
    let start = at - characters[..at].iter().rev().take_while(|it| is_tag(it)).count();
    let tags: String = characters[start..].iter().map_while(tag).filter(char::is_ascii).collect();
    start > 0 && characters[start - 1] == BLACK_FLAG && TAGGED_FLAGS.contains(&&*tags)
}

fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(character)
}

fn is_ideograph(character: char) -> bool {
    CodePointSetData::new::<Ideographic>().contains(character)
}
