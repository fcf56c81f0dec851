//! The Lambda function `post-confirmation`.

use functions::triggers::post_confirmation::ENTRY_PATH;
use shared::runtime::run_trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    run_trigger(functions::triggers::post_confirmation::handle, ENTRY_PATH).await
}
