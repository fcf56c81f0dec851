//! The Lambda function `delete-email-domain`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::email_domains::delete::routes()).await
}
