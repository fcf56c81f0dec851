//! A user signs up at a Cognito emulator with an ordinary client

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cognitoidentityprovider::types::{
    AttributeType, UsernameAttributeType, VerifiedAttributeType,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::public_mailbox::MailboxPolicy;
use tempfile::TempDir;
use usher_local::{Local, Options};

const EMULATOR: &str = "infra/local/cognito/node_modules/cognito-local/lib/bin/start.js";
const CODE: &str = "123456";

/// Every server on a free port, the emulator calling the trigger where the Invoke API listens.
struct Stack {
    usher: Local,
    cognito: Emulator,
}

impl Stack {
    async fn start() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options {
            http: any,
            dynamodb: any,
            lambda: any,
            database: None,
            mailbox_policy: MailboxPolicy::default(),
            user_pool: None,
        };
        let usher = Local::start(options).await.expect("usher-local starts");
        let cognito = Emulator::start(usher.addresses().lambda);
        Self { usher, cognito }
    }

    /// Signs a user up with this address and confirms it, and answers the user's `sub`.
    async fn sign_up(&self, email: &str, attributes: &[(&str, &str)]) -> String {
        let client = self.cognito.client();
        let pool = client
            .create_user_pool()
            .pool_name("users")
            .username_attributes(UsernameAttributeType::Email)
            .auto_verified_attributes(VerifiedAttributeType::Email)
            .send()
            .await
            .expect("a user pool")
            .user_pool
            .and_then(|pool| pool.id);
        let app = client
            .create_user_pool_client()
            .set_user_pool_id(pool)
            .client_name("app")
            .send()
            .await
            .expect("an app client")
            .user_pool_client
            .and_then(|app| app.client_id);

        let attributes = attributes
            .iter()
            .map(|(name, value)| AttributeType::builder().name(*name).value(*value).build())
            .collect::<Result<_, _>>()
            .expect("attributes");
        let signed_up = client
            .sign_up()
            .set_client_id(app.clone())
            .username(email)
            .password("Correct-Horse-9")
            .set_user_attributes(Some(attributes))
            .send()
            .await
            .expect("the user signs up");
        client
            .confirm_sign_up()
            .set_client_id(app)
            .username(email)
            .confirmation_code(CODE)
            .send()
            .await
            .expect("the user is confirmed");
        signed_up.user_sub
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
            "TriggerFunctions": { "PostConfirmation": "post-confirmation" },
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
    let organization = json!({ "id": "acme", "name": "Acme" });
    assert_eq!(stack.ask("POST", "/organizations", &organization).0, 201);
    let domain = json!({ "emailDomain": "acme.example" });
    assert_eq!(stack.ask("POST", "/organizations/acme/jit/email-domains", &domain).0, 201);

    let user = stack.sign_up("jane@acme.example", &[]).await;

    let path = format!("/users/{user}/organizations");
    assert_eq!(stack.ask("GET", &path, &Value::Null), (200, json!([])));
}
