//! `/organizations/{organizationId}/activity` and `/users/{userId}/activity`

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shared::event::{Event, EventType};

use crate::memberships::members::walk;
use crate::support::{
    Answer, Fate, Logs, Pool, SignIn, World, assert_is, assert_no_organization, assert_unavailable,
    pool_user, with,
};

const ACTIVITY: &str = "/organizations/acme/activity";
const JANES: &str = "/users/jane/activity";
/// The id of an event of the first second of the year.
const ID: &str = "019b76daa80070008000000000000000-000";
/// The first moment of the year, in milliseconds since 1970.
const FIRST: i64 = 1_767_225_600_000;

/// Keeps events for 90 days, as `publish-events` does.
async fn keep_all<'a>(world: &World, events: impl IntoIterator<Item = &'a Event>) {
    world.store().keep_activity(events, 90).await.expect("they are kept");
}

/// Sends a request of Olga's at the console, a second after the one before.
async fn ask(world: &World, method: Method, path: &str, body: Value) {
    world.pass(Duration::from_secs(1));
    let ask = world.ask(method, path).caller("console", "olga");
    let ask = if body.is_null() { ask } else { ask.json(&body) };
    let answer = ask.send().await;
    assert!(answer.status.is_success(), "{path}: {:#}", answer.body);
}

/// A world in which Olga has created acme, which lists acme.com, and Jane has signed up a second later.
async fn acme() -> World {
    let jane = pool_user("jane", "jane", "jane@acme.com", true);
    let joe = pool_user("joe", "joe", "joe@elsewhere.com", true);
    let world = World::with_pool(&Pool::with_users(SignIn::Name, [jane, joe])).await;
    let acme = json!({ "id": "acme", "name": "Acme" });
    ask(&world, Method::POST, "/organizations", acme).await;
    let domain = json!({ "emailDomain": "acme.com" });
    ask(&world, Method::POST, "/organizations/acme/jit/email-domains", domain).await;
    world.pass(Duration::from_secs(1));
    world.sign_up("jane", "jane@acme.com").await;
    world
}

/// The types of the entries on a page.
#[track_caller]
fn types(page: &Value) -> Vec<&str> {
    let entries = page.as_array().expect("a list").iter();
    entries.map(|entry| entry["type"].as_str().expect("a type")).collect()
}

/// An id of an event at this number of milliseconds since 1970.
fn id(milliseconds: i64) -> String {
    format!("{milliseconds:012x}70008000000000000000-000")
}

/// An event of acme at this number of milliseconds since 1970.
fn event(kind: EventType, milliseconds: i64) -> Event {
    let time = jiff::Timestamp::from_millisecond(milliseconds).expect("a time");
    let event = json!({
        "version": 1,
        "id": id(milliseconds),
        "time": format!("{time:.3}"),
        "type": kind,
        "organizationId": "acme",
        "actor": { "type": "schedule" },
    });
    serde_json::from_value(event).expect("an event")
}

/// Keeps so many events of acme: one in each second of the year, all of this type.
async fn many(world: &World, count: i64, kind: EventType) {
    let events: Vec<_> = (0..count).map(|number| event(kind, FIRST + 1_000 * number)).collect();
    keep_all(world, &events).await;
}

/// An entry of acme's event of this time and type.
#[track_caller]
fn entry(told: &[Event], time: &str, kind: &str, more: Value) -> Value {
    let found = told.iter().find(|event| event.time == time && event.kind.as_str() == kind);
    let id = &found.expect("an event").id;
    with(json!({ "id": id, "time": time, "type": kind, "organizationId": "acme" }), more)
}

/// What is known of Jane now.
fn of_jane() -> Value {
    json!({ "userId": "jane", "primaryEmail": "jane@acme.com", "username": "jane" })
}

