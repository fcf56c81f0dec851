//! What checks make of the ownership of a domain

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use shared::domain::caller::Caller;
use shared::domain::challenge::Finding;
use shared::domain::ownership::{
    AlreadyProven, ChallengeToken, DnsAnswer, FAILING, MISSED_DAYS, Ownership, OwnershipState,
    PENDING,
};

const START: &str = "2026-01-01T12:00:00Z";
const DAY: Duration = Duration::from_hours(24);

fn at(days: u32) -> Timestamp {
    START.parse::<Timestamp>().expect("a timestamp") + DAY * days
}

fn token() -> ChallengeToken {
    ChallengeToken::parse(&"0a".repeat(16)).expect("a token")
}

fn pending() -> Ownership {
    Ownership {
        state: OwnershipState::Pending,
        token: Some(token()),
        pending_since: Some(at(0)),
        next_check: Some(at(0)),
        ..Ownership::default()
    }
}

fn present(ownership: &Ownership, at: Timestamp) -> Ownership {
    ownership.checked(Finding::Present, DnsAnswer::Found, at)
}

fn absent(ownership: &Ownership, at: Timestamp) -> Ownership {
    ownership.checked(Finding::Absent, DnsAnswer::NoSuchName, at)
}

fn unknown(ownership: &Ownership, at: Timestamp) -> Ownership {
    ownership.checked(Finding::Unknown, DnsAnswer::ServerFailure, at)
}

fn proven() -> Ownership {
    present(&pending(), at(1))
}

fn failing() -> Ownership {
    (2..5).fold(proven(), |ownership, day| absent(&ownership, at(day)))
}

fn lapsed() -> Ownership {
    absent(&pending(), at(30))
}

#[test]
fn a_record_proves_a_domain_at_once_whatever_its_state() {
    for before in [Ownership::default(), pending(), proven(), failing(), lapsed()] {
        let after = present(&before, at(40));
        assert_eq!(after.state, OwnershipState::Proven, "{before:?}");
        let first = if before.state.is_proven() { before.proven_at } else { Some(at(40)) };
        assert_eq!((after.proven_at, after.failing_since), (first, None), "{before:?}");
        assert_eq!((after.missed_days, after.missed_at), (0, None), "{before:?}");
        assert_eq!((after.pending_since, after.vouched_by), (None, None), "{before:?}");
        assert_eq!(after.token, before.token);
        let next = after.next_check.expect("a proven domain is checked again");
        assert!(next > at(40) && next <= at(41), "{next}");
    }
}

#[test]
fn a_pending_domain_is_checked_with_growing_pauses_and_lapses_after_thirty_days() {
    let mut ownership = pending();
    let mut checks = Vec::new();
    while let Some(next) = ownership.next_check {
        checks.push(next);
        ownership = absent(&ownership, next);
    }
    assert_eq!(ownership.state, OwnershipState::Lapsed);
    assert_eq!((checks[0], checks[checks.len() - 1]), (at(0), at(0) + PENDING));
    // Whoever adds the record soon is noticed soon.
    assert!(checks[1] <= checks[0] + Duration::from_hours(1), "{checks:?}");
    let pauses: Vec<_> = checks.windows(2).map(|two| two[1].duration_since(two[0])).collect();
    let (_, grown) = pauses.split_last().expect("pauses");
    assert!(grown.is_sorted(), "{pauses:?}");
    assert!(grown.iter().all(|pause| *pause < jiff::SignedDuration::from_hours(24)), "{pauses:?}");
    assert!(checks.len() < 50, "{}", checks.len());
}

#[test]
fn a_pending_domain_about_which_dns_says_nothing_has_the_same_pauses_and_end() {
    let (mut failing, mut missing) = (pending(), pending());
    while let Some(next) = missing.next_check {
        failing = unknown(&failing, next);
        missing = absent(&missing, next);
        assert_eq!((failing.state, failing.next_check), (missing.state, missing.next_check));
    }
    assert_eq!(failing.state, OwnershipState::Lapsed);
    // So does one that has the record, and may not admit because others do.
    let crowded = pending().checked(Finding::Unknown, DnsAnswer::Found, at(30));
    assert_eq!((crowded.state, crowded.next_check), (OwnershipState::Lapsed, None));
}

#[test]
fn a_domain_that_admits_keeps_its_state_however_long_nobody_checks() {
    assert_eq!(unknown(&failing(), at(100)).state, OwnershipState::Failing);
    assert_eq!(absent(&proven(), at(100)).state, OwnershipState::Proven);
}

#[test]
fn a_record_that_is_missing_on_three_days_makes_a_domain_failing() {
    let mut ownership = proven();
    // Many times on one day are one day.
    for hour in 0..5 {
        ownership = absent(&ownership, at(2) + Duration::from_hours(hour));
    }
    assert_eq!((ownership.state, ownership.missed_days), (OwnershipState::Proven, 1));
    ownership = absent(&ownership, at(3));
    assert_eq!((ownership.state, ownership.missed_days), (OwnershipState::Proven, 2));
    ownership = absent(&ownership, at(4));
    assert_eq!((ownership.state, ownership.missed_days), (OwnershipState::Failing, MISSED_DAYS));
    assert_eq!(ownership.failing_since, Some(at(4)));
}

#[test]
fn days_are_those_of_utc() {
    let time = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
    let first = absent(&proven(), time("2026-02-01T23:59:59Z"));
    let second = absent(&first, time("2026-02-02T00:00:00Z"));
    assert_eq!((first.missed_days, second.missed_days), (1, 2));
}

