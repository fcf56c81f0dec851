//! Several writers of one list at once

use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::json;

use crate::support::{Fate, World, assert_unavailable};

/// Numbers that look random and are the same in every run (xorshift64*).
struct Schedule(u64);

impl Schedule {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % end
    }

    fn some_of(&mut self, universe: &[String], at_most: usize) -> BTreeSet<String> {
        (0..self.below(at_most + 1)).map(|_| universe[self.below(universe.len())].clone()).collect()
    }

    fn change(&mut self, universe: &[String]) -> Change {
        let domain = universe[self.below(universe.len())].clone();
        match self.below(5) {
            0 | 1 => Change::Add(domain),
            2 | 3 => Change::Delete(domain),
            _ => Change::Replace(self.some_of(universe, universe.len())),
        }
    }
}

/// What a client does to a list.
#[derive(Clone, Debug)]
enum Change {
    Add(String),
    Delete(String),
    Replace(BTreeSet<String>),
}

const LIST: &str = "/organizations/acme/jit/email-domains";

impl Change {
    async fn send(&self, world: &World) -> u16 {
        let answer = match self {
            Self::Add(domain) => world.post(LIST, &json!({ "emailDomain": domain })).await,
            Self::Delete(domain) => world.delete(&format!("{LIST}/{domain}")).await,
            Self::Replace(domains) => world.put(LIST, &json!({ "emailDomains": domains })).await,
        };
        answer.status.as_u16()
    }

    /// What the change makes of a list when nobody else is there, and how it is answered.
    fn apply(&self, list: &BTreeSet<String>) -> (BTreeSet<String>, u16) {
        let mut list = list.clone();
        match self {
            Self::Add(domain) => {
                let status = if list.insert(domain.clone()) { 201 } else { 422 };
                (list, status)
            }
            Self::Delete(domain) => {
                let status = if list.remove(domain) { 204 } else { 404 };
                (list, status)
            }
            Self::Replace(domains) => (domains.clone(), 204),
        }
    }
}

/// Changes by one client, one after the other, and how each was answered.
type Done = Vec<(Change, u16)>;

async fn one_by_one(world: &World, changes: Vec<Change>) -> Done {
    let mut done = Done::new();
    for change in changes {
        let status = change.send(world).await;
        done.push((change, status));
    }
    done
}

/// Whether some order of both clients' changes, each client's in its own order, gives every answer
/// and the list in the end.
fn explained(
    list: &BTreeSet<String>,
    a: &[(Change, u16)],
    b: &[(Change, u16)],
    end: &BTreeSet<String>,
) -> bool {
    if a.is_empty() && b.is_empty() {
        return list == end;
    }
    let first = |of: &[(Change, u16)]| {
        let (change, answered) = of.first()?;
        let (after, status) = change.apply(list);
        (status == *answered).then_some(after)
    };
    first(a).is_some_and(|after| explained(&after, &a[1..], b, end))
        || first(b).is_some_and(|after| explained(&after, a, &b[1..], end))
}

async fn listed(world: &World) -> BTreeSet<String> {
    let list = world.get(LIST).await.body;
    let entries = list.as_array().expect("a list").iter();
    entries.map(|entry| entry["emailDomain"].as_str().expect("a domain").to_owned()).collect()
}

#[tokio::test]
async fn two_clients_at_once_leave_what_one_after_the_other_would() {
    let world = World::new().await;
    world.organization("acme").await;
    let universe: Vec<_> = (0..6).map(|number| format!("d{number}.example")).collect();
    let mut schedule = Schedule(2026);
    let mut before = BTreeSet::new();
    for round in 0..50 {
        let mut changes = || (0..3).map(|_| schedule.change(&universe)).collect::<Vec<_>>();
        let (a, b) = (changes(), changes());
        let (a, b) = join(one_by_one(&world, a), one_by_one(&world, b)).await;

        World::assert_list_and_index_agree(&world.items().await);
        let after = listed(&world).await;
        assert!(
            explained(&before, &a, &b, &after),
            "round {round}\nfrom {before:?}\nby   {a:?}\nand  {b:?}\nto   {after:?}"
        );
        before = after;
    }
}

