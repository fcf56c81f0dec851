//! Faults of DNS: a check of ownership waits for it no longer than its function may, says what it knows,
//! and changes nothing but that. Once DNS answers again, the next check proves the domain.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use functions::Function;
use serde_json::{Value, json};
use shared::clients::Waits;
use shared::dns::{Dns, NameServers};
use tokio::time::timeout;

use super::cells::Base;
use crate::audit;
use crate::support::{Hanging, World};

/// The domain that is pending, and due.
const ENTRY: (&str, &str) = ("DOMAIN#b.example", "ORG#acme");

/// How the name server that is asked fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It never answers.
    Silent,
    /// Nobody listens there.
    Gone,
    /// It never answers, but another one does.
    OneSilent,
}

impl Fault {
    /// Name servers that fail so. The sockets are theirs.
    fn name_servers(self, works: SocketAddr) -> (Dns, Vec<UdpSocket>) {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let silent = bind();
        let address = silent.local_addr().expect("an address");
        let (names, sockets) = match self {
            Self::Silent => (address.to_string(), vec![silent]),
            Self::Gone => (address.to_string(), Vec::new()),
            Self::OneSilent => (format!("{address},{works}"), vec![silent]),
        };
        (Dns::new(Some(NameServers::parse(&names).expect("addresses"))), sockets)
    }
}

/// The check by hand, and the hourly one.
fn checks() -> [(&'static Function, Value); 2] {
    let path = "/organizations/acme/jit/email-domains/b.example/verify";
    let hourly = functions::function("check-email-domains").expect("it");
    [audit::request("verifyEmailDomain", path, &Value::Null), (hourly, json!({}))]
}

async fn check(world: &World, (function, event): &(&'static Function, Value)) {
    let limit = Duration::from_secs(function.timeout.expect("it has its own").into());
    let answer = timeout(limit, world.invoke(function.name, event)).await.expect("in time");
    if !answer.is_null() {
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
}

/// What the entry says of the record.
fn ownership(world: &World) -> Value {
    let (pk, sk) = ENTRY;
    world.items_now()[&(pk.to_owned(), sk.to_owned())]["ownership"].clone()
}

async fn hold(base: &Base, world: &mut World, fault: Fault, checked: &(&'static Function, Value)) {
    let what = format!("{fault:?}, {}", checked.0.name);
    base.begin(world);
    world.add_record("b.example").await;
    let before = ownership(world);
    let (fails, sockets) = fault.name_servers(world.name_server.address());
    let works = std::mem::replace(&mut world.app.dns, fails);
    let told = world.told().await.len();
    // Nothing answers, so the clock can stop.
    let stopped = matches!(fault, Fault::Silent).then(Hanging::new);
    check(world, checked).await;
    drop((sockets, stopped));
    world.app.dns = works;
    if !matches!(fault, Fault::OneSilent) {
        let after = ownership(world);
        assert!(
            ["timed_out", "server_failure"].contains(&after["answer"].as_str().unwrap_or("")),
            "{what}: {after}"
        );
        for same in ["state", "token", "pendingSince"] {
            assert_eq!(after[same], before[same], "{what}: {same}");
        }
        assert_eq!(world.told().await.len(), told, "{what}");
        world.pass(Duration::from_hours(2));
        check(world, checked).await;
    }
    assert_eq!(ownership(world)["state"], "proven", "{what}");
    assert_eq!(world.told().await.len(), told + 1, "{what}");
    world.sign_up("new", "new@b.example").await;
    let joined = world.get("/users/new/organizations").await.body;
    assert_eq!(joined[0]["id"], "acme", "{what}");
}

#[tokio::test]
async fn a_name_server_that_fails_only_delays_the_proof() {
    let base = Base::new().await;
    for checked in checks() {
        for fault in [Fault::Silent, Fault::Gone, Fault::OneSilent] {
            let mut world = base.world(Waits::HTTP).await;
            hold(&base, &mut world, fault, &checked).await;
        }
    }
}
