//! The OpenAPI document says of each route what the route does.

use std::collections::BTreeSet;

use functions::HTTP_FUNCTIONS;
use functions::openapi::document;
use serde_json::Value;

use crate::support::{template, text_of};

/// The document's operations: method, path template, and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").iter();
            methods.map(|(method, said)| (method.to_uppercase(), path.clone(), said))
        })
        .collect()
}

#[test]
fn the_checked_in_copy_is_what_the_handlers_say() {
    let copy: Value =
        serde_json::from_str(&text_of("functions/console/openapi.json")).expect("JSON");
    assert!(copy == document(), "functions/console/openapi.json is stale: run `make openapi`");
}

#[test]
fn its_routes_and_scopes_are_those_of_the_code_and_of_the_template() {
    let document = document();
    let said: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| {
            let scopes = &operation["security"][0]["operators"];
            (method, path, scopes.to_string())
        })
        .collect();

    let code: BTreeSet<_> = HTTP_FUNCTIONS
        .iter()
        .flat_map(|function| (function.routes)())
        .map(|route| (route.method.to_string(), route.path.replace("{*", "{")))
        .collect();
    let routes: BTreeSet<_> =
        said.iter().map(|(method, path, _)| (method.clone(), path.clone())).collect();
    assert_eq!(routes, code, "functions/src/openapi.rs (left) must list the routes of the code");

    let template = template("template.yaml");
    let resources = template["Resources"].as_object().expect("resources").values();
    let events: BTreeSet<_> = resources
        .filter_map(|resource| resource["Properties"]["Events"].as_object())
        .flat_map(|events| events.values())
        .map(|event| {
            let text = |name: &str| event["Properties"][name].as_str().expect("text").to_owned();
            let scopes = event["Properties"]["Auth"]["AuthorizationScopes"].to_string();
            (text("Method"), text("Path").replace("+}", "}"), scopes)
        })
        .collect();
    assert_eq!(said, events, "the document (left) and template.yaml must say the same");
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_known_tag() {
    let document = document();
    let tags = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]);
    let tags: Vec<_> = tags.collect();
    let mut names = BTreeSet::new();
    for (method, path, said) in operations(&document) {
        let name = said["operationId"].as_str().expect("a name");
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.starts_with(|letter: char| letter.is_ascii_lowercase()), "{name}");
        assert!(
            said["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{method} {path}"
        );
        let [tag] = said["tags"].as_array().expect("tags").as_slice() else {
            panic!("{method} {path} has one tag")
        };
        assert!(tags.contains(&tag), "{tag} is described in functions/src/openapi.rs");
    }
}
