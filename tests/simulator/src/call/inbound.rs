//! A call that comes in: the number's voice URL is asked, the caller follows the script, the
//! number's status callback hears of the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Ask;
use super::control::CallControl;
use super::leg::Leg;
use super::record::finish_started;
use super::transcript::Transcript;
use super::walk::{Finish, Start, walk};
use crate::control::Refusal;
use crate::script::Script;
use crate::state::{AccountStatus, Call, Number};
use crate::webhook::Kind;
use crate::webhook::form::{CallFacts, pair};
use crate::world::World;

/// What a test or a person asks for. Only `to` and `from` are needed when the number is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaceCall {
    pub to: String,
    pub from: String,
    /// Instead of what the number is configured with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<String>,
    /// Needed with `voice_url` when no account owns the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_sid: Option<String>,
    /// More parameters of the first request, such as `ForwardedFrom` or `StirVerstat`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    pub script: Script,
    /// Answer at once with the call's SID; the transcript is read later.
    pub detached: bool,
}

impl PlaceCall {
    pub fn new(from: &str, to: &str) -> Self {
        Self { from: from.to_owned(), to: to.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }
}

/// The URLs a call uses, from the number or the request.
struct Line {
    account_sid: String,
    number_sid: Option<String>,
    voice: Option<(String, String)>,
    fallback: Option<(String, String)>,
    status: Option<(String, String)>,
    dead: bool,
}

pub async fn place(world: &Arc<World>, call: PlaceCall) -> Result<Transcript, Refusal> {
    let line = line(world, &call)?;
    let mut leg = begin(world, &call, &line);
    if call.detached {
        let transcript = leg.transcript.clone();
        let work = world.clock.work();
        tokio::spawn(async move {
            let _work = work;
            carry(&mut leg, &call, line).await;
        });
        return Ok(transcript);
    }
    let _work = world.clock.work();
    carry(&mut leg, &call, line).await;
    Ok(leg.transcript)
}

fn line(world: &World, call: &PlaceCall) -> Result<Line, Refusal> {
    if call.from.is_empty() {
        return Err(Refusal::field("from", "say who calls, for instance +15550100099"));
    }
    let state = world.state();
    let found = state.number(&call.to);
    let owner = call.account_sid.clone().or_else(|| found.map(|number| number.account_sid.clone()));
    let Some(account_sid) = owner else {
        return Err(Refusal::field(
            "to",
            "no account owns this number: add it first, or give account_sid and voice_url",
        ));
    };
    if state.accounts.get(&account_sid).is_none() {
        return Err(Refusal::field("account_sid", "there is no such account: add it first"));
    }
    let urls = |name: &str, method: &str| {
        let of = |number: &Number| Some((number.setting(name)?.to_owned(), number.method(method).to_owned()));
        found.and_then(of)
    };
    let given = |url: &Option<String>| url.clone().map(|url| (url, "POST".to_owned()));
    Ok(Line {
        number_sid: found.map(|number| number.sid.clone()),
        voice: given(&call.voice_url).or_else(|| urls("VoiceUrl", "VoiceMethod")),
        fallback: urls("VoiceFallbackUrl", "VoiceFallbackMethod"),
        status: given(&call.status_callback).or_else(|| urls("StatusCallback", "StatusCallbackMethod")),
        dead: found.is_some_and(|number| number.dead),
        account_sid,
    })
}

fn begin(world: &Arc<World>, call: &PlaceCall, line: &Line) -> Leg {
    let facts = CallFacts {
        sid: call.call_sid.clone().unwrap_or_else(|| world.ids.sid("CA")),
        account_sid: line.account_sid.clone(),
        from: call.from.clone(),
        to: call.to.clone(),
        direction: "inbound".to_owned(),
        parent_sid: None,
    };
    let control = CallControl::default();
    let mut leg = Leg::new(world.clone(), facts, call.from.clone(), call.script.clone(), control.clone());
    leg.fallback = line.fallback.clone();
    leg.status = "ringing".to_owned();
    leg.transcript.status = "ringing".to_owned();
    let row = Call {
        sid: leg.facts.sid.clone(),
        account_sid: line.account_sid.clone(),
        parent_sid: None,
        number_sid: line.number_sid.clone(),
        from: call.from.clone(),
        to: call.to.clone(),
        direction: "inbound".to_owned(),
        status: "ringing".to_owned(),
        answered_by: None,
        created: leg.now,
        started: None,
        ended: None,
        queue_ms: 0,
        control,
        transcript: leg.transcript.clone(),
    };
    world.state().calls.put(&row.sid.clone(), row);
    leg
}

async fn carry(leg: &mut Leg, call: &PlaceCall, line: Line) {
    let world = leg.world.clone();
    let status = world.state().effective_status(&line.account_sid);
    if status != Some(AccountStatus::Active) {
        leg.warn(10003, "the incoming call was rejected: the account is not active");
        return leg.end("failed");
    }
    if line.dead {
        return leg.end("failed");
    }
    let Some((url, method)) = line.voice else {
        leg.warn(11100, "the number has no voice URL");
        return leg.end("failed");
    };
    let mut extra: Vec<_> = call.parameters.iter().map(|(name, value)| pair(name, value)).collect();
    extra.push(pair("CallToken", call_token(&leg.facts.sid)));
    let finish = walk(leg, Start::Ask(Ask { kind: Kind::Voice, url, method, extra })).await;
    close(leg, finish, line.status).await;
}

/// Percent-encoded inside the form's own encoding, as Twilio sends it.
fn call_token(sid: &str) -> String {
    let token = format!(r#"{{"parentCallInfoToken":"simulated.{sid}","identityHeaderTokens":[]}}"#);
    percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn close(leg: &mut Leg, finish: Finish, callback: Option<(String, String)>) {
    let status = match finish {
        Finish::Rejected { busy: true } => "busy",
        Finish::Rejected { busy: false } => "no-answer",
        Finish::OutOfVerbs | Finish::HungUp => "completed",
    };
    leg.end(status);
    if let Some((url, method)) = callback {
        leg.reports.url = Some(url);
        leg.reports.method = method;
        leg.reports.events = vec!["completed".to_owned()];
        leg.report_progress("completed", status, None).await;
    }
    finish_started(leg).await;
    leg.deliver_rest().await;
    leg.stand(status);
}
