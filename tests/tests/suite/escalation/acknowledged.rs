//! An acknowledgement at every point of placing a call: the worker is held there, somebody acknowledges, and the worker goes
//! on. Nothing rings any more that did not ring before, and what rings is ended within two seconds.

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        incident::{State, Status},
        time::Timestamp,
    },
    server::Plane,
    worker::Boundaries,
};
use callplane_proto::v1 as pb;
use callplane_simulator::{Callee, Happened, Pace};
use callplane_tests::{
    Database,
    crash::{Ended, Workshop},
    ladder::{ADA, rung},
};

use super::workshop::{acknowledge, contact, furnish, open, policy, rings, stored};

/// Two calls that ring until their time is over; nobody answers.
async fn armed(database: Database) -> (Workshop, Plane, String) {
    let workshop = Workshop::open(database).await;
    let plane = workshop.process().await;
    furnish(&workshop, &plane).await;
    workshop.twilio.set_pace(Pace::Stepped);
    workshop.twilio.set_callee(ADA, Callee::NoAnswer);
    let rungs = vec![rung(pb::Channel::Voice, -150), rung(pb::Channel::Voice, -60)];
    let (policy, ada) = (policy(&workshop, &plane, rungs).await, contact(&workshop, &plane, ADA).await);
    let id = open(&workshop, &plane, (&policy, &ada), 180).await;
    (workshop, plane, id)
}

/// When calls ended.
fn ends(workshop: &Workshop) -> Vec<Timestamp> {
    let ended = workshop.twilio.ledger().into_iter();
    ended.filter(|entry| matches!(entry.what, Happened::Ended { .. })).map(|entry| entry.at).collect()
}

/// Works with an acknowledgement at this boundary, and says how many telephones rang then; none when there was no boundary.
async fn acknowledged_at(boundary: usize, database: Database) -> Option<usize> {
    let (workshop, plane, id) = armed(database).await;
    let boundaries = Boundaries::hold_at(boundary);
    let mut work = std::pin::pin!(workshop.work(&plane, boundaries.clone()));
    tokio::select! {
        ended = &mut work => {
            assert_eq!(ended, Ended::AtRest);
            return None;
        }
        () = boundaries.held() => {}
    }
    // What Twilio has taken begins to ring meanwhile, though nobody here may know of it yet.
    workshop.advance(Duration::from_secs(1));
    workshop.twilio.settle().await;
    let (rung_before, ended_before) = (rings(&workshop, ADA).len(), ends(&workshop).len());
    let taken = acknowledge(&workshop, &plane, &id).await;
    let time = plane.ctx.clock.now();
    boundaries.go_on();
    assert_eq!(work.await, Ended::AtRest);
    let incident = stored(&workshop, &plane, &id).await;
    if taken {
        assert!(matches!(incident.state, State::Acknowledged | State::Resolved), "boundary {boundary}");
        assert_eq!(rings(&workshop, ADA).len(), rung_before, "boundary {boundary}: rung after the acknowledgement");
        let ends = ends(&workshop);
        assert!(ends.len() >= rung_before, "boundary {boundary}: a call that rings on");
        let late = ends[ended_before..].iter().filter(|end| **end - time > chrono::Duration::seconds(2)).count();
        assert_eq!(late, 0, "boundary {boundary}: acknowledged at {time}, ended at {ends:?}");
    }
    let open: Vec<_> = incident.steps.iter().filter(|step| step.status == Status::Pending).collect();
    assert!(open.is_empty(), "boundary {boundary}: steps without an outcome: {open:?}");
    Some(rung_before.saturating_sub(ended_before))
}

async fn acknowledged_anywhere(every: usize, mut database: impl AsyncFnMut() -> Database) {
    let mut rang = Vec::new();
    while let Some(ringing) = acknowledged_at(1 + every * rang.len(), database().await).await {
        rang.push(ringing);
    }
    assert!(rang.len() > 6, "a ladder without durable steps proves nothing");
    assert!(rang.contains(&0) && rang.contains(&1), "before and while it rings: {rang:?}");
}

#[tokio::test]
async fn nothing_rings_on_after_an_acknowledgement_at_any_point_on_sqlite() {
    acknowledged_anywhere(1, async || Database::sqlite()).await;
}

#[tokio::test]
async fn nothing_rings_on_after_an_acknowledgement_at_any_point_on_postgres() {
    acknowledged_anywhere(2, async || Database::postgres().await).await;
}
