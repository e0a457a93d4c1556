//! What a reading changes in what is known.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{at, days, event, feed};
use crate::domain::calendar::{Change, Feed, KnownMeeting, Occurrence, plan};

const NOW: &str = "2026-03-05 12:00";

fn of(parts: &[String]) -> Feed {
    feed(parts, &days("2026-03-01", "2026-04-01"))
}

fn known(said: &Occurrence) -> KnownMeeting {
    KnownMeeting {
        key: said.key.clone(),
        start: said.start,
        end: said.end,
        title: said.title.clone(),
        cancelled: said.cancelled,
        sequence: said.sequence,
        attendees: said.attendees.iter().rev().cloned().collect(),
    }
}

/// What is known once everything in the feed was taken up.
fn all(feed: &Feed) -> Vec<KnownMeeting> {
    feed.occurrences.iter().map(known).collect()
}

/// What is done with what, and whether the feed is suspicious.
fn planned(known: &[KnownMeeting], feed: &Feed) -> (Vec<String>, bool) {
    let plan = plan(known, feed, at(NOW));
    let one = |change: &Change<'_>| match change {
        Change::Create(said) => format!("create {}", said.key),
        Change::Move(said) => format!("move {} to {}", said.key, said.start.format("%m-%d %H:%M")),
        Change::Update(said) => format!("update {}", said.key),
        Change::Restore(said) => format!("restore {}", said.key),
        Change::Cancel(known) => format!("cancel {}", known.key),
        Change::Remove(known) => format!("remove {}", known.key),
    };
    (plan.changes.iter().map(one).collect(), plan.is_suspicious)
}

fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let (changes, is_suspicious) = planned(&all(&of(before)), &of(after));
    assert!(!is_suspicious);
    changes
}

fn meeting(uid: &str, lines: &str) -> String {
    event(uid, &format!("{lines}|ATTENDEE:mailto:b@example.com|ATTENDEE:mailto:a@example.com"))
}

#[test]
fn each_meeting_changes_in_one_way() {
    let before = [
        meeting("same", "DTSTART:20260310T090000Z"),
        meeting("moved", "DTSTART:20260310T090000Z"),
        meeting("longer", "DTSTART:20260310T090000Z|DURATION:PT5M"),
        meeting("counted", "DTSTART:20260310T090000Z|SEQUENCE:2"),
        meeting("people", "DTSTART:20260310T090000Z"),
        meeting("off", "DTSTART:20260310T090000Z"),
        meeting("on", "DTSTART:20260310T090000Z|STATUS:CANCELLED"),
        meeting("gone", "DTSTART:20260310T090000Z"),
    ];
    let after = [
        meeting("same", "DTSTART:20260310T090000Z"),
        meeting("moved", "DTSTART:20260311T090000Z"),
        meeting("longer", "DTSTART:20260310T090000Z|DURATION:PT9M"),
        meeting("counted", "DTSTART:20260310T090000Z|SEQUENCE:1"),
        meeting("people", "DTSTART:20260310T090000Z|ATTENDEE:mailto:c@example.com"),
        meeting("off", "DTSTART:20260310T090000Z|STATUS:CANCELLED"),
        meeting("on", "DTSTART:20260310T090000Z"),
        meeting("new", "DTSTART:20260312T090000Z"),
        meeting("new-and-off", "DTSTART:20260312T090000Z|STATUS:CANCELLED"),
    ];
    let mut changes = changes(&before, &after);
    changes.sort();
    assert_eq!(
        changes,
        [
            "cancel off",
            "create new",
            "move longer to 03-10 09:00",
            "move moved to 03-11 09:00",
            "remove gone",
            "restore on",
            "update counted",
            "update people",
        ]
    );
}

#[test]
fn one_instance_of_a_series_moves_alone() {
    let daily = meeting("s", "DTSTART:20260309T090000Z|RRULE:FREQ=DAILY;COUNT=3");
    let moved = meeting("s", "RECURRENCE-ID:20260310T090000Z|DTSTART:20260310T150000Z");
    assert_eq!(
        changes(std::slice::from_ref(&daily), &[daily.clone(), moved]),
        ["move s/20260310T090000Z to 03-10 15:00"]
    );
    let without = meeting("s", "DTSTART:20260309T090000Z|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260310T090000Z");
    assert_eq!(changes(&[daily], &[without]), ["remove s/20260310T090000Z"]);
}

#[test]
fn a_meeting_that_leaves_the_window_is_followed() {
    let after = [meeting("a", "DTSTART:20260701T090000Z"), meeting("far", "DTSTART:20260701T090000Z")];
    assert_eq!(changes(&[meeting("a", "DTSTART:20260310T090000Z")], &after), ["move a to 07-01 09:00"]);
}

