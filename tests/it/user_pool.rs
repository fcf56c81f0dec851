//! Each error of Cognito, at each call that Usher makes, has its answer. The errors are those in the
//! SDK's own list, and some that AWS answers too.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Fate, Pool, SignIn, World, pool_user};

/// A request, and the calls that it makes.
struct Asked {
    method: Method,
    path: &'static str,
    body: Value,
    calls: &'static [&'static str],
}

/// Errors that AWS answers to any call, or documents in words only.
const UNLISTED: [&str; 12] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidEmailRoleAccessPolicyException",
    "LimitExceededException",
    "RequestAbortedException",
    "RequestLimitExceeded",
    "RequestTimeoutException",
    "ServiceQuotaExceededException",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "UnrecognizedClientException",
];

/// All requests that call the user pool.
fn asked() -> Vec<Asked> {
    let asked = |method, path, body, calls| Asked { method, path, body, calls };
    let users = json!({ "userIds": ["jane"] });
    vec![
        asked(
            Method::POST,
            "/users",
            json!({ "primaryEmail": "joe@acme.com" }),
            &["DescribeUserPool", "AdminCreateUser"],
        ),
        asked(Method::GET, "/users/jane", Value::Null, &["ListUsers", "AdminGetUser"]),
        asked(Method::GET, "/users?email=jane@acme.com", Value::Null, &["ListUsers"]),
        asked(
            Method::DELETE,
            "/users/jane",
            Value::Null,
            &["AdminGetUser", "ListUsers", "AdminDeleteUser"],
        ),
        asked(
            Method::POST,
            "/organizations/acme/users",
            users.clone(),
            &["ListUsers", "AdminGetUser"],
        ),
        asked(Method::PUT, "/organizations/acme/users", users, &["ListUsers", "AdminGetUser"]),
    ]
}

/// The status, the code and the `Retry-After` for an error of an operation.
fn expected(asked: &Asked, operation: &str, error: &str) -> (u16, &'static str, &'static str) {
    match (operation, error) {
        ("AdminCreateUser", "UsernameExistsException" | "AliasExistsException") => {
            (422, "user.exists", "")
        }
        ("AdminCreateUser", "CodeDeliveryFailureException") => (422, "user.not_invited", ""),
        (
            "AdminCreateUser",
            "InvalidParameterException"
            | "InvalidPasswordException"
            | "PreconditionNotMetException"
            | "UnsupportedUserStateException"
            | "UserLambdaValidationException"
            | "UserNotFoundException",
        ) => (422, "user.refused", ""),
        ("AdminGetUser", "UserNotFoundException") if asked.path == "/users/jane" => {
            (404, "user.not_found", "")
        }
        ("AdminGetUser", "UserNotFoundException") => (422, "user.unknown", ""),
        // Somebody else has deleted the user.
        ("AdminDeleteUser", "UserNotFoundException") => (204, "", ""),
        (
            _,
            "InternalErrorException"
            | "RequestAbortedException"
            | "RequestTimeoutException"
            | "ServiceUnavailable",
        ) => (503, "service.unavailable", "1"),
        (
            _,
            "RequestLimitExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException",
        ) => (429, "user_pool.too_many_requests", "1"),
        (_, "LimitExceededException" | "ServiceQuotaExceededException") => {
            (429, "user_pool.quota_used_up", "3600")
        }
        (
            _,
            "InvalidEmailRoleAccessPolicyException"
            | "InvalidLambdaResponseException"
            | "InvalidSmsRoleAccessPolicyException"
            | "InvalidSmsRoleTrustRelationshipException"
            | "OperationNotEnabledException"
            | "UnexpectedLambdaException",
        ) => (502, "user_pool.misconfigured", ""),
        // Usher's own role, parameter or code is wrong.
        (
            _,
            "AccessDeniedException"
            | "ExpiredTokenException"
            | "InvalidParameterException"
            | "NotAuthorizedException"
            | "ResourceNotFoundException"
            | "UnrecognizedClientException"
            | "UserPoolTaggingException",
        ) => (500, "internal", ""),
        _ => panic!("decide how {error} of {operation} is answered, in shared/src/failure.rs"),
    }
}

