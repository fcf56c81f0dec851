//! Memberships and their removal marks: reads, and all writes.

use std::collections::HashMap;

use jiff::Timestamp;

use super::backoff::Backoff;
use super::expression::Expression;
use super::item::{Attributes, Item, text, texts, timestamp};
use super::{Page, Store, keys};
use crate::domain::decision::Standing;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{Cause, EntryPath, Membership, Profile, Provenance};
use crate::domain::organization::OrganizationRole;
use crate::domain::rule::{RuleKey, RuleKind};
use crate::error::{Error, Result};
use crate::failure::Failure;

/// The most index pages that one page of members reads, when a filter leaves only a few members.
const INDEX_PAGES: usize = 10;

/// A member, as lists show it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's membership.
    pub membership: Membership,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
}

impl Store {
    /// A page of members in the order of their user ids. If a role is given, only members who hold
    /// it. The ids come from an index, which is eventually consistent. The details are read
    /// strongly.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members(
        &self,
        organization: &OrganizationId,
        role: Option<&OrganizationRoleId>,
        page_size: usize,
        after: Option<&UserId>,
    ) -> Result<Page<Member, UserId>, Failure> {
        let mut members: Vec<Member> = Vec::new();
        let mut last_seen = after.cloned();
        let mut more = true;
        for _ in 0..INDEX_PAGES {
            let (ids, rest) =
                self.member_ids(organization, page_size + 1, last_seen.as_ref()).await?;
            last_seen = ids.last().cloned().or(last_seen);
            members.extend(self.members_among(organization, ids, role).await?);
            more = rest;
            if members.len() > page_size || !more {
                break;
            }
        }
        let next = if members.len() > page_size {
            members.truncate(page_size);
            members.last().map(|member| member.user_id.clone())
        } else {
            last_seen.filter(|_| more)
        };
        Ok(Page { items: members, next })
    }

    /// The ids of all members in the index, which is eventually consistent; `None` if there are
    /// more than `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all_member_ids(
        &self,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<Option<Vec<UserId>>, Failure> {
        let mut all = Vec::new();
        loop {
            let (ids, more) = self.member_ids(organization, most + 1, all.last()).await?;
            all.extend(ids);
            if all.len() > most {
                return Ok(None);
            }
            if !more {
                return Ok(Some(all));
            }
        }
    }

    /// A user's membership in an organization; `None` if the user is not a member.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn membership(
        &self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<Membership>, Failure> {
        let item = self.get(keys::membership(user, organization)).await?;
        item.as_ref()
            .map(|attributes| self.item(attributes))
            .filter(|item| standing(item) == Standing::Member)
            .map(|item| read_membership(&item))
            .transpose()
    }

    /// The memberships of the given users, without those who are not members.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn memberships_of(
        &self,
        organization: &OrganizationId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Membership>, Failure> {
        let places = users.iter().map(|user| keys::membership(user, organization)).collect();
        let items = self.batch_get(places).await?;
        items
            .iter()
            .map(|attributes| self.item(attributes))
            .filter(|item| standing(item) == Standing::Member)
            .map(|item| {
                let user = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
                Ok((user, read_membership(&item)?))
            })
            .collect()
    }

    /// Writes new memberships and the profile in one transaction. If a membership or a removal mark
    /// exists already, that organization is skipped, and the rest is written. So repeating the call
    /// changes nothing. Returns the skipped organizations, with the existing standing in each. If
    /// all organizations are skipped, the profile is not written, because only members have one. At
    /// most 99 memberships.
    ///
    /// # Errors
    /// When the store fails. Then either everything or nothing was written.
    pub async fn join(
        &self,
        user: &UserId,
        memberships: &[Membership],
        profile: Option<&Profile>,
    ) -> Result<HashMap<OrganizationId, Standing>, Failure> {
        let mut skipped = HashMap::new();
        loop {
            let wanted: Vec<_> = memberships
                .iter()
                .filter(|membership| !skipped.contains_key(&membership.organization_id))
                .collect();
            if wanted.is_empty() && !memberships.is_empty() {
                return Ok(skipped);
            }
            let mut writes: Vec<_> = wanted
                .iter()
                .map(|membership| {
                    self.put_new(
                        keys::membership(user, &membership.organization_id),
                        membership_attributes(user, membership),
                    )
                })
                .collect();
            writes.extend(profile.map(|profile| self.put_profile(user, profile)));
            if writes.is_empty() {
                return Ok(skipped);
            }
            let Err(unmet) = self.commit(writes).await? else {
                return Ok(skipped);
            };
            for Membership { organization_id, .. } in wanted {
                if let Some(item) = unmet.of(&keys::membership(user, organization_id)) {
                    let found = item.map_or(Standing::Member, |item| standing(&self.item(item)));
                    skipped.insert(organization_id.clone(), found);
                }
            }
        }
    }

    /// Makes a user a member by hand, without roles, and deletes the marks of an earlier removal.
    /// Nothing of an earlier membership remains. A user who is a member already is not changed.
    ///
    /// # Errors
    /// When the store fails. Then either everything or nothing was written.
    pub async fn add_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        profile: &Profile,
        at: Timestamp,
    ) -> Result<(), Failure> {
        let mut backoff = Backoff::new(&self.randomness);
        let membership = Membership {
            organization_id: organization.clone(),
            role_ids: Vec::new(),
            joined_at: at,
            provenance: Provenance { cause: Cause::Api, entry_path: EntryPath::ManagementApi },
        };
        loop {
            let found = self.get(keys::membership(user, organization)).await?;
            let found = found.as_ref().map(|attributes| self.item(attributes));
            let mut digests: Vec<_> = profile.address_digest().into_iter().collect();
            if let Some(item) = &found {
                if standing(item) == Standing::Member {
                    return Ok(());
                }
                let marked = item.optional_text("addressDigest")?.map(str::to_owned);
                digests.extend(marked.filter(|marked| !digests.contains(marked)));
            }
            let place = self.put_if(
                keys::membership(user, organization),
                membership_attributes(user, &membership),
                Some("attribute_not_exists(pk) OR attribute_exists(removedAt)"),
            );
            let mut writes = vec![place, self.put_profile(user, profile)];
            writes.extend(
                digests.iter().map(|digest| self.delete(keys::removal_mark(digest, organization))),
            );
            if self.commit(writes).await?.is_ok() {
                return Ok(());
            }
            backoff.pause("TransactWriteItems", "other requests changed the membership").await?;
        }
    }

    /// Removes a member, and writes removal marks for the user and for the address as last seen, so
    /// that provisioning does not undo the removal.
    ///
    /// # Errors
    /// When the user is not a member; then nothing has changed.
    pub async fn remove_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        at: Timestamp,
    ) -> Result<()> {
        let profile = self.profiles(std::slice::from_ref(user)).await?.remove(user);
        let digest = profile.as_ref().and_then(Profile::address_digest);
        // A whole item, so that no attribute of the membership remains.
        let mut mark = HashMap::from([("removedAt".to_owned(), timestamp(at))]);
        mark.extend(digest.clone().map(|digest| ("addressDigest".to_owned(), text(digest))));
        let place = keys::membership(user, organization);
        let mut writes = vec![self.put_if(place, mark, Some("attribute_exists(joinedAt)"))];
        writes.extend(digest.map(|digest| {
            let attributes = HashMap::from([("removedAt".to_owned(), timestamp(at))]);
            self.put(keys::removal_mark(&digest, organization), attributes)
        }));
        self.commit(writes).await?.map_err(|_| Error::MembershipNotFound(user.to_string()))
    }

    /// Changes the roles of one member. `change` gets the ids of the member's roles that still
    /// exist. It is called again if another request has changed the roles in the meantime.
    ///
    /// # Errors
    /// The error of `change`, [`Error::NotAMember`], or [`Error::MemberRolesFull`]; then nothing has
    /// changed.
    pub async fn change_member_roles(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        change: impl Fn(&[OrganizationRoleId]) -> Result<Vec<OrganizationRoleId>>,
    ) -> Result<()> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let membership = self.membership(organization, user).await?;
            let held = membership.ok_or_else(|| Error::NotAMember(user.to_string()))?.role_ids;
            let existing = self.organization_roles_by_id(&held).await?;
            let current: Vec<_> =
                held.iter().filter(|id| existing.contains_key(id)).cloned().collect();
            let wanted = change(&current)?;
            if wanted == held {
                return Ok(());
            }
            if wanted.len() > OrganizationRole::MOST_IN_A_LIST {
                return Err(Error::MemberRolesFull);
            }
            let write = Expression::default()
                .name("#roles", "roleIds")
                .value(":held", texts(&held))
                .value(":wanted", texts(&wanted))
                .set("#roles = :wanted")
                .when("#roles = :held");
            let write = self.update(keys::membership(user, organization), write);
            if self.commit(vec![write]).await?.is_ok() {
                return Ok(());
            }
            backoff
                .pause("TransactWriteItems", "other requests changed the member's roles")
                .await?;
        }
    }

    /// A page of the member ids in the index, and whether there are more.
    async fn member_ids(
        &self,
        organization: &OrganizationId,
        limit: usize,
        after: Option<&UserId>,
    ) -> Result<(Vec<UserId>, bool), Failure> {
        let partition = keys::organization_partition(organization);
        let start = after.map(|user| {
            let mut start = keys::membership(user, organization).into_attributes();
            start.insert(keys::GSI1_PK.to_owned(), text(&partition));
            start.insert(keys::GSI1_SK.to_owned(), text(keys::user_partition(user)));
            start
        });
        let limit = i32::try_from(limit).ok();
        let (items, next) =
            self.index_page(partition.clone(), keys::USER_PREFIX, limit, start).await?;
        let ids = items
            .iter()
            .map(|attributes| self.item(attributes).partition_key(keys::USER_PREFIX, UserId::parse))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((ids, next.is_some()))
    }

    /// The members among these users, in the order of the ids. If a role is given, only those who
    /// hold it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members_among(
        &self,
        organization: &OrganizationId,
        ids: Vec<UserId>,
        role: Option<&OrganizationRoleId>,
    ) -> Result<Vec<Member>, Failure> {
        let (mut memberships, mut profiles) = futures_util::future::try_join(
            self.memberships_of(organization, &ids),
            self.profiles(&ids),
        )
        .await?;
        let members = ids.into_iter().filter_map(|user_id| {
            let membership = memberships.remove(&user_id)?;
            let profile = profiles.remove(&user_id);
            Some(Member { user_id, membership, profile })
        });
        let holds =
            |member: &Member| role.is_none_or(|role| member.membership.role_ids.contains(role));
        Ok(members.filter(holds).collect())
    }
}

