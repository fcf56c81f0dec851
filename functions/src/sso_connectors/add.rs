//! `POST /organizations/{organizationId}/jit/sso-connectors`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::cognito::UserPool;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::RuleList;
use shared::domain::rule::{NewSettings, RuleKey, RuleKind, Settings};
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag, present};
use shared::store::Store;
use shared::{Clock, Error, capabilities};
use utoipa::ToSchema;

use super::{AddressesName, NamedProviders};
use crate::endpoints::endpoints;
use crate::rules::{EnrollmentName, roles_of_rule};
use crate::schemas;

capabilities! {
    /// The capabilities of `add-sso-connectors`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        user_pool: UserPool,
    }
}

endpoints!(add);

#[derive(Deserialize, ToSchema)]
#[schema(as = NewSsoConnectors)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Additions {
    #[schema(value_type = schemas::SomeSsoConnectorIds, inline)]
    sso_connector_ids: Vec<String>,
    /// The default is `automatic`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    /// The default is null, which means the organization's default roles. An empty list means no roles.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    /// The default is `any`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    email_domains: Option<AddressesName>,
}

/// Adds identity providers, all with the same settings. Those that are listed already stay as they are.
///
/// From then on, a user who signs in through one of them becomes a member, whatever the user's address,
/// unless the settings say something else.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/sso-connectors",
    operation_id = "addSsoConnectors",
    tag = "SSO connectors",
    params(IfMatch),
    request_body = Additions,
    responses((status = 201, description = "Added.", headers(("ETag"))), (status = 409), (status = 422), (status = 429), (status = 502)),
)]
pub(crate) async fn add(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(user_pool): State<UserPool>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Additions>,
) -> Result<Response, Problem> {
    if body.sso_connector_ids.is_empty() {
        return Err(Error::SsoConnectorsEmpty.into());
    }
    let ids = &body.sso_connector_ids;
    let providers = NamedProviders::of(ids, &organization, &store, &user_pool, &clock).await?;
    let roles = body.organization_role_ids.as_ref().map(Option::as_deref);
    let settings = NewSettings {
        enrollment: body.enrollment.map(Into::into),
        roles: roles_of_rule(roles, &organization, &store).await?,
        addresses: body.email_domains.map(Into::into),
        ..NewSettings::default()
    };
    let settings = settings.after(&Settings::default());
    let keys = providers.keys();
    let wanted = |list: &RuleList| list.rules.keys().chain(&keys).cloned().collect();
    let begin = |added: Vec<RuleKey>| providers.begin(added, &settings, &caller);
    let mut done = ListChange::default();
    let kind = RuleKind::SsoConnector;
    let changed =
        store.change_rules(&organization, kind, &precondition, wanted, begin, &mut done).await;
    audit(Action::AddSsoConnectors, &caller).organization(&organization).change(&done).log();
    let version = changed.map_err(|error| providers.crowded_at(error))?;
    Ok((StatusCode::CREATED, [etag(version)]).into_response())
}