#[test]
fn what_is_history_stays() {
    let before = [meeting("past", "DTSTART:20260304T090000Z"), meeting("now", "DTSTART:20260305T120000Z")];
    assert_eq!(changes(&before, &[meeting("x", "DTSTART:20260301T090000Z|STATUS:CANCELLED")]), [""; 0]);
}

#[test]
fn an_event_that_can_no_longer_be_read_is_not_called_off() {
    let before = [meeting("a", "DTSTART:20260310T090000Z"), meeting("s", "DTSTART:20260309T090000Z|RRULE:FREQ=DAILY")];
    let garbled = [meeting("a", "DTSTART:garbled"), meeting("s", "DTSTART:20260309T090000Z|RRULE:FREQ=HOURLY")];
    assert_eq!(changes(&before, &garbled), [""; 0]);
    let open = ["BEGIN:VEVENT\nUID:a\n".to_owned(), before[1].clone()];
    assert_eq!(changes(&before, &open), [""; 0]);
    let whole_day = [meeting("a", "DTSTART;VALUE=DATE:20260310"), before[1].clone()];
    assert_eq!(changes(&before, &whole_day), ["remove a"]);
}

#[test]
fn a_feed_that_comes_back_empty_or_cut_calls_nothing_off() {
    let before = all(&of(&[meeting("a", "DTSTART:20260310T090000Z")]));
    assert_eq!(planned(&before, &of(&[])), (Vec::new(), true));
    assert_eq!(
        planned(&before, &Feed { is_cut: true, ..of(&[meeting("b", "DTSTART:20260302T090000Z")]) }).0,
        ["create b"]
    );
    // Nothing was ahead, so that nothing is missing.
    assert_eq!(planned(&[], &of(&[])), (Vec::new(), false));
    let past = all(&of(&[meeting("a", "DTSTART:20260302T090000Z")]));
    assert_eq!(planned(&past, &of(&[])), (Vec::new(), false));
}

#[test]
fn a_thousand_events_are_read_and_planned() {
    let rules = ["", "|RRULE:FREQ=DAILY", "|RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "|RRULE:FREQ=MONTHLY;BYDAY=1TU"];
    let parts: Vec<_> = (0..1_000)
        .map(|n| {
            meeting(
                &n.to_string(),
                &format!("DTSTART;TZID=Europe/Berlin:202603{:02}T090000{}", n % 28 + 1, rules[n % 4]),
            )
        })
        .collect();
    let feed = of(&parts);
    let plan = plan(&[], &feed, at(NOW));
    assert_eq!((feed.events, feed.skipped.len(), plan.changes.len()), (1_000, 0, feed.occurrences.len()));
    assert_eq!(planned(&all(&feed), &feed), (Vec::new(), false));
}

/// What is known after the changes.
fn applied(known: &[KnownMeeting], changes: &[Change<'_>]) -> BTreeMap<String, KnownMeeting> {
    let mut meetings: BTreeMap<_, _> = known.iter().map(|meeting| (meeting.key.clone(), meeting.clone())).collect();
    for change in changes {
        let after = match *change {
            Change::Create(said) | Change::Move(said) | Change::Update(said) | Change::Restore(said) => {
                self::known(said)
            }
            Change::Cancel(known) | Change::Remove(known) => KnownMeeting { cancelled: true, ..known.clone() },
        };
        meetings.insert(after.key.clone(), after);
    }
    meetings
}

const LINES: &[&str] = &[
    "",
    "|STATUS:CANCELLED",
    "|SEQUENCE:4",
    "|DURATION:PT20M",
    "|RRULE:FREQ=DAILY;COUNT=3",
    "|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260311T090000Z",
];

fn some_event() -> impl Strategy<Value = String> {
    (select(&["a", "b", "c", "d"][..]), 6..28_u32, select(LINES))
        .prop_map(|(uid, day, lines)| meeting(uid, &format!("DTSTART:202603{day:02}T090000Z{lines}")))
}

proptest! {
    #[test]
    fn what_is_known_becomes_what_the_feed_says(before in vec(some_event(), 0..6), after in vec(some_event(), 1..6)) {
        let (before, after) = (all(&of(&before)), of(&after));
        let first = plan(&before, &after, at(NOW));
        let meetings = applied(&before, &first.changes);
        let mut live: Vec<_> = meetings.values().filter(|meeting| !meeting.cancelled).cloned().collect();
        live.sort_by_key(|meeting| (meeting.start, meeting.key.clone()));
        let said: Vec<_> = after.occurrences.iter().filter(|said| !said.cancelled).map(known).collect();
        prop_assert_eq!(&live, &said);
        // And then there is nothing more to do.
        let settled: Vec<_> = meetings.into_values().collect();
        prop_assert_eq!(plan(&settled, &after, at(NOW)).changes, vec![]);
    }
}
