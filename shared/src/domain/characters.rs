//! Which characters people can see, and which texts they cannot tell apart.

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, Ideographic, JoiningType, NoncharacterCodePoint, SoftDotted,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The most characters of a skeleton. Only ligatures of many letters come near it. With it, a
/// skeleton fits into a partition key (2,048 bytes).
const LONGEST_SKELETON: usize = 500;

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const MONGOLIAN_VOWEL_SEPARATOR: char = '\u{180E}';
const DOT_ABOVE: char = '\u{307}';
/// A letter in the form of a vertical line.
const DENTAL_CLICK: char = '\u{1C0}';
/// The modifier letters and the reversed prime in the form of a grave accent.
const GRAVE_ACCENTS: [char; 3] = ['\u{2CB}', '\u{2F4}', '\u{2035}'];
const KEYCAP: char = '\u{20E3}';
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
/// reorders the text. A blank has an effect only between other characters.
pub(super) fn first_invisible(text: &str) -> Option<char> {
    let characters: Vec<_> = text.chars().collect();
    let has_words = |part: &[char]| part.iter().any(|&it| !is_space(it));
    let is_outer_blank = |at: usize| {
        BLANKS.contains(&characters[at])
            && !(has_words(&characters[..at]) && has_words(&characters[at..]))
    };
    (0..characters.len())
        .find(|&at| effect(&characters, at) == Some(Effect::None) || is_outer_blank(at))
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
/// space, invisible characters and second dots, and with the prototype of each confusable character
/// (the skeleton of UTS 39 section 4).
///
/// Unlike in UTS 39, ASCII characters are alike only in case. Otherwise `Modern` would be `Modem`,
/// and `Level I` would be `Level l`.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let canonical = DecomposingNormalizer::new_nfd().normalize(text);
    let characters: Vec<_> = canonical.chars().collect();
    let mut seen = String::new();
    for (at, &character) in characters.iter().enumerate() {
        match effect(&characters, at) {
            None => push_alike(&mut seen, character),
            Some(Effect::Emoji) => seen.push(character),
            Some(Effect::Shape | Effect::None) => {}
        }
    }
    let words: Vec<_> = seen.split_ascii_whitespace().collect();
    without_second_dots(&fold(&words.join(" "))).chars().take(LONGEST_SKELETON).collect()
}

/// Appends what stands for all that look like this character.
fn push_alike(seen: &mut String, character: char) {
    // Before the compatibility form, which takes an accent that stands alone for a space and a mark.
    let parts = match ascii_twin(character) {
        Some(twin) => twin.to_string(),
        None => decomposed(character.encode_utf8(&mut [0; 4])),
    };
    for part in parts.chars() {
        match ascii_twin(part) {
            Some(twin) => seen.push(twin),
            None => seen.push_str(&prototype(part)),
        }
    }
}

/// The ASCII character that stands for all that look like this one, if there is one. UTS 39 has one
/// prototype for some ASCII characters that look alike, and sequences for others.
fn ascii_twin(character: char) -> Option<char> {
    if is_space(character) {
        return Some(' ');
    }
    let compatible = only_ascii(&decomposed(character.encode_utf8(&mut [0; 4])));
    if compatible.is_some() {
        return compatible;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let is_number = GeneralCategoryGroup::Number.contains(category);
    let is_sign =
        GeneralCategoryGroup::Symbol.union(GeneralCategoryGroup::Punctuation).contains(category);
    let prototype = prototype(character);
    match &*prototype {
        // The prototypes of what looks like a 0, a capital O or a small o.
        "O" | "o" if is_number => Some('0'),
        // The prototype of what looks like a 1, a capital I, a small l or a vertical line.
        "l" if is_number => Some('1'),
        "l" if character.is_uppercase() => Some('I'),
        "l" if is_sign || character == DENTAL_CLICK => Some('|'),
        // The prototype of what looks like an apostrophe or a grave accent.
        "'" if GRAVE_ACCENTS.contains(&character) => Some('`'),
        "''" => Some('"'),
        "\u{B0}/\u{2080}" => Some('%'),
        "rn" => Some('m'),
        _ => only_ascii(&prototype),
    }
}

/// The ASCII character that is the whole text.
fn only_ascii(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|it| it.is_ascii() && characters.next().is_none())
}

fn prototype(character: char) -> String {
    unicode_security::skeleton(character.encode_utf8(&mut [0; 4])).collect()
}

