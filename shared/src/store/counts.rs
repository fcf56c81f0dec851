//! Counts: the members and domains of organizations, and the members who hold a role.
//!
//! Which organizations and members there are comes from the index, which is eventually consistent.
//! What they are is read strongly.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::default_roles::read_default_roles;
use super::item::Item;
use super::keys::Key;
use super::places::{read_membership, standing};
use super::rule_entries::read_rule_roles;
use super::rules::rules_attribute;
use super::{Store, keys};
use crate::ambient::Clock;
use crate::domain::decision::Standing;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::organization::{Organization, OrganizationCounts, RoleUsage, RoleUse};
use crate::domain::rule::RuleKind;
use crate::failure::Failure;

/// The most reads at the same time. Each takes a connection.
const AT_ONCE: usize = 8;
/// The organizations whose members are read before the next ones are.
const ORGANIZATIONS_TOGETHER: usize = 100;
/// The most entries of the index that one read takes.
const ENTRIES: usize = 1_000;
/// The memberships, or rules, that one read takes (DynamoDB's limit).
const ITEMS: usize = 100;

/// What remains of the memberships, of the rules and of the time of a [`RoleUsage`]. All reads of a request run in one
/// task, so nothing happens between two lines without `await`.
struct Budget<'a> {
    memberships: AtomicUsize,
    rules: usize,
    is_time: &'a (dyn Fn() -> bool + Sync),
}

impl Budget<'_> {
    /// The memberships that may still be read.
    fn left(&self) -> usize {
        self.memberships.load(Ordering::Relaxed)
    }

    /// Takes up to so many memberships, and returns how many.
    fn take(&self, wanted: usize) -> usize {
        let taken = wanted.min(self.left());
        self.memberships.fetch_sub(taken, Ordering::Relaxed);
        taken
    }
}

