//! A number in ElevenLabs' list of phone numbers: an import. Values only; who fetched them is `provider`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::e164::E164;

/// ElevenLabs' name of an import.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(pub String);

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An import as ElevenLabs shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSeen {
    /// Itself.
    pub id: ImportId,
    /// The number.
    pub e164: E164,
    /// What it was called when it was imported; by this we know our own.
    pub label: String,
    /// The agent that answers it, in ElevenLabs' words.
    pub vendor_agent_id: Option<String>,
    /// It was imported from Twilio; with anything else its voice URL is not ElevenLabs'.
    pub is_twilio: bool,
}

/// A number to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// The number.
    pub e164: E164,
    /// What it is to be called.
    pub label: String,
    /// The agent that is to answer it, in ElevenLabs' words.
    pub vendor_agent_id: String,
}
