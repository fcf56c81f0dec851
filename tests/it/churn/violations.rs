//! The checker finds each kind of violation, and accuses nobody who may be innocent.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::email_address::EmailAddress;

use super::check::{Kind, check};
use super::history::{Commit, Fact, History, Millis, Operation, Outcome, Place, Request, commits};
use crate::support::{Written, with};

const DOMAIN: &str = "d0.example";
const JANE: &str = "a0@d0.example";

/// A history in the making. A call takes ten milliseconds, and writes after five.
#[derive(Clone, Default)]
struct Story {
    history: History,
    now: Millis,
    /// How much was told.
    told: usize,
}

impl Story {
    /// Acme lists a domain. Jane has not appeared yet.
    fn new() -> Self {
        let mut story = Self::default();
        let organization = acme();
        story.does(Request::CreateOrganization { organization }, present(&[]), created());
        let settings = json!({});
        let request =
            Request::AddDomain { organization: acme(), domain: DOMAIN.to_owned(), settings };
        story.does(request, vec![rule(Some(&json!({})))], of_domain("Added", json!({})));
        story
    }

    /// The same with Jane as a member.
    fn with_jane() -> Self {
        let mut story = Self::new();
        story.does(sign_up("jane"), joins("jane", &[]), joined("jane", &[]));
        story
    }

    /// A call that succeeds, and one transaction of it.
    fn does(&mut self, request: Request, facts: Vec<Fact>, event: Value) {
        self.call(request, Outcome::Done(Value::Null));
        self.commit(-5, facts, event);
    }

    /// A call without a transaction.
    fn call(&mut self, request: Request, outcome: Outcome) {
        let (begin, end) = (self.now + 10, self.now + 20);
        self.now = end;
        self.history.operations.push(Operation { begin, end, process: 0, request, outcome });
    }

    /// A transaction so many milliseconds after the last call.
    fn commit(&mut self, later: Millis, facts: Vec<Fact>, mut event: Value) {
        self.told += 1;
        event["id"] = format!("event-{}", self.told).into();
        let subject = match (event["userId"].as_str(), event["organizationId"].as_str()) {
            (Some(user), _) => format!("USER#{user}"),
            (_, organization) => format!("ORG#{}", organization.unwrap_or_default()),
        };
        let at = self.now + later;
        self.history.commits.push(Commit { at, subject, facts, events: vec![event] });
    }

    /// What is wrong, if the bus and the table have what was told and written.
    #[track_caller]
    fn wrong(mut self) -> Vec<Kind> {
        self.end();
        kinds(&self.history)
    }

    fn end(&mut self) {
        let mut places = BTreeMap::new();
        let mut exists = true;
        for fact in self.history.commits.iter().flat_map(|commit| &commit.facts) {
            match fact {
                Fact::Place { user, place, .. } => drop(places.insert(user.clone(), place.clone())),
                Fact::Organization { present, .. } => exists = present.is_some(),
                _ => {}
            }
        }
        let events = self.history.commits.iter().flat_map(|commit| commit.events.clone());
        self.history.published = events.collect();
        let mut members = Vec::new();
        for (user, place) in places {
            let (list, attributes) = match place {
                Place::Empty => continue,
                Place::Member { roles, .. } => {
                    members.push(user.clone());
                    ("USER#", json!({ "roleIds": roles }))
                }
                Place::Requested { .. } => ("REQUEST#", json!({ "requestedAt": "then" })),
                Place::Removed { .. } => ("REMOVED#", json!({ "removedAt": "then" })),
            };
            let entry = json!({ "gsi1pk": "ORG#acme", "gsi1sk": format!("{list}0#{user}") });
            self.put(&format!("USER#{user}"), "ORG#acme", &with(attributes, entry));
            let addresses = json!({ "addresses": [digest()] });
            self.put(&format!("USER#{user}"), "PROFILE", &addresses);
            self.put(&format!("ADDRESS#{}", digest()), &format!("USER#{user}"), &json!({}));
        }
        if exists {
            let count = u64::try_from(members.len()).expect("a few");
            self.history.counts.insert(acme(), count);
            self.history.listed.insert(acme(), members);
        }
    }

