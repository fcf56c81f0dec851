//! The rules of organizations.
//!
//! An organization's list item decides which rules it has, and their order, limits, version and
//! `ETag`. Each rule has an index entry, which is written in the same transaction. Further
//! attributes of a rule belong in its index entry, because a sign-up reads that anyway. If such
//! an attribute is missing, the rule works as it did before the attribute existed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::backoff::Backoff;
use super::default_roles::read_default_roles;
use super::expression::Expression;
use super::item::{Attributes, Item, number, timestamp};
use super::read::readable;
use super::rule_entries::{read_rule, rule_attributes};
use super::write::{Unmet, Write};
use super::{Store, TRANSACTION_ITEMS, keys};
use crate::ambient::Clock;
use crate::domain::change::ListChange;
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::{OrganizationId, OrganizationRoleId};
use crate::domain::jit::{EmailDomains, Step, plan};
use crate::domain::rule::{Rule, RuleKey};
use crate::domain::version::{Precondition, Version};
use crate::error::{Error, Result, organization_not_found};
use crate::failure::Failure;

/// The most domains that change in one transaction. The list itself is one of its items.
const CHANGES_PER_STEP: usize = TRANSACTION_ITEMS - 1;

/// The most added domains that are checked at the same time.
const PARALLEL_CHECKS: usize = 16;

/// The most repeats of a replacement without a precondition, when other requests change the list
/// each time.
const REPLACEMENT_REPEATS: u32 = 9;

/// An organization that lists a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The organization.
    pub organization: OrganizationId,
    /// The rule.
    pub rule: Rule,
}

