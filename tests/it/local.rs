//! The process `usher-local`

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Reply, ServerSentEvents, UsherLocal, World, http, trigger_event, verified};

const LIST: &str = "/organizations/acme/jit/email-domains";
const INVOKE: &str = "/2015-03-31/functions/post-confirmation/invocations";

async fn json_request(local: &UsherLocal, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    let reply = http(local.http, method, path, &headers, &body.to_string()).await;
    reply.expect("an answer")
}

async fn get(local: &UsherLocal, path: &str) -> Value {
    let reply = http(local.http, "GET", path, &[], "").await.expect("an answer");
    assert_eq!(reply.status, 200, "{reply:?}");
    serde_json::from_str(&reply.body).expect("JSON")
}

/// Creates `acme` with acme.com.
async fn furnish(local: &UsherLocal) {
    let acme = json!({ "id": "acme", "name": "Acme" });
    assert_eq!(json_request(local, "POST", "/organizations", &acme).await.status, 201);
    let domain = json!({ "emailDomain": "acme.com" });
    assert_eq!(json_request(local, "POST", LIST, &domain).await.status, 201);
}

fn sign_up(sub: &str) -> String {
    format!(
        r#"{{ "triggerSource": "PostConfirmation_ConfirmSignUp", "n": 1.0, "request": {{
        "userAttributes": {{ "sub": "{sub}", "email": "{sub}@acme.com", "email_verified": "true" }}
        }}, "response": {{}} }}"#
    )
}

async fn invoke(local: &UsherLocal, path: &str, kind: &str, event: &str) -> Reply {
    let headers: &[_] = if kind.is_empty() { &[] } else { &[("x-amz-invocation-type", kind)] };
    http(local.lambda, "POST", path, headers, event).await.expect("an answer")
}

#[tokio::test]
async fn one_line_says_where_it_accepts() {
    let local = UsherLocal::start(&[]).await;
    let UsherLocal { http, dynamodb, lambda, dns, .. } = &local;
    let ready = format!("ready http={http} dynamodb={dynamodb} lambda={lambda} dns={dns}\n");
    assert_eq!(local.ready, ready);
    let addresses = [*http, *dynamodb, *lambda, *dns];
    assert_eq!(addresses.map(|it| it.port()).into_iter().collect::<BTreeSet<_>>().len(), 4);
    for address in addresses {
        assert!(address.ip().is_loopback() && address.port() != 0, "{address}");
        TcpStream::connect(address).await.expect("it accepts");
    }
    let ended = local.signal("TERM").await;
    assert_eq!((ended.status.code(), ended.output.as_str()), (Some(0), ""));
    let warning = "usher-local: there is no authentication: use it for development only\n";
    assert!(ended.errors.contains(warning), "{}", ended.errors);
}

#[tokio::test]
async fn functions_trigger_and_table_are_about_the_same_data() {
    let local = UsherLocal::start(&[]).await;
    furnish(&local).await;

    let event = sign_up("user-1");
    let reply = invoke(&local, INVOKE, "", &event).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, event.as_str()));

    assert_eq!(get(&local, "/users/user-1/organizations").await[0]["id"], "acme");
    let items = World::items_at(local.dynamodb).await;
    assert!(items.contains_key(&("USER#user-1".to_owned(), "ORG#acme".to_owned())));
    World::assert_list_and_index_agree(&items);
}

