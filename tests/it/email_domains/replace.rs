//! `PUT /organizations/{organizationId}/jit/email-domains`

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::email_domain::EmailDomain;
use shared::domain::jit::plan;
use shared::domain::public_mailbox::MailboxPolicy;

use super::{MISSING, PATH, REFUSED, bare, domains, entity, list, listed, world};
use crate::support::{Ask, Fate, MALFORMED, MATCHING, STALE, World, refused, with};

fn replace<'a, D: AsRef<str>>(world: &'a World, path: &str, domains: &[D]) -> Ask<'a> {
    let domains: Vec<_> = domains.iter().map(AsRef::as_ref).collect();
    world.ask(Method::PUT, path).json(&json!({ "emailDomains": domains }))
}

/// How many transactions went over the wire since this was asked last.
fn transactions(world: &World) -> usize {
    let operations = world.wire.traffic().operations;
    operations.iter().filter(|operation| *operation == "TransactWriteItems").count()
}

#[tokio::test]
async fn the_list_becomes_what_was_sent_and_what_stays_keeps_its_time() {
    let world = world().await;
    world.domains("acme", &["acme.com", "acme.org"]).await;
    world.pass(Duration::from_secs(1));

    let answer = replace(&world, PATH, &["acme.net", "acme.com"]).send().await;

    assert_eq!((answer.status.as_u16(), &answer.body), (204, &Value::Null));
    assert_eq!(answer.header("etag"), "\"4\"");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = world.get(PATH).await;
    let added = with(entity("acme.net"), json!({ "addedAt": "2026-01-01T00:00:01.000Z" }));
    assert_eq!(bare(&answer.body), json!([entity("acme.com"), added]));
    assert_eq!(answer.header("etag"), "\"4\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn repeating_changes_nothing_but_the_version() {
    let world = world().await;
    let sent = ["acme.org", "acme.com"];
    assert_eq!(replace(&world, PATH, &sent).send().await.header("etag"), "\"2\"");
    world.pass(Duration::from_secs(1));

    let answer = replace(&world, PATH, &sent).send().await;

    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"3\""));
    let listed = bare(&world.get(PATH).await.body);
    assert_eq!(listed, json!([entity("acme.com"), entity("acme.org")]));
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_empty_list_removes_everything() {
    let world = world().await;
    world.domains("acme", &["acme.com", "acme.org"]).await;

    let answer = replace(&world, PATH, &[""; 0]).send().await;

    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"4\""));
    assert_eq!(world.get(PATH).await.body, json!([]));
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn domains_take_their_normal_form_and_duplicates_collapse() {
    let world = world().await;

    let sent = ["Bücher.DE", "acme.com", "ACME.com.", "xn--bcher-kva.de", " acme.com "];
    let answer = replace(&world, PATH, &sent).send().await;

    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"2\""));
    assert_eq!(listed(&world, "acme").await, ["acme.com", "xn--bcher-kva.de"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let world = world().await;
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/email-domains");
        for domains in [&["acme.com"][..], &[]] {
            let answer = refused(&world, replace(&world, &path, domains)).await;
            answer.problem(404, "organization.not_found");
        }
    }
}

#[tokio::test]
async fn every_unacceptable_domain_is_named_with_its_place_and_its_code() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for (domain, code) in REFUSED {
        let answer = refused(&world, replace(&world, PATH, &["acme.org", domain])).await;
        let detail = answer.problem(422, code);
        assert_eq!(
            answer.body["errors"],
            json!([{ "pointer": "/emailDomains/1", "code": code, "detail": detail }]),
            "{domain:?}"
        );
    }

    let answer = refused(&world, replace(&world, PATH, &REFUSED.map(|(domain, _)| domain))).await;
    assert_eq!(
        answer.problem(422, "request.invalid_values"),
        "16 values cannot be accepted; `errors` says which, and why"
    );
    let pointers: Vec<_> = (0..REFUSED.len()).map(|at| format!("/emailDomains/{at}")).collect();
    let errors: Vec<_> =
        pointers.iter().zip(REFUSED).map(|(at, (_, code))| (at.as_str(), code)).collect();
    assert_eq!(answer.errors(), errors);
}

#[tokio::test]
async fn of_many_unacceptable_domains_the_first_hundred_are_named() {
    let world = world().await;

    let answer = refused(&world, replace(&world, PATH, &["localhost"; 1_001])).await;

    assert_eq!(
        answer.problem(422, "request.invalid_values"),
        "1001 values cannot be accepted; `errors` says which, and why"
    );
    let errors = answer.errors();
    assert_eq!(errors.len(), 100);
    assert_eq!(errors.last(), Some(&("/emailDomains/99", "email_domain.single_label")));
}

