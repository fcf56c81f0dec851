//! `docs/errors.md` names every code, with the status that it is answered with.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::Method;
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::cognito::CreateUserError;
use shared::domain::custom_data::CustomData;
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::provider::ProviderName;
use shared::domain::public_mailbox::PublicDomain;
use shared::domain::text::{Description, Name};
use shared::domain::user::User;
use shared::domain::version::Version;
use shared::failure::{Failure, Service};
use shared::http::Problem;
use shared::{Error, Violation};

use crate::support::{World, in_repository, text_of};

/// Each row's code and status.
fn documented() -> Vec<(String, u64)> {
    text_of("docs/errors.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [code, status, when, advice] = cells.as_slice() else {
                panic!("a row has four cells: {row}")
            };
            assert!(!when.is_empty() && !advice.is_empty(), "{row}");
            (code.trim_matches('`').to_owned(), status.parse().expect("a status"))
        })
        .collect()
}

/// Every string in the sources that looks like a code, `area.name`, and the one that does not.
fn in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::from(["internal".to_owned()]);
    for package in ["shared/src", "functions/src"] {
        collect(&in_repository(package), &mut codes);
    }
    codes
}

fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, codes);
        } else {
            let source = std::fs::read_to_string(&path).expect("text");
            codes.extend(source.split('"').filter(|text| is_code(text)).map(str::to_owned));
        }
    }
}

fn is_code(text: &str) -> bool {
    // Files and domains of examples look alike.
    const OTHERS: [&str; 7] = ["example", "html", "json", "md", "pem", "rs", "yaml"];
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let is_name = |name: &str| is_word(name) && !OTHERS.contains(&name);
    text.split_once('.').is_some_and(|(area, name)| is_word(area) && is_name(name))
}

#[test]
fn each_code_in_the_sources_has_one_row_and_each_row_is_of_such_a_code() {
    let documented = documented();
    let codes: BTreeSet<_> = documented.iter().map(|(code, _)| code.clone()).collect();
    assert_eq!(codes.len(), documented.len(), "a code has two rows in docs/errors.md");
    let sources = in_sources();
    let missing: Vec<_> = sources.difference(&codes).collect();
    let left_over: Vec<_> = codes.difference(&sources).collect();
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "add rows to docs/errors.md for {missing:?}, and remove those for {left_over:?}"
    );
}

/// The checks of generated requests name the codes that they expect.
#[test]
fn each_code_in_the_checks_of_generated_requests_has_a_row() {
    let checks = text_of("tests/openapi/checks.py");
    let lines = checks.lines().map(|line| line.trim().trim_end_matches(','));
    let named: BTreeSet<_> = lines
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'))
        .filter(|text| is_code(text))
        .map(str::to_owned)
        .collect();
    assert!(named.len() > 30, "{named:?}");
    let documented: BTreeSet<_> = documented().into_iter().map(|(code, _)| code).collect();
    let unknown: Vec<_> = named.difference(&documented).collect();
    assert!(unknown.is_empty(), "take these out of tests/openapi/checks.py: {unknown:?}");
}

#[tokio::test]
async fn each_row_states_the_status_that_its_code_is_answered_with() {
    let mut answered = BTreeSet::new();
    for problem in errors().into_iter().chain(violations().into_iter().map(Error::from)) {
        answered.insert(answer(problem.into()).await);
    }
    answered.insert(answer(Problem::internal("a panic".to_owned())).await);
    answered.extend(refused_requests().await);
    answered.extend(refused_events().await);

    let documented: BTreeSet<_> = documented().into_iter().collect();
    let unproven: Vec<_> = documented.difference(&answered).collect();
    let undocumented: Vec<_> = answered.difference(&documented).collect();
    assert!(
        unproven.is_empty() && undocumented.is_empty(),
        "docs/errors.md says {unproven:?}, which nothing here is answered with, and does not say \
         {undocumented:?}: mend it, or provoke here what is new"
    );
}

/// The code and status of an answer.
async fn answer(problem: Problem) -> (String, u64) {
    let body = problem.into_response().into_body().collect().await.expect("in memory").to_bytes();
    code_and_status(&serde_json::from_slice(&body).expect("JSON"))
}

