//! `POST /organizations/{organizationId}/jit/email-domains/{emailDomain}/verify`

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Fate, Logs, RECORD, World, record_name};

const PATH: &str = "/organizations/acme/jit/email-domains/acme.com/verify";

async fn verify(world: &World) -> Answer {
    world.ask(Method::POST, PATH).send().await
}

async fn ownership(world: &World) -> Value {
    world.item("DOMAIN#acme.com", "ORG#acme").await["ownership"].clone()
}

/// A world in which acme lists acme.com, which has to be proven.
async fn pending() -> World {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    world.make_pending("acme", &["acme.com"]).await;
    world
}

#[tokio::test]
async fn a_record_that_is_there_proves_the_domain() {
    let world = pending().await;
    world.add_record("acme.com").await;
    let answer = verify(&world).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    assert_eq!(answer.body["emailDomain"], "acme.com");
    assert_eq!(
        answer.body["dns"],
        json!({
            "answer": "found",
            "name": record_name("acme.com"),
            "records": [RECORD],
            "detail": "DNS has the record.",
        })
    );
    assert_eq!(ownership(&world).await["state"], "proven");
}

#[tokio::test]
async fn a_record_that_is_not_there_says_what_is_and_the_domain_stays_pending() {
    let world = pending().await;
    let said = verify(&world).await.body["dns"].clone();
    assert_eq!((&said["answer"], &said["records"]), (&json!("no_such_name"), &json!([])));
    world.name_server.add(&record_name("acme.com"), "v=spf1 -all").await.expect("a name");
    let said = verify(&world).await.body["dns"].clone();
    assert_eq!(
        (&said["answer"], &said["records"]),
        (&json!("other_records"), &json!(["v=spf1 -all"]))
    );
    let doubled = "_usher-challenge.acme.com.acme.com";
    world.name_server.add(doubled, RECORD).await.expect("a name");
    let said = verify(&world).await.body["dns"].clone();
    assert_eq!((&said["answer"], &said["name"]), (&json!("wrong_name"), &json!(doubled)));
    let ownership = ownership(&world).await;
    assert_eq!((&ownership["state"], &ownership["answer"]), (&json!("pending"), &said["answer"]));
}

#[tokio::test]
async fn a_domain_that_an_earlier_release_has_added_gets_a_record_and_stays_vouched() {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let entry =
        json!({ "pk": "DOMAIN#acme.com", "sk": "ORG#acme", "addedAt": crate::support::START });
    world.put_plain(&entry).await;
    assert_eq!(verify(&world).await.status, 200);
    let ownership = ownership(&world).await;
    let token = ownership["token"].as_str().expect("a token").to_owned();
    assert_eq!(ownership["state"], "vouched");
    assert_eq!(verify(&world).await.status, 200);
    assert_eq!(self::ownership(&world).await["token"], token, "it stays the same");
    let value = format!("usher-domain-verification={token}");
    world.name_server.add(&record_name("acme.com"), &value).await.expect("a name");
    verify(&world).await;
    assert_eq!(self::ownership(&world).await["state"], "proven");
}

#[tokio::test]
async fn a_domain_that_is_not_listed_and_an_unknown_organization_are_not_found() {
    let world = World::new().await;
    verify(&world).await.problem(404, "organization.not_found");
    world.organization("acme").await;
    verify(&world).await.problem(404, "email_domain.not_found");
    let path = "/organizations/acme/jit/email-domains/nonsense/verify";
    world.ask(Method::POST, path).send().await.problem(404, "email_domain.not_found");
}

#[tokio::test]
async fn a_domain_by_which_fifty_others_admit_cannot_be_proven() {
    let world = pending().await;
    world.add_record("acme.com").await;
    for number in 0..50 {
        world.listing(&format!("other{number}"), &["acme.com"]).await;
    }
    verify(&world).await.problem(422, "email_domain.too_many_organizations");
    let ownership = ownership(&world).await;
    assert_eq!((&ownership["state"], &ownership["answer"]), (&json!("pending"), &json!("found")));
}

#[tokio::test]
async fn a_failure_of_the_store_at_any_call_changes_nothing_or_everything() {
    for operation in ["TransactGetItems", "Query", "TransactWriteItems"] {
        let world = pending().await;
        world.add_record("acme.com").await;
        for _ in 0..3 {
            world.wire.next(operation, Fate::Lost);
        }
        verify(&world).await.problem(503, "service.unavailable");
        assert_eq!(ownership(&world).await["state"], "pending", "{operation}");
        world.wire.mend();
        assert_eq!(verify(&world).await.status, 200);
        assert_eq!(ownership(&world).await["state"], "proven", "{operation}");
    }
}

