//! The provisioning engine makes users members of organizations by rules. Every entry path calls
//! it, and no other code creates memberships by a rule. A preview makes the same decisions, and
//! writes nothing.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{join, try_join};
use jiff::Timestamp;

use crate::ambient::Clock;
use crate::domain::decision::{Candidate, Decision, Facts, JoinPolicy, Outcome, Reason, Standing};
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::RuleList;
use crate::domain::membership::{Account, Cause, EntryPath, Membership, Provenance};
use crate::domain::rule::RuleKey;
use crate::domain::user::User;
use crate::failure::{Failure, Service};
use crate::metrics;
use crate::store::{Joined, Listing, Store, UserItems};

/// The engine, with its table and the operator's policy.
#[derive(Clone, Debug)]
pub struct Provisioning {
    store: Store,
    policy: JoinPolicy,
    clock: Clock,
    /// The longest time for a part of joining.
    limit: Option<Duration>,
}

/// The result of provisioning a user.
#[derive(Debug)]
pub struct Appearance {
    /// The outcomes. A failure means that the user may not have joined all organizations that match;
    /// the next appearance does the rest.
    pub outcomes: Result<Outcomes, Failure>,
    /// All memberships of the user now, without those that cannot be read. Some organizations and
    /// roles may be deleted.
    pub memberships: Vec<Membership>,
}

/// The outcome for each organization that lists a rule which the user satisfies. An error is the
/// reason why the user cannot join any organization, whatever it lists.
pub type Outcomes = Result<Vec<(OrganizationId, Outcome)>, Reason>;

/// The decision about a person and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The organization. It may be deleted.
    pub organization: OrganizationId,
    /// The decision.
    pub decision: Decision,
    /// The organization's default roles, as they were at the moment of the decision to join. Some
    /// may be deleted.
    pub default_roles: Vec<OrganizationRoleId>,
}

/// The decisions about a person with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The reason why the person cannot join any organization, whatever it lists.
    pub refusal: Option<Reason>,
    /// The decision about each organization in the rule index.
    pub evaluated: Vec<Evaluated>,
}

/// What an evaluation reads first.
struct Inputs {
    /// The organizations that list a rule which the person satisfies, oldest listing first.
    index: Vec<Listing>,
    standings: HashMap<OrganizationId, Standing>,
}

impl Inputs {
    fn standing(&self, id: &OrganizationId) -> Standing {
        self.standings.get(id).copied().unwrap_or(Standing::Stranger)
    }
}

/// An organization in the rule index, within the limit of organizations for a rule.
struct Considered {
    id: OrganizationId,
    /// The rule; `None` if the organization is deleted or no longer lists it.
    rule: Option<RuleKey>,
    default_roles: Vec<OrganizationRoleId>,
}

impl Provisioning {
    /// An engine for this table and this policy.
    #[must_use]
    pub const fn new(store: Store, policy: JoinPolicy, clock: Clock) -> Self {
        Self { store, policy, clock, limit: None }
    }

    /// The engine with a limit of time for each of the two parts of joining: reading the rules, and
    /// writing memberships. After that, a user has the memberships that were read.
    #[must_use]
    pub fn joining_within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Provisions a user who appears, and logs and counts every decision with its reason: news at
    /// `INFO`, what a token repeats at `DEBUG`. Returns
    /// all memberships of the user, and whether the user could join everything that matches.
    ///
    /// # Errors
    /// When the user's items cannot be read. Then the next appearance evaluates the user again.
    pub async fn appear(
        &self,
        user: &User,
        entry_path: EntryPath,
    ) -> Result<(Vec<Membership>, bool), Failure> {
        let started = self.clock.now();
        let failed = |error: &Failure| {
            tracing::error!(user = %user.id, %error, "not provisioned");
            metrics::provisioning_failed();
        };
        let appearance = self.provision(user, entry_path, started).await;
        let Appearance { outcomes, memberships } = appearance.inspect_err(failed)?;
        let Ok(outcomes) = outcomes.inspect_err(failed) else {
            return Ok((memberships, false));
        };
        metrics::user_seen(entry_path, self.clock.now().duration_since(started));
        match outcomes {
            Err(reason) => report_refusal(user, entry_path, None, &reason),
            Ok(outcomes) if outcomes.is_empty() => {
                report_refusal(user, entry_path, None, &Reason::NotListed);
            }
            Ok(outcomes) => {
                for (organization, outcome) in outcomes {
                    report(user, entry_path, &organization, &outcome);
                }
            }
        }
        Ok((memberships, true))
    }

