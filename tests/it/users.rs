//! `/users`: Cognito's part is a recording, so that each of its moods can be had

mod find;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::clients::Waits;
use shared::domain::text::Name;

use crate::support::{
    Answer, Fate, Logs, POOL_ID, Pool, START, SignIn, World, assert_is, by_domain, key, pool_user,
    trigger_event, verified,
};

const JANE: &str = "/users/user-1";

/// A world over a recorded pool, where acme lists acme.com.
async fn acme() -> (World, Pool) {
    acme_over(Pool::default()).await
}

/// The same world over a pool in which only Jane is.
async fn acme_with_jane() -> (World, Pool) {
    acme_over(Pool::with_users(SignIn::Name, [jane()])).await
}

async fn acme_over(pool: Pool) -> (World, Pool) {
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    (world, pool)
}

fn jane() -> Value {
    pool_user("user-1", "jane", "jane@acme.com", true)
}

/// Jane as she is answered.
fn entity() -> Value {
    json!({
        "id": "user-1",
        "username": "jane",
        "primaryEmail": "jane@acme.com",
        "emailVerified": true,
        "name": null,
        "status": "FORCE_CHANGE_PASSWORD",
        "createdAt": START,
    })
}

/// Acme as Jane has joined it.
fn joined(entry_path: &str) -> Value {
    json!({
        "id": "acme",
        "name": "acme",
        "description": null,
        "organizationRoles": [],
        "joinedAt": START,
        "provenance": by_domain("acme.com", entry_path),
    })
}

fn created(provisioned: bool, organizations: &Value) -> Value {
    let mut body = entity();
    body["provisioned"] = provisioned.into();
    body["organizations"] = organizations.clone();
    body
}

async fn create(world: &World) -> Answer {
    world.post("/users", &json!({ "primaryEmail": "jane@acme.com" })).await
}

fn listing(id: &str) -> (String, Value) {
    let filter = format!("sub = \"{id}\"");
    ("ListUsers".to_owned(), json!({ "UserPoolId": POOL_ID, "Filter": filter, "Limit": 1 }))
}

/// A call about the user with this name.
fn about(operation: &str, name: &str) -> (String, Value) {
    (operation.to_owned(), json!({ "UserPoolId": POOL_ID, "Username": name }))
}

/// The operations since this was asked last.
fn operations(pool: &Pool) -> Vec<String> {
    pool.requests().into_iter().map(|(operation, _)| operation).collect()
}

/// Jane's items in the table.
async fn kept(world: &World) -> Vec<(String, String)> {
    let items = world.items().await.into_iter().filter(|(_, item)| !item.contains_key("expiresAt"));
    let keys = items.map(|(key, _)| key);
    keys.filter(|(pk, sk)| pk == "USER#user-1" || sk == "USER#user-1").collect()
}

#[tokio::test]
async fn a_created_user_is_a_member_at_once_and_each_decision_is_logged() {
    let (world, pool) = acme().await;
    pool.answers("AdminCreateUser", json!({ "User": jane() }));
    let logs = Logs::capture();

    assert_is(&create(&world).await, 201, &created(true, &json!([joined("ManagementApi")])));

    let decisions: Vec<_> =
        logs.lines().into_iter().filter(|line| line["decision"] == "join").collect();
    assert_eq!(decisions.len(), 1, "{decisions:#?}");
    assert_eq!(
        (&decisions[0]["user"], &decisions[0]["organization"]),
        (&json!("user-1"), &json!("acme"))
    );
    let held = world.get("/users/user-1/organizations").await;
    assert_is(&held, 200, &json!([joined("ManagementApi")]));
}

#[tokio::test]
async fn a_user_with_an_unverified_address_is_created_and_joins_nothing() {
    let (world, pool) = acme().await;
    let user = pool_user("user-1", "jane", "jane@acme.com", false);
    pool.answers("AdminCreateUser", json!({ "User": user }));

    let body = json!({ "primaryEmail": "jane@acme.com", "emailVerified": false });
    let answer = world.post("/users", &body).await;

    let mut expected = created(true, &json!([]));
    expected["emailVerified"] = false.into();
    assert_is(&answer, 201, &expected);
}

