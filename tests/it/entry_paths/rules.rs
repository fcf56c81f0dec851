//! Every setting of a rule, each state of its ownership, and each kind of identity, by every entry path.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::Method;
use functions::Entry;
use serde_json::{Value, json};
use shared::App;
use shared::capabilities::Policies;
use shared::domain::caller::Caller;
use shared::domain::decision::JoinPolicy;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::provider::{ProviderPolicy, TrustedProviders};
use shared::store::Removal;

use crate::support::{Fate, Items, Pool, START, World, pool_user, trigger_event};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ORGANIZATIONS: [&str; 2] = ["acme", "globex"];

/// The ways in which a user appears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    SignUp,
    /// A first sign-in with a temporary password.
    NewPassword,
    /// `POST /users`.
    Api,
    /// Any other token: the account was there before.
    Token,
}

impl Way {
    pub(super) const ALL: [Self; 4] = [Self::SignUp, Self::NewPassword, Self::Api, Self::Token];
    /// Those of users from an identity provider.
    const FEDERATED: [Self; 2] = [Self::SignUp, Self::Token];
}

/// A rule that an organization lists before the user appears.
pub(super) struct Given {
    organization: &'static str,
    /// A domain, or a provider if there is no full stop in it.
    rule: &'static str,
    /// Role names stand for ids.
    settings: Value,
    /// The state of its ownership.
    state: &'static str,
}

pub(super) fn acme(rule: &'static str, settings: Value) -> Given {
    Given { organization: "acme", rule, settings, state: "vouched" }
}

fn globex(rule: &'static str, settings: Value) -> Given {
    Given { organization: "globex", ..acme(rule, settings) }
}

pub(super) fn owned(state: &'static str, given: Given) -> Given {
    Given { state, ..given }
}

/// A world whose organizations `acme` and `globex` list these rules. The default role of both is
/// `Default`, and there is a role `Own`. The pool has the providers `Acme-Okta`, `Acme-Entra` and
/// `Globex-Okta`.
pub(super) async fn world(given: &[Given]) -> (World, Pool) {
    world_under(Policies::default(), given).await
}

async fn world_under(policies: Policies, given: &[Given]) -> (World, Pool) {
    let providers = ["Acme-Okta", "Acme-Entra", "Globex-Okta"];
    let pool = Pool::with_providers(providers.map(|name| (name.to_owned(), "SAML")));
    let world = World::under(policies, pool.user_pool()).await;
    let roles = BTreeMap::from([
        ("Default", world.role("Default").await),
        ("Own", world.role("Own").await),
    ]);
    for organization in ORGANIZATIONS {
        world.organization(organization).await;
        world.default_roles(organization, &[&roles["Default"]]).await;
    }
    for given in given {
        list(&world, given, &roles).await;
    }
    world.wire.traffic();
    (world, pool)
}

async fn list(world: &World, given: &Given, roles: &BTreeMap<&str, String>) {
    let Given { organization, rule, settings, state } = given;
    let settings = roles.iter().fold(settings.to_string(), |text, (name, id)| {
        text.replace(&format!("\"{name}\""), &format!("\"{id}\""))
    });
    let mut settings: Value = serde_json::from_str(&settings).expect("JSON");
    let path = format!("/organizations/{organization}/jit");
    if !rule.contains('.') {
        let body = json!({ "ssoConnectorIds": [rule] });
        assert_eq!(world.post(&format!("{path}/sso-connectors"), &body).await.status, 201);
        let answer = world.patch(&format!("{path}/sso-connectors/{rule}"), &settings).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        return;
    }
    settings["emailDomain"] = json!(rule);
    if *state != "vouched" {
        settings["ownership"] = json!("pending");
    }
    let answer = world.post(&format!("{path}/email-domains"), &settings).await;
    assert_eq!(answer.status, 201, "{:#}", answer.body);
    bring_to(world, &format!("{path}/email-domains/{rule}"), state, &answer.body["ownership"])
        .await;
}

/// Brings the ownership of a pending domain to a state as an owner, time and DNS do.
async fn bring_to(world: &World, path: &str, state: &str, ownership: &Value) {
    let record = |member: &str| ownership["record"][member].as_str().expect("a record").to_owned();
    match state {
        "vouched" | "pending" => return,
        "vouched later" => {
            let answer = world.ask(Method::POST, &format!("{path}/vouch")).send().await;
            assert_eq!(answer.status, 200, "{:#}", answer.body);
            return;
        }
        "lapsed" => {
            world.pass(31 * DAY);
            world.invoke("check-email-domains", &json!({})).await;
        }
        _ => {
            world.name_server.add(&record("name"), &record("value")).await.expect("a name");
            let answer = world.ask(Method::POST, &format!("{path}/verify")).send().await;
            assert_eq!(answer.body["ownership"]["state"], "proven", "{:#}", answer.body);
        }
    }
    if state == "failing" {
        world.name_server.remove(&record("name")).await.expect("a name");
        for _ in 0..3 {
            world.pass(DAY);
            world.invoke("check-email-domains", &json!({})).await;
        }
    }
    let list = path.rsplit_once('/').expect("a list").0;
    let domains = world.get(list).await.body;
    assert_eq!(domains[0]["ownership"]["state"], state, "{domains:#}");
}

