//! What a generated world has.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use shared::domain::ownership::OwnershipState;
use shared::domain::rule::{Enrollment, RuleKind};

use super::super::rules::Way;

/// The pair of an organization and a public domain of the operator's exception.
pub(super) const EXCEPTION: &str = "acme:gmail.com";
/// The attribute with the domain of a Google account, if it counts.
pub(super) const HOSTED_DOMAIN: &str = "custom:hd";

/// Domains that organizations list: also one below another, and public ones, which the API would refuse.
const DOMAINS: [&str; 6] =
    ["acme.com", "eu.acme.com", "b.eu.acme.com", "gmail.com", "github.io", "globex.example"];
/// Addresses in these domains, below them, elsewhere, and texts that are no addresses.
const ADDRESSES: [&str; 12] = [
    "jane@acme.com",
    "Jane@EU.acme.com",
    "jane@b.eu.acme.com",
    "jane@x.y.b.eu.acme.com",
    "jane@notacme.com",
    "jane@gmail.com",
    "jane@mail.gmail.com",
    "jane@jane.github.io",
    "jane@globex.example",
    "jane@elsewhere.example",
    "\"jane\"@acme.com",
    "jane@acme.com@globex.example",
];
/// The identity providers that organizations list.
const PROVIDERS: [&str; 2] = ["okta", "entra"];

#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Whether the operator makes the [`EXCEPTION`].
    pub(super) has_exception: bool,
    /// The providers that the operator trusts.
    pub(super) trusted: &'static str,
    /// Whether the attribute [`HOSTED_DOMAIN`] counts.
    pub(super) hosted_domain_counts: bool,
    pub(super) organizations: Vec<Organization>,
    pub(super) person: Person,
}

#[derive(Clone, Debug)]
pub(super) struct Organization {
    pub(super) id: &'static str,
    pub(super) has_default_role: bool,
    pub(super) rules: Vec<Listed>,
    pub(super) past: Past,
}

/// A rule that an organization lists.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// A domain, or a provider if there is no full stop in it.
    pub(super) value: &'static str,
    pub(super) enrollment: Enrollment,
    pub(super) existing_users: Option<Enrollment>,
    /// Whether the list of roles has one, if the rule has a list of its own.
    pub(super) has_own_role: Option<bool>,
    pub(super) subdomains: bool,
    pub(super) state: OwnershipState,
    /// Whether the rule of a provider admits only addresses in listed domains.
    pub(super) is_for_listed: bool,
}

impl Listed {
    pub(super) fn kind(&self) -> RuleKind {
        if self.value.contains('.') { RuleKind::EmailDomain } else { RuleKind::SsoConnector }
    }
}

/// What was between the person and an organization before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Past {
    Stranger,
    /// A member by hand, without roles.
    Member,
    /// The person has asked to join by the domain of the address.
    Requested,
    Declined,
    /// This account was removed.
    Removed,
    /// Another account with the same proven address was removed.
    AddressRemoved,
    /// Another account with the same identity at `okta` was removed.
    IdentityRemoved,
}

/// The person, whose `sub` is `jane`.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) email: Option<&'static str>,
    pub(super) is_verified: bool,
    /// The identities, each the name and the type of the provider.
    pub(super) identities: Vec<(&'static str, &'static str)>,
    /// Whether the identities are linked to an account of the pool itself.
    pub(super) is_linked: bool,
    /// Whether only the user name says where the one identity is.
    pub(super) is_only_named: bool,
    /// The attribute [`HOSTED_DOMAIN`].
    pub(super) hosted_domain: Option<&'static str>,
    pub(super) way: Way,
}

