//! Calls in progress while their line is moved: nobody ends or redirects them, and what they still report is taken in.

use std::{collections::BTreeMap, time::Duration};

use callplane_control_plane::domain::phone_number::PoolState;
use callplane_proto::v1::{CallStatus, FailoverState};
use callplane_simulator::{Answer, Callee, Happened, Pace, PlaceCall, Script, Transcript};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{CALLER, DESK, NUMBER, human},
};

use super::{backup, end, pool, start};

on_both!(a_call_in_progress_ends_where_it_began_when_its_people_hang_up);

/// How often somebody asked Twilio to change a call.
fn touched(plane: &Plane) -> usize {
    let touches = |what: &Happened| matches!(what, Happened::Rest { method, path, .. } if method == "POST" && path.contains("/Calls"));
    plane.twilio.ledger().iter().filter(|entry| touches(&entry.what)).count()
}

/// Whatever it reported was taken.
fn must_be_heard(call: &Transcript) {
    let lost: Vec<_> = call.requests.iter().filter(|exchange| exchange.status.is_none_or(|it| it >= 400)).collect();
    assert!(lost.is_empty() && call.warnings.is_empty(), "{lost:#?} {:?}", call.warnings);
}

async fn a_call_in_progress_ends_where_it_began_when_its_people_hang_up(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, own, _) = plane.answered_by(human(DESK)).await;
    let (_, spare) = backup(&plane, 1, "628").await;
    plane.twilio.set_pace(Pace::Stepped);
    plane.twilio.stop_clock_at(plane.twilio.now());
    let talks = Callee::Answers(Answer { for_seconds: 600, ..Answer::default() });
    let script = Script { dialled: BTreeMap::from([("*".to_owned(), talks)]), ..Script::default() };
    let call = PlaceCall { detached: true, ..PlaceCall::new(CALLER, NUMBER).script(script) };
    let sid = plane.place(call).await.call_sid;
    plane.advance(Duration::from_secs(30));
    plane.settle().await;
    let talking = plane.twilio.transcript(&sid).expect("it was placed");
    assert_eq!(talking.status, "in-progress", "{talking:#?}");

    let begun = start(&plane, &primary).await.expect("begun");
    assert_eq!(end(&plane, &begun.id).await.state(), FailoverState::Completed);
    assert_eq!(pool(&plane, &spare).await, [(Some(PoolState::InUse), true)]);
    let meanwhile = plane.twilio.transcript(&sid).expect("it was placed");
    assert_eq!((meanwhile.status.as_str(), touched(&plane)), ("in-progress", 0), "{meanwhile:#?}");

    plane.advance(Duration::from_secs(601));
    plane.settle().await;
    let ended = plane.twilio.transcript(&sid).expect("it was placed");
    assert_eq!((ended.status.as_str(), touched(&plane)), ("completed", 0), "{ended:#?}");
    assert!(ended.seconds >= 600, "{ended:#?}");
    must_be_heard(&ended);
    let stored = plane.stored_call(&sid).await;
    assert_eq!((stored.status(), stored.phone_number_id), (CallStatus::Completed, own.id));
}
