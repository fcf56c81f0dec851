//! Reads query strings, and writes those of links.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::Problem;

/// The parameters of a request's query string.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The value of a parameter, if it is present. A parameter that appears twice is a problem.
    pub(super) fn get(&self, name: &str, code: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value);
        let value = values.next();
        if values.next().is_some() {
            let detail = format!("`{name}` is there twice: send it once");
            return Err(Problem::new(StatusCode::BAD_REQUEST, code, detail));
        }
        Ok(value)
    }

    /// A text of at most `longest` characters without control characters, if the parameter is
    /// present.
    pub(super) fn text(
        &self,
        name: &str,
        longest: usize,
        code: &'static str,
    ) -> Result<Option<&str>, Problem> {
        let value = self.get(name, code)?;
        if value.is_some_and(|value| value.chars().count() > longest) {
            let detail = format!("`{name}` is too long: send at most {longest} characters");
            return Err(Problem::new(StatusCode::BAD_REQUEST, code, detail));
        }
        if value.is_some_and(|value| value.contains(char::is_control)) {
            let detail = format!("`{name}` contains a control character: send it without");
            return Err(Problem::new(StatusCode::BAD_REQUEST, code, detail));
        }
        Ok(value)
    }

    /// A whole number from 1 to `most`, if the parameter is present.
    pub(super) fn number(
        &self,
        name: &str,
        code: &'static str,
        most: u32,
    ) -> Result<Option<u32>, Problem> {
        let Some(text) = self.get(name, code)? else {
            return Ok(None);
        };
        let number =
            if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None };
        match number {
            Some(number) if (1..=most).contains(&number) => Ok(Some(number)),
            _ => {
                let detail = format!("`{name}` must be a whole number from 1 to {most}");
                Err(Problem::new(StatusCode::BAD_REQUEST, code, detail))
            }
        }
    }
}

/// The address of a request, for links in its answer.
pub(super) struct Location(String);

impl Location {
    /// The absolute address, from the headers that the gateway forwards. If the host is not valid,
    /// it is only the path: a link may be relative (RFC 8288, 3.1).
    pub(super) fn of(parts: &Parts) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        let path = parts.uri.path();
        match text(header::HOST.as_str()).filter(|host| is_host(host)) {
            Some(host) => Self(format!("{scheme}://{host}{path}")),
            None => Self(path.to_owned()),
        }
    }

    /// One entry of a `Link` header, with those of the parameters `kept` that have a value.
    pub(super) fn link(
        &self,
        parameters: &[(&str, &str)],
        kept: &[(&str, Option<&str>)],
        relation: &str,
    ) -> String {
        let kept = kept.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .extend_pairs(kept)
            .finish();
        format!("<{}?{query}>; rel=\"{relation}\"", self.0)
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}
