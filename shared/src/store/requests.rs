//! Requests to join: their list, and their approval. `removals.rs` declines them.

use jiff::Timestamp;

use super::backoff::{Backoff, WRITERS_AT_ONCE};
use super::changes::Subject;
use super::expression::Expression;
use super::memberships::Member;
use super::places::{Place, membership_attributes, read_request, standing, still_requested};
use super::ranks::{UserList, UserRank};
use super::users::Found;
use super::{Page, Store, keys};
use crate::domain::caller::Caller;
use crate::domain::decision::Standing;
use crate::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use crate::domain::membership::{Cause, JoinRequest, Membership, Profile, Provenance};
use crate::error::{Error, Result, organization_not_found};
use crate::event::{EventType, News};
use crate::failure::Failure;

/// A user who has asked to become a member of an organization.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The user, and the position in the list.
    pub rank: UserRank,
    /// The request.
    pub request: JoinRequest,
    /// The user's address and name, as last seen.
    pub profile: Option<Profile>,
}

/// The member whose request was approved.
#[derive(Clone, Debug)]
pub struct Approved {
    /// The member, as written, or as found.
    pub member: Member,
    /// Whether the user was no member before. Otherwise, nothing was written.
    pub is_new: bool,
}

impl Store {
    /// A page of the users who have asked to become members of an organization, the oldest request
    /// first. Their order comes from an index, which is eventually consistent. The details are read
    /// strongly.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn join_requests(
        &self,
        organization: &OrganizationId,
        page_size: usize,
        after: Option<&UserRank>,
    ) -> Result<Page<Requester, UserRank>, Failure> {
        let list = UserList::Requests;
        let page = self.users_page(organization, list, page_size, after, |item| {
            let is_request = standing(item) == Standing::Requested;
            is_request.then(|| read_request(item)).transpose()
        });
        let Page { items, next } = page.await?;
        let requesters = items
            .into_iter()
            .map(|(rank, request, profile)| Requester { rank, request, profile })
            .collect();
        Ok(Page { items: requesters, next })
    }

    /// Makes a user a member who has asked for it: with these roles, or else with those that the rule
    /// gives at this moment, which are the organization's default roles if it names none, or is no
    /// longer listed. The membership has the provenance of the request, and `by` has approved it. A user
    /// who is a member already is not changed.
    ///
    /// # Errors
    /// When the user has not asked, or was removed; then nothing has changed.
    pub async fn approve_request(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        roles: Option<&[OrganizationRoleId]>,
        by: &Caller,
        at: Timestamp,
    ) -> Result<Approved> {
        let declined = || Error::JoinRequestDeclined(user.to_string());
        // Removals of the same address at the same time go one after the other.
        let mut backoff = Backoff::short(&self.randomness, WRITERS_AT_ONCE);
        loop {
            let Found { place, profile, user_deleted } = self.found(organization, user).await?;
            let request = match place {
                Place::Requested(request) if !user_deleted => request,
                Place::Member(membership) if !user_deleted => {
                    let member = member(user, membership, profile?);
                    return Ok(Approved { member, is_new: false });
                }
                Place::Removed(_) if !user_deleted => return Err(declined()),
                _ => return Err(Error::JoinRequestNotFound(user.to_string())),
            };
            let profile = profile?;
            let approved = News::request_ended(EventType::JoinRequestApproved, user, &request);
            let is_requested = still_requested(&request);
            let JoinRequest { provenance, address, .. } = request;
            let role_ids = match roles {
                Some(roles) => roles.to_vec(),
                None => self.roles_by(organization, &provenance.cause).await?,
            };
            let membership = Membership {
                organization_id: organization.clone(),
                role_ids,
                joined_at: at,
                provenance: Provenance { approved_by: by.known(), ..provenance },
                address,
            };
            let place = keys::membership(user, organization);
            let attributes = membership_attributes(user, &membership);
            let mut writes = vec![
                self.put_if(place.clone(), attributes, is_requested),
                self.check_profile(user, profile.as_ref()),
            ];
            let address = membership.address.as_ref();
            let mark = address.map(|address| keys::removal_mark(address, organization));
            if let (Some(address), Some(mark)) = (address, &mark) {
                writes.push(self.check(mark.clone(), Expression::absent()));
                // Of a removal of the address at the same time, either finds the other.
                writes.push(self.next_address_version(address, at));
            }
            let news = vec![approved, News::joined(user, &membership)];
            writes.extend(self.tell(Subject::User(user), news));
            let Err(unmet) = self.commit(writes).await? else {
                return Ok(Approved { member: member(user, membership, profile), is_new: true });
            };
            let is_marked = mark.is_some_and(|mark| unmet.of(&mark).is_some());
            if is_marked && unmet.of(&place).is_none() {
                return Err(declined());
            }
            backoff.pause("TransactWriteItems", "other requests changed the membership").await?;
        }
    }

    /// The roles of those who join an organization by a rule at this moment.
    async fn roles_by(
        &self,
        organization: &OrganizationId,
        cause: &Cause,
    ) -> Result<Vec<OrganizationRoleId>> {
        let rule = cause.rule();
        let rules: Vec<_> = rule.cloned().into_iter().collect();
        let listed = self.listed_rules_of(organization, &rules).await?;
        let listed = listed.ok_or_else(|| organization_not_found(organization))?;
        Ok(listed.roles_by(rule).to_vec())
    }
}

fn member(user: &UserId, membership: Membership, profile: Option<Profile>) -> Member {
    let rank = UserRank::new(UserList::Members, membership.joined_at, user);
    Member { rank, membership, profile }
}
