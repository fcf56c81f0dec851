//! The users of a recorded pool, and Cognito's answers about them. The rules and the errors' words
//! are those of AWS, as its reference describes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};

use super::pool::pool_user;

/// How the users of a pool sign in, which AWS fixes when the pool is created.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SignIn {
    /// By a name of any form.
    Name,
    /// By the address (`UsernameAttributes`). The user name is the `sub`.
    Address,
    /// By a name, or by the address as its alias (`AliasAttributes`).
    AddressAlias,
}

/// The calls of `ListUsers` that AWS takes in a second, for all pools of an account and region.
const LISTINGS_A_SECOND: usize = 30;

/// An answer: the status, and the body.
pub(super) type Said = (u16, Value);

/// The users of a pool.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) sign_in: SignIn,
    pub(super) users: Vec<Value>,
    /// The number of the last user who was created.
    pub(super) numbered: usize,
    /// The identity providers: the type of each, by name.
    pub(super) providers: Vec<(String, &'static str)>,
    /// The users whom `ListUsers` shows, if the list lags behind.
    pub(super) listed: Option<Vec<Value>>,
    /// The world's time, and the times of the last listings, if AWS's quota holds.
    pub(super) quota: Option<(Arc<AtomicI64>, VecDeque<i64>)>,
}

impl Directory {
    /// The answer to a call.
    pub(super) fn answer(&mut self, operation: &str, request: &Value) -> Said {
        let name = request["Username"].as_str().unwrap_or_default();
        match operation {
            "ListUsers" => self.list(request),
            "AdminGetUser" => match self.place_of(name) {
                Some(place) => (200, as_got(&self.users[place])),
                None => not_found(),
            },
            "AdminDeleteUser" => match self.place_of(name) {
                Some(place) => {
                    self.users.remove(place);
                    (200, json!({}))
                }
                None => not_found(),
            },
            "AdminCreateUser" => self.create(name, request),
            "DescribeIdentityProvider" => self.provider(request),
            "DescribeUserPool" => (200, description(self.sign_in)),
            other => panic!("{other} is not imitated"),
        }
    }

    fn provider(&self, request: &Value) -> Said {
        let name = request["ProviderName"].as_str().expect("a name");
        assert!((1..=32).contains(&name.chars().count()), "AWS takes no other name: {name}");
        match self.providers.iter().find(|(known, _)| known == name) {
            Some((name, kind)) => {
                let found = json!({ "ProviderName": name, "ProviderType": kind });
                (200, json!({ "IdentityProvider": found }))
            }
            None => {
                let message = format!("Identity provider {name} does not exist.");
                refused("ResourceNotFoundException", &message)
            }
        }
    }

    /// A page of the users whom a filter finds by `sub` or `email`. AWS compares both exactly.
    fn list(&mut self, request: &Value) -> Said {
        if let Some((time, listings)) = &mut self.quota {
            let now = time.load(Ordering::Relaxed);
            listings.retain(|at| now - at < 1_000);
            if listings.len() >= LISTINGS_A_SECOND {
                return refused("TooManyRequestsException", "Rate exceeded");
            }
            listings.push_back(now);
        }
        let filter = request["Filter"].as_str().expect("a filter");
        assert!(filter.chars().count() <= 256, "AWS takes no longer filter: {filter}");
        let (filter, is_prefix) = (filter.replacen("^=", "=", 1), filter.contains(" ^= "));
        let (attribute, value) = filter.split_once(" = ").expect("a match");
        assert!(["sub", "email"].contains(&attribute), "{filter}");
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let Some(value) = value.filter(|value| !value.contains(['"', '\\'])) else {
            return refused("InvalidParameterException", "Error while parsing filter.");
        };
        let users = self.listed.as_ref().unwrap_or(&self.users);
        let is_asked_for = |user: &&Value| match of(user, attribute) {
            found if is_prefix => found.starts_with(value),
            found => found == value,
        };
        let found: Vec<_> = users.iter().filter(is_asked_for).collect();
        let (limit, start) = (request["Limit"].as_u64(), request["PaginationToken"].as_str());
        let limit = usize::try_from(limit.expect("a limit")).expect("a small number");
        assert!((1..=60).contains(&limit), "AWS takes no other limit: {limit}");
        let start = start.map_or(0, |start| start.parse().expect("a token of this list"));
        let mut page = json!({ "Users": found.iter().skip(start).take(limit).collect::<Vec<_>>() });
        if found.len() > start + limit {
            page["PaginationToken"] = (start + limit).to_string().into();
        }
        (200, page)
    }

