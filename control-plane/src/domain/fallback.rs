//! What a number's callers get when no control plane answers the edge.

use serde::{Deserialize, Serialize};

use super::{
    agent::{Announcement, VoicemailBox},
    e164::E164,
};

/// What callers get when no control plane answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NumberFallback {
    /// A spoken text.
    Announcement(Announcement),
    /// A voicemail box.
    Voicemail(VoicemailBox),
    /// Another number.
    ForwardTo {
        /// The number.
        number: E164,
    },
}
