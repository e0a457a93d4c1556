//! `<Record>` and every other way a recording comes into being, with its callbacks.

use chrono::TimeDelta;

use super::control::StartedRecording;
use super::leg::Leg;
use super::transcript::OnTheLine;
use super::walk::ask_for;
use super::{Next, Turn};
use crate::clock::rfc2822;
use crate::ledger::Happened;
use crate::script::Act;
use crate::state::Recording;
use crate::twiml::{Document, Element};
use crate::webhook::Kind;
use crate::webhook::form::{Form, pair};
use crate::webhook::target;

pub async fn record(leg: &mut Leg, document: &Document, verb: &Element) -> Result<Next, Turn> {
    let silence = verb.number("timeout").unwrap_or(5);
    let spoken = match leg.acts.front() {
        Some(Act::Voicemail(seconds)) => *seconds,
        Some(Act::HangUp) | None => 0,
        Some(Act::Silence | Act::Press(_) | Act::Speak(_)) => {
            leg.acts.pop_front();
            // Nothing was recorded: Twilio makes no request and goes on with the next verb.
            leg.pass(silence).await?;
            return Ok(Next::Continue);
        }
    };
    leg.acts.pop_front();
    if spoken == 0 {
        return Err(leg.person_hangs_up());
    }
    let longest = verb.number("maxLength").unwrap_or(3600);
    let started = leg.now;
    let passed = leg.pass(spoken.min(longest)).await;
    let seconds = u32::try_from((leg.now - started).num_seconds()).unwrap_or(0);
    let callback = Callback::of(leg, document, verb);
    let how = ending(leg, verb, spoken > longest);
    let recording = make(leg, seconds, 1, "RecordVerb", None);
    if let Err(turn @ (Turn::Ended | Turn::Redirected(_))) = passed {
        callback.send(leg, &recording).await;
        return Err(turn);
    }
    finish(leg, document, verb, &recording, if passed.is_err() { End::HungUp } else { how }, &callback).await
}

enum End {
    Key(String),
    Silence,
    HungUp,
}

/// A key, or hanging up when the script has nothing more, or silence.
fn ending(leg: &mut Leg, verb: &Element, cut_off: bool) -> End {
    let keys = verb.attribute("finishOnKey").unwrap_or("1234567890*#");
    match leg.acts.front() {
        _ if cut_off => End::Silence,
        Some(Act::Press(key)) if keys.contains(key.as_str()) && key.len() == 1 => {
            let key = key.clone();
            leg.acts.pop_front();
            End::Key(key)
        }
        Some(Act::HangUp) | None => End::HungUp,
        Some(_) => End::Silence,
    }
}

async fn finish(
    leg: &mut Leg,
    document: &Document,
    verb: &Element,
    recording: &Recording,
    end: End,
    callback: &Callback,
) -> Result<Next, Turn> {
    let pressed = match &end {
        End::Key(key) => {
            leg.pressed(key);
            key.as_str()
        }
        End::Silence => "",
        End::HungUp => "hangup",
    };
    let extra = vec![
        pair("RecordingUrl", url(leg, recording)),
        pair("RecordingSid", &recording.sid),
        pair("RecordingDuration", recording.seconds.to_string()),
        pair("Digits", pressed),
    ];
    let next = ask_for(leg, document, Kind::Record, verb.attribute("action"), verb.attribute("method"), extra);
    if !matches!(end, End::HungUp) {
        callback.send(leg, recording).await;
        return Ok(next);
    }
    // The action is still requested, but nobody is there to hear the answer.
    let turn = leg.person_hangs_up();
    leg.stand("completed");
    if let Next::Fetch(ask) = next {
        leg.request(&ask).await;
    }
    callback.send(leg, recording).await;
    Err(turn)
}

/// The recording callback of a verb or of a created call.
pub struct Callback {
    pub url: Option<String>,
    pub method: String,
    pub events: String,
}

