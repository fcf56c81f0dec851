//! For `infra/bench/bench.py`: two functions that open no connection before their first event. All else is as in the
//! functions' own program.

use std::convert::Infallible;

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
    let write = |request_id: &str| metrics.write(request_id, std::io::stdout());
    if handler == "list-email-domains" {
        let needs = Capabilities::from_environment(&environment)?;
        let service = list::routes().with_capabilities(needs).into_service();
        let respond = |event: LambdaEvent<Box<RawValue>>| async {
            let request_id = event.context.request_id.clone();
            let Ok(answer) = answer_http_event(service.clone(), event).await;
            write(&request_id);
            Ok::<_, Infallible>(answer)
        };
        lambda_runtime::run(service_fn(respond)).await
    } else {
        let needs = pre_token_generation::Needs::from_environment(&environment)?;
        let respond = |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| async {
            let (needs, next, request_id) = (needs.clone(), NextTrigger::default(), context.request_id);
            let answer = Box::pin(pre_token_generation::handle(Some(needs), next, payload, TRIGGER_DEADLINE)).await;
            write(&request_id);
            answer
        };
        lambda_runtime::run(service_fn(respond)).await
    }
}
