//! The Lambda function `pre-token-generation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_trigger(functions::triggers::pre_token_generation::handle).await
}
