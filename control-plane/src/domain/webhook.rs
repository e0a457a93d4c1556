//! A webhook in our words: what an edge forwarded, and what it may be answered.

use super::{
    answer::Answer,
    call::Fact,
    country::Country,
    id::{AgentId, AttemptId, CallId},
    message::MessageFact,
    recording::RecordingFact,
    sid::{AccountSid, CallSid},
    time::Timestamp,
};

/// One webhook whose signature an edge has checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// The same for every delivery of the same webhook.
    pub delivery_key: String,
    /// When the edge had read it.
    pub receive_time: Timestamp,
    /// The account that signed it.
    pub account_sid: AccountSid,
    /// The attempt whose path it came by, if it is one.
    pub attempt: Option<AttemptId>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A call comes in.
    CallReceived { fact: Fact, country: Option<Country> },
    /// An outbound call of ours was answered.
    CallAnswered { fact: Fact },
    /// Digits or speech.
    DigitsGathered { fact: Fact, digits: String },
    /// Call progress.
    CallProgressed { fact: Fact },
    /// A dialled leg or a stream ended.
    DialEnded { fact: Fact, status: String, bridged: Option<bool> },
    /// Recording status.
    RecordingProgressed { call_sid: CallSid, recording: RecordingFact },
    /// A caller left a voicemail; Twilio may leave the recording's SID out.
    VoicemailLeft { fact: Fact, recording: Option<RecordingFact> },
    /// A message came in, or progressed.
    Message { fact: MessageFact, came_in: bool },
    /// Twilio could not use our first answer.
    AnswerFailed { fact: Fact, error_code: i32 },
    /// Ours: ElevenLabs did not take the call, and somebody else answers it.
    HandedOver { fact: Fact, to: Option<AgentId> },
}

/// Who notices when a webhook is turned away; the later ones are turned away last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Nobody at once: Twilio repeats it, and an open call is looked up.
    Callback,
    /// Somebody who wrote.
    Message,
    /// Somebody on the line.
    Caller,
}

impl Event {
    /// Who notices when it is turned away.
    pub fn class(&self) -> Class {
        match self {
            Self::CallReceived { .. }
            | Self::CallAnswered { .. }
            | Self::DigitsGathered { .. }
            | Self::DialEnded { .. }
            | Self::VoicemailLeft { .. }
            | Self::AnswerFailed { .. }
            | Self::HandedOver { .. } => Class::Caller,
            Self::Message { came_in: true, .. } => Class::Message,
            Self::CallProgressed { .. } | Self::RecordingProgressed { .. } | Self::Message { came_in: false, .. } => {
                Class::Callback
            }
        }
    }

    /// The call it is about.
    pub fn call_sid(&self) -> Option<&CallSid> {
        match self {
            Self::CallReceived { fact, .. }
            | Self::CallAnswered { fact }
            | Self::DigitsGathered { fact, .. }
            | Self::CallProgressed { fact }
            | Self::DialEnded { fact, .. }
            | Self::VoicemailLeft { fact, .. }
            | Self::AnswerFailed { fact, .. }
            | Self::HandedOver { fact, .. } => Some(&fact.call_sid),
            Self::RecordingProgressed { call_sid, .. } => Some(call_sid),
            Self::Message { .. } => None,
        }
    }
}

/// What a webhook is answered, once it is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Twilio wants nothing back.
    Accepted,
    /// Do this with the call.
    Call {
        /// The call.
        call_id: CallId,
        /// What to do.
        answer: Box<Answer>,
    },
    /// Write this back to whoever wrote.
    Text(String),
    /// Send nothing back.
    NoMessages,
    /// Not stored.
    Failed(Failure),
}

/// Why a webhook was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It makes no sense; sending it again will not help.
    Invalid(&'static str),
    /// Something is wrong here; sending it again may help.
    Unavailable,
    /// The account is not known any more.
    UnknownAccount,
}
