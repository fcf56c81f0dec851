//! `GET /organizations/{organizationId}/jit/email-domains`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::domain::ids::OrganizationId;
use shared::http::{Paging, PathOf, Problem, etag};
use shared::store::Store;
use shared::{Error, capabilities};

use super::EmailDomainEntity;
use crate::endpoints::endpoints;

capabilities! {
    /// The capabilities of `list-email-domains`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(list);

/// Lists the email domains of an organization, by domain.
#[utoipa::path(
    get,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "listEmailDomains",
    tag = "Email domains",
    params(Paging),
    responses((status = 200, description = "The domains.", body = [EmailDomainEntity], headers(("ETag")))),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    PathOf(organization): PathOf<OrganizationId>,
    paging: Paging,
) -> Result<Response, Problem> {
    let list = store.email_domains(&organization).await?;
    let list = list.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
    let entities: Vec<_> = list
        .domains
        .iter()
        .map(|(domain, added_at)| EmailDomainEntity::new(&organization, domain, *added_at))
        .collect();
    Ok(([etag(list.version)], paging.respond(&entities)).into_response())
}
