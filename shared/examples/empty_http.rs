//! For `infra/bench/bench.py`: what a function behind an HTTP API costs that does nothing.

use std::convert::Infallible;

use lambda_http::{Error, Request, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let answer = |_: Request| async { Ok::<_, Infallible>("") };
    lambda_http::run(service_fn(answer)).await
}
