//! `GET /organization-roles/{organizationRoleId}`, and what is answered where no role is

use axum::http::Method;
use serde_json::json;

use super::{PATH, at};
use crate::support::World;

#[tokio::test]
async fn an_unknown_role_is_not_found_by_any_method_and_nothing_changes() {
    let world = World::new().await;
    let gone = world.role("Gone").await;
    world.role("Other").await;
    world.delete(&at(&gone)).await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in [
        ("role_0", "role_0"),
        (&*gone, &*gone),
        ("COUNT", "COUNT"),
        ("a%20b", "a b"),
        ("%C3%A9", "é"),
        ("%00", "\u{fffd}"),
        (&too_long, &too_long),
    ] {
        let path = at(id);
        for answer in [
            world.get(&path).await,
            world.patch(&path, &json!({})).await,
            world.patch(&path, &json!({ "name": "x" })).await,
            world.delete(&path).await,
        ] {
            assert_eq!(
                answer.problem(404, "organization_role.not_found"),
                format!(
                    "there is no organization role `{shown}`: check the id, or create it with \
                     POST /organization-roles"
                )
            );
        }
    }
    world.get(&at("%FF")).await.problem(400, "request.invalid_path");
    let answer = world.ask(Method::PUT, PATH).send().await;
    answer.problem(405, "request.method_not_allowed");
    assert_eq!(answer.header("allow"), "POST,GET,HEAD");
    assert_eq!(world.items().await, before);
}
