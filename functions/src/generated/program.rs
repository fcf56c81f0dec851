//! All Lambda functions in one program. The handler in a function's configuration, which Lambda passes on in
//! `_HANDLER`, says which one it is. Written by `make template`.

use shared::runtime::{run_http, run_scheduled, run_stream, run_trigger};

// Each function is boxed, so that a start does not make room for the largest of them.
#[rustfmt::skip]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let handler = std::env::var("_HANDLER").ok();
    match handler.as_deref() {
        // functions
        Some(other) => Err(format!("there is no function {other}: the handler in the configuration is wrong").into()),
        None => Err("_HANDLER is not set: Lambda sets it to the handler in the configuration".into()),
    }
}
