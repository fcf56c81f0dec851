//! A DNS name server, whose only zone is the root: every name is either one that was added, or does not
//! exist. Usher asks it for the records that prove domains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use hickory_server::Server;
use hickory_server::proto::ProtoError;
use hickory_server::proto::rr::rdata::{CNAME, SOA, TXT};
use hickory_server::proto::rr::{LowerName, Name, RData, Record, RecordType, RrKey};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use serde::Deserialize;
use tokio::net::{TcpListener, UdpSocket};

/// How long clients may keep an answer, in seconds.
const TTL: u32 = 1;
/// How long a TCP connection may be idle.
const IDLE: Duration = Duration::from_secs(5);
/// How many answers may wait to be sent over one TCP connection.
const ANSWERS_AT_ONCE: usize = 16;
/// How many free TCP ports are tried until one is free for UDP too.
const PORTS: usize = 16;
/// The longest string of a TXT record (RFC 1035 section 3.3). A longer text has several.
const LONGEST_STRING: usize = 255;

/// A running name server, over UDP and TCP on one port. It stops when it is dropped.
pub struct NameServer {
    address: SocketAddr,
    zone: Arc<InMemoryZoneHandler>,
    _server: Server<Catalog>,
}

impl NameServer {
    /// Starts it. Port 0 picks a free one.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        let (tcp, udp) = listen(address).await?;
        let address = tcp.local_addr()?;
        let root = Name::root();
        let mut zone =
            InMemoryZoneHandler::empty(root.clone(), ZoneType::Primary, AxfrPolicy::Deny);
        let soa = SOA::new(root.clone(), root.clone(), 1, 3600, 600, 86_400, TTL);
        zone.upsert_mut(Record::from_rdata(root.clone(), TTL, RData::SOA(soa)), 0);
        let zone = Arc::new(zone);
        let mut catalog = Catalog::new();
        catalog.upsert(LowerName::new(&root), vec![Arc::<InMemoryZoneHandler>::clone(&zone)]);
        let mut server = Server::new(catalog);
        server.register_socket(udp);
        server.register_listener(tcp, IDLE, ANSWERS_AT_ONCE);
        Ok(Self { address, zone, _server: server })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a TXT record.
    ///
    /// # Errors
    /// When the name is not one of DNS.
    pub async fn add(&self, name: &str, value: &str) -> Result<(), ProtoError> {
        let strings = value.as_bytes().chunks(LONGEST_STRING).collect();
        self.add_record(name, RData::TXT(TXT::from_bytes(strings))).await
    }

    /// Adds a TXT record of several strings.
    ///
    /// # Errors
    /// When the name is not one of DNS.
    pub async fn add_strings(&self, name: &str, strings: &[&str]) -> Result<(), ProtoError> {
        let strings = strings.iter().map(|string| string.as_bytes()).collect();
        self.add_record(name, RData::TXT(TXT::from_bytes(strings))).await
    }

    /// Adds a CNAME record.
    ///
    /// # Errors
    /// When a name is not one of DNS.
    pub async fn add_alias(&self, name: &str, target: &str) -> Result<(), ProtoError> {
        self.add_record(name, RData::CNAME(CNAME(complete(target)?))).await
    }

    /// Removes all TXT records of a name.
    ///
    /// # Errors
    /// When the name is not one of DNS.
    pub async fn remove(&self, name: &str) -> Result<(), ProtoError> {
        let key = RrKey::new(LowerName::new(&complete(name)?), RecordType::TXT);
        self.zone.records_mut().await.remove(&key);
        Ok(())
    }

    async fn add_record(&self, name: &str, data: RData) -> Result<(), ProtoError> {
        self.zone.upsert(Record::from_rdata(complete(name)?, TTL, data), 0).await;
        Ok(())
    }
}

impl std::fmt::Debug for NameServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NameServer").field("address", &self.address).finish()
    }
}

/// A name that needs no search domain.
fn complete(name: &str) -> Result<Name, ProtoError> {
    Name::from_ascii(format!("{}.", name.trim_end_matches('.')))
}

/// One port for TCP and UDP. If any is wanted, several free ones may have to be tried.
async fn listen(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut tries = if address.port() == 0 { PORTS } else { 1 };
    loop {
        let tcp = TcpListener::bind(address).await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((tcp, udp)),
            Err(error) if tries == 1 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}

/// A record as an email domain's `ownership.record` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TxtRecord {
    r#type: RecordKind,
    name: String,
    value: String,
}

#[derive(Deserialize)]
enum RecordKind {
    #[serde(rename = "TXT")]
    Txt,
}

/// `POST /local/dns` adds a TXT record to the name server, and `DELETE` removes those of the name.
pub(crate) fn router(name_server: Arc<NameServer>) -> Router {
    Router::new().route("/local/dns", post(add).delete(remove)).with_state(name_server)
}

type Refused = (StatusCode, String);

async fn add(
    State(name_server): State<Arc<NameServer>>,
    Json(TxtRecord { r#type: RecordKind::Txt, name, value }): Json<TxtRecord>,
) -> Result<StatusCode, Refused> {
    name_server.add(&name, &value).await.map_err(|error| refused(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(name_server): State<Arc<NameServer>>,
    Json(TxtRecord { r#type: RecordKind::Txt, name, .. }): Json<TxtRecord>,
) -> Result<StatusCode, Refused> {
    name_server.remove(&name).await.map_err(|error| refused(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: &ProtoError) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n"))
}
