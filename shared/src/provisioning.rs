//! The engine: facts about a user in, memberships out. Every entry path calls it, and nothing
//! else writes memberships by email domain. What it decides can be asked without writing.

use std::collections::HashMap;

use futures_util::future::{try_join, try_join3};
use jiff::Timestamp;

use crate::ambient::Clock;
use crate::domain::decision::{
    Candidate, Decision, Reason, Standing, User, decide, proven_address,
};
use crate::domain::email_address::EmailAddress;
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::EmailDomains;
use crate::domain::membership::{Membership, Profile, Provenance, Rule};
use crate::domain::public_mailbox::MailboxPolicy;
use crate::metrics;
use crate::store::{Store, StoreError, UserItems};

/// The engine over a table, with the operator's policy.
#[derive(Clone, Debug)]
pub struct Provisioning {
    store: Store,
    policy: MailboxPolicy,
    clock: Clock,
}

impl Provisioning {
    /// An engine over a table, with the operator's policy.
    #[must_use]
    pub const fn new(store: Store, policy: MailboxPolicy, clock: Clock) -> Self {
        Self { store, policy, clock }
    }

    /// Provisions a user who appears, and logs and counts every decision with its reason. Answers
    /// everything that the user is a member of then.
    ///
    /// # Errors
    /// When the store fails. Then nothing was joined, and the next appearance evaluates the user
    /// anew.
    pub async fn appear(&self, user: &User) -> Result<Vec<Membership>, StoreError> {
        let started = self.clock.now();
        let appearance = provision(&self.store, &self.policy, user, started).await;
        let Appearance { outcome, memberships } = appearance.inspect_err(|error| {
            tracing::error!(user = %user.id, %error, "not provisioned");
            metrics::provisioning_failed();
        })?;
        metrics::user_seen(user.entry_path, self.clock.now().duration_since(started));
        match outcome {
            Outcome::Nothing(reason) => log_nothing(user, &reason),
            Outcome::Decided(decisions) if decisions.is_empty() => {
                log_nothing(user, &Reason::NotListed);
            }
            Outcome::Decided(decisions) => {
                for (organization, decision) in decisions {
                    log_decision(user, &organization, &decision);
                }
            }
        }
        Ok(memberships)
    }

    /// Decides about somebody whom nobody knows yet: see [`preview`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview(&self, email: &str) -> Result<Preview, StoreError> {
        preview(&self.store, &self.policy, email).await
    }

    /// What a preview says about one organization.
    #[must_use]
    pub fn preview_of(&self, preview: Preview, id: &OrganizationId) -> Evaluated {
        preview.of(&self.policy, id)
    }
}

fn log_nothing(user: &User, reason: &Reason) {
    tracing::info!(user = %user.id, decision = "nothing", reason = reason.as_str());
    metrics::refused(reason);
}

fn log_decision(user: &User, organization: &OrganizationId, decision: &Decision) {
    match decision {
        Decision::Join(email_domain) => {
            tracing::info!(user = %user.id, %organization, decision = "join", %email_domain);
            metrics::joined(user.entry_path);
        }
        Decision::Pass(reason) => {
            let reason_name = reason.as_str();
            tracing::info!(user = %user.id, %organization, decision = "pass", reason = reason_name);
            metrics::refused(reason);
        }
    }
}

/// What came of a user's appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// What was decided.
    pub outcome: Outcome,
    /// Everything that the user is a member of now. Organizations and roles may be gone meanwhile.
    pub memberships: Vec<Membership>,
}

/// What was decided about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user can become a member of nothing, whatever the organizations say.
    Nothing(Reason),
    /// What was decided about each organization that the domain's index names.
    Decided(Vec<(OrganizationId, Decision)>),
}

/// What is decided about the owner of an address and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The organization. It may be gone.
    pub organization: OrganizationId,
    /// What is decided.
    pub decision: Decision,
    /// The organization's default roles, of the same moment as the decision to join. Some may be
    /// gone.
    pub default_roles: Vec<OrganizationRoleId>,
}

/// What would be decided about somebody with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The address, or the reason why there is nothing to ask the organizations.
    pub address: Result<EmailAddress, Reason>,
    /// What is decided about each organization that the domain's index names.
    pub evaluated: Vec<Evaluated>,
    marks: HashMap<OrganizationId, Standing>,
}

