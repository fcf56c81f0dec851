//! The OpenAPI document as a contract: every answer that a test sees is held against it.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use functions::openapi::with_internal_operations;
use http_body_util::BodyExt;
use jsonschema::Validator;
use serde_json::{Value, json};

/// What can be asked at one path with one method, and answered.
struct Operation {
    parameters: Vec<Parameter>,
    request: Option<Validator>,
    answers: HashMap<u16, Answer>,
}

/// A parameter of a request.
struct Parameter {
    name: String,
    place: String,
    /// The type of its value.
    kind: String,
    schema: Validator,
}

/// What an answer has.
struct Answer {
    headers: Vec<String>,
    /// Its content type and its schema, where it is JSON.
    body: Option<(String, Option<Validator>)>,
}

static CONTRACT: LazyLock<HashMap<(String, String), Operation>> = LazyLock::new(|| {
    let document = with_internal_operations();
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods");
        methods.iter().map(|(method, said)| ((method.to_uppercase(), path.clone()), said))
    });
    operations.map(|(route, said)| (route, operation(&document, said))).collect()
});

/// Lets a request pass, and fails the test that sent it if the document does not allow the answer:
/// an unknown status, header or content type, or a body that is not of its schema. What is answered
/// with a success must have been asked as the document says, too.
pub(crate) async fn hold(request: Request, next: Next) -> Response {
    let method = match request.method() {
        // Wherever there is a GET (RFC 9110, 9.3.2).
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    let head = request.method() == Method::HEAD;
    let path = request.extensions().get::<MatchedPath>();
    // OpenAPI has no word for a parameter of several segments.
    let path = path.map(|path| path.as_str().replace("{*", "{"));
    let (parts, body) = request.into_parts();
    let (uri, asked) = (parts.uri.clone(), parts.headers.clone());
    // A body that breaks off is the test's intention.
    let (sent, body) = match body.collect().await {
        Ok(body) => {
            let bytes = body.to_bytes();
            (bytes.clone(), Body::from(bytes))
        }
        Err(error) => (Bytes::new(), broken(error)),
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("bodies are in memory").to_bytes();
    let route = (method.to_string(), path.unwrap_or_default());
    match CONTRACT.get(&route) {
        // Another function's method at the same path.
        Some(_) if parts.status == StatusCode::METHOD_NOT_ALLOWED => {}
        None => assert!(
            [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&parts.status),
            "{route:?} is not in the document, and was answered {}",
            parts.status
        ),
        Some(operation) => {
            let what = format!("{} {}: {}", route.0, route.1, parts.status);
            if parts.status.is_success() {
                operation.hold_parameters(&what, &route.1, &uri, &asked);
            }
            operation.hold(&what, &sent, parts.status, &parts.headers, &bytes, head);
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

impl Operation {
    /// Holds the parameters of an accepted request.
    #[track_caller]
    fn hold_parameters(&self, what: &str, template: &str, uri: &Uri, headers: &HeaderMap) {
        let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let mut sent: Vec<_> = query
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| ("query", decoded(name), decoded(&value.replace('+', " "))))
            .collect();
        let segments = template.split('/').zip(uri.path().split('/'));
        sent.extend(segments.filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some(("path", name.to_owned(), decoded(value)))
        }));
        for parameter in self.parameters.iter().filter(|it| it.place == "header") {
            let lines = headers.get_all(&parameter.name).iter();
            let lines: Vec<_> = lines.map(|line| line.to_str().expect("ASCII")).collect();
            if !lines.is_empty() {
                sent.push(("header", parameter.name.clone(), lines.join(",")));
            }
        }
        for (place, name, value) in sent {
            let is_meant = |it: &&Parameter| it.place == place && it.name == name;
            let Some(parameter) = self.parameters.iter().find(is_meant) else { continue };
            let value = match parameter.kind.as_str() {
                "integer" => json!(value.parse::<u64>().expect("a number")),
                "boolean" => json!(value.parse::<bool>().expect("a boolean")),
                _ => json!(value),
            };
            let valid = parameter.schema.validate(&value);
            assert!(valid.is_ok(), "{what}, {place} {name}: not as the document says: {valid:?}");
        }
    }

    #[track_caller]
    fn hold(
        &self,
        what: &str,
        sent: &[u8],
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        head: bool,
    ) {
        let answer = self.answers.get(&status.as_u16());
        let answer = answer.unwrap_or_else(|| panic!("{what} is not in the document"));
        for name in ["etag", "link", "location", "retry-after", "total-number", "vary"] {
            let known = answer.headers.iter().any(|known| known == name);
            assert!(known || !headers.contains_key(name), "{what}: {name} is not in the document");
        }
        let content_type = headers.get("content-type").map(|value| value.to_str().expect("ASCII"));
        match &answer.body {
            None => assert_eq!((content_type, body), (None, &b""[..]), "{what}: has no body"),
            Some((declared, schema)) => {
                let same = declared == "*/*" || content_type == Some(declared);
                assert!(same, "{what}: {content_type:?} is not {declared}");
                if let Some(schema) = schema
                    && !head
                {
                    conforms(what, schema, body);
                }
            }
        }
        if status.is_success()
            && let Some(schema) = &self.request
        {
            let sent = sent.strip_prefix("\u{feff}".as_bytes()).unwrap_or(sent);
            conforms(&format!("{what}, the request"), schema, sent);
        }
    }
}

#[track_caller]
fn conforms(what: &str, schema: &Validator, body: &[u8]) {
    let body: Value =
        serde_json::from_slice(body).unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors: Vec<_> = schema
        .iter_errors(&body)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect();
    assert!(errors.is_empty(), "{what}: not as the document says: {errors:#?}");
}

fn operation(document: &Value, said: &Value) -> Operation {
    let request = &said["requestBody"]["content"]["application/json"]["schema"];
    let answers = said["responses"].as_object().expect("responses");
    let parameters = said["parameters"].as_array().into_iter().flatten();
    Operation {
        parameters: parameters.map(|said| parameter(document, said)).collect(),
        request: (!request.is_null()).then(|| validator(document, request)),
        answers: answers
            .iter()
            .map(|(status, said)| (status.parse().expect("a status"), answer(document, said)))
            .collect(),
    }
}

fn parameter(document: &Value, said: &Value) -> Parameter {
    let text = |name: &str| said[name].as_str().expect("a text").to_owned();
    let kind = said["schema"]["type"].as_str().unwrap_or_default().to_owned();
    let schema = validator(document, &said["schema"]);
    Parameter { name: text("name"), place: text("in"), kind, schema }
}

/// A part of an address without its percent-encoding.
fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn answer(document: &Value, said: &Value) -> Answer {
    let headers = said["headers"].as_object().into_iter().flatten();
    let content = said["content"].as_object().into_iter().flatten();
    Answer {
        headers: headers.map(|(name, _)| name.to_ascii_lowercase()).collect(),
        body: content
            .map(|(content_type, content)| {
                let schema = content_type.ends_with("json").then(|| &content["schema"]);
                (content_type.clone(), schema.map(|schema| validator(document, schema)))
            })
            .next(),
    }
}

fn validator(document: &Value, schema: &Value) -> Validator {
    assert!(!schema.is_null(), "JSON has a schema");
    jsonschema::options()
        .should_validate_formats(true)
        .build(&closed(document, schema))
        .expect("a schema")
}

/// A schema on its own, whose objects have no members but those that it names: a document leaves
/// that open, so that an older client can read newer answers.
fn closed(document: &Value, schema: &Value) -> Value {
    let mut schema = match schema["$ref"].as_str() {
        Some(reference) => {
            let target = document.pointer(&reference[1..]).expect("a schema of the document");
            return closed(document, target);
        }
        None => schema.clone(),
    };
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = json!({ "type": "object", "properties": {}, "required": [] });
        for part in parts {
            let part = closed(document, part);
            let properties = whole["properties"].as_object_mut().expect("an object");
            properties.extend(part["properties"].as_object().expect("an object").clone());
            let required = whole["required"].as_array_mut().expect("a list");
            required.extend(part["required"].as_array().into_iter().flatten().cloned());
        }
        schema = whole;
    }
    for several in ["oneOf", "anyOf"] {
        for part in schema.get_mut(several).and_then(Value::as_array_mut).into_iter().flatten() {
            *part = closed(document, part);
        }
    }
    if let Some(items) = schema.get_mut("items") {
        *items = closed(document, items);
    }
    if let Some(properties) = schema.get_mut("properties") {
        for property in properties.as_object_mut().expect("properties").values_mut() {
            *property = closed(document, property);
        }
        schema["additionalProperties"] = json!(false);
    }
    schema
}

/// A body that breaks off.
fn broken(error: axum::Error) -> Body {
    let ends = futures_util::stream::once(async { Err::<Bytes, _>(error) });
    Body::from_stream(ends)
}
