//! The Lambda function `organization-roles`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::organization_roles::routes()).await
}
