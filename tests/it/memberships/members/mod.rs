//! `/organizations/{organizationId}/users`

mod add;
mod list;
mod remove;
mod replace;

use axum::http::Method;
use serde_json::json;

use super::{MEMBERS, naming, with_members, with_users_and_pool};
use crate::support::{Answer, Pool, SignIn, World, assert_is, pool_user};

/// `user-000`, `user-001`, …
pub(super) fn users(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("user-{number:03}")).collect()
}

/// Follows the links to the end: the ids on each page.
pub(crate) async fn walk(world: &World, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(this) = path {
        let page = world.get(&this).await;
        pages.push(page.ids().into_iter().map(str::to_owned).collect());
        assert!(pages.len() <= 200, "the links lead in a circle");
        path = page.next_page();
    }
    pages
}

/// A pool with strangers: users whom Usher has not seen.
fn strangers<T: AsRef<str>>(subs: &[T]) -> Pool {
    let user = |sub: &T| {
        let sub = sub.as_ref();
        pool_user(sub, &format!("name of {sub}"), &format!("{sub}@new.example"), true)
    };
    Pool::with_users(SignIn::Name, subs.iter().map(user))
}

/// Strangers in a world in which nobody has signed up, and AWS's quota of listings holds.
async fn world_of_strangers<T: AsRef<str>>(subs: &[T]) -> (World, Pool) {
    let pool = strangers(subs);
    let world = with_users_and_pool([], &pool).await;
    pool.limit_listings(world.time());
    (world, pool)
}

/// The ids of acme's members.
async fn member_ids(world: &World) -> Vec<String> {
    let items = world.items().await;
    let members =
        items.iter().filter(|((_, sk), item)| sk == "ORG#acme" && item.contains_key("joinedAt"));
    members.map(|((pk, _), _)| pk["USER#".len()..].to_owned()).collect()
}

/// How often an operation was called since this was asked last.
fn calls(pool: &Pool, operation: &str) -> usize {
    pool.requests().iter().filter(|(called, _)| called == operation).count()
}

const OUT_OF_TIME: (&str, &str) = ("memberships.partially_added", "the time ran out");
const OVER_THE_RATE: (&str, &str) =
    ("user_pool.too_many_requests", "Cognito takes no more requests at the moment");

/// Asserts that an answer says why not all were added, and when to repeat the request.
#[track_caller]
fn assert_partially_added(answer: &Answer, (code, why): (&str, &str), added: usize, named: usize) {
    let detail = format!(
        "{why}, after {added} of {named} users were added: repeat the request, which goes on with \
         the others"
    );
    assert_eq!(answer.problem(429, code), detail);
    assert_eq!(answer.header("retry-after"), "1");
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

/// Asserts that users who do not exist are refused, each at its place, and that nothing changes.
async fn assert_refuses_unknown_users(method: &Method) {
    let world = with_users_and_pool(["jane", "joe"], &strangers(&["known"])).await;
    world.post(MEMBERS, &naming(&["joe"])).await;
    let before = world.items().await;
    let ask = |ids: &[&str]| world.ask(method.clone(), MEMBERS).json(&naming(ids)).send();

    let answer = ask(&["jane", "stranger"]).await;
    let reason = "there is no user `stranger`: send the `sub` of a user in the pool";
    let expected = json!({
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": reason,
        "code": "user.unknown",
        "message": reason,
        "errors": [{ "pointer": "/userIds/1", "code": "user.unknown", "detail": reason }],
    });
    assert_is(&answer, 422, &expected);

    let too_long = "x".repeat(129);
    let strange = ["", "a b", "known", "jane@acme.com", "a\0b", "jane", &too_long, "s", "s"];
    let answer = ask(&strange).await;
    answer.problem(422, "request.invalid_values");
    let places = [0, 1, 3, 4, 6, 7, 8].map(|place| format!("/userIds/{place}"));
    let expected: Vec<_> = places.iter().map(|place| (&**place, "user.unknown")).collect();
    assert_eq!(answer.errors(), expected);
    assert_eq!(
        answer.body["errors"][3]["detail"],
        "there is no user `a\\0b`: send the `sub` of a user in the pool"
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
            "a request can name at most 1000 users and replace at most 1000 members: add and \
             remove members in smaller steps"
        );
    }
    assert_eq!(world.wire.traffic().operations, ["GetItem"; 2]);
    assert_eq!(world.items().await, before);
}
