//! What rules with settings, proofs, identity providers and requests leave in the table.
//!
//! `tests/data/recorded-rules.json` is a recording like the others, of what they do not have. It begins
//! since there are these rules.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ENGINEER, GUEST, assert_recorded, recorded_in, send};
use crate::support::{Pool, World, trigger_event, verified};

const RECORDING: &str = "tests/data/recorded-rules.json";
const INITECH: &str = "/organizations/initech";

/// The user pool has the provider of the recording.
fn pool() -> Pool {
    Pool::with_providers([("Okta".to_owned(), "SAML")])
}

/// Sends a request of a caller.
async fn send_as_olga(world: &World, method: Method, path: &str, body: &Value, status: u16) {
    let path = format!("{INITECH}/{path}");
    let answer = world.ask(method, &path).caller("console", "olga").json(body).send().await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {:#}", answer.body);
    world.pass(std::time::Duration::from_secs(1));
}

/// Lets a user of the provider sign in for the first time.
async fn sign_in(world: &World, user: &str) {
    let identity = json!([{ "userId": user, "providerName": "Okta", "providerType": "SAML" }]);
    let mut attributes = verified(user, &format!("{user}@elsewhere.example"));
    attributes["cognito:user_status"] = "EXTERNAL_PROVIDER".into();
    attributes["identities"] = identity.to_string().into();
    let mut event = trigger_event("2", "TokenGeneration_HostedAuth", &attributes);
    event["userName"] = format!("Okta_{user}").into();
    world.pre_token_generation(&event).await;
}

/// Initech has a rule in each state that a request can bring about. Ann asks to join, Bob is approved,
/// Cat is declined, Dan joins by a provider, and so does Eve, who is removed.
async fn record() -> World {
    let pool = pool();
    let world = World::with_pool(&pool).await;
    for role in ["Engineer", "Guest"] {
        send(&world, Method::POST, "/organization-roles", json!({ "name": role }), 201).await;
    }
    let initech = json!({ "id": "initech", "name": "Initech" });
    send(&world, Method::POST, "/organizations", initech, 201).await;
    for domain in [
        json!({
            "emailDomain": "initech.com",
            "enrollment": "request",
            "existingUsers": "off",
            "organizationRoleIds": [GUEST],
            "subdomains": true,
        }),
        json!({ "emailDomain": "pending.example", "ownership": "pending" }),
        json!({ "emailDomain": "vouched.example", "ownership": "pending" }),
        json!({ "emailDomain": "proven.example", "ownership": "pending" }),
    ] {
        send_as_olga(&world, Method::POST, "jit/email-domains", &domain, 201).await;
    }
    let domain = |name: &str, verb: &str| format!("jit/email-domains/{name}/{verb}");
    let nothing = Value::Null;
    send_as_olga(&world, Method::POST, &domain("vouched.example", "vouch"), &nothing, 200).await;
    let listed = world.get(&format!("{INITECH}/jit/email-domains")).await.body;
    let listed = listed.as_array().expect("a list");
    let proven = listed.iter().find(|it| it["emailDomain"] == "proven.example").expect("it");
    let part = |name: &str| proven["ownership"]["record"][name].as_str().expect("a record");
    world.name_server.add(part("name"), part("value")).await.expect("a name");
    send_as_olga(&world, Method::POST, &domain("proven.example", "verify"), &nothing, 200).await;

    let okta = json!({ "ssoConnectorIds": ["Okta"] });
    send_as_olga(&world, Method::POST, "jit/sso-connectors", &okta, 201).await;
    let settings = json!({ "organizationRoleIds": [ENGINEER] });
    send_as_olga(&world, Method::PATCH, "jit/sso-connectors/Okta", &settings, 200).await;

    for (user, email) in
        [("ann", "ann@initech.com"), ("bob", "bob@eu.initech.com"), ("cat", "cat@initech.com")]
    {
        world.sign_up(user, email).await;
        world.pass(std::time::Duration::from_secs(1));
    }
    send_as_olga(&world, Method::POST, "join-requests/bob/approve", &json!({}), 200).await;
    send_as_olga(&world, Method::POST, "join-requests/cat/decline", &nothing, 204).await;
    for user in ["dan", "eve"] {
        sign_in(&world, user).await;
        world.pass(std::time::Duration::from_secs(1));
    }
    send_as_olga(&world, Method::DELETE, "users/eve", &nothing, 204).await;
    world
}

#[tokio::test]
async fn the_recorded_rules_leave_the_recorded_items_today() {
    assert_recorded(&record().await.items().await, RECORDING, "recorded-rules.json");
}

#[tokio::test]
async fn the_recorded_rules_read_as_those_of_today() {
    let mut answers = Vec::new();
    for world in [record().await, recorded_in(RECORDING, &pool()).await] {
        let mut read = Vec::new();
        for path in
            ["jit/email-domains", "jit/sso-connectors", "join-requests", "removed-users", "users"]
        {
            let answer = world.get(&format!("{INITECH}/{path}")).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_ne!(answer.body, json!([]), "{path}");
            read.push(answer.body);
        }
        for user in ["cat", "eve"] {
            let new = json!({ "email": format!("{user}@initech.com") });
            read.push(world.post(&format!("{INITECH}/jit/preview"), &new).await.body);
            sign_in(&world, user).await;
        }
        read.push(world.get(&format!("{INITECH}/users")).await.body);
        answers.push(read);
    }
    assert_eq!(answers[0], answers[1]);
}
