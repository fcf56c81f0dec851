//! Rules that change while a user appears, and faults of each call: it is decided by one moment, and
//! what one appearance could not do, the next one does.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use functions::Entry;
use serde_json::{Value, json};
use shared::App;
use shared::domain::membership::FreshProof;
use tower::ServiceExt;

use super::rules::{Given, Way, acme, appear, federated, held, native, owned, world};
use crate::support::{Fate, Pool, START, World, pool_user, trigger_event};

const DOMAIN: &str = "/organizations/acme/jit/email-domains/acme.com";
const PROVIDER: &str = "/organizations/acme/jit/sso-connectors/Acme-Okta";
const REQUESTS: &str = "/organizations/acme/join-requests/jane";

const MEMBER: &str = "acme member by acme.com as [Default]";
const REQUEST: &str = "acme request by acme.com";

/// What somebody else does meanwhile, one request after the other.
type Deed = Vec<(Method, String, Value)>;

fn patch(path: &str, body: Value) -> Deed {
    vec![(Method::PATCH, path.to_owned(), body)]
}

fn delete(path: &str) -> Deed {
    vec![(Method::DELETE, path.to_owned(), json!({}))]
}

/// An app over a wire of its own: nobody counts or disturbs its calls.
fn another(world: &World) -> App {
    App { store: world.store(), ..world.app.clone() }
}

/// The requests of another caller.
fn by_another(world: &World, deed: Deed) -> impl Future<Output = ()> + Send + 'static {
    let service: Router = functions::all_routes(&another(world)).into_service();
    async move {
        for (method, path, body) in deed {
            let request =
                Request::builder().method(method).uri(path).header("host", "usher.example");
            let request = request.header("content-type", "application/json");
            let request = request.body(Body::from(body.to_string())).expect("a request");
            let answer = service.clone().oneshot(request).await.expect("an answer");
            assert!(answer.status().is_success(), "{answer:?}");
        }
    }
}

/// The same user, who appears at the same time by a token.
fn at_once(world: &World, user: &Value) -> impl Future<Output = ()> + Send + 'static {
    let app = another(world);
    let event = trigger_event("2", "TokenGeneration_Authentication", user).to_string();
    async move {
        let function = functions::function("pre-token-generation").expect("a function");
        let Entry::Trigger(handle) = function.entry else { panic!("it is a trigger") };
        let event = serde_json::value::RawValue::from_string(event).expect("JSON");
        handle(&app, event).await.expect("an answer");
    }
}

/// The step of a sign-up before which something happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Reading,
    Writing,
}

impl Before {
    const fn operation(self) -> &'static str {
        match self {
            Self::Reading => "TransactGetItems",
            Self::Writing => "TransactWriteItems",
        }
    }
}

/// Lets Jane sign up, and something happen before a step. Then a token is issued to her. Returns what
/// she has after either.
async fn overtaken(
    given: &[Given],
    user: &Value,
    before: Before,
    deed: Deed,
) -> (Vec<String>, Vec<String>) {
    let (world, pool) = world(given).await;
    let deed = by_another(&world, deed);
    world.wire.next(before.operation(), Fate::overtaken(deed));
    appear(&world, &pool, Way::SignUp, "jane", user).await;
    assert!(!world.wire.awaits(before.operation()), "it has happened");
    let first = held(&world).await;
    appear(&world, &pool, Way::Token, "jane", user).await;
    (first, held(&world).await)
}

