//! `GET /organizations/{organizationId}/join-requests`

use serde_json::json;

use super::{MEMBERS, REQUESTS, approve, but, decline, naming, nothing, request, with_requests};
use crate::memberships::members::walk;
use crate::support::{Fate, assert_is, assert_no_organization, tagged_item, with};

const FIRST: &str = "2026-01-01T00:00:01.000Z";
const SECOND: &str = "2026-01-01T00:00:02.000Z";

#[tokio::test]
async fn requests_are_listed_with_address_rule_and_time_the_oldest_first() {
    let world = with_requests(["joe", "jane"]).await;

    let answer = world.get(REQUESTS).await;

    assert_is(&answer, 200, &json!([request("joe", FIRST), request("jane", SECOND)]));
    assert_eq!(["link", "etag"].map(|name| answer.header(name)), ["", ""]);
    assert_is(&world.get("/organizations/home/join-requests").await, 200, &json!([]));
}

#[tokio::test]
async fn a_request_by_an_identity_provider_names_it() {
    let world = with_requests(["jane"]).await;
    let mut item = world.item("USER#jane", "ORG#acme").await;
    item.remove("emailDomain");
    item.insert("rule".to_owned(), json!("sso_connector"));
    item.insert("ssoConnectorId".to_owned(), json!("Acme-Okta"));
    world.put_plain(&json!(item)).await;

    let by = json!({ "rule": "sso_connector", "ssoConnectorId": "Acme-Okta" });
    let mut expected = but(request("jane", FIRST), by.clone());
    expected.as_object_mut().expect("an object").remove("emailDomain");
    assert_is(&world.get(REQUESTS).await, 200, &json!([expected]));

    let member = approve(&world, "jane", &nothing()).await;
    assert_eq!(member.status, 200, "{:#}", member.body);
    assert_eq!(member.body["provenance"]["ssoConnectorId"], "Acme-Okta");
    for (query, ids) in [
        ("rule=sso_connector", &["jane"][..]),
        ("ssoConnectorId=Acme-Okta", &["jane"]),
        ("ssoConnectorId=acme-okta", &[]),
        ("rule=email_domain", &[]),
        ("rule=sso_connector&emailDomain=acme.com", &[]),
    ] {
        assert_eq!(world.get(&format!("{MEMBERS}?{query}")).await.ids(), ids, "{query}");
    }
    for query in ["ssoConnectorId=", "ssoConnectorId=a%20b", "rule=sso"] {
        let answer = world.get(&format!("{MEMBERS}?{query}")).await;
        answer.problem(400, "request.invalid_filter");
    }
}

#[tokio::test]
async fn a_request_is_no_membership() {
    let world = with_requests(["jane", "joe"]).await;
    let role = world.role("Engineer").await;
    assert_is(&world.get(MEMBERS).await, 200, &json!([]));
    assert_is(&world.get(&format!("{MEMBERS}?q=jane")).await, 200, &json!([]));
    assert_eq!(world.get("/users/jane/organizations").await.ids(), ["home"]);
    let counted = world.get("/organizations/acme?showCounts=true").await;
    assert_eq!(counted.body["usersCount"], 0);
    world.delete(&format!("{MEMBERS}/jane")).await.problem(404, "membership.not_found");
    let body = json!({ "organizationRoleIds": [role] });
    let answer = world.post(&format!("{MEMBERS}/jane/roles"), &body).await;
    answer.problem(422, "membership.not_a_member");
    // A replacement of all members leaves requests alone.
    assert_eq!(world.put(MEMBERS, &naming(&["joe"])).await.status, 204);
    assert_eq!(world.get(REQUESTS).await.ids(), ["jane"]);
    assert_eq!(world.get(MEMBERS).await.ids(), ["joe"]);
    assert_eq!(world.put(MEMBERS, &json!({ "userIds": [] })).await.status, 204);
    assert_eq!(world.get(REQUESTS).await.ids(), ["jane"]);
}

#[tokio::test]
async fn a_user_without_a_profile_is_listed_without_address_and_name() {
    let world = with_requests(["jane"]).await;
    world.remove_item("USER#jane", "PROFILE").await;
    let expected = but(request("jane", FIRST), json!({ "primaryEmail": null, "username": null }));
    assert_is(&world.get(REQUESTS).await, 200, &json!([expected]));
    assert_eq!(approve(&world, "jane", &nothing()).await.status, 200);
}

