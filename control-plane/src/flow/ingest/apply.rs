//! What one webhook changes and what it is answered. No I/O: it works on what the batch knows.

use serde_json::json;

use super::{
    Replied,
    known::{Known, Signer},
    written::Written,
};
use crate::{
    domain::{
        answer::{
            Answer, Leg, Scene, after_answer_failed, after_dial, after_dial_again, after_gather, after_voicemail,
            answer as answer_to,
        },
        call::{Call, CallEvent, Direction, Fact, NewCall, merge},
        country::Country,
        e164::mask,
        id::{CallEventId, CallId, MessageId, RecordingId, VoicemailId},
        message::{self, MessageFact, NewMessage},
        phone_number::Assignment,
        recording::{self, NewRecording, RecordingFact},
        route::{Caller, Decision, Subject, decide, recall},
        time::Timestamp,
        voicemail::{self, NewVoicemail},
        webhook::{Event, Failure, Reply, Webhook},
        zone::Zone,
    },
    flow::Context,
};

/// Applies a webhook.
pub fn apply(known: &mut Known, written: &mut Written, webhook: &Webhook, ctx: &Context, now: Timestamp) -> Replied {
    let Some(signer) = known.signers.get(webhook.account_sid.as_str()).copied() else {
        return Replied::failed(Failure::UnknownAccount);
    };
    let foreign = |call: &Call| call.account_id != signer.account;
    if webhook.event.call_sid().and_then(|sid| known.calls.get(sid.as_str())).is_some_and(foreign) {
        return Replied::failed(Failure::Invalid("the call belongs to another account than the one that signed"));
    }
    let mut desk = Desk { known, written, webhook, signer, ctx, now };
    let reply = match &webhook.event {
        Event::CallReceived { fact, country } => desk.received(fact, country.as_ref()),
        Event::CallAnswered { fact } | Event::DigitsGathered { fact, .. } => {
            desk.told(fact);
            desk.instruct(fact, Answer::Instructions(after_gather()))
        }
        Event::CallProgressed { fact } => {
            desk.told(fact);
            Reply::Accepted
        }
        Event::DialEnded { fact, status, bridged } => desk.dial_ended(fact, Leg { status, bridged: *bridged }),
        Event::RecordingProgressed { call_sid, recording } => {
            let fact = Fact::bare(crate::domain::call::What::Recording, call_sid.clone(), webhook.receive_time);
            desk.told(&fact);
            desk.recorded(&fact, recording);
            Reply::Accepted
        }
        Event::VoicemailLeft { fact, recording } => {
            desk.told(fact);
            if let Some(recording) = recording {
                desk.recorded(fact, recording);
            }
            desk.instruct(fact, Answer::Instructions(after_voicemail()))
        }
        Event::Message { fact, came_in } => desk.message(fact, *came_in),
        Event::AnswerFailed { fact, error_code } => desk.answer_failed(fact, *error_code),
        Event::HandedOver { fact, to } => {
            let is_new = desk.told(fact);
            if is_new && let Some(call) = desk.known.calls.get_mut(fact.call_sid.as_str()) {
                call.hand_over(*to);
            }
            Reply::Accepted
        }
    };
    Replied { workspace: Some(signer.workspace), reply }
}

/// One webhook on the desk.
struct Desk<'a> {
    known: &'a mut Known,
    written: &'a mut Written,
    webhook: &'a Webhook,
    signer: Signer,
    ctx: &'a Context,
    now: Timestamp,
}

