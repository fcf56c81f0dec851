//! A pool that had a function for a trigger before: Usher's trigger invokes it first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use functions::triggers::{post_confirmation, pre_token_generation};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use shared::claims::{ClaimsBytes, ClaimsIn, ClaimsPolicy};
use shared::next_trigger::OnFailure::{Continue, Fail};
use shared::next_trigger::{NextTrigger, OnFailure, Refusal};
use shared::runtime::TRIGGER_DEADLINE;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::cold_start::{ANSWERED_WITHIN, ended, hanging, lines, runtime_api, started};
use super::pre_token_generation::{acme, event};
use crate::support::{
    Counts, Fate, Invocation, Logs, NEXT_ARN, NextFunction, Said, World, trigger_event, verified,
};

const BOTH: &str = "claimsAndScopeOverrideDetails";
const ID: &str = "claimsOverrideDetails";

/// An event for Jane, whose address is in acme's domain.
fn asked(version: &str) -> Value {
    event(version, "jane", "jane@acme.com")
}

/// Jane's confirmed sign-up.
fn confirmed() -> Value {
    trigger_event("1", "PostConfirmation_ConfirmSignUp", &verified("jane", "jane@acme.com"))
}

/// Acme's world, over a pool that had this function for both triggers.
async fn acme_after(next: &NextFunction, on_failure: OnFailure) -> World {
    let mut world = acme().await;
    world.app.next_trigger = next.trigger(on_failure);
    world
}

/// The claims of a member of acme.
fn claims() -> Value {
    json!({
        "organizations": ["acme"],
        "organization_roles": ["acme:analyst", "acme:Engineer"],
    })
}

/// The event with this response.
fn with_response(event: &Value, response: Value) -> Value {
    let mut event = event.clone();
    event["response"] = response;
    event
}

#[tokio::test]
async fn both_tokens_have_what_the_pools_own_function_answers_and_the_claims() {
    for version in ["2", "3"] {
        let next = NextFunction::default();
        let world = acme_after(&next, Fail).await;
        let event = asked(version);
        let groups =
            json!({ "groupsToOverride": ["gold"], "preferredRole": "arn:aws:iam::1:role/r" });
        next.says(Said::json(&with_response(
            &event,
            json!({ BOTH: {
                "idTokenGeneration": {
                    "claimsToAddOrOverride": { "plan": "gold", "organizations": ["forged"] },
                    "claimsToSuppress": ["phone_number"],
                },
                "accessTokenGeneration": { "scopesToAdd": ["orders"], "scopesToSuppress": ["openid"] },
                "groupOverrideDetails": groups,
            }}),
        )));

        let answer = world.trigger("pre-token-generation", &event).await;

        let mut id_token = claims();
        id_token["plan"] = json!("gold");
        let expected = with_response(
            &event,
            json!({ BOTH: {
                "idTokenGeneration": {
                    "claimsToAddOrOverride": id_token,
                    "claimsToSuppress": ["phone_number"],
                },
                "accessTokenGeneration": {
                    "scopesToAdd": ["orders"],
                    "scopesToSuppress": ["openid"],
                    "claimsToAddOrOverride": claims(),
                },
                "groupOverrideDetails": groups,
            }}),
        );
        assert_eq!(answer, Ok(expected), "version {version}");
        assert_eq!(next.invocations(), [Invocation::of(&event)]);
    }
}

/// What a function written for version 1 answers, and what both tokens have of it in version 2.
fn of_version_1() -> (Value, Value) {
    let v1 = json!({
        "claimsToAddOrOverride": { "plan": "gold" },
        "claimsToSuppress": ["phone_number"],
        "groupOverrideDetails": { "groupsToOverride": ["gold"] },
    });
    let mut id_token = claims();
    id_token["plan"] = json!("gold");
    let both_tokens = json!({
        "idTokenGeneration": {
            "claimsToAddOrOverride": id_token,
            "claimsToSuppress": ["phone_number"],
        },
        "accessTokenGeneration": { "claimsToAddOrOverride": claims() },
        "groupOverrideDetails": { "groupsToOverride": ["gold"] },
    });
    (v1, both_tokens)
}

