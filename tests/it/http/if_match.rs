//! `If-Match` as a precondition

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use proptest::prelude::*;
use shared::domain::version::{Precondition, Version};
use shared::http::IfMatch;

/// Reads `If-Match` lines as a request would carry them.
pub(crate) fn if_match(lines: &[&[u8]]) -> Result<Precondition, StatusCode> {
    let mut request = Request::new(());
    for line in lines {
        let value = HeaderValue::from_bytes(line).expect("a header's value");
        request.headers_mut().append(header::IF_MATCH, value);
    }
    let (mut parts, ()) = request.into_parts();
    let read = IfMatch::from_request_parts(&mut parts, &()).now_or_never();
    match read.expect("nothing to wait for") {
        Ok(IfMatch(precondition)) => Ok(precondition),
        Err(problem) => Err(problem.into_response().status()),
    }
}

#[test]
fn if_match_is_read_from_all_its_lines() {
    let versions =
        |numbers: &[u64]| Precondition::OneOf(numbers.iter().copied().map(Version::new).collect());
    assert_eq!(if_match(&[]), Ok(Precondition::None));
    assert_eq!(if_match(&[b"*"]), Ok(Precondition::None));
    assert_eq!(if_match(&[b"", b"*"]), Ok(Precondition::None));
    assert_eq!(if_match(&[b"*", b"*"]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"W/*"]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"\"1\"", b"\"2\", \"3\""]), Ok(versions(&[1, 2, 3])));
    assert_eq!(if_match(&[b"\"1\"", b"W/\"2\"", b"\"x\""]), Ok(versions(&[1, 2])));
    assert_eq!(if_match(&[b"\"18446744073709551615\""]), Ok(versions(&[u64::MAX])));
    assert_eq!(if_match(&[b"\"18446744073709551616\""]), Ok(versions(&[])));
    assert_eq!(if_match(&[b"*", b"\"1\""]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"\"1\"", b"\xff"]), Err(StatusCode::BAD_REQUEST));
    assert_eq!(if_match(&[b"", b""]), Err(StatusCode::BAD_REQUEST));
    let tags = |count: usize| vec!["\"7\""; count].join(",");
    assert_eq!(if_match(&[tags(100).as_bytes()]), Ok(versions(&[7; 100])));
    assert_eq!(if_match(&[tags(101).as_bytes()]), Err(StatusCode::BAD_REQUEST));
    // Tags of others count too.
    let foreign = |count: usize| vec!["\"x\""; count].join(",");
    assert_eq!(if_match(&[foreign(100).as_bytes()]), Ok(versions(&[])));
    assert_eq!(if_match(&[foreign(101).as_bytes()]), Err(StatusCode::BAD_REQUEST));
    let mixed = format!("{}, {}", tags(50), foreign(51));
    assert_eq!(if_match(&[mixed.as_bytes()]), Err(StatusCode::BAD_REQUEST));
    let padded = |length: usize| format!("\"7\"{}", ",".repeat(length - 3));
    assert_eq!(if_match(&[padded(IfMatch::LONGEST).as_bytes()]), Ok(versions(&[7])));
    let too_long = padded(IfMatch::LONGEST + 1);
    assert_eq!(if_match(&[too_long.as_bytes()]), Err(StatusCode::BAD_REQUEST));
    let (first, second) = too_long.split_at(IfMatch::LONGEST / 2);
    let lines = [first.as_bytes(), second.as_bytes()];
    assert_eq!(if_match(&lines), Err(StatusCode::BAD_REQUEST));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn any_if_match_is_read_or_refused(line in prop::collection::vec(
        prop_oneof![prop::sample::select(&b"W/\"\"\"0123,, \t*\xe4"[..]), 0x20..=0x7e_u8],
        0..20,
    )) {
        let read = if_match(&[&line]);
        prop_assert!(matches!(read, Ok(_) | Err(StatusCode::BAD_REQUEST)), "{:?}", read);
    }

    #[test]
    fn the_tags_of_a_list_are_what_it_means_weak_or_not(
        tags in prop::collection::vec((any::<bool>(), any::<u64>(), "[ \t]{0,2},[ \t,]{0,2}"), 1..20),
    ) {
        let list: String = tags
            .iter()
            .map(|(weak, number, gap)| {
                format!("{}\"{number}\"{gap}", if *weak { "W/" } else { "" })
            })
            .collect();
        let versions = tags.iter().map(|(_, number, _)| Version::new(*number)).collect();
        prop_assert_eq!(if_match(&[list.as_bytes()]), Ok(Precondition::OneOf(versions)));
    }
}
