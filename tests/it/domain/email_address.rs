//! Which addresses have a domain to go by, and that no local part gets out.

use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use proptest::prelude::*;
use shared::domain::email_address::{EmailAddress, EmailAddressError, SpelledAddress};
use shared::domain::email_domain::EmailDomain;

fn code(input: &str) -> &'static str {
    EmailAddress::parse(input).map_or_else(|error| error.code(), |_| "accepted")
}

#[track_caller]
fn assert_all(expected: &str, inputs: &[&str]) {
    for input in inputs {
        assert_eq!(code(input), expected, "{input:?}");
    }
}

#[test]
fn plain_address_has_the_domain_after_the_at_sign() {
    let table = [
        ("joe@example.com", "example.com"),
        ("Joe@EXAMPLE.com", "example.com"),
        ("joe.o'neil+tag=1@mail.example.com", "mail.example.com"),
        ("a/b!#$%&*-_^`{|}~?@example.com", "example.com"),
        (".joe..@example.com", "example.com"),
        ("jörg@xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("用户@example.com", "example.com"),
    ];
    for (input, domain) in table {
        assert_eq!(EmailAddress::parse(input).unwrap().domain().as_str(), domain, "{input:?}");
    }
}

#[test]
fn a_spelled_address_is_the_same_address_in_the_spelling_and_in_the_normal_form() {
    for (input, spellings) in [
        ("joe@example.com", &["joe@example.com"][..]),
        ("Joe@EXAMPLE.com", &["Joe@EXAMPLE.com", "joe@example.com"]),
        ("j\u{d6}e@b\u{fc}cher.de", &["j\u{d6}e@b\u{fc}cher.de", "j\u{f6}e@xn--bcher-kva.de"]),
    ] {
        let spelled = SpelledAddress::parse(input).expect("an address");
        assert_eq!(spelled.spellings().iter().collect::<Vec<_>>(), spellings);
        assert_eq!(*spelled.address(), EmailAddress::parse(input).expect("an address"));
        let shown = format!("{spelled:?}");
        assert!(shown.starts_with("EmailAddress(***@"), "{shown}");
    }
    assert_eq!(SpelledAddress::parse("joe"), Err(EmailAddressError::Invalid));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_096, ..Default::default() })]

    /// They stand between quotation marks in a filter of Cognito.
    #[test]
    fn no_spelling_of_an_address_has_a_quotation_mark_or_a_backslash(
        text in r#"[a-zA-Z\"\\\u{ff02}\u{ff3c}\u{201c}\u{fe68}.=]{1,6}@[a-zA-Z\"\\\u{ff02}\u{ff3c}\u{fe68}\u{fc}\u{df}-]{1,4}\.com"#,
    ) {
        if let Ok(spelled) = SpelledAddress::parse(&text) {
            for spelling in spelled.spellings() {
                prop_assert!(!spelling.contains(['"', '\\']), "{spelling:?}");
                let same = EmailAddress::parse(spelling);
                prop_assert_eq!(same.as_ref(), Ok(spelled.address()));
            }
        }
    }
}

#[test]
fn what_is_not_one_local_part_and_one_domain_is_invalid() {
    assert_all(
        "email_address.invalid",
        &[
            "",
            "joe",
            "example.com",
            "@",
            "@example.com",
            "joe@foo@example.com",
            "joe@@example.com",
            " joe@example.com",
            "joe@example.com ",
            "joe@example.com\n",
            "joe @example.com",
            "joe@ example.com",
            "joe@\u{3000}example.com",
            "joe\0@example.com",
            "joe@exam\tple.com",
            "Joe<joe@example.com",
            "joe,ann@example.com",
            "joe;ann@example.com",
            "mailto:joe@example.com",
            "joe(work)@example.com",
            "jo\\e@example.com",
            "[joe]@example.com",
        ],
    );
}

#[test]
fn quoted_local_part_is_refused() {
    assert_all(
        "email_address.quoted_local_part",
        &["\"joe\"@example.com", "\"joe@evil.com\"@example.com", "joe\"@example.com"],
    );
}

