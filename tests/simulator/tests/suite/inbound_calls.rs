//! Inbound calls against a plain webhook host.

use crate::host::Host;
use callplane_simulator::signature::sign;
use callplane_simulator::{
    Act, Answer, Callee, Delivery, DeliveryRule, Kind, LedgerFilter, NewAccount, NewNumber, OnTheLine, PlaceCall,
    Script, Simulator, SimulatorHandle, SimulatorOptions, StreamFate,
};

const OURS: &str = "+15550100001";
const CALLER: &str = "+15550100099";
const FRIEND: &str = "+15550100050";

async fn scene() -> (SimulatorHandle, Host) {
    let start = "2026-08-04T09:00:00Z".parse().expect("a valid time");
    let options = SimulatorOptions { start: Some(start), ..SimulatorOptions::default() };
    let simulator = Simulator::start(options).await.expect("a free port");
    let host = Host::start().await;
    let account = simulator.add_account(NewAccount::default()).expect("a new account");
    let number = NewNumber {
        voice_url: Some(host.url("/voice")),
        voice_fallback_url: Some(host.url("/fallback")),
        status_callback: Some(host.url("/status")),
        ..NewNumber::new(OURS, &account.sid)
    };
    simulator.add_number(number).expect("a new number");
    (simulator, host)
}

fn call(script: Script) -> PlaceCall {
    PlaceCall::new(CALLER, OURS).script(script)
}

#[tokio::test]
async fn the_first_request_is_signed_with_the_owners_token_and_the_end_is_reported_once() {
    let (simulator, host) = scene().await;
    host.says("/voice", "<Say>Hello there</Say><Hangup/>");
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    assert_eq!(transcript.status, "completed");
    assert_eq!(transcript.said(), "Hello there");
    let token = &simulator.accounts()[0].auth_token;
    let voice = &host.at("/voice")[0];
    assert_eq!(voice.value("CallStatus"), Some("ringing"));
    assert_eq!(voice.value("FromZip"), Some(""));
    assert_eq!(voice.header("content-type"), Some("application/x-www-form-urlencoded; charset=UTF-8"));
    let signature = sign(token, &host.url("/voice"), &voice.form);
    assert_eq!(voice.header("x-twilio-signature"), Some(signature.as_str()));
    let end = host.at("/status");
    assert_eq!(end.len(), 1);
    assert_eq!((end[0].value("CallStatus"), end[0].value("SequenceNumber")), (Some("completed"), Some("0")));
    assert_eq!(end[0].value("CallDuration"), Some("1"));
}

#[tokio::test]
async fn pressed_digits_reach_the_action_and_its_document_goes_on() {
    let (simulator, host) = scene().await;
    host.says(
        "/voice",
        r#"<Gather action="/menu?x=1" numDigits="1"><Say>Press a key</Say></Gather><Say>Too late</Say>"#,
    );
    host.says("/menu", "<Say>Thanks</Say>");
    let script = Script { acts: vec![Act::Press("7".into())], ..Script::default() };
    let transcript = simulator.place_inbound_call(call(script)).await.expect("the call is placed");
    assert_eq!(transcript.said(), "Press a key Thanks");
    let menu = &host.at("/menu")[0];
    assert_eq!((menu.value("Digits"), menu.value("CallStatus")), (Some("7"), Some("in-progress")));
    assert_eq!(simulator.ledger_of(&LedgerFilter::kind("pressed")).len(), 1);
}

