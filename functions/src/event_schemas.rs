//! The JSON Schemas of the events. `make template` writes them to `docs/events`, as schemas of
//! EventBridge into `infra/events.yaml`, and as a table into `docs/events.md`. A test holds real events
//! against them.
//!
//! They are of draft 4, because EventBridge takes no later one. A later release may add members, so the
//! schemas do not forbid others than they name.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use shared::domain::email_domain::EmailDomain;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{CauseKind, EntryPath};
use shared::domain::organization::OrganizationRole;
use shared::domain::ownership::{DnsAnswer, OwnershipState};
use shared::domain::provider::ProviderName;
use shared::domain::rule::{AdmittedAddresses, Enrollment, RuleKind};
use shared::event::{EventType, SOURCE, VERSION};

use crate::schemas::ID;

/// The members of an object.
type Members = Vec<Member>;

/// A member of an object.
struct Member {
    name: &'static str,
    schema: Value,
    is_required: bool,
}

/// A member that is always there.
const fn always(name: &'static str, schema: Value) -> Member {
    Member { name, schema, is_required: true }
}

/// A member that can be missing.
const fn maybe(name: &'static str, schema: Value) -> Member {
    Member { name, schema, is_required: false }
}

/// What events of one type have beside what all have.
struct Form {
    /// When there is such an event.
    when: &'static str,
    /// Who can have done it.
    actors: &'static [&'static str],
    /// What it is about.
    about: Members,
    cause: Option<Members>,
    before: Option<Members>,
    after: Option<Members>,
}

impl Form {
    const fn new(when: &'static str, about: Members) -> Self {
        Self { when, actors: &["api"], about, cause: None, before: None, after: None }
    }

    fn by(self, actors: &'static [&'static str]) -> Self {
        Self { actors, ..self }
    }

    fn because(self, cause: Members) -> Self {
        Self { cause: Some(cause), ..self }
    }

    fn before(self, before: Members) -> Self {
        Self { before: Some(before), ..self }
    }

    fn after(self, after: Members) -> Self {
        Self { after: Some(after), ..self }
    }
}

/// The schema of the events of a type: of the `detail` on the bus.
#[must_use]
pub fn schema(kind: EventType) -> Value {
    let Form { when, actors, about, cause, before, after } = form(kind);
    let mut members = vec![
        always(
            "version",
            json!({ "type": "integer", "enum": [VERSION], "description":
            "The version of the form of events. A new member is no new version." }),
        ),
        always(
            "id",
            json!({ "type": "string", "pattern": "^[0-9a-f]{32}-[0-9]{3}$", "description":
            "The id: the same each time that the event is delivered." }),
        ),
        always("time", moment("When it happened: UTC, to the millisecond.")),
        always(
            "type",
            json!({ "type": "string", "enum": [kind.as_str()], "description":
            "What happened: the `detail-type` on the bus." }),
        ),
    ];
    members.extend(about);
    members.push(always("actor", object(actor(actors), "Who did it.")));
    let parts = [
        ("cause", cause, "Why it happened."),
        ("before", before, "What was before."),
        ("after", after, "What is after."),
    ];
    for (name, part, description) in parts {
        members.extend(part.map(|members| always(name, object(members, description))));
    }
    let mut schema = object(members, when);
    schema["$schema"] = DRAFT.into();
    schema["title"] = title(kind).into();
    schema
}

const DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// The name of a type as that of a class.
fn title(kind: EventType) -> String {
    kind.as_str().replace('.', "")
}