#[tokio::test]
async fn what_is_read_at_one_moment_decides_and_not_the_index_before_it() {
    let jane = native("jane@acme.com");
    let okta = federated("jane@acme.com", &["Acme-Okta"]);
    let automatic = || acme("acme.com", json!({}));
    let request = || acme("acme.com", json!({ "enrollment": "request" }));
    let own = || acme("acme.com", json!({ "organizationRoleIds": ["Own"] }));
    let provider = || acme("Acme-Okta", json!({}));
    let pending = vec![
        (Method::DELETE, DOMAIN.to_owned(), json!({})),
        (
            Method::POST,
            "/organizations/acme/jit/email-domains".to_owned(),
            json!({ "emailDomain": "acme.com", "ownership": "pending" }),
        ),
    ];
    let no_default_roles = vec![(
        Method::PUT,
        "/organizations/acme/jit/roles".to_owned(),
        json!({ "organizationRoleIds": [] }),
    )];
    let to = |enrollment: &str| json!({ "enrollment": enrollment });
    let no_roles = || json!({ "organizationRoleIds": [] });
    let without_roles = "acme member by acme.com as []";
    // What Jane has if it happens before the reading, and if it happens before the writing.
    let cases = [
        (automatic(), &jane, patch(DOMAIN, to("off")), None, MEMBER),
        (automatic(), &jane, patch(DOMAIN, to("request")), Some(REQUEST), MEMBER),
        (request(), &jane, patch(DOMAIN, to("automatic")), Some(MEMBER), REQUEST),
        (request(), &jane, patch(DOMAIN, to("off")), None, REQUEST),
        (automatic(), &jane, delete(DOMAIN), None, MEMBER),
        (automatic(), &jane, pending, None, MEMBER),
        (
            own(),
            &jane,
            patch(DOMAIN, no_roles()),
            Some(without_roles),
            "acme member by acme.com as [Own]",
        ),
        (
            own(),
            &jane,
            patch(DOMAIN, json!({ "organizationRoleIds": null })),
            Some(MEMBER),
            "acme member by acme.com as [Own]",
        ),
        (automatic(), &jane, no_default_roles, Some(without_roles), MEMBER),
        (provider(), &okta, delete(PROVIDER), None, "acme member by Acme-Okta as [Default]"),
        (
            provider(),
            &okta,
            patch(PROVIDER, to("request")),
            Some("acme request by Acme-Okta"),
            "acme member by Acme-Okta as [Default]",
        ),
        (
            provider(),
            &okta,
            patch(PROVIDER, json!({ "emailDomains": "listed" })),
            None,
            "acme member by Acme-Okta as [Default]",
        ),
    ];
    for (given, user, deed, read, written) in cases {
        let given = [given];
        let what = format!("{deed:?}");
        let (first, next) = overtaken(&given, user, Before::Reading, deed.clone()).await;
        assert_eq!(first, Vec::from_iter(read), "{what}");
        assert_eq!(next, first, "{what}");

        let (first, next) = overtaken(&given, user, Before::Writing, deed.clone()).await;
        assert_eq!(first, [written], "{what}");
        // A member stays one, and a request becomes a membership once the rule is automatic.
        let is_automatic = deed.iter().any(|(_, _, body)| *body == to("automatic"));
        let then = if written == REQUEST && is_automatic { MEMBER } else { written };
        assert_eq!(next, [then], "{what}");
    }
}

#[tokio::test]
async fn an_organization_that_is_deleted_meanwhile_has_neither_members_nor_requests() {
    let jane = native("jane@acme.com");
    for enrollment in ["automatic", "request"] {
        for before in [Before::Reading, Before::Writing] {
            let given = [acme("acme.com", json!({ "enrollment": enrollment }))];
            let (first, next) =
                overtaken(&given, &jane, before, delete("/organizations/acme")).await;
            assert_eq!((first, next), (vec![], vec![]), "{enrollment}, {before:?}");
        }
    }
}

#[tokio::test]
async fn a_domain_that_lapses_meanwhile_admits_until_it_is_read() {
    for (before, joins) in [(Before::Reading, &[][..]), (Before::Writing, &[MEMBER])] {
        let (world, pool) = world(&[owned("failing", acme("acme.com", json!({})))]).await;
        world.pass(Duration::from_secs(15 * 24 * 60 * 60));
        let app = another(&world);
        let deed = async move {
            let function = functions::function("check-email-domains").expect("a function");
            let Entry::Schedule(run) = function.entry else { panic!("it has a schedule") };
            run(&app).await.expect("a finished run");
        };
        world.wire.next(before.operation(), Fate::overtaken(deed));
        let jane = native("jane@acme.com");
        appear(&world, &pool, Way::SignUp, "jane", &jane).await;
        assert_eq!(held(&world).await, joins, "{before:?}");
        let state = &world.get("/organizations/acme/jit/email-domains").await.body[0]["ownership"];
        assert_eq!(state["state"], "lapsed");
        appear(&world, &pool, Way::Token, "jane", &jane).await;
        assert_eq!(held(&world).await, joins, "members stay");
    }
}

#[tokio::test]
async fn a_more_specific_rule_that_appears_meanwhile_decides() {
    let given = [acme("acme.com", json!({ "subdomains": true }))];
    let exact = vec![(
        Method::POST,
        "/organizations/acme/jit/email-domains".to_owned(),
        json!({ "emailDomain": "mail.acme.com", "enrollment": "off" }),
    )];
    let jane = native("jane@mail.acme.com");
    let (first, next) = overtaken(&given, &jane, Before::Reading, exact).await;
    assert_eq!((first, next), (vec![], vec![]));
}

#[tokio::test]
async fn of_two_appearances_at_once_one_makes_the_request_or_the_membership() {
    for (enrollment, expected) in [("request", REQUEST), ("automatic", MEMBER)] {
        let (world, pool) = world(&[acme("acme.com", json!({ "enrollment": enrollment }))]).await;
        let jane = native("jane@acme.com");
        world.wire.next("TransactWriteItems", Fate::overtaken(at_once(&world, &jane)));
        appear(&world, &pool, Way::SignUp, "jane", &jane).await;
        assert_eq!(held(&world).await, [expected]);
        let place = world.item("USER#jane", "ORG#acme").await;
        assert_eq!(place["entryPath"], "PreTokenGeneration", "the first one");
    }
}

