//! `PATCH /organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}`

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::capabilities;
use shared::domain::caller::Caller;
use shared::domain::ids::OrganizationId;
use shared::domain::provider::ProviderName;
use shared::domain::rule::{NewSettings, RuleKey};
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag, present};
use shared::store::Store;
use utoipa::ToSchema;

use super::{AddressesName, SsoConnectorEntity};
use crate::endpoints::endpoints;
use crate::rules::{EnrollmentName, roles_of_rule, roles_of_rules};
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = SsoConnectorSettings)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    /// Null means the organization's default roles, an empty list no roles.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    email_domains: Option<AddressesName>,
}

capabilities! {
    /// The capabilities of `update-sso-connector`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(update);

/// Changes the settings of an identity provider. Members stay.
///
/// A setting that is not sent stays as it is.
#[utoipa::path(
    patch,
    path = "/organizations/{organizationId}/jit/sso-connectors/{ssoConnectorId}",
    operation_id = "updateSsoConnector",
    tag = "SSO connectors",
    params(IfMatch),
    request_body = Body,
    responses((status = 200, description = "The identity provider.", body = SsoConnectorEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn update(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, name)): PathOf<(OrganizationId, ProviderName)>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    let ids = body.organization_role_ids.as_ref().map(Option::as_deref);
    let settings = NewSettings {
        enrollment: body.enrollment.map(Into::into),
        roles: roles_of_rule(ids, &organization, &store).await?,
        addresses: body.email_domains.map(Into::into),
        ..NewSettings::default()
    };
    let key = RuleKey::SsoConnector(name);
    let change = |present: &_| settings.after(present);
    let changed = store.change_settings(&organization, &key, &precondition, change).await?;
    if changed.is_changed {
        audit(Action::UpdateSsoConnector, &caller).organization(&organization).rule(&key).log();
    }
    let roles = roles_of_rules([&changed.rule], &store).await?;
    let entity = SsoConnectorEntity::new(&changed.rule, &roles);
    Ok(([etag(changed.version)], Json(entity)).into_response())
}
