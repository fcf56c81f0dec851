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
    /// The domain after the check.
    pub after: ListedDomain,
}

/// What a check has written.
#[derive(Debug)]
pub struct Written {
    /// The domain before the first write.
    pub before: ListedDomain,
    /// The domain after the last one.
    pub after: ListedDomain,
}

/// Asks DNS about a domain that an organization lists, and keeps the answer. A domain without a token,
/// which an earlier release has added, gets one first. `written` is what was written, also if the check
/// then fails. `None` means nothing.
///
/// If others change the domain meanwhile, the answer counts for the domain as it is then. If the domain
/// was deleted and added again, DNS is asked again, about the new record. The same holds for the domain
/// above, if its record is what proves this one.
///
/// # Errors
/// When the domain is no longer listed, the store fails, or the domain would begin to admit while too
/// many other organizations admit by it. In the last case, the answer is kept, and counts as one that
/// says nothing.
pub async fn check(
    store: &Store,
    dns: &Dns,
    clock: &Clock,
    randomness: &Randomness,
    mut listed: ListedDomain,
    written: &mut Option<Written>,
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
                let (before, after) =
                    store.change_ownership(listed, clock.now(), with_token).await?;
                note(written, &before, &after);
                listed = after;
                continue;
            }
        };
        let parent_token = listed.parent_token.clone();
        let challenge = Challenge::new(listed.domain.clone(), token.clone(), parent_token.clone());
        let reply = dns.look_up(&challenge).await;
        let at = clock.now();
        metrics::ownership_checked(&reply);
        if reply.is_of_parent() {
            listed = store.listed_domain(&listed.organization, &listed.domain).await?;
            if listed.parent_token != parent_token {
                continue;
            }
        }
        let after = keep(store, listed, &token, &reply, at, written).await?;
        if after.rule.ownership.token.as_ref() == Some(&token) {
            return Ok(Checked { reply, after });
        }
        listed = after;
    }
}

/// Adds a change to what was written.
fn note(written: &mut Option<Written>, before: &ListedDomain, after: &ListedDomain) {
    if before.rule.ownership != after.rule.ownership {
        let first = written.take().map_or_else(|| before.clone(), |earlier| earlier.before);
        *written = Some(Written { before: first, after: after.clone() });
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
/// token now, or DNS was asked again since. Returns the domain after that.
async fn keep(
    store: &Store,
    listed: ListedDomain,
    token: &ChallengeToken,
    reply: &Reply,
    at: Timestamp,
    written: &mut Option<Written>,
) -> Result<ListedDomain> {
    let checked = |finding: Finding| {
        move |ownership: &Ownership| {
            let is_same = ownership.token.as_ref() == Some(token);
            let is_newer = ownership.checked_at.is_some_and(|before| before > at);
            let checked = ownership.checked(finding, reply.answer, at);
            Ok((is_same && !is_newer && checked != *ownership).then_some(checked))
        }
    };
    let (kept, crowded) =
        match store.change_ownership(listed.clone(), at, checked(reply.finding())).await {
            Err(error @ Error::EmailDomainsCrowded(_)) => {
                let unknown = checked(Finding::Unknown);
                (store.change_ownership(listed, at, unknown).await?, Some(error))
            }
            kept => (kept?, None),
        };
    let (before, after) = kept;
    note(written, &before, &after);
    report(reply, &before, &after);
    crowded.map_or(Ok(after), Err)
}