/// The schema of what EventBridge delivers: the envelope with the event as its `detail`.
fn envelope(kind: EventType) -> Value {
    let text = || json!({ "type": "string" });
    let members = vec![
        always("version", text()),
        always("id", text()),
        always("detail-type", json!({ "type": "string", "enum": [kind.as_str()] })),
        always("source", json!({ "type": "string", "enum": [SOURCE] })),
        always("account", text()),
        always("time", json!({ "type": "string", "format": "date-time" })),
        always("region", text()),
        always("resources", json!({ "type": "array", "items": text() })),
        always("detail", json!({ "$ref": format!("#/definitions/{}", title(kind)) })),
    ];
    let mut detail = schema(kind);
    let of_file = detail.as_object_mut().expect("a schema is an object");
    of_file.remove("$schema");
    of_file.remove("title");
    let mut envelope = object(members, form(kind).when);
    envelope["$schema"] = DRAFT.into();
    envelope["title"] = format!("{}Event", title(kind)).into();
    envelope["definitions"] = json!({ title(kind): detail });
    envelope["x-amazon-events-detail-type"] = kind.as_str().into();
    envelope["x-amazon-events-source"] = SOURCE.into();
    envelope
}

/// What events of a type have beside what all have. The compiler asks for each new type here.
fn form(kind: EventType) -> Form {
    const ANYBODY: &[&str] = &["api", "trigger"];
    const SCHEDULED: &[&str] = &["api", "schedule"];
    match kind {
        EventType::OrganizationCreated => {
            Form::new("An organization was created.", organization()).after(texts(false))
        }
        EventType::OrganizationUpdated => {
            let mut after = texts(true);
            after.push(always(
                "customDataChanged",
                json!({ "type": "boolean", "description":
                "Whether the custom data was changed. What it is, only the API tells." }),
            ));
            let when =
                "The name, the description or the custom data of an organization was changed.";
            Form::new(when, organization()).before(texts(true)).after(after)
        }
        EventType::OrganizationDeleted => {
            let mut before = texts(true);
            before.push(always(
                "memberships",
                count("How many memberships ended with it. They have no events of their own."),
            ));
            before.push(always(
                "joinRequests",
                count("How many requests to join ended with it. They have no events of their own."),
            ));
            let when =
                "An organization was deleted, with all its memberships and requests to join.";
            Form::new(when, organization()).before(before)
        }
        EventType::MembershipCreated => Form::new("A user became a member.", of_user())
            .by(ANYBODY)
            .because(rule(&[CauseKind::Api]))
            .after(vec![roles(), joined_at(), entry_path()]),
        EventType::MembershipRolesChanged => {
            Form::new("The roles of a member were changed.", of_user())
                .before(vec![roles()])
                .after(vec![roles()])
        }
        EventType::MembershipRemoved => Form::new("A user is no longer a member.", of_user())
            .because(vec![reason(&["removed", "same_address", "user_deleted"])])
            .before(vec![roles(), joined_at()]),
        EventType::MembershipUpdated => {
            let mut about = organization();
            about.push(always("addedUserIds", users("The users who became members.")));
            about.push(always("removedUserIds", users("The users who are no longer members.")));
            let when = "Members were added or removed, as Logto's webhooks say it. It repeats the events \
                        of one transaction, and is only on the bus.";
            Form::new(when, about).by(ANYBODY)
        }
        EventType::RemovedUserCleared => {
            let when = "The marks of a removed user were cleared: rules count for the user again.";
            Form::new(when, of_user())
        }
        EventType::JoinRequestCreated => {
            Form::new("A user has asked to become a member.", of_user())
                .by(ANYBODY)
                .because(rule(&[]))
                .after(vec![requested_at(), entry_path()])
        }
        EventType::JoinRequestApproved => {
            let when = "A request to join was approved: the user became a member.";
            Form::new(when, of_user()).before(vec![requested_at()])
        }
        EventType::JoinRequestDeclined => {
            Form::new("A request to join was declined.", of_user()).before(vec![requested_at()])
        }
        EventType::JoinRequestRemoved => {
            Form::new("A request to join has ended in another way.", of_user())
                .by(ANYBODY)
                .because(vec![reason(&["became_member", "same_address", "user_deleted"])])
                .before(vec![requested_at()])
        }
        EventType::EmailDomainAdded => {
            let mut after = domain_settings();
            after.push(ownership());
            Form::new("An email domain was added to an organization.", of_domain()).after(after)
        }
        EventType::EmailDomainChanged => {
            Form::new("The settings of an email domain were changed.", of_domain())
                .before(domain_settings())
                .after(domain_settings())
        }
        EventType::EmailDomainRemoved => Form::new(
            "An email domain was removed from an organization. Members stay.",
            of_domain(),
        ),
        EventType::EmailDomainOwnershipChanged => {
            let answer = enumeration(
                DnsAnswer::ALL.map(|it| Some(it.as_str())).into_iter().chain([None]),
                "What DNS has said last about the record; null if it was not asked.",
            );
            Form::new("Somebody else answers for an email domain now, or nobody.", of_domain())
                .by(SCHEDULED)
                .before(vec![ownership()])
                .after(vec![ownership(), always("answer", answer)])
        }
        EventType::SsoConnectorAdded => {
            Form::new("An identity provider was added to an organization.", of_provider())
                .after(provider_settings())
        }
        EventType::SsoConnectorChanged => {
            Form::new("The settings of an identity provider were changed.", of_provider())
                .before(provider_settings())
                .after(provider_settings())
        }
        EventType::SsoConnectorRemoved => {
            let when = "An identity provider was removed from an organization. Members stay.";
            Form::new(when, of_provider())
        }
        EventType::DefaultRolesChanged => {
            Form::new("The default roles of an organization were changed.", organization())
                .before(vec![roles()])
                .after(vec![roles()])
        }
        EventType::OrganizationRoleCreated => {
            Form::new("An organization role was created.", of_role()).after(texts(false))
        }
        EventType::OrganizationRoleUpdated => {
            let when = "The name or the description of an organization role was changed.";
            Form::new(when, of_role()).before(texts(false)).after(texts(false))
        }
        EventType::OrganizationRoleDeleted => {
            let when = "An organization role was deleted. Members do not have it any more.";
            Form::new(when, of_role()).before(texts(false))
        }
        EventType::UserDeleted => {
            let user = id(UserId::LONGEST, "The user: Cognito's `sub`.");
            Form::new(
                "A user was deleted through the Management API.",
                vec![always("userId", user)],
            )
        }
    }
}

