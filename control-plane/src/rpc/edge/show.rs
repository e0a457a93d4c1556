//! The domain's instructions in the words of the wire.

use callplane_proto::edge::v1 as pb;
use pb::verb::Kind;

use crate::domain::{
    instruction::{Dial, DialAddress, DialTarget, Gather, GatherInput, Instructions, Play, Record, Say, Stream, Verb},
    seconds::Seconds,
    webhook::Failure,
};

/// Shows instructions.
pub fn instructions(instructions: Instructions) -> pb::Instructions {
    match instructions {
        Instructions::Verbs(verbs) => {
            pb::Instructions { verbs: verbs.into_iter().map(verb).collect(), passthrough_twiml: String::new() }
        }
        Instructions::Passthrough(passthrough_twiml) => pb::Instructions { verbs: Vec::new(), passthrough_twiml },
    }
}

/// Shows why a webhook was not stored.
pub fn failure(failure: Failure) -> pb::Failure {
    let (reason, message) = match failure {
        Failure::Invalid(why) => (pb::FailureReason::Invalid, why),
        Failure::Unavailable => (pb::FailureReason::Unavailable, "it could not be stored now"),
        Failure::UnknownAccount => (pb::FailureReason::UnknownAccount, "the account is not known"),
    };
    pb::Failure { reason: reason.into(), message: message.to_owned() }
}

/// Shows what is written back to somebody.
pub fn text(body: String) -> pb::Messages {
    pb::Messages { messages: vec![pb::Message { body, media_urls: Vec::new() }] }
}

fn verb(verb: Verb) -> pb::Verb {
    let kind = match verb {
        Verb::Say(Say { text, voice, language, times }) => Kind::Say(pb::Say { text, voice, language, r#loop: times }),
        Verb::Play(Play { url, digits, times }) => Kind::Play(pb::Play { url, digits, r#loop: times }),
        Verb::Pause { length } => Kind::Pause(pb::Pause { length: duration(length) }),
        Verb::Gather(gather) => Kind::Gather(show_gather(gather)),
        Verb::Record(record) => Kind::Record(show_record(record)),
        Verb::Dial(dial) => Kind::Dial(show_dial(dial)),
        Verb::Stream(stream) => Kind::Stream(show_stream(stream)),
        Verb::Redirect { path } => Kind::Redirect(pb::Redirect { path }),
        Verb::Reject { busy } => Kind::Reject(pb::Reject { busy }),
        Verb::Hangup => Kind::Hangup(pb::Hangup {}),
    };
    pb::Verb { kind: Some(kind) }
}

fn show_gather(gather: Gather) -> pb::Gather {
    let Gather { action, input, timeout, num_digits, finish_on_key, action_on_empty_result, language, prompts } =
        gather;
    let input = match input {
        GatherInput::Dtmf => pb::GatherInput::Dtmf,
        GatherInput::Speech => pb::GatherInput::Speech,
        GatherInput::DtmfSpeech => pb::GatherInput::DtmfSpeech,
    };
    pb::Gather {
        action,
        input: input.into(),
        timeout: duration(timeout),
        num_digits,
        finish_on_key,
        action_on_empty_result,
        language,
        prompts: prompts.into_iter().map(verb).collect(),
    }
}

fn show_record(record: Record) -> pb::Record {
    let Record { action, recording_status_callback, max_length, timeout, finish_on_key, play_beep } = record;
    pb::Record {
        action,
        recording_status_callback,
        max_length: duration(max_length),
        timeout: duration(timeout),
        finish_on_key,
        play_beep,
    }
}

fn show_dial(dial: Dial) -> pb::Dial {
    let Dial { action, timeout, time_limit, caller_id, targets, answer_on_bridge } = dial;
    pb::Dial {
        action,
        timeout: duration(timeout),
        time_limit: time_limit.and_then(duration),
        caller_id: caller_id.map(String::from).unwrap_or_default(),
        targets: targets.into_iter().map(show_target).collect(),
        answer_on_bridge,
    }
}

fn show_target(target: DialTarget) -> pb::DialTarget {
    let DialTarget { to, status_callback } = target;
    let kind = match to {
        DialAddress::Number(number) => pb::dial_target::Kind::Number(number.into()),
        DialAddress::Sip(uri) => pb::dial_target::Kind::SipUri(uri),
    };
    pb::DialTarget { kind: Some(kind), status_callback }
}

fn show_stream(stream: Stream) -> pb::Stream {
    let Stream { url, parameters, status_callback, name, action } = stream;
    let parameters =
        parameters.into_iter().map(|parameter| pb::StreamParameter { name: parameter.name, value: parameter.value });
    pb::Stream { url, parameters: parameters.collect(), status_callback, name, action }
}

fn duration(seconds: Seconds) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds: i64::from(seconds.get()), nanos: 0 })
}
