//! Whether it is carried out, and who says so: people, the deadline, the account itself.

use super::*;

#[test]
fn a_critical_account_is_left_at_once_after_the_target_is_probed() {
    let held = begun(Trigger::Critical);
    assert_eq!(held.decision.as_ref().map(|decision| decision.by), Some(DecidedBy::Critical));
    let step = held.step(candidates(&[4]), noon()).expect("a candidate");
    assert!(matches!(step.effects[..], [Effect::ProbeTarget { account_id, .. }] if account_id == account(4)));
    let held = saved(step, &held);
    let reserving = after(&held, probed(&held, works()), noon());
    assert!(matches!(reserving.phase, Phase::Reserving { .. }));
    let canary = after(&reserving, Event::Reserved { planned: 12, left_out: 0 }, noon());
    assert_eq!((canary.state(), canary.begins_since(&reserving), canary.tally.waiting), (State::Canary, 1, 11));
    let moving = after(&canary, Event::MoveEnded(Ended::Moved), noon());
    assert_eq!((moving.state(), moving.begins_since(&canary), moving.tally.waiting), (State::Moving, 8, 3));
}

#[test]
fn a_degraded_account_waits_for_its_deadline_and_is_left_then() {
    let held = begun(Trigger::Degraded);
    let deadline = noon() + chrono::Duration::minutes(10);
    assert_eq!((held.state(), held.deadline()), (State::AwaitingApproval, Some(deadline)));
    assert!(held.step(Event::Tick, deadline - chrono::Duration::microseconds(1)).is_err());
    let expired = after(&held, Event::Tick, deadline);
    let decision = expired.decision.clone().expect("decided");
    assert_eq!((expired.state(), decision.by, decision.carried_out), (State::Preparing, DecidedBy::Expiry, true));
    let cautious = Failover { rules: Rules { on_expiry: OnExpiry::Cancel, ..held.rules.clone() }, ..held };
    let cancelled = after(&cautious, Event::Tick, deadline);
    assert!(matches!(cancelled.phase, Phase::Cancelled { by: CancelledBy::Expiry, .. }));
}

#[test]
fn three_good_looks_in_a_row_cancel_and_a_bad_one_between_starts_again() {
    let mut held = begun(Trigger::Degraded);
    for good in [true, true, false, true, true] {
        held = after(&held, heard(Verdict::Degraded, good), noon());
        assert_eq!(held.state(), State::AwaitingApproval);
    }
    let held = after(&held, heard(Verdict::Healthy, true), noon());
    assert!(matches!(held.phase, Phase::Cancelled { by: CancelledBy::Recovery, .. }));
    let refused = held.step(Event::Approved { actor: "tok_2".into() }, noon()).expect_err("too late");
    assert_eq!(refused.reason, "FAILOVER_DECIDED");
}

#[test]
fn what_turns_critical_does_not_wait_for_anybody() {
    let held = after(&begun(Trigger::Degraded), heard(Verdict::Critical, false), noon());
    assert_eq!((held.state(), held.decision.expect("decided").by), (State::Preparing, DecidedBy::Critical));
}

#[test]
fn trouble_of_the_vendor_or_our_own_moves_nothing_at_the_deadline() {
    for (verdict, by) in
        [(Verdict::VendorWide, CancelledBy::VendorWide), (Verdict::OwnNetwork, CancelledBy::OwnNetwork)]
    {
        let held = after(&begun(Trigger::Degraded), heard(verdict, false), noon());
        let deadline = held.deadline().expect("a deadline");
        let Phase::Cancelled { by: really, .. } = after(&held, Event::Tick, deadline).phase else {
            panic!("{verdict}")
        };
        assert_eq!(really, by);
        // It was this account's after all.
        let held = after(&held, heard(Verdict::Degraded, false), noon());
        assert_eq!(after(&held, Event::Tick, deadline).state(), State::Preparing);
    }
}

#[test]
fn two_different_people_approve_where_the_policy_asks_for_two() {
    let new = failover(Trigger::Degraded);
    let new = Failover { rules: Rules { approvals: 2, ..new.rules.clone() }, ..new };
    let held = new.clone().begun(noon()).next;
    let approved = |held: &Failover, actor: &str| after(held, Event::Approved { actor: actor.into() }, noon());
    let once = approved(&approved(&held, "tok_a"), "tok_a");
    assert_eq!(once.state(), State::AwaitingApproval);
    let twice = approved(&once, "tok_b");
    assert_eq!((twice.state(), twice.decision.clone().expect("decided").by), (State::Preparing, DecidedBy::Approval));
    assert_eq!(approved(&twice, "tok_c").decision, twice.decision, "approving again changes nothing");
    let manual = Failover { trigger: Trigger::Manual, ..new }.begun(noon()).next;
    assert_eq!(manual.state(), State::AwaitingApproval, "whoever started it is the first of two");
    assert_eq!(approved(&manual, "tok_1").state(), State::AwaitingApproval);
    assert_eq!(approved(&manual, "tok_2").state(), State::Preparing);
}
