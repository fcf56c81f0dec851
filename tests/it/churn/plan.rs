//! What each worker does, in its order: it follows from the seed alone. Organizations and users are few, so
//! that the workers get in each other's way. Deleted ones never come back, so later steps are about others.

use super::history::Request;
use serde_json::{Value, json};

/// The domains that organizations list, and that users have addresses in.
pub(super) const DOMAINS: [&str; 3] = ["d0.example", "sub.d0.example", "d1.example"];
/// How many organizations, and how many users, there are at a time.
pub(super) const ORGANIZATIONS: usize = 3;
const USERS: usize = 6;
/// After so many steps, the oldest organization makes room for a new one, or the oldest user.
const ORGANIZATION_STEPS: usize = 16;
const USER_STEPS: usize = 8;

/// A row of numbers that follows from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below another one.
    pub(super) fn below(&mut self, most: usize) -> usize {
        let most = u64::try_from(most).expect("a small number");
        usize::try_from(self.next() % most).expect("a small number")
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Some of these, each once.
    fn some_of<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        let bits = self.next();
        let chosen = all.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
        chosen.map(|(_, value)| value.clone()).collect()
    }
}

/// A step of a worker: a call, but for the ids of roles, which nobody knows before.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Chooses the process.
    pub(super) process: usize,
    kind: Kind,
    organization: String,
    user: String,
    /// Chooses everything else.
    chance: Chance,
    number: usize,
}

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    CreateOrganization,
    RenameOrganization,
    DeleteOrganization,
    CreateRole,
    RenameRole,
    DeleteRole,
    AddDomain,
    ChangeDomain,
    DeleteDomain,
    ReplaceDomains,
    AddDefaultRoles,
    ReplaceDefaultRoles,
    DeleteDefaultRole,
    AddMembers,
    ReplaceMembers,
    RemoveMember,
    ClearRemoved,
    AddMemberRoles,
    ReplaceMemberRoles,
    RemoveMemberRole,
    Approve,
    Decline,
    CreateUser,
    DeleteUser,
    SignUp,
    Token,
    ReadOrganizations,
}

/// Each kind as often as it is to come.
const KINDS: &[(usize, Kind)] = &[
    (1, Kind::RenameOrganization),
    (1, Kind::DeleteOrganization),
    (1, Kind::CreateRole),
    (1, Kind::RenameRole),
    (1, Kind::DeleteRole),
    (10, Kind::AddDomain),
    (8, Kind::ChangeDomain),
    (2, Kind::DeleteDomain),
    (3, Kind::ReplaceDomains),
    (2, Kind::AddDefaultRoles),
    (2, Kind::ReplaceDefaultRoles),
    (1, Kind::DeleteDefaultRole),
    (6, Kind::AddMembers),
    (2, Kind::ReplaceMembers),
    (8, Kind::RemoveMember),
    (4, Kind::ClearRemoved),
    (3, Kind::AddMemberRoles),
    (3, Kind::ReplaceMemberRoles),
    (2, Kind::RemoveMemberRole),
    (6, Kind::Approve),
    (8, Kind::Decline),
    (2, Kind::CreateUser),
    (2, Kind::DeleteUser),
    (16, Kind::SignUp),
    (24, Kind::Token),
    (4, Kind::ReadOrganizations),
];

/// The users who are in the user pool from the beginning, with their first addresses.
pub(super) fn users(steps: usize) -> Vec<(String, String)> {
    let all = 0..USERS + steps / USER_STEPS;
    all.map(|user| (format!("user-{user}"), address(user, DOMAINS[0]))).collect()
}

/// An address of a user. Two users have the same ones.
fn address(user: usize, domain: &str) -> String {
    format!("a{}@{domain}", user / 2)
}

/// The steps of a worker.
pub(super) fn steps(seed: u64, worker: usize, count: usize) -> Vec<Step> {
    let lane = u64::try_from(worker).expect("a small number");
    let mut chance = Chance::new(seed ^ lane.wrapping_mul(0xd134_2543_de82_ef95));
    let kinds: Vec<_> = KINDS.iter().flat_map(|(count, kind)| vec![*kind; *count]).collect();
    let steps = (0..count).map(|step| {
        let oldest = step / ORGANIZATION_STEPS;
        let mut organization = oldest + chance.below(ORGANIZATIONS);
        let mut kind = chance.one_of(&kinds);
        // The workers get here at about the same time.
        match step % ORGANIZATION_STEPS {
            0 => (kind, organization) = (Kind::CreateOrganization, oldest + ORGANIZATIONS - 1),
            last if last + 1 == ORGANIZATION_STEPS && worker.is_multiple_of(3) => {
                (kind, organization) = (Kind::DeleteOrganization, oldest);
            }
            _ => {}
        }
        let user = step / USER_STEPS + chance.below(USERS);
        Step {
            process: chance.below(12),
            kind,
            organization: format!("org-{organization}"),
            user: format!("user-{user}"),
            chance: Chance::new(chance.next()),
            number: worker * 1_000 + step,
        }
    });
    steps.collect()
}