    fn put(&mut self, pk: &str, sk: &str, item: &Value) {
        let item = serde_json::from_value(item.clone()).expect("an object");
        self.history.items.insert((pk.to_owned(), sk.to_owned()), item);
    }
}

#[track_caller]
fn kinds(history: &History) -> Vec<Kind> {
    let found = check(history);
    println!("{found:#?}");
    let mut kinds: Vec<_> = found.iter().map(|violation| violation.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn acme() -> String {
    "acme".to_owned()
}

fn digest() -> String {
    EmailAddress::parse(JANE).expect("an address").digest().to_string()
}

fn sign_up(user: &str) -> Request {
    Request::SignUp { user: user.to_owned(), address: JANE.to_owned() }
}

fn token(user: &str) -> Request {
    Request::Token { user: user.to_owned(), address: JANE.to_owned() }
}

fn remove(user: &str) -> Request {
    Request::RemoveMember { organization: acme(), user: user.to_owned() }
}

fn delete_domain() -> Request {
    Request::DeleteDomain { organization: acme(), domain: DOMAIN.to_owned() }
}

fn default_roles(roles: &[&str]) -> Request {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Request::ReplaceDefaultRoles { organization: acme(), roles }
}

fn add(user: &str) -> Request {
    let (users, roles) = (vec![user.to_owned()], Vec::new());
    Request::AddMembers { organization: acme(), users, roles, is_restoring: false }
}

fn present(roles: &[&str]) -> Vec<Fact> {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    vec![Fact::Organization { id: acme(), present: Some((acme(), roles)) }]
}

fn rule(settings: Option<&Value>) -> Fact {
    let all = json!({
        "enrollment": "automatic",
        "existingUsers": null,
        "organizationRoleIds": null,
        "subdomains": false,
    });
    let settings = settings.map(|settings| with(all, settings.clone()));
    Fact::Domain { organization: acme(), domain: DOMAIN.to_owned(), settings }
}

fn place(user: &str, place: Place) -> Fact {
    Fact::Place { organization: acme(), user: user.to_owned(), place }
}

/// What a sign-up writes.
fn joins(user: &str, roles: &[&str]) -> Vec<Fact> {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let member = Place::Member { domain: Some(DOMAIN.to_owned()), digest: Some(digest()), roles };
    vec![place(user, member), Fact::User { user: user.to_owned(), is_deleted: false }]
}

/// What a removal writes.
fn leaves(user: &str) -> Vec<Fact> {
    let mark = Fact::Mark { organization: acme(), digest: digest(), is_there: true };
    vec![mark, place(user, Place::Removed { held: Some(Vec::new()) })]
}

fn event(kind: &str, more: Value) -> Value {
    let event = json!({
        "type": format!("Organization.{kind}"),
        "organizationId": "acme",
        "actor": { "type": "api" },
    });
    with(event, more)
}

fn created() -> Value {
    event("Created", json!({ "after": { "name": "acme" } }))
}

fn of_domain(how: &str, settings: Value) -> Value {
    let all = json!({
        "enrollment": "automatic",
        "existingUsers": null,
        "organizationRoleIds": null,
        "subdomains": false,
    });
    let after = if how == "Added" { with(all, settings) } else { Value::Null };
    event(&format!("EmailDomain.{how}"), json!({ "emailDomain": DOMAIN, "after": after }))
}

fn joined(user: &str, roles: &[&str]) -> Value {
    let more = json!({
        "userId": user,
        "actor": { "type": "trigger", "entryPath": "PostConfirmation" },
        "cause": { "rule": "email_domain", "emailDomain": DOMAIN },
        "after": { "organizationRoleIds": roles, "entryPath": "PostConfirmation" },
    });
    event("Membership.Created", more)
}

fn joined_at_token(user: &str) -> Value {
    let actor = json!({ "actor": { "type": "trigger", "entryPath": "PreTokenGeneration" } });
    with(joined(user, &[]), actor)
}

fn added(user: &str) -> Value {
    let more = json!({
        "userId": user,
        "cause": { "rule": "api" },
        "after": { "organizationRoleIds": [], "entryPath": "ManagementApi" },
    });
    event("Membership.Created", more)
}

fn left(user: &str) -> Value {
    let more = json!({
        "userId": user,
        "cause": { "reason": "removed" },
        "before": { "organizationRoleIds": [] },
    });
    event("Membership.Removed", more)
}

fn roles_changed(before: &[&str], after: &[&str]) -> Value {
    let (before, after) =
        (json!({ "organizationRoleIds": before }), json!({ "organizationRoleIds": after }));
    event("DefaultRoles.Changed", json!({ "before": before, "after": after }))
}

const NOTHING: [Kind; 0] = [];

/// A write of Jane's place in acme that tells nothing.
fn untold(is_there: bool) -> Written {
    let item = json!({ "removedAt": "then" });
    let item = serde_json::from_value(item).expect("an object");
    let key = ("USER#jane".to_owned(), "ORG#acme".to_owned());
    Written { key, old: None, new: is_there.then_some(item), record: Value::Null }
}

/// The write of an event.
fn telling() -> Written {
    let events = json!([{ "time": "2026-01-01T00:00:00Z", "type": "User.Deleted" }]).to_string();
    let item = serde_json::from_value(json!({ "events": events })).expect("an object");
    let key = ("CHANGE#USER#jane".to_owned(), "1".to_owned());
    Written { key, old: None, new: Some(item), record: Value::Null }
}

#[test]
fn what_tells_nothing_is_with_the_next_event_unless_it_cannot_be() {
    let sizes = |written: &[Written]| -> Vec<(usize, usize)> {
        let commits = commits(written);
        commits.iter().map(|commit| (commit.facts.len(), commit.events.len())).collect()
    };
    assert_eq!(sizes(&[untold(true), telling()]), [(1, 1)]);
    assert_eq!(sizes(&[untold(false), untold(true), telling()]), [(1, 0), (1, 1)]);
    assert_eq!(sizes(&[telling(), untold(false)]), [(0, 1), (1, 0)]);
}

#[test]
fn a_good_history_holds() {
    let mut story = Story::with_jane();
    story.call(token("jane"), Outcome::Done(json!(["acme"])));
    story.does(remove("jane"), leaves("jane"), left("jane"));
    story.call(token("jane"), Outcome::Done(json!([])));
    let back = Place::Member { domain: None, digest: None, roles: Vec::new() };
    let mark = Fact::Mark { organization: acme(), digest: digest(), is_there: false };
    story.does(add("jane"), vec![mark, place("jane", back)], added("jane"));
    story.call(token("jane"), Outcome::Done(json!(["acme"])));
    assert_eq!(story.wrong(), NOTHING);
}

#[test]
fn a_membership_by_a_rule_that_was_gone_before_the_call_is_unexplained() {
    let mut story = Story::new();
    story.does(delete_domain(), vec![rule(None)], of_domain("Removed", json!({})));
    story.does(sign_up("jane"), joins("jane", &[]), joined("jane", &[]));
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn a_rule_may_go_while_somebody_joins_by_it() {
    let mut story = Story::new();
    story.does(delete_domain(), vec![rule(None)], of_domain("Removed", json!({})));
    // The sign-up has read the rule, and writes when it is gone.
    story.does(sign_up("jane"), joins("jane", &[]), joined("jane", &[]));
    let deletion = story.history.operations[2].clone();
    let sign_up = &mut story.history.operations[3];
    sign_up.begin = deletion.end - 1;
    assert_eq!(story.clone().wrong(), NOTHING);
    // One that begins after the deletion has ended cannot have.
    story.history.operations[3].begin = deletion.end + 1;
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn a_rule_that_comes_after_a_membership_does_not_explain_it() {
    let mut story = Story::new();
    let (rule, listed) = (story.history.operations.remove(1), story.history.commits.remove(1));
    story.does(sign_up("jane"), joins("jane", &[]), joined("jane", &[]));
    let end = story.now;
    story.history.operations.push(Operation { begin: 0, end, ..rule });
    story.history.commits.push(Commit { at: end - 1, ..listed });
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn roles_of_one_moment_and_a_rule_of_another_are_unexplained() {
    let mut story = Story::new();
    // The default role comes when the rule has gone.
    story.does(delete_domain(), vec![rule(None)], of_domain("Removed", json!({})));
    story.does(default_roles(&["admin"]), present(&["admin"]), roles_changed(&[], &["admin"]));
    story.does(sign_up("jane"), joins("jane", &["admin"]), joined("jane", &["admin"]));
    // All of it happens during the sign-up.
    story.history.operations[4].begin = 0;
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn a_membership_of_a_user_who_has_not_appeared_is_unexplained() {
    let mut story = Story::new();
    story.does(sign_up("jane"), joins("joe", &[]), joined("joe", &[]));
    let wrong = story.wrong();
    assert_eq!(wrong, [Kind::Unexplained, Kind::Missing]);
}

#[test]
fn a_call_explains_one_event_of_a_kind() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), leaves("jane"), left("jane"));
    let mut back = joins("jane", &[]);
    back.push(Fact::Mark { organization: acme(), digest: digest(), is_there: false });
    story.does(add("jane"), back, added("jane"));
    let last = story.history.commits.len() - 1;
    let member = Place::Member { domain: None, digest: None, roles: Vec::new() };
    story.history.commits[last].facts[0] = place("jane", member);
    assert_eq!(story.clone().wrong(), NOTHING);
    // Jane is removed twice, and one call removes her.
    story.history.operations[3].end = Millis::MAX;
    story.commit(5, leaves("jane"), left("jane"));
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn a_refused_call_has_written_nothing() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), leaves("jane"), left("jane"));
    story.history.operations[3].outcome = Outcome::Refused(404, "no".to_owned());
    assert_eq!(story.wrong(), [Kind::Unexplained]);
}

#[test]
fn a_call_without_an_answer_may_write_at_any_time() {
    let mut story = Story::with_jane();
    story.call(remove("jane"), Outcome::Unknown("no answer".to_owned()));
    story.commit(500, leaves("jane"), left("jane"));
    assert_eq!(story.wrong(), NOTHING);
}

#[test]
fn somebody_whom_a_rule_has_admitted_throughout_is_missing() {
    let mut story = Story::new();
    story.call(sign_up("jane"), Outcome::Done(Value::Null));
    assert_eq!(story.clone().wrong(), [Kind::Missing]);
    // Nobody knows of a sign-up that has failed.
    let last = story.history.operations.last_mut().expect("a call");
    last.outcome = Outcome::Unknown("late".to_owned());
    assert_eq!(story.wrong(), NOTHING);
}

#[test]
fn nobody_is_missing_while_the_rule_goes() {
    let mut story = Story::new();
    story.call(sign_up("jane"), Outcome::Done(Value::Null));
    story.does(delete_domain(), vec![rule(None)], of_domain("Removed", json!({})));
    let sign_up = story.history.operations[2].clone();
    story.history.operations[3].begin = sign_up.begin;
    // The deletion has begun before the sign-up has ended, but was not written by then.
    assert_eq!(story.clone().wrong(), [Kind::Missing]);
    story.history.commits[2].at = sign_up.end - 1;
    assert_eq!(story.wrong(), NOTHING);
}

#[test]
fn a_request_is_not_enough_for_an_automatic_rule() {
    let mut story = Story::new();
    let requested = Place::Requested { digest: Some(digest()) };
    let asked = with(joined("jane", &[]), json!({ "type": "Organization.JoinRequest.Created" }));
    story.does(sign_up("jane"), vec![place("jane", requested)], asked);
    // The rule makes members, and not requests.
    assert_eq!(story.wrong(), [Kind::Unexplained, Kind::Missing]);
}

#[test]
fn a_removed_member_comes_back_by_a_rule() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), leaves("jane"), left("jane"));
    story.does(token("jane"), joins("jane", &[]), joined_at_token("jane"));
    assert_eq!(story.wrong(), [Kind::CameBack]);
}

