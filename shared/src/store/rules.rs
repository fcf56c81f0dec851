//! The rules of organizations.
//!
//! An organization has a list item for each kind of rule. It decides which rules the organization has,
//! and their order, limits, version and `ETag`. Each rule has an index entry, which is written in the
//! same transaction. Whatever is particular to one rule is in its index entry, because a sign-up reads
//! that anyway. If such an attribute is missing, the rule works as it did before the attribute existed.
//!
//! Every organization has a list of email domains from the beginning. Its list of identity providers is
//! created when it is first changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::changes::Subject;
use super::default_roles::read_default_roles;
use super::expression::Expression;
use super::item::{Attributes, Item, number, timestamp};
use super::keys::Key;
use super::organizations::{is_deleted, organization_exists};
use super::read::readable;
use super::rule_entries::{Entry, read_rule, rule_attributes, unchanged};
use super::write::{Unmet, Write};
use super::{Store, TRANSACTION_ITEMS, keys};
use crate::domain::change::ListChange;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::{RuleList, Step, plan};
use crate::domain::rule::{Rule, RuleKey, RuleKind, Settings};
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result, organization_not_found};
use crate::event::News;
use crate::failure::Failure;

/// The most rules that change in one transaction. The list itself is one of its items, and what it
/// changes is another one.
const CHANGES_PER_STEP: usize = TRANSACTION_ITEMS - 2;

/// The most rules whose index partitions are read at the same time.
const PARALLEL_CHECKS: usize = 16;

/// The most repeats of a replacement without a precondition, when other requests change the list
/// each time.
const REPLACEMENT_REPEATS: u32 = 9;

/// The most repeats of a listing, when other requests change the list each time.
const LISTING_REPEATS: u32 = 9;

/// An organization that lists a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The organization.
    pub organization: OrganizationId,
    /// The rule.
    pub rule: Rule,
}

impl Listing {
    /// Brings listings into their order: the oldest comes first.
    pub fn sort(listings: &mut [Self]) {
        listings.sort_by(|a, b| {
            let age = a.rule.since().cmp(&b.rule.since());
            age.then_with(|| a.organization.cmp(&b.organization))
        });
    }
}

/// A rule after a change of its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRule {
    /// The rule.
    pub rule: Rule,
    /// The version of its list.
    pub version: Version,
    /// Whether anything is different now.
    pub is_changed: bool,
}

/// What decides about a user and an organization, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedRules {
    /// The rules of the organization that the user may satisfy.
    pub rules: Vec<Rule>,
    /// The organization's default roles. Some may be ids of deleted roles, which have no effect.
    pub default_roles: Vec<OrganizationRoleId>,
}

impl ListedRules {
    /// The roles of those who join by a rule: its own, or else the default roles. The default roles if
    /// there is no such rule.
    #[must_use]
    pub fn roles_by(&self, key: Option<&RuleKey>) -> &[OrganizationRoleId] {
        let rule = self.rules.iter().find(|rule| Some(&rule.key) == key);
        rule.and_then(|rule| rule.settings.roles.as_deref()).unwrap_or(&self.default_roles)
    }
}

