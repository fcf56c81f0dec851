//! `check-email-domains`

use std::time::Duration;

use axum::http::Method;
use functions::check_email_domains::{Limits, Needs, handle};
use serde_json::{Value, json};
use shared::dns::{Dns, NameServers};
use shared::domain::ownership::PENDING;
use shared::domain::rule::RuleKey;
use tokio::net::UdpSocket;

use crate::support::{Counts, Fate, Item, Logs, START, World};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn run(world: &World) {
    world.invoke("check-email-domains", &json!({})).await;
}

async fn entry(world: &World, organization: &str, domain: &str) -> Item {
    world.item(&format!("DOMAIN#{domain}"), &format!("ORG#{organization}")).await
}

/// What DNS said about the domain of an entry; null in any other item.
fn answer(item: &Item) -> Value {
    item.get("ownership").map_or(Value::Null, |ownership| ownership["answer"].clone())
}

async fn state(world: &World, organization: &str, domain: &str) -> String {
    let entry = entry(world, organization, domain).await;
    entry["ownership"]["state"].as_str().unwrap_or("vouched").to_owned()
}

/// A world in which acme lists acme.com, which has to be proven.
async fn with_a_pending_domain() -> World {
    let world = World::new().await;
    world.listing("acme", &["acme.com"]).await;
    world.make_pending("acme", &["acme.com"]).await;
    world
}

/// A world in which acme has proven acme.com.
async fn with_a_proven_domain() -> World {
    let world = with_a_pending_domain().await;
    world.add_record("acme.com").await;
    run(&world).await;
    assert_eq!(state(&world, "acme", "acme.com").await, "proven");
    world
}

#[tokio::test]
async fn a_pending_domain_whose_record_is_there_is_proven_and_admits() {
    let world = with_a_proven_domain().await;
    let entry = entry(&world, "acme", "acme.com").await;
    // An earlier release can read it again, and admits by it.
    assert_eq!(entry["addedAt"], START);
    assert_eq!(entry.get("listedAt"), None);
    assert_eq!(entry["admitsSince"], START);
    assert_eq!(entry["ownership"]["provenAt"], START);
    assert_eq!(entry["ownership"]["answer"], "found");
    assert_eq!(entry["gsi1pk"], "OWNERSHIP_CHECKS");
}

#[tokio::test]
async fn a_domain_that_is_not_due_is_not_asked_about() {
    let world = with_a_pending_domain().await;
    run(&world).await;
    let before = entry(&world, "acme", "acme.com").await;
    assert_eq!(before["ownership"]["answer"], "no_such_name");
    run(&world).await;
    assert_eq!(entry(&world, "acme", "acme.com").await, before);
    world.pass(HOUR);
    run(&world).await;
    assert_ne!(entry(&world, "acme", "acme.com").await, before);
}

#[tokio::test]
async fn a_domain_that_is_never_proven_lapses_after_thirty_days_and_is_not_asked_about_again() {
    let world = with_a_pending_domain().await;
    for _ in 0..30 * 24 {
        assert_eq!(state(&world, "acme", "acme.com").await, "pending");
        run(&world).await;
        world.pass(HOUR);
    }
    run(&world).await;
    assert_eq!(state(&world, "acme", "acme.com").await, "lapsed");
    assert_eq!(entry(&world, "acme", "acme.com").await.get("gsi1pk"), None);
}

#[tokio::test]
async fn a_record_that_goes_makes_a_domain_failing_then_lapsed_and_members_stay() {
    let world = with_a_proven_domain().await;
    world.sign_up("jane", "jane@acme.com").await;
    world.remove_record("acme.com").await;
    for expected in ["proven", "proven", "failing"] {
        world.pass(DAY);
        run(&world).await;
        assert_eq!(state(&world, "acme", "acme.com").await, expected);
    }
    for _ in 0..13 {
        world.pass(DAY);
        run(&world).await;
        assert_eq!(state(&world, "acme", "acme.com").await, "failing");
    }
    let logs = Logs::capture();
    world.pass(DAY);
    run(&world).await;
    let lines = logs.lines();
    assert_eq!(state(&world, "acme", "acme.com").await, "lapsed");
    let line = lines.iter().find(|line| line["message"] == "ownership changed").expect("a line");
    let said = ["organization", "email_domain", "from", "to", "answer"].map(|name| &line[name]);
    assert_eq!(said, ["acme", "acme.com", "failing", "lapsed", "no_such_name"]);
    let members = world.get("/users/jane/organizations").await;
    assert_eq!(members.body.as_array().map(Vec::len), Some(1), "a lapse keeps members");
    // The record is back: an operator checks it.
    world.add_record("acme.com").await;
    let path = "/organizations/acme/jit/email-domains/acme.com/verify";
    assert_eq!(world.ask(Method::POST, path).send().await.status, 200);
    assert_eq!(state(&world, "acme", "acme.com").await, "proven");
}

