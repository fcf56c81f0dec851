//! For `infra/bench/bench.py`: two functions that open no connection before their first event. All else is as in the
//! functions' own program.

use std::io::stdout;

use functions::email_domains::list;
use functions::triggers::pre_token_generation;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use shared::capabilities::{Capabilities, Environment};
use shared::clients::Waits;
use shared::next_trigger::NextTrigger;
use shared::runtime::{TRIGGER_DEADLINE, answer_http_event, start_logs_and_metrics};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let handler = std::env::var("_HANDLER")?;
    let environment = Environment::new(|name| std::env::var(name).ok(), Waits::HTTP);
    let metrics = start_logs_and_metrics(&environment);
    if handler == "list-email-domains" {
        let needs = Capabilities::from_environment(&environment)?;
        let service = list::routes().with_capabilities(needs).into_service();
        let respond = |event: LambdaEvent<Box<RawValue>>| async {
            let answer = answer_http_event(service.clone(), event).await;
            metrics.write(stdout());
            answer
        };
        lambda_runtime::run(service_fn(respond)).await
    } else {
        let needs = pre_token_generation::Needs::from_environment(&environment)?;
        let respond = |event: LambdaEvent<Box<RawValue>>| async {
            let (needs, next) = (Some(needs.clone()), NextTrigger::default());
            let answer = pre_token_generation::handle(needs, next, event.payload, TRIGGER_DEADLINE);
            let answer = Box::pin(answer).await;
            metrics.write(stdout());
            answer
        };
        lambda_runtime::run(service_fn(respond)).await
    }
}