#[tokio::test]
async fn an_event_arrives_after_a_sign_up_and_again_for_a_client_that_comes_back() {
    let local = UsherLocal::start(&[]).await;
    let mut open = ServerSentEvents::after(&local, "0").await;
    furnish(&local).await;
    invoke(&local, INVOKE, "", &sign_up("user-1")).await;
    let joined = "Organization.Membership.Created";
    let envelope = open.next_of(joined).await;
    let detail = &envelope["detail"];
    assert_eq!(
        envelope,
        json!({
            "version": "0",
            "id": envelope["id"],
            "detail-type": joined,
            "source": "usher",
            "account": "000000000000",
            "time": format!("{}Z", &detail["time"].as_str().expect("a time")[..19]),
            "region": "local",
            "resources": [],
            "detail": detail,
        })
    );
    assert_eq!((&detail["userId"], &detail["organizationId"]), (&json!("user-1"), &json!("acme")));
    // It is kept before the next change is published.
    invoke(&local, INVOKE, "", &sign_up("user-2")).await;
    let second = open.next_of(joined).await;
    assert_eq!(second["detail"]["userId"], "user-2");
    let items = World::items_at(local.dynamodb).await;
    let id = detail["id"].as_str().expect("an id").to_owned();
    assert!(items.contains_key(&("ACTIVITY#acme".to_owned(), id.clone())), "{items:#?}");

    // A client that has seen the first one gets the second one.
    let mut again = ServerSentEvents::after(&local, &id).await;
    assert_eq!(again.next_of(joined).await, second);

    // Clients that listen do not keep it from stopping.
    let ended = local.signal("TERM").await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(!ended.errors.contains("open requests were cut off"), "{}", ended.errors);
}

#[tokio::test]
async fn two_processes_share_one_table_and_one_bus() {
    let first = UsherLocal::start(&[]).await;
    let address = first.dynamodb.to_string();
    let anywhere = "127.0.0.1:0";
    let flags = ["--http", anywhere, "--lambda", anywhere, "--shared-dynamodb", &address];
    let second = UsherLocal::start_exactly(&flags).await;
    assert_eq!(second.dynamodb, first.dynamodb);
    furnish(&second).await;

    assert_eq!(get(&first, LIST).await[0]["emailDomain"], "acme.com");
    let mut events = ServerSentEvents::after(&first, "0").await;
    let added = events.next_of("Organization.EmailDomain.Added").await;
    assert_eq!(added["detail"]["emailDomain"], "acme.com");
    // The table stays when the second process ends.
    assert_eq!(second.signal("TERM").await.status.code(), Some(0));
    assert_eq!(get(&first, LIST).await[0]["emailDomain"], "acme.com");
}

#[tokio::test]
async fn a_shared_database_is_on_this_machine_and_not_beside_one_of_its_own() {
    let anywhere = "127.0.0.1:0";
    let ports = ["--http", anywhere, "--lambda", anywhere];
    let ended =
        UsherLocal::fail(&[&ports[..], &["--shared-dynamodb", "192.0.2.1:8000"]].concat()).await;
    assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), ""));
    assert!(ended.errors.contains("--shared-dynamodb 192.0.2.1:8000 is not a loopback address"));
    for own in [["--dynamodb", "127.0.0.1:0"], ["--database", "usher.db"]] {
        let shared = ["--shared-dynamodb", "127.0.0.1:8000"];
        let ended = UsherLocal::fail(&[shared, own].concat()).await;
        assert_eq!((ended.status.code(), ended.output.as_str()), (Some(2), ""), "{own:?}");
        assert!(ended.errors.contains("cannot be used with"), "{}", ended.errors);
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    for flag in ["--http", "--dynamodb", "--lambda", "--dns"] {
        for address in ["0.0.0.0:0", "192.0.2.1:8080", "[::]:0"] {
            let anywhere = "127.0.0.1:0";
            let all = ["--http", "--dynamodb", "--lambda", "--dns"];
            let flags: Vec<_> = all
                .into_iter()
                .flat_map(|it| [it, if it == flag { address } else { anywhere }])
                .collect();
            let ended = UsherLocal::fail(&flags).await;
            assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), ""), "{flags:?}");
            assert_eq!(
                ended.errors,
                format!(
                    "usher-local: {flag} {address} is not a loopback address, and there is no \
                     authentication here: use 127.0.0.1\n"
                )
            );
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = UsherLocal::fail(&["--http", &address]).await;
    assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), ""));
    let beginning =
        format!("usher-local: cannot listen on --http {address}: Address already in use");
    assert!(ended.errors.starts_with(&beginning), "{}", ended.errors);
    let ending = "; choose another port, or 0 for any free one\n";
    assert!(ended.errors.ends_with(ending), "{}", ended.errors);
}

