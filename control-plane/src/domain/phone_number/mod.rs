//! A number, who answers it, and how its webhooks at Twilio stand. How it changes is in `machine`.

pub mod attachment;
mod correction;
mod drift;
mod machine;
mod pool;
mod work;

#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use super::{
    agent::VoicemailBox,
    e164::E164,
    fallback::NumberFallback,
    id::{AccountId, AgentId, PhoneNumberId, RoutePlanId, WorkspaceId},
    outcome::Outcome,
    sid::PhoneNumberSid,
    telephony::{Capabilities, NumberSeen, Webhooks},
    time::Timestamp,
    word::words,
};

use attachment::{Answer, Attachment, Place};
pub use correction::{Correction, Need};
pub use drift::{Drift, DriftCause, Repair, Sighting};
pub use pool::{Pool, PoolEvent, PoolState};

words! {
    /// Whether Twilio confirmed the owner.
    State, "number state" {
        /// Twilio is being asked.
        Pending = "pending",
        /// It takes calls.
        Active = "active",
        /// The account does not own it.
        Refused = "refused",
        /// Registered by hand.
        VerifyOnly = "verify-only",
    }
}

words! {
    /// Who owns the voice URL.
    IntegrationMode, "integration mode" {
        /// We do.
        Edge = "edge",
        /// ElevenLabs does.
        Native = "native",
    }
}

words! {
    /// How the webhooks at Twilio stand.
    WebhooksState, "webhooks state" {
        /// Never configured by us.
        Unmanaged = "unmanaged",
        /// Being read, written or read back.
        Pending = "pending",
        /// As desired, by Twilio's own word.
        InSync = "in-sync",
        /// Changed by somebody else.
        Drifted = "drifted",
        /// Twilio refused.
        Failed = "failed",
    }
}

/// Who answers a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignment {
    /// Always this agent.
    Agent(AgentId),
    /// Whoever the plan picks.
    RoutePlan(RoutePlanId),
}

impl Assignment {
    /// The agent, if it is one.
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::RoutePlan(_) => None,
        }
    }
}

/// Where the work at Twilio stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Twilio is asked about the number; `writes` tells how often it was written so far.
    Reading { round: u32, attempt: u32, writes: u32 },
    /// Twilio is told the webhooks.
    Writing { round: u32, attempt: u32, writes: u32 },
    /// Twilio could not be asked; asked again at `until`.
    Waiting { round: u32, attempt: u32, writes: u32, until: Timestamp },
}

impl Work {
    fn round(&self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Reading { round, .. } | Self::Writing { round, .. } | Self::Waiting { round, .. } => *round,
        }
    }
}

/// A number, owned by one account of one workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct PhoneNumber {
    /// Ours.
    pub id: PhoneNumberId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Its owner.
    pub account_id: AccountId,
    /// What people call it.
    pub display_name: String,
    /// The number.
    pub e164: E164,
    /// Twilio's name for it, once known.
    pub phone_number_sid: Option<PhoneNumberSid>,
    /// Whether Twilio confirmed the owner.
    pub state: State,
    /// Why it was refused.
    pub state_reason: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Who owns its voice URL.
    pub integration_mode: IntegrationMode,
    /// Who answers it.
    pub assignment: Option<Assignment>,
    /// What callers get from an edge alone.
    pub fallback: Option<NumberFallback>,
    /// Its own voicemail.
    pub voicemail: Option<VoicemailBox>,
    /// How its webhooks stand.
    pub webhooks_state: WebhooksState,
    /// What went wrong with them.
    pub webhooks_error: String,
    /// What they shall be.
    pub desired_webhooks: Option<Webhooks>,
    /// What they were when last seen.
    pub observed_webhooks: Option<Webhooks>,
    /// When that was.
    pub observe_time: Option<Timestamp>,
    /// Where the work at Twilio stands.
    pub work: Work,
    /// How often the row changed; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// How it stands as a backup number; `None` when it is none.
    pub pool: Option<Pool>,
    /// How it stands at ElevenLabs; `None` when it never was to be there.
    pub attachment: Option<Place>,
    /// What is or was lately not at the vendors as it should be.
    pub drift: Option<Drift>,
    /// It is registered as a WhatsApp sender at Twilio, by an operator's word: Twilio does not show it with the number.
    pub whatsapp_sender: bool,
}

/// New values of what an operator may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// What it can do.
    pub capabilities: Option<Capabilities>,
    /// Who owns its voice URL.
    pub integration_mode: Option<IntegrationMode>,
    /// What callers get from an edge alone.
    pub fallback: Option<Option<NumberFallback>>,
    /// Its own voicemail.
    pub voicemail: Option<Option<VoicemailBox>>,
    /// Whether it is registered as a WhatsApp sender.
    pub whatsapp_sender: Option<bool>,
}

/// What can happen to a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An operator registered it; nothing is asked.
    Registered,
    /// An operator imported it; Twilio is asked.
    Imported,
    /// An operator changed it.
    Changed(Patch),
    /// An operator says who answers it.
    Assigned(Assignment),
    /// Nobody answers it.
    Unassigned,
    /// An operator wants its webhooks so.
    ConfigureRequested(Webhooks),
    /// Twilio showed the number, or did not.
    Found { round: u32, outcome: Outcome<Option<NumberSeen>> },
    /// Twilio took the webhooks, or did not.
    Written { round: u32, outcome: Outcome<NumberSeen> },
    /// Something about it as a backup number.
    Pool(PoolEvent),
    /// This agent is to answer it at ElevenLabs: it becomes a native number.
    AttachRequested(Attachment),
    /// This agent is to answer it no more; the import stays.
    DetachRequested(Attachment),
    /// Our import is to go, and the webhooks are to be what they were: undoes `AttachRequested`.
    RemoveImportRequested,
    /// ElevenLabs answered.
    Managed { round: u32, answer: Answer },
    /// Somebody looked at all numbers of an account, or at all imports of a key.
    Observed { sighting: Sighting, repair: Repair },
    /// The time it asked for has come.
    Tick,
}
