//! Organizations and their custom data.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::changes::Subject;
use super::default_roles::default_roles;
use super::expression::Expression;
use super::item::{Attributes, Item, number, text, texts, timestamp};
use super::read::readable;
use super::versions::{VERSION, read_version, require_version};
use super::write::Write;
use super::{Page, Store, keys};
use crate::domain::custom_data::CustomData;
use crate::domain::ids::OrganizationId;
use crate::domain::jit::RuleList;
use crate::domain::organization::Organization;
use crate::domain::rule::{RuleKey, RuleKind};
use crate::domain::text::{Description, Name};
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result, organization_not_found};
use crate::event::{EventType, News};
use crate::failure::Failure;

/// The most bytes of a sort key (DynamoDB's limit).
pub(crate) const SORT_KEY_BYTES: usize = 1024;

/// The most memberships that are counted when an organization is deleted: a deletion has to end in time.
const MOST_COUNTED: usize = 500_000;

/// The attribute with the text of custom data.
const JSON: &str = "json";
/// The attribute that a deletion leaves.
const DELETED_AT: &str = "deletedAt";

/// The changes of an organization. `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChanges {
    /// The new name.
    pub name: Option<Name>,
    /// The new description; `Some(None)` removes it.
    pub description: Option<Option<Description>>,
    /// The new custom data, which replaces the old.
    pub custom_data: Option<CustomData>,
}

impl OrganizationChanges {
    /// Those that change the stored organization. A stored value that cannot be read is different from
    /// each new one, so a change repairs it.
    fn without_present(&self, stored: &Item<'_>, stored_data: Option<&Item<'_>>) -> Self {
        let Self { name, description, custom_data } = self.clone();
        let data = custom_data_of(stored_data).ok();
        let is_stored = |new: &CustomData| {
            data.as_ref().is_some_and(|stored| stored.as_raw().get() == new.as_raw().get())
        };
        Self {
            name: name.filter(|new| !read_name(stored).is_ok_and(|name| name == *new)),
            description: description
                .filter(|new| !read_description(stored).is_ok_and(|stored| stored == *new)),
            custom_data: custom_data.filter(|new| !is_stored(new)),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self { name: None, description: None, custom_data: None })
    }

    /// What the organization and its custom data are after these changes.
    fn applied_to(
        &self,
        id: &OrganizationId,
        stored: &Item<'_>,
        stored_data: Option<&Item<'_>>,
    ) -> Result<(Organization, CustomData), Failure> {
        let name = self.name.clone().map_or_else(|| read_name(stored), Ok)?;
        let description = self.description.clone().map_or_else(|| read_description(stored), Ok)?;
        let custom_data =
            self.custom_data.clone().map_or_else(|| custom_data_of(stored_data), Ok)?;
        let created_at = read_created_at(stored)?;
        Ok((Organization { id: id.clone(), name, description, created_at }, custom_data))
    }
}

/// An organization after a change.
#[derive(Clone, Debug)]
pub struct UpdatedOrganization {
    /// What it is now.
    pub organization: Organization,
    /// Its custom data now.
    pub custom_data: CustomData,
    /// Its version now.
    pub version: Version,
    /// Whether anything is different than before.
    pub is_changed: bool,
}

/// A deleted organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedOrganization {
    /// Whether it was deleted now, and not earlier.
    pub is_new: bool,
    /// The rules whose index entries remain.
    pub unswept: Vec<RuleKey>,
}

/// The position of an organization in a list: by folded name, then by id. In a search, the
/// organization whose id is the searched text comes first. Its position has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRank(String);

impl OrganizationRank {
    /// Reads a rank in the form of [`Self::as_str`]. `None` if it is not the rank of an organization
    /// that `search` finds.
    #[must_use]
    pub fn parse(text: &str, search: &str) -> Option<Self> {
        let rank = Self(text.to_owned());
        let (name, id) = text.rsplit_once(keys::RANK_SEPARATOR)?;
        let id = OrganizationId::parse(id).ok().filter(|_| text.len() <= SORT_KEY_BYTES)?;
        let found = if rank.is_first() {
            id.as_str() == search && rank == Self::first(&id)
        } else {
            // No name has a control character.
            !name.contains(char::is_control)
                && text.starts_with(&keys::organization_rank_prefix(search))
        };
        found.then_some(rank)
    }