#[test]
fn a_new_account_comes_in_by_a_removed_address() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), leaves("jane"), left("jane"));
    story.does(sign_up("joe"), joins("joe", &[]), joined("joe", &[]));
    assert_eq!(story.wrong(), [Kind::CameBack]);
}

#[test]
fn a_removal_without_its_address_is_found() {
    let mut story = Story::with_jane();
    let mut facts = leaves("jane");
    facts.remove(0);
    story.does(remove("jane"), facts, left("jane"));
    assert_eq!(story.wrong(), [Kind::CameBack]);
}

#[test]
fn a_deleted_user_comes_back() {
    let mut story = Story::new();
    let deleted = json!({ "type": "User.Deleted", "userId": "jane", "actor": { "type": "api" } });
    let tombstone = Fact::User { user: "jane".to_owned(), is_deleted: true };
    story.does(Request::DeleteUser { user: "jane".to_owned() }, vec![tombstone], deleted);
    let facts = vec![joins("jane", &[]).remove(0)];
    story.does(sign_up("jane"), facts, joined("jane", &[]));
    let wrong = story.wrong();
    assert_eq!(wrong, [Kind::CameBack, Kind::LeftOver]);
}

#[test]
fn a_change_that_is_not_told_is_found() {
    let mut story = Story::with_jane();
    let facts = [joins("joe", &[]), present(&["admin"])].concat();
    story.call(sign_up("joe"), Outcome::Done(Value::Null));
    story.does(default_roles(&["admin"]), facts, roles_changed(&[], &["admin"]));
    assert_eq!(story.wrong(), [Kind::Missing, Kind::Event]);
}