    /// The user whom AWS finds by a name: the one with this user name, or else a user of the pool
    /// itself with this `sub`, or else the one with this address.
    fn place_of(&self, name: &str) -> Option<usize> {
        let place = |is: &dyn Fn(&Value) -> bool| self.users.iter().position(is);
        let has_alias = |user: &Value| match self.sign_in {
            SignIn::Name => false,
            SignIn::Address => of(user, "email") == name,
            SignIn::AddressAlias => {
                of(user, "email") == name && of(user, "email_verified") == "true"
            }
        };
        place(&|user| user["Username"] == name)
            .or_else(|| place(&|user| of(user, "sub") == name && is_native(user)))
            .or_else(|| place(&has_alias))
    }

    fn create(&mut self, name: &str, request: &Value) -> Said {
        let has_address = name.contains('@');
        match self.sign_in {
            SignIn::Address if !has_address => {
                return refused("InvalidParameterException", "Username should be an email.");
            }
            SignIn::AddressAlias if has_address => {
                return refused(
                    "InvalidParameterException",
                    "Username cannot be of email format, since user pool is configured for email \
                     alias.",
                );
            }
            _ => {}
        }
        let attribute = |wanted: &str| {
            let attributes = request["UserAttributes"].as_array().expect("attributes");
            let found = attributes.iter().find(|attribute| attribute["Name"] == wanted);
            found.and_then(|found| found["Value"].as_str()).unwrap_or_default()
        };
        let (email, verified) = (attribute("email"), attribute("email_verified") == "true");
        let taken = |user: &Value| {
            self.sign_in == SignIn::Address && of(user, "email") == email
                || user["Username"] == name
        };
        if self.users.iter().any(taken) {
            return refused("UsernameExistsException", "User account already exists");
        }
        let is_alias_of =
            |user: &Value| of(user, "email") == email && of(user, "email_verified") == "true";
        if self.sign_in == SignIn::AddressAlias && verified && self.users.iter().any(is_alias_of) {
            return refused("AliasExistsException", "An account with the email already exists.");
        }
        // No two users ever have the same one.
        self.numbered = self.numbered.max(self.users.len()) + 1;
        let sub = format!("sub-{}", self.numbered);
        let name = if self.sign_in == SignIn::Address { &sub } else { name };
        let user = pool_user(&sub, name, email, verified);
        self.users.push(user.clone());
        (200, json!({ "User": user }))
    }
}

/// The description of a pool, with the part of it that Usher reads.
pub(super) fn description(sign_in: SignIn) -> Value {
    match sign_in {
        SignIn::Name => json!({ "UserPool": {} }),
        SignIn::Address => json!({ "UserPool": { "UsernameAttributes": ["email"] } }),
        SignIn::AddressAlias => {
            json!({ "UserPool": { "AliasAttributes": ["email", "preferred_username"] } })
        }
    }
}

/// A user as `AdminGetUser` answers one.
pub(super) fn as_got(user: &Value) -> Value {
    let mut got = user.clone();
    let parts = got.as_object_mut().expect("an object");
    let attributes = parts.remove("Attributes").expect("attributes");
    parts.insert("UserAttributes".to_owned(), attributes);
    got
}

fn of<'a>(user: &'a Value, attribute: &str) -> &'a str {
    let mut attributes = user["Attributes"].as_array().expect("attributes").iter();
    let found = attributes.find(|found| found["Name"] == attribute);
    found.and_then(|found| found["Value"].as_str()).unwrap_or_default()
}

fn is_native(user: &Value) -> bool {
    user["UserStatus"] != "EXTERNAL_PROVIDER"
}

fn not_found() -> Said {
    refused("UserNotFoundException", "User does not exist.")
}

fn refused(code: &str, message: &str) -> Said {
    (400, json!({ "__type": code, "message": message }))
}
