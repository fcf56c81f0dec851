//! Faults, systematically. Each entry path, each operation that writes, the hourly run and the publisher,
//! with each of their calls, and each fault that such a call can have: once, from then on at each call of
//! the operation, and at each call of the service. What the calls are, a run without a fault says.
//!
//! In each of these cells, a trigger answers with its event in time. An operation answers with what it did,
//! or with the problem that says nothing else, within the time of its function. Then the fault ends, the
//! caller tries again, and a user appears. The table, what was told, and the user pool are then as they
//! are without the fault.
//!
//! Time is that of time-outs, and stands still while something is done. So a cell takes no real time.

mod cells;
mod dns;
mod scenarios;
mod state;

use tokio::runtime::Builder;

use self::cells::Base;
use self::scenarios::Scenario;
use crate::support::Hanging;

/// Says which scenarios are tried: those whose names have this in them.
const FAULTS: &str = "FAULTS";

/// Tries each cell of the scenarios that are chosen, of `parts` parts the one with this number.
fn try_cells(chosen: impl Fn(&Scenario) -> bool, part: usize, parts: usize) {
    let named = std::env::var(FAULTS).unwrap_or_default();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (cells, wrong) = runtime.block_on(async {
        let base = Base::new().await;
        let (mut cells, mut wrong) = (0, Vec::new());
        let all = scenarios::all(&base).into_iter().filter(|it| chosen(it)).enumerate();
        let all = all.filter(|(_, it)| it.what.contains(&named));
        for (_, scenario) in all.filter(|(number, _)| number % parts == part) {
            // Over a network, time has to pass.
            let _stopped = (!scenario.asks_dns()).then(Hanging::new);
            cells::try_all(&base, &scenario, &mut cells, &mut wrong).await;
        }
        (cells, wrong)
    });
    println!("{cells} cells");
    assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_fault_at_each_call_of_an_entry_path() {
    try_cells(Scenario::is_trigger, 0, 1);
}

#[test]
fn each_fault_at_each_call_of_half_of_the_operations() {
    try_cells(|it| !it.is_trigger() && !it.asks_dns(), 0, 2);
}

#[test]
fn each_fault_at_each_call_of_the_other_half_of_the_operations() {
    try_cells(|it| !it.is_trigger() && !it.asks_dns(), 1, 2);
}

#[test]
fn each_fault_at_each_call_of_a_check_of_a_domain() {
    try_cells(Scenario::asks_dns, 0, 1);
}
