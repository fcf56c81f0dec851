//! Positions in lists: what is accepted is the one form of a position, and stays in the link to the next page.

use axum::extract::FromRequestParts;
use axum::http::{Request, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use shared::http::CursorPaging;
use shared::store::{EventId, OrganizationRank, UserList, UserRank};

/// An input is a character and a cursor. The character says what is around the cursor in the query string, or that it is
/// the query string.
pub(crate) fn read(input: &[u8]) -> bool {
    let Some((choice, input)) = input.split_first() else { return false };
    let text = String::from_utf8_lossy(input);
    for list in [UserList::Members, UserList::Removed, UserList::Requests] {
        if let Some(rank) = UserRank::from_cursor(&text, list) {
            assert_eq!(rank.cursor(), text, "one form");
            let others = [UserList::Members, UserList::Removed, UserList::Requests];
            let in_lists =
                others.into_iter().filter(|it| UserRank::from_cursor(&text, *it).is_some());
            assert_eq!(in_lists.count(), 1, "{text:?} is of one list");
        }
    }
    if let Ok(id) = EventId::parse(&text) {
        assert_eq!(id.as_str(), text);
    }
    let searches = ["", "a", &text];
    let found = searches.map(|search| OrganizationRank::parse(&text, search));
    for rank in found.iter().flatten() {
        assert_eq!(rank.as_str(), text);
        assert!(
            text.len() <= CursorPaging::LONGEST_CURSOR
                && !text.replace('\t', "").contains(char::is_control)
        );
    }

    let encoded = percent_encode(input, NON_ALPHANUMERIC).to_string();
    let query = match choice % 4 {
        0 => format!("cursor={encoded}"),
        1 => format!("page_size=7&cursor={encoded}&search=a"),
        2 => format!("cursor={encoded}&cursor=1"),
        _ => text.chars().filter(char::is_ascii_graphic).collect(),
    };
    let Ok(request) = Request::builder().uri(format!("/list?{query}")).body(()) else {
        return true;
    };
    let (mut parts, ()) = request.into_parts();
    let paging = CursorPaging::from_request_parts(&mut parts, &()).now_or_never();
    let paging = match paging.expect("there is nothing to wait for") {
        Ok(paging) => paging,
        Err(problem) => {
            assert_eq!(problem.into_response().status(), StatusCode::BAD_REQUEST, "{query}");
            return true;
        }
    };
    assert!((1..=100).contains(&paging.page_size));
    let Ok(Some(cursor)) = paging.start(|cursor| Some(cursor.to_owned())) else { return true };
    assert!(choice % 4 == 3 || cursor.as_bytes() == input, "{cursor:?} is not what was sent");
    let answer = paging.respond(&[1], Some(&cursor));
    let link = answer.headers()[header::LINK].to_str().expect("visible ASCII").to_owned();
    let next = link.strip_suffix(">; rel=\"next\"").and_then(|link| link.split_once("&cursor="));
    let (_, next) = next.expect("a link to the next page");
    let next = next.split('&').next().unwrap_or_default().replace('+', " ");
    let next = percent_decode_str(&next).decode_utf8().expect("UTF-8").into_owned();
    assert_eq!(next, cursor, "the link has the cursor as it is");
    true
}
