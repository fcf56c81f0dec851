//! `usher-local`: Usher on a developer's machine.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use shared::capabilities::{Capability, Environment, EnvironmentError, Policies};
use shared::clients::Waits;
use shared::console::Console;
use shared::dns::{Dns, NameServers};
use shared::domain::public_mailbox::MailboxPolicy;
use shared::runtime::logged;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use usher_local::{DynamoDb, Local, Options};

/// Serves Usher on this machine: its HTTP functions, an embedded DynamoDB, and the AWS Lambda
/// Invoke API for its triggers. There is no authentication, so it takes loopback addresses only.
/// ACTIVITY_DAYS, CLAIMS_BYTES, CLAIMS_IN, DOMAIN_OWNERSHIP, EVENT_EMAILS, GOOGLE_HOSTED_DOMAIN_ATTRIBUTE,
/// JOIN_REQUEST_CLAIMS, TOKEN_CACHE_SECONDS and TRUSTED_PROVIDERS mean what the parameters ActivityDays, ClaimsBytes,
/// ClaimsIn, DomainOwnership, EventEmails, GoogleHostedDomainAttribute, JoinRequestClaims, TokenCacheSeconds and
/// TrustedProviders of the stack do. Only TOKEN_CACHE_SECONDS has another default: 0
#[derive(Parser)]
#[command(version)]
struct Flags {
    /// Where the HTTP functions listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    http: SocketAddr,
    /// Where DynamoDB listens; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    dynamodb: SocketAddr,
    /// Where the AWS Lambda Invoke API listens; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3001")]
    lambda: SocketAddr,
    /// Where the DNS name server listens, by default on a free port. Usher asks it for the records that
    /// prove domains, unless DNS_RESOLVER names others, as the parameter DnsResolver of the stack does
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    dns: SocketAddr,
    /// The file that stores the data; without it, the data is in memory and lost at the end
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    /// Where another usher-local has its DynamoDB, with a port. It is used instead of one of its own, and
    /// that other one brings the events of both to its bus
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with_all = ["dynamodb", "database"])]
    shared_dynamodb: Option<SocketAddr>,
    /// Public domains that single organizations may list: `org_1:gmail.com,org_2:github.io`
    #[arg(long, value_name = "PAIRS", value_parser = MailboxPolicy::parse)]
    public_mailbox_exceptions: Option<MailboxPolicy>,
    /// The address of Cognito, or of an emulator
    #[arg(long, value_name = "URL", requires = "user_pool")]
    cognito: Option<String>,
    /// The id of the user pool there
    #[arg(long, value_name = "ID", requires = "cognito")]
    user_pool: Option<String>,
    /// The folder with the built console; it may be missing. OPERATOR_ISSUER, OPERATOR_CLIENT_ID
    /// and OPERATOR_DOMAIN say where operators sign in; without them, operators do not have to
    #[arg(long, value_name = "PATH", default_value = "functions/console/dist")]
    console: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let Flags { http, dynamodb, lambda, dns, database, public_mailbox_exceptions, .. } = flags;
    let dynamodb = match flags.shared_dynamodb {
        Some(address) => DynamoDb::Shared(address),
        None => DynamoDb::Embedded { address: dynamodb, file: database },
    };
    start_logging();
    let (policies, console, name_servers) = match from_environment(public_mailbox_exceptions) {
        Ok((policies, settings, name_servers)) => {
            (policies, Console { pages: flags.console, ..settings }, name_servers)
        }
        Err(error) => {
            eprintln!("usher-local: {error}");
            return ExitCode::FAILURE;
        }
    };
    let options = Options {
        http,
        dynamodb,
        lambda,
        dns,
        name_servers,
        policies,
        user_pool: flags.cognito.zip(flags.user_pool),
        console,
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("usher-local: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The settings that are environment variables, as on Lambda. A flag wins.
fn from_environment(
    mailboxes: Option<MailboxPolicy>,
) -> Result<(Policies, Console, Option<NameServers>), EnvironmentError> {
    let environment = Environment::new(|name| std::env::var(name).ok(), Waits::HTTP);
    let mut policies = Policies::from_environment(&environment)?;
    if let Some(mailboxes) = mailboxes {
        policies.joining.mailboxes = mailboxes;
    }
    let name_servers = Dns::from_environment(&environment)?.into_name_servers();
    Ok((policies, Console::from_environment(&environment)?, name_servers))
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let local = Local::start(options).await?;
    eprintln!("usher-local: there is no authentication: use it for development only");
    let mut output = std::io::stdout();
    writeln!(output, "ready {}", local.addresses())?;
    output.flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    local.stop().await;
    Ok(())
}

/// Logs lines to standard error: all that functions log, also requests and decisions without news.
/// Warnings of the embedded DynamoDB are left out, because it warns of every failed condition, and
/// the functions rely on those. The name server has a line for each question. `RUST_LOG` names targets
/// with other levels, such as `hickory_server=info`.
fn start_logging() {
    let named = std::env::var("RUST_LOG").ok().and_then(|named| named.parse().ok());
    let named: Targets = named.unwrap_or_default();
    let levels = logged(LevelFilter::DEBUG)
        .with_target("dynoxide", LevelFilter::ERROR)
        .with_target("hickory_server", LevelFilter::WARN)
        .with_targets(named);
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(levels)
        .init();
}