#[test]
fn an_international_domain_is_the_same_in_both_of_its_forms() {
    for (input, domain) in [
        ("joe@bücher.example", "xn--bcher-kva.example"),
        ("joe@BÜCHER.Example.", "xn--bcher-kva.example"),
        ("joe@bu\u{308}cher.example", "xn--bcher-kva.example"),
        ("joe@xn--bcher-kva.bücher.example", "xn--bcher-kva.xn--bcher-kva.example"),
        ("joe@例え.jp", "xn--r8jz45g.jp"),
        ("joe@пример.example", "xn--e1afmkfd.example"),
        ("joe@אבג.example", "xn--4dbcd.example"),
        ("joe@σοφοσ.example", "xn--0xaakcn.example"),
    ] {
        let (unicode, ascii) = (EmailAddress::parse(input), format!("joe@{domain}"));
        assert_eq!(unicode, EmailAddress::parse(&ascii), "{input:?}");
        assert_eq!(unicode.unwrap().domain().as_str(), domain, "{input:?}");
    }
}

#[test]
fn a_domain_that_mail_systems_read_differently_is_refused() {
    assert_all(
        "email_address.ambiguous_domain",
        &[
            "joe@ｅxample.com",
            "joe@example。com",
            "joe@example．com",
            "joe@example.ｃom",
            "joe@straße.de",
            "joe@STRAẞE.de",
            "joe@σοφος.example",
            "joe@ΣΟΦΟΣ.example",
            "joe@ﬁne.example",
            "joe@a①.example",
            "joe@ﾊﾝ.example",
            "joe@xn--bcher-kva.ｂücher.example",
            // Valid joiners, which IDNA2003 drops.
            "joe@न\u{94d}\u{200d}य.example",
            "joe@نامه\u{200c}ای.example",
        ],
    );
    assert_all("email_address.domain", &["joe@example.com\u{200b}", "joe@exa\u{ad}mple.com"]);
}

#[test]
fn a_local_part_that_becomes_another_alphabet_is_refused() {
    assert_all(
        "email_address.invalid",
        &[
            "joe\u{37e}ann@example.com",
            "joe＠evil.example@example.com",
            "joe；ann@example.com",
            "joe﹐ann@example.com",
            "⑴joe@example.com",
            "jo\u{200b}e@example.com",
            "jo\u{ad}e@example.com",
            "\u{202e}joe@example.com",
            "joe\u{fe0f}@example.com",
            "joe\u{fffb}@example.com",
        ],
    );
    assert_all("email_address.quoted_local_part", &["＂joe＂@example.com"]);
    assert_all(
        "accepted",
        &["نامه\u{200c}ای@example.com", "o´neil@example.com", "❤\u{fe0f}@example.com"],
    );
}

#[test]
fn addresses_that_differ_in_case_or_normalisation_are_equal() {
    for same in [
        &["jürgen", "ju\u{308}rgen", "JÜRGEN", "JU\u{308}RGEN"][..],
        &["kelvin", "\u{212a}elvin", "KELVIN"],
        &["ång", "\u{212b}ng", "A\u{30a}NG"],
        &["i\u{307}x", "İx", "I\u{307}x", "İX"],
        &["ậ", "a\u{323}\u{302}", "a\u{302}\u{323}", "Ậ"],
        &["γιώργος", "ΓΙΏΡΓΟΣ", "γιώργοσ"],
        &["γιώργος.παππάς", "ΓΙΏΡΓΟΣ.ΠΑΠΠΆΣ", "γιώργοσ.παππάσ"],
        &["σοφός1", "ΣΟΦΌΣ1", "ςοφός1"],
        &["a`", "a\u{1fef}"],
    ] {
        let [first, others @ ..] = same else { unreachable!("it has elements") };
        let first = EmailAddress::parse(&format!("{first}@example.com")).unwrap();
        for other in others {
            let other = EmailAddress::parse(&format!("{other}@example.com")).unwrap();
            assert_eq!((&other, other.digest()), (&first, first.digest()));
        }
    }
    let parsed = |local: &str| EmailAddress::parse(&format!("{local}@example.com")).unwrap();
    for (a, b) in [("jurgen", "jürgen"), ("weiss", "weiß"), ("ıx", "ix"), ("ｊoe", "joe")] {
        assert_ne!(parsed(a), parsed(b), "{a} {b}");
    }
}

