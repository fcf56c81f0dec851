//! Asks DNS whether the TXT record is there that proves the ownership of an email domain
//! ([`challenge`](crate::domain::challenge)).
//!
//! Names are asked as they are, without search domains and without a cache, so that an answer is
//! always of this moment. Whoever answers is trusted as far as the resolver trusts it: DNSSEC is the
//! resolver's business.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::domain::challenge::{Challenge, Reply};
use crate::domain::ownership::DnsAnswer;

/// How long the answer to one question may take, with repeats, CNAMEs and TCP.
pub const QUESTION: Duration = Duration::from_secs(5);
/// How long [`Dns::look_up`] takes at most: a question at the right names, then one at wrong names.
pub const LOOK_UP: Duration = Duration::from_secs(10);

/// How long a name server may take before it is asked again.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How often a question is repeated.
const REPEATS: usize = 1;

/// The DNS resolver that answers a function's questions.
#[derive(Clone, Default)]
pub struct Dns {
    /// `None` means those of this machine.
    name_servers: Option<NameServers>,
    /// Made for the first question.
    resolver: Arc<OnceLock<Result<TokioResolver, NetError>>>,
}

impl Dns {
    /// A resolver that asks these name servers. `None` means those of this machine, from
    /// `/etc/resolv.conf`.
    #[must_use]
    pub fn new(name_servers: Option<NameServers>) -> Self {
        Self { name_servers, resolver: Arc::default() }
    }

    /// The name servers that it asks. `None` means those of this machine.
    #[must_use]
    pub fn into_name_servers(self) -> Option<NameServers> {
        self.name_servers
    }

    /// Looks for the record of a challenge. If it is not there, it looks at the
    /// [wrong names](Challenge::wrong_names) too. Takes at most [`LOOK_UP`].
    ///
    /// The record counts at the domain's own name, and at that of its registrable domain. It is
    /// missing only if it is missing at both.
    pub async fn look_up(&self, challenge: &Challenge) -> Reply {
        let places = challenge.places();
        let asked = places.iter().map(|place| async {
            match self.ask(&place.name).await {
                Said::Texts(texts) => challenge.read(place, &texts),
                Said::No { answer, is_authoritative } => {
                    Reply::absent(answer, &place.name, is_authoritative)
                }
                Said::Failed(answer) => Reply::failed(answer, &place.name),
            }
        });
        let reply = Reply::first(join_all(asked).await);
        if !reply.answer.is_no() {
            return reply;
        }
        let names = challenge.wrong_names();
        let elsewhere = join_all(names.iter().map(|name| self.ask(name))).await;
        let misplaced = names.iter().zip(elsewhere).find(|(_, said)| match said {
            Said::Texts(texts) => texts.iter().any(|text| challenge.is_own_value(text)),
            _ => false,
        });
        match misplaced {
            Some((name, _)) => reply.at_wrong_name(name),
            None => reply,
        }
    }

    /// Asks for the TXT records of a name. The strings of a record are joined.
    async fn ask(&self, name: &str) -> Said {
        let resolver = match self.resolver.get_or_init(|| resolver(self.name_servers.as_ref())) {
            Ok(resolver) => resolver,
            Err(error) => {
                tracing::error!(%error, "DNS cannot be asked");
                return Said::Failed(DnsAnswer::ServerFailure);
            }
        };
        // With a final dot, a name is complete. One that is too long cannot exist.
        let Ok(name) = Name::from_ascii(format!("{name}.")) else {
            return Said::No { answer: DnsAnswer::NoSuchName, is_authoritative: false };
        };
        // Boxed, because the compiler limits how deep futures are nested.
        let asked = Box::pin(resolver.lookup(name.clone(), RecordType::TXT));
        let Ok(answered) = tokio::time::timeout(QUESTION, asked).await else {
            return Said::Failed(DnsAnswer::TimedOut);
        };
        match answered {
            Ok(answered) => {
                let texts = answered.answers().iter().filter_map(|record| match &record.data {
                    RData::TXT(txt) => Some(txt.txt_data.concat()),
                    _ => None,
                });
                Said::Texts(texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect())
            }
            Err(error) => {
                tracing::debug!(%name, %error, "DNS");
                said(&error)
            }
        }
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dns").field("name_servers", &self.name_servers).finish()
    }
}

