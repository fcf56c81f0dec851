//! The services that functions call, on loopback: DynamoDB, with and without TLS, which gives recorded answers at once,
//! and Cognito. And an HTTP server that answers at once, with which others are compared.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use functions::FUNCTIONS;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::load::head;
use crate::stage::{Outcome, scenarios};
use crate::wire::Answers;

/// A certificate for loopback, and its key, which protect nothing.
const LOOPBACK: &str = include_str!("../loopback.pem");

/// Answers a call of an operation.
type Answer = dyn Fn(&str, &[u8]) -> (u16, Arc<[u8]>) + Send + Sync;

/// Starts all servers, prints their addresses, the functions and the events, and serves until standard input ends.
pub(crate) fn run(trust_store: &Path) -> Outcome<()> {
    let own = LOOPBACK.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap_or_default();
    std::fs::write(trust_store, own)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (answers, events) = recorded().await?;
        let dynamodb: Arc<Answer> = Arc::new(move |operation, request| match answers.get(operation, request) {
            Some(answer) => (200, answer),
            None => (400, Arc::from(&br#"{"__type":"ValidationException","message":"nobody has recorded this call"}"#[..])),
        });
        let cognito: Arc<Answer> = Arc::new(cognito);
        let empty = TcpListener::bind("127.0.0.1:0").await?;
        let addresses = json!({
            "plain": listen(None, Arc::clone(&dynamodb)).await?,
            "tls": listen(Some(acceptor()?), dynamodb).await?,
            "cognito": listen(None, cognito).await?,
            "empty": empty.local_addr()?,
            "functions": FUNCTIONS.iter().map(|function| function.name).collect::<Vec<_>>(),
            "events": events,
        });
        tokio::spawn(async move {
            axum::serve(empty, Router::new().fallback(|| async { "" })).await
        });
        println!("{addresses}");
        // A thread of its own waits for the end.
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
        Ok(())
    })
}

/// The answers of DynamoDB to all events that are measured, and the events.
async fn recorded() -> Outcome<(Answers, Vec<Value>)> {
    let (stage, scenarios) = scenarios("0").await?;
    stage.wire.record();
    let mut events = Vec::new();
    for scenario in scenarios {
        stage.function(scenario.function)?.answer(&scenario.event).await?;
        events.push(json!({ "name": scenario.name, "function": scenario.function, "event": scenario.event }));
    }
    Ok((stage.wire.answers(), events))
}

fn acceptor() -> Outcome<TlsAcceptor> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(LOOPBACK.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(LOOPBACK.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn listen(tls: Option<TlsAcceptor>, answer: Arc<Answer>) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, answer) = (tls.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                // A connection that breaks says so to the function.
                drop(stream.set_nodelay(true));
                match tls {
                    None => drop(serve(stream, &*answer).await),
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            drop(serve(stream, &*answer).await);
                        }
                    }
                }
            });
        }
    });
    Ok(address)
}

/// Answers requests on a connection until it ends.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Answer,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let (start, whole) = loop {
            if let Some((head, length)) =
                head(&buffer).filter(|(head, length)| buffer.len() >= head + length)
            {
                break (head, head + length);
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..start]).into_owned();
        let target = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().rsplit('.').next())?
        });
        let (status, body) = answer(target.unwrap_or_default(), &buffer[start..whole]);
        let length = body.len();
        let mut response = format!(
            "HTTP/1.1 {status} .\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        response.extend_from_slice(&body);
        stream.write_all(&response).await?;
        stream.flush().await?;
        buffer.drain(..whole);
    }
}

/// A user pool in which each name is free.
fn cognito(operation: &str, request: &[u8]) -> (u16, Arc<[u8]>) {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let answer = match operation {
        "DescribeUserPool" => json!({ "UserPool": { "Id": request["UserPoolId"] } }),
        _ => {
            let name = request["Username"].as_str().unwrap_or_default();
            let sub = name.split('@').next().unwrap_or_default();
            let mut attributes = request["UserAttributes"].as_array().cloned().unwrap_or_default();
            attributes.push(json!({ "Name": "sub", "Value": sub }));
            json!({
                "User": {
                    "Username": name,
                    "Attributes": attributes,
                    "Enabled": true,
                    "UserStatus": "FORCE_CHANGE_PASSWORD",
                    "UserCreateDate": 1_767_225_600,
                }
            })
        }
    };
    (200, answer.to_string().into_bytes().into())
}
