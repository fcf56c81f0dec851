//! Rules: each kind has one text form and one parser.

use proptest::prelude::*;
use shared::domain::rule::{RuleKey, RuleKind};

#[test]
fn each_kind_has_a_name_of_its_own() {
    for kind in RuleKind::ALL {
        assert_eq!(RuleKind::named(kind.as_str()), Some(kind));
    }
    for unknown in ["", "api", "EmailDomain", "email_domain "] {
        assert_eq!(RuleKind::named(unknown), None, "{unknown}");
    }
}

#[test]
fn the_value_of_an_email_domain_rule_is_the_domain() {
    let key = RuleKey::parse(RuleKind::EmailDomain, "ACME.com").expect("a domain");
    assert_eq!((key.kind(), key.value()), (RuleKind::EmailDomain, "acme.com"));
    for invalid in ["", "acme com", "@acme.com"] {
        assert!(RuleKey::parse(RuleKind::EmailDomain, invalid).is_err(), "{invalid}");
    }
}

proptest! {
    #[test]
    fn a_key_that_is_written_and_read_again_is_the_same(
        value in "[a-zA-Z0-9.\u{e0}-\u{ff}-]{1,40}",
        index in 0..RuleKind::ALL.len(),
    ) {
        let kind = RuleKind::ALL[index];
        if let Ok(key) = RuleKey::parse(kind, &value) {
            prop_assert_eq!(key.kind(), kind);
            prop_assert_eq!(RuleKey::parse(kind, key.value()), Ok(key));
        }
    }
}
