//! The repository's files as data.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// A file or folder of the repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of one of the repository's files.
#[track_caller]
pub(crate) fn text_of(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A CloudFormation template with its short-form functions written out: `!Ref X` as `{"Ref": "X"}`.
#[track_caller]
pub(crate) fn template(path: &str) -> Value {
    let text = text_of(path);
    let documents =
        Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path} is not YAML: {error}"));
    let [document] = documents.as_slice() else { panic!("{path} is not one document") };
    json(document)
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => json!(boolean),
        Yaml::Value(Scalar::Integer(integer)) => json!(integer),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(values) => values.iter().map(json).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(name, value)| (name.as_str().expect("names are text").to_owned(), json(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                function => format!("Fn::{function}"),
            };
            json!({ name: json(value) })
        }
        other => panic!("no template has such a value: {other:?}"),
    }
}