impl Preview {
    /// What is decided about one organization, whether or not the index names it.
    #[must_use]
    pub fn of(self, policy: &MailboxPolicy, id: &OrganizationId) -> Evaluated {
        let found = self.evaluated.into_iter().find(|evaluated| evaluated.organization == *id);
        let decided = || match &self.address {
            Ok(address) => {
                let standing = standing(&self.marks, id);
                decide(address, policy, &Candidate { id, lists_domain: false, standing })
            }
            Err(reason) => Decision::Pass(reason.clone()),
        };
        found.unwrap_or_else(|| Evaluated {
            organization: id.clone(),
            decision: decided(),
            default_roles: Vec::new(),
        })
    }
}

/// Decides about somebody whom nobody knows yet, if they proved that this address is theirs: by the
/// same evaluation as [`provision`]. Nothing is written. It takes at most two steps in sequence.
///
/// # Errors
/// When the store fails.
pub async fn preview(
    store: &Store,
    policy: &MailboxPolicy,
    email: &str,
) -> Result<Preview, StoreError> {
    let address = EmailAddress::parse(email).map_err(Reason::EmailUnusable);
    let address = match address.and_then(|address| matchable(policy, address)) {
        Ok(address) => address,
        Err(reason) => {
            let (evaluated, marks) = (Vec::new(), HashMap::new());
            return Ok(Preview { address: Err(reason), evaluated, marks });
        }
    };
    let (index, marks) =
        try_join(store.domain_index(address.domain()), store.removal_marks(&address)).await?;
    let marks = standings(&UserItems::default(), marks);
    let evaluated = evaluate(store, policy, &address, index, &marks).await?;
    Ok(Preview { address: Ok(address), evaluated, marks })
}

/// Makes the user a member of every organization that lists the domain of the user's proven
/// address, and keeps a member's profile up to date. Repeating it changes nothing; it never takes
/// anything away.
///
/// In sequence it takes one step to find that there is nothing new, and three to join, whatever
/// the number of organizations, domains and users.
///
/// # Errors
/// When the store fails. Then nothing was joined, and the next appearance evaluates the user anew.
pub async fn provision(
    store: &Store,
    policy: &MailboxPolicy,
    user: &User,
    at: Timestamp,
) -> Result<Appearance, StoreError> {
    let address = proven_address(user).and_then(|address| matchable(policy, address));
    let (known, index, marks) = known(store, user, address.as_ref().ok()).await?;
    let standings = standings(&known, marks);
    let evaluated = match &address {
        Ok(address) => evaluate(store, policy, address, index, &standings).await?,
        Err(_) => Vec::new(),
    };
    let (decisions, memberships) = write(store, user, known, evaluated, at).await?;
    let outcome = address.map_or_else(Outcome::Nothing, |_| Outcome::Decided(decisions));
    Ok(Appearance { outcome, memberships })
}

/// An address that some organization may be joined by.
fn matchable(policy: &MailboxPolicy, address: EmailAddress) -> Result<EmailAddress, Reason> {
    if policy.may_match(address.domain()) { Ok(address) } else { Err(Reason::PublicMailbox) }
}

/// Decides about each organization that counts for the address's domain.
async fn evaluate(
    store: &Store,
    policy: &MailboxPolicy,
    address: &EmailAddress,
    index: Vec<(OrganizationId, Timestamp)>,
    standings: &HashMap<OrganizationId, Standing>,
) -> Result<Vec<Evaluated>, StoreError> {
    let candidates = candidates(store, address.domain(), index, standings).await?;
    let evaluated = candidates.into_iter().map(|Listed { id, lists_domain, default_roles }| {
        let standing = standing(standings, &id);
        let decision = decide(address, policy, &Candidate { id: &id, lists_domain, standing });
        Evaluated { organization: id, decision, default_roles }
    });
    Ok(evaluated.collect())
}

/// Writes the memberships that decisions bring about, and a changed profile. Answers the decisions
/// as they turned out, and everything that the user is a member of then.
async fn write(
    store: &Store,
    user: &User,
    known: UserItems,
    evaluated: Vec<Evaluated>,
    at: Timestamp,
) -> Result<(Vec<(OrganizationId, Decision)>, Vec<Membership>), StoreError> {
    let mut decisions = Vec::with_capacity(evaluated.len());
    let mut joined = Vec::new();
    for Evaluated { organization, decision, default_roles } in evaluated {
        joined.extend(membership(user, &organization, default_roles, &decision, at));
        decisions.push((organization, decision));
    }
    let profile = changed_profile(user, &known, &joined);
    let left_out = store.join(&user.id, &joined, profile.as_ref()).await?;
    for (id, decision) in &mut decisions {
        match left_out.get(id) {
            None | Some(Standing::Stranger) => {}
            Some(Standing::Member) => *decision = Decision::Pass(Reason::AlreadyMember),
            Some(Standing::Removed) => *decision = Decision::Pass(Reason::RemovedEarlier),
        }
    }
    let mut memberships = known.memberships;
    if left_out.is_empty() {
        memberships.append(&mut joined);
    } else {
        // Another entry path was quicker, with roles of its own moment.
        memberships = store.user_items(&user.id).await?.memberships;
    }
    Ok((decisions, memberships))
}

