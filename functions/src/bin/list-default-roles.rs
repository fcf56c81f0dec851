//! The Lambda function `list-default-roles`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::default_roles::list::routes()).await
}
