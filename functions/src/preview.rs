//! `/organizations/{organizationId}/jit/preview` and `/jit/preview`: who would be admitted, with
//! which roles, and if not, why. It is about somebody new who proves the address: a user who is
//! there already stays what they are, and cannot be told by an address. Nothing is written.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Decision, Reason};
use shared::domain::email_address::EmailAddress;
use shared::domain::ids::OrganizationId;
use shared::domain::organization::Organization;
use shared::http::{JsonBody, PathOf, Problem};
use shared::provisioning::{Evaluated, Provisioning};
use shared::store::Store;
use shared::{Error, capabilities};
use utoipa::ToSchema;

use crate::endpoints::endpoints;
use crate::entities::{HeldRole, Roles, held_roles};

#[derive(Deserialize, ToSchema)]
#[schema(as = PreviewedAddress)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    /// Whatever it is: what is no email address is a reason, not an error.
    #[schema(example = "jane@acme.example")]
    email: String,
}

/// What would be decided about an address by all organizations.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewEntity {
    /// The domain of the address, normalised; null where it is no usable address.
    #[schema(required)]
    email_domain: Option<String>,
    /// Why no organization is concerned; null where `organizations` says it of each.
    #[schema(required)]
    reason: Option<&'static str>,
    /// The reason as a sentence.
    #[schema(required)]
    detail: Option<String>,
    organizations: Vec<OrganizationPreview>,
}

/// What would be decided about an address by one organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationPreview {
    organization_id: String,
    organization_name: String,
    /// The domain of the address, normalised; null where it is no usable address.
    #[schema(required)]
    email_domain: Option<String>,
    #[schema(inline)]
    decision: DecisionName,
    /// Why the address would be passed by; null where it would be admitted.
    #[schema(required)]
    reason: Option<&'static str>,
    /// The reason as a sentence.
    #[schema(required)]
    detail: Option<String>,
    /// The rules that were asked, in their order: the first that does not let pass is the last.
    rules: Vec<RuleOutcome>,
    /// What the new member would hold, by name.
    organization_roles: Vec<HeldRole>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionName {
    Join,
    Pass,
}

/// Whether a rule lets the address pass.
#[derive(Serialize, ToSchema)]
struct RuleOutcome {
    #[schema(inline)]
    rule: RuleName,
    passed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleName {
    ValidAddress,
    NotPublicMailbox,
    DomainListed,
    NotRemoved,
}

impl RuleName {
    /// In the order in which they are asked.
    const ALL: [Self; 4] =
        [Self::ValidAddress, Self::NotPublicMailbox, Self::DomainListed, Self::NotRemoved];
}

capabilities! {
    /// What `preview` works with.
    pub struct Needs {
        store: Store,
        provisioning: Provisioning,
    }
}

endpoints!(of_organization, of_all);

/// Says whether an organization would admit an address.
///
/// It is about somebody new who proves that the address is theirs, and decided as in provisioning.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/preview",
    operation_id = "previewForOrganization",
    tag = "Preview",
    security(("operators" = ["usher/read"])),
    request_body = Body,
    responses((status = 200, description = "The decision.", body = OrganizationPreview)),
)]
pub(crate) async fn of_organization(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    PathOf(id): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<Json<OrganizationPreview>, Problem> {
    let organization = store.organizations(std::slice::from_ref(&id)).await?.pop();
    let organization = organization.ok_or_else(|| Error::OrganizationNotFound(id.to_string()))?;
    let preview = provisioning.preview(&body.email).await?;
    let evaluated = provisioning.preview_of(preview, &id);
    let roles = store.organization_roles_by_id(&evaluated.default_roles).await?;
    let domain = domain(&body.email);
    Ok(Json(OrganizationPreview::new(&organization, domain.as_deref(), &evaluated, &roles)))
}

/// Says which organizations would admit an address.
///
/// It is about somebody new who proves that the address is theirs, and decided as in provisioning.
#[utoipa::path(
    post,
    path = "/jit/preview",
    operation_id = "preview",
    tag = "Preview",
    security(("operators" = ["usher/read"])),
    request_body = Body,
    responses((
        status = 200,
        description = "The decision of every organization that lists the domain.",
        body = PreviewEntity,
    )),
)]
pub(crate) async fn of_all(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    JsonBody(body): JsonBody<Body>,
) -> Result<Json<PreviewEntity>, Problem> {
    let preview = provisioning.preview(&body.email).await?;
    let evaluated = preview.evaluated;
    let ids: Vec<_> = evaluated.iter().map(|it| it.organization.clone()).collect();
    let role_ids: Vec<_> = evaluated.iter().flat_map(|it| it.default_roles.clone()).collect();
    let (organizations, roles) =
        try_join(store.organizations(&ids), store.organization_roles_by_id(&role_ids)).await?;
    let organizations: HashMap<_, _> = organizations.iter().map(|it| (&it.id, it)).collect();
    let domain = domain(&body.email);
    let previews: Vec<_> = evaluated
        .iter()
        .filter(|it| it.decision != Decision::Pass(Reason::NotListed))
        .filter_map(|it| {
            let organization = organizations.get(&it.organization)?;
            Some(OrganizationPreview::new(organization, domain.as_deref(), it, &roles))
        })
        .collect();
    let reason = match preview.address {
        Err(reason) => Some(reason),
        Ok(_) if previews.is_empty() => Some(Reason::NotListed),
        Ok(_) => None,
    };
    Ok(Json(PreviewEntity {
        detail: reason
            .as_ref()
            .map(|reason| sentence(reason, domain.as_deref(), "No organization")),
        reason: reason.as_ref().map(Reason::as_str),
        email_domain: domain,
        organizations: previews,
    }))
}