/// The attributes of a user of the pool alone.
pub(super) fn native(email: &str) -> Value {
    json!({ "sub": "jane", "email": email, "email_verified": "true" })
}

/// The attributes of a user with identities at these providers, which assert an address.
pub(super) fn federated(email: &str, providers: &[&str]) -> Value {
    let identities: Vec<_> = providers
        .iter()
        .map(|name| json!({ "userId": "jane", "providerName": name, "providerType": "SAML" }))
        .collect();
    json!({
        "sub": "jane",
        "email": email,
        "email_verified": "true",
        "cognito:user_status": "EXTERNAL_PROVIDER",
        "identities": json!(identities).to_string(),
    })
}

/// Lets a user appear. `name` is the user name. Returns the claims of the token, if there is one.
pub(super) async fn appear(
    world: &World,
    pool: &Pool,
    way: Way,
    name: &str,
    user: &Value,
) -> Option<Value> {
    let event = |source| {
        let mut event = trigger_event("2", source, user);
        event["userName"] = json!(name);
        event
    };
    let source = match way {
        Way::SignUp => {
            world.post_confirmation(&event("PostConfirmation_ConfirmSignUp")).await;
            return None;
        }
        Way::NewPassword => "TokenGeneration_NewPasswordChallenge",
        Way::Token => "TokenGeneration_Authentication",
        Way::Api => {
            let email = user["email"].as_str().expect("an address");
            let created = pool_user("jane", "jane", email, true);
            pool.answers("AdminCreateUser", json!({ "User": created }));
            let answer = world.post("/users", &json!({ "primaryEmail": email })).await;
            assert_eq!(answer.status, 201, "{:#}", answer.body);
            return None;
        }
    };
    let answer = world.pre_token_generation(&event(source)).await;
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    Some(details["accessTokenGeneration"]["claimsToAddOrOverride"].clone())
}

/// What the user has: memberships with their rule and their roles, and requests with their rule.
pub(super) async fn held(world: &World) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rule = |rule: &Value| text(&rule["emailDomain"]) + &text(&rule["ssoConnectorId"]);
    let members = world.get("/users/jane/organizations").await.body;
    let members = members.as_array().expect("a list").iter().map(|member| {
        let roles = member["organizationRoles"].as_array().expect("roles").iter();
        let roles: Vec<_> = roles.map(|role| text(&role["name"])).collect();
        let rule = rule(&member["provenance"]);
        format!("{} member by {rule} as [{}]", text(&member["id"]), roles.join(" "))
    });
    let mut held: Vec<_> = members.collect();
    for organization in ORGANIZATIONS {
        let path = format!("/organizations/{organization}/join-requests");
        let answer = world.get(&path).await;
        // An organization may be deleted.
        for request in answer.body.as_array().into_iter().flatten() {
            assert_eq!(request["userId"], "jane");
            held.push(format!("{organization} request by {}", rule(request)));
        }
    }
    held
}

/// Asserts what each way leads to: with a fresh proof, and for an account that was there before.
async fn assert_ways(
    what: &str,
    ways: &[Way],
    given: &[Given],
    (name, user): (&str, &Value),
    (fresh, earlier): (&[&str], &[&str]),
) {
    for way in ways {
        let (world, pool) = world(given).await;
        let expected = if *way == Way::Token { earlier } else { fresh };
        for time in ["first", "second"] {
            if time == "first" || *way != Way::Api {
                appear(&world, &pool, *way, name, user).await;
            }
            assert_eq!(held(&world).await, expected, "{what}: {way:?}, {time} time");
        }
    }
}

/// The same for a user of the pool alone.
async fn native_ways(what: &str, given: &[Given], email: &str, fresh: &[&str], earlier: &[&str]) {
    assert_ways(what, &Way::ALL, given, ("jane", &native(email)), (fresh, earlier)).await;
}

/// The same for a user with identities at these providers.
async fn federated_ways(what: &str, given: &[Given], email: &str, of: &[&str], joins: &[&str]) {
    let user = federated(email, of);
    let expected = (joins, joins);
    assert_ways(what, &Way::FEDERATED, given, ("Acme-Okta_jane", &user), expected).await;
}

const MEMBER: &str = "acme member by acme.com as [Default]";
const REQUEST: &str = "acme request by acme.com";

