//! Events: what has changed, by whom and why.
//!
//! Each write that changes something keeps its events in the same transaction, in an item of their own
//! (`store/changes.rs`). The table's stream brings that item to `publish-events`, so an event exists if
//! and only if its transaction does. An event has ids and domains, and never an address, unless the
//! operator asks for it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::actor::Actor;
use crate::domain::caller::Caller;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{Cause, JoinRequest, Membership};
use crate::domain::ownership::DnsAnswer;
use crate::domain::rule::{Enrollment, Rule, RuleKey, RuleKind, Settings, value_by_kind};

/// The `source` of all events on the bus.
pub const SOURCE: &str = "usher";
/// The version of the form of events. A new member is no new version.
pub const VERSION: u32 = 1;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What has happened, by its name: the `detail-type` on the bus.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl EventType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The type with this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

event_types! {
    /// An organization was created.
    OrganizationCreated = "Organization.Created",
    /// The name, the description or the custom data of an organization was changed.
    OrganizationUpdated = "Organization.Updated",
    /// An organization was deleted, and with it all its memberships and requests.
    OrganizationDeleted = "Organization.Deleted",
    /// A user became a member.
    MembershipCreated = "Organization.Membership.Created",
    /// The roles of a member were changed.
    MembershipRolesChanged = "Organization.Membership.RolesChanged",
    /// A user is no longer a member.
    MembershipRemoved = "Organization.Membership.Removed",
    /// Members were added or removed by one transaction, as Logto's webhooks say it. It repeats what
    /// the events above say, and is only on the bus.
    MembershipUpdated = "Organization.Membership.Updated",
    /// A removed user may join by rules again.
    RemovedUserCleared = "Organization.RemovedUser.Cleared",
    /// A user has asked to become a member.
    JoinRequestCreated = "Organization.JoinRequest.Created",
    /// A request was approved: the user became a member.
    JoinRequestApproved = "Organization.JoinRequest.Approved",
    /// A request was declined.
    JoinRequestDeclined = "Organization.JoinRequest.Declined",
    /// A request has ended in another way.
    JoinRequestRemoved = "Organization.JoinRequest.Removed",
    /// An email domain was added.
    EmailDomainAdded = "Organization.EmailDomain.Added",
    /// The settings of an email domain were changed.
    EmailDomainChanged = "Organization.EmailDomain.Changed",
    /// An email domain was removed.
    EmailDomainRemoved = "Organization.EmailDomain.Removed",
    /// Somebody else answers for an email domain now.
    EmailDomainOwnershipChanged = "Organization.EmailDomain.OwnershipChanged",
    /// An identity provider was added.
    SsoConnectorAdded = "Organization.SsoConnector.Added",
    /// The settings of an identity provider were changed.
    SsoConnectorChanged = "Organization.SsoConnector.Changed",
    /// An identity provider was removed.
    SsoConnectorRemoved = "Organization.SsoConnector.Removed",
    /// The default roles of an organization were changed.
    DefaultRolesChanged = "Organization.DefaultRoles.Changed",
    /// An organization role was created.
    OrganizationRoleCreated = "OrganizationRole.Created",
    /// The name or the description of an organization role was changed.
    OrganizationRoleUpdated = "OrganizationRole.Updated",
    /// An organization role was deleted. Members do not have it any more.
    OrganizationRoleDeleted = "OrganizationRole.Deleted",
    /// A user was deleted through the Management API.
    UserDeleted = "User.Deleted",
}

/// An event, as it is kept and published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// [`VERSION`].
    pub version: u32,
    /// The id: the same each time that the event is delivered. Ids are in the order of time, but for those
    /// of the same millisecond.
    pub id: String,
    /// When it happened: RFC 3339, UTC, to the millisecond.
    pub time: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The user's address, as last proven. Only on the bus, and only if the operator asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The organization role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_role_id: Option<String>,
    /// The email domain that was added, changed or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_domain: Option<String>,
    /// The identity provider that was added, changed or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso_connector_id: Option<String>,
    /// Who did it.
    pub actor: EventActor,
    /// Why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventCause>,
    /// What was before. Its members depend on the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is after. Its members depend on the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The users who became members. Of [`EventType::MembershipUpdated`] only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_user_ids: Option<Vec<String>>,
    /// The users who are no longer members. Of [`EventType::MembershipUpdated`] only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_user_ids: Option<Vec<String>>,
}

/// Who has changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventActor {
    /// `api`, `trigger` or `schedule`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The app client of the caller's token. Of `api` only; missing without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The subject of the caller's token. Of `api` only; missing without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How the user appeared. Of `trigger` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_path: Option<String>,
}