impl Store {
    /// An organization's list of rules of one kind; `None` if there is no such organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
    ) -> Result<Option<RuleList>, Failure> {
        let list = keys::rules(kind, id);
        match kind {
            RuleKind::EmailDomain => {
                let list = self.get(list).await?;
                list.map(|attributes| self.read_rules(kind, &attributes)).transpose()
            }
            RuleKind::SsoConnector => {
                let items = self.get_together(vec![list, keys::organization(id)]).await?;
                self.read_rules_of(kind, &items)
            }
        }
    }

    /// Some rules of a list, which `page` chooses by their place, with the list. A rule whose index
    /// entry is missing or cannot be read is left out, and the log names it. `None` if there is no such
    /// organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules_on_page(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        page: impl Fn(usize) -> std::ops::Range<usize>,
    ) -> Result<Option<(RuleList, Vec<Rule>)>, Failure> {
        let mut backoff = Backoff::short(&self.randomness, LISTING_REPEATS);
        let Some(mut list) = self.rules(id, kind).await? else { return Ok(None) };
        loop {
            let shown = page(list.rules.len());
            let keys: Vec<_> = list.rules.keys().skip(shown.start).take(shown.len()).collect();
            let mut read = self.entries(id, &keys).await?;
            if keys.iter().any(|key| !read.contains_key(*key)) {
                // Another request may have deleted the rule since the list was read.
                let Some(now) = self.rules(id, kind).await? else { return Ok(None) };
                if now.version != list.version {
                    backoff.pause("BatchGetItem", "other requests changed the list").await?;
                    list = now;
                    continue;
                }
            }
            let rules = keys.into_iter().map(|key| {
                let entry = read.remove(key).unwrap_or_else(|| Err(self.missing_entry(key, id)));
                entry.map(|entry| entry.rule)
            });
            let rules = readable(rules.collect()).collect();
            return Ok(Some((list, rules)));
        }
    }

    /// The index entries of an organization's rules, without those that do not exist.
    async fn entries(
        &self,
        id: &OrganizationId,
        rules: &[&RuleKey],
    ) -> Result<HashMap<RuleKey, Result<Entry, Failure>>, Failure> {
        let by_partition: HashMap<_, _> =
            rules.iter().map(|key| (keys::rule_partition(key), *key)).collect();
        let wanted = rules.iter().map(|key| keys::rule_index_entry(key, id)).collect();
        let items = self.batch_get(wanted).await?;
        let read = items.iter().filter_map(|attributes| {
            let item = self.item(attributes);
            let key = *by_partition.get(item.text(keys::PK).ok()?)?;
            Some((key.clone(), read_rule(key, &item)))
        });
        Ok(read.collect())
    }

    /// Adds an email domain to the list and the index.
    ///
    /// # Errors
    /// When there is no such organization, too many others list the rule or admit by it, the precondition
    /// fails, the rule is listed already, or the list is full; then nothing has changed.
    pub async fn add_email_domain(
        &self,
        id: &OrganizationId,
        rule: &Rule,
        precondition: &Precondition,
    ) -> Result<()> {
        let kind = RuleKind::EmailDomain;
        if let Some(crowd) = self.crowd(rule, id).await? {
            let list = self.rules(id, kind).await?.ok_or_else(|| organization_not_found(id))?;
            if !list.rules.contains_key(&rule.key) {
                return Err(crowd.refuses(vec![rule.key.clone()]));
            }
        }
        let list = list_change(kind, precondition)
            .name("#rule", rule.key.value())
            .value(":entry", list_entry(rule.added_at))
            .value(":most", number(RuleList::most(kind) as u64))
            .set("#rules.#rule = :entry")
            .when("attribute_not_exists(#rules.#rule)")
            .when("size(#rules) < :most");
        let mut writes = vec![self.update(keys::rules(kind, id), list), self.put_entry(rule, id)];
        let news = vec![News::rule_added(id, rule)];
        writes.extend(self.tell(Subject::Organization(id), news));
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        let current = self.current(id, kind, &unmet, precondition)?;
        Err(if current.rules.contains_key(&rule.key) {
            Error::EmailDomainAlreadyListed(rule.key.value().to_owned())
        } else {
            full(kind)
        })
    }

    /// Removes a rule from the list and the index.
    ///
    /// # Errors
    /// When there is no such organization, the precondition fails, or the rule is not listed; then
    /// nothing has changed.
    pub async fn remove_rule(
        &self,
        id: &OrganizationId,
        key: &RuleKey,
        precondition: &Precondition,
    ) -> Result<()> {
        let kind = key.kind();
        if kind == RuleKind::SsoConnector {
            let list = self.rules(id, kind).await?.ok_or_else(|| organization_not_found(id))?;
            if list == RuleList::UNWRITTEN {
                require(precondition, list.version)?;
                return Err(not_listed(key));
            }
        }
        let list = list_change(kind, precondition)
            .name("#rule", key.value())
            .remove("#rules.#rule")
            .when("attribute_exists(#rules.#rule)");
        let mut writes = vec![
            self.update(keys::rules(kind, id), list),
            self.delete(keys::rule_index_entry(key, id)),
        ];
        let news = vec![News::rule_removed(id, key)];
        writes.extend(self.tell(Subject::Organization(id), news));
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        self.current(id, kind, &unmet, precondition)?;
        Err(not_listed(key))
    }

    /// Changes the settings of a rule to what `change` makes of them. If they stay the same, nothing is
    /// written. If another request has changed the list, or the rule, in the meantime, it starts over.
    ///
    /// # Errors
    /// When there is no such organization, the precondition fails, or the rule is not listed; then
    /// nothing has changed.
    pub async fn change_settings(
        &self,
        id: &OrganizationId,
        key: &RuleKey,
        precondition: &Precondition,
        change: impl Fn(&Settings) -> Settings,
    ) -> Result<ChangedRule> {
        let kind = key.kind();
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let wanted = vec![
                keys::rule_index_entry(key, id),
                keys::rules(kind, id),
                keys::organization(id),
            ];
            let items = self.get_together(wanted).await?;
            let (entry, list) = items.split_first().expect("there is an answer for each key");
            let list = self.read_rules_of(kind, list)?.ok_or_else(|| organization_not_found(id))?;
            require(precondition, list.version)?;
            if !list.rules.contains_key(key) {
                return Err(not_listed(key));
            }
            let entry = entry.as_ref().ok_or_else(|| self.missing_entry(key, id))?;
            let entry = read_rule(key, &self.item(entry))?;
            let settings = change(&entry.rule.settings);
            let is_changed = settings != entry.rule.settings;
            let rule = Rule { settings, ..entry.rule.clone() };
            if !is_changed {
                return Ok(ChangedRule { rule, version: list.version, is_changed });
            }
            let change = list_change(kind, &Precondition::OneOf(vec![list.version]))
                .name("#rule", key.value())
                .when("attribute_exists(#rules.#rule)");
            let place = keys::rule_index_entry(key, id);
            let attributes = rule_attributes(&rule, &place, entry.version + 1);
            let mut writes = vec![
                self.update(keys::rules(kind, id), change),
                self.put_if(place, attributes, unchanged(entry.version)),
            ];
            let news = vec![News::rule_changed(id, &entry.rule, &rule)];
            writes.extend(self.tell(Subject::Organization(id), news));
            if self.commit(writes).await?.is_ok() {
                return Ok(ChangedRule { rule, version: list.version.next(), is_changed });
            }
            backoff.pause("TransactWriteItems", "other requests changed the rule").await?;
        }
    }

    /// Changes which rules of a kind an organization has to what `wanted` makes of them, and returns the
    /// new version. Rules that stay keep their settings; `new` makes those that are added, and is asked
    /// each time with exactly these. Up to 98 changes are one atomic step. More changes take several steps, each on the condition
    /// that the list still has the version of the step before. Without a precondition, a change whose
    /// first step fails because another request has changed the list starts over, at most
    /// [`REPLACEMENT_REPEATS`] times. `done` gets what each step has changed, also if a later one fails.
    ///
    /// # Errors
    /// Those of `new`. When there is no such organization, the precondition fails, the list would be too
    /// long, or too many other organizations list an added rule or admit by it; then nothing has changed.
    /// [`Error::EmailDomainsPartiallyReplaced`] or [`Error::SsoConnectorsPartiallyReplaced`] when another
    /// request changed the list between two steps. When the store fails, a part may have been changed.
    pub async fn change_rules<F: Future<Output = Result<Vec<Rule>>>>(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        precondition: &Precondition,
        wanted: impl Fn(&RuleList) -> BTreeSet<RuleKey>,
        new: impl Fn(Vec<RuleKey>) -> F,
        done: &mut ListChange<RuleKey>,
    ) -> Result<Version> {
        // Each added rule is checked once, even if the change starts over. The checks take longer than
        // the rest. Repeating them would let other requests come first each time.
        let mut checked = HashSet::new();
        let mut backoff = Backoff::short(&self.randomness, REPLACEMENT_REPEATS);
        loop {
            let before = self.rules(id, kind).await?.ok_or_else(|| organization_not_found(id))?;
            require(precondition, before.version)?;
            let after = wanted(&before);
            if after.len() > RuleList::most(kind) {
                return Err(full(kind));
            }
            let added =
                after.iter().filter(|key| !before.rules.contains_key(key)).cloned().collect();
            let added = new(added).await?.into_iter().map(|rule| (rule.key.clone(), rule));
            let added: BTreeMap<_, _> = added.collect();
            let unchecked =
                added.values().filter(|rule| checked.insert(rule.key.clone())).cloned().collect();
            self.refuse_crowded(id, unchecked).await?;
            match self.replace(id, kind, &before, &after, &added, done).await {
                // `PreconditionFailed` would be wrong: the client has not named a version.
                Err(Error::PreconditionFailed { .. }) if *precondition == Precondition::None => {
                    backoff.pause("TransactWriteItems", "other requests changed the list").await?;
                }
                outcome => return outcome,
            }
        }
    }

    /// Replaces the list, if it is still the one that was read.
    async fn replace(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        before: &RuleList,
        after: &BTreeSet<RuleKey>,
        new: &BTreeMap<RuleKey, Rule>,
        done: &mut ListChange<RuleKey>,
    ) -> Result<Version> {
        if *before == RuleList::UNWRITTEN {
            self.create_rules(id, kind).await?;
        }
        let listed = before.rules.keys().cloned().collect();
        let mut steps = plan(&listed, after, CHANGES_PER_STEP);
        if steps.is_empty() {
            // A replacement without changes is a write too: the list must still have the version
            // that was read.
            steps.push(Step::default());
        }
        let mut version = before.version;
        for step in steps {
            let precondition = Precondition::OneOf(vec![version]);
            let writes = self.replacement(id, kind, &step, new, &precondition);
            if let Err(unmet) = self.commit(writes).await? {
                return Err(match self.current(id, kind, &unmet, &precondition) {
                    Err(Error::PreconditionFailed { current }) if version != before.version => {
                        partially_replaced(kind, current)
                    }
                    Err(error) => error,
                    Ok(current) => Error::PreconditionFailed { current: current.version },
                });
            }
            done.added.extend(step.added);
            done.removed.extend(step.removed);
            version = version.next();
        }
        Ok(version)
    }

    /// Creates the list that an organization does not have yet. If another request has created it
    /// first, that is as good.
    async fn create_rules(&self, id: &OrganizationId, kind: RuleKind) -> Result<()> {
        let writes = vec![
            self.put_no_rules(id, kind, RuleList::UNWRITTEN.version),
            self.check(keys::organization(id), organization_exists()),
        ];
        match self.commit(writes).await? {
            Err(unmet) if unmet.of(&keys::organization(id)).is_some() => {
                Err(organization_not_found(id))
            }
            _ => Ok(()),
        }
    }

    /// Refuses new rules that too many other organizations list, or by which too many admit.
    async fn refuse_crowded(&self, id: &OrganizationId, rules: Vec<Rule>) -> Result<()> {
        let checks = rules.into_iter().map(|rule| async move {
            let crowd = self.crowd(&rule, id).await?;
            Ok::<_, Failure>(crowd.map(|crowd| (crowd, rule.key)))
        });
        let checked: Vec<_> = stream::iter(checks).buffered(PARALLEL_CHECKS).try_collect().await?;
        let refused: Vec<_> = checked.into_iter().flatten().collect();
        for crowd in [Crowd::Admitting, Crowd::Listing] {
            let keys = refused.iter().filter(|(of, _)| *of == crowd);
            let keys: Vec<_> = keys.map(|(_, key)| key.clone()).collect();
            if !keys.is_empty() {
                return Err(crowd.refuses(keys));
            }
        }
        Ok(())
    }

    /// The organizations because of which this one cannot begin to list a rule. The entries of an email
    /// domain are limited, because an appearance reads them all: also those of deleted organizations
    /// count, which no deletion has swept.
    async fn crowd(
        &self,
        rule: &Rule,
        newcomer: &OrganizationId,
    ) -> Result<Option<Crowd>, Failure> {
        let (key, most) = (&rule.key, RuleList::MOST_CLAIMS);
        let is_limited = |entries: usize| key.kind() == RuleKind::EmailDomain && entries >= most;
        if !rule.ownership.state.admits() {
            let entries = self.count(keys::rule_partition(key), most).await?;
            return Ok(is_limited(entries).then_some(Crowd::Listing));
        }
        let listings = self.rule_index(std::slice::from_ref(key)).await?;
        if is_limited(listings.len()) {
            return Ok(Some(Crowd::Listing));
        }
        let is_crowded = self.is_crowded_by(listings, newcomer).await?;
        Ok(is_crowded.then_some(Crowd::Admitting))
    }

    /// Whether so many other organizations admit by a rule that this one cannot begin to. Index entries
    /// of deleted organizations do not count.
    pub(super) async fn is_crowded(
        &self,
        key: &RuleKey,
        newcomer: &OrganizationId,
    ) -> Result<bool, Failure> {
        self.is_crowded_by(self.rule_index(std::slice::from_ref(key)).await?, newcomer).await
    }

    /// The same with all who list the rule.
    async fn is_crowded_by(
        &self,
        mut listings: Vec<Listing>,
        newcomer: &OrganizationId,
    ) -> Result<bool, Failure> {
        listings.retain(|listing| listing.rule.ownership.state.admits());
        if listings.len() < RuleList::MOST_ORGANIZATIONS
            || listings.iter().any(|listing| listing.organization == *newcomer)
        {
            return Ok(false);
        }
        let ids: Vec<_> = listings.into_iter().map(|listing| listing.organization).collect();
        Ok(self.organizations(&ids).await?.len() >= RuleList::MOST_ORGANIZATIONS)
    }

    /// How many other organizations list each of these rules, whether they admit by it or not. It counts
    /// up to [`RuleList::MOST_ORGANIZATIONS`], among the first entries of the index.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn other_organizations(
        &self,
        id: &OrganizationId,
        rules: Vec<RuleKey>,
    ) -> Result<HashMap<RuleKey, usize>, Failure> {
        let most = RuleList::MOST_ORGANIZATIONS;
        let reads = rules.into_iter().map(|key| async move {
            // One more, because this organization may be among them.
            let items = self.query_first(keys::rule_partition(&key), most + 1).await?;
            let others = items.iter().map(|attributes| {
                self.item(attributes).sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)
            });
            let others = readable(others.collect()).filter(|other| other != id).collect();
            Ok::<(_, Vec<_>), Failure>((key, others))
        });
        let found: Vec<_> = stream::iter(reads).buffered(PARALLEL_CHECKS).try_collect().await?;
        let ids: BTreeSet<_> = found.iter().flat_map(|(_, others)| others).cloned().collect();
        let existing = self.readable_organizations(&Vec::from_iter(ids)).await?;
        let existing: HashSet<_> =
            existing.into_iter().map(|organization| organization.id).collect();
        let count = |others: Vec<_>| others.iter().filter(|id| existing.contains(id)).count();
        Ok(found.into_iter().map(|(key, others)| (key, count(others).min(most))).collect())
    }

    /// Who lists any of these rules, the oldest listing first. An organization that lists several is
    /// there several times. Some organizations may be deleted. The rules are read in parallel. An entry
    /// that cannot be read is left out, and the log names it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rule_index(&self, rules: &[RuleKey]) -> Result<Vec<Listing>, Failure> {
        let partitions = rules.iter().map(|key| async move {
            let items = self.query(keys::rule_partition(key), "").await?;
            let read = items.iter().map(|item| read_listing(key, &self.item(item))).collect();
            Ok::<_, Failure>(readable(read).collect::<Vec<_>>())
        });
        let mut listings: Vec<_> = try_join_all(partitions).await?.into_iter().flatten().collect();
        Listing::sort(&mut listings);
        Ok(listings)
    }

    /// Those of these rules that each organization lists, and its default roles; `None` if it does not
    /// exist. What belongs to one organization is read at one moment, so that no membership mixes the
    /// rules of one moment with the settings or the roles of another. The organizations are read in
    /// parallel, as many in one call as DynamoDB allows. An organization with an item that cannot be
    /// read is left out as if it did not exist, and the log names the item.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn listed_rules(
        &self,
        organizations: &[OrganizationId],
        rules: &[RuleKey],
    ) -> Result<Vec<Option<ListedRules>>, Failure> {
        let parts = organizations.chunks((TRANSACTION_ITEMS / (rules.len() + 1)).max(1));
        let parts = parts.map(|part| async move {
            let wanted = part.iter().flat_map(|id| deciding(id, rules)).collect();
            let items = self.get_together(wanted).await?;
            let read = items.chunks_exact(rules.len() + 1).map(|items| {
                // One that cannot be read must not keep the user out of the others.
                let read = self.read_listed_rules(rules, items);
                read.inspect_err(|error| tracing::error!(%error, "left out")).ok().flatten()
            });
            Ok::<_, Failure>(read.collect::<Vec<_>>())
        });
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }

    /// Like [`Self::listed_rules`] for one organization, but an item that cannot be read is a failure.
    pub(super) async fn listed_rules_of(
        &self,
        organization: &OrganizationId,
        rules: &[RuleKey],
    ) -> Result<Option<ListedRules>, Failure> {
        let items = self.get_together(deciding(organization, rules).collect()).await?;
        self.read_listed_rules(rules, &items)
    }

    /// Reads the items of [`deciding`].
    fn read_listed_rules(
        &self,
        rules: &[RuleKey],
        items: &[Option<Attributes>],
    ) -> Result<Option<ListedRules>, Failure> {
        let Some((Some(organization), entries)) = items.split_last() else { return Ok(None) };
        let Some(roles) = read_default_roles(&self.item(organization))? else { return Ok(None) };
        let listed = rules.iter().zip(entries).filter_map(|(key, entry)| {
            let read = read_rule(key, &self.item(entry.as_ref()?));
            Some(read.map(|entry| entry.rule))
        });
        let rules = listed.collect::<Result<_, _>>()?;
        Ok(Some(ListedRules { rules, default_roles: roles.ids }))
    }

    /// The list in its item, or, for a kind whose list may be missing, in its item and that of the
    /// organization. `None` if there is no such organization.
    pub(super) fn read_rules_of(
        &self,
        kind: RuleKind,
        items: &[Option<Attributes>],
    ) -> Result<Option<RuleList>, Failure> {
        match items {
            [list, Some(organization)] if !is_deleted(&self.item(organization)) => {
                let list = list.as_ref().map(|attributes| self.read_rules(kind, attributes));
                Ok(Some(list.transpose()?.unwrap_or(RuleList::UNWRITTEN)))
            }
            _ => Ok(None),
        }
    }

    /// The list in its item.
    pub(super) fn read_rules(
        &self,
        kind: RuleKind,
        attributes: &Attributes,
    ) -> Result<RuleList, Failure> {
        let item = self.item(attributes);
        let entries = item.map(rules_attribute(kind))?;
        let rules = entries
            .names()
            .map(|name| {
                let key = RuleKey::parse(kind, name)
                    .map_err(|_| item.unreadable(rules_attribute(kind), "a map of rules"))?;
                Ok((key, entries.map(name)?.timestamp("addedAt")?))
            })
            .collect::<Result<BTreeMap<_, _>, Failure>>()?;
        Ok(RuleList { rules, version: Version::new(item.number("version")?) })
    }

    /// A new list without rules.
    pub(super) fn put_no_rules(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        version: Version,
    ) -> Write {
        let attributes = HashMap::from([
            (rules_attribute(kind).to_owned(), AttributeValue::M(HashMap::new())),
            ("version".to_owned(), number(version.get())),
        ]);
        self.put_new(keys::rules(kind, id), attributes)
    }

    /// The writes of one step of a replacement.
    fn replacement(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        step: &Step<RuleKey>,
        new: &BTreeMap<RuleKey, Rule>,
        precondition: &Precondition,
    ) -> Vec<Write> {
        let mut list = list_change(kind, precondition);
        for (index, key) in step.removed.iter().enumerate() {
            let name = format!("#r{index}");
            list = list.name(&name, key.value()).remove(format!("#rules.{name}"));
        }
        let added: Vec<_> = step.added.iter().map(|key| &new[key]).collect();
        for (index, rule) in added.iter().enumerate() {
            let (name, entry) = (format!("#a{index}"), format!(":a{index}"));
            list = list
                .name(&name, rule.key.value())
                .value(&entry, list_entry(rule.added_at))
                .set(format!("#rules.{name} = {entry}"));
        }
        let gone = step.removed.iter().map(|key| News::rule_removed(id, key));
        let news = gone.chain(added.iter().map(|rule| News::rule_added(id, rule))).collect();
        let removed = step.removed.iter().map(|key| self.delete(keys::rule_index_entry(key, id)));
        std::iter::once(self.update(keys::rules(kind, id), list))
            .chain(removed)
            .chain(added.iter().map(|rule| self.put_entry(rule, id)))
            .chain(self.tell(Subject::Organization(id), news))
            .collect()
    }

    /// The write of a new rule's index entry.
    fn put_entry(&self, rule: &Rule, id: &OrganizationId) -> Write {
        let key = keys::rule_index_entry(&rule.key, id);
        let attributes = rule_attributes(rule, &key, 0);
        self.put(key, attributes)
    }

    /// The list as it was when a change failed, unless the change failed because there is no such
    /// organization or because of the precondition: then, that error.
    fn current(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        unmet: &Unmet,
        precondition: &Precondition,
    ) -> Result<RuleList> {
        let item = unmet.of(&keys::rules(kind, id)).flatten();
        let current = self.read_rules(kind, item.ok_or_else(|| organization_not_found(id))?)?;
        require(precondition, current.version)?;
        Ok(current)
    }

    /// The failure for a rule that is listed and has no index entry.
    fn missing_entry(&self, key: &RuleKey, id: &OrganizationId) -> Failure {
        Failure::Unreadable {
            table: self.table.to_string(),
            key: keys::rule_index_entry(key, id).to_string(),
            attribute: keys::PK.to_owned(),
            expected: "the index entry of a listed rule",
        }
    }
}