#[tokio::test]
async fn the_enrollment_of_a_domain_says_what_the_new_and_the_existing_users_get() {
    for (enrollment, fresh) in
        [("automatic", &[MEMBER][..]), ("request", &[REQUEST][..]), ("off", &[])]
    {
        for (existing, earlier) in [
            (Value::Null, fresh),
            (json!("automatic"), &[MEMBER][..]),
            (json!("request"), &[REQUEST][..]),
            (json!("off"), &[]),
        ] {
            let settings = json!({ "enrollment": enrollment, "existingUsers": existing });
            let what = settings.to_string();
            let given = [acme("acme.com", settings)];
            native_ways(&what, &given, "jane@acme.com", fresh, earlier).await;
        }
    }
}

#[tokio::test]
async fn only_domains_that_are_vouched_for_or_were_proven_admit() {
    for (state, joins) in [
        ("vouched", &[MEMBER][..]),
        ("pending", &[]),
        ("vouched later", &[MEMBER]),
        ("proven", &[MEMBER]),
        ("failing", &[MEMBER]),
        ("lapsed", &[]),
    ] {
        let given = [owned(state, acme("acme.com", json!({})))];
        native_ways(state, &given, "jane@acme.com", joins, joins).await;
    }
}

#[tokio::test]
async fn the_roles_of_a_rule_take_the_place_of_the_default_roles() {
    for (roles, joins) in [
        (Value::Null, "acme member by acme.com as [Default]"),
        (json!([]), "acme member by acme.com as []"),
        (json!(["Own"]), "acme member by acme.com as [Own]"),
        (json!(["Own", "Default"]), "acme member by acme.com as [Default Own]"),
    ] {
        let what = roles.to_string();
        let given = [
            acme("acme.com", json!({ "organizationRoleIds": roles })),
            acme("acme.org", json!({ "organizationRoleIds": ["Own"] })),
        ];
        native_ways(&what, &given, "jane@acme.com", &[joins], &[joins]).await;
    }
}

#[tokio::test]
async fn a_rule_includes_its_subdomains_only_if_it_says_so() {
    let acme_com = |subdomains| acme("acme.com", json!({ "subdomains": subdomains }));
    for (email, joins) in [
        ("jane@acme.com", &[MEMBER][..]),
        ("jane@mail.acme.com", &[MEMBER]),
        ("jane@a.b.c.d.e.f.g.h.i.j.k.l.acme.com", &[MEMBER]),
        ("jane@notacme.com", &[]),
        ("jane@acme.com.example", &[]),
    ] {
        native_ways(email, &[acme_com(true)], email, joins, joins).await;
    }
    native_ways("exact", &[acme_com(false)], "jane@mail.acme.com", &[], &[]).await;
}

#[tokio::test]
async fn the_most_specific_rule_that_admits_decides_for_its_organization_alone() {
    let wide = |settings: Value| {
        let mut settings = settings;
        settings["subdomains"] = json!(true);
        settings
    };
    let off = || json!({ "enrollment": "off" });
    let parent = || acme("acme.com", wide(json!({})));
    let email = "jane@eu.mail.acme.com";

    let given = [acme("eu.mail.acme.com", off()), parent(), globex("acme.com", wide(json!({})))];
    let joins = ["globex member by acme.com as [Default]"];
    native_ways("off below a parent", &given, email, &joins, &joins).await;

    let given = [acme("mail.acme.com", wide(json!({ "enrollment": "request" }))), parent()];
    let asks = ["acme request by mail.acme.com"];
    native_ways("the longer parent", &given, email, &asks, &asks).await;

    // It does not match, so it is not there.
    let given = [acme("mail.acme.com", off()), parent()];
    native_ways("a parent without subdomains", &given, email, &[MEMBER], &[MEMBER]).await;

    for state in ["pending", "lapsed"] {
        let given = [owned(state, acme("eu.mail.acme.com", off())), parent()];
        native_ways(state, &given, email, &[MEMBER], &[MEMBER]).await;
    }

    let settings = json!({ "organizationRoleIds": ["Own"] });
    let given = [acme("eu.mail.acme.com", settings), parent()];
    let joins = ["acme member by eu.mail.acme.com as [Own]"];
    native_ways("the roles of the exact one", &given, email, &joins, &joins).await;

    let given = [
        acme("eu.mail.acme.com", json!({ "existingUsers": "off" })),
        acme("acme.com", wide(json!({ "existingUsers": "automatic" }))),
    ];
    let joins = ["acme member by eu.mail.acme.com as [Default]"];
    native_ways("off for existing users alone", &given, email, &joins, &[]).await;
}

const BY_OKTA: &str = "acme member by Acme-Okta as [Default]";