#[tokio::test]
async fn a_flag_that_makes_no_sense_is_named() {
    let cases: [(&[&str], &str); 5] = [
        (&["--htpp", "127.0.0.1:0"], "unexpected argument '--htpp' found"),
        (&["--http", "localhost"], "invalid value 'localhost' for '--http <ADDRESS:PORT>'"),
        (&["--http"], "a value is required for '--http <ADDRESS:PORT>'"),
        (&["serve"], "unexpected argument 'serve' found"),
        (&["--public-mailbox-exceptions", "gmail.com"], "write an organization id, a colon"),
    ];
    for (flags, message) in cases {
        let ended = UsherLocal::fail(flags).await;
        assert_eq!((ended.status.code(), ended.output.as_str()), (Some(2), ""), "{flags:?}");
        assert!(ended.errors.contains(message), "{flags:?}: {}", ended.errors);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = directory.path().join("text");
    std::fs::write(&text, "not a database, but long enough to be taken for one\n".repeat(100))
        .expect("a file");
    let missing = directory.path().join("missing").join("file");
    for path in [directory.path(), &text, &missing] {
        let path = path.to_str().expect("UTF-8");
        let anywhere = "127.0.0.1:0";
        let ports = ["--http", anywhere, "--dynamodb", anywhere, "--lambda", anywhere];
        let ended = UsherLocal::fail(&[&ports[..], &["--database", path]].concat()).await;
        assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), ""), "{path}");
        let beginning = format!("usher-local: cannot open --database {path}: ");
        assert!(ended.errors.starts_with(&beginning), "{}", ended.errors);
    }
}

#[tokio::test]
async fn the_operators_exceptions_come_from_a_flag() {
    let local = UsherLocal::start(&["--public-mailbox-exceptions", "acme:gmail.com"]).await;
    furnish(&local).await;
    for (domain, status) in [("gmail.com", 201), ("gmx.de", 422)] {
        let body = json!({ "emailDomain": domain });
        assert_eq!(json_request(&local, "POST", LIST, &body).await.status, status, "{domain}");
    }
}

#[tokio::test]
async fn what_the_operator_decides_about_claims_comes_from_the_environment() {
    let variables = [("CLAIMS_BYTES", "100"), ("CLAIMS_IN", "access")];
    let local = UsherLocal::start_with(&[], &variables).await;
    furnish(&local).await;
    let event =
        trigger_event("2", "TokenGeneration_Authentication", &verified("user-1", "jane@acme.com"));
    let path = "/2015-03-31/functions/pre-token-generation/invocations";

    let reply = invoke(&local, path, "", &event.to_string()).await;

    let mut expected = event;
    expected["response"] = json!({ "claimsAndScopeOverrideDetails": { "accessTokenGeneration": {
        "claimsToAddOrOverride": { "organizations": ["acme"], "organization_roles": [] },
    }}});
    assert_eq!(serde_json::from_str::<Value>(&reply.body).expect("JSON"), expected);

    let ended = UsherLocal::fail_with(&[], &[("CLAIMS_BYTES", "10")]).await;
    assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), ""));
    let error = "usher-local: the environment variable CLAIMS_BYTES is wrong: \"10\" is not a number \
                 from 100 to 8000\n";
    assert_eq!(ended.errors, error);
}