/// What decides about a user and an organization: the entries of these rules, and after them the
/// organization.
fn deciding(id: &OrganizationId, rules: &[RuleKey]) -> impl Iterator<Item = Key> {
    let entries = rules.iter().map(|key| keys::rule_index_entry(key, id));
    entries.chain([keys::organization(id)])
}

/// The attribute of a list with its rules.
pub(super) const fn rules_attribute(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::EmailDomain => "domains",
        RuleKind::SsoConnector => "connectors",
    }
}

/// The names in a condition on a list about one rule.
pub(super) fn about_rule(key: &RuleKey) -> Expression {
    Expression::default().name("#rules", rules_attribute(key.kind())).name("#rule", key.value())
}

/// The common part of all changes of a list: the list exists, has a version that the precondition
/// allows, and gets the next version. It uses both names itself, because DynamoDB refuses unused
/// names, and a replacement without changes does not name rules.
fn list_change(kind: RuleKind, precondition: &Precondition) -> Expression {
    Expression::default()
        .name("#rules", rules_attribute(kind))
        .name("#version", "version")
        .value(":one", number(1))
        .set("#version = #version + :one")
        .when("attribute_exists(#rules)")
        .when_version("#version", precondition)
}

/// A rule's entry in the list.
fn list_entry(at: Timestamp) -> AttributeValue {
    AttributeValue::M(HashMap::from([("addedAt".to_owned(), timestamp(at))]))
}

