//! What `make bench` needs beside the functions. Each command is started by `bench.py`, which explains the figures.

mod growth;
mod load;
mod serve;
mod stage;
mod warm;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Measures what runs in this process, sends load, or imitates the services that functions call. Each figure is a
/// line of JSON. It listens on loopback only.
#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Imitates DynamoDB, with and without TLS, and Cognito, until standard input ends
    Serve {
        /// Where to write the certificate that functions have to trust
        #[arg(long)]
        trust_store: PathBuf,
    },
    /// Measures the processor time of events, without the database's share
    Warm {
        /// How long each event is measured
        #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
        seconds: f64,
    },
    /// Counts calls and units of sign-ups and tokens in tables of different sizes
    Growth {
        /// The most organizations in the table
        #[arg(long, default_value_t = 100_000)]
        organizations: usize,
    },
    /// Sends requests to a server, over connections that stay open
    Load {
        /// The server
        #[arg(long)]
        address: SocketAddr,
        /// The requests
        #[arg(long)]
        requests: load::Requests,
        /// How many connections have a request under way, each of them all the time
        #[arg(long)]
        connections: usize,
        /// How long
        #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
        seconds: f64,
    },
}

fn main() -> stage::Outcome<()> {
    match Flags::parse().command {
        Command::Serve { trust_store } => serve::run(&trust_store),
        Command::Warm { seconds } => warm::run(Duration::from_secs_f64(seconds)),
        Command::Growth { organizations } => growth::run(organizations),
        Command::Load { address, requests, connections, seconds } => {
            load::run(address, requests, connections, Duration::from_secs_f64(seconds))
        }
    }
}
