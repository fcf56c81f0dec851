//! The engine: facts about a user in, memberships out. Every entry path calls it, and nothing else
//! writes memberships by a rule. A preview asks what it would decide, and writes nothing.

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

/// The engine over a table, with the operator's policy.
#[derive(Clone, Debug)]
pub struct Provisioning {
    store: Store,
    policy: MailboxPolicy,
    clock: Clock,
}

/// What came of a user's appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// What followed for each organization that lists a rule which the user satisfies; or why the
    /// user can become a member of nothing, whatever the organizations list.
    pub outcomes: Result<Vec<(OrganizationId, Outcome)>, Reason>,
    /// Everything that the user is a member of now. Organizations and roles may be gone meanwhile.
    pub memberships: Vec<Membership>,
}

/// What is decided about a person and one organization.
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

/// What would be decided about a person with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Why no organization can be joined, whatever it lists.
    pub refusal: Option<Reason>,
    /// What is decided about each organization that the rule index names.
    pub evaluated: Vec<Evaluated>,
}

/// What has to be known at first.
struct Known {
    user: UserItems,
    index: Vec<Listing>,
    standings: HashMap<OrganizationId, Standing>,
}

impl Known {
    fn standing(&self, id: &OrganizationId) -> Standing {
        self.standings.get(id).copied().unwrap_or(Standing::Stranger)
    }
}

/// An organization that counts for a rule.
struct Counted {
    id: OrganizationId,
    rule: Option<RuleKey>,
    default_roles: Vec<OrganizationRoleId>,
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
    /// and keeps a member's profile up to date. Repeating it changes nothing; it never takes
    /// anything away.
    ///
    /// In sequence it takes one step to find that there is nothing new, and three to join, whatever
    /// the number of organizations, domains and users.
    ///
    /// # Errors
    /// When the store fails. Then nothing was joined, and the next appearance evaluates the user
    /// anew.
    pub async fn provision(
        &self,
        user: &User,
        entry_path: EntryPath,
        at: Timestamp,
    ) -> Result<Appearance, Failure> {
        let facts = Facts::of_user(user, &self.policy);
        let known = self.known(&facts, Some(&user.id)).await?;
        let evaluated = self.evaluate(&facts, &known).await?;
        let (outcomes, memberships) =
            self.write(user, entry_path, known.user, evaluated, at).await?;
        let outcomes = facts.proven_address().map(|_| outcomes);
        Ok(Appearance { outcomes, memberships })
    }

