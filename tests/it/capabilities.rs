//! What a function reads from its environment.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use shared::App;
use shared::capabilities::{Capabilities, Capability, Environment};
use shared::clients::Waits;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::store::Store;

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

#[test]
fn the_declared_variables_are_those_that_are_read() {
    let read = Rc::new(RefCell::new(BTreeSet::new()));
    let log = Rc::clone(&read);
    let values = move |name: &str| {
        log.borrow_mut().insert(name.to_owned());
        match name {
            "TABLE_NAME" | "USER_POOL_ID" | "OPERATOR_CLIENT_ID" => Some("set".to_owned()),
            "OPERATOR_ISSUER" | "OPERATOR_DOMAIN" => Some("https://sign-in.example".to_owned()),
            _ => None,
        }
    };
    App::from_environment(&Environment::new(values, Waits::HTTP)).expect("everything is set");

    // These are set by Lambda or by hand, not by the template.
    const NOT_IN_TEMPLATE: [&str; 5] = [
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
        "CONSOLE_PAGES",
    ];
    let declared = App::VARIABLES.iter().copied().flatten().copied();
    let declared: BTreeSet<_> = declared.chain(NOT_IN_TEMPLATE).map(str::to_owned).collect();
    assert_eq!(*read.borrow(), declared);
}
