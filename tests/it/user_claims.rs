//! `GET /users/{userId}/claims`

use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::claims::{ClaimsIn, ClaimsPolicy, JoinRequestClaims};

use crate::support::{
    Answer, Counts, Fate, Logs, Pool, SignIn, World, assert_is, assert_unavailable, naming_roles,
    pool_user, trigger_event,
};

const CLAIMS: &str = "/users/jane/claims";

/// Jane as the user pool has her: with an address that she has proven, and a password of her own.
fn jane() -> Value {
    let mut jane = pool_user("jane", "jane", "jane@acme.com", true);
    jane["UserStatus"] = json!("CONFIRMED");
    jane
}

/// A world in which Jane is in the pool, and acme lists acme.com and gives Engineer and analyst.
async fn acme() -> (World, Pool) {
    acme_under(ClaimsPolicy::default()).await
}

/// The same world under this policy.
async fn acme_under(claims: ClaimsPolicy) -> (World, Pool) {
    let pool = Pool::with_users(SignIn::Name, [jane()]);
    let policies = Policies { claims, ..Policies::default() };
    let world = World::under(policies, pool.user_pool()).await;
    world.listing("acme", &["acme.com"]).await;
    world.default_roles("acme", &[world.role("Engineer").await, world.role("analyst").await]).await;
    (world, pool)
}

/// The answer about these claims.
fn foreseen(claims: &Value, joins: &[&str], asks_to_join: &[&str]) -> Value {
    json!({
        "claims": claims,
        "in": "both",
        "provisioned": true,
        "joins": joins,
        "asksToJoin": asks_to_join,
    })
}

/// The claims that the trigger adds to the access token of an event of this source, for the user whom the
/// pool has.
async fn token(world: &World, source: &str, user: &Value) -> Value {
    let attributes = user["Attributes"].as_array().expect("attributes").iter();
    let mut attributes: Value = attributes
        .map(|it| (it["Name"].as_str().expect("a name").to_owned(), it["Value"].clone()))
        .collect();
    attributes["cognito:user_status"] = user["UserStatus"].clone();
    let mut event = trigger_event("2", &format!("TokenGeneration_{source}"), &attributes);
    event["userName"] = user["Username"].clone();
    let answer = world.pre_token_generation(&event).await;
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    let of = |token: &str| details[token]["claimsToAddOrOverride"].clone();
    assert_eq!(of("idTokenGeneration"), of("accessTokenGeneration"));
    of("accessTokenGeneration")
}

/// Asserts that an answer, which writes nothing, has the claims of the next token of this source. Returns
/// the answer.
async fn assert_foreseen(world: &World, what: &str, source: &str, user: &Value) -> Answer {
    let before = world.items_and_changes().await;
    let answer = world.get(CLAIMS).await;
    assert_eq!(answer.status, 200, "{what}: {:#}", answer.body);
    assert_eq!(world.items_and_changes().await, before, "{what}: something was written");
    let claims = token(world, source, user).await;
    assert_eq!(answer.body["claims"], claims, "{what}");
    // After the token, nothing is left to do.
    let again = world.get(CLAIMS).await;
    assert_is(&again, 200, &foreseen(&claims, &[], &[]));
    answer
}

#[tokio::test]
async fn the_claims_of_the_next_token_have_what_the_user_would_join_and_nothing_is_written() {
    let (world, _) = acme().await;
    let claims = json!({
        "organizations": ["acme"],
        "organization_roles": ["acme:analyst", "acme:Engineer"],
    });

    for _ in 0..2 {
        assert_is(&world.get(CLAIMS).await, 200, &foreseen(&claims, &["acme"], &[]));
    }
    assert_foreseen(&world, "a stranger", "Authentication", &jane()).await;
    let held = world.get("/users/jane/organizations").await.body;
    assert_eq!(held[0]["provenance"]["entryPath"], "PreTokenGeneration");
}

