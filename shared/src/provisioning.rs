//! The provisioning engine makes users members of organizations by rules. Every entry path calls
//! it, and no other code creates memberships by a rule. A preview makes the same decisions, and so
//! does the question what the next token would say. Both write nothing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use futures_util::future::{join, try_join};
use jiff::Timestamp;

use crate::ambient::Clock;
use crate::domain::actor::Actor;
use crate::domain::caller::Caller;
use crate::domain::decision::{
    Assumed, Candidate, Decision, Facts, JoinPolicy, Outcome, Reason, Standing,
};
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::{DomainOwnership, RuleList};
use crate::domain::membership::{
    Account, Cause, EntryPath, FreshProof, JoinRequest, Membership, Proof, Provenance,
};
use crate::domain::ownership::Ownership;
use crate::domain::rule::{Enrollment, NewSettings, Rule, RuleKey, RuleKind};
use crate::domain::user::User;
use crate::failure::{Failure, Service};
use crate::metrics;
use crate::store::{Admission, Joined, ListedRules, Listing, RemovalMark, Store, UserItems};
use crate::token_cache::Memory;

/// The engine, with its table and the operator's policy.
#[derive(Clone, Debug)]
pub struct Provisioning {
    store: Store,
    policy: JoinPolicy,
    clock: Clock,
    /// The organizations that list a rule, as they were a short time ago.
    recent: Memory<RuleKey, Vec<Listing>>,
    /// The longest time for a part of joining.
    limit: Option<Duration>,
    /// The caller of the Management API who creates users.
    caller: Caller,
}

/// The result of provisioning a user.
#[derive(Debug)]
pub struct Appearance {
    /// The outcomes. A failure means that the user may not have joined all organizations that match;
    /// the next appearance does the rest.
    pub outcomes: Result<Outcomes, Failure>,
    /// What the user has now.
    pub held: Held,
}

/// The memberships and requests of a user, without those that cannot be read. Some organizations and
/// roles may be deleted.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The memberships.
    pub memberships: Vec<Membership>,
    /// The requests to join.
    pub requests: Vec<JoinRequest>,
}

/// The outcome for each organization that lists a rule which the user satisfies; at least one. An
/// error is the reason why there is none.
pub type Outcomes = Result<Vec<(OrganizationId, Outcome)>, Reason>;

/// The decision about a person and one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The organization. It may be deleted.
    pub organization: OrganizationId,
    /// The decision.
    pub decision: Decision,
    /// The roles of a member by the rule that decided, as they were at the moment of the decision: its
    /// own, or else the organization's default roles. Some may be deleted. Empty after a refusal.
    pub roles: Vec<OrganizationRoleId>,
    /// The mark that the address, or an identity, was removed from the organization.
    pub removal: Option<RemovalMark>,
}

/// The decisions about a person with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The reason why no address satisfies the rule of an email domain, whatever organizations list.
    pub refusal: Option<Reason>,
    /// The decision about each organization in the rule index.
    pub evaluated: Vec<Evaluated>,
}

/// Rules of an organization that are not saved. In a list, no key is there twice. By default, all is as
/// saved.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The email domains. `None` if those that are saved stay.
    pub email_domains: Option<Vec<DraftRule>>,
    /// The identity providers. `None` if those that are saved stay.
    pub sso_connectors: Option<Vec<DraftRule>>,
    /// The default roles. `None` if those that are saved stay.
    pub default_roles: Option<Vec<OrganizationRoleId>>,
}

/// A rule that is not saved. What it does not say is as saved, or by default.
#[derive(Clone, Debug)]
pub struct DraftRule {
    /// The key.
    pub key: RuleKey,
    /// What it says.
    pub settings: NewSettings,
    /// What it begins as, if it is an email domain that is not saved.
    pub ownership: DomainOwnership,
}

/// Whether what follows from an evaluation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It is written.
    Real,
    /// Nothing is written.
    Foreseen,
}

/// A user who appears.
#[derive(Clone, Copy)]
struct Appearing<'a> {
    user: &'a User,
    entry_path: EntryPath,
    at: Timestamp,
    facts: &'a Facts<'a>,
}

/// A fresh proof that nothing has come of yet. If it is dropped, the log says that it is lost. That is so
/// too if the time of a trigger is over, or after a panic.
struct UnusedProof<'a> {
    user: &'a User,
    proof: FreshProof,
    /// Why it is lost, unless something comes of it.
    lost: Option<String>,
}