    /// Makes the user a member of every organization that lists a rule which the user satisfies,
    /// and keeps a member's profile up to date. Repeating it changes nothing. It never removes
    /// memberships or roles.
    ///
    /// It takes one sequential step if nothing changes, and three to join, whatever the number of
    /// organizations, domains and users.
    ///
    /// # Errors
    /// When the user's items cannot be read. Then the next appearance evaluates the user again.
    pub async fn provision(
        &self,
        user: &User,
        entry_path: EntryPath,
        at: Timestamp,
    ) -> Result<Appearance, Failure> {
        let facts = Facts::of_user(user, &self.policy);
        let (items, rules) =
            join(self.store.user_items(&user.id), self.in_time(self.read_rules(&facts))).await;
        let mut items = items?;
        for (organization, error) in &items.unreadable {
            let organization = organization.as_ref().map(OrganizationId::as_str);
            tracing::error!(user = %user.id, organization, %error, "left out");
        }
        let joined = match rules {
            Ok((index, marks)) => {
                let inputs = Inputs { index, standings: standings(&items, marks) };
                self.in_time(self.join(user, entry_path, &facts, &items, &inputs, at)).await
            }
            Err(failure) => Err(failure),
        };
        let outcomes = joined.map(|(outcomes, mut joined)| {
            items.memberships.append(&mut joined);
            facts.proven_address().and(outcomes)
        });
        if items.deleted {
            // The deletion of the rest is under way.
            items.memberships.clear();
        }
        Ok(Appearance { outcomes, memberships: items.memberships })
    }

    /// What is kept about a user, without provisioning.
    #[must_use]
    pub fn account(&self, user: &User) -> Account {
        Facts::of_user(user, &self.policy).account()
    }

