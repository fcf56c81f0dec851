//! What a function reads from its environment.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use functions::{Entry, FUNCTIONS};
use shared::capabilities::{Capabilities, Capability, Environment, Policies, TRIGGERS};
use shared::claims::{ClaimsIn, ClaimsPolicy};
use shared::clients::Waits;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::dns::Dns;
use shared::domain::jit::DomainOwnership;
use shared::domain::provider::TrustedProviders;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::event_bus::{DeadLetters, EventBus, EventPolicy};
use shared::next_trigger::NextTrigger;
use shared::provisioning::Provisioning;
use shared::store::Store;
use shared::token_cache::{TokenCache, TokenCacheSeconds};
use shared::{App, Clock, Randomness};

use crate::support::{NEXT_ARN, text_of};

/// An environment in which every variable has this value.
fn all_set_to(value: &'static str) -> Environment {
    Environment::new(move |_| Some(value.to_owned()), Waits::HTTP)
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let empty = all_set_to("");
    let missing =
        |name| format!("the environment variable {name} is not set: the template sets it");
    let error = Store::from_environment(&empty).expect_err("no table");
    assert_eq!(error.to_string(), missing("TABLE_NAME"));
    let error = UserPool::from_environment(&empty).expect_err("no user pool");
    assert_eq!(error.to_string(), missing("USER_POOL_ID"));
    assert_eq!(empty.stack_name(), "none");
    let console = Console::from_environment(&empty).expect("a console without a sign-in");
    assert!(console.sign_in.is_none());
    assert_eq!(console.pages.to_str(), Some("/opt"), "where Lambda unpacks the layer");
}

/// The variables that a capability reads, and those that it declares.
fn read_and_declared<C: Capability>() -> (BTreeSet<String>, BTreeSet<String>) {
    let read = Rc::new(RefCell::new(BTreeSet::new()));
    let log = Rc::clone(&read);
    let values = move |name: &str| {
        log.borrow_mut().insert(name.to_owned());
        match name {
            "TABLE_NAME"
            | "USER_POOL_ID"
            | "OPERATOR_CLIENT_ID"
            | "EVENT_BUS_NAME"
            | "DEAD_LETTER_QUEUE_URL" => Some("set".to_owned()),
            "NEXT_TRIGGER_ARN" => Some(NEXT_ARN.to_owned()),
            "OPERATOR_ISSUER" | "OPERATOR_DOMAIN" => Some("https://sign-in.example".to_owned()),
            _ => None,
        }
    };
    assert!(C::from_environment(&Environment::new(values, Waits::HTTP)).is_ok());
    let read = read
        .borrow()
        .iter()
        .filter(|name| !NOT_DECLARED.contains(&name.as_str()))
        .cloned()
        .collect();
    (read, C::VARIABLES.iter().map(|name| (*name).to_owned()).collect())
}

/// These are set by Lambda or by hand, or by the template for every function.
const NOT_DECLARED: [&str; 10] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_LAMBDA",
    "CONSOLE_PAGES",
    "STACK_NAME",
];

#[test]
fn each_capability_declares_the_variables_that_it_reads() {
    let all = [
        read_and_declared::<Store>(),
        read_and_declared::<Clock>(),
        read_and_declared::<Randomness>(),
        read_and_declared::<MailboxPolicy>(),
        read_and_declared::<ClaimsPolicy>(),
        read_and_declared::<Provisioning>(),
        read_and_declared::<UserPool>(),
        read_and_declared::<Console>(),
        read_and_declared::<DomainOwnership>(),
        read_and_declared::<Dns>(),
        read_and_declared::<NextTrigger>(),
        read_and_declared::<EventPolicy>(),
        read_and_declared::<EventBus>(),
        read_and_declared::<DeadLetters>(),
        read_and_declared::<TokenCache>(),
    ];
    assert_eq!(all.len(), App::VARIABLES.len(), "every capability is here");
    for (read, declared) in all {
        assert_eq!(read, declared);
    }
}

