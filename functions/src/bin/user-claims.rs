//! The Lambda function `user-claims`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::user_claims::routes()).await
}
