//! The schemas of the events: events of each type, brought about by requests, are as they say

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use functions::event_schemas::schema;
use serde_json::{Value, json};
use shared::event::EventType;

use crate::support::{
    Pool, World, assert_event, attributes, complaints, in_repository, pool_user, tagged_item,
    template, text_of, trigger_event, verified,
};

const ACME: &str = "/organizations/acme";
/// An event of each type, by type.
const SAMPLES: &str = "docs/events/samples.json";

/// Sends a request of an operator, and lets a second pass.
async fn send(world: &World, method: Method, path: &str, body: Value, status: u16) -> Value {
    let answer = world.ask(method, path).caller("console", "olga").json(&body).send().await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {:#}", answer.body);
    world.pass(Duration::from_secs(1));
    answer.body
}

/// Lets a user sign up, and a second pass.
async fn sign_up(world: &World, user: &str) {
    world.sign_up(user, &format!("{user}@acme.example")).await;
    world.pass(Duration::from_secs(1));
}

/// A world in which everything has happened that is an event.
async fn told() -> World {
    let pool = Pool::with_providers([("Acme-Okta".to_owned(), "SAML")]);
    let world = World::with_pool(&pool).await;
    let (post, put, patch, delete) = (Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    let none = Value::Null;

    let engineer = json!({ "name": "Engineer" });
    let engineer = send(&world, post.clone(), "/organization-roles", engineer, 201).await;
    let engineer = engineer["id"].as_str().expect("an id");
    let role = format!("/organization-roles/{engineer}");
    let described = json!({ "description": "Builds rockets." });
    send(&world, patch.clone(), &role, described, 200).await;
    let acme = json!({ "id": "acme", "name": "Acme" });
    send(&world, post.clone(), "/organizations", acme, 201).await;
    let named = json!({ "name": "Acme Rockets", "customData": { "plan": "gold" } });
    send(&world, patch.clone(), ACME, named, 200).await;
    let roles = json!({ "organizationRoleIds": [engineer] });
    send(&world, put.clone(), &format!("{ACME}/jit/roles"), roles.clone(), 204).await;

    let domains = format!("{ACME}/jit/email-domains");
    let listed = json!({ "emailDomain": "acme.example" });
    send(&world, post.clone(), &domains, listed, 201).await;
    sign_up(&world, "jane").await;
    let asked = json!({ "enrollment": "request", "organizationRoleIds": [] });
    send(&world, patch.clone(), &format!("{domains}/acme.example"), asked, 200).await;
    for user in ["joe", "kim", "lee", "max"] {
        sign_up(&world, user).await;
    }
    let requests = format!("{ACME}/join-requests");
    send(&world, post.clone(), &format!("{requests}/joe/approve"), json!({}), 200).await;
    send(&world, post.clone(), &format!("{requests}/kim/decline"), none.clone(), 204).await;
    let members = format!("{ACME}/users");
    let lee = json!({ "userIds": ["lee"] });
    send(&world, post.clone(), &members, lee, 201).await;
    send(&world, put.clone(), &format!("{members}/lee/roles"), roles, 204).await;
    send(&world, delete.clone(), &format!("{members}/jane"), none.clone(), 204).await;
    let removed = format!("{ACME}/removed-users/kim");
    send(&world, delete.clone(), &removed, none.clone(), 204).await;
    for user in ["joe", "max"] {
        pool.add(pool_user(user, user, &format!("{user}@acme.example"), true));
        send(&world, delete.clone(), &format!("/users/{user}"), none.clone(), 204).await;
    }

    let pending = json!({ "emailDomain": "eu.example", "ownership": "pending" });
    send(&world, post.clone(), &domains, pending, 201).await;
    send(&world, post.clone(), &format!("{domains}/eu.example/vouch"), none.clone(), 200).await;
    send(&world, delete.clone(), &format!("{domains}/eu.example"), none.clone(), 204).await;
    world.domains("acme", &["us.example"]).await;
    world.make_pending("acme", &["us.example"]).await;
    world.add_record("us.example").await;
    world.invoke("check-email-domains", &json!({})).await;
    world.pass(Duration::from_secs(1));

    let providers = format!("{ACME}/jit/sso-connectors");
    let okta = json!({ "ssoConnectorIds": ["Acme-Okta"] });
    send(&world, post, &providers, okta, 201).await;
    let identity =
        json!([{ "userId": "pat", "providerName": "Acme-Okta", "providerType": "SAML" }]);
    let mut pat = verified("pat", "pat@elsewhere.example");
    pat["cognito:user_status"] = "EXTERNAL_PROVIDER".into();
    pat["identities"] = identity.to_string().into();
    world.pre_token_generation(&trigger_event("2", "TokenGeneration_HostedAuth", &pat)).await;
    world.pass(Duration::from_secs(1));
    let okta = format!("{providers}/Acme-Okta");
    send(&world, patch, &okta, json!({ "enrollment": "off" }), 200).await;
    send(&world, delete.clone(), &okta, none.clone(), 204).await;

    send(&world, delete.clone(), ACME, none.clone(), 204).await;
    send(&world, delete, &role, none, 204).await;
    world
}

/// All events of a world, in their order.
async fn events(world: &World) -> Vec<Value> {
    let store = world.store();
    let items = world.items_and_changes().await;
    let changes = items.iter().filter(|((pk, _), _)| pk.starts_with("CHANGE#"));
    let changes = changes.map(|(_, item)| attributes(&tagged_item(&json!(item))));
    let changes = changes.map(|item| store.read_change(&item).expect("a change"));
    let mut events: Vec<_> = changes.flat_map(|change| change.published()).collect();
    events.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
    events.iter().map(|event| serde_json::to_value(event).expect("JSON")).collect()
}

#[tokio::test]
async fn each_type_has_a_schema_and_a_sample_and_what_happens_is_as_they_say() {
    let events = events(&told().await).await;
    let mut samples = BTreeMap::new();
    for event in &events {
        assert_event(event);
        let kind = event["type"].as_str().expect("a type");
        samples.entry(kind).or_insert_with(|| event.clone());
    }
    let lacking: Vec<_> =
        EventType::ALL.iter().filter(|kind| !samples.contains_key(kind.as_str())).collect();
    assert!(lacking.is_empty(), "nothing here is such an event: {lacking:?}");

    let recorded = std::fs::read_to_string(in_repository(SAMPLES)).unwrap_or_default();
    let present = format!("{:#}\n", json!(samples));
    if recorded != present {
        let folder = in_repository("target/tmp");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("samples.json"), present).expect("a file");
        panic!("{SAMPLES} is stale: look at target/tmp/samples.json, and copy it there");
    }
}

#[tokio::test]
async fn an_event_with_something_more_or_less_or_else_is_not_as_the_schema_says() {
    let samples: Value = serde_json::from_str(&text_of(SAMPLES)).expect("JSON");
    for kind in EventType::ALL {
        let sample = &samples[kind.as_str()];
        assert_eq!(complaints(sample), [""; 0], "{kind:?}");
        let schema = schema(*kind);
        for name in schema["required"].as_array().expect("a list") {
            let mut event = sample.clone();
            event.as_object_mut().expect("an object").remove(name.as_str().expect("a name"));
            assert_ne!(complaints(&event), [""; 0], "{kind:?} without {name}");
        }
        for (name, wrong) in [
            ("more", json!(1)),
            ("version", json!(2)),
            ("id", json!("1")),
            ("time", json!("2026-01-01T00:00:00Z")),
            ("type", json!("Organization.Membership.Joined")),
            ("actor", json!({})),
            ("actor", json!({ "type": "api", "entryPath": "PostConfirmation" })),
            ("actor", json!({ "type": "trigger" })),
            ("actor", json!({ "type": "schedule", "subject": "olga" })),
            ("organizationId", json!("")),
            ("email", json!("")),
            ("cause", json!({})),
            ("before", json!({ "more": 1 })),
            ("after", json!({ "more": 1 })),
        ] {
            let mut event = sample.clone();
            event[name] = wrong.clone();
            assert_ne!(complaints(&event), [""; 0], "{kind:?} with {name} = {wrong}");
        }
    }
}

#[test]
fn the_schemas_forbid_nothing_that_a_later_release_may_add() {
    for kind in EventType::ALL {
        let schema = schema(*kind).to_string();
        assert!(!schema.contains("additionalProperties"), "{kind:?}");
    }
}

#[test]
fn the_template_registers_each_schema_for_what_the_bus_delivers() {
    let resources = &template("infra/events.yaml")["Resources"];
    let registered: Vec<_> = resources
        .as_object()
        .expect("resources")
        .values()
        .filter(|resource| resource["Type"] == "AWS::EventSchemas::Schema")
        .map(|resource| &resource["Properties"])
        .collect();
    assert_eq!(registered.len(), EventType::ALL.len());
    let samples: Value = serde_json::from_str(&text_of(SAMPLES)).expect("JSON");
    for kind in EventType::ALL {
        let name = format!("usher@{}", kind.as_str());
        let found = registered.iter().find(|it| it["SchemaName"] == name.as_str());
        let content =
            found.unwrap_or_else(|| panic!("{name} is not registered"))["Content"].as_str();
        let content = content.expect("a text");
        // EventBridge takes no more.
        assert!(content.len() <= 100_000, "{name} has {} bytes", content.len());
        let schema: Value = serde_json::from_str(content).expect("JSON");
        assert_eq!(schema["x-amazon-events-detail-type"], kind.as_str());
        let mut delivered = json!({
            "version": "0",
            "id": "0d079340-135a-c8c6-95c2-41fb8f496c53",
            "detail-type": kind.as_str(),
            "source": "usher",
            "account": "123456789012",
            "time": "2026-01-01T00:00:00Z",
            "region": "eu-central-1",
            "resources": [],
            "detail": samples[kind.as_str()],
        });
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        validator.validate(&delivered).expect("as the schema says");
        delivered["detail"]["id"] = json!(1);
        assert!(!validator.is_valid(&delivered), "{name} does not look at the detail");
    }
}

#[test]
fn nothing_else_is_among_the_schemas() {
    let names = EventType::ALL.iter().map(|kind| format!("{}.json", kind.as_str()));
    let mut known: Vec<_> = names.collect();
    known.extend(["samples", "queue", "lambda", "api-destination"].map(|name| {
        let ending = if name == "samples" { "json" } else { "yaml" };
        format!("{name}.{ending}")
    }));
    for entry in std::fs::read_dir(in_repository("docs/events")).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        assert!(known.contains(&name), "docs/events/{name} is of no type of events: delete it");
    }
}
