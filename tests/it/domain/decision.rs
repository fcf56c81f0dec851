//! The checks of the decision, one by one, and that an earlier check always decides.

use std::collections::BTreeMap;

use shared::domain::decision::{
    Candidate, Check, Decision, Facts, JoinPolicy, Outcome, Reason, Standing,
};
use shared::domain::email_address::EmailAddressError;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::EntryPath;
use shared::domain::provider::{AttributeName, ProviderPolicy};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::RuleKey;
use shared::domain::user::{Identity, User};

/// A user whom no check refuses.
fn jane() -> User {
    User {
        id: UserId::parse("user-1").expect("an id"),
        user_name: Some("jane".to_owned()),
        email: Some("Jane@Acme.com".to_owned()),
        email_verified: true,
        name: None,
        identities: Vec::new(),
        status: None,
        attributes: BTreeMap::from([("custom:hd".to_owned(), "acme.com".to_owned())]),
    }
}

fn identity(provider_type: &str) -> Identity {
    Identity { provider_name: "acme".to_owned(), provider_type: provider_type.to_owned() }
}

fn acme_com() -> RuleKey {
    RuleKey::EmailDomain(EmailDomain::parse("acme.com").expect("a domain"))
}

fn policy() -> JoinPolicy {
    JoinPolicy {
        mailboxes: MailboxPolicy::parse("other:gmail.com").expect("a pair"),
        providers: ProviderPolicy {
            google_hosted_domain: Some(AttributeName::parse("custom:hd").expect("a name")),
            ..ProviderPolicy::default()
        },
    }
}

fn decided(user: &User, lists_domain: bool, standing: Standing) -> Decision {
    let id = OrganizationId::parse("acme").expect("an id");
    let candidate = Candidate { id: &id, rule: lists_domain.then(acme_com), standing };
    Facts::of_user(user, &policy()).decide(&candidate)
}

/// Each check of the user that can refuse, in order: what makes it refuse, and its reason.
type Row = (fn(&mut User), Check, Reason);

const ROWS: [Row; 6] = [
    (|user| user.email = None, Check::EmailPresent, Reason::NoEmail),
    (|user| user.email_verified = false, Check::EmailVerified, Reason::EmailNotVerified),
    (unusable, Check::ValidAddress, Reason::EmailUnusable(EmailAddressError::Invalid)),
    (
        |user| user.identities = vec![identity("SAML")],
        Check::ProviderTrusted,
        Reason::ProviderNotTrusted,
    ),
    (private_google_account, Check::InHostedDomain, Reason::NotInHostedDomain),
    (public, Check::NotPublicMailbox, Reason::PublicMailbox),
];

/// A refusal by this check, after the checks before it have passed.
fn refused(by: Check, reason: &Reason) -> Decision {
    let passed = Check::ALL.into_iter().take_while(|check| *check != by).map(|it| (it, Ok(())));
    Decision {
        outcome: Outcome::Refuse(reason.clone()),
        checks: passed.chain([(by, Err(reason.clone()))]).collect(),
    }
}

fn joins(rule: RuleKey) -> Decision {
    let checks = Check::ALL.into_iter().map(|check| (check, Ok(())));
    Decision { outcome: Outcome::Join(rule), checks: checks.collect() }
}

/// Adds an identity at Google that has no hosted domain.
fn private_google_account(user: &mut User) {
    user.identities.push(identity("Google"));
    user.attributes.clear();
}

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
    for identities in [Vec::new(), vec![identity("Google")]] {
        let user = User { identities, ..jane() };
        assert_eq!(decided(&user, true, Standing::Stranger), joins(acme_com()));
    }
}

#[test]
fn each_check_alone_refuses_with_its_reason_and_is_the_last_that_is_made() {
    for (apply, check, reason) in ROWS {
        let mut user = jane();
        apply(&mut user);
        assert_eq!(decided(&user, true, Standing::Stranger), refused(check, &reason));
    }
}

#[test]
fn of_several_checks_that_would_refuse_the_first_decides() {
    for rows in 1_usize..1 << ROWS.len() {
        let mut user = jane();
        let applied: Vec<_> =
            ROWS.iter().enumerate().filter(|(row, _)| rows & (1 << row) != 0).collect();
        for (_, (apply, ..)) in &applied {
            apply(&mut user);
        }
        let (_, (_, check, first)) = applied[0];
        for standing in [Standing::Stranger, Standing::Member, Standing::Removed] {
            for lists_domain in [true, false] {
                let decision = decided(&user, lists_domain, standing);
                assert_eq!(decision, refused(*check, first), "{user:?}");
            }
        }
    }
}

#[test]
fn the_standing_counts_only_where_the_domain_is_listed() {
    let table = [
        (false, Standing::Stranger, Check::DomainListed, Reason::NotListed),
        (false, Standing::Member, Check::DomainListed, Reason::NotListed),
        (false, Standing::Removed, Check::DomainListed, Reason::NotListed),
        (true, Standing::Member, Check::NotMember, Reason::AlreadyMember),
        (true, Standing::Removed, Check::NotRemoved, Reason::RemovedEarlier),
    ];
    for (lists_domain, standing, check, reason) in table {
        let decision = decided(&jane(), lists_domain, standing);
        assert_eq!(decision, refused(check, &reason), "{lists_domain} {standing:?}");
    }
}

