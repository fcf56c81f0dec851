//! `GET /organizations/{organizationId}/users`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::domain::membership::{CauseKind, EntryPath};
use shared::domain::rule::RuleKind;

use super::{users, walk};
use crate::memberships::{
    MEMBERS, assert_added, assert_done, assert_needs_an_organization, by_hand, listed, naming,
    with_many_members, with_members, with_users,
};
use crate::support::{
    Fate, Pool, START, World, assert_is, by_domain, entry, pool_user, tagged_item, trigger_event,
    with,
};

/// The cursor after a member who joined when every world begins.
fn at(user: &str) -> String {
    format!("m1767225600000.{user}")
}

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
    assert_eq!(listed(&world).await, json!([joe, jane]));
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
    let expected = format!(
        "<http://usher.example{MEMBERS}?page_size=2&cursor={}>; rel=\"next\"",
        at("user-001")
    );
    assert_eq!(answer.header("link"), expected);

    let path = format!("{MEMBERS}?organizationRoleId={role}&page_size=2");
    let answer = world.get(&path).await;
    let expected = format!(
        "<http://usher.example{MEMBERS}?page_size=2&cursor={}&organizationRoleId={role}>; \
         rel=\"next\"",
        at("user-001")
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

/// Lets the entry of a member of `acme` be as an earlier release wrote it.
async fn of_earlier_release(world: &World, user: &str) {
    let mut item = world.item(&format!("USER#{user}"), "ORG#acme").await;
    item.insert("gsi1sk".to_owned(), json!(format!("USER#{user}")));
    world.put_plain(&json!(item)).await;
}

/// Adds users one after the other, a millisecond apart.
async fn add_in_turn(world: &World, users: &[&str]) {
    for user in users {
        world.pass(Duration::from_millis(1));
        assert_added(&world.post(MEMBERS, &naming(&[user])).await, &[user]);
    }
}

#[tokio::test]
async fn members_come_newest_first_and_those_of_the_same_moment_by_id() {
    let world = with_users(["b", "a", "d", "c", "B", "_"]).await;
    world.sign_up("first", "first@acme.com").await;
    add_in_turn(&world, &["c"]).await;
    world.pass(Duration::from_millis(1));
    let together = ["b", "_", "B", "a"];
    assert_added(&world.post(MEMBERS, &naming(&together)).await, &together);
    add_in_turn(&world, &["d"]).await;
    world.pass(Duration::from_millis(1));
    world.token("last", "last@acme.com").await;

    let order = ["last", "d", "B", "_", "a", "b", "c", "first"];
    for page_size in [1, 2, 3, 7, 8, 9] {
        let path = format!("{MEMBERS}?page_size={page_size}");
        assert_eq!(walk(&world, &path).await.concat(), order, "{page_size} at a time");
    }
    // A search has the same order, and the same cursors.
    world.token("d", "x@home.example").await;
    world.token("c", "x@home.example").await;
    world.token("a", "x@home.example").await;
    let found = format!("{MEMBERS}?email=x@home.example");
    assert_eq!(world.get(&found).await.ids(), ["d", "a", "c"]);
    assert_eq!(walk(&world, &format!("{found}&page_size=1")).await, [["d"], ["a"], ["c"]]);
}

#[tokio::test]
async fn a_member_who_left_and_was_added_again_is_the_newest_and_is_there_once() {
    let world = with_users(["a", "b", "c"]).await;
    add_in_turn(&world, &["a", "b", "c"]).await;
    let first = world.get(&format!("{MEMBERS}?page_size=1")).await;
    assert_eq!(first.ids(), ["c"]);
    world.delete(&format!("{MEMBERS}/a")).await;
    add_in_turn(&world, &["a"]).await;

    assert_eq!(walk(&world, &format!("{MEMBERS}?page_size=1")).await, [["a"], ["c"], ["b"]]);
    assert_eq!(walk(&world, &first.next_page().expect("a page")).await, [["b"]]);

    // Both entries of a are still in the index.
    let key = json!({ "pk": "USER#a", "sk": "ORG#acme" });
    let stale = entry("USER#", "acme", "2026-01-01T00:00:00.001Z", "a");
    let fresh = entry("USER#", "acme", "2026-01-01T00:00:00.004Z", "a");
    let entries = [fresh, stale].map(|entry| tagged_item(&with(key.clone(), entry)));
    let body = json!({ "Items": entries, "Count": 2 });
    world.wire.next("Query", Fate::Reply { status: 200, body });
    assert_eq!(world.get(MEMBERS).await.ids(), ["a"]);
}

#[tokio::test]
async fn members_of_an_earlier_release_come_last_by_id_and_their_ids_are_cursors() {
    let world = with_users(["e", "d", "c", "b", "a"]).await;
    add_in_turn(&world, &["e", "d", "c", "b", "a"]).await;
    for user in ["d", "b", "a"] {
        of_earlier_release(&world, user).await;
    }

    let order = ["c", "e", "a", "b", "d"];
    for page_size in 1..=6 {
        let path = format!("{MEMBERS}?page_size={page_size}");
        assert_eq!(walk(&world, &path).await.concat(), order, "{page_size} at a time");
    }
    let page = world.get(&format!("{MEMBERS}?page_size=3")).await;
    assert_eq!(page.next_page(), Some(format!("{MEMBERS}?page_size=3&cursor=a")));
    // A walk that began before the release goes on among those whom it has not met.
    for (cursor, after) in [("a", &["b", "d"][..]), ("bb", &["d"]), ("d", &[]), ("0", &order[2..])]
    {
        assert_eq!(world.get(&format!("{MEMBERS}?cursor={cursor}")).await.ids(), after, "{cursor}");
    }
    for user in ["a", "c", "d"] {
        world.token(user, "x@home.example").await;
    }
    let found = format!("{MEMBERS}?email=x@home.example&page_size=1");
    assert_eq!(walk(&world, &found).await, [["c"], ["a"], ["d"]]);

    // Added again, they are new.
    world.delete(&format!("{MEMBERS}/d")).await;
    add_in_turn(&world, &["d"]).await;
    assert_eq!(world.get(MEMBERS).await.ids(), ["d", "c", "e", "a", "b"]);
    // Roles do not change the order.
    let role = world.role("A").await;
    give(&world, &role, &["a", "e"]).await;
    assert_eq!(world.get(MEMBERS).await.ids(), ["d", "c", "e", "a", "b"]);
    let holding = format!("{MEMBERS}?organizationRoleId={role}&page_size=1");
    assert_eq!(walk(&world, &holding).await, [["e"], ["a"]]);
    // They are replaced, and swept, like all others.
    assert_done(&world.put(MEMBERS, &naming(&["b", "c"])).await, 204);
    assert_eq!(world.get(MEMBERS).await.ids(), ["c", "b"]);
    assert_done(&world.delete("/organizations/acme").await, 204);
    assert!(
        !world.items().await.keys().any(|(pk, sk)| pk.starts_with("USER#") && sk == "ORG#acme")
    );
}

#[tokio::test]
async fn a_walk_while_members_join_and_leave_meets_once_everybody_who_stays() {
    let world = with_many_members(&users(30)).await;
    for number in 10..20 {
        of_earlier_release(&world, &format!("user-{number:03}")).await;
    }
    let mut path = Some(format!("{MEMBERS}?page_size=4"));
    let (mut met, mut turn) = (Vec::new(), 0);
    while let Some(this) = path {
        let page = world.get(&this).await;
        met.extend(page.ids().into_iter().map(str::to_owned));
        path = page.next_page();
        // Somebody joins, somebody on a later page leaves, and somebody on an earlier one.
        world.pass(Duration::from_millis(1));
        let new = format!("new-{turn}");
        world.sign_up(&new, &format!("{new}@acme.com")).await;
        for left in [29 - turn, turn] {
            world.delete(&format!("{MEMBERS}/user-{left:03}")).await;
        }
        turn += 1;
        assert!(turn < 20, "the links lead in a circle");
    }
    let mut once = met.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), met.len(), "{met:?}");
    let stayed = world.get(&format!("{MEMBERS}?page_size=100")).await;
    for user in stayed.ids().into_iter().filter(|user| user.starts_with("user-")) {
        assert!(met.iter().any(|it| it == user), "{user} is not among {met:?}");
    }
}

