//! Lists of organization roles in request bodies.

use axum::http::StatusCode;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::organization::OrganizationRole;
use shared::domain::text::Name;
use shared::http::Problem;
use shared::store::Store;
use shared::{Error, Violation};

use crate::named::Named;
use crate::values::both;

/// The roles in a body: the list `organizationRoleIds`, and the list `organizationRoleNames`.
#[derive(Clone, Copy)]
pub(crate) struct NamedRoles<'a> {
    ids: &'a [String],
    names: &'a [String],
}

impl<'a> NamedRoles<'a> {
    /// Roles of a body that has only ids.
    pub(crate) fn by_id(ids: &'a [String]) -> Self {
        Self { ids, names: &[] }
    }

    /// Roles of a body that may leave out one of the lists, but not both.
    pub(crate) fn by_id_or_name(
        ids: Option<&'a [String]>,
        names: Option<&'a [String]>,
    ) -> Result<Self, Problem> {
        if ids.is_none() && names.is_none() {
            let detail = "the body names no roles: send `organizationRoleIds`, \
                          `organizationRoleNames`, or both";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "request.invalid_body", detail);
            return Err(problem.at(String::new()));
        }
        Ok(Self { ids: ids.unwrap_or_default(), names: names.unwrap_or_default() })
    }

    pub(crate) fn is_empty(self) -> bool {
        self.ids.is_empty() && self.names.is_empty()
    }

    /// The ids of the roles, each once, in the order of the body: first those that are named by id.
    ///
    /// Fails if one of the roles does not exist. More roles than a list may hold are the error
    /// `too_many`. They are not looked up, since a body can have more roles than the table can find
    /// in time.
    pub(crate) async fn existing(
        self,
        too_many: Error,
        store: &Store,
    ) -> Result<Vec<OrganizationRoleId>, Error> {
        if self.ids.len().max(self.names.len()) > OrganizationRole::MOST_IN_A_LIST {
            return Err(too_many);
        }
        let by_id = Named::parse("organizationRoleIds", self.ids, OrganizationRoleId::parse);
        let by_name = Named::parse("organizationRoleNames", self.names, Name::normalise);
        let (ids, names) = (by_id.each(), by_name.each());
        let mut named = store.organization_role_ids(&names).await?;
        let others: Vec<_> = names.iter().filter_map(|name| named.get(name)).cloned().collect();
        let all = union(&ids, &others);
        let roles = store.organization_roles_by_id(&all).await?;
        // A role can be deleted after its name was looked up, and it can have another name that only
        // looks like this one.
        named.retain(|name, id| {
            roles.get(id).is_some_and(|role| role.name.folded() == name.folded())
        });
        both(
            by_id.all(|id| roles.contains_key(id), Violation::unknown_role),
            by_name.all(|name| named.contains_key(name), Violation::unknown_role_name),
        )
        .map_err(Error::Invalid)?;
        Ok(all)
    }

    /// Like [`Self::existing`]. If a role and the organization do not exist, the error says that the
    /// organization does not.
    pub(crate) async fn existing_in(
        self,
        organization: &OrganizationId,
        too_many: Error,
        store: &Store,
    ) -> Result<Vec<OrganizationRoleId>, Error> {
        let existing = self.existing(too_many, store).await;
        if existing.as_ref().is_err_and(|error| !matches!(error, Error::Failed(_))) {
            store.require_organization(organization).await?;
        }
        existing
    }
}

/// The first list, followed by those ids of the second that are not in it.
pub(crate) fn union(
    ids: &[OrganizationRoleId],
    more: &[OrganizationRoleId],
) -> Vec<OrganizationRoleId> {
    let mut all = ids.to_vec();
    for id in more {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}