/// Fails if the precondition does not allow this version.
fn require(precondition: &Precondition, current: Version) -> Result<()> {
    if precondition.holds(current) { Ok(()) } else { Err(Error::PreconditionFailed { current }) }
}

/// The error for a rule that the organization does not list.
fn not_listed(key: &RuleKey) -> Error {
    match key {
        RuleKey::EmailDomain(domain) => Error::EmailDomainNotFound(domain.to_string()),
        RuleKey::SsoConnector(name) => Error::SsoConnectorNotFound(name.to_string()),
    }
}

/// The error for a list that would hold too many rules.
const fn full(kind: RuleKind) -> Error {
    match kind {
        RuleKind::EmailDomain => Error::EmailDomainsFull,
        RuleKind::SsoConnector => Error::SsoConnectorsFull,
    }
}

/// Others because of whom an organization cannot begin to list a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crowd {
    /// As many admit by it as may.
    Admitting,
    /// As many list it as may.
    Listing,
}

impl Crowd {
    /// The error for these rules. All are of one kind.
    fn refuses(self, keys: Vec<RuleKey>) -> Error {
        let (mut domains, mut names) = (Vec::new(), Vec::new());
        for key in keys {
            match key {
                RuleKey::EmailDomain(domain) => domains.push(domain),
                RuleKey::SsoConnector(name) => names.push(name),
            }
        }
        match self {
            Self::Admitting if names.is_empty() => Error::EmailDomainsCrowded(domains),
            Self::Admitting => Error::SsoConnectorsCrowded(names),
            Self::Listing => Error::EmailDomainsClaimed(domains),
        }
    }
}

/// The error for a replacement that another request has stopped.
const fn partially_replaced(kind: RuleKind, current: Version) -> Error {
    match kind {
        RuleKind::EmailDomain => Error::EmailDomainsPartiallyReplaced { current },
        RuleKind::SsoConnector => Error::SsoConnectorsPartiallyReplaced { current },
    }
}

/// The organization and the rule of an index entry.
fn read_listing(key: &RuleKey, item: &Item<'_>) -> Result<Listing, Failure> {
    Ok(Listing {
        organization: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        rule: read_rule(key, item)?.rule,
    })
}