impl Desk<'_> {
    /// Merges a fact into its call and keeps the event; says whether this delivery is new.
    fn told(&mut self, fact: &Fact) -> bool {
        let sid = fact.call_sid.as_str();
        let before = self.known.calls.get(sid).cloned();
        let is_first = before.is_none();
        let new = self.new_call(fact);
        let merged = merge(before, fact, &new);
        let call_id = merged.call.id;
        let key = (call_id, self.webhook.delivery_key.clone());
        let is_new = self.known.delivered.insert(key);
        let event = CallEvent::of(CallEventId::fresh(&*self.ctx.ids), call_id, fact, merged.changed);
        if merged.changed {
            let status = merged.call.status.as_str();
            let kind = if is_first { "call.created" } else { "call.updated" };
            self.written.tell(self.signer.workspace, kind, call_id.to_string(), json!({ "status": status }));
        }
        self.known.calls.insert(sid.to_owned(), merged.call);
        self.written.call(sid, (event, self.webhook.delivery_key.clone()));
        is_new
    }

    fn new_call(&self, fact: &Fact) -> NewCall {
        let ours = match fact.direction {
            Some(Direction::Inbound) => fact.to.e164(),
            Some(Direction::OutboundApi | Direction::OutboundDial) => fact.from.e164(),
            None => None,
        };
        NewCall {
            id: CallId::fresh(&*self.ctx.ids),
            workspace_id: self.signer.workspace,
            account_id: self.signer.account,
            phone_number_id: self.known.number(self.signer.workspace, ours).map(|number| number.id),
        }
    }

    fn received(&mut self, fact: &Fact, country: Option<&Country>) -> Reply {
        self.told(fact);
        let sid = fact.call_sid.as_str();
        let Some(mut call) = self.known.calls.get(sid).cloned() else { return Reply::Failed(Failure::Unavailable) };
        let (decision, answer) = self.route(&call, fact, country);
        if call.decision.is_none() && decision.reason == crate::domain::route::Reason::UnknownNumber {
            tracing::warn!(to = mask(fact.to.as_str()), "a call for a number nobody registered");
            self.written.tell(self.signer.workspace, "number.unknown", call.id.to_string(), json!({}));
        }
        call.decide(decision);
        if answer.has_stream() {
            call.connect(self.now);
        }
        let call_id = call.id;
        self.known.calls.insert(sid.to_owned(), call);
        Reply::Call { call_id, answer: Box::new(answer) }
    }

    /// A call that was decided before keeps its agent, so that a repeated request gets the same answer.
    fn route(&self, call: &Call, fact: &Fact, country: Option<&Country>) -> (Decision, Answer) {
        let number = self.known.number(self.signer.workspace, fact.to.e164());
        let roster = |id| self.known.agents.get(&id).filter(|agent| agent.workspace_id == self.signer.workspace);
        let subject = match number.map(|number| number.assignment) {
            None => Subject::Unknown,
            Some(None) => Subject::Unassigned,
            Some(Some(Assignment::Agent(agent))) => Subject::Agent(agent),
            Some(Some(Assignment::RoutePlan(plan))) => match self.known.plans.get(&plan) {
                Some(plan) => Subject::Plan(plan, self.zone()),
                None => Subject::Unassigned,
            },
        };
        let caller = Caller { party: &fact.from, country: country.cloned() };
        let (decision, answering) = match &call.decision {
            Some(decision) => {
                let plan = decision.route_plan_id.and_then(|id| self.known.plans.get(&id));
                (decision.clone(), recall(decision, plan, &roster))
            }
            None => decide(subject, &caller, fact.receive_time, fact.call_sid.as_str(), &roster),
        };
        let token = self.ctx.stream_tokens.mint(call.id, self.now);
        let scene = Scene {
            call,
            voicemail: number.and_then(|number| number.voicemail.as_ref()),
            stream_token: Some(secrecy::ExposeSecret::expose_secret(&token)),
            roster: &roster,
        };
        (decision, answer_to(&answering, &scene))
    }

    fn zone(&self) -> Zone {
        let workspace = self.known.workspaces.get(&self.signer.workspace);
        workspace.and_then(|workspace| workspace.time_zone.parse().ok()).unwrap_or(Zone::UTC)
    }

    fn dial_ended(&mut self, fact: &Fact, leg: Leg<'_>) -> Reply {
        let is_new = self.told(fact);
        let sid = fact.call_sid.as_str();
        let Some(mut call) = self.known.calls.get(sid).cloned() else { return Reply::Failed(Failure::Unavailable) };
        let number = self.known.number(self.signer.workspace, fact.to.e164());
        let roster = |id| self.known.agents.get(&id).filter(|agent| agent.workspace_id == self.signer.workspace);
        let token = self.ctx.stream_tokens.mint(call.id, self.now);
        let scene = Scene {
            call: &call,
            voicemail: number.and_then(|number| number.voicemail.as_ref()),
            stream_token: Some(secrecy::ExposeSecret::expose_secret(&token)),
            roster: &roster,
        };
        if !is_new {
            let answer = after_dial_again(leg, &scene, self.now);
            return Reply::Call { call_id: call.id, answer: Box::new(answer) };
        }
        let turn = after_dial(leg, &scene, self.now);
        if let Some(to) = turn.hand_over {
            call.hand_over(to);
        }
        if turn.answer.has_stream() {
            call.connect(self.now);
        }
        let call_id = call.id;
        self.known.calls.insert(sid.to_owned(), call);
        Reply::Call { call_id, answer: Box::new(turn.answer) }
    }

    fn answer_failed(&mut self, fact: &Fact, error_code: i32) -> Reply {
        self.told(fact);
        tracing::warn!(error_code, "Twilio could not use an answer of ours and asked the fallback URL");
        let Some(call) = self.known.calls.get(fact.call_sid.as_str()) else {
            return Reply::Failed(Failure::Unavailable);
        };
        let number = self.known.number(self.signer.workspace, fact.to.e164());
        let roster = |id| self.known.agents.get(&id).filter(|agent| agent.workspace_id == self.signer.workspace);
        let voicemail = number.and_then(|number| number.voicemail.as_ref());
        let scene = Scene { call, voicemail, stream_token: None, roster: &roster };
        let instructions = after_answer_failed(&scene);
        Reply::Call { call_id: call.id, answer: Box::new(Answer::Instructions(instructions)) }
    }

    fn instruct(&self, fact: &Fact, answer: Answer) -> Reply {
        match self.known.calls.get(fact.call_sid.as_str()) {
            Some(call) => Reply::Call { call_id: call.id, answer: Box::new(answer) },
            None => Reply::Failed(Failure::Unavailable),
        }
    }

    /// A recording, and the voicemail it is when `<Record>` made it: whichever webhook tells of it first.
    fn recorded(&mut self, fact: &Fact, told: &RecordingFact) {
        let Some(call) = self.known.calls.get_mut(fact.call_sid.as_str()) else { return };
        call.recording_sids.insert(told.recording_sid.clone());
        let (workspace_id, account_id, call_id) = (call.workspace_id, call.account_id, call.id);
        let (phone_number_id, from) = (call.phone_number_id, call.from.clone());
        let sid = told.recording_sid.to_string();
        let new = NewRecording { id: RecordingId::fresh(&*self.ctx.ids), workspace_id, account_id, call_id };
        let (row, changed) = recording::merge(self.known.recordings.remove(&sid), told, &new);
        if changed {
            let data = json!({ "status": row.status.as_str(), "recording_sid": sid });
            self.written.tell(workspace_id, "recording.updated", call_id.to_string(), data);
        }
        self.known.recordings.insert(sid.clone(), row);
        self.written.recording(&sid);
        if !told.is_voicemail() {
            return;
        }
        let id = VoicemailId::fresh(&*self.ctx.ids);
        let new = NewVoicemail { id, workspace_id, call_id, phone_number_id, from };
        let before = self.known.voicemails.remove(&sid);
        let kind = if before.is_none() { "voicemail.left" } else { "voicemail.updated" };
        let (row, changed) = voicemail::merge(before, told, &new);
        if changed {
            self.written.tell(workspace_id, kind, row.id.to_string(), json!({ "call_id": call_id.to_string() }));
        }
        self.known.voicemails.insert(sid.clone(), row);
        self.written.voicemail(&sid);
    }

    fn message(&mut self, fact: &MessageFact, came_in: bool) -> Reply {
        let sid = fact.message_sid.to_string();
        let ours = if came_in { fact.to.e164() } else { fact.from.e164() };
        let new = NewMessage {
            id: MessageId::fresh(&*self.ctx.ids),
            workspace_id: self.signer.workspace,
            account_id: self.signer.account,
            phone_number_id: self.known.number(self.signer.workspace, ours).map(|number| number.id),
        };
        let before = self.known.messages.remove(&sid);
        if before.as_ref().is_some_and(|message| message.account_id != self.signer.account) {
            self.known.messages.extend(before.map(|message| (sid, message)));
            return Reply::Failed(Failure::Invalid("the message belongs to another account than the one that signed"));
        }
        let kind = if before.is_none() { "message.created" } else { "message.updated" };
        let (row, changed) = message::merge(before, fact, &new);
        if changed {
            let data = json!({ "status": row.status.as_str() });
            self.written.tell(self.signer.workspace, kind, row.id.to_string(), data);
        }
        self.known.messages.insert(sid.clone(), row);
        self.written.message(&sid);
        if came_in { Reply::NoMessages } else { Reply::Accepted }
    }
}
