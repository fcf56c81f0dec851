//! What many answers have in common.

use axum::http::Method;
use serde_json::{Value, json};

use super::story::http_event;
use super::world::{Answer, Ask, World};

impl Answer {
    /// The ids of the entities on a page.
    #[track_caller]
    pub(crate) fn ids<'a>(&'a self) -> Vec<&'a str> {
        assert_eq!(self.status.as_u16(), 200, "{:#}", self.body);
        let list = self.body.as_array().expect("a list");
        let id = |entity: &'a Value| entity["id"].as_str().or(entity["userId"].as_str());
        list.iter().map(|entity| id(entity).expect("an id")).collect()
    }

    /// The path and query of the link to the next page, of an answer that links to nothing else.
    #[track_caller]
    pub(crate) fn next_page(&self) -> Option<String> {
        let link = match self.header("link") {
            "" => return None,
            link => link.strip_prefix("<http://usher.example").expect("an absolute link"),
        };
        Some(link.strip_suffix(">; rel=\"next\"").expect("one link").to_owned())
    }
}

/// The links of a page, as the world's own host gives them: page, size and relation of each.
pub(crate) fn page_links(path: &str, links: &[(u32, u32, &str)]) -> String {
    let one = |(page, size, relation): &(u32, u32, &str)| {
        format!("<http://usher.example{path}?page={page}&page_size={size}>; rel=\"{relation}\"")
    };
    links.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The provenance of a membership by an email domain.
pub(crate) fn by_domain(domain: &str, entry_path: &str) -> Value {
    json!({ "rule": "email_domain", "emailDomain": domain, "entryPath": entry_path })
}

#[track_caller]
pub(crate) fn assert_is(answer: &Answer, status: u16, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.body), (status, body));
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Asserts that an answer says that there is no organization with this id; `asked` is what it
/// answers.
#[track_caller]
pub(crate) fn assert_no_organization(answer: &Answer, id: &str, asked: &str) {
    assert_eq!(
        answer.problem(404, "organization.not_found"),
        format!(
            "there is no organization `{id}`: check the id, or create it with POST /organizations"
        ),
        "{asked}"
    );
}

/// Asserts that an answer says that something went wrong, and nothing of the inside.
#[track_caller]
pub(crate) fn assert_internal(answer: &Answer) {
    let detail =
        "something went wrong on our side: repeat the request, and tell the operator if it stays";
    assert_eq!(answer.problem(500, "internal"), detail);
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": detail,
            "code": "internal",
            "message": detail,
        })
    );
    assert_eq!(answer.header("retry-after"), "");
}

/// Asserts that an answer asks the client to come back, and says nothing of the inside.
#[track_caller]
pub(crate) fn assert_unavailable(answer: &Answer) {
    let detail =
        "a service that this one needs did not answer in time: repeat the request in a moment";
    assert_eq!(answer.problem(503, "service.unavailable"), detail);
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": detail,
            "code": "service.unavailable",
            "message": detail,
        })
    );
    assert_eq!(answer.header("retry-after"), "1");
}

/// Sends what is to be refused, and asserts that it leaves nothing behind.
pub(crate) async fn refused(world: &World, ask: Ask<'_>) -> Answer {
    let before = world.items().await;
    let answer = ask.send().await;
    assert_eq!(world.items().await, before, "{:#}", answer.body);
    answer
}

/// An event as API Gateway builds it from a request with this JSON body, if it has one.
pub(crate) fn json_event(method: &Method, path: &str, body: Option<&str>) -> Value {
    let mut event = http_event(method.as_str(), path);
    event["headers"]["content-type"] = json!("application/json");
    event["body"] = json!(body);
    event
}