#[test]
fn a_record_that_is_back_ends_the_count() {
    let twice = absent(&absent(&proven(), at(2)), at(3));
    let back = present(&twice, at(4));
    assert_eq!(absent(&absent(&back, at(5)), at(6)).state, OwnershipState::Proven);
}

#[test]
fn a_failing_domain_lapses_after_fourteen_days() {
    let failing = failing();
    let since = failing.failing_since.expect("it is failing");
    let almost = absent(&failing, since + FAILING - Duration::from_millis(1));
    assert_eq!((almost.state, almost.failing_since), (OwnershipState::Failing, Some(since)));
    // The last check is not later than that.
    let late = absent(&failing, since + FAILING - Duration::from_hours(1));
    assert_eq!(late.next_check, Some(since + FAILING));
    let lapsed = absent(&almost, since + FAILING);
    assert_eq!((lapsed.state, lapsed.next_check), (OwnershipState::Lapsed, None));
}

#[test]
fn an_answer_that_says_nothing_about_a_domain_that_admits_changes_no_state_and_is_asked_for_again_within_the_hour()
 {
    for before in [Ownership::default(), proven(), failing(), lapsed()] {
        let after = unknown(&before, at(60));
        let kept = Ownership {
            checked_at: before.checked_at,
            answer: before.answer,
            next_check: before.next_check,
            ..after.clone()
        };
        assert_eq!(kept, before);
        assert_eq!(after.checked_at, Some(at(60)));
        assert_eq!(after.answer, Some(DnsAnswer::ServerFailure));
        assert_eq!(after.next_check.is_some(), before.next_check.is_some());
        if let Some(next) = after.next_check {
            assert!(next > at(60) && next < at(60) + Duration::from_hours(1), "{next}");
        }
    }
}

#[test]
fn a_lapsed_domain_without_the_record_is_pending_for_another_thirty_days() {
    let again = absent(&lapsed(), at(50));
    assert_eq!((again.state, again.pending_since), (OwnershipState::Pending, Some(at(50))));
    assert_eq!(again.token, Some(token()));
    assert_eq!(absent(&again, at(79)).state, OwnershipState::Pending);
    assert_eq!(absent(&again, at(80)).state, OwnershipState::Lapsed);
}

#[test]
fn a_vouched_domain_without_the_record_stays_vouched() {
    let after = absent(&Ownership::default(), at(1));
    assert_eq!((after.state, after.next_check), (OwnershipState::Vouched, None));
    assert_eq!(after.answer, Some(DnsAnswer::NoSuchName));
}

#[test]
fn an_operator_can_vouch_for_a_domain_that_is_not_proven() {
    let operator = Caller::new(Some("console"), Some("operator"));
    for before in [pending(), failing(), lapsed()] {
        let after = before.vouched(&operator).expect("it is not proven").expect("it changes");
        assert_eq!((after.state, after.next_check), (OwnershipState::Vouched, None));
        assert_eq!((after.vouched_by.as_ref(), &after.token), (Some(&operator), &before.token));
        assert_eq!(after.vouched(&operator), Ok(None), "once is enough");
    }
    assert_eq!(Ownership::default().vouched(&operator), Ok(None));
    assert_eq!(proven().vouched(&operator), Err(AlreadyProven));
    // Without a token, nobody is known.
    let unknown = lapsed().vouched(&Caller::default()).expect("it is not proven");
    assert_eq!(unknown.expect("it changes").vouched_by, None);
}

proptest! {
    #[test]
    fn whatever_dns_says_states_and_times_fit_together(
        steps in prop::collection::vec((0_u64..100 * 24, 0_u8..3), 0..60),
    ) {
        let (mut ownership, mut now) = (pending(), at(0));
        for (hours, step) in steps {
            now += Duration::from_hours(hours);
            let before = ownership.clone();
            ownership = match step {
                0 => present(&before, now),
                1 => absent(&before, now),
                _ => unknown(&before, now),
            };
            let state = ownership.state;
            prop_assert_eq!(&ownership.token, &before.token);
            prop_assert_eq!(ownership.checked_at, Some(now));
            prop_assert_eq!(ownership.pending_since.is_some(), state == OwnershipState::Pending);
            prop_assert_eq!(
                ownership.next_check.is_some(),
                !matches!(state, OwnershipState::Lapsed | OwnershipState::Vouched)
            );
            if let Some(next) = ownership.next_check {
                prop_assert!(next > now, "{next} {now}");
                prop_assert!(next <= now + DAY);
            }
            if state == OwnershipState::Failing {
                prop_assert!(ownership.failing_since.is_some());
                prop_assert!(ownership.missed_days >= MISSED_DAYS);
            }
            if state != before.state {
                let expected = match step {
                    0 => state == OwnershipState::Proven,
                    1 => matches!(
                        (before.state, state),
                        (OwnershipState::Pending | OwnershipState::Failing, OwnershipState::Lapsed)
                            | (OwnershipState::Proven, OwnershipState::Failing)
                            | (OwnershipState::Lapsed, OwnershipState::Pending)
                    ),
                    _ => (before.state, state) == (OwnershipState::Pending, OwnershipState::Lapsed),
                };
                prop_assert!(expected, "{:?} {:?}", before, ownership);
            }
        }
    }
}