#[tokio::test]
async fn a_created_user_with_an_identity_at_another_provider_is_not_taken_for_native() {
    let (world, pool) = acme().await;
    let identities = json!([{ "providerName": "acme-saml", "providerType": "SAML" }]).to_string();
    for (name, value) in
        [("identities", &*identities), ("identities", "unreadable"), ("cognito:user_status", "")]
    {
        let mut user = jane();
        let attributes = user["Attributes"].as_array_mut().expect("attributes");
        attributes.push(json!({ "Name": name, "Value": value }));
        if name == "cognito:user_status" {
            user["UserStatus"] = json!("EXTERNAL_PROVIDER");
        }
        pool.answers("AdminCreateUser", json!({ "User": user }));
        let logs = Logs::capture();
        let answer = create(&world).await;
        assert_eq!(
            (&answer.body["provisioned"], &answer.body["organizations"]),
            (&json!(true), &json!([]))
        );
        let decision = logs.lines().into_iter().find(|line| line["decision"].is_string());
        assert_eq!(decision.expect("a line")["reason"], "provider_not_trusted", "{name}: {value}");
    }
}

#[tokio::test]
async fn a_verified_address_counts_in_every_notation_that_cognito_keeps() {
    for verified in ["true", "True", "TRUE"] {
        let (world, pool) = acme().await;
        let mut user = jane();
        for attribute in user["Attributes"].as_array_mut().expect("attributes") {
            if attribute["Name"] == "email_verified" {
                attribute["Value"] = json!(verified);
            }
        }
        pool.answers("AdminCreateUser", json!({ "User": user }));
        let answer = create(&world).await;
        assert_eq!(answer.body["emailVerified"], true);
        assert_eq!(answer.body["organizations"][0]["id"], "acme", "{verified}");
    }
}

