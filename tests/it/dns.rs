//! The record that proves a domain, looked up at real name servers on loopback

use std::net::SocketAddr;

use hickory_server::proto::op::{Message, ResponseCode};
use hickory_server::proto::rr::rdata::{CNAME, NS, SOA, TXT};
use hickory_server::proto::rr::{Name, RData, Record};
use shared::dns::{Dns, NameServers, NameServersError};
use shared::domain::challenge::{
    Challenge, Finding, Reply, name_to_add, record_name, record_value,
};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ownership::{ChallengeToken, DnsAnswer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use usher_local::NameServer;

const NAME: &str = "_usher-challenge.acme.com";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const VALUE: &str = "usher-domain-verification=0123456789abcdef0123456789abcdef";
const PARENT_TOKEN: &str = "ffffffffffffffffffffffffffffffff";

fn token(text: &str) -> ChallengeToken {
    ChallengeToken::parse(text).expect("a token")
}

fn domain(text: &str) -> EmailDomain {
    EmailDomain::parse(text).expect("a domain")
}

fn challenge(of: &str) -> Challenge {
    Challenge::new(domain(of), token(TOKEN), Some(token(PARENT_TOKEN)))
}

async fn name_server() -> NameServer {
    NameServer::start(([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

/// What a name server says about the record of a domain.
async fn look_up(at: SocketAddr, of: &str) -> Reply {
    Dns::new(Some(NameServers::from(at))).look_up(&challenge(of)).await
}

/// Looks up the record of acme.com at a name server that has these TXT records at its name.
async fn among(records: &[&[&str]]) -> Reply {
    let server = name_server().await;
    for strings in records {
        server.add_strings(NAME, strings).await.expect("a name");
    }
    look_up(server.address(), "acme.com").await
}

#[track_caller]
fn assert_reply(reply: &Reply, answer: DnsAnswer, name: &str, finding: Finding) {
    let said = (reply.answer, reply.name.as_str(), reply.finding());
    assert_eq!(said, (answer, name, finding), "{reply:?}");
}

#[test]
fn a_record_has_the_name_and_the_value_that_the_documents_say() {
    assert_eq!(record_name("acme.com"), NAME);
    assert_eq!(record_value(&token(TOKEN)), VALUE);
    assert_eq!(
        record_name(domain("bücher.example").as_str()),
        "_usher-challenge.xn--bcher-kva.example"
    );
}

#[tokio::test]
async fn a_record_is_found() {
    assert_reply(&among(&[&[VALUE]]).await, DnsAnswer::Found, NAME, Finding::Present);
}

#[tokio::test]
async fn a_record_of_an_international_domain_is_found_at_its_a_label() {
    let server = name_server().await;
    let name = "_usher-challenge.xn--bcher-kva.example";
    server.add(name, VALUE).await.expect("a name");
    let reply = look_up(server.address(), "bücher.example").await;
    assert_reply(&reply, DnsAnswer::Found, name, Finding::Present);
}

#[tokio::test]
async fn the_strings_of_a_record_are_joined() {
    let (start, end) = VALUE.split_at(30);
    for strings in [&[start, end][..], &["", start, "", end]] {
        assert_reply(&among(&[strings]).await, DnsAnswer::Found, NAME, Finding::Present);
    }
    // Those of two records are not.
    let reply = among(&[&[start], &[end]]).await;
    assert_reply(&reply, DnsAnswer::OtherRecords, NAME, Finding::Absent);
}

#[tokio::test]
async fn a_record_is_found_among_many() {
    let others: Vec<_> = (0..20).map(|number| format!("v=other {number}")).collect();
    let mut records: Vec<&str> = others.iter().map(String::as_str).collect();
    records.insert(13, VALUE);
    let records: Vec<_> = records.iter().map(std::slice::from_ref).collect();
    assert_reply(&among(&records).await, DnsAnswer::Found, NAME, Finding::Present);
}

#[tokio::test]
async fn a_value_in_quotes_capitals_or_with_spaces_is_the_value() {
    let upper = VALUE.to_uppercase();
    let forms = [
        upper.clone(),
        format!("\"{VALUE}\""),
        format!("'{VALUE}'"),
        format!("\\\"{VALUE}\\\""),
        format!("“{VALUE}”"),
        format!("  {VALUE}\t"),
        VALUE.replace('=', " = "),
        format!("\"{}\" \"{}\"", &upper[..30], &upper[30..]),
    ];
    for form in forms {
        let reply = among(&[&[&form]]).await;
        assert_reply(&reply, DnsAnswer::Found, NAME, Finding::Present);
    }
}

#[tokio::test]
async fn a_value_that_only_contains_the_value_is_another_one() {
    let forms = [
        VALUE[..VALUE.len() - 1].to_owned(),
        format!("{VALUE}0"),
        format!("x{VALUE}"),
        TOKEN.to_owned(),
        VALUE.replace("usher-domain-verification", "domain-verification"),
        VALUE.replace('0', "1"),
        String::new(),
    ];
    for form in forms {
        let reply = among(&[&[&form]]).await;
        assert_reply(&reply, DnsAnswer::OtherRecords, NAME, Finding::Absent);
        assert_eq!(reply.records, [form]);
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to() {
    let server = name_server().await;
    let reply = look_up(server.address(), "acme.com").await;
    assert_reply(&reply, DnsAnswer::NoSuchName, NAME, Finding::Absent);
    assert_eq!(reply.records, [""; 0]);
}

#[tokio::test]
async fn a_name_without_a_txt_record_is_said_to_have_none() {
    let server = name_server().await;
    server.add(&format!("below.{NAME}"), "anything").await.expect("a name");
    let reply = look_up(server.address(), "acme.com").await;
    assert_reply(&reply, DnsAnswer::NoTxtRecord, NAME, Finding::Absent);
}

#[tokio::test]
async fn other_records_are_shown_five_of_them_cut_and_readable() {
    let long = "x".repeat(300);
    let server = name_server().await;
    server.add(NAME, &long).await.expect("a name");
    let reply = look_up(server.address(), "acme.com").await;
    assert_eq!(reply.records, ["x".repeat(255)]);

    let strange = "tab\there \u{202e}reversed \u{7}bell é";
    let reply = among(&[&[strange]]).await;
    assert_eq!(reply.records, ["tab\u{fffd}here \u{fffd}reversed \u{fffd}bell é"]);

    let many: Vec<_> = (0..9).map(|number| format!("record {number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let records: Vec<_> = many.iter().map(std::slice::from_ref).collect();
    assert_eq!(among(&records).await.records.len(), 5);
}

#[tokio::test]
async fn a_record_at_a_wrong_name_is_found_and_does_not_count() {
    for (of, wrong) in [
        // A panel that adds its zone to a complete name.
        ("acme.com", "_usher-challenge.acme.com.acme.com"),
        ("eu.acme.com", "_usher-challenge.eu.acme.com.acme.com"),
        ("eu.acme.com", "_usher-challenge.eu.acme.com.eu.acme.com"),
        // At the domain itself, without the underscore, or one zone too high.
        ("acme.com", "acme.com"),
        ("acme.com", "usher-challenge.acme.com"),
        ("berlin.eu.acme.com", "_usher-challenge.eu.acme.com"),
    ] {
        let server = name_server().await;
        server.add(wrong, "something else").await.expect("a name");
        let reply = look_up(server.address(), of).await;
        assert_ne!(reply.answer, DnsAnswer::WrongName, "{of} {wrong}");
        server.add(wrong, VALUE).await.expect("a name");
        let reply = look_up(server.address(), of).await;
        assert_reply(&reply, DnsAnswer::WrongName, wrong, Finding::Absent);
    }
}

#[tokio::test]
async fn the_record_at_the_registrable_domain_proves_its_subdomains() {
    let server = name_server().await;
    server.add(NAME, VALUE).await.expect("a name");
    for of in ["eu.acme.com", "berlin.eu.acme.com"] {
        let reply = look_up(server.address(), of).await;
        assert_reply(&reply, DnsAnswer::Found, NAME, Finding::Present);
    }
    // The record of a subdomain proves nothing but the subdomain.
    let server = name_server().await;
    server.add("_usher-challenge.eu.acme.com", VALUE).await.expect("a name");
    assert_eq!(look_up(server.address(), "acme.com").await.finding(), Finding::Absent);
}

#[tokio::test]
async fn the_record_of_the_listed_registrable_domain_proves_its_subdomains() {
    let value = record_value(&token(PARENT_TOKEN));
    let server = name_server().await;
    server.add(NAME, &value).await.expect("a name");
    assert_eq!(look_up(server.address(), "eu.acme.com").await.finding(), Finding::Present);
    // Only there.
    let server = name_server().await;
    server.add("_usher-challenge.eu.acme.com", &value).await.expect("a name");
    assert_eq!(look_up(server.address(), "eu.acme.com").await.finding(), Finding::Absent);
    // A domain under a public suffix has no parent that somebody owns.
    let server = name_server().await;
    server.add("_usher-challenge.github.io", VALUE).await.expect("a name");
    let reply = look_up(server.address(), "acme.github.io").await;
    assert_eq!(reply.finding(), Finding::Absent);
}

#[tokio::test]
async fn aliases_are_followed_and_a_circle_of_them_says_nothing() {
    let server = name_server().await;
    server.add_alias(NAME, "proofs.vendor.example").await.expect("names");
    let reply = look_up(server.address(), "acme.com").await;
    assert_eq!(reply.finding(), Finding::Absent, "{reply:?}");
    server.add("proofs.vendor.example", VALUE).await.expect("a name");
    let reply = look_up(server.address(), "acme.com").await;
    assert_reply(&reply, DnsAnswer::Found, NAME, Finding::Present);

    let server = name_server().await;
    server.add_alias(NAME, "one.example").await.expect("names");
    server.add_alias("one.example", NAME).await.expect("names");
    let reply = look_up(server.address(), "acme.com").await;
    assert_eq!(reply.finding(), Finding::Unknown, "{reply:?}");
}

#[tokio::test]
async fn an_answer_is_not_kept() {
    let server = name_server().await;
    let dns = Dns::new(Some(NameServers::from(server.address())));
    let asked = challenge("acme.com");
    assert_eq!(dns.look_up(&asked).await.answer, DnsAnswer::NoSuchName);
    server.add(NAME, VALUE).await.expect("a name");
    assert_eq!(dns.look_up(&asked).await.answer, DnsAnswer::Found);
    server.remove(NAME).await.expect("a name");
    assert_eq!(dns.look_up(&asked).await.answer, DnsAnswer::NoSuchName);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_into_a_datagram_is_asked_for_over_tcp() {
    let texts: Vec<_> = (0..40).map(|number| format!("{number:0>200}")).collect();
    let server = name_server().await;
    for text in &texts {
        server.add(NAME, text).await.expect("a name");
    }
    server.add(NAME, VALUE).await.expect("a name");
    let reply = look_up(server.address(), "acme.com").await;
    assert_reply(&reply, DnsAnswer::Found, NAME, Finding::Present);
}

/// A name server of which this function makes every answer.
async fn scripted(answer: impl Fn(&mut Message) + Copy + Send + Sync + 'static) -> SocketAddr {
    let reply = move |question: &[u8]| {
        let question = Message::from_vec(question).expect("a question");
        let mut message = Message::response(question.metadata.id, question.metadata.op_code);
        message.add_queries(question.queries.clone());
        answer(&mut message);
        message.to_vec().expect("an answer")
    };
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = tcp.local_addr().expect("an address");
    let udp = UdpSocket::bind(address).await.expect("the same port");
    tokio::spawn(async move {
        let mut question = [0; 1500];
        while let Ok((length, from)) = udp.recv_from(&mut question).await {
            let sent = udp.send_to(&reply(&question[..length]), from).await;
            sent.expect("it is sent");
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let length = stream.read_u16().await.expect("a length");
            let mut question = vec![0; length.into()];
            stream.read_exact(&mut question).await.expect("a question");
            let answer = reply(&question);
            let length = u16::try_from(answer.len()).expect("it fits");
            stream.write_u16(length).await.expect("it is sent");
            stream.write_all(&answer).await.expect("it is sent");
        }
    });
    address
}

#[tokio::test]
async fn a_failing_name_server_says_nothing() {
    for (answer, expected) in [
        (
            (|message: &mut Message| message.metadata.response_code = ResponseCode::ServFail)
                as fn(&mut Message),
            DnsAnswer::ServerFailure,
        ),
        (|message| message.metadata.response_code = ResponseCode::Refused, DnsAnswer::Refused),
        (|message| message.metadata.response_code = ResponseCode::NotImp, DnsAnswer::ServerFailure),
        (
            |message| message.metadata.response_code = ResponseCode::FormErr,
            DnsAnswer::ServerFailure,
        ),
        // It is truncated over TCP too.
        (|message| message.metadata.truncation = true, DnsAnswer::ServerFailure),
    ] {
        let server = scripted(answer).await;
        let reply = look_up(server, "acme.com").await;
        assert_reply(&reply, expected, NAME, Finding::Unknown);
    }
}

#[tokio::test]
async fn a_no_of_somebody_who_is_not_the_zone_says_nothing() {
    // Without the SOA record of a zone.
    let server = scripted(|message| message.metadata.response_code = ResponseCode::NXDomain).await;
    let reply = look_up(server, "acme.com").await;
    assert_reply(&reply, DnsAnswer::NoSuchName, NAME, Finding::Unknown);
    let server = scripted(|_| ()).await;
    let reply = look_up(server, "acme.com").await;
    assert_reply(&reply, DnsAnswer::NoTxtRecord, NAME, Finding::Unknown);
    // A referral.
    let server = scripted(|message| {
        let name = |text: &str| Name::from_ascii(text).expect("a name");
        let data = RData::NS(NS(name("ns.example.")));
        message.add_authority(Record::from_rdata(name("com."), 60, data));
    })
    .await;
    let reply = look_up(server, "acme.com").await;
    assert_reply(&reply, DnsAnswer::ServerFailure, NAME, Finding::Unknown);
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

fn txt(owner: &str, text: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::TXT(TXT::new(vec![text.to_owned()])))
}

fn soa(owner: &str) -> Record {
    let data = SOA::new(name("ns.example."), name("admin.example."), 1, 60, 60, 60, 60);
    Record::from_rdata(name(owner), 60, RData::SOA(data))
}

#[tokio::test]
async fn a_no_counts_only_with_the_soa_record_of_a_zone_that_has_the_name() {
    for (owner, expected) in [
        ("_usher-challenge.acme.com.", Finding::Absent),
        ("ACME.com.", Finding::Absent),
        ("com.", Finding::Absent),
        (".", Finding::Absent),
        ("filter.example.", Finding::Unknown),
        ("me.com.", Finding::Unknown),
        ("www.acme.com.", Finding::Unknown),
        ("x._usher-challenge.acme.com.", Finding::Unknown),
    ] {
        for (code, answer) in [
            (ResponseCode::NXDomain, DnsAnswer::NoSuchName),
            (ResponseCode::NoError, DnsAnswer::NoTxtRecord),
        ] {
            let server = scripted(move |message: &mut Message| {
                message.metadata.response_code = code;
                message.add_authority(soa(owner));
            })
            .await;
            let reply = look_up(server, "acme.com").await;
            assert_eq!((reply.answer, reply.finding()), (answer, expected), "{owner}");
        }
    }
}

#[tokio::test]
async fn a_no_about_the_end_of_an_alias_needs_the_soa_record_of_that_zone() {
    for (owner, expected) in [("vendor.example.", Finding::Absent), ("acme.com.", Finding::Unknown)]
    {
        let server = scripted(move |message: &mut Message| {
            if *message.queries[0].name() == name("_usher-challenge.acme.com.") {
                let data = RData::CNAME(CNAME(name("proofs.vendor.example.")));
                let alias = Record::from_rdata(message.queries[0].name().clone(), 60, data);
                message.add_answer(alias);
            } else {
                message.metadata.response_code = ResponseCode::NXDomain;
                message.add_authority(soa(owner));
            }
        })
        .await;
        let reply = look_up(server, "acme.com").await;
        assert_eq!(reply.finding(), expected, "{owner} {reply:?}");
    }
}

#[tokio::test]
async fn a_record_of_another_name_in_the_answer_proves_nothing() {
    let alone = scripted(|message| {
        message.add_answer(txt("other.acme.com.", VALUE));
    });
    let reply = look_up(alone.await, "acme.com").await;
    assert_reply(&reply, DnsAnswer::NoTxtRecord, NAME, Finding::Unknown);

    let beside = scripted(|message| {
        message.add_answer(txt("_Usher-Challenge.ACME.com.", "v=own"));
        message.add_answer(txt("other.acme.com.", VALUE));
        message.add_additional(txt("_usher-challenge.acme.com.", VALUE));
    });
    let reply = look_up(beside.await, "acme.com").await;
    assert_reply(&reply, DnsAnswer::OtherRecords, NAME, Finding::Absent);
    assert_eq!(reply.records, ["v=own"]);
}

#[tokio::test]
async fn the_record_at_the_end_of_an_alias_in_the_same_answer_is_the_record() {
    for (owner, expected) in [
        ("Proofs.Vendor.example.", DnsAnswer::Found),
        ("other.vendor.example.", DnsAnswer::OtherRecords),
    ] {
        let server = scripted(move |message: &mut Message| {
            let data = RData::CNAME(CNAME(name("proofs.vendor.example.")));
            message.add_answer(Record::from_rdata(name("_usher-challenge.acme.com."), 60, data));
            message.add_answer(txt("proofs.vendor.example.", "v=own"));
            message.add_answer(txt(owner, VALUE));
        })
        .await;
        let reply = look_up(server, "acme.com").await;
        assert_eq!(reply.answer, expected, "{owner} {reply:?}");
    }
}

#[tokio::test]
async fn a_failure_at_the_registrable_domain_is_no_no_and_the_own_answer_is_shown() {
    for (code, at_parent) in
        [(ResponseCode::ServFail, "failing"), (ResponseCode::NXDomain, "no SOA")]
    {
        let server = scripted(move |message: &mut Message| {
            let asked = message.queries[0].name().clone();
            if asked == name("_usher-challenge.acme.com.") {
                message.metadata.response_code = code;
            } else {
                message.add_answer(txt(&asked.to_string(), "another"));
            }
        })
        .await;
        let reply = look_up(server, "eu.acme.com").await;
        let own = "_usher-challenge.eu.acme.com";
        assert_reply(&reply, DnsAnswer::OtherRecords, own, Finding::Unknown);
        assert_eq!(reply.records, ["another"], "{at_parent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_does_not_answer_times_out() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    let reply = look_up(address, "acme.com").await;
    assert_reply(&reply, DnsAnswer::TimedOut, NAME, Finding::Unknown);
}

#[tokio::test]
async fn another_name_server_answers_if_one_fails() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let server = name_server().await;
    server.add(NAME, VALUE).await.expect("a name");
    let both = format!("{},{}", silent.local_addr().expect("an address"), server.address());
    let dns = Dns::new(Some(NameServers::parse(&both).expect("two addresses")));
    assert_eq!(dns.look_up(&challenge("acme.com")).await.answer, DnsAnswer::Found);
}

/// Looks up the record of acme.com at two name servers.
async fn look_up_at(servers: [SocketAddr; 2]) -> Reply {
    let [one, two] = servers;
    let dns = Dns::new(Some(NameServers::parse(&format!("{one},{two}")).expect("two addresses")));
    dns.look_up(&challenge("acme.com")).await
}

#[tokio::test]
async fn a_name_server_that_refuses_does_not_speak_for_another_one() {
    let with_record = name_server().await;
    with_record.add(NAME, VALUE).await.expect("a name");
    let without = name_server().await;
    for code in [ResponseCode::Refused, ResponseCode::ServFail, ResponseCode::NXDomain] {
        // The last one is a "no" without an SOA record.
        let useless =
            scripted(move |message: &mut Message| message.metadata.response_code = code).await;
        for (other, answer, finding) in [
            (with_record.address(), DnsAnswer::Found, Finding::Present),
            (without.address(), DnsAnswer::NoSuchName, Finding::Absent),
        ] {
            for servers in [[useless, other], [other, useless]] {
                assert_reply(&look_up_at(servers).await, answer, NAME, finding);
            }
        }
    }
}

#[tokio::test]
async fn a_question_fails_if_all_name_servers_fail_and_the_best_answer_is_shown() {
    let answering = async |code: ResponseCode| {
        scripted(move |message: &mut Message| message.metadata.response_code = code).await
    };
    let refusing = answering(ResponseCode::Refused).await;
    let failing = answering(ResponseCode::ServFail).await;
    let denying = answering(ResponseCode::NXDomain).await;
    for (servers, answer) in [
        ([refusing, failing], DnsAnswer::Refused),
        ([failing, refusing], DnsAnswer::Refused),
        ([failing, failing], DnsAnswer::ServerFailure),
        ([denying, refusing], DnsAnswer::NoSuchName),
    ] {
        assert_reply(&look_up_at(servers).await, answer, NAME, Finding::Unknown);
    }
}

#[tokio::test]
async fn a_domain_whose_own_record_would_have_too_long_a_name_has_that_of_its_parent() {
    let label = "a".repeat(63);
    let parent = format!("{}.com", "a".repeat(57));
    let longest = format!("{label}.{label}.{label}.{parent}");
    let server = name_server().await;
    let at_parent = record_name(&parent);
    assert_eq!(name_to_add(&domain(&longest)), at_parent);
    assert_eq!(name_to_add(&domain("eu.acme.com")), "_usher-challenge.eu.acme.com");
    let looked_up = async || {
        let asked = Challenge::new(domain(&longest), token(TOKEN), None);
        Dns::new(Some(NameServers::from(server.address()))).look_up(&asked).await
    };
    let reply = looked_up().await;
    assert_reply(&reply, DnsAnswer::NoSuchName, &at_parent, Finding::Absent);
    server.add(&at_parent, VALUE).await.expect("a name");
    assert_reply(&looked_up().await, DnsAnswer::Found, &at_parent, Finding::Present);
    server.remove(&at_parent).await.expect("a name");
    assert_eq!(looked_up().await.finding(), Finding::Absent);
}

#[test]
fn name_servers_are_addresses_with_or_without_ports() {
    for (text, expected) in [
        ("192.0.2.53", "192.0.2.53"),
        ("192.0.2.53:53", "192.0.2.53"),
        (" 192.0.2.53:5353 , [2001:db8::53]:53", "192.0.2.53:5353,2001:db8::53"),
        ("2001:db8::53", "[2001:db8::53]:53"),
    ] {
        assert_eq!(NameServers::parse(text), NameServers::parse(expected), "{text}");
        assert!(NameServers::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        " ",
        "ns.example",
        "192.0.2.53:0",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "192.0.2.53,",
        "1.2.3",
    ] {
        let refused = NameServers::parse(text);
        assert!(matches!(refused, Err(NameServersError::NotAnAddress(_))), "{text}: {refused:?}");
    }
    let four = ["192.0.2.53"; 4].join(",");
    assert_eq!(NameServers::parse(&four), Err(NameServersError::TooMany));
}
