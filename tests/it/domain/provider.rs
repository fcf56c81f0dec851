//! Which identity providers are trusted, and which Google accounts.

use std::collections::BTreeMap;

use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::UserId;
use shared::domain::provider::{AttributeName, ProviderName, ProviderPolicy, TrustedProviders};
use shared::domain::user::{Identity, User};

/// A user with these identities, each as a type and a name.
fn user(identities: &[(&str, &str)]) -> User {
    let identities = identities.iter().map(|(provider_type, provider_name)| Identity {
        provider_name: (*provider_name).to_owned(),
        provider_type: (*provider_type).to_owned(),
        user_id: String::new(),
    });
    User {
        id: UserId::parse("user-1").expect("an id"),
        user_name: None,
        email: None,
        email_verified: true,
        name: None,
        identities: identities.collect(),
        status: None,
        attributes: BTreeMap::new(),
    }
}

fn trusting(providers: &str) -> ProviderPolicy {
    let trusted = TrustedProviders::parse(providers).expect("names");
    ProviderPolicy { trusted, google_hosted_domain: None }
}

const GOOGLE: (&str, &str) = ("Google", "Google");
const APPLE: (&str, &str) = ("SignInWithApple", "SignInWithApple");
const STAFF: (&str, &str) = ("OIDC", "staff");

#[test]
fn one_identity_at_a_provider_that_is_not_trusted_spoils_all() {
    let default = "Google,SignInWithApple";
    for (trusted, identities, expected) in [
        (default, &[GOOGLE] as &[_], true),
        (default, &[APPLE], true),
        (default, &[GOOGLE, APPLE], true),
        (default, &[("Facebook", "Facebook")], false),
        (default, &[("LoginWithAmazon", "LoginWithAmazon")], false),
        (default, &[("SAML", "acme")], false),
        (default, &[GOOGLE, STAFF], false),
        (default, &[("google", "Google")], false),
        // A customer names its own provider as it likes.
        (default, &[("OIDC", "Google")], false),
        (default, &[("SAML", "SignInWithApple")], false),
        (default, &[("", "Google")], false),
        (default, &[("Google", "")], true),
        ("", &[GOOGLE], false),
        ("", &[APPLE], false),
        (" , ", &[GOOGLE], false),
        ("Google", &[APPLE], false),
        ("Google", &[GOOGLE], true),
        ("Facebook", &[("Facebook", "Facebook")], true),
        ("Facebook", &[GOOGLE], false),
        ("staff", &[STAFF], true),
        (" staff , Google ", &[STAFF, GOOGLE], true),
        ("staff", &[("SAML", "staff")], true),
        ("staff", &[("OIDC", "Staff")], false),
        ("staff", &[("OIDC", "other")], false),
        ("staff", &[STAFF, ("OIDC", "other")], false),
        // Only a type that Cognito gives to named providers has a name that counts.
        ("staff", &[("", "staff")], false),
        ("staff", &[("Google", "staff")], false),
        ("staff", &[("staff", "staff")], false),
    ] {
        let trusts = trusting(trusted).trusts(&user(identities));
        assert_eq!(trusts, expected, "{trusted:?}, {identities:?}");
    }
}

#[test]
fn a_user_of_the_pool_itself_is_trusted_whatever_the_providers() {
    for trusted in ["", "Google", "staff"] {
        assert!(trusting(trusted).trusts(&user(&[])));
        let status = Some("EXTERNAL_PROVIDER".to_owned());
        assert!(!trusting(trusted).trusts(&User { status, ..user(&[]) }));
    }
}

#[test]
fn without_a_decision_google_and_apple_are_trusted_and_no_hosted_domain_counts() {
    let default = ProviderPolicy::default();
    assert_eq!(default.trusted, TrustedProviders::parse("Google,SignInWithApple").unwrap());
    assert_eq!(default.google_hosted_domain, None);
}

