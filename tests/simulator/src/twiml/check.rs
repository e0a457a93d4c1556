//! Twilio's rules about verbs and attributes. A breach is a warning (12200): Twilio says so and goes on.

use super::Element;

const GATHER: &[&str] = &[
    "action",
    "method",
    "input",
    "timeout",
    "numDigits",
    "finishOnKey",
    "actionOnEmptyResult",
    "speechTimeout",
    "maxSpeechTime",
    "language",
    "hints",
    "profanityFilter",
    "speechModel",
    "partialResultCallback",
    "partialResultCallbackMethod",
    "bargeIn",
    "enhanced",
    "debug",
];
const RECORD: &[&str] = &[
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "maxLength",
    "playBeep",
    "trim",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "transcribe",
    "transcribeCallback",
    "recordingTrack",
];
const DIAL: &[&str] = &[
    "action",
    "method",
    "timeout",
    "timeLimit",
    "callerId",
    "answerOnBridge",
    "hangupOnStar",
    "record",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "recordingTrack",
    "ringTone",
    "sequential",
    "referUrl",
    "referMethod",
    "trim",
];
const NUMBER: &[&str] = &[
    "url",
    "method",
    "statusCallback",
    "statusCallbackEvent",
    "statusCallbackMethod",
    "sendDigits",
    "machineDetection",
    "machineDetectionTimeout",
    "machineDetectionSpeechThreshold",
    "machineDetectionSpeechEndThreshold",
    "machineDetectionSilenceTimeout",
    "amdStatusCallback",
    "amdStatusCallbackMethod",
    "byoc",
];
const SIP: &[&str] =
    &["username", "password", "url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"];
const STREAM: &[&str] = &["url", "name", "track", "statusCallback", "statusCallbackMethod"];

/// Attributes and children each element may have.
fn allowed(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match name {
        "Say" => (
            &["voice", "language", "loop"],
            &["break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"],
        ),
        "Play" => (&["loop", "digits"], &[]),
        "Pause" => (&["length"], &[]),
        "Gather" => (GATHER, &["Say", "Play", "Pause"]),
        "Record" => (RECORD, &[]),
        "Dial" => (DIAL, &["Number", "Client", "Sip", "Conference", "Queue"]),
        "Number" => (NUMBER, &[]),
        "Sip" => (SIP, &[]),
        "Connect" => (&["action", "method"], &["Stream"]),
        "Start" => (&["action", "method"], &["Stream"]),
        "Stop" => (&[], &["Stream"]),
        "Stream" => (STREAM, &["Parameter"]),
        "Parameter" => (&["name", "value"], &[]),
        "Redirect" => (&["method"], &[]),
        "Reject" => (&["reason"], &[]),
        "Hangup" => (&[], &[]),
        "Message" => (&["to", "from", "action", "method", "statusCallback"], &["Body", "Media"]),
        "Body" | "Media" => (&[], &[]),
        _ => return None,
    })
}

const VOICE_VERBS: &[&str] =
    &["Say", "Play", "Pause", "Gather", "Record", "Dial", "Connect", "Start", "Stop", "Redirect", "Reject", "Hangup"];
const MESSAGING_VERBS: &[&str] = &["Message", "Redirect"];

pub fn voice(verbs: &[Element]) -> Vec<String> {
    let mut warnings = check(verbs, VOICE_VERBS);
    if verbs.iter().skip(1).any(|verb| verb.name == "Reject") {
        warnings.push("<Reject> only works as the first verb".to_owned());
    }
    warnings
}

pub fn messaging(verbs: &[Element]) -> Vec<String> {
    check(verbs, MESSAGING_VERBS)
}

fn check(verbs: &[Element], known: &[&str]) -> Vec<String> {
    let mut warnings = Vec::new();
    for verb in verbs {
        if known.contains(&verb.name.as_str()) {
            element(verb, &mut warnings);
        } else {
            warnings.push(format!("<{}> is no verb of this kind of TwiML", verb.name));
        }
    }
    warnings
}

fn element(element_: &Element, warnings: &mut Vec<String>) {
    let Some((attributes, children)) = allowed(&element_.name) else { return };
    let name = &element_.name;
    for (key, _) in &element_.attributes {
        if !attributes.contains(&key.as_str()) {
            warnings.push(format!("<{name}> has no attribute {key}"));
        }
    }
    for child in &element_.children {
        if children.contains(&child.name.as_str()) {
            element(child, warnings);
        } else {
            warnings.push(format!("<{}> must not stand in <{name}>", child.name));
        }
    }
    match name.as_str() {
        "Stream" => stream(element_, warnings),
        "Parameter" => parameter(element_, warnings),
        _ => {}
    }
}

fn stream(stream: &Element, warnings: &mut Vec<String>) {
    let url = stream.attribute("url").unwrap_or_default();
    if !url.starts_with("wss://") {
        warnings.push("the url of <Stream> must start with wss://".to_owned());
    }
    if url.contains('?') {
        warnings.push("the url of <Stream> must have no query string; use <Parameter>".to_owned());
    }
}

fn parameter(parameter: &Element, warnings: &mut Vec<String>) {
    let length = |name| parameter.attribute(name).map_or(0, str::len);
    if length("name") + length("value") >= 500 {
        warnings.push("name and value of a <Parameter> must be under 500 characters together".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twiml::parse::verbs;

    fn warnings(xml: &str) -> Vec<String> {
        voice(&verbs(xml).expect("well-formed"))
    }

    #[test]
    fn a_correct_document_has_no_warnings() {
        let xml = r#"<Response><Gather action="/g" numDigits="1"><Say>Press one</Say></Gather>
            <Connect><Stream url="wss://h.example/s"><Parameter name="a" value="b"/></Stream></Connect></Response>"#;
        assert_eq!(warnings(xml), Vec::<String>::new());
    }

    #[test]
    fn each_breach_is_named() {
        let xml = r#"<Response><Say pitch="1">x</Say><Shout/><Reject/><Gather><Dial/></Gather>
            <Connect><Stream url="ws://h.example/s?q=1"/></Connect></Response>"#;
        assert_eq!(warnings(xml).len(), 6, "{:?}", warnings(xml));
    }
}