impl Step {
    /// The call, if these are the roles so far.
    pub(super) fn request(&self, roles: &[String]) -> Request {
        let Self { kind, number, .. } = self;
        let (organization, user) = (self.organization.clone(), self.user.clone());
        let mut chance = self.chance.clone();
        let user_number: usize = user["user-".len()..].parse().expect("a number");
        let domain = chance.one_of(&DOMAINS);
        let address = address(user_number, domain);
        let domain = domain.to_owned();
        let name = format!("Name {number}");
        let role = chance.one_of(roles);
        let newest = &roles[roles.len().saturating_sub(4)..];
        let mut chosen = chance.some_of(newest);
        chosen.truncate(3);
        let at_least_one = if chosen.is_empty() { vec![role.clone()] } else { chosen.clone() };
        let first = user_number / 2 * 2;
        let near: Vec<_> = (first..first + 4).map(|user| format!("user-{user}")).collect();
        let mut users = chance.some_of(&near);
        users.retain(|it| *it != user);
        users.truncate(2);
        match kind {
            Kind::CreateOrganization => Request::CreateOrganization { organization },
            Kind::RenameOrganization => Request::RenameOrganization { organization, name },
            Kind::DeleteOrganization => Request::DeleteOrganization { organization },
            Kind::CreateRole => Request::CreateRole { name },
            Kind::RenameRole => Request::RenameRole { role, name },
            Kind::DeleteRole => Request::DeleteRole { role },
            Kind::AddDomain => {
                let settings = if chance.below(2) == 0 {
                    json!({})
                } else {
                    settings(&mut chance, &domain, &chosen)
                };
                Request::AddDomain { organization, domain, settings }
            }
            Kind::ChangeDomain => {
                let settings = settings(&mut chance, &domain, &chosen);
                Request::ChangeDomain { organization, domain, settings }
            }
            Kind::DeleteDomain => Request::DeleteDomain { organization, domain },
            Kind::ReplaceDomains => {
                let domains = chance.some_of(&DOMAINS.map(str::to_owned));
                Request::ReplaceDomains { organization, domains }
            }
            Kind::AddDefaultRoles => Request::AddDefaultRoles { organization, roles: at_least_one },
            Kind::ReplaceDefaultRoles => {
                Request::ReplaceDefaultRoles { organization, roles: chosen }
            }
            Kind::DeleteDefaultRole => Request::DeleteDefaultRole { organization, role },
            Kind::AddMembers => {
                users.push(user);
                let is_restoring = chance.below(2) == 0;
                Request::AddMembers { organization, users, roles: chosen, is_restoring }
            }
            Kind::ReplaceMembers => Request::ReplaceMembers { organization, users },
            Kind::RemoveMember => Request::RemoveMember { organization, user },
            Kind::ClearRemoved => Request::ClearRemoved { organization, user },
            Kind::AddMemberRoles => {
                if chance.below(2) == 0 {
                    users.clear();
                }
                users.push(user);
                Request::AddMemberRoles { organization, users, roles: at_least_one }
            }
            Kind::ReplaceMemberRoles => {
                Request::ReplaceMemberRoles { organization, user, roles: chosen }
            }
            Kind::RemoveMemberRole => Request::RemoveMemberRole { organization, user, role },
            Kind::Approve => {
                let roles = (chance.below(2) == 0).then_some(chosen);
                Request::Approve { organization, user, roles }
            }
            Kind::Decline => Request::Decline { organization, user },
            Kind::CreateUser => Request::CreateUser { name: format!("new-{number}"), address },
            Kind::DeleteUser => Request::DeleteUser { user },
            Kind::SignUp => Request::SignUp { user, address },
            Kind::Token => Request::Token { user, address },
            Kind::ReadOrganizations => Request::ReadOrganizations { user },
        }
    }
}

/// Settings of an email domain. Most rules admit.
fn settings(chance: &mut Chance, domain: &str, roles: &[String]) -> Value {
    let mut settings = json!({});
    match chance.below(7) {
        0 => settings["enrollment"] = "off".into(),
        1 | 2 => settings["enrollment"] = "request".into(),
        3 | 4 => settings["enrollment"] = "automatic".into(),
        _ => {}
    }
    match chance.below(8) {
        0 => settings["existingUsers"] = "request".into(),
        1 => settings["existingUsers"] = "off".into(),
        2 => settings["existingUsers"] = "automatic".into(),
        3 => settings["existingUsers"] = Value::Null,
        _ => {}
    }
    match chance.below(3) {
        0 => settings["organizationRoleIds"] = json!(roles),
        1 => settings["organizationRoleIds"] = Value::Null,
        _ => {}
    }
    if domain == DOMAINS[0] {
        settings["subdomains"] = (chance.below(3) > 0).into();
    }
    settings
}
