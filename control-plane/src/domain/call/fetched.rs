//! What Twilio's record of a call says, as a fact like any other.

use super::{Direction, Fact, Status, What};
use crate::domain::{
    seconds::Seconds,
    telephony::{CallDirection, CallSeen, CallStatus},
    time::Timestamp,
};

impl Fact {
    /// The fact that Twilio's record of a call stands for.
    pub fn fetched(seen: &CallSeen, now: Timestamp) -> Self {
        let status = match seen.status {
            CallStatus::Queued => Some(Status::Queued),
            CallStatus::Ringing => Some(Status::Ringing),
            CallStatus::InProgress => Some(Status::InProgress),
            CallStatus::Completed => Some(Status::Completed),
            CallStatus::Busy => Some(Status::Busy),
            CallStatus::Failed => Some(Status::Failed),
            CallStatus::NoAnswer => Some(Status::NoAnswer),
            CallStatus::Canceled => Some(Status::Canceled),
            CallStatus::Other => None,
        };
        let direction = match seen.direction {
            CallDirection::Inbound => Some(Direction::Inbound),
            CallDirection::OutboundApi => Some(Direction::OutboundApi),
            CallDirection::OutboundDial => Some(Direction::OutboundDial),
            CallDirection::Other => None,
        };
        Self {
            parent_call_sid: seen.parent.clone(),
            direction,
            from: seen.from.as_str().into(),
            to: seen.to.as_str().into(),
            status,
            duration: seen.duration_seconds.map(Seconds),
            answered_by: seen.answered_by.clone().unwrap_or_default(),
            start_time: seen.start_time,
            end_time: seen.end_time,
            ..Self::bare(What::Fetched, seen.sid.clone(), now)
        }
    }
}
