//! `/organizations/{organizationId}/users`

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use futures_util::future::join;
use serde_json::{Value, json};
use shared::cognito::UserPool;

use super::{
    MEMBERS, START, assert_done, assert_needs_an_organization, assert_refuses_bodies, by_hand,
    digest, listed, member_items, naming, standing, with_members, with_users,
};
use crate::support::{Answer, Fate, World};

/// `user-000`, `user-001`, …
fn users(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("user-{number:03}")).collect()
}

/// A world in which `acme` has so many members.
async fn with_many_members(number: usize) -> World {
    let world = with_users([]).await;
    world.put_items(member_items(users(number).into_iter().map(|user| (user, &[][..])))).await;
    world
}

#[track_caller]
fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status.as_u16(), 200, "{:#}", page.body);
    let list = page.body.as_array().expect("a list");
    list.iter().map(|member| member["id"].as_str().expect("an id").to_owned()).collect()
}

/// The path that the `Link` of a page leads to.
#[track_caller]
fn next(page: &Answer) -> Option<String> {
    let link = page.header("link");
    (!link.is_empty()).then(|| {
        let path = link.strip_prefix("<http://usher.example").expect("an absolute address");
        path.strip_suffix(">; rel=\"next\"").expect("one relation").to_owned()
    })
}

/// Follows the links to the end: the ids on each page.
async fn walk(world: &World, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(this) = path {
        let page = world.get(&this).await;
        pages.push(ids(&page));
        assert!(pages.len() <= 200, "the links lead in a circle");
        path = next(&page);
    }
    pages
}

/// A request through the function's own event, which sees the world's user pool as it is by now:
/// the status and the body of its answer.
async fn through_the_event(world: &World, method: &str, path: &str, body: &Value) -> (u64, Value) {
    let event = json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "content-type": "application/json" },
        "requestContext": { "http": { "method": method, "path": path } },
        "body": body.to_string(),
        "isBase64Encoded": false,
    });
    let answer = world.invoke("memberships", &event).await;
    let body = answer["body"].as_str().filter(|body| !body.is_empty());
    let body = body.map_or(Value::Null, |body| serde_json::from_str(body).expect("JSON"));
    (answer["statusCode"].as_u64().expect("a status"), body)
}

