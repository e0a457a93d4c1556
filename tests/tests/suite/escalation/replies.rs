//! What somebody writes back: whom it is about, what it does, and what they are told.

use callplane_proto::v1::{self as pb, IncidentOutcome as Outcome, IncidentState as State};
use callplane_simulator::{Callee, Delivery, DeliveryRule, InboundMessage, Kind};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN, moment, rung, usual},
    on_both,
    scene::{CALLER, NUMBER},
};

use super::with_ada;

on_both!(
    a_word_written_back_is_confirmed_in_the_language_of_who_wrote,
    a_stand_in_answers_what_they_were_told_of,
    a_word_that_comes_twice_answers_one_event_and_is_confirmed_alike,
    nobody_is_written_back_to_who_is_not_to_be_written_to,
    start_ends_what_stop_began_and_nothing_else,
);

/// Writes to us; what comes back.
async fn writes(plane: &Plane, from: &str, body: &str) -> Vec<String> {
    let message = InboundMessage { from: from.into(), to: NUMBER.into(), body: body.into(), ..Default::default() };
    let told = plane.twilio.send_inbound_message(message).await.expect("sent");
    assert!(told.warnings.is_empty(), "{told:?}");
    plane.settle().await;
    told.replies
}

async fn speaks(plane: &Plane, contact: &pb::Contact, language: &str) {
    let contact = pb::Contact { id: contact.id.clone(), language: language.into(), ..Default::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["language".into()] });
    let request = pb::UpdateContactRequest { contact: Some(contact), update_mask, ..Default::default() };
    plane.api.contacts().update_contact(request).await.expect("changed");
}

/// A ladder of one message, and a message to who stands in when the event has begun.
fn messages() -> pb::EscalationPolicy {
    let target = pb::RungTarget::StandIn.into();
    let stand_in = pb::Rung { target, stand_in: 1, ..rung(pb::Channel::Sms, 60) };
    pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Sms, -300), stand_in], ..usual() }
}

async fn opened(plane: &Plane, title: &str, (ada, ben): (&pb::Contact, &pb::Contact), starts_in: i64) -> pb::Incident {
    let policy = plane.policy(messages()).await;
    let request = pb::OpenIncidentRequest {
        policy_id: policy.id,
        contact_id: ada.id.clone(),
        stand_in_ids: vec![ben.id.clone()],
        start_time: moment(plane.now() + chrono::Duration::seconds(starts_in)),
        title: title.into(),
        ..Default::default()
    };
    plane.open(request).await
}

async fn a_word_written_back_is_confirmed_in_the_language_of_who_wrote(db: Database) {
    let (plane, ada) = with_ada(db).await;
    speaks(&plane, &ada, "de-DE").await;
    let ben = plane.contact("Ben", BEN, "").await;
    let incident = opened(&plane, "Vorstand <&>", (&ada, &ben), 300).await;
    plane.settle().await;
    let missed = "Danke. Wir haben notiert, dass Sie an Vorstand <&> nicht teilnehmen können.";
    assert_eq!(writes(&plane, ADA, "Miss").await, [missed]);
    assert_eq!(plane.incident_now(&incident.id).await.state(), State::Escalating);
    let joined = "Danke. Wir haben notiert, dass Sie an Vorstand <&> teilnehmen.";
    assert_eq!(writes(&plane, ADA, "doch: JOIN").await, Vec::<String>::new());
    assert_eq!(writes(&plane, ADA, "JOIN").await, [joined]);
    assert_eq!(plane.incident_now(&incident.id).await.outcome(), Outcome::Joined);
    // Whoever says it twice hears it twice.
    assert_eq!(writes(&plane, ADA, "join!").await, [joined]);
    assert_eq!(writes(&plane, ADA, "miss").await, ["Danke. Vorstand <&> hat Ada schon beantwortet."]);
}

