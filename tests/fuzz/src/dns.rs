//! Answers of DNS: none proves a domain unless the value is in a TXT record at a name where it counts, or at the end of a
//! chain of aliases that begins there.
//!
//! An input begins with a character. If its last bit is set, a whole message follows, without its id. Otherwise there is
//! the character, the second half of the header's flags, the numbers of answers, authorities and additional records, and
//! these records: the question before them is the one that was asked. If its second bit is set, only the first question
//! gets this answer, and the others get none.

use std::collections::BTreeSet;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hickory_resolver::Resolver;
use hickory_resolver::net::runtime::{
    DnsUdpSocket, RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime,
};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RData};
use shared::dns::{NameServers, look_up, resolvers};
use shared::domain::challenge::{Challenge, Finding, Reply, record_value};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ownership::ChallengeToken;
use tokio::runtime::Runtime;

/// The bytes before the question.
const HEADER: usize = 12;
const OWN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
const OF_PARENT: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

thread_local! {
    static ASKED: Asked = Asked::new();
}

pub(crate) fn read(input: &[u8]) -> bool {
    if input.len() < 5 {
        return false;
    }
    ASKED.with(|asked| {
        asked.network.set(input);
        let reply = asked.runtime.block_on(look_up(&asked.resolvers, &asked.challenge));
        asked.hold(&reply);
    });
    true
}

/// A question for the record of a domain, to one name server.
struct Asked {
    runtime: Runtime,
    network: Network,
    resolvers: Vec<Resolver<Network>>,
    challenge: Challenge,
}

impl Asked {
    fn new() -> Self {
        // To wait for an answer takes no time.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
        let network = Network::default();
        let server = NameServers::parse("192.0.2.53").expect("an address");
        let resolvers = {
            let _entered = runtime.enter();
            resolvers(Some(&server), &network).expect("resolvers")
        };
        let domain = EmailDomain::parse("mail.acme.com").expect("a domain");
        let [own, of_parent] =
            [OWN, OF_PARENT].map(|token| ChallengeToken::parse(token).expect("a token"));
        let challenge = Challenge::new(domain, own, Some(of_parent));
        Self { runtime, network, resolvers, challenge }
    }

    fn hold(&self, reply: &Reply) {
        assert!(reply.records.len() <= Reply::MOST_RECORDS);
        for record in &reply.records {
            assert!(record.chars().count() <= Reply::LONGEST_RECORD);
            assert!(!record.contains(char::is_control), "{record:?}");
        }
        let values = |tokens: &[&str]| -> Vec<String> {
            let token = |token: &&str| ChallengeToken::parse(token).expect("a token");
            tokens.iter().map(|it| record_value(&token(it))).collect()
        };
        let at_domain = self.has("_usher-challenge.mail.acme.com.", &values(&[OWN]));
        let at_parent = self.has("_usher-challenge.acme.com.", &values(&[OWN, OF_PARENT]));
        if reply.finding() == Finding::Present {
            assert!(at_domain || at_parent, "nothing proves the domain: {reply:?}");
        }
        if reply.is_of_parent() {
            assert!(self.has("_usher-challenge.acme.com.", &values(&[OF_PARENT])), "{reply:?}");
        }
    }

    /// Whether one of these values is in a TXT record of the answers, at a name or at the end of aliases from there.
    fn has(&self, name: &str, values: &[String]) -> bool {
        let sent = self.network.sent();
        let messages = sent.iter().filter_map(|message| Message::from_vec(message).ok());
        let records: Vec<_> = messages.flat_map(|message| message.answers).collect();
        let mut names = BTreeSet::from([Name::from_ascii(name).expect("a name")]);
        for _ in 0..=records.len() {
            let aliases = records.iter().filter_map(|record| match &record.data {
                RData::CNAME(target) if names.contains(&record.name) => Some(target.0.clone()),
                _ => None,
            });
            let aliases: Vec<_> = aliases.collect();
            names.extend(aliases);
        }
        let texts = records.iter().filter_map(|record| match &record.data {
            RData::TXT(text) if names.contains(&record.name) => Some(text.txt_data.concat()),
            _ => None,
        });
        let texts: Vec<_> = texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect();
        texts.iter().any(|text| {
            let text: String = text.chars().filter(|it| !is_left_out(*it)).collect();
            values.contains(&text.to_ascii_lowercase())
        })
    }
}

/// What panels and people add to a value.
fn is_left_out(it: char) -> bool {
    it.is_whitespace() || "\"'\\“”„".contains(it)
}

/// A network with one name server, which gives the same answer again and again.
#[derive(Clone, Default)]
struct Network {
    state: Arc<Mutex<State>>,
    /// The tasks of all connections end with it.
    handle: TokioHandle,
}

#[derive(Default)]
struct State {
    input: Vec<u8>,
    sent: Vec<Vec<u8>>,
}

impl Network {
    fn set(&self, input: &[u8]) {
        *self.state.lock().expect("one thread") = State { input: input.to_vec(), sent: Vec::new() };
    }

    fn sent(&self) -> Vec<Vec<u8>> {
        self.state.lock().expect("one thread").sent.clone()
    }

    /// The answer to a question.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let mut state = self.state.lock().expect("one thread");
        let [choice, rest @ ..] = state.input.as_slice() else { return None };
        if choice & 0b10 != 0 && !state.sent.is_empty() {
            return None;
        }
        let id = question.get(..2)?;
        let answer = if choice & 0b1 != 0 {
            [id, rest].concat()
        } else {
            let [flags, answers, authorities, additional, records @ ..] = rest else { return None };
            let name = question.get(HEADER..)?.iter().position(|byte| *byte == 0)?;
            let asked = question.get(HEADER..HEADER + name + 5)?;
            // It is an answer, with recursion desired.
            let header = [0x81, *flags, 0, 1, 0, *answers, 0, *authorities, 0, *additional];
            [id, &header, asked, records].concat()
        };
        state.sent.push(answer.clone());
        Some(answer)
    }
}

impl RuntimeProvider for Network {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = Socket;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> Self::Handle {
        self.handle.clone()
    }

    fn connect_tcp(
        &self,
        _: SocketAddr,
        _: Option<SocketAddr>,
        _: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        Box::pin(ready(Err(io::ErrorKind::ConnectionRefused.into())))
    }

    fn bind_udp(
        &self,
        _: SocketAddr,
        _: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        let socket = Socket { network: self.clone(), answer: Mutex::default() };
        Box::pin(ready(Ok(socket)))
    }
}

/// A socket for one question.
struct Socket {
    network: Network,
    answer: Mutex<Option<(Vec<u8>, SocketAddr)>>,
}

impl DnsUdpSocket for Socket {
    type Time = TokioTime;

    /// Without an answer, only the time wakes who waits.
    fn poll_recv_from(
        &self,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let Some((answer, from)) = self.answer.lock().expect("one thread").take() else {
            return Poll::Pending;
        };
        // What is longer than a datagram is cut.
        let length = answer.len().min(buffer.len());
        buffer[..length].copy_from_slice(&answer[..length]);
        Poll::Ready(Ok((length, from)))
    }

    fn poll_send_to(
        &self,
        _: &mut Context<'_>,
        question: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let answer = self.network.answer(question).map(|answer| (answer, to));
        *self.answer.lock().expect("one thread") = answer;
        Poll::Ready(Ok(question.len()))
    }
}
