//! The servers: HTTP functions, DynamoDB, the AWS Lambda Invoke API, and DNS.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::Router;
use axum::serve::ListenerExt;
use dynoxide::Database;
use shared::capabilities::Policies;
use shared::cognito::UserPool;
use shared::console::Console;
use shared::dns::{Dns, NameServers};
use shared::store::Store;
use shared::{App, Clock, Randomness};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::embedded::{self, InProcess};
use crate::events::LocalBus;
use crate::name_server::NameServer;
use crate::table::{self, TABLE_NAME, TableError};

/// How long open requests may take after the servers are told to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of the servers.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the HTTP functions listen; port 0 picks a free one.
    pub http: SocketAddr,
    /// The DynamoDB with the table.
    pub dynamodb: DynamoDb,
    /// Where the AWS Lambda Invoke API listens; port 0 picks a free one.
    pub lambda: SocketAddr,
    /// Where the DNS name server listens, over UDP and TCP; port 0 picks a free one.
    pub dns: SocketAddr,
    /// The name servers that are asked for the records that prove domains, instead of that one.
    pub name_servers: Option<NameServers>,
    /// What the operator decides.
    pub policies: Policies,
    /// The address of Cognito or of an emulator, and the id of the user pool.
    pub user_pool: Option<(String, String)>,
    /// The settings of the console.
    pub console: Console,
}

/// The DynamoDB with the table.
#[derive(Clone, Debug)]
pub enum DynamoDb {
    /// One of its own.
    Embedded {
        /// Where it listens; port 0 picks a free one.
        address: SocketAddr,
        /// The file that stores the data. Without it, the data is in memory.
        file: Option<PathBuf>,
    },
    /// That of another process at this address. The other process reads its stream and publishes events.
    Shared(SocketAddr),
}

/// The addresses of the servers.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The HTTP functions.
    pub http: SocketAddr,
    /// DynamoDB.
    pub dynamodb: SocketAddr,
    /// The AWS Lambda Invoke API.
    pub lambda: SocketAddr,
    /// DNS.
    pub dns: SocketAddr,
}

impl fmt::Display for Addresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http, dynamodb, lambda, dns } = self;
        write!(formatter, "http={http} dynamodb={dynamodb} lambda={lambda} dns={dns}")
    }
}

/// Why the servers did not start.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The address is not a loopback address. Other machines must not reach the servers, because
    /// they have no authentication.
    #[error(
        "{flag} {address} is not a loopback address, and there is no authentication here: use 127.0.0.1"
    )]
    NotLoopback {
        /// The flag with the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The address is in use, or does not belong to this machine.
    #[error(
        "cannot listen on {flag} {address}: {cause}; choose another port, or 0 for any free one"
    )]
    Listen {
        /// The flag with the address.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The database cannot use the file.
    #[error("cannot open --database {path}: {cause}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The error of the database.
        cause: dynoxide::errors::DynoxideError,
    },
    /// The database in memory did not start. This is not expected.
    #[error("cannot start the database: {0}")]
    Memory(dynoxide::errors::DynoxideError),
    /// The table could not be created, or is another one.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Running servers.
#[derive(Debug)]
pub struct Local {
    addresses: Addresses,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
}

impl Local {
    /// Starts all servers. When it returns, all of them accept connections.
    ///
    /// # Errors
    /// When an address cannot be used, or the database cannot be opened.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        let http = listen("--http", options.http).await?;
        let (dynamodb, embedded) = match options.dynamodb {
            DynamoDb::Embedded { address: asked, file } => {
                let listener = listen("--dynamodb", asked).await?;
                (address(&listener, asked), Some((listener, file)))
            }
            DynamoDb::Shared(at) => {
                refuse_other_than_loopback("--shared-dynamodb", at)?;
                (at, None)
            }
        };
        let lambda = listen("--lambda", options.lambda).await?;
        let name_server = Arc::new(start_name_server(options.dns).await?);
        let addresses = Addresses {
            http: address(&http, options.http),
            dynamodb,
            lambda: address(&lambda, options.lambda),
            dns: name_server.address(),
        };
        let mut database = None;
        if let Some((listener, file)) = embedded {
            let opened = open(file)?;
            table::prepare(&opened)?;
            database = Some((listener, opened));
        }

