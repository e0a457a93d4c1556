//! The ladder itself: in time, in order, and on to the next rung when nobody answers.

use callplane_proto::v1::{self as pb, AttemptEnding as Ending, IncidentState as State, StepStatus as Status};
use callplane_simulator::{Answer, Callee, MessageFate};
use callplane_tests::{
    Database,
    ladder::{ADA, ADA_MAIL, BEN, endings, moment, rung, statuses, usual},
    on_both,
};

use super::with_ada;

on_both!(
    a_mail_a_message_and_a_call_come_at_their_times_and_a_key_ends_it,
    nobody_answers_and_everything_was_tried,
    busy_is_dialled_again_once_and_then_the_stand_in_is_called,
    a_machine_hears_the_message_and_is_not_reached,
    a_message_that_does_not_arrive_brings_the_call_forward,
    an_incident_is_opened_once_for_a_person_and_an_event,
);

async fn a_mail_a_message_and_a_call_come_at_their_times_and_a_key_ends_it(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::presses("1"));
    let policy = plane.policy(usual()).await;
    let incident = plane.incident(&policy, &ada, 800).await;
    plane.pass(79).await;
    assert_eq!(plane.mailed(), Vec::<String>::new());
    plane.pass(1).await;
    assert_eq!(plane.mailed(), [ADA_MAIL]);
    plane.pass(419).await;
    assert_eq!(plane.texted(), Vec::<String>::new());
    plane.pass(1).await;
    assert_eq!(plane.texted(), [ADA]);
    plane.pass(179).await;
    assert_eq!(plane.rung(), Vec::<String>::new());
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA]);
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), incident.outcome()), (State::Resolved, pb::IncidentOutcome::Joined));
    assert_eq!(incident.answered_by, "Ada");
    assert_eq!(statuses(&incident), [Status::Executed; 3]);
    assert_eq!(endings(&incident), [Ending::Sent, Ending::Delivered, Ending::Answered]);
    plane.pass(3600).await;
    assert_eq!((plane.mailed().len(), plane.texted().len(), plane.rung().len()), (1, 1, 1));
}

async fn nobody_answers_and_everything_was_tried(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let policy = plane.policy(usual()).await;
    let incident = plane.incident(&policy, &ada, 730).await;
    for _ in 0..200 {
        plane.pass(5).await;
    }
    // Dialled at once again, and not a third time.
    assert_eq!(plane.rung(), [ADA, ADA]);
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), incident.exhausted), (State::Escalating, true));
    assert_eq!(endings(&incident), [Ending::Sent, Ending::Delivered, Ending::NoAnswer, Ending::NoAnswer]);
    for _ in 0..15 {
        plane.pass(1000).await;
    }
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), incident.outcome()), (State::Resolved, pb::IncidentOutcome::NotReached));
}

async fn busy_is_dialled_again_once_and_then_the_stand_in_is_called(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let ben = plane.contact("Ben", BEN, "").await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    plane.twilio.set_callee(BEN, Callee::presses("1"));
    let stand_in = pb::Rung { target: pb::RungTarget::StandIn.into(), stand_in: 1, ..rung(pb::Channel::Voice, 600) };
    let rungs = vec![pb::Rung { redials: 1, ..rung(pb::Channel::Voice, -120) }, stand_in];
    let policy = pb::EscalationPolicy { display_name: "Pager".into(), rungs, ..Default::default() };
    let policy = plane.policy(policy).await;
    let request = pb::OpenIncidentRequest {
        policy_id: policy.id.clone(),
        contact_id: ada.id.clone(),
        start_time: moment(plane.now() + chrono::Duration::seconds(130)),
        title: "Board".into(),
        stand_in_ids: vec![ben.id.clone()],
        ..Default::default()
    };
    let incident = plane.open(request).await;
    plane.pass(10).await;
    for _ in 0..10 {
        plane.pass(2).await;
    }
    assert_eq!(plane.rung(), [ADA, ADA]);
    assert_eq!(plane.incident_now(&incident.id).await.state(), State::Open);
    // The stand-in's window opens at its own time, however early the others failed.
    plane.pass(690).await;
    assert_eq!(plane.rung(), [ADA, ADA]);
    plane.pass(10).await;
    assert_eq!(plane.rung(), [ADA, ADA, BEN]);
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), incident.answered_by.as_str()), (State::Resolved, "Ben"));
}

async fn a_machine_hears_the_message_and_is_not_reached(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::machine());
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -120)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 120).await;
    plane.pass(0).await;
    plane.pass(60).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(endings(&incident), [Ending::Machine]);
    assert!(incident.exhausted && incident.state() == State::Escalating, "{incident:?}");
}

async fn a_message_that_does_not_arrive_brings_the_call_forward(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_message_fate(ADA, MessageFate::Undelivered(30003));
    plane.twilio.set_callee(ADA, Callee::Answers(Answer::default()));
    let policy =
        pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Sms, -300), rung(pb::Channel::Voice, -120)], ..usual() };
    let policy = plane.policy(policy).await;
    let incident = plane.incident(&policy, &ada, 300).await;
    plane.pass(0).await;
    assert_eq!(plane.texted(), [ADA]);
    // The window of a call opens three minutes before the event, and not a second earlier.
    plane.pass(119).await;
    assert_eq!(plane.rung(), Vec::<String>::new());
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA]);
    plane.pass(60).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(statuses(&incident), [Status::Failed, Status::Executed]);
    assert_eq!(endings(&incident), [Ending::Undelivered, Ending::NoKey]);
}

async fn an_incident_is_opened_once_for_a_person_and_an_event(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let policy = plane.policy(usual()).await;
    let request = pb::OpenIncidentRequest {
        policy_id: policy.id,
        contact_id: ada.id,
        start_time: moment(plane.now() + chrono::Duration::seconds(900)),
        title: "Board".into(),
        event_key: "board-7".into(),
        ..Default::default()
    };
    let (first, second) = (plane.open(request.clone()).await, plane.open(request).await);
    assert_eq!(first.id, second.id);
    plane.settle().await;
}