fn organization() -> Members {
    vec![always("organizationId", id(OrganizationId::LONGEST, "The organization."))]
}

fn of_user() -> Members {
    let mut about = organization();
    about.push(always("userId", id(UserId::LONGEST, "The user: Cognito's `sub`.")));
    about.push(maybe("email", json!({ "type": "string", "minLength": 3, "description":
        "The address that the user has proven last. Only with the parameter EventEmails, and if it is known."
    })));
    about
}

fn of_role() -> Members {
    vec![always("organizationRoleId", id(OrganizationRoleId::LONGEST, "The organization role."))]
}

fn of_domain() -> Members {
    let mut about = organization();
    about.push(always("emailDomain", domain("The email domain.")));
    about
}

fn of_provider() -> Members {
    let mut about = organization();
    about.push(always("ssoConnectorId", provider("The identity provider.")));
    about
}

/// A name and a description. An organization that cannot be read has no name.
fn texts(is_perhaps_unreadable: bool) -> Members {
    let (kind, says) = if is_perhaps_unreadable {
        (json!(["string", "null"]), "The name; null if the item could not be read.")
    } else {
        (json!("string"), "The name.")
    };
    vec![
        always("name", json!({ "type": kind, "description": says })),
        always(
            "description",
            json!({ "type": ["string", "null"], "description":
            "The description; null if there is none." }),
        ),
    ]
}

fn domain_settings() -> Members {
    let values = || Enrollment::ALL.map(|it| Some(it.as_str())).into_iter();
    vec![
        enrollment(),
        always(
            "existingUsers",
            enumeration(
                values().chain([None]),
                "The same for accounts that were there before; null means as `enrollment`.",
            ),
        ),
        rule_roles(),
        always(
            "subdomains",
            json!({ "type": "boolean", "description":
            "Whether addresses in subdomains count too." }),
        ),
    ]
}

