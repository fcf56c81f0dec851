//! Organization roles, their number, and the items that keep their names unique.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::changes::Subject;
use super::expression::Expression;
use super::item::{Attributes, number, text, timestamp};
use super::keys::Key;
use super::read::readable;
use super::versions::{VERSION, read_version, require_version};
use super::write::Write;
use super::{Store, keys};
use crate::domain::ids::OrganizationRoleId;
use crate::domain::organization::OrganizationRole;
use crate::domain::text::{Description, Name};
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result, organization_role_not_found};
use crate::event::{EventType, News};
use crate::failure::Failure;

/// The changes of a role. `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct OrganizationRoleChanges {
    /// The new name.
    pub name: Option<Name>,
    /// The new description; `Some(None)` removes it.
    pub description: Option<Option<Description>>,
}

/// The attribute with the skeleton of a role's name, if the role has reserved it beside the folded
/// name. Without it, the role has reserved only the folded name.
const SKELETON: &str = "skeleton";

impl Store {
    /// All roles, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_roles(&self) -> Result<Vec<OrganizationRole>, Failure> {
        let items = self.query(keys::ROLES.to_owned(), keys::ROLE_PREFIX).await?;
        let mut roles =
            items.iter().map(|item| self.read_role(item)).collect::<Result<Vec<_>, _>>()?;
        roles.sort_by_cached_key(|role| (role.name.folded(), role.id.clone()));
        Ok(roles)
    }

    /// One role and its version, if it exists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_role(
        &self,
        id: &OrganizationRoleId,
    ) -> Result<Option<(OrganizationRole, Version)>, Failure> {
        let item = self.get(keys::organization_role(id)).await?;
        let read = |attributes: Attributes| {
            Ok((self.read_role(&attributes)?, read_version(&self.item(&attributes))?))
        };
        item.map(read).transpose()
    }

    /// The roles with these ids, without those that do not exist.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_roles_by_id(
        &self,
        ids: &[OrganizationRoleId],
    ) -> Result<HashMap<OrganizationRoleId, OrganizationRole>, Failure> {
        self.found_roles(ids).await?.into_iter().collect()
    }

    /// Like [`Self::organization_roles_by_id`], without those that cannot be read either. The log
    /// names them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn readable_roles(
        &self,
        ids: &[OrganizationRoleId],
    ) -> Result<HashMap<OrganizationRoleId, OrganizationRole>, Failure> {
        Ok(readable(self.found_roles(ids).await?).collect())
    }

    async fn found_roles(
        &self,
        ids: &[OrganizationRoleId],
    ) -> Result<Vec<Result<(OrganizationRoleId, OrganizationRole), Failure>>, Failure> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let items = self.batch_get(ids.iter().map(keys::organization_role).collect()).await?;
        let read = items.iter().map(|item| self.read_role(item));
        Ok(read.map(|read| read.map(|role| (role.id.clone(), role))).collect())
    }

    /// The ids of the roles with these names, in any case, without the names that no role has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_role_ids(
        &self,
        names: &[Name],
    ) -> Result<HashMap<Name, OrganizationRoleId>, Failure> {
        let places: HashSet<_> = names.iter().map(keys::role_name).collect();
        let items = self.batch_get(places.into_iter().collect()).await?;
        let ids = items
            .iter()
            .map(|attributes| {
                let item = self.item(attributes);
                let id = item.parsed("roleId", "the id of a role", OrganizationRoleId::parse)?;
                Ok((item.text(keys::PK)?, id))
            })
            .collect::<Result<HashMap<_, _>, Failure>>()?;
        let id = |name: &Name| ids.get(&*keys::role_name(name).pk).cloned();
        Ok(names.iter().filter_map(|name| Some((name.clone(), id(name)?))).collect())
    }

    /// Creates a role.
    ///
    /// # Errors
    /// When another role has its name or one that looks like it, or when there are too many roles
    /// already; then nothing has changed.
    pub async fn create_organization_role(&self, role: &OrganizationRole) -> Result<()> {
        self.refuse_lookalike(&role.name, &role.id).await?;
        let mut attributes = HashMap::from([
            ("name".to_owned(), text(role.name.as_str())),
            ("createdAt".to_owned(), timestamp(role.created_at)),
            (VERSION.to_owned(), number(Version::FIRST.get())),
        ]);
        if let Some(description) = &role.description {
            attributes.insert("description".to_owned(), text(description.as_str()));
        }
        if let Some(skeleton) = separate_skeleton(&role.name) {
            attributes.insert(SKELETON.to_owned(), text(skeleton));
        }
        let count = Expression::default()
            .name("#count", "count")
            .value(":none", number(0))
            .value(":one", number(1))
            .value(":most", number(OrganizationRole::MOST as u64))
            .set("#count = if_not_exists(#count, :none) + :one")
            .when("attribute_not_exists(#count) OR #count < :most");
        let names = reserved_names(&role.name, separate_skeleton(&role.name).as_deref());
        let mut writes = vec![
            self.put_new(keys::organization_role(&role.id), attributes),
            self.update(keys::organization_role_count(), count),
        ];
        writes.extend(names.iter().map(|name| self.put_role_name(name, &role.id)));
        let news =
            News::of_role(EventType::OrganizationRoleCreated, &role.id).after(texts_of(role));
        writes.extend(self.tell(Subject::Role(&role.id), vec![news]));
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        Err(if names.iter().any(|name| unmet.of(name).is_some()) {
            Error::OrganizationRoleNameInUse(role.name.as_str().to_owned())
        } else {
            Error::OrganizationRolesFull
        })
    }

    /// Changes a role, and returns the role, its version, and whether anything is different now.
    ///
    /// # Errors
    /// When there is no such role, when the precondition fails, or when another role has its new name
    /// or one that looks like it; then nothing has changed.
    pub async fn update_organization_role(
        &self,
        id: &OrganizationRoleId,
        changes: &OrganizationRoleChanges,
        precondition: &Precondition,
    ) -> Result<(OrganizationRole, Version, bool)> {
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let item = self.get(keys::organization_role(id)).await?;
            let item = item.ok_or_else(|| organization_role_not_found(id))?;
            let stored = self.item(&item);
            require_version(&stored, precondition)?;
            let before = self.read_role(&item)?;
            let after = OrganizationRole {
                name: changes.name.clone().unwrap_or_else(|| before.name.clone()),
                description: changes
                    .description
                    .clone()
                    .unwrap_or_else(|| before.description.clone()),
                ..before.clone()
            };
            if after == before {
                return Ok((after, read_version(&stored)?, false));
            }
            // An earlier release does not count versions, so the name has a condition of its own.
            let (change, version) = unchanged_name(&before).next_version(&stored);
            let mut change = change.value(":new", text(after.name.as_str())).set("#name = :new");
            if after.description != before.description {
                change = change.name("#description", "description");
                change = match &after.description {
                    Some(description) => change
                        .value(":description", text(description.as_str()))
                        .set("#description = :description"),
                    None => change.remove("#description"),
                };
            }
            let mut names = Vec::new();
            // A role may keep a name like one of another role, if an earlier release stored both.
            if forms(&after.name) != forms(&before.name) {
                self.refuse_lookalike(&after.name, id).await?;
                let skeleton = separate_skeleton(&after.name);
                let old = self.names_of(&item)?;
                let new = reserved_names(&after.name, skeleton.as_deref());
                let added = new.iter().filter(|name| !old.contains(name));
                names.extend(added.map(|name| self.put_role_name(name, id)));
                let freed = old.iter().filter(|name| !new.contains(name));
                names.extend(freed.map(|name| self.delete(name.clone())));
                change = change.name("#skeleton", SKELETON);
                change = match skeleton {
                    Some(skeleton) => {
                        change.value(":skeleton", text(skeleton)).set("#skeleton = :skeleton")
                    }
                    None => change.remove("#skeleton"),
                };
            }
            let mut writes = vec![self.update(keys::organization_role(id), change)];
            writes.append(&mut names);
            let news = News::of_role(EventType::OrganizationRoleUpdated, id)
                .before(texts_of(&before))
                .after(texts_of(&after));
            writes.extend(self.tell(Subject::Role(id), vec![news]));
            let Err(unmet) = self.commit(writes).await? else {
                return Ok((after, version, true));
            };
            if unmet.of(&keys::organization_role(id)).is_none() {
                return Err(Error::OrganizationRoleNameInUse(after.name.as_str().to_owned()));
            }
            backoff.pause("TransactWriteItems", "other requests changed the role").await?;
        }
    }

    /// Deletes a role. References to it have no effect from then on.
    ///
    /// # Errors
    /// When there is no such role, or when the precondition fails; then nothing has changed.
    pub async fn delete_organization_role(
        &self,
        id: &OrganizationRoleId,
        precondition: &Precondition,
    ) -> Result<()> {
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let item = self.get(keys::organization_role(id)).await?;
            let item = item.ok_or_else(|| organization_role_not_found(id))?;
            require_version(&self.item(&item), precondition)?;
            let count = Expression::default()
                .name("#count", "count")
                .value(":one", number(1))
                .set("#count = #count - :one");
            let role = self.read_role(&item)?;
            // What is told is what it was.
            let unchanged = unchanged_name(&role).when_unchanged(&self.item(&item));
            let mut writes = vec![
                self.delete_if(keys::organization_role(id), unchanged),
                self.update(keys::organization_role_count(), count),
            ];
            writes.extend(self.names_of(&item)?.into_iter().map(|name| self.delete(name)));
            let news =
                News::of_role(EventType::OrganizationRoleDeleted, id).before(texts_of(&role));
            writes.extend(self.tell(Subject::Role(id), vec![news]));
            if self.commit(writes).await?.is_ok() {
                return Ok(());
            }
            backoff.pause("TransactWriteItems", "other requests changed the role").await?;
        }
    }

    /// Fails if another role has this name or one that looks like it. The items that keep names
    /// unique do not say this of roles that an earlier release has stored, because it reserved only
    /// their folded names.
    async fn refuse_lookalike(&self, name: &Name, id: &OrganizationRoleId) -> Result<()> {
        let items = self.query(keys::ROLES.to_owned(), keys::ROLE_PREFIX).await?;
        let mut roles = readable(items.iter().map(|item| self.read_role(item)).collect());
        let (folded, skeleton) = forms(name);
        let alike = |other: &Name| {
            let (other_folded, other_skeleton) = forms(other);
            other_folded == folded || other_skeleton == skeleton
        };
        if roles.any(|role| role.id != *id && alike(&role.name)) {
            return Err(Error::OrganizationRoleNameInUse(name.as_str().to_owned()));
        }
        Ok(())
    }

    fn put_role_name(&self, name: &Key, id: &OrganizationRoleId) -> Write {
        let attributes = HashMap::from([("roleId".to_owned(), text(id.as_str()))]);
        self.put_new(name.clone(), attributes)
    }

    /// The items that keep a stored role's name unique.
    fn names_of(&self, attributes: &Attributes) -> Result<Vec<Key>, Failure> {
        let role = self.read_role(attributes)?;
        let skeleton = self.item(attributes).optional_text(SKELETON)?;
        Ok(reserved_names(&role.name, skeleton))
    }

    fn read_role(&self, attributes: &Attributes) -> Result<OrganizationRole, Failure> {
        let item = self.item(attributes);
        Ok(OrganizationRole {
            id: item.sort_key(keys::ROLE_PREFIX, OrganizationRoleId::parse)?,
            name: item.parsed("name", "a name", Name::normalise)?,
            description: item.optional("description", "a description", Description::normalise)?,
            created_at: item.timestamp("createdAt")?,
        })
    }
}

/// The name and the description of a role, as events have them.
fn texts_of(role: &OrganizationRole) -> Value {
    let description = role.description.as_ref().map(Description::as_str);
    json!({ "name": role.name.as_str(), "description": description })
}

/// The folded name and its skeleton. Roles with different names differ in both.
fn forms(name: &Name) -> (String, String) {
    (name.folded(), name.skeleton())
}

/// The skeleton of a name, if it is different from the folded name.
fn separate_skeleton(name: &Name) -> Option<String> {
    let (folded, skeleton) = forms(name);
    (skeleton != folded).then_some(skeleton)
}

/// The items that keep a name unique: one for the folded name, and one for a skeleton beside it.
fn reserved_names(name: &Name, skeleton: Option<&str>) -> Vec<Key> {
    let skeleton = skeleton.map(keys::reserved_role_name);
    std::iter::once(keys::role_name(name)).chain(skeleton).collect()
}

/// The condition that a role exists and still has the name that was read.
fn unchanged_name(role: &OrganizationRole) -> Expression {
    Expression::default()
        .name("#name", "name")
        .value(":old", text(role.name.as_str()))
        .when("#name = :old")
}
