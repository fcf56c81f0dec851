//! Email domains, the rules for public ones, and names that look alike.

use shared::domain::challenge;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::{MailboxPolicy, PublicDomain, is_public_mailbox};
use shared::domain::text::{Description, Name};

pub(crate) fn read(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let outcome = EmailDomain::parse(&text);
    match &outcome {
        Ok(domain) => {
            assert_eq!(EmailDomain::normalise(&text).as_ref(), Ok(domain));
            accepted(domain);
        }
        Err(error) => {
            assert!(error.code().starts_with("email_domain."));
            let message = error.to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
        }
    }
    for same in [text.to_ascii_uppercase(), text.to_ascii_lowercase()] {
        let code = |error: shared::domain::email_domain::EmailDomainError| error.code();
        let expected = outcome.clone().map_err(code);
        assert_eq!(EmailDomain::parse(&same).map_err(code), expected, "{same:?}");
    }
    // What an operator may write in a parameter.
    let _ = MailboxPolicy::parse(&text);
    names(&text);
    true
}

fn accepted(domain: &EmailDomain) {
    let text = domain.as_str();
    assert_eq!(domain.to_string(), text);
    assert_eq!(EmailDomain::parse(text).as_ref(), Ok(domain), "its own normal form");
    assert!(text.len() <= EmailDomain::LONGEST && text.contains('.'), "{text}");
    for label in text.split('.') {
        let is_ldh = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!((1..=EmailDomain::LONGEST_LABEL).contains(&label.len()), "{text}");
        assert!(label.bytes().all(is_ldh), "{text}");
        assert!(!label.starts_with('-') && !label.ends_with('-'), "{text}");
    }

    let parents: Vec<_> = domain.parents().collect();
    assert!(parents.len() < EmailDomain::MOST_LABELS_WITH_SUBDOMAINS, "{text}");
    let above = domain.registrable_parent();
    for parent in parents.iter().chain(&above) {
        assert!(text.ends_with(&format!(".{parent}")), "{parent} is above {text}");
        assert_eq!(EmailDomain::parse(parent.as_str()).as_ref(), Ok(parent), "above {text}");
    }
    let name = challenge::name_to_add(domain);
    let ends = [Some(domain), above.as_ref()];
    assert!(ends.into_iter().flatten().any(|it| name == challenge::record_name(it.as_str())));

    let ids = ["org_1", "org_2"].map(|id| OrganizationId::parse(id).expect("an id"));
    let none = MailboxPolicy::default();
    let public = none.may_match(domain);
    assert_eq!(public == Err(PublicDomain::Mailbox), is_public_mailbox(domain), "{text}");
    assert!(ids.iter().all(|id| none.admits(id, domain) == public), "{text}");
    assert!(public.is_ok() || MailboxPolicy::is_public(domain), "{text}");
    let policy = MailboxPolicy::parse(&format!("org_1:{text}")).expect("an exception");
    assert_eq!(policy.admits(&ids[0], domain), Ok(()), "{text}");
    assert_eq!(policy.admits(&ids[1], domain), public, "{text}");
    assert_eq!(policy.may_match(domain), Ok(()), "{text}");
}

/// A name has one form, and looks like itself in other ASCII letters.
fn names(text: &str) {
    if let Ok(name) = Name::parse(text) {
        let again = Name::parse(name.as_str()).expect("a name");
        assert_eq!(again, name);
        assert!(name.as_str().chars().count() <= Name::LONGEST);
        if let Ok(folded) = Name::normalise(&name.folded()) {
            assert_eq!(folded.folded(), name.folded(), "{text:?}");
        }
        let upper = Name::normalise(&name.as_str().to_ascii_uppercase()).expect("a name");
        assert_eq!((upper.folded(), upper.skeleton()), (name.folded(), name.skeleton()));
    }
    if let Ok(description) = Description::parse(text) {
        assert_eq!(Description::parse(description.as_str()).as_ref(), Ok(&description));
    }
}
