//! Messages: how a vendor shows one, which to list, and how to send one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::host;
use crate::domain::{
    message::MessageStatus, money::Money, party::Party, seconds::Seconds, sid::MessageSid, time::Timestamp,
};

/// A message to send. Its addresses are both numbers or both of one channel, such as `whatsapp:+…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageOrder {
    /// Who gets it.
    pub to: Party,
    /// Whom they see.
    pub from: Party,
    /// The text.
    pub body: String,
    /// Told what becomes of it.
    pub status_callback: String,
    /// How long it is worth sending: what still waits at Twilio then is dropped. Ten hours at most.
    pub validity: Seconds,
}

/// Masks the numbers and leaves the text out.
impl fmt::Debug for MessageOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageOrder")
            .field("to", &self.to)
            .field("from", &self.from)
            .field("body", &format_args!("{} characters", self.body.chars().count()))
            .field("status_callback", &host(&self.status_callback))
            .field("validity", &self.validity)
            .finish()
    }
}

/// A message as the vendor shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSeen {
    /// Itself.
    pub sid: MessageSid,
    /// Who gets it.
    pub to: Party,
    /// Who sent it.
    pub from: Party,
    /// The text: what tells one of several messages between the same two from the others.
    pub body: String,
    /// Where it stands; none for a word we do not know: nothing may be concluded from it.
    pub status: Option<MessageStatus>,
    /// The vendor's code for what went wrong; 0 for none.
    pub error_code: i32,
    /// When it was made known to the vendor.
    pub create_time: Option<Timestamp>,
    /// When it left the vendor; none while it waits.
    pub sent_time: Option<Timestamp>,
    /// What it cost; none until it is rated.
    pub price: Option<Money>,
    /// How many parts it was sent in.
    pub segments: Option<u32>,
}

/// Masks the numbers and leaves the text out.
impl fmt::Debug for MessageSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSeen")
            .field("sid", &self.sid)
            .field("to", &self.to)
            .field("from", &self.from)
            .field("body", &format_args!("{} characters", self.body.chars().count()))
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .field("create_time", &self.create_time)
            .field("sent_time", &self.sent_time)
            .field("price", &self.price)
            .field("segments", &self.segments)
            .finish()
    }
}

/// Which messages to list. Twilio lists the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Sent to this address.
    pub to: Option<Party>,
    /// Sent from this address.
    pub from: Option<Party>,
    /// Sent at this moment or later. A message that waits was not sent and is left out: no limit when looking for one.
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_numbers_nor_texts_show_in_debug() {
        let order = MessageOrder {
            to: "whatsapp:+14155550123".into(),
            from: "whatsapp:+14155550199".into(),
            body: "The key is s3cret".to_owned(),
            status_callback: "https://edge.example/twilio/message/status/s3cret".to_owned(),
            validity: Seconds(600),
        };
        let seen = MessageSeen {
            sid: "SM00000000000000000000000000000001".parse().expect("a SID"),
            to: order.to.clone(),
            from: order.from.clone(),
            body: order.body.clone(),
            status: Some(MessageStatus::Queued),
            error_code: 0,
            create_time: None,
            sent_time: None,
            price: None,
            segments: Some(1),
        };
        let shown = format!("{order:?} {seen:?}");
        assert!(shown.contains("****0123") && shown.contains("17 characters"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("415555"), "{shown}");
    }
}
