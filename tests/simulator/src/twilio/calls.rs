//! The Calls resource. Making and carrying the call is `call::outbound`'s work.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::numbers::is_e164;
use super::paging::page;
use super::{Context, Result};
use crate::call::control::{CallControl, Order, Redirect};
use crate::call::detection::Detection;
use crate::call::outbound::{self, Plan, RecordingPlan};
use crate::call::transcript::Transcript;
use crate::clock::{Timestamp, rfc2822};
use crate::exchange::{Answer, Deed, all, first};
use crate::script::Callee;
use crate::state::{Call, State};
use crate::webhook::target;

const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

fn view(context: &Context<'_>, state: &State, call: &Call) -> Value {
    let pricing = state.accounts.get(&call.account_sid).map(|account| account.pricing.clone()).unwrap_or_default();
    // Whom nobody answered costs nothing, and Twilio shows no price for it.
    let price = call.started.and(pricing.due(call.ended, context.world.clock.now())).map(|()| pricing.call);
    let seconds = call.ended.map(|end| call.started.map_or(0, |start| (end - start).num_seconds()));
    json!({
        "account_sid": call.account_sid,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": Value::Null,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.ended.or(call.started).unwrap_or(call.created)),
        "direction": call.direction,
        "duration": seconds.map(|seconds| seconds.to_string()),
        "end_time": call.ended.map(rfc2822),
        "forwarded_from": Value::Null,
        "from": call.from,
        "from_formatted": call.from,
        "group_sid": Value::Null,
        "parent_call_sid": call.parent_sid,
        "phone_number_sid": call.number_sid,
        "price": price,
        "price_unit": pricing.unit,
        "queue_time": call.queue_ms.to_string(),
        "sid": call.sid,
        "start_time": call.started.or(call.ended).map(rfc2822),
        "status": call.status,
        "subresource_uris": {
            "recordings": format!("/2010-04-01/Accounts/{}/Calls/{}/Recordings.json", call.account_sid, call.sid),
        },
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": Value::Null,
        "uri": format!("/2010-04-01/Accounts/{}/Calls/{}.json", call.account_sid, call.sid),
    })
}

/// Whether a time is inside the filter `name`, `name<`, `name>` of the query; days and times are taken.
pub fn in_window(context: &Context<'_>, name: &str, at: Option<Timestamp>) -> bool {
    let bound = |suffix: &str| first(&context.request.query, &format!("{name}{suffix}"));
    let compare = |bound: &str, at: Timestamp| match bound.len() {
        10 => at.format("%Y-%m-%d").to_string().as_str().cmp(bound),
        _ => bound.parse::<Timestamp>().map_or(std::cmp::Ordering::Equal, |bound| at.cmp(&bound)),
    };
    let holds = |suffix: &str, test: fn(std::cmp::Ordering) -> bool| {
        bound(suffix).is_none_or(|bound| at.is_some_and(|at| test(compare(bound, at))))
    };
    holds("", std::cmp::Ordering::is_eq)
        && holds("<", std::cmp::Ordering::is_le)
        && holds(">", std::cmp::Ordering::is_ge)
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let same = |name: &str, is: Option<&str>| context.query(name).is_none_or(|wanted| is == Some(wanted));
    let wanted = |call: &&Call| {
        call.account_sid == context.account_sid
            && same("To", Some(&call.to))
            && same("From", Some(&call.from))
            && same("Status", Some(&call.status))
            && same("ParentCallSid", call.parent_sid.as_deref())
            && in_window(context, "StartTime", call.started.or(call.ended))
            && in_window(context, "EndTime", call.ended)
    };
    let rows = state.calls.newest_first().filter(wanted);
    page(context, "calls", rows, |call| view(context, &state, call))
}

pub fn get(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let state = context.world.state();
    Ok(Answer::json(200, &view(context, &state, own(context, &state, sid)?)))
}

pub fn own<'a>(context: &Context<'_>, state: &'a State, sid: &str) -> Result<&'a Call> {
    let found = state.calls.get(sid).filter(|call| call.account_sid == context.account_sid);
    found.ok_or_else(|| TwilioError::not_found(&context.request.path))
}

pub fn create(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let to = context.given("To").ok_or_else(|| TwilioError::bad(21201, "No 'To' number is specified"))?;
    let from = context.given("From").ok_or_else(|| TwilioError::bad(21213, "No 'From' number is specified"))?;
    check_parties(context, from, to)?;
    let plan = plan(context)?;
    let world = context.world;
    let wait = outbound::queue(world, &context.account_sid);
    let call = Call {
        sid: world.ids.sid("CA"),
        account_sid: context.account_sid.clone(),
        parent_sid: None,
        number_sid: None,
        from: from.to_owned(),
        to: to.to_owned(),
        direction: "outbound-api".to_owned(),
        status: "queued".to_owned(),
        answered_by: None,
        created: world.clock.now(),
        started: None,
        ended: None,
        queue_ms: wait.num_milliseconds(),
        control: CallControl::default(),
        transcript: Transcript::default(),
    };
    deed.sid = call.sid.clone();
    world.state().calls.put(&call.sid, call.clone());
    outbound::start(world, &call, plan);
    Ok(Answer::json(201, &view(context, &world.state(), &call)))
}

