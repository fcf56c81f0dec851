//! Reads JSON bodies.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::{LARGEST_BODY, Problem};

/// A request's JSON body. The problem for an invalid body names the place of the error.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let detail =
                    format!("the body is too large: send at most {LARGEST_BODY} bytes of JSON");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.body_too_large", detail)
            } else {
                let detail = "the body did not arrive whole: repeat the request";
                Problem::new(StatusCode::BAD_REQUEST, "request.body_incomplete", detail)
            }
        })?;
        if bytes.is_empty() {
            let detail = "there is no body: send a JSON object";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "request.body_missing", detail));
        }
        if !json {
            let detail = "the body is not declared as JSON: send `Content-Type: application/json`";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "request.unsupported_media_type", detail));
        }
        parse(&bytes).map(Self)
    }
}

/// Reads a member that may be absent, with `#[serde(default, deserialize_with = "present")]`. If it
/// is present, it must be a `T`, so `null` is allowed only if `T` is an `Option`.
///
/// # Errors
/// When the value is not of the type.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let Ok(content_type) = content_type.to_str() else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| invalid(error.inner(), pointer(error.path())))?;
    deserializer.end().map_err(|error| invalid(&error, String::new()))?;
    // A derived `Deserialize` also accepts an array that has the members in their order.
    if bytes.trim_ascii_start().starts_with(b"{") {
        Ok(value)
    } else {
        let detail = "the body is an array: send a JSON object";
        let problem = Problem::new(StatusCode::BAD_REQUEST, "request.invalid_body", detail);
        Err(problem.at(String::new()))
    }
}

fn invalid(error: &serde_json::Error, pointer: String) -> Problem {
    match error.classify() {
        Category::Data => {
            let detail = format!("the body is not what is expected here: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "request.invalid_body", detail).at(pointer)
        }
        Category::Io | Category::Syntax | Category::Eof => {
            let detail = format!("the body is not JSON: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "request.malformed_json", detail)
        }
    }
}

/// The JSON Pointer (RFC 6901) of a place in the body.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}
