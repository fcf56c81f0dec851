//! The sample events: every function has one, and is answered as `tests/events/story.json` says

use std::collections::{BTreeMap, BTreeSet};

use functions::HTTP_FUNCTIONS;
use functions::triggers::{TRIGGERS, pre_token_generation};
use serde_json::{Value, json};

use crate::support::{Pool, World, in_repository, logical_id, pool_user, template, text_of};

/// The events by their files' names: `post-confirmation.saml`.
fn events() -> BTreeMap<String, Value> {
    let folder = std::fs::read_dir(in_repository("tests/events")).expect("a folder");
    let files = folder.map(|entry| entry.expect("an entry").file_name());
    files
        .filter_map(|file| Some(file.to_str()?.strip_suffix(".json")?.to_owned()))
        .filter(|name| name != "story")
        .map(|name| {
            let text = text_of(&format!("tests/events/{name}.json"));
            let event = serde_json::from_str(&text);
            (name.clone(), event.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect()
}

/// The function that an event is for: `post-confirmation.saml` is one more for `post-confirmation`.
fn function_of(event: &str) -> &str {
    event.split('.').next().unwrap_or(event)
}

/// What an HTTP function answered, without what is always the same; its body parsed if it is JSON.
#[track_caller]
fn essence(mut answer: Value) -> Value {
    let text = answer["body"].take();
    let text = text.as_str().expect("a text");
    let headers = answer["headers"].as_object_mut().expect("headers");
    headers.remove("content-length");
    let (status, headers) = (answer["statusCode"].take(), answer["headers"].take());
    assert_eq!(
        answer,
        json!({
            "statusCode": null,
            "headers": null,
            "multiValueHeaders": {},
            "body": null,
            "isBase64Encoded": false,
            "cookies": [],
        })
    );
    let body =
        if text.is_empty() { Value::Null } else { serde_json::from_str(text).expect("JSON") };
    json!({ "statusCode": status, "headers": headers, "body": body })
}

#[test]
fn every_function_of_the_template_has_an_event_and_no_event_is_for_nothing() {
    let template = template("template.yaml");
    let resources = template["Resources"].as_object().expect("resources");
    let functions: BTreeSet<_> = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
        .map(|function| {
            let binary = &function["Metadata"]["BuildProperties"]["Binary"];
            binary.as_str().expect("the name of a binary").to_owned()
        })
        .collect();
    let events = events();
    let lacking: Vec<_> = functions.iter().filter(|name| !events.contains_key(*name)).collect();
    assert!(lacking.is_empty(), "write tests/events/<function>.json for {lacking:?}");
    let stray: Vec<_> =
        events.keys().filter(|event| !functions.contains(function_of(event))).collect();
    assert!(stray.is_empty(), "the events {stray:?} are for no function of the template");
}

#[test]
fn an_event_of_an_http_function_is_what_a_route_of_the_template_makes_of_a_request() {
    let template = template("template.yaml");
    for (name, event) in events() {
        let function = function_of(&name);
        if !HTTP_FUNCTIONS.iter().any(|http| http.name == function) {
            continue;
        }
        let id = format!("{}Function", logical_id(function));
        let routes = &template["Resources"][&id]["Properties"]["Events"];
        let context = &event["requestContext"];
        let route = routes
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, route)| &route["Properties"])
            .find(|route| {
                let key =
                    [&route["Method"], &route["Path"]].map(|part| part.as_str().expect("text"));
                event["routeKey"] == key.join(" ")
            })
            .unwrap_or_else(|| panic!("{name}: {} is no route of {id}", event["routeKey"]));
        let mut path = route["Path"].as_str().expect("text").to_owned();
        for (parameter, value) in event["pathParameters"].as_object().into_iter().flatten() {
            let value = value.as_str().expect("text");
            path = path.replace(&format!("{{{parameter}}}"), value);
            path = path.replace(&format!("{{{parameter}+}}"), value);
        }
        assert_eq!(event["version"], "2.0", "{name}");
        assert_eq!(event["rawPath"], path, "{name}");
        assert_eq!(context["http"]["path"], path, "{name}");
        assert_eq!(context["http"]["method"], route["Method"], "{name}");
        assert_eq!(context["routeKey"], event["routeKey"], "{name}");
        let scopes = &route["Auth"]["AuthorizationScopes"];
        if !scopes.is_null() {
            assert_eq!(context["authorizer"]["jwt"]["scopes"], *scopes, "{name}");
        }
    }
}

#[tokio::test]
async fn every_event_is_answered_as_the_story_tells() {
    let events = events();
    let story: Vec<Value> =
        serde_json::from_str(&text_of("tests/events/story.json")).expect("a list");
    let told: BTreeSet<_> =
        story.iter().map(|step| step["event"].as_str().expect("a name").to_owned()).collect();
    assert!(told.iter().all(|name| events.contains_key(name)), "{told:?} are all there");

    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    let joe = "b163c274-5362-4f61-8fb4-6285d0daa277";
    pool.answers(
        "AdminCreateUser",
        json!({ "User": pool_user(joe, joe, "joe@acme.example", true) }),
    );
    let untold = events.keys().filter(|name| !told.contains(*name));
    let untold: Vec<_> = untold.map(|name| json!({ "event": name })).collect();
    for step in story.iter().chain(&untold) {
        let name = step["event"].as_str().expect("a name");
        let function = function_of(name);
        let event = &events[name];
        let raw = serde_json::value::to_raw_value(event).expect("JSON");
        match function {
            "post-confirmation" => {
                world.post_confirmation(event).await;
                assert_eq!(step["response"], event["response"], "{name}");
            }
            "pre-token-generation" => {
                let answer = pre_token_generation::handle((&world.app).into(), raw).await;
                let mut expected = event.clone();
                expected["response"] = step["response"].clone();
                let answer: Value = serde_json::from_str(answer.get()).expect("JSON");
                assert_eq!(answer, expected, "{name}");
            }
            _ if step["answer"].is_null() => {
                let answer = world.invoke(function, event).await;
                let status = answer["statusCode"].as_u64().expect("a status");
                assert!((200..300).contains(&status), "{name}: {answer:#}");
            }
            _ => assert_eq!(essence(world.invoke(function, event).await), step["answer"], "{name}"),
        }
    }
    for trigger in TRIGGERS {
        assert!(told.contains(trigger.name), "tell what is answered to {}", trigger.name);
    }
}