fn check_parties(context: &Context<'_>, from: &str, to: &str) -> Result<()> {
    let addressed = |text: &str| text.starts_with("sip:") || text.starts_with("client:");
    if !is_e164(to) && !addressed(to) {
        return Err(TwilioError::bad(21211, "Invalid 'To' Phone Number"));
    }
    if !is_e164(from) && !addressed(from) {
        return Err(TwilioError::bad(21212, "Invalid 'From' Phone Number"));
    }
    let state = context.world.state();
    if !addressed(from) && !state.may_use(&context.account_sid, from) {
        return Err(TwilioError::bad(21210, "The source phone number provided is not yet verified for your account"));
    }
    let account = state.accounts.get(&context.account_sid);
    let trial =
        account.is_some_and(|account| account.trial && !account.verified_numbers.iter().any(|known| known == to));
    if trial {
        return Err(TwilioError::bad(21219, "The number is unverified. Trial accounts may only call verified numbers"));
    }
    match state.callee(to) {
        Callee::Refused(code) => Err(TwilioError::bad(code, "The call was refused by script")),
        _ => Ok(()),
    }
}

fn plan(context: &Context<'_>) -> Result<Plan> {
    let method = |name: &str| method(context, name);
    let instructions = instructions(context)?;
    let instructions =
        instructions.ok_or_else(|| TwilioError::bad(21205, "Url parameter is required: give Url or Twiml"))?;
    let timeout = match context.given("Timeout").map(str::parse) {
        None => 60,
        Some(Ok(seconds @ 0..=600)) => seconds,
        Some(_) => return Err(TwilioError::bad(20001, "Timeout must be a number of seconds up to 600")),
    };
    let mut events: Vec<String> = all(&context.form, "StatusCallbackEvent").into_iter().map(str::to_owned).collect();
    if let Some(unknown) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        let message = format!(
            "StatusCallbackEvent {unknown:?} is not one of {}; repeat the field for several",
            EVENTS.join(", ")
        );
        return Err(TwilioError::bad(21626, message));
    }
    if events.is_empty() {
        events.push("completed".to_owned());
    }
    Ok(Plan {
        instructions,
        fallback: url(context, "FallbackUrl", 21205)?.map(|url| (url, method("FallbackMethod"))),
        status_callback: url(context, "StatusCallback", 21502)?.map(|url| (url, method("StatusCallbackMethod"))),
        events,
        timeout,
        time_limit: context.given("TimeLimit").and_then(|seconds| seconds.parse().ok()),
        machine_detection: detection(context)?,
        recording: recording(context)?,
    })
}

fn detection(context: &Context<'_>) -> Result<Option<Detection>> {
    let message_end = match context.given("MachineDetection") {
        None => return Ok(None),
        Some("Enable") => false,
        Some("DetectMessageEnd") => true,
        Some(_) => return Err(TwilioError::bad(20001, "MachineDetection must be Enable or DetectMessageEnd")),
    };
    let timeout = match context.given("MachineDetectionTimeout").map(str::parse) {
        None => 30,
        Some(Ok(seconds @ 3..=59)) => seconds,
        Some(_) => return Err(TwilioError::bad(20001, "MachineDetectionTimeout must be 3 to 59 seconds")),
    };
    Ok(Some(Detection { message_end, timeout }))
}

fn recording(context: &Context<'_>) -> Result<Option<RecordingPlan>> {
    if context.given("Record") != Some("true") {
        return Ok(None);
    }
    recording_plan(context).map(Some)
}

/// What a request says about a recording.
pub fn recording_plan(context: &Context<'_>) -> Result<RecordingPlan> {
    let callback = url(context, "RecordingStatusCallback", 21502)?;
    let events = all(&context.form, "RecordingStatusCallbackEvent").join(" ");
    Ok(RecordingPlan {
        channels: if context.given("RecordingChannels") == Some("dual") { 2 } else { 1 },
        track: context.given("RecordingTrack").unwrap_or("both").to_owned(),
        callback: callback.map(|url| (url, method(context, "RecordingStatusCallbackMethod"))),
        events: if events.is_empty() { "completed".to_owned() } else { events },
    })
}

fn method(context: &Context<'_>, name: &str) -> String {
    context.given(name).unwrap_or("POST").to_owned()
}

fn url(context: &Context<'_>, name: &str, code: u32) -> Result<Option<String>> {
    match context.given(name) {
        None => Ok(None),
        Some(url) => match target::refusal(url) {
            Some(why) => Err(TwilioError::bad(code, format!("{name} {why}"))),
            None => Ok(Some(url.to_owned())),
        },
    }
}

fn instructions(context: &Context<'_>) -> Result<Option<Redirect>> {
    if let Some(twiml) = context.given("Twiml") {
        if twiml.chars().count() > 4000 {
            return Err(TwilioError::bad(21205, "Twiml has at most 4000 characters"));
        }
        return Ok(Some(Redirect::Twiml(twiml.to_owned())));
    }
    let url = url(context, "Url", 21205)?;
    Ok(url.map(|url| Redirect::Url { url, method: method(context, "Method") }))
}

pub fn update(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let redirect = instructions(context)?;
    let state = context.world.state();
    let call = own(context, &state, sid)?.clone();
    drop(state);
    let not_now = |what: &str| TwilioError::bad(21220, format!("Call is not in-progress. Cannot {what}"));
    let order = match (context.given("Status"), redirect) {
        (Some("canceled"), _) if matches!(call.status.as_str(), "queued" | "ringing") => Order::Cancel,
        (Some("canceled"), _) => return Err(not_now("cancel")),
        (Some("completed"), _) if !call.is_over() => Order::End,
        (Some("completed"), _) => return Err(not_now("complete")),
        (Some(_), _) => return Err(TwilioError::bad(20001, "Status must be canceled or completed")),
        (None, Some(redirect)) if call.status == "in-progress" => Order::Redirect(redirect),
        (None, Some(_)) => return Err(not_now("redirect")),
        (None, None) => return Err(TwilioError::bad(20001, "Give Status, Url or Twiml")),
    };
    call.control.give(order);
    context.world.clock.stir();
    Ok(Answer::json(200, &view(context, &context.world.state(), &call)))
}
