//! What the tests of failovers share: one that begins, and how it is told what happens.

mod chance;
mod deciding;
mod lines;
mod stored;
mod target;

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
