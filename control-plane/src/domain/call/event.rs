//! What happened in a call, kept one by one as it was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::{Fact, What};
use crate::domain::{
    id::{CallEventId, CallId},
    time::Timestamp,
};

/// One thing that happened in a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEvent {
    /// The id.
    pub id: CallEventId,
    /// The call.
    pub call_id: CallId,
    /// What it was.
    #[serde(rename = "type")]
    pub what: What,
    /// The CallStatus it carried; empty without one.
    #[serde(default)]
    pub status: String,
    /// Twilio's sequence number.
    pub sequence: Option<i32>,
    /// When it happened, by Twilio's clock.
    pub event_time: Option<Timestamp>,
    /// When the edge had read it.
    pub receive_time: Timestamp,
    /// It changed the call.
    pub changed: bool,
    /// What else it said. Never a phone number.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
}

impl CallEvent {
    /// The event that tells of `fact`.
    pub fn of(id: CallEventId, call_id: CallId, fact: &Fact, changed: bool) -> Self {
        let mut details = BTreeMap::new();
        if fact.sip_response_code != 0 {
            details.insert("sip_response_code".to_owned(), fact.sip_response_code.to_string());
        }
        if let Some(duration) = fact.duration {
            details.insert("duration".to_owned(), duration.get().to_string());
        }
        Self {
            id,
            call_id,
            what: fact.what,
            status: fact.status.map_or("", |status| status.as_str()).to_owned(),
            sequence: fact.sequence,
            event_time: fact.event_time,
            receive_time: fact.receive_time,
            changed,
            details,
        }
    }

    /// With one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}
