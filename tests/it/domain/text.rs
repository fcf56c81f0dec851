//! Names and descriptions, and when two names are the same.

use proptest::prelude::*;
use shared::domain::text::{Description, Name, TextError, fold};

fn name(text: &str) -> Result<String, TextError> {
    Name::parse(text).map(|name| name.as_str().to_owned())
}

fn description(text: &str) -> Result<String, TextError> {
    Description::parse(text).map(|description| description.as_str().to_owned())
}

#[test]
fn a_name_loses_the_white_space_around_it_and_is_composed() {
    let table = [
        ("Acme", "Acme"),
        ("  Acme  Inc. \u{3000}\u{a0}", "Acme  Inc."),
        ("\n\tAcme\r\n", "Acme"),
        ("Zu\u{308}rich", "Zürich"),
        ("\u{212b}ngstro\u{308}m", "Ångström"),
        ("\u{1100}\u{1161}", "가"),
        ("a\u{323}\u{302}", "ậ"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("ß", "ß"),
        ("ﬁ", "ﬁ"),
    ];
    for (text, expected) in table {
        assert_eq!(name(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn a_name_has_1_to_128_characters_however_many_bytes_they_take() {
    for character in ["a", "é", "漢", "😀"] {
        let (longest, too_long) = (character.repeat(128), character.repeat(129));
        assert_eq!(name(&longest), Ok(longest), "{character:?}");
        assert_eq!(name(&too_long), Err(TextError::TooLong { longest: 128 }), "{character:?}");
    }
    for blank in ["", " ", "\t\n", "\u{3000}"] {
        assert_eq!(name(blank), Err(TextError::Empty), "{blank:?}");
    }
}

#[test]
fn a_text_is_limited_as_it_was_sent_and_as_it_is_kept() {
    let spaced = |text: &str| format!(" {text}");
    for (sent, is_short) in [
        (spaced(&"a".repeat(127)), true),
        (spaced(&"a".repeat(128)), false),
        ("e\u{301}".repeat(64), true),
        ("e\u{301}".repeat(65), false),
        // Composed, these become two characters each.
        ("\u{958}".repeat(64), true),
        ("\u{958}".repeat(65), false),
    ] {
        let too_long = Err(TextError::TooLong { longest: 128 });
        assert_eq!(name(&sent) != too_long, is_short, "{sent:?}");
        let too_long = Err(TextError::TooLong { longest: 256 });
        assert_eq!(description(&sent.repeat(2)) != too_long, is_short, "{sent:?}");
    }
}

#[test]
fn a_name_has_no_control_characters_inside() {
    for control in ('\0'..='\u{9f}').filter(|c| c.is_control()) {
        let text = format!("a{control}b");
        assert_eq!(name(&text), Err(TextError::ControlCharacter(control)), "{text:?}");
    }
}

#[test]
fn a_description_may_be_empty_and_have_lines() {
    let table = [
        ("", ""),
        ("  ", ""),
        ("one\ntwo\r\n\tthree\n", "one\ntwo\r\n\tthree"),
        ("Zu\u{308}rich", "Zürich"),
    ];
    for (text, expected) in table {
        assert_eq!(description(text).as_deref(), Ok(expected), "{text:?}");
    }
    let longest = "é".repeat(256);
    assert_eq!(description(&longest), Ok(longest.clone()));
    assert_eq!(description(&(longest + "é")), Err(TextError::TooLong { longest: 256 }));
    for control in ('\0'..='\u{9f}').filter(|c| c.is_control() && !"\n\r\t".contains(*c)) {
        let text = format!("a{control}b");
        assert_eq!(description(&text), Err(TextError::ControlCharacter(control)), "{text:?}");
    }
}

#[test]
fn a_refusal_says_what_to_send_instead() {
    let table = [
        (TextError::Empty, "it is empty: send at least one visible character"),
        (TextError::TooLong { longest: 128 }, "it is too long: send at most 128 characters"),
        (
            TextError::ControlCharacter('\0'),
            "it contains the control character U+0000: send it without",
        ),
    ];
    for (error, sentence) in table {
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn names_that_people_take_for_the_same_are_the_same() {
    let same = [
        ("Engineer", "ENGINEER"),
        ("Straße", "STRASSE"),
        ("Zürich", "ZU\u{308}RICH"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("Ångström", "\u{212b}NGSTRÖM"),
        ("ﬁre", "FIRE"),
        ("\u{1e9e}", "ss"),
        ("\u{390}", "\u{1fd3}"),
    ];
    for (a, b) in same {
        assert_eq!(fold(a), fold(b), "{a} {b}");
    }
    for (a, b) in [("a", "b"), ("ae", "æ"), ("u", "ü"), ("i", "ı"), ("a b", "ab"), ("Ⅳ", "IV")]
    {
        assert_ne!(fold(a), fold(b), "{a} {b}");
    }
}

/// Texts with what is rare in random ones: combining marks, special casing, white space, controls.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \\t\\n\u{300}-\u{345}a-zA-ZßıİſΣςσŉΐΰﬀ-ﬆ\u{1100}-\u{1175}]{0,20}",
        "\\PC{100,300}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn an_accepted_text_is_its_own_normal_form(text in any_text()) {
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            prop_assert!((1..=Name::LONGEST).contains(&name.as_str().chars().count()));
            prop_assert_eq!(name.as_str().trim(), name.as_str());
            prop_assert!(!name.as_str().chars().any(char::is_control));
        }
        if let Ok(description) = Description::parse(&text) {
            prop_assert_eq!(Description::parse(description.as_str()), Ok(description.clone()));
            prop_assert!(description.as_str().chars().count() <= Description::LONGEST);
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in any_text()) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn case_makes_no_other_name(text in any_text()) {
        prop_assert_eq!(fold(&text.to_lowercase().to_uppercase()), fold(&text.to_uppercase()));
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(name.folded(), fold(text.trim()));
        }
    }
}
