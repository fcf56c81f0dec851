//! `POST /organizations/{organizationId}/jit/email-domains`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::cognito::UserPool;
use shared::domain::jit::DomainOwnership;
use shared::domain::public_mailbox::MailboxPolicy;

use super::{MISSING, PATH, REFUSED, bare, domains, entity, list, listed, world};
use crate::support::{
    Ask, MALFORMED, MATCHING, STALE, START, World, attributes, json_event, refused, tagged_item,
};

fn add<'a>(world: &'a World, path: &str, domain: &str) -> Ask<'a> {
    world.ask(Method::POST, path).json(&json!({ "emailDomain": domain }))
}

#[tokio::test]
async fn a_new_domain_is_listed_and_indexed() {
    let world = world().await;

    let answer = world.post(PATH, &json!({ "emailDomain": "acme.com" })).await;

    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, entity("acme.com")));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(bare(&world.get(PATH).await.body), json!([entity("acme.com")]));
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_addition_that_fails_has_added_nothing() {
    for cut in 0..30 {
        let world = world().await;
        let role = world.role("Engineer").await;
        let body = json!({ "emailDomain": "acme.com", "organizationRoleIds": [role] });
        world.wire.cut_after(cut);
        let answer = world.post(PATH, &body).await;
        world.wire.mend();
        let stored = world.get(PATH).await.body;
        if answer.status == 201 {
            assert_eq!(stored[0]["emailDomain"], "acme.com");
            return;
        }
        assert_eq!(stored, json!([]), "{cut}: {}", answer.body);
    }
    panic!("it never succeeds");
}

#[tokio::test]
async fn any_notation_becomes_the_normal_form() {
    let table = [
        ("Acme.COM.", "acme.com"),
        (" \tfoo.com\n", "foo.com"),
        ("Bücher.DE", "xn--bcher-kva.de"),
        ("XN--R8JZ45G.jp", "xn--r8jz45g.jp"),
        ("ｂａｒ。com", "bar.com"),
        ("mail.corp.internal", "mail.corp.internal"),
    ];
    let world = world().await;
    for (sent, stored) in table {
        let answer = add(&world, PATH, sent).send().await;
        assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, entity(stored)), "{sent:?}");
    }

    let mut stored = table.map(|(_, stored)| stored);
    stored.sort_unstable();
    assert_eq!(listed(&world, "acme").await, stored);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_domain_that_is_listed_already_is_refused_and_keeps_its_time() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    world.pass(Duration::from_secs(60));

    for again in ["acme.com", "ACME.com."] {
        let answer = refused(&world, add(&world, PATH, again)).await;
        assert_eq!(
            answer.problem(422, "email_domain.already_listed"),
            "the organization already lists the email domain `acme.com`: there is nothing to add"
        );
        assert_eq!(answer.errors(), []);
    }
}

#[tokio::test]
async fn two_organizations_can_list_the_same_domain() {
    let world = world().await;
    world.organization("umbrella").await;

    world.domains("acme", &["acme.com"]).await;
    world.domains("umbrella", &["acme.com"]).await;

    assert_eq!(listed(&world, "acme").await, ["acme.com"]);
    assert_eq!(listed(&world, "umbrella").await, ["acme.com"]);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let world = world().await;
    for id in MISSING {
        let path = format!("/organizations/{id}/jit/email-domains");
        let answer = refused(&world, add(&world, &path, "acme.com")).await;
        answer.problem(404, "organization.not_found");
    }
}

#[tokio::test]
async fn every_kind_of_unacceptable_domain_is_refused_with_its_own_code() {
    let world = world().await;
    for (domain, code) in REFUSED {
        let answer = refused(&world, add(&world, PATH, domain)).await;
        let detail = answer.problem(422, code);
        assert_eq!(
            answer.body["errors"],
            json!([{ "pointer": "/emailDomain", "code": code, "detail": detail }]),
            "{domain:?}"
        );
    }
}

