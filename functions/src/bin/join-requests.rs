//! The Lambda function `join-requests`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_http(functions::join_requests::routes()).await
}
