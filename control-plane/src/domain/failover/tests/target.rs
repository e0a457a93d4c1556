//! Which account takes over, and that nothing is moved when none can.

use super::*;

#[test]
fn a_candidate_that_is_certainly_of_no_use_is_passed_over_and_a_silent_one_is_asked_three_times() {
    let held = after(&begun(Trigger::Critical), candidates(&[4, 5]), noon());
    let held = after(&held, probed(&held, seen(AccountStatus::Suspended)), noon());
    let mut held = after(&held, candidates(&[4, 5]), noon());
    let mut now = noon();
    for _ in 0..2 {
        assert!(matches!(held.phase, Phase::Probing { candidate, .. } if candidate == account(5)));
        held = after(&held, probed(&held, Outcome::Unknown("timeout".into())), now);
        now = held.deadline().expect("asked again");
        held = after(&held, Event::Tick, now);
    }
    held = after(&held, probed(&held, Outcome::Unknown("timeout".into())), now);
    held = after(&held, candidates(&[4, 5]), now);
    assert_eq!(held.state(), State::Holding, "it looks like the vendor: nothing is moved");
    let cancel = format!("until 2026-11-20 12:30:00 UTC, `callplane failover cancel {}`", held.id);
    assert!(held.why().contains("timeout") && held.why().contains(&cancel), "{}", held.why());
    let later = held.deadline().expect("looked for again");
    held = after(&held, Event::Tick, later);
    held = after(&held, candidates(&[4, 5]), later);
    assert!(matches!(held.phase, Phase::Probing { candidate, .. } if candidate == account(5)), "4 stays out");
}

#[test]
fn a_fault_that_every_backup_shares_until_the_end_moves_nothing_and_says_so() {
    let mut held = begun(Trigger::Critical);
    let mut now = noon();
    for _ in 0..1000 {
        held = match held.phase {
            Phase::Choosing { .. } => after(&held, candidates(&[4]), now),
            Phase::Probing { .. } => after(&held, probed(&held, Outcome::Unknown("timeout".into())), now),
            Phase::Cancelled { .. } => break,
            _ => {
                now = held.deadline().expect("it waits");
                after(&held, Event::Tick, now)
            }
        };
    }
    let Phase::Cancelled { by: CancelledBy::VendorWide, why } = &held.phase else { panic!("{held:?}") };
    assert!(why.contains("timeout"));
    assert_eq!(held.tally, Tally::default());
}