#[tokio::test]
async fn what_the_operator_decides_about_providers_comes_from_the_environment() {
    let google = r#"[{"providerName":"Google","providerType":"Google"}]"#;
    let mut attributes = verified("user-1", "jane@acme.com");
    attributes["identities"] = json!(google);
    let event = trigger_event("1", "PostConfirmation_ConfirmSignUp", &attributes).to_string();
    for (variables, joins) in [
        (&[] as &[_], true),
        (&[("TRUSTED_PROVIDERS", "")], false),
        (&[("TRUSTED_PROVIDERS", "Google")], true),
        (&[("GOOGLE_HOSTED_DOMAIN_ATTRIBUTE", "custom:hd")], false),
    ] {
        let local = UsherLocal::start_with(&[], variables).await;
        furnish(&local).await;
        assert_eq!(invoke(&local, INVOKE, "", &event).await.status, 200);
        let held = get(&local, "/users/user-1/organizations").await;
        assert_eq!(held.as_array().map(Vec::len), Some(usize::from(joins)), "{variables:?}");
    }
}

#[tokio::test]
async fn the_questions_to_its_name_server_are_logged_only_if_somebody_asks_for_it() {
    for (variables, is_logged) in
        [(&[] as &[_], false), (&[("RUST_LOG", "hickory_server=info")], true)]
    {
        let local = UsherLocal::start_with(&[], variables).await;
        furnish(&local).await;
        let path = format!("{LIST}/acme.com/verify");
        let reply = http(local.http, "POST", &path, &[], "").await.expect("an answer");
        assert_eq!(reply.status, 200, "{reply:?}");
        let ended = local.signal("TERM").await;
        assert_eq!(ended.errors.contains("hickory_server"), is_logged, "{}", ended.errors);
    }
}

/// A connection that has carried a request and is kept open.
async fn kept_alive(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it accepts");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).await.expect("it answers");
    assert!(beginning.starts_with(b"HTTP/1.1 "), "{beginning:?}");
    stream
}

#[tokio::test]
async fn a_signal_ends_it_cleanly_even_with_idle_connections() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("usher.db");
    let path = path.to_str().expect("UTF-8");
    for (number, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let local = UsherLocal::start(&["--database", path]).await;
        if number == 0 {
            furnish(&local).await;
        }
        let mut idle = Vec::new();
        for address in [local.http, local.dynamodb, local.lambda] {
            let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
            idle.push(kept_alive(address, &request).await);
            idle.push(TcpStream::connect(address).await.expect("it accepts"));
        }

        let ended = local.signal(signal).await;

        assert_eq!((ended.status.code(), ended.output.as_str()), (Some(0), ""), "{signal}");
        assert!(!ended.errors.contains("cut off"), "{}", ended.errors);
        for mut stream in idle {
            let mut rest = Vec::new();
            let closed = stream.read_to_end(&mut rest).await.map_err(|error| error.kind());
            assert!(matches!(closed, Ok(_) | Err(ErrorKind::ConnectionReset)), "{closed:?}");
        }
    }
    let local = UsherLocal::start(&["--database", path]).await;
    assert_eq!(get(&local, LIST).await[0]["emailDomain"], "acme.com");
}

#[tokio::test]
async fn the_trigger_is_invoked_as_lambda_is() {
    let local = UsherLocal::start(&[]).await;
    furnish(&local).await;
    let event = sign_up("user-1");
    let at = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:post-confirmation";
    for name in ["post-confirmation", "post-confirmation:1", arn, &format!("{arn}:live")] {
        for name in [name.to_owned(), name.replace(':', "%3A")] {
            for kind in ["", "RequestResponse"] {
                let reply = invoke(&local, &at(&name), kind, &event).await;
                assert_eq!((reply.status, &reply.body), (200, &event), "{name} {kind}");
                assert_eq!(reply.headers["content-type"], "application/json");
                assert_eq!(reply.headers["x-amz-executed-version"], "$LATEST");
            }
        }
    }
    assert_eq!(get(&local, "/users/user-1/organizations").await[0]["id"], "acme");
}

