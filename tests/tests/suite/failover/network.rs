//! Our own network is cut: every account looks dead, and nobody is moved. Nobody tells the verdict here: accounts are watched.

use std::time::Duration;

use callplane_control_plane::flow::monitor;
use callplane_proto::v1::FailoverState;
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane, on_both};

use super::{all, end, only, stage, writes};

on_both!(our_own_cut_network_moves_nobody_and_a_suspension_after_it_does);

/// Time passes, in steps no longer than the worker's own.
async fn elapse(plane: &Plane, seconds: u64) {
    for _ in 0..seconds {
        plane.advance(Duration::from_secs(1));
        plane.settle().await;
    }
}

async fn our_own_cut_network_moves_nobody_and_a_suspension_after_it_does(db: Database) {
    let plane = Plane::on(db).set("CALLPLANE_MONITOR", "on").start().await;
    let stage = stage(&plane, 3, 3).await;
    monitor::enrol(&plane.within().ctx).await.expect("enrolled");
    elapse(&plane, 30).await;
    plane.twilio.inject_fault(Fault::once("/", FaultAction::Reset).times(0));
    elapse(&plane, 150).await;
    plane.twilio.clear_faults();
    elapse(&plane, 60).await;
    assert!(all(&plane).await.is_empty(), "{:#?}", all(&plane).await);
    assert_eq!(writes(&plane, &stage.backup), 0);

    plane.twilio.suspend(&stage.primary.sid).expect("it is");
    elapse(&plane, 45).await;
    let ended = end(&plane, &only(&plane).await.id).await;
    assert_eq!(ended.state(), FailoverState::Completed, "it is noticed all the same: {ended:#?}");
}
