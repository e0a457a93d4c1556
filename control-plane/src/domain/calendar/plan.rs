//! What a feed changes in the meetings that are known from it. What is missing from a feed is called off only where the
//! feed can be believed: calendars fail by coming back empty.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{Attendee, Feed, Occurrence};
use crate::domain::time::Timestamp;

/// A meeting that an earlier reading of the feed brought.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownMeeting {
    /// `Occurrence::key`.
    pub key: String,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// One line.
    pub title: String,
    /// The calendar called it off.
    pub cancelled: bool,
    /// The organizer's count of changes.
    pub sequence: i32,
    /// In any order.
    pub attendees: Vec<Attendee>,
}

impl fmt::Debug for KnownMeeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownMeeting")
            .field("key", &self.key)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("cancelled", &self.cancelled)
            .field("sequence", &self.sequence)
            .field("attendees", &self.attendees.len())
            .finish_non_exhaustive()
    }
}

/// One change, each of another meeting. An occurrence stands for all that it says: one that moved may have another title
/// too. Where a meeting is, its link and its organizer come along and are no change by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is new.
    Create(&'a Occurrence),
    /// It begins or ends at another time.
    Move(&'a Occurrence),
    /// At the same time, but its title, people or count of changes are others. A lower count is one too: some calendars
    /// always write none.
    Update(&'a Occurrence),
    /// It was called off and takes place after all.
    Restore(&'a Occurrence),
    /// The calendar says that it does not take place.
    Cancel(&'a KnownMeeting),
    /// The calendar no longer holds it.
    Remove(&'a KnownMeeting),
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Each of another meeting.
    pub changes: Vec<Change<'a>>,
    /// The feed is empty and was not: nothing is changed.
    pub is_suspicious: bool,
}

/// What `feed` changes in what is `known` from it. What began before `now` is history: if it is gone, it stays.
pub fn plan<'a>(known: &'a [KnownMeeting], feed: &'a Feed, now: Timestamp) -> Plan<'a> {
    let is_ahead = |meeting: &KnownMeeting| feed.window.contains(&meeting.start) && meeting.start > now;
    if feed.events == 0 && known.iter().any(|meeting| !meeting.cancelled && is_ahead(meeting)) {
        return Plan { changes: Vec::new(), is_suspicious: true };
    }
    let meetings: BTreeMap<&str, &KnownMeeting> = known.iter().map(|meeting| (meeting.key.as_str(), meeting)).collect();
    let mut changes: Vec<Change<'a>> =
        feed.occurrences.iter().filter_map(|said| seen(meetings.get(said.key.as_str()).copied(), said)).collect();
    // A meeting beyond the window is not taken up, but one that went there is followed.
    changes.extend(feed.elsewhere.iter().filter_map(|said| seen(Some(*meetings.get(said.key.as_str())?), said)));
    let doubt = Doubt::about(feed);
    let gone = known.iter().filter(|meeting| !meeting.cancelled && is_ahead(meeting) && doubt.leaves_out(&meeting.key));
    changes.extend(gone.map(Change::Remove));
    Plan { changes, is_suspicious: false }
}

/// What is said of one meeting.
fn seen<'a>(known: Option<&'a KnownMeeting>, said: &'a Occurrence) -> Option<Change<'a>> {
    let Some(known) = known else { return (!said.cancelled).then_some(Change::Create(said)) };
    match (known.cancelled, said.cancelled) {
        (true, true) => None,
        (false, true) => Some(Change::Cancel(known)),
        (true, false) => Some(Change::Restore(said)),
        (false, false) if (known.start, known.end) != (said.start, said.end) => Some(Change::Move(said)),
        (false, false) if is_as_known(known, said) => None,
        (false, false) => Some(Change::Update(said)),
    }
}

fn is_as_known(known: &KnownMeeting, said: &Occurrence) -> bool {
    let mut people: Vec<&Attendee> = known.attendees.iter().collect();
    people.sort_by(|one, other| one.email.cmp(&other.email));
    known.title == said.title && known.sequence == said.sequence && people.into_iter().eq(said.attendees.iter())
}

/// What a feed can be believed to leave out.
struct Doubt<'a> {
    is_cut: bool,
    said: BTreeSet<&'a str>,
    unclear: BTreeSet<&'a str>,
}

impl<'a> Doubt<'a> {
    fn about(feed: &'a Feed) -> Self {
        let unclear = feed.skipped.iter().filter(|skipped| skipped.why.is_in_doubt());
        Self {
            is_cut: feed.is_cut,
            said: feed.occurrences.iter().chain(&feed.elsewhere).map(|said| said.key.as_str()).collect(),
            unclear: unclear.map(|skipped| skipped.uid.as_str()).collect(),
        }
    }

    /// Whether the feed no longer holds it. Not if its event is there and cannot be read.
    fn leaves_out(&self, key: &str) -> bool {
        let uid = key.rsplit_once('/').map_or(key, |(uid, _)| uid);
        !self.is_cut && !self.said.contains(key) && !self.unclear.contains(key) && !self.unclear.contains(uid)
    }
}
