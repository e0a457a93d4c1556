//! What must hold before anybody is rung, whoever asks and however many at a time.

use callplane_proto::v1::{self as pb, AttemptState, StepStatus as Status};
use callplane_simulator::{Callee, MessageFate, Pace};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN, rung, statuses, usual},
    on_both,
    scene::NUMBER,
};
use futures::future::join_all;
use tonic::Code;

use super::with_ada;

on_both!(
    a_hundred_requests_at_once_are_two_calls,
    nobody_is_called_who_is_on_the_list_and_the_reason_is_kept,
    the_emergency_stop_holds_everything_back,
    who_opted_out_at_twilio_is_on_our_list_from_then_on,
    a_window_that_is_over_skips_its_step_with_the_reason,
    whatsapp_goes_out_from_a_number_that_is_registered_for_it_and_from_no_other,
);

fn call(text: &str) -> pb::PlaceCallRequest {
    pb::PlaceCallRequest { to: ADA.into(), text: text.into(), ..Default::default() }
}

async fn a_hundred_requests_at_once_are_two_calls(db: Database) {
    let (plane, _) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    let limits = pb::OutboundPolicy { calls_per_second: 100, ..Default::default() };
    let request = pb::UpdateOutboundPolicyRequest {
        outbound_policy: Some(limits),
        update_mask: Some(prost_types::FieldMask { paths: vec!["calls_per_second".into()] }),
        ..Default::default()
    };
    plane.api.outbound().update_outbound_policy(request).await.expect("changed");
    let context = pb::CallContext { user_id: "ada".into(), event_id: "board-7".into() };
    let request = pb::PlaceCallRequest { context: Some(context), ..call("Hello") };
    let asked = (0..100).map(|_| {
        let (mut calls, request) = (plane.api.calls(), request.clone());
        async move { calls.place_call(request).await }
    });
    let answers = join_all(asked).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in &refused {
        let status = answer.as_ref().expect_err("refused");
        assert!(matches!(status.code(), Code::ResourceExhausted | Code::Aborted), "{status:?}");
    }
    for _ in 0..10 {
        plane.pass(1).await;
    }
    assert_eq!((taken.len(), plane.rung().len()), (2, 2));
}

async fn nobody_is_called_who_is_on_the_list_and_the_reason_is_kept(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let entry = pb::AddDncEntryRequest { phone_number: ADA.into(), ..Default::default() };
    plane.api.dnc().add_dnc_entry(entry).await.expect("listed");
    let refused = plane.api.calls().place_call(call("Hello")).await.expect_err("listed");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -60)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 60).await;
    plane.settle().await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!((statuses(&incident), incident.steps[0].reason.as_str()), (vec![Status::Skipped], "do_not_call"));
    let listed = plane.api.attempts().list_attempts(pb::ListAttemptsRequest::default()).await.expect("listed");
    let kept = listed.into_inner().attempts;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|attempt| attempt.reason == "do_not_call" && !attempt.checks.is_empty()), "{kept:?}");
    assert!(plane.rung().is_empty());
}

async fn the_emergency_stop_holds_everything_back(db: Database) {
    let (plane, ada) = with_ada(db).await;
    plane.twilio.set_callee(ADA, Callee::Busy);
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -60)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 90).await;
    let stop = pb::StopOutboundRequest { reason: "fraud".into() };
    plane.api.outbound().stop_outbound(stop).await.expect("stopped");
    plane.pass(31).await;
    let stood = plane.incident_now(&incident.id).await;
    assert_eq!(stood.steps[0].reason, "outbound_stopped");
    let refused = plane.api.calls().place_call(call("Hello")).await.expect_err("stopped");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(plane.rung().is_empty());
    plane.api.outbound().resume_outbound(pb::ResumeOutboundRequest {}).await.expect("resumed");
    let placed = plane.api.calls().place_call(call("Hello")).await.expect("placed").into_inner().attempt;
    plane.settle().await;
    assert_eq!(plane.rung(), [ADA]);
    assert_eq!(attempt(&plane, &placed.expect("one").id).await.state(), AttemptState::Over);
}

async fn who_opted_out_at_twilio_is_on_our_list_from_then_on(db: Database) {
    let (plane, _) = with_ada(db).await;
    plane.twilio.set_message_fate(ADA, MessageFate::Refused(21610));
    let request = pb::SendMessageRequest { to: ADA.into(), text: "Hello".into(), ..Default::default() };
    let sent = plane.api.messages().send_message(request).await.expect("taken in").into_inner().attempt;
    plane.settle().await;
    assert_eq!(attempt(&plane, &sent.expect("one").id).await.reason, "opted_out");
    let refused = plane.api.calls().place_call(call("Hello")).await.expect_err("listed");
    assert_eq!(refused.code(), Code::FailedPrecondition);
}

