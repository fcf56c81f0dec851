//! `/organizations/{organizationId}/jit/preview` and `/jit/preview`: whether an address would be
//! admitted and with which roles, or the reason for the refusal. A preview assumes a user who proves the
//! address: an existing member stays unchanged, and an address does not identify a user. Nothing is
//! written.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Assumed, Check, Decision, Outcome, Reason};
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, OrganizationRoleId};
use shared::domain::jit::{DomainOwnership, RuleList};
use shared::domain::membership::Proof;
use shared::domain::organization::Organization;
use shared::domain::provider::ProviderName;
use shared::domain::rule::{NewSettings, RuleKey, RuleKind, value_by_kind};
use shared::http::{JsonBody, PathOf, Problem, present};
use shared::provisioning::{Draft, DraftRule, Evaluated, Provisioning};
use shared::store::Store;
use shared::{Error, Violation, capabilities};
use utoipa::ToSchema;

use crate::email_domains::StricterOwnership;
use crate::endpoints::endpoints;
use crate::entities::{CallerEntity, HeldRole, Moment, Roles, held_roles};
use crate::rules::EnrollmentName;
use crate::schemas;
use crate::sso_connectors::AddressesName;
use crate::values::{Checked, both};

/// A person who is assumed to prove an address.
#[derive(Deserialize, ToSchema)]
#[schema(as = PreviewedPerson)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Person {
    /// An invalid address is a decision, not an error.
    #[schema(value_type = schemas::AnyAddress)]
    email: String,
    /// The name of the identity provider that the person signs in through. The default is none. For
    /// `Google`, with a `GoogleHostedDomainAttribute`, the preview assumes an account whose hosted domain is
    /// that of the address. Any other account at Google joins nothing by domain (`not_in_hosted_domain`).
    #[serde(default)]
    #[schema(value_type = Option<schemas::SsoConnectorId>)]
    identity_provider: Option<String>,
    /// Whether the account was there before, and appears by a token. The default is false: the person
    /// signs up.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    existing_user: Option<bool>,
}

/// A person who is assumed to prove an address, and perhaps rules that are not saved.
#[derive(Deserialize, ToSchema)]
#[schema(as = PreviewedDraft)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    /// An invalid address is a decision, not an error.
    #[schema(value_type = schemas::AnyAddress)]
    email: String,
    /// The name of the identity provider that the person signs in through. The default is none. For
    /// `Google`, with a `GoogleHostedDomainAttribute`, the preview assumes an account whose hosted domain is
    /// that of the address. Any other account at Google joins nothing by domain (`not_in_hosted_domain`).
    #[serde(default)]
    #[schema(value_type = Option<schemas::SsoConnectorId>)]
    identity_provider: Option<String>,
    /// Whether the account was there before, and appears by a token. The default is false: the person
    /// signs up.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    existing_user: Option<bool>,
    /// Decides as if this were saved. The default is what is saved.
    #[serde(default)]
    draft: Option<DraftBody>,
}

/// Rules and default roles that are not saved: the whole lists. A list that is left out stays as saved.
#[derive(Deserialize, ToSchema)]
#[schema(as = DraftRules)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DraftBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 1_000)]
    email_domains: Option<Vec<DraftDomain>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 100)]
    sso_connectors: Option<Vec<DraftConnector>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, value_type = schemas::OrganizationRoleIdList)]
    organization_role_ids: Option<Vec<String>>,
}

/// An email domain of a draft. A setting that is left out is as saved, or the default.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DraftDomain {
    #[schema(value_type = schemas::EmailDomainInput)]
    email_domain: String,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<EnrollmentName>)]
    existing_users: Option<Option<EnrollmentName>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subdomains: Option<bool>,
    /// What the domain begins as, if it is not saved.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ownership: Option<StricterOwnership>,
}

/// An identity provider of a draft. A setting that is left out is as saved, or the default.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DraftConnector {
    #[schema(value_type = schemas::SsoConnectorId)]
    id: String,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enrollment: Option<EnrollmentName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::OrganizationRoleIdList>)]
    organization_role_ids: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    email_domains: Option<AddressesName>,
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
    #[schema(max_items = 1_100)]
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
    /// The rule that decided. Null if the organization lists none that the person satisfies.
    #[schema(required)]
    rule: Option<DecidingRule>,
    /// The checks that were made, in order. The first check that is not passed is the last one.
    #[schema(max_items = 9)]
    checks: Vec<CheckOutcome>,
    /// The roles that the new member would hold, by name. After a request, those of the moment of
    /// approval count.
    #[schema(max_items = 100)]
    organization_roles: Vec<HeldRole>,
    /// When the address was removed, if the reason is `removed_earlier`.
    #[schema(required)]
    removed_at: Option<Moment>,
    /// Who removed it, if the reason is `removed_earlier` and that is known.
    #[schema(required)]
    removed_by: Option<CallerEntity>,
}

