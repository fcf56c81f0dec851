//! Checks of the record that proves an email domain: asks DNS, and keeps what it says.

use jiff::Timestamp;

use crate::ambient::{Clock, Randomness, challenge_token};
use crate::dns::Dns;
use crate::domain::challenge::{Challenge, Finding, Reply};
use crate::domain::ownership::{ChallengeToken, Ownership};
use crate::error::{Error, Result};
use crate::metrics;
use crate::store::{ListedDomain, Store};

/// A check that was made.
#[derive(Debug)]
pub struct Checked {
    /// What DNS said.
    pub reply: Reply,
    /// The domain before the check.
    pub before: ListedDomain,
    /// The domain after it.
    pub after: ListedDomain,
}

/// Asks DNS about a domain that an organization lists, and keeps the answer. A domain without a token,
/// which an earlier release has added, gets one first.
///
/// If others change the domain meanwhile, the answer counts for the domain as it is then. If the domain
/// was deleted and added again, DNS is asked again, about the new record.
///
/// # Errors
/// When the domain is no longer listed, the store fails, or the domain would begin to admit while too
/// many other organizations admit by it. In the last case, the answer is kept, and the state is not
/// changed.
pub async fn check(
    store: &Store,
    dns: &Dns,
    clock: &Clock,
    randomness: &Randomness,
    mut listed: ListedDomain,
) -> Result<Checked> {
    loop {
        let token = match &listed.rule.ownership.token {
            Some(token) => token.clone(),
            None => {
                let new = Some(challenge_token(randomness));
                let with_token = |ownership: &Ownership| {
                    let with_token = || Ownership { token: new.clone(), ..ownership.clone() };
                    Ok(ownership.token.is_none().then(with_token))
                };
                listed = store.change_ownership(listed, clock.now(), with_token).await?.1;
                continue;
            }
        };
        let parent_token = listed.parent_token.clone();
        let challenge = Challenge::new(listed.domain.clone(), token.clone(), parent_token);
        let reply = dns.look_up(&challenge).await;
        metrics::ownership_checked(&reply);
        let (before, after) = keep(store, listed, &token, &reply, clock.now()).await?;
        if after.rule.ownership.token.as_ref() == Some(&token) {
            report(&reply, &before, &after);
            return Ok(Checked { reply, before, after });
        }
        listed = after;
    }
}

/// Logs and counts a change of the state.
fn report(reply: &Reply, before: &ListedDomain, after: &ListedDomain) {
    let (from, to) = (before.rule.ownership.state, after.rule.ownership.state);
    if from != to {
        metrics::ownership_changed(to);
        tracing::info!(
            organization = after.organization.as_str(),
            email_domain = after.domain.as_str(),
            from = from.as_str(),
            to = to.as_str(),
            answer = reply.answer.as_str(),
            "ownership changed",
        );
    }
}

/// Keeps what DNS said about the record with this token at this time, unless the domain has another
/// token now, or DNS was asked again since.
async fn keep(
    store: &Store,
    listed: ListedDomain,
    token: &ChallengeToken,
    reply: &Reply,
    at: Timestamp,
) -> Result<(ListedDomain, ListedDomain)> {
    let checked = |finding: Finding| {
        move |ownership: &Ownership| {
            let is_same = ownership.token.as_ref() == Some(token);
            let is_newer = ownership.checked_at.is_some_and(|before| before > at);
            let checked = ownership.checked(finding, reply.answer, at);
            Ok((is_same && !is_newer && checked != *ownership).then_some(checked))
        }
    };
    match store.change_ownership(listed.clone(), at, checked(reply.finding())).await {
        Err(error @ Error::EmailDomainsCrowded(_)) => {
            store.change_ownership(listed, at, checked(Finding::Unknown)).await?;
            Err(error)
        }
        kept => kept,
    }
}
