//! Every refusal, the normal form, and what holds for any input.

use proptest::prelude::*;
use shared::domain::email_domain::EmailDomain;

fn code(input: &str) -> &'static str {
    EmailDomain::parse(input).map_or_else(|error| error.code(), |_| "accepted")
}

fn message(input: &str) -> String {
    EmailDomain::parse(input).expect_err("a refusal").to_string()
}

#[track_caller]
fn assert_all(expected: &str, inputs: &[&str]) {
    for input in inputs {
        assert_eq!(code(input), expected, "{input:?}");
    }
}

#[test]
fn accepted_input_takes_its_normal_form() {
    let table = [
        ("foo.com", "foo.com"),
        ("FOO.Com", "foo.com"),
        ("  foo.com\t\n", "foo.com"),
        ("\u{a0}foo.com\u{3000}", "foo.com"),
        ("foo.com.", "foo.com"),
        (" FOO.com. ", "foo.com"),
        ("foo。com。", "foo.com"),
        ("foo．com｡", "foo.com"),
        ("ｆｏｏ.com", "foo.com"),
        ("a-b--c.foo.com", "a-b--c.foo.com"),
        ("ab--cd.com", "ab--cd.com"),
        ("1.foo.com", "1.foo.com"),
        ("163.com", "163.com"),
        ("foo.0xyz", "foo.0xyz"),
        ("Bücher.DE", "xn--bcher-kva.de"),
        ("bu\u{308}cher.de", "xn--bcher-kva.de"),
        ("XN--BCHER-KVA.de", "xn--bcher-kva.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("例子.公司.cn", "xn--fsqu00a.xn--55qx5d.cn"),
        ("نامه\u{200c}ای.com", "xn--mgba3gch31f060k.com"),
        ("www.ck", "www.ck"),
        ("foo.co.uk", "foo.co.uk"),
        ("foo.github.io", "foo.github.io"),
        ("corp.internal", "corp.internal"),
    ];
    for (input, normal) in table {
        assert_eq!(EmailDomain::parse(input).unwrap().as_str(), normal, "{input:?}");
    }
}

#[test]
fn display_is_the_normal_form() {
    assert_eq!(EmailDomain::parse("Bücher.de").unwrap().to_string(), "xn--bcher-kva.de");
}

#[test]
fn same_domain_in_two_notations_is_equal() {
    assert_eq!(EmailDomain::parse("BÜCHER.de."), EmailDomain::parse("xn--bcher-kva.de"));
}

#[test]
fn nothing_at_all_is_empty() {
    assert_all("email_domain.empty", &["", " ", "\t\r\n", "\u{3000}", ".", " . ", "。"]);
}

#[test]
fn what_is_no_host_name_is_invalid() {
    assert_all(
        "email_domain.invalid",
        &[
            "foo bar.com",
            "foo.com bar.com",
            "foo.com,bar.com",
            "foo\0.com",
            "foo\n.com",
            "foo\u{85}.com",
            "foo\u{7f}.com",
            "foo_bar.com",
            "foo!.com",
            "foo\\bar.com",
            "foo%2ecom",
            "\"foo.com\"",
            "-foo.com",
            "foo-.com",
            "foo.-com",
            "..",
            ".foo.com",
            "foo..com",
            "foo.com..",
            "foo.com。.",
            "foo.com:443",
            "127.0.0.1:80",
            "[foo.com]",
            "xn--.com",
            "xn--a.com",
            "xn--foo-.com",
            "XN--ÿ.com",
            "\u{308}foo.com",
            "\u{202e}moc.oof",
            "a\u{200d}b.com",
            "\u{fffd}.com",
            "foo＠bar.com",
            "☃\u{e000}.com",
        ],
    );
}

#[test]
fn wildcard_is_refused() {
    assert_all("email_domain.wildcard", &["*.foo.com", "*", "foo.*", " *.foo.com. "]);
}

#[test]
fn silently_dropped_characters_are_refused() {
    assert_all(
        "email_domain.ignored_characters",
        &[
            "foo\u{ad}bar.com",
            "foo\u{200b}.com",
            "\u{feff}foo.com",
            "foo.com\u{2060}",
            "\u{200b}",
            "❤\u{fe0f}.com",
            "葛\u{e0100}.jp",
            "foo\u{34f}.com",
            "\u{3164}foo.com",
        ],
    );
}

#[test]
fn ip_address_is_refused() {
    assert_all(
        "email_domain.ip_address",
        &[
            "127.0.0.1",
            "127.0.0.1.",
            "[127.0.0.1]",
            "::1",
            "[2001:DB8::1]",
            "::ffff:127.0.0.1",
            "１２７.０.０.１",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "2130706433",
            "256.256.256.256",
            "foo.1",
            "foo.0x7F",
            "foo.0x",
            "0X7f000001",
        ],
    );
}

#[test]
fn single_label_is_refused() {
    assert_all("email_domain.single_label", &["localhost", "com", "COM.", "公司", "foo-bar"]);
}

#[test]
fn public_suffix_is_refused() {
    assert_all(
        "email_domain.public_suffix",
        &["co.uk", "Co.Uk.", "foo.ck", "公司.cn", "xn--55qx5d.cn", "公司.香港"],
    );
}

#[test]
fn suffix_of_a_company_is_a_domain_that_the_policy_decides_about() {
    for input in ["github.io", "GitHub.io.", "s3.amazonaws.com", "x.compute.amazonaws.com"] {
        assert!(EmailDomain::parse(input).unwrap().is_private_suffix(), "{input}");
    }
    for input in ["acme.github.io", "acme.com", "acme.co.uk", "amazonaws.com"] {
        assert!(!EmailDomain::parse(input).unwrap().is_private_suffix(), "{input}");
    }
}

#[test]
fn public_suffix_that_is_stored_stays_readable() {
    let domain = EmailDomain::normalise("Co.UK.").unwrap();
    assert_eq!(domain.as_str(), "co.uk");
    for input in ["localhost", "*.foo.com", "127.0.0.1", "foo_bar.com", ""] {
        assert_eq!(EmailDomain::normalise(input), EmailDomain::parse(input));
    }
}

#[test]
fn domain_or_label_past_its_limit_is_too_long() {
    let of_length = |length: usize| format!("{}.com", ["a"; 125].join(".") + &"b".repeat(length));
    assert_eq!((of_length(0).len(), code(&of_length(0))), (253, "accepted"));
    assert_eq!((of_length(1).len(), code(&of_length(1))), (254, "email_domain.too_long"));
    assert_eq!(code(&format!("{}.com", "a".repeat(63))), "accepted");
    assert_eq!(code(&format!("{}.com", "a".repeat(64))), "email_domain.too_long");
    assert_eq!(code(&format!("{}.com", "ü".repeat(63))), "email_domain.too_long");
}

#[test]
fn huge_input_is_too_long_whatever_it_is() {
    for piece in ["a", " ", ".", "@", "/", "ü", "\u{200b}", "xn--"] {
        assert_eq!(code(&piece.repeat(1_000_000)), "email_domain.too_long", "{piece:?}");
    }
}

#[test]
fn email_address_is_refused() {
    assert_all(
        "email_domain.email_address",
        &["joe@foo.com", "@foo.com", "joe@", "@", "a@b@foo.com", "mailto:joe@foo.com", "*@foo.com"],
    );
}

#[test]
fn url_is_refused() {
    assert_all(
        "email_domain.url",
        &[
            "https://foo.com",
            "https://",
            "foo.com/",
            "//foo.com",
            "foo.com?",
            "foo.com#top",
            "10.0.0.0/8",
            "https://joe:secret@foo.com:8443/bar?baz",
            "joe@foo.com/",
        ],
    );
}

#[test]
fn message_says_what_to_send_instead() {
    let table = [
        (" ", "The email domain is empty: send one such as example.com."),
        (
            "foo_bar.com",
            "\"foo_bar.com\" is not a domain: send labels of letters, digits and inner hyphens \
             with dots between them, such as example.com.",
        ),
        ("*.foo.com", "Wildcards are not supported: send each subdomain on its own."),
        ("foo\u{ad}bar.com", "The domain contains the ignored character U+00AD: send it without."),
        ("[::1]", "\"[::1]\" is an IP address: send a domain such as example.com."),
        (
            "localhost",
            "\"localhost\" is a single label: send the whole domain, such as example.com.",
        ),
        (
            "公司.cn",
            "\"xn--55qx5d.cn\" is a public suffix: send a domain below it, such as \
             example.xn--55qx5d.cn.",
        ),
        (
            &"a".repeat(1025),
            "The domain is too long: send at most 253 characters, and 63 between two dots.",
        ),
    ];
    for (input, expected) in table {
        assert_eq!(message(input), expected);
    }
}

#[test]
fn message_names_the_part_of_an_address_or_url_that_would_do() {
    let address = "This is an email address: send only the part after the @";
    let url = "This is a URL: send only its host";
    let table = [
        ("Joe@Foo.com", format!("{address}, \"foo.com\".")),
        ("mailto:joe@bücher.de", format!("{address}, \"xn--bcher-kva.de\".")),
        ("joe@localhost", format!("{address}.")),
        ("https://foo.com", format!("{url}, \"foo.com\".")),
        ("https://joe:secret@Foo.com:8443/bar@baz.com", format!("{url}, \"foo.com\".")),
        ("foo.com/login?next=https://bar.com", format!("{url}, \"foo.com\".")),
        ("//foo.com/", format!("{url}, \"foo.com\".")),
        ("http://[::1]/", format!("{url}.")),
        ("https://*.foo.com/", format!("{url}.")),
    ];
    for (input, expected) in table {
        assert_eq!(message(input), expected);
    }
}

#[test]
fn message_escapes_and_shortens_what_it_repeats() {
    let message = message(&format!("\0\u{202e}{}", "_".repeat(1000)));
    let repeated = format!("\"\\0\\u{{202e}}{}…\" is not a domain", "_".repeat(62));
    assert!(message.starts_with(&repeated), "{message}");
}

/// Everything that has a meaning to some step of the parser, and a few letters between.
const PIECES: [&str; 52] = [
    "a",
    "B",
    "foo",
    "Bar",
    "0",
    "9",
    "0x",
    "f",
    "-",
    "--",
    "_",
    ".",
    ".",
    ".",
    "。",
    "．",
    " ",
    "\t",
    "\0",
    "\u{85}",
    "\u{3000}",
    "*",
    "@",
    "://",
    "/",
    "?",
    "#",
    ":",
    "::",
    "[",
    "]",
    "%",
    "xn--",
    "XN--",
    "bücher",
    "xn--bcher-kva",
    "ß",
    "ς",
    "İ",
    "i\u{307}",
    "א",
    "ب",
    "१",
    "１",
    "公司",
    "\u{ad}",
    "\u{200d}",
    "\u{fe0f}",
    "😀",
    ".com",
    ".co.uk",
    ".internal",
];

/// Letter, digit, hyphen: RFC 1034 section 3.5.
fn is_ldh(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn any_input() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12);
    let letters = "[a-zA-ZäÖßéñøαΩжЯ0-9]{1,8}(-[a-zA-Z0-9ü]{1,8})?";
    let labels = prop::collection::vec(letters, 1..5);
    prop_oneof![
        any::<String>(),
        pieces.prop_map(|pieces| pieces.concat()),
        labels.prop_map(|labels| labels.join(".")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn accepted_domain_is_a_lower_case_ascii_host_name(input in any_input()) {
        if let Ok(domain) = EmailDomain::parse(&input) {
            let domain = domain.as_str();
            prop_assert!(domain.len() <= 253);
            prop_assert!(domain.contains('.'));
            for label in domain.split('.') {
                prop_assert!((1..=63).contains(&label.len()));
                prop_assert!(!label.starts_with('-') && !label.ends_with('-'));
                prop_assert!(label.bytes().all(is_ldh));
            }
        }
    }

    #[test]
    fn accepted_domain_is_its_own_normal_form(input in any_input()) {
        if let Ok(domain) = EmailDomain::parse(&input) {
            prop_assert_eq!(EmailDomain::parse(domain.as_str()), Ok(domain));
        }
    }

    #[test]
    fn refusal_is_printable(input in any_input()) {
        if let Err(error) = EmailDomain::parse(&input) {
            prop_assert!(error.code().starts_with("email_domain."));
            let message = error.to_string();
            prop_assert!(!message.contains(char::is_control), "{:?}", message);
        }
    }

    #[test]
    fn case_never_matters(input in any_input()) {
        let outcome = |input: &str| EmailDomain::parse(input).map_err(|error| error.code());
        let expected = outcome(&input);
        prop_assert_eq!(&outcome(&input.to_ascii_lowercase()), &expected);
        prop_assert_eq!(&outcome(&input.to_ascii_uppercase()), &expected);
    }

    #[test]
    fn white_space_around_never_matters(input in any_input()) {
        let padded = format!(" \t{input}\u{3000}\n");
        prop_assert_eq!(EmailDomain::parse(&padded), EmailDomain::parse(&input));
    }

    #[test]
    fn plain_subdomain_is_accepted_as_it_is(label in "a[a-z0-9-]{0,61}z") {
        let domain = format!("{label}.example.com");
        let accepted = EmailDomain::parse(&domain).unwrap();
        prop_assert_eq!(accepted.as_str(), domain);
    }
}
