//! Every step at a vendor answered wrong, one after the other: error before the work, error after it, a connection that breaks
//! before or after it, 429, nonsense, and no answer at all, the work done or not. The end is right. Steps are counted in a run
//! without faults, so that a new one is covered as well; accounts that are lost on the way are in `lost`.

use std::time::Duration;

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::FailoverState;
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane};

use super::line::{breaks, fresh, moved, performed, requests, struck};
use crate::failover::pool;

/// Everything a vendor can do wrong once.
fn faults() -> Vec<FaultAction> {
    vec![
        FaultAction::ErrorBefore { status: 503, code: None },
        FaultAction::ErrorAfter { status: 500, code: Some(20500) },
        FaultAction::Reset,
        FaultAction::ResetAfter,
        FaultAction::TooManyRequests,
        FaultAction::Garbage,
        FaultAction::Silence,
        FaultAction::SilenceAfter,
    ]
}

/// How long silence is listened to. A request that is answered takes a hundredth of it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How many requests a failover takes that nothing disturbs.
async fn steps(plane: &Plane, native: bool) -> u32 {
    let line = fresh(plane, 0, native).await;
    let before = plane.twilio.ledger().len();
    assert_eq!(moved(plane, &line).await.state(), FailoverState::Completed);
    requests(plane, before)
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
        let line = fresh(plane, case, native).await;
        let before = plane.twilio.ledger().len();
        breaks(plane, step, Fault::once("/", fault.clone()));
        let ended = moved(plane, &line).await;
        plane.twilio.clear_faults();
        assert_eq!(ended.state(), FailoverState::Completed, "{fault:?} at step {step}: {ended:#?}");
        assert_eq!(struck(plane, before), 1, "{fault:?} at step {step} of {steps}");
        assert_eq!(performed(plane, before, &is_write), 1, "{fault:?} at step {step}");
        assert_eq!(pool(plane, &[line.spare]).await, [(Some(PoolState::InUse), true)]);
    }
}

/// On PostgreSQL a sample is enough: it shares no factor with the number of faults, so that each of them is in it.
const SAMPLE: usize = 5;

async fn a_line(db: Database, every: usize) {
    let plane = Plane::on(db).patience(PATIENCE).start().await;
    let is_write = |_: &str, method: &str, path: &str| method == "POST" && path.contains("/IncomingPhoneNumbers/");
    each_fault_at_each_step(&plane, false, every, is_write).await;
}

async fn a_line_of_elevenlabs(db: Database, every: usize) {
    let plane = Plane::on(db).patience(PATIENCE).start().await;
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
