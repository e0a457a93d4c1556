//! Reads TwiML back into instructions, for the property that nothing is lost or invented on the way. Tests only.

use callplane_proto::edge::v1::{
    Dial, DialTarget, Gather, GatherInput, Hangup, Instructions, Pause, Play, Record, Redirect, Reject, Say, Stream,
    StreamParameter, Verb, dial_target, verb::Kind,
};
use prost_types::Duration;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// A parsed element.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

pub fn instructions(twiml: &str, base: &str) -> Instructions {
    let root = parse(twiml);
    assert_eq!(root.name, "Response");
    Instructions { verbs: root.children.iter().map(|element| verb(element, base)).collect(), ..Default::default() }
}

fn verb(element: &Element, base: &str) -> Verb {
    let text = || element.text.clone();
    let path = |name: &str| element.path(name, base);
    let kind = match element.name.as_str() {
        "Say" => Kind::Say(Say {
            text: text(),
            voice: element.get("voice"),
            language: element.get("language"),
            r#loop: element.int("loop"),
        }),
        "Play" => Kind::Play(Play { url: text(), digits: element.get("digits"), r#loop: element.int("loop") }),
        "Pause" => Kind::Pause(Pause { length: element.seconds("length") }),
        "Gather" => Kind::Gather(Gather {
            action: path("action"),
            input: match element.get("input").as_str() {
                "dtmf" => GatherInput::Dtmf,
                "speech" => GatherInput::Speech,
                "dtmf speech" => GatherInput::DtmfSpeech,
                other => panic!("input {other}"),
            }
            .into(),
            timeout: element.seconds("timeout"),
            num_digits: element.int("numDigits"),
            finish_on_key: element.find("finishOnKey"),
            action_on_empty_result: element.get("actionOnEmptyResult") == "true",
            language: element.get("language"),
            prompts: element.children.iter().map(|child| verb(child, base)).collect(),
        }),
        "Record" => Kind::Record(Record {
            action: path("action"),
            recording_status_callback: path("recordingStatusCallback"),
            max_length: element.seconds("maxLength"),
            timeout: element.seconds("timeout"),
            finish_on_key: element.find("finishOnKey"),
            play_beep: element.get("playBeep") == "true",
        }),
        "Dial" => Kind::Dial(Dial {
            action: path("action"),
            timeout: element.seconds("timeout"),
            time_limit: element.seconds("timeLimit"),
            caller_id: element.get("callerId"),
            targets: element.children.iter().map(|child| target(child, base)).collect(),
            answer_on_bridge: element.get("answerOnBridge") == "true",
        }),
        "Connect" => Kind::Stream(stream(element, base)),
        "Redirect" => Kind::Redirect(Redirect { path: below(&element.text, base) }),
        "Reject" => Kind::Reject(Reject { busy: element.get("reason") == "busy" }),
        "Hangup" => Kind::Hangup(Hangup {}),
        other => panic!("verb {other}"),
    };
    Verb { kind: Some(kind) }
}

fn target(element: &Element, base: &str) -> DialTarget {
    let kind = match element.name.as_str() {
        "Number" => dial_target::Kind::Number(element.text.clone()),
        "Sip" => dial_target::Kind::SipUri(element.text.clone()),
        other => panic!("target {other}"),
    };
    DialTarget { kind: Some(kind), status_callback: element.path("statusCallback", base) }
}

fn stream(connect: &Element, base: &str) -> Stream {
    let [element] = connect.children.as_slice() else { panic!("one Stream in a Connect") };
    let parameter = |child: &Element| StreamParameter { name: child.get("name"), value: child.get("value") };
    Stream {
        url: element.get("url"),
        parameters: element.children.iter().map(parameter).collect(),
        status_callback: element.path("statusCallback", base),
        name: element.get("name"),
        action: connect.path("action", base),
    }
}

fn below(url: &str, base: &str) -> String {
    url.strip_prefix(base).unwrap_or(url).to_owned()
}

impl Element {
    fn find(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn get(&self, name: &str) -> String {
        self.find(name).unwrap_or_default()
    }

    fn path(&self, name: &str, base: &str) -> String {
        below(&self.get(name), base)
    }

    fn int(&self, name: &str) -> i32 {
        self.find(name).map_or(0, |value| value.parse().expect("a number"))
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        let seconds = self.find(name)?.parse().expect("seconds");
        Some(Duration { seconds, nanos: 0 })
    }
}

fn parse(twiml: &str) -> Element {
    let mut reader = Reader::from_str(twiml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => {
                let element = element(&start);
                open.last_mut().expect("a parent").children.push(element);
            }
            Event::End(_) => {
                let done = open.pop().expect("an open element");
                open.last_mut().expect("a parent").children.push(done);
            }
            Event::Text(text) => {
                open.last_mut().expect("a parent").text.push_str(&text.decode().expect("UTF-8"));
            }
            Event::GeneralRef(reference) => {
                let written = format!("&{};", reference.decode().expect("UTF-8"));
                let text = quick_xml::escape::unescape(&written).expect("a known entity").into_owned();
                open.last_mut().expect("a parent").text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().and_then(|mut outside| outside.children.pop()).expect("a root")
}

fn element(start: &BytesStart<'_>) -> Element {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).expect("UTF-8").to_owned();
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.expect("well-formed");
        let value = quick_xml::escape::unescape(&text(&attribute.value)).expect("known entities").into_owned();
        (text(attribute.key.as_ref()), value)
    });
    Element { name: text(start.name().as_ref()), attributes: attributes.collect(), ..Default::default() }
}
