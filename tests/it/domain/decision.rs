//! The checks of the decision, one by one, and that an earlier check always decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::domain::decision::{
    Assumed, Candidate, Check, Decision, Facts, JoinPolicy, Outcome, Reason, Standing,
};
use shared::domain::email_address::{AddressDigest, EmailAddress, EmailAddressError};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::membership::{EntryPath, FreshProof, Profile, Proof};
use shared::domain::ownership::OwnershipState;
use shared::domain::provider::{AttributeName, ProviderName, ProviderPolicy, TrustedProviders};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{AdmittedAddresses, Enrollment, Rule, RuleKey, RuleKind, Settings};
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

/// Jane, who signs in through the customer's own provider, which asserts an address in its domain.
fn federated() -> User {
    User { identities: vec![identity("SAML")], ..jane() }
}

fn identity(provider_type: &str) -> Identity {
    Identity {
        provider_name: "Acme-Okta".to_owned(),
        provider_type: provider_type.to_owned(),
        user_id: "jane@okta".to_owned(),
    }
}

fn domain(text: &str) -> RuleKey {
    RuleKey::EmailDomain(EmailDomain::parse(text).expect("a domain"))
}

fn okta() -> RuleKey {
    RuleKey::SsoConnector(ProviderName::parse("Acme-Okta").expect("a name"))
}

/// A rule that does what rules did before they had settings.
fn rule(key: RuleKey) -> Rule {
    Rule::new(key, Timestamp::UNIX_EPOCH)
}

/// A rule for a domain with its subdomains.
fn with_subdomains(text: &str) -> Rule {
    set(rule(domain(text)), |settings| settings.subdomains = true)
}

fn set(rule: Rule, change: impl FnOnce(&mut Settings)) -> Rule {
    let mut settings = rule.settings;
    change(&mut settings);
    Rule { settings, ..rule }
}

fn enrolled(rule: Rule, enrollment: Enrollment) -> Rule {
    set(rule, |settings| settings.enrollment = enrollment)
}

fn owned(mut rule: Rule, state: OwnershipState) -> Rule {
    rule.ownership.state = state;
    rule
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

/// The decision of `acme` with these rules about a user who appears with this proof.
fn decided(user: &User, proof: Proof, rules: &[Rule], standing: Standing) -> Decision {
    let id = OrganizationId::parse("acme").expect("an id");
    Facts::of_user(user, proof, &policy()).decide(&Candidate { id: &id, rules, standing })
}

fn outcome(user: &User, rules: &[Rule]) -> Outcome {
    decided(user, Proof::Fresh, rules, Standing::Stranger).outcome
}

/// The checks of a user by the rule of an email domain.
fn by_domain() -> impl Iterator<Item = Check> {
    Check::OF_ADDRESS.into_iter().chain(Check::OF_EMAIL_DOMAIN)
}

/// The checks that are made of a rule with the default settings.
fn of_plain(checks: impl Iterator<Item = Check>) -> impl Iterator<Item = Check> {
    checks.filter(|check| ![Check::NotRequested, Check::AddressInListedDomain].contains(check))
}

/// Each check of the address that can refuse, in order: what makes it refuse, and its reason.
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

/// A refusal by this check, after those before it have passed.
fn refused(
    checks: impl Iterator<Item = Check>,
    by: Check,
    reason: &Reason,
    rule: Option<RuleKey>,
) -> Decision {
    let passed = checks.take_while(|check| *check != by).map(|it| (it, Ok(())));
    Decision {
        outcome: Outcome::Refuse(reason.clone()),
        rule,
        checks: passed.chain([(by, Err(reason.clone()))]).collect(),
    }
}

fn joins(rule: RuleKey) -> Decision {
    let checks = of_plain(by_domain()).map(|check| (check, Ok(())));
    Decision { outcome: Outcome::Join(rule.clone()), rule: Some(rule), checks: checks.collect() }
}

/// Adds an identity at Google that has no hosted domain.
fn private_google_account(user: &mut User) {
    user.identities.push(Identity { provider_name: "Google".to_owned(), ..identity("Google") });
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
        let rules = [rule(domain("acme.com"))];
        let decision = decided(&user, Proof::Fresh, &rules, Standing::Stranger);
        assert_eq!(decision, joins(domain("acme.com")));
    }
}

