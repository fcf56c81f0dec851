//! Reads query strings, and writes those of links.
//!
//! A route takes the query parameters that its annotation declares, and no others:
//! [`refuse_unknown`] runs before every handler.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use utoipa::IntoParams;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use super::Problem;

/// The pattern of texts without control characters. The replacement character stands for bytes that
/// are not UTF-8.
const NO_CONTROL_CHARACTER: &str = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]*$";
/// The most characters of an unknown name that an answer repeats.
const LONGEST_NAME: usize = 60;

/// A query parameter with a fixed name, and text as its value.
pub trait FromQuery: Sized {
    /// The parameter's name.
    const PARAMETER: &'static str;
    /// What the OpenAPI document says about it.
    const DESCRIPTION: &'static str;
    /// The most characters (Unicode scalar values) of its value.
    const LONGEST: usize;
    /// The fewest characters of its value.
    const SHORTEST: usize = 0;
    /// The regular expression (ECMA-262) of its value.
    const PATTERN: &'static str = NO_CONTROL_CHARACTER;
    /// The code of the problem for a value that cannot be accepted.
    const INVALID: &'static str;

    /// The schema of its value in the OpenAPI document.
    #[must_use]
    fn schema() -> ObjectBuilder {
        let shortest = Some(Self::SHORTEST).filter(|shortest| *shortest > 0);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(shortest)
            .max_length(Some(Self::LONGEST))
            .pattern(Some(Self::PATTERN))
    }

    /// Parses the percent-decoded value. It is no longer than [`Self::LONGEST`], and has no control
    /// characters.
    ///
    /// # Errors
    /// What is wrong, and what to send instead: the end of a sentence that begins with the name.
    fn from_query(value: &str) -> Result<Self, String>;
}

/// The value of a query parameter, if the request has it. The annotation of the handler declares
/// it as `params(QueryOf<T>)`.
#[derive(Debug)]
pub struct QueryOf<T>(pub Option<T>);

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::of(parts);
        let Some(value) = query.get(T::PARAMETER, T::INVALID)? else {
            return Ok(Self(None));
        };
        let parsed = if value.chars().count() > T::LONGEST {
            Err(format!("is too long: send at most {} characters", T::LONGEST))
        } else if value.contains(char::is_control) {
            Err("contains a control character: send it without".to_owned())
        } else if value.contains(char::REPLACEMENT_CHARACTER) {
            // Decoding puts it in place of bytes that are not UTF-8.
            Err("is not UTF-8: percent-encode its UTF-8 form".to_owned())
        } else {
            T::from_query(value)
        };
        let parsed = parsed.map_err(|reason| {
            let detail = format!("`{}` {reason}", T::PARAMETER);
            Problem::new(StatusCode::BAD_REQUEST, T::INVALID, detail)
        });
        parsed.map(Some).map(Self)
    }
}

/// The value of a query parameter that a request must have. The annotation of the handler declares
/// it as `params(RequiredQueryOf<T>)`.
#[derive(Debug)]
pub struct RequiredQueryOf<T>(pub T);

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for RequiredQueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let QueryOf(value) = QueryOf::from_request_parts(parts, state).await?;
        value.map(Self).ok_or_else(|| {
            let detail = format!("the query parameter `{}` is missing: send it", T::PARAMETER);
            Problem::new(StatusCode::BAD_REQUEST, "request.parameter_missing", detail)
        })
    }
}

impl<T: FromQuery> IntoParams for RequiredQueryOf<T> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = QueryOf::<T>::into_params(parameter_in);
        for parameter in &mut parameters {
            parameter.required = Required::True;
        }
        parameters
    }
}

impl<T: FromQuery> IntoParams for QueryOf<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            ParameterBuilder::new()
                .name(T::PARAMETER)
                .parameter_in(ParameterIn::Query)
                .description(Some(T::DESCRIPTION))
                .schema(Some(T::schema()))
                .build(),
        ]
    }
}

/// Declares that a route takes any query parameters. Only pages do, because sign-in pages and
/// links add parameters to their addresses.
pub struct AnyQuery;

impl IntoParams for AnyQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let any = ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)));
        vec![
            ParameterBuilder::new()
                .name("any")
                .parameter_in(ParameterIn::Query)
                .description(Some("Any parameters. They are for the page, and are not read here."))
                // The members of the object are parameters of their own (OpenAPI, Style Values).
                .style(Some(ParameterStyle::Form))
                .explode(Some(true))
                .schema(Some(any))
                .build(),
        ]
    }
}

/// The query parameters that a route takes.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Any,
    Only(Arc<[String]>),
}

impl Known {
    /// The query parameters that an annotation declares.
    pub(super) fn of(annotation: &Operation) -> Self {
        let parameters = annotation.parameters.iter().flatten().filter_map(|it| match it {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        });
        let parameters: Vec<_> =
            parameters.filter(|it| it.parameter_in == ParameterIn::Query).collect();
        if parameters.iter().any(|it| it.explode == Some(true)) {
            return Self::Any;
        }
        Self::Only(parameters.iter().map(|it| it.name.clone()).collect())
    }
}

/// Refuses a request with a query parameter that its route does not take.
pub(super) async fn refuse_unknown(
    State(known): State<Known>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let query = request.uri().query().unwrap_or_default();
    if let Known::Only(known) = known {
        let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        if let Some(name) = names.find(|name| !known.iter().any(|known| known == name)) {
            return Err(unknown(&name, &known));
        }
    }
    Ok(next.run(request).await)
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let known = match known.as_slice() {
        [] => "send no query string".to_owned(),
        [only] => format!("the only one is {only}"),
        [others @ .., last] => format!("send only {} and {last}", others.join(", ")),
    };
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    let rest = if shown.len() < name.len() { "…" } else { "" };
    let detail = format!("the query parameter `{shown}{rest}` is not known here: {known}");
    Problem::new(StatusCode::BAD_REQUEST, "request.unknown_parameter", detail)
}

/// Whether a query string is UTF-8, once it is decoded. [`Query`] puts U+FFFD in place of what is not.
pub(super) fn is_utf8(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    percent_encoding::percent_decode_str(query).decode_utf8().is_ok()
}

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

/// The address of a request, for links to other pages in its answer.
pub(super) struct Location {
    address: String,
    /// The parameters that select what is listed. All pages have them.
    selection: Vec<(String, String)>,
}

impl Location {
    /// The absolute address, from the headers that the gateway forwards. If the host is not valid,
    /// it is only the path: a link may be relative (RFC 8288, 3.1). `paging` has the names of the
    /// parameters that differ between pages.
    pub(super) fn of(parts: &Parts, query: Query, paging: &[&str]) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        let path = parts.uri.path();
        let address = match text(header::HOST.as_str()).filter(|host| is_host(host)) {
            Some(host) => format!("{scheme}://{host}{path}"),
            None => path.to_owned(),
        };
        let selects =
            |(name, value): &(String, String)| !paging.contains(&&**name) && !value.is_empty();
        Self { address, selection: query.0.into_iter().filter(selects).collect() }
    }

    /// One entry of a `Link` header, to the page with these parameters.
    pub(super) fn link(&self, page: &[(&str, &str)], relation: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(page)
            .extend_pairs(&self.selection)
            .finish();
        format!("<{}?{query}>; rel=\"{relation}\"", self.address)
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}
