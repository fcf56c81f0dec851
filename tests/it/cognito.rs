//! A user signs up at a Cognito emulator with an ordinary client

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cognitoidentityprovider::types::{
    AttributeType, AuthFlowType, MessageActionType, UsernameAttributeType, VerifiedAttributeType,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::capabilities::Policies;
use shared::console::Console;
use tempfile::TempDir;
use usher_local::{DynamoDb, Local, Options};

const EMULATOR: &str = "infra/local/cognito/start.cjs";
const CODE: &str = "123456";
const PASSWORD: &str = "Correct-Horse-9";

/// Every server on a free port, each knowing the others: the emulator calls the triggers where the
/// Invoke API listens, and Usher finds users in a pool of the emulator's.
struct Stack {
    usher: Local,
    cognito: Emulator,
    pool: String,
    app: String,
}

impl Stack {
    async fn start() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // The emulator chooses the pool's id, so the port of the triggers is settled before it starts.
        let lambda = free_address();
        let cognito = Emulator::start(lambda);
        let (pool, app) = cognito.create_pool().await;
        let options = Options {
            http: any,
            dynamodb: DynamoDb::Embedded { address: any, file: None },
            lambda,
            dns: any,
            name_servers: None,
            policies: Policies::default(),
            user_pool: Some((format!("http://{}", cognito.address), pool.clone())),
            console: Console::default(),
        };
        let usher = Local::start(options).await.expect("usher-local starts");
        Self { usher, cognito, pool, app }
    }

    /// Creates an organization that lists a domain.
    fn organization(&self, id: &str, domain: &str) {
        let organization = json!({ "id": id, "name": id });
        assert_eq!(self.ask("POST", "/organizations", &organization).0, 201);
        let path = format!("/organizations/{id}/jit/email-domains");
        assert_eq!(self.ask("POST", &path, &json!({ "emailDomain": domain })).0, 201);
    }

    /// Signs a user up with this address and confirms it, and answers the user's `sub`.
    async fn sign_up(&self, email: &str, attributes: &[(&str, &str)]) -> String {
        let client = self.cognito.client();
        let attributes = attributes
            .iter()
            .map(|(name, value)| AttributeType::builder().name(*name).value(*value).build())
            .collect::<Result<_, _>>()
            .expect("attributes");
        let signed_up = client
            .sign_up()
            .client_id(&self.app)
            .username(email)
            .password(PASSWORD)
            .set_user_attributes(Some(attributes))
            .send()
            .await
            .expect("the user signs up");
        client
            .confirm_sign_up()
            .client_id(&self.app)
            .username(email)
            .confirmation_code(CODE)
            .send()
            .await
            .expect("the user is confirmed");
        signed_up.user_sub
    }

    /// Signs a user in, and answers the claims of the ID token.
    async fn sign_in(&self, email: &str) -> Value {
        let signed_in = self
            .cognito
            .client()
            .initiate_auth()
            .auth_flow(AuthFlowType::UserPasswordAuth)
            .client_id(&self.app)
            .auth_parameters("USERNAME", email)
            .auth_parameters("PASSWORD", PASSWORD)
            .send()
            .await
            .expect("the user signs in");
        let tokens = signed_in.authentication_result.expect("tokens");
        claims(&tokens.id_token.expect("an ID token"))
    }

    /// Creates a user in the pool alone: Usher is not told.
    async fn create_in_pool(&self, email: &str) -> String {
        let created = self
            .cognito
            .client()
            .admin_create_user()
            .user_pool_id(&self.pool)
            .username(email)
            .message_action(MessageActionType::Suppress)
            .send()
            .await
            .expect("the user is created");
        let attributes = created.user.expect("a user").attributes.unwrap_or_default();
        let sub = attributes.into_iter().find(|attribute| attribute.name == "sub");
        sub.and_then(|sub| sub.value).expect("a sub")
    }

    /// Sends a request over a connection of its own, and answers status and body.
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.usher.addresses().http).expect("a connection");
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), serde_json::from_str(body).unwrap_or_default())
    }
}

