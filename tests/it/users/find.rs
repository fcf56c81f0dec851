//! `GET /users`: the users with an address

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::domain::decision::JoinPolicy;
use shared::domain::provider::{ProviderPolicy, TrustedProviders};

use crate::support::{
    Answer, Fate, Logs, POOL_ID, Pool, SignIn, World, assert_internal, assert_is,
    assert_unavailable, pool_user, verified, with,
};

const JANE: &str = "jane@acme.com";

/// A world over a pool with these users, where acme lists acme.com.
async fn world_of(users: impl IntoIterator<Item = Value>) -> (World, Pool) {
    let pool = Pool::with_users(SignIn::Name, users);
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    (world, pool)
}

async fn find(world: &World, email: &str) -> Answer {
    let email = utf8_percent_encode(email, NON_ALPHANUMERIC);
    world.get(&format!("/users?email={email}")).await
}

/// The users of an answer, each with whether the address is proven.
fn found(answer: &Answer) -> Vec<(&str, bool)> {
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let users = answer.body.as_array().expect("a list").iter();
    let user = |user: &'static str| user;
    users
        .map(|it| {
            let id = it[user("id")].as_str().expect("an id");
            (id, it[user("addressProven")].as_bool().expect("a boolean"))
        })
        .collect()
}

/// The filters with which users were listed since this was asked last.
fn filters(pool: &Pool) -> Vec<String> {
    let listings = pool.requests().into_iter().filter(|(operation, _)| operation == "ListUsers");
    let mut filters: Vec<_> =
        listings.map(|(_, asked)| asked["Filter"].as_str().expect("a filter").to_owned()).collect();
    filters.sort_unstable();
    filters
}

/// A user with one more attribute.
fn with_attribute(mut user: Value, name: &str, value: &str) -> Value {
    let attributes = user["Attributes"].as_array_mut().expect("attributes");
    attributes.push(json!({ "Name": name, "Value": value }));
    user
}

/// A user who was created so many days later than the others.
fn created_later(mut user: Value, days: f64) -> Value {
    let created = user["UserCreateDate"].as_f64().expect("a time");
    user["UserCreateDate"] = (created + days * 86_400.0).into();
    user
}

#[tokio::test]
async fn an_address_that_nobody_has_finds_nobody() {
    let (world, pool) = world_of([pool_user("joe", "joe", "joe@acme.com", true)]).await;
    pool.requests();
    assert_is(&find(&world, JANE).await, 200, &json!([]));
    let filter = format!("email = \"{JANE}\"");
    let asked = json!({ "UserPoolId": POOL_ID, "Filter": filter, "Limit": 60 });
    assert_eq!(pool.requests(), [("ListUsers".to_owned(), asked)]);
}

#[tokio::test]
async fn a_user_is_whole_and_the_address_is_proven_if_cognito_has_verified_it() {
    let (world, _pool) = world_of([super::jane()]).await;
    let expected = with(super::entity(), json!({ "addressProven": true }));
    assert_is(&find(&world, JANE).await, 200, &json!([expected]));
}

#[tokio::test]
async fn those_who_have_proven_the_address_come_first_and_then_the_newest() {
    let claims = |sub, days| created_later(pool_user(sub, sub, JANE, false), days);
    let proves = |sub, days| created_later(pool_user(sub, sub, JANE, true), days);
    let users = [
        claims("mallory", 9.0),
        proves("old", 1.0),
        claims("eve", 10.0),
        proves("new", 2.0),
        proves("also-new", 2.0),
        pool_user("joe", "joe", "joe@acme.com", true),
    ];
    let (world, _pool) = world_of(users).await;
    let expected =
        [("also-new", true), ("new", true), ("old", true), ("eve", false), ("mallory", false)];
    assert_eq!(found(&find(&world, JANE).await), expected);
}

