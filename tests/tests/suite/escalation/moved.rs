//! The account that calls is lost in the middle of a ladder: the rest of it comes from the backup account, and the rings of
//! both count together.

use callplane_proto::v1::{self as pb, FailoverState, StepStatus as Status};
use callplane_simulator::{Callee, Happened, LedgerFilter};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, rung, statuses},
    on_both,
};

use crate::failover::{Stage, end, stage, start};

on_both!(a_ladder_goes_on_from_the_backup_account, an_account_that_is_suspended_at_this_moment_hands_the_call_on);

/// Two calls before the event and one after it: one more than there may be.
async fn armed(plane: &Plane) -> pb::Incident {
    let ada = plane.contact("Ada", ADA, "").await;
    // A line that is busy brings the next rung forward, but not before its window.
    let last_minute = pb::RungWindow { start: seconds(-40), end: seconds(0) };
    let second = pb::Rung { window: Some(last_minute), ..rung(pb::Channel::Voice, -30) };
    let rungs = vec![rung(pb::Channel::Voice, -170), second, rung(pb::Channel::Voice, 60)];
    let policy = pb::EscalationPolicy { display_name: "Pager".into(), rungs, ..Default::default() };
    let policy = plane.policy(policy).await;
    plane.incident(&policy, &ada, 600).await
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// The accounts whose calls rang, in order.
fn from(plane: &Plane) -> Vec<String> {
    let rung = plane.twilio.ledger_of(&LedgerFilter::kind("rung"));
    let ours = rung.into_iter().filter_map(|entry| match entry.what {
        Happened::Rung { person, account_sid, .. } if person == ADA => Some(account_sid),
        _ => None,
    });
    ours.collect()
}

async fn passes(plane: &Plane, seconds: u64) {
    for _ in 0..seconds / 5 {
        plane.pass(5).await;
    }
}

async fn a_ladder_goes_on_from_the_backup_account(db: Database) {
    let plane = Plane::start(db).await;
    let Stage { primary, backup, .. } = stage(&plane, 2, 2).await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    let incident = armed(&plane).await;
    passes(&plane, 435).await;
    assert_eq!(from(&plane), std::slice::from_ref(&primary.sid), "the first rung");
    plane.twilio.suspend(&primary.sid).expect("suspended");
    let failover = start(&plane, &primary).await.expect("started");
    assert_eq!(end(&plane, &failover.id).await.state(), FailoverState::Completed);
    passes(&plane, 900).await;
    assert_eq!(from(&plane), [primary.sid, backup.sid], "the second rung; the third would be one call too many");
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(statuses(&incident), [Status::Executed, Status::Executed, Status::Skipped]);
    assert_eq!(incident.steps[2].reason, "call_limit_reached");
}

async fn an_account_that_is_suspended_at_this_moment_hands_the_call_on(db: Database) {
    let plane = Plane::start(db).await;
    let Stage { primary, backup, .. } = stage(&plane, 1, 1).await;
    plane.twilio.set_callee(ADA, Callee::presses("1"));
    let incident = armed(&plane).await;
    plane.settle().await;
    plane.twilio.suspend(&primary.sid).expect("suspended");
    passes(&plane, 450).await;
    assert_eq!(from(&plane), [backup.sid], "nobody has noticed yet, and it rings all the same, once");
    assert_eq!(statuses(&plane.incident_now(&incident.id).await)[0], Status::Executed);
}
