//! Load with churn: sign-ups, tokens, administrators who edit the same few organizations, and deletions, all at
//! once, against one running process and against four that share a database. What they do follows from a
//! seed; in which order it happens does not. A [checker](check) holds what has happened against what must be
//! true in any order.

mod check;
mod history;
mod plan;
mod run;
mod violations;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::Clock;

use check::{Violation, check};
use history::{History, Operation};
use run::{Round, run};

/// Says for how many seconds rounds begin, and how long that is without it.
const SECONDS: &str = "CHURN_SECONDS";
const SOME_SECONDS: u64 = 20;
/// Names another seed, in hexadecimal digits.
const SEED: &str = "CHURN_SEED";
/// How many processes there are, one round after the other.
const PROCESSES: [usize; 2] = [1, 4];
const WORKERS: usize = 8;
/// How many calls a worker makes in a round. What a round tells has to fit into the local bus.
const CALLS: usize = 50;
/// After this time, no worker makes another call in a round.
const LONGEST: Duration = Duration::from_secs(30);
/// So many calls see each kind of event.
const ENOUGH: usize = 20_000;
/// How often a smaller round may hold before it is taken for too small to fail, and for how long smaller
/// ones are tried.
const TRIES: usize = 3;
const SHRINKING: Duration = Duration::from_secs(90);
/// The longest history that is printed.
const LINES: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_under_churn_is_explained_and_nobody_is_missing() {
    let seconds = match std::env::var(SECONDS) {
        Ok(seconds) => seconds.parse().expect("a number"),
        Err(_) => SOME_SECONDS,
    };
    let seed = match std::env::var(SEED) {
        Ok(seed) => u64::from_str_radix(&seed, 16).expect("hexadecimal digits"),
        Err(_) => 0x2026,
    };
    println!("{SEED}={seed:x} {SECONDS}={seconds} repeats this, but for the order of what happens");
    let clock = Clock::system();
    let until = clock.now() + Duration::from_secs(seconds);
    let mut seen = Seen::default();
    for (number, processes) in (0..).zip(PROCESSES.into_iter().cycle()) {
        if number >= PROCESSES.len() && clock.now() >= until {
            break;
        }
        let longest = LONGEST.min(Duration::from_secs(seconds) / 2);
        let seed = seed + number as u64;
        let round = Round { seed, processes, workers: WORKERS, calls: CALLS, longest };
        match hold(round).await {
            Ok(history) => seen.add(&history),
            Err(failure) => panic!("{}", shrunk(failure).await),
        }
    }
    println!("{seen:?}");
    seen.assert_enough();
}

/// A round that does not hold.
struct Failure {
    round: Round,
    history: History,
    violation: Violation,
    others: usize,
}

async fn hold(round: Round) -> Result<History, Failure> {
    let (history, wrong) = run(round).await;
    let told = wrong.map(|what| Violation {
        kind: check::Kind::Event,
        what,
        organization: None,
        user: None,
    });
    let mut violations: Vec<_> = told.into_iter().chain(check(&history)).collect();
    if violations.is_empty() {
        return Ok(history);
    }
    let others = violations.len() - 1;
    Err(Failure { round, history, violation: violations.swap_remove(0), others })
}

/// The smallest round found that fails too, with the part of its history that the failure is about.
async fn shrunk(mut failure: Failure) -> String {
    let smaller = async {
        'smaller: loop {
            let Round { workers, calls, .. } = failure.round;
            let rounds = [(workers, calls / 2), (workers / 2, calls)];
            for (workers, calls) in rounds.into_iter().filter(|(a, b)| *a > 0 && *b > 0) {
                for _ in 0..TRIES {
                    let round = Round { workers, calls, ..failure.round };
                    if let Err(found) = hold(round).await {
                        failure = found;
                        continue 'smaller;
                    }
                }
            }
            break;
        }
    };
    // What was found until then is smaller too.
    drop(tokio::time::timeout(SHRINKING, smaller).await);
    let Failure { round, history, violation, others } = failure;
    let about = excerpt(&history, &violation);
    format!(
        "{:?}: {}\nand {others} more, in {round:?}. What it is about, with milliseconds:\n{about}",
        violation.kind, violation.what
    )
}

