//! The Lambda function `pre-token-generation`.

use functions::triggers::pre_token_generation::ENTRY_PATH;
use shared::runtime::run_trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    run_trigger(functions::triggers::pre_token_generation::handle, ENTRY_PATH).await
}
