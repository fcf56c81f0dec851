//! Pages of lists.

use std::ops::Range;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::Problem;
use super::query::{Location, Query, is_utf8};
use crate::store::SORT_KEY_BYTES;

const LARGEST_PAGE: u32 = 100;
const USUAL_PAGE: u32 = 20;
const PAGE: &str = "page";
const PAGE_SIZE: &str = "page_size";
const CURSOR: &str = "cursor";
const PAGE_INVALID: &str = "request.invalid_page";
const PAGE_SIZE_INVALID: &str = "request.invalid_page_size";
const CURSOR_INVALID: &str = "request.invalid_cursor";

/// The paging of a list whose length is known: `page` (from 1) and `page_size` (1 to 100; 20 if
/// only `page` is given). Without both, the answer is the whole list.
pub struct Paging {
    page: Option<(u32, u32)>,
    location: Location,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::of(parts);
        let page = query.number(PAGE, PAGE_INVALID, u32::MAX)?;
        let size = query.number(PAGE_SIZE, PAGE_SIZE_INVALID, LARGEST_PAGE)?;
        let page = (page.is_some() || size.is_some())
            .then(|| (page.unwrap_or(1), size.unwrap_or(USUAL_PAGE)));
        Ok(Self { page, location: Location::of(parts, query, &[PAGE, PAGE_SIZE]) })
    }
}

impl IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let page =
            "Which page, from 1; without `page` and `page_size` the answer is the whole list.";
        vec![number(PAGE, page, u32::MAX), page_size()]
    }
}

impl Paging {
    /// The part of a list of so many entries that the page shows.
    #[must_use]
    pub fn part(&self, total: usize) -> Range<usize> {
        let Some((page, size)) = self.page else {
            return 0..total;
        };
        let start = (page as usize - 1).saturating_mul(size as usize).min(total);
        start..start.saturating_add(size as usize).min(total)
    }

    /// Answers one page of a list, with `Total-Number` and `Link` (RFC 8288), or the whole list. The
    /// links have all parameters of the request but those of paging.
    pub fn respond<T: Serialize>(&self, list: &[T]) -> Response {
        self.respond_part(list.len(), &list[self.part(list.len())])
    }

    /// Like [`Self::respond`], with only the [part](Self::part) of a list of so many entries. Entries
    /// that cannot be shown may be missing.
    pub fn respond_part<T: Serialize>(&self, total: usize, part: &[T]) -> Response {
        const TOTAL_NUMBER: HeaderName = HeaderName::from_static("total-number");

        let Some((page, size)) = self.page else {
            return Json(part).into_response();
        };
        let per_page = size as usize;
        let last = u32::try_from(total.div_ceil(per_page).max(1)).unwrap_or(u32::MAX);
        let link = |page: u32, relation| {
            let parameters = [(PAGE, &*page.to_string()), (PAGE_SIZE, &*size.to_string())];
            self.location.link(&parameters, relation)
        };
        let mut links = vec![link(1, "first")];
        links.extend((page > 1).then(|| link((page - 1).min(last), "prev")));
        links.extend((page < last).then(|| link(page + 1, "next")));
        links.push(link(last, "last"));

        let mut response = Json(part).into_response();
        let headers = response.headers_mut();
        headers.insert(TOTAL_NUMBER, HeaderValue::from(total));
        insert_link(headers, &links.join(", "));
        response
    }
}

/// The paging of a list whose length is not known: `page_size` (1 to 100; 20 if not given) and
/// `cursor` (from the `Link` of an earlier answer).
pub struct CursorPaging {
    /// The most entries of the page.
    pub page_size: usize,
    cursor: Option<String>,
    location: Location,
}

impl<S: Send + Sync> FromRequestParts<S> for CursorPaging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::of(parts);
        let size = query.number(PAGE_SIZE, PAGE_SIZE_INVALID, LARGEST_PAGE)?;
        let cursor = query.get(CURSOR, CURSOR_INVALID)?.map(str::to_owned);
        if cursor.as_ref().is_some_and(|it| it.contains(char::REPLACEMENT_CHARACTER))
            && !is_utf8(parts)
        {
            return Err(foreign_cursor());
        }
        Ok(Self {
            page_size: size.unwrap_or(USUAL_PAGE) as usize,
            cursor,
            location: Location::of(parts, query, &[PAGE_SIZE, CURSOR]),
        })
    }
}

impl IntoParams for CursorPaging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let cursor = ParameterBuilder::new()
            .name(CURSOR)
            .parameter_in(ParameterIn::Query)
            .description(Some(
                "Where the page begins, as the `Link` to it says; else at the start.",
            ))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(Self::LONGEST_CURSOR))
                    .pattern(Some(Self::PATTERN)),
            ));
        vec![page_size(), cursor.build()]
    }
}

impl CursorPaging {
    /// The most characters of a cursor: a sort key of the table, which has at most as many bytes.
    pub const LONGEST_CURSOR: usize = SORT_KEY_BYTES;
    /// The form of a cursor: its only control character is a tab.
    const PATTERN: &str = r"^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]+$";

    /// The position where the page begins; `None` for the start of the list.
    ///
    /// # Errors
    /// When `parse` finds that the cursor does not come from an answer to the same search.
    pub fn start<C>(&self, parse: impl FnOnce(&str) -> Option<C>) -> Result<Option<C>, Problem> {
        let cursor = self.cursor.as_deref();
        cursor.map(|cursor| parse(cursor).ok_or_else(foreign_cursor)).transpose()
    }

    /// Answers a page. If there is a next page, the answer has a `Link` to it, with the other
    /// parameters of the request.
    pub fn respond<T: Serialize>(&self, page: &[T], next: Option<&str>) -> Response {
        let mut response = Json(page).into_response();
        if let Some(cursor) = next {
            let page_size = self.page_size.to_string();
            let parameters = [(PAGE_SIZE, &*page_size), (CURSOR, cursor)];
            insert_link(response.headers_mut(), &self.location.link(&parameters, "next"));
        }
        response
    }
}

fn foreign_cursor() -> Problem {
    let detail = "`cursor` does not come from an answer to this search: follow the `Link` with \
                  rel=\"next\", or leave it out to begin at the start";
    Problem::new(StatusCode::BAD_REQUEST, CURSOR_INVALID, detail)
}

fn page_size() -> Parameter {
    let description = format!("How many entries a page has; {USUAL_PAGE} if not sent.");
    number(PAGE_SIZE, &description, LARGEST_PAGE)
}

fn number(name: &str, description: &str, most: u32) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(most));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn insert_link(headers: &mut axum::http::HeaderMap, links: &str) {
    // Host, path and percent-encoded parameters are visible ASCII. Otherwise there is no link.
    if let Ok(value) = HeaderValue::from_str(links) {
        headers.insert(header::LINK, value);
    }
}
