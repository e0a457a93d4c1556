//! Calendars as feeds (iCalendar, RFC 5545): `read` says what takes place in a window of time, `plan` what that changes.
//! Total on any text: what cannot be read is skipped with a reason, and nothing is followed without a bound.
//!
//! Not supported, and said so: rules that repeat within the day, BYWEEKNO, EXRULE, other calendars than the Gregorian.

mod address;
mod event;
mod expand;
mod lines;
mod observance;
mod occurrence;
mod parts;
mod place;
mod plan;
mod rule;
mod series;
#[cfg(test)]
mod tests;
mod values;
mod why;
mod windows;
mod zones;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use chrono::Duration;

pub use self::{
    address::{FeedUrl, Reach, is_public},
    lines::decode,
    occurrence::{Attendee, Feed, Occurrence, RecurrenceId},
    plan::{Change, KnownMeeting, Plan, plan},
    why::{Skipped, Why},
};
use self::{event::Event, expand::Work, zones::Zones};
use super::{error::Result, time::Timestamp, zone::Zone};

/// The most that is followed of one feed.
const MOST_OCCURRENCES: usize = 20_000;

/// How far beyond the window a time zone that the feed defines is followed.
const HORIZON: Duration = Duration::days(366);

/// What takes place in the window. Times without a zone are meant in `default_zone`. An error is a text that is no
/// calendar, or not all of one.
pub fn read(text: &str, window: &Range<Timestamp>, default_zone: Zone) -> Result<Feed> {
    let lines: Vec<_> = lines::unfold(text).collect();
    let mut feed = Feed { window: window.clone(), ..Feed::default() };
    let mut work = Work::default();
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let horizon = window.end.checked_add_signed(HORIZON).unwrap_or(window.end).naive_utc();
    for calendar in parts::calendars(&lines)? {
        let mut zones = Zones::new(&calendar.zones, default_zone, horizon);
        feed.events += calendar.events.len();
        for part in &calendar.events {
            let event = Event::read(part, &mut zones, &mut work, calendar.is_cancelling);
            events.entry(event.uid.clone()).or_default().push(event);
        }
    }
    for event in events.remove("").into_iter().flatten() {
        feed.skip("", event.line, Why::NoUid);
    }
    for (uid, events) in events {
        if feed.occurrences.len() > MOST_OCCURRENCES {
            break;
        }
        feed.take(&uid, series::occurrences(events, window, &mut work));
    }
    Ok(feed.in_order())
}

impl Feed {
    fn skip(&mut self, uid: &str, line: usize, why: Why) {
        self.skipped.push(Skipped { uid: uid.to_owned(), line, why });
    }

    fn take(&mut self, uid: &str, found: series::Found) {
        for (line, why) in found.skipped {
            self.skip(uid, line, why);
        }
        for occurrence in found.occurrences {
            match self.window.contains(&occurrence.start) {
                true => self.occurrences.push(occurrence),
                false => self.elsewhere.push(occurrence),
            }
        }
    }

    /// By time and by line; a UID that reads like the key of somebody else's instance does not come twice.
    fn in_order(mut self) -> Self {
        self.occurrences.sort_by(|one, other| (one.start, &one.key).cmp(&(other.start, &other.key)));
        self.skipped.sort_by_key(|skipped| skipped.line);
        let mut seen = BTreeSet::new();
        self.occurrences.retain(|occurrence| seen.insert(occurrence.key.clone()));
        self.elsewhere.retain(|occurrence| seen.insert(occurrence.key.clone()));
        self.is_cut = self.occurrences.len() > MOST_OCCURRENCES;
        self.occurrences.truncate(MOST_OCCURRENCES);
        self
    }
}
