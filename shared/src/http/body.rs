//! Reads JSON bodies.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::body_value::{BodyError, Defect, expected, read};
use super::{LARGEST_BODY, Problem};

/// The mark that some editors write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A request's JSON body. The problem for an invalid body names the place of the error.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers();
        let (json, encoded) = (is_json(headers), is_encoded(headers));
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
        if bytes.is_empty() || *bytes == *BYTE_ORDER_MARK {
            let detail = format!("there is no body: send {}", expected::<T>());
            return Err(Problem::new(StatusCode::BAD_REQUEST, "request.body_missing", detail));
        }
        if encoded {
            let detail = "`Content-Encoding` says that the body is encoded: send it as it is, \
                          without this header";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "request.unsupported_content_encoding", detail)
                .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")));
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

/// Whether a request says that its body has a coding, such as gzip (RFC 9110, 8.4).
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|codings| {
        let mut codings = codings.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let json: &RawValue = serde_json::from_str(text(bytes)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            malformed(&format!(
                "it ends too early, in line {line}, column {column}: send all of it"
            ))
        } else {
            malformed(&format!("correct the syntax in line {line}, column {column}"))
        }
    })?;
    read(json).map_err(unacceptable)
}

/// A body as text, without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    // JSON begins with ASCII characters. So a zero byte among the first bytes belongs to a character
    // of another encoding. UTF-32 comes first, because one of its marks begins with one of UTF-16.
    let encoding = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = encoding {
        return Err(malformed(&format!("it is in {encoding}: send it in UTF-8")));
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let place = error.valid_up_to() + 1;
        malformed(&format!("byte {place} is not UTF-8: send all of it in UTF-8"))
    })
}

fn malformed(reason: &str) -> Problem {
    let detail = format!("the body is not JSON: {reason}");
    Problem::new(StatusCode::BAD_REQUEST, "request.malformed_json", detail)
}

fn unacceptable(error: BodyError) -> Problem {
    if let Defect::Unreadable(cause) = error.defect {
        return Problem::internal(cause);
    }
    let code = match error.defect {
        Defect::LoneSurrogate => "request.malformed_json",
        _ => "request.invalid_body",
    };
    Problem::new(StatusCode::BAD_REQUEST, code, error.to_string()).at(error.pointer)
}