    /// Decides about a person without a user, who is assumed to prove this address. The evaluation
    /// is the same as in [`Self::provision`]. It writes nothing, and takes at most two sequential
    /// steps.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview(&self, email: &str) -> Result<Preview, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let (_, evaluated) = self.evaluate_stranger(&facts).await?;
        Ok(Preview { refusal: facts.proven_address().err(), evaluated })
    }

    /// The decision of [`Self::preview`] about one organization, which need not be in the rule
    /// index.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview_of(&self, email: &str, id: &OrganizationId) -> Result<Evaluated, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let (inputs, evaluated) = self.evaluate_stranger(&facts).await?;
        let found = evaluated.into_iter().find(|evaluated| evaluated.organization == *id);
        Ok(found.unwrap_or_else(|| Evaluated {
            organization: id.clone(),
            decision: facts.decide(&Candidate { id, rule: None, standing: inputs.standing(id) }),
            default_roles: Vec::new(),
        }))
    }

    /// Evaluates a person without a user.
    async fn evaluate_stranger(
        &self,
        facts: &Facts<'_>,
    ) -> Result<(Inputs, Vec<Evaluated>), Failure> {
        let (index, marks) = self.read_rules(facts).await?;
        let inputs = Inputs { index, standings: standings(&UserItems::default(), marks) };
        let evaluated = self.evaluate(facts, &inputs).await?;
        Ok((inputs, evaluated))
    }

    /// Limits the time for a part of joining.
    async fn in_time<T>(
        &self,
        part: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.limit else { return part.await };
        tokio::time::timeout(limit, part).await.unwrap_or_else(|_| {
            Err(Failure::Unavailable {
                service: Service::DynamoDb,
                operation: "provisioning",
                cause: format!("no answer within {limit:?}"),
            })
        })
    }

    /// Reads the rules of an evaluation in parallel: the index entries of those that the person
    /// satisfies, and the removal marks of the address.
    async fn read_rules(
        &self,
        facts: &Facts<'_>,
    ) -> Result<(Vec<Listing>, Vec<OrganizationId>), Failure> {
        let Ok(address) = facts.proven_address() else {
            return Ok((Vec::new(), Vec::new()));
        };
        try_join(self.store.rule_index(&facts.rules()), self.store.removal_marks(address)).await
    }

    /// Decides about each organization in the rule index, up to the limit.
    async fn evaluate(
        &self,
        facts: &Facts<'_>,
        inputs: &Inputs,
    ) -> Result<Vec<Evaluated>, Failure> {
        let considered = self.considered(inputs).await?;
        let evaluated = considered.into_iter().map(|Considered { id, rule, default_roles }| {
            let standing = inputs.standing(&id);
            let decision = facts.decide(&Candidate { id: &id, rule, standing });
            Evaluated { organization: id, decision, default_roles }
        });
        Ok(evaluated.collect())
    }

    /// The organizations that are evaluated: the 50 oldest listings whose organizations exist, and
    /// the deleted ones between them. Only organizations that the user could join are read. That
    /// takes one step, unless there are more than 50 entries and some belong to deleted
    /// organizations.
    async fn considered(&self, inputs: &Inputs) -> Result<Vec<Considered>, Failure> {
        let most = RuleList::MOST_ORGANIZATIONS;
        let organizations = inputs.index.len();
        if let Some(Listing { rule, .. }) = inputs.index.get(most) {
            let (kind, rule) = (rule.key.kind().as_str(), rule.key.value());
            tracing::warn!(kind, rule, organizations, "too many organizations list the rule");
        }
        let mut considered: Vec<Considered> = Vec::new();
        let mut rest = inputs.index.iter().peekable();
        let mut existing = 0;
        while existing < most && rest.peek().is_some() {
            let listings: Vec<_> = rest.by_ref().take(most - existing).collect();
            let is_stranger = |listing: &&&Listing| {
                matches!(
                    inputs.standing(&listing.organization),
                    Standing::Stranger | Standing::Requested
                )
            };
            let strangers: Vec<_> = listings.iter().filter(is_stranger).copied().collect();
            let mut read = if strangers.is_empty() {
                Vec::new()
            } else {
                self.store.default_roles_of_listing(&strangers).await?
            }
            .into_iter();
            for Listing { organization, rule } in listings {
                let roles = match inputs.standing(organization) {
                    Standing::Stranger | Standing::Requested => read.next().flatten(),
                    Standing::Member | Standing::Removed => Some(Vec::new()),
                };
                existing += usize::from(roles.is_some());
                considered.push(Considered {
                    id: organization.clone(),
                    rule: roles.is_some().then(|| rule.key.clone()),
                    default_roles: roles.unwrap_or_default(),
                });
            }
        }
        Ok(considered)
    }

    /// Decides about each organization in the rule index, and writes the memberships that follow,
    /// and the profile if it has changed. Returns the final outcomes, and the memberships that the
    /// user has now and `items` does not have. An outcome changes if the user has become a member,
    /// or the user or the address was removed, since the items were read.
    async fn join(
        &self,
        user: &User,
        entry_path: EntryPath,
        facts: &Facts<'_>,
        items: &UserItems,
        inputs: &Inputs,
        at: Timestamp,
    ) -> Result<(Outcomes, Vec<Membership>), Failure> {
        let evaluated = self.evaluate(facts, inputs).await?;
        let mut outcomes = Vec::with_capacity(evaluated.len());
        let mut joined = Vec::new();
        let address = facts.proven_address().ok().map(EmailAddress::digest);
        for Evaluated { organization, decision, default_roles } in evaluated {
            if let Outcome::Join(rule) = &decision.outcome {
                joined.push(Membership {
                    organization_id: organization.clone(),
                    role_ids: default_roles,
                    joined_at: at,
                    provenance: Provenance::new(Cause::Rule(rule.clone()), entry_path),
                    address: address.clone(),
                });
            }
            outcomes.push((organization, decision.outcome));
        }
        let account = facts.account();
        let Joined { skipped, user_deleted } =
            self.store.join(&user.id, &account, items, &joined).await?;
        if user_deleted {
            return Ok((Err(Reason::UserDeleted), Vec::new()));
        }
        for (id, outcome) in &mut outcomes {
            match skipped.get(id) {
                None | Some(Standing::Stranger | Standing::Requested) => {}
                Some(Standing::Member) => *outcome = Outcome::Refuse(Reason::AlreadyMember),
                Some(Standing::Removed) => *outcome = Outcome::Refuse(Reason::RemovedEarlier),
            }
        }
        if !skipped.is_empty() {
            // Another request wrote a membership first, with the roles of an earlier moment.
            let known = |membership: &Membership| {
                let id = &membership.organization_id;
                items.memberships.iter().any(|held| held.organization_id == *id)
            };
            joined = self.store.user_items(&user.id).await?.memberships;
            joined.retain(|membership| !known(membership));
        }
        Ok((Ok(outcomes), joined))
    }
}

