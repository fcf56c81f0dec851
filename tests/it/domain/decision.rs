//! The decision table, row by row, and that an earlier row always wins.

use shared::domain::decision::{
    Candidate, Decision, Federation, Reason, Standing, User, decide, proven_address,
};
use shared::domain::email_address::EmailAddressError;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::EntryPath;
use shared::domain::public_mailbox::MailboxPolicy;

/// A user whom every row lets pass.
fn jane() -> User {
    User {
        id: UserId::parse("user-1").expect("an id"),
        user_name: Some("jane".to_owned()),
        email: Some("Jane@Acme.com".to_owned()),
        email_verified: true,
        federation: Federation::Native,
        entry_path: EntryPath::PostConfirmation,
    }
}

fn decided(user: &User, lists_domain: bool, standing: Standing) -> Decision {
    let id = OrganizationId::parse("acme").expect("an id");
    let candidate = Candidate { id: &id, lists_domain, standing };
    decided_by(user, &MailboxPolicy::parse("other:gmail.com").expect("a pair"), &candidate)
}

/// The whole table: the rows about the user, then those about the organization.
fn decided_by(user: &User, policy: &MailboxPolicy, candidate: &Candidate<'_>) -> Decision {
    match proven_address(user) {
        Ok(address) => decide(&address, policy, candidate),
        Err(reason) => Decision::Pass(reason),
    }
}

/// Each row that passes a user by, from top to bottom: what makes it apply, and its reason.
type Row = (fn(&mut User), Reason);

const ROWS: [Row; 5] = [
    (|user| user.email = None, Reason::NoEmail),
    (|user| user.email_verified = false, Reason::EmailNotVerified),
    (unusable, Reason::EmailUnusable(EmailAddressError::Invalid)),
    (|user| user.federation = Federation::OtherProviders, Reason::ProviderNotTrusted),
    (public, Reason::PublicMailbox),
];

/// Spoils the address, if there is one.
fn unusable(user: &mut User) {
    user.email = user.email.take().map(|email| email.replace('@', " at "));
}

/// Moves the address, if there is one, to a domain where everybody can have one.
fn public(user: &mut User) {
    user.email = user.email.take().map(|email| email.replace("Acme.com", "gmail.com"));
}

#[test]
fn a_stranger_with_a_proven_address_in_a_listed_domain_joins() {
    for federation in [Federation::Native, Federation::VerifyingProviders] {
        let user = User { federation, ..jane() };
        let domain = EmailDomain::parse("acme.com").unwrap();
        assert_eq!(decided(&user, true, Standing::Stranger), Decision::Join(domain));
    }
}

#[test]
fn each_row_alone_passes_the_user_by_with_its_reason() {
    for (apply, reason) in ROWS {
        let mut user = jane();
        apply(&mut user);
        assert_eq!(decided(&user, true, Standing::Stranger), Decision::Pass(reason));
    }
}

#[test]
fn of_several_rows_that_apply_the_first_decides() {
    for rows in 1_usize..1 << ROWS.len() {
        let mut user = jane();
        let applied: Vec<_> =
            ROWS.iter().enumerate().filter(|(row, _)| rows & (1 << row) != 0).collect();
        for (_, (apply, _)) in &applied {
            apply(&mut user);
        }
        let (_, (_, first)) = applied[0];
        for standing in [Standing::Stranger, Standing::Member, Standing::Removed] {
            for lists_domain in [true, false] {
                let decision = decided(&user, lists_domain, standing);
                assert_eq!(decision, Decision::Pass(first.clone()), "{user:?}");
            }
        }
    }
}

#[test]
fn the_standing_counts_only_where_the_domain_is_listed() {
    let table = [
        (false, Standing::Stranger, Reason::NotListed),
        (false, Standing::Member, Reason::NotListed),
        (false, Standing::Removed, Reason::NotListed),
        (true, Standing::Member, Reason::AlreadyMember),
        (true, Standing::Removed, Reason::RemovedEarlier),
    ];
    for (lists_domain, standing, reason) in table {
        let decision = decided(&jane(), lists_domain, standing);
        assert_eq!(decision, Decision::Pass(reason), "{lists_domain} {standing:?}");
    }
}

