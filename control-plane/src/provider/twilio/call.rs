//! Calls at Twilio: one, lists of them, placing one and ending one.

use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Ask, Fields, Twilio, Unreadable, in_account},
    page, wire,
};
use crate::{
    domain::{
        outcome::{Outcome, Refused},
        party::Party,
        sid::{AccountSid, CallSid},
        telephony::{CallDirection, CallFilter, CallOrder, CallSeen, CallStatus, Cursor, EndCall, Page},
        time::Timestamp,
    },
    provider::access::Access,
};

/// The call is past the point where this could be done to it.
const NOT_IN_THIS_STATE: i32 = 21220;

/// One field for each: as one field with spaces Twilio takes none of them.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Somebody hears nothing while a machine is looked for; Twilio's own half a minute is too long.
const DETECTION_SECONDS: &str = "15";

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
    #[serde(default)]
    price: Value,
    #[serde(default)]
    price_unit: Value,
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
            price: wire::price(&call.price, &call.price_unit),
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
    twilio.ask(access, Ask::read("read call", path(access, sid), Vec::new()), |body| same(body, sid)).await
}

/// Places a call. Twilio queues what comes faster than the account may dial, and answers at once.
pub(super) async fn create(twilio: &Twilio, access: &Access, order: &CallOrder) -> Outcome<CallSeen> {
    let path = in_account(&access.account_sid, "/Calls.json");
    let read = |body: &[u8]| {
        let call: Call = wire::json(body)?;
        // Whom it rings is not compared: Twilio writes the numbers of some countries in its own way.
        match call.account_sid == access.account_sid {
            true => Ok(call.into()),
            false => Err("about another account"),
        }
    };
    twilio.ask(access, Ask::write("create call", path, form(order)), read).await
}

/// Ends a call. One that cannot be ended so any more is read instead.
pub(super) async fn end(twilio: &Twilio, access: &Access, sid: &CallSid, how: EndCall) -> Outcome<CallSeen> {
    let status = match how {
        EndCall::Cancel => "canceled",
        EndCall::HangUp => "completed",
    };
    let ask = Ask::write("end call", path(access, sid), vec![("Status", status.to_owned())]);
    match twilio.ask(access, ask, |body| same(body, sid)).await {
        Outcome::Refused(Refused { code: NOT_IN_THIS_STATE, .. }) => read(twilio, access, sid).await,
        outcome => outcome,
    }
}

fn path(access: &Access, sid: &CallSid) -> String {
    in_account(&access.account_sid, &format!("/Calls/{sid}.json"))
}

fn same(body: &[u8], asked: &CallSid) -> Result<CallSeen, Unreadable> {
    let call: Call = wire::json(body)?;
    match call.sid == *asked {
        true => Ok(call.into()),
        false => Err("about another call"),
    }
}

/// Every address travels with its method, and nothing is recorded, which is the default.
fn form(order: &CallOrder) -> Fields {
    let post = || "POST".to_owned();
    let mut fields = vec![
        ("To", order.to.as_str().to_owned()),
        ("From", order.from.as_str().to_owned()),
        ("Url", order.url.clone()),
        ("Method", post()),
    ];
    if !order.fallback_url.is_empty() {
        fields.extend([("FallbackUrl", order.fallback_url.clone()), ("FallbackMethod", post())]);
    }
    fields.extend([("StatusCallback", order.status_callback.clone()), ("StatusCallbackMethod", post())]);
    fields.extend(EVENTS.map(|event| ("StatusCallbackEvent", event.to_owned())));
    fields
        .extend([("Timeout", order.ring_timeout.get().to_string()), ("TimeLimit", order.time_limit.get().to_string())]);
    if order.machine_detection {
        fields.push(("MachineDetection", "DetectMessageEnd".to_owned()));
        fields.push(("MachineDetectionTimeout", DETECTION_SECONDS.to_owned()));
    }
    fields
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
