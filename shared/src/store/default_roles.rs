//! An organization's default roles: a list inside the organization's own item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::backoff::Backoff;
use super::changes::Subject;
use super::expression::Expression;
use super::item::{Item, number, texts};
use super::{Store, keys};
use crate::domain::change::ListChange;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::DefaultRoles;
use crate::domain::organization::OrganizationRole;
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result, organization_not_found};
use crate::event::{self, EventType, News};
use crate::failure::Failure;

impl Store {
    /// An organization's default roles; `None` if there is no such organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn default_roles(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<DefaultRoles>, Failure> {
        let item = self.get(keys::organization(id)).await?;
        item.map_or(Ok(None), |attributes| read_default_roles(&self.item(&attributes)))
    }

    /// Changes the list, and returns its new version and what has changed. `change` gets the ids of
    /// the listed roles that still exist. It is called again if another request has changed the list
    /// in the meantime. If the list stays the same, nothing is written.
    ///
    /// # Errors
    /// The error of `change`; when there is no such organization; when the precondition fails; when
    /// the new list would be too long. Then nothing has changed.
    pub async fn change_default_roles(
        &self,
        id: &OrganizationId,
        precondition: &Precondition,
        change: impl Fn(&[OrganizationRoleId]) -> Result<Vec<OrganizationRoleId>>,
    ) -> Result<(Version, ListChange<OrganizationRoleId>)> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let stored = self.default_roles(id).await?.ok_or_else(|| organization_not_found(id))?;
            if !precondition.holds(stored.version) {
                return Err(Error::PreconditionFailed { current: stored.version });
            }
            let existing = self.organization_roles_by_id(&stored.ids).await?;
            let current: Vec<_> =
                stored.ids.iter().filter(|id| existing.contains_key(id)).cloned().collect();
            let wanted = change(&current)?;
            if wanted == stored.ids {
                return Ok((stored.version, ListChange::default()));
            }
            if wanted.len() > OrganizationRole::MOST_IN_A_LIST {
                return Err(Error::DefaultRolesFull);
            }
            let next = stored.version.next();
            let write = Expression::default()
                .name("#roles", "jitRoles")
                .name("#version", "version")
                .value(":roles", default_roles(&wanted, next))
                .set("#roles = :roles")
                .when_version("#roles.#version", &Precondition::OneOf(vec![stored.version]));
            let news = News::of_organization(EventType::DefaultRolesChanged, id)
                .before(json!({ "organizationRoleIds": event::ids(&stored.ids) }))
                .after(json!({ "organizationRoleIds": event::ids(&wanted) }));
            let mut writes = vec![self.update(keys::organization(id), write)];
            writes.extend(self.tell(Subject::Organization(id), vec![news]));
            if self.commit(writes).await?.is_ok() {
                return Ok((next, ListChange::between(&current, &wanted)));
            }
            backoff.pause("TransactWriteItems", "other requests changed the default roles").await?;
        }
    }
}

/// The default roles in an organization's item; `None` if the organization is deleted.
pub(super) fn read_default_roles(organization: &Item<'_>) -> Result<Option<DefaultRoles>, Failure> {
    if organization.has("deletedAt") {
        return Ok(None);
    }
    let roles = organization.map("jitRoles")?;
    let ids = roles.list("ids", OrganizationRoleId::parse)?;
    Ok(Some(DefaultRoles { ids, version: Version::new(roles.number("version")?) }))
}

/// The default roles as an attribute of an organization's item.
pub(super) fn default_roles(ids: &[OrganizationRoleId], version: Version) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("ids".to_owned(), texts(ids)),
        ("version".to_owned(), number(version.get())),
    ]))
}