/// A user pool in which each of these users is found by `sub`, and which answers everything else
/// with this status and error.
async fn user_pool(users: &[(&str, &str)], otherwise: Option<&'static str>) -> UserPool {
    let users: HashMap<_, _> = users
        .iter()
        .map(|(sub, email)| {
            let attribute = |name: &str, value: &str| json!({ "Name": name, "Value": value });
            let attributes = [attribute("sub", sub), attribute("email", email)];
            let user = json!({ "Username": format!("name of {sub}"), "Attributes": attributes });
            (format!("sub = \"{sub}\""), user)
        })
        .collect();
    let answer = async move |request: Bytes| {
        let request: Value = serde_json::from_slice(&request).expect("JSON");
        let found = users.get(request["Filter"].as_str().expect("a filter"));
        let (status, body) = match (found, otherwise) {
            (None, Some(error)) => (StatusCode::BAD_REQUEST, json!({ "__type": error })),
            (found, _) => (StatusCode::OK, json!({ "Users": Vec::from_iter(found) })),
        };
        (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = aws_sdk_cognitoidentityprovider::Client::from_conf(config);
    UserPool::new(client, "local_pool")
}

mod listing {
    use super::*;

    #[tokio::test]
    async fn a_new_organization_has_no_members() {
        let world = with_users(["jane"]).await;
        let answer = world.get(MEMBERS).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
        let headers = ["content-type", "cache-control", "link", "etag"];
        let shown = headers.map(|name| answer.header(name));
        assert_eq!(shown, ["application/json", "no-store", "", ""]);
    }

    #[tokio::test]
    async fn a_member_is_whole_and_the_roles_are_in_the_order_of_their_names() {
        let world = with_users(["joe"]).await;
        let names = ["writer", "Émile", "Admin", "Gone"];
        let mut roles = Vec::new();
        for name in names {
            roles.push(world.role(name).await);
        }
        let body = json!({ "organizationRoleIds": roles });
        world.put("/organizations/acme/jit/roles", &body).await;
        world.pass(Duration::from_millis(1_234));
        world.sign_up("jane", "Jane.Doe@ACME.com").await;
        world.pass(Duration::from_secs(60));
        world.post(MEMBERS, &naming(&["joe"])).await;
        world.delete(&format!("/organization-roles/{}", roles[3])).await;

        let mut joe = by_hand("joe");
        joe["joinedAt"] = json!("2026-01-01T00:01:01.234Z");
        let jane = json!({
            "id": "jane",
            "primaryEmail": "Jane.Doe@ACME.com",
            "username": "jane",
            "organizationRoles": [
                { "id": roles[2], "name": "Admin" },
                { "id": roles[0], "name": "writer" },
                { "id": roles[1], "name": "Émile" },
            ],
            "joinedAt": "2026-01-01T00:00:01.234Z",
            "provenance": {
                "rule": "email_domain",
                "emailDomain": "acme.com",
                "entryPath": "PostConfirmation",
            },
        });
        assert_eq!(listed(&world).await, json!([jane, joe]));
    }

    #[tokio::test]
    async fn a_member_without_a_profile_is_shown_without_address_and_name() {
        let world = with_users([]).await;
        let mut items = member_items([("jane".to_owned(), &[][..])]);
        items.truncate(1);
        world.put_items(items).await;

        let mut expected = by_hand("jane");
        expected["primaryEmail"] = Value::Null;
        expected["username"] = Value::Null;
        assert_eq!(listed(&world).await, json!([expected]));
    }

    #[tokio::test]
    async fn the_address_is_the_one_last_seen() {
        let world = with_members(["jane"]).await;
        world.sign_up("jane", "jane@new.example").await;
        let mut expected = by_hand("jane");
        expected["primaryEmail"] = json!("jane@new.example");
        assert_eq!(listed(&world).await, json!([expected]));
    }

    #[tokio::test]
    async fn a_walk_along_the_links_meets_each_member_once() {
        let world = with_many_members(45).await;
        let all = users(45);
        for (query, sizes) in [
            ("", vec![20, 20, 5]),
            ("?page_size=100", vec![45]),
            ("?page_size=46", vec![45]),
            ("?page_size=45", vec![45]),
            ("?page_size=44", vec![44, 1]),
            ("?page_size=15", vec![15, 15, 15]),
            ("?page_size=1", vec![1; 45]),
        ] {
            let pages = walk(&world, &format!("{MEMBERS}{query}")).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{query}");
            assert_eq!(pages.concat(), all, "{query}");
        }
    }

    #[tokio::test]
    async fn the_link_asks_for_the_same_again_from_the_last_one_shown() {
        let world = with_many_members(3).await;
        let role = world.role("A").await;
        let roles = [role.clone()];
        world.put_items(member_items(users(3).into_iter().map(|user| (user, &roles[..])))).await;

        let answer = world.get(&format!("{MEMBERS}?page_size=2")).await;
        let expected =
            format!("<http://usher.example{MEMBERS}?page_size=2&cursor=user-001>; rel=\"next\"");
        assert_eq!(answer.header("link"), expected);

        let path = format!("{MEMBERS}?other=x&organizationRoleId={role}&page_size=2");
        let answer = world.get(&path).await;
        let expected = format!(
            "<http://usher.example{MEMBERS}?page_size=2&cursor=user-001&organizationRoleId={role}>; \
             rel=\"next\""
        );
        assert_eq!(answer.header("link"), expected);
    }

    #[tokio::test]
    async fn a_filter_finds_the_few_who_hold_the_role_among_many() {
        let world = with_users([]).await;
        let [role, other] = [world.role("A").await, world.role("B").await];
        let (both, one) = ([role.clone(), other.clone()], [other]);
        let holders = ["user-003", "user-025", "user-026", "user-069"];
        let members = users(70).into_iter().map(|user| {
            let roles = if holders.contains(&&*user) { &both[..] } else { &one[..] };
            (user, roles)
        });
        world.put_items(member_items(members)).await;

        for page_size in [1, 2, 3, 4, 20, 100] {
            let path = format!("{MEMBERS}?organizationRoleId={role}&page_size={page_size}");
            let pages = walk(&world, &path).await;
            assert!(pages.iter().all(|page| page.len() <= page_size), "{pages:?}");
            assert_eq!(pages.concat(), holders, "{page_size} at a time");
        }
        let page = world.get(&format!("{MEMBERS}?organizationRoleId={role}&page_size=4")).await;
        let shown = &page.body[0]["organizationRoles"];
        assert_eq!(*shown, json!([{ "id": role, "name": "A" }, { "id": one[0], "name": "B" }]));
    }

    #[tokio::test]
    async fn nobody_holds_a_role_that_does_not_exist_or_not_any_more() {
        let world = with_members(["jane"]).await;
        let role = world.role("A").await;
        let body = json!({ "organizationRoleIds": [role] });
        world.post(&format!("{MEMBERS}/jane/roles"), &body).await;
        assert_eq!(walk(&world, &format!("{MEMBERS}?organizationRoleId={role}")).await, [["jane"]]);

        world.delete(&format!("/organization-roles/{role}")).await;

        for role in [&*role, "role_0"] {
            let answer = world.get(&format!("{MEMBERS}?organizationRoleId={role}")).await;
            assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])), "{role}");
            assert_eq!(answer.header("link"), "");
        }
        assert_eq!(listed(&world).await, json!([by_hand("jane")]));
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_query_is_refused() {
        let world = with_members(["jane"]).await;
        let long = format!("organizationRoleId={}", "x".repeat(65));
        let before = world.items().await;
        for (query, code) in [
            ("page_size=0", "request.invalid_page_size"),
            ("page_size=101", "request.invalid_page_size"),
            ("page_size=-1", "request.invalid_page_size"),
            ("page_size=", "request.invalid_page_size"),
            ("page_size=1&page_size=1", "request.invalid_page_size"),
            ("cursor=", "request.invalid_cursor"),
            ("cursor=a%20b", "request.invalid_cursor"),
            ("cursor=%00", "request.invalid_cursor"),
            ("cursor=%FF", "request.invalid_cursor"),
            ("cursor=jane&cursor=jane", "request.invalid_cursor"),
            ("organizationRoleId=", "request.invalid_filter"),
            ("organizationRoleId=a%20b", "request.invalid_filter"),
            ("organizationRoleId=%00", "request.invalid_filter"),
            ("organizationRoleId=a&organizationRoleId=a", "request.invalid_filter"),
            (&long, "request.invalid_filter"),
        ] {
            world.get(&format!("{MEMBERS}?{query}")).await.problem(400, code);
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_cursor_may_name_somebody_who_has_left_or_never_was() {
        let world = with_many_members(5).await;
        world.delete(&format!("{MEMBERS}/user-001")).await;
        for (cursor, after) in [
            ("user-001", &["user-002", "user-003", "user-004"][..]),
            ("user-0025", &["user-003", "user-004"]),
            ("z", &[]),
        ] {
            let answer = world.get(&format!("{MEMBERS}?cursor={cursor}")).await;
            assert_eq!(ids(&answer), after, "{cursor}");
        }
    }

    #[tokio::test]
    async fn entries_of_the_index_that_lag_behind_are_not_shown() {
        let world = with_members(["jane", "joe"]).await;
        let stale = world.wire.clone();
        let entry = |user: &str| {
            json!({
                "pk": { "S": format!("USER#{user}") },
                "sk": { "S": "ORG#acme" },
                "gsi1pk": { "S": "ORG#acme" },
                "gsi1sk": { "S": format!("USER#{user}") },
            })
        };
        world.delete(&format!("{MEMBERS}/jane")).await;
        let body = json!({ "Items": [entry("jane"), entry("joe"), entry("nobody")], "Count": 3 });
        stale.next("Query", Fate::Reply { status: 200, body });

        assert_eq!(listed(&world).await, json!([by_hand("joe")]));
    }

    #[tokio::test]
    async fn without_an_organization_there_are_no_members() {
        assert_needs_an_organization(Method::GET, "users", &Value::Null).await;
    }

    #[tokio::test]
    async fn other_methods_are_not_allowed() {
        let world = with_members(["jane"]).await;
        for (path, allowed) in
            [(MEMBERS, "GET,HEAD,POST,PUT"), ("/organizations/acme/users/jane", "DELETE")]
        {
            let answer = world.ask(Method::PATCH, path).send().await;
            answer.problem(405, "request.method_not_allowed");
            assert_eq!(answer.header("allow"), allowed);
        }
    }
}

/// What bodies may not be.
const WRONG_BODIES: [(&str, &str); 8] = [
    ("{}", ""),
    ("[]", ""),
    ("null", ""),
    (r#"{"userIds": null}"#, "/userIds"),
    (r#"{"userIds": "jane"}"#, "/userIds"),
    (r#"{"userIds": ["jane", 1]}"#, "/userIds/1"),
    (r#"{"userIds": [null]}"#, "/userIds/0"),
    (r#"{"userIds": [], "a/b~c": 1}"#, "/a~1b~0c"),
];

/// Asserts that users whom nobody knows are refused, each at its place, and that nothing changes.
async fn assert_refuses_unknown_users(method: &str) {
    let mut world = with_users(["jane", "joe"]).await;
    world.app.user_pool = user_pool(&[("known", "known@new.example")], None).await;
    world.post(MEMBERS, &naming(&["joe"])).await;
    let before = world.items().await;

    let (status, body) =
        through_the_event(&world, method, MEMBERS, &naming(&["jane", "stranger"])).await;
    let reason = "nobody knows a user `stranger`: send the `sub` of a user in the pool";
    let expected = json!({
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": reason,
        "code": "user.unknown",
        "message": reason,
        "errors": [{ "pointer": "/userIds/1", "code": "user.unknown", "detail": reason }],
    });
    assert_eq!((status, body), (422, expected));

    let too_long = "x".repeat(129);
    let strange = ["", "a b", "known", "jane@acme.com", "a\0b", "jane", &too_long, "s", "s"];
    let (status, body) = through_the_event(&world, method, MEMBERS, &naming(&strange)).await;
    assert_eq!((status, &body["code"]), (422, &json!("request.invalid_values")));
    let errors = body["errors"].as_array().expect("errors");
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(places, [0, 1, 3, 4, 6, 7, 8].map(|place| format!("/userIds/{place}")));
    assert!(errors.iter().all(|error| error["code"] == "user.unknown"));
    assert_eq!(
        errors[3]["detail"],
        "nobody knows a user `a\\0b`: send the `sub` of a user in the pool"
    );
    assert_eq!(world.items().await, before);
}

/// Asserts that a request which names more than 1,000 users is refused without a look at them.
async fn assert_refuses_too_many_users(method: Method) {
    let world = with_members(["jane"]).await;
    let before = world.items().await;
    world.wire.traffic();
    for number in [1_001, 60_000] {
        let body = naming(&vec!["jane"; number]);
        let answer = world.ask(method.clone(), MEMBERS).json(&body).send().await;
        assert_eq!(
            answer.problem(422, "memberships.limit_reached"),
            "a request can name at most 1000 users, and replace the members of an organization \
             that has at most 1000: add and remove members in smaller steps"
        );
    }
    assert_eq!(world.wire.traffic().operations, ["GetItem"; 2]);
    assert_eq!(world.items().await, before);
}

mod adding {
    use super::*;

    #[tokio::test]
    async fn users_become_members_by_hand_and_without_roles() {
        let world = with_users(["jane", "joe", "jim"]).await;
        let role = world.role("A").await;
        let roles = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/jit/roles", &roles).await;

        assert_done(&world.post(MEMBERS, &naming(&["joe", "jane", "joe"])).await, 201);

        assert_eq!(listed(&world).await, json!([by_hand("jane"), by_hand("joe")]));
        assert_eq!(world.get("/organizations/home/users").await.body[2]["id"], "joe");
    }

    #[tokio::test]
    async fn those_already_there_stay_as_they_are() {
        let world = with_users(["joe"]).await;
        let role = world.role("A").await;
        let roles = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/jit/roles", &roles).await;
        world.sign_up("jane", "jane@acme.com").await;
        world.pass(Duration::from_secs(60));
        let before = world.items().await;

        assert_done(&world.post(MEMBERS, &naming(&["jane"])).await, 201);
        assert_eq!(world.items().await, before);

        assert_done(&world.post(MEMBERS, &naming(&["jane", "joe"])).await, 201);
        let mut after = world.items().await;
        after.remove(&("USER#joe".to_owned(), "ORG#acme".to_owned())).expect("added");
        assert_eq!(after, before);
    }

    #[tokio::test]
    async fn naming_nobody_changes_nothing() {
        let world = with_members(["jane"]).await;
        let before = world.items().await;
        assert_done(&world.post(MEMBERS, &naming::<&str>(&[])).await, 201);
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_stranger_whom_the_user_pool_knows_is_added_with_name_and_address() {
        let mut world = with_users(["jane"]).await;
        world.app.user_pool = user_pool(&[("new", "new@new.example")], None).await;

        let body = naming(&["new", "jane"]);
        let answer = through_the_event(&world, "POST", MEMBERS, &body).await;

        assert_eq!(answer, (201, Value::Null));
        let mut new = by_hand("new");
        new["primaryEmail"] = json!("new@new.example");
        new["username"] = json!("name of new");
        assert_eq!(listed(&world).await, json!([by_hand("jane"), new]));
        // The removal of a member who was never seen by an entry path marks the address, too.
        world.delete(&format!("{MEMBERS}/new")).await;
        assert_eq!(standing(&world.items().await, "new", "new@new.example"), Some("removed"));
    }

    #[tokio::test]
    async fn unknown_users_are_refused_each_with_its_place_and_nobody_is_added() {
        assert_refuses_unknown_users("POST").await;
    }

    #[tokio::test]
    async fn a_user_pool_that_fails_adds_nobody_and_its_words_are_not_passed_on() {
        let mut world = with_users(["jane"]).await;
        let before = world.items().await;
        for (directory, status, code) in [
            (user_pool(&[], Some("TooManyRequestsException")).await, 503, "service.unavailable"),
            (user_pool(&[], Some("NotAuthorizedException")).await, 500, "internal"),
            (UserPool::default(), 500, "internal"),
        ] {
            world.app.user_pool = directory;
            let body = naming(&["jane", "stranger"]);
            let (answered, problem) = through_the_event(&world, "POST", MEMBERS, &body).await;
            assert_eq!((answered, &problem["code"]), (status, &json!(code)));
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(!detail.contains("Exception") && !detail.contains("Cognito"), "{detail}");
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn more_than_a_thousand_at_once_are_refused() {
        assert_refuses_too_many_users(Method::POST).await;
    }

    #[tokio::test]
    async fn a_thousand_fit() {
        let world = with_users(["jane"]).await;
        assert_done(&world.post(MEMBERS, &naming(&vec!["jane"; 1_000])).await, 201);
        assert_eq!(listed(&world).await, json!([by_hand("jane")]));
    }

    #[tokio::test]
    async fn bodies_that_are_no_list_of_ids_are_refused() {
        let world = with_members(["jane"]).await;
        assert_refuses_bodies(&world, Method::POST, MEMBERS, &WRONG_BODIES).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nothing_to_add_to() {
        assert_needs_an_organization(Method::POST, "users", &naming(&["jane"])).await;
        // That the organization is missing is said first.
        assert_needs_an_organization(Method::POST, "users", &naming(&["a b"])).await;
    }

    #[tokio::test]
    async fn two_who_add_the_same_user_at_once_both_succeed_and_one_membership_is_there() {
        let world = with_users(["jane"]).await;
        let body = naming(&["jane"]);
        let (a, b) = join(world.post(MEMBERS, &body), world.post(MEMBERS, &body)).await;
        assert_done(&a, 201);
        assert_done(&b, 201);
        assert_eq!(listed(&world).await, json!([by_hand("jane")]));
    }

    #[tokio::test]
    async fn a_lost_race_is_run_again() {
        let world = with_users(["jane"]).await;
        world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed", "None"]));
        world.wire.next("TransactWriteItems", Fate::canceled(&["None", "TransactionConflict"]));
        assert_done(&world.post(MEMBERS, &naming(&["jane"])).await, 201);
        assert_eq!(listed(&world).await, json!([by_hand("jane")]));
    }
}

mod replacing {
    use super::*;

    #[tokio::test]
    async fn some_stay_as_they_are_some_leave_and_some_come() {
        let world = with_users(["joe", "jim"]).await;
        let role = world.role("A").await;
        let roles = json!({ "organizationRoleIds": [role] });
        world.put("/organizations/acme/jit/roles", &roles).await;
        world.sign_up("jane", "jane@acme.com").await;
        world.sign_up("june", "june@acme.com").await;
        world.post(MEMBERS, &naming(&["joe"])).await;
        let before = listed(&world).await;
        world.pass(Duration::from_secs(60));

        assert_done(&world.put(MEMBERS, &naming(&["jim", "jane", "jim"])).await, 204);

        let mut jim = by_hand("jim");
        jim["joinedAt"] = json!("2026-01-01T00:01:00.000Z");
        assert_eq!(listed(&world).await, json!([before[0], jim]));
        let items = world.items().await;
        for (user, address) in [("joe", "joe@home.example"), ("june", "june@acme.com")] {
            assert_eq!(standing(&items, user, address), Some("removed"));
        }
        world.sign_up("june", "june@acme.com").await;
        assert_eq!(world.items().await, items);

        assert_done(&world.put(MEMBERS, &naming(&["jane", "jim"])).await, 204);
        assert_eq!(world.items().await, items);
    }

    #[tokio::test]
    async fn naming_nobody_removes_everybody() {
        let world = with_members(["jane", "joe"]).await;
        assert_done(&world.put(MEMBERS, &naming::<&str>(&[])).await, 204);
        assert_eq!(listed(&world).await, json!([]));
        let items = world.items().await;
        for user in ["jane", "joe"] {
            let address = format!("{user}@home.example");
            assert_eq!(standing(&items, user, &address), Some("removed"));
        }
    }

    #[tokio::test]
    async fn unknown_users_are_refused_each_with_its_place_and_nobody_leaves() {
        assert_refuses_unknown_users("PUT").await;
    }

    #[tokio::test]
    async fn more_than_a_thousand_at_once_are_refused() {
        assert_refuses_too_many_users(Method::PUT).await;
    }

    #[tokio::test]
    async fn a_thousand_members_can_be_replaced_and_no_more() {
        let world = with_users(["jane"]).await;
        let all: Vec<_> = (0..1_001).map(|number| format!("user-{number:04}")).collect();
        let member = |user: &String| (user.clone(), &[][..]);
        world.put_items(member_items(all[..1_000].iter().map(member))).await;

        assert_done(&world.put(MEMBERS, &naming(&all[..1_000])).await, 204);
        let mut changed = all[..999].to_vec();
        changed.push("jane".to_owned());
        assert_done(&world.put(MEMBERS, &naming(&changed)).await, 204);
        let pages = walk(&world, &format!("{MEMBERS}?page_size=100")).await;
        let mut expected = changed.clone();
        expected.sort_unstable();
        assert_eq!(pages.concat(), expected);

        world.put_items(member_items(all[999..].iter().map(member))).await;
        let before = world.items().await;
        world.put(MEMBERS, &naming(&["jane"])).await.problem(422, "memberships.limit_reached");
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn bodies_that_are_no_list_of_ids_are_refused() {
        let world = with_members(["jane"]).await;
        assert_refuses_bodies(&world, Method::PUT, MEMBERS, &WRONG_BODIES).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nothing_to_replace() {
        assert_needs_an_organization(Method::PUT, "users", &naming(&["jane"])).await;
    }

    #[tokio::test]
    async fn somebody_who_has_left_meanwhile_is_no_mistake() {
        let world = with_members(["jane", "joe"]).await;
        world.wire.next("TransactWriteItems", Fate::canceled(&["ConditionalCheckFailed", "None"]));

        assert_done(&world.put(MEMBERS, &naming(&["joe"])).await, 204);
    }

    #[tokio::test]
    async fn two_who_replace_at_once_leave_only_whole_members() {
        let world = with_members(["jane", "joe"]).await;
        let (a, b) = (naming(&["jane"]), naming(&["joe"]));
        let (a, b) = join(world.put(MEMBERS, &a), world.put(MEMBERS, &b)).await;
        assert_done(&a, 204);
        assert_done(&b, 204);
        let items = world.items().await;
        for user in ["jane", "joe"] {
            assert!(standing(&items, user, &format!("{user}@home.example")).is_some());
        }
    }
}

mod removing {
    use super::*;

    const JANE: &str = "/organizations/acme/users/jane";

    #[tokio::test]
    async fn a_member_leaves_and_two_marks_stay_behind() {
        let world = with_members(["jane", "joe"]).await;
        world.pass(Duration::from_secs(60));

        assert_done(&world.delete(JANE).await, 204);

        assert_eq!(listed(&world).await, json!([by_hand("joe")]));
        let held = world.get("/users/jane/organizations").await.body;
        assert_eq!(held.as_array().map(Vec::len), Some(1), "{held}");
        assert_eq!(held[0]["id"], "home");
        let digest = digest("jane@home.example");
        let items = world.items().await;
        let place = &items[&("USER#jane".to_owned(), "ORG#acme".to_owned())];
        let removed_at = "2026-01-01T00:01:00.000Z";
        assert_eq!(
            json!(place),
            json!({
                "pk": "USER#jane",
                "sk": "ORG#acme",
                "removedAt": removed_at,
                "addressDigest": digest,
            })
        );
        let mark = &items[&(format!("REMOVED#{digest}"), "ORG#acme".to_owned())];
        assert_eq!(
            json!(mark),
            json!({ "pk": format!("REMOVED#{digest}"), "sk": "ORG#acme", "removedAt": removed_at })
        );
    }

    #[tokio::test]
    async fn a_member_without_a_usable_address_is_marked_as_a_user_only() {
        let world = with_users([]).await;
        let mut items = member_items([("jane".to_owned(), &[][..])]);
        items[1].insert("email".to_owned(), crate::support::text("\"odd\"@home.example"));
        world.put_items(items).await;

        assert_done(&world.delete(JANE).await, 204);

        let items = world.items().await;
        let place = &items[&("USER#jane".to_owned(), "ORG#acme".to_owned())];
        assert_eq!(
            json!(place),
            json!({ "pk": "USER#jane", "sk": "ORG#acme", "removedAt": START })
        );
        assert!(!items.keys().any(|(pk, _)| pk.starts_with("REMOVED#")));
    }

    #[tokio::test]
    async fn whoever_is_no_member_cannot_be_removed() {
        let world = with_members(["jane"]).await;
        world.sign_up("joe", "joe@home.example").await;
        world.delete(JANE).await;
        let before = world.items().await;
        for id in ["jane", "joe", "nobody", "Jane"] {
            let answer = world.delete(&format!("{MEMBERS}/{id}")).await;
            assert_eq!(
                answer.problem(404, "membership.not_found"),
                format!(
                    "the user `{id}` is not a member of the organization: there is nothing to remove"
                )
            );
        }
        let too_long = "x".repeat(129);
        for id in ["a%20b", "jane@acme.com", "%00", &too_long] {
            let answer = world.delete(&format!("{MEMBERS}/{id}")).await;
            answer.problem(404, "user.not_found");
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nobody_to_remove() {
        assert_needs_an_organization(Method::DELETE, "users/jane", &Value::Null).await;
    }

    #[tokio::test]
    async fn of_two_who_remove_at_once_one_is_told_that_it_is_done() {
        let world = with_members(["jane"]).await;
        let (a, b) = join(world.delete(JANE), world.delete(JANE)).await;
        let (done, late) = if a.status.as_u16() == 204 { (a, b) } else { (b, a) };
        assert_done(&done, 204);
        late.problem(404, "membership.not_found");
        assert_eq!(standing(&world.items().await, "jane", "jane@home.example"), Some("removed"));
    }
}