fn code_and_status(body: &Value) -> (String, u64) {
    let code = body["code"].as_str().expect("a code");
    (code.to_owned(), body["status"].as_u64().expect("a status"))
}

fn errors() -> Vec<Error> {
    let text = || "text".to_owned();
    let id = OrganizationId::parse("acme").expect("an id");
    let current = Version::FIRST;
    let violation = || Violation::new("", "internal", "reason");
    let (service, operation) = (Service::DynamoDb, "GetItem");
    let unavailable = || Failure::Unavailable { service, operation, cause: text() };
    let rate_exceeded = || Failure::RateExceeded { service, operation, cause: text() };
    let refused = || Failure::Refused { service, operation, cause: text() };
    vec![
        Error::OrganizationNotFound(text()),
        Error::OrganizationIdInUse(id),
        Error::OrganizationRoleNotFound(text()),
        Error::OrganizationRoleNameInUse(text()),
        Error::OrganizationRolesFull,
        Error::EmailDomainNotFound(text()),
        Error::EmailDomainAlreadyListed(text()),
        Error::EmailDomainAlreadyProven(domain()),
        Error::EmailDomainsCrowded(vec![domain()]),
        Error::EmailDomainsFull,
        Error::EmailDomainsPartiallyReplaced { current },
        Error::SsoConnectorNotFound(text()),
        Error::SsoConnectorsCrowded(vec![provider()]),
        Error::SsoConnectorsFull,
        Error::SsoConnectorsPartiallyReplaced { current },
        Error::SsoConnectorsEmpty,
        Error::RuleRolesFull,
        Error::DefaultRoleNotFound(text()),
        Error::DefaultRolesFull,
        Error::DefaultRolesEmpty,
        Error::UserNotFound(text()),
        Error::MembershipNotFound(text()),
        Error::NotAMember(text()),
        Error::JoinRequestNotFound(text()),
        Error::JoinRequestDeclined(text()),
        Error::JoinRequestAlreadyMember(text()),
        Error::RemovedUserNotFound(text()),
        Error::MemberRoleNotFound(text()),
        Error::MemberRolesFull,
        Error::MemberRolesEmpty,
        Error::UserIdsEmpty,
        Error::TooManyMembers,
        Error::MembersPartiallyAdded { added: 1, named: 2, failure: None },
        Error::MembersPartiallyAdded { added: 1, named: 2, failure: Some(rate_exceeded()) },
        CreateUserError::Exists.into(),
        CreateUserError::NameIsAddress.into(),
        CreateUserError::NotInvited(text()).into(),
        CreateUserError::Refused(text()).into(),
        CreateUserError::MayExist(unavailable()).into(),
        Error::PreconditionFailed { current },
        Error::Invalid(vec![violation(), violation()]),
        unavailable().into(),
        refused().into(),
        rate_exceeded().into(),
        Failure::QuotaUsedUp { service, operation, cause: text() }.into(),
        Failure::Misconfigured { service, operation, cause: text() }.into(),
        Failure::NoUserPool.into(),
        CreateUserError::Failed(unavailable()).into(),
        CreateUserError::Failed(refused()).into(),
        Failure::Unreadable { table: text(), key: text(), attribute: text(), expected: "a string" }
            .into(),
        Failure::TooManyItems { operation: "TransactWriteItems", most: 100, items: text() }.into(),
    ]
}

fn provider() -> ProviderName {
    ProviderName::parse("Acme-Okta").expect("a name")
}

fn domain() -> EmailDomain {
    EmailDomain::parse("acme.com").expect("a domain")
}