#[tokio::test]
async fn large_replacements_among_other_writers_are_whole_or_say_that_they_are_not() {
    let world = World::new().await;
    world.organization("acme").await;
    let universe: Vec<_> = (0..300).map(|number| format!("d{number}.example")).collect();
    let mut schedule = Schedule(99);
    let mut before = BTreeSet::new();
    for round in 0..6 {
        let wanted = schedule.some_of(&universe, 400);
        let replacement = vec![Change::Replace(wanted.clone())];
        let others = if round % 3 == 2 {
            vec![Change::Replace(schedule.some_of(&universe, 400))]
        } else {
            (0..60)
                .map(|_| schedule.change(&universe[..20]))
                .filter(|it| !matches!(it, Change::Replace(_)))
                .collect()
        };
        let (mut a, mut b) =
            join(one_by_one(&world, replacement), one_by_one(&world, others)).await;
        // A request with the answer 503 has changed nothing.
        a.retain(|(_, status)| *status != 503);
        b.retain(|(_, status)| *status != 503);

        World::assert_list_and_index_agree(&world.items().await);
        let after = listed(&world).await;
        let partial = a.iter().chain(&b).any(|(_, status)| *status == 409);
        assert!(
            partial || explained(&before, &a, &b, &after),
            "round {round}\nfrom {before:?}\nby   {a:?}\nand  {b:?}\nto   {after:?}"
        );
        for domain in before.union(&after).chain(&wanted) {
            let gives = |(change, _): &(Change, u16), listed: bool| match change {
                Change::Add(added) => listed && added == domain,
                Change::Delete(deleted) => !listed && deleted == domain,
                Change::Replace(domains) => domains.contains(domain) == listed,
            };
            let listed = after.contains(domain);
            let known = before.contains(domain) == listed;
            assert!(known || a.iter().chain(&b).any(|it| gives(it, listed)), "{round} {domain}");
        }

        // After a 409, which means that only a part is replaced, the client repeats the request.
        assert_eq!(Change::Replace(wanted.clone()).send(&world).await, 204);
        World::assert_list_and_index_agree(&world.items().await);
        before = listed(&world).await;
        assert_eq!(before, wanted);
    }
}

#[tokio::test]
async fn a_replacement_starts_over_nine_times_and_then_is_a_503() {
    let Fate::Reply { status, mut body } = Fate::canceled(&["ConditionalCheckFailed", "None"])
    else {
        unreachable!("it is a reply")
    };
    body["CancellationReasons"][0]["Item"] = json!({
        "pk": { "S": "ORG#acme" },
        "sk": { "S": "EMAIL_DOMAINS" },
        "domains": { "M": {} },
        "version": { "N": "1000" },
    });
    let replacement = json!({ "emailDomains": ["acme.com", "acme.org"] });
    for (times, answered) in [(9, 204), (10, 503)] {
        let world = World::new().await;
        world.organization("acme").await;
        world.wire.traffic();
        for _ in 0..times {
            let body = body.clone();
            world.wire.next("TransactWriteItems", Fate::Reply { status, body });
        }
        let answer = world.put(LIST, &replacement).await;
        assert_eq!(answer.status, answered, "{:#}", answer.body);
        let operations = world.wire.traffic().operations;
        let count = |name: &str| operations.iter().filter(|operation| *operation == name).count();
        let counts = ["GetItem", "Query", "TransactWriteItems"].map(count);
        assert_eq!(counts, [10, 2, 10], "each domain is checked once");
        let wanted = if answered == 204 { vec!["acme.com", "acme.org"] } else { Vec::new() };
        assert!(listed(&world).await.iter().eq(wanted), "{times}");
        if answered == 503 {
            assert_unavailable(&answer);
        }
    }
}

#[tokio::test]
async fn adding_and_deleting_an_organization_at_once_leave_list_and_index_the_same() {
    let world = World::new().await;
    for round in 0..20 {
        let id = format!("org-{round}");
        world.organization(&id).await;
        let list = format!("/organizations/{id}/jit/email-domains");
        let organization = format!("/organizations/{id}");
        let adding = async {
            let mut statuses = Vec::new();
            for number in 0..4 {
                let body = json!({ "emailDomain": format!("d{number}.example") });
                statuses.push(world.post(&list, &body).await.status.as_u16());
            }
            statuses
        };
        let deleting = async {
            for _ in 0..round % 5 {
                world.get(&organization).await;
            }
            world.delete(&organization).await.status
        };
        let (added, deleted) = join(adding, deleting).await;
        assert_eq!(deleted, 204);
        let gone = added.iter().position(|status| *status == 404).unwrap_or(added.len());
        assert!(added[..gone].iter().all(|status| *status == 201), "{added:?}");
        assert!(added[gone..].iter().all(|status| *status == 404), "{added:?}");
        let items = world.items().await;
        World::assert_list_and_index_agree(&items);
        let left =
            items.keys().filter(|(pk, sk)| pk.starts_with("DOMAIN#") || sk == "EMAIL_DOMAINS");
        assert_eq!(left.count(), 0, "everything is swept");
    }
}
