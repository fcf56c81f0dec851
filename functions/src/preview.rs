//! `/organizations/{organizationId}/jit/preview` and `/jit/preview`: whether an address would be
//! admitted and with which roles, or the reason for the refusal. A preview assumes a new user who
//! proves the address: an existing member stays unchanged, and an address does not identify a user.
//! Nothing is written.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Check, Outcome, Reason};
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
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = PreviewedAddress)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    /// An invalid address is a decision, not an error.
    #[schema(value_type = schemas::AnyAddress)]
    email: String,
}

/// The decisions of all organizations about an address.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewEntity {
    /// The domain of the address, normalised. Null if the address is not usable.
    #[schema(required, value_type = Option<schemas::EmailDomainName>)]
    email_domain: Option<String>,
    /// The reason why no organization is listed. Null if `organizations` has the decisions.
    #[schema(required, value_type = Option<schemas::Reason>)]
    reason: Option<&'static str>,
    /// The reason as a sentence.
    #[schema(required, value_type = Option<schemas::Sentence>)]
    detail: Option<String>,
    #[schema(max_items = 50)]
    organizations: Vec<OrganizationPreview>,
}

/// The decision of one organization about an address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationPreview {
    #[schema(value_type = schemas::OrganizationId)]
    organization_id: String,
    #[schema(value_type = schemas::Name)]
    organization_name: String,
    /// The domain of the address, normalised. Null if the address is not usable.
    #[schema(required, value_type = Option<schemas::EmailDomainName>)]
    email_domain: Option<String>,
    #[schema(inline)]
    decision: DecisionName,
    /// The reason for a refusal. Null if the address would be admitted.
    #[schema(required, value_type = Option<schemas::Reason>)]
    reason: Option<&'static str>,
    /// The reason as a sentence.
    #[schema(required, value_type = Option<schemas::Sentence>)]
    detail: Option<String>,
    /// The checks that were made, in order. The first check that is not passed is the last one.
    #[schema(max_items = 4)]
    checks: Vec<CheckOutcome>,
    /// The roles that the new member would hold, by name.
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionName {
    Join,
    Refuse,
}

/// Whether the address passed a check.
#[derive(Serialize, ToSchema)]
struct CheckOutcome {
    #[schema(inline)]
    check: CheckName,
    passed: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CheckName {
    ValidAddress,
    NotPublicMailbox,
    DomainListed,
    NotRemoved,
}

impl CheckName {
    /// The name of a check. `None` for a check that a preview does not show, because it assumes a
    /// new user who proves the address.
    const fn of(check: Check) -> Option<Self> {
        match check {
            Check::EmailPresent
            | Check::EmailVerified
            | Check::ProviderTrusted
            | Check::InHostedDomain
            | Check::NotMember => None,
            Check::ValidAddress => Some(Self::ValidAddress),
            Check::NotPublicMailbox => Some(Self::NotPublicMailbox),
            Check::DomainListed => Some(Self::DomainListed),
            Check::NotRemoved => Some(Self::NotRemoved),
        }
    }
}

capabilities! {
    /// The capabilities of `preview`.
    pub struct Needs {
        store: Store,
        provisioning: Provisioning,
    }
}

endpoints!(of_organization, of_all);

/// Says whether an organization would admit an address.
///
/// The preview assumes a new user who proves the address. It decides as provisioning does.
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
    let evaluated = provisioning.preview_of(&body.email, &id).await?;
    let roles = store.organization_roles_by_id(&evaluated.default_roles).await?;
    let domain = domain(&body.email);
    Ok(Json(OrganizationPreview::new(&organization, domain.as_deref(), &evaluated, &roles)))
}

/// Says which organizations would admit an address.
///
/// The preview assumes a new user who proves the address. It decides as provisioning does.
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
        .filter(|it| it.decision.outcome != Outcome::Refuse(Reason::NotListed))
        .filter_map(|it| {
            let organization = organizations.get(&it.organization)?;
            Some(OrganizationPreview::new(organization, domain.as_deref(), it, &roles))
        })
        .collect();
    let nobody = previews.is_empty().then_some(Reason::NotListed);
    let reason = preview.refusal.or(nobody);
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
        let (decision, reason) = match &evaluated.decision.outcome {
            Outcome::Join(_) => (DecisionName::Join, None),
            Outcome::Refuse(reason) => (DecisionName::Refuse, Some(reason)),
        };
        let checks = evaluated.decision.checks.iter().filter_map(|(check, finding)| {
            Some(CheckOutcome { check: CheckName::of(*check)?, passed: finding.is_ok() })
        });
        Self {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.as_str().to_owned(),
            email_domain: domain.map(str::to_owned),
            decision,
            reason: reason.map(Reason::as_str),
            detail: reason.map(|reason| sentence(reason, domain, "The organization")),
            checks: checks.collect(),
            organization_roles: held_roles(&evaluated.default_roles, roles),
        }
    }
}

/// A reason as a sentence for administrators. `who` is its subject.
fn sentence(reason: &Reason, domain: Option<&str>, who: &str) -> String {
    let domain = domain.unwrap_or_default();
    match reason {
        Reason::EmailUnusable(error) => error.to_string(),
        Reason::PublicMailbox => {
            format!("Everybody can have an address at the public mailbox provider {domain}.")
        }
        Reason::PublicSuffix => {
            format!("Everybody can have a name below the public suffix {domain}.")
        }
        Reason::NotListed if who == "No organization" => {
            format!("No organization lists the email domain {domain}.")
        }
        Reason::NotListed => format!("{who} does not list the email domain {domain}."),
        Reason::RemovedEarlier => {
            "A member with this address was removed, and stays removed until added by hand."
                .to_owned()
        }
        // Never in a preview, which assumes a new user who proves the address.
        Reason::NoEmail
        | Reason::EmailNotVerified
        | Reason::ProviderNotTrusted
        | Reason::NotInHostedDomain
        | Reason::AlreadyMember
        | Reason::UserDeleted => reason.as_str().to_owned(),
    }
}

/// The domain of an address, if the address is usable.
fn domain(email: &str) -> Option<String> {
    EmailAddress::parse(email).ok().map(|address| address.domain().to_string())
}
