//! The Lambda function `delete-sso-connector`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::sso_connectors::delete::routes()).await
}