/// The calls and the events that a violation can be about, in the order of time.
fn excerpt(history: &History, violation: &Violation) -> String {
    let Violation { organization, user, .. } = violation;
    let start = history.operations.first().map_or(0, |operation| operation.begin);
    let is_about = |named: Option<&str>, users: Option<&[&str]>| {
        let is_meant = |organization: &String| named.is_none_or(|named| named == organization);
        let has_user = |user: &String| users.is_none_or(|users| users.contains(&user.as_str()));
        // Of what names neither, there are only roles.
        (organization.is_none() && user.is_none())
            || (named.is_some() || users.is_some())
                && organization.as_ref().is_none_or(is_meant)
                && user.as_ref().is_none_or(has_user)
    };
    let of_operation = |operation: &&Operation| {
        let users = operation.request.users();
        is_about(operation.request.organization(), users.as_deref())
    };
    let operations = history.operations.iter().filter(of_operation).map(|operation| {
        let (from, to) = (operation.begin - start, operation.end - start);
        (from, format!("{from:>6} to {to:>6}  {operation}"))
    });
    let events = history
        .commits
        .iter()
        .flat_map(|commit| commit.events.iter().map(move |event| (commit.at - start, event)));
    let events = events.filter(|(_, event)| {
        let users: Option<Vec<_>> = event["userId"].as_str().map(|user| vec![user]);
        is_about(event["organizationId"].as_str(), users.as_deref())
    });
    let events = events.map(|(at, event)| {
        let mut event = event.clone();
        let members = event.as_object_mut().expect("an event is an object");
        members.retain(|name, _| !["id", "time", "version"].contains(&name.as_str()));
        (at, format!("{at:>6}            tells {event}"))
    });
    let mut lines: Vec<_> = operations.chain(events).collect();
    lines.sort();
    let left_out = lines.len().saturating_sub(LINES);
    let mut text: Vec<_> = lines.split_off(left_out).into_iter().map(|(_, line)| line).collect();
    if left_out > 0 {
        text.insert(0, format!("({left_out} lines before)"));
    }
    text.join("\n")
}

/// What was seen in all rounds: a check that nothing reaches says nothing.
#[derive(Debug, Default)]
struct Seen {
    rounds: usize,
    calls: BTreeMap<&'static str, usize>,
    events: BTreeMap<String, usize>,
}

impl Seen {
    fn add(&mut self, history: &History) {
        self.rounds += 1;
        for operation in &history.operations {
            let outcome = match operation.outcome {
                history::Outcome::Done(_) => "done",
                history::Outcome::Refused(..) => "refused",
                history::Outcome::Unknown(_) => "unknown",
            };
            *self.calls.entry(outcome).or_default() += 1;
        }
        for event in history.commits.iter().flat_map(|commit| &commit.events) {
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            *self.events.entry(kind).or_default() += 1;
        }
    }

    /// Each kind of event comes, but for those of what this load does not do.
    fn assert_enough(&self) {
        const OTHERS: [&str; 5] = [
            "Organization.Membership.Updated",
            "Organization.EmailDomain.OwnershipChanged",
            "Organization.SsoConnector.Added",
            "Organization.SsoConnector.Changed",
            "Organization.SsoConnector.Removed",
        ];
        let all: BTreeSet<_> = shared::event::EventType::ALL.iter().map(|it| it.as_str()).collect();
        let missing: Vec<_> = all
            .into_iter()
            .filter(|kind| !OTHERS.contains(kind) && !self.events.contains_key(*kind))
            .collect();
        let calls: usize = self.calls.values().sum();
        assert!(calls < ENOUGH || missing.is_empty(), "no round tells {missing:?}");
    }
}