    /// The rank as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rank of the organization whose id is the searched text.
    fn first(id: &OrganizationId) -> Self {
        Self(format!("{}{id}", keys::RANK_SEPARATOR))
    }

    fn is_first(&self) -> bool {
        self.0.starts_with(keys::RANK_SEPARATOR)
    }

    fn id(&self) -> Option<OrganizationId> {
        let (_, id) = self.0.rsplit_once(keys::RANK_SEPARATOR)?;
        OrganizationId::parse(id).ok()
    }
}

impl Store {
    /// The organizations with these ids, in the order of the ids, without those that do not exist.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organizations(
        &self,
        ids: &[OrganizationId],
    ) -> Result<Vec<Organization>, Failure> {
        let found = self.found_organizations(ids).await?;
        let mut found = found.into_iter().collect::<Result<HashMap<_, _>, _>>()?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Like [`Self::organizations`], without those that cannot be read either. The log names them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn readable_organizations(
        &self,
        ids: &[OrganizationId],
    ) -> Result<Vec<Organization>, Failure> {
        let mut found: HashMap<_, _> = readable(self.found_organizations(ids).await?).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Those of these organizations that exist. One that cannot be read exists.
    pub(super) async fn existing_organizations(
        &self,
        ids: &[OrganizationId],
    ) -> Result<HashSet<OrganizationId>, Failure> {
        let ids: HashSet<_> = ids.iter().collect();
        let items = self.batch_get(ids.into_iter().map(keys::organization).collect()).await?;
        let items = items.iter().map(|attributes| self.item(attributes));
        items
            .filter(|item| !is_deleted(item))
            .map(|item| item.partition_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse))
            .collect()
    }

    async fn found_organizations(
        &self,
        ids: &[OrganizationId],
    ) -> Result<Vec<Result<(OrganizationId, Organization), Failure>>, Failure> {
        let items = self.batch_get(ids.iter().map(keys::organization).collect()).await?;
        let read = items.iter().filter_map(|item| self.read_organization(item).transpose());
        Ok(read.map(|read| read.map(|it| (it.id.clone(), it))).collect())
    }

    /// An organization, its custom data, and the version of both, if it exists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<(Organization, CustomData, Version)>, Failure> {
        let items = self.get_together(vec![keys::organization(id), keys::custom_data(id)]).await?;
        let [Some(attributes), custom_data] = items.as_slice() else {
            return Ok(None);
        };
        let Some(organization) = self.read_organization(attributes)? else {
            return Ok(None);
        };
        let version = read_version(&self.item(attributes))?;
        let custom_data = custom_data.as_ref().map(|attributes| self.item(attributes));
        Ok(Some((organization, custom_data_of(custom_data.as_ref())?, version)))
    }

    /// Checks that an organization exists.
    ///
    /// # Errors
    /// When it does not exist.
    pub async fn require_organization(&self, id: &OrganizationId) -> Result<()> {
        let found = self.default_roles(id).await?;
        found.map(drop).ok_or_else(|| organization_not_found(id))
    }

    /// A page of the organizations that a search finds: the one whose id is the searched text, then
    /// those whose names begin with it (in any case), in the order of their names. An empty text
    /// finds all. The order comes from an index, which is eventually consistent: a new or renamed
    /// organization may take a moment to appear in its place. The details are read strongly.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_organizations(
        &self,
        search: &str,
        page_size: usize,
        after: Option<&OrganizationRank>,
    ) -> Result<Page<(Organization, CustomData), OrganizationRank>, Failure> {
        let (ranks, next) = self.organization_ranks(search, page_size, after).await?;
        let ids: Vec<_> = ranks.iter().filter_map(OrganizationRank::id).collect();
        let (organizations, custom_data) = futures_util::future::try_join(
            self.organizations(&ids),
            self.batch_get(ids.iter().map(keys::custom_data).collect()),
        )
        .await?;
        let mut custom_data = custom_data
            .iter()
            .map(|item| {
                let item = self.item(item);
                Ok((item.text(keys::PK)?.to_owned(), read_custom_data(&item)?))
            })
            .collect::<Result<HashMap<_, _>, Failure>>()?;
        let items = organizations
            .into_iter()
            .map(|organization| {
                let partition = keys::organization_partition(&organization.id);
                (organization, custom_data.remove(&partition).unwrap_or_default())
            })
            .collect();
        Ok(Page { items, next })
    }

    /// Creates an organization with an empty JIT configuration.
    ///
    /// # Errors
    /// When its id is or was in use; then nothing has changed.
    pub async fn create_organization(
        &self,
        organization: &Organization,
        custom_data: Option<&CustomData>,
    ) -> Result<()> {
        let Organization { id, name, description, created_at } = organization;
        let mut attributes = HashMap::from([
            ("name".to_owned(), text(name.as_str())),
            ("createdAt".to_owned(), timestamp(*created_at)),
            ("jitRoles".to_owned(), default_roles(&[], Version::FIRST)),
            (VERSION.to_owned(), number(Version::FIRST.get())),
            (keys::GSI1_PK.to_owned(), text(keys::ORGANIZATIONS)),
            (keys::GSI1_SK.to_owned(), text(keys::organization_rank(name, id))),
        ]);
        if let Some(description) = description {
            attributes.insert("description".to_owned(), text(description.as_str()));
        }
        let mut writes = vec![
            self.put_new(keys::organization(id), attributes),
            self.put_no_rules(id, RuleKind::EmailDomain, Version::FIRST),
        ];
        writes.extend(custom_data.map(|data| self.put_custom_data(id, data)));
        let texts = texts_of(Some(name), description.as_ref());
        let news = News::of_organization(EventType::OrganizationCreated, id).after(texts);
        writes.extend(self.tell(Subject::Organization(id), vec![news]));
        self.commit(writes).await?.map_err(|_| Error::OrganizationIdInUse(id.clone()))
    }

    /// Changes an organization. Of two simultaneous changes without preconditions, the later one wins.
    ///
    /// # Errors
    /// When there is no such organization, or when the precondition fails; then nothing has changed.
    pub async fn update_organization(
        &self,
        id: &OrganizationId,
        changes: &OrganizationChanges,
        precondition: &Precondition,
    ) -> Result<UpdatedOrganization> {
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let keys = vec![keys::organization(id), keys::custom_data(id)];
            let items = self.get_together(keys).await?;
            let [Some(stored), stored_data] = items.as_slice() else {
                return Err(organization_not_found(id));
            };
            let stored = self.item(stored);
            if is_deleted(&stored) {
                return Err(organization_not_found(id));
            }
            require_version(&stored, precondition)?;
            let stored_data = stored_data.as_ref().map(|attributes| self.item(attributes));
            let changes = changes.without_present(&stored, stored_data.as_ref());
            let (organization, custom_data) =
                changes.applied_to(id, &stored, stored_data.as_ref())?;
            if changes.is_empty() {
                let version = read_version(&stored)?;
                let is_changed = false;
                return Ok(UpdatedOrganization { organization, custom_data, version, is_changed });
            }
            let (update, version) = self.update_details(id, &stored, &changes);
            let mut writes = vec![update];
            writes.extend(changes.custom_data.iter().map(|data| self.put_custom_data(id, data)));
            writes
                .extend(self.tell(Subject::Organization(id), vec![updated(id, &stored, &changes)]));
            if self.commit(writes).await?.is_ok() {
                let is_changed = true;
                return Ok(UpdatedOrganization { organization, custom_data, version, is_changed });
            }
            backoff.pause("TransactWriteItems", "other requests changed the organization").await?;
        }
    }

    /// The write of the next version, with a new name or description, on the condition that nobody
    /// else has changed the organization, or its custom data, since it was read.
    fn update_details(
        &self,
        id: &OrganizationId,
        stored: &Item<'_>,
        changes: &OrganizationChanges,
    ) -> (Write, Version) {
        let (mut change, version) = organization_exists().next_version(stored);
        if let Some(name) = &changes.name {
            change = change
                .name("#name", "name")
                .name("#rank", keys::GSI1_SK)
                .value(":name", text(name.as_str()))
                .value(":rank", text(keys::organization_rank(name, id)))
                .set("#name = :name")
                .set("#rank = :rank");
        }
        if let Some(description) = &changes.description {
            change = change.name("#description", "description");
            change = match description {
                Some(description) => change
                    .value(":description", text(description.as_str()))
                    .set("#description = :description"),
                None => change.remove("#description"),
            };
        }
        (self.update(keys::organization(id), change), version)
    }

    /// Deletes an organization. From that moment on, its JIT configuration and its memberships have
    /// no effect. An organization that is deleted already is not changed, whatever the precondition
    /// says. In both cases, [`Self::sweep_organization`] deletes the remaining items.
    ///
    /// # Errors
    /// When there never was such an organization, or when the precondition fails; then nothing has
    /// changed.
    pub async fn delete_organization(
        &self,
        id: &OrganizationId,
        at: Timestamp,
        precondition: &Precondition,
    ) -> Result<DeletedOrganization> {
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let mut keys = vec![keys::organization(id)];
            keys.extend(RuleKind::ALL.map(|kind| keys::rules(kind, id)));
            let items = self.get_together(keys).await?;
            let [Some(stored), stored_lists @ ..] = items.as_slice() else {
                return Err(organization_not_found(id));
            };
            let stored = self.item(stored);
            if is_deleted(&stored) {
                let unswept = self.unswept_rules(id).await?;
                return Ok(DeletedOrganization { is_new: false, unswept });
            }
            require_version(&stored, precondition)?;
            // What is told is what it was.
            let present = organization_exists().when_unchanged(&stored);
            // A whole item, so that no attribute of the organization remains.
            let tombstone = HashMap::from([(DELETED_AT.to_owned(), timestamp(at))]);
            let mut writes = vec![
                self.put_if(keys::organization(id), tombstone, present),
                self.delete(keys::custom_data(id)),
            ];
            let mut unswept = Vec::new();
            for (kind, list) in RuleKind::ALL.into_iter().zip(stored_lists) {
                let list = list.as_ref().map(|list| self.read_rules(kind, list)).transpose()?;
                writes.push(self.delete_if(keys::rules(kind, id), still_the_list(list.as_ref())));
                unswept.extend(list.into_iter().flat_map(|list| list.rules.into_keys()));
            }
            if !unswept.is_empty() {
                writes.push(self.put(keys::unswept_rules(id), unswept_attributes(&unswept)));
            }
            let (memberships, requests) = self.ending_with(id).await?;
            let mut before = stored_texts(&stored);
            before["memberships"] = memberships.into();
            before["joinRequests"] = requests.into();
            let news = News::of_organization(EventType::OrganizationDeleted, id).before(before);
            writes.extend(self.tell(Subject::Organization(id), vec![news]));
            if self.commit(writes).await?.is_ok() {
                return Ok(DeletedOrganization { is_new: true, unswept });
            }
            backoff.pause("TransactWriteItems", "other requests changed the organization").await?;
        }
    }

    /// How many memberships and requests end with an organization, each up to [`MOST_COUNTED`]. They are
    /// counted in the index, which is eventually consistent.
    async fn ending_with(&self, id: &OrganizationId) -> Result<(usize, usize), Failure> {
        let count =
            |prefix| self.index_count(keys::organization_partition(id), prefix, MOST_COUNTED);
        try_join(count(keys::MEMBER_PREFIX), count(keys::REQUEST_PREFIX)).await
    }

    /// The rules of a deleted organization that may still have index entries. The first releases did
    /// not store these. A release that did not know a kind of rules has left its list behind.
    async fn unswept_rules(&self, id: &OrganizationId) -> Result<Vec<RuleKey>, Failure> {
        let mut keys = vec![keys::unswept_rules(id)];
        keys.extend(RuleKind::ALL.map(|kind| keys::rules(kind, id)));
        let items = self.get_together(keys).await?;
        let mut rules = Vec::new();
        if let [Some(unswept), ..] = items.as_slice() {
            let item = self.item(unswept);
            for kind in RuleKind::ALL {
                let name = unswept_attribute(kind);
                if item.has(name) {
                    rules.extend(item.list(name, |value| RuleKey::parse(kind, value))?);
                }
            }
        }
        for (kind, list) in RuleKind::ALL.into_iter().zip(&items[1..]) {
            let list = list.as_ref().map(|list| self.read_rules(kind, list)).transpose()?;
            rules.extend(list.into_iter().flat_map(|list| list.rules.into_keys()));
        }
        Ok(rules)
    }

    /// Deletes the remaining items of a deleted organization. Nothing depends on it: remaining
    /// items are invisible, and the id is never used again. It can be stopped at any moment, and
    /// started again. A membership that a sign-up writes at the same moment can escape it. The next
    /// sweep finds that one. `swept` counts the deleted index entries and memberships while the sweep
    /// goes on, also those that an earlier sweep has deleted already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_organization(
        &self,
        id: &OrganizationId,
        rules: &[RuleKey],
        swept: &mut usize,
    ) -> Result<(), Failure> {
        if !rules.is_empty() {
            let entries = rules.iter().map(|key| keys::rule_index_entry(key, id)).collect();
            self.batch_delete(entries, swept).await?;
            let mut writes = vec![self.delete(keys::unswept_rules(id))];
            writes.extend(RuleKind::ALL.map(|kind| self.delete(keys::rules(kind, id))));
            let deleted = self.commit(writes).await?;
            deleted.expect("the deletions have no condition");
        }
        let mut start = None;
        loop {
            let partition = keys::organization_partition(id);
            let (members, next) = self.index_page(partition, "", None, start).await?;
            let members = members
                .iter()
                .map(|attributes| self.item(attributes).key())
                .collect::<Result<Vec<_>, _>>()?;
            self.batch_delete(members, swept).await?;
            start = next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// The ranks on a page, and the last of them if there is another page.
    async fn organization_ranks(
        &self,
        search: &str,
        page_size: usize,
        after: Option<&OrganizationRank>,
    ) -> Result<(Vec<OrganizationRank>, Option<OrganizationRank>), Failure> {
        let exact = OrganizationId::parse(search).ok();
        let on_first_page: Vec<_> = exact.iter().filter(|_| after.is_none()).cloned().collect();
        // One entry more than the page has shows whether there is another page. The organization
        // whose id is the searched text may be among them, and is shown only once.
        let (first, mut ranks) = futures_util::future::try_join(
            self.organizations(&on_first_page),
            self.ranks_by_name(search, page_size + 1 + usize::from(exact.is_some()), after),
        )
        .await?;
        ranks.retain(|rank| exact.is_none() || rank.id() != exact);
        ranks.splice(..0, first.iter().map(|found| OrganizationRank::first(&found.id)));
        let more = ranks.len() > page_size;
        ranks.truncate(page_size);
        let next = if more { ranks.last().cloned() } else { None };
        Ok((ranks, next))
    }

    /// The ranks in the index whose names begin with `prefix`. A prefix that is longer than a sort
    /// key, which DynamoDB refuses, begins no name.
    async fn ranks_by_name(
        &self,
        prefix: &str,
        most: usize,
        after: Option<&OrganizationRank>,
    ) -> Result<Vec<OrganizationRank>, Failure> {
        let prefix = keys::organization_rank_prefix(prefix);
        if prefix.len() > SORT_KEY_BYTES {
            return Ok(Vec::new());
        }
        let start = after.filter(|rank| !rank.is_first()).and_then(|rank| {
            let mut start = keys::organization(&rank.id()?).into_attributes();
            start.insert(keys::GSI1_PK.to_owned(), text(keys::ORGANIZATIONS));
            start.insert(keys::GSI1_SK.to_owned(), text(rank.as_str()));
            Some(start)
        });
        let limit = i32::try_from(most).ok();
        let (items, _) =
            self.index_page(keys::ORGANIZATIONS.to_owned(), &prefix, limit, start).await?;
        let rank = |item: &Attributes| {
            self.item(item).text(keys::GSI1_SK).map(|rank| OrganizationRank(rank.to_owned()))
        };
        items.iter().map(rank).collect()
    }

    /// The organization in an item; `None` if the organization is deleted.
    pub(super) fn read_organization(
        &self,
        attributes: &Attributes,
    ) -> Result<Option<Organization>, Failure> {
        let item = self.item(attributes);
        if is_deleted(&item) {
            return Ok(None);
        }
        let id = item.partition_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
        Ok(Some(Organization {
            id,
            name: read_name(&item)?,
            description: read_description(&item)?,
            created_at: read_created_at(&item)?,
        }))
    }

    fn put_custom_data(&self, id: &OrganizationId, data: &CustomData) -> Write {
        let attributes = HashMap::from([(JSON.to_owned(), text(data.as_raw().get()))]);
        self.put(keys::custom_data(id), attributes)
    }
}

/// Whether an organization's item says that it was deleted.
pub(super) fn is_deleted(organization: &Item<'_>) -> bool {
    organization.has(DELETED_AT)
}

/// The condition that a list is still the one that was read, or still missing. If it had changed, the
/// sweep would miss a rule.
fn still_the_list(read: Option<&RuleList>) -> Expression {
    let condition = Expression::default();
    match read {
        Some(list) => condition
            .name("#version", "version")
            .when_version("#version", &Precondition::OneOf(vec![list.version])),
        None => condition.when("attribute_not_exists(pk)"),
    }
}

/// The attribute of the item with the unswept rules that has those of one kind.
const fn unswept_attribute(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::EmailDomain => "emailDomains",
        RuleKind::SsoConnector => "ssoConnectors",
    }
}

