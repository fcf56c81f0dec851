//! The Lambda function `vouch-email-domain`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::email_domains::vouch::routes()).await
}