impl UnusedProof<'_> {
    /// The user was provisioned, or the proof is kept.
    fn settle(mut self) {
        self.lost = None;
    }
}

impl Drop for UnusedProof<'_> {
    fn drop(&mut self) {
        if let Some(error) = &self.lost {
            tracing::error!(user = %self.user.id, error, "the fresh proof is lost: the next token is of an existing user");
        }
    }
}

/// What an evaluation reads first.
struct Inputs {
    /// Who lists the rules that the person satisfies, the oldest listing first.
    index: Vec<Listing>,
    standings: HashMap<OrganizationId, Standing>,
    marks: Vec<RemovalMark>,
}

impl Inputs {
    fn new(items: &UserItems, index: Vec<Listing>, marks: Vec<RemovalMark>) -> Self {
        Self { index, standings: standings(items, &marks), marks }
    }

    fn standing(&self, id: &OrganizationId) -> Standing {
        self.standings.get(id).copied().unwrap_or(Standing::Stranger)
    }

    /// The decision about one organization with these rules.
    fn evaluated(&self, facts: &Facts<'_>, id: &OrganizationId, listed: &ListedRules) -> Evaluated {
        let standing = self.standing(id);
        let decision = facts.decide(&Candidate { id, rules: &listed.rules, standing });
        let roles = match &decision.outcome {
            Outcome::Join(key) | Outcome::Request(key) => listed.roles_by(Some(key)).to_vec(),
            Outcome::Refuse(_) => Vec::new(),
        };
        let removal = self.marks.iter().find(|mark| mark.organization == *id).cloned();
        Evaluated { organization: id.clone(), decision, roles, removal }
    }
}

/// The organizations that list one rule. Those count that admit and exist, up to
/// [`RuleList::MOST_ORGANIZATIONS`], the oldest first.
struct Queue<'a> {
    counted: Vec<&'a Listing>,
    /// The others that admit, the oldest first.
    waiting: VecDeque<&'a Listing>,
    /// Those that do not admit. They show only in reports, of which there are not more.
    idle: Vec<&'a Listing>,
}

impl<'a> Queue<'a> {
    /// A queue for each rule that the person satisfies.
    fn of_all(facts: &Facts<'_>, inputs: &'a Inputs) -> Vec<Self> {
        facts.rules().iter().map(|key| Self::new(key, &inputs.index)).collect()
    }

    /// Advances the queues, and returns the organizations that count, with their rules as the index has them,
    /// and those of them that are to be read: they may admit the person, or others wait for their places.
    fn advance_all(
        queues: &mut [Self],
        facts: &Facts<'_>,
        inputs: &Inputs,
        read: &HashMap<OrganizationId, Option<ListedRules>>,
    ) -> (HashMap<OrganizationId, Vec<Rule>>, Vec<OrganizationId>) {
        for queue in &mut *queues {
            queue.advance(read);
        }
        let known = known(queues);
        let contested: HashSet<_> =
            queues.iter().flat_map(Self::contested).map(|listing| &listing.organization).collect();
        let may_admit = |id: &OrganizationId, rules: &[Rule]| {
            facts.may_admit(&Candidate { id, rules, standing: inputs.standing(id) })
        };
        let unread = known.iter().filter(|(id, rules)| {
            !read.contains_key(*id) && (contested.contains(*id) || may_admit(id, rules))
        });
        let unread = unread.map(|(id, _)| id.clone()).collect();
        (known, unread)
    }

    fn new(key: &RuleKey, index: &'a [Listing]) -> Self {
        let listings = index.iter().filter(|listing| listing.rule.key == *key);
        let (waiting, mut idle): (Vec<_>, Vec<_>) =
            listings.partition(|listing| listing.rule.ownership.state.admits());
        let (organizations, most) = (waiting.len(), RuleList::MOST_ORGANIZATIONS);
        if organizations > most {
            let (kind, rule) = (key.kind().as_str(), key.value());
            tracing::warn!(kind, rule, organizations, "too many organizations list the rule");
        }
        idle.truncate(most);
        Self { counted: Vec::new(), waiting: waiting.into(), idle }
    }