/// All that has to be known at first, side by side: what is kept of the user, and where there is a
/// proven address, the index entries of its domain and its removal marks.
async fn known(
    store: &Store,
    user: &User,
    address: Option<&EmailAddress>,
) -> Result<(UserItems, Vec<(OrganizationId, Timestamp)>, Vec<OrganizationId>), StoreError> {
    let Some(address) = address else {
        return Ok((store.user_items(&user.id).await?, Vec::new(), Vec::new()));
    };
    try_join3(
        store.user_items(&user.id),
        store.domain_index(address.domain()),
        store.removal_marks(address),
    )
    .await
}

/// The membership that a decision brings about, if any.
fn membership(
    user: &User,
    id: &OrganizationId,
    role_ids: Vec<OrganizationRoleId>,
    decision: &Decision,
    at: Timestamp,
) -> Option<Membership> {
    let Decision::Join(domain) = decision else {
        return None;
    };
    Some(Membership {
        organization_id: id.clone(),
        role_ids,
        joined_at: at,
        provenance: Provenance {
            rule: Rule::EmailDomain(domain.clone()),
            entry_path: user.entry_path,
        },
    })
}

/// An organization that the domain's index names.
struct Listed {
    id: OrganizationId,
    lists_domain: bool,
    default_roles: Vec<OrganizationRoleId>,
}

/// The organizations that count for a domain: the oldest 50 of those that exist. Only those that
/// the user could join are read; that is one step, unless entries of deleted organizations linger
/// among more than 50.
async fn candidates(
    store: &Store,
    domain: &EmailDomain,
    index: Vec<(OrganizationId, Timestamp)>,
    standings: &HashMap<OrganizationId, Standing>,
) -> Result<Vec<Listed>, StoreError> {
    let most = EmailDomains::MOST_ORGANIZATIONS;
    if index.len() > most {
        tracing::warn!(%domain, organizations = index.len(), "more organizations than can count");
    }
    let mut candidates: Vec<Listed> = Vec::new();
    let mut rest = index.into_iter().map(|(id, _)| id).peekable();
    let mut counting = 0;
    while counting < most && rest.peek().is_some() {
        let ids: Vec<_> = rest.by_ref().take(most - counting).collect();
        let strangers: Vec<_> = ids
            .iter()
            .filter(|id| standing(standings, id) == Standing::Stranger)
            .cloned()
            .collect();
        let mut read = if strangers.is_empty() {
            Vec::new()
        } else {
            store.default_roles_of_listing(domain, &strangers).await?
        }
        .into_iter();
        for id in ids {
            let roles = match standing(standings, &id) {
                Standing::Stranger => read.next().flatten(),
                Standing::Member | Standing::Removed => Some(Vec::new()),
            };
            let lists_domain = roles.is_some();
            counting += usize::from(lists_domain);
            candidates.push(Listed { id, lists_domain, default_roles: roles.unwrap_or_default() });
        }
    }
    Ok(candidates)
}

fn standings(known: &UserItems, marks: Vec<OrganizationId>) -> HashMap<OrganizationId, Standing> {
    let members = known.memberships.iter().map(|m| (m.organization_id.clone(), Standing::Member));
    // A member by hand may stand beside a mark on the address; membership is what is true now.
    let marked = marks.into_iter().map(|id| (id, Standing::Removed));
    let removed = known.removed_from.iter().map(|id| (id.clone(), Standing::Removed));
    marked.chain(removed).chain(members).collect()
}

fn standing(standings: &HashMap<OrganizationId, Standing>, id: &OrganizationId) -> Standing {
    standings.get(id).copied().unwrap_or(Standing::Stranger)
}

/// The profile, where the user is a member of something and it is not what is kept.
fn changed_profile(user: &User, known: &UserItems, joining: &[Membership]) -> Option<Profile> {
    let profile = Profile { email: user.email.clone(), user_name: user.user_name.clone() };
    let member = !joining.is_empty() || !known.memberships.is_empty();
    (member && known.profile.as_ref() != Some(&profile)).then_some(profile)
}
