//! Organization roles, their number, and the items that keep their names unique.

use std::collections::{HashMap, HashSet};

use super::backoff::Backoff;
use super::expression::Expression;
use super::item::{Attributes, number, text, timestamp};
use super::read::readable;
use super::write::Write;
use super::{Store, keys};
use crate::domain::ids::OrganizationRoleId;
use crate::domain::organization::OrganizationRole;
use crate::domain::text::{Description, Name};
use crate::error::{Error, Result, organization_role_not_found};
use crate::failure::Failure;

/// The changes of a role. `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct OrganizationRoleChanges {
    /// The new name.
    pub name: Option<Name>,
    /// The new description; `Some(None)` removes it.
    pub description: Option<Option<Description>>,
}

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

    /// One role, if it exists.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn organization_role(
        &self,
        id: &OrganizationRoleId,
    ) -> Result<Option<OrganizationRole>, Failure> {
        let item = self.get(keys::organization_role(id)).await?;
        item.map(|attributes| self.read_role(&attributes)).transpose()
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
    /// When its name is in use, or there are too many roles already; then nothing has changed.
    pub async fn create_organization_role(&self, role: &OrganizationRole) -> Result<()> {
        let mut attributes = HashMap::from([
            ("name".to_owned(), text(role.name.as_str())),
            ("createdAt".to_owned(), timestamp(role.created_at)),
        ]);
        if let Some(description) = &role.description {
            attributes.insert("description".to_owned(), text(description.as_str()));
        }
        let count = Expression::default()
            .name("#count", "count")
            .value(":none", number(0))
            .value(":one", number(1))
            .value(":most", number(OrganizationRole::MOST as u64))
            .set("#count = if_not_exists(#count, :none) + :one")
            .when("attribute_not_exists(#count) OR #count < :most");
        let writes = vec![
            self.put_new(keys::organization_role(&role.id), attributes),
            self.put_role_name(&role.name, &role.id),
            self.update(keys::organization_role_count(), count),
        ];
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        Err(if unmet.of(&keys::role_name(&role.name)).is_some() {
            Error::OrganizationRoleNameInUse(role.name.as_str().to_owned())
        } else {
            Error::OrganizationRolesFull
        })
    }

    /// Changes a role, and returns the changed role.
    ///
    /// # Errors
    /// When there is no such role, or its new name is in use; then nothing has changed.
    pub async fn update_organization_role(
        &self,
        id: &OrganizationRoleId,
        changes: &OrganizationRoleChanges,
    ) -> Result<OrganizationRole> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let before =
                self.organization_role(id).await?.ok_or_else(|| organization_role_not_found(id))?;
            let after = OrganizationRole {
                name: changes.name.clone().unwrap_or_else(|| before.name.clone()),
                description: changes
                    .description
                    .clone()
                    .unwrap_or_else(|| before.description.clone()),
                ..before.clone()
            };
            let mut change = unchanged_name(&before)
                .value(":new", text(after.name.as_str()))
                .set("#name = :new")
                .name("#description", "description");
            // A rename must not undo a description that was written after `before` was read.
            change = match &before.description {
                Some(description) => change
                    .value(":oldDescription", text(description.as_str()))
                    .when("#description = :oldDescription"),
                None => change.when("attribute_not_exists(#description)"),
            };
            change = match &after.description {
                Some(description) => change
                    .value(":description", text(description.as_str()))
                    .set("#description = :description"),
                None => change.remove("#description"),
            };
            let mut writes = vec![self.update(keys::organization_role(id), change)];
            if after.name.folded() != before.name.folded() {
                writes.push(self.put_role_name(&after.name, id));
                writes.push(self.delete(keys::role_name(&before.name)));
            }
            let Err(unmet) = self.commit(writes).await? else {
                return Ok(after);
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
    /// When there is no such role.
    pub async fn delete_organization_role(&self, id: &OrganizationRoleId) -> Result<()> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let role =
                self.organization_role(id).await?.ok_or_else(|| organization_role_not_found(id))?;
            let count = Expression::default()
                .name("#count", "count")
                .value(":one", number(1))
                .set("#count = #count - :one");
            let writes = vec![
                self.delete_if(keys::organization_role(id), unchanged_name(&role)),
                self.delete(keys::role_name(&role.name)),
                self.update(keys::organization_role_count(), count),
            ];
            if self.commit(writes).await?.is_ok() {
                return Ok(());
            }
            backoff.pause("TransactWriteItems", "other requests changed the role").await?;
        }
    }

    fn put_role_name(&self, name: &Name, id: &OrganizationRoleId) -> Write {
        let attributes = HashMap::from([("roleId".to_owned(), text(id.as_str()))]);
        self.put_new(keys::role_name(name), attributes)
    }

    fn read_role(&self, attributes: &Attributes) -> Result<OrganizationRole, Failure> {
        let item = self.item(attributes);
        Ok(OrganizationRole {
            id: item.sort_key(keys::ROLE_PREFIX, OrganizationRoleId::parse)?,
            name: item.parsed("name", "a name", Name::parse)?,
            description: item.optional("description", "a description", Description::parse)?,
            created_at: item.timestamp("createdAt")?,
        })
    }
}

/// The condition that a role exists and still has the name that was read.
fn unchanged_name(role: &OrganizationRole) -> Expression {
    Expression::default()
        .name("#name", "name")
        .value(":old", text(role.name.as_str()))
        .when("#name = :old")
}
