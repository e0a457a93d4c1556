//! Webhooks: where they go, what they carry, how they are delivered.

pub mod courier;
pub mod delivery;
pub mod form;
pub mod target;

use serde::{Deserialize, Serialize};

/// What a request is about; the ledger, transcripts and delivery rules use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first TwiML request of a call.
    Voice,
    Gather,
    Dial,
    /// The `action` of a `<Record>`.
    Record,
    Connect,
    Redirect,
    Fallback,
    /// The `url` of a `<Number>`: TwiML for the person who is dialled.
    Screen,
    Status,
    Recording,
    Stream,
    MachineDetection,
    Message,
    MessageFallback,
    MessageStatus,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Voice => "voice",
            Kind::Gather => "gather",
            Kind::Dial => "dial",
            Kind::Record => "record",
            Kind::Connect => "connect",
            Kind::Redirect => "redirect",
            Kind::Fallback => "fallback",
            Kind::Screen => "screen",
            Kind::Status => "status",
            Kind::Recording => "recording",
            Kind::Stream => "stream",
            Kind::MachineDetection => "machine_detection",
            Kind::Message => "message",
            Kind::MessageFallback => "message_fallback",
            Kind::MessageStatus => "message_status",
        }
    }

    /// Requests whose answer is TwiML; the others only report.
    pub fn wants_twiml(self) -> bool {
        !matches!(self, Kind::Status | Kind::Recording | Kind::Stream | Kind::MachineDetection | Kind::MessageStatus)
    }

    pub fn is_message(self) -> bool {
        matches!(self, Kind::Message | Kind::MessageFallback | Kind::MessageStatus)
    }
}

/// One request to a webhook, not yet signed: the token is the one in force when it is sent.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub kind: Kind,
    pub account_sid: String,
    /// The call or message it is about.
    pub sid: String,
    pub method: String,
    pub url: String,
    pub parameters: Vec<(String, String)>,
    pub idempotency_token: Option<String>,
}

impl Webhook {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