#[tokio::test]
async fn a_thousand_requests_are_walked_along_and_each_is_met_once() {
    let world = with_requests(["user-000"]).await;
    let all: Vec<_> = (0..1_000).map(|number| format!("user-{number:03}")).collect();
    world.copy("user-000", all[1..].iter().cloned()).await;

    let pages = walk(&world, &format!("{REQUESTS}?page_size=100")).await;

    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100; 10]);
    assert_eq!(pages.concat(), all);
    let page = world.get(&format!("{REQUESTS}?page_size=2")).await;
    let next = format!("{REQUESTS}?page_size=2&cursor=q1767225601000.user-001");
    assert_eq!(page.next_page(), Some(next));
}

#[tokio::test]
async fn a_walk_goes_on_while_others_are_decided_and_ask() {
    let world = with_requests(["a", "b", "c", "d"]).await;
    let first = world.get(&format!("{REQUESTS}?page_size=1")).await;
    assert_eq!(first.ids(), ["a"]);

    approve(&world, "a", &nothing()).await;
    decline(&world, "b").await;
    world.post(MEMBERS, &naming(&["c"])).await;

    let next = first.next_page().expect("a page");
    assert_eq!(walk(&world, &next).await.concat(), ["d"]);
}

#[tokio::test]
async fn entries_of_the_index_that_lag_behind_are_not_shown() {
    let world = with_requests(["jane", "joe", "jim"]).await;
    approve(&world, "jane", &nothing()).await;
    let entry = |user: &str, milliseconds: i64| {
        tagged_item(&json!({
            "pk": format!("USER#{user}"),
            "sk": "ORG#acme",
            "gsi1pk": "ORG#acme",
            "gsi1sk": format!("REQUEST#{milliseconds:015}#{user}"),
        }))
    };
    // Jane is a member. Joe has asked before, and both entries are there.
    let at = |second: i64| 1_767_225_600_000 + 1_000 * second;
    let entries =
        [entry("joe", at(0)), entry("jane", at(1)), entry("joe", at(2)), entry("x", at(4))];
    let body = json!({ "Items": entries, "Count": 4 });
    world.wire.next("Query", Fate::Reply { status: 200, body });

    assert_is(&world.get(REQUESTS).await, 200, &json!([request("joe", SECOND)]));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_an_error_that_names_it_in_the_log_alone() {
    let world = with_requests(["jane"]).await;
    let item = world.item("USER#jane", "ORG#acme").await;
    for wrong in [json!({ "rule": "api" }), json!({ "rule": "sso" }), json!({ "requestedAt": "x" })]
    {
        world.put_plain(&with(json!(item), wrong)).await;
        world.get(REQUESTS).await.problem(500, "internal");
    }
}

#[tokio::test]
async fn queries_with_unacceptable_values_are_refused() {
    let world = with_requests(["jane"]).await;
    for (query, code) in [
        ("page_size=0", "request.invalid_page_size"),
        ("page_size=101", "request.invalid_page_size"),
        ("page=1", "request.unknown_parameter"),
        ("q=jane", "request.unknown_parameter"),
        ("cursor=", "request.invalid_cursor"),
        ("cursor=jane", "request.invalid_cursor"),
        ("cursor=m1767225601000.jane", "request.invalid_cursor"),
        ("cursor=r1767225601000.jane", "request.invalid_cursor"),
        ("cursor=q01.jane", "request.invalid_cursor"),
        ("cursor=q-1.jane", "request.invalid_cursor"),
        ("cursor=q1.a%20b", "request.invalid_cursor"),
    ] {
        world.get(&format!("{REQUESTS}?{query}")).await.problem(400, code);
    }
    assert_eq!(world.get(&format!("{REQUESTS}?cursor=q0.a")).await.ids(), ["jane"]);
    assert_eq!(world.get(&format!("{REQUESTS}?cursor=q1767225601000.jane")).await.ids(), [""; 0]);
}

#[tokio::test]
async fn a_deleted_organization_lists_no_requests_and_its_sweep_deletes_them() {
    let world = with_requests(["jane"]).await;
    world.delete_unswept("acme").await;
    assert_no_organization(&world.get(REQUESTS).await, "acme", REQUESTS);
    assert_eq!(world.get("/users/jane/organizations").await.ids(), ["home"]);
    assert!(world.items().await.contains_key(&("USER#jane".to_owned(), "ORG#acme".to_owned())));

    assert_eq!(world.delete("/organizations/acme").await.status, 204);

    assert!(!world.items().await.contains_key(&("USER#jane".to_owned(), "ORG#acme".to_owned())));
}
