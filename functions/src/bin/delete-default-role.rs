//! The Lambda function `delete-default-role`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::default_roles::delete::routes()).await
}