    /// Decides about a person whom nobody knows yet, if they proved that this address is theirs: by
    /// the same evaluation as [`Self::provision`]. Nothing is written. It takes at most two steps in
    /// sequence.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview(&self, email: &str) -> Result<Preview, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let known = self.known(&facts, None).await?;
        let evaluated = self.evaluate(&facts, &known).await?;
        Ok(Preview { refusal: facts.proven_address().err(), evaluated })
    }

    /// What [`Self::preview`] says of one organization, whether or not the rule index names it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview_of(&self, email: &str, id: &OrganizationId) -> Result<Evaluated, Failure> {
        let facts = Facts::of_address(email, &self.policy);
        let known = self.known(&facts, None).await?;
        let evaluated = self.evaluate(&facts, &known).await?;
        let found = evaluated.into_iter().find(|evaluated| evaluated.organization == *id);
        Ok(found.unwrap_or_else(|| Evaluated {
            organization: id.clone(),
            decision: facts.decide(&Candidate { id, rule: None, standing: known.standing(id) }),
            default_roles: Vec::new(),
        }))
    }

    /// Reads what has to be known at first, side by side: what is kept of the user, the index
    /// entries of the rules that are satisfied, and the removal marks of the address.
    async fn known(&self, facts: &Facts<'_>, user: Option<&UserId>) -> Result<Known, Failure> {
        let (store, rules) = (&self.store, facts.rules());
        let kept = async {
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
        let (user, index, marks) = try_join3(kept, store.rule_index(&rules), marks).await?;
        let standings = standings(&user, marks);
        Ok(Known { user, index, standings })
    }

    /// Decides about each organization that counts.
    async fn evaluate(&self, facts: &Facts<'_>, known: &Known) -> Result<Vec<Evaluated>, Failure> {
        let counted = self.counted(known).await?;
        let evaluated = counted.into_iter().map(|Counted { id, rule, default_roles }| {
            let standing = known.standing(&id);
            let decision = facts.decide(&Candidate { id: &id, rule, standing });
            Evaluated { organization: id, decision, default_roles }
        });
        Ok(evaluated.collect())
    }

    /// The organizations that count for a rule: the oldest 50 of those that exist. Only those that
    /// the user could join are read; that is one step, unless entries of deleted organizations
    /// linger among more than 50.
    async fn counted(&self, known: &Known) -> Result<Vec<Counted>, Failure> {
        let most = EmailDomains::MOST_ORGANIZATIONS;
        let organizations = known.index.len();
        if let Some(Listing { rule, .. }) = known.index.get(most) {
            let domain = rule.key.value();
            tracing::warn!(domain, organizations, "more organizations than can count");
        }
        let mut counted: Vec<Counted> = Vec::new();
        let mut rest = known.index.iter().peekable();
        let mut counting = 0;
        while counting < most && rest.peek().is_some() {
            let listings: Vec<_> = rest.by_ref().take(most - counting).collect();
            let is_stranger =
                |listing: &&&Listing| known.standing(&listing.organization) == Standing::Stranger;
            let strangers: Vec<_> = listings.iter().filter(is_stranger).copied().collect();
            let mut read = if strangers.is_empty() {
                Vec::new()
            } else {
                self.store.default_roles_of_listing(&strangers).await?
            }
            .into_iter();
            for Listing { organization, rule } in listings {
                let roles = match known.standing(organization) {
                    Standing::Stranger => read.next().flatten(),
                    Standing::Member | Standing::Removed => Some(Vec::new()),
                };
                counting += usize::from(roles.is_some());
                counted.push(Counted {
                    id: organization.clone(),
                    rule: roles.is_some().then(|| rule.key.clone()),
                    default_roles: roles.unwrap_or_default(),
                });
            }
        }
        Ok(counted)
    }

    /// Writes the memberships that decisions bring about, and a changed profile. Answers the
    /// outcomes as they turned out, and everything that the user is a member of then.
    async fn write(
        &self,
        user: &User,
        entry_path: EntryPath,
        known: UserItems,
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
        let profile = changed_profile(user, &known, &joined);
        let left_out = self.store.join(&user.id, &joined, profile.as_ref()).await?;
        for (id, outcome) in &mut outcomes {
            match left_out.get(id) {
                None | Some(Standing::Stranger) => {}
                Some(Standing::Member) => *outcome = Outcome::Refuse(Reason::AlreadyMember),
                Some(Standing::Removed) => *outcome = Outcome::Refuse(Reason::RemovedEarlier),
            }
        }
        let mut memberships = known.memberships;
        if left_out.is_empty() {
            memberships.append(&mut joined);
        } else {
            // Another entry path was quicker, with roles of its own moment.
            memberships = self.store.user_items(&user.id).await?.memberships;
        }
        Ok((outcomes, memberships))
    }
}

fn standings(known: &UserItems, marks: Vec<OrganizationId>) -> HashMap<OrganizationId, Standing> {
    let members = known.memberships.iter().map(|m| (m.organization_id.clone(), Standing::Member));
    // A member by hand may stand beside a mark on the address; membership is what is true now.
    let marked = marks.into_iter().map(|id| (id, Standing::Removed));
    let removed = known.removed_from.iter().map(|id| (id.clone(), Standing::Removed));
    marked.chain(removed).chain(members).collect()
}

/// The profile, where the user is a member of something and it is not what is kept.
fn changed_profile(user: &User, known: &UserItems, joining: &[Membership]) -> Option<Profile> {
    let profile = Profile { email: user.email.clone(), user_name: user.user_name.clone() };
    let member = !joining.is_empty() || !known.memberships.is_empty();
    (member && known.profile.as_ref() != Some(&profile)).then_some(profile)
}

fn report_nothing(user: &User, reason: &Reason) {
    tracing::info!(user = %user.id, decision = "nothing", reason = reason.as_str());
    metrics::refused(reason);
}

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
