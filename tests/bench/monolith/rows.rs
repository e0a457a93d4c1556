//! What a webhook changes: the call, what was told of it, and the news of it. No I/O.

use callplane_control_plane::{
    clock::TimeOrderedIds,
    domain::{
        agent::Endpoint,
        call::{Call, CallEvent, Fact, NewCall, What, merge},
        id::{AccountId, AgentId, CallEventId, CallId, PhoneNumberId, WorkspaceId},
        route::{Decision, Reason},
        seconds::Seconds,
        time::{Ids, Timestamp},
    },
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::form::Form;

/// Whose webhook it is.
#[derive(Clone, Copy)]
pub struct Signer {
    /// The account.
    pub account: AccountId,
    /// Its tenant.
    pub workspace: WorkspaceId,
}

/// A webhook that was read.
pub struct Told {
    /// What it says.
    pub fact: Fact,
    /// The same for a repeated delivery.
    pub delivery_key: String,
    /// Whose it is.
    pub signer: Signer,
    /// It asks what to do.
    pub is_voice: bool,
}

/// The number that was called and who answers it.
pub struct Number {
    pub id: PhoneNumberId,
    pub agent_id: AgentId,
    pub agent_name: String,
    pub endpoint: Endpoint,
}

/// What is written.
pub struct Rows {
    pub call: Call,
    pub event: CallEvent,
    pub news: Option<News>,
    /// Where the caller is connected.
    pub stream_url: Option<String>,
}

/// A line of the event log.
pub struct News {
    pub id: Uuid,
    pub kind: &'static str,
    pub data: Value,
}

impl Told {
    /// Reads a form; `None` when something is missing.
    pub fn read(form: &Form<'_>, signer: Signer, is_voice: bool, now: Timestamp) -> Option<Self> {
        let what = if is_voice { What::Received } else { What::Progressed };
        let event_time = DateTime::parse_from_rfc2822(form.text("Timestamp")).ok();
        let fact = Fact {
            event_time: event_time.map(|time| time.with_timezone(&Utc)),
            direction: form.text("Direction").parse().ok(),
            from: form.text("From").into(),
            to: form.text("To").into(),
            status: form.text("CallStatus").parse().ok(),
            sequence: form.text("SequenceNumber").parse().ok(),
            duration: form.text("CallDuration").parse().ok().map(Seconds),
            forwarded_from: form.text("ForwardedFrom").into(),
            stir_verstat: form.text("StirVerstat").to_owned(),
            ..Fact::bare(what, form.text("CallSid").parse().ok()?, now)
        };
        let (account, sid) = (form.text("AccountSid"), form.text("CallSid"));
        let delivery_key = match is_voice {
            true => format!("{account}/voice/{sid}"),
            false => format!("{account}/status/{sid}/{}/{}", form.text("SequenceNumber"), form.text("CallStatus")),
        };
        Some(Self { fact, delivery_key, signer, is_voice })
    }

    /// What is to be written when this is what was known.
    pub fn rows(&self, known: Option<Call>, number: Option<Number>) -> Rows {
        let ids = TimeOrderedIds;
        let kind = if known.is_none() { "call.created" } else { "call.updated" };
        let new = NewCall {
            id: CallId::fresh(&ids),
            workspace_id: self.signer.workspace,
            account_id: self.signer.account,
            phone_number_id: number.as_ref().map(|number| number.id),
        };
        let merged = merge(known, &self.fact, &new);
        let mut call = merged.call;
        let event = CallEvent::of(CallEventId::fresh(&ids), call.id, &self.fact, merged.changed);
        let data = json!({ "status": call.status.as_str() });
        let news = merged.changed.then(|| News { id: ids.next(), kind, data });
        let answers = number.filter(|_| self.is_voice);
        let stream_url = answers.and_then(|number| connect(&mut call, number, self.fact.receive_time));
        call.version += 1;
        Rows { call, event, news, stream_url }
    }
}

fn connect(call: &mut Call, number: Number, now: Timestamp) -> Option<String> {
    let Endpoint::MediaStream(stream) = number.endpoint else { return None };
    call.decide(Decision {
        agent_id: Some(number.agent_id),
        route_plan_id: None,
        revision: 0,
        rule: String::new(),
        reason: Reason::Assigned,
        detail: format!("the number is assigned to {}", number.agent_name),
    });
    call.connect(now);
    Some(stream.url)
}
