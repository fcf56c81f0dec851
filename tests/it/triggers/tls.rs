//! Which servers a function trusts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::serve::Listener;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::cold_start::{ended, lines, runtime_api, started};
use crate::support::{in_repository, trigger_event, verified};

/// A listener for TLS, with a certificate for `localhost` that only the root in `tests/data/tls/ca.pem`
/// vouches for.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Tls {
    async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let file = |name: &str| in_repository("tests/data/tls").join(name);
        let certificate = CertificateDer::from_pem_file(file("localhost.pem")).expect("one");
        let key = PrivateKeyDer::from_pem_file(file("localhost.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("the key fits");
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.expect("a connection");
            // A client that does not trust the certificate goes away.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// The answers to two tokens, and the log, of a function whose DynamoDB has no items and such a certificate.
async fn answers(trusted: Option<&str>) -> ([Value; 2], Vec<Value>) {
    let tls = Tls::bind().await;
    let dynamodb = tls.local_addr().expect("an address");
    let nothing = || async { ([(CONTENT_TYPE, "application/x-amz-json-1.0")], "{}") };
    let router = Router::new().route("/", post(nothing));
    tokio::spawn(async move { axum::serve(tls, router).await });
    let source = "TokenGeneration_Authentication";
    let event = trigger_event("2", source, &verified("jane", "jane@acme.com"));
    let (api, mut answered) = runtime_api([&event, &event]).await;
    let url = format!("https://localhost:{}", dynamodb.port());
    let mut more = vec![("AWS_ENDPOINT_URL_DYNAMODB", url)];
    if let Some(file) = trusted {
        let file = in_repository(file).display().to_string();
        more.push(("SSL_CERT_FILE", file));
    }
    let process = started("pre-token-generation", (dynamodb, api), &more);
    let [first, second] = [answered.recv().await, answered.recv().await];
    let answer = |it: Option<(String, Value)>| it.expect("an answer").1["response"].clone();
    ([answer(first), answer(second)], lines(&ended(process).await))
}

fn told(lines: &[Value], text: &str) -> usize {
    lines.iter().filter(|line| line.to_string().contains(text)).count()
}

#[tokio::test]
async fn a_server_with_another_root_than_amazons_is_trusted_if_the_system_trusts_it() {
    let (answers, lines) = answers(Some("tests/data/tls/ca.pem")).await;
    for answer in answers {
        let claims = &answer["claimsAndScopeOverrideDetails"]["idTokenGeneration"];
        assert_eq!(claims["claimsToAddOrOverride"]["organizations"], json!([]), "{lines:#?}");
    }
    assert_eq!(told(&lines, "has no certificate of Amazon"), 1, "{lines:#?}");
    assert_eq!(told(&lines, "\"ERROR\""), 0, "{lines:#?}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_trusted() {
    let (answers, lines) = answers(None).await;
    assert_eq!(answers, [json!({}), json!({})], "the answers are the events alone");
    assert!(told(&lines, "UnknownIssuer") > 0, "{lines:#?}");
}
