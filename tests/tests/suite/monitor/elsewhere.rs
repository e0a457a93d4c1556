//! Trouble that is not the account's: one that hangs beside it, our own network, the vendor as a whole.

use std::time::Duration;

use callplane_proto::v1::{HealthVerdict as Verdict, ProbeKind as Kind, ProbeOutcome as Outcome};
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane, on_both, scene::Account};

use super::{another, elapse, health, last, started, watched};

on_both!(
    an_account_that_hangs_delays_no_other,
    our_own_cut_network_moves_nothing,
    a_fault_that_the_backup_shares_is_vendor_wide,
);

/// Every request of an account, for good.
fn breaks(plane: &Plane, account: &Account, action: FaultAction) {
    plane.twilio.inject_fault(Fault::once("/", action).account(&account.sid).times(0));
}

async fn an_account_that_hangs_delays_no_other(db: Database) {
    let plane = started(db).await;
    let (hung, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    let before = (health(&plane, &hung.id).await.run_time, health(&plane, &other.id).await.run_time);
    // Longer than the deadline of a probe and shorter than a test may take.
    breaks(&plane, &hung, FaultAction::Delay { milliseconds: 20_000 });
    let stopwatch = std::time::Instant::now();
    plane.advance(Duration::from_secs(31));
    // Workers in the background look at both; the other one is done while the first one hangs.
    while health(&plane, &other.id).await.run_time == before.1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(health(&plane, &hung.id).await.run_time, before.0, "after {:?}", stopwatch.elapsed());
    assert_eq!(health(&plane, &other.id).await.verdict(), Verdict::Healthy);
    plane.settle().await;
    let probe = last(&plane, &hung.id, Kind::Status).await;
    assert_eq!((probe.outcome(), probe.cause.as_str()), (Outcome::Unknown, "timeout"));
    assert!(probe.latency.is_some_and(|latency| latency.seconds == 5), "{probe:?}");
    plane.twilio.clear_faults();
}

async fn our_own_cut_network_moves_nothing(db: Database) {
    let plane = started(db).await;
    let (one, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    for account in [&one, &other] {
        breaks(&plane, account, FaultAction::Reset);
    }
    elapse(&plane, 180).await;
    for account in [&one, &other] {
        let now = health(&plane, &account.id).await;
        assert_eq!(now.verdict(), Verdict::OwnNetwork, "{now:?}");
        assert_eq!(last(&plane, &account.id, Kind::Status).await.cause, "broken");
    }
    plane.twilio.clear_faults();
    elapse(&plane, 31).await;
    for account in [&one, &other] {
        assert_eq!(health(&plane, &account.id).await.verdict(), Verdict::Healthy);
    }
}

async fn a_fault_that_the_backup_shares_is_vendor_wide(db: Database) {
    let plane = started(db).await;
    let (one, other) = (plane.account().await, another(&plane).await);
    plane.settle().await;
    watched(&plane).await;
    breaks(&plane, &one, FaultAction::ErrorBefore { status: 503, code: None });
    elapse(&plane, 90).await;
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::Critical, "the backup answers");
    assert_eq!(health(&plane, &other.id).await.verdict(), Verdict::Healthy);
    plane.twilio.clear_faults();
    elapse(&plane, 120).await;
    for account in [&one, &other] {
        breaks(&plane, account, FaultAction::ErrorBefore { status: 503, code: None });
    }
    let begin = plane.now();
    while plane.now() < begin + chrono::Duration::seconds(150) {
        elapse(&plane, 1).await;
        assert_ne!(health(&plane, &one.id).await.verdict(), Verdict::Critical, "not even for a moment");
    }
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::VendorWide);
    assert_eq!(last(&plane, &one.id, Kind::Status).await.cause, "server-error");
    plane.twilio.clear_faults();
    elapse(&plane, 120).await;
    assert_eq!(health(&plane, &one.id).await.verdict(), Verdict::Healthy);
}
