//! `DELETE /organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}`

use axum::http::StatusCode;
use shared::capabilities;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::OrganizationId;
use shared::domain::provider::ProviderName;
use shared::domain::rule::RuleKey;
use shared::http::{Acting, Action, IfMatch, PathOf, Problem, audit};
use shared::store::Store;

use crate::endpoints::endpoints;

capabilities! {
    /// The capabilities of `delete-sso-connector`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(delete);

/// Deletes an identity provider from the list. Members stay, and so does the provider in the user pool.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}",
    operation_id = "deleteSsoConnector",
    tag = "SSO connectors",
    params(IfMatch),
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, name)): PathOf<(OrganizationId, ProviderName)>,
    IfMatch(precondition): IfMatch,
) -> Result<StatusCode, Problem> {
    let key = RuleKey::SsoConnector(name);
    store.remove_rule(&organization, &key, &precondition).await?;
    let change = ListChange { added: Vec::new(), removed: vec![&key] };
    audit(Action::DeleteSsoConnector, &caller).organization(&organization).change(&change).log();
    Ok(StatusCode::NO_CONTENT)
}
