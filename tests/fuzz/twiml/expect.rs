//! What Twilio should read for instructions: written down a second time, as a tree, from the instructions' description.

use callplane_proto::edge::v1::{
    Dial, DialTarget, Gather, GatherInput, Messages, Record, Stream, Verb, dial_target, verb::Kind,
};
use callplane_simulator::twiml::Element;
use callplane_twiml::Unwritable;
use prost_types::Duration;

use super::BASE;

type Attributes<'a> = &'a [(&'a str, Option<String>)];

pub fn verbs(verbs: &[Verb]) -> Result<Vec<Element>, Unwritable> {
    verbs.iter().map(verb).collect()
}

pub fn messages(messages: &Messages) -> Vec<Element> {
    let message = |message: &callplane_proto::edge::v1::Message| {
        let body = filled(&message.body).map(|body| element("Body", &[], &body, vec![]));
        let media = message.media_urls.iter().map(|url| element("Media", &[], url, vec![]));
        element("Message", &[], "", body.into_iter().chain(media).collect())
    };
    messages.messages.iter().map(message).collect()
}

/// By name, because the order of attributes means nothing.
pub fn sort(element: &mut Element) {
    element.attributes.sort();
    element.children.iter_mut().for_each(sort);
}

/// XML 1.0, production 2.
pub fn is_xml(letter: char) -> bool {
    matches!(u32::from(letter), 0x9 | 0xa | 0xd | 0x20..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
}

fn verb(verb: &Verb) -> Result<Element, Unwritable> {
    Ok(match verb.kind.as_ref().ok_or(Unwritable::UnknownVerb)? {
        Kind::Say(say) => {
            let attributes =
                [("voice", filled(&say.voice)), ("language", filled(&say.language)), ("loop", more(say.r#loop, 2))];
            element("Say", &attributes, &say.text, vec![])
        }
        Kind::Play(play) => {
            let attributes = [("digits", filled(&play.digits)), ("loop", more(play.r#loop, 2))];
            element("Play", &attributes, &play.url, vec![])
        }
        Kind::Pause(pause) => element("Pause", &[("length", seconds(pause.length))], "", vec![]),
        Kind::Gather(asked) => gather(asked)?,
        Kind::Record(asked) => record(asked),
        Kind::Dial(asked) => dial(asked)?,
        Kind::Stream(asked) => stream(asked),
        Kind::Redirect(redirect) => element("Redirect", &[], &absolute(&redirect.path), vec![]),
        Kind::Reject(reject) => element("Reject", &[("reason", reject.busy.then(|| "busy".to_owned()))], "", vec![]),
        Kind::Hangup(_) => element("Hangup", &[], "", vec![]),
    })
}

fn gather(asked: &Gather) -> Result<Element, Unwritable> {
    let input = match asked.input() {
        GatherInput::Unspecified | GatherInput::Dtmf => "dtmf",
        GatherInput::Speech => "speech",
        GatherInput::DtmfSpeech => "dtmf speech",
    };
    let prompt = |prompt: &Verb| match prompt.kind {
        None | Some(Kind::Say(_) | Kind::Play(_) | Kind::Pause(_)) => verb(prompt),
        Some(_) => Err(Unwritable::NotAPrompt),
    };
    let attributes = [
        ("action", path(&asked.action)),
        ("input", Some(input.to_owned())),
        ("timeout", seconds(asked.timeout)),
        ("numDigits", more(asked.num_digits, 1)),
        ("finishOnKey", asked.finish_on_key.clone()),
        ("actionOnEmptyResult", asked.action_on_empty_result.then(|| "true".to_owned())),
        ("language", filled(&asked.language)),
    ];
    Ok(element("Gather", &attributes, "", asked.prompts.iter().map(prompt).collect::<Result<_, _>>()?))
}

fn record(asked: &Record) -> Element {
    let attributes = [
        ("action", path(&asked.action)),
        ("recordingStatusCallback", path(&asked.recording_status_callback)),
        ("maxLength", seconds(asked.max_length)),
        ("timeout", seconds(asked.timeout)),
        ("finishOnKey", asked.finish_on_key.clone()),
        ("playBeep", Some(asked.play_beep.to_string())),
    ];
    element("Record", &attributes, "", vec![])
}

fn dial(asked: &Dial) -> Result<Element, Unwritable> {
    let attributes = [
        ("action", path(&asked.action)),
        ("timeout", seconds(asked.timeout)),
        ("timeLimit", seconds(asked.time_limit)),
        ("callerId", filled(&asked.caller_id)),
        ("answerOnBridge", asked.answer_on_bridge.then(|| "true".to_owned())),
    ];
    Ok(element("Dial", &attributes, "", asked.targets.iter().map(target).collect::<Result<_, _>>()?))
}

fn target(target: &DialTarget) -> Result<Element, Unwritable> {
    let callback = path(&target.status_callback);
    let events = callback.as_ref().map(|_| "initiated ringing answered completed".to_owned());
    let attributes = [("statusCallback", callback), ("statusCallbackEvent", events)];
    Ok(match target.kind.as_ref().ok_or(Unwritable::UnknownVerb)? {
        dial_target::Kind::Number(number) => element("Number", &attributes, number, vec![]),
        dial_target::Kind::SipUri(uri) => element("Sip", &attributes, uri, vec![]),
    })
}

fn stream(asked: &Stream) -> Element {
    let parameters = asked.parameters.iter().map(|parameter| {
        let attributes = [("name", Some(parameter.name.clone())), ("value", Some(parameter.value.clone()))];
        element("Parameter", &attributes, "", vec![])
    });
    let attributes =
        [("url", filled(&asked.url)), ("name", filled(&asked.name)), ("statusCallback", path(&asked.status_callback))];
    let stream = element("Stream", &attributes, "", parameters.collect());
    element("Connect", &[("action", path(&asked.action))], "", vec![stream])
}

fn element(name: &str, attributes: Attributes<'_>, text: &str, children: Vec<Element>) -> Element {
    let present = attributes.iter().filter_map(|(name, value)| Some(((*name).to_owned(), kept(value.as_deref()?))));
    let mut attributes: Vec<_> = present.collect();
    attributes.sort();
    Element { name: name.to_owned(), attributes, text: kept(text), children }
}

/// Characters that XML cannot hold are left out.
fn kept(text: &str) -> String {
    text.chars().filter(|letter| is_xml(*letter)).collect()
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn more(number: i32, least: i32) -> Option<String> {
    (number >= least).then(|| number.to_string())
}

fn seconds(length: Option<Duration>) -> Option<String> {
    let Duration { seconds, nanos } = length?;
    let whole = i128::from(seconds) + i128::from(nanos > 0);
    Some(whole.clamp(0, i64::MAX.into()).to_string())
}

fn absolute(path: &str) -> String {
    if path.contains("://") { path.to_owned() } else { format!("{BASE}/{}", path.trim_start_matches('/')) }
}

fn path(path: &str) -> Option<String> {
    (!path.is_empty()).then(|| absolute(path))
}
