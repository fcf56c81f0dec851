//! Who answers for an email domain, as the API shows it.

use serde::Serialize;
use shared::domain::caller::Caller;
use shared::domain::challenge::{name_to_add, record_value};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ownership::{ChallengeToken, DnsAnswer, Ownership, OwnershipState};
use shared::http::{Action, audit};
use shared::store::ListedDomain;
use utoipa::ToSchema;

use crate::entities::{CallerEntity, Moment};
use crate::schemas;

/// Who answers for an email domain, and what DNS has said about it.
#[derive(Serialize, ToSchema)]
#[schema(as = Ownership)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnershipEntity {
    #[schema(inline)]
    state: StateName,
    /// The record that proves the domain. Null if an earlier release has added the domain, and nobody
    /// has asked for the record yet.
    #[schema(required)]
    record: Option<DnsRecord>,
    /// When DNS was last asked.
    #[schema(required)]
    checked_at: Option<Moment>,
    /// When the record was found for the first time since the domain was last pending.
    #[schema(required)]
    proven_at: Option<Moment>,
    /// Since when the record has been missing, if the state is `failing`.
    #[schema(required)]
    failing_since: Option<Moment>,
    /// Who vouches for a domain that had to be proven before.
    #[schema(required)]
    vouched_by: Option<CallerEntity>,
    /// What DNS said when it was last asked. Null if it was not.
    #[schema(required, value_type = Option<schemas::Reason>)]
    answer: Option<&'static str>,
    /// What that means and what to do, as a sentence.
    #[schema(required, value_type = Option<schemas::Sentence>)]
    detail: Option<String>,
}

/// Who answers for a domain: `vouched` means the operator, `proven` its DNS. Users join by a domain that
/// is `vouched`, `proven` or `failing`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateName {
    Vouched,
    Pending,
    Proven,
    Failing,
    Lapsed,
}

/// A record in DNS.
#[derive(Serialize, ToSchema)]
struct DnsRecord {
    /// Always `TXT`.
    #[schema(min_length = 3, max_length = 3, pattern = "^TXT$", example = "TXT")]
    r#type: &'static str,
    #[schema(min_length = 1, max_length = 253, example = "_usher-challenge.acme.example")]
    name: String,
    #[schema(
        min_length = 1,
        max_length = 255,
        example = "usher-domain-verification=0123456789abcdef0123456789abcdef"
    )]
    value: String,
}

impl DnsRecord {
    fn new(domain: &EmailDomain, token: &ChallengeToken) -> Self {
        Self { r#type: "TXT", name: name_to_add(domain), value: record_value(token) }
    }
}

impl From<OwnershipState> for StateName {
    fn from(state: OwnershipState) -> Self {
        match state {
            OwnershipState::Vouched => Self::Vouched,
            OwnershipState::Pending => Self::Pending,
            OwnershipState::Proven => Self::Proven,
            OwnershipState::Failing => Self::Failing,
            OwnershipState::Lapsed => Self::Lapsed,
        }
    }
}

impl OwnershipEntity {
    pub(super) fn new(domain: &EmailDomain, ownership: &Ownership) -> Self {
        Self {
            state: ownership.state.into(),
            record: ownership.token.as_ref().map(|token| DnsRecord::new(domain, token)),
            checked_at: ownership.checked_at.map(Moment),
            proven_at: ownership.proven_at.map(Moment),
            failing_since: ownership.failing_since.map(Moment),
            vouched_by: ownership.vouched_by.as_ref().map(CallerEntity::from),
            answer: ownership.answer.map(DnsAnswer::as_str),
            detail: ownership.detail(&name_to_add(domain)),
        }
    }
}

/// Logs who has changed who answers for a domain, if that is different now.
pub(super) fn audit_ownership(
    action: Action,
    caller: &Caller,
    before: &ListedDomain,
    after: &ListedDomain,
) {
    if before.rule.ownership != after.rule.ownership {
        audit(action, caller)
            .organization(&after.organization)
            .rule(&after.rule.key)
            .ownership(after.rule.ownership.state)
            .log();
    }
}