/// The entry of Jane's sign-up in [`acme`].
#[track_caller]
fn joined(told: &[Event]) -> Value {
    let time = "2026-01-01T00:00:03.000Z";
    let more = json!({
        "actor": { "type": "trigger", "entryPath": "PostConfirmation" },
        "cause": { "rule": "email_domain", "emailDomain": "acme.com" },
        "after": {
            "organizationRoleIds": [],
            "joinedAt": time,
            "entryPath": "PostConfirmation",
        },
    });
    entry(told, time, "Organization.Membership.Created", with(more, of_jane()))
}

#[tokio::test]
async fn what_has_happened_is_listed_with_whom_why_and_by_whom_the_newest_first() {
    let world = acme().await;
    ask(&world, Method::DELETE, "/organizations/acme/users/jane", Value::Null).await;
    world.keep_activity().await;
    let before = world.items_and_changes().await;

    let answer = world.get(ACTIVITY).await;

    let told = world.told().await;
    let olga = json!({ "type": "api", "clientId": "console", "subject": "olga" });
    let removed = json!({
        "actor": olga,
        "cause": { "reason": "removed" },
        "before": { "organizationRoleIds": [], "joinedAt": "2026-01-01T00:00:03.000Z" },
    });
    let added = json!({
        "emailDomain": "acme.com",
        "actor": olga,
        "after": {
            "enrollment": "automatic",
            "existingUsers": null,
            "organizationRoleIds": null,
            "subdomains": false,
            "ownership": "vouched",
        },
    });
    let created = json!({ "actor": olga, "after": { "name": "Acme", "description": null } });
    let expected = json!([
        entry(
            &told,
            "2026-01-01T00:00:04.000Z",
            "Organization.Membership.Removed",
            with(removed, of_jane()),
        ),
        joined(&told),
        entry(&told, "2026-01-01T00:00:02.000Z", "Organization.EmailDomain.Added", added,),
        entry(&told, "2026-01-01T00:00:01.000Z", "Organization.Created", created,),
    ]);
    assert_is(&answer, 200, &expected);
    assert_eq!(["link", "etag"].map(|name| answer.header(name)), ["", ""]);
    assert_is(&world.get(ACTIVITY).await, 200, &expected);
    assert_eq!(world.items_and_changes().await, before, "a request for activity writes nothing");
}

