//! The trigger `post-confirmation`

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_confirmed_sign_up_becomes_a_member_with_the_default_roles() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    let role = world.role("Engineer").await;
    let body = json!({ "organizationRoleIds": [role] });
    world.put("/organizations/acme/jit/roles", &body).await;

    world.sign_up("user-1", "Jane@ACME.com").await;

    let memberships = world.get("/users/user-1/organizations").await;
    assert_eq!(
        memberships.body,
        json!([{
            "id": "acme",
            "name": "acme",
            "description": null,
            "organizationRoles": [{ "id": role, "name": "Engineer" }],
            "joinedAt": "2026-01-01T00:00:00.000Z",
            "provenance": {
                "rule": "email_domain",
                "emailDomain": "acme.com",
                "entryPath": "PostConfirmation",
            },
        }])
    );
}
