//! Reads all items of a user, reads and writes the profile, and deletes users. Only
//! `memberships.rs` and `removals.rs` write memberships.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::Timestamp;

use super::backoff::Backoff;
use super::changes::Subject;
use super::expression::Expression;
use super::item::{Attributes, Item, text, texts, timestamp};
use super::memberships::Admission;
use super::organizations::organization_exists;
use super::places::{
    Place, read_membership, read_place, read_request, standing, still_member, still_requested,
};
use super::read::readable;
use super::write::Write;
use super::{Store, TRANSACTION_ITEMS, keys};
use crate::domain::decision::Standing;
use crate::domain::email_address::AddressDigest;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::membership::{FreshProof, JoinRequest, Membership, Profile};
use crate::event::{EndReason, EventType, News};
use crate::failure::{Failure, Service};

/// All items of one user.
#[derive(Debug, Default)]
pub struct UserItems {
    /// The memberships. Some may be in deleted organizations, and have no effect.
    pub memberships: Vec<Membership>,
    /// The requests to join. Some may be for deleted organizations, and have no effect.
    pub requests: Vec<JoinRequest>,
    /// The organizations that an administrator has removed the user from.
    pub removed_from: Vec<OrganizationId>,
    /// The profile, if the user has ever been a member of an organization.
    pub profile: Option<Profile>,
    /// The fresh proof of a user who could not be provisioned then. It may be too old.
    pub fresh_proof: Option<FreshProof>,
    /// Whether the user was deleted through the Management API.
    pub deleted: bool,
    /// The items that cannot be read, each with its organization if the key names one.
    pub unreadable: Vec<(Option<OrganizationId>, Failure)>,
}

/// A user whose other items remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedUser {
    /// Whether anything was kept about the user, or remained of an earlier deletion.
    pub had_items: bool,
    /// The addresses whose accounts remain.
    addresses: Vec<AddressDigest>,
}

/// The place of a user's membership, with what is kept about the user.
pub(super) struct Found {
    pub(super) place: Place,
    /// The profile; a failure if it cannot be read.
    pub(super) profile: Result<Option<Profile>, Failure>,
    /// Whether the user was deleted through the Management API.
    pub(super) user_deleted: bool,
}

impl UserItems {
    fn read(&mut self, id: &UserId, item: &Item<'_>) -> Result<(), Failure> {
        if item.text(keys::SK)? == keys::profile(id).sk {
            self.profile = read_profile(item)?;
            self.deleted = self.profile.is_none();
            return Ok(());
        }
        if item.text(keys::SK)? == keys::fresh_proof(id).sk {
            self.fresh_proof = Some(read_fresh_proof(item)?);
            return Ok(());
        }
        match standing(item) {
            Standing::Removed => {
                let id = item.sort_key(keys::ORGANIZATION_PREFIX, OrganizationId::parse)?;
                self.removed_from.push(id);
            }
            Standing::Requested => self.requests.push(read_request(item)?),
            Standing::Stranger | Standing::Member => self.memberships.push(read_membership(item)?),
        }
        Ok(())
    }

    /// Adds what was admitted. A membership takes the place of a request.
    pub(crate) fn admit(&mut self, admissions: Vec<Admission>) {
        for admission in admissions {
            match admission {
                Admission::Membership(membership) => {
                    let id = &membership.organization_id;
                    self.requests.retain(|request| request.organization_id != *id);
                    self.memberships.push(membership);
                }
                Admission::Request(request) => self.requests.push(request),
            }
        }
    }

    /// Whether anything is kept about the user, who was not deleted.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.deleted
            && (self.profile.is_some()
                || !self.memberships.is_empty()
                || !self.requests.is_empty()
                || !self.removed_from.is_empty()
                || !self.unreadable.is_empty())
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