#[tokio::test]
async fn an_address_counts_as_proven_by_the_rules_of_provisioning() {
    let at = |provider: &str, kind: &str| {
        json!([{ "providerName": provider, "providerType": kind }]).to_string()
    };
    let user = |sub: &str, verified| pool_user(sub, sub, JANE, verified);
    let users = [
        with_attribute(user("google", true), "identities", &at("Google", "Google")),
        with_attribute(user("google-unverified", false), "identities", &at("Google", "Google")),
        with_attribute(user("saml", true), "identities", &at("Acme", "SAML")),
        with_attribute(user("unreadable", true), "identities", "unreadable"),
        with_attribute(user("trusted", true), "identities", &at("Own", "OIDC")),
        user("native", true),
        user("unverified", false),
    ];
    let pool = Pool::with_users(SignIn::Name, users);
    let trusted = TrustedProviders::parse("Google,Own").expect("names");
    let providers = ProviderPolicy { trusted, ..ProviderPolicy::default() };
    let joining = JoinPolicy { providers, ..JoinPolicy::default() };
    let policies = Policies { joining, ..Policies::default() };
    let world = World::under(policies, pool.user_pool()).await;

    let answer = find(&world, JANE).await;

    let proven: Vec<_> =
        found(&answer).into_iter().filter(|(_, is)| *is).map(|(id, _)| id).collect();
    assert_eq!(proven, ["google", "native", "trusted"]);
    assert_eq!(found(&answer).len(), 7);
    // Everybody can have an address there, and this user has proven it all the same.
    pool.add(pool_user("gmail", "gmail", "jane@gmail.com", true));
    assert_eq!(found(&find(&world, "jane@gmail.com").await), [("gmail", true)]);
}

#[tokio::test]
async fn who_has_proven_the_address_earlier_is_found_by_the_table() {
    let users = [
        pool_user("jane", "jane", "jane@new.example", true),
        pool_user("native", "native", JANE, true),
        // The pool's record does not prove it any more.
        pool_user("reset", "reset", JANE, false),
        pool_user("mallory", "mallory", JANE, false),
    ];
    let (world, pool) = world_of(users).await;
    for user in ["jane", "native", "reset", "gone"] {
        world.sign_up(user, "Jane@ACME.com").await;
    }
    world.token("jane", "jane@new.example").await;
    // A removal changes nothing about the proof.
    world.delete("/organizations/acme/users/jane").await;
    pool.requests();

    let answer = find(&world, JANE).await;

    let expected = [("jane", true), ("native", true), ("reset", true), ("mallory", false)];
    assert_eq!(found(&answer), expected);
    assert_eq!(answer.body[0]["primaryEmail"], "jane@new.example");
    let filters = filters(&pool);
    let expected = [
        "email = \"Jane@ACME.com\"",
        "email = \"jane@acme.com\"",
        "sub = \"gone\"",
        "sub = \"jane\"",
    ];
    assert_eq!(filters, expected, "only who is not listed is looked up");
    // The address that jane has now finds jane too.
    assert_eq!(found(&find(&world, "jane@new.example").await), [("jane", true)]);
}

#[tokio::test]
async fn who_is_not_listed_yet_is_found_by_the_last_known_name() {
    let (world, pool) = world_of([]).await;
    pool.stop_listing();
    world
        .post_confirmation(&crate::support::trigger_event(
            "1",
            "PostConfirmation_ConfirmSignUp",
            &verified("jane", JANE),
        ))
        .await;
    let mut federated = pool_user("jane", "jane", JANE, true);
    federated["UserStatus"] = json!("EXTERNAL_PROVIDER");
    pool.add(federated);
    assert_eq!(found(&find(&world, JANE).await), [("jane", true)]);
}

#[tokio::test]
async fn the_pool_is_asked_for_the_spelling_that_was_sent_and_for_the_normal_form() {
    let users = [
        pool_user("lower", "lower", JANE, true),
        pool_user("mixed", "mixed", "Jane@Acme.com", true),
        pool_user("upper", "upper", "JANE@ACME.COM", true),
    ];
    let (world, pool) = world_of(users).await;
    for (email, ids) in [
        (JANE, &["lower"][..]),
        ("Jane@Acme.com", &["lower", "mixed"]),
        ("JANE@ACME.COM", &["lower", "upper"]),
        ("jANE@acme.com", &["lower"]),
    ] {
        let answer = find(&world, email).await;
        let ids: Vec<_> = ids.iter().map(|id| (*id, true)).collect();
        assert_eq!(found(&answer), ids, "{email}");
    }
    // Members are found in every spelling.
    world.sign_up("mixed", "Jane@Acme.com").await;
    pool.requests();
    assert_eq!(found(&find(&world, "jANE@acme.com").await), [("lower", true), ("mixed", true)]);
    let expected = ["Jane@Acme.com", "jANE@acme.com", "jane@acme.com"];
    let expected = expected.map(|spelling| format!("email = \"{spelling}\""));
    assert_eq!(filters(&pool), expected);
}

