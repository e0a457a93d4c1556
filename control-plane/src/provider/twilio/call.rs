//! Calls at Twilio: one, and lists of them.

use serde::Deserialize;

use super::{
    client::{Ask, Fields, Twilio, in_account},
    page, wire,
};
use crate::{
    domain::{
        outcome::Outcome,
        party::Party,
        sid::{AccountSid, CallSid},
        telephony::{CallDirection, CallFilter, CallSeen, CallStatus, Cursor, Page},
        time::Timestamp,
    },
    provider::access::Access,
};

#[derive(Deserialize)]
struct Call {
    sid: CallSid,
    account_sid: AccountSid,
    #[serde(default, deserialize_with = "wire::text")]
    parent_call_sid: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    from: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    to: Option<String>,
    status: CallStatus,
    direction: CallDirection,
    #[serde(default, deserialize_with = "wire::date")]
    date_created: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::date")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::date")]
    end_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::count")]
    duration: Option<u32>,
    #[serde(default, deserialize_with = "wire::text")]
    answered_by: Option<String>,
}

impl From<Call> for CallSeen {
    fn from(call: Call) -> Self {
        Self {
            sid: call.sid,
            parent: call.parent_call_sid.and_then(|sid| sid.parse().ok()),
            account_sid: call.account_sid,
            from: Party::from(call.from.unwrap_or_default()),
            to: Party::from(call.to.unwrap_or_default()),
            status: call.status,
            direction: call.direction,
            create_time: call.date_created,
            start_time: call.start_time,
            end_time: call.end_time,
            duration_seconds: call.duration,
            answered_by: call.answered_by,
        }
    }
}

#[derive(Deserialize)]
struct Calls {
    calls: Vec<Call>,
    #[serde(flatten)]
    paging: page::Paging,
}

/// One call.
pub(super) async fn read(twilio: &Twilio, access: &Access, sid: &CallSid) -> Outcome<CallSeen> {
    let path = in_account(&access.account_sid, &format!("/Calls/{sid}.json"));
    let read = |body: &[u8]| {
        let call: Call = wire::json(body)?;
        match call.sid == *sid {
            true => Ok(call.into()),
            false => Err("about another call"),
        }
    };
    twilio.ask(access, Ask::read("read call", path, Vec::new()), read).await
}

/// Calls, newest first.
pub(super) async fn list(
    twilio: &Twilio,
    access: &Access,
    filter: &CallFilter,
    after: Option<&Cursor>,
) -> Outcome<Page<CallSeen>> {
    let first = (in_account(&access.account_sid, "/Calls.json"), fields(filter));
    twilio
        .page(access, "list calls", first, after, |body| {
            let Calls { calls, paging } = wire::json(body)?;
            Ok((calls.into_iter().map(CallSeen::from).collect(), paging))
        })
        .await
}

/// The comparison is part of the parameter's name.
fn fields(filter: &CallFilter) -> Fields {
    let moment = |time: &Timestamp| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let number = |number: &crate::domain::e164::E164| number.as_str().to_owned();
    let CallFilter { since, until, to, from } = filter;
    [
        ("To", to.as_ref().map(number)),
        ("From", from.as_ref().map(number)),
        ("StartTime>", since.as_ref().map(moment)),
        ("StartTime<", until.as_ref().map(moment)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
