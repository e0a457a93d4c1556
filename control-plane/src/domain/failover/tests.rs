use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::{moves::Blame, *};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Step},
    monitor::Verdict,
    outcome::{Cause, Refused},
    sample::at,
    telephony::AccountStatus,
};

pub fn failover(trigger: Trigger) -> Failover {
    let now = at("2026-11-20T12:00:00Z");
    Failover {
        id: FailoverId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        kind: Kind::Failover,
        trigger,
        account_id: account(3),
        target_id: None,
        target_is_fixed: false,
        original_id: None,
        agent_id: None,
        include_edited: false,
        reason: "because".to_owned(),
        actor: "tok_1".to_owned(),
        rules: Rules {
            on_expiry: OnExpiry::Execute,
            approval_window: Seconds(600),
            approvals: 1,
            cadence: Seconds(30),
        },
        good: 0,
        phase: Phase::Choosing { at: now },
        decision: None,
        passed_over: Vec::new(),
        tally: Tally::default(),
        milestones: Milestones::default(),
        rollback_id: None,
        version: 1,
        create_time: now,
        update_time: now,
    }
}

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn noon() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn heard(verdict: Verdict, good: bool) -> Event {
    Event::Heard(Heard {
        account_id: account(3),
        verdict,
        good,
        since: noon(),
        why: String::new(),
        failing: Vec::new(),
    })
}

fn saved(step: Step<Failover>, before: &Failover) -> Failover {
    Failover { version: before.version + 1, ..step.next }
}

fn after(before: &Failover, event: Event, now: Timestamp) -> Failover {
    let step = before.step(event.clone(), now).unwrap_or_else(|refusal| panic!("{event:?}: {}", refusal.message));
    saved(step, before)
}

fn begun(trigger: Trigger) -> Failover {
    let new = failover(trigger);
    let step = new.clone().begun(noon());
    saved(step, &new)
}

fn candidates(numbers: &[u128]) -> Event {
    Event::Found(numbers.iter().map(|number| Candidate { account_id: account(*number), refusal: None }).collect())
}

fn works() -> Outcome<AccountSeen> {
    seen(AccountStatus::Active)
}

fn seen(status: AccountStatus) -> Outcome<AccountSeen> {
    let sid: crate::domain::sid::AccountSid = format!("AC{:032x}", 7).parse().expect("valid");
    Outcome::Done(AccountSeen { sid: sid.clone(), status, owner_account_sid: sid, trial: false })
}

fn probed(held: &Failover, outcome: Outcome<AccountSeen>) -> Event {
    let Phase::Probing { round, .. } = held.phase else { panic!("nothing is probed: {held:?}") };
    Event::Probed { round, outcome }
}

fn canary(planned: u32) -> Failover {
    let held = after(&begun(Trigger::Critical), candidates(&[4, 5]), noon());
    let held = after(&held, probed(&held, works()), noon());
    after(&held, Event::Reserved { planned, left_out: 0 }, noon())
}

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
    let retried = after(&held, Event::Retried { count: 1 }, noon());
    assert_eq!((retried.state(), retried.begins_since(&held)), (State::Canary, 0));
    assert_eq!(after(&retried, Event::MoveEnded(Ended::Moved), noon()).state(), State::Moving);
    let abandoned = after(&held, Event::Abandoned { count: 1 }, noon());
    let abandoned = after(&abandoned, Event::Undone { count: 2 }, noon());
    assert_eq!(abandoned.state(), State::PartiallyCompleted);
}