#[tokio::test]
async fn without_input_a_gather_is_followed_by_the_next_verb_and_no_request() {
    let (simulator, host) = scene().await;
    host.says("/voice", r#"<Gather action="/menu"/><Say>Goodbye</Say>"#);
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    assert!(host.at("/menu").is_empty());
    assert_eq!(transcript.said(), "Goodbye");
    assert_eq!(transcript.seconds, 6);
}

#[tokio::test]
async fn a_voicemail_gives_action_recording_callback_and_a_file() {
    let (simulator, host) = scene().await;
    host.says("/voice", r#"<Record action="/left" recordingStatusCallback="/recording" maxLength="60"/>"#);
    let script = Script { acts: vec![Act::Voicemail(21)], ..Script::default() };
    let transcript = simulator.place_inbound_call(call(script)).await.expect("the call is placed");
    let left = &host.at("/left")[0];
    assert_eq!((left.value("Digits"), left.value("RecordingDuration")), (Some("hangup"), Some("21")));
    assert_eq!(left.value("CallStatus"), Some("completed"));
    let recording = &host.at("/recording")[0];
    assert_eq!((recording.value("RecordingStatus"), recording.value("ErrorCode")), (Some("completed"), Some("0")));
    assert_eq!(recording.value("CallStatus"), None);
    assert_eq!((transcript.status.as_str(), transcript.seconds), ("completed", 21));
    let account = &simulator.accounts()[0];
    let url = format!("{}.wav", recording.value("RecordingUrl").expect("a URL"));
    let request = reqwest::Client::new().get(url).basic_auth(&account.sid, Some(&account.auth_token));
    let file = request.send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(file.len(), 44 + 21 * 16_000);
}

#[tokio::test]
async fn a_dial_reports_each_party_and_tells_the_action_who_talked() {
    let (simulator, host) = scene().await;
    host.says(
        "/voice",
        r#"<Dial action="/dialled"><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+15550100050</Number><Number>+15550100051</Number></Dial>"#,
    );
    let mut script = Script::default();
    script.dialled.insert(FRIEND.into(), Callee::Answers(Answer { for_seconds: 64, ..Answer::default() }));
    script.dialled.insert("*".into(), Callee::NoAnswer);
    let transcript = simulator.place_inbound_call(call(script)).await.expect("the call is placed");
    let legs = host.at("/leg");
    let statuses: Vec<_> = legs.iter().filter_map(|leg| leg.value("CallStatus")).collect();
    assert_eq!(statuses, ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(legs[3].value("ParentCallSid"), Some(transcript.call_sid.as_str()));
    assert_eq!((legs[3].value("CallDuration"), legs[3].value("Duration")), (Some("64"), Some("2")));
    let action = &host.at("/dialled")[0];
    assert_eq!((action.value("DialCallStatus"), action.value("DialBridged")), (Some("completed"), Some("true")));
    assert_eq!(simulator.ledger_of(&LedgerFilter::kind("rung")).len(), 2);
}

#[tokio::test]
async fn a_stream_is_held_until_it_closes_and_a_refused_one_is_an_alarm() {
    let (simulator, host) = scene().await;
    host.says(
        "/voice",
        r#"<Connect><Stream url="wss://h.example/s"><Parameter name="token" value="t"/></Stream></Connect><Say>After</Say>"#,
    );
    let accepted = Script { stream: Some(StreamFate::Accepted(40)), ..Script::default() };
    let transcript = simulator.place_inbound_call(call(accepted)).await.expect("the call is placed");
    assert_eq!(transcript.seconds, 41);
    let streamed = transcript.line.iter().find_map(|moment| match moment {
        OnTheLine::Streamed { parameters, .. } => Some(parameters.clone()),
        _ => None,
    });
    assert_eq!(streamed, Some(vec![("token".to_owned(), "t".to_owned())]));
    let refused = Script { stream: Some(StreamFate::Refused), ..Script::default() };
    let transcript = simulator.place_inbound_call(call(refused)).await.expect("the call is placed");
    assert_eq!(transcript.warnings[0].code, 31920);
    assert_eq!(transcript.said(), "After");
}

#[tokio::test]
async fn when_the_voice_url_fails_the_fallback_is_asked_with_the_reason() {
    let (simulator, host) = scene().await;
    host.answers("/voice", 500, "");
    host.says("/fallback", "<Say>Sorry</Say>");
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    let fallback = &host.at("/fallback")[0];
    assert_eq!(fallback.value("ErrorCode"), Some("11200"));
    assert_eq!(fallback.value("ErrorUrl"), Some(host.url("/voice").as_str()));
    assert_eq!((host.at("/voice").len(), transcript.said().as_str()), (1, "Sorry"));
}

#[tokio::test]
async fn the_overrides_in_the_fragment_make_twilio_ask_again() {
    let (simulator, host) = scene().await;
    host.answers("/flaky", 503, "");
    let place = PlaceCall { voice_url: Some(host.url("/flaky#rc=2&rp=5xx")), ..call(Script::default()) };
    simulator.place_inbound_call(place).await.expect("the call is placed");
    assert_eq!(host.at("/flaky").len(), 3);
}

#[tokio::test]
async fn a_rejected_call_is_never_answered_and_ends_busy() {
    let (simulator, host) = scene().await;
    host.says("/voice", r#"<Reject reason="busy"/>"#);
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    assert_eq!((transcript.status.as_str(), transcript.seconds), ("busy", 0));
    assert_eq!(host.at("/status")[0].value("CallStatus"), Some("busy"));
}

#[tokio::test]
async fn an_endless_redirect_is_ended() {
    let (simulator, host) = scene().await;
    host.says("/voice", "<Redirect>/voice</Redirect>");
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    assert_eq!(transcript.status, "completed");
    assert!(!transcript.warnings.is_empty());
}

#[tokio::test]
async fn a_call_to_a_suspended_account_reaches_no_webhook() {
    let (simulator, host) = scene().await;
    let sid = simulator.accounts()[0].sid.clone();
    simulator.suspend(&sid).expect("the account exists");
    let transcript = simulator.place_inbound_call(call(Script::default())).await.expect("the call is placed");
    assert_eq!((transcript.status.as_str(), transcript.warnings[0].code), ("failed", 10003));
    assert!(host.received().is_empty());
}

#[tokio::test]
async fn reports_arrive_twice_late_or_not_at_all_when_told_to() {
    let (simulator, host) = scene().await;
    host.says("/voice", r#"<Dial><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+15550100050</Number></Dial>"#);
    let deliveries = vec![
        DeliveryRule::of(Kind::Status, Delivery::Late).status("initiated"),
        DeliveryRule::of(Kind::Status, Delivery::Dropped).status("ringing"),
        DeliveryRule::of(Kind::Status, Delivery::OutOfOrder).status("in-progress"),
    ];
    let script = Script { deliveries, ..Script::default() };
    simulator.add_delivery_rule(DeliveryRule {
        url: Some("/status".into()),
        ..DeliveryRule::of(Kind::Status, Delivery::Twice)
    });
    simulator.place_inbound_call(call(script)).await.expect("the call is placed");
    let legs = host.at("/leg");
    let statuses: Vec<_> = legs.iter().filter_map(|leg| leg.value("CallStatus")).collect();
    assert_eq!(statuses, ["completed", "in-progress", "initiated"]);
    assert_eq!(host.at("/status").len(), 2);
}

#[tokio::test]
async fn a_public_address_can_lead_to_a_local_one_and_is_signed_as_the_public_one() {
    let (simulator, host) = scene().await;
    host.says("/voice", "<Hangup/>");
    simulator.add_route("https://calls.example.com", &host.base).expect("valid addresses");
    let place = PlaceCall { voice_url: Some("https://calls.example.com/voice".into()), ..call(Script::default()) };
    simulator.place_inbound_call(place).await.expect("the call is placed");
    let voice = &host.at("/voice")[0];
    let signature = sign(&simulator.accounts()[0].auth_token, "https://calls.example.com/voice", &voice.form);
    assert_eq!(voice.header("x-twilio-signature"), Some(signature.as_str()));
}