/// A world in which members of `acme` have joined in each way: by a sign-up, a token, `POST /users`
/// and by hand. The oldest comes first.
async fn joined_in_each_way() -> World {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com", "B\u{fc}cher.example"]).await;
    let step = || world.pass(Duration::from_millis(1));
    world.sign_up("signed", "signed@acme.com").await;
    step();
    world.sign_up("reader", "reader@b\u{fc}cher.example").await;
    step();
    world.token("token", "token@acme.com").await;
    step();
    let user = pool_user("created", "created", "created@acme.com", true);
    pool.answers("AdminCreateUser", json!({ "User": user }));
    world.post("/users", &json!({ "primaryEmail": "created@acme.com" })).await;
    step();
    let user = pool_user("hand", "hand", "hand@acme.com", true);
    pool.answers("ListUsers", json!({ "Users": [user] }));
    assert_added(&world.post(MEMBERS, &naming(&["hand"])).await, &["hand"]);
    world
}

#[tokio::test]
async fn filters_find_members_by_rule_domain_and_entry_path_alone_and_together() {
    let world = joined_in_each_way().await;
    let role = world.role("A").await;
    give(&world, &role, &["hand", "token", "reader"]).await;
    // The domain is the one that brought the member in, whatever the address is now.
    world.token("signed", "signed@b\u{fc}cher.example").await;
    let table: &[(&str, &[&str])] = &[
        ("rule=api", &["hand"]),
        ("rule=email_domain", &["created", "token", "reader", "signed"]),
        ("emailDomain=acme.com", &["created", "token", "signed"]),
        ("emailDomain=%20ACME.com.", &["created", "token", "signed"]),
        ("emailDomain=B%C3%9CCHER.example", &["reader"]),
        ("emailDomain=xn--bcher-kva.example", &["reader"]),
        ("emailDomain=sub.acme.com", &[]),
        ("emailDomain=co.uk", &[]),
        ("entryPath=PostConfirmation", &["reader", "signed"]),
        ("entryPath=PreTokenGeneration", &["token"]),
        ("entryPath=ManagementApi", &["hand", "created"]),
        ("rule=api&emailDomain=acme.com", &[]),
        ("rule=email_domain&entryPath=ManagementApi", &["created"]),
        ("rule=api&entryPath=ManagementApi", &["hand"]),
        ("rule=api&entryPath=PostConfirmation", &[]),
        ("emailDomain=acme.com&entryPath=PostConfirmation", &["signed"]),
        ("rule=email_domain&emailDomain=acme.com&entryPath=PreTokenGeneration", &["token"]),
        ("q=hand&rule=api", &["hand"]),
        ("q=hand&rule=email_domain", &[]),
        ("email=signed@acme.com&entryPath=PostConfirmation", &["signed"]),
        ("email=signed@acme.com&entryPath=ManagementApi", &[]),
        ("email=signed@acme.com&emailDomain=acme.com&q=signed", &["signed"]),
    ];
    for (query, ids) in table {
        assert_eq!(world.get(&format!("{MEMBERS}?{query}")).await.ids(), *ids, "{query}");
        let pages = walk(&world, &format!("{MEMBERS}?{query}&page_size=1")).await;
        assert_eq!(pages.concat(), *ids, "{query}");
    }
    let held = format!("{MEMBERS}?organizationRoleId={role}");
    for (query, ids) in [
        ("rule=api", &["hand"][..]),
        ("rule=email_domain", &["token", "reader"]),
        ("emailDomain=acme.com&entryPath=PreTokenGeneration&rule=email_domain", &["token"]),
    ] {
        assert_eq!(world.get(&format!("{held}&{query}")).await.ids(), ids, "{query}");
    }
}

