//! How large the claims of a token may be, and in which tokens they go.

use functions::triggers::pre_token_generation::handle;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::App;
use shared::claims::{ClaimsBytes, ClaimsIn, ClaimsPolicy, JoinRequestClaims};
use shared::next_trigger::NextTrigger;
use shared::runtime::TRIGGER_DEADLINE;

use super::pre_token_generation::{access_claims, event};
use crate::support::{Counts, Logs, Pool, World, pool_user, text_of, with};

const ROLE: &str = "Engineer";

/// The id of an organization, as long as a generated one.
fn id(number: usize) -> String {
    format!("org_{number:032x}")
}

/// A world in which Jane is a member of so many organizations, in each with a role of this name.
async fn member_of(organizations: usize, role: &str) -> World {
    let pool = Pool::default();
    let world = World::with_pool(&pool).await;
    world.organization(&id(0)).await;
    let jane = pool_user("jane", "jane", "jane@nobody.example", true);
    pool.answers("ListUsers", json!({ "Users": [jane] }));
    let members = format!("/organizations/{}/users", id(0));
    assert_eq!(world.post(&members, &json!({ "userIds": ["jane"] })).await.status, 201);
    let body = json!({ "organizationRoleIds": [world.role(role).await] });
    assert_eq!(world.put(&format!("{members}/jane/roles"), &body).await.status, 204);
    world.copy(&id(0), (1..organizations).map(id)).await;
    world
}

/// The answer to an event for Jane, under this policy.
async fn answered(world: &World, version: &str, claims_policy: ClaimsPolicy) -> Value {
    let app = App { claims_policy, ..world.app.clone() };
    let event = to_raw_value(&event(version, "jane", "jane@nobody.example")).expect("JSON");
    let answer = handle(Some((&app).into()), NextTrigger::default(), event, TRIGGER_DEADLINE).await;
    serde_json::from_str(answer.expect("an answer").get()).expect("JSON")
}

/// The claims in the response to an event of this version, with at most so many bytes.
async fn claims(world: &World, version: &str, most: usize) -> Value {
    let most = most.to_string().parse().expect("within the range");
    let answer = answered(world, version, ClaimsPolicy { most, ..ClaimsPolicy::default() }).await;
    match version {
        "1" => answer["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"].clone(),
        _ => access_claims(&answer).clone(),
    }
}

/// How much longer a token gets by these claims: its payload as Cognito writes it, in base64.
fn bytes_in_token(claims: &Value) -> usize {
    let encoded = |payload: &Value| {
        let json = payload.to_string().replace('/', "\\/");
        aws_smithy_types::base64::encode(json).trim_end_matches('=').len()
    };
    // 15 bytes, so that the base64 of the rest begins anew.
    let without = json!({ "sub": "jane1" });
    let mut with = without.clone();
    with.as_object_mut().expect("an object").extend(claims.as_object().expect("claims").clone());
    encoded(&with) - encoded(&without)
}

/// All claims of a member of these organizations, without a limit.
fn everything(organizations: usize, role: &str) -> Value {
    let ids: Vec<_> = (0..organizations).map(id).collect();
    let roles: Vec<_> = ids.iter().map(|id| format!("{id}:{role}")).collect();
    json!({ "organizations": ids, "organization_roles": roles })
}

/// Claims as version 1 takes them: text.
fn as_text(claims: &Value) -> Value {
    let claims = claims.as_object().expect("claims").iter();
    claims.map(|(name, value)| (name.clone(), json!(value.to_string()))).collect()
}

#[tokio::test]
async fn claims_past_the_limit_lose_the_roles_first_then_the_organizations() {
    // Cognito writes the slash with a backslash before it.
    for role in [ROLE, "R&D / Sales", "Größe"] {
        let world = member_of(3, role).await;
        let everything = everything(3, role);
        let without_roles = json!({
            "organizations": everything["organizations"],
            "organizations_overflow": true,
        });
        let nothing = json!({ "organizations_overflow": true });
        for version in ["1", "2"] {
            let shaped = |claims: &Value| match version {
                "1" => as_text(claims),
                _ => claims.clone(),
            };
            let full = shaped(&everything);
            let less = shaped(&without_roles);
            let least = shaped(&nothing);
            let (most, some) = (bytes_in_token(&full), bytes_in_token(&less));
            assert!(bytes_in_token(&least) < ClaimsBytes::LEAST);
            for (limit, expected) in [
                (ClaimsBytes::MOST, &full),
                (most, &full),
                (most - 1, &less),
                (some, &less),
                (some - 1, &least),
                (ClaimsBytes::LEAST, &least),
            ] {
                let found = claims(&world, version, limit).await;
                assert_eq!(found, *expected, "{role}, version {version}, {limit} bytes");
            }
        }
    }
}

#[tokio::test]
async fn by_default_both_tokens_have_2_000_bytes_at_most() {
    for (organizations, role, whole) in [(16, ROLE, true), (17, ROLE, false)] {
        let world = member_of(organizations, role).await;
        let answer = world.pre_token_generation(&event("2", "jane", "jane@nobody.example")).await;
        let details = &answer["response"]["claimsAndScopeOverrideDetails"];
        assert_eq!(details["idTokenGeneration"], details["accessTokenGeneration"]);
        let claims = access_claims(&answer);
        assert_eq!(*claims == everything(organizations, role), whole, "{organizations}: {claims}");
        assert!(bytes_in_token(claims) <= 2_000);
    }
}

