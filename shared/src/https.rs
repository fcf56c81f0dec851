//! The HTTPS client of all clients of AWS.
//!
//! It first trusts only the root certificates of Amazon Trust Services, from which all endpoints of AWS have
//! their certificates. To read all that the system trusts takes four fifths of a function's start, and none of
//! the others is needed. If a server has a certificate of another root, such as an emulator or a proxy, the
//! client reads the system's, and from then on trusts these
//! (`docs/adr/0056-all-functions-are-one-program-that-trusts-amazons-roots-first.md`).

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The root certificates of Amazon Trust Services.
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// Whether connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// They are kept for the next call.
    Kept,
    /// Each call opens its own.
    Single,
}

/// A client with such connections.
pub(crate) fn client(connections: Connections) -> SharedHttpClient {
    let amazon = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS.as_bytes());
    SharedHttpClient::new(Client(Arc::new(Inner {
        amazon: trusting(amazon, connections),
        is_amazon: AtomicBool::new(false),
        system: OnceLock::new(),
        connections,
    })))
}

fn trusting(roots: TrustStore, connections: Connections) -> SharedHttpClient {
    let context = TlsContext::builder().with_trust_store(roots).build();
    let mut builder = Builder::new();
    if connections == Connections::Single {
        builder = builder.pool_max_idle_per_host(0);
    }
    builder
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.expect("the trust store is complete"))
        .build_https()
}

#[derive(Clone)]
struct Client(Arc<Inner>);

struct Inner {
    /// Trusts Amazon's roots.
    amazon: SharedHttpClient,
    /// Whether a server was trusted by them. Then a call need not be kept for a second attempt.
    is_amazon: AtomicBool,
    /// Trusts what the system trusts. It is there once a server had another root.
    system: OnceLock<SharedHttpClient>,
    connections: Connections,
}

impl Inner {
    fn system(&self) -> &SharedHttpClient {
        self.system.get_or_init(|| {
            tracing::info!(
                "the server has no certificate of Amazon: what the system trusts is trusted"
            );
            trusting(TrustStore::default(), self.connections)
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.amazon.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    client: Client,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = &self.client.0;
        let connector =
            |client: &SharedHttpClient| client.http_connector(&self.settings, &self.components);
        if let Some(system) = inner.system.get() {
            return connector(system).call(request);
        }
        let amazon = connector(&inner.amazon);
        if inner.is_amazon.load(Ordering::Relaxed) {
            return amazon.call(request);
        }
        let Some(again) = request.try_clone() else { return amazon.call(request) };
        let inner = Arc::clone(inner);
        let (settings, components) = (self.settings.clone(), self.components.clone());
        HttpConnectorFuture::new(async move {
            match amazon.call(request).await {
                // Nothing was sent: the handshake comes first.
                Err(error) if has_other_root(&error) => {
                    inner.system().http_connector(&settings, &components).call(again).await
                }
                answered => {
                    inner.is_amazon.fetch_or(answered.is_ok(), Ordering::Relaxed);
                    answered
                }
            }
        })
    }
}

/// Whether a handshake has failed because the server's certificate is from a root that is not trusted. The
/// error of rustls is not among the SDK's types, so its text tells.
fn has_other_root(error: &ConnectorError) -> bool {
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        if error.to_string().contains("UnknownIssuer") {
            return true;
        }
        next = error.source();
    }
    false
}
