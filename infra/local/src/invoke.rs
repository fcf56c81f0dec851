//! The AWS Lambda Invoke API for the triggers, so that a Cognito emulator can call them as Cognito
//! does, and for all other functions that are not behind the API.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use functions::{Answer, Entry, FUNCTIONS, Function};
use serde_json::json;
use serde_json::value::RawValue;
use shared::App;
use shared::next_trigger::Refusal;

/// `POST /2015-03-31/functions/{FunctionName}/invocations`.
pub(crate) fn router(app: App) -> Router {
    Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(app)
}

async fn invoke(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    // A name can be a whole ARN, with or without a version:
    // arn:aws:lambda:…:function:NAME[:VERSION].
    let invocable = || FUNCTIONS.iter().filter(|it| !matches!(it.entry, Entry::Http(_)));
    let named = invocable().find(|function| name.split(':').any(|part| part == function.name));
    let Some(function) = named else {
        let names: Vec<_> = invocable().map(|function| function.name).collect();
        let message = format!("Function not found: {name}; the functions are {}", names.join(", "));
        return failure(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    };
    let event = match serde_json::from_slice::<Box<RawValue>>(&payload) {
        Ok(event) => event,
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            return failure(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
        }
    };
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind {
        Some("DryRun") => StatusCode::NO_CONTENT.into_response(),
        Some("Event") => {
            tokio::spawn(answer(function, &app, event));
            StatusCode::ACCEPTED.into_response()
        }
        _ => {
            let headers =
                [("content-type", "application/json"), ("x-amz-executed-version", "$LATEST")];
            match answer(function, &app, event).await {
                Ok(answer) => (headers, answer.get().to_owned()).into_response(),
                Err(Refusal { error_type, error_message }) => {
                    let error = json!({ "errorType": error_type, "errorMessage": error_message });
                    let failed = [("x-amz-function-error", "Unhandled")];
                    (headers, failed, error.to_string()).into_response()
                }
            }
        }
    }
}

/// Invokes a function.
fn answer(function: &Function, app: &App, event: Box<RawValue>) -> Answer {
    match function.entry {
        Entry::Http(_) => unreachable!("API Gateway invokes it"),
        Entry::Trigger(handle) => handle(app, event),
        Entry::Schedule(run) => {
            let run = run(app);
            Box::pin(async {
                run.await.map_err(failed)?;
                Ok(RawValue::NULL.to_owned())
            })
        }
        Entry::Stream(handle) => {
            let handled = handle(app, event);
            Box::pin(async { handled.await.map_err(failed) })
        }
    }
}

fn failed(error: impl std::error::Error) -> Refusal {
    Refusal { error_type: "Failure".to_owned(), error_message: error.to_string() }
}

fn failure(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = json!({ "Type": "User", "Message": message }).to_string();
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-amzn-errortype", kind)];
    (status, headers, body).into_response()
}
