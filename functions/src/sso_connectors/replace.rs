//! `PUT /organizations/{organizationId}/jit/sso-connectors`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::cognito::UserPool;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::OrganizationId;
use shared::domain::rule::{RuleKey, RuleKind, Settings};
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag};
use shared::store::Store;
use shared::{Clock, capabilities};
use utoipa::ToSchema;

use super::NamedProviders;
use crate::endpoints::endpoints;
use crate::schemas;

capabilities! {
    /// The capabilities of `replace-sso-connectors`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        user_pool: UserPool,
    }
}

endpoints!(replace);

#[derive(Deserialize, ToSchema)]
#[schema(as = SsoConnectorIds)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Replacement {
    #[schema(value_type = schemas::SsoConnectorIdList, inline)]
    sso_connector_ids: Vec<String>,
}

/// Replaces the identity providers of an organization. Those that stay keep their settings.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/jit/sso-connectors",
    operation_id = "replaceSsoConnectors",
    tag = "SSO connectors",
    params(IfMatch),
    request_body = Replacement,
    responses((status = 204, description = "Replaced.", headers(("ETag"))), (status = 409), (status = 422), (status = 429), (status = 502)),
)]
pub(crate) async fn replace(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Replacement>,
) -> Result<Response, Problem> {
    let ids = &body.sso_connector_ids;
    let providers = NamedProviders::of(ids, &organization, &store, &user_pool, &clock).await?;
    let keys = providers.keys();
    let wanted = |_: &_| keys.clone();
    let settings = Settings::default();
    let begin = |added: Vec<RuleKey>| providers.begin(added, &settings, &caller);
    let mut done = ListChange::default();
    let kind = RuleKind::SsoConnector;
    let changed =
        store.change_rules(&organization, kind, &precondition, wanted, begin, &mut done).await;
    audit(Action::ReplaceSsoConnectors, &caller).organization(&organization).change(&done).log();
    let version = changed.map_err(|error| providers.crowded_at(error))?;
    Ok((StatusCode::NO_CONTENT, [etag(version)]).into_response())
}
