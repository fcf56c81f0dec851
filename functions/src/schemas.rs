//! Schemas of the values in requests and answers. Their limits are those of the domain types. A test
//! holds them against the parsers of these types.

use std::borrow::Cow;

use serde_json::json;
use shared::claims::ClaimsBytes;
use shared::domain::challenge::Reply;
use shared::domain::jit::RuleList;
use shared::domain::membership::{
    CauseKind as CauseKindOf, EntryPath as EntryPathOf, MOST_REPLACED,
};
use shared::domain::organization::{OrganizationCounts, OrganizationRole, RoleUsage};
use shared::domain::user::User;
use shared::domain::{email_address, email_domain, ids, provider, rule, text};
use shared::event::EventType as EventTypeOf;
use shared::http::LARGEST_BODY;
use shared::store::EventId as EventIdOf;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema,
    SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::triggers::claims;

/// White space (Unicode's `White_Space`), within the brackets of a pattern.
macro_rules! white_space {
    () => {
        r"\t-\r\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    };
}

/// The characters of ids.
pub(crate) const ID: &str = "^[A-Za-z0-9_-]+$";
/// One visible character, and no control characters except as white space around the name.
const NAME: &str = concat!(
    "^[",
    white_space!(),
    "]*",
    r"[^\u0000-\u001f\u007f-\u009f",
    white_space!(),
    "]",
    r"[^\u0000-\u001f\u007f-\u009f]*",
    "[",
    white_space!(),
    "]*$",
);
/// No control characters but line breaks and tabs, except as white space around the text.
const DESCRIPTION: &str = concat!(
    "^[",
    white_space!(),
    "]*",
    r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*",
    "[",
    white_space!(),
    "]*$",
);
/// An email address in a query string: one `@`, nothing before it that must be quoted, and behind it
/// none of the characters that [`EMAIL_DOMAIN_INPUT`] excludes. The replacement character stands for
/// bytes that are not UTF-8.
pub(crate) const EMAIL_ADDRESS: &str = concat!(
    r#"^[^"(),:;<>@\[\\\]\u0000-\u001f\u007f-\u009f\ufffd"#,
    white_space!(),
    r"]+@[^/?#@*\u0000-\u001f\u007f-\u009f\ufffd",
    white_space!(),
    "]+$",
);
/// None of the characters by which a URL, an address or a wildcard is recognised.
pub(crate) const EMAIL_DOMAIN_INPUT: &str = "^[^/?#@*]+$";
/// At least two labels of lower-case letters, digits and inner hyphens.
const EMAIL_DOMAIN_NAME: &str =
    r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$";
/// Words with underscores, and dots between groups of them.
const CODE: &str = r"^[a-z_]+(\.[a-z_]+)*$";
/// Neither white space nor control characters.
const USERNAME: &str = concat!(r"^[^\u0000-\u001f\u007f-\u009f", white_space!(), "]+$");

/// Defines schemas of the document. A schema's comment is its description.
macro_rules! schemas {
    ($($(#[doc = $doc:literal])+ $name:ident: $schema:expr;)+) => { $(
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.description(Some(concat!($($doc),+).trim())).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+ };
}

schemas! {
    /// An organization's id: yours, or a generated one.
    OrganizationId: string(1, ids::OrganizationId::LONGEST).pattern(Some(ID)).examples(["acme"]);

    /// An organization role's id. It is always generated.
    OrganizationRoleId: string(1, ids::OrganizationRoleId::LONGEST)
        .pattern(Some(ID))
        .examples(["role_01a2035319ad77f3b8960be2f54cdc4c"]);

    /// A user's id: Cognito's `sub`.
    UserId: string(1, ids::UserId::LONGEST)
        .pattern(Some(ID))
        .examples(["5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11"]);

    /// A name. White space around it is dropped.
    Name: string(1, text::Name::LONGEST).pattern(Some(NAME)).examples(["Acme"]);

    /// A description. White space around it is dropped.
    Description: string(0, text::Description::LONGEST)
        .pattern(Some(DESCRIPTION))
        .examples(["Builds rockets."]);

    /// Data of yours, returned unchanged: at most 8 KiB of JSON text, and 32 levels.
    CustomData: object().examples([json!({ "plan": "gold" })]);

    /// Any JSON object.
    AnyObject: object();

    /// The name of an identity provider in the user pool. Case matters.
    SsoConnectorId: string(1, provider::ProviderName::LONGEST)
        .pattern(Some(USERNAME))
        .examples(["Acme-Okta"]);

    /// Cognito's type of an identity provider.
    ProviderType: string(1, 64).examples(["SAML"]);

    /// Names of identity providers.
    SsoConnectorIdList: list::<SsoConnectorId>(RuleList::MOST_SSO_CONNECTORS);

    /// Names of identity providers, at least one.
    SomeSsoConnectorIds: list::<SsoConnectorId>(RuleList::MOST_SSO_CONNECTORS).min_items(Some(1));

    /// An email domain, as people write it. It is normalised: lower case, A-labels.
    EmailDomainInput: string(1, email_domain::EmailDomain::LONGEST_INPUT)
        .pattern(Some(EMAIL_DOMAIN_INPUT))
        .examples(["acme.example"]);

    /// A normalised email domain: lower case, A-labels.
    EmailDomainName: string(3, email_domain::EmailDomain::LONGEST)
        .pattern(Some(EMAIL_DOMAIN_NAME))
        .examples(["acme.example"]);

    /// A kind of rule.
    RuleKind: one_of(rule::RuleKind::ALL.map(rule::RuleKind::as_str));

    /// A kind of rule, or `api` for a call that named the user.
    CauseKind: one_of(
        rule::RuleKind::ALL.map(CauseKindOf::Rule).iter().chain([&CauseKindOf::Api]).map(|it| it.as_str()),
    );

    /// How a user appeared.
    EntryPath: one_of(EntryPathOf::ALL.map(EntryPathOf::as_str));

    /// The id of an event. Ids of later events are greater.
    EventId: string(EventIdOf::LENGTH, EventIdOf::LENGTH)
        .pattern(Some("^[0-9a-f]{32}-[0-9]{3}$"))
        .examples(["019b7cb2000070008000000000000001-000"]);

    /// What has happened.
    EventType: event_type();

    /// Who has changed something.
    ActorType: one_of(["api", "trigger", "schedule"]);

    /// Why a membership or a request has ended.
    EndReason: one_of(["removed", "same_address", "became_member", "user_deleted"]);

    /// The claims of a token, by their names there. Where they would be too large, some are left out, and
    /// `organizations_overflow` is there.
    TokenClaims: ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(claims::ORGANIZATIONS, list::<OrganizationId>(MOST_CLAIMED))
        .property(claims::ORGANIZATION_ROLES, list::<RoleClaim>(MOST_CLAIMED))
        .property(claims::REQUESTS, list::<OrganizationId>(MOST_CLAIMED))
        .property(claims::OVERFLOW, ObjectBuilder::new().schema_type(Type::Boolean));

    /// A role in an organization, as `<organizationId>:<roleName>`.
    RoleClaim: string(3, ids::OrganizationId::LONGEST + 1 + text::Name::LONGEST)
        .pattern(Some("^[A-Za-z0-9_-]+:"))
        .examples(["acme:Engineer"]);

    /// The email address of a new user.
    EmailAddressInput: string(3, email_address::EmailAddress::LONGEST_INPUT)
        .format(Some(SchemaFormat::Custom("idn-email".to_owned())))
        .examples(["jane@acme.example"]);

    /// Any text that may be an email address.
    AnyAddress: string(0, LARGEST_BODY).examples(["jane@acme.example"]);

    /// An email address, as Cognito has it.
    EmailAddress: string(0, User::LONGEST_ATTRIBUTE).examples(["jane@acme.example"]);

    /// Cognito's `Username` for a new user.
    NewUsername: string(1, User::LONGEST_USER_NAME).pattern(Some(USERNAME)).examples(["jane"]);

    /// Cognito's `Username`.
    Username: string(1, User::LONGEST_USER_NAME).examples(["jane"]);

    /// An attribute of a user, as Cognito has it.
    Attribute: string(0, User::LONGEST_ATTRIBUTE);

    /// A reason, for programs.
    Reason: string(1, 64).pattern(Some(CODE)).examples(["not_listed"]);

    /// A reason as a sentence, for people.
    Sentence: string(1, 2_000);

    /// How many members an organization has: counted up to 1,000, which means "1,000 or more".
    UsersCount: number(OrganizationCounts::MOST_USERS).examples([212]);

    /// How many email domains an organization lists.
    EmailDomainsCount: number(RuleList::MOST_EMAIL_DOMAINS).examples([3]);

    /// How many other organizations list a domain.
    OtherOrganizationsCount: number(RuleList::MOST_ORGANIZATIONS).examples([0]);

    /// How many memberships hold a role.
    HoldersCount: number(RoleUsage::MOST_MEMBERSHIPS).examples([212]);

    /// In how many organizations a role is used.
    UsingOrganizationsCount: number(RoleUsage::MOST_ORGANIZATIONS).examples([9]);

    /// The text of a TXT record, which can be cut.
    TxtRecord: string(0, Reply::LONGEST_RECORD)
        .examples(["usher-domain-verification=0123456789abcdef0123456789abcdef"]);

    /// The email domains of an organization.
    EmailDomainInputList: list::<EmailDomainInput>(RuleList::MOST_EMAIL_DOMAINS);

    /// Ids of organization roles.
    OrganizationRoleIdList: list::<OrganizationRoleId>(OrganizationRole::MOST_IN_A_LIST);

    /// Ids of organization roles, at least one.
    SomeOrganizationRoleIds: list::<OrganizationRoleId>(OrganizationRole::MOST_IN_A_LIST).min_items(Some(1));

    /// Names of organization roles. Case does not matter.
    OrganizationRoleNameList: list::<Name>(OrganizationRole::MOST_IN_A_LIST).examples([json!(["Engineer"])]);

    /// Names of organization roles, at least one. Case does not matter.
    SomeOrganizationRoleNames: list::<Name>(OrganizationRole::MOST_IN_A_LIST)
        .min_items(Some(1))
        .examples([json!(["Engineer"])]);

    /// Ids of users.
    UserIdList: list::<UserId>(MOST_REPLACED);

    /// Ids of users, at least one.
    SomeUserIds: list::<UserId>(MOST_REPLACED).min_items(Some(1));

    /// Users, and at least one role, by its id or by its name.
    RoleAssignment: AnyOfBuilder::new()
        .item(
            role_assignment()
                .property(ROLE_IDS, SomeOrganizationRoleIds::schema())
                .required(ROLE_IDS)
                .property(ROLE_NAMES, OrganizationRoleNameList::schema()),
        )
        .item(
            role_assignment()
                .property(ROLE_IDS, OrganizationRoleIdList::schema())
                .property(ROLE_NAMES, SomeOrganizationRoleNames::schema())
                .required(ROLE_NAMES),
        );
}

/// The most entries of a claim: each takes at least four bytes of a token.
const MOST_CLAIMED: usize = ClaimsBytes::MOST / 4;

/// The form of times in queries (RFC 3339).
pub(crate) const TIME: &str = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$";

/// The names of all types of events.
pub(crate) fn event_type() -> ObjectBuilder {
    one_of(EventTypeOf::ALL.iter().map(|kind| kind.as_str()))
}

const ROLE_IDS: &str = "organizationRoleIds";
const ROLE_NAMES: &str = "organizationRoleNames";

/// The part of [`RoleAssignment`] that names the users.
fn role_assignment() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("userIds", SomeUserIds::schema())
        .required("userIds")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

/// A text of at least and at most so many characters.
fn string(least: usize, most: usize) -> ObjectBuilder {
    let least = (least > 0).then_some(least);
    ObjectBuilder::new().schema_type(Type::String).min_length(least).max_length(Some(most))
}

/// One of these texts.
fn one_of(texts: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts))
}

/// A whole number from 0 to this one.
fn number(most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(0))
        .maximum(Some(most))
}

/// At most so many values of another schema.
fn list<T: ToSchema>(most: usize) -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name(T::name())).max_items(Some(most))
}

/// An object with any properties.
fn object() -> ObjectBuilder {
    let any = AdditionalProperties::<Schema>::FreeForm(true);
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(any))
}
