//! Every route of the table: what the control plane hears, and what Twilio gets.

mod support;

use callplane_proto::edge::v1::{
    Accepted, Failure, FailureReason, Instructions, Message, Messages, Say, Verb, Webhook, reply::Outcome, verb::Kind,
    webhook::Event,
};
use support::{
    edge::{TestEdge, start},
    twilio::{CALL, NUMBER, form, inbound_call, usual_state},
};

fn greeting() -> Outcome {
    let say = Verb { kind: Some(Kind::Say(Say { text: "Hello".into(), ..Default::default() })) };
    Outcome::Instructions(Instructions { verbs: vec![say], ..Default::default() })
}

const GREETING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Hello</Say></Response>";

#[tokio::test]
async fn an_inbound_call_is_typed_forwarded_and_answered() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.answer(greeting());

    let answer = edge.post("/twilio/voice", &inbound_call()).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, GREETING));
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    let calls = control_plane.calls();
    let [call] = calls.as_slice() else { panic!("one call, got {}", calls.len()) };
    assert_eq!(call.edge_id, "edge-test");
    let Some(Event::CallReceived(received)) = &call.webhooks[0].event else { panic!("CallReceived") };
    let facts = received.call.as_ref().expect("facts");
    assert_eq!((facts.call_sid.as_str(), facts.from.as_str(), facts.to.as_str()), (CALL, "+18185550100", NUMBER));
    assert!(call.webhooks[0].receive_time.is_some());
    assert_eq!(control_plane.watched(1).await[0].1.as_deref(), Some("Bearer edge-token"));
}

#[tokio::test]
async fn every_instruction_route_asks_and_answers_twiml() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.answer(greeting());
    type Is = fn(&Event) -> bool;
    let cases: [(&str, &str, Is); 9] = [
        ("/twilio/voice", "", |event| matches!(event, Event::CallReceived(_))),
        ("/twilio/voice/t1", "t1", |event| matches!(event, Event::CallAnswered(_))),
        ("/twilio/gather", "", |event| matches!(event, Event::DigitsGathered(gathered) if gathered.digits == "1")),
        ("/twilio/gather/t1", "t1", |event| matches!(event, Event::DigitsGathered(gathered) if gathered.digits == "1")),
        ("/twilio/dial/t1", "t1", |event| matches!(event, Event::DialEnded(_))),
        ("/twilio/voicemail", "", |event| matches!(event, Event::VoicemailLeft(_))),
        ("/twilio/voicemail/t1", "t1", |event| matches!(event, Event::VoicemailLeft(_))),
        ("/twilio/fallback", "", |event| matches!(event, Event::AnswerFailed(_))),
        ("/twilio/fallback/t1", "t1", |event| matches!(event, Event::AnswerFailed(_))),
    ];
    for (index, (path, tag, is)) in cases.into_iter().enumerate() {
        let answer = edge.post(path, &format!("{}&Digits=1", inbound_call())).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, GREETING), "{path}");
        let webhook = &control_plane.webhooks()[index];
        assert_eq!(webhook.tag, tag, "{path}");
        assert!(webhook.event.as_ref().is_some_and(is), "{path}: {webhook:?}");
    }
}

#[tokio::test]
async fn every_callback_route_is_answered_204_after_it_is_stored() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.answer(Outcome::Accepted(Accepted {}));
    let call = form(&[("CallSid", CALL), ("CallStatus", "completed"), ("SequenceNumber", "3")]);
    let recording = form(&[("CallSid", CALL), ("RecordingSid", "RE1"), ("RecordingStatus", "completed")]);
    let message = form(&[("MessageSid", "SM1"), ("MessageStatus", "delivered")]);
    let cases = [
        ("/twilio/status", &call),
        ("/twilio/status/t1", &call),
        ("/twilio/recording", &recording),
        ("/twilio/recording/t1", &recording),
        ("/twilio/message/status", &message),
        ("/twilio/message/status/t1", &message),
    ];
    for (path, form) in cases {
        let answer = edge.post(path, form).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
    }
    assert_eq!(control_plane.webhooks().len(), cases.len());
}