#[tokio::test]
async fn a_public_mailbox_is_accepted_only_where_the_operator_makes_an_exception() {
    let world = World::with(MailboxPolicy::parse("acme:gmail.com").unwrap()).await;
    world.organization("acme").await;
    world.organization("umbrella").await;

    let answer = replace(&world, PATH, &["acme.com", "gmail.com"]).send().await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
    assert_eq!(listed(&world, "acme").await, ["acme.com", "gmail.com"]);

    let path = "/organizations/umbrella/jit/email-domains";
    let answer = refused(&world, replace(&world, path, &["acme.com", "gmail.com"])).await;
    answer.problem(422, "email_domain.public_mailbox");
    assert_eq!(answer.errors(), [("/emailDomains/1", "email_domain.public_mailbox")]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_its_place() {
    let table: [(Value, &str); 10] = [
        (json!({ "emailDomains": "acme.com" }), "/emailDomains"),
        (json!({ "emailDomains": null }), "/emailDomains"),
        (json!({ "emailDomains": { "0": "acme.com" } }), "/emailDomains"),
        (json!({ "emailDomains": ["acme.com", 1] }), "/emailDomains/1"),
        (json!({ "emailDomains": ["acme.com", "acme.org", null] }), "/emailDomains/2"),
        (json!({ "emailDomains": [["acme.com"]] }), "/emailDomains/0"),
        (json!({ "emailDomains": [], "emailDomain": "acme.com" }), "/emailDomain"),
        (json!({}), ""),
        (json!([["acme.com"]]), ""),
        (json!(null), ""),
    ];
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for (body, pointer) in table {
        let answer = refused(&world, world.ask(Method::PUT, PATH).json(&body)).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
}

#[tokio::test]
async fn up_to_ninety_eight_changes_are_one_step_and_more_go_in_several() {
    // The number of domains before, the first one that is sent, the number sent, and the steps.
    let table = [
        (0, 0, 0, 1),
        (0, 0, 98, 1),
        (0, 0, 99, 2),
        (0, 0, 250, 3),
        (98, 98, 0, 1),
        (99, 98, 1, 1),
        (49, 49, 49, 1),
        (50, 50, 49, 2),
        (250, 250, 0, 3),
        (0, 0, 1_000, 11),
    ];
    for (before, start, count, steps) in table {
        let world = world().await;
        list(&world, "acme", &domains(before)).await;
        world.wire.traffic();

        let sent = &domains(start + count)[start..];
        let answer = replace(&world, PATH, sent).send().await;

        assert_eq!(answer.status, 204, "{before} {count}: {:#}", answer.body);
        assert_eq!(transactions(&world), steps, "{before} {start} {count}");
        assert_eq!(listed(&world, "acme").await, sent);
        assert_eq!(world.get(PATH).await.header("etag"), answer.header("etag"));
        World::assert_list_and_index_agree(&world.items().await);
    }
}

#[tokio::test]
async fn a_full_list_can_be_replaced_and_one_more_domain_is_refused() {
    let world = world().await;
    let all = domains(1_001);
    list(&world, "acme", &all[..1_000]).await;

    // A repeated domain counts each time.
    let mut repeated = all[1..].to_vec();
    repeated.push("D1000.Example.com.".to_owned());
    for sent in [&all, &repeated] {
        let answer = refused(&world, replace(&world, PATH, sent)).await;
        assert_eq!(
            answer.problem(422, "email_domains.limit_reached"),
            "an organization can list at most 1000 email domains: delete some first"
        );
    }

    let answer = replace(&world, PATH, &all[1..]).send().await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
    assert_eq!(listed(&world, "acme").await, all[1..]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_domain_that_too_many_organizations_list_can_stay_but_not_be_added() {
    let world = world().await;
    world.domains("acme", &["stays.com"]).await;
    world.organization("first").await;
    world.domains("first", &["stays.com", "full.com", "fuller.com", "room.com"]).await;
    let others = (0..49).map(|number| format!("org-{number}"));
    world.copy("first", others.chain(["unswept", "never-there"].map(str::to_owned))).await;
    world.delete("/organizations/org-0/jit/email-domains/room.com").await;
    world.delete_unswept("unswept").await;
    world.leave_index_entries_alone("never-there").await;

    let sent = ["fuller.com", "stays.com", "full.com", "room.com", "Full.com"];
    let answer = refused(&world, replace(&world, PATH, &sent)).await;
    answer.problem(422, "request.invalid_values");
    let code = "email_domain.too_many_organizations";
    let places = ["/emailDomains/0", "/emailDomains/2", "/emailDomains/4"];
    assert_eq!(answer.errors(), places.map(|place| (place, code)));
    assert_eq!(
        answer.body["errors"][0]["detail"],
        "`fuller.com` is already listed by 50 organizations, which is the limit: delete it from \
         one of them first"
    );

    let answer = replace(&world, PATH, &["room.com", "stays.com"]).send().await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
    assert_eq!(listed(&world, "acme").await, ["room.com", "stays.com"]);
}

#[tokio::test]
async fn with_a_matching_if_match_the_list_is_replaced() {
    let world = World::new().await;
    for (number, if_match) in MATCHING.iter().enumerate() {
        let id = format!("acme-{number}");
        world.organization(&id).await;
        world.domains(&id, &["acme.com"]).await;

        let path = format!("/organizations/{id}/jit/email-domains");
        let answer = replace(&world, &path, &["acme.org"]).if_match(if_match).send().await;

        assert_eq!(answer.status, 204, "{if_match:?}: {:#}", answer.body);
        assert_eq!(answer.header("etag"), "\"3\"");
        assert_eq!(listed(&world, &id).await, ["acme.org"]);
    }
}

#[tokio::test]
async fn a_stale_if_match_is_refused_and_the_list_stays() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for if_match in STALE {
        for sent in ["acme.org", "acme.com"] {
            let ask = replace(&world, PATH, &[sent]).if_match(if_match);
            let answer = refused(&world, ask).await;
            answer.problem(412, "request.precondition_failed");
            assert_eq!(answer.header("etag"), "\"2\"", "{if_match:?}");
        }
    }
    let path = "/organizations/gone/jit/email-domains";
    let answer = refused(&world, replace(&world, path, &["acme.org"]).if_match("\"1\"")).await;
    answer.problem(404, "organization.not_found");
}

#[tokio::test]
async fn a_malformed_if_match_is_refused() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for if_match in MALFORMED {
        let answer = refused(&world, replace(&world, PATH, &["acme.org"]).if_match(if_match)).await;
        answer.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn another_writer_before_the_first_step_makes_no_difference_without_if_match() {
    let world = Arc::new(world().await);
    let other = Arc::clone(&world);
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move { other.domains("acme", &["other.com"]).await }),
    );

    let sent = domains(150);
    let answer = replace(&world, PATH, &sent).send().await;

    // One version for the other writer, two for the two steps.
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"4\""));
    assert_eq!(listed(&world, "acme").await, sent);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn another_writer_before_the_first_step_refuses_a_replacement_with_if_match() {
    let world = Arc::new(world().await);
    let other = Arc::clone(&world);
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move { other.domains("acme", &["other.com"]).await }),
    );

    let answer = replace(&world, PATH, &domains(150)).if_match("\"1\"").send().await;

    answer.problem(412, "request.precondition_failed");
    assert_eq!(answer.header("etag"), "\"2\"");
    assert_eq!(listed(&world, "acme").await, ["other.com"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn another_writer_between_two_steps_leaves_a_part_and_the_answer_says_so() {
    for if_match in [None, Some("\"1\""), Some("*")] {
        let world = Arc::new(world().await);
        let other = Arc::clone(&world);
        world.wire.next("TransactWriteItems", Fate::undisturbed());
        world.wire.next(
            "TransactWriteItems",
            Fate::overtaken(async move { other.domains("acme", &["other.com"]).await }),
        );

        let sent = domains(150);
        let mut ask = replace(&world, PATH, &sent);
        if let Some(if_match) = if_match {
            ask = ask.if_match(if_match);
        }
        let answer = ask.send().await;

        assert_eq!(
            answer.problem(409, "email_domains.partially_replaced"),
            "somebody else changed the email domains during the replacement, and only a part of \
             them was replaced: read the list again and repeat the request"
        );
        assert_eq!(answer.header("etag"), "\"3\"");
        let mut part = sent[..98].to_vec();
        part.push("other.com".to_owned());
        assert_eq!(listed(&world, "acme").await, part);
        assert_eq!(world.get(PATH).await.header("etag"), "\"3\"");
        World::assert_list_and_index_agree(&world.items().await);

        let answer = replace(&world, PATH, &sent).if_match(answer.header("etag")).send().await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, "\"4\""));
        assert_eq!(listed(&world, "acme").await, sent);
        World::assert_list_and_index_agree(&world.items().await);
    }
}

#[tokio::test]
async fn an_organization_deleted_between_two_steps_stays_deleted_with_all_its_domains() {
    let world = Arc::new(world().await);
    let other = Arc::clone(&world);
    world.wire.next("TransactWriteItems", Fate::undisturbed());
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            assert_eq!(other.delete("/organizations/acme").await.status, 204);
        }),
    );

    let answer = replace(&world, PATH, &domains(150)).send().await;

    answer.problem(404, "organization.not_found");
    let items = world.items().await;
    World::assert_list_and_index_agree(&items);
    assert!(!items.keys().any(|(pk, _)| pk.starts_with("DOMAIN#")), "{items:#?}");
}