#[tokio::test]
async fn a_domain_that_was_deleted_and_added_again_during_a_check_is_not_proven_by_the_old_record()
{
    let world = pending().await;
    world.add_record("acme.com").await;
    let store = world.store();
    let again = Fate::overtaken(async move {
        let id = shared::domain::ids::OrganizationId::parse("acme").expect("an id");
        let domain = shared::domain::email_domain::EmailDomain::parse("acme.com");
        let domain = domain.expect("a domain");
        let listed = store.listed_domain(&id, &domain).await.expect("it is listed");
        // Another token at the same version.
        let token = shared::domain::ownership::ChallengeToken::parse(&"b".repeat(32)).ok();
        let changed = |ownership: &shared::domain::ownership::Ownership| {
            let mut ownership = ownership.clone();
            ownership.token = token.clone();
            Ok(Some(ownership))
        };
        let at = crate::support::START.parse().expect("a timestamp");
        store.change_ownership(listed, at, changed).await.expect("it is changed");
    });
    world.wire.next("TransactWriteItems", again);
    let answer = verify(&world).await;
    assert_eq!(answer.body["dns"]["answer"], "other_records", "{:#}", answer.body);
    assert_eq!(ownership(&world).await["state"], "pending");
}

/// A world in which acme lists acme.com and eu.acme.com, which have to be proven, with two tokens.
async fn parent_and_child() -> World {
    let world = World::new().await;
    world.listing("acme", &["acme.com", "eu.acme.com"]).await;
    world.make_pending("acme", &["acme.com", "eu.acme.com"]).await;
    with_parent_token(&world, "b").await;
    world
}

/// Gives acme.com another token, as if it had been deleted and added again.
async fn with_parent_token(world: &World, digit: &str) {
    let mut entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    let ownership = entry.get_mut("ownership").expect("it is not vouched");
    ownership["token"] = Value::from(digit.repeat(32));
    world.put_plain(&json!(entry)).await;
}

#[tokio::test]
async fn a_parent_that_was_added_again_during_a_check_does_not_prove_by_its_old_token() {
    const CHILD: &str = "/organizations/acme/jit/email-domains/eu.acme.com/verify";

    let world = std::sync::Arc::new(parent_and_child().await);
    let value = format!("usher-domain-verification={}", "b".repeat(32));
    world.name_server.add(&record_name("acme.com"), &value).await.expect("a name");
    // Two transactions read: when the check begins, and when the record of the parent was found.
    let (first, again) = (Fate::overtaken(async {}), std::sync::Arc::clone(&world));
    world.wire.next("TransactGetItems", first);
    let again = Fate::overtaken(async move { with_parent_token(&again, "c").await });
    world.wire.next("TransactGetItems", again);
    let said = world.ask(Method::POST, CHILD).send().await;
    assert_eq!(said.status, 200, "{:#}", said.body);
    assert_ne!(said.body["dns"]["answer"], "found", "{:#}", said.body);
    assert_eq!(said.body["ownership"]["state"], "pending");

    with_parent_token(&world, "b").await;
    let said = world.ask(Method::POST, CHILD).send().await;
    assert_eq!(said.body["ownership"]["state"], "proven", "{:#}", said.body);
}

fn audited(logs: &Logs) -> Vec<Value> {
    logs.lines().into_iter().filter(|line| line["message"] == "audit").collect()
}

#[tokio::test]
async fn what_a_check_has_written_before_it_failed_is_audited() {
    // It writes a token, and then cannot keep the answer.
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    let entry =
        json!({ "pk": "DOMAIN#acme.com", "sk": "ORG#acme", "addedAt": crate::support::START });
    world.put_plain(&entry).await;
    world.wire.next("TransactWriteItems", Fate::overtaken(async {}));
    for _ in 0..3 {
        world.wire.next("TransactWriteItems", Fate::Lost);
    }
    let logs = Logs::capture();
    verify(&world).await.problem(503, "service.unavailable");
    assert!(ownership(&world).await["token"].is_string());
    assert_eq!(audited(&logs).len(), 1);
    drop(logs);
    world.wire.mend();

    // It keeps what DNS said, and refuses to admit.
    let world = pending().await;
    world.add_record("acme.com").await;
    for number in 0..50 {
        world.listing(&format!("other{number}"), &["acme.com"]).await;
    }
    let logs = Logs::capture();
    verify(&world).await.problem(422, "email_domain.too_many_organizations");
    assert_eq!(audited(&logs).len(), 1);
}

#[tokio::test]
async fn a_domain_that_is_too_long_for_a_record_of_its_own_shows_that_of_its_parent() {
    let label = "a".repeat(63);
    let domain = format!("{label}.{label}.{label}.{}.acme.com", &label[..40]);
    let world = World::new().await;
    world.listing("acme", &[&domain]).await;
    world.make_pending("acme", &[&domain]).await;
    let path = format!("/organizations/acme/jit/email-domains/{domain}/verify");
    world.add_record("acme.com").await;
    let said = world.ask(Method::POST, &path).send().await;
    assert_eq!(said.body["ownership"]["record"]["name"], record_name("acme.com"));
    assert_eq!(said.body["ownership"]["state"], "proven", "{:#}", said.body);
    world.remove_record("acme.com").await;
    let said = world.ask(Method::POST, &path).send().await;
    assert_eq!(said.body["dns"]["name"], record_name("acme.com"), "{:#}", said.body);
    assert_ne!(
        world.item(&format!("DOMAIN#{domain}"), "ORG#acme").await["ownership"]["missedDays"],
        Value::Null
    );
}