#[tokio::test]
async fn a_message_is_answered_with_messages_or_with_silence() {
    let (edge, control_plane) = start(usual_state()).await;
    let message = form(&[("MessageSid", "SM1"), ("To", NUMBER), ("From", "+18185550100"), ("Body", "hi")]);
    let reply = Message { body: "a & b".into(), media_urls: vec![] };
    control_plane.answer(Outcome::Messages(Messages { messages: vec![reply] }));
    let answer = edge.post("/twilio/message", &message).await;
    assert!(answer.body.ends_with("<Response><Message><Body>a &amp; b</Body></Message></Response>"), "{}", answer.body);
    control_plane.answer(Outcome::Accepted(Accepted {}));
    let answer = edge.post("/twilio/message", &message).await;
    assert!(answer.body.ends_with("<Response></Response>"), "{}", answer.body);
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_fallback_of_a_message_is_a_message_with_an_error() {
    let (edge, control_plane) = start(usual_state()).await;
    let message = form(&[
        ("MessageSid", "SM1"),
        ("From", "+18185550100"),
        ("To", NUMBER),
        ("ErrorCode", "11205"),
        ("ErrorUrl", "https://h/p"),
    ]);
    for path in ["/twilio/fallback", "/twilio/message/fallback"] {
        assert_eq!(edge.post(path, &message).await.status, 200, "{path}");
    }
    for webhook in control_plane.webhooks() {
        let Some(Event::MessageReceived(received)) = &webhook.event else { panic!("MessageReceived") };
        assert_eq!((received.error_code, webhook.route.as_str()), (11205, "message-fallback"));
    }
}

#[tokio::test]
async fn a_number_configured_with_get_is_served_too() {
    let (edge, control_plane) = start(usual_state()).await;
    control_plane.answer(greeting());
    let answer = edge.get(&format!("/twilio/voice?{}&CallerName=A+B", inbound_call())).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, GREETING));
    let webhook: &Webhook = &control_plane.webhooks()[0];
    let Some(Event::CallReceived(received)) = &webhook.event else { panic!("CallReceived") };
    assert_eq!(received.call.as_ref().map(|call| call.caller_name.as_str()), Some("A B"));
}

#[tokio::test]
async fn a_webhook_that_makes_no_sense_to_the_control_plane_is_answered_politely() {
    let (edge, control_plane) = start(usual_state()).await;
    let failure =
        |reason: FailureReason| Outcome::Failure(Failure { reason: reason.into(), message: "no such call".into() });
    control_plane.answer(failure(FailureReason::Invalid));
    let answer = edge.post("/twilio/voice", &inbound_call()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("cannot take your call"), "{}", answer.body);
    let status = form(&[("CallSid", CALL), ("CallStatus", "ringing")]);
    assert_eq!(edge.post("/twilio/status", &status).await.status, 400);
    control_plane.answer(failure(FailureReason::UnknownAccount));
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 403);
}

#[tokio::test]
async fn paths_in_an_answer_are_made_absolute() {
    let (edge, control_plane) = start(usual_state()).await;
    let redirect =
        Verb { kind: Some(Kind::Redirect(callplane_proto::edge::v1::Redirect { path: "/twilio/voice/t".into() })) };
    control_plane.answer(Outcome::Instructions(Instructions { verbs: vec![redirect], ..Default::default() }));
    let answer = edge.post("/twilio/voice", &inbound_call()).await;
    assert!(answer.body.contains("<Redirect>https://hooks.example.net/twilio/voice/t</Redirect>"), "{}", answer.body);
}

#[tokio::test]
async fn a_public_url_with_a_path_is_signed_with_it() {
    let control_plane = support::control_plane::FakeControlPlane::start(usual_state()).await;
    let edge =
        TestEdge::start(&[&control_plane], &[("CALLPLANE_PUBLIC_URL", "https://hooks.example.net:8443/base/")]).await;
    assert_eq!(edge.public_url, "https://hooks.example.net:8443/base");
    assert_eq!(edge.post("/twilio/voice", &inbound_call()).await.status, 200);
    let without_port =
        support::twilio::sign(support::twilio::TOKEN, "https://hooks.example.net/base/twilio/voice", &inbound_call());
    assert_eq!(edge.post_signed("/twilio/voice", &inbound_call(), &without_port).await.status, 200);
}
