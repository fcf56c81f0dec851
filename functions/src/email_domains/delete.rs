//! `DELETE /organizations/{organizationId}/jit/email-domains/{emailDomain}`

use axum::http::StatusCode;
use shared::capabilities;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::domain::rule::RuleKey;
use shared::http::{Acting, Action, IfMatch, PathOf, Problem, audit};
use shared::store::Store;

use crate::endpoints::endpoints;

capabilities! {
    /// The capabilities of `delete-email-domain`.
    pub struct Needs {
        store: Store,
    }
}

endpoints!(delete);

/// Deletes an email domain. Members stay.
///
/// A subdomain in the list that is proven by the record of this domain needs a record of its own from now
/// on. Without one, it lapses. The same holds if this domain is added again: it then has another record.
#[utoipa::path(
    delete,
    path = "/organizations/{organizationId}/jit/email-domains/{emailDomain}",
    operation_id = "deleteEmailDomain",
    tag = "Email domains",
    params(IfMatch),
    responses((status = 204, description = "Deleted.")),
)]
pub(crate) async fn delete(
    Acting(store): Acting<Store>,
    caller: Caller,
    PathOf((organization, domain)): PathOf<(OrganizationId, EmailDomain)>,
    IfMatch(precondition): IfMatch,
) -> Result<StatusCode, Problem> {
    let key = RuleKey::EmailDomain(domain);
    store.remove_rule(&organization, &key, &precondition).await?;
    let change = ListChange { added: Vec::new(), removed: vec![&key] };
    audit(Action::DeleteEmailDomain, &caller).organization(&organization).change(&change).log();
    Ok(StatusCode::NO_CONTENT)
}
