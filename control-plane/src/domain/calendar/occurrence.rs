//! What a feed says of one meeting, and of a feed as a whole. Titles, places and links are content: `Debug` leaves them
//! out.

use std::{fmt, ops::Range, sync::Arc};

use super::why::Skipped;
use crate::domain::{email::EmailAddress, time::Timestamp};

/// A meeting at a time.
#[derive(Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The calendar's name of the event.
    pub uid: String,
    /// Which instance of a series it is; `None` for what does not repeat.
    pub recurrence_id: Option<RecurrenceId>,
    /// The UID, and for an instance of a series `/` and which: the same from one reading to the next, wherever it is moved.
    pub key: String,
    /// One line.
    pub title: String,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; not before it begins.
    pub end: Timestamp,
    /// It was called off.
    pub cancelled: bool,
    /// The organizer's count of changes.
    pub sequence: i32,
    /// Each once, by address; rooms are left out.
    pub attendees: Arc<[Attendee]>,
    /// Who invites.
    pub organizer: Option<EmailAddress>,
    /// Where.
    pub location: String,
    /// A link to it.
    pub url: String,
}

impl fmt::Debug for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Occurrence")
            .field("key", &self.key)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("cancelled", &self.cancelled)
            .field("sequence", &self.sequence)
            .field("attendees", &self.attendees.len())
            .finish_non_exhaustive()
    }
}

/// When an instance would be by its series. Written `20260311T080000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecurrenceId(pub Timestamp);

impl fmt::Display for RecurrenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y%m%dT%H%M%SZ"))
    }
}

impl fmt::Debug for RecurrenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Somebody who is asked to come.
#[derive(Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Where mail reaches them.
    pub email: EmailAddress,
    /// What the calendar calls them; may be empty.
    pub name: String,
    /// They said that they do not come.
    pub declined: bool,
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attendee({:?}, declined: {})", self.email, self.declined)
    }
}

/// What was read of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// What it was read for.
    pub window: Range<Timestamp>,
    /// What begins in the window, by time; each key once.
    pub occurrences: Vec<Occurrence>,
    /// What the feed names and does not begin in the window: single meetings and moved instances, not whole series.
    pub elsewhere: Vec<Occurrence>,
    /// What was not read, and why.
    pub skipped: Vec<Skipped>,
    /// How many events the feed holds, read or not.
    pub events: usize,
    /// There were more occurrences than are followed: what is missing says nothing.
    pub is_cut: bool,
}
