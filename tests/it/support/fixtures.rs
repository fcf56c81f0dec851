//! Fixtures. A test writes its data with the API, or else with the store. The helpers here are only
//! for times, numbers and states that requests cannot produce.

use std::collections::BTreeMap;
use std::future::ready;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::change::ListChange;
use shared::domain::email_address::EmailAddress;
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, UserId};
use shared::domain::jit::RuleList;
use shared::domain::provider::ProviderName;
use shared::domain::rule::{Rule, RuleKey, RuleKind};
use shared::domain::version::Precondition;
use shared::event::{Event, EventType};
use shared::failure::Failure;
use shared::store::Store;

use super::attributes::{attributes, tagged_item};
use super::world::{Item, Items, START, World};

/// The token of domains that have to be proven.
const TOKEN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
/// The value of the record of these domains.
pub(crate) const RECORD: &str = "usher-domain-verification=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// The name of the record that proves a domain.
pub(crate) fn record_name(domain: &str) -> String {
    format!("_usher-challenge.{domain}")
}

impl World {
    /// Puts an item unchanged, without any checks.
    pub(crate) async fn put_plain(&self, item: &Value) {
        self.put_items([attributes(&tagged_item(item))]).await;
    }

    /// The item with this key.
    pub(crate) async fn item(&self, pk: &str, sk: &str) -> Item {
        item(&self.items().await, pk, sk).clone()
    }

    /// Writes everything that is stored about `name` for others too: as it is stored, but with
    /// another name wherever that one stands.
    pub(crate) async fn copy(&self, name: &str, others: impl IntoIterator<Item = String>) {
        let items = self.items().await;
        let about: Vec<_> = items
            .values()
            .map(|item| tagged_item(&json!(item)).to_string())
            .filter(|item| item.contains(name))
            .collect();
        let renamed = |item: &String, other: &str| {
            let item = serde_json::from_str(&item.replace(name, other)).expect("JSON");
            attributes(&item)
        };
        let copies = others
            .into_iter()
            .flat_map(|other| about.iter().map(move |item| renamed(item, &other)));
        self.put_items(copies).await;
    }

    /// Creates so many organization roles, `Role 000` and on, and answers their ids.
    pub(crate) async fn roles(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for number in 0..count {
            ids.push(self.role(&format!("Role {number:03}")).await);
        }
        ids
    }

    /// Makes these organization roles the default roles.
    pub(crate) async fn default_roles<R: AsRef<str>>(&self, organization: &str, roles: &[R]) {
        let path = format!("/organizations/{organization}/jit/roles");
        let answer = self.put(&path, &naming_roles(roles)).await;
        assert_eq!(answer.status, 204, "{:#}", answer.body);
    }

    /// Lists domains since then, also those that the API would refuse.
    pub(crate) async fn list_anyway(&self, organization: &str, domains: &[&str], since: &str) {
        let id = OrganizationId::parse(organization).expect("an id");
        let since: Timestamp = since.parse().expect("a timestamp");
        let domains = domains.iter().map(|it| EmailDomain::normalise(it).expect("a domain"));
        let rules = domains.map(|domain| Rule::new(RuleKey::EmailDomain(domain), since));
        self.list_rules(&id, RuleKind::EmailDomain, rules).await;
    }

    /// Lists an identity provider, whether the user pool has it or not.
    pub(crate) async fn list_provider_anyway(&self, organization: &str, name: &str) {
        let id = OrganizationId::parse(organization).expect("an id");
        let provider = RuleKey::SsoConnector(ProviderName::parse(name).expect("a name"));
        let rule = Rule::new(provider, self.app.clock.now());
        self.list_rules(&id, RuleKind::SsoConnector, [rule]).await;
    }

    /// Lists more rules of a kind, as they are.
    pub(crate) async fn list_rules(
        &self,
        id: &OrganizationId,
        kind: RuleKind,
        rules: impl IntoIterator<Item = Rule>,
    ) {
        let rules = rules.into_iter().map(|rule| (rule.key.clone(), rule));
        let rules: BTreeMap<_, _> = rules.collect();
        let wanted = |list: &RuleList| list.rules.keys().chain(rules.keys()).cloned().collect();
        let new =
            |added: Vec<RuleKey>| ready(Ok(added.iter().map(|key| rules[key].clone()).collect()));
        let mut done = ListChange::default();
        let store = self.store();
        let changed =
            store.change_rules(id, kind, &Precondition::None, wanted, new, &mut done).await;
        changed.expect("the rules are listed");
    }

    /// Makes a user, who has a profile, ask to join an organization by the domain of an address.
    pub(crate) async fn ask_to_join(&self, user: &str, organization: &str, email: &str) {
        let now = self.app.clock.now();
        let address = EmailAddress::parse(email).expect("an address");
        let place = format!("REQUEST#{:015}#{user}", now.as_millisecond());
        self.put_plain(&json!({
            "pk": format!("USER#{user}"),
            "sk": format!("ORG#{organization}"),
            "gsi1pk": format!("ORG#{organization}"),
            "gsi1sk": place,
            "requestedAt": format!("{now:.3}"),
            "rule": "email_domain",
            "emailDomain": address.domain().to_string(),
            "addressDigest": address.digest().to_string(),
            "entryPath": "PostConfirmation",
        }))
        .await;
    }

