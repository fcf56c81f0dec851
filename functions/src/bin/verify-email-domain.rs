//! The Lambda function `verify-email-domain`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::email_domains::verify::routes()).await
}
