//! For `infra/bench/bench.py`: what a function costs that has only the runtime, and does nothing.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let answer = |_: LambdaEvent<IgnoredAny>| async { Ok::<_, Error>("") };
    lambda_runtime::run(service_fn(answer)).await
}