#[tokio::test]
async fn a_public_mailbox_is_accepted_only_where_the_operator_makes_an_exception() {
    let policy = MailboxPolicy::parse("acme:gmail.com, acme:gmx.de").unwrap();
    let world = World::with(policy).await;
    world.organization("acme").await;
    world.organization("umbrella").await;

    let answer = add(&world, PATH, "GMail.com").send().await;
    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, entity("gmail.com")));

    let path = "/organizations/umbrella/jit/email-domains";
    for (path, domain) in [(path, "gmail.com"), (PATH, "outlook.com")] {
        let answer = refused(&world, add(&world, path, domain)).await;
        assert_eq!(
            answer.problem(422, "email_domain.public_mailbox"),
            format!(
                "everybody can have an address at the public mailbox provider `{domain}`: send a \
                 domain that belongs to the organization alone"
            )
        );
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_suffix_of_a_company_is_accepted_only_where_the_operator_makes_an_exception() {
    let world = World::with(MailboxPolicy::parse("acme:github.io").unwrap()).await;
    world.organization("acme").await;
    world.organization("umbrella").await;

    let answer = add(&world, PATH, "GitHub.io.").send().await;
    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, entity("github.io")));

    let path = "/organizations/umbrella/jit/email-domains";
    for (path, domain) in [(path, "github.io"), (PATH, "gitlab.io")] {
        let answer = refused(&world, add(&world, path, domain)).await;
        assert_eq!(
            answer.problem(422, "email_domain.public_suffix"),
            format!(
                "everybody can have a name below the public suffix `{domain}`: send a domain below \
                 it, or ask the operator for an exception if the organization owns it"
            )
        );
    }
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_its_place() {
    let table: [(Value, &str); 10] = [
        (json!({ "emailDomain": 1 }), "/emailDomain"),
        (json!({ "emailDomain": null }), "/emailDomain"),
        (json!({ "emailDomain": ["acme.com"] }), "/emailDomain"),
        (json!({ "emailDomain": { "name": "acme.com" } }), "/emailDomain"),
        (json!({ "emailDomain": "acme.com", "state": "active" }), "/state"),
        (json!({ "email~/domain": "acme.com" }), "/email~0~1domain"),
        (json!({}), ""),
        (json!(["acme.com"]), ""),
        (json!("acme.com"), ""),
        (json!(null), ""),
    ];
    let world = world().await;
    for (body, pointer) in table {
        let answer = refused(&world, world.ask(Method::POST, PATH).json(&body)).await;
        answer.problem(400, "request.invalid_body");
        assert_eq!(answer.errors(), [(pointer, "request.invalid_body")], "{body}");
    }
}

#[tokio::test]
async fn the_thousandth_domain_is_accepted_and_the_next_one_is_refused() {
    let world = world().await;
    list(&world, "acme", &domains(999)).await;

    let answer = add(&world, PATH, "thousandth.example.com").send().await;
    assert_eq!(answer.status, 201, "{:#}", answer.body);

    let answer = refused(&world, add(&world, PATH, "one-more.example.com")).await;
    assert_eq!(
        answer.problem(422, "email_domains.limit_reached"),
        "an organization can list at most 1000 email domains: delete some first"
    );
    assert_eq!(answer.errors(), []);
    let answer = refused(&world, add(&world, PATH, "thousandth.example.com")).await;
    answer.problem(422, "email_domain.already_listed");

    let answer = world.delete(&format!("{PATH}/d0000.example.com")).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
    world.domains("acme", &["one-more.example.com"]).await;
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn the_fiftieth_organization_can_list_a_domain_and_the_next_one_cannot() {
    let world = world().await;
    // Index entries whose organization is deleted, or was never there, do not count.
    let without_organization = ["unswept", "never-there"].map(str::to_owned);
    let others = (0..49).map(|number| format!("org-{number}"));
    for id in without_organization.into_iter().chain(others) {
        world.organization(&id).await;
        world.domains(&id, &["acme.com"]).await;
        match &*id {
            "unswept" => world.delete_unswept(&id).await,
            "never-there" => world.leave_index_entries_alone(&id).await,
            _ => {}
        }
    }

    let answer = add(&world, PATH, "acme.com").send().await;
    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, entity("acme.com")));

    world.organization("umbrella").await;
    let path = "/organizations/umbrella/jit/email-domains";
    let answer = refused(&world, add(&world, path, "ACME.com")).await;
    let detail = "`acme.com` is already listed by 50 organizations, which is the limit: delete \
                  it from one of them first";
    let code = "email_domain.too_many_organizations";
    assert_eq!(answer.problem(422, code), detail);
    assert_eq!(
        answer.body["errors"],
        json!([{ "pointer": "/emailDomain", "code": code, "detail": detail }])
    );

    let answer = refused(&world, add(&world, PATH, "acme.com")).await;
    answer.problem(422, "email_domain.already_listed");
    let path = "/organizations/nobody/jit/email-domains";
    let answer = refused(&world, add(&world, path, "acme.com")).await;
    answer.problem(404, "organization.not_found");

    assert_eq!(world.delete("/organizations/org-0").await.status, 204);
    world.domains("umbrella", &["acme.com"]).await;
}

