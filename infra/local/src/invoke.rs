//! The AWS Lambda Invoke API for the triggers, so that a Cognito emulator can call them as Cognito
//! does.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use functions::{Entry, FUNCTIONS};
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
    let triggers = || {
        FUNCTIONS.iter().filter_map(|function| match function.entry {
            Entry::Trigger(handle) => Some((function.name, handle)),
            Entry::Http(_) => None,
        })
    };
    let named = triggers().find(|(trigger, _)| name.split(':').any(|part| part == *trigger));
    let Some((_, handle)) = named else {
        let names: Vec<_> = triggers().map(|(trigger, _)| trigger).collect();
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
            tokio::spawn(handle(&app, event));
            StatusCode::ACCEPTED.into_response()
        }
        _ => {
            let headers =
                [("content-type", "application/json"), ("x-amz-executed-version", "$LATEST")];
            match handle(&app, event).await {
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

fn failure(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = json!({ "Type": "User", "Message": message }).to_string();
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-amzn-errortype", kind)];
    (status, headers, body).into_response()
}