#[test]
fn a_name_that_is_not_of_one_provider_is_refused_with_what_to_write() {
    for (names, error) in [
        ("google", "\"google\" is not a provider: write `Google`"),
        (
            "Google,signinwithapple",
            "\"signinwithapple\" is not a provider: write `SignInWithApple`",
        ),
        (
            "Google, SAML",
            "\"SAML\" is a type of providers: write the name of one provider in the user pool",
        ),
        (
            "oidc",
            "\"oidc\" is a type of providers: write the name of one provider in the user pool",
        ),
        (
            "Google SignInWithApple",
            "\"Google SignInWithApple\" is not the name of a provider: these have up to 32 \
             characters without spaces",
        ),
    ] {
        let found = TrustedProviders::parse(names).expect_err(names);
        assert_eq!(found.to_string(), error);
    }
    assert!(TrustedProviders::parse(&"a".repeat(33)).is_err());
    assert!(TrustedProviders::parse(&"ä".repeat(32)).is_ok());
}

#[test]
fn a_google_account_counts_only_for_exactly_its_hosted_domain() {
    let attribute = AttributeName::parse("custom:hd").unwrap();
    let policy =
        ProviderPolicy { google_hosted_domain: Some(attribute), ..ProviderPolicy::default() };
    let acme = EmailDomain::parse("acme.com").unwrap();
    let hosted = |identities: &[(&str, &str)], name: &str, value: &str| User {
        attributes: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        ..user(identities)
    };
    for (user, admitted) in [
        (hosted(&[GOOGLE], "custom:hd", "acme.com"), true),
        (hosted(&[GOOGLE], "custom:hd", "Acme.COM"), true),
        (hosted(&[GOOGLE, APPLE], "custom:hd", "acme.com"), true),
        (hosted(&[GOOGLE], "custom:hd", ""), false),
        (hosted(&[GOOGLE], "custom:hd", " "), false),
        (hosted(&[GOOGLE], "custom:hd", "mail.acme.com"), false),
        (hosted(&[GOOGLE], "custom:hd", "acme.co"), false),
        (hosted(&[GOOGLE], "custom:hd", "com"), false),
        (hosted(&[GOOGLE], "custom:hd", "globex.com"), false),
        (hosted(&[GOOGLE], "custom:hd", "acme.com,globex.com"), false),
        (hosted(&[GOOGLE], "custom:HD", "acme.com"), false),
        (hosted(&[GOOGLE], "hd", "acme.com"), false),
        (user(&[GOOGLE]), false),
        // Whoever has signed in at Google too has an address that Google may have set.
        (hosted(&[APPLE, GOOGLE], "custom:hd", ""), false),
        (user(&[]), true),
        (user(&[APPLE]), true),
    ] {
        assert_eq!(policy.admits_google_account(&user, &acme), admitted, "{user:?}");
        assert!(ProviderPolicy::default().admits_google_account(&user, &acme), "{user:?}");
    }
}

#[test]
fn a_name_of_an_attribute_has_no_spaces_and_27_characters_at_most() {
    for name in ["custom:hd", "profile", "custom:ääääääääääääääääääää"] {
        assert!(AttributeName::parse(name).is_ok(), "{name}");
    }
    for name in ["", "custom: hd", "custom:abcdefghijklmnopqrstu"] {
        let error = AttributeName::parse(name).expect_err(name).to_string();
        let expected =
            format!("{name:?} is not the name of a user attribute: write one as in custom:hd");
        assert_eq!(error, expected);
    }
}

#[test]
fn the_name_of_a_provider_is_short_and_all_of_it_can_be_seen() {
    let longest = "x".repeat(ProviderName::LONGEST);
    for name in ["Okta", "a_b", "Ö/#?.%", &longest] {
        assert_eq!(ProviderName::parse(name).expect(name).as_str(), name);
    }
    let too_long = "x".repeat(ProviderName::LONGEST + 1);
    for name in ["", " ", "Acme Okta", "Okta\n", "Okta\u{9b}", "Ok\u{200b}ta", &too_long] {
        assert!(ProviderName::parse(name).is_err(), "{name:?}");
    }
}
