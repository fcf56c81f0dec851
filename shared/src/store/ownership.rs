//! Who answers for email domains: reads and writes the ownership in index entries, and finds those that
//! are due for a check.
//!
//! A change of an ownership does not change the version of the list. It is conditioned on the version of
//! the entry, on its token, and on the list, which must still have the domain. A domain that was deleted
//! and added again has another token, so that an answer of DNS about the old record has no effect.

use jiff::Timestamp;

use super::backoff::Backoff;
use super::changes::Subject;
use super::item::{Attributes, text};
use super::keys;
use super::read::readable;
use super::rule_entries::{read_rule, rule_attributes, unchanged};
use super::rules::about_rule;
use super::write::Write;
use super::{Page, Store};
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::OrganizationId;
use crate::domain::ownership::{ChallengeToken, Ownership};
use crate::domain::rule::{Rule, RuleKey, RuleKind};
use crate::error::{Error, Result, organization_not_found};
use crate::event::News;
use crate::failure::Failure;

/// The most repeats of a change of an ownership, when other requests change the entry each time.
const REPEATS: u32 = 9;

/// An email domain that an organization lists, as its entry was at one moment.
#[derive(Clone, Debug)]
pub struct ListedDomain {
    /// The organization.
    pub organization: OrganizationId,
    /// The domain.
    pub domain: EmailDomain,
    /// The rule.
    pub rule: Rule,
    /// The token of the registrable domain above it, if the same organization lists that one too.
    pub parent_token: Option<ChallengeToken>,
    version: u64,
}

/// A domain of an organization in the index of those that are due for a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDomain {
    /// The organization.
    pub organization: OrganizationId,
    /// The domain.
    pub domain: EmailDomain,
}

impl Store {
    /// A domain that an organization lists. List and entry are read at one moment.
    ///
    /// # Errors
    /// When there is no such organization, it does not list the domain, or the store fails.
    pub async fn listed_domain(
        &self,
        id: &OrganizationId,
        domain: &EmailDomain,
    ) -> Result<ListedDomain> {
        let key = RuleKey::EmailDomain(domain.clone());
        let mut wanted =
            vec![keys::rules(RuleKind::EmailDomain, id), keys::rule_index_entry(&key, id)];
        let parent_key = domain.registrable_parent().map(RuleKey::EmailDomain);
        wanted.extend(parent_key.iter().map(|key| keys::rule_index_entry(key, id)));
        let mut found = self.get_together(wanted).await?.into_iter();
        let mut next = || found.next().flatten();
        let list = next().ok_or_else(|| organization_not_found(id))?;
        let (entry, parent_entry) = (next(), next());
        let list = self.read_rules(RuleKind::EmailDomain, &list)?;
        let entry = entry.filter(|_| list.rules.contains_key(&key));
        let entry = entry.ok_or_else(|| Error::EmailDomainNotFound(domain.to_string()))?;
        let entry = read_rule(&key, &self.item(&entry))?;
        let is_listed = parent_key.as_ref().is_some_and(|key| list.rules.contains_key(key));
        let parent_entry = parent_key.zip(parent_entry.filter(|_| is_listed));
        let parent_rule =
            parent_entry.map(|(key, entry)| read_rule(&key, &self.item(&entry))).transpose()?;
        Ok(ListedDomain {
            organization: id.clone(),
            domain: domain.clone(),
            rule: entry.rule,
            parent_token: parent_rule.and_then(|parent| parent.rule.ownership.token),
            version: entry.version,
        })
    }

    /// Changes the ownership of a domain, if nobody else has changed or deleted the domain since it was
    /// read; otherwise, the answer is `None`, and nothing has changed. From `at` on, the domain admits,
    /// if it did not before.
    ///
    /// # Errors
    /// [`Error::EmailDomainsCrowded`] when the domain would begin to admit, and too many other
    /// organizations admit by it. When the store fails.
    async fn set_ownership(
        &self,
        listed: &ListedDomain,
        ownership: Ownership,
        at: Timestamp,
    ) -> Result<Option<ListedDomain>> {
        let ListedDomain { organization, domain, rule, version, .. } = listed;
        let begins = ownership.state.admits() && !rule.ownership.state.admits();
        if begins && self.is_crowded(&rule.key, organization).await? {
            return Err(Error::EmailDomainsCrowded(vec![domain.clone()]));
        }
        let admits_since = if begins { Some(at) } else { rule.admits_since };
        let rule = Rule { ownership, admits_since, ..rule.clone() };
        let after = ListedDomain { rule, version: version + 1, ..listed.clone() };
        let mut writes = vec![self.put_ownership(listed, &after), self.still_listed(listed)];
        let news = News::ownership(organization, &listed.rule, &after.rule);
        writes.extend(self.tell(Subject::Organization(organization), Vec::from_iter(news)));
        Ok(self.commit(writes).await?.ok().map(|()| after))
    }

