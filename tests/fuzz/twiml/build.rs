//! Instructions from a tape: any verb with any text, number and duration in any place.

use callplane_proto::edge::v1::{
    Dial, DialTarget, Gather, Hangup, Instructions, Message, Messages, Pause, Play, Record, Redirect, Reject, Say,
    Stream, StreamParameter, Verb, dial_target, verb::Kind,
};
use prost_types::Duration;

use crate::tape::Tape;

pub fn instructions(tape: &mut Tape<'_>) -> Instructions {
    Instructions { verbs: list(tape, |tape| verb(tape, 0)), ..Instructions::default() }
}

pub fn messages(tape: &mut Tape<'_>) -> Messages {
    Messages { messages: list(tape, |tape| Message { body: tape.text(), media_urls: few(tape, |tape| tape.text()) }) }
}

/// As many as the tape holds.
fn list<T>(tape: &mut Tape<'_>, mut one: impl FnMut(&mut Tape<'_>) -> T) -> Vec<T> {
    let mut items = Vec::new();
    while !tape.is_empty() {
        items.push(one(tape));
    }
    items
}

fn few<T>(tape: &mut Tape<'_>, mut one: impl FnMut(&mut Tape<'_>) -> T) -> Vec<T> {
    (0..tape.below(4)).map(|_| one(tape)).collect()
}

fn verb(tape: &mut Tape<'_>, depth: u8) -> Verb {
    let kind = match tape.below(12) {
        0 => Kind::Say(Say { text: tape.text(), voice: tape.text(), language: tape.text(), r#loop: int(tape) }),
        1 => Kind::Play(Play { url: tape.text(), digits: tape.text(), r#loop: int(tape) }),
        2 => Kind::Pause(Pause { length: duration(tape) }),
        3 => Kind::Gather(gather(tape, depth)),
        4 => Kind::Record(record(tape)),
        5 => Kind::Dial(dial(tape)),
        6 => Kind::Stream(stream(tape)),
        7 => Kind::Redirect(Redirect { path: tape.text() }),
        8 => Kind::Reject(Reject { busy: tape.flag() }),
        9 => Kind::Hangup(Hangup {}),
        10 => Kind::Say(Say { text: tape.text(), ..Say::default() }),
        _ => return Verb { kind: None },
    };
    Verb { kind: Some(kind) }
}

fn gather(tape: &mut Tape<'_>, depth: u8) -> Gather {
    Gather {
        action: tape.text(),
        input: int(tape) % 5,
        timeout: duration(tape),
        num_digits: int(tape),
        finish_on_key: maybe(tape),
        action_on_empty_result: tape.flag(),
        language: tape.text(),
        prompts: if depth > 2 { Vec::new() } else { few(tape, |tape| verb(tape, depth + 1)) },
    }
}

fn record(tape: &mut Tape<'_>) -> Record {
    Record {
        action: tape.text(),
        recording_status_callback: tape.text(),
        max_length: duration(tape),
        timeout: duration(tape),
        finish_on_key: maybe(tape),
        play_beep: tape.flag(),
    }
}

fn dial(tape: &mut Tape<'_>) -> Dial {
    Dial {
        action: tape.text(),
        timeout: duration(tape),
        time_limit: duration(tape),
        caller_id: tape.text(),
        targets: few(tape, target),
        answer_on_bridge: tape.flag(),
    }
}

fn target(tape: &mut Tape<'_>) -> DialTarget {
    let kind = match tape.below(8) {
        7 => None,
        odd if odd % 2 == 1 => Some(dial_target::Kind::SipUri(tape.text())),
        _ => Some(dial_target::Kind::Number(tape.text())),
    };
    DialTarget { kind, status_callback: tape.text() }
}

fn stream(tape: &mut Tape<'_>) -> Stream {
    Stream {
        url: tape.text(),
        parameters: few(tape, |tape| StreamParameter { name: tape.text(), value: tape.text() }),
        status_callback: tape.text(),
        name: tape.text(),
        action: tape.text(),
    }
}

fn maybe(tape: &mut Tape<'_>) -> Option<String> {
    tape.flag().then(|| tape.text())
}

/// Small ones, and any.
fn int(tape: &mut Tape<'_>) -> i32 {
    let small = i32::from(tape.byte());
    if small < 200 { small } else { tape.number() as i32 }
}

fn duration(tape: &mut Tape<'_>) -> Option<Duration> {
    match tape.below(3) {
        0 => None,
        1 => Some(Duration { seconds: tape.byte().into(), nanos: int(tape) }),
        _ => Some(Duration { seconds: tape.number(), nanos: int(tape) }),
    }
}