fn provider_settings() -> Members {
    let addresses = AdmittedAddresses::ALL.map(|it| Some(it.as_str()));
    let says =
        "Which addresses it admits: any, or those in domains that the organization has proven.";
    vec![enrollment(), rule_roles(), always("emailDomains", enumeration(addresses, says))]
}

fn enrollment() -> Member {
    let values = Enrollment::ALL.map(|it| Some(it.as_str()));
    always("enrollment", enumeration(values, "Whether people join, ask to join, or neither."))
}

/// The roles of those who join by a rule.
fn rule_roles() -> Member {
    let mut roles = roles();
    roles.schema["type"] = json!(["array", "null"]);
    roles.schema["description"] =
        "The roles of those who join by it; null means the organization's default roles.".into();
    roles
}

fn ownership() -> Member {
    let states = OwnershipState::ALL.map(|it| Some(it.as_str()));
    always("ownership", enumeration(states, "Who answers for the domain."))
}

fn roles() -> Member {
    always(
        "organizationRoleIds",
        json!({
            "type": "array",
            "items": id(OrganizationRoleId::LONGEST, "An organization role."),
            "maxItems": OrganizationRole::MOST_IN_A_LIST,
            "description": "The roles. Some may be deleted.",
        }),
    )
}

fn joined_at() -> Member {
    always("joinedAt", moment("When the user became a member."))
}

fn requested_at() -> Member {
    always("requestedAt", moment("When the user asked."))
}

fn entry_path() -> Member {
    let paths = EntryPath::ALL.map(|it| Some(it.as_str()));
    always("entryPath", enumeration(paths, "How the user appeared."))
}

/// The cause of a membership or a request: a rule, or one of these others.
fn rule(others: &[CauseKind]) -> Members {
    let rules = RuleKind::ALL.into_iter().map(CauseKind::Rule).chain(others.iter().copied());
    let kinds = rules.map(|kind| Some(kind.as_str()));
    vec![
        always("rule", enumeration(kinds, "The kind of rule, or `api` if a call named the user.")),
        maybe("emailDomain", domain("The email domain, if the rule is one.")),
        maybe("ssoConnectorId", provider("The identity provider, if the rule is one.")),
    ]
}

fn reason(reasons: &[&'static str]) -> Member {
    let reasons = reasons.iter().map(|it| Some(*it));
    always("reason", enumeration(reasons, "Why it has ended."))
}

fn actor(kinds: &[&'static str]) -> Members {
    let says = "A call of the Management API, a trigger of the user pool, or a run by schedule.";
    let mut members = vec![always("type", enumeration(kinds.iter().map(|it| Some(*it)), says))];
    let text = |says| json!({ "type": "string", "minLength": 1, "description": says });
    members.push(maybe("clientId", text("The app client of the caller's token. Of `api` only.")));
    members.push(maybe("subject", text("The subject of the caller's token. Of `api` only.")));
    if kinds.contains(&"trigger") {
        let paths = [EntryPath::PostConfirmation, EntryPath::PreTokenGeneration];
        let paths = paths.map(|it| Some(it.as_str()));
        members.push(maybe("entryPath", enumeration(paths, "The trigger. Of `trigger` only.")));
    }
    members
}

fn object(members: Members, description: &str) -> Value {
    let required: Vec<_> =
        members.iter().filter(|member| member.is_required).map(|member| member.name).collect();
    let properties: Map<_, _> =
        members.into_iter().map(|member| (member.name.to_owned(), member.schema)).collect();
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
    })
}

/// One of these texts, or null for `None`.
fn enumeration(values: impl IntoIterator<Item = Option<&'static str>>, description: &str) -> Value {
    let values: Vec<_> = values.into_iter().map(|value| json!(value)).collect();
    let kind =
        if values.contains(&Value::Null) { json!(["string", "null"]) } else { json!("string") };
    json!({ "type": kind, "enum": values, "description": description })
}