    /// Keeps the fresh proof of a user who could not be provisioned. It is no transaction, so that it
    /// also succeeds where only those fail, and repeating it changes nothing. The item has no effect on a
    /// deleted user, and DynamoDB deletes it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_fresh_proof(&self, id: &UserId, proof: &FreshProof) -> Result<(), Failure> {
        let FreshProof { at, address } = proof;
        let mut item = keys::fresh_proof(id).into_attributes();
        item.extend([
            (PROVEN_AT.to_owned(), timestamp(*at)),
            (PROVEN_ADDRESS.to_owned(), text(address.as_str())),
            keys::expires(*at),
        ]);
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        put.map(drop).map_err(|error| Service::DynamoDb.failure("PutItem", &error))
    }

    /// What stands in the place of a membership, and what is kept about the user.
    pub(super) async fn found(
        &self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Found, Failure> {
        let keys = vec![keys::membership(user, organization), keys::profile(user)];
        let items = self.batch_get(keys).await?;
        let mut found = Found { place: Place::Empty, profile: Ok(None), user_deleted: false };
        for item in items.iter().map(|attributes| self.item(attributes)) {
            if item.key()? == keys::profile(user) {
                found.profile = read_profile(&item);
                found.user_deleted = matches!(found.profile, Ok(None));
            } else {
                found.place = read_place(&item)?;
            }
        }
        Ok(found)
    }

    /// The profiles of these users, without those who have none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn profiles(&self, users: &[UserId]) -> Result<HashMap<UserId, Profile>, Failure> {
        let items = self.batch_get(users.iter().map(keys::profile).collect()).await?;
        items
            .iter()
            .filter_map(|attributes| {
                let item = self.item(attributes);
                let profile = read_profile(&item).transpose()?;
                let id = item.partition_key(keys::USER_PREFIX, UserId::parse);
                Some(id.and_then(|id| Ok((id, profile?))))
            })
            .collect()
    }

    /// The addresses that these users have proven last, of those who have proven one. A profile that cannot
    /// be read is logged.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn proven_addresses(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, String>, Failure> {
        let items = self.batch_get(users.iter().map(keys::profile).collect()).await?;
        let read = items.iter().map(|attributes| {
            let item = self.item(attributes);
            let id = item.partition_key(keys::USER_PREFIX, UserId::parse)?;
            Ok((id, read_profile(&item)?.and_then(|profile| profile.email)))
        });
        Ok(readable(read.collect()).filter_map(|(id, email)| Some((id, email?))).collect())
    }

    /// Those of these users who were deleted through the Management API.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deleted_users(&self, users: &[UserId]) -> Result<HashSet<UserId>, Failure> {
        let items = self.batch_get(users.iter().map(keys::profile).collect()).await?;
        let tombstones = items.iter().map(|attributes| self.item(attributes));
        tombstones
            .filter(|item| item.has(DELETED_AT))
            .map(|item| item.partition_key(keys::USER_PREFIX, UserId::parse))
            .collect()
    }

    /// Deletes a user: a tombstone takes the place of the profile, so that no request that has read the
    /// user before can write again. [`Self::sweep_user`] then deletes the other items. If there are no
    /// items and the user was not in the user pool either, nothing is written: the id may be one of a
    /// user who has not appeared yet. Then the answer is `None`.
    ///
    /// # Errors
    /// When the store fails. Then nothing has changed.
    pub async fn delete_user(
        &self,
        id: &UserId,
        was_in_pool: bool,
        at: Timestamp,
    ) -> Result<Option<DeletedUser>, Failure> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let before = self.query(keys::user_partition(id), "").await?;
            if before.is_empty() && !was_in_pool {
                return Ok(None);
            }
            let before = before.iter().map(|attributes| self.item(attributes));
            let (profile, items): (Vec<_>, Vec<_>) =
                before.partition(|item| item.key().is_ok_and(|key| key == keys::profile(id)));
            let profile = profile.first();
            let is_tombstone = profile.is_some_and(|item| item.has(DELETED_AT));
            let (addresses, condition) = match profile.map(read_addresses) {
                None => (Vec::new(), Expression::absent()),
                Some(Ok(addresses)) if is_tombstone => (addresses, is_deleted()),
                Some(Ok(addresses)) => {
                    let condition = has_addresses(&addresses);
                    (addresses, condition)
                }
                // The accounts of an unreadable profile stay, and have no effect.
                Some(Err(error)) => {
                    tracing::error!(user = %id, %error, "deleted");
                    let exists = Expression::default().when("attribute_exists(pk)");
                    (Vec::new(), exists.when("attribute_not_exists(deletedAt)"))
                }
            };
            let mut writes =
                vec![self.put_if(keys::profile(id), tombstone(&addresses, at), condition)];
            let news = (!is_tombstone).then(|| News::of_user(EventType::UserDeleted, id));
            writes.extend(self.tell(Subject::User(id), Vec::from_iter(news)));
            if self.commit(writes).await?.is_ok() {
                let is_swept = is_tombstone && addresses.is_empty();
                let had_items = !items.is_empty() || (profile.is_some() && !is_swept);
                return Ok(Some(DeletedUser { had_items, addresses }));
            }
            backoff.pause("TransactWriteItems", "other requests changed the profile").await?;
        }
    }

    /// Deletes the remaining items of a deleted user, and tells which memberships and requests have ended.
    /// Removal marks by address stay, so that a new account with the same address does not become a member
    /// again.
    ///
    /// # Errors
    /// When the store fails. Then a part may be deleted, and deleting the user again deletes the rest.
    pub async fn sweep_user(
        &self,
        id: &UserId,
        DeletedUser { addresses, .. }: &DeletedUser,
        at: Timestamp,
    ) -> Result<(), Failure> {
        self.end_all_of(id).await?;
        let items = self.query(keys::user_partition(id), "").await?;
        let found = items.iter().map(|item| self.item(item).key());
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.retain(|key| *key != keys::profile(id));
        found.extend(addresses.iter().map(|address| keys::address_account(address, id)));
        self.batch_delete(found, &mut 0).await?;
        if !addresses.is_empty() {
            let tombstone = self.put_if(keys::profile(id), tombstone(&[], at), is_deleted());
            // If the tombstone has expired, nothing is left either.
            drop(self.commit(vec![tombstone]).await?);
        }
        Ok(())
    }

    /// Deletes the memberships and requests of a deleted user, each transaction with what it tells. Those
    /// of deleted organizations have ended before, and stay.
    async fn end_all_of(&self, id: &UserId) -> Result<(), Failure> {
        let mut backoff = Backoff::new(&self.randomness);
        loop {
            let UserItems { memberships, requests, .. } = self.user_items(id).await?;
            let memberships = memberships.into_iter().map(|membership| {
                let news = News::left(id, &membership, EndReason::UserDeleted);
                let is_present = still_member(&membership);
                (membership.organization_id, is_present, news)
            });
            let requests = requests.into_iter().map(|request| {
                let news = News::request_ended(EventType::JoinRequestRemoved, id, &request)
                    .because(EndReason::UserDeleted);
                let is_present = still_requested(&request);
                (request.organization_id, is_present, news)
            });
            let mut ending: Vec<_> = memberships.chain(requests).collect();
            let ids: Vec<_> =
                ending.iter().map(|(organization, ..)| organization.clone()).collect();
            let existing = self.existing_organizations(&ids).await?;
            ending.retain(|(organization, ..)| existing.contains(organization));
            let mut is_repeated = false;
            for part in ending.chunks(ENDED_TOGETHER) {
                let mut writes = Vec::new();
                for (organization, is_present, _) in part {
                    let place = keys::membership(id, organization);
                    writes.push(self.delete_if(place, is_present.clone()));
                    writes
                        .push(self.check(keys::organization(organization), organization_exists()));
                }
                let news = part.iter().map(|(.., news)| news.clone()).collect();
                writes.extend(self.tell(Subject::User(id), news));
                is_repeated |= self.commit(writes).await?.is_err();
            }
            if !is_repeated {
                return Ok(());
            }
            backoff.pause("TransactWriteItems", "other requests changed the memberships").await?;
        }
    }

    /// The write of a profile, on the condition that it is still the one before. If an address is
    /// new in it, or no longer in it, the account is added to the address, or taken from it. The newest
    /// address is proven. Another one that is new comes from a profile of an earlier release, and is
    /// assumed to be proven.
    pub(super) fn put_profile(
        &self,
        user: &UserId,
        before: Option<&Profile>,
        profile: &Profile,
    ) -> Vec<Write> {
        let mut attributes: Attributes =
            [("email", &profile.email), ("userName", &profile.user_name)]
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), text(value.clone()?))))
                .collect();
        attributes.insert(ADDRESSES.to_owned(), texts(&profile.addresses));
        if !profile.identities.is_empty() {
            attributes.insert(IDENTITIES.to_owned(), texts(&profile.identities));
        }
        let known = before.map_or(&[][..], |before| &before.addresses);
        let newest = profile.addresses.first();
        let is_new = |address: &&AddressDigest| {
            !known.contains(address) || (newest == Some(*address) && newest != known.first())
        };
        let added = profile.addresses.iter().filter(is_new);
        let dropped = known.iter().filter(|address| !profile.addresses.contains(address));
        let condition = unchanged(before);
        let mut writes = vec![self.put_if(keys::profile(user), attributes, condition)];
        writes.extend(added.map(|it| self.put_account(it, user, newest != Some(it))));
        writes.extend(dropped.map(|it| self.delete(keys::address_account(it, user))));
        writes
    }

    /// The condition that a user was not deleted, and that the proven addresses and the identities are
    /// still those of this profile.
    pub(super) fn check_profile(&self, user: &UserId, profile: Option<&Profile>) -> Write {
        self.check(keys::profile(user), unchanged(profile))
    }

    /// The condition that a user was not deleted.
    pub(super) fn check_not_deleted(&self, user: &UserId) -> Write {
        let condition = Expression::default().when("attribute_not_exists(deletedAt)");
        self.check(keys::profile(user), condition)
    }
}