fn violations() -> Vec<Violation> {
    const NOT_DOMAINS: [&str; 10] = [
        "",
        "a_b.example",
        "localhost",
        "a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ac\u{ad}me.com",
        "*.acme.com",
        "127.0.0.1",
        "jane@acme.com",
        "https://acme.com",
        "co.uk",
    ];
    let of_domain = |text| {
        let error = EmailDomain::parse(text).expect_err(text);
        Violation::email_domain("/emailDomain", &error)
    };
    const NOT_ADDRESSES: [&str; 4] =
        ["jane", "\"jane\"@acme.com", "jane@\u{ff41}cme.com", "jane@localhost"];
    let of_address = |text| {
        let error = EmailAddress::parse(text).expect_err(text);
        Violation::email_address("/primaryEmail", &error)
    };
    let of_data = |json: String| {
        let data = CustomData::parse(RawValue::from_string(json).expect("JSON"));
        Violation::custom_data(&data.expect_err("no custom data"))
    };
    let of_id = OrganizationId::parse("an id").expect_err("a space");
    let large = json!({ "text": "x".repeat(CustomData::LARGEST) });
    NOT_DOMAINS
        .into_iter()
        .map(of_domain)
        .chain(NOT_ADDRESSES.map(of_address))
        .chain([
            Violation::public_domain("/emailDomain", &domain(), PublicDomain::Mailbox),
            Violation::public_domain("/emailDomain", &domain(), PublicDomain::Suffix),
            Violation::too_many_organizations("/emailDomain", &domain()),
            Violation::too_many_claims("/emailDomain", &domain()),
            Violation::subdomains_of_public("/subdomains", &domain()),
            Violation::subdomains_too_deep("/subdomains", &domain()),
            Violation::unknown_provider("/ssoConnectorIds/0", "Acme"),
            Violation::public_provider("/ssoConnectorIds/0", &provider()),
            Violation::unreachable_provider("/ssoConnectorIds/0", &provider()),
            Violation::too_many_organizations_of_provider("/ssoConnectorIds/0", &provider()),
            Violation::organization_id("/id", &of_id),
            Violation::unknown_user("/userIds/0", "jane"),
            Violation::not_a_member("/userIds/0", "jane"),
            Violation::unknown_role("/organizationRoleIds/0", "role"),
            Violation::unknown_role_name("/organizationRoleNames/0", "Role"),
            Violation::username(User::check_user_name("").expect_err("no username")),
            Violation::name(Name::parse("").expect_err("no name")),
            Violation::description(Description::parse("\0").expect_err("no description")),
            of_data("[]".to_owned()),
            of_data(r#"{"a":"\ud800"}"#.to_owned()),
            of_data(r#"{"a":1e400}"#.to_owned()),
            of_data(r#"{"a":1,"a":2}"#.to_owned()),
            of_data(format!("{}{}", r#"{"a":"#.repeat(33), "0".to_owned() + &"}".repeat(33))),
            of_data(large.to_string()),
        ])
        .collect()
}

/// The answers to malformed requests.
async fn refused_requests() -> Vec<(String, u64)> {
    const DOMAINS: &str = "/organizations/acme/jit/email-domains";
    let world = World::new().await;
    world.organization("acme").await;
    let broken = || {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(error)]))
    };
    let get = |path: &str| world.ask(Method::GET, path);
    let post = || world.ask(Method::POST, DOMAINS);
    let json = || post().header("content-type", "application/json");
    let mut answers = Vec::new();
    for request in [
        get("/nothing"),
        world.ask(Method::TRACE, "/organizations"),
        get("/organizations/%FF"),
        get("/organizations?page=2"),
        get("/organizations?q=a&q=b"),
        get("/organizations?cursor=nonsense"),
        get("/organizations?showCounts=1"),
        get("/organizations/acme/users?organizationRoleId=."),
        get("/users"),
        get(&format!("{DOMAINS}?page=0")),
        get(&format!("{DOMAINS}?page_size=101")),
        json(),
        json().raw(broken()),
        json().raw(vec![b' '; shared::http::LARGEST_BODY + 1]),
        json().raw("{"),
        json().raw("{}"),
        post().raw("{}"),
        json().header("content-encoding", "gzip").raw("{}"),
        json().if_match("1"),
    ] {
        answers.push(code_and_status(&request.send().await.body));
    }
    answers
}

/// The answers to events that an HTTP server would refuse before they reach a function.
async fn refused_events() -> Vec<(String, u64)> {
    let world = World::new().await;
    let path = "/x".repeat(50_000);
    let context = json!({ "http": { "method": "GET" } });
    let mut answers = Vec::new();
    for event in [json!([]), json!({ "rawPath": path, "requestContext": context })] {
        let answer = world.invoke("organizations", &event).await;
        let body = answer["body"].as_str().expect("a body");
        answers.push(code_and_status(&serde_json::from_str(body).expect("JSON")));
    }
    answers
}