#[test]
fn claims_settings_that_make_no_sense_are_refused_with_what_is_right() {
    for (variable, value, error) in [
        ("CLAIMS_BYTES", "99", Some(r#""99" is not a number from 100 to 8000"#)),
        ("CLAIMS_BYTES", "8001", Some(r#""8001" is not a number from 100 to 8000"#)),
        ("CLAIMS_BYTES", "2 KB", Some(r#""2 KB" is not a number from 100 to 8000"#)),
        ("CLAIMS_BYTES", "-1", Some(r#""-1" is not a number from 100 to 8000"#)),
        ("CLAIMS_BYTES", "100", None),
        ("CLAIMS_BYTES", "8000", None),
        ("CLAIMS_IN", "Both", Some(r#""Both" is none of `both`, `access` and `id`"#)),
        ("CLAIMS_IN", "both,id", Some(r#""both,id" is none of `both`, `access` and `id`"#)),
        ("CLAIMS_IN", "access", None),
    ] {
        let set = move |name: &str| (name == variable).then(|| value.to_owned());
        let read = ClaimsPolicy::from_environment(&Environment::new(set, Waits::HTTP));
        let expected =
            error.map(|error| format!("the environment variable {variable} is wrong: {error}"));
        assert_eq!(read.err().map(|error| error.to_string()), expected, "{variable}={value}");
    }
    let unset = Environment::new(|_| None, Waits::HTTP);
    let policy = ClaimsPolicy::from_environment(&unset).expect("defaults");
    assert_eq!((policy.most.get(), policy.tokens), (2_000, ClaimsIn::Both));
    assert_eq!(policy, ClaimsPolicy::default());
}

#[test]
fn a_token_cache_that_makes_no_sense_is_refused_with_what_is_right() {
    for (value, life) in [
        ("61", Err(r#""61" is not a number from 0 to 60"#)),
        ("-1", Err(r#""-1" is not a number from 0 to 60"#)),
        ("5 s", Err(r#""5 s" is not a number from 0 to 60"#)),
        ("0", Ok(0)),
        ("60", Ok(60)),
    ] {
        let read = value.parse::<TokenCacheSeconds>();
        let read = read.map(|it| it.get().as_secs()).map_err(|error| error.to_string());
        assert_eq!(read, life.map_err(str::to_owned), "{value}");
    }
    assert_eq!(TokenCacheSeconds::default().get(), Duration::ZERO);
}

#[test]
fn event_settings_that_make_no_sense_are_refused_with_what_is_right() {
    for (variable, value, error) in [
        ("EVENT_EMAILS", "yes", Some(r#""yes" is neither `true` nor `false`"#)),
        ("EVENT_EMAILS", "true", None),
        ("EVENT_EMAILS", "false", None),
        ("ACTIVITY_DAYS", "3651", Some(r#""3651" is not a number from 0 to 3650"#)),
        ("ACTIVITY_DAYS", "-1", Some(r#""-1" is not a number from 0 to 3650"#)),
        ("ACTIVITY_DAYS", "90 days", Some(r#""90 days" is not a number from 0 to 3650"#)),
        ("ACTIVITY_DAYS", "0", None),
        ("ACTIVITY_DAYS", "3650", None),
    ] {
        let set = move |name: &str| (name == variable).then(|| value.to_owned());
        let read = EventPolicy::from_environment(&Environment::new(set, Waits::HTTP));
        let expected =
            error.map(|error| format!("the environment variable {variable} is wrong: {error}"));
        assert_eq!(read.err().map(|error| error.to_string()), expected, "{variable}={value}");
    }
    let unset = Environment::new(|_| None, Waits::HTTP);
    let policy = EventPolicy::from_environment(&unset).expect("defaults");
    assert_eq!((policy.emails.0, policy.activity.get()), (false, Some(90)));
}

#[test]
fn an_empty_list_of_providers_trusts_none_and_a_missing_one_google_and_apple() {
    let parsed = |list| TrustedProviders::parse(list).expect("names");
    let google_and_apple = parsed("Google,SignInWithApple");
    for (variable, trusted) in
        [(None, google_and_apple), (Some(""), parsed("")), (Some("staff"), parsed("staff"))]
    {
        let set = move |name: &str| {
            (name == "TRUSTED_PROVIDERS").then(|| variable.map(str::to_owned)).flatten()
        };
        let policies = Policies::from_environment(&Environment::new(set, Waits::HTTP));
        assert_eq!(policies.expect("policies").joining.providers.trusted, trusted, "{variable:?}");
    }
}

#[test]
fn an_error_about_providers_names_the_variable() {
    for (variable, value, error) in [
        ("TRUSTED_PROVIDERS", "google", r#""google" is not a provider: write `Google`"#),
        (
            "GOOGLE_HOSTED_DOMAIN_ATTRIBUTE",
            "custom: hd",
            r#""custom: hd" is not the name of a user attribute: write one as in custom:hd"#,
        ),
    ] {
        let set = move |name: &str| (name == variable).then(|| value.to_owned());
        let found = Policies::from_environment(&Environment::new(set, Waits::HTTP));
        let expected = format!("the environment variable {variable} is wrong: {error}");
        assert_eq!(found.expect_err("an error").to_string(), expected);
    }
    let all_empty = Policies::from_environment(&all_set_to("")).expect("policies");
    assert_eq!(all_empty.joining.providers.google_hosted_domain, None);
}

#[test]
fn a_function_that_the_pool_had_is_read_and_none_is_made_without_one() {
    const ARN: &str = "NEXT_TRIGGER_ARN";
    const FAILURE: &str = "NEXT_TRIGGER_FAILURE";
    let read = |variables: &[(&'static str, &'static str)]| {
        let variables = variables.to_vec();
        let set = move |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let read = NextTrigger::from_environment(&Environment::new(set, Waits::TRIGGER));
        read.map(|next| format!("{next:?}").contains("Client")).map_err(|it| it.to_string())
    };

    assert_eq!(read(&[]), Ok(false));
    assert_eq!(read(&[(ARN, ""), (FAILURE, "continue")]), Ok(false));
    for failure in ["", "fail", "continue"] {
        assert_eq!(read(&[(ARN, NEXT_ARN), (FAILURE, failure)]), Ok(true), "{failure}");
    }
    let wrong = "the environment variable NEXT_TRIGGER_FAILURE is wrong: \"Fail\" is neither `fail` \
                 nor `continue`";
    assert_eq!(read(&[(FAILURE, "Fail")]), Err(wrong.to_owned()));
    let wrong = "the environment variable NEXT_TRIGGER_ARN is wrong: \"customers-own\" is not the ARN \
                 of a Lambda function: write arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :VERSION \
                 or :ALIAS after it if you want one";
    assert_eq!(read(&[(ARN, "customers-own")]), Err(wrong.to_owned()));

    // The same name in another region is another function.
    let name = ("AWS_LAMBDA_FUNCTION_NAME", "customers-own");
    let elsewhere = ("AWS_REGION", "eu-west-1");
    assert_eq!(read(&[(ARN, NEXT_ARN), name, elsewhere]), Ok(true));
    for qualifier in ["", ":live", ":1", ":$LATEST"] {
        let arn = "arn:aws:lambda:eu-central-1:123456789012:function:customers-own";
        let arn: &'static str = format!("{arn}{qualifier}").leak();
        let itself = format!(
            "the environment variable NEXT_TRIGGER_ARN is wrong: {arn:?} is a trigger of Usher itself: \
             name the function that the pool had before, or none"
        );
        let here = ("AWS_REGION", "eu-central-1");
        assert_eq!(read(&[(ARN, arn), name, here]), Err(itself));
    }
}

#[test]
fn no_trigger_invokes_a_trigger_of_its_own_stack() {
    let triggers = FUNCTIONS.iter().filter(|it| matches!(it.entry, Entry::Trigger(_)));
    let names: Vec<_> = triggers.map(|it| it.name).collect();
    assert_eq!(names, TRIGGERS);

    let is_read = |itself: &str, next: &str, region: &str| {
        let (itself, region) = (format!("usher-{itself}"), region.to_owned());
        let arn = format!("arn:aws:lambda:eu-central-1:123456789012:function:{next}");
        let set = move |name: &str| match name {
            "AWS_LAMBDA_FUNCTION_NAME" => Some(itself.clone()),
            "AWS_REGION" => Some(region.clone()),
            "NEXT_TRIGGER_ARN" => Some(arn.clone()),
            "STACK_NAME" => Some("usher".to_owned()),
            _ => None,
        };
        let read = NextTrigger::from_environment(&Environment::new(set, Waits::TRIGGER));
        read.map_err(|it| assert!(it.to_string().contains("is a trigger of Usher itself"))).is_ok()
    };
    for itself in TRIGGERS {
        for next in TRIGGERS {
            for qualifier in ["", ":live", ":1", ":$LATEST"] {
                let own = format!("usher-{next}{qualifier}");
                assert!(!is_read(itself, &own, "eu-central-1"), "{itself} {own}");
                assert!(is_read(itself, &own, "eu-west-1"), "{itself} {own} elsewhere");
            }
            assert!(is_read(itself, &format!("shop-{next}"), "eu-central-1"));
            assert!(is_read(itself, &format!("usher-{next}-before"), "eu-central-1"));
        }
    }
}

#[test]
fn make_sam_local_passes_on_the_settings_of_make_run() {
    let script = text_of("infra/local/sam.py");
    let passed = script.split_once("SETTINGS = [").and_then(|(_, rest)| rest.split_once(']'));
    let passed = passed.expect("the list of settings").0;
    let read = [ClaimsPolicy::VARIABLES, Provisioning::VARIABLES].concat();
    // The script sets the table itself.
    for name in read.into_iter().filter(|name| *name != "TABLE_NAME") {
        assert!(
            passed.contains(&format!("\"{name}\"")),
            "SETTINGS in infra/local/sam.py lacks {name}"
        );
    }
}
