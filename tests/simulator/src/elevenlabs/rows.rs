//! What ElevenLabs remembers: keys, agents, imported numbers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::table::Table;

#[derive(Clone, Debug)]
pub struct Agent {
    pub id: String,
    pub workspace: String,
    pub name: String,
    pub tags: Vec<String>,
    pub archived: bool,
    pub conversation_config: Value,
    pub platform_settings: Value,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub struct ImportedNumber {
    pub id: String,
    pub workspace: String,
    pub phone_number: String,
    pub label: String,
    pub account_sid: String,
    pub agent_id: Option<String>,
}

#[derive(Debug, Default)]
pub struct Workspaces {
    /// Key → workspace.
    pub keys: BTreeMap<String, String>,
    pub agents: Table<Agent>,
    pub numbers: Table<ImportedNumber>,
}

impl Workspaces {
    pub fn workspace_of(&self, key: &str) -> Option<String> {
        self.keys.get(key).cloned()
    }

    pub fn agent(&self, workspace: &str, id: &str) -> Option<&Agent> {
        self.agents.get(id).filter(|agent| agent.workspace == workspace)
    }
}