/// How many memberships and requests of a deleted user end in one transaction: each takes an item, and
/// its organization another one. What they tell takes one more.
const ENDED_TOGETHER: usize = (TRANSACTION_ITEMS - 1) / 2;

const ADDRESSES: &str = "addresses";
/// The digests of the identities. An earlier release does not write them, and there may be none.
const IDENTITIES: &str = "identityDigests";
/// The time of a fresh proof.
const PROVEN_AT: &str = "provenAt";
/// The digest of the address of a fresh proof.
const PROVEN_ADDRESS: &str = "addressDigest";
/// The time when a user was deleted. It makes the item of a profile a tombstone.
const DELETED_AT: &str = "deletedAt";

/// The condition that the item of a profile still has the addresses and the identities that were read.
/// Without a profile, there must be no tombstone either.
pub(super) fn unchanged(profile: Option<&Profile>) -> Expression {
    let Some(Profile { addresses, identities, .. }) = profile else { return Expression::absent() };
    // Any item without identities is read as one with an empty list.
    has_addresses(addresses).value(":identities", texts(identities)).when(match &**identities {
        [] => "attribute_not_exists(identityDigests) OR identityDigests = :identities",
        _ => "identityDigests = :identities",
    })
}

/// The condition that the item of a profile still has the addresses that were read.
fn has_addresses(addresses: &[AddressDigest]) -> Expression {
    // A profile from before addresses were kept is read as one with an empty list.
    Expression::default()
        .value(":addresses", texts(addresses))
        .when("attribute_exists(pk)")
        .when("attribute_not_exists(deletedAt)")
        .when(match addresses {
            [] => "attribute_not_exists(addresses) OR addresses = :addresses",
            _ => "addresses = :addresses",
        })
}