#[tokio::test]
async fn a_listed_provider_admits_its_users_whatever_address_it_asserts() {
    let okta = || acme("Acme-Okta", json!({}));
    for email in ["jane@acme.com", "jane@gmail.com", "jane@globex.com", "no address"] {
        let given = [okta(), globex("globex.com", json!({}))];
        federated_ways(email, &given, email, &["Acme-Okta"], &[BY_OKTA]).await;
        federated_ways(email, &given, email, &["Acme-Entra"], &[]).await;
        federated_ways(email, &given, email, &["acme-okta"], &[]).await;
    }
    let mut unverified = federated("jane@acme.com", &["Acme-Okta"]);
    unverified["email_verified"] = json!("false");
    let expected = (&[BY_OKTA][..], &[BY_OKTA][..]);
    let user = ("jane", &unverified);
    assert_ways("unverified", &Way::FEDERATED, &[okta()], user, expected).await;
}

#[tokio::test]
async fn without_identities_the_provider_is_the_one_in_the_name_of_a_federated_user() {
    let user =
        |status| json!({ "sub": "jane", "email": "jane@acme.com", "cognito:user_status": status });
    let given = [acme("Acme-Okta", json!({}))];
    for (name, status, joins) in [
        ("Acme-Okta_jane", "EXTERNAL_PROVIDER", &[BY_OKTA][..]),
        ("Acme-Okta_jane_doe", "EXTERNAL_PROVIDER", &[BY_OKTA]),
        ("Acme-Okta_jane", "CONFIRMED", &[]),
        ("Acme-Okta", "EXTERNAL_PROVIDER", &[]),
        ("acme-okta_jane", "EXTERNAL_PROVIDER", &[]),
        ("Acme-Okta2_jane", "EXTERNAL_PROVIDER", &[]),
    ] {
        let (what, user) = (format!("{name}, {status}"), user(status));
        assert_ways(&what, &Way::FEDERATED, &given, (name, &user), (joins, joins)).await;
    }
}

#[tokio::test]
async fn a_provider_has_settings_of_its_own() {
    for (settings, joins) in [
        (json!({ "enrollment": "request" }), &["acme request by Acme-Okta"][..]),
        (json!({ "enrollment": "off" }), &[]),
        (json!({ "organizationRoleIds": [] }), &["acme member by Acme-Okta as []"]),
        (json!({ "organizationRoleIds": ["Own"] }), &["acme member by Acme-Okta as [Own]"]),
    ] {
        let what = settings.to_string();
        let given = [acme("Acme-Okta", settings)];
        federated_ways(&what, &given, "jane@acme.com", &["Acme-Okta"], joins).await;
    }
}

#[tokio::test]
async fn a_provider_of_listed_addresses_admits_only_those_in_proven_domains() {
    let okta = || acme("Acme-Okta", json!({ "emailDomains": "listed" }));
    let domain = |settings| acme("acme.com", settings);
    let wide = || json!({ "subdomains": true, "enrollment": "off" });
    for (what, rule, email, joins) in [
        ("proven", owned("proven", domain(json!({}))), "jane@acme.com", &[BY_OKTA][..]),
        ("failing", owned("failing", domain(json!({}))), "jane@acme.com", &[BY_OKTA]),
        ("vouched", domain(json!({})), "jane@acme.com", &[]),
        ("pending", owned("pending", domain(json!({}))), "jane@acme.com", &[]),
        ("lapsed", owned("lapsed", domain(json!({}))), "jane@acme.com", &[]),
        ("another", owned("proven", domain(json!({}))), "jane@globex.com", &[]),
        ("below", owned("proven", domain(json!({}))), "jane@mail.acme.com", &[]),
        ("subdomains", owned("proven", domain(wide())), "jane@mail.acme.com", &[BY_OKTA]),
        ("no address", owned("proven", domain(json!({}))), "jane at acme.com", &[]),
        ("of another", owned("proven", globex("acme.com", json!({}))), "jane@acme.com", &[]),
    ] {
        federated_ways(what, &[okta(), rule], email, &["Acme-Okta"], joins).await;
    }
}

#[tokio::test]
async fn every_linked_provider_counts_and_the_first_of_the_best_decides() {
    let given = || {
        [
            acme("Acme-Okta", json!({ "enrollment": "request" })),
            acme("Acme-Entra", json!({ "organizationRoleIds": ["Own"] })),
            globex("Globex-Okta", json!({})),
        ]
    };
    let entra = "acme member by Acme-Entra as [Own]";
    let globex_okta = "globex member by Globex-Okta as [Default]";
    for (providers, joins) in [
        (&["Acme-Okta", "Acme-Entra"][..], &[entra][..]),
        (&["Acme-Entra", "Acme-Okta"], &[entra]),
        (&["Globex-Okta", "Acme-Okta", "Acme-Entra"], &[entra, globex_okta]),
        (&["Globex-Okta", "Acme-Okta"], &[globex_okta, "acme request by Acme-Okta"]),
        (&["Nobody", "Globex-Okta"], &[globex_okta]),
    ] {
        let what = providers.join(", ");
        federated_ways(&what, &given(), "jane@acme.com", providers, joins).await;
    }
    let both = [acme("Acme-Okta", json!({})), acme("Acme-Entra", json!({}))];
    let providers = ["Acme-Entra", "Acme-Okta"];
    let joins = ["acme member by Acme-Entra as [Default]"];
    federated_ways("the first", &both, "jane@acme.com", &providers, &joins).await;
}

