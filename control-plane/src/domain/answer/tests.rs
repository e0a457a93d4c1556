use chrono::Duration;

use super::{afterwards::Turn, *};
use crate::domain::{
    agent::AgentState,
    call::Status,
    fallback::NumberFallback,
    sample::{agent, agent_id, at, call},
    seconds::Seconds,
    time::Timestamp,
};

fn with(number: u128, endpoint: Endpoint, fallback: Option<u128>) -> Agent {
    Agent { endpoint, fallback_agent_id: fallback.map(agent_id), ..agent(number) }
}

fn human(number: u128, fallback: Option<u128>) -> Agent {
    let phone_number = "+15005550123".parse().expect("E.164");
    with(number, Endpoint::Human(Human { phone_number, ring_timeout: Seconds(20), caller_id: None }), fallback)
}

fn stream(number: u128, fallback: Option<u128>) -> Agent {
    let parameters = [("language".to_owned(), "en".to_owned())].into();
    with(number, Endpoint::MediaStream(MediaStream { url: "wss://voice.example.com".to_owned(), parameters }), fallback)
}

fn eleven_labs(number: u128, fallback: Option<u128>) -> Agent {
    let dynamic_variables = [("name".to_owned(), "Ada".to_owned())].into();
    let agent_id = "agent_1".to_owned();
    with(number, Endpoint::ElevenLabs(ElevenLabs { agent_id, dynamic_variables }), fallback)
}

/// Answers as `agents[0]`, with all of them in the roster.
fn answered(agents: &[Agent]) -> Answer {
    let roster = |id| agents.iter().find(|agent| agent.id == id);
    let call = call();
    let scene = Scene { call: &call, voicemail: None, stream_token: Some("once"), roster: &roster };
    answer(&Answering::Agent(&agents[0]), &scene)
}

fn verbs(answer: &Answer) -> &[Verb] {
    match answer {
        Answer::Instructions(Instructions::Verbs(verbs)) => verbs,
        other => panic!("not verbs: {other:?}"),
    }
}

fn said(instructions: &Instructions) -> &str {
    match instructions {
        Instructions::Verbs(verbs) => match &verbs[0] {
            Verb::Say(say) => &say.text,
            other => panic!("does not speak first: {other:?}"),
        },
        Instructions::Passthrough(_) => panic!("somebody else's words"),
    }
}

fn is_voicemail(answer: &Answer) -> bool {
    matches!(verbs(answer), [Verb::Say(_), Verb::Record(_), Verb::Hangup])
}

fn dial_ended(leg: Leg<'_>, call: &Call, agents: &[Agent], now: Timestamp) -> Turn {
    let roster = |id| agents.iter().find(|agent| agent.id == id);
    after_dial(leg, &Scene { call, voicemail: None, stream_token: Some("once"), roster: &roster }, now)
}

#[test]
fn a_voice_server_gets_its_parameters_and_ours_and_the_call_goes_on_when_the_stream_closes() {
    let answer = answered(&[stream(1, None)]);
    let [Verb::Stream(stream), Verb::Redirect { path }] = verbs(&answer) else { panic!("{answer:?}") };
    let names: Vec<_> = stream.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["language", "callplane_call_id", "callplane_agent_id", "token"]);
    assert_eq!(stream.parameters[3].value, "once");
    assert_eq!(*path, format!("/twilio/dial/{}", call().id));
    assert!(answer.has_stream());
    assert!(!format!("{answer:?}").contains("once"), "a token does not show");
}

#[test]
fn a_person_rings_as_long_as_agreed_and_the_caller_pays_only_when_they_pick_up() {
    let answer = answered(&[human(1, None)]);
    let [Verb::Dial(dial)] = verbs(&answer) else { panic!("{answer:?}") };
    assert_eq!((dial.timeout, dial.answer_on_bridge), (Seconds(20), true));
    assert_eq!(dial.action, format!("/twilio/dial/{}", call().id));
    assert!(!answer.has_stream());
    let sip = Endpoint::Sip(Sip { uri: "sip:desk@example.com".to_owned(), ring_timeout: Seconds(25) });
    let answer = answered(&[with(1, sip, None)]);
    let [Verb::Dial(dial)] = verbs(&answer) else { panic!("{answer:?}") };
    assert_eq!(dial.targets[0].to, DialAddress::Sip("sip:desk@example.com".to_owned()));
}

