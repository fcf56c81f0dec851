//! One cell: a scenario, one of its calls, a fault, and how far it reaches.

use std::time::Duration;

use dynoxide::Database;
use functions::Entry;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::ambient::Stopwatch;
use shared::capabilities::Policies;
use shared::clients::Waits;
use shared::runtime::TRIGGER_DEADLINE;
use tempfile::TempDir;
use tokio::time::timeout;

use super::scenarios::{Scenario, about};
use super::state::{State, without_chance};
use crate::audit;
use crate::support::{Fate, Items, Logs, Pool, Reach, World, service};

/// When scenarios begin, in milliseconds since 1970. All that there is then is older.
pub(super) const BEGIN: i64 = 1_767_229_200_000;
/// When the world of the scenarios is made.
pub(super) const BEFORE: i64 = BEGIN - 3_600_000;
/// A wait that no time-out ends.
const SHORT: Duration = Duration::from_millis(300);

/// What all scenarios begin with.
pub(super) struct Base {
    folder: TempDir,
    pool: Pool,
    users: Vec<Value>,
    pub(super) roles: [String; 2],
    /// What has changed, as the stream brings it.
    pub(super) records: Vec<Value>,
    /// All items.
    before: Items,
}

impl Base {
    /// The world of the audit lines. There, beta lists a domain of acme's, for new users alone. Gamma lists
    /// one by which users ask to join. Pat and Peg, who have the same address, are members of acme and of
    /// beta. Somebody whose address is used again was removed from acme.
    pub(super) async fn new() -> Self {
        let pool = audit::pool();
        let database = Database::memory().expect("memory");
        usher_local::prepare(&database).expect("infra/storage.yaml defines the table");
        let world = World::staged(&database, Policies::default(), &pool, Waits::HTTP, BEFORE).await;
        let roles = audit::furnish(&world, &pool).await;
        world.listing("beta", &["a.example"]).await;
        world.listing("gamma", &["c.example"]).await;
        for (path, settings) in [
            ("beta/jit/email-domains/a.example", json!({ "existingUsers": "off" })),
            ("gamma/jit/email-domains/c.example", json!({ "enrollment": "request" })),
        ] {
            let answer = world.patch(&format!("/organizations/{path}"), &settings).await;
            assert_eq!(answer.status, 200, "{:#}", answer.body);
        }
        for (user, email) in
            [("pat", "p@a.example"), ("peg", "p@a.example"), ("earlier", "gone@a.example")]
        {
            world.sign_up(user, email).await;
        }
        assert_eq!(world.delete("/organizations/acme/users/earlier").await.status, 204);
        let folder = TempDir::new().expect("a folder");
        let base = Self {
            users: pool.users(),
            records: world.changes(),
            before: world.items_now(),
            folder,
            pool,
            roles,
        };
        database.vacuum_into(&base.snapshot()).expect("a snapshot");
        base
    }

    fn snapshot(&self) -> String {
        self.folder.path().join("snapshot").to_str().expect("a path").to_owned()
    }

    /// A world for functions that wait so long for AWS.
    pub(super) async fn world(&self, waits: Waits) -> World {
        let database = Database::memory().expect("memory");
        World::staged(&database, Policies::default(), &self.pool, waits, BEGIN).await
    }

    /// Makes a world what it is before each scenario.
    pub(super) fn begin(&self, world: &World) {
        world.reset(&self.snapshot(), BEGIN);
        self.pool.set_users(&self.users);
        drop((self.pool.requests(), world.bus.events()));
    }

    fn state(&self, world: &World) -> State {
        State::since(&self.before, world, &self.pool)
    }
}

/// How an event was answered.
#[derive(Clone, Debug, PartialEq)]
struct Answered {
    /// Of an operation; 200 of anything else that has an answer, and 500 without one.
    status: u64,
    /// Whether the caller is told to come again.
    is_to_be_repeated: bool,
    body: Value,
    /// The audit lines that it has left.
    audited: Vec<String>,
    /// Whether the log says that a fresh proof is lost.
    is_proof_lost: bool,
}