#[test]
fn each_check_of_the_address_alone_refuses_with_its_reason_and_is_the_last_that_is_made() {
    let rules = [rule(domain("acme.com"))];
    for (apply, check, reason) in ROWS {
        let mut user = jane();
        apply(&mut user);
        let decision = decided(&user, Proof::Fresh, &rules, Standing::Stranger);
        assert_eq!(decision, refused(by_domain(), check, &reason, None));
    }
}

#[test]
fn of_several_checks_that_would_refuse_the_first_decides() {
    let rules = [rule(domain("acme.com"))];
    for rows in 1_usize..1 << ROWS.len() {
        let mut user = jane();
        let applied: Vec<_> =
            ROWS.iter().enumerate().filter(|(row, _)| rows & (1 << row) != 0).collect();
        for (_, (apply, ..)) in &applied {
            apply(&mut user);
        }
        let (_, (_, check, first)) = applied[0];
        for standing in
            [Standing::Stranger, Standing::Member, Standing::Requested, Standing::Removed]
        {
            for rules in [&rules[..], &[]] {
                let decision = decided(&user, Proof::Fresh, rules, standing);
                assert_eq!(decision, refused(by_domain(), *check, first, None), "{user:?}");
            }
        }
    }
}

/// Each check of a rule that can refuse, in order: what makes it refuse, for a user who was there before,
/// and its reason.
type RuleRow = (fn(&mut Vec<Rule>, &mut Standing), Check, Reason);

const REMOVED: RuleRow =
    (|_, standing| *standing = Standing::Removed, Check::NotRemoved, Reason::RemovedEarlier);
const MEMBER: RuleRow =
    (|_, standing| *standing = Standing::Member, Check::NotMember, Reason::AlreadyMember);
const OFF: RuleRow = (
    |rules, _| rules.iter_mut().for_each(|it| it.settings.enrollment = Enrollment::Off),
    Check::EnrollmentOn,
    Reason::EnrollmentOff,
);
const REQUESTED: RuleRow = (
    |rules, standing| {
        rules.iter_mut().for_each(|it| it.settings.enrollment = Enrollment::Request);
        *standing = Standing::Requested;
    },
    Check::NotRequested,
    Reason::AlreadyRequested,
);

const OF_EMAIL_DOMAIN: [RuleRow; 6] = [
    (|rules, _| rules.clear(), Check::DomainListed, Reason::NotListed),
    REMOVED,
    MEMBER,
    (
        |rules, _| rules.iter_mut().for_each(|it| it.ownership.state = OwnershipState::Lapsed),
        Check::DomainProven,
        Reason::DomainNotProven,
    ),
    OFF,
    REQUESTED,
];

const OF_SSO_CONNECTOR: [RuleRow; 5] = [
    REMOVED,
    MEMBER,
    OFF,
    REQUESTED,
    (
        |rules, _| {
            rules.iter_mut().for_each(|it| it.settings.addresses = AdmittedAddresses::Listed);
        },
        Check::AddressInListedDomain,
        Reason::AddressNotInListedDomain,
    ),
];

#[test]
fn each_check_of_a_rule_refuses_with_its_reason_and_the_first_one_decides() {
    let tables: [(User, RuleKey, &[RuleRow], Vec<Check>); 2] = [
        (jane(), domain("acme.com"), &OF_EMAIL_DOMAIN, by_domain().collect()),
        (federated(), okta(), &OF_SSO_CONNECTOR, Check::OF_SSO_CONNECTOR.into()),
    ];
    for (user, key, rows, checks) in tables {
        for chosen in 1_usize..1 << rows.len() {
            let (mut rules, mut standing) = (vec![rule(key.clone())], Standing::Stranger);
            let chosen: Vec<_> =
                rows.iter().enumerate().filter(|(row, _)| chosen & (1 << row) != 0).collect();
            // Rows that set the same thing: the first one counts.
            for (_, (apply, ..)) in chosen.iter().rev() {
                apply(&mut rules, &mut standing);
            }
            let (_, (_, check, reason)) = chosen[0];
            let decision = decided(&user, Proof::Earlier, &rules, standing);
            assert_eq!(decision.outcome, Outcome::Refuse(reason.clone()), "{chosen:?}");
            assert_eq!(decision.checks.last(), Some(&(*check, Err(reason.clone()))));
            assert_eq!(decision.rule, rules.first().map(|rule| rule.key.clone()));
            let made =
                decision.checks.iter().map(|(check, _)| checks.iter().position(|it| it == check));
            assert!(made.is_sorted(), "the order of the checks: {:?}", decision.checks);
        }
    }
}