impl OrganizationPreview {
    fn new(
        organization: &Organization,
        domain: Option<&str>,
        evaluated: &Evaluated,
        roles: &Roles,
    ) -> Self {
        let (decision, reason) = match &evaluated.decision {
            Decision::Join(_) => (DecisionName::Join, None),
            Decision::Pass(reason) => (DecisionName::Pass, Some(reason)),
        };
        Self {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.as_str().to_owned(),
            email_domain: domain.map(str::to_owned),
            decision,
            reason: reason.map(Reason::as_str),
            detail: reason.map(|reason| sentence(reason, domain, "The organization")),
            rules: outcomes(reason.map(rule)),
            organization_roles: held_roles(&evaluated.default_roles, roles),
        }
    }
}

/// What the rules said, where this one of them, if any, did not let pass.
fn outcomes(failed: Option<RuleName>) -> Vec<RuleOutcome> {
    let last = RuleName::ALL.iter().position(|rule| Some(*rule) == failed);
    let asked = &RuleName::ALL[..last.map_or(RuleName::ALL.len(), |last| last + 1)];
    asked.iter().map(|rule| RuleOutcome { rule: *rule, passed: Some(*rule) != failed }).collect()
}

/// The rule that has a reason.
fn rule(reason: &Reason) -> RuleName {
    match reason {
        Reason::EmailUnusable(_) => RuleName::ValidAddress,
        Reason::PublicMailbox => RuleName::NotPublicMailbox,
        Reason::NotListed => RuleName::DomainListed,
        Reason::RemovedEarlier => RuleName::NotRemoved,
        Reason::NoEmail
        | Reason::EmailNotVerified
        | Reason::ProviderNotTrusted
        | Reason::AlreadyMember => unreachable!("a preview is about nobody who is known"),
    }
}

/// A reason for the administrator of `who`.
fn sentence(reason: &Reason, domain: Option<&str>, who: &str) -> String {
    let domain = domain.unwrap_or_default();
    match reason {
        Reason::EmailUnusable(error) => error.to_string(),
        Reason::PublicMailbox => {
            format!("Everybody can have an address at the public mailbox provider {domain}.")
        }
        Reason::NotListed if who == "No organization" => {
            format!("No organization lists the email domain {domain}.")
        }
        Reason::NotListed => format!("{who} does not list the email domain {domain}."),
        Reason::RemovedEarlier => {
            "A member with this address was removed, and stays so until added by hand.".to_owned()
        }
        other => other.as_str().to_owned(),
    }
}

/// The domain of a usable address.
fn domain(email: &str) -> Option<String> {
    EmailAddress::parse(email).ok().map(|address| address.domain().to_string())
}