#[tokio::test]
async fn an_invocation_that_cannot_be_is_refused_as_lambda_does() {
    let local = UsherLocal::start(&[]).await;
    let at = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    let cases = [
        ("unknown", "{}", 404, "ResourceNotFoundException"),
        ("add-email-domain", "{}", 404, "ResourceNotFoundException"),
        ("post-confirmation-2", "{}", 404, "ResourceNotFoundException"),
        ("post-confirmation", "", 400, "InvalidRequestContentException"),
        ("post-confirmation", "{", 400, "InvalidRequestContentException"),
        ("post-confirmation", "{} {}", 400, "InvalidRequestContentException"),
    ];
    for (name, body, status, kind) in cases {
        let reply = invoke(&local, &at(name), "", body).await;
        assert_eq!(reply.status, status, "{name} {body}");
        assert_eq!(reply.headers["x-amzn-errortype"], kind, "{name} {body}");
        assert_eq!(reply.headers["content-type"], "application/json");
        let error: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(error["Type"], "User");
        let message = error["Message"].as_str().expect("a message");
        let expected = match status {
            404 => format!(
                "Function not found: {name}; the functions are post-confirmation, \
                 pre-token-generation"
            ),
            _ => "Could not parse request body into json: ".to_owned(),
        };
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[tokio::test]
async fn an_event_is_taken_and_a_dry_run_does_nothing() {
    let local = UsherLocal::start(&[]).await;
    furnish(&local).await;
    let dry = invoke(&local, INVOKE, "DryRun", &sign_up("user-1")).await;
    assert_eq!((dry.status, dry.body.as_str()), (204, ""));
    let taken = invoke(&local, INVOKE, "Event", &sign_up("user-2")).await;
    assert_eq!((taken.status, taken.body.as_str()), (202, ""));
    // It is carried out at some time after the answer.
    let joined = async {
        loop {
            let memberships = get(&local, "/users/user-2/organizations").await;
            if memberships != json!([]) {
                break memberships;
            }
        }
    };
    let joined = tokio::time::timeout(Duration::from_secs(60), joined).await;
    assert_eq!(joined.expect("a membership")[0]["id"], "acme");
    assert_eq!(get(&local, "/users/user-1/organizations").await, json!([]));
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("usher.db");
    let flags = ["--database", path.to_str().expect("UTF-8")];
    let mut acknowledged = BTreeSet::from(["acme.com".to_owned()]);
    for (round, enough) in [5, 40, 90].into_iter().enumerate() {
        let mut local = Some(UsherLocal::start(&flags).await);
        let address = local.as_ref().expect("it runs").http;
        if round == 0 {
            furnish(local.as_ref().expect("it runs")).await;
        }
        let running = Cell::new(true);
        let running = &running;
        let writes = (0..1_000).map(|number| async move {
            // Its port may be somebody else's by then.
            if !running.get() {
                return None;
            }
            let domain = format!("d{number}.r{round}.example");
            let body = json!({ "emailDomain": domain }).to_string();
            let headers = [("content-type", "application/json")];
            let reply = http(address, "POST", LIST, &headers, &body).await.ok()?;
            assert_eq!(reply.status, 201, "{reply:?}");
            Some(domain)
        });
        let mut writes = stream::iter(writes).buffer_unordered(8);
        let mut count = 0;
        while let Some(written) = writes.next().await {
            acknowledged.extend(written);
            count += 1;
            if count == enough {
                // The others are on their way.
                let ended = local.take().expect("it runs").signal("KILL").await;
                assert_eq!(ended.status.code(), None, "{}", ended.errors);
                running.set(false);
            }
        }

        let local = UsherLocal::start(&flags).await;
        World::assert_list_and_index_agree(&World::items_at(local.dynamodb).await);
        let list = get(&local, LIST).await;
        let listed: BTreeSet<_> = list
            .as_array()
            .expect("a list")
            .iter()
            .map(|entry| entry["emailDomain"].as_str().expect("a domain").to_owned())
            .collect();
        let lost: Vec<_> = acknowledged.difference(&listed).collect();
        assert_eq!(lost, Vec::<&String>::new());
        // What was on its way may have arrived, unacknowledged.
        assert!(listed.len() <= acknowledged.len() + 8, "{listed:?}");
        acknowledged = listed;
    }
}
