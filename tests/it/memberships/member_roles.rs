//! `/organizations/{organizationId}/users/{userId}/roles`, and
//! `/organizations/{organizationId}/users/roles`

use std::collections::BTreeSet;

use axum::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};
use shared::domain::caller::Caller;
use shared::domain::ids::{OrganizationId, UserId};
use shared::store::Removal;

use super::{
    MEMBERS, assert_done, assert_needs_an_organization, assert_refuses_bodies, standing,
    with_members, with_users,
};
use crate::support::{Answer, Fate, START, World, assert_is, naming_roles, page_links};

const PATH: &str = "/organizations/acme/users/jane/roles";
const ASSIGN: &str = "/organizations/acme/users/roles";

/// A world in which Jane is a member of `acme`, and these roles exist.
async fn with_roles<const N: usize>(names: [&str; N]) -> (World, [String; N]) {
    let world = with_members(["jane"]).await;
    let mut roles = names.map(str::to_owned);
    for role in &mut roles {
        *role = world.role(role).await;
    }
    (world, roles)
}

fn assigning<T: AsRef<str>>(users: &[&str], roles: &[T]) -> Value {
    let mut body = naming_roles(roles);
    body["userIds"] = json!(users);
    body
}

/// A body that names these roles by their names.
fn by_name(names: &[&str]) -> Value {
    json!({ "organizationRoleNames": names })
}

/// Asserts that roles were assigned, and that the answer has their ids.
#[track_caller]
fn assert_assigned<T: AsRef<str>>(answer: &Answer, roles: &[T]) {
    assert_is(answer, 201, &naming_roles(roles));
    let headers = ["content-type", "link", "etag"];
    assert_eq!(headers.map(|name| answer.header(name)), ["application/json", "", ""]);
}

/// The names of a member's roles.
async fn names(world: &World, user: &str) -> Vec<String> {
    let answer = world.get(&format!("{MEMBERS}/{user}/roles")).await;
    assert_eq!(answer.status.as_u16(), 200, "{:#}", answer.body);
    let roles = answer.body.as_array().expect("a list").iter();
    roles.map(|role| role["name"].as_str().expect("a name").to_owned()).collect()
}

/// The names of the roles that [`World::roles`] creates.
fn role_names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("Role {number:03}")).collect()
}

#[track_caller]
fn assert_is_not_a_member(answer: &Answer, user: &str) {
    assert_eq!(
        answer.problem(422, "membership.not_a_member"),
        format!(
            "the user `{user}` is not a member of the organization: add the user with POST \
             /organizations/{{organizationId}}/users first"
        )
    );
}

/// Asserts that whoever is no member, or not any more, is refused, and that nothing changes.
async fn assert_needs_a_member(method: Method) {
    let (world, [role]) = with_roles(["A"]).await;
    world.sign_up("joe", "joe@home.example").await;
    world.delete(&format!("{MEMBERS}/jane")).await;
    let before = world.items().await;
    let below = if method == Method::DELETE { format!("/{role}") } else { String::new() };

    for user in ["jane", "joe", "nobody"] {
        let path = format!("{MEMBERS}/{user}/roles{below}");
        let ask = world.ask(method.clone(), &path).json(&naming_roles(&[&role]));
        assert_is_not_a_member(&ask.send().await, user);
        // The missing member is reported first.
        for body in [naming_roles(&["role_0"]), by_name(&["Nobody's"])] {
            let ask = world.ask(method.clone(), &path).json(&body);
            assert_is_not_a_member(&ask.send().await, user);
        }
    }
    for user in ["a%20b", "jane@acme.com", "%00"] {
        let path = format!("{MEMBERS}/{user}/roles{below}");
        let ask = world.ask(method.clone(), &path).json(&naming_roles(&[&role]));
        ask.send().await.problem(404, "user.not_found");
    }
    assert_eq!(world.items().await, before);
}