#[tokio::test]
async fn every_combination_of_members_becomes_one_request_to_cognito() {
    let (world, pool) = acme().await;
    let attribute = |name: &str, value: &str| json!({ "Name": name, "Value": value });
    let verified = [(None, "true"), (Some(json!(true)), "true"), (Some(json!(false)), "false")];
    let names =
        [(None, None), (Some(Value::Null), None), (Some(json!(" Jane Doe ")), Some("Jane Doe"))];
    let user_names = [
        (None, "jane@acme.com"),
        (Some(Value::Null), "jane@acme.com"),
        (Some(json!("jane")), "jane"),
    ];
    let invitations =
        [(None, None), (Some(json!(true)), None), (Some(json!(false)), Some("SUPPRESS"))];
    pool.answers("AdminCreateUser", json!({ "User": jane() }));
    create(&world).await;
    assert_eq!(operations(&pool), ["DescribeUserPool", "AdminCreateUser"]);
    for (sent_verified, email_verified) in &verified {
        for (sent_name, name) in &names {
            for (sent_user_name, user_name) in &user_names {
                for (sent_invitation, action) in &invitations {
                    let members = [
                        ("emailVerified", sent_verified),
                        ("name", sent_name),
                        ("username", sent_user_name),
                        ("sendInvitation", sent_invitation),
                    ];
                    let mut body = json!({ "primaryEmail": "jane@acme.com" });
                    for (member, value) in members {
                        if let Some(value) = value {
                            body[member] = value.clone();
                        }
                    }
                    pool.answers("AdminCreateUser", json!({ "User": jane() }));
                    let answer = world.post("/users", &body).await;
                    assert_eq!(answer.status, 201, "{body}: {:#}", answer.body);

                    let mut attributes = vec![
                        attribute("email", "jane@acme.com"),
                        attribute("email_verified", email_verified),
                    ];
                    attributes.extend(name.map(|name| attribute("name", name)));
                    let mut expected = json!({
                        "UserPoolId": POOL_ID,
                        "Username": user_name,
                        "UserAttributes": attributes,
                        "DesiredDeliveryMediums": ["EMAIL"],
                    });
                    if let Some(action) = action {
                        expected["MessageAction"] = (*action).into();
                    }
                    assert_eq!(
                        pool.requests(),
                        [("AdminCreateUser".to_owned(), expected)],
                        "{body}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_username_that_cognito_could_not_take_is_refused_before_it_is_asked() {
    let (world, pool) = acme().await;
    for username in ["", " ", "jane doe", "jane\n", "jane\u{7f}", &"x".repeat(129)] {
        let body = json!({ "primaryEmail": "jane@acme.com", "username": username });
        let answer = world.post("/users", &body).await;

        assert_eq!(
            answer.problem(422, "username.invalid"),
            "a username has 1 to 128 characters, without white space and control characters"
        );
        assert_eq!(answer.errors(), [("/username", "username.invalid")]);
    }
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn what_cognito_refuses_is_refused_with_its_reason() {
    let (world, pool) = acme().await;
    let before = world.items().await;
    let exists = "a user with this address or name exists already: send another, or find the user";
    let not_invited = "Cognito could not send the invitation. The user may exist now: find the user, \
                       or repeat the request with `sendInvitation` false. Cognito's reason: That is \
                       no name.";
    pool.next("AdminCreateUser", Fate::error("UsernameExistsException", "Once."));
    create(&world).await;
    pool.requests();
    let table = [
        ("UsernameExistsException", "user.exists", exists),
        ("AliasExistsException", "user.exists", exists),
        ("CodeDeliveryFailureException", "user.not_invited", not_invited),
        ("InvalidParameterException", "user.refused", "Cognito refuses the user: That is no name."),
        (
            "UserLambdaValidationException",
            "user.refused",
            "Cognito refuses the user: That is no name.",
        ),
    ];
    for (exception, code, detail) in table {
        pool.next("AdminCreateUser", Fate::error(exception, "That is no name."));
        let answer = create(&world).await;
        assert_eq!(answer.problem(422, code), detail);
        assert_eq!(pool.requests().len(), 1, "{exception} is not tried again");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_429_and_the_creation_is_not_repeated() {
    let (world, pool) = acme_with_jane().await;
    let words = "Exceeded daily email limit for the operation or the account.";
    pool.next("AdminCreateUser", Fate::error("LimitExceededException", words));

    let answer = create(&world).await;

    assert_eq!(
        answer.problem(429, "user_pool.quota_used_up"),
        "a quota of the user pool is used up, such as the emails that it may send in a day. The user \
         may exist now: look for the user in the user pool before you repeat the request later, or \
         with `sendInvitation` false"
    );
    assert_eq!(answer.header("retry-after"), "3600");
    assert_eq!(operations(&pool), ["DescribeUserPool", "AdminCreateUser"]);
}

#[tokio::test]
async fn a_creation_whose_outcome_is_unknown_is_not_repeated_and_says_that_the_user_may_exist() {
    let inside = json!({ "__type": "InternalErrorException", "message": "inside" });
    for sign_in in [SignIn::AddressAlias, SignIn::Address] {
        for fate in [
            Fate::Hang,
            Fate::Lost,
            Fate::Reply { status: 500, body: inside.clone() },
            Fate::Reply { status: 503, body: json!({}) },
        ] {
            // Cognito has created the user, and its answer is late or lost.
            let pool = Pool::with_users(sign_in, [jane()]);
            let (world, pool) = acme_over(pool).await;
            pool.next("AdminCreateUser", fate);

            let answer = create(&world).await;

            assert_may_exist(&answer);
            assert_eq!(operations(&pool), ["DescribeUserPool", "AdminCreateUser"]);
        }
    }
}

#[tokio::test]
async fn a_creation_that_is_refused_by_rate_is_repeated() {
    let (world, pool) = acme().await;
    pool.next("AdminCreateUser", Fate::error("TooManyRequestsException", "Rate exceeded"));
    pool.next("AdminCreateUser", Fate::Reply { status: 429, body: json!({}) });
    pool.answers("AdminCreateUser", json!({ "User": jane() }));

    assert_eq!(create(&world).await.status, 201);
}

/// Cognito waits for two triggers, five seconds each.
#[test]
fn a_creation_has_the_time_of_the_pools_triggers_and_the_function_has_more() {
    let Waits { attempt, call, .. } = Waits::CREATE_USER;
    assert!(attempt > Duration::from_secs(10) && call > attempt, "{attempt:?}, {call:?}");
    let users = functions::function("users").and_then(|users| users.timeout).expect("a time-out");
    // Before it, the pool may be described. After it, the user is provisioned.
    assert!(call + Waits::HTTP.call < Duration::from_secs(users.into()), "{users} s");
}

#[tokio::test]
async fn a_rate_that_is_exceeded_is_429_after_three_attempts() {
    for (operation, method, path) in &CALLS {
        let (world, pool) = acme_with_jane().await;
        pool.stays(operation, &Fate::error("TooManyRequestsException", "Rate exceeded"));

        let answer = ask(&world, method, path).await;

        assert_eq!(
            answer.problem(429, "user_pool.too_many_requests"),
            "Cognito takes no more requests at the moment: repeat the request in a moment"
        );
        assert_eq!(answer.header("retry-after"), "1");
        let called = operations(&pool).iter().filter(|called| called == operation).count();
        assert_eq!(called, 3, "{operation}");
        assert_eq!(pool.user_names(), ["jane"]);
    }
}

/// Each request to Cognito, and what makes it.
const CALLS: [(&str, Method, &str); 3] = [
    ("AdminCreateUser", Method::POST, "/users"),
    ("ListUsers", Method::GET, JANE),
    ("AdminGetUser", Method::DELETE, JANE),
];

async fn ask(world: &World, method: &Method, path: &str) -> Answer {
    let ask = world.ask(method.clone(), path);
    let body = json!({ "primaryEmail": "jane@acme.com" });
    if method == Method::POST { ask.json(&body).send().await } else { ask.send().await }
}

fn assert_may_exist(answer: &Answer) {
    assert_eq!(
        answer.problem(503, "service.unavailable"),
        "Cognito failed, or did not answer in time. The user may exist now: look for the user in the \
         user pool before you repeat the request"
    );
    assert_eq!(answer.header("retry-after"), "1");
}

fn assert_asks_to_come_back(answer: &Answer) {
    assert_eq!(
        answer.problem(503, "service.unavailable"),
        "a service that this one needs did not answer in time: repeat the request in a moment"
    );
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_cognito_that_cannot_answer_now_is_a_503_with_retry_after() {
    let (world, pool) = acme().await;
    let failure = json!({ "__type": "InternalErrorException", "message": "inside" });
    for (operation, method, path) in &CALLS {
        for fate in [Fate::Reply { status: 500, body: failure.clone() }, Fate::Lost, Fate::Hang] {
            pool.stays(operation, &fate);
            let answer = ask(&world, method, path).await;
            if *operation == "AdminCreateUser" {
                assert_may_exist(&answer);
            } else {
                assert_asks_to_come_back(&answer);
            }
        }
    }
    let (world, pool) = acme_with_jane().await;
    pool.stays("AdminDeleteUser", &Fate::Lost);
    assert_asks_to_come_back(&world.delete(JANE).await);
}

#[tokio::test]
async fn a_mistake_in_how_cognito_is_used_is_an_error_that_says_nothing_of_the_inside() {
    let (world, pool) = acme().await;
    for (operation, method, path) in &CALLS {
        for exception in
            ["NotAuthorizedException", "AccessDeniedException", "ResourceNotFoundException"]
        {
            pool.next(operation, Fate::error(exception, "arn:aws:inside"));
            let answer = ask(&world, method, path).await;
            assert_eq!(
                answer.problem(500, "internal"),
                "something went wrong on our side: repeat the request, and tell the operator if it \
                 stays"
            );
        }
    }
}

#[tokio::test]
async fn without_a_user_pool_the_log_says_what_is_missing() {
    let world = World::new().await;
    let logs = Logs::capture();
    for (_, method, path) in &CALLS {
        ask(&world, method, path).await.problem(500, "internal");
        let lines = logs.lines();
        let hint = "there is no user pool: set USER_POOL_ID, or start usher-local with --user-pool";
        assert!(lines.iter().any(|line| line.to_string().contains(hint)), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_user_who_could_not_be_provisioned_exists_and_joins_with_the_first_token() {
    let (world, pool) = acme().await;
    pool.answers("AdminCreateUser", json!({ "User": jane() }));
    world.wire.next("Query", Fate::error("AccessDeniedException", "inside"));

    assert_is(&create(&world).await, 201, &created(false, &json!([])));

    world.wire.mend();
    assert_is(&world.get("/users/user-1/organizations").await, 200, &json!([]));
    world.token("user-1", "jane@acme.com").await;
    let held = world.get("/users/user-1/organizations").await;
    assert_is(&held, 200, &json!([joined("PreTokenGeneration")]));
}

#[tokio::test]
async fn values_that_cannot_be_accepted_are_refused_before_cognito_is_asked() {
    let (world, pool) = acme().await;
    let long = "x".repeat(Name::LONGEST + 1);
    let with = |email: &str| json!({ "primaryEmail": email });
    let named = |name: &str| json!({ "primaryEmail": "jane@acme.com", "name": name });
    let table = [
        (with(""), vec![("/primaryEmail", "email_address.invalid")]),
        (with("jane"), vec![("/primaryEmail", "email_address.invalid")]),
        (with("@acme.com"), vec![("/primaryEmail", "email_address.invalid")]),
        (with(" jane@acme.com"), vec![("/primaryEmail", "email_address.invalid")]),
        (with("jane\0@acme.com"), vec![("/primaryEmail", "email_address.invalid")]),
        (with("a@b@acme.com"), vec![("/primaryEmail", "email_address.invalid")]),
        (with("\"jane\"@acme.com"), vec![("/primaryEmail", "email_address.quoted_local_part")]),
        (with("jane@ａcme.com"), vec![("/primaryEmail", "email_address.ambiguous_domain")]),
        (with("jane@localhost"), vec![("/primaryEmail", "email_address.domain")]),
        (with("jane@127.0.0.1"), vec![("/primaryEmail", "email_address.domain")]),
        (named(""), vec![("/name", "name.invalid")]),
        (named(&long), vec![("/name", "name.invalid")]),
        (named("a\0b"), vec![("/name", "name.invalid")]),
        (named("\u{2800}"), vec![("/name", "name.invalid")]),
        (named("Jane \u{202e}eoD"), vec![("/name", "name.invalid")]),
        (
            with(&format!("jane@{}.com", "a.".repeat(600))),
            vec![("/primaryEmail", "email_address.invalid")],
        ),
    ];
    for (body, errors) in table {
        let answer = world.post("/users", &body).await;
        answer.problem(422, errors[0].1);
        assert_eq!(answer.errors(), errors, "{body}");
    }
    let answer = world.post("/users", &json!({ "primaryEmail": "jane", "name": "" })).await;
    answer.problem(422, "request.invalid_values");
    assert_eq!(
        answer.errors(),
        [("/primaryEmail", "email_address.invalid"), ("/name", "name.invalid")]
    );
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn bodies_of_another_shape_are_refused_before_cognito_is_asked() {
    let (world, pool) = acme().await;
    let email = "jane@acme.com";
    let table = [
        (json!({}), ""),
        (json!([email]), ""),
        (json!({ "primaryEmail": null }), "/primaryEmail"),
        (json!({ "primaryEmail": 1 }), "/primaryEmail"),
        (json!({ "primaryEmail": email, "emailVerified": null }), "/emailVerified"),
        (json!({ "primaryEmail": email, "emailVerified": "true" }), "/emailVerified"),
        (json!({ "primaryEmail": email, "sendInvitation": null }), "/sendInvitation"),
        (json!({ "primaryEmail": email, "sendInvitation": 0 }), "/sendInvitation"),
        (json!({ "primaryEmail": email, "name": [] }), "/name"),
        (json!({ "primaryEmail": email, "username": {} }), "/username"),
        (json!({ "primaryEmail": email, "password": "secret" }), "/password"),
    ];
    for (body, pointer) in table {
        let answer = world.post("/users", &body).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn a_listed_user_is_found_by_exactly_this_sub_and_does_not_count_as_active() {
    let (world, pool) = acme_with_jane().await;

    assert_is(&world.get(JANE).await, 200, &entity());

    // `AdminGetUser` would make an idle user an active one of the month.
    assert_eq!(pool.requests(), [listing("user-1")]);
    // A user with another `sub`, whom a less exact filter would find, is not the answer.
    let joe = pool_user("user-10", "joe", "joe@acme.com", true);
    pool.answers("ListUsers", json!({ "Users": [joe] }));
    pool.next("AdminGetUser", Fate::error("UserNotFoundException", "User does not exist."));
    world.get(JANE).await.problem(404, "user.not_found");
}

#[tokio::test]
async fn a_user_who_is_not_listed_yet_is_found_and_deleted() {
    let pool = Pool::with_users(SignIn::Name, []);
    pool.stop_listing();
    pool.add(jane());
    let (world, pool) = acme_over(pool).await;

    assert_is(&world.get(JANE).await, 200, &entity());
    assert_eq!(pool.requests(), [listing("user-1"), about("AdminGetUser", "user-1")]);

    assert_is(&world.delete(JANE).await, 204, &Value::Null);
    let expected = [about("AdminGetUser", "user-1"), about("AdminDeleteUser", "jane")];
    assert_eq!(pool.requests(), expected);
    assert!(pool.user_names().is_empty());
}

#[tokio::test]
async fn a_member_of_another_provider_who_is_not_listed_yet_is_found_and_deleted_by_the_name() {
    let (pool, google) = google_user();
    pool.stop_listing();
    pool.add(google);
    let (world, pool) = acme_over(pool).await;
    let mut event = trigger_event("1", "PostConfirmation_ConfirmSignUp", &google_attributes());
    event["userName"] = json!("Google_1");
    world.post_confirmation(&event).await;
    assert!(!kept(&world).await.is_empty(), "a member has a profile");

    let answer = world.get(JANE).await;
    assert_eq!((answer.status.as_u16(), &answer.body["username"]), (200, &json!("Google_1")));
    assert_eq!(pool.requests(), [listing("user-1"), about("AdminGetUser", "Google_1")]);

    assert_is(&world.delete(JANE).await, 204, &Value::Null);
    let expected = [about("AdminGetUser", "Google_1"), about("AdminDeleteUser", "Google_1")];
    assert_eq!(pool.requests(), expected);
    assert!(pool.user_names().is_empty());
    assert_eq!(kept(&world).await, []);
}

#[tokio::test]
async fn a_user_of_another_provider_without_a_profile_is_deleted_by_the_name_in_the_list() {
    let (pool, google) = google_user();
    pool.add(google);
    let (world, pool) = acme_over(pool).await;

    assert_is(&world.delete(JANE).await, 204, &Value::Null);

    let expected = [
        about("AdminGetUser", "user-1"),
        listing("user-1"),
        about("AdminGetUser", "Google_1"),
        about("AdminDeleteUser", "Google_1"),
    ];
    assert_eq!(pool.requests(), expected);
    assert!(pool.user_names().is_empty());
}

/// An empty pool, and a user who signs in at Google.
fn google_user() -> (Pool, Value) {
    let mut user = pool_user("user-1", "Google_1", "jane@acme.com", true);
    user["UserStatus"] = json!("EXTERNAL_PROVIDER");
    let identities = google_attributes()["identities"].clone();
    let attributes = user["Attributes"].as_array_mut().expect("attributes");
    attributes.push(json!({ "Name": "identities", "Value": identities }));
    (Pool::with_users(SignIn::Name, []), user)
}

fn google_attributes() -> Value {
    let identities = json!([{ "providerName": "Google", "providerType": "Google" }]).to_string();
    json!({
        "sub": "user-1",
        "email": "jane@acme.com",
        "email_verified": "true",
        "identities": identities,
    })
}

#[tokio::test]
async fn nobody_else_is_deleted_who_has_the_name_by_now() {
    // Jane signed up as `user-1` and her profile says so. In each case somebody else has that name.
    let joe = |name: &str| pool_user("user-2", name, "joe@acme.com", true);
    let mut pools = Vec::new();

    // Jane was deleted, and Joe took the name.
    pools.push((Pool::with_users(SignIn::Name, [joe("old-name")]), vec!["old-name"]));
    // The list still shows Jane with the name.
    let lagging = Pool::with_users(SignIn::Name, [pool_user("user-1", "old-name", "x@y.z", true)]);
    lagging.stop_listing();
    lagging.delete("old-name");
    lagging.add(joe("old-name"));
    pools.push((lagging, vec!["old-name"]));
    // Jane exists under another name.
    let both = Pool::with_users(SignIn::Name, [jane(), joe("old-name")]);
    pools.push((both, vec!["old-name"]));
    // Joe has chosen Jane's `sub` for a name.
    let hostile = Pool::with_users(SignIn::Name, [joe("user-1"), jane()]);
    pools.push((hostile, vec!["user-1"]));
    // Joe has Jane's old name for an address.
    let alias = pool_user("user-2", "joe", "old-name", true);
    pools.push((Pool::with_users(SignIn::AddressAlias, [alias]), vec!["joe"]));

    for (pool, left) in pools {
        let (world, pool) = acme_over(pool).await;
        let attributes = verified("user-1", "jane@acme.com");
        let mut event = trigger_event("1", "PostConfirmation_ConfirmSignUp", &attributes);
        event["userName"] = json!("old-name");
        world.post_confirmation(&event).await;

        assert_is(&world.delete(JANE).await, 204, &Value::Null);

        assert_eq!(pool.user_names(), left);
        assert_eq!(kept(&world).await, []);
    }
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let (world, pool) = acme_over(Pool::with_users(SignIn::Name, [])).await;
    let asked = [listing("user-1"), about("AdminGetUser", "user-1")];
    for (method, mut asked) in [(Method::GET, asked.clone()), (Method::DELETE, asked)] {
        if method == Method::DELETE {
            asked.reverse();
        }
        let answer = world.ask(method, JANE).send().await;
        assert_eq!(
            answer.problem(404, "user.not_found"),
            "there is no user `user-1`: send the `sub` of a user in the pool"
        );
        assert_eq!(pool.requests(), asked);
    }
}

#[tokio::test]
async fn what_cannot_be_a_user_id_is_not_found_and_cognito_is_not_asked() {
    let (world, pool) = acme().await;
    let long = "x".repeat(129);
    for id in ["jane@acme.com", "a%22b", "a%20b", "%00", "a.b", &long] {
        for method in [Method::GET, Method::DELETE] {
            let answer = world.ask(method, &format!("/users/{id}")).send().await;
            answer.problem(404, "user.not_found");
        }
    }
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn a_deleted_user_is_gone_in_cognito_first_and_here_but_removal_marks_by_address_stay() {
    let (world, pool) = acme_with_jane().await;
    world.organization("umbrella").await;
    world.domains("umbrella", &["acme.com"]).await;
    world.sign_up("user-1", "jane@acme.com").await;
    assert_eq!(world.delete("/organizations/umbrella/users/user-1").await.status, 204);
    let marks = |items: Vec<(String, String)>| -> Vec<_> {
        items.into_iter().filter(|(pk, _)| pk.starts_with("REMOVED#")).collect()
    };
    let before = marks(world.items().await.into_keys().collect());
    assert_eq!(before.len(), 1);

    assert_is(&world.delete(JANE).await, 204, &Value::Null);

    let expected = [about("AdminGetUser", "user-1"), about("AdminDeleteUser", "jane")];
    assert_eq!(pool.requests(), expected);
    assert!(pool.user_names().is_empty());
    let items: Vec<_> = world.items().await.into_keys().collect();
    let of_user: Vec<_> =
        items.iter().filter(|(pk, sk)| pk == "USER#user-1" || sk == "USER#user-1").collect();
    assert_eq!(of_user, [&key("USER#user-1", "PROFILE")], "only the tombstone stays");
    assert_eq!(marks(items), before);
    // A new account with the old address is let in where the old one was, and only there.
    world.sign_up("user-2", "jane@acme.com").await;
    let held = world.get("/users/user-2/organizations").await;
    assert_is(&held, 200, &json!([joined("PostConfirmation")]));
}

#[tokio::test]
async fn a_user_who_belongs_to_nothing_is_deleted_and_then_not_found() {
    let (world, pool) = acme_with_jane().await;

    assert_is(&world.delete(JANE).await, 204, &Value::Null);

    assert!(pool.user_names().is_empty());
    for method in [Method::DELETE, Method::GET] {
        world.ask(method, JANE).send().await.problem(404, "user.not_found");
    }
}

#[tokio::test]
async fn a_user_whom_only_the_table_knows_can_be_deleted() {
    let (world, pool) = acme_over(Pool::with_users(SignIn::Name, [])).await;
    world.sign_up("user-1", "jane@acme.com").await;

    assert_is(&world.delete(JANE).await, 204, &Value::Null);

    assert_eq!(pool.requests(), [about("AdminGetUser", "user-1"), listing("user-1")]);
    assert_is(&world.get("/users/user-1/organizations").await, 200, &json!([]));
    world.delete(JANE).await.problem(404, "user.not_found");
}

#[tokio::test]
async fn a_user_whom_somebody_else_deletes_at_the_same_time_is_gone_all_the_same() {
    let (world, pool) = acme_with_jane().await;
    world.sign_up("user-1", "jane@acme.com").await;
    pool.next("AdminDeleteUser", Fate::error("UserNotFoundException", "User does not exist."));

    assert_is(&world.delete(JANE).await, 204, &Value::Null);

    assert_is(&world.get("/users/user-1/organizations").await, 200, &json!([]));
}

#[tokio::test]
async fn a_deletion_that_is_cut_anywhere_can_be_repeated() {
    // The query for the name; the profile is read, the account at the address deleted, the tombstone
    // written, and the rest read and deleted.
    for calls in 0..6 {
        let (world, pool) = acme_with_jane().await;
        world.sign_up("user-1", "jane@acme.com").await;
        world.wire.cut_after(calls);
        assert_asks_to_come_back(&world.delete(JANE).await);

        world.wire.mend();
        assert_is(&world.delete(JANE).await, 204, &Value::Null);
        assert!(pool.user_names().is_empty());
        assert_eq!(kept(&world).await, [], "after {calls} calls");
    }
}

#[tokio::test]
async fn where_addresses_are_aliases_a_name_is_generated() {
    let (world, pool) = acme_over(Pool::with_users(SignIn::AddressAlias, [])).await;

    for (email, sub) in [("jane@acme.com", "sub-1"), ("joe@acme.com", "sub-2")] {
        let answer = world.post("/users", &json!({ "primaryEmail": email })).await;

        let name = answer.body["username"].as_str().expect("a name").to_owned();
        let mut expected = created(true, &json!([joined("ManagementApi")]));
        expected["id"] = json!(sub);
        expected["username"] = json!(name);
        expected["primaryEmail"] = json!(email);
        assert_is(&answer, 201, &expected);
        assert_eq!(name.len(), 36, "{name}");
        assert_eq!(&name[14..15], "4", "a random UUID: {name}");
        assert_eq!(pool.user_names().last(), Some(&name));
    }
    // The pool is described once.
    let asked = ["DescribeUserPool", "AdminCreateUser", "AdminCreateUser"];
    assert_eq!(operations(&pool), asked);

    // The address of somebody else is taken, though no user name is.
    assert_eq!(
        create(&world).await.problem(422, "user.exists"),
        "a user with this address or name exists already: send another, or find the user"
    );
}

#[tokio::test]
async fn where_addresses_are_aliases_a_name_of_ones_own_is_kept_unless_it_is_an_address() {
    let (world, pool) = acme_over(Pool::with_users(SignIn::AddressAlias, [])).await;
    let named = |name: &str| json!({ "primaryEmail": "jane@acme.com", "username": name });

    for name in ["jane@acme.com", "joe@globex.com", "Jane@ACME.com"] {
        let answer = world.post("/users", &named(name)).await;
        let detail = "the user pool has addresses as aliases, so a user name cannot be an address: \
                      send another name, or none to have one generated";
        assert_eq!(answer.problem(422, "username.email_address"), detail);
        assert_eq!(answer.errors(), [("/username", "username.email_address")]);
    }
    assert_eq!(operations(&pool), ["DescribeUserPool"]);

    // What Cognito takes for an address and Usher does not is refused in Cognito's words.
    let answer = world.post("/users", &named("jane@home")).await;
    assert_eq!(
        answer.problem(422, "user.refused"),
        "Cognito refuses the user: Username cannot be of email format, since user pool is configured \
         for email alias."
    );

    let answer = world.post("/users", &named("jane")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["username"]), (201, &json!("jane")));
    assert_eq!(pool.user_names(), ["jane"]);
}

#[tokio::test]
async fn where_addresses_are_no_aliases_the_address_is_the_name() {
    for (sign_in, name) in [(SignIn::Name, "jane@acme.com"), (SignIn::Address, "sub-1")] {
        let (world, pool) = acme_over(Pool::with_users(sign_in, [])).await;

        let answer = create(&world).await;

        assert_eq!((answer.status.as_u16(), &answer.body["username"]), (201, &json!(name)));
        assert_eq!(pool.requests()[1].1["Username"], "jane@acme.com");
        create(&world).await.problem(422, "user.exists");
    }
    let (world, pool) = acme_over(Pool::with_users(SignIn::Name, [])).await;
    let body = json!({ "primaryEmail": "jane@acme.com", "username": "joe@globex.com" });
    assert_eq!(world.post("/users", &body).await.status, 201);
    assert_eq!(pool.user_names(), ["joe@globex.com"]);
}

#[tokio::test]
async fn a_user_without_a_usable_sub_says_nothing_of_the_inside() {
    let (world, pool) = acme().await;
    let user = pool_user("not an id", "jane", "jane@acme.com", true);
    pool.answers("AdminCreateUser", json!({ "User": user }));
    create(&world).await.problem(500, "internal");
}
