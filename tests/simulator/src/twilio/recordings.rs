//! Recordings: what is known of them, and their sound.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::paging::page;
use super::{Context, Result, calls, wav};
use crate::call::control::StartedRecording;
use crate::clock::rfc2822;
use crate::exchange::{Answer, Deed};
use crate::state::{Recording, State};

fn view(context: &Context<'_>, recording: &Recording) -> Value {
    let path = format!("/2010-04-01/Accounts/{}/Recordings/{}", recording.account_sid, recording.sid);
    json!({
        "account_sid": recording.account_sid,
        "api_version": "2010-04-01",
        "call_sid": recording.call_sid,
        "channels": recording.channels,
        "conference_sid": Value::Null,
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.created),
        "duration": recording.seconds.to_string(),
        "encryption_details": Value::Null,
        "error_code": Value::Null,
        "media_url": format!("{}{path}", context.world.base_url),
        "price": Value::Null,
        "price_unit": "USD",
        "sid": recording.sid,
        "source": recording.source,
        "start_time": rfc2822(recording.started),
        "status": recording.status,
        "track": recording.track,
        "uri": format!("{path}.json"),
    })
}

pub fn list(context: &Context<'_>, call_sid: Option<&str>) -> Result<Answer> {
    let state = context.world.state();
    let call_sid = call_sid.or_else(|| context.query("CallSid"));
    let deleted_too = context.query("IncludeSoftDeleted") == Some("true");
    let wanted = |recording: &&Recording| {
        recording.account_sid == context.account_sid
            && call_sid.is_none_or(|sid| recording.call_sid == sid)
            && (deleted_too || recording.status != "deleted")
            && calls::in_window(context, "DateCreated", Some(recording.created))
    };
    let rows = state.recordings.newest_first().filter(wanted);
    page(context, "recordings", rows, |recording| view(context, recording))
}

/// Starts recording a call that is under way; the recording ends with the call.
pub fn start(context: &Context<'_>, call_sid: &str, deed: &mut Deed) -> Result<Answer> {
    let plan = calls::recording_plan(context)?;
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let call = calls::own(context, &state, call_sid)?.clone();
    if call.status != "in-progress" {
        return Err(TwilioError::bad(21220, "Requested resource is not eligible for recording"));
    }
    let recording = Recording {
        sid: context.world.ids.sid("RE"),
        account_sid: call.account_sid,
        call_sid: call.sid,
        seconds: 0,
        channels: plan.channels,
        source: "StartCallRecordingAPI".to_owned(),
        track: Some(plan.track.clone()),
        status: "in-progress".to_owned(),
        started: now,
        created: now,
    };
    deed.sid = recording.sid.clone();
    call.control.record(StartedRecording { sid: recording.sid.clone(), plan });
    state.recordings.put(&recording.sid, recording.clone());
    Ok(Answer::json(201, &view(context, &recording)))
}

/// Metadata with `.json`, sound with `.wav` or nothing.
pub fn get(context: &Context<'_>, name: &str) -> Result<Answer> {
    let state = context.world.state();
    let sid = name.split('.').next().unwrap_or_default();
    let recording = own(context, &state, sid)?;
    let deleted_too = context.query("IncludeSoftDeleted") == Some("true");
    if recording.status == "deleted" && !deleted_too {
        return Err(TwilioError::not_found(&context.request.path));
    }
    if context.request.path.ends_with(".json") {
        return Ok(Answer::json(200, &view(context, recording)));
    }
    if name.contains('.') && !name.ends_with(".wav") {
        return Err(TwilioError::new(404, 20404, "only .wav is simulated"));
    }
    if recording.status != "completed" {
        return Err(TwilioError::not_found(&context.request.path));
    }
    if context.query("RequestedChannels") == Some("2") && recording.channels < 2 {
        return Err(TwilioError::bad(20001, "the recording has one channel: ask for RequestedChannels=1"));
    }
    Ok(Answer::bytes(200, "audio/x-wav", wav::silence(recording.seconds, recording.channels)))
}

pub fn delete(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let mut state = context.world.state();
    let status = own(context, &state, sid)?.status.clone();
    if status != "completed" {
        return Err(TwilioError::not_found(&context.request.path));
    }
    if let Some(recording) = state.recordings.get_mut(sid) {
        "deleted".clone_into(&mut recording.status);
    }
    Ok(Answer::empty(204))
}

fn own<'a>(context: &Context<'_>, state: &'a State, sid: &str) -> Result<&'a Recording> {
    let found = state.recordings.get(sid).filter(|recording| recording.account_sid == context.account_sid);
    found.ok_or_else(|| TwilioError::not_found(&context.request.path))
}
