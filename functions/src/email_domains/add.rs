//! `POST /organizations/{organizationId}/jit/email-domains`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::domain::caller::Caller;
use shared::domain::change::ListChange;
use shared::domain::ids::OrganizationId;
use shared::domain::public_mailbox::MailboxPolicy;
use shared::http::{Action, IfMatch, JsonBody, PathOf, Problem, audit};
use shared::store::Store;
use shared::{Clock, capabilities};
use utoipa::ToSchema;

use super::{EmailDomainEntity, acceptable, crowded_at};
use crate::endpoints::endpoints;
use crate::schemas;

#[derive(Deserialize, ToSchema)]
#[schema(as = NewEmailDomain)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    #[schema(value_type = schemas::EmailDomainInput)]
    email_domain: String,
}

capabilities! {
    /// The capabilities of `add-email-domain`.
    pub struct Needs {
        store: Store,
        clock: Clock,
        mailbox_policy: MailboxPolicy,
    }
}

endpoints!(add);

/// Adds an email domain.
///
/// From then on, a person who proves an address in the domain becomes a member. The domain is
/// normalised first: lower case, A-labels.
#[utoipa::path(
    post,
    path = "/organizations/{organizationId}/jit/email-domains",
    operation_id = "addEmailDomain",
    tag = "Email domains",
    params(IfMatch),
    request_body = Body,
    responses((status = 201, description = "The domain, normalised.", body = EmailDomainEntity), (status = 422)),
)]
pub(crate) async fn add(
    State(store): State<Store>,
    State(clock): State<Clock>,
    State(mailbox_policy): State<MailboxPolicy>,
    caller: Caller,
    PathOf(organization): PathOf<OrganizationId>,
    IfMatch(precondition): IfMatch,
    JsonBody(body): JsonBody<Body>,
) -> Result<Response, Problem> {
    const POINTER: &str = "/emailDomain";

    let domain = acceptable(&body.email_domain, POINTER, &organization, &mailbox_policy)?;
    let added = store.add_email_domain(&organization, &domain, &clock, &precondition).await;
    let added_at = added.map_err(|error| crowded_at(error, |_| POINTER.to_owned()))?;
    let change = ListChange { added: vec![&domain], removed: Vec::new() };
    audit(Action::AddEmailDomain, &caller).organization(&organization).change(&change).log();
    let entity = EmailDomainEntity::new(&organization, &domain, added_at);
    Ok((StatusCode::CREATED, Json(entity)).into_response())
}
