//! The list of public mailbox domains as data, and the operator's exceptions to it.

use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::{MailboxPolicy, PublicDomain, is_public_mailbox};

use crate::support::Logs;

const DATA: &str = include_str!("../../../shared/data/public-mailbox-domains.txt");

fn listed() -> Vec<&'static str> {
    DATA.lines().skip_while(|line| line.starts_with('#')).collect()
}

fn domain(text: &str) -> EmailDomain {
    EmailDomain::parse(text).expect("an email domain")
}

fn organization(text: &str) -> OrganizationId {
    OrganizationId::parse(text).expect("an id")
}

#[test]
fn data_has_a_header_then_only_domains() {
    assert!(DATA.starts_with("# "));
    assert!(DATA.ends_with('\n'));
    assert!(listed().len() > 10_000);
}

#[test]
fn data_is_sorted_and_unique() {
    for pair in listed().windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
}

#[test]
fn data_is_in_normal_form() {
    for line in listed() {
        assert_eq!(EmailDomain::parse(line).unwrap().as_str(), line);
    }
}

#[test]
fn every_listed_domain_is_found() {
    for line in listed() {
        assert!(is_public_mailbox(&domain(line)), "{line}");
    }
}

#[test]
fn neighbours_of_listed_domains_are_not_found() {
    for line in listed() {
        for neighbour in [format!("not-listed.{line}"), format!("{line}.zz")] {
            assert!(!is_public_mailbox(&domain(&neighbour)), "{neighbour}");
        }
    }
    assert!(!is_public_mailbox(&domain("0.0-first.com")));
    assert!(!is_public_mailbox(&domain("zzzzzzzzzz.zzz")));
}

#[test]
fn mailboxes_for_anybody_are_public() {
    for provider in [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.co.uk",
        "live.com",
        "msn.com",
        "yahoo.com",
        "yahoo.co.jp",
        "icloud.com",
        "me.com",
        "privaterelay.appleid.com",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "tuta.com",
        "fastmail.com",
        "hey.com",
        "gmx.de",
        "web.de",
        "t-online.de",
        "orange.fr",
        "libero.it",
        "comcast.net",
        "yandex.ru",
        "mail.ru",
        "qq.com",
        "163.com",
        "naver.com",
        "mailinator.com",
        "yopmail.com",
    ] {
        assert!(is_public_mailbox(&domain(provider)), "{provider}");
    }
}

#[test]
fn relays_and_aliases_of_providers_are_public() {
    for (provider, domains) in [
        ("Apple", &["privaterelay.appleid.com", "private.icloud.com", "icloud.com", "mac.com"][..]),
        ("Mozilla", &["mozmail.com", "relay.firefox.com"]),
        ("DuckDuckGo", &["duck.com"]),
        ("Proton", &["passmail.net", "passmail.com", "passinbox.com", "passfwd.com", "pm.me"]),
        (
            "SimpleLogin",
            &["simplelogin.com", "simplelogin.io", "aleeas.com", "slmail.me", "8shield.net"],
        ),
        ("addy.io", &["addy.io", "addymail.com", "anonaddy.com", "anonaddy.me", "4wrd.cc"]),
        ("Fastmail", &["fastmail.com", "fastmail.fm", "sent.com", "123mail.org"]),
        ("StartMail", &["startmail.com", "use-startmail.com"]),
        ("Hushmail", &["hushmail.com", "hush.com", "hush.ai", "mac.hush.com"]),
        ("AdGuard", &["adguardmail.com"]),
        (
            "other relays",
            &["33mail.com", "burnermail.io", "cloaked.id", "erine.email", "opayq.com"],
        ),
        ("code hosts", &["users.noreply.github.com", "users.noreply.gitlab.com"]),
        ("groups", &["googlegroups.com", "groups.io"]),
    ] {
        for it in domains {
            assert!(is_public_mailbox(&domain(it)), "{provider}: {it}");
        }
    }
}

#[test]
fn domains_of_companies_are_not_public() {
    for company in [
        "example.com",
        "acme.com",
        "microsoft.com",
        "google.com",
        "apple.com",
        "appleid.com",
        "amazon.com",
        "facebook.com",
        "ibm.com",
        "siemens.com",
        "bbc.co.uk",
        "mit.edu",
        "corp.internal",
    ] {
        assert!(!is_public_mailbox(&domain(company)), "{company}");
    }
}

