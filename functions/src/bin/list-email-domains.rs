//! The Lambda function `list-email-domains`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::email_domains::list::routes()).await
}
