//! A number's place at ElevenLabs, as it is stored: what is wanted there, what we hold, what was before, where work stands.

use serde::{Deserialize, Serialize};

use super::{Attachment, AttachmentState, Errand, ImportId, ImportSeen, Known};
use crate::domain::{id::AgentId, phone_number::IntegrationMode, telephony::Webhooks, time::Timestamp};

/// What is wanted of a number at ElevenLabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "want")]
pub enum Wanted {
    /// This agent answers it there.
    Attached(Attachment),
    /// This agent does not answer it any more; the import stays.
    Detached(Attachment),
    /// Our import is gone and the webhooks are what they were.
    Removed(Attachment),
}

impl Wanted {
    /// Through which agent ElevenLabs is asked.
    pub fn attachment(&self) -> &Attachment {
        match self {
            Self::Attached(attachment) | Self::Detached(attachment) | Self::Removed(attachment) => attachment,
        }
    }
}

/// An import that we know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The import.
    pub id: ImportId,
    /// With whose key it is seen.
    pub by: AgentId,
    /// We made it. What others made is never deleted by us.
    pub ours: bool,
}

/// How a number was before it was attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Who owned its voice URL.
    pub mode: IntegrationMode,
    /// Its webhooks, read before the import.
    #[serde(default)]
    pub webhooks: Option<Webhooks>,
    /// The agent that answered an import which others made; `None` if there was no such import.
    #[serde(default)]
    pub vendor_agent_id: Option<Option<String>>,
}

/// Where the work at ElevenLabs stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Nothing is under way.
    #[default]
    Idle,
    /// The webhooks are being worked on; this begins when that ends.
    Queued,
    /// A vendor is asked.
    Asking { round: u32, attempt: u32, errand: Errand },
    /// A vendor could not be asked, or its answer is not believed yet; asked again at `until`.
    Waiting { round: u32, attempt: u32, until: Timestamp },
}

impl Work {
    pub(in crate::domain::phone_number) fn round(&self) -> u32 {
        match self {
            Self::Idle | Self::Queued => 0,
            Self::Asking { round, .. } | Self::Waiting { round, .. } => *round,
        }
    }

    pub(super) fn attempt(&self) -> u32 {
        match self {
            Self::Idle | Self::Queued => 0,
            Self::Asking { attempt, .. } | Self::Waiting { attempt, .. } => *attempt,
        }
    }
}

/// A number's place at ElevenLabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What is wanted.
    pub wanted: Wanted,
    /// How it stands.
    pub state: AttachmentState,
    /// Why it failed, or what it waits for.
    #[serde(default)]
    pub error: String,
    /// The import that we know of.
    #[serde(default)]
    pub held: Option<Held>,
    /// How it was before.
    pub before: Before,
    /// Its webhooks as ElevenLabs left them.
    #[serde(default)]
    pub left: Option<Webhooks>,
    /// What is known while it is worked on.
    #[serde(default)]
    pub known: Known,
    /// Where the work stands.
    #[serde(default)]
    pub work: Work,
}

impl Place {
    /// The first wish about a number.
    pub(super) fn new(wanted: Wanted, mode: IntegrationMode) -> Self {
        Self {
            wanted,
            state: AttachmentState::Pending,
            error: String::new(),
            held: None,
            before: Before { mode, webhooks: None, vendor_agent_id: None },
            left: None,
            known: Known::default(),
            work: Work::Idle,
        }
    }

    /// We made it: it carries our label, or ElevenLabs gave us its id.
    pub(super) fn is_ours(&self, import: &ImportSeen) -> bool {
        let held = self.held.as_ref().is_some_and(|held| held.ours && held.id == import.id);
        held || import.label == self.wanted.attachment().label
    }

    /// Whether this errand is under way under this round.
    pub(in crate::domain::phone_number) fn asks(&self, asked: u32) -> Option<Errand> {
        match self.work {
            Work::Asking { round, errand, .. } if round == asked => Some(errand),
            Work::Idle | Work::Queued | Work::Asking { .. } | Work::Waiting { .. } => None,
        }
    }
}