#[tokio::test]
async fn a_replacement_that_loses_every_race_is_a_503_with_retry_after() {
    let world = Arc::new(world().await);
    for number in 0..10 {
        let other = Arc::clone(&world);
        world.wire.next(
            "TransactWriteItems",
            Fate::overtaken(async move {
                other.domains("acme", &[&format!("other-{number}.com")]).await;
            }),
        );
        // The other writer's own call.
        world.wire.next("TransactWriteItems", Fate::undisturbed());
    }

    let answer = replace(&world, PATH, &["acme.com"]).send().await;

    answer.problem(503, "service.unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(listed(&world, "acme").await.len(), 10);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_replacement_that_is_cut_off_anywhere_can_be_repeated() {
    let sent = ["acme.com", "acme.org"];
    let mut calls = 0;
    loop {
        let world = world().await;
        list(&world, "acme", &domains(99)).await;
        world.wire.cut_after(calls);
        let answer = replace(&world, PATH, &sent).send().await;
        world.wire.mend();
        World::assert_list_and_index_agree(&world.items().await);
        if answer.status == 204 {
            break;
        }
        answer.problem(503, "service.unavailable");

        let answer = replace(&world, PATH, &sent).send().await;
        assert_eq!(answer.status, 204, "{:#}", answer.body);
        assert_eq!(listed(&world, "acme").await, sent);
        World::assert_list_and_index_agree(&world.items().await);
        calls += 1;
    }
    assert_eq!(calls, 5, "the list, two checks, two steps");
}

#[tokio::test]
async fn of_two_callers_who_replace_at_once_one_is_the_last() {
    let world = world().await;
    let (all, few) = (domains(99), domains(5));

    let (a, b) =
        futures_util::join!(replace(&world, PATH, &all).send(), replace(&world, PATH, &few).send());

    assert_eq!((a.status.as_u16(), b.status.as_u16()), (204, 204));
    let last = if a.header("etag") > b.header("etag") { &all } else { &few };
    assert_eq!(&listed(&world, "acme").await, last);
    assert_eq!(world.get(PATH).await.header("etag"), "\"3\"");
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn callers_who_add_replace_and_delete_at_once_leave_list_and_index_the_same() {
    let world = world().await;
    let all = domains(40);
    let asks = (0..10).flat_map(|turn| {
        let added = json!({ "emailDomain": all[turn] });
        [
            world.ask(Method::POST, PATH).json(&added),
            world.ask(Method::DELETE, &format!("{PATH}/{}", all[turn])),
            replace(&world, PATH, &all[turn..=turn * 4]),
            world.ask(Method::DELETE, &format!("{PATH}/{}", all[turn * 2])),
        ]
    });

    let answers = futures_util::future::join_all(asks.map(Ask::send)).await;

    let statuses: BTreeSet<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(statuses.is_subset(&BTreeSet::from([201, 204, 404, 409, 412, 422])), "{statuses:?}");
    let writes = answers.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(world.get(PATH).await.header("etag"), format!("\"{}\"", writes + 1));
    World::assert_list_and_index_agree(&world.items().await);
}

fn any_domains() -> impl Strategy<Value = BTreeSet<EmailDomain>> {
    prop::collection::btree_set(0..300_u16, 0..250).prop_map(|numbers| {
        let text = |number| format!("d{number}.example.com");
        let domain = |number| EmailDomain::parse(&text(number)).expect("a domain");
        numbers.into_iter().map(domain).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..Default::default() })]

    #[test]
    fn a_plan_leads_from_before_to_after_and_never_holds_more_than_the_larger(
        before in any_domains(),
        after in any_domains(),
        most in 1..100_usize,
    ) {
        let steps = plan(&before, &after, most);

        let changes = before.symmetric_difference(&after).count();
        prop_assert_eq!(steps.len(), changes.div_ceil(most));
        let mut list = before.clone();
        for step in steps {
            prop_assert!((1..=most).contains(&(step.removed.len() + step.added.len())));
            for domain in &step.removed {
                prop_assert!(list.remove(domain));
            }
            for domain in step.added {
                prop_assert!(list.insert(domain));
            }
            prop_assert!(list.len() <= before.len().max(after.len()));
        }
        prop_assert_eq!(list, after);
    }
}
