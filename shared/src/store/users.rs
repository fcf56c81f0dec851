//! What is kept of each user: memberships, removal marks, and the profile.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::default_roles::read_default_roles;
use super::item::{Attributes, Item, text, texts, timestamp};
use super::{Store, StoreError, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::EmailAddress;
use crate::domain::email_domain::EmailDomain;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{EntryPath, Membership, Profile, Provenance, Rule};

/// Everything that is kept of one user.
#[derive(Clone, Debug, Default)]
pub struct UserItems {
    /// The memberships; those in deleted organizations may linger and mean nothing.
    pub memberships: Vec<Membership>,
    /// The organizations that an administrator has removed the user from.
    pub removed_from: Vec<OrganizationId>,
    /// The profile, once the user was a member of anything.
    pub profile: Option<Profile>,
}

impl Store {
    /// Everything that is kept of a user.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn user_items(&self, id: &UserId) -> Result<UserItems, StoreError> {
        let mut items = UserItems::default();
        for attributes in self.query(keys::user_partition(id), "").await? {
            let item = self.item(&attributes);
            if item.text(keys::SK)? == keys::profile(id).sk {
                items.profile = Some(read_profile(&item)?);
                continue;
            }
            match standing(&item) {
                Standing::Removed => items
                    .removed_from
                    .push(item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?),
                _ => items.memberships.push(read_membership(&item)?),
            }
        }
        Ok(items)
    }

    /// The organizations that an administrator has removed this address from.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn removal_marks(
        &self,
        address: &EmailAddress,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        self.query(keys::removal_partition(&address.digest()), "")
            .await?
            .iter()
            .map(|item| self.item(item).sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse))
            .collect()
    }

    /// For each of these organizations, its default roles if it exists and lists the domain: all of
    /// one moment, so that no membership mixes the domains of one with the roles of another. At
    /// most 50.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn default_roles_of_listing(
        &self,
        domain: &EmailDomain,
        organizations: &[OrganizationId],
    ) -> Result<Vec<Option<Vec<OrganizationRoleId>>>, StoreError> {
        let pairs = organizations
            .iter()
            .flat_map(|id| [keys::domain_index_entry(domain, id), keys::organization(id)])
            .collect();
        let items = self.get_together(pairs).await?;
        items
            .chunks_exact(2)
            .map(|pair| match pair {
                [Some(_), Some(organization)] => {
                    Ok(read_default_roles(&self.item(organization))?.map(|roles| roles.ids))
                }
                _ => Ok(None),
            })
            .collect()
    }

    /// Writes new memberships and the profile in one transaction. Where a membership or a removal
    /// mark stands already, that one is left out and the rest is written: so repeating changes
    /// nothing. Answers which were left out, and what stood there. Where all of them are left out, the profile is too: it is for members only. At most
    /// 99 memberships.
    ///
    /// # Errors
    /// When the store fails; then nothing was written.
    pub async fn join(
        &self,
        user: &UserId,
        memberships: &[Membership],
        profile: Option<&Profile>,
    ) -> Result<HashMap<OrganizationId, Standing>, StoreError> {
        let mut left_out = HashMap::new();
        loop {
            let wanted: Vec<_> = memberships
                .iter()
                .filter(|membership| !left_out.contains_key(&membership.organization_id))
                .collect();
            if wanted.is_empty() && !memberships.is_empty() {
                return Ok(left_out);
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
                return Ok(left_out);
            }
            let Err(unmet) = self.commit(writes).await? else {
                return Ok(left_out);
            };
            for (index, membership) in wanted.iter().enumerate() {
                if let Some(item) = unmet.at(index) {
                    let found = item.map_or(Standing::Member, |item| standing(&self.item(item)));
                    left_out.insert(membership.organization_id.clone(), found);
                }
            }
        }
    }

    /// Deletes everything that is kept of a user, and answers whether there was anything. Removal
    /// marks by address stay, so that a new account with the same address is not let in again.
    ///
    /// # Errors
    /// When the store fails; repeating goes on.
    pub async fn delete_user(&self, id: &UserId) -> Result<bool, StoreError> {
        let items = self.query(keys::user_partition(id), "").await?;
        let found =
            items.iter().map(|item| self.item(item).key()).collect::<Result<Vec<_>, _>>()?;
        let any = !found.is_empty();
        self.batch_delete(found).await?;
        Ok(any)
    }

    pub(super) fn put_profile(&self, user: &UserId, profile: &Profile) -> TransactWriteItem {
        let attributes: Attributes = [("email", &profile.email), ("userName", &profile.user_name)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), text(value.clone()?))))
            .collect();
        self.put(keys::profile(user), attributes)
    }
}

/// The profile in an item.
pub(super) fn read_profile(item: &Item<'_>) -> Result<Profile, StoreError> {
    Ok(Profile {
        email: item.optional_text("email")?.map(str::to_owned),
        user_name: item.optional_text("userName")?.map(str::to_owned),
    })
}

/// What an item of a user says about an organization.
pub(super) fn standing(item: &Item<'_>) -> Standing {
    if item.has("removedAt") { Standing::Removed } else { Standing::Member }
}

/// A membership as the attributes of its item.
pub(super) fn membership_attributes(user: &UserId, membership: &Membership) -> Attributes {
    let Membership { organization_id, role_ids, joined_at, provenance } = membership;
    let mut attributes = HashMap::from([
        ("roleIds".to_owned(), texts(role_ids)),
        ("joinedAt".to_owned(), timestamp(*joined_at)),
        ("rule".to_owned(), text(provenance.rule.as_str())),
        ("entryPath".to_owned(), text(provenance.entry_path.as_str())),
        (keys::GSI1_PK.to_owned(), text(keys::organization_partition(organization_id))),
        (keys::GSI1_SK.to_owned(), text(keys::user_partition(user))),
    ]);
    if let Some(domain) = provenance.rule.email_domain() {
        attributes.insert("emailDomain".to_owned(), text(domain.as_str()));
    }
    attributes
}

/// The membership in an item.
pub(super) fn read_membership(item: &Item<'_>) -> Result<Membership, StoreError> {
    let entry_path =
        |name: &str| EntryPath::ALL.into_iter().find(|path| path.as_str() == name).ok_or(());
    Ok(Membership {
        organization_id: item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?,
        role_ids: item.list("roleIds", OrganizationRoleId::parse)?,
        joined_at: item.timestamp("joinedAt")?,
        provenance: Provenance {
            rule: read_rule(item)?,
            entry_path: item.parsed("entryPath", "an entry path", entry_path)?,
        },
    })
}

fn read_rule(item: &Item<'_>) -> Result<Rule, StoreError> {
    // Before there was another rule, none was written.
    match item.optional_text("rule")? {
        Some("api") => Ok(Rule::Api),
        None | Some("email_domain") => Ok(Rule::EmailDomain(item.parsed(
            "emailDomain",
            "an email domain",
            EmailDomain::normalise,
        )?)),
        _ => Err(item.unreadable("rule", "a rule")),
    }
}