/// Asserts that roles which do not exist are refused, each at its place, and that nothing changes.
async fn assert_refuses_unknown_roles(method: Method, path: &str, users: &[&str]) {
    let (world, [held, role, gone]) = with_roles(["Held", "A", "Gone"]).await;
    world.put(PATH, &naming_roles(&[&held])).await;
    world.delete(&format!("/organization-roles/{gone}")).await;
    let before = world.items().await;
    let body = |roles: &[&str]| {
        if users.is_empty() { naming_roles(roles) } else { assigning(users, roles) }
    };

    let answer = world.ask(method.clone(), path).json(&body(&[&role, "role_0"])).send().await;
    let reason = "there is no organization role `role_0`: check the id, or create it with POST \
                  /organization-roles";
    assert_eq!(answer.problem(422, "organization_role.unknown"), reason);
    assert_eq!(
        answer.body["errors"],
        json!([{
            "pointer": "/organizationRoleIds/1",
            "code": "organization_role.unknown",
            "detail": reason,
        }])
    );
    let strange = ["", &gone, &role, "a b", "COUNT"];
    let answer = world.ask(method, path).json(&body(&strange)).send().await;
    answer.problem(422, "request.invalid_values");
    let places: Vec<_> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(places, [0, 1, 3, 4].map(|place| format!("/organizationRoleIds/{place}")));
    assert_eq!(world.items().await, before);
}

