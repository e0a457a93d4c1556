//! Accounts and numbers that fail on the way: refused, suspended, silent. The end is right, and explained. Single steps that
//! are answered wrong are in `steps`, accounts that are lost before any of them in `lost`, numbers that are found out beforehand in
//! `numbers`.

mod judge;
pub mod line;
mod lost;
mod numbers;
mod steps;

use callplane_control_plane::domain::{monitor::Verdict, phone_number::PoolState};
use callplane_proto::v1::{
    FailoverMove,
    FailoverMoveState::{self, Failed, Moved},
    FailoverState,
};
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane, on_both, scene::Account};

use super::{backup, end, hear, heard_at, history, moves, new_number, now, only, pool, says, stage, start, writes};

on_both!(
    a_line_whose_number_is_refused_lets_the_next_one_go_first,
    three_numbers_that_are_refused_pass_over_the_account,
    a_target_suspended_after_the_first_line_keeps_the_rest_where_it_was,
    a_source_suspended_midway_changes_nothing,
    a_backup_that_fails_in_the_same_way_moves_nothing,
    what_cannot_be_verified_is_stuck_until_a_person_says,
);

/// What one line asks of its account: look, write, look again, and look once more after the turn.
const ONE_LINE: u32 = 4;
/// What is asked before that: the list of its numbers.
const LIST: u32 = 1;

/// The account works for so many requests about its numbers, and is suspended then.
fn suspended_after(plane: &Plane, account: &Account, requests: u32) {
    let numbers = |action| Fault::once("/IncomingPhoneNumbers", action).account(&account.sid);
    plane.twilio.inject_fault(numbers(FaultAction::Delay { milliseconds: 0 }).times(requests));
    plane.twilio.inject_fault(numbers(FaultAction::ErrorBefore { status: 403, code: Some(20005) }).times(0));
}

/// So many writes at the account are refused for good.
fn refuses(plane: &Plane, account: &Account, writes: u32) {
    let refusal = FaultAction::ErrorBefore { status: 400, code: Some(21402) };
    let fault = Fault::once("/IncomingPhoneNumbers/", refusal).method("POST").account(&account.sid);
    plane.twilio.inject_fault(fault.times(writes));
}

async fn a_line_whose_number_is_refused_lets_the_next_one_go_first(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 4, 4).await;
    refuses(&plane, &stage.backup, 2);
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::PartiallyCompleted, "{ended:#?}");
    let lines = moves(&plane, &begun.id).await;
    let states: Vec<_> = lines.iter().map(FailoverMove::state).collect();
    assert_eq!(states, [Failed, Failed, Moved, Moved]);
    let told = history(&plane, &begun.id).await;
    let first = |kind: &str| told.iter().filter(|event| event.r#type == kind).map(|event| event.sequence).collect();
    let (replaced, moved, began): (Vec<_>, Vec<_>, Vec<_>) =
        (first("failover.canary-replaced"), first("failover.canary-moved"), first("move.began"));
    assert_eq!((replaced.len(), moved.len(), began.len()), (2, 1, 4));
    assert!(began[2] < moved[0] && moved[0] < began[3], "the last one waited for the first that arrived");
    let aside: Vec<_> = pool(&plane, &stage.pool).await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(aside.iter().filter(|state| **state == Some(PoolState::Quarantined)).count(), 2, "{aside:?}");
    let again = start(&plane, &stage.primary).await.expect("two lines are still there");
    let again = end(&plane, &again.id).await;
    assert_eq!(again.state(), FailoverState::Failed, "quarantined numbers are given to nobody: {again:#?}");
}

async fn three_numbers_that_are_refused_pass_over_the_account(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 5, 5).await;
    refuses(&plane, &stage.backup, 0);
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Failed, "{ended:#?}");
    assert!(ended.passed_over[0].why.contains("first 3 lines"), "{ended:#?}");
    let mut standing = pool(&plane, &stage.pool).await;
    standing.sort_unstable();
    let (free, aside) = ((Some(PoolState::Free), false), (Some(PoolState::Quarantined), false));
    assert_eq!(standing, [free, free, aside, aside, aside]);
    assert_eq!(writes(&plane, &stage.backup), 0);
    for (place, (_, own)) in stage.lines.iter().enumerate() {
        assert_eq!(heard_at(&plane, &own.e164).await, says(place), "nothing was turned");
    }
}

async fn a_target_suspended_after_the_first_line_keeps_the_rest_where_it_was(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 20, 20).await;
    suspended_after(&plane, &stage.backup, LIST + ONE_LINE + 2);
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
    suspended_after(&plane, &stage.backup, LIST + ONE_LINE - 1);
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
