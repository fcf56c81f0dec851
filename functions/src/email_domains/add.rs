//! `POST /organizations/{organizationId}/jit/email-domains`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::DomainOwnership;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{Rule, RuleKey, Settings};
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, present};
use shared::store::Store;
use shared::{Clock, Randomness, capabilities};
use utoipa::ToSchema;

use super::settings::SettingsOfBody;
use super::{EmailDomainEntity, NewDomains, acceptable, crowded_at};
use crate::endpoints::endpoints;
use crate::rules::{EnrollmentName, roles_of_rules};
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = NewEmailDomain)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[schema(value_type = schemas::EmailDomainInput)]
    email_domain: String,
    /// The default is `automatic`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    /// The default is null, which means the same as `enrollment`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<EnrollmentName>)]
    existing_users: Option<Option<EnrollmentName>>,
    /// The default is null, which means the organization's default roles. An empty list means no roles.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    /// Whether addresses in subdomains count too, at any depth. The default is false.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subdomains: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ownership: Option<StricterOwnership>,
}

/// Asks that the domain is proven before anybody joins by it. Without it, the operator's setting
/// decides.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StricterOwnership {
    Pending,
}

impl StricterOwnership {
    /// What a new domain begins as, if a caller has asked for this or for nothing.
    pub(crate) fn or(asked: Option<Self>, default: DomainOwnership) -> DomainOwnership {
        match asked {
            Some(Self::Pending) => DomainOwnership::Pending,
            None => default,
        }
    }
}

capabilities! {
    /// The capabilities of `add-email-domain`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        mailbox_policy: MailboxPolicy,
        domain_ownership: DomainOwnership,
    }
}

endpoints!(add);

/// Adds an email domain.
///
/// From then on, a person who proves an address in the domain becomes a member, unless the settings say
/// something else, or the domain has to be proven first. The domain is normalised first: lower case,
/// A-labels.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "addEmailDomain",
    tag = "Email domains",
    params(IfMatch),
    request_body = Body,
    responses((status = 201, description = "The domain, normalised.", body = EmailDomainEntity), (status = 422)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a capability or a part of the request")]
pub(crate) async fn add(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(randomness): State<Randomness>,
    State(mailbox_policy): State<MailboxPolicy>,
    State(domain_ownership): State<DomainOwnership>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    const POINTER: &str = "/emailDomain";

    let domain = acceptable(&body.email_domain, POINTER, &organization, &mailbox_policy)?;
    let settings = SettingsOfBody {
        enrollment: body.enrollment,
        existing_users: body.existing_users,
        organization_role_ids: body.organization_role_ids.as_ref().map(Option::as_deref),
        subdomains: body.subdomains,
    };
    let settings = settings.check(&organization, &domain, &store).await?;
    let ownership = StricterOwnership::or(body.ownership, domain_ownership);
    let named = [(domain.clone(), POINTER.to_owned())];
    let new = NewDomains { caller: &caller, ownership, randomness: &randomness };
    let rule = Rule {
        settings: settings.after(&Settings::default()),
        ..new.rule(RuleKey::EmailDomain(domain), clock.now())
    };
    let roles = roles_of_rules([&rule], &store).await?;
    let added = store.add_email_domain(&organization, &rule, &precondition).await;
    added.map_err(|error| crowded_at(error, &named))?;
    let change = ListChange { added: vec![&rule.key], removed: Vec::new() };
    audit(Action::AddEmailDomain, &caller).organization(&organization).change(&change).log();
    let entity = EmailDomainEntity::new(&organization, &rule, &roles);
    Ok((StatusCode::CREATED, Json(entity)).into_response())
}
