//! A number in native mode: imported into ElevenLabs, which answers it there with an agent and owns its voice URL.

mod import;

use serde::{Deserialize, Serialize};

pub use import::{ImportId, ImportOrder, ImportSeen};

use crate::domain::{
    agent::{Agent, Endpoint},
    id::{AgentId, PhoneNumberId},
};

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
