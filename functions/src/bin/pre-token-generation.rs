//! The Lambda function `pre-token-generation`.

use functions::triggers::pre_token_generation::{count_failure, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_trigger(handle, count_failure).await
}