/// The rule that decided.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DecidingRule {
    #[schema(value_type = schemas::RuleKind, inline)]
    kind: &'static str,
    /// The email domain, as the organization lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<schemas::EmailDomainName>)]
    email_domain: Option<String>,
    /// The name of the identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<schemas::SsoConnectorId>)]
    sso_connector_id: Option<String>,
    /// Whether the address is in a subdomain of the email domain.
    is_subdomain: bool,
}

impl DecidingRule {
    fn new(key: &RuleKey, domain: Option<&str>) -> Self {
        let (email_domain, sso_connector_id) = value_by_kind(Some(key));
        Self {
            kind: key.kind().as_str(),
            is_subdomain: email_domain.as_deref().is_some_and(|listed| Some(listed) != domain),
            email_domain,
            sso_connector_id,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DecisionName {
    Join,
    Request,
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
    ProviderTrusted,
    NotPublicMailbox,
    DomainListed,
    ProviderListed,
    NotRemoved,
    DomainProven,
    EnrollmentOn,
    AddressInListedDomain,
}

impl CheckName {
    /// The name of a check. `None` for a check that a preview does not show, because it assumes a
    /// new user who proves the address.
    const fn of(check: Check) -> Option<Self> {
        match check {
            Check::EmailPresent
            | Check::EmailVerified
            | Check::InHostedDomain
            | Check::NotMember
            | Check::NotRequested => None,
            Check::ProviderTrusted => Some(Self::ProviderTrusted),
            Check::ProviderListed => Some(Self::ProviderListed),
            Check::DomainProven => Some(Self::DomainProven),
            Check::EnrollmentOn => Some(Self::EnrollmentOn),
            Check::AddressInListedDomain => Some(Self::AddressInListedDomain),
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
        domain_ownership: DomainOwnership,
    }
}

endpoints!(of_organization, of_all);

/// Says whether an organization would admit an address.
///
/// The preview assumes a user who proves the address. It decides as provisioning does, by what is saved,
/// or as if the draft of the body were saved. The ownership of a listed domain is as saved. A new one starts as
/// the draft says, or else as the stack's parameter `DomainOwnership` says.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/preview",
    operation_id = "previewForOrganization",
    tag = "Preview",
    security(("operators" = ["usher/read"])),
    request_body = Body,
    responses((status = 200, description = "The decision.", body = OrganizationPreview), (status = 422)),
)]
pub(crate) async fn of_organization(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    State(domain_ownership): State<DomainOwnership>,
    PathOf(id): PathOf<OrganizationId>,
    JsonBody(body): JsonBody<Body>,
) -> Result<Json<OrganizationPreview>, Problem> {
    let Body { email, identity_provider, existing_user, draft } = body;
    let person = assumed(email, identity_provider.as_deref(), existing_user);
    let draft = draft.map(|draft| parse_draft(draft, domain_ownership)).transpose();
    let (person, draft) = both(person, draft).map_err(Error::Invalid)?;
    draft.as_ref().map_or(Ok(()), check_lengths)?;
    let organization = store.organizations(std::slice::from_ref(&id)).await?.pop();
    let organization = organization.ok_or_else(|| Error::OrganizationNotFound(id.to_string()))?;
    let evaluated = provisioning.preview_of(&person, &id, draft.unwrap_or_default()).await?;
    let roles = store.organization_roles_by_id(&evaluated.roles).await?;
    Ok(Json(OrganizationPreview::new(&organization, &person, evaluated, &roles)))
}

/// Says which organizations would admit an address.
///
/// The preview assumes a user who proves the address. It decides as provisioning does.
#[utoipa::path(
    post,
    path = "/jit/preview",
    operation_id = "preview",
    tag = "Preview",
    security(("operators" = ["usher/read"])),
    request_body = Person,
    responses(
        (
            status = 200,
            description = "The decision of every organization that lists the domain, or the provider.",
            body = PreviewEntity,
        ),
        (status = 422),
    ),
)]
pub(crate) async fn of_all(
    State(store): State<Store>,
    State(provisioning): State<Provisioning>,
    JsonBody(body): JsonBody<Person>,
) -> Result<Json<PreviewEntity>, Problem> {
    let Person { email, identity_provider, existing_user } = body;
    let person =
        assumed(email, identity_provider.as_deref(), existing_user).map_err(Error::Invalid)?;
    let preview = provisioning.preview(&person).await?;
    let mut evaluated = preview.evaluated;
    evaluated.retain(|it| it.decision.outcome != Outcome::Refuse(Reason::NotListed));
    let ids: Vec<_> = evaluated.iter().map(|it| it.organization.clone()).collect();
    let role_ids: Vec<_> = evaluated.iter().flat_map(|it| it.roles.clone()).collect();
    let (organizations, roles) =
        try_join(store.organizations(&ids), store.organization_roles_by_id(&role_ids)).await?;
    let organizations: HashMap<_, _> = organizations.iter().map(|it| (&it.id, it)).collect();
    let previews = evaluated.into_iter().filter_map(|it| {
        let organization = organizations.get(&it.organization)?;
        Some(OrganizationPreview::new(organization, &person, it, &roles))
    });
    let organizations: Vec<_> = previews.collect();
    let reason = organizations.is_empty().then(|| preview.refusal.unwrap_or(Reason::NotListed));
    Ok(Json(PreviewEntity {
        detail: reason.as_ref().map(|reason| sentence(reason, None, &person, "No organization")),
        reason: reason.as_ref().map(Reason::as_str),
        email_domain: domain(&person.email),
        organizations,
    }))
}

