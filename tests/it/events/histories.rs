//! Generated histories: calls of every kind, some side by side, by several callers, with a database that
//! fails in every way. What is told is what the [`Model`] makes of the table's items. Then the publisher
//! brings it to a bus that fails too.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use axum::http::Method;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::{Value, json};
use shared::event::EventType;

use super::model::{Calls, Model};
use super::publishing::{self, Trouble};
use crate::support::{
    Fate, Pool, SignIn, World, naming_roles, pool_user, trigger_event, verified, with,
};

/// Says how many histories there are, if not a hundred.
const HISTORIES: &str = "HISTORIES";
/// Names another seed, in hexadecimal digits.
const SEED: &str = "HISTORIES_SEED";

/// In so many histories, each event is told.
const ENOUGH: u32 = 100;
const ORGANIZATIONS: usize = 3;
const USERS: usize = 6;
const DOMAINS: [&str; 4] = ["d0.example", "sub.d0.example", "d1.example", "d2.example"];
const PROVIDERS: [&str; 2] = ["Okta", "Entra"];
const CALLERS: [Option<(&str, &str)>; 3] =
    [Some(("console", "olga")), Some(("script", "robot")), None];

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    CreateOrganization,
    UpdateOrganization,
    DeleteOrganization,
    CreateRole,
    UpdateRole,
    DeleteRole,
    AddDomain,
    ReplaceDomains,
    UpdateDomain,
    DeleteDomain,
    Vouch,
    Verify,
    HourlyCheck,
    AddProviders,
    ReplaceProviders,
    UpdateProvider,
    DeleteProvider,
    AddDefaultRoles,
    ReplaceDefaultRoles,
    DeleteDefaultRole,
    AddMembers,
    ReplaceMembers,
    RemoveMember,
    ClearRemoved,
    AddMemberRoles,
    ReplaceMemberRoles,
    RemoveMemberRole,
    AssignMemberRoles,
    Approve,
    Decline,
    CreateUser,
    DeleteUser,
    SignUp,
    Token,
}

/// Each kind as often as it is to come.
const KINDS: &[(u32, Kind)] = &[
    (2, Kind::CreateOrganization),
    (2, Kind::UpdateOrganization),
    (1, Kind::DeleteOrganization),
    (2, Kind::CreateRole),
    (1, Kind::UpdateRole),
    (1, Kind::DeleteRole),
    (5, Kind::AddDomain),
    (2, Kind::ReplaceDomains),
    (5, Kind::UpdateDomain),
    (1, Kind::DeleteDomain),
    (2, Kind::Vouch),
    (2, Kind::Verify),
    (2, Kind::HourlyCheck),
    (1, Kind::AddProviders),
    (1, Kind::ReplaceProviders),
    (2, Kind::UpdateProvider),
    (1, Kind::DeleteProvider),
    (1, Kind::AddDefaultRoles),
    (1, Kind::ReplaceDefaultRoles),
    (1, Kind::DeleteDefaultRole),
    (4, Kind::AddMembers),
    (2, Kind::ReplaceMembers),
    (4, Kind::RemoveMember),
    (2, Kind::ClearRemoved),
    (1, Kind::AddMemberRoles),
    (2, Kind::ReplaceMemberRoles),
    (1, Kind::RemoveMemberRole),
    (1, Kind::AssignMemberRoles),
    (3, Kind::Approve),
    (3, Kind::Decline),
    (2, Kind::CreateUser),
    (2, Kind::DeleteUser),
    (8, Kind::SignUp),
    (8, Kind::Token),
];

/// A call. The numbers choose whom and what it is about.
#[derive(Clone, Debug)]
struct Act {
    kind: Kind,
    organization: usize,
    user: usize,
    bits: usize,
    caller: usize,
    /// Chooses, mostly, among those whom the call can be about.
    chance: usize,
}

/// A call, with whom it is about.
struct Aimed<'a> {
    act: &'a Act,
    user: String,
    organization: String,
}