#[tokio::test]
async fn a_filter_finds_few_among_many_and_its_links_repeat_it() {
    let world = with_many_members(&users(60)).await;
    for user in ["x", "y", "z"] {
        world.pass(Duration::from_millis(1));
        world.sign_up(user, &format!("{user}@acme.com")).await;
    }
    for user in ["user-010", "user-050"] {
        of_earlier_release(&world, user).await;
    }
    for page_size in [1, 2, 3, 20] {
        let path = format!("{MEMBERS}?emailDomain=ACME.com&page_size={page_size}");
        let pages = walk(&world, &path).await;
        assert!(pages.iter().all(|page| page.len() <= page_size), "{pages:?}");
        assert_eq!(pages.concat(), ["z", "y", "x"]);
        let path = format!("{MEMBERS}?rule=api&page_size={page_size}");
        let met = walk(&world, &path).await.concat();
        assert_eq!((met.len(), &*met[58], &*met[59]), (60, "user-010", "user-050"));
    }
    let page = world.get(&format!("{MEMBERS}?rule=email_domain&page_size=2&entryPath=")).await;
    page.problem(400, "request.invalid_filter");
    let page = world.get(&format!("{MEMBERS}?rule=email_domain&page_size=2")).await;
    let next = format!("{MEMBERS}?page_size=2&cursor=m1767225600002.y&rule=email_domain");
    assert_eq!(page.next_page(), Some(next));
}

