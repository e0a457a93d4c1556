//! Calendar feeds: calendars that are looked at again and again, and how the last look went. What a calendar says is read in
//! `calendar`; whom it concerns here is in `people`. The address is a secret and sealed elsewhere.

mod machine;
mod people;
#[cfg(test)]
mod tests;

use std::ops::Range;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use self::people::{Directory, Wanted, addresses, batches, skipped, wanted};
use super::{
    id::{CalendarFeedId, ContactId, PolicyId, WorkspaceId},
    outcome::Outcome,
    time::Timestamp,
    word::words,
    zone::Zone,
};

words! {
    /// How the last look at a calendar went.
    State, "calendar state" {
        /// It was not looked at yet.
        Pending = "pending",
        /// It was read.
        Read = "read",
        /// It could not be read; the meetings that are known stay.
        Failed = "failed",
        /// It suddenly has nothing in it; the meetings that are known stay.
        Suspicious = "suspicious",
    }
}

/// From one look to the next.
pub const RHYTHM: Duration = Duration::seconds(60);
/// The longest pause, when a calendar cannot be read time after time.
pub const LONGEST_PAUSE: Duration = Duration::minutes(15);
/// How far ahead meetings are taken up.
const AHEAD: Duration = Duration::days(14);
/// How far back they are followed.
const BACK: Duration = Duration::days(1);
/// A calendar that never changes is read whole this often: time brings new instances of its series into view.
const STALE: Duration = Duration::hours(12);

/// A calendar that meetings are read from. Stored as a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarFeed {
    /// Ours.
    pub id: CalendarFeedId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// Whose ladder its meetings get.
    pub policy_id: PolicyId,
    /// The zone of times that name none; `None` for the workspace's.
    pub time_zone: Option<Zone>,
    /// Who stands in for each attendee, in order.
    pub stand_ins: Vec<ContactId>,
    /// Where it is; the rest of the address is its password.
    pub host: String,
    /// How the last look went.
    pub state: State,
    /// Why that did not work; empty if it did.
    pub last_error: String,
    /// What is being done.
    pub work: Work,
    /// Counts the looks.
    pub round: u32,
    /// From this look on it is to be read whole once, whatever was read before.
    pub whole_round: u32,
    /// How many looks did not work, one after the other.
    pub failures: u32,
    /// Sent with the next look.
    pub etag: Option<String>,
    /// Sent with the next look.
    pub last_modified: Option<String>,
    /// When it was last read whole.
    pub read_time: Option<Timestamp>,
    /// When it was last looked at.
    pub look_time: Option<Timestamp>,
    /// What was left out when it was last read.
    pub skipped: Vec<SkippedEvents>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// What is being done about a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Work {
    /// Nothing yet.
    New,
    /// Somebody looks at it.
    Looking,
    /// Nothing until then.
    Resting { until: Timestamp },
}

/// Events that were left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedEvents {
    /// In words; nothing of what the calendar says but the name of a time zone.
    pub reason: String,
    /// How many.
    pub count: u32,
    /// The line of the feed on which the first one begins; 0 when that is not known.
    pub line: u32,
}

/// What can happen to a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is new.
    Created,
    /// The time it asked for has come.
    Tick,
    /// Somebody wants it to be read whole, now.
    Asked,
    /// It was looked at.
    Looked { round: u32, outcome: Outcome<Look> },
}

/// What a look brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is what it was.
    Unchanged,
    /// It was read, and what it says was taken up.
    Read(Box<Reading>),
}

/// A calendar that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// To be sent next time.
    pub etag: Option<String>,
    /// To be sent next time.
    pub last_modified: Option<String>,
    /// When the reading began.
    pub read_time: Timestamp,
    /// It was empty and had not been: nothing was taken up.
    pub is_suspicious: bool,
    /// What was left out.
    pub skipped: Vec<SkippedEvents>,
}

impl CalendarFeed {
    /// Which meetings are followed.
    pub fn window(now: Timestamp) -> Range<Timestamp> {
        now - BACK..now + AHEAD
    }

    /// Whether this look must bring the whole calendar, changed or not.
    pub fn is_read_whole(&self, now: Timestamp) -> bool {
        let is_stale = self.read_time.is_none_or(|read| now - read >= STALE);
        is_stale || self.whole_round == self.round
    }

    /// How many events were left out.
    pub fn skipped_count(&self) -> u32 {
        self.skipped.iter().map(|skipped| skipped.count).sum()
    }
}
