//! The form of a rule in its index entry: its settings, and who answers for it.
//!
//! An entry is always written whole, on the condition that it still has the version that was read. A
//! missing attribute means what held before the attribute existed.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::callers::{put_caller, read_caller};
use super::expression::Expression;
use super::item::{Attributes, Item, number, text, texts, timestamp};
use super::keys::{self, Key};
use crate::domain::ids::OrganizationRoleId;
use crate::domain::ownership::{ChallengeToken, DnsAnswer, Ownership, OwnershipState};
use crate::domain::rule::{AdmittedAddresses, Enrollment, Rule, RuleKey, Settings};
use crate::failure::Failure;

/// When a rule was added, if an earlier release does the right thing with it.
const ADDED_AT: &str = "addedAt";
/// When any other rule was added. An earlier release cannot read an entry without [`ADDED_AT`], and so
/// lets nobody in by a rule whose settings it does not know.
const LISTED_AT: &str = "listedAt";
const ADDED_BY: &str = "addedBy";
const ADMITS_SINCE: &str = "admitsSince";
const ENROLLMENT: &str = "enrollment";
const EXISTING_USERS: &str = "existingUsers";
const ROLE_IDS: &str = "roleIds";
const SUBDOMAINS: &str = "subdomains";
const EMAIL_DOMAINS: &str = "emailDomains";
const OWNERSHIP: &str = "ownership";
const PROVIDER_TYPE: &str = "providerType";
/// How often the entry was changed. An entry without it was never changed.
pub(super) const ENTRY_VERSION: &str = "version";

/// A rule, as its index entry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) rule: Rule,
    /// How often it was changed.
    pub(super) version: u64,
}

/// A rule as the attributes of its index entry.
pub(super) fn rule_attributes(rule: &Rule, key: &Key, version: u64) -> Attributes {
    let Rule { key: _, added_at, added_by, settings, ownership, admits_since, provider_type } =
        rule;
    let Settings { enrollment, existing_users, roles, subdomains, addresses } = settings;
    let added = if rule.is_plain() { ADDED_AT } else { LISTED_AT };
    let mut attributes = HashMap::from([(added.to_owned(), timestamp(*added_at))]);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), value);
        }
    };
    put(ADMITS_SINCE, admits_since.map(timestamp));
    put(ENROLLMENT, (*enrollment != Enrollment::default()).then(|| text(enrollment.as_str())));
    put(EXISTING_USERS, existing_users.map(|it| text(it.as_str())));
    put(ROLE_IDS, roles.as_ref().map(texts));
    put(SUBDOMAINS, subdomains.then_some(AttributeValue::Bool(true)));
    let is_special = *addresses != AdmittedAddresses::default();
    put(EMAIL_DOMAINS, is_special.then(|| text(addresses.as_str())));
    put(PROVIDER_TYPE, provider_type.as_ref().map(text));
    put(ENTRY_VERSION, (version > 0).then(|| number(version)));
    put(
        OWNERSHIP,
        (*ownership != Ownership::default())
            .then(|| AttributeValue::M(ownership_attributes(ownership))),
    );
    if let Some(at) = ownership.next_check {
        put(keys::GSI1_PK, Some(text(keys::OWNERSHIP_CHECKS)));
        put(keys::GSI1_SK, Some(text(keys::ownership_check(at, key))));
    }
    put_caller(&mut attributes, ADDED_BY, added_by.as_ref());
    attributes
}

/// The condition that an entry is there, and still has the version that was read.
pub(super) fn unchanged(version: u64) -> Expression {
    let condition = Expression::default().name("#version", ENTRY_VERSION);
    match version {
        0 => condition.when("attribute_exists(pk)").when("attribute_not_exists(#version)"),
        version => condition.value(":version", number(version)).when("#version = :version"),
    }
}

/// The roles that the settings of the rule in an index entry name. `None` means the default roles.
pub(super) fn read_rule_roles(item: &Item<'_>) -> Result<Option<Vec<OrganizationRoleId>>, Failure> {
    let roles = item.has(ROLE_IDS).then(|| item.list(ROLE_IDS, OrganizationRoleId::parse));
    roles.transpose()
}