#[tokio::test]
async fn plus_signs_apostrophes_and_international_domains_are_sent_as_they_are() {
    let addresses = ["jane+1@acme.com", "o'hara@acme.com", "j\u{e4}ne@b\u{fc}cher.example"];
    let users = addresses.iter().enumerate().map(|(number, address)| {
        let id = format!("user-{number}");
        pool_user(&id, &id, address, true)
    });
    let (world, pool) = world_of(users).await;
    for (number, address) in addresses.iter().enumerate() {
        let id = format!("user-{number}");
        assert_eq!(found(&find(&world, address).await), [(&*id, true)], "{address}");
    }
    pool.requests();
    find(&world, "J\u{c4}NE@B\u{dc}CHER.example").await;
    let expected = [
        "email = \"J\u{c4}NE@B\u{dc}CHER.example\"",
        "email = \"j\u{e4}ne@xn--bcher-kva.example\"",
    ];
    assert_eq!(filters(&pool), expected);
}

#[tokio::test]
async fn an_address_that_is_too_long_for_a_filter_is_found_by_its_beginning() {
    let (local, labels) = ("x".repeat(64), format!("{0}.{0}.{0}", "y".repeat(56)));
    let address = |end: &str| format!("{local}@{labels}.{end}.com");
    // The filter of the first one has 256 characters.
    for end in ["abcdef", "abcdefg", &"z".repeat(50)] {
        let users = [
            pool_user("jane", "jane", &address(end), true),
            pool_user("joe", "joe", &address(&format!("{end}-2")), true),
        ];
        let (world, pool) = world_of(users).await;
        pool.requests();
        assert_eq!(found(&find(&world, &address(end)).await), [("jane", true)], "{end}");
        let filters = filters(&pool);
        let exact = end.len() == 6;
        assert!(
            filters[0].starts_with(if exact { "email = " } else { "email ^= " }),
            "{filters:?}"
        );
        assert_eq!((filters.len(), filters[0].len()), (1, 256));
    }
}

#[tokio::test]
async fn whoever_cognito_lists_with_another_address_is_left_out() {
    let (world, pool) = world_of([]).await;
    let users = [
        pool_user("joe", "joe", "joe@acme.com", true),
        pool_user("jane", "jane", "JANE@acme.com", true),
        json!({ "Username": "gus", "Attributes": [{ "Name": "sub", "Value": "gus" }] }),
        json!({ "Username": "nobody", "Attributes": [{ "Name": "email", "Value": JANE }] }),
    ];
    pool.answers("ListUsers", json!({ "Users": users }));
    assert_eq!(found(&find(&world, JANE).await), [("jane", true)]);
}

#[tokio::test]
async fn accounts_that_only_claim_an_address_do_not_hide_the_one_that_has_proven_it() {
    let claims = (0..250).map(|number| {
        let id = format!("mallory-{number:03}");
        created_later(pool_user(&id, &id, JANE, false), f64::from(number))
    });
    let users = claims.chain([pool_user("jane", "jane", JANE, true)]);
    let (world, pool) = world_of(users).await;
    pool.requests();

    let answer = find(&world, JANE).await;

    assert_eq!(pool.requests().len(), 5);
    let found = found(&answer);
    assert_eq!((found.len(), found[0], found[1]), (60, ("jane", true), ("mallory-249", false)));
}