#[tokio::test]
async fn with_a_matching_if_match_the_domain_is_added() {
    let world = World::new().await;
    for (number, if_match) in MATCHING.iter().enumerate() {
        let id = format!("acme-{number}");
        world.organization(&id).await;
        world.domains(&id, &["acme.com"]).await;

        let path = format!("/organizations/{id}/jit/email-domains");
        let answer = add(&world, &path, "acme.org").if_match(if_match).send().await;

        assert_eq!(answer.status, 201, "{if_match:?}: {:#}", answer.body);
        assert_eq!(world.get(&path).await.header("etag"), "\"3\"");
    }
}

#[tokio::test]
async fn a_stale_if_match_is_refused_and_nothing_is_added() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    // The precondition is checked before all other errors about the list.
    for (if_match, domain) in STALE.iter().flat_map(|tag| [(tag, "acme.org"), (tag, "acme.com")]) {
        let answer = refused(&world, add(&world, PATH, domain).if_match(if_match)).await;
        assert_eq!(
            answer.problem(412, "request.precondition_failed"),
            "what you change does not have the version that `If-Match` names, because it was \
             changed or the tag is not one of its own: read it again, and repeat the request with \
             its `ETag` as it came"
        );
        assert_eq!(answer.header("etag"), "\"2\"", "{if_match:?}");
    }
    let path = "/organizations/gone/jit/email-domains";
    let answer = refused(&world, add(&world, path, "acme.org").if_match("\"1\"")).await;
    answer.problem(404, "organization.not_found");
}

#[tokio::test]
async fn a_malformed_if_match_is_refused() {
    let world = world().await;
    world.domains("acme", &["acme.com"]).await;
    for if_match in MALFORMED {
        let answer = refused(&world, add(&world, PATH, "acme.org").if_match(if_match)).await;
        answer.problem(400, "request.invalid_if_match");
    }
}

#[tokio::test]
async fn of_two_callers_who_add_the_same_domain_at_once_one_adds_it() {
    let world = world().await;
    let (a, b) = futures_util::join!(
        add(&world, PATH, "acme.com").send(),
        add(&world, PATH, "acme.com").send()
    );

    let (added, late) = if a.status == 201 { (a, b) } else { (b, a) };
    assert_eq!((added.status.as_u16(), bare(&added.body)), (201, entity("acme.com")));
    late.problem(422, "email_domain.already_listed");
    assert_eq!(world.get(PATH).await.header("etag"), "\"2\"");
    World::assert_list_and_index_agree(&world.items().await);
}

/// The entity of a domain that has to be proven first.
fn pending(domain: &str) -> Value {
    let mut entity = entity(domain);
    entity["ownership"]["state"] = "pending".into();
    entity
}

#[tokio::test]
async fn a_caller_can_ask_that_a_domain_is_proven_first() {
    let world = world().await;
    let body = json!({ "emailDomain": "acme.com", "ownership": "pending" });

    let answer = world.post(PATH, &body).await;

    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, pending("acme.com")));
    assert_eq!(bare(&world.get(PATH).await.body), json!([pending("acme.com")]));
    let entry = world.item("DOMAIN#acme.com", "ORG#acme").await;
    // An earlier release cannot read it, and it is due for a check.
    assert!(entry.contains_key("listedAt") && !entry.contains_key("addedAt"), "{entry:?}");
    assert_eq!(entry["gsi1pk"], "OWNERSHIP_CHECKS");
    for other in ["vouched", "proven", "failing", "lapsed", "Pending", ""] {
        let body = json!({ "emailDomain": "acme.org", "ownership": other });
        let answer = refused(&world, world.ask(Method::POST, PATH).json(&body)).await;
        assert_eq!(
            answer.problem(400, "request.invalid_body"),
            "`/ownership` is another text: send `pending`"
        );
    }
}

#[tokio::test]
async fn the_operator_decides_what_a_new_domain_starts_as() {
    let policies = Policies { domain_ownership: DomainOwnership::Pending, ..Policies::default() };
    let world = World::under(policies, UserPool::default()).await;
    world.organization("acme").await;
    world.list_anyway("acme", &["old.com"], START).await;

    let answer = add(&world, PATH, "acme.com").send().await;
    assert_eq!((answer.status.as_u16(), bare(&answer.body)), (201, pending("acme.com")));
    list(&world, "acme", &["acme.com", "acme.org", "old.com"].map(str::to_owned)).await;

    let listed = world.get(PATH).await.body;
    assert_eq!(
        bare(&json!([listed[0], listed[1]])),
        json!([pending("acme.com"), pending("acme.org")])
    );
    // One that is listed already keeps its state.
    assert_eq!(listed[2]["ownership"]["state"], "vouched");
    assert_eq!(listed[2]["ownership"]["record"], Value::Null);
}