impl Store {
    /// An organization's email domains; `None` if there is no such organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn email_domains(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<EmailDomains>, Failure> {
        let item = self.get(keys::email_domains(id)).await?;
        item.map(|attributes| self.read_email_domains(&attributes)).transpose()
    }

    /// Adds a domain to the list and the index, and returns when it was added.
    ///
    /// # Errors
    /// When there is no such organization, too many others list the domain, the precondition fails,
    /// the domain is listed already, or the list is full; then nothing has changed.
    pub async fn add_email_domain(
        &self,
        id: &OrganizationId,
        domain: &EmailDomain,
        clock: &Clock,
        precondition: &Precondition,
    ) -> Result<Timestamp> {
        if self.is_crowded(domain, id).await? {
            self.email_domains(id).await?.ok_or_else(|| organization_not_found(id))?;
            return Err(Error::EmailDomainsCrowded(vec![domain.clone()]));
        }
        let at = clock.now();
        let list = list_change(precondition)
            .name("#domain", domain.as_str())
            .value(":entry", list_entry(at))
            .value(":most", number(EmailDomains::MOST as u64))
            .set("#domains.#domain = :entry")
            .when("attribute_not_exists(#domains.#domain)")
            .when("size(#domains) < :most");
        let rule = Rule::new(RuleKey::EmailDomain(domain.clone()), at);
        let writes =
            vec![self.update(keys::email_domains(id), list), self.put_index_entry(&rule, id)];
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(at);
        };
        let current = self.current(id, &unmet, precondition)?;
        Err(if current.domains.contains_key(domain) {
            Error::EmailDomainAlreadyListed(domain.clone())
        } else {
            Error::EmailDomainsFull
        })
    }

    /// Removes a domain from the list and the index.
    ///
    /// # Errors
    /// When there is no such organization, the precondition fails, or the domain is not listed; then
    /// nothing has changed.
    pub async fn remove_email_domain(
        &self,
        id: &OrganizationId,
        domain: &EmailDomain,
        precondition: &Precondition,
    ) -> Result<()> {
        let list = list_change(precondition)
            .name("#domain", domain.as_str())
            .remove("#domains.#domain")
            .when("attribute_exists(#domains.#domain)");
        let writes = vec![
            self.update(keys::email_domains(id), list),
            self.delete(keys::rule_index_entry(&RuleKey::EmailDomain(domain.clone()), id)),
        ];
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        self.current(id, &unmet, precondition)?;
        Err(Error::EmailDomainNotFound(domain.to_string()))
    }

    /// Replaces the list, and returns the new version. Up to 99 changes are one atomic step. More
    /// changes take several steps, each on the condition that the list still has the version of the
    /// step before. Without a precondition, a replacement whose first step fails because another
    /// request has changed the list starts over, at most [`REPLACEMENT_REPEATS`] times. `done` gets
    /// what each step has changed, also if a later one fails.
    ///
    /// # Errors
    /// When there is no such organization, the precondition fails, or too many other organizations
    /// list one of the added domains; then nothing has changed.
    /// [`Error::EmailDomainsPartiallyReplaced`] when another request changed the list between two
    /// steps. When the store fails, a part may have been replaced.
    pub async fn replace_email_domains(
        &self,
        id: &OrganizationId,
        wanted: &BTreeSet<EmailDomain>,
        clock: &Clock,
        precondition: &Precondition,
        done: &mut ListChange<EmailDomain>,
    ) -> Result<Version> {
        // Each added domain is checked once, even if the replacement starts over. The checks take
        // longer than the rest. Repeating them would let other requests come first each time.
        let mut unchecked = wanted.clone();
        let mut backoff = Backoff::short(&self.randomness, REPLACEMENT_REPEATS);
        loop {
            let before = self.email_domains(id).await?.ok_or_else(|| organization_not_found(id))?;
            if !precondition.holds(before.version) {
                return Err(Error::PreconditionFailed { current: before.version });
            }
            let added = unchecked.extract_if(.., |domain| !before.domains.contains_key(domain));
            self.refuse_crowded(id, added.collect()).await?;
            match self.replace(id, &before, wanted, clock.now(), done).await {
                // `PreconditionFailed` would be wrong: the client has not named a version.
                Err(Error::PreconditionFailed { .. }) if *precondition == Precondition::None => {
                    backoff.pause("TransactWriteItems", "other requests changed the list").await?;
                }
                outcome => return outcome,
            }
        }
    }

    /// Replaces the list, if it is still the one that was read.
    async fn replace(
        &self,
        id: &OrganizationId,
        before: &EmailDomains,
        after: &BTreeSet<EmailDomain>,
        at: Timestamp,
        done: &mut ListChange<EmailDomain>,
    ) -> Result<Version> {
        let listed = before.domains.keys().cloned().collect();
        let mut steps = plan(&listed, after, CHANGES_PER_STEP);
        if steps.is_empty() {
            // A replacement without changes is a write too: the list must still have the version
            // that was read.
            steps.push(Step::default());
        }
        let mut version = before.version;
        for step in steps {
            let precondition = Precondition::OneOf(vec![version]);
            if let Err(unmet) = self.commit(self.replacement(id, &step, at, &precondition)).await? {
                return Err(match self.current(id, &unmet, &precondition) {
                    Err(Error::PreconditionFailed { current }) if version != before.version => {
                        Error::EmailDomainsPartiallyReplaced { current }
                    }
                    Err(error) => error,
                    Ok(current) => Error::PreconditionFailed { current: current.version },
                });
            }
            done.added.extend(step.added);
            done.removed.extend(step.removed);
            version = version.next();
        }
        Ok(version)
    }

    /// Refuses domains that too many other organizations list.
    async fn refuse_crowded(&self, id: &OrganizationId, domains: Vec<EmailDomain>) -> Result<()> {
        let checks = domains.into_iter().map(|domain| async move {
            let crowded = self.is_crowded(&domain, id).await?;
            Ok::<_, Failure>(crowded.then_some(domain))
        });
        let checked: Vec<_> = stream::iter(checks).buffered(PARALLEL_CHECKS).try_collect().await?;
        let crowded: Vec<_> = checked.into_iter().flatten().collect();
        if crowded.is_empty() { Ok(()) } else { Err(Error::EmailDomainsCrowded(crowded)) }
    }

    /// Whether so many other organizations list a domain that this one cannot list it too. Index
    /// entries of deleted organizations do not count.
    async fn is_crowded(
        &self,
        domain: &EmailDomain,
        newcomer: &OrganizationId,
    ) -> Result<bool, Failure> {
        let listings = self.rule_index(&[RuleKey::EmailDomain(domain.clone())]).await?;
        if listings.len() < EmailDomains::MOST_ORGANIZATIONS
            || listings.iter().any(|listing| listing.organization == *newcomer)
        {
            return Ok(false);
        }
        let ids: Vec<_> = listings.into_iter().map(|listing| listing.organization).collect();
        Ok(self.organizations(&ids).await?.len() >= EmailDomains::MOST_ORGANIZATIONS)
    }

    /// The organizations that list any of these rules, each once, oldest listing first. If an
    /// organization lists several, the first of `rules` counts. Some organizations may be deleted.
    /// The rules are read in parallel. An entry that cannot be read is left out, and the log names it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rule_index(&self, rules: &[RuleKey]) -> Result<Vec<Listing>, Failure> {
        let partitions = rules.iter().map(|key| async move {
            let items = self.query(keys::rule_partition(key), "").await?;
            let read = items.iter().map(|item| read_listing(key, &self.item(item))).collect();
            Ok::<_, Failure>(readable(read).collect::<Vec<_>>())
        });
        let mut listings: Vec<_> = try_join_all(partitions).await?.into_iter().flatten().collect();
        let mut seen = HashSet::new();
        listings.retain(|listing| seen.insert(listing.organization.clone()));
        listings.sort_by(|a, b| {
            let age = a.rule.since().cmp(&b.rule.since());
            age.then_with(|| a.organization.cmp(&b.organization))
        });
        Ok(listings)
    }

    /// The default roles of each listing's organization; `None` if it does not exist or no longer
    /// lists the rule. All of them are read at one moment, so that no membership mixes the rules of
    /// one moment with the roles of another. At most 50 listings.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn default_roles_of_listing(
        &self,
        listings: &[&Listing],
    ) -> Result<Vec<Option<Vec<OrganizationRoleId>>>, Failure> {
        let pairs = listings
            .iter()
            .flat_map(|Listing { organization, rule }| {
                [keys::rule_index_entry(&rule.key, organization), keys::organization(organization)]
            })
            .collect();
        let items = self.get_together(pairs).await?;
        let roles = |pair: &[Option<Attributes>]| match pair {
            [Some(_), Some(organization)] => {
                let read = read_default_roles(&self.item(organization));
                // One that cannot be read must not keep the user out of the others.
                let read = read.inspect_err(|error| tracing::error!(%error, "left out"));
                Some(read.ok()??.ids)
            }
            _ => None,
        };
        Ok(items.chunks_exact(2).map(roles).collect())
    }

    pub(super) fn read_email_domains(
        &self,
        attributes: &Attributes,
    ) -> Result<EmailDomains, Failure> {
        let item = self.item(attributes);
        let entries = item.map("domains")?;
        let domains = entries
            .names()
            .map(|name| {
                let domain = EmailDomain::normalise(name)
                    .map_err(|_| item.unreadable("domains", "a map of email domains"))?;
                Ok((domain, entries.map(name)?.timestamp("addedAt")?))
            })
            .collect::<Result<BTreeMap<_, _>, Failure>>()?;
        Ok(EmailDomains { domains, version: Version::new(item.number("version")?) })
    }

    /// The list of a new organization.
    pub(super) fn put_no_email_domains(&self, id: &OrganizationId) -> Write {
        let attributes = HashMap::from([
            ("domains".to_owned(), AttributeValue::M(HashMap::new())),
            ("version".to_owned(), number(Version::FIRST.get())),
        ]);
        self.put_new(keys::email_domains(id), attributes)
    }

    /// The writes of one step of a replacement.
    fn replacement(
        &self,
        id: &OrganizationId,
        step: &Step,
        at: Timestamp,
        precondition: &Precondition,
    ) -> Vec<Write> {
        let mut list = list_change(precondition);
        for (index, domain) in step.removed.iter().enumerate() {
            let name = format!("#r{index}");
            list = list.name(&name, domain.as_str()).remove(format!("#domains.{name}"));
        }
        if !step.added.is_empty() {
            list = list.value(":entry", list_entry(at));
        }
        for (index, domain) in step.added.iter().enumerate() {
            let name = format!("#a{index}");
            list = list.name(&name, domain.as_str()).set(format!("#domains.{name} = :entry"));
        }
        let key = |domain: &EmailDomain| RuleKey::EmailDomain(domain.clone());
        let removed =
            step.removed.iter().map(|domain| self.delete(keys::rule_index_entry(&key(domain), id)));
        let added =
            step.added.iter().map(|domain| self.put_index_entry(&Rule::new(key(domain), at), id));
        std::iter::once(self.update(keys::email_domains(id), list))
            .chain(removed)
            .chain(added)
            .collect()
    }

    fn put_index_entry(&self, rule: &Rule, id: &OrganizationId) -> Write {
        let key = keys::rule_index_entry(&rule.key, id);
        let attributes = rule_attributes(rule, &key, 0);
        self.put(key, attributes)
    }

    /// The list as it was when a change failed, unless the change failed because there is no such
    /// organization or because of the precondition: then, that error.
    fn current(
        &self,
        id: &OrganizationId,
        unmet: &Unmet,
        precondition: &Precondition,
    ) -> Result<EmailDomains> {
        let item = unmet
            .of(&keys::email_domains(id))
            .flatten()
            .ok_or_else(|| organization_not_found(id))?;
        let current = self.read_email_domains(item)?;
        if precondition.holds(current.version) {
            Ok(current)
        } else {
            Err(Error::PreconditionFailed { current: current.version })
        }
    }
}

/// The common part of all changes of a list: the list exists, has a version that the precondition
/// allows, and gets the next version. It uses both names itself, because DynamoDB refuses unused
/// names, and a replacement without changes does not name domains.
fn list_change(precondition: &Precondition) -> Expression {
    Expression::default()
        .name("#domains", "domains")
        .name("#version", "version")
        .value(":one", number(1))
        .set("#version = #version + :one")
        .when("attribute_exists(#domains)")
        .when_version("#version", precondition)
}

/// A domain's entry in the list.
fn list_entry(at: Timestamp) -> AttributeValue {
    AttributeValue::M(HashMap::from([("addedAt".to_owned(), timestamp(at))]))
}

/// The organization and the rule of an index entry.
fn read_listing(key: &RuleKey, item: &Item<'_>) -> Result<Listing, Failure> {
    Ok(Listing {
        organization: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        rule: read_rule(key, item)?.rule,
    })
}
