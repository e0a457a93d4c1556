//! Every step at a vendor answered wrong, one after the other: error before the work, error after it, a connection that breaks
//! before or after it, 429, nonsense; and every step as the first one after the target was suspended. The end is right, and
//! explained. Steps are counted in a run without faults, so that a new one is covered as well.

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::{self as pb, FailoverMoveState, FailoverState, assignment::Target};
use callplane_simulator::{Fault, FaultAction, Happened, NewAgent};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, announcement},
};

use crate::failover::{backup_number, end, moves, pool};

on_both!(
    a_target_suspended_before_any_step_leaves_the_line_at_one_of_its_numbers,
    a_source_that_is_suspended_changes_nothing,
);

/// Everything a vendor can do wrong once.
fn faults() -> Vec<FaultAction> {
    vec![
        FaultAction::ErrorBefore { status: 503, code: None },
        FaultAction::ErrorAfter { status: 500, code: Some(20500) },
        FaultAction::Reset,
        FaultAction::ResetAfter,
        FaultAction::TooManyRequests,
        FaultAction::Garbage,
    ]
}

/// One line, and a number of another account that it goes to.
struct Stage {
    source: Account,
    target: Account,
    own: pb::PhoneNumber,
    spare: pb::PhoneNumber,
}

/// A fresh one for each case: its number was never configured.
async fn fresh(plane: &Plane, case: usize, native: bool) -> Stage {
    let (source, target) = (plane.account().await, plane.account().await);
    let own = plane.number(&source, &format!("+1415555{case:04}")).await;
    let endpoint = match native {
        false => announcement("Hello."),
        true => pb::agent::Endpoint::ElevenLabs(pb::ElevenLabsAgent {
            agent_id: plane.twilio.add_agent(NewAgent::default()).agent_id,
            ..Default::default()
        }),
    };
    let agent = plane.agent(endpoint).await;
    plane.assign(&own, Target::AgentId(agent.id.clone())).await;
    if native {
        let (phone_number_id, agent_id) = (own.id.clone(), agent.id);
        let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
        plane.api.numbers().attach_phone_number(request).await.expect("taken in");
        plane.settle().await;
    }
    let spare = backup_number(plane, &target, &format!("+1628555{case:04}")).await;
    Stage { source, target, own, spare }
}

async fn moved(plane: &Plane, stage: &Stage) -> pb::Failover {
    let request = pb::StartFailoverRequest {
        account_id: stage.source.id.clone(),
        target_account_id: stage.target.id.clone(),
        reason: "the account is suspended".into(),
        ..Default::default()
    };
    let begun = plane.api.failovers().start_failover(request).await.expect("begun").into_inner();
    end(plane, &begun.failover.expect("a failover").id).await
}

/// How many requests were performed since the ledger had so many entries, of those that are meant.
fn performed(plane: &Plane, since: usize, is_meant: impl Fn(&str, &str, &str) -> bool) -> usize {
    let counts = |what: &Happened| match what {
        Happened::Rest { vendor, method, path, performed: true, .. } => is_meant(vendor, method, path),
        _ => false,
    };
    plane.twilio.ledger().iter().skip(since).filter(|entry| counts(&entry.what)).count()
}

/// How many requests a failover takes that nothing disturbs.
async fn steps(plane: &Plane, native: bool) -> u32 {
    let stage = fresh(plane, usize::from(native) * 1000, native).await;
    let before = plane.twilio.ledger().len();
    assert_eq!(moved(plane, &stage).await.state(), FailoverState::Completed);
    u32::try_from(performed(plane, before, |_, _, _| true)).expect("a few")
}

/// So many requests go well, and the next one does not.
fn breaks(plane: &Plane, after: u32, action: FaultAction) {
    if after > 0 {
        plane.twilio.inject_fault(Fault::once("/", FaultAction::Delay { milliseconds: 0 }).times(after));
    }
    plane.twilio.inject_fault(Fault::once("/", action));
}

/// Each fault at each step, or some of them; what is written once must be what `is_write` means.
async fn each_fault_at_each_step(
    plane: &Plane,
    native: bool,
    every: usize,
    is_write: impl Fn(&str, &str, &str) -> bool,
) {
    let steps = steps(plane, native).await;
    let cases = (0..steps).flat_map(|step| faults().into_iter().map(move |fault| (step, fault)));
    for (case, (step, fault)) in (1..).zip(cases).step_by(every) {
        let stage = fresh(plane, case, native).await;
        let before = plane.twilio.ledger().len();
        breaks(plane, step, fault.clone());
        let ended = moved(plane, &stage).await;
        plane.twilio.clear_faults();
        assert_eq!(ended.state(), FailoverState::Completed, "{fault:?} at step {step}: {ended:#?}");
        let struck = plane.twilio.ledger().iter().skip(before).filter(|entry| was_struck(&entry.what)).count();
        assert_eq!(struck, 1, "{fault:?} at step {step} of {steps}");
        assert_eq!(performed(plane, before, &is_write), 1, "{fault:?} at step {step}");
        assert_eq!(pool(plane, &[stage.spare]).await, [(Some(PoolState::InUse), true)]);
    }
}