/// A world in which Jane has asked to join, and the rule is automatic since then.
async fn requested() -> (World, Pool) {
    let (world, pool) = world(&[acme("acme.com", json!({ "enrollment": "request" }))]).await;
    appear(&world, &pool, Way::SignUp, "jane", &native("jane@acme.com")).await;
    assert_eq!(held(&world).await, [REQUEST]);
    let automatic = json!({ "enrollment": "automatic" });
    assert_eq!(world.patch(DOMAIN, &automatic).await.status, 200);
    (world, pool)
}

#[tokio::test]
async fn what_an_administrator_decides_about_a_request_meanwhile_stays() {
    for before in [Before::Reading, Before::Writing] {
        for (verb, expected) in [("approve", &[MEMBER][..]), ("decline", &[])] {
            let (world, pool) = requested().await;
            let body = if verb == "approve" { json!({}) } else { Value::Null };
            let deed = vec![(Method::POST, format!("{REQUESTS}/{verb}"), body)];
            world.wire.next(before.operation(), Fate::overtaken(by_another(&world, deed)));
            for _ in 0..2 {
                appear(&world, &pool, Way::Token, "jane", &native("jane@acme.com")).await;
                assert_eq!(held(&world).await, expected, "{verb}, {before:?}");
            }
        }
    }
}

#[tokio::test]
async fn after_a_fault_of_any_call_the_next_appearance_ends_right() {
    let okta = federated("jane@acme.com", &["Acme-Okta"]);
    let jane = native("jane@acme.com");
    let by_okta = "acme member by Acme-Okta as [Default]";
    let asking = json!({ "enrollment": "request" });
    for (rule, settings, user, expected) in [
        ("acme.com", asking.clone(), &jane, REQUEST),
        ("Acme-Okta", json!({}), &okta, by_okta),
        ("Acme-Okta", asking, &okta, "acme request by Acme-Okta"),
    ] {
        for fault in faults() {
            let (world, pool) = world(&[acme(rule, settings.clone())]).await;
            fault(&world);
            appear(&world, &pool, Way::SignUp, "jane", user).await;
            world.wire.mend();
            assert!([&[][..], &[expected.to_owned()]].contains(&&*held(&world).await));
            for _ in 0..2 {
                appear(&world, &pool, Way::Token, "jane", user).await;
                assert_eq!(held(&world).await, [expected]);
            }
        }
    }
}

#[tokio::test]
async fn after_a_fault_of_any_call_a_request_becomes_a_membership_next_time() {
    for fault in faults() {
        let (world, pool) = requested().await;
        let jane = native("jane@acme.com");
        fault(&world);
        appear(&world, &pool, Way::Token, "jane", &jane).await;
        world.wire.mend();
        let first = held(&world).await;
        assert!(first == [MEMBER] || first == [REQUEST], "{first:?}");
        for _ in 0..2 {
            appear(&world, &pool, Way::Token, "jane", &jane).await;
            assert_eq!(held(&world).await, [MEMBER]);
        }
    }
}

/// What is done to the wire of a world.
type Fault = Box<dyn Fn(&World)>;

/// What happens to the wire: it is cut after some calls, or one call of an operation fails.
fn faults() -> impl Iterator<Item = Fault> {
    let cuts =
        (0..8).map(|calls| -> Fault { Box::new(move |world: &World| world.wire.cut_after(calls)) });
    cuts.chain(single_faults())
}

/// The first, second or a later call of an operation is refused, or carried out without an answer, as
/// often as it is tried.
fn single_faults() -> impl Iterator<Item = Fault> {
    const TRIES: usize = 9;
    let calls = [("Query", 4), ("TransactGetItems", 1), ("TransactWriteItems", 1)].into_iter();
    let calls = calls.flat_map(|(operation, most)| (0..most).map(move |nth| (operation, nth)));
    calls.flat_map(|(operation, nth)| -> [Fault; 2] {
        let pass = move |world: &World| {
            for _ in 0..nth {
                world.wire.next(operation, Fate::undisturbed());
            }
        };
        let refusal = move |world: &World| {
            pass(world);
            let denied = Fate::error("AccessDeniedException", "not authorized");
            world.wire.next(operation, denied);
        };
        let loss = move |world: &World| {
            pass(world);
            for _ in 0..TRIES {
                world.wire.next(operation, Fate::AnswerLost);
            }
        };
        [Box::new(refusal), Box::new(loss)]
    })
}

