//! Golden documents for each verb, and the property that rendered instructions read back the same.

use callplane_proto::edge::v1::{
    Dial, DialTarget, Gather, GatherInput, Hangup, Instructions, Message, Messages, Pause, Play, Record, Redirect,
    Reject, Say, Stream, StreamParameter, Verb, dial_target, verb::Kind,
};
use proptest::prelude::*;
use prost_types::Duration;

use super::{Renderer, Unwritable, readback, xml::is_xml};

const BASE: &str = "https://hooks.example.net";

fn render(kinds: Vec<Kind>) -> String {
    let verbs = kinds.into_iter().map(|kind| Verb { kind: Some(kind) }).collect();
    let twiml = Renderer::new(BASE).instructions(&Instructions { verbs, ..Default::default() }).expect("writable");
    let inside = twiml.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?><Response>"#).expect("a response");
    inside.strip_suffix("</Response>").expect("a response").to_owned()
}

fn duration(seconds: i64, nanos: i32) -> Option<Duration> {
    Some(Duration { seconds, nanos })
}

#[test]
fn nothing_to_do_is_an_empty_response() {
    assert_eq!(render(vec![]), "");
}

#[test]
fn a_greeting_and_a_voicemail() {
    let say = Say { text: "Tom & <Jerry>".into(), voice: "Polly.Amy".into(), language: "en-GB".into(), r#loop: 2 };
    let record = Record {
        action: "/twilio/voicemail".into(),
        recording_status_callback: "/twilio/recording#rc=2&rp=5xx".into(),
        max_length: duration(120, 0),
        timeout: duration(5, 0),
        finish_on_key: None,
        play_beep: true,
    };
    assert_eq!(
        render(vec![Kind::Say(say), Kind::Record(record)]),
        "<Say voice=\"Polly.Amy\" language=\"en-GB\" loop=\"2\">Tom &amp; &lt;Jerry&gt;</Say>\
         <Record action=\"https://hooks.example.net/twilio/voicemail\" \
         recordingStatusCallback=\"https://hooks.example.net/twilio/recording#rc=2&amp;rp=5xx\" \
         maxLength=\"120\" timeout=\"5\" playBeep=\"true\"/>"
    );
}

#[test]
fn a_stream_with_parameters_and_a_way_out() {
    let stream = Stream {
        url: "wss://voice.example.net/s".into(),
        parameters: vec![StreamParameter { name: "token".into(), value: "a\"b".into() }],
        action: "/twilio/dial/call_1".into(),
        ..Default::default()
    };
    assert_eq!(
        render(vec![Kind::Stream(stream)]),
        "<Connect action=\"https://hooks.example.net/twilio/dial/call_1\"><Stream url=\"wss://voice.example.net/s\">\
         <Parameter name=\"token\" value=\"a&quot;b\"/></Stream></Connect>"
    );
}

#[test]
fn a_leg_that_is_reported_is_reported_whole() {
    let target = |kind, callback: &str| DialTarget { kind: Some(kind), status_callback: callback.into() };
    let dial = Dial {
        action: "/twilio/dial/t".into(),
        timeout: duration(20, 1),
        caller_id: "+15005550006".into(),
        targets: vec![
            target(dial_target::Kind::Number("+18185550100".into()), "/twilio/status/t"),
            target(dial_target::Kind::SipUri("sip:a@example.com".into()), ""),
        ],
        ..Default::default()
    };
    assert_eq!(
        render(vec![Kind::Dial(dial)]),
        "<Dial action=\"https://hooks.example.net/twilio/dial/t\" timeout=\"21\" callerId=\"+15005550006\">\
         <Number statusCallback=\"https://hooks.example.net/twilio/status/t\" \
         statusCallbackEvent=\"initiated ringing answered completed\">+18185550100</Number>\
         <Sip>sip:a@example.com</Sip></Dial>"
    );
}

#[test]
fn a_refusal_a_wait_and_an_end() {
    let kinds = vec![Kind::Pause(Pause { length: None }), Kind::Reject(Reject { busy: true }), Kind::Hangup(Hangup {})];
    assert_eq!(render(kinds), "<Pause/><Reject reason=\"busy\"/><Hangup/>");
}

#[test]
fn a_gather_holds_prompts_only() {
    let hangup = Verb { kind: Some(Kind::Hangup(Hangup {})) };
    let gather = Gather { prompts: vec![hangup], ..Default::default() };
    let verbs = vec![Verb { kind: Some(Kind::Gather(gather)) }];
    let outcome = Renderer::new(BASE).instructions(&Instructions { verbs, ..Default::default() });
    assert_eq!(outcome, Err(Unwritable::NotAPrompt));
}

#[test]
fn what_is_not_known_or_too_long_is_not_written() {
    let unknown = Instructions { verbs: vec![Verb { kind: None }], ..Default::default() };
    assert_eq!(Renderer::new(BASE).instructions(&unknown), Err(Unwritable::UnknownVerb));
    let say = Say { text: "a".repeat(70_000), ..Default::default() };
    let long = Instructions { verbs: vec![Verb { kind: Some(Kind::Say(say)) }], ..Default::default() };
    assert_eq!(Renderer::new(BASE).instructions(&long), Err(Unwritable::TooLong));
}

#[test]
fn messages_have_text_and_media() {
    let message = Message { body: "Hi & bye".into(), media_urls: vec!["https://m/1?a=1&b=2".into()] };
    let twiml = Renderer::new(BASE).messages(&Messages { messages: vec![message] }).expect("writable");
    assert!(twiml.ends_with(
        "<Response><Message><Body>Hi &amp; bye</Body><Media>https://m/1?a=1&amp;b=2</Media></Message></Response>"
    ));
}

/// Text as it can arrive on the other side: XML has no place for some control characters.
fn text() -> impl Strategy<Value = String> {
    ".{0,20}".prop_map(|text| text.chars().filter(|character| is_xml(*character)).collect())
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "/[a-z]{1,8}/[a-z0-9_&?=#]{0,12}"]
}

