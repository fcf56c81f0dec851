//! The story of `tests/events` is answered as it says, and its sample events are what API Gateway
//! sends.

use functions::Entry;

use crate::support::{steps, tell, template};

#[test]
fn an_event_of_an_http_function_is_what_a_route_of_the_template_makes_of_a_request() {
    let template = template("template.yaml");
    let mut compared = 0;
    for step in steps() {
        let Some(function) = step.function.filter(|_| step.is_sample()) else { continue };
        if !matches!(function.entry, Entry::Http(_)) {
            continue;
        }
        let (name, event, context) = (&step.name, &step.event, &step.event["requestContext"]);
        let id = format!("{}Function", function.logical_id());
        let routes = &template["Resources"][&id]["Properties"]["Events"];
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
        compared += 1;
    }
    assert!(compared > 0, "there is no sample event of an HTTP function");
}

#[tokio::test]
async fn every_step_of_the_story_is_answered_as_it_tells() {
    tell().await;
}