/// The standing of a user in an organization, from the item of the membership or its removal mark.
pub(super) fn standing(item: &Item<'_>) -> Standing {
    if item.has("removedAt") { Standing::Removed } else { Standing::Member }
}

/// A membership as the attributes of its item.
fn membership_attributes(user: &UserId, membership: &Membership) -> Attributes {
    let Membership { organization_id, role_ids, joined_at, provenance } = membership;
    let mut attributes = HashMap::from([
        ("roleIds".to_owned(), texts(role_ids)),
        ("joinedAt".to_owned(), timestamp(*joined_at)),
        ("rule".to_owned(), text(provenance.cause.as_str())),
        ("entryPath".to_owned(), text(provenance.entry_path.as_str())),
        (keys::GSI1_PK.to_owned(), text(keys::organization_partition(organization_id))),
        (keys::GSI1_SK.to_owned(), text(keys::user_partition(user))),
    ]);
    if let Cause::Rule(key) = &provenance.cause {
        let (attribute, _) = value_attribute(key.kind());
        attributes.insert(attribute.to_owned(), text(key.value()));
    }
    attributes
}

/// The membership in an item.
pub(super) fn read_membership(item: &Item<'_>) -> Result<Membership, Failure> {
    let entry_path =
        |name: &str| EntryPath::ALL.into_iter().find(|path| path.as_str() == name).ok_or(());
    Ok(Membership {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        role_ids: item.list("roleIds", OrganizationRoleId::parse)?,
        joined_at: item.timestamp("joinedAt")?,
        provenance: Provenance {
            cause: read_cause(item)?,
            entry_path: item.parsed("entryPath", "an entry path", entry_path)?,
        },
    })
}

/// The cause of a membership.
fn read_cause(item: &Item<'_>) -> Result<Cause, Failure> {
    let name = item.optional_text("rule")?;
    if name == Some(Cause::API) {
        return Ok(Cause::Api);
    }
    // Earlier versions did not write this attribute: an email domain was the only cause.
    let kind = name.map_or(Some(RuleKind::EmailDomain), RuleKind::named);
    let kind = kind.ok_or_else(|| item.unreadable("rule", "a rule"))?;
    let (attribute, expected) = value_attribute(kind);
    Ok(Cause::Rule(item.parsed(attribute, expected, |value| RuleKey::parse(kind, value))?))
}

/// The attribute with the value of the rule that caused a membership, and the expected form of the
/// value.
const fn value_attribute(kind: RuleKind) -> (&'static str, &'static str) {
    match kind {
        RuleKind::EmailDomain => ("emailDomain", "an email domain"),
    }
}