#[tokio::test]
async fn of_a_provider_and_a_domain_the_better_one_decides_and_first_the_provider() {
    let trusted = TrustedProviders::parse("Acme-Okta").expect("a name");
    let policies = || Policies {
        joining: JoinPolicy {
            providers: ProviderPolicy { trusted: trusted.clone(), ..ProviderPolicy::default() },
            ..JoinPolicy::default()
        },
        ..Policies::default()
    };
    let user = federated("jane@acme.com", &["Acme-Okta"]);
    for (by_provider, by_domain, joins) in [
        ("automatic", "automatic", &["acme member by Acme-Okta as [Own]"][..]),
        ("request", "automatic", &[MEMBER]),
        ("off", "automatic", &[MEMBER]),
        ("off", "request", &[REQUEST]),
        ("request", "off", &["acme request by Acme-Okta"]),
        ("request", "request", &["acme request by Acme-Okta"]),
        ("off", "off", &[]),
    ] {
        for way in Way::FEDERATED {
            let settings = json!({ "enrollment": by_provider, "organizationRoleIds": ["Own"] });
            let given =
                [acme("acme.com", json!({ "enrollment": by_domain })), acme("Acme-Okta", settings)];
            let (world, pool) = world_under(policies(), &given).await;
            appear(&world, &pool, way, "jane", &user).await;
            assert_eq!(held(&world).await, joins, "{by_provider}, {by_domain}: {way:?}");
        }
    }
}

#[tokio::test]
async fn a_provider_of_a_tenant_lets_nobody_in_by_domain_elsewhere() {
    let given = [
        acme("Acme-Okta", json!({})),
        acme("acme.com", json!({})),
        globex("globex.com", json!({ "subdomains": true })),
    ];
    for email in ["jane@globex.com", "jane@mail.globex.com"] {
        federated_ways(email, &given, email, &["Acme-Okta"], &[BY_OKTA]).await;
        federated_ways(email, &given, email, &["Acme-Entra"], &[]).await;
        federated_ways(email, &given, email, &["Acme-Okta", "Google"], &[BY_OKTA]).await;
    }
}

#[tokio::test]
async fn whoever_was_removed_or_declined_stays_out_whatever_rule_matches() {
    let given = || [acme("acme.com", json!({})), acme("Acme-Okta", json!({}))];
    let native = native("jane@acme.com");
    let okta = federated("jane@acme.com", &["Acme-Okta"]);
    for way in Way::FEDERATED {
        for (first, again) in [(&native, &native), (&okta, &okta), (&native, &okta)] {
            let (world, pool) = world(&given()).await;
            appear(&world, &pool, Way::SignUp, "jane", first).await;
            assert_eq!(held(&world).await.len(), 1);
            assert_eq!(world.delete("/organizations/acme/users/jane").await.status, 204);
            appear(&world, &pool, way, "jane", again).await;
            assert_eq!(held(&world).await, [""; 0], "{way:?}");

            let restored = json!({ "userIds": ["jane"] });
            assert_eq!(world.post("/organizations/acme/users", &restored).await.status, 201);
            appear(&world, &pool, way, "jane", again).await;
            assert_eq!(held(&world).await, ["acme member by  as []"]);
        }
    }
    for (rule, user) in [("acme.com", &native), ("Acme-Okta", &okta)] {
        let (world, pool) = world(&[acme(rule, json!({ "enrollment": "request" }))]).await;
        appear(&world, &pool, Way::SignUp, "jane", user).await;
        assert_eq!(held(&world).await, [format!("acme request by {rule}")]);
        let path = "/organizations/acme/join-requests/jane/decline";
        assert_eq!(world.ask(Method::POST, path).send().await.status, 204);
        for way in Way::FEDERATED {
            appear(&world, &pool, way, "jane", user).await;
            assert_eq!(held(&world).await, [""; 0], "{rule}: {way:?}");
        }
    }
}

/// A user with another `sub`, such as that of an account of the same person.
fn with_sub(sub: &str, user: Value) -> Value {
    let mut user = user;
    user["sub"] = json!(sub);
    user
}

/// The same for a user of the pool with linked identities.
fn linked(user: Value) -> Value {
    let mut user = user;
    user["cognito:user_status"] = json!("CONFIRMED");
    user
}

/// How the membership or the request of a user ends.
async fn end(world: &World, user: &str, is_request: bool) {
    let answer = if is_request {
        let path = format!("/organizations/acme/join-requests/{user}/decline");
        world.ask(Method::POST, &path).send().await
    } else {
        world.delete(&format!("/organizations/acme/users/{user}")).await
    };
    assert_eq!(answer.status, 204, "{:#}", answer.body);
}