#[tokio::test]
async fn at_most_five_pages_are_read_and_at_most_twenty_are_looked_up() {
    let claims = (0..400).map(|number| {
        let id = format!("mallory-{number:03}");
        pool_user(&id, &id, JANE, false)
    });
    let former = (0..25).map(|number| {
        let id = format!("former-{number:02}");
        pool_user(&id, &id, &format!("{id}@new.example"), true)
    });
    let (world, pool) = world_of(claims.chain(former)).await;
    world.sign_up("former-00", JANE).await;
    world.copy("former-00", (1..25).map(|number| format!("former-{number:02}"))).await;
    pool.requests();

    let answer = find(&world, JANE).await;

    let filters = filters(&pool);
    assert_eq!(filters.len(), 25);
    assert_eq!(filters.iter().filter(|filter| filter.starts_with("email")).count(), 5);
    let found = found(&answer);
    assert_eq!(found.len(), 60);
    let is_former = |(id, proven): &(&str, bool)| id.starts_with("former") && *proven;
    assert_eq!(found.iter().filter(|it| is_former(it)).count(), 20);
}

#[tokio::test]
async fn an_address_is_needed_once_and_must_be_one() {
    let (world, pool) = world_of([super::jane()]).await;
    pool.requests();
    let missing = "the query parameter `email` is missing: send it";
    assert_eq!(world.get("/users").await.problem(400, "request.parameter_missing"), missing);
    let long = format!("{}@acme.com", "x".repeat(1_081));
    for email in [
        "",
        "jane",
        "@acme.com",
        "jane@",
        "jane@localhost",
        "\"jane\"@acme.com",
        "jane\"@acme.com",
        "jane\\@acme.com",
        "x\" or sub = \"jane@acme.com",
        "jane@acme.com\"",
        "jane@ac\\me.com",
        "jane@acme.com ",
        "jane doe@acme.com",
        "jane@acme.com\0",
        "jane@\u{ff41}cme.com",
        &long,
    ] {
        find(&world, email).await.problem(400, "request.invalid_filter");
    }
    for (query, code) in [
        ("email=%FF@acme.com", "request.invalid_filter"),
        ("email=a@acme.com&email=a@acme.com", "request.invalid_filter"),
        ("email=jane@acme.com&page_size=1", "request.unknown_parameter"),
        ("q=jane@acme.com", "request.unknown_parameter"),
        ("Email=jane@acme.com", "request.unknown_parameter"),
    ] {
        world.get(&format!("/users?{query}")).await.problem(400, code);
    }
    assert_eq!(
        find(&world, "jane").await.problem(400, "request.invalid_filter"),
        "`email` is not an address of a user. This is not an email address: send one such as \
         name@example.com."
    );
    assert_eq!(pool.requests(), []);
}

#[tokio::test]
async fn each_failure_of_cognito_is_answered_as_for_one_user() {
    let (world, pool) = world_of([pool_user("jane", "jane", "jane@new.example", true)]).await;
    world.sign_up("jane", JANE).await;
    let inside = json!({ "__type": "InternalErrorException", "message": "inside" });
    pool.refuse_after("ListUsers", 0, &Fate::Lost);
    assert_unavailable(&find(&world, JANE).await);
    pool.requests();
    pool.refuse_after("ListUsers", 0, &Fate::Reply { status: 500, body: inside.clone() });
    assert_unavailable(&find(&world, JANE).await);
    pool.requests();
    let refusal = Fate::error("TooManyRequestsException", "Rate exceeded");
    pool.refuse_after("ListUsers", 0, &refusal);
    let answer = find(&world, JANE).await;
    answer.problem(429, "user_pool.too_many_requests");
    assert_eq!(answer.header("retry-after"), "1");
    pool.requests();
    pool.refuse_after("ListUsers", 0, &Fate::error("NotAuthorizedException", "arn:aws:in"));
    assert_internal(&find(&world, JANE).await);
    pool.requests();
    assert_eq!(found(&find(&world, JANE).await), [("jane", true)]);
}

#[tokio::test]
async fn no_log_line_has_the_address() {
    let (world, pool) = world_of([super::jane()]).await;
    let logs = Logs::capture();
    find(&world, JANE).await;
    find(&world, "jane.doe").await;
    pool.stays("ListUsers", &Fate::Lost);
    find(&world, JANE).await;
    let text = json!(logs.lines()).to_string();
    assert!(!text.contains("jane@") && !text.contains("jane.doe"), "{text}");
}