fn was_struck(what: &Happened) -> bool {
    matches!(what, Happened::Rest { fault: Some(fault), .. } if fault != "delay")
}

/// On PostgreSQL a sample is enough: no multiple of the number of faults, so that each of them is in it.
const SAMPLE: usize = 5;

async fn a_line(db: Database, every: usize) {
    let plane = Plane::start(db).await;
    let is_write = |_: &str, method: &str, path: &str| method == "POST" && path.contains("/IncomingPhoneNumbers/");
    each_fault_at_each_step(&plane, false, every, is_write).await;
}

async fn a_line_of_elevenlabs(db: Database, every: usize) {
    let plane = Plane::start(db).await;
    let is_import = |vendor: &str, method: &str, path: &str| {
        vendor == "elevenlabs" && method == "POST" && path.contains("/phone-numbers")
    };
    each_fault_at_each_step(&plane, true, every, is_import).await;
}

#[tokio::test]
async fn whatever_a_step_is_answered_the_line_arrives_and_is_configured_once_on_sqlite() {
    a_line(Database::sqlite(), 1).await;
}

#[tokio::test]
async fn whatever_a_step_is_answered_the_line_arrives_and_is_configured_once_on_postgres() {
    a_line(Database::postgres().await, SAMPLE).await;
}

#[tokio::test]
async fn whatever_a_step_is_answered_a_line_of_elevenlabs_arrives_and_is_imported_once_on_sqlite() {
    a_line_of_elevenlabs(Database::sqlite(), 1).await;
}

#[tokio::test]
async fn whatever_a_step_is_answered_a_line_of_elevenlabs_arrives_and_is_imported_once_on_postgres() {
    a_line_of_elevenlabs(Database::postgres().await, SAMPLE).await;
}

async fn a_target_suspended_before_any_step_leaves_the_line_at_one_of_its_numbers(db: Database) {
    let plane = Plane::start(db).await;
    for native in [false, true] {
        for (case, step) in (1..).zip(0..steps(&plane, native).await) {
            let stage = fresh(&plane, case + usize::from(native) * 1000, native).await;
            let all = |action| Fault::once("/", action).account(&stage.target.sid);
            if step > 0 {
                plane.twilio.inject_fault(all(FaultAction::Delay { milliseconds: 0 }).times(step));
            }
            let suspended = FaultAction::ErrorBefore { status: 403, code: Some(20005) };
            plane.twilio.inject_fault(all(suspended).times(0));
            let ended = moved(&plane, &stage).await;
            plane.twilio.clear_faults();
            let line = moves(&plane, &ended.id).await.pop();
            let standing = pool(&plane, &[stage.spare]).await.remove(0);
            let own = plane.number_now(&stage.own.id).await;
            assert!(own.assignment.is_some(), "whoever still gets through is answered");
            let said = format!("native {native}, step {step}: {ended:#?} {line:#?}");
            match (ended.state(), line.as_ref().map(pb::FailoverMove::state)) {
                (FailoverState::Completed, Some(FailoverMoveState::Moved)) => {
                    assert_eq!(standing, (Some(PoolState::InUse), true), "{said}");
                }
                (FailoverState::Stuck, Some(FailoverMoveState::Stuck)) => {
                    assert_eq!(standing, (Some(PoolState::InUse), true), "{said}");
                    assert!(!ended.why.is_empty(), "{said}");
                }
                (FailoverState::Failed, None | Some(FailoverMoveState::Failed)) => {
                    assert_eq!(standing, (Some(PoolState::Free), false), "{said}");
                    assert!(!ended.why.is_empty() && !ended.passed_over[0].why.is_empty(), "{said}");
                }
                _ => panic!("{said}"),
            }
        }
    }
}

async fn a_source_that_is_suspended_changes_nothing(db: Database) {
    let plane = Plane::start(db).await;
    for native in [false, true] {
        let stage = fresh(&plane, usize::from(native), native).await;
        plane.twilio.suspend(&stage.source.sid).expect("it is");
        let ended = moved(&plane, &stage).await;
        assert_eq!(ended.state(), FailoverState::Completed, "native {native}: {ended:#?}");
    }
}
