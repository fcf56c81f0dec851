//! `GET /organizations/{organizationId}`, and what is answered where no organization is

use serde_json::json;

use crate::support::{World, assert_no_organization};

#[tokio::test]
async fn an_unknown_organization_is_not_found_by_any_method_and_nothing_changes() {
    let world = World::new().await;
    world.organization("gone").await;
    world.delete("/organizations/gone").await;
    let before = world.items().await;

    let too_long = "x".repeat(65);
    for (id, shown) in [
        ("nobody", "nobody"),
        ("gone", "gone"),
        ("Gone", "Gone"),
        ("a%20b", "a b"),
        ("%C3%A9", "é"),
        ("a%2Fb", "a/b"),
        ("%00", "\u{fffd}"),
        (&too_long, &too_long),
    ] {
        let path = format!("/organizations/{id}");
        for answer in [
            world.get(&path).await,
            world.patch(&path, &json!({})).await,
            world.patch(&path, &json!({ "name": "x", "customData": { "a": 1 } })).await,
        ] {
            assert_no_organization(&answer, shown, &path);
        }
        if id != "gone" {
            assert_no_organization(&world.delete(&path).await, shown, &path);
        }
    }
    world.get("/organizations/%FF").await.problem(400, "request.invalid_path");
    assert_eq!(world.items().await, before);
}
