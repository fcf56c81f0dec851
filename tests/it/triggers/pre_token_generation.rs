//! The trigger `pre-token-generation`

use functions::triggers::pre_token_generation::handle;
use serde_json::{Value, json};
use shared::next_trigger::NextTrigger;
use shared::runtime::TRIGGER_DEADLINE;

use crate::support::{Fate, Logs, World, by_domain, item, trigger_event, verified};

/// An event for a user with a verified address.
pub(super) fn event(version: &str, sub: &str, email: &str) -> Value {
    let details = match version {
        "1" | "0" => "claimsOverrideDetails",
        _ => "claimsAndScopeOverrideDetails",
    };
    let source = "TokenGeneration_Authentication";
    let mut event = trigger_event(version, source, &verified(sub, email));
    event["request"]["groupConfiguration"] =
        json!({ "groupsToOverride": ["staff"], "iamRolesToOverride": [] });
    event["request"]["scopes"] = json!(["openid"]);
    event["response"] = json!({ (details): null });
    event
}

/// The claims that an answer adds to the access token.
pub(super) fn access_claims(answer: &Value) -> &Value {
    &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["claimsToAddOrOverride"]
}

/// A world in which acme lists acme.com and gives Engineer and analyst.
pub(super) async fn acme() -> World {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["acme.com"]).await;
    world.default_roles("acme", &[world.role("Engineer").await, world.role("analyst").await]).await;
    world
}

#[tokio::test]
async fn a_member_s_id_and_access_token_carry_the_claims_and_all_else_stays() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;

    for version in ["2", "3"] {
        let asked = event(version, "jane", "jane@acme.com");
        let claims = json!({
            "organizations": ["acme"],
            "organization_roles": ["acme:analyst", "acme:Engineer"],
        });
        let mut expected = asked.clone();
        expected["response"] = json!({ "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": { "claimsToAddOrOverride": claims },
            "accessTokenGeneration": { "claimsToAddOrOverride": claims },
        }});
        assert_eq!(world.pre_token_generation(&asked).await, expected, "version {version}");
    }
}

#[tokio::test]
async fn version_1_carries_each_list_as_a_string_in_the_id_token() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;

    for version in ["1", "0"] {
        let asked = event(version, "jane", "jane@acme.com");
        let mut expected = asked.clone();
        expected["response"] = json!({ "claimsOverrideDetails": { "claimsToAddOrOverride": {
            "organizations": r#"["acme"]"#,
            "organization_roles": r#"["acme:analyst","acme:Engineer"]"#,
        }}});
        assert_eq!(world.pre_token_generation(&asked).await, expected, "version {version}");
    }
}

