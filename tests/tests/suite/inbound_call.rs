//! The main story: somebody calls a number, Twilio asks the edge, and the agent answers.

use std::collections::BTreeMap;

use callplane_proto::v1::{self as pb, CallStatus, RecordingStatus, VoicemailMark, agent::Endpoint};
use callplane_simulator::{
    AccountChange, Act, Callee, Fault, FaultAction, Kind, NewAgent, NewNumber, OnTheLine, Pace, PlaceCall, Script,
    StreamFate, Transcript,
};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{CALLER, DESK, NUMBER, announcement, human, voicemail},
    settings::PUBLIC_URL,
};
use std::time::Duration;
use tonic::Code;

on_both!(
    an_announcement_is_read_out_and_the_call_is_stored,
    a_media_stream_gets_a_token_that_opens_the_call_once,
    a_stream_that_is_refused_ends_in_voicemail,
    a_person_is_rung_and_talks,
    a_person_who_does_not_answer_is_replaced_by_voicemail,
    a_sip_address_is_rung,
    a_voicemail_is_stored_with_its_recording,
    an_elevenlabs_agent_gets_the_call_it_registered,
    elevenlabs_out_of_order_ends_in_voicemail,
    a_fallback_agent_answers_for_one_who_is_paused,
    a_number_nobody_registered_is_answered_politely,
    a_call_is_stored_before_it_is_answered,
    a_call_signed_with_another_token_is_rejected_and_leaves_no_row,
);

fn hangs_up_after(seconds: u32) -> Script {
    Script { hang_up_after_seconds: Some(seconds), ..Script::default() }
}

fn dialled(number: &str, callee: Callee) -> Script {
    Script { dialled: BTreeMap::from([(number.to_owned(), callee)]), ..Script::default() }
}

/// The first answer that Twilio got.
fn first_answer(transcript: &Transcript) -> &str {
    assert_eq!(transcript.requests[0].status, Some(200), "{:?}", transcript.requests[0]);
    transcript.requests[0].answer.as_deref().expect("an answer")
}

async fn an_announcement_is_read_out_and_the_call_is_stored(db: Database) {
    let plane = Plane::start(db).await;
    let (account, number, agent) = plane.answered_by(announcement("We are closed today.")).await;
    let transcript = plane.call(Script::default()).await;
    assert!(transcript.warnings.is_empty(), "{:?}", transcript.warnings);
    assert_eq!((transcript.status.as_str(), transcript.said().as_str()), ("completed", "We are closed today."));

    let call = plane.stored_call(&transcript.call_sid).await;
    assert_eq!((call.status(), call.direction()), (CallStatus::Completed, pb::CallDirection::Inbound));
    assert_eq!((call.account_id, call.phone_number_id, call.agent_id), (account.id, number.id, agent.id));
    assert_eq!((call.from_number.as_str(), call.to_number.as_str()), (CALLER, NUMBER));
    assert!(!call.simulated, "Twilio's base URL was set, its work was not left out");
    assert!(call.decision.is_some() && call.end_time.is_some());
}

