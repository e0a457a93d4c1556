//! What a caller gets: decisions turned into instructions.

use std::collections::BTreeMap;

use super::instruction::Instructions;

/// What to answer a webhook with.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// These instructions, as they are.
    Instructions(Instructions),
    /// Ask ElevenLabs for the instructions; `otherwise` when it gives none in time.
    Register(Registration),
}

/// A call to be registered with ElevenLabs.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Our agent, whose key is used.
    pub agent_id: super::id::AgentId,
    /// The agent's id at ElevenLabs.
    pub eleven_labs_agent_id: String,
    /// Passed to the agent.
    pub dynamic_variables: BTreeMap<String, String>,
    /// What the caller gets when ElevenLabs does not answer.
    pub otherwise: Instructions,
}
