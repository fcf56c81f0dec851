//! The Lambda function `post-confirmation`.

use functions::triggers::post_confirmation::{count_failure, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_trigger(handle, count_failure).await
}
