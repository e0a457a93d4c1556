//! What is known of a number while its attachment is worked on. Not to know is a fact as well.

use serde::{Deserialize, Serialize};

use super::ImportSeen;
use crate::domain::telephony::NumberSeen;

/// What is known of the number at ElevenLabs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "import")]
pub enum Import {
    /// Nobody has looked since the last change.
    #[default]
    Unasked,
    /// It is not there.
    Absent,
    /// It is there.
    There(ImportSeen),
    /// It is there more than once.
    Several,
}

/// What is known, and how often something was tried in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The number at ElevenLabs.
    pub import: Import,
    /// The number at Twilio, read since the last change.
    pub number: Option<NumberSeen>,
    /// How often it must still be looked for and not found until we believe that an import of unknown outcome did not
    /// happen: it may still be under way there.
    pub doubts: u32,
    /// A vendor refused for good; true if the next look agrees that nothing has changed.
    pub refusal: String,
    /// How often Twilio did not show the voice URL of ElevenLabs after the import.
    pub looks: u32,
    /// How often webhooks were written.
    pub writes: u32,
    /// How often something was changed at ElevenLabs.
    pub changes: u32,
}

/// How often an import of unknown outcome is looked for before it may be sent again.
pub(super) const DOUBTS: u32 = 3;

impl Known {
    /// Something was done at ElevenLabs: whatever was known of it may be over.
    pub(super) fn unseen(self) -> Self {
        Self { import: Import::Unasked, number: None, ..self }
    }

    /// The same, with the refusal to be believed only after another look.
    pub(super) fn refused(self, message: &str) -> Self {
        Self { refusal: message.to_owned(), ..self.unseen() }
    }

    /// Somebody wants something: try everything again. An import whose outcome is unknown stays in doubt.
    pub(in crate::domain::phone_number) fn afresh(&self) -> Self {
        Self { doubts: self.doubts, ..Self::default() }
    }
}
