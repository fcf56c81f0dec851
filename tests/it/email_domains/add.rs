//! `POST /organizations/{organizationId}/jit/email-domains`

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_new_domain_is_listed_and_indexed() {
    let world = World::new().await;
    world.organization("acme").await;

    let path = "/organizations/acme/jit/email-domains";
    let answer = world.post(path, &json!({ "emailDomain": "Acme.COM." })).await;

    let entity = json!({
        "organizationId": "acme",
        "emailDomain": "acme.com",
        "addedAt": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!((answer.status.as_u16(), &answer.body), (201, &entity));
    assert_eq!(world.get(path).await.body, json!([entity]));
    World::assert_list_and_index_agree(&world.items().await);
}