impl Given {
    /// Whether a preview can ask about this person and this organization: a preview assumes a new account
    /// with one proven address, and at most one provider.
    pub(super) fn can_be_previewed(&self, organization: &Organization) -> bool {
        let person = &self.person;
        let is_new = match organization.past {
            Past::Stranger | Past::AddressRemoved => true,
            Past::Member
            | Past::Requested
            | Past::Declined
            | Past::Removed
            | Past::IdentityRemoved => false,
        };
        let is_at_google = person.identities.iter().any(|(name, _)| *name == "Google");
        // A preview assumes that the attribute `identities` names the provider.
        let trusted = person.provider().is_some_and(|provider| self.trusts(provider));
        is_new
            && person.is_verified
            && person.identities.len() <= 1
            && !(self.hosted_domain_counts && is_at_google)
            && !(person.is_only_named && trusted)
    }

    pub(super) fn trusts(&self, provider: &str) -> bool {
        self.trusted.split(',').any(|trusted| trusted == provider)
    }
}

impl Person {
    /// The provider that a preview can ask about.
    pub(super) fn provider(&self) -> Option<&'static str> {
        self.identities.first().map(|(name, _)| *name)
    }

    pub(super) fn user_name(&self) -> &'static str {
        match self.provider() {
            Some("okta") => "okta_jane",
            Some("entra") => "entra_jane",
            Some("staff") => "staff_jane",
            Some("Google") => "Google_jane",
            _ => "jane",
        }
    }

    pub(super) fn attributes(&self) -> Value {
        let mut attributes = json!({ "sub": "jane" });
        if let Some(email) = self.email {
            attributes["email"] = email.into();
            attributes["email_verified"] = self.is_verified.to_string().into();
        }
        if !self.identities.is_empty() {
            let status = if self.is_linked { "CONFIRMED" } else { "EXTERNAL_PROVIDER" };
            attributes["cognito:user_status"] = status.into();
            if !self.is_only_named {
                attributes["identities"] = identities(&self.identities).into();
            }
        }
        if let Some(domain) = self.hosted_domain {
            attributes[HOSTED_DOMAIN] = domain.into();
        }
        attributes
    }

    /// Whether what the user pool says about the person tells which token is the next one.
    pub(super) fn is_foreseeable(&self) -> bool {
        match self.way {
            Way::Token => true,
            Way::NewPassword => self.identities.is_empty(),
            Way::SignUp | Way::Api => false,
        }
    }

    /// The person as the user pool lists them.
    pub(super) fn in_pool(&self) -> Value {
        let usual =
            if self.way == Way::NewPassword { "FORCE_CHANGE_PASSWORD" } else { "CONFIRMED" };
        let attributes = self.attributes();
        let attributes = attributes.as_object().expect("an object").iter();
        let is_status = |name: &str| name == "cognito:user_status";
        let (status, attributes): (Vec<_>, Vec<_>) =
            attributes.partition(|(name, _)| is_status(name));
        let attributes =
            attributes.iter().map(|(name, value)| json!({ "Name": name, "Value": value }));
        json!({
            "Username": self.user_name(),
            "Attributes": Value::from_iter(attributes),
            "UserCreateDate": 1_767_225_600.0,
            "UserStatus": status.first().map_or(usual.into(), |(_, status)| (*status).clone()),
            "Enabled": true,
        })
    }
}

/// Cognito's attribute `identities`. Jane's id is the same at every provider.
pub(super) fn identities(of: &[(&str, &str)]) -> String {
    let list = of.iter().map(
        |(name, kind)| json!({ "userId": "jane", "providerName": name, "providerType": kind }),
    );
    Value::from_iter(list).to_string()
}

/// Every world.
pub(super) fn given() -> impl Strategy<Value = Given> {
    let trusted = select(vec!["Google", "Google,staff", "okta", ""]);
    let operator = (any::<bool>(), trusted, prop::bool::weighted(0.3));
    (operator, organization("acme"), organization("globex"), person()).prop_map(
        |((has_exception, trusted, hosted_domain_counts), acme, globex, person)| {
            let mut organizations = vec![acme, globex];
            organizations.iter_mut().for_each(|it| it.past = possible(it.past, &person));
            Given { has_exception, trusted, hosted_domain_counts, organizations, person }
        },
    )
}

