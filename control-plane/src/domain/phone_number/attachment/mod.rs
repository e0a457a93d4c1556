//! A number in native mode: imported into ElevenLabs, which answers it there with an agent and owns its voice URL. What is
//! wanted, what is known and where the work stands is here; what follows from it in `plan`, how it goes on in `work`.

mod answered;
mod deed;
mod import;
mod known;
mod place;
mod plan;
pub(super) mod voice;
mod work;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vendor;

use serde::{Deserialize, Serialize};

pub use deed::{Answer, Deed};
pub use import::{ImportId, ImportOrder, ImportSeen};
pub use known::{Import, Known};
pub use place::{Before, Held, Place, Wanted, Work};
pub use plan::Errand;

use crate::domain::{
    agent::{Agent, Endpoint},
    id::{AgentId, PhoneNumberId},
    word::words,
};

words! {
    /// How a number stands at ElevenLabs.
    AttachmentState, "attachment state" {
        /// Not there, as far as we are concerned.
        Unattached = "unattached",
        /// Being looked for, imported, assigned, taken back or read back.
        Pending = "pending",
        /// Answered by the agent that is wanted, by ElevenLabs' and Twilio's own word.
        InSync = "in-sync",
        /// Changed by somebody else.
        Drifted = "drifted",
        /// Imported, and answered by nobody.
        Detached = "detached",
        /// Given up; the error says why.
        Failed = "failed",
    }
}

/// Which agent is to answer a number at ElevenLabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Ours. Its API key, or the server's, is what ElevenLabs is asked with.
    pub agent_id: AgentId,
    /// The agent's id at ElevenLabs.
    pub vendor_agent_id: String,
    /// What our import is called there, and by what we know it again.
    pub label: String,
}

impl Attachment {
    /// The agent for this number; none for an agent that ElevenLabs does not have.
    pub fn of(agent: &Agent, number: PhoneNumberId) -> Option<Self> {
        let Endpoint::ElevenLabs(endpoint) = &agent.endpoint else { return None };
        let vendor_agent_id = endpoint.agent_id.clone();
        Some(Self { agent_id: agent.id, vendor_agent_id, label: format!("Callplane {number}") })
    }
}