/// An address on which nothing listens. Its port is below those that the system gives for port 0.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 1_000).expect("below 1,000") * 10;
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// A process of `cognito-local` in a folder of its own.
struct Emulator {
    process: Child,
    address: String,
    // Kept open: a process that writes into a closed pipe ends.
    _output: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Emulator {
    fn start(lambda: SocketAddr) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(EMULATOR);
        assert!(script.exists(), "{EMULATOR} is missing: run `make test`, which installs it");

        let folder = TempDir::new().expect("a folder");
        let config = json!({
            "LambdaClient": { "endpoint": format!("http://{lambda}") },
            "TriggerFunctions": {
                "PostConfirmation": "post-confirmation",
                "PreTokenGeneration": "pre-token-generation",
            },
        });
        std::fs::create_dir(folder.path().join(".cognito")).expect("a folder");
        std::fs::write(folder.path().join(".cognito/config.json"), config.to_string())
            .expect("a file");
        let mut process = Command::new("node")
            .arg(script)
            .current_dir(&folder)
            .envs([("HOST", "127.0.0.1"), ("PORT", "0"), ("CODE", CODE)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is installed");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut address = None;
        while address.is_none() {
            let mut line = String::new();
            let read = output.read_line(&mut line).expect("UTF-8");
            assert_ne!(read, 0, "cognito-local ended before it was ready");
            address = line.split_once("running on http://").map(|(_, rest)| {
                rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect()
            });
        }
        Self { process, address: address.expect("an address"), _output: output, _folder: folder }
    }

    /// Creates a user pool and an app client, and answers their ids.
    async fn create_pool(&self) -> (String, String) {
        let client = self.client();
        let pool = client
            .create_user_pool()
            .pool_name("users")
            .username_attributes(UsernameAttributeType::Email)
            .auto_verified_attributes(VerifiedAttributeType::Email)
            .send()
            .await
            .expect("a user pool")
            .user_pool
            .and_then(|pool| pool.id)
            .expect("an id");
        let app = client
            .create_user_pool_client()
            .user_pool_id(&pool)
            .client_name("app")
            .send()
            .await
            .expect("an app client")
            .user_pool_client
            .and_then(|app| app.client_id)
            .expect("an id");
        (pool, app)
    }

    fn client(&self) -> Client {
        let config = aws_sdk_cognitoidentityprovider::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{}", self.address))
            .build();
        Client::from_conf(config)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Either fails only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The claims of a token, which nobody verifies here.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("header, payload and signature");
    let mut base64 = payload.replace('-', "+").replace('_', "/");
    base64.extend(std::iter::repeat_n('=', (4 - base64.len() % 4) % 4));
    let json = aws_smithy_types::base64::decode(base64).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}

// These tests block their own thread now and then; the servers have others.

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_signs_up_with_a_verified_address_is_found_as_a_member() {
    let stack = Stack::start().await;
    let (_, role) = stack.ask("POST", "/organization-roles", &json!({ "name": "Engineer" }));
    let role = json!({ "id": role["id"], "name": role["name"] });
    let organization = json!({ "id": "acme", "name": "Acme" });
    assert_eq!(stack.ask("POST", "/organizations", &organization).0, 201);
    let domain = json!({ "emailDomain": "acme.example" });
    assert_eq!(stack.ask("POST", "/organizations/acme/jit/email-domains", &domain).0, 201);
    let roles = json!({ "organizationRoleIds": [role["id"]] });
    assert_eq!(stack.ask("PUT", "/organizations/acme/jit/roles", &roles).0, 204);

    let user = stack.sign_up("jane@acme.example", &[("email_verified", "true")]).await;

    let path = format!("/users/{user}/organizations");
    let (status, body) = stack.ask("GET", &path, &Value::Null);
    let joined_at = body[0]["joinedAt"].as_str().unwrap_or_default();
    joined_at.parse::<Timestamp>().expect("RFC 3339");
    let membership = json!({
        "id": "acme",
        "name": "Acme",
        "description": null,
        "organizationRoles": [role],
        "joinedAt": joined_at,
        "provenance": {
            "rule": "email_domain",
            "emailDomain": "acme.example",
            "entryPath": "PostConfirmation",
        },
    });
    assert_eq!((status, &body), (200, &json!([membership])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_signs_up_with_an_unverified_address_is_no_member_of_anything() {
    let stack = Stack::start().await;
    stack.organization("acme", "acme.example");

    let user = stack.sign_up("jane@acme.example", &[]).await;

    let path = format!("/users/{user}/organizations");
    assert_eq!(stack.ask("GET", &path, &Value::Null), (200, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_carries_the_claims_of_its_moment() {
    let stack = Stack::start().await;
    stack.organization("acme", "acme.example");
    let (_, role) = stack.ask("POST", "/organization-roles", &json!({ "name": "Engineer" }));
    let roles = json!({ "organizationRoleIds": [role["id"]] });
    assert_eq!(stack.ask("PUT", "/organizations/acme/jit/roles", &roles).0, 204);
    stack.sign_up("jane@acme.example", &[("email_verified", "true")]).await;
    let memberships = |claims: &Value| {
        let list = |name: &str| {
            let text = claims[name].as_str().unwrap_or_else(|| panic!("no {name}: {claims:#}"));
            serde_json::from_str::<Value>(text).expect("JSON within a string, as in version 1")
        };
        (list("organizations"), list("organization_roles"))
    };

    let claims = stack.sign_in("jane@acme.example").await;
    assert_eq!(memberships(&claims), (json!(["acme"]), json!(["acme:Engineer"])));
    assert_eq!(claims["email"], "jane@acme.example");

    stack.organization("umbrella", "acme.example");
    let claims = stack.sign_in("jane@acme.example").await;
    assert_eq!(memberships(&claims), (json!(["acme", "umbrella"]), json!(["acme:Engineer"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_through_the_api_is_a_member_before_the_first_sign_in_until_deleted() {
    let stack = Stack::start().await;
    stack.organization("acme", "acme.example");
    let body = json!({ "primaryEmail": "joe@acme.example", "name": "Joe" });

    let (status, created) = stack.ask("POST", "/users", &body);

    let id = created["id"].as_str().expect("an id");
    let at = created["createdAt"].as_str().expect("a moment");
    at.parse::<Timestamp>().expect("RFC 3339");
    let user = json!({
        "id": id,
        "username": id,
        "primaryEmail": "joe@acme.example",
        "emailVerified": true,
        "name": "Joe",
        "status": "FORCE_CHANGE_PASSWORD",
        "createdAt": at,
    });
    let joined_at = created["organizations"][0]["joinedAt"].as_str().expect("a moment");
    let organizations = json!([{
        "id": "acme",
        "name": "acme",
        "description": null,
        "organizationRoles": [],
        "joinedAt": joined_at,
        "provenance": {
            "rule": "email_domain",
            "emailDomain": "acme.example",
            "entryPath": "ManagementApi",
        },
    }]);
    let mut expected = user.clone();
    expected["provisioned"] = true.into();
    expected["organizations"] = organizations.clone();
    assert_eq!((status, &created), (201, &expected));
    let path = format!("/users/{id}");
    let memberships = format!("/users/{id}/organizations");
    assert_eq!(stack.ask("GET", &memberships, &Value::Null), (200, organizations));
    assert_eq!(stack.ask("GET", &path, &Value::Null), (200, user));
    let (status, taken) = stack.ask("POST", "/users", &body);
    assert_eq!((status, &taken["code"]), (422, &json!("user.exists")));

    assert_eq!(stack.ask("DELETE", &path, &Value::Null), (204, Value::Null));

    for method in ["GET", "DELETE"] {
        let (status, problem) = stack.ask(method, &path, &Value::Null);
        assert_eq!((status, &problem["code"]), (404, &json!("user.not_found")));
    }
    assert_eq!(stack.ask("GET", &memberships, &Value::Null), (200, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_only_the_pool_knows_can_be_made_a_member_by_hand() {
    const MEMBERS: &str = "/organizations/acme/users";

    let stack = Stack::start().await;
    stack.organization("acme", "acme.example");
    let user = stack.create_in_pool("kim@elsewhere.example").await;

    assert_eq!(stack.ask("POST", MEMBERS, &json!({ "userIds": [user] })).0, 201);

    let (status, members) = stack.ask("GET", MEMBERS, &Value::Null);
    // Nobody has verified the address.
    let member = json!({
        "id": user,
        "primaryEmail": null,
        "username": user,
        "organizationRoles": [],
        "joinedAt": members[0]["joinedAt"],
        "provenance": { "rule": "api", "entryPath": "ManagementApi" },
    });
    assert_eq!((status, &members), (200, &json!([member])));
    let unknown = json!({ "userIds": [user, "nobody"] });
    let (status, problem) = stack.ask("POST", MEMBERS, &unknown);
    assert_eq!((status, &problem["code"]), (422, &json!("user.unknown")));
    assert_eq!(problem["errors"][0]["pointer"], "/userIds/1");
}
