//! The ladder of a policy: which channel is tried when, counted from the start of an event, for whom, and what counts as
//! reached. Data that people edit; an incident keeps the one it began with.

mod check;
mod script;
#[cfg(test)]
mod tests;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use super::consent::Channel;
use super::{calling_hours::CallingHours, id::ContactId, seconds::Seconds, time::Timestamp, word::words};
pub use check::check;
pub use script::{LONGEST_SPOKEN, Occasion, Script};

words! {
    /// What ends the ladder.
    Reached, "way of being reached" {
        /// Somebody pressed a key, replied, or told us by the API.
        Acknowledged = "acknowledged",
        /// The vendor says that it was delivered.
        Delivered = "delivered",
    }
}

/// Whom a rung is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The person the incident is about.
    Person,
    /// The n-th of those who stand in, counted from 0.
    StandIn(u32),
    /// Always the same one.
    Contact(ContactId),
}

/// A span around the start of an event, in seconds before (negative) or after it; the end is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Not before.
    pub from: i64,
    /// Not at or after.
    pub until: i64,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Seconds before (negative) or after the start of the event.
    pub offset: i64,
    /// How.
    pub channel: Channel,
    /// For whom.
    pub target: Target,
    /// What is said.
    pub script: Script,
    /// When it may begin at all; `None` for the usual one.
    pub window: Option<Span>,
    /// How often it is dialled again at once after busy, no answer or a machine.
    pub redials: u32,
    /// What ends the ladder.
    pub reached: Reached,
    /// It does not wait for calling hours.
    pub at_any_hour: bool,
}

/// Before an event a call starts at most this long before it: earlier it would be forgotten again.
const CRITICAL: Duration = Duration::seconds(180);
/// After an event, whatever is later than this does not help any more.
const USEFUL: Duration = Duration::minutes(10);

impl Rung {
    /// When it is due, for an event that starts then.
    pub fn due(&self, start: Timestamp) -> Timestamp {
        start + Duration::seconds(self.offset)
    }

    /// Between which times it may begin. The start of the event is a wall: what is before it stays before it.
    pub fn window(&self, start: Timestamp) -> Window {
        let seconds = |seconds| start + Duration::seconds(seconds);
        match (self.window, self.channel) {
            (Some(Span { from, until }), _) => Window { from: seconds(from), until: seconds(until) },
            (None, Channel::Voice) if self.offset < 0 => Window { from: start - CRITICAL, until: start },
            (None, _) if self.offset < 0 => Window { from: self.due(start), until: start },
            (None, _) => Window { from: self.due(start), until: self.due(start) + USEFUL },
        }
    }
}

/// Between which times something may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not before.
    pub from: Timestamp,
    /// Not at or after.
    pub until: Timestamp,
}

impl Window {
    /// Whether something may begin now.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// What a policy does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// In the order of their offsets.
    pub rungs: Vec<Rung>,
    /// Calls to one person about one event, at most; never more than two.
    pub most_calls: u32,
    /// Nobody is called or written to who did not agree to it.
    pub requires_consent: bool,
    /// When people may be called and written to; `None` for any hour.
    pub calling_hours: Option<CallingHours>,
    /// After this long an acknowledgement counts no more and the ladder goes on; `None` for never.
    pub acknowledged_for: Option<Seconds>,
    /// This long after the start of the event an incident nobody cared for is closed.
    pub closes_after: Seconds,
}

/// A person is rung at most so often about one event, whatever a policy says.
pub const MOST_CALLS: u32 = 2;
