//! Lines that are moved: the first one alone, then the others; what fails, what is given up, what is stuck.

use super::*;

#[test]
fn a_bad_backup_stops_after_one_line_and_the_next_backup_is_tried() {
    let held = canary(50);
    let held = after(&held, Event::MoveEnded(Ended::Failed(Blame::Surroundings)), noon());
    assert_eq!((held.state(), held.tally.waiting), (State::Undoing, 49));
    let held = after(&held, Event::Undone { count: 49 }, noon());
    assert!(matches!(held.phase, Phase::Choosing { .. }));
    let held = after(&held, candidates(&[4, 5]), noon());
    assert!(matches!(held.phase, Phase::Probing { candidate, .. } if candidate == account(5)));
    let held = after(&held, probed(&held, seen(AccountStatus::Closed)), noon());
    let held = after(&held, candidates(&[4, 5]), noon());
    assert_eq!(held.state(), State::Failed);
}

#[test]
fn a_canary_with_a_bad_number_is_followed_by_the_next_line_and_after_three_by_the_next_account() {
    let bad = || Event::MoveEnded(Ended::Failed(Blame::Number));
    let second = after(&canary(50), bad(), noon());
    assert_eq!((second.state(), second.tally.under_way, second.tally.waiting), (State::Canary, 1, 48));
    let moving = after(&second, Event::MoveEnded(Ended::Moved), noon());
    assert_eq!((moving.state(), moving.tally.failed, moving.tally.under_way), (State::Moving, 1, 8));

    let third = after(&second, bad(), noon());
    let held = after(&third, bad(), noon());
    assert_eq!((held.state(), held.tally.failed, held.tally.waiting), (State::Undoing, 3, 47));
    let held = after(&held, Event::Undone { count: 47 }, noon());
    assert!(held.passed_over[0].why.contains("the first 3 lines"), "{:?}", held.passed_over);

    // Who is to blame for a failure that is not the number's is clear after one.
    let held = after(&second, Event::MoveEnded(Ended::Failed(Blame::Surroundings)), noon());
    assert_eq!(held.state(), State::Undoing);
    // Nobody is left to go first.
    let held = after(&canary(1), bad(), noon());
    assert!(matches!(held.phase, Phase::Choosing { .. }), "{held:?}");
}

#[test]
fn a_target_that_fails_midway_is_left_alone_after_five_lines() {
    let mut held = after(&canary(100), Event::MoveEnded(Ended::Moved), noon());
    for _ in 0..5 {
        held = after(&held, Event::MoveEnded(Ended::Failed(Blame::Number)), noon());
    }
    assert_eq!(held.state(), State::Undoing);
    let (waiting, under_way) = (held.tally.waiting, held.tally.under_way);
    held = after(&held, Event::Undone { count: waiting }, noon());
    for _ in 0..under_way {
        held = after(&held, Event::MoveEnded(Ended::Failed(Blame::Number)), noon());
    }
    let Phase::PartiallyCompleted { why } = &held.phase else { panic!("{held:?}") };
    assert!(why.contains("could not be moved") && why.contains("given up"), "{why}");
    assert_eq!(held.tally.moved, 1);
}

#[test]
fn what_is_stuck_is_tried_again_or_accepted_by_a_person() {
    let held = after(&canary(3), Event::MoveEnded(Ended::Stuck), noon());
    assert_eq!((held.state(), held.tally.waiting), (State::Stuck, 2));
    assert!(held.deadline().is_some(), "it is tried again by itself");
    assert!(held.why().starts_with("1 moved line could not be verified"), "{}", held.why());
    for command in ["moves", "retry", "abandon"] {
        let command = format!("`callplane failover {command} {}`", held.id);
        assert!(held.why().contains(&command), "{command}: {}", held.why());
    }
    let retried = after(&held, Event::Retried { count: 1 }, noon());
    assert_eq!((retried.state(), retried.begins_since(&held)), (State::Canary, 0));
    assert_eq!(after(&retried, Event::MoveEnded(Ended::Moved), noon()).state(), State::Moving);
    let abandoned = after(&held, Event::Abandoned { count: 1 }, noon());
    let abandoned = after(&abandoned, Event::Undone { count: 2 }, noon());
    assert_eq!(abandoned.state(), State::PartiallyCompleted);
}