#[tokio::test]
async fn an_entry_of_each_type_is_as_the_document_says() {
    let world = acme().await;
    let (post, put, patch, delete) = (Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    let role = world.role("Engineer").await;
    let roles = json!({ "organizationRoleIds": [role] });
    let acme = |rest: &str| format!("/organizations/acme{rest}");
    for (method, path, body) in [
        (&patch, acme(""), json!({ "name": "Acme Works" })),
        (&put, acme("/users/jane/roles"), roles.clone()),
        (&put, acme("/jit/roles"), roles.clone()),
        (&patch, acme("/jit/email-domains/acme.com"), json!({ "enrollment": "request" })),
        (&delete, acme("/users/jane"), Value::Null),
        (&delete, acme("/removed-users/jane"), Value::Null),
    ] {
        ask(&world, method.clone(), &path, body).await;
    }
    // Four ask, and each request ends in another way.
    for user in ["ann", "bob", "joe", "tim"] {
        world.pass(Duration::from_secs(1));
        world.sign_up(user, &format!("{user}@acme.com")).await;
    }
    let (approve, decline) = ("/join-requests/ann/approve", "/join-requests/bob/decline");
    for (method, path, body) in [
        (&post, acme(approve), json!({})),
        (&post, acme(decline), json!({})),
        (&post, acme("/users"), json!({ "userIds": ["joe"] })),
        (&delete, acme("/jit/email-domains/acme.com"), Value::Null),
    ] {
        ask(&world, method.clone(), &path, body).await;
    }
    let mut told = world.told().await;
    // These are as the others are.
    let others = [
        EventType::EmailDomainOwnershipChanged,
        EventType::SsoConnectorAdded,
        EventType::SsoConnectorChanged,
        EventType::SsoConnectorRemoved,
        EventType::OrganizationDeleted,
    ];
    told.extend(others.into_iter().zip(0..).map(|(kind, number)| Event {
        sso_connector_id: Some("Acme-Okta".to_owned()),
        before: Some(json!({ "enrollment": "off" })),
        after: Some(json!({ "enrollment": "automatic" })),
        ..event(kind, FIRST + 100_000 + number)
    }));
    keep_all(&world, &told).await;

    let answer = world.get(&format!("{ACTIVITY}?page_size=100")).await;

    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let mut missing: BTreeSet<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    for found in types(&answer.body) {
        missing.remove(found);
    }
    let never = [
        "Organization.Membership.Updated",
        "OrganizationRole.Created",
        "OrganizationRole.Deleted",
        "OrganizationRole.Updated",
        "User.Deleted",
    ];
    assert_eq!(Vec::from_iter(missing), never);
    for kind in EventType::ALL {
        let page = world.get(&format!("{ACTIVITY}?type={}&page_size=100", kind.as_str())).await;
        let all = answer.body.as_array().expect("a list").iter();
        let expected: Vec<_> = all.filter(|it| it["type"] == kind.as_str()).cloned().collect();
        assert_is(&page, 200, &json!(expected));
        assert_eq!(page.header("link"), "");
    }
}

#[tokio::test]
async fn activity_of_one_organization_and_of_one_user_is_not_that_of_another() {
    let world = acme().await;
    ask(&world, Method::POST, "/organizations", json!({ "id": "acme-2", "name": "Two" })).await;
    let members = json!({ "userIds": ["jane", "joe"] });
    ask(&world, Method::POST, "/organizations/acme-2/users", members).await;
    world.sign_up("jane-2", "jane-2@acme.com").await;
    world.keep_activity().await;
    let users = |answer: &Answer| {
        let entries = answer.body.as_array().expect("a list").iter();
        let told = entries.map(|it| (it["organizationId"].clone(), it["userId"].clone()));
        told.map(|(organization, user)| {
            format!("{} {}", organization.as_str().unwrap_or("?"), user.as_str().unwrap_or("-"))
        })
        .collect::<Vec<_>>()
    };
    for (path, mut expected) in [
        (ACTIVITY.to_owned(), vec!["acme jane-2", "acme jane", "acme -", "acme -"]),
        (format!("{ACTIVITY}?user=jane"), vec!["acme jane"]),
        (format!("{ACTIVITY}?user=jane-2"), vec!["acme jane-2"]),
        (format!("{ACTIVITY}?user=joe"), vec![]),
        (format!("{ACTIVITY}?user=nobody"), vec![]),
        (
            "/organizations/acme-2/activity".to_owned(),
            vec!["acme-2 jane", "acme-2 joe", "acme-2 -"],
        ),
        ("/organizations/acme-2/activity?user=jane".to_owned(), vec!["acme-2 jane"]),
        (JANES.to_owned(), vec!["acme-2 jane", "acme jane"]),
        ("/users/joe/activity".to_owned(), vec!["acme-2 joe"]),
        ("/users/nobody/activity".to_owned(), vec![]),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        let mut found = users(&answer);
        // Both were added in the same moment.
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{path}");
    }
    assert_is(
        &world.get(&format!("{ACTIVITY}?user=jane")).await,
        200,
        &json!([joined(&world.told().await)]),
    );
}

#[tokio::test]
async fn filters_are_combined() {
    let world = acme().await;
    ask(&world, Method::DELETE, "/organizations/acme/users/jane", Value::Null).await;
    world.keep_activity().await;
    let (created, removed) = ("Organization.Membership.Created", "Organization.Membership.Removed");
    for (query, expected) in [
        (format!("type={created}"), vec![created]),
        (format!("user=jane&type={removed}"), vec![removed]),
        (format!("user=jane&type={removed}&since=2026-01-01T00:00:04Z"), vec![removed]),
        (format!("user=jane&type={created}&since=2026-01-01T00:00:04Z"), vec![]),
        (format!("user=joe&type={created}"), vec![]),
        ("user=jane&since=2026-01-01T00:00:03Z".to_owned(), vec![removed, created]),
    ] {
        let answer = world.get(&format!("{ACTIVITY}?{query}")).await;
        assert_eq!(types(&answer.body), expected, "{query}");
    }
    for (query, expected) in [
        (format!("type={created}"), vec![created]),
        ("since=2026-01-01T00:00:04Z".to_owned(), vec![removed]),
        (format!("type={created}&since=2026-01-01T00:00:04Z"), vec![]),
    ] {
        let answer = world.get(&format!("{JANES}?{query}")).await;
        assert_eq!(types(&answer.body), expected, "{query}");
    }
}

#[tokio::test]
async fn since_has_the_moment_itself_to_the_millisecond() {
    let world = acme().await;
    world.keep_activity().await;
    for (since, count) in [
        // The organization, its domain, and Jane's sign-up.
        ("1000-01-01T00:00:00Z", 3),
        ("1969-12-31T23:59:59.999Z", 3),
        ("2026-01-01T00:00:01Z", 3),
        ("2026-01-01T00:00:02Z", 2),
        ("2026-01-01T00:00:03Z", 1),
        ("2026-01-01T00:00:03.000Z", 1),
        ("2026-01-01T00:00:02.999999999Z", 1),
        ("2026-01-01T00:00:03.000000001Z", 0),
        ("2026-01-01T00:00:03.001Z", 0),
        ("2026-01-01T00:00:03-00:00", 1),
        ("2026-01-01T01:00:03%2B01:00", 1),
        ("2025-12-31T18:30:03-05:30", 1),
        ("2025-12-31T18:30:04-05:30", 0),
        ("2999-12-31T23:59:59Z", 0),
    ] {
        let answer = world.get(&format!("{ACTIVITY}?since={since}")).await;
        assert_eq!(answer.status, 200, "{since}: {:#}", answer.body);
        assert_eq!(types(&answer.body).len(), count, "{since}");
    }
}

#[tokio::test]
async fn a_malformed_filter_is_refused_and_the_answer_says_what_to_send() {
    let world = acme().await;
    let id = "is not the id of a user: an id is 1 to 128 characters of A-Z a-z 0-9 _ -";
    let kind = "is not a type of events: send one such as `Organization.Membership.Created`";
    let time = "is not a time: send it as RFC 3339 says, such as `2026-01-01T09:00:00Z`";
    let long = "x".repeat(129);
    let mut cases: Vec<_> = [
        ("user", "", id),
        ("user", "a%20b", id),
        ("user", "ja.ne", id),
        ("user", &long, "is too long: send at most 128 characters"),
        ("user", "%00", "contains a control character: send it without"),
        ("user", "%ff", "is not UTF-8: percent-encode its UTF-8 form"),
        ("type", "", kind),
        ("type", "organization.created", kind),
        ("type", "Organization", kind),
        ("type", "Organization.Created%20", kind),
        ("type", &long, "is too long: send at most 64 characters"),
    ]
    .map(|(name, value, reason)| (name, value.to_owned(), reason))
    .into();
    for value in [
        "",
        "yesterday",
        "1767225600",
        "2026-01-01",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01%2000:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.0000000001Z",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-01T00:00:00+01:00",
        "2026-01-01T00:00:00%2B01",
        "2026-01-01T00:00:00%2B0100",
        "2026-01-01T00:00:00%2B24:00",
        "2026-01-01T00:00:00%2B01:60",
        "2026-01-01T00:00:00Z[UTC]",
        "%2B002026-01-01T00:00:00Z",
        "0999-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "20260101T000000Z",
        "2026-01-01T00:00:00Zé",
        "2026-01-01T00:00:0é",
    ] {
        cases.push(("since", value.to_owned(), time));
    }
    for (name, value, reason) in cases {
        let paths: &[_] = if name == "user" { &[ACTIVITY] } else { &[ACTIVITY, JANES] };
        for path in paths {
            let answer = world.get(&format!("{path}?{name}={value}")).await;
            let detail = answer.problem(400, "request.invalid_filter");
            assert_eq!(detail, format!("`{name}` {reason}"), "{value}");
        }
    }
    for query in ["user=jane&user=jane", "type=x&type=y", "since=&since="] {
        let answer = world.get(&format!("{ACTIVITY}?{query}")).await;
        answer.problem(400, "request.invalid_filter");
    }
    let answer = world.get(&format!("{JANES}?user=jane")).await;
    answer.problem(400, "request.unknown_parameter");
}

#[tokio::test]
async fn an_organization_that_is_not_there_has_no_activity() {
    let world = acme().await;
    world.keep_activity().await;
    for id in ["nobody", "ACME", "a.b"] {
        let path = format!("/organizations/{id}/activity");
        assert_no_organization(&world.get(&path).await, id, &path);
    }
    world.get("/users/a.b/activity").await.problem(404, "user.not_found");

    ask(&world, Method::DELETE, "/organizations/acme", Value::Null).await;
    world.keep_activity().await;

    for path in [ACTIVITY.to_owned(), format!("{ACTIVITY}?user=jane")] {
        assert_no_organization(&world.get(&path).await, "acme", &path);
    }
    // What happened to Jane there has happened.
    let answer = world.get(JANES).await;
    assert_eq!(types(&answer.body).last(), Some(&"Organization.Membership.Created"));
}

#[tokio::test]
async fn pages_are_walked_along_and_each_entry_is_met_once() {
    let world = World::new().await;
    world.organization("acme").await;
    many(&world, 250, EventType::OrganizationUpdated).await;
    let newest_first: Vec<_> = (0..250).rev().map(|number| id(FIRST + 1_000 * number)).collect();

    for (size, pages) in [("", 13), ("page_size=2", 125), ("page_size=50", 5), ("page_size=100", 3)]
    {
        let walked = walk(&world, &format!("{ACTIVITY}?{size}")).await;
        assert_eq!(walked.len(), pages, "{size}");
        assert_eq!(walked.concat(), newest_first, "{size}");
    }
    let since = "since=2026-01-01T00:04:00Z";
    let page = world.get(&format!("{ACTIVITY}?{since}&page_size=4")).await;
    assert_eq!(page.ids(), newest_first[..4]);
    let next = page.next_page().expect("a page");
    let cursor = &newest_first[3];
    let link = format!("{ACTIVITY}?page_size=4&cursor={cursor}&since=2026-01-01T00%3A04%3A00Z");
    assert_eq!(next, link);
    assert_eq!(walk(&world, &next).await.concat(), newest_first[4..10]);
    let last = world.get(&format!("{ACTIVITY}?page_size=1&cursor={}", newest_first[248])).await;
    assert_eq!((last.ids(), last.next_page()), (vec![&*newest_first[249]], None));
}

#[tokio::test]
async fn a_walk_goes_on_while_more_happens() {
    let world = acme().await;
    world.keep_activity().await;
    let first = world.get(&format!("{ACTIVITY}?page_size=1")).await;
    assert_eq!(types(&first.body), ["Organization.Membership.Created"]);

    ask(&world, Method::DELETE, "/organizations/acme/users/jane", Value::Null).await;
    world.keep_activity().await;

    let next = first.next_page().expect("a page");
    let answer = world.get(&next).await;
    assert_eq!(types(&answer.body), ["Organization.EmailDomain.Added"]);
    let now = world.get(&format!("{ACTIVITY}?page_size=1")).await;
    assert_eq!(types(&now.body), ["Organization.Membership.Removed"]);
}

#[tokio::test]
async fn a_malformed_page_is_refused() {
    let world = acme().await;
    world.keep_activity().await;
    for path in [ACTIVITY, JANES] {
        for size in ["0", "101", "-1", "x", "", "1.5"] {
            let answer = world.get(&format!("{path}?page_size={size}")).await;
            answer.problem(400, "request.invalid_page_size");
        }
        let upper = ID.to_uppercase();
        let longer = format!("{ID}0");
        for cursor in ["", "x", "jane", &upper, &longer, &ID[1..], &ID.replace('-', "_"), "%ff"] {
            let answer = world.get(&format!("{path}?cursor={cursor}")).await;
            answer.problem(400, "request.invalid_cursor");
        }
        assert_is(&world.get(&format!("{path}?cursor={ID}")).await, 200, &json!([]));
    }
    // Nothing is before the moment that a request names.
    let answer = world.get(&format!("{ACTIVITY}?cursor={ID}&since=2026-01-01T00:00:01Z")).await;
    assert_is(&answer, 200, &json!([]));
    assert_eq!(answer.header("link"), "");
}

#[tokio::test]
async fn a_rare_type_is_found_by_following_the_links_and_each_request_reads_a_part() {
    let world = World::new().await;
    world.organization("acme").await;
    many(&world, 2_100, EventType::OrganizationUpdated).await;
    let oldest = event(EventType::OrganizationCreated, FIRST - 1_000);
    keep_all(&world, [&oldest]).await;
    world.wire.traffic();

    let (mut found, mut requests) = (Vec::new(), 0);
    let mut next = Some(format!("{ACTIVITY}?type=Organization.Created"));
    while let Some(path) = next {
        let page = world.get(&path).await;
        requests += 1;
        let queries = world.wire.traffic().operations;
        let queries = queries.iter().filter(|operation| *operation == "Query").count();
        assert!(queries <= 10, "{queries} queries");
        found.extend(page.ids().into_iter().map(str::to_owned));
        next = page.next_page();
    }

    assert_eq!((found, requests), (vec![oldest.id], 3));
}

#[tokio::test]
async fn an_entry_whose_time_is_over_is_not_shown() {
    let world = acme().await;
    world.keep_activity().await;
    let whole = world.get(ACTIVITY).await.body;
    let is_activity = |pk: &str| pk.starts_with("ACTIVITY#") || pk.starts_with("USER_ACTIVITY#");
    let expire = async |id: &Value, at: i64| {
        for ((pk, sk), mut item) in world.items().await {
            if is_activity(&pk) && *id == json!(sk) {
                item.insert("expiresAt".to_owned(), json!(at));
                world.put_plain(&json!(item)).await;
            }
        }
    };
    let now = world.app.clock.now().as_second();
    for (entry, at) in [(0, now + 1), (1, now), (2, now - 1)] {
        expire(&whole[entry]["id"], at).await;
    }
    assert_is(&world.get(ACTIVITY).await, 200, &json!([whole[0]]));
    assert_is(&world.get(JANES).await, 200, &json!([whole[0]]));
    let walked = walk(&world, &format!("{ACTIVITY}?page_size=1")).await;
    assert_eq!(json!(walked.concat()), json!([whole[0]["id"]]));

    world.pass(Duration::from_secs(1));

    assert_is(&world.get(ACTIVITY).await, 200, &json!([]));
    assert_is(&world.get(JANES).await, 200, &json!([]));
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_user_but_that_somebody_left() {
    let world = acme().await;
    world.keep_activity().await;
    ask(&world, Method::DELETE, "/users/jane", Value::Null).await;
    world.keep_activity().await;

    let answer = world.get(ACTIVITY).await;

    let left = &answer.body[0];
    assert_eq!(left["type"], "Organization.Membership.Removed");
    assert_eq!(left["cause"], json!({ "reason": "user_deleted" }));
    assert_eq!(types(&answer.body).len(), 3, "{:#}", answer.body);
    assert!(!answer.body.to_string().contains("jane"), "{:#}", answer.body);
    assert_is(&world.get(JANES).await, 200, &json!([]));
    assert_is(&world.get(&format!("{ACTIVITY}?user=jane")).await, 200, &json!([]));
}

#[tokio::test]
async fn names_are_those_of_now_and_null_where_nothing_is_known() {
    let world = acme().await;
    world.keep_activity().await;
    let mut expected = joined(&world.told().await);
    world.token("jane", "jane@elsewhere.com").await;
    expected["primaryEmail"] = json!("jane@elsewhere.com");
    assert_is(&world.get(JANES).await, 200, &json!([expected]));

    world.remove_item("USER#jane", "PROFILE").await;
    (expected["primaryEmail"], expected["username"]) = (Value::Null, Value::Null);
    assert_is(&world.get(JANES).await, 200, &json!([expected]));
    assert_is(&world.get(&format!("{ACTIVITY}?user=jane")).await, 200, &json!([expected]));
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_left_out_and_the_log_names_it() {
    let world = acme().await;
    world.keep_activity().await;
    let whole = world.get(ACTIVITY).await.body;
    let (pk, sk) = ("ACTIVITY#acme", whole[0]["id"].as_str().expect("an id"));
    let item = world.item(pk, sk).await;
    let told: Value = serde_json::from_str(item["event"].as_str().expect("a text")).expect("JSON");
    let but = |more: Value| with(told.clone(), more).to_string();
    let mut without = told.clone();
    without.as_object_mut().expect("an object").remove("organizationId");
    for wrong in [
        json!("{"),
        json!("[]"),
        json!(7),
        json!(but(json!({ "type": "Organization.Novelty" }))),
        json!(but(json!({ "organizationId": "a.b" }))),
        json!(but(json!({ "userId": "a.b" }))),
        json!(without.to_string()),
    ] {
        let mut item = item.clone();
        item.insert("event".to_owned(), wrong.clone());
        world.put_plain(&json!(item)).await;
        let logs = Logs::capture();
        let answer = world.get(ACTIVITY).await;
        assert_is(&answer, 200, &json!([whole[1], whole[2]]));
        let lines = logs.lines();
        let error = lines[0]["error"].as_str().expect("an error");
        assert!(
            error.contains(&format!("{pk}/{sk}")) && error.contains("event"),
            "{wrong}: {error}"
        );
        assert_eq!((lines.len(), &lines[0]["level"]), (1, &json!("ERROR")));
        // What a newer release says of it, the next page does not repeat.
        let first = world.get(&format!("{ACTIVITY}?page_size=1")).await;
        assert_eq!(first.body, json!([whole[1]]));
    }
}

#[tokio::test]
async fn without_an_answer_of_the_table_the_caller_is_asked_to_come_back() {
    let world = acme().await;
    world.keep_activity().await;
    for path in [ACTIVITY, JANES] {
        for operation in ["Query", "BatchGetItem"] {
            for _ in 0..3 {
                world.wire.next(operation, Fate::Lost);
            }
            assert_unavailable(&world.get(path).await);
            world.wire.mend();
        }
    }
}

/// Texts that are almost times.
fn almost_time() -> impl Strategy<Value = String> {
    let date = "[0-4][0-9]{3}-[01][0-9]-[0-3][0-9]";
    let time = "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]";
    let rest = "(\\.[0-9]{0,10})?(Z|z|[+-][0-2][0-9]:?[0-6][0-9]|)";
    prop_oneof![
        8 => (date, "[T ]?", time, rest).prop_map(|(date, t, time, rest)| {
            format!("{date}{}{time}{rest}", if t.is_empty() { "T" } else { &t })
        }),
        1 => "\\PC{0,40}",
    ]
}

#[test]
fn a_time_is_taken_if_and_only_if_it_is_of_the_schema_in_the_document() {
    let document = functions::openapi::document();
    let parameters = &document["paths"]["/users/{userId}/activity"]["get"]["parameters"];
    let mut parameters = parameters.as_array().expect("a list").iter();
    let since = parameters.find(|it| it["name"] == "since").expect("a parameter");
    let schema = jsonschema::options().should_validate_formats(true).build(&since["schema"]);
    let schema = schema.expect("a schema");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let world = runtime.block_on(World::new());
    let config = ProptestConfig { failure_persistence: None, cases: 1_000, ..Default::default() };
    let checked = TestRunner::new(config).run(&almost_time(), |text| {
        let value = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        let answer = runtime.block_on(world.get(&format!("{JANES}?since={value}")));
        let expected = if schema.is_valid(&json!(text)) { 200 } else { 400 };
        prop_assert_eq!(answer.status.as_u16(), expected, "{}", text);
        Ok(())
    });
    checked.expect("code and document agree");
}
