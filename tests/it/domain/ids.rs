//! What an id is, and that it stays as it was given.

use proptest::prelude::*;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};

/// Each kind of id: its name, its longest, and how it reads a text.
type Kind = (&'static str, usize, fn(&str) -> Result<String, String>);

const KINDS: [Kind; 3] = [
    ("organization", 64, |text| read(OrganizationId::parse(text).map(|id| id.to_string()))),
    ("organization role", 64, |text| {
        read(OrganizationRoleId::parse(text).map(|id| id.to_string()))
    }),
    ("user", 128, |text| read(UserId::parse(text).map(|id| id.to_string()))),
];

fn read(parsed: Result<String, shared::domain::ids::IdError>) -> Result<String, String> {
    parsed.map_err(|error| error.to_string())
}

#[test]
fn an_id_of_any_length_up_to_the_longest_stays_as_it_is() {
    for (kind, longest, parse) in KINDS {
        for length in [1, 2, longest - 1, longest] {
            let text = "aZ09_-".chars().cycle().take(length).collect::<String>();
            assert_eq!(parse(&text), Ok(text), "{kind}");
        }
    }
}

#[test]
fn an_empty_or_longer_text_is_refused_with_the_rule() {
    for (kind, longest, parse) in KINDS {
        let rule = format!("an id is 1 to {longest} characters of A-Z a-z 0-9 _ -");
        for text in [String::new(), "a".repeat(longest + 1), "a".repeat(100_000)] {
            assert_eq!(parse(&text), Err(rule.clone()), "{kind}");
        }
    }
}

#[test]
fn every_character_outside_the_alphabet_is_refused() {
    let outside = (0..=0xff_u8)
        .map(char::from)
        .filter(|c| !(c.is_ascii_alphanumeric() || "_-".contains(*c)))
        .chain(['ſ', '\u{212a}', '\u{301}', '０', '\u{200b}', '\u{2010}', '😀']);
    for character in outside {
        for text in [format!("{character}"), format!("a{character}"), format!("{character}a")] {
            for (kind, _, parse) in KINDS {
                assert!(parse(&text).is_err(), "{kind} {text:?}");
            }
        }
    }
}

#[test]
fn ids_that_differ_in_case_are_different() {
    assert_ne!(OrganizationId::parse("acme").unwrap(), OrganizationId::parse("ACME").unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn an_id_is_what_its_rule_says_and_nothing_else(
        text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,130}", "[A-Za-z0-9_-]{1,8}."],
    ) {
        let in_alphabet = text.chars().all(|c| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-'));
        for (_, longest, parse) in KINDS {
            let is_one = in_alphabet && (1..=longest).contains(&text.len());
            let parsed = parse(&text);
            prop_assert_eq!(parsed.is_ok(), is_one);
            if let Ok(id) = parsed {
                prop_assert_eq!(&id, &text);
                prop_assert_eq!(parse(&id), Ok(id));
            }
        }
    }
}