/// The item with the unswept rules. An earlier release reads only the domains, and needs them.
fn unswept_attributes(rules: &[RuleKey]) -> Attributes {
    let of_kind = |kind| {
        let values = rules.iter().filter(|key| key.kind() == kind).map(RuleKey::value);
        (unswept_attribute(kind).to_owned(), texts(values))
    };
    RuleKind::ALL.map(of_kind).into()
}

/// A name and a description, as events have them.
fn texts_of(name: Option<&Name>, description: Option<&Description>) -> Value {
    json!({ "name": name.map(Name::as_str), "description": description.map(Description::as_str) })
}

/// Those of a stored organization. One that cannot be read is left out.
fn stored_texts(stored: &Item<'_>) -> Value {
    let (name, description) = (read_name(stored).ok(), read_description(stored).ok().flatten());
    texts_of(name.as_ref(), description.as_ref())
}

/// What a change of an organization tells. Custom data may be about persons, so it only tells that they
/// were changed.
fn updated(id: &OrganizationId, stored: &Item<'_>, changes: &OrganizationChanges) -> News {
    let before = stored_texts(stored);
    let mut after = before.clone();
    if let Some(name) = &changes.name {
        after["name"] = name.as_str().into();
    }
    if let Some(description) = &changes.description {
        after["description"] = description.as_ref().map(Description::as_str).into();
    }
    after["customDataChanged"] = changes.custom_data.is_some().into();
    News::of_organization(EventType::OrganizationUpdated, id).before(before).after(after)
}

fn read_name(item: &Item<'_>) -> Result<Name, Failure> {
    item.parsed("name", "a name", Name::normalise)
}

fn read_description(item: &Item<'_>) -> Result<Option<Description>, Failure> {
    item.optional("description", "a description", Description::normalise)
}

fn read_created_at(item: &Item<'_>) -> Result<Timestamp, Failure> {
    item.timestamp("createdAt")
}

/// The custom data in an item; empty without one.
fn custom_data_of(item: Option<&Item<'_>>) -> Result<CustomData, Failure> {
    item.map_or_else(|| Ok(CustomData::default()), read_custom_data)
}

fn read_custom_data(item: &Item<'_>) -> Result<CustomData, Failure> {
    item.parsed(JSON, "a JSON object", |json| CustomData::from_store(json).ok_or(()))
}

/// The condition that an organization exists and is not deleted. Without it, an update would create
/// the organization again.
pub(super) fn organization_exists() -> Expression {
    Expression::default()
        .name("#pk", keys::PK)
        .name("#deletedAt", DELETED_AT)
        .when("attribute_exists(#pk)")
        .when("attribute_not_exists(#deletedAt)")
}
