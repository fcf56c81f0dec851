//! The Lambda function `check-email-domains`.

use functions::check_email_domains::{Limits, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_scheduled(|needs| handle(needs, Limits::RUN)).await
}