#[tokio::test]
async fn a_function_written_for_version_1_loses_nothing_with_an_event_of_version_2() {
    let (v1, alone) = of_version_1();
    // What it has written for version 2 too counts there.
    let v2 = json!({
        "idTokenGeneration": { "claimsToAddOrOverride": { "plan": "silver" } },
        "groupOverrideDetails": null,
    });
    let mut beside = alone.clone();
    beside["idTokenGeneration"]["claimsToAddOrOverride"]["plan"] = json!("silver");
    let none = json!({
        "idTokenGeneration": { "claimsToAddOrOverride": claims() },
        "accessTokenGeneration": { "claimsToAddOrOverride": claims() },
    });
    for (response, expected) in [
        (json!({ ID: v1 }), &alone),
        (json!({ ID: v1, BOTH: null }), &alone),
        (json!({ ID: v1, BOTH: {} }), &alone),
        (json!({ ID: v1, BOTH: v2 }), &beside),
        (json!({ ID: {} }), &none),
        (json!({ ID: null }), &none),
        (json!({}), &none),
        (json!(null), &none),
    ] {
        for version in ["2", "3"] {
            let next = NextFunction::default();
            let world = acme_after(&next, Fail).await;
            let event = asked(version);
            next.says(Said::json(&json!({ "response": response })));
            let answer = world.trigger("pre-token-generation", &event).await;
            let expected = with_response(&event, json!({ BOTH: expected }));
            assert_eq!(answer, Ok(expected), "version {version}: {response}");
        }
    }
}

#[tokio::test]
async fn a_claim_of_ushers_name_is_ushers_or_is_not_in_the_token() {
    let forged = json!({
        "organizations": ["forged"],
        "organization_roles": ["forged:Owner"],
        "organizations_overflow": true,
        "plan": "gold",
    });
    let token = json!({ "claimsToAddOrOverride": forged });
    let both = json!({ BOTH: { "idTokenGeneration": token, "accessTokenGeneration": token } });
    let id = json!({ ID: token });
    let with_plan = |mut claims: Value| {
        claims["plan"] = json!("gold");
        json!({ "claimsToAddOrOverride": claims })
    };
    let ours = with_plan(claims());
    let ours_as_text = with_plan(json!({
        "organizations": r#"["acme"]"#,
        "organization_roles": r#"["acme:analyst","acme:Engineer"]"#,
    }));
    let none = with_plan(json!({}));
    let overflow = with_plan(json!({ "organizations_overflow": true }));
    let overflow_as_text = with_plan(json!({ "organizations_overflow": "true" }));
    let alone = json!({ "claimsToAddOrOverride": claims() });
    let two = |id: &Value, access: &Value| json!({ BOTH: { "idTokenGeneration": id, "accessTokenGeneration": access } });
    let one = |id: &Value| json!({ ID: id });
    let large = ClaimsBytes::default();
    let small = || ClaimsBytes::LEAST.to_string().parse().expect("within the range");
    for (version, most, tokens, response, expected) in [
        ("2", large, ClaimsIn::Both, &both, two(&ours, &ours)),
        ("3", large, ClaimsIn::Access, &both, two(&none, &ours)),
        ("2", large, ClaimsIn::Id, &both, two(&ours, &none)),
        ("2", small(), ClaimsIn::Both, &both, two(&overflow, &overflow)),
        ("2", small(), ClaimsIn::Access, &both, two(&none, &overflow)),
        ("2", large, ClaimsIn::Both, &id, two(&ours, &alone)),
        ("2", large, ClaimsIn::Access, &id, two(&none, &alone)),
        ("1", large, ClaimsIn::Both, &id, one(&ours_as_text)),
        ("1", large, ClaimsIn::Access, &id, one(&none)),
        ("1", small(), ClaimsIn::Id, &id, one(&overflow_as_text)),
    ] {
        let next = NextFunction::that([Said::json(&json!({ "response": response }))]);
        let mut world = acme_after(&next, Fail).await;
        world.app.claims_policy = ClaimsPolicy { most, tokens, ..ClaimsPolicy::default() };
        if most != large {
            // Then the ids of the organizations do not fit either.
            let id = "a".repeat(60);
            world.organization(&id).await;
            world.domains(&id, &["acme.com"]).await;
        }
        let event = asked(version);
        let answer = world.trigger("pre-token-generation", &event).await;
        let expected = with_response(&event, expected);
        assert_eq!(answer, Ok(expected), "version {version}, {tokens:?}, {most:?}: {response}");
    }

    // What the function leaves out stays out.
    for response in [json!({ ID: null }), json!({ ID: { "claimsToSuppress": [] } })] {
        let next = NextFunction::that([Said::json(&json!({ "response": response }))]);
        let mut world = acme_after(&next, Fail).await;
        world.app.claims_policy.tokens = ClaimsIn::Access;
        let event = asked("1");
        let answer = world.trigger("pre-token-generation", &event).await;
        assert_eq!(answer, Ok(with_response(&event, response)));
    }
}

