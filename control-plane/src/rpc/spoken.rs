//! What callers are told, as numbers, agents and route plans all name it: announcements and voicemail boxes.

use callplane_proto::v1 as pb;

use super::{read, show};
use crate::domain::{
    agent::{Announcement, VoicemailBox},
    error::{Error, Result},
};

impl From<pb::Announcement> for Announcement {
    fn from(pb::Announcement { text, voice, language }: pb::Announcement) -> Self {
        Self { text, voice, language }
    }
}

impl From<Announcement> for pb::Announcement {
    fn from(Announcement { text, voice, language }: Announcement) -> Self {
        Self { text, voice, language }
    }
}

impl TryFrom<pb::VoicemailBox> for VoicemailBox {
    type Error = Error;

    fn try_from(own: pb::VoicemailBox) -> Result<Self> {
        let pb::VoicemailBox { greeting, max_length, silence_timeout, voice, language } = own;
        let plain = Self::default();
        Ok(Self {
            greeting,
            max_length: match max_length {
                Some(length) => read::seconds("max_length", length)?,
                None => plain.max_length,
            },
            silence_timeout: match silence_timeout {
                Some(length) => read::seconds("silence_timeout", length)?,
                None => plain.silence_timeout,
            },
            voice,
            language,
        })
    }
}

impl From<VoicemailBox> for pb::VoicemailBox {
    fn from(own: VoicemailBox) -> Self {
        let VoicemailBox { greeting, max_length, silence_timeout, voice, language } = own;
        Self {
            greeting,
            max_length: Some(show::seconds(max_length)),
            silence_timeout: Some(show::seconds(silence_timeout)),
            voice,
            language,
        }
    }
}