fn id(longest: usize, description: &str) -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": longest,
        "pattern": ID,
        "description": description,
    })
}

fn domain(description: &str) -> Value {
    let longest = EmailDomain::LONGEST;
    json!({ "type": "string", "minLength": 3, "maxLength": longest, "description": description })
}

fn provider(description: &str) -> Value {
    let longest = ProviderName::LONGEST;
    json!({ "type": "string", "minLength": 1, "maxLength": longest, "description": description })
}

fn users(description: &str) -> Value {
    let items = id(UserId::LONGEST, "A user: Cognito's `sub`.");
    json!({ "type": "array", "items": items, "description": description })
}

fn moment(description: &str) -> Value {
    json!({
        "type": "string",
        "format": "date-time",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
        "description": description,
    })
}

fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

/// The files with the schemas, each with its path in the repository.
pub(crate) fn files() -> impl Iterator<Item = (String, String)> {
    EventType::ALL.iter().map(|kind| {
        let path = format!("docs/events/{}.json", kind.as_str());
        (path, format!("{:#}\n", schema(*kind)))
    })
}

/// The schemas as resources of the template.
pub(crate) fn resources() -> String {
    let mut text = String::new();
    for kind in EventType::ALL {
        let (name, id) = (kind.as_str(), title(*kind));
        write!(
            text,
            "  {id}Schema:\n    \
               Type: AWS::EventSchemas::Schema\n    \
               Condition: HasSchemaRegistries\n    \
               Properties:\n      \
                 RegistryName: !GetAtt SchemaRegistry.RegistryName\n      \
                 SchemaName: {SOURCE}@{name}\n      \
                 Type: JSONSchemaDraft4\n      \
                 Content: >-\n"
        )
        .expect("a string takes everything");
        let content = envelope(*kind).to_string();
        for line in folded(&content, 120 - 8) {
            writeln!(text, "        {line}").expect("a string takes everything");
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// JSON in lines of at most so many bytes where that is possible. Lines break behind commas between
/// values, where a space means nothing: YAML puts one in the place of each line break.
fn folded(json: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut begin, mut last_comma) = (0, None);
    let (mut is_text, mut is_escaped) = (false, false);
    for (place, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b',' if !is_text => {
                if place + 1 - begin > width
                    && let Some(end) = last_comma
                {
                    lines.push(&json[begin..end]);
                    begin = end;
                }
                last_comma = Some(place + 1);
            }
            _ => {}
        }
    }
    if json.len() - begin > width
        && let Some(end) = last_comma.filter(|end| *end > begin)
    {
        lines.push(&json[begin..end]);
        begin = end;
    }
    lines.push(&json[begin..]);
    lines
}

/// The table of the types in `docs/events.md`.
pub(crate) fn table() -> String {
    let mut text = "| type | when | by | about | `cause` | `before` | `after` |\n\
                    | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for kind in EventType::ALL {
        let Form { when, actors, about, cause, before, after } = form(*kind);
        let (name, actors) = (kind.as_str(), actors.join(", "));
        let [about, cause, before, after] = [Some(about), cause, before, after]
            .map(|it| it.map_or(String::new(), |members| names(&members)));
        writeln!(
            text,
            "| [`{name}`](events/{name}.json) | {when} | {actors} | {about} | {cause} | {before} | {after} |"
        )
        .expect("a string takes everything");
    }
    text
}

/// The names of members. `?` is behind one that can be missing, and `null` behind one that can be null.
fn names(members: &[Member]) -> String {
    let names = members.iter().map(|Member { name, schema, is_required }| {
        let mark = if *is_required { "" } else { "?" };
        let is_nullable =
            schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
        let null = if is_nullable { " or null" } else { "" };
        format!("`{name}{mark}`{null}")
    });
    names.collect::<Vec<_>>().join(", ")
}