#[test]
fn case_and_trailing_dot_do_not_hide_a_public_mailbox() {
    assert!(is_public_mailbox(&domain(" GMail.Com. ")));
}

#[test]
fn without_exceptions_no_organization_may_have_a_public_mailbox() {
    for policy in [MailboxPolicy::default(), MailboxPolicy::parse("").unwrap()] {
        assert_eq!(
            policy.admits(&organization("org_1"), &domain("gmail.com")),
            Err(PublicDomain::Mailbox)
        );
        assert_eq!(policy.may_match(&domain("gmail.com")), Err(PublicDomain::Mailbox));
        assert_eq!(policy.admits(&organization("org_1"), &domain("example.com")), Ok(()));
        assert_eq!(policy.may_match(&domain("example.com")), Ok(()));
    }
}

#[test]
fn exception_admits_its_own_pair_only() {
    let policy = MailboxPolicy::parse("org_1:gmail.com, org_2:gmx.de").unwrap();
    assert_eq!(policy.admits(&organization("org_1"), &domain("gmail.com")), Ok(()));
    assert_eq!(policy.admits(&organization("org_2"), &domain("gmx.de")), Ok(()));
    assert_eq!(
        policy.admits(&organization("org_1"), &domain("gmx.de")),
        Err(PublicDomain::Mailbox)
    );
    assert_eq!(
        policy.admits(&organization("org_2"), &domain("gmail.com")),
        Err(PublicDomain::Mailbox)
    );
    assert_eq!(
        policy.admits(&organization("ORG_1"), &domain("gmail.com")),
        Err(PublicDomain::Mailbox)
    );
    assert_eq!(policy.admits(&organization("org_1"), &domain("example.com")), Ok(()));
}

#[test]
fn excepted_domain_may_match() {
    let policy = MailboxPolicy::parse("org_1:gmail.com").unwrap();
    assert_eq!(policy.may_match(&domain("gmail.com")), Ok(()));
    assert_eq!(policy.may_match(&domain("gmx.de")), Err(PublicDomain::Mailbox));
}

#[test]
fn a_suffix_of_a_company_needs_an_exception_too() {
    let policy = MailboxPolicy::parse("org_1:github.io").unwrap();
    assert_eq!(policy.admits(&organization("org_1"), &domain("github.io")), Ok(()));
    let refused = Err(PublicDomain::Suffix);
    assert_eq!(policy.admits(&organization("org_2"), &domain("github.io")), refused);
    assert_eq!(policy.admits(&organization("org_1"), &domain("gitlab.io")), refused);
    assert_eq!(policy.admits(&organization("org_2"), &domain("acme.github.io")), Ok(()));
    assert_eq!(policy.may_match(&domain("github.io")), Ok(()));
    assert_eq!(policy.may_match(&domain("gitlab.io")), refused);
}

#[test]
fn exceptions_are_read_leniently_about_space_case_and_commas() {
    let policy = MailboxPolicy::parse(" ,org_1 : GMail.com. ,\n org_1:gmx.de,").unwrap();
    assert_eq!(policy.admits(&organization("org_1"), &domain("gmail.com")), Ok(()));
    assert_eq!(policy.admits(&organization("org_1"), &domain("gmx.de")), Ok(()));
}

#[test]
fn unreadable_exception_is_named() {
    for pair in ["gmail.com", "org_1", "org_1:", ":gmail.com", "org 1:gmail.com"] {
        let error = MailboxPolicy::parse(&format!("org_1:gmx.de, {pair} ")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{pair:?} is not an exception for a public domain: write an organization id, a \
                 colon and an email domain, as in org_1:gmail.com"
            )
        );
    }
}

#[test]
fn a_registrys_suffix_is_logged_and_leaves_the_other_exceptions_as_they_are() {
    let logs = Logs::capture();
    let policy = MailboxPolicy::parse("org_1:co.uk,org_1:gmail.com").expect("readable pairs");
    assert_eq!(policy.admits(&organization("org_1"), &domain("gmail.com")), Ok(()));
    let lines = logs.lines();
    assert!(lines.iter().any(|line| line.to_string().contains("org_1:co.uk")), "{lines:#?}");
}
