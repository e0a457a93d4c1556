//! Backup numbers that are not what we believe: they are found out by one list of the target, before anybody is moved.

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::{FailoverMoveState, FailoverState};
use callplane_simulator::{Happened, NewNumber};
use callplane_tests::{Database, Plane, on_both};

use crate::failover::{end, history, moves, new_number, pool, stage, start, writes};

on_both!(
    a_number_that_is_gone_or_mute_is_put_aside_and_another_one_stands_in,
    who_gets_no_number_because_of_that_is_left_out_and_named,
);

/// How often the list of an account's numbers was read since the ledger had so many entries.
fn lists(plane: &Plane, since: usize, sid: &str) -> usize {
    let is_list = |what: &Happened| {
        matches!(what, Happened::Rest { method, path, .. }
            if method == "GET" && path.ends_with("/IncomingPhoneNumbers.json") && path.contains(sid))
    };
    plane.twilio.ledger().iter().skip(since).filter(|entry| is_list(&entry.what)).count()
}

async fn a_number_that_is_gone_or_mute_is_put_aside_and_another_one_stands_in(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 4).await;
    for gone in &stage.pool[..2] {
        plane.twilio.release_number(&gone.e164).expect("it was there");
    }
    // It is bought again, as a number for messages.
    let mut again = NewNumber::new(&stage.pool[1].e164, &stage.backup.sid);
    again.capabilities.voice = false;
    plane.twilio.add_number(again).expect("a number");
    let before = plane.twilio.ledger().len();
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::Completed, "{ended:#?}");
    // One list, and three looks for each of the two lines.
    assert_eq!(lists(&plane, before, &stage.backup.sid), 1 + 2 * 3);
    let (aside, used) = ((Some(PoolState::Quarantined), false), (Some(PoolState::InUse), true));
    assert_eq!(pool(&plane, &stage.pool).await, [aside, aside, used, used]);
    for (number, why) in stage.pool.iter().zip(["did not show it", "could not take calls"]) {
        let reason = plane.number_now(&number.id).await.pool.expect("pooled").reason;
        assert!(reason.contains(why), "{reason}");
    }
    let told = history(&plane, &begun.id).await;
    let told: Vec<_> = told.iter().filter(|event| event.r#type == "failover.numbers-quarantined").collect();
    assert!(told.len() == 1 && told[0].message.starts_with("2 backup numbers"), "{told:?}");
}

async fn who_gets_no_number_because_of_that_is_left_out_and_named(db: Database) {
    let plane = Plane::start(db).await;
    let stage = stage(&plane, 2, 2).await;
    plane.twilio.release_number(&stage.pool[0].e164).expect("it was there");
    let begun = start(&plane, &stage.primary).await.expect("begun");
    let ended = end(&plane, &begun.id).await;
    assert_eq!(ended.state(), FailoverState::PartiallyCompleted, "{ended:#?}");
    let lines = moves(&plane, &begun.id).await;
    let moved = lines.iter().find(|line| line.state() == FailoverMoveState::Moved).expect("one of them");
    assert_eq!(new_number(&plane, moved).await.id, stage.pool[1].id);
    let left = lines.iter().find(|line| line.state() == FailoverMoveState::LeftOut).expect("the other one");
    assert!(left.why.contains("no free backup number"), "{left:?}");
    assert_eq!(writes(&plane, &stage.backup), 1);
}