/// Removes each dot above a letter that has a dot already, such as an `i`: only one is drawn.
fn without_second_dots(folded: &str) -> String {
    let soft_dotted = CodePointSetData::new::<SoftDotted>();
    let classes = CanonicalCombiningClassMap::new();
    let mut has_dot = false;
    let is_seen = |&character: &char| {
        if character == DOT_ABOVE && has_dot {
            return false;
        }
        // A mark above replaces the dot of the letter. Marks at other places leave it.
        let leaves_dot = !matches!(classes.get_u8(character), 0 | 230);
        has_dot = soft_dotted.contains(character) || (has_dot && leaves_dot);
        true
    };
    folded.chars().filter(is_seen).collect()
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || BLANKS.contains(&character)
}

/// Whether the character is not shown by itself: it is ignorable by default, annotates other
/// characters, places hieroglyphs, or is no character at all.
fn is_ignorable(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(character)
        || matches!(character, '\u{FFF9}'..='\u{FFFB}')
        || places_hieroglyphs(&character)
}

fn places_hieroglyphs(character: &char) -> bool {
    matches!(character, '\u{13430}'..='\u{1343F}')
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
        ZERO_WIDTH_JOINER => is_beside_virama(before, after) || joins_one_side(before, after),
        ZERO_WIDTH_NON_JOINER => {
            keeps_apart(before, after)
                || is_beside_virama(before, after) && after.first().is_some_and(|it| !is_space(*it))
        }
        '\u{FE00}'..='\u{FE0D}' | '\u{E0100}'..='\u{E01EF}' => {
            before.last().is_some_and(|&it| is_ideograph(it))
        }
        '\u{FE0E}' | '\u{FE0F}' => before.last().is_some_and(|&symbol| {
            is_emoji(symbol) && (!symbol.is_ascii() || after.first() == Some(&KEYCAP))
        }),
        MONGOLIAN_VOWEL_SEPARATOR => {
            let letter = before.iter().rev().find(|it| !is_mongolian_selector(it));
            letter.is_some_and(is_mongolian_letter)
                && after.first().is_some_and(is_mongolian_letter)
        }
        _ if is_mongolian_selector(&character) => before.last().is_some_and(is_mongolian_letter),
        _ if places_hieroglyphs(&character) => {
            let is_hieroglyph = |it: &char| matches!(it, '\u{13000}'..='\u{143FF}');
            let previous = before.iter().rev().find(|it| !places_hieroglyphs(it));
            let next = after.iter().find(|it| !places_hieroglyphs(it));
            previous.is_some_and(is_hieroglyph) || next.is_some_and(is_hieroglyph)
        }
        _ => false,
    };
    Some(if shapes { Effect::Shape } else { Effect::None })
}

/// Whether a joiner between these characters shows a letter as joined that would stand alone, as in
/// the Persian abbreviation `ه`. Between two letters that join anyway, or beside none, it does
/// nothing.
fn joins_one_side(before: &[char], after: &[char]) -> bool {
    let next = joining_type_of_letter(after.iter());
    let joins_previous = matches!(next, Some(JoiningType::DualJoining | JoiningType::RightJoining));
    let last = joining_type_of_letter(before.iter().rev());
    let joins_next = matches!(last, Some(JoiningType::DualJoining | JoiningType::LeftJoining));
    joins_next != joins_previous
}

/// Whether a non-joiner between these characters follows a letter that joins the next one, as most
/// letters in Persian do, or stands between two letters of a script that joins letters. After one
/// that never joins the next, it has no effect, but Persian writers put it between the parts of a
/// word.
fn keeps_apart(before: &[char], after: &[char]) -> bool {
    match joining_type_of_letter(before.iter().rev()) {
        Some(JoiningType::DualJoining | JoiningType::LeftJoining) => true,
        Some(JoiningType::RightJoining) => after.first().is_some_and(|&next| {
            matches!(
                joining_type(next),
                JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::RightJoining
            )
        }),
        _ => false,
    }
}

/// The joining type of the first of these characters that is not a mark on a letter.
fn joining_type_of_letter<'a>(characters: impl Iterator<Item = &'a char>) -> Option<JoiningType> {
    let mut types = characters.map(|&character| joining_type(character));
    types.find(|it| *it != JoiningType::Transparent)
}

fn joining_type(character: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(character)
}

/// Whether a joiner between these characters stands beside a virama, as in Indic scripts.
fn is_beside_virama(before: &[char], after: &[char]) -> bool {
    before.last().is_some_and(is_virama) || after.first().is_some_and(is_virama)
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

fn is_mongolian_letter(character: &char) -> bool {
    matches!(character, '\u{1820}'..='\u{18AA}')
}

fn is_mongolian_selector(character: &char) -> bool {
    matches!(character, '\u{180B}'..='\u{180D}' | '\u{180F}')
}

fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(character)
}

fn is_ideograph(character: char) -> bool {
    CodePointSetData::new::<Ideographic>().contains(character)
}
