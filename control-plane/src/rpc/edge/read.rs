//! A webhook of the wire in the domain's words. A webhook that does not read is answered as invalid, alone.

use callplane_proto::edge::v1 as pb;
use chrono::{DateTime, Utc};
use pb::webhook::Event as Wire;

use crate::domain::{
    call::{Direction, Fact, Status, What},
    country::Country,
    error::{Error, Result},
    message::{Media, MessageDirection, MessageFact},
    party::Party,
    reconciliation::Window,
    recording::{RECORD_VERB, RecordingFact, sid_in_url},
    seconds::Seconds,
    sid::AccountSid,
    time::{Timestamp, stored},
    webhook::{Event, Webhook},
};

/// Reads a webhook; `now` stands in for a missing time of receipt.
pub fn webhook(wire: pb::Webhook, now: Timestamp) -> Result<Webhook> {
    let pb::Webhook { delivery_key, receive_time, account_sid, tag, route: _, trace_parent: _, event } = wire;
    if delivery_key.is_empty() || delivery_key.len() > 200 {
        return Err(Error::invalid("delivery_key", "expected 1 to 200 characters"));
    }
    let receive_time = receive_time.and_then(moment).unwrap_or(now);
    let account_sid = field("account_sid", &account_sid)?;
    let event = event.ok_or_else(|| Error::invalid("event", "one is required"))?;
    // A tag of somebody else's making means nothing to us.
    let attempt = tag.parse().ok();
    Ok(Webhook { delivery_key, receive_time, account_sid, attempt, event: read_event(event, receive_time)? })
}

/// When webhooks of an account were missed. What does not read is left out: the regular look finds it later.
pub fn missed(wire: pb::MissedWebhooks, now: Timestamp) -> Option<(AccountSid, Window)> {
    let pb::MissedWebhooks { account_sid, since, until } = wire;
    let since = since.and_then(moment)?;
    let until = until.and_then(moment).unwrap_or(now);
    Some((account_sid.parse().ok()?, Window::asked(since, until, now)))
}

fn read_event(event: Wire, at: Timestamp) -> Result<Event> {
    match event {
        Wire::CallReceived(pb::CallReceived { call }) => {
            let call = required(call)?;
            let country = call.from_country.parse::<Country>().ok();
            Ok(Event::CallReceived { fact: fact(What::Received, call, at)?, country })
        }
        Wire::CallAnswered(pb::CallAnswered { call }) => {
            Ok(Event::CallAnswered { fact: fact(What::Answered, required(call)?, at)? })
        }
        Wire::DigitsGathered(pb::DigitsGathered { call, digits, speech: _, confidence: _ }) => {
            Ok(Event::DigitsGathered { fact: fact(What::Gathered, required(call)?, at)?, digits })
        }
        Wire::CallProgressed(progressed) => read_progress(progressed, at),
        Wire::DialEnded(ended) => read_dial(ended, at),
        Wire::RecordingProgressed(recording) => {
            let call_sid = field("call_sid", &recording.call_sid)?;
            Ok(Event::RecordingProgressed { call_sid, recording: read_recording(recording, at)? })
        }
        Wire::VoicemailLeft(left) => read_voicemail(left, at),
        Wire::MessageReceived(message) => read_message(message, at),
        Wire::MessageProgressed(message) => read_message_progress(message, at),
        Wire::AnswerFailed(pb::AnswerFailed { call, error_code, error_url: _ }) => {
            Ok(Event::AnswerFailed { fact: fact(What::AnswerFailed, required(call)?, at)?, error_code })
        }
    }
}

fn read_progress(progressed: pb::CallProgressed, at: Timestamp) -> Result<Event> {
    let pb::CallProgressed { call, sequence_number, event_time, call_duration, sip_response_code } = progressed;
    let told = fact(What::Progressed, required(call)?, at)?;
    let fact = Fact {
        sequence: sequence_number,
        event_time: event_time.and_then(moment),
        duration: call_duration.and_then(seconds),
        sip_response_code: sip_response_code.unwrap_or_default(),
        ..told
    };
    Ok(Event::CallProgressed { fact })
}

fn read_dial(ended: pb::DialEnded, at: Timestamp) -> Result<Event> {
    let pb::DialEnded { call, dial_call_status, dial_call_sid: _, dial_call_duration: _, dial_bridged } = ended;
    let fact = fact(What::DialEnded, required(call)?, at)?;
    Ok(Event::DialEnded { fact, status: dial_call_status, bridged: dial_bridged })
}