#[tokio::test]
async fn a_mark_of_an_address_refuses_whoever_asserts_it_also_in_the_preview() {
    for enrollment in ["automatic", "request"] {
        let settings = || json!({ "enrollment": enrollment });
        let (world, pool) =
            world(&[acme("acme.com", settings()), acme("Acme-Okta", settings())]).await;
        let earlier = with_sub("earlier", native("jane@acme.com"));
        appear(&world, &pool, Way::SignUp, "earlier", &earlier).await;
        end(&world, "earlier", enrollment == "request").await;

        for draft in [Value::Null, json!({ "ssoConnectors": [{ "id": "Acme-Okta" }] })] {
            let body = json!({
                "email": "Jane@Acme.com", "identityProvider": "Acme-Okta", "draft": draft,
            });
            let preview = world.post("/organizations/acme/jit/preview", &body).await.body;
            assert_eq!(preview["reason"], "removed_earlier", "{preview:#}");
            assert_ne!(preview["removedAt"], Value::Null, "{preview:#}");
        }
        for email in ["jane@acme.com", "JANE@acme.com"] {
            let okta = federated(email, &["Acme-Okta"]);
            for way in Way::FEDERATED {
                appear(&world, &pool, way, "Acme-Okta_jane", &okta).await;
                assert_eq!(held(&world).await, [""; 0], "{way:?}");
            }
        }
        // Another address at the same provider is that of another person.
        let other = federated("joe@acme.com", &["Acme-Okta"]);
        appear(&world, &pool, Way::SignUp, "Acme-Okta_jane", &other).await;
        assert_eq!(held(&world).await.len(), 1);
    }
}

#[tokio::test]
async fn a_removal_of_an_asserted_address_marks_nobody_who_proves_it() {
    let (world, pool) = world(&[acme("acme.com", json!({})), acme("Acme-Okta", json!({}))]).await;
    // Anybody at the provider can assert the address of another person.
    let mallory = with_sub("mallory", federated("jane@acme.com", &["Acme-Okta"]));
    appear(&world, &pool, Way::SignUp, "Acme-Okta_mallory", &mallory).await;
    end(&world, "mallory", false).await;
    appear(&world, &pool, Way::SignUp, "jane", &native("jane@acme.com")).await;
    assert_eq!(held(&world).await, [MEMBER]);
}

#[tokio::test]
async fn a_removal_that_overtakes_a_sign_up_refuses_the_asserted_address_too() {
    let (world, pool) = world(&[acme("acme.com", json!({})), acme("Acme-Okta", json!({}))]).await;
    let earlier = with_sub("earlier", native("jane@acme.com"));
    appear(&world, &pool, Way::SignUp, "earlier", &earlier).await;
    let store = world.store();
    let removal = async move {
        let (acme, earlier) = (OrganizationId::parse("acme"), UserId::parse("earlier"));
        let removal = Removal::of_member(&Caller::default(), START.parse().expect("a timestamp"));
        let nobody = BTreeSet::new();
        let (acme, earlier) = (acme.expect("an id"), earlier.expect("an id"));
        let ended = &mut Vec::new();
        store.remove_member(&acme, &earlier, &nobody, &removal, ended).await.expect("removed");
    };
    world.wire.next("TransactWriteItems", Fate::overtaken(removal));
    let okta = federated("jane@acme.com", &["Acme-Okta"]);
    appear(&world, &pool, Way::SignUp, "Acme-Okta_jane", &okta).await;
    assert_eq!(held(&world).await, [""; 0]);
}

#[tokio::test]
async fn all_identities_of_whoever_was_removed_or_declined_stay_out() {
    let both = || federated("jane@acme.com", &["Acme-Okta", "Acme-Entra"]);
    let native = || native("jane@acme.com");
    let okta = || federated("jane@acme.com", &["Acme-Okta"]);
    // Each appearance of the account before its membership or request ends.
    let histories = [
        ("linked from the beginning", vec![both()]),
        ("linked as a member by a provider", vec![okta(), both()]),
        ("linked as a member by domain", vec![native(), linked(both())]),
        ("unlinked since", vec![both(), okta()]),
        ("not in the last event", vec![both(), native()]),
    ];
    for (what, history) in histories {
        for enrollment in ["automatic", "request"] {
            let rule = |name| acme(name, json!({ "enrollment": enrollment }));
            let (world, pool) =
                world(&[rule("acme.com"), rule("Acme-Okta"), rule("Acme-Entra")]).await;
            for (place, user) in history.iter().enumerate() {
                let way = if place == 0 { Way::SignUp } else { Way::Token };
                appear(&world, &pool, way, "earlier", &with_sub("earlier", user.clone())).await;
            }
            end(&world, "earlier", enrollment == "request").await;
            // A new account, whose provider asserts another address.
            for provider in ["Acme-Okta", "Acme-Entra"] {
                let user = federated("doe@acme.com", &[provider]);
                for way in Way::FEDERATED {
                    appear(&world, &pool, way, &format!("{provider}_jane"), &user).await;
                    assert_eq!(held(&world).await, [""; 0], "{what}, {enrollment}: {provider}");
                }
            }
        }
    }
}