#[tokio::test]
async fn the_figures_in_tokens_md_are_measured() {
    let document = text_of("docs/tokens.md");
    for organizations in [1, 10, 16, 35, 37] {
        let world = member_of(organizations, ROLE).await;
        let all = claims(&world, "2", ClaimsBytes::MOST).await;
        assert_eq!(all, everything(organizations, ROLE));
        let rows = claims(&world, "1", ClaimsBytes::MOST).await;
        let less = json!({ "organizations": all["organizations"], "organizations_overflow": true });
        let sizes = [&all, &less, &rows].map(bytes_in_token);
        let json = all.to_string().len() - 1;
        let row = [organizations, json, sizes[0], sizes[1], sizes[2]].map(grouped);
        let row = format!("| {} |", row.join(" | "));
        assert!(document.contains(&row), "docs/tokens.md has no row {row}");
    }
}

/// A number as documents write it: `1,215`.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    }
}

#[tokio::test]
async fn claims_in_says_which_tokens_have_the_claims() {
    let world = member_of(1, ROLE).await;
    let added = json!({ "claimsToAddOrOverride": everything(1, ROLE) });
    let text = json!({ "claimsToAddOrOverride": as_text(&everything(1, ROLE)) });
    let (id_token, access_token) = ("idTokenGeneration", "accessTokenGeneration");
    for (tokens, both, id_only) in [
        ("both", json!({ id_token: added, access_token: added }), Some(&text)),
        ("access", json!({ access_token: added }), None),
        ("id", json!({ id_token: added }), Some(&text)),
    ] {
        let policy =
            ClaimsPolicy { tokens: tokens.parse().expect("tokens"), ..ClaimsPolicy::default() };
        for version in ["2", "3"] {
            let mut expected = event(version, "jane", "jane@nobody.example");
            expected["response"] = json!({ "claimsAndScopeOverrideDetails": both });
            assert_eq!(answered(&world, version, policy).await, expected, "{tokens}, {version}");
        }
        let mut expected = event("1", "jane", "jane@nobody.example");
        if let Some(text) = id_only {
            expected["response"] = json!({ "claimsOverrideDetails": text });
        }
        assert_eq!(answered(&world, "1", policy).await, expected, "{tokens}, version 1");
    }
}

#[tokio::test]
async fn an_overflow_goes_where_the_claims_go() {
    let world = member_of(17, ROLE).await;
    let all = everything(17, ROLE);
    let less = json!({ "organizations": all["organizations"], "organizations_overflow": true });
    let policy = ClaimsPolicy { tokens: ClaimsIn::Access, ..ClaimsPolicy::default() };
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);

    let answer = answered(&world, "2", policy).await;

    let expected = json!({ "claimsAndScopeOverrideDetails": {
        "accessTokenGeneration": { "claimsToAddOrOverride": less },
    }});
    assert_eq!(answer["response"], expected);
    assert_eq!(counts.take()["TokenOverflows"], 1);
}

#[tokio::test]
async fn an_event_for_the_id_token_alone_has_no_claims_if_only_the_access_token_gets_them() {
    let world = World::new().await;
    world.organization("acme").await;
    world.domains("acme", &["nobody.example"]).await;
    let policy = ClaimsPolicy { tokens: ClaimsIn::Access, ..ClaimsPolicy::default() };
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let logs = Logs::capture();

    let answer = answered(&world, "1", policy).await;

    assert_eq!(answer, event("1", "jane", "jane@nobody.example"));
    let warning =
        "no claims: ClaimsIn is `access`, and the event takes claims for the ID token alone";
    let lines = logs.lines();
    assert!(lines.iter().any(|line| line["message"] == warning), "{lines:#?}");
    let counted = counts.take();
    assert_eq!(counted["Joined EntryPath=PreTokenGeneration"], 1, "she joins all the same");
    assert_eq!(counted.get("TokensWithoutClaims"), None);
    assert_eq!(counted.get("TokenOverflows"), None);
}

#[tokio::test]
async fn requests_are_a_claim_of_their_own_if_asked_for_and_the_first_to_be_left_out() {
    let world = member_of(1, ROLE).await;
    for organization in ["asked", "gone"] {
        world.organization(organization).await;
        world.ask_to_join("jane", organization, "jane@acme.com").await;
    }
    world.delete_unswept("gone").await;
    let of = |most: usize, requests| ClaimsPolicy {
        most: most.to_string().parse().expect("within the range"),
        requests: JoinRequestClaims(requests),
        ..ClaimsPolicy::default()
    };
    let without = everything(1, ROLE);
    let with_requests = with(without.clone(), json!({ "organization_requests": ["asked"] }));
    let cut = with(without.clone(), json!({ "organizations_overflow": true }));
    let bytes = bytes_in_token(&with_requests);
    for (policy, expected) in [
        (of(2_000, false), &without),
        (of(2_000, true), &with_requests),
        (of(bytes, true), &with_requests),
        (of(bytes - 1, true), &cut),
    ] {
        let answer = answered(&world, "2", policy).await;
        assert_eq!(access_claims(&answer), expected, "{policy:?}");
    }
    let answer = answered(&world, "1", of(2_000, true)).await;
    let claims = &answer["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"];
    assert_eq!(*claims, as_text(&with_requests));

    // Nobody else's claim of this name stays.
    let mut event = event("2", "jane", "jane@nobody.example");
    event["response"] = json!({ "claimsAndScopeOverrideDetails": { "accessTokenGeneration": {
        "claimsToAddOrOverride": { "organization_requests": ["forged"] },
    }}});
    let answer = world.pre_token_generation(&event).await;
    assert_eq!(*access_claims(&answer), without);
}