        let client = database.as_ref().map(|(_, opened)| InProcess::http_client(opened.clone()));
        let user_pool = user_pool(options.user_pool);
        let asked = options.name_servers.unwrap_or_else(|| NameServers::from(addresses.dns));
        let (event_bus, dead_letters) = LocalBus::clients(addresses.http);
        let app = App {
            dns: Dns::new(Some(asked)),
            event_bus,
            dead_letters,
            ..app(dynamodb, client.clone(), options.policies, user_pool, options.console)
        };
        let (stop, stopped) = watch::channel(false);
        let mut servers = JoinSet::new();
        if let Some(((listener, database), client)) = database.zip(client) {
            let until = stop_signal(stopped.clone());
            servers.spawn(async move {
                if let Err(error) =
                    dynoxide::server::serve_with_shutdown(listener, database, until).await
                {
                    tracing::error!(error, "DynamoDB stopped");
                }
            });
            let until = stop_signal(stopped.clone());
            servers.spawn(crate::events::publish(app.clone(), client, until));
        }
        let functions = functions::all_routes(&app).into_service();
        let bus = LocalBus::new(stopped.clone());
        let local = crate::name_server::router(name_server).merge(bus.router());
        servers.spawn(serve(http, local.fallback_service(functions), stop_signal(stopped.clone())));
        servers.spawn(serve(lambda, crate::invoke::router(app), stop_signal(stopped)));
        Ok(Self { addresses, stop, servers })
    }

    /// Where the servers listen.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Stops accepting connections, waits for open requests, and closes the database.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!(limit = ?STOP_TIMEOUT, "open requests were cut off");
        }
    }
}

async fn start_name_server(address: SocketAddr) -> Result<NameServer, LocalError> {
    const FLAG: &str = "--dns";
    refuse_other_than_loopback(FLAG, address)?;
    let started = NameServer::start(address).await;
    started.map_err(|cause| LocalError::Listen { flag: FLAG, address, cause })
}

fn refuse_other_than_loopback(flag: &'static str, address: SocketAddr) -> Result<(), LocalError> {
    if address.ip().is_loopback() { Ok(()) } else { Err(LocalError::NotLoopback { flag, address }) }
}

async fn listen(flag: &'static str, address: SocketAddr) -> Result<TcpListener, LocalError> {
    refuse_other_than_loopback(flag, address)?;
    TcpListener::bind(address).await.map_err(|cause| LocalError::Listen { flag, address, cause })
}

fn address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

fn open(path: Option<PathBuf>) -> Result<Database, LocalError> {
    match path {
        None => embedded::in_memory().map_err(LocalError::Memory),
        Some(path) => embedded::open(&path).map_err(|cause| LocalError::Open { path, cause }),
    }
}

/// The capabilities of the functions. They call DynamoDB with the SDK, as on AWS: at this address, unless
/// there is a way to call it without a network.
fn app(
    dynamodb: SocketAddr,
    in_process: Option<SharedHttpClient>,
    policies: Policies,
    user_pool: UserPool,
    console: Console,
) -> App {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(credentials());
    let config = match in_process {
        Some(client) => config.http_client(client).build(),
        None => config.endpoint_url(format!("http://{dynamodb}")).build(),
    };
    let randomness = Randomness::system();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let clock = Clock::system();
    let store = Store::new(client, TABLE_NAME, clock.clone(), randomness.clone());
    App::new(store, clock, randomness, policies, user_pool, console)
}

fn user_pool(user_pool: Option<(String, String)>) -> UserPool {
    let Some((endpoint, id)) = user_pool else { return UserPool::default() };
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .build();
    UserPool::new(aws_sdk_cognitoidentityprovider::Client::from_conf(config), id)
}

/// Credentials for the emulators, which accept any.
pub(crate) fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "local")
}

async fn serve(
    listener: TcpListener,
    router: Router,
    until: impl Future<Output = ()> + Send + 'static,
) {
    // Otherwise the second part of an answer waits until the client has acknowledged the first one, which
    // it does after 40 ms.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "answers on this connection may be late");
        }
    });
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        tracing::error!(%error, "a server stopped");
    }
}

async fn stop_signal(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which also means to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
