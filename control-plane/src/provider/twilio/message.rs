//! Messages at Twilio: one, lists of them, and sending one.

use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Ask, Fields, Twilio, in_account},
    page, wire,
};
use crate::{
    domain::{
        outcome::Outcome,
        party::Party,
        sid::{AccountSid, MessageSid},
        telephony::{Cursor, MessageFilter, MessageOrder, MessageSeen, Page},
        time::Timestamp,
    },
    provider::access::Access,
};

/// What Twilio takes as `ValidityPeriod`.
const VALIDITY: std::ops::RangeInclusive<u32> = 1..=36_000;

#[derive(Deserialize)]
struct Message {
    sid: MessageSid,
    account_sid: AccountSid,
    #[serde(default, deserialize_with = "wire::text")]
    from: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    to: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    body: Option<String>,
    status: String,
    #[serde(default, deserialize_with = "wire::count")]
    error_code: Option<u32>,
    #[serde(default, deserialize_with = "wire::date")]
    date_created: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::date")]
    date_sent: Option<Timestamp>,
    #[serde(default)]
    price: Value,
    #[serde(default)]
    price_unit: Value,
    #[serde(default, deserialize_with = "wire::count")]
    num_segments: Option<u32>,
}

impl From<Message> for MessageSeen {
    fn from(message: Message) -> Self {
        Self {
            sid: message.sid,
            to: Party::from(message.to.unwrap_or_default()),
            from: Party::from(message.from.unwrap_or_default()),
            body: message.body.unwrap_or_default(),
            status: message.status.parse().ok(),
            error_code: message.error_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(0),
            create_time: message.date_created,
            sent_time: message.date_sent,
            price: wire::price(&message.price, &message.price_unit),
            segments: message.num_segments,
        }
    }
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
    #[serde(flatten)]
    paging: page::Paging,
}

/// One message.
pub(super) async fn read(twilio: &Twilio, access: &Access, sid: &MessageSid) -> Outcome<MessageSeen> {
    let path = in_account(&access.account_sid, &format!("/Messages/{sid}.json"));
    let read = |body: &[u8]| {
        let message: Message = wire::json(body)?;
        match message.sid == *sid {
            true => Ok(message.into()),
            false => Err("about another message"),
        }
    };
    twilio.ask(access, Ask::read("read message", path, Vec::new()), read).await
}

/// Sends a message. Twilio queues it and answers at once.
pub(super) async fn send(twilio: &Twilio, access: &Access, order: &MessageOrder) -> Outcome<MessageSeen> {
    let path = in_account(&access.account_sid, "/Messages.json");
    let read = |body: &[u8]| {
        let message: Message = wire::json(body)?;
        match message.account_sid == access.account_sid {
            true => Ok(message.into()),
            false => Err("about another account"),
        }
    };
    twilio.ask(access, Ask::write("send message", path, form(order)), read).await
}

/// Messages, newest first.
pub(super) async fn list(
    twilio: &Twilio,
    access: &Access,
    filter: &MessageFilter,
    after: Option<&Cursor>,
) -> Outcome<Page<MessageSeen>> {
    let first = (in_account(&access.account_sid, "/Messages.json"), query(filter));
    twilio
        .page(access, "list messages", first, after, |body| {
            let Messages { messages, paging } = wire::json(body)?;
            Ok((messages.into_iter().map(MessageSeen::from).collect(), paging))
        })
        .await
}

fn form(order: &MessageOrder) -> Fields {
    let MessageOrder { to, from, body, status_callback, validity } = order;
    let validity = validity.get().clamp(*VALIDITY.start(), *VALIDITY.end());
    vec![
        ("To", to.as_str().to_owned()),
        ("From", from.as_str().to_owned()),
        ("Body", body.clone()),
        ("StatusCallback", status_callback.clone()),
        ("ValidityPeriod", validity.to_string()),
    ]
}

/// The comparison is part of the parameter's name.
fn query(filter: &MessageFilter) -> Fields {
    let MessageFilter { to, from, since } = filter;
    let party = |party: &Party| party.as_str().to_owned();
    [
        ("To", to.as_ref().map(party)),
        ("From", from.as_ref().map(party)),
        ("DateSent>", since.as_ref().map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