#[test]
fn an_exception_for_a_public_mailbox_domain_is_for_one_organization() {
    let user = User { email: Some("jane@gmail.com".to_owned()), ..jane() };
    let policy = MailboxPolicy::parse("acme:gmail.com").unwrap();
    let gmail = EmailDomain::parse("gmail.com").unwrap();
    let table = [
        ("acme", Decision::Join(gmail)),
        ("Acme", Decision::Pass(Reason::PublicMailbox)),
        ("globex", Decision::Pass(Reason::PublicMailbox)),
    ];
    for (id, decision) in table {
        let id = OrganizationId::parse(id).unwrap();
        let candidate = Candidate { id: &id, lists_domain: true, standing: Standing::Stranger };
        assert_eq!(decided_by(&user, &policy, &candidate), decision, "{id}");
    }
}

#[test]
fn an_address_without_a_domain_to_go_by_says_why() {
    let table = [
        ("", "email_address.invalid"),
        ("jane", "email_address.invalid"),
        ("jane@evil.com@acme.com", "email_address.invalid"),
        ("\"jane@evil.com\"@acme.com", "email_address.quoted_local_part"),
        ("jane@bücher.example", "email_address.domain_not_ascii"),
        ("jane@localhost", "email_address.domain"),
        ("jane@[192.0.2.1]", "email_address.domain"),
        ("jane@co.uk", "email_address.domain"),
    ];
    for (email, code) in table {
        let user = User { email: Some(email.to_owned()), ..jane() };
        let reason = proven_address(&user).expect_err("unusable");
        assert!(matches!(reason, Reason::EmailUnusable(_)), "{email}");
        assert_eq!(reason.as_str(), code, "{email}");
    }
}

#[test]
fn a_confirmed_sign_up_and_a_token_of_a_user_are_entry_paths_and_nothing_else_is() {
    let confirmed = EntryPath::from_trigger("PostConfirmation_ConfirmSignUp");
    assert_eq!(confirmed, Some(EntryPath::PostConfirmation));
    let tokens = [
        "HostedAuth",
        "Authentication",
        "NewPasswordChallenge",
        "AuthenticateDevice",
        "RefreshTokens",
    ];
    for token in tokens {
        let path = EntryPath::from_trigger(&format!("TokenGeneration_{token}"));
        assert_eq!(path, Some(EntryPath::PreTokenGeneration), "{token}");
    }
    for source in [
        "PostConfirmation_ConfirmForgotPassword",
        "postconfirmation_confirmsignup",
        "PostConfirmation_ConfirmSignUp ",
        "PreSignUp_SignUp",
        "TokenGeneration_ClientCredentials",
        "",
    ] {
        assert_eq!(EntryPath::from_trigger(source), None, "{source}");
    }
}

#[test]
fn one_identity_that_is_not_of_a_verifying_provider_spoils_all() {
    use Federation::{Native, OtherProviders, VerifyingProviders};
    let table: [(&[&str], bool, Federation); 12] = [
        (&[], false, Native),
        (&[], true, OtherProviders),
        (&["Google"], false, VerifyingProviders),
        (&["Google"], true, VerifyingProviders),
        (&["SignInWithApple"], true, VerifyingProviders),
        (&["Google", "SignInWithApple"], true, VerifyingProviders),
        (&["Facebook"], true, OtherProviders),
        (&["LoginWithAmazon"], true, OtherProviders),
        (&["SAML"], true, OtherProviders),
        (&["Google", "OIDC"], false, OtherProviders),
        (&["SAML", "Google"], false, OtherProviders),
        (&["google"], true, OtherProviders),
    ];
    for (providers, external, expected) in table {
        let federation = Federation::of(providers.iter().copied(), external);
        assert_eq!(federation, expected, "{providers:?} {external}");
    }
}

#[test]
fn every_reason_has_a_name_of_its_own_for_the_log() {
    let names = [
        (Reason::NoEmail, "no_email"),
        (Reason::EmailNotVerified, "email_not_verified"),
        (Reason::EmailUnusable(EmailAddressError::Invalid), "email_address.invalid"),
        (Reason::ProviderNotTrusted, "provider_not_trusted"),
        (Reason::PublicMailbox, "public_mailbox"),
        (Reason::NotListed, "not_listed"),
        (Reason::RemovedEarlier, "removed_earlier"),
        (Reason::AlreadyMember, "already_member"),
    ];
    for (reason, name) in names {
        assert_eq!(reason.as_str(), name);
    }
}