#[test]
fn what_is_told_and_did_not_happen_is_found() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), Vec::new(), left("jane"));
    let wrong = story.wrong();
    assert_eq!(wrong, [Kind::Event, Kind::Answer]);
}

#[test]
fn what_is_told_twice_is_found() {
    let mut story = Story::with_jane();
    let again = story.history.commits[2].events[0].clone();
    story.history.commits[2].events.push(again);
    let wrong = story.wrong();
    assert_eq!(wrong, [Kind::Unexplained, Kind::Event]);
}

#[test]
fn the_bus_loses_repeats_invents_and_disorders() {
    let mut story = Story::with_jane();
    story.does(remove("jane"), leaves("jane"), left("jane"));
    story.end();
    let spoilt = |spoil: &dyn Fn(&mut Vec<Value>)| {
        let mut history = story.history.clone();
        spoil(&mut history.published);
        kinds(&history)
    };
    assert_eq!(spoilt(&|_| {}), NOTHING);
    assert_eq!(spoilt(&|events| drop(events.pop())), [Kind::Published]);
    assert_eq!(spoilt(&|events| events.push(events[0].clone())), [Kind::Published]);
    let invented = with(created(), json!({ "id": "another" }));
    assert_eq!(spoilt(&|events| events.push(invented.clone())), [Kind::Published]);
    // Those of Jane, in the other order.
    assert_eq!(spoilt(&|events| events.swap(2, 3)), [Kind::Published]);
    // Those of Acme and of Jane have no order.
    assert_eq!(spoilt(&|events| events.swap(1, 2)), NOTHING);
}