#[tokio::test]
async fn a_pending_domain_blocks_nobody_and_is_blocked_by_nobody() {
    let world = world().await;
    let body = json!({ "emailDomain": "acme.com", "ownership": "pending" });
    for number in 0..60 {
        let id = format!("pending-{number}");
        world.organization(&id).await;
        let path = format!("/organizations/{id}/jit/email-domains");
        assert_eq!(world.post(&path, &body).await.status, 201);
    }

    world.domains("acme", &["acme.com"]).await;

    for number in 0..49 {
        let id = format!("vouched-{number}");
        world.organization(&id).await;
        world.domains(&id, &["acme.com"]).await;
    }
    world.organization("umbrella").await;
    let path = "/organizations/umbrella/jit/email-domains";
    let answer = refused(&world, add(&world, path, "acme.com")).await;
    answer.problem(422, "email_domain.too_many_organizations");
    assert_eq!(world.post(path, &body).await.status, 201);
    World::assert_list_and_index_agree(&world.items().await);
}

#[tokio::test]
async fn a_thousand_organizations_can_list_a_domain_and_one_more_cannot() {
    let world = world().await;
    let claim = json!({ "emailDomain": "acme.com", "ownership": "pending" });
    world.organization("org-000").await;
    assert_eq!(world.post("/organizations/org-000/jit/email-domains", &claim).await.status, 201);
    let claimed = world.item("DOMAIN#acme.com", "ORG#org-000").await;
    let entry = |number: usize| {
        let text = tagged_item(&json!(claimed)).to_string();
        let text = text.replace("org-000", &format!("org-{number:03}"));
        attributes(&serde_json::from_str(&text).expect("JSON"))
    };
    world.put_items((1..999).map(entry).collect::<Vec<_>>()).await;

    // The last one that may. It is never refused from then on.
    assert_eq!(world.post(PATH, &claim).await.status, 201);
    let code = "email_domain.too_many_claims";
    add(&world, PATH, "acme.com").send().await.problem(422, "email_domain.already_listed");
    world.post(PATH, &claim).await.problem(422, "email_domain.already_listed");
    list(&world, "acme", &["acme.com", "acme.org"].map(str::to_owned)).await;
    let vouch = world.ask(Method::POST, &format!("{PATH}/acme.com/vouch")).send().await;
    assert_eq!(vouch.status, 200, "{:#}", vouch.body);
    world.wire.traffic();
    world.sign_up("jane", "jane@acme.com").await;
    let traffic = world.wire.traffic();
    let queries = traffic.operations.iter().filter(|operation| *operation == "Query").count();
    assert_eq!(queries, 3, "one page has them all");
    // As docs/scale.md says: 20 units for a sign-up that joins, and 67 more for the other entries.
    assert!((traffic.capacity - 87.0).abs() < f64::EPSILON, "{}", traffic.capacity);
    assert_eq!(world.get("/users/jane/organizations").await.body[0]["id"], "acme");

    world.organization("umbrella").await;
    let path = "/organizations/umbrella/jit/email-domains";
    for ask in [add(&world, path, "Acme.com"), world.ask(Method::POST, path).json(&claim)] {
        let answer = refused(&world, ask).await;
        assert_eq!(
            answer.problem(422, code),
            "`acme.com` is already listed by 1000 organizations, proven or not, which is the \
             limit: delete it from one of them first"
        );
        assert_eq!(answer.errors(), [("/emailDomain", code)]);
    }
    let body = json!({ "emailDomains": ["acme.org", "acme.com"] });
    let answer = refused(&world, world.ask(Method::PUT, path).json(&body)).await;
    assert_eq!(answer.errors(), [("/emailDomains/1", code)]);
    let path = "/organizations/nobody/jit/email-domains";
    world.post(path, &claim).await.problem(404, "organization.not_found");

    assert_eq!(world.delete(&format!("{PATH}/acme.com")).await.status, 204);
    world.domains("umbrella", &["acme.com"]).await;
}

#[tokio::test]
async fn who_has_added_a_domain_is_shown() {
    let world = world().await;
    let body = json!({ "emailDomain": "acme.com" }).to_string();
    let mut event = json_event(&Method::POST, PATH, Some(&body));
    event["requestContext"]["authorizer"]["jwt"]["claims"] =
        json!({ "client_id": "console", "sub": "operator-1" });

    let answer = world.invoke("add-email-domain", &event).await;

    assert_eq!(answer["statusCode"], 201, "{answer:#}");
    let added_by = json!({ "clientId": "console", "subject": "operator-1" });
    assert_eq!(world.get(PATH).await.body[0]["addedBy"], added_by);
    let changed = world.patch(&format!("{PATH}/acme.com"), &json!({ "enrollment": "off" })).await;
    assert_eq!(changed.body["addedBy"], added_by);
}