#[test]
fn every_stored_phase_still_loads() {
    let id = account(4);
    for sample in [
        r#"{"state":"awaiting-approval","deadline":"2026-11-20T12:10:00Z","approvals":["tok_1"],"elsewhere":"vendor-wide"}"#.to_owned(),
        r#"{"state":"choosing","at":"2026-11-20T12:00:00Z"}"#.to_owned(),
        format!(r#"{{"state":"probing","candidate":"{id}","round":3,"attempt":0}}"#),
        format!(r#"{{"state":"probing-again","candidate":"{id}","attempt":1,"until":"2026-11-20T12:00:01Z","why":"lost"}}"#),
        format!(r#"{{"state":"reserving","candidate":"{id}","at":"2026-11-20T12:00:00Z"}}"#),
        r#"{"state":"holding","until":"2026-11-20T12:00:30Z","deadline":"2026-11-20T12:30:00Z","why":"lost"}"#.to_owned(),
        r#"{"state":"canary"}"#.to_owned(),
        r#"{"state":"moving"}"#.to_owned(),
        r#"{"state":"undoing","at":"2026-11-20T12:00:00Z","then":"next-target","why":"bad"}"#.to_owned(),
        r#"{"state":"stuck","until":"2026-11-20T12:15:00Z","why":"1 moved lines could not be verified"}"#.to_owned(),
        r#"{"state":"completed"}"#.to_owned(),
        r#"{"state":"partially-completed","why":"1 edited meanwhile"}"#.to_owned(),
        r#"{"state":"cancelled","by":"person","why":"no"}"#.to_owned(),
        r#"{"state":"failed","why":"no"}"#.to_owned(),
        format!(r#"{{"state":"rolled-back","by":"{}"}}"#, FailoverId::from_uuid(Uuid::from_u128(9))),
    ] {
        serde_json::from_str::<Phase>(&sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
    serde_json::from_str::<Tally>(r#"{"waiting":1,"moved":2}"#).expect("loads");
}

/// What may happen at random, with whatever the state asks for among it.
#[derive(Clone, Debug)]
enum Happens {
    Heard(Verdict, bool),
    Approved(u8),
    Cancelled,
    Tick,
    Found(Vec<(u128, u8)>),
    Probed(u8, u32),
    Reserved(u32, u32),
    NothingFits(bool),
    Ended(Ended),
    Undone(u32),
    Retried,
    Abandoned,
    RolledBack(bool),
}

fn happens() -> impl Strategy<Value = Happens> {
    let ended = prop::sample::select(vec![
        Ended::Moved,
        Ended::Failed(Blame::Number),
        Ended::Failed(Blame::Surroundings),
        Ended::Skipped,
        Ended::Stuck,
    ]);
    prop_oneof![
        2 => (prop::sample::select(Verdict::ALL.to_vec()), any::<bool>()).prop_map(|(v, good)| Happens::Heard(v, good)),
        1 => (0..3_u8).prop_map(Happens::Approved),
        1 => Just(Happens::Cancelled),
        3 => Just(Happens::Tick),
        3 => prop::collection::vec((4..8_u128, 0..3_u8), 0..4).prop_map(Happens::Found),
        3 => (0..5_u8, 0..2_u32).prop_map(|(kind, back)| Happens::Probed(kind, back)),
        3 => (0..20_u32, 0..3_u32).prop_map(|(planned, left)| Happens::Reserved(planned, left)),
        1 => any::<bool>().prop_map(Happens::NothingFits),
        9 => ended.prop_map(Happens::Ended),
        2 => (0..20_u32).prop_map(Happens::Undone),
        2 => Just(Happens::Retried),
        1 => Just(Happens::Abandoned),
        1 => any::<bool>().prop_map(Happens::RolledBack),
    ]
}

/// What the flow would say; none when it would not say anything in this state.
fn event(happens: Happens, held: &Failover) -> Option<Event> {
    let refused = |cause| Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "no".into() });
    Some(match happens {
        Happens::Heard(verdict, good) => heard(verdict, good),
        Happens::Approved(person) => Event::Approved { actor: format!("tok_{person}") },
        Happens::Cancelled => Event::Cancelled { actor: "tok_9".into(), why: "no".into() },
        Happens::Tick => Event::Tick,
        Happens::Found(found) => Event::Found(
            found
                .into_iter()
                .map(|(number, kind)| Candidate {
                    account_id: account(number),
                    refusal: (kind > 0).then(|| Passing { why: "no".into(), passes: kind == 1 }),
                })
                .collect(),
        ),
        Happens::Probed(kind, back) => {
            let outcome = match kind {
                0 | 1 => works(),
                2 => seen(AccountStatus::Suspended),
                3 => refused(Cause::RateLimited),
                _ => Outcome::Unknown("lost".into()),
            };
            let round = match held.phase {
                Phase::Probing { round, .. } => round.wrapping_sub(back),
                _ => back,
            };
            Event::Probed { round, outcome }
        }
        Happens::Reserved(planned, left_out) => Event::Reserved { planned, left_out },
        Happens::NothingFits(passes) => Event::NothingFits { why: "no".into(), passes },
        // Moves end that are under way, and no others.
        Happens::Ended(_) if held.tally.under_way == 0 => return None,
        Happens::Ended(ended) => Event::MoveEnded(ended),
        Happens::Undone(count) => Event::Undone { count: count.min(held.tally.waiting) },
        Happens::Retried => Event::Retried { count: held.tally.stuck },
        Happens::Abandoned => Event::Abandoned { count: held.tally.stuck },
        Happens::RolledBack(all) => Event::RolledBack { by: held.id, all },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Decided once and by one; over is over; an open one always waits for something; no line is forgotten; nothing is
    /// reserved before the target has proved to work.
    #[test]
    fn whatever_happens_a_failover_keeps_its_promises(
        trigger in prop::sample::select(Trigger::ALL.to_vec()),
        approvals in 1..3_u32,
        story in prop::collection::vec((happens(), 0..400_i64), 1..150)
    ) {
        let new = failover(trigger);
        let new = Failover { rules: Rules { approvals, ..new.rules.clone() }, ..new };
        let mut held = new.clone().begun(noon()).next;
        let mut now = noon();
        let mut planned = 0;
        let mut news: BTreeMap<&str, u32> = BTreeMap::new();
        for (happens, seconds) in story {
            now += chrono::Duration::seconds(seconds);
            let Some(event) = event(happens, &held) else { continue };
            let Ok(step) = held.step(event.clone(), now) else { continue };
            for kind in &step.news {
                *news.entry(*kind).or_default() += 1;
            }
            let effects = step.effects.len();
            let next = saved(step, &held);
            if let Some(decision) = &held.decision {
                prop_assert_eq!(Some(decision), next.decision.as_ref(), "the first decision stands");
            }
            if held.is_over() {
                let may = matches!(event, Event::RolledBack { .. }) || next.phase == held.phase;
                prop_assert!(may, "{:?} after {:?}", next.phase, held.phase);
            }
            let is_probing = matches!(next.phase, Phase::Probing { .. });
            prop_assert!(effects <= 1 && (effects == 0 || is_probing));
            let has_moves = next.tally.under_way > 0;
            prop_assert!(
                next.is_over() || next.deadline().is_some() || is_probing || has_moves,
                "nothing would wake it: {:?}", next
            );
            prop_assert!(!next.is_over() || !has_moves && next.tally.waiting == 0 && next.tally.stuck == 0);
            if matches!(next.phase, Phase::Canary) {
                prop_assert!(next.tally.under_way <= 1 || next.tally.stuck == 0, "{:?}", next);
                prop_assert!(next.tally.moved == 0);
                prop_assert!(next.tally.failed < 3, "the third bad canary ends it: {:?}", next);
            }
            let is_retried = matches!(event, Event::Retried { .. });
            prop_assert!(next.tally.under_way <= 8 || is_retried);
            if let Event::Reserved { planned: count, .. } = &event {
                let has_proved = matches!(held.phase, Phase::Reserving { .. }) && held.milestones.probe_time.is_some();
                prop_assert!(has_proved);
                planned = *count;
            }
            let has_lines = matches!(next.state(), State::Canary | State::Moving | State::Undoing | State::Stuck)
                || next.milestones.reserve_time.is_some() && next.is_over();
            if has_lines {
                let Tally { waiting, under_way, moved, failed, undone, skipped, stuck, .. } = next.tally;
                let all = waiting + under_way + moved + failed + undone + skipped + stuck;
                prop_assert!(all == planned || all == 0, "a line was lost: {:?}", next);
            }
            if matches!(next.phase, Phase::Failed { .. } | Phase::Cancelled { .. }) {
                prop_assert_eq!(next.tally.moved, 0, "nothing was moved");
            }
            held = next;
        }
        prop_assert!(news.get("failover.completed").copied().unwrap_or_default() <= 1);
    }
}
