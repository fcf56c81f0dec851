//! Lets workers call running processes, and writes down what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::Clock;
use tokio::time::timeout;

use super::history::{History, Millis, Operation, Outcome, Request, commits, texts};
use super::plan::{DOMAINS, ORGANIZATIONS, Step, steps, users};
use crate::events::{Calls, Model};
use crate::support::{
    POOL_ID, Pool, ServerSentEvents, SignIn, UsherLocal, World, http, pool_user, trigger_event,
    verified, written_at,
};

/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(40);
/// A trigger that has taken so long may have run out of time, and answers all the same. No part of it has
/// less.
const IN_TIME: Millis = 900;
/// How long the bus may take for what is left when the callers have ended.
const PUBLISHING: Duration = Duration::from_secs(120);

/// How much a round does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) seed: u64,
    /// How many processes share the database.
    pub(super) processes: usize,
    pub(super) workers: usize,
    /// How many calls each worker makes, at most.
    pub(super) calls: usize,
    /// After this time, no worker makes another one.
    pub(super) longest: Duration,
}

/// The processes, and what their callers know.
struct Runner {
    processes: Vec<UsherLocal>,
    clock: Clock,
    roles: Mutex<Vec<String>>,
    operations: Mutex<Vec<Operation>>,
}

/// What has happened in a round, and what is wrong with what was told, if anything is.
pub(super) async fn run(round: Round) -> (History, Option<String>) {
    let users = users(round.calls);
    let in_pool = users.iter().map(|(user, address)| pool_user(user, user, address, true));
    let pool = Pool::with_users(SignIn::Name, in_pool);
    let runner = Runner::start(round.processes, &pool).await;
    runner.furnish().await;
    let until = runner.clock.now() + round.longest;
    let workers = (0..round.workers).map(|worker| {
        let steps = steps(round.seed, worker, round.calls);
        let runner = &runner;
        async move {
            for step in steps {
                if runner.clock.now() >= until {
                    break;
                }
                runner.step(&step).await;
            }
        }
    });
    join_all(workers).await;
    runner.finish().await
}

impl Runner {
    async fn start(processes: usize, pool: &Pool) -> Self {
        let cognito = format!("http://{}", pool.serve().await);
        let anywhere = "127.0.0.1:0";
        let ports = ["--http", anywhere, "--lambda", anywhere];
        let pool = ["--cognito", &cognito, "--user-pool", POOL_ID];
        let own = ["--dynamodb", anywhere];
        let first = UsherLocal::start_exactly(&[&ports[..], &pool, &own].concat()).await;
        let address = first.dynamodb.to_string();
        let shared = ["--shared-dynamodb", &address];
        let flags = [&ports[..], &pool, &shared].concat();
        let others = (1..processes).map(|_| UsherLocal::start_exactly(&flags));
        let mut processes = vec![first];
        processes.extend(join_all(others).await);
        let (clock, roles) = (Clock::system(), Mutex::default());
        Self { processes, clock, roles, operations: Mutex::default() }
    }

    fn now(&self) -> Millis {
        self.clock.now().as_millisecond()
    }