    /// Changes the ownership of a domain to what `change` makes of it. If others have changed the domain
    /// since it was read, it is read again. If `change` returns `None`, nothing is written. Returns the
    /// domain before and after the change.
    ///
    /// # Errors
    /// Those of `change` and [`Store::listed_domain`]. [`Error::EmailDomainsCrowded`] when the domain would
    /// begin to admit, and too many other organizations admit by it.
    pub async fn change_ownership(
        &self,
        mut listed: ListedDomain,
        at: Timestamp,
        change: impl Fn(&Ownership) -> Result<Option<Ownership>>,
    ) -> Result<(ListedDomain, ListedDomain)> {
        let mut backoff = Backoff::short(&self.randomness, REPEATS);
        loop {
            let Some(ownership) = change(&listed.rule.ownership)? else {
                return Ok((listed.clone(), listed));
            };
            match self.set_ownership(&listed, ownership, at).await? {
                Some(after) => return Ok((listed, after)),
                None => {
                    backoff
                        .pause("TransactWriteItems", "other requests changed the domain")
                        .await?;
                    listed = self.listed_domain(&listed.organization, &listed.domain).await?;
                }
            }
        }
    }

    /// A page of the domains that are due for a check at this time, those that have been due longest
    /// first. Eventually consistent: a domain may have been checked, changed or deleted already. An entry
    /// with an unreadable key is left out, and the log names it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn domains_due(
        &self,
        at: Timestamp,
        limit: i32,
        after: Option<DueCursor>,
    ) -> Result<Page<DueDomain, DueCursor>, Failure> {
        let start = after.map(|DueCursor(start)| start);
        let until = keys::ownership_checks_until(at);
        let (items, next) =
            self.index_page_until(keys::OWNERSHIP_CHECKS.to_owned(), until, limit, start).await?;
        let read = items.iter().map(|attributes| {
            let item = self.item(attributes);
            Ok(DueDomain {
                domain: item.partition_key(keys::DOMAIN_PREFIX, EmailDomain::normalise)?,
                organization: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
            })
        });
        Ok(Page { items: readable(read.collect()).collect(), next: next.map(DueCursor) })
    }

    /// Deletes the index entry of a domain that its organization no longer lists, so that it is not due
    /// any more. An organization was deleted and its sweep has not come to the entry.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_unlisted_entry(&self, due: &DueDomain) -> Result<(), Failure> {
        let DueDomain { organization, domain } = due;
        let rule = RuleKey::EmailDomain(domain.clone());
        let unlisted = about_rule(&rule).when("attribute_not_exists(#rules.#rule)");
        let writes = vec![
            self.delete(keys::rule_index_entry(&rule, organization)),
            self.check(keys::rules(RuleKind::EmailDomain, organization), unlisted),
        ];
        // If it is listed again, there is nothing to delete.
        self.commit(writes).await?.ok();
        Ok(())
    }

    fn put_ownership(&self, before: &ListedDomain, after: &ListedDomain) -> Write {
        let rule = &after.rule;
        let key = keys::rule_index_entry(&rule.key, &after.organization);
        let condition =
            unchanged(before.version).name("#ownership", "ownership").name("#token", "token");
        let condition = match &before.rule.ownership.token {
            None => condition.when("attribute_not_exists(#ownership.#token)"),
            Some(token) => {
                condition.value(":token", text(token.as_str())).when("#ownership.#token = :token")
            }
        };
        let attributes = rule_attributes(rule, &key, after.version);
        self.put_if(key, attributes, condition)
    }

    fn still_listed(&self, listed: &ListedDomain) -> Write {
        let listing = about_rule(&listed.rule.key).when("attribute_exists(#rules.#rule)");
        self.check(keys::rules(RuleKind::EmailDomain, &listed.organization), listing)
    }
}

/// The place in the index after which the next page of due domains begins.
#[derive(Clone, Debug)]
pub struct DueCursor(Attributes);