#[tokio::test]
async fn a_resolver_that_fails_changes_no_state_and_is_asked_again_at_the_next_run() {
    let mut world = with_a_proven_domain().await;
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    let works = std::mem::replace(&mut world.app.dns, Dns::new(Some(NameServers::from(address))));
    world.pass(DAY);
    let before = entry(&world, "acme", "acme.com").await;
    tokio::time::pause();
    for _ in 0..5 {
        run(&world).await;
        world.pass(HOUR);
    }
    tokio::time::resume();
    let after = entry(&world, "acme", "acme.com").await;
    assert_eq!(after["ownership"]["answer"], "timed_out");
    for same in ["state", "provenAt", "token"] {
        assert_eq!(after["ownership"][same], before["ownership"][same], "{same}");
    }
    assert_eq!(after["ownership"].get("missedDays"), None);
    world.app.dns = works;
    run(&world).await;
    assert_eq!(entry(&world, "acme", "acme.com").await["ownership"]["answer"], "found");
}

/// Runs every hour for as long as a domain can be pending, and counts the runs that asked about one.
async fn hours_with_a_check(world: &World, domain: &str) -> usize {
    let mut checks = 0;
    let mut last = Value::Null;
    for _ in 0..=PENDING.as_hours() {
        run(world).await;
        let checked_at = entry(world, "acme", domain).await["ownership"]["checkedAt"].clone();
        checks += usize::from(checked_at != last);
        last = checked_at;
        world.pass(HOUR);
    }
    checks
}

#[tokio::test]
async fn a_pending_domain_about_which_dns_says_nothing_is_asked_less_and_less_and_lapses() {
    let world = World::new().await;
    world.listing("acme", &["acme.invalid"]).await;
    world.make_pending("acme", &["acme.invalid"]).await;
    let checks = hours_with_a_check(&world, "acme.invalid").await;
    assert!(checks < 50, "{checks}");
    assert_eq!(state(&world, "acme", "acme.invalid").await, "lapsed");
}

#[tokio::test]
async fn a_pending_domain_that_may_not_admit_is_asked_less_and_less_and_lapses() {
    let world = with_a_pending_domain().await;
    world.add_record("acme.com").await;
    for number in 0..50 {
        world.listing(&format!("other{number}"), &["acme.com"]).await;
    }
    let logs = Logs::capture();
    let checks = hours_with_a_check(&world, "acme.com").await;
    let warnings = logs.lines().iter().filter(|line| line["level"] == "WARN").count();
    assert!(checks < 50 && warnings == checks, "{checks} {warnings}");
    assert_eq!(state(&world, "acme", "acme.com").await, "lapsed");
}

#[tokio::test]
async fn a_domain_of_which_dns_cannot_know_lapses_when_it_was_pending_for_thirty_days() {
    for domain in ["acme.invalid", "acme.onion", "acme.localhost", "acme.local", "acme.test"] {
        let world = World::new().await;
        world.listing("acme", &[domain]).await;
        world.make_pending("acme", &[domain]).await;
        world.pass(30 * DAY);
        run(&world).await;
        assert_eq!(state(&world, "acme", domain).await, "lapsed", "{domain}");
    }
}