/// What a scenario is without a fault.
struct Reference {
    before: State,
    operations: Vec<String>,
    answered: Answered,
    after: State,
    then: Then,
    /// How it is answered again, and what comes of that.
    repeated: Answered,
    then_again: Then,
    /// What comes of the token of a user who has not appeared before, and has no fresh proof.
    stranger: Option<Then>,
}

/// What a token comes to, and what there is after it.
#[derive(Clone, Debug)]
struct Then {
    claims: String,
    state: State,
}

/// A fault of a call.
struct Fault {
    what: &'static str,
    fate: Fate,
    /// Whether the call may be carried out all the same.
    may_be_done: bool,
    /// Whether it is answered in the end, as often as the fault comes.
    is_harmless: bool,
}

/// The faults that a call of this operation can have.
fn faults(operation: &str) -> Vec<Fault> {
    let fault = |what, fate| Fault { what, fate, may_be_done: false, is_harmless: false };
    let done = |what, fate| Fault { may_be_done: true, ..fault(what, fate) };
    let throttled = match service(operation) {
        "Cognito" => Fate::error("TooManyRequestsException", "Rate exceeded"),
        _ => Fate::error("ThrottlingException", "slow down"),
    };
    let mut faults = vec![
        fault("no answer", Fate::Hang),
        Fault { is_harmless: true, ..fault("a late answer", Fate::Late(SHORT)) },
        fault("a lost connection", Fate::Lost),
        fault("500", Fate::Reply { status: 500, body: Value::Null }),
        fault("throttled", throttled),
    ];
    let is_write = matches!(
        operation,
        "TransactWriteItems"
            | "PutItem"
            | "BatchWriteItem"
            | "AdminCreateUser"
            | "AdminDeleteUser"
            | "PutEvents"
            | "SendMessage"
    );
    if is_write {
        faults.extend([
            done("a lost answer", Fate::AnswerLost),
            done("no answer, but done", Fate::Unanswered),
            done("no answer, and done much later", Fate::Stray),
        ]);
    }
    if operation.starts_with("Transact") {
        faults.extend([
            fault("a conflict", Fate::Canceled("TransactionConflict")),
            fault("a throttled transaction", Fate::Canceled("ThrottlingError")),
        ]);
    }
    if operation == "TransactWriteItems" {
        faults.push(fault("in progress", Fate::error("TransactionInProgressException", "not yet")));
    }
    if operation.starts_with("Batch") {
        faults.push(done("half of it", Fate::Half));
    }
    faults
}

/// How far the faults of a call reach.
fn reaches(fault: &Fault) -> &'static [Reach] {
    match fault.fate {
        // One service is down, and not only a kind of its calls.
        Fate::Hang | Fate::Lost => &[Reach::Once, Reach::Operation, Reach::Service],
        _ => &[Reach::Once, Reach::Operation],
    }
}

/// Tries each cell of a scenario.
pub(super) async fn try_all(
    base: &Base,
    scenario: &Scenario,
    cells: &mut usize,
    wrong: &mut Vec<String>,
) {
    let mut world = base.world(scenario.waits()).await;
    if scenario.asks_dns() {
        world.add_record("b.example").await;
        world.wire.stop_the_clock_after_faults();
    }
    let reference = reference(base, &mut world, scenario).await;
    for (number, operation) in reference.operations.iter().enumerate() {
        for fault in faults(operation) {
            for reach in reaches(&fault) {
                *cells += 1;
                let cell = Cell {
                    base,
                    scenario,
                    reference: &reference,
                    number,
                    fault: &fault,
                    reach: *reach,
                };
                if let Err(error) = cell.hold(&mut world).await {
                    wrong.push(format!(
                        "{}: {operation} ({number} of {}), {}, {reach:?}: {error}",
                        scenario.what,
                        reference.operations.join(" "),
                        fault.what,
                    ));
                }
            }
        }
    }
}

/// Makes a world what it is before a scenario.
fn begin(base: &Base, world: &mut World, scenario: &Scenario) {
    base.begin(world);
    if scenario.function.name == "users" {
        // A user pool keeps the answer to one call.
        world.app.user_pool = base.pool.user_pool_over(&world.wire, scenario.waits());
    }
}