impl From<&Actor> for EventActor {
    fn from(actor: &Actor) -> Self {
        let known = |part: &str| (part != Caller::NONE).then(|| part.to_owned());
        let (client_id, subject, entry_path) = match actor {
            Actor::Caller(caller) => (known(caller.client_id()), known(caller.subject()), None),
            Actor::Trigger(path) => (None, None, Some(path.as_str().to_owned())),
            Actor::Schedule => (None, None, None),
        };
        Self { kind: actor.kind().to_owned(), client_id, subject, entry_path }
    }
}

/// Why something happened to a membership or a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventCause {
    /// The kind of the rule that brought it about, or `api` if a call named the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The email domain, if the rule is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_domain: Option<String>,
    /// The identity provider, if the rule is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso_connector_id: Option<String>,
    /// Why it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
}

/// Why a membership or a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A call removed the member.
    Removed,
    /// Another account with the same proven address, or the same identity, was removed or declined.
    SameAddress,
    /// The user became a member in another way.
    BecameMember,
    /// The user was deleted.
    UserDeleted,
}

impl From<EndReason> for EventCause {
    fn from(reason: EndReason) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

impl From<&Cause> for EventCause {
    fn from(cause: &Cause) -> Self {
        let (email_domain, sso_connector_id) = value_by_kind(cause.rule());
        let rule = Some(cause.kind().as_str().to_owned());
        Self { rule, email_domain, sso_connector_id, reason: None }
    }
}

/// What an event says, without its id, its time and its actor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct News {
    kind: EventType,
    organization: Option<OrganizationId>,
    user: Option<UserId>,
    role: Option<OrganizationRoleId>,
    rule: Option<RuleKey>,
    cause: Option<EventCause>,
    before: Option<Value>,
    after: Option<Value>,
}

impl News {
    const fn new(kind: EventType) -> Self {
        let (organization, user, role, rule) = (None, None, None, None);
        Self { kind, organization, user, role, rule, cause: None, before: None, after: None }
    }

    /// News of an organization.
    pub(crate) fn of_organization(kind: EventType, id: &OrganizationId) -> Self {
        Self { organization: Some(id.clone()), ..Self::new(kind) }
    }

    /// News of an organization role.
    pub(crate) fn of_role(kind: EventType, id: &OrganizationRoleId) -> Self {
        Self { role: Some(id.clone()), ..Self::new(kind) }
    }

    /// News of a user.
    pub(crate) fn of_user(kind: EventType, id: &UserId) -> Self {
        Self { user: Some(id.clone()), ..Self::new(kind) }
    }

    /// News of a user in an organization.
    pub(crate) fn of_place(kind: EventType, organization: &OrganizationId, user: &UserId) -> Self {
        Self { user: Some(user.clone()), ..Self::of_organization(kind, organization) }
    }

    /// A new member.
    pub(crate) fn joined(user: &UserId, membership: &Membership) -> Self {
        let Membership { organization_id, role_ids, joined_at, provenance, .. } = membership;
        let after = json!({
            "organizationRoleIds": ids(role_ids),
            "joinedAt": format!("{joined_at:.3}"),
            "entryPath": provenance.entry_path.as_str(),
        });
        Self::of_place(EventType::MembershipCreated, organization_id, user)
            .because(&provenance.cause)
            .after(after)
    }

    /// A membership that has ended.
    pub(crate) fn left(user: &UserId, membership: &Membership, reason: EndReason) -> Self {
        let Membership { organization_id, role_ids, joined_at, .. } = membership;
        let before = json!({
            "organizationRoleIds": ids(role_ids),
            "joinedAt": format!("{joined_at:.3}"),
        });
        Self::of_place(EventType::MembershipRemoved, organization_id, user)
            .because(reason)
            .before(before)
    }

    /// A new request.
    pub(crate) fn requested(user: &UserId, request: &JoinRequest) -> Self {
        let JoinRequest { organization_id, requested_at, provenance, .. } = request;
        let after = json!({
            "requestedAt": format!("{requested_at:.3}"),
            "entryPath": provenance.entry_path.as_str(),
        });
        Self::of_place(EventType::JoinRequestCreated, organization_id, user)
            .because(&provenance.cause)
            .after(after)
    }

    /// A request that has ended. It was approved or declined, or there is another reason.
    pub(crate) fn request_ended(kind: EventType, user: &UserId, request: &JoinRequest) -> Self {
        let JoinRequest { organization_id, requested_at, .. } = request;
        let before = json!({ "requestedAt": format!("{requested_at:.3}") });
        Self::of_place(kind, organization_id, user).before(before)
    }

    /// A rule that was added.
    pub(crate) fn rule_added(id: &OrganizationId, rule: &Rule) -> Self {
        let kind = match rule.key.kind() {
            RuleKind::EmailDomain => EventType::EmailDomainAdded,
            RuleKind::SsoConnector => EventType::SsoConnectorAdded,
        };
        let mut after = settings(rule.key.kind(), &rule.settings);
        if rule.key.kind() == RuleKind::EmailDomain {
            after["ownership"] = rule.ownership.state.as_str().into();
        }
        Self::of_rule(kind, id, &rule.key).after(after)
    }

