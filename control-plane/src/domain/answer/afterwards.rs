//! What follows when a dialled leg, a stream, a recording or our own answer has ended while the caller is still there.

use chrono::Duration;

use super::{Answer, Scene, farewell, number_voicemail, reach, texts};
use crate::domain::{
    agent::Agent,
    id::AgentId,
    instruction::{Instructions, Verb},
    time::Timestamp,
};

/// A stream that lived shorter than this reached nobody.
const SHORTEST_STREAM: Duration = Duration::seconds(3);

/// How a dialled leg or a stream ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Leg<'a> {
    /// DialCallStatus; empty when a stream closed.
    pub status: &'a str,
    /// DialBridged: both sides talked.
    pub bridged: Option<bool>,
}

/// What happens next, and who answers now.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What the caller gets.
    pub answer: Answer,
    /// The agent was not reached: what `Call::hand_over` is to be told. `None` when nothing changes hands.
    pub hand_over: Option<Option<AgentId>>,
}

/// After a dialled leg or a stream: the end if it was a conversation, otherwise the next in the chain, at last voicemail.
pub fn after_dial(leg: Leg<'_>, scene: &Scene<'_>, now: Timestamp) -> Turn {
    if is_over(leg, scene, now) {
        return Turn { answer: hangup(), hand_over: None };
    }
    let failed = scene.call.agent_id.and_then(scene.roster);
    match failed.and_then(|agent| stand_ins(agent, scene).first().copied()) {
        Some(next) => Turn { answer: reach(next, scene), hand_over: Some(Some(next.id)) },
        None => Turn { answer: Answer::Instructions(number_voicemail(scene)), hand_over: Some(None) },
    }
}

/// The answer of `after_dial` once more, when Twilio repeats the webhook and the call was handed over already: nobody is
/// rung again after a conversation.
pub fn after_dial_again(leg: Leg<'_>, scene: &Scene<'_>, now: Timestamp) -> Answer {
    let agent = scene.call.agent_id.and_then(scene.roster);
    let was_handed_over = !scene.call.tried_agent_ids.is_empty();
    match agent {
        _ if is_over(leg, scene, now) => hangup(),
        Some(_) if !was_handed_over => hangup(),
        Some(agent) => reach(agent, scene),
        None => Answer::Instructions(number_voicemail(scene)),
    }
}

/// After the caller left a voicemail.
pub fn after_voicemail() -> Instructions {
    farewell(texts::THANKS)
}

/// After Twilio could not use our first answer.
pub fn after_answer_failed(scene: &Scene<'_>) -> Instructions {
    match scene.call.phone_number_id {
        Some(_) => number_voicemail(scene),
        None => farewell(texts::APOLOGY),
    }
}

/// After digits or speech, or an outbound call that was answered, which nothing waits for.
pub fn after_gather() -> Instructions {
    farewell(texts::NOTHING_ASKED)
}

/// Those who may answer for `agent`, in order: its chain of fallbacks, without who is paused or was tried in this call.
pub(super) fn stand_ins<'a>(agent: &Agent, scene: &Scene<'a>) -> Vec<&'a Agent> {
    let mut seen = vec![agent.id];
    let mut found = Vec::new();
    let mut next = agent.fallback_agent_id;
    while let Some(stand_in) = next.filter(|id| !seen.contains(id)).and_then(scene.roster) {
        seen.push(stand_in.id);
        if stand_in.takes_calls() && !scene.call.tried_agent_ids.contains(&stand_in.id) {
            found.push(stand_in);
        }
        next = stand_in.fallback_agent_id;
    }
    found
}

fn hangup() -> Answer {
    Answer::Instructions(Instructions::Verbs(vec![Verb::Hangup]))
}

/// They talked, or the caller is gone.
fn is_over(leg: Leg<'_>, scene: &Scene<'_>, now: Timestamp) -> bool {
    scene.call.status.is_final() || leg.status == "canceled" || was_conversation(leg, scene, now)
}

fn was_conversation(leg: Leg<'_>, scene: &Scene<'_>, now: Timestamp) -> bool {
    if leg.status.is_empty() {
        return scene.call.connect_time.is_none_or(|connected| now - connected >= SHORTEST_STREAM);
    }
    // A leg can be `completed` though nobody was connected: Twilio's word on the bridge counts more.
    leg.bridged.unwrap_or(matches!(leg.status, "completed" | "answered"))
}
