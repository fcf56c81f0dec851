//! What is tried: each entry path, each operation that writes, the hourly run, and the publisher.

use functions::{Entry, Function};
use serde_json::{Value, json};
use shared::clients::Waits;

use super::cells::Base;
use crate::audit;
use crate::support::{pool_user, trigger_event, verified};

/// Something that Usher is asked for, and who appears after it.
pub(super) struct Scenario {
    pub(super) what: String,
    pub(super) function: &'static Function,
    pub(super) event: Value,
    /// The event of the token afterwards. `$new` stands for the user who was created.
    pub(super) token: Value,
    /// Whether it takes several transactions, or another service too, so that a part of it can be done.
    pub(super) has_parts: bool,
}

impl Scenario {
    /// Whether Cognito waits for the answer.
    pub(super) fn is_trigger(&self) -> bool {
        matches!(self.function.entry, Entry::Trigger(_))
    }

    /// Whether a user appears.
    pub(super) fn is_entry_path(&self) -> bool {
        self.is_trigger() || self.what.starts_with("createUser")
    }

    /// The user whom it creates in a pool of so many.
    pub(super) fn created(&self, users: usize) -> Option<Value> {
        if !self.what.starts_with("createUser") {
            return None;
        }
        let body: Value = self.event["body"].as_str()?.parse().expect("JSON");
        let email = body["primaryEmail"].as_str()?;
        let name = body["username"].as_str().unwrap_or(email);
        Some(pool_user(&format!("sub-{}", users + 1), name, email, true))
    }

    /// Whether it asks DNS, over a network.
    pub(super) fn asks_dns(&self) -> bool {
        ["verify-email-domain", "check-email-domains"].contains(&self.function.name)
    }

    /// How long its function waits for AWS.
    pub(super) fn waits(&self) -> Waits {
        if self.is_trigger() { Waits::TRIGGER } else { Waits::HTTP }
    }
}

/// All of them.
pub(super) fn all(base: &Base) -> Vec<Scenario> {
    let cases = audit::cases(&base.roles);
    let of_audit = cases.into_iter().map(|it| (it.operation, it.address, it.body));
    let more = [
        ("createUser", "/users", json!({ "primaryEmail": "zoe@a.example" })),
        ("removeMember", "/organizations/acme/users/pat", Value::Null),
        ("deleteUser", "/users/pat", Value::Null),
    ];
    let more = more.map(|(operation, address, body)| (operation, address.to_owned(), body));
    let operations = of_audit.chain(more).map(|(operation, address, body)| {
        let (function, event) = audit::request(operation, &address, &body);
        Scenario {
            what: format!("{operation} {body}"),
            function,
            event,
            token: next(operation, &address, &body),
            has_parts: matches!(
                operation,
                "addMembers"
                    | "replaceMembers"
                    | "assignMemberRoles"
                    | "createUser"
                    | "deleteUser"
                    | "deleteOrganization"
            ),
        }
    });
    let of = |what: &str, name, event, has_parts| Scenario {
        what: what.to_owned(),
        function: functions::function(name).expect("a function"),
        event,
        token: token("kim", "kim@b.example"),
        has_parts,
    };
    let others = [
        of("the hourly check of domains", "check-email-domains", json!({}), false),
        of("the publisher", "publish-events", json!({ "Records": base.records }), true),
    ];
    triggers().into_iter().chain(operations).chain(others).collect()
}

/// The user who appears after an operation.
fn next(operation: &str, address: &str, body: &Value) -> Value {
    if operation.ends_with("SsoConnector") || operation.ends_with("SsoConnectors") {
        return federated();
    }
    let named = ["ann", "bob", "joe", "pat"].into_iter();
    let mut named = named.filter(|name| address.contains(&format!("/{name}")));
    if operation == "createUser" {
        // The first sign-in, with the temporary password.
        let email = body["primaryEmail"].as_str().expect("an address");
        let source = "TokenGeneration_NewPasswordChallenge";
        return trigger_event("2", source, &verified("$new", email));
    }
    let user = named.next().unwrap_or("kim");
    token(user, &format!("{user}@a.example"))
}

fn token(user: &str, email: &str) -> Value {
    trigger_event("2", "TokenGeneration_Authentication", &verified(user, email))
}

/// A token of a user who has come from an identity provider.
fn federated() -> Value {
    let identity =
        json!([{ "providerName": "Okta", "providerType": "SAML", "userId": "fred@okta" }]);
    let attributes = json!({
        "sub": "fred",
        "email": "fred@elsewhere.example",
        "email_verified": "false",
        "cognito:user_status": "EXTERNAL_PROVIDER",
        "identities": identity.to_string(),
    });
    trigger_event("2", "TokenGeneration_HostedAuth", &attributes)
}

fn triggers() -> Vec<Scenario> {
    let of = |what: &str, name: &str, event: Value, token: Value| Scenario {
        what: what.to_owned(),
        function: functions::function(name).expect("a function"),
        event,
        token,
        has_parts: false,
    };
    let sign_up = |what: &str, user: &str, email: &str| {
        let attributes = verified(user, email);
        let event = trigger_event("1", "PostConfirmation_ConfirmSignUp", &attributes);
        of(what, "post-confirmation", event, token(user, email))
    };
    let sign_in = |what: &str, event: Value| of(what, "pre-token-generation", event.clone(), event);
    let first = trigger_event(
        "2",
        "TokenGeneration_NewPasswordChallenge",
        &verified("new", "new@a.example"),
    );
    vec![
        sign_up("a sign-up that joins", "new", "new@a.example"),
        sign_up("a sign-up that asks to join", "new", "new@c.example"),
        sign_up("a sign-up with a removed address", "new", "gone@a.example"),
        sign_up("a sign-up that joins nothing", "new", "new@nowhere.example"),
        of("a first sign-in", "pre-token-generation", first, token("new", "new@a.example")),
        sign_in("a token by which a user joins", token("kim", "kim@a.example")),
        sign_in("a token of a member", token("pat", "p@a.example")),
        sign_in("a token of a member with a new address", token("pat", "pat@c.example")),
        sign_in("a token of a federated user", federated()),
        sign_in("a token of a removed member", token("bob", "bob@a.example")),
        sign_in("a token of a user who has asked", token("ann", "ann@a.example")),
    ]
}

/// The event for the user whom an answer is about.
pub(super) fn about(event: &Value, user: &str) -> Value {
    event.to_string().replace("$new", user).parse().expect("JSON")
}
