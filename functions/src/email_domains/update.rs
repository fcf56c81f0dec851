//! `PATCH /organizations/{organizationId}/jit/email-domains/{emailDomain}`

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::capabilities;
use shared::domain::caller::Caller;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::rule::RuleKey;
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag, present};
use shared::store::Store;
use utoipa::ToSchema;

use super::EmailDomainEntity;
use super::settings::SettingsOfBody;
use crate::endpoints::endpoints;
use crate::rules::{EnrollmentName, roles_of_rules};
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = EmailDomainSettings)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    /// Null means the same as `enrollment`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<EnrollmentName>)]
    existing_users: Option<Option<EnrollmentName>>,
    /// Null means the organization's default roles, an empty list no roles.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subdomains: Option<bool>,
}

capabilities! {
    /// The capabilities of `update-email-domain`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(update);

/// Changes the settings of an email domain. Members stay.
///
/// A setting that is not sent stays as it is.
#[utoipa::path(
    patch,
    path = "/organizations/{organizationId}/jit/email-domains/{emailDomain}",
    operation_id = "updateEmailDomain",
    tag = "Email domains",
    params(IfMatch),
    request_body = Body,
    responses((status = 200, description = "The domain.", body = EmailDomainEntity, headers(("ETag"))), (status = 422)),
)]
pub(crate) async fn update(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, domain)): PathOf<(OrganizationId, EmailDomain)>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    let settings = SettingsOfBody {
        enrollment: body.enrollment,
        existing_users: body.existing_users,
        organization_role_ids: body.organization_role_ids.as_ref().map(Option::as_deref),
        subdomains: body.subdomains,
    };
    let settings = settings.check(&organization, &domain, &store).await?;
    let key = RuleKey::EmailDomain(domain);
    let change = |present: &_| settings.after(present);
    let changed = store.change_settings(&organization, &key, &precondition, change).await?;
    if changed.is_changed {
        audit(Action::UpdateEmailDomain, &caller).organization(&organization).rule(&key).log();
    }
    let roles = roles_of_rules([&changed.rule], &store).await?;
    let entity = EmailDomainEntity::new(&organization, &changed.rule, &roles);
    Ok(([etag(changed.version)], Json(entity)).into_response())
}