/// What DNS says about the TXT records of one name.
enum Said {
    /// They are there.
    Texts(Vec<String>),
    /// There are none.
    No {
        answer: DnsAnswer,
        /// Whether the answer has the SOA record of a zone. RFC 2308 section 3 demands it of the zone's
        /// name servers. An answer that somebody on the way has made up lacks it.
        is_authoritative: bool,
    },
    /// There is no answer.
    Failed(DnsAnswer),
}

fn said(error: &NetError) -> Said {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, soa, ns, .. })) => {
            let is_authoritative = soa.is_some();
            match response_code {
                ResponseCode::NXDomain => {
                    Said::No { answer: DnsAnswer::NoSuchName, is_authoritative }
                }
                // A referral to other name servers (RFC 2308 section 2.2) does not say that there is
                // no record.
                ResponseCode::NoError if is_authoritative || ns.is_none() => {
                    Said::No { answer: DnsAnswer::NoTxtRecord, is_authoritative }
                }
                _ => Said::Failed(DnsAnswer::ServerFailure),
            }
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => {
            Said::Failed(DnsAnswer::Refused)
        }
        NetError::Timeout => Said::Failed(DnsAnswer::TimedOut),
        _ => Said::Failed(DnsAnswer::ServerFailure),
    }
}

fn resolver(name_servers: Option<&NameServers>) -> Result<TokioResolver, NetError> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = match name_servers {
        None => TokioResolver::builder(provider)?,
        Some(NameServers(addresses)) => {
            let servers = addresses.iter().map(name_server).collect();
            TokioResolver::builder_with_config(ResolverConfig::from_name_servers(servers), provider)
        }
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.timeout = ATTEMPT;
    options.attempts = REPEATS;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build()
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// The addresses of one to three name servers, with their ports: `192.0.2.53`,
/// `192.0.2.53:5353,[2001:db8::53]:5353`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServers(Vec<SocketAddr>);

/// Why a text is not a list of name servers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameServersError {
    /// It has a part that is not the address of a name server. Contains the part.
    #[error("{0:?} is not an address of a name server, such as 192.0.2.53 or [2001:db8::53]:5353")]
    NotAnAddress(String),
    /// It has more addresses than a resolver takes.
    #[error("at most {} name servers can be named", NameServers::MOST)]
    TooMany,
}

impl NameServers {
    /// The most addresses, as in `/etc/resolv.conf` (resolv.conf(5)).
    pub const MOST: usize = 3;
    const PORT: u16 = 53;

    /// Reads addresses, with commas between them.
    ///
    /// # Errors
    /// When a part is not the address of a host, or there are too many.
    pub fn parse(text: &str) -> Result<Self, NameServersError> {
        let address = |part: &str| {
            let part = part.trim();
            let with_port = || Some(SocketAddr::new(IpAddr::from_str(part).ok()?, Self::PORT));
            let address = SocketAddr::from_str(part).ok().or_else(with_port);
            let is_host = |it: &SocketAddr| {
                !it.ip().is_unspecified() && !it.ip().is_multicast() && it.port() != 0
            };
            address.filter(is_host).ok_or_else(|| NameServersError::NotAnAddress(part.to_owned()))
        };
        let addresses = text.split(',').map(address).collect::<Result<Vec<_>, _>>()?;
        if addresses.len() > Self::MOST {
            return Err(NameServersError::TooMany);
        }
        Ok(Self(addresses))
    }
}

impl From<SocketAddr> for NameServers {
    fn from(address: SocketAddr) -> Self {
        Self(vec![address])
    }
}