fn read_recording(recording: pb::RecordingProgressed, at: Timestamp) -> Result<RecordingFact> {
    let pb::RecordingProgressed {
        call_sid: _,
        recording_sid,
        recording_status,
        recording_url: _,
        recording_duration,
        channels,
        start_time,
        source,
        error_code,
    } = recording;
    Ok(RecordingFact {
        recording_sid: field("recording_sid", &recording_sid)?,
        receive_time: at,
        status: recording_status.parse().ok(),
        duration: recording_duration.and_then(seconds),
        channels,
        start_time: start_time.and_then(moment),
        source,
        error_code,
    })
}

/// The SID is seen in this webhook, not promised; the URL ends with it.
fn read_voicemail(left: pb::VoicemailLeft, at: Timestamp) -> Result<Event> {
    let pb::VoicemailLeft { call, recording_sid, recording_url, recording_duration, digits: _ } = left;
    let fact = fact(What::Voicemail, required(call)?, at)?;
    let sid = recording_sid.parse().ok().or_else(|| sid_in_url(&recording_url));
    let recording = sid.map(|recording_sid| RecordingFact {
        recording_sid,
        receive_time: at,
        status: None,
        duration: recording_duration.and_then(seconds),
        channels: 0,
        start_time: None,
        source: RECORD_VERB.to_owned(),
        error_code: 0,
    });
    Ok(Event::VoicemailLeft { fact, recording })
}

fn read_message(message: pb::MessageReceived, at: Timestamp) -> Result<Event> {
    let pb::MessageReceived {
        message_sid,
        messaging_service_sid: _,
        from,
        to,
        body,
        num_segments: _,
        media,
        profile_name: _,
        error_code,
    } = message;
    let media = media.into_iter().map(|pb::Media { url, content_type }| Media { url, content_type }).collect();
    let fact = MessageFact {
        message_sid: field("message_sid", &message_sid)?,
        receive_time: at,
        direction: MessageDirection::Inbound,
        from: from.into(),
        to: to.into(),
        body,
        media,
        status: "received".parse().ok(),
        error_code,
    };
    Ok(Event::Message { fact, came_in: true })
}

fn read_message_progress(message: pb::MessageProgressed, at: Timestamp) -> Result<Event> {
    let pb::MessageProgressed { message_sid, message_status, from, to, error_code, event_type: _ } = message;
    let fact = MessageFact {
        message_sid: field("message_sid", &message_sid)?,
        receive_time: at,
        direction: MessageDirection::Outbound,
        from: from.into(),
        to: to.into(),
        body: String::new(),
        media: Vec::new(),
        status: message_status.parse().ok(),
        error_code,
    };
    Ok(Event::Message { fact, came_in: false })
}

fn fact(what: What, call: pb::CallFacts, at: Timestamp) -> Result<Fact> {
    let pb::CallFacts {
        call_sid,
        parent_call_sid,
        from,
        to,
        call_status,
        direction,
        forwarded_from,
        caller_name: _,
        stir_verstat,
        from_country: _,
        from_state: _,
        from_city: _,
        to_country: _,
        answered_by,
    } = call;
    let parent_call_sid = Some(parent_call_sid).filter(|sid| !sid.is_empty());
    Ok(Fact {
        parent_call_sid: parent_call_sid.map(|sid| field("parent_call_sid", &sid)).transpose()?,
        direction: direction.parse::<Direction>().ok(),
        from: Party::from(from),
        to: Party::from(to),
        status: call_status.parse::<Status>().ok(),
        forwarded_from: Party::from(forwarded_from),
        stir_verstat,
        answered_by,
        ..Fact::bare(what, field("call_sid", &call_sid)?, at)
    })
}

fn required<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::invalid("call", "required"))
}

fn field<T: std::str::FromStr<Err = Error>>(name: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error: Error| error.within(name))
}

fn moment(time: prost_types::Timestamp) -> Option<Timestamp> {
    DateTime::<Utc>::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?).map(stored)
}

fn seconds(duration: prost_types::Duration) -> Option<Seconds> {
    u32::try_from(duration.seconds).ok().map(Seconds)
}