impl Callback {
    pub fn of(leg: &mut Leg, document: &Document, verb: &Element) -> Self {
        let given = verb.attribute("recordingStatusCallback").filter(|url| !url.is_empty());
        let url = given.and_then(|url| target::resolve(document.base.as_deref(), url));
        if given.is_some() && url.is_none() {
            leg.warn(15004, "recordingStatusCallback must be absolute here");
        }
        let method = verb.attribute("recordingStatusCallbackMethod").unwrap_or("POST").to_owned();
        let events = verb.attribute("recordingStatusCallbackEvent").unwrap_or("completed").to_owned();
        Self { url, method, events }
    }

    pub async fn send(&self, leg: &mut Leg, recording: &Recording) {
        let Some(url) = &self.url else { return };
        for status in ["in-progress", "completed"] {
            if self.events.split_whitespace().any(|event| event == status) {
                let parameters = report(leg, recording, status);
                leg.report(Kind::Recording, url, &self.method, parameters).await;
            }
        }
    }
}

fn report(leg: &Leg, recording: &Recording, status: &str) -> Form {
    let mut form = vec![pair("RecordingSource", &recording.source)];
    form.extend(recording.track.iter().map(|track| pair("RecordingTrack", track)));
    form.push(pair("RecordingSid", &recording.sid));
    form.push(pair("RecordingUrl", url(leg, recording)));
    form.push(pair("RecordingStatus", status));
    form.push(pair("RecordingChannels", recording.channels.to_string()));
    form.push(pair("ErrorCode", "0"));
    form.push(pair("CallSid", &recording.call_sid));
    form.push(pair("RecordingStartTime", rfc2822(recording.started)));
    form.push(pair("AccountSid", &recording.account_sid));
    if status == "completed" {
        form.push(pair("RecordingDuration", recording.seconds.to_string()));
    }
    form
}

/// Without extension, as Twilio gives it.
pub fn url(leg: &Leg, recording: &Recording) -> String {
    let (base, account, sid) = (&leg.world.base_url, &recording.account_sid, &recording.sid);
    format!("{base}/2010-04-01/Accounts/{account}/Recordings/{sid}")
}

/// Stores a finished recording that ends now.
pub fn make(leg: &mut Leg, seconds: u32, channels: u32, source: &str, track: Option<&str>) -> Recording {
    let sid = leg.world.ids.sid("RE");
    store(leg, sid, seconds, channels, source, track)
}

/// Ends the recordings that REST started while the call was under way.
pub async fn finish_started(leg: &mut Leg) {
    for StartedRecording { sid, plan } in leg.control.take_recordings() {
        let started = leg.world.state().recordings.get(&sid).map_or(leg.now, |recording| recording.started);
        let seconds = u32::try_from((leg.now - started).num_seconds()).unwrap_or(0);
        let source = "StartCallRecordingAPI";
        let recording = store(leg, sid, seconds, plan.channels, source, Some(&plan.track));
        let (url, method) = plan.callback.unzip();
        let method = method.unwrap_or_else(|| "POST".to_owned());
        Callback { url, method, events: plan.events }.send(leg, &recording).await;
    }
}

fn store(leg: &mut Leg, sid: String, seconds: u32, channels: u32, source: &str, track: Option<&str>) -> Recording {
    let recording = Recording {
        sid,
        account_sid: leg.facts.account_sid.clone(),
        call_sid: leg.facts.sid.clone(),
        seconds,
        channels,
        source: source.to_owned(),
        track: track.map(str::to_owned),
        status: "completed".to_owned(),
        started: leg.now - TimeDelta::seconds(i64::from(seconds)),
        created: leg.now,
    };
    let at_ms = leg.at_ms();
    leg.transcript.line.push(OnTheLine::Recorded { at_ms, recording_sid: recording.sid.clone(), seconds });
    leg.world.note(Happened::Recorded {
        recording_sid: recording.sid.clone(),
        call_sid: recording.call_sid.clone(),
        account_sid: recording.account_sid.clone(),
        seconds,
        source: recording.source.clone(),
    });
    leg.world.state().recordings.put(&recording.sid, recording.clone());
    recording
}
