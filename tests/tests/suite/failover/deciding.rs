//! Whether a degraded account is left: approved, cancelled, recovered, expired; and how often it happens by itself.

use std::time::Duration;

use callplane_control_plane::domain::monitor::Verdict;
use callplane_proto::v1::{self as pb, FailoverDecidedBy, FailoverState};
use callplane_tests::{Database, Plane, on_both};
use tonic::Code;

use super::{Stage, all, end, hear, history, now, only, stage, start, writes};

on_both!(
    a_degraded_account_waits_for_a_person_and_goes_when_one_approves,
    a_restart_in_minute_four_still_executes_at_minute_ten,
    three_good_looks_cancel_and_nothing_was_written,
    whoever_comes_second_is_told_who_was_first,
    flapping_moves_agents_once_an_hour,
    a_persons_no_holds_back_what_is_not_critical,
    trouble_of_the_vendor_moves_nothing_and_says_so,
    a_policy_that_moves_nothing_by_itself_is_obeyed,
);

async fn degraded(db: Database) -> (Plane, Stage, pb::Failover) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    hear(&plane, &stage.primary, Verdict::Degraded, false).await;
    let waiting = only(&plane).await;
    assert_eq!(waiting.state(), FailoverState::AwaitingApproval);
    (plane, stage, waiting)
}

async fn approve(plane: &Plane, id: &str) -> Result<pb::Failover, tonic::Status> {
    let request = pb::ApproveFailoverRequest { failover_id: id.to_owned(), ..Default::default() };
    Ok(plane.api.failovers().approve_failover(request).await?.into_inner().failover.expect("a failover"))
}

async fn cancel(plane: &Plane, id: &str) -> Result<pb::Failover, tonic::Status> {
    let request =
        pb::CancelFailoverRequest { failover_id: id.to_owned(), reason: "we know".into(), ..Default::default() };
    Ok(plane.api.failovers().cancel_failover(request).await?.into_inner().failover.expect("a failover"))
}

fn decided_by(failover: &pb::Failover) -> FailoverDecidedBy {
    failover.decision.as_ref().expect("decided").decided_by()
}

async fn a_degraded_account_waits_for_a_person_and_goes_when_one_approves(db: Database) {
    let (plane, _, waiting) = degraded(db).await;
    plane.settle().await;
    assert_eq!(now(&plane, &waiting.id).await.state(), FailoverState::AwaitingApproval);
    let approved = approve(&plane, &waiting.id).await.expect("approved");
    assert_eq!(decided_by(&approved), FailoverDecidedBy::Approval);
    approve(&plane, &waiting.id).await.expect("approving twice is approving once");
    let ended = end(&plane, &waiting.id).await;
    assert_eq!(ended.state(), FailoverState::Completed);
    let approvals = history(&plane, &waiting.id).await;
    let approvals: Vec<_> = approvals.iter().filter(|event| event.r#type == "failover.approved").collect();
    assert!(approvals.len() == 1 && approvals[0].actor.starts_with("tok_"), "{approvals:?}");
}

async fn a_restart_in_minute_four_still_executes_at_minute_ten(db: Database) {
    let (mut plane, stage, waiting) = degraded(db).await;
    plane.advance(Duration::from_secs(4 * 60));
    plane.restart(|variables| variables).await;
    plane.settle().await;
    plane.advance(Duration::from_secs(6 * 60 - 1));
    plane.settle().await;
    assert_eq!(now(&plane, &waiting.id).await.state(), FailoverState::AwaitingApproval);
    assert_eq!(writes(&plane, &stage.backup), 0);
    plane.advance(Duration::from_secs(1));
    plane.settle().await;
    let ended = end(&plane, &waiting.id).await;
    assert_eq!((ended.state(), decided_by(&ended)), (FailoverState::Completed, FailoverDecidedBy::Expiry));
}

async fn three_good_looks_cancel_and_nothing_was_written(db: Database) {
    let (plane, stage, waiting) = degraded(db).await;
    let asked = plane.twilio.ledger().len();
    for good in [true, true, false, true, true, true] {
        plane.advance(Duration::from_secs(30));
        hear(&plane, &stage.primary, Verdict::Degraded, good).await;
        plane.settle().await;
    }
    let cancelled = now(&plane, &waiting.id).await;
    assert_eq!((cancelled.state(), decided_by(&cancelled)), (FailoverState::Cancelled, FailoverDecidedBy::Recovery));
    assert!(cancelled.why.contains("good"), "{}", cancelled.why);
    plane.advance(Duration::from_secs(3600));
    plane.settle().await;
    assert_eq!(plane.twilio.ledger().len(), asked, "nobody outside was asked");
    hear(&plane, &stage.primary, Verdict::Degraded, false).await;
    assert_eq!(all(&plane).await.len(), 2, "the next trouble is a failover of its own");
}

async fn whoever_comes_second_is_told_who_was_first(db: Database) {
    let (plane, _, waiting) = degraded(db).await;
    cancel(&plane, &waiting.id).await.expect("cancelled");
    cancel(&plane, &waiting.id).await.expect("cancelling twice is cancelling once");
    let refused = approve(&plane, &waiting.id).await.expect_err("too late");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("cancelled it") && refused.message().contains("tok_"), "{}", refused.message());
    plane.settle().await;
    assert_eq!(now(&plane, &waiting.id).await.state(), FailoverState::Cancelled);
}