    /// Counts the next ones, in place of those that turned out to be deleted.
    fn advance(&mut self, read: &HashMap<OrganizationId, Option<ListedRules>>) {
        let exists = |listing: &&&Listing| !matches!(read.get(&listing.organization), Some(None));
        let existing = self.counted.iter().filter(exists).count();
        let room = RuleList::MOST_ORGANIZATIONS.saturating_sub(existing);
        self.counted.extend(self.waiting.drain(..room.min(self.waiting.len())));
    }

    /// Those whose place another one is waiting for, if they turn out to be deleted.
    fn contested(&self) -> &[&'a Listing] {
        if self.waiting.is_empty() { &[] } else { &self.counted }
    }
}

/// The organizations that count for some rule that a person satisfies.
struct Counted {
    /// Their rules, as the index has them.
    known: HashMap<OrganizationId, Vec<Rule>>,
    /// Those that were read. `None` if they do not exist.
    read: HashMap<OrganizationId, Option<ListedRules>>,
    /// The rules by which older organizations have taken all places.
    too_late: HashSet<(OrganizationId, RuleKey)>,
}

impl Counted {
    /// The rules of an organization as they count. A rule that came too late is there, and admits nobody:
    /// like any rule that admits nobody, it is an exception to a less specific one.
    fn as_they_count(&self, id: &OrganizationId, mut listed: ListedRules) -> ListedRules {
        for rule in &mut listed.rules {
            if self.too_late.contains(&(id.clone(), rule.key.clone())) {
                rule.settings.enrollment = Enrollment::Off;
                rule.settings.existing_users = None;
            }
        }
        listed
    }
}

impl Provisioning {
    /// An engine for this table and this policy.
    #[must_use]
    pub fn new(store: Store, policy: JoinPolicy, clock: Clock) -> Self {
        let (recent, caller) = (Memory::default(), Caller::default());
        Self { store, policy, clock, recent, limit: None, caller }
    }

    /// The engine for users whom this caller creates.
    #[must_use]
    pub fn acting(&self, caller: &Caller) -> Self {
        Self { caller: caller.clone(), ..self.clone() }
    }

    /// The engine with a limit of time for each of the two parts of joining: reading the rules, and
    /// writing memberships. After that, a user has the memberships that were read.
    #[must_use]
    pub fn joining_within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The engine that looks into a memory whether there is anything new for a user who gets a token. If
    /// there may be, everything is read again.
    #[must_use]
    pub fn remembering(self, recent: Memory<RuleKey, Vec<Listing>>) -> Self {
        Self { recent, ..self }
    }

    /// Provisions a user who appears, and logs and counts every decision with its reason: news at
    /// `INFO`, what a token repeats at `DEBUG`. Returns what the user has now, and whether the user could
    /// join everything that matches. If that failed, a fresh proof is kept for the next appearance, if the
    /// table takes it.
    ///
    /// # Errors
    /// When the user's items cannot be read. Then the next appearance evaluates the user again.
    pub async fn appear(
        &self,
        user: &User,
        entry_path: EntryPath,
        proof: Proof,
    ) -> Result<(Held, bool), Failure> {
        let started = self.clock.now();
        let failed = |error: &Failure| {
            tracing::error!(user = %user.id, %error, "not provisioned");
            metrics::provisioning_failed();
        };
        let unused = self.unused_proof(user, proof, started);
        let appearance = self.provision(user, entry_path, proof, started).await;
        if let Some(unused) = unused {
            match &appearance {
                Ok(Appearance { outcomes: Ok(_), .. }) => unused.settle(),
                _ => self.keep_fresh_proof(unused).await,
            }
        }
        let Appearance { outcomes, held } = appearance.inspect_err(failed)?;
        let Ok(outcomes) = outcomes.inspect_err(failed) else {
            return Ok((held, false));
        };
        metrics::user_seen(entry_path, self.clock.now().duration_since(started));
        match outcomes {
            Err(reason) => report_refusal(user, entry_path, None, &reason),
            Ok(outcomes) => {
                for (organization, outcome) in outcomes {
                    report(user, entry_path, &organization, &outcome);
                }
            }
        }
        Ok((held, true))
    }