#[tokio::test]
async fn the_claims_are_those_that_the_trigger_adds_in_many_situations() {
    for (what, source, joins) in [
        ("nothing is listed", "Authentication", &[][..]),
        ("a member by hand", "Authentication", &["acme"]),
        ("a rule that lets ask", "Authentication", &[]),
        ("a rule that is off", "Authentication", &[]),
        ("not for existing users", "Authentication", &[]),
        ("not for existing users, and invited", "NewPasswordChallenge", &["acme"]),
        ("roles of the rule's own", "HostedAuth", &["acme"]),
        ("removed", "RefreshTokens", &[]),
        ("declined", "RefreshTokens", &[]),
        ("an address that was not proven", "Authentication", &[]),
        ("no address", "Authentication", &[]),
        ("a deleted organization", "Authentication", &[]),
        ("a deleted role", "Authentication", &["acme"]),
        ("a pending domain", "Authentication", &[]),
        ("an identity at a provider that is listed", "HostedAuth", &["acme"]),
        ("a subdomain", "Authentication", &["acme"]),
    ] {
        let mut user = jane();
        let set = |user: &mut Value, name: &str, value: &str| {
            let attributes = user["Attributes"].as_array_mut().expect("attributes");
            attributes.retain(|it| it["Name"] != name);
            attributes.push(json!({ "Name": name, "Value": value }));
        };
        match what {
            "not for existing users, and invited" => {
                user["UserStatus"] = json!("FORCE_CHANGE_PASSWORD");
            }
            "an address that was not proven" => set(&mut user, "email_verified", "false"),
            "no address" => {
                let attributes = user["Attributes"].as_array_mut().expect("attributes");
                attributes.retain(|it| it["Name"] == "sub");
            }
            "an identity at a provider that is listed" => {
                let identity =
                    json!([{ "userId": "1", "providerName": "okta", "providerType": "SAML" }]);
                set(&mut user, "identities", &identity.to_string());
                set(&mut user, "email", "jane@unlisted.example");
                user["UserStatus"] = json!("EXTERNAL_PROVIDER");
                user["Username"] = json!("okta_jane");
            }
            "a subdomain" => set(&mut user, "email", "jane@eu.acme.com"),
            _ => {}
        }
        let world = World::with_pool(&Pool::with_users(SignIn::Name, [user.clone()])).await;
        world.organization("acme").await;
        world.organization("globex").await;
        let role = world.role("Engineer").await;
        let (acme, domains) = ("/organizations/acme", "/organizations/acme/jit/email-domains");
        let domain = format!("{domains}/acme.com");
        if what != "nothing is listed" {
            world.domains("acme", &["acme.com"]).await;
        }
        let ok = |answer: Answer| {
            assert!(answer.status.is_success(), "{what}: {:#}", answer.body);
        };
        let settings = match what {
            "a rule that lets ask" | "declined" => json!({ "enrollment": "request" }),
            "a rule that is off" => json!({ "enrollment": "off" }),
            "not for existing users" | "not for existing users, and invited" => {
                json!({ "existingUsers": "off" })
            }
            "roles of the rule's own" | "a deleted role" => naming_roles(&[&role]),
            "a subdomain" => json!({ "subdomains": true }),
            _ => Value::Null,
        };
        if !settings.is_null() {
            ok(world.patch(&domain, &settings).await);
        }
        match what {
            "a member by hand" => {
                ok(world
                    .post("/organizations/globex/users", &json!({ "userIds": ["jane"] }))
                    .await);
            }
            "removed" => {
                world.sign_up("jane", "jane@acme.com").await;
                ok(world.delete(&format!("{acme}/users/jane")).await);
            }
            "declined" => {
                world.sign_up("jane", "jane@acme.com").await;
                let decline = format!("{acme}/join-requests/jane/decline");
                ok(world.post(&decline, &json!({})).await);
            }
            "a deleted organization" => {
                world.domains("globex", &["acme.com"]).await;
                world.sign_up("jane", "jane@acme.com").await;
                world.delete_unswept("acme").await;
            }
            "a deleted role" => ok(world.delete(&format!("/organization-roles/{role}")).await),
            "a pending domain" => world.make_pending("acme", &["acme.com"]).await,
            "an identity at a provider that is listed" => {
                world.list_provider_anyway("acme", "okta").await;
            }
            _ => {}
        }
        let answer = assert_foreseen(&world, what, source, &user).await;
        assert_eq!(answer.body["joins"], json!(joins), "{what}");
        let asks: &[&str] = if what == "a rule that lets ask" { &["acme"] } else { &[] };
        assert_eq!(answer.body["asksToJoin"], json!(asks), "{what}");
    }
}

#[tokio::test]
async fn requests_are_in_the_claims_if_the_operator_asks_for_it() {
    for has_claim in [false, true] {
        let requests = JoinRequestClaims(has_claim);
        let (world, _) = acme_under(ClaimsPolicy { requests, ..ClaimsPolicy::default() }).await;
        let rule = "/organizations/acme/jit/email-domains/acme.com";
        let request = json!({ "enrollment": "request" });
        assert_eq!(world.patch(rule, &request).await.status, 200);

        let mut claims = json!({ "organizations": [], "organization_roles": [] });
        if has_claim {
            claims["organization_requests"] = json!(["acme"]);
        }
        assert_is(&world.get(CLAIMS).await, 200, &foreseen(&claims, &[], &["acme"]));
        assert_foreseen(&world, "a request", "Authentication", &jane()).await;
    }
}