#[tokio::test]
async fn a_run_to_which_dns_gives_no_usable_answer_is_counted_as_one_and_an_operators_check_is_not()
{
    let mut world = with_a_proven_domain().await;
    let gone = UdpSocket::bind("127.0.0.1:0").await.expect("a free port").local_addr();
    let gone = Dns::new(Some(NameServers::from(gone.expect("an address"))));
    let works = std::mem::replace(&mut world.app.dns, gone);
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let counted = |name: &str| counts.take().get(name).copied().unwrap_or_default();

    tokio::time::pause();
    // No domain is due.
    run(&world).await;
    assert_eq!(counted("OwnershipRunsWithoutDns"), 0);
    let path = "/organizations/acme/jit/email-domains/acme.com/verify";
    assert_eq!(world.ask(Method::POST, path).send().await.status, 200);
    assert_eq!(counted("OwnershipRunsWithoutDns"), 0);
    world.pass(DAY);
    run(&world).await;
    let all = counts.take();
    assert_eq!((all["OwnershipRuns"], all["OwnershipRunsWithoutDns"]), (1, 1), "{all:?}");
    tokio::time::resume();

    // One answer says that DNS works. A "no" is one too.
    world.listing("beta", &["beta.invalid", "gamma.example"]).await;
    world.make_pending("beta", &["beta.invalid", "gamma.example"]).await;
    world.app.dns = works;
    world.pass(DAY);
    run(&world).await;
    let all = counts.take();
    assert_eq!((all["OwnershipRuns"], all["ResolverFailures"]), (1, 1), "{all:?}");
    assert!(!all.contains_key("OwnershipRunsWithoutDns"), "{all:?}");
}

#[tokio::test]
async fn a_run_in_which_one_of_two_checks_fails_counts_as_run() {
    let world = World::new().await;
    for (organization, domain) in [("acme", "acme.com"), ("beta", "beta.com")] {
        world.listing(organization, &[domain]).await;
        world.make_pending(organization, &[domain]).await;
    }
    let mut broken = entry(&world, "acme", "acme.com").await;
    broken.insert("ownership".to_owned(), Value::from("broken"));
    world.put_plain(&json!(broken)).await;
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    run(&world).await;
    let all = counts.take();
    assert_eq!((all["OwnershipRuns"], all["OwnershipCheckFailures"]), (1, 1), "{all:?}");
    // Only the broken one is due now.
    handle(Needs::from(&world.app), Limits::RUN).await.expect_err("nothing was checked");
    assert!(!counts.take().contains_key("OwnershipRuns"));
}

#[tokio::test]
async fn a_run_has_limits_and_the_next_one_goes_on_with_those_that_wait_longest() {
    let world = World::new().await;
    let domains: Vec<_> = (0..7).map(|number| format!("d{number}.example")).collect();
    let domains: Vec<_> = domains.iter().map(String::as_str).collect();
    world.listing("acme", &domains).await;
    world.make_pending("acme", &domains).await;
    let checked = async || {
        let items = world.items().await;
        items.values().filter(|item| !answer(item).is_null()).count()
    };
    let none = Limits { time: Duration::ZERO, ..Limits::RUN };
    handle(Needs::from(&world.app), none).await.expect("a finished run");
    assert_eq!(checked().await, 0);
    let three = Limits { domains: 3, ..Limits::RUN };
    for expected in [3, 6, 7, 7] {
        handle(Needs::from(&world.app), three).await.expect("a finished run");
        assert_eq!(checked().await, expected);
    }
}

#[tokio::test]
async fn more_domains_than_a_slice_are_checked_in_one_run() {
    let world = World::new().await;
    let domains: Vec<_> = (0..130).map(|number| format!("d{number}.example")).collect();
    let domains: Vec<_> = domains.iter().map(String::as_str).collect();
    world.listing("acme", &domains).await;
    world.make_pending("acme", &domains).await;
    run(&world).await;
    let items = world.items().await;
    let checked = items.values().filter(|item| answer(item) == "no_such_name");
    assert_eq!(checked.count(), 130);
}

