//! The OpenAPI document says of each route what the route does.

use std::collections::BTreeSet;

use functions::openapi::document;
use serde_json::Value;

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
fn every_operation_has_a_name_of_its_own_a_summary_and_a_known_tag() {
    let document = document();
    let tags = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]);
    let tags: Vec<_> = tags.collect();
    let mut names = BTreeSet::new();
    for (method, path, said) in operations(&document) {
        let name = said["operationId"].as_str().expect("a name");
        assert!(names.insert(name), "{method} {path}: {name} is there twice");
        assert!(
            name.starts_with(|letter: char| letter.is_ascii_lowercase()),
            "{method} {path}: {name}"
        );
        assert!(
            said["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{method} {path}: begin its documentation with a sentence"
        );
        let [tag] = said["tags"].as_array().expect("tags").as_slice() else {
            panic!("{method} {path} has one tag")
        };
        assert!(tags.contains(&tag), "{method} {path}: describe {tag} in functions/src/openapi.rs");
    }
}
