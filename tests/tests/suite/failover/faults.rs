//! Every step at the vendor answered wrong: error before the work, after the work, reset, 429, nonsense; and the source or
//! the target suspended midway. The end is right, and explained.

use callplane_control_plane::domain::{monitor::Verdict, phone_number::PoolState};
use callplane_proto::v1::{FailoverMoveState, FailoverState};
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane, on_both, scene::Account};

use super::{backup, end, hear, heard_at, history, moves, new_number, now, only, pool, says, stage, start, writes};

on_both!(
    whatever_a_step_is_answered_everybody_arrives_and_nothing_is_written_twice,
    a_number_that_is_refused_is_put_aside_and_the_others_are_not_begun,
    a_target_suspended_after_the_first_line_keeps_the_rest_where_it_was,
    a_source_suspended_midway_changes_nothing,
    a_backup_that_fails_in_the_same_way_moves_nothing,
    what_cannot_be_verified_is_stuck_until_a_person_says,
);

/// Everything Twilio can do wrong once.
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

/// What one line asks of its account: look, write, look again, and look once more after the turn.
const ONE_LINE: u32 = 4;

/// The account works for so many requests about its numbers, and is suspended then.
fn suspended_after(plane: &Plane, account: &Account, requests: u32) {
    let numbers = |action| Fault::once("/IncomingPhoneNumbers", action).account(&account.sid);
    plane.twilio.inject_fault(numbers(FaultAction::Delay { milliseconds: 0 }).times(requests));
    plane.twilio.inject_fault(numbers(FaultAction::ErrorBefore { status: 403, code: Some(20005) }).times(0));
}

async fn whatever_a_step_is_answered_everybody_arrives_and_nothing_is_written_twice(db: Database) {
    let plane = Plane::start(db).await;
    let steps = [("GET", "/Accounts/"), ("GET", "/IncomingPhoneNumbers"), ("POST", "/IncomingPhoneNumbers/")];
    let cases: Vec<_> = faults().into_iter().flat_map(|fault| steps.map(|step| (fault.clone(), step))).collect();
    let stage = stage(&plane, 2, 2 * cases.len()).await;
    for (turn, (fault, (method, path))) in cases.into_iter().enumerate() {
        let before = writes(&plane, &stage.backup);
        plane.twilio.inject_fault(Fault::once(path, fault.clone()).method(method).account(&stage.backup.sid));
        let begun = start(&plane, &stage.primary).await.expect("begun");
        let ended = end(&plane, &begun.id).await;
        plane.twilio.clear_faults();
        assert_eq!(ended.state(), FailoverState::Completed, "{turn} {fault:?} at {method} {path}: {ended:#?}");
        let written = writes(&plane, &stage.backup) - before;
        assert!(written <= 2, "{turn} {fault:?} at {method} {path}: {written} writes");
        // Back, so that the next turn has something to move; quarantined numbers would show as too few.
        let request = callplane_proto::v1::RollbackFailoverRequest {
            failover_id: begun.id,
            reason: "again".into(),
            ..Default::default()
        };
        let back = plane.api.failovers().rollback_failover(request).await.expect("begun").into_inner().failover;
        assert_eq!(end(&plane, &back.expect("one").id).await.state(), FailoverState::Completed);
    }
}

async fn a_number_that_is_refused_is_put_aside_and_the_others_are_not_begun(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 3, 3).await;
    let refusal = FaultAction::ErrorBefore { status: 400, code: Some(21402) };
    plane.twilio.inject_fault(Fault::once("/IncomingPhoneNumbers/", refusal).method("POST"));
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Failed, "{ended:#?}");
    assert!(ended.passed_over[0].why.contains("first line"), "{ended:#?}");
    let mut standing = pool(&plane, &stage.pool).await;
    standing.sort_unstable();
    let (free, aside) = ((Some(PoolState::Free), false), (Some(PoolState::Quarantined), false));
    assert_eq!(standing, [free, free, aside]);
    assert_eq!(writes(&plane, &stage.backup), 0);
    for (place, (_, own)) in stage.lines.iter().enumerate() {
        assert_eq!(heard_at(&plane, &own.e164).await, says(place), "nothing was turned");
    }
    let again = start(&plane, &stage.primary).await.expect("the accounts are free again");
    assert_eq!(end(&plane, &again.id).await.state(), FailoverState::PartiallyCompleted, "one number is put aside");
}

async fn a_target_suspended_after_the_first_line_keeps_the_rest_where_it_was(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 20, 20).await;
    suspended_after(&plane, &stage.backup, ONE_LINE + 2);
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::PartiallyCompleted, "{ended:#?}");
    assert!(!ended.why.is_empty());
    let lines = moves(&plane, &begun.id).await;
    for line in &lines {
        let number = pool(&plane, &[new_number(&plane, line).await]).await.remove(0);
        match line.state() {
            FailoverMoveState::Moved | FailoverMoveState::Stuck => assert_eq!(number, (Some(PoolState::InUse), true)),
            FailoverMoveState::Failed | FailoverMoveState::Undone => {
                assert_eq!(number, (Some(PoolState::Free), false), "{line:?}");
                assert!(!line.why.is_empty());
            }
            other => panic!("{other:?} is no end"),
        }
    }
    assert!(lines.iter().any(|line| line.state() == FailoverMoveState::Moved));
    assert!(lines.iter().any(|line| line.state() == FailoverMoveState::Undone), "the rest was not begun: {lines:#?}");
}

async fn a_source_suspended_midway_changes_nothing(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 3, 3).await;
    let begun = start(&plane, &stage.primary).await.expect("begun");
    plane.twilio.suspend(&stage.primary.sid).expect("it is");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
}

async fn a_backup_that_fails_in_the_same_way_moves_nothing(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    let (second, _) = backup(&plane, 2, "650").await;
    for account in [&stage.backup, &second] {
        let down = Fault::once("/Accounts/", FaultAction::ErrorBefore { status: 503, code: None });
        plane.twilio.inject_fault(down.account(&account.sid).times(1000));
    }
    hear(&plane, &stage.primary, Verdict::Critical, false).await;
    let begun = only(&plane).await;
    for _ in 0..10 {
        plane.settle().await;
        plane.advance(std::time::Duration::from_secs(2));
    }
    let holding = now(&plane, &begun.id).await;
    assert_eq!(holding.state(), FailoverState::Holding, "{holding:#?}");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Cancelled, "{ended:#?}");
    assert!(ended.why.contains("failed in the same way"), "{}", ended.why);
    assert_eq!(writes(&plane, &stage.backup) + writes(&plane, &second), 0);
    assert!(moves(&plane, &begun.id).await.is_empty());
}

async fn what_cannot_be_verified_is_stuck_until_a_person_says(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    suspended_after(&plane, &stage.backup, ONE_LINE - 1);
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let stuck = end(&plane, &begun.id).await;
    assert_eq!(stuck.state(), FailoverState::Stuck, "{stuck:#?}");
    let turned = history(&plane, &begun.id).await;
    assert!(turned.iter().any(|event| event.r#type == "move.stuck" && !event.message.is_empty()), "{turned:#?}");
    plane.twilio.clear_faults();
    let request = callplane_proto::v1::RetryFailoverRequest { failover_id: begun.id.clone() };
    plane.api.failovers().retry_failover(request).await.expect("tried again");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
}