/// What becomes of the calls of the database in a step.
#[derive(Clone, Debug)]
enum Fault {
    None,
    /// The next calls of this operation fail so often.
    Fails(&'static str, Failing, usize),
    /// So many calls arrive. Then the function is dead.
    Dead(usize),
}

/// How a call of the database fails.
#[derive(Clone, Copy, Debug)]
enum Failing {
    Throttled,
    Conflict,
    Lost,
    AnswerLost,
}

impl Failing {
    fn fate(self) -> Fate {
        match self {
            Self::Throttled => Fate::error("ThrottlingException", "slow down"),
            Self::Conflict => Fate::canceled(&["TransactionConflict"]),
            Self::Lost => Fate::Lost,
            Self::AnswerLost => Fate::AnswerLost,
        }
    }
}

/// Calls side by side.
#[derive(Clone, Debug)]
struct Step {
    acts: Vec<Act>,
    fault: Fault,
    /// Whether the callers try again afterwards.
    is_repeated: bool,
    pause: u64,
}

fn histories() -> impl Strategy<Value = (Vec<Step>, Trouble)> {
    (prop::collection::vec(step(), 10..40), publishing::trouble())
}

fn step() -> impl Strategy<Value = Step> {
    let acts = prop_oneof![
        6 => prop::collection::vec(act(), 1),
        3 => prop::collection::vec(act(), 2..5),
    ];
    (acts, fault(), any::<bool>(), select(vec![0, 1, 1_000]))
        .prop_map(|(acts, fault, is_repeated, pause)| Step { acts, fault, is_repeated, pause })
}

fn act() -> impl Strategy<Value = Act> {
    let kinds: Vec<_> =
        KINDS.iter().flat_map(|(count, kind)| vec![*kind; *count as usize]).collect();
    let about = (0..ORGANIZATIONS, 0..USERS, 0..256_usize, 0..256_usize);
    (select(kinds), about, 0..CALLERS.len()).prop_map(
        |(kind, (organization, user, bits, chance), caller)| Act {
            kind,
            organization,
            user,
            bits,
            caller,
            chance,
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    let write = |failing| ("TransactWriteItems", failing);
    let failing = select(vec![
        write(Failing::Throttled),
        write(Failing::Conflict),
        write(Failing::Lost),
        write(Failing::AnswerLost),
        ("BatchWriteItem", Failing::Lost),
        ("BatchWriteItem", Failing::AnswerLost),
        ("PutItem", Failing::AnswerLost),
        ("TransactGetItems", Failing::Lost),
        ("Query", Failing::Lost),
    ]);
    prop_oneof![
        6 => Just(Fault::None),
        3 => (failing, 1..5_usize).prop_map(|((operation, how), times)| Fault::Fails(operation, how, times)),
        1 => (0..16_usize).prop_map(Fault::Dead),
    ]
}

#[test]
fn what_is_told_is_what_has_changed_in_every_generated_history() {
    let histories =
        std::env::var(HISTORIES).map_or(100, |histories| histories.parse().expect("a number"));
    let seed = match std::env::var(SEED) {
        Ok(seed) => u64::from_str_radix(&seed, 16).expect("hexadecimal digits"),
        Err(_) => 0x2026,
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{HISTORIES}={histories} {SEED}={seed:x} repeats this where there are {workers} processors"
    );
    let workers = u32::try_from(workers).expect("a few processors");
    let kinds = Mutex::default();
    thread::scope(|scope| {
        for worker in 0..workers {
            let cases = histories / workers + u32::from(worker < histories % workers);
            let kinds = &kinds;
            scope.spawn(move || hold(seed.wrapping_add(worker.into()), cases, kinds));
        }
    });
    let told = kinds.into_inner().expect("no worker has panicked");
    let all = EventType::ALL.iter().filter(|kind| **kind != EventType::MembershipUpdated);
    let never: Vec<_> = all.map(|kind| kind.as_str()).filter(|it| !told.contains(*it)).collect();
    assert!(histories < ENOUGH || never.is_empty(), "no history tells {never:?}");
}

/// The events that any history has told.
type Kinds = Mutex<BTreeSet<String>>;

fn hold(seed: u64, cases: u32, kinds: &Kinds) {
    let config =
        Config { failure_persistence: None, cases, max_shrink_iters: 200, ..Config::default() };
    let seed = [seed.to_le_bytes(); 4].concat();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let held = TestRunner::new_with_rng(config, rng).run(&histories(), |(steps, trouble)| {
        // The servers of a world end with its runtime.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let checked = runtime.expect("a runtime").block_on(check(&steps, &trouble, kinds));
        checked.map_err(TestCaseError::fail)
    });
    match held {
        Ok(()) => {}
        Err(TestError::Fail(difference, history)) => panic!("{difference}\nin {history:?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

async fn check(steps: &[Step], trouble: &Trouble, kinds: &Kinds) -> Result<(), String> {
    let mut history = History::new().await;
    let mut model = Model::default();
    let mut stream = history.world.stream();
    let mut written = stream.next();
    let begin = history.now();
    let actors = vec![json!({ "type": "api" })];
    model.step(&written, &Calls { actors, ..Calls::default() }, [&begin, &begin])?;
    for (number, step) in steps.iter().enumerate() {
        let begin = history.now();
        let calls =
            history.step(step, &model).await.map_err(|error| format!("step {number}: {error}"))?;
        let new = stream.next();
        let held = model.step(&new, &calls, [&begin, &history.now()]);
        held.map_err(|error| format!("step {number}, {step:?}: {error}"))?;
        written.extend(new);
    }
    let events = model.told.iter().flat_map(|told| &told.events);
    let told = events.filter_map(|event| event["type"].as_str().map(str::to_owned));
    kinds.lock().expect("no worker has panicked").extend(told);
    World::assert_list_and_index_agree(&history.world.items().await);
    publishing::check(&mut history.world, &written, &model.told, trouble).await
}

/// A world, and the ids of what was made in it.
struct History {
    world: World,
    roles: RefCell<Vec<String>>,
    users: RefCell<Vec<String>>,
}

impl History {
    /// A world with two roles and an organization that lists two domains, by one of which users
    /// ask to join.
    async fn new() -> Self {
        let users = (0..USERS).map(|user| {
            let id = format!("user-{user}");
            pool_user(&id, &id, &address(user, 0), true)
        });
        let pool = Pool::with_users(SignIn::Name, users);
        for provider in PROVIDERS {
            pool.add_provider(provider, "SAML");
        }
        let world = World::with_pool(&pool).await;
        let roles = vec![world.role("A").await, world.role("B").await];
        world.listing("org-0", &["d0.example", "d1.example"]).await;
        let path = "/organizations/org-0/jit/email-domains/d1.example";
        assert_eq!(world.patch(path, &json!({ "enrollment": "request" })).await.status, 200);
        let users = (0..USERS).map(|user| format!("user-{user}")).collect();
        Self { world, roles: RefCell::new(roles), users: RefCell::new(users) }
    }

    fn now(&self) -> String {
        format!("{:.3}", self.world.app.clock.now())
    }

    /// Makes the calls of a step, and says what was asked for.
    async fn step(&self, step: &Step, model: &Model) -> Result<Calls, String> {
        let Step { acts, fault, is_repeated, pause } = step;
        self.world.pass(Duration::from_millis(*pause));
        let mut calls = Calls::default();
        let places = model.places();
        let acts: Vec<_> = acts.iter().map(|act| self.aim(act, &places)).collect();
        acts.iter().for_each(|act| self.note(act, &mut calls));
        match fault {
            Fault::None => {}
            Fault::Fails(operation, how, times) => {
                (0..*times).for_each(|_| self.world.wire.next(operation, how.fate()));
            }
            Fault::Dead(after) => self.world.wire.cut_after(*after),
        }
        let statuses = join_all(acts.iter().map(|act| self.act(act))).await;
        self.world.wire.mend();
        let is_quiet = matches!(fault, Fault::None) && acts.len() == 1;
        if is_quiet && statuses.iter().any(|status| *status >= 500) {
            return Err(format!("{:?} are answered with {statuses:?}", step.acts));
        }
        if *is_repeated {
            // There may be other users by now.
            acts.iter().for_each(|act| self.note(act, &mut calls));
            join_all(acts.iter().map(|act| self.act(act))).await;
        }
        Ok(calls)
    }

    fn user(&self, number: usize) -> String {
        let users = self.users.borrow();
        users[number % users.len()].clone()
    }

    fn role(&self, number: usize) -> String {
        let roles = self.roles.borrow();
        roles[number % roles.len()].clone()
    }

    /// The newest users, chosen by the bits of a number.
    fn some_users(&self, bits: usize) -> Vec<String> {
        let users = self.users.borrow();
        let newest = users.iter().rev().take(USERS).enumerate();
        newest.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, user)| user.clone()).collect()
    }

    /// Two roles, one, or none.
    fn some_roles(&self, bits: usize) -> Vec<String> {
        let chosen = [bits, bits + 1].map(|number| self.role(number));
        let mut chosen = chosen[..bits / 4 % 3].to_vec();
        chosen.dedup();
        chosen
    }

    /// Chooses whom a call is about.
    fn aim<'a>(&self, act: &'a Act, places: &[(&str, String, String)]) -> Aimed<'a> {
        let standing = match act.kind {
            Kind::DeleteUser
            | Kind::RemoveMember
            | Kind::AddMemberRoles
            | Kind::ReplaceMemberRoles
            | Kind::RemoveMemberRole => "member",
            Kind::Approve | Kind::Decline => "request",
            Kind::ClearRemoved => "mark",
            _ => "",
        };
        let fitting: Vec<_> = places.iter().filter(|(what, ..)| *what == standing).collect();
        if !act.chance.is_multiple_of(4)
            && let Some((_, user, organization)) = fitting.get(act.chance % fitting.len().max(1))
        {
            let (user, organization) = (user.clone(), organization.clone());
            return Aimed { act, user, organization };
        }
        let organization = format!("org-{}", act.organization);
        Aimed { act, user: self.user(act.user), organization }
    }

    /// What a call asks for.
    fn note(&self, Aimed { act, user, organization }: &Aimed<'_>, calls: &mut Calls) {
        let Act { kind, bits, caller, .. } = **act;
        let (user, organization) = (user.clone(), organization.clone());
        let named = || (organization.clone(), user.clone());
        calls.actors.push(match kind {
            Kind::SignUp => json!({ "type": "trigger", "entryPath": "PostConfirmation" }),
            Kind::Token => json!({ "type": "trigger", "entryPath": "PreTokenGeneration" }),
            Kind::HourlyCheck => json!({ "type": "schedule" }),
            _ => match CALLERS[caller] {
                Some((client, subject)) => {
                    json!({ "type": "api", "clientId": client, "subject": subject })
                }
                None => json!({ "type": "api" }),
            },
        });
        match kind {
            Kind::RemoveMember => drop(calls.removed.insert(named())),
            Kind::ReplaceMembers => {
                let stay: BTreeSet<_> = self.some_users(bits).into_iter().collect();
                calls.replaced.push((organization, stay));
            }
            Kind::Approve => drop(calls.approved.insert(named())),
            Kind::Decline => drop(calls.declined.insert(named())),
            Kind::SignUp | Kind::Token => drop(calls.appeared.insert(user)),
            _ => {}
        }
    }

    /// Makes a call, and answers its status.
    async fn act(&self, aimed: &Aimed<'_>) -> u16 {
        let Aimed { act, user, .. } = aimed;
        let (world, kind, bits) = (&self.world, act.kind, act.bits);
        match kind {
            Kind::SignUp | Kind::Token => {
                self.appear(act, user).await;
                return 200;
            }
            Kind::HourlyCheck => {
                world.pass(Duration::from_secs(3_600));
                self.record(bits).await;
                let run = functions::function("check-email-domains").expect("a function").entry;
                let functions::Entry::Schedule(run) = run else { unreachable!("it is a schedule") };
                return if run(&world.app).await.is_ok() { 200 } else { 503 };
            }
            Kind::Verify => self.record(bits).await,
            _ => {}
        }
        let (method, path, body) = self.request(aimed);
        let ask = world.ask(method, &path);
        let ask = match CALLERS[act.caller] {
            Some((client, subject)) => ask.caller(client, subject),
            None => ask,
        };
        let ask = if body.is_null() { ask } else { ask.json(&body) };
        let answer = ask.send().await;
        let id = answer.body["id"].as_str().filter(|_| answer.status == 201).map(str::to_owned);
        match kind {
            Kind::CreateRole => self.roles.borrow_mut().extend(id),
            Kind::CreateUser => self.users.borrow_mut().extend(id),
            _ => {}
        }
        answer.status.as_u16()
    }

    /// Adds the record of some domain in DNS, or removes it.
    async fn record(&self, bits: usize) {
        let items = self.world.items().await;
        for ((pk, _), item) in items.iter().filter(|((pk, _), _)| pk.starts_with("DOMAIN#")) {
            let Some(token) = item.get("ownership").and_then(|it| it["token"].as_str()) else {
                continue;
            };
            let name = format!("_usher-challenge.{}", &pk["DOMAIN#".len()..]);
            let value = format!("usher-domain-verification={token}");
            let name_server = &self.world.name_server;
            if bits & 1 == 0 {
                name_server.add(&name, &value).await.expect("a name");
            } else {
                name_server.remove(&name).await.expect("a name");
            }
        }
    }

    /// The user appears with an address, and perhaps with an identity.
    async fn appear(&self, act: &Act, user: &str) {
        let mut attributes = verified(user, &address(act.user, act.bits));
        let mut name = user.to_owned();
        if (act.bits / 8).is_multiple_of(4) {
            let provider = PROVIDERS[act.bits % 2];
            name = format!("{provider}_{user}");
            attributes["identities"] = json!([
                { "userId": user, "providerName": provider, "providerType": "SAML" }
            ])
            .to_string()
            .into();
        }
        let (function, version, source) = match act.kind {
            Kind::SignUp => ("post-confirmation", "1", "PostConfirmation_ConfirmSignUp"),
            _ => ("pre-token-generation", "2", "TokenGeneration_Authentication"),
        };
        let mut event = trigger_event(version, source, &attributes);
        event["userName"] = name.into();
        self.world.trigger(function, &event).await.expect("an answer");
    }

    fn request(&self, aimed: &Aimed<'_>) -> (Method, String, Value) {
        const ENROLLMENTS: [&str; 3] = ["automatic", "request", "off"];
        let Aimed { act, user, organization } = aimed;
        let Act { kind, bits, .. } = **act;
        let acme = format!("/organizations/{organization}");
        let domains = format!("{acme}/jit/email-domains");
        let domain = format!("{domains}/{}", DOMAINS[bits % DOMAINS.len()]);
        let providers = format!("{acme}/jit/sso-connectors");
        let provider = format!("{providers}/{}", PROVIDERS[bits % PROVIDERS.len()]);
        let defaults = format!("{acme}/jit/roles");
        let (members, member) = (format!("{acme}/users"), format!("{acme}/users/{user}"));
        let request = format!("{acme}/join-requests/{user}");
        let role = format!("/organization-roles/{}", self.role(bits));
        let roles = naming_roles(&self.some_roles(bits));
        let enrollment = json!({ "enrollment": ENROLLMENTS[bits % 3] });
        let (none, post) = (json!(null), Method::POST);
        let some = |of: &[&str]| {
            let chosen = of.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
            chosen.map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()
        };
        let texts = match bits % 4 {
            0 => json!({ "name": format!("Name {}", bits % 3) }),
            1 => json!({ "description": "Text" }),
            2 => json!({ "description": null }),
            _ => json!({ "name": format!("Name {bits}"), "description": format!("Text {bits}") }),
        };
        match kind {
            Kind::CreateOrganization => {
                let mut body = json!({ "id": organization, "name": "New" });
                if bits & 1 == 0 {
                    body["customData"] = json!({ "bits": bits });
                }
                (post, "/organizations".to_owned(), body)
            }
            Kind::UpdateOrganization => {
                let data = json!({ "customData": { "bits": bits / 16 } });
                let body = if bits / 4 % 2 == 0 { with(texts, data) } else { texts };
                (Method::PATCH, acme, body)
            }
            Kind::DeleteOrganization => (Method::DELETE, acme, none),
            Kind::CreateRole => {
                let body = json!({ "name": format!("Role {bits}") });
                (post, "/organization-roles".to_owned(), body)
            }
            Kind::UpdateRole => (Method::PATCH, role, texts),
            Kind::DeleteRole => (Method::DELETE, role, none),
            Kind::AddDomain => {
                let mut body = json!({ "emailDomain": DOMAINS[bits % DOMAINS.len()] });
                if bits / 8 % 2 == 0 {
                    body["ownership"] = "pending".into();
                }
                if bits / 16 % 2 == 0 {
                    body["enrollment"] = enrollment["enrollment"].clone();
                }
                (post, domains, body)
            }
            Kind::ReplaceDomains => {
                (Method::PUT, domains, json!({ "emailDomains": some(&DOMAINS) }))
            }
            Kind::UpdateDomain => {
                let body = match bits / 16 % 4 {
                    0 | 1 => enrollment,
                    2 => with(roles, json!({ "subdomains": bits & 1 == 0 })),
                    _ => json!({ "existingUsers": ENROLLMENTS[bits / 4 % 3] }),
                };
                (Method::PATCH, domain, body)
            }
            Kind::DeleteDomain => (Method::DELETE, domain, none),
            Kind::Vouch => (post, format!("{domain}/vouch"), none),
            Kind::Verify => (post, format!("{domain}/verify"), none),
            Kind::AddProviders => {
                let named = json!({ "ssoConnectorIds": some(&PROVIDERS) });
                (post, providers, with(named, enrollment))
            }
            Kind::ReplaceProviders => {
                (Method::PUT, providers, json!({ "ssoConnectorIds": some(&PROVIDERS) }))
            }
            Kind::UpdateProvider => {
                let addresses = if bits & 1 == 0 { "any" } else { "listed" };
                let body = with(enrollment, json!({ "emailDomains": addresses }));
                (Method::PATCH, provider, body)
            }
            Kind::DeleteProvider => (Method::DELETE, provider, none),
            Kind::AddDefaultRoles => (post, defaults, roles),
            Kind::ReplaceDefaultRoles => (Method::PUT, defaults, roles),
            Kind::DeleteDefaultRole => {
                (Method::DELETE, format!("{defaults}/{}", self.role(bits)), none)
            }
            Kind::AddMembers => {
                let named =
                    json!({ "userIds": self.some_users(bits), "restoreRoles": bits & 1 == 0 });
                (post, members, with(named, roles))
            }
            Kind::ReplaceMembers => {
                (Method::PUT, members, json!({ "userIds": self.some_users(bits) }))
            }
            Kind::RemoveMember => (Method::DELETE, member, none),
            Kind::ClearRemoved => (Method::DELETE, format!("{acme}/removed-users/{user}"), none),
            Kind::AddMemberRoles => (post, format!("{member}/roles"), roles),
            Kind::ReplaceMemberRoles => (Method::PUT, format!("{member}/roles"), roles),
            Kind::RemoveMemberRole => {
                (Method::DELETE, format!("{member}/roles/{}", self.role(bits)), none)
            }
            Kind::AssignMemberRoles => {
                let named = json!({ "userIds": self.some_users(bits) });
                (post, format!("{members}/roles"), with(named, roles))
            }
            Kind::Approve => {
                let body = if bits & 1 == 0 { json!({}) } else { roles };
                (post, format!("{request}/approve"), body)
            }
            Kind::Decline => (post, format!("{request}/decline"), none),
            Kind::CreateUser => {
                let address = address(act.user, bits);
                let body = json!({ "primaryEmail": address, "username": format!("new-{bits}") });
                (post, "/users".to_owned(), body)
            }
            Kind::DeleteUser => (Method::DELETE, format!("/users/{user}"), none),
            Kind::SignUp | Kind::Token | Kind::HourlyCheck => unreachable!("it is no request"),
        }
    }
}

/// An address of a user. Two users have the same ones.
fn address(user: usize, bits: usize) -> String {
    format!("a{}@{}", user / 2, DOMAINS[bits % DOMAINS.len()])
}
