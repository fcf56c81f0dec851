//! An organization's email domains: the list is the truth, the domain index follows it in the same
//! transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::Timestamp;

use super::expression::Expression;
use super::item::{Attributes, number, timestamp};
use super::write::{TRANSACTION_ITEMS, Unmet};
use super::{Store, StoreError, keys};
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::OrganizationId;
use crate::domain::jit::{EmailDomains, Precondition, Step, Version, plan};
use crate::error::{Error, Result, organization_not_found};

/// The most domains that change in one transaction: the list itself takes one of its items.
const STEP: usize = TRANSACTION_ITEMS - 1;

impl Store {
    /// An organization's email domains; none if there is no such organization.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn email_domains(
        &self,
        id: &OrganizationId,
    ) -> Result<Option<EmailDomains>, StoreError> {
        let item = self.get(keys::email_domains(id)).await?;
        item.map(|attributes| self.read_email_domains(&attributes)).transpose()
    }

    /// Adds a domain to the list and the index.
    ///
    /// # Errors
    /// When there is no such organization, the precondition fails, the domain is listed already,
    /// or the list is full; then nothing has changed.
    pub async fn add_email_domain(
        &self,
        id: &OrganizationId,
        domain: &EmailDomain,
        at: Timestamp,
        precondition: &Precondition,
    ) -> Result<()> {
        let list = list_change(precondition)
            .name("#domain", domain.as_str())
            .value(":entry", list_entry(at))
            .value(":most", number(EmailDomains::MOST as u64))
            .set("#domains.#domain = :entry")
            .when("attribute_not_exists(#domains.#domain)")
            .when("size(#domains) < :most");
        let writes =
            vec![self.update(keys::email_domains(id), list), self.put_index_entry(domain, id, at)];
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
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
    /// When there is no such organization, the precondition fails, or the domain is not listed;
    /// then nothing has changed.
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
            self.delete(keys::domain_index_entry(domain, id)),
        ];
        let Err(unmet) = self.commit(writes).await? else {
            return Ok(());
        };
        self.current(id, &unmet, precondition)?;
        Err(Error::EmailDomainNotFound(domain.to_string()))
    }

    /// Makes the list exactly this, starting from what was read, and answers the new version. Up
    /// to 99 changes are one atomic step; more go in several, each conditioned on the version that
    /// the one before has left.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when somebody else wrote since `before` was read, and nothing
    /// has changed; [`Error::EmailDomainsPartiallyReplaced`] when that happened after the first
    /// step; and when the organization is gone.
    pub async fn replace_email_domains(
        &self,
        id: &OrganizationId,
        before: &EmailDomains,
        after: &BTreeSet<EmailDomain>,
        at: Timestamp,
    ) -> Result<Version> {
        let listed = before.domains.keys().cloned().collect();
        let mut steps = plan(&listed, after, STEP);
        if steps.is_empty() {
            // Even a replacement by the same is a write: it must meet the version that was read.
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
            version = version.next();
        }
        Ok(version)
    }

    /// Whether so many other organizations list a domain that no further one can. Index entries
    /// whose organization is gone do not count.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_crowded(
        &self,
        domain: &EmailDomain,
        newcomer: &OrganizationId,
    ) -> Result<bool, StoreError> {
        let entries = self.domain_index(domain).await?;
        if entries.len() < EmailDomains::MOST_ORGANIZATIONS
            || entries.iter().any(|(id, _)| id == newcomer)
        {
            return Ok(false);
        }
        let ids: Vec<_> = entries.into_iter().map(|(id, _)| id).collect();
        Ok(self.organizations(&ids).await?.len() >= EmailDomains::MOST_ORGANIZATIONS)
    }

    /// The organizations that list a domain, oldest entry first. Some may be gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn domain_index(
        &self,
        domain: &EmailDomain,
    ) -> Result<Vec<(OrganizationId, Timestamp)>, StoreError> {
        let items = self.query(keys::domain_partition(domain), "").await?;
        let mut entries = items
            .iter()
            .map(|attributes| {
                let item = self.item(attributes);
                let id = item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
                Ok((id, item.timestamp("addedAt")?))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        entries.sort_by(|(a, a_added), (b, b_added)| a_added.cmp(b_added).then_with(|| a.cmp(b)));
        Ok(entries)
    }

    pub(super) fn read_email_domains(
        &self,
        attributes: &Attributes,
    ) -> Result<EmailDomains, StoreError> {
        let item = self.item(attributes);
        let entries = item.map("domains")?;
        let domains = entries
            .names()
            .map(|name| {
                let domain = EmailDomain::normalise(name)
                    .map_err(|_| item.unreadable("domains", "a map of email domains"))?;
                Ok((domain, entries.map(name)?.timestamp("addedAt")?))
            })
            .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        Ok(EmailDomains { domains, version: Version::new(item.number("version")?) })
    }

    /// The list of a new organization.
    pub(super) fn put_no_email_domains(&self, id: &OrganizationId) -> TransactWriteItem {
        let attributes = HashMap::from([
            ("domains".to_owned(), AttributeValue::M(HashMap::new())),
            ("version".to_owned(), number(Version::FIRST.get())),
        ]);
        self.put_new(keys::email_domains(id), attributes)
    }

    fn replacement(
        &self,
        id: &OrganizationId,
        step: &Step,
        at: Timestamp,
        precondition: &Precondition,
    ) -> Vec<TransactWriteItem> {
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
        let removed =
            step.removed.iter().map(|domain| self.delete(keys::domain_index_entry(domain, id)));
        let added = step.added.iter().map(|domain| self.put_index_entry(domain, id, at));
        std::iter::once(self.update(keys::email_domains(id), list))
            .chain(removed)
            .chain(added)
            .collect()
    }

    fn put_index_entry(
        &self,
        domain: &EmailDomain,
        id: &OrganizationId,
        at: Timestamp,
    ) -> TransactWriteItem {
        let attributes = HashMap::from([("addedAt".to_owned(), timestamp(at))]);
        self.put(keys::domain_index_entry(domain, id), attributes)
    }

    /// The list as it was when a change of it failed, once it is clear that neither a missing
    /// organization nor the precondition is to blame.
    fn current(
        &self,
        id: &OrganizationId,
        unmet: &Unmet,
        precondition: &Precondition,
    ) -> Result<EmailDomains> {
        let item = unmet.at(0).flatten().ok_or_else(|| organization_not_found(id))?;
        let current = self.read_email_domains(item)?;
        if precondition.holds(current.version) {
            Ok(current)
        } else {
            Err(Error::PreconditionFailed { current: current.version })
        }
    }
}

/// What every change of a list has in common: it exists, it has the right version, and it gets
/// the next one. It uses both names itself, because DynamoDB refuses one that nothing uses, and a
/// replacement by the same changes no domain.
fn list_change(precondition: &Precondition) -> Expression {
    Expression::default()
        .name("#domains", "domains")
        .name("#version", "version")
        .value(":one", number(1))
        .set("#version = #version + :one")
        .when("attribute_exists(#domains)")
        .when_version("#version", precondition)
}

fn list_entry(at: Timestamp) -> AttributeValue {
    AttributeValue::M(HashMap::from([("addedAt".to_owned(), timestamp(at))]))
}