#[test]
fn a_rule_does_what_its_enrollment_says_and_for_existing_users_what_it_says_about_those() {
    let key = domain("acme.com");
    let does = |enrollment| match enrollment {
        Enrollment::Automatic => Outcome::Join(key.clone()),
        Enrollment::Request => Outcome::Request(key.clone()),
        Enrollment::Off => Outcome::Refuse(Reason::EnrollmentOff),
    };
    for enrollment in Enrollment::ALL {
        for existing in std::iter::once(None).chain(Enrollment::ALL.map(Some)) {
            let rules = [set(rule(key.clone()), |settings| {
                settings.enrollment = enrollment;
                settings.existing_users = existing;
            })];
            let by = |proof| decided(&jane(), proof, &rules, Standing::Stranger).outcome;
            assert_eq!(by(Proof::Fresh), does(enrollment));
            assert_eq!(by(Proof::Earlier), does(existing.unwrap_or(enrollment)));
        }
    }
}

#[test]
fn a_request_becomes_a_membership_where_the_rule_is_automatic_and_stays_where_it_is_off() {
    for (enrollment, expected) in [
        (Enrollment::Automatic, Outcome::Join(domain("acme.com"))),
        (Enrollment::Request, Outcome::Refuse(Reason::AlreadyRequested)),
        (Enrollment::Off, Outcome::Refuse(Reason::EnrollmentOff)),
    ] {
        let rules = [enrolled(rule(domain("acme.com")), enrollment)];
        let decision = decided(&jane(), Proof::Earlier, &rules, Standing::Requested);
        assert_eq!(decision.outcome, expected);
    }
}

#[test]
fn only_a_domain_that_somebody_answers_for_admits() {
    for state in OwnershipState::ALL {
        let rules = [owned(rule(domain("acme.com")), state)];
        let expected = match state {
            OwnershipState::Vouched | OwnershipState::Proven | OwnershipState::Failing => {
                Outcome::Join(domain("acme.com"))
            }
            OwnershipState::Pending | OwnershipState::Lapsed => {
                Outcome::Refuse(Reason::DomainNotProven)
            }
        };
        assert_eq!(outcome(&jane(), &rules), expected, "{state:?}");
    }
}

#[test]
fn the_most_specific_rule_that_admits_decides() {
    let at = |email: &str| User { email: Some(email.to_owned()), ..jane() };
    let exact = || rule(domain("eu.mail.acme.com"));
    let nearer = || with_subdomains("mail.acme.com");
    let farther = || with_subdomains("acme.com");
    let pending = |rule| owned(rule, OwnershipState::Pending);
    let off = |rule| enrolled(rule, Enrollment::Off);
    let (not_listed, not_proven, is_off) =
        (Reason::NotListed, Reason::DomainNotProven, Reason::EnrollmentOff);
    let join = |text: &str| Outcome::Join(domain(text));
    for (rules, expected) in [
        (vec![farther(), nearer(), exact()], join("eu.mail.acme.com")),
        (vec![farther(), nearer()], join("mail.acme.com")),
        (vec![farther()], join("acme.com")),
        (vec![rule(domain("acme.com"))], Outcome::Refuse(not_listed.clone())),
        (vec![with_subdomains("com.example")], Outcome::Refuse(not_listed)),
        (vec![farther(), off(exact())], Outcome::Refuse(is_off.clone())),
        (vec![exact(), off(farther())], join("eu.mail.acme.com")),
        (vec![farther(), pending(exact())], join("acme.com")),
        (vec![off(farther()), pending(exact())], Outcome::Refuse(is_off)),
        (vec![pending(farther()), pending(exact())], Outcome::Refuse(not_proven)),
    ] {
        assert_eq!(outcome(&at("jane@eu.mail.acme.com"), &rules), expected, "{rules:#?}");
    }
}

#[test]
fn a_rule_for_a_public_domain_never_includes_subdomains() {
    for (listed, email) in [
        ("gmail.com", "jane@mail.gmail.com"),
        ("github.io", "jane@acme.github.io"),
        ("co.uk", "jane@acme.co.uk"),
    ] {
        let key = RuleKey::parse(RuleKind::EmailDomain, listed).expect("a stored domain");
        let rules = [set(rule(key.clone()), |settings| settings.subdomains = true)];
        let user = User { email: Some(email.to_owned()), ..jane() };
        assert_eq!(outcome(&user, &rules), Outcome::Refuse(Reason::NotListed), "{listed}");
        let policy = JoinPolicy::default();
        let keys = Facts::of_user(&user, Proof::Fresh, &policy).rules();
        assert!(!keys.contains(&key), "{keys:?}");
    }
}