async fn a_media_stream_gets_a_token_that_opens_the_call_once(db: Database) {
    let plane = Plane::start(db).await;
    let parameters = [("language".to_owned(), "en".to_owned())].into();
    let stream = pb::MediaStream { url: "wss://voice.example.com/stream".into(), parameters };
    let (_, _, agent) = plane.answered_by(Endpoint::MediaStream(stream)).await;
    let transcript = plane.call(hangs_up_after(20)).await;
    let streamed = transcript.line.iter().find_map(|moment| match moment {
        OnTheLine::Streamed { url, parameters, accepted: true, .. } => Some((url.clone(), parameters.clone())),
        _ => None,
    });
    let (url, parameters) = streamed.expect("the stream was opened");
    assert_eq!(url, "wss://voice.example.com/stream");
    let parameters: BTreeMap<_, _> = parameters.into_iter().collect();
    let call = plane.stored_call(&transcript.call_sid).await;
    assert_eq!((parameters["language"].as_str(), &parameters["callplane_call_id"]), ("en", &call.id));
    let token = parameters["token"].clone();
    plane.logs.never(&token);

    let (_, next_door) = plane.neighbour().await;
    let redeem = |token: &str| pb::RedeemStreamTokenRequest { token: token.to_owned() };
    let foreign = next_door.calls().redeem_stream_token(redeem(&token)).await.expect_err("not theirs");
    assert_ne!(foreign.code(), Code::Ok);
    let redeemed = plane.api.calls().redeem_stream_token(redeem(&token)).await.expect("fresh").into_inner();
    assert_eq!((redeemed.agent_id, redeemed.call.expect("the call").id), (agent.id, call.id));
    let again = plane.api.calls().redeem_stream_token(redeem(&token)).await.expect_err("used");
    assert_eq!(again.code(), Code::FailedPrecondition);
    let forged = format!("{}x", &token[..token.len() - 1]);
    plane.api.calls().redeem_stream_token(redeem(&forged)).await.expect_err("forged");

    let second = plane.call(hangs_up_after(20)).await;
    let token = second.line.iter().find_map(|moment| match moment {
        OnTheLine::Streamed { parameters, .. } => parameters.iter().find(|(name, _)| name == "token").cloned(),
        _ => None,
    });
    plane.advance(Duration::from_secs(3600));
    plane.settle().await;
    let late = redeem(&token.expect("a token").1);
    plane.api.calls().redeem_stream_token(late).await.expect_err("it lives shortly");
}

async fn a_stream_that_is_refused_ends_in_voicemail(db: Database) {
    let plane = Plane::start(db).await;
    let stream = pb::MediaStream { url: "wss://voice.example.com/stream".into(), ..Default::default() };
    plane.answered_by(Endpoint::MediaStream(stream)).await;
    let script = Script { stream: Some(StreamFate::Refused), acts: vec![Act::Voicemail(7)], ..Script::default() };
    let transcript = plane.call(script).await;
    assert!(transcript.said().contains("leave a message"), "{}", transcript.said());
    assert_eq!(plane.voicemails().await.len(), 1);
}

async fn a_person_is_rung_and_talks(db: Database) {
    let plane = Plane::start(db).await;
    plane.answered_by(human(DESK)).await;
    let transcript = plane.call(dialled(DESK, Callee::default())).await;
    let talked = transcript
        .line
        .iter()
        .any(|moment| matches!(moment, OnTheLine::Dialled { to, outcome, .. } if to == DESK && outcome == "completed"));
    assert!(talked, "{:?}", transcript.line);
    assert_eq!(plane.stored_call(&transcript.call_sid).await.status(), CallStatus::Completed);
    assert!(plane.voicemails().await.is_empty());
}

async fn a_person_who_does_not_answer_is_replaced_by_voicemail(db: Database) {
    let plane = Plane::start(db).await;
    plane.answered_by(human(DESK)).await;
    for callee in [Callee::NoAnswer, Callee::Busy, Callee::Failed] {
        let acts = vec![Act::Voicemail(12)];
        let transcript = plane.call(Script { acts, ..dialled(DESK, callee.clone()) }).await;
        let dial = transcript.requests.iter().find(|exchange| exchange.kind == Kind::Dial).expect("the leg's end");
        assert_eq!(dial.status, Some(200));
        assert!(transcript.said().contains("leave a message"), "{callee:?}: {}", transcript.said());
        let call = plane.stored_call(&transcript.call_sid).await;
        assert_eq!((call.status(), call.recording_sids.len()), (CallStatus::Completed, 1), "{callee:?}");
    }
    assert_eq!(plane.voicemails().await.len(), 3);
}