/// The person of a preview.
fn assumed(
    email: String,
    identity_provider: Option<&str>,
    existing_user: Option<bool>,
) -> Checked<Assumed> {
    let provider = identity_provider.map(|name| provider("/identityProvider", name));
    let provider = provider.transpose()?;
    let existing = existing_user.unwrap_or_default();
    let proof = if existing { Proof::Earlier } else { Proof::Fresh };
    Ok(Assumed { email, provider, proof })
}

fn provider(pointer: &str, name: &str) -> Checked<ProviderName> {
    ProviderName::parse(name)
        .map_err(|error| vec![Violation::new(pointer, "sso_connector.unknown", &error)])
}

/// The rules of a draft. A rule that is there twice counts once.
fn parse_draft(draft: DraftBody, domain_ownership: DomainOwnership) -> Checked<Draft> {
    let DraftBody { email_domains, sso_connectors, organization_role_ids } = draft;
    let drafted_domain = |place, draft| drafted_domain(place, draft, domain_ownership);
    let domains = email_domains.map(|domains| all(domains, drafted_domain)).transpose();
    let connectors = sso_connectors.map(|them| all(them, drafted_connector)).transpose();
    let (email_domains, sso_connectors) = both(domains, connectors)?;
    let default_roles = organization_role_ids
        .map(|ids| role_ids("/draft/organizationRoleIds", &ids))
        .transpose()?;
    Ok(Draft { email_domains, sso_connectors, default_roles })
}

/// All rules, each once, or the violations of all.
fn all<T>(
    drafts: Vec<T>,
    parse: impl Fn(usize, T) -> Checked<DraftRule>,
) -> Checked<Vec<DraftRule>> {
    let mut seen = HashSet::new();
    let (mut rules, mut violations) = (Vec::new(), Vec::new());
    for (place, draft) in drafts.into_iter().enumerate() {
        match parse(place, draft) {
            Ok(rule) if seen.insert(rule.key.clone()) => rules.push(rule),
            Ok(_) => {}
            Err(more) => violations.extend(more),
        }
    }
    if violations.is_empty() { Ok(rules) } else { Err(violations) }
}

/// Refuses lists that cannot be saved because they are too long.
fn check_lengths(draft: &Draft) -> Result<(), Error> {
    let is_full = |list: &Option<Vec<DraftRule>>, kind| {
        list.as_ref().is_some_and(|list| list.len() > RuleList::most(kind))
    };
    if is_full(&draft.email_domains, RuleKind::EmailDomain) {
        return Err(Error::EmailDomainsFull);
    }
    if is_full(&draft.sso_connectors, RuleKind::SsoConnector) {
        return Err(Error::SsoConnectorsFull);
    }
    Ok(())
}

fn drafted_domain(
    place: usize,
    draft: DraftDomain,
    domain_ownership: DomainOwnership,
) -> Checked<DraftRule> {
    let pointer = format!("/draft/emailDomains/{place}");
    let roles = drafted_roles(&pointer, draft.organization_role_ids)?;
    let domain = EmailDomain::normalise(&draft.email_domain)
        .map_err(|error| vec![Violation::email_domain(format!("{pointer}/emailDomain"), &error)])?;
    let settings = NewSettings {
        enrollment: draft.enrollment.map(Into::into),
        existing_users: draft.existing_users.map(|value| value.map(Into::into)),
        roles,
        subdomains: draft.subdomains,
        addresses: None,
    };
    let ownership = StricterOwnership::or(draft.ownership, domain_ownership);
    Ok(DraftRule { key: RuleKey::EmailDomain(domain), settings, ownership })
}

fn drafted_connector(place: usize, draft: DraftConnector) -> Checked<DraftRule> {
    let pointer = format!("/draft/ssoConnectors/{place}");
    let roles = drafted_roles(&pointer, draft.organization_role_ids)?;
    let name = provider(&format!("{pointer}/id"), &draft.id)?;
    let settings = NewSettings {
        enrollment: draft.enrollment.map(Into::into),
        roles,
        addresses: draft.email_domains.map(Into::into),
        ..NewSettings::default()
    };
    let ownership = DomainOwnership::Vouched;
    Ok(DraftRule { key: RuleKey::SsoConnector(name), settings, ownership })
}

