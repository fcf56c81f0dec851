//! Reads all items of a user, and reads and writes the profile. Only `memberships.rs` writes
//! memberships.

use std::collections::HashMap;

use super::item::{Attributes, Item, text};
use super::memberships::{read_membership, standing};
use super::write::Write;
use super::{Store, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::{Membership, Profile};
use crate::failure::Failure;

/// All items of one user.
#[derive(Debug, Default)]
pub struct UserItems {
    /// The memberships. Some may be in deleted organizations, and have no effect.
    pub memberships: Vec<Membership>,
    /// The organizations that an administrator has removed the user from.
    pub removed_from: Vec<OrganizationId>,
    /// The profile, if the user has ever been a member of an organization.
    pub profile: Option<Profile>,
    /// The items that cannot be read, each with its organization if the key names one.
    pub unreadable: Vec<(Option<OrganizationId>, Failure)>,
}

impl UserItems {
    fn read(&mut self, id: &UserId, item: &Item<'_>) -> Result<(), Failure> {
        if item.text(keys::SK)? == keys::profile(id).sk {
            self.profile = Some(read_profile(item)?);
        } else if standing(item) == Standing::Removed {
            let id = item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
            self.removed_from.push(id);
        } else {
            self.memberships.push(read_membership(item)?);
        }
        Ok(())
    }

    /// The same items, if all of them could be read.
    ///
    /// # Errors
    /// The failure of the first item that cannot be read.
    pub fn complete(mut self) -> Result<Self, Failure> {
        if self.unreadable.is_empty() { Ok(self) } else { Err(self.unreadable.swap_remove(0).1) }
    }
}

impl Store {
    /// All items of a user. An item that cannot be read is listed as such, and hides no other.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn user_items(&self, id: &UserId) -> Result<UserItems, Failure> {
        let mut items = UserItems::default();
        for attributes in self.query(keys::user_partition(id), "").await? {
            let item = self.item(&attributes);
            if let Err(failure) = items.read(id, &item) {
                let organization = item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse);
                items.unreadable.push((organization.ok(), failure));
            }
        }
        Ok(items)
    }

    /// The profiles of these users, without those who have none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Profile>, Failure> {
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

    /// The organizations that an administrator has removed this address from.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn removal_marks(
        &self,
        address: &EmailAddress,
    ) -> Result<Vec<OrganizationId>, Failure> {
        self.query(keys::removal_partition(&address.digest()), "")
            .await?
            .iter()
            .map(|item| self.item(item).sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse))
            .collect()
    }

    /// Deletes all items of a user, and returns whether there were any. Removal marks by address
    /// stay, so that a new account with the same address does not become a member again.
    ///
    /// # Errors
    /// When the store fails. Then a part may be deleted, and repeating the call deletes the rest.
    pub async fn delete_user(&self, id: &UserId) -> Result<bool, Failure> {
        let items = self.query(keys::user_partition(id), "").await?;
        let found =
            items.iter().map(|item| self.item(item).key()).collect::<Result<Vec<_>, _>>()?;
        let any = !found.is_empty();
        self.batch_delete(found).await?;
        Ok(any)
    }

    pub(super) fn put_profile(&self, user: &UserId, profile: &Profile) -> Write {
        let attributes: Attributes = [("email", &profile.email), ("userName", &profile.user_name)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), text(value.clone()?))))
            .collect();
        self.put(keys::profile(user), attributes)
    }
}

/// The profile in an item.
pub(super) fn read_profile(item: &Item<'_>) -> Result<Profile, Failure> {
    Ok(Profile {
        email: item.optional_text("email")?.map(str::to_owned),
        user_name: item.optional_text("userName")?.map(str::to_owned),
    })
}