    /// The fresh proof of a user who appears. A user who has proven nothing that satisfies the rule of an
    /// email domain needs none: only these ask when the proof was made.
    fn unused_proof<'a>(
        &self,
        user: &'a User,
        proof: Proof,
        at: Timestamp,
    ) -> Option<UnusedProof<'a>> {
        let facts = (proof == Proof::Fresh).then(|| Facts::of_user(user, proof, &self.policy))?;
        let address = facts.proven_address().ok()?.digest();
        let lost = Some("the time was over before it could be kept".to_owned());
        Some(UnusedProof { user, proof: FreshProof { at, address }, lost })
    }

    /// Keeps the fresh proof of a user who could not be provisioned.
    async fn keep_fresh_proof(&self, mut unused: UnusedProof<'_>) {
        match self.store.keep_fresh_proof(&unused.user.id, &unused.proof).await {
            Ok(()) => unused.settle(),
            Err(error) => unused.lost = Some(error.to_string()),
        }
    }

    /// Makes the user a member of every organization that lists a rule which the user satisfies, or
    /// makes a request where the rule says so, and keeps a profile up to date. Repeating it changes
    /// nothing. It never removes memberships or roles.
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
        proof: Proof,
        at: Timestamp,
    ) -> Result<Appearance, Failure> {
        self.evaluate_user(user, entry_path, proof, at, Effect::Real).await
    }

    /// What [`Self::provision`] would do at the user's next token, and what the user would have then. It
    /// writes, logs and counts nothing, but that an item cannot be read.
    ///
    /// # Errors
    /// When the user's items cannot be read.
    pub async fn foresee(&self, user: &User, proof: Proof) -> Result<Appearance, Failure> {
        let (entry_path, at) = (EntryPath::PreTokenGeneration, self.clock.now());
        self.evaluate_user(user, entry_path, proof, at, Effect::Foreseen).await
    }

    async fn evaluate_user(
        &self,
        user: &User,
        entry_path: EntryPath,
        proof: Proof,
        at: Timestamp,
        effect: Effect,
    ) -> Result<Appearance, Failure> {
        let facts = Facts::of_user(user, proof, &self.policy);
        let is_token = (entry_path, effect) == (EntryPath::PreTokenGeneration, Effect::Real);
        let nothing_new = if is_token { self.nothing_new(user, &facts, at).await? } else { None };
        let (mut items, rules) = match nothing_new {
            Some((items, index)) => (items, Ok((index, Vec::new()))),
            None => {
                let rules = self.in_time(self.read_rules(&facts));
                let (items, rules) = join(self.store.user_items(&user.id), rules).await;
                (items?, rules)
            }
        };
        let facts = facts.with_kept_proof(items.fresh_proof.as_ref(), at);
        for (organization, error) in &items.unreadable {
            let organization = organization.as_ref().map(OrganizationId::as_str);
            tracing::error!(user = %user.id, organization, %error, "left out");
        }
        let joined = match rules {
            Ok((index, marks)) => {
                let inputs = Inputs::new(&items, index, marks);
                let appearing = Appearing { user, entry_path, at, facts: &facts };
                let joining = async {
                    let counted = self.read_counted(&facts, &inputs).await?;
                    let evaluated = evaluate(&facts, &inputs, counted);
                    match effect {
                        Effect::Real => self.join(appearing, &mut items, evaluated).await,
                        Effect::Foreseen => Ok(self.assume(appearing, &mut items, evaluated)),
                    }
                };
                self.in_time(joining).await
            }
            Err(failure) => Err(failure),
        };
        let refusal = facts.proven_address().err();
        let outcomes = joined.map(|outcomes| match (outcomes, refusal) {
            (Ok(outcomes), refusal) if outcomes.is_empty() => {
                Err(refusal.unwrap_or(Reason::NotListed))
            }
            // Somebody who satisfies no rule joins nothing, deleted or not.
            (Err(_), Some(refusal)) if facts.rules().is_empty() => Err(refusal),
            (outcomes, _) => outcomes,
        });
        let UserItems { memberships, requests, deleted, .. } = items;
        // If the user is deleted, the deletion of the rest is under way.
        let held = if deleted { Held::default() } else { Held { memberships, requests } };
        Ok(Appearance { outcomes, held })
    }

    /// What is kept about a user, without provisioning.
    #[must_use]
    pub fn account(&self, user: &User) -> Account {
        Facts::of_user(user, Proof::Earlier, &self.policy).account()
    }

    /// Decides about a person without a user. The evaluation is the same as in [`Self::provision`]. It
    /// writes nothing, and takes at most two sequential steps.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview(&self, person: &Assumed) -> Result<Preview, Failure> {
        let facts = Facts::of_assumed(person, &self.policy);
        let (inputs, counted) = self.read_for_stranger(&facts).await?;
        let evaluated = evaluate(&facts, &inputs, counted);
        Ok(Preview { refusal: facts.proven_address().err(), evaluated })
    }

    /// The decision of [`Self::preview`] about one organization, which need not be in the rule index, if
    /// its rules were as in this draft.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn preview_of(
        &self,
        person: &Assumed,
        id: &OrganizationId,
        draft: Draft,
    ) -> Result<Evaluated, Failure> {
        let facts = Facts::of_assumed(person, &self.policy);
        let (organizations, keys) = ([id.clone()], facts.deciding());
        let (mut saved, (inputs, counted)) = try_join(
            self.store.listed_rules(&organizations, &keys),
            self.read_for_stranger(&facts),
        )
        .await?;
        let saved = saved.pop().flatten().unwrap_or_default();
        let now = self.clock.now();
        let lists = [
            (RuleKind::EmailDomain, draft.email_domains),
            (RuleKind::SsoConnector, draft.sso_connectors),
        ];
        let rules = lists.into_iter().flat_map(|(kind, list)| match list {
            None => saved.rules.iter().filter(|rule| rule.key.kind() == kind).cloned().collect(),
            Some(list) => drafted(list, &keys, &saved.rules, now),
        });
        let rules: Vec<_> = rules.collect();
        let default_roles = draft.default_roles.unwrap_or(saved.default_roles);
        let drafted = counted.as_they_count(id, ListedRules { rules, default_roles });
        Ok(inputs.evaluated(&facts, id, &drafted))
    }

    /// Reads what decides about a person without a user.
    async fn read_for_stranger(&self, facts: &Facts<'_>) -> Result<(Inputs, Counted), Failure> {
        let (index, marks) = self.read_rules(facts).await?;
        let inputs = Inputs::new(&UserItems::default(), index, marks);
        let counted = self.read_counted(facts, &inputs).await?;
        Ok((inputs, counted))
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

    /// Reads the items of a user whose rules are remembered. It returns them with the index entries of the
    /// rules, if by these the user can join nothing new. Marks of removals are not read, because they only
    /// refuse. `None` if the user may join something, or a rule is not remembered.
    async fn nothing_new(
        &self,
        user: &User,
        facts: &Facts<'_>,
        at: Timestamp,
    ) -> Result<Option<(UserItems, Vec<Listing>)>, Failure> {
        if !self.recent.is_on() {
            return Ok(None);
        }
        let remembered: Option<Vec<_>> =
            facts.rules().iter().map(|key| self.recent.get(key)).collect();
        let Some(remembered) = remembered else { return Ok(None) };
        let mut index: Vec<_> = remembered.into_iter().flatten().collect();
        Listing::sort(&mut index);
        index.retain(|listing| facts.satisfies(&listing.rule));
        let items = self.store.user_items(&user.id).await?;
        let facts = facts.clone().with_kept_proof(items.fresh_proof.as_ref(), at);
        let inputs = Inputs::new(&items, index, Vec::new());
        let mut queues = Queue::of_all(&facts, &inputs);
        let (_, unread) = Queue::advance_all(&mut queues, &facts, &inputs, &HashMap::new());
        Ok(unread.is_empty().then_some((items, inputs.index)))
    }

    /// Reads the rules of an evaluation in parallel: the index entries of those that the person
    /// satisfies, and the removal marks of the address, proven or asserted, and of the identities. The
    /// entries are remembered.
    async fn read_rules(
        &self,
        facts: &Facts<'_>,
    ) -> Result<(Vec<Listing>, Vec<RemovalMark>), Failure> {
        let (rules, digests) = (facts.rules(), facts.refusing_digests());
        let begin = self.recent.begin();
        let (mut index, marks) =
            try_join(self.store.rule_index(&rules), self.store.removal_marks(&digests)).await?;
        if self.recent.is_on() {
            for key in rules {
                let listings = index.iter().filter(|listing| listing.rule.key == key);
                self.recent.keep(begin, key.clone(), listings.cloned().collect());
            }
        }
        index.retain(|listing| facts.satisfies(&listing.rule));
        Ok((index, marks))
    }

    /// Finds the organizations in the rule index that count, up to the limit for each rule, the oldest
    /// listing first. Those that may admit the person, as the index has them, are read at one moment each,
    /// and what is read decides. That takes one step, unless more organizations list a rule than count, and
    /// some of them are deleted. Then the places of the deleted ones are free, so each organization that
    /// others wait for is read too.
    async fn read_counted(&self, facts: &Facts<'_>, inputs: &Inputs) -> Result<Counted, Failure> {
        let deciding = facts.deciding();
        let mut queues = Queue::of_all(facts, inputs);
        let mut read = HashMap::new();
        let known = loop {
            let (known, unread) = Queue::advance_all(&mut queues, facts, inputs, &read);
            if unread.is_empty() {
                break known;
            }
            let found = self.store.listed_rules(&unread, &deciding).await?;
            read.extend(unread.into_iter().zip(found));
        };
        let too_late = queues.iter().flat_map(|queue| &queue.waiting);
        let too_late = too_late
            .map(|listing| (listing.organization.clone(), listing.rule.key.clone()))
            .collect();
        Ok(Counted { known, read, too_late })
    }

    /// The memberships and requests that follow from decisions, and who brings them about.
    fn admissions(
        &self,
        Appearing { entry_path, at, facts, .. }: Appearing<'_>,
        evaluated: &[Evaluated],
    ) -> (Vec<Admission>, Actor) {
        let actor = match entry_path {
            EntryPath::ManagementApi => Actor::Caller(self.caller.clone()),
            EntryPath::PostConfirmation | EntryPath::PreTokenGeneration => {
                Actor::Trigger(entry_path)
            }
        };
        let admissions = evaluated
            .iter()
            .filter_map(|Evaluated { organization, decision, roles, .. }| {
                let organization_id = organization.clone();
                let provenance = |rule: &RuleKey| Provenance {
                    added_by: actor.known_caller(),
                    ..Provenance::new(Cause::Rule(rule.clone()), entry_path)
                };
                Some(match &decision.outcome {
                    Outcome::Join(rule) => Admission::Membership(Membership {
                        organization_id,
                        role_ids: roles.clone(),
                        joined_at: at,
                        provenance: provenance(rule),
                        address: facts.digest_for(rule),
                    }),
                    Outcome::Request(rule) => Admission::Request(JoinRequest {
                        organization_id,
                        requested_at: at,
                        provenance: provenance(rule),
                        address: facts.digest_for(rule),
                    }),
                    Outcome::Refuse(_) => return None,
                })
            })
            .collect();
        (admissions, actor)
    }

    /// Adds to `items` what follows from decisions, as [`Self::join`] does if nobody else writes meanwhile.
    fn assume(
        &self,
        appearing: Appearing<'_>,
        items: &mut UserItems,
        evaluated: Vec<Evaluated>,
    ) -> Outcomes {
        if items.deleted {
            return Err(Reason::UserDeleted);
        }
        items.admit(self.admissions(appearing, &evaluated).0);
        Ok(evaluated.into_iter().map(|it| (it.organization, it.decision.outcome)).collect())
    }

    /// Writes the memberships and requests that follow from decisions, and the profile if it has changed.
    /// Returns the final outcomes, and adds what the user has now to `items`. An outcome changes if the
    /// user has become a member or has asked to, or the user or the address was removed, since the items
    /// were read.
    async fn join(
        &self,
        appearing: Appearing<'_>,
        items: &mut UserItems,
        evaluated: Vec<Evaluated>,
    ) -> Result<Outcomes, Failure> {
        let Appearing { user, facts, .. } = appearing;
        let (admissions, actor) = self.admissions(appearing, &evaluated);
        let (account, digests) = (facts.account(), facts.refusing_digests());
        let Joined { skipped, user_deleted } =
            self.store.acting(actor).join(&user.id, &account, items, &admissions, &digests).await?;
        if user_deleted {
            return Ok(Err(Reason::UserDeleted));
        }
        let written = admissions.into_iter();
        items.admit(written.filter(|it| !skipped.contains_key(it.organization())).collect());
        if !skipped.is_empty() {
            // Another request wrote something first, with the roles of an earlier moment. What was written
            // here counts, also if that cannot be read.
            match self.store.user_items(&user.id).await {
                Ok(UserItems { mut memberships, requests, .. }) => {
                    let known = |membership: &Membership| {
                        let id = &membership.organization_id;
                        items.memberships.iter().any(|held| held.organization_id == *id)
                    };
                    memberships.retain(|membership| !known(membership));
                    items.memberships.append(&mut memberships);
                    items.requests = requests;
                }
                Err(error) => tracing::warn!(%error, "what another request wrote is not known"),
            }
        }
        let outcomes = evaluated.into_iter().map(|Evaluated { organization, decision, .. }| {
            let outcome = match skipped.get(&organization) {
                None | Some(Standing::Stranger) => decision.outcome,
                Some(Standing::Member) => Outcome::Refuse(Reason::AlreadyMember),
                Some(Standing::Requested) => Outcome::Refuse(Reason::AlreadyRequested),
                Some(Standing::Removed) => Outcome::Refuse(Reason::RemovedEarlier),
            };
            (organization, outcome)
        });
        Ok(Ok(outcomes.collect()))
    }
}

