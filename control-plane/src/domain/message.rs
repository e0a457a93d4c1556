//! Messages: what is known of one, and how facts about it become one row whatever their order.

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, MessageId, PhoneNumberId, WorkspaceId},
    party::Party,
    sid::MessageSid,
    time::Timestamp,
    word::words,
};

words! {
    /// Who wrote.
    MessageDirection, "message direction" {
        /// Somebody wrote to us.
        Inbound = "inbound",
        /// We wrote.
        Outbound = "outbound",
    }
}

words! {
    /// Where a message stands. The words are Twilio's; of two words about one message the later in this list stands.
    MessageStatus, "message status" {
        /// Taken by a messaging service.
        Accepted = "accepted",
        /// Will be sent later.
        Scheduled = "scheduled",
        /// Waits at Twilio.
        Queued = "queued",
        /// Being sent.
        Sending = "sending",
        /// Coming in.
        Receiving = "receiving",
        /// Sent to the carrier.
        Sent = "sent",
        /// Taken back.
        Canceled = "canceled",
        /// Not sent at all.
        Failed = "failed",
        /// Sent, but the carrier reported a failure.
        Undelivered = "undelivered",
        /// Delivered to some.
        PartiallyDelivered = "partially_delivered",
        /// Delivered.
        Delivered = "delivered",
        /// Came in.
        Received = "received",
        /// Read.
        Read = "read",
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The id.
    pub id: MessageId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its SID at Twilio.
    pub message_sid: MessageSid,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Our number in it.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Who wrote.
    pub direction: MessageDirection,
    /// Who sent it; empty until told.
    pub from: Party,
    /// Who got it; empty until told.
    pub to: Party,
    /// The text.
    pub body: String,
    /// What came with it.
    #[serde(default)]
    pub media: Vec<Media>,
    /// Where it stands.
    pub status: MessageStatus,
    /// Twilio's error code; 0 for none.
    #[serde(default)]
    pub error_code: i32,
    /// What was written back in the answer to its webhook; `None` for nothing. A webhook that comes again gets it again.
    #[serde(default)]
    pub reply: Option<String>,
    /// Counts its changes; kept by the store.
    pub version: i64,
    /// When we first heard of it.
    pub create_time: Timestamp,
    /// When we last heard of it.
    pub update_time: Timestamp,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Its address at Twilio.
    pub url: String,
    /// Its media type.
    pub content_type: String,
}

/// What one webhook says of a message. What it does not say is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageFact {
    /// Its SID.
    pub message_sid: MessageSid,
    /// When the edge had read it.
    pub receive_time: Timestamp,
    /// Who wrote: a message that comes in is inbound, one whose status is told is ours.
    pub direction: MessageDirection,
    /// Who sent it.
    pub from: Party,
    /// Who got it.
    pub to: Party,
    /// The text.
    pub body: String,
    /// What came with it.
    pub media: Vec<Media>,
    /// Where it stands; `None` when the word is unknown to us.
    pub status: Option<MessageStatus>,
    /// 0 is not an error.
    pub error_code: i32,
}

/// What a new row needs and no fact says.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The id it gets.
    pub id: MessageId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The account that signed the webhook.
    pub account_id: AccountId,
    /// Our number in it.
    pub phone_number_id: Option<PhoneNumberId>,
}

/// Adds `fact` to what is known; the flag tells whether it told something new.
pub fn merge(known: Option<Message>, fact: &MessageFact, new: &NewMessage) -> (Message, bool) {
    let before = known.clone();
    let mut row = known.unwrap_or_else(|| first_row(fact, new));
    row.direction = row.direction.min(fact.direction);
    row.from = std::mem::take(&mut row.from).joined(&fact.from);
    row.to = std::mem::take(&mut row.to).joined(&fact.to);
    if row.body.is_empty() && row.media.is_empty() {
        row.body.clone_from(&fact.body);
        row.media.clone_from(&fact.media);
    }
    row.status = row.status.max(fact.status.unwrap_or(row.status));
    row.error_code = row.error_code.max(fact.error_code);
    row.phone_number_id = row.phone_number_id.or(new.phone_number_id);
    row.create_time = row.create_time.min(fact.receive_time);
    row.update_time = row.update_time.max(fact.receive_time);
    let changed = before
        .is_none_or(|before| Message { create_time: row.create_time, update_time: row.update_time, ..before } != row);
    (row, changed)
}

