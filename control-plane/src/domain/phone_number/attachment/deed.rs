//! What is done at ElevenLabs for a number, and what came of it.

use serde::{Deserialize, Serialize};

use super::{ImportId, ImportOrder, ImportSeen};
use crate::domain::{e164::E164, outcome::Outcome};

/// Something to do at ElevenLabs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Deed {
    /// Looks the number up: by its import, or in the whole list.
    Look {
        /// The number.
        e164: E164,
        /// The import, if it is known.
        import: Option<ImportId>,
    },
    /// Imports it.
    Import {
        /// What is imported.
        order: ImportOrder,
    },
    /// Says which agent answers it.
    Assign {
        /// The import.
        import: ImportId,
        /// The agent in ElevenLabs' words; none for nobody.
        vendor_agent_id: Option<String>,
    },
    /// Deletes it.
    Delete {
        /// The import.
        import: ImportId,
    },
}

impl Deed {
    /// A stable word, for lists and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Look { .. } => "look-up-import",
            Self::Import { .. } => "import-number",
            Self::Assign { .. } => "assign-import",
            Self::Delete { .. } => "delete-import",
        }
    }

    /// Doing it again changes nothing.
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Look { .. })
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// What there is of the number; nothing if ElevenLabs knows no such import.
    Looked(Outcome<Vec<ImportSeen>>),
    /// The import.
    Imported(Outcome<ImportId>),
    /// The import after the change.
    Assigned(Outcome<ImportSeen>),
    /// It is gone.
    Deleted(Outcome<()>),
}

impl Answer {
    /// A stable word for how it ended, for metrics and traces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Looked(outcome) => outcome.word(),
            Self::Imported(outcome) => outcome.word(),
            Self::Assigned(outcome) => outcome.word(),
            Self::Deleted(outcome) => outcome.word(),
        }
    }
}