#[tokio::test]
async fn adding_by_hand_and_clearing_a_mark_let_all_identities_in_again() {
    let all = || [acme("Acme-Okta", json!({})), acme("Acme-Entra", json!({}))];
    let both = with_sub("earlier", federated("jane@acme.com", &["Acme-Okta", "Acme-Entra"]));
    let entra = federated("jane@acme.com", &["Acme-Entra"]);
    for is_restored in [true, false] {
        let (world, pool) = world(&all()).await;
        appear(&world, &pool, Way::SignUp, "earlier", &both).await;
        end(&world, "earlier", false).await;
        let marks =
            |items: &Items| items.keys().filter(|(pk, _)| pk.starts_with("REMOVED#")).count();
        assert_eq!(marks(&world.items().await), 2);
        if is_restored {
            let body = json!({ "userIds": ["earlier"] });
            assert_eq!(world.post("/organizations/acme/users", &body).await.status, 201);
        } else {
            let path = "/organizations/acme/removed-users/earlier";
            assert_eq!(world.delete(path).await.status, 204);
        }
        assert_eq!(marks(&world.items().await), 0);
        appear(&world, &pool, Way::SignUp, "Acme-Entra_jane", &entra).await;
        assert_eq!(held(&world).await, ["acme member by Acme-Entra as [Default]"]);
    }
}