/// The person's standing in each organization with a membership or a removal mark.
fn standings(items: &UserItems, marks: Vec<OrganizationId>) -> HashMap<OrganizationId, Standing> {
    let members = items.memberships.iter().map(|m| (m.organization_id.clone(), Standing::Member));
    // A user who was added by hand can have a removal mark on the address. Then the membership
    // wins.
    let marked = marks.into_iter().map(|id| (id, Standing::Removed));
    let removed = items.removed_from.iter().map(|id| (id.clone(), Standing::Removed));
    // An item that cannot be read is there, so the user cannot join.
    let unreadable = items.unreadable.iter().filter_map(|(id, _)| id.clone());
    let unreadable = unreadable.map(|id| (id, Standing::Member));
    marked.chain(removed).chain(unreadable).chain(members).collect()
}

/// Logs and counts the outcome for one organization.
fn report(user: &User, entry_path: EntryPath, organization: &OrganizationId, outcome: &Outcome) {
    match outcome {
        Outcome::Join(rule) => {
            let (kind, rule) = (rule.kind().as_str(), rule.value());
            tracing::info!(user = %user.id, %organization, decision = "join", kind, rule);
            metrics::joined(entry_path);
        }
        Outcome::Refuse(reason) => report_refusal(user, entry_path, Some(organization), reason),
    }
}

/// Logs and counts that the user cannot join an organization, or any organization.
fn report_refusal(
    user: &User,
    entry_path: EntryPath,
    organization: Option<&OrganizationId>,
    reason: &Reason,
) {
    let decision = if organization.is_some() { "refuse" } else { "nothing" };
    let organization = organization.map(OrganizationId::as_str);
    let reason_name = reason.as_str();
    if is_news(entry_path, reason) {
        tracing::info!(user = %user.id, organization, decision, reason = reason_name);
    } else {
        tracing::debug!(user = %user.id, organization, decision, reason = reason_name);
    }
    metrics::refused(reason);
}

/// Whether a refusal is news. A user who signs up or is created is new, so every reason is. Each token
/// of a user repeats the reasons of the one before, unless the user was deleted in the meantime. A
/// member who stays one is never news.
fn is_news(entry_path: EntryPath, reason: &Reason) -> bool {
    match reason {
        Reason::AlreadyMember => false,
        Reason::UserDeleted => true,
        _ => entry_path != EntryPath::PreTokenGeneration,
    }
}