async fn a_sip_address_is_rung(db: Database) {
    let plane = Plane::start(db).await;
    let uri = "sip:desk@pbx.example.com";
    plane.answered_by(Endpoint::Sip(pb::Sip { uri: uri.into(), ..Default::default() })).await;
    let transcript = plane.call(dialled(uri, Callee::default())).await;
    assert!(first_answer(&transcript).contains(uri), "{}", first_answer(&transcript));
    let rung = transcript
        .line
        .iter()
        .any(|moment| matches!(moment, OnTheLine::Dialled { to, outcome, .. } if to == uri && outcome == "completed"));
    assert!(rung, "{:?}", transcript.line);
}

async fn a_voicemail_is_stored_with_its_recording(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number, _) = plane.answered_by(voicemail("Please speak after the tone.")).await;
    let transcript = plane.call(Script { acts: vec![Act::Voicemail(20)], ..Script::default() }).await;
    assert!(transcript.said().starts_with("Please speak after the tone."), "{}", transcript.said());
    let call = plane.stored_call(&transcript.call_sid).await;
    let voicemails = plane.voicemails().await;
    let [left] = voicemails.as_slice() else { panic!("one voicemail: {voicemails:?}") };
    assert_eq!((&left.call_id, &left.phone_number_id, left.from_number.as_str()), (&call.id, &number.id, CALLER));
    assert_eq!((left.recording_status(), left.mark()), (RecordingStatus::Completed, VoicemailMark::Unread));
    assert_eq!(left.duration.map(|length| length.seconds), Some(20));
    assert_eq!(call.recording_sids, std::slice::from_ref(&left.recording_sid));

    let request = pb::MarkVoicemailRequest { voicemail_id: left.id.clone(), mark: VoicemailMark::Read.into() };
    let marked = plane.api.voicemails().mark_voicemail(request).await.expect("marked").into_inner().voicemail;
    assert_eq!(marked.expect("a voicemail").mark(), VoicemailMark::Read);
}

async fn eleven_labs(plane: &Plane) -> (Endpoint, String) {
    let agent_id = plane.twilio.add_agent(NewAgent::default()).agent_id;
    let endpoint = pb::ElevenLabsAgent { agent_id: agent_id.clone(), ..Default::default() };
    (Endpoint::ElevenLabs(endpoint), agent_id)
}

async fn an_elevenlabs_agent_gets_the_call_it_registered(db: Database) {
    let plane = Plane::start(db).await;
    let (endpoint, eleven_labs_id) = eleven_labs(&plane).await;
    let (_, _, agent) = plane.answered_by(endpoint).await;
    let transcript = plane.call(hangs_up_after(30)).await;
    assert!(first_answer(&transcript).contains(&eleven_labs_id), "{}", first_answer(&transcript));
    assert!(transcript.warnings.is_empty(), "{:?}", transcript.warnings);
    let streamed = transcript.line.iter().any(|moment| matches!(moment, OnTheLine::Streamed { accepted: true, .. }));
    assert!(streamed, "{:?}", transcript.line);
    assert_eq!(plane.stored_call(&transcript.call_sid).await.agent_id, agent.id);
}

async fn elevenlabs_out_of_order_ends_in_voicemail(db: Database) {
    let plane = Plane::start(db).await;
    let (endpoint, _) = eleven_labs(&plane).await;
    plane.answered_by(endpoint).await;
    let faults = [FaultAction::ErrorBefore { status: 503, code: None }, FaultAction::Reset, FaultAction::Garbage];
    for fault in faults {
        plane
            .twilio
            .inject_fault(Fault { vendor: Some("elevenlabs".into()), ..Fault::once("/", fault.clone()) }.times(0));
        let transcript = plane.call(Script { acts: vec![Act::Voicemail(5)], ..Script::default() }).await;
        assert!(transcript.said().contains("leave a message"), "{fault:?}: {}", transcript.said());
        plane.twilio.clear_faults();
        // Whatever was decided about the vendor meanwhile must not outlast the fault for long.
        plane.advance(Duration::from_secs(60));
    }
    assert_eq!(plane.voicemails().await.len(), 3);
    let transcript = plane.call(hangs_up_after(10)).await;
    assert!(transcript.line.iter().any(|moment| matches!(moment, OnTheLine::Streamed { .. })), "{:?}", transcript.line);
}