#[tokio::test]
async fn a_member_who_was_added_by_hand_and_never_seen_before_has_all_identities_marked() {
    let okta = federated("jane@acme.com", &["Acme-Okta", "Acme-Entra"]);
    let (world, pool) = world(&[acme("Acme-Entra", json!({}))]).await;
    let mut known = pool_user("earlier", "earlier", "jane@acme.com", true);
    let attributes = known["Attributes"].as_array_mut().expect("attributes");
    attributes.push(json!({ "Name": "identities", "Value": okta["identities"] }));
    pool.answers("ListUsers", json!({ "Users": [known] }));
    let body = json!({ "userIds": ["earlier"] });
    assert_eq!(world.post("/organizations/acme/users", &body).await.status, 201);
    end(&world, "earlier", false).await;
    let entra = federated("jane@acme.com", &["Acme-Entra"]);
    appear(&world, &pool, Way::SignUp, "Acme-Entra_jane", &entra).await;
    assert_eq!(held(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_member_of_before_identities_were_kept_gets_them_at_the_next_token() {
    let (world, pool) = world(&[acme("Acme-Okta", json!({})), acme("Acme-Entra", json!({}))]).await;
    let both = with_sub("earlier", federated("jane@acme.com", &["Acme-Okta", "Acme-Entra"]));
    appear(&world, &pool, Way::SignUp, "earlier", &both).await;
    let mut older = world.item("USER#earlier", "PROFILE").await;
    let identities = older.remove("identityDigests").expect("they are kept");
    assert_eq!(identities.as_array().map(Vec::len), Some(2));
    world.put_plain(&json!(older)).await;
    appear(&world, &pool, Way::Token, "earlier", &both).await;
    assert_eq!(world.item("USER#earlier", "PROFILE").await["identityDigests"], identities);
    let before = world.items().await;
    appear(&world, &pool, Way::Token, "earlier", &both).await;
    assert_eq!(world.items().await, before, "nothing changes any more");
}

#[tokio::test]
async fn an_identity_that_is_linked_while_its_user_is_removed_is_marked_too() {
    let (world, pool) = world(&[acme("acme.com", json!({})), acme("Acme-Okta", json!({}))]).await;
    let earlier = with_sub("earlier", native("jane@acme.com"));
    appear(&world, &pool, Way::SignUp, "earlier", &earlier).await;
    let with_okta = linked(with_sub("earlier", federated("jane@acme.com", &["Acme-Okta"])));
    let (app, event) = (
        App { store: world.store(), ..world.app.clone() },
        trigger_event("2", "TokenGeneration_Authentication", &with_okta).to_string(),
    );
    world.wire.next(
        "TransactWriteItems",
        Fate::overtaken(async move {
            let function = functions::function("pre-token-generation").expect("a function");
            let Entry::Trigger(handle) = function.entry else { panic!("it is a trigger") };
            let event = serde_json::value::RawValue::from_string(event).expect("JSON");
            handle(&app, event).await.expect("an answer");
        }),
    );
    end(&world, "earlier", false).await;
    let okta = federated("doe@acme.com", &["Acme-Okta"]);
    appear(&world, &pool, Way::SignUp, "Acme-Okta_jane", &okta).await;
    assert_eq!(held(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_listed_address_has_to_be_one_that_the_account_cannot_set_itself() {
    let given = || {
        [
            acme("Acme-Okta", json!({ "emailDomains": "listed" })),
            owned("proven", acme("acme.com", json!({}))),
        ]
    };
    let okta = || federated("anything@acme.com", &["Acme-Okta"]);
    for (what, user, verified, joins) in [
        ("set by a linked account", linked(okta()), "false", &[][..]),
        ("proven by a linked account", linked(okta()), "true", &[BY_OKTA]),
        ("asserted", okta(), "false", &[BY_OKTA]),
    ] {
        let mut user = user;
        user["email_verified"] = json!(verified);
        let expected = (joins, joins);
        assert_ways(what, &[Way::Token], &given(), ("Acme-Okta_jane", &user), expected).await;
    }
}

#[tokio::test]
async fn a_social_provider_lets_nobody_in_also_if_an_organization_lists_its_name() {
    for provider_type in ["Google", "SAML"] {
        let (world, pool) = world(&[]).await;
        world.list_provider_anyway("acme", "Google").await;
        let mut user = federated("jane@gmail.com", &["Google"]);
        let identities = user["identities"].as_str().expect("text");
        user["identities"] = json!(identities.replace("SAML", provider_type));
        for way in Way::FEDERATED {
            appear(&world, &pool, way, "Google_1", &user).await;
            assert_eq!(held(&world).await, [""; 0], "{provider_type}");
        }
    }
}

#[tokio::test]
async fn the_mark_of_an_identity_outlives_its_account() {
    let (world, pool) = world(&[acme("Acme-Okta", json!({}))]).await;
    let user = federated("jane@acme.com", &["Acme-Okta"]);
    let mut earlier = user.clone();
    earlier["sub"] = json!("earlier");
    // Neither address nor account stay the same.
    earlier["email"] = json!("doe@acme.com");
    appear(&world, &pool, Way::SignUp, "Acme-Okta_jane", &earlier).await;
    assert_eq!(world.delete("/organizations/acme/users/earlier").await.status, 204);
    appear(&world, &pool, Way::SignUp, "Acme-Okta_jane", &user).await;
    assert_eq!(held(&world).await, [""; 0]);
    // Another user of the provider joins.
    let mut other = user;
    let identity = json!([
        { "userId": "joe", "providerName": "Acme-Okta", "providerType": "SAML" }
    ]);
    other["identities"] = json!(identity.to_string());
    appear(&world, &pool, Way::SignUp, "Acme-Okta_joe", &other).await;
    assert_eq!(held(&world).await, [BY_OKTA]);
}

#[tokio::test]
async fn a_request_becomes_a_membership_when_its_rule_becomes_automatic_and_stays_when_it_is_off() {
    let (world, pool) = world(&[acme("acme.com", json!({ "enrollment": "request" }))]).await;
    let user = native("jane@acme.com");
    appear(&world, &pool, Way::SignUp, "jane", &user).await;
    let path = "/organizations/acme/jit/email-domains/acme.com";
    for (enrollment, expected) in [("off", REQUEST), ("request", REQUEST), ("automatic", MEMBER)] {
        let body = json!({ "enrollment": enrollment });
        assert_eq!(world.patch(path, &body).await.status, 200);
        let before = world.items().await;
        appear(&world, &pool, Way::Token, "jane", &user).await;
        assert_eq!(held(&world).await, [expected], "{enrollment}");
        let is_unchanged = world.items().await == before;
        assert_eq!(is_unchanged, enrollment != "automatic", "{enrollment}");
    }
    // A member stays one.
    assert_eq!(world.patch(path, &json!({ "enrollment": "off" })).await.status, 200);
    appear(&world, &pool, Way::Token, "jane", &user).await;
    assert_eq!(held(&world).await, [MEMBER]);
}

#[tokio::test]
async fn a_pending_or_lapsed_domain_counts_among_nobody() {
    for state in ["pending", "lapsed"] {
        let (world, pool) = world(&[owned(state, acme("acme.com", json!({})))]).await;
        for number in 0..50 {
            let id = format!("other-{number}");
            world.organization(&id).await;
            let path = format!("/organizations/{id}/jit/email-domains");
            let body = json!({ "emailDomain": "acme.com", "ownership": "pending" });
            assert_eq!(world.post(&path, &body).await.status, 201);
        }
        world.domains("globex", &["acme.com"]).await;
        appear(&world, &pool, Way::SignUp, "jane", &native("jane@acme.com")).await;
        assert_eq!(held(&world).await, ["globex member by acme.com as [Default]"], "{state}");
    }
}
