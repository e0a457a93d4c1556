//! A call made by REST: queued at the account's rate, dialled, answered or not, reported.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Ask;
use super::detection::Detection;
use super::leg::Leg;
use super::party::{BUSY_AFTER, FAILED_AFTER, sip_code};
use super::record::{Callback, finish_started, make};
use super::walk::{Start, walk};
use super::{Turn, control::Redirect};
use crate::ledger::Happened;
use crate::script::{Answer, Callee, Script};
use crate::state::Call;
use crate::webhook::Kind;
use crate::webhook::form::CallFacts;
use crate::world::World;

/// What the create request asked for, beyond what the row holds.
#[derive(Clone, Debug)]
pub struct Plan {
    pub instructions: Redirect,
    pub fallback: Option<(String, String)>,
    pub status_callback: Option<(String, String)>,
    pub events: Vec<String>,
    pub timeout: u32,
    pub time_limit: Option<u32>,
    pub machine_detection: Option<Detection>,
    pub recording: Option<RecordingPlan>,
}

#[derive(Clone, Debug)]
pub struct RecordingPlan {
    pub channels: u32,
    pub track: String,
    pub callback: Option<(String, String)>,
    pub events: String,
}

/// Takes the next place in the account's queue and says how long the wait is.
pub fn queue(world: &World, account_sid: &str) -> TimeDelta {
    let now = world.clock.now();
    let mut state = world.state();
    let Some(account) = state.accounts.get_mut(account_sid) else { return TimeDelta::zero() };
    let start = account.next_call_at.map_or(now, |next| next.max(now));
    let gap = TimeDelta::milliseconds(1000 / i64::from(account.calls_per_second.max(1)));
    account.next_call_at = Some(start + gap);
    start - now
}

/// Runs the call on its own; the creating request is answered meanwhile.
pub fn start(world: &Arc<World>, call: &Call, plan: Plan) {
    let facts = CallFacts {
        sid: call.sid.clone(),
        account_sid: call.account_sid.clone(),
        from: call.from.clone(),
        to: call.to.clone(),
        direction: call.direction.clone(),
        parent_sid: None,
    };
    let callee = world.state().callee(&call.to);
    let acts = match &callee {
        Callee::Answers(answer) => answer.acts.clone(),
        _ => Vec::new(),
    };
    let script = Script { acts, ..Script::default() };
    let mut leg = Leg::new(world.clone(), facts, call.to.clone(), script, call.control.clone());
    leg.status = "queued".to_owned();
    leg.fallback = plan.fallback.clone();
    if let Some((url, method)) = &plan.status_callback {
        leg.reports.url = Some(url.clone());
        leg.reports.method = method.clone();
        leg.reports.events = plan.events.clone();
    }
    let wait = TimeDelta::milliseconds(call.queue_ms);
    let work = world.clock.work();
    tokio::spawn(async move {
        let _work = work;
        carry(&mut leg, wait, callee, plan).await;
    });
}

async fn carry(leg: &mut Leg, wait: TimeDelta, callee: Callee, plan: Plan) {
    let seconds = u32::try_from((wait.num_milliseconds() + 999) / 1000).unwrap_or(0);
    if leg.pass(seconds).await.is_err() {
        // Canceled while queued: no callback at all.
        return leg.end("canceled");
    }
    leg.report_progress("initiated", "initiated", None).await;
    let status = match ring(leg, &callee, plan.timeout).await {
        Ok(answer) => talk(leg, &answer, &plan).await,
        Err(status) => status,
    };
    leg.end(status);
    leg.report_progress("completed", status, Some(sip_code(status))).await;
    finish_started(leg).await;
    leg.deliver_rest().await;
    leg.stand(status);
}

async fn ring(leg: &mut Leg, callee: &Callee, timeout: u32) -> Result<Answer, &'static str> {
    if matches!(callee, Callee::Dead | Callee::Refused(_)) {
        return Err(leg.pass(FAILED_AFTER).await.map_or("canceled", |()| "failed"));
    }
    if leg.pass(1).await.is_err() {
        return Err("canceled");
    }
    leg.stand("ringing");
    leg.world.note(Happened::Rung {
        person: leg.person.clone(),
        from: leg.facts.from.clone(),
        call_sid: leg.facts.sid.clone(),
        account_sid: leg.facts.account_sid.clone(),
        direction: leg.facts.direction.clone(),
    });
    leg.report_progress("ringing", "ringing", None).await;
    let (after, end) = match callee {
        Callee::Answers(answer) if answer.after_seconds <= timeout => (answer.after_seconds, Ok(answer.clone())),
        Callee::Busy => (BUSY_AFTER.min(timeout), Err("busy")),
        Callee::Failed => (FAILED_AFTER.min(timeout), Err("failed")),
        _ => (timeout, Err("no-answer")),
    };
    match leg.pass(after).await {
        Ok(()) => end,
        Err(_) => Err("canceled"),
    }
}

async fn talk(leg: &mut Leg, answer: &Answer, plan: &Plan) -> &'static str {
    let longest = plan.time_limit.unwrap_or(u32::MAX).min(answer.for_seconds);
    leg.leaves_at = Some(leg.now + TimeDelta::seconds(i64::from(longest)));
    leg.answer();
    let (person, call_sid) = (leg.person.clone(), leg.facts.sid.clone());
    leg.world.note(Happened::Answered { person, call_sid, account_sid: leg.facts.account_sid.clone() });
    leg.report_progress("answered", "in-progress", None).await;
    let detected = match plan.machine_detection {
        Some(detection) => detection.listen(leg, answer).await,
        None => Ok(()),
    };
    // An order that came while the callback was under way is obeyed before the first document.
    let begun = match detected {
        Ok(()) => leg.pass(0).await,
        interrupted => interrupted,
    };
    let start = match begun {
        Ok(()) => Some(plan.instructions.clone()),
        Err(Turn::Redirected(redirect)) => Some(redirect),
        Err(_) => None,
    };
    if let Some(instructions) = start {
        let start = match instructions {
            Redirect::Twiml(text) => Start::Twiml(text),
            Redirect::Url { url, method } => Start::Ask(Ask { kind: Kind::Voice, url, method, extra: machine(leg) }),
        };
        walk(leg, start).await;
    }
    if let Some(plan) = &plan.recording {
        recorded(leg, plan).await;
    }
    "completed"
}

fn machine(leg: &Leg) -> Vec<(String, String)> {
    leg.answered_by.iter().map(|by| ("AnsweredBy".to_owned(), by.clone())).collect()
}

async fn recorded(leg: &mut Leg, plan: &RecordingPlan) {
    let seconds = u32::try_from(leg.talked_seconds()).unwrap_or(0);
    let recording = make(leg, seconds, plan.channels, "OutboundAPI", Some(&plan.track));
    let (url, method) = plan.callback.clone().unzip();
    let method = method.unwrap_or_else(|| "POST".to_owned());
    Callback { url, method, events: plan.events.clone() }.send(leg, &recording).await;
}
