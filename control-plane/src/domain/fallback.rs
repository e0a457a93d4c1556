//! What a number's callers get when no control plane answers the edge.

use serde::{Deserialize, Serialize};

use super::{
    agent::{Announcement, VoicemailBox},
    answer::{announce, plain_dial, voicemail},
    e164::E164,
    instruction::{DialAddress, Instructions, Verb},
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

impl NumberFallback {
    /// The same in instructions. None of them needs a control plane to go on while the caller is there.
    pub fn instructions(&self) -> Instructions {
        match self {
            Self::Announcement(announcement) => announce(announcement),
            Self::Voicemail(own) => voicemail(own),
            Self::ForwardTo { number } => {
                let dial = plain_dial(DialAddress::Number(number.clone()));
                Instructions::Verbs(vec![Verb::Dial(dial), Verb::Hangup])
            }
        }
    }
}