#[tokio::test]
async fn a_failure_of_the_store_at_any_call_leaves_the_domain_due() {
    for (operation, times) in [("Query", 1), ("TransactGetItems", 1), ("TransactWriteItems", 1)] {
        let world = with_a_pending_domain().await;
        world.add_record("acme.com").await;
        for _ in 0..times * 3 {
            world.wire.next(operation, Fate::Lost);
        }
        // A run that could check nothing has failed, so that it is repeated.
        let counts = Counts::default();
        let guard = metrics::set_default_local_recorder(&counts);
        let done = handle(Needs::from(&world.app), Limits::RUN).await;
        assert!(done.is_err(), "{operation}");
        assert!(!counts.take().contains_key("OwnershipRuns"), "{operation}");
        drop(guard);
        world.wire.mend();
        assert_eq!(state(&world, "acme", "acme.com").await, "pending", "{operation}");
        run(&world).await;
        assert_eq!(state(&world, "acme", "acme.com").await, "proven", "{operation}");
    }
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_call_is_made_up_for_by_the_next_one() {
    let domains = ["one.example", "two.example", "three.example"];
    for calls in 0..8 {
        let world = World::new().await;
        world.listing("acme", &domains).await;
        world.make_pending("acme", &domains).await;
        for domain in domains {
            world.add_record(domain).await;
        }
        world.wire.cut_after(calls);
        // What it says is lost with it.
        handle(Needs::from(&world.app), Limits::RUN).await.ok();
        world.wire.mend();
        run(&world).await;
        for domain in domains {
            assert_eq!(state(&world, "acme", domain).await, "proven", "{calls} {domain}");
        }
    }
}

#[tokio::test]
async fn two_runs_at_once_count_a_missing_day_once() {
    let world = with_a_proven_domain().await;
    world.remove_record("acme.com").await;
    world.pass(DAY);
    tokio::join!(run(&world), run(&world), run(&world));
    assert_eq!(entry(&world, "acme", "acme.com").await["ownership"]["missedDays"], 1);
}

#[tokio::test]
async fn a_domain_that_is_deleted_during_its_check_stays_deleted() {
    let world = with_a_pending_domain().await;
    world.add_record("acme.com").await;
    let store = world.store();
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            remove(&store).await;
        }),
    );
    run(&world).await;
    let items = world.items().await;
    assert!(!items.keys().any(|(pk, _)| pk == "DOMAIN#acme.com"), "{items:?}");
    World::assert_list_and_index_agree(&items);
}

async fn remove(store: &shared::store::Store) {
    let id = shared::domain::ids::OrganizationId::parse("acme").expect("an id");
    let domain = shared::domain::email_domain::EmailDomain::parse("acme.com").expect("a domain");
    let any = shared::domain::version::Precondition::None;
    store.remove_rule(&id, &RuleKey::EmailDomain(domain), &any).await.expect("it is listed");
}

#[tokio::test]
async fn the_entry_of_a_deleted_organization_is_not_due_for_ever() {
    let world = with_a_pending_domain().await;
    for sk in ["ORG", "EMAIL_DOMAINS"] {
        world.remove_item("ORG#acme", sk).await;
    }
    run(&world).await;
    let items = world.items().await;
    assert!(!items.keys().any(|(pk, _)| pk == "DOMAIN#acme.com"), "{items:?}");
}

#[tokio::test]
async fn a_proven_domain_that_fifty_others_admit_by_waits() {
    let world = with_a_pending_domain().await;
    world.add_record("acme.com").await;
    for number in 0..50 {
        world.listing(&format!("other{number}"), &["acme.com"]).await;
    }
    run(&world).await;
    let ownership = entry(&world, "acme", "acme.com").await["ownership"].clone();
    assert_eq!((&ownership["state"], &ownership["answer"]), (&json!("pending"), &json!("found")));
    let gone = world.delete("/organizations/other7/jit/email-domains/acme.com").await;
    assert_eq!(gone.status, 204);
    world.pass(HOUR);
    run(&world).await;
    assert_eq!(state(&world, "acme", "acme.com").await, "proven");
}

#[tokio::test]
async fn an_unreadable_entry_does_not_stop_the_others() {
    let world = with_a_pending_domain().await;
    world.listing("beta", &["beta.com"]).await;
    world.make_pending("beta", &["beta.com"]).await;
    let mut broken = entry(&world, "acme", "acme.com").await;
    broken.insert("ownership".to_owned(), Value::from("broken"));
    world.put_plain(&json!(broken)).await;
    run(&world).await;
    let beta = entry(&world, "beta", "beta.com").await;
    assert_eq!(beta["ownership"]["answer"], "no_such_name");
}
