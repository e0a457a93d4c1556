//! How an attempt ended, read from whatever was heard of it, in whatever order: every order of the same news gives the same
//! ending.

use serde::{Deserialize, Serialize};

use crate::domain::{call, ladder::Channel, message::MessageStatus, word::words};

words! {
    /// How an attempt ended.
    Ending, "ending" {
        /// A person pressed a key.
        Answered = "answered",
        /// Somebody answered and pressed none.
        NoKey = "no-key",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// The line was busy.
        Busy = "busy",
        /// A machine answered. It heard the message and is not "reached".
        Machine = "machine",
        /// A fax answered.
        Fax = "fax",
        /// The vendor sent it, and nobody says whether it arrived.
        Sent = "sent",
        /// It arrived.
        Delivered = "delivered",
        /// It did not arrive.
        Undelivered = "undelivered",
        /// It was refused or could not be put through.
        Failed = "failed",
        /// It was taken back.
        Withdrawn = "withdrawn",
        /// Its time was over before it began, or before anybody answered.
        Expired = "expired",
        /// Nobody knows.
        Unknown = "unknown",
        /// Nobody was reached on purpose: test mode or mock.
        Simulated = "simulated",
    }
}

impl Ending {
    /// Dialling again soon may find somebody.
    pub fn may_answer_next_time(self) -> bool {
        matches!(self, Self::NoAnswer | Self::Busy | Self::Machine)
    }

    /// No person heard or got anything.
    pub fn reached_nobody(self) -> bool {
        matches!(
            self,
            Self::NoAnswer
                | Self::Busy
                | Self::Machine
                | Self::Fax
                | Self::Undelivered
                | Self::Failed
                | Self::Expired
                | Self::Unknown
        )
    }
}

/// Of two ends the newer one stands: the row of the call has settled which of them is right.
fn further(known: Option<call::Status>, newer: Option<call::Status>) -> Option<call::Status> {
    match (known, newer) {
        (Some(known), Some(newer)) if !newer.is_final() => Some(known.max(newer)),
        _ => newer.or(known),
    }
}

/// What was heard of an attempt so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// Where the call stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<call::Status>,
    /// Where the message stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageStatus>,
    /// What answered, by Twilio's word; empty when not told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub answered_by: String,
    /// The key that was pressed; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Twilio's error code; 0 for none.
    pub error_code: i32,
}

impl Heard {
    /// With what was heard since. The status that came furthest stands, because what a vendor answers may be older than what
    /// it told meanwhile; a key that was pressed stays pressed.
    #[must_use]
    pub fn joined(self, newer: Self) -> Self {
        let first = |one: String, other: String| if one.is_empty() { other } else { one };
        Self {
            call: further(self.call, newer.call),
            message: self.message.max(newer.message),
            answered_by: first(newer.answered_by, self.answered_by),
            key: first(self.key, newer.key),
            error_code: self.error_code.max(newer.error_code),
        }
    }

    /// The called phone was answered.
    pub fn is_answered(&self) -> bool {
        matches!(self.call, Some(call::Status::InProgress | call::Status::Completed)) || !self.key.is_empty()
    }

    /// A machine or a fax is on the line.
    pub fn is_machine(&self) -> bool {
        self.answered_by.starts_with("machine") || self.answered_by == "fax"
    }

    /// How it ended, when what was heard says so.
    pub fn ending(&self, channel: Channel) -> Option<Ending> {
        match channel {
            Channel::Voice => self.call_ending(),
            Channel::Sms | Channel::Whatsapp => self.message_ending(),
            Channel::Email => None,
        }
    }

    fn call_ending(&self) -> Option<Ending> {
        use call::Status as S;
        Some(match self.call? {
            S::Completed if !self.key.is_empty() => Ending::Answered,
            S::Completed if self.answered_by == "fax" => Ending::Fax,
            S::Completed if self.is_machine() => Ending::Machine,
            S::Completed => Ending::NoKey,
            S::Busy => Ending::Busy,
            S::NoAnswer => Ending::NoAnswer,
            S::Failed => Ending::Failed,
            S::Canceled => Ending::Withdrawn,
            S::Queued | S::Initiated | S::Ringing | S::InProgress => return None,
        })
    }

    fn message_ending(&self) -> Option<Ending> {
        use MessageStatus as M;
        Some(match self.message? {
            M::Delivered | M::PartiallyDelivered | M::Read | M::Received => Ending::Delivered,
            M::Undelivered => Ending::Undelivered,
            M::Failed => Ending::Failed,
            M::Canceled => Ending::Withdrawn,
            M::Accepted | M::Scheduled | M::Queued | M::Sending | M::Receiving | M::Sent => return None,
        })
    }
}