/// The rules of a draft with these keys. What is saved of a rule stays, but for its settings.
fn drafted(list: Vec<DraftRule>, keys: &[RuleKey], saved: &[Rule], now: Timestamp) -> Vec<Rule> {
    let begin = |drafted: &DraftRule| {
        let ownership = match drafted.key.kind() {
            RuleKind::EmailDomain => drafted.ownership.begin(None, now),
            RuleKind::SsoConnector => Ownership::default(),
        };
        Rule { ownership, ..Rule::new(drafted.key.clone(), now) }
    };
    let deciding = list.into_iter().filter(|rule| keys.contains(&rule.key));
    let rules = deciding.map(|drafted| {
        let rule = saved.iter().find(|rule| rule.key == drafted.key).cloned();
        let rule = rule.unwrap_or_else(|| begin(&drafted));
        Rule { settings: drafted.settings.after(&rule.settings), ..rule }
    });
    rules.collect()
}

/// Decides about each organization that counts, the oldest listing first.
fn evaluate(facts: &Facts<'_>, inputs: &Inputs, mut counted: Counted) -> Vec<Evaluated> {
    let mut seen = HashSet::new();
    let ids = inputs.index.iter().map(|listing| &listing.organization);
    let ids = ids.filter(|id| counted.known.contains_key(id) && seen.insert(*id));
    let ids: Vec<_> = ids.collect();
    let evaluated = ids.into_iter().map(|id| {
        let rules = counted.known.remove(id).unwrap_or_default();
        let listed = match counted.read.remove(id) {
            Some(read) => read.unwrap_or_default(),
            None => ListedRules { rules, ..ListedRules::default() },
        };
        inputs.evaluated(facts, id, &counted.as_they_count(id, listed))
    });
    evaluated.collect()
}

