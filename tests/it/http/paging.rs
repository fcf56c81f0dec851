//! Pages by number, and their links

use axum::extract::FromRequestParts;
use axum::http::{Request, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use proptest::prelude::*;
use shared::http::Paging;

/// Asks for a page of the numbers below `total`: the status, the numbers, and `Link`.
fn page(total: usize, query: &str) -> (StatusCode, Vec<usize>, String) {
    let uri = format!("/numbers?{query}");
    let request = Request::builder().uri(uri).body(()).expect("a request");
    let (mut parts, ()) = request.into_parts();
    let read = Paging::from_request_parts(&mut parts, &()).now_or_never();
    let response = match read.expect("nothing to wait for") {
        Ok(paging) => paging.respond(&(0..total).collect::<Vec<_>>()),
        Err(problem) => problem.into_response(),
    };
    let (head, body) = response.into_parts();
    let body = body.collect().now_or_never().expect("in memory").expect("a body").to_bytes();
    let link =
        head.headers.get(header::LINK).map_or("", |link| link.to_str().expect("visible ASCII"));
    (head.status, serde_json::from_slice(&body).unwrap_or_default(), link.to_owned())
}

/// The query string that a `Link` gives for a relation.
fn linked(link: &str, relation: &str) -> Option<String> {
    let end = format!(">; rel=\"{relation}\"");
    let target = link.split(", ").find_map(|entry| entry.strip_suffix(&end))?;
    target.strip_prefix("</numbers?").map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn whoever_follows_the_links_sees_everything_once(total in 0..400_usize, size in 1..=100_usize) {
        let mut forth = Vec::new();
        let mut query = format!("page_size={size}");
        let last = loop {
            let (status, numbers, link) = page(total, &query);
            prop_assert_eq!(status, StatusCode::OK);
            forth.extend(numbers);
            prop_assert_eq!(
                linked(&link, "first"),
                Some(format!("page=1&page_size={size}"))
            );
            match linked(&link, "next") {
                Some(next) => query = next,
                None => break linked(&link, "last").expect("a last page"),
            }
        };
        prop_assert!(forth.iter().copied().eq(0..total));

        let mut back = Vec::new();
        let mut query = last;
        loop {
            let (_, numbers, link) = page(total, &query);
            back.splice(0..0, numbers);
            match linked(&link, "prev") {
                Some(previous) => query = previous,
                None => break,
            }
        }
        prop_assert_eq!(back, forth);
    }

    #[test]
    fn any_paging_values_are_read_or_refused(
        page_value in "[-+.0-9a-z%&=]{0,12}",
        size in "[-+.0-9a-z%&=]{0,4}",
    ) {
        let (status, ..) = page(10, &format!("page={page_value}&page_size={size}"));
        prop_assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST);
    }
}
