//! `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1), so that a client does not overwrite changes
//! that it has not seen. A tag counts writes, and says nothing of the bytes of an answer. So a proxy that compresses an answer and weakens its tag has not changed what the tag
//! means: `W/"13"` matches like `"13"`, although RFC 9110 compares `If-Match` strongly.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::Problem;
use crate::domain::version::{Precondition, Version};

/// The `ETag` header of a version.
#[must_use]
pub fn etag(version: Version) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::try_from(tag(version)).expect("digits between quotes are visible");
    (header::ETAG, value)
}

/// The precondition in a request's `If-Match`: [`Precondition::None`] without the header.
#[derive(Debug)]
pub struct IfMatch(pub Precondition);

impl IfMatch {
    /// The most characters of the header, all its lines together. That many entity tags of this API
    /// have about half of them.
    pub const LONGEST: usize = 4_096;
    /// The form of the header: `*`, or a list of at most [`Precondition::MOST`] entity tags. Members
    /// of a list may be empty (RFC 9110, 5.6.1).
    const PATTERN: &str = concat!(
        r#"^([\t ,]*\*[\t ,]*|[\t ,]*(W/)?"[\t !#-~]*"[\t ]*"#,
        r#"(,[\t ,]*(W/)?"[\t !#-~]*"[\t ]*){0,99}(,[\t ,]*)?)$"#
    );
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut lines = Vec::new();
        for line in parts.headers.get_all(header::IF_MATCH) {
            lines.push(line.to_str().map_err(|_| malformed())?);
        }
        let list = lines.join(",");
        // `*` requires that there is something to change. Every write requires that anyway.
        if lines.is_empty() || list.trim_matches([' ', '\t', ',']) == "*" {
            return Ok(Self(Precondition::None));
        }
        parse(&list).map(|tags| Self(Precondition::OneOf(tags)))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The `ETag` of an earlier answer: the change is made only if nobody has \
                           made another one since.";
        vec![
            ParameterBuilder::new()
                .name("If-Match")
                .parameter_in(ParameterIn::Header)
                .description(Some(description))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .min_length(Some(1))
                        .max_length(Some(Self::LONGEST))
                        .pattern(Some(Self::PATTERN)),
                ))
                .example(Some("\"7\"".into()))
                .build(),
        ]
    }
}

/// Reads a list of entity tags. Tags that are not ours never match, and are left out.
fn parse(list: &str) -> Result<Vec<Version>, Problem> {
    let mut versions = Vec::new();
    let mut tags = 0;
    if list.len() > IfMatch::LONGEST {
        return Err(malformed());
    }
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        let opening = rest.strip_prefix("W/").unwrap_or(rest);
        let opaque = opening.strip_prefix('"').ok_or_else(malformed)?;
        let (opaque, after) = opaque.split_once('"').ok_or_else(malformed)?;
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(malformed());
        }
        tags += 1;
        let version = opaque.parse().ok().map(Version::new);
        // `"01"` parses too, but no answer has ever contained it.
        versions.extend(version.filter(|v| tag(*v) == format!("\"{opaque}\"")));
    }
    if !(1..=Precondition::MOST).contains(&tags) {
        return Err(malformed());
    }
    Ok(versions)
}

fn tag(version: Version) -> String {
    format!("\"{}\"", version.get())
}

fn malformed() -> Problem {
    let detail = format!(
        "`If-Match` is malformed: send the `ETag` of an earlier answer as it came, quotes included, \
         or up to {} of them",
        Precondition::MOST
    );
    Problem::new(StatusCode::BAD_REQUEST, "request.invalid_if_match", detail)
}