async fn attempt(plane: &Plane, id: &str) -> pb::Attempt {
    let request = pb::GetAttemptRequest { attempt_id: id.to_owned() };
    plane.api.attempts().get_attempt(request).await.expect("one").into_inner().attempt.expect("one")
}

async fn a_window_that_is_over_skips_its_step_with_the_reason(db: Database) {
    let (mut plane, ada) = with_ada(db).await;
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -120)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 300).await;
    plane.settle().await;
    plane.stop().await;
    plane.advance(std::time::Duration::from_secs(3600));
    plane.start_again().await;
    plane.settle().await;
    plane.api = plane.api_of(0).await;
    let incident = plane.incident_now(&incident.id).await;
    assert_eq!(
        (statuses(&incident), incident.steps[0].reason.as_str()),
        (vec![Status::Skipped], "outside_critical_window")
    );
    assert!(plane.rung().is_empty());
    plane.expects("a step was taken in hand late");
}

async fn whatsapp_goes_out_from_a_number_that_is_registered_for_it_and_from_no_other(db: Database) {
    let (plane, ada) = with_ada(db).await;
    let rungs = vec![rung(pb::Channel::Whatsapp, -300), rung(pb::Channel::Whatsapp, -200)];
    let policy = plane.policy(pb::EscalationPolicy { rungs, ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 300).await;
    plane.settle().await;
    let stood = plane.incident_now(&incident.id).await;
    assert_eq!((stood.steps[0].status(), stood.steps[0].reason.as_str()), (Status::Skipped, "no_sender"));
    assert!(stood.steps[0].error.contains("WhatsApp"), "{stood:?}");
    let chosen = pb::SendMessageRequest {
        to: ADA.into(),
        from_number: NUMBER.into(),
        text: "Hello".into(),
        whatsapp: true,
        ..Default::default()
    };
    let refused = plane.api.messages().send_message(chosen.clone()).await.expect_err("not registered");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let numbers = plane.api.numbers().list_phone_numbers(pb::ListPhoneNumbersRequest::default()).await.expect("listed");
    let number = numbers.into_inner().phone_numbers.remove(0);
    let request = pb::UpdatePhoneNumberRequest {
        phone_number: Some(pb::PhoneNumber { whatsapp_sender: true, ..number }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["whatsapp_sender".into()] }),
        ..Default::default()
    };
    let changed = plane.api.numbers().update_phone_number(request).await.expect("changed").into_inner().phone_number;
    assert!(changed.expect("a number").whatsapp_sender);
    plane.pass(100).await;
    let channel = format!("whatsapp:{ADA}");
    assert_eq!(plane.texted(), [channel.as_str()]);
    plane.api.messages().send_message(chosen).await.expect("taken in");
    plane.settle().await;
    assert_eq!(plane.texted(), [channel.as_str(), channel.as_str()]);
}

#[tokio::test]
async fn a_stop_on_one_replica_holds_the_other_back_at_once() {
    let mut plane = Plane::on(Database::postgres().await).replicas(2).start().await;
    plane.twilio.set_pace(Pace::Stepped);
    for person in [ADA, BEN] {
        plane.twilio.set_callee(person, Callee::NoAnswer);
    }
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    let ada = plane.contact("Ada", ADA, "").await;
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -60)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 65).await;
    let other = plane.api_of(1).await;
    let to_ben = pb::PlaceCallRequest { to: BEN.into(), ..call("Hello") };
    let placed = other.calls().place_call(to_ben.clone()).await.expect("placed").into_inner().attempt.expect("one");
    plane.settle().await;
    plane.pass(4).await;
    assert_eq!(plane.rung(), [BEN]);
    let stop = pb::StopOutboundRequest { reason: "fraud".into() };
    plane.api_of(0).await.outbound().stop_outbound(stop).await.expect("stopped");
    // Whoever was told of it is gone: what holds is what is stored.
    plane.stop_replica(0).await;
    let refused = other.calls().place_call(to_ben).await.expect_err("stopped");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    plane.pass(1).await;
    let stood = plane.incident_now(&incident.id).await;
    assert_eq!((stood.steps[0].status(), stood.steps[0].reason.as_str()), (Status::Skipped, "outbound_stopped"));
    plane.pass(1).await;
    let rings = attempt(&plane, &placed.id).await;
    assert_eq!((rings.ending(), rings.reason.as_str()), (pb::AttemptEnding::Withdrawn, "outbound_stopped"));
    plane.pass(60).await;
    assert_eq!(plane.rung(), [BEN]);
}