#[test]
fn an_eleven_labs_agent_is_registered_and_somebody_who_needs_no_registration_stands_by() {
    let Answer::Register(alone) = answered(&[eleven_labs(1, None)]) else { panic!("registers") };
    assert_eq!(alone.eleven_labs_agent_id, "agent_1");
    assert_eq!(alone.dynamic_variables["name"], "Ada");
    assert_eq!(alone.dynamic_variables["callplane_call_id"], call().id.to_string());
    assert_eq!(said(&alone.otherwise), texts::GREETING);
    assert_eq!(alone.otherwise_agent_id, None);
    let answer = answered(&[eleven_labs(1, Some(2)), eleven_labs(2, Some(3)), stream(3, None)]);
    assert!(answer.has_stream());
    let Answer::Register(backed) = answer else { panic!("registers") };
    assert_eq!(backed.otherwise_agent_id, Some(agent_id(3)));
}

#[test]
fn announcements_and_voicemail_say_what_was_configured() {
    let answer = answered(&[agent(1)]);
    assert_eq!(verbs(&answer).len(), 2);
    let own = VoicemailBox { greeting: "Leave word.".to_owned(), max_length: Seconds(60), ..VoicemailBox::default() };
    let answer = answered(&[with(1, Endpoint::Voicemail(own.clone()), None)]);
    let [Verb::Say(say), Verb::Record(record), Verb::Hangup] = verbs(&answer) else { panic!("{answer:?}") };
    assert_eq!((say.text.as_str(), record.max_length, record.timeout), ("Leave word.", Seconds(60), Seconds(5)));
    assert_eq!(record.action, "/twilio/voicemail");
    assert_eq!(record.recording_status_callback, "/twilio/recording");
    let call = call();
    let scene = Scene { call: &call, voicemail: Some(&own), stream_token: None, roster: &|_| None };
    let Answer::Instructions(numbers) = answer_of(Answering::Voicemail(None), &scene) else { panic!("speaks") };
    assert_eq!(said(&numbers), "Leave word.");
    let Answer::Instructions(unknown) = answer_of(Answering::NotInService, &scene) else { panic!("speaks") };
    assert_eq!(said(&unknown), texts::NOT_IN_SERVICE);
}

fn answer_of(answering: Answering<'_>, scene: &Scene<'_>) -> Answer {
    answer(&answering, scene)
}

#[test]
fn after_a_conversation_the_call_ends() {
    let talked = Call { agent_id: Some(agent_id(1)), ..call() };
    let agents = [human(1, Some(2)), human(2, None)];
    for leg in [
        Leg { status: "completed", bridged: Some(true) },
        Leg { status: "completed", bridged: None },
        Leg { status: "answered", bridged: None },
        Leg { status: "canceled", bridged: None },
    ] {
        let turn = dial_ended(leg, &talked, &agents, talked.update_time);
        assert_eq!((verbs(&turn.answer), turn.hand_over), ([Verb::Hangup].as_slice(), None), "{leg:?}");
    }
    let gone = Call { status: Status::Completed, ..talked };
    let turn = dial_ended(Leg { status: "no-answer", bridged: None }, &gone, &agents, gone.update_time);
    assert_eq!(verbs(&turn.answer), [Verb::Hangup]);
}

#[test]
fn a_leg_that_reached_nobody_goes_along_the_chain_and_ends_at_voicemail() {
    let paused = Agent { state: AgentState::Paused, ..human(2, Some(3)) };
    let agents = [human(1, Some(2)), paused, human(3, Some(1))];
    let mut call = Call { agent_id: Some(agent_id(1)), ..call() };
    let busy = Leg { status: "busy", bridged: None };
    let turn = dial_ended(busy, &call, &agents, call.update_time);
    assert_eq!(turn.hand_over, Some(Some(agent_id(3))));
    assert!(matches!(verbs(&turn.answer), [Verb::Dial(_)]));
    call.hand_over(Some(agent_id(3)));
    for leg in [busy, Leg { status: "failed", bridged: None }, Leg { status: "completed", bridged: Some(false) }] {
        let turn = dial_ended(leg, &call, &agents, call.update_time);
        assert_eq!(turn.hand_over, Some(None), "agent 1 was tried before");
        assert!(is_voicemail(&turn.answer));
    }
}

