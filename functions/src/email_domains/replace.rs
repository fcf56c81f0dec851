//! `PUT /organizations/{organizationId}/jit/email-domains`

use std::collections::BTreeSet;
use std::future::ready;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::jit::{DomainOwnership, RuleList};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::domain::rule::{RuleKey, RuleKind};
use shared::http::{Acting, Action, IfMatch, JsonBody, PathOf, Problem, audit, etag};
use shared::store::Store;
use shared::{Clock, Error, Randomness, capabilities};
use utoipa::ToSchema;

use super::{NewDomains, acceptable, crowded_at};
use crate::endpoints::endpoints;
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = EmailDomainReplacement)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[schema(value_type = schemas::EmailDomainInputList, inline)]
    email_domains: Vec<String>,
}

/// The wanted domains with their places, in the order of the body. A repeated one is there each time.
type Wanted = Vec<(EmailDomain, String)>;

capabilities! {
    /// The capabilities of `replace-email-domains`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        mailbox_policy: MailboxPolicy,
        domain_ownership: DomainOwnership,
    }
}

endpoints!(replace);

/// Replaces the email domains of an organization.
///
/// Domains that stay keep their settings. A repeated domain counts once. More than 98 changed domains are written in several steps.
#[utoipa::path(
    put,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "replaceEmailDomains",
    tag = "Email domains",
    params(IfMatch),
    request_body = Body,
    responses((status = 204, description = "Replaced.", headers(("ETag"))), (status = 409), (status = 422)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a capability or a part of the request")]
pub(crate) async fn replace(
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
    let wanted = parse(&body, &organization, &mailbox_policy)?;
    let keys: BTreeSet<_> =
        wanted.iter().map(|(domain, _)| RuleKey::EmailDomain(domain.clone())).collect();
    let new = NewDomains { caller: &caller, ownership: domain_ownership, randomness: &randomness };
    let begin = |added: Vec<RuleKey>| {
        let at = clock.now();
        ready(Ok(added.into_iter().map(|key| new.rule(key, at)).collect()))
    };
    let mut done = ListChange::default();
    let kind = RuleKind::EmailDomain;
    let replaced = store
        .change_rules(&organization, kind, &precondition, |_| keys.clone(), begin, &mut done)
        .await;
    audit(Action::ReplaceEmailDomains, &caller).organization(&organization).change(&done).log();
    let version = replaced.map_err(|error| crowded_at(error, &wanted))?;
    Ok((StatusCode::NO_CONTENT, [etag(version)]).into_response())
}

/// Parses the wanted domains. Fails with all violations.
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
            Ok(domain) => wanted.push((domain, pointer)),
            Err(violation) => violations.push(violation),
        }
    }
    if !violations.is_empty() {
        Err(Error::Invalid(violations))
    } else if body.email_domains.len() > RuleList::MOST_EMAIL_DOMAINS {
        Err(Error::EmailDomainsFull)
    } else {
        Ok(wanted)
    }
}