/// The rule in an index entry.
pub(super) fn read_rule(key: &RuleKey, item: &Item<'_>) -> Result<Entry, Failure> {
    let added_at = item.timestamp(if item.has(LISTED_AT) { LISTED_AT } else { ADDED_AT })?;
    let enrollment = |name: &str| Enrollment::named(name).ok_or(());
    let addresses = |name: &str| AdmittedAddresses::named(name).ok_or(());
    let ownership = item.has(OWNERSHIP).then(|| read_ownership(&item.map(OWNERSHIP)?));
    let version = item.has(ENTRY_VERSION).then(|| item.number(ENTRY_VERSION));
    let expected = "`automatic`, `request` or `off`";
    Ok(Entry {
        rule: Rule {
            key: key.clone(),
            added_at,
            added_by: read_caller(item, ADDED_BY)?,
            settings: Settings {
                enrollment: item.optional(ENROLLMENT, expected, enrollment)?.unwrap_or_default(),
                existing_users: item.optional(EXISTING_USERS, expected, enrollment)?,
                roles: read_rule_roles(item)?,
                subdomains: item.flag(SUBDOMAINS)?,
                addresses: item
                    .optional(EMAIL_DOMAINS, "`any` or `listed`", addresses)?
                    .unwrap_or_default(),
            },
            ownership: ownership.transpose()?.unwrap_or_default(),
            admits_since: optional_timestamp(item, ADMITS_SINCE)?,
            provider_type: item.optional_text(PROVIDER_TYPE)?.map(str::to_owned),
        },
        version: version.transpose()?.unwrap_or_default(),
    })
}

const STATE: &str = "state";
const TOKEN: &str = "token";
const PENDING_SINCE: &str = "pendingSince";
const CHECKED_AT: &str = "checkedAt";
const ANSWER: &str = "answer";
const PROVEN_AT: &str = "provenAt";
const FAILING_SINCE: &str = "failingSince";
const MISSED_DAYS: &str = "missedDays";
const MISSED_AT: &str = "missedAt";
const NEXT_CHECK: &str = "nextCheck";
const VOUCHED_BY: &str = "vouchedBy";

fn ownership_attributes(ownership: &Ownership) -> Attributes {
    let Ownership {
        state,
        token,
        pending_since,
        checked_at,
        answer,
        proven_at,
        failing_since,
        missed_days,
        missed_at,
        next_check,
        vouched_by,
    } = ownership;
    let texts = [
        (STATE, Some(text(state.as_str()))),
        (TOKEN, token.as_ref().map(|token| text(token.as_str()))),
        (PENDING_SINCE, pending_since.map(timestamp)),
        (CHECKED_AT, checked_at.map(timestamp)),
        (ANSWER, answer.map(|answer| text(answer.as_str()))),
        (PROVEN_AT, proven_at.map(timestamp)),
        (FAILING_SINCE, failing_since.map(timestamp)),
        (MISSED_DAYS, (*missed_days > 0).then(|| number(*missed_days))),
        (MISSED_AT, missed_at.map(timestamp)),
        (NEXT_CHECK, next_check.map(timestamp)),
    ];
    let mut attributes: Attributes =
        texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    put_caller(&mut attributes, VOUCHED_BY, vouched_by.as_ref());
    attributes
}

fn read_ownership(item: &Item<'_>) -> Result<Ownership, Failure> {
    let missed_days = item.has(MISSED_DAYS).then(|| item.number(MISSED_DAYS));
    Ok(Ownership {
        state: item.parsed(STATE, "a state", |name| OwnershipState::named(name).ok_or(()))?,
        token: item.optional(TOKEN, "a token", ChallengeToken::parse)?,
        pending_since: optional_timestamp(item, PENDING_SINCE)?,
        checked_at: optional_timestamp(item, CHECKED_AT)?,
        answer: item.optional(ANSWER, "an answer", |name| DnsAnswer::named(name).ok_or(()))?,
        proven_at: optional_timestamp(item, PROVEN_AT)?,
        failing_since: optional_timestamp(item, FAILING_SINCE)?,
        missed_days: missed_days.transpose()?.unwrap_or_default(),
        missed_at: optional_timestamp(item, MISSED_AT)?,
        next_check: optional_timestamp(item, NEXT_CHECK)?,
        vouched_by: read_caller(item, VOUCHED_BY)?,
    })
}

fn optional_timestamp(item: &Item<'_>, name: &str) -> Result<Option<Timestamp>, Failure> {
    item.has(name).then(|| item.timestamp(name)).transpose()
}