/// The condition that there is a tombstone.
fn is_deleted() -> Expression {
    Expression::default().when("attribute_exists(deletedAt)")
}

/// The item that takes the place of the profile of a deleted user, with the addresses whose accounts
/// are still to be deleted.
fn tombstone(addresses: &[AddressDigest], at: Timestamp) -> Attributes {
    let mut tombstone =
        Attributes::from([(DELETED_AT.to_owned(), timestamp(at)), keys::expires(at)]);
    if !addresses.is_empty() {
        tombstone.insert(ADDRESSES.to_owned(), texts(addresses));
    }
    tombstone
}

/// The profile in an item; `None` if it is the tombstone of a deleted user.
pub(super) fn read_profile(item: &Item<'_>) -> Result<Option<Profile>, Failure> {
    if item.has(DELETED_AT) {
        return Ok(None);
    }
    Ok(Some(Profile {
        email: item.optional_text("email")?.map(str::to_owned),
        user_name: item.optional_text("userName")?.map(str::to_owned),
        addresses: read_addresses(item)?,
        identities: read_digests(item, IDENTITIES)?,
    }))
}

/// The proven addresses in the item of a profile or of a tombstone.
fn read_addresses(item: &Item<'_>) -> Result<Vec<AddressDigest>, Failure> {
    read_digests(item, ADDRESSES)
}

/// The digests in an attribute. Without it there are none.
fn read_digests(item: &Item<'_>, attribute: &'static str) -> Result<Vec<AddressDigest>, Failure> {
    let digests = item.has(attribute).then(|| item.list(attribute, AddressDigest::parse));
    Ok(digests.transpose()?.unwrap_or_default())
}

/// The fresh proof in an item.
fn read_fresh_proof(item: &Item<'_>) -> Result<FreshProof, Failure> {
    Ok(FreshProof {
        at: item.timestamp(PROVEN_AT)?,
        address: item.parsed(PROVEN_ADDRESS, "a digest", AddressDigest::parse)?,
    })
}
