//! Generated worlds: organizations with rules of every kind, in every state, and a person of any kind.
//! What the preview says is what provisioning does, and both are what the [`model`] says. The claims that
//! are foreseen are those of the token.

mod given;
mod model;

use std::collections::BTreeMap;
use std::thread;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::domain::decision::JoinPolicy;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::ownership::Ownership;
use shared::domain::provider::{AttributeName, ProviderPolicy, TrustedProviders};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{AdmittedAddresses, Rule, RuleKey, RuleKind, Settings};

use super::rules::{Way, appear, held};
use crate::support::{Pool, World, pool_user, verified};
use given::{EXCEPTION, Given, HOSTED_DOMAIN, Listed, Organization, Past};

/// Says how many worlds there are, if not a thousand. `make soak` tries ten thousand.
const WORLDS: &str = "WORLDS";
/// Names another seed, in hexadecimal digits.
const SEED: &str = "WORLDS_SEED";

#[test]
fn preview_provisioning_and_the_model_agree_on_every_generated_world() {
    let worlds = std::env::var(WORLDS).map_or(1_000, |worlds| worlds.parse().expect("a number"));
    let seed = match std::env::var(SEED) {
        Ok(seed) => u64::from_str_radix(&seed, 16).expect("hexadecimal digits"),
        Err(_) => 0x2026,
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    println!("{WORLDS}={worlds} {SEED}={seed:x} repeats this where there are {workers} processors");
    let workers = u32::try_from(workers).expect("a few processors");
    thread::scope(|scope| {
        for worker in 0..workers {
            let cases = worlds / workers + u32::from(worker < worlds % workers);
            scope.spawn(move || agree(seed.wrapping_add(worker.into()), cases));
        }
    });
}

fn agree(seed: u64, cases: u32) {
    let config =
        Config { failure_persistence: None, cases, max_shrink_iters: 300, ..Config::default() };
    let seed = [seed.to_le_bytes(); 4].concat();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let agreed = TestRunner::new_with_rng(config, rng).run(&given::given(), |given| {
        // The servers of a world end with its runtime.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(check(&given))
    });
    if let Err(difference) = agreed {
        panic!("{difference}");
    }
}

/// Compares, in one world, what is previewed, what is done, and what the model says.
async fn check(given: &Given) -> Result<(), TestCaseError> {
    let (world, pool) = world(given).await;
    let mut expected = Vec::new();
    let previews = previews(&world, given).await;
    for (organization, previewed) in given.organizations.iter().zip(&previews) {
        if let Some(previewed) = previewed {
            let model = model::previewed(given, organization);
            same(&model.to_string(), previewed, "the preview differs from the model")?;
        }
        if given.can_be_previewed(organization)
            && let Some(previewed) = previewed
        {
            let done = model::done(given, organization);
            same(&done.to_string(), previewed, "what is to be done differs from the preview")?;
        }
        expected.extend(model::held(given, organization));
    }
    expected.sort();

    let user = given.person.attributes();
    let name = given.person.user_name();
    if given.person.is_foreseeable() {
        pool.delete(name);
        pool.add(given.person.in_pool());
    }
    for time in ["first", "second"] {
        let foreseen = foreseen(&world, given).await;
        let claims = appear(&world, &pool, given.person.way, name, &user).await;
        if foreseen.is_some() {
            same(&foreseen, &claims, &format!("the {time} token has other claims"))?;
        }
        let mut held = held(&world).await;
        held.sort();
        same(&expected, &held, &format!("provisioning differs the {time} time"))?;
        if matches!(given.person.way, Way::Api) {
            break;
        }
    }
    World::assert_list_and_index_agree(&world.items().await);
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(a: &T, b: &T, what: &str) -> Result<(), TestCaseError> {
    if a == b { Ok(()) } else { Err(TestCaseError::fail(format!("{what}: {a:?} and {b:?}"))) }
}

/// The claims of the next token, if they can be foreseen.
async fn foreseen(world: &World, given: &Given) -> Option<Value> {
    if !given.person.is_foreseeable() {
        return None;
    }
    let before = world.items_and_changes().await;
    let answer = world.get("/users/jane/claims").await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    assert_eq!(answer.body["provisioned"], true);
    assert_eq!(world.items_and_changes().await, before, "something was written");
    Some(answer.body["claims"].clone())
}

/// What the preview of each organization says, in the words of a [`model::Verdict`]. The preview of all says
/// the same. `None` if the person has no address, for whom no preview can be asked.
async fn previews(world: &World, given: &Given) -> Vec<Option<String>> {
    let Some(email) = given.person.email else { return vec![None; given.organizations.len()] };
    let mut body = json!({ "email": email, "existingUser": given.person.way == Way::Token });
    body["identityProvider"] = given.person.provider().into();
    let all = world.post("/jit/preview", &body).await;
    assert_eq!(all.status, 200, "{:#}", all.body);
    let all = all.body["organizations"].as_array().expect("a list").clone();
    let mut previews = Vec::new();
    for organization in &given.organizations {
        let path = format!("/organizations/{}/jit/preview", organization.id);
        let answer = world.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        let of_all = all.iter().find(|it| it["organizationId"] == organization.id);
        match of_all {
            Some(of_all) => assert_eq!(*of_all, answer.body),
            None => assert_eq!(answer.body["decision"], "refuse"),
        }
        previews.push(Some(in_words(&answer.body)));
    }
    previews
}

fn in_words(preview: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (domain, provider) = (&preview["rule"]["emailDomain"], &preview["rule"]["ssoConnectorId"]);
    let rule = text(domain) + &text(provider);
    let roles = preview["organizationRoles"].as_array().expect("roles").iter();
    let roles: Vec<_> = roles.map(|role| text(&role["name"])).collect();
    match preview["decision"].as_str() {
        Some("join") => format!("member by {rule} as [{}]", roles.join(" ")),
        Some("request") => format!("request by {rule}"),
        _ => text(&preview["reason"]),
    }
}

/// The world: first what happened in it earlier, and then its rules.
async fn world(given: &Given) -> (World, Pool) {
    let pool = Pool::with_providers([]);
    let mailboxes = if given.has_exception { EXCEPTION } else { "" };
    let hosted = given.hosted_domain_counts.then(|| AttributeName::parse(HOSTED_DOMAIN));
    let providers = ProviderPolicy {
        trusted: TrustedProviders::parse(given.trusted).expect("names"),
        google_hosted_domain: hosted.transpose().expect("a name"),
    };
    let mailboxes = MailboxPolicy::parse(mailboxes).expect("pairs");
    let policies = Policies { joining: JoinPolicy { mailboxes, providers }, ..Policies::default() };
    let world = World::under(policies, pool.user_pool()).await;
    let roles = BTreeMap::from([
        ("Default", world.role("Default").await),
        ("Own", world.role("Own").await),
    ]);
    for organization in &given.organizations {
        world.organization(organization.id).await;
        earlier(&world, &pool, given, organization).await;
    }
    for organization in &given.organizations {
        if organization.has_default_role {
            world.default_roles(organization.id, &[&roles["Default"]]).await;
        }
        let own = OrganizationRoleId::parse(&roles["Own"]).expect("an id");
        for kind in RuleKind::ALL {
            list(&world, organization, kind, &own).await;
        }
    }
    (world, pool)
}

/// What happened between an organization and the person before.
async fn earlier(world: &World, pool: &Pool, given: &Given, organization: &Organization) {
    let Organization { id, .. } = organization;
    let users = format!("/organizations/{id}/users");
    let removal = |user: &str| format!("{users}/{user}");
    let person = &given.person;
    let email = person.email.unwrap_or_default();
    // Another account, which nobody else has removed.
    let other = format!("earlier-{id}");
    let add = async |id: &str, user: Value| {
        pool.add(user);
        let answer = world.post(&users, &json!({ "userIds": [id] })).await;
        assert_eq!(answer.status, 201, "{:#}", answer.body);
    };
    match organization.past {
        Past::Stranger => {}
        Past::Member => add("jane", person.in_pool()).await,
        Past::Requested => world.ask_to_join("jane", id, email).await,
        Past::Declined => {
            world.ask_to_join("jane", id, email).await;
            let path = format!("/organizations/{id}/join-requests/jane/decline");
            let answer = world.post(&path, &json!({})).await;
            assert!(answer.status.is_success(), "{:#}", answer.body);
        }
        Past::Removed => {
            add("jane", person.in_pool()).await;
            let attributes = person.attributes();
            appear(world, pool, Way::Token, person.user_name(), &attributes).await;
            assert_eq!(world.delete(&removal("jane")).await.status, 204);
        }
        Past::AddressRemoved => {
            add(&other, pool_user(&other, &other, email, true)).await;
            world.token(&other, email).await;
            assert_eq!(world.delete(&removal(&other)).await.status, 204);
        }
        Past::IdentityRemoved => {
            let mut earlier = verified(&other, "earlier@unlisted.example");
            earlier["identities"] = given::identities(&[("okta", "SAML")]).into();
            world.list_provider_anyway(id, "okta").await;
            appear(world, pool, Way::SignUp, "okta_jane", &earlier).await;
            assert_eq!(world.delete(&removal(&other)).await.status, 204);
            let path = format!("/organizations/{id}/jit/sso-connectors/okta");
            assert_eq!(world.delete(&path).await.status, 204);
        }
    }
}

/// Lists the rules of a kind as they are given.
async fn list(
    world: &World,
    organization: &Organization,
    kind: RuleKind,
    own: &OrganizationRoleId,
) {
    let id = OrganizationId::parse(organization.id).expect("an id");
    let since = world.app.clock.now();
    let rules = organization.rules.iter().filter(|listed| listed.kind() == kind).map(|listed| {
        let key = RuleKey::parse(kind, listed.value).expect("a rule");
        rule(Rule::new(key, since), listed, own)
    });
    world.list_rules(&id, kind, rules).await;
}

fn rule(rule: Rule, listed: &Listed, own: &OrganizationRoleId) -> Rule {
    let addresses =
        if listed.is_for_listed { AdmittedAddresses::Listed } else { AdmittedAddresses::Any };
    let roles = listed.has_own_role.map(|has| has.then(|| own.clone()).into_iter().collect());
    Rule {
        settings: Settings {
            enrollment: listed.enrollment,
            existing_users: listed.existing_users,
            roles,
            subdomains: listed.subdomains,
            addresses,
        },
        ownership: Ownership { state: listed.state, ..Ownership::default() },
        ..rule
    }
}
