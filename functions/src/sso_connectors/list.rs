//! `GET /organizations/{organizationId}/jit/sso-connectors`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::domain::ids::OrganizationId;
use shared::domain::rule::RuleKind;
use shared::http::{Paging, PathOf, Problem, etag};
use shared::store::Store;
use shared::{Error, capabilities};

use super::SsoConnectorEntity;
use crate::endpoints::endpoints;
use crate::rules::roles_of_rules;

capabilities! {
    /// The capabilities of `list-sso-connectors`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(list);

/// Lists the identity providers of an organization, by id.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/jit/sso-connectors",
    operation_id = "listSsoConnectors",
    tag = "SSO connectors",
    params(Paging),
    responses((status = 200, description = "The identity providers.", body = [SsoConnectorEntity], headers(("ETag")))),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: Paging,
) -> Result<Response, Problem> {
    let part = |total| paging.part(total);
    let found = store.rules_on_page(&organization, RuleKind::SsoConnector, part).await?;
    let (list, rules) =
        found.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
    let roles = roles_of_rules(&rules, &store).await?;
    let entities: Vec<_> = rules.iter().map(|rule| SsoConnectorEntity::new(rule, &roles)).collect();
    Ok(([etag(list.version)], paging.respond_part(list.rules.len(), &entities)).into_response())
}
