//! The signed text has no separators, so the same signature fits a form whose fields are cut elsewhere. Whoever replays a
//! webhook that way must not change what it says.

mod support;

use callplane_edge::{
    form::Form,
    route::Route,
    translate::{Arrival, webhook},
    verify::{Content, Key, Signed, verify},
};
use callplane_proto::edge::v1::{CallFacts, webhook::Event};
use support::vectors::{Vector, webhooks};

fn route(vector: &Vector) -> Route {
    match vector.kind.as_deref().unwrap_or_default() {
        "voice.request" => Route::Voice,
        "voice.status" => Route::Status,
        "voice.gather" => Route::Gather,
        "voice.dial-action" => Route::Dial,
        "voice.record-action" => Route::Voicemail,
        "voice.fallback" => Route::Fallback,
        "recording.status" => Route::Recording,
        "message.inbound" => Route::Message,
        "message.fallback" => Route::MessageFallback,
        "message.status" => Route::MessageStatus,
        other => panic!("kind {other}"),
    }
}

/// What decides anything: ids, ends, states, keys. Places and names are for people to read.
fn decisive(event: Event) -> Vec<String> {
    let of_call = |call: Option<CallFacts>| {
        let call = call.expect("facts");
        vec![call.call_sid, call.from, call.to, call.call_status, call.direction]
    };
    match event {
        Event::CallReceived(event) => of_call(event.call),
        Event::CallAnswered(event) => of_call(event.call),
        Event::DigitsGathered(event) => [of_call(event.call), vec![event.digits]].concat(),
        Event::CallProgressed(event) => [of_call(event.call), vec![format!("{:?}", event.sequence_number)]].concat(),
        Event::DialEnded(event) => [of_call(event.call), vec![event.dial_call_status]].concat(),
        Event::VoicemailLeft(event) => [of_call(event.call), vec![event.digits]].concat(),
        Event::AnswerFailed(event) => of_call(event.call),
        Event::RecordingProgressed(event) => vec![event.call_sid, event.recording_sid, event.recording_status],
        Event::MessageReceived(event) => vec![event.message_sid, event.from, event.to],
        Event::MessageProgressed(event) => vec![event.message_sid, event.message_status],
    }
}

fn read(vector: &Vector, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<String>> {
    let encoded = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    let form = Form::parse(encoded.collect::<Vec<_>>().join("&").as_bytes(), 200).expect("few fields");
    let signed = Signed { url: &vector.url, content: Content::Form(&form), signature: Some(&vector.signature) };
    verify(signed, &[Key::token(vector.auth_token.as_bytes())]).ok()?;
    let arrival = Arrival { route: route(vector), tag: "", account_sid: "AC1", idempotency_token: None, target: "/" };
    webhook(&arrival, &form).ok()?.event.map(decisive)
}

fn escape(bytes: &[u8]) -> String {
    form_urlencoded::byte_serialize(bytes).collect()
}

#[test]
fn fields_cut_elsewhere_say_nothing_new() {
    let (mut accepted, mut tried) = (0, 0);
    for vector in webhooks() {
        let form = Form::parse(vector.body.as_bytes(), 200).expect("few fields");
        let mut fields: Vec<_> = form.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        fields.sort();
        let original = read(&vector, &fields).expect("the vector is valid");
        for at in 0..fields.len() {
            for forged in [merged(&fields, at), with_value_in_name(&fields, at)].into_iter().flatten() {
                tried += 1;
                let Some(said) = read(&vector, &forged) else { continue };
                accepted += 1;
                let same_or_less =
                    said.iter().zip(&original).all(|(said, original)| said == original || is_nothing(said));
                let field = String::from_utf8_lossy(&fields[at].0);
                assert!(same_or_less, "{}, {field}: {said:?} instead of {original:?}", vector.id);
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    assert!(
        accepted > 100,
        "harmless cuts are still accepted, so the others were refused for what they say: {accepted}"
    );
}

fn is_nothing(value: &str) -> bool {
    matches!(value, "" | "None")
}

/// The next field becomes the end of this one's value.
fn merged(fields: &[(Vec<u8>, Vec<u8>)], at: usize) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let (name, value) = fields.get(at + 1)?;
    let mut forged = fields.to_vec();
    forged[at].1.extend_from_slice(name);
    forged[at].1.extend_from_slice(value);
    forged.remove(at + 1);
    Some(forged)
}

/// The name takes its value in, so that the field is gone.
fn with_value_in_name(fields: &[(Vec<u8>, Vec<u8>)], at: usize) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut forged = fields.to_vec();
    let value = std::mem::take(&mut forged[at].1);
    forged[at].0.extend(value);
    Some(forged)
}
