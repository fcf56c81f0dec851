//! `POST /organizations/{organizationId}/jit/email-domains/{emailDomain}/vouch`

use axum::Json;
use axum::extract::State;
use shared::domain::caller::Caller;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::OrganizationId;
use shared::http::{Acting, Action, PathOf, Problem};
use shared::store::Store;
use shared::{Clock, Error, capabilities};

use super::EmailDomainEntity;
use super::ownership::audit_ownership;
use crate::endpoints::endpoints;
use crate::rules::roles_of_rules;

capabilities! {
    /// The capabilities of `vouch-email-domain`.
    pub struct Needs {
        store: Store,
        clock: Clock,
    }
}

endpoints!(vouch);

/// Vouches for an email domain that is not proven.
///
/// From then on, the domain admits, and its record is not looked for.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/email-domains/{emailDomain}/vouch",
    operation_id = "vouchEmailDomain",
    tag = "Email domains",
    responses((status = 200, description = "The domain.", body = EmailDomainEntity), (status = 422)),
)]
pub(crate) async fn vouch(
    Acting(store): Acting<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    PathOf((organization, domain)): PathOf<(OrganizationId, EmailDomain)>,
) -> Result<Json<EmailDomainEntity>, Problem> {
    let listed = store.listed_domain(&organization, &domain).await?;
    let vouched = store.change_ownership(listed, clock.now(), |ownership| {
        let vouched = ownership.vouched(&caller);
        vouched.map_err(|_| Error::EmailDomainAlreadyProven(domain.clone()))
    });
    let (before, after) = vouched.await?;
    audit_ownership(Action::VouchEmailDomain, &caller, &before, &after);
    let rule = after.rule;
    let roles = roles_of_rules([&rule], &store).await?;
    Ok(Json(EmailDomainEntity::new(&organization, &rule, &roles)))
}
