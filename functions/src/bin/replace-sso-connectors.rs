//! The Lambda function `replace-sso-connectors`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::sso_connectors::replace::routes()).await
}