#[tokio::test]
async fn the_answer_names_the_tokens_and_claims_that_do_not_fit_are_left_out_and_not_counted() {
    let full = json!({
        "organizations": ["acme"],
        "organization_roles": ["acme:analyst", "acme:Engineer"],
    });
    let less = json!({ "organizations": ["acme"], "organizations_overflow": true });
    for (tokens, name, most, claims) in [
        (ClaimsIn::Both, "both", "2000", &full),
        (ClaimsIn::Access, "access", "2000", &full),
        (ClaimsIn::Id, "id", "2000", &full),
        (ClaimsIn::Both, "both", "100", &less),
    ] {
        let most = most.parse().expect("a number");
        let policy = ClaimsPolicy { most, tokens, ..ClaimsPolicy::default() };
        let (world, _) = acme_under(policy).await;
        let counts = Counts::default();
        let _counting = metrics::set_default_local_recorder(&counts);
        let mut expected = foreseen(claims, &["acme"], &[]);
        expected["in"] = json!(name);
        assert_is(&world.get(CLAIMS).await, 200, &expected);
        assert!(counts.take().is_empty(), "nothing has happened");
        if tokens == ClaimsIn::Both {
            assert_foreseen(&world, name, "Authentication", &jane()).await;
        }
    }
}

#[tokio::test]
async fn a_user_who_is_in_neither_pool_nor_table_is_not_found() {
    let (world, pool) = acme().await;
    for id in ["nobody", "a.b"] {
        let answer = world.get(&format!("/users/{id}/claims")).await;
        answer.problem(404, "user.not_found");
    }
    assert_eq!(world.delete("/users/jane").await.status, 204);
    pool.requests();
    world.get(CLAIMS).await.problem(404, "user.not_found");
}

#[tokio::test]
async fn of_a_user_who_has_left_the_pool_the_claims_have_what_is_kept() {
    let (world, pool) = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.listing("globex", &["acme.com"]).await;
    pool.delete("jane");

    let mut expected = foreseen(
        &json!({
            "organizations": ["acme"],
            "organization_roles": ["acme:analyst", "acme:Engineer"],
        }),
        &[],
        &[],
    );
    expected["provisioned"] = json!(false);
    assert_is(&world.get(CLAIMS).await, 200, &expected);
}

#[tokio::test]
async fn a_user_whom_the_list_does_not_have_yet_is_found_by_the_last_name() {
    let pool = Pool::with_users(SignIn::Name, []);
    let world = World::with_pool(&pool).await;
    world.listing("acme", &["acme.com"]).await;
    pool.stop_listing();
    pool.add(jane());
    let claims = json!({ "organizations": ["acme"], "organization_roles": [] });
    assert_is(&world.get(CLAIMS).await, 200, &foreseen(&claims, &["acme"], &[]));
}

#[tokio::test]
async fn if_what_the_user_would_join_is_not_known_the_claims_have_what_the_user_has() {
    let (world, _) = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.listing("globex", &["acme.com"]).await;
    let mut expected = foreseen(
        &json!({
            "organizations": ["acme"],
            "organization_roles": ["acme:analyst", "acme:Engineer"],
        }),
        &[],
        &[],
    );
    expected["provisioned"] = json!(false);
    for _ in 0..3 {
        world.wire.next("TransactGetItems", Fate::Lost);
    }
    let logs = Logs::capture();

    assert_is(&world.get(CLAIMS).await, 200, &expected);

    let lines = logs.lines();
    assert_eq!(lines[0]["message"], "what the user would join is not known");
    assert_eq!((lines.len(), &lines[0]["user"]), (1, &json!("jane")));
}

#[tokio::test]
async fn without_table_or_pool_the_caller_is_asked_to_come_back() {
    let (world, pool) = acme().await;
    world.sign_up("jane", "jane@acme.com").await;
    // Organizations and roles are read side by side.
    for (operation, attempts) in [("Query", 3), ("BatchGetItem", 6)] {
        for _ in 0..attempts {
            world.wire.next(operation, Fate::Lost);
        }
        assert_unavailable(&world.get(CLAIMS).await);
        world.wire.mend();
    }
    pool.stays("ListUsers", &Fate::Lost);
    assert_unavailable(&world.get(CLAIMS).await);
    let busy = json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" });
    pool.stays("ListUsers", &Fate::Reply { status: 400, body: busy });
    world.get(CLAIMS).await.problem(429, "user_pool.too_many_requests");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_left_out_as_in_the_token() {
    let (world, _) = acme().await;
    world.listing("globex", &["acme.com"]).await;
    world.sign_up("jane", "jane@acme.com").await;
    let mut item = world.item("USER#jane", "ORG#globex").await;
    item.insert("joinedAt".to_owned(), json!("x"));
    world.put_plain(&json!(item)).await;

    let answer = assert_foreseen(&world, "an unreadable item", "Authentication", &jane()).await;

    assert_eq!(answer.body["claims"]["organizations"], json!(["acme"]));
}