#[tokio::test]
async fn empty_places_of_version_2_are_filled_from_version_1() {
    let (v1, filled) = of_version_1();
    // What the event offers, in its own words and in others.
    let offered = json!({
        "idTokenGeneration": { "claimsToAddOrOverride": { "a": "b", "c": 1 } },
        "groupOverrideDetails": { "groupsToOverride": [], "preferredRole": null },
    });
    let echoed = r#"{"idTokenGeneration": {"claimsToAddOrOverride": {"c": 1, "a": "b"}},
        "groupOverrideDetails": { "preferredRole": null, "groupsToOverride": [ ] }}"#;
    let skeleton = r#"{"idTokenGeneration": {"claimsToAddOrOverride": { }, "claimsToSuppress": [ ]},
        "groupOverrideDetails": { }}"#;
    for (offered, beside) in [
        (json!(null), r#"{"idTokenGeneration": {}}"#),
        (json!(null), r#"{"groupOverrideDetails": {}}"#),
        (json!(null), skeleton),
        (offered.clone(), skeleton),
        (offered.clone(), echoed),
        (offered.clone(), "null"),
    ] {
        let event = with_response(&asked("2"), json!({ BOTH: offered }));
        let says = format!(r#"{{"response": {{"{ID}": {v1}, "{BOTH}": {beside}}}}}"#);
        let next = NextFunction::that([Said::Answer(says)]);
        let world = acme_after(&next, Fail).await;
        let answer = world.trigger("pre-token-generation", &event).await;
        assert_eq!(answer, Ok(with_response(&event, json!({ BOTH: filled }))), "{beside}");
    }

    // Nothing of version 1 is no word about the groups.
    for nothing in [json!(null), json!({})] {
        let groups = json!({ "groupOverrideDetails": { "groupsToOverride": [] } });
        let response = json!({ ID: { "groupOverrideDetails": nothing }, BOTH: groups });
        let next = NextFunction::that([Said::json(&json!({ "response": response }))]);
        let world = acme_after(&next, Fail).await;
        let answer = world.trigger("pre-token-generation", &asked("2")).await.expect("an answer");
        let found = &answer["response"][BOTH]["groupOverrideDetails"];
        assert_eq!(*found, groups["groupOverrideDetails"]);
    }
}

#[tokio::test]
async fn an_event_of_version_1_stays_one_whatever_the_function_answers() {
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    let event = asked("1");
    let ours = json!({
        "organizations": r#"["acme"]"#,
        "organization_roles": r#"["acme:analyst","acme:Engineer"]"#,
    });
    let mut both = ours.clone();
    both["plan"] = json!("gold");
    let theirs =
        json!({ "claimsToAddOrOverride": { "plan": "gold" }, "claimsToSuppress": ["email"] });
    for (response, expected) in [
        (
            json!({ ID: theirs }),
            json!({ "claimsToAddOrOverride": both, "claimsToSuppress": ["email"] }),
        ),
        (
            json!({ BOTH: { "idTokenGeneration": { "claimsToAddOrOverride": { "plan": "gold" } } } }),
            json!({ "claimsToAddOrOverride": ours }),
        ),
    ] {
        next.says(Said::json(&json!({ "response": response })));
        let answer = world.trigger("pre-token-generation", &event).await;
        assert_eq!(answer, Ok(with_response(&event, json!({ ID: expected }))), "{response}");
    }
}

#[tokio::test]
async fn a_function_cannot_change_who_the_user_is() {
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    world.organization("globex").await;
    world.domains("globex", &["globex.com"]).await;
    for (trigger, event) in
        [("post-confirmation", confirmed()), ("pre-token-generation", asked("2"))]
    {
        let mut answer = event.clone();
        answer["userName"] = json!("joe");
        answer["triggerSource"] = json!("TokenGeneration_ClientCredentials");
        answer["version"] = json!("1");
        answer["request"]["userAttributes"] = verified("joe", "joe@globex.com");
        next.says(Said::json(&answer));
        let mut answered = world.trigger(trigger, &event).await.expect("an answer");
        answered["response"] = event["response"].clone();
        assert_eq!(answered, event, "{trigger}");
    }
    let organizations = async |user: &str| {
        let held = world.get(&format!("/users/{user}/organizations")).await.body;
        held.as_array().expect("a list").iter().map(|it| it["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(organizations("jane").await, [json!("acme")]);
    assert_eq!(organizations("joe").await, [json!(null); 0]);
}

#[tokio::test]
async fn claims_of_the_function_stay_to_the_letter_however_deep_and_large() {
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = "x".repeat(5_000_000);
    let claim = format!(r#"[12345678901234567890123,1.0,1e400,"\ud800\u00e9",{deep},"{large}"]"#);
    let theirs = format!(r#"{{"claimsToAddOrOverride":{{"odd":{claim}}}}}"#);
    next.says(Said::Answer(format!(
        r#"{{"response":{{"{BOTH}":{{"accessTokenGeneration":{theirs},"idTokenGeneration":{theirs}}}}}}}"#
    )));
    let event = to_raw_value(&asked("2")).expect("JSON");
    let needs = Some((&world.app).into());
    let next = world.app.next_trigger.clone();
    let answer = pre_token_generation::handle(needs, next, event, TRIGGER_DEADLINE).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.get().matches(&format!(r#""odd":{claim}"#)).count(), 2);
    assert_eq!(answer.get().matches(r#""organizations":["acme"]"#).count(), 2);
}

#[tokio::test]
async fn groups_that_the_function_takes_away_stay_away() {
    for groups in [json!({}), json!(null), json!({ "groupsToOverride": [] })] {
        for (member, version) in [(BOTH, "2"), (ID, "2"), (ID, "1")] {
            let next = NextFunction::default();
            let world = acme_after(&next, Fail).await;
            let response = json!({ member: { "groupOverrideDetails": groups } });
            next.says(Said::json(&json!({ "response": response })));
            let answer = world.trigger("pre-token-generation", &asked(version)).await;
            let details = if version == "1" { ID } else { BOTH };
            let answered = &answer.expect("an answer")["response"][details];
            assert_eq!(answered["groupOverrideDetails"], groups, "{member} version {version}");
            assert!(answered.get("groupOverrideDetails").is_some(), "{answered}");
        }
    }
}

#[tokio::test]
async fn every_event_of_a_trigger_reaches_the_function_even_if_usher_leaves_it_alone() {
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    let before = world.items().await;
    let jane = verified("jane", "jane@acme.com");
    for (trigger, version, source) in [
        ("post-confirmation", "1", "PostConfirmation_ConfirmForgotPassword"),
        ("post-confirmation", "1", "PostConfirmation_Novelty"),
        ("pre-token-generation", "3", "TokenGeneration_ClientCredentials"),
        ("pre-token-generation", "2", "TokenGeneration_Novelty"),
    ] {
        let event = trigger_event(version, source, &jane);
        let response = match trigger {
            "post-confirmation" => json!({ "anything": [1.0] }),
            _ => json!({ BOTH: { "accessTokenGeneration": { "scopesToAdd": ["orders"] } } }),
        };
        next.says(Said::json(&json!({ "response": response })));
        let answer = world.trigger(trigger, &event).await;
        assert_eq!(answer, Ok(with_response(&event, response)), "{source}");
        assert_eq!(next.invocations(), [Invocation::of(&event)], "{source}");
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_sign_up_makes_a_member_after_the_function() {
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    let event = confirmed();
    assert_eq!(world.trigger("post-confirmation", &event).await, Ok(event.clone()));
    assert_eq!(next.invocations(), [Invocation::of(&event)]);
    let held = world.get("/users/jane/organizations").await.body;
    assert_eq!(held[0]["id"], "acme");
}

/// What the function can do wrong, what the trigger then ends with, and what the log says of it.
fn failures() -> Vec<(Said, (&'static str, &'static str), &'static str)> {
    let could_not =
        ("NextTrigger.NotInvoked", "The function of this user pool could not be invoked");
    let unusable = ("InvalidLambdaResponseException", "Unrecognizable lambda output");
    let failed = "The function of this user pool failed";
    let no_object = "its answer is unusable: it is no JSON object";
    let no_response = "its answer is unusable: it has no `response`";
    let no_member = "its answer is unusable: a member that should be an object is none";
    let answer = |text: &str| Said::Answer(text.to_owned());
    let error = |text: &str, kind| Said::Error(text.to_owned(), kind);
    vec![
        (
            Said::error("NotAllowed", "jane@acme.com may not sign in"),
            ("NotAllowed", "jane@acme.com may not sign in"),
            "it failed with NotAllowed",
        ),
        (
            Said::error("No entry for jane@acme.com", "no"),
            ("No entry for jane@acme.com", "no"),
            "it failed with an error whose type is not a name",
        ),
        (
            error(r#"{"errorMessage":"Task timed out after 3.00 seconds"}"#, "Unhandled"),
            ("Unhandled", "Task timed out after 3.00 seconds"),
            "it failed with Unhandled",
        ),
        (
            error(r#"{"errorType":"Error","errorMessage":null}"#, "Handled"),
            ("Error", failed),
            "it failed with Error",
        ),
        (error("jane@acme.com", "Unhandled"), ("Unhandled", failed), "it failed with Unhandled"),
        (
            Said::Refused(429, "TooManyRequestsException"),
            could_not,
            "Lambda did not invoke it: TooManyRequestsException",
        ),
        (
            Said::Refused(403, "AccessDeniedException"),
            could_not,
            "Lambda did not invoke it: AccessDeniedException",
        ),
        (
            Said::Refused(404, "ResourceNotFoundException"),
            could_not,
            "Lambda did not invoke it: ResourceNotFoundException",
        ),
        (
            Said::Refused(500, "ServiceException"),
            could_not,
            "Lambda did not invoke it: ServiceException",
        ),
        (
            Said::Lost,
            could_not,
            "Lambda did not invoke it: dispatch failure: io error: the wire is cut",
        ),
        (
            Said::Hang,
            ("NextTrigger.TimedOut", "The function of this user pool did not answer in time"),
            "it did not answer within 2.5s",
        ),
        (Said::Panic, could_not, "panic in the invocation"),
        (answer(""), unusable, no_object),
        (answer("null"), unusable, no_object),
        (answer("[]"), unusable, no_object),
        (answer("\"jane@acme.com\""), unusable, no_object),
        (answer("{\"response\": {}"), unusable, no_object),
        (answer("{}"), unusable, no_response),
        (answer(r#"{"statusCode": 200, "body": "jane@acme.com"}"#), unusable, no_response),
        (answer(r#"{"response": "jane@acme.com"}"#), unusable, no_member),
        (answer(r#"{"response": []}"#), unusable, no_member),
    ]
}

/// What only the trigger before a token cannot use.
fn failures_of_claims() -> Vec<(Said, (&'static str, &'static str), &'static str)> {
    let unusable = ("InvalidLambdaResponseException", "Unrecognizable lambda output");
    let log = "its answer is unusable: a member that should be an object is none";
    let responses = [
        json!({ BOTH: [] }),
        json!({ BOTH: { "idTokenGeneration": "gold" } }),
        json!({ BOTH: { "accessTokenGeneration": { "claimsToAddOrOverride": ["plan"] } } }),
        json!({ ID: "gold" }),
        json!({ ID: { "claimsToAddOrOverride": 1 } }),
    ];
    let responses = responses.map(|response| json!({ "response": response }));
    responses.iter().map(|answer| (Said::json(answer), unusable, log)).collect()
}

/// The lines about the function. None of all lines has anything of its answer. The SDK says more about
/// a recorded connection.
fn of_next_trigger(logs: &Logs) -> Vec<Value> {
    let lines = logs.lines();
    assert!(!format!("{lines:?}").contains("jane@"), "{lines:#?}");
    lines.into_iter().filter(|line| line["target"] == "shared::next_trigger").collect()
}

#[tokio::test]
async fn a_failure_of_the_function_ends_the_event_as_it_did_without_usher() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let logs = Logs::capture();
    let next = NextFunction::default();
    let world = acme_after(&next, Fail).await;
    let before = world.items().await;
    world.wire.traffic();
    for (trigger, event, more) in [
        ("post-confirmation", confirmed(), Vec::new()),
        ("pre-token-generation", asked("2"), failures_of_claims()),
        ("pre-token-generation", asked("1"), failures_of_claims()),
    ] {
        for (said, (error_type, message), log) in failures().into_iter().chain(more) {
            counts.take();
            logs.lines();
            next.says(said.clone());

            let refusal = world.trigger(trigger, &event).await.expect_err("an error");

            let Refusal { error_type: found, error_message } = &refusal;
            assert_eq!((&**found, &**error_message), (error_type, message), "{said:?}");
            assert!(!format!("{refusal:?}").contains("jane"), "{refusal:?}");
            assert_eq!(next.invocations(), [Invocation::of(&event)], "once: {said:?}");
            let line = json!({
                "level": "ERROR",
                "target": "shared::next_trigger",
                "message": "the pool's own function failed",
                "function": NEXT_ARN,
                "error": log,
            });
            assert_eq!(of_next_trigger(&logs), [line], "{said:?}");
            let counted = BTreeMap::from([("NextTriggerFailures".to_owned(), 1)]);
            assert_eq!(counts.take(), counted, "{said:?}");
        }
    }
    assert_eq!(world.wire.traffic().operations, Vec::<String>::new());
    assert_eq!(world.items().await, before, "nobody is provisioned");

    // The user's next token catches up.
    let answer = world.trigger("pre-token-generation", &asked("2")).await.expect("an answer");
    assert_eq!(answer["response"][BOTH]["idTokenGeneration"]["claimsToAddOrOverride"], claims());
}

#[tokio::test]
async fn with_continue_usher_goes_on_with_the_event_as_it_came() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let logs = Logs::capture();
    for (trigger, event, more) in [
        ("post-confirmation", confirmed(), Vec::new()),
        ("pre-token-generation", asked("2"), failures_of_claims()),
    ] {
        let next = NextFunction::default();
        let world = acme_after(&next, Continue).await;
        let expected = acme().await.trigger(trigger, &event).await;
        for (said, _, log) in failures().into_iter().chain(more) {
            counts.take();
            logs.lines();
            next.says(said.clone());

            assert_eq!(world.trigger(trigger, &event).await, expected, "{said:?}");

            let lines = of_next_trigger(&logs);
            let line = json!({
                "level": "WARN",
                "target": "shared::next_trigger",
                "message": "the pool's own function failed",
                "function": NEXT_ARN,
                "error": log,
            });
            assert_eq!(lines, [line], "{said:?}");
            assert_eq!(counts.take()["NextTriggerFailures"], 1, "{said:?}");
        }
    }
}

#[tokio::test]
async fn if_usher_fails_afterwards_the_answer_has_the_response_of_the_function() {
    let v1 = json!({ "claimsToAddOrOverride": { "plan": "gold" } });
    let event = asked("2");
    let expected = with_response(&event, json!({ BOTH: { "idTokenGeneration": v1 } }));
    for fate in [Fate::Lost, Fate::Hang] {
        let next = NextFunction::that([Said::json(&json!({ "response": { ID: v1 } }))]);
        let world = acme_after(&next, Fail).await;
        for _ in 0..9 {
            world.wire.next("Query", fate.clone());
        }
        let answer = world.trigger("pre-token-generation", &event).await;
        assert_eq!(answer, Ok(expected.clone()), "{fate:?}");
    }

    // The same if Usher's settings are unusable, and for a sign-up.
    let says = Said::json(&json!({ "response": { ID: v1 } }));
    let next = NextFunction::that([says.clone(), says]).trigger(Fail);
    let raw = to_raw_value(&event).expect("JSON");
    let answer = pre_token_generation::handle(None, next.clone(), raw, TRIGGER_DEADLINE).await;
    let answer: Value = serde_json::from_str(answer.expect("an answer").get()).expect("JSON");
    assert_eq!(answer, expected);
    let raw = to_raw_value(&confirmed()).expect("JSON");
    let answer = post_confirmation::handle(None, next, raw, TRIGGER_DEADLINE).await;
    let answer: Value = serde_json::from_str(answer.expect("an answer").get()).expect("JSON");
    assert_eq!(answer, with_response(&confirmed(), json!({ ID: v1 })));
}

#[tokio::test]
async fn a_function_that_hangs_leaves_usher_a_second_and_both_together_keep_the_deadline() {
    let next = NextFunction::that([Said::Hang, Said::Hang]);
    let world = acme_after(&next, Continue).await;
    let event = asked("2");
    let answer = world.trigger("pre-token-generation", &event).await.expect("an answer");
    assert_eq!(answer["response"][BOTH]["idTokenGeneration"]["claimsToAddOrOverride"], claims());

    for _ in 0..9 {
        world.wire.next("Query", Fate::Hang);
    }
    let late = TRIGGER_DEADLINE + Duration::from_millis(100);
    let answer = timeout(late, world.trigger("pre-token-generation", &event)).await;
    assert_eq!(answer.expect("in time"), Ok(event));
}

#[tokio::test(start_paused = true)]
async fn the_function_has_two_and_a_half_seconds_less_of_a_shorter_deadline_and_always_one() {
    let seconds = Duration::from_secs_f64;
    for (deadline, most) in [
        (3.5, 2.5),
        (3.4, 2.4),
        (3.0, 2.0),
        (2.0, 1.0),
        (1.5, 1.0),
        (1.0, 1.0),
        (0.1, 1.0),
        (0.0, 1.0),
    ] {
        let answered = |limit| {
            let next = NextFunction::that([Said::Silence]).trigger(Fail);
            let raw = to_raw_value(&confirmed()).expect("JSON");
            timeout(limit, post_confirmation::handle(None, next, raw, seconds(deadline)))
        };
        let moment = Duration::from_millis(2);
        let early = answered(seconds(most) - moment).await;
        assert!(early.is_err(), "{deadline} s: it waits");
        let late = answered(seconds(most) + moment).await.expect("an end").expect_err("an error");
        assert_eq!(late.error_type, "NextTrigger.TimedOut", "{deadline} s");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_to_usher_is_what_is_left_of_the_time_that_has_passed() {
    let seconds = Duration::from_secs_f64;
    for (busy, left) in [(0.0, 1.0), (2.0, 1.0), (3.0, 0.5), (3.4, 0.1), (5.0, 0.0)] {
        let next = NextFunction::that([Said::Busy(seconds(busy))]).trigger(Continue);
        let raw = to_raw_value(&confirmed()).expect("JSON");
        let passed = next.pass(raw, TRIGGER_DEADLINE, |_, response| Ok(response)).await;
        let found = passed.expect("an event").left;
        let moment = Duration::from_millis(2);
        let expected = seconds(left);
        assert!(expected.abs_diff(found) <= moment, "busy for {busy} s: {found:?} are left");
    }
}

#[tokio::test]
async fn a_setting_that_names_no_other_function_is_counted_and_usher_works_without_it() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let mut world = acme().await;
    let expected = world.trigger("pre-token-generation", &asked("2")).await;
    counts.take();
    world.app.next_trigger = NextTrigger::unusable();
    assert_eq!(world.trigger("pre-token-generation", &asked("2")).await, expected);
    assert_eq!(counts.take()["NextTriggerFailures"], 1);
}

/// A request to the Invoke API: path, kind of invocation, event.
type Request = (String, String, Value);

/// Lambda's Invoke API: says this to each request. Returns its address, and the requests.
async fn invoke_api(
    status: StatusCode,
    header: (&'static str, &'static str),
    body: String,
) -> (SocketAddr, Arc<Mutex<Vec<Request>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let invoke = move |uri: Uri, headers: HeaderMap, event: Bytes| async move {
        let kind = headers["x-amz-invocation-type"].to_str().expect("ASCII").to_owned();
        let event = serde_json::from_slice(&event).expect("JSON");
        let path = uri.path().to_owned();
        seen.lock().expect("nobody panics with the lock").push((path, kind, event));
        (status, [("content-type", "application/json"), header], body)
    };
    let router = Router::new().route("/{*path}", post(invoke));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, requests)
}

/// The first answer of a trigger's process with these variables, while DynamoDB does not answer, with
/// the path that it came by, and the log.
async fn first_answer(
    trigger: &str,
    event: &Value,
    more: &[(&'static str, String)],
) -> (String, Value, Vec<Value>) {
    let (_listener, dynamodb) = hanging().await;
    let (api, mut answers) = runtime_api([event]).await;
    let process = started(trigger, (dynamodb, api), more);
    let answer = timeout(ANSWERED_WITHIN, answers.recv()).await;
    let (path, answer) = answer.expect("an answer in time").expect("an answer");
    (path, answer, lines(&ended(process).await))
}

const RESPONSE_PATH: &str = "/2018-06-01/runtime/invocation/request-1/response";
const ERROR_PATH: &str = "/2018-06-01/runtime/invocation/request-1/error";

fn counted(lines: &[Value], metric: &str) -> usize {
    lines.iter().filter(|line| line[metric] == 1).count()
}

#[tokio::test]
async fn a_process_invokes_the_function_once_and_answers_with_its_response_while_dynamodb_hangs() {
    let event = asked("2");
    let response = json!({ BOTH: { "idTokenGeneration": { "claimsToSuppress": ["email"] } } });
    let answered = with_response(&event, response);
    for setting in [("ANYTHING", ""), ("PUBLIC_MAILBOX_EXCEPTIONS", "org_1")] {
        let (lambda, requests) =
            invoke_api(StatusCode::OK, ("x-any", "x"), answered.to_string()).await;
        let more = [
            ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{lambda}")),
            ("NEXT_TRIGGER_ARN", NEXT_ARN.to_owned()),
            (setting.0, setting.1.to_owned()),
        ];
        let (path, answer, lines) = first_answer("pre-token-generation", &event, &more).await;
        assert_eq!((&*path, &answer), (RESPONSE_PATH, &answered), "{setting:?}");
        assert_eq!(counted(&lines, "TokensWithoutClaims"), 1, "{lines:#?}");
        assert_eq!(counted(&lines, "NextTriggerFailures"), 0, "{lines:#?}");
        let Invocation { path, kind, .. } = Invocation::of(&event);
        let requests = requests.lock().expect("nobody panics with the lock");
        assert_eq!(*requests, [(path, kind, event.clone())], "{setting:?}");
    }
}

#[tokio::test]
async fn a_process_opens_a_connection_for_each_invocation() {
    let callers = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&callers);
    let invoke = move |ConnectInfo(caller): ConnectInfo<SocketAddr>| async move {
        seen.lock().expect("nobody panics with the lock").insert(caller);
        ([("content-type", "application/json")], r#"{"response":{}}"#)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let lambda = listener.local_addr().expect("an address");
    let router = Router::new().fallback(invoke);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    // Usher leaves these events alone.
    let jane = verified("jane", "jane@acme.com");
    let event = trigger_event("1", "PostConfirmation_ConfirmForgotPassword", &jane);
    let (_listener, dynamodb) = hanging().await;
    let (api, mut answers) = runtime_api([&event; 4]).await;
    let more = [
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{lambda}")),
        ("NEXT_TRIGGER_ARN", NEXT_ARN.to_owned()),
    ];
    let process = started("post-confirmation", (dynamodb, api), &more);
    for invocations in 1..=4 {
        let answer = timeout(ANSWERED_WITHIN, answers.recv()).await;
        let answer = answer.expect("an answer in time");
        assert_eq!(answer, Some((RESPONSE_PATH.to_owned(), with_response(&event, json!({})))));
        let connections = callers.lock().expect("nobody panics with the lock").len();
        assert_eq!(connections, invocations);
    }
    ended(process).await;
}

#[tokio::test]
async fn a_process_ends_an_event_with_the_error_of_the_function_and_logs_no_word_of_its_message() {
    let event = confirmed();
    let theirs = json!({ "errorType": "NotAllowed", "errorMessage": "not jane@acme.com" });
    let throttled = json!({
        "errorType": "NextTrigger.NotInvoked",
        "errorMessage": "The function of this user pool could not be invoked",
    });
    for (status, header, body, expected) in [
        (StatusCode::OK, ("x-amz-function-error", "Unhandled"), theirs.clone(), theirs),
        (
            StatusCode::TOO_MANY_REQUESTS,
            ("x-amzn-errortype", "TooManyRequestsException"),
            json!({ "Message": "jane@acme.com" }),
            throttled,
        ),
    ] {
        let (lambda, requests) = invoke_api(status, header, body.to_string()).await;
        let more = [
            ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{lambda}")),
            ("NEXT_TRIGGER_ARN", NEXT_ARN.to_owned()),
        ];
        let (path, answer, lines) = first_answer("post-confirmation", &event, &more).await;
        assert_eq!((&*path, &answer), (ERROR_PATH, &expected));
        assert_eq!(counted(&lines, "NextTriggerFailures"), 1, "{lines:#?}");
        assert!(!format!("{lines:?}").contains("jane"), "{lines:#?}");
        let kind = expected["errorType"].as_str().expect("text");
        let last = format!("the event ended with the error of the pool's own function: {kind}");
        assert!(lines.iter().any(|line| line["message"] == last), "{lines:#?}");
        let count = requests.lock().expect("nobody panics with the lock").len();
        assert_eq!(count, 1, "no call is repeated");
    }
}

#[tokio::test]
async fn a_process_that_would_invoke_itself_says_so_and_works_without() {
    let event = asked("2");
    let itself =
        "arn:aws:lambda:eu-central-1:123456789012:function:usher-pre-token-generation:live";
    let (lambda, requests) = invoke_api(StatusCode::OK, ("x-any", "x"), event.to_string()).await;
    let more = [
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{lambda}")),
        ("NEXT_TRIGGER_ARN", itself.to_owned()),
    ];
    let (path, answer, lines) = first_answer("pre-token-generation", &event, &more).await;
    assert_eq!((&*path, &answer), (RESPONSE_PATH, &event));
    assert_eq!(*requests.lock().expect("nobody panics with the lock"), []);
    let said =
        lines.iter().find(|line| line["message"] == "the pool's own function is not invoked");
    let said = said.unwrap_or_else(|| panic!("{lines:#?}"));
    let error = said["error"].as_str().unwrap_or_default();
    assert_eq!(said["level"], "ERROR");
    assert!(error.contains(itself) && error.contains("a trigger of Usher itself"), "{error}");
    assert_eq!(counted(&lines, "NextTriggerFailures"), 1, "{lines:#?}");
}

#[tokio::test]
async fn a_process_without_such_a_function_invokes_none() {
    let event = asked("2");
    let (lambda, requests) = invoke_api(StatusCode::OK, ("x-any", "x"), event.to_string()).await;
    let more = [
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{lambda}")),
        ("NEXT_TRIGGER_ARN", String::new()),
        ("NEXT_TRIGGER_FAILURE", "continue".to_owned()),
    ];
    let (path, answer, lines) = first_answer("pre-token-generation", &event, &more).await;
    assert_eq!((&*path, &answer), (RESPONSE_PATH, &event));
    assert_eq!(*requests.lock().expect("nobody panics with the lock"), []);
    assert_eq!(counted(&lines, "NextTriggerFailures"), 0, "{lines:#?}");
}

/// The raw form of an event is what the function gets.
#[tokio::test]
async fn the_function_gets_the_bytes_of_cognitos_event() {
    let next = NextFunction::default();
    let text = r#"{ "z": 1e400, "a": [1.0], "z": "\ud800", "response" : { } }"#;
    let event = RawValue::from_string(text.to_owned()).expect("JSON");
    let answer = post_confirmation::handle(None, next.trigger(Fail), event, TRIGGER_DEADLINE).await;
    answer.expect("an answer");
    assert_eq!(next.invocations()[0].event, text);
}