fn length() -> impl Strategy<Value = Option<Duration>> {
    proptest::option::of((0_i64..4000).prop_map(|seconds| Duration { seconds, nanos: 0 }))
}

fn times() -> impl Strategy<Value = i32> {
    prop_oneof![Just(0), 2..10]
}

fn prompt() -> impl Strategy<Value = Verb> {
    prop_oneof![
        (text(), text(), text(), times()).prop_map(|(text, voice, language, r#loop)| Kind::Say(Say {
            text,
            voice,
            language,
            r#loop
        })),
        (text(), text(), times()).prop_map(|(url, digits, r#loop)| Kind::Play(Play { url, digits, r#loop })),
        length().prop_map(|length| Kind::Pause(Pause { length })),
    ]
    .prop_map(|kind| Verb { kind: Some(kind) })
}

fn gather() -> impl Strategy<Value = Kind> {
    let input = prop_oneof![Just(GatherInput::Dtmf), Just(GatherInput::Speech), Just(GatherInput::DtmfSpeech)];
    let rest = (proptest::option::of(text()), any::<bool>(), text(), proptest::collection::vec(prompt(), 0..4));
    (path(), input, length(), 0..20, rest).prop_map(
        |(action, input, timeout, num_digits, (finish_on_key, action_on_empty_result, language, prompts))| {
            let input = input.into();
            Kind::Gather(Gather {
                action,
                input,
                timeout,
                num_digits,
                finish_on_key,
                action_on_empty_result,
                language,
                prompts,
            })
        },
    )
}

fn record() -> impl Strategy<Value = Kind> {
    (path(), path(), length(), length(), proptest::option::of(text()), any::<bool>()).prop_map(
        |(action, recording_status_callback, max_length, timeout, finish_on_key, play_beep)| {
            Kind::Record(Record { action, recording_status_callback, max_length, timeout, finish_on_key, play_beep })
        },
    )
}

fn dial() -> impl Strategy<Value = Kind> {
    let kind = prop_oneof![text().prop_map(dial_target::Kind::Number), text().prop_map(dial_target::Kind::SipUri)];
    let target = (kind, path()).prop_map(|(kind, status_callback)| DialTarget { kind: Some(kind), status_callback });
    (path(), length(), length(), text(), proptest::collection::vec(target, 0..4), any::<bool>()).prop_map(
        |(action, timeout, time_limit, caller_id, targets, answer_on_bridge)| {
            Kind::Dial(Dial { action, timeout, time_limit, caller_id, targets, answer_on_bridge })
        },
    )
}

fn stream() -> impl Strategy<Value = Kind> {
    let parameter = (text(), text()).prop_map(|(name, value)| StreamParameter { name, value });
    (text(), proptest::collection::vec(parameter, 0..4), path(), text(), path()).prop_map(
        |(url, parameters, status_callback, name, action)| {
            Kind::Stream(Stream { url, parameters, status_callback, name, action })
        },
    )
}

fn verb() -> impl Strategy<Value = Verb> {
    let kind = prop_oneof![
        gather(),
        record(),
        dial(),
        stream(),
        "/[a-z]{1,9}".prop_map(|path| Kind::Redirect(Redirect { path })),
        any::<bool>().prop_map(|busy| Kind::Reject(Reject { busy })),
        Just(Kind::Hangup(Hangup {})),
    ];
    prop_oneof![prompt(), kind.prop_map(|kind| Verb { kind: Some(kind) })]
}

proptest! {
    #[test]
    fn rendered_instructions_read_back_the_same(verbs in proptest::collection::vec(verb(), 0..6)) {
        let instructions = Instructions { verbs, ..Default::default() };
        let twiml = Renderer::new(BASE).instructions(&instructions).expect("short and known");
        prop_assert_eq!(readback::instructions(&twiml, BASE), instructions);
    }

    #[test]
    fn no_text_breaks_the_document(text in proptest::collection::vec(any::<char>(), 0..40)) {
        let text: String = text.into_iter().collect();
        let say = Say { text: text.clone(), voice: text.clone(), ..Default::default() };
        let instructions = Instructions { verbs: vec![Verb { kind: Some(Kind::Say(say)) }], ..Default::default() };
        let twiml = Renderer::new(BASE).instructions(&instructions).expect("short");
        let kept: String = text.chars().filter(|character| is_xml(*character)).collect();
        let Some(Kind::Say(say)) = readback::instructions(&twiml, BASE).verbs.remove(0).kind else { panic!("a Say") };
        prop_assert_eq!((say.text, say.voice), (kept.clone(), kept));
    }
}
