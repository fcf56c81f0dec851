//! Every setting of a rule, each state of its ownership, and each kind of identity, by every entry path.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use shared::capabilities::Policies;

use crate::support::{Pool, World, pool_user, trigger_event};

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
    let providers = ["Acme-Okta", "Acme-Entra", "Globex-Okta"];
    let pool = Pool::with_providers(providers.map(|name| (name.to_owned(), "SAML")));
    let world = World::under(Policies::default(), pool.user_pool()).await;
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

/// Lets a user appear. `name` is the user name.
pub(super) async fn appear(world: &World, pool: &Pool, way: Way, name: &str, user: &Value) {
    let event = |source| {
        let mut event = trigger_event("2", source, user);
        event["userName"] = json!(name);
        event
    };
    match way {
        Way::SignUp => {
            world.post_confirmation(&event("PostConfirmation_ConfirmSignUp")).await;
        }
        Way::NewPassword => {
            world.pre_token_generation(&event("TokenGeneration_NewPasswordChallenge")).await;
        }
        Way::Token => {
            world.pre_token_generation(&event("TokenGeneration_Authentication")).await;
        }
        Way::Api => {
            let email = user["email"].as_str().expect("an address");
            let created = pool_user("jane", "jane", email, true);
            pool.answers("AdminCreateUser", json!({ "User": created }));
            let answer = world.post("/users", &json!({ "primaryEmail": email })).await;
            assert_eq!(answer.status, 201, "{:#}", answer.body);
        }
    }
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
    // A Google account is trusted to verify addresses.
    let mut user = federated("jane@acme.com", &["Acme-Okta"]);
    user["identities"] = json!(
        json!([{ "userId": "1", "providerName": "Google", "providerType": "Google" }]).to_string()
    );
    for (by_provider, by_domain, joins) in [
        ("automatic", "automatic", &["acme member by Google as [Own]"][..]),
        ("request", "automatic", &[MEMBER]),
        ("off", "automatic", &[MEMBER]),
        ("off", "request", &[REQUEST]),
        ("request", "off", &["acme request by Google"]),
        ("request", "request", &["acme request by Google"]),
        ("off", "off", &[]),
    ] {
        for way in Way::FEDERATED {
            let given = [acme("acme.com", json!({ "enrollment": by_domain }))];
            let (world, pool) = world(&given).await;
            // The API refuses a provider that everybody has an account at; an index can have it.
            world.list_provider_anyway("acme", "Google").await;
            let roles = world.get("/organization-roles").await.body;
            let own = roles.as_array().expect("a list").iter().find(|role| role["name"] == "Own");
            let settings = json!({
                "enrollment": by_provider,
                "organizationRoleIds": [own.expect("a role")["id"]],
            });
            let path = "/organizations/acme/jit/sso-connectors/Google";
            assert_eq!(world.patch(path, &settings).await.status, 200);
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