#[test]
fn a_preview_assumes_the_proof_and_makes_the_other_checks() {
    const CHECKS: [Check; 4] =
        [Check::ValidAddress, Check::NotPublicMailbox, Check::DomainListed, Check::NotRemoved];
    let (policy, id) = (policy(), OrganizationId::parse("acme").expect("an id"));
    let facts = Facts::of_address("jane@acme.com", &policy);
    let candidate = Candidate { id: &id, rule: Some(acme_com()), standing: Standing::Stranger };
    let decision = facts.decide(&candidate);
    assert_eq!(decision.outcome, Outcome::Join(acme_com()));
    assert_eq!(decision.checks, CHECKS.map(|check| (check, Ok(()))));
}

#[test]
fn without_an_organization_only_the_checks_that_hold_for_all_are_made() {
    let (policy, jane) = (policy(), jane());
    let facts = Facts::of_user(&jane, &policy);
    assert!(facts.proven_address().is_ok());
    assert_eq!(facts.rules(), [acme_com()]);
    for (apply, _, reason) in ROWS {
        let mut user = jane.clone();
        apply(&mut user);
        // One organization has an exception for gmail.com.
        let refusal = (reason != Reason::PublicMailbox).then_some(reason);
        let facts = Facts::of_user(&user, &policy);
        assert_eq!(facts.proven_address().err(), refusal);
        assert_eq!(facts.rules().is_empty(), refusal.is_some());
    }
    let nobody = JoinPolicy::default();
    let user = User { email: Some("jane@gmail.com".to_owned()), ..jane };
    let facts = Facts::of_user(&user, &nobody);
    assert_eq!(facts.proven_address().err(), Some(Reason::PublicMailbox));
}

#[test]
fn an_exception_for_a_public_mailbox_domain_is_for_one_organization() {
    let user = User { email: Some("jane@gmail.com".to_owned()), ..jane() };
    let mailboxes = MailboxPolicy::parse("acme:gmail.com").unwrap();
    let policy = JoinPolicy { mailboxes, ..JoinPolicy::default() };
    let gmail = RuleKey::EmailDomain(EmailDomain::parse("gmail.com").unwrap());
    let not_admitted = refused(Check::NotPublicMailbox, &Reason::PublicMailbox);
    let table =
        [("acme", joins(gmail.clone())), ("Acme", not_admitted.clone()), ("globex", not_admitted)];
    for (id, decision) in table {
        let id = OrganizationId::parse(id).unwrap();
        let candidate =
            Candidate { id: &id, rule: Some(gmail.clone()), standing: Standing::Stranger };
        assert_eq!(Facts::of_user(&user, &policy).decide(&candidate), decision, "{id}");
    }
}

#[test]
fn an_exception_for_a_suffix_of_a_company_is_for_one_organization() {
    let user = User { email: Some("jane@github.io".to_owned()), ..jane() };
    let mailboxes = MailboxPolicy::parse("acme:github.io").unwrap();
    let policy = JoinPolicy { mailboxes, ..JoinPolicy::default() };
    let suffix = RuleKey::EmailDomain(EmailDomain::parse("github.io").unwrap());
    let not_admitted = refused(Check::NotPublicMailbox, &Reason::PublicSuffix);
    for (id, decision) in [("acme", joins(suffix.clone())), ("globex", not_admitted)] {
        let id = OrganizationId::parse(id).unwrap();
        let candidate =
            Candidate { id: &id, rule: Some(suffix.clone()), standing: Standing::Stranger };
        assert_eq!(Facts::of_user(&user, &policy).decide(&candidate), decision, "{id}");
    }
    let nobody = JoinPolicy::default();
    let reason = Facts::of_user(&user, &nobody).proven_address().err();
    assert_eq!(reason, Some(Reason::PublicSuffix));
    assert_eq!(Reason::PublicSuffix.as_str(), "public_suffix");
}

#[test]
fn an_address_without_a_domain_to_go_by_says_why() {
    let table = [
        ("", "email_address.invalid"),
        ("jane", "email_address.invalid"),
        ("jane@evil.com@acme.com", "email_address.invalid"),
        ("\"jane@evil.com\"@acme.com", "email_address.quoted_local_part"),
        ("jane@bücher。example", "email_address.ambiguous_domain"),
        ("jane@localhost", "email_address.domain"),
        ("jane@[192.0.2.1]", "email_address.domain"),
        ("jane@co.uk", "email_address.domain"),
    ];
    for (email, code) in table {
        let user = User { email: Some(email.to_owned()), ..jane() };
        let policy = JoinPolicy::default();
        let facts = Facts::of_user(&user, &policy);
        let reason = facts.proven_address().expect_err("unusable");
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
fn every_reason_has_a_name_of_its_own_for_the_log() {
    let names = [
        (Reason::NoEmail, "no_email"),
        (Reason::EmailNotVerified, "email_not_verified"),
        (Reason::EmailUnusable(EmailAddressError::Invalid), "email_address.invalid"),
        (Reason::ProviderNotTrusted, "provider_not_trusted"),
        (Reason::NotInHostedDomain, "not_in_hosted_domain"),
        (Reason::PublicMailbox, "public_mailbox"),
        (Reason::NotListed, "not_listed"),
        (Reason::RemovedEarlier, "removed_earlier"),
        (Reason::AlreadyMember, "already_member"),
    ];
    for (reason, name) in names {
        assert_eq!(reason.as_str(), name);
    }
}