async fn a_stand_in_answers_what_they_were_told_of(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let ben = plane.contact("Ben", BEN, "").await;
    // Ben has an event of his own, of which nobody has told him yet.
    let own = opened(&plane, "Lunch", (&ben, &ada), 9_000).await;
    let incident = opened(&plane, "Board", (&ada, &ben), 300).await;
    plane.settle().await;
    plane.pass(360).await;
    assert_eq!(plane.texted(), [ADA, BEN]);
    assert_eq!(writes(&plane, BEN, "JOIN").await, ["Thank you. We have noted that you join Board."]);
    let stood = plane.incident_now(&incident.id).await;
    assert_eq!((stood.state(), stood.answered_by.as_str()), (State::Resolved, "Ben"));
    assert_eq!(writes(&plane, ADA, "JOIN").await, ["Thank you. Board has been answered already by Ben."]);
    assert_eq!(plane.incident_now(&own.id).await.state(), State::Open);
}

async fn a_word_that_comes_twice_answers_one_event_and_is_confirmed_alike(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let ben = plane.contact("Ben", BEN, "").await;
    let first = opened(&plane, "Board", (&ada, &ben), 300).await;
    let second = opened(&plane, "Lunch", (&ada, &ben), 9_000).await;
    plane.settle().await;
    plane.twilio.add_delivery_rule(DeliveryRule::of(Kind::Message, Delivery::Twice));
    let message = InboundMessage { from: ADA.into(), to: NUMBER.into(), body: "JOIN".into(), ..Default::default() };
    let told = plane.twilio.send_inbound_message(message).await.expect("sent");
    plane.settle().await;
    let answers: Vec<_> = told.requests.iter().map(|exchange| exchange.answer.clone()).collect();
    assert_eq!((answers.len(), &answers[0]), (2, &answers[1]));
    assert_eq!(told.replies, ["Thank you. We have noted that you join Board."]);
    assert_eq!(plane.incident_now(&first.id).await.outcome(), Outcome::Joined);
    assert_eq!(plane.incident_now(&second.id).await.state(), State::Open);
    let listed = plane.api.messages().list_messages(pb::ListMessagesRequest::default()).await.expect("listed");
    let wrote = |message: &pb::Message| message.direction() == pb::MessageDirection::Inbound;
    let kept = listed.into_inner().messages.into_iter().find(wrote).expect("kept");
    assert_eq!(kept.reply, told.replies[0]);
}

async fn nobody_is_written_back_to_who_is_not_to_be_written_to(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let nothing = "Thank you. Nothing is waiting for your answer.";
    assert_eq!(writes(&plane, ADA, "JOIN").await, [nothing]);
    assert_eq!(writes(&plane, CALLER, "JOIN").await, Vec::<String>::new());
    let stop = pb::StopOutboundRequest { reason: "fraud".into() };
    plane.api.outbound().stop_outbound(stop).await.expect("stopped");
    assert_eq!(writes(&plane, ADA, "JOIN").await, Vec::<String>::new());
    plane.api.outbound().resume_outbound(pb::ResumeOutboundRequest {}).await.expect("resumed");
    // Twilio itself answers STOP, and delivers nothing afterwards.
    assert_eq!(writes(&plane, ADA, "STOP").await, Vec::<String>::new());
    let ben = plane.contact("Ben", BEN, "").await;
    let incident = opened(&plane, "Board", (&ada, &ben), 300).await;
    assert_eq!(writes(&plane, ADA, "JOIN").await, Vec::<String>::new());
    assert_eq!(plane.incident_now(&incident.id).await.outcome(), Outcome::Joined);
}

async fn start_ends_what_stop_began_and_nothing_else(db: Database) {
    let (plane, _) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    let is_listed = async |number: &str| {
        let request = pb::GetDncEntryRequest { phone_number: number.into() };
        plane.api.dnc().get_dnc_entry(request).await.is_ok()
    };
    let lists = async |number: &str| {
        let entry = pb::AddDncEntryRequest { phone_number: number.into(), ..Default::default() };
        plane.api.dnc().add_dnc_entry(entry).await.expect("listed").into_inner().already_listed
    };
    writes(&plane, ADA, "STOP").await;
    assert!(is_listed(ADA).await);
    writes(&plane, ADA, "START").await;
    assert!(!is_listed(ADA).await);
    assert!(!lists(ADA).await);
    writes(&plane, ADA, "START").await;
    assert!(is_listed(ADA).await, "an operator listed it");
    // Who is there for a STOP and then for an operator as well stays there for the operator.
    writes(&plane, BEN, "STOP").await;
    assert!(lists(BEN).await);
    writes(&plane, BEN, "START").await;
    assert!(is_listed(BEN).await);
}
