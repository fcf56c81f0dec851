//! The provisioning engine makes users members of organizations by rules. Every entry path calls
//! it, and no other code creates memberships by a rule. A preview makes the same decisions, and
//! writes nothing.

use std::collections::HashMap;

use futures_util::future::try_join3;
use jiff::Timestamp;

use crate::ambient::Clock;
use crate::domain::decision::{Candidate, Decision, Facts, Outcome, Reason, Standing};
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::jit::EmailDomains;
use crate::domain::membership::{Cause, EntryPath, Membership, Profile, Provenance};
use crate::domain::public_mailbox::MailboxPolicy;
use crate::domain::rule::RuleKey;
use crate::domain::user::User;
use crate::failure::Failure;
use crate::metrics;
use crate::store::{Listing, Store, UserItems};

/// The engine, with its table and the operator's policy.
#[derive(Clone, Debug)]
pub struct Provisioning {
    store: Store,
    policy: MailboxPolicy,
    clock: Clock,
}

/// The result of provisioning a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// The outcome for each organization that lists a rule which the user satisfies. An error is
    /// the reason why the user cannot join any organization, whatever it lists.
    pub outcomes: Result<Vec<(OrganizationId, Outcome)>, Reason>,
    /// All memberships of the user now. Some organizations and roles may be deleted.
    pub memberships: Vec<Membership>,
}

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

/// The items that an evaluation reads first.
struct Inputs {
    user: UserItems,
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
    pub const fn new(store: Store, policy: MailboxPolicy, clock: Clock) -> Self {
        Self { store, policy, clock }
    }

    /// Provisions a user who appears, and logs and counts every decision with its reason. Returns
    /// all memberships of the user.
    ///
    /// # Errors
    /// When the store fails. Then the next appearance evaluates the user again.
    pub async fn appear(
        &self,
        user: &User,
        entry_path: EntryPath,
    ) -> Result<Vec<Membership>, Failure> {
        let started = self.clock.now();
        let appearance = self.provision(user, entry_path, started).await;
        let Appearance { outcomes, memberships } = appearance.inspect_err(|error| {
            tracing::error!(user = %user.id, %error, "not provisioned");
            metrics::provisioning_failed();
        })?;
        metrics::user_seen(entry_path, self.clock.now().duration_since(started));
        match outcomes {
            Err(reason) => report_nothing(user, &reason),
            Ok(outcomes) if outcomes.is_empty() => report_nothing(user, &Reason::NotListed),
            Ok(outcomes) => {
                for (organization, outcome) in outcomes {
                    report(user, entry_path, &organization, &outcome);
                }
            }
        }
        Ok(memberships)
    }

    /// Makes the user a member of every organization that lists a rule which the user satisfies,
    /// and keeps a member's profile up to date. Repeating it changes nothing. It never removes
    /// memberships or roles.
    ///
    /// It takes one sequential step if nothing changes, and three to join, whatever the number of
    /// organizations, domains and users.
    ///
    /// # Errors
    /// When the store fails. Then the next appearance evaluates the user again.
    pub async fn provision(
        &self,
        user: &User,
        entry_path: EntryPath,
        at: Timestamp,
    ) -> Result<Appearance, Failure> {
        let facts = Facts::of_user(user, &self.policy);
        let inputs = self.read_inputs(&facts, Some(&user.id)).await?;
        let evaluated = self.evaluate(&facts, &inputs).await?;
        let (outcomes, memberships) =
            self.write(user, entry_path, inputs.user, evaluated, at).await?;
        let outcomes = facts.proven_address().map(|_| outcomes);
        Ok(Appearance { outcomes, memberships })
    }

