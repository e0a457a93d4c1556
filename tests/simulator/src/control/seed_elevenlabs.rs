//! Puts keys and agents into the simulated ElevenLabs.

use serde::{Deserialize, Serialize};

use crate::elevenlabs::agents;
use crate::world::World;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewElevenLabsKey {
    pub key: Option<String>,
    /// Keys of one workspace see the same agents and numbers; `default` if not given.
    pub workspace: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededElevenLabsKey {
    pub key: String,
    pub workspace: String,
}

fn workspace(given: Option<String>) -> String {
    given.unwrap_or_else(|| "default".to_owned())
}

pub fn add_elevenlabs_key(world: &World, new: NewElevenLabsKey) -> SeededElevenLabsKey {
    let key = new.key.unwrap_or_else(|| format!("sim_{}", world.ids.token()));
    let workspace = workspace(new.workspace);
    world.state().elevenlabs.keys.insert(key.clone(), workspace.clone());
    SeededElevenLabsKey { key, workspace }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewAgent {
    pub agent_id: Option<String>,
    pub name: Option<String>,
    pub workspace: Option<String>,
    pub archived: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeededAgent {
    pub agent_id: String,
    pub name: String,
}

pub fn add_agent(world: &World, new: NewAgent) -> SeededAgent {
    let agent_id = new.agent_id.unwrap_or_else(|| world.ids.opaque("agent"));
    let name = new.name.unwrap_or_else(|| "Reception".to_owned());
    let mut agent = agents::new(agent_id.clone(), &workspace(new.workspace), &name, world.clock.now());
    agent.archived = new.archived;
    world.state().elevenlabs.agents.put(&agent_id, agent);
    SeededAgent { agent_id, name }
}
