//! The steps of a replacement of email domains.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::domain::email_domain::EmailDomain;
use shared::domain::jit::{Step, plan};

fn domain(number: usize) -> EmailDomain {
    EmailDomain::parse(&format!("d{number}.example.com")).expect("a domain")
}

fn domains(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<EmailDomain> {
    numbers.into_iter().map(domain).collect()
}

#[test]
fn equal_sets_take_no_step() {
    for count in [0, 1, 250] {
        assert_eq!(plan(&domains(0..count), &domains(0..count), 99), []);
    }
}

#[test]
fn as_many_changes_as_one_step_takes_are_one_step() {
    let removed_and_added = plan(&domains(0..49), &domains(100..150), 99);
    assert_eq!(removed_and_added.len(), 1);
    let one_more = plan(&domains(0..50), &domains(100..150), 99);
    let sizes: Vec<_> = one_more.iter().map(|step| step.removed.len() + step.added.len()).collect();
    assert_eq!(sizes, [99, 1]);
}

#[test]
fn removals_come_before_the_additions_that_need_their_place() {
    let step = |removed: usize, added: usize| Step {
        removed: vec![domain(removed)],
        added: vec![domain(added)],
    };
    assert_eq!(plan(&domains(0..3), &domains(3..6), 2), [step(0, 3), step(1, 4), step(2, 5)]);
}

fn any_domains() -> impl Strategy<Value = BTreeSet<EmailDomain>> {
    prop::collection::btree_set(0_usize..400, 0..300).prop_map(domains)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..Default::default() })]

    #[test]
    fn the_steps_lead_from_one_set_to_the_other_and_never_hold_more_than_the_larger(
        before in any_domains(),
        after in any_domains(),
        most in 1_usize..=99,
    ) {
        let steps = plan(&before, &after, most);
        let changes = before.symmetric_difference(&after).count();
        prop_assert_eq!(steps.len(), changes.div_ceil(most), "no more steps than needed");

        let mut listed = before.clone();
        for step in &steps {
            prop_assert!((1..=most).contains(&(step.removed.len() + step.added.len())));
            for domain in &step.removed {
                prop_assert!(listed.remove(domain), "{} leaves, but was not listed", domain);
            }
            for domain in &step.added {
                prop_assert!(listed.insert(domain.clone()), "{} enters twice", domain);
            }
            prop_assert!(listed.len() <= before.len().max(after.len()));
        }
        prop_assert_eq!(listed, after);
    }
}