impl Store {
    /// The counts of each of these organizations.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_counts(
        &self,
        ids: &[OrganizationId],
    ) -> Result<HashMap<OrganizationId, OrganizationCounts>, Failure> {
        let count = |id: &OrganizationId| {
            let id = id.clone();
            async move {
                let partition = keys::organization_partition(&id);
                let most = OrganizationCounts::MOST_USERS;
                let users = self.index_count(partition, keys::MEMBER_PREFIX, most).await?;
                Ok((id, OrganizationCounts { users, email_domains: 0 }))
            }
        };
        let (mut counts, lists) = try_join(
            stream::iter(ids.iter().map(count))
                .buffer_unordered(AT_ONCE)
                .try_collect::<HashMap<_, _>>(),
            self.batch_get(ids.iter().map(|id| keys::rules(RuleKind::EmailDomain, id)).collect()),
        )
        .await?;
        for item in lists.iter().map(|attributes| self.item(attributes)) {
            let id = item.partition_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
            let domains = item.map("domains")?.names().count();
            counts.entry(id).or_default().email_domains = domains;
        }
        Ok(counts)
    }

    /// Where a role is used. It reads at most [`RoleUsage::MOST_ORGANIZATIONS`] organizations, in the
    /// order of their names, [`RoleUsage::MOST_RULES`] rules and [`RoleUsage::MOST_MEMBERSHIPS`]
    /// memberships, and begins no read after [`RoleUsage::TIME`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn role_usage(
        &self,
        role: &OrganizationRoleId,
        clock: &Clock,
    ) -> Result<RoleUsage, Failure> {
        let end = clock.now() + RoleUsage::TIME;
        let mut budget = Budget {
            memberships: AtomicUsize::new(RoleUsage::MOST_MEMBERSHIPS),
            rules: RoleUsage::MOST_RULES,
            is_time: &|| clock.now() < end,
        };
        let (ids, mut is_complete) = self.listed_organizations().await?;
        let (mut used, mut is_used_up) = (Vec::new(), false);
        for ids in ids.chunks(ORGANIZATIONS_TOGETHER) {
            if !(budget.is_time)() {
                is_complete = false;
                break;
            }
            let organizations = self.organizations_with_default_role(ids, role).await?;
            let (by_rule, all_rules) =
                self.organizations_with_rule_role(ids, role, &mut budget).await?;
            is_complete &= all_rules;
            let mut users = HashMap::new();
            if !is_used_up {
                let ids = organizations.iter().map(|(organization, _)| &organization.id);
                let (memberships, all_found) = self.memberships_in(ids, &budget).await?;
                let (found, all_read) = self.holders(memberships, role, &budget).await?;
                users = found;
                is_used_up = !all_found;
                is_complete &= all_found && all_read;
            }
            used.extend(organizations.into_iter().filter_map(|(organization, is_default_role)| {
                let users = users.remove(&organization.id).unwrap_or_default();
                let is_rule_role = by_rule.contains(&organization.id);
                let is_used = users > 0 || is_default_role || is_rule_role;
                is_used.then_some(RoleUse { organization, users, is_default_role, is_rule_role })
            }));
        }
        used.sort_by_cached_key(|RoleUse { organization, .. }| {
            (organization.name.folded(), organization.id.clone())
        });
        Ok(RoleUsage { organizations: used, is_complete })
    }

    /// The first organizations in the index, and whether they are all.
    async fn listed_organizations(&self) -> Result<(Vec<OrganizationId>, bool), Failure> {
        // An organization whose name changes meanwhile can be there twice.
        let (mut ids, mut seen, mut start) = (Vec::new(), HashSet::new(), None);
        loop {
            // One more shows whether there are others.
            let limit = i32::try_from(RoleUsage::MOST_ORGANIZATIONS + 1 - ids.len()).ok();
            let partition = keys::ORGANIZATIONS.to_owned();
            let (items, next) = self.index_page(partition, "", limit, start).await?;
            for item in items.iter().map(|attributes| self.item(attributes)) {
                let id = item.partition_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
                if seen.insert(id.clone()) {
                    ids.push(id);
                }
            }
            start = next;
            if start.is_none() || ids.len() > RoleUsage::MOST_ORGANIZATIONS {
                let is_all = ids.len() <= RoleUsage::MOST_ORGANIZATIONS;
                ids.truncate(RoleUsage::MOST_ORGANIZATIONS);
                return Ok((ids, is_all));
            }
        }
    }

    /// The organizations with these ids, without those that do not exist, each with whether the role
    /// is one of its default roles.
    async fn organizations_with_default_role(
        &self,
        ids: &[OrganizationId],
        role: &OrganizationRoleId,
    ) -> Result<Vec<(Organization, bool)>, Failure> {
        let items = self.batch_get(ids.iter().map(keys::organization).collect()).await?;
        let read = items.iter().filter_map(|attributes| {
            let organization = self.read_organization(attributes).transpose()?;
            let roles = read_default_roles(&self.item(attributes));
            Some(organization.and_then(|organization| {
                let is_default = roles?.is_some_and(|roles| roles.ids.contains(role));
                Ok((organization, is_default))
            }))
        });
        read.collect()
    }

    /// Those of these organizations with a rule whose settings name the role, and whether all rules were
    /// read.
    async fn organizations_with_rule_role(
        &self,
        ids: &[OrganizationId],
        role: &OrganizationRoleId,
        budget: &mut Budget<'_>,
    ) -> Result<(HashSet<OrganizationId>, bool), Failure> {
        if budget.rules == 0 || !(budget.is_time)() {
            return Ok((HashSet::new(), false));
        }
        let lists = RuleKind::ALL
            .into_iter()
            .flat_map(|kind| ids.iter().map(move |id| keys::rules(kind, id)));
        let mut entries = Vec::new();
        for attributes in self.batch_get(lists.collect()).await? {
            let item = self.item(&attributes);
            let id = item.partition_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
            let is_of_domains = item.has(rules_attribute(RuleKind::EmailDomain));
            let kind = if is_of_domains { RuleKind::EmailDomain } else { RuleKind::SsoConnector };
            let list = self.read_rules(kind, &attributes)?;
            entries.extend(list.rules.keys().map(|key| keys::rule_index_entry(key, &id)));
        }
        let is_within = entries.len() <= budget.rules;
        entries.truncate(budget.rules);
        budget.rules -= entries.len();
        let mut giving = HashSet::new();
        let each = |item: &Item<'_>| {
            if read_rule_roles(item)?.is_some_and(|roles| roles.contains(role)) {
                giving.insert(item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?);
            }
            Ok(())
        };
        let is_all = self.read_in_time(&entries, budget, each).await?;
        Ok((giving, is_within && is_all))
    }

    /// Reads these items in batches, some at once, as long as there is time. Returns whether all were read.
    async fn read_in_time(
        &self,
        keys: &[Key],
        budget: &Budget<'_>,
        mut each: impl FnMut(&Item<'_>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let batches: Vec<_> = keys.chunks(ITEMS).map(<[Key]>::to_vec).collect();
        let read = batches.into_iter().map(|batch| async {
            if (budget.is_time)() { self.batch_get(batch).await.map(Some) } else { Ok(None) }
        });
        let mut read = pin!(stream::iter(read).buffer_unordered(AT_ONCE));
        let mut is_all = true;
        while let Some(items) = read.try_next().await? {
            is_all &= items.is_some();
            items.iter().flatten().try_for_each(|attributes| each(&self.item(attributes)))?;
        }
        Ok(is_all)
    }

    /// The keys of the memberships in these organizations, and whether they are all.
    async fn memberships_in(
        &self,
        ids: impl Iterator<Item = &OrganizationId>,
        budget: &Budget<'_>,
    ) -> Result<(HashSet<Key>, bool), Failure> {
        let partitions: Vec<_> = ids.map(keys::organization_partition).collect();
        let found = partitions.into_iter().map(|partition| self.members_of(partition, budget));
        let mut found = pin!(stream::iter(found).buffer_unordered(AT_ONCE));
        let (mut all, mut is_all) = (HashSet::new(), true);
        while let Some((keys, is_all_of_one)) = found.try_next().await? {
            all.extend(keys);
            is_all &= is_all_of_one;
        }
        Ok((all, is_all))
    }

    /// The keys of the memberships in one organization, and whether they are all.
    async fn members_of(
        &self,
        partition: String,
        budget: &Budget<'_>,
    ) -> Result<(Vec<Key>, bool), Failure> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            if !(budget.is_time)() {
                return Ok((all, false));
            }
            // One more shows whether there are others.
            let limit = i32::try_from(ENTRIES.min(budget.left() + 1)).ok();
            let (items, next) =
                self.index_page(partition.clone(), keys::MEMBER_PREFIX, limit, start).await?;
            let taken = budget.take(items.len());
            for item in items.iter().take(taken) {
                all.push(self.item(item).key()?);
            }
            start = next;
            if taken < items.len() || start.is_none() {
                return Ok((all, taken == items.len()));
            }
        }
    }

    /// How many of these memberships hold a role, by organization, and whether all were read.
    async fn holders(
        &self,
        memberships: HashSet<Key>,
        role: &OrganizationRoleId,
        budget: &Budget<'_>,
    ) -> Result<(HashMap<OrganizationId, usize>, bool), Failure> {
        let memberships: Vec<_> = memberships.into_iter().collect();
        let mut holders = HashMap::new();
        let each = |item: &Item<'_>| {
            if standing(item) == Standing::Member {
                let membership = read_membership(item)?;
                if membership.role_ids.contains(role) {
                    *holders.entry(membership.organization_id).or_default() += 1;
                }
            }
            Ok(())
        };
        let is_all = self.read_in_time(&memberships, budget, each).await?;
        Ok((holders, is_all))
    }
}