    /// A rule that was removed.
    pub(crate) fn rule_removed(id: &OrganizationId, key: &RuleKey) -> Self {
        let kind = match key.kind() {
            RuleKind::EmailDomain => EventType::EmailDomainRemoved,
            RuleKind::SsoConnector => EventType::SsoConnectorRemoved,
        };
        Self::of_rule(kind, id, key)
    }

    /// A rule with other settings.
    pub(crate) fn rule_changed(id: &OrganizationId, before: &Rule, after: &Rule) -> Self {
        let rule_kind = after.key.kind();
        let kind = match rule_kind {
            RuleKind::EmailDomain => EventType::EmailDomainChanged,
            RuleKind::SsoConnector => EventType::SsoConnectorChanged,
        };
        Self::of_rule(kind, id, &after.key)
            .before(settings(rule_kind, &before.settings))
            .after(settings(rule_kind, &after.settings))
    }

    /// An email domain for which somebody else answers; `None` if nobody else does.
    pub(crate) fn ownership(id: &OrganizationId, before: &Rule, after: &Rule) -> Option<Self> {
        let (from, to) = (before.ownership.state, after.ownership.state);
        let answer = after.ownership.answer.map(DnsAnswer::as_str);
        let news = Self::of_rule(EventType::EmailDomainOwnershipChanged, id, &after.key)
            .before(json!({ "ownership": from.as_str() }))
            .after(json!({ "ownership": to.as_str(), "answer": answer }));
        (from != to).then_some(news)
    }

    fn of_rule(kind: EventType, id: &OrganizationId, key: &RuleKey) -> Self {
        Self { rule: Some(key.clone()), ..Self::of_organization(kind, id) }
    }

    /// The news with a cause.
    pub(crate) fn because(self, cause: impl Into<EventCause>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// The news with what was before.
    pub(crate) fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// The news with what is after.
    pub(crate) fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// The event.
    pub(crate) fn into_event(self, id: String, time: &str, actor: &EventActor) -> Event {
        let (email_domain, sso_connector_id) = value_by_kind(self.rule.as_ref());
        Event {
            version: VERSION,
            id,
            time: time.to_owned(),
            kind: self.kind,
            organization_id: self.organization.map(|id| id.to_string()),
            user_id: self.user.map(|id| id.to_string()),
            email: None,
            organization_role_id: self.role.map(|id| id.to_string()),
            email_domain,
            sso_connector_id,
            actor: actor.clone(),
            cause: self.cause,
            before: self.before,
            after: self.after,
            added_user_ids: None,
            removed_user_ids: None,
        }
    }
}

/// The ids of roles as a JSON array.
pub(crate) fn ids(roles: &[OrganizationRoleId]) -> Value {
    roles.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

/// The settings of a rule, by their names in the API.
fn settings(kind: RuleKind, settings: &Settings) -> Value {
    let Settings { enrollment, existing_users, roles, subdomains, addresses } = settings;
    let (enrollment, roles) = (enrollment.as_str(), roles.as_deref().map(ids));
    match kind {
        RuleKind::EmailDomain => json!({
            "enrollment": enrollment,
            "existingUsers": existing_users.map(Enrollment::as_str),
            "organizationRoleIds": roles,
            "subdomains": subdomains,
        }),
        RuleKind::SsoConnector => json!({
            "enrollment": enrollment,
            "organizationRoleIds": roles,
            "emailDomains": addresses.as_str(),
        }),
    }
}

/// What the events of one transaction say about members of each organization, in the form of Logto's
/// webhook: one event for each organization whose members have changed. `id` makes the ids, from the
/// number of the event.
#[must_use]
pub fn membership_updates(events: &[Event], id: impl Fn(usize) -> String) -> Vec<Event> {
    let mut updates: Vec<Event> = Vec::new();
    for event in events {
        let is_added = match event.kind {
            EventType::MembershipCreated => true,
            EventType::MembershipRemoved => false,
            _ => continue,
        };
        let known = updates.iter().position(|it| it.organization_id == event.organization_id);
        let place = known.unwrap_or_else(|| {
            updates.push(Event {
                id: id(events.len() + updates.len()),
                kind: EventType::MembershipUpdated,
                user_id: None,
                email: None,
                cause: None,
                before: None,
                after: None,
                added_user_ids: Some(Vec::new()),
                removed_user_ids: Some(Vec::new()),
                ..event.clone()
            });
            updates.len() - 1
        });
        let update = &mut updates[place];
        let users =
            if is_added { &mut update.added_user_ids } else { &mut update.removed_user_ids };
        users.get_or_insert_default().extend(event.user_id.clone());
    }
    updates
}
