//! `POST /organizations/{organizationId}/jit/roles`

use axum::http::Method;
use futures_util::future::join_all;
use serde_json::json;

use super::{
    PATH, as_it_is_now, assert_heeds_if_match, assert_needs_an_organization,
    assert_refuses_malformed_bodies, assert_written, entity, listed, stored, world_with,
};
use crate::support::{Fate, naming_roles};

#[tokio::test]
async fn added_roles_are_listed_and_stand_behind_those_before() {
    let (world, [a, b, c]) = world_with(["A", "B", "C"]).await;

    assert_written(&world.post(PATH, &naming_roles(&[&c])).await, 201, "\"2\"");
    assert_written(&world.post(PATH, &naming_roles(&[&b, &a])).await, 201, "\"3\"");

    let list = world.get(PATH).await;
    assert_eq!(list.body, json!([entity(&a, "A"), entity(&b, "B"), entity(&c, "C")]));
    assert_eq!(list.header("etag"), "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([c, b, a]));
}

#[tokio::test]
async fn roles_that_are_listed_already_change_nothing() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    world.post(PATH, &naming_roles(&[&a])).await;
    let before = world.items().await;

    assert_written(&world.post(PATH, &naming_roles(&[&a])).await, 201, "\"2\"");
    assert_eq!(world.items().await, before);

    assert_written(&world.post(PATH, &naming_roles(&[&a, &b])).await, 201, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([a, b]));
}

#[tokio::test]
async fn a_role_named_twice_is_added_once() {
    let (world, [a, b]) = world_with(["A", "B"]).await;

    assert_written(&world.post(PATH, &naming_roles(&[&b, &a, &b, &b])).await, 201, "\"2\"");

    assert_eq!(stored(&world.items().await), &json!([b, a]));
}

#[tokio::test]
async fn roles_added_to_one_organization_stay_out_of_another() {
    let (world, [a]) = world_with(["A"]).await;
    world.organization("other").await;

    world.post(PATH, &naming_roles(&[&a])).await;

    let other = world.get("/organizations/other/jit/roles").await;
    assert_eq!((other.header("etag"), other.body.clone()), ("\"1\"", json!([])));
}

#[tokio::test]
async fn unknown_roles_are_refused_each_with_its_place_and_nothing_is_added() {
    let (world, [a, gone]) = world_with(["A", "Gone"]).await;
    world.delete(&format!("/organization-roles/{gone}")).await;
    let before = world.items().await;

    let answer = world.post(PATH, &naming_roles(&[&a, "role_0"])).await;
    let reason = "there is no organization role `role_0`: check the id, or create it with POST \
                  /organization-roles";
    assert_eq!(
        answer.body,
        json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": reason,
            "code": "organization_role.unknown",
            "message": reason,
            "errors": [{
                "pointer": "/organizationRoleIds/1",
                "code": "organization_role.unknown",
                "detail": reason,
            }],
        })
    );

    let too_long = "x".repeat(65);
    let strange = ["", " ", &gone, &a, "ä", "a b", "a\0b", "role/1", &too_long, "COUNT", &gone];
    let answer = world.post(PATH, &naming_roles(&strange)).await;
    assert_eq!(
        answer.problem(422, "request.invalid_values"),
        "10 values cannot be accepted; `errors` says which, and why"
    );
    let places: Vec<_> = answer.errors().into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10].map(|i| format!("/organizationRoleIds/{i}"));
    assert_eq!(places, expected);
    assert!(answer.errors().iter().all(|(_, code)| *code == "organization_role.unknown"));
    assert_eq!(
        answer.body["errors"][5]["detail"],
        "there is no organization role `a\\0b`: check the id, or create it with POST \
         /organization-roles"
    );
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn of_many_bad_elements_each_is_named() {
    let (world, []) = world_with([]).await;

    let answer = world.post(PATH, &naming_roles(&["?"; 100])).await;

    assert_eq!(
        answer.problem(422, "request.invalid_values"),
        "100 values cannot be accepted; `errors` says which, and why"
    );
    let errors = answer.errors();
    assert_eq!((errors.len(), errors[99].0), (100, "/organizationRoleIds/99"));
}