#[test]
fn an_address_satisfies_at_most_ten_rules_of_domains() {
    let policy = JoinPolicy::default();
    let rules = |email: &str| {
        let user = User { email: Some(email.to_owned()), ..jane() };
        let rules = Facts::of_user(&user, Proof::Fresh, &policy).rules();
        rules.iter().map(|key| key.value().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules("jane@acme.com"), ["acme.com"]);
    assert_eq!(rules("jane@a.b.acme.co.uk"), ["a.b.acme.co.uk", "b.acme.co.uk", "acme.co.uk"]);
    assert_eq!(rules("jane@a.me.github.io"), ["a.me.github.io", "me.github.io"]);
    let labels = |count: usize| (1..count - 1).rev().map(|n| format!("l{n}.")).collect::<String>();
    for (count, above) in [(10, 8), (11, 9), (12, 9), (60, 9)] {
        let exact = format!("{}acme.com", labels(count));
        let found = rules(&format!("jane@{exact}"));
        assert_eq!((&found[0], found.len()), (&exact, 1 + above), "{count} labels");
        assert!(found[1..].iter().all(|it| it.split('.').count() <= 10), "{found:?}");
        assert_eq!(found.last().expect("some"), "acme.com");
    }
}

#[test]
fn a_user_of_a_listed_provider_joins_whatever_address_it_asserts() {
    let rules = [rule(okta())];
    for email in [None, Some("jane@elsewhere.example"), Some("jane@gmail.com"), Some("nonsense")] {
        for verified in [true, false] {
            let email = email.map(str::to_owned);
            let user = User { email, email_verified: verified, ..federated() };
            assert_eq!(outcome(&user, &rules), Outcome::Join(okta()), "{user:?}");
        }
    }
    let elsewhere = [rule(RuleKey::SsoConnector(ProviderName::parse("Okta").expect("a name")))];
    assert_eq!(outcome(&federated(), &elsewhere), Outcome::Refuse(Reason::ProviderNotTrusted));
    assert_eq!(outcome(&jane(), &rules), Outcome::Refuse(Reason::NotListed));
}

#[test]
fn the_provider_of_a_user_without_identities_is_in_the_user_name() {
    let names = |user: User| {
        let providers = user.providers().into_iter();
        providers.map(|(name, digest)| (name.to_string(), digest)).collect::<Vec<_>>()
    };
    let named = |user_name: &str, status: &str| {
        let (user_name, status) = (Some(user_name.to_owned()), Some(status.to_owned()));
        names(User { user_name, status, ..jane() })
    };
    let found = |provider: &str, id: &str| {
        let name = ProviderName::parse(provider).expect("a name");
        vec![(provider.to_owned(), Some(AddressDigest::of_identity(&name, id)))]
    };
    let external = "EXTERNAL_PROVIDER";
    assert_eq!(named("Acme-Okta_jane@okta", external), found("Acme-Okta", "jane@okta"));
    assert_eq!(named("Okta_a_b_c", external), found("Okta", "a_b_c"));
    assert_eq!(named("A_me_jane", external), found("A_me", "jane"));
    assert_eq!(named("Ökta_jane", external), found("Ökta", "jane"));
    assert_eq!(named("Acme-Okta_jane@okta", "CONFIRMED"), []);
    assert_eq!(named("jane", external), []);
    let [(_, digest)] = &named("Okta_", external)[..] else { panic!("one") };
    assert_eq!(*digest, None, "without an id at the provider");
    // The identities come first, also if they cannot be read.
    let other = User {
        user_name: Some("Okta_jane".to_owned()),
        status: Some(external.to_owned()),
        ..federated()
    };
    assert_eq!(names(other.clone()), found("Acme-Okta", "jane@okta"));
    assert_eq!(names(User { identities: vec![Identity::default()], ..other }), []);
    // Each provider counts once.
    let twice = User { identities: vec![identity("SAML"), identity("OIDC")], ..jane() };
    assert_eq!(names(twice), found("Acme-Okta", "jane@okta"));
}

#[test]
fn a_provider_that_admits_listed_addresses_asks_for_a_proven_domain_of_the_organization() {
    let listed = || set(rule(okta()), |settings| settings.addresses = AdmittedAddresses::Listed);
    let not_listed = Outcome::Refuse(Reason::AddressNotInListedDomain);
    let proven = |rule| owned(rule, OwnershipState::Proven);
    let at = |email: &str, verified| User {
        email: Some(email.to_owned()),
        email_verified: verified,
        status: Some(User::FEDERATED.to_owned()),
        ..federated()
    };
    for verified in [true, false] {
        let acme = at("jane@acme.com", verified);
        for state in OwnershipState::ALL {
            let rules = [listed(), owned(rule(domain("acme.com")), state)];
            let expected =
                if state.is_proven() { Outcome::Join(okta()) } else { not_listed.clone() };
            assert_eq!(outcome(&acme, &rules), expected, "{state:?}");
        }
        for (email, rules, admits) in [
            ("jane@acme.com", vec![], false),
            ("jane@eu.acme.com", vec![proven(rule(domain("acme.com")))], false),
            ("jane@eu.acme.com", vec![proven(with_subdomains("acme.com"))], true),
            (
                "jane@acme.com",
                vec![enrolled(proven(rule(domain("acme.com"))), Enrollment::Off)],
                true,
            ),
            ("jane@gmail.com", vec![proven(rule(domain("gmail.com")))], false),
            ("\"jane\"@acme.com", vec![proven(rule(domain("acme.com")))], false),
        ] {
            let rules: Vec<_> = [listed()].into_iter().chain(rules).collect();
            let expected = if admits { Outcome::Join(okta()) } else { not_listed.clone() };
            assert_eq!(outcome(&at(email, verified), &rules), expected, "{email}");
        }
    }
}

#[test]
fn of_two_kinds_of_rules_the_better_outcome_counts_and_else_that_of_the_provider() {
    // The provider is trusted to prove the address, and is listed too.
    let trusted = TrustedProviders::parse("Acme-Okta").expect("a name");
    let providers = ProviderPolicy { trusted, ..ProviderPolicy::default() };
    let trusting = JoinPolicy { providers, ..JoinPolicy::default() };
    let user = federated();
    let id = OrganizationId::parse("acme").expect("an id");
    let acme = || domain("acme.com");
    let (automatic, request, off) = (Enrollment::Automatic, Enrollment::Request, Enrollment::Off);
    for (by_provider, by_domain, expected) in [
        (automatic, automatic, Outcome::Join(okta())),
        (automatic, request, Outcome::Join(okta())),
        (automatic, off, Outcome::Join(okta())),
        (request, automatic, Outcome::Join(acme())),
        (request, request, Outcome::Request(okta())),
        (request, off, Outcome::Request(okta())),
        (off, automatic, Outcome::Join(acme())),
        (off, request, Outcome::Request(acme())),
        (off, off, Outcome::Refuse(Reason::EnrollmentOff)),
    ] {
        let rules = [enrolled(rule(acme()), by_domain), enrolled(rule(okta()), by_provider)];
        let standing = Standing::Stranger;
        let candidate = Candidate { id: &id, rules: &rules, standing };
        let decision = Facts::of_user(&user, Proof::Fresh, &trusting).decide(&candidate);
        assert_eq!(decision.outcome, expected, "{by_provider:?} {by_domain:?}");
        if by_provider == by_domain {
            assert_eq!(decision.rule, Some(okta()));
        }
    }
}

#[test]
fn every_linked_provider_counts_and_the_best_one_decides() {
    let two = |first: &str, second: &str| User {
        identities: [first, second]
            .map(|name| Identity { provider_name: name.to_owned(), ..identity("SAML") })
            .into(),
        ..jane()
    };
    let key = |name: &str| RuleKey::SsoConnector(ProviderName::parse(name).expect("a name"));
    let rules = [enrolled(rule(key("One")), Enrollment::Request), rule(key("Two"))];
    assert_eq!(outcome(&two("One", "Two"), &rules), Outcome::Join(key("Two")));
    assert_eq!(outcome(&two("Two", "One"), &rules), Outcome::Join(key("Two")));
    let rules = [rule(key("One")), rule(key("Two"))];
    assert_eq!(outcome(&two("One", "Two"), &rules), Outcome::Join(key("One")), "the first one");
    assert_eq!(outcome(&two("Two", "One"), &rules), Outcome::Join(key("Two")), "the first one");
}

#[test]
fn a_preview_assumes_the_proof_and_makes_the_other_checks() {
    const CHECKS: [Check; 6] = [
        Check::ValidAddress,
        Check::NotPublicMailbox,
        Check::DomainListed,
        Check::NotRemoved,
        Check::DomainProven,
        Check::EnrollmentOn,
    ];
    let (policy, id) = (policy(), OrganizationId::parse("acme").expect("an id"));
    let decided = |provider: Option<&str>, proof, rules: &[Rule]| {
        let provider = provider.map(|name| ProviderName::parse(name).expect("a name"));
        let person = Assumed { email: "jane@acme.com".to_owned(), provider, proof };
        let facts = Facts::of_assumed(&person, &policy);
        facts.decide(&Candidate { id: &id, rules, standing: Standing::Stranger })
    };
    let acme = [rule(domain("acme.com"))];
    let decision = decided(None, Proof::Fresh, &acme);
    assert_eq!(decision.outcome, Outcome::Join(domain("acme.com")));
    assert_eq!(decision.checks, CHECKS.map(|check| (check, Ok(()))));

    let untrusted = decided(Some("Acme-Okta"), Proof::Fresh, &acme);
    assert_eq!(untrusted.outcome, Outcome::Refuse(Reason::ProviderNotTrusted));
    let trusted = decided(Some("Google"), Proof::Fresh, &acme);
    assert_eq!(trusted.outcome, Outcome::Join(domain("acme.com")));
    let listed = decided(Some("Acme-Okta"), Proof::Fresh, &[rule(okta())]);
    assert_eq!(listed.outcome, Outcome::Join(okta()));

    let off = set(rule(domain("acme.com")), |it| it.existing_users = Some(Enrollment::Off));
    assert_eq!(
        decided(None, Proof::Earlier, &[off]).outcome,
        Outcome::Refuse(Reason::EnrollmentOff)
    );
}

#[test]
fn without_an_organization_only_the_checks_that_hold_for_all_are_made() {
    let (policy, jane) = (policy(), jane());
    let facts = Facts::of_user(&jane, Proof::Fresh, &policy);
    assert!(facts.proven_address().is_ok());
    assert_eq!(facts.rules(), [domain("acme.com")]);
    for (apply, _, reason) in ROWS {
        let mut user = jane.clone();
        apply(&mut user);
        // One organization has an exception for gmail.com.
        let refusal = (reason != Reason::PublicMailbox).then_some(reason);
        let facts = Facts::of_user(&user, Proof::Fresh, &policy);
        assert_eq!(facts.proven_address().err(), refusal);
        let domains = facts.rules().into_iter().filter(|key| key.kind() == RuleKind::EmailDomain);
        assert_eq!(domains.count() == 0, refusal.is_some());
    }
    let nobody = JoinPolicy::default();
    let user = User { email: Some("jane@gmail.com".to_owned()), ..jane };
    let facts = Facts::of_user(&user, Proof::Fresh, &nobody);
    assert_eq!(facts.proven_address().err(), Some(Reason::PublicMailbox));
}

#[test]
fn removals_mark_the_proven_address_and_the_identities_and_no_asserted_address_which_only_refuses()
{
    let policy = policy();
    let address = EmailAddress::parse("jane@acme.com").expect("an address").digest();
    let name = ProviderName::parse("Acme-Okta").expect("a name");
    let identity = AddressDigest::of_identity(&name, "jane@okta");
    let digests = |user: &User| {
        let facts = Facts::of_user(user, Proof::Fresh, &policy);
        let by = [domain("acme.com"), okta()].map(|key| facts.digest_for(&key));
        let marked = Profile::after(None, &facts.account(), &[]).marked_digests();
        (marked, facts.refusing_digests(), by)
    };
    let of_address = vec![address.clone()];
    let of_jane = (of_address.clone(), of_address, [Some(address.clone()), None]);
    assert_eq!(digests(&jane()), of_jane);
    let refusing = vec![address, identity.clone()];
    let of_federated = (vec![identity.clone()], refusing, [None, Some(identity.clone())]);
    assert_eq!(digests(&federated()), of_federated);
    let without = User { email: None, ..federated() };
    let of_identity = vec![identity.clone()];
    assert_eq!(digests(&without), (of_identity.clone(), of_identity, [None, Some(identity)]));
    let nobody = User { email: None, ..jane() };
    assert_eq!(digests(&nobody), (vec![], vec![], [None, None]));
}

#[test]
fn an_identity_at_a_social_provider_is_marked_and_satisfies_no_rule_for_a_provider() {
    let policy = policy();
    for (provider_type, provider_name) in
        [("Google", "Google"), ("SignInWithApple", "Renamed"), ("SAML", "Facebook"), ("", "Google")]
    {
        let social = Identity {
            provider_name: provider_name.to_owned(),
            provider_type: provider_type.to_owned(),
            ..identity("")
        };
        let user = User { identities: vec![social.clone()], ..jane() };
        let facts = Facts::of_user(&user, Proof::Fresh, &policy);
        let name = ProviderName::parse(provider_name).expect("a name");
        let digest = AddressDigest::of_identity(&name, "jane@okta");
        assert_eq!(facts.account().identities, [digest]);
        assert!(!facts.rules().contains(&RuleKey::SsoConnector(name)), "{provider_type}");
    }
    let name = ProviderName::parse("Google").expect("a name");
    let email = "jane@acme.com".to_owned();
    let assumed = Assumed { email, provider: Some(name), proof: Proof::Fresh };
    assert_eq!(Facts::of_assumed(&assumed, &policy).rules(), [domain("acme.com")]);
    // A federated user whose identities are not known.
    let (user_name, status) = (Some("Google_1".to_owned()), Some(User::FEDERATED.to_owned()));
    let user = User { user_name, status, ..jane() };
    assert_eq!(Facts::of_user(&user, Proof::Fresh, &policy).rules(), []);
}

#[test]
fn a_profile_keeps_the_newest_identities_with_and_without_a_proven_address() {
    let policy = policy();
    let at = |number: usize| Identity {
        provider_name: format!("provider-{number}"),
        ..identity("SAML")
    };
    let digest = |number: usize| {
        let name = ProviderName::parse(&format!("provider-{number}")).expect("a name");
        AddressDigest::of_identity(&name, "jane@okta")
    };
    let seen = |email: Option<&str>, identities: Vec<Identity>| {
        let user = User { email: email.map(str::to_owned), identities, ..jane() };
        Facts::of_user(&user, Proof::Earlier, &policy).account()
    };
    let profile = Profile::after(None, &seen(None, vec![at(0), at(1)]), &[]);
    assert_eq!(profile.identities, [digest(0), digest(1)]);
    // Unlinked, or not in the event: they stay.
    let profile = Profile::after(Some(&profile), &seen(Some("jane@acme.com"), vec![]), &[]);
    assert_eq!((profile.identities.len(), profile.addresses.len()), (2, 1));
    let profile = Profile::after(Some(&profile), &seen(None, vec![at(2), at(1)]), &[]);
    assert_eq!(profile.identities, [digest(2), digest(1), digest(0)]);
    let profile = Profile::after(Some(&profile), &seen(None, (3..20).map(at).collect()), &[]);
    assert_eq!(profile.identities, (3..13).map(digest).collect::<Vec<_>>());
    let again = Profile::after(Some(&profile), &seen(None, (3..20).map(at).collect()), &[]);
    assert_eq!(again, profile);
}

#[test]
fn an_address_counts_as_asserted_only_if_it_is_verified_or_all_of_the_account_is_federated() {
    let listed = set(rule(okta()), |settings| settings.addresses = AdmittedAddresses::Listed);
    let rules = [listed, owned(rule(domain("acme.com")), OwnershipState::Proven)];
    let refused = Outcome::Refuse(Reason::AddressNotInListedDomain);
    for (status, email_verified, expected) in [
        (Some("CONFIRMED"), false, &refused),
        (Some("CONFIRMED"), true, &Outcome::Join(okta())),
        (Some("FORCE_CHANGE_PASSWORD"), false, &refused),
        (None, false, &refused),
        (Some(User::FEDERATED), false, &Outcome::Join(okta())),
    ] {
        let status = status.map(str::to_owned);
        let user = User { status, email_verified, ..federated() };
        assert_eq!(outcome(&user, &rules), *expected, "{user:?}");
    }
}

#[test]
fn a_kept_proof_counts_for_a_day_and_for_its_address_alone() {
    let policy = policy();
    let rules = [set(rule(domain("acme.com")), |it| it.existing_users = Some(Enrollment::Off))];
    let id = OrganizationId::parse("acme").expect("an id");
    let candidate = Candidate { id: &id, rules: &rules, standing: Standing::Stranger };
    let kept = |address: &str| FreshProof {
        at: Timestamp::UNIX_EPOCH,
        address: EmailAddress::parse(address).expect("an address").digest(),
    };
    let off = Outcome::Refuse(Reason::EnrollmentOff);
    let join = Outcome::Join(domain("acme.com"));
    for (kept, seconds, expected) in [
        (Some(kept("jane@acme.com")), 86_400, &join),
        (Some(kept("jane@acme.com")), 86_401, &off),
        (Some(kept("joe@acme.com")), 1, &off),
        (None, 1, &off),
    ] {
        let at = Timestamp::from_second(seconds).expect("a timestamp");
        let user = jane();
        let facts =
            Facts::of_user(&user, Proof::Earlier, &policy).with_kept_proof(kept.as_ref(), at);
        assert_eq!(facts.decide(&candidate).outcome, *expected, "{kept:?} {seconds}");
    }
}

#[test]
fn the_domains_of_an_asserted_address_decide_only_about_providers() {
    let policy = policy();
    let user = federated();
    let facts = Facts::of_user(&user, Proof::Fresh, &policy);
    assert_eq!(facts.rules(), [okta()]);
    assert_eq!(facts.deciding(), [okta(), domain("acme.com")]);
    let jane = jane();
    let facts = Facts::of_user(&jane, Proof::Fresh, &policy);
    assert_eq!(facts.deciding(), facts.rules());
}

#[test]
fn an_exception_for_a_public_domain_is_for_one_organization() {
    for (public, reason) in
        [("gmail.com", Reason::PublicMailbox), ("github.io", Reason::PublicSuffix)]
    {
        let user = User { email: Some(format!("jane@{public}")), ..jane() };
        let mailboxes = MailboxPolicy::parse(&format!("acme:{public}")).unwrap();
        let policy = JoinPolicy { mailboxes, ..JoinPolicy::default() };
        let key = domain(public);
        let not_admitted =
            refused(by_domain(), Check::NotPublicMailbox, &reason, Some(key.clone()));
        let table = [
            ("acme", joins(key.clone())),
            ("Acme", not_admitted.clone()),
            ("globex", not_admitted),
        ];
        for (id, decision) in table {
            let id = OrganizationId::parse(id).unwrap();
            let rules = [rule(key.clone())];
            let candidate = Candidate { id: &id, rules: &rules, standing: Standing::Stranger };
            let facts = Facts::of_user(&user, Proof::Fresh, &policy);
            assert_eq!(facts.decide(&candidate), decision, "{id}");
        }
        let nobody = JoinPolicy::default();
        let refusal = Facts::of_user(&user, Proof::Fresh, &nobody).proven_address().err();
        assert_eq!(refusal, Some(reason));
    }
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
        let facts = Facts::of_user(&user, Proof::Fresh, &policy);
        let reason = facts.proven_address().expect_err("unusable");
        assert!(matches!(reason, Reason::EmailUnusable(_)), "{email}");
        assert_eq!(reason.as_str(), code, "{email}");
    }
}