    /// Creates an organization that lists these domains.
    pub(crate) async fn listing(&self, organization: &str, domains: &[&str]) {
        self.organization(organization).await;
        self.domains(organization, domains).await;
    }

    /// Makes listed domains as they are when they have to be proven: pending since [`START`], due, and
    /// with the [`RECORD`] of [`record_name`].
    pub(crate) async fn make_pending(&self, organization: &str, domains: &[&str]) {
        for domain in domains {
            self.put_plain(&json!({
                "pk": format!("DOMAIN#{domain}"),
                "sk": format!("ORG#{organization}"),
                "gsi1pk": "OWNERSHIP_CHECKS",
                "gsi1sk": format!("{START}#DOMAIN#{domain}#ORG#{organization}"),
                "listedAt": START,
                "ownership": {
                    "state": "pending",
                    "token": TOKEN,
                    "pendingSince": START,
                    "nextCheck": START,
                },
            }))
            .await;
        }
    }

    /// All events that the changes in the table tell.
    pub(crate) async fn told(&self) -> Vec<Event> {
        let items = self.items_and_changes().await;
        let changes = items.iter().filter(|((pk, _), _)| pk.starts_with("CHANGE#"));
        let events = changes.flat_map(|(_, item)| {
            let json = item["events"].as_str().expect("a text");
            serde_json::from_str::<Vec<Event>>(json).expect("events")
        });
        events.collect()
    }

    /// Keeps what has happened as activity, and forgets users who were deleted, as `publish-events` does.
    pub(crate) async fn keep_activity(&self) {
        let (store, told) = (self.store(), self.told().await);
        store.keep_activity(&told, 90).await.expect("it is kept");
        for event in told.iter().filter(|event| event.kind == EventType::UserDeleted) {
            let user = UserId::parse(event.user_id.as_ref().expect("a user")).expect("an id");
            store.forget_activity(&user).await.expect("it is forgotten");
        }
    }

    /// Adds the record that proves a domain to the name server.
    pub(crate) async fn add_record(&self, domain: &str) {
        self.name_server.add(&record_name(domain), RECORD).await.expect("a name");
    }

    /// Removes that record.
    pub(crate) async fn remove_record(&self, domain: &str) {
        self.name_server.remove(&record_name(domain)).await.expect("a name");
    }

    /// Leaves nothing of an organization but its index entries, as if it had never been there.
    pub(crate) async fn leave_index_entries_alone(&self, organization: &str) {
        let pk = format!("ORG#{organization}");
        for sk in ["ORG", "EMAIL_DOMAINS", "SSO_CONNECTORS"] {
            self.remove_item(&pk, sk).await;
        }
    }

    /// Deletes an organization without sweeping what it leaves behind.
    pub(crate) async fn delete_unswept(&self, organization: &str) {
        // What is read of the lists, the counts of members and requests, and the transaction.
        self.wire.cut_after(4);
        let answer = self.delete(&format!("/organizations/{organization}")).await;
        self.wire.mend();
        assert_eq!(answer.status, 204, "{:#}", answer.body);
    }
}

/// Deletes what is stored about a user, and returns whether anything was.
pub(crate) async fn delete_user(
    store: &Store,
    id: &UserId,
    was_in_pool: bool,
    at: Timestamp,
) -> Result<bool, Failure> {
    let Some(deleted) = store.delete_user(id, was_in_pool, at).await? else { return Ok(false) };
    store.sweep_user(id, &deleted, at).await?;
    Ok(deleted.had_items)
}

/// The body that names these organization roles.
pub(crate) fn naming_roles<R: AsRef<str>>(ids: &[R]) -> Value {
    let ids: Vec<_> = ids.iter().map(AsRef::as_ref).collect();
    json!({ "organizationRoleIds": ids })
}

/// The attributes that list a user of an organization since a moment: of a member with `USER#` as the
/// prefix, of a removed user with `REMOVED#`.
pub(crate) fn entry(prefix: &str, organization: &str, since: &str, user: &str) -> Value {
    let since: Timestamp = since.parse().expect("a timestamp");
    let latest_first = 999_999_999_999_999 - since.as_millisecond();
    let place = format!("{prefix}!{latest_first:015}#{user}");
    json!({ "gsi1pk": format!("ORG#{organization}"), "gsi1sk": place })
}

/// Both objects in one.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no object: {more}") };
    object.as_object_mut().expect("an object").extend(more);
    object
}

/// The key of an item.
pub(crate) fn key(pk: &str, sk: &str) -> (String, String) {
    (pk.to_owned(), sk.to_owned())
}

/// The item with this key.
#[track_caller]
pub(crate) fn item<'a>(items: &'a Items, pk: &str, sk: &str) -> &'a Item {
    items.get(&key(pk, sk)).unwrap_or_else(|| panic!("no item is at {pk} {sk}"))
}