    fn roles(&self) -> MutexGuard<'_, Vec<String>> {
        self.roles.lock().expect("nobody panics while holding the roles")
    }

    /// Some roles, and the first organizations. They list the domains.
    async fn furnish(&self) {
        for name in ["A", "B", "C"] {
            self.call(0, Request::CreateRole { name: name.to_owned() }).await;
        }
        for number in 0..ORGANIZATIONS - 1 {
            let organization = format!("org-{number}");
            self.call(0, Request::CreateOrganization { organization: organization.clone() }).await;
            let domains = DOMAINS[number..].iter().map(|domain| (*domain).to_owned()).collect();
            self.call(0, Request::ReplaceDomains { organization, domains }).await;
        }
    }

    async fn step(&self, step: &Step) {
        let request = step.request(&self.roles());
        self.call(step.process % self.processes.len(), request).await;
    }

    /// Makes a call, and writes it down.
    async fn call(&self, process: usize, request: Request) {
        let begin = self.now();
        let answer = timeout(PATIENCE, self.send(process, &request)).await;
        // The end of a millisecond, as the beginning is its beginning.
        let end = self.now() + 1;
        let mut outcome =
            answer.unwrap_or_else(|_| Outcome::Unknown("there was no answer".to_owned()));
        if request.appearing().is_some() && outcome_is_done(&outcome) && end - begin > IN_TIME {
            outcome = Outcome::Unknown(format!("it took {} ms", end - begin));
        }
        if let (Request::CreateRole { .. }, Outcome::Done(id)) = (&request, &outcome) {
            self.roles().extend(id.as_str().map(str::to_owned));
        }
        let operation = Operation { begin, end, process, request, outcome };
        self.operations.lock().expect("nobody panics while holding the calls").push(operation);
    }

    async fn send(&self, process: usize, request: &Request) -> Outcome {
        let local = &self.processes[process];
        let Some((method, path, body)) = request.call() else {
            return self.appear(local, request).await;
        };
        let (headers, body): (&[_], _) = match body {
            Value::Null => (&[], String::new()),
            body => (&[("content-type", "application/json")], body.to_string()),
        };
        let reply = match http(local.http, method.as_str(), &path, headers, &body).await {
            Ok(reply) => reply,
            Err(error) => return Outcome::Unknown(error.to_string()),
        };
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let ids = |list: &Value| {
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            json!(list.iter().map(|it| &it["id"]).collect::<Vec<_>>())
        };
        match reply.status {
            200..300 => Outcome::Done(match request {
                Request::CreateRole { .. } => body["id"].clone(),
                Request::CreateUser { .. } => json!({
                    "id": body["id"],
                    "provisioned": body["provisioned"],
                    "organizations": ids(&body["organizations"]),
                }),
                Request::ReadOrganizations { .. } => ids(&body),
                _ => Value::Null,
            }),
            400..500 => {
                let code = body["code"].as_str().unwrap_or_default();
                Outcome::Refused(reply.status, code.to_owned())
            }
            status => Outcome::Unknown(format!("{status} {}", reply.body)),
        }
    }

    /// Invokes a trigger. What a token has is the list of organizations.
    async fn appear(&self, local: &UsherLocal, request: &Request) -> Outcome {
        let (user, address) = request.appearing().expect("somebody appears");
        let (function, version, source) = match request {
            Request::SignUp { .. } => ("post-confirmation", "1", "PostConfirmation_ConfirmSignUp"),
            _ => ("pre-token-generation", "2", "TokenGeneration_Authentication"),
        };
        let event = trigger_event(version, source, &verified(user, address));
        let path = format!("/2015-03-31/functions/{function}/invocations");
        match http(local.lambda, "POST", &path, &[], &event.to_string()).await {
            Ok(reply) if reply.status == 200 => {
                let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
                let claims = &answer["response"]["claimsAndScopeOverrideDetails"];
                let claims = &claims["idTokenGeneration"]["claimsToAddOrOverride"];
                match request {
                    Request::SignUp { .. } => Outcome::Done(Value::Null),
                    _ if claims["organizations"].is_array() => {
                        Outcome::Done(claims["organizations"].clone())
                    }
                    _ => Outcome::Unknown("the token has no claims".to_owned()),
                }
            }
            Ok(reply) => Outcome::Unknown(format!("{} {}", reply.status, reply.body)),
            Err(error) => Outcome::Unknown(error.to_string()),
        }
    }

    /// Deletes the rest of what was deleted, waits for the bus, and reads the table.
    async fn finish(self) -> (History, Option<String>) {
        let first = &self.processes[0];
        self.delete_the_rest().await;
        // What a call without an answer has left may arrive late.
        let (written, commits, items, published, missing) = loop {
            let written = written_at(first.dynamodb).await;
            let commits = commits(&written);
            let told = commits.iter().flat_map(|commit| &commit.events);
            let mut missing: BTreeSet<_> =
                told.map(|event| event["id"].as_str().expect("an id").to_owned()).collect();
            let published = published(first, &mut missing).await;
            let items = World::items_and_changes_at(first.dynamodb).await;
            if super::history::commits(&written_at(first.dynamodb).await).len() == commits.len() {
                break (written, commits, items, published, missing);
            }
        };
        let (counts, listed) = self.counts_and_lists().await;
        let mut operations = self.operations.into_inner().expect("no worker has panicked");
        operations.sort_by_key(|operation| operation.begin);
        let mut logs = Vec::new();
        for process in self.processes {
            logs.push(process.signal("TERM").await.errors);
        }
        note_failures(&mut operations, &logs);

        let calls = calls(&operations);
        let (begin, end) = ("2000-01-01T00:00:00.000Z", "9999-01-01T00:00:00.000Z");
        let mut wrong = Model::default().step(&written, &calls, [begin, end]).err();
        if !missing.is_empty() {
            wrong = wrong.or(Some(format!("{missing:?} are not on the bus after {PUBLISHING:?}")));
        }
        (History { operations, commits, published, items, counts, listed }, wrong)
    }

    /// Repeats each deletion that may have left something.
    async fn delete_the_rest(&self) {
        let operations = self.operations.lock().expect("nobody panics").clone();
        let mut again: Vec<Request> = Vec::new();
        for Operation { request, outcome, .. } in operations {
            let is_deletion =
                matches!(request, Request::DeleteOrganization { .. } | Request::DeleteUser { .. });
            let is_refused = matches!(outcome, Outcome::Refused(..));
            if is_deletion && !is_refused && !again.contains(&request) {
                again.push(request);
            }
        }
        for request in again {
            // Once more, if it was not clear.
            for process in 0..3 {
                self.call(process % self.processes.len(), request.clone()).await;
                let operations = self.operations.lock().expect("nobody panics");
                if !matches!(operations.last(), Some(it) if matches!(it.outcome, Outcome::Unknown(_)))
                {
                    break;
                }
            }
        }
    }

    /// How many members each organization has, and which, as the API says it.
    async fn counts_and_lists(&self) -> (BTreeMap<String, u64>, BTreeMap<String, Vec<String>>) {
        let (mut counts, mut listed) = (BTreeMap::new(), BTreeMap::new());
        let last = self.processes.last().expect("a process");
        let get = async |path: &str| -> Value {
            let reply = http(last.http, "GET", path, &[], "").await.expect("an answer");
            assert_eq!(reply.status, 200, "{reply:?}");
            reply.body.parse().expect("JSON")
        };
        let organizations = get("/organizations?showCounts=true").await;
        for organization in organizations.as_array().expect("a list") {
            let id = organization["id"].as_str().expect("an id").to_owned();
            let members = get(&format!("/organizations/{id}/users?page_size=100")).await;
            let members = members.as_array().expect("a list").iter().map(|it| it["id"].clone());
            listed.insert(id.clone(), texts(&members.collect()));
            counts.insert(id, organization["usersCount"].as_u64().expect("a number"));
        }
        (counts, listed)
    }
}