#[test]
fn a_confirmed_sign_up_and_a_token_of_a_user_are_entry_paths_and_nothing_else_is() {
    let confirmed = EntryPath::from_trigger("PostConfirmation_ConfirmSignUp");
    assert_eq!(confirmed, Some((EntryPath::PostConfirmation, Proof::Fresh)));
    let tokens = [
        ("HostedAuth", Proof::Earlier),
        ("Authentication", Proof::Earlier),
        ("NewPasswordChallenge", Proof::Fresh),
        ("AuthenticateDevice", Proof::Earlier),
        ("RefreshTokens", Proof::Earlier),
    ];
    for (token, proof) in tokens {
        let path = EntryPath::from_trigger(&format!("TokenGeneration_{token}"));
        assert_eq!(path, Some((EntryPath::PreTokenGeneration, proof)), "{token}");
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
        (Reason::PublicSuffix, "public_suffix"),
        (Reason::NotListed, "not_listed"),
        (Reason::DomainNotProven, "domain_not_proven"),
        (Reason::EnrollmentOff, "enrollment_off"),
        (Reason::AddressNotInListedDomain, "address_not_in_listed_domain"),
        (Reason::AlreadyRequested, "already_requested"),
        (Reason::RemovedEarlier, "removed_earlier"),
        (Reason::AlreadyMember, "already_member"),
    ];
    for (reason, name) in names {
        assert_eq!(reason.as_str(), name);
    }
}
