//! `POST /organizations/{organizationId}/jit/email-domains/{emailDomain}/verify`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::dns::Dns;
use shared::domain::caller::Caller;
use shared::domain::challenge::{Reply, name_to_add};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::http::{Acting, Action, PathOf, Problem};
use shared::proof::Written;
use shared::store::Store;
use shared::{Clock, Randomness, capabilities, proof};
use utoipa::ToSchema;

use super::EmailDomainEntity;
use super::ownership::audit_ownership;
use crate::endpoints::endpoints;
use crate::rules::roles_of_rules;
use crate::schemas;

/// An email domain, with what DNS said about its record.
#[derive(Serialize, ToSchema)]
#[schema(as = CheckedEmailDomain)]
pub(crate) struct CheckedEmailDomain {
    #[serde(flatten)]
    domain: EmailDomainEntity,
    dns: DnsReply,
}

/// What DNS said.
#[derive(Serialize, ToSchema)]
struct DnsReply {
    #[schema(value_type = schemas::Reason)]
    answer: &'static str,
    /// The name that the answer is about. After `wrong_name`, it is the name that has the record.
    #[schema(min_length = 1, max_length = 600)]
    name: String,
    /// The TXT records at the name, after `found` and `other_records`: at most five, each cut at 255
    /// characters.
    #[schema(value_type = Vec<schemas::TxtRecord>, max_items = 5)]
    records: Vec<String>,
    /// What the answer means, and what to do.
    #[schema(value_type = schemas::Sentence)]
    detail: String,
}

impl DnsReply {
    fn new(domain: &EmailDomain, reply: Reply) -> Self {
        let detail = reply.answer.detail(&name_to_add(domain));
        Self { answer: reply.answer.as_str(), name: reply.name, records: reply.records, detail }
    }
}

capabilities! {
    /// The capabilities of `verify-email-domain`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        randomness: Randomness,
        dns: Dns,
    }
}

endpoints!(verify);

/// Looks for the record that proves an email domain.
///
/// The domain is proven at once if DNS has the record. A lapsed domain without the record is pending
/// again. A domain that an earlier release has added gets its record first.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/email-domains/{emailDomain}/verify",
    operation_id = "verifyEmailDomain",
    tag = "Email domains",
    responses(
        (status = 200, description = "The domain, and what DNS said.", body = CheckedEmailDomain),
        (status = 422),
    ),
)]
pub(crate) async fn verify(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    State(randomness): State<Randomness>,
    State(dns): State<Dns>,
    caller: Caller,
    PathOf((organization, domain)): PathOf<(OrganizationId, EmailDomain)>,
) -> Result<Json<CheckedEmailDomain>, Problem> {
    let listed = store.listed_domain(&organization, &domain).await?;
    let mut written = None;
    let checked = proof::check(&store, &dns, &clock, &randomness, listed, &mut written).await;
    if let Some(Written { before, after }) = &written {
        audit_ownership(Action::VerifyEmailDomain, &caller, before, after);
    }
    let checked = checked?;
    let rule = checked.after.rule;
    let roles = roles_of_rules([&rule], &store).await?;
    Ok(Json(CheckedEmailDomain {
        domain: EmailDomainEntity::new(&organization, &rule, &roles),
        dns: DnsReply::new(&domain, checked.reply),
    }))
}
