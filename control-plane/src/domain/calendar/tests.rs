//! Whole texts: what people's calendars hold, what hostile ones hold, and what a reading changes in what is known.

mod hostile;
mod planned;
mod series;
mod single;
mod zones;

use std::ops::Range;

use chrono::NaiveDateTime;

use super::{Feed, read};
use crate::domain::{time::Timestamp, zone::Zone};

/// `2026-03-11 09:00`, UTC.
pub fn at(text: &str) -> Timestamp {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time").and_utc()
}

pub fn berlin() -> Zone {
    "Europe/Berlin".parse().expect("a zone")
}

/// From midnight to midnight, UTC.
pub fn days(from: &str, until: &str) -> Range<Timestamp> {
    at(&format!("{from} 00:00"))..at(&format!("{until} 00:00"))
}

/// An event of lines separated by `|`, with a title.
pub fn event(uid: &str, lines: &str) -> String {
    let lines = lines.replace('|', "\r\n");
    format!("BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Title of {uid}\r\n{lines}\r\nEND:VEVENT\r\n")
}

pub fn calendar(parts: &[String]) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", parts.concat())
}

pub fn feed(parts: &[String], window: &Range<Timestamp>) -> Feed {
    read(&calendar(parts), window, berlin()).expect("a calendar")
}

/// Every occurrence as `key start+minutes`, with `!` if it was called off.
pub fn shown(feed: &Feed) -> Vec<String> {
    let one = |occurrence: &super::Occurrence| {
        let off = if occurrence.cancelled { "!" } else { "" };
        let minutes = (occurrence.end - occurrence.start).num_minutes();
        format!("{off}{} {}+{minutes}", occurrence.key, occurrence.start.format("%m-%d %H:%M"))
    };
    feed.occurrences.iter().map(one).collect()
}

/// Every reason as `line uid: why`.
pub fn reasons(feed: &Feed) -> Vec<String> {
    feed.skipped.iter().map(|skipped| format!("{} {}: {}", skipped.line, skipped.uid, skipped.why)).collect()
}