#[tokio::test]
async fn a_refused_filter_says_what_to_send() {
    let world = with_members(["jane"]).await;
    for (query, detail) in [
        ("rule=domain", "`rule` is not a rule: send `email_domain`, `sso_connector` or `api`"),
        (
            "ssoConnectorId=Acme%20Okta",
            "`ssoConnectorId` is not an identity provider: the name of an identity provider has 1 to \
             32 characters, without white space and control characters",
        ),
        (
            "entryPath=Api",
            "`entryPath` is not an entry path: send `PostConfirmation`, `PreTokenGeneration` or \
             `ManagementApi`",
        ),
        (
            "emailDomain=localhost",
            "`emailDomain` is not an email domain. \"localhost\" is a single label: send the whole \
             domain, such as example.com.",
        ),
    ] {
        let answer = world.get(&format!("{MEMBERS}?{query}")).await;
        assert_eq!(answer.problem(400, "request.invalid_filter"), detail);
    }
}

#[test]
fn a_filter_takes_the_name_of_each_cause_and_entry_path() {
    let document = functions::openapi::document();
    let parameters =
        &document["paths"]["/organizations/{organizationId}/users"]["get"]["parameters"];
    let pattern = |name: &str| {
        let parameters = parameters.as_array().expect("parameters").iter();
        let mut found = parameters.filter(|it| it["name"] == name);
        let pattern = found.next().expect("the parameter")["schema"]["pattern"].as_str();
        let names = pattern.and_then(|it| it.strip_prefix("^(")?.strip_suffix(")$"));
        let mut names: Vec<_> = names.expect("names").split('|').map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    let causes = RuleKind::ALL.map(CauseKind::Rule).into_iter().chain([CauseKind::Api]);
    let mut causes: Vec<_> = causes.map(|kind| kind.as_str().to_owned()).collect();
    causes.sort_unstable();
    assert_eq!(pattern("rule"), causes);
    let mut paths = EntryPath::ALL.map(|path| path.as_str().to_owned());
    paths.sort_unstable();
    assert_eq!(pattern("entryPath"), paths);
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
    assert_eq!(page.next_page(), Some(format!("{MEMBERS}?page_size=1&cursor={}", at("jane"))));
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
    let next = format!("{MEMBERS}?page_size=1&cursor={}&email=jane%40new.example", at("jane"));
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
    let long_rule = format!("rule={}", "x".repeat(65));
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
        ("cursor=m1767225600000.", "request.invalid_cursor"),
        ("cursor=1767225600000.jane", "request.invalid_cursor"),
        ("cursor=m.jane", "request.invalid_cursor"),
        ("cursor=m01.jane", "request.invalid_cursor"),
        ("cursor=m%2B1.jane", "request.invalid_cursor"),
        ("cursor=m-1.jane", "request.invalid_cursor"),
        ("cursor=m1.5.jane", "request.invalid_cursor"),
        ("cursor=m99999999999999999999.jane", "request.invalid_cursor"),
        ("cursor=m1.a%20b", "request.invalid_cursor"),
        // Of the list of removed users.
        ("cursor=r1767225600000.jane", "request.invalid_cursor"),
        ("rule=", "request.invalid_filter"),
        ("rule=API", "request.invalid_filter"),
        ("rule=emailDomain", "request.invalid_filter"),
        ("rule=api%20", "request.invalid_filter"),
        ("rule=%FF", "request.invalid_filter"),
        ("rule=api&rule=api", "request.invalid_filter"),
        (&long_rule, "request.invalid_filter"),
        ("emailDomain=", "request.invalid_filter"),
        ("emailDomain=localhost", "request.invalid_filter"),
        ("emailDomain=jane@acme.com", "request.invalid_filter"),
        ("emailDomain=*.acme.com", "request.invalid_filter"),
        ("emailDomain=https://acme.com", "request.invalid_filter"),
        ("emailDomain=acme.com%00", "request.invalid_filter"),
        ("emailDomain=acme.com&emailDomain=acme.com", "request.invalid_filter"),
        ("entryPath=", "request.invalid_filter"),
        ("entryPath=postConfirmation", "request.invalid_filter"),
        ("entryPath=TokenGeneration_HostedAuth", "request.invalid_filter"),
        ("entryPath=ManagementApi&entryPath=ManagementApi", "request.invalid_filter"),
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
        (at("user-001"), &["user-002", "user-003", "user-004"][..]),
        (at("user-0025"), &["user-003", "user-004"]),
        (at("z"), &[]),
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
        let key = json!({ "pk": format!("USER#{user}"), "sk": "ORG#acme" });
        tagged_item(&with(key, entry("USER#", "acme", START, user)))
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
