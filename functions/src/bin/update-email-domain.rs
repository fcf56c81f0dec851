//! The Lambda function `update-email-domain`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::email_domains::update::routes()).await
}
