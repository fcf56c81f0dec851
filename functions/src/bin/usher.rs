//! All Lambda functions in one program. The handler in a function's configuration, which Lambda passes on in
//! `_HANDLER`, says which one it is. Written by `make template`.

use shared::runtime::{run_http, run_scheduled, run_stream, run_trigger};

// Each function is boxed, so that a start does not make room for the largest of them.
#[rustfmt::skip]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let handler = std::env::var("_HANDLER").ok();
    match handler.as_deref() {
        Some("list-email-domains") => Box::pin(run_http(functions::email_domains::list::routes())).await,
        Some("add-email-domain") => Box::pin(run_http(functions::email_domains::add::routes())).await,
        Some("update-email-domain") => Box::pin(run_http(functions::email_domains::update::routes())).await,
        Some("replace-email-domains") => Box::pin(run_http(functions::email_domains::replace::routes())).await,
        Some("delete-email-domain") => Box::pin(run_http(functions::email_domains::delete::routes())).await,
        Some("verify-email-domain") => Box::pin(run_http(functions::email_domains::verify::routes())).await,
        Some("vouch-email-domain") => Box::pin(run_http(functions::email_domains::vouch::routes())).await,
        Some("list-sso-connectors") => Box::pin(run_http(functions::sso_connectors::list::routes())).await,
        Some("add-sso-connectors") => Box::pin(run_http(functions::sso_connectors::add::routes())).await,
        Some("replace-sso-connectors") => Box::pin(run_http(functions::sso_connectors::replace::routes())).await,
        Some("update-sso-connector") => Box::pin(run_http(functions::sso_connectors::update::routes())).await,
        Some("delete-sso-connector") => Box::pin(run_http(functions::sso_connectors::delete::routes())).await,
        Some("list-default-roles") => Box::pin(run_http(functions::default_roles::list::routes())).await,
        Some("add-default-roles") => Box::pin(run_http(functions::default_roles::add::routes())).await,
        Some("replace-default-roles") => Box::pin(run_http(functions::default_roles::replace::routes())).await,
        Some("delete-default-role") => Box::pin(run_http(functions::default_roles::delete::routes())).await,
        Some("preview") => Box::pin(run_http(functions::preview::routes())).await,
        Some("organizations") => Box::pin(run_http(functions::organizations::routes())).await,
        Some("organization-roles") => Box::pin(run_http(functions::organization_roles::routes())).await,
        Some("memberships") => Box::pin(run_http(functions::memberships::routes())).await,
        Some("join-requests") => Box::pin(run_http(functions::join_requests::routes())).await,
        Some("users") => Box::pin(run_http(functions::users::routes())).await,
        Some("activity") => Box::pin(run_http(functions::activity::routes())).await,
        Some("user-claims") => Box::pin(run_http(functions::user_claims::routes())).await,
        Some("console") => Box::pin(run_http(functions::console::routes())).await,
        Some("post-confirmation") => Box::pin(run_trigger(functions::triggers::post_confirmation::handle)).await,
        Some("pre-token-generation") => Box::pin(run_trigger(functions::triggers::pre_token_generation::handle)).await,
        Some("check-email-domains") => Box::pin(run_scheduled(|needs| functions::check_email_domains::handle(needs, functions::check_email_domains::Limits::RUN))).await,
        Some("publish-events") => Box::pin(run_stream(|needs, event| functions::publish_events::handle(needs, event, functions::publish_events::Limits::RUN))).await,
        Some(other) => Err(format!("there is no function {other}: the handler in the configuration is wrong").into()),
        None => Err("_HANDLER is not set: Lambda sets it to the handler in the configuration".into()),
    }
}