#[test]
fn address_in_no_email_domain_is_refused() {
    assert_all(
        "email_address.domain",
        &[
            "joe@",
            "joe@localhost",
            "joe@127.0.0.1",
            "joe@[127.0.0.1]",
            "joe@co.uk",
            "joe@*.example.com",
            "joe@example.com>",
            "joe@example.com/",
            "joe@-example.com",
        ],
    );
}

#[test]
fn local_part_has_at_most_64_bytes() {
    assert_eq!(code(&format!("{}@example.com", "a".repeat(64))), "accepted");
    assert_eq!(code(&format!("{}@example.com", "a".repeat(65))), "email_address.invalid");
    assert_eq!(code(&format!("{}@example.com", "ü".repeat(33))), "email_address.invalid");
}

#[test]
fn refusal_by_domain_carries_the_reason() {
    assert_eq!(
        EmailAddress::parse("joe@co.uk").unwrap_err().to_string(),
        "The domain of the address cannot be used. \"co.uk\" is a public suffix: send a domain \
         below it, such as example.co.uk."
    );
}

#[test]
fn digest_is_that_of_the_normalised_address() {
    let digest = |input: &str| EmailAddress::parse(input).unwrap().digest().to_string();
    assert_eq!(
        digest("joe@example.com"),
        "2481f36dfc515ca76451aaadf1399026942a01ee50c6d0a61988b43cef039bc2"
    );
    assert_eq!(digest("JOE@Example.COM."), digest("joe@example.com"));
    assert_eq!(
        digest("JÖRG@XN--BCHER-KVA.de"),
        "2d02f3632a20bb8b5b53c4bc37cc28ad56d11cd2dbab3b10147904371e73133d"
    );
    assert_eq!(
        digest("γιώργος.παππάς@example.com"),
        "f351b27daaf2a5ff933f326b5f0c3dbc07aa2bc41ea1d940e5b7a598cd3d9bd3"
    );
    assert_ne!(digest("joe@example.com"), digest("joe@example.org"));
    assert_ne!(digest("joe@example.com"), digest("ann@example.com"));
}

#[test]
fn debug_output_hides_the_local_part() {
    let address = EmailAddress::parse("joe@Example.com").unwrap();
    assert_eq!(format!("{address:?}"), "EmailAddress(***@example.com)");
}

fn any_input() -> impl Strategy<Value = String> {
    let local_part = "[a-zA-Z0-9.+_'ßÖжİσςΣ\u{308}\u{37e}\u{212a}\"@ \\\\-]{0,12}";
    let domain = "[a-zA-Z0-9.üÜß\u{308}ａ。\\[\\]-]{0,12}(\\.com)?";
    let like_an_address = (local_part, domain).prop_map(|(local, at)| format!("{local}@{at}"));
    prop_oneof![any::<String>(), like_an_address]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn accepted_address_ends_in_its_domain(input in any_input()) {
        if let Ok(address) = EmailAddress::parse(&input) {
            let (local_part, domain) = input.split_once('@').unwrap();
            let domain = EmailDomain::parse(domain);
            prop_assert_eq!(Ok(address.domain()), domain.as_ref());
            prop_assert!(!local_part.is_empty());
            prop_assert_eq!(address.digest().as_str().len(), 64);
        }
    }

    #[test]
    fn case_and_normalisation_never_matter(input in any_input()) {
        let outcome = |input: &str| {
            EmailAddress::parse(input).map(|it| it.digest()).map_err(|error| error.code())
        };
        let expected = outcome(&input);
        let composed = ComposingNormalizer::new_nfc().normalize(&input);
        let decomposed = DecomposingNormalizer::new_nfd().normalize(&input);
        for same in [
            input.to_ascii_lowercase(),
            input.to_ascii_uppercase(),
            composed.to_lowercase(),
            composed.into_owned(),
            decomposed.into_owned(),
        ] {
            prop_assert_eq!(&outcome(&same), &expected, "{:?} {:?}", input, same);
        }
    }

    #[test]
    fn refusal_repeats_nothing_of_the_local_part(domain in "[a-zA-Z0-9.ü\\[\\]-]{0,12}") {
        if let Err(error) = EmailAddress::parse(&format!("secret.joe@{domain}")) {
            let printed = format!("{error} {error:?}");
            prop_assert!(!printed.contains("secret"));
        }
    }
}
