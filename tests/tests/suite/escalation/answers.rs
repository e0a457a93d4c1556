//! What people say: a key, a reply, a word of somebody else, and what rings meanwhile.

use std::time::Duration;

use callplane_proto::v1::{self as pb, AttemptEnding as Ending, IncidentOutcome as Outcome, IncidentState as State};
use callplane_simulator::{Act, Answer, Callee, Fault, FaultAction, InboundMessage, Pace};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN, endings, rung, usual},
    on_both,
    scene::NUMBER,
};

use super::with_ada;

on_both!(
    missed_brings_the_next_rung_forward_and_leaves_it_open,
    a_key_that_means_nothing_repeats_the_menu_twice,
    what_rings_is_ended_when_somebody_else_acknowledges,
    a_call_whose_answer_is_lost_rings_once,
    a_reply_joins_and_stop_is_kept,
    a_call_that_an_operator_cancels_brings_the_next_rung_forward,
);

async fn calls(plane: &Plane, ada: &pb::Contact, offset: i64) -> pb::Incident {
    let rungs = vec![rung(pb::Channel::Voice, offset)];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    plane.incident(&policy, ada, -offset).await
}

async fn missed_brings_the_next_rung_forward_and_leaves_it_open(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::presses("2"));
    let later = pb::Rung { window: None, ..rung(pb::Channel::Sms, 600) };
    let rungs = vec![rung(pb::Channel::Voice, -120), later];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 120).await;
    plane.settle().await;
    assert_eq!(plane.rung(), [ADA]);
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), endings(&incident)[0]), (State::Escalating, Ending::Answered));
    plane.pass(120).await;
    assert_eq!(plane.texted(), [ADA]);
}

async fn a_key_that_means_nothing_repeats_the_menu_twice(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let acts = vec![Act::Press("7".into()), Act::Press("8".into()), Act::Press("1".into())];
    plane.twilio.set_callee(ADA, Callee::Answers(Answer { acts, for_seconds: 120, ..Answer::default() }));
    let incident = calls(&plane, &ada, -120).await;
    plane.settle().await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), incident.outcome()), (State::Resolved, Outcome::Joined));
}

async fn what_rings_is_ended_when_somebody_else_acknowledges(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_pace(Pace::Stepped);
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let incident = calls(&plane, &ada, -120).await;
    plane.settle().await;
    plane.pass(1).await;
    assert_eq!(plane.rung(), [ADA]);
    let request = pb::AcknowledgeIncidentRequest {
        incident_id: incident.id.clone(),
        by: "the desk".into(),
        ..Default::default()
    };
    let acknowledged = plane.api.incidents().acknowledge_incident(request.clone()).await.expect("acknowledged");
    assert_eq!(acknowledged.into_inner().incident.expect("one").state(), State::Acknowledged);
    plane.api.incidents().acknowledge_incident(request).await.expect("said twice");
    plane.pass(2).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(endings(&incident), [Ending::Withdrawn]);
    plane.pass(60).await;
    assert_eq!(plane.rung(), [ADA]);
}

async fn a_call_whose_answer_is_lost_rings_once(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::presses("1"));
    let lost = Fault::once("/Calls.json", FaultAction::ErrorAfter { status: 500, code: None }).method("POST");
    plane.twilio.inject_fault(lost);
    let incident = calls(&plane, &ada, -120).await;
    for _ in 0..20 {
        plane.pass(2).await;
    }
    assert_eq!(plane.rung(), [ADA]);
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((incident.state(), endings(&incident)), (State::Resolved, vec![Ending::Answered]));
}

async fn a_reply_joins_and_stop_is_kept(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let ben = plane.contact("Ben", BEN, "").await;
    let policy = plane.policy(usual()).await;
    let (one, other) = (plane.incident(&policy, &ada, 300).await, plane.incident(&policy, &ben, 300).await);
    plane.settle().await;
    for (from, body) in [(ADA, "Join"), (BEN, "stop please")] {
        let message = InboundMessage { from: from.into(), to: NUMBER.into(), body: body.into(), ..Default::default() };
        plane.twilio.send_inbound_message(message).await.expect("sent");
    }
    plane.settle().await;
    assert_eq!(plane.incident_now(&one.id).await.outcome(), Outcome::Joined);
    let listed = plane.api.dnc().get_dnc_entry(pb::GetDncEntryRequest { phone_number: BEN.into() }).await;
    assert!(listed.is_ok(), "{listed:?}");
    plane.advance(Duration::from_secs(180));
    plane.settle().await;
    assert!(plane.rung().is_empty(), "who wrote STOP is not called");
    assert_eq!(plane.incident_now(&other.id).await.steps[2].reason, "do_not_call");
}

async fn a_call_that_an_operator_cancels_brings_the_next_rung_forward(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_pace(Pace::Stepped);
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let rungs = vec![rung(pb::Channel::Voice, -120), rung(pb::Channel::Sms, -30)];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 120).await;
    plane.settle().await;
    plane.pass(1).await;
    assert_eq!((plane.rung().len(), plane.texted().len()), (1, 0));
    let attempt_id = plane.incident_now(&incident.id).await.steps[0].attempt_id.clone();
    plane.api.attempts().cancel_attempt(pb::CancelAttemptRequest { attempt_id }).await.expect("cancelled");
    plane.pass(2).await;
    assert_eq!((plane.rung().len(), plane.texted()), (1, vec![ADA.to_owned()]));
    let steps = plane.incident_now(&incident.id).await.steps;
    assert_eq!((steps[0].ending(), steps[0].reason.as_str()), (Ending::Withdrawn, "cancelled"));
}
