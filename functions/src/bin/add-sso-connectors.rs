//! The Lambda function `add-sso-connectors`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::sso_connectors::add::routes()).await
}