#[test]
fn what_is_left_of_a_deleted_organization_is_found() {
    let mut story = Story::with_jane();
    let deletion = Request::DeleteOrganization { organization: acme() };
    let gone = vec![Fact::Organization { id: acme(), present: None }];
    story.does(deletion, gone, event("Deleted", json!({})));
    story.end();
    assert_eq!(kinds(&story.history), [Kind::LeftOver]);
    let place = ("USER#jane".to_owned(), "ORG#acme".to_owned());
    story.history.items.remove(&place);
    assert_eq!(kinds(&story.history), NOTHING);
    story.put("DOMAIN#d0.example", "ORG#acme", &json!({}));
    assert_eq!(kinds(&story.history), [Kind::LeftOver]);
}

#[test]
fn items_that_contradict_each_other_are_found() {
    let mut story = Story::with_jane();
    story.end();
    let spoilt = |spoil: &dyn Fn(&mut Story)| {
        let mut story = story.clone();
        spoil(&mut story);
        kinds(&story.history)
    };
    let key = |pk: &str, sk: &str| (pk.to_owned(), sk.to_owned());
    let place = key("USER#jane", "ORG#acme");
    let address = format!("ADDRESS#{}", digest());
    let profile = key("USER#jane", "PROFILE");
    assert_eq!(spoilt(&|_| {}), NOTHING);
    assert_eq!(spoilt(&|it| drop(it.history.items.remove(&place))), [Kind::Table]);
    assert_eq!(spoilt(&|it| drop(it.history.items.remove(&profile))), [Kind::Table]);
    let account = key(&address, "USER#jane");
    assert_eq!(spoilt(&|it| drop(it.history.items.remove(&account))), [Kind::Table]);
    assert_eq!(spoilt(&|it| it.put(&address, "USER#joe", &json!({}))), [Kind::Table]);
    let entry = json!({ "roleIds": [], "gsi1pk": "ORG#acme", "gsi1sk": "REMOVED#0#jane" });
    assert_eq!(spoilt(&|it| it.put("USER#jane", "ORG#acme", &entry)), [Kind::Table]);
    let roles = json!({ "roleIds": ["a"], "gsi1pk": "ORG#acme", "gsi1sk": "USER#0#jane" });
    assert_eq!(spoilt(&|it| it.put("USER#jane", "ORG#acme", &roles)), [Kind::Table]);
    assert_eq!(spoilt(&|it| _ = it.history.counts.insert(acme(), 2)), [Kind::Table]);
    let nobody = Vec::new();
    assert_eq!(spoilt(&|it| drop(it.history.listed.insert(acme(), nobody.clone()))), [Kind::Table]);
}

