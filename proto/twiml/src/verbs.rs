//! The plain voice verbs: Say, Play, Pause, Gather, Record, Redirect, Reject, Hangup.

use std::borrow::Cow;

use callplane_proto::edge::v1::{Gather, GatherInput, Pause, Play, Record, Reject, Say, Verb, verb::Kind};
use prost_types::Duration;

use super::{Renderer, Unwritable, xml::Document};

impl Renderer {
    pub(super) fn verb(&self, document: &mut Document, verb: &Verb) -> Result<(), Unwritable> {
        match verb.kind.as_ref().ok_or(Unwritable::UnknownVerb)? {
            Kind::Say(say) => write_say(document, say),
            Kind::Play(play) => write_play(document, play),
            Kind::Pause(pause) => write_pause(document, pause),
            Kind::Gather(gather) => self.gather(document, gather)?,
            Kind::Record(record) => self.record(document, record),
            Kind::Dial(dial) => self.dial(document, dial)?,
            Kind::Stream(stream) => self.stream(document, stream),
            Kind::Redirect(redirect) => document.text_element("Redirect", &[], &self.absolute(&redirect.path)),
            Kind::Reject(reject) => write_reject(document, reject),
            Kind::Hangup(_) => document.empty("Hangup", &[]),
        }
        Ok(())
    }

    fn gather(&self, document: &mut Document, gather: &Gather) -> Result<(), Unwritable> {
        let digits = (gather.num_digits > 0).then(|| gather.num_digits.to_string().into());
        document.open(
            "Gather",
            &[
                ("action", self.optional(&gather.action).map(Cow::Owned)),
                ("input", input(gather.input()).map(Cow::Borrowed)),
                ("timeout", seconds(gather.timeout.as_ref())),
                ("numDigits", digits),
                ("finishOnKey", gather.finish_on_key.as_deref().map(Cow::Borrowed)),
                ("actionOnEmptyResult", gather.action_on_empty_result.then_some(Cow::Borrowed("true"))),
                ("language", filled(&gather.language)),
            ],
        );
        for prompt in &gather.prompts {
            match prompt.kind.as_ref().ok_or(Unwritable::UnknownVerb)? {
                Kind::Say(say) => write_say(document, say),
                Kind::Play(play) => write_play(document, play),
                Kind::Pause(pause) => write_pause(document, pause),
                _ => return Err(Unwritable::NotAPrompt),
            }
        }
        document.close("Gather");
        Ok(())
    }

    fn record(&self, document: &mut Document, record: &Record) {
        document.empty(
            "Record",
            &[
                ("action", self.optional(&record.action).map(Cow::Owned)),
                ("recordingStatusCallback", self.optional(&record.recording_status_callback).map(Cow::Owned)),
                ("maxLength", seconds(record.max_length.as_ref())),
                ("timeout", seconds(record.timeout.as_ref())),
                ("finishOnKey", record.finish_on_key.as_deref().map(Cow::Borrowed)),
                // Twilio beeps unless told not to, so both are said.
                ("playBeep", Some(Cow::Borrowed(if record.play_beep { "true" } else { "false" }))),
            ],
        );
    }
}

fn write_say(document: &mut Document, say: &Say) {
    let attributes = [("voice", filled(&say.voice)), ("language", filled(&say.language)), ("loop", loops(say.r#loop))];
    document.text_element("Say", &attributes, &say.text);
}

fn write_play(document: &mut Document, play: &Play) {
    let attributes = [("loop", loops(play.r#loop)), ("digits", filled(&play.digits))];
    if play.url.is_empty() {
        document.empty("Play", &attributes);
    } else {
        document.text_element("Play", &attributes, &play.url);
    }
}

fn write_pause(document: &mut Document, pause: &Pause) {
    document.empty("Pause", &[("length", seconds(pause.length.as_ref()))]);
}

fn write_reject(document: &mut Document, reject: &Reject) {
    document.empty("Reject", &[("reason", reject.busy.then_some(Cow::Borrowed("busy")))]);
}

fn input(input: GatherInput) -> Option<&'static str> {
    match input {
        GatherInput::Unspecified | GatherInput::Dtmf => Some("dtmf"),
        GatherInput::Speech => Some("speech"),
        GatherInput::DtmfSpeech => Some("dtmf speech"),
    }
}

/// An attribute with a text, left out when the text is empty.
pub(super) fn filled(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

/// Whole seconds, rounded up; a negative length is none.
pub(super) fn seconds(length: Option<&Duration>) -> Option<Cow<'static, str>> {
    let Duration { seconds, nanos } = length?;
    let whole = seconds.saturating_add(i64::from(*nanos > 0)).max(0);
    Some(Cow::Owned(whole.to_string()))
}

/// 0 is "once" for us and "a thousand times" for Twilio.
fn loops(times: i32) -> Option<Cow<'static, str>> {
    (times > 1).then(|| Cow::Owned(times.to_string()))
}
