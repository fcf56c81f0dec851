//! The process `usher-local`, and the plainest of HTTP clients.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

/// A running `usher-local`; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct UsherLocal {
    pub(crate) http: SocketAddr,
    pub(crate) dynamodb: SocketAddr,
    pub(crate) lambda: SocketAddr,
    pub(crate) dns: SocketAddr,
    /// The line that says so.
    pub(crate) ready: String,
    child: Child,
    output: BufReader<ChildStdout>,
    errors: JoinHandle<String>,
}

/// How a process has ended, and what it has printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Standard output, after the line that says that it is ready.
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl UsherLocal {
    /// Starts it on free ports, with further flags, and waits until it is ready.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::start_with(flags, &[]).await
    }

    /// Starts it with these environment variables too.
    pub(crate) async fn start_with(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let anywhere = "127.0.0.1:0";
        let ports = ["--http", anywhere, "--dynamodb", anywhere, "--lambda", anywhere];
        Self::ready(spawn(&[&ports, flags].concat(), variables)).await
    }

    /// Starts it with these flags alone.
    pub(crate) async fn start_exactly(flags: &[&str]) -> Self {
        Self::ready(spawn(flags, &[])).await
    }

    async fn ready((child, mut output, errors): Spawned) -> Self {
        let mut ready = String::new();
        output.read_line(&mut ready).await.expect("text");
        if ready.is_empty() {
            panic!("usher-local did not start: {}", errors.await.expect("its errors"));
        }
        let address = |name: &str| {
            let text = ready.split_whitespace().find_map(|part| part.strip_prefix(name));
            text.and_then(|text| text.parse().ok()).expect("an address in the line")
        };
        let [http, dynamodb, lambda, dns] = ["http=", "dynamodb=", "lambda=", "dns="].map(address);
        Self { http, dynamodb, lambda, dns, ready, child, output, errors }
    }

    /// Runs it with these flags alone, which must make it end by itself.
    pub(crate) async fn fail(flags: &[&str]) -> Ended {
        Self::fail_with(flags, &[]).await
    }

    /// Runs it with these flags and environment variables, which must make it end by itself.
    pub(crate) async fn fail_with(flags: &[&str], variables: &[(&str, &str)]) -> Ended {
        let (child, output, errors) = spawn(flags, variables);
        ended(child, output, errors).await
    }

    /// Sends it a signal by name, such as `TERM`, and waits for its end.
    pub(crate) async fn signal(self, name: &str) -> Ended {
        let pid = self.child.id().expect("it runs");
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().await;
        assert!(sent.expect("a shell").success());
        ended(self.child, self.output, self.errors).await
    }
}

/// A process, its standard output, and what it will have written to standard error.
type Spawned = (Child, BufReader<ChildStdout>, JoinHandle<String>);

fn spawn(flags: &[&str], variables: &[(&str, &str)]) -> Spawned {
    static USHER_LOCAL: LazyLock<PathBuf> = LazyLock::new(|| program("usher-local"));
    let program = &*USHER_LOCAL;
    let mut child = Command::new(program)
        .args(flags)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{} cannot be run: {error}", program.display());
        });
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut errors = child.stderr.take().expect("it is piped");
    let errors = tokio::spawn(async move {
        let mut text = String::new();
        errors.read_to_string(&mut text).await.expect("text");
        text
    });
    (child, output, errors)
}

/// A program, where Cargo puts it: above the directory of this test's own executable.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let program = profile.join(name);
    assert_current(&program);
    program
}

/// Makes sure that the program is not older than any of its sources, which Cargo lists beside it:
/// running the tests does not build it.
fn assert_current(program: &Path) {
    const BUILD: &str = "run `make programs`";
    let modified = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let sources = std::fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let built = modified(program).unwrap_or_else(|| panic!("{program:?} is missing: {BUILD}"));
    let (_, sources) = sources.split_once(": ").expect("the sources after the program");
    // A space within a path has a backslash before it.
    let sources = sources.trim().replace("\\ ", "\0");
    for source in sources.split(' ').map(|source| source.replace('\0', " ")) {
        let newer = modified(Path::new(&source)).is_none_or(|modified| modified > built);
        assert!(!newer, "{program:?} is older than {source}: {BUILD}");
    }
}

async fn ended(
    mut child: Child,
    mut output: BufReader<ChildStdout>,
    errors: JoinHandle<String>,
) -> Ended {
    let mut text = String::new();
    output.read_to_string(&mut text).await.expect("text");
    let status = child.wait().await.expect("it ends");
    Ended { status, output: text, errors: errors.await.expect("its errors") }
}

/// An answer over HTTP.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Sends one request over a connection of its own.
pub(crate) async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Reply> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = body.len();
    request.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n\r\n{body}"));

    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let (line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let headers = fields.lines().filter_map(|field| {
        let (name, value) = field.split_once(':')?;
        Some((name.parse::<HeaderName>().ok()?, value.trim().parse().ok()?))
    });
    let headers: HeaderMap = headers.collect();
    let length = headers.get("content-length").and_then(|length| length.to_str().ok());
    if length.is_some_and(|length| length != body.len().to_string()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Reply { status, headers, body: body.to_owned() })
}

/// The events on the bus of a running `usher-local`, as they come.
#[derive(Debug)]
pub(crate) struct ServerSentEvents(BufReader<TcpStream>);

impl ServerSentEvents {
    /// Those after the one with this id. If the bus does not keep it, all that are kept.
    pub(crate) async fn after(local: &UsherLocal, id: &str) -> Self {
        let mut stream = TcpStream::connect(local.http).await.expect("it accepts");
        let host = local.http;
        let request =
            format!("GET /local/events HTTP/1.1\r\nhost: {host}\r\nlast-event-id: {id}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        Self(BufReader::new(stream))
    }

    /// The next envelope.
    pub(crate) async fn next(&mut self) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.0.read_line(&mut line).await.expect("text"), 0, "the bus has ended");
            if let Some(data) = line.trim_end().strip_prefix("data: ") {
                return data.parse().expect("JSON");
            }
        }
    }

    /// The next envelope of an event of this type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let envelope = self.next().await;
            if envelope["detail-type"] == kind {
                return envelope;
            }
        }
    }
}
