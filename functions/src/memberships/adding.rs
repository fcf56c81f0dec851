//! Adds users by hand, and looks up those who are not known yet.

use std::collections::{BTreeSet, HashSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use shared::cognito::UserPool;
use shared::domain::ids::{OrganizationId, OrganizationRoleId, UserId};
use shared::domain::membership::{MOST_REPLACED, Profile};
use shared::failure::Failure;
use shared::provisioning::Provisioning;
use shared::store::{Added, NewRoles, Store};
use shared::{Clock, Error, Violation};
use tokio::time::timeout;

use super::{AT_ONCE, write_all};
use crate::named::Named;

/// The pause between two look-ups of one request. Cognito allows 30 calls of `ListUsers` a second for
/// all user pools of an account and region. One request makes 25, so that others are not refused.
const BETWEEN_LOOK_UPS: Duration = Duration::from_millis(40);
/// How many users without a profile are looked up before they are added. An unknown one among them is
/// found before any of them is added.
const LOOKED_UP_TOGETHER: usize = 100;
/// How long a request begins look-ups.
const LOOK_UP_TIME: Duration = Duration::from_secs(20);
/// When a request stops waiting for look-ups that have begun. A look-up has up to two calls of Cognito,
/// which may take 6 seconds each. The rest of the function's 30 seconds is for the table and the audit
/// line.
const LOOK_UPS_END: Duration = Duration::from_secs(22);

/// The users in a body.
pub(super) struct Users<'a> {
    named: Named<'a, UserId>,
    /// The ids, each once.
    pub(super) ids: BTreeSet<UserId>,
    /// Those with a profile.
    profiles: Vec<(UserId, Profile)>,
    /// Those without one, in the order of the body.
    strangers: Vec<UserId>,
}

impl<'a> Users<'a> {
    /// Reads the list `userIds` of a body, and the profiles of those who have one.
    pub(super) async fn named(store: &Store, texts: &'a [String]) -> Result<Self, Error> {
        if texts.len() > MOST_REPLACED {
            return Err(Error::TooManyMembers);
        }
        let named = Named::parse("userIds", texts, UserId::parse);
        let ids = named.each();
        let profiles = store.profiles(&ids).await?;
        let strangers = ids.iter().filter(|id| !profiles.contains_key(id)).cloned().collect();
        let (ids, profiles) = (ids.into_iter().collect(), profiles.into_iter().collect());
        Ok(Self { named, ids, profiles, strangers })
    }
}

/// What new members get.
#[derive(Clone, Copy)]
pub(super) struct Joining<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) roles: NewRoles<'a>,
}

/// Those who have become members.
#[derive(Default)]
pub(super) struct NewMembers {
    pub(super) ids: Vec<UserId>,
    /// The roles that any of them has got.
    pub(super) roles: BTreeSet<OrganizationRoleId>,
}

/// Adds all users, those without a profile a hundred at a time: looks them up in the user pool, and
/// then adds them. If one of the first hundred is unknown, nobody is added. If one of a later hundred
/// is unknown, nobody of that hundred and of those after it. If Cognito fails or takes no more
/// requests, or the time runs out, those who were found are added. So the same request goes on where
/// it stopped. `joined` gets those who have become members, also if others could not.
pub(super) async fn add_all(
    store: &Store,
    clock: &Clock,
    provisioning: &Provisioning,
    user_pool: &UserPool,
    joining: Joining<'_>,
    users: Users<'_>,
    joined: &mut NewMembers,
) -> Result<(), Error> {
    let begun = clock.now();
    let Users { named, ids, profiles: mut ready, strangers } = users;
    let refuse = |missing: &HashSet<UserId>| {
        let exists = |id: &UserId| !missing.contains(id);
        named.all(exists, Violation::unknown_user).map_err(Error::Invalid)
    };
    let mut hundreds = strangers.chunks(LOOKED_UP_TOGETHER);
    let mut added = 0;
    loop {
        let hundred = hundreds.next().unwrap_or_default();
        let LookedUp { found, unknown, stopped } =
            look_up(provisioning, user_pool, clock, begun, hundred.to_vec()).await;
        refuse(&unknown)?;
        ready.extend(found);
        added += ready.len();
        let deleted = join(store, joining, std::mem::take(&mut ready), clock.now(), joined).await?;
        refuse(&deleted)?;
        if let Some(stopped) = stopped {
            let failure = match stopped {
                Stopped::OutOfTime => None,
                Stopped::Failed(failure @ Failure::RateExceeded { .. }) => Some(failure),
                Stopped::Failed(failure) => return Err(failure.into()),
            };
            return Err(Error::MembersPartiallyAdded { added, named: ids.len(), failure });
        }
        if hundreds.len() == 0 {
            return Ok(());
        }
    }
}