async fn a_fallback_agent_answers_for_one_who_is_paused(db: Database) {
    let plane = Plane::start(db).await;
    let second = plane.agent(announcement("The second one speaks.")).await;
    let (_, number, _) = plane.answered_by(announcement("Nobody hears this.")).await;
    let first = pb::Agent {
        display_name: "First".into(),
        endpoint: Some(announcement("The first one speaks.")),
        fallback_agent_id: second.id.clone(),
        ..Default::default()
    };
    let first = plane.add_agent(first).await;
    plane.assign(&number, pb::assignment::Target::AgentId(first.id.clone())).await;
    assert_eq!(plane.call(Script::default()).await.said(), "The first one speaks.");
    let pause = pb::PauseAgentRequest { agent_id: first.id.clone(), ..Default::default() };
    plane.api.agents().pause_agent(pause).await.expect("paused");
    let transcript = plane.call(Script::default()).await;
    assert_eq!(transcript.said(), "The second one speaks.");
    assert_eq!(plane.stored_call(&transcript.call_sid).await.agent_id, second.id);
}

async fn a_number_nobody_registered_is_answered_politely(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let voice_url = Some(format!("{PUBLIC_URL}/twilio/voice"));
    plane.twilio.add_number(NewNumber { voice_url, ..NewNumber::new(NUMBER, &account.sid) }).expect("a number");
    let transcript = plane.call(Script::default()).await;
    assert!(transcript.said().contains("not in service"), "{}", transcript.said());
    assert!(transcript.warnings.is_empty(), "{:?}", transcript.warnings);
    let call = plane.stored_call(&transcript.call_sid).await;
    assert_eq!((call.phone_number_id.as_str(), call.agent_id.as_str()), ("", ""));
}

async fn a_call_is_stored_before_it_is_answered(db: Database) {
    let plane = Plane::start(db).await;
    plane.answered_by(announcement("A long text that takes a while to read.")).await;
    plane.twilio.set_pace(Pace::Stepped);
    plane.twilio.stop_clock_at(plane.twilio.now());
    let call = PlaceCall { detached: true, ..PlaceCall::new(CALLER, NUMBER) };
    let sid = plane.place(call).await.call_sid;
    plane.twilio.settle().await;
    let so_far = plane.twilio.transcript(&sid).expect("it was placed");
    assert_eq!(so_far.requests.len(), 1, "only the first question was asked: {:?}", so_far.requests);
    let stored = plane.stored_call(&sid).await;
    assert!(matches!(stored.status(), CallStatus::Ringing | CallStatus::InProgress), "{stored:?}");
    assert!(stored.decision.is_some(), "with the reason for the answer");
    plane.twilio.set_pace(Pace::Immediate);
    plane.advance(Duration::from_secs(60));
    plane.settle().await;
    assert_eq!(plane.stored_call(&sid).await.status(), CallStatus::Completed);
}

async fn a_call_signed_with_another_token_is_rejected_and_leaves_no_row(db: Database) {
    let plane = Plane::start(db).await;
    let (account, _, _) = plane.answered_by(announcement("Hello.")).await;
    let stolen = AccountChange { auth_token: Some("ef".repeat(16)), ..AccountChange::default() };
    plane.twilio.change_account(&account.sid, stolen).expect("it exists");
    let transcript = plane.call(Script::default()).await;
    let refused = |exchange: &&callplane_simulator::Exchange| exchange.status == Some(403);
    assert_eq!(transcript.requests.iter().filter(refused).count(), transcript.requests.len(), "{transcript:?}");
    let request = pb::GetCallRequest { call_id: transcript.call_sid };
    let absent = plane.api.calls().get_call(request).await.expect_err("nothing is stored");
    assert_eq!(absent.code(), Code::NotFound);
}