#[test]
fn a_repeated_end_of_a_leg_gets_the_same_answer_and_rings_nobody_after_a_conversation() {
    let agents = [human(1, Some(2)), human(2, None)];
    let mut call = Call { agent_id: Some(agent_id(1)), ..call() };
    let legs = [Leg { status: "completed", bridged: Some(true) }, Leg { status: "busy", bridged: None }];
    // The first leg was a conversation; or it was busy, then the second one was too.
    for leg in [legs[0], legs[1], legs[1]] {
        let now = call.update_time;
        let turn = dial_ended(leg, &call, &agents, now);
        if let Some(to) = turn.hand_over {
            call.hand_over(to);
        }
        let roster = |id| agents.iter().find(|agent| agent.id == id);
        let scene = Scene { call: &call, voicemail: None, stream_token: Some("once"), roster: &roster };
        assert_eq!(after_dial_again(leg, &scene, now), turn.answer, "{leg:?}");
    }
}

#[test]
fn a_stream_that_dropped_at_once_reached_nobody() {
    let connected = at("2026-08-04T09:00:01Z");
    let call = Call { agent_id: Some(agent_id(1)), connect_time: Some(connected), ..call() };
    let agents = [stream(1, None)];
    let dropped = dial_ended(Leg::default(), &call, &agents, connected + Duration::milliseconds(2_999));
    assert!(is_voicemail(&dropped.answer));
    let closed = dial_ended(Leg::default(), &call, &agents, connected + Duration::seconds(3));
    assert_eq!(verbs(&closed.answer), [Verb::Hangup]);
}

#[test]
fn a_call_whose_agent_is_gone_still_gets_voicemail() {
    let call = Call { agent_id: Some(agent_id(9)), ..call() };
    let turn = dial_ended(Leg { status: "failed", bridged: None }, &call, &[], call.update_time);
    assert!(is_voicemail(&turn.answer));
}

#[test]
fn after_a_failed_answer_the_caller_of_a_number_of_ours_may_leave_a_message() {
    let ours = call();
    let stranger = Call { phone_number_id: None, ..call() };
    let after = |call: &Call| {
        let scene = Scene { call, voicemail: None, stream_token: None, roster: &|_| None };
        said(&after_answer_failed(&scene)).to_owned()
    };
    assert_eq!((after(&ours).as_str(), after(&stranger).as_str()), (texts::GREETING, texts::APOLOGY));
    assert_eq!(said(&after_voicemail()), texts::THANKS);
    assert_eq!(said(&after_gather()), texts::NOTHING_ASKED);
}

#[test]
fn a_numbers_fallback_needs_no_control_plane_while_the_caller_is_there() {
    let forward = NumberFallback::ForwardTo { number: "+15005550123".parse().expect("E.164") };
    let Instructions::Verbs(verbs) = forward.instructions() else { panic!("verbs") };
    let [Verb::Dial(dial), Verb::Hangup] = verbs.as_slice() else { panic!("{verbs:?}") };
    assert_eq!(dial.action, "");
    let voicemail = NumberFallback::Voicemail(VoicemailBox::default()).instructions();
    assert_eq!(said(&voicemail), texts::GREETING);
    let closed = Announcement { text: "Closed.".to_owned(), ..Announcement::default() };
    assert_eq!(said(&NumberFallback::Announcement(closed).instructions()), "Closed.");
}

#[test]
fn stored_fallbacks_still_load() {
    for sample in [
        r#"{"kind":"announcement","text":"Closed.","voice":"","language":""}"#,
        r#"{"kind":"voicemail","greeting":"","max_length":120,"silence_timeout":5,"voice":"","language":""}"#,
        r#"{"kind":"forward-to","number":"+15005550123"}"#,
    ] {
        let fallback: NumberFallback = serde_json::from_str(sample).expect(sample);
        assert_eq!(serde_json::to_string(&fallback).expect("plain"), sample);
    }
}