/// What can have been between a person and an organization. A person without an address has neither
/// asked nor been added by it, and [`Way::Api`] creates an account.
fn possible(past: Past, person: &Person) -> Past {
    let has_address = person.email.is_some_and(is_address);
    let is_new = matches!(person.way, Way::Api);
    match past {
        Past::Member | Past::Requested | Past::Declined | Past::Removed
            if is_new || !has_address =>
        {
            Past::Stranger
        }
        Past::AddressRemoved if !has_address => Past::Stranger,
        past => past,
    }
}

/// Whether one of [`ADDRESSES`] is an address.
pub(super) fn is_address(email: &str) -> bool {
    email.matches('@').count() == 1 && !email.contains('"')
}

fn organization(id: &'static str) -> impl Strategy<Value = Organization> {
    let past = prop_oneof![
        8 => Just(Past::Stranger),
        1 => Just(Past::Member),
        1 => Just(Past::Requested),
        1 => Just(Past::Declined),
        1 => Just(Past::Removed),
        1 => Just(Past::AddressRemoved),
        1 => Just(Past::IdentityRemoved),
    ];
    let domains = subsequence(DOMAINS.to_vec(), 0..=4);
    let providers = subsequence(PROVIDERS.to_vec(), 0..=2);
    let values =
        (domains, providers).prop_map(|(domains, providers)| [domains, providers].concat());
    let rules = values.prop_flat_map(|values| values.into_iter().map(listed).collect::<Vec<_>>());
    (any::<bool>(), rules, past).prop_map(move |(has_default_role, rules, past)| Organization {
        id,
        has_default_role,
        rules,
        past,
    })
}

fn listed(value: &'static str) -> impl Strategy<Value = Listed> {
    let enrollment = || select(Enrollment::ALL.to_vec());
    let state = select(OwnershipState::ALL.to_vec());
    let existing_users = prop::option::of(enrollment());
    let of_roles = prop::option::of(any::<bool>());
    let settings = (enrollment(), existing_users, of_roles, any::<bool>(), state, any::<bool>());
    settings.prop_map(
        move |(enrollment, existing_users, has_own_role, subdomains, state, is_for_listed)| {
            let is_domain = value.contains('.');
            Listed {
                value,
                enrollment,
                existing_users: existing_users.filter(|_| is_domain),
                has_own_role,
                subdomains: is_domain && subdomains,
                state: if is_domain { state } else { OwnershipState::Vouched },
                is_for_listed: !is_domain && is_for_listed,
            }
        },
    )
}

fn person() -> impl Strategy<Value = Person> {
    let email = prop::option::weighted(0.95, select(ADDRESSES.to_vec()));
    let kinds = [("okta", "SAML"), ("entra", "SAML"), ("staff", "OIDC"), ("Google", "Google")];
    let one = select(kinds.to_vec()).prop_map(|identity| vec![identity]);
    let identities =
        prop_oneof![3 => Just(Vec::new()), 4 => one, 1 => subsequence(kinds.to_vec(), 2..=3)];
    let hosted = prop::option::of(select(vec!["acme.com", "globex.example", ""]));
    let ways = select(Way::ALL.to_vec());
    let kinds = (prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let rest = (prop::bool::weighted(0.9), identities, kinds, hosted, ways);
    (email, rest).prop_map(|(email, (is_verified, identities, kinds, hosted_domain, way))| {
        let (is_linked, named) = kinds;
        let is_created = identities.is_empty() && is_verified && email.is_some_and(is_address);
        Person {
            is_linked,
            is_only_named: named && !is_linked && identities.len() == 1,
            way: if way == Way::Api && !is_created { Way::SignUp } else { way },
            email,
            is_verified,
            identities,
            hosted_domain,
        }
    })
}