fn outcome_is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

/// The events on the bus, once all of these have come. Those that have not stay among them.
async fn published(local: &UsherLocal, missing: &mut BTreeSet<String>) -> Vec<Value> {
    let mut published = Vec::new();
    let mut events = ServerSentEvents::after(local, "from the beginning").await;
    let all = async {
        while !missing.is_empty() {
            let event = events.next().await["detail"].take();
            missing.remove(event["id"].as_str().unwrap_or_default());
            published.push(event);
        }
    };
    // It says itself what has not come.
    let _ = timeout(PUBLISHING, all).await;
    published
}

/// A trigger that could not do its work says so in the log alone.
fn note_failures(operations: &mut [Operation], logs: &[String]) {
    let lines = logs.iter().flat_map(|log| log.lines());
    for line in lines.filter(|line| line.contains("not provisioned")) {
        let time = line.split(' ').next().and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let at = time.expect("a line begins with its time").as_millisecond();
        for operation in operations.iter_mut() {
            let names = |(user, _): (&str, &str)| line.contains(user);
            let is_meant = operation.request.appearing().is_some_and(names);
            if is_meant && operation.begin <= at && at <= operation.end {
                operation.outcome = Outcome::Unknown(line.to_owned());
            }
        }
    }
}

/// What was asked for in a round, for the model of what is told.
fn calls(operations: &[Operation]) -> Calls {
    let mut calls = Calls {
        actors: vec![
            json!({ "type": "api" }),
            json!({ "type": "trigger", "entryPath": "PostConfirmation" }),
            json!({ "type": "trigger", "entryPath": "PreTokenGeneration" }),
        ],
        ..Calls::default()
    };
    for Operation { request, .. } in operations {
        match request.clone() {
            Request::RemoveMember { organization, user } => {
                calls.removed.insert((organization, user));
            }
            Request::ReplaceMembers { organization, users } => {
                calls.replaced.push((organization, users.into_iter().collect()));
            }
            Request::Approve { organization, user, .. } => {
                calls.approved.insert((organization, user));
            }
            Request::Decline { organization, user } => {
                calls.declined.insert((organization, user));
            }
            Request::SignUp { user, .. } | Request::Token { user, .. } => {
                calls.appeared.insert(user);
            }
            _ => {}
        }
    }
    calls
}
