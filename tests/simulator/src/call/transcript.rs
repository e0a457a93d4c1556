//! What a test or a person reads after a call: every request, what was on the line, how it ended.

use serde::{Deserialize, Serialize};

use crate::webhook::Kind;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    pub call_sid: String,
    pub account_sid: String,
    pub from: String,
    pub to: String,
    pub direction: String,
    /// `completed`, `busy`, `no-answer`, `failed`, `canceled`; before the end, where the call stands.
    pub status: String,
    pub seconds: u32,
    pub requests: Vec<Exchange>,
    pub line: Vec<OnTheLine>,
    /// Twilio's debugger: TwiML warnings and errors.
    pub warnings: Vec<Warning>,
}

impl Transcript {
    /// The TwiML requests, in order.
    pub fn twiml_requests(&self) -> impl Iterator<Item = &Exchange> {
        self.requests.iter().filter(|exchange| exchange.kind.wants_twiml())
    }

    /// The reports of one kind, in the order they were sent.
    pub fn reports(&self, kind: Kind) -> impl Iterator<Item = &Exchange> {
        self.requests.iter().filter(move |exchange| exchange.kind == kind)
    }

    /// Everything that was said on the line, joined.
    pub fn said(&self) -> String {
        let texts = self.line.iter().filter_map(|moment| match moment {
            OnTheLine::Said { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    pub kind: Kind,
    pub method: String,
    pub url: String,
    pub parameters: Vec<(String, String)>,
    /// None: nothing came back, or it has not been sent yet.
    pub status: Option<u16>,
    pub error_code: Option<u32>,
    /// Simulated time since the call began.
    pub at_ms: i64,
    /// The verbs of the answer, in order.
    pub verbs: Vec<String>,
    /// The answer as received, for TwiML requests.
    pub answer: Option<String>,
    pub delivery: String,
}

impl Exchange {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum OnTheLine {
    Answered { at_ms: i64 },
    Said { at_ms: i64, text: String },
    Played { at_ms: i64, url: String },
    Paused { at_ms: i64, seconds: u32 },
    Pressed { at_ms: i64, digits: String },
    Spoke { at_ms: i64, text: String },
    Recorded { at_ms: i64, recording_sid: String, seconds: u32 },
    Dialled { at_ms: i64, to: String, outcome: String, seconds: u32 },
    Streamed { at_ms: i64, url: String, parameters: Vec<(String, String)>, accepted: bool, seconds: u32 },
    Redirected { at_ms: i64 },
    HungUp { at_ms: i64, by: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    pub code: u32,
    pub message: String,
}
