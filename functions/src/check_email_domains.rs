//! `check-email-domains`: asks DNS again for the records of the domains that are due. EventBridge
//! Scheduler invokes it once an hour.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use shared::ambient::Stopwatch;
use shared::dns::Dns;
use shared::domain::actor::Actor;
use shared::domain::challenge::Finding;
use shared::store::{DueDomain, ListedDomain, Store};
use shared::{Clock, Error, Randomness, capabilities, metrics, proof};

capabilities! {
    /// The capabilities of `check-email-domains`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        dns: Dns,
    }
}

/// The most domains that are checked at the same time. A resolver of AWS answers 1,024 packets a second
/// for each network interface.
const AT_ONCE: usize = 16;
/// The domains that are read from the index at once.
const SLICE: i32 = 100;

/// What a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// No check begins after this time.
    pub time: Duration,
    /// The most domains.
    pub domains: usize,
}

impl Limits {
    /// A run on Lambda. A check takes at most [`shared::dns::LOOK_UP`] and its calls of DynamoDB, so it
    /// ends well before the function's time-out.
    pub const RUN: Self = Self { time: Duration::from_secs(240), domains: 5_000 };
    /// The function's time-out, in seconds.
    pub(crate) const TIMEOUT: u32 = 300;
}

/// Checks the domains that are due, slice by slice, those that have been due longest first. What a run
/// does not come to stays due, and the next run begins with it. A check that fails is logged and counted,
/// and the domain stays due.
///
/// # Errors
/// When the domains that are due cannot be read, or all checks fail. Such a run is not counted, and is
/// repeated.
pub async fn handle(needs: Needs, limits: Limits) -> Result<(), Error> {
    let began = Stopwatch::start();
    let at = needs.clock.now();
    let mut left = limits.domains;
    let mut cursor = None;
    let mut outcomes = Outcomes::default();
    let is_cut_short = loop {
        if left == 0 || began.elapsed() >= limits.time {
            break true;
        }
        let slice = needs.store.domains_due(at, SLICE, cursor).await?;
        let due = slice.items.len();
        let needs = &needs;
        let checks = slice.items.into_iter().take(left).map(|domain| async move {
            let has_time = began.elapsed() < limits.time;
            if has_time { Some(check(needs, &domain, at).await) } else { None }
        });
        let checked: Vec<_> = stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
        let checked: Vec<_> = checked.into_iter().flatten().collect();
        left -= checked.len();
        let is_behind = checked.len() < due;
        checked.into_iter().for_each(|outcome| outcomes.add(outcome));
        if is_behind {
            break true;
        }
        cursor = slice.next;
        if cursor.is_none() {
            break false;
        }
    };
    match outcomes {
        Outcomes { done: 0, failure: Some(failure), .. } => return Err(failure),
        Outcomes { answers: 0, without_answer: 1.., .. } => metrics::ownership_run_without_dns(),
        _ => {}
    }
    metrics::ownership_run(is_cut_short);
    Ok(())
}

/// What came of a domain that was due.
enum Outcome {
    /// It is not due any more.
    NotDue,
    /// DNS said whether the record is there.
    Answer,
    /// DNS gave no usable answer.
    NoAnswer,
}

/// What came of the domains of a run.
#[derive(Default)]
struct Outcomes {
    /// How many need nothing more now.
    done: usize,
    /// To how many of these DNS gave a usable answer.
    answers: usize,
    /// To how many of these it gave none.
    without_answer: usize,
    /// Why a check failed, if one did.
    failure: Option<Error>,
}

impl Outcomes {
    fn add(&mut self, outcome: Result<Outcome, Error>) {
        match outcome {
            Ok(outcome) => {
                self.done += 1;
                self.answers += usize::from(matches!(outcome, Outcome::Answer));
                self.without_answer += usize::from(matches!(outcome, Outcome::NoAnswer));
            }
            Err(failure) => self.failure = Some(failure),
        }
    }
}

async fn check(needs: &Needs, domain: &DueDomain, at: Timestamp) -> Result<Outcome, Error> {
    let outcome = checked(needs, domain, at).await;
    if let Err(error) = &outcome {
        metrics::ownership_check_failed();
        tracing::error!(
            organization = domain.organization.as_str(),
            email_domain = domain.domain.as_str(),
            %error,
            "a domain was not checked",
        );
    }
    outcome
}

async fn checked(needs: &Needs, due: &DueDomain, at: Timestamp) -> Result<Outcome, Error> {
    let Needs { store, clock, randomness, dns } = needs;
    let store = &store.acting(Actor::Schedule);
    let listed = match store.listed_domain(&due.organization, &due.domain).await {
        Err(Error::OrganizationNotFound(_) | Error::EmailDomainNotFound(_)) => {
            store.delete_unlisted_entry(due).await?;
            return Ok(Outcome::NotDue);
        }
        listed => listed?,
    };
    if !is_due(&listed, at) {
        return Ok(Outcome::NotDue);
    }
    match proof::check(store, dns, clock, randomness, listed, &mut None).await {
        Ok(checked) if checked.reply.finding() == Finding::Unknown => Ok(Outcome::NoAnswer),
        Ok(_) => Ok(Outcome::Answer),
        Err(Error::EmailDomainsCrowded(_)) => {
            tracing::warn!(
                organization = due.organization.as_str(),
                email_domain = due.domain.as_str(),
                "a proven domain does not admit: too many other organizations do",
            );
            Ok(Outcome::Answer)
        }
        // It was deleted during the check.
        Err(Error::OrganizationNotFound(_) | Error::EmailDomainNotFound(_)) => Ok(Outcome::NotDue),
        Err(error) => Err(error),
    }
}

/// Whether the domain is still due. The index may be a moment old.
fn is_due(listed: &ListedDomain, at: Timestamp) -> bool {
    listed.rule.ownership.next_check.is_some_and(|next| next <= at)
}
