//! The Lambda function `publish-events`.

use functions::publish_events::{Limits, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_stream(|needs, event| handle(needs, event, Limits::RUN)).await
}