#[tokio::test]
async fn a_deleted_user_is_found_no_more() {
    let (world, _pool) = world_of([super::jane()]).await;
    world.sign_up("user-1", JANE).await;
    assert_eq!(found(&find(&world, JANE).await), [("user-1", true)]);
    assert_eq!(world.delete("/users/user-1").await.status, 204);
    assert_eq!(found(&find(&world, JANE).await), []);
}

#[tokio::test]
async fn a_user_can_be_created_at_the_same_address() {
    let (world, _pool) = world_of([]).await;
    let body = json!({ "primaryEmail": JANE });
    let answer = world.ask(Method::POST, "/users").json(&body).send().await;
    assert_eq!(answer.status, 201);
    assert_eq!(found(&find(&world, JANE).await), [("sub-1", true)]);
}

#[tokio::test]
async fn an_address_that_an_earlier_release_kept_counts_as_proven_only_after_a_proof() {
    let (world, _pool) = world_of([
        pool_user("mallory", "mallory", "mallory@evil.example", true),
        pool_user("jane", "jane", JANE, true),
    ])
    .await;
    let body = json!({ "userIds": ["mallory"] });
    world.post("/organizations/acme/users", &body).await;
    let mut profile = world.item("USER#mallory", "PROFILE").await;
    profile.remove("addresses");
    profile.insert("email".to_owned(), json!(JANE));
    world.put_plain(&json!(profile)).await;

    world.token("mallory", "mallory@evil.example").await;

    assert_eq!(found(&find(&world, JANE).await), [("jane", true)]);
    for filter in ["email", "q"] {
        let found = world.get(&format!("/organizations/acme/users?{filter}={JANE}")).await;
        assert_is(&found, 200, &json!([]));
    }
    world.token("mallory", JANE).await;
    let expected = [("jane", true), ("mallory", true)];
    assert_eq!(found(&find(&world, JANE).await), expected);
}

#[tokio::test]
async fn a_failed_look_up_hides_nobody_else_and_is_logged() {
    let users = ["gus", "jane"].map(|id| pool_user(id, id, &format!("{id}@new.example"), true));
    let (world, pool) = world_of(users).await;
    for user in ["gus", "jane"] {
        world.sign_up(user, JANE).await;
    }
    let logs = Logs::capture();
    let inside = json!({ "__type": "InternalErrorException", "message": "inside" });
    pool.refuse_after("ListUsers", 1, &Fate::Reply { status: 500, body: inside });
    assert_eq!(found(&find(&world, JANE).await), []);
    let failed =
        |line: &&Value| line["message"] == "a user with the address could not be looked up";
    assert_eq!(logs.lines().iter().filter(failed).count(), 2);
    pool.requests();
    let refusal = Fate::error("NotAuthorizedException", "inside");
    pool.refuse_after("ListUsers", 2, &refusal);
    assert_eq!(found(&find(&world, JANE).await).len(), 1);
}

#[tokio::test]
async fn a_search_does_not_wait_for_look_ups_that_take_too_long() {
    let users = [pool_user("native", "native", JANE, true)];
    let (world, pool) = world_of(users).await;
    world.sign_up("former-00", JANE).await;
    world.copy("former-00", (1..20).map(|number| format!("former-{number:02}"))).await;
    for _ in 0..200 {
        pool.next("AdminGetUser", Fate::Hang);
    }
    assert_eq!(found(&find(&world, JANE).await), [("native", true)]);
    let asked = pool.requests().into_iter().filter(|(operation, _)| operation == "AdminGetUser");
    let names: std::collections::HashSet<_> =
        asked.map(|(_, it)| it["Username"].to_string()).collect();
    assert!(names.len() < 20, "{names:?}");
}

#[tokio::test]
async fn accounts_that_no_longer_exist_do_not_hide_a_member_with_another_spelling() {
    let (world, _pool) = world_of([pool_user("zoe", "zoe", "Jane@Acme.com", true)]).await;
    world.sign_up("gone-00", JANE).await;
    world.copy("gone-00", (1..20).map(|number| format!("gone-{number:02}"))).await;
    world.sign_up("zoe", "Jane@Acme.com").await;
    assert_eq!(found(&find(&world, JANE).await), [("zoe", true)]);
}
