//! The baseline of `infra/bench/bench.py`: a function that does nothing, with a DynamoDB client
//! that it never uses.

use std::convert::Infallible;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use lambda_http::{Request, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let answer = |_: Request| async { Ok::<_, Infallible>("") };
    let outcome = lambda_http::run(service_fn(answer)).await;
    drop(client);
    outcome
}