#[tokio::test]
async fn an_element_that_is_very_long_is_quoted_in_part() {
    let (world, []) = world_with([]).await;

    let answer = world.post(PATH, &naming_roles(&["\u{7f}".repeat(900_000)])).await;

    answer.problem(422, "organization_role.unknown");
    assert!(answer.body.to_string().len() < 10_000);
}

#[tokio::test]
async fn too_many_ids_are_refused_without_a_look_at_them() {
    let (world, []) = world_with([]).await;
    let ids: Vec<_> = (0..90_000).map(|number| number.to_string()).collect();
    for ids in [ids, vec!["?".to_owned(); 60_000]] {
        world.wire.traffic();

        let answer = world.post(PATH, &naming_roles(&ids)).await;

        answer.problem(422, "default_roles.limit_reached");
        assert_eq!(world.wire.traffic().operations, ["GetItem"]);
    }
}

#[tokio::test]
async fn an_empty_list_is_refused() {
    let (world, [a]) = world_with(["A"]).await;
    world.post(PATH, &naming_roles(&[&a])).await;
    let before = world.items().await;

    let answer = world.post(PATH, &json!({ "organizationRoleIds": [] })).await;

    let detail = answer.problem(400, "default_roles.empty");
    assert_eq!(detail, "`organizationRoleIds` is empty: send at least one id");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_hundred_roles_fit_and_no_more() {
    let (world, []) = world_with([]).await;
    let roles = world.roles(101).await;
    let (fitting, last) = (&roles[..100], &roles[100]);

    world.post(PATH, &naming_roles(&roles)).await.problem(422, "default_roles.limit_reached");
    // A repeated id counts each time.
    let repeated: Vec<_> = fitting.iter().chain(&fitting[..1]).collect();
    world.post(PATH, &naming_roles(&repeated)).await.problem(422, "default_roles.limit_reached");
    assert_eq!(listed(&world).await, ("\"1\"".to_owned(), vec![]));

    assert_written(&world.post(PATH, &naming_roles(fitting)).await, 201, "\"2\"");
    assert_written(&world.post(PATH, &naming_roles(fitting)).await, 201, "\"2\"");
    let before = world.items().await;
    for past in [&[last][..], &[&roles[7], last]] {
        let answer = world.post(PATH, &naming_roles(past)).await;
        assert_eq!(
            answer.problem(422, "default_roles.limit_reached"),
            "an organization can have at most 100 default roles: delete some first"
        );
    }
    assert_eq!(world.items().await, before);

    // A deleted role takes no place.
    world.delete(&format!("/organization-roles/{}", roles[41])).await;
    assert_written(&world.post(PATH, &naming_roles(&[last])).await, 201, "\"3\"");
    let (_, names) = listed(&world).await;
    assert_eq!(names.len(), 100);
    assert!(!names.contains(&"Role 041".to_owned()) && names.contains(&"Role 100".to_owned()));
}

#[tokio::test]
async fn if_match_is_heeded() {
    assert_heeds_if_match(Method::POST).await;
}

#[tokio::test]
async fn if_match_is_heeded_also_where_there_is_nothing_to_add() {
    let (world, [a]) = world_with(["A"]).await;
    world.post(PATH, &naming_roles(&[&a])).await;

    let ask = world.ask(Method::POST, PATH).json(&naming_roles(&[&a]));
    let answer = ask.if_match("\"1\"").send().await;

    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"2\"");
}

#[tokio::test]
async fn without_an_organization_there_is_nothing_to_add_to() {
    assert_needs_an_organization(Method::POST).await;
}

#[tokio::test]
async fn malformed_bodies_are_refused() {
    assert_refuses_malformed_bodies(Method::POST).await;
}