#[tokio::test]
async fn after_a_fault_of_any_call_a_fresh_proof_counts_at_the_next_token() {
    let jane = native("jane@acme.com");
    for existing in ["off", "request"] {
        for way in [Way::SignUp, Way::NewPassword, Way::Api] {
            for (number, fault) in single_faults().enumerate() {
                let settings = json!({ "existingUsers": existing });
                let (world, pool) = world(&[acme("acme.com", settings)]).await;
                fault(&world);
                appear(&world, &pool, way, "jane", &jane).await;
                world.wire.mend();
                for _ in 0..2 {
                    appear(&world, &pool, Way::Token, "jane", &jane).await;
                    let what = format!("{existing}, {way:?}, {number}");
                    assert_eq!(held(&world).await, [MEMBER], "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_sign_up_whose_calls_hang_keeps_its_proof_in_time() {
    const TRIES: usize = 9;
    let jane = native("jane@acme.com");
    for operation in ["TransactGetItems", "TransactWriteItems"] {
        for way in [Way::SignUp, Way::NewPassword] {
            let settings = json!({ "existingUsers": "off" });
            let (world, pool) = world(&[acme("acme.com", settings)]).await;
            for _ in 0..TRIES {
                world.wire.next(operation, Fate::Hang);
            }
            appear(&world, &pool, way, "jane", &jane).await;
            assert_eq!(held(&world).await, [""; 0]);
            world.wire.mend();
            appear(&world, &pool, Way::Token, "jane", &jane).await;
            assert_eq!(held(&world).await, [MEMBER], "{operation}, {way:?}");
        }
    }
}

/// A world in which nobody may join but with a fresh proof, and that of Jane was not made use of.
async fn with_a_kept_proof() -> (World, Pool) {
    let (world, pool) = world(&[acme("acme.com", json!({ "existingUsers": "off" }))]).await;
    let denied = Fate::error("AccessDeniedException", "not authorized");
    world.wire.next("TransactGetItems", denied);
    appear(&world, &pool, Way::SignUp, "jane", &native("jane@acme.com")).await;
    let kept = world.item("USER#jane", "FRESH_PROOF").await;
    assert_eq!(kept["provenAt"], START);
    assert_eq!(kept["expiresAt"], 1_767_398_400, "two days later");
    (world, pool)
}

#[tokio::test]
async fn a_kept_proof_is_of_one_address_and_of_one_day_and_ends_with_its_user() {
    let jane = native("jane@acme.com");
    let (world, pool) = with_a_kept_proof().await;
    appear(&world, &pool, Way::Token, "jane", &native("joe@acme.com")).await;
    assert_eq!(held(&world).await, [""; 0], "another address");
    world.pass(FreshProof::VALID + Duration::from_millis(1));
    appear(&world, &pool, Way::Token, "jane", &jane).await;
    assert_eq!(held(&world).await, [""; 0], "a day later");

    let (world, pool) = with_a_kept_proof().await;
    pool.answers("AdminGetUser", pool_user("jane", "jane", "jane@acme.com", true));
    pool.answers("AdminDeleteUser", json!({}));
    world.delete("/users/jane").await;
    let items = world.items().await;
    assert!(!items.contains_key(&("USER#jane".to_owned(), "FRESH_PROOF".to_owned())));
}

#[tokio::test]
async fn whoever_was_provisioned_or_proves_nothing_keeps_no_proof() {
    let kept = async |world: &World| {
        let items = world.items().await;
        items.contains_key(&("USER#jane".to_owned(), "FRESH_PROOF".to_owned()))
    };
    let okta = federated("jane@acme.com", &["Acme-Okta"]);
    let jane = native("jane@acme.com");
    for (way, user, is_failing) in [
        (Way::SignUp, &jane, false),
        (Way::NewPassword, &jane, false),
        (Way::Token, &jane, true),
        (Way::SignUp, &okta, true),
    ] {
        let (world, pool) =
            world(&[acme("acme.com", json!({})), acme("Acme-Okta", json!({}))]).await;
        if is_failing {
            let denied = Fate::error("AccessDeniedException", "not authorized");
            world.wire.next("TransactGetItems", denied);
        }
        appear(&world, &pool, way, "jane", user).await;
        assert!(!kept(&world).await, "{way:?}");
    }
}

#[tokio::test]
async fn without_the_table_a_fresh_proof_is_lost_and_an_addition_by_hand_helps() {
    let (world, pool) = world(&[acme("acme.com", json!({ "existingUsers": "off" }))]).await;
    let jane = native("jane@acme.com");
    world.wire.cut_after(0);
    appear(&world, &pool, Way::SignUp, "jane", &jane).await;
    world.wire.mend();
    appear(&world, &pool, Way::Token, "jane", &jane).await;
    assert_eq!(held(&world).await, [""; 0]);
    pool.answers(
        "ListUsers",
        json!({ "Users": [pool_user("jane", "jane", "jane@acme.com", true)] }),
    );
    let body = json!({ "userIds": ["jane"] });
    assert_eq!(world.post("/organizations/acme/users", &body).await.status, 201);
}
