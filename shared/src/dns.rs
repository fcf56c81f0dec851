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

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{ConnectionProvider, Resolver, TokioResolver};

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

/// The name servers that answer a function's questions.
#[derive(Clone, Default)]
pub struct Dns {
    /// `None` means those of this machine.
    name_servers: Option<NameServers>,
    /// One for each name server, so that a refusal by one of them is not the answer of all. Made for
    /// the first question.
    resolvers: Arc<OnceLock<Result<Vec<TokioResolver>, NetError>>>,
}

impl Dns {
    /// Asks these name servers. `None` means those of this machine, from `/etc/resolv.conf`.
    #[must_use]
    pub fn new(name_servers: Option<NameServers>) -> Self {
        Self { name_servers, resolvers: Arc::default() }
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
        let resolvers = self.resolvers.get_or_init(|| {
            resolvers(self.name_servers.as_ref(), &TokioRuntimeProvider::default())
        });
        match resolvers {
            Ok(resolvers) => look_up(resolvers, challenge).await,
            Err(error) => {
                tracing::error!(%error, "DNS cannot be asked");
                let failed = |name: &str| Reply::failed(DnsAnswer::ServerFailure, name);
                let places = challenge.places();
                Reply::of_all(places.iter().map(|place| failed(&place.name)).collect())
            }
        }
    }
}

/// [`Dns::look_up`] with these resolvers.
pub async fn look_up<P: ConnectionProvider>(
    resolvers: &[Resolver<P>],
    challenge: &Challenge,
) -> Reply {
    let places = challenge.places();
    let asked = places.iter().map(|place| async {
        match ask(resolvers, &place.name).await {
            Said::Texts(texts) => challenge.read(place, &texts),
            Said::No { answer, is_authoritative } => {
                Reply::absent(answer, &place.name, is_authoritative)
            }
            Said::Failed(answer) => Reply::failed(answer, &place.name),
        }
    });
    let reply = Reply::of_all(join_all(asked).await);
    if !reply.answer.is_no() {
        return reply;
    }
    let names = challenge.wrong_names();
    let elsewhere = join_all(names.iter().map(|name| ask(resolvers, name))).await;
    let misplaced = names.iter().zip(elsewhere).find(|(_, said)| match said {
        Said::Texts(texts) => texts.iter().any(|text| challenge.is_own_value(text)),
        _ => false,
    });
    match misplaced {
        Some((name, _)) => reply.at_wrong_name(name),
        None => reply,
    }
}

/// Asks all name servers for the TXT records of a name, side by side, and takes the first definite
/// answer. Without one, it takes the best of the others. Takes at most [`QUESTION`].
async fn ask<P: ConnectionProvider>(resolvers: &[Resolver<P>], name: &str) -> Said {
    // With a final dot, a name is complete. One that is too long cannot exist.
    let Ok(name) = Name::from_ascii(format!("{name}.")) else {
        return Said::No { answer: DnsAnswer::NoSuchName, is_authoritative: true };
    };
    let mut best = Said::Failed(DnsAnswer::TimedOut);
    let asked: FuturesUnordered<_> =
        resolvers.iter().map(|resolver| ask_one(resolver, &name)).collect();
    // No answer comes after the time.
    let mut answers = asked.take_until(Box::pin(tokio::time::sleep(QUESTION)));
    while let Some(said) = answers.next().await {
        if said.rank() > best.rank() {
            best = said;
        }
        if best.rank() == Said::DEFINITE {
            break;
        }
    }
    best
}

/// Asks one name server for the TXT records of a name.
async fn ask_one<P: ConnectionProvider>(resolver: &Resolver<P>, name: &Name) -> Said {
    // Boxed, because the compiler limits how deep futures are nested.
    match Box::pin(resolver.lookup(name.clone(), RecordType::TXT)).await {
        Ok(answered) => texts(name, &answered),
        Err(error) => {
            tracing::debug!(%name, %error, "DNS");
            said(&error)
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
    /// They are there: at least one, the strings of each joined.
    Texts(Vec<String>),
    /// There are none.
    No {
        answer: DnsAnswer,
        /// Whether the answer has the SOA record of a zone that the name belongs to. RFC 2308 section 3
        /// demands it of the zone's name servers. An answer that a filter on the way has made up
        /// mostly lacks it.
        is_authoritative: bool,
    },
    /// There is no answer.
    Failed(DnsAnswer),
}

impl Said {
    /// The rank of an answer after which no other name server has to be heard.
    const DEFINITE: u8 = 4;

    /// The higher, the more it says.
    const fn rank(&self) -> u8 {
        match self {
            Self::Texts(_) | Self::No { is_authoritative: true, .. } => Self::DEFINITE,
            Self::No { .. } => 3,
            Self::Failed(DnsAnswer::Refused) => 2,
            Self::Failed(DnsAnswer::TimedOut) => 0,
            Self::Failed(_) => 1,
        }
    }
}

/// The TXT records of a name in an answer: those at the name, or at the end of the chain of aliases that
/// begins there. A record of another name proves nothing.
fn texts(name: &Name, answered: &Lookup) -> Said {
    let records = answered.answers();
    let alias = |of: &Name| {
        records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *of => Some(&target.0),
            _ => None,
        })
    };
    let end = std::iter::successors(Some(name), |name| alias(name)).take(records.len() + 1).last();
    let texts: Vec<_> = records
        .iter()
        .filter(|record| record.name == *name || Some(&record.name) == end)
        .filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        })
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect();
    if texts.is_empty() {
        Said::No { answer: DnsAnswer::NoTxtRecord, is_authoritative: false }
    } else {
        Said::Texts(texts)
    }
}

fn said(error: &NetError) -> Said {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(no)) => {
            let NoRecords { response_code, ns, .. } = no;
            let is_authoritative = is_of_the_zone(no);
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

/// Whether a "no" has the SOA record of a zone that the name belongs to. After aliases, the name is the
/// one at their end.
fn is_of_the_zone(no: &NoRecords) -> bool {
    let mut authorities = no.authorities.iter().flat_map(|records| records.iter());
    authorities.any(|record| {
        record.record_type() == RecordType::SOA && record.name.zone_of(no.query.name())
    })
}

/// A resolver for each of these name servers, or of those of this machine. It reaches them by the provider.
///
/// # Errors
/// When the name servers of this machine cannot be read.
pub fn resolvers<P: ConnectionProvider>(
    name_servers: Option<&NameServers>,
    provider: &P,
) -> Result<Vec<Resolver<P>>, NetError> {
    let (servers, mut options) = match name_servers {
        None => {
            let (system, options) = read_system_conf()?;
            (system.into_parts().2, options)
        }
        Some(NameServers(addresses)) => {
            (addresses.iter().map(name_server).collect(), ResolverOpts::default())
        }
    };
    options.timeout = ATTEMPT;
    options.attempts = REPEATS;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    let resolver = |server| {
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder = Resolver::builder_with_config(config, provider.clone());
        *builder.options_mut() = options.clone();
        builder.build()
    };
    servers.into_iter().take(NameServers::MOST).map(resolver).collect()
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