    /// Decides about a person without a user, who is assumed to prove this address. The evaluation
    /// is the same as in [`Self::provision`]. It writes nothing, and takes at most two sequential
    /// steps.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview(&self, email: &str) -> Result<Preview, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let inputs = self.read_inputs(&facts, None).await?;
        let evaluated = self.evaluate(&facts, &inputs).await?;
        Ok(Preview { refusal: facts.proven_address().err(), evaluated })
    }

    /// The decision of [`Self::preview`] about one organization, which need not be in the rule
    /// index.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview_of(&self, email: &str, id: &OrganizationId) -> Result<Evaluated, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let inputs = self.read_inputs(&facts, None).await?;
        let evaluated = self.evaluate(&facts, &inputs).await?;
        let found = evaluated.into_iter().find(|evaluated| evaluated.organization == *id);
        Ok(found.unwrap_or_else(|| Evaluated {
            organization: id.clone(),
            decision: facts.decide(&Candidate { id, rule: None, standing: inputs.standing(id) }),
            default_roles: Vec::new(),
        }))
    }

    /// Reads the inputs of an evaluation in parallel: the user's items, the index entries of the
    /// rules that the person satisfies, and the removal marks of the address.
    async fn read_inputs(
        &self,
        facts: &Facts<'_>,
        user: Option<&UserId>,
    ) -> Result<Inputs, Failure> {
        let (store, rules) = (&self.store, facts.rules());
        let user_items = async {
            match user {
                Some(id) => store.user_items(id).await,
                None => Ok(UserItems::default()),
            }
        };
        let marks = async {
            match facts.proven_address() {
                Ok(address) => store.removal_marks(address).await,
                Err(_) => Ok(Vec::new()),
            }
        };
        let (user, index, marks) = try_join3(user_items, store.rule_index(&rules), marks).await?;
        let standings = standings(&user, marks);
        Ok(Inputs { user, index, standings })
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
        let most = EmailDomains::MOST_ORGANIZATIONS;
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
            let is_stranger =
                |listing: &&&Listing| inputs.standing(&listing.organization) == Standing::Stranger;
            let strangers: Vec<_> = listings.iter().filter(is_stranger).copied().collect();
            let mut read = if strangers.is_empty() {
                Vec::new()
            } else {
                self.store.default_roles_of_listing(&strangers).await?
            }
            .into_iter();
            for Listing { organization, rule } in listings {
                let roles = match inputs.standing(organization) {
                    Standing::Stranger => read.next().flatten(),
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

    /// Writes the memberships that were decided, and the profile if it has changed. Returns the
    /// final outcomes, and all memberships of the user. An outcome changes if the user has become a
    /// member, or was removed, since the items were read.
    async fn write(
        &self,
        user: &User,
        entry_path: EntryPath,
        items: UserItems,
        evaluated: Vec<Evaluated>,
        at: Timestamp,
    ) -> Result<(Vec<(OrganizationId, Outcome)>, Vec<Membership>), Failure> {
        let mut outcomes = Vec::with_capacity(evaluated.len());
        let mut joined = Vec::new();
        for Evaluated { organization, decision, default_roles } in evaluated {
            if let Outcome::Join(rule) = &decision.outcome {
                joined.push(Membership {
                    organization_id: organization.clone(),
                    role_ids: default_roles,
                    joined_at: at,
                    provenance: Provenance { cause: Cause::Rule(rule.clone()), entry_path },
                });
            }
            outcomes.push((organization, decision.outcome));
        }
        let profile = changed_profile(user, &items, &joined);
        let skipped = self.store.join(&user.id, &joined, profile.as_ref()).await?;
        for (id, outcome) in &mut outcomes {
            match skipped.get(id) {
                None | Some(Standing::Stranger) => {}
                Some(Standing::Member) => *outcome = Outcome::Refuse(Reason::AlreadyMember),
                Some(Standing::Removed) => *outcome = Outcome::Refuse(Reason::RemovedEarlier),
            }
        }
        let mut memberships = items.memberships;
        if skipped.is_empty() {
            memberships.append(&mut joined);
        } else {
            // Another request wrote a membership first, with the roles of an earlier moment.
            memberships = self.store.user_items(&user.id).await?.memberships;
        }
        Ok((outcomes, memberships))
    }
}

/// The person's standing in each organization with a membership or a removal mark.
fn standings(items: &UserItems, marks: Vec<OrganizationId>) -> HashMap<OrganizationId, Standing> {
    let members = items.memberships.iter().map(|m| (m.organization_id.clone(), Standing::Member));
    // A user who was added by hand can have a removal mark on the address. Then the membership
    // wins.
    let marked = marks.into_iter().map(|id| (id, Standing::Removed));
    let removed = items.removed_from.iter().map(|id| (id.clone(), Standing::Removed));
    marked.chain(removed).chain(members).collect()
}

/// The new profile, if the user has a membership and the stored profile is different.
fn changed_profile(user: &User, items: &UserItems, joining: &[Membership]) -> Option<Profile> {
    let profile = Profile { email: user.email.clone(), user_name: user.user_name.clone() };
    let member = !joining.is_empty() || !items.memberships.is_empty();
    (member && items.profile.as_ref() != Some(&profile)).then_some(profile)
}

/// Logs and counts that the user cannot join any organization.
fn report_nothing(user: &User, reason: &Reason) {
    tracing::info!(user = %user.id, decision = "nothing", reason = reason.as_str());
    metrics::refused(reason);
}

/// Logs and counts the outcome for one organization.
fn report(user: &User, entry_path: EntryPath, organization: &OrganizationId, outcome: &Outcome) {
    match outcome {
        Outcome::Join(RuleKey::EmailDomain(email_domain)) => {
            tracing::info!(user = %user.id, %organization, decision = "join", %email_domain);
            metrics::joined(entry_path);
        }
        Outcome::Refuse(reason) => {
            let reason_name = reason.as_str();
            tracing::info!(user = %user.id, %organization, decision = "refuse", reason = reason_name);
            metrics::refused(reason);
        }
    }
}
