//! The Lambda function `post-confirmation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_trigger(functions::triggers::post_confirmation::handle).await
}
