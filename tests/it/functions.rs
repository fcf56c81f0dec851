//! Nothing is missing for any function.

use std::collections::BTreeSet;
use std::process::Command;

use functions::openapi::document;
use functions::{Entry, FUNCTIONS, Function, generated};
use serde_json::Value;

use crate::support::{in_repository, sample_events, steps, text_of};

/// Everything that is missing, stale or left over, each with what to do about it.
#[test]
fn nothing_is_missing_of_any_function() {
    let mut lacking = Vec::new();
    let current = |path: &str| std::fs::read_to_string(in_repository(path)).unwrap_or_default();
    for (path, text) in generated::files(current) {
        if current(&path) != text {
            lacking.push(format!("{path} is stale: run `make template`"));
        }
    }
    let copy = serde_json::from_str::<Value>(&text_of("functions/console/openapi.json"));
    if copy.expect("JSON") != document() {
        lacking.push("functions/console/openapi.json is stale: run `make openapi`".to_owned());
    }

    let this = std::env::current_exe().expect("the test binary");
    let list = Command::new(this).args(["--list", "--format", "terse"]).output().expect("a list");
    let tests = String::from_utf8(list.stdout).expect("UTF-8");
    let (events, steps) = (sample_events(), steps());
    for function in FUNCTIONS {
        let Function { name, module, .. } = function;
        if !tests.lines().any(|test| test.starts_with(&format!("{module}::"))) {
            let path = format!("tests/it/{}.rs", module.replace("::", "/"));
            lacking.push(format!("{name} has no tests: write {path}, and name it in its `mod.rs` or in tests/it/main.rs"));
        }
        if !matches!(function.entry, Entry::Http(_)) && !events.contains(*name) {
            lacking.push(format!("{name} has no sample event: write tests/events/{name}.json"));
        }
        for route in function.routes() {
            let is_told = |it: &Option<_>| it.as_ref() == Some(&route);
            if !steps.iter().any(|step| is_told(&step.route)) {
                let (method, path) = (&route.method, &route.path);
                lacking.push(format!(
                    "{name}: nothing asks for {method} {path}: add a request to \
                     tests/events/story.json"
                ));
            }
        }
    }

    let names: BTreeSet<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    for event in events {
        if !names.contains(event.split('.').next().unwrap_or_default()) {
            lacking.push(format!("tests/events/{event}.json is for no function: delete it"));
        }
    }
    assert!(
        lacking.is_empty(),
        "functions/src/lib.rs lists the functions. Beside that:\n- {}\n",
        lacking.join("\n- ")
    );
}