async fn reference(base: &Base, world: &mut World, scenario: &Scenario) -> Reference {
    begin(base, world, scenario);
    let before = base.state(world);
    let answered = ask(world, scenario).await.expect("an answer");
    let operations = world.wire.traffic().operations;
    let after = base.state(world);
    let then = then(base, world, scenario).await.expect("an answer");
    begin(base, world, scenario);
    ask(world, scenario).await.expect("an answer");
    let repeated = ask(world, scenario).await.expect("an answer");
    let then_again = self::then(base, world, scenario).await.expect("an answer");
    assert!(answered.status < 300, "{}: {answered:?}", scenario.what);
    begin(base, world, scenario);
    if let Some(created) = scenario.created(base.users.len()) {
        base.pool.add(created);
    }
    let stranger = self::then(base, world, scenario).await.expect("an answer");
    let stranger = scenario.is_entry_path().then_some(stranger);
    Reference { before, operations, answered, after, then, repeated, then_again, stranger }
}

/// Sends the event of a scenario to its function, which answers in time.
async fn ask(world: &World, scenario: &Scenario) -> Result<Answered, String> {
    let logs = Logs::capture();
    let limit = match scenario.function.entry {
        // The start of the function, which counts too, takes less than what is left of 4.2 seconds.
        Entry::Trigger(_) => TRIGGER_DEADLINE + Duration::from_millis(20),
        _ => Duration::from_secs(scenario.function.timeout.unwrap_or(10).into()),
    };
    let asked = async {
        match scenario.function.entry {
            Entry::Http(_) => {
                let answer = world.invoke(scenario.function.name, &scenario.event).await;
                let status = answer["statusCode"].as_u64().expect("a status");
                let text = answer["body"].as_str().unwrap_or_default();
                let retry_after = answer["headers"]["retry-after"].is_string();
                (status, retry_after, serde_json::from_str(text).unwrap_or_default())
            }
            Entry::Trigger(_) => {
                let answer = world.trigger(scenario.function.name, &scenario.event).await;
                (200, false, answer.expect("no failure is the answer"))
            }
            Entry::Schedule(run) => match run(&world.app).await {
                Ok(()) => (200, false, Value::Null),
                Err(error) => (500, true, error.to_string().into()),
            },
            Entry::Stream(handle) => {
                let event = to_raw_value(&scenario.event).expect("JSON");
                match handle(&world.app, event).await {
                    Ok(answer) => {
                        let answer: Value = serde_json::from_str(answer.get()).expect("JSON");
                        let is_done = answer["batchItemFailures"] == json!([]);
                        (200, !is_done, answer)
                    }
                    Err(error) => (500, true, error.to_string().into()),
                }
            }
        }
    };
    let taken = Stopwatch::start();
    let answered = timeout(limit, asked).await;
    let Ok((status, is_to_be_repeated, body)) = answered else {
        return Err(format!("no answer after {:?}", taken.elapsed()));
    };
    let lines = logs.lines();
    let audited = lines.iter().filter(|line| line["message"] == "audit");
    let audited = audited.map(|line| without_chance(&line.to_string())).collect();
    let says_lost = |line: &Value| {
        line["message"].as_str().is_some_and(|it| it.starts_with("the fresh proof is lost"))
    };
    let is_proof_lost = lines.iter().any(says_lost);
    Ok(Answered { status, is_to_be_repeated, body, audited, is_proof_lost })
}

/// Issues the token after a scenario.
async fn then(base: &Base, world: &World, scenario: &Scenario) -> Result<Then, String> {
    let newest = base.pool.users().last().map(|it| it["Attributes"][0]["Value"].clone());
    let newest = newest.and_then(|it| Some(it.as_str()?.to_owned())).expect("a user");
    let event = about(&scenario.token, &newest);
    let function = functions::function("pre-token-generation").expect("it");
    let token =
        Scenario { what: String::new(), function, event, token: Value::Null, has_parts: false };
    let answered = ask(world, &token).await?;
    let claims = without_chance(&answered.body["response"].to_string());
    Ok(Then { claims, state: base.state(world) })
}