async fn flapping_moves_agents_once_an_hour(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 4).await;
    for turn in 0..10 {
        hear(&plane, &stage.primary, Verdict::Critical, false).await;
        plane.settle().await;
        let begun = all(&plane).await;
        let moved = begun.iter().filter(|failover| failover.kind() == pb::FailoverKind::Failover).count();
        assert_eq!(moved, 1, "turn {turn}");
        if turn == 0 {
            let request = pb::RollbackFailoverRequest {
                failover_id: begun[0].id.clone(),
                reason: "it is back".into(),
                ..Default::default()
            };
            plane.api.failovers().rollback_failover(request).await.expect("begun");
            plane.settle().await;
        }
        hear(&plane, &stage.primary, Verdict::Healthy, true).await;
        plane.advance(Duration::from_secs(300));
    }
    plane.advance(Duration::from_secs(3600));
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    plane.settle().await;
    assert_eq!(all(&plane).await.len(), 3, "two failovers and a rollback");
}

async fn a_persons_no_holds_back_what_is_not_critical(db: Database) {
    let (plane, stage, waiting) = degraded(db).await;
    cancel(&plane, &waiting.id).await.expect("cancelled");
    plane.advance(Duration::from_secs(30));
    hear(&plane, &stage.primary, Verdict::Degraded, false).await;
    assert_eq!(all(&plane).await.len(), 1);
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    assert_eq!(all(&plane).await.len(), 2, "what is critical does not wait for a no");
    plane.settle().await;
}

async fn trouble_of_the_vendor_moves_nothing_and_says_so(db: Database) {
    let (plane, stage, waiting) = degraded(db).await;
    hear(&plane, &stage.primary, Verdict::VendorWide, false).await;
    plane.advance(Duration::from_secs(600));
    plane.settle().await;
    let cancelled = now(&plane, &waiting.id).await;
    assert_eq!(cancelled.state(), FailoverState::Cancelled);
    assert!(cancelled.why.contains("would not help"), "{}", cancelled.why);
    for verdict in [Verdict::VendorWide, Verdict::OwnNetwork, Verdict::Unknown, Verdict::Healthy] {
        plane.advance(Duration::from_secs(3601));
        hear(&plane, &stage.primary, verdict, false).await;
    }
    assert_eq!((all(&plane).await.len(), writes(&plane, &stage.backup)), (1, 0));
}

async fn a_policy_that_moves_nothing_by_itself_is_obeyed(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 1, 1).await;
    super::policy(&plane, |policy| policy.automatic = false).await;
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    assert!(all(&plane).await.is_empty());
    super::policy(&plane, |policy| policy.second_approver = true).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    assert_eq!((begun.state(), begun.approvals.len()), (FailoverState::AwaitingApproval, 1));
    let same = approve(&plane, &begun.id).await.expect("agreed before");
    assert_eq!(same.state(), FailoverState::AwaitingApproval, "two different people");
    let other = plane.api.with_token(&plane.token(&["*"]).await);
    let request = pb::ApproveFailoverRequest { failover_id: begun.id.clone(), ..Default::default() };
    other.failovers().approve_failover(request).await.expect("the second one");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
}