fn first_row(fact: &MessageFact, new: &NewMessage) -> Message {
    Message {
        id: new.id,
        workspace_id: new.workspace_id,
        message_sid: fact.message_sid.clone(),
        account_id: new.account_id,
        phone_number_id: new.phone_number_id,
        direction: fact.direction,
        from: Party::default(),
        to: Party::default(),
        body: String::new(),
        media: Vec::new(),
        status: MessageStatus::Accepted,
        error_code: 0,
        reply: None,
        version: 0,
        create_time: fact.receive_time,
        update_time: fact.receive_time,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample::at;

    fn fact(direction: MessageDirection, status: MessageStatus, error_code: i32) -> MessageFact {
        MessageFact {
            message_sid: "SM00000000000000000000000000000001".parse().expect("a SID"),
            receive_time: at("2026-08-04T09:00:00Z"),
            direction,
            from: "+15005550006".into(),
            to: Party::default(),
            body: String::new(),
            media: Vec::new(),
            status: Some(status),
            error_code,
        }
    }

    fn sent(status: MessageStatus) -> MessageFact {
        fact(MessageDirection::Outbound, status, 0)
    }

    fn told(facts: &[MessageFact]) -> Message {
        let new = NewMessage {
            id: MessageId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            account_id: AccountId::from_uuid(Uuid::nil()),
            phone_number_id: None,
        };
        let add = |known, fact| Some(merge(known, fact, &new).0);
        facts.iter().fold(None, add).expect("at least one fact")
    }

    #[test]
    fn a_late_status_does_not_take_a_message_back() {
        use MessageStatus as S;
        assert_eq!(told(&[sent(S::Delivered), sent(S::Sent), sent(S::Queued)]).status, S::Delivered);
        assert_eq!(told(&[sent(S::Read), sent(S::Delivered)]).status, S::Read);
        assert_eq!(told(&[sent(S::Sent), fact(MessageDirection::Outbound, S::Undelivered, 30003)]).error_code, 30003);
    }

    #[test]
    fn an_inbound_message_is_stored_once_with_its_text() {
        let inbound = MessageFact {
            body: "Hello".to_owned(),
            media: vec![Media { url: "https://example.com/1".to_owned(), content_type: "image/png".to_owned() }],
            ..fact(MessageDirection::Inbound, MessageStatus::Received, 0)
        };
        let once = told(std::slice::from_ref(&inbound));
        assert_eq!(told(&[inbound.clone(), inbound]), once);
        assert_eq!((once.body.as_str(), once.media.len(), once.direction), ("Hello", 1, MessageDirection::Inbound));
    }

    #[test]
    fn a_stored_message_still_loads() {
        let sample = r#"{"id":"msg_00000000000000000000000000","workspace_id":"wsp_00000000000000000000000000",
            "message_sid":"MM00000000000000000000000000000001","account_id":"acc_00000000000000000000000000",
            "phone_number_id":null,"direction":"inbound","from":"whatsapp:+15005550006","to":"","body":"Hi",
            "media":[{"url":"https://example.com/1","content_type":"image/png"}],"status":"partially_delivered",
            "version":1,"create_time":"2026-08-04T09:00:00Z","update_time":"2026-08-04T09:00:00Z"}"#;
        let message: Message = serde_json::from_str(sample).expect("loads");
        assert_eq!(message.status, MessageStatus::PartiallyDelivered);
    }

    proptest! {
        #[test]
        fn the_order_and_repetition_of_statuses_do_not_matter(
            (facts, shuffled) in proptest::collection::vec(proptest::sample::select(MessageStatus::ALL), 1..6)
                .prop_map(|all| all.into_iter().map(sent).collect::<Vec<_>>())
                .prop_flat_map(|facts| {
                    let twice = [facts.clone(), facts.clone()].concat();
                    (Just(facts), Just(twice).prop_shuffle())
                })
        ) {
            prop_assert_eq!(told(&facts), told(&shuffled));
        }
    }
}