#[tokio::test]
async fn each_error_in_the_list_of_the_sdk_has_its_answer_at_each_call() {
    let sources = sdk();
    for asked in asked() {
        for operation in asked.calls {
            let mut errors = listed(&sources, operation);
            assert!(errors.len() >= 6, "{operation}: {errors:?}");
            errors.extend(UNLISTED.map(str::to_owned));
            if *operation == "AdminCreateUser" {
                errors.insert("AliasExistsException".to_owned());
            }
            // The pool's description is kept, so each call of it needs a pool of its own.
            let (world, pool) = world(operation).await;
            for error in &errors {
                let status = match error.as_str() {
                    "InternalErrorException" => 500,
                    "RequestTimeoutException" => 408,
                    "ServiceUnavailable" => 503,
                    _ => 400,
                };
                let body = json!({ "__type": error, "message": "arn:aws:inside" });
                pool.stays(operation, &Fate::Reply { status, body });
                let ask = world.ask(asked.method.clone(), asked.path);
                let ask = if asked.body.is_null() { ask } else { ask.json(&asked.body) };

                let answer = ask.send().await;

                let called = pool.requests().iter().filter(|(it, _)| it == operation).count();
                assert!(called > 0, "{} {} does not call {operation}", asked.method, asked.path);
                hold(&answer, expected(&asked, operation, error), &format!("{operation}: {error}"));
            }
        }
    }
}

#[tokio::test]
async fn a_status_for_the_rate_or_for_a_time_out_needs_no_code() {
    for asked in asked() {
        for operation in asked.calls {
            for (status, expected) in [
                (408, (503, "service.unavailable", "1")),
                (429, (429, "user_pool.too_many_requests", "1")),
            ] {
                let (world, pool) = world(operation).await;
                pool.stays(operation, &Fate::Reply { status, body: json!({ "message": "x" }) });
                let ask = world.ask(asked.method.clone(), asked.path);
                let ask = if asked.body.is_null() { ask } else { ask.json(&asked.body) };
                hold(&ask.send().await, expected, &format!("{operation}: {status}"));
            }
        }
    }
}

/// A world in which acme exists, with a pool in which this operation is called. Jane is there for a
/// deletion, and otherwise nobody is.
async fn world(operation: &str) -> (World, Pool) {
    let jane = pool_user("jane", "jane", "jane@acme.com", true);
    let users = (operation == "AdminDeleteUser").then_some(jane);
    let pool = Pool::with_users(SignIn::Address, users);
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    (world, pool)
}

#[track_caller]
fn hold(answer: &Answer, (status, code, retry_after): (u16, &str, &str), what: &str) {
    let found = (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default());
    assert_eq!((found, answer.header("retry-after")), ((status, code), retry_after), "{what}");
    if status >= 300 {
        // Cognito's own words are for a caller who can do something about them.
        let detail = answer.problem(status, code);
        let is_told = matches!(code, "user.refused" | "user.not_invited");
        assert_eq!(detail.contains("arn:aws:inside"), is_told, "{what}: {detail}");
    }
}

/// The sources of the SDK's crate, as Cargo has them.
fn sdk() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--offline"];
    let told = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let packages = told["packages"].as_array().expect("packages");
    let sdk = packages.iter().find(|it| it["name"] == "aws-sdk-cognitoidentityprovider");
    let manifest = sdk.and_then(|sdk| sdk["manifest_path"].as_str()).expect("the SDK");
    PathBuf::from(manifest).with_file_name("src")
}

/// The errors that the SDK lists for an operation.
fn listed(sources: &std::path::Path, operation: &str) -> BTreeSet<String> {
    let snake: String = operation
        .chars()
        .enumerate()
        .flat_map(|(index, c)| {
            let underscore = (index > 0 && c.is_uppercase()).then_some('_');
            underscore.into_iter().chain(c.to_lowercase())
        })
        .collect();
    let path = sources.join("operation").join(format!("{snake}.rs"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let start = source.find(&format!("pub enum {operation}Error {{")).expect("the list");
    let list = &source[start..];
    let list = &list[..list.find("\n}").expect("its end")];
    let errors = list.lines().filter_map(|line| {
        let (name, kind) = line.trim().split_once('(')?;
        kind.starts_with("crate::types::error::").then(|| name.to_owned())
    });
    errors.collect()
}