/// One cell.
struct Cell<'a> {
    base: &'a Base,
    scenario: &'a Scenario,
    reference: &'a Reference,
    /// The call that has the fault.
    number: usize,
    fault: &'a Fault,
    reach: Reach,
}

impl Cell<'_> {
    async fn hold(&self, world: &mut World) -> Result<(), String> {
        let Self { base, scenario, number, fault, reach, .. } = self;
        begin(base, world, scenario);
        let world = &*world;
        // Calls side by side come in any order, but as many of each operation.
        let operations = &self.reference.operations;
        let operation = &operations[*number];
        let before = operations[..*number].iter().filter(|it| *it == operation).count();
        world.wire.disturb(operation, before, *reach, fault.fate.clone());
        let asked = ask(world, scenario).await;
        if !world.wire.is_disturbed() {
            return Err("the call does not come".to_owned());
        }
        world.wire.mend();
        let at_once = base.state(world);
        let answered = asked?;
        let after = if matches!(fault.fate, Fate::Stray) {
            world.wire.deliver().await;
            base.state(world)
        } else {
            at_once.clone()
        };
        if scenario.is_trigger() {
            self.hold_trigger(world, &answered, &after).await
        } else {
            self.hold_operation(world, &answered, &at_once, &after).await
        }
    }

    /// Whether the fault ends early enough, so that nobody sees it.
    fn is_masked(&self) -> bool {
        // The SDK repeats a call. A creation of a user is not repeated, unless Cognito says that it was
        // refused by rate.
        let operation = &self.reference.operations[self.number];
        let is_repeated = operation != "AdminCreateUser" || self.fault.what == "throttled";
        self.fault.is_harmless || (self.reach == Reach::Once && is_repeated)
    }

    async fn hold_operation(
        &self,
        world: &World,
        answered: &Answered,
        at_once: &State,
        after: &State,
    ) -> Result<(), String> {
        let Self { base, scenario, reference, fault, .. } = self;
        let has_succeeded = answered.status < 300;
        let is_done = *after == reference.after;
        let is_same = *after == reference.before;
        let is_complete = has_succeeded
            && !answered.is_to_be_repeated
            && answered.body.get("provisioned") != Some(&json!(false));
        if is_complete {
            if *at_once != reference.after {
                return Err(format!(
                    "{} claims:{}",
                    answered.status,
                    at_once.difference(&reference.after)
                ));
            }
            let same = |it: &Answered| {
                without_chance(&json!([it.status, it.body, it.audited]).to_string())
            };
            if same(answered) != same(&reference.answered) {
                return Err(format!("{answered:?}\n    not {:?}", reference.answered));
            }
            if is_done {
                // All that comes is as without the fault.
                return Ok(());
            }
        } else if self.is_masked() {
            return Err(format!("not masked: {answered:?}"));
        }
        if !has_succeeded {
            let code = answered.body["code"].as_str().unwrap_or_default();
            let is_known = match scenario.function.entry {
                Entry::Http(_) => matches!(
                    (answered.status, code),
                    (503, "service.unavailable") | (429, "user_pool.too_many_requests")
                ),
                // Lambda repeats the event.
                _ => answered.status == 500,
            };
            if !is_known || !answered.is_to_be_repeated {
                return Err(format!("{answered:?}"));
            }
            let writes = |it: &String| {
                matches!(
                    it.as_str(),
                    "TransactWriteItems" | "BatchWriteItem" | "AdminCreateUser" | "AdminDeleteUser"
                )
            };
            let first_write = reference.operations.iter().position(writes).unwrap_or(usize::MAX);
            if self.number <= first_write && !fault.may_be_done && !is_same && !scenario.has_parts {
                return Err(format!("changed:{}", after.difference(&reference.before)));
            }
            if !(is_same || is_done || scenario.has_parts) {
                return Err(format!("half done:{}", after.difference(&reference.after)));
            }
            if is_same && !answered.audited.is_empty() {
                return Err(format!("nothing is changed, but the log says {:?}", answered.audited));
            }
            let is_request = matches!(scenario.function.entry, Entry::Http(_));
            if is_request && !is_same && !fault.may_be_done && answered.audited.is_empty() {
                return Err(format!(
                    "not in the audit log:{}",
                    after.difference(&reference.before)
                ));
            }
        }
        let again = if has_succeeded && !answered.is_to_be_repeated {
            None
        } else {
            Some(ask(world, scenario).await?)
        };
        let then = then(base, world, scenario).await?;
        let expected: &[(u64, &Then)] = &[
            (reference.answered.status, &reference.then),
            (reference.repeated.status, &reference.then_again),
        ];
        let stranger = reference.stranger.as_ref().filter(|_| answered.is_proof_lost);
        let without_proof = stranger.map(|it| [(reference.answered.status, it)]);
        let expected = if let Some(without_proof) = &without_proof {
            &without_proof[..]
        } else if is_same {
            &expected[..1]
        } else if is_done {
            &expected[1..]
        } else {
            expected
        };
        // Who was told that it is done does not ask again.
        let is_expected = |(wanted, wanted_then): &(u64, &Then)| {
            again.as_ref().is_none_or(|it| it.status == *wanted) && self.is_as(&then, wanted_then)
        };
        if expected.iter().any(is_expected) {
            return Ok(());
        }
        let (wanted, wanted_then) = expected[0];
        Err(format!(
            "{answered:?}, then {again:?}\n    not {wanted}, then {}\n    not {}{}",
            then.claims,
            wanted_then.claims,
            then.state.difference(&wanted_then.state),
        ))
    }

    /// Whether what comes after a token is what is wanted. A user may have come by another path then.
    fn is_as(&self, found: &Then, wanted: &Then) -> bool {
        let is_same = found.state == wanted.state || {
            let by_any_path = |it: &Then| it.state.clone().by_any_path();
            self.scenario.is_entry_path() && by_any_path(found) == by_any_path(wanted)
        };
        found.claims == wanted.claims && is_same
    }

    async fn hold_trigger(
        &self,
        world: &World,
        answered: &Answered,
        after: &State,
    ) -> Result<(), String> {
        let Self { base, scenario, reference, .. } = self;
        // What may not be known to be done has left its proof.
        let is_done = after.clone().without_proof() == reference.after;
        if self.is_masked() && !(is_done && answered.body == reference.answered.body) {
            let found = &answered.body["response"];
            return Err(format!("not masked: {found}{}", after.difference(&reference.after)));
        }
        if !is_done && !after.is_none_but_proof() {
            return Err(format!("half done:{}", after.difference(&reference.after)));
        }
        if answered.is_proof_lost && after.has_proof() && !self.fault.may_be_done {
            return Err("the log says that a proof is lost that is kept".to_owned());
        }
        // It says what is, or nothing.
        let is_silent = answered.body == scenario.event;
        if is_done && answered.body == reference.answered.body {
            return Ok(());
        }
        let claims = &answered.body["response"];
        let is_what_was = is_subset(claims, &reference.answered.body["response"]);
        if !is_silent && !is_what_was {
            return Err(format!("other claims: {claims}"));
        }
        let then = then(base, world, scenario).await?;
        let stranger = reference.stranger.as_ref().filter(|_| answered.is_proof_lost && !is_done);
        let wanted = stranger.unwrap_or(&reference.then);
        if self.is_as(&then, wanted) {
            return Ok(());
        }
        let state = &then.state;
        let difference = state.difference(&wanted.state);
        Err(format!("{claims}, then {}\n    not {}{difference}", then.claims, wanted.claims))
    }
}

/// Whether a response has no claim that the other has not: the same shape, and in each list only what is in
/// the other's.
fn is_subset(found: &Value, all: &Value) -> bool {
    match (found, all) {
        (Value::Object(found), Value::Object(all)) => {
            found.iter().all(|(name, it)| all.get(name).is_some_and(|all| is_subset(it, all)))
        }
        (Value::Array(found), Value::Array(all)) => found.iter().all(|it| all.contains(it)),
        (found, all) => found == all,
    }
}
