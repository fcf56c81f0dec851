//! `DELETE /organization-roles/{organizationRoleId}`

use std::collections::BTreeMap;

use futures_util::future::join;
use serde_json::{Value, json};

use super::{at, consistent_names, entity};
use crate::support::{Fate, World, assert_is};

#[tokio::test]
async fn a_deleted_role_is_gone_and_its_name_free() {
    let world = World::new().await;
    world.role("Other").await;
    let mut expected = world.items().await;
    let id = world.role("Engineer").await;

    let answer = world.delete(&at(&id)).await;

    assert_is(&answer, 204, &Value::Null);
    assert_eq!(world.items().await, expected);
    world.get(&at(&id)).await.problem(404, "organization_role.not_found");
    world.delete(&at(&id)).await.problem(404, "organization_role.not_found");
    assert_eq!(world.items().await, expected);
    let again = world.role("ENGINEER").await;
    assert_ne!(again, id);
    expected = world.items().await;
    assert_eq!(consistent_names(&expected).len(), 2);
}

#[tokio::test]
async fn a_deleted_role_is_gone_from_default_roles_and_memberships() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let (kept, gone) = (world.role("Kept").await, world.role("Gone").await);
    world.default_roles("acme", &[&kept, &gone]).await;
    world.sign_up("before", "before@acme.com").await;

    world.delete(&at(&gone)).await;
    world.sign_up("after", "after@acme.com").await;

    let listed = world.get("/organizations/acme/jit/roles").await;
    assert_eq!(listed.body, json!([entity(&kept, "Kept")]));
    for user in ["before", "after"] {
        let memberships = world.get(&format!("/users/{user}/organizations")).await;
        let held = json!([{ "id": kept, "name": "Kept" }]);
        assert_eq!(memberships.body[0]["organizationRoles"], held, "{user}");
    }
}

#[tokio::test]
async fn of_two_deletions_at_once_one_finds_the_role() {
    let world = World::new().await;
    let path = at(&world.role("Engineer").await);

    let (one, other) = join(world.delete(&path), world.delete(&path)).await;

    let (won, lost) = if one.status.as_u16() == 204 { (one, other) } else { (other, one) };
    assert_is(&won, 204, &Value::Null);
    lost.problem(404, "organization_role.not_found");
    assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
}

#[tokio::test]
async fn a_rename_and_a_deletion_at_once_leave_no_name() {
    for _ in 0..5 {
        let world = World::new().await;
        let path = at(&world.role("Old").await);

        let body = json!({ "name": "New" });
        let (renamed, deleted) = join(world.patch(&path, &body), world.delete(&path)).await;

        assert_is(&deleted, 204, &Value::Null);
        if renamed.status.as_u16() != 200 {
            renamed.problem(404, "organization_role.not_found");
        }
        assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_gets_lost_does_not_miss_what_it_has_deleted() {
    let world = World::new().await;
    let path = at(&world.role("Engineer").await);
    let canceled = ["ConditionalCheckFailed", "None", "None"];
    world.wire.next("TransactWriteItems", Fate::canceled(&canceled));
    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    assert_is(&world.delete(&path).await, 204, &Value::Null);

    assert_eq!(consistent_names(&world.items().await), BTreeMap::new());
}