/// What bodies may not be.
const WRONG_BODIES: [(&str, &str); 8] = [
    ("{}", ""),
    ("[]", ""),
    (r#"{"organizationRoleIds": null}"#, "/organizationRoleIds"),
    (r#"{"organizationRoleIds": ["x", 1]}"#, "/organizationRoleIds/1"),
    (r#"{"organizationRoleIds": [], "userIds": []}"#, "/userIds"),
    (r#"{"organizationRoleNames": null}"#, "/organizationRoleNames"),
    (r#"{"organizationRoleNames": "A"}"#, "/organizationRoleNames"),
    (r#"{"organizationRoleIds": [], "organizationRoleNames": [1]}"#, "/organizationRoleNames/0"),
];

mod listing {
    use super::*;

    #[tokio::test]
    async fn roles_are_whole_in_the_order_of_their_names_and_deleted_ones_are_invisible() {
        let (world, [b, a, gone]) = with_roles(["b", "A", "Gone"]).await;
        let answer = world.get(PATH).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!([])));
        world.put(PATH, &naming_roles(&[&gone, &b, &a])).await;
        world.patch(&format!("/organization-roles/{b}"), &json!({ "description": "Bee" })).await;
        world.delete(&format!("/organization-roles/{gone}")).await;

        let answer = world.get(PATH).await;

        let headers = ["content-type", "cache-control", "link", "etag"];
        let shown = headers.map(|name| answer.header(name));
        assert_eq!(shown, ["application/json", "no-store", "", ""]);
        assert_eq!(
            (answer.status.as_u16(), answer.body),
            (
                200,
                json!([
                    { "id": a, "name": "A", "description": null, "createdAt": START },
                    { "id": b, "name": "b", "description": "Bee", "createdAt": START },
                ])
            )
        );
    }

    #[tokio::test]
    async fn pages_are_cut_and_linked_and_count_the_roles_that_exist() {
        let (world, []) = with_roles([]).await;
        let roles = world.roles(24).await;
        world.put(PATH, &naming_roles(&roles)).await;
        world.delete(&format!("/organization-roles/{}", roles[23])).await;
        let all = names(&world, "jane").await;
        assert_eq!(all, role_names(0..23));

        for (query, shown, relations) in [
            ("page=1", 0..20, &[(1, 20, "first"), (2, 20, "next"), (2, 20, "last")][..]),
            ("page_size=100", 0..23, &[(1, 100, "first"), (1, 100, "last")]),
            (
                "page=2&page_size=10",
                10..20,
                &[(1, 10, "first"), (1, 10, "prev"), (3, 10, "next"), (3, 10, "last")],
            ),
            ("page=9", 23..23, &[(1, 20, "first"), (2, 20, "prev"), (2, 20, "last")]),
        ] {
            let answer = world.get(&format!("{PATH}?{query}")).await;
            assert_eq!(answer.ids(), roles[shown], "{query}");
            assert_eq!(answer.header("total-number"), "23");
            assert_eq!(answer.header("link"), page_links(PATH, relations));
        }
        assert_eq!(world.get(PATH).await.header("total-number"), "");
        world.get(&format!("{PATH}?page=0")).await.problem(400, "request.invalid_page");
        let answer = world.get(&format!("{PATH}?page_size=101")).await;
        answer.problem(400, "request.invalid_page_size");
    }

    #[tokio::test]
    async fn a_user_who_is_not_a_member_has_no_roles_to_list() {
        assert_needs_a_member(Method::GET).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_are_no_roles() {
        assert_needs_an_organization(Method::GET, "users/jane/roles", &Value::Null).await;
    }
}

mod naming_by_name {
    use super::*;

    #[tokio::test]
    async fn roles_are_added_by_name_in_any_case_and_the_answer_has_their_ids() {
        let (world, [a, b, c]) = with_roles(["Émile", "Straße", "C"]).await;

        let body = by_name(&["STRASSE", " e\u{301}mile ", "straße"]);
        assert_assigned(&world.post(PATH, &body).await, &[&b, &a]);
        assert_eq!(names(&world, "jane").await, ["Straße", "Émile"]);

        let before = world.items().await;
        assert_assigned(&world.post(PATH, &body).await, &[&b, &a]);
        assert_assigned(&world.post(PATH, &by_name(&[])).await, &[""; 0]);
        assert_eq!(world.items().await, before);

        // The same role by id and by name is one role.
        let mut both = naming_roles(&[&c, &a]);
        both["organizationRoleNames"] = json!(["straße", "c"]);
        assert_assigned(&world.post(PATH, &both).await, &[&c, &a, &b]);
        assert_eq!(names(&world, "jane").await, ["C", "Straße", "Émile"]);
    }

    #[tokio::test]
    async fn roles_are_replaced_by_those_named_by_id_and_by_name() {
        let (world, [a, b, c]) = with_roles(["A", "B", "C"]).await;
        world.put(PATH, &naming_roles(&[&a])).await;

        let mut both = naming_roles(&[&c]);
        both["organizationRoleNames"] = json!(["b"]);
        assert_done(&world.put(PATH, &both).await, 204);
        assert_eq!(names(&world, "jane").await, ["B", "C"]);
        let held = world.item("USER#jane", "ORG#acme").await;
        assert_eq!(held["roleIds"], json!([c, b]));

        assert_done(&world.put(PATH, &by_name(&["A"])).await, 204);
        assert_eq!(names(&world, "jane").await, ["A"]);
        assert_done(&world.put(PATH, &by_name(&[])).await, 204);
        assert_eq!(names(&world, "jane").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn several_members_get_roles_by_name() {
        let world = with_members(["jane", "joe"]).await;
        let [a, _] = [world.role("A").await, world.role("B").await];
        let mut body = assigning(&["jane", "joe"], &[&a]);
        body["organizationRoleNames"] = json!(["b", "a"]);
        assert_done(&world.post(ASSIGN, &body).await, 201);
        for user in ["jane", "joe"] {
            assert_eq!(names(&world, user).await, ["A", "B"]);
        }

        let body = json!({ "userIds": ["joe"], "organizationRoleNames": ["B"] });
        let before = world.items().await;
        assert_done(&world.post(ASSIGN, &body).await, 201);
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn names_that_no_role_has_are_refused_each_with_its_place_and_nothing_changes() {
        let (world, [held, gone, renamed]) = with_roles(["Held", "Gone", "Old"]).await;
        world.put(PATH, &naming_roles(&[&held])).await;
        world.delete(&format!("/organization-roles/{gone}")).await;
        world.patch(&format!("/organization-roles/{renamed}"), &json!({ "name": "New" })).await;
        let before = world.items().await;

        for (method, path) in [(Method::POST, PATH), (Method::PUT, PATH), (Method::POST, ASSIGN)] {
            let send = async |mut body: Value| {
                if path == ASSIGN {
                    body["userIds"] = json!(["jane"]);
                }
                world.ask(method.clone(), path).json(&body).send().await
            };

            let answer = send(by_name(&["new", "Café"])).await;
            let reason = "there is no organization role with the name `Café`: check the name, or \
                          create the role with POST /organization-roles";
            assert_eq!(answer.problem(422, "organization_role.unknown"), reason);
            assert_eq!(
                answer.body["errors"],
                json!([{
                    "pointer": "/organizationRoleNames/1",
                    "code": "organization_role.unknown",
                    "detail": reason,
                }])
            );

            let long = "x".repeat(129);
            let strange = ["", "Held", "Gone", "Old", "a\0b", &held, &long, "COUNT", "hel"];
            let mut body = by_name(&strange);
            body["organizationRoleIds"] = json!([held, "Held"]);
            let answer = send(body).await;
            answer.problem(422, "request.invalid_values");
            let places: Vec<_> = answer.errors().into_iter().map(|(place, _)| place).collect();
            let mut expected = vec!["/organizationRoleIds/1".to_owned()];
            expected
                .extend([0, 2, 3, 4, 5, 6, 7, 8].map(|n| format!("/organizationRoleNames/{n}")));
            assert_eq!(places, expected);
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_role_that_is_deleted_after_its_name_was_looked_up_is_unknown() {
        let (world, [a]) = with_roles(["A"]).await;
        let holder = json!({ "pk": "ROLENAME#a", "sk": "ROLENAME", "roleId": a });
        world.delete(&format!("/organization-roles/{a}")).await;
        world.put_plain(&holder).await;

        let answer = world.post(PATH, &by_name(&["A"])).await;

        answer.problem(422, "organization_role.unknown");
        assert_eq!(names(&world, "jane").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_hundred_roles_by_id_or_name_fit_and_no_more() {
        let (world, []) = with_roles([]).await;
        let roles = world.roles(101).await;
        let all = role_names(0..101);
        let named: Vec<_> = all.iter().map(String::as_str).collect();
        let before = world.items().await;
        let body = |ids: &[String], names: &[&str]| {
            let mut body = naming_roles(ids);
            body["organizationRoleNames"] = json!(names);
            body
        };

        for (method, path) in [(Method::POST, PATH), (Method::PUT, PATH), (Method::POST, ASSIGN)] {
            for (ids, names) in [(&roles[..0], &named[..]), (&roles[..51], &named[51..])] {
                let mut body = body(ids, names);
                if path == ASSIGN {
                    body["userIds"] = json!(["jane"]);
                }
                let answer = world.ask(method.clone(), path).json(&body).send().await;
                assert_eq!(
                    answer.problem(422, "member_roles.limit_reached"),
                    "a member can hold at most 100 roles: take some away first"
                );
            }
        }
        assert_eq!(world.items().await, before);

        // Roles that are named twice count once, in whichever way they are named.
        let again: Vec<_> = named[..50].iter().map(|name| name.to_uppercase()).collect();
        let names = named[..50].iter().copied().chain(again.iter().map(String::as_str));
        let body = body(&roles[..100], &names.collect::<Vec<_>>());
        assert_assigned(&world.post(PATH, &body).await, &roles[..100]);
    }

    #[tokio::test]
    async fn a_name_that_only_looks_like_a_role_s_is_unknown() {
        // A Cyrillic A, and two spaces.
        let (world, _) = with_roles(["\u{410}dmin", "Team  Lead"]).await;
        let before = world.items().await;
        for name in ["admin", "Admin", "team lead"] {
            let mut body = json!({ "organizationRoleNames": [name] });
            for (method, path) in
                [(Method::POST, PATH), (Method::PUT, PATH), (Method::POST, ASSIGN)]
            {
                if path == ASSIGN {
                    body["userIds"] = json!(["jane"]);
                }
                let answer = world.ask(method, path).json(&body).send().await;
                answer.problem(422, "organization_role.unknown");
            }
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_role_of_an_earlier_release_is_named_by_the_name_that_it_has() {
        let (world, []) = with_roles([]).await;
        let name = "Ops\u{200b}Team";
        let role = json!({ "pk": "ROLE", "sk": "ROLE#role_old", "name": name, "createdAt": START });
        let reserved = format!("ROLENAME#{}", name.to_lowercase());
        world.put_plain(&role).await;
        world.put_plain(&json!({ "pk": reserved, "sk": "ROLENAME", "roleId": "role_old" })).await;

        let body = json!({ "organizationRoleNames": [name] });
        assert_done(&world.put(PATH, &body).await, 204);

        assert_eq!(names(&world, "jane").await, [name]);
    }

    #[tokio::test]
    async fn a_body_with_neither_list_is_refused_and_takes_no_roles_away() {
        let (world, [a]) = with_roles(["A"]).await;
        world.put(PATH, &naming_roles(&[&a])).await;
        let before = world.items().await;
        for method in [Method::POST, Method::PUT] {
            let answer = world.ask(method, PATH).json(&json!({})).send().await;
            assert_eq!(
                answer.problem(400, "request.invalid_body"),
                "the body names no roles: send `organizationRoleIds`, `organizationRoleNames`, or \
                 both"
            );
            assert_eq!(answer.errors(), [("", "request.invalid_body")]);
        }
        assert_eq!(world.items().await, before);
    }
}

mod adding {
    use super::*;

    #[tokio::test]
    async fn roles_are_added_once_and_those_held_already_change_nothing() {
        let (world, [a, b, c]) = with_roles(["A", "B", "C"]).await;

        assert_assigned(&world.post(PATH, &naming_roles(&[&c, &a, &c])).await, &[&c, &a]);
        assert_eq!(names(&world, "jane").await, ["A", "C"]);

        let before = world.items().await;
        assert_assigned(&world.post(PATH, &naming_roles(&[&a])).await, &[&a]);
        assert_assigned(&world.post(PATH, &naming_roles::<&str>(&[])).await, &[""; 0]);
        assert_eq!(world.items().await, before);

        assert_assigned(&world.post(PATH, &naming_roles(&[&a, &b])).await, &[&a, &b]);
        assert_eq!(names(&world, "jane").await, ["A", "B", "C"]);
    }

    #[tokio::test]
    async fn unknown_roles_are_refused_each_with_its_place_and_nothing_is_added() {
        assert_refuses_unknown_roles(Method::POST, PATH, &[]).await;
    }

    #[tokio::test]
    async fn a_user_who_is_not_a_member_gets_no_roles() {
        assert_needs_a_member(Method::POST).await;
    }

    #[tokio::test]
    async fn a_hundred_roles_fit_and_no_more() {
        let (world, []) = with_roles([]).await;
        let roles = world.roles(101).await;
        let (fitting, last) = (&roles[..100], &roles[100]);

        world.post(PATH, &naming_roles(&roles)).await.problem(422, "member_roles.limit_reached");
        assert_eq!(names(&world, "jane").await, Vec::<String>::new());

        assert_assigned(&world.post(PATH, &naming_roles(fitting)).await, fitting);
        assert_assigned(&world.post(PATH, &naming_roles(fitting)).await, fitting);
        let before = world.items().await;
        for past in [&[last][..], &[&roles[7], last]] {
            assert_eq!(
                world
                    .post(PATH, &naming_roles(past))
                    .await
                    .problem(422, "member_roles.limit_reached"),
                "a member can hold at most 100 roles: take some away first"
            );
        }
        assert_eq!(world.items().await, before);

        // A deleted role takes no place.
        world.delete(&format!("/organization-roles/{}", roles[0])).await;
        assert_assigned(&world.post(PATH, &naming_roles(&[last])).await, &[last]);
        assert_eq!(names(&world, "jane").await, role_names(1..101));
    }

    #[tokio::test]
    async fn bodies_that_are_no_list_of_ids_are_refused() {
        let (world, []) = with_roles([]).await;
        assert_refuses_bodies(&world, Method::POST, PATH, &WRONG_BODIES).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nobody_to_give_roles_to() {
        assert_needs_an_organization(Method::POST, "users/jane/roles", &naming_roles(&["x"])).await;
    }

    #[tokio::test]
    async fn two_writers_at_once_both_win() {
        let (world, [a, b]) = with_roles(["A", "B"]).await;
        let (one, other) = (naming_roles(&[&a]), naming_roles(&[&b]));
        let (one, other) = join(world.post(PATH, &one), world.post(PATH, &other)).await;
        assert_assigned(&one, &[&a]);
        assert_assigned(&other, &[&b]);
        assert_eq!(names(&world, "jane").await, ["A", "B"]);
    }

    #[tokio::test]
    async fn a_lost_race_is_run_again_on_what_the_winner_has_written() {
        let (world, [a, b]) = with_roles(["A", "B"]).await;
        let (store, winner) = (world.app.store.clone(), b.clone());
        world.wire.next(
            "TransactWriteItems",
            Fate::overtaken(async move {
                let role = shared::domain::ids::OrganizationRoleId::parse(&winner).expect("an id");
                let change = |_: &[_]| Ok(vec![role.clone()]);
                let changed = store.change_member_roles(&acme(), &jane(), change).await;
                let change = changed.expect("the winner is first");
                assert_eq!(change.added, [role]);
            }),
        );
        world.wire.next("TransactWriteItems", Fate::undisturbed());
        world.wire.next("TransactWriteItems", Fate::canceled(&["TransactionConflict"]));

        assert_assigned(&world.post(PATH, &naming_roles(&[&a])).await, &[&a]);

        assert_eq!(names(&world, "jane").await, ["A", "B"]);
    }

    #[tokio::test]
    async fn a_member_who_is_removed_meanwhile_stays_removed() {
        let (world, [a]) = with_roles(["A"]).await;
        let store = world.app.store.clone();
        world.wire.next(
            "TransactWriteItems",
            Fate::overtaken(async move {
                let now = START.parse().expect("a timestamp");
                let removal = Removal::of_member(&Caller::default(), now);
                store
                    .remove_member(&acme(), &jane(), &BTreeSet::new(), &removal, &mut Vec::new())
                    .await
                    .expect("removed");
            }),
        );

        let answer = world.post(PATH, &naming_roles(&[&a])).await;

        assert_is_not_a_member(&answer, "jane");
        let items = world.items().await;
        assert_eq!(standing(&items, "jane", "jane@home.example"), Some("removed"));
    }

    #[tokio::test]
    async fn a_user_who_is_deleted_at_the_same_moment_gets_no_roles() {
        let (world, [a]) = with_roles(["A"]).await;
        let (store, now) = (world.store(), world.app.clock.now());
        // The sweep has not come to the membership.
        let meanwhile = async move {
            assert!(store.delete_user(&jane(), true, now).await.expect("an answer").is_some());
        };
        world.wire.next("TransactWriteItems", Fate::overtaken(meanwhile));

        let answer = world.post(PATH, &naming_roles(&[&a])).await;

        assert_is_not_a_member(&answer, "jane");
        assert!(!world.wire.awaits("TransactWriteItems"));
        let item = world.item("USER#jane", "ORG#acme").await;
        assert_eq!(item["roleIds"], json!([]));
    }
}

fn acme() -> OrganizationId {
    OrganizationId::parse("acme").expect("an id")
}

fn jane() -> UserId {
    UserId::parse("jane").expect("an id")
}

mod replacing {
    use super::*;

    #[tokio::test]
    async fn roles_are_those_named_and_no_others() {
        let (world, [a, b, c]) = with_roles(["A", "B", "C"]).await;
        world.put(PATH, &naming_roles(&[&a, &b])).await;

        assert_done(&world.put(PATH, &naming_roles(&[&c, &b, &c])).await, 204);
        assert_eq!(names(&world, "jane").await, ["B", "C"]);

        let before = world.items().await;
        assert_done(&world.put(PATH, &naming_roles(&[&c, &b])).await, 204);
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_member_whose_roles_were_emptied_gets_none_back_at_a_sign_up() {
        let world = with_users([]).await;
        let role = world.role("A").await;
        world.default_roles("acme", &[&role]).await;
        world.sign_up("jane", "jane@acme.com").await;
        assert_eq!(names(&world, "jane").await, ["A"]);

        assert_done(&world.put(PATH, &naming_roles::<&str>(&[])).await, 204);
        world.sign_up("jane", "jane@acme.com").await;

        assert_eq!(names(&world, "jane").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn unknown_roles_are_refused_each_with_its_place_and_nothing_is_replaced() {
        assert_refuses_unknown_roles(Method::PUT, PATH, &[]).await;
    }

    #[tokio::test]
    async fn a_user_who_is_not_a_member_gets_no_roles() {
        assert_needs_a_member(Method::PUT).await;
    }

    #[tokio::test]
    async fn a_hundred_roles_fit_and_no_more() {
        let (world, [held]) = with_roles(["Held"]).await;
        let roles = world.roles(101).await;
        world.put(PATH, &naming_roles(&[&held])).await;
        let before = world.items().await;

        world.put(PATH, &naming_roles(&roles)).await.problem(422, "member_roles.limit_reached");
        assert_eq!(world.items().await, before);

        assert_done(&world.put(PATH, &naming_roles(&roles[1..])).await, 204);
        assert_eq!(names(&world, "jane").await, role_names(1..101));
    }

    #[tokio::test]
    async fn bodies_that_are_no_list_of_ids_are_refused() {
        let (world, []) = with_roles([]).await;
        assert_refuses_bodies(&world, Method::PUT, PATH, &WRONG_BODIES).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nobody_to_give_roles_to() {
        assert_needs_an_organization(Method::PUT, "users/jane/roles", &naming_roles(&["x"])).await;
    }
}

mod removing {
    use super::*;

    #[tokio::test]
    async fn a_role_is_taken_away_and_the_others_stay() {
        let (world, [a, b]) = with_roles(["A", "B"]).await;
        world.put(PATH, &naming_roles(&[&a, &b])).await;
        assert_done(&world.delete(&format!("{PATH}/{a}")).await, 204);
        assert_eq!(names(&world, "jane").await, ["B"]);
        assert_done(&world.delete(&format!("{PATH}/{b}")).await, 204);
        assert_eq!(names(&world, "jane").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_role_that_is_not_held_is_not_found() {
        let (world, [held, other, gone]) = with_roles(["Held", "Other", "Gone"]).await;
        world.put(PATH, &naming_roles(&[&held, &gone])).await;
        world.delete(&format!("/organization-roles/{gone}")).await;
        let before = world.items().await;
        for role in [&*other, &*gone, "role_0"] {
            let answer = world.delete(&format!("{PATH}/{role}")).await;
            assert_eq!(
                answer.problem(404, "member_role.not_found"),
                format!("the member does not hold the role `{role}`: there is nothing to remove")
            );
        }
        for role in ["a%20b", "%00"] {
            let answer = world.delete(&format!("{PATH}/{role}")).await;
            answer.problem(404, "organization_role.not_found");
            // The membership is asked before the role.
            let answer = world.delete(&format!("{MEMBERS}/nobody/roles/{role}")).await;
            answer.problem(422, "membership.not_a_member");
        }
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn of_two_removals_of_a_role_at_once_one_finds_it() {
        let (world, [a]) = with_roles(["A"]).await;
        world.put(PATH, &naming_roles(&[&a])).await;
        let path = format!("{PATH}/{a}");
        let (a, b) = join(world.delete(&path), world.delete(&path)).await;
        let (done, late) = if a.status.as_u16() == 204 { (a, b) } else { (b, a) };
        assert_done(&done, 204);
        late.problem(404, "member_role.not_found");
    }

    #[tokio::test]
    async fn a_user_who_is_not_a_member_has_no_roles_to_take_away() {
        assert_needs_a_member(Method::DELETE).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nothing_to_take_away() {
        assert_needs_an_organization(Method::DELETE, "users/jane/roles/x", &Value::Null).await;
    }
}

mod assigning {
    use super::*;

    #[tokio::test]
    async fn several_members_get_several_roles_beside_their_own() {
        let world = with_members(["jane", "joe", "jim"]).await;
        let [a, b, c] = [world.role("A").await, world.role("B").await, world.role("C").await];
        world.put(PATH, &naming_roles(&[&c])).await;

        let body = assigning(&["joe", "jane", "joe"], &[&b, &a, &b]);
        assert_done(&world.post(ASSIGN, &body).await, 201);

        assert_eq!(names(&world, "jane").await, ["A", "B", "C"]);
        assert_eq!(names(&world, "joe").await, ["A", "B"]);
        assert_eq!(names(&world, "jim").await, Vec::<String>::new());

        let before = world.items().await;
        assert_done(&world.post(ASSIGN, &body).await, 201);
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn empty_lists_are_refused_before_anything_is_read() {
        let (world, [role]) = with_roles(["A"]).await;
        let before = world.items().await;
        world.wire.traffic();
        let users = "`userIds` is empty: send at least one id";
        let roles = "the request names no role: send at least one id in `organizationRoleIds`, or \
                     one name in `organizationRoleNames`";
        let none: [&str; 0] = [];
        for (body, code, detail) in [
            (assigning(&[], &[&role]), "memberships.empty", users),
            (assigning(&["jane"], &none), "member_roles.empty", roles),
            (
                json!({ "userIds": ["jane"], "organizationRoleIds": [], "organizationRoleNames": [] }),
                "member_roles.empty",
                roles,
            ),
            (
                json!({ "userIds": ["nobody"], "organizationRoleNames": [] }),
                "member_roles.empty",
                roles,
            ),
        ] {
            assert_eq!(world.post(ASSIGN, &body).await.problem(400, code), detail);
        }
        assert_eq!(world.wire.traffic().operations, none);
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn a_user_who_is_not_a_member_is_reported_before_an_unknown_role() {
        let (world, []) = with_roles([]).await;
        let body = json!({
            "userIds": ["jane", "joe"],
            "organizationRoleIds": ["role_0"],
            "organizationRoleNames": ["Nobody's"],
        });
        let answer = world.post(ASSIGN, &body).await;
        assert_is_not_a_member(&answer, "joe");
        assert_eq!(answer.errors(), [("/userIds/1", "membership.not_a_member")]);
    }

    #[tokio::test]
    async fn users_who_are_not_members_are_refused_each_with_its_place_and_nobody_gets_anything() {
        let world = with_members(["jane", "left"]).await;
        let role = world.role("A").await;
        world.sign_up("joe", "joe@home.example").await;
        world.delete(&format!("{MEMBERS}/left")).await;
        let before = world.items().await;

        let answer = world.post(ASSIGN, &assigning(&["jane", "joe"], &[&role])).await;
        assert_is_not_a_member(&answer, "joe");
        assert_eq!(answer.errors(), [("/userIds/1", "membership.not_a_member")]);

        let users = ["left", "jane", "nobody", "a b", "", "left"];
        let answer = world.post(ASSIGN, &assigning(&users, &[&role])).await;
        answer.problem(422, "request.invalid_values");
        let places: Vec<_> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(places, [0, 2, 3, 4, 5].map(|place| format!("/userIds/{place}")));
        assert_eq!(world.items().await, before);
    }

    #[tokio::test]
    async fn unknown_roles_are_refused_each_with_its_place_and_nobody_gets_anything() {
        assert_refuses_unknown_roles(Method::POST, ASSIGN, &["jane"]).await;
    }

    #[tokio::test]
    async fn when_one_member_would_hold_too_many_roles_nobody_gets_any() {
        let world = with_members(["jane", "joe", "zoe"]).await;
        let roles = world.roles(101).await;
        world.put(&format!("{MEMBERS}/joe/roles"), &naming_roles(&roles[..100])).await;
        let before = world.items().await;

        let body = assigning(&["jane", "joe", "zoe"], &[&roles[100]]);
        world.post(ASSIGN, &body).await.problem(422, "member_roles.limit_reached");
        world
            .post(ASSIGN, &assigning(&["jane"], &roles))
            .await
            .problem(422, "member_roles.limit_reached");
        assert_eq!(world.items().await, before);

        // A deleted role takes no place.
        world.delete(&format!("/organization-roles/{}", roles[0])).await;
        assert_done(&world.post(ASSIGN, &body).await, 201);
        assert_eq!(names(&world, "joe").await, role_names(1..101));
    }

    #[tokio::test]
    async fn more_than_a_thousand_users_at_once_are_refused_without_a_look_at_them() {
        let (world, [role]) = with_roles(["A"]).await;
        let before = world.items().await;
        world.wire.traffic();
        for number in [1_001, 60_000] {
            let body = assigning(&vec!["jane"; number], &[&role]);
            world.post(ASSIGN, &body).await.problem(422, "memberships.limit_reached");
        }
        assert_eq!(world.wire.traffic().operations, ["GetItem"; 2]);
        assert_eq!(world.items().await, before);

        assert_done(&world.post(ASSIGN, &assigning(&["jane"; 1_000], &[&role])).await, 201);
        assert_eq!(names(&world, "jane").await, ["A"]);
    }

    #[tokio::test]
    async fn bodies_of_another_shape_are_refused() {
        let (world, []) = with_roles([]).await;
        let wrong = [
            ("{}", ""),
            (r#"{"userIds": []}"#, ""),
            (r#"{"userIds": ["jane"]}"#, ""),
            (r#"{"organizationRoleIds": []}"#, ""),
            (r#"{"userIds": [], "organizationRoleNames": null}"#, "/organizationRoleNames"),
            (r#"{"userIds": [], "organizationRoleNames": [[]]}"#, "/organizationRoleNames/0"),
            (r#"{"userIds": [1], "organizationRoleIds": []}"#, "/userIds/0"),
            (r#"{"userIds": [], "organizationRoleIds": null}"#, "/organizationRoleIds"),
            (r#"{"userIds": [], "organizationRoleIds": [], "x": 1}"#, "/x"),
        ];
        assert_refuses_bodies(&world, Method::POST, ASSIGN, &wrong).await;
    }

    #[tokio::test]
    async fn without_an_organization_there_is_nobody_to_give_roles_to() {
        let body = assigning(&["jane"], &["x"]);
        assert_needs_an_organization(Method::POST, "users/roles", &body).await;
    }

    #[tokio::test]
    async fn a_process_killed_at_any_call_is_made_good_by_repeating() {
        let world = with_members(["jane", "joe"]).await;
        let role = world.role("A").await;
        let body = assigning(&["jane", "joe"], &[&role]);
        let mut calls = 0;
        loop {
            world.wire.cut_after(calls);
            let answer = world.post(ASSIGN, &body).await;
            world.wire.mend();
            if answer.status.as_u16() == 201 {
                break;
            }
            answer.problem(503, "service.unavailable");
            calls += 1;
            assert!(calls < 20, "it takes no twenty calls");
        }
        assert!(calls > 3);
        for user in ["jane", "joe"] {
            assert_eq!(names(&world, user).await, ["A"]);
        }
    }
}