/// The roles of a drafted rule, which is at this place of the body.
fn drafted_roles(
    pointer: &str,
    ids: Option<Option<Vec<String>>>,
) -> Checked<Option<Option<Vec<OrganizationRoleId>>>> {
    let read = |ids: Vec<String>| role_ids(&format!("{pointer}/organizationRoleIds"), &ids);
    ids.map(|ids| ids.map(read).transpose()).transpose()
}

/// The ids of roles in the list at this place of the body. One without a role has no effect.
fn role_ids(pointer: &str, texts: &[String]) -> Checked<Vec<OrganizationRoleId>> {
    let (mut ids, mut wrong) = (Vec::new(), Vec::new());
    for (place, text) in texts.iter().enumerate() {
        match OrganizationRoleId::parse(text) {
            Ok(id) => ids.push(id),
            Err(error) => wrong.push(Violation::new(
                format!("{pointer}/{place}"),
                "organization_role.unknown",
                &error,
            )),
        }
    }
    if wrong.is_empty() { Ok(ids) } else { Err(wrong) }
}

impl OrganizationPreview {
    fn new(
        organization: &Organization,
        person: &Assumed,
        evaluated: Evaluated,
        roles: &Roles,
    ) -> Self {
        let Evaluated {
            decision: Decision { outcome, rule, checks }, roles: held, removal, ..
        } = evaluated;
        let (decision, reason) = match &outcome {
            Outcome::Join(_) => (DecisionName::Join, None),
            Outcome::Request(_) => (DecisionName::Request, None),
            Outcome::Refuse(reason) => (DecisionName::Refuse, Some(reason)),
        };
        let checks = checks.iter().filter_map(|(check, finding)| {
            Some(CheckOutcome { check: CheckName::of(*check)?, passed: finding.is_ok() })
        });
        let domain = domain(&person.email);
        let removal = removal.filter(|_| reason == Some(&Reason::RemovedEarlier));
        let (removed_at, removed_by) =
            removal.map(|mark| (mark.removed_at, mark.removed_by)).unwrap_or_default();
        Self {
            organization_id: organization.id.to_string(),
            organization_name: organization.name.as_str().to_owned(),
            decision,
            reason: reason.map(Reason::as_str),
            detail: reason
                .map(|reason| sentence(reason, rule.as_ref(), person, "The organization")),
            rule: rule.as_ref().map(|rule| DecidingRule::new(rule, domain.as_deref())),
            email_domain: domain,
            checks: checks.collect(),
            organization_roles: held_roles(&held, roles),
            removed_at: removed_at.map(Moment),
            removed_by: removed_by.as_ref().map(Into::into),
        }
    }
}

/// A reason as a sentence for administrators. `who` is its subject.
fn sentence(reason: &Reason, rule: Option<&RuleKey>, person: &Assumed, who: &str) -> String {
    let domain = domain(&person.email).unwrap_or_default();
    let provider = person.provider.as_ref().map_or("", ProviderName::as_str);
    let listed = match rule {
        Some(RuleKey::EmailDomain(domain)) => format!("email domain {domain}"),
        Some(RuleKey::SsoConnector(provider)) => format!("identity provider {provider}"),
        None => format!("email domain {domain}"),
    };
    match reason {
        Reason::EmailUnusable(error) => error.to_string(),
        Reason::ProviderNotTrusted => format!(
            "The identity provider {provider} is not trusted to verify addresses: its users join \
             only organizations that list it."
        ),
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
        Reason::DomainNotProven => {
            format!("{who} lists the {listed}, but has not proven that it owns it.")
        }
        Reason::EnrollmentOff if person.proof == Proof::Earlier => {
            format!("{who} admits no accounts that were there before by the {listed}.")
        }
        Reason::EnrollmentOff => format!("{who} admits nobody by the {listed}."),
        Reason::AddressNotInListedDomain => format!(
            "{who} admits users of the {listed} only with an address in an email domain that it \
             lists and has proven."
        ),
        Reason::RemovedEarlier => {
            "A member with this address was removed, and stays removed until added by hand."
                .to_owned()
        }
        // Never in a preview, which assumes somebody without a user who proves the address.
        Reason::NoEmail
        | Reason::EmailNotVerified
        | Reason::NotInHostedDomain
        | Reason::AlreadyMember
        | Reason::AlreadyRequested
        | Reason::UserDeleted => reason.as_str().to_owned(),
    }
}

/// The domain of an address, if the address is usable.
fn domain(email: &str) -> Option<String> {
    EmailAddress::parse(email).ok().map(|address| address.domain().to_string())
}