#[test]
fn an_answer_that_cannot_have_been_true_is_found() {
    let mut story = Story::with_jane();
    let mut without = story.clone();
    without.call(token("jane"), Outcome::Done(json!([])));
    assert_eq!(without.wrong(), [Kind::Answer]);

    let mut of_nothing = story.clone();
    of_nothing.call(token("jane"), Outcome::Done(json!(["acme", "other"])));
    assert_eq!(of_nothing.wrong(), [Kind::Answer]);

    story.does(remove("jane"), leaves("jane"), left("jane"));
    let read = Request::ReadOrganizations { user: "jane".to_owned() };
    story.call(read, Outcome::Done(json!(["acme"])));
    assert_eq!(story.clone().wrong(), [Kind::Answer]);
    // At the same time as the removal, both may be.
    let last = story.history.operations.last_mut().expect("a call");
    last.begin -= 15;
    assert_eq!(story.wrong(), NOTHING);
}

#[test]
fn a_call_that_has_succeeded_without_effect_is_found() {
    let mut story = Story::with_jane();
    let calls = [
        remove("jane"),
        delete_domain(),
        default_roles(&["admin"]),
        add("joe"),
        Request::DeleteOrganization { organization: acme() },
        Request::DeleteUser { user: "jane".to_owned() },
    ];
    for request in calls {
        let mut story = story.clone();
        story.call(request, Outcome::Done(Value::Null));
        assert_eq!(story.wrong(), [Kind::Answer]);
    }
    // It is as asked already.
    story.call(add("jane"), Outcome::Done(Value::Null));
    assert_eq!(story.clone().wrong(), NOTHING);
    story.call(add("jane"), Outcome::Unknown("500 {}".to_owned()));
    assert_eq!(story.wrong(), [Kind::Answer]);
}
