//! `GET /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::{users, walk};
use crate::memberships::{
    MEMBERS, assert_done, assert_needs_an_organization, by_hand, listed, naming, with_many_members,
    with_members, with_users,
};
use crate::support::{Fate, World, assert_is, by_domain, trigger_event};

/// Gives members of `acme` a role.
async fn give<U: AsRef<str>>(world: &World, role: &str, users: &[U]) {
    let mut body = naming(users);
    body["organizationRoleIds"] = json!([role]);
    assert_done(&world.post(&format!("{MEMBERS}/roles"), &body).await, 201);
}

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
    world.default_roles("acme", &roles).await;
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
        "provenance": by_domain("acme.com", "PostConfirmation"),
    });
    assert_eq!(listed(&world).await, json!([jane, joe]));
}

#[tokio::test]
async fn a_member_without_a_profile_is_shown_without_address_and_name() {
    let world = with_members(["jane"]).await;
    world.remove_item("USER#jane", "PROFILE").await;

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
    let all = users(45);
    let world = with_many_members(&all).await;
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
async fn the_link_repeats_the_query_and_begins_after_the_last_one_shown() {
    let world = with_many_members(&users(3)).await;
    let role = world.role("A").await;
    give(&world, &role, &users(3)).await;

    let answer = world.get(&format!("{MEMBERS}?page_size=2")).await;
    let expected =
        format!("<http://usher.example{MEMBERS}?page_size=2&cursor=user-001>; rel=\"next\"");
    assert_eq!(answer.header("link"), expected);

    let path = format!("{MEMBERS}?organizationRoleId={role}&page_size=2");
    let answer = world.get(&path).await;
    let expected = format!(
        "<http://usher.example{MEMBERS}?page_size=2&cursor=user-001&organizationRoleId={role}>; \
         rel=\"next\""
    );
    assert_eq!(answer.header("link"), expected);
}

#[tokio::test]
async fn a_filter_finds_the_few_who_hold_the_role_among_many() {
    let world = with_many_members(&users(70)).await;
    let [role, other] = [world.role("A").await, world.role("B").await];
    let holders = ["user-003", "user-025", "user-026", "user-069"];
    give(&world, &role, &holders).await;
    give(&world, &other, &users(70)).await;

    for page_size in [1, 2, 3, 4, 20, 100] {
        let path = format!("{MEMBERS}?organizationRoleId={role}&page_size={page_size}");
        let pages = walk(&world, &path).await;
        assert!(pages.iter().all(|page| page.len() <= page_size), "{pages:?}");
        assert_eq!(pages.concat(), holders, "{page_size} at a time");
    }
    let page = world.get(&format!("{MEMBERS}?organizationRoleId={role}&page_size=4")).await;
    let shown = &page.body[0]["organizationRoles"];
    assert_eq!(*shown, json!([{ "id": role, "name": "A" }, { "id": other, "name": "B" }]));
}

#[tokio::test]
async fn a_filter_by_an_unknown_or_deleted_role_finds_nobody() {
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
async fn a_search_finds_the_member_with_exactly_this_id() {
    let world = with_members(["jane", "joe"]).await;
    world.sign_up("jim", "jim@home.example").await;
    world.sign_up("left", "left@home.example").await;
    world.post(MEMBERS, &naming(&["left"])).await;
    world.delete(&format!("{MEMBERS}/left")).await;

    for page_size in [1, 20] {
        let answer = world.get(&format!("{MEMBERS}?q=jane&page_size={page_size}")).await;
        assert_is(&answer, 200, &json!([by_hand("jane")]));
        assert_eq!(["link", "total-number"].map(|name| answer.header(name)), ["", ""]);
    }
    let longest = "x".repeat(128);
    for q in
        ["jim", "left", "nobody", "jan", "ane", "Jane", "%25", "*", "a%20b", "jane%20", &longest]
    {
        let answer = world.get(&format!("{MEMBERS}?q={q}")).await;
        assert_is(&answer, 200, &json!([]));
        assert_eq!(answer.header("link"), "", "{q}");
    }
    assert_eq!(world.get(&format!("{MEMBERS}?q=")).await.ids(), ["jane", "joe"]);
    let page = world.get(&format!("{MEMBERS}?q=&page_size=1")).await;
    assert_eq!(page.next_page(), Some(format!("{MEMBERS}?page_size=1&cursor=jane")));
}

#[tokio::test]
async fn members_are_found_by_every_address_that_they_have_proven() {
    let world = with_members(["jane", "joe"]).await;
    world.token("jane", "jane@new.example").await;
    // Another account with the address, and one that only claims it.
    world.post(MEMBERS, &naming(&["joe"])).await;
    world.token("joe", "JANE@new.example").await;
    let claimed = json!({ "sub": "joe", "email": "ceo@acme.com", "email_verified": "false" });
    let source = "TokenGeneration_RefreshTokens";
    world.pre_token_generation(&trigger_event("2", source, &claimed)).await;
    // No member of this organization.
    world.sign_up("jim", "jim@home.example").await;
    world.token("jim", "jane@new.example").await;

    for (address, ids) in [
        ("jane@home.example", &["jane"][..]),
        ("Jane@NEW.example", &["jane", "joe"]),
        ("joe@home.example", &["joe"]),
        ("ceo@acme.com", &[]),
        ("jim@home.example", &[]),
        ("jan@home.example", &[]),
    ] {
        for search in ["email", "q"] {
            let path = format!("{MEMBERS}?{search}={address}");
            assert_eq!(world.get(&path).await.ids(), ids, "{path}");
        }
    }
    let both = format!("{MEMBERS}?email=jane@new.example");
    assert_eq!(world.get(&format!("{both}&q=jane")).await.ids(), ["jane"]);
    assert_eq!(world.get(&format!("{both}&q=jane@home.example")).await.ids(), ["jane"]);
    assert_eq!(world.get(&format!("{both}&q=nobody")).await.ids(), [""; 0]);
    let role = world.role("A").await;
    give(&world, &role, &["joe"]).await;
    let held = format!("{both}&organizationRoleId={role}");
    assert_eq!(world.get(&held).await.ids(), ["joe"]);

    let first = world.get(&format!("{both}&page_size=1")).await;
    assert_eq!(first.ids(), ["jane"]);
    let next = format!("{MEMBERS}?page_size=1&cursor=jane&email=jane%40new.example");
    assert_eq!(first.next_page(), Some(next.clone()));
    let last = world.get(&next).await;
    assert_eq!((last.ids(), last.next_page()), (vec!["joe"], None));

    world.delete(&format!("{MEMBERS}/joe")).await;
    assert_eq!(world.get(&both).await.ids(), ["jane"]);
}

#[tokio::test]
async fn a_search_among_those_who_hold_a_role_finds_only_these() {
    let world = with_members(["jane", "joe"]).await;
    let [role, gone] = [world.role("A").await, world.role("B").await];
    give(&world, &role, &["jane"]).await;
    give(&world, &gone, &["jane"]).await;
    world.delete(&format!("/organization-roles/{gone}")).await;

    let held = format!("{MEMBERS}?organizationRoleId={role}");
    assert_eq!(world.get(&format!("{held}&q=jane")).await.ids(), ["jane"]);
    assert_eq!(world.get(&format!("{held}&q=joe")).await.ids(), [""; 0]);
    let path = format!("{MEMBERS}?organizationRoleId={gone}&q=jane");
    assert_eq!(world.get(&path).await.ids(), [""; 0]);
}

#[tokio::test]
async fn a_search_by_id_reads_the_member_and_no_index() {
    let world = with_members(["jane"]).await;
    world.wire.traffic();
    world.get(&format!("{MEMBERS}?q=jane")).await;
    assert_eq!(world.wire.traffic().operations, ["GetItem", "BatchGetItem", "BatchGetItem"]);
}

#[tokio::test]
async fn queries_with_unacceptable_values_are_refused() {
    let world = with_members(["jane"]).await;
    let long = format!("organizationRoleId={}", "x".repeat(65));
    let long_search = format!("q={}", "x".repeat(1_090));
    let long_email = format!("email={}@acme.com", "x".repeat(1_081));
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
        ("q=a%00", "request.invalid_search"),
        ("q=jane&q=jane", "request.invalid_search"),
        (&long_search, "request.invalid_search"),
        ("email=", "request.invalid_filter"),
        ("email=jane", "request.invalid_filter"),
        ("email=jane+1@acme.com", "request.invalid_filter"),
        ("email=a@acme.com&email=a@acme.com", "request.invalid_filter"),
        (&long_email, "request.invalid_filter"),
    ] {
        world.get(&format!("{MEMBERS}?{query}")).await.problem(400, code);
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_cursor_may_name_somebody_who_has_left_or_never_was() {
    let world = with_many_members(&users(5)).await;
    world.delete(&format!("{MEMBERS}/user-001")).await;
    for (cursor, after) in [
        ("user-001", &["user-002", "user-003", "user-004"][..]),
        ("user-0025", &["user-003", "user-004"]),
        ("z", &[]),
    ] {
        let answer = world.get(&format!("{MEMBERS}?cursor={cursor}")).await;
        assert_eq!(answer.ids(), after, "{cursor}");
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
