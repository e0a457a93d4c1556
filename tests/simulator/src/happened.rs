//! The kinds of things that can really happen. The ledger keeps them.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// A request to a vendor's REST API. `performed` says whether the work was done, whatever was answered.
    Rest {
        vendor: String,
        method: String,
        path: String,
        resource: String,
        account_sid: String,
        /// The resource read, made or changed.
        sid: String,
        credential: String,
        performed: bool,
        /// What the client saw; none when the connection was closed without an answer.
        status: Option<u16>,
        code: Option<u32>,
        fault: Option<String>,
    },
    /// A telephone really rang.
    Rung {
        person: String,
        from: String,
        call_sid: String,
        account_sid: String,
        direction: String,
    },
    Answered {
        person: String,
        call_sid: String,
        account_sid: String,
    },
    Pressed {
        person: String,
        digits: String,
        call_sid: String,
        account_sid: String,
    },
    Spoke {
        person: String,
        text: String,
        call_sid: String,
        account_sid: String,
    },
    /// A call reached its final status.
    Ended {
        call_sid: String,
        account_sid: String,
        from: String,
        to: String,
        direction: String,
        status: String,
        seconds: u32,
    },
    Streamed {
        call_sid: String,
        account_sid: String,
        url: String,
        accepted: bool,
        seconds: u32,
    },
    Recorded {
        recording_sid: String,
        call_sid: String,
        account_sid: String,
        seconds: u32,
        source: String,
    },
    MessageSent {
        message_sid: String,
        account_sid: String,
        from: String,
        to: String,
        body: String,
        status: String,
    },
    MessageReceived {
        message_sid: String,
        account_sid: String,
        from: String,
        to: String,
        body: String,
    },
    /// A mail vendor took a mail.
    Mail {
        vendor: String,
        /// The client's name for it.
        id: String,
        from: String,
        to: Vec<String>,
        subject: String,
        text: String,
    },
    /// One attempt to reach a webhook.
    Webhook {
        webhook: String,
        method: String,
        url: String,
        account_sid: String,
        sid: String,
        call_status: Option<String>,
        attempt: u32,
        status: Option<u16>,
        error_code: Option<u32>,
        delivery: String,
    },
    /// What Twilio would show in its debugger.
    Alarm {
        code: u32,
        account_sid: String,
        sid: String,
        message: String,
    },
}

impl Happened {
    pub fn kind(&self) -> &'static str {
        match self {
            Happened::Rest { .. } => "rest",
            Happened::Rung { .. } => "rung",
            Happened::Answered { .. } => "answered",
            Happened::Pressed { .. } => "pressed",
            Happened::Spoke { .. } => "spoke",
            Happened::Ended { .. } => "ended",
            Happened::Streamed { .. } => "streamed",
            Happened::Recorded { .. } => "recorded",
            Happened::MessageSent { .. } => "message_sent",
            Happened::MessageReceived { .. } => "message_received",
            Happened::Mail { .. } => "mail",
            Happened::Webhook { .. } => "webhook",
            Happened::Alarm { .. } => "alarm",
        }
    }

    pub fn account_sid(&self) -> &str {
        match self {
            Happened::Rest { account_sid, .. }
            | Happened::Rung { account_sid, .. }
            | Happened::Answered { account_sid, .. }
            | Happened::Pressed { account_sid, .. }
            | Happened::Spoke { account_sid, .. }
            | Happened::Ended { account_sid, .. }
            | Happened::Streamed { account_sid, .. }
            | Happened::Recorded { account_sid, .. }
            | Happened::MessageSent { account_sid, .. }
            | Happened::MessageReceived { account_sid, .. }
            | Happened::Webhook { account_sid, .. }
            | Happened::Alarm { account_sid, .. } => account_sid,
            Happened::Mail { .. } => "",
        }
    }

    pub fn person(&self) -> Option<&str> {
        match self {
            Happened::Rung { person, .. }
            | Happened::Answered { person, .. }
            | Happened::Pressed { person, .. }
            | Happened::Spoke { person, .. } => Some(person),
            Happened::Ended { to, .. } | Happened::MessageSent { to, .. } | Happened::MessageReceived { to, .. } => {
                Some(to)
            }
            _ => None,
        }
    }

    pub fn call_sid(&self) -> Option<&str> {
        match self {
            Happened::Rung { call_sid, .. }
            | Happened::Answered { call_sid, .. }
            | Happened::Pressed { call_sid, .. }
            | Happened::Spoke { call_sid, .. }
            | Happened::Ended { call_sid, .. }
            | Happened::Streamed { call_sid, .. }
            | Happened::Recorded { call_sid, .. } => Some(call_sid),
            Happened::Webhook { sid, .. } | Happened::Alarm { sid, .. } => Some(sid),
            _ => None,
        }
    }
}
