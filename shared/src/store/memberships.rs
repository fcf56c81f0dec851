//! The members of an organization, as its administrators see and change them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::expression::Expression;
use super::failure::Patience;
use super::item::{text, texts, timestamp};
use super::users::{membership_attributes, read_membership, read_profile, standing};
use super::{Page, Store, StoreError, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{EntryPath, Membership, Profile, Provenance, Rule};
use crate::domain::organization::OrganizationRole;
use crate::error::{Error, Result, organization_not_found};

/// How many index pages one page of members reads at most, where a filter leaves few of them.
const INDEX_PAGES: usize = 10;

/// A member as a list shows one.
#[derive(Clone, Debug)]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's place in the organization.
    pub membership: Membership,
    /// The user's address and name as last seen.
    pub profile: Option<Profile>,
}

impl Store {
    /// Makes sure that an organization exists.
    ///
    /// # Errors
    /// When it does not.
    pub async fn require_organization(&self, id: &OrganizationId) -> Result<()> {
        let found = self.default_roles(id).await?;
        found.map(drop).ok_or_else(|| organization_not_found(id))
    }

    /// Members by user id, those who hold a role if one is given. Who they are comes from an index,
    /// which is eventually consistent; what is shown of them is read strongly.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn members(
        &self,
        organization: &OrganizationId,
        role: Option<&OrganizationRoleId>,
        page_size: usize,
        after: Option<&UserId>,
    ) -> Result<Page<Member, UserId>, StoreError> {
        let mut members: Vec<Member> = Vec::new();
        let mut last_seen = after.cloned();
        let mut more = true;
        for _ in 0..INDEX_PAGES {
            let (ids, rest) =
                self.member_ids(organization, page_size + 1, last_seen.as_ref()).await?;
            last_seen = ids.last().cloned().or(last_seen);
            members.extend(self.read_members(organization, ids, role).await?);
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

    /// The ids of all members, as far as the index knows; none if there are more than `most`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all_member_ids(
        &self,
        organization: &OrganizationId,
        most: usize,
    ) -> Result<Option<Vec<UserId>>, StoreError> {
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

    /// One member's place, none if the user is no member.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn membership(
        &self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<Membership>, StoreError> {
        let item = self.get(keys::membership(user, organization)).await?;
        item.as_ref()
            .map(|attributes| self.item(attributes))
            .filter(|item| standing(item) == Standing::Member)
            .map(|item| read_membership(&item))
            .transpose()
    }

    /// The places of those of these users who are members.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn memberships_of(
        &self,
        organization: &OrganizationId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Membership>, StoreError> {
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

    /// The profiles that are kept of these users.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Profile>, StoreError> {
        let items = self.batch_get(users.iter().map(keys::profile).collect()).await?;
        items
            .iter()
            .map(|attributes| {
                let item = self.item(attributes);
                let id = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
                Ok((id, read_profile(&item)?))
            })
            .collect()
    }

    /// Makes a user a member by hand, without roles, and clears the marks of an earlier removal, so
    /// that the membership starts afresh. A member stays as is.
    ///
    /// # Errors
    /// When the store fails; then nothing has changed.
    pub async fn add_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        profile: &Profile,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut patience = Patience::new(&self.randomness);
        let membership = Membership {
            organization_id: organization.clone(),
            role_ids: Vec::new(),
            joined_at: at,
            provenance: Provenance { rule: Rule::Api, entry_path: EntryPath::ManagementApi },
        };
        loop {
            let found = self.get(keys::membership(user, organization)).await?;
            let found = found.as_ref().map(|attributes| self.item(attributes));
            let mut digests: Vec<_> = digest(profile).into_iter().collect();
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
            patience.pause("TransactWriteItems", "other writers of the membership").await?;
        }
    }

    /// Removes a member, and marks the removal for the user and for the address as last seen, so
    /// that provisioning does not undo it.
    ///
    /// # Errors
    /// When the user is no member; then nothing has changed.
    pub async fn remove_member(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        at: Timestamp,
    ) -> Result<()> {
        let profile = self.profiles(std::slice::from_ref(user)).await?.remove(user);
        let mut mark = Expression::default()
            .name("#joinedAt", "joinedAt")
            .value(":now", timestamp(at))
            .set("removedAt = :now")
            .remove_all(&[
                "roleIds",
                "joinedAt",
                "rule",
                "emailDomain",
                "entryPath",
                keys::GSI1_PK,
                keys::GSI1_SK,
            ])
            .when("attribute_exists(#joinedAt)");
        let mut writes = Vec::new();
        if let Some(digest) = profile.as_ref().and_then(digest) {
            let attributes = HashMap::from([("removedAt".to_owned(), timestamp(at))]);
            writes.push(self.put(keys::removal_mark(&digest, organization), attributes));
            mark = mark.value(":digest", text(digest)).set("addressDigest = :digest");
        }
        writes.insert(0, self.update(keys::membership(user, organization), mark));
        self.commit(writes).await?.map_err(|_| Error::MembershipNotFound(user.to_string()))
    }

    /// Changes the roles of one member. `change` gets the ids of those held roles that still exist,
    /// and may be asked again where another writer came first.
    ///
    /// # Errors
    /// What `change` says, and [`Error::NotAMember`]; then nothing has changed.
    pub async fn change_member_roles(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        change: impl Fn(&[OrganizationRoleId]) -> Result<Vec<OrganizationRoleId>>,
    ) -> Result<()> {
        let mut patience = Patience::new(&self.randomness);
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
            patience.pause("TransactWriteItems", "other writers of the member's roles").await?;
        }
    }

    async fn member_ids(
        &self,
        organization: &OrganizationId,
        limit: usize,
        after: Option<&UserId>,
    ) -> Result<(Vec<UserId>, bool), StoreError> {
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

    /// Those of these users who are members and hold the role, in the order of the ids.
    async fn read_members(
        &self,
        organization: &OrganizationId,
        ids: Vec<UserId>,
        role: Option<&OrganizationRoleId>,
    ) -> Result<Vec<Member>, StoreError> {
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

/// The digest of the address in a profile, if it is one that could ever match.
fn digest(profile: &Profile) -> Option<String> {
    EmailAddress::parse(profile.email.as_deref()?).ok().map(|address| address.digest())
}
