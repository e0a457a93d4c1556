//! Calls: what is known of one, and how facts about it become one row whatever their order.

pub mod event;
pub mod fact;
pub mod machine;
pub mod merge;
pub mod quiet;
pub mod status;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, AgentId, CallId, PhoneNumberId, WorkspaceId},
    party::Party,
    route::Decision,
    seconds::Seconds,
    sid::{CallSid, RecordingSid},
    time::Timestamp,
};
pub use event::CallEvent;
pub use fact::{Fact, What};
pub use merge::{Merged, NewCall, merge};
pub use quiet::quiet_deadline;
pub use status::{Direction, Source, Status};

/// One call leg. Stored as a document that is written with every webhook, so what is not known is left out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The id.
    pub id: CallId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Its SID at Twilio.
    pub call_sid: CallSid,
    /// The leg it belongs to; `None` for a first leg.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_call_sid: Option<CallSid>,
    /// The account it runs on.
    pub account_id: AccountId,
    /// Our number in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_id: Option<PhoneNumberId>,
    /// Who called whom; `None` until told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The caller; empty until told.
    pub from: Party,
    /// The called; empty until told.
    pub to: Party,
    /// Where it stands.
    pub status: Status,
    /// The sequence number that came with `status`; `None` when it came without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i32>,
    /// The agent that answers it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// Agents that could not be reached in this call, so that a circle of fallbacks ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried_agent_ids: Vec<AgentId>,
    /// Who was to answer at first, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// When it began.
    pub start_time: Timestamp,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_time: Option<Timestamp>,
    /// When a dialled leg or a stream was last asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_time: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// How long it lasted, by Twilio's count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Seconds>,
    /// What answered, with machine detection; empty without.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answered_by: String,
    /// Twilio's SIP code at the end; 0 for none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub sip_response_code: i32,
    /// Who forwarded it; empty for nobody.
    #[serde(default, skip_serializing_if = "Party::is_empty")]
    pub forwarded_from: Party,
    /// How the network vouches for the caller's number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stir_verstat: String,
    /// How we came to know of it.
    pub source: Source,
    /// It never reached a telephone: test mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Its recordings at Twilio.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub recording_sids: BTreeSet<RecordingSid>,
    /// When Twilio was last asked about it, with or without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_time: Option<Timestamp>,
    /// Counts its changes; kept by the store.
    pub version: i64,
    /// When we first heard of it: the earliest receipt of a fact.
    pub create_time: Timestamp,
    /// When we last heard of it: the latest receipt of a fact.
    pub update_time: Timestamp,
}

/// Zero stands for no code.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_none(code: &i32) -> bool {
    *code == 0
}

impl Call {
    /// Keeps the first decision: a webhook that comes twice, or late, does not route again.
    pub fn decide(&mut self, decision: Decision) {
        if self.decision.is_none() {
            self.agent_id = decision.agent_id;
            self.decision = Some(decision);
        }
    }

    /// Hands it to another agent after the one before could not be reached; `None` for voicemail.
    pub fn hand_over(&mut self, to: Option<AgentId>) {
        if let Some(failed) = self.agent_id.filter(|failed| !self.tried_agent_ids.contains(failed)) {
            self.tried_agent_ids.push(failed);
        }
        self.agent_id = to;
    }

    /// It is over, and everything is known that Twilio's list could tell.
    pub fn is_told(&self) -> bool {
        let has_length = self.duration.is_some() || self.status != Status::Completed;
        let has_parties = !self.from.is_empty() && !self.to.is_empty() && self.direction.is_some();
        self.status.is_final() && self.end_time.is_some() && has_length && has_parties
    }

    /// Notes that a leg or a stream was asked for, now.
    pub fn connect(&mut self, now: Timestamp) {
        self.connect_time = Some(now);
    }
}
