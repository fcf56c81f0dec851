//! `PUT /organizations/{organizationId}/jit/email-domains`

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::{EmailDomains, Precondition, Version};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::http::{IfMatch, JsonBody, PathOf, Problem, etag};
use shared::store::{Store, StoreError};
use shared::{Clock, Error, Violation, capabilities};
use utoipa::ToSchema;

use super::acceptable;
use crate::endpoints::endpoints;

/// How many added domains are checked side by side.
const CHECKS: usize = 16;
/// How often a replacement without `If-Match` is tried, where another writer comes first each time.
const TRIES: usize = 10;

#[derive(Deserialize, ToSchema)]
#[schema(as = EmailDomainReplacement)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[schema(example = json!(["acme.example", "globex.example"]))]
    email_domains: Vec<String>,
}

/// The wanted domains, and where in the body each stands first.
type Wanted = BTreeMap<EmailDomain, String>;

capabilities! {
    /// What `replace-email-domains` works with.
    pub struct Needs {
        store: Store,
        clock: Clock,
        mailbox_policy: MailboxPolicy,
    }
}

endpoints!(replace);

/// Replaces the email domains of an organization.
///
/// Duplicates are one. More than 99 changed domains go in several steps.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "replaceEmailDomains",
    tag = "Email domains",
    params(IfMatch),
    request_body = Body,
    responses((status = 204, description = "Replaced.", headers(("ETag"))), (status = 409), (status = 422)),
)]
pub(crate) async fn replace(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(mailbox_policy): State<MailboxPolicy>,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    let wanted = parse(&body, &organization, &mailbox_policy)?;
    let mut unchecked = wanted.clone();
    let mut tries = 1;
    let version = loop {
        match try_replace(&store, &clock, &organization, &precondition, &wanted, &mut unchecked)
            .await
        {
            Err(Error::PreconditionFailed { .. })
                if precondition == Precondition::None && tries < TRIES =>
            {
                tries += 1;
            }
            // The client has named no version that could be blamed.
            Err(Error::PreconditionFailed { .. }) if precondition == Precondition::None => {
                let cause = format!("other writers of the list, in each of {TRIES} tries");
                let operation = "TransactWriteItems";
                return Err(StoreError::Unavailable { operation, cause }.into());
            }
            outcome => break outcome?,
        }
    };
    Ok((StatusCode::NO_CONTENT, [etag(version)]).into_response())
}

/// The wanted domains, each once, or everything that is wrong with them.
fn parse(
    body: &Body,
    organization: &OrganizationId,
    policy: &MailboxPolicy,
) -> Result<Wanted, Error> {
    let mut wanted = Wanted::new();
    let mut violations = Vec::new();
    for (index, text) in body.email_domains.iter().enumerate() {
        let pointer = format!("/emailDomains/{index}");
        match acceptable(text, &pointer, organization, policy) {
            Ok(domain) => _ = wanted.entry(domain).or_insert(pointer),
            Err(violation) => violations.push(violation),
        }
    }
    if !violations.is_empty() {
        Err(Error::Invalid(violations))
    } else if wanted.len() > EmailDomains::MOST {
        Err(Error::EmailDomainsFull)
    } else {
        Ok(wanted)
    }
}

async fn try_replace(
    store: &Store,
    clock: &Clock,
    organization: &OrganizationId,
    precondition: &Precondition,
    wanted: &Wanted,
    unchecked: &mut Wanted,
) -> Result<Version, Error> {
    let before = store.email_domains(organization).await?;
    let before = before.ok_or_else(|| Error::OrganizationNotFound(organization.to_string()))?;
    if !precondition.holds(before.version) {
        return Err(Error::PreconditionFailed { current: before.version });
    }
    refuse_crowded(store, organization, &before, unchecked).await?;
    let after: BTreeSet<_> = wanted.keys().cloned().collect();
    store.replace_email_domains(organization, &before, &after, clock.now()).await
}

/// Refuses added domains that too many organizations list. Each is checked once, however often the
/// replacement starts over: the checks take longer than the rest, and other writers the lead.
async fn refuse_crowded(
    store: &Store,
    organization: &OrganizationId,
    before: &EmailDomains,
    unchecked: &mut Wanted,
) -> Result<(), Error> {
    let added = unchecked.extract_if(.., |domain, _| !before.domains.contains_key(domain));
    let checks = added.map(|(domain, pointer)| async move {
        let crowded = store.is_crowded(&domain, organization).await?;
        Ok::<_, Error>(crowded.then(|| Violation::too_many_organizations(pointer, &domain)))
    });
    let checked: Vec<_> = stream::iter(checks).buffered(CHECKS).try_collect().await?;
    let violations: Vec<_> = checked.into_iter().flatten().collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}
