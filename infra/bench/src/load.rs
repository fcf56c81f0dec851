//! A client that sends requests over connections that stay open. It does no more than it must, because it shares the
//! processors with the server.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use shared::ambient::Stopwatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stage::{Outcome, sign_up, token};

/// The requests that a connection sends one after the other.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Requests {
    /// `GET /`: for the server that answers at once
    Empty,
    /// Lists the email domains of `acme`
    List,
    /// Adds an email domain to an organization of this connection, and deletes it
    AddDelete,
    /// Creates users
    Users,
    /// Sign-ups of new users, who match one organization
    SignUp,
    /// Tokens of 64 users, who are in one organization
    Token,
}

impl Requests {
    /// Request number `number` of a connection.
    fn request(self, connection: usize, number: usize) -> String {
        let invoke = |function: &str, event: &serde_json::Value| {
            let path = format!("/2015-03-31/functions/{function}/invocations");
            http("POST", &path, &event.to_string())
        };
        match self {
            Self::Empty => http("GET", "/", ""),
            Self::List => http("GET", "/organizations/acme/jit/email-domains", ""),
            Self::AddDelete => {
                let path = format!("/organizations/load-{connection}/jit/email-domains");
                let domain = format!("load-{connection}.example");
                if number.is_multiple_of(2) {
                    http("POST", &path, &json!({ "emailDomain": domain }).to_string())
                } else {
                    http("DELETE", &format!("{path}/{domain}"), "")
                }
            }
            Self::Users => {
                let email = format!("{}@acme.example", unique(connection, number));
                let body = json!({ "primaryEmail": email, "sendInvitation": false });
                http("POST", "/users", &body.to_string())
            }
            Self::SignUp => {
                let user = unique(connection, number);
                invoke("post-confirmation", &sign_up(&user, &format!("{user}@acme.example")))
            }
            Self::Token => {
                let user = format!("load-{connection}");
                invoke("pre-token-generation", &token(&user, &format!("{user}@acme.example")))
            }
        }
    }
}

/// A name that no other request and no other run of this program has.
fn unique(connection: usize, number: usize) -> String {
    format!("u{}-{connection}-{number}", std::process::id())
}

fn http(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Sends requests for so long, and prints the microseconds of each of them.
pub(crate) fn run(
    address: SocketAddr,
    requests: Requests,
    connections: usize,
    time: Duration,
) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut clients = JoinSet::new();
        let start = Stopwatch::start();
        for connection in 0..connections {
            clients.spawn(async move {
                client(address, requests, connection, start, time)
                    .await
                    .map_err(|error| error.to_string())
            });
        }
        let mut microseconds = Vec::new();
        while let Some(client) = clients.join_next().await {
            microseconds.extend(client??);
        }
        let taken = start.elapsed().as_secs_f64();
        let own = clock_gettime(ClockId::ProcessCPUTime);
        println!(
            "{}",
            json!({
                "seconds": taken,
                "clientSeconds": own.tv_sec as f64 + own.tv_nsec as f64 / 1e9,
                "microseconds": microseconds,
            })
        );
        Ok(())
    })
}

async fn client(
    address: SocketAddr,
    requests: Requests,
    connection: usize,
    start: Stopwatch,
    time: Duration,
) -> Outcome<Vec<u64>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut microseconds, mut buffer) = (Vec::new(), Vec::new());
    // A domain that is added is also deleted.
    while start.elapsed() < time
        || (matches!(requests, Requests::AddDelete) && microseconds.len() % 2 == 1)
    {
        let request = requests.request(connection, microseconds.len());
        let sent = Stopwatch::start();
        stream.write_all(request.as_bytes()).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        microseconds.push(u64::try_from(sent.elapsed().as_micros())?);
        if !(200..300).contains(&status) {
            return Err(format!("{requests:?}: {}", String::from_utf8_lossy(&buffer)).into());
        }
    }
    Ok(microseconds)
}

/// Reads an answer, and returns its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Outcome<u16> {
    buffer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| buffer.len() < whole) {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server has closed the connection".into());
        }
        if whole.is_none() {
            whole = head(buffer).map(|(head, length)| head + length);
        }
    }
    Ok(std::str::from_utf8(&buffer[9..12])?.parse()?)
}

/// The length of the head of a message, and that of its body, once the head is there.
pub(crate) fn head(buffer: &[u8]) -> Option<(usize, usize)> {
    let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let lines = buffer[..end].split(|byte| *byte == b'\n');
    let mut lengths = lines.filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((end, lengths.next().unwrap_or_default()))
}