/// The organizations that count for some rule, with the rules as the index has them.
fn known(queues: &[Queue<'_>]) -> HashMap<OrganizationId, Vec<Rule>> {
    let mut known: HashMap<_, Vec<_>> = HashMap::new();
    for Listing { organization, rule } in
        queues.iter().flat_map(|queue| queue.counted.iter().chain(&queue.idle))
    {
        known.entry(organization.clone()).or_default().push(rule.clone());
    }
    known
}

/// The person's standing in each organization with a membership, a request or a removal mark.
fn standings(items: &UserItems, marks: &[RemovalMark]) -> HashMap<OrganizationId, Standing> {
    let members = items.memberships.iter().map(|m| (m.organization_id.clone(), Standing::Member));
    let requested = items.requests.iter();
    let requested = requested.map(|it| (it.organization_id.clone(), Standing::Requested));
    // A user who was added by hand can have a removal mark on the address. Then the membership
    // wins. A request does not.
    let marked = marks.iter().map(|mark| (mark.organization.clone(), Standing::Removed));
    let removed = items.removed_from.iter().map(|id| (id.clone(), Standing::Removed));
    // An item that cannot be read is there, so the user cannot join.
    let unreadable = items.unreadable.iter().filter_map(|(id, _)| id.clone());
    let unreadable = unreadable.map(|id| (id, Standing::Member));
    requested.chain(marked).chain(removed).chain(unreadable).chain(members).collect()
}

/// Logs and counts the outcome for one organization.
fn report(user: &User, entry_path: EntryPath, organization: &OrganizationId, outcome: &Outcome) {
    match outcome {
        Outcome::Join(rule) => {
            let (kind, rule) = (rule.kind().as_str(), rule.value());
            tracing::info!(user = %user.id, %organization, decision = "join", kind, rule);
            metrics::joined(entry_path);
        }
        Outcome::Request(rule) => {
            let (kind, rule) = (rule.kind().as_str(), rule.value());
            tracing::info!(user = %user.id, %organization, decision = "request", kind, rule);
            metrics::requested(entry_path);
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