#[tokio::test]
async fn the_response_that_an_event_offers_decides_and_only_then_its_version() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    let (both, id_token) = ("claimsAndScopeOverrideDetails", "claimsOverrideDetails");

    for (version, offered, answered) in [
        ("1", both, both),
        ("$LATEST", both, both),
        ("2", both, both),
        ("3", both, both),
        ("2", id_token, id_token),
        ("1", id_token, id_token),
        ("2", "", both),
        ("3", "", both),
        ("1", "", id_token),
        ("$LATEST", "", id_token),
    ] {
        for details in [json!(null), json!({})] {
            let mut asked = event(version, "jane", "jane@acme.com");
            asked["response"] =
                if offered.is_empty() { json!({}) } else { json!({ (offered): details }) };
            let response = world.pre_token_generation(&asked).await["response"].clone();
            let members: Vec<_> = response.as_object().expect("an object").keys().collect();
            assert_eq!(members, [answered], "version {version}, response {offered:?}");
            let (token, organizations) = if answered == both {
                (&response[both]["accessTokenGeneration"], json!(["acme"]))
            } else {
                (&response[id_token], json!(r#"["acme"]"#))
            };
            assert_eq!(token["claimsToAddOrOverride"]["organizations"], organizations);
        }
    }
}

#[tokio::test]
async fn claims_scopes_and_groups_that_were_there_stay() {
    let world = acme().await;
    let mut asked = event("2", "jane", "jane@acme.com");
    let groups = json!({ "groupsToOverride": ["staff"], "preferredRole": "arn:aws:iam::1:role/r" });
    asked["response"] = json!({ "claimsAndScopeOverrideDetails": {
        "idTokenGeneration": {
            "claimsToAddOrOverride": { "plan": "gold", "organizations": ["forged"] },
            "claimsToSuppress": ["phone_number"],
        },
        "accessTokenGeneration": { "scopesToAdd": ["profile"], "scopesToSuppress": [] },
        "groupOverrideDetails": groups,
    }});

    let roles = json!(["acme:analyst", "acme:Engineer"]);
    assert_eq!(
        world.pre_token_generation(&asked).await["response"]["claimsAndScopeOverrideDetails"],
        json!({
            "idTokenGeneration": {
                "claimsToAddOrOverride": {
                    "plan": "gold",
                    "organizations": ["acme"],
                    "organization_roles": roles,
                },
                "claimsToSuppress": ["phone_number"],
            },
            "accessTokenGeneration": {
                "scopesToAdd": ["profile"],
                "scopesToSuppress": [],
                "claimsToAddOrOverride": { "organizations": ["acme"], "organization_roles": roles },
            },
            "groupOverrideDetails": groups,
        })
    );
}

#[tokio::test]
async fn empty_group_details_are_left_out_so_that_groups_stay() {
    let world = acme().await;
    for nothing in [json!({}), json!(null), json!([])] {
        let mut asked = event("2", "jane", "jane@acme.com");
        asked["response"]["claimsAndScopeOverrideDetails"] =
            json!({ "groupOverrideDetails": nothing });
        let answered = world.pre_token_generation(&asked).await;
        let details = &answered["response"]["claimsAndScopeOverrideDetails"];
        assert!(details.get("groupOverrideDetails").is_none(), "{details}");
        assert_eq!(access_claims(&answered)["organizations"], json!(["acme"]));
    }
}

#[tokio::test]
async fn numbers_of_the_event_stay_to_the_letter() {
    let world = acme().await;
    let mut text = event("2", "jane", "jane@acme.com").to_string();
    text.insert_str(1, r#""odd":[12345678901234567890123,1.0,1e400],"#);
    let raw = serde_json::value::RawValue::from_string(text).expect("JSON");
    let answered = handle(Some((&world.app).into()), NextTrigger::default(), raw, TRIGGER_DEADLINE);
    let answered = answered.await.expect("an answer");
    assert!(answered.get().contains(r#""odd":[12345678901234567890123,1.0,1e400]"#));
    assert!(answered.get().contains(r#""organizations":["acme"]"#));
}

#[tokio::test]
async fn a_user_who_never_signed_up_here_joins_and_the_first_token_says_so() {
    let world = acme().await;
    let mut asked = event("2", "made-by-an-administrator", "joe@acme.com");
    asked["triggerSource"] = json!("TokenGeneration_NewPasswordChallenge");

    let answered = world.pre_token_generation(&asked).await;

    assert_eq!(access_claims(&answered)["organizations"], json!(["acme"]));
    let held = world.get("/users/made-by-an-administrator/organizations").await.body;
    let provenance = by_domain("acme.com", "PreTokenGeneration");
    assert_eq!(held[0]["provenance"], provenance);
}

#[tokio::test]
async fn a_domain_added_after_the_sign_up_counts_at_the_next_token() {
    let world = World::new().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.organization("acme").await;
    let asked = event("2", "jane", "jane@acme.com");
    let nothing = json!({ "organizations": [], "organization_roles": [] });
    assert_eq!(access_claims(&world.pre_token_generation(&asked).await), &nothing);

    world.domains("acme", &["acme.com"]).await;

    let claims = json!({ "organizations": ["acme"], "organization_roles": [] });
    assert_eq!(access_claims(&world.pre_token_generation(&asked).await), &claims);
}

#[tokio::test]
async fn a_user_with_an_unproven_address_keeps_what_was_given_and_joins_nothing_new() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.organization("other").await;
    world.domains("other", &["other.com"]).await;
    let mut asked = event("2", "jane", "jane@other.com");
    asked["request"]["userAttributes"]["email_verified"] = json!("false");

    let answered = world.pre_token_generation(&asked).await;

    assert_eq!(access_claims(&answered)["organizations"], json!(["acme"]));
}

#[tokio::test]
async fn a_verified_address_in_another_organization_s_domain_adds_and_takes_nothing_away() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.organization("other").await;
    world.domains("other", &["other.com"]).await;

    let answered = world.pre_token_generation(&event("2", "jane", "jane@other.com")).await;

    assert_eq!(access_claims(&answered)["organizations"], json!(["acme", "other"]));
    let items = world.items().await;
    let profile = item(&items, "USER#jane", "PROFILE");
    assert_eq!(profile["email"], json!("jane@other.com"));
}

#[tokio::test]
async fn machine_tokens_and_unknown_sources_pass_through_to_the_byte() {
    let world = acme().await;
    world.wire.traffic();
    for source in ["TokenGeneration_ClientCredentials", "TokenGeneration_Novelty", ""] {
        let mut asked = event("3", "jane", "jane@acme.com");
        asked["triggerSource"] = json!(source);
        assert_eq!(world.pre_token_generation(&asked).await, asked, "{source}");
        asked["request"]["userAttributes"] = json!({});
        assert_eq!(world.pre_token_generation(&asked).await, asked, "{source} without a user");
    }
    assert_eq!(world.wire.traffic().operations, Vec::<String>::new());
}

#[tokio::test]
async fn deleted_organizations_and_roles_are_left_out() {
    let world = acme().await;
    world.organization("gone").await;
    world.domains("gone", &["acme.com"]).await;
    world.sign_up("jane", "jane@acme.com").await;
    world.wire.next("BatchWriteItem", Fate::error("ResourceNotFoundException", "no sweep today"));
    world.delete("/organizations/gone").await;
    let roles = world.get("/organization-roles").await.body;
    world.delete(&format!("/organization-roles/{}", roles[0]["id"].as_str().expect("an id"))).await;

    let answered = world.pre_token_generation(&event("2", "jane", "jane@acme.com")).await;

    let claims = json!({ "organizations": ["acme"], "organization_roles": ["acme:Engineer"] });
    assert_eq!(access_claims(&answered), &claims);
}

#[tokio::test]
async fn a_removed_member_s_token_does_not_bring_the_membership_back() {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);

    let answered = world.pre_token_generation(&event("2", "jane", "jane@acme.com")).await;

    let claims = json!({ "organizations": [], "organization_roles": [] });
    assert_eq!(access_claims(&answered), &claims);
}

#[tokio::test]
async fn a_failing_dynamodb_means_a_token_without_these_claims_and_nothing_is_lost() {
    let world = acme().await;
    let asked = event("2", "jane", "jane@acme.com");
    for calls in 0..6 {
        world.wire.cut_after(calls);
        let answered = world.pre_token_generation(&asked).await;
        // The user's own items are read by the first call. What she is a member of is known then,
        // and is nothing yet, until the sixth call would read what she has joined.
        if (1..5).contains(&calls) {
            let organizations = &access_claims(&answered)["organizations"];
            assert_eq!(*organizations, json!([]), "cut after {calls} calls");
        } else {
            assert_eq!(answered, asked, "cut after {calls} calls");
        }
        world.wire.mend();
    }
    let answered = world.pre_token_generation(&asked).await;
    assert_eq!(access_claims(&answered)["organizations"], json!(["acme"]));
}

/// A world in which Jane is a member of acme, and globex has listed her domain since.
async fn with_something_to_join() -> World {
    let world = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.organization("globex").await;
    world.domains("globex", &["acme.com"]).await;
    world
}

#[tokio::test]
async fn a_failure_to_join_takes_no_claim_from_a_member() {
    let throttled = Fate::error("ThrottlingException", "Slow down.");
    let conflict = Fate::canceled(&["TransactionConflict", "None"]);
    for (operation, fate) in [
        ("TransactWriteItems", Fate::Lost),
        ("TransactWriteItems", throttled.clone()),
        ("TransactWriteItems", conflict.clone()),
        ("TransactWriteItems", Fate::Hang),
        ("TransactGetItems", Fate::Lost),
        ("TransactGetItems", throttled.clone()),
        ("TransactGetItems", Fate::Hang),
        // The user's own items are read by the first query.
        ("Query", Fate::Lost),
        ("Query", throttled),
        ("Query", Fate::Hang),
    ] {
        let world = with_something_to_join().await;
        let before = world.items().await;
        let asked = event("2", "jane", "jane@acme.com");
        if operation == "Query" {
            world.wire.next(operation, Fate::undisturbed());
        }
        for _ in 0..9 {
            world.wire.next(operation, fate.clone());
        }
        let answered = world.pre_token_generation(&asked);
        let answered = tokio::time::timeout(TRIGGER_DEADLINE, answered).await.expect("in time");
        let claims = access_claims(&answered);
        assert_eq!(claims["organizations"], json!(["acme"]), "{operation} {fate:?}");
        assert_eq!(claims["organization_roles"], json!(["acme:analyst", "acme:Engineer"]));
        assert_eq!(world.items().await, before, "{operation} {fate:?}");

        world.wire.mend();
        let answered = world.pre_token_generation(&asked).await;
        let both = json!(["acme", "globex"]);
        assert_eq!(access_claims(&answered)["organizations"], both, "{operation} {fate:?}");
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_read_takes_no_other_claim_away() {
    for (pk, sk, left, joins) in [
        ("ORG#acme", "ORG", json!(["globex"]), true),
        ("ORG#globex", "ORG", json!(["acme"]), false),
        ("USER#jane", "ORG#acme", json!(["globex"]), true),
    ] {
        let world = with_something_to_join().await;
        world.put_plain(&json!({ "pk": pk, "sk": sk })).await;
        let logs = Logs::capture();
        let answered = world.token("jane", "jane@acme.com").await;
        assert_eq!(access_claims(&answered)["organizations"], left, "{pk} {sk}");
        let lines = logs.lines();
        let error = |line: &Value| line["error"].as_str().is_some_and(|it| it.contains(pk));
        assert!(lines.iter().any(error), "{pk} {sk}: {lines:#?}");
        let joined = lines.iter().any(|line| line["decision"] == "join");
        assert_eq!(joined, joins, "{pk} {sk}: {lines:#?}");
    }
}

#[tokio::test]
async fn a_user_with_nothing_new_to_join_takes_two_steps() {
    let world = acme().await;
    let asked = event("2", "jane", "jane@acme.com");
    world.pre_token_generation(&asked).await;
    let before = world.items().await;
    world.wire.traffic();

    world.pre_token_generation(&asked).await;

    let traffic = world.wire.traffic();
    assert_eq!(traffic.steps, 2, "{traffic:?}");
    let operations = ["Query", "Query", "Query", "BatchGetItem", "BatchGetItem"];
    assert_eq!(traffic.operations, operations);
    // Three queries, one organization and two roles: what docs/scale.md reckons with.
    assert!((traffic.capacity - 6.0).abs() < f64::EPSILON, "{traffic:?}");
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn a_sign_up_and_a_token_at_once_give_one_membership() {
    let world = acme().await;
    let asked = event("2", "jane", "jane@acme.com");

    let (answered, ()) =
        tokio::join!(world.pre_token_generation(&asked), world.sign_up("jane", "jane@acme.com"));

    let claims = json!({
        "organizations": ["acme"],
        "organization_roles": ["acme:analyst", "acme:Engineer"],
    });
    assert_eq!(access_claims(&answered), &claims);
    let held = world.get("/users/jane/organizations").await.body;
    assert_eq!(held.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn events_of_another_shape_are_answered_as_they_are() {
    let world = acme().await;
    let odd = [json!(null), json!([]), json!({}), json!("text"), json!({ "request": 1 })];
    for asked in odd {
        assert_eq!(world.pre_token_generation(&asked).await, asked);
    }
}
