//! Which addresses have a domain to go by, and that no local part gets out.

use proptest::prelude::*;
use shared::domain::email_address::EmailAddress;

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
fn domain_outside_ascii_is_refused() {
    assert_all(
        "email_address.domain_not_ascii",
        &["joe@bücher.de", "joe@example。com", "joe@ｅxample.com", "joe@example.com\u{200b}"],
    );
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
    assert_ne!(digest("joe@example.com"), digest("joe@example.org"));
    assert_ne!(digest("joe@example.com"), digest("ann@example.com"));
}

#[test]
fn debug_output_hides_the_local_part() {
    let address = EmailAddress::parse("joe@Example.com").unwrap();
    assert_eq!(format!("{address:?}"), "EmailAddress(***@example.com)");
}

fn any_input() -> impl Strategy<Value = String> {
    let local_part = "[a-zA-Z0-9.+_'ßÖжİ\"@ \\\\-]{0,12}";
    let domain = "[a-zA-Z0-9.ü\\[\\]-]{0,12}(\\.com)?";
    let like_an_address = (local_part, domain).prop_map(|(local, at)| format!("{local}@{at}"));
    prop_oneof![any::<String>(), like_an_address]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn accepted_address_ends_in_its_domain(input in any_input()) {
        if let Ok(address) = EmailAddress::parse(&input) {
            let (local_part, domain) = input.split_once('@').unwrap();
            let domain = domain.to_ascii_lowercase();
            prop_assert_eq!(address.domain().as_str(), domain.trim_end_matches('.'));
            prop_assert!((1..=64).contains(&local_part.len()));
            prop_assert_eq!(address.digest().as_str().len(), 64);
        }
    }

    #[test]
    fn case_never_matters(input in any_input()) {
        let outcome = |input: &str| {
            EmailAddress::parse(input).map(|it| it.digest()).map_err(|error| error.code())
        };
        let expected = outcome(&input);
        prop_assert_eq!(&outcome(&input.to_ascii_lowercase()), &expected);
        prop_assert_eq!(&outcome(&input.to_ascii_uppercase()), &expected);
    }

    #[test]
    fn refusal_repeats_nothing_of_the_local_part(domain in "[a-zA-Z0-9.ü\\[\\]-]{0,12}") {
        if let Err(error) = EmailAddress::parse(&format!("secret.joe@{domain}")) {
            let printed = format!("{error} {error:?}");
            prop_assert!(!printed.contains("secret"));
        }
    }
}
