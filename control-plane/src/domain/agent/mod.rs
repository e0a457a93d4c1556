//! Agents: who or what answers a call. Which endpoints are acceptable is in `check`; secrets are kept elsewhere.

mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    e164::E164,
    id::{AccountId, AgentId, PhoneNumberId, WorkspaceId},
    seconds::Seconds,
    time::Timestamp,
    word::words,
};

words! {
    /// Whether an agent takes calls.
    AgentState, "agent state" {
        /// It takes calls.
        Active = "active",
        /// It takes none; its fallback does.
        Paused = "paused",
    }
}

/// Who or what answers a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The id.
    pub id: AgentId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// Whether it takes calls.
    pub state: AgentState,
    /// How a call reaches it.
    pub endpoint: Endpoint,
    /// Who answers when this one is paused or cannot be reached; `None` for voicemail.
    pub fallback_agent_id: Option<AgentId>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its own number: where it is reached and what it calls from. `None` until one is assigned to it.
    pub own_number: Option<OwnNumber>,
}

/// The number that is an agent's own. A failover moves it to the backup number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnNumber {
    /// The account that owns the number.
    pub account_id: AccountId,
    /// The number.
    pub phone_number_id: PhoneNumberId,
}

/// How a call reaches an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Endpoint {
    /// An ElevenLabs agent.
    ElevenLabs(ElevenLabs),
    /// A voice server of one's own.
    MediaStream(MediaStream),
    /// A person's phone.
    Human(Human),
    /// A SIP address.
    Sip(Sip),
    /// A spoken text.
    Announcement(Announcement),
    /// A voicemail box.
    Voicemail(VoicemailBox),
}

/// An ElevenLabs agent, reached by register-call. Its API key is sealed in a column of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElevenLabs {
    /// The agent's id at ElevenLabs.
    pub agent_id: String,
    /// Passed to the agent with every call.
    #[serde(default)]
    pub dynamic_variables: BTreeMap<String, String>,
}

/// A voice server that takes Twilio media streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaStream {
    /// `wss://`, without a query.
    pub url: String,
    /// Sent as custom parameters with every stream.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A person's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Human {
    /// The number.
    pub phone_number: E164,
    /// How long it rings.
    #[serde(default = "default_ring_timeout")]
    pub ring_timeout: Seconds,
    /// The number shown to the person; `None` for the caller's.
    #[serde(default)]
    pub caller_id: Option<E164>,
}

/// A SIP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sip {
    /// The address, such as `sip:desk@example.com`.
    pub uri: String,
    /// How long it rings.
    #[serde(default = "default_ring_timeout")]
    pub ring_timeout: Seconds,
}

/// A spoken text, after which the call ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The text.
    pub text: String,
    /// The voice; empty for the account's.
    #[serde(default)]
    pub voice: String,
    /// The language; empty for `en-US`.
    #[serde(default)]
    pub language: String,
}

/// A voicemail box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoicemailBox {
    /// What the caller hears before the beep; empty for a plain greeting.
    pub greeting: String,
    /// How long a message may be.
    pub max_length: Seconds,
    /// Ends after so much silence.
    pub silence_timeout: Seconds,
    /// The voice of the greeting; empty for the account's.
    pub voice: String,
    /// The language of the greeting; empty for `en-US`.
    pub language: String,
}

/// How long a phone rings when nobody said.
pub const RING_TIMEOUT: Seconds = Seconds(25);

fn default_ring_timeout() -> Seconds {
    RING_TIMEOUT
}

impl Default for VoicemailBox {
    fn default() -> Self {
        Self {
            greeting: String::new(),
            max_length: Seconds(120),
            silence_timeout: Seconds(5),
            voice: String::new(),
            language: String::new(),
        }
    }
}

impl Agent {
    /// It takes calls.
    pub fn takes_calls(&self) -> bool {
        self.state == AgentState::Active
    }
}