#[tokio::test]
async fn writers_at_once_all_add_their_roles() {
    let (world, roles) = world_with(["A", "B", "C", "D"]).await;

    let bodies = roles.each_ref().map(|role| naming_roles(&[role]));
    let answers = join_all(bodies.iter().map(|body| world.post(PATH, body))).await;

    let mut etags: Vec<_> = answers.iter().map(|answer| answer.header("etag")).collect();
    etags.sort_unstable();
    assert_eq!(etags, ["\"2\"", "\"3\"", "\"4\"", "\"5\""]);
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 201));
    let names = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
    assert_eq!(listed(&world).await, ("\"5\"".to_owned(), names));
}

#[tokio::test]
async fn of_two_writers_who_have_seen_the_same_one_wins() {
    let (world, [a, b]) = world_with(["A", "B"]).await;

    let bodies = [naming_roles(&[&a]), naming_roles(&[&b])];
    let add = |body| world.ask(Method::POST, PATH).json(body).if_match("\"1\"").send();
    let answers = join_all(bodies.iter().map(add)).await;

    let (won, lost): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status.as_u16() == 201);
    assert_eq!((won.len(), lost.len()), (1, 1));
    assert_written(won[0], 201, "\"2\"");
    lost[0].problem(412, "request.precondition_failed");
    assert_eq!(lost[0].header("etag"), "\"2\"");
    assert_eq!(listed(&world).await.1.len(), 1);
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    let outdated = as_it_is_now(&world).await;
    world.post(PATH, &naming_roles(&[&b])).await;

    for lost in ["ConditionalCheckFailed", "TransactionConflict"] {
        world.wire.next("TransactWriteItems", Fate::canceled(&[lost]));
    }
    world.wire.next("GetItem", outdated);
    assert_written(&world.post(PATH, &naming_roles(&[&a])).await, 201, "\"3\"");
    assert_eq!(stored(&world.items().await), &json!([b, a]));
}

#[tokio::test]
async fn an_organization_that_is_deleted_meanwhile_is_not_found_and_stays_deleted() {
    let (world, [a]) = world_with(["A"]).await;
    let outdated = as_it_is_now(&world).await;
    world.delete("/organizations/acme").await;
    let before = world.items().await;

    world.wire.next("GetItem", outdated);
    let answer = world.post(PATH, &naming_roles(&[&a])).await;

    answer.problem(404, "organization.not_found");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn an_addition_whose_answer_gets_lost_counts_once() {
    let (world, [a]) = world_with(["A"]).await;

    world.wire.next("TransactWriteItems", Fate::AnswerLost);

    assert_written(&world.post(PATH, &naming_roles(&[&a])).await, 201, "\"2\"");
    assert_eq!(stored(&world.items().await), &json!([a]));
}

#[tokio::test]
async fn a_process_killed_at_any_call_leaves_all_or_nothing() {
    let (world, [a, b]) = world_with(["A", "B"]).await;
    let before = world.items().await;

    // The roles, the organization, the roles that it has, the transaction.
    for calls in 0..4 {
        world.wire.cut_after(calls);
        let answer = world.post(PATH, &naming_roles(&[&a, &b])).await;
        world.wire.mend();
        if answer.status.as_u16() == 201 {
            assert_eq!(stored(&world.items().await), &json!([a, b]));
            return;
        }
        answer.problem(503, "service.unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(world.items().await, before, "after {calls} calls");
    }
    panic!("four calls do not suffice");
}

#[tokio::test]
async fn new_members_get_what_was_added() {
    let (world, [a]) = world_with(["A"]).await;
    world.domains("acme", &["acme.com"]).await;

    world.post(PATH, &naming_roles(&[&a])).await;
    world.sign_up("jane", "jane@acme.com").await;

    let answer = world.get("/users/jane/organizations").await;
    assert_eq!(answer.body[0]["organizationRoles"], json!([{ "id": a, "name": "A" }]));
}