/// What came of looking users up.
#[derive(Default)]
struct LookedUp {
    found: Vec<(UserId, Profile)>,
    unknown: HashSet<UserId>,
    /// Why the rest was not looked up.
    stopped: Option<Stopped>,
}

enum Stopped {
    OutOfTime,
    Failed(Failure),
}

/// Looks users up in the user pool, one after the other, with a pause between them. No look-up begins
/// after [`LOOK_UP_TIME`], and none is awaited after [`LOOK_UPS_END`].
async fn look_up(
    provisioning: &Provisioning,
    user_pool: &UserPool,
    clock: &Clock,
    begun: Timestamp,
    ids: Vec<UserId>,
) -> LookedUp {
    let turns = stream::iter(ids.into_iter().enumerate()).then(|(index, id)| {
        let clock = clock.clone();
        async move {
            if index > 0 {
                clock.pause(BETWEEN_LOOK_UPS).await;
            }
            (clock.now() < begun + LOOK_UP_TIME).then_some(id)
        }
    });
    let asked = turns.map(|turn| async move {
        Ok::<_, Failure>(match turn {
            Some(id) => {
                let found = user_pool.find(&id, None).await?;
                Some((id, found))
            }
            None => None,
        })
    });
    let mut answers = pin!(asked.buffer_unordered(AT_ONCE));
    let mut looked_up = LookedUp::default();
    while looked_up.stopped.is_none() {
        let left = (begun + LOOK_UPS_END).duration_since(clock.now());
        let answer = timeout(left.try_into().unwrap_or_default(), answers.next()).await;
        let Some(answer) = answer.unwrap_or(Some(Ok(None))) else { break };
        match answer {
            Ok(Some((id, Some(found)))) => {
                let account = provisioning.account(&found.user);
                looked_up.found.push((id, Profile::after(None, &account, &[])));
            }
            Ok(Some((id, None))) => {
                looked_up.unknown.insert(id);
            }
            Ok(None) => looked_up.stopped = Some(Stopped::OutOfTime),
            Err(failure) => looked_up.stopped = Some(Stopped::Failed(failure)),
        }
    }
    looked_up
}

/// Makes users members by hand, each in its own transaction. `joined` gets those who were not members.
/// Returns those who were deleted after they were looked up. After an error, the request can be
/// repeated.
async fn join(
    store: &Store,
    Joining { organization, roles }: Joining<'_>,
    users: Vec<(UserId, Profile)>,
    at: Timestamp,
    joined: &mut NewMembers,
) -> Result<HashSet<UserId>, Failure> {
    let add = |(id, profile): (UserId, Profile)| async move {
        match store.add_member(organization, &id, &profile, roles, at).await {
            Ok(added) => (vec![(id, added)], Ok(())),
            Err(failure) => (Vec::new(), Err(failure)),
        }
    };
    let (all, outcome) = write_all(users.into_iter().map(|user| [user]), add).await;
    let mut deleted = HashSet::new();
    for (id, added) in all {
        match added {
            Added::Now(roles) => {
                joined.ids.push(id);
                joined.roles.extend(roles);
            }
            Added::Already => {}
            Added::UserDeleted => _ = deleted.insert(id),
        }
    }
    outcome.map(|()| deleted)
}
